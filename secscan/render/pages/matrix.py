"""Zone to zone by service: one page over all pairs, and a page for each zone that is reached with the rules behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from secscan.model.posture import PairRow, ZoneMatrix, ZoneRow
from secscan.render import bits, headlines, words
from secscan.render.bits import Bit, Cell, Column, Row, Table
from secscan.render.html import Page
from secscan.render.view import View

ANY: Final = "any"
OPEN: Final = ("permitted", "partly")
ACROSS: Final = 7
"""Columns of words beside each other, so that a table fits its screen and its paper."""
FILE: Final = "zone-matrix.csv"
SERVICES: Final = 8
"""Services that one row names."""
NETWORKS: Final = 4
"""Networks that it names."""
LARGE: Final = 10**12
NONE: Final = "None. Nothing that policy or a claim wants shut gets through, as far as the rules can be told."


def build(view: View) -> Page:
    m = view.posture.matrix
    context = {
        "kept": m is not None,
        "answer": headlines.matrix_answer(m),
        "left_out": list(_left_out(m)),
        "against": _against(view, m) if m else None,
        "groups": list(_groups(view, m)) if m else [],
        "services": words.listing([_service(s) for s in m.services], len(m.services)) if m else "",
        "rely": view.rely(),
    }
    return Page(
        file="matrix.html", template="matrix.html", title="Zones: who may reach whom", part_of="matrix.html",
        crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def build_zone(view: View, zone: ZoneRow) -> Page:
    """What every other zone may reach in one, and the rule behind each answer."""
    m = view.posture.matrix
    assert m is not None
    context = {
        "answer": headlines.zone_answer(m, zone.id),
        "facts": _facts(view, zone),
        "tables": [_by_service(view, m, zone, n, part) for n, part in enumerate(_beside(m.services))],
        "rules": _rules(view, m, zone),
        "rely": view.rely(view.councils.get(zone.council or "")),
    }
    return Page(
        file=view.zone_pages[zone.id], template="zone.html", title=words.plain(f"Who may reach {zone.name}", 120),
        part_of="matrix.html", crumbs=(("Overview", "index.html"), ("Zones", "matrix.html")), context=context,
    )  # fmt: skip


def _beside(every: Sequence[Any]) -> list[Sequence[Any]]:
    return [every[at : at + ACROSS] for at in range(0, len(every), ACROSS)]


def _left_out(m: ZoneMatrix | None) -> Iterator[str]:
    for line in m.left_out if m else ():
        yield words.plain(f"{line}.", 600)


def _groups(view: View, m: ZoneMatrix) -> Iterator[dict[str, object]]:
    """Each council's zones as what is reached, a few beside each other."""
    owners = dict.fromkeys(zone.council for zone in m.zones)
    for owner in sorted(owners, key=lambda o: (o is None, o or "")):
        mine = [zone for zone in m.zones if zone.council == owner]
        yield {
            "title": f"Zones of {view.name(owner)}" if owner else "Zones that all share, and the internet",
            "tables": [_whole(view, m, part) for part in _beside(mine)],
        }


def _whole(view: View, m: ZoneMatrix, ends: Sequence[ZoneRow]) -> Table:
    """Whether anything gets through from each zone to some zones, and by how many of the services."""
    rows = [bits.row(_start(view, start), *(_cell(view, m, start, end) for end in ends)) for start in m.zones]
    return Table(
        id=words.anchor("to", *(z.id for z in ends)),
        caption=f"From every zone to {words.listing([z.name for z in ends], ACROSS)}",
        columns=_heads(z.name for z in ends), rows=rows[: view.cap], total=len(rows), file=FILE, sortable=False, matrix=True,
    )  # fmt: skip


def _heads(ends: Iterable[str]) -> list[Column]:
    return [Column(label="From zone"), *(Column(label=words.plain(end, 80)) for end in ends)]


def _cell(view: View, m: ZoneMatrix, start: ZoneRow, end: ZoneRow) -> Cell:
    rows = view.pairs.get((start.id, end.id), ())
    if start.id == end.id:
        return bits.cell(bits.note("same zone"))
    if not rows:
        return bits.cell(bits.tag("Not known"))
    named = [s for s in m.services if s != ANY]
    open_ = sum(verdict(rows, s) in OPEN for s in named)
    told = bits.link(f"{open_} of {words.many(len(named), 'port')}", f"{view.zone_pages[end.id]}#{_place(start)}")
    return bits.cell(bits.tag(words.VERDICTS[verdict(rows, ANY)]), _marked(rows), told)


def _marked(rows: Sequence[PairRow]) -> Bit | None:
    return bits.tag("Against policy") if any(r.controls or r.claims for r in rows) else None


def verdict(rows: Sequence[PairRow], service: str) -> str:
    """One word for a service of a pair, over IPv4 and IPv6."""
    found = {r.verdict for r in rows if service in r.services}
    if len(found) == 1:
        return found.pop()
    return "partly" if found & {*OPEN} else "cannot-tell"


def _service(service: str) -> str:
    return "Any port" if service == ANY else service


def _place(start: ZoneRow) -> str:
    return words.anchor("from", start.id)


def _start(view: View, zone: ZoneRow) -> Cell:
    page = view.zone_pages.get(zone.id)
    name = bits.link(zone.name, page) if page else bits.text(zone.name)
    return bits.cell(name, bits.note(zone.id) if zone.id != zone.name else None)


