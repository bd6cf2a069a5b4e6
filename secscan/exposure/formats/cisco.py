"""What Cisco's ASA and IOS have in common: addresses, ports, groups of them, and the grammar of an access list's entry.

A new connection's first packet is asked about. So ``established`` never matches it. What hangs on anything that a
configuration cannot tell (time ranges, users, names to be resolved, marks of a packet) leaves the entry as one that
may or may not match, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final, Literal

from secscan.exposure import intervals
from secscan.exposure.formats.cisco_lines import Line
from secscan.exposure.formats.export import ConfigFile
from secscan.exposure.formats.netmatch import EVERY_SERVICE, Unread, masked
from secscan.model.errors import InputError
from secscan.model.net import PORTS_ALL, V4_ALL, V6_ALL, AddressSet, Interval, Intervals, Origin, PortSet, Rule

ANY: Final = AddressSet(v4=V4_ALL, v6=V6_ALL)
ANY4: Final = AddressSet(v4=V4_ALL)
ANY6: Final = AddressSet(v6=V6_ALL)
MOST_MEMBERS: Final = 500_000
"""Stretches of addresses that the groups of one configuration may stand for."""
MOST_SERVICES: Final = 5_000
MOST_DEEP: Final = 100
_PATH: Final = 20
"""Objects and groups that an entry's origin names."""

PROTOCOLS: Final = {
    "ip": "any", "ipv6": "any", "tcp": "tcp", "udp": "udp", "icmp": "icmp", "icmp6": "icmp6", "icmpv6": "icmp6", "ah": "51", "ahp": "51",
    "esp": "50", "ipsec": "50", "gre": "47", "pptp": "47", "igmp": "2", "igrp": "9", "ipinip": "4", "nos": "94", "ospf": "89", "pcp": "108",
    "pim": "103", "snp": "109", "eigrp": "88", "sctp": "132", "vrrp": "112", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmp6",
}  # fmt: skip
PORTS: Final = {
    "aol": 5190, "bgp": 179, "biff": 512, "bfd": 3784, "bfd-echo": 3785, "bootpc": 68, "bootps": 67, "chargen": 19, "cifs": 3020,
    "citrix-ica": 1494, "cmd": 514, "connectedapps-plain": 15001, "connectedapps-tls": 15002, "ctiqbe": 2748, "daytime": 13, "discard": 9,
    "dnsix": 195, "domain": 53, "drip": 3949, "echo": 7, "exec": 512, "finger": 79, "ftp": 21, "ftp-data": 20, "gopher": 70, "h323": 1720,
    "hostname": 101, "http": 80, "https": 443, "ident": 113, "imap4": 143, "irc": 194, "isakmp": 500, "klogin": 543, "kshell": 544,
    "ldap": 389, "ldaps": 636, "login": 513, "lotusnotes": 1352, "lpd": 515, "mobile-ip": 434, "msrpc": 135, "nameserver": 42,
    "netbios-dgm": 138, "netbios-ns": 137, "netbios-ss": 139, "netbios-ssn": 139, "netconf-ssh": 830, "nfs": 2049, "nntp": 119,
    "non500-isakmp": 4500, "ntp": 123, "onep-plain": 15001, "onep-tls": 15002, "pcanywhere-data": 5631, "pcanywhere-status": 5632,
    "pim-auto-rp": 496, "pop2": 109, "pop3": 110, "pptp": 1723, "radius": 1645, "radius-acct": 1646, "rip": 520, "ripv6": 521, "rpc": 111,
    "rsh": 514, "rtsp": 554, "secureid-udp": 5510, "sip": 5060, "smtp": 25, "snmp": 161, "snmptrap": 162, "sqlnet": 1521, "ssh": 22,
    "sunrpc": 111, "syslog": 514, "tacacs": 49, "talk": 517, "telnet": 23, "tftp": 69, "time": 37, "uucp": 540, "vxlan": 4789, "who": 513,
    "whois": 43, "www": 80, "xdmcp": 177,
}  # fmt: skip
_UNSURE_PORTS: Final = {"kerberos": (88, 750)}
"""Names that stand for one port in older releases and for another in later ones."""
ICMP: Final[Mapping[str, tuple[int, int | None]]] = {
    "echo-reply": (0, None), "unreachable": (3, None), "net-unreachable": (3, 0), "host-unreachable": (3, 1), "protocol-unreachable": (3, 2),
    "port-unreachable": (3, 3), "packet-too-big": (3, 4), "source-route-failed": (3, 5), "network-unknown": (3, 6), "host-unknown": (3, 7),
    "host-isolated": (3, 8), "dod-net-prohibited": (3, 9), "dod-host-prohibited": (3, 10), "net-tos-unreachable": (3, 11),
    "host-tos-unreachable": (3, 12), "administratively-prohibited": (3, 13), "host-precedence-unreachable": (3, 14),
    "precedence-unreachable": (3, 15), "source-quench": (4, None), "redirect": (5, None), "net-redirect": (5, 0), "host-redirect": (5, 1),
    "net-tos-redirect": (5, 2), "host-tos-redirect": (5, 3), "alternate-address": (6, None), "echo": (8, None),
    "router-advertisement": (9, None), "router-solicitation": (10, None), "time-exceeded": (11, None), "ttl-exceeded": (11, 0),
    "reassembly-timeout": (11, 1), "parameter-problem": (12, None), "general-parameter-problem": (12, 0), "option-missing": (12, 1),
    "no-room-for-option": (12, 2), "timestamp-request": (13, None), "timestamp-reply": (14, None), "information-request": (15, None),
    "information-reply": (16, None), "mask-request": (17, None), "mask-reply": (18, None), "traceroute": (30, None),
    "conversion-error": (31, None), "mobile-redirect": (32, None),
}  # fmt: skip
ICMP6: Final[Mapping[str, tuple[int, int | None]]] = {
    "unreachable": (1, None), "no-route": (1, 0), "no-admin": (1, 1), "beyond-scope": (1, 2), "destination-unreachable": (1, 3),
    "port-unreachable": (1, 4), "packet-too-big": (2, None), "time-exceeded": (3, None), "hop-limit": (3, 0), "reassembly-timeout": (3, 1),
    "parameter-problem": (4, None), "header": (4, 0), "next-header": (4, 1), "parameter-option": (4, 2), "echo": (128, None),
    "echo-request": (128, None), "echo-reply": (129, None), "membership-query": (130, None), "mld-query": (130, None),
    "membership-report": (131, None), "mld-report": (131, None), "membership-reduction": (132, None), "mld-reduction": (132, None),
    "router-solicitation": (133, None), "router-advertisement": (134, None), "neighbor-solicitation": (135, None), "nd-ns": (135, None),
    "neighbor-advertisement": (136, None), "nd-na": (136, None), "neighbor-redirect": (137, None), "redirect": (137, None),
    "router-renumbering": (138, None), "renum-command": (138, 0), "renum-result": (138, 1), "mldv2": (143, None),
}  # fmt: skip
_OPERATORS: Final = frozenset(("eq", "neq", "lt", "gt", "range"))
_FLAGS: Final = frozenset(("syn", "ack", "fin", "rst", "urg", "psh"))


