"""One way through several devices, for all addresses of a zone at once.

Inwards the addresses are sources. What a device further out turns them into is what the nearer ones see: where that
is one address, that address fares for all of them; where it is not certain, every possibility counts. Outwards they
are destinations, and each is reached by what is sent to it, or by what some device sends on to it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from secscan.exposure import intervals
from secscan.exposure.axis import Axis, Bits
from secscan.exposure.intervals import Family
from secscan.exposure.node import UNKNOWN, Cell, Node, Passed, Share
from secscan.exposure.routes import Hop


class Crossing(NamedTuple):
    """One device on a way. ``sent`` is the packet before its destination is translated, ``got`` the one behind that."""

    number: int
    hop: Hop
    sent: Cell
    got: Cell
    taken: int | None = None
    """The translation that its destination meets."""
    sure: bool = True
    """Where it is met, it surely leads from the one to the other."""
    changed: int | None = None
    """Outwards: the translation that its source meets."""


class Visit(NamedTuple):
    """A crossing as the addresses of one zone fare there."""

    crossing: Crossing
    zone: int
    passed: Passed


class Trace(NamedTuple):
    """One whole way, from the fixed address outwards, and what gets through it."""

    crossings: tuple[Crossing, ...]
    """As far out as anything gets through."""
    visits: Sequence[Visit]
    """The zone's own addresses first, from the fixed address outwards; then what translations make of them."""
    upper: Bits
    lower: Bits
    changed: Sequence[tuple[int, int, Bits]] = ()
    """(device, translation, columns) of sources that may become another."""

    @property
    def devices(self) -> frozenset[int]:
        return frozenset(crossing.number for crossing in self.crossings)


class Evaluator:
    """The devices, and the zones whose addresses are followed. ``elsewhere``: what translations lead to or from."""

    def __init__(
        self, nodes: Sequence[Node], axis: Axis, family: Family, elsewhere: int, ids: Sequence[str], *, inward: bool
    ) -> None:
        self.nodes, self.axis, self.family, self.elsewhere, self.ids, self.inward = (
            nodes,
            axis,
            family,
            elsewhere,
            ids,
            inward,
        )
        self._turns = any((node.program.src and len(nodes) > 1) or (not inward and node.program.dst) for node in nodes)

    def trace(self, crossings: tuple[Crossing, ...], zone: int) -> Trace:
        """What becomes of a zone's addresses on a way; ``crossings`` from the fixed address outwards."""
        if self._turns:
            return _Evaluation(self, crossings, zone).trace()
        upper = lower = self.axis.full[zone]
        visits = []
        for crossing in crossings:
            passed = self.passed(crossing, zone) if len(crossings) > 1 else self._passing(crossing, zone)
            visits.append(Visit(crossing, zone, passed))
            upper &= passed.upper
            lower &= passed.lower if crossing.sure else 0
            if not upper:
                break
        return Trace(crossings[: len(visits)], visits, upper, lower)

    def _passing(self, crossing: Crossing, zone: int) -> Passed:
        """The same, where nothing else on the way asks it again."""
        number, node = crossing.number, self.nodes[crossing.number]
        got, sent = crossing.got.rows(number, node).of(zone), crossing.sent.rows(number, node).of(zone)
        return node.passing(crossing.hop, zone, sent, got, crossing.taken)

    def passed(self, crossing: Crossing, zone: int, sees: str | None = None, hop: Hop | None = None) -> Passed:
        """What gets through a crossing of a zone's addresses."""
        number, node = crossing.number, self.nodes[crossing.number]
        got = crossing.got.rows(number, node).of(zone)
        sent = got if crossing.sent is crossing.got else crossing.sent.rows(number, node).of(zone)
        return node.passed(hop or crossing.hop, zone, sent, got, crossing.taken, sees)


