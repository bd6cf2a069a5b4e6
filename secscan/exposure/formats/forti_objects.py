"""A FortiGate's objects by name: addresses and their groups, services and their groups, schedules.

What the file does not hold is what the maker ships (``all``, ``HTTPS``); what neither has is not known. What hangs on
names, countries, tags or lists is not known either, with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from ipaddress import ip_network
from typing import Final

from secscan.exposure import intervals
from secscan.exposure.formats import netmatch
from secscan.exposure.formats.forti_tree import Node
from secscan.exposure.intervals import Family
from secscan.model.net import PORTS_ALL, V4_ALL, V6_ALL, AddressSet, Interval, Intervals, PortSet

MAX_NESTED: Final = 64
UNSET: Final = "0.0.0.0"  # noqa: S104
"""An address that stands for none, and for every one with itself as its mask."""
MAX_HELD: Final = 5_000_000
"""Ranges of addresses that all groups together may stand for."""
MAX_TRAIL: Final = 50
"""Names of objects that an origin shows."""
EVERY_SERVICE: Final = (PortSet(proto="any"),)
EVERYWHERE: Final = AddressSet(v4=V4_ALL, v6=V6_ALL)
WITH_PORTS: Final = ("tcp", "udp", "132", "136")

_BY_NAME: Final = {
    "fqdn": "a host name, which is not resolved", "wildcard-fqdn": "a pattern of host names", "geography": "a list of countries",
    "dynamic": "a list that fills itself", "mac": "hardware addresses", "route-tag": "a tag of the routing table",
    "template": "a template of addresses", "url": "a web address",
}  # fmt: skip
"""Types of address that no configuration resolves."""
_FABRIC: Final = frozenset(("FABRIC_DEVICE", "IPv6_FABRIC_DEVICE", "FIREWALL_AUTH_PORTAL_ADDRESS"))
"""Addresses of the device's own making, which stand in the file as if they were every address."""

_TCP: Final = {
    "AOL": "5190-5194", "BGP": "179", "FINGER": "79", "FTP": "21", "FTP_GET": "21", "FTP_PUT": "21", "GOPHER": "70", "HTTP": "80", "HTTPS": "443",
    "IMAP": "143", "IMAPS": "993", "Internet-Locator-Service": "389", "IRC": "6660-6669", "LDAP": "389", "NetMeeting": "1720", "NNTP": "119",
    "POP3": "110", "POP3S": "995", "PPTP": "1723", "REXEC": "512", "RLOGIN": "513:512-1023", "RSH": "514:512-1023", "SCCP": "2000",
    "SIP-MSNmessenger": "1863", "SAMBA": "139", "SMB": "445", "SMTP": "25", "SMTPS": "465", "SSH": "22", "TELNET": "23", "UUCP": "540",
    "VDOLIVE": "7000-7010", "WAIS": "210", "WINFRAME": "1494 2598", "X-WINDOWS": "6000-6063", "MS-SQL": "1433 1434", "MYSQL": "3306", "RDP": "3389",
    "VNC": "5900", "SQUID": "3128", "ALL_TCP": "1-65535", "NONE": "0",
}  # fmt: skip
_UDP: Final = {
    "DHCP": "67-68", "DHCP6": "546 547", "IKE": "500 4500", "QUAKE": "26000 27000 27910 27960", "RAUDIO": "7070", "RIP": "520", "SYSLOG": "514",
    "TALK": "517-518", "TFTP": "69", "MGCP": "2427 2727", "RADIUS": "1812 1813", "RADIUS-OLD": "1645 1646", "TRACEROUTE": "33434-33535",
    "LDAP_UDP": "389", "ALL_UDP": "1-65535",
}  # fmt: skip
_BOTH: Final = {
    "DNS": ("53", "53"), "H323": ("1720 1503", "1719"), "L2TP": ("1701", "1701"), "NFS": ("111 2049", "111 2049"), "NTP": ("123", "123"),
    "PC-Anywhere": ("5631", "5632"), "ONC-RPC": ("111", "111"), "DCE-RPC": ("135", "135"), "SIP": ("5060", "5060"), "SNMP": ("161-162", "161-162"),
    "SOCKS": ("1080", "1080"), "WINS": ("1512", "1512"), "CVSPSERVER": ("2401", "2401"), "AFS3": ("7000-7009", "7000-7009"),
    "RTSP": ("554 7070 8554", "554"), "MMS": ("1755", "1024-5000"), "KERBEROS": ("88 464", "88 464"),
}  # fmt: skip
_OTHER: Final = {
    "ALL": "any",
    "ANY": "any",
    "GRE": "47",
    "AH": "51",
    "ESP": "50",
    "OSPF": "89",
    "ALL_ICMP": "icmp",
    "ALL_ICMP6": "icmp6",
}
_ICMP: Final = {
    "PING": ("icmp", 8),
    "TIMESTAMP": ("icmp", 13),
    "INFO_REQUEST": ("icmp", 15),
    "INFO_ADDRESS": ("icmp", 17),
    "PING6": ("icmp6", 128),
}
_GROUPS: Final = {
    "Email Access": ("DNS", "IMAP", "IMAPS", "POP3", "POP3S", "SMTP", "SMTPS"), "Web Access": ("DNS", "HTTP", "HTTPS"),
    "Windows AD": ("DCE-RPC", "DNS", "KERBEROS", "LDAP", "LDAP_UDP", "SAMBA", "SMB"), "Exchange Server": ("DCE-RPC", "DNS", "HTTPS"),
}  # fmt: skip
"""The services that the maker ships, for files that do not list them."""

