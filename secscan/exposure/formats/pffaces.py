"""The interfaces of a pfSense or OPNsense: their addresses and networks, groups, gateways, and what is routed where.

Rules name an interface ``wan``, ``lan`` or ``optN``; what a person calls it is a further name. An address that comes by
DHCP, or a network that is tracked from another, is one of the device's own that nobody knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from ipaddress import ip_interface, ip_network
from typing import Any, Final, Literal

from secscan.doors.xml import Element
from secscan.exposure import intervals
from secscan.exposure.formats.export import ConfigFile
from secscan.exposure.formats.pfaliases import ANYWHERE, Addresses, Aliases, Span, union
from secscan.exposure.intervals import FAMILIES, Family
from secscan.model.errors import InputError
from secscan.model.net import Interface, Interval, Origin, Route

Kind = Literal["pfsense", "opnsense"]

_TUNNEL = re.compile(r"(?:ovpn[sc]|tun_wg|wg|ipsec|gif|gre|l2tp|ppp|pppoe|pptp|tun|tap|qw)\d")
_MEMBERS: Final = {
    "openvpn": re.compile(r"ovpn[sc]\d+"), "wireguard": re.compile(r"(?:tun_)?wg\d+"), "enc0": None, "ipsec": None, "l2tp": None, "pppoe": None, "pptp": None,
}  # fmt: skip
"""What has rules of its own without being assigned -> the devices of assigned interfaces that belong to it too."""
_NONE: Final = ("", "none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """One interface."""

    name: str
    label: str
    device: str
    element: Element
    enabled: bool
    own: Addresses
    nets: Addresses
    modes: Mapping[Family, str]
    """How it gets its address where it is not written: dhcp, pppoe, track6 and the like."""
    gateways: frozenset[Family]
    """The families for which packets leave it by a gateway."""

    @property
    def loopback(self) -> bool:
        return self.device == "lo0"

    def says(self, tag: str) -> bool | None:
        """Whether a setting is on; None where the value does not tell."""
        found = self.element.first(tag)
        return found is not None if found is None or found.text.strip() != "0" else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    name: str
    face: str
    family: Family
    default: bool


@dataclass(slots=True)
class Box:
    """One file: its aliases and interfaces, and what a rule's words stand for."""

    kind: Kind
    file: ConfigFile
    root: Element
    lines: Sequence[str]
    aliases: Aliases
    faces: dict[str, Face] = field(default_factory=dict)
    groups: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Group -> its members."""
    weights: dict[str, int] = field(default_factory=dict)
    """Group -> its place among groups, where OPNsense gives it one."""
    gateways: list[Gateway] = field(default_factory=list)
    loose: Addresses = Addresses()
    """Addresses of the device's own that are on no interface."""
    warnings: list[str] = field(default_factory=list)
    marks: frozenset[str] = frozenset()
    """Marks that some rule sets."""
    special: dict[str, None] = field(default_factory=dict)
    """Names without an interface that rules are for."""

    def refuse(self, reason: str, line: int) -> InputError:
        return self.file.refuse(reason, line=line)

    def warn(self, line: int, says: str) -> None:
        self.warnings.append(f"{self.file.shown}:{line}: {says}")

    def origin(self, element: Element, says: str = "", **more: Any) -> Origin:
        """Where an element stands: the whole of it, or for what is no rule its name and what it ``says``."""
        if says:
            return self.file.origin(element.line, f"<{element.tag}> {says}", vendor_id=says, **more)
        text = " ".join(part.strip() for part in self.lines[element.line - 1 : element.line_to][:40])
        return self.file.origin(element.line, text, element.line_to, **more)

    def setting(self, *path: str) -> Element | None:
        return self.root.first(*path)

    # -- names

    def expand(self, name: str) -> tuple[frozenset[str], bool]:
        """(the interfaces that a rule's name stands for, whether the file has it)."""
        if name in self.faces:
            return frozenset((name,)), self.faces[name].enabled
        if name in self.groups:
            members = [one for one in self.groups[name] if one in self.faces]
            return frozenset(members), any(self.faces[one].enabled for one in members)
        if name.casefold() in _MEMBERS:
            fits = _MEMBERS[name.casefold()]
            known = "enc0" if name.casefold() == "ipsec" else name.casefold()
            self.special[known] = None
            also = (one.name for one in self.faces.values() if fits is not None and fits.fullmatch(one.device))
            return frozenset((known, *also)), True
        return frozenset((name,)), False

    def is_group(self, name: str) -> bool:
        """Whether its rules are asked before those of interfaces."""
        return name in self.groups or (name not in self.faces and name.casefold() in _MEMBERS)

    def word(self, word: str, line: int) -> Addresses:
        """What a word of a rule's source or destination stands for."""
        if word == "any":
            return ANYWHERE
        if word == "(self)":
            return self.all_own
        name = word.removeprefix("__").removesuffix("_network") if word.startswith("__") else word
        if name in self.faces:
            return self.faces[name].nets
        if name in self.groups:
            return union(self.faces[one].nets for one in self.groups[name] if one in self.faces)
        if name.endswith("ip") and name[:-2] in self.faces:
            return self.faces[name[:-2]].own
        if re.fullmatch(r"(?:wan|lan|opt\d+)(?:ip)?", name):
            gone = Span(gone=True)  # an interface that is not there: the device leaves the rule out
            return Addresses(v4=gone, v6=gone)
        if name in _MEMBERS and name not in self.aliases.aliases:
            why = Span(why=f"what is behind '{name}' is not in the file")
            return Addresses(v4=why, v6=why)
        return self.aliases.addresses(word, line)

    @property
    def all_own(self) -> Addresses:
        found = union([*(one.own for one in self.faces.values() if one.enabled), self.loose])
        return replace(found, own=True, objects=())


