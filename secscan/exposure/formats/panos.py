"""Palo Alto PAN-OS and Panorama configurations as XML: virtual systems, device groups, pre, own and post rules, NAT.

First match: Panorama's shared pre-rules, those of each ancestor of the device group and its own, the device's own
rules, then post-rules the other way round, then the default rules: within a zone let through, between zones not. A
rule is held against the addresses and ports as they were sent, and against the zone that the packet goes to in the end.
What only App-ID, a user, a device or a time tells is not known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Final, Literal

from secscan.doors.terminal import safe
from secscan.doors.validate import nearest
from secscan.doors.xml import Element, tree
from secscan.exposure import intervals
from secscan.exposure.formats import panos_nat, panos_network
from secscan.exposure.formats.export import ConfigFile, Export, masked
from secscan.exposure.formats.panos_nat import Matched, Routed
from secscan.exposure.formats.panos_network import Network
from secscan.exposure.formats.panos_objects import (
    APPLICATION_DEFAULT,
    EVERY_SERVICE,
    EVERYWHERE,
    Catalogue,
    Meant,
    Objects,
    members,
)
from secscan.exposure.sides import behind
from secscan.model.net import (
    V4_ALL,
    V6_ALL,
    Action,
    AddressSet,
    Chain,
    Device,
    Interface,
    Origin,
    PortSet,
    Rule,
    Stage,
    Translation,
)

MAX_NODES: Final = 5_000_000
_WITHOUT: Final = frozenset(
    ("mgt-config", "predefined", "certificate", "certificate-profile", "ssl-tls-service-profile", "log-settings", "reports",
     "report-group", "pdf-summary-report", "email-scheduler", "threats", "authentication-profile", "server-profile",
     "local-user-database", "ssl-decrypt", "profile-group", "botnet", "content-preview", "response-page", "scep", "user-id-collector",
     "profile-setting", "ike-crypto-profiles", "ipsec-crypto-profiles", "zone-protection-profile", "qos", "lldp-profile")
)  # fmt: skip
"""What never says anything of what passes; keys and hashes among it are not even kept."""

_HEAD = re.compile(
    r"(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*(?:<response\b[^>]*>\s*<result\b[^>]*>\s*)?<config\b[^>]*>", re.DOTALL
)
_INSIDE = re.compile(
    r"<(?:mgt-config|shared|panorama|readonly|predefined)\b|<devices\b[^>]*>\s*(?:<!--.*?-->\s*)*<entry\b", re.DOTALL
)
_PART = re.compile(r"(?:<\?xml[^>]*\?>\s*)?<response\b[^>]*\bstatus=")
_SAY = "export the whole: Device, Setup, Operations, Export named configuration snapshot"
_ACTIONS: Final[Mapping[str, Action]] = {
    "allow": "permit", "deny": "deny", "drop": "deny", "reset-client": "deny", "reset-server": "deny", "reset-both": "deny",
}  # fmt: skip
_PLAIN: Final = frozenset(
    ("from", "to", "source", "destination", "negate-source", "negate-destination", "service", "application", "action", "disabled",
     "rule-type", "target", "log-start", "log-end", "log-setting", "option", "tag", "description", "group-tag", "icmp-unreachable",
     "audit-comment", "disable-inspect", "profile", "aggregate", "protection", "enforce-symmetric-return",
     "active-active-device-binding", "authentication-enforcement", "log-authentication-timeout", "timeout")
)  # fmt: skip
"""What is read, or says nothing of what matches; whatever else a rule holds is a condition."""
_HOLDERS: Final = frozenset(("devices", "vsys", "device-group", "readonly"))
"""Where an entry of one name is one thing; of rules and objects each stands for itself."""
_HIERARCHY_SINCE: Final = 7
"""The version of PAN-OS since which device groups stand below each other."""
_NO_CONDITION: Final = frozenset(("any", "no", "none", ""))
_OTHERS: Final = (
    ("dos", "DoS protection", "original"), ("pbf", "policy based forwarding", "translated"),
    ("authentication", "authentication", "original"), ("captive-portal", "captive portal", "original"), ("sdwan", "SD-WAN", "translated"),
)  # fmt: skip
"""Rules beside the security rules that may stop a packet or send it elsewhere: section, in words, what they see."""
_QUIET: Final = frozenset(
    ("security", "nat", "default-security-rules", "decryption", "application-override", "tunnel-inspect", "network-packet-broker",
     "data-redistribution", *(section for section, _, _ in _OTHERS))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Level:
    """One place that rules come from, outermost first."""

    scope: Element
    local: bool = False
    """The device's own: its rules stand between the pre-rules and the post-rules of all."""


