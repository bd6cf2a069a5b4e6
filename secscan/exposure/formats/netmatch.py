"""What a rule of netfilter matches: the words of iptables as sets of addresses and ports.

A new connection's first packet is asked about. So ``--syn`` matches it and ``--ctstate ESTABLISHED`` never does. What
hangs on anything that a configuration cannot tell (rates, times, users, marks, lists that fill themselves) leaves the
rule as one that may or may not match, with the reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from secscan.exposure import intervals
from secscan.exposure.formats.ipset import Set
from secscan.exposure.intervals import Family
from secscan.model.net import PORTS_ALL, V4_ALL, V6_ALL, AddressSet, Interval, Intervals, PortSet

EVERY_SERVICE: Final = (PortSet(proto="any"),)
MOST_PIECES: Final = 4096
"""Stretches that a mask with holes may stand for."""
MOST_PARTS: Final = 20_000

PROTOCOLS: Final = {
    "tcp": "tcp", "udp": "udp", "icmp": "icmp", "icmpv6": "icmp6", "ipv6-icmp": "icmp6", "icmp6": "icmp6", "6": "tcp", "17": "udp",
    "1": "icmp", "58": "icmp6", "sctp": "132", "dccp": "33", "udplite": "136", "esp": "50", "ah": "51", "gre": "47", "igmp": "2",
    "ospf": "89", "ospfigp": "89", "vrrp": "112", "ipencap": "4", "ipip": "4", "ipv6": "41", "pim": "103", "ipcomp": "108",
    "mh": "135", "hopopt": "0", "l2tp": "115",
}  # fmt: skip
SERVICES: Final = {
    "ftp-data": 20, "ftp": 21, "ssh": 22, "telnet": 23, "smtp": 25, "time": 37, "tacacs": 49, "domain": 53, "bootps": 67, "bootpc": 68,
    "tftp": 69, "gopher": 70, "finger": 79, "http": 80, "www": 80, "kerberos": 88, "pop3": 110, "sunrpc": 111, "auth": 113, "ident": 113,
    "nntp": 119, "ntp": 123, "epmap": 135, "netbios-ns": 137, "netbios-dgm": 138, "netbios-ssn": 139, "imap2": 143, "imap": 143, "snmp": 161,
    "snmp-trap": 162, "snmptrap": 162, "bgp": 179, "irc": 194, "ldap": 389, "https": 443, "microsoft-ds": 445, "kpasswd": 464,
    "submissions": 465, "ssmtp": 465, "isakmp": 500, "exec": 512, "login": 513, "who": 513, "shell": 514, "syslog": 514, "printer": 515,
    "route": 520, "ipp": 631, "ldaps": 636, "domain-s": 853, "rsync": 873, "imaps": 993, "pop3s": 995, "socks": 1080, "openvpn": 1194,
    "ms-sql-s": 1433, "ms-sql-m": 1434, "nfs": 2049, "mysql": 3306, "ms-wbt-server": 3389, "ipsec-nat-t": 4500, "sip": 5060, "sip-tls": 5061,
    "postgresql": 5432, "x11": 6000, "http-alt": 8080, "webcache": 8080, "submission": 587, "mdns": 5353, "radius": 1812, "radius-acct": 1813,
}  # fmt: skip
_FLAGS: Final = ("SYN", "ACK", "FIN", "RST", "URG", "PSH")


class Unread(ValueError):
    """Something that cannot be read; the text is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One combination of addresses and services."""

    src: AddressSet
    dst: AddressSet
    services: tuple[PortSet, ...] = EVERY_SERVICE
    dst_own: bool = False
    """The destination is an address of the device's own, which the export does not give."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What a rule matches. ``parts``: it matches where any of them does (a set of address and port pairs has many)."""

    parts: tuple[Part, ...]
    into: frozenset[str] | None = None
    out: frozenset[str] | None = None
    not_into: frozenset[str] = frozenset()
    not_out: frozenset[str] = frozenset()
    state: Literal["new", "established"] = "new"
    asks_state: bool = False
    dnat: bool | None = None
    """It matches only packets that were (True) or were not (False) sent on to another address."""
    unknown: str | None = None
    comment: str = ""

    @staticmethod
    def everything(family: Family) -> Match:
        every = _family(family, intervals.everything(family))
        return Match(parts=(Part(src=every, dst=every),))

    def interfaces(self) -> frozenset[str]:
        return (self.into or frozenset()) | (self.out or frozenset()) | self.not_into | self.not_out

    def narrowed(self, inner: Match) -> Match | None:
        """What both match; None where that is nothing."""
        parts = [both for a in self.parts for b in inner.parts if (both := _both(a, b)) is not None]
        into, out = _sides(self.into, inner.into), _sides(self.out, inner.out)
        asked = {self.dnat, inner.dnat} - {None}
        if not parts or into == frozenset() or out == frozenset() or len(asked) > 1:
            return None
        return Match(
            parts=tuple(parts), into=into, out=out, not_into=self.not_into | inner.not_into, not_out=self.not_out | inner.not_out,
            unknown=self.unknown or inner.unknown, state="established" if "established" in (self.state, inner.state) else "new",
            asks_state=self.asks_state or inner.asks_state, dnat=next(iter(asked), None), comment=inner.comment,
        )  # fmt: skip

    def met(self, names: frozenset[str]) -> tuple[frozenset[str] | None, Literal["new", "established"]]:
        """``Rule.translations`` and ``Rule.state`` where these translations send packets on to another address."""
        if self.dnat is None:
            return None, self.state
        return (names if self.dnat else frozenset()), "established" if self.dnat and not names else self.state

    def without(self, other: Match) -> list[Match] | None:
        """What of it the other does not match; None where that cannot be said exactly."""
        exact = other.unknown is None and other.dnat is None and not other.asks_state and len(other.parts) == 1
        one = other.parts[0]
        if not exact or one.src.unknown or one.dst.unknown or len(one.services) != 1:
            return None
        found, held = [], self
        for yes, no in _conditions(other, one, one.services[0]):
            found += [left for inner in no if (left := held.narrowed(inner)) is not None]
            more = held.narrowed(yes)
            if more is None:
                break
            held = more
        # ``narrowed`` keeps the words of the inner one.
        return [replace(left, comment=self.comment) for left in found]

    def overlaps(self, other: Match) -> bool:
        """Whether some packet may match both."""
        if (self.into is not None and self.into <= other.not_into) or (
            other.into is not None and other.into <= self.not_into
        ):
            return False
        return self.narrowed(other) is not None