def faces(box: Box) -> None:
    """Reads the interfaces, groups and gateways. Raises InputError for addresses that are none."""
    top = box.root.first("interfaces")
    if top is None:
        raise box.file.refuse(
            "has no <interfaces>: it is no whole configuration", "export again: all areas", box.root.line
        )
    box.gateways = list(_gateways(box))
    vips = _vips(box)
    for element in top.children:
        if element.says("type") == "group" or element.tag.casefold() in _MEMBERS:
            continue
        box.faces[element.tag] = _face(box, element, vips.get(element.tag, ()))
    box.loose = union(own for name, found in vips.items() if name not in box.faces for own, _ in found)
    for entry in _all(box.root, ("ifgroups",), "ifgroupentry"):
        if name := entry.says("ifname"):
            box.groups[name] = tuple(re.split(r"[\s,]+", entry.says("members") or ""))
            box.weights[name] = whole(entry.says("sequence"))


def whole(written: str | None) -> int:
    """A number as written; 0 for what is none."""
    return int(written) if written is not None and written.isdecimal() and len(written) < 10 else 0


def _all(root: Element, path: Sequence[str], tag: str) -> Iterator[Element]:
    found = root.first(*path)
    if found is not None:
        yield from found.each(tag)


def _face(box: Box, element: Element, vips: Sequence[tuple[Addresses, Addresses]]) -> Face:
    name, device = element.tag, element.says("if") or ""
    modes: dict[Family, str] = {}
    own: dict[Family, Span] = {}
    nets: dict[Family, Span] = {}
    ways: tuple[tuple[Family, str, str], ...] = ((4, "ipaddr", "subnet"), (6, "ipaddrv6", "subnetv6"))
    for family, tag, mask in ways:
        written = element.says(tag) or ""
        own[family], nets[family] = _addressed(box, element, family, tag, mask, written, name, device)
        if own[family].why:
            modes[family] = written
    mine = union([Addresses(v4=own[4], v6=own[6]), *(address for address, _ in vips)])
    connected = Addresses(v4=nets[4], v6=nets[6])
    # A further address lies in the interface's network, or brings its own.
    further = [net for address, net in vips if not _within(address, connected)]
    on = element.first("enable")
    return Face(
        name=name, label=element.says("descr") or name.upper(), device=device, element=element,
        enabled=(on is not None and on.text.strip() not in ("0", "no")) or (on is None and _always_on(box, name)) or device == "lo0",
        own=replace(mine, own=True, objects=()), nets=replace(union([connected, *further]), objects=()), modes=modes,
        gateways=frozenset(f for f in FAMILIES if _leaves(box, element, device, f, modes.get(f, ""))),
    )  # fmt: skip