@dataclass(slots=True)
class _Evaluation:
    """One way being followed where addresses may change on it."""

    all: Evaluator
    crossings: tuple[Crossing, ...]
    zone: int
    visits: list[tuple[int, Visit]] = field(default_factory=list)
    changed: list[tuple[int, int, Bits]] = field(default_factory=list)

    def trace(self) -> Trace:
        upper = lower = self.all.axis.full[self.zone]
        if self.crossings:
            upper, lower = self._through(len(self.crossings) - 1, self.zone)
        self.visits.sort(key=lambda one: (one[1].zone != self.zone, one[0]))
        return Trace(self.crossings, [visit for _, visit in self.visits], upper, lower, self.changed)

    def _through(self, k: int, zone: int) -> tuple[Bits, Bits]:
        """What gets through a crossing and the nearer ones."""
        crossing = self.crossings[k]
        if not self.all.inward and crossing.taken is not None:
            return self._brought(k, zone, crossing, crossing.taken)
        passed = self._passed(k, zone, crossing)
        upper, lower = passed.upper, passed.lower if crossing.sure else 0
        if self.all.inward:
            return self._as_changed(k, zone, upper, lower)
        upper, lower = self._as_sent(k, zone, upper, lower)
        if k and upper:
            more, surely = self._through(k - 1, zone)
            return upper & more, lower & surely
        return upper, lower

    def _passed(self, k: int, zone: int, crossing: Crossing, sees: str | None = None) -> Passed:
        hop = crossing.hop
        if zone == self.all.elsewhere and hop.traffic != "through":
            # A host is not told from which zone a packet comes whose source was changed.
            name = self.all.ids[self.zone]
            if self.all.inward and hop.from_ == name:
                hop = replace(hop, from_=UNKNOWN)
            elif not self.all.inward and hop.to == name:
                hop = replace(hop, to=UNKNOWN)
        passed = self.all.passed(crossing, zone, sees, hop)
        self.visits.append((k, Visit(crossing, zone, passed)))
        return passed

    def _sources(self, zone: int, crossing: Crossing) -> Sequence[Share]:
        number, node = crossing.number, self.all.nodes[crossing.number]
        sent, got = crossing.sent.rows(number, node), crossing.got.rows(number, node)
        return node.sources(crossing.hop, zone, sent.of(zone), got.of(zone))

    # -- inwards

    def _as_changed(self, k: int, zone: int, upper: Bits, lower: Bits) -> tuple[Bits, Bits]:
        """The nearer crossings, as the sources are that this one hands on."""
        if not k or not upper:
            return upper, lower
        shares = self._sources(zone, self.crossings[k])
        if all(i is None for i, _, _ in shares):
            more, surely = self._through(k - 1, zone)
            return upper & more, lower & surely
        possible, doubtful = 0, 0
        for i, sure, may in shares:
            more, surely = self._share(k, zone, i)
            possible |= may & more
            doubtful |= may & ~surely
            if i is not None and may & upper and (sure != may or more != surely):
                self.changed.append((self.crossings[k].number, i, may))
        return upper & possible, lower & ~doubtful

    def _share(self, k: int, zone: int, i: int | None) -> tuple[Bits, Bits]:
        """What of the sources that meet a translation gets through the nearer crossings."""
        if i is None:
            return self._through(k - 1, zone)
        to = self.all.nodes[self.crossings[k].number].translation(i).to
        more, surely = self._through(k - 1, self.all.elsewhere)
        full, among = self.all.axis.full[zone], self.all.axis.full[self.all.elsewhere]
        if to.unknown is None:
            among = self.all.axis.parts(intervals.of(to, self.all.family)).get(self.all.elsewhere, 0)
        return (full if more & among else 0), (full if among and not among & ~surely else 0)

    # -- outwards

    def _as_sent(self, k: int, zone: int, upper: Bits, lower: Bits) -> tuple[Bits, Bits]:
        """The columns whose packets have the source that the crossing says; nobody sees it behind the last."""
        crossing = self.crossings[k]
        if k == len(self.crossings) - 1:
            return upper, lower
        shares = self._sources(zone, crossing)
        for i, sure, may in shares:
            if i == crossing.changed:
                return upper & may, lower & sure
        return (0, 0) if shares or crossing.changed is not None else (upper, lower)

    def _brought(self, k: int, zone: int, crossing: Crossing, taken: int) -> tuple[Bits, Bits]:
        """What a translation brings to the zone of what is sent to its own destinations."""
        one = self.all.nodes[crossing.number].translation(taken)
        before = self._passed(k, self.all.elsewhere, crossing, "original")
        upper, lower = self._as_sent(k, self.all.elsewhere, before.upper, before.lower)
        if k and upper:
            more, surely = self._through(k - 1, self.all.elsewhere)
            upper, lower = upper & more, lower & surely
        dst, to = intervals.of(one.dst, self.all.family), intervals.of(one.to, self.all.family)
        full = among = self.all.axis.full[self.all.elsewhere]
        if one.dst.unknown is None:
            among = self.all.axis.parts(dst).get(self.all.elsewhere, 0)
        target = self.all.axis.full[zone] if one.to.unknown is not None else self.all.axis.parts(to).get(zone, 0)
        single, even = intervals.size(to) == 1, one.dst.unknown is None and intervals.size(to) == intervals.size(dst)
        certain = crossing.sure and one.to.unknown is None and bool(among) and full != 0
        reached = bool(lower & among) if single else even and not among & ~lower
        behind = self._passed(k, zone, crossing, "translated")
        return (
            target & behind.upper if upper & among else 0,
            target & behind.lower if certain and reached else 0,
        )
