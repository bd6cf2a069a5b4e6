"""FortiGate: ``show``, ``show full-configuration`` and backups, with one vdom or several.

Policies count in the order of the file. What comes in and goes out by one interface may pass without a policy
(``allow-traffic-redirect``); what no policy decides inside a zone, ``intrazone`` does; what is left is denied. A
packet that a VIP has led on is for policies that name the VIP and for denies with ``match-vip``, unless central NAT
is on: then policies see where it goes on to. To the device itself: ``local-in-policy``, then ``allowaccess``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, Literal

from secscan.exposure import intervals
from secscan.exposure.formats.export import Export, masked
from secscan.exposure.formats.forti_objects import (
    EVERY_SERVICE,
    UNSET,
    Objects,
    Services,
    address,
    day,
    negated,
    network,
    other_services,
    pair,
)
from secscan.exposure.formats.forti_tree import Node, Reading
from secscan.exposure.formats.forti_vips import ROUND, Vip, Vips
from secscan.exposure.intervals import Family
from secscan.model.net import (
    V4_ALL,
    V6_ALL,
    Action,
    AddressSet,
    Chain,
    Device,
    Interface,
    Intervals,
    Origin,
    PortSet,
    Route,
    Rule,
    Stage,
    Translation,
)

_HEADER = re.compile(r"(?m)^#config-version=(?P<model>[\w]+)-(?P<version>\d+(?:\.\d+){1,2})[^:\n]*")
_FORTIGATE = re.compile(r"F(?:G|W|R|OS)")
_BLOCK = re.compile(
    r"(?m)^[ \t]*config (?:firewall (?:policy|address|addrgrp|service (?:custom|group)|vip|local-in-policy)|"
    r"system (?:global|interface|zone|settings|vdom-property)|router static|vdom|global)\s*$"
)  # fmt: skip
_COMMANDS = re.compile(r"(?m)^[ \t]*(?:edit|set|next|end)\b")

_POLICIES: Final = ("policy", "policy6", "consolidated policy")
_LOCAL: Final = ("local-in-policy", "local-in-policy6")
_EARLY: Final = ("acl", "acl6")
_CHAINED: Final = frozenset(f"firewall {name}" for name in (*_POLICIES, "security-policy", *_LOCAL, *_EARLY))
"""Blocks whose lines are steps of a chain."""
_UNFOLLOWED: Final = (
    "router policy", "router policy6", "firewall policy46", "firewall policy64", "firewall proxy-policy",
)  # fmt: skip
_KEPT: Final = frozenset(
    f"firewall {name}"
    for name in (
        *_POLICIES, "security-policy", "policy46", "policy64", "proxy-policy", "local-in-policy", "local-in-policy6", "acl", "acl6",
        "address", "address6", "addrgrp", "addrgrp6", "service custom", "service group", "schedule recurring", "schedule onetime",
        "vip", "vip6", "vipgrp", "vipgrp6", "ippool", "ippool6", "central-snat-map", "multicast-policy",
    )
) | frozenset(
    ("system global", "system interface", "system zone", "system settings", "system sdwan", "system virtual-wan-link", "system admin",
     "system external-resource", "router static", "router static6", "router policy", "router policy6", "router ospf", "router bgp",
     "router rip", "router isis", "vpn ssl settings", "web-proxy explicit")
)  # fmt: skip
_CONDITIONS: Final = {
    "groups": "users", "users": "users", "fsso-groups": "users", "fsso": "users", "ntlm": "users", "rsso": "users", "wsso": "users",
    "identity-based": "users", "devices": "kinds of device", "src-vendor-mac": "the maker of the device",
    "reputation-minimum": "the reputation of the address", "ztna-status": "ZTNA", "ztna-ems-tag": "ZTNA tags", "ztna-geo-tag": "ZTNA tags",
    "ztna-ems-tag-secondary": "ZTNA tags", "ztna-device-ownership": "ZTNA tags", "ztna-policy-redirect": "ZTNA",
    "tos": "the type of service", "tos-negate": "the type of service", "dscp-match": "the type of service", "vlan-filter": "a VLAN",
    "sgt": "a security group tag", "sgt-check": "a security group tag", "network-service-dynamic": "a list of networks",
    "network-service-src-dynamic": "a list of networks", "url-category": "the kind of web site", "application": "the application",
    "app-category": "the application", "app-group": "the application", "endpoint-compliance": "the state of the device",
    "endpoint-check": "the state of the device", "http-policy-redirect": "a proxy policy", "ssh-policy-redirect": "a proxy policy",
    "ha-mgmt-intf-only": "the interface of the cluster's management", "nat46": "translation between IPv4 and IPv6",
    "nat64": "translation between IPv4 and IPv6", "policy-expiry": "its end",
}  # fmt: skip
"""What a policy may ask that no configuration tells."""
_UNASKED: Final = re.compile(
    r"uuid|policyid|name|comments?|label|global-label|status|action|schedule|service|(?:src|dst)(?:intf|addr[46]?)|intf|interface|logtraffic.*|"
    r"(?:src|dst)addr6?-negate|service-negate|internet-service.*|match-vip.*|policy-expiry-date.*|schedule-timeout|"
    r"capture-packet|auto-asic-offload|np-acc?eleration|nat|ippool|poolname6?|fixedport|natip|natinbound|natoutbound|inbound|outbound|"
    r"vpntunnel|permit-.*-host|session-ttl|vlan-cos-.*|fec|wccp|webcache.*|wanopt.*|disclaimer|email-collect|diffserv.*|tcp-.*|udp-.*|"
    r"block-notification|replacemsg.*|traffic-shaper.*|.*-shaper.*|custom-log-fields|utm-.*|inspection-mode|.*-profile|.*-sensor|"
    r"profile-.*|application-list|ssl-mirror.*|dsri|radius-mac-auth-bypass|delay-tcp-.*|send-deny-packet|anti-replay|timeout-send-rst|"
    r"firewall-session-dirty|dynamic-shaping|passive-wan-.*|pcp-.*|geoip-.*|port-preserve|port-random|eif-.*|cgn-.*|auth-.*|"
    r"captive-portal-exempt|rtp-.*|ntlm-.*|identity-based-route|tos-mask|reputation-direction6?|ztna-tags-match-logic|redirect-url|"
    r"learning-mode|scan-botnet-connections|app-monitor|log-.*|decrypted-traffic-mirror|client-reputation.*|virtual-patch|"
    r"enforce-default-app-port|ips-voip-filter|deep-inspection-options|webproxy-.*|sessions?-.*|dponly|custom-tags|sso-auth-method|"
    r"sec-.*|policy-behaviour-type|vendor-mac|active-auth-method|ip-based|transaction-based|require-tfa|fall-through-unauthenticated"
)
"""What a policy may say that changes nothing of what it matches."""
_NOTHING: Final = frozenset(("", "disable", "0", "none", "default", "0x00", "255", UNSET, "any", "unspecified", "both"))
_ACTIONS: Final[dict[str, Action]] = {"accept": "permit", "deny": "deny", "": "deny"}
_TUNNELS: Final = {
    "ipsec": "it goes into a VPN tunnel", "ssl-vpn": "it is for users of the SSL VPN", "encrypt": "it goes into a VPN tunnel",
    "learn": "it only learns what passes", "redirect": "it is led to a proxy", "isolate": "it is led to a proxy",
}  # fmt: skip
_ACCESS: Final = {
    "https": ("tcp", "admin-sport", 443), "http": ("tcp", "admin-port", 80), "ssh": ("tcp", "admin-ssh-port", 22),
    "telnet": ("tcp", "admin-telnet-port", 23), "snmp": ("udp", "", 161), "fgfm": ("tcp", "", 541), "capwap": ("udp", "", 5246),
    "radius-acct": ("udp", "", 1813), "probe-response": ("tcp", "", 8008),
}  # fmt: skip
_CLOSED: Final = ("https", "http", "ssh", "telnet", "snmp", "fgfm")
"""Nothing else answers on their ports, where the file names no other service there."""
_ROUTING: Final = ("router ospf", "router bgp", "router rip", "router isis")
_EVERYWHERE: Final = AddressSet(v4=V4_ALL, v6=V6_ALL)
_REDIRECT: Final = "what leaves by the interface that it came in by may pass without a policy (allow-traffic-redirect)"
_SDWAN: Final = "virtual-wan-link"


class Fortigate:
    """The reader."""

    kind = "fortigate"

    def fits(self, head: str) -> str | None:
        if header := _HEADER.search(head):
            return "certain: its header is a FortiGate's" if _FORTIGATE.match(header["model"]) else None
        if _BLOCK.search(head) and _COMMANDS.search(head):
            return "likely: it is written in FortiOS' config, edit, set and end"
        return None

    def read(self, export: Export) -> Device:
        root = Node("", export.files[0], 1)
        reading = Reading(_KEPT.__contains__)
        header = None
        for file in export.files:
            found = _HEADER.search(file.text())
            if found and not _FORTIGATE.match(found["model"]):
                raise file.refuse(
                    f"is the configuration of a {found['model'][:20]}, not of a FortiGate", "name the format with --as",
                    file.text().count("\n", 0, found.start()) + 1,
                )  # fmt: skip
            header = header or found
            reading.read(file, root)
        box = _Box(export, root, header[0].removeprefix("#config-version=") if header else None)
        if not any(one.node.blocks for one in box.vdoms) and not box.shared.blocks:
            raise export.files[0].refuse(
                "holds nothing of a firewall's configuration", "export it with 'show full-configuration' or as a backup"
            )
        return box.device(reading.stray)


# ------------------------------------------------------------------------------------------------ the whole


@dataclass(slots=True)
class _Side:
    """An interface as the file has it."""

    node: Node
    name: str
    vdom: str
    addresses: AddressSet
    networks: AddressSet


class _Box:
    """All vdoms of one device."""

    def __init__(self, export: Export, root: Node, version: str | None) -> None:
        self.export, self.version = export, version
        number = re.search(r"-(\d+(?:\.\d+)+)", version or "")
        self.release = tuple(int(part) for part in number[1].split(".")) if number else None
        """7.2.4 as (7, 2, 4); None where the file has no header."""
        self.shared = root.blocks.get("global", root)
        entries = list(root.listed("vdom"))
        filled = [one for one in entries if one.blocks]
        places = [*([root] if _rules(root) or not filled else []), *filled]
        everyone = [self.shared, *(one for one in (root, *filled) if one is not self.shared)]
        self.sides = {one.name: _side(one) for place in everyone for one in place.listed("system interface")}
        several = len(places) > 1
        self.vdoms = [_Vdom(self, place, several) for place in places]
        self.everyone = everyone

    def at_least(self, *release: int) -> bool | None:
        """Whether the release is this one or a later one; None where the file does not say which it is."""
        return None if self.release is None else self.release >= release

    @cached_property
    def settings(self) -> Node:
        """``config system global``."""
        return self.shared.blocks.get("system global") or Node("", self.export.files[0], 0)

    def redirects(self) -> bool | None:
        """Whether what leaves by the interface it came in by passes without a policy."""
        said = self.settings.word("allow-traffic-redirect")
        if said or self.release is None:
            return said == "enable" if said else None
        later = self.release >= (7, 6, 5) or (7, 4, 10) <= self.release < (7, 5)
        return not later

    def device(self, stray: Sequence[Origin]) -> Device:
        chains: dict[str, Chain] = {}
        stages: list[Stage] = []
        for vdom in self.vdoms:
            vdom.objects.check()
            for stage, chain in vdom.through():
                chains[chain.name] = chain
                stages.append(stage)
        if len(self.vdoms) > 1:
            for stage, chain in _between(self.vdoms, chains):
                chains[chain.name] = chain
                stages.append(stage)
        for vdom in self.vdoms:
            for stage, chain in vdom.local():
                chains[chain.name] = chain
                stages.append(stage)
        if access := _access(self):
            chains[access.name] = access
            stages.append(Stage(name="allowaccess", chain=access.name, traffic="to-device"))
        families: set[Literal[4, 6]] = {4}
        if self.at_least(6, 4) or any(vdom.speaks_ipv6() for vdom in self.vdoms):
            families.add(6)
        return Device(
            name=self.export.device,
            kind="fortigate",
            chains=chains,
            stages=tuple(stages),
            interfaces=tuple(one for vdom in self.vdoms for one in vdom.interfaces()),
            routes=tuple(route for vdom in self.vdoms for route in vdom.routes),
            translations=tuple(one for vdom in self.vdoms for one in vdom.translations()),
            families=frozenset(families),
            version=self.version,
            unread=(*stray, *self._unread()),
            decoded=sum(_count(place) for place in self.everyone),
            warnings=tuple(self._warnings()),
        )

    def _unread(self) -> Iterator[Origin]:
        """What is understood and not followed, though it could matter, and lines that are not understood."""
        for place in self.everyone:
            for block in _UNFOLLOWED:
                yield from (one.origin(vendor_id=f"{block.split()[-1]} {one.name}") for one in place.listed(block))
            for name, node in place.blocks.items():
                if name not in _CHAINED:
                    yield from (node.file.origin(line, text) for line, text in _odd(node))

    def _warnings(self) -> Iterator[str]:
        for place in self.everyone:
            if any(place.listed("firewall multicast-policy")):
                block = place.blocks["firewall multicast-policy"]
                yield f"{block.file.shown}:{block.line}: policies for multicast are not read"


def _rules(place: Node) -> bool:
    """Whether rules stand in a context."""
    return any(f"firewall {name}" in place.blocks for name in (*_POLICIES, "security-policy"))


def _count(node: Node) -> int:
    return sum(1 + len(one.settings) for block in node.blocks.values() for one in (block, *block.entries.values()))


def _odd(node: Node) -> Iterator[tuple[int, str]]:
    yield from node.odd
    for inner in (*node.entries.values(), *node.blocks.values()):
        yield from _odd(inner)


def _side(one: Node) -> _Side:
    """An interface with its addresses and networks."""
    pairs: dict[Family, list[tuple[int, int]]] = {4: [], 6: []}
    own: dict[Family, list[tuple[int, int]]] = {4: [], 6: []}
    for node in (one, *one.listed("secondaryip")):
        written = node.words("ip")
        if written and written[0].partition("/")[0] != UNSET:
            number = address(node, "ip", written[0].partition("/")[0], 4)
            own[4].append((number, number))
            pairs[4].append(network(node, "ip", written, 4))
    if (written := one.words("remote-ip")) and written[0].partition("/")[0] != UNSET:
        pairs[4].append(network(one, "remote-ip", written, 4))
    for router in one.listed("vrrp"):
        if router.words("vrip") and router.word("vrip") != UNSET:
            number = address(router, "vrip", router.word("vrip"), 4)
            own[4].append((number, number))
    six = one.blocks.get("ipv6")
    for node, key in [(six, "ip6-address"), *((extra, "") for extra in six.listed("ip6-extra-addr"))] if six else []:
        written = node.words(key) if key else [node.name]
        if written and not written[0].startswith("::/"):
            number = address(node, key, written[0].partition("/")[0], 6)
            own[6].append((number, number))
            pairs[6].append(network(node, key, written, 6))
    unknown = (
        f"the address of {one.name} is given by {one.word('mode')}" if one.word("mode", "static") != "static" else None
    )
    return _Side(
        node=one, name=one.name, vdom=one.word("vdom", "root"),
        addresses=AddressSet(v4=intervals.normal(own[4]), v6=intervals.normal(own[6]), unknown=unknown),
        networks=AddressSet(v4=intervals.normal(set(pairs[4])), v6=intervals.normal(set(pairs[6]))),
    )  # fmt: skip


# ------------------------------------------------------------------------------------------------ one vdom


@dataclass(slots=True)
class _Made:
    """What a policy says, before VIPs are looked at."""

    src: AddressSet
    dst: AddressSet
    vips: list[Vip]
    plain: bool
    """It names destinations that are no VIP."""
    services: Services
    into: frozenset[str] | None
    out: frozenset[str] | None
    unknown: list[str] = field(default_factory=list)


class _Vdom:
    """One vdom's rules, zones and translations. With several, what is a vdom's own has its name before it."""

    def __init__(self, box: _Box, node: Node, several: bool) -> None:
        self.box, self.node = box, node
        self.mark = f"{node.name or 'root'}/" if several else ""
        self.sides = {one.name: one for one in box.sides.values() if not several or one.vdom == (node.name or "root")}
        self.zones = {one.name: one for one in node.listed("system zone")}
        self.wan = dict(self._sdwan())
        """SD-WAN zone -> its members."""
        self.member_of = {
            side: self.mark + zone
            for zone, members in ({name: one.words("interface") for name, one in self.zones.items()} | self.wan).items()
            for side in members
        }
        self.objects = Objects(
            node, [box.shared], lambda name: self.sides[name].networks if name in self.sides else AddressSet()
        )
        settings = node.blocks.get("system settings")
        self.ngfw = settings is not None and settings.word("ngfw-mode") == "policy-based"
        self.central = self.ngfw or (settings is not None and settings.on("central-nat"))
        joined = {
            side: frozenset((side, self.mark + zone))
            for zone, members in self.wan.items()
            if len(members) > 1
            for side in members
        }
        self.vips = Vips(
            node, self.objects, joined, {name: side.addresses for name, side in self.sides.items()}, self.mark
        )
        self.hosts = [vip for vip in self.vips.all.values() if vip.translation.enabled]

    def _sdwan(self) -> Iterator[tuple[str, list[str]]]:
        found: dict[str, list[str]] = {}
        for name in ("system sdwan", "system virtual-wan-link"):
            block = self.node.blocks.get(name)
            if block is None or block.word("status") == "disable":
                continue
            for zone in block.listed("zone"):
                found.setdefault(zone.name, [])
            for member in block.listed("members"):
                if member.word("status", "enable") != "disable" and member.words("interface"):
                    found.setdefault(member.word("zone", _SDWAN), []).append(member.word("interface"))
        yield from found.items()

    def speaks_ipv6(self) -> bool:
        """Whether its policies say anything of IPv6."""
        if any(
            name in self.node.blocks
            for name in ("firewall policy6", "firewall consolidated policy", "firewall security-policy")
        ):
            return True
        return any(one.words("srcaddr6") or one.words("dstaddr6") for one in self.node.listed("firewall policy"))

    # -- sides

    def interfaces(self) -> Iterator[Interface]:
        for side in self.sides.values():
            node = side.node
            yield Interface(
                name=side.name, zone=self.member_of.get(side.name), addresses=side.addresses, networks=side.networks,
                enabled=node.word("status", "up") != "down", loopback=node.word("type") == "loopback",
                origin=node.origin(vendor_id=side.name, name=masked(node.word("alias"))),
            )  # fmt: skip
        for zone, members in self.wan.items():
            if len(members) > 1:
                yield Interface(name=self.mark + zone)

    def names(self) -> frozenset[str]:
        """Everything by which a packet may come into this vdom."""
        return frozenset((*self.sides, *(self.mark + zone for zone in (*self.zones, *self.wan))))

    def gate(self, names: Sequence[str]) -> frozenset[str] | None:
        """The interfaces and zones that a policy names; None: any."""
        if not names or "any" in names:
            return None
        return frozenset(
            self.mark + one if one in self.zones or one in self.wan or one == _SDWAN else one for one in names
        )

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        found: dict[tuple[Family, tuple[int, int]], list[tuple[int, Route]]] = {}
        families: tuple[tuple[Family, str], ...] = ((4, "router static"), (6, "router static6"))
        for family, block in families:
            for one in self.node.listed(block):
                if one.word("status", "enable") != "disable" and not one.words("internet-service"):
                    for where in self._where(one, family):
                        for side in self._by(one):
                            far = int(one.word("distance", "10")) if one.word("distance", "10").isdecimal() else 10
                            route = Route(
                                family=family, network=where, interface=side, origin=one.origin(f"{block} {one.name}")
                            )
                            found.setdefault((family, where), []).append((far, route))
        return tuple(
            route for same in found.values() for far, route in same if far == min(distance for distance, _ in same)
        )  # fmt: skip

    def _where(self, one: Node, family: Family) -> Intervals:
        if one.words("dstaddr"):
            return intervals.of(self.objects.addresses(one.words("dstaddr"), family), family)
        written = one.words("dst") or ([UNSET, UNSET] if family == 4 else ["::/0"])
        return (network(one, "dst", written, family),)

    def _by(self, one: Node) -> list[str]:
        """The interfaces that a route leads out by."""
        if one.on("blackhole"):
            return [f"{self.mark}blackhole"]
        zones = one.words("sdwan-zone") or ([_SDWAN] if one.on("sdwan") or one.on("virtual-wan-link") else [])
        zones = zones or [name for name in [one.word("device")] if name in self.wan]
        if not zones:
            return [one.word("device")] if one.word("device") else []
        return [members[0] if len(members := self.wan.get(zone, [])) == 1 else self.mark + zone for zone in zones]

    # -- chains

    def through(self) -> Iterator[tuple[Stage, Chain]]:
        """What passes between two interfaces of this vdom."""
        own = self.names() if self.mark else None
        lists: list[tuple[str, tuple[str, ...]]] = [("policy", _POLICIES)]
        if self.ngfw:
            lists.append(("security-policy", ("security-policy",)))
        if any(f"firewall {name}" in self.node.blocks for name in _EARLY):
            lists.append(("acl", _EARLY))
        for name, kinds in lists:
            chain = self._chain(name, kinds)
            words = f"vdom {self.mark}{name}" if self.mark else name
            sees: Literal["original", "translated"] = "original" if name == "acl" else "translated"
            yield Stage(name=words, chain=chain.name, in_interfaces=own, out_interfaces=own, sees=sees), chain

    def local(self) -> Iterator[tuple[Stage, Chain]]:
        """What reaches the device itself by this vdom."""
        if any(f"firewall {name}" in self.node.blocks for name in _LOCAL):
            chain = self._chain("local-in-policy", _LOCAL)
            own = self.names() if self.mark else None
            yield Stage(name=chain.name, chain=chain.name, in_interfaces=own, traffic="to-device"), chain

    def _chain(self, name: str, kinds: Sequence[str]) -> Chain:
        blocks = [
            (kind, self.node.blocks[f"firewall {kind}"]) for kind in kinds if f"firewall {kind}" in self.node.blocks
        ]
        steps: list[Rule | Origin] = []
        for kind, block in blocks:
            for id_, one in block.entries.items():
                steps += self._policy(one, kind) if id_[:1] != "\0" else [one.origin()]
        if name == "policy":
            steps = [*self._redirected(), *self._led_round(blocks), *steps, *self._inside_zones(), *self._proxied()]
        steps = [replace(one, position=at) if isinstance(one, Rule) else one for at, one in enumerate(steps)]
        if blocks:
            default: Literal["permit", "deny"] | None = "permit" if name in ("acl", "local-in-policy") else "deny"
            end = blocks[0][1].origin(vendor_id="policy 0" if default == "deny" else "")
        else:
            default = None
            end = Origin(
                file=self.node.file.shown, line=0, line_to=0, text=f"the file holds no 'config firewall {name}'"
            )
        return Chain(name=self.mark + name, steps=tuple(steps), default=default, default_origin=end)

    def _policy(self, one: Node, kind: str) -> Iterator[Rule | Origin]:
        """The rules that a policy stands for: of packets that no VIP has led on, and of those that one has."""
        word = one.word("action") if kind not in _EARLY else "deny"
        if one.odd or (word not in _ACTIONS and word not in _TUNNELS):
            text = one.odd[0][1] if one.odd else f"action {word}"
            origin = one.origin(vendor_id=f"{self.mark}{kind} {one.name}")
            yield replace(origin, text=one.file.origin(one.line, f"'{text}' is not understood: {origin.text}").text)
            return
        made = self._made(one, kind)
        when = self.objects.when(one.word("schedule"))
        unknown = [*made.unknown, when.unknown, _TUNNELS.get(word)]
        ends = (
            day(" ".join(one.words("policy-expiry-date") or one.words("policy-expiry-date-utc")))
            if one.on("policy-expiry")
            else None
        )
        rule = Rule(
            position=0, action=_ACTIONS.get(word, "permit"), src=made.src, dst=made.dst, services=made.services.ports,
            in_interfaces=made.into, out_interfaces=made.out, enabled=one.word("status", "enable") != "disable" and not when.never,
            unknown="; ".join([why for why in unknown if why][:3]) or None, reason=masked(one.word("comments") or one.word("comment")) or None,
            expires_on=ends or when.ends_on, origin=self._origin(one, kind),
        )  # fmt: skip
        yield from self._for_vips(one, kind, rule, made)
        if word in ("ipsec", "encrypt"):
            yield replace(
                rule, src=rule.dst, dst=rule.src, in_interfaces=rule.out_interfaces, out_interfaces=rule.in_interfaces,
                unknown="it may come out of a VPN tunnel",
            )  # fmt: skip

    def _origin(self, one: Node, kind: str) -> Origin:
        names = [*one.words("srcaddr"), *one.words("srcaddr6"), *one.words("dstaddr"), *one.words("dstaddr6")]
        trail = [
            *self.objects.trail(
                names, ("firewall addrgrp", "firewall addrgrp6", "firewall vipgrp", "firewall vipgrp6")
            ),
            *self.objects.trail(one.words("service"), ("firewall service group",)),
        ]
        return one.origin(
            vendor_id=f"{self.mark}{kind} {one.name}",
            name=masked(one.word("name")),
            objects=tuple(dict.fromkeys(trail[:50])),
        )

    def _for_vips(self, one: Node, kind: str, rule: Rule, made: _Made) -> Iterator[Rule]:
        if kind not in _POLICIES or self.central or not self.hosts:
            if made.plain or not made.vips:
                yield rule
            if made.vips and kind in _POLICIES:
                yield replace(rule, dst=_EVERYWHERE, unknown="it names a VIP, which central NAT does not ask for")
            return
        if made.vips:
            yield replace(rule, dst=_EVERYWHERE, translations=frozenset(vip.translation.name for vip in made.vips))
        if made.plain:
            yield from self._for_plain(one, rule)

    def _for_plain(self, one: Node, rule: Rule) -> Iterator[Rule]:
        """The rules of a policy whose destinations are no VIPs, in a vdom that has some."""
        names = frozenset(vip.translation.name for vip in self.hosts)
        if one.on("match-vip-only"):
            yield replace(rule, translations=names)
            return
        said = one.word("match-vip")
        matches = said == "enable" if said else None
        if not said:
            matches = False if rule.action != "deny" else self._matches_vips()
        why = "whether a deny matches what a VIP has led on hangs on the release (match-vip)"
        covers = _covers(rule.dst)
        if matches and covers and rule.dst.unknown is None:
            yield rule
            return
        yield replace(rule, translations=frozenset())
        if matches is None and covers:
            yield replace(rule, translations=names, unknown=rule.unknown or why)
        elif matches is not False:
            why = (
                why
                if matches is None
                else "whether a deny is held against a VIP's outer or its inner address is not known"
            )
            sure, may = self._touched(rule.dst)
            if matches and sure:
                yield replace(rule, dst=_EVERYWHERE, translations=sure)
            if may := may if matches else may | sure:
                yield replace(rule, dst=_EVERYWHERE, translations=may, unknown=rule.unknown or why)

    def _touched(self, dst: AddressSet) -> tuple[frozenset[str], frozenset[str]]:
        """The VIPs that lie, with their outer and inner addresses, inside of a destination; and those that may."""
        sure, may = set(), set()
        for vip in self.hosts:
            mine = intervals.of(dst, vip.family)
            parts = [intervals.of(one, vip.family) for one in (vip.ext, vip.mapped)]
            known = dst.unknown is None and vip.ext.unknown is None and vip.mapped.unknown is None
            if known and all(parts) and not any(intervals.subtract(part, mine) for part in parts):
                sure.add(vip.translation.name)
            elif not known or any(intervals.intersect(part, mine) for part in parts):
                may.add(vip.translation.name)
        return frozenset(sure), frozenset(may)

    def _matches_vips(self) -> bool | None:
        """What a deny does that does not say: the default changed in 7.2.4; of 7.2.3 the maker says both."""
        if self.box.release is None or self.box.release == (7, 2, 3):
            return None
        return self.box.release > (7, 2, 3)

    def _made(self, one: Node, kind: str) -> _Made:
        made = _Made(
            src=AddressSet(), dst=AddressSet(), vips=[], plain=True, services=Services(ports=EVERY_SERVICE),
            into=self.gate(one.words("srcintf") or one.words("intf") or one.words("interface")), out=self.gate(one.words("dstintf")),
        )  # fmt: skip
        local = kind in (*_LOCAL, *_EARLY)
        if (
            not (one.words("intf") or one.words("interface"))
            if local
            else not (one.words("srcintf") and one.words("dstintf"))
        ):
            made.unknown.append("it names no interface")
        six = kind.endswith("6")
        made.src = self._end(one, "src", six, [], made)
        made.dst = self._end(one, "dst", six, made.vips, made)
        made.services = self._service(one, made)
        for key, what in _CONDITIONS.items():
            words = [word for word in one.words(key) if word not in _NOTHING]
            if words and not (key == "tos" and one.word("tos-mask", "0x00") == "0x00"):
                made.unknown.append(
                    f"it hangs on {what}" + (f" ({', '.join(words[:3])[:60]})" if words != ["enable"] else "")
                )
        for key in one.settings:
            if key not in _CONDITIONS and not _UNASKED.fullmatch(key) and not _NOTHING.issuperset(one.words(key)):
                made.unknown.append(f"'set {key[:40]}' is not understood")
        for key in one.blocks:
            if key not in _CONDITIONS and not _UNASKED.fullmatch(key):
                made.unknown.append(f"'config {key[:40]}' is not understood")
        return made

    def _end(self, one: Node, way: str, six: bool, vips: list[Vip], made: _Made) -> AddressSet:
        """The sources or destinations of a policy."""
        service = "internet-service-src" if way == "src" else "internet-service"
        service6 = "internet-service6-src" if way == "src" else "internet-service6"
        if one.on(service) or one.on(service6):
            named = [
                word
                for key in one.settings
                if key.startswith((service, service6)) and not key.endswith("negate")
                for word in one.words(key)
            ]
            if way == "dst":
                named = [word for word in named if word not in one.words("internet-service-src")]
            shown = ", ".join(word for word in named if word != "enable")[:80]
            return AddressSet(
                unknown=f"the maker's list of internet services ({shown})"
                if shown
                else "the maker's list of internet services"
            )
        four = [] if six else [*one.words(f"{way}addr"), *one.words(f"{way}addr4")]
        sixes = [*one.words(f"{way}addr6"), *(one.words(f"{way}addr") if six else [])]
        if way == "dst":
            vips += self.vips.named([name for name in (*four, *sixes) if self.vips.known(name)])
            plain4, plain6 = ([name for name in names if not self.vips.known(name)] for names in (four, sixes))
            made.plain = bool(plain4 or plain6) or not (four or sixes)
            if len(plain4) + len(plain6) < len(four) + len(sixes) and (
                one.on("dstaddr-negate") or one.on("dstaddr6-negate")
            ):
                made.unknown.append("it is for all but a VIP")
            four, sixes = plain4, plain6
        if not four and not sixes and not vips:
            return (
                AddressSet(unknown=f"it names no {'source' if way == 'src' else 'destination'}")
                if made.plain
                else AddressSet()
            )
        found4, found6 = self.objects.addresses(four, 4), self.objects.addresses(sixes, 6)
        if four and one.on(f"{way}addr-negate"):
            found4 = negated(found4, 4)
        if sixes and (one.on(f"{way}addr6-negate") or (six and one.on(f"{way}addr-negate"))):
            found6 = negated(found6, 6)
        elif sixes and one.on(f"{way}addr-negate") and f"{way}addr6-negate" not in one.settings:
            found6 = AddressSet(unknown=f"whether {way}addr-negate is for IPv6 too is not known")
        return AddressSet(v4=found4.v4, v6=found6.v6, unknown=found4.unknown or found6.unknown)

    def _service(self, one: Node, made: _Made) -> Services:
        if one.on("internet-service") or one.on("internet-service6"):
            return Services(ports=EVERY_SERVICE)
        if not one.words("service"):
            made.unknown.append("it names no service")
            return Services(ports=EVERY_SERVICE)
        found = self.objects.services(one.words("service"))
        if one.on("service-negate"):
            found = other_services(found)
        if found.unknown:
            made.unknown.append(found.unknown)
        return found

    # -- what is no policy, and decides as one

    def _redirected(self) -> Iterator[Rule]:
        """What leaves by the interface that it came in by."""
        sure = self.box.redirects()
        if sure is False:
            return
        learns = any(name in self.node.blocks for name in _ROUTING)
        routed = {route.interface for route in self.routes}
        node = self.box.settings if self.box.settings.line else next(iter(self.node.blocks.values()), self.node)
        origin = replace(node.origin(vendor_id=f"{self.mark}allow-traffic-redirect"), line_to=node.line)
        for name, side in self.sides.items():
            if not (learns or name in routed) or side.node.word("type") == "loopback":
                continue
            here = frozenset((name,))
            rule = Rule(
                position=0, action="permit", src=side.networks, dst=_EVERYWHERE, services=EVERY_SERVICE, in_interfaces=here, out_interfaces=here,
                translations=frozenset() if self.hosts else None, unknown=None if sure else _REDIRECT, reason="allow-traffic-redirect", origin=origin,
            )  # fmt: skip
            if sure and (side.networks.v4 or side.networks.v6):
                yield rule
            if not sure or self._redirects_others():
                yield replace(rule, src=_EVERYWHERE, unknown=_REDIRECT)

    def _redirects_others(self) -> bool:
        """Whether it holds for sources beyond the interface's own networks: so since 7.0.16, 7.2.11 and 7.4.4."""
        release = self.box.release or (9,)
        return release >= (7, 4, 4) or (7, 2, 11) <= release < (7, 3) or (7, 0, 16) <= release < (7, 1)

    def _led_round(self, blocks: Sequence[tuple[str, Node]]) -> Iterator[Rule]:
        """What is sent to a VIP from inside: it may go out by one policy and come in again by another."""
        if self.central or not self.hosts:
            return
        made = [
            (kind, one, self._made(one, kind)) for kind, block in blocks for id_, one in block.entries.items()
            if id_[:1] != "\0" and not one.odd and one.word("action") == "accept" and one.word("status", "enable") != "disable"
        ]  # fmt: skip
        leaving: dict[str | None, set[str] | None] = {}
        for _, _, other in made:
            for out in other.out or (None,) if other.plain else ():
                before = leaving.setdefault(out, set())
                leaving[out] = None if other.into is None or before is None else before | other.into
        for kind, one, each in made:
            if not each.vips or each.into is None:
                continue
            ways = [leaving[out] for out in (None, *each.into) if out in leaving]
            into = (
                frozenset(name for way in ways for name in way or ()) if all(way is not None for way in ways) else None
            )
            if ways and (into is None or into - each.into):
                yield Rule(
                    position=0, action="permit", src=_EVERYWHERE, dst=_EVERYWHERE, services=each.services.ports, in_interfaces=into,
                    not_in_interfaces=each.into, out_interfaces=each.out, translations=frozenset(vip.translation.name for vip in each.vips),
                    unknown=ROUND, reason=masked(one.word("comments")) or None, origin=self._origin(one, kind),
                )  # fmt: skip

    def _inside_zones(self) -> Iterator[Rule]:
        """What stays inside a zone that allows it, behind all policies. A zone of one interface: since 7.4.4."""
        for name, zone in self.zones.items():
            if zone.word("intrazone", "deny") != "allow":
                continue
            alone = len(zone.words("interface")) < 2
            allows = self.box.at_least(7, 4, 4) if alone else True
            if allows is not False:
                here = frozenset((self.mark + name,))
                yield Rule(
                    position=0, action="permit", src=_EVERYWHERE, dst=_EVERYWHERE, services=EVERY_SERVICE, in_interfaces=here, out_interfaces=here,
                    translations=frozenset() if self.hosts and not self.central else None, reason="intrazone allow",
                    unknown=None if allows else "whether a zone of one interface allows it hangs on the release (intrazone)",
                    origin=zone.origin(vendor_id=f"{self.mark}zone {name}", name=f"zone {name}: intrazone allow"),
                )  # fmt: skip

    def _proxied(self) -> Iterator[Rule]:
        """What the device's own proxy hands on, as its proxy policies say."""
        for vip in self.hosts:
            if vip.proxied:
                yield Rule(
                    position=0, action="permit", src=_EVERYWHERE, dst=_EVERYWHERE, services=EVERY_SERVICE,
                    translations=frozenset((vip.translation.name,)), unknown="the ZTNA proxy and its policies decide",
                    origin=vip.translation.origin,
                )  # fmt: skip

    # -- translations

    def translations(self) -> Iterator[Translation]:
        """VIPs, then what becomes of sources."""
        for vip in self.vips.all.values():
            yield from vip.translations()
        if self.central:
            for one in self.node.listed("firewall central-snat-map"):
                yield self._central(one)
            return
        found = [
            (kind, one) for kind in _POLICIES for one in self.node.listed(f"firewall {kind}")
            if one.word("action") == "accept" and one.word("status", "enable") != "disable" and not one.odd
        ]  # fmt: skip
        if any(one.on("nat") for _, one in found):
            yield from (self._changed(one, kind) for kind, one in found)

    def _changed(self, one: Node, kind: str) -> Translation:
        """What an accepting policy does to the source."""
        made = self._made(one, kind)
        inner = [vip.mapped for vip in made.vips]
        dst = AddressSet(
            v4=intervals.union(made.dst.v4, *(one.v4 for one in inner)), v6=intervals.union(made.dst.v6, *(one.v6 for one in inner)),
            unknown=made.dst.unknown or next((one.unknown for one in inner if one.unknown), None),
        )  # fmt: skip
        unknown = (
            made.unknown[0]
            if made.unknown
            else "it hangs on a VIP"
            if made.vips
            else self.objects.when(one.word("schedule")).unknown
        )
        return Translation(
            name=f"{self.mark}{kind} {one.name} nat", kind="src", src=made.src, dst=dst, services=made.services.ports, in_interfaces=made.into,
            out_interfaces=made.out, to=self._becomes(one, made.out), none=not one.on("nat"), unknown=unknown, origin=self._origin(one, kind),
        )  # fmt: skip

    def _central(self, one: Node) -> Translation:
        """One line of the central table of sources."""
        six = one.word("type") == "ipv6"
        src = self.objects.addresses(one.words("orig-addr6" if six else "orig-addr"), 6 if six else 4)
        dst = self.objects.addresses(one.words("dst-addr6" if six else "dst-addr"), 6 if six else 4)
        proto = {"0": "any", "6": "tcp", "17": "udp", "1": "icmp", "58": "icmp6"}.get(
            one.word("protocol", "0"), one.word("protocol", "0")
        )
        limited = any(one.word(key, "0") not in ("0", "1-65535") for key in ("orig-port", "dst-port"))
        out = self.gate(one.words("dstintf"))
        return Translation(
            name=f"{self.mark}central-snat-map {one.name}", kind="src", src=src, dst=dst, services=(PortSet(proto=proto),),
            in_interfaces=self.gate(one.words("srcintf")), out_interfaces=out, to=self._becomes(one, out), none=not one.on("nat", default=True),
            enabled=one.word("status", "enable") != "disable", unknown="it hangs on ports" if limited else None,
            origin=one.origin(vendor_id=f"{self.mark}central-snat-map {one.name}"),
        )  # fmt: skip

    def _becomes(self, one: Node, out: frozenset[str] | None) -> AddressSet:
        """What the source becomes: an address of a pool, or that of the interface it leaves by."""
        pools = (
            [*one.words("poolname"), *one.words("nat-ippool")] if one.on("ippool") or one.words("nat-ippool") else []
        )
        pairs = []
        for name in pools:
            pool = self.objects.entry("firewall ippool", name)
            if pool is None or not pool.words("startip"):
                return AddressSet(unknown=f"pool '{name}' is not in the file")
            pairs.append(pair(pool, "startip", f"{pool.word('startip')}-{pool.word('endip', pool.word('startip'))}", 4))
        if pools:
            return AddressSet(v4=intervals.normal(pairs))
        sides = [
            side
            for side in self.sides.values()
            if out is not None and (side.name in out or self.member_of.get(side.name) in out)
        ]
        if not sides or any(not side.addresses.v4 for side in sides):
            return AddressSet(unknown="the address of the interface that it leaves by is not known")
        return AddressSet(v4=intervals.union(*(side.addresses.v4 for side in sides)))


