"""What rules match, as products of sets: five of numbers and five of names; and the steps of lists, found by what they match.

A packet is (source, destination, protocol, ports) with what a rule may ask beside them: the interfaces by which it comes in
and goes out, the zones between which it passes, and the translation of its destination that it met.
"""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal, NamedTuple, TypeVar

import numpy as np

from secscan.exposure import intervals
from secscan.exposure.axis import Bits
from secscan.exposure.intervals import Family, Index, Numbers
from secscan.model.net import PORTS_ALL, Chain, Device, Intervals, Origin, PortSet, Rule, Stage

SRC, DST, PROTO, DPORT, SPORT = range(5)
SIDES: Final = 5
"""How many sets of numbers a product has; those of names stand behind them."""
NUMBERED: Final = {"icmp": 1, "tcp": 6, "udp": 17, "icmp6": 58}
EVERY_STEP: Final = sys.maxsize
_EVERY_PROTOCOL: Final[Intervals] = ((0, 255),)
_OTHER_FAMILYS: Final = {4: "icmp6", 6: "icmp"}
_NOBODY: Final = "\0"
"""The interface of what the device itself sends or gets; the translation of what met none."""
_SETS_KEPT: Final = 1_000
_TAKES: Final = frozenset(("permit", "deny", "return", "goto"))
"""What meets such a rule does not go on in its list."""

_T = TypeVar("_T")
_Flags = np.ndarray[Any, np.dtype[np.bool_]]
Verb = Literal["permit", "deny", "jump", "goto", "return", "either"]


class Passing(NamedTuple):
    """By which interfaces a packet passes, between which zones, and which translation it met. "": any other; a name
    that ends in ``+`` is any other that begins so; None: no interface, or no translation."""

    into: str | None
    out: str | None
    from_zone: str
    to_zone: str
    met: str | None


class Part(NamedTuple):
    """One product."""

    numbers: tuple[Intervals, Intervals, Intervals, Intervals, Intervals]
    names: tuple[Bits, Bits, Bits, Bits, Bits]

    def met(self, other: Part) -> Part | None:
        """What is in both; None: nothing."""
        names = tuple(a & b for a, b in zip(self.names, other.names, strict=True))
        if not all(names):
            return None
        pairs = zip(self.numbers, other.numbers, strict=True)
        numbers = tuple(a if a == b else intervals.intersect(a, b) for a, b in pairs)
        return Part(numbers, names) if all(numbers) else None  # type: ignore[arg-type]

    def bound(self, entry: tuple[Bits, Bits]) -> Part | None:
        """What of it comes in and goes out by some interfaces; None: nothing."""
        into, out = self.names[0] & entry[0], self.names[1] & entry[1]
        return Part(self.numbers, (into, out, *self.names[2:])) if into and out else None


