"""One export by itself, outside any workspace: new connections through the device, by what the export alone says.

The side of the source is the one that connected networks and routes of the export give, or that the person names.
What depends on a side that nobody names is not decided. What is sent to an address that the device translates goes on
to another: both are answered, the address as the end of a packet and as what is sent to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from secscan.doors.validate import nearest
from secscan.exposure import intervals
from secscan.exposure.board import Board, Guard, Reach
from secscan.exposure.evaluating import Crossing
from secscan.exposure.intervals import Family
from secscan.exposure.routes import Hop
from secscan.exposure.services import wanted
from secscan.exposure.sides import UNNAMED, beside
from secscan.exposure.translating import even, is_others, leads_to, ports_back, ports_behind
from secscan.model.errors import UsageError
from secscan.model.net import PORTS_ALL, AddressSet, Device, Intervals, Rule, Stage, Translation, ZoneSet

NEAR, FAR = UNNAMED


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What a person says of the packet: the chain that it meets, and the interfaces that it passes."""

    chain: str | None = None
    in_interface: str | None = None
    out_interface: str | None = None


ANY_WAY: Final = Way()


def several(device: Device, way: Way) -> Sequence[str]:
    """The lists of an export that binds none of them, where nobody says which is meant."""
    return sorted(device.chains) if not device.stages and len(device.chains) > 1 and way.chain is None else ()


def zone_names(device: Device) -> frozenset[str]:
    """The zones that rules name."""
    return frozenset(n for _, r in device.rules() for names in (r.from_zones, r.to_zones) for n in names or ())


def side_names(device: Device) -> frozenset[str]:
    """The interfaces, and zones of the maker's, that the export knows."""
    known = {name for one in device.interfaces for name in (one.name, one.zone) if name}
    limited: list[Stage | Translation | Rule] = [*device.stages, *device.translations]
    limited += [rule for _, rule in device.rules()]
    named = known.union(*(n or () for one in limited for n in (one.in_interfaces, one.out_interfaces)))
    return frozenset(name for name in named if not name.endswith("+") or name in known)


def neighbours(device: Device, end: int, family: Family, way: Way) -> Intervals:
    """The addresses that reach ``end`` without passing the device; a host's own firewall they pass all the same."""
    stages = [s for s in device.stages if way.chain is None or _called(way.chain, s.name, s.chain)]
    own = any(intervals.contains(intervals.of(one.addresses, family), end) for one in device.interfaces)
    passes = not stages or any(s.traffic == "through" for s in stages)
    return beside(device, end, family) if passes and not own else ()