@dataclass(slots=True)
class _Virtual:
    """One set of rules: a virtual system, or a device group. ``mark``: what its names begin with among several."""

    name: str
    levels: Sequence[_Level]
    objects: Objects
    zones: Mapping[str, list[str]]
    mark: str = ""
    origin: Origin | None = None
    whole: bool = True
    """Every zone is in the export; Panorama's, and one that lists none, may know others."""
    absent: Origin | None = None
    """Where it shows that there are rules above it, or device groups, which are not in the export."""
    every: frozenset[str] = field(init=False)
    """Its zones, and those that only its rules name, as the device knows them."""

    def __post_init__(self) -> None:
        rules = (rule for level in self.levels for rule in _all_rules(level.scope))
        named = {name for rule in rules for name in members(rule, "from") + members(rule, "to")}
        self.every = frozenset(self.mark + name for name in named.union(self.zones) - {"any", "multicast"})

    def called(self, names: Sequence[str]) -> frozenset[str] | None:
        """Zones as the device knows them; None: any, or nothing said."""
        return None if "any" in names or not names else frozenset(self.mark + name for name in names)


@dataclass(slots=True)
class _Read:
    """What a device is made of, as it is gathered."""

    file: ConfigFile
    chains: dict[str, Chain] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    translations: list[Translation] = field(default_factory=list)
    unread: list[Origin] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    decoded: int = 0


class Panos:
    """Reads the XML of a firewall or of Panorama."""

    kind = "panos"

    def fits(self, head: str) -> str | None:
        head = head.lstrip("\ufeff \t\r\n")
        if (found := _HEAD.match(head)) and (
            'urldb="paloaltonetworks"' in found[0] or _INSIDE.search(head, found.end())
        ):
            return "certain: a configuration as PAN-OS writes it"
        if _PART.match(head) and re.search(r"<(?:rulebase|pre-rulebase|rules|security|vsys|device-group)\b", head):
            return "likely: what a PAN-OS device answered"
        return None

    def read(self, export: Export) -> Device:
        file, *more = export.files
        if more:
            raise more[0].refuse(f"stands beside {file.shown}: a PAN-OS configuration is one file", "name one of them")
        root = _root(file)
        device = next((d for d in _entries(root, "devices") if d.first("device-group") is not None), None)
        if device is not None and any(_entries(device, "device-group")):
            return _panorama(export, file, root, device)
        device = next((d for d in _entries(root, "devices") if d.first("vsys") is not None), None)
        if device is None or not any(_entries(device, "vsys")):
            raise file.refuse("holds no virtual system and no device group", _SAY, root.line)
        return _firewall(export, file, root, device)


def _root(file: ConfigFile) -> Element:
    """The configuration in the file. Raises InputError where it is none, or not whole."""
    if not file.text().lstrip("\ufeff \t\r\n").startswith("<"):
        raise file.refuse("is not XML: another form of a configuration", _SAY, 1)
    root = tree(file.data, file.shown, nodes=MAX_NODES, without=_WITHOUT)
    if root.tag == "response":
        if root.attributes.get("status") != "success":
            raise file.refuse("is an answer that says no", f"ask the device again, or {_SAY}", root.line)
        inner = root.first("result", "config")
        if inner is None:
            raise file.refuse("is an answer with a part of a configuration only", _SAY, root.line)
        root = inner
    if root.tag != "config":
        raise file.refuse(f"begins with <{root.tag[:40]}>, not with <config>", _SAY, root.line)
    for element in root.walk():
        _join(element)
    return root


def _join(element: Element) -> None:
    """Parts of one name that stand in it several times are one part, as a device that loads them takes them."""
    seen: dict[tuple[str, str], Element] = {}
    kept = []
    for child in element.children:
        single = child.tag == "member" or (child.tag == "entry" and element.tag not in _HOLDERS)
        known = None if single else seen.setdefault((child.tag, _name(child)), child)
        if known is None or known is child:
            kept.append(child)
        else:
            known.children += child.children
            known.text = f"{known.text} {child.text}"
    element.children = kept