class Names:
    """Interfaces, zones and translations by number; a set of them is an integer of bits."""

    def __init__(self, device: Device, known: frozenset[str]) -> None:
        """``known``: the zones that are defined; where there are none, every zone that a rule names is."""
        # Of every list, also of those that nothing asks: their steps are read all the same.
        rules = [step for chain in device.chains.values() for step in chain.steps if isinstance(step, Rule)]
        self._zones_known, self._interfaces = known | device.zones, device.interfaces
        limited: list[Rule | Stage] = [*rules, *device.stages]
        gates = [names for one in limited for names in (one.in_interfaces, one.out_interfaces)]
        gates += [names for rule in rules for names in (rule.not_in_interfaces, rule.not_out_interfaces)]
        named = {name for names in gates for name in names or ()}
        self._own = {name for one in device.interfaces for name in (one.name, one.zone) if name}
        listed = [one.name for one in device.interfaces]
        others = sorted(named - self._own)
        if device.interfaces_listed and listed:
            others = [name for name in others if not name.endswith("+")]
        else:
            others.insert(0, "")
        self._sides = _numbered(*listed, *others, _NOBODY)
        zones = {zone for rule in rules for names in (rule.from_zones, rule.to_zones) for zone in names or ()}
        self._zones = _numbered(*sorted(self._zones_known | zones), "")
        self._beside = sum(self._zones[zone] for zone in device.zones) or _all(self._zones)
        met = {one.name for one in device.translations if one.kind == "dst" and not one.none}
        self._met = _numbered(_NOBODY, *sorted(met.union(*(rule.translations or () for rule in rules))))
        self._called = cache(self._interface)

    @property
    def everywhere(self) -> tuple[Bits, Bits, Bits, Bits, Bits]:
        sides, zones = _all(self._sides), _all(self._zones)
        return sides, sides, zones, zones, _all(self._met)

    def matched(self, rule: Rule, family: Family, *, asked: bool = False) -> Iterator[tuple[Part | None, Part]]:
        """What a rule surely (None: nothing) and possibly matches, product by product.

        ``asked``: it is the rule in question: a packet is between the zones of the device, and what makes the rule as a
        whole uncertain is left to who asks.
        """
        sides = (
            self.gate(rule.in_interfaces, rule.not_in_interfaces), self.gate(rule.out_interfaces, rule.not_out_interfaces),
        )  # fmt: skip
        zones = [self._of_zones(names, asked=asked) for names in (rule.from_zones, rule.to_zones)]
        met = self._translated(rule.translations)
        every = intervals.everything(family)
        addresses = (rule.src, rule.dst)
        wider = [every if one.unknown is not None else intervals.of(one, family) for one in addresses]
        for services in _services(rule.services, family):
            may = Part((wider[0], wider[1], *services), (*sides, zones[0][1], zones[1][1], met))
            if not (all(may.numbers) and all(may.names)):
                continue
            sure = may
            if any(one.unknown is not None for one in addresses) or any(firm != loose for firm, loose in zones):
                stated = [intervals.of(one, family) for one in addresses]
                sure = Part((stated[0], stated[1], *services), (*sides, zones[0][0], zones[1][0], met))
            firm = (asked or rule.unknown is None) and all(sure.numbers) and all(sure.names)
            yield sure if firm else None, may

    def gate(self, names: frozenset[str] | None, but: frozenset[str] = frozenset()) -> Bits:
        """The interfaces of a gate."""
        if names is None and not but:
            return _all(self._sides)
        some = _all(self._sides) & ~self._sides[_NOBODY] if names is None else _union(map(self._called, names))
        return some & ~_union(map(self._called, but))

    def bound(self, stage: Stage) -> tuple[Bits, Bits]:
        """The interfaces by which packets that a stage asks come in and go out."""
        into, out = self.gate(stage.in_interfaces), self.gate(stage.out_interfaces)
        nobody = self._sides[_NOBODY]
        into &= nobody if stage.traffic == "from-device" else ~nobody
        return into, out & (nobody if stage.traffic == "to-device" else ~nobody)

    def passing(self, bits: Sequence[Bits]) -> Passing:
        """One way of several, by a name that the export knows where there is one."""
        kinds = (self._sides, self._sides, self._zones, self._zones, self._met)
        found = []
        for kind, some in zip(kinds, bits, strict=True):
            names = [name for name, bit in kind.items() if bit & some]
            found.append(min(names, key=lambda name: (name in ("", _NOBODY), name.endswith("+"))))
        into, out, met = (None if found[at] == _NOBODY else found[at] for at in (0, 1, 4))
        return Passing(into=into, out=out, from_zone=found[2], to_zone=found[3], met=met)

    def _interface(self, name: str) -> Bits:
        if name in self._own:
            return _union(self._sides[one.name] for one in self._interfaces if name in (one.name, one.zone))
        if name.endswith("+"):
            return _union(bit for other, bit in self._sides.items() if other.startswith(name[:-1]))
        return self._sides[name]

    def _of_zones(self, names: frozenset[str] | None, *, asked: bool) -> tuple[Bits, Bits]:
        """The zones that a rule is surely and possibly for: one that nobody defined may be any."""
        if names is None:
            return (self._beside if asked else _all(self._zones),) * 2
        if not self._zones_known or names <= self._zones_known:
            return (_union(self._zones[name] for name in names),) * 2
        return _union(self._zones[name] for name in names & self._zones_known), _all(self._zones)

    def _translated(self, names: frozenset[str] | None) -> Bits:
        if names is None:
            return _all(self._met)
        return _union(self._met[name] for name in names or (_NOBODY,))


@dataclass(frozen=True, slots=True)
class Row:
    """One product of one step of a chain."""

    chain: str
    step: int
    verb: Verb
    """``either``: a line that was not understood."""
    target: str
    """The chain that it goes on in."""
    origin: Origin
    why: str
    """Why it may or may not match, where that is its own doubt."""
    state: str
    sure: Part | None
    """What it surely matches; None: nothing."""
    may: Part


