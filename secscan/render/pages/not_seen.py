"""What we could not see: each blind spot with its count, since when, and what it leaves not known."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from secscan.model.posture import ControlRow, InputRow, Posture
from secscan.render import bits, charts, figures, headlines, words
from secscan.render.bits import Bit, Table
from secscan.render.html import Page
from secscan.render.pages import standing
from secscan.render.pages.names import FEW, names_table
from secscan.render.view import View

WORST_FIRST: Final = ("missing", "unreadable", "held", "silent", "incomplete", "refused-rows", "unread-values", "whole")
LEAVES: Final = {
    "missing": "All that it would tell", "unreadable": "All that it would tell", "held": "What it tells since the set before it",
    "silent": "Whether what it told still holds", "incomplete": "What it did not reach: absence in it means nothing",
    "refused-rows": "What stood in the rows that were refused", "unread-values": "What those values would say",
}  # fmt: skip
FIREWALL_LEAVES: Final = "Which networks reach which systems"
FIREWALL_KIND: Final = "secscan-rules"
COUNTS_AS: Final = {"register": "a register", "agent": "looks at devices", "network": "looks at the network"}


def build(view: View) -> Page:
    p = view.posture
    every = sources(p)
    short = [s for s in every if _state(s) != "whole"]
    context = {
        "answer": headlines.unseen_answer(p, len(short), len(every)),
        "seen": standing.strip(view),
        "estate": standing.by_council(view),
        "strangers": standing.strangers(view),
        "never": standing.never_seen(view),
        "lines": lines_table(view, every),
        "sources": sources_table(view, short),
        "coverage": coverage_table(view),
        "disagreements": disagreements_table(view),
        "unrecognised": names_table(view, limit=FEW),
        "controls": controls_table(view),
        "said": [(who, words.dated(what)) for who, what in view.unread()],
        "rely": view.rely(),
    }
    return Page(
        file="not-seen.html", template="not_seen.html", title="What we could not see", part_of="not-seen.html",
        crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def sources(p: Posture) -> list[list[InputRow]]:
    """Every source that was expected, with its files, worst first."""
    found: dict[tuple[str, str], list[InputRow]] = {}
    for row in p.inputs:
        found.setdefault((row.council, row.source), []).append(row)
    return sorted(found.values(), key=lambda s: (_rank(_state(s)), s[0].council, s[0].source))


def _rank(state: str) -> int:
    return WORST_FIRST.index(state) if state in WORST_FIRST else 0


def _state(files: Sequence[InputRow]) -> str:
    """The worst state of a source's files."""
    return min((f.state for f in files), key=_rank)


def _is_firewall(files: Sequence[InputRow]) -> bool:
    return not files[0].council or files[0].kind == FIREWALL_KIND


def lines_table(view: View, every: Sequence[Sequence[InputRow]]) -> Table:
    """Every kind of blind spot: how many of how many, and what that leaves not known."""
    p = view.posture
    t = figures.totals(p.councils)
    firewalls = [s for s in every if _is_firewall(s)]
    known, results = figures.judged_share(p.controls, [c.id for c in p.councils])
    behind = len(headlines.silent_councils(p))
    ends = sum(k.undated + k.unrecognised for k in p.support_known)
    whole = next((k for k in p.names_known if k.council is None), None)
    of_bills = whole.components if whole else 0
    apart = of_bills - (whole.components_recognised if whole else 0)
    routes = [r for row in p.legacy for r in row.routes]
    off, broke = (sum(getattr(c, name) is not None for c in p.controls) for name in ("disabled", "error"))
    only = sum(c.only_here for c in p.coverage)
    counted = (
        ("Councils with data missing or too old", behind, len(p.councils), "Whether what they told still holds"),
        ("Sources that gave less than they should", _short(every), len(every), "See the table below"),
        ("Firewall files that were not read whole", _short(firewalls), len(firewalls), FIREWALL_LEAVES),
        ("Devices not seen lately", t.assets - t.seen_fresh, t.assets, "Whether they are still there, and as they were"),
        ("Devices that one source alone names", only, t.assets if p.coverage else 0, "Whether a second source would tell the same"),
        ("Devices without a software list", t.assets - t.listed, t.assets, "What runs on them, and whether it is supported"),
        ("Devices whose patching is not known", t.patched_unknown, t.patched_every, "Whether an update is missing"),
        ("Program names that nothing recognises", t.installs - t.recognised, t.installs, "What they are, and whether they are supported"),
        ("Components in bills of materials that nobody looks at", apart, of_bills, "Whether a library is one that its makers still mend"),
        ("Programs whose end of support nobody knows", ends, sum(k.installs for k in p.support_known), "Whether their maker still mends them"),
        ("Ways to unsupported systems that cannot be told", sum(r.reach is None for r in routes), len(routes), "Whether an attacker gets there"),
        ("Controls that are switched off", off, len(p.controls), "What they would find"),
        ("Controls that broke", broke, len(p.controls), "What they would find"),
        ("Results that are not known", results - known, results, "Whether the control holds there"),
    )  # fmt: skip
    rows = [
        bits.row(what, bits.cell(bits.text(words.of(n, of)) if of else bits.text("none on record"), sort=n), leaves)
        for what, n, of, leaves in counted
    ]
    heads = bits.columns("Blind spot|How many|What it leaves not known")
    return Table(id="blind-spots", caption="Blind spots, how large each is, and what it hides", columns=heads, rows=rows, sortable=False)  # fmt: skip


