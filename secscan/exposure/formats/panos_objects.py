"""What names stand for in a PAN-OS configuration: addresses, services and applications, the nearest scope first.

A name that nobody defines, a list that is kept elsewhere and a group that fills itself are not known, never empty and
never any. A value that no device holds (a port 70000, a range backwards, a group within itself) refuses the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Final

from secscan.doors.xml import Element
from secscan.exposure import intervals
from secscan.exposure.formats.export import ConfigFile
from secscan.model.net import PORTS_ALL, V4_ALL, V6_ALL, AddressSet, Interval, Intervals, PortSet

EVERYWHERE: Final = AddressSet(v4=V4_ALL, v6=V6_ALL)
EVERY_SERVICE: Final = (PortSet(proto="any"),)
APPLICATION_DEFAULT: Final = "application-default"

_ADDRESSES: Final = ("address", "address-group", "external-list", "region")
_SERVICES: Final = ("service", "service-group")
_APPLICATIONS: Final = ("application", "application-group", "application-filter")
_OBJECTS: Final = (*_ADDRESSES, *_SERVICES, *_APPLICATIONS)
_PREDEFINED: Final = {
    "service-http": (PortSet(proto="tcp", dport=((80, 80), (8080, 8080))),),
    "service-https": (PortSet(proto="tcp", dport=((443, 443),)),),
}
_PROTOCOLS: Final = {"tcp": "tcp", "udp": "udp", "sctp": "132", "icmp": "icmp", "icmp6": "icmp6"}
_NUMBERS: Final = {"1": "icmp", "6": "tcp", "17": "udp", "58": "icmp6"}
_NUMERIC = re.compile(r"\d+(?:\.\d+){3}(?:[/-].*)?")
_REGION = re.compile(r"[A-Z]{2}|[A-Z]\d")
_MOST_NAMES: Final = 24
"""Names of objects that an origin keeps."""
_MOST_BLOCKS: Final = 12
"""Bits of a wildcard mask that are spelt out: 4,096 networks."""
_DEEPEST: Final = 100
"""Groups within groups."""

_DEFAULT_PORTS: Final[Mapping[str, str]] = {
    "web-browsing": "tcp/80,443,8080", "ssl": "tcp/443", "ssh": "tcp/22", "telnet": "tcp/23", "ftp": "tcp/21,990",
    "tftp": "udp/69", "smtp": "tcp/25,465,587", "dns": "tcp/53,853 udp/53", "dns-base": "tcp/53,853 udp/53",
    "ntp": "udp/123 tcp/123", "ntp-base": "udp/123 tcp/123", "snmp": "tcp/161 udp/161", "snmp-base": "tcp/161 udp/161",
    "snmpv1": "tcp/161 udp/161", "snmpv2": "tcp/161 udp/161", "snmpv3": "tcp/161 udp/161",
    "ms-rdp": "tcp/3389 udp/3389", "ms-ds-smb": "tcp/139,445 udp/139,445", "ms-ds-smb-base": "tcp/139,445 udp/139,445",
    "ms-ds-smbv1": "tcp/139,445 udp/139,445", "ms-ds-smbv2": "tcp/139,445 udp/139,445",
    "ms-ds-smbv3": "tcp/139,445 udp/139,445", "ldap": "tcp/389,636,3268,3269 udp/389,3268",
    "kerberos": "tcp/88,464 udp/88,464", "mssql-db": "tcp/1433", "mysql": "tcp/3306", "postgres": "tcp/5432",
    "syslog": "tcp/514,1468,6514 udp/514", "radius": "udp/1645,1646,1812,1813", "imap": "tcp/143,993", "pop3": "tcp/110,995",
    "ping": "icmp icmp6", "ping6": "icmp6", "icmp": "icmp", "ipv6-icmp": "icmp6",
    "gre": "47", "ipsec-esp": "50", "ipsec-ah": "51", "ospf": "89", "eigrp": "88", "igmp": "2", "pim": "103", "vrrp": "112",
}  # fmt: skip
"""Ports that an application has of its own in the clear or encrypted: rather too many than too few, for they only say
where it can never be."""


class Doubt(ValueError):
    """Why something cannot be told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """What the members of a list stand for. ``unknown``: why some of them are not known."""

    addresses: AddressSet = AddressSet()
    services: tuple[PortSet, ...] = ()
    unknown: str | None = None
    names: tuple[str, ...] = ()
    """The objects and groups that they were expanded from, outermost first."""


