"""Who gets through to an address, over every way: the devices one after the other, with what they translate.

A question fixes one address, its zone and a port; the addresses of each zone on the other side are the columns of an
``Axis``. The ways are followed from the fixed address outwards, for as long as anything is left that gets through.

``inward`` asks who gets in. A device may have changed the destination: then what gets in is what was sent elsewhere,
and the devices further out see that. A device further out may have changed the source: then the nearer ones see what
it became. Outwards it is the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from secscan.exposure import intervals
from secscan.exposure.axis import Axis, Bits
from secscan.exposure.evaluating import Crossing, Evaluator, Trace
from secscan.exposure.intervals import Family, Numbers
from secscan.exposure.items import program
from secscan.exposure.matching import Fixed, Flags, Kind, kinds
from secscan.exposure.node import Cell, Node
from secscan.exposure.routes import MAX_DEVICES, Hop, Network, Step, Way
from secscan.exposure.services import wanted
from secscan.exposure.sides import behind
from secscan.exposure.translating import goes_on, mapped, sent
from secscan.model.net import PORTS_ALL, AddressSet, Device, Interval, Intervals, Traffic, Translation, ZoneSet

if TYPE_CHECKING:
    from secscan.exposure.told import Told

ELSEWHERE: Final = "\1"
"""A zone beside the others: what translations turn sources into, or take destinations from."""
MAX_CLASSES: Final = 64
"""Kinds of destination of one translation that are told apart; of more, what holds for all of them."""
MAX_MANNERS: Final = 1_000
"""Manners in which translations may bring a packet over one way; of more, nothing is told but that some may."""
_KEPT: Final = 200_000
"""Answers that are remembered."""
_KINDS: Final = 20_000
"""Kinds of packet that are remembered, by what the address matches."""


@dataclass(frozen=True, slots=True)
class Guard:
    """A device that the address is behind, or on, whatever way a packet comes: a host's own firewall, or itself."""

    number: int
    arrives: frozenset[str] | None
    host: bool


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """Who gets to an address of a zone, or where it gets to, with one of some kinds of packet."""

    end: int
    zone: str
    guards: tuple[Guard, ...]
    cells: tuple[Cell, ...]
    key: Any
    """Equal for questions that have the same answers."""
    particular: tuple[tuple[int, Kind], ...]
    """The kinds of packet whose answer hangs on the very address and port, and not on what they match alone."""


class Reach(NamedTuple):
    """The answer for every column of one zone. ``cells``: the ways of each kind of packet, the shortest first."""

    zone: int
    cells: tuple[tuple[Cell, Sequence[Trace]], ...]
    upper: Bits
    lower: Bits
    covered: bool
    """Some device stands between, or it is the zone of the address itself."""


class Near(NamedTuple):
    """Where an address stands: the zones that a packet reaches it from without another device, and what guards it."""

    zones: frozenset[str]
    guards: frozenset[str]
    covered: frozenset[str]
    """The zones that reach it, or would, over devices."""


@dataclass(slots=True)
class _Search:
    """What has been found so far on the ways to one zone, for one kind of packet."""

    upper: Bits = 0
    lower: Bits = 0
    traces: list[Trace] = field(default_factory=list)

    def gains(self, upper: Bits, lower: Bits) -> bool:
        """Whether a way that lets so much through could still change the answer."""
        return bool((upper & ~self.upper) | (lower & ~self.lower))

    def add(self, trace: Trace) -> None:
        self.traces.append(trace)
        self.upper |= trace.upper
        self.lower |= trace.lower


