"""Builds the tables that packages add. One whose builder breaks is a table of which nothing is known, and says why.

A builder is somebody's code: what it answers is looked at before anything rests on it. It cannot make an asset
vanish, nor put text where a date is, nor a place that is in no file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final

import numpy as np

from secscan.doors.terminal import safe
from secscan.model.added import AddedTable, Tables
from secscan.model.estate import Estate
from secscan.model.expr import Kind
from secscan.model.frame import Col, Frame, Index
from secscan.model.tables import TableSpec
from secscan.plugins.guard import Broke, guarded

_KINDS: Final[Mapping[Kind, type]] = {"text": str, "int": int, "date": date, "bool": bool}
_WORDS: Final[Mapping[Kind, str]] = {"text": "text", "int": "a whole number", "date": "a date", "bool": "yes or no"}
_LARGEST: Final = 2**63
MAX_TEXT: Final = 32_000


def build(estate: Estate, added: Mapping[str, AddedTable]) -> Estate:
    """The estate with a frame for every table that is added, each built from those before it.

    Notes: ``broken_tables`` (table -> why): its frame has a row of nulls for every asset, and whatever judges it is unknown.
    """
    broken: dict[str, str] = dict(estate.notes.get("broken_tables", {}))
    for name, one in sorted(added.items()):
        try:
            frame = _built(estate, one)
        except Broke as error:
            broken[name] = f"table '{name}' of {one.origin}: {error}"
            assets = estate.frames["assets"]
            frame = replace(_over(assets, np.arange(assets.rows, dtype=np.int32)), table=name)
        estate = replace(estate, frames={**estate.frames, name: frame})
    return replace(estate, notes={**estate.notes, "broken_tables": broken}) if broken else estate


def _built(estate: Estate, one: AddedTable) -> Frame:
    """The table as its builder made it. Raises Broke where it breaks or what it answers cannot be."""
    spec, make = one.table.spec, one.table.build
    if make is None:
        return estate.frames[spec.table]
    given = Tables({name: _sealed(frame) for name, frame in estate.frames.items()}, estate.today, estate.files)
    frame = guarded(lambda: make(given))
    if says := guarded(lambda: next(_faults(frame, spec, estate), None)):
        raise Broke(f"its builder {says}")
    assets = estate.frames["assets"]
    at = {pair: row for row, pair in enumerate(_pairs(assets))}
    rows = np.fromiter((at[pair] for pair in _pairs(frame)), np.int32, frame.rows)
    shared = _over(assets, rows)
    own = spec.columns().keys() - TableSpec.columns().keys()
    return Frame(
        spec.table,
        frame.rows,
        {**shared.columns, **{name: col for name, col in frame.columns.items() if name in own}},
        {**shared.places, **{name: col for name, col in frame.places.items() if name in own or not name}},
    )


def _over(assets: Frame, rows: Index) -> Frame:
    """What every table has, for rows of these assets; a row stands where its asset does."""
    shared = TableSpec.columns()
    return Frame(
        "",
        len(rows),
        {n: c.over(rows) for n, c in assets.columns.items() if n in shared},
        {n: c.over(rows) for n, c in assets.places.items() if n in shared or not n},
    )


def _sealed(frame: Frame) -> Frame:
    """The same frame, of which nothing can be changed in place."""
    seen: dict[int, Any] = {}

    def fixed(array: Any) -> Any:
        if id(array) not in seen:
            if isinstance(array, np.ndarray):
                seen[id(array)] = array.view()
                seen[id(array)].flags.writeable = False
            else:
                seen[id(array)] = tuple(array)
        return seen[id(array)]

    def columns(cols: Mapping[str, Col]) -> Mapping[str, Col]:
        return MappingProxyType(
            {n: Col(fixed(c.values), None if c.take is None else fixed(c.take)) for n, c in cols.items()}
        )

    return replace(frame, columns=columns(frame.columns), places=columns(frame.places))


def _pairs(frame: Frame) -> Iterator[tuple[Any, Any]]:
    return zip(frame.columns["council"], frame.columns["asset"], strict=True)


def _faults(frame: Any, spec: type[TableSpec], estate: Estate) -> Iterator[str]:
    """Why what a builder answered cannot be used; nothing where it can."""
    if not isinstance(frame, Frame):
        yield f"answered {type(frame).__name__}, not a Frame"
        return
    for name, column in frame.columns.items():
        if not isinstance(column, Col) or (says := _shape_fault(column, frame.rows)):
            yield f"gave column '{name}' {says if isinstance(column, Col) else 'that is no Col'}"
            return
    for name in ("council", "asset"):
        if name not in frame.columns:
            yield f"gave no column '{name}'; begin with the frame of another table, such as tables['assets']"
            return
    known, told = set(_pairs(estate.frames["assets"])), set(_pairs(frame))
    if lost := known - told:
        yield f"left out {len(lost):,} assets, '{safe(min(lost, key=str)[1], 60)}' among them; each needs a row, of nulls where nothing is known"
    if more := told - known:
        yield f"names an asset that no register has: '{safe(min(more, key=str)[1], 60)}'"
    for name, wanted in spec.columns().items():
        if name in frame.columns and (says := _value_fault(frame.columns[name], wanted.kind)):
            yield f"gave {says} in column '{name}'"
    files = len(estate.files.names)
    for name, column in frame.places.items():
        if not isinstance(column, Col) or _shape_fault(column, frame.rows) or not _are_places(column, files):
            yield f"gave a place for '{name or 'its rows'}' that is in no file; take it from another table or from place()"


def _shape_fault(column: Col, rows: int) -> str | None:
    if len(column) != rows:
        return f"of {len(column)} rows, not {rows}"
    take = column.take
    if take is None:
        return None
    if not isinstance(take, np.ndarray) or take.dtype.kind != "i" or take.ndim != 1:
        return "whose 'take' is no array of whole numbers"
    if rows and not (int(take.min()) >= -1 and int(take.max()) < len(column.values)):
        return "whose 'take' points past its values"
    return None


def _value_fault(column: Col, kind: Kind) -> str | None:
    """What does not belong in a column of this kind; classes are compared as they are, for a yes is no number here."""
    wanted = _KINDS[kind]
    for value in column.values:
        if value is None:
            continue
        if type(value) is not wanted:
            return f"{safe(repr(value), 60)}, which is not {_WORDS[kind]},"
        if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
            return "a number too large to compare"
        if isinstance(value, str) and (len(value) > MAX_TEXT or not _is_plain(value)):
            return "text that is too long or holds characters that no file can"
    return None


def _is_plain(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return "\0" not in text


def _are_places(column: Col, files: int) -> bool:
    return all(value is None or (int(value) >= 0 and int(value) >> 32 < files) for value in column.values)