def _entries(element: Element, *path: str) -> Iterator[Element]:
    found = element.first(*path)
    return iter(()) if found is None else found.each("entry")


def _name(entry: Element) -> str:
    return entry.attributes.get("name", "")


# ------------------------------------------------------------------------------------------------ a firewall


def _firewall(export: Export, file: ConfigFile, root: Element, device: Element) -> Device:
    catalogue, read = Catalogue(), _Read(file)
    shared = list(root.each("shared"))
    panorama = root.first("panorama") or Element("panorama", {}, 0)
    systems = [v for v in _entries(device, "vsys") if _used(v, panorama)] or list(_entries(device, "vsys"))[:1]
    gateways = list(_entries(device, "network", "shared-gateway"))
    several = len(systems) + len(gateways) > 1
    every: list[_Virtual] = []
    for vsys in systems:
        name = _name(vsys)
        pushed = [e for e in _entries(panorama, "vsys") if _name(e) == name]
        outer = [*shared, *panorama.each("shared"), panorama, *pushed]
        objects = Objects(file, catalogue, [vsys, *shared], [*reversed(pushed), panorama, *panorama.each("shared")])
        every.append(
            _Virtual(
                name=name, levels=[*(_Level(one) for one in outer), _Level(vsys, local=True)], objects=objects,
                zones=panos_network.zones_of(vsys), whole=any(_entries(vsys, "zone")), mark=f"{name}/" if several else "",
                origin=file.origin(vsys.line, f"virtual system {name}", vsys.line_to, vendor_id=name),
                absent=_absent(file, device, panorama),
            )
        )  # fmt: skip
    network = device.first("network") or Element("network", {}, device.line)
    zones = {v.mark + zone: tuple(names) for v in every for zone, names in v.zones.items()}
    zones |= {f"{_name(g)}/{zone}": tuple(names) for g in gateways for zone, names in panos_network.zones_of(g).items()}
    origins = {v.mark + zone: v.origin for v in every for zone in v.zones if v.origin is not None}
    found = panos_network.sides(file, network, zones, every[0].objects, origins)
    answers, port = panos_network.management(file, device, network, found, every[0].objects)
    sides = [*found.interfaces, *_unlisted(every, found.interfaces), *([port] if port else [])]
    outline = Device(name="", kind="panos", chains={}, stages=(), interfaces=tuple(sides), routes=tuple(found.routes))
    routed = Routed(interfaces=sides, behind=behind(outline, 4), behind6=behind(outline, 6))
    every = [v for v, vsys in zip(every, systems, strict=True) if _wanted(export, v.name, vsys.says("display-name"))]
    if not every:
        wanted, known = export.options["part"], [_name(v) for v in systems]
        raise file.refuse(f"has no virtual system '{wanted}'{nearest(wanted, known)}", f"known: {', '.join(known)}")
    mine = {one.name: frozenset(i.name for i in sides if i.zone in one.every) for one in every}
    for one in every:
        _rulebases(read, one, routed, mine[one.name] if several else None)
    _elsewhere(read, mine if several else {}, sides, every[0].origin or file.origin(0, ""))
    if any(one.addresses != AddressSet() for one in sides):
        read.chains[answers.name] = answers
        read.stages.append(Stage(name="management", chain=answers.name, traffic="to-device"))
    return _device(export, root, read, catalogue, sides, found, device)


def _used(vsys: Element, panorama: Element) -> bool:
    """Whether a virtual system has rules or zones."""
    pushed = [e for e in _entries(panorama, "vsys") if _name(e) == _name(vsys)]
    return any(_entries(vsys, "zone")) or any(any(_rules(s, *base)) for s in (vsys, *pushed) for base in _BASES)


_BASES: Final = (
    ("rulebase", "security"), ("pre-rulebase", "security"), ("post-rulebase", "security"), ("rulebase", "nat"),
)  # fmt: skip


def _absent(file: ConfigFile, device: Element, panorama: Element) -> Origin | None:
    """Where the device says that Panorama manages it, though nothing that Panorama gave it is in the export."""
    if any(one.tag in ("pre-rulebase", "post-rulebase") for one in panorama.walk()):
        return None
    system = device.first("deviceconfig", "system")
    for one in () if system is None else system.walk():
        if one.tag == "panorama-server" and one.text.strip():
            return file.origin(
                one.line, "Panorama manages the device, and the rules that it gives it are not in the export"
            )
    return None


