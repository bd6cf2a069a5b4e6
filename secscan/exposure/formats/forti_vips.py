"""A FortiGate's virtual addresses (VIPs): what is sent to them goes on to a server behind the device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from secscan.exposure import intervals
from secscan.exposure.formats.export import masked
from secscan.exposure.formats.forti_objects import EVERY_SERVICE, UNSET, Objects, network, pair, ports
from secscan.exposure.formats.forti_tree import Node
from secscan.exposure.intervals import Family
from secscan.model.net import PORTS_ALL, AddressSet, Intervals, PortSet, Translation

MAX_COMPARED: Final = 300_000
"""Pairs of VIPs that are held against each other; no device has so many at one address."""
_PROTOS: Final = {"tcp": "tcp", "udp": "udp", "sctp": "132", "icmp": "icmp", "icmp6": "icmp6"}
ROUND: Final = "sent to from another side, it may be led round by the outer interface (hairpin)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vip:
    """One virtual address. ``sides``: the interfaces that it is for; None: all."""

    name: str
    family: Family
    ext: AddressSet
    mapped: AddressSet
    sides: frozenset[str] | None
    translation: Translation
    proxied: bool = False
    """What is sent there ends at the device's own proxy, which asks the servers."""

    def translations(self) -> Iterator[Translation]:
        """As the engine takes it: where it is for some interfaces, for the others too, and there it may or may not hold."""
        yield self.translation
        if self.sides is not None:
            yield replace(
                self.translation, in_interfaces=None, not_in_interfaces=self.sides, unknown=self.translation.unknown or ROUND
            )  # fmt: skip


class Vips:
    """The virtual addresses of one vdom, by name, with their groups."""

    def __init__(
        self,
        vdom: Node,
        objects: Objects,
        sides: Mapping[str, frozenset[str]],
        own: Mapping[str, AddressSet],
        mark: str,
    ) -> None:
        """``sides``: interface -> those by which its packets may come. ``own``: interface -> its addresses."""
        self._objects, self._sides, self._own, self._mark = objects, sides, own, mark
        self._groups: dict[tuple[Family, str], Node] = {(4, one.name): one for one in vdom.listed("firewall vipgrp")}
        self._groups |= {(6, one.name): one for one in vdom.listed("firewall vipgrp6")}
        families: tuple[tuple[Family, str], ...] = ((4, "firewall vip"), (6, "firewall vip6"))
        found = [self._vip(one, family) for family, block in families for one in vdom.listed(block)]
        self.all = {(one.family, one.name): one for one in _contested([one for one in found if one is not None])}
        self._names = {
            (family, one.name) for family, block in families for one in vdom.listed(block)
        } | self._groups.keys()

    def known(self, name: str, family: Family) -> bool:
        """Whether a name is that of a virtual address or of a group of them."""
        return (family, name) in self._names

    def named(self, names: Sequence[str], family: Family) -> list[Vip]:
        """The virtual addresses that some names stand for."""
        groups = [self._groups.get((family, name)) for name in names]
        members = [
            one
            for name, group in zip(names, groups, strict=True)
            for one in (group.words("member") if group else [name])
        ]
        return [self.all[family, name] for name in dict.fromkeys(members) if (family, name) in self.all]

    def _vip(self, one: Node, family: Family) -> Vip | None:
        """None for one that translates no packet."""
        kind = one.word("type", "static-nat")
        if kind == "dns-translation":
            return None
        ext, own = self._ext(one, family)
        to, to_ports, services = self._to(one, family, kind)
        src = self._src(one, family)
        out = one.word("extintf", "any")
        sides = None if out in ("any", "") else self._sides.get(out, frozenset((out,)))
        if filtered := one.words("srcintf-filter"):
            sides = frozenset(side for name in filtered for side in self._sides.get(name, frozenset((name,))))
        origin = one.origin(vendor_id=f"{self._mark}VIP {one.name}", name=masked(one.name))
        unknown = f"line {one.odd[0][0]} in it is not understood" if one.odd else services[1]
        if one.words("src-vip-filter") and one.on("src-vip-filter"):
            unknown = unknown or "it hangs on another VIP"
        translation = Translation(
            name=f"{self._mark}{'VIP6' if family == 6 else 'VIP'} {one.name}", kind="dst", src=src, dst=ext, dst_own=own, services=services[0], in_interfaces=sides, to=to,
            to_ports=to_ports, enabled=one.word("status", "enable") != "disable", unknown=unknown, origin=origin,
        )  # fmt: skip
        return Vip(
            name=one.name, family=family, ext=ext, mapped=to, sides=sides, translation=translation, proxied=kind == "access-proxy"
        )  # fmt: skip

    def _ext(self, one: Node, family: Family) -> tuple[AddressSet, bool]:
        """The outer addresses, and whether they are the interface's own, which the file does not give."""
        written = one.words("extip")
        if written and written[0] not in (UNSET, "::"):
            return _set([pair(one, "extip", word, family) for word in written], family), False
        if named := one.words("extaddr"):
            return self._objects.addresses(named, family), False
        known = self._own.get(one.word("extintf"), AddressSet())
        if intervals.of(known, family):
            return known, False
        return AddressSet(unknown=f"the address of interface '{one.word('extintf', 'any')}' is not in the file"), True

    def _to(
        self, one: Node, family: Family, kind: str
    ) -> tuple[AddressSet, Intervals | None, tuple[tuple[PortSet, ...], str | None]]:
        """Where it leads to: addresses, ports (None: they stay), and which services are led there."""
        services, to_ports = self._services(one, kind)
        if kind == "access-proxy":
            return AddressSet(unknown="the ZTNA proxy decides to which server it leads"), None, services
        if kind == "server-load-balance":
            to, theirs = self._servers(one, family)
            return to, theirs or to_ports, services
        mapped = [pair(one, "mappedip", word, family) for word in one.words("mappedip") if word not in (UNSET, "::")]
        if kind == "fqdn" or not mapped or one.on("nat46") or one.on("nat64"):
            why = f"to which address VIP '{one.name}' leads is not in the file"
            return AddressSet(unknown=why), to_ports, services
        to = _set(mapped, family)
        if kind == "load-balance" and intervals.size(intervals.of(to, family)) > 1:
            to = replace(to, unknown="it is shared out among several servers")
        return to, to_ports, services

    def _services(self, one: Node, kind: str) -> tuple[tuple[tuple[PortSet, ...], str | None], Intervals | None]:
        outer = [ports(one, "extport", word) for word in one.words("extport") if word != "0"]
        inner = [ports(one, "mappedport", word) for word in one.words("mappedport") if word != "0"]
        balanced = kind == "server-load-balance" and one.word("server-type", "tcp") != "ip"
        if one.on("portforward") or balanced or kind == "access-proxy":
            proto = (
                "udp"
                if balanced and one.word("server-type") == "udp"
                else _PROTOS.get(one.word("protocol", "tcp"), "tcp")
            )
            dport = intervals.normal(outer) or PORTS_ALL
            after = intervals.normal(inner) or None
            if proto in ("icmp", "icmp6"):
                dport, after = PORTS_ALL, None
            return ((PortSet(proto=proto, dport=dport),), None), None if after == dport else after
        if named := one.words("service"):
            found = self._objects.services(named)
            return (found.ports, found.unknown), intervals.normal(inner) or None
        return (EVERY_SERVICE, None), None

    def _servers(self, one: Node, family: Family) -> tuple[AddressSet, Intervals | None]:
        """The servers among which a load balancer chooses."""
        found: list[tuple[int, int]] = []
        behind: list[tuple[int, int]] = []
        unknown = ""
        for server in one.listed("realservers"):
            if server.word("status", "active") == "disable":
                continue
            if server.word("type", "ip") != "ip":
                known = self._objects.addresses(server.words("address"), family)
                found += intervals.of(known, family)
                unknown = unknown or known.unknown or ""
            else:
                found.append(pair(server, "ip", server.word("ip"), family))
            if (port := server.word("port", "0")) != "0":
                behind.append(ports(server, "port", port))
        if not found and not unknown:
            unknown = f"VIP '{one.name}' has no server"
        return _set(found, family, unknown or None), intervals.normal(behind) or None

    def _src(self, one: Node, family: Family) -> AddressSet:
        """Those whose packets it leads on."""
        written = one.words("src-filter")
        if not written:
            return _set(list(intervals.everything(family)), family)
        return _set(
            [network(one, "src-filter", [w], family) if "/" in w else pair(one, "src-filter", w, family) for w in written], family
        )  # fmt: skip


