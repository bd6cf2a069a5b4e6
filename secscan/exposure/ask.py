"""Questions a person puts: who can reach this address on this port, and by which line?"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import replace
from ipaddress import ip_network

from secscan.exposure import intervals
from secscan.exposure.engine import PRIVATE_ONLY, Asked, Engine, answer
from secscan.exposure.intervals import Family
from secscan.exposure.lone import ANY_WAY, Lone, Way, neighbours, several, side_names, zone_names
from secscan.exposure.services import wanted
from secscan.exposure.told import SAME_ZONE
from secscan.exposure.zones import PRIVATE, locate
from secscan.model.errors import UsageError
from secscan.model.net import AddressSet, Answer, Device, Intervals, ZoneSet


def ask(
    devices: Sequence[Device],
    zones: Sequence[ZoneSet],
    from_: str | None,
    to: str,
    port: str,
    *,
    council: str | None = None,
    zone: str | None = None,
    asset: str = "",
) -> list[Answer]:
    """Who reaches ``to`` on ``port``: one answer for each zone, or one for the zone, network or address ``from_``.

    ``port`` is tcp/N, udp/N or any. ``council``, ``asset``: whose address it is, where councils use the same ones, and
    for the asset's own firewall. ``zone``: the register's word for where ``to`` stands, used where no zone lists it.
    Raises UsageError for what is not an address, a port or a zone.
    """
    end, family = _address(to)
    wanted(port)
    source = (
        None if from_ is None or any(z.id == from_ for z in zones) else _network(from_, family, [z.id for z in zones])
    )
    extra = AddressSet(v4=source or ()) if family == 4 else AddressSet(v6=source or ())
    engine = Engine(devices, zones, extra)
    starts = [z.id for z in engine.zones if from_ in (None, z.id)] if source is None else []
    located = locate(end, family, zones, council, zone)
    if located.zone is None:
        return [_cannot_tell(name, to, port, located.why) for name in (starts or [from_ or "any"])]
    asked = engine.ask(end, family, located.zone, port, host=(council or "", asset))
    if source is not None:
        return [_from_network(asked, source, from_ or "", to, port)]
    internet = {z.id for z in zones if z.internet}
    found = []
    for name in starts:
        one = answer(asked, {name: asked.board.full(name)}, from_=name, to=to, port=port)
        found.append(_noted(one, family) if name in internet else one)
    return found


def ask_config(device: Device, from_: str | None, to: str, port: str, way: Way = ANY_WAY) -> list[Answer]:
    """The same for one export by itself, without zones: new connections through the device.

    ``from_`` is a network, an address, or a zone or interface as the export names it; None is every address. A rule
    for a zone that nobody named is not decided. Raises UsageError as ``ask`` does.
    """
    end, family = _address(to)
    wanted(port)
    if lists := several(device, way):
        why = f"the export binds none of its lists to an interface; say which with --chain: {', '.join(lists)}"
        return [_cannot_tell(from_ or "any", to, port, why)]
    zone, source = "", intervals.everything(family)
    zones, sides = zone_names(device), side_names(device)
    if from_ is not None and from_ in zones:
        zone = from_
    elif from_ is not None and from_ in sides:
        way = replace(way, in_interface=from_)
    elif from_ is not None:
        source = _network(from_, family, sorted(zones | sides))
    near = neighbours(device, end, family, way)
    if from_ is not None and source != intervals.everything(family) and not intervals.subtract(source, near):
        return [Answer(from_=from_, to=to, port=port, verdict="permitted", sources=intervals.cidrs(source, family),
                       reason=SAME_ZONE, addresses=intervals.size(source))]  # fmt: skip
    asked = Lone(device, family, zone, intervals.subtract(source, near), end, port, way)
    return [answer(asked, {asked.zone: asked.board.full(asked.zone)}, from_=from_ or "any", to=to, port=port)]


def _from_network(asked: Asked, source: Intervals, from_: str, to: str, port: str) -> Answer:
    """One answer for a network, whatever zones it touches; addresses in no zone cannot be told."""
    board, family = asked.board, asked.board.family
    columns = board.axis.parts(source)
    parts = {name: bits for name in board.zones if (bits := columns.get(board.axis.number[name], 0))}
    found = answer(asked, parts, from_=from_, to=to, port=port) if parts else None
    held = intervals.union(*(board.axis.addresses(board.axis.number[name], bits) for name, bits in parts.items()))
    outside = intervals.subtract(source, held)
    if not outside:
        return found or _cannot_tell(from_, to, port, "it holds no address")
    why = f"{intervals.cidrs(outside, family)[0]} is in no zone that secscan.yaml lists"
    if found is None or found.verdict in ("blocked", "cannot-tell"):
        return _cannot_tell(from_, to, port, why)
    return replace(found, verdict="partly", reason=f"the rest cannot be told: {why}")


def _noted(found: Answer, family: Family) -> Answer:
    """The answer for the internet says so where only addresses get through that the internet does not route."""
    if found.verdict != "partly" or found.reason:
        return found
    through = intervals.of(intervals.networks(found.sources), family)
    if intervals.subtract(through, intervals.of(PRIVATE, family)):
        return found
    return replace(found, reason=PRIVATE_ONLY)


def _cannot_tell(from_: str, to: str, port: str, why: str) -> Answer:
    return Answer(from_=from_, to=to, port=port, verdict="cannot-tell", reason=why)


def _address(written: str) -> tuple[int, Family]:
    try:
        return intervals.number(written)
    except ValueError:
        raise UsageError(f"'{written}' is not an address") from None


def _network(written: str, family: Family, zones: Sequence[str]) -> Intervals:
    """The addresses of a network or an address of one family."""
    try:
        found = ip_network(written)
    except ValueError:
        close = difflib.get_close_matches(written, zones, n=1)
        hint = f"; did you mean '{close[0]}'?" if close else ""
        raise UsageError(f"'{written}' is not a zone, a network or an address{hint}") from None
    if found.version != family:
        raise UsageError(f"'{written}' is IPv{found.version}, and the other end is IPv{family}: packets never mix them")
    return ((int(found.network_address), int(found.broadcast_address)),)