def _always_on(box: Box, name: str) -> bool:
    """Before configuration version 6, WAN and LAN had no switch."""
    version = (box.root.says("version") or "99").partition(".")[0]
    return box.kind == "pfsense" and name in ("wan", "lan") and 0 < whole(version) < 6


def _addressed(
    box: Box, element: Element, family: Family, tag: str, mask: str, written: str, name: str, device: str
) -> tuple[Span, Span]:
    """(its address, its network) of one family."""
    if written.casefold() in _NONE:
        if family == 4 and _TUNNEL.match(device):
            return Span(why=f"the address of {name} is not in the file"), Span(
                why=f"the network of {name} is not in the file"
            )
        return Span(gone=True), Span(gone=True)
    if not re.search(r"[.:]", written):
        return (
            Span(why=f"the address of {name} comes by {written[:20]}"),
            Span(why=f"the network of {name} comes by {written[:20]}"),
        )
    line = (element.first(tag) or element).line
    bits = element.says(mask) or ("32" if family == 4 else "128")
    try:
        found = ip_interface(f"{written}/{bits}")
    except ValueError:
        raise box.refuse(f"'{written[:60]}/{bits[:10]}' is not an address with its mask", line) from None
    if found.version != family:
        raise box.refuse(f"'{written[:60]}' is no IPv{family} address", line)
    number, net = int(found.ip), found.network
    return Span(pairs=((number, number),)), Span(pairs=((int(net.network_address), int(net.broadcast_address)),))


def _within(inner: Addresses, outer: Addresses) -> bool:
    return all(not intervals.subtract(inner.of(f).pairs, outer.of(f).pairs) for f in FAMILIES)


def _vips(box: Box) -> dict[str, list[tuple[Addresses, Addresses]]]:
    """Interface -> its further addresses, each with its network."""
    every = list(_all(box.root, ("virtualip",), "vip"))
    places = {f"_vip{one.says('uniqid')}": one.says("interface") or "" for one in every}
    found: dict[str, list[tuple[Addresses, Addresses]]] = {}
    for one in every:
        if one.says("mode") not in ("carp", "ipalias"):
            continue  # answered for, but no address of the device's own
        written = one.says("subnet") or ""
        try:
            address = ip_interface(f"{written}/{one.says('subnet_bits') or ('128' if ':' in written else '32')}")
        except ValueError:
            raise box.refuse(f"'{written[:60]}' is not an address with its mask", one.line) from None
        family: Family = 4 if address.version == 4 else 6
        number, net = int(address.ip), address.network
        spans = [Span(pairs=((number, number),)), Span(pairs=((int(net.network_address), int(net.broadcast_address)),))]
        pair = tuple(Addresses(v4=s) if family == 4 else Addresses(v6=s) for s in spans)
        name = one.says("interface") or ""
        found.setdefault(places.get(name, name), []).append((pair[0], pair[1]))
    return found


def _leaves(box: Box, element: Element, device: str, family: Family, mode: str) -> bool:
    """Whether packets leave an interface by a gateway."""
    if mode in ("dhcp", "dhcp6", "slaac", "pppoe", "pptp", "l2tp", "ppp", "6rd", "6to4"):
        return True
    written = element.says("gateway" if family == 4 else "gatewayv6") or ""
    return written.casefold() not in _NONE or bool(re.match(r"ovpnc\d", device))


def _gateways(box: Box) -> Iterator[Gateway]:
    top = box.root.first("gateways")
    named = {family: (top.says(f"defaultgw{family}") or "") if top is not None else "" for family in FAMILIES}
    entries = [
        *_all(box.root, ("gateways",), "gateway_item"),
        *_all(box.root, ("OPNsense", "Gateways"), "gateway_item"),
    ]
    for one in entries:
        family: Family = 6 if one.says("ipprotocol") == "inet6" else 4
        name = one.says("name") or ""
        if _off(one):
            continue
        flag = one.first("defaultgw")
        default = (
            name == named[family] if named[family] not in ("", "-") else flag is not None and flag.text.strip() != "0"
        )
        yield Gateway(name=name, face=one.says("interface") or "", family=family, default=default)