def _conditions(match: Match, part: Part, service: PortSet) -> Iterator[tuple[Match, list[Match]]]:
    """Each thing that a match asks: what has it, and what has it not."""
    every = Part(src=_EVERY, dst=_EVERY)
    whole = Match(parts=(every,))
    if match.into is not None:
        yield replace(whole, into=match.into), [replace(whole, not_into=match.into)]
    if match.out is not None:
        yield replace(whole, out=match.out), [replace(whole, not_out=match.out)]
    if match.not_into:
        yield replace(whole, not_into=match.not_into), [replace(whole, into=match.not_into)]
    if match.not_out:
        yield replace(whole, not_out=match.not_out), [replace(whole, out=match.not_out)]
    src, dst = _negation(part.src), _negation(part.dst)
    yield replace(whole, parts=(replace(every, src=part.src),)), [replace(whole, parts=(replace(every, src=src),))]
    yield replace(whole, parts=(replace(every, dst=part.dst),)), [replace(whole, parts=(replace(every, dst=dst),))]
    if service != EVERY_SERVICE[0]:
        rest = [] if service.proto == "any" else [PortSet(proto=name) for name in all_but(service.proto)]
        rest += [replace(service, dport=pairs) for pairs in [intervals.complement(service.dport, PORTS_ALL)] if pairs]
        rest += [replace(service, sport=pairs) for pairs in [intervals.complement(service.sport, PORTS_ALL)] if pairs]
        parts = (replace(every, services=tuple(rest)),)
        yield (
            replace(whole, parts=(replace(every, services=(service,)),)),
            [replace(whole, parts=parts)] if rest else [],
        )


def _negation(one: AddressSet) -> AddressSet:
    return AddressSet(v4=intervals.complement(one.v4, V4_ALL), v6=intervals.complement(one.v6, V6_ALL))


