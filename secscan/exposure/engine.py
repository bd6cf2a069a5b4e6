"""Who can reach an address: the question put to every device, zone and family that it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

from secscan.exposure import intervals
from secscan.exposure.axis import Bits
from secscan.exposure.board import Board, Guard, Question, Reach
from secscan.exposure.intervals import Family
from secscan.exposure.told import Told, deciders, device_name, first_address, stopping, tell
from secscan.model.net import AddressSet, Answer, Device, Intervals, Onward, Origin, Witness, ZoneSet
from secscan.model.posture import Packet

NO_HOST: Final = ("", "")
PRIVATE_ONLY: Final = "only private addresses that no zone lists; list them in a zone of their own"


class Asked(Protocol):
    """One question put: everything that answers are made of."""

    @property
    def board(self) -> Board: ...
    @property
    def question(self) -> Question: ...
    def reach(self, zone: str) -> Reach: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Put:
    """A question put to all devices of a workspace."""

    board: Board
    question: Question

    def reach(self, zone: str) -> Reach:
        return self.board.reach(self.question, zone)


class Engine:
    """Devices and zones made ready. Equal questions, and questions that no rule tells apart, are answered once."""

    def __init__(self, devices: Sequence[Device], zones: Sequence[ZoneSet], extra: AddressSet | None = None) -> None:
        """``extra``: addresses that will be asked about as a set of their own."""
        self.devices = sorted(devices, key=_order)
        self.zones = sorted(zones, key=lambda zone: zone.id)
        self._extra = extra or AddressSet()
        self._boards: dict[tuple[Family, bool], Board] = {}

    def board(self, family: Family, *, inward: bool) -> Board:
        if (family, inward) not in self._boards:
            known = frozenset(zone.id for zone in self.zones)
            extra = [intervals.of(self._extra, family)]
            self._boards[family, inward] = Board(
                self.devices, self.zones, family, inward=inward, known=known, extra=extra
            )
        return self._boards[family, inward]

    def ask(
        self, end: int, family: Family, zone: str, port: str, *, inward: bool = True, host: tuple[str, str] = NO_HOST
    ) -> Asked:
        """One address in its zone, one port: who gets in, or where it gets out to. ``host``: council and asset of it."""
        board = self.board(family, inward=inward)
        return Put(board=board, question=board.question(end, zone, port, self.guards(board, end, host)))

    def guards(self, board: Board, end: int, host: tuple[str, str]) -> tuple[Guard, ...]:
        """The devices that stand before the address whatever way a packet comes: its own firewall, or itself."""
        council, asset = host
        found = []
        for number, node in enumerate(board.nodes):
            device, arrives = node.device, node.sides.arrives(end)
            mine = device.host is not None and device.host.casefold() == asset.casefold() and device.council == council
            if mine or (arrives is not None and device.zones):
                # A device between zones takes what is for itself by whichever side it comes in.
                found.append(Guard(number, None if device.zones else arrives, not device.zones))
        return tuple(found)


def answer(asked: Asked, parts: Mapping[str, Bits], *, from_: str, to: str, port: str) -> Answer:
    """An answer for some columns of some zones, with its rule, the addresses that get through and a packet."""
    found = [_answer(asked, zone, columns, from_, to, port) for zone, columns in parts.items() if columns]
    if not found:
        zone = next(iter(parts))
        found = [_answer(asked, zone, 0, from_, to, port)]
    return found[0] if len(found) == 1 else _joined(found, asked.board.family)


def _answer(asked: Asked, zone: str, columns: Bits, from_: str, to: str, port: str) -> Answer:
    board, reach = asked.board, asked.reach(zone)
    told = tell(board, reach, columns)
    others = [device_name(key) for key in stopping(board, reach, told)]
    through = board.axis.addresses(reach.zone, told.through)
    packet, onward = witness(asked, reach, told, columns) or (None, None)
    return Answer(
        from_=from_,
        to=to,
        port=port,
        verdict=told.verdict,
        sources=intervals.cidrs(through, board.family),
        rule=told.item.origin if told.item else None,
        device=device_name(told.device) if told.device else None,
        reason=told.reason or (f"on another way it is stopped by {', '.join(others)}" if others else ""),
        witness=packet,
        translated=onward,
        addresses=intervals.size(through),
        deciding=tuple((device_name(key), item.origin) for key, item in deciders(board, reach, columns)),
        stale=told.stale,
    )


def _joined(found: Sequence[Answer], family: Family) -> Answer:
    """One answer for the parts of a network that lie in several zones."""
    verdicts = {one.verdict for one in found}
    same = verdicts if len(verdicts) == 1 else verdicts & {"permitted", "partly"} or {"cannot-tell"}
    told = [one for one in found if one.verdict in same]
    shown = max(told, key=lambda one: one.addresses)
    through = intervals.networks(cidr for one in found for cidr in one.sources)
    open_ = next((one.reason for one in found if one.verdict == "cannot-tell"), "")
    return replace(
        shown,
        verdict=shown.verdict if len(verdicts) == 1 else "partly" if same != {"cannot-tell"} else "cannot-tell",
        sources=intervals.cidrs(intervals.of(through, family), family),
        addresses=intervals.size(intervals.of(through, family)),
        reason=f"the rest cannot be told: {open_}" if open_ and shown.verdict != "cannot-tell" else shown.reason,
        deciding=tuple(dict.fromkeys(each for one in found for each in one.deciding)),
        stale=any(one.stale for one in told),
    )


def witness(asked: Asked, reach: Reach, told: Told, columns: Bits) -> tuple[Witness, Onward | None] | None:
    """A packet as it is sent that fares as the verdict says, and where it goes on to; None where none can be named."""
    board, way = asked.board, told.way
    shown = way.columns if way else told.through or columns
    if not shown or not reach.cells or (way is None and told.verdict == "cannot-tell"):
        return None
    cell, crossings = (way.cell, way.trace.crossings) if way else (reach.cells[0][0], ())
    far, near = (
        intervals.text(first_address(board, reach.zone, shown), board.family),
        intervals.text(asked.question.end, board.family),
    )
    turned = [c for c in (reversed(crossings) if board.inward else crossings) if c.taken is not None]
    sent = crossings[-1].sent if crossings and board.inward else cell
    dst = near if board.inward else far
    onward = None
    if turned:
        first, last = turned[0], turned[-1].got
        node, taken = board.nodes[first.number], first.taken or 0
        behind = _shown(last.addresses, board.family) if board.inward else far
        origin = node.items[taken].origin
        onward = Onward(dst=behind, dport=last.kind.dport, device=device_name(node.key), by=origin)
        before = sent.addresses if board.inward else intervals.of(node.translation(taken).dst, board.family)
        if not before or (board.inward and sent.address is None):
            return None
        dst = intervals.text(before[0][0], board.family)
    kind = sent.kind
    src = far if board.inward else near
    return Witness(src=src, dst=dst, proto=kind.proto, sport=kind.sport, dport=kind.dport), onward


def _shown(addresses: Intervals | None, family: Family) -> str:
    """One of several addresses as its network; "" for one that is not known."""
    if not addresses:
        return ""
    if intervals.size(addresses) == 1:
        return intervals.text(addresses[0][0], family)
    return ", ".join(intervals.cidrs(addresses, family)[:4])


def packet_of(found: Witness) -> Packet:
    """The packet as reports show it."""
    return Packet(src=found.src, dst=found.dst, proto=found.proto, sport=found.sport, dport=found.dport)


def rule_text(device: str, origin: Origin) -> str:
    """The rule in few words: device and the rule's own number, else its line."""
    own = origin.vendor_id or (f"line {origin.line}" if origin.line else "default")
    return f"{device} {own}"


def _order(device: Device) -> tuple[str, str, int, str]:
    """By name, and by where the first of its chains stands: what else is given in any order."""
    first = next(iter(device.chains.values()), None)
    origin = None if first is None else first.default_origin
    return device.name, "" if origin is None else origin.file, 0 if origin is None else origin.line, device.kind
