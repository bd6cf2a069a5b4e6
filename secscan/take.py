"""Takes exports into a workspace: reads each as a scan would, stores it under today's date and binds it to its council."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

from secscan import sources, workspace
from secscan.answers import known_council
from secscan.doors import files as door
from secscan.model.errors import UsageError
from secscan.model.places import Files
from secscan.model.raw import Load
from secscan.model.settings import Source
from secscan.workspace import Workspace

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LISTS: Final = ("dpkg", "rpm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One file: what was read of it, how surely its kind was told, and where it is now."""

    load: Load
    surely: str
    stored: Path | None
    """None: a dry run."""
    already: str | None = None
    """The same bytes were held already, here."""
    new_source: str | None = None
    """The id of the source that was added for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How the person wants the files to be read."""

    council: str
    kind: str | None = None
    asset: str | None = None
    table: str | None = None
    map: Mapping[str, str] | None = None
    encoding: str | None = None
    delimiter: str | None = None
    dates: str | None = None
    dry_run: bool = False


def take(held: Workspace, paths: Sequence[Path], asked: Asked, today: date) -> list[Taken]:
    """Every file read and, but for a dry run, stored.

    Raises InputError when a file is refused whole, UsageError when its kind cannot be told. What was taken before
    stays.
    """
    known_council(held, asked.council)
    taken = []
    for path in paths:
        one = _take(held, path, asked, today)
        if one.new_source:
            held = workspace.load(held.root)
        taken.append(one)
    return taken


def _take(held: Workspace, path: Path, asked: Asked, today: date) -> Taken:
    name = _safe_name(path.name)
    if asked.kind is None:
        kind, surely = sources.recognise_kind(path)
    else:
        kind, surely = asked.kind, "as you said"
    source, new = _source(held, name, kind, asked)
    load = sources.read_file(
        path, shown=path.name, source=source, council=asked.council, files=Files(), limits=held.settings.limits,
        today=today, dated_on=today, also_named=_names(held, asked.council),
    )  # fmt: skip
    if already := _same_bytes(held, asked.council, load.sha256):
        return Taken(load=load, surely=surely, stored=already, already=door.shown(already, held.root))
    if asked.dry_run:
        return Taken(load=load, surely=surely, stored=None)
    stored = held.root / "inventory" / asked.council / today.isoformat() / name
    _store(path, stored, held)
    if new:
        workspace.add_source(held.root, asked.council, _written(source))
    return Taken(
        load=replace(load, file=door.shown(stored, held.root)),
        surely=surely,
        stored=stored,
        new_source=source.id if new else None,
    )


def _source(held: Workspace, name: str, kind: str, asked: Asked) -> tuple[Source, bool]:
    """The source that the file belongs to, and whether it is new."""
    council = held.settings.council(asked.council)
    assert council is not None
    for source in council.sources:
        if source.kind == kind and fnmatchcase(name, source.file.rsplit("/", 1)[-1]) and "/" not in source.file:
            return source, False
    taken = {s.id for c in held.settings.councils for s in c.sources}
    fields: dict[str, Any] = {"id": _free_id(asked.council, name, taken), "as": kind, "file": name}
    if kind in _LISTS:
        fields["asset"] = asked.asset or "{stem}"
    if kind == "table":
        if not asked.table or not asked.map:
            raise UsageError(
                "'table' needs to know its columns: --table assets --map asset_tag='Device name' --map hostname='Device name'"
            )
        fields |= {"table": asked.table, "map": dict(asked.map)}
    fields |= {k: v for k in ("encoding", "delimiter", "dates") if (v := getattr(asked, k)) is not None}
    return Source.model_validate(fields), True


def _names(held: Workspace, council: str) -> frozenset[str]:
    """What a 'council' column may call it, besides its id."""
    found = held.settings.council(council)
    return frozenset({found.name}) if found else frozenset()


def _written(source: Source) -> dict[str, Any]:
    """The source as a person would write it in secscan.yaml: what is default is left out."""
    return source.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _free_id(council: str, name: str, taken: set[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", name.rsplit(".", 1)[0].casefold()).strip("-")[:30] or "file"
    wanted = f"{council}-{stem}"[:60]
    number = 2
    free = wanted
    while free in taken:
        free, number = f"{wanted}-{number}", number + 1
    return free


def _safe_name(name: str) -> str:
    """A file name that means nothing to a shell, a glob or a browser."""
    clean = _UNSAFE.sub("_", name).strip("._")[-100:]
    return clean or "export"


def _same_bytes(held: Workspace, council: str, sha256: str) -> Path | None:
    folder = held.root / "inventory" / council
    limit = held.settings.limits.file_mb * door.MEGABYTE
    for path in sorted(folder.glob("**/*")) if folder.is_dir() else ():
        if (
            path.is_file()
            and not path.is_symlink()
            and door.sha256(door.read_bytes(path, shown=path.name, limit=limit)) == sha256
        ):
            return path
    return None


def _store(path: Path, stored: Path, held: Workspace) -> None:
    """Put the file in its place. What was there is kept beside it under a name that no source matches."""
    data = door.read_bytes(path, shown=path.name, limit=held.settings.limits.file_mb * door.MEGABYTE)
    door.make_folder(stored.parent)
    if stored.exists():
        number = 1
        while (kept := stored.with_name(f"{stored.name}.replaced-{number}")).exists():
            number += 1
        door.publish(stored, kept)
    door.write(stored, data)
