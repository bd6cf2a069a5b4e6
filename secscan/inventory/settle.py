"""From loads to an estate: the frames assets, installs, services, fixes and results, in raw words still."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final

import numpy as np

from secscan.inventory.agreement import agreement
from secscan.inventory.register import Register, in_order, registered, system_name
from secscan.inventory.results import results
from secscan.inventory.sightings import Sightings
from secscan.inventory.standing import Standing, Strangers
from secscan.inventory.zones import ZoneFinder
from secscan.model.estate import Estate, Probe, Scans
from secscan.model.frame import Col, Frame, Index
from secscan.model.places import Files
from secscan.model.raw import NO_SHAPES, Gap, Load, RawShape, RawTable, Shapes
from secscan.model.settings import Settings

SHARED: Final = ("council", "asset", "hostname", "type", "zone", "service", "owner", "criticality")
_LISTED: Final = ("software", "fixes", "services")
_NO_TAG: Final = -2
_NO_PROTOCOL: Final = frozenset(("unknown", "tcpwrapped"))
"""Words by which a scanner says that it could not tell."""
_ANSWERED: Final = frozenset(("open", "closed", "unfiltered"))
"""States of a port that only a packet from the host can tell."""


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
    believed = in_order(loads, settings)
    register = registered(believed, settings, files)
    lists = _Lists(register, believed, (*_LISTED, *shapes))
    register.index_addresses()
    finder = ZoneFinder(settings.zones)
    assets = _assets(register, finder)
    lookup = _Lookup(register, settings)
    sightings = Sightings(assets.rows)
    sightings.of_register(register)
    installs, listed = _installs(register, assets, lists, sightings)
    assets = _with_lists(register, assets, lists, listed, files)
    strangers = Strangers()
    services = _services(register, assets, lists, lookup, sightings, strangers)
    fixes = _fixes(register, assets, lists, sightings)
    found, scans = _results(register, assets, believed, lookup, sightings)
    probes = _probes(register, believed, lookup, settings, sightings, strangers)
    assets = _with_scans(assets, believed, sightings, files)
    standing = Standing(believed, settings, assets, sightings.by_source())
    assets = standing.with_columns()
    nobody = strangers.listed()
    told = agreement(register, finder, files)
    return Estate(
        today=today,
        files=files,
        frames={
            "assets": assets,
            "installs": installs,
            "services": services,
            "fixes": fixes,
            "sightings": standing.sightings(
                register, nobody, [lookup.candidates(s.council, s.address) for s in nobody]
            ),
            "results": found,
            **{name: _as_read(name, shape, register, assets, lists) for name, shape in shapes.items()},
        },
        loads=tuple(loads),
        gaps=tuple(gaps),
        addresses={(e.council, e.asset): e.facts["ip"] for e in register.entries if e.facts.get("ip")},
        probes=probes,
        notes={
            "with_register": standing.with_register,
            "sightings": sightings.by_source(),
            "scans": scans,
            "aliases": register.aliases(),
            "joins": register.joins,
            "maybe": {row: entry.maybe for row, entry in enumerate(register.entries) if entry.maybe},
            "join_warnings": register.warnings,
            "disagreements": told.disagreements,
            "agreed": told.agreed,
            "systems": told.systems,
        },
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
        """The one asset that has it; None where there is none or more than one."""
        if address is None:
            return None
        key = (council, address)
        if key not in self._known:
            rows = self.register.by_address(self._councils.get(council, [council]), address)
            self._known[key] = rows[0] if len(rows) == 1 else None
        return self._known[key]

    def candidates(self, council: str, address: str) -> list[str]:
        """Every asset that has it, the council's own by its id alone."""
        entries = [
            self.register.entries[r] for r in self.register.by_address(self._councils.get(council, [council]), address)
        ]
        return [e.asset if e.council == council else f"{e.council} {e.asset}" for e in entries]


