"""From loads to an estate: the frames assets, installs, services and fixes, in raw words still."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np

from secscan.inventory.register import Entry, Register
from secscan.inventory.zones import ZoneFinder
from secscan.model.estate import Estate, Probe
from secscan.model.frame import Col, Frame, Index
from secscan.model.places import Files
from secscan.model.raw import NO_SHAPES, Gap, Load, RawShape, RawTable, Shapes
from secscan.model.settings import Settings

SHARED: Final = ("council", "asset", "hostname", "type", "zone", "service", "owner", "criticality")
_NO_TAG: Final = -2


def settle(
    loads: Sequence[Load],
    gaps: Sequence[Gap],
    settings: Settings,
    files: Files,
    today: date,
    shapes: Shapes = NO_SHAPES,
) -> Estate:
    """The estate as the sources tell it. Every asset has at least one row in every table: nobody vanishes.

    ``shapes``: raw tables that packages add; each becomes a frame of its own, as it was read.
    ``installs`` carries name, version, publisher and kind over one shared index of distinct software (the
    operating system of an asset is one of its rows, marked ``is_os``); recognition comes later.
    """
    register = Register()
    for load in loads:
        if "assets" in load.tables:
            register.add(load)
    _ensure_mentioned(register, loads, ("software", "fixes", "services", *shapes))
    register.index_addresses()
    finder = ZoneFinder(settings.zones)
    assets = _assets(register, finder)
    lookup = _Lookup(register, settings)
    installs = _installs(register, assets, loads)
    services, unmatched = _services(register, assets, loads, lookup)
    return Estate(
        today=today,
        files=files,
        frames={
            "assets": assets,
            "installs": installs,
            "services": services,
            "fixes": _fixes(register, assets, loads),
            **{name: _as_read(name, shape, register, assets, loads) for name, shape in shapes.items()},
        },
        loads=tuple(loads),
        gaps=tuple(gaps),
        addresses={(e.council, e.asset): e.facts["ip"] for e in register.entries if e.facts.get("ip")},
        probes=_probes(register, loads, lookup, settings),
        notes={"unmatched_addresses": unmatched},
    )


class _Lookup:
    """Which asset an address means, for a source bound to one council.

    A provider runs scans for the others too: there the address decides, if exactly one asset of the partnership
    has it.
    """

    def __init__(self, register: Register, settings: Settings) -> None:
        self.register = register
        everyone = [c.id for c in settings.councils]
        self._councils = {c.id: everyone if c.role == "provider" else [c.id] for c in settings.councils}
        self._known: dict[tuple[str, str], int | None] = {}

    def row(self, council: str, address: str | None) -> int | None:
        if address is None:
            return None
        key = (council, address)
        if key not in self._known:
            self._known[key] = self.register.by_address(self._councils.get(council, [council]), address)
        return self._known[key]


def _ensure_mentioned(register: Register, loads: Iterable[Load], tables: Collection[str]) -> None:
    """An asset that only a software list or a fix list names is an asset all the same."""
    for load in loads:
        for name, table in load.tables.items():
            if name in tables:
                first = {
                    t: p for t, p in zip(reversed(table.columns["asset_tag"]), reversed(table.places), strict=True) if t
                }
                for tag, place in first.items():
                    register.at(load.council, tag, place)


def _assets(register: Register, finder: ZoneFinder) -> Frame:
    entries = register.entries
    zones, zone_places = [], []
    for entry in entries:
        word = entry.facts.get("zone")
        zones.append(finder.named(word) if word else finder.of(entry.council, entry.facts.get("ip", ())))
        zone_places.append(entry.places.get("zone" if word else "ip"))
    plain = (
        "hostname", "type", "service", "owner", "criticality", "internet_facing", "auto_update", "restart_pending",
        "protection_active", "definitions_on", "encrypted", "fqdn", "serial",
    )  # fmt: skip
    columns: dict[str, Sequence[Any]] = {
        "council": [e.council for e in entries],
        "asset": [e.asset for e in entries],
        "zone": zones,
        "last_seen_on": [e.last_seen for e in entries],
        "sources_seen": [len(e.sources) for e in entries],
        "os_build": register.column("os_version"),
        "addresses": [";".join(e.facts.get("ip", ())) or None for e in entries],
        **{name: register.column(name) for name in plain},
    }
    places: dict[str, Sequence[int | None]] = {
        "": [e.place for e in entries],
        "zone": zone_places,
        "last_seen_on": register.column_places("last_seen_on"),
        "os_build": register.column_places("os_version"),
        "addresses": register.column_places("ip"),
        **{name: register.column_places(name) for name in plain},
    }
    return Frame(
        "assets", len(entries), {k: Col(v) for k, v in columns.items()}, {k: Col(v) for k, v in places.items()}
    )


def _over_assets(assets: Frame, rows: Index) -> tuple[dict[str, Col], dict[str, Col]]:
    """The columns that every table shares, and their places, for rows that belong to these assets."""
    columns = {name: assets.columns[name].over(rows) for name in SHARED}
    places = {name: assets.places[name].over(rows) for name in SHARED if name in assets.places}
    return columns, places


def _rows_of(register: Register, load: Load, table: RawTable) -> Index:
    """The asset row of each row of a table; _NO_TAG where it names none. Each distinct tag is looked up once."""
    tags = table.columns["asset_tag"]
    known = {t: register.at(load.council, t, 0) if t else _NO_TAG for t in set(tags)}
    return np.fromiter((known[t] for t in tags), dtype=np.int32, count=len(tags))


def _installs(register: Register, assets: Frame, loads: Sequence[Load]) -> Frame:
    triples: dict[tuple[str | None, str | None, str | None, str | None], int] = {}
    asset_rows: list[Index] = []
    triple_rows: list[Index] = []
    places: list[Any] = []
    used: list[Any] = []
    installed: list[Any] = []
    listed = np.zeros(assets.rows, dtype=bool)
    for load in loads:
        if (table := load.tables.get("software")) is None:
            continue
        rows = _rows_of(register, load, table)
        listed[rows] = True
        asset_rows.append(rows)
        blank = [None] * table.rows
        parts = (table.columns.get(c, blank) for c in ("name", "version", "publisher", "kind"))
        numbers = (triples.setdefault(t, len(triples)) for t in zip(*parts, strict=True))
        triple_rows.append(np.fromiter(numbers, dtype=np.int32, count=table.rows))
        places.append(np.asarray(table.places, dtype=np.int64))
        used.extend(table.columns.get("last_used", blank))
        installed.extend(table.columns.get("install_date", blank))
    os_rows = [(row, e) for row, e in enumerate(register.entries) if e.facts.get("os")]
    os_numbers = [
        triples.setdefault((_os_name(e), e.facts.get("os_version"), None, "os_caption"), len(triples))
        for _, e in os_rows
    ]
    unlisted = np.flatnonzero(~listed).astype(np.int32)
    software = sum(len(r) for r in asset_rows)
    rows = np.concatenate([*asset_rows, np.array([r for r, _ in os_rows], dtype=np.int32), unlisted]).astype(np.int32)
    take = np.concatenate(
        [*triple_rows, np.array(os_numbers, dtype=np.int32), np.full(len(unlisted), -1, dtype=np.int32)]
    ).astype(np.int32)
    own = [e.places["os"] for _, e in os_rows] + [register.entries[r].place for r in unlisted]
    place = np.concatenate([*places, np.array(own, dtype=np.int64)])
    rest = len(rows) - software
    shared, shared_places = _over_assets(assets, rows)
    distinct = list(triples)
    is_os = np.zeros(len(rows), dtype=np.int32)
    is_os[software : software + len(os_rows)] = 1
    columns = {
        **shared,
        **{
            name: Col([t[i] for t in distinct], take) for i, name in enumerate(("name", "version", "publisher", "kind"))
        },
        "last_used_on": Col([*used, *[None] * rest]),
        "installed_on": Col([*installed, *[None] * rest]),
        "is_os": Col((False, True), is_os),
    }
    return Frame("installs", len(rows), columns, {**shared_places, "": Col(place)})


def _os_name(entry: Entry) -> str:
    """The operating system with its edition, where the register keeps that apart."""
    name, edition = str(entry.facts["os"]), entry.facts.get("os_edition")
    return f"{name} {edition}" if edition and str(edition).casefold() not in name.casefold() else name


def _table(
    name: str,
    register: Register,
    assets: Frame,
    parts: Sequence[tuple[Index, Mapping[str, Sequence[Any]], Sequence[int]]],
    columns: Sequence[str],
) -> Frame:
    """Rows from several files in one frame, plus an all-null row for every asset that none of them names."""
    covered = np.zeros(assets.rows, dtype=bool)
    for rows, _, _ in parts:
        covered[rows] = True
    absent = np.flatnonzero(~covered).astype(np.int32)
    rows = np.concatenate([*(r for r, _, _ in parts), absent]).astype(np.int32)
    data: dict[str, list[Any]] = {c: [] for c in columns}
    place: list[int] = []
    for own, values, places in parts:
        for column in columns:
            data[column].extend(values.get(column) or [None] * len(own))
        place.extend(places)
    for column in columns:
        data[column].extend([None] * len(absent))
    place.extend(register.entries[r].place for r in absent)
    shared, shared_places = _over_assets(assets, rows)
    return Frame(name, len(rows), {**shared, **{c: Col(v) for c, v in data.items()}}, {**shared_places, "": Col(place)})


def _fixes(register: Register, assets: Frame, loads: Sequence[Load]) -> Frame:
    columns = ("name", "fixed_in", "advisory", "severity", "cvss3", "released_on", "missing")
    parts = []
    for load in loads:
        if (table := load.tables.get("fixes")) is not None:
            values = dict(table.columns)
            words = values.get("severity")
            values["severity"] = [w.casefold() if w else "unstated" for w in words or [None] * table.rows]
            parts.append((_rows_of(register, load, table), values, table.places))
    return _table("fixes", register, assets, parts, columns)


def _as_read(name: str, shape: RawShape, register: Register, assets: Frame, loads: Sequence[Load]) -> Frame:
    parts = [
        (_rows_of(register, load, table), table.columns, table.places)
        for load in loads
        if (table := load.tables.get(name)) is not None
    ]
    return _table(name, register, assets, parts, [c for c in shape.columns if c != "asset_tag"])


def _services(
    register: Register, assets: Frame, loads: Sequence[Load], lookup: _Lookup
) -> tuple[Frame, list[dict[str, Any]]]:
    parts, unmatched = [], []
    for load in loads:
        if (table := load.tables.get("services")) is None:
            continue
        rows, keep = [], []
        tags, addresses = table.columns["asset_tag"], table.columns.get("address") or [None] * table.rows
        for i, (tag, address) in enumerate(zip(tags, addresses, strict=True)):
            row = register.at(load.council, tag, 0) if tag else lookup.row(load.council, address)
            if row is None:
                unmatched.append({"council": load.council, "address": address, "place": table.places[i]})
            else:
                rows.append(row)
                keep.append(i)

        def kept(name: str, table: RawTable = table, keep: Sequence[int] = keep) -> list[Any]:
            column = table.columns.get(name)
            return [None if column is None else column[i] for i in keep]

        values = {name: kept(name) for name in ("proto", "port", "product", "version")}
        values["product"] = [p or s for p, s in zip(values["product"], kept("service"), strict=True)]
        values["proto_port"] = [f"{a}/{b}" for a, b in zip(values["proto"], values["port"], strict=True)]
        values["seen_by"] = [load.source] * len(keep)
        values["seen_on"] = [load.dated_on] * len(keep)
        parts.append((np.array(rows, dtype=np.int32), values, [table.places[i] for i in keep]))
    columns = ("proto_port", "proto", "port", "product", "version", "seen_by", "seen_on")
    return _table("services", register, assets, parts, columns), unmatched


def _probes(register: Register, loads: Sequence[Load], lookup: _Lookup, settings: Settings) -> tuple[Probe, ...]:
    zone_of = {v.id: v.zone for v in settings.vantage_points}
    vantage_of = {s.id: s.vantage for c in settings.councils for s in c.sources}
    found = []
    for load in loads:
        table, vantage = load.tables.get("probes"), vantage_of.get(load.source)
        if table is None or vantage is None:
            continue
        get: Callable[[str, int], Any] = lambda name, i, t=table: t.columns[name][i]  # type: ignore[misc]  # noqa: E731
        for i in range(table.rows):
            row = lookup.row(load.council, get("address", i))
            if get("port", i) is None:
                continue
            found.append(
                Probe(
                    council=register.entries[row].council if row is not None else load.council,
                    asset=register.entries[row].asset if row is not None else None,
                    address=get("address", i),
                    vantage=vantage,
                    zone=zone_of[vantage],
                    proto=get("proto", i),
                    port=get("port", i),
                    state=get("state", i),
                    reason=get("reason", i),
                    reason_ttl=get("reason_ttl", i),
                    seen_on=get("seen_on", i) or load.dated_on,
                    complete=load.incomplete is None,
                    place=table.places[i],
                )
            )
    return tuple(found)