def _set(pairs: Sequence[tuple[int, int]], family: Family, unknown: str | None = None) -> AddressSet:
    found = intervals.normal(pairs)
    return AddressSet(v4=found, unknown=unknown) if family == 4 else AddressSet(v6=found, unknown=unknown)


def _contested(found: Sequence[Vip]) -> list[Vip]:
    """Those that share packets with another are not certain: which comes first stands nowhere."""
    rivals: dict[str, str] = {}
    for family in intervals.FAMILIES:
        mine = [one for one in found if one.family == family and one.translation.enabled]
        for one, other in _pairs(mine, family):
            if _share(one, other):
                rivals.setdefault(one.translation.name, other.translation.origin.vendor_id)
                rivals.setdefault(other.translation.name, one.translation.origin.vendor_id)
    return [
        one if one.translation.name not in rivals else _doubtful(one, rivals[one.translation.name]) for one in found
    ]


def _pairs(found: Sequence[Vip], family: Family) -> Iterator[tuple[Vip, Vip]]:
    """Those whose outer addresses meet; of too many to compare each with each, each with the next."""
    ends = sorted((lo, hi, k) for k, one in enumerate(found) for lo, hi in intervals.of(one.ext, family))
    open_: list[tuple[int, int]] = []
    compared = 0
    for lo, hi, k in ends:
        if compared > MAX_COMPARED:
            open_ = open_[-1:]
        open_ = [(end, other) for end, other in open_ if end >= lo]
        compared += len(open_)
        yield from ((found[k], found[other]) for _, other in open_)
        open_.append((hi, k))


def _doubtful(one: Vip, rival: str) -> Vip:
    why = f"{rival} may take the same packets, and which comes first is not known"
    return replace(one, translation=replace(one.translation, unknown=why))


def _share(a: Vip, b: Vip) -> bool:
    """Whether two may take the same packet."""
    one, two = a.translation, b.translation
    if a.sides is not None and b.sides is not None and not a.sides & b.sides:
        return False
    if not intervals.intersect(intervals.of(one.src, a.family), intervals.of(two.src, a.family)):
        return False
    return any(
        intervals.intersect(x.dport, y.dport)
        for x in one.services for y in two.services if x.proto == y.proto or "any" in (x.proto, y.proto)
    )  # fmt: skip
