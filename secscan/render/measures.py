"""What each measure is called on pages, how its points are read, and a council's line and numbers for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

from secscan.model.posture import Point
from secscan.render import bits, charts, words
from secscan.render.bits import Row, Table
from secscan.render.charts import COUNTS, DAYS, SHARES, Line, Scale
from secscan.render.compare import HIGHER_IS_BETTER

if TYPE_CHECKING:
    from secscan.render.view import View

MOST_RUNS: Final = 60
"""Runs that a table of numbers shows; all are in trends.csv."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    id: str
    name: str
    says: str
    """What is counted, and out of what."""
    scale: Scale = SHARES


MEASURES: Final = (
    Measure(id="patched-on-time", name="Devices patched on time",
            says="Devices with no security update missing past its window, % of the devices that could be judged."),
    Measure(id="unsupported-unprotected", name="Unsupported systems without working protection",
            says="Number of systems that nobody mends any more and that no proven or configured protection covers.", scale=COUNTS),
    Measure(id="protections-proven", name="Claimed protections that are proven",
            says="Protections that rules and packets prove, % of all that are claimed."),
    Measure(id="exceptions-in-date", name="Exceptions in date",
            says="Accepted risks that are not past their last day, % of all on record."),
    Measure(id="open-findings", name="Open findings",
            says="Number of failures that nothing protects and nobody accepted.", scale=COUNTS),
    Measure(id="days-to-fix", name="Days to fix",
            says="Half of the findings that a run found gone had stood no longer than this. Runs set how fine it is.", scale=DAYS),
    Measure(id="came-back", name="Repairs that came back",
            says="Findings found again, % of all that have closed since the record began to count them."),
    Measure(id="seen-lately", name="Devices seen lately",
            says="Devices that some source saw within its allowed age, % of all on the registers."),
    Measure(id="names-recognised", name="Program names recognised",
            says="Installed programs whose name the catalogue knows, % of all that are listed."),
    Measure(id="source-agreement", name="Facts on which sources agree",
            says="Facts that several sources tell alike, % of those that several tell."),
    Measure(id="coverage", name="Results that are known",
            says="Results that could be told either way, % of all results."),
)  # fmt: skip
BY_ID: Final = {m.id: m for m in MEASURES}


def on_record(view: View, measure: Measure) -> list[str]:
    """The councils with a figure for the measure, in the order of the posture."""
    points = charts.by_council(view.posture.trends.get(measure.id, ()))
    return [c.id for c in view.posture.councils if any(measure.scale.seen(p) for p in points.get(c.id, ()))]


def runs(view: View, measure: Measure) -> list[date]:
    """The days of the runs that have the measure, oldest first."""
    return sorted({p.on for p in view.posture.trends.get(measure.id, ())})


def lines(view: View, measure: Measure, since: date) -> list[Line]:
    """Every council's line, and at its end the last figure, with its month where the line stops before today."""
    points = charts.by_council(view.posture.trends.get(measure.id, ()))
    found = []
    for council in on_record(view, measure):
        mine = [p for p in points[council] if p.on >= since]
        last = charts.latest(mine, measure.scale)
        if last is None:
            continue
        stopped = last is not mine[-1] or last.on < view.posture.as_of
        ending = figure(measure, last) + (f" in {words.month(last.on)}" if stopped else "")
        found.append(Line(name=view.name(council), points=mine, ending=ending))
    return found


def worst(measure: Measure, found: Sequence[Line], limit: int = charts.MOST_LINES) -> list[Line]:
    """At most so many: those whose last figure is furthest from good, because they need to be seen, in their order."""
    if len(found) <= limit:
        return list(found)
    sign = 1 if HIGHER_IS_BETTER.get(measure.id, True) else -1

    def last(line: Line) -> tuple[float, str]:
        point = charts.latest(line.points, measure.scale)
        return sign * (measure.scale.value(point) if point else 0.0), line.name

    chosen = sorted(found, key=last)[:limit]
    return [line for line in found if line in chosen]


def figure(measure: Measure, point: Point) -> str:
    """A point in a word or two: ``94.9%``, ``31 days``, ``12``."""
    match measure.scale:
        case charts.SHARES:
            return words.percent(point.numerator, point.denominator)
        case charts.DAYS:
            return words.many(point.numerator, "day")
        case _:
            return words.number(point.numerator)


def counted(measure: Measure, numerator: int, denominator: int) -> str:
    """The same with what it is out of."""
    match measure.scale:
        case charts.SHARES:
            return words.share(numerator, denominator)
        case charts.DAYS:
            return f"{words.many(numerator, 'day')} (of {words.number(denominator)} closed)"
        case _:
            return words.of(numerator, denominator)


def numbers(view: View, measure: Measure) -> Table:
    """The points as a table, a row a run, a column a council; the alternative to the drawing."""
    order = on_record(view, measure)
    points = view.posture.trends.get(measure.id, ())
    days = runs(view, measure)
    found = {(p.on, p.council): p for p in points}
    rows: list[Row] = []
    for on in days[-MOST_RUNS:]:
        cells = []
        for council in order:
            point = found.get((on, council))
            mark = None if point is None or point.mark in (None, "silent") else bits.note(point.mark)
            cells.append(bits.cell(bits.text(_told(measure, point)), mark))
        rows.append(bits.row(bits.day(on), *cells))
    heads = [bits.Column(label="Run"), *(bits.Column(label=view.name(c)) for c in order)]
    return Table(
        id=f"{measure.id}-numbers", caption=f"{measure.name}, by run and council", columns=heads, rows=rows, total=len(days),
        file="trends.csv", sortable=False, show_caption=True,
    )  # fmt: skip


def _told(measure: Measure, point: Point | None) -> str:
    if point is None:
        return "not on record"
    if point.mark == "silent":
        return "not known: too old"
    if not measure.scale.seen(point):
        return "none closed" if measure.scale is DAYS else "nothing to judge"
    return counted(measure, point.numerator, point.denominator)
