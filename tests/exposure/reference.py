"""The slow witness: one packet at a time over every way, every doubt resolved both ways. Shares no code with the engine.

A network is small enough here to try every address of every zone, every port that some rule tells apart, and every
destination that a packet may be sent to before some device translates it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import permutations, product

from secscan.model.net import AddressSet, Chain, Device, Origin, PortSet, Rule, Stage, Translation, ZoneSet

FULL_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Packet:
    family: int
    src: int
    dst: int
    proto: str
    sport: int
    dport: int


@dataclass(frozen=True, slots=True)
class Place:
    """Where a packet meets a device. ``direct``: the zone on that side is the one that the address itself is in."""

    device: Device
    from_: str
    to: str
    traffic: str
    from_direct: bool
    to_direct: bool


@dataclass(frozen=True, slots=True)
class Scene:
    devices: Sequence[Device]
    zones: Sequence[ZoneSet]
    guards: Sequence[Device] = ()
    """The asset's own firewalls."""
    inward: bool = True

    @property
    def known(self) -> set[str]:
        return {z.id for z in self.zones}


def verdict(outcomes: Sequence[Sequence[set[bool]]]) -> str:
    """permitted, blocked, partly or cannot-tell; for each address of a zone, what becomes of each packet tried."""
    sure = sum(any(o == {True} for o in tries) for tries in outcomes)
    possible = sum(any(True in o for o in tries) for tries in outcomes)
    if sure == len(outcomes) and outcomes:
        return "permitted"
    if sure:
        return "partly"
    return "cannot-tell" if possible or not outcomes else "blocked"


def through(scene: Scene, packet: Packet, start: str, end: str, goal: tuple[int, int | None]) -> set[bool]:
    """Whether a packet gets from a zone to ``goal``, an address and port (None: any), in a zone.

    Over one way every device must let it pass, and any way will do.
    """
    if start == end:
        ways: list[list[tuple[Device, str, str]]] = [[]]
        if scene.guards and scene.inward:
            ways += [[(one, start, start)] for one in scene.devices if start in one.zones]
    else:
        ways = list(every_way(scene.devices, start, end))
    found = [over(scene, packet, way, start, end, goal) for way in ways]
    if not ways:
        alone = over(scene, packet, [], start, end, goal)
        return {False} if alone == {False} else {True, False}
    may_pass, may_stop = any(True in one for one in found), all(False in one for one in found)
    return {outcome for outcome, possible in ((True, may_pass), (False, may_stop)) if possible}


def every_way(devices: Sequence[Device], start: str, end: str) -> Iterator[list[tuple[Device, str, str]]]:
    """Every order of every choice of devices, through every choice of zones between them."""
    zones = sorted({z for one in devices for z in one.zones})
    for length in range(1, len(devices) + 1):
        for chosen in permutations(devices, length):
            for between in permutations([z for z in zones if z not in (start, end)], length - 1):
                stops = [start, *between, end]
                if all({a, b} <= one.zones for one, a, b in zip(chosen, stops[:-1], stops[1:], strict=True)):
                    yield list(zip(chosen, stops[:-1], stops[1:], strict=True))


def over(
    scene: Scene, packet: Packet, way: Sequence[tuple[Device, str, str]], start: str, end: str, goal: tuple[int, int | None]
) -> set[bool]:  # fmt: skip
    """What may become of a packet on one way; back to its own zone it only comes where something translated it."""
    places = [Place(one, a, b, "through", a == start, b == end) for one, a, b in way]
    for guard in scene.guards:
        if scene.inward:
            places.append(Place(guard, start, end, "to-device", True, True))
        else:
            places.insert(0, Place(guard, start, end, "from-device", True, True))
    turned = bool(way) and start == end
    return set(follow(scene, packet, places, goal, turned))