class Absurd(ValueError):
    """A value that no device takes: the file was changed or damaged; the text is the reason."""


class Words:
    """The words of a line, one after the other; a comment at the end is left away."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words[: words.index("!")] if "!" in words else words
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._words)

    def peek(self, ahead: int = 0) -> str:
        """The word so many on; "" where there is none."""
        return self._words[self._at + ahead] if self._at + ahead < len(self._words) else ""

    def next(self) -> str:
        """Raises Unread at the end."""
        if not self:
            raise Unread("the line ends too early")
        self._at += 1
        return self._words[self._at - 1]

    def took(self, *options: str) -> bool:
        """Whether the next word is one of these; then it is behind."""
        if self.peek() in options:
            self._at += 1
            return True
        return False

    def rest(self) -> list[str]:
        return list(self._words[self._at :])


# ------------------------------------------------------------------------------------------------ values


def short(written: str) -> str:
    return written if len(written) <= 40 else written[:39] + "…"


def address(written: str, names: Mapping[str, int] | None = None) -> tuple[int, intervals.Family]:
    """An address, or a name for one. Raises Absurd for four numbers of which one is above 255, else Unread."""
    try:
        return intervals.number(written)
    except ValueError:
        if names and written in names:
            return names[written], 4
        if re.fullmatch(r"\d+(?:\.\d+){3}", written) and any(int(part[:9]) > 255 for part in written.split(".")):
            raise Absurd(f"'{short(written)}' is not an address") from None
        raise Unread(f"'{short(written)}' is not an address") from None


def span(first: str, last: str, names: Mapping[str, int] | None = None) -> AddressSet:
    """From one address to another. Raises Absurd where it runs backwards."""
    (lo, family), (hi, other) = address(first, names), address(last, names)
    if family != other or lo > hi:
        raise Absurd(f"'{short(first)} {short(last)}' is not a range of addresses")
    return of_family(family, ((lo, hi),))


def prefix(written: str) -> AddressSet:
    """A network with the length of its prefix."""
    first, _, length = written.partition("/")
    number, family = address(first)
    width = 32 if family == 4 else 128
    if not (length.isascii() and length.isdecimal() and len(length) <= 3 and int(length) <= width):
        raise Absurd(f"'{short(written)}' is not a network")
    size = 1 << (width - int(length))
    return of_family(family, ((number - number % size, number - number % size + size - 1),))


def network(first: str, mask: str, names: Mapping[str, int] | None = None, *, wildcard: bool = False) -> AddressSet:
    """An IPv4 network by its mask, or by its wildcard bits; either may have holes."""
    (number, family), (bits, other) = address(first, names), address(mask)
    if family != 4 or other != 4:
        raise Unread(f"'{short(first)} {short(mask)}' is not a network")
    try:
        return AddressSet(v4=intervals.normal(masked(number, bits ^ (2**32 - 1) if wildcard else bits, 32)))
    except Unread as error:
        return AddressSet(unknown=f"'{short(first)} {short(mask)}': {error}")


def zero(written: str) -> str:
    """``0`` stands for four of them."""
    return ".".join("0000") if written == "0" else written


def of_family(family: int, pairs: Intervals) -> AddressSet:
    return AddressSet(v4=pairs) if family == 4 else AddressSet(v6=pairs)


def host(written: str, names: Mapping[str, int] | None = None) -> AddressSet:
    if "/" in written:
        return prefix(written)
    number, family = address(written, names)
    return of_family(family, ((number, number),))


def together(found: Iterable[AddressSet]) -> AddressSet:
    """All of them in one."""
    v4: list[Interval] = []
    v6: list[Interval] = []
    unknown = None
    for one in found:
        v4 += one.v4
        v6 += one.v6
        unknown = unknown or one.unknown
    return AddressSet(v4=intervals.normal(v4), v6=intervals.normal(v6), unknown=unknown)


def protocol(written: str) -> str:
    """Raises Unread; Absurd for a number above 255."""
    word = written.lower()
    if word in PROTOCOLS:
        return PROTOCOLS[word]
    if word.isascii() and word.isdecimal():
        if len(word) > 3 or int(word) > 255:
            raise Absurd(f"'{short(written)}' is not a protocol")
        return "any" if int(word) == 0 else str(int(word))
    raise Unread(f"'{short(written)}' is not a protocol")


@dataclass(frozen=True, slots=True)
class Ports:
    """``unknown``: the name of a port stands for one or another."""

    pairs: Intervals
    unknown: str | None = None


def port(written: str) -> Ports:
    """A port by number or name. Raises Absurd for a number above 65535, Unread for a name that nobody knows."""
    word = written.lower()
    if word.isascii() and word.isdecimal():
        if len(word) > 5 or int(word) > 65535:
            raise Absurd(f"'{short(written)}' is not a port")
        return Ports(((int(word), int(word)),))
    if word in PORTS:
        return Ports(((PORTS[word], PORTS[word]),))
    if word in _UNSURE_PORTS:
        some = _UNSURE_PORTS[word]
        why = f"'{word}' is port {' or '.join(map(str, some))}, as the release has it"
        return Ports(tuple((one, one) for one in some), why)
    raise Unread(f"'{short(written)}' is not a port")


def ports(words: Words, *, several: bool) -> Ports:
    """An operator and its ports. ``several``: IOS takes a list after ``eq`` and ``neq``."""
    operator = words.next()
    first = port(words.next())
    lo, hi = first.pairs[0][0], first.pairs[-1][1]
    match operator:
        case "range":
            last = port(words.next())
            if lo > last.pairs[-1][1]:
                raise Absurd(f"'{lo} {last.pairs[-1][1]}' is not a range of ports")
            return Ports(((lo, last.pairs[-1][1]),), first.unknown or last.unknown)
        case "gt":
            return Ports(((lo + 1, 65535),) if lo < 65535 else (), first.unknown)
        case "lt":
            return Ports(((0, hi - 1),) if hi else (), first.unknown)
        case "eq" | "neq":
            found, unknown = [*first.pairs], first.unknown
            while several and words and _is_port(words.peek()):
                more = port(words.next())
                found += more.pairs
                unknown = unknown or more.unknown
            pairs = intervals.normal(found)
            return Ports(pairs if operator == "eq" else intervals.subtract(PORTS_ALL, pairs), unknown)
    raise Unread(f"'{short(operator)}' is not understood")


def _is_port(word: str) -> bool:
    return (word.isascii() and word.isdecimal()) or word.lower() in PORTS or word.lower() in _UNSURE_PORTS


def icmp(words: Words, proto: str) -> tuple[Intervals, Intervals]:
    """The type and code that follow, if any do."""
    kinds = ICMP if proto == "icmp" else ICMP6
    word = words.peek().lower()
    code: int | None = None
    if word in kinds:
        words.next()
        number, code = kinds[word]
    elif word.isascii() and word.isdecimal():
        number = _byte(words.next())
    else:
        return PORTS_ALL, PORTS_ALL
    if code is None and words.peek().isascii() and words.peek().isdecimal():
        code = _byte(words.next())
    return ((number, number),), PORTS_ALL if code is None else ((code, code),)


def _byte(written: str) -> int:
    if len(written) > 3 or int(written) > 255:
        raise Absurd(f"'{short(written)}' is no type or code of ICMP")
    return int(written)


# ------------------------------------------------------------------------------------------------ objects and groups


@dataclass(slots=True)
class Named:
    """An object or a group as written: ``proto`` is that of a service group for ports, "" where it has none."""

    kind: str
    proto: str
    line: int
    members: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Addresses:
    """What a name stands for, and the names it was expanded from."""

    set: AddressSet
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Services:
    sets: tuple[PortSet, ...]
    unknown: str | None = None
    path: tuple[str, ...] = ()


class Book:
    """The names of a configuration. ``wildcard``: masks in lists are wildcard bits, as IOS has them."""

    def __init__(self, file: ConfigFile, *, wildcard: bool) -> None:
        self._file, self.wildcard = file, wildcard
        self.names: dict[str, int] = {}
        self.networks: dict[str, Named] = {}
        self.services: dict[str, Named] = {}
        self.interfaces: dict[str, AddressSet] = {}
        """Interface -> its own address, for lists that name it."""
        self._networks: dict[str, Addresses] = {}
        self._services: dict[str, Services] = {}
        self._open: list[str] = []
        self._count = 0

    def define(self, kind: str, proto: str, name: str, line: int) -> Named:
        """The object or group of that name, new or as it has been begun."""
        where = self.networks if kind == "network" else self.services
        return where.setdefault(name, Named(kind, proto, line))

    def of(self, name: str) -> Addresses:
        """The addresses of an object or group; unknown where it is not defined or holds nothing."""
        if name not in self._networks:
            named = self.networks.get(name)
            if named is None:
                return Addresses(AddressSet(unknown=f"'{short(name)}' is not defined"), (name,))
            with self._within(name, named):
                self._networks[name] = self._addresses(name, named)
        return self._networks[name]

    def service(self, name: str) -> Services:
        """The services of an object or group; any and unknown where it is not defined or holds nothing."""
        if name not in self._services:
            named = self.services.get(name)
            if named is None:
                return Services(EVERY_SERVICE, f"'{short(name)}' is not defined", (name,))
            with self._within(name, named):
                self._services[name] = self._ports(name, named)
        return self._services[name]

    def parts(self, name: str) -> list[AddressSet]:
        """The addresses of a group one by one, in the order they are written."""
        named = self.networks.get(name)
        found: list[AddressSet] = []
        for line in named.members if named else ():
            words = line.words[1:] if line.words[0] == "network-object" else line.words
            inner = words[1] if len(words) > 1 and words[0] in ("object", "group-object") else None
            found += self.parts(inner) if inner in self.networks and inner != name else [self._network(line)]
        return found

    @contextmanager
    def _within(self, name: str, named: Named) -> Iterator[None]:
        """Raises InputError for groups that hold each other."""
        if name in self._open:
            circle = " -> ".join((*self._open[self._open.index(name) :], name))
            raise self._file.refuse(f"groups hold each other: {circle[:200]}", "mend the groups", named.line)
        if len(self._open) >= MOST_DEEP:
            raise self._file.refuse(f"groups are nested deeper than {MOST_DEEP}", line=named.line)
        self._open.append(name)
        yield
        self._open.pop()

    def _addresses(self, name: str, named: Named) -> Addresses:
        found, path = [], [name]
        for line in named.members:
            one = self._network(line)
            inner = line.words[-1]
            if inner in self._networks and line.words[-2:-1] and line.words[-2] in ("object", "group-object"):
                path += self._networks[inner].path
            found.append(one)
        every = together(found)
        self._count += len(every.v4) + len(every.v6)
        if self._count > MOST_MEMBERS:
            raise self._file.refuse(f"its groups stand for more than {MOST_MEMBERS:,} networks", line=named.line)
        if not (every.v4 or every.v6 or every.unknown):
            every = AddressSet(unknown=f"'{short(name)}' holds nothing")
        return Addresses(every, tuple(path[:_PATH]))

    def _network(self, line: Line) -> AddressSet:
        """One member. Raises InputError for what no device takes."""
        with_mask = [word for word in line.words if word != "network-object"]
        words = Words(with_mask)
        try:
            match words.rest():
                case ["host", one]:
                    return host(one, self.names)
                case ["subnet" | "network", one, mask]:
                    return network(one, mask, self.names)
                case ["subnet" | "network", one] if "/" in one:
                    return prefix(one)
                case ["range", first, last]:
                    return span(first, last, self.names)
                case ["any"]:
                    return ANY4
                case ["object" | "group-object", name]:
                    return self.of(name).set
                case ["fqdn", *_, name]:
                    return AddressSet(unknown=f"host name '{short(name)}' is not resolved")
                case [one, mask] if mask.startswith("/"):
                    return prefix(one + mask)
                case [one, mask]:
                    return network(one, mask, self.names)
                case [one]:
                    return host(one, self.names)
                case _:
                    raise Unread("it is not understood")
        except Unread as error:
            return AddressSet(unknown=f"line {line.number}: {error}")
        except Absurd as error:
            raise self._file.refuse(str(error), line=line.number) from None

    def _ports(self, name: str, named: Named) -> Services:
        found: list[PortSet] = []
        unknown, path = None, [name]
        for line in named.members:
            try:
                one = self._service(line, named)
            except Unread as error:
                one = Services(EVERY_SERVICE, f"line {line.number}: {error}")
            except Absurd as error:
                raise self._file.refuse(str(error), line=line.number) from None
            found += one.sets
            path += one.path
            unknown = unknown or one.unknown
            if len(found) > MOST_SERVICES:
                raise self._file.refuse(
                    f"'{short(name)}' stands for more than {MOST_SERVICES:,} services", line=line.number
                )
        if not found:
            return Services(EVERY_SERVICE, f"'{short(name)}' holds nothing", (name,))
        return Services(joined(found), unknown, tuple(path[:_PATH]))

    def _service(self, line: Line, named: Named) -> Services:
        words = Words(line.words)
        words.took("service-object", "service", "protocol-object")
        if words.took("object", "group-object"):
            name = words.next()
            if name not in self.services and name.lower() in PROTOCOLS:
                return Services((PortSet(proto=protocol(name)),))
            return self.service(name)
        if words.took("port-object") or words.peek() in _OPERATORS:
            found = ports(words, several=False)
            names = ("tcp", "udp") if named.proto == "tcp-udp" else (named.proto or "any",)
            return Services(tuple(PortSet(proto=one, dport=found.pairs) for one in names), found.unknown)
        if words.took("icmp-object"):
            kind, code = icmp(words, "icmp")
            if kind == PORTS_ALL:
                raise Unread(f"'{short(words.peek())}' is no type of ICMP")
            return Services((PortSet(proto="icmp", dport=kind, sport=code),))
        return _whole_service(words, several=not line.words[0].startswith("service") and self.wildcard)


def _whole_service(words: Words, *, several: bool) -> Services:
    """A protocol with its ports: ``tcp source gt 1023 destination eq www``. The destination need not be named."""
    names, sport, dport, unknown = _protocols(words.next()), PORTS_ALL, PORTS_ALL, None
    if names in (("icmp",), ("icmp6",)):
        dport, sport = icmp(words, names[0])
    elif words and words.peek() in ("source", "destination", *_OPERATORS):
        if words.took("source"):
            found = ports(words, several=several)
            sport, unknown = found.pairs, found.unknown
        if words and (words.took("destination") or words.peek() in _OPERATORS):
            found = ports(words, several=several)
            dport, unknown = found.pairs, unknown or found.unknown
    if words:
        raise Unread(f"'{short(words.peek())}' is not understood")
    return Services(tuple(PortSet(proto=one, dport=dport, sport=sport) for one in names if dport and sport), unknown)


def _protocols(written: str) -> tuple[str, ...]:
    return ("tcp", "udp") if written.lower() in ("tcp-udp", "tcp_udp") else (protocol(written),)


def joined(found: Iterable[PortSet]) -> tuple[PortSet, ...]:
    """The services with those that differ in their destination port alone in one."""
    kinds: dict[tuple[str, Intervals], list[Interval]] = {}
    for one in found:
        kinds.setdefault((one.proto, one.sport), []).extend(one.dport)
    return tuple(PortSet(proto=p, dport=intervals.normal(d), sport=s) for (p, s), d in kinds.items())


# ------------------------------------------------------------------------------------------------ entries


@dataclass(slots=True)
class Entry:
    """One entry of a list as it is read."""

    action: Literal["permit", "deny"]
    src: AddressSet = ANY
    dst: AddressSet = ANY
    services: tuple[PortSet, ...] = EVERY_SERVICE
    established: bool = False
    """No first packet of a new connection matches."""
    probes: bool = False
    """It looks at the flags of TCP, which anybody may set."""
    enabled: bool = True
    unknown: str | None = None
    objects: list[str] = field(default_factory=list)

    def rule(self, position: int, origin: Origin, reason: str | None = None, hits: int | None = None) -> Rule:
        src, dst = self.src, self.dst
        if dst.unknown is None and src.unknown is None:  # packets are of one family
            src = AddressSet(v4=src.v4 if dst.v4 else (), v6=src.v6 if dst.v6 else ())
            dst = AddressSet(v4=dst.v4 if src.v4 else (), v6=dst.v6 if src.v6 else ())
        return Rule(
            position=position, action=self.action, src=src, dst=dst, services=self.services, enabled=self.enabled,
            state="established" if self.established or not self.services else "new", unknown=self.unknown, reason=reason, hits=hits,
            origin=replace(origin, objects=tuple(dict.fromkeys(self.objects))[:_PATH], name=reason or ""),
        )  # fmt: skip


class Grammar:
    """Reads entries. What the two systems write differently is asked of ``book.wildcard``: True for IOS."""

    def __init__(self, book: Book, every: AddressSet = ANY) -> None:
        self._book, self._ios, self._every = book, book.wildcard, every

    def extended(self, words: Words) -> Entry:
        """An entry from its action on. Raises Unread and Absurd."""
        entry = Entry(action=_action(words))
        protos, whole = self._protocol(words, entry)
        self._identity(words, entry)
        entry.src = self.address(words, entry)
        self._identity(words, entry)
        with_ports = whole is None and set(protos) <= {"tcp", "udp", "132"}
        sports = self._ports(words, entry, source=True) if with_ports else None
        entry.dst = self.address(words, entry)
        self._identity(words, entry)
        if whole is not None:
            entry.services = whole
        elif protos in (("icmp",), ("icmp6",)):
            entry.services = self._icmp(words, entry, protos[0])
        else:
            dports = self._ports(words, entry, source=False) if with_ports else None
            entry.services = _combined(protos, sports, dports)
        self._options(words, entry, protos)
        return entry

    def standard(self, words: Words) -> Entry:
        """An entry that tells sources alone."""
        entry = Entry(action=_action(words))
        entry.src = self.address(words, entry, alone=True)
        self._options(words, entry, ("any",))
        return entry

    def address(self, words: Words, entry: Entry | None = None, *, alone: bool = False) -> AddressSet:
        """The addresses that follow. ``alone``: an address by itself may stand there."""
        names = self._book.names
        word = words.next()
        match word:
            case "any":
                return self._every
            case "any4":
                return ANY4
            case "any6":
                return ANY6
            case "host":
                one = words.next()
                if self._ios and any(c.isalpha() for c in one) and ":" not in one:
                    return AddressSet(unknown=f"host name '{short(one)}' is not resolved")
                return host(one, names)
            case "object" | "object-group" | "addrgroup":
                found = self._book.of(words.next())
                if entry is not None:
                    entry.objects += found.path
                return found.set
            case "interface":
                name = words.next()
                return self._book.interfaces.get(
                    name, AddressSet(unknown=f"the address of interface '{short(name)}' is not in the export")
                )
            case "fqdn" | "fqdn-group" | "object-group-fqdn" | "geo" | "geo-group":
                return AddressSet(unknown=f"{word} '{short(words.next())}' is not resolved")
            case _ if "/" in word:
                return prefix(word)
            case _:
                number, family = address(word, names)
                if words.peek() and _is_mask(words.peek()):
                    return network(word, words.next(), names, wildcard=self._ios)
                if not alone:
                    raise Unread(f"'{short(word)}' has no mask")
                return of_family(family, ((number, number),))

    # -- parts of an entry

    def _protocol(self, words: Words, entry: Entry) -> tuple[tuple[str, ...], tuple[PortSet, ...] | None]:
        """The protocols, or whole services where the entry names a group of these."""
        if not words.took("object-group", "object"):
            return _protocols(words.next()), None
        name = words.next()
        named = self._book.services.get(name)
        if named is None and name.lower() in PROTOCOLS:
            return _protocols(name), None
        found = self._book.service(name)
        entry.objects += found.path
        entry.unknown = entry.unknown or found.unknown
        if named is not None and named.kind == "protocol":
            return tuple(dict.fromkeys(one.proto for one in found.sets)), None
        return ("any",), found.sets

    def _ports(self, words: Words, entry: Entry, *, source: bool) -> Services | None:
        if words.peek() in _OPERATORS:
            found = ports(words, several=self._ios)
            entry.unknown = entry.unknown or found.unknown
            return Services((PortSet(proto="any", dport=found.pairs),))
        named = words.peek(1) in self._book.services or not source
        if (words.peek() in ("object-group", "object") and named) or words.peek() == "portgroup":
            words.next()
            group = self._book.service(words.next())
            entry.objects += group.path
            entry.unknown = entry.unknown or group.unknown
            return group
        return None

    def _icmp(self, words: Words, entry: Entry, proto: str) -> tuple[PortSet, ...]:
        if words.took("object-group", "object"):
            group = self._book.service(words.next())
            entry.objects += group.path
            entry.unknown = entry.unknown or group.unknown
            return tuple(replace(one, proto=proto) for one in group.sets if one.proto in ("icmp", "icmp6", "any"))
        kind, code = icmp(words, proto)
        return (PortSet(proto=proto, dport=kind, sport=code),)

    def _identity(self, words: Words, entry: Entry) -> None:
        """Who sends, which no configuration tells."""
        while words.peek() in ("user", "user-group", "object-group-user", "security-group", "object-group-security"):
            word = words.next()
            who = words.next()
            if word == "security-group" and who in ("name", "tag"):
                who = words.next()
            entry.unknown = entry.unknown or f"it hangs on who sends ({word} {short(who)})"

    def _options(self, words: Words, entry: Entry, protos: tuple[str, ...]) -> None:
        while words:
            word = words.next().lower()
            if word in ("log", "log-input"):
                self._log(words)
            elif word == "time-range":
                entry.unknown = entry.unknown or f"it hangs on the time (time-range {short(words.next())})"
            elif word == "inactive" and not self._ios:
                entry.enabled = False
            elif self._ios and word in _UNTOLD:
                entry.unknown = entry.unknown or f"it hangs on {_UNTOLD[word]} ({word})"
                _skip_value(words, word)
            elif self._ios and word == "fragments":
                entry.established = True  # only fragments behind the first, which holds the ports
            elif self._ios and protos == ("tcp",) and word == "established":
                entry.established = entry.probes = True
            elif self._ios and protos == ("tcp",) and (word in _FLAGS or word in ("match-any", "match-all")):
                self._flags(words, word, entry)
            elif self._ios and word == "reflect":
                words.next()
                if words.took("timeout"):
                    words.next()
            elif self._ios and protos == ("2",):
                entry.unknown = entry.unknown or "it hangs on the kind of IGMP message"
            else:
                raise Unread(f"'{short(word)}' is not understood")

    def _log(self, words: Words) -> None:
        if self._ios:
            if words.peek() and words.peek().lower() not in _OPTIONS:
                words.next()  # a cookie
            return
        if words.peek() in _LEVELS or (words.peek().isdecimal() and len(words.peek()) == 1):
            words.next()
        if words.took("interval"):
            words.next()

    def _flags(self, words: Words, word: str, entry: Entry) -> None:
        """Flags of TCP, held against a packet that has SYN alone."""
        entry.probes = True
        if word in _FLAGS:
            some = [word == "syn"]
            while words.peek().lower() in _FLAGS:
                some.append(words.next().lower() == "syn")
            entry.established = entry.established or not any(some)
            return
        some = []
        while words.peek()[:1] in ("+", "-") and words.peek()[1:].lower() in _FLAGS:
            flag = words.next().lower()
            some.append((flag[0] == "+") == (flag[1:] == "syn"))
        if not some:
            raise Unread(f"'{word}' names no flags")
        entry.established = entry.established or not (any(some) if word == "match-any" else all(some))


_UNTOLD: Final = {
    "dscp": "its class of service", "precedence": "its precedence", "tos": "its class of service", "ttl": "its time to live",
    "option": "an IP option", "flow-label": "its flow label", "routing": "a routing header", "routing-type": "a routing header",
    "mobility": "a mobility header", "mobility-type": "a mobility header", "dest-option": "an option header",
    "dest-option-type": "an option header", "hbh": "an option header", "auth": "an authentication header",
    "undetermined-transport": "whether its transport can be told", "tracked": "a state that it is tracked by", "packet-length": "its length",
}  # fmt: skip
_NO_VALUE: Final = frozenset(("routing", "mobility", "dest-option", "hbh", "auth", "undetermined-transport", "tracked"))
_LEVELS: Final = frozenset(
    ("emergencies", "alerts", "critical", "errors", "warnings", "notifications", "informational", "debugging", "default", "disable")
)  # fmt: skip
_OPTIONS: Final = frozenset(
    (
        *_UNTOLD,
        *_FLAGS,
        "log",
        "log-input",
        "time-range",
        "fragments",
        "established",
        "match-any",
        "match-all",
        "reflect",
        "sequence",
    )
)


def _skip_value(words: Words, word: str) -> None:
    if word in _NO_VALUE:
        return
    if words.next() in ("eq", "neq", "lt", "gt"):
        words.next()
    elif word in ("ttl", "packet-length") and words.peek().isdecimal():
        words.next()  # the end of a range, or the second of its numbers
        if words.peek().isdecimal():
            words.next()


def _is_mask(word: str) -> bool:
    return word.count(".") == 3 and word.replace(".", "").isdecimal()


def _action(words: Words) -> Literal["permit", "deny"]:
    match words.next().lower():
        case "permit":
            return "permit"
        case "deny":
            return "deny"
        case word:
            raise Unread(f"'{short(word)}' is neither permit nor deny")


def _combined(protos: tuple[str, ...], sports: Services | None, dports: Services | None) -> tuple[PortSet, ...]:
    return tuple(
        PortSet(proto=proto, dport=dport, sport=sport)
        for proto in protos
        for dport in _for(proto, dports)
        for sport in _for(proto, sports)
        if dport and sport
    )


def _for(proto: str, some: Services | None) -> Iterator[Intervals]:
    """The ports that a group has for a protocol."""
    if some is None:
        yield PORTS_ALL
        return
    mine = [one for one in some.sets if one.proto in (proto, "any")]
    if any(one.sport != PORTS_ALL for one in mine):
        raise Unread("a group of whole services stands where ports are expected")
    if mine:
        yield intervals.union(*(one.dport for one in mine))


def refused(file: ConfigFile, error: Absurd, line: int) -> InputError:
    """What becomes of a file with such a value."""
    return file.refuse(str(error), "no device writes that: export again", line)
