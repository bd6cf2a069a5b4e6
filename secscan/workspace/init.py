"""Makes a workspace: folders, files to start from, and schemas for editors. Never overwrites."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from secscan.doors import files, json
from secscan.model.errors import UsageError
from secscan.workspace.load import FOLDERS, SETTINGS
from secscan.workspace.templates import FILES, SCHEMA_FOLDER


def init(
    folder: Path,
    *,
    schemas: Mapping[str, Any],
    sample: bool = False,
    sample_end: date | None = None,
    today: date,
) -> list[Path]:
    """The files written, in order; ``folder`` is then a valid workspace.

    ``schemas`` (``policy.schema()``) are put where the files' first lines point editors to. With ``sample`` three
    invented councils come with twelve monthly sets that end on ``sample_end`` (default: ``today``).

    Raises UsageError, and has written nothing, where anything would be overwritten; a sample wants an empty folder.
    """
    texts = {f"{SCHEMA_FOLDER}/{name}.json": json.dumps(schema) + "\n" for name, schema in schemas.items()} | FILES
    _refuse_what_is_there(folder, list(texts), sample)
    files.make_folder(folder)
    for name in FOLDERS:
        files.make_folder(folder / name)
    written = list(_sample(folder, sample_end or today)) if sample else []
    for name, text in texts.items():
        path = folder / name
        if path not in written:
            files.make_folder(path.parent)
            files.write(path, text)
            written.append(path)
    return written


def _sample(folder: Path, end: date) -> list[Path]:
    from secscan.workspace.sample import write_sample

    return [folder / path for path in write_sample(folder, end)]


def _refuse_what_is_there(folder: Path, names: list[str], sample: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder")
    if (folder / SETTINGS).exists():
        raise UsageError(f"{folder} is a workspace already: it has a {SETTINGS}")
    if sample and folder.is_dir() and (there := sorted(p.name for p in folder.iterdir())):
        raise UsageError(f"{folder} is not empty ({_few(there)}); a sample wants a folder of its own")
    if there := [name for name in names if (folder / name).exists() or (folder / name).is_symlink()]:
        raise UsageError(f"{folder} has {_few(there)} already; nothing was written")


def _few(names: list[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