def follow(
    scene: Scene, packet: Packet, places: Sequence[Place], goal: tuple[int, int | None], turned: bool
) -> Iterator[bool]:
    """Each outcome that is possible."""
    if not places:
        yield packet.dst == goal[0] and goal[1] in (None, packet.dport) and not turned
        return
    place, rest = places[0], places[1:]
    unsaid = [replace(p, from_=NOBODY, from_direct=False) if p.traffic == "to-device" else p for p in rest]
    for name, after in translated(scene, packet, place):
        back = turned and name is None
        for outcome in stages(scene, packet, after, name, place):
            if not outcome:
                yield False
                continue
            sources = (
                changed(scene, packet, after, place) if rest and place.traffic == "through" else [(False, after.src)]
            )
            for other, src in sources:
                # Somebody's address, nobody knows whose: each of them is possible.
                for one in range(*UNIVERSE[packet.family]) if src is None else (src,):
                    yield from follow(scene, replace(after, src=one), unsaid if other else rest, goal, back)


NOBODY = ""
"""The zone of a source that some device has changed, as a host sees it."""
UNIVERSE: dict[int, tuple[int, int]] = {}
"""Family -> the first and one past the last address that tests use."""


def translated(scene: Scene, packet: Packet, place: Place) -> Iterator[tuple[str | None, Packet]]:
    """(translation met, the packet behind it): every one that the destination may meet."""
    if place.traffic == "from-device":
        yield None, packet
        return
    for one in first(scene, packet, place, "dst", packet):
        if one is None or one.none:
            yield None, packet
            continue
        for dst, dport in product(targets(one, packet), ports(one, packet)):
            yield one.name, replace(packet, dst=dst, dport=dport)


def first(scene: Scene, packet: Packet, place: Place, kind: str, after: Packet) -> list[Translation | None]:
    """The translations of a kind of which each may be the first that matches; None: none of them does."""
    found: list[Translation | None] = []
    for one in place.device.translations:
        if one.kind != kind or not one.enabled:
            continue
        seen = after if kind == "src" and one.sees == "translated" else packet
        parts = [
            address(one.src, packet.family, packet.src),
            address(one.dst, packet.family, seen.dst),
            any(service(s, seen) for s in one.services),
            *sides(scene, one, place, packet),
            True if one.unknown is None else None,
        ]
        if False in parts:
            continue
        found.append(one)
        if None not in parts:
            return found
    return [*found, None]


def targets(one: Translation, packet: Packet) -> list[int]:
    to, dst = numbers(one.to, packet.family), numbers(one.dst, packet.family)
    if one.to_own:
        return [-1]
    if one.to.unknown is not None:
        return list(range(*UNIVERSE[packet.family]))
    if len(to) == len(dst) and packet.dst in dst and one.dst.unknown is None:
        return [to[dst.index(packet.dst)]]
    return to


def ports(one: Translation, packet: Packet) -> list[int]:
    if one.to_ports is None:
        return [packet.dport]
    after = [n for lo, hi in one.to_ports for n in range(lo, hi + 1)]
    pairs = [pair for s in one.services if s.proto in ("any", packet.proto) for pair in s.dport]
    if any(hi - lo >= 10 for lo, hi in pairs):
        return after  # far more ports before than behind: any may become any
    before = sorted({n for lo, hi in pairs for n in range(lo, hi + 1)})
    return [after[before.index(packet.dport)]] if len(after) == len(before) else after


def changed(scene: Scene, packet: Packet, after: Packet, place: Place) -> Iterator[tuple[bool, int | None]]:
    """(it was changed, the source that a packet may go on with); None: any."""
    for one in first(scene, packet, place, "src", after):
        if one is None or one.none:
            yield False, packet.src
        elif one.to.unknown is not None:
            yield True, None
        else:
            yield from ((True, n) for n in numbers(one.to, packet.family))


def stages(scene: Scene, packet: Packet, after: Packet, met: str | None, place: Place) -> set[bool]:
    """What may become of a packet in a device: every stage that is asked must let it through."""
    mine = [s for s in place.device.stages if s.traffic == place.traffic]
    if packet.family not in place.device.families or not mine:
        return {True, False}
    outcomes = [asked(scene, after if s.sees == "translated" else packet, met, place, s, packet) for s in mine]
    return {all(choice) for choice in product(*outcomes)}


