"""A FortiGate's interfaces, its release, and what its interfaces let in to the device itself (``allowaccess``)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from secscan.exposure import intervals
from secscan.exposure.formats.export import ConfigFile
from secscan.exposure.formats.forti_objects import EVERYWHERE, UNSET, address, network
from secscan.exposure.formats.forti_tree import Node
from secscan.exposure.intervals import Family
from secscan.model.net import AddressSet, Chain, PortSet, Rule

_ACCESS: Final = {
    "https": ("tcp", "admin-sport", 443), "http": ("tcp", "admin-port", 80), "ssh": ("tcp", "admin-ssh-port", 22),
    "telnet": ("tcp", "admin-telnet-port", 23), "snmp": ("udp", "", 161), "fgfm": ("tcp", "", 541), "capwap": ("udp", "", 5246),
    "radius-acct": ("udp", "", 1813), "probe-response": ("tcp", "", 8008),
}  # fmt: skip
_POLICY: Final = "it comes in by another interface, and a policy must let it through too"
_CLOSED: Final = ("https", "http", "ssh", "telnet", "snmp", "fgfm")
"""Nothing else answers on their ports, where the file names no other service there."""


@dataclass(slots=True)
class Side:
    """An interface as the file has it."""

    node: Node
    name: str
    vdom: str
    addresses: AddressSet
    networks: AddressSet


@dataclass(slots=True)
class Setup:
    """What all vdoms of a device share. ``places``: the shared part, and each vdom's own."""

    file: ConfigFile
    shared: Node
    places: Sequence[Node]
    release: tuple[int, ...] | None
    """7.2.4 as (7, 2, 4); None where the file has no header."""
    sides: dict[str, Side]

    def at_least(self, *release: int) -> bool | None:
        """Whether the release is this one or a later one; None where the file does not say which it is."""
        return None if self.release is None else self.release >= release

    @property
    def settings(self) -> Node:
        """``config system global``."""
        return self.shared.blocks.get("system global") or Node("", self.file, 0)

    def redirects(self) -> bool | None:
        """Whether what leaves by the interface it came in by passes without a policy."""
        said = self.settings.word("allow-traffic-redirect")
        if said or self.release is None:
            return said == "enable" if said else None
        later = self.release >= (7, 6, 5) or (7, 4, 10) <= self.release < (7, 5)
        return not later


def side(one: Node) -> Side:
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
    if any(node.odd for node in (one, *one.listed("secondaryip"), *one.blocks.values())):
        pairs, own = {4: [], 6: []}, {4: [], 6: []}  # a line in it is not understood
    unknown = (
        f"the address of {one.name} is given by {one.word('mode')}" if one.word("mode", "static") != "static" else None
    )
    return Side(
        node=one, name=one.name, vdom=one.word("vdom", "root"),
        addresses=AddressSet(v4=intervals.normal(own[4]), v6=intervals.normal(own[6]), unknown=unknown),
        networks=AddressSet(v4=intervals.normal(set(pairs[4])), v6=intervals.normal(set(pairs[6]))),
    )  # fmt: skip


def access(setup: Setup, joined: Mapping[str, frozenset[str]]) -> Chain | None:
    """What the interfaces let in to the device itself. What else listens there stands elsewhere: not known.

    ``joined``: interfaces that are one side with others -> all names by which their packets come in.
    """
    block = next(
        (place.blocks["system interface"] for place in setup.places if "system interface" in place.blocks), None
    )
    if block is None:
        return None
    trusted = _trusted(setup)
    steps: list[Rule] = []
    for name, side in setup.sides.items():
        for node, key, family in _openings(side.node):
            ports = [_port(setup, word) for word in node.words(key) if word in _ACCESS]
            own = AddressSet(v4=side.addresses.v4) if family == 4 else AddressSet(v6=side.addresses.v6)
            if ports and (own.v4 or own.v6):
                src = AddressSet(v4=trusted.v4) if family == 4 else AddressSet(v6=trusted.v6)
                here = joined.get(name, frozenset((name,)))
                loop = side.node.word("type") == "loopback"
                rule = Rule(
                    position=len(steps), action="permit", implied=True, src=src, dst=own, services=tuple(dict.fromkeys(ports)),
                    enabled=side.node.word("status", "up") != "down", origin=side.node.origin(vendor_id=f"{name} {key}", name=f"{name} {key}"),
                )  # fmt: skip
                steps += [] if loop else [replace(rule, in_interfaces=here)]
                steps.append(
                    replace(rule, position=len(steps), not_in_interfaces=frozenset() if loop else here, unknown=_POLICY)
                )
    taken = _taken(setup)
    if taken is not None:
        ports_ = (_port(setup, word) for word in _CLOSED)
        closed = tuple(dict.fromkeys(one for one in ports_ if one.dport[0][0] not in taken))
        steps.append(
            Rule(
                position=len(steps), action="deny", src=EVERYWHERE, dst=EVERYWHERE, services=closed, implied=True,
                origin=block.origin(vendor_id="allowaccess", name="ports of administration that no interface opens"),
            )
        )  # fmt: skip
    end = block.origin(vendor_id="allowaccess")
    return Chain(name="allowaccess", steps=tuple(steps), default=None, default_origin=end)


def _taken(setup: Setup) -> frozenset[int] | None:
    """Ports on which the SSL VPN may answer; None where an explicit proxy may answer on any."""
    found: set[int] = set()
    for place in setup.places:
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


def _port(setup: Setup, word: str) -> PortSet:
    proto, key, usual = _ACCESS[word]
    said = setup.settings.word(key) if key else ""
    number = int(said) if said.isascii() and said.isdecimal() and 0 < int(said[:6]) <= 65535 else usual
    return PortSet(proto=proto, dport=((number, number + 1) if word == "capwap" else (number, number),))


def _trusted(setup: Setup) -> AddressSet:
    """The hosts from which administrators may come; everybody, where one of them may come from everywhere."""
    found: dict[Family, list[tuple[int, int]]] = {4: [], 6: []}
    admins = [one for place in setup.places for one in place.listed("system admin")]
    for one in admins:
        hosts: dict[Family, list[tuple[int, int]]] = {4: [], 6: []}
        for key in one.settings:
            if re.fullmatch(r"trusthost\d+", key) and set(one.words(key)) - {UNSET, f"{UNSET}/0"}:
                hosts[4].append(network(one, key, one.words(key), 4))
            elif re.fullmatch(r"ip6-trusthost\d+", key) and one.words(key) not in ([], ["::/0"]):
                hosts[6].append(network(one, key, one.words(key), 6))
        if not hosts[4] and not hosts[6]:
            return EVERYWHERE
        for family in intervals.FAMILIES:
            found[family] += hosts[family]
    return AddressSet(v4=intervals.normal(found[4]), v6=intervals.normal(found[6])) if admins else EVERYWHERE
