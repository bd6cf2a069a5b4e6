"""One run's result as a file beside the record: written once, its SHA-256 in the record, read by every list and page."""

from __future__ import annotations

import gzip
import re
from pathlib import Path
from typing import Final

from secscan.doors import files, json
from secscan.model.errors import IntegrityError, StorageError, UsageError
from secscan.model.posture import Posture

_RUN_ID: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}-[0-9]{4}(?:-[0-9]+)?")
_LIMIT: Final = 500_000_000


def path_of(state: Path, run_id: str) -> Path:
    """Where a run's result lies. Raises UsageError for what is no run's name."""
    if not _RUN_ID.fullmatch(run_id):
        raise UsageError(f"'{run_id}' is not the name of a run; 'secscan runs list' shows them")
    return state / "results" / f"{run_id}.json.gz"


def record_of(state: Path) -> Path:
    """Where the record is. Raises StorageError when results of runs are there without it: lost is not new."""
    record, results = state / "history.db", state / "results"
    if not record.exists() and not record.is_symlink() and any(results.glob("*.json.gz")):
        raise StorageError(
            f"{record}: is gone, but {results} has what runs found; put the last good copy of the record back, or "
            f"move {results} away to begin anew"
        )
    return record


def save(state: Path, run_id: str, raw: bytes) -> str:
    """Write a result, given as its JSON (``doors.json.compact``); answers the SHA-256 of that."""
    files.make_folder(state / "results")
    files.write(path_of(state, run_id), gzip.compress(raw, compresslevel=3, mtime=0))
    return files.sha256(raw)


def load(state: Path, run_id: str, sha256: str | None = None) -> Posture:
    """A run's result. Raises StorageError when it is not there, IntegrityError when it is not what was recorded."""
    from pydantic import TypeAdapter, ValidationError

    path = path_of(state, run_id)
    if not path.is_file():
        raise StorageError(
            f"the result of run {run_id} is not in {files.shown(path.parent, state.parent)}; restore it from a backup, or scan again"
        )
    try:
        raw = gzip.decompress(files.read_bytes(path, shown=path.name, limit=_LIMIT))
        if sha256 is not None and files.sha256(raw) != sha256:
            raise IntegrityError(f"{path.name} is not what was recorded; restore it from a backup")
        return TypeAdapter(Posture).validate_python(json.loads(raw, path.name))
    except (OSError, EOFError, gzip.zlib.error, ValidationError) as error:  # type: ignore[attr-defined]
        kind = type(error).__name__
        raise IntegrityError(f"{path.name} cannot be read ({kind}); restore it from a backup or scan again") from None