_DOTS: Final = re.compile(r"(?:255\.){3}\d+|(?:255\.){2}\d+\.0|255\.\d+\.0\.0|\d+\.0\.0\.0")
_DATE: Final = re.compile(r"(\d{4})[/-](\d{1,2})[/-](\d{1,2})")
_DAYS: Final = frozenset(("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """What some services match. ``unknown``: it may match less than that, and why."""

    ports: tuple[PortSet, ...]
    unknown: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """A schedule: ``never``, or ``unknown`` for one that some hour decides."""

    never: bool = False
    unknown: str | None = None
    ends_on: date | None = None


class Objects:
    """The objects of one vdom. ``connected``: an interface's own networks."""

    def __init__(self, vdom: Node, shared: Sequence[Node], connected: Callable[[str], AddressSet]) -> None:
        self._vdom, self._connected = vdom, connected
        self._feeds = {name for place in (vdom, *shared) for name in _named(place, "system external-resource")}
        self._addresses: dict[tuple[Family, str], AddressSet] = {}
        self._services: dict[str, Services] = {}
        self._held = 0
        self._unions: dict[tuple[Family, tuple[str, ...]], AddressSet] = {}

    def entry(self, block: str, name: str) -> Node | None:
        """An entry of a block of this vdom."""
        found = self._vdom.blocks.get(block)
        return None if found is None else found.entries.get(name)

    def check(self) -> None:
        """Raises InputError for a group that holds itself and for an object that cannot be, used or not."""
        families: tuple[tuple[Family, str], ...] = ((4, ""), (6, "6"))
        for family, six in families:
            for block in ("address", "addrgrp"):
                for one in self._vdom.listed(f"firewall {block}{six}"):
                    self._address(one.name, family, ())
        for block in ("custom", "group"):
            for one in self._vdom.listed(f"firewall service {block}"):
                self._service(one.name, ())

    # -- addresses

    def addresses(self, names: Sequence[str], family: Family) -> AddressSet:
        """All that some addresses and groups stand for, of one family."""
        key = (family, tuple(names))
        if key not in self._unions:
            self._unions[key] = _union([self._address(name, family, ()) for name in names], family)
        return self._unions[key]

    def trail(self, names: Iterable[str], blocks: Sequence[str]) -> list[str]:
        """The names, each followed by the members of the group that it is; the first of them."""
        seen: dict[str, None] = {}
        waiting = list(names)[::-1]
        while waiting and len(seen) < MAX_TRAIL:
            name = waiting.pop()
            if name not in seen:
                seen[name] = None
                for block in blocks:
                    if (group := self.entry(block, name)) is not None:
                        waiting += group.words("member")[: MAX_TRAIL - 1][::-1]
        return list(seen)

    def _address(self, name: str, family: Family, above: tuple[str, ...]) -> AddressSet:
        if (family, name) not in self._addresses:
            six = "6" if family == 6 else ""
            group = self.entry(f"firewall addrgrp{six}", name)
            one = self.entry(f"firewall address{six}", name)
            if one is not None:
                found = self._single(one, family)
            elif group is not None:
                found = self._group(group, family, above)
            elif name == "all":
                found = _of(family, intervals.everything(family))
            elif name == "none":
                found = AddressSet()
            elif name in self._feeds:
                found = AddressSet(unknown=f"'{name}' is a list that is fetched from elsewhere")
            else:
                found = AddressSet(unknown=f"address '{name}' is not in the file")
            self._addresses[family, name] = found
        return self._addresses[family, name]

    def _group(self, group: Node, family: Family, above: tuple[str, ...]) -> AddressSet:
        above = _nested(group, above)
        members = group.words("member")
        parts = [self._address(name, family, above) for name in members]
        self._held += sum(len(intervals.of(one, family)) for one in parts)
        if self._held > MAX_HELD:
            raise group.file.refuse("its groups of addresses unfold without end", line=group.line)
        found = _union(parts, family)
        if not members or group.odd:
            why = f"line {group.odd[0][0]} in it is not understood" if group.odd else "it has no members"
            found = AddressSet(unknown=f"group '{group.name}': {why}")
        left_out = group.words("exclude-member")
        if left_out and group.on("exclude", default=True):
            out = _union([self._address(name, family, above) for name in left_out], family)
            stays = () if out.unknown else intervals.subtract(intervals.of(found, family), intervals.of(out, family))
            found = _of(family, stays, found.unknown or out.unknown)
        return found

    def _single(self, one: Node, family: Family) -> AddressSet:
        if one.odd:
            return AddressSet(unknown=f"line {one.odd[0][0]} in '{one.name}' is not understood")
        kind = one.word("type", "ipprefix" if family == 6 else "ipmask")
        default = kind in ("ipmask", "ipprefix")
        if one.name in _FABRIC and not (one.words("subnet") or one.words("ip6")):
            return AddressSet(unknown=f"'{one.name}' is filled by the device itself")
        if kind == "iprange":
            ends = [
                address(one, key, one.word(key, UNSET if family == 4 else "::"), family)
                for key in ("start-ip", "end-ip")
            ]
            if ends[0] > ends[1]:
                raise one.file.refuse(
                    f"the range of address '{one.name[:60]}' ends before it begins", line=one.at("end-ip")
                )
            return _of(family, ((ends[0], ends[1]),))
        if kind == "wildcard":
            base, mask, *_ = [*one.words("wildcard"), UNSET, UNSET]
            return self._masked(one, "wildcard", base, mask)
        if kind == "interface-subnet" and family == 4:
            known = self._connected(one.word("interface"))
            if known.v4 or not one.words("subnet"):
                return (
                    known
                    if known.v4
                    else AddressSet(unknown=f"'{one.name}' is what interface '{one.word('interface')}' is connected to")
                )
            default = True
        if default:
            if family == 6:
                return _of(6, (network(one, "ip6", one.words("ip6") or ["::/0"], 6),))
            written = one.words("subnet") or [UNSET, UNSET]
            if len(written) > 1 and "/" not in written[0]:
                return self._masked(one, "subnet", written[0], written[1])
            return _of(4, (network(one, "subnet", written, 4),))
        what = _BY_NAME.get(kind, f"of type '{kind}', which is not understood")
        return AddressSet(unknown=f"'{one.name}' is {what}")

    def _masked(self, one: Node, key: str, base: str, mask: str) -> AddressSet:
        """An address and a mask, which may have holes."""
        number, bits = address(one, key, base, 4), address(one, key, mask, 4)
        try:
            return _of(4, intervals.normal(netmatch.masked(number, bits, 32)))
        except netmatch.Unread as error:
            return AddressSet(unknown=f"'{one.name}': {error}")

    # -- services

    def services(self, names: Sequence[str]) -> Services:
        """All that some services and groups match."""
        found = [self._service(name, ()) for name in names]
        ports = tuple(dict.fromkeys(port for one in found for port in one.ports))
        return Services(ports=ports, unknown=next((one.unknown for one in found if one.unknown), None))

    def _service(self, name: str, above: tuple[str, ...]) -> Services:
        if name not in self._services:
            one = self.entry("firewall service custom", name)
            group = self.entry("firewall service group", name)
            if one is not None:
                found = _custom(one)
            elif group is not None:
                above = _nested(group, above)
                parts = [self._service(member, above) for member in group.words("member")]
                found = Services(
                    ports=tuple(dict.fromkeys(port for part in parts for port in part.ports)),
                    unknown=next((part.unknown for part in parts if part.unknown), None),
                )
                if not parts or group.odd:
                    why = f"line {group.odd[0][0]} in it is not understood" if group.odd else "it has no members"
                    found = Services(ports=EVERY_SERVICE, unknown=f"service group '{name}': {why}")
            elif (known := _shipped(name)) is not None:
                found = Services(ports=known)
            else:
                found = Services(ports=EVERY_SERVICE, unknown=f"service '{name}' is not in the file")
            self._services[name] = found
        return self._services[name]

    # -- schedules

    def when(self, name: str) -> When:
        """What a schedule says."""
        if name in ("", "always"):
            return When()
        if name == "none":
            return When(never=True)
        recurring = self.entry("firewall schedule recurring", name)
        hours = [] if recurring is None else [recurring.word(key, "00:00") for key in ("start", "end")]
        if (
            recurring is not None
            and not recurring.odd
            and set(recurring.words("day")) >= _DAYS
            and hours == ["00:00", "00:00"]
        ):
            return When()
        once = self.entry("firewall schedule onetime", name)
        ends = None if once is None else day(" ".join(once.words("end")))
        return When(unknown=f"schedule '{name}'" + (f" ends on {ends}" if ends else " decides"), ends_on=ends)


def day(written: str) -> date | None:
    """The day that stands in a text, if one does."""
    found = _DATE.search(written)
    try:
        return date(int(found[1]), int(found[2]), int(found[3])) if found else None
    except ValueError:
        return None


def negated(found: AddressSet, family: Family) -> AddressSet:
    """Every other address of the family."""
    if found.unknown is not None:
        return AddressSet(unknown=f"all but {found.unknown}")
    return _of(family, intervals.subtract(intervals.everything(family), intervals.of(found, family)))


def other_services(found: Services) -> Services:
    """Every packet that these services do not match."""
    if found.unknown is not None:
        return Services(ports=EVERY_SERVICE, unknown=f"all services but those where {found.unknown}")
    if any(one.sport != PORTS_ALL for one in found.ports):
        return Services(ports=EVERY_SERVICE, unknown="all services but some from certain source ports")
    ports = []
    for proto in (_PLAIN.get(number, str(number)) for number in range(256)):
        mine = intervals.union(*(one.dport for one in found.ports if one.proto in (proto, "any")))
        if left := intervals.subtract(PORTS_ALL, mine):
            ports.append(PortSet(proto=proto, dport=left))
    return Services(ports=tuple(ports))


_PLAIN: Final = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}


def address(node: Node, key: str, written: str, family: Family) -> int:
    """An address. Raises InputError, with its line, for what is none."""
    try:
        number, own = intervals.number(written)
    except ValueError:
        own = None
    if own != family:
        raise node.file.refuse(f"'{written[:60]}' is not an IPv{family} address", line=node.at(key))
    return number


def network(node: Node, key: str, written: Sequence[str], family: Family) -> Interval:
    """A network as ``10.0.0.0 255.0.0.0`` or ``10.0.0.0/8``; bits beyond the mask do not count.

    Raises InputError, with its line, for what is none.
    """
    base, slash, mask = (written[0] if "/" in written[0] else "/".join(written[:2])).partition("/")
    found = None
    # What a mask in dots is not, such as a wildcard, ipaddress would take all the same.
    if not slash or (mask.isdecimal() and "/" in written[0]) or _DOTS.fullmatch(mask):
        with suppress(ValueError):
            found = ip_network(f"{base}/0" if mask == UNSET else base + slash + mask, strict=False)
    if found is None or found.version != family:
        raise node.file.refuse(f"'{' '.join(written)[:60]}' is not an IPv{family} network", line=node.at(key))
    return int(found.network_address), int(found.broadcast_address)


def pair(node: Node, key: str, written: str, family: Family) -> Interval:
    """An address, a range or a network. Raises InputError, with its line, for what is none of these."""
    if "/" in written:
        return network(node, key, [written], family)
    first, dash, last = written.partition("-")
    lo = address(node, key, first, family)
    hi = address(node, key, last, family) if dash else lo
    if lo > hi:
        raise node.file.refuse(f"range '{written[:60]}' ends before it begins", line=node.at(key))
    return lo, hi


def ports(node: Node, key: str, written: str) -> Interval:
    """A port or a range of ports. Raises InputError, with its line, for what is neither."""
    first, dash, last = written.partition("-")
    found = [
        int(one) for one in (first, last if dash else first) if one.isascii() and one.isdecimal() and len(one) <= 5
    ]
    if len(found) < 2 or found[0] > found[1] or found[1] > 65535:
        raise node.file.refuse(f"'{written[:60]}' is not a port or a range of ports", line=node.at(key))
    return found[0], found[1]


def _custom(one: Node) -> Services:
    """One service as the file has it."""
    if one.odd:
        return Services(ports=EVERY_SERVICE, unknown=f"line {one.odd[0][0]} in service '{one.name}' is not understood")
    proto = one.word("protocol", "TCP/UDP/SCTP").upper()
    limits = [
        f"service '{one.name}' is for {what}"
        for key, what, plain in (
            ("iprange", "certain addresses", (UNSET, f"{UNSET}-{UNSET}")), ("fqdn", "a host name", ()),
            ("app-service-type", "certain applications", ("disable",)), ("application", "certain applications", ()),
            ("app-category", "certain applications", ()),
        )
        if any(word and word not in plain for word in one.words(key))
    ]  # fmt: skip
    unknown = limits[0] if limits else None
    if one.on("proxy"):
        return Services(ports=EVERY_SERVICE, unknown=f"service '{one.name}' is one of the explicit proxy")
    if proto.startswith("TCP"):
        found = [
            _range(one, key, name, written)
            for key, name in (("tcp-portrange", "tcp"), ("udp-portrange", "udp"), ("sctp-portrange", "132"), ("udplite-portrange", "136"))
            for written in one.words(key)
        ]  # fmt: skip
        if not found:
            return Services(ports=EVERY_SERVICE, unknown=f"service '{one.name}' names no port")
        return Services(ports=tuple(found), unknown=unknown)
    if proto in ("ICMP", "ICMP6"):
        return Services(ports=(_message(one, proto.lower()),), unknown=unknown)
    if proto == "IP":
        number = one.word("protocol-number", "0")
        if not (number.isascii() and number.isdecimal() and len(number) <= 3 and int(number) <= 255):
            raise one.file.refuse(f"'{number[:60]}' is not a protocol", line=one.at("protocol-number"))
        name = _PLAIN.get(int(number), str(int(number)))
        return Services(ports=(PortSet(proto="any" if number == "0" else name),), unknown=unknown)
    return Services(ports=EVERY_SERVICE, unknown=f"protocol '{proto}' of service '{one.name}' is not understood")


def _range(one: Node, key: str, proto: str, written: str) -> PortSet:
    """``destination`` or ``destination:source``."""
    dport, colon, sport = written.partition(":")
    return PortSet(
        proto=proto, dport=(ports(one, key, dport),), sport=(ports(one, key, sport),) if colon else PORTS_ALL
    )


def _message(one: Node, proto: str) -> PortSet:
    """A kind of ICMP message: its type where other protocols have the destination port, its code where the source."""
    found = []
    for key in ("icmptype", "icmpcode"):
        written = one.word(key)
        if written and not (written.isascii() and written.isdecimal() and len(written) <= 3 and int(written) <= 255):
            raise one.file.refuse(f"'{written[:60]}' is not a kind of ICMP message", line=one.at(key))
        found.append(((int(written), int(written)),) if written else PORTS_ALL)
    return PortSet(proto=proto, dport=found[0], sport=found[1])


def _shipped(name: str) -> tuple[PortSet, ...] | None:
    """What the maker ships by this name."""
    if name in _GROUPS:
        return tuple(port for member in _GROUPS[name] for port in _shipped(member) or ())
    if name in _OTHER:
        return (PortSet(proto=_OTHER[name]),)
    if name in _ICMP:
        proto, kind = _ICMP[name]
        return (PortSet(proto=proto, dport=((kind, kind),)),)
    tcp, udp = _BOTH.get(name, (_TCP.get(name, ""), _UDP.get(name, "")))
    found = [*_plain_ranges("tcp", tcp), *_plain_ranges("udp", udp)]
    return tuple(found) or None


def _plain_ranges(proto: str, written: str) -> Iterator[PortSet]:
    for one in written.split():
        dport, _, sport = one.partition(":")
        lo, _, hi = dport.partition("-")
        slo, _, shi = sport.partition("-")
        yield PortSet(
            proto=proto, dport=((int(lo), int(hi or lo)),), sport=((int(slo), int(shi or slo)),) if sport else PORTS_ALL
        )


def _nested(group: Node, above: tuple[str, ...]) -> tuple[str, ...]:
    """The groups above its members. Raises InputError for one that holds itself, and for too many."""
    if group.name in above:
        ring = " > ".join((*above[above.index(group.name) :], group.name))
        raise group.file.refuse(f"group '{group.name[:60]}' holds itself: {ring[:200]}", line=group.line)
    if len(above) >= MAX_NESTED:
        raise group.file.refuse(f"groups stand more than {MAX_NESTED} deep in each other", line=group.line)
    return (*above, group.name)


def _named(place: Node, block: str) -> Mapping[str, Node]:
    found = place.blocks.get(block)
    return found.entries if found else {}


def _union(sets: Sequence[AddressSet], family: Family) -> AddressSet:
    if len(sets) == 1:
        return sets[0]
    pairs = intervals.union(*(intervals.of(one, family) for one in sets))
    return _of(family, pairs, next((one.unknown for one in sets if one.unknown), None))


def _of(family: Family, pairs: Intervals, unknown: str | None = None) -> AddressSet:
    return AddressSet(v4=pairs, unknown=unknown) if family == 4 else AddressSet(v6=pairs, unknown=unknown)
