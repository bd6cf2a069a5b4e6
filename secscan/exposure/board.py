"""First match over every address of every zone at once, with what is not decided kept apart.

For each packet the rules leave a set of possible outcomes: the actions of the rules that may match before the
first one that surely does, and that one's. Only *let through* possible: surely through (``lower``). *Let through*
possible at all: perhaps through (``upper``). Blocked is said only of what is outside ``upper``, permitted only of
what is inside ``lower``; this is the upper and lower closure of Iptables_Semantics (Diekmann et al., 2016).

A question fixes one address, its zone and a port; the addresses of all zones on the other side are the columns of
an ``Axis``. Destinations that the same rules can match share their answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from secscan.exposure.axis import Axis
from secscan.exposure.compiled import Item, compiled
from secscan.exposure.intervals import Family, Stab, everything
from secscan.exposure.routes import Hop, Way, Ways
from secscan.exposure.services import Case, Services
from secscan.model.net import Intervals, RuleList, ZoneSet

if TYPE_CHECKING:
    from secscan.exposure.told import Told

ANYWHERE = ""
"""A zone that nobody knows, in a Hop: a rule that names zones may or may not match."""

Bits = int
"""Columns of the axis, or rules of a device, as the ones of an integer."""
Key = tuple[tuple[Bits, Bits], ...]
"""For each device the rules that surely and that possibly match the fixed side of a packet."""


@dataclass(frozen=True, slots=True)
class Walk:
    """One list walked once: what may and what surely gets through, and which rule took what.

    ``pieces``: (rule, columns it surely decides, columns it may decide), first to last.
    """

    upper: Bits
    lower: Bits
    pieces: tuple[tuple[int, Bits, Bits], ...]


@dataclass(frozen=True, slots=True)
class Trace:
    """One way for one kind of packet: the intersection over its devices, for the columns that go this way."""

    hops: tuple[tuple[Hop, Walk], ...]
    columns: Bits
    upper: Bits
    lower: Bits


@dataclass(frozen=True, slots=True)
class Plan:
    """How the zones reach one zone: ``groups`` of columns that share their ways, and what has no answer."""

    groups: tuple[tuple[Bits, tuple[Way, ...]], ...]
    same: Bits
    uncovered: Bits
    """No device stands between."""
    cut: Bits
    """There were too many ways to follow them all."""


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """The answer for every column. ``cells``: the traces of each kind of packet."""

    cells: tuple[tuple[Trace, ...], ...]
    upper: Bits
    lower: Bits
    plan: Plan


class Board:
    """All rule lists for one family and direction. ``inward``: who gets in; else: where the address gets out to."""

    def __init__(
        self,
        lists: Sequence[RuleList],
        keys: Sequence[str],
        zones: Sequence[ZoneSet],
        family: Family,
        *,
        inward: bool,
        known: frozenset[str],
        between: Callable[[str, str], Ways],
        extra: Iterable[Intervals] = (),
    ) -> None:
        self.family, self.inward, self._known_zones = family, inward, known
        self.items = {key: compiled(one, family, inward=inward) for key, one in zip(keys, lists, strict=True)}
        self._number = {key: number for number, key in enumerate(keys)}
        every = [item for items in self.items.values() for item in items]
        self.axis = Axis(zones, [*(item.moving for item in every), *extra], family)
        self.services = Services([[item.services for item in self.items[key]] for key in keys])
        self._between = between
        self._zone_ids = [zone.id for zone in zones]
        self._far = ANYWHERE if ANYWHERE in self._zone_ids else None
        self._stabs = [self._stab(self.items[key]) for key in keys]
        self._fixed: dict[int, Key] = {}
        self._plans: dict[str, Plan] = {}
        self._masks: dict[Hop, dict[int, tuple[Bits, Bits]]] = {}
        self._walks: dict[tuple[Hop, Bits, Bits], Walk] = {}
        self._cells: dict[tuple[str, Key], tuple[Trace, ...]] = {}
        self.told: dict[Reach, Mapping[str, Told]] = {}
        """What was made of a reach, kept for whoever asks again."""
        self._reaches: dict[tuple[str, tuple[Key, ...]], Reach] = {}

    def prepare(self, ends: Iterable[int]) -> None:
        """The rules that can match each of these addresses are known, in one sweep over all of them."""
        new = sorted({end for end in ends if end not in self._fixed})
        found = [(sure.at(new), may.at(new)) for sure, may in self._stabs]
        for end in new:
            self._fixed[end] = tuple((sure[end], may[end]) for sure, may in found)

    def reach(self, end: int, zone: str, port: str) -> tuple[Reach, tuple[Case, ...]]:
        """Who gets through to ``end`` in ``zone`` on ``port``, and the kind of packet that each cell is about."""
        if end not in self._fixed:
            self.prepare((end,))
        fixed, cases = self._fixed[end], self.services.cases(port)
        wanted: dict[Key, Case] = {}
        for case in cases:
            key = tuple((s & bits, m & bits) for (s, m), bits in zip(fixed, case.matching, strict=True))
            wanted.setdefault(key, case)
        known = (zone, tuple(wanted))
        if known not in self._reaches:
            self._reaches[known] = self._reach(zone, known[1])
        return self._reaches[known], tuple(wanted.values())

    def plan(self, zone: str) -> Plan:
        """How every zone reaches ``zone``."""
        if zone not in self._plans:
            self._plans[zone] = self._plan(zone)
        return self._plans[zone]

    def _reach(self, zone: str, wanted: tuple[Key, ...]) -> Reach:
        plan = self.plan(zone)
        cells = tuple(self._cell(zone, key, plan) for key in wanted)
        upper, lower = plan.same | plan.uncovered | plan.cut, plan.same
        for traces in cells:
            for trace in traces:
                upper |= trace.upper
                lower |= trace.lower
        return Reach(cells, upper, lower, plan)

    def _cell(self, zone: str, key: Key, plan: Plan) -> tuple[Trace, ...]:
        if (zone, key) not in self._cells:
            self._cells[zone, key] = tuple(
                self._trace(way, columns, key) for columns, ways in plan.groups for way in ways
            )
        return self._cells[zone, key]

    def _trace(self, way: Way, columns: Bits, key: Key) -> Trace:
        hops = tuple((hop, self._walk(hop, *key[self._number[hop.device]])) for hop in way)
        upper = lower = columns
        for _, walk in hops:
            upper &= walk.upper
            lower &= walk.lower
        return Trace(hops, columns, upper, lower)

    def _walk(self, hop: Hop, sure: Bits, may: Bits) -> Walk:
        known = (hop, sure, may)
        if known not in self._walks:
            self._walks[known] = self._first_match(hop, sure, may)
        return self._walks[known]

    def _first_match(self, hop: Hop, sure: Bits, may: Bits) -> Walk:
        items, masks = self.items[hop.device], self._masks.setdefault(hop, {})
        left, can_pass, can_stop = self.axis.all, 0, 0
        pieces = []
        while may and left:
            low = may & -may
            may ^= low
            i = low.bit_length() - 1
            if i not in masks:
                masks[i] = self._columns(hop, items[i])
            firm, loose = masks[i]
            hit = left & loose
            if not hit:
                continue
            taken = left & firm if sure & low else 0
            permit = items[i].permit
            if permit is not False:
                can_pass |= hit
            if permit is not True:
                can_stop |= hit
            left ^= taken
            pieces.append((i, taken, hit))
        return Walk(can_pass, self.axis.all & ~can_stop, tuple(pieces))

    def _columns(self, hop: Hop, item: Item) -> tuple[Bits, Bits]:
        """The columns that an item surely matches at this hop, and those it may match."""
        address = self.axis.mask(item.moving)
        from_sure, from_may = self._zones(item.from_zones, hop.from_)
        to_sure, to_may = self._zones(item.to_zones, hop.to)
        may = (self.axis.all if item.moving_open else address) & from_may & to_may
        return (address & from_sure & to_sure) if item.certain else 0, may

    def _zones(self, names: frozenset[str] | None, at: str | None) -> tuple[Bits, Bits]:
        if names is None:
            return self.axis.all, self.axis.all
        if at == ANYWHERE:
            return 0, self.axis.all
        sure = 0
        for name in names:
            sure |= self.axis.zone.get(name, 0) if at is None else self.axis.all if at == name else 0
        return sure, sure if names <= self._known_zones else self.axis.all

    def doubt(self, hop: Hop, item: Item) -> str:
        """Why an item does not surely match, or may do either."""
        if item.why:
            return item.why
        for names, at in ((item.from_zones, hop.from_), (item.to_zones, hop.to)):
            if names is not None and (unknown := sorted(names - self._known_zones)):
                return f"zone '{unknown[0]}' is not defined in secscan.yaml"
            if names is not None and at == ANYWHERE:
                return f"the rule is for zone {', '.join(sorted(names))}, and the zone of the packet is not known"
        return "it may or may not match"

    def _plan(self, zone: str) -> Plan:
        groups: dict[tuple[Way, ...], Bits] = {}
        same = uncovered = cut = 0
        for other in self._zone_ids:
            columns = self.axis.zone[other]
            if other == zone:
                same |= columns
                continue
            found = self._between(other, zone) if self.inward else self._between(zone, other)
            if not found.ways and found.whole:
                uncovered |= columns
            if not found.whole:
                cut |= columns
            # The far zone's name is left to the columns, so that all zones behind one device share one walk.
            ways = tuple(self._open(way) for way in found.ways)
            if ways:
                groups[ways] = groups.get(ways, 0) | columns
        return Plan(tuple((columns, ways) for ways, columns in groups.items()), same, uncovered, cut)

    def _open(self, way: Way) -> Way:
        if self.inward:
            return (Hop(way[0].device, self._far, way[0].to), *way[1:])
        return (*way[:-1], Hop(way[-1].device, way[-1].from_, self._far))

    def _stab(self, items: Sequence[Item]) -> tuple[Stab, Stab]:
        sure = Stab([item.fixed if item.certain else () for item in items])
        if not any(item.fixed_open or not item.certain for item in items):
            return sure, sure
        return sure, Stab([everything(self.family) if item.fixed_open else item.fixed for item in items])