def _unlisted(every: Sequence[_Virtual], sides: Sequence[Interface]) -> Iterator[Interface]:
    """A side for each zone that only rules name."""
    known = {name for one in sides for name in (one.name, one.zone)}
    for one in every:
        for name in sorted(one.every - known):
            yield Interface(name=name, zone=name)


def _all_rules(scope: Element) -> Iterator[Element]:
    for base in ("pre-rulebase", "rulebase", "post-rulebase"):
        for kind in ("security", "nat"):
            yield from _rules(scope, base, kind)


def _elsewhere(read: _Read, mine: Mapping[str, frozenset[str]], sides: Sequence[Interface], says: Origin) -> None:
    """What passes from one virtual system to another is not followed; what passes a side that is in no zone is dropped.

    ``mine``: virtual system -> its sides, where there are several.
    """
    zoned = frozenset(one.name for one in sides if one.zone is not None)
    ways: list[tuple[str, frozenset[str], frozenset[str] | None]]
    ways = [(f"from {name} to others", own, zoned - own) for name, own in mine.items()]
    rest = zoned.difference(*mine.values()) if mine else frozenset()
    ways = [way for way in (*ways, ("from others", rest, None)) if way[1] and way[2] != frozenset()]
    if ways:
        name = "between virtual systems"
        origin = replace(says, text="what passes between virtual systems is not followed", vendor_id=name)
        read.chains[name] = Chain(name=name, steps=(origin,), default=None, default_origin=origin)
        read.stages += [Stage(name=way, chain=name, in_interfaces=a, out_interfaces=b) for way, a, b in ways]
    if none := [one for one in sides if one.zone is None]:
        names = frozenset(one.name for one in none)
        first = none[0].origin or says
        origin = replace(first, text=f"in no zone: {first.text}", vendor_id="no zone")
        read.chains["no zone"] = Chain(name="no zone", steps=(), default="deny", default_origin=origin)
        read.stages.append(Stage(name="comes in by no zone", chain="no zone", in_interfaces=names))
        read.stages.append(Stage(name="goes out by no zone", chain="no zone", out_interfaces=names))


def _wanted(export: Export, *names: str | None) -> bool:
    """Whether a part of the export is one that is asked for, by one of its names."""
    return export.options.get("part") in (None, *names)


# ------------------------------------------------------------------------------------------------ Panorama


def _panorama(export: Export, file: ConfigFile, root: Element, device: Element) -> Device:
    catalogue, read = Catalogue(), _Read(file)
    groups = {_name(e): e for e in _entries(device, "device-group")}
    parents, listed = _parents(file, root, groups)
    shared = list(root.each("shared"))
    wanted = export.options.get("part")
    if wanted is not None and wanted not in groups:
        raise file.refuse(
            f"has no device group '{wanted}'{nearest(wanted, groups)}",
            f"known: {', '.join(sorted(groups)[:20])}",
            device.line,
        )
    leaves = [name for name in groups if name not in parents.values()]
    chosen = [wanted] if wanted is not None else leaves or list(groups)
    lines = {name: [name, *_ancestors(file, name, parents, groups)] for name in chosen}
    contested = any(
        one.tag == "ancestor-objects-take-precedence" and one.text.strip() == "yes" for one in device.walk()
    )
    every = []
    for name, line in lines.items():
        scopes = [groups[one] for one in line]
        group = groups[name]
        every.append(
            _Virtual(
                name=name, levels=[_Level(one) for one in (*shared, *reversed(scopes))], zones={}, whole=False,
                objects=Objects(file, catalogue, [*scopes, *shared], contested=contested),
                origin=file.origin(group.line, f"device group {name}", group.line_to, vendor_id=name),
            )
        )  # fmt: skip
    if not listed and len(groups) > 1 and _major(root) >= _HIERARCHY_SINCE:
        where = device.first("device-group") or device
        for one in every:
            one.absent = file.origin(
                where.line, "which device group is below which: the part <readonly> is not in the export"
            )
    nat = [
        v
        for v in every
        if any(any(_rules(lv.scope, base, "nat")) for lv in v.levels for base in ("pre-rulebase", "post-rulebase"))
    ]
    if len(every) > 1 and nat:
        names = ", ".join(sorted(lines)[:20])
        raise file.refuse(
            f"holds {len(every)} device groups with NAT rules of their own: {names}",
            "say which with --part, or 'part' in secscan.yaml; or export the merged configuration of the firewall", device.line,
        )  # fmt: skip
    sides = list({one.name: one for v in every for one in _unlisted([v], ())}.values())
    routed = Routed(interfaces=sides, behind={}, behind6={})
    for one in every:
        _rulebases(read, one, routed, None)
    if len(every) > 1:
        read.stages.clear()
        for chain in [c for c in read.chains if c not in lines]:
            read.unread += [step.origin if isinstance(step, Rule) else step for step in read.chains.pop(chain).steps]
    read.warnings.append(f"{file.shown}: the rules that firewalls have of their own are not in an export of Panorama")
    return _device(export, root, read, catalogue, sides, Network(), device)


