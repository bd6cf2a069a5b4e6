"""Which things that sources name are the same asset: by declared keys, surest first, and never by a guess.

Two things of different sources are one where the surest key that both have agrees. What speaks against that keeps them
apart: a value that one source has on two things joins nothing, things that differ in the same key or a surer one never
become one, and neither do two things of one source. The order of sources and rows changes nothing.

Weak keys come after all of these: a thing may have several values of one (``join_weakly``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations, product
from typing import Final

from secscan.model.keys import names_differ

NAME: Final = "name"
"""The host name wherever a thing has it from: it joins nothing, and speaks against a weak key."""
_TOLD: Final = 20
"""How many that share a value are named to each other."""
OWN: Final = ("asset_tag", "serial")
"""By these a thing is known for itself, not by where it stands in the network."""


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
    unsure: Mapping[int, frozenset[int]] = field(default_factory=dict)
    """Group -> the other groups that a weak key would have made one with it."""


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
                if key in mine and key in theirs and _differ(key, mine[key], theirs[key]):
                    return (min(a, b), max(a, b)), key
    return None


def _differ(key: str, one: str, other: str) -> bool:
    return names_differ(one, other) if key == NAME else one != other


def join_weakly(
    things: Sequence[Thing], joined: Joined, weak: Mapping[str, Mapping[int, Collection[str]]], against: Sequence[str]
) -> Joined:
    """What is joined already, joined further by keys that prove less.

    ``weak``: key -> thing -> the values that it has, surest key first; several values of one thing are no contradiction.
    A value that links two of one source, or two that differ in a key of ``against``, links nobody. Nor does one that links
    two that each have a tag or serial number of their own, unless they have one name. Where the links that are left hang
    things together that cannot be one, none of them is joined.
    """
    groups, by = list(joined.groups), list(joined.by)
    unsure: dict[tuple[int, ...], set[tuple[int, ...]]] = {}
    for key, values in weak.items():
        if not values:
            continue
        of = {i: number for number, group in enumerate(groups) for i in group}
        holders: dict[str, set[int]] = {}
        for i, has in values.items():
            for value in has:
                holders.setdefault(value, set()).add(of[i])
        links = [sorted(found) for found in holders.values() if len(found) > 1]
        whole = [some for some in links if _may_be_one(things, [groups[n] for n in some], against)]
        together = [some for some in _components(whole) if _may_be_one(things, [groups[n] for n in some], against)]
        gone = {n: some[0] for some in together for n in some}
        for some in links:
            for n in some:
                unsure.setdefault(groups[n], set()).update(groups[m] for m in some[:_TOLD])
        merged: dict[int, list[int]] = {}
        for number, group in enumerate(groups):
            merged.setdefault(gone.get(number, number), []).extend(group)
        by = [key if n in gone else by[n] for n in merged]
        groups = [tuple(sorted(group)) for group in merged.values()]
    order = sorted(range(len(groups)), key=lambda n: groups[n])
    groups, by = [groups[n] for n in order], [by[n] for n in order]
    return replace(joined, groups=groups, by=by, unsure=_told(groups, unsure))


def _may_be_one(things: Sequence[Thing], groups: Sequence[Sequence[int]], against: Sequence[str]) -> bool:
    if _clash(things, groups, against) is not None:
        return False
    own = [group for group in groups if any(key in things[i].keys for i in group for key in OWN)]
    names = [{things[i].keys[NAME] for i in group if NAME in things[i].keys} for group in own]
    return len(own) < 2 or all(names)  # they do not differ, as no clash says


def _components(links: Sequence[Sequence[int]]) -> list[list[int]]:
    """What hangs together by these links."""
    above: dict[int, int] = {}

    def top(n: int) -> int:
        while (up := above.setdefault(n, n)) != n:
            above[n] = n = above.setdefault(up, up)
        return n

    for first, *others in links:
        for other in others:
            one, two = sorted((top(first), top(other)))
            above[two] = one
    found: dict[int, list[int]] = {}
    for n in sorted(above):
        found.setdefault(top(n), []).append(n)
    return list(found.values())


def _told(
    groups: Sequence[tuple[int, ...]], unsure: Mapping[tuple[int, ...], set[tuple[int, ...]]]
) -> dict[int, frozenset[int]]:
    """Links that joined nothing, by the groups as they are now."""
    now = {i: n for n, group in enumerate(groups) for i in group}
    found: dict[int, set[int]] = {}
    for group, others in unsure.items():
        found.setdefault(now[group[0]], set()).update(now[other[0]] for other in others)
    return {n: frozenset(others - {n}) for n, others in found.items() if others - {n}}
