"""The one way to the file system: bounded reads, atomic writes, and what the project ships."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from secscan.model.errors import InputError, SecscanError, StorageError
from secscan.model.places import Place

MEGABYTE: Final = 1_000_000
PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
PUBLIC_FILE: Final = 0o644
_SYNCS: Final = 4
_PIECE: Final = 1 << 18

_ROOT = Path(__file__).resolve().parents[1]


def shipped(name: str) -> Path:
    """The folder ``checks``, ``policies`` or ``reports`` as shipped: inside the wheel, else in the checkout."""
    bundled = _ROOT / "bundled" / name
    return bundled if bundled.is_dir() else _ROOT.parent / name


def shown(path: Path, root: Path | None = None) -> str:
    """A path as people should read it: relative to the workspace or to what is shipped, with forward slashes."""
    resolved = path.resolve()
    for base, prefix in ((root, ""), (_ROOT / "bundled", "secscan/"), (_ROOT.parent, "")):
        if base is not None and resolved.is_relative_to(base.resolve()):
            return prefix + resolved.relative_to(base.resolve()).as_posix()
    return path.as_posix()


def read_bytes(path: Path, *, shown: str, limit: int) -> bytes:
    """The whole of a regular file of at most ``limit`` bytes.

    Raises InputError when it is missing, not a file, too large or not readable.
    """
    with _regular(path, shown, limit) as (stream, _):
        data = stream.read(limit + 1)
    if len(data) > limit:
        raise changed(shown)
    return data


class Pieces:
    """A file that is read piece by piece, once, and never held. ``head`` is its beginning, which comes again as a piece."""

    def __init__(self, stream: BinaryIO, size: int, shown: str) -> None:
        self.size, self.shown = size, shown
        self.head = stream.read(_PIECE)
        self._hash = hashlib.sha256()
        self._rest = self._read(stream)

    def __iter__(self) -> Iterator[bytes]:
        return self._rest

    def _read(self, stream: BinaryIO) -> Iterator[bytes]:
        piece, came = self.head, 0
        while piece:
            came += len(piece)
            if came > self.size:
                raise changed(self.shown)
            self._hash.update(piece)
            yield piece
            piece = stream.read(_PIECE)

    def sha256(self) -> str:
        """Of the whole file: what nobody has asked for yet is read for it."""
        for _ in self._rest:
            pass
        return self._hash.hexdigest()


@contextmanager
def in_pieces(path: Path, *, shown: str, limit: int | None = None) -> Iterator[Pieces]:
    """A regular file, of at most ``limit`` bytes where there is one, open while it is read. Raises InputError as ``read_bytes`` does."""
    with _regular(path, shown, limit) as (stream, size):
        yield Pieces(stream, size, shown)


@contextmanager
def _regular(path: Path, shown: str, limit: int | None) -> Iterator[tuple[BinaryIO, int]]:
    """The file open, and its size."""
    try:
        with _opened(path) as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise InputError(Place(shown), "is not a regular file", "name the file that a tool exported")
            if limit is not None and status.st_size > limit:
                raise InputError(
                    Place(shown),
                    f"is {status.st_size / MEGABYTE:.0f} MB; the limit is {limit / MEGABYTE:.0f} MB",
                    "raise limits.file_mb in secscan.yaml if it is rightly that large",
                )
            yield stream, status.st_size
            after = os.fstat(stream.fileno())
    except FileNotFoundError:
        raise InputError(Place(shown), "no such file", "look at its name and folder") from None
    except IsADirectoryError:
        raise InputError(Place(shown), "is a folder, not a file", "name the files in it") from None
    except PermissionError:
        raise InputError(Place(shown), "may not be read by you", "have its owner let you read it") from None
    except OSError as error:
        why = f"cannot be read: {error.strerror or error}"
        raise InputError(Place(shown), why, "look at the disk or the share that it is on") from None
    if (after.st_size, after.st_mtime_ns) != (status.st_size, status.st_mtime_ns):
        raise changed(shown)


def changed(shown: str) -> InputError:
    """What to say of a file that is another now than when it was opened."""
    return InputError(Place(shown), "changed while it was read", "take it when it is complete")


def _opened(path: Path) -> BinaryIO:
    """The file open for reading. A pipe that nobody writes to is not waited for."""
    return os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)), "rb")


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def make_folder(path: Path, mode: int = PRIVATE_FOLDER) -> Path:
    """The folder, made with its parents where it is not there."""
    try:
        for folder in (*reversed(path.parents), path):  # mkdir(parents=True) would leave the parents open to all
            if not folder.exists():
                folder.mkdir(mode=mode, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot make the folder: {error.strerror or error}") from None
    return path


def stay_inside(folder: Path, root: Path) -> None:
    """Nothing, where ``folder`` lies inside ``root`` even when links are followed. Raises StorageError."""
    if not folder.resolve().is_relative_to(root.resolve()):
        raise StorageError(f"{folder}: leads out of the workspace by a link; put a folder in its place")


def write(path: Path, data: bytes | str, mode: int = PRIVATE_FILE) -> None:
    """All of ``data`` is in ``path`` and on disk, or ``path`` is as it was. A link in its place is replaced, not followed."""
    content = data.encode() if isinstance(data, str) else data
    _put(path, [content], len(content), mode, at_once=True)
    _settled(path, len(content), path.parent)


def copy(pieces: Pieces, path: Path, then: Callable[[], None], mode: int = PRIVATE_FILE) -> None:
    """The same of a file in pieces. ``then`` is called when all of them are on disk: what it raises leaves ``path`` as it was."""
    _put(path, pieces, pieces.size, mode, at_once=True, then=then)
    _settled(path, pieces.size, path.parent)


def write_all(contents: Mapping[Path, bytes], mode: int = PRIVATE_FILE) -> None:
    """The same for many files. They reach the disk together at the end, in a part of the time that each by itself takes."""
    from concurrent.futures import ThreadPoolExecutor

    for path, content in contents.items():
        _put(path, [content], len(content), mode, at_once=False)
    with ThreadPoolExecutor(_SYNCS) as pool:  # a disk takes several at once in the time of one
        list(pool.map(lambda path: _settled(path, len(contents[path]), path), contents))
    for path in {path.parent: path for path in contents}.values():
        _settled(path, len(contents[path]), path.parent)


def _put(
    path: Path, pieces: Iterable[bytes], size: int, mode: int, *, at_once: bool, then: Callable[[], None] | None = None
) -> None:
    """The file takes its place whole. ``at_once``: its bytes are on disk before it does."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}.tmp")
    try:
        with _created(temporary, mode) as descriptor:
            for piece in pieces:
                view = memoryview(piece)
                while view:
                    view = view[os.write(descriptor, view) :]
            if at_once:
                os.fsync(descriptor)
        if then is not None:
            then()
        os.replace(temporary, path)
    except (OSError, SecscanError) as error:
        with suppress(OSError):
            temporary.unlink()
        if isinstance(error, SecscanError):
            raise
        raise StorageError(f"{path}: cannot be written ({size} bytes): {error.strerror or error}") from None


