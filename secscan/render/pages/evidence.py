"""Evidence: what an auditor needs to repeat the run: files with digests, every rule with its outcomes, what was loosened."""

from __future__ import annotations

from typing import Any

from secscan.model.places import Place
from secscan.model.posture import ControlRow
from secscan.render import bits, words
from secscan.render.bits import Table
from secscan.render.html import Page
from secscan.render.pages.council import inputs_table, refused, unrecognised
from secscan.render.pages.overview import unseen
from secscan.render.view import View


def build(view: View) -> Page:
    p = view.posture
    context = {
        "record": record(view),
        "inputs": inputs_table("inputs", p.inputs, with_council=view),
        "refused": refused(p.inputs),
        "controls": controls(view),
        "switched_off": [c for c in p.controls if c.disabled is not None],
        "loosened": loosened(view),
        "checks": checks(view),
        "unrecognised": unrecognised(view),
        "unseen": unseen(view),
        "rely": view.rely(),
    }
    return Page(
        file="evidence.html", template="evidence.html", title="Evidence", part_of="evidence.html",
        crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def record(view: View) -> list[tuple[str, str]]:
    """The run's own identity, whole: nothing is shortened here."""
    p = view.posture
    return [
        ("Run", p.run_id),
        ("As at", words.english(p.as_of)),
        ("Made by", f"secscan {p.tool_version}"),
        ("Edition", view.edition),
        ("Policy", f"{p.policy_name} {p.policy_version}"),
        ("Policy, SHA-256", p.policy_digest),
        ("data/posture.json, SHA-256", view.digest),
        ("Record of the run before", p.previous_digest or "none: this is the first run"),
        *view.extra.items(),
    ]


def controls(view: View) -> Table:
    rows = []
    for c in view.posture.controls:
        counts = c.outcomes.values()
        passed, failed, unknown = (sum(o.get(k, 0) for o in counts) for k in ("passed", "failed", "unknown"))
        rows.append(
            bits.row(
                bits.cell(bits.text(c.id), bits.code(str(c.place))),
                bits.cell(bits.strong(c.title), bits.note(c.text), bits.note(_settings(c)) if _settings(c) else None),
                bits.cell(bits.text(words.THEMES.get(c.theme, c.theme)), bits.note(words.listing(c.references, 3)) if c.references else None),
                bits.cell(bits.text(c.severity.capitalize()), bits.note(f"due in {words.many(c.due_days, 'day')}")),
                passed, failed, unknown, _state(c),
            )
        )  # fmt: skip
    heads = bits.columns("Control|What it asks|Theme|Severity|#Passed|#Failed|#Not known|State")
    return Table(
        id="controls",
        caption="Controls and their outcomes",
        columns=heads,
        rows=rows[: view.cap],
        total=len(rows),
        file="controls.csv",
    )


def _settings(c: ControlRow) -> str:
    given = [f"{k} = {_said(v)}" for k, v in c.params.items()] + [
        f"only where {k}: {_said(v)}" for k, v in c.scope.items()
    ]
    return "; ".join(given)


def _said(value: Any) -> str:
    return words.listing([str(v) for v in value], 6) if isinstance(value, list | tuple) else str(value)


def _state(c: ControlRow) -> str:
    if c.disabled is not None:
        return f"Switched off: {c.disabled}"
    return f"Broke and judged nothing: {c.error}" if c.error else "On"


def loosened(view: View) -> Table:
    rows = [
        bits.row(
            str(x.get("control")), words.listing([view.name(str(c)) for c in x.get("councils") or ()], 4), str(x.get("what")),
            _said(x.get("before")), _said(x.get("after")), str(x.get("reason") or "no reason given"), bits.code(_place(x.get("place"))),
        )
        for x in view.posture.loosened
    ]  # fmt: skip
    heads = bits.columns("Control|Councils|What|Baseline asks|Council asks|Reason|Where")
    return Table(
        id="loosened", caption="Where a council asks for less than the baseline", columns=heads, rows=rows[: view.cap],
        total=len(rows), empty="No council asks for less than the baseline.",
    )  # fmt: skip


def _place(value: Any) -> str:
    if isinstance(value, dict):
        return str(Place(str(value.get("file", "")), int(value.get("line") or 0)))
    return str(value or "not stated")


def checks(view: View) -> Table:
    rows = [
        bits.row(
            str(c.get("id")),
            str(c.get("title") or ""),
            bits.code(str(c.get("file") or "")),
            bits.code(str(c.get("sha256") or "")[:16]),
        )
        for c in view.posture.checks
    ]
    heads = bits.columns("Check|What it finds|File|SHA-256, first 16 digits")
    return Table(
        id="checks",
        caption="Checks that ran",
        columns=heads,
        rows=rows[: view.cap],
        total=len(rows),
        empty="No check ran.",
    )
