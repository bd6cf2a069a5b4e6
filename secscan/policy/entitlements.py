"""Extended support that a council bought: a small CSV, one row each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Final

from secscan.doors import csv
from secscan.doors.validate import nearest
from secscan.model.errors import InputError
from secscan.model.places import Place
from secscan.model.policy import Entitlement
from secscan.policy.read import Desk, known

COLUMNS: Final = ("product", "until", "cycle", "assets", "reference", "council")
NEEDED: Final = ("product", "until")
_DAY_FIRST = re.compile(r"([0-9]{1,2})[/.-]([0-9]{1,2})[/.-]([0-9]{4})")
_ISO = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def entitlements(desk: Desk, path: Path, shown: str, councils: Sequence[str] | None) -> tuple[Entitlement, ...]:
    """Every row of the file. ``assets`` are ids separated by ';', none: all; dates are ISO or day first.

    A row that cannot be read is refused at ``desk`` by its line; ``councils`` None: any council is taken.
    """
    raw = desk.bytes(path, shown)
    if raw is None:
        return ()
    try:
        table = csv.read(raw, shown)
    except InputError as error:
        desk.refuse(error.place, error.reason + (f"; {error.hint}" if error.hint else ""))
        return ()
    for bad in table.bad:
        desk.refuse(Place(shown, bad.line), bad.reason)
    header = [name.casefold() for name in table.header]
    if not _header_holds(desk, Place(shown, table.header_line), header):
        return ()
    found = (
        _entitlement(desk, Place(shown, line), dict(zip(header, map(str.strip, cells), strict=True)), councils)
        for line, cells in zip(table.lines, zip(*table.columns, strict=True), strict=True)
    )
    return tuple(e for e in found if e is not None)


def day(text: str) -> date | None:
    """A day written year-month-day or day/month/year; None for anything else."""
    try:
        if _ISO.fullmatch(text):
            return date.fromisoformat(text)
        if parts := _DAY_FIRST.fullmatch(text):
            return date(int(parts[3]), int(parts[2]), int(parts[1]))
    except ValueError:
        return None
    return None


def _header_holds(desk: Desk, place: Place, header: Sequence[str]) -> bool:
    missing = [name for name in NEEDED if name not in header]
    for name in header:
        if name not in COLUMNS:
            hint = nearest(name, [c for c in COLUMNS if c not in header])
            if hint:
                desk.refuse(place, f"unknown column '{name}'{hint}")
            else:
                desk.warn(place, f"the column '{name}' is not used; known are {', '.join(COLUMNS)}")
    if missing:
        desk.refuse(place, f"the header lacks {' and '.join(missing)}")
    return not missing


def _entitlement(desk: Desk, place: Place, row: dict[str, str], councils: Sequence[str] | None) -> Entitlement | None:
    until, council = day(row["until"]), row.get("council") or None
    fine = True
    if not row["product"]:
        desk.refuse(place, "'product' is empty")
        fine = False
    if until is None:
        desk.refuse(place, f"'until' is '{row['until']}', not a day; write 2026-10-13 or 13/10/2026")
    if council is not None and councils is not None:
        fine &= known(desk, "council", council, councils, place)
    if until is None or not fine:
        return None
    return Entitlement(
        council=council, product=row["product"], cycle=row.get("cycle") or None,
        assets=tuple(a for a in map(str.strip, row.get("assets", "").split(";")) if a),
        until=until, reference=row.get("reference") or None, place=place,
    )  # fmt: skip
