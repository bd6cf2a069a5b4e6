"""One council: its figures, what to do first, its themes, the files it sent, what could not be seen, every finding."""

from __future__ import annotations

from collections.abc import Sequence

from secscan.model.posture import CouncilRow, FindingRow, InputRow
from secscan.render import bits, decisions, figures, headlines, words
from secscan.render.bits import Cell, Table
from secscan.render.compare import compare
from secscan.render.html import Page
from secscan.render.pages import names, standing
from secscan.render.pages.overview import changes, lead_figures, unseen
from secscan.render.pages.scanners import scanners_table
from secscan.render.view import View

FIRST = 10
LINKS = {
    "Patching": "patching.html", "Protections": "mitigations.html",
    "Network": "evidence.html#controls", "Device settings": "evidence.html#controls",
    "Inventory": "evidence.html#controls", "Exceptions": "exceptions.html",
}  # fmt: skip


def build(view: View, council: CouncilRow) -> Page:
    p = view.posture
    mine = view.findings_of(council.id)
    due = [d for d in view.decisions if d.council == council.id]
    inputs = [i for i in p.inputs if i.council == council.id]
    context = {
        "council": council,
        "answer": headlines.council_answer(council, p, decisions.due_soon(due, p.as_of)),
        "seen": standing.strip(view, council.id),
        "figures": lead_figures(p, [council], council.id),
        "gaps": view.gap_lines(council.id),
        "first": do_first(view, mine),
        "themes": themes(view, council),
        "shared": standing.shared(view, council.id),
        "scanners": scanners_table(view, council.id),
        "inputs": inputs_table(view, inputs, whole=False),
        "refused": refused(inputs),
        "unseen": unseen(view, council.id),
        "unrecognised": names.names_table(view, council.id, names.FEW),
        "changes": changes(view, council.id),
        "findings": findings_table(view, mine),
        "rely": view.rely(council),
    }
    return Page(
        file=view.council_page(council.id), template="council.html", title=council.name, part_of="councils.html",
        crumbs=(("Overview", "index.html"), ("Councils", "councils.html")), context=context,
    )  # fmt: skip


def do_first(view: View, findings: Sequence[FindingRow]) -> list[dict[str, object]]:
    """At most ten actions that close the gravest open findings; findings with one remedy are one action."""
    alike: dict[tuple[str, str, str], list[FindingRow]] = {}
    for row in findings:
        if row.outcome == "fail" and row.status == "open":
            by_product = row.theme == "patching" and row.subject != row.asset
            alike.setdefault((row.control, row.subject if by_product else row.title, row.fix), []).append(row)
    together: dict[tuple[object, ...], list[FindingRow]] = {}
    for (control, _, fix), rows in alike.items():
        together.setdefault((control, fix, frozenset(r.asset for r in rows)), []).extend(rows)
    return [_action(view, rows) for rows in sorted(together.values(), key=_rank)[:FIRST]]


def _rank(rows: Sequence[FindingRow]) -> tuple[object, ...]:
    failed = any(r.mitigation_state == "disproven" for r in rows)
    first = rows[0]
    return (
        min(words.SEVERITY_RANK.get(r.severity, 4) for r in rows), not failed, not any(r.overdue for r in rows), -len(rows),
        min(r.due for r in rows), first.control, first.subject,
    )  # fmt: skip


def _action(view: View, rows: Sequence[FindingRow]) -> dict[str, object]:
    first = rows[0]
    devices = list(dict.fromkeys(r.hostname or r.asset or r.subject for r in rows))
    noun = "device" if first.asset else "item"
    subjects = list(dict.fromkeys(r.subject for r in rows))
    owners = list(dict.fromkeys(r.owner for r in rows if r.owner))
    also = words.listing(subjects[1:], 3)
    return {
        "fix": words.plain(first.fix, 300),
        "why": view.finding(first.fingerprint, words.dated(first.title)),
        "also": words.plain(f"The same for {also}.", 300) if also else "",
        "failed": f"The protection {first.mitigation} was tested and does not work."
        if first.mitigation_state == "disproven"
        else "",
        "severity": first.severity.capitalize(),
        "on": words.plain(words.listing(devices, 4), 300),
        "count": f"{words.many(len(devices), noun)}: " if len(devices) > 1 else "",
        "owner": words.plain(words.listing(owners, 3)) or "no owner recorded",
        "due": words.english(min(r.due for r in rows)),
        "overdue": any(r.overdue for r in rows),
        "command": f"secscan explain {first.fingerprint}",
    }


