"""How the record is bound together: rows as bytes, digests over rows, a chain over runs.

A row is one line: its columns in the order of the schema, a tab between, ``\\N`` for null, numbers in decimal,
bytes in hexadecimal, and in text a backslash before a backslash, ``\\t`` and ``\\n`` for a tab and a line feed (the
text form of PostgreSQL's COPY). So a verifier needs nothing of ours, and no two rows have the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from secscan.doors.json import canonical

RUN: Final = b"secscan-run-v1\0"
ROWS: Final = b"secscan-rows-v1\0"
LIFE: Final = b"secscan-life-v1\0"
LIVES: Final = b"secscan-lives-v1\0"

Value = str | int | bytes | None


def line(row: Sequence[Value]) -> bytes:
    """One row as its line, without the line feed."""
    text = "\t".join(
        [v if v.__class__ is str else "\\N" if v is None else str(v) if v.__class__ is int else _plain(v) for v in row]
    )
    if text.count("\t") != len(row) - 1 or "\n" in text or text.count("\\") != row.count(None):
        text = "\t".join([_escaped(v) for v in row])
    return text.encode()


def of_rows(rows: Iterable[Sequence[Value]]) -> str:
    """The digest of rows of one table in one run, in the order of their key."""
    total = hashlib.sha256(ROWS)
    for row in rows:
        total.update(line(row) + b"\n")
    return total.hexdigest()


def of_life(told: bytes) -> bytes:
    """The digest of one life, from the line of every column but the digest itself."""
    return hashlib.sha256(LIFE + told).digest()


def of_lives(hashes: Iterable[bytes]) -> str:
    """The digest of all open lives, in the order of their ids."""
    return hashlib.sha256(LIVES + b"".join(hashes)).hexdigest()


def of_run(columns: dict[str, Value]) -> str:
    """The digest of a run: every column but the digest itself, the digest of the run before among them."""
    return hashlib.sha256(RUN + canonical(columns)).hexdigest()


def clean(text: str) -> str:
    """Text that every database takes: NUL and lone surrogates are shown as escapes."""
    return text.replace("\0", "\\x00").encode("utf-8", "backslashreplace").decode()


def _plain(value: Value) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


def _escaped(value: Value) -> str:
    if value is None:
        return "\\N"
    return _plain(value).replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")