def _covers(found: AddressSet) -> bool:
    """Whether it is every address of each family that it speaks of."""
    return bool(found.v4 or found.v6) and found.v4 in ((), V4_ALL) and found.v6 in ((), V6_ALL)


# ------------------------------------------------------------------------------------------------ several vdoms


def _between(vdoms: Sequence[_Vdom], chains: dict[str, Chain]) -> Iterator[tuple[Stage, Chain]]:
    """What comes in by one vdom and goes out by another: out of the first by its policies, into the second by its own.

    Between two vdoms that are linked the policies towards the link decide. Elsewhere nobody knows by which interface
    it crosses: what a policy for some interface does is not certain then.
    """
    links = {vdom.mark: {name for name, side in vdom.sides.items() if _is_link(side, vdom.sides)} for vdom in vdoms}
    linked = len(vdoms) == 2 and all(links.values())
    every = frozenset(name for vdom in vdoms for name in vdom.names())
    for vdom in vdoms:
        own, chain = vdom.names(), chains[f"{vdom.mark}policy"]
        turned = any(
            other.hosts or any(one.on("nat") for one in other.node.listed("firewall policy")) for other in vdoms
        )
        for way, into, out in (("leaving", own, every - own), ("entering", every - own, own)):
            crossed = (_crossed(step, way, links[vdom.mark], linked, turned) for step in chain.steps)
            steps = [step for step in crossed if step is not None]
            name = f"{vdom.mark}policy {way}"
            yield (
                Stage(name=f"vdom {name}", chain=name, in_interfaces=into, out_interfaces=out),
                replace(chain, name=name, steps=tuple(steps)),
            )


