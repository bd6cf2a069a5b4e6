"""The register: one row an asset, each fact from the first source that knows it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from secscan.model.raw import Load

COLUMNS: Final = {
    "hostname": "hostname", "fqdn": "fqdn", "mac": "mac", "serial": "serial", "type": "type", "os": "os",
    "os_version": "os_version", "os_edition": "os_edition", "zone": "zone", "service": "service", "owner": "owner",
    "criticality": "criticality", "internet_facing": "internet_facing", "auto_update": "auto_update",
    "restart_pending": "restart_pending", "protection_active": "protection_active",
    "definitions_on": "definitions_on", "encrypted": "encrypted", "ip": "ip",
}  # fmt: skip
"""Column of an assets export -> column of the register."""

_LOWER: Final = frozenset({"type", "criticality"})


@dataclass(slots=True)
class Entry:
    """One asset while its sources are joined; ``places`` holds where each fact stands."""

    council: str
    asset: str
    place: int
    facts: dict[str, Any] = field(default_factory=dict)
    places: dict[str, int] = field(default_factory=dict)
    last_seen: date | None = None
    sources: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Register:
    """Every asset by its place in the table, and by (council, folded id)."""

    entries: list[Entry] = field(default_factory=list)
    _index: dict[tuple[str, str], int] = field(default_factory=dict)
    _by_address: dict[tuple[str, str], list[int]] = field(default_factory=dict)

    def at(self, council: str, tag: str, place: int) -> int:
        """The row of an asset, made when it is new. Two spellings that differ in case alone are one asset."""
        key = (council, tag.strip().casefold())
        found = self._index.get(key)
        if found is None:
            found = self._index[key] = len(self.entries)
            self.entries.append(Entry(council, tag.strip(), place))
        return found

    def add(self, load: Load) -> None:
        """Take the assets rows of one file; what an earlier source said stands."""
        table = load.tables["assets"]
        tags = table.columns["asset_tag"]
        present = [(raw, name, table.columns[raw]) for raw, name in COLUMNS.items() if raw in table.columns]
        seen = table.columns.get("last_seen")
        for row, tag in enumerate(tags):
            place = table.places[row]
            entry = self.entries[self.at(load.council, tag, place)]
            entry.sources.add(load.source)
            for _, name, column in present:
                value = column[row]
                if value is not None and value != () and name not in entry.facts:
                    entry.facts[name] = value.casefold() if name in _LOWER else value
                    entry.places[name] = place
            if seen is not None and seen[row] is not None and (entry.last_seen is None or seen[row] > entry.last_seen):
                entry.last_seen, entry.places["last_seen_on"] = seen[row], place

    def index_addresses(self) -> None:
        """Make ``by_address`` answer; called once, when every source is in."""
        for row, entry in enumerate(self.entries):
            for address in entry.facts.get("ip", ()):
                self._by_address.setdefault((entry.council, address), []).append(row)

    def by_address(self, councils: Iterable[str], address: str) -> int | None:
        """The one asset of these councils that has the address; None where there is none or more than one."""
        rows = [row for council in councils for row in self._by_address.get((council, address), ())]
        return rows[0] if len(rows) == 1 else None

    def column(self, name: str) -> Sequence[Any]:
        return [entry.facts.get(name) for entry in self.entries]

    def column_places(self, name: str) -> Sequence[int | None]:
        return [entry.places.get(name) for entry in self.entries]