_EVERY: Final = AddressSet(v4=V4_ALL, v6=V6_ALL)


def _sides(left: frozenset[str] | None, right: frozenset[str] | None) -> frozenset[str] | None:
    if left is None or right is None:
        return right if left is None else left
    return frozenset(one for a in left for b in right if (one := _name(a, b)))


def _name(a: str, b: str) -> str:
    """What two names both stand for: ``eth+`` and ``eth0``, ``eth0``."""
    if a == b or (b.endswith("+") and a.startswith(b[:-1])):
        return a
    return b if a.endswith("+") and b.startswith(a[:-1]) else ""


def _both(a: Part, b: Part) -> Part | None:
    src, dst = _meet(a.src, b.src), _meet(a.dst, b.dst)
    services = tuple(both for x in a.services for y in b.services if (both := _service(x, y)) is not None)
    return (
        Part(src=src, dst=dst, services=services, dst_own=a.dst_own or b.dst_own) if src and dst and services else None
    )


def _meet(a: AddressSet, b: AddressSet) -> AddressSet | None:
    found = AddressSet(v4=_common(a.v4, b.v4, V4_ALL), v6=_common(a.v6, b.v6, V6_ALL), unknown=a.unknown or b.unknown)
    return found if found.v4 or found.v6 or found.unknown else None


def _common(a: Intervals, b: Intervals, everything: Intervals) -> Intervals:
    """What is in both; a set of many members is not gone through to say that all of it is."""
    if a is b or b == everything:
        return a
    return b if a == everything else intervals.intersect(a, b)


def _service(a: PortSet, b: PortSet) -> PortSet | None:
    if a.proto != b.proto and "any" not in (a.proto, b.proto):
        return None
    dport, sport = intervals.intersect(a.dport, b.dport), intervals.intersect(a.sport, b.sport)
    proto = b.proto if a.proto == "any" else a.proto
    return PortSet(proto=proto, dport=dport, sport=sport) if dport and sport else None


# ------------------------------------------------------------------------------------------------ values


def _family(family: Family, pairs: Intervals, unknown: str | None = None) -> AddressSet:
    return AddressSet(v4=pairs, unknown=unknown) if family == 4 else AddressSet(v6=pairs, unknown=unknown)


def addresses(written: str, family: Family) -> AddressSet:
    """An address, network (also with a mask that has holes), range or list of these; a name is not known.

    Raises Unread for what is none of these.
    """
    pairs: list[Interval] = []
    for part in written.split(","):
        first, slash, mask = part.partition("/")
        lower, dash, upper = part.partition("-")
        try:
            if slash:
                pairs += _network(first, mask, family)
            else:
                lo, own = intervals.number(lower)
                hi, other = intervals.number(upper if dash else lower)
                if own != other or lo > hi:
                    raise Unread(f"'{part[:60]}' is not a range")
                if own != family:
                    raise Unread(f"'{part[:60]}' is IPv{own} in rules for IPv{family}")
                pairs.append((lo, hi))
        except Unread:
            raise
        except ValueError:
            if any(c.isalpha() for c in first) and ":" not in first:
                return _family(family, (), f"host name '{part[:60]}' is not resolved")
            raise Unread(f"'{part[:60]}' is not an address") from None
    return _family(family, intervals.normal(pairs))


def _network(first: str, mask: str, family: Family) -> list[Interval]:
    number, own = intervals.number(first)
    if own != family:
        raise Unread(f"'{first[:60]}' is IPv{own} in rules for IPv{family}")
    width = 32 if family == 4 else 128
    if mask.isascii() and mask.isdecimal():
        if len(mask) > 3 or int(mask) > width:
            raise Unread(f"'/{mask[:20]}' is not a mask")
        bits = ((1 << int(mask)) - 1) << (width - int(mask))
    else:
        bits, _ = intervals.number(mask)
    return masked(number, bits, width)


