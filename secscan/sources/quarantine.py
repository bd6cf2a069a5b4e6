"""Every refused row, set aside where a person can look at it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from secscan.doors import csv, files
from secscan.model.raw import Load

HEADER: Final = ("file", "line", "column", "reason", "asset_tag", "row")


def quarantine(loads: Iterable[Load], folder: Path) -> list[Path]:
    """One CSV for each load with refused rows, readable by its owner alone; the paths written.

    File names are made of our own ids and a hash, never of anything from outside. ``row`` is the refused row as it
    stood; like every cell it is made harmless for spreadsheets (``doors.csv.recovered`` undoes that).
    Raises StorageError.
    """
    written: list[Path] = []
    for load in loads:
        if not load.refused:
            continue
        if not written:
            files.make_folder(folder)
        stem = "-".join(
            re.sub(r"[^a-z0-9._-]", "_", part) for part in (load.council, load.source, load.sha256[:12]) if part
        )
        path = folder / f"{stem.lstrip('.')}.csv"
        number = 2
        while path in written:
            path = folder / f"{stem.lstrip('.')}-{number}.csv"
            number += 1
        rows = ((load.file, r.line, r.column, r.reason, r.asset_tag, r.raw) for r in load.refused)
        csv.write_rows(path, HEADER, rows)
        written.append(path)
    return written
