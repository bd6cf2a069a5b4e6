"""Trends: each measure by itself over time, what may be concluded from it, and how far each habit has come."""

from __future__ import annotations

from collections import Counter
from datetime import date

from secscan.model.horizon import months_after
from secscan.model.posture import Posture
from secscan.render import bits, charts, habits, headlines, marks, measures, words
from secscan.render.bits import Table
from secscan.render.compare import compare
from secscan.render.html import Page
from secscan.render.marks import Dated
from secscan.render.measures import MEASURES, Measure
from secscan.render.view import View

DRAWN_MONTHS = 24
FEWEST_RUNS = 2
"""A line needs two runs."""
GROUPS = (
    ("Are the aims met?", ("patched-on-time", "unsupported-unprotected", "protections-proven", "exceptions-in-date")),
    ("Does the work get done, and does it last?", ("open-findings", "days-to-fix", "came-back")),
    ("How much do we see?", ("seen-lately", "names-recognised", "source-agreement", "coverage")),
)  # fmt: skip
"""Less sight makes every other measure say less, so it stands beside them."""


def build(view: View) -> Page:
    p = view.posture
    since = months_after(p.as_of, -DRAWN_MONTHS)
    events = [e for e in marks.dated(view) if e.on >= since]
    matrix, counts = routines(view)
    shown = [m for m in MEASURES if measures.on_record(view, m)]
    context = {
        "answer": headlines.routine(counts),
        "matrix": matrix,
        "aims": [(h.name, h.aim) for h in habits.habits(p)],
        "tests": list(habits.WORDS.items()),
        "groups": [
            {"title": title, "measures": [multiple(view, m, since, events) for m in shown if m.id in ids]}
            for title, ids in GROUPS
            if any(m.id in ids for m in shown)
        ],
        "marks": marks_table(view, events),
        "numbers": [{"id": m.id, "name": m.name, "table": measures.numbers(view, m)} for m in shown],
        "absent": [m.name for m in MEASURES if m not in shown],
        "months": DRAWN_MONTHS,
        "rely": view.rely(),
    }
    return Page(
        file="trends.html", template="trends.html", title="Is security becoming routine?", part_of="trends.html",
        crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def routines(view: View) -> tuple[Table, Counter[str]]:
    """Council by habit: the word and the quarters behind it; and how often each word stands there."""
    p = view.posture
    kept = habits.habits(p)
    counts = Counter[str]()
    rows = []
    for council in sorted(p.councils, key=lambda c: c.role != "council"):
        cells = []
        for habit in kept:
            found = habits.routine(p, habit, council.id)
            counts[found.word] += 1
            unknown = f"; {found.unknown} not known" if found.unknown else ""
            note = f"met in {found.met} of {habits.QUARTERS} quarters{unknown}"
            cells.append(bits.cell(bits.tag(found.word), bits.note(note) if found.word != "Not applicable" else None))
        rows.append(bits.row(view.council(council.id), *cells))
    heads = [bits.Column(label="Council"), *(bits.Column(label=h.name) for h in kept)]
    caption = "How far each habit has come, by council"
    return Table(id="routine", caption=caption, columns=heads, rows=rows, sortable=False), counts


def multiple(view: View, measure: Measure, since: date, events: list[Dated]) -> dict[str, object]:
    """One measure: its sentences, its drawing where there are two runs, and where its numbers are."""
    p = view.posture
    order = measures.on_record(view, measure)
    days = [day for day in measures.runs(view, measure) if day >= since]
    found = measures.lines(view, measure, since)
    drawn = measures.worst(measure, found)
    some = f" The {len(drawn)} that need most attention are drawn, of {len(found)}." if len(drawn) < len(found) else ""
    return {
        "id": measure.id,
        "name": measure.name,
        "sentences": sentences(view, measure, order),
        "subtitle": f"{measure.says}{scale_note(measure, drawn, target(view, measure))}{some}",
        "svg": drawing(view, measure, drawn, days, events) if len(days) >= FEWEST_RUNS and drawn else "",
        "figures": [figure(measure, line) for line in found],
        "begun": f"On record since {words.english(days[0])}." if days and days[0] > first_run(p) else "",
    }


def figure(measure: Measure, line: charts.Line) -> str:
    """A council's last figure with what it is out of, where one run is too few for a line."""
    last = charts.latest(line.points, measure.scale)
    told = measures.counted(measure, last.numerator, last.denominator) if last else "no figure"
    return words.plain(f"{line.name}: {told}", 160)


def first_run(p: Posture) -> date:
    return min((q.on for points in p.trends.values() for q in points), default=date.max)


def sentences(view: View, measure: Measure, order: list[str]) -> list[str]:
    p = view.posture
    names = {c: view.name(c) for c in order}
    if measure.scale is charts.DAYS:
        now = [q for q in p.trends[measure.id] if q.on == p.as_of and measure.scale.seen(q)]
        return headlines.days_to_fix(now)
    return headlines.trend(measure, compare(p, measure.id, over="longest"), names)


def target(view: View, measure: Measure) -> int | None:
    return view.posture.target_percent if measure.id == "patched-on-time" else None


def scale_note(measure: Measure, drawn: list[charts.Line], target_percent: int | None) -> str:
    scale = charts.fitted(measure.scale, drawn, target_percent)
    if scale.floor:
        return f" The scale starts at {scale.floor}%."
    return "" if scale.counted or scale.ceiling == charts.SHARES.ceiling else f" The scale ends at {scale.ceiling}%."


def drawing(view: View, measure: Measure, drawn: list[charts.Line], days: list[date], events: list[Dated]) -> object:
    said = " ".join(f"{line.name}: {line.ending}." for line in drawn)
    within = [charts.Mark(number=e.number, on=e.on) for e in events if days[0] <= e.on <= days[-1]]
    return charts.small_chart(
        measure.id, drawn, measure.scale, within, title=f"Line chart: {measure.name}, by council",
        description=f"{said} All numbers are in a table at the end of the page.", target_percent=target(view, measure),
    )  # fmt: skip


def marks_table(view: View, events: list[Dated]) -> Table:
    rows = [
        bits.row(
            str(e.number), bits.day(e.on), bits.text(view.name(council)) if council else "All councils", what,
        )
        for e in events
        for council, what in e.what
    ]  # fmt: skip
    heads = bits.columns("Mark|Run|Council|What changed")
    return Table(
        id="marks", caption="Marks below the drawings", columns=heads, rows=rows[-view.cap :], total=len(rows), file="trends.csv",
        sortable=False, empty="No rule changed, and no more and no less was seen, in the runs that are drawn.",
    )  # fmt: skip
