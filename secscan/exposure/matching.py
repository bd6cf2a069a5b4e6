"""Which items the fixed side of a packet can match: its address, protocol and ports.

A question for one port is a question for all source ports: who may reach a service from port 53 may reach it, for
anybody can send from port 53. Where no rule looks at the source port there is one kind of packet, else one a stretch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np

from secscan.exposure import intervals
from secscan.exposure.intervals import Family, Index, Numbers
from secscan.exposure.items import Item
from secscan.exposure.zones import PRIVATE
from secscan.model.net import PORTS_ALL, Interval, Intervals

ANY: Final = "any"
PROTOS: Final = ("tcp", "udp")
Fixed = tuple[Numbers, Numbers]
"""Items that the fixed side may match: their codes, and their numbers."""
Flags = np.ndarray[Any, np.dtype[np.bool_]]


class Kind(NamedTuple):
    """Packets that no rule tells from each other by protocol and ports; ``dport`` is one of them."""

    proto: str
    dport: int
    sports: Interval

    @property
    def sport(self) -> int:
        """A source port of the kind: an ordinary one where it may be."""
        return max(self.sports[0], min(49152, self.sports[1]))


class Matcher:
    """The items of one device by what they say of the fixed side.

    A code is twice the number of an item, and one more where its addresses surely match.
    """

    def __init__(self, items: Sequence[Item], family: Family) -> None:
        self._items, self._family = items, family
        self._index = Index([item.fixed for item in items])
        self._open = np.array([i for i, item in enumerate(items) if item.fixed_open], dtype=np.int32)
        self._others = np.array([i for i in self._open.tolist() if not items[i].own], dtype=np.int32)
        self._private = intervals.of(PRIVATE, family)
        self._known: dict[int, Fixed] = {}
        self._services = {proto: _Services(items, proto) for proto in PROTOS}

    @property
    def edges(self) -> Sequence[int]:
        """The addresses at which the items that match may change."""
        return self._index.edges

    def at(self, address: int) -> Fixed:
        """The items whose fixed side may be this address: their codes, and their numbers."""
        if address not in self._known:
            found = self._index.at(address)
            codes = (found << 1) | 1
            if len(self._open):
                maybe = self._others if intervals.contains(self._private, address) else self._open
                codes = np.sort(np.concatenate((codes, np.setdiff1d(maybe, found) << 1)))
            self._known[address] = codes, codes >> 1
        return self._known[address]

    def among(self, possible: Intervals) -> Fixed:
        """The same for an address of which it is only known that it is one of these."""
        codes = []
        for i, item in enumerate(self._items):
            inside = intervals.intersect(item.fixed, possible)
            if inside or item.fixed_open:
                codes.append(2 * i + (inside == possible))
        found = np.array(codes, dtype=np.int32)
        return found, found >> 1

    def on(self, proto: str) -> _Services:
        return self._services[proto]


class _Services:
    """What the items say of the ports of one protocol."""

    def __init__(self, items: Sequence[Item], proto: str) -> None:
        rows = [
            (i, dlo, dhi, slo, shi)
            for i, item in enumerate(items)
            for s in item.services
            if s.proto in (proto, ANY)
            for dlo, dhi in s.dport
            for slo, shi in s.sport
        ]
        table = np.array(rows, dtype=np.int32).reshape(-1, 5)
        self._item, self._dlo, self._dhi = table.T[:3].copy()
        self._plain = (table[:, 3] <= 0) & (table[:, 4] >= PORTS_ALL[0][1])
        self._narrow = [row for row, plain in zip(rows, self._plain.tolist(), strict=True) if not plain]
        self._count = len(items)
        self._known: dict[int, tuple[Flags, Mapping[int, Sequence[Interval]]]] = {}

    def at(self, port: int) -> tuple[Flags, Mapping[int, Sequence[Interval]]]:
        """(the items that match from every source port, the source ports of the others that match from some)."""
        if port not in self._known:
            flags = np.zeros(self._count, dtype=np.bool_)
            flags[self._item[self._plain & (self._dlo <= port) & (port <= self._dhi)]] = True
            some: dict[int, list[Interval]] = {}
            for i, dlo, dhi, slo, shi in self._narrow:
                if dlo <= port <= dhi and not flags[i]:
                    some.setdefault(i, []).append((slo, shi))
            if len(self._known) >= _PORTS_KEPT:
                self._known.clear()
            self._known[port] = flags, some
        return self._known[port]

    def edges(self, items: Numbers) -> Numbers:
        """The ports at which what matches of these items may change."""
        mine = np.isin(self._item, items)
        return np.union1d(self._dlo[mine], self._dhi[mine] + 1).astype(np.int32)


_PORTS_KEPT: Final = 256
"""Ports whose items are remembered; a flag an item each."""


def kinds(
    matchers: Sequence[Matcher], fixed: Sequence[Fixed], proto: str, dports: Intervals, sports: Interval,
    cuts: Iterable[int] = (),
) -> Iterator[tuple[Kind, tuple[Numbers, ...]]]:  # fmt: skip
    """Every kind of packet to these ports: with each, the codes of each device that match it. Equal ones may recur.

    ``cuts``: ports at which something else may change.
    """
    services = [matcher.on(proto) for matcher in matchers]
    for port in _points(services, fixed, dports, cuts):
        found = [one.at(port) for one in services]
        plain = [codes[flags[items]] for (codes, items), (flags, _) in zip(fixed, found, strict=True)]
        if not any(some for _, some in found):
            yield Kind(proto, port, sports), tuple(plain)
            continue
        matching = [
            {i: pairs for i in items.tolist() if (pairs := some.get(i))}
            for (_, items), (_, some) in zip(fixed, found, strict=True)
        ]
        for stretch in _stretches((pair for one in matching for pairs in one.values() for pair in pairs), sports):
            more = [
                [i for i, pairs in one.items() if any(lo <= stretch[0] <= hi for lo, hi in pairs)] for one in matching
            ]
            yield Kind(proto, port, stretch), tuple(_with(*each) for each in zip(fixed, plain, more, strict=True))


def _points(services: Sequence[_Services], fixed: Sequence[Fixed], dports: Intervals, more: Iterable[int]) -> list[int]:
    """The lowest port of every stretch that nothing divides."""
    if len(dports) == 1 and dports[0][0] == dports[0][1]:
        return [dports[0][0]]
    cuts = {int(edge) for one, (_, items) in zip(services, fixed, strict=True) for edge in one.edges(items)}.union(more)
    return sorted({lo for lo, _ in dports} | {cut for cut in cuts if intervals.contains(dports, cut)})


def _stretches(pairs: Iterator[Interval], within: Interval) -> list[Interval]:
    """The source ports cut wherever one of the pairs begins or ends; ordinary ones first."""
    cuts = {edge for lo, hi in pairs for edge in (lo, hi + 1) if within[0] < edge <= within[1]}
    found = [(lo, hi - 1) for lo, hi in pairwise(sorted({within[0], within[1] + 1} | cuts))]
    return sorted(found, key=lambda pair: (pair[1] < 49152, pair))


def _with(fixed: Fixed, plain: Numbers, more: list[int]) -> Numbers:
    codes, items = fixed
    return np.sort(np.concatenate((plain, codes[np.isin(items, more)]))) if more else plain
