"""What the figures mean: each as a count of a count, and a word that holds whatever the unknowns turn out to be.

The rule for every word is the same. Count the unknowns as failures: if the aim is still reached, it is Met. Count
them as passes: if the aim is still missed, it is Not met. In between nobody knows, unless even the worst case is
near the aim. So more unknowns can never turn Not met into Met.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from secscan.model.posture import ControlRow, CouncilRow, LegacyRow, Posture
from secscan.render import words

NEAR_POINTS: Final = 5
"""How far below the aim still counts as near, in percentage points."""
WORKING: Final = frozenset(("proven", "configured"))
"""Protections that count as working: seen by packets, or read in the rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A word from the closed list, and the count behind it."""

    word: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """The councils' figures added up; every field of the same name in ``CouncilRow``."""

    assets: int
    installs: int
    seen_fresh: int
    listed: int
    recognised: int
    patched_in_time: int
    patched_late: int
    patched_unknown: int
    patched_excluded: int
    unsupported: int
    unsupported_unprotected: int
    claims: int
    claims_proven: int
    claims_configured: int
    claims_disproven: int
    exceptions: int
    exceptions_overdue: int
    open: int
    mitigated: int
    accepted: int
    unknown: int
    opened: int
    closed: int
    reopened: int

    @property
    def patched_judged(self) -> int:
        return self.patched_in_time + self.patched_late

    @property
    def patched_every(self) -> int:
        """Devices that a patching control speaks about."""
        return self.patched_judged + self.patched_unknown

    @property
    def patched_devices(self) -> int:
        return self.patched_every + self.patched_excluded


def totals(councils: Iterable[CouncilRow]) -> Totals:
    rows = list(councils)
    return Totals(**{name: sum(getattr(row, name) for row in rows) for name in Totals.__dataclass_fields__})


def bounded(passed: int, failed: int, unknown: int, target_percent: int = 100) -> str:
    """The word for a share against an aim (module docstring)."""
    total = passed + failed + unknown
    if total == 0:
        return "Not applicable"
    if passed * 100 >= target_percent * total:
        return "Met"
    if passed * 100 >= (target_percent - NEAR_POINTS) * total:
        return "Nearly met"
    return "Not met" if (passed + unknown) * 100 < target_percent * total else "Not known"


def patching(figures: Totals, target_percent: int) -> Result:
    in_time, late, unknown = figures.patched_in_time, figures.patched_late, figures.patched_unknown
    judged = in_time + late
    left = f"{words.number(figures.patched_excluded)} excluded" if figures.patched_excluded else ""
    if judged + unknown == 0:
        return Result(word="Not known" if figures.assets == 0 else "Not applicable", says=left or "no device to judge")
    word = bounded(in_time, late, unknown, target_percent)
    # A share of the few that could be judged would mislead where most could not.
    counted = (
        f"{words.share(in_time, judged)} on time" if judged > unknown else f"{words.number(late)} known to be late"
    )
    missing = f"{words.number(unknown)} not known" if unknown else ""
    return Result(word=word, says="; ".join(filter(None, (counted, missing, left))))


def unsupported(figures: Totals, rows: Sequence[LegacyRow], unknown: int, judged: int, sure: bool) -> Result:
    """``unknown`` of ``judged`` outcomes of the unsupported-software controls are not known; ``sure``: all data came."""
    bare = [row for row in rows if row.protection not in WORKING]
    says = f"{words.of(figures.unsupported_unprotected, figures.unsupported)} without working protection"
    if figures.unsupported_unprotected:
        until = _all_accepted(bare)
        return Result(word=f"Accepted until {words.english(until)}" if until else "Not met", says=says)
    nothing = (
        f"none of {words.many(figures.unsupported, 'system')} unprotected" if figures.unsupported else "none found"
    )
    if not sure or judged == 0:
        return Result(word="Not known", says=f"{nothing} where we could look")
    if unknown == 0:
        return Result(word="Met", says=nothing)
    near = unknown * 100 <= NEAR_POINTS * judged
    return Result(word="Nearly met" if near else "Not known", says=f"{nothing}; {words.number(unknown)} not known")


def _all_accepted(rows: Sequence[LegacyRow]) -> date | None:
    days = [row.exception_until for row in rows if row.status == "accepted" and row.exception_until]
    return min(days) if rows and len(days) == len(rows) else None