def asked(scene: Scene, seen: Packet, met: str | None, place: Place, stage: Stage, packet: Packet) -> set[bool]:
    parts = list(sides(scene, stage, place, packet))
    if False in parts:
        return {True}
    found = {word == "permit" for word in list_(scene, seen, met, place, stage.chain)}
    return found | ({True} if None in parts else set())


def list_(scene: Scene, packet: Packet, met: str | None, place: Place, name: str) -> set[str]:
    words = chain(scene, packet, met, place, name, ())
    end = place.device.chains[name].default
    if "back" in words:
        words = (words - {"back"}) | ({end} if end in ("permit", "deny") else {"permit", "deny"})
    return {str(word) for word in words}


def chain(
    scene: Scene, packet: Packet, met: str | None, place: Place, name: str, calling: tuple[str, ...]
) -> set[str | None]:
    """permit, deny or back: each that may come of asking a chain."""
    if name not in place.device.chains or name in calling or len(calling) >= FULL_DEPTH:
        return {"permit", "deny"}
    one: Chain = place.device.chains[name]
    found: set[str | None] = set()
    for step in one.steps:
        fits = matches(scene, step, packet, met, place)
        if fits is False:
            continue
        words = does(scene, step, packet, met, place, (*calling, name))
        found |= words - {"go on"}
        if fits and "go on" not in words:
            return found
    return found | ({"permit", "deny"} if one.default is None else {"back" if one.default == "return" else one.default})


def does(
    scene: Scene, step: Rule | Origin, packet: Packet, met: str | None, place: Place, calling: tuple[str, ...]
) -> set[str | None]:
    if isinstance(step, Origin):
        return {"permit", "deny", "go on"}
    match step.action:
        case "permit" | "deny":
            return {step.action}
        case "return":
            return {"back"}
        case "continue":
            return {"go on"}
        case "goto":
            return chain(scene, packet, met, place, step.target, calling)
        case "jump":
            words = chain(scene, packet, met, place, step.target, calling)
            return {"go on" if word == "back" else word for word in words}


def matches(scene: Scene, step: Rule | Origin, packet: Packet, met: str | None, place: Place) -> bool | None:
    if isinstance(step, Origin):
        return None
    if not step.enabled or step.expired or step.state == "established":
        return False
    if step.translations is not None and (met not in step.translations if met is not None else step.translations):
        return False
    parts = [
        address(step.src, packet.family, packet.src),
        destination(scene, step, packet),
        any(service(s, packet) for s in step.services),
        zone(step.from_zones, scene.known, place.from_),
        zone(step.to_zones, scene.known, place.to),
        *sides(scene, step, place, packet),
        True if step.unknown is None else None,
    ]
    return False if False in parts else None if None in parts else True


def address(addresses: AddressSet, family: int, number: int) -> bool | None:
    if any(lo <= number <= hi for lo, hi in (addresses.v4 if family == 4 else addresses.v6)):
        return True
    return None if addresses.unknown else False


def destination(scene: Scene, step: Rule, packet: Packet) -> bool | None:
    """A private address is somebody's host, and not the one of the device's own that nobody knows."""
    found = address(step.dst, packet.family, packet.dst)
    private = packet.dst >> 24 == 10 if packet.family == 4 else packet.dst >> 121 == 0x7E
    return False if found is None and step.dst_own and private and scene.inward else found


def numbers(addresses: AddressSet, family: int) -> list[int]:
    return [n for lo, hi in (addresses.v4 if family == 4 else addresses.v6) for n in range(lo, hi + 1)]


def service(ports_: PortSet, packet: Packet) -> bool:
    return (
        ports_.proto in ("any", packet.proto)
        and any(lo <= packet.dport <= hi for lo, hi in ports_.dport)
        and any(lo <= packet.sport <= hi for lo, hi in ports_.sport)
    )


def zone(names: frozenset[str] | None, known: set[str], at: str) -> bool | None:
    if names is None or at in names:
        return True
    return False if names <= known and at != NOBODY else None


