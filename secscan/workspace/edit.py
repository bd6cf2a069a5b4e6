"""Adds a council or a source to secscan.yaml, or a name to the council's own catalogue, as careful as a person: comments
stay, and nothing broken is saved.
"""

from __future__ import annotations

import stat
from collections.abc import Hashable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from secscan.doors import files, json, yaml, yaml_edit
from secscan.doors.validate import nearest, validate
from secscan.model.errors import UsageError
from secscan.model.settings import Settings
from secscan.workspace.load import SETTINGS, Workspace

CATALOGUE: Final = "policies/catalogue.yaml"
"""Where a council's own catalogue begins, where secscan.yaml names none."""
_HEAD: Final = (
    "# What our lists mean: exact names, less processor, language and a version at the end (docs/policy.md).\nnames:\n"
)


def add_council(root: Path, id: str, name: str) -> Settings:
    """The settings with one council more; it has no sources yet.

    Raises PolicyError, and leaves the file as it was, where the result would not be valid.
    """
    return _append(root, ("councils",), {"id": id, "name": name, "sources": []})


def with_council(held: Workspace, id: str, name: str) -> Workspace:
    """The workspace as it would be with one council more; nothing is written. Raises PolicyError where it would not be valid."""
    said = held.settings.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    said["councils"] = [*said.get("councils", ()), {"id": id, "name": name, "sources": []}]
    return replace(held, settings=validate(yaml.parse(json.dumps(said), SETTINGS), Settings))


def add_source(root: Path, council: str, source: Mapping[str, Any]) -> Settings:
    """The settings with one source more for ``council``; ``source`` has the keys of secscan.yaml (``as``, ``file``, ...).

    Raises UsageError where there is no such council, else like ``add_council``.
    """
    known = [c.id for c in validate(yaml.read(root / SETTINGS, SETTINGS), Settings).councils]
    if council not in known:
        raise UsageError(f"unknown council '{council}'{nearest(council, known)}; 'councils' in {SETTINGS} names them")
    return _append(root, ("councils", known.index(council), "sources"), source)


def add_name(root: Path, entry: Mapping[str, str]) -> str:
    """``entry`` is the last of ``names`` in the council's own catalogue: the first file that secscan.yaml names, else a new one
    that it then names. Answers that file, relative to ``root``.

    Raises PolicyError, and leaves everything as it was, where it cannot be written without changing more, and StorageError for
    a file that is reached by a link out of the workspace.
    """
    listed = validate(yaml.read(root / SETTINGS, SETTINGS), Settings).policies.catalogue
    shown = listed[0] if listed else CATALOGUE
    file = root / shown
    files.stay_inside(file, root)
    text, mode = "", files.PRIVATE_FILE
    if file.exists():
        raw = files.read_bytes(file, shown=shown, limit=yaml.MAX_BYTES)
        if yaml.parse_bytes(raw, shown).data is not None:
            text, mode = raw.decode("utf-8-sig"), stat.S_IMODE(file.stat().st_mode)
    files.make_folder(file.parent)
    files.write(file.resolve(), yaml_edit.append(text or _HEAD, shown, ("names",), entry), mode)
    if not listed:
        _name_catalogue(root, shown)
    return shown


def _name_catalogue(root: Path, shown: str) -> None:
    file = (root / SETTINGS).resolve()
    raw = files.read_bytes(file, shown=SETTINGS, limit=yaml.MAX_BYTES)
    data = yaml.parse_bytes(raw, SETTINGS).data
    inside = isinstance(data, dict) and isinstance(data.get("policies"), dict)
    path: tuple[Hashable, ...] = ("policies", "catalogue") if inside else ("policies",)
    text = yaml_edit.put(raw.decode("utf-8-sig"), SETTINGS, path, [shown] if inside else {"catalogue": [shown]})
    validate(yaml.parse(text, SETTINGS), Settings)
    files.write(file, text, stat.S_IMODE(file.stat().st_mode))


def _append(root: Path, path: tuple[Hashable, ...], item: Mapping[str, Any]) -> Settings:
    file = (root / SETTINGS).resolve()
    raw = files.read_bytes(file, shown=SETTINGS, limit=yaml.MAX_BYTES)
    yaml.parse_bytes(raw, SETTINGS)
    text = yaml_edit.append(raw.decode("utf-8-sig"), SETTINGS, path, item)
    settings = validate(yaml.parse(text, SETTINGS), Settings)
    files.write(file, text, stat.S_IMODE(file.stat().st_mode))
    return settings
