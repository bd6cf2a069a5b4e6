"""What a rule of nftables looks at: each field of its JSON, and what of it matches as addresses, ports and interfaces.

A new connection's first packet is asked about: its state is ``new``, its one TCP flag ``syn``, its direction ``original``.
What no configuration tells (a rate, a mark, a set that fills itself) leaves the rule as one that may or may not match.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from secscan.exposure import intervals
from secscan.exposure.formats import netmatch
from secscan.exposure.formats.netmatch import Match, Part, Unread
from secscan.exposure.intervals import Family
from secscan.model.net import PORTS_ALL, AddressSet, Interval, Intervals, PortSet

BOTH: Final = AddressSet(v4=intervals.everything(4), v6=intervals.everything(6))
V4: Final = AddressSet(v4=BOTH.v4)
V6: Final = AddressSet(v6=BOTH.v6)
OTHERS: Final = "*"
"""A set's element for whatever no other is for."""

Values = Sequence[Any]
"""What a field may be: strings, numbers, ``prefix`` and ``range`` objects."""


def of(addresses: AddressSet) -> Match:
    """Everything of the families that these addresses have."""
    return Match(parts=(Part(src=addresses, dst=addresses),))


ALL: Final = of(BOTH)
NEVER: Final = replace(ALL, state="established")


