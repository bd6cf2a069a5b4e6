"""Which zones lie behind which, and over which devices.

A device connects each of its zones with each other. Routing tables are not read, so every way counts that meets no
device and no zone twice: what is blocked is blocked on all of them, and what gets through gets through on one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

MAX_DEVICES: Final = 6
"""Devices on one way; no council's traffic passes more."""
MAX_STEPS: Final = 5_000
"""Zones passed through, over all ways to one address."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One device as the packet meets it. None stands for the zone of the address that is asked about."""

    device: str
    from_: str | None
    to: str | None


class Network:
    """Devices and the zones they stand between."""

    def __init__(self, devices: Mapping[str, frozenset[str]]) -> None:
        self._devices = {name: devices[name] for name in sorted(devices)}
        self._behind: dict[tuple[str, frozenset[str], frozenset[str]], frozenset[str]] = {}

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
