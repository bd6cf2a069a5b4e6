"""Which things that sources name are the same asset: by declared keys, surest first, and never by a guess.

Two things of different sources are one where the surest key that both have agrees. What speaks against that keeps them
apart: a value that one source has on two things joins nothing, things that differ in the same key or a surer one never
become one, and neither do two things of one source. The order of sources and rows changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product


@dataclass(frozen=True, slots=True)
class Thing:
    """What one source names: its keys as they compare (``model.keys``), only those that it knows."""

    source: str
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A value that would have made two things one."""

    key: str
    value: str
    things: tuple[int, int]
    against: str | None
    """The key in which they differ; None: one source has both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """``groups``: the things of each asset, in order. ``by``: for each group the least sure key that held it together."""

    groups: Sequence[tuple[int, ...]]
    by: Sequence[str | None]
    refused: Sequence[Refused]


def repeated(things: Sequence[Thing], keys: Iterable[str]) -> dict[tuple[str, str, str], tuple[int, int]]:
    """(source, key, value) -> the first two things of one source that have it: it tells nobody apart."""
    first: dict[tuple[str, str, str], int] = {}
    found: dict[tuple[str, str, str], tuple[int, int]] = {}
    for key in keys:
        for i, thing in enumerate(things):
            if (value := thing.keys.get(key)) is not None:
                at = (thing.source, key, value)
                if (before := first.setdefault(at, i)) != i:
                    found.setdefault(at, (before, i))
    return found


def join(things: Sequence[Thing], order: Sequence[str]) -> Joined:
    """Every thing in exactly one group."""
    group_of = list(range(len(things)))
    members: dict[int, list[int]] = {i: [i] for i in group_of}
    by: dict[int, str] = {}
    refused: list[Refused] = []
    for level, key in enumerate(order):
        holders: dict[str, list[int]] = {}
        for i, thing in enumerate(things):
            if (value := thing.keys.get(key)) is not None:
                holders.setdefault(value, []).append(i)
        for value, found in holders.items():
            # A group of two values of this key takes no other: whatever has the one differs from the other. So no
            # group is joined for two values, and the order of values makes no difference.
            groups = sorted({group_of[i] for i in found})
            if len(groups) < 2 or len({things[i].source for i in found}) < 2:
                continue
            clash = _clash(things, [members[g] for g in groups], order[: level + 1])
            if clash is not None:
                refused.append(Refused(key=key, value=value, things=clash[0], against=clash[1]))
                continue
            into = groups[0]
            members[into] = sorted(i for g in groups for i in members[g])
            by[into] = key
            for i in members[into]:
                group_of[i] = into
            for g in groups[1:]:
                del members[g]
    kept = sorted(members)
    return Joined(
        groups=[tuple(members[g]) for g in kept],
        by=[by.get(g) for g in kept],
        refused=sorted(refused, key=lambda one: (order.index(one.key), one.things)),
    )


def _clash(
    things: Sequence[Thing], groups: Sequence[Sequence[int]], keys: Sequence[str]
) -> tuple[tuple[int, int], str | None] | None:
    """The first pair that cannot be one asset, and the key that says so (None: one source names both)."""
    first: dict[str, int] = {}
    for i in sorted(i for group in groups for i in group):
        if (before := first.setdefault(things[i].source, i)) != i:
            return (before, i), None
    for one, other in combinations(groups, 2):
        for a, b in product(one, other):
            mine, theirs = things[a].keys, things[b].keys
            for key in keys:
                if key in mine and key in theirs and mine[key] != theirs[key]:
                    return (min(a, b), max(a, b)), key
    return None
