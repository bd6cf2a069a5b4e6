"""The zone-based firewall of IOS: zones, zone pairs, and the policies that decide between two zones.

What goes from a zone to itself passes, as does what goes between interfaces of no zone. From a zone to another the
pair's policy decides, class by class; without a pair, and from a zone to an interface of none, everything is dropped.
To and from the router itself (zone ``self``) everything passes where no pair says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from secscan.exposure import intervals
from secscan.exposure.formats.cisco import ANY, short
from secscan.exposure.formats.cisco_lines import Block, Line
from secscan.exposure.formats.netmatch import EVERY_SERVICE, Unread
from secscan.model.net import PORTS_ALL, Chain, Intervals, Origin, PortSet, Rule, Stage, Traffic

_APPLICATIONS: Final[Mapping[str, Sequence[tuple[str, int]]]] = {
    "http": [("tcp", 80)], "https": [("tcp", 443)], "ssh": [("tcp", 22)], "telnet": [("tcp", 23)], "smtp": [("tcp", 25)],
    "dns": [("tcp", 53), ("udp", 53)], "ftp": [("tcp", 21)], "tftp": [("udp", 69)], "pop3": [("tcp", 110)], "imap": [("tcp", 143)],
    "ntp": [("tcp", 123), ("udp", 123)], "snmp": [("tcp", 161), ("udp", 161)], "snmptrap": [("tcp", 162), ("udp", 162)],
    "syslog": [("udp", 514)], "ldap": [("tcp", 389), ("udp", 389)], "ldaps": [("tcp", 636), ("udp", 636)],
    "kerberos": [("tcp", 88), ("udp", 88)], "bgp": [("tcp", 179), ("udp", 179)], "h323": [("tcp", 1720)], "pptp": [("tcp", 1723)],
    "isakmp": [("udp", 500)], "bootps": [("udp", 67)], "bootpc": [("udp", 68)], "dhcp": [("udp", 67)], "finger": [("tcp", 79)],
    "imaps": [("tcp", 993), ("udp", 993)], "pop3s": [("tcp", 995), ("udp", 995)], "rtsp": [("tcp", 554)],
    "sip-tls": [("tcp", 5061), ("udp", 5061)], "sip": [("tcp", 5060), ("udp", 5060)], "sqlnet": [("tcp", 1521)], "microsoft-ds": [("tcp", 445), ("udp", 445)],
    "nntp": [("tcp", 119)], "tacacs": [("tcp", 49), ("udp", 49)], "radius": [("udp", 1812), ("udp", 1813)],
}  # fmt: skip
"""The ports by which an application is told, unless ``ip port-map`` says otherwise."""
_WHOLE: Final = {"tcp": "tcp", "udp": "udp", "icmp": "icmp"}
_MOST_TERMS: Final = 500
_SELF: Final = "self"


@dataclass(frozen=True, slots=True)
class _Term:
    """One way in which a class may be matched: a list, and services."""

    lists: tuple[str, ...] = ()
    services: tuple[PortSet, ...] = EVERY_SERVICE
    unknown: str | None = None


@dataclass(slots=True)
class _Pair:
    source: str
    destination: str
    policy: str
    origin: Origin


ListChain = Callable[[str, Literal["permit", "deny"]], str | None]
"""(list, action) -> the chain that does the action where the list permits, and comes back where it denies."""


@dataclass(slots=True)
class Zones:
    """Read block by block; ``stages`` then says what the router asks."""

    origin: Callable[[Line], Origin]
    first: Line | None = None
    zones: dict[str, set[str]] = field(default_factory=dict)
    """Zone -> its interfaces."""
    pairs: list[tuple[_Pair, Line]] = field(default_factory=list)
    classes: dict[str, Block] = field(default_factory=dict)
    policies: dict[str, Block] = field(default_factory=dict)
    mapped: set[str] = field(default_factory=set)
    """Applications whose ports ``ip port-map`` changes."""

    def take(self, block: Block) -> bool:
        """Whether the block is one of a zone-based firewall's. Raises Unread."""
        head = block.head
        match head.words:
            case ["zone", "security", name]:
                self.zones.setdefault(name, set())
                self.first = self.first or head
            case ["zone-pair", "security", _, *rest]:
                words = dict(zip(rest[::2], rest[1::2], strict=False))
                policy = next(
                    (line.words[-1] for line in block.lines if line.starts("service-policy", "type", "inspect")), ""
                )
                if not ("source" in words and "destination" in words):
                    raise Unread("a zone pair names no source and destination")
                self.pairs.append((_Pair(words["source"], words["destination"], policy, self.origin(head)), head))
            case ["class-map", "type", "inspect", *_, name]:
                self.classes[name] = block
            case ["policy-map", "type", "inspect", name]:
                self.policies[name] = block
            case ["ip", "port-map", name, *_]:
                self.mapped.add(name)
            case _:
                return False
        return True

    def member(self, zone: str, interface: str) -> None:
        self.zones.setdefault(zone, set()).add(interface)

    def stages(self, interfaces: Sequence[str], chains: dict[str, Chain], lists: ListChain) -> Iterator[Stage]:
        """What is asked of packets that pass, and of those to and from the router."""
        if not self.zones:
            return
        members = {one for some in self.zones.values() for one in some}
        outside = frozenset(one for one in interfaces if one not in members)
        if "default" in self.zones and outside:
            self.zones["default"] |= outside
            outside = frozenset()
        assert self.first is not None or members
        line = self.origin(self.first) if self.first else next((p.origin for p, _ in self.pairs), None)
        end = line or Origin(file="", line=0, line_to=0, text="")
        steps = list(self._pairs(chains, lists, lambda p: _SELF not in (p.source, p.destination)))
        said = {(p.source, p.destination) for p, _ in self.pairs}
        alike = [(some, name) for name, some in self.zones.items() if some and (name, name) not in said]
        for some, _ in [*alike, *([(outside, "")] if outside else [])]:
            sides = frozenset(some)
            steps.append(_implied(len(steps), "permit", end, into=sides, out=sides))
        yield from _stage(chains, "zones", steps, "deny", end, "through")
        if to := list(self._pairs(chains, lists, lambda p: p.destination == _SELF)):
            yield from _stage(chains, "zone self", to, "permit", end, "to-device")
        if away := list(self._pairs(chains, lists, lambda p: p.source == _SELF)):
            yield from _stage(chains, "from zone self", away, "permit", end, "from-device")

    def _pairs(self, chains: dict[str, Chain], lists: ListChain, wanted: Callable[[_Pair], bool]) -> Iterator[Rule]:
        for number, (pair, _) in enumerate(one for one in self.pairs if wanted(one[0])):
            chain = self._policy(pair, chains, lists)
            into, out = (
                None if name == _SELF else frozenset(self.zones.get(name) or (name,))
                for name in (pair.source, pair.destination)
            )
            yield replace(_implied(number, "goto", pair.origin, into=into, out=out), target=chain)

    def _policy(self, pair: _Pair, chains: dict[str, Chain], lists: ListChain) -> str:
        """The chain of a policy: its classes in order, then what it does with the rest."""
        name = f"policy-map {pair.policy}" if pair.policy else f"zone-pair {pair.source} {pair.destination}"
        if name in chains:
            return name
        block = self.policies.get(pair.policy)
        steps: list[Rule | Origin] = []
        apart = pair.source != pair.destination and _SELF not in (pair.source, pair.destination)
        default: Literal["permit", "deny"] | None = "deny" if block is not None or (apart and not pair.policy) else None
        end = pair.origin
        for line, does in _classes(block) if block is not None else ():
            origin = self.origin(line)
            action = _action(does)
            if line.words[-1] == "class-default":
                default, end = action or "deny", origin
                continue
            if action is None:
                steps.append(replace(origin, text=f"what this class does is not understood: {origin.text}"))
                continue
            for term in self._terms(line.words[-1], ()):
                steps.append(self._step(len(steps), term, action, origin, lists))
        chains[name] = Chain(name=name, steps=tuple(steps), default=default, default_origin=end)
        return name

    def _step(
        self, position: int, term: _Term, action: Literal["permit", "deny"], origin: Origin, lists: ListChain
    ) -> Rule:
        rule = Rule(
            position=position, action=action, src=ANY, dst=ANY, services=term.services, unknown=term.unknown,
            origin=replace(origin, vendor_id=origin.text),
        )  # fmt: skip
        if not term.lists:
            return rule
        if len(term.lists) > 1:
            return replace(rule, unknown=term.unknown or "it asks several lists at once")
        chain = lists(term.lists[0], action)
        if chain is None:
            return replace(rule, unknown=f"list '{short(term.lists[0])}' is not defined")
        return replace(rule, action="jump", target=chain, implied=True)

    def _terms(self, name: str, above: tuple[str, ...]) -> list[_Term]:
        """Every way to match a class."""
        block = self.classes.get(name)
        if block is None:
            return [_Term(unknown=f"class '{short(name)}' is not defined")]
        if name in above or len(above) > 20:
            return [_Term(unknown=f"class '{short(name)}' holds itself")]
        found = [self._condition(line, (*above, name)) for line in block.lines if line.words[0] == "match"]
        if not found:
            return [_Term(unknown=f"class '{short(name)}' matches nothing that is understood")]
        if "match-any" in block.head.words:
            return [term for some in found for term in some]
        terms = [_Term()]
        for some in found:
            terms = [both for a in terms for b in some if (both := _both(a, b)) is not None]
            if len(terms) > _MOST_TERMS:
                return [_Term(unknown=f"class '{short(name)}' asks too much at once")]
        return terms

    def _condition(self, line: Line, above: tuple[str, ...]) -> list[_Term]:
        match line.words:
            case ["match", "access-group", "name", name] | ["match", "access-group", name]:
                return [_Term(lists=(name,))]
            case ["match", "class-map", name]:
                return self._terms(name, above)
            case ["match", "protocol", name, *rest] if not rest or rest[0] == "signature":
                return [self._protocol(name)]
            case _:
                return [_Term(unknown=f"'{short(line.text)}' is not understood")]

    def _protocol(self, name: str) -> _Term:
        if name in _WHOLE:
            return _Term(services=(PortSet(proto=_WHOLE[name]),))
        if name not in _APPLICATIONS or name in self.mapped:
            return _Term(unknown=f"how '{short(name)}' is told is not in the export")
        return _Term(services=tuple(PortSet(proto=p, dport=((n, n),)) for p, n in _APPLICATIONS[name]))


