"""Zone to zone by service: what the rules let through between whole zones, and what of it policy forbids.

An answer is about every address of the zone that is reached, not about one: the zone is cut wherever some rule,
translation or firewall begins or ends, each stretch is asked about once, and stretches that nothing tells apart are one
class. So *permitted* means every address to every address, and *partly* says how many of each.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, pairwise
from types import MappingProxyType
from typing import Final

from secscan.exposure import intervals
from secscan.exposure.asset_reach import OLD
from secscan.exposure.axis import Bits
from secscan.exposure.board import Board, Guard, Question
from secscan.exposure.claims import tries
from secscan.exposure.engine import NO_HOST, PRIVATE_ONLY, Engine, Put, packet_of, rule_text, witness
from secscan.exposure.intervals import FAMILIES, Family
from secscan.exposure.matching import ANY
from secscan.exposure.paths import listening, port_order
from secscan.exposure.scene import Scene
from secscan.exposure.services import is_port
from secscan.exposure.told import REST, SAME_ZONE, Told, device_name, tell
from secscan.exposure.zones import INTERNET, PRIVATE, UNROUTED
from secscan.model.estate import Estate
from secscan.model.net import Interval, Intervals, Origin, ZoneSet
from secscan.model.places import Place
from secscan.model.policy import Forbidden, Mitigation, Policy
from secscan.model.posture import Packet, PairRow, ZoneMatrix, ZoneRow
from secscan.model.settings import Settings
from secscan.model.words import Verdict

MAX_ZONES: Final = 60
MAX_SERVICES: Final = 20
"""``any`` is one of them."""
SHOWN: Final = 5
"""Networks that a row names of those that get through."""
MAX_CLASSES: Final = 8_000
"""Kinds of address over all zones; some 40 seconds."""
MAX_SINGLE: Final = 256
"""Addresses behind one translation that are asked about one by one; of more, nothing is told."""
_TOO_MANY: Final = "a translation leads to more addresses than are followed one by one"


def matrix(
    scene: Scene, engine: Engine, settings: Settings, policy: Policy, forbidden: Sequence[Forbidden]
) -> ZoneMatrix:
    """Every pair of zones with every service of interest: the ports of administration that policy names, those that
    claims name and assets listen on, and ``any``: at least one port.

    ``forbidden``: what policy wants no zone of users to reach. Of more zones or services than fit, ``left_out`` speaks.
    """
    claims = [c for c in policy.mitigations if c.isolation and (c.starts is None or c.starts <= scene.estate.today)]
    services, left_services = _services(scene.estate, forbidden, claims)
    zones, left_zones = _zones(scene.zones, engine, forbidden, claims)
    broken = _broken(scene, claims)
    hosts = _hosts(scene, engine)
    pairs: list[PairRow] = []
    classes, crowded = 0, []
    for zone in zones:
        families = [End(engine, family, zone, hosts.get((family, zone.id), {})) for family in FAMILIES]
        classes += sum(len(one.classes) for one in families)
        if classes > MAX_CLASSES:
            crowded.append(zone.id)
            continue
        pairs += between(zones, families, services, forbidden, broken)
    left_out = [
        f"{what}: {', '.join(left)}"
        for left, what in (
            (left_zones, "Zones that fewest firewalls, claims and controls name"),
            (crowded, "Zones to which the rules tell too many addresses apart"),
            (left_services, "Ports that fewest devices listen on"),
        )
        if left
    ]
    return ZoneMatrix(
        services=services, zones=[_zone_row(zone, settings, engine) for zone in zones], pairs=pairs, left_out=left_out,
        controls=sorted({one.control for one in forbidden}),
    )  # fmt: skip


# -- what is asked


def _services(
    estate: Estate, forbidden: Sequence[Forbidden], claims: Sequence[Mitigation]
) -> tuple[list[str], list[str]]:
    """The services in the order of their ports, ``any`` first; and those that have no room."""
    named = {port for one in forbidden for port in one.ports}
    named |= {port for claim in claims if claim.isolation for port in claim.isolation.ports}
    used: dict[str, set[object]] = {}
    for key, port in listening(estate.frames.get("services")):
        used.setdefault(port, set()).add(key)
    first = sorted((p for p in named if p != ANY and is_port(p)), key=port_order)
    rest = sorted((p for p in used if p not in named), key=lambda p: (-len(used[p]), port_order(p)))
    chosen = [*first, *rest]
    return [ANY, *sorted(chosen[: MAX_SERVICES - 1], key=port_order)], chosen[MAX_SERVICES - 1 :]


def _zones(
    zones: Sequence[ZoneSet], engine: Engine, forbidden: Sequence[Forbidden], claims: Sequence[Mitigation]
) -> tuple[list[ZoneSet], list[str]]:
    """The zones that are shown, by council and id; and those that have no room: the ones that least is said of."""
    named = [one.zones for one in engine.devices] + [one.from_zones for one in forbidden]
    named += [frozenset(claim.isolation.blocked_from) for claim in claims if claim.isolation]
    order = sorted(zones, key=lambda z: (-sum(z.id in some for some in named), z.id))
    shown = sorted(order[:MAX_ZONES], key=lambda z: (z.council or "", not z.internet, z.id))
    return shown, [zone.id for zone in order[MAX_ZONES:]]


def _hosts(scene: Scene, engine: Engine) -> dict[tuple[Family, str], dict[int, tuple[str, str]]]:
    """(family, zone) -> the addresses of assets with a firewall of their own, and whose they are."""
    found: dict[tuple[Family, str], dict[int, tuple[str, str]]] = {}
    for device in engine.devices:
        row = None if device.host is None else scene.rows.get((device.council or "", device.host.casefold()))
        if row is not None:
            subject = scene.subject(row)
            for address, family, located in subject.addresses:
                if located.zone is not None:
                    found.setdefault((family, located.zone), {})[address] = subject.council, subject.asset
    return found


def _broken(scene: Scene, claims: Sequence[Mitigation]) -> dict[tuple[str, str, str], list[str]]:
    """(from, to, service) -> the claims that say it is shut to some asset there, and the rules let it through."""
    known = {zone.id for zone in scene.zones}
    found: dict[tuple[str, str, str], list[str]] = {}
    for claim in claims:
        row = scene.row(claim)
        if row is None or claim.isolation is None:
            continue
        subject = scene.subject(row)
        ends = {located.zone for _, _, located in subject.addresses if located.zone is not None}
        for zone, port, inward in tries(claim.isolation, scene.zones):
            if zone not in known or not is_port(port):
                continue
            passage = scene.passages.of(subject, port, inward=inward)[zone]
            for end in ends if passage.reach and not passage.stale else ():
                found.setdefault((zone, end, port) if inward else (end, zone, port), []).append(claim.id)
    return found


# -- one zone that is reached


@dataclass(frozen=True, slots=True, eq=False)
class _Class:
    """Addresses that nothing tells apart. ``why``: why what holds for them cannot be told from one of them."""

    pairs: Intervals
    guards: tuple[Guard, ...]
    size: int
    why: str = ""

    @property
    def end(self) -> int:
        """One of them: not the first of a network, which is seldom anybody's."""
        lo, hi = self.pairs[0]
        return lo + 1 if hi - lo >= 3 else lo


