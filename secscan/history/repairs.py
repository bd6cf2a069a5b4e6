"""What only the record can measure: how long failures stood before they were gone, and how many came back.

``days-to-fix`` holds for each run and council the median of days from first seen to gone, and as denominator how many
went. Days are counted between runs, so they are no finer than the runs are apart; what still stands is not in it.
``came-back`` adds up from the record's beginning: failures that opened again, of all that had closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from secscan.history.clock import GONE, Step
from secscan.model.posture import Point

DAYS: Final = "days-to-fix"
CAME_BACK: Final = "came-back"

Counted = tuple[int, int]


def measured(
    step: Step, councils: Iterable[str], before: Mapping[str, Counted]
) -> list[tuple[str, str, int, int]]:  # fmt: skip
    """(council, measure, numerator, denominator) of a run. ``before``: council -> what ``came-back`` stood at."""
    rows = []
    for council in sorted(set(councils)):
        events = [(row, what) for row, what in step.events if row.council == council]
        days = sorted(
            (date.fromisoformat(row.closed_on) - row.first_seen).days
            for row, what in events
            if what == "closed" and row.closed_why == GONE and row.closed_on
        )
        again, closed = before.get(council, (0, 0))
        again += sum(what == "reopened" for _, what in events)
        closed += sum(what == "closed" for _, what in events)
        rows += [(council, CAME_BACK, again, closed), (council, DAYS, _median(days), len(days))]
    return rows


def _median(ordered: Sequence[int]) -> int:
    """The lowest value that at least half do not exceed; 0 where there is none."""
    return ordered[(len(ordered) - 1) // 2] if ordered else 0


def newest(points: Iterable[Point]) -> dict[str, Counted]:
    """Council -> its last point. ``points``: oldest first."""
    return {p.council: (p.numerator, p.denominator) for p in points}


def put(points: list[Point], measure: str, point: Point) -> None:
    """The point is among its measure's, oldest first: of one day and council the last run counts.

    A second run of a day finds little left to close, so for ``days-to-fix`` the run in which most went counts.
    """
    for i in range(len(points) - 1, -1, -1):
        if points[i].on != point.on:
            break
        if points[i].council == point.council:
            if measure != DAYS or point.denominator >= points[i].denominator:
                points[i] = point
            return
    points.append(point)