def _parents(file: ConfigFile, root: Element, groups: Mapping[str, Element]) -> tuple[dict[str, str], bool]:
    """Device group -> the one above it, where that is not *shared*; and whether the export says so at all."""
    found: dict[str, str] = {}
    listed = [e for d in _entries(root, "readonly", "devices") for e in _entries(d, "device-group")]
    for entry in (*listed, *groups.values()):
        above = entry.says("parent-dg")
        if above is None or above == "shared":
            continue
        if above not in groups:
            raise file.refuse(
                f"device group '{_name(entry)[:60]}' is below '{above[:60]}', which is not there", _SAY, entry.line
            )
        found[_name(entry)] = above
    return found, bool(listed or found)


def _major(root: Element) -> int:
    """The version as a number; the newest where it is not said."""
    first = root.attributes.get("version", "").partition(".")[0]
    return int(first) if first.isascii() and first.isdecimal() else 99


def _ancestors(file: ConfigFile, name: str, parents: Mapping[str, str], groups: Mapping[str, Element]) -> list[str]:
    found: list[str] = []
    while (above := parents.get(found[-1] if found else name)) is not None:
        if above == name or above in found:
            raise file.refuse(
                f"device group '{name[:60]}' is below itself", "mend it and export again", groups[name].line
            )
        found.append(above)
    return found


# ------------------------------------------------------------------------------------------------ rulebases


def _rules(scope: Element, base: str, kind: str) -> Iterator[Element]:
    return _entries(scope, base, kind, "rules")


def _ordered(one: _Virtual, kind: str) -> Iterator[tuple[str, Element]]:
    """(what it is called, the rule) of a rulebase in the order in which the device asks: pre, own, post."""
    before = [e for level in one.levels for e in _rules(level.scope, "pre-rulebase", kind)]
    own = [e for level in one.levels if level.local for e in _rules(level.scope, "rulebase", kind)]
    after = [e for level in reversed(one.levels) for e in _rules(level.scope, "post-rulebase", kind)]
    for word, rules in (("pre-rule", before), ("rule", own), ("post-rule", after)):
        for number, entry in enumerate(rules, 1):
            yield f"{one.mark.replace('/', ' ')}{word} {number}", entry


def _rulebases(read: _Read, one: _Virtual, routed: Routed, sides: frozenset[str] | None) -> None:
    """The chains, stages and translations of one set of rules. ``sides``: its interfaces, where there are others."""
    found = [t for label, entry in _ordered(one, "nat") for t in _translated(read, one, label, entry, routed)]
    read.translations += found
    rules = _Rules(read.file, one, sorted(one.every), panos_nat.changed_ports(found))
    for section, words, sees in _OTHERS:
        steps = [s for label, entry in _ordered(one, section) for s in rules.other(section, f"{words} {label}", entry)]
        if any(not isinstance(s, Rule) or (s.enabled and s.action != "continue") for s in steps):
            name = f"{one.name} {section}"
            read.chains[name] = Chain(
                name=name,
                steps=_numbered(steps),
                default="permit",
                default_origin=one.origin or read.file.origin(0, ""),
            )
            _bind(read, f"{words} of {one.name}", name, sees, sides)  # type: ignore[arg-type]
    read.chains[one.name] = rules.security()
    _bind(read, f"security rules of {one.name}", one.name, "original", sides)
    read.decoded += rules.decoded + len(found)
    for level in one.levels:
        for base in level.scope.each("pre-rulebase", "rulebase", "post-rulebase"):
            for strange in (e for e in base.children if e.tag not in _QUIET):
                entries = [e for e in strange.walk() if e.tag == "entry"]
                read.unread += [read.file.origin(e.line, f"{strange.tag}: {_words(e)}", e.line_to) for e in entries]