def _off(element: Element) -> bool:
    found = element.first("disabled")
    return found is not None and found.text.strip() != "0"


# ------------------------------------------------------------------------------------------------ the device's sides


def interfaces(box: Box) -> Iterator[Interface]:
    """Every interface as the model has it."""
    for one in box.faces.values():
        # Two names of one word would be taken for one another.
        clash = one.label in box.faces and one.label != one.name
        if clash:
            box.warn(one.element.line, f"interface {one.name} is described as '{one.label}', which is another's name")
        yield Interface(
            name=one.name, zone=None if clash else one.label, addresses=one.own.set(*FAMILIES), networks=one.nets.set(*FAMILIES),
            enabled=one.enabled, loopback=one.loopback, origin=box.origin(one.element, f"interface {one.name}"),
        )  # fmt: skip
    for name in box.special:
        yield Interface(name=name)


def routes(box: Box) -> Iterator[Route]:
    """Static and default routes, and what lies behind tunnels."""
    yield from _default_routes(box)
    gateways = {one.name: one.face for one in box.gateways}
    for one in _all(box.root, ("staticroutes",), "route"):
        if _off(one):
            continue
        net = box.aliases.addresses(one.says("network") or "", one.line)
        face = gateways.get(one.says("gateway") or "", "")
        unsure = face not in box.faces or net.v4.why or net.v6.why
        if unsure:
            box.warn(one.line, "which way this route leads is not in the file")
        # Two ways for one network: behind neither, so that what hangs on it is not told.
        ways = ("?", "??") if face not in box.faces else (face,)
        for family in FAMILIES:
            for pair in net.of(family).pairs:
                yield from (
                    Route(family=family, network=pair, interface=way, origin=box.origin(one, "static route"))
                    for way in ways
                )
    yield from _tunnels(box)


def _default_routes(box: Box) -> Iterator[Route]:
    for family in FAMILIES:
        chosen = [one for one in box.gateways if one.family == family and one.default]
        leaving = [one.name for one in box.faces.values() if one.enabled and family in one.gateways]
        if not chosen and len(leaving) == 1:
            face = leaving[0]
        elif len(chosen) == 1 and chosen[0].face in box.faces:
            face = chosen[0].face
        else:
            continue
        (everything,) = intervals.everything(family)
        yield Route(
            family=family,
            network=everything,
            interface=face,
            origin=box.origin(box.faces[face].element, "default route"),
        )


def _tunnels(box: Box) -> Iterator[Route]:
    """What IPsec and OpenVPN bring."""
    off = {one.says("ikeid") for one in _all(box.root, ("ipsec",), "phase1") if _off(one)}
    for one in _all(box.root, ("ipsec",), "phase2"):
        remote = one.first("remoteid")
        if remote is None or _off(one) or one.says("ikeid") in off or one.says("mode") == "transport":
            continue
        bits = remote.says("netbits")
        yield from _behind(box, one, f"{remote.says('address') or ''}{'/' + bits if bits else ''}", "enc0")
    for tag in ("openvpn-server", "openvpn-client"):
        for one in _all(box.root, ("openvpn",), tag):
            if one.first("disable") is not None:
                continue
            device = f"ovpn{'s' if tag.endswith('server') else 'c'}{one.says('vpnid') or ''}"
            face = next((f.name for f in box.faces.values() if f.device == device), "openvpn")
            for name in ("tunnel_network", "tunnel_networkv6", "remote_network", "remote_networkv6"):
                for word in re.split(r"[\s,]+", one.says(name) or ""):
                    yield from _behind(box, one, word, face)


def _behind(box: Box, element: Element, written: str, face: str) -> Iterator[Route]:
    try:
        net = ip_network(written, strict=False)
    except ValueError:
        return  # by name, or none
    if net.prefixlen == 0:
        return
    if face not in box.faces:
        box.special[face] = None
    pair: Interval = (int(net.network_address), int(net.broadcast_address))
    yield Route(family=4 if net.version == 4 else 6, network=pair, interface=face, origin=box.origin(element, "tunnel"))