class _Lists:
    """The lists of software, services and fixes, and whose each row is; every distinct name is looked up once.

    An asset that only a list names is in the register from then on.
    """

    def __init__(self, register: Register, loads: Sequence[Load], listed: Collection[str]) -> None:
        self.loads = loads
        self._rows: dict[int, dict[str, int]] = {}
        for load in loads:
            for name, table in load.tables.items():
                if name in listed:
                    tags = zip(reversed(table.columns["asset_tag"]), reversed(table.places), strict=True)
                    first = {tag: place for tag, place in tags if tag}
                    self._rows[id(table)] = {
                        tag: register.at(load.council, load.source, tag, place) for tag, place in first.items()
                    }

    def of(self, name: str) -> Iterator[tuple[Load, RawTable]]:
        return ((load, load.tables[name]) for load in self.loads if name in load.tables)

    def row(self, table: RawTable, tag: str) -> int:
        return self._rows[id(table)][tag]

    def rows(self, table: RawTable) -> Index:
        """The asset row of each row of a table; _NO_TAG where it names none."""
        known = self._rows[id(table)]
        tags = table.columns["asset_tag"]
        return np.fromiter((known.get(t, _NO_TAG) for t in tags), dtype=np.int32, count=len(tags))


def _assets(register: Register, finder: ZoneFinder) -> Frame:
    entries = register.entries
    zones, zone_places = [], []
    for entry in entries:
        word = entry.facts.get("zone")
        zones.append(finder.named(word) if word else finder.of(entry.council, entry.facts.get("ip", ())))
        zone_places.append(entry.place_of("zone" if word else "ip"))
    plain = (
        "hostname", "type", "service", "owner", "criticality", "internet_facing", "auto_update", "restart_pending",
        "protection_active", "definitions_on", "encrypted", "fqdn", "serial",
    )  # fmt: skip
    columns: dict[str, Sequence[Any]] = {
        "council": [e.council for e in entries],
        "asset": [e.asset for e in entries],
        "zone": zones,
        "last_seen_on": [e.last_seen for e in entries],
        "sources_seen": [e.sources for e in entries],
        "os_build": register.column("os_version"),
        "addresses": [";".join(e.facts.get("ip", ())) or None for e in entries],
        **{name: register.column(name) for name in plain},
    }
    places: dict[str, Sequence[int | None]] = {
        "": [e.place for e in entries],
        "zone": zone_places,
        "last_seen_on": [e.last_seen_place if e.last_seen else None for e in entries],
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


def _with_lists(register: Register, assets: Frame, lists: _Lists, listed: Sequence[int], files: Files) -> Frame:
    """The assets, and whether some source listed their software. ``listed``: the place of each one's first program, or -1.

    Not known where no software source of the council was read whole, or where a row about the asset was refused.
    """
    aliases = register.aliases()
    whole: dict[str, int] = {}
    spoilt: set[tuple[str, str]] = set()
    for load, table in lists.of("software"):
        if load.incomplete is None and (not table.rows or _of_a_list(table).any()):
            whole.setdefault(load.council, files.code(load.file, 0))
        tags = {(load.council, r.asset_tag.strip().casefold()) for r in load.refused if r.asset_tag}
        spoilt |= {(council, aliases.get((council, tag), tag).casefold()) for council, tag in tags}
    said: list[bool | None] = []
    places: list[int | None] = []
    for row, entry in enumerate(register.entries):
        known = entry.council in whole and (entry.council, entry.asset.casefold()) not in spoilt
        said.append(True if listed[row] >= 0 else False if known else None)
        places.append(listed[row] if listed[row] >= 0 else whole.get(entry.council))
    return assets.with_columns({"software_listed": Col(said)}, {"software_listed": Col(places)})


def _with_scans(assets: Frame, loads: Sequence[Load], sightings: Sightings, files: Files) -> Frame:
    """The assets, seen last on the day of a scan that they answered where that is newer than any row's own day."""
    days = assets.columns["last_seen_on"].pick(np.arange(assets.rows))
    places = assets.places["last_seen_on"].pick(np.arange(assets.rows))
    for load in loads:
        if "probes" in load.tables and load.source in (seen := sightings.by_source()):
            newest = seen[load.source].days
            for row in np.flatnonzero(newest).tolist():
                day = date.fromordinal(int(newest[row]))
                if days[row] is None or days[row] < day:
                    days[row], places[row] = day, files.code(load.file, 0)
    return assets.with_columns({"last_seen_on": Col(days)}, {"last_seen_on": Col(places)})


def _of_a_list(table: RawTable) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """The rows that are of a list of what is installed: what a port answers says nothing of what else is there."""
    kinds = table.columns.get("kind") or ()
    if "service_banner" not in kinds:
        return np.ones(table.rows, dtype=bool)
    return np.fromiter((kind != "service_banner" for kind in kinds), dtype=bool, count=table.rows)


def _installs(register: Register, assets: Frame, lists: _Lists, sightings: Sightings) -> tuple[Frame, Sequence[int]]:
    """The frame, and for every asset the place of the first program that a software source lists; -1 for none."""
    triples: dict[tuple[str | None, str | None, str | None, str | None], int] = {}
    asset_rows: list[Index] = []
    in_list = [np.zeros(0, dtype=bool)]
    triple_rows: list[Index] = []
    sources: list[str] = []
    places: list[Any] = []
    used: list[Any] = []
    installed: list[Any] = []
    listed = np.zeros(assets.rows, dtype=bool)
    for load, table in lists.of("software"):
        rows = lists.rows(table)
        sightings.add(load, rows)
        in_list.append(_of_a_list(table))
        listed[rows[in_list[-1]]] = True
        asset_rows.append(rows)
        sources.append(load.source)
        blank = [None] * table.rows
        parts = (table.columns.get(c, blank) for c in ("name", "version", "publisher", "kind"))
        numbers = (triples.setdefault(t, len(triples)) for t in zip(*parts, strict=True))
        triple_rows.append(np.fromiter(numbers, dtype=np.int32, count=table.rows))
        places.append(np.asarray(table.places, dtype=np.int64))
        used.extend(table.columns.get("last_used", blank))
        installed.extend(table.columns.get("install_date", blank))
    os_rows = [(row, e) for row, e in enumerate(register.entries) if e.facts.get("os")]
    os_numbers = [
        triples.setdefault((system_name(e.facts), e.facts.get("os_version"), None, "os_caption"), len(triples))
        for _, e in os_rows
    ]
    unlisted = np.flatnonzero(~listed).astype(np.int32)
    software = sum(len(r) for r in asset_rows)
    rows = np.concatenate([*asset_rows, np.array([r for r, _ in os_rows], dtype=np.int32), unlisted]).astype(np.int32)
    take = np.concatenate(
        [*triple_rows, np.array(os_numbers, dtype=np.int32), np.full(len(unlisted), -1, dtype=np.int32)]
    ).astype(np.int32)
    own = [e.place_of("os") for _, e in os_rows] + [register.entries[r].place for r in unlisted]
    by = list(dict.fromkeys([*sources, *(e.source_of("os") for _, e in os_rows)]))
    from_ = [np.full(len(r), by.index(source), dtype=np.int32) for r, source in zip(asset_rows, sources, strict=True)]
    from_.append(np.array([by.index(e.source_of("os")) for _, e in os_rows], dtype=np.int32))
    from_.append(np.full(len(unlisted), -1, dtype=np.int32))
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
        "source": Col(by, np.concatenate(from_)),
    }
    # Of several rows the lowest place speaks, whatever order the files came in.
    none = np.iinfo(np.int64).max
    first = np.full(assets.rows, none, dtype=np.int64)
    counted = np.flatnonzero(np.concatenate(in_list))
    np.minimum.at(first, rows[counted], place[counted])
    first[first == none] = -1
    return Frame("installs", len(rows), columns, {**shared_places, "": Col(place)}), first.tolist()


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


