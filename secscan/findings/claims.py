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


def standing(estate: Estate) -> dict[str, dict[str, Any]]:
    """Claim id -> its state, since when, and what its proof rests on, as the next run needs them."""
    proofs = estate.notes.get("proofs", {})
    return {
        c.id: {"state": c.state, "since": c.since.isoformat() if c.since else None}
        | ({"rests": proofs[c.id]} if c.id in proofs else {})
        for c in estate.notes.get("claims", ())
    }


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
