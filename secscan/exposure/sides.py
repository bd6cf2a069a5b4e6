"""Which zones lie behind which interface of a device.

secscan.yaml says so (``interfaces:``); where it does not, the export's connected networks and routes do, the longest
prefix first. A default route says nothing of private addresses: what a device learns from its neighbours is in no
export. That a packet comes in where its source address lies is taken for granted, as it is by the device's answers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Final

from secscan.exposure import intervals
from secscan.exposure.axis import Axis, Bits
from secscan.exposure.intervals import Family
from secscan.exposure.items import Gate
from secscan.exposure.zones import PRIVATE, UNROUTED
from secscan.model.net import Device, Interface, Interval, Intervals, ZoneSet

Names = frozenset[str]
UNNAMED: Final = ("", "\0")
"""Zones that nobody knows, where one export is asked by itself: of the fixed address, and of those asked about."""


class Sides:
    """The interfaces of one device for one family. A name is an interface's, or that of a zone of the maker's."""

    def __init__(self, device: Device, zones: Sequence[ZoneSet], family: Family) -> None:
        self._device, self._family = device, family
        self._zones = {zone.id: zone for zone in zones}
        self._members: dict[str, set[str]] = {}
        for one in device.interfaces:
            for name in (one.name, *([one.zone] if one.zone else [])):
                self._members.setdefault(name, set()).add(one.name)
        self.behind = behind(device, family)
        """Interface -> the addresses that the export says lie there; each address behind one at most."""
        self._own = frozenset(one.name for one in device.interfaces if one.loopback)
        named = (name for name in device.sides if name not in self._members)
        self._known = frozenset((*(one.name for one in device.interfaces), *named, *self.behind))
        self._wanted: dict[Gate, Names] = {}
        self._near: dict[str, tuple[Names, bool]] = {}
        self._far: dict[tuple[str, int], tuple[Mapping[str, Bits], Bits]] = {}

    def members(self, names: Iterable[str]) -> Names:
        """The interfaces that these names stand for; a name that no interface has stands for itself."""
        return frozenset(one for name in names for one in self._members.get(name) or self._called(name))

    def wanted(self, gate: Gate) -> Names:
        """The interfaces that a gate is for, of those that are known or that it names."""
        if gate not in self._wanted:
            some = self._known if gate.names is None else self.members(gate.names)
            self._wanted[gate] = some - self.members(gate.but)
        return self._wanted[gate]

    def mapped(self, zone: str) -> Names:
        """The interfaces that secscan.yaml names for a zone."""
        return self.members(name for name, zones in self._device.sides.items() if zone in zones)

    def lie(self, zones: Iterable[str]) -> Names:
        """The interfaces that these zones lie behind, as far as that is known."""
        return frozenset(one for zone in zones for one in self._candidates(zone)[0])

    def near(self, gate: Gate, zone: str) -> tuple[bool, bool]:
        """Whether what comes from, or goes to, this zone surely and possibly does so by one of the interfaces."""
        if zone not in self._near:
            self._near[zone] = self._candidates(zone)
        (some, others), wanted = self._near[zone], self.wanted(gate)
        return (not others or self._must(zone, gate)) and some <= wanted, bool(some & wanted) or (
            others and self._may(zone, gate)
        )

    def far(self, gate: Gate, zone: str, axis: Axis) -> tuple[Bits, Bits]:
        """The same for each address of the zone: the columns that surely and possibly are behind the interfaces."""
        number = axis.number[zone]
        if (zone, number) not in self._far:
            mapped = self.mapped(zone)
            found = {one: axis.parts(pairs).get(number, 0) for one, pairs in self.behind.items()}
            if len(mapped) == 1:
                found = dict.fromkeys(mapped, axis.full[number])
            elif mapped:
                found = {one: found.get(one, 0) for one in mapped}
            known = 0
            for bits in found.values():
                known |= bits
            self._far[zone, number] = found, axis.full[number] & ~known
        places, unknown = self._far[zone, number]
        firm = 0
        for one in self.wanted(gate):
            firm |= places.get(one, 0)
        if self._must(zone, gate):
            firm |= unknown
        return firm, firm | (unknown if self._may(zone, gate) else 0)

    def arrives(self, address: int) -> Names | None:
        """The interfaces that have this address themselves; None where the export does not say."""
        own = frozenset(
            one.name
            for one in self._device.interfaces
            if intervals.contains(intervals.of(one.addresses, self._family), address)
        )
        return own or None

    def why(self, gate: Gate, zone: str, way: str) -> str:
        """Why it is not known that what comes from, or goes to, a zone does so by these interfaces."""
        shown = ", ".join(sorted(gate.but if gate.names is None else gate.names)[:4])
        if zone in UNNAMED:
            option = "--in-interface" if way == "comes in" else "--out-interface"
            return f"whether it {way} by {shown} is not known; say so with {option}"
        if len(mapped := self.mapped(zone)) > 1:
            return f"zone '{zone}' lies behind several interfaces: {', '.join(sorted(mapped)[:4])}"
        return f"interface {shown} is not named in secscan.yaml: add `interfaces:` to firewall '{self._device.name}'"

    def _called(self, name: str) -> Iterable[str]:
        """What a name stands for that is no interface's: itself, or all that begin as it does."""
        return (one for one in self._known if one.startswith(name[:-1])) if name.endswith("+") else (name,)

    def _must(self, zone: str, gate: Gate) -> bool:
        """Whether a packet of the zone of which no more is known surely comes by one of a gate's interfaces."""
        if mapped := self.mapped(zone):
            return mapped <= self.wanted(gate)
        return gate.names is None and not _open(gate.but) and self.members(gate.but) <= self._own

    def _may(self, zone: str, gate: Gate) -> bool:
        """Whether a packet of the zone of which no more is known may come by these interfaces."""
        if mapped := self.mapped(zone):
            return bool(mapped & self.wanted(gate))
        return gate.names is None or _open(gate.names) or not self.wanted(gate) <= self._own

    def _candidates(self, zone: str) -> tuple[Names, bool]:
        """The interfaces that the zone lies behind, and whether it may lie behind others too."""
        mapped = self.mapped(zone)
        if len(mapped) == 1:
            return mapped, False
        own = _routed(self._zones[zone], self._family) if zone in self._zones else ()
        parts = {
            one: intervals.intersect(own, pairs) for one, pairs in self.behind.items() if one in mapped or not mapped
        }
        return frozenset(one for one, part in parts.items() if part), not own or intervals.union(*parts.values()) != own


