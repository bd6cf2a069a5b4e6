"""The sides of a PAN-OS device: interfaces with their zones, addresses and management services, and static routes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from secscan.doors.xml import Element
from secscan.exposure import intervals
from secscan.exposure.formats.export import ConfigFile
from secscan.exposure.formats.panos_objects import EVERYWHERE, Meant, Objects, literal
from secscan.exposure.intervals import FAMILIES
from secscan.model.net import AddressSet, Chain, Interface, Origin, PortSet, Route, Rule

MANAGEMENT: Final = "management"
"""The port of its own by which a device is managed: nothing passes through it."""

_KINDS: Final = ("layer3", "layer2", "virtual-wire", "tap")
_SERVICES: Final[Mapping[str, tuple[PortSet, ...]]] = {
    "http": (PortSet(proto="tcp", dport=((80, 80),)),),
    "https": (PortSet(proto="tcp", dport=((443, 443),)),),
    "ssh": (PortSet(proto="tcp", dport=((22, 22),)),),
    "telnet": (PortSet(proto="tcp", dport=((23, 23),)),),
    "snmp": (PortSet(proto="udp", dport=((161, 161),)),),
    "ping": (PortSet(proto="icmp"), PortSet(proto="icmp6")),
    "http-ocsp": (PortSet(proto="tcp", dport=((80, 80),)),),
    "response-pages": (PortSet(proto="tcp", dport=((80, 80), (443, 443), (6080, 6083))),),
    "userid-service": (PortSet(proto="tcp", dport=((5007, 5007),)),),
    "userid-syslog-listener-ssl": (PortSet(proto="tcp", dport=((6514, 6514),)),),
    "userid-syslog-listener-udp": (PortSet(proto="udp", dport=((514, 514),)),),
}
_OF_ITSELF: Final = (
    (("ike", "gateway"), "IKE", (PortSet(proto="udp", dport=((500, 500), (4500, 4500))), PortSet(proto="50"))),
    (("global-protect-gateway",), "GlobalProtect", (PortSet(proto="tcp", dport=((80, 80), (443, 443))), PortSet(proto="udp", dport=((4501, 4501),)))),
    (("global-protect-portal",), "GlobalProtect", (PortSet(proto="tcp", dport=((80, 80), (443, 443))),)),
    (("dns-proxy",), "the DNS proxy", (PortSet(proto="tcp", dport=((53, 53),)), PortSet(proto="udp", dport=((53, 53),)))),
    (("dhcp", "interface"), "DHCP", (PortSet(proto="udp", dport=((67, 68), (546, 547))),)),
    (("protocol",), "a routing protocol", (PortSet(proto="tcp", dport=((179, 179),)), PortSet(proto="udp", dport=((520, 521),)), PortSet(proto="89"))),
)  # fmt: skip
"""What a device may answer for its own addresses beside its management: the part of the configuration, in words, where."""


@dataclass(slots=True)
class Network:
    """What is known of a device's sides. ``zones``: zone -> its interfaces, in the order of the file."""

    interfaces: list[Interface] = field(default_factory=list)
    routes: list[Route] = field(default_factory=list)
    profiles: dict[str, str] = field(default_factory=dict)
    """Interface -> its management profile."""


def zones_of(vsys: Element) -> dict[str, list[str]]:
    """Zone -> the interfaces in it. An external zone, which stands for other virtual systems, has none."""
    found: dict[str, list[str]] = {}
    for entry in (vsys.first("zone") or Element("", {}, 0)).each("entry"):
        network = entry.first("network") or Element("", {}, 0)
        own = found.setdefault(entry.attributes.get("name", ""), [])
        for kind in network.each(*_KINDS, "tunnel"):
            own += [name for one in kind.each("member") if (name := one.text.strip())]
    return found


