"""Joining as plainly as it can be written, without regard to time: what ``joining`` is held against."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import combinations

from secscan.inventory.joining import NAME, OWN, Thing

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


def joined_weakly(
    things: Sequence[Thing], groups: set[Group], weak: Mapping[str, Sequence[Collection[str]]], against: Sequence[str]
) -> set[Group]:
    """``groups``, joined further by each weak key in turn."""
    for values in weak.values():
        links: list[set[Group]] = []
        for value in {v for some in values for v in some}:
            having = {group for group in groups if any(value in values[i] for i in group)}
            if len(having) > 1 and _one_asset(things, having, against):
                links.append(having)
        changed = True
        while changed:
            changed = False
            for one, other in combinations(links, 2):
                if one & other:
                    links.remove(one)
                    links.remove(other)
                    links.append(one | other)
                    changed = True
                    break
        for together in links:
            if _one_asset(things, together, against):
                groups = (groups - together) | {frozenset(i for group in together for i in group)}
    return groups


def _one_asset(things: Sequence[Thing], groups: set[Group], against: Sequence[str]) -> bool:
    for one, other in combinations(groups, 2):
        if _has_own(things, one) and _has_own(things, other) and not (_named(things, one) and _named(things, other)):
            return False
        for a in one:
            for b in other:
                if things[a].source == things[b].source:
                    return False
                for key in against:
                    mine, theirs = things[a].keys.get(key), things[b].keys.get(key)
                    if mine is None or theirs is None or mine == theirs:
                        continue
                    cut = key == NAME and any(
                        len(x) == 15 and y.startswith(x) for x, y in ((mine, theirs), (theirs, mine))
                    )
                    if not cut:
                        return False
    return True


def _has_own(things: Sequence[Thing], group: Group) -> bool:
    return any(key in things[i].keys for i in group for key in OWN)


def _named(things: Sequence[Thing], group: Group) -> bool:
    return any(NAME in things[i].keys for i in group)
