"""Joining as plainly as it can be written, without regard to time: what ``joining.join`` is held against."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from secscan.inventory.joining import Thing

Group = frozenset[int]


def joined(things: Sequence[Thing], order: Sequence[str]) -> set[Group]:
    """The assets, each as the things that it is."""
    groups: set[Group] = {frozenset([i]) for i in range(len(things))}
    for level, key in enumerate(order):
        for component in _components(things, groups, key):
            everything = frozenset(i for group in component for i in group)
            if all(_may_be_one(things, component, a, b, order[: level + 1]) for a, b in combinations(everything, 2)):
                groups = (groups - component) | {everything}
    return groups


def _components(things: Sequence[Thing], groups: set[Group], key: str) -> list[set[Group]]:
    """Groups that hang together by a value of this key which no source has on two things."""
    left = [{group} for group in groups]
    found = True
    while found:
        found = False
        for one, other in combinations(left, 2):
            if any(_linked(things, a, b, key) for x in one for y in other for a in x for b in y):
                left.remove(one)
                left.remove(other)
                left.append(one | other)
                found = True
                break
    return left


def _linked(things: Sequence[Thing], a: int, b: int, key: str) -> bool:
    value = things[a].keys.get(key)
    if value is None or value != things[b].keys.get(key) or things[a].source == things[b].source:
        return False
    holders = [t.source for t in things if t.keys.get(key) == value]
    return len(holders) == len(set(holders))


def _may_be_one(things: Sequence[Thing], component: set[Group], a: int, b: int, keys: Sequence[str]) -> bool:
    if any(a in group and b in group for group in component):
        return True  # joined already
    if things[a].source == things[b].source:
        return False
    mine, theirs = things[a].keys, things[b].keys
    return not any(key in mine and key in theirs and mine[key] != theirs[key] for key in keys)
