"""Pictures made for tests, chunk by chunk."""

from __future__ import annotations

import struct
import zlib

SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(kind: bytes, data: bytes = b"") -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def head(width: int, height: int) -> bytes:
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))


def png(width: int = 12, height: int = 8, *more: bytes) -> bytes:
    """A green picture; ``more``: chunks put in before its dots."""
    dots = zlib.compress((b"\0" + b"\x1f\x7d\x75" * width) * height)
    return SIGNATURE + head(width, height) + b"".join(more) + chunk(b"IDAT", dots) + chunk(b"IEND")