def _is_link(side: _Side, sides: dict[str, _Side]) -> bool:
    node = side.node
    if node.word("type") == "vdom-link" or re.fullmatch(r"npu\d+_vlink\d+", side.name):
        return True
    return bool(re.fullmatch(r"npu\d+_vlink\d+", node.word("interface")))


def _crossed(rule: Rule | Origin, way: str, links: set[str], linked: bool, turned: bool) -> Rule | Origin | None:
    """A policy as it meets what leaves its vdom for another, or enters it from one."""
    if isinstance(rule, Origin):
        return rule
    gate = rule.out_interfaces if way == "leaving" else rule.in_interfaces
    if linked and gate is not None and not gate & links:
        return None
    sure = linked or (gate is None and rule.action == "deny")
    why = rule.unknown or (None if sure else "by which interface it crosses from one vdom to another is not known")
    if turned and (way == "entering" or rule.translations is not None):
        why = why or "what another vdom makes of its addresses is not known"
    if way == "leaving":
        return replace(rule, out_interfaces=None, unknown=why)
    return replace(rule, in_interfaces=None, not_in_interfaces=frozenset(), unknown=why)


# ------------------------------------------------------------------------------------------------ to the device


def _access(box: _Box) -> Chain | None:
    """What the interfaces let in to the device itself. What else listens there stands elsewhere: not known."""
    block = next(
        (place.blocks["system interface"] for place in box.everyone if "system interface" in place.blocks), None
    )
    if block is None:
        return None
    trusted = _trusted(box)
    steps: list[Rule] = []
    for name, side in box.sides.items():
        for node, key, family in _openings(side.node):
            ports = [_port(box, word) for word in node.words(key) if word in _ACCESS]
            own = AddressSet(v4=side.addresses.v4) if family == 4 else AddressSet(v6=side.addresses.v6)
            if ports and (own.v4 or own.v6):
                src = AddressSet(v4=trusted.v4) if family == 4 else AddressSet(v6=trusted.v6)
                steps.append(
                    Rule(
                        position=len(steps), action="permit", src=src, dst=own, services=tuple(dict.fromkeys(ports)),
                        in_interfaces=frozenset((name,)), enabled=side.node.word("status", "up") != "down",
                        unknown="a policy must let it through to a loopback interface" if side.node.word("type") == "loopback" else None,
                        reason=masked(side.node.word("description")) or None,
                        origin=side.node.origin(vendor_id=f"{name} {key}", name=f"{name} {key}"),
                    )
                )  # fmt: skip
    taken = _taken(box)
    if taken is not None:
        ports_ = (_port(box, word) for word in _CLOSED)
        closed = tuple(dict.fromkeys(one for one in ports_ if one.dport[0][0] not in taken))
        steps.append(
            Rule(
                position=len(steps), action="deny", src=_EVERYWHERE, dst=_EVERYWHERE, services=closed, reason="administration is closed",
                origin=block.origin(vendor_id="allowaccess", name="ports of administration that no interface opens"),
            )
        )  # fmt: skip
    end = block.origin(vendor_id="allowaccess")
    return Chain(name="allowaccess", steps=tuple(steps), default=None, default_origin=end)


