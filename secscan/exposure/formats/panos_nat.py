"""NAT rules of PAN-OS as translations: one rule decides for a connection, by the packet as it was sent.

The first rule that matches does both: what it says of the source and of the destination, and nothing where it says
nothing. Its zone *to* is the one that the original destination is routed to, which only the export's own networks and
routes tell; the security rules are then held against that address and the zone behind the translation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from secscan.doors.xml import Element
from secscan.exposure import intervals
from secscan.exposure.formats.export import ConfigFile
from secscan.exposure.formats.panos_objects import EVERY_SERVICE, Meant, Objects, members, ports
from secscan.exposure.intervals import FAMILIES
from secscan.model.net import AddressSet, Interface, Intervals, Origin, PortSet, Translation

Names = frozenset[str]
_OF_SOURCE: Final = ("dynamic-ip-and-port", "persistent-dynamic-ip-and-port", "dynamic-ip", "static-ip")


@dataclass(frozen=True, slots=True, kw_only=True)
class Routed:
    """Which addresses lie behind which interfaces, as far as the export tells."""

    interfaces: Sequence[Interface]
    behind: Mapping[str, Intervals]
    """Interface -> its addresses, those of one family."""
    behind6: Mapping[str, Intervals]

    def towards(self, wanted: Names) -> tuple[AddressSet, AddressSet]:
        """The addresses that are surely routed to one of these interfaces or zones, and those that may be."""
        own = {one.name for one in self.interfaces if one.name in wanted or one.zone in wanted}
        sure, may = [], []
        for family in FAMILIES:
            places = self.behind if family == 4 else self.behind6
            here = intervals.union(*(places.get(name, ()) for name in own))
            known = intervals.union(*places.values())
            sure.append(here)
            may.append(intervals.complement(known, intervals.everything(family)))
        return AddressSet(v4=sure[0], v6=sure[1]), AddressSet(v4=may[0], v6=may[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched:
    """What a NAT rule asks of a packet as it was sent."""

    name: str
    src: AddressSet
    dst: AddressSet
    services: tuple[PortSet, ...]
    into: Names | None
    to: Names | None
    """The zones, or the one interface, that the original destination is routed to."""
    enabled: bool
    unknown: str | None
    origin: Origin


def translations(
    file: ConfigFile, entry: Element, match: Matched, objects: Objects, routed: Routed
) -> Iterator[Translation]:
    """What one rule does to destinations and sources, and for a two-way static rule what its twin does.

    Raises InputError.
    """
    kind = entry.says("nat-type") or "ipv4"
    if kind == "ipv4":
        match = replace(match, src=_only4(match.src), dst=_only4(match.dst))
    else:
        match = replace(match, unknown=match.unknown or f"NAT of type {kind} is not followed")
    to, to_ports = _destination(file, entry, match, objects)
    source = _source(entry, objects, routed.interfaces)
    if kind != "ipv4":
        to, source = _unknown(to), _unknown(source)
    yield from _both(match, routed, to, to_ports, source)
    if entry.says("source-translation", "static-ip", "bi-directional") == "yes" and source is not None:
        # Its twin: what is sent to the new source goes to the old one, from wherever it comes.
        twin = replace(match, src=match.dst, dst=source, services=_turned(match.services), into=None)
        yield from _both(twin, routed, match.src, None, None)


def _only4(one: AddressSet) -> AddressSet:
    return AddressSet(v4=one.v4, unknown=one.unknown)


def _unknown(one: AddressSet | None) -> AddressSet | None:
    return None if one is None else AddressSet(unknown="the translation is not followed")


def _turned(services: tuple[PortSet, ...]) -> tuple[PortSet, ...]:
    return tuple(PortSet(proto=one.proto, dport=one.sport, sport=one.dport) for one in services)


def _both(
    match: Matched, routed: Routed, to: AddressSet | None, to_ports: Intervals | None, source: AddressSet | None
) -> Iterator[Translation]:
    """The translations of one rule: of the destination, then of the source, each for the part that surely matches and
    for what may."""
    more: dict[str, object] = {"name": match.name, "enabled": match.enabled, "origin": match.origin}
    for dst, target, why in _parts(match, routed, to):
        yield Translation(
            kind="dst", src=match.src, dst=dst, services=match.services, in_interfaces=match.into, to=target,
            to_ports=to_ports, none=to is None, unknown=match.unknown or why, **more,  # type: ignore[arg-type]
        )  # fmt: skip
    if to is None:
        # Nothing becomes of the destination: the zone it goes to is the one it was sent to.
        parts: list[tuple[AddressSet, Names | None, str | None]] = [(match.dst, match.to, None)]
    else:
        parts = [(dst, None, why) for dst, _, why in _parts(match, routed, to)]
    for dst, out, why in parts:
        yield Translation(
            kind="src", src=match.src, dst=dst, services=match.services, in_interfaces=match.into, out_interfaces=out,
            to=source or AddressSet(), none=source is None, sees="original", unknown=match.unknown or why, **more,  # type: ignore[arg-type]
        )  # fmt: skip


def _parts(
    match: Matched, routed: Routed, to: AddressSet | None
) -> Iterator[tuple[AddressSet, AddressSet, str | None]]:
    """(destinations, what they become, why they may or may not match): by where the export says they are routed."""
    target = to or AddressSet()
    if match.to is None:
        yield match.dst, target, None
        return
    sure, may = routed.towards(match.to)
    shown = ", ".join(sorted(match.to)[:3])
    for here, why in ((sure, None), (may, f"whether its destination is routed to {shown} is not in the export")):
        dst = AddressSet(
            v4=intervals.intersect(match.dst.v4, here.v4), v6=intervals.intersect(match.dst.v6, here.v6),
            unknown=match.dst.unknown if why is None else None,
        )  # fmt: skip
        if dst != AddressSet():
            yield dst, _share(match.dst, dst, target), why


def _share(whole: AddressSet, part: AddressSet, to: AddressSet) -> AddressSet:
    """What a part of the destinations becomes, where the n-th of all becomes the n-th."""
    if whole.unknown is not None or to.unknown is not None:
        return to
    shares: list[Intervals] = []
    for family in FAMILIES:
        all_, some, becomes = (intervals.of(one, family) for one in (whole, part, to))
        size = intervals.size(becomes)
        if size <= 1 or size != intervals.size(all_) or some == all_:
            shares.append(becomes)
            continue
        pairs: list[tuple[int, int]] = []
        for lo, hi in some:
            first, last = (intervals.place(all_, end) for end in (lo, hi))
            pairs += _stretch(becomes, first, last)
        shares.append(intervals.normal(pairs))
    return AddressSet(v4=shares[0], v6=shares[1])


def _stretch(among: Intervals, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The first-th to the last-th number of a set."""
    before = 0
    for lo, hi in among:
        a, b = max(first, before), min(last, before + hi - lo)
        if a <= b:
            yield lo + a - before, lo + b - before
        before += hi - lo + 1


