"""Reads one file, whatever its kind, into a Load; an archive of several files of one kind is read as one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from secscan.doors import files as door
from secscan.doors.terminal import safe
from secscan.doors.validate import nearest
from secscan.model.errors import InputError, SecscanError
from secscan.model.places import Files, Place
from secscan.model.raw import NO_SHAPES, Load, Shapes
from secscan.sources import objects, packed
from secscan.sources.kinds import KINDS, Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

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
    limit = limits.file_mb * door.MEGABYTE
    first = Job(
        data=b"", name=path.name, shown=shown, source=source, council=council, also_named=frozenset(also_named),
        limits=limits, files=files, today=today, dated_on=dated_on, shapes=shapes,
    )  # fmt: skip
    if kind.streams:
        with door.in_pieces(path, shown=shown, limit=kind.limit(limits)) as pieces:
            if kind.fits(Sample(pieces.head, shown)):  # else it is packed, or no such file
                found = kind.reader.read(replace(first, data=pieces.head, pieces=pieces))
                return _load(kind, first, found, shown, pieces.sha256(), pieces.size)
    data = door.read_bytes(path, shown=shown, limit=limit)
    inside = packed.wholes(data, shown, limit, source.sheet, path.name)
    if len(inside) != 1 and not (inside and all(_is(kind, one) for one in inside)):
        raise packed.several(shown, inside)
    jobs = [replace(first, data=inner.data, name=inner.name, shown=inner.shown) for inner in inside]
    found = kind.reader.read(jobs[0]) if len(jobs) == 1 else _together(kind, jobs)
    return _load(kind, first, found, inside[0].shown if len(inside) == 1 else shown, door.sha256(data), len(data))


def _load(kind: Kind, job: Job, found: Found, shown: str, sha256: str, size: int) -> Load:
    if found.rows_read != found.rows_loaded + len(found.refused) + found.rows_blank:
        raise SecscanError(
            f"{job.shown}: {found.rows_read} rows read, but {found.rows_loaded} loaded, {len(found.refused)} refused "
            f"and {found.rows_blank} blank"
        )
    return Load(
        source=job.source.id, council=job.council, kind=kind.name, file=found.shown or shown, sha256=sha256,
        size=size, dated_on=job.dated_on, rows_read=found.rows_read, rows_loaded=found.rows_loaded,
        rows_refused=len(found.refused), rows_blank=found.rows_blank, refused=tuple(found.refused),
        warnings=tuple(found.warnings), incomplete=found.incomplete, tables=found.tables,
    )  # fmt: skip


def _is(kind: Kind, one: packed.Whole) -> bool:
    """Whether a file by its content alone is of the kind; a table that might be anything is of none."""
    surely = kind.fits(Sample(one.data, one.shown))
    return surely is not None and not surely.startswith("possible")


def _together(kind: Kind, jobs: Sequence[Job]) -> Found:
    """The files of an archive as one; what was refused says of which file it is."""
    parts = []
    for job in jobs:
        found = kind.reader.read(job)
        refused = [replace(bad, reason=f"{safe(job.name, 60)}: {bad.reason}") for bad in found.refused]
        parts.append(replace(found, refused=refused))
    return objects.joined(parts)