def _bind(
    read: _Read, name: str, chain: str, sees: Literal["original", "translated"], sides: frozenset[str] | None
) -> None:
    read.stages.append(Stage(name=name, chain=chain, sees=sees, in_interfaces=sides, out_interfaces=sides))


def _numbered(steps: Sequence[Rule | Origin]) -> tuple[Rule | Origin, ...]:
    return tuple(replace(s, position=n) if isinstance(s, Rule) else s for n, s in enumerate(steps))


def _translated(read: _Read, one: _Virtual, label: str, entry: Element, routed: Routed) -> Iterator[Translation]:
    """A NAT rule."""
    source, destination, service = (one.objects.addresses(members(entry, "source")),
                                    one.objects.addresses(members(entry, "destination")),
                                    one.objects.services(members(entry, "service") or ["any"]))  # fmt: skip
    unknown = _targeted(entry) or service.unknown
    for side in ("from", "to", "source", "destination"):
        unknown = unknown or (None if members(entry, side) else f"its list '{side}' is empty")
    way_out = entry.says("to-interface")
    to = one.called(members(entry, "to"))
    match = Matched(
        name=f"{label} {safe(masked(_name(entry)), 200)}", src=source.addresses, dst=destination.addresses,
        services=EVERY_SERVICE if service.unknown else service.services,
        into=one.called(members(entry, "from")) or (one.every if one.mark else None),
        to=to if way_out is None or way_out == "any" else frozenset((way_out,)), enabled=entry.says("disabled") != "yes", unknown=unknown,
        origin=_origin(read.file, f"NAT {label}", entry, source, destination, service),
    )  # fmt: skip
    yield from panos_nat.translations(read.file, entry, match, one.objects, routed)


def _targeted(entry: Element) -> str | None:
    """Why a rule of Panorama may not be for the device."""
    some = [_name(e) for e in _entries(entry, "target", "devices")]
    tags = members(entry, "target", "tags")
    return f"it is meant for some devices only: {', '.join((some + tags)[:3])}" if some or tags else None


def _origin(file: ConfigFile, label: str, entry: Element, *meant: Meant) -> Origin:
    names = tuple(dict.fromkeys(safe(masked(name), 100) for one in meant for name in one.names))
    return file.origin(
        entry.line,
        _words(entry),
        entry.line_to,
        vendor_id=label,
        name=safe(masked(_name(entry)), 200),
        objects=names[:60],
    )


_FIRST: Final = ("from", "source", "to", "destination", "application", "service", "action")


def _words(entry: Element) -> str:
    """A rule in its own words on one line."""
    said = {one.tag: one for one in entry.children}
    parts = [_name(entry)]
    for tag in (*_FIRST, *(t for t in said if t not in _FIRST and t not in ("description", "tag", "option"))):
        if (one := said.get(tag)) is not None:
            inner = list(_said(one))
            parts.append(f"{tag} {', '.join(inner)}" if inner else tag)
    return "; ".join(parts)


def _said(element: Element) -> Iterator[str]:
    """What an element and those in it say, without what is secret by the name of its element."""
    for one in element.walk():
        if text := one.text.strip() or _name(one):
            yield text if one.tag == "member" else masked(f"{one.tag} {text}").removeprefix(f"{one.tag} ")


# ------------------------------------------------------------------------------------------------ rules


_Way = dict[str, frozenset[str] | None]
"""Interfaces that a rule is for, as fields of it."""