def sides(
    file: ConfigFile, network: Element, zones: Mapping[str, tuple[str, ...]], objects: Objects, origins: Mapping[str, Origin]
) -> Network:  # fmt: skip
    """Interfaces and routes. ``zones``: zone -> its interfaces; ``origins``: where each zone stands."""
    found = Network()
    zone_of = {name: zone for zone, names in zones.items() for name in names}
    seen = set()
    for name, entry, layer in _entries(network):
        if name in seen:
            continue
        seen.add(name)
        own = _own_addresses(layer, objects)
        addresses, networks = _split(own)
        one = Interface(
            name=name,
            zone=zone_of.get(name),
            addresses=addresses,
            networks=networks,
            enabled=entry.says("link-state") != "down",
            origin=file.origin(entry.line, f"interface {name}", entry.line_to),
        )
        found.interfaces.append(one)
        if profile := layer.says("interface-management-profile"):
            found.profiles[name] = profile
    for zone, names in zones.items():
        missing = [name for name in names if name not in seen] or ([zone] if not names else [])
        found.interfaces += [Interface(name=name, zone=zone, origin=origins.get(zone)) for name in missing]
        seen.update(missing)
    for router in _each(network, "virtual-router"):
        found.routes += _routes(file, router, found.interfaces, objects)
    for router in _each(network, "logical-router"):
        for vrf in _each(router, "vrf"):
            found.routes += _routes(file, vrf, found.interfaces, objects)
    return found


def _each(element: Element, *path: str) -> Iterator[Element]:
    found = element.first(*path)
    return iter(()) if found is None else found.each("entry")


def _entries(network: Element) -> Iterator[tuple[str, Element, Element]]:
    """(name, its entry, where its addresses stand) of every interface and every unit of one."""
    for kind in (network.first("interface") or Element("", {}, 0)).children:
        singles = list(kind.each("entry"))
        for entry in singles:
            layers = list(entry.each(*_KINDS)) or [entry]
            yield entry.attributes.get("name", ""), entry, layers[0]
            for layer in layers:
                for unit in _each(layer, "units"):
                    yield unit.attributes.get("name", ""), unit, unit
        for unit in _each(kind, "units"):
            yield unit.attributes.get("name", ""), unit, unit


def _own_addresses(layer: Element, objects: Objects) -> list[tuple[int, str]]:
    """(line, address with its mask) of an interface; those that are named are looked up."""
    written = [(e.line, e.attributes.get("name", "")) for e in _each(layer, "ip")]
    written += [(e.line, e.attributes.get("name", "")) for e in _each(layer, "ipv6", "address")]
    return [(line, objects.written(text) or text) for line, text in written if text]


def _split(own: Iterable[tuple[int, str]]) -> tuple[AddressSet, AddressSet]:
    """The addresses themselves, and the networks that they are in."""
    addresses, networks = [], []
    for _, text in own:
        try:
            addresses.append(literal(text.partition("/")[0]))
            networks.append(literal(text))
        except ValueError:
            continue  # a variable of a template, or a name: its address is not in the export
    return _union(addresses), _union(networks)


def _union(sets: Sequence[AddressSet]) -> AddressSet:
    return AddressSet(v4=intervals.union(*(s.v4 for s in sets)), v6=intervals.union(*(s.v6 for s in sets)))


# ------------------------------------------------------------------------------------------------ routes


def _routes(file: ConfigFile, router: Element, interfaces: Sequence[Interface], objects: Objects) -> Iterator[Route]:
    """Static routes. One whose interface is not known leaves open what lies behind: it is claimed by two that nobody has."""
    for table in ("ip", "ipv6"):
        for entry in _each(router, "routing-table", table, "static-route"):
            where = entry.says("destination") or ""
            try:
                network = literal(objects.written(where) or where)
            except ValueError:
                continue  # a variable of a template: nobody knows which network it is
            origin = file.origin(entry.line, f"static route to {where}", entry.line_to)
            sides_ = [side] if (side := _side(entry, interfaces)) else ["\0one", "\0other"]
            for family in FAMILIES:
                pairs = intervals.of(network, family)
                yield from (
                    Route(family=family, network=pair, interface=name, origin=origin)
                    for pair in pairs
                    for name in sides_
                )


def _side(entry: Element, interfaces: Sequence[Interface]) -> str | None:
    """The interface of a route: as written, else the one in whose network its next hop is."""
    if entry.first("nexthop", "next-vr") is not None or entry.first("nexthop", "next-lr") is not None:
        return None
    if (name := entry.says("interface")) not in (None, "None", "none"):
        return name
    written = entry.says("nexthop", "ip-address") or entry.says("nexthop", "ipv6-address") or ""
    try:
        at, family = intervals.number(written)
    except ValueError:
        return None
    near = [one.name for one in interfaces if intervals.contains(intervals.of(one.networks, family), at)]
    return near[0] if len(near) == 1 else None


