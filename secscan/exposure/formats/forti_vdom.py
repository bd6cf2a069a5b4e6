"""One vdom of a FortiGate: its zones and routes, its policies as chains, and what becomes of addresses."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final, Literal

from secscan.exposure import intervals
from secscan.exposure.formats.export import masked
from secscan.exposure.formats.forti_made import EARLY, LOCAL, POLICIES, Made, Matching
from secscan.exposure.formats.forti_objects import EVERY_SERVICE, EVERYWHERE, UNSET, Objects, day, network, pair
from secscan.exposure.formats.forti_sides import Setup
from secscan.exposure.formats.forti_tree import Node
from secscan.exposure.formats.forti_vips import ROUND, Vip, Vips
from secscan.exposure.intervals import Family
from secscan.model.net import (
    V4_ALL,
    V6_ALL,
    Action,
    AddressSet,
    Chain,
    Interface,
    Intervals,
    Origin,
    PortSet,
    Route,
    Rule,
    Stage,
    Translation,
)

_ACTIONS: Final[dict[str, Action]] = {"accept": "permit", "deny": "deny", "": "deny"}
_TUNNELS: Final = {
    "ipsec": "it goes into a VPN tunnel", "ssl-vpn": "it is for users of the SSL VPN", "encrypt": "it goes into a VPN tunnel",
    "learn": "it only learns what passes", "redirect": "it is led to a proxy", "isolate": "it is led to a proxy",
}  # fmt: skip
_GROUPS: Final = ("firewall addrgrp", "firewall addrgrp6", "firewall vipgrp", "firewall vipgrp6")
_ROUTING: Final = ("router ospf", "router bgp", "router rip", "router isis")
_REDIRECT: Final = "what leaves by the interface that it came in by may pass without a policy (allow-traffic-redirect)"
_SDWAN: Final = "virtual-wan-link"


class Vdom:
    """One vdom's rules, zones and translations. With several, what is a vdom's own has its name before it."""

    def __init__(self, setup: Setup, node: Node, several: bool) -> None:
        self.setup, self.node = setup, node
        self.mark = f"{node.name or 'root'}/" if several else ""
        self.sides = {one.name: one for one in setup.sides.values() if not several or one.vdom == (node.name or "root")}
        self.zones = {one.name: one for one in node.listed("system zone")}
        self.wan = dict(self._sdwan())
        """SD-WAN zone -> its members."""
        self.member_of = {
            side: self.mark + zone
            for zone, members in ({name: one.words("interface") for name, one in self.zones.items()} | self.wan).items()
            for side in members
        }
        self.objects = Objects(
            node, [setup.shared], lambda name: self.sides[name].networks if name in self.sides else AddressSet()
        )
        settings = node.blocks.get("system settings")
        self.ngfw = settings is not None and settings.word("ngfw-mode") == "policy-based"
        self.central = self.ngfw or (settings is not None and settings.on("central-nat"))
        self.joined = {
            side: frozenset((side, self.mark + zone))
            for zone, members in self.wan.items()
            if len(members) > 1
            for side in members
        }
        self.vips = Vips(
            node, self.objects, self.joined, {name: side.addresses for name, side in self.sides.items()}, self.mark
        )
        self._origins: dict[tuple[str, str], Origin] = {}
        self._matching = Matching(self.objects, self.vips, self.gate)
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
        zones = {*self.zones, *self.wan, _SDWAN}
        own = (
            frozenset((self.mark + one,)) if one in zones else self.joined.get(one, frozenset((one,))) for one in names
        )
        return frozenset[str]().union(*own)

    @cached_property
    def routes(self) -> tuple[Route, ...]:
        found: dict[tuple[Family, tuple[int, int]], list[tuple[int, Route]]] = {}
        families: tuple[tuple[Family, str], ...] = ((4, "router static"), (6, "router static6"))
        for family, block in families:
            for one in self.node.listed(block):
                if one.word("status", "enable") != "disable" and not one.words("internet-service") and not one.odd:
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
            return []  # it holds while no nearer or learnt route does, and those stand in no file
        zones = one.words("sdwan-zone") or ([_SDWAN] if one.on("sdwan") or one.on("virtual-wan-link") else [])
        zones = zones or [name for name in [one.word("device")] if name in self.wan]
        if not zones:
            return [one.word("device")] if one.word("device") else []
        return [members[0] if len(members := self.wan.get(zone, [])) == 1 else self.mark + zone for zone in zones]

    # -- chains

    def through(self) -> Iterator[tuple[Stage, Chain]]:
        """What passes between two interfaces of this vdom."""
        own = self.names() if self.mark else None
        lists: list[tuple[str, tuple[str, ...]]] = [("policy", POLICIES)]
        if self.ngfw:
            lists.append(("security-policy", ("security-policy",)))
        if any(f"firewall {name}" in self.node.blocks for name in EARLY):
            lists.append(("acl", EARLY))
        for name, kinds in lists:
            chain = self._chain(name, kinds)
            words = f"vdom {self.mark}{name}" if self.mark else name
            sees: Literal["original", "translated"] = "original" if name == "acl" else "translated"
            yield Stage(name=words, chain=chain.name, in_interfaces=own, out_interfaces=own, sees=sees), chain

    def local(self) -> Iterator[tuple[Stage, Chain]]:
        """What reaches the device itself by this vdom."""
        if any(f"firewall {name}" in self.node.blocks for name in LOCAL):
            chain = self._chain("local-in-policy", LOCAL)
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
        word = one.word("action") if kind not in EARLY else "deny"
        if one.odd or (word not in _ACTIONS and word not in _TUNNELS):
            text = one.odd[0][1] if one.odd else f"action {word}"
            origin = one.origin(vendor_id=f"{self.mark}{kind} {one.name}")
            yield replace(origin, text=one.file.origin(one.line, f"'{text}' is not understood: {origin.text}").text)
            return
        made = self._matching.of(one, kind)
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
        key = (kind, one.name)
        if key not in self._origins:
            names = [
                word
                for way in ("srcaddr", "srcaddr4", "srcaddr6", "dstaddr", "dstaddr4", "dstaddr6")
                for word in one.words(way)
            ]
            trail = self.objects.trail(names, _GROUPS) + self.objects.trail(
                one.words("service"), ("firewall service group",)
            )
            self._origins[key] = one.origin(
                vendor_id=f"{self.mark}{kind} {one.name}", name=masked(one.word("name")), objects=tuple(dict.fromkeys(trail))
            )  # fmt: skip
        return self._origins[key]

    def _for_vips(self, one: Node, kind: str, rule: Rule, made: Made) -> Iterator[Rule]:
        if made.vips and kind in POLICIES and not self.central:
            yield replace(rule, dst=EVERYWHERE, translations=frozenset(vip.translation.name for vip in made.vips))
        elif made.vips:
            yield replace(rule, dst=EVERYWHERE, unknown="it names a VIP, and what that means here is not known")
        if made.plain or not made.vips:
            yield from self._for_plain(one, rule) if kind in POLICIES and self.hosts and not self.central else (rule,)

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
                yield replace(rule, dst=EVERYWHERE, translations=sure)
            if may := may if matches else may | sure:
                yield replace(rule, dst=EVERYWHERE, translations=may, unknown=rule.unknown or why)

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
        if self.setup.release is None or self.setup.release == (7, 2, 3):
            return None
        return self.setup.release > (7, 2, 3)

    # -- what is no policy, and decides as one

    def _redirected(self) -> Iterator[Rule]:
        """What leaves by the interface that it came in by."""
        sure = self.setup.redirects()
        if sure is False:
            return
        learns = any(name in self.node.blocks for name in _ROUTING)
        routed = {route.interface for route in self.routes}
        node = self.setup.settings if self.setup.settings.line else next(iter(self.node.blocks.values()), self.node)
        origin = replace(node.origin(vendor_id=f"{self.mark}allow-traffic-redirect"), line_to=node.line)
        own = [vip.ext for vip in self.hosts]  # the device answers for these itself
        elsewhere = AddressSet(
            v4=intervals.subtract(V4_ALL, intervals.union(*(one.v4 for one in own))),
            v6=intervals.subtract(V6_ALL, intervals.union(*(one.v6 for one in own))),
        )
        for name, side in self.sides.items():
            if not (learns or name in routed) or side.node.word("type") == "loopback":
                continue
            here = frozenset((name,))
            rule = Rule(
                position=0, action="permit", src=side.networks, dst=elsewhere, services=EVERY_SERVICE, in_interfaces=here, out_interfaces=here,
                translations=frozenset() if self.hosts else None, implied=True, origin=origin,
            )  # fmt: skip
            if sure and (side.networks.v4 or side.networks.v6):
                yield rule
            if not sure or self._redirects_others():
                yield replace(rule, src=EVERYWHERE, unknown=_REDIRECT)

    def _redirects_others(self) -> bool:
        """Whether it holds for sources beyond the interface's own networks: so since 7.0.16, 7.2.11 and 7.4.4."""
        release = self.setup.release or (9,)
        return release >= (7, 4, 4) or (7, 2, 11) <= release < (7, 3) or (7, 0, 16) <= release < (7, 1)

    def _led_round(self, blocks: Sequence[tuple[str, Node]]) -> Iterator[Rule]:
        """What is sent to a VIP from inside: it may go out by one policy and come in again by another."""
        if self.central or not self.hosts:
            return
        made = [
            (kind, one, self._matching.of(one, kind)) for kind, block in blocks for id_, one in block.entries.items()
            if id_[:1] != "\0" and not one.odd and one.word("action") == "accept" and one.word("status", "enable") != "disable"
        ]  # fmt: skip
        leaving: dict[str | None, set[str] | None] = {}
        for _, _, other in made:
            for out in other.out or (None,) if other.plain else ():
                before = leaving.setdefault(out, set())
                leaving[out] = None if other.into is None or before is None else before | other.into
        for kind, one, each in made:
            outer = self._outer(each.vips)
            if not each.vips or each.into is None or not (back := each.into if outer is None else each.into & outer):
                continue
            ways = [leaving[out] for out in (None, *back) if out in leaving]
            into = (
                frozenset(name for way in ways for name in way or ()) if all(way is not None for way in ways) else None
            )
            if ways and (into is None or into - each.into):
                yield Rule(
                    position=0, action="permit", src=EVERYWHERE, dst=EVERYWHERE, services=each.services.ports, in_interfaces=into,
                    not_in_interfaces=each.into | (outer or frozenset()), out_interfaces=each.out,
                    translations=frozenset(vip.translation.name for vip in each.vips), unknown=ROUND, implied=True,
                    reason=masked(one.word("comments")) or None, origin=self._origin(one, kind),
                )  # fmt: skip

    def _outer(self, vips: Sequence[Vip]) -> frozenset[str] | None:
        """The interfaces, and their zones, on whose side some VIPs are sent to; None where that is not known."""
        found: set[str] = set()
        for vip in vips:
            sides = vip.sides or {
                side.name for side in self.sides.values()
                if intervals.intersect(intervals.of(side.networks, vip.family), intervals.of(vip.ext, vip.family))
            }  # fmt: skip
            if not sides:
                return None
            found.update(sides, (self.member_of[side] for side in sides if side in self.member_of))
        return frozenset(found)

    def _inside_zones(self) -> Iterator[Rule]:
        """What stays inside a zone that allows it, behind all policies. A zone of one interface: since 7.4.4."""
        for name, zone in self.zones.items():
            if zone.word("intrazone", "deny") != "allow" and not zone.odd:
                continue
            alone = len(zone.words("interface")) < 2
            allows = None if zone.odd else self.setup.at_least(7, 4, 4) if alone else True
            if allows is not False:
                here = frozenset((self.mark + name,))
                yield Rule(
                    position=0, action="permit", src=EVERYWHERE, dst=EVERYWHERE, services=EVERY_SERVICE, in_interfaces=here, out_interfaces=here,
                    translations=frozenset() if self.hosts and not self.central else None, implied=True,
                    unknown=None if allows else "whether a zone of one interface allows it hangs on the release (intrazone)",
                    origin=zone.origin(vendor_id=f"{self.mark}zone {name}", name=f"zone {name}: intrazone allow"),
                )  # fmt: skip

    def _proxied(self) -> Iterator[Rule]:
        """What the device's own proxy hands on, as its proxy policies say."""
        for vip in self.hosts:
            if vip.proxied:
                yield Rule(
                    position=0, action="permit", src=EVERYWHERE, dst=EVERYWHERE, services=EVERY_SERVICE,
                    translations=frozenset((vip.translation.name,)), implied=True, unknown="the ZTNA proxy and its policies decide",
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
            (kind, one) for kind in POLICIES for one in self.node.listed(f"firewall {kind}")
            if one.word("action") == "accept" and one.word("status", "enable") != "disable" and not one.odd
        ]  # fmt: skip
        if any(one.on("nat") for _, one in found):
            yield from (self._changed(one, kind) for kind, one in found)

    def _changed(self, one: Node, kind: str) -> Translation:
        """What an accepting policy does to the source."""
        made = self._matching.of(one, kind)
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