def _destination(
    file: ConfigFile, entry: Element, match: Matched, objects: Objects
) -> tuple[AddressSet | None, Intervals | None]:
    """What the destination and its port become; None where the rule says nothing of them."""
    found = entry.first("destination-translation") or entry.first("dynamic-destination-translation")
    if found is None or not found.children:
        return None, None
    written = members(found, "translated-address")
    meant = objects.addresses(written)
    to = meant.addresses
    if not written:
        to = match.dst if found.first("translated-port") is not None else AddressSet(unknown="it has no address")
    port = found.says("translated-port")
    try:
        return to, None if port is None else ports(port)
    except ValueError:
        line = (found.first("translated-port") or found).line
        raise file.refuse(f"'{(port or '')[:60]}' is not a port", "export the configuration again", line) from None


def _source(entry: Element, objects: Objects, interfaces: Sequence[Interface]) -> AddressSet | None:
    """What the source becomes; None where the rule says nothing of it."""
    found = entry.first("source-translation")
    way = None if found is None else next(found.each(*_OF_SOURCE), None)
    if way is None:
        return None if found is None or not found.children else AddressSet(unknown="a translation not understood")
    if way.first("interface-address") is not None:
        name, written = way.says("interface-address", "interface"), way.says("interface-address", "ip")
        if written is not None:
            return objects.addresses([written.partition("/")[0]]).addresses
        own = next((one.addresses for one in interfaces if one.name == name), AddressSet())
        known = own != AddressSet()
        return own if known else AddressSet(unknown=f"the address of {name} is not in the export")
    meant: Meant = objects.addresses(members(way, "translated-address"))
    if way.first("fallback") is not None and way.first("fallback", "none") is None:
        return replace(meant.addresses, unknown=meant.unknown or "a pool that runs out is followed by another")
    return meant.addresses if meant.addresses != AddressSet() else AddressSet(unknown="its pool is not in the export")


def changed_ports(found: Sequence[Translation]) -> tuple[PortSet, ...]:
    """The ports, as they are sent, that some translation changes: an application is looked for behind it."""
    turned = [one for one in found if one.to_ports is not None and one.enabled]
    return tuple(dict.fromkeys(s for one in turned for s in (one.services or EVERY_SERVICE)))