class Board:
    """All devices for one family and direction. ``inward``: who gets in; else: where the address gets out to."""

    def __init__(
        self, devices: Sequence[Device], zones: Sequence[ZoneSet], family: Family, *, inward: bool,
        known: frozenset[str], extra: Iterable[Intervals] = (),
    ) -> None:  # fmt: skip
        """``known``: the zones that secscan.yaml defines. ``extra``: addresses that will be asked about as a set."""
        self.family, self.inward = family, inward
        programs = [program(device, family, inward=inward) for device in devices]
        items = [item for one in programs for item in one.items]
        turned = [item.translation for item in items if item.translation is not None]
        zones = [*zones, _elsewhere(turned, family, inward=inward)]
        sets = [item.moving for item in items]
        sets += [intervals.of(some, family) for one in turned for some in (one.dst, one.to)]
        sets += [pairs for device in devices for pairs in behind(device, family).values()]
        self.axis = Axis(zones, [*sets, *extra], family)
        self.zones: Sequence[str] = [zone.id for zone in zones[:-1]]
        self.nodes = [
            Node(key, device, one, self.axis, zones, family, inward=inward, known=known)
            for key, device, one in zip(_keys(devices), devices, programs, strict=True)
        ]
        self._elsewhere = len(zones) - 1
        ids = [zone.id for zone in zones]
        self._evaluator = Evaluator(self.nodes, self.axis, family, self._elsewhere, ids, inward=inward)
        self._matchers = [node.matcher for node in self.nodes]
        several = len(self.nodes) > 1
        self._translates = any(node.program.dst or (node.program.src and several and not inward) for node in self.nodes)
        self._number = {node.key: i for i, node in enumerate(self.nodes)}
        self._network = Network({node.key: node.device.zones for node in self.nodes})
        self._traffic: Traffic = "to-device" if inward else "from-device"
        self._turns = any(one.program.src and several if inward else one.program.dst for one in self.nodes)
        """The addresses on the moving side may change on the way."""
        self._told: dict[Any, dict[Any, Told]] = {}
        self._usual: dict[Any, Sequence[Told]] = {}
        self.single = not self._turns
        """A question about one kind of packet is answered for all zones at once."""
        self._near: dict[tuple[str, tuple[Guard, ...]], Near] = {}
        self._hops: dict[Any, Hop] = {}
        self._ports: dict[tuple[str, int], list[Flags] | None] = {}
        self._cut: dict[tuple[int, str, int], set[int]] = {}
        self._classes: dict[Intervals, list[int] | None] = {}
        self._alike: dict[Any, Sequence[tuple[Kind, tuple[Numbers, ...]]]] = {}
        self._kept_kinds = 0
        self._onlies: dict[tuple[str, str], Hop | None] = {}
        self._ages: dict[frozenset[int], tuple[bool, date | None]] = {}

    # -- questions

    def node(self, key: str) -> Node:
        """The device of a key."""
        return self.nodes[self._number[key]]

    def question(self, end: int, zone: str, port: str, guards: tuple[Guard, ...] = ()) -> Question:
        """The question made ready. Raises UsageError for what is not a port."""
        found: dict[tuple[Any, Kind | None], Cell] = {}
        for proto, number in wanted(port):
            one = None if number is None else self._cell(end, proto, number)
            ports = PORTS_ALL if number is None else ((number, number),)
            for cell in self.cells(((end, end),), proto, ports) if one is None else (one,):
                apart = cell.kind if self._translates and self._particular(cell) else None
                found.setdefault((cell.key, apart), cell)
        particular = tuple((end, kind) for _, kind in found if kind is not None)
        return Question(end, zone, guards, tuple(found.values()), (zone, guards, tuple(found), particular), particular)

    def _cell(self, end: int, proto: str, port: int) -> Cell | None:
        """The one kind of packet to a port, where no item looks at the source port."""
        if (proto, port) not in self._ports:
            on = [one.on(proto).at(port) for one in self._matchers]
            self._ports[proto, port] = None if any(some for _, some in on) else [flags for flags, _ in on]
        flags = self._ports[proto, port]
        if flags is None:
            return None
        codes = []
        for matcher, mine in zip(self._matchers, flags, strict=True):
            known, items = matcher.at(end)
            codes.append(known[mine[items]])
        return Cell(Kind(proto, port, PORTS_ALL[0]), ((end, end),), tuple(codes))

    def cells(
        self, addresses: Intervals | None, proto: str, ports: Intervals, sports: Interval = PORTS_ALL[0]
    ) -> Iterator[Cell]:
        """The kinds of packet whose fixed side is one of these addresses (None: one that is not known)."""
        several = intervals.size(ports) > 1
        for address, fixed in self._fixed(addresses):
            cuts = self._cuts(address, fixed, proto) if several and address is not None else ()
            for kind, mine in self._kinds(fixed, proto, ports, sports, frozenset(cuts)):
                yield Cell(kind, addresses if address is None else ((address, address),), mine)

    def _kinds(
        self, fixed: Sequence[Fixed], proto: str, ports: Intervals, sports: Interval, cuts: frozenset[int]
    ) -> Sequence[tuple[Kind, tuple[Numbers, ...]]]:
        """The kinds of packet to addresses that match alike, worked out once."""
        key = (tuple(codes.tobytes() for codes, _ in fixed), proto, ports, sports, cuts)
        if key not in self._alike:
            found = tuple(kinds(self._matchers, fixed, proto, ports, sports, cuts))
            self._kept_kinds += len(found)
            if self._kept_kinds > _KINDS:
                self._alike.clear()
                self._kept_kinds = len(found)
            self._alike[key] = found
        return self._alike[key]

    def _fixed(self, addresses: Intervals | None) -> Iterator[tuple[int | None, list[Fixed]]]:
        """Those addresses that some item tells apart, with the items that each matches."""
        if addresses is None:
            everywhere = intervals.everything(self.family)
            yield None, [one.among(everywhere) for one in self._matchers]
            return
        if addresses not in self._classes:
            self._classes[addresses] = self._points(addresses)
        points = self._classes[addresses]
        if points is None:
            yield None, [one.among(addresses) for one in self._matchers]
            return
        for point in points:
            yield point, [one.at(point) for one in self._matchers]

    def _points(self, addresses: Intervals) -> list[int] | None:
        """The lowest address of every stretch that no item divides; None where they are too many."""
        points = {lo for lo, _ in addresses}
        if intervals.size(addresses) > 1:
            points |= {edge for one in self._matchers for edge in one.edges if intervals.contains(addresses, edge)}
        return sorted(points) if len(points) <= MAX_CLASSES else None

    def _cuts(self, address: int, fixed: Sequence[Fixed], proto: str, deep: int = 0) -> set[int]:
        """The ports at which packets differ by what a translation makes of them, or has made of them."""
        if deep == MAX_DEVICES:
            return set()
        if (address, proto, deep) not in self._cut:
            ports = (self._cuts_before if self.inward else self._cuts_behind)(address, fixed, proto, deep)
            self._cut[address, proto, deep] = ports
        return self._cut[address, proto, deep]

    def _cuts_before(self, address: int, fixed: Sequence[Fixed], proto: str, deep: int) -> set[int]:
        found: set[int] = set()
        for one in (node.translation(i) for node in self.nodes for i in node.leads(address)):
            for before, there in self._fixed(intervals.of(one.dst, self.family) or None):
                edges = self._edges(there, proto)
                if before is not None and before != address:
                    edges |= self._cuts(before, there, proto, deep + 1)
                found |= mapped(one, proto, edges, back=False)
        return found

    def _cuts_behind(self, address: int, fixed: Sequence[Fixed], proto: str, deep: int) -> set[int]:
        edges = self._edges(fixed, proto)
        for number, node in enumerate(self.nodes):
            for i in _within(node.program.src, fixed[number][0]):
                for after, there in self._fixed(_known(node.translation(i).to, self.family)):
                    edges |= self._edges(there, proto)
                    if after is not None and after != address:
                        edges |= self._cuts(after, there, proto, deep + 1)
        turned = [n.translation(i) for k, n in enumerate(self.nodes) for i in _within(n.program.dst, fixed[k][0])]
        return edges.union(*(mapped(one, proto, edges, back=True) for one in turned))

    def _edges(self, fixed: Sequence[Fixed], proto: str) -> set[int]:
        matching = zip(self._matchers, fixed, strict=True)
        return {int(edge) for one, (_, items) in matching for edge in one.on(proto).edges(items)}

    def _particular(self, cell: Cell) -> bool:
        """Whether the answer hangs on the very address and port, and not on what they match alone."""
        if not self.inward:
            spans = [(n.program.dst, n.program.src)[: 1 + (len(self.nodes) > 1)] for n in self.nodes]
            return any(_within(span, cell.codes[i]) for i, mine in enumerate(spans) for span in mine)
        return any(next(self._variants(number, cell, own=True), None) for number in range(len(self.nodes)))

    # -- answers

    def told(self, question: Question, zone: str) -> Told:
        """The verdict for a zone; asked twice, it is worked out once."""
        number = self.axis.number[zone]
        return self._tell(question, number, self._of(question, number))

    def usual(self, question: Question) -> tuple[Sequence[Told], Mapping[int, Told]]:
        """The verdicts for all zones, and for those that differ: what no rule tells apart is worked out once."""
        (cell,) = question.cells
        rows = [cell.rows(i, node) for i, node in enumerate(self.nodes)]
        base = tuple(one.base for one in rows)
        key = (question.zone, question.guards, base, question.particular)
        if key not in self._usual:
            plain = replace(question, cells=(cell.only(base),))
            self._usual[key] = [self._tell(plain, number, (base,)) for number in range(len(self.zones))]
        own = rows[0].own if len(rows) == 1 else dict.fromkeys(zone for one in rows for zone in one.own)
        found = {n: self._tell(question, n, (tuple([one.of(n) for one in rows]),)) for n in own if n != self._elsewhere}
        return self._usual[key], found

    def full(self, zone: str) -> Bits:
        """All columns of a zone."""
        return self.axis.full[self.axis.number[zone]]

    def reach(self, question: Question, zone: str) -> Reach:
        """Every way between a zone and the address."""
        number = self.axis.number[zone]
        full = self.axis.full[number]
        found: list[tuple[Cell, Sequence[Trace]]] = []
        upper = lower = 0
        known, apart = set(), {kind for _, kind in question.particular}
        for cell in question.cells:
            key = self._of_cell(cell, number), cell.kind if cell.kind in apart else None
            if key in known:
                continue
            known.add(key)
            one = self._search(question, cell, number)
            found.append((cell, one.traces))
            upper, lower = upper | one.upper, lower | one.lower
            if lower == full:
                break
        return Reach(number, tuple(found), upper, lower, zone in self.near(question).covered)

    def _tell(self, question: Question, number: int, codes: Any) -> Told:
        from secscan.exposure.told import tell

        mine = self._told.setdefault((question.zone, question.guards, question.particular), {})
        found = mine.get((number, codes))
        if found is None:
            if len(mine) >= _KEPT:
                mine.clear()
            reach = self.reach(question, self.zones[number])
            found = mine[number, codes] = tell(self, reach, self.axis.full[number], way=False)
        return found

    def _of(self, question: Question, number: int) -> tuple[Any, ...]:
        """What a zone's answer hangs on: what of each device's items matches one of its addresses."""
        if len(question.cells) == 1:
            return (self._of_cell(question.cells[0], number),)
        return tuple(dict.fromkeys(self._of_cell(cell, number) for cell in question.cells))

    def _of_cell(self, cell: Cell, number: int) -> tuple[Any, ...]:
        rows = [cell.rows(i, node) for i, node in enumerate(self.nodes)]
        found = [one.own.get(number, one.base) for one in rows]
        if self._turns:
            found += [one.of(self._elsewhere) for one in rows]
        return tuple(found)

    def age(self, devices: frozenset[int]) -> tuple[bool, date | None]:
        """Whether the export of one of these is too old, and the day of the newest; None where one has no day."""
        if devices not in self._ages:
            exports = [self.nodes[number].device for number in devices]
            days = [one.exported_on for one in exports if one.exported_on is not None]
            newest = max(days) if days and len(days) == len(exports) else None
            self._ages[devices] = any(one.stale for one in exports), newest
        return self._ages[devices]

    # -- ways

    def trace(self, crossings: tuple[Crossing, ...], number: int) -> Trace:
        """What becomes of a zone's addresses on a way."""
        return self._evaluator.trace(crossings, number)

    def _search(self, question: Question, cell: Cell, number: int) -> _Search:
        """Every way between the address and a zone, the shortest first."""
        found, zone, full = _Search(), self.zones[number], self.axis.full[number]
        near = self.near(question)
        if not question.guards and not question.particular and (hop := self._only(question.zone, zone)) is not None:
            found.add(self.trace((Crossing(self._number[hop.device], hop, cell, cell),), number))
            return found
        if zone in near.zones:
            for crossings in self._crossed(question, cell, Way(()), zone, number):
                found.add(self.trace(crossings, number))
        for start in sorted(near.zones):
            bounds: dict[tuple[Step, ...], tuple[Bits, Bits]] = {}
            alone: dict[Step, tuple[Bits, Bits]] = {}
            dead: set[Step] = set()
            through = self._network.through(start, zone, near.guards, near.zones)
            for way in self._network.ways(start, zone, near.guards, near.zones):
                if found.lower == full and len(way.steps) > 1:
                    break
                if way.steps and way.steps[0] in dead and len(way.steps) > 1:
                    continue
                if not self._promising(question, cell, way, number, found, bounds, alone):
                    # What is found only grows: a first step that adds nothing to it never will.
                    if found.traces and not found.gains(*bounds[way.steps[:1]]):
                        dead.add(way.steps[0])
                        if through <= dead:
                            break
                    continue
                for count, crossings in enumerate(self._crossed(question, cell, way, start, number)):
                    if count == MAX_MANNERS:
                        found.upper = full
                        break
                    trace = self.trace(crossings, number)
                    if way.whole:
                        found.add(trace)
                    elif trace.upper:
                        found.upper |= trace.upper
        if zone not in near.covered:
            guarded = self._crossed(question, cell, Way(()), question.zone, number)
            for crossings in guarded:
                found.upper |= self.trace(crossings, number).upper
        return found

    def _only(self, start: str, end: str) -> Hop | None:
        """The one device between two zones, where there is one way and nothing else on it."""
        if (start, end) not in self._onlies:
            ways = list(islice(self._network.ways(start, end), 2))
            one = ways[0].steps[0] if len(ways) == 1 and ways[0].whole and len(ways[0].steps) == 1 else None
            self._onlies[start, end] = None if one is None else self._hop(one.device, one.near, one.far)
        return self._onlies[start, end]

    def _promising(
        self, question: Question, cell: Cell, way: Way, number: int, found: _Search,
        bounds: dict[tuple[Step, ...], tuple[Bits, Bits]], alone: dict[Step, tuple[Bits, Bits]],
    ) -> bool:  # fmt: skip
        """Whether the beginnings of a way let through anything that could still change the answer.

        Only where every device sees the packet as the first one does. ``bounds``: what gets through each beginning;
        ``alone``: through each step, whatever comes before it.
        """
        if self._turns or question.particular:
            return True
        for k in range(1, len(way.steps)):
            if (key := way.steps[:k]) not in bounds:
                step = key[-1]
                if step not in alone:
                    alone[step] = self._alone(step, cell, number)
                if k == 1 and () not in bounds:
                    trace = self.trace(next(self._crossed(question, cell, Way(()), step.near, number)), number)
                    bounds[()] = trace.upper, trace.lower
                (upper, lower), (more, surely) = bounds[key[:-1]], alone[step]
                bounds[key] = upper & more, lower & surely
            if not found.gains(*bounds[key]):
                return bounds[key][0] == 0 and not found.traces
        return True

    def _alone(self, step: Step, cell: Cell, number: int) -> tuple[Bits, Bits]:
        """What gets through one device, where no translation has a say."""
        hop = self._hop(step.device, step.near, step.far)
        passed = self._evaluator.passed(Crossing(self._number[step.device], hop, cell, cell), number)
        return passed.upper, passed.lower

    def near(self, question: Question) -> Near:
        """What stands about the address of a question."""
        key = question.zone, question.guards
        if key not in self._near:
            guards = [self.nodes[guard.number] for guard in question.guards]
            own = [node.device.zones for node, guard in zip(guards, question.guards, strict=True) if not guard.host]
            zones, used = frozenset((question.zone,)).union(*own), frozenset(node.key for node in guards)
            covered = zones.union(*(self._network.behind(zone, used, zones) for zone in zones))
            self._near[key] = Near(zones, used, covered)
        return self._near[key]

    def _crossed(
        self, question: Question, cell: Cell, way: Way, start: str, number: int
    ) -> Iterator[tuple[Crossing, ...]]:
        """A way crossed device by device, from the address outwards, in each manner that translations allow."""
        hops: list[tuple[int, Hop, bool]] = []
        for guard in question.guards:
            from_ = self.zones[number] if guard.host else start
            hops.append((guard.number, self._hop(self.nodes[guard.number].key, question.zone, from_, guard), True))
        hops += [(self._number[step.device], self._hop(step.device, step.near, step.far), False) for step in way.steps]
        return self._follow(hops, 0, (), cell)

    def _follow(
        self, hops: Sequence[tuple[int, Hop, bool]], k: int, crossings: tuple[Crossing, ...], cell: Cell
    ) -> Iterator[tuple[Crossing, ...]]:
        if k == len(hops):
            yield crossings
            return
        number, hop, guard = hops[k]
        for crossing, beyond in self._crossings(number, hop, cell, guard=guard, last=k == len(hops) - 1):
            yield from self._follow(hops, k + 1, (*crossings, crossing), beyond)

    def _hop(self, key: str, near: str, far: str, guard: Guard | None = None) -> Hop:
        known = (key, near, far, guard)
        if known not in self._hops:
            sides = (far, near) if self.inward else (near, far)
            more = () if guard is None else (self._traffic, guard.arrives)
            self._hops[known] = Hop(key, *sides, *more)
        return self._hops[known]

    def _crossings(
        self, number: int, hop: Hop, cell: Cell, *, guard: bool = False, last: bool = False
    ) -> Iterator[tuple[Crossing, Cell]]:
        """A device crossed in each way that its translations allow, and the packet further out."""
        if self.inward:
            yield Crossing(number, hop, cell, cell), cell
            for taken, before, sure in self._variants(number, cell, own=guard):
                yield Crossing(number, hop, before, cell, taken, sure), before
            return
        node = self.nodes[number]
        ways = [(None, cell, True), *(() if guard else self._taken(number, cell))]
        for taken, got, sure in ways:
            yield Crossing(number, hop, cell, got, taken, sure), got
            for i in () if guard or last else _within(node.program.src, cell.codes[number]):
                one = node.translation(i)
                to = _known(one.to, self.family)
                for after in self._again(to, got):
                    yield Crossing(number, hop, cell, got, taken, sure, i), after

    def _variants(self, number: int, cell: Cell, *, own: bool) -> Iterator[tuple[int, Cell, bool]]:
        """Inwards: the translations that may bring a packet to this one, what was sent then, and whether it surely is."""
        node, kind = self.nodes[number], cell.kind
        if cell.address is None:
            return
        for i in node.leads(cell.address):
            one = node.translation(i)
            for end in sent(one, self.family, cell.address, kind.proto, kind.dport, own=own):
                for found in self.cells(end.addresses, kind.proto, end.ports, kind.sports):
                    before = found.surely(number, i) if end.addresses is None and end.sure else found
                    if i in before.codes[number] >> 1:
                        yield i, before, end.sure

    def _taken(self, number: int, cell: Cell) -> Iterator[tuple[int | None, Cell, bool]]:
        """Outwards: the translations that the destination may meet, and the packet behind them."""
        node, kind = self.nodes[number], cell.kind
        for i in _within(node.program.dst, cell.codes[number]):
            one = node.translation(i)
            if one.none or one.to_own:
                continue
            ports, sure = goes_on(one, kind.proto, kind.dport)
            if ports == ((kind.dport, kind.dport),):
                yield i, cell, sure
                continue
            for got in self.cells(cell.addresses, kind.proto, ports, kind.sports):
                yield i, got, sure

    def _again(self, addresses: Intervals | None, cell: Cell) -> Iterator[Cell]:
        """The same packet with another fixed address."""
        port = cell.kind.dport
        return self.cells(addresses, cell.kind.proto, ((port, port),), cell.kind.sports)


