"""Then and now, like for like: the same councils, both times with data, under the same rules.

What cannot be compared is said to be so. In particular, seeing less never reads as doing better: a council that
fell silent is left out of both sides, and a gain beside a loss of coverage is called neither.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from secscan.model.posture import Point, Posture

Direction = Literal["better", "worse", "same", "narrower", "rules", "unknown", "first", "apart"]

HALF_POINT: Final = 5
"""Tenths of a point: a share that moves by less reads as the same."""
LOST_SHARE: Final = 95
"""Per cent: with fewer than this share of the rows judged before, a gain is not called one."""
LOST_COVERAGE: Final = 20
"""Tenths of a point of coverage, likewise."""
YEAR: Final = 366

HIGHER_IS_BETTER: Final[Mapping[str, bool]] = {
    "patched-on-time": True, "patching-known": True, "protections-proven": True, "coverage": True,
    "unsupported-unprotected": False, "support-known": True, "open-findings": False, "exceptions-in-date": True,
    "seen-lately": True, "names-recognised": True, "came-back": False, "days-to-fix": False, "source-agreement": True,
}  # fmt: skip
COUNTED: Final = frozenset(("unsupported-unprotected", "open-findings"))
"""Measures compared as counts: their denominators change when the estate rightly does."""
UNSUMMED: Final = frozenset(("days-to-fix",))
"""Measures whose points cannot be added up over councils, nor compared over runs: each is about other findings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How a measure moved between two runs. Counts are (numerator, denominator) over ``councils`` alone."""

    measure: str
    direction: Direction
    since: date | None = None
    then: tuple[int, int] = (0, 0)
    now: tuple[int, int] = (0, 0)
    councils: tuple[str, ...] = ()
    everyone: bool = True
    """Every council of the base run could be compared."""

    @property
    def tenths(self) -> int:
        """How far the share moved, in tenths of a percentage point."""
        return _tenths(self.now) - _tenths(self.then)


def compare(
    posture: Posture, measure: str, *, over: Literal["last-run", "year", "longest"], council: str | None = None
) -> Comparison:
    """The measure now against the run before, or against the oldest run within a year.

    ``longest``: against the oldest run within a year that can be compared for most councils, such as the first under
    today's rules.
    """
    if measure in UNSUMMED:
        return Comparison(measure=measure, direction="apart")
    runs = _by_run(p for p in posture.trends.get(measure, ()) if council in (None, p.council))
    keys = [key for key in runs if (posture.as_of - key[0]).days <= YEAR]
    here = next((key for key in reversed(keys) if key[1] == posture.run_id), None)
    if here is None:
        return Comparison(measure=measure, direction="first" if posture.previous_as_of is None else "unknown")
    before = keys[: keys.index(here)]
    if not before:
        return Comparison(measure=measure, direction="first")
    tried = {"last-run": before[-1:], "year": before[:1], "longest": before}[over]
    sides = {base: _sides(measure, runs, base, here) for base in tried}
    base = _longest(sides)
    both, alike = sides[base]
    if not alike:
        return Comparison(measure=measure, direction="rules" if both else "unknown", since=base[0])
    then, now = _sum(runs[base], alike), _sum(runs[here], alike)
    return Comparison(
        measure=measure, direction=_direction(posture, measure, then, now, alike, base, here), since=base[0], then=then,
        now=now, councils=alike, everyone=len(alike) == len(runs[base]),
    )  # fmt: skip


Run = tuple[date, str]
Sides = tuple[Sequence[str], tuple[str, ...]]
"""Councils with data both times, and those of them for which the rules were the same all the while."""


def _sides(measure: str, runs: Mapping[Run, Mapping[str, Point]], base: Run, here: Run) -> Sides:
    ruled = {c for key in runs if base < key <= here for c, p in runs[key].items() if p.mark not in (None, "silent")}
    both = [c for c, p in runs[base].items() if _usable(p, measure) and _usable(runs[here].get(c), measure)]
    return both, tuple(c for c in both if c not in ruled)


def _longest(sides: Mapping[Run, Sides]) -> Run:
    """The oldest run that shares more than half of the councils that any run shares; the oldest where none does."""
    most = max(len(alike) for _, alike in sides.values())
    return next(base for base, (_, alike) in sides.items() if 2 * len(alike) > most or not most)


def _by_run(points: Iterable[Point]) -> dict[Run, dict[str, Point]]:
    runs: dict[Run, dict[str, Point]] = {}
    for point in points:
        runs.setdefault((point.on, point.run_id), {})[point.council] = point
    return dict(sorted(runs.items()))


def _usable(point: Point | None, measure: str) -> bool:
    return point is not None and point.mark != "silent" and (point.denominator > 0 or measure in COUNTED)


def _sum(points: Mapping[str, Point], councils: Sequence[str]) -> tuple[int, int]:
    rows = [points[c] for c in councils]
    return sum(p.numerator for p in rows), sum(p.denominator for p in rows)


def _tenths(counted: tuple[int, int]) -> int:
    return counted[0] * 1000 // counted[1] if counted[1] else 0


def _direction(
    posture: Posture,
    measure: str,
    then: tuple[int, int],
    now: tuple[int, int],
    councils: Sequence[str],
    base: Run,
    here: Run,
) -> Direction:
    counted = measure in COUNTED
    moved = now[0] - then[0] if counted else _tenths(now) - _tenths(then)
    if abs(moved) < (1 if counted else HALF_POINT):
        moved = 0
    gain = moved if HIGHER_IS_BETTER.get(measure, True) else -moved
    if gain < 0:
        return "worse"
    fewer = not counted and now[1] * 100 < then[1] * LOST_SHARE
    if fewer or _saw_less(posture, councils, base, here):
        return "narrower"
    return "better" if gain > 0 else "same"


def _saw_less(posture: Posture, councils: Sequence[str], base: Run, here: Run) -> bool:
    runs = _by_run(posture.trends.get("coverage", ()))
    then = [p for c, p in runs.get(base, {}).items() if c in councils]
    now = [p for c, p in runs.get(here, {}).items() if c in councils]
    if not then or not now:
        return False
    return _tenths(_all(now)) - _tenths(_all(then)) <= -LOST_COVERAGE


def _all(points: Sequence[Point]) -> tuple[int, int]:
    return sum(p.numerator for p in points), sum(p.denominator for p in points)


@dataclass(frozen=True, slots=True, kw_only=True)
class Month:
    """The last run of a month, and how the measure moved since the last run of the month before."""

    on: date
    points: Mapping[str, Point]
    """By council. A change of the rules anywhere in the month marks it."""
    step: Comparison


def by_month(posture: Posture, measure: str) -> list[Month]:
    """The measure month by month, oldest first; each step is compared like for like."""
    thin = {name: _last_of_month(points) for name, points in posture.trends.items()}
    runs = _by_run(thin.get(measure, ()))
    months: list[Month] = []
    for (on, run_id), points in runs.items():
        then = replace(posture, trends=thin, run_id=run_id, as_of=on, previous_as_of=months[-1].on if months else None)
        months.append(Month(on=on, points=points, step=compare(then, measure, over="last-run")))
    return months


def _last_of_month(points: Iterable[Point]) -> list[Point]:
    """The points of the last run of every month. What a run before it in that month says of the rules is kept."""
    months: dict[tuple[int, int], dict[Run, dict[str, Point]]] = {}
    for run, found in _by_run(points).items():
        months.setdefault((run[0].year, run[0].month), {})[run] = found
    kept: list[Point] = []
    for runs in months.values():
        ruled = {c: p.mark for found in runs.values() for c, p in found.items() if p.mark not in (None, "silent")}
        kept += [replace(p, mark=p.mark or ruled.get(c)) for c, p in list(runs.values())[-1].items()]
    return kept