_Found = tuple["_Class", Told, Question]


@dataclass(slots=True)
class _Reached:
    """What of a zone another zone reaches by one service. Nothing is kept of what is blocked."""

    through: dict[int, Bits] = field(default_factory=dict)
    """Class -> the addresses that get through to it."""
    shown: _Found | None = None
    """The largest of these classes, with what lets through."""
    rules: set[tuple[str | None, Origin | None]] = field(default_factory=set)
    doubtful: dict[int, _Found] = field(default_factory=dict)
    stale: bool = False

    def add(self, at: int, one: _Class, told: Told, question: Question) -> None:
        if told.through:
            self.through[at] = self.through.get(at, 0) | told.through
            self.rules.add((told.device, told.item.origin if told.item else None))
            self.stale = self.stale or told.stale
            if self.shown is None or one.size > self.shown[0].size:
                self.shown = one, told, question
        if told.reason not in ("", SAME_ZONE):
            self.doubtful.setdefault(at, (one, told, question))


class End:
    """One zone as what is reached, in one family."""

    def __init__(self, engine: Engine, family: Family, zone: ZoneSet, hosts: Mapping[int, tuple[str, str]]) -> None:
        self.family, self.zone, self.board = family, zone, engine.board(family, inward=True)
        self.classes = _classes(engine, self.board, family, zone, hosts)
        self.size = sum(one.size for one in self.classes)
        self._largest: dict[str, tuple[_Class, Question]] = {}
        self._hot: dict[int, tuple[Sequence[Told], Sequence[tuple[int, Told]]]] = {}

    def reached(self, service: str) -> list[_Reached]:
        """For every zone that the board knows: what of this one it reaches."""
        found = [_Reached() for _ in self.board.zones]
        for at, one in enumerate(self.classes):
            for question in self.questions(one, service):
                for number, told in self._told(question):
                    found[number].add(at, one, told, question)
        return found

    def questions(self, one: _Class, service: str) -> Iterator[Question]:
        """A question for each kind of packet; none where one address does not speak for the class."""
        if one.why:
            return
        whole = self.board.question(one.end, self.zone.id, service, one.guards)
        apart = {kind for _, kind in whole.particular}
        for cell in whole.cells:
            mine = ((whole.end, cell.kind),) if cell.kind in apart else ()
            key = (whole.zone, whole.guards, (cell.key, mine))
            yield replace(whole, cells=(cell,), key=key, particular=mine)

    def _told(self, question: Question) -> Iterator[tuple[int, Told]]:
        """What is let through or cannot be told, by zone."""
        board = self.board
        if not board.single:
            every = ((number, board.told(question, zone)) for number, zone in enumerate(board.zones))
            yield from ((number, told) for number, told in every if told.verdict != "blocked")
            return
        usual, own = board.usual(question)
        if id(usual) not in self._hot:  # the board keeps it, so the id stays its own
            self._hot[id(usual)] = usual, [(n, told) for n, told in enumerate(usual) if told.verdict != "blocked"]
        for number, told in self._hot[id(usual)][1]:
            if number not in own:
                yield number, told
        yield from ((number, told) for number, told in own.items() if told.verdict != "blocked")

    def blocked(self, service: str, zone: str) -> _Found:
        """What stops packets to the largest class."""
        if service not in self._largest:
            one = max((one for one in self.classes if not one.why), key=lambda one: one.size)
            self._largest[service] = one, next(self.questions(one, service))
        one, question = self._largest[service]
        return one, self.board.told(question, zone), question


