"""Patching: which share of each council's devices is up to date, which fixes are missing, and what cannot be patched."""

from __future__ import annotations

from secscan.model.posture import FixRow
from secscan.render import bits, charts, figures, headlines, words
from secscan.render.bits import Cell, Table
from secscan.render.charts import Bar
from secscan.render.compare import compare
from secscan.render.html import Page
from secscan.render.view import View


def build(view: View) -> Page:
    p = view.posture
    t = figures.totals(p.councils)
    context = {
        "answer": [
            headlines.patching_share(t),
            headlines.direction(compare(p, "patched-on-time", over="last-run")),
            *headlines.missing(p),
        ],
        "bars": bars(view),
        "table": _table(view),
        "fixes": fixes(view),
        "unsupported": words.many(t.unsupported, "unsupported system"),
        "unsupported_count": t.unsupported,
        "rely": view.rely(),
    }
    return Page(
        file="patching.html", template="patching.html", title="Patching", part_of="patching.html",
        crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def bars(view: View) -> dict[str, object] | None:
    rows = [c for c in view.posture.councils if c.assets or c.patched_in_time + c.patched_late + c.patched_unknown]
    if not rows:
        return None
    drawn = [
        Bar(name=view.name(c.id), in_time=c.patched_in_time, late=c.patched_late, unknown=c.patched_unknown)
        for c in rows
    ]
    said = " ".join(f"{b.name}: {b.in_time:,} on time, {b.late:,} late, {b.unknown:,} not known." for b in drawn)
    return {
        "svg": charts.bar_chart(
            "patched", drawn, title="Bar chart: devices on time, late and not known, by council",
            description=f"{said} The same numbers are in the table below the chart.",
        ),
    }  # fmt: skip


def _table(view: View) -> Table:
    p = view.posture
    rows = []
    for c in p.councils:
        result = figures.patching(figures.totals([c]), p.target_percent)
        judged = c.patched_in_time + c.patched_late
        rows.append(
            bits.row(
                view.council(c.id), c.patched_in_time, c.patched_late, c.patched_unknown, judged + c.patched_unknown,
                words.share(c.patched_in_time, judged) if judged > c.patched_unknown else "not known", bits.tag(result.word),
            )
        )  # fmt: skip
    t = figures.totals(p.councils)
    judged = t.patched_in_time + t.patched_late
    foot = bits.row(
        "All", t.patched_in_time, t.patched_late, t.patched_unknown, judged + t.patched_unknown,
        words.share(t.patched_in_time, judged), bits.tag(figures.patching(t, p.target_percent).word),
    )  # fmt: skip
    heads = bits.columns("Council|#On time|#Late|#Not known|#Devices|On time, of those judged|Result")
    return Table(id="by-council", caption="Devices by state of their updates", columns=heads, rows=rows, foot=foot)


def fixes(view: View) -> Table:
    order = {"critical": 0, "important": 1, "high": 1, "medium": 2, "moderate": 2, "low": 3}
    rows = sorted(
        view.posture.fixes,
        key=lambda f: (
            not f.overdue,
            order.get(f.severity or "", 1),
            -sum(f.missing.values()),
            f.product,
            f.advisory or "",
        ),
    )
    shown = []
    for f in rows[: view.cap]:
        on = sum(f.missing.values())
        where = words.listing([f"{view.name(c)} {n:,}" for c, n in sorted(f.missing.items()) if n], 5)
        age = (
            Cell(parts=(bits.text(words.number(f.days_since)),), sort=str(f.days_since), numeric=True)
            if f.days_since is not None
            else None
        )
        shown.append(
            bits.row(
                bits.cell(bits.text(f.product), bits.note(f.advisory) if f.advisory else None),
                bits.cell(bits.text((f.severity or "not stated").capitalize()), sort=order.get(f.severity or "", 1)),
                bits.day(f.released_on, "Not known"), age, on, where, _window(f),
            )
        )  # fmt: skip
    heads = bits.columns("Update|Severity|Released|#Days since|#Devices without it|Where|Window")
    return Table(
        id="fixes", caption="Security updates that are missing", columns=heads, rows=shown, total=len(rows), file="fixes.csv",
        empty="No missing update was found.",
    )  # fmt: skip


def _window(f: FixRow) -> str:
    if f.overdue:
        return "Late"
    return "Not known" if f.released_on is None else "In time"
