"""What other scanners found, row by row in their own words, tied to the asset that their file means.

A result never puts an asset into the register. One whose device is in no list of the council stays a row, without an asset.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from secscan.inventory.register import Register
from secscan.inventory.sightings import Sightings
from secscan.model.estate import Scans
from secscan.model.frame import Col, Index, coded
from secscan.model.raw import Load, RawTable

TABLE: Final = "results"
FIXED: Final = "fixed"
_NOBODY: Final = -1
_PLAIN: Final = (
    "check",
    "title",
    "cves",
    "severity",
    "cvss3",
    "product",
    "version",
    "fixed_in",
    "first_seen",
    "last_seen",
)
_CALLED: Final = {"check": "check_id", "first_seen": "first_seen_on", "last_seen": "last_seen_on"}
"""Raw columns that the table has under another name."""

ByAddress = Callable[[str, str | None], int | None]
"""(council, address) -> the row of the asset that it means."""
Device = tuple[str | None, str | None, str | None]
"""Tag, address and host name, as a row has them."""


def results(
    register: Register, loads: Sequence[Load], by_address: ByAddress, sightings: Sightings
) -> tuple[dict[str, Col], Index, Col, Scans]:
    """The columns of the table that are its own, with the council; the asset row of each row, -1 for none; the places; the scans.

    Rows that are results come first, then one for each asset of which no scanner reports anything.
    """
    of = [(load, load.tables[TABLE]) for load in loads if TABLE in load.tables]
    looked, clean = _looked(register, [load for load, _ in of])
    rows: list[Index] = [np.empty(0, dtype=np.int32)]
    names: list[str | None] = []
    for load, table in of:
        owner, called = _owners(register, load, table, by_address)
        found = owner[owner != _NOBODY]
        sightings.add(load, found)
        looked[load.source][found] = True
        rows.append(owner)
        names += called
    mine = np.concatenate(rows)
    absent = np.ones(len(register.entries), dtype=bool)
    absent[mine[mine != _NOBODY]] = False
    without = np.flatnonzero(absent).astype(np.int32)
    rest = [None] * len(without)
    said = {name: [*chain.from_iterable(_values(table, name) for _, table in of), *rest] for name in _PLAIN}
    columns = {_CALLED.get(name, name): _once(values) for name, values in said.items()}
    columns["said_severity"] = columns["severity"]  # the very word, for people
    columns["severity"] = _turned(columns["severity"], str.casefold)
    columns["device"] = _once([*names, *rest])
    of_load = np.repeat(np.arange(len(of), dtype=np.int32), [table.rows for _, table in of])
    load_take = np.concatenate([of_load, np.full(len(without), -1, dtype=np.int32)])
    columns["scanner"] = _shared([load.source for load, _ in of], load_take)
    columns["tool"] = _shared([load.kind for load, _ in of], load_take)
    columns["scanned_on"] = _shared([load.dated_on for load, _ in of], load_take)
    columns["council"] = _councils(register, [load.council for load, _ in of], mine, of_load, without)
    columns["proto_port"] = _once([*_ports(of), *rest])
    columns["open"] = _once([*(state != FIXED for _, table in of for state in _values(table, "state")), *rest])
    columns["reported"] = Col(
        [*[True] * len(mine), *(False if clean.get(row) is not None else None for row in without.tolist())]
    )
    columns |= _named(columns, mine)
    scans = _scans(columns["cves"], looked)
    columns["scanners"] = _agreed(scans, columns, mine, len(without))
    told = [code for _, table in of for code in table.places]
    place = Col(
        np.array(told + [clean.get(row, register.entries[row].place) for row in without.tolist()], dtype=np.int64)
    )
    return columns, np.concatenate([mine, without]), place, scans


def _looked(register: Register, loads: Sequence[Load]) -> tuple[dict[str, NDArray[np.bool_]], dict[int, int]]:
    """Source -> by asset whether it looked there; and the assets at which some source looked whole, each with the first row that says so."""
    looked: dict[str, NDArray[np.bool_]] = {}
    whole: dict[int, int] = {}
    for load in loads:
        seen = looked.setdefault(load.source, np.zeros(len(register.entries), dtype=bool))
        table = load.tables.get("assets")
        if table is None:
            continue
        blank = [None] * table.rows
        names = zip(
            table.columns.get("device_id") or blank, table.columns.get("asset_tag") or blank, table.places, strict=True
        )
        for device, tag, place in names:
            name = device or tag
            row = register.find(load.council, load.source, name) if name else None
            if row is not None:
                seen[row] = True
                if load.incomplete is None:
                    whole.setdefault(row, place)
    return looked, whole


def _owners(register: Register, load: Load, table: RawTable, by_address: ByAddress) -> tuple[Index, list[str | None]]:
    """For each row its asset, -1 where no list has it, and what the scanner calls the device; each distinct one looked up once."""

    def row(device: Device) -> int:
        tag, address, _ = device
        found = register.find(load.council, load.source, tag) if tag else None
        if found is None:
            found = by_address(load.council, address)
        return _NOBODY if found is None else found

    devices: list[Device] = list(zip(*(_values(table, c) for c in ("asset_tag", "address", "hostname")), strict=True))
    known = {device: row(device) for device in dict.fromkeys(devices)}
    owner = np.fromiter(map(known.__getitem__, devices), dtype=np.int32, count=table.rows)
    return owner, [tag or host or address for tag, address, host in devices]


def _values(table: RawTable, column: str) -> Sequence[Any]:
    return table.columns.get(column) or [None] * table.rows


def _once(values: Sequence[Any]) -> Col:
    """A column with each value once."""
    codes, known = coded(values)
    return Col(known, codes[:-1])


def _shared(values: Sequence[Any], take: Index) -> Col:
    """The same where which value a row has is known already."""
    codes, known = coded(values)
    return Col(known, codes[take])  # -1 takes the last, which is what is not known


def _turned(column: Col, turn: Callable[[str], str]) -> Col:
    return Col([None if v is None else turn(v) for v in column.values], column.take)


def _councils(register: Register, of_loads: Sequence[str], mine: Index, of_load: Index, without: Index) -> Col:
    """Whose each row is: its asset's council, and without an asset that of its file."""
    codes, known = coded([*(e.council for e in register.entries), *of_loads])
    files = codes[len(register.entries) : -1]
    owned = codes[np.where(mine == _NOBODY, 0, mine)]
    return Col(
        known, np.concatenate([np.where(mine == _NOBODY, files[of_load], owned), codes[without]]).astype(np.int32)
    )