def _fixes(register: Register, assets: Frame, lists: _Lists, sightings: Sightings) -> Frame:
    columns = ("name", "fixed_in", "advisory", "severity", "cvss3", "released_on", "missing")
    parts = []
    for load, table in lists.of("fixes"):
        values = dict(table.columns)
        words = values.get("severity")
        values["severity"] = [w.casefold() if w else "unstated" for w in words or [None] * table.rows]
        rows = lists.rows(table)
        sightings.add(load, rows)
        parts.append((rows, values, table.places))
    return _table("fixes", register, assets, parts, columns)


def _results(
    register: Register, assets: Frame, loads: Sequence[Load], lookup: _Lookup, sightings: Sightings
) -> tuple[Frame, Scans]:
    columns, rows, place, scans = results(register, loads, lookup.row, sightings)
    shared, shared_places = _over_assets(assets, rows)
    return Frame("results", len(rows), {**shared, **columns}, {**shared_places, "": place}), scans


def _as_read(name: str, shape: RawShape, register: Register, assets: Frame, lists: _Lists) -> Frame:
    parts = [(lists.rows(table), table.columns, table.places) for _, table in lists.of(name)]
    return _table(name, register, assets, parts, [c for c in shape.columns if c != "asset_tag"])


def _services(
    register: Register, assets: Frame, lists: _Lists, lookup: _Lookup, sightings: Sightings, strangers: Strangers
) -> Frame:
    parts = []
    for load, table in lists.of("services"):
        rows, keep = [], []
        tags, addresses = table.columns["asset_tag"], table.columns.get("address") or [None] * table.rows
        ports = list(zip(table.columns["proto"], table.columns["port"], strict=True))
        for i, (tag, address) in enumerate(zip(tags, addresses, strict=True)):
            row = lists.row(table, tag) if tag else lookup.row(load.council, address)
            if row is None:
                if address is not None:
                    strangers.add(load, address, table.places[i], port="/".join(map(str, ports[i])))
            else:
                rows.append(row)
                keep.append(i)

        def kept(name: str, table: RawTable = table, keep: Sequence[int] = keep) -> list[Any]:
            column = table.columns.get(name)
            return [None if column is None else column[i] for i in keep]

        values = {name: kept(name) for name in ("proto", "port", "product", "version")}
        services = kept("service")
        values["product"] = [p or s for p, s in zip(values["product"], services, strict=True)]
        values["protocol"] = [_protocol(s) for s in services]
        values["proto_port"] = [f"{a}/{b}" for a, b in zip(values["proto"], values["port"], strict=True)]
        values["seen_by"] = [load.source] * len(keep)
        values["seen_on"] = [load.dated_on] * len(keep)
        found = np.array(rows, dtype=np.int32)
        sightings.add(load, found)
        parts.append((found, values, [table.places[i] for i in keep]))
    columns = ("proto_port", "proto", "port", "protocol", "product", "version", "seen_by", "seen_on")
    return _table("services", register, assets, parts, columns)


