"""pfSense's ``config.xml``: the rules that pf holds when the file is in force, those that settings add, and translations.

Asked in this order: what settings add, floating rules, rules of interface groups and tunnels, rules of interfaces. Rules
of an interface are quick and for what comes in; a floating rule is quick only where it says so, and may be for what
goes out, which else is let out. What no rule lets in is stopped. What is said here of settings holds for OPNsense too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from secscan.doors import xml
from secscan.doors.xml import Element
from secscan.exposure import intervals
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.exposure.formats.pfaliases import ANYWHERE, Addresses, Alias, Aliases, Span, union
from secscan.exposure.formats.pffaces import Box, Face, Kind, faces, interfaces, routes
from secscan.exposure.formats.pfnat import Nat, lockout, passing, unsourced
from secscan.exposure.formats.pfrules import (
    ACTIONS,
    BOTH,
    Line,
    Match,
    Way,
    blank,
    conditions,
    described,
    gated,
    in_order,
    match,
    rules,
    who,
)
from secscan.model.net import Chain, Device, Origin, PortSet, Rule, Stage

NAMES: Final[Mapping[Kind, str]] = {"pfsense": "pfSense", "opnsense": "OPNsense"}
_ROOT = re.compile(r"\A\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE[^>\[]*>\s*)?<([A-Za-z0-9_]+)", re.DOTALL)
_DECLARED = re.compile(rb"<\?xml[^>]{0,200}\bencoding\s*=")
_WHOLE: Final = "export again: Diagnostics, Backup & Restore, area ALL"

_OF_ALIAS: Final = frozenset(
    ("name", "type", "address", "descr", "detail", "content", "description", "enabled", "proto", "counters", "updatefreq", "interface", "url",
     "aliasurl", "categories", "category", "current_items", "last_updated", "path_expression", "authtype", "username", "password", "expire", "color",
     "created", "updated")
)  # fmt: skip
_OF_FILTER: Final = frozenset(("rule", "separator", "bypassstaticroutes", "scrub", "tableentries"))

_PRIVATE4: Final = ("10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
_SHARED: Final = "100.64.0.0/10"
_ULA: Final = "fc00::/7"
_NOBODYS: Final = intervals.networks(
    ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
     "224.0.0.0/3", "2001:db8::/32")
)  # fmt: skip
"""Addresses that are in every list of bogons: RFC 6890 gives them to no network, and class D and E."""
_PERHAPS: Final = intervals.networks(
    ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", _SHARED, _ULA, "fe80::/10", "ff00::/8")
)
"""Of these a list of bogons may have some. All others it has because nobody uses them: what comes from there is forged."""


def root_of(head: str) -> str:
    """The name of a document's first element; "" where it has none."""
    found = _ROOT.match(head.removeprefix("\ufeff"))
    return found[1] if found else ""


class Pfsense:
    """Reads a pfSense's config.xml."""

    kind = "pfsense"

    def fits(self, head: str) -> str | None:
        return "certain: its first element is <pfsense>" if root_of(head) == "pfsense" else None

    def read(self, export: Export) -> Device:
        box = opened(export, "pfsense")
        nat = Nat(box)
        top = box.root.first("filter")
        assert top is not None
        user = [*odd(box, top), *_tiers(box, list(top.each("rule")))]
        lines = [*early(box), *user, *_static(box), *late(box)]
        return device(export, box, nat, top, lines)


# ------------------------------------------------------------------------------------------------ the file


