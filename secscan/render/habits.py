"""Whether an aim is becoming routine: a word for each council, from the quarters in which the aim was met.

A quarter is three months back from the as-at day. It is met only where every run in it met the aim whatever the
unknowns turn out to be: what was not seen, or was seen too long ago, is no habit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from secscan.model.horizon import months_after
from secscan.model.posture import Point, Posture
from secscan.render.compare import compare

Standing = Literal["met", "missed", "unknown", "none"]
"""How one run, or a quarter, stands against an aim; none: there was nothing to judge."""

QUARTERS: Final = 4
LASTING: Final = 2
WORDS: Final[Mapping[str, str]] = {
    "Not started": "Not met in any run of the last four quarters, and not nearer than a year ago.",
    "Ad hoc": "Met in some run of the last four quarters, or nearer than a year ago, like for like.",
    "Regular": "Met in every run of the last two quarters.",
    "Embedded": "Met in every run of the last four quarters.",
    "Not known": "The newest run cannot be judged, or too few runs of the newest quarter can.",
    "Not applicable": "There is nothing in the newest quarter that the aim speaks about.",
}
"""Each word with its test."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habit:
    """One aim that is set, by policy or by its own sense."""

    measure: str
    known: str | None
    """The measure that tells how much of it could be judged; None: nothing of it can be unknown."""
    name: str
    aim: str


def habits(posture: Posture) -> tuple[Habit, ...]:
    return (
        Habit(
            measure="patched-on-time", known="patching-known", name="Patching on time",
            aim=f"{posture.target_percent}% of devices on time, even if all that are not known were late",
        ),
        Habit(
            measure="unsupported-unprotected", known="support-known", name="Unsupported systems protected",
            aim="no unsupported system without working protection, and none that may be one",
        ),
        Habit(
            measure="protections-proven", known=None, name="Protections tested", aim="every claimed protection is proven"
        ),
        Habit(
            measure="exceptions-in-date", known=None, name="Exceptions reviewed", aim="no exception is past its last day"
        ),
    )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Routine:
    """A council's word for one habit, and how many of the last four quarters met the aim."""

    word: str
    met: int
    unknown: int


def routine(posture: Posture, habit: Habit, council: str) -> Routine:
    points = {p.on: p for p in posture.trends.get(habit.measure, ()) if p.council == council}
    known = {p.on: p for p in posture.trends.get(habit.known or "", ()) if p.council == council}
    year: list[dict[date, Standing]] = []
    for number in range(QUARTERS):
        first, last = (months_after(posture.as_of, -3 * n) for n in (number + 1, number))
        year.append(
            {
                on: standing(habit, point, known.get(on), posture.target_percent)
                for on, point in points.items()
                if first < on <= last
            }
        )
    quarters = [_quarter(list(q.values())) for q in year]
    met, unknown = quarters.count("met"), quarters.count("unknown")
    nearer = compare(posture, habit.measure, over="year", council=council).direction == "better"
    some = any(s == "met" for q in year for s in q.values())
    newest = max(year[0].items(), default=(None, "unknown"))[1]
    word = "Not known" if newest == "unknown" else word_for(quarters, some or nearer)
    return Routine(word=word, met=met, unknown=unknown)


def standing(habit: Habit, point: Point, known: Point | None, target_percent: int) -> Standing:
    """How one run stands. Without a figure for what is known, nothing is met."""
    if point.mark == "silent":
        return "unknown"
    if habit.measure == "unsupported-unprotected":
        if point.numerator:
            return "missed"
        return "met" if known is not None and 0 < known.denominator == known.numerator else "unknown"
    unknown = 0 if known is None else known.denominator - known.numerator
    every = point.denominator + unknown
    if every == 0:
        return "none"
    if habit.known is not None and known is None:
        return "unknown"
    target = target_percent if habit.measure == "patched-on-time" else 100
    if point.numerator * 100 >= target * every:
        return "met"
    return "missed" if (point.numerator + unknown) * 100 < target * every else "unknown"


def _quarter(runs: Sequence[Standing]) -> Standing:
    if not runs:
        return "unknown"
    for word in ("missed", "unknown", "met"):
        if word in runs:
            return word
    return "none"


def word_for(quarters: Sequence[Standing], begun: bool) -> str:
    """The word for the last four quarters, newest first. ``begun``: met in some run, or nearer than at first."""
    if quarters[0] == "none" and not {"met", "missed"} & set(quarters):
        return "Not applicable"
    if quarters[0] == "unknown":
        return "Not known"
    if all(q == "met" for q in quarters):
        return "Embedded"
    if all(q == "met" for q in quarters[:LASTING]):
        return "Regular"
    return "Ad hoc" if begun else "Not started"
