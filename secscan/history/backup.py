"""A copy of the record that was read back before anybody relies on it."""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

from secscan.doors import files
from secscan.history.base import Base, guarded
from secscan.history.sqlite import damaged
from secscan.model.errors import StorageError


def copy(base: Base, to: Path) -> Path:
    """One moment of an SQLite record is in the new file ``to``, mode 0600, and passes SQLite's own check.

    Raises StorageError when ``to`` is there already, IntegrityError when the copy does not pass.
    """
    if base.path is None:
        raise StorageError(f"{base.where}: is backed up with the database server's own tools (pg_dump)")
    if to.exists() or to.is_symlink():
        raise StorageError(f"{to}: is there already; name a file that is not")
    try:
        with guarded(str(to)):
            files.write(to, b"")
            target = sqlite3.connect(to, isolation_level=None)
            try:
                with base.reading() as connection:
                    held: Any = connection.connection.driver_connection
                    held.backup(target)
                said = target.execute("PRAGMA integrity_check").fetchone()[0]
            finally:
                target.close()
        if said != "ok":
            raise damaged(base.where, said)
    except BaseException:
        with suppress(OSError):
            to.unlink()
        raise
    return to