def opened(export: Export, kind: Kind) -> Box:
    """The one file of an export, its aliases and interfaces read. Raises InputError where it is no whole configuration."""
    file = export.files[0]
    if len(export.files) > 1:
        raise export.files[1].refuse(f"is a second configuration beside {file.shown}", "name one of them")
    text = file.text()
    root = xml.tree(_bytes(file, text), file.shown)
    if root.tag != kind:
        raise file.refuse(_what(root.tag, kind), _WHOLE, root.line)
    aliases = {one.name: one for one in reversed(list(_aliases(root)))}
    box = Box(
        kind=kind,
        file=file,
        root=root,
        lines=text.split("\n"),
        aliases=Aliases(aliases, lambda why, line: file.refuse(why, line=line)),
    )
    box.marks = frozenset(one.text.strip() for one in root.walk() if one.tag == "tag" and not one.children)
    faces(box)
    if root.first("filter") is None and root.first("OPNsense", "Firewall", "Filter") is None:
        raise file.refuse("has no <filter>: it is no whole configuration", _WHOLE, root.line)
    return box


def _bytes(file: ConfigFile, text: str) -> bytes:
    """The file as the XML door takes it: one that says nothing of its characters is UTF-8."""
    return file.data if _DECLARED.search(file.data[:400]) else text.encode("utf-8", "replace")


def _what(tag: str, kind: Kind) -> str:
    if tag in NAMES:
        return f"is a configuration of {NAMES[tag]}, not of {NAMES[kind]}"  # type: ignore[index]
    if tag == "m0n0wall":
        return "is a configuration of m0n0wall, which no reader takes"
    return f"begins with <{tag[:40]}>, not <{kind}>: one area of a configuration, or another maker's"


def _aliases(root: Element) -> Iterator[Alias]:
    for path in (("OPNsense", "Firewall", "Alias", "aliases"), ("aliases",)):
        top = root.first(*path)
        for one in top.each("alias") if top is not None else ():
            written = "\n".join((one.says("content") or "", one.says("address") or ""))
            enabled = one.first("enabled")
            odd = next((child.tag for child in one.children if child.tag not in _OF_ALIAS), None)
            if name := one.says("name"):
                yield Alias(
                    name=name, type=(one.says("type") or "host").casefold() if odd is None else f"<{odd}>", words=tuple(re.split(r"[\s,]+", written.strip())) if written.strip() else (),
                    line=one.line, enabled=enabled is None or enabled.text.strip() != "0",
                )  # fmt: skip


# ------------------------------------------------------------------------------------------------ rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One rule of a person's as its maker has it."""

    element: Element
    called: str
    action: str
    names: frozenset[str] | None
    """The interfaces that it is for."""
    but: frozenset[str] = frozenset()
    ways: frozenset[Way]
    quick: bool
    enabled: bool
    doubts: Sequence[str] = ()


def lines_of(box: Box, one: Written) -> Iterator[Line]:
    """A person's rule as pf has it, for each way."""
    found = match(box, one.element, needs=("source", "destination") if box.kind == "pfsense" else ())
    found.doubts += one.doubts
    action = ACTIONS.get(one.action, "permit")
    conditions(box, one.element, found, action)
    descr = described(one.element)
    objects = tuple(dict.fromkeys((*found.src.objects, *found.dst.objects, *found.objects)))
    for way in sorted(one.ways):
        called = one.called if way == "in" or len(one.ways) == 1 else f"{one.called} (out)"
        origin = box.origin(one.element, vendor_id=called, name=descr, objects=objects)
        like = blank(origin, action, enabled=one.enabled, owner=who(one.element), reason=descr or None)
        steps = rules(found, gated(like, way, one.names, one.but))
        yield Line(way=way, quick=one.quick, steps=steps)


def odd(box: Box, top: Element | None) -> Iterator[Line]:
    """What stands among the rules and is none: it may be any rule."""
    for one in top.children if top is not None else ():
        if one.tag not in _OF_FILTER and one.children:
            for way in sorted(BOTH):
                yield Line(way=way, quick=True, steps=(box.origin(one),))


def _tiers(box: Box, elements: Sequence[Element]) -> Iterator[Line]:
    """Floating rules, then those of groups and tunnels, then those of interfaces."""
    counts: Counter[str] = Counter()
    tiers: tuple[list[Line], list[Line], list[Line]] = ([], [], [])
    for element in elements:
        floating = element.first("floating")
        written = element.says("interface") or ""
        tab = "floating" if floating is not None else written
        counts[tab] += 1
        tier = 0 if floating is not None else 1 if box.is_group(written) else 2
        tiers[tier].extend(lines_of(box, _written(box, element, f"{tab} rule {counts[tab]}", floating)))
    for lines in tiers:
        yield from lines