class Catalogue:
    """The objects of each scope of one file by kind and name, gathered once."""

    def __init__(self) -> None:
        self._known: dict[int, dict[tuple[str, str], Element]] = {}
        self.count = 0

    def of(self, scope: Element) -> Mapping[tuple[str, str], Element]:
        if id(scope) not in self._known:
            found = {
                (kind.tag, entry.attributes.get("name", "")): entry
                for kind in scope.each(*_OBJECTS)
                for entry in kind.each("entry")
            }
            self._known[id(scope)] = found
            self.count += len(found)
        return self._known[id(scope)]


class Objects:
    """Names as one rulebase understands them."""

    def __init__(
        self, file: ConfigFile, catalogue: Catalogue, own: Sequence[Element], pushed: Sequence[Element] = (),
        *, contested: bool = False,
    ) -> None:  # fmt: skip
        """``own``: the scopes, nearest first; ``pushed``: those that Panorama gave the device. ``contested``: nobody
        knows which of several scopes wins."""
        self._file, self._contested = file, contested
        self._own = [catalogue.of(scope) for scope in own]
        self._pushed = [catalogue.of(scope) for scope in pushed]
        self._addresses: dict[str, Meant] = {}
        self._services: dict[str, Meant] = {}

    # -- addresses

    def addresses(self, members: Iterable[str]) -> Meant:
        """The addresses of a list; every one of a list that says nothing. Raises InputError."""
        return _joined(self._address(name, ()) for name in (list(members) or ["any"]))

    def _address(self, name: str, within: tuple[str, ...]) -> Meant:
        if name == "any" and not within:
            return Meant(addresses=EVERYWHERE)
        if name not in self._addresses:
            try:
                self._addresses[name] = self._resolved(name, within)
            except Doubt as doubt:
                self._addresses[name] = Meant(unknown=str(doubt))
        return self._addresses[name]

    def _resolved(self, name: str, within: tuple[str, ...]) -> Meant:
        found = self._find(name, _ADDRESSES)
        if found is None:
            return Meant(addresses=self._literal(name, 0))
        match found.tag_of:
            case "address":
                return Meant(addresses=self._object(name, found.entry), names=(name,))
            case "address-group" if found.entry.first("static") is not None:
                self._unless_cyclic("address group", name, within, found.entry)
                inner = [self._address(one, (*within, name)) for one in members(found.entry, "static")]
                if not inner:
                    raise Doubt(f"address group '{name}' holds no member")
                joined = _joined(inner)
                return Meant(
                    addresses=joined.addresses, unknown=joined.unknown, names=(name, *joined.names)[:_MOST_NAMES]
                )
            case "address-group":
                raise Doubt(f"address group '{name}' fills itself by tags")
            case "external-list":
                raise Doubt(f"'{name}' is a list that is kept outside of the device")
            case _:
                return Meant(addresses=self._region(name, found.entry), names=(name,))

    def _object(self, name: str, entry: Element) -> AddressSet:
        for kind in ("ip-netmask", "ip-range", "ip-wildcard"):
            value = entry.says(kind)
            if value is not None and value.startswith("$"):
                raise Doubt(f"'{name}' is the variable {value}, which each device has its own value of")
            if value is not None:
                line = (entry.first(kind) or entry).line
                return self._wildcard(name, value, line) if kind == "ip-wildcard" else self._literal(value, line)
        if (fqdn := entry.says("fqdn")) is not None:
            raise Doubt(f"'{name}' is the name {fqdn}, whose address is not in the export")
        raise Doubt(f"'{name}' has no address")

    def _literal(self, text: str, line: int) -> AddressSet:
        """An address, a network or a range. ``line``: of the object whose value it is; 0: a member of a list."""
        try:
            return _wide(literal(text))
        except ValueError:
            if line or _NUMERIC.fullmatch(text):
                raise self._file.refuse(
                    f"'{text[:60]}' is not an address, a network or a range", "export the configuration again", line
                ) from None
        if _REGION.fullmatch(text):
            raise Doubt(f"which addresses are in region {text} is not in the export")
        raise Doubt(f"'{text}' is not defined")

    def _region(self, name: str, entry: Element) -> AddressSet:
        found = members(entry, "address")
        if not found:
            raise Doubt(f"which addresses are in region {name} is not in the export")
        return _joined(Meant(addresses=self._literal(one, entry.line)) for one in found).addresses

    def _wildcard(self, name: str, value: str, line: int) -> AddressSet:
        address, _, mask = value.partition("/")
        try:
            (at, family), (free, other) = intervals.number(address), intervals.number(mask)
            if family != 4 or other != 4:
                raise ValueError(value)
        except ValueError:
            raise self._file.refuse(f"'{value[:60]}' is not an address with a wildcard mask", line=line) from None
        low = (~free & (free + 1)).bit_length() - 1
        bits = [bit for bit in range(low, 32) if free >> bit & 1]
        if len(bits) > _MOST_BLOCKS:
            raise Doubt(f"wildcard mask of '{name}' stands for too many networks")
        starts = [at & ~free & (2**32 - 1)]
        for bit in bits:
            starts += [start | 1 << bit for start in starts]
        return AddressSet(v4=intervals.normal((start, start + 2**low - 1) for start in starts))

    def written(self, name: str) -> str | None:
        """An address object's value as it is written, where a name is one's; an interface may be addressed so."""
        entry = self._of(name, ("address",))
        return None if entry is None else entry.says("ip-netmask")

    # -- services

    def services(self, names: Iterable[str]) -> Meant:
        """The services of a list. Raises InputError."""
        return _joined(self._service(name, ()) for name in names)

    def _service(self, name: str, within: tuple[str, ...]) -> Meant:
        if name == "any" and not within:
            return Meant(services=EVERY_SERVICE)
        if name not in self._services:
            try:
                self._services[name] = self._served(name, within)
            except Doubt as doubt:
                self._services[name] = Meant(unknown=str(doubt))
        return self._services[name]

    def _served(self, name: str, within: tuple[str, ...]) -> Meant:
        found = self._find(name, _SERVICES)
        if found is None:
            if name in _PREDEFINED:
                return Meant(services=_PREDEFINED[name], names=(name,))
            raise Doubt(f"service '{name}' is not defined")
        if found.tag_of == "service":
            return Meant(services=self._protocols(name, found.entry), names=(name,))
        self._unless_cyclic("service group", name, within, found.entry)
        inner = [self._service(one, (*within, name)) for one in members(found.entry, "members")]
        if not inner:
            raise Doubt(f"service group '{name}' holds no member")
        joined = _joined(inner)
        return Meant(services=joined.services, unknown=joined.unknown, names=(name, *joined.names)[:_MOST_NAMES])

    def _protocols(self, name: str, entry: Element) -> tuple[PortSet, ...]:
        found = []
        for proto in (entry.first("protocol") or Element("", {}, 0)).children:
            port = proto.says("port")
            if proto.tag not in _PROTOCOLS or port is None:
                raise Doubt(f"service '{name}' is of a protocol that is not understood")
            line = (proto.first("port") or proto).line
            source = proto.says("source-port")
            sports = self._ports(source, (proto.first("source-port") or proto).line) if source else PORTS_ALL
            found.append(PortSet(proto=_PROTOCOLS[proto.tag], dport=self._ports(port, line), sport=sports))
        if not found:
            raise Doubt(f"service '{name}' has no protocol")
        return tuple(found)

    def _ports(self, text: str, line: int) -> Intervals:
        try:
            return ports(text)
        except ValueError:
            raise self._file.refuse(
                f"'{text[:60]}' is not a list of ports", "export the configuration again", line
            ) from None

    # -- applications

    def default_ports(self, names: Iterable[str]) -> tuple[PortSet, ...]:
        """Where these applications can be by default; everywhere where that is not known of one of them."""
        found: list[PortSet] = []
        for name in self._applications(names, ()):
            entry = self._of(name, ("application",))
            if entry is not None and (own := _own_default(entry)):
                written = own
            elif entry is None and name in _DEFAULT_PORTS:
                written = _DEFAULT_PORTS[name]
            else:
                return EVERY_SERVICE
            try:
                found += _spoken(written)
            except ValueError:
                return EVERY_SERVICE
        return tuple(dict.fromkeys(found))

    def _applications(self, names: Iterable[str], within: tuple[str, ...]) -> Iterator[str]:
        """The applications of a list, those of its groups in their place."""
        for name in names:
            entry = self._of(name, ("application-group",))
            if entry is None:
                yield name
                continue
            self._unless_cyclic("application group", name, within, entry)
            yield from self._applications(members(entry, "members") or members(entry), (*within, name))

    # -- names

    @dataclass(frozen=True, slots=True)
    class _Found:
        tag_of: str
        entry: Element

    def _of(self, name: str, tags: tuple[str, ...]) -> Element | None:
        try:
            found = self._find(name, tags)
        except Doubt:
            return Element("entry", {"name": name}, 0)
        return None if found is None else found.entry

    def _find(self, name: str, tags: tuple[str, ...]) -> _Found | None:
        """The entry of that name in the nearest scope that has one. Raises Doubt where two scopes vie for it."""
        chosen: list[Objects._Found] = []
        for scopes in (self._own, self._pushed):
            hits = [self._Found(tag, scope[tag, name]) for scope in scopes for tag in tags if (tag, name) in scope]
            chosen += hits if self._contested else hits[:1]
        if any(_same(one.entry) != _same(chosen[0].entry) for one in chosen[1:]):
            raise Doubt(f"'{name}' is defined twice, and which one counts is not known")
        return chosen[0] if chosen else None

    def _unless_cyclic(self, kind: str, name: str, within: tuple[str, ...], entry: Element) -> None:
        if name in within or len(within) > _DEEPEST:
            why = "holds itself" if name in within else f"is nested more than {_DEEPEST} deep"
            raise self._file.refuse(f"{kind} '{name[:60]}' {why}", "mend the group and export again", entry.line)