def masked(number: int, bits: int, width: int) -> list[Interval]:
    """The addresses that agree with ``number`` in the ``bits`` of a mask, which may have holes.

    Raises Unread where that is more than MOST_PIECES stretches.
    """
    free = ~bits & ((1 << width) - 1)
    low = (1 << _trailing_ones(free)) - 1
    holes = free & ~low
    if holes.bit_count() > MOST_PIECES.bit_length() - 1:
        raise Unread("a mask with so many holes stands for too many stretches")
    base, found = number & bits, []
    part = 0
    while True:
        lo = base | part
        found.append((lo, lo | low))
        part = (part - holes) & holes  # the next combination of the bits in the holes
        if part == 0:
            return found


def _trailing_ones(number: int) -> int:
    return (~number & (number + 1)).bit_length() - 1


def port(written: str, proto: str) -> int:
    """A port by number or by name. Raises Unread."""
    if written.isascii() and written.isdecimal() and len(written) <= 5 and int(written) <= 65535:
        return int(written)
    if written.lower() in SERVICES:
        return SERVICES[written.lower()]
    raise Unread(f"'{written[:40]}' is not a {proto} port")


def ports(written: str, proto: str = "tcp") -> Intervals:
    """A list of ports and ranges with ``:``. Raises Unread."""
    pairs = []
    for part in written.split(","):
        first, colon, last = part.partition(":")
        lo = port(first, proto) if first or not colon else 0
        hi = (port(last, proto) if last else 65535) if colon else lo
        if lo > hi:
            raise Unread(f"'{part[:40]}' is not a range of ports")
        pairs.append((lo, hi))
    return intervals.normal(pairs)


def protocol(written: str) -> str:
    """Raises Unread."""
    word = written.lower()
    if word in PROTOCOLS:
        return PROTOCOLS[word]
    if word in ("all", "any", "0"):
        return "any"
    if word.isascii() and word.isdecimal() and len(word) <= 3 and int(word) <= 255:
        return word
    raise Unread(f"'{written[:40]}' is not a protocol")


def all_but(proto: str) -> tuple[str, ...]:
    """Every protocol except one."""
    named = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmp6"}
    return tuple(named.get(str(n), str(n)) for n in range(256) if named.get(str(n), str(n)) != proto)


# ------------------------------------------------------------------------------------------------ iptables


@dataclass(slots=True)
class _Reading:
    """A rule's words, one after the other."""

    words: Sequence[str]
    family: Family
    sets: Mapping[str, Set]
    chain: str = ""
    at: int = 0
    src: AddressSet | None = None
    dst: AddressSet | None = None
    protos: tuple[str, ...] = ("any",)
    dports: Intervals = PORTS_ALL
    sports: Intervals = PORTS_ALL
    either: Intervals | None = None
    """Ports of which the source or the destination must be one."""
    neither: Intervals | None = None
    pairs: list[Part] | None = None
    into: frozenset[str] | None = None
    out: frozenset[str] | None = None
    not_into: frozenset[str] = frozenset()
    not_out: frozenset[str] = frozenset()
    never: bool = False
    """No first packet of a new connection matches."""
    asks_state: bool = False
    dnat: bool | None = None
    dst_own: bool = False
    unknown: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)

    def next(self) -> str:
        if self.at >= len(self.words):
            raise Unread(f"'{self.words[-1][:40]}' has no value")
        self.at += 1
        return self.words[self.at - 1]


def iptables(words: Sequence[str], family: Family, sets: Mapping[str, Set], chain: str = "") -> tuple[Match, list[str]]:
    """The match of a rule, and the words from ``-j`` or ``-g`` on. ``chain``: what it stands in.

    Raises Unread at the first word it does not know.
    """
    r = _Reading(words, family, sets, chain)
    while r.at < len(words) and words[r.at] not in ("-j", "--jump", "-g", "--goto"):
        word = r.next()
        negated = word == "!"
        if negated:
            word = r.next()
        if word in ("-m", "--match", "-4", "-6", "--ipv4", "--ipv6"):
            if word in ("-m", "--match"):
                _module(r, r.next())
            elif (word in ("-6", "--ipv6")) != (family == 6):
                r.never = True
            continue
        if word not in ("--syn", "-f", "--fragment") and r.at < len(words) and words[r.at] == "!":
            negated, r.at = not negated, r.at + 1  # as it was written long ago: -s ! 10.0.0.0/8
        _option(r, word, negated)
    return _match(r), list(words[r.at :])


