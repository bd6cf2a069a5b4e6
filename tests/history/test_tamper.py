"""Every column of every row is under a digest: whoever edits the past is found out."""

from __future__ import annotations

import random
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from secscan.history import Anchor, Store
from secscan.model.errors import IntegrityError, SecscanError
from tests.history import witness
from tests.history.made import COUNCILS, DAY, Measure, finding, gap, load, run

TABLES = ("run", "input", "life", "change", "rollup", "measure", "alembic_version")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six weeks of three councils: findings that open, close, come back, are carried, accepted and unknown."""
    path = tmp_path_factory.mktemp("good") / "history.db"
    with Store.open(path, create=True) as store:
        for week in range(6):
            there = [
                finding(
                    f"srv-{n:02d}", council=council, outcome="unknown" if n % 7 == week else "fail",
                    status="accepted" if n % 5 == week else "open", exception="EX-1" if n % 5 == week else None,
                    mitigation="M-1" if n % 6 == 0 else None, due_on=DAY if n % 4 == 0 else None,
                )
                for council in COUNCILS
                for n in range(20)
                if (n + week) % 4
            ]  # fmt: skip
            measures = [Measure(council, "coverage", week, 10, "silent" if week == 2 else None) for council in COUNCILS]
            told = run(
                there, DAY + timedelta(days=7 * week), measures=measures, closing=lambda f, w=week: w % 3 != 1,
                loads=[load(rows=week + 10)], gaps=[gap("corvale-assets", "corvale")], facts={"week": week},
            )  # fmt: skip
            store.record(told)
    return path


def _copy(good: Path, tmp_path: Path, name: str = "history.db") -> Path:
    return Path(shutil.copy(good, tmp_path / name))


def _noticed(path: Path) -> bool:
    try:
        with Store.open(path, create=False) as store:
            told = store.verify()
    except SecscanError as error:
        return "\n" not in str(error)
    assert told.ok or (told.first_bad is not None and told.first_bad.what)
    return not told.ok


def test_the_record_as_written_verifies_and_says_that_it_is_not_anchored(good: Path) -> None:
    with Store.open(good, create=False) as store:
        for full in (False, True):
            told = store.verify(full=full)
            assert (told.ok, told.anchored, told.runs, told.first_bad) == (True, False, 6, None)
    assert witness.holds(good)


def test_two_hundred_random_edits_are_all_found(good: Path, tmp_path: Path) -> None:
    draw = random.Random(20260301)
    found, by_witness = 0, 0
    for number in range(200):
        path = _copy(good, tmp_path, f"{number}.db")
        what = _edit(path, draw)
        assert _noticed(path), what
        found += 1
        by_witness += not witness.holds(path) or "alembic_version" in what
        path.unlink()
    assert (found, by_witness) == (200, 200)


def _edit(path: Path, draw: random.Random) -> str:
    """One change that somebody might make with a database shell; answers what it was."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        for _ in range(100):
            table = draw.choice(TABLES)
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            rows = [tuple(row) for row in connection.execute(f"SELECT * FROM {table}")]
            before = sorted(rows, key=repr)
            row = draw.choice(rows)
            which = " AND ".join(f"{name} IS ?" for name in columns)
            how = draw.choice(["update", "update", "update", "delete", "copy"])
            try:
                if how == "delete":
                    connection.execute(f"DELETE FROM {table} WHERE {which}", row)
                elif how == "update":
                    column = draw.randrange(len(columns))
                    value = draw.choice([_other(row[column], draw), draw.choice(rows)[column]])
                    connection.execute(f"UPDATE {table} SET {columns[column]} = ? WHERE {which}", (value, *row))
                else:
                    column = draw.randrange(len(columns))
                    again = [*row[:column], _other(row[column], draw), *row[column + 1 :]]
                    connection.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(row))})", again)
            except sqlite3.IntegrityError:
                continue  # a column that takes no such value: try another
            after = sorted((tuple(r) for r in connection.execute(f"SELECT * FROM {table}")), key=repr)
            if after != before:
                return f"{how} {table} {row}"
    raise AssertionError("no edit was possible")


def _other(value: object, draw: random.Random) -> object:
    match value:
        case int():
            return value + draw.choice([-1, 1, 7])
        case bytes():
            return bytes([value[0] ^ 1]) + value[1:] if value else b"\0"
        case None:
            return draw.choice(["", "x", 1])
    text = str(value)
    at = draw.randrange(len(text) + 1)
    return draw.choice([text + " ", text[:at] + "x" + text[at:], text[: at - 1] if at > 1 else text + "y", None])