def _protocol(service: str | None) -> str | None:
    """The application protocol as scanners name it; None where the source could not tell."""
    name = service.strip().casefold() if service else ""
    return name if name and name not in _NO_PROTOCOL else None


def _probes(
    register: Register,
    loads: Sequence[Load],
    lookup: _Lookup,
    settings: Settings,
    sightings: Sightings,
    strangers: Strangers,
) -> tuple[Probe, ...]:
    zone_of = {v.id: v.zone for v in settings.vantage_points}
    vantage_of = {s.id: s.vantage for c in settings.councils for s in c.sources}
    found = []
    for load in loads:
        table, vantage = load.tables.get("probes"), vantage_of.get(load.source)
        if table is None:
            continue
        answered = {
            a for a, state in zip(table.columns["address"], table.columns["state"], strict=True) if state in _ANSWERED
        }
        rows = [row for address in sorted(answered) if (row := lookup.row(load.council, address)) is not None]
        sightings.add(load, np.array(rows, dtype=np.int32))
        for i, (address, state) in enumerate(zip(table.columns["address"], table.columns["state"], strict=True)):
            if state in _ANSWERED and lookup.row(load.council, address) is None:
                strangers.add(
                    load, address, table.places[i],
                    **{name: column[i] for name in ("hostname", "seen_on") if (column := table.columns.get(name))},
                )  # fmt: skip
        if vantage is None:
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
