"""The one way in for pictures: a PNG, and of it only what draws it. Anything else, an SVG above all, is no picture here."""

from __future__ import annotations

import struct
from binascii import crc32
from typing import Final

from secscan.model.errors import InputError
from secscan.model.places import Place

SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
MAX_BYTES: Final = 100_000
MAX_SIDE: Final = 2_000
_DRAWS: Final = frozenset((b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"IDAT", b"IEND"))
"""Everything else is left out: words about who made it and where, and frames that would move."""
_CRITICAL: Final = frozenset((b"IHDR", b"PLTE", b"IDAT", b"IEND"))
_HEAD: Final = struct.Struct(">I4s")


def checked(data: bytes, shown: str) -> bytes:
    """The picture with nothing in it but what draws it. Raises InputError for what is not a sound PNG of our size."""

    def refuse(reason: str, hint: str = "") -> InputError:
        return InputError(Place(shown), reason, hint)

    if len(data) > MAX_BYTES:
        raise refuse(f"is {-(-len(data) // 1000):,} KB; the limit is {MAX_BYTES // 1000} KB", "make it smaller")
    if not data.startswith(SIGNATURE):
        raise refuse("is not a PNG picture", "save it as PNG; no other kind is taken")
    kept, at = [SIGNATURE], len(SIGNATURE)
    kinds: list[bytes] = []
    while at < len(data) and kinds[-1:] != [b"IEND"]:
        if at + 12 > len(data):
            raise refuse("is a PNG that is cut short")
        length, kind = _HEAD.unpack_from(data, at)
        end = at + 12 + length
        if end > len(data):
            raise refuse("is a PNG that is cut short")
        if crc32(data[at + 4 : end - 4]) != int.from_bytes(data[end - 4 : end]):
            raise refuse("is a PNG that is damaged: a checksum does not hold")
        if kind[:1].isupper() and kind not in _CRITICAL:
            raise refuse("is a PNG of a kind that nobody here knows")
        kinds.append(kind)
        if kind in _DRAWS:
            kept.append(data[at:end])
        at = end
    if kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or b"IDAT" not in kinds or kinds.count(b"IHDR") > 1:
        raise refuse("is not a whole PNG picture")
    if at != len(data):
        raise refuse("has something after the end of its picture")
    width, height = struct.unpack_from(">II", kept[1], 8)
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
        raise refuse(f"is {width} by {height} dots; the limit is {MAX_SIDE} by {MAX_SIDE}", "make it smaller")
    return b"".join(kept)
