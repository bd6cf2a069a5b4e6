"""First match over every address of every zone at once, with what is not decided kept apart.

For each packet the rules leave a set of possible outcomes: the actions of the rules that may match before the
first one that surely does, and that one's. Only *let through* possible: surely through (``lower``). *Let through*
possible at all: perhaps through (``upper``). Blocked is said only of what is outside ``upper``, permitted only of
what is inside ``lower``; this is the upper and lower closure of Iptables_Semantics (Diekmann et al., 2016).

A question fixes one address, its zone and a port; the addresses of all zones on the other side are the columns of
an ``Axis``. Destinations that the same rules can match share their answers. The ways are followed from the fixed
address outwards, for as long as anything is left that gets through.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from secscan.exposure.axis import Axis
from secscan.exposure.compiled import Item, compiled
from secscan.exposure.intervals import Family, Stab, everything
from secscan.exposure.routes import MAX_DEVICES, MAX_STEPS, Hop, Network
from secscan.exposure.services import Case, Services
from secscan.model.net import Intervals, RuleList, ZoneSet

if TYPE_CHECKING:
    from secscan.exposure.told import Told

NEAR_UNKNOWN, FAR_UNKNOWN = "", "\0"
"""Zones that nobody knows, of the fixed address and of those asked about: a rule that names zones may or may not match."""
_UNKNOWN = frozenset((NEAR_UNKNOWN, FAR_UNKNOWN))

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
    """A way, or the beginning of one where nothing gets any further: the devices from the fixed address outwards.

    ``columns`` come this way as far as the last hop; ``upper`` and ``lower`` of them get through the whole of it.
    """

    hops: tuple[tuple[Hop, Walk], ...]
    columns: Bits
    upper: Bits
    lower: Bits
    devices: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """The answer for every column. ``cells``: the traces of each kind of packet, the shortest first."""

    cells: tuple[tuple[Trace, ...], ...]
    upper: Bits
    lower: Bits
    same: Bits
    """In the zone of the fixed address itself."""
    uncovered: Bits
    """No device stands between."""


@dataclass(slots=True)
class _Search:
    """What has been found so far on the ways to one address, for one kind of packet."""

    key: Key
    traces: list[Trace] = field(default_factory=list)
    upper: Bits = 0
    lower: Bits = 0

    def add(self, hops: tuple[tuple[Hop, Walk], ...], columns: Bits, upper: Bits, lower: Bits) -> None:
        """One more way, or as much of it as anything comes along."""
        self.traces.append(Trace(hops, columns, upper, lower, frozenset(hop.device for hop, _ in hops)))
        self.upper |= upper
        self.lower |= lower

    def gains(self, upper: Bits, lower: Bits) -> Bits:
        """The columns for which following these could still change the answer."""
        return (upper & ~self.upper) | (lower & ~self.lower)


@dataclass(frozen=True, slots=True)
class _Step:
    """A zone on the way, and what would get from there to the fixed address."""

    zone: str
    used: frozenset[str]
    seen: frozenset[str]
    hops: tuple[tuple[Hop, Walk], ...]
    upper: Bits
    lower: Bits


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
        network: Network,
        extra: Iterable[Intervals] = (),
    ) -> None:
        self.family, self.inward, self._known_zones = family, inward, known
        self.items = {key: compiled(one, family, inward=inward) for key, one in zip(keys, lists, strict=True)}
        self._number = {key: number for number, key in enumerate(keys)}
        every = [item for items in self.items.values() for item in items]
        self.axis = Axis(zones, [*(item.moving for item in every), *extra], family)
        self.services = Services([[item.services for item in self.items[key]] for key in keys])
        self._lists = dict(zip(keys, lists, strict=True))
        self._network = network
        self._far = next((zone.id for zone in zones if zone.id in _UNKNOWN), None)
        self._stabs = [self._stab(self.items[key]) for key in keys]
        self._fixed: dict[int, Key] = {}
        self._masks: dict[Hop, dict[int, tuple[Bits, Bits]]] = {}
        self._walks: dict[tuple[Hop, Bits, Bits], Walk] = {}
        self._searches: dict[tuple[str, Key], _Search] = {}
        self._ages: dict[frozenset[str], tuple[bool, date | None]] = {}
        self._zone_columns: dict[frozenset[str], Bits] = {}
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

    def _reach(self, zone: str, wanted: tuple[Key, ...]) -> Reach:
        same, uncovered = self.axis.zone.get(zone, 0), self.axis.all
        uncovered &= ~same & ~self._columns_of(self._network.behind(zone))
        upper, lower = same | uncovered, same
        found = [self._search(zone, key) for key in wanted]
        for one in found:
            upper |= one.upper
            lower |= one.lower
        return Reach(tuple(tuple(one.traces) for one in found), upper, lower, same, uncovered)

    def _search(self, zone: str, key: Key) -> _Search:
        """Every way to a zone, the shortest first."""
        if (zone, key) not in self._searches:
            found = self._searches[zone, key] = _Search(key)
            everything = self.axis.all
            waiting = deque([_Step(zone, frozenset(), frozenset((zone,)), (), everything, everything)])
            steps = 0
            while waiting:
                step, steps = waiting.popleft(), steps + 1
                if steps > MAX_STEPS or len(step.hops) == MAX_DEVICES:
                    # Too far to follow: whatever would come this way may get through.
                    beyond = step.upper & self._columns_of(self._network.behind(step.zone, step.used, step.seen))
                    found.add(step.hops, beyond, beyond, 0)
                    continue
                self._arrivals(step, found)
                waiting.extend(self._onwards(step, found))
        return self._searches[zone, key]

    def _arrivals(self, step: _Step, found: _Search) -> None:
        """What starts beside the zone of this step, over each device beside it."""
        for device, zones in self._network.beside(step.zone, step.used):
            columns = step.upper & self._columns_of(zones - step.seen)
            if columns:
                hop = Hop(device, self._far, step.zone) if self.inward else Hop(device, step.zone, self._far)
                walk = self._walk(hop, *found.key[self._number[device]])
                lower = columns & step.lower & walk.lower
                found.add((*step.hops, (hop, walk)), columns, columns & walk.upper, lower)

    def _onwards(self, step: _Step, found: _Search) -> Iterator[_Step]:
        """The zones beside this one that other zones' traffic may come through."""
        for device, zones in self._network.beside(step.zone, step.used):
            used = step.used | {device}
            for through in sorted(zones - step.seen):
                seen = step.seen | {through}
                columns = self._columns_of(self._network.behind(through, used, seen))
                columns &= found.gains(step.upper, step.lower)
                if not columns:
                    continue
                hop = Hop(device, through, step.zone) if self.inward else Hop(device, step.zone, through)
                walk = self._walk(hop, *found.key[self._number[device]])
                hops, upper = (*step.hops, (hop, walk)), columns & walk.upper
                if stopped := columns & ~walk.upper:
                    found.add(hops, stopped, 0, 0)
                if upper:
                    yield _Step(through, used, seen, hops, upper, upper & step.lower & walk.lower)

    def _columns_of(self, zones: frozenset[str]) -> Bits:
        if zones not in self._zone_columns:
            found = 0
            for zone in zones:
                found |= self.axis.zone.get(zone, 0)
            self._zone_columns[zones] = found
        return self._zone_columns[zones]

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
        if at in _UNKNOWN:
            return 0, self.axis.all
        sure = 0
        for name in names:
            sure |= self.axis.zone.get(name, 0) if at is None else self.axis.all if at == name else 0
        return sure, sure if names <= self._known_zones else self.axis.all

    def age(self, devices: frozenset[str]) -> tuple[bool, date | None]:
        """Whether the export of one of these is too old, and the day of the newest; None where one has no day."""
        if devices not in self._ages:
            lists = [self._lists[key] for key in devices]
            days = [one.exported_on for one in lists if one.exported_on is not None]
            newest = max(days) if days and len(days) == len(lists) else None
            self._ages[devices] = any(one.stale for one in lists), newest
        return self._ages[devices]

    def doubt(self, hop: Hop, item: Item) -> str:
        """Why an item does not surely match, or may do either."""
        if item.why:
            return item.why
        for names, at in ((item.from_zones, hop.from_), (item.to_zones, hop.to)):
            if names is not None and (unknown := sorted(names - self._known_zones)):
                return f"zone '{unknown[0]}' is not defined in secscan.yaml"
            if names is not None and at in _UNKNOWN:
                return f"the rule is for zone {', '.join(sorted(names))}, and the zone of the packet is not known"
        return "it may or may not match"

    def _stab(self, items: Sequence[Item]) -> tuple[Stab, Stab]:
        sure = Stab([item.fixed if item.certain else () for item in items])
        if not any(item.fixed_open or not item.certain for item in items):
            return sure, sure
        return sure, Stab([everything(self.family) if item.fixed_open else item.fixed for item in items])
