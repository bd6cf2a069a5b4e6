"""The tables of the record, as the newest migration leaves them.

One row per life of a finding, not one a run: a run in which nothing changed adds a run row, its inputs, its
roll-ups and its measures. Every council's rows carry the council in their keys, so that a row of one cannot hang
on a row of another. Days are ISO text and digests hexadecimal text, the same on every database.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

HEAD: Final = "0001"
"""The newest migration that this version knows."""
APPLICATION_ID: Final = 0x73656373
"""Marks an SQLite file as a record of ours."""

metadata = MetaData()


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False)


def _word(name: str) -> Column[str | None]:
    return Column(name, Text)


def _count(name: str) -> Column[int]:
    return Column(name, Integer, CheckConstraint(f"{name} >= 0", name=f"{name}_counts"), nullable=False)


def _flag(name: str) -> Column[int]:
    return Column(name, Integer, CheckConstraint(f"{name} IN (0, 1)", name=f"{name}_is_yes_or_no"), nullable=False)


def _of_run() -> Column[int]:
    return Column("run", Integer, ForeignKey("run.seq"), nullable=False)


run = Table(
    "run",
    metadata,
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("run_id", Text, nullable=False, unique=True),
    _text("as_of"),
    _text("started_at"),
    _text("finished_at"),
    _text("tool_version"),
    _flag("complete"),
    _text("policy_digest"),
    _text("rules_digest"),
    _text("posture_sha256"),
    _text("facts"),
    _count("opened"),
    _count("closed"),
    _count("reopened"),
    _count("carried"),
    _count("lives"),
    _text("inputs_digest"),
    _text("rollups_digest"),
    _text("measures_digest"),
    _text("changes_digest"),
    _text("lives_digest"),
    _text("previous"),
    _text("digest"),
    CheckConstraint("seq > 0", name="seq_is_positive"),
    sqlite_strict=True,
)

input_ = Table(
    "input",
    metadata,
    _of_run(),
    _text("council"),
    _text("source"),
    Column("position", Integer, nullable=False),
    _word("kind"),
    _word("file"),
    _word("sha256"),
    _word("dated_on"),
    _count("rows_read"),
    _count("rows_loaded"),
    _count("rows_refused"),
    _count("rows_blank"),
    _text("state"),
    PrimaryKeyConstraint("run", "council", "source", "position"),
    CheckConstraint("rows_read = rows_loaded + rows_refused + rows_blank", name="rows_are_conserved"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

life = Table(
    "life",
    metadata,
    _text("council"),
    Column("id", Integer, nullable=False),
    _text("fingerprint"),
    _text("control"),
    _word("asset"),
    _text("subject"),
    # What the last run that saw it made of it.
    _word("hostname"),
    _text("title"),
    _text("outcome"),
    _text("status"),
    _text("severity"),
    _word("due_on"),
    _text("detail"),
    _text("places"),
    # Its clock.
    Column("opened_run", Integer, ForeignKey("run.seq"), nullable=False),
    _text("opened_on"),
    Column("failed_run", Integer, ForeignKey("run.seq")),
    _word("failed_on"),
    Column("unseen_run", Integer, ForeignKey("run.seq")),
    Column("closed_run", Integer, ForeignKey("run.seq")),
    _word("closed_on"),
    _word("closed_why"),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("council", "id"),
    CheckConstraint("outcome IN ('fail', 'unknown')", name="outcome_is_known"),
    CheckConstraint("status IN ('open', 'mitigated', 'accepted')", name="status_is_known"),
    CheckConstraint("severity IN ('critical', 'high', 'medium', 'low')", name="severity_is_known"),
    CheckConstraint("(closed_run IS NULL) = (closed_on IS NULL)", name="closed_has_a_day"),
    CheckConstraint("(failed_run IS NULL) = (failed_on IS NULL)", name="failed_has_a_day"),
    CheckConstraint("closed_run IS NULL OR closed_run > opened_run", name="closed_after_opened"),
    sqlite_strict=True,
)
Index(
    "life_open",
    life.c.id,
    sqlite_where=life.c.closed_run.is_(None),
    postgresql_where=life.c.closed_run.is_(None),
)
Index(
    "life_closed",
    life.c.closed_run,
    sqlite_where=life.c.closed_run.is_not(None),
    postgresql_where=life.c.closed_run.is_not(None),
)
Index(
    "life_past",
    life.c.fingerprint,
    sqlite_where=life.c.closed_run.is_not(None),
    postgresql_where=life.c.closed_run.is_not(None),
)

change = Table(
    "change",
    metadata,
    _of_run(),
    _text("council"),
    Column("life", Integer, nullable=False),
    _text("what"),
    _text("outcome"),
    _text("status"),
    _text("severity"),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("run", "council", "life"),
    ForeignKeyConstraint(["council", "life"], ["life.council", "life.id"]),
    CheckConstraint(
        "what IN ('noticed', 'opened', 'reopened', 'changed', 'unseen', 'seen', 'closed', 'settled')",
        name="what_is_known",
    ),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

rollup = Table(
    "rollup",
    metadata,
    _of_run(),
    _text("council"),
    _text("control"),
    _text("severity"),
    _count("passed"),
    _count("failed"),
    _count("unknown"),
    _count("open"),
    _count("mitigated"),
    _count("accepted"),
    _count("unknown_findings"),
    _count("carried"),
    PrimaryKeyConstraint("run", "council", "control", "severity"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

measure = Table(
    "measure",
    metadata,
    _of_run(),
    _text("council"),
    _text("measure"),
    Column("numerator", Integer, nullable=False),
    Column("denominator", Integer, nullable=False),
    _word("mark"),
    PrimaryKeyConstraint("run", "council", "measure"),
    sqlite_strict=True,
    sqlite_with_rowid=False,
)

OF_RUN: Final = (
    (input_, "inputs_digest"),
    (rollup, "rollups_digest"),
    (measure, "measures_digest"),
    (change, "changes_digest"),
)
"""The tables whose rows belong to one run and never change, with the run's column that holds their digest."""

__all__ = ["APPLICATION_ID", "HEAD", "OF_RUN", "change", "input_", "life", "measure", "metadata", "rollup", "run"]
