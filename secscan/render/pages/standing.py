"""How much is on record and was seen: the figures that stand before every other one, and the rows behind each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from secscan.model.posture import EstateRow
from secscan.render import bits, words
from secscan.render.bits import Cell, Table
from secscan.render.view import View

NO_REGISTER = "no register was read"
NOBODY_LOOKS = "nothing that looks was read"
SHOWN_NAMES = 3


def strip(view: View, council: str | None = None) -> dict[str, object]:
    """Five figures, each with its denominator and the list that it counts, and of whom they are not known."""
    rows = [r for r in view.posture.estate if council in (None, r.council)]
    names = "not-seen.html#names-title"
    figures = [
        _figure(rows, "on record, seen lately", "not-seen.html#register-title", lambda r: (r.seen_lately, r.register), shared=True),
        _figure(rows, "seen, in no register", "not-seen.html#strangers-title", lambda r: (r.unregistered, r.sighted)),
        _figure(rows, "on record, never seen", "not-seen.html#never-title", lambda r: (r.never, r.register)),
        _figure(rows, "programs recognised", names, lambda r: (r.recognised, r.installs), shared=True),
        _figure(rows, "of their names recognised", names, lambda r: (r.names_recognised, r.names), shared=True),
    ]  # fmt: skip
    return {"figures": figures if rows else [], "unknown": _not_known(view, rows)}


def _figure(
    rows: Sequence[EstateRow], label: str, href: str, of_row: Callable[[EstateRow], tuple[int | None, int | None]], *,
    shared: bool = False,
) -> dict[str, str]:  # fmt: skip
    """One figure over the councils of which it is known. ``shared``: with its percentage, and not known of nothing."""
    told = [(n, every) for n, every in map(of_row, rows) if n is not None and every is not None]
    n, every = sum(n for n, _ in told), sum(every for _, every in told)
    if not told or (shared and not every):
        return {"value": "Not known", "label": label, "href": href}
    return {
        "value": words.of(n, every),
        "label": f"{label} ({words.percent(n, every)})" if shared else label,
        "href": href,
    }


def _not_known(view: View, rows: Sequence[EstateRow]) -> str:
    """Of which councils the figures above say nothing, and why."""
    said = []
    for why, which in (
        ("No register was given, or none could be read, by", [r for r in rows if r.register is None]),
        ("Nothing that looks at devices or the network was read of", [r for r in rows if r.register is not None and r.never is None]),
        ("No list of programs was read of", [r for r in rows if not r.installs]),
    ):  # fmt: skip
        if which:
            said.append(f"{why} {words.listing([view.name(r.council) for r in which], SHOWN_NAMES)}.")
    return " ".join([*said, "That is not known, and counted nowhere."] if said else [])


def by_council(view: View, council: str | None = None) -> Table:
    """For each council how much its registers name, how much of that was seen, and what was seen beside."""
    rows = [
        bits.row(
            bits.cell(view.council(r.council).parts[0], bits.note(words.listing(r.registers, SHOWN_NAMES) or "no source counts as a register")),
            *_of_register(r), _of(r.unregistered, r.sighted, NO_REGISTER), r.addresses,
            _of(r.recognised, r.installs, "no list"), _of(r.names_recognised, r.names, "no list"),
        )
        for r in view.posture.estate
        if council in (None, r.council)
    ]  # fmt: skip
    heads = bits.columns(
        "Council and its registers|#In a register|Seen lately|Seen before that|Never seen|Seen, in no register|#Addresses that are nobody’s|"
        "Programs recognised|Names recognised"
    )
    return Table(
        id="estate", caption="How much is on record, and how much of that was seen", columns=heads, rows=rows, sortable=False, tight=True,
        file="estate.csv", empty="What stands in a register is not on record for this run.",
    )  # fmt: skip


def _of_register(r: EstateRow) -> list[Cell | int]:
    if r.register is None:
        return [_unknown(NO_REGISTER), *[_unknown("")] * 3]
    return [r.register, *(_of(n, r.register, NOBODY_LOOKS) for n in (r.seen_lately, r.seen_before, r.never))]


def _of(n: int | None, every: int, why: str) -> Cell:
    if n is None or (not every and why == "no list"):
        return _unknown(why)
    return bits.cell(bits.text(words.of(n, every)), sort=n)


def _unknown(why: str) -> Cell:
    return bits.cell(bits.text("Not known"), bits.note(why) if why else None, sort="")


def strangers(view: View) -> Table:
    found = view.posture.strangers
    rows = [
        bits.row(
            bits.cell(bits.text(s.hostname or s.asset or s.address), bits.note(s.asset or "no asset"), bits.places([s.place])),
            view.council(s.council), s.address, s.type, s.seen_by, bits.day(s.seen_on), s.ports,
            bits.cell(bits.text(s.maybe), bits.note("the same address; nothing else says so")) if s.maybe else None,
        )
        for s in found[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("What was seen|Council|Address|Type|Seen by|Last on|Ports|It may be")
    return Table(
        id="strangers", caption="Seen, and in no register", columns=heads, rows=rows, total=len(found), file="strangers.csv",
        empty=_nothing(view, "Everything that was seen stands in a register.", lambda r: r.unregistered),
    )  # fmt: skip


def never_seen(view: View) -> Table:
    found = view.posture.never_seen
    rows = [
        bits.row(
            bits.cell(bits.text(n.hostname or n.asset), bits.note(n.asset), bits.places([n.place])), view.council(n.council), n.type,
            n.service, n.owner,
        )
        for n in found[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("Device|Council|Type|Service|Owner")
    return Table(
        id="never-seen", caption="In a register, and never seen", columns=heads, rows=rows, total=len(found), file="never-seen.csv",
        empty=_nothing(view, "Everything that the registers name was seen at least once.", lambda r: r.never),
    )  # fmt: skip


def _nothing(view: View, says: str, of_row: Callable[[EstateRow], int | None]) -> str:
    """What an empty list says: nought only where every council could be told."""
    rows = view.posture.estate
    silent = [view.name(r.council) for r in rows if of_row(r) is None]
    if not rows or len(silent) == len(rows):
        return "Nobody can tell: no register was read, or nothing that looks."
    return f"{says} Not known of {words.listing(silent, SHOWN_NAMES)}." if silent else says


def shared(view: View, council: str | None = None) -> Table:
    """The shared systems that a council runs or uses; or all of them."""
    found = [r for r in view.posture.shared if council is None or council == r.council or council in r.used_by]
    rows = [
        bits.row(
            bits.cell(view.device(r.council, r.asset, r.hostname or r.asset), bits.note(r.asset), bits.places([r.place])),
            view.council(r.council), r.service, words.listing([view.name(c) for c in r.used_by], SHOWN_NAMES + 1), r.open, r.unknown,
            bits.note(f"counted twice: {words.listing(r.also, SHOWN_NAMES)}") if r.also else None,
        )
        for r in found[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("System|Run by|Service|Used by|#Open findings|#Not known|Also in a register of")
    return Table(
        id="shared", caption="Shared systems", columns=heads, rows=rows, total=len(found), file="shared.csv",
        empty="No shared system is declared.",
    )  # fmt: skip
