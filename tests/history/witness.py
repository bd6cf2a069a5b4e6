"""A second verifier of the record, from its description alone: standard library, nothing of the product."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from itertools import groupby
from pathlib import Path
from typing import Any

OF_RUN = {"input": ("inputs_digest", 4), "rollup": ("rollups_digest", 4), "measure": ("measures_digest", 3), "change": ("changes_digest", 3)}  # fmt: skip


def line(row: tuple[Any, ...]) -> bytes:
    def cell(value: Any) -> str:
        if value is None:
            return "\\N"
        text = value.hex() if isinstance(value, bytes) else str(value)
        return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n")

    return "\t".join(cell(v) for v in row).encode()


def holds(path: Path) -> bool:
    """Whether every row of the record at ``path`` is under the digests of its chain."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    try:
        return _holds(connection)
    except (sqlite3.Error, UnicodeError):
        return False
    finally:
        connection.close()


def _holds(connection: sqlite3.Connection) -> bool:
    runs = [dict(r) for r in connection.execute("SELECT * FROM run ORDER BY seq")]
    before = ""
    for number, run in enumerate(runs, 1):
        body = {name: value for name, value in run.items() if name != "digest"}
        told = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
        if run["digest"] != hashlib.sha256(b"secscan-run-v1\0" + told).hexdigest():
            return False
        if run["seq"] != number or run["previous"] != before:
            return False
        before = run["digest"]
    for table, (column, keys) in OF_RUN.items():
        rows = [tuple(r) for r in connection.execute(f"SELECT * FROM {table}")]
        rows.sort(key=lambda r: r[:keys])
        found = {run: list(group) for run, group in groupby(rows, key=lambda r: r[0])}
        for run in runs:
            content = b"".join(line(r) + b"\n" for r in found.pop(run["seq"], []))
            if hashlib.sha256(b"secscan-rows-v1\0" + content).hexdigest() != run[column]:
                return False
        if found:
            return False
    return _lives_hold(connection, runs)


def _lives_hold(connection: sqlite3.Connection, runs: list[dict[str, Any]]) -> bool:
    ends = "SELECT run, council, life, hash FROM change WHERE what IN ('closed', 'settled')"
    sealed = {(r["run"], r["council"], r["life"]): r["hash"] for r in connection.execute(ends)}
    standing = b""
    for row in connection.execute("SELECT * FROM life ORDER BY id"):
        digest = hashlib.sha256(b"secscan-life-v1\0" + line(tuple(row)[:-1])).digest()
        if digest != row["hash"]:
            return False
        if row["closed_run"] is None:
            standing += digest
        elif sealed.pop((row["closed_run"], row["council"], row["id"]), None) != digest:
            return False
    newest = runs[-1]["lives_digest"] if runs else hashlib.sha256(b"secscan-lives-v1\0").hexdigest()
    return not sealed and hashlib.sha256(b"secscan-lives-v1\0" + standing).hexdigest() == newest