def _settled(path: Path, size: int, what: Path) -> None:
    """``what``, the file or its folder, is on disk."""
    try:
        _sync(what)
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({size} bytes): {error.strerror or error}") from None


def publish(staged: Path, final: Path) -> None:
    """A folder that was built aside takes its place in one rename."""
    try:
        os.rename(staged, final)
        _sync(final.parent)
    except OSError as error:
        raise StorageError(f"{final}: cannot be published: {error.strerror or error}") from None


def remove(folder: Path) -> None:
    """The folder, or the link in its place, is gone with all that is in it; nothing happens where there is none."""
    try:
        if folder.is_symlink() or folder.is_file():
            folder.unlink()
        elif folder.exists():
            shutil.rmtree(folder)
    except OSError as error:
        raise StorageError(f"{folder}: cannot be removed: {error.strerror or error}") from None


def sweep(folder: Path) -> None:
    """What a killed process left half made in ``folder`` is gone. Only for folders that one process writes at a time."""
    try:
        left = [p for p in folder.iterdir() if p.name.startswith(".") and p.name.endswith(".tmp")]
    except OSError:
        return
    for path in left:
        remove(path)


def point(link: Path, target: str) -> None:
    """The symbolic link ``link`` points at ``target``, swapped in one rename."""
    temporary = link.with_name(f".{link.name}.{secrets.token_hex(6)}.tmp")
    try:
        os.symlink(target, temporary)
        os.replace(temporary, link)
        _sync(link.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise StorageError(f"{link}: cannot be pointed at {target}: {error.strerror or error}") from None


@contextmanager
def _created(path: Path, mode: int) -> Iterator[int]:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sync(path: Path) -> None:
    """A file or a folder is on disk. Only POSIX can open a folder, and sync what was opened to be read."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
