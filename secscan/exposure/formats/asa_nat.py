"""An ASA's address translation, in the order in which it is asked.

Since 8.3: twice NAT as written, then what stands in objects (static before dynamic, the fewest addresses first), then
twice NAT after-auto. Before: exemptions, ``static`` as written, ``nat`` with a list, then ``nat`` and ``global``. What
a static one changes on the way out it changes back on the way in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from secscan.exposure import intervals
from secscan.exposure.formats.cisco import (
    ANY,
    Book,
    Entry,
    Ports,
    Words,
    address,
    host,
    network,
    of_family,
    port,
    short,
    span,
    zero,
)
from secscan.exposure.formats.cisco_lines import Line
from secscan.exposure.formats.netmatch import EVERY_SERVICE, Unread
from secscan.model.net import PORTS_ALL, AddressSet, Intervals, Origin, PortSet, Translation

_MODIFIERS: Final = frozenset(
    ("dns", "unidirectional", "no-proxy-arp", "route-lookup", "net-to-net", "inactive", "ipv6", "flat", "include-reserve",
     "round-robin", "extended", "block-allocation", "netmap")
)  # fmt: skip
_EVERY_PORT: Final = ((EVERY_SERVICE[0], EVERY_SERVICE[0]),)


@dataclass(slots=True)
class _Twice:
    """One rule as it is read: addresses as they are inside (real) and outside (mapped)."""

    origin: Origin
    real_if: str
    mapped_if: str
    static: bool = True
    pairs: list[tuple[AddressSet, AddressSet]] = field(default_factory=list)
    """(real, mapped)"""
    own: bool = False
    """The mapped one is the address of the interface."""
    peers: tuple[AddressSet, AddressSet] | None = None
    """The destination, (as sent from inside, as it really is)."""
    services: Sequence[tuple[PortSet, PortSet]] = _EVERY_PORT
    """(as sent from inside, as it leaves)."""
    one_way: bool = False
    enabled: bool = True
    unknown: str | None = None


class Nat:
    """Reads the lines. ``origin`` makes one of a line, with a name."""

    def __init__(self, book: Book, origin: Callable[[Line, str], Origin], lists: Callable[[str], list[Entry] | None]):
        self._book, self._origin, self._lists = book, origin, lists

    # -- since 8.3

    def modern(self, twice: Sequence[Line], objects: Sequence[tuple[str, Line]]) -> list[Translation]:
        """Raises Absurd for what no device takes."""
        first: list[Translation] = []
        after: list[Translation] = []
        for line in twice:
            (after if "after-auto" in line.words else first).extend(self._safely(line, "", self._twice))
        own = sorted(((*self._order(name, line), line) for name, line in objects), key=lambda one: one[:4])
        second = [one for *_, name, line in own for one in self._safely(line, name, self._object)]
        return [*first, *second, *after]

    def _order(self, name: str, line: Line) -> tuple[bool, int, int, str]:
        real = self._book.of(name).set
        pairs = real.v4 or real.v6
        return "dynamic" in line.words, intervals.size(pairs), pairs[0][0] if pairs else 0, name

    def _safely(self, line: Line, name: str, read: Callable[[Words, _Twice, str], None]) -> Iterator[Translation]:
        origin = self._origin(line, name)
        words = Words(line.words[1:])
        rule = _Twice(origin, "any", "any")
        try:
            if words.peek().startswith("("):
                rule.real_if, rule.mapped_if = _sides(words)
            read(words, rule, name)
        except Unread as error:
            yield opaque(origin, f"{error}: {origin.text}")
            return
        yield from _both_ways(rule)

    def _object(self, words: Words, rule: _Twice, name: str) -> None:
        real = self._book.of(name).set
        rule.static = _is_static(words)
        mapped = words.next()
        if mapped == "pat-pool":
            mapped = words.next()
        if mapped == "interface":
            to, rule.own = self._interface(rule.mapped_if), True
        elif mapped in self._book.networks:
            to = self._book.of(mapped).set
        else:
            to = self._inline(mapped, real)
        rule.pairs = self._paired(name, real, mapped, to)
        if words.took("service"):
            proto = words.next()
            before, behind = port(words.next()), port(words.next())
            rule.unknown = before.unknown or behind.unknown
            rule.services = ((PortSet(proto=proto, sport=before.pairs), PortSet(proto=proto, sport=behind.pairs)),)
        self._rest(words, rule)

    def _inline(self, written: str, real: AddressSet) -> AddressSet:
        if "/" in written:
            return host(written)
        number, family = address(written, self._book.names)
        size = intervals.size(intervals.of(real, family)) or 1
        return of_family(family, ((number, number + size - 1),))

    def _twice(self, words: Words, rule: _Twice, _: str) -> None:
        words.took("after-auto")
        if words.took("line") or words.peek().isdecimal():
            words.next()
        if not words.took("source"):
            raise Unread(f"'{short(words.peek())}' is not understood")
        rule.static = _is_static(words)
        real_name = words.next()
        real = self._named(real_name)
        if words.took("pat-pool") or not words.took("interface"):
            mapped_name = words.next()
            to = self._named(mapped_name)
        else:
            mapped_name, to, rule.own = "", self._interface(rule.mapped_if), True
        if rule.static:
            rule.pairs = self._paired(real_name, real, mapped_name, to)
        else:
            while words.peek() in _MODIFIERS or words.peek() in ("interface", "pat-pool"):
                words.next()
                to = AddressSet(v4=to.v4, v6=to.v6, unknown="one of several addresses")
            rule.pairs = [(real, to)]
        if words.took("destination"):
            if not words.took("static"):
                raise Unread(f"'{short(words.peek())}' is not understood")
            sent = self._interface(rule.real_if) if words.took("interface") else self._named(words.next())
            words.took("ipv6")
            rule.peers = sent, self._named(words.next())
        if words.took("service"):
            self._service(words, rule)
        self._rest(words, rule)

    def _service(self, words: Words, rule: _Twice) -> None:
        before, behind = words.next(), words.next()
        found = [self._book.service(name) if name != "any" else None for name in (before, behind)]
        sets = [EVERY_SERVICE if one is None else one.sets for one in found]
        rule.unknown = next((one.unknown for one in found if one and one.unknown), None)
        if len(sets[0]) != len(sets[1]):
            rule.unknown = rule.unknown or f"services {short(before)} and {short(behind)} are not alike"
        rule.services = tuple(zip(*sets, strict=False))

    def _rest(self, words: Words, rule: _Twice) -> None:
        while words:
            word = words.next()
            if word == "description":
                return
            if word not in _MODIFIERS and word not in ("interface", "pat-pool"):
                raise Unread(f"'{short(word)}' is not understood")
            if word == "pat-pool":
                words.next()
            rule.one_way = rule.one_way or word == "unidirectional"
            rule.enabled = rule.enabled and word != "inactive"

    def _named(self, name: str) -> AddressSet:
        return ANY if name == "any" else self._book.of(name).set

    def _interface(self, name: str) -> AddressSet:
        return self._book.interfaces.get(
            name, AddressSet(unknown=f"the address of interface '{short(name)}' is not in the export")
        )

    def _paired(
        self, name: str, real: AddressSet, other: str, mapped: AddressSet
    ) -> list[tuple[AddressSet, AddressSet]]:
        """Which real addresses become which. Groups go member by member where these are of one size."""
        mine, theirs = self._book.parts(name), self._book.parts(other)
        alike = real != mapped and len(mine) == len(theirs) > 1
        if alike and all(_size(a) == _size(b) and not a.unknown for a, b in zip(mine, theirs, strict=True)):
            return list(zip(mine, theirs, strict=True))
        return [(real, mapped)]

    # -- before 8.3

    def classic(self, lines: Sequence[Line]) -> list[Translation]:
        """``static``, ``nat`` and ``global``. Raises Absurd."""
        pools: dict[str, list[tuple[str, AddressSet, Line]]] = {}
        found: dict[int, list[Translation]] = {0: [], 1: [], 2: [], 3: []}
        for line in (one for one in lines if one.words[0] == "global"):
            try:
                words = Words(line.words[1:])
                side, number, what = words.next().strip("()"), words.next(), words.next()
                pools.setdefault(number, []).append((side, self._pool(side, what), line))
            except Unread as error:
                origin = self._origin(line, "")
                found[3].append(opaque(origin, f"{error}: {origin.text}", dst=False))
        for line in (one for one in lines if one.words[0] != "global"):
            origin = self._origin(line, "")
            words = Words(line.words[1:])
            try:
                if line.words[0] == "static":
                    found[1] += self._static(words, origin)
                else:
                    rank, some = self._inside(words, origin, pools)
                    found[rank] += some
            except Unread as error:
                found[0].append(opaque(origin, f"{error}: {origin.text}", dst=line.words[0] == "static"))
        return [one for rank in range(4) for one in found[rank]]

    def _pool(self, side: str, what: str) -> AddressSet:
        if what == "interface":
            return self._interface(side)
        first, dash, last = what.partition("-")
        return span(first, last if dash else first, self._book.names)

    def _static(self, words: Words, origin: Origin) -> Iterable[Translation]:
        real_if, mapped_if = _sides(words)
        proto = words.next() if words.peek() in ("tcp", "udp") else ""
        own = words.took("interface")
        written = "" if own else words.next()
        sent = port(words.next()) if proto else Ports(PORTS_ALL)
        if words.took("access-list"):
            entries = self._permitted(words.next())
            for real, peer in entries:
                mapped = self._interface(mapped_if) if own else self._inline(written, real)
                rule = _Twice(origin, real_if, mapped_if, pairs=[(real, mapped)], own=own, peers=(peer, peer))
                rule.unknown = "its list may name ports" if proto else None
                yield from _both_ways(rule)
            return
        inner = words.next()
        behind = port(words.next()) if proto else sent
        mask = words.next() if words.took("netmask") else "255.255.255.255"
        real = network(inner, mask, self._book.names)
        mapped = self._interface(mapped_if) if own else network(written, mask, self._book.names)
        rule = _Twice(origin, real_if, mapped_if, pairs=[(real, mapped)], own=own, unknown=sent.unknown)
        if proto:
            rule.services = ((PortSet(proto=proto, sport=behind.pairs), PortSet(proto=proto, sport=sent.pairs)),)
        yield from _both_ways(rule)

    def _inside(
        self, words: Words, origin: Origin, pools: dict[str, list[tuple[str, AddressSet, Line]]]
    ) -> tuple[int, list[Translation]]:
        side, number = words.next().strip("()"), words.next()
        policy = words.took("access-list")
        if policy:
            matching = self._permitted(words.next())
        else:
            first = words.next()
            mask = words.next() if words.peek().count(".") == 3 or words.peek() == "0" else "255.255.255.255"
            everywhere = not zero(first).strip("0.")
            matching = [(ANY if everywhere else network(first, mask, self._book.names), ANY)]
        found: list[Translation] = []
        if number == "0":
            for real, peer in matching:
                found += _both_ways(_Twice(origin, side, "any", pairs=[(real, real)], peers=(peer, peer)))
            return (0 if policy else 3), found
        for out, to, _ in pools.get(number, []):
            for real, peer in matching:
                rule = _Twice(origin, side, out, static=False, pairs=[(real, to)])
                rule.peers = (peer, peer) if policy else None
                found += _both_ways(rule)
        return (2 if policy else 3), found

    def _permitted(self, name: str) -> list[tuple[AddressSet, AddressSet]]:
        entries = self._lists(name)
        if entries is None:
            raise Unread(f"list '{short(name)}' is not defined")
        return [(one.src, one.dst) for one in entries if one.action == "permit" and one.enabled]


def opaque(origin: Origin, why: str, *, dst: bool = True) -> Translation:
    """A line that was not understood: it may take anything anywhere. ``dst``: what is sent to an address too."""
    return Translation(
        name=f"line {origin.line}", kind="dst" if dst else "src", src=ANY, dst=ANY, services=EVERY_SERVICE,
        to=AddressSet(unknown="not understood"), unknown=f"line not understood: {why}", origin=origin,
    )  # fmt: skip


def _sides(words: Words) -> tuple[str, str]:
    """``(inside,outside)``, with a space in it or none."""
    written = words.next()
    while ")" not in written and words:
        written += words.next()
    real, comma, mapped = written.strip("()").partition(",")
    if not comma:
        raise Unread(f"'{short(written)}' does not name two interfaces")
    return real, mapped


def _is_static(words: Words) -> bool:
    word = words.next()
    if word not in ("static", "dynamic"):
        raise Unread(f"'{short(word)}' is not understood")
    return word == "static"


def _gate(name: str) -> frozenset[str] | None:
    return None if name == "any" else frozenset((name,))


def _size(one: AddressSet) -> tuple[int, int]:
    return intervals.size(one.v4), intervals.size(one.v6)


def _ports(one: PortSet) -> Intervals | None:
    return None if one.sport == PORTS_ALL else one.sport


def _both_ways(rule: _Twice) -> Iterator[Translation]:
    """What a rule does to destinations and sources, on the way out and on the way in."""
    real_if, mapped_if = _gate(rule.real_if), _gate(rule.mapped_if)
    sent, peer = rule.peers or (ANY, ANY)
    name = f"{rule.origin.vendor_id or 'line'} {rule.origin.name}".strip()

    def one(kind: str, **more: object) -> Translation:
        return Translation(
            name=name, kind=kind, enabled=rule.enabled, unknown=rule.unknown, origin=rule.origin, **more  # type: ignore[arg-type]
        )  # fmt: skip

    for before, behind in rule.services:
        for real, mapped in rule.pairs:
            same = real == mapped and before.sport == behind.sport
            if rule.static and not rule.one_way:
                yield one(
                    "dst", src=peer, dst=mapped, services=(PortSet(proto=behind.proto, dport=behind.sport),), to=real,
                    to_ports=None if same else _ports(before), none=same, in_interfaces=mapped_if, dst_own=rule.own and mapped.unknown is not None,
                )  # fmt: skip
            if rule.peers is not None:
                still = sent == peer and before.dport == behind.dport
                if not still:
                    moved = None if behind.dport == PORTS_ALL else behind.dport
                    yield one(
                        "dst", src=real, dst=sent, services=(before,), to=peer, to_ports=moved, in_interfaces=real_if
                    )
                if not still and rule.static and not rule.one_way:
                    yield one(
                        "src", src=peer, dst=mapped, services=(PortSet(proto=behind.proto, dport=behind.sport),), to=sent,
                        in_interfaces=mapped_if, out_interfaces=real_if, sees="original",
                    )  # fmt: skip
            yield one(
                "src", src=real, dst=sent, services=(before,), to=mapped, none=same, in_interfaces=real_if,
                out_interfaces=mapped_if, sees="original",
            )  # fmt: skip
