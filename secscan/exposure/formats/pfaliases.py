"""Addresses and ports as pfSense and OPNsense write them, and their aliases: hosts, networks, ports, one in another.

What the file does not hold is unknown, never empty and never any: a host name, a list that is fetched, an alias that is
not there. An address that can be none, and aliases that hold each other, refuse the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from itertools import groupby
from typing import Final

from secscan.exposure import intervals
from secscan.exposure.formats import netmatch
from secscan.exposure.formats.netmatch import Unread
from secscan.exposure.intervals import FAMILIES, Family
from secscan.model.errors import InputError
from secscan.model.net import PORTS_ALL, AddressSet, Interval, Intervals

MAX_DEPTH: Final = 64
"""Aliases in aliases."""
HOSTS: Final = frozenset(("host", "network", "networkgroup"))
PORTS: Final = frozenset(("port",))
_FETCHED: Final = {
    "url": "a list that is fetched", "urltable": "a list that is fetched", "urljson": "a list that is fetched", "url_ports": "a list that is fetched",
    "urltable_ports": "a list that is fetched", "geoip": "a list of countries", "asn": "the networks of a provider", "external": "filled from outside",
    "dynipv6host": "a prefix that changes", "mac": "hardware addresses", "authgroup": "who has logged in", "openvpngroup": "who has logged in",
    "internal": "filled by the device itself", "openvpn": "who has logged in",
}  # fmt: skip
_NUMBERS = re.compile(r"!?[0-9.]+(?:[/-][0-9./]+)?")
_HEXES = re.compile(r"!?[0-9a-fA-F.]*:[0-9a-fA-F:.]*(?:[/-][0-9a-fA-F:.]+)?")

Refuse = Callable[[str, int], InputError]
"""(reason, line)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The addresses of one family. ``why``: what else may be among them. ``gone``: the device has none of the family."""

    pairs: Intervals = ()
    why: str | None = None
    maybe: str | None = None
    """Why of these themselves it is not sure that they are among them."""
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """What a rule writes as its source or destination."""

    v4: Span = Span()
    v6: Span = Span()
    own: bool = False
    """What is not known of it is an address of the device's own."""
    objects: tuple[str, ...] = ()
    """The aliases that it was expanded from."""

    def of(self, family: Family) -> Span:
        return self.v4 if family == 4 else self.v6

    def negated(self) -> Addresses:
        """All others, in each family that the device has."""
        return replace(self, own=False, v4=_others(self.v4, 4), v6=_others(self.v6, 6))

    def set(self, *families: Family) -> AddressSet:
        """These families as one set."""
        mine = [self.of(family) for family in families]
        return AddressSet(
            v4=self.v4.pairs if 4 in families else (), v6=self.v6.pairs if 6 in families else (),
            unknown=next((one.why for one in mine if one.why), None),
        )  # fmt: skip


ANYWHERE: Final = Addresses(v4=Span(pairs=intervals.everything(4)), v6=Span(pairs=intervals.everything(6)))


def _others(span: Span, family: Family) -> Span:
    if span.gone:
        return span
    # What may be inside may be outside: only what is surely inside never matches.
    return Span(pairs=intervals.subtract(intervals.everything(family), span.pairs), maybe=span.why)


def union(parts: Iterable[Addresses]) -> Addresses:
    """All of them; a family is gone where it is gone of each."""
    found = list(parts)
    spans = {}
    for family in FAMILIES:
        mine = [one.of(family) for one in found]
        spans[family] = Span(
            pairs=intervals.union(*(one.pairs for one in mine)), why=next((one.why for one in mine if one.why), None),
            gone=bool(mine) and all(one.gone for one in mine),
        )  # fmt: skip
    unsure = [one for one in found if one.v4.why or one.v6.why]
    objects = tuple(dict.fromkeys(name for one in found for name in one.objects))
    return Addresses(v4=spans[4], v6=spans[6], own=bool(unsure) and all(one.own for one in unsure), objects=objects)


def unknown(why: str, *, own: bool = False) -> Addresses:
    return Addresses(v4=Span(why=why), v6=Span(why=why), own=own)


def literal(word: str) -> Addresses | None:
    """An address, a network or a range; None for what looks like none of them. Raises Unread for what looks so and is none."""
    if not (_NUMBERS.fullmatch(word) or _HEXES.fullmatch(word)):
        return None
    first, dash, last = word.partition("-")
    address, slash, mask = word.partition("/")
    pair: Interval
    try:
        if slash and "." in mask:
            # A mask whose ones say what may differ.
            number, family = intervals.number(address)
            free, other = intervals.number(mask)
            if family != 4 or other != 4:
                raise ValueError
            return _of(4, intervals.normal(netmatch.masked(number, free ^ 0xFFFFFFFF, 32)))
        if slash:
            net = ip_network(word, strict=False)
            family = 4 if net.version == 4 else 6
            pair = int(net.network_address), int(net.broadcast_address)
        else:
            lo, family = intervals.number(first)
            hi, other = intervals.number(last if dash else first)
            if family != other or lo > hi:
                raise ValueError
            pair = lo, hi
    except Unread:
        raise
    except ValueError:
        raise Unread(f"'{word[:60]}' is not an address, a network or a range") from None
    return _of(family, (pair,))


def _of(family: Family, pairs: Intervals) -> Addresses:
    return Addresses(v4=Span(pairs=pairs)) if family == 4 else Addresses(v6=Span(pairs=pairs))