_UNTOLD: Final = {
    "limit": "a rate", "hashlimit": "a rate", "connlimit": "a number of connections", "connbytes": "the bytes sent", "time": "the time of day",
    "recent": "a list that fills itself", "string": "what is sent", "owner": "the user that sends", "mac": "a hardware address",
    "geoip": "a list of countries", "statistic": "chance", "quota": "the bytes sent", "quota2": "the bytes sent", "u32": "what is sent",
    "bpf": "what is sent", "mark": "a mark", "connmark": "a mark", "physdev": "the port of a bridge", "pkttype": "how it is addressed",
    "realm": "a routing realm", "length": "its length", "length2": "its length", "ttl": "its time to live", "hl": "its hop limit",
    "dscp": "its class of service", "tos": "its class of service", "ecn": "its congestion bits", "policy": "a tunnel", "socket": "a local socket",
    "helper": "a connection helper", "cgroup": "the program that sends", "cluster": "the node of a cluster", "cpu": "the processor",
    "devgroup": "a group of interfaces", "ipvs": "a virtual service", "nfacct": "a counter", "osf": "the sender's system", "rateest": "a rate",
    "ndpi": "the application", "account": "a counter", "condition": "a switch outside of the rules", "rt": "a routing header",
    "frag": "a fragment header", "hbh": "an option header", "dst": "an option header", "eui64": "a hardware address", "ah": "a tunnel", "esp": "a tunnel",
    "layer7": "the application",
}  # fmt: skip
"""What a module asks that no configuration tells."""
_READ: Final = frozenset(
    ("tcp", "udp", "icmp", "icmp6", "icmpv6", "sctp", "dccp", "udplite", "multiport", "iprange", "set", "conntrack", "state", "comment",
     "addrtype", "rpfilter")
)  # fmt: skip


def _module(r: _Reading, name: str) -> None:
    if name in _READ:
        return
    if not (asked := _UNTOLD.get(name)):
        raise Unread(f"match '{name[:40]}' is not known")
    r.unknown.append(f"it hangs on {asked} (match {name})")
    # Its own options follow: everything up to the next match, target, or option that is iptables' own.
    while r.at < len(r.words) and r.words[r.at] not in _OWN and not (
        r.words[r.at] == "!" and r.at + 1 < len(r.words) and r.words[r.at + 1] in _OWN
    ):  # fmt: skip
        r.at += 1


_OWN: Final = frozenset(
    ("-m", "--match", "-j", "--jump", "-g", "--goto", "-s", "--source", "--src", "-d", "--destination", "--dst", "-p", "--proto",
     "--protocol", "-i", "--in-interface", "-o", "--out-interface")
)  # fmt: skip


def _option(r: _Reading, word: str, negated: bool) -> None:
    known = _OPTIONS.get(word)
    if known is None:
        raise Unread(f"'{word[:40]}' is not understood")
    known(r, negated)


def _source(r: _Reading, negated: bool) -> None:
    r.src = _within(r.src, _addresses(r, r.next(), negated), r.family)


def _dest(r: _Reading, negated: bool) -> None:
    r.dst = _within(r.dst, _addresses(r, r.next(), negated), r.family)


def _addresses(r: _Reading, written: str, negated: bool) -> AddressSet:
    found = addresses(written, r.family)
    return _negated(found, r.family) if negated else found


def _negated(found: AddressSet, family: Family) -> AddressSet:
    if found.unknown:
        return _family(family, (), found.unknown)
    return _family(family, intervals.complement(intervals.of(found, family), intervals.everything(family)))


def _within(before: AddressSet | None, found: AddressSet, family: Family) -> AddressSet:
    if before is None:
        return found
    if before.unknown or found.unknown:
        return _family(family, (), before.unknown or found.unknown)
    return _family(family, intervals.intersect(intervals.of(before, family), intervals.of(found, family)))


def _proto(r: _Reading, negated: bool) -> None:
    name = protocol(r.next())
    if negated and name == "any":
        r.never = True
    r.protos = all_but(name) if negated else (name,)


