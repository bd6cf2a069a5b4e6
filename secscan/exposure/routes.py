"""Which zones lie behind which, and over which devices.

A device connects each of its zones with each other. Routing tables are not read, so every way counts that meets no
device and no zone twice: what is blocked is blocked on all of them, and what gets through gets through on one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from secscan.model.net import Traffic

MAX_DEVICES: Final = 6
"""Devices on one way; no council's traffic passes more."""
MAX_STEPS: Final = 5_000
"""Zones passed through, over all ways to one address."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One device as the packet meets it, between the zones beside it. "" is a zone that nobody knows."""

    device: str
    from_: str
    to: str
    traffic: Traffic = "through"
    arrives: frozenset[str] | None = None
    """For what reaches or leaves a host: the interfaces that have its address; None where that is not known."""


class Step(NamedTuple):
    """One device on a way, with the zone on the side of the fixed address and the one further out."""

    device: str
    near: str
    far: str


class Way(NamedTuple):
    """Devices one after the other, from the fixed address outwards. Not ``whole``: it was not followed to its end."""

    steps: tuple[Step, ...]
    whole: bool = True


class Network:
    """Devices and the zones they stand between."""

    def __init__(self, devices: Mapping[str, frozenset[str]]) -> None:
        self._devices = {name: devices[name] for name in sorted(devices)}
        self._behind: dict[tuple[str, frozenset[str], frozenset[str]], frozenset[str]] = {}
        self._ways: dict[tuple[str, str, frozenset[str], frozenset[str]], tuple[list[Way], Iterator[Way]]] = {}
        self._firsts: dict[tuple[str, str, frozenset[str], frozenset[str]], frozenset[Step]] = {}

    def beside(self, zone: str, used: frozenset[str]) -> list[tuple[str, frozenset[str]]]:
        """The devices beside a zone that are not ``used``, with their zones."""
        return [(name, zones) for name, zones in self._devices.items() if zone in zones and name not in used]

    def behind(
        self, zone: str, used: frozenset[str] = frozenset(), seen: frozenset[str] = frozenset()
    ) -> frozenset[str]:
        """The zones with a way to ``zone`` that meets none of the devices ``used`` and none of the zones ``seen``."""
        key = (zone, used, seen)
        if key not in self._behind:
            found, passed, waiting = {zone}, set(used), [zone]
            while waiting:
                here = waiting.pop()
                for name, zones in self.beside(here, frozenset(passed)):
                    passed.add(name)
                    new = zones - found - seen
                    found |= new
                    waiting += new
            self._behind[key] = frozenset(found - {zone})
        return self._behind[key]

    def through(
        self, start: str, end: str, used: frozenset[str] = frozenset(), seen: frozenset[str] = frozenset()
    ) -> frozenset[Step]:
        """The first steps of all ways from ``start`` to ``end`` that have more than one."""
        key = (start, end, used, seen)
        if key not in self._firsts:
            self._firsts[key] = frozenset(self._onwards(start, end, used, seen | {start}))
        return self._firsts[key]

    def _onwards(self, zone: str, end: str, used: frozenset[str], seen: frozenset[str]) -> Iterator[Step]:
        """The steps from a zone after which there is a way to ``end`` still."""
        for name, zones in self.beside(zone, used):
            for through in sorted(zones - seen - {end}):
                if end in self.behind(through, used | {name}, seen | {through}):
                    yield Step(name, zone, through)

    def ways(
        self, start: str, end: str, used: frozenset[str] = frozenset(), seen: frozenset[str] = frozenset()
    ) -> Iterator[Way]:
        """Every way from ``start`` to ``end``, the shortest first; as many as are asked for are worked out, once."""
        key = (start, end, used, seen)
        if key not in self._ways:
            self._ways[key] = [], self._search(start, end, used, seen | {start})
        known, more = self._ways[key]
        yield from known
        for way in more:
            known.append(way)
            yield way

    def _search(self, start: str, end: str, used: frozenset[str], seen: frozenset[str]) -> Iterator[Way]:
        waiting = deque([(start, used, seen, Way(()))])
        count = 0
        while waiting:
            zone, used, seen, way = waiting.popleft()
            count += 1
            if count > MAX_STEPS or len(way.steps) == MAX_DEVICES:
                # Too far to follow: whatever would come this way may get through.
                yield way._replace(whole=False)
                continue
            for name, zones in self.beside(zone, used):
                passed = used | {name}
                if end in zones - seen:
                    yield Way((*way.steps, Step(name, zone, end)))
                for through in sorted(zones - seen - {end}):
                    met = seen | {through}
                    if end in self.behind(through, passed, met):
                        waiting.append((through, passed, met, Way((*way.steps, Step(name, zone, through)))))
