"""The one way in for ZIP and gzip: the directory is not believed, members are unpacked in pieces and counted.

Names that lead outside, links, members that overlap, lie about their size, were damaged or unpack to far more than came
are refused.
"""

from __future__ import annotations

import io
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Container, Iterator, Sequence
from typing import Final

from secscan.doors.files import MEGABYTE
from secscan.doors.terminal import safe
from secscan.model.errors import InputError
from secscan.model.places import Place

MAX_MEMBERS: Final = 1_000
MAX_PARTS: Final = 10_000
"""Of a gzip file: tools that pack in blocks write one for each 64 kB."""
MAX_UNPACKED: Final = 200 * MEGABYTE
MAX_RATIO: Final = 100
RATIO_FROM: Final = 1 * MEGABYTE
"""Below this size unpacked, the ratio says nothing: an empty sheet is mostly zeros."""
_PIECE: Final = 1 << 20
_SAFE: Final = "ask where the file comes from"
_AGAIN: Final = "export it again"
_GZIP: Final = b"\x1f\x8b"
_SLICE: Final = 1 << 18
"""What comes behind a part's end is copied: never more of it than this."""
_LOCAL: Final = struct.Struct("<4s5H3I2H")

Look = Callable[[str, str, Iterator[bytes]], Iterator[bytes]]
"""(the archive, a member, its pieces) -> the same pieces, looked over."""