def _classes(
    engine: Engine, board: Board, family: Family, zone: ZoneSet, hosts: Mapping[int, tuple[str, str]]
) -> list[_Class]:
    """The addresses of a zone by what matches them; those of an internet zone that the internet does not route left out."""
    own = intervals.of(zone.addresses, family)
    for some in (PRIVATE, UNROUTED) if zone.internet else ():
        own = intervals.subtract(own, intervals.of(some, family))
    single, many = _turned(board, family, own)
    single |= {address for address in hosts if intervals.contains(own, address)}
    for node in board.nodes:
        mine = (intervals.of(one.addresses, family) for one in node.device.interfaces)
        single |= {address for pairs in mine for address in _each(intervals.intersect(pairs, own))}
    cuts = {edge for node in board.nodes for edge in node.matcher.edges}
    cuts |= {edge for address in single for edge in (address, address + 1)}
    cuts |= {edge for pairs in (many, intervals.of(PRIVATE, family)) for lo, hi in pairs for edge in (lo, hi + 1)}
    found: dict[object, list[Interval]] = {}
    held: dict[object, tuple[tuple[Guard, ...], str]] = {}
    ordered = sorted(cuts)
    for lo, hi in own:
        inside = ordered[bisect_right(ordered, lo) : bisect_right(ordered, hi)]
        for first, after in pairwise((lo, *inside, hi + 1)):
            guards = engine.guards(board, first, hosts.get(first, NO_HOST)) if first in single else ()
            why = _TOO_MANY if intervals.contains(many, first) else ""
            key = tuple(node.matcher.at(first)[0].tobytes() for node in board.nodes)
            apart = (key, guards, why, first if first in single else None)
            found.setdefault(apart, []).append((first, after - 1))
            held[apart] = guards, why
    return [
        _Class(intervals.normal(pairs), held[key][0], intervals.size(tuple(pairs)), held[key][1])
        for key, pairs in found.items()
    ]


