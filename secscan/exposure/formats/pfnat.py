"""Address translation as pfSense and OPNsense write it: port forwards, 1:1, outbound.

pf translates before it filters, so rules see where a packet goes on to; and what leaves has its source changed before
the rules for what goes out are asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count
from typing import Final, Literal

from secscan.doors.xml import Element
from secscan.exposure import intervals
from secscan.exposure.formats.pfaliases import ANYWHERE, Addresses, Span, union
from secscan.exposure.formats.pffaces import Box, whole
from secscan.exposure.formats.pfrules import Match, blank, described, match, rules
from secscan.exposure.intervals import FAMILIES, Family
from secscan.model.net import PORTS_ALL, AddressSet, Intervals, Origin, PortSet, Rule, Translation

LOCAL: Final = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What a translation does, for whatever it matches."""

    kind: Literal["dst", "src"]
    to: Addresses = Addresses()
    own: bool = False
    ports: Intervals | None = None
    none: bool = False
    enabled: bool = True
    faces: frozenset[str] | None = None
    """Where a packet comes in, or for ``src`` goes out."""
    origin: Origin


class Nat:
    """All translations of a file, in the order in which pf asks them. ``passing``: names of those that let through."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.passing: list[tuple[str, Origin]] = []
        self.registered: list[tuple[Element, Translation]] = []
        """Port forwards with a rule of their own, which the file does not write."""
        self._names = count(1)
        forwards = [t for one in self._rules(("nat",), "rule") for t in self._forward(one)]
        ones = [
            *(pair for one in self._rules(("nat",), "onetoone") for pair in self._one_to_one(one)),
            *(
                pair
                for one in self._rules(("OPNsense", "Firewall", "Filter", "onetoone"), "rule")
                for pair in self._one_to_one(one)
            ),
        ]
        both = [t for t in ones if t.kind == "dst"], [t for t in ones if t.kind == "src"]
        self.all: tuple[Translation, ...] = (*self._locked(), *forwards, *both[0], *both[1], *self._outbound())

    def _rules(self, path: tuple[str, ...], tag: str) -> Iterator[Element]:
        """Those that pf has, in order: by sequence where they have one."""
        top = self.box.root.first(*path)
        found = list(top.each(tag)) if top is not None else []
        if self.box.kind == "opnsense":
            found.sort(key=lambda one: whole(one.says("sequence")))
        return iter(found)

    def off(self, element: Element) -> bool:
        enabled, disabled = element.first("enabled"), element.first("disabled")
        if enabled is not None:
            return enabled.text.strip() == "0"
        return disabled is not None and (self.box.kind == "pfsense" or disabled.text.strip() not in ("", "0"))

    # -- port forwards

    def _forward(self, element: Element) -> Iterator[Translation]:
        box, number = self.box, next(self._names)
        found = match(box, element, families=self._families(element), needs=("destination",))
        if tagged := element.says("tagged"):
            found.doubts.append(f"it hangs on mark '{tagged[:40]}'")
        names, known = self._faces(element, "wan")
        none = (flag := element.first("nordr")) is not None and flag.text.strip() != "0"
        target = element.says("target") or ""
        to, own = (Addresses(), False) if none else self._target(target, element)
        ports = None if none else self._ports(element, found)
        name, origin = self._called(element, f"port forward {number}")
        enabled = not self.off(element) and (known or (box.kind == "pfsense" and names is None))
        shape = _Shape(kind="dst", to=to, own=own, ports=ports, none=none, enabled=enabled, faces=names, origin=origin)
        made = list(self._made(found, name, shape))
        yield from made
        linked = element.says("associated-rule-id") == "pass" or element.says("pass") == "pass"
        if enabled and not none:
            if linked:
                self.passing += [(one.name, origin) for one in made]
            elif element.says("pass") == "rule":
                self.registered += [(element, one) for one in made]
            yield from self._reflected(element, found, name, shape, linked=linked)

    def _families(self, element: Element) -> tuple[Family, ...]:
        written = element.says("ipprotocol")
        if written is None and self.box.kind == "pfsense":
            return (4,)
        return {"inet": (4,), "inet6": (6,)}.get(written or "", (4, 6))  # type: ignore[return-value]

    def _faces(self, element: Element, otherwise: str) -> tuple[frozenset[str] | None, bool]:
        """(the interfaces that it is for, whether the file has one of them)."""
        written = element.says("interface") or (otherwise if self.box.kind == "pfsense" else "")
        if not written or written == "any":
            return None, True
        found = [self.box.expand(one.strip()) for one in written.split(",")]
        return frozenset().union(*(names for names, _ in found)), any(known for _, known in found)

    def _target(self, target: str, element: Element) -> tuple[Addresses, bool]:
        if target in LOCAL:
            return Addresses(), True
        if not target:
            return Addresses(v4=Span(why="it has no target"), v6=Span(why="it has no target")), False
        found = self.box.word(target, element.line)
        return found, False

    def _ports(self, element: Element, found: Match) -> Intervals | None:
        """The ports that it goes on to; None: they stay."""
        written = element.says("local-port")
        if written is None or found.services[0].proto not in ("tcp", "udp"):
            return None
        before = found.services[0].dport
        if written == element.says("destination", "port"):
            return None
        pairs, why = self.box.aliases.ports(written, element.line)
        if why:
            found.doubts.append(why)
            return PORTS_ALL
        first, width = pairs[0][0], intervals.size(before)
        if written in self.box.aliases.aliases or before == PORTS_ALL or len(before) != 1:
            return ((first, first),)  # of several the first
        if first + width - 1 > 65535:
            raise self.box.refuse(f"port {first} and {width - 1} more are no ports", element.line)
        return ((first, first + width - 1),)

    def _called(self, element: Element, number: str) -> tuple[str, Origin]:
        return number, self.box.origin(element, vendor_id=number, name=described(element))

    def _made(self, found: Match, name: str, shape: _Shape) -> Iterator[Translation]:
        """One translation for each family, named apart."""
        for family in found.families:
            one = replace(found, families=(family,))
            goes = shape.to.of(family)
            if one.never or one.src.of(family).gone or one.dst.of(family).gone:
                continue
            if not (goes.pairs or goes.why or shape.own or shape.none):
                continue  # its target has no address of this family
            (rule,) = rules(one, blank(shape.origin))
            inward = shape.kind == "dst"
            yield Translation(
                name=name if len(found.families) == 1 else f"{name} (IPv{family})", kind=shape.kind, src=rule.src, dst=rule.dst,
                services=rule.services, dst_own=rule.dst_own and inward, unknown=rule.unknown, to=shape.to.set(family), to_own=shape.own,
                to_ports=shape.ports, none=shape.none, enabled=shape.enabled, in_interfaces=shape.faces if inward else None,
                out_interfaces=None if inward else shape.faces, origin=shape.origin,
            )  # fmt: skip

    def _reflected(
        self, element: Element, found: Match, name: str, shape: _Shape, *, linked: bool
    ) -> Iterator[Translation]:
        """The same for what comes from inside, where the file says so."""
        box, own = self.box, element.says("natreflection") or ""
        off = box.setting("system", "disablenatreflection") is not None
        pure = own in ("purenat",) or (
            not own and not off and (box.setting("system", "enablenatreflectionpurenat") is not None)
        )
        if box.kind == "opnsense":
            pure = own in ("purenat", "enable") or (not own and not off)
        proxy = not pure and (own == "enable" or (not own and not off))
        if own == "disable" or not (pure or proxy):
            return
        if shape.faces is None:
            return
        inside = {one.name for one in box.faces.values() if one.enabled and not one.loopback and not one.gateways}
        why = [] if pure else ["what is reflected passes a program of the device's own"]
        seen, shape = (
            replace(found, doubts=[*found.doubts, *why]),
            replace(shape, faces=frozenset(inside) - shape.faces),
        )
        made = list(self._made(seen, f"{name} reflected", shape)) if shape.faces else []
        yield from made
        if linked:
            self.passing += [(one.name, one.origin) for one in made]

    def _locked(self) -> Iterator[Translation]:
        """OPNsense never forwards its own administration on the side that must not be locked out."""
        if self.box.kind != "opnsense" or (face := lockout(self.box)) is None:
            return
        name, ports = face
        here = self.box.faces[name]
        found = Match(families=FAMILIES, dst=here.own, services=(PortSet(proto="tcp", dport=ports),))
        shape = _Shape(
            kind="dst", none=True, faces=frozenset((name,)), origin=self.box.origin(here.element, "anti-lockout")
        )
        yield from self._made(found, "anti-lockout", shape)

    # -- 1:1

    def _one_to_one(self, element: Element) -> Iterator[Translation]:
        box, number = self.box, next(self._names)
        found = match(box, element, families=FAMILIES, needs=("source",))
        outside = box.word(element.says("external") or "", element.line)
        names, known = self._faces(element, "wan")
        name, origin = self._called(element, f"1:1 {number}")
        none = element.first("nobinat") is not None
        shape = _Shape(kind="dst", none=none, enabled=known and not self.off(element), faces=names, origin=origin)
        for family in FAMILIES:
            inner, outer = found.src.of(family), outside.of(family)
            if not (inner.pairs and outer.pairs):
                continue
            # The external network is as wide as the internal one.
            first, width = outer.pairs[0][0], intervals.size(inner.pairs)
            public = _only(family, ((first - first % width, first - first % width + width - 1),))
            called = f"{name} (IPv{family})"
            if element.says("type") != "nat":
                inward = replace(found, families=(family,), src=found.dst, dst=public)
                yield from self._made(inward, called, replace(shape, to=_only(family, inner.pairs)))
            yield from self._made(replace(found, families=(family,)), called, replace(shape, kind="src", to=public))

    # -- outbound

    def _outbound(self) -> Iterator[Translation]:
        box = self.box
        top = box.root.first("nat", "outbound") or box.root.first("nat", "advancedoutbound")
        mode = (top.says("mode") if top is not None else None) or (
            "advanced" if top is not None and top.first("enable") is not None else "automatic"
        )
        own = self._rules(("nat", top.tag), "rule") if top is not None else iter(())
        if mode in ("advanced", "hybrid"):
            for element in own:
                yield from self._source(element)
        for element in self._rules(("OPNsense", "Firewall", "Filter", "snatrules"), "rule"):
            yield from self._source(element)
        if mode in ("automatic", "hybrid"):
            yield from self._automatic()

    def _source(self, element: Element) -> Iterator[Translation]:
        box, number = self.box, next(self._names)
        found = match(box, element, families=self._outbound_families(element), needs=())
        for tag in ("sourceport", "dstport"):
            if (written := element.says(tag)) is not None:
                pairs, why = box.aliases.ports(written, element.line)
                found.doubts += [why] if why else []
                some = found.services if found.services[0].proto != "any" else _BOTH
                narrow = [
                    replace(one, sport=pairs) if tag == "sourceport" else replace(one, dport=pairs) for one in some
                ]
                found.services = tuple(narrow)
        if tagged := element.says("tagged"):
            found.doubts.append(f"it hangs on mark '{tagged[:40]}'")
        names, known = self._faces(element, "")
        none = (flag := element.first("nonat")) is not None and flag.text.strip() != "0"
        name, origin = self._called(element, f"outbound {number}")
        to = Addresses() if none else self._becomes(element, names)
        enabled = known and not self.off(element)
        shape = _Shape(kind="src", to=to, none=none, enabled=enabled, faces=names, origin=origin)
        yield from self._made(found, name, shape)

    def _outbound_families(self, element: Element) -> tuple[Family, ...]:
        return {"inet": (4,), "inet6": (6,)}.get(element.says("ipprotocol") or "", FAMILIES)  # type: ignore[return-value]

    def _becomes(self, element: Element, names: frozenset[str] | None) -> Addresses:
        target = element.says("target") or ""
        if target == "other-subnet":
            target = f"{element.says('targetip') or ''}/{element.says('targetip_subnet') or ''}"
        if target:
            return self.box.word(target, element.line)
        return union(self.box.faces[one].own for one in names or self.box.faces if one in self.box.faces)

    def _automatic(self) -> Iterator[Translation]:
        """What every network behind an interface without a gateway becomes where it leaves by one with a gateway."""
        box = self.box
        inside = [one for one in box.faces.values() if one.enabled and 4 not in one.gateways]
        nets = union([*(one.nets for one in inside), self.routed(inside)])
        for face in box.faces.values():
            if face.enabled and 4 in face.gateways and not face.device.startswith("ovpn"):
                found = Match(families=(4,), src=nets)
                origin = box.origin(face.element, "automatic outbound")
                shape = _Shape(kind="src", to=face.own, faces=frozenset((face.name,)), origin=origin)
                yield from self._made(found, f"automatic outbound on {face.name}", shape)

    def routed(self, inside: Sequence[object]) -> Addresses:
        """Networks that static routes and tunnels reach are translated too; which, hangs on more than the file says."""
        some = self.box.root.first("staticroutes", "route") or self.box.root.first("openvpn", "openvpn-server")
        why = None if some is None else "which networks behind routes and tunnels are translated is not in the file"
        return Addresses(v4=Span(why=why)) if why and inside else Addresses()


_BOTH: Final = (PortSet(proto="tcp"), PortSet(proto="udp"))


def _only(family: Family, pairs: Intervals) -> Addresses:
    return Addresses(v4=Span(pairs=pairs)) if family == 4 else Addresses(v6=Span(pairs=pairs))


def lockout(box: Box) -> tuple[str, Intervals] | None:
    """The interface whose administration is never shut, and the ports; None where that is switched off."""
    gui, ssh = box.root.first("system", "webgui"), box.root.first("system", "ssh")
    faces = {name: one for name, one in box.faces.items() if not one.loopback}
    if gui is not None and gui.first("noantilockout") is not None:
        return None
    if box.kind == "opnsense":
        name = next((one for one in ("lan", "opt1") if one in faces and faces[one].device), "")
    else:
        name = "lan" if len(faces) > 1 and "lan" in faces and faces["lan"].enabled else ""
    if not name and (len(faces) > 1 or "wan" not in faces):
        return None

    def says(where: Element | None, tag: str, otherwise: str) -> str:
        return (where.says(tag) if where is not None else None) or otherwise

    https = says(gui, "protocol", "https") != "http"
    found = [says(gui, "port", "443" if https else "80")]
    if https and (gui is None or gui.first("disablehttpredirect") is None):
        found.append("80")
    if box.root.first("system", "enablesshd") or (ssh is not None and (ssh.first("enable") or ssh.first("enabled"))):
        found.append(says(ssh, "port", "22"))
    line = gui.line if gui is not None else box.root.line
    return name or "wan", intervals.union(*(box.aliases.ports(one, line)[0] for one in found))


def passing(names: Sequence[tuple[str, Origin]]) -> Iterator[Rule]:
    """What a port forward lets through itself is asked about by no rule."""
    every = ANYWHERE.set(*FAMILIES)
    for name, origin in names:
        yield replace(blank(origin, reason=origin.name or None), src=every, dst=every, translations=frozenset((name,)))


def unsourced(box: Box, all_: Sequence[Translation], rule: Rule) -> Rule:
    """A rule for what goes out is held against the source that the packet has by then, which may be another."""
    everything = {family: intervals.everything(family) for family in FAMILIES}
    mine = [
        t for t in all_ if t.kind == "src" and t.enabled and not t.none and _meet(t.out_interfaces, rule.out_interfaces)
    ]
    hit = [f for f in FAMILIES if any(_touches(rule.src, t, f, everything[f]) for t in mine)]
    if not hit:
        return rule
    wide = AddressSet(
        v4=everything[4] if 4 in hit else rule.src.v4,
        v6=everything[6] if 6 in hit else rule.src.v6,
        unknown=rule.src.unknown,
    )
    line = next(t.origin.line for t in mine if any(_touches(rule.src, t, f, everything[f]) for f in hit))
    return replace(
        rule, src=wide, unknown=rule.unknown or f"the source may have been translated before it is asked (line {line})"
    )


def _meet(one: frozenset[str] | None, other: frozenset[str] | None) -> bool:
    return one is None or other is None or bool(one & other)


def _touches(src: AddressSet, t: Translation, family: Family, everything: Intervals) -> bool:
    """Whether a translation may make a source one of the rule's, or no longer one."""
    mine = intervals.of(src, family)
    if mine == everything or not (mine or src.unknown):
        return False
    moved = intervals.of(t.src, family), intervals.of(t.to, family)
    if not (moved[0] or t.src.unknown) or not (moved[1] or t.to.unknown):
        return False
    open_ = src.unknown is not None or t.src.unknown is not None or t.to.unknown is not None
    return open_ or any(intervals.intersect(mine, one) for one in moved)