def _written(box: Box, element: Element, called: str, floating: Element | None) -> Written:
    names, known, doubts = named(box, element)
    ways: frozenset[Way] = frozenset(("in",))
    if floating is not None and floating.text.strip() == "yes":
        word = (element.says("direction") or "any").casefold()
        ways = frozenset(("in",)) if word == "in" else frozenset(("out",)) if word == "out" else BOTH
    if floating is not None and not known:
        # pfSense writes a floating rule without an interface where it knows none of those that it names.
        names, doubts = None, ["none of its interfaces is in the file, so the device may take it for all"]
    elif not known:
        box.warn(
            element.line, f"{called}: its interface is switched off or not in the file, so the device leaves it out"
        )
    return Written(
        element=element, called=called, action=element.says("type") or "pass", names=names, ways=ways,
        quick=floating is None or element.first("quick") is not None,
        enabled=element.first("disabled") is None and (known or floating is not None), doubts=doubts,
    )  # fmt: skip


def named(box: Box, element: Element) -> tuple[frozenset[str] | None, bool, list[str]]:
    """(the interfaces that a rule is for, whether the device has one of them, doubts). None: all."""
    if box.kind == "pfsense" and element.first("interfacenot") is not None:
        return None, True, ["which interfaces <interfacenot> leaves out is not read"]
    words = [one.strip() for one in (element.says("interface") or "").split(",") if one.strip()]
    if not words or "any" in words:
        return None, True, []
    found = [box.expand(one) for one in words]
    return frozenset().union(*(names for names, _ in found)), any(known for _, known in found), []


# ------------------------------------------------------------------------------------------------ settings


def rule(
    box: Box, element: Element, action: str, says: str, way: Way, found: Match, names: frozenset[str] | None = None, *, quick: bool = True
) -> Line:  # fmt: skip
    """A rule that a setting stands for."""
    origin = box.origin(element, says, name=says)
    like = blank(origin, "permit" if action == "pass" else "deny", reason=says, implied=True)
    steps = rules(found, gated(like, way, names))
    return Line(way=way, quick=quick, steps=steps)


def _nets(*words: str) -> Addresses:
    found = intervals.networks(words)
    return Addresses(v4=Span(pairs=found.v4), v6=Span(pairs=found.v6))


def early(box: Box) -> Iterator[Line]:
    """What settings put before all rules of a person's."""
    system = box.root.first("system") or box.root
    ours = box.kind == "pfsense"
    ways: tuple[Way, ...] = ("in", "out") if ours else ("in",)
    if system.first("ipv6allow") is None:
        for way in ways:
            yield rule(box, system, "block", "IPv6 is not allowed", way, Match(families=(6,)))
    if ours and system.first("no_apipa_block") is None:
        local = _nets("169.254.0.0/16")
        for src, dst in ((local, ANYWHERE), (ANYWHERE, local)):
            yield rule(box, system, "block", "link-local addresses", "in", Match(families=(4,), src=src, dst=dst))
    yield from _portals(box)
    for face in box.faces.values():
        if face.enabled and not face.loopback:
            yield from _guarded(box, face, shared=not ours)
    if (found := lockout(box)) is not None:
        name, ports = found
        dst = box.faces[name].own if ours else box.all_own
        seen = Match(dst=dst, services=(PortSet(proto="tcp", dport=ports),))
        yield rule(box, box.faces[name].element, "pass", "anti-lockout", "in", seen, frozenset((name,)))


