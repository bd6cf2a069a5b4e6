"""Which assets stand in a register and which were seen, and what was seen that stands in none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secscan.inventory.register import Register
from secscan.model.estate import Sighting
from secscan.model.frame import Col, Frame
from secscan.model.raw import Load
from secscan.model.settings import REGISTER, Settings

Mask = NDArray[np.bool_]


@dataclass(slots=True)
class Stranger:
    """One address that answered a scan and is no asset's, or more than one's."""

    council: str
    address: str
    place: int
    hostname: str | None = None
    seen_by: set[str] = field(default_factory=set)
    seen_on: date = date.min
    ports: set[str] = field(default_factory=set)


class Strangers:
    """Gathers the addresses that no asset has."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Stranger] = {}

    def add(self, load: Load, address: str, place: int, **more: Any) -> None:
        one = self._found.setdefault((load.council, address), Stranger(load.council, address, place))
        one.place = min(one.place, place)
        one.seen_by.add(load.source)
        one.seen_on = max(one.seen_on, more.get("seen_on") or load.dated_on)
        one.hostname = one.hostname or more.get("hostname")
        if (port := more.get("port")) is not None:
            one.ports.add(port)

    def listed(self) -> list[Stranger]:
        return [self._found[at] for at in sorted(self._found)]


class Standing:
    """What the sources of each council are: registers, and others that look."""

    def __init__(self, loads: Sequence[Load], settings: Settings, assets: Frame, seen: Mapping[str, Sighting]) -> None:
        self.words = {s.id: s.word for c in settings.councils for s in c.sources}
        believed = [load for load in loads if load.held is None]
        self.with_register = {
            load.council for load in believed if self.words.get(load.source) == REGISTER and "assets" in load.tables
        }
        self.looking = {load.source for load in believed if self.words.get(load.source) != REGISTER}
        self._assets, self._seen = assets, seen
        self._councils = {load.council for load in believed if load.source in self.looking}

    def with_columns(self) -> Frame:
        """The assets with ``registered`` and ``seen``; null where no register, or nothing that looks, was read."""
        rows = self._assets.rows
        code, councils = self._assets.columns["council"].codes()
        dated = self._assets.columns["last_seen_on"].test(lambda day: day is not None)
        named = self._named(lambda source: self.words.get(source) == REGISTER)
        seen = dated | self._named(self.looking.__contains__)
        told = np.bincount(code, weights=dated, minlength=len(councils)) > 0
        given = np.fromiter((c in self.with_register for c in councils), dtype=bool, count=len(councils))
        looked = told | np.fromiter((c in self._councils for c in councils), dtype=bool, count=len(councils))

        def column(yes: Mask, known: Mask) -> Col:
            return Col((False, True), np.where(known[code], yes, -1).astype(np.int32) if rows else yes.astype(np.int32))

        self._assets = self._assets.with_columns({"registered": column(named, given), "seen": column(seen, looked)})
        return self._assets

    def _named(self, wanted: Any) -> Mask:
        found = np.zeros(self._assets.rows, dtype=bool)
        for source, sight in self._seen.items():
            if wanted(source):
                found |= sight.named
        return found

    def sightings(self, register: Register, strangers: Sequence[Stranger], maybe: Sequence[Sequence[str]]) -> Frame:
        """A row for each asset that something other than a register named, and for each address that is no asset's.

        A council at which nothing looks has one row of nulls. ``maybe``: for each stranger the assets that it may be.
        """
        rows = np.flatnonzero(self._named(self.looking.__contains__)).astype(np.int32)
        by, combinations = self._by_whom(rows)
        days = np.zeros(len(rows), dtype=np.int32)
        for source in self.looking & self._seen.keys():
            days = np.maximum(days, self._seen[source].days[rows])
        blind = self._blind(register, strangers)
        none = [None] * len(blind)
        take = np.concatenate([rows, np.full(len(strangers) + len(blind), -1, dtype=np.int32)]).astype(np.int32)
        entries = [register.entries[row] for row in rows.tolist()]
        over = {name: self._assets.columns[name].over(take) for name in _SHARED}
        own: dict[str, list[Any]] = {
            "council": [*(e.council for e in entries), *(s.council for s in strangers), *blind],
            "hostname": [*(e.facts.get("hostname") for e in entries), *(s.hostname for s in strangers), *none],
            "sighting": [*(e.asset for e in entries), *(s.address for s in strangers), *none],
            "address": [
                *(";".join(e.facts.get("ip", ())) or None for e in entries),
                *(s.address for s in strangers),
                *none,
            ],
            "registered": [
                *self._assets.columns["registered"].pick(rows),
                *(False if s.council in self.with_register else None for s in strangers),
                *none,
            ],
            "seen_by": [
                *(combinations[i] for i in by.tolist()),
                *(", ".join(sorted(s.seen_by)) for s in strangers),
                *none,
            ],
            "seen_on": [
                *(date.fromordinal(d) if d else None for d in days.tolist()),
                *(s.seen_on for s in strangers),
                *none,
            ],
            "ports": [*[None] * len(rows), *(", ".join(sorted(s.ports)) or None for s in strangers), *none],
            "maybe": [*(", ".join(some) or None for some in (*(e.maybe for e in entries), *maybe)), *none],
        }
        places = [*(e.place for e in entries), *(s.place for s in strangers), *blind.values()]
        columns = {**over, **{name: Col(values) for name, values in own.items()}}
        return Frame("sightings", len(take), columns, {"": Col(places)})

    def _blind(self, register: Register, strangers: Sequence[Stranger]) -> dict[str, int]:
        """Council -> the place of its first asset, for those at which nothing looks."""
        looked = self._councils | {s.council for s in strangers}
        found: dict[str, int] = {}
        for entry in register.entries:
            if entry.council not in looked:
                found.setdefault(entry.council, entry.place)
        return found

    def _by_whom(self, rows: NDArray[np.int32]) -> tuple[NDArray[np.int64], list[str]]:
        """For each row a number, and which sources that look each number stands for; each combination once."""
        code = np.zeros(len(rows), dtype=np.int64)
        combinations: list[tuple[str, ...]] = [()]
        for source in sorted(self.looking & self._seen.keys()):
            mine = np.flatnonzero(self._seen[source].named[rows])
            before, at = np.unique(code[mine], return_inverse=True)
            code[mine] = len(combinations) + at
            combinations += [(*combinations[i], source) for i in before.tolist()]
        return code, [", ".join(some) for some in combinations]


_SHARED = ("asset", "type", "zone", "service", "owner", "criticality")
