"""``secscan trend``: is it getting better?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any, Final

import click

from secscan.cli.common import FORMATS, Out, envelope, open_workspace, options
from secscan.cli.complete import councils, measures
from secscan.model.errors import UsageError

if TYPE_CHECKING:
    from secscan.model.posture import Point, Posture
    from secscan.render.compare import Comparison, Month

_TOGETHER: Final = (
    "patched-on-time", "unsupported-unprotected", "coverage", "protections-proven", "open-findings", "source-agreement",
)  # fmt: skip
"""Measures that stand side by side in one table; the others are shown by name, and all are in JSON and CSV."""
_WORDS: Final = {
    "better": "better", "worse": "worse", "same": "the same", "narrower": "less could be judged: not compared",
    "rules": "the rules changed: not compared", "unknown": "data is missing: not compared", "first": "",
    "apart": "other findings each time: not compared",
}  # fmt: skip


@click.command(epilog="Example: secscan trend patched-on-time --council alderbeck")
@click.argument("measure", required=False, shell_complete=measures)
@click.option("--council", multiple=True, metavar="ID", shell_complete=councils, help="Only these councils.")
@options(*FORMATS)
def command(
    measure: str | None,
    council: tuple[str, ...],
    workspace: str | None,
    as_of: date | None,
    format_: str,
    **how: Any,
) -> None:
    """A table by month: MEASURE by council, or every measure for all councils together.

    Steps are compared like for like: the same councils, with data both times, under the same rules. What cannot be
    compared says why. The measures: patched-on-time, unsupported-unprotected, coverage, protections-proven,
    open-findings and source-agreement; and by their names alone patching-known, support-known, exceptions-in-date,
    seen-lately, names-recognised, came-back and days-to-fix.
    """
    from secscan import answers
    from secscan.doors.validate import nearest
    from secscan.findings.measures import MEASURES

    held = open_workspace(workspace)
    for name in council:
        answers.known_council(held, name)
    posture = answers.last(held, as_of)
    if measure is not None and measure not in posture.trends:
        known = ", ".join(posture.trends)
        raise UsageError(f"no measure '{measure}'{nearest(measure, posture.trends)}; there are {known}")
    ordered = sorted(posture.trends, key=lambda name: (name not in MEASURES, name in MEASURES and MEASURES.index(name)))
    trends = {n: [p for p in posture.trends[n] if not council or p.council in council] for n in ordered}
    chosen = {name: points for name, points in trends.items() if measure in (None, name)}
    seen = replace(posture, trends=trends)
    out = Out(quiet=how["quiet"], no_color=how["no_color"])
    if format_ == "json":
        points = [
            {
                "measure": name, "on": p.on, "run_id": p.run_id, "council": p.council, "numerator": p.numerator,
                "denominator": p.denominator, "mark": p.mark,
            }
            for name, points in chosen.items()
            for p in points
        ]  # fmt: skip
        out.json(
            envelope("trend", complete=posture.complete, warnings=posture.warnings, measure=measure, points=points)
        )
    elif format_ == "csv":
        out.csv(
            ("measure", "on", "council", "numerator", "denominator", "mark"),
            [(n, p.on, p.council, p.numerator, p.denominator, p.mark) for n, ps in chosen.items() for p in ps],
        )
    elif measure is None:
        _every(
            out,
            seen,
            [name for name in chosen if name in _TOGETHER],
            [name for name in chosen if name not in _TOGETHER],
        )
    else:
        _one(out, seen, measure)


def _one(out: Out, posture: Posture, measure: str) -> None:
    from secscan.render.compare import by_month, compare

    months = by_month(posture, measure)
    known = {month.on: month for month in by_month(posture, "coverage")}
    ids = list(dict.fromkeys(c for month in months for c in month.points))
    out.table(
        ("month", "as of", *ids, "together", "since the month before", "results known"),
        [
            (
                f"{month.on:%Y-%m}", month.on, *(_cell(month.points.get(c), measure) for c in ids),
                _together(month.points.values(), measure), _step(month.step),
                _together(known[month.on].points.values(), "coverage") if month.on in known else "not known",
            )
            for month in months
        ],
    )  # fmt: skip
    year = compare(posture, measure, over="year")
    out.note(f"since {year.since}: {_step(year)}" if year.since else "one month: nothing to compare with yet")
    out.next("next: secscan findings --status open")


def _every(out: Out, posture: Posture, names: Sequence[str], others: Sequence[str]) -> None:
    from secscan.render.compare import by_month, compare

    columns = {name: {month.on: month for month in by_month(posture, name)} for name in names}
    days = sorted({day for months in columns.values() for day in months})
    table = [
        (
            f"{day:%Y-%m}",
            *(_together(columns[name][day].points.values(), name) if day in columns[name] else "not known" for name in names),
            _marks([columns[name][day] for name in names if day in columns[name]]),
        )
        for day in days
    ]  # fmt: skip
    year = {name: compare(posture, name, over="year") for name in names}
    since = next((c.since for c in year.values() if c.since), None)
    if since:
        over = {_over(step) for step in year.values()}
        shared = over.pop() if len(over) == 1 else None
        table.append((f"since {since}", *(_step(year[n], over=shared is None) for n in names), shared or ""))
    out.table(("month", *names, "marks"), table)
    out.note("what was not seen is left out of the months; 'since' compares like for like")
    if others:
        out.note(f"by name: {', '.join(others)}")
    out.next(f"next: secscan trend {names[0]}" if names else "next: secscan scan")


def _cell(point: Point | None, measure: str) -> str:
    """A council's figure, with the reason why its step is no progress where there is one."""
    if point is None:
        return "not known"
    mark = f" [{point.mark}]" if point.mark else ""
    return _figure(point.numerator, point.denominator, measure) + mark