def protections(figures: Totals) -> Result:
    claims, proven = figures.claims, figures.claims_proven
    says = f"{words.of(proven, claims)} proven" if claims else "none claimed"
    if figures.claims_disproven:
        return Result(word="Not met", says=f"{says}; {words.number(figures.claims_disproven)} disproven")
    if claims == 0:
        return Result(word="Not applicable", says=says)
    if proven == claims:
        return Result(word="Met", says=says)
    return Result(word="Nearly met" if proven + figures.claims_configured == claims else "Not known", says=says)


def exceptions(figures: Totals) -> Result:
    if figures.exceptions == 0:
        return Result(word="Not applicable", says="none recorded")
    says = f"{words.of(figures.exceptions_overdue, figures.exceptions)} overdue"
    return Result(word="Not met" if figures.exceptions_overdue else "Met", says=says)


def outcomes(controls: Iterable[ControlRow], theme: str, councils: Iterable[str]) -> tuple[int, int, int]:
    """(passed, failed, unknown) rows of a theme's controls that are switched on, over some councils."""
    wanted = set(councils)
    counts = [
        count for control in controls if control.theme == theme and control.disabled is None
        for council, count in control.outcomes.items() if council in wanted
    ]  # fmt: skip
    passed, failed, unknown = (sum(c.get(k, 0) for c in counts) for k in ("passed", "failed", "unknown"))
    return passed, failed, unknown


def judged_share(controls: Iterable[ControlRow], councils: Iterable[str]) -> tuple[int, int]:
    """(outcomes that are known, all outcomes) of the controls that are switched on."""
    rows, names = list(controls), list(councils)
    known = every = 0
    for theme in dict.fromkeys(row.theme for row in rows):
        passed, failed, unknown = outcomes(rows, theme, names)
        known, every = known + passed + failed, every + passed + failed + unknown
    return known, every


def by_rules(controls: Iterable[ControlRow], theme: str, councils: Iterable[str], sure: bool) -> Result:
    """A theme's word from the outcomes of its controls. With nothing judged, ``sure`` tells no need from no data."""
    passed, failed, unknown = outcomes(controls, theme, councils)
    if passed + failed + unknown == 0:
        return Result(word="Not applicable" if sure else "Not known", says="nothing to judge")
    parts = [
        f"{words.of(passed, passed + failed)} passed" if passed + failed else "",
        f"{words.number(unknown)} not known" if unknown else "",
    ]
    return Result(word=bounded(passed, failed, unknown), says="; ".join(filter(None, parts)))


def results(posture: Posture, councils: Sequence[CouncilRow]) -> dict[str, Result]:
    """Every theme's result over some councils, in the order in which pages show them."""
    ids = [c.id for c in councils]
    figures = totals(councils)
    passed, failed, unknown = outcomes(posture.controls, "legacy", ids)
    rows = [row for row in posture.legacy if row.council in set(ids)]
    sure = not any(c.stale or not c.complete for c in councils)
    return {
        "Patching": patching(figures, posture.target_percent),
        "Unsupported software": unsupported(figures, rows, unknown, passed + failed + unknown, sure),
        "Protections": protections(figures),
        "Network": by_rules(posture.controls, "firewall", ids, sure),
        "Device settings": by_rules(posture.controls, "device", ids, sure),
        "Inventory": by_rules(posture.controls, "inventory", ids, sure),
        "Exceptions": exceptions(figures),
    }


def disagreements(posture: Posture) -> list[str]:
    """Each figure of a council that its own lists do not add up to; empty when the pages agree with themselves."""
    counted = {
        "unsupported": [r.council for r in posture.legacy],
        "unsupported_unprotected": [r.council for r in posture.legacy if r.protection not in WORKING],
        "claims": [c.council for c in posture.claims],
        "claims_proven": [c.council for c in posture.claims if c.state == "proven"],
        "claims_configured": [c.council for c in posture.claims if c.state == "configured"],
        "claims_disproven": [c.council for c in posture.claims if c.state == "disproven"],
        "exceptions": [e.council for e in posture.exceptions],
        "exceptions_overdue": [e.council for e in posture.exceptions if e.state == "overdue"],
        "opened": [c.council for c in posture.changes if c.what == "opened"],
        "closed": [c.council for c in posture.changes if c.what == "closed"],
        "reopened": [c.council for c in posture.changes if c.what == "reopened"],
    }
    return [
        f"{row.name}: {name.replace('_', ' ')} says {getattr(row, name):,}, its list holds {where.count(row.id):,}"
        for row in posture.councils
        for name, where in counted.items()
        if getattr(row, name) != where.count(row.id)
    ] + [
        f"{row.name}: devices patched on time, late, not known and excluded are {every:,}, its register holds {row.assets:,}"
        for row in posture.councils
        if (every := totals([row]).patched_devices) != row.assets
    ]