def sides(scene: Scene, one: Rule | Stage | Translation, place: Place, packet: Packet) -> Iterator[bool | None]:
    """Whether a packet comes in, and goes out, by the interfaces that a rule is for."""
    not_in, not_out = getattr(one, "not_in_interfaces", frozenset()), getattr(one, "not_out_interfaces", frozenset())
    if one.in_interfaces is not None or not_in:
        exact = packet.src if place.from_direct and scene.inward else None
        takes = wanted(place.device, one.in_interfaces, not_in)
        own = place.traffic == "from-device"
        yield False if own else side(scene, takes, place.device, place.from_, exact, packet.family)
    if one.out_interfaces is not None or not_out:
        exact = packet.dst if place.to_direct and not scene.inward else None
        takes = wanted(place.device, one.out_interfaces, not_out)
        own = place.traffic == "to-device"
        yield False if own else side(scene, takes, place.device, place.to, exact, packet.family)


Takes = Callable[[str | None], set[bool]]


def wanted(device: Device, names: frozenset[str] | None, but: frozenset[str]) -> Takes:
    """For an interface whether a gate is for it; for None, which is any but the loopback, what it may be."""
    own = {i.name for i in device.interfaces if i.loopback}

    def called(one: str, by: frozenset[str]) -> bool:
        known = {name for i in device.interfaces for name in (i.name, i.zone)}
        if one in members(device, by):
            return True
        return any(name not in known and name.endswith("+") and one.startswith(name[:-1]) for name in by)

    def takes(one: str | None) -> set[bool]:
        if one is not None:
            return {(names is None or called(one, names)) and not called(one, but)}
        if names is None:
            return {True} if members(device, but) <= own else {True, False}
        some = {name for name in members(device, names) if not called(name, but)}
        return {False} if some <= own else {True, False}

    return takes


def side(scene: Scene, takes: Takes, device: Device, at: str, exact: int | None, family: int) -> bool | None:
    """By what secscan.yaml names, else by where the address, or each of the zone, is routed to."""
    mapped = members(device, [name for name, zones in device.sides.items() if at in zones])
    if len(mapped) == 1:
        found: set[str | None] = set(mapped)
    elif at == NOBODY:
        found = {None}
    else:
        here = [exact] if exact is not None else numbers(next(z for z in scene.zones if z.id == at).addresses, family)
        found = {routed(device, n, family) for n in here}
        if mapped:
            found = {name if name in mapped else None for name in found}
        if None in found and mapped:
            found = (found - {None}) | mapped
    answers = {answer for name in found for answer in takes(name)}
    return answers.pop() if len(answers) == 1 else None


def members(device: Device, names: Iterable[str]) -> set[str]:
    found: set[str] = set()
    for name in names:
        mine = {i.name for i in device.interfaces if name in (i.name, i.zone)}
        found |= mine or {name}
    return found


def routed(device: Device, number: int, family: int) -> str | None:
    """The interface of the narrowest network or route that holds an address."""
    claims: dict[tuple[int, int], set[str]] = {}
    for i in device.interfaces:
        for lo, hi in i.networks.v4 if family == 4 else i.networks.v6:
            if lo <= number <= hi:
                claims.setdefault((hi - lo, 0), set()).add(i.name)
    for r in device.routes:
        lo, hi = r.network
        if r.family == family and lo <= number <= hi:
            claims.setdefault((hi - lo, 1), set()).add(r.interface)
    off = {i.name for i in device.interfaces if not i.enabled}
    if not claims:
        return None
    names = claims[min(claims)]
    return None if len(names) > 1 or names & off else next(iter(names))


def fate(device: Device, known: set[str], packet: Packet, from_: str, to: str) -> set[bool]:
    """What may become of a packet in one device between two zones."""
    scene = Scene((), [ZoneSet(id=z, name=z, addresses=AddressSet(), trusted=False, internet=False) for z in known])
    return stages(scene, packet, packet, None, Place(device, from_, to, "through", True, True))


def fits(rule: Rule, known: set[str], packet: Packet, from_: str, to: str) -> bool | None:
    """Whether one rule matches a packet between two zones."""
    scene = Scene((), [ZoneSet(id=z, name=z, addresses=AddressSet(), trusted=False, internet=False) for z in known])
    place = Place(Device(name="", kind="", chains={}, stages=()), from_, to, "through", True, True)
    return matches(scene, rule, packet, None, place)
