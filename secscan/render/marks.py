"""Dated marks: when the rules changed and when less or more was seen, so that a step is not read as progress."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

from secscan.model.posture import Point, Posture
from secscan.render import charts, words
from secscan.render.view import View

MOVED_POINTS: Final = 2
"""Percentage points by which the share of known results must move in one run to be marked."""
MOVED_DEVICES: Final = 5
"""Per cent by which the number of devices must, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dated:
    """What changed on one day: (council's id, or '' for all; what), under one number."""

    number: int
    on: date
    what: tuple[tuple[str, str], ...]


def dated(view: View) -> list[Dated]:
    """Every day on which a step may be no progress, oldest first."""
    days: dict[date, dict[tuple[str, str], None]] = {}
    for on, council, what in sorted({*_rules(view.posture), *_sight(view.posture)}):
        days.setdefault(on, {})[council, what] = None
    return [Dated(number=n, on=on, what=tuple(what)) for n, (on, what) in enumerate(sorted(days.items()), 1)]


def _rules(p: Posture) -> Iterator[tuple[date, str, str]]:
    """A mark that the record itself set; where every council of the run has it, it is told once."""
    marked: dict[tuple[date, str], set[str]] = {}
    of_day: dict[date, set[str]] = {}
    for points in p.trends.values():
        for q in points:
            of_day.setdefault(q.on, set()).add(q.council)
            if q.mark not in (None, "silent"):
                marked.setdefault((q.on, q.mark), set()).add(q.council)
    for (on, mark), councils in marked.items():
        for council in [""] if councils >= {*of_day[on]} else councils:
            yield on, council, f"{mark[:1].upper()}{mark[1:]}"


def _sight(p: Posture) -> Iterator[tuple[date, str, str]]:
    for council, points in charts.by_council(p.trends.get("coverage", ())).items():
        for before, now in pairwise(points):
            if says := _seen(before, now):
                yield now.on, council, says
    for council, points in charts.by_council(p.trends.get("seen-lately", ())).items():
        for before, now in pairwise(points):
            moved = abs(now.denominator - before.denominator) * 100
            if "silent" not in (before.mark, now.mark) and moved >= MOVED_DEVICES * max(before.denominator, 1):
                yield (
                    now.on,
                    council,
                    f"Devices on the register: {words.number(before.denominator)}, then {words.number(now.denominator)}",
                )


def _seen(before: Point, now: Point) -> str:
    match before.mark == "silent", now.mark == "silent":
        case False, True:
            return "A source fell silent: its figures are not counted"
        case True, False:
            return "Its sources report again"
        case True, True:
            return ""
    shares = [1000 * q.numerator // q.denominator if q.denominator else 0 for q in (before, now)]
    if abs(shares[1] - shares[0]) < 10 * MOVED_POINTS:
        return ""
    said = [words.share(q.numerator, q.denominator) for q in (before, now)]
    return f"Results known: {said[0]}, then {said[1]}"