# ------------------------------------------------------------------------------------------------ management


def management(
    file: ConfigFile, device: Element, network: Element, found: Network, objects: Objects
) -> tuple[Chain, Interface | None]:
    """What the device answers at its own addresses, and its management port.

    That a security rule lets such a packet in too is not settled here: what a profile permits is not known to pass.
    """
    profiles = {e.attributes.get("name", ""): e for e in _each(network, "profiles", "interface-management-profile")}
    steps: list[Rule] = []
    for one in found.interfaces:
        profile = profiles.get(found.profiles.get(one.name, ""))
        if profile is None or one.addresses == AddressSet():
            continue
        name = profile.attributes.get("name", "")
        allowed = [e.attributes.get("name", "") for e in _each(profile, "permitted-ip")]
        on = [service for service in _SERVICES if profile.says(service) == "yes"]
        steps += _answers(
            file, profile, f"management profile {name} on {one.name}", on, allowed, one.addresses, objects, len(steps),
            unknown="the security rules for the zone of the interface are asked too",
        )  # fmt: skip
    every = _union([one.addresses for one in found.interfaces])
    tags = {path[0] for path, _, _ in _OF_ITSELF}
    parts = [e for e in device.walk() if e.tag in tags]
    for (tag, *more), words, services in _OF_ITSELF:
        section = next((e for e in parts if e.tag == tag and (e.first(*more, "entry") or any(_on(e)))), None)
        if section is not None and every != AddressSet():
            steps.append(
                Rule(
                    position=len(steps), action="permit", src=EVERYWHERE, dst=every, services=services,
                    unknown=f"{words} may answer at the device's own addresses",
                    origin=file.origin(section.line, f"{words} is configured", vendor_id=words),
                )
            )  # fmt: skip
    port = _port(file, device, objects, steps)
    origin = file.origin(network.line, "no management profile answers", vendor_id="management")
    return Chain(name="management", steps=tuple(steps), default="deny", default_origin=origin), port


def _on(section: Element) -> Iterator[bool]:
    """Whether each part of a part of the configuration, such as a routing protocol, is switched on."""
    return (one.says("enable") == "yes" for one in section.children)


def _port(file: ConfigFile, device: Element, objects: Objects, steps: list[Rule]) -> Interface | None:
    """The management port with what it answers: ssh and https, unless it is told otherwise."""
    system = device.first("deviceconfig", "system")
    if system is None or (written := system.says("ip-address")) is None:
        return None
    try:
        addresses = literal(written)
    except ValueError:
        return None
    off = {"http": "yes", "telnet": "yes", "snmp": "yes", "https": "no", "ssh": "no"}
    on = [name for name, usual in off.items() if (system.says("service", f"disable-{name}") or usual) == "no"]
    on += ["ping"] if system.says("service", "disable-icmp") != "yes" else []
    allowed = [e.attributes.get("name", "") for e in _each(system, "permitted-ip")]
    steps += _answers(file, system, "the management port", on, allowed, addresses, objects, len(steps))
    return Interface(name=MANAGEMENT, addresses=addresses, origin=file.origin(system.line, "management port"))


def _answers(
    file: ConfigFile, where: Element, words: str, on: Sequence[str], allowed: Sequence[str], addresses: AddressSet,
    objects: Objects, position: int, unknown: str | None = None,
) -> Iterator[Rule]:  # fmt: skip
    """The rule of what is answered at some addresses, where anything is."""
    if not on:
        return
    meant = objects.addresses(allowed) if allowed else Meant(addresses=EVERYWHERE)
    text = f"{words}: {', '.join(on)} for {', '.join(allowed) or 'any'}"
    more: dict[str, Any] = {"vendor_id": words}
    yield Rule(
        position=position, action="permit", src=meant.addresses, dst=addresses,
        services=tuple(dict.fromkeys(s for name in on for s in _SERVICES[name])), unknown=unknown,
        origin=file.origin(where.line, text, where.line_to, **more),
    )  # fmt: skip