@dataclass(slots=True)
class _Rules:
    """Rules as one virtual system reads them. ``zones``: all there are, for rules within or between any of them."""

    file: ConfigFile
    of: _Virtual
    zones: Sequence[str]
    changed: tuple[PortSet, ...]
    """Ports that some translation changes."""
    decoded: int = 0

    def security(self) -> Chain:
        """The security rules with the default rules behind them."""
        steps: list[Rule | Origin] = []
        absent = self.of.absent
        steps += [absent] if absent else []
        for label, entry in _ordered(self.of, "security"):
            steps += self._rule(label, entry)
        steps += [absent] if absent else []
        own = self.of.origin or self.file.origin(0, "")
        within, says = self._default("intrazone-default", "permit")
        where = says or replace(own, text=f"within a zone: allow ({own.text})", vendor_id="intrazone-default")
        for zone in self.zones:
            steps.append(
                Rule(
                    position=0, action=within, src=EVERYWHERE, dst=EVERYWHERE, services=EVERY_SERVICE,
                    in_interfaces=frozenset((zone,)), out_interfaces=frozenset((zone,)), origin=where,
                )
            )  # fmt: skip
        if not self.of.whole:
            others = frozenset(self.zones)
            steps.append(
                Rule(
                    position=0, action=within, src=EVERYWHERE, dst=EVERYWHERE, services=EVERY_SERVICE, not_in_interfaces=others,
                    not_out_interfaces=others, unknown="it may pass within a zone that no rule names", origin=where,
                )
            )  # fmt: skip
        between, says = self._default("interzone-default", "deny")
        end = says or replace(own, text=f"between zones: deny ({own.text})", vendor_id="interzone-default")
        return Chain(
            name=self.of.name,
            steps=_numbered(steps),
            default="permit" if between == "permit" else "deny",
            default_origin=end,
        )

    def _default(self, name: str, usual: Action) -> tuple[Action, Origin | None]:
        """What a default rule does, and where it is overridden: at the device, else at the nearest level above it."""
        for level in reversed(self.of.levels):
            for base in ("rulebase", "post-rulebase", "pre-rulebase"):
                for entry in _entries(level.scope, base, "default-security-rules", "rules"):
                    if _name(entry) == name and (action := _ACTIONS.get(entry.says("action") or "")) is not None:
                        return action, _origin(self.file, name, entry)
        return usual, None

    def _rule(self, label: str, entry: Element) -> list[Rule | Origin]:
        action = _ACTIONS.get(entry.says("action") or "")
        if action is None:
            what = f"action '{entry.says('action')}' is not understood" if entry.says("action") else "it has no action"
            return [replace(_origin(self.file, label, entry), text=f"{what}: {_words(entry)[:200]}")]
        self.decoded += 1
        empty = next((side for side in ("to", "application", "service") if not members(entry, side)), None)
        return list(self._matching(label, entry, action, None if empty is None else f"its list '{empty}' is empty"))

    def other(self, section: str, label: str, entry: Element) -> list[Rule]:
        """A rule of another rulebase: it stops a packet, may stop it or send it elsewhere, or leaves it alone."""
        self.decoded += 1
        verbs: tuple[Action, ...] = ("continue",)
        unknown = None
        match section:
            case "dos" if entry.first("action", "deny") is not None or entry.says("action") == "deny":
                verbs = ("deny",)
            case "pbf" if entry.first("action", "discard") is not None:
                verbs = ("deny",)
            case "pbf" if entry.first("action", "no-pbf") is not None:
                verbs = ("permit",)
            case "pbf" | "sdwan":
                verbs, unknown = ("deny", "permit"), "it sends packets another way than routing does"
            case "dos" if entry.first("action", "allow") is not None or entry.says("action") == "allow":
                verbs = ("permit",)
            case "authentication" | "captive-portal":
                quiet = (entry.says("authentication-enforcement") or entry.says("action") or "") in (
                    "default-no-captive-portal", "no-captive-portal",
                )  # fmt: skip
                verbs = ("permit",) if quiet else ("deny", "permit")
                unknown = None if quiet else "it may ask for a login first"
        return [rule for verb in verbs for rule in self._matching(label, entry, verb, unknown)]

    def _matching(self, label: str, entry: Element, action: Action, unknown: str | None = None) -> Iterator[Rule]:
        """The rule, once for each pair of zones and each part of its services that must be told apart."""
        one = self.of.objects
        source, destination = (one.addresses(members(entry, side)) for side in ("source", "destination"))
        service, ports, why = self._services(entry)
        unknown = unknown or _targeted(entry) or self._conditions(entry) or why
        src, src_doubt = _side(source, entry.says("negate-source") == "yes", "source")
        dst, dst_doubt = _side(destination, entry.says("negate-destination") == "yes", "destination")
        unknown = unknown or src_doubt or dst_doubt
        description = entry.says("description")
        rule = Rule(
            position=0, action=action, src=src, dst=dst, services=ports, enabled=entry.says("disabled") != "yes",
            reason=safe(masked(description), 500) if description else None,
            origin=_origin(self.file, label, entry, source, destination, service),
        )  # fmt: skip
        parts: list[tuple[tuple[PortSet, ...], str | None]] = [(ports, None)] if ports else []
        if service.unknown is not None:
            parts.append((EVERY_SERVICE, service.unknown))
        for way, (services, doubt) in product(self._pairs(entry), parts):
            why = unknown or doubt or self._unnamed(way)
            yield replace(rule, services=services, unknown=why, **way)  # type: ignore[arg-type]

    def _pairs(self, entry: Element) -> Iterator[_Way]:
        """The zones of a rule: within each, from each to the others, or all at once."""
        into, out = (self.of.called(members(entry, side, "zone") or members(entry, side)) for side in ("from", "to"))
        if entry.first("from", "interface") is not None:
            into = frozenset(members(entry, "from", "interface")) or None
        each = self.zones if into is None else sorted(into)
        kind = entry.says("rule-type")
        if kind not in ("intrazone", "interzone"):
            yield {"in_interfaces": into, "out_interfaces": out}
            return
        for own in (frozenset((zone,)) for zone in each):
            if kind == "intrazone":
                yield {"in_interfaces": own, "out_interfaces": own}
            elif out is None:
                yield {"in_interfaces": own, "not_out_interfaces": own}
            elif out - own:
                yield {"in_interfaces": own, "out_interfaces": out - own}
        if into is None and not self.of.whole:
            yield {"not_in_interfaces": frozenset(self.zones), "out_interfaces": out}

    def _unnamed(self, way: _Way) -> str | None:
        return "it may be for a zone that no rule names" if way.get("not_in_interfaces") else None

    def _conditions(self, entry: Element) -> str | None:
        """Why a rule may or may not match: what it asks beside addresses, zones and services."""
        for one in entry.children:
            if one.tag in _PLAIN:
                continue
            if asked := [value for value in _said(one) if value.casefold() not in _NO_CONDITION]:
                return f"{one.tag.replace('-', ' ')}: {', '.join(asked[:3])}"
        for side in ("from", "source", "destination"):
            if not (members(entry, side) or entry.first(side, "zone") or entry.first(side, "interface")):
                return f"its list '{side}' is empty"
        kind = entry.says("rule-type") or "universal"
        return None if kind in ("universal", "intrazone", "interzone") else f"rule type '{kind}' is not understood"

    def _services(self, entry: Element) -> tuple[Meant, tuple[PortSet, ...], str | None]:
        """What its services stand for, the ports that it can be for, and why it may not match there."""
        names, apps = (members(entry, side) or ["any"] for side in ("service", "application"))
        by_itself = APPLICATION_DEFAULT in names
        service = self.of.objects.services(n for n in names if n != APPLICATION_DEFAULT)
        if "any" in apps:
            if by_itself:
                return service, EVERY_SERVICE, "application-default: only App-ID tells which ports an application has"
            return service, service.services, None
        why = f"application {', '.join(apps[:3])}: only App-ID tells"
        if not by_itself:
            return service, service.services, why
        ports = self.of.objects.default_ports(apps)
        if ports != EVERY_SERVICE:
            ports = tuple(dict.fromkeys((*ports, *self.changed)))
        return service, ports, why


