"""The slow witness: one packet at a time down the list, every doubt resolved both ways. Shares no code with the engine.

A network is small enough here to try every address of every zone and every port that some rule tells apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import permutations, product

from secscan.model.net import AddressSet, Origin, PortSet, Rule, RuleList, ZoneSet


@dataclass(frozen=True, slots=True)
class Packet:
    family: int
    src: int
    dst: int
    proto: str
    sport: int
    dport: int


def verdict(
    lists: Sequence[RuleList], zones: Sequence[ZoneSet], start: str, end: str, packets: Sequence[Sequence[Packet]]
) -> str:
    """permitted, blocked, partly or cannot-tell for a zone. ``packets``: for each of its addresses, all ways to try."""
    known = {z.id for z in zones}
    sure = possible = 0
    for tries in packets:
        outcomes = [through(lists, known, packet, start, end) for packet in tries]
        sure += any(o == {True} for o in outcomes)
        possible += any(True in o for o in outcomes)
    if sure == len(packets) and packets:
        return "permitted"
    if sure:
        return "partly"
    return "cannot-tell" if possible or not packets else "blocked"


def through(lists: Sequence[RuleList], known: set[str], packet: Packet, start: str, end: str) -> set[bool]:
    """What may become of a packet: over one way every device must let it pass, and any way will do."""
    if start == end:
        return {True}
    found: list[set[bool]] = []
    for way in ways(lists, start, end):
        hops = [fate(one, known, packet, a, b) for one, a, b in way]
        found.append({all(choice) for choice in product(*hops)})
    if not found:
        return {True, False}
    may_pass, may_stop = any(True in one for one in found), all(False in one for one in found)
    return {outcome for outcome, possible in ((True, may_pass), (False, may_stop)) if possible}


def ways(lists: Sequence[RuleList], start: str, end: str) -> Iterator[list[tuple[RuleList, str, str]]]:
    """Every order of every choice of devices, through every choice of zones between them."""
    zones = sorted({z for one in lists for z in one.zones})
    for length in range(1, len(lists) + 1):
        for devices in permutations(lists, length):
            for between in permutations([z for z in zones if z not in (start, end)], length - 1):
                stops = [start, *between, end]
                if all({a, b} <= one.zones for one, a, b in zip(devices, stops[:-1], stops[1:], strict=True)):
                    yield list(zip(devices, stops[:-1], stops[1:], strict=True))


def fate(one: RuleList, known: set[str], packet: Packet, a: str, b: str) -> set[bool]:
    """The outcomes over every resolution of what is not known: each doubtful step matches, or does not."""
    steps = list(in_order(one))
    doubtful = [i for i, step in enumerate(steps) if matches(step, known, packet, a, b) is None]
    found: set[bool] = set()
    for choice in product(("permit", "deny", "no"), repeat=len(doubtful)):
        resolved = dict(zip(doubtful, choice, strict=True))
        if not all(may_be(steps[i], word) for i, word in resolved.items()):
            continue
        for end in ("permit", "deny") if one.default is None else (one.default,):
            found.add(scan(steps, resolved, known, packet, a, b, end) == "permit")
    return found


def may_be(step: Rule | Origin, word: str) -> bool:
    return not isinstance(step, Rule) or word in ("no", step.action)


def scan(
    steps: Sequence[Rule | Origin],
    resolved: Mapping[int, str],
    known: set[str],
    packet: Packet,
    a: str,
    b: str,
    end: str,
) -> str:
    for i, step in enumerate(steps):
        if i in resolved:
            if resolved[i] != "no":
                return resolved[i]
        elif isinstance(step, Rule) and matches(step, known, packet, a, b):
            return step.action
    return end


def in_order(one: RuleList) -> Iterator[Rule | Origin]:
    """Test lists stand in one file in its own order, so a line goes where its number puts it."""
    everything: list[Rule | Origin] = [*one.rules, *one.undecoded]
    yield from sorted(everything, key=lambda s: s.origin.line if isinstance(s, Rule) else s.line)


def matches(step: Rule | Origin, known: set[str], packet: Packet, a: str, b: str) -> bool | None:
    if isinstance(step, Origin):
        return None
    if not step.enabled or step.expired or step.state == "established":
        return False
    parts = [
        address(step.src, packet.family, packet.src),
        address(step.dst, packet.family, packet.dst),
        any(service(s, packet) for s in step.services),
        zone(step.from_zones, known, a),
        zone(step.to_zones, known, b),
        True if step.unknown is None else None,
    ]
    return False if False in parts else None if None in parts else True


def address(addresses: AddressSet, family: int, number: int) -> bool | None:
    if any(lo <= number <= hi for lo, hi in (addresses.v4 if family == 4 else addresses.v6)):
        return True
    return None if addresses.unknown else False


def service(ports: PortSet, packet: Packet) -> bool:
    return (
        ports.proto in ("any", packet.proto)
        and any(lo <= packet.dport <= hi for lo, hi in ports.dport)
        and any(lo <= packet.sport <= hi for lo, hi in ports.sport)
    )


def zone(names: frozenset[str] | None, known: set[str], at: str) -> bool | None:
    if names is None or at in names:
        return True
    return False if names <= known else None