def _open(names: Names) -> bool:
    """Whether interfaces that nobody has named may be among these."""
    return any(name.endswith("+") for name in names)


def behind(device: Device, family: Family) -> Mapping[str, Intervals]:
    """Interface -> the addresses behind it, by connected networks and routes; what two claim alike is behind neither."""
    off = {one.name for one in device.interfaces if not one.enabled}
    claims = [
        (lo - hi, 1, (lo, hi), one.name) for one in device.interfaces for lo, hi in intervals.of(one.networks, family)
    ]
    for r in device.routes:
        if r.family == family:
            claims.append((r.network[0] - r.network[1], 0, r.network, _named(r.interface, device.interfaces)))
    claims.sort()
    (everything,) = intervals.everything(family)
    private = [(0, 0, pair, "") for pair in intervals.of(PRIVATE, family)]
    first = [claim for claim in claims if claim[2] == everything]
    edges = sorted({edge for *_, (lo, hi), _ in (*claims, *private) for edge in (lo, hi + 1)})
    owner = [""] * len(edges)
    for (_, _, (lo, hi)), same in groupby((*first, *private, *claims[len(first) :]), key=lambda claim: claim[:3]):
        names = {name for *_, name in same}
        a, b = bisect_left(edges, lo), bisect_left(edges, hi + 1)
        owner[a:b] = ["" if len(names) > 1 or names & off else names.pop()] * (b - a)
    found: dict[str, list[Interval]] = {}
    for name, (lo, after) in zip(owner, pairwise(edges), strict=False):
        if name:
            found.setdefault(name, []).append((lo, after - 1))
    return {name: intervals.normal(pairs) for name, pairs in found.items()}


def beside(device: Device, address: int, family: Family) -> Intervals:
    """The connected networks that an address is in: its neighbours there reach it without the device."""
    networks = [intervals.of(one.networks, family) for one in device.interfaces if one.enabled]
    return intervals.union(*((pair,) for some in networks for pair in some if pair[0] <= address <= pair[1]))


def _named(name: str, interfaces: Sequence[Interface]) -> str:
    """The interface that a route names, by its own name or its zone's."""
    if any(one.name == name for one in interfaces):
        return name
    return next((one.name for one in interfaces if one.zone == name), name)


def _routed(zone: ZoneSet, family: Family) -> Intervals:
    """The addresses of a zone that a packet can come from: of the internet's, those that the internet routes."""
    own = intervals.of(zone.addresses, family)
    if zone.internet:
        for some in (PRIVATE, UNROUTED):
            own = intervals.subtract(own, intervals.of(some, family))
    return own