class Archive:
    """A checked ZIP: each member can be unpacked again in pieces."""

    def __init__(self, data: bytes, shown: str, members: dict[str, zipfile.ZipInfo]) -> None:
        self.data, self.shown, self.members = data, shown, members

    def pieces(self, name: str) -> Iterator[bytes]:
        """The member in pieces of at most 1 MB, whatever its header says of its size."""
        info = self.members[name]
        start = _data_start(self.data, info, self.shown)
        packed = memoryview(self.data)[start : start + info.compress_size]
        if info.compress_type == zipfile.ZIP_STORED:
            yield from (bytes(packed[at : at + _PIECE]) for at in range(0, len(packed), _PIECE))
            return
        engine = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            for at in range(0, len(packed), _PIECE // 4):
                waiting = bytes(packed[at : at + _PIECE // 4])
                while waiting and not engine.eof:
                    yield engine.decompress(waiting, _PIECE)
                    waiting = engine.unconsumed_tail
            while not engine.eof and (rest := engine.decompress(engine.unconsumed_tail, _PIECE)):
                yield rest
        except zlib.error as error:
            raise InputError(
                Place(self.shown), f"member '{safe(name, 80)}' cannot be unpacked: {_says(error)}", _AGAIN
            ) from None

    def whole(self, name: str, limit: int = 20 * MEGABYTE) -> bytes:
        found = b"".join(self.pieces(name))
        if len(found) > limit:
            raise InputError(Place(self.shown), f"member '{safe(name, 80)}' is too large", _SAFE)
        return found


def inspect(
    data: bytes, shown: str, noun: str = "ZIP archive", hint: str = "pack it again as a plain ZIP",
    known: Callable[[Container[str], str], None] | None = None, look: Look | None = None,
) -> Archive:  # fmt: skip
    """The archive, every member unpacked once and counted. Raises InputError for what is not safe.

    ``known`` may refuse it by its members' names before anything is unpacked.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            listed = opened.infolist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError, struct.error, IndexError) as error:
        raise InputError(Place(shown), f"is not a {noun}: {safe(error, 80)}", hint) from None
    members = _members(listed, shown, noun)
    _no_overlap(data, listed, shown)
    archive = Archive(data, shown, members)
    if known is not None:
        known(members, shown)
    total = 0
    for name, info in members.items():
        pieces = archive.pieces(name)
        total += _checked(archive, name, info, total, look(shown, name, pieces) if look else pieces)
    return archive


def gunzip(data: bytes, shown: str, limit: int = MAX_UNPACKED) -> bytes:
    """What a gzip file holds, all of its parts where several were joined.

    Raises InputError where it is broken, or unpacks to more than ``limit``.
    """
    engine = zlib.decompressobj(wbits=31)
    found: list[bytes] = []
    size = 0
    parts = 1
    try:
        for at in range(0, len(data), _SLICE):
            waiting = data[at : at + _SLICE]
            while waiting:
                if engine.eof:
                    parts += 1
                    if not (waiting := waiting.lstrip(b"\0")):  # zeros fill the block of a tape
                        break
                    if not _GZIP.startswith(waiting[:2]) or parts > MAX_PARTS:
                        raise InputError(Place(shown), "has something behind its end that is no gzip", _AGAIN)
                    engine = zlib.decompressobj(wbits=31)
                piece = engine.decompress(waiting, _PIECE)
                waiting = engine.unused_data if engine.eof else engine.unconsumed_tail
                size += len(piece)
                if size > limit or (size > RATIO_FROM and size > 10 * MAX_RATIO * len(data)):
                    says = f"unpacks to more than {limit // MEGABYTE} MB"
                    raise InputError(Place(shown), says, "unpack it, and look at what it is")
                found.append(piece)
    except zlib.error as error:
        raise InputError(Place(shown), f"cannot be unpacked: {_says(error)}", _AGAIN) from None
    if not engine.eof:
        raise InputError(Place(shown), "is cut off", _AGAIN)
    return b"".join(found)


def _says(error: zlib.error) -> str:
    """``incorrect data check``, without how zlib counts its errors."""
    return safe(str(error).rpartition(": ")[2], 80)


def _members(listed: Sequence[zipfile.ZipInfo], shown: str, noun: str) -> dict[str, zipfile.ZipInfo]:
    if len(listed) > MAX_MEMBERS:
        says = f"holds {len(listed):,} members; the limit is {MAX_MEMBERS:,}"
        raise InputError(Place(shown), says, "pack what belongs together into several archives")
    if (declared := sum(info.file_size for info in listed)) > MAX_UNPACKED:
        says = f"would unpack to {declared // MEGABYTE:,} MB; the limit is {MAX_UNPACKED // MEGABYTE} MB"
        raise InputError(Place(shown), says, _SAFE)
    members: dict[str, zipfile.ZipInfo] = {}
    seen: set[str] = set()
    for info in listed:
        name = info.orig_filename
        parts = name.replace("\\", "/").split("/")
        if not parts[0] or ":" in name or "\0" in name or ".." in parts:
            says = f"holds a member with the name '{safe(name, 80)}', which leads outside"
            raise InputError(Place(shown), says, _SAFE)
        if "\\" in name:
            says = f"holds '{safe(name, 80)}', whose folders are parted by backslashes"
            raise InputError(Place(shown), says, "pack it again with Windows Explorer or 7-Zip")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise InputError(
                Place(shown), f"holds '{safe(name, 80)}', which is a link", "pack the file that it leads to"
            )
        if name.casefold() in seen:
            raise InputError(Place(shown), f"holds '{safe(name, 80)}' twice", "pack it again, each file once")
        if info.flag_bits & 0x1:
            raise InputError(Place(shown), "is password-protected", "save it without a password")
        if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            says = f"member '{safe(name, 80)}' is packed in a way that {noun}s do not use"
            raise InputError(Place(shown), says, "pack it again as a plain ZIP")
        seen.add(name.casefold())
        members[name] = info
    return members


def _data_start(data: bytes, info: zipfile.ZipInfo, shown: str) -> int:
    """Where a member's bytes begin, after its own header, which must tell the same story as the directory."""
    head = data[info.header_offset : info.header_offset + _LOCAL.size]
    if info.header_offset < 0 or len(head) < _LOCAL.size:
        raise InputError(Place(shown), "its directory points outside the file", _AGAIN)
    fields = _LOCAL.unpack(head)
    name_length, extra_length = fields[9], fields[10]
    start = info.header_offset + _LOCAL.size
    name = data[start : start + name_length]
    expected = info.orig_filename.encode("utf-8" if info.flag_bits & 0x800 else "cp437", "replace")
    if fields[0] != b"PK\x03\x04" or name != expected or fields[3] != info.compress_type:
        says = f"its directory and member '{safe(info.orig_filename, 80)}' tell different stories"
        raise InputError(Place(shown), says, _SAFE)
    return start + int(name_length) + int(extra_length)


def _no_overlap(data: bytes, listed: Sequence[zipfile.ZipInfo], shown: str) -> None:
    end = 0
    for info in sorted(listed, key=lambda i: i.header_offset):
        if info.header_offset < end:
            raise InputError(Place(shown), "its members overlap", _SAFE)
        end = _data_start(data, info, shown) + info.compress_size
        if end > len(data):
            raise InputError(Place(shown), "is cut off", _AGAIN)


def _checked(archive: Archive, name: str, info: zipfile.ZipInfo, before: int, pieces: Iterator[bytes]) -> int:
    """The unpacked size of a member, found by unpacking it; nothing of it is kept."""
    size = crc = 0
    for piece in pieces:
        size += len(piece)
        crc = zlib.crc32(piece, crc)
        total = before + size
        if total > MAX_UNPACKED or (total > RATIO_FROM and total > MAX_RATIO * len(archive.data)):
            raise InputError(
                Place(archive.shown),
                f"unpacks to more than {min(MAX_UNPACKED, MAX_RATIO * len(archive.data)) // MEGABYTE or 1} MB",
                "that is no inventory; ask where the file comes from",
            )
        if size > info.file_size:
            says = f"member '{safe(name, 80)}' is larger than its directory says"
            raise InputError(Place(archive.shown), says, _SAFE)
    if size != info.file_size:
        raise InputError(Place(archive.shown), f"member '{safe(name, 80)}' is shorter than its directory says", _AGAIN)
    if crc != info.CRC:
        raise InputError(Place(archive.shown), f"member '{safe(name, 80)}' was damaged on its way here", _AGAIN)
    return size
