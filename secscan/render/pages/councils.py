"""The list of councils: all themes side by side, each council's own words, a link to its page."""

from __future__ import annotations

from secscan.render import bits, figures
from secscan.render.bits import Table
from secscan.render.html import Page
from secscan.render.pages import standing
from secscan.render.view import View


def build(view: View) -> Page:
    p = view.posture
    rows = []
    themes: list[str] = []
    for council in sorted(p.councils, key=lambda c: c.role != "council"):
        found = figures.results(p, [council])
        themes = list(found)
        name = bits.link(council.name, view.council_page(council.id))
        role = bits.note("shared provider") if council.role == "provider" else None
        rows.append(
            bits.row(bits.cell(name, role), *(bits.cell(bits.tag(r.word), bits.note(r.says)) for r in found.values()))
        )
    heads = [bits.Column(label="Council"), *(bits.Column(label=t) for t in themes)]
    context = {
        "seen": standing.strip(view),
        "estate": standing.by_council(view),
        "matrix": Table(
            id="by-council", caption="Result by council and theme", columns=heads, rows=rows, sortable=False
        ),
        "sizes": _sizes(view),
        "shared": standing.shared(view),
        "rely": view.rely(),
    }
    return Page(
        file="councils.html", template="councils.html", title="Councils", part_of="councils.html", context=context
    )


def _sizes(view: View) -> Table:
    counts = ("assets", "installs", "open", "mitigated", "accepted", "unknown")
    rows = [bits.row(view.council(c.id), *(getattr(c, name) for name in counts)) for c in view.posture.councils]
    total = figures.totals(view.posture.councils)
    foot = bits.row("All", *(getattr(total, name) for name in counts))
    heads = bits.columns("Council|#Devices|#Installed programs|#Open|#Protected|#Accepted|#Not known")
    return Table(id="sizes", caption="Devices and findings by council", columns=heads, rows=rows, foot=foot)