def _interface(r: _Reading, negated: bool, *, into: bool) -> None:
    name = r.next()
    if name == "+":
        r.never |= negated
    elif negated:
        if into:
            r.not_into |= {name}
        else:
            r.not_out |= {name}
    elif into:
        r.into = _sides(r.into, frozenset((name,)))
    else:
        r.out = _sides(r.out, frozenset((name,)))


def _dport(r: _Reading, negated: bool) -> None:
    r.dports = intervals.intersect(r.dports, _ports(r, negated))


def _sport(r: _Reading, negated: bool) -> None:
    r.sports = intervals.intersect(r.sports, _ports(r, negated))


def _ports(r: _Reading, negated: bool) -> Intervals:
    found = ports(r.next())
    return intervals.complement(found, PORTS_ALL) if negated else found


def _both_ports(r: _Reading, negated: bool) -> None:
    found = ports(r.next())
    if negated:
        r.neither = found
    else:
        r.either = found


def _flags(r: _Reading, negated: bool) -> None:
    mask, wanted = (_flag_set(r.next()) for _ in range(2))
    r.never |= (wanted == {"SYN"} & mask) is negated  # the first packet has SYN and no other flag


def _flag_set(written: str) -> set[str]:
    match written.upper():
        case "ALL":
            return set(_FLAGS)
        case "NONE":
            return set()
        case word:
            return set(word.split(","))


def _syn(r: _Reading, negated: bool) -> None:
    r.never |= negated


def _fragment(r: _Reading, negated: bool) -> None:
    r.never |= not negated


def _state(r: _Reading, negated: bool) -> None:
    words = set(r.next().upper().split(","))
    if strange := words - {"NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED", "SNAT", "DNAT"}:
        raise Unread(f"state '{min(strange)[:40]}' is not known")
    r.asks_state |= ("NEW" in words) != ("UNTRACKED" in words)
    if "DNAT" in words and "NEW" not in words:
        r.dnat = not negated
    elif "SNAT" in words and "NEW" not in words:
        r.unknown.append("it hangs on whether the source is translated")
    else:
        r.never |= ("NEW" in words) is negated


def _status(r: _Reading, negated: bool) -> None:
    words = set(r.next().upper().split(","))
    if words <= {"EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"}:
        r.never |= not negated  # a new connection has none of these yet
    else:
        r.unknown.append("it hangs on the state of the connection")


def _range(r: _Reading, negated: bool, *, source: bool) -> None:
    found = _addresses(r, r.next(), negated)
    if source:
        r.src = _within(r.src, found, r.family)
    else:
        r.dst = _within(r.dst, found, r.family)


def _addrtype(r: _Reading, negated: bool, *, source: bool) -> None:
    words = set(r.next().upper().split(","))
    unicast, local = (word in words for word in ("UNICAST", "LOCAL"))
    if not source and r.chain in _LOCAL:
        r.never |= (local if _LOCAL[r.chain] else unicast) is negated
    elif unicast is local:
        r.never |= unicast is negated  # no connection is made to or from an address of another type
    elif source and r.chain not in _SENT:
        r.never |= unicast is negated  # nobody else sends from an address of the device's own
    else:
        why = _family(r.family, (), "the device's own addresses are not in the export")
        if source:
            r.src = _within(r.src, why, r.family)
        else:
            r.dst = _within(r.dst, why, r.family)
            r.dst_own = local is not negated


_LOCAL: Final = {"INPUT": True, "FORWARD": False}
"""Chains of which it is known whether what they are asked about goes to the device itself."""
_SENT: Final = frozenset(("OUTPUT", "POSTROUTING"))
"""Chains that are asked about what the device itself sends."""


def _rpfilter(r: _Reading, negated: bool) -> None:
    # What comes in where its source does not belong: a packet of an honest zone never matches.
    r.never |= not negated