def _together(points: Any, measure: str) -> str:
    """The sum over the councils with data; of what is known, over all: silence is what it counts.

    What cannot be added up is given from the lowest to the highest.
    """
    from secscan.render.compare import UNSUMMED

    if measure in UNSUMMED:
        days = sorted({p.numerator for p in points if p.denominator})
        return (
            "none closed" if not days else " to ".join(f"{d:,}" for d in dict.fromkeys((days[0], days[-1]))) + " days"
        )
    told = [p for p in points if p.mark != "silent" or measure == "coverage"]
    return _figure(sum(p.numerator for p in told), sum(p.denominator for p in told), measure) if told else "not known"


def _figure(numerator: int, denominator: int, measure: str) -> str:
    from secscan.render import words
    from secscan.render.compare import COUNTED, UNSUMMED

    if measure in UNSUMMED:
        return f"{words.many(numerator, 'day')} (of {denominator:,} closed)" if denominator else "none closed"
    return words.of(numerator, denominator) if measure in COUNTED else words.share(numerator, denominator)


def _step(step: Comparison, *, over: bool = True) -> str:
    """How a measure moved, over whom, or why that cannot be told."""
    from secscan.render.compare import COUNTED

    said = _WORDS[step.direction]
    if step.direction in ("better", "worse"):
        moved = f"{step.now[0] - step.then[0]:+,}" if step.measure in COUNTED else f"{step.tenths / 10:+.1f} points"
        said = f"{said} ({moved})"
    return ", ".join(filter(None, (said, _over(step) if over else "")))


def _over(step: Comparison) -> str:
    """The councils that could be compared, where they are not all."""
    return "" if step.everyone or step.since is None or not step.councils else f"in {', '.join(step.councils)}"


def _marks(months: Sequence[Month]) -> str:
    """``corvale silent; oak rules changed``, each once."""
    told = {f"{c} {p.mark}": None for month in months for c, p in month.points.items() if p.mark}
    return "; ".join(told)
