"""Whose report it is: the council's name, colour and logo, checked before anything is read or published."""

from __future__ import annotations

import base64
from pathlib import PurePosixPath

from secscan.doors import files, png
from secscan.model.errors import InputError, PolicyError, Problem, StorageError
from secscan.model.posture import Brand
from secscan.workspace.load import Workspace


def brand(held: Workspace) -> Brand:
    """The brand that secscan.yaml asks for. Raises PolicyError, at its line, for a logo that cannot be used."""
    wanted = held.settings.reports
    picture = None if wanted.logo is None else base64.b64encode(_logo(held, wanted.logo)).decode()
    return Brand(name=wanted.name, accent=wanted.accent, logo_png=picture)


def _logo(held: Workspace, name: str) -> bytes:
    place = held.document.place("reports", "logo")
    asked = PurePosixPath(name)
    try:
        if asked.is_absolute() or ".." in asked.parts:
            raise InputError(place, "is not in the workspace", "put the picture there and name it from there")
        path = held.root / asked
        files.stay_inside(path, held.root)
        return png.checked(files.read_bytes(path, shown=name, limit=files.MEGABYTE), name)
    except StorageError:
        says = f"the logo '{name}' leads out of the workspace by a link; put the picture itself there"
    except InputError as error:
        hint = f"; {error.hint}" if error.hint and "file_mb" not in error.hint else ""
        says = f"the logo '{name}' {error.reason}{hint}"
    raise PolicyError([Problem(place=place, says=says)])