def _short(every: Sequence[Sequence[InputRow]]) -> int:
    return sum(_state(s) != "whole" for s in every)


def sources_table(view: View, short: Sequence[Sequence[InputRow]]) -> Table:
    rows = []
    for files in short[: view.cap]:
        first, state = min(files, key=lambda f: _rank(f.state)), _state(files)
        newest = max((f.dated_on for f in files if f.dated_on), default=None)
        rows.append(
            bits.row(
                bits.cell(bits.text(first.source), bits.code(first.file) if first.file else bits.note("no file came")),
                view.council(first.council) if first.council else "All councils",
                bits.cell(bits.tag(words.INPUT_STATES.get(state, state)), sort=_rank(state)),
                bits.cell(*_since(view, first, state, newest), sort=newest.isoformat() if newest else ""),
                words.dated(first.says or "") or None,
                bits.cell(bits.text(LEAVES.get(state, "All that it would tell")), bits.note(_share(files, state))),
            )
        )  # fmt: skip
    heads = bits.columns("Source|Council|State|Newest data, and since when|What the run says|What it leaves not known")
    return Table(
        id="sources", caption="Sources that gave less than they should", columns=heads, rows=rows, total=len(short),
        file="inputs.csv", empty="Every source that was expected came, and all of it could be read.",
    )  # fmt: skip


def _since(view: View, row: InputRow, state: str, newest: date | None) -> list[Bit]:
    found = [Bit("date", words.english(newest)) if newest else bits.text("None on record")]
    if row.age_days:
        found.append(bits.note(f"{words.many(row.age_days, 'day')} old"))
    if state == "silent" and (run := silent_since(view.posture, row.council)):
        found.append(bits.note(f"not counted since the run of {words.english(run)}"))
    return found


def silent_since(p: Posture, council: str) -> date | None:
    """The first of the runs without a break, up to this one, in which the council's figures were too old to count."""
    since = None
    for point in reversed(charts.by_council(p.trends.get("coverage", ())).get(council, [])):
        if point.mark != "silent":
            break
        since = point.on
    return since


def _share(files: Sequence[InputRow], state: str) -> str:
    read, refused = (sum(getattr(f, name) for f in files) for name in ("rows_read", "rows_refused"))
    if state == "refused-rows":
        return f"{words.of(refused, read)} rows"
    behind = sum(f.state != "whole" for f in files)
    return f"{words.of(behind, len(files))} files" if files[0].file else "no file to count"


def coverage_table(view: View) -> Table:
    rows = [
        bits.row(
            bits.cell(bits.text(c.source), bits.note(f"{c.kind}, {COUNTS_AS.get(c.counts_as, 'not said')}")), view.council(c.council), bits.day(c.dated_on, "No file came"),
            _of(c.assets, c.of_assets), None if c.in_register is None else words.of(c.in_register, c.assets), _of(c.fresh, c.assets), _of(c.only_here, c.assets), words.number(c.installs) if c.installs else None,
            _of(c.recognised, c.installs),
        )
        for c in sorted(view.posture.coverage, key=lambda c: (c.council, c.source))[: view.cap]
    ]  # fmt: skip
    heads = bits.columns(
        "Source|Council|Newest data|Devices it names|Of those in a register|Seen lately by it|Named by no other|Programs it lists|Names recognised"
    )
    return Table(
        id="coverage", caption="What each source saw of its council", columns=heads, rows=rows, total=len(view.posture.coverage),
        file="coverage.csv", empty="What each source saw is not on record for this run.",
    )  # fmt: skip


def _of(n: int, total: int) -> bits.Cell | None:
    return bits.cell(bits.text(words.of(n, total)), sort=1000 * n // total) if total else None


def disagreements_table(view: View) -> Table:
    found = view.posture.disagreements
    rows = []
    for d in found[: view.cap]:
        used, *others = [bits.text(f"{s.value} ({s.source}{_on(s.dated_on)})") for s in d.said] or [bits.text("")]
        places = bits.places([s.place for s in d.said], limit=3)
        rows.append(
            bits.row(
                bits.cell(bits.text(d.hostname or d.asset), bits.note(d.asset)), view.council(d.council), d.fact.replace("_", " "),
                bits.cell(used), bits.cell(*(bits.note(o.text) for o in others), places),
            )
        )  # fmt: skip
    heads = bits.columns("Device|Council|Fact|What is used|What others say, and where")
    return Table(
        id="disagreements", caption="Where sources tell different things", columns=heads, rows=rows, total=len(found),
        file="disagreements.csv", empty="No two sources told different things of one device.",
    )  # fmt: skip


def _on(day: date | None) -> str:
    return f", {words.english(day)}" if day else ""


def controls_table(view: View) -> Table:
    """Controls that judged nothing, because somebody switched them off or because they broke."""
    idle = [c for c in view.posture.controls if c.disabled is not None or c.error is not None]
    rows = [
        bits.row(
            bits.cell(bits.text(c.id), bits.code(str(c.place)) if c.place.file else None), bits.cell(bits.text(c.title), bits.note(c.text)),
            words.listing([view.name(x) for x in c.councils], 5), *_why(c),
        )
        for c in idle[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("Control|What it asks|Councils|State|Why")
    return Table(
        id="idle-controls", caption="Controls that judged nothing", columns=heads, rows=rows, total=len(idle), file="controls.csv",
        empty="Every control was on, and none broke.",
    )  # fmt: skip


def _why(c: ControlRow) -> tuple[str, str]:
    return ("Broke", c.error) if c.error is not None else ("Switched off", c.disabled or "no reason given")
