"""Adds a council or a source to secscan.yaml, as careful as a person: comments stay, and nothing broken is saved."""

from __future__ import annotations

import stat
from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from secscan.doors import files, yaml, yaml_edit
from secscan.doors.validate import nearest, validate
from secscan.model.errors import UsageError
from secscan.model.settings import Settings
from secscan.workspace.load import SETTINGS


def add_council(root: Path, id: str, name: str) -> Settings:
    """The settings with one council more; it has no sources yet.

    Raises PolicyError, and leaves the file as it was, where the result would not be valid.
    """
    return _append(root, ("councils",), {"id": id, "name": name, "sources": []})


def add_source(root: Path, council: str, source: Mapping[str, Any]) -> Settings:
    """The settings with one source more for ``council``; ``source`` has the keys of secscan.yaml (``as``, ``file``, ...).

    Raises UsageError where there is no such council, else like ``add_council``.
    """
    known = [c.id for c in validate(yaml.read(root / SETTINGS, SETTINGS), Settings).councils]
    if council not in known:
        raise UsageError(f"unknown council '{council}'{nearest(council, known)}; 'councils' in {SETTINGS} names them")
    return _append(root, ("councils", known.index(council), "sources"), source)


def _append(root: Path, path: tuple[Hashable, ...], item: Mapping[str, Any]) -> Settings:
    file = (root / SETTINGS).resolve()
    raw = files.read_bytes(file, shown=SETTINGS, limit=yaml.MAX_BYTES)
    yaml.parse_bytes(raw, SETTINGS)
    text = yaml_edit.append(raw.decode("utf-8-sig"), SETTINGS, path, item)
    settings = validate(yaml.parse(text, SETTINGS), Settings)
    files.write(file, text, stat.S_IMODE(file.stat().st_mode))
    return settings
