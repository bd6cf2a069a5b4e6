"""Which zone an asset stands in: what the register says, else what its addresses say."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address, ip_network

from secscan.model.settings import Zone


class ZoneFinder:
    """Answers zones for one set of settings; each distinct question is worked out once."""

    def __init__(self, zones: Sequence[Zone]) -> None:
        self._words = {w.casefold(): z.id for z in zones for w in (z.id, z.name) if w is not None}
        networks = [(ip_network(a), z) for z in zones for a in z.addresses]
        self._ranges = [
            (n.version, int(n.network_address), int(n.broadcast_address), n.prefixlen, z.council, z.id)
            for n, z in networks
        ]
        self._known: dict[tuple[str, str], str | None] = {}

    def named(self, word: str) -> str:
        """The zone that the register's word stands for; a word that no zone has is kept as it is."""
        return self._words.get(word.casefold(), word)

    def of(self, council: str, addresses: Sequence[str]) -> str | None:
        """The zone of an asset's addresses; None where they lie in none, or in more than one."""
        found = {self._one(council, address) for address in addresses}
        return found.pop() if len(found) == 1 else None

    def _one(self, council: str, address: str) -> str | None:
        key = (council, address)
        if key not in self._known:
            parsed = ip_address(address)
            version, number = parsed.version, int(parsed)
            fits = [
                (length, zone)
                for family, low, high, length, owner, zone in self._ranges
                if low <= number <= high and family == version and owner in (None, council)
            ]
            self._known[key] = max(fits)[1] if fits else None
        return self._known[key]