def members(element: Element, *path: str) -> list[str]:
    """The members of the list at a path: those written as members, else its own text as the one."""
    found = element.first(*path)
    if found is None:
        return []
    listed = [text for one in found.each("member") if (text := one.text.strip())]
    return listed or [text for text in (found.text.strip(),) if text]


def literal(text: str) -> AddressSet:
    """An address, a network, or a range as both ends. Raises ValueError."""
    first, dash, last = (part.strip() for part in text.partition("-"))
    if "/" in text:
        mask = text.partition("/")[2]
        if not (mask.isascii() and mask.isdecimal()) and not mask.startswith("255."):
            raise ValueError(text)
        net = ip_network(text.strip(), strict=False)
        family, pair = net.version, (int(net.network_address), int(net.broadcast_address))
    else:
        lo, family = intervals.number(first)
        hi, other = intervals.number(last if dash else first)
        if family != other or lo > hi:
            raise ValueError(text)
        pair = lo, hi
    return AddressSet(v4=(pair,)) if family == 4 else AddressSet(v6=(pair,))


def _wide(one: AddressSet) -> AddressSet:
    """The same as rules understand it: an IPv4 address is one of IPv6 whose first 96 bits are 0, so ``::/0`` holds it."""
    (v4,) = V4_ALL
    inside = intervals.intersect(one.v6, (v4,))
    return AddressSet(v4=intervals.union(one.v4, inside), v6=one.v6) if inside else one