def _known(addresses: AddressSet, family: Family) -> Intervals | None:
    """One family of an address set; None where some of it is not known."""
    return None if addresses.unknown is not None else intervals.of(addresses, family)


def _within(span: range, codes: Numbers) -> list[int]:
    """The items of a span that these codes name."""
    return [code >> 1 for code in codes.tolist() if code >> 1 in span]


def _keys(devices: Sequence[Device]) -> list[str]:
    seen: dict[str, int] = {}
    keys = []
    for one in devices:
        count = seen[one.name] = seen.get(one.name, 0) + 1
        keys.append(one.name if count == 1 else f"{one.name}\0{count}")
    return keys


def _elsewhere(translations: Iterable[Translation], family: Family, *, inward: bool) -> ZoneSet:
    """The zone of what translations turn sources into, or take destinations from."""
    kind = "src" if inward else "dst"
    sets = [one.to if inward else one.dst for one in translations if one.kind == kind]
    everything = intervals.everything(family)
    pairs = (
        everything if any(one.unknown for one in sets) else intervals.union(*(intervals.of(s, family) for s in sets))
    )
    addresses = AddressSet(v4=pairs) if family == 4 else AddressSet(v6=pairs)
    return ZoneSet(id=ELSEWHERE, name=ELSEWHERE, addresses=addresses, trusted=False, internet=False)
