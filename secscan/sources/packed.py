"""Files as their tools deliver them: alone in a ZIP, or as gzip."""

from __future__ import annotations

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


def whole(data: bytes, shown: str, limit: int, member: str | None = None, name: str = "") -> Whole:
    """The file itself, taken out of its archive where it is in one.

    ``member``: which one, where the archive holds several (``sheet:`` of the source). Raises InputError where it is
    not said, and for an archive that is not safe to unpack.
    """
    match looks.like(data).kind:
        case "zip":
            opened = archive.inspect(data, shown)
            inside = [one for one in opened.members if not one.endswith("/") and not _aside(one)]
            chosen = member if member in inside else inside[0] if len(inside) == 1 else None
            if chosen is None:
                listed = ", ".join(safe(one, 60) for one in inside[:8]) or "nothing"
                raise InputError(
                    Place(shown), f"is a ZIP archive that holds {listed}",
                    "say which with 'sheet:' at the source, or unpack it" if inside else "export it again",
                )  # fmt: skip
            found = b"".join(opened.pieces(chosen))
            if len(found) > limit:
                raise InputError(Place(shown), f"its member '{safe(chosen, 80)}' is larger than limits.file_mb")
            return Whole(found, chosen.rpartition("/")[2], f"{shown}[{safe(chosen, 80)}]")
        case "gzip":
            return Whole(archive.gunzip(data, shown, limit), name.removesuffix(".gz"), shown)
    return Whole(data, name, shown)


def _aside(name: str) -> bool:
    """What archivers put in beside the files."""
    return name.startswith(_ASIDE[0]) or name.rpartition("/")[2] in _ASIDE or "/._" in f"/{name}"
