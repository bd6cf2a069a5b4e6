"""What the tests of this room share: a file read as a source, and settings with one council."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from secscan.model.places import Files
from secscan.model.raw import Load, RawTable
from secscan.model.settings import Limits, Settings, Source
from secscan.sources import read_file

TODAY = date(2026, 11, 22)
SHARED = Path(__file__).parents[2].parent / "shared"

ASSETS = "asset_tag,hostname,ip,last_seen\n"


def shared(*parts: str) -> Path:
    """A public sample beside the checkout; the test is skipped, and says so, where it is not there."""
    path = SHARED.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no public samples here: {path} does not exist")
    return path


def source(kind: str, **keys: Any) -> Source:
    return Source.model_validate({"id": "one", "as": kind, "file": "*", **keys})


def read(
    tmp_path: Path, data: bytes | str, kind: str = "secscan-assets", *, name: str = "export.csv", limits: Limits | None = None,
    files: Files | None = None, **keys: Any,
) -> Load:  # fmt: skip
    """A file with this content, read; its rows are conserved or the test fails here."""
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    load = read_file(
        path, name, source(kind, **keys), "alderbeck", files or Files(), limits or Limits(), TODAY, date(2026, 11, 1)
    )
    conserved(load)
    return load


def conserved(load: Load) -> None:
    assert load.rows_read == load.rows_loaded + load.rows_refused + load.rows_blank
    assert load.rows_refused == len(load.refused)
    for table in load.tables.values():
        assert {len(column) for column in (*table.columns.values(), *table.extra.values())} <= {table.rows}


def only(load: Load) -> RawTable:
    """The one table of a load."""
    (table,) = load.tables.values()
    return table


def column(load: Load, name: str) -> list[Any]:
    return list(only(load).columns[name])


def workbook(rows: Iterable[Sequence[Any]], sheet: str = "Sheet1") -> bytes:
    """An XLSX with text and number cells as given."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    page = book.add_worksheet(sheet)
    for at, row in enumerate(rows):
        for number, value in enumerate(row):
            (page.write_string if isinstance(value, str) else page.write)(at, number, value)
    book.close()
    return held.getvalue()


def settings(*sources: dict[str, Any], **keys: Any) -> Settings:
    return Settings.model_validate(
        {
            "partnership": {"name": "Test"},
            "councils": [{"id": "alderbeck", "name": "Alderbeck District Council", "sources": list(sources)}],
            **keys,
        }
    )


def put(root: Path, name: str, data: str | bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def register(count: int) -> str:
    """An assets file with so many rows."""
    return ASSETS + "".join(f"AB-{n:04},host-{n},10.0.{n // 250}.{n % 250 + 1},2026-10-20\n" for n in range(count))
