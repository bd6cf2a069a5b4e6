"""What a rule or a list does with everything: any to any, the internet as a whole, and what no rule was written for.

Each question is answered by the rule's meaning, three-valued: a part that was not read may hold any address, port or
zone, so what it could make true is not known, and what it cannot change is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final, Literal

from secscan.exposure import intervals
from secscan.exposure.compiled import in_order
from secscan.exposure.intervals import FAMILIES, Family
from secscan.model.kleene import all3, any3
from secscan.model.net import PORTS_ALL, AddressSet, Intervals, Origin, Rule, RuleList, ZoneSet

Zones = frozenset[str]
Word = Literal["permit", "deny"]

_WITH_PORTS: Final = ("tcp", "udp")
_KINDS: Final = (*_WITH_PORTS, "other")
"""Every packet is one of these; the last has no ports."""


def every_way(rule: Rule, zones: Zones, known: Zones) -> bool | None:
    """Whether new packets of IPv4, or of IPv6, are the rule's from every source to every destination on every port.

    ``zones``: those that its device stands between; ``known``: all there are. A source port bars nobody, for
    whoever sends may pick it; what has no ports does not count.
    """
    ways = [_any_zone(names, zones, known) for names in (rule.from_zones, rule.to_zones)]
    ports = [_has_every_port(rule, kind, sports=False) for kind in _WITH_PORTS]
    return any3(_sure(rule, [*ways, *ports, *_every_address(rule, family)]) for family in FAMILIES)


def covers_internet(rule: Rule, internet: Sequence[ZoneSet], known: Zones) -> bool | None:
    """Whether the rule's source or its destination has every address of the internet, of IPv4 or of IPv6."""
    names = frozenset(zone.id for zone in internet)
    found = []
    for family in FAMILIES:
        wanted = intervals.union(*(intervals.of(zone.addresses, family) for zone in internet))
        for addresses, zones in ((rule.src, rule.from_zones), (rule.dst, rule.to_zones)):
            found.append(
                _sure(rule, [bool(wanted), _covers(addresses, family, wanted), _some_zone(zones, names, known)])
            )
    return any3(found)


def default(one: RuleList, known: Zones) -> tuple[Word | None, Origin | None]:
    """What the list does with a packet that no rule was written for, and the rule that does it (None: its default).

    The first rule that surely catches everything decides, and whatever may catch everything before it leaves the
    answer open. A rule for some zones only is written for those. It is asked of each family and kind of packet: where
    one is let through, the default is to let through.
    """
    steps = [step for step in in_order(one) if isinstance(step, Origin) or _may_catch(step)]
    told = dict.fromkeys(_outcome(one, steps, known, *case) for case in product(FAMILIES, _KINDS))
    return min(told, key=lambda said: ("permit", None, "deny").index(said[0]))


def _may_catch(rule: Rule) -> bool:
    applies = rule.enabled and not rule.expired and rule.state == "new"
    return applies and any(all3(_every_address(rule, family)) is not False for family in FAMILIES)


def _outcome(
    one: RuleList, steps: Sequence[Rule | Origin], known: Zones, family: Family, kind: str
) -> tuple[Word | None, Origin | None]:
    may: set[Word] = set()
    for step in steps:
        if isinstance(step, Origin):
            return None, step  # it may be any rule at all
        ways = [_any_zone(names, one.zones, known) for names in (step.from_zones, step.to_zones)]
        catches = _sure(step, [*ways, _has_every_port(step, kind, sports=True), *_every_address(step, family)])
        if catches is not False:
            may.add(step.action)
        if catches or len(may) > 1:
            return (step.action if len(may) == 1 else None), step.origin
    if one.default is None or may - {one.default}:
        return None, None
    return one.default, None


def _sure(rule: Rule, parts: Iterable[bool | None]) -> bool | None:
    """All of these, of a rule for new packets; not known where it may or may not match for another reason."""
    return all3((rule.state == "new", rule.unknown is None or None, *parts))


def _every_address(rule: Rule, family: Family) -> list[bool | None]:
    return [_covers(side, family, intervals.everything(family)) for side in (rule.src, rule.dst)]


def _covers(addresses: AddressSet, family: Family, wanted: Intervals) -> bool | None:
    if not intervals.subtract(wanted, intervals.of(addresses, family)):
        return True
    return None if addresses.unknown is not None else False


def _has_every_port(rule: Rule, kind: str, *, sports: bool) -> bool:
    """Whether the rule is for every destination port of a kind of packet; ``sports``: whatever its source port."""
    mine = [s for s in rule.services if s.proto in ("any", kind) and (s.sport == PORTS_ALL or not sports)]
    return intervals.union(*(s.dport for s in mine)) == PORTS_ALL


def _any_zone(names: Zones | None, zones: Zones, known: Zones) -> bool | None:
    """Whether a rule for ``names`` is for every zone of its device."""
    if names is None or (zones and zones <= names):
        return True
    return None if names - known else False


def _some_zone(names: Zones | None, wanted: Zones, known: Zones) -> bool | None:
    """Whether a rule for ``names`` is for one of the zones ``wanted``."""
    if names is None or wanted & names:
        return True
    return None if names - known else False