def _turned(board: Board, family: Family, own: Intervals) -> tuple[set[int], Intervals]:
    """The addresses that translations lead to, each by itself; and those of translations that lead to too many."""
    single: set[int] = set()
    many: list[Interval] = []
    for node in board.nodes:
        for i in node.program.dst:
            to = intervals.intersect(intervals.of(node.translation(i).to, family), own)
            if intervals.size(to) <= MAX_SINGLE:
                single |= set(_each(to))
            else:
                many += to
    return single, intervals.normal(many)


def _each(pairs: Intervals) -> Iterable[int]:
    return (address for lo, hi in pairs for address in range(lo, hi + 1))


# -- one pair


def between(
    starts: Sequence[ZoneSet],
    families: Sequence[End],
    services: Sequence[str],
    forbidden: Sequence[Forbidden] = (),
    broken: Mapping[tuple[str, str, str], list[str]] = MappingProxyType({}),
) -> list[PairRow]:
    """The rows from every other zone to one, which ``families`` holds once a family."""
    reached = {service: [(one, one.reached(service)) for one in families if one.classes] for service in services}
    end = families[0].zone
    return [row for start in starts if start.id != end.id for row in _pair(start, end, reached, forbidden, broken)]


def _pair(
    start: ZoneSet,
    end: ZoneSet,
    reached: Mapping[str, Sequence[tuple[End, Sequence[_Reached]]]],
    forbidden: Sequence[Forbidden],
    broken: Mapping[tuple[str, str, str], list[str]],
) -> list[PairRow]:
    """The rows of a pair: services that one line answers alike are one row."""
    rows: dict[object, PairRow] = {}
    key: object
    for service, families in reached.items():
        named = tuple(dict.fromkeys(broken.get((start.id, end.id, service), ())))
        asked = [each for each in families if each[0].board.full(start.id)]
        for one, zones in asked:
            told = _told(one, zones[one.board.axis.number[start.id]], service, start)
            controls = _forbidding(start, end, service, forbidden) if told.sources else ()
            claims = named if told.sources else ()
            key = (one.family, told.same, controls, claims)
            if key in rows:
                rows[key].services.append(service)
            else:
                rows[key] = _row(start, end, service, one, told, controls, claims)
        if not asked:
            key = ()
            if key in rows:
                rows[key].services.append(service)
            else:
                rows[key] = PairRow(
                    from_zone=start.id, to_zone=end.id, ip=4, services=[service], verdict="cannot-tell",
                    reason="the two zones list no addresses of one family",
                )  # fmt: skip
    return list(rows.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verdict:
    """What holds for one service of a pair, and the class, the rule and the kind of packet that show it."""

    verdict: Verdict
    sources: Intervals = ()
    targets: Intervals = ()
    found: _Found | None = None
    reason: str = ""
    rules: int = 0
    stale: bool = False

    @property
    def same(self) -> object:
        told = self.found[1] if self.found else None
        origin = told.item.origin if told and told.item else None
        device = told.device if told else None
        return self.verdict, self.sources, self.targets, device, origin, self.reason, self.rules, self.stale


def _told(asked: End, one: _Reached, service: str, start: ZoneSet) -> _Verdict:
    board, full = asked.board, asked.board.full(start.id)
    doubt = next((found for at, found in one.doubtful.items() if one.through.get(at) != full), None)
    unsure = doubt[1].reason if doubt else next((c.why for c in asked.classes if c.why), "")
    if one.through:
        bits = 0
        for part in one.through.values():
            bits |= part
        whole = len(one.through) == len(asked.classes) and all(part == full for part in one.through.values())
        number = board.axis.number[start.id]
        sources = board.axis.addresses(number, bits)
        reason = "" if whole else unsure
        if reason and not reason.startswith(REST):
            reason = f"{REST}: {reason}"
        if start.internet and not intervals.subtract(sources, intervals.of(PRIVATE, board.family)):
            reason = reason or PRIVATE_ONLY
        return _Verdict(
            verdict="permitted" if whole else "partly",
            sources=sources,
            targets=intervals.union(*(asked.classes[at].pairs for at in one.through)),
            found=one.shown,
            reason=reason,
            rules=len(one.rules),
            stale=one.stale,
        )
    if doubt or unsure:
        return _Verdict(verdict="cannot-tell", found=doubt, reason=unsure, stale=bool(doubt and doubt[1].stale))
    found = asked.blocked(service, start.id)
    if found[1].stale:  # a rule of long ago may be gone
        return _Verdict(verdict="cannot-tell", found=found, reason=OLD, stale=True)
    return _Verdict(verdict="blocked", found=found, reason=found[1].reason)


def _row(
    start: ZoneSet, end: ZoneSet, service: str, asked: End, told: _Verdict, controls: Sequence[str], claims: Sequence[str]
) -> PairRow:  # fmt: skip
    board = asked.board
    item = told.found[1].item if told.found else None
    device = told.found[1].device if told.found else None
    origin = item.origin if item else None
    partly = told.verdict == "partly"
    return PairRow(
        from_zone=start.id, to_zone=end.id, ip=board.family, services=[service], verdict=told.verdict,
        sources=intervals.size(told.sources), of_sources=board.axis.size(board.axis.number[start.id], board.full(start.id)),
        targets=intervals.size(told.targets), of_targets=asked.size,
        from_networks=_shown(told.sources, board.family) if partly else [],
        to_networks=_shown(told.targets, board.family) if partly else [],
        device=device_name(device) if device else None,
        rule=rule_text(device_name(device), origin) if device and origin else None,
        place=Place(origin.file, origin.line) if origin else None,
        text=origin.text if origin else None,
        rules=told.rules,
        reason=told.reason or None,
        packet=_packet(asked, told.found, start) if told.found and told.verdict != "cannot-tell" else None,
        stale=told.stale, controls=list(controls), claims=list(claims),
    )  # fmt: skip


def _packet(asked: End, found: _Found, start: ZoneSet) -> Packet | None:
    """A packet that shows it; None where none can be named."""
    board, question = asked.board, found[2]
    put = Put(board=board, question=question)
    reach, columns = put.reach(start.id), board.full(start.id)
    shown = witness(put, reach, tell(board, reach, columns), columns)
    return None if shown is None else packet_of(shown[0])


def _shown(pairs: Intervals, family: Family) -> list[str]:
    """The first networks of some addresses."""
    return list(islice((net for pair in pairs for net in intervals.cidrs((pair,), family)), SHOWN))


def _forbidding(start: ZoneSet, end: ZoneSet, service: str, forbidden: Sequence[Forbidden]) -> tuple[str, ...]:
    """The controls that want this way shut."""
    return tuple(
        one.control
        for one in forbidden
        if service in one.ports
        and (start.id in one.from_zones or (start.internet and INTERNET in one.from_zones))
        and (end.council is None or end.council in one.councils)
        and not end.internet
        and one.scope.takes("zone", end.id)
        and (end.council is None or one.scope.takes("council", end.council))
    )


def _zone_row(zone: ZoneSet, settings: Settings, engine: Engine) -> ZoneRow:
    written = next((one for one in settings.zones if one.id == zone.id), None)
    return ZoneRow(
        id=zone.id, name=zone.name, council=zone.council, trusted=zone.trusted, internet=zone.internet,
        networks=list(written.addresses) if written else [],
        firewalls=list(dict.fromkeys(one.name for one in engine.devices if zone.id in one.zones)),
    )  # fmt: skip
