"""``ip nat``: what a router translates, static before what is drawn from a pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from secscan.exposure import intervals
from secscan.exposure.formats.asa_nat import opaque
from secscan.exposure.formats.cisco import ANY, Entry, Words, host, network, port, prefix, short, span
from secscan.exposure.formats.cisco_lines import Line
from secscan.exposure.formats.netmatch import EVERY_SERVICE, Unread
from secscan.model.net import AddressSet, Intervals, Origin, PortSet, Translation

_OPTIONS: Final = frozenset(
    ("extendable", "no-alias", "no-payload", "add-route", "overload", "oer", "reversible", "forced", "match-in-vrf", "stateless", "mapping-id")
)  # fmt: skip
_VALUED: Final = frozenset(("vrf", "redundancy", "mapping-id", "oer"))
_ASIDE: Final = frozenset(
    ("translation", "log", "service", "create", "settings", "sip-sbc", "portmap", "allow-static-host", "piggyback-support", "switchover",
     "Stateful", "scrub", "name")
)  # fmt: skip


@dataclass(slots=True)
class Nat:
    """``lists`` gives a list's entries, ``interface`` an interface's own address (empty where it is not known)."""

    origin: Callable[[Line], Origin]
    lists: Callable[[str], list[Entry] | None]
    interface: Callable[[str], AddressSet]
    inside: set[str] = field(default_factory=set)
    outside: set[str] = field(default_factory=set)
    """Interfaces by their ``ip nat`` line."""
    lines: list[Line] = field(default_factory=list)
    pools: dict[str, AddressSet] = field(default_factory=dict)

    def take(self, line: Line, more: Sequence[Line]) -> None:
        """A line at the margin, with what stands under it. Raises Unread and Absurd."""
        words = line.words[2:]
        if words[:1] == ("pool",):
            self._pool(words[1:], more)
        elif words and words[0] not in _ASIDE:
            self.lines.append(line)

    def _pool(self, words: Sequence[str], more: Sequence[Line]) -> None:
        if not words:
            raise Unread("a pool has no name")
        if len(words) > 2 and words[1][0].isdigit():
            self.pools[words[0]] = span(words[1], words[2])
        ranges = [line.words[1:3] for line in more if line.starts("address") and len(line.words) > 2]
        if ranges:
            self.pools[words[0]] = span(ranges[0][0], ranges[-1][1])

    def translated_sources(self) -> AddressSet:
        """Whose sources may be changed on the way out: every address where that is not plain."""
        return ANY if any("source" in line.words for line in self.lines) else AddressSet()

    def translations(self) -> list[Translation]:
        """Raises Absurd."""
        ranks: dict[int, list[Translation]] = {0: [], 1: []}
        for line in self.lines:
            origin = self.origin(line)
            try:
                for rank, one in self._one(Words(line.words[2:]), origin):
                    ranks[rank].append(one)
            except Unread as error:
                ranks[0].append(opaque(origin, f"{error}: {origin.text}"))
        return [*ranks[0], *ranks[1]]

    def _one(self, words: Words, origin: Origin) -> Iterator[tuple[int, Translation]]:
        side = words.next()
        if side == "source":  # without sides: wherever a packet comes in
            here = there = None
            kind = side
        else:
            here, there = (self._gate(self.inside), self._gate(self.outside))
            if side == "outside":
                here, there = there, here
            elif side != "inside":
                raise Unread(f"'{short(side)}' is not understood")
            kind = words.next()
        if kind != "source":
            raise Unread(f"'{short(kind)}' is not understood")
        match words.next():
            case "static":
                for one in self._static(words, origin, here, there):
                    yield 0, one
            case "list":
                src = self._permitted(words.next())
                yield 1, self._dynamic(words, origin, here, there, src, None)
            case "route-map":
                name = words.next()
                yield 1, self._dynamic(words, origin, here, there, ANY, f"it hangs on route-map {short(name)}")
            case word:
                raise Unread(f"'{short(word)}' is not understood")

    def _static(
        self, words: Words, origin: Origin, here: frozenset[str] | None, there: frozenset[str] | None
    ) -> Iterator[Translation]:
        """Local and global: from ``here`` on to ``there`` the source, the other way the destination."""
        proto = words.next() if words.peek() in ("tcp", "udp", "esp") else ""
        own = False
        unknown = None
        sent: Intervals | None = None
        got: Intervals | None = None
        if words.took("network"):
            first, second, mask = words.next(), words.next(), words.next()
            real, mapped = (prefix(a + mask) if mask.startswith("/") else network(a, mask) for a in (first, second))
        else:
            real = host(words.next())
            if proto in ("tcp", "udp"):
                got = port(words.next()).pairs
            if words.took("interface"):
                name = words.next()
                mapped, own = self.interface(name), True
            else:
                mapped = host(words.next())
            if proto in ("tcp", "udp"):
                sent = port(words.next()).pairs
        while words:
            word = words.next()
            if word in ("route-map", "pool"):
                unknown = f"it hangs on {word} {short(words.next())}"
            elif word in _VALUED:
                words.next()
            elif word not in _OPTIONS:
                raise Unread(f"'{short(word)}' is not understood")
        number = {"esp": "50"}.get(proto, proto)
        services = (
            (PortSet(proto=number, dport=sent),) if sent else (PortSet(proto=number),) if proto else EVERY_SERVICE
        )
        yield Translation(
            name=f"ip nat line {origin.line}", kind="dst", src=ANY, dst=mapped, services=services, in_interfaces=there, to=real,
            to_ports=got, dst_own=own and mapped.unknown is not None, unknown=unknown, origin=origin,
        )  # fmt: skip
        back = (PortSet(proto=proto, sport=got),) if got else EVERY_SERVICE
        yield Translation(
            name=f"ip nat line {origin.line}", kind="src", src=real, dst=ANY, services=back, in_interfaces=here, out_interfaces=there,
            to=mapped, unknown=unknown, origin=origin,
        )  # fmt: skip

    def _dynamic(
        self, words: Words, origin: Origin, here: frozenset[str] | None, there: frozenset[str] | None, src: AddressSet, unknown: str | None
    ) -> Translation:  # fmt: skip
        match words.next():
            case "interface":
                to = self.interface(words.next())
            case "pool":
                name = words.next()
                to = self.pools.get(name, AddressSet(unknown=f"pool '{short(name)}' is not defined"))
            case word:
                raise Unread(f"'{short(word)}' is not understood")
        return Translation(
            name=f"ip nat line {origin.line}", kind="src", src=src, dst=ANY, services=EVERY_SERVICE, in_interfaces=here,
            out_interfaces=there, to=to, unknown=unknown, origin=origin,
        )  # fmt: skip

    def _permitted(self, name: str) -> AddressSet:
        """The sources that a list may let through: those of its permits, not known as soon as it denies any."""
        entries = self.lists(name)
        if not entries:
            return AddressSet(unknown=f"list '{short(name)}' is not defined")
        permits = [one for one in entries if one.action == "permit"]
        v4 = tuple(pair for one in permits for pair in one.src.v4)
        narrow = any(one.action == "deny" or one.dst.v4 != ANY.v4 or one.unknown for one in entries)
        why = next((one.src.unknown for one in permits if one.src.unknown), None)
        if narrow:
            return AddressSet(unknown=why or f"list '{short(name)}' tells more than sources")
        return AddressSet(v4=intervals.normal(v4), unknown=why)

    @staticmethod
    def _gate(names: set[str]) -> frozenset[str] | None:
        return frozenset(names) if names else None
