"""Dated sets: which files of a source count on which day."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path, PurePosixPath

from secscan.doors.terminal import safe
from secscan.model.errors import InputError
from secscan.model.places import Place

_REPLACED = re.compile(r"\.replaced-\d+$", re.ASCII)
"""How an import ends the name of a file that gave its place to a newer one of the same day."""
_DATED = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One file of a set."""

    path: Path
    name: str
    """Its path inside the set, the same from one set to the next."""
    dated_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSet:
    """All files of one source that belong to one day."""

    dated_on: date
    entries: tuple[Entry, ...]


def find_sets(folder: Path, pattern: str, today: date) -> list[FileSet]:
    """The sets of a source at or before ``today``, newest first.

    A folder below ``folder`` named YYYY-MM-DD is one set. Files beside those folders make one more, each dated by its
    own modification day (UTC); a modification day after ``today`` puts a file out of sight.
    """
    sets = []
    for child in _listed(folder):
        dated_on = _date(child.name)
        if dated_on is not None and dated_on <= today and child.is_dir():
            entries = tuple(Entry(path=path, name=name, dated_on=dated_on) for path, name in _matches(child, pattern))
            if entries:
                sets.append(FileSet(dated_on=dated_on, entries=entries))
    loose = []
    for path, name in _matches(folder, pattern):
        if _date(name.partition("/")[0]) is None and (changed_on := _changed_on(path)) <= today:
            loose.append(Entry(path=path, name=name, dated_on=changed_on))
    if loose:
        sets.append(FileSet(dated_on=max(entry.dated_on for entry in loose), entries=tuple(loose)))
    # A dated folder goes before loose files of the same day: somebody gave it that date on purpose.
    return sorted(sets, key=lambda one: one.dated_on, reverse=True)


def pattern_problem(pattern: str) -> str | None:
    """Why a ``file:`` pattern cannot be used; None when it can."""
    path = PurePosixPath(pattern)
    if path.is_absolute() or "\\" in pattern or ":" in pattern or ".." in path.parts:
        return f"file '{safe(pattern, 80)}' must stay inside the folder: no leading /, no '..', no backslash, no drive"
    if any("**" in part and part != "**" for part in path.parts) or "\0" in pattern:
        return f"file '{safe(pattern, 80)}' is no pattern"
    return None


def shown(path: Path, root: Path) -> str:
    """The path as messages and places write it: relative to the workspace, on one line."""
    return safe(path.relative_to(root).as_posix())


def inside(path: Path, root: Path) -> None:
    """Nothing, or InputError when the path leads out of the workspace through a link."""
    try:
        resolved = path.resolve(strict=True)
    except (OSError, RuntimeError):
        if path.is_symlink():
            raise InputError(Place(shown(path, root)), "cannot be followed", "replace the link by the file") from None
        raise InputError(Place(shown(path, root)), "is gone since its folder was looked into", "scan again") from None
    if not resolved.is_relative_to(root.resolve()):
        raise InputError(
            Place(shown(path, root)), "is a link that leads out of the workspace", "replace it by the file itself"
        )


def _matches(base: Path, pattern: str) -> Iterator[tuple[Path, str]]:
    """Files that the pattern names, in the order of their names; hidden and lock files are passed over."""
    exact = base / pattern
    found = [exact] if exact.is_file() or exact.is_symlink() else sorted(base.glob(pattern))
    for path in found:
        name = path.relative_to(base).as_posix()
        hidden = any(part.startswith((".", "~$")) for part in name.split("/")) or _REPLACED.search(name)
        if not hidden and (path.is_file() or (path.is_symlink() and not path.is_dir())):
            yield path, name


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _date(name: str) -> date | None:
    try:
        return date.fromisoformat(name) if _DATED.fullmatch(name) else None
    except ValueError:
        return None


def _changed_on(path: Path) -> date:
    try:
        return datetime.fromtimestamp(path.lstat().st_mtime, UTC).date()
    except (OSError, ValueError, OverflowError):
        return date.min
