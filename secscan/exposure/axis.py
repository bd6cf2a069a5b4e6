"""The addresses of each zone as numbered columns, so that a set of addresses is one integer of bits a zone.

Cutting the address space wherever some rule or zone begins or ends leaves columns inside which every rule
treats all addresses alike. How wide an address is then no longer matters: 32 and 128 bits cost the same, and
"first match" over a whole zone is a few operations on integers.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate

from secscan.exposure import intervals
from secscan.exposure.intervals import Family
from secscan.model.net import Interval, Intervals, ZoneSet

Bits = int
"""Columns of one zone as the ones of an integer."""


class Axis:
    """Zones by number, each with columns in the order of its addresses. Two zones may hold the same addresses."""

    def __init__(self, zones: Sequence[ZoneSet], sets: Iterable[Intervals], family: Family) -> None:
        own = [intervals.of(zone.addresses, family) for zone in zones]
        cuts = {edge for lo, hi in intervals.everything(family) for edge in (lo, hi + 1)}
        for pairs in (*sets, *own):
            for lo, hi in pairs:
                cuts.add(lo)
                cuts.add(hi + 1)
        self._cuts = sorted(cuts)
        self._all = intervals.everything(family)
        self.number = {zone.id: number for number, zone in enumerate(zones)}
        self.columns: list[list[Interval]] = []
        runs: list[tuple[int, int, int, int]] = []
        for number, pairs in enumerate(own):
            columns: list[Interval] = []
            for lo, hi in pairs:
                first, after = self._atom(lo), self._atom(hi + 1)
                runs.append((first, after, number, len(columns)))
                columns += [(self._cuts[i], self._cuts[i + 1] - 1) for i in range(first, after)]
            self.columns.append(columns)
        self.full: list[Bits] = [_ones(len(columns)) for columns in self.columns]
        self._before = [[0, *accumulate(hi - lo + 1 for lo, hi in columns)] for columns in self.columns]
        self._edges = sorted({0, *(edge for first, after, _, _ in runs for edge in (first, after))})
        self._over: list[list[tuple[int, int, int, int]]] = [[] for _ in self._edges]
        for run in runs:
            for k in range(bisect_left(self._edges, run[0]), bisect_left(self._edges, run[1])):
                self._over[k].append(run)
        self.everywhere: Mapping[int, Bits] = {number: full for number, full in enumerate(self.full) if full}
        self._known: dict[Intervals, Mapping[int, Bits]] = {self._all: self.everywhere, (): {}}

    def parts(self, pairs: Intervals) -> Mapping[int, Bits]:
        """Zone -> its columns in a set whose edges were among ``sets``; zones without any are left out."""
        if pairs not in self._known:
            found: dict[int, Bits] = {}
            for lo, hi in pairs:
                a, b = self._atom(lo), self._atom(hi + 1)
                for k in range(bisect_right(self._edges, a) - 1, bisect_left(self._edges, b)):
                    for first, after, zone, column in self._over[k]:
                        x, y = max(a, self._edges[k]), min(b, after, self._end(k))
                        found[zone] = found.get(zone, 0) | (_ones(y - x) << (column + x - first))
            self._known[pairs] = found
        return self._known[pairs]

    def addresses(self, zone: int, mask: Bits) -> Intervals:
        """The addresses of some columns of a zone."""
        columns = self.columns[zone]
        return intervals.normal(pair for first, after in runs(mask) for pair in columns[first:after])

    def size(self, zone: int, mask: Bits) -> int:
        """How many addresses some columns of a zone hold."""
        before = self._before[zone]
        return sum(before[after] - before[first] for first, after in runs(mask))

    def _end(self, k: int) -> int:
        return self._edges[k + 1] if k + 1 < len(self._edges) else len(self._cuts)

    def _atom(self, edge: int) -> int:
        return bisect_left(self._cuts, edge)


def runs(mask: Bits) -> Iterator[tuple[int, int]]:
    """The stretches of ones, lowest first: (first, one past the last)."""
    while mask:
        low = mask & -mask
        mask += low  # carries through the stretch and leaves a one where it ended
        end = mask & -mask
        yield low.bit_length() - 1, end.bit_length() - 1
        mask ^= end


def _ones(length: int) -> int:
    return (1 << length) - 1