def themes(view: View, council: CouncilRow) -> list[dict[str, str]]:
    p = view.posture
    found = figures.results(p, [council])
    measure = {
        "Patching": "patched-on-time", "Unsupported software": "unsupported-unprotected", "Protections": "protections-proven"
    }  # fmt: skip
    cards = []
    for theme, result in found.items():
        moved = ""
        if theme in measure:
            c = compare(p, measure[theme], over="year", council=council.id)
            moved = headlines.was(c, 1) if theme == "Unsupported software" else headlines.moved(c)
        href = view.register_of(council.id) if theme == "Unsupported software" else LINKS[theme]
        cards.append({"name": theme, "word": result.word, "says": result.says, "moved": moved, "href": href})
    return cards


def inputs_table(view: View, rows: Sequence[InputRow], *, whole: bool) -> Table:
    """The files: dated, rows in and rows out, state; ``whole``: with their council and their digest."""
    shown = []
    for i in rows[: view.cap]:
        digest = bits.digest(i.sha256) if whole and i.sha256 else None
        age = (bits.note(f"{words.many(i.age_days, 'day')} old"),) if i.age_days is not None else ()
        dated = bits.day(i.dated_on)
        cells: list[Cell | int] = [
            Cell(parts=(*dated.parts, *age), sort=dated.sort),
            i.rows_read,
            i.rows_loaded,
            i.rows_refused,
            i.rows_blank,
            bits.cell(
                bits.tag(words.INPUT_STATES.get(i.state, i.state)),
                bits.reference(words.dated(i.says)) if i.says else None,
            ),
        ]
        if whole:
            cells.insert(0, view.council(i.council))
        shown.append(
            bits.row(
                bits.cell(bits.text(i.source), bits.code(i.file) if i.file else bits.note("no file"), digest), *cells
            )
        )
    heads = "Source and file|" + ("Council|" if whole else "") + "Dated|#Rows read|#Loaded|#Refused|#Blank|State"
    caption = "Files that the run read, or should have read"
    return Table(
        id="inputs",
        caption=caption,
        columns=bits.columns(heads),
        rows=shown,
        total=len(rows),
        file="inputs.csv",
        tight=True,
        empty="No file was expected or read.",
    )


def refused(rows: Sequence[InputRow]) -> list[dict[str, object]]:
    """Refused rows by file, as far as the run keeps them."""
    return [
        {
            "file": i.file or i.source,
            "count": words.many(i.rows_refused, "row"),
            "lines": [
                words.plain(
                    f"line {r.get('line')}: "
                    + (f"{r.get('column')} " if r.get("column") else "")
                    + str(r.get("reason")),
                    300,
                )
                for r in i.refused
            ],
        }
        for i in rows
        if i.refused
    ]


def findings_table(view: View, rows: Sequence[FindingRow]) -> Table:
    shown = []
    for f in rows[: view.cap]:
        due, late = bits.day(f.due), (bits.strong("overdue"),) if f.overdue else ()
        source = bits.places(f.sources) or bits.note("the source did not come")
        device = bits.cell(
            view.device(f.council, f.asset, f.asset) if f.asset else bits.text("No one device"),
            bits.note(f.service) if f.service else None,
            bits.note(f.owner) if f.owner else None,
        )
        shown.append(
            bits.row(
                bits.cell(bits.text(words.dated(f.title)), source, bits.command(f"secscan explain {f.fingerprint}")),
                f.control,
                device,
                bits.cell(bits.text(f.severity.capitalize()), sort=words.SEVERITY_RANK.get(f.severity, 4)),
                bits.cell(*view.standing(f)),
                Cell(parts=(*due.parts, *late, bits.note(f"first seen {words.english(f.first_seen)}")), sort=due.sort),
                id=words.anchor("finding", f.fingerprint),
            )
        )
    heads = bits.columns("Finding|Control|Device and owner|Severity|Result|Due")
    return Table(
        id="findings", caption="Findings of this council", columns=heads, rows=shown, total=len(rows), file="findings.csv",
        empty="There are no findings.",
    )  # fmt: skip
