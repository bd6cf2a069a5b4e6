"""Claims that rest on another control: judged by that control's rows on the same asset."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from secscan.model.estate import Estate
from secscan.model.findings import FAIL, OUTSIDE, UNKNOWN, Judgement
from secscan.model.frame import Col
from secscan.model.policy import Policy
from secscan.model.posture import ClaimRow, ClaimSpell
from secscan.model.words import ClaimState


def judge_control_claims(estate: Estate, policy: Policy, judgements: Sequence[Judgement]) -> Estate:
    """The estate with the state of every ``kind: control`` claim set.

    All rows of that control on the asset must pass, and there must be one at least: a fail disproves the claim, an
    unknown or no row at all leaves it untold.
    """
    claims = estate.frames.get("claims")
    wanted = {m.id: m for m in policy.mitigations if m.kind == "control"}
    if claims is None or not wanted:
        return estate
    states = list(claims.columns["state"])
    notes = list(estate.notes.get("claims", ()))
    for row in range(claims.rows):
        claim = wanted.get(claims.get("claim", row))
        if claim is None:
            continue
        state, reason = _state(estate, claim.council, claim.asset, claim.control or "", judgements)
        states[row] = state
        notes = [replace(n, state=state, reason=reason) if n.id == claim.id else n for n in notes]
    frame = replace(claims, columns={**claims.columns, "state": Col(states)})
    return replace(estate, frames={**estate.frames, "claims": frame}, notes={**estate.notes, "claims": notes})


def dated(estate: Estate, before: Mapping[str, Any], today: date) -> Estate:
    """The estate with the day on which each claim got the state it has.

    ``before``: claim id -> {state, since} as the last run left them; a claim that it does not know stands since its own start.
    """
    notes = []
    for claim in estate.notes.get("claims", ()):
        known = before.get(claim.id)
        if known is not None:
            since = date.fromisoformat(known["since"]) if known["state"] == claim.state and known["since"] else today
            claim = replace(claim, since=since)  # noqa: PLW2901
        notes.append(claim)
    claims = estate.frames.get("claims")
    if claims is None:
        return estate
    days = {c.id: c.since for c in notes}
    column = Col([days.get(claims.get("claim", row)) for row in range(claims.rows)])
    frame = replace(claims, columns={**claims.columns, "since": column})
    return replace(estate, frames={**estate.frames, "claims": frame}, notes={**estate.notes, "claims": notes})


Past = Sequence[tuple[date, Mapping[str, Any]]]
"""Day of a run, and what it kept of its claims (``standing``); oldest first."""


def standing(estate: Estate, before: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Claim id -> its council, its state, since when, and what its proof rests on, as later runs need them; and why,
    where the state is another than ``before``."""
    proofs, found = estate.notes.get("proofs", {}), {}
    for c in estate.notes.get("claims", ()):
        since = c.since.isoformat() if c.since else None
        one: dict[str, Any] = {"council": c.council, "state": c.state, "since": since}
        if before.get(c.id, {}).get("state") != c.state:
            one["why"] = c.reason
        if c.id in proofs:
            one["rests"] = proofs[c.id]
        found[c.id] = one
    return found


def spells(past: Past, now: Sequence[ClaimRow], today: date) -> list[ClaimRow]:
    """The claims with the states that each had, run by run; of several runs of one day the last counts."""
    told: dict[date, Mapping[str, Any]] = {}
    for on, kept in past:
        same = told.get(on, {})
        told[on] = {id: _later(same.get(id), one) for id, one in kept.items()}
    told.pop(today, None)
    return [replace(claim, spells=_spells(claim, told, today)) for claim in now]


def _later(before: Any, now: Any) -> Any:
    """What a later run of the same day says of a claim: why it stands so, the earlier one knew."""
    return {**before, **now} if before and before["state"] == now["state"] else now


def _spells(claim: ClaimRow, told: Mapping[date, Mapping[str, Any]], today: date) -> list[ClaimSpell]:
    found: list[ClaimSpell] = []
    unbroken = False
    for on in [*sorted(told), today]:
        own = {"state": claim.state, "why": claim.reason}
        kept: Any = told[on].get(claim.id) if on in told else own
        if kept is None or kept.get("council", claim.council) != claim.council:
            unbroken = False
        elif unbroken and found[-1].state == kept["state"]:
            found[-1] = replace(found[-1], last_on=on, runs=found[-1].runs + 1)
        else:
            found.append(ClaimSpell(state=kept["state"], first_on=on, last_on=on, runs=1, why=kept.get("why")))
            unbroken = True
    return found


def _state(
    estate: Estate, council: str, asset: str, control: str, judgements: Sequence[Judgement]
) -> tuple[ClaimState, str]:
    outcomes: list[int] = []
    for judgement in judgements:
        if judgement.control.id != control or council not in judgement.control.councils:
            continue
        frame = estate.frames[judgement.table]
        for row in range(frame.rows):
            if frame.get("council", row) == council and str(frame.get("asset", row)).casefold() == asset.casefold():
                outcomes.append(int(judgement.outcomes[row]))
    seen = [o for o in outcomes if o != OUTSIDE]
    if not seen:
        return "cannot-tell", f"control {control} judges no row of this asset"
    if FAIL in seen:
        return "disproven", f"control {control} fails on this asset"
    if UNKNOWN in seen:
        return "cannot-tell", f"control {control} cannot be told on this asset"
    return "proven", f"control {control} holds on this asset ({len(seen)} rows)"