def _classes(block: Block) -> Iterator[tuple[Line, list[Line]]]:
    """Each class of a policy with the lines under it."""
    current: Line | None = None
    does: list[Line] = []
    for line in block.lines:
        if line.words[0] == "class":
            if current is not None:
                yield current, does
            current, does = line, []
        else:
            does.append(line)
    if current is not None:
        yield current, does


def _action(does: Sequence[Line]) -> Literal["permit", "deny"] | None:
    """What a class does: by default it drops."""
    words = [line.words[0] for line in does if line.words[0] not in ("description", "police", "exit")]
    if not words or words[0] == "drop":
        return "deny"
    return "permit" if words[0] in ("inspect", "pass") else None


def _both(a: _Term, b: _Term) -> _Term | None:
    services = tuple(both for x in a.services for y in b.services if (both := _service(x, y)) is not None)
    if not services:
        return None
    return _Term(tuple(dict.fromkeys((*a.lists, *b.lists))), services, a.unknown or b.unknown)


def _service(a: PortSet, b: PortSet) -> PortSet | None:
    if a.proto != b.proto and "any" not in (a.proto, b.proto):
        return None
    dport: Intervals = intervals.intersect(a.dport, b.dport)
    return PortSet(proto=b.proto if a.proto == "any" else a.proto, dport=dport, sport=PORTS_ALL) if dport else None


def _implied(
    position: int,
    action: Literal["permit", "goto"],
    origin: Origin,
    *,
    into: frozenset[str] | None,
    out: frozenset[str] | None,
) -> Rule:
    return Rule(
        position=position, action=action, src=ANY, dst=ANY, services=EVERY_SERVICE, in_interfaces=into, out_interfaces=out,
        implied=True, origin=origin,
    )  # fmt: skip


def _stage(
    chains: dict[str, Chain],
    name: str,
    steps: Sequence[Rule],
    default: Literal["permit", "deny"],
    end: Origin,
    traffic: Traffic,
) -> Iterator[Stage]:
    chains[name] = Chain(name=name, steps=tuple(steps), default=default, default_origin=end)
    yield Stage(name=name, chain=name, traffic=traffic)
