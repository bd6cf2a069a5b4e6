"""Reads a text as a kind, for the tests of readers."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from secscan.model.places import Files
from secscan.model.raw import Load
from secscan.model.settings import Limits, Source
from secscan.sources import read_file, recognise_kind

TODAY = date(2026, 11, 24)


def read(folder: Path, kind: str, data: str | bytes, name: str = "export.csv", **more: Any) -> Load:
    """The load of a file that holds ``data``. ``more``: what secscan.yaml says of the source."""
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    source = Source.model_validate({"id": "s", "as": kind, "file": name, **more})
    return read_file(
        path, shown=name, source=source, council="oak", files=Files(), limits=Limits(), today=TODAY, dated_on=TODAY
    )


def rows(load: Load, table: str, *columns: str) -> list[tuple[Any, ...]]:
    """The rows of a raw table, as these columns."""
    found = load.tables[table]
    return list(zip(*(found.columns[name] for name in columns), strict=True))


def recognised(folder: Path, data: str | bytes) -> tuple[str, str]:
    path = folder / "unnamed.bin"
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return recognise_kind(path)