def port_range(word: str) -> Intervals | None:
    """A port or a range of them; None for a name. Raises Unread for what is out of range."""
    first, colon, last = word.replace("-", ":").partition(":")
    if not first.isdecimal() or (colon and not (last.isdecimal() or last == "any")):
        if first == "any" and last.isdecimal():
            first = "0"
        else:
            return None
    hi = last or first
    lo_, hi_ = netmatch.port(first, "tcp"), 65535 if hi == "any" else netmatch.port(hi, "tcp")
    if lo_ > hi_:
        raise Unread(f"'{word[:40]}' is not a range of ports")
    return ((lo_, hi_),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """One alias as written."""

    name: str
    type: str
    words: Sequence[str]
    line: int
    enabled: bool = True


@dataclass(slots=True)
class Aliases:
    """All aliases of a file, each worked out once. ``named``: what the maker calls by name beside them."""

    aliases: Mapping[str, Alias]
    refuse: Refuse
    _sets: dict[str, Addresses] = field(default_factory=dict)
    _ports: dict[str, tuple[Intervals, str | None]] = field(default_factory=dict)

    def addresses(self, word: str, line: int, above: tuple[str, ...] = ()) -> Addresses:
        """What a word stands for: an address, a network, a range, or an alias. Raises InputError where it can be none."""
        try:
            found = literal(word)
        except Unread as error:
            raise self.refuse(str(error), line) from None
        if found is not None:
            return found
        alias = self.aliases.get(word)
        if alias is None:
            what = "host name" if "." in word else "alias"
            return unknown(f"{what} '{word[:60]}' is not {'resolved' if '.' in word else 'in the file'}")
        if word not in self._sets:
            self._sets[word] = self._alias(alias, line, above)
        return self._sets[word]

    def ports(self, word: str, line: int, above: tuple[str, ...] = ()) -> tuple[Intervals, str | None]:
        """(ports, why others may be among them). Raises InputError for a number that is no port."""
        try:
            found = port_range(word)
            if found is not None:
                return found, None
        except Unread as error:
            raise self.refuse(str(error), line) from None
        alias = self.aliases.get(word)
        if alias is None:
            if word.casefold() in netmatch.SERVICES:
                number = netmatch.SERVICES[word.casefold()]
                return ((number, number),), None
            return PORTS_ALL, f"port alias '{word[:60]}' is not in the file"
        if word not in self._ports:
            self._ports[word] = self._port_alias(alias, line, above)
        return self._ports[word]

    def objects(self, word: str) -> tuple[str, ...]:
        """A port alias and those in it, outermost first."""
        found, waiting = dict[str, None](), [word]
        while waiting:
            name = waiting.pop()
            if name in self.aliases and name not in found:
                found[name] = None
                waiting += reversed(self.aliases[name].words)
        return tuple(f"alias {name}" for name in found)

    def _entered(self, alias: Alias, line: int, above: tuple[str, ...]) -> tuple[str, ...]:
        if alias.name in above:
            raise self.refuse(f"alias '{alias.name[:60]}' holds itself", alias.line)
        if len(above) >= MAX_DEPTH:
            raise self.refuse(f"aliases are nested more than {MAX_DEPTH} deep", line)
        return (*above, alias.name)

    def _alias(self, alias: Alias, line: int, above: tuple[str, ...]) -> Addresses:
        path = self._entered(alias, line, above)
        me = (f"alias {alias.name}",)
        if why := _untold(alias, HOSTS):
            return replace(unknown(why), objects=me)
        plain: list[Addresses] = []
        gone: list[Addresses] = []
        for word in alias.words:
            mine = gone if word.startswith("!") else plain
            mine.append(self.addresses(word.removeprefix("!"), alias.line, path))
        found = union(plain)
        if gone:
            found = _except(found, plain, gone)
        return replace(found, own=False, objects=(*me, *found.objects))

    def _port_alias(self, alias: Alias, line: int, above: tuple[str, ...]) -> tuple[Intervals, str | None]:
        path = self._entered(alias, line, above)
        if why := _untold(alias, PORTS):
            return PORTS_ALL, why
        found = [self.ports(word, alias.line, path) for word in alias.words]
        if not found:
            return PORTS_ALL, f"port alias '{alias.name}' is empty"
        why = next((reason for _, reason in found if reason), None)
        return (PORTS_ALL, why) if why else (intervals.union(*(pairs for pairs, _ in found)), None)


def _untold(alias: Alias, types: frozenset[str]) -> str | None:
    """Why the file does not say what an alias holds."""
    if not alias.enabled:
        return f"alias '{alias.name}' is switched off"
    if alias.type in types:
        return None
    if alias.type in _FETCHED:
        return f"alias '{alias.name}' is {_FETCHED[alias.type]}"
    return f"alias '{alias.name}' is of type '{alias.type[:40]}'"


def _except(found: Addresses, plain: Sequence[Addresses], gone: Sequence[Addresses]) -> Addresses:
    """A table with entries that are left out: of two that hold an address the narrower one counts."""
    spans = {}
    for family in FAMILIES:
        entries = [(pair, True) for one in plain for pair in one.of(family).pairs]
        entries += [(pair, False) for one in gone for pair in one.of(family).pairs]
        entries.sort(key=lambda one: one[0][0] - one[0][1])
        left: Intervals = ()
        for inside, same in groupby(entries, key=lambda one: one[1]):
            pairs = intervals.normal(pair for pair, _ in same)
            left = intervals.union(left, pairs) if inside else intervals.subtract(left, pairs)
        why = next((one.of(family).why for one in (found, *gone) if one.of(family).why), None)
        doubtful = any(one.of(family).why for one in gone)
        spans[family] = Span(pairs=() if doubtful else left, why=why)
    return replace(found, v4=spans[4], v6=spans[6])