def _guarded(box: Box, face: Face, *, shared: bool) -> Iterator[Line]:
    """Private networks and bogons that an interface does not let in; and DHCP."""
    names = frozenset((face.name,))
    if (on := face.says("blockbogons")) is not False:
        setting = face.element.first("blockbogons") or face.element
        doubt = [] if on else ["whether <blockbogons> of 0 counts is not known"]
        sure = Addresses(v4=Span(pairs=_NOBODYS.v4), v6=Span(pairs=_NOBODYS.v6))
        maybe = Addresses(v4=Span(pairs=_PERHAPS.v4), v6=Span(pairs=_PERHAPS.v6))
        yield rule(box, setting, "block", f"bogons on {face.name}", "in", Match(src=sure, doubts=doubt), names)
        doubt = ["whether the list of bogons has it is not in the file"]
        yield rule(box, setting, "block", f"bogons on {face.name}", "in", Match(src=maybe, doubts=doubt), names)
    if (on := face.says("blockpriv")) is not False and not (box.kind == "pfsense" and _bridged(box, face)):
        setting = face.element.first("blockpriv") or face.element
        doubt = [] if on else ["whether <blockpriv> of 0 counts is not known"]
        private = _nets(*_PRIVATE4, _ULA, *([_SHARED] if shared else []))
        yield rule(
            box, setting, "block", f"private networks on {face.name}", "in", Match(src=private, doubts=doubt), names
        )
    yield from _dhcp(box, face, names)


def _bridged(box: Box, face: Face) -> bool:
    top = box.root.first("bridges")
    return top is not None and any(face.name in (one.says("members") or "").split(",") for one in top.each("bridged"))


def _dhcp(box: Box, face: Face, names: frozenset[str]) -> Iterator[Line]:
    """DHCP reaches the device itself: as a client, or as the server of a network."""
    here = union([face.own, _nets("255.255.255.255/32")])
    here = replace(here, own=True, objects=())
    client, server = ((67, 67),), ((68, 68),)
    if face.modes.get(4) == "dhcp":
        seen = Match(families=(4,), dst=here, services=(PortSet(proto="udp", sport=client, dport=server),))
        yield rule(box, face.element, "pass", f"DHCP client on {face.name}", "in", seen, names, quick=False)
    elif (on := box.root.first("dhcpd", face.name, "enable")) is not None:
        seen = Match(families=(4,), dst=here, services=(PortSet(proto="udp", sport=server, dport=client),))
        yield rule(box, on, "pass", f"DHCP server on {face.name}", "in", seen, names)


def _portals(box: Box) -> Iterator[Line]:
    """Behind a captive portal only who has logged in gets through."""
    zones = [one for top in (box.root.first("captiveportal"),) if top is not None for one in top.children]
    modern = box.root.first("OPNsense", "captiveportal", "zones")
    for one in (*zones, *(modern.children if modern is not None else ())):
        on, off = one.first("enable"), one.says("enabled") in (None, "0")
        if on is None and off:
            continue
        for word in re.split(r"[,\s]+", one.says("interface") or one.says("interfaces") or ""):
            names, known = box.expand(word)
            if word and known:
                seen = Match(doubts=["behind a captive portal only who has logged in gets through"])
                yield rule(box, one, "block", f"captive portal on {word}", "in", seen, names)


def _static(box: Box) -> Iterator[Line]:
    """What is statically routed back where it came from is let through, where a setting says so."""
    on = box.root.first("filter", "bypassstaticroutes")
    if on is None:
        return
    for route in routes(box):
        face = box.faces.get(route.interface)
        net = Span(pairs=(route.network,))
        if face is None or not face.enabled or route.network in intervals.everything(route.family):
            continue
        there = Addresses(v4=net) if route.family == 4 else Addresses(v6=net)
        near = face.nets
        for src, dst in ((near, there), (there, near)):
            for way in BOTH:
                seen = Match(families=(route.family,), src=src, dst=dst)
                yield rule(
                    box, on, "pass", f"static route line {route.origin.line}", way, seen, frozenset((face.name,))
                )


