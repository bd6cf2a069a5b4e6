"""Exceptions: risks that somebody accepted, for how long, and which of these are past their day."""

from __future__ import annotations

from secscan.model.posture import ExceptionRow, Posture
from secscan.render import bits, words
from secscan.render.bits import Table
from secscan.render.html import Page
from secscan.render.view import View

OFTEN = 2
ORDER = {"overdue": 0, "in-force": 1, "not-yet": 2, "unused": 3}


def build(view: View) -> Page:
    p = view.posture
    rows = sorted(p.exceptions, key=lambda e: (ORDER.get(e.state, 4), e.until, e.council, e.id))
    context = {
        "answer": _answer(p),
        "table": _table(view, rows),
        "often": [f"{e.id}: renewed {e.renewed} times, {view.name(e.council)}" for e in rows if e.renewed > OFTEN],
        "unused": [f"{e.id}: {e.control} on {e.asset}, {view.name(e.council)}" for e in rows if e.state == "unused"],
        "rely": view.rely(),
    }
    return Page(
        file="exceptions.html", template="exceptions.html", title="Exceptions", part_of="exceptions.html",
        crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def _answer(p: Posture) -> list[str]:
    if not p.exceptions:
        return ["No risk is on record as accepted."]
    late = sum(e.state == "overdue" for e in p.exceptions)
    verb = "is" if late == 1 else "are"
    return [
        f"{words.of(late, len(p.exceptions))} exceptions {verb} past {'its' if late == 1 else 'their'} last day.",
        "A finding whose exception is over counts again.",
    ]


def _table(view: View, rows: list[ExceptionRow]) -> Table:
    shown = [
        bits.row(
            bits.cell(bits.text(e.id), bits.code(str(e.place)) if e.place.file else None),
            bits.cell(bits.tag(words.EXCEPTION_STATES.get(e.state, e.state)), sort=ORDER.get(e.state, 4)),
            bits.cell(bits.text(f"{e.control} on {e.asset}"), bits.note(e.subject) if e.subject else None),
            view.council(e.council),
            bits.day(e.until),
            e.reason,
            bits.cell(bits.text(e.approver), bits.note(f"owner: {e.owner}")),
            e.renewed,
            id=words.anchor("exception", e.council, e.id),
        )
        for e in rows[: view.cap]
    ]
    heads = bits.columns("Exception|State|What is accepted|Council|Last day|Reason|Approved by|#Times renewed")
    return Table(
        id="exceptions", caption="Exceptions", columns=heads, rows=shown, total=len(rows), file="exceptions.csv",
        empty="No risk is on record as accepted.",
    )  # fmt: skip
