"""One run at a time in a workspace: the system's own file lock, which ends with its holder however that ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from secscan.doors import files, json
from secscan.history.sqlite import refuse_odd_folder
from secscan.model.errors import Busy, InputError, StorageError

WAIT_SECONDS: Final = 2.0
_NAME: Final = "lock"
_HOLDER: Final = "lock.holder"


@contextmanager
def lock(state: Path, started: datetime, *, wait_seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Nobody else holds the workspace while this lasts. ``state`` is made, for its owner only, where it is not there.

    Raises Busy, naming the holder's process and when it started, when it stays held for ``wait_seconds``;
    StorageError for a link in the lock's place.
    """
    from filelock import FileLock, Timeout

    files.make_folder(state)
    refuse_odd_folder(state)
    path = state / _NAME
    for place in (path, state / _HOLDER):
        if place.is_symlink():
            raise StorageError(f"{place}: is a link; remove it")
    held = FileLock(path, timeout=wait_seconds, mode=files.PRIVATE_FILE, fallback_to_soft=False)
    try:
        held.acquire()
    except Timeout:
        raise Busy(f"{_holder(state)} holds this workspace; try again when it is done") from None
    except (OSError, NotImplementedError, RuntimeError) as error:
        raise StorageError(f"{path}: cannot be locked: {getattr(error, 'strerror', None) or error}") from None
    try:
        for left in state.glob(f".{_HOLDER}.*.tmp"):  # of a holder that was killed
            left.unlink(missing_ok=True)
        moment = started.astimezone(UTC).isoformat(timespec="seconds")
        files.write(state / _HOLDER, json.dumps({"pid": os.getpid(), "started_at": moment}))
        yield
    finally:
        held.release()


def _holder(state: Path) -> str:
    """Who holds the lock, in words."""
    try:
        held = json.loads(files.read_bytes(state / _HOLDER, shown=_HOLDER, limit=1000), _HOLDER)
        return f"another run (process {int(held['pid'])}, started {datetime.fromisoformat(held['started_at']):%Y-%m-%d %H:%M:%S} UTC)"
    except (InputError, KeyError, TypeError, ValueError):
        return "another run"
