"""From nothing to the newest schema, forward only, with a copy before anything that is there is touched."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from secscan.history import Store
from secscan.model.errors import StorageError
from tests.history.made import finding, run

ROOT = Path(__file__).resolve().parents[2]

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table("later", sa.Column("a", sa.Text))
    {fault}
"""


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "state" / "history.db"
    with Store.open(path, create=True) as store:
        store.record(run([finding()]))
    return path


def _later_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str = "pass") -> None:
    """As if a later secscan were installed, which knows one migration more."""
    from secscan.history import migrate, schema

    scripts = tmp_path / "migrations"
    shutil.copytree(migrate.SCRIPTS, scripts, ignore=shutil.ignore_patterns("__pycache__"))
    (scripts / "versions" / "0002_later.py").write_text(NEXT.format(fault=fault))
    monkeypatch.setattr(schema, "HEAD", "0002")
    monkeypatch.setattr(migrate.upgrade, "__defaults__", (scripts, "0002"))


def test_the_newest_migration_is_the_one_the_code_expects() -> None:
    from alembic.script import ScriptDirectory

    from secscan.history import migrate, schema

    assert ScriptDirectory(migrate.SCRIPTS).get_heads() == [schema.HEAD]


def test_the_migrations_make_exactly_the_tables_that_the_code_describes(tmp_path: Path) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.migration import MigrationContext
    from sqlalchemy import create_engine

    from secscan.history import migrate, schema

    made, described = create_engine("sqlite://"), create_engine("sqlite://")
    with made.connect() as one, described.connect() as other, one.begin(), other.begin():
        migrate.run(one)
        schema.metadata.create_all(other)
        assert compare_metadata(MigrationContext.configure(one), schema.metadata) == []

        def tables(connection: object) -> dict[str, str]:
            rows = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")  # type: ignore[attr-defined]
            return {name: " ".join(sql.split()) for name, sql in rows if name != "alembic_version"}

        assert tables(one) == tables(other)
    made.dispose()
    described.dispose()


def test_every_table_is_strict_and_carries_the_council_in_its_keys(record: Path) -> None:
    with closing(sqlite3.connect(record, isolation_level=None)) as connection:
        tables = {row[1]: row[5] for row in connection.execute("PRAGMA table_list") if row[0] == "main"}
        for table in ("run", "input", "life", "change", "rollup", "measure"):
            assert tables[table] == 1, f"{table} is not STRICT"
            keys = [row[1] for row in connection.execute(f"PRAGMA table_info({table})") if row[5]]
            assert table == "run" or "council" in keys
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE life SET opened_run = 'three'")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE life SET status = 'closed'")
        connection.execute("PRAGMA foreign_keys = ON")
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute("UPDATE change SET council = 'corvale'")


def test_an_older_record_is_copied_and_then_brought_up_to_date(
    record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = record.read_bytes()
    _later_version(tmp_path, monkeypatch)
    with Store.open(record, create=False) as store:
        assert len(store.open_findings()) == 1
        assert store.verify().ok
    copy = record.with_name("history-before-0002.db")
    assert oct(copy.stat().st_mode & 0o777) == "0o600"
    monkeypatch.undo()
    with Store.open(copy, create=False) as store:
        assert store.verify(full=True).ok
    assert record.read_bytes() != before


def test_a_migration_that_fails_leaves_the_record_as_it_was(
    record: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _later_version(tmp_path, monkeypatch, fault="op.execute(sa.text('SELECT a FROM nowhere'))")
    for _ in range(2):
        with pytest.raises(Exception, match=r"no such table"), Store.open(record, create=False):
            pass
    monkeypatch.undo()
    with Store.open(record, create=False) as store:
        assert store.verify(full=True).ok
    assert {p.name for p in record.parent.iterdir()} == {
        "history.db",
        "history-before-0002.db",
        "history-before-0002-2.db",
    }


def test_a_record_of_a_newer_version_is_refused_in_words_and_left_as_it_is(record: Path) -> None:
    with closing(sqlite3.connect(record)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '0099'")
    before = record.read_bytes()
    with pytest.raises(StorageError, match=r"newer secscan \(schema 0099; this one knows 0001\)"):  # noqa: SIM117
        with Store.open(record, create=True):
            pass
    assert record.read_bytes() == before
    assert [p.name for p in record.parent.iterdir()] == ["history.db"]


def test_importing_the_room_imports_no_database() -> None:
    script = "import sys, secscan.history; print([m for m in ('sqlalchemy', 'alembic', 'filelock', 'pydantic') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


def test_opening_a_current_record_imports_no_alembic(record: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from secscan.history import Store\n"
        "with Store.open(Path(sys.argv[1]), create=True) as s: s.runs()\n"
        "print('alembic' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", script, str(record)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "False"