def _set(r: _Reading, negated: bool) -> None:
    name, flags = r.next(), r.next().split(",")
    found = r.sets.get(name)
    if found is None:
        r.unknown.append(f"set '{name[:60]}' is not in the export; add the output of ipset save")
        return
    parts = found.parts
    if found.unknown:
        r.unknown.append(f"set '{name[:60]}' {found.unknown}")
    elif found.kind.startswith("list:"):
        r.unknown.append(f"set '{name[:60]}' is a list of sets")
    elif parts in (("ip",), ("net",)) and len(flags) >= 1 and flags[0] in ("src", "dst"):
        own = _members(found, r.family)
        own = _negated(own, r.family) if negated else own
        if flags[0] == "src":
            r.src = _within(r.src, own, r.family)
        else:
            r.dst = _within(r.dst, own, r.family)
    elif found.kind == "bitmap:port" and flags[0] in ("src", "dst"):
        pairs = intervals.normal(p for m in found.members for p in ports(m.replace("-", ":")))
        pairs = intervals.complement(pairs, PORTS_ALL) if negated else pairs
        if flags[0] == "src":
            r.sports = intervals.intersect(r.sports, pairs)
        else:
            r.dports = intervals.intersect(r.dports, pairs)
    elif (
        parts in (("ip", "port"), ("net", "port"))
        and len(flags) == 2
        and not negated
        and not found.excluded
        and r.pairs is None
    ):
        r.pairs = _pairs(r, found, flags)
    else:
        r.unknown.append(f"set '{name[:60]}' of type {found.kind} is not followed here")


def _members(found: Set, family: Family) -> AddressSet:
    key = ("addresses", str(family))
    if key not in found.known:
        found.known[key] = _family(family, _layered(found, family))
    own: AddressSet = found.known[key]
    return own


def _layered(found: Set, family: Family) -> Intervals:
    """The addresses of a set. Of a member and an exception within each other the narrower one counts."""
    if not found.excluded:
        return intervals.normal(pair for member in found.members for pair in _member(member, family))
    layers: dict[int, tuple[list[Interval], list[Interval]]] = {}
    for members, side in ((found.members, 0), (found.excluded, 1)):
        for lo, hi in (pair for member in members for pair in _member(member, family)):
            layers.setdefault(hi - lo, ([], []))[side].append((lo, hi))
    own: Intervals = ()
    for size in sorted(layers, reverse=True):
        more, less = layers[size]
        own = intervals.subtract(intervals.union(own, intervals.normal(more)), intervals.normal(less))
    return own


def _member(member: str, family: Family) -> Intervals:
    return intervals.of(addresses(member, family), family) if (":" in member) == (family == 6) else ()


def _pairs(r: _Reading, found: Set, flags: Sequence[str]) -> list[Part]:
    key = ("pairs", str(r.family), *flags)
    if key not in found.known:
        found.known[key] = list(_parts(found, flags, r.family))
    own: list[Part] = found.known[key]
    return own


def _parts(found: Set, flags: Sequence[str], family: Family) -> Iterable[Part]:
    every = _family(family, intervals.everything(family))
    if len(found.members) > MOST_PARTS:
        raise Unread(f"set '{found.name[:60]}' has more than {MOST_PARTS:,} pairs")
    for member in found.members:
        host, _, service = member.partition(",")
        name, colon, number = service.partition(":")
        proto, written = (protocol(name), number) if colon else ("tcp", service)
        if (":" in host) != (family == 6) or proto not in ("tcp", "udp", "132"):
            continue
        own, pair = addresses(host, family), ports(written.replace("-", ":"))
        yield Part(
            src=own if flags[0] == "src" else every, dst=own if flags[0] == "dst" else every,
            services=(PortSet(proto=proto, **({"sport": pair} if flags[1] == "src" else {"dport": pair})),),
        )  # fmt: skip


def _skip(values: int) -> Callable[[_Reading, bool], None]:
    def read(r: _Reading, negated: bool) -> None:
        for _ in range(values):
            r.next()

    return read


def _comment(r: _Reading, negated: bool) -> None:
    r.comments.append(r.next())


def _untold(why: str, values: int = 1) -> Callable[[_Reading, bool], None]:
    def read(r: _Reading, negated: bool) -> None:
        r.unknown.append(why)
        _skip(values)(r, negated)

    return read


def _icmp(r: _Reading, negated: bool) -> None:
    """The type stands in place of the destination port, the code in that of the source port."""
    written = r.next()
    kind, slash, code = written.partition("/")
    if not (kind.isascii() and kind.isdecimal()) or negated or (slash and not (code.isascii() and code.isdecimal())):
        r.unknown.append("it hangs on the kind of ICMP message")
        return
    if kind != "255" or r.family == 6:  # which is any
        r.dports = ((int(kind), int(kind)),)
    if slash:
        r.sports = ((int(code), int(code)),)


