"""The ways from one zone to another: which devices a packet passes, and between which zones each sees it.

A device connects each of its zones with each other. Routing tables are not read, so every way that exists counts:
what is blocked is blocked on all of them, and what gets through gets through on one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

MAX_DEVICES: Final = 6
"""Devices on one way; no council's traffic passes more."""
MAX_WAYS: Final = 256
MAX_STEPS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Hop:
    """One device as the packet meets it. None stands for the zone of the address that is asked about."""

    device: str
    from_: str | None
    to: str | None


Way = tuple[Hop, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """All ways between two zones, the shortest first. ``whole`` is false where there were too many to list."""

    ways: tuple[Way, ...]
    whole: bool

    @property
    def devices(self) -> tuple[str, ...]:
        return tuple(sorted({hop.device for way in self.ways for hop in way}))


def ways(devices: Mapping[str, frozenset[str]], start: str, end: str) -> Ways:
    """Every way from zone ``start`` to another zone ``end`` that meets no device and no zone twice.

    ``devices``: device -> the zones it stands between. The hops name both zones.
    """
    found: list[Way] = []
    whole = True
    for steps, way in enumerate(_walks(devices, start, end), 1):
        if way is None or steps > MAX_STEPS or len(found) == MAX_WAYS:
            whole = False
            if way is not None:
                break
        elif way:
            found.append(way)
    found.sort(key=lambda way: (len(way), [(h.device, h.from_ or "", h.to or "") for h in way]))
    return Ways(ways=tuple(found), whole=whole)


def _walks(devices: Mapping[str, frozenset[str]], start: str, end: str) -> Iterator[Way | None]:
    """Depth first: a way that arrives, () for a step that goes on, None where a way was too long to follow."""
    names = sorted(devices)
    stack: list[tuple[str, Way, frozenset[str]]] = [(start, (), frozenset((start,)))]
    while stack:
        zone, way, seen = stack.pop()
        used = {hop.device for hop in way}
        for name in names:
            if name in used or zone not in devices[name]:
                continue
            if len(way) == MAX_DEVICES:
                yield None
                break
            if end in devices[name]:
                yield (*way, Hop(name, zone, end))
            for through in sorted(devices[name] - seen - {end}):
                stack.append((through, (*way, Hop(name, zone, through)), seen | {through}))
                yield ()