def late(box: Box) -> Iterator[Line]:
    """What settings put behind all rules of a person's."""
    upnp = box.root.first("installedpackages", "miniupnpd", "config")
    if upnp is not None and (upnp.says("enable") or "") not in ("", "0", "off", "no"):
        names, _ = box.expand(upnp.says("ext_iface") or "wan")
        doubt = ["programs inside open ports by UPnP while it runs"]
        yield rule(box, upnp, "pass", "UPnP", "in", Match(doubts=doubt), names)
    top = box.root.first("ipsec")
    if top is None or box.root.first("system", "disablevpnrules") is not None:
        return
    for one in top.each("phase1"):
        if one.first("disabled") is None:
            yield _tunnel(box, one)


def _tunnel(box: Box, one: Element) -> Line:
    """The other end of a tunnel reaches the device's own IPsec."""
    peer = one.says("remote-gateway") or ""
    mobile = one.first("mobile") is not None or not peer.strip("0.:")
    src = ANYWHERE if mobile else box.aliases.addresses(peer, one.line)
    services = tuple(PortSet(proto="udp", dport=((p, p),)) for p in (500, 4500))
    seen = Match(src=src, dst=box.all_own, services=(*services, PortSet(proto="50")))
    names, known = box.expand(one.says("interface") or "wan")
    return rule(box, one, "pass", "IPsec peer", "in", seen, names if known else None, quick=False)


# ------------------------------------------------------------------------------------------------ device


def device(export: Export, box: Box, nat: Nat, top: Element, lines: Sequence[Line]) -> Device:
    """The device: what comes in meets one list, what goes out another."""
    end = box.origin(top, "default")
    off = box.root.first("system", "disablefilter")
    chains: dict[str, Chain] = {}
    for way in sorted(BOTH):
        steps = in_order(lines, way)
        if way == "in":
            first = tuple(passing(nat.passing))
            steps = (*first, *steps)
        else:
            steps = tuple(unsourced(box, nat.all, step) if isinstance(step, Rule) else step for step in steps)
        steps = tuple(replace(s, position=n) if isinstance(s, Rule) else s for n, s in enumerate(steps))
        chains[way] = Chain(name=way, steps=steps, default="deny" if way == "in" else "permit", default_origin=end)
    if off is not None:
        chains = {name: _off(chain, box.origin(off, "pf is switched off")) for name, chain in chains.items()}
    sides = tuple(interfaces(box))
    return Device(
        name=export.device, kind=box.kind, chains=chains,
        stages=(
            Stage(name="rules in", chain="in"), Stage(name="rules out", chain="out"), Stage(name="rules in", chain="in", traffic="to-device"),
            Stage(name="rules out", chain="out", traffic="from-device"),
        ),
        interfaces=sides, routes=tuple(routes(box)), translations=() if off is not None else nat.all, version=_version(box),
        unread=tuple(_unread(box)), decoded=len(lines) + len(nat.all) + len(box.aliases.aliases) + len(sides), warnings=tuple(box.warnings),
    )  # fmt: skip


def _off(chain: Chain, by: Origin) -> Chain:
    """pf is switched off: every rule is, and everything passes."""
    steps = tuple(replace(s, enabled=False) for s in chain.steps if isinstance(s, Rule))
    return replace(chain, steps=steps, default="permit", default_origin=by)


def _version(box: Box) -> str:
    found = box.root.says("version") or box.root.says("system", "firmware", "version")
    return f"{NAMES[box.kind]} config.xml" + (f" version {found}" if found else "")


def _unread(box: Box) -> Iterator[Origin]:
    """What may change what passes, and is not read."""
    for path, tag in (
        (("load_balancer",), "virtual_server"), (("ethernet",), "rule"), (("nat",), "npt"), (("OPNsense", "Firewall", "Filter", "npt"), "rule"),
    ):  # fmt: skip
        top = box.root.first(*path)
        for one in top.each(tag) if top is not None else ():
            yield box.origin(one, "not read")


READER = Pfsense()
