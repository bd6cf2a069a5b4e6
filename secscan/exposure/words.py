"""The cells of a rules table, read strictly: what cannot be read is unknown with its reason, never any, never nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from ipaddress import ip_network
from typing import Final

from secscan.exposure import intervals
from secscan.model.net import PORTS_ALL, V4_ALL, V6_ALL, AddressSet, Interval, Intervals, PortSet

ACTIONS: Final = {
    "permit": "permit", "allow": "permit", "accept": "permit",
    "deny": "deny", "drop": "deny", "reject": "deny", "block": "deny",
}  # fmt: skip
ANY: Final = frozenset(("any", "all", "*"))
_PROTOCOLS: Final = {
    "ip": "any", "tcp": "tcp", "udp": "udp", "icmp": "icmp", "icmp6": "icmp6", "icmpv6": "icmp6", "ipv6-icmp": "icmp6",
    "esp": "50", "ah": "51", "gre": "47", "sctp": "132", "1": "icmp", "6": "tcp", "17": "udp", "58": "icmp6",
}  # fmt: skip
_WITH_PORTS: Final = frozenset(("tcp", "udp", "132"))
_SPLIT = re.compile(r"[;,\s]+")
_DASH = re.compile(r"\s*-\s*")


class Unread(ValueError):
    """A cell, or a part of one, that cannot be read; the text is the reason."""


def parts(cell: str | None) -> list[str]:
    """What stands in a cell between ``;``, ``,`` and spaces; a range keeps its dash."""
    return [part for part in _SPLIT.split(_DASH.sub("-", (cell or "").strip())) if part]


def addresses(cell: str | None, column: str) -> AddressSet:
    """The addresses of a cell: any, any4, any6, addresses, networks and ranges. ``unknown`` says what was not read."""
    v4: list[Interval] = []
    v6: list[Interval] = []
    unread: list[str] = []
    found = parts(cell)
    for part in found:
        word = part.casefold()
        try:
            if word in ANY or word in ("any4", "any6"):
                v4 += V4_ALL if word != "any6" else ()
                v6 += V6_ALL if word != "any4" else ()
            else:
                family, pair = _pair(part, alone=len(found) == 1)
                (v4 if family == 4 else v6).append(pair)
        except ValueError as error:
            unread.append(str(error) if isinstance(error, Unread) else f"'{_short(part)}' is not an address")
    if not found:
        unread.append("is blank; write any where every address is meant")
    unknown = f"{column} {unread[0]}" if unread else None
    return AddressSet(v4=intervals.normal(v4), v6=intervals.normal(v6), unknown=unknown)


def zones(cell: str | None) -> frozenset[str] | None:
    """The zone ids of a cell; None is any."""
    found = frozenset(part.casefold() for part in parts(cell))
    return None if not found or found & ANY else found


def services(proto: str | None, dport: str | None, sport: str | None) -> tuple[PortSet, ...]:
    """The services of a rule. Raises Unread with the reason."""
    names = _protocols(proto)
    sports = PORTS_ALL if not parts(sport) else _ports(parts(sport), "sport")
    own, common = _split_services(parts(dport))
    found: list[PortSet] = []
    for name, ports in sorted(own.items()):
        if name not in names and "any" not in names:
            raise Unread(f"dport says {name}, and proto '{_short(proto or '')}' does not")
        found.append(PortSet(proto=name, dport=intervals.normal(ports), sport=sports))
    if common or not own:
        for name in names:
            if not common and name in _WITH_PORTS:
                raise Unread("dport is blank; write any where every port is meant")
            found.append(PortSet(proto=name, dport=_ports(common, "dport") if common else PORTS_ALL, sport=sports))
    return tuple(found)


def widest(proto: str | None) -> tuple[PortSet, ...]:
    """Every service that a rule may mean whose services cannot be read."""
    try:
        return tuple(PortSet(proto=name) for name in _protocols(proto))
    except Unread:
        return (PortSet(proto="any"),)


def _split_services(found: Sequence[str]) -> tuple[dict[str, list[Interval]], list[str]]:
    """Ports that name their protocol (tcp/443, 443/tcp), and the others as they stand."""
    own: dict[str, list[Interval]] = {}
    common: list[str] = []
    for part in found:
        left, slash, right = part.casefold().partition("/")
        if not slash:
            common.append(part)
            continue
        name, ports = (left, right) if left in _PROTOCOLS else (right, left)
        if name not in ("tcp", "udp"):
            raise Unread(f"dport '{_short(part)}' is not a port")
        own.setdefault(name, []).extend(_ports([ports], "dport"))
    return own, common


def _protocols(cell: str | None) -> list[str]:
    names: list[str] = []
    found = [name for part in parts(cell) for name in part.casefold().split("/")]
    if not found:
        raise Unread("proto is blank; write any where every protocol is meant")
    for word in found:
        if word in ANY or word == "ip":
            name = "any"
        elif word in _PROTOCOLS:
            name = _PROTOCOLS[word]
        elif word.isascii() and word.isdecimal() and int(word[:4]) <= 255 and len(word) <= 3:
            name = str(int(word))
        else:
            raise Unread(f"proto '{_short(word)}' is not a protocol")
        if name not in names:
            names.append(name)
    return ["any"] if "any" in names else sorted(names)


def _ports(found: Sequence[str], column: str) -> Intervals:
    pairs: list[Interval] = []
    for part in found:
        if part.casefold() in ANY:
            return PORTS_ALL
        first, dash, last = part.partition("-")
        lo, hi = _port(first), _port(last if dash else first)
        if lo is None or hi is None or lo > hi:
            raise Unread(f"{column} '{_short(part)}' is not a port or a range of ports")
        pairs.append((lo, hi))
    return intervals.normal(pairs)


def _port(written: str) -> int | None:
    if not (written.isascii() and written.isdecimal() and len(written) <= 5):
        return None
    return int(written) if int(written) <= 65535 else None


def _pair(part: str, *, alone: bool) -> tuple[int, Interval]:
    """First and last address of one entry. Raises ValueError."""
    first, slash, rest = part.partition("/")
    if slash:
        return _network(part, first, rest)
    first, dash, last = part.partition("-")
    lo, family = intervals.number(first)
    hi, other = intervals.number(last if dash else first)
    if family != other or lo > hi:
        raise Unread(f"'{_short(part)}' is not a range")
    if not dash and family == 4 and (lo < 2**24 or (not alone and lo >= 0xF0000000)):
        raise Unread(f"'{_short(part)}' looks like a mask; write 10.1.2.0/24")
    return family, (lo, hi)


def _network(part: str, first: str, rest: str) -> tuple[int, Interval]:
    # ipaddress also takes wildcard masks, and reads the mask 0.0.0.0 as every address where Cisco means one.
    if not (rest.isascii() and rest.isdecimal()) and not rest.startswith("255."):
        raise Unread(f"'{_short(part)}' is not a network; write the mask as /24 or /255.255.255.0")
    net = ip_network(part, strict=False)
    if int(net.network_address) != intervals.number(first)[0]:
        raise Unread(f"'{_short(part)}' has bits beyond its mask; write {net}")
    return net.version, (int(net.network_address), int(net.broadcast_address))


def _short(written: str) -> str:
    return written if len(written) <= 60 else written[:59] + "…"