def _taken(box: _Box) -> frozenset[int] | None:
    """Ports on which the SSL VPN may answer; None where an explicit proxy may answer on any."""
    found: set[int] = set()
    for place in box.everyone:
        proxy, vpn = place.blocks.get("web-proxy explicit"), place.blocks.get("vpn ssl settings")
        if proxy is not None and proxy.on("status"):
            return None
        if vpn is not None and vpn.words("source-interface") and vpn.on("status", default=True):
            said = vpn.word("port")
            found |= {int(said)} if said.isascii() and said.isdecimal() else {443, 10443}
    return frozenset(found)


def _openings(node: Node) -> Iterator[tuple[Node, str, Family]]:
    yield node, "allowaccess", 4
    for one in node.listed("secondaryip"):
        yield one, "allowaccess", 4
    if six := node.blocks.get("ipv6"):
        yield six, "ip6-allowaccess", 6


def _port(box: _Box, word: str) -> PortSet:
    proto, key, usual = _ACCESS[word]
    said = box.settings.word(key) if key else ""
    number = int(said) if said.isascii() and said.isdecimal() and 0 < int(said[:6]) <= 65535 else usual
    return PortSet(proto=proto, dport=((number, number + 1) if word == "capwap" else (number, number),))


def _trusted(box: _Box) -> AddressSet:
    """The hosts from which administrators may come; everybody, where one of them may come from everywhere."""
    found: dict[Family, list[tuple[int, int]]] = {4: [], 6: []}
    admins = [one for place in box.everyone for one in place.listed("system admin")]
    for one in admins:
        hosts: dict[Family, list[tuple[int, int]]] = {4: [], 6: []}
        for key in one.settings:
            if re.fullmatch(r"trusthost\d+", key) and set(one.words(key)) - {UNSET, f"{UNSET}/0"}:
                hosts[4].append(network(one, key, one.words(key), 4))
            elif re.fullmatch(r"ip6-trusthost\d+", key) and one.words(key) not in ([], ["::/0"]):
                hosts[6].append(network(one, key, one.words(key), 6))
        if not hosts[4] and not hosts[6]:
            return _EVERYWHERE
        for family in intervals.FAMILIES:
            found[family] += hosts[family]
    return AddressSet(v4=intervals.normal(found[4]), v6=intervals.normal(found[6])) if admins else _EVERYWHERE


READER = Fortigate()
