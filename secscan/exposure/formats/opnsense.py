"""OPNsense's ``config.xml``: rules as pfSense has them, and those of the newer model in <OPNsense><Firewall><Filter>.

Both kinds stand in one order: floating rules, rules of groups by the groups' sequence, rules of interfaces; in each the
newer first, by their own sequence. A rule of an interface may be for what goes out, and need not be quick.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from secscan.exposure.formats.export import Export
from secscan.exposure.formats.pffaces import Box, whole
from secscan.exposure.formats.pfnat import Nat
from secscan.exposure.formats.pfrules import BOTH, Line, Way, described
from secscan.exposure.formats.pfsense import Written, device, early, late, lines_of, named, odd, opened, root_of
from secscan.model.net import AddressSet, Device, PortSet, Rule

FLOATING, GROUP, INTERFACE, REGISTERED, OLDER = 200_000, 300_000, 400_000, 450_000, -300_000
"""Where rules stand; before version 1.0.3 of the newer model its rules stood before all others."""
_Place = tuple[int, int, int]
"""(priority, newer or older form, sequence)"""
_MODEL: Final = ("OPNsense", "Firewall", "Filter")


class Opnsense:
    """Reads an OPNsense's config.xml."""

    kind = "opnsense"

    def fits(self, head: str) -> str | None:
        return "certain: its first element is <opnsense>" if root_of(head) == "opnsense" else None

    def read(self, export: Export) -> Device:
        box = opened(export, "opnsense")
        nat = Nat(box)
        user = [*_newer(box), *_older(box), *_registered(nat)]
        user.sort(key=lambda one: one[0])
        strange = (*odd(box, box.root.first("filter")), *odd(box, box.root.first(*_MODEL, "rules")))
        lines = [*early(box), *strange, *(line for _, found in user for line in found), *late(box)]
        top = box.root.first("filter") or box.root.first(*_MODEL)
        assert top is not None
        return device(export, box, nat, top, lines)


def _older(box: Box) -> Iterator[tuple[_Place, list[Line]]]:
    top, counts = box.root.first("filter"), Counter[str]()
    for number, element in enumerate(top.each("rule") if top is not None else ()):
        floating, quick = element.first("floating") is not None, element.first("quick")
        tab = "floating" if floating else element.says("interface") or "floating"
        counts[tab] += 1
        names, known, doubts = named(box, element)
        off = element.first("disabled")
        if off is not None and off.text.strip() == "":
            doubts = ["whether its empty <disabled> counts is not known"]
        found = Written(
            element=element, called=f"{tab} rule {counts[tab]}", action=element.says("type") or "pass", names=names,
            ways=_ways(element.says("direction")), quick=not floating if quick is None else quick.text.strip() not in ("", "0"),
            enabled=known and (off is None or off.text.strip() in ("", "0")), doubts=doubts,
        )  # fmt: skip
        yield (FLOATING if floating else _tier(box, tab), 1, number), list(lines_of(box, found))


def _newer(box: Box) -> Iterator[tuple[_Place, list[Line]]]:
    model = box.root.first(*_MODEL)
    top = model.first("rules") if model is not None else None
    shift = OLDER if model is not None and _before(model.attributes.get("version", ""), (1, 0, 3)) else 0
    counts = Counter[str]()
    for element in top.each("rule") if top is not None else ():
        written = element.says("interface") or ""
        one = "," not in written and written not in ("", "any")
        tab = written if one else "floating"
        counts[tab] += 1
        names, known, doubts = named(box, element)
        but: frozenset[str] = frozenset()
        if element.says("interfacenot") == "1" and names is not None:
            but, names = names, None
            doubts = ["where a rule for all interfaces but one stands is not sure"]
        place = _tier(box, written) if one and not but else FLOATING
        if shift and place == FLOATING and not written:
            place = INTERFACE
        found = Written(
            element=element, called=f"{tab} new rule {counts[tab]}", action=element.says("action") or "pass", names=names, but=but,
            ways=_ways(element.says("direction")), quick=element.says("quick") != "0", enabled=known and element.says("enabled") != "0", doubts=doubts,
        )  # fmt: skip
        yield (place + shift, 0, whole(element.says("sequence")) or 1), list(lines_of(box, found))


def _ways(direction: str | None) -> frozenset[Way]:
    match (direction or "in").casefold():
        case "any":
            return BOTH
        case "out":
            return frozenset(("out",))
        case _:
            return frozenset(("in",))


def _tier(box: Box, name: str) -> int:
    if not box.is_group(name):
        return INTERFACE
    return GROUP + box.weights.get(name, 0)


def _before(version: str, other: tuple[int, ...]) -> bool:
    return version != "" and tuple(whole(part) for part in version.split(".")) < other


def _registered(nat: Nat) -> Iterator[tuple[_Place, list[Line]]]:
    """The rule that a port forward registers stands in no file: before or behind a person's own, nobody knows."""
    for number, (element, one) in enumerate(nat.registered):
        services = tuple(
            PortSet(proto=s.proto, dport=s.dport if one.to_ports is None else one.to_ports, sport=s.sport)
            for s in one.services
        )
        dst = AddressSet() if one.to_own else one.to
        for place, why in (
            (FLOATING - 1, "where the rule stands that it registers is not in the file"),
            (REGISTERED, None),
        ):
            rule = Rule(
                position=0, action="permit", src=one.src, dst=dst, services=services, in_interfaces=one.in_interfaces,
                unknown=one.unknown or why, reason=described(element) or None, origin=one.origin,
            )  # fmt: skip
            yield (place, 0, number), [Line(way="in", quick=True, steps=(rule,))]


READER = Opnsense()
