"""What a rule or a list does with everything: any to any, the internet as a whole, and what no rule was written for.

Each question is answered by the rule's meaning, three-valued: a part that was not read may hold any address, port or
zone, so what it could make true is not known, and what it cannot change is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final, Literal

from secscan.exposure import intervals
from secscan.exposure.intervals import FAMILIES, Family
from secscan.model.kleene import all3, any3
from secscan.model.net import PORTS_ALL, AddressSet, Device, Intervals, Origin, Rule, Stage, ZoneSet

Zones = frozenset[str]
Word = Literal["permit", "deny"]

_WITH_PORTS: Final = ("tcp", "udp")
_KINDS: Final = (*_WITH_PORTS, "other")
"""Every packet is one of these; the last has no ports."""
_EITHER: Final = frozenset(("permit", "deny"))
_Ends = tuple[frozenset[str], Origin | None]


def every_way(rule: Rule, zones: Zones, known: Zones, sides: Zones = frozenset()) -> bool | None:
    """Whether new packets of IPv4, or of IPv6, are the rule's from every source to every destination on every port.

    ``zones``: those that its device stands between; ``known``: all there are; ``sides``: the device's interfaces. A
    source port bars nobody, for whoever sends may pick it; what has no ports does not count. Nor does what a translation
    has led on, where rules must name it.
    """
    ways = [*_ways(rule, zones, known, sides), not rule.translations]
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


def default(one: Device, known: Zones) -> tuple[Word | None, Origin | None]:
    """What the device does with a packet that no rule was written for, and the rule that does it (None: its default).

    The first rule that surely catches everything decides, and whatever may catch everything before it leaves the
    answer open. A rule for some zones or interfaces only is written for those. It is asked of each family, kind of
    packet and interface that has a list of its own: where one is let through, the default is to let through.
    """
    traffic = {stage.traffic for stage in one.stages}
    stages = [s for s in one.stages if s.traffic == ("through" if "through" in traffic else "to-device")]
    always = [s for s in stages if s.in_interfaces is s.out_interfaces is None]
    bound = [s for s in stages if s not in always]
    ways = [[*always, stage] for stage in bound]
    ways += [always] if always or not bound else []
    told = dict.fromkeys(_through(one, way, known, *case) for way in ways for case in product(FAMILIES, _KINDS))
    return min(told, key=lambda said: ("permit", None, "deny").index(said[0]))


def _through(
    one: Device, stages: Sequence[Stage], known: Zones, family: Family, kind: str
) -> tuple[Word | None, Origin | None]:
    """What becomes of a packet that meets these stages one after the other."""
    done: dict[str, _Ends] = {}
    told = [_asked(one, stage.chain, known, family, kind, done) for stage in stages]
    for wanted in ("deny", None):
        for word, origin in told:
            if word == wanted:
                return word, origin
    return told[-1] if told else (None, None)


def _asked(
    one: Device, chain: str, known: Zones, family: Family, kind: str, done: dict[str, _Ends]
) -> tuple[Word | None, Origin | None]:
    words, by = _outcome(one, chain, known, family, kind, done)
    if "return" in words:
        end = one.chains[chain].default
        words = words - {"return"} | (frozenset((end,)) if end in ("permit", "deny") else _EITHER)
    if words == {"permit"}:
        return "permit", by
    return ("deny", by) if words == {"deny"} else (None, by)


def _outcome(one: Device, chain: str, known: Zones, family: Family, kind: str, done: dict[str, _Ends]) -> _Ends:
    """permit, deny or return: each that may come of asking a chain, and the line that settles it."""
    if chain not in one.chains or family not in one.families:
        return _EITHER, None
    if chain not in done:
        done[chain] = _EITHER, None  # what calls itself is not followed
        done[chain] = _followed(one, chain, known, family, kind, done)
    return done[chain]


def _followed(one: Device, chain: str, known: Zones, family: Family, kind: str, done: dict[str, _Ends]) -> _Ends:
    list_, may = one.chains[chain], frozenset[str]()
    sides = frozenset(interface.name for interface in one.interfaces if not interface.loopback)
    for step in list_.steps:
        if isinstance(step, Origin):
            return _EITHER, step  # it may be any rule at all
        if step.action == "continue" or not _may_catch(step):
            continue
        ports = _has_every_port(step, kind, sports=True)
        ways = [*_ways(step, one.zones, known, sides), step.translations is None]
        catches = _sure(step, [*ways, ports, *_every_address(step, family)])
        if catches is False:
            continue
        words, by = frozenset((str(step.action),)), step.origin
        if step.action in ("jump", "goto"):
            words, inner = _outcome(one, step.target, known, family, kind, done)
            by = inner or by
        goes_on = step.action == "jump" and "return" in words
        may |= words - {"return"} if goes_on else words
        if (catches and not goes_on) or len(may & _EITHER) > 1:
            return may, by
    if list_.default is None:
        return _EITHER, None
    return may | {list_.default}, None


def _may_catch(rule: Rule) -> bool:
    applies = rule.enabled and not rule.expired and rule.state == "new"
    return applies and any(all3(_every_address(rule, family)) is not False for family in FAMILIES)


def _ways(rule: Rule, zones: Zones, known: Zones, sides: Zones) -> list[bool | None]:
    """Whether a rule is for every zone and every interface of its device."""
    found = [_any_zone(names, zones, known) for names in (rule.from_zones, rule.to_zones)]
    gates = ((rule.in_interfaces, rule.not_in_interfaces), (rule.out_interfaces, rule.not_out_interfaces))
    found += [not but and (names is None or (bool(sides) and sides <= names)) for names, but in gates]
    return found


def _sure(rule: Rule, parts: Iterable[bool | None]) -> bool | None:
    """All of these, of a rule for new packets; not known where it may or may not match for another reason."""
    return all3((rule.state == "new", rule.unknown is None or None, *parts))


def _every_address(rule: Rule, family: Family) -> list[bool | None]:
    every = intervals.everything(family)
    # The device's own addresses are never all, though nobody knows which they are.
    return [_covers(rule.src, family, every), False if rule.dst_own else _covers(rule.dst, family, every)]


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
