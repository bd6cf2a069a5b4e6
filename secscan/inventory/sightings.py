"""Which assets each source names, and when it last saw them: what coverage is counted from."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from secscan.inventory.register import Register
from secscan.model.estate import Sighting
from secscan.model.frame import Index
from secscan.model.raw import Load


class Sightings:
    """Gathers what sources see of the assets of one register, by its rows."""

    def __init__(self, assets: int) -> None:
        self._assets = assets
        self._found: dict[str, Sighting] = {}

    def of_register(self, register: Register) -> None:
        """Every row about an asset names it; the day is the row's own, and a row without one saw nobody."""
        rows: dict[str, list[int]] = {}
        days: dict[str, list[int]] = {}
        for row, entry in enumerate(register.entries):
            for said in entry.said:
                rows.setdefault(said.source, []).append(row)
                days.setdefault(said.source, []).append(said.last_seen.toordinal() if said.last_seen else 0)
        for source, named in rows.items():
            self._mark(source, np.array(named, dtype=np.int32), np.array(days[source], dtype=np.int32))

    def add(self, load: Load, rows: Index) -> None:
        """A list names its assets on the day of its file, unless the file says itself when it saw them."""
        day = 0 if "assets" in load.tables else load.dated_on.toordinal()
        self._mark(load.source, rows, np.int32(day))

    def by_source(self) -> Mapping[str, Sighting]:
        return self._found

    def _mark(self, source: str, rows: Index, days: Index | np.int32) -> None:
        if source not in self._found:
            nobody = np.zeros(self._assets, dtype=bool)
            self._found[source] = Sighting(named=nobody, days=np.zeros(self._assets, dtype=np.int32))
        found = self._found[source]
        found.named[rows] = True
        np.maximum.at(found.days, rows, days)