_CONNTRACK: Final = "it hangs on what connection tracking knows"
_OPTIONS: Final[Mapping[str, Callable[[_Reading, bool], None]]] = {
    **dict.fromkeys(("-s", "--source", "--src"), _source),
    **dict.fromkeys(("-d", "--destination", "--dst"), _dest),
    **dict.fromkeys(("-p", "--protocol", "--proto"), _proto),
    **dict.fromkeys(("-i", "--in-interface"), lambda r, n: _interface(r, n, into=True)),
    **dict.fromkeys(("-o", "--out-interface"), lambda r, n: _interface(r, n, into=False)),
    **dict.fromkeys(("--dport", "--destination-port", "--dports", "--destination-ports"), _dport),
    **dict.fromkeys(("--sport", "--source-port", "--sports", "--source-ports"), _sport),
    "--ports": _both_ports,
    "--tcp-flags": _flags,
    "--syn": _syn,
    **dict.fromkeys(("-f", "--fragment"), _fragment),
    **dict.fromkeys(("--ctstate", "--state"), _state),
    "--ctstatus": _status,
    "--src-range": lambda r, n: _range(r, n, source=True),
    "--dst-range": lambda r, n: _range(r, n, source=False),
    "--src-type": lambda r, n: _addrtype(r, n, source=True),
    "--dst-type": lambda r, n: _addrtype(r, n, source=False),
    "--limit-iface-in": _skip(0),
    "--limit-iface-out": _skip(0),
    "--match-set": _set,
    "--comment": _comment,
    "--invert": _rpfilter,
    **dict.fromkeys(("--validmark", "--loose", "--accept-local"), _skip(0)),
    **dict.fromkeys(("--icmp-type", "--icmpv6-type"), _icmp),
    **dict.fromkeys(
        ("--ctproto", "--ctorigsrc", "--ctorigdst", "--ctreplsrc", "--ctrepldst", "--ctorigsrcport", "--ctorigdstport", "--ctreplsrcport",
         "--ctrepldstport", "--ctexpire", "--ctdir"), _untold(_CONNTRACK),
    ),
    "--tcp-option": _untold("it hangs on an option of TCP"),
    "--chunk-types": _untold("it hangs on the chunks of SCTP", 2),
    "--dccp-types": _untold("it hangs on the kind of DCCP packet"),
    **dict.fromkeys(("--return-nomatch", "--update-counters", "--update-subcounters"), _skip(0)),
}  # fmt: skip


def _match(r: _Reading) -> Match:
    every = _family(r.family, intervals.everything(r.family))
    whole = Part(src=r.src or every, dst=r.dst or every, services=_services(r), dst_own=r.dst_own)
    parts = [whole] if r.pairs is None else [both for pair in r.pairs if (both := _both(whole, pair)) is not None]
    nothing = (
        not whole.services or not parts or any(not (a.v4 or a.v6 or a.unknown) for p in parts for a in (p.src, p.dst))
    )
    return Match(
        parts=tuple(parts) or (Part(src=AddressSet(), dst=AddressSet()),), into=r.into, out=r.out, not_into=r.not_into,
        not_out=r.not_out, state="established" if r.never or nothing else "new", asks_state=r.asks_state, dnat=r.dnat,
        unknown=r.unknown[0] if r.unknown else None, comment="; ".join(r.comments),
    )  # fmt: skip


def _services(r: _Reading) -> tuple[PortSet, ...]:
    if r.either is not None:
        kinds = [
            (intervals.intersect(r.dports, r.either), r.sports),
            (r.dports, intervals.intersect(r.sports, r.either)),
        ]
    else:
        gone = r.neither or ()
        kinds = [(intervals.subtract(r.dports, gone), intervals.subtract(r.sports, gone))]
    return tuple(
        PortSet(proto=proto, dport=dport, sport=sport)
        for proto in r.protos
        for dport, sport in kinds
        if dport and sport
    )
