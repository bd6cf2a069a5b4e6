"""The addresses of all zones as numbered columns, so that a set of addresses is one integer of bits.

Cutting the address space wherever some rule or zone begins or ends leaves columns inside which every rule
treats all addresses alike. How wide an address is then no longer matters: 32 and 128 bits cost the same, and
"first match" over a whole zone is a few operations on long integers.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from secscan.exposure import intervals
from secscan.exposure.intervals import Family
from secscan.model.net import Interval, Intervals, ZoneSet


class Axis:
    """Columns in the order of zones, then addresses. Two zones that share addresses have columns of their own."""

    def __init__(self, zones: Sequence[ZoneSet], sets: Iterable[Intervals], family: Family) -> None:
        self.family = family
        cuts = {edge for lo, hi in intervals.everything(family) for edge in (lo, hi + 1)}
        own = [intervals.of(zone.addresses, family) for zone in zones]
        for pairs in (*sets, *own):
            for lo, hi in pairs:
                cuts.add(lo)
                cuts.add(hi + 1)
        self._cuts = sorted(cuts)
        self._runs: list[tuple[int, int, int]] = []
        """(first atom, atoms, first column) of each stretch of a zone."""
        self.columns: list[Interval] = []
        self.zone: dict[str, int] = {}
        """Zone id -> its columns as bits."""
        for zone, pairs in zip(zones, own, strict=True):
            start = len(self.columns)
            for lo, hi in pairs:
                first, after = self._atom(lo), self._atom(hi + 1)
                self._runs.append((first, after - first, len(self.columns)))
                self.columns += [(self._cuts[i], self._cuts[i + 1] - 1) for i in range(first, after)]
            self.zone[zone.id] = _ones(len(self.columns) - start) << start
        self.all = _ones(len(self.columns))
        self._before = [0, *accumulate(hi - lo + 1 for lo, hi in self.columns)]
        self._known: dict[Intervals, int] = {}

    def mask(self, pairs: Intervals) -> int:
        """The columns of a set whose edges were among ``sets``; each distinct set is worked out once."""
        if pairs not in self._known:
            atoms = 0
            for lo, hi in pairs:
                first = self._atom(lo)
                atoms |= _ones(self._atom(hi + 1) - first) << first
            found = 0
            for first, length, column in self._runs:
                found |= ((atoms >> first) & _ones(length)) << column
            self._known[pairs] = found
        return self._known[pairs]

    def addresses(self, mask: int) -> Intervals:
        """The addresses of some columns."""
        return intervals.normal(pair for first, after in runs(mask) for pair in self.columns[first:after])

    def size(self, mask: int) -> int:
        """How many addresses some columns hold."""
        return sum(self._before[after] - self._before[first] for first, after in runs(mask))

    def _atom(self, edge: int) -> int:
        return bisect_left(self._cuts, edge)


def runs(mask: int) -> Iterator[tuple[int, int]]:
    """The stretches of ones, lowest first: (first, one past the last)."""
    while mask:
        low = mask & -mask
        mask += low  # carries through the stretch and leaves a one where it ended
        end = mask & -mask
        yield low.bit_length() - 1, end.bit_length() - 1
        mask ^= end


def _ones(length: int) -> int:
    return (1 << length) - 1
