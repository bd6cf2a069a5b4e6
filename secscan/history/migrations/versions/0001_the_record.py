"""The record: runs, their inputs, roll-ups and measures, lives of findings and what happened to them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_MARK = "PRAGMA application_id = 1936024435"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(_MARK)
    op.create_table(
        "run",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("run_id", sa.Text, nullable=False, unique=True),
        *_texts("as_of", "started_at", "finished_at", "tool_version"),
        _flag("complete"),
        *_texts("policy_digest", "rules_digest", "posture_sha256", "facts"),
        *_counts("opened", "closed", "reopened", "carried", "lives"),
        *_texts("inputs_digest", "rollups_digest", "measures_digest", "changes_digest", "lives_digest"),
        *_texts("previous", "digest"),
        sa.CheckConstraint("seq > 0", name="seq_is_positive"),
        sqlite_strict=True,
    )
    op.create_table(
        "input",
        _of_run(),
        *_texts("council", "source"),
        _whole("position"),
        *_words("kind", "file", "sha256", "dated_on"),
        *_counts("rows_read", "rows_loaded", "rows_refused", "rows_blank"),
        *_texts("state"),
        sa.PrimaryKeyConstraint("run", "council", "source", "position"),
        sa.CheckConstraint("rows_read = rows_loaded + rows_refused + rows_blank", name="rows_are_conserved"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    _lives()
    op.create_table(
        "change",
        _of_run(),
        *_texts("council"),
        _whole("life"),
        *_texts("what", "outcome", "status", "severity"),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("run", "council", "life"),
        sa.ForeignKeyConstraint(["council", "life"], ["life.council", "life.id"]),
        sa.CheckConstraint(
            "what IN ('noticed', 'opened', 'reopened', 'changed', 'unseen', 'seen', 'closed', 'settled')",
            name="what_is_known",
        ),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "rollup",
        _of_run(),
        *_texts("council", "control", "severity"),
        *_counts("passed", "failed", "unknown", "open", "mitigated", "accepted", "unknown_findings", "carried"),
        sa.PrimaryKeyConstraint("run", "council", "control", "severity"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )
    op.create_table(
        "measure",
        _of_run(),
        *_texts("council", "measure"),
        _whole("numerator"),
        _whole("denominator"),
        *_words("mark"),
        sa.PrimaryKeyConstraint("run", "council", "measure"),
        sqlite_strict=True,
        sqlite_with_rowid=False,
    )


def _lives() -> None:
    op.create_table(
        "life",
        *_texts("council"),
        _whole("id"),
        *_texts("fingerprint", "control"),
        *_words("asset"),
        *_texts("subject"),
        *_words("hostname"),
        *_texts("title", "outcome", "status", "severity"),
        *_words("due_on"),
        *_texts("detail", "places"),
        sa.Column("opened_run", sa.Integer, sa.ForeignKey("run.seq"), nullable=False),
        *_texts("opened_on"),
        sa.Column("failed_run", sa.Integer, sa.ForeignKey("run.seq")),
        *_words("failed_on"),
        sa.Column("unseen_run", sa.Integer, sa.ForeignKey("run.seq")),
        sa.Column("closed_run", sa.Integer, sa.ForeignKey("run.seq")),
        *_words("closed_on", "closed_why"),
        sa.Column("hash", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("council", "id"),
        sa.CheckConstraint("outcome IN ('fail', 'unknown')", name="outcome_is_known"),
        sa.CheckConstraint("status IN ('open', 'mitigated', 'accepted')", name="status_is_known"),
        sa.CheckConstraint("severity IN ('critical', 'high', 'medium', 'low')", name="severity_is_known"),
        sa.CheckConstraint("(closed_run IS NULL) = (closed_on IS NULL)", name="closed_has_a_day"),
        sa.CheckConstraint("(failed_run IS NULL) = (failed_on IS NULL)", name="failed_has_a_day"),
        sa.CheckConstraint("closed_run IS NULL OR closed_run > opened_run", name="closed_after_opened"),
        sqlite_strict=True,
    )
    still, over = sa.text("closed_run IS NULL"), sa.text("closed_run IS NOT NULL")
    for name, column, where in (
        ("life_open", "id", still),
        ("life_closed", "closed_run", over),
        ("life_past", "fingerprint", over),
    ):
        op.create_index(name, "life", [column], sqlite_where=where, postgresql_where=where)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text, nullable=False) for name in names]


def _words(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text) for name in names]


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer, nullable=False)


def _counts(*names: str) -> list[sa.Column[int]]:
    return [
        sa.Column(n, sa.Integer, sa.CheckConstraint(f"{n} >= 0", name=f"{n}_counts"), nullable=False) for n in names
    ]


def _flag(name: str) -> sa.Column[int]:
    yes_or_no = sa.CheckConstraint(f"{name} IN (0, 1)", name=f"{name}_is_yes_or_no")
    return sa.Column(name, sa.Integer, yes_or_no, nullable=False)


def _of_run() -> sa.Column[int]:
    return sa.Column("run", sa.Integer, sa.ForeignKey("run.seq"), nullable=False)
