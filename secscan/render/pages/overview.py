"""The overview: where all councils stand together, what needs a decision, what changed, what could not be seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from secscan.model.posture import Change, CouncilRow, Point, Posture
from secscan.render import bits, charts, decisions, figures, headlines, measures, words
from secscan.render.bits import Cell, Table
from secscan.render.compare import Comparison, compare
from secscan.render.decisions import Decision
from secscan.render.html import Page
from secscan.render.pages import standing
from secscan.render.view import View

SHOWN_DECISIONS = 10
FEWEST_RUNS = 2
"""A trend needs two runs."""
SHOWN_CHANGES = 12
PATCHED = measures.BY_ID["patched-on-time"]
MOVED = ("patched-on-time", "unsupported-unprotected", "protections-proven", "open-findings", "coverage")
DIRECTIONS = {
    "better": "Better", "worse": "Worse", "same": "The same", "narrower": "Not comparable: less was seen",
    "rules": "Not comparable: the rules changed", "unknown": "Not comparable: data is missing", "first": "First run",
    "apart": "Not comparable: other findings each time",
}  # fmt: skip


def build(view: View) -> Page:
    p = view.posture
    due = view.decisions
    context = {
        "answer": headlines.answer(p, decisions.due_soon(due, p.as_of)),
        "seen": standing.strip(view),
        "figures": lead_figures(p, p.councils),
        "gaps": view.gap_lines(),
        "decisions": decisions_table(view, due),
        "decisions_total": len(due),
        "chart": trend_chart(view),
        "measures": measures_table(p),
        "matrix": matrix(view),
        "changes": changes(view),
        "unseen": unseen(view),
        "rely": view.rely(),
    }
    title = f"Where we stand at {words.english(p.as_of)}"
    return Page(file="index.html", template="overview.html", title=title, part_of="index.html", context=context)


def lead_figures(p: Posture, councils: Sequence[CouncilRow], council: str | None = None) -> list[dict[str, str]]:
    """The four figures, each with its denominator, its word and how it moved; over one council or all."""
    t, found = figures.totals(councils), figures.results(p, councils)
    judged, mostly = t.patched_judged, t.patched_judged > t.patched_unknown
    patched, bare = (
        compare(p, m, over="last-run", council=council) for m in ("patched-on-time", "unsupported-unprotected")
    )
    missing = f" {words.many(t.patched_unknown, 'device is', 'devices are')} not known." if t.patched_unknown else ""
    left = f" {words.many(t.patched_excluded, 'device is', 'devices are')} excluded." if t.patched_excluded else ""
    waiting = t.claims - t.claims_proven - t.claims_configured - t.claims_disproven
    rest = [
        f"{words.number(count)} {what}"
        for count, what in ((t.claims_disproven, "tested and found not to work"), (waiting, "not tested or cannot be told"),
                            (t.claims_configured, "read in the rules only"))
        if count
    ]  # fmt: skip
    return [
        {
            "label": "Patched on time",
            "value": words.percent(t.patched_in_time, judged) if mostly else "Not known",
            "of": f"{words.of(t.patched_in_time, judged)} devices we can judge" if mostly else f"{words.of(judged, t.patched_every)} devices could be judged",
            "word": found["Patching"].word,
            "note": f"{headlines.moved(patched)} Target {p.target_percent}%.{missing}{left}",
        },
        {
            "label": "Unsupported systems",
            "value": words.number(t.unsupported),
            "of": f"of {words.many(t.installs, 'installed program')}",
            "word": found["Unsupported software"].word,
            "note": f"{words.number(t.unsupported_unprotected)} without working protection. {headlines.was(bare, len(councils))}",
        },
        {
            "label": "Protections proven",
            "value": words.of(t.claims_proven, t.claims),
            "of": "claimed protections",
            "word": found["Protections"].word,
            "note": f"{'; '.join(rest)}." if rest else ("Each one was tested." if t.claims else "Nothing is claimed."),
        },
        {
            "label": "Exceptions overdue",
            "value": words.of(t.exceptions_overdue, t.exceptions),
            "of": "accepted risks",
            "word": found["Exceptions"].word,
            "note": _exceptions_note(t),
        },
    ]  # fmt: skip


def _exceptions_note(t: figures.Totals) -> str:
    if not t.exceptions:
        return "No risk is on record as accepted."
    return (
        "Past the day on which they end or must be renewed." if t.exceptions_overdue else "None is past its last day."
    )


def decisions_table(view: View, needed: Sequence[Decision], limit: int = SHOWN_DECISIONS) -> Table:
    rows = [
        bits.row(
            bits.cell(bits.link(d.title, d.href), bits.note(d.detail)),
            view.council(d.council),
            bits.day(d.ended),
            d.ways_in,
            bits.tag(d.tag),
            d.decision,
            _by(d, view.posture.as_of),
        )
        for d in needed[:limit]
    ]
    heads = bits.columns("System|Council|Support ended|#Ways in still open|Protection|Decision|By whom and when")
    return Table(
        id="decisions", caption="What needs a decision, by whom and by when", columns=heads, rows=rows, total=len(needed),
        empty=(
            "No decision is listed, but data is missing: there may be some."
            if headlines.blind(view.posture)
            else "Nothing needs a decision today."
        ),
    )  # fmt: skip


def _by(decision: Decision, today: date) -> Cell:
    if decision.on is None:
        return bits.cell(bits.text(decision.who), bits.note("no date set"), sort="")
    late = ", overdue" if decision.on < today else ""
    return bits.cell(
        bits.text(decision.who), bits.note(f"{words.english(decision.on)}{late}"), sort=decision.on.isoformat()
    )


def trend_chart(view: View) -> dict[str, object] | None:
    """Patched on time by council over the runs on record: drawing, title, what it measures, and its numbers as a table."""
    p = view.posture
    points = charts.by_council(p.trends.get(PATCHED.id, ()))
    order = measures.on_record(view, PATCHED)
    days = sorted({q.on for c in order for q in points[c]})
    if len(days) < FEWEST_RUNS:
        return None
    lines = measures.lines(view, PATCHED, days[0])
    drawn = measures.worst(PATCHED, lines)
    standings = [(view.name(c), _standing(view, c, points[c][-1])) for c in order]
    floor = charts.floor_of(drawn, p.target_percent)
    description = " ".join(f"{line.name}: {line.ending}." for line in drawn)
    return {
        "title": headlines.chart_title(standings),
        "subtitle": _subtitle(days[0], p, floor, len(drawn), len(lines)),
        "svg": charts.line_chart(
            "trend", drawn, title="Line chart: share of devices patched on time, by council",
            description=f"{description} The target is {p.target_percent}%. All numbers are in the table below the chart.",
            target_percent=p.target_percent,
        ),
        "table": measures.numbers(view, PATCHED),
    }  # fmt: skip


def _standing(view: View, council: str, newest: Point) -> headlines.Standing:
    p = view.posture
    fresh = newest if newest.on == p.as_of else None
    return headlines.standing(
        fresh, figures.patching(figures.totals([view.councils[council]]), p.target_percent).word, p.target_percent
    )


def _subtitle(first: date, p: Posture, floor: int, drawn: int, every: int) -> str:
    start, end = words.long_month(first), words.long_month(p.as_of)
    span = end if start == end else f"{start} to {end}"
    scale = f" The scale starts at {floor}%." if floor else ""
    some = f" The {drawn} lowest of {every} are drawn; all are in the table." if drawn < every else ""
    return (
        f"Devices with security updates installed on time, % of the devices that could be judged, {span}.{scale}{some}"
    )


def measures_table(p: Posture) -> Table:
    """The other measures of the same question: then and now over the longest like-for-like span within a year."""
    rows = []
    for measure in MOVED:
        c, name = compare(p, measure, over="year"), measures.BY_ID[measure].name
        rows.append(
            bits.row(
                name, bits.cell(_side(c, c.then), bits.note(words.english(c.since)) if c.since and c.councils else None),
                _side(c, c.now) if c.councils else "–", DIRECTIONS[c.direction],
                words.many(len(c.councils), "council") if c.councils else "–",
            )
        )  # fmt: skip
    heads = bits.columns("Measure|Then|Now|Direction|Compared over")
    return Table(
        id="measures", caption="How each measure moved, like for like", columns=heads, rows=rows, sortable=False
    )


def _side(c: Comparison, counted: tuple[int, int]) -> str:
    match c.measure:
        case _ if not c.councils:
            return "–"
        case "open-findings":
            return words.number(counted[0])
        case "unsupported-unprotected":
            return words.of(*counted)
        case _:
            return words.share(*counted)


def unseen(view: View, council: str | None = None) -> dict[str, object]:
    """What the run could not see: sources that gave too little, and for each council how much is not known."""
    rows = []
    for c in view.posture.councils:
        if council in (None, c.id):
            judged = c.patched_in_time + c.patched_late + c.patched_unknown
            rows.append(
                bits.row(
                    view.council(c.id), words.of(c.patched_unknown, judged), words.of(max(c.assets - c.listed, 0), c.assets),
                    words.of(max(c.assets - c.seen_fresh, 0), c.assets), words.of(max(c.installs - c.recognised, 0), c.installs),
                )
            )  # fmt: skip
    heads = bits.columns(
        "Council|Devices: patching not known|Devices without a software list|Devices not seen lately|Program names not recognised"
    )
    table = Table(
        id="not-known", caption="How much is not known", columns=heads, rows=rows, sortable=False, show_caption=True
    )
    return {"gaps": [(who, words.dated(what)) for who, what in view.unread(council)], "table": table}


def matrix(view: View) -> Table:
    """Council by theme: a word and the count behind it."""
    p = view.posture
    shown = ("Patching", "Unsupported software", "Protections", "Network", "Exceptions")
    rows = []
    for council in sorted(p.councils, key=lambda c: c.role != "council"):
        found = figures.results(p, [council])
        first = bits.cell(
            bits.link(council.name, view.council_page(council.id)),
            bits.note("shared provider") if council.role == "provider" else None,
        )
        rows.append(bits.row(first, *(bits.cell(bits.tag(found[t].word), bits.note(found[t].says)) for t in shown)))
    heads = bits.columns("Council|" + "|".join(shown))
    return Table(id="by-council", caption="Result by council and theme", columns=heads, rows=rows, sortable=False)


def changes(view: View, council: str | None = None) -> dict[str, object] | None:
    """What happened to findings since the run before; None on the first run."""
    p = view.posture
    if p.previous_as_of is None:
        return None
    mine = [c for c in p.changes if council in (None, c.council)]
    what = {"reopened": 0, "opened": 1, "closed": 2}
    mine.sort(
        key=lambda c: (
            what.get(c.what, 3),
            words.SEVERITY_RANK.get(c.severity, 4),
            c.council,
            c.title,
            c.asset or "",
            c.fingerprint,
        )
    )
    said = {"opened": "New", "reopened": "Reopened", "closed": "Closed"}
    groups: dict[tuple[str, str, str, str], list[Change]] = {}
    for c in mine:
        groups.setdefault((c.what, c.severity, c.council, c.title), []).append(c)
    rows = [
        bits.row(
            said.get(what, what), bits.cell(bits.text(grave.capitalize()), sort=words.SEVERITY_RANK.get(grave, 4)),
            bits.cell(view.finding(alike[0].fingerprint, words.dated(title)), bits.note(words.listing([c.asset for c in alike if c.asset], 4))),
            len(alike), view.council(where),
        )
        for (what, grave, where, title), alike in list(groups.items())[:SHOWN_CHANGES]
    ]  # fmt: skip
    t = figures.totals(r for r in p.councils if council in (None, r.id))
    return {
        "since": words.english(p.previous_as_of),
        "opened": t.opened,
        "closed": t.closed,
        "reopened": t.reopened,
        "loosened": len(p.loosened) if council is None else 0,
        "table": Table(
            id="changes", caption="Findings that changed", columns=bits.columns("Change|Severity|Finding|#Devices|Council"),
            rows=rows, total=len(groups), file="changes.csv", empty="No finding changed.",
        ),
    }  # fmt: skip
