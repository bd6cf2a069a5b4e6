"""The legacy register: every unsupported system as a row, and the gravest each with a section of its own."""

from __future__ import annotations

from collections.abc import Sequence

from secscan.model.posture import LegacyRow, Route
from secscan.render import bits, headlines, words
from secscan.render.bits import Bit, Cell, Table
from secscan.render.html import Page
from secscan.render.view import View

SECTIONS = 150
ROUTES = 12


def build(view: View) -> Page:
    p = view.posture
    register = view.register
    sections = register[: min(SECTIONS, view.cap)]
    context = {
        "answer": headlines.legacy_answer(p),
        "strip": strip(p.legacy),
        "register": register_table(view, register, {view.system_id(r) for r in sections}),
        "sections": [section(view, row) for row in sections],
        "total": len(register),
        "rely": view.rely(),
    }
    return Page(
        file="legacy.html", template="legacy.html", title="Legacy register", part_of="legacy.html",
        crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def strip(rows: Sequence[LegacyRow]) -> list[dict[str, object]]:
    """How many systems have which protection; it adds up to the register, words nobody knows included."""
    counts = {word: sum(r.protection == word for r in rows) for word in words.PROTECTIONS}
    other = len(rows) - sum(counts.values())
    labels = {"none": "No protection"}
    shown = [{"label": labels.get(k, words.PROTECTIONS[k]), "count": n} for k, n in counts.items()]
    return [*shown, {"label": "Other", "count": other}] if other else shown


def register_table(view: View, rows: Sequence[LegacyRow], described: set[str]) -> Table:
    shown = []
    for r in rows[: view.cap]:
        here = view.system_id(r)
        name = r.service or r.hostname or r.asset
        shown.append(
            bits.row(
                bits.cell(bits.link(name, f"#{here}") if here in described else bits.text(name), bits.note(r.asset)),
                view.council(r.council),
                bits.cell(bits.text(r.label), bits.note(r.version) if r.version else None),
                _ended(r),
                r.routes_open,
                bits.cell(*_protection(r), sort=_strength(r.protection)),
                r.owner or "No owner recorded",
                _plan(r),
                id="" if here in described else here,
            )
        )
    heads = bits.columns("System|Council|Product|Support ended|#Ways in still open|Protection|Owner|Result and date")
    return Table(
        id="register", caption="Legacy register", columns=heads, rows=shown, total=len(rows), file="legacy.csv",
        empty="No unsupported system was found.",
    )  # fmt: skip


def _strength(protection: str) -> int:
    return words.WEAKEST_FIRST.index(protection) if protection in words.WEAKEST_FIRST else len(words.WEAKEST_FIRST)


def _ended(r: LegacyRow) -> Cell:
    ended = bits.day(r.eol_on, "Ended, day not stated")
    if r.entitled_until:
        return Cell(
            parts=(*ended.parts, bits.note(f"extended support held until {words.english(r.entitled_until)}")),
            sort=ended.sort,
        )
    if r.extended_on:
        return Cell(
            parts=(*ended.parts, bits.note(f"an extension to {words.english(r.extended_on)} is not held")),
            sort=ended.sort,
        )
    return ended


def _protection(r: LegacyRow) -> tuple[Bit, ...]:
    said = words.listing(r.mitigations, 3)
    return (
        (bits.tag(words.protection(r.protection)), bits.note(said))
        if said
        else (bits.tag(words.protection(r.protection)),)
    )


def _plan(r: LegacyRow) -> Cell:
    if r.status == "accepted" and r.exception_until:
        return bits.cell(
            bits.tag(f"Accepted until {words.english(r.exception_until)}"), sort=r.exception_until.isoformat()
        )
    if r.status == "mitigated":
        return bits.cell(bits.tag("Not met"), bits.note("protected as policy asks"), sort="9998")
    if r.due is None:
        return bits.cell(bits.tag("Not met"), bits.note("no date set"), sort="9999")
    return bits.cell(bits.tag("Not met"), bits.note(f"due {words.english(r.due)}"), sort=r.due.isoformat())


def section(view: View, r: LegacyRow) -> dict[str, object]:
    """Why one system is legacy, what can reach it, what protects it, and how to check each of these."""
    name = r.service or r.hostname or r.asset
    return {
        "id": view.system_id(r),
        "title": words.plain(f"{name}: {r.label}", 160),
        "facts": [(label, value) for label, value in _facts(view, r) if value],
        "routes": _routes(view, r),
    }


def _facts(view: View, r: LegacyRow) -> list[tuple[str, tuple[Bit, ...]]]:
    device = f"{r.asset}, {r.hostname}" if r.hostname and r.hostname != r.asset else r.asset
    since = (
        f"Security support ended on {words.english(r.eol_on)}."
        if r.eol_on
        else "Security support has ended; its maker states no day."
    )
    sold = ""
    if r.entitled_until:
        sold = f"This council holds extended support until {words.english(r.entitled_until)}."
    elif r.extended_on:
        verb = "runs" if r.extended_on >= view.posture.as_of else "ran"
        sold = f"The maker's extension {verb} until {words.english(r.extended_on)}; this council does not hold it."
    protection = [bits.tag(words.protection(r.protection)), *(_claim(view, r, m) for m in r.mitigations)]
    accepted: tuple[Bit, ...] = ()
    if r.exception:
        said = r.exception + (f", until {words.english(r.exception_until)}" if r.exception_until else "")
        href = f"exceptions.html#{words.anchor('exception', r.council, r.exception)}"
        accepted = (bits.link(said, href) if (r.council, r.exception) in view.exceptions else bits.text(said),)
    seen = bits.places([r.source_place]) if r.source_place else None
    support = bits.places([r.support_place]) if r.support_place else None
    check = bits.command(f"secscan explain {r.fingerprint}") if r.fingerprint else None
    return [
        (
            "Device",
            _some(bits.text(f"{device}, {view.name(r.council)}"), bits.note(f"zone {r.zone}") if r.zone else None),
        ),
        ("Why it is legacy", _some(bits.text(" ".join(filter(None, (since, sold)))), support)),
        ("Seen in", _some(seen)),
        ("Owner", _some(bits.text(r.owner or "No owner recorded"))),
        ("Protection", tuple(protection)),
        ("Exception", accepted),
        ("Due", _some(bits.text(words.english(r.due)) if r.due else None)),
        ("Check it", _some(check)),
    ]


def _some(*parts: Bit | None) -> tuple[Bit, ...]:
    return tuple(p for p in parts if p is not None)


def _claim(view: View, r: LegacyRow, claim: str) -> Bit:
    found = view.claims.get((r.council, claim))
    href = f"mitigations.html#{words.anchor('claim', found.council, found.id)}" if found else ""
    return bits.link(claim, href) if href else bits.text(claim)


def _routes(view: View, r: LegacyRow) -> Table | None:
    if not r.routes:
        return None
    order = sorted(r.routes, key=lambda x: (x.reach is False, x.reach is None, x.direction, x.zone, x.port))
    rows = [bits.row(x.zone, x.port, "Out" if x.direction == "out" else "In", *_verdict(x)) for x in order[:ROUTES]]
    heads = bits.columns("Network zone|Port|Way|Let through|Decided by|Seen by a scan")
    where = words.plain(f"{r.asset}, {r.label}", 120)
    return Table(
        id=f"{view.system_id(r)}-ways", caption=f"Ways in and out: {where}", columns=heads, rows=rows, total=len(order),
        file="routes.csv", sortable=False,
    )  # fmt: skip


def _verdict(x: Route) -> tuple[Cell, Cell, str]:
    match x.reach:
        case True:
            said = bits.cell(bits.strong("Yes, from some addresses" if x.partly else "Yes"))
        case False:
            said = bits.cell(bits.text("No"))
        case None:
            said = bits.cell(bits.text("Cannot tell"), bits.note(x.reason) if x.reason else None)
    place = bits.places([x.place]) if x.place else None
    decided = bits.cell(bits.text(x.rule) if x.rule else bits.text("no rule read"), place)
    seen = {True: "Let through", False: "Blocked", None: "Nobody looked"}[x.observed]
    return said, decided, seen
