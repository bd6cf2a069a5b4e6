"""The table of claims: one row for each claimed mitigation that has begun."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from secscan.exposure.basis import Standing, parts, standing
from secscan.exposure.claims import Judged, Tried, judge
from secscan.exposure.engine import packet_of
from secscan.exposure.scene import Scene, shared_columns
from secscan.model.frame import Col, Frame
from secscan.model.places import Place
from secscan.model.policy import Mitigation, Policy
from secscan.model.posture import ClaimRow, ClaimWay


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """``shown``: the frame's rows for people. ``by_control``: which of them another control decides, with their rows.
    ``standing``: claim -> what its proof rests on, for the next run."""

    frame: Frame
    shown: list[ClaimRow]
    by_control: list[dict[str, Any]]
    standing: dict[str, dict[str, Any]]


def claims_table(scene: Scene, policy: Policy, before: Mapping[str, Any]) -> Claims:
    """Every claim that has begun. ``before``: claim -> what its proof rested on in the run before."""
    today = scene.estate.today
    claims = [c for c in policy.mitigations if c.starts is None or c.starts <= today]
    claims.sort(key=lambda c: (c.council, c.id, c.asset))
    rows = [scene.row(c) for c in claims]
    judged = [
        _state(scene, claim, row, Standing.of(before.get(claim.id))) for claim, row in zip(claims, rows, strict=True)
    ]
    shown = [_shown(scene, *each) for each in zip(claims, rows, judged, strict=True)]
    by_control = [
        {"row": at, "claim": c.id, "council": c.council, "asset": c.asset, "product": c.product, "control": c.control}
        for at, c in enumerate(claims)
        if c.kind == "control"
    ]
    rests = {c.id: j.standing.kept() for c, j in zip(claims, judged, strict=True) if j.standing is not None}
    # What is not blocked today, or not told, is compared with the day on which it was, once it is again.
    known = {c.id: before[c.id] for c in claims if before.get(c.id)}
    return Claims(
        frame=_claim_frame(scene, claims, rows, judged), shown=shown, by_control=by_control, standing=known | rests
    )


def _state(scene: Scene, claim: Mitigation, row: int | None, before: Standing | None) -> Judged:
    if claim.kind == "control":
        return Judged(state="claimed", reason=f"judged by control {claim.control}")
    subject = None if row is None else scene.subject(row)
    today = scene.estate.today

    def stands(tried: Sequence[Tried]) -> Standing:
        assert subject is not None
        now = parts(scene, subject, [(one.zone, one.port, one.inward) for one in tried])
        days = [one.passage.exported_on for one in tried]
        known = [day for day in days if day is not None]
        return standing(now, before, max(known) if len(known) == len(days) else None, today)

    return judge(claim, subject, scene.passages, scene.observations, scene.zones, today, stands)


def _claim_frame(
    scene: Scene, claims: Sequence[Mitigation], rows: Sequence[int | None], judged: Sequence[Judged]
) -> Frame:
    take = np.array([-1 if row is None else row for row in rows], dtype=np.int32)
    assets, files = scene.assets, scene.files
    written = [files.code(c.place.file, c.place.line) for c in claims]
    states = [_decided(scene, one) for one in judged]
    data: dict[str, list[Any]] = {
        "claim": [c.id for c in claims],
        "kind": [c.kind for c in claims],
        "state": [one.state for one in judged],
        "since": [c.starts for c in claims],
        "lapses_on": [one.lapses_on for one in judged],
        "disagreement": [one.disagreement for one in judged],
    }
    who = [_who(scene, c, row) for c, row in zip(claims, rows, strict=True)]
    shared = {
        **shared_columns(assets, take),
        "council": Col([council for council, _ in who]),
        "asset": Col([asset for _, asset in who]),
    }
    row_places = [assets.place("", row) if row is not None else at for row, at in zip(rows, written, strict=True)]
    own = Col(written)
    return Frame(
        "claims",
        len(claims),
        {**shared, **{name: Col(values) for name, values in data.items()}},
        {
            "": Col(row_places),
            "claim": own,
            "kind": own,
            "since": own,
            "state": Col([state if state is not None else code for state, code in zip(states, written, strict=True)]),
            "disagreement": Col(states),
        },
    )


def _who(scene: Scene, claim: Mitigation, row: int | None) -> tuple[str, str]:
    """Council and asset as the register writes them, else as the claim does."""
    if row is None:
        return claim.council, claim.asset
    return scene.assets.get("council", row), scene.assets.get("asset", row)


def _decided(scene: Scene, judged: Judged) -> int | None:
    """The line that decides: the rule's, or the scan's where a packet did."""
    if judged.observation is not None and judged.by_packet:
        return judged.observation.place
    return None if judged.passage is None else scene.code(judged.passage)


def _shown(scene: Scene, claim: Mitigation, row: int | None, judged: Judged) -> ClaimRow:
    passage, seen = judged.passage, judged.observation
    isolation = claim.isolation
    council, asset = _who(scene, claim, row)
    return ClaimRow(
        id=claim.id,
        council=council,
        asset=asset,
        hostname=None if row is None else scene.assets.get("hostname", row),
        product=claim.product,
        kind=claim.kind,
        text=claim.text,
        claimed_by=claim.claimed_by,
        blocked_from=list(isolation.blocked_from) if isolation else [],
        ports=list(isolation.ports) if isolation else [],
        state=judged.state,
        reason=judged.reason,
        since=claim.starts,
        lapses_on=judged.lapses_on,
        rule=passage.rule if passage else None,
        rule_place=Place(passage.origin.file, passage.origin.line) if passage and passage.origin else None,
        observed_vantage=seen.vantage if seen else None,
        observed_on=seen.on if seen else None,
        observed_state=seen.state if seen else None,
        changed=list(judged.standing.changed) if judged.standing and judged.state == "configured" else [],
        place=claim.place,
        control=claim.control,
        proof_days=claim.proof_days,
        both_directions=isolation is not None and isolation.both_directions,
        rule_text=passage.origin.text if passage and passage.origin else None,
        rule_objects=list(passage.origin.objects) if passage and passage.origin else [],
        decided=str(judged.decided) if judged.decided else None,
        packet=packet_of(judged.packet) if judged.packet else None,
        ways=[_way(one) for one in judged.tried],
    )


def _way(tried: Tried) -> ClaimWay:
    passage, seen = tried.passage, tried.observation or tried.last
    origin = passage.origin
    return ClaimWay(
        zone=tried.zone, port=tried.port, direction="in" if tried.inward else "out", reach=passage.reach,
        partly=passage.partly, rule=passage.rule, place=Place(origin.file, origin.line) if origin else None,
        reason=passage.reason or None, vantage=seen.vantage if seen else None, seen_on=seen.on if seen else None,
        seen=seen.seen if seen else None, seen_as=seen.state if seen else None,
        lapsed=tried.observation is None and seen is not None,
    )  # fmt: skip
