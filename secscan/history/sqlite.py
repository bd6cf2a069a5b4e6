"""What is particular to SQLite: which releases to mistrust, and whether a file is one of ours."""

from __future__ import annotations

import os
import re
import secrets
import stat
from pathlib import Path
from typing import Final

from secscan.doors import files
from secscan.doors.terminal import safe
from secscan.model.errors import IntegrityError, StorageError

_MAGIC: Final = b"SQLite format 3\0"
_FAR: Final = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "ncpfs", "afs", "9p", "fuse.sshfs"})
"""File systems on which locks and flushes are not what SQLite needs."""
_MOUNTS: Final = Path("/proc/self/mounts")
RESTORE: Final = "put the last good copy in its place"


def sqlite_has_wal_reset_bug(version: str) -> bool:
    """Whether this release of SQLite may corrupt a database in WAL mode (sqlite.org/wal.html, "WAL-reset bug").

    From 3.7.0 on; mended in 3.51.3, and in the branches 3.44 (.6) and 3.50 (.7). The record never uses WAL.
    """
    major, minor, patch = ([int(part) for part in version.split(".")[:3]] + [0, 0])[:3]
    if (major, minor) == (3, 44):
        return patch < 6
    if (major, minor) == (3, 50):
        return patch < 7
    return (3, 7, 0) <= (major, minor, patch) < (3, 51, 3)


def refuse_odd_file(path: Path) -> None:
    """Nothing happens for a regular file that begins like a database.

    Raises StorageError for anything else: a link, a folder, an empty file, a file of another kind.
    """
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            raise StorageError(f"{path}: is a link; the record must be a file of its own")
        if not stat.S_ISREG(status.st_mode):
            raise StorageError(f"{path}: is not a file")
        if status.st_size == 0:
            raise StorageError(
                f"{path}: is empty, so the record that was here is lost; {RESTORE}, or move it away to begin anew"
            )
        with path.open("rb") as stream:
            if stream.read(len(_MAGIC)) != _MAGIC:
                raise StorageError(f"{path}: is not a database; {RESTORE}, or move it away to begin anew")
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror or error}") from None


def refuse_odd_folder(folder: Path) -> None:
    """Nothing happens for a folder on a local disk that only its owner and group may write to.

    Raises StorageError otherwise, with what to do.
    """
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise StorageError(f"{folder}: cannot be used: {error.strerror or error}") from None
    if mode & stat.S_IWOTH:
        raise StorageError(f"{folder}: everybody may write here; run: chmod 700 {folder}")
    kind = _file_system(folder.resolve())
    if kind in _FAR:
        raise StorageError(
            f"{folder}: is on a network disk ({kind}); the record needs a local one, or a PostgreSQL URL"
        )


def _file_system(folder: Path) -> str:
    """The kind of file system that a folder is on; '' where the system does not say."""
    if not _MOUNTS.exists():
        return ""
    found = (0, "")
    for row in files.read_bytes(_MOUNTS, shown=str(_MOUNTS), limit=10 * files.MEGABYTE).splitlines():
        fields = row.split()
        if len(fields) > 2:
            point = Path(os.fsdecode(fields[1].replace(b"\\040", b" ")))
            if folder.is_relative_to(point) and len(point.parts) >= found[0]:
                found = (len(point.parts), fields[2].decode())
    return found[1]


def aside(path: Path) -> Path:
    """A name beside ``path`` for a record in the making, with our process number in it."""
    return path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(6)}.tmp")


def sweep(path: Path) -> None:
    """Records in the making whose makers were killed are gone; those of living processes stay."""
    ours = re.compile(rf"\.{{1,2}}{re.escape(path.name)}\.(\d+)\..*\.tmp(-journal)?")
    for left in path.parent.iterdir():
        found = ours.fullmatch(left.name)
        if found and not _alive(int(found[1])):
            left.unlink(missing_ok=True)


def _alive(process: int) -> bool:
    if os.name != "posix":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        pass
    return True


def take_place(made: Path, final: Path) -> None:
    """The file ``made`` is at ``final``, where nothing was. Raises StorageError when something is there by now."""
    try:
        final.hardlink_to(made)
    except FileExistsError:
        raise StorageError(f"{final}: another program made it meanwhile; try again") from None
    except OSError:  # a file system without hard links
        files.publish(made, final)


def damaged(where: object, why: object) -> IntegrityError:
    """The error for a record that cannot be believed."""
    says = safe(" ".join(str(why).removeprefix("*** in database main ***").split()))
    return IntegrityError(
        f"{where}: the record is damaged ({says}); {RESTORE}; then 'secscan runs list' says whether its chain holds"
    )
