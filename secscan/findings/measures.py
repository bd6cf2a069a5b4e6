"""The few figures a run leaves behind for its trend: each a numerator, a denominator and, where it applies, a mark."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from secscan.findings.coverage import agreement
from secscan.findings.seen import fresh, listed
from secscan.model.estate import Estate
from secscan.model.findings import UNKNOWN, Finding, Judgement, Tally
from secscan.model.policy import Policy
from secscan.model.settings import Settings

PATCH_CHECK: Final = "patching.fix-overdue"
LEGACY_CHECK: Final = "lifecycle.unsupported-software"
WORKING: Final = ("proven", "configured")
MEASURES: Final = (
    "patched-on-time", "unsupported-unprotected", "coverage", "protections-proven", "open-findings", "source-agreement",
    "patching-known", "support-known", "exceptions-in-date", "seen-lately", "names-recognised",
)  # fmt: skip
"""What a run measures itself; the record adds what only it can tell (``history.repairs``)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """``mark``: why a step is no progress; 'silent' where the council's evidence is too old."""

    council: str
    measure: str
    numerator: int
    denominator: int
    mark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Patched:
    """Assets of a council by the state of their fixes; they add up to all its assets."""

    in_time: int = 0
    late: int = 0
    unknown: int = 0
    excluded: int = 0
    """No patching control speaks about any of its fixes."""


def patched(estate: Estate, judgements: Sequence[Judgement]) -> dict[str, Patched]:
    """For each council: an asset is late when one of its fixes is, else unknown when one is, else in time.

    One without any row of fixes is unknown, never excluded: nobody vanishes.
    """
    take = estate.frames["fixes"].columns["asset"].take
    assets = estate.frames["assets"]
    rank = np.array([1, 3, 2, 0], dtype=np.int8)  # pass, fail, unknown, outside: the worst wins
    score = np.full(assets.rows, rank[UNKNOWN], dtype=np.int8)
    if take is not None:
        score[take] = 0
        for judgement in judgements:
            if judgement.control.check == PATCH_CHECK:
                np.maximum.at(score, take, rank[judgement.outcomes])
    codes, names = assets.columns["council"].codes()
    counts = np.bincount(codes * len(rank) + score, minlength=len(names) * len(rank)).reshape(-1, len(rank)).tolist()
    return {
        council: Patched(excluded=outside, in_time=passed, unknown=unknown, late=failed)
        for council, (outside, passed, unknown, failed) in zip(names, counts, strict=True)
        if council is not None
    }


def coverage(tallies: Sequence[Tally], council: str) -> tuple[int, int]:
    """Known outcomes, and all outcomes, of a council."""
    mine = [t for t in tallies if t.council == council]
    known = sum(t.passed + t.failed for t in mine)
    return known, known + sum(t.unknown for t in mine)


def measure(
    estate: Estate,
    settings: Settings,
    policy: Policy,
    judgements: Sequence[Judgement],
    findings: Sequence[Finding],
    tallies: Sequence[Tally],
    claim_states: Mapping[str, tuple[str, str]],
) -> list[Measure]:
    """Every measure for every council. ``claim_states``: claim id -> (council, state)."""
    devices = patched(estate, judgements)
    agreed = agreement(estate)
    assets = [str(council) for council in estate.frames["assets"].columns["council"]]
    seen = fresh(estate, settings.limits.source_max_age_days)
    _, installs, recognised = listed(estate)
    stale = {gap.council for gap in estate.gaps if gap.stale}
    found: list[Measure] = []
    for council in (c.id for c in settings.councils):
        own = devices.get(council, Patched())
        legacy = [f for f in findings if f.council == council and f.check == LEGACY_CHECK and f.outcome == "fail"]
        unprotected = sum(f.mitigation_state not in WORKING for f in legacy)
        states = [state for owner, state in claim_states.values() if owner == council]
        failures = [f for f in findings if f.council == council and f.outcome == "fail"]
        accepted = [e for e in policy.exceptions if e.council == council]
        judged = own.in_time + own.late
        figures = {
            "patched-on-time": (own.in_time, judged),
            "patching-known": (judged, judged + own.unknown),
            "unsupported-unprotected": (unprotected, len(legacy)),
            "support-known": _known(judgements, LEGACY_CHECK, council),
            "coverage": coverage(tallies, council),
            "protections-proven": (states.count("proven"), len(states)),
            "open-findings": (sum(f.status == "open" for f in failures), len(failures)),
            "source-agreement": agreed.get(council, (0, 0)),
            "exceptions-in-date": (sum(e.until >= estate.today for e in accepted), len(accepted)),
            "seen-lately": (seen[council], assets.count(council)),
            "names-recognised": (recognised[council], installs[council]),
        }
        found += [
            Measure(
                council=council, measure=name, numerator=n, denominator=d,
                # Exceptions stand in the policy: no export that fell silent takes them out of sight.
                mark="silent" if council in stale and name != "exceptions-in-date" else None,
            )
            for name, (n, d) in figures.items()
        ]  # fmt: skip
    return found


def _known(judgements: Sequence[Judgement], check: str, council: str) -> tuple[int, int]:
    """Known outcomes, and all, of the controls that use a check."""
    mine = [j for j in judgements if j.control.check == check]
    known = sum(j.passed.get(council, 0) + j.failed.get(council, 0) for j in mine)
    return known, known + sum(j.unknown.get(council, 0) for j in mine)
