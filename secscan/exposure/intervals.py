"""Exact sets of whole numbers as closed intervals: addresses (32 or 128 bits) and ports alike.

Every set is sorted, disjoint and not touching, so equal sets are equal tuples. Python integers throughout: no
engine's 64-bit integer holds an IPv6 address.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network, summarize_address_range
from typing import Any, Final, Literal

import numpy as np

from secscan.model.net import V4_ALL, V6_ALL, AddressSet, Interval, Intervals

Family = Literal[4, 6]
Numbers = np.ndarray[Any, np.dtype[np.int32]]
FAMILIES: Final[tuple[Family, ...]] = (4, 6)


def normal(pairs: Iterable[Interval]) -> Intervals:
    """The numbers that some pair covers. A pair is (first, last), both inside; ValueError where first > last."""
    merged: list[Interval] = []
    for lo, hi in sorted(pairs):
        if lo > hi:
            raise ValueError(f"{lo} is after {hi}")
        if merged and lo <= merged[-1][1] + 1:
            if hi > merged[-1][1]:
                merged[-1] = (merged[-1][0], hi)
        else:
            merged.append((lo, hi))
    return tuple(merged)


def union(*sets: Intervals) -> Intervals:
    """What is in any of them."""
    return normal(pair for intervals in sets for pair in intervals)


def intersect(left: Intervals, right: Intervals) -> Intervals:
    """What is in both."""
    found: list[Interval] = []
    i = j = 0
    while i < len(left) and j < len(right):
        lo, hi = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if lo <= hi:
            found.append((lo, hi))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(found)


def complement(intervals: Intervals, within: Intervals) -> Intervals:
    """What of ``within`` is not in ``intervals``."""
    gaps: list[Interval] = []
    if not within:
        return ()
    at = within[0][0]
    for lo, hi in intervals:
        if lo > at:
            gaps.append((at, lo - 1))
        at = max(at, hi + 1)
    if at <= within[-1][1]:
        gaps.append((at, within[-1][1]))
    return intersect(tuple(gaps), within)


def subtract(left: Intervals, right: Intervals) -> Intervals:
    """What is in ``left`` and not in ``right``."""
    return complement(right, left)


def contains(intervals: Intervals, number: int) -> bool:
    at = bisect_right(intervals, number, key=lambda pair: pair[0]) - 1
    return at >= 0 and number <= intervals[at][1]


def size(intervals: Intervals) -> int:
    """How many numbers it holds."""
    return sum(hi - lo + 1 for lo, hi in intervals)


def everything(family: Family) -> Intervals:
    return V4_ALL if family == 4 else V6_ALL


def of(addresses: AddressSet, family: Family) -> Intervals:
    """One family of an address set."""
    return addresses.v4 if family == 4 else addresses.v6


def text(number: int, family: Family) -> str:
    """The address as people write it."""
    return str(IPv4Address(number) if family == 4 else IPv6Address(number))


def cidrs(intervals: Intervals, family: Family) -> tuple[str, ...]:
    """The fewest networks that hold exactly these addresses, in order."""
    kind = IPv4Address if family == 4 else IPv6Address
    return tuple(str(net) for lo, hi in intervals for net in summarize_address_range(kind(lo), kind(hi)))


def number(address: str) -> tuple[int, Family]:
    """An address as an integer and its family. Raises ValueError for what is not one."""
    found = ip_address(address)
    if isinstance(found, IPv6Address) and found.scope_id:
        raise ValueError(f"'{address}' names an interface")
    return int(found), 4 if found.version == 4 else 6


def networks(texts: Iterable[str]) -> AddressSet:
    """The addresses of some networks. Raises ValueError for what is not one."""
    pairs: dict[int, list[Interval]] = {4: [], 6: []}
    for written in texts:
        net = ip_network(written)
        pairs[net.version].append((int(net.network_address), int(net.broadcast_address)))
    return AddressSet(v4=normal(pairs[4]), v6=normal(pairs[6]))


def nth(intervals: Intervals, number: int) -> int:
    """The n-th number that it holds, from 0. Raises IndexError where it holds fewer."""
    for lo, hi in intervals:
        if number <= hi - lo:
            return lo + number
        number -= hi - lo + 1
    raise IndexError(number)


def place(intervals: Intervals, number: int) -> int:
    """How many of its numbers stand before one of them. Raises ValueError for a number that it does not hold."""
    before = 0
    for lo, hi in intervals:
        if lo <= number <= hi:
            return before + number - lo
        before += hi - lo + 1
    raise ValueError(f"{number} is not among them")


class Index:
    """Which of many sets hold a number, found without asking each of them in turn."""

    def __init__(self, sets: Sequence[Intervals]) -> None:
        edges = sorted({edge for intervals in sets for lo, hi in intervals for edge in (lo, hi + 1)})
        rank = {edge: number for number, edge in enumerate(edges)}
        self.edges = edges
        """The numbers at which the answer may change."""
        pairs = [(rank[lo], rank[hi + 1], number) for number, some in enumerate(sets) for lo, hi in some]
        self._first, self._after, self._set = np.array(pairs, dtype=np.int32).reshape(-1, 3).T.copy()

    def at(self, number: int) -> Numbers:
        """The sets that hold it, in order."""
        stretch = bisect_right(self.edges, number) - 1
        return self._set[(self._first <= stretch) & (stretch < self._after)]

    def over(self, pairs: Intervals) -> tuple[Numbers, Numbers]:
        """The sets that hold some of these numbers, and those that hold all; one may be named several times."""
        some = np.zeros(len(self._set), dtype=np.bool_)
        whole: list[Numbers] = []
        for lo, hi in pairs:
            first, last = bisect_right(self.edges, lo) - 1, bisect_right(self.edges, hi) - 1
            some |= (self._first <= last) & (first < self._after)
            whole.append(self._set[(self._first <= first) & (last < self._after)])
        named, often = np.unique(np.concatenate([*whole, self._set[:0]]), return_counts=True)
        return self._set[some], named[often == len(pairs)]
