"""Reads one file, whatever its kind, into a Load."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from secscan.doors import files as door
from secscan.doors.terminal import safe
from secscan.doors.validate import nearest
from secscan.model.errors import InputError, SecscanError
from secscan.model.places import Files, Place
from secscan.model.raw import NO_SHAPES, Load, Shapes
from secscan.sources import packed
from secscan.sources.kinds import KINDS
from secscan.sources.reader import Job

if TYPE_CHECKING:
    from secscan.model.settings import Limits, Source


def read_file(
    path: Path,
    shown: str,
    source: Source,
    council: str,
    files: Files,
    limits: Limits,
    today: date,
    dated_on: date,
    *,
    also_named: Iterable[str] = (),
    shapes: Shapes = NO_SHAPES,
) -> Load:
    """The file as read, every row loaded, refused or blank; the hash is of the very bytes that were parsed.

    ``shown`` is the path that messages and places use, on one line whatever it holds. ``shapes``: raw tables
    that packages add. Raises InputError when the whole file is refused.
    """
    shown = safe(shown)
    kind = KINDS.get(source.kind)
    if kind is None:
        raise InputError(
            Place(shown),
            f"no reader is called '{source.kind}'{nearest(source.kind, KINDS)}",
            f"known: {', '.join(KINDS)}",
        )
    data = door.read_bytes(path, shown=shown, limit=limits.file_mb * door.MEGABYTE)
    inner = packed.whole(data, shown, limits.file_mb * door.MEGABYTE, source.sheet, path.name)
    job = Job(
        data=inner.data, name=inner.name, shown=inner.shown, source=source, council=council, also_named=frozenset(also_named),
        limits=limits, files=files, today=today, dated_on=dated_on, shapes=shapes,
    )  # fmt: skip
    found = kind.reader.read(job)
    if found.rows_read != found.rows_loaded + len(found.refused) + found.rows_blank:
        raise SecscanError(
            f"{shown}: {found.rows_read} rows read, but {found.rows_loaded} loaded, {len(found.refused)} refused "
            f"and {found.rows_blank} blank"
        )
    return Load(
        source=source.id, council=council, kind=source.kind, file=found.shown or inner.shown, sha256=door.sha256(data),
        size=len(data), dated_on=dated_on, rows_read=found.rows_read, rows_loaded=found.rows_loaded,
        rows_refused=len(found.refused), rows_blank=found.rows_blank, refused=tuple(found.refused),
        warnings=tuple(found.warnings), incomplete=found.incomplete, tables=found.tables,
    )  # fmt: skip
