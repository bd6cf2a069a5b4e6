"""Files as their tools deliver them: in a ZIP, alone or several of one kind, or as gzip."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from secscan.doors import archive
from secscan.doors.terminal import safe
from secscan.model.errors import InputError
from secscan.model.places import Place
from secscan.sources import looks

_ASIDE: Final = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


class Whole(NamedTuple):
    """A file's bytes with its name inside the archive, and as messages write it: ``export.zip[devices.csv]``."""

    data: bytes
    name: str
    shown: str


def is_packed(data: bytes) -> bool:
    return looks.like(data).kind in ("zip", "gzip", "xlsx")


def wholes(data: bytes, shown: str, limit: int, member: str | None = None, name: str = "") -> list[Whole]:
    """The file itself, or what is in it where it is an archive: the file ``member`` (``sheet:`` of the source), else all.

    Raises InputError for an archive that is not safe to unpack.
    """
    match looks.like(data).kind:
        case "zip":
            opened = archive.inspect(data, shown)
            inside = [one for one in opened.members if not one.endswith("/") and not _aside(one)]
            return [_unpacked(opened, one, limit) for one in ([member] if member in inside else inside)]
        case "gzip":
            return [Whole(archive.gunzip(data, shown, limit), name.removesuffix(".gz"), shown)]
    return [Whole(data, name, shown)]


def several(shown: str, inside: Sequence[Whole]) -> InputError:
    """The refusal of an archive of which nobody knows which file is meant."""
    listed = ", ".join(one.shown.removeprefix(f"{shown}[").removesuffix("]")[:60] for one in inside[:8]) or "nothing"
    return InputError(
        Place(shown), f"is a ZIP archive that holds {listed}",
        "say which with 'sheet:' at the source, or unpack it" if inside else "export it again",
    )  # fmt: skip


def _unpacked(opened: archive.Archive, member: str, limit: int) -> Whole:
    found = b"".join(opened.pieces(member))
    if len(found) > limit:
        raise InputError(Place(opened.shown), f"its member '{safe(member, 80)}' is larger than limits.file_mb")
    return Whole(found, member.rpartition("/")[2], f"{opened.shown}[{safe(member, 80)}]")


def _aside(name: str) -> bool:
    """What archivers put in beside the files."""
    return name.startswith(_ASIDE[0]) or name.rpartition("/")[2] in _ASIDE or "/._" in f"/{name}"