class Lone:
    """A question put to one export. ``zone``: the source's as rules name it; "" where nobody says."""

    def __init__(
        self, device: Device, family: Family, zone: str, source: Intervals, end: int, port: str, way: Way = ANY_WAY
    ) -> None:
        """Raises UsageError for a chain, an interface or a port that is none."""
        self.zone, self._port, self._family = zone or FAR, port, family
        dst = [one for one in device.translations if one.kind == "dst" and one.enabled]
        self._brought = [(k, to) for k, one in enumerate(dst) if (to := _brings(one, family, end)) != ()]
        zones = [_zone(self.zone, source, family), _zone(NEAR, ((end, end),), family)]
        zones += [_zone(_place(k), to or (), family) for k, to in self._brought]
        behind = (NEAR, *(_place(k) for k, _ in self._brought))
        sides = _sides(device, way, self.zone, behind)
        device = replace(_asked(device, way), zones=frozenset((self.zone, NEAR)), sides=sides)
        self.board = Board([device], zones, family, inward=True, known=zone_names(device))
        (self._node,) = self.board.nodes
        own = self._node.sides.arrives(end) is not None and any(one.traffic == "to-device" for one in device.stages)
        guards = (Guard(0, None, False),) if own else ()
        self.question = self.board.question(end, NEAR, port, guards)

    def reach(self, zone: str) -> Reach:
        """What becomes of the source's packets: of those that end at the address, and of those that are sent there."""
        found = self.board.reach(self.question, zone)
        cells = list(found.cells)
        for crossing in self._sent_on():
            trace = self.board.trace((crossing,), found.zone)
            cells.append((crossing.sent, (trace,)))
            found = found._replace(upper=found.upper | trace.upper, lower=found.lower | trace.lower)
        return found._replace(cells=tuple(cells))

    def _sent_on(self) -> Iterator[Crossing]:
        """Each kind of packet that is sent to the address and goes on to another."""
        end, node = self.question.end, self._node
        for k, to in self._brought:
            i = node.program.dst[k]
            one, hop = node.translation(i), Hop(node.key, self.zone, _place(k))
            sure = to is not None and intervals.size(to) == 1
            for proto, number in wanted(self._port):
                asked = PORTS_ALL if number is None else ((number, number),)
                behind = intervals.intersect(ports_behind(one, proto), asked if one.to_ports is None else PORTS_ALL)
                for got in self.board.cells(to, proto, behind):
                    ports = intervals.intersect(ports_back(one, proto, got.kind.dport), asked)
                    for sent in self.board.cells(((end, end),), proto, ports, got.kind.sports):
                        if i in sent.codes[0] >> 1:
                            yield Crossing(0, hop, sent, got, i, sure and even(one, proto))


def _brings(one: Translation, family: Family, end: int) -> Intervals | None:
    """Where a packet to ``end`` may be sent on to: () where it is not, None where that is not known."""
    inside = intervals.contains(intervals.of(one.dst, family), end)
    if one.none or one.to_own or not (inside or (one.dst.unknown is not None and not is_others(one, family, end))):
        return ()
    return leads_to(one, family, end)


def _asked(device: Device, way: Way) -> Device:
    """The device with the stages that are asked: those of the chain that is named, else what its traffic meets.

    A chain by itself, and a host's own firewall, are asked for what passes.
    """
    stages: Sequence[Stage] = device.stages
    if way.chain is not None:
        stages = [
            replace(s, in_interfaces=None, out_interfaces=None) for s in stages if _called(way.chain, s.name, s.chain)
        ]
        stages = stages or [Stage(name=name, chain=name) for name in device.chains if _called(way.chain, name)]
        if not stages:
            known = {*device.chains, *(s.name for s in device.stages)}
            raise UsageError(f"--chain '{way.chain}' is no chain of the export{nearest(way.chain, known)}")
    elif not stages:
        stages = [Stage(name=name, chain=name) for name in device.chains]
    elif any(s.traffic == "through" for s in stages):
        return device
    else:
        stages = [s for s in stages if s.traffic == "to-device"]
    return replace(device, stages=tuple(replace(s, traffic="through") for s in stages))


def _called(wanted_: str, *names: str) -> bool:
    """Whether a chain is called so: by its whole name, or by the last word of it."""
    return any(wanted_ == name or wanted_ == name.rsplit(" ", 1)[-1].rsplit("/", 1)[-1] for name in names)


def _sides(device: Device, way: Way, zone: str, behind: Sequence[str]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    known = side_names(device)
    for name, zones, option in (
        (way.in_interface, (zone,), "--in-interface"),
        (way.out_interface, behind, "--out-interface"),
    ):
        if name is None:
            continue
        if name not in known and device.interfaces_listed:
            raise UsageError(f"{option} '{name}' is no interface of the export{nearest(name, known)}")
        found[name] = found.get(name, frozenset()).union(zones)
    return found


def _place(k: int) -> str:
    """The zone of what a translation leads to."""
    return f"\2{k}"


def _zone(name: str, pairs: Intervals, family: Family) -> ZoneSet:
    addresses = AddressSet(v4=pairs) if family == 4 else AddressSet(v6=pairs)
    return ZoneSet(id=name, name=name, addresses=addresses, trusted=False, internet=False)