def _side(meant: Meant, negated: bool, side: str) -> tuple[AddressSet, str | None]:
    """The addresses of a side, and why they may not be it. Negated: all others, of a family that it does not name all."""
    whole = meant.addresses
    if not negated:
        return whole, None
    others = AddressSet(v4=intervals.complement(whole.v4, V4_ALL), v6=intervals.complement(whole.v6, V6_ALL))
    return others, None if meant.unknown is None else f"{side}: {meant.unknown}"


# ------------------------------------------------------------------------------------------------ the device


def _device(
    export: Export, root: Element, read: _Read, catalogue: Catalogue, sides: Sequence[Interface], found: Network, device: Element
) -> Device:  # fmt: skip
    version = root.attributes.get("detail-version") or root.attributes.get("version")
    off = device.says("deviceconfig", "setting", "session", "ipv6-firewalling") == "no"
    return Device(
        name=export.device,
        kind="panos",
        chains=read.chains,
        stages=tuple(read.stages),
        interfaces=tuple(sides),
        routes=tuple(found.routes),
        translations=tuple(read.translations),
        families=frozenset((4,)) if off else frozenset((4, 6)),
        version=f"PAN-OS {safe(version, 40)}" if version else None,
        unread=tuple(read.unread),
        decoded=read.decoded + catalogue.count + len(sides) + len(found.routes),
        warnings=tuple(read.warnings),
    )


READER = Panos()