@pytest.mark.parametrize("table", ["run", "input", "life", "change", "rollup", "measure"])
def test_every_column_of_every_table_is_under_a_digest(table: str, good: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(good)) as connection:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    for column in columns:
        path = _copy(good, tmp_path)
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.execute("PRAGMA ignore_check_constraints = ON")
            rows = [r[0] for r in connection.execute(f"SELECT {column} FROM {table} ORDER BY 1")]
            old = next(v for v in reversed(rows))
            new = old + 1000 if isinstance(old, int) else bytes(32) if isinstance(old, bytes) else f"{old or ''}x"
            if old is None and any(isinstance(v, int) for v in rows):
                new = 1
            try:
                connection.execute(f"UPDATE {table} SET {column} = ? WHERE {column} IS ?", (new, old))
            except sqlite3.IntegrityError:
                connection.execute(f"UPDATE {table} SET {column} = 1 WHERE {column} IS ?", (old,))
        assert _noticed(path), column


def test_a_value_moved_over_a_column_boundary_is_found(good: Path, tmp_path: Path) -> None:
    path = _copy(good, tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(
            "UPDATE life SET subject = subject || char(9) || hostname, hostname = title, title = '' WHERE id = 3"
        )
    assert _noticed(path)


def test_a_damaged_row_is_named(good: Path, tmp_path: Path) -> None:
    path = _copy(good, tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE life SET opened_on = '2026-01-01' WHERE id = 1")
        name = connection.execute("SELECT fingerprint FROM life WHERE id = 1").fetchone()[0]
    with Store.open(path, create=False) as store:
        bad = store.verify().first_bad
    assert bad is not None and name in bad.what and bad.run == "2026-03-01-0600"


@pytest.mark.parametrize("what", ["CREATE TABLE x (a)", "DROP INDEX life_past", "CREATE VIEW v AS SELECT 1"])
def test_full_verification_finds_what_no_migration_made(what: str, good: Path, tmp_path: Path) -> None:
    path = _copy(good, tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(what)
    with Store.open(path, create=False) as store:
        assert not store.verify(full=True).ok


@pytest.mark.parametrize("cut", range(1, 6))
def test_a_shortened_record_is_found_by_an_anchor_and_never_called_anchored_without(
    cut: int, good: Path, tmp_path: Path
) -> None:
    """A careful forger takes the newest runs away and leaves a chain that holds."""
    with Store.open(good, create=False) as store:
        head = store.runs()[-1]
    path = tmp_path / "forged.db"
    with Store.open(path, create=True) as forged:
        for week in range(6 - cut):
            forged.record(run([finding()], DAY + timedelta(days=7 * week)))
        told = forged.verify(full=True)
        assert told.ok and not told.anchored
        anchored = forged.verify(anchors=[Anchor(run_id=head.run_id, digest=head.digest)])
        assert not anchored.ok and anchored.first_bad is not None and anchored.first_bad.run == head.run_id


def test_anchors_that_fit_make_it_anchored(good: Path) -> None:
    with Store.open(good, create=False) as store:
        anchors = [Anchor(run_id=r.run_id, digest=r.digest) for r in store.runs()]
        told = store.verify(anchors=anchors[1:4])
        assert told.ok and told.anchored
        assert not store.verify(anchors=[Anchor(run_id=anchors[0].run_id, digest="0" * 64)]).ok


def test_verifying_changes_nothing(good: Path) -> None:
    before = good.read_bytes()
    with Store.open(good, create=False) as store:
        store.verify(full=True)
    assert good.read_bytes() == before


@pytest.mark.parametrize(
    ("edit", "asked"),
    [
        ("DELETE FROM life WHERE id = (SELECT max(id) FROM life WHERE closed_run IS NULL)", "open_findings"),
        ("DELETE FROM life WHERE id = (SELECT max(id) FROM life WHERE closed_run IS NULL)", "record"),
        ("UPDATE life SET failed_on = '2020-01-01' WHERE closed_run IS NULL AND failed_run IS NOT NULL", "record"),
        ("DELETE FROM life WHERE id = (SELECT max(id) FROM life WHERE closed_run IS NOT NULL)", "closed_findings"),
        ("DELETE FROM life WHERE closed_run = 6", "findings_at"),
        ("UPDATE measure SET numerator = numerator + 1 WHERE run = 2", "trends"),
        ("UPDATE rollup SET open = 0 WHERE run = 6", "rollups"),
        ("UPDATE input SET dated_on = '2020-01-01' WHERE run = 6 AND file IS NOT NULL", "accepted"),
        ("UPDATE run SET complete = 0 WHERE seq = 1", "runs"),
        ("DELETE FROM run WHERE seq = 6", "runs"),
        ("UPDATE change SET what = 'changed' WHERE run = 3", "findings_at"),
    ],
)
def test_nothing_is_answered_from_rows_that_were_edited(edit: str, asked: str, good: Path, tmp_path: Path) -> None:
    path = _copy(good, tmp_path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(edit)
        assert connection.execute("SELECT changes()").fetchone()[0] > 0
    with pytest.raises(IntegrityError, match="damaged"), Store.open(path, create=False) as store:
        match asked:
            case "record":
                store.record(run([], DAY + timedelta(days=99)))
            case "findings_at":
                store.findings_at("2026-03-29-0600")
            case "runs":
                # A cut tail leaves a chain that holds, but its rows hang in the air.
                store.open_findings() if store.runs() else None
            case _:
                getattr(store, asked)()
