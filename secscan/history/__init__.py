"""The record that keeps the clocks: when each finding was first seen, when it closed and came back, and every run.

Opening a record imports SQLAlchemy; importing this package does not.
"""

from secscan.history.lock import lock
from secscan.history.nouns import (
    RULES_CHANGED,
    Anchor,
    Bad,
    Closing,
    Life,
    Recorded,
    Rollup,
    Run,
    RunRecord,
    Verified,
)
from secscan.history.sqlite import sqlite_has_wal_reset_bug
from secscan.history.store import Store

__all__ = [
    "RULES_CHANGED",
    "Anchor",
    "Bad",
    "Closing",
    "Life",
    "Recorded",
    "Rollup",
    "Run",
    "RunRecord",
    "Store",
    "Verified",
    "lock",
    "sqlite_has_wal_reset_bug",
]
