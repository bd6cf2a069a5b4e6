"""One translation of a destination, forth and back: where a packet goes on to, and what was sent that it brings here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from secscan.exposure import intervals
from secscan.exposure.intervals import Family
from secscan.exposure.matching import ANY
from secscan.exposure.zones import PRIVATE
from secscan.model.net import Interval, Intervals, Translation


@dataclass(frozen=True, slots=True)
class End:
    """A destination: one of some addresses (None: one that is not known), and some ports. ``sure``: any of them is."""

    addresses: Intervals | None
    ports: Intervals
    sure: bool


def sent(one: Translation, family: Family, address: int, proto: str, port: int, *, own: bool) -> Iterator[End]:
    """What a packet may have been sent to that the translation brings to an address and port.

    ``own``: the address is the device's own.
    """
    ports = ports_back(one, proto, port)
    to, dst = intervals.of(one.to, family), intervals.of(one.dst, family)
    here = intervals.contains(to, address)
    if not ports or one.none or not (here or one.to.unknown is not None or (own and one.to_own)):
        return
    sure = (one.to_own or (here and one.to.unknown is None)) and even(one, proto)
    places: Intervals = dst
    if here and intervals.size(to) > 1:
        if intervals.size(to) == intervals.size(dst) and one.dst.unknown is None:
            at = intervals.nth(dst, intervals.place(to, address))
            places = ((at, at),)
        else:
            sure = False
    if places:
        yield End(places, ports, sure)
    if one.dst.unknown is not None:
        # The device's own address is one, though nobody knows which; of a name nobody knows whether it is any.
        yield End(None, ports, sure) if one.dst_own else End(intervals.everything(family), ports, False)


def goes_on(one: Translation, proto: str, port: int) -> tuple[Intervals, bool]:
    """The ports that a packet which meets the translation may become, and whether it surely becomes any of them."""
    if one.to_ports is None:
        return _single(port), True
    before = _ports(one, proto)
    if intervals.size(before) == intervals.size(one.to_ports) and intervals.contains(before, port):
        return _single(intervals.nth(one.to_ports, intervals.place(before, port))), True
    return one.to_ports, intervals.size(one.to_ports) == 1


def leads_to(one: Translation, family: Family, address: int) -> Intervals | None:
    """The addresses that a packet to this one may be sent on to; None: one that is not known."""
    to, dst = intervals.of(one.to, family), intervals.of(one.dst, family)
    if one.to.unknown is not None or not to:
        return None
    if one.dst.unknown is None and intervals.size(to) == intervals.size(dst) and intervals.contains(dst, address):
        return _single(intervals.nth(to, intervals.place(dst, address)))
    return to


def ports_behind(one: Translation, proto: str) -> Intervals:
    """The ports of what has met the translation."""
    return one.to_ports if one.to_ports is not None else _ports(one, proto)


def mapped(one: Translation, proto: str, edges: Iterable[int], *, back: bool) -> set[int]:
    """Ports at which what holds before the translation may change, as they are behind it; ``back``: the reverse."""
    here, there = _ports(one, proto), ports_behind(one, proto)
    if back:
        here, there = there, here
    found = {edge for lo, hi in there for edge in (lo, hi + 1)}
    if intervals.size(here) == intervals.size(there):
        inside = (edge for edge in edges if intervals.contains(here, edge))
        found |= {intervals.nth(there, intervals.place(here, edge)) for edge in inside}
    return found


def even(one: Translation, proto: str) -> bool:
    """Whether a packet that meets it surely becomes the port that it may become."""
    after = one.to_ports
    return after is None or intervals.size(after) in (1, intervals.size(_ports(one, proto)))


def is_others(one: Translation, family: Family, address: int) -> bool:
    """Whether an address is surely not the one of the device's own that a translation is about.

    A private address that somebody asks about is taken for somebody's host, where the export does not give it.
    """
    return one.dst_own and intervals.contains(intervals.of(PRIVATE, family), address)


def ports_back(one: Translation, proto: str, port: int) -> Intervals:
    """The ports that a packet may have been sent to, that the translation makes this one."""
    before = _ports(one, proto)
    if one.to_ports is None:
        return _single(port) if intervals.contains(before, port) else ()
    if not intervals.contains(one.to_ports, port):
        return ()
    if intervals.size(before) == intervals.size(one.to_ports):
        return _single(intervals.nth(before, intervals.place(one.to_ports, port)))
    return before


def _ports(one: Translation, proto: str) -> Intervals:
    return intervals.union(*(s.dport for s in one.services if s.proto in (proto, ANY)))


def _single(number: int) -> Intervals:
    pair: Interval = (number, number)
    return (pair,)