def _against(view: View, m: ZoneMatrix) -> Table:
    """What gets through though policy or a claim says that it does not."""
    found = [r for r in m.pairs if r.controls or r.claims]
    rows = [
        bits.row(
            bits.cell(*_named(view, r.from_zone), "to", *_named(view, r.to_zone)), _ports(r), _through(r), _behind(r),
            _goes_against(view, r),
        )
        for r in found[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("From and to|Ports|Let through|Rule behind it, and a packet that shows it|Goes against")
    return Table(
        id="against", caption="Let through against policy", columns=heads, rows=rows, total=len(found), file=FILE,
        empty=NONE if m.controls else "No claim is contradicted. No control names ports and zones of users.",
    )  # fmt: skip


def _by_service(view: View, m: ZoneMatrix, end: ZoneRow, number: int, services: Sequence[str]) -> Table:
    """From each zone by service. The first of these tables holds the places that other pages link to."""
    rows: list[Row] = []
    for start in (z for z in m.zones if z.id != end.id):
        pair = view.pairs.get((start.id, end.id), ())
        cells = [
            bits.cell(bits.tag(words.VERDICTS[verdict(pair, s)]), _marked([r for r in pair if s in r.services]))
            if pair else bits.cell(bits.tag("Not known"))
            for s in services
        ]  # fmt: skip
        rows.append(bits.row(_start(view, start), *cells, id="" if number else _place(start)))
    return Table(
        id=f"services-{number}", caption=f"From every zone to {words.plain(end.name, 80)} by {_service(services[0])} and on",
        columns=_heads(map(_service, services)), rows=rows, sortable=False, matrix=True,
        empty="There is no other zone.",
    )  # fmt: skip


def _rules(view: View, m: ZoneMatrix, end: ZoneRow) -> Table:
    found = [r for r in m.pairs if r.to_zone == end.id]
    rows = [
        bits.row(bits.cell(*_named(view, r.from_zone)), _ports(r), _through(r), _behind(r), _goes_against(view, r))
        for r in found[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("From|Ports|Let through|Rule behind it, and a packet that shows it|Goes against")
    return Table(
        id="rules", caption="The rule behind each answer", columns=heads, rows=rows, total=len(found), file=FILE,
        empty="The rules to this zone were not followed: see what had no room.",
    )  # fmt: skip


def _named(view: View, zone: str) -> tuple[Bit, ...]:
    row = view.zones.get(zone)
    return _start(view, row).parts if row else (bits.text(zone),)


def _ports(r: PairRow) -> str:
    return words.listing([_service(s) for s in r.services], SERVICES)


def _through(r: PairRow) -> Cell:
    """The verdict, of how many addresses it holds, and what is not known of it."""
    parts: list[Bit | None] = [bits.tag(words.VERDICTS[r.verdict])]
    if r.verdict == "partly":
        parts.append(bits.note(
            f"{_amount(r.sources)} of {_amount(r.of_sources)} addresses reach {_amount(r.targets)} of {_amount(r.of_targets)}"
        ))  # fmt: skip
        parts.append(bits.reference(f"{_networks(r.from_networks)} to {_networks(r.to_networks)}"))
    if r.ip == 6:
        parts.append(bits.note("over IPv6"))
    if r.reason:
        parts.append(bits.note(words.dated(r.reason)))
    if r.stale:
        parts.append(bits.note("by an export that is no longer current"))
    return bits.cell(*parts, sort=r.verdict)


def _networks(first: Sequence[str]) -> str:
    return f"{', '.join(first[:NETWORKS])} and more" if len(first) > NETWORKS else words.listing(first, NETWORKS)


def _amount(count: int) -> str:
    """A number of addresses; of IPv6 its power of ten."""
    return words.number(count) if count < LARGE else f"about 10^{len(str(count)) - 1}"


def _behind(r: PairRow) -> Cell:
    if r.rule is None:
        return bits.cell(bits.text("no rule"))
    more = f"and {words.many(r.rules - 1, 'more rule')}" if r.rules > 1 else None
    return bits.cell(
        bits.text(r.rule), bits.places([r.place]) if r.place else None, bits.note(r.text) if r.text else None,
        bits.note(more) if more else None, bits.note(f"Packet: {words.packet(r.packet)}") if r.packet else None,
    )  # fmt: skip


def _goes_against(view: View, r: PairRow) -> Cell:
    if not (r.controls or r.claims):
        return bits.cell(bits.NOTHING, sort="")
    owners = {c.id: c.council for c in view.posture.claims}
    titles = {c.id: c.title for c in view.posture.controls}
    parts: list[Bit] = [bits.tag("Against policy")]
    parts += [bits.note(f"{control}: {titles.get(control, 'a control')}") for control in r.controls]
    parts += [view.claim(owners.get(claim, ""), claim) for claim in r.claims]
    return bits.cell(*parts, sort="against")


def _facts(view: View, zone: ZoneRow) -> list[tuple[str, str]]:
    facts = [
        ("Name in secscan.yaml", zone.id),
        ("Council", view.name(zone.council) if zone.council else "Shared by all"),
        ("Addresses", words.listing(zone.networks, 12) or "Every address that no other zone lists"),
        ("Trusted", "Yes" if zone.trusted else "No"),
        ("Firewalls that stand on it", words.listing(zone.firewalls, 12) or "None that was listed"),
    ]
    return [(label, words.plain(text, 600)) for label, text in facts]