class List:
    """The rows of one chain, and which of them have something in common with a product."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._steps = [row.step for row in rows]
        self._takes = np.array([row.sure == row.may and row.verb in _TAKES for row in rows], dtype=np.bool_)
        self._numbers: list[tuple[Index, Numbers, int]] = []
        self._names: list[tuple[list[Bits], Numbers]] = []
        for dim in range(SIDES):
            sets, of = _distinct(row.may.numbers[dim] for row in rows)
            self._numbers.append((Index(sets), of, len(sets)))
            self._names.append(_distinct(row.may.names[dim] for row in rows))
        self._kept: dict[tuple[int, Intervals], tuple[_Flags, _Flags]] = {}

    def near(self, part: Part, before: int) -> list[Row]:
        """The rows of the steps before one that may match some packet of a product, in order."""
        return [self.rows[i] for i in self._over(part, before, 0)]

    def covering(self, part: Part, before: int, state: str) -> Row | None:
        """The first of them that by itself surely takes all of it."""
        return next((self.rows[i] for i in self._over(part, before, 1) if self.rows[i].state == state), None)

    def _over(self, part: Part, before: int, whole: Literal[0, 1]) -> list[int]:
        """Where the rows stand that have something in common with a product, or that hold it whole."""
        after = bisect_left(self._steps, before)
        hit = self._takes[:after].copy() if whole else np.ones(after, dtype=np.bool_)
        for (known, of), bits in zip(self._names, part.names, strict=True):
            flags = [not bits & ~one if whole else bool(one & bits) for one in known]
            if not any(flags):
                return []
            if not all(flags):
                hit &= np.array(flags, dtype=np.bool_)[of[:after]]
        for dim, pairs in enumerate(part.numbers):
            some = self._sides(dim, pairs)[whole]
            if not some.any():
                return []
            if not some.all():
                hit &= some[self._numbers[dim][1][:after]]
        return np.flatnonzero(hit).tolist()

    def _sides(self, dim: int, pairs: Intervals) -> tuple[_Flags, _Flags]:
        """Which sets of one kind hold some of these numbers, and which all."""
        key = (dim, pairs)
        if key not in self._kept:
            if len(self._kept) >= _SETS_KEPT:
                self._kept.clear()
            index, _, many = self._numbers[dim]
            some, whole = np.zeros((2, many), dtype=np.bool_)
            for flags, named in zip((some, whole), index.over(pairs), strict=True):
                flags[named] = True
            self._kept[key] = some, whole
        return self._kept[key]


class Lists:
    """The chains of a device for one family, and who calls whom."""

    def __init__(self, device: Device, names: Names, family: Family) -> None:
        self.family, self.names, self.chains = family, names, device.chains
        every = intervals.everything(family)
        self._every = Part((every, every, _EVERY_PROTOCOL, PORTS_ALL, PORTS_ALL), names.everywhere)
        self.lists = {name: List(list(self._rows(chain))) for name, chain in device.chains.items()}
        self.callers: dict[str, list[Row]] = {}
        """Chain -> the rows that go on in it."""
        for one in self.lists.values():
            for row in one.rows:
                if row.target:
                    self.callers.setdefault(row.target, []).append(row)
        self.entries: dict[str, list[tuple[Bits, Bits]]] = {}
        """Chain -> for each stage that asks it, the interfaces of what comes so."""
        for stage in device.stages:
            self.entries.setdefault(stage.chain, []).append(names.bound(stage))
        if not device.stages:
            # Lists that the export binds nowhere: somebody asks them, in whatever way.
            self.entries = {name: [names.everywhere[:2]] for name in device.chains if name not in self.callers}
        self.steps = 0
        """What the questions about its rules took so far."""
        self.asked = self._asked()
        """The chains that some stage asks, or a rule of another such chain."""

    def _asked(self) -> set[str]:
        found, waiting = set(self.entries), list(self.entries)
        while waiting:
            one = self.lists.get(waiting.pop())
            new = {row.target for row in one.rows if row.target} - found if one else set()
            found |= new
            waiting += new
        return found

    def _rows(self, chain: Chain) -> Iterator[Row]:
        for number, step in enumerate(chain.steps):
            if isinstance(step, Origin):
                why = f"line not understood: {step.text}"
                for state in ("new", "established"):
                    yield Row(chain.name, number, "either", "", step, why, state, None, self._every)
            elif step.enabled and not step.expired and step.action != "continue":
                why = step.unknown or step.src.unknown or step.dst.unknown or "it names a zone that is not defined"
                target = step.target if step.action in ("jump", "goto") else ""
                for sure, may in self.names.matched(step, self.family):
                    yield Row(chain.name, number, step.action, target, step.origin, why, step.state, sure, may)


def _services(services: Sequence[PortSet], family: Family) -> Iterator[tuple[Intervals, Intervals, Intervals]]:
    """Protocol, destination ports and source ports; what differs by its destination ports alone stands together."""
    found: dict[tuple[str, Intervals], list[Intervals]] = {}
    for one in services:
        if one.proto != _OTHER_FAMILYS[family]:
            found.setdefault((one.proto, one.sport), []).append(one.dport)
    for (proto, sport), dports in found.items():
        number = None if proto == "any" else NUMBERED.get(proto) or int(proto)
        yield _EVERY_PROTOCOL if number is None else ((number, number),), intervals.union(*dports), sport


def _distinct(values: Iterable[_T]) -> tuple[list[_T], Numbers]:
    """Each value once, and for every one that was given its number among them."""
    known: dict[_T, int] = {}
    of = [known.setdefault(value, len(known)) for value in values]
    return list(known), np.array(of, dtype=np.int32)


def _numbered(*names: str) -> dict[str, Bits]:
    return {name: 1 << number for number, name in enumerate(dict.fromkeys(names))}


def _all(bits: Mapping[str, Bits]) -> Bits:
    return (1 << len(bits)) - 1


def _union(some: Iterable[Bits]) -> Bits:
    found = 0
    for bits in some:
        found |= bits
    return found