def ports(text: str) -> Intervals:
    """``80,443,8000-8100``. Raises ValueError."""
    pairs: list[Interval] = []
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        ends = first, last if dash else first
        if any(not (end.isascii() and end.isdecimal()) or len(end) > 5 or int(end) > 65535 for end in ends):
            raise ValueError(text)
        pairs.append((int(ends[0]), int(ends[1])))
    return intervals.normal(pairs)


def _own_default(application: Element) -> str:
    """Where an application of one's own can be, as ``_spoken`` takes it; "" where it does not say."""
    found = members(application, "default", "port")
    for way, word in (("icmp-type", "icmp"), ("icmp6-type", "icmp6")):
        found += [word] if application.first("default", f"ident-by-{way}") is not None else []
    number = application.says("default", "ident-by-ip-protocol")
    return " ".join((*found, number) if number else found)


def _spoken(text: str) -> Iterator[PortSet]:
    """``tcp/80,443 udp/dynamic icmp``. Raises ValueError."""
    for part in text.split():
        word, slash, written = part.partition("/")
        proto = _NUMBERS.get(word, word)
        if proto not in _PROTOCOLS and not (proto.isascii() and proto.isdecimal() and len(proto) < 4):
            raise ValueError(text)
        every = not slash or written == "dynamic" or proto.startswith("icmp")
        yield PortSet(proto=_PROTOCOLS.get(proto, proto), dport=PORTS_ALL if every else ports(written))


def _joined(several: Iterable[Meant]) -> Meant:
    parts = list(several)
    if len(parts) == 1 and parts[0].unknown is None:
        return parts[0]
    v4: list[Interval] = []
    v6: list[Interval] = []
    services: dict[PortSet, None] = {}
    names: dict[str, None] = {}
    unknown: str | None = None
    for one in parts:
        v4 += one.addresses.v4
        v6 += one.addresses.v6
        services.update(dict.fromkeys(one.services))
        names.update(dict.fromkeys(one.names))
        unknown = unknown or one.unknown
    return Meant(
        addresses=AddressSet(v4=intervals.normal(v4), v6=intervals.normal(v6), unknown=unknown),
        services=tuple(services),
        unknown=unknown,
        names=tuple(names)[:_MOST_NAMES],
    )


def _same(entry: Element) -> list[tuple[str, str]]:
    """What an entry says, for comparison."""
    return sorted((one.tag, one.text.strip()) for one in entry.walk() if one.tag not in ("tag", "description"))