def _ports(of: Sequence[tuple[Load, RawTable]]) -> Iterator[str | None]:
    for _, table in of:
        pairs = list(zip(_values(table, "proto"), _values(table, "port"), strict=True))
        said = {(a, b): f"{a}/{b}" if a and b is not None else a for a, b in dict.fromkeys(pairs)}
        yield from map(said.__getitem__, pairs)


def _named(columns: Mapping[str, Col], mine: Index) -> dict[str, Col]:
    """``issue`` and ``about``: what each result is about."""
    size = len(columns["title"].values)
    cves, titles = (_take(columns[name]) for name in ("cves", "title"))
    pairs, number = np.unique(cves.astype(np.int64) * size + titles, return_inverse=True)
    issues = [
        cve if cve and ";" not in cve else title
        for cve, title in (
            (columns["cves"].values[p // size], columns["title"].values[p % size]) for p in pairs.tolist()
        )
    ]
    take = number.astype(np.int32)
    issue, about = Col(issues, take.copy()), list(issues)
    alone: dict[tuple[int, int], int] = {}
    devices = _take(columns["device"])
    for row in np.flatnonzero(mine == _NOBODY).tolist():
        key = (int(devices[row]), int(take[row]))
        if key not in alone:
            alone[key] = len(about)
            about.append(" ".join(filter(None, (columns["device"].values[key[0]], issues[key[1]]))))
        take[row] = alone[key]
    return {"issue": issue, "about": Col(about, take)}


def _take(column: Col) -> Index:
    assert column.take is not None
    return column.take


def _scans(cves: Col, looked: Mapping[str, NDArray[np.bool_]]) -> Scans:
    """Every CVE that some row names, with the row: each distinct list of CVEs is taken apart once."""
    lists = [[] if text is None else text.split(";") for text in cves.values]
    names = list(dict.fromkeys(chain.from_iterable(lists)))
    at = dict(zip(names, range(len(names)), strict=True))
    flat = np.fromiter((at[name] for one in lists for name in one), dtype=np.int32)
    size = np.fromiter(map(len, lists), dtype=np.int64, count=len(lists))
    begin = np.concatenate(([0], np.cumsum(size)))
    take = _take(cves)
    counts = size[take]
    rows = np.repeat(np.arange(len(take), dtype=np.int32), counts)
    within = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return Scans(looked=looked, row=rows, cve=flat[np.repeat(begin[:-1][take], counts) + within], cves=names)


def _agreed(scans: Scans, columns: Mapping[str, Col], mine: Index, rest: int) -> Col:
    """For each row how many scanners report one of its CVEs open on its asset, at most; not known where it names none."""
    open_ = columns["open"].test(bool)
    owner = np.concatenate([mine, np.full(rest, _NOBODY, dtype=np.int32)])
    count = np.zeros(len(owner), dtype=np.int32)
    kept = (owner[scans.row] != _NOBODY) & open_[scans.row]
    rows = scans.row[kept]
    pair = owner[rows].astype(np.int64) * max(len(scans.cves), 1) + scans.cve[kept]
    pairs, number = np.unique(pair, return_inverse=True)
    by = len(columns["scanner"].values)
    said = np.unique(number * by + _take(columns["scanner"])[rows])
    scanners = np.bincount(said // by, minlength=len(pairs))
    np.maximum.at(count, rows, scanners[number].astype(np.int32))
    return _once([n or None for n in count.tolist()])