def untold(why: str) -> Match:
    return replace(ALL, unknown=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A named set or map. ``unknown``: why its members are not what the export shows."""

    name: str
    elements: Values
    unknown: str | None = None


@dataclass(slots=True)
class Scope:
    """What the expressions of one chain may name, and the hooks that its packets come from."""

    sets: Mapping[str, Named]
    hooks: frozenset[str] = frozenset()
    early: bool = False
    """Some of them come before destinations are translated."""
    known: dict[tuple[str, str, bool], Match] = field(default_factory=dict)
    """(set, field of numbers, negated) -> what it matches; shared by the chains of a table."""


# ------------------------------------------------------------------------------------------------ fields


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a rule looks at. ``match(values, negated)`` raises Unread for a value that is none of its."""

    name: str
    match: Callable[[Values, bool], Match]
    fixed: tuple[frozenset[str], ...] = ()
    """What it holds in a first packet, where that is known; several, where it may be any of these."""
    number: Number | None = None


@dataclass(frozen=True, slots=True)
class Number:
    """A field that is a number up to ``top``."""

    top: int
    read: Callable[[Any], Interval]
    found: Callable[[Intervals], Match]

    def among(self, pairs: Intervals, negated: bool) -> Match:
        return self.found(intervals.complement(pairs, ((0, self.top),)) if negated else pairs)

    def match(self, values: Values, negated: bool) -> Match:
        whole = (0, self.top)
        return self.among(intervals.normal(whole if value == OTHERS else self.read(value) for value in values), negated)


def numeric(name: str, top: int, read: Callable[[Any], Interval], found: Callable[[Intervals], Match]) -> Field:
    number = Number(top, read, found)
    return Field(name, number.match, number=number)


def named(name: str, found: Callable[[frozenset[str], bool], Match]) -> Field:
    return Field(name, lambda values, negated: found(frozenset(_word(value) for value in values), negated))


def untold_field(name: str, why: str) -> Field:
    return Field(name, lambda _values, _negated: untold(f"it hangs on {why}"))


def _word(value: Any) -> str:
    if isinstance(value, str):
        return value
    raise Unread(f"{short(value)} is not a name")


def short(value: Any) -> str:
    return f"'{str(value)[:40]}'"


def address(family: Family) -> Callable[[Any], Interval]:
    def read(value: Any) -> Interval:
        match value:
            case str():
                written = value
            case {"prefix": {"addr": str() as first, "len": int() as length}}:
                written = f"{first}/{length}"
            case {"range": [str() as first, str() as last]}:
                written = f"{first}-{last}"
            case _:
                raise Unread(f"{short(value)} is not an address")
        found = netmatch.addresses(written, family)
        if found.unknown is not None:
            raise Unread(f"{short(written)} is not an address")
        return intervals.of(found, family)[0]

    return read


def port(value: Any) -> Interval:
    match value:
        case {"range": [first, last]}:
            lo, hi = netmatch.port(str(first), "tcp"), netmatch.port(str(last), "tcp")
        case int() | str() if not isinstance(value, bool):
            lo = hi = netmatch.port(str(value), "tcp")
        case _:
            raise Unread(f"{short(value)} is not a port")
    if lo > hi:
        raise Unread(f"'{lo}-{hi}' is not a range of ports")
    return lo, hi


def _number(names: Mapping[str, int]) -> Callable[[Any], Interval]:
    def read(value: Any) -> Interval:
        match value:
            case {"range": [first, last]}:
                pair = read(first)[0], read(last)[1]
            case int() if not isinstance(value, bool):
                pair = value, value
            case str() if value in names:
                pair = names[value], names[value]
            case _:
                raise Unread(f"{short(value)} is not a number of it")
        if not 0 <= pair[0] <= pair[1] <= 255:
            raise Unread(f"{short(value)} is not a number of it")
        return pair

    return read


def _services(proto: str, side: str) -> Callable[[Intervals], Match]:
    def found(pairs: Intervals) -> Match:
        if not pairs:
            return NEVER
        own = PortSet(proto=proto, dport=pairs) if side == "dport" else PortSet(proto=proto, sport=pairs)
        return by_services((own,))

    return found


def by_services(services: tuple[PortSet, ...], addresses: AddressSet = BOTH) -> Match:
    return Match(parts=(Part(src=addresses, dst=addresses, services=services),)) if services else NEVER


def _side(family: Family, side: str) -> Callable[[Intervals], Match]:
    every = V4 if family == 4 else V6

    def found(pairs: Intervals) -> Match:
        if not pairs:
            return NEVER
        own = AddressSet(v4=pairs) if family == 4 else AddressSet(v6=pairs)
        return Match(parts=(Part(src=own, dst=every) if side == "saddr" else Part(src=every, dst=own),))

    return found


def _protocols(addresses: AddressSet) -> Callable[[Values, bool], Match]:
    def found(values: Values, negated: bool) -> Match:
        names = {netmatch.protocol(str(value)) for value in _single(values)}
        if OTHERS in values:
            return NEVER if negated else of(addresses)
        if negated:
            names = set(netmatch.all_but("")) - names
        return by_services(tuple(PortSet(proto=name) for name in sorted(names)), addresses)

    return found


def _single(values: Values) -> Iterator[Any]:
    for value in values:
        match value:
            case {"range": [int() as first, int() as last]} if 0 <= first <= last <= 255:
                yield from range(first, last + 1)
            case str() | int() if not isinstance(value, bool):
                if value != OTHERS:
                    yield value
            case _:
                raise Unread(f"{short(value)} is not a protocol")


_FAMILIES: Final = {"ip": V4, "ipv4": V4, "ip6": V6, "ipv6": V6}


def _families(words: frozenset[str], negated: bool) -> Match:
    found = [_FAMILIES[word] for word in words if word in _FAMILIES]
    if OTHERS in words:
        found = [BOTH]
    v4, v6 = any(one.v4 for one in found) is not negated, any(one.v6 for one in found) is not negated
    return of(AddressSet(v4=BOTH.v4 if v4 else (), v6=BOTH.v6 if v6 else ())) if v4 or v6 else NEVER


_NO_DEVICE: Final = {"in": frozenset(("output",)), "out": frozenset(("ingress", "prerouting", "input"))}
"""Hooks at which a packet has no such interface: its name is empty there."""


def _interface(scope: Scope, way: str) -> Callable[[frozenset[str], bool], Match]:
    def found(words: frozenset[str], negated: bool) -> Match:
        if OTHERS in words:
            return NEVER if negated else ALL
        names = frozenset(_interface_name(word) for word in words)
        if way == "in" and "postrouting" in scope.hooks:
            return untold("not every kernel knows behind routing where a packet came in")
        without = scope.hooks & _NO_DEVICE[way]
        if without and without == scope.hooks:
            return ALL if negated else NEVER
        if without:
            return untold(f"its chain is asked where a packet has no interface that it goes {way} by")
        if "+" in names:
            return NEVER if negated else ALL
        match way, negated:
            case "in", False:
                return replace(ALL, into=names)
            case "in", True:
                return replace(ALL, not_into=names)
            case _, False:
                return replace(ALL, out=names)
            case _:
                return replace(ALL, not_out=names)

    return found


def _interface_name(word: str) -> str:
    if word.endswith("\\*"):
        return f"{word[:-2]}*"
    return f"{word[:-1]}+" if word.endswith("*") else word


def _status(words: frozenset[str], scope: Scope, negated: bool) -> Match:
    """``ct status``: of what it may hold, a first packet may only have been translated."""
    if words <= _NOT_YET:
        return ALL if negated else NEVER
    if words - _NOT_YET != {"dnat"} or scope.early:
        return untold("it hangs on the state of the connection")
    return replace(ALL, dnat=not negated)


_NOT_YET: Final = frozenset(("expected", "seen-reply", "assured", "confirmed", "dying"))


def _fib_type(scope: Scope, flags: Any) -> Callable[[frozenset[str], bool], Match]:
    def found(words: frozenset[str], negated: bool) -> Match:
        unicast, local = (any(w in words for w in (word, OTHERS)) is not negated for word in ("unicast", "local"))
        if unicast is local:
            return ALL if unicast else NEVER
        if not isinstance(flags, list) or ("saddr" in flags) == ("daddr" in flags):
            return untold("it hangs on the device's routes")
        if "saddr" in flags:
            if scope.hooks & {"output", "postrouting"}:
                return untold("the device's own addresses are not in the export")
            return ALL if unicast else NEVER  # nobody else sends from an address of the device's own
        if scope.hooks and scope.hooks <= {"forward"}:
            return ALL if unicast else NEVER
        if scope.hooks and scope.hooks <= {"input"}:
            return ALL if local else NEVER
        own = AddressSet(unknown="the device's own addresses are not in the export")
        return Match(parts=(Part(src=BOTH, dst=own, dst_own=local),))

    return found


def reverse_path(flags: Any, right: Any, equal: bool) -> Match:
    """``fib saddr . iif oif``: what comes in where its source belongs has a way back; forged addresses are not thought of."""
    if not isinstance(flags, list) or "saddr" not in flags or not (isinstance(right, bool) or right == 0):
        return untold("it hangs on the device's routes")
    return ALL if bool(right) is equal else NEVER


_ICMP: Final = {
    "echo-reply": 0, "destination-unreachable": 3, "source-quench": 4, "redirect": 5, "echo-request": 8, "router-advertisement": 9,
    "router-solicitation": 10, "time-exceeded": 11, "parameter-problem": 12, "timestamp-request": 13, "timestamp-reply": 14,
    "info-request": 15, "info-reply": 16, "address-mask-request": 17, "address-mask-reply": 18,
}  # fmt: skip
_ICMP6: Final = {
    "destination-unreachable": 1, "packet-too-big": 2, "time-exceeded": 3, "parameter-problem": 4, "echo-request": 128, "echo-reply": 129,
    "mld-listener-query": 130, "mld-listener-report": 131, "mld-listener-done": 132, "mld-listener-reduction": 132, "nd-router-solicit": 133,
    "nd-router-advert": 134, "nd-neighbor-solicit": 135, "nd-neighbor-advert": 136, "nd-redirect": 137, "router-renumbering": 138,
    "ind-neighbor-solicit": 141, "ind-neighbor-advert": 142, "mld2-listener-report": 143,
}  # fmt: skip
_CODES: Final = {
    "net-unreachable": 0, "host-unreachable": 1, "prot-unreachable": 2, "port-unreachable": 3, "frag-needed": 4, "net-prohibited": 9,
    "host-prohibited": 10, "admin-prohibited": 13,
}  # fmt: skip
_CODES6: Final = {
    "no-route": 0, "admin-prohibited": 1, "addr-unreachable": 3, "port-unreachable": 4, "policy-fail": 5, "reject-route": 6,
}  # fmt: skip
_PORTED: Final = {"tcp": "tcp", "udp": "udp", "th": "any", "sctp": "132", "dccp": "33", "udplite": "136"}
_UNTOLD_META: Final = {
    "mark": "a mark", "hour": "the time of day", "day": "the day of the week", "time": "the date", "skuid": "the user that sends",
    "skgid": "the group that sends", "pkttype": "how it is addressed", "length": "its length", "priority": "its priority",
    "iifgroup": "a group of interfaces", "oifgroup": "a group of interfaces", "iiftype": "the kind of interface",
    "oiftype": "the kind of interface", "cgroup": "the program that sends", "rtclassid": "a routing realm", "nftrace": "a trace",
    "ibrname": "a bridge", "obrname": "a bridge", "ibriport": "the port of a bridge", "obriport": "the port of a bridge", "cpu": "the processor",
    "random": "chance", "ipsec": "a tunnel", "secpath": "a tunnel", "iifkind": "the kind of interface", "oifkind": "the kind of interface",
    "sdif": "a routing domain", "sdifname": "a routing domain", "broute": "a bridge",
}  # fmt: skip
_UNTOLD: Final = {
    "numgen": "chance", "jhash": "a hash", "symhash": "a hash", "socket": "a local socket", "osf": "the sender's system", "rt": "the device's routes",
    "ipsec": "a tunnel", "tcp option": "an option of TCP", "ip option": "an option of IP", "sctp chunk": "the chunks of SCTP",
    "dccp option": "an option of DCCP", "exthdr": "a header of IPv6", "tunnel": "a tunnel",
}  # fmt: skip
_UNTOLD_PAYLOAD: Final = frozenset(
    ("ether", "vlan", "arp", "ah", "esp", "comp", "igmp", "gre", "vxlan", "geneve", "frag", "hbh", "dst", "mh")
)
_NEW: Final = (frozenset(("new",)), frozenset(("untracked",)))


def field_of(left: Any, scope: Scope) -> Field:
    """Raises Unread for what it does not know."""
    match left:
        case {"payload": {"protocol": str() as proto, "field": str() as name}}:
            return _payload(proto, name)
        case {"payload": {"name": str() as proto, "field": str() as name}}:  # as nft 0.9.0 wrote it
            return _payload(proto, name)
        case {"meta": {"key": str() as key}} | {"meta": str() as key}:
            return _meta(key, scope)
        case {"ct": {"key": str() as key}}:
            return _ct(key, left["ct"], scope)
        case {"fib": {"result": "type", **rest}}:
            return named("fib type", _fib_type(scope, rest.get("flags")))
        case {"fib": dict()}:
            return untold_field("fib", "the device's routes")
        case dict() if len(left) == 1 and (key := next(iter(left))) in _UNTOLD:
            return untold_field(key, _UNTOLD[key])
    raise Unread(f"{short(left)} is not known")


def _payload(proto: str, name: str) -> Field:
    family: Family = 6 if proto in ("ip6", "icmpv6") else 4
    match proto, name:
        case (("ip" | "ip6"), ("saddr" | "daddr")):
            top = intervals.everything(family)[0][1]
            return numeric(f"{proto} {name}", top, address(family), _side(family, name))
        case "ip", "protocol":
            return Field("ip protocol", _protocols(V4))
        case "ip6", "nexthdr":
            return Field("ip6 nexthdr", _protocols(V6))
        case (("ip" | "ip6"), "version"):
            every = V4 if family == 4 else V6
            return numeric(
                f"{proto} version",
                255,
                _number({}),
                lambda p: of(every) if (4 if every is V4 else 6,) * 2 in p else NEVER,
            )
        case "ip", "frag-off":
            return untold_field("ip frag-off", "whether it is a fragment")
        case (("ip" | "ip6"), _):
            return untold_field(f"{proto} {name}", f"its {name}")
        case str(), ("dport" | "sport") if proto in _PORTED:
            return numeric(f"{proto} {name}", PORTS_ALL[0][1], port, _services(_PORTED[proto], name))
        case "tcp", "flags":
            return Field("tcp flags", lambda _v, _n: NEVER, fixed=(frozenset(("syn",)),))
        case (("tcp" | "udp" | "sctp" | "dccp" | "udplite"), _):
            return untold_field(f"{proto} {name}", f"its {name}")
        case (("icmp" | "icmpv6"), "type"):
            icmp = "icmp" if family == 4 else "icmp6"
            return numeric(f"{proto} type", 255, _number(_ICMP if family == 4 else _ICMP6), _services(icmp, "dport"))
        case (("icmp" | "icmpv6"), "code"):
            icmp = "icmp" if family == 4 else "icmp6"
            return numeric(f"{proto} code", 255, _number(_CODES if family == 4 else _CODES6), _services(icmp, "sport"))
        case (("icmp" | "icmpv6"), _):
            return untold_field(f"{proto} {name}", f"its {name}")
        case "ether", "type":
            return named("ether type", _families)
        case str(), _ if proto in _UNTOLD_PAYLOAD:
            return untold_field(f"{proto} {name}", f"{proto} {name}")
    raise Unread(f"'{proto[:20]} {name[:20]}' is not known")


def _meta(key: str, scope: Scope) -> Field:
    match key:
        case "l4proto":
            return Field("l4proto", _protocols(BOTH))
        case "nfproto" | "protocol":
            return named(key, _families)
        case "iifname" | "iif":
            return named(key, _interface(scope, "in"))
        case "oifname" | "oif":
            return named(key, _interface(scope, "out"))
        case _ if key in _UNTOLD_META:
            return untold_field(key, f"{_UNTOLD_META[key]} (meta {key})")
    raise Unread(f"'meta {key[:40]}' is not known")


def _ct(key: str, whole: Mapping[str, Any], scope: Scope) -> Field:
    match key:
        case "state":
            return Field("ct state", lambda _v, _n: NEVER, fixed=_NEW)
        case "direction":
            return Field("ct direction", lambda _v, _n: NEVER, fixed=(frozenset(("original",)),))
        case "status":
            return named("ct status", lambda words, negated: _status(words, scope, negated))
    return untold_field(f"ct {key}", f"what connection tracking knows (ct {key})")
