"""Exceptions: risks that somebody accepted, for how long, and which of these are past their day."""

from __future__ import annotations

from collections.abc import Sequence

from secscan.model.posture import ExceptionRow
from secscan.render import bits, headlines, words
from secscan.render.bits import Bit, Cell, Table
from secscan.render.html import Page
from secscan.render.view import View

OFTEN = 2
ORDER = {"overdue": 0, "in-force": 1, "not-yet": 2, "unused": 3}


def build(view: View) -> Page:
    p = view.posture
    rows = sorted(p.exceptions, key=lambda e: (ORDER.get(e.state, 4), e.until, e.council, e.id))
    context = {
        "answer": headlines.exceptions_answer(p.exceptions),
        "table": _table(view, rows),
        "again": again(view, rows),
        "often": _short(view, "often", "Renewed more than twice", [e for e in rows if e.renewed > OFTEN]),
        "unused": _short(
            view, "unused", "Exceptions that match nothing any more", [e for e in rows if e.state == "unused"]
        ),
        "rely": view.rely(),
    }
    return Page(
        file="exceptions.html", template="exceptions.html", title="Exceptions", part_of="exceptions.html",
        crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def _table(view: View, rows: Sequence[ExceptionRow]) -> Table:
    shown = [
        bits.row(
            bits.cell(
                bits.text(e.id),
                bits.tag(words.EXCEPTION_STATES.get(e.state, e.state)),
                bits.code(str(e.place)) if e.place.file else None,
            ),
            _accepted(view, e),
            view.council(e.council),
            _days(e),
            bits.prose(e.reason),
            bits.cell(bits.text(e.approver), bits.note(f"owner: {e.owner}")),
            protection(view, e),
            e.renewed,
            id=words.anchor("exception", e.council, e.id),
        )
        for e in rows[: view.cap]
    ]
    heads = bits.columns(
        "Exception|What is accepted|Council|Last day|Reason|Approved by|Protection beside it|#Times renewed"
    )
    return Table(
        id="exceptions", caption="Exceptions, those past their last day first", columns=heads, rows=shown,
        total=len(rows), file="exceptions.csv", empty="No risk is on record as accepted.",
    )  # fmt: skip


def _accepted(view: View, e: ExceptionRow) -> Cell:
    """The control and the device, which is a link where the legacy register describes it; and the subject."""
    device = view.device(e.council, e.asset, e.asset)
    return bits.cell(bits.text(f"{e.control} on"), device, bits.note(e.subject) if e.subject else None)


def _days(e: ExceptionRow) -> Cell:
    last = bits.day(e.until)
    first = (bits.note(f"in force from {words.english(e.starts)}"),) if e.starts else ()
    return Cell(parts=(*last.parts, *first), sort=last.sort)


def protection(view: View, e: ExceptionRow) -> Cell:
    """What is claimed to protect the device meanwhile, each with the state of its proof; an exception is none."""
    claims = view.claims_by_asset.get((e.council, e.asset.casefold()), ())
    if not claims:
        return bits.cell(bits.text("None claimed"))
    parts: list[Bit] = []
    for c in claims:
        parts += [bits.tag(words.protection(c.state)), view.claim(c.council, c.id)]
    return bits.cell(*parts)


def again(view: View, rows: Sequence[ExceptionRow]) -> Table:
    """The findings that exceptions past their last day no longer cover."""
    late = [(e, view.findings[f]) for e in rows if e.state == "overdue" for f in e.findings if f in view.findings]
    shown = [
        bits.row(
            bits.cell(view.finding(f.fingerprint, words.dated(f.title)), bits.command(f"secscan explain {f.fingerprint}")),
            bits.cell(bits.text(f.asset or "No one device"), bits.note(f.control)),
            view.council(f.council),
            e.id,
            bits.day(e.until),
            bits.cell(*view.standing(f)),
        )
        for e, f in late[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("Finding|Device and control|Council|Exception|Ended on|Result")
    return Table(
        id="again", caption="Findings that count again because their exception is over", columns=heads, rows=shown,
        total=len(late), file="exceptions.csv", empty="No exception that is over leaves a finding behind.",
    )  # fmt: skip


def _short(view: View, id: str, caption: str, rows: Sequence[ExceptionRow]) -> Table:
    shown = [
        bits.row(e.id, f"{e.control} on {e.asset}", view.council(e.council), bits.day(e.until), e.approver, e.renewed)
        for e in rows[: view.cap]
    ]
    heads = bits.columns("Exception|What is accepted|Council|Last day|Approved by|#Times renewed")
    return Table(
        id=id, caption=caption, columns=heads, rows=shown, total=len(rows), file="exceptions.csv", empty="None."
    )
