"""A damaged record gives the right answer or none: never a wrong one, never a trace."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from secscan.history import Store
from secscan.model.errors import Busy, IntegrityError, SecscanError, StorageError
from tests.history.made import DAY, Measure, finding, load, run

ANSWERS: dict[str, Callable[[Store], Any]] = {
    "runs": lambda s: s.runs(),
    "accepted": lambda s: s.accepted(),
    "trends": lambda s: s.trends(),
    "rollups": lambda s: s.rollups(),
    "open": lambda s: s.open_findings(),
    "then": lambda s: s.findings_at("2026-03-08-0600"),
    "closed": lambda s: sorted(s.closed_findings(), key=lambda f: f.fingerprint),
    "lives": lambda s: s.lives(finding("srv-001").fingerprint),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], Any]:
    """A record of four runs, its right answers, and what a fifth run makes of it."""
    path = tmp_path_factory.mktemp("good") / "history.db"
    with Store.open(path, create=True) as store:
        for week in range(4):
            there = [finding(f"srv-{n:03d}") for n in range(60) if (n + week) % 5]
            measures = [Measure("alderbeck", "coverage", week, 10)]
            store.record(run(there, DAY + timedelta(days=7 * week), measures=measures, loads=[load(rows=week + 10)]))
        answers = {name: ask(store) for name, ask in ANSWERS.items()}
        assert store.verify(full=True).ok
    other = path.with_name("next.db")
    shutil.copy(path, other)
    with Store.open(other, create=False) as store:
        return path, answers, _next(store)


def _next(store: Store) -> Any:
    there = [finding(f"srv-{n:03d}") for n in range(60)]
    told = store.record(run(there, DAY + timedelta(days=28), measures=[], loads=[]))
    return told.clocked, told.changes


def _asked(path: Path, answers: dict[str, Any], after: Any) -> list[str]:
    """What was refused of everything that can be asked; whatever is answered must be right."""
    refused = []

    def attempt(name: str, ask: Callable[[Store], Any], right: Any) -> None:
        try:
            with Store.open(path, create=False, wait_seconds=0.1) as store:
                said = ask(store)
        except SecscanError as error:
            assert isinstance(error, IntegrityError | StorageError), error
            assert "\n" not in str(error)
            refused.append(name)
        else:
            assert said == right, name

    for name, ask in ANSWERS.items():
        attempt(name, ask, answers[name])
    try:
        with Store.open(path, create=False) as store:
            if not store.verify(full=True).ok:
                refused.append("verify")
    except (IntegrityError, StorageError):
        refused.append("verify")
    attempt("record", _next, after)
    return refused


@pytest.mark.parametrize("seed", range(8))
def test_flipped_bytes_never_give_a_wrong_answer(
    seed: int, good: tuple[Path, dict[str, Any], Any], tmp_path: Path
) -> None:
    path, answers, after = good
    whole = path.read_bytes()
    draw = random.Random(seed)
    noticed = 0
    for number in range(25):
        at = draw.randrange(len(whole))
        flipped = bytearray(whole)
        flipped[at] ^= 1 << draw.randrange(8)
        damaged = tmp_path / f"{number}.db"
        damaged.write_bytes(flipped)
        damaged.chmod(0o600)
        noticed += bool(_asked(damaged, answers, after))
    assert noticed, "some of a record is rows, and rows are under a digest"


@pytest.mark.parametrize("keep", [1, 15, 16, 99, 100, 512, 4095, 4096, 5000, 8192, 0.3, 0.5, 0.9, 0.999])
def test_a_record_cut_short_is_refused(keep: float, good: tuple[Path, dict[str, Any], Any], tmp_path: Path) -> None:
    path, answers, after = good
    whole = path.read_bytes()
    short = tmp_path / "history.db"
    size = keep if isinstance(keep, int) else int(len(whole) * keep)
    short.write_bytes(whole[:size])
    assert _asked(short, answers, after)
    assert short.read_bytes()[:16] == whole[: min(16, size)]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04 a workbook", "not a database"),
        (b"<!DOCTYPE html><title>Sign in</title>", "not a database"),
        (b"SQLite format 3\0", "damaged"),
        (b"SQLite format 3\0" + bytes(4080), "damaged"),
    ],
)
@pytest.mark.parametrize("create", [True, False])
def test_a_file_that_is_no_record_is_refused_and_left_as_it_is(
    content: bytes, says: str, create: bool, tmp_path: Path
) -> None:
    path = tmp_path / "history.db"
    path.write_bytes(content)
    with pytest.raises((StorageError, IntegrityError), match=says), Store.open(path, create=create):
        pass
    assert path.read_bytes() == content


@pytest.mark.parametrize("create", [True, False])
def test_another_programs_database_is_refused_and_left_as_it_is(create: bool, tmp_path: Path) -> None:
    import sqlite3

    path = tmp_path / "history.db"
    for script in ("CREATE TABLE other (a)", "CREATE TABLE run (seq)", "CREATE TABLE alembic_version (version_num)"):
        path.unlink(missing_ok=True)
        connection = sqlite3.connect(path)
        connection.executescript(script)
        connection.close()
        before = path.read_bytes()
        with pytest.raises((StorageError, IntegrityError)), Store.open(path, create=create):
            pass
        assert path.read_bytes() == before


def test_the_journal_of_another_database_gives_no_wrong_answer(
    good: tuple[Path, dict[str, Any], Any], tmp_path: Path
) -> None:
    import sqlite3

    path, answers, after = good
    foreign = tmp_path / "foreign.db"
    connection = sqlite3.connect(foreign, isolation_level=None)
    connection.executescript("PRAGMA cache_size = 2; CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(100000))")
    connection.execute("BEGIN")
    connection.execute("UPDATE t SET a = zeroblob(150000)")
    copy = tmp_path / "history.db"
    shutil.copy(path, copy)
    shutil.copy(tmp_path / "foreign.db-journal", tmp_path / "history.db-journal")
    connection.execute("ROLLBACK")
    connection.close()
    _asked(copy, answers, after)


@pytest.mark.parametrize("kind", ["link", "folder", "dangling", "fifo"])
def test_what_is_no_file_of_its_own_is_refused(
    kind: str, good: tuple[Path, dict[str, Any], Any], tmp_path: Path
) -> None:
    path = tmp_path / "history.db"
    match kind:
        case "link":
            path.symlink_to(good[0])
        case "dangling":
            path.symlink_to(tmp_path / "nowhere")
        case "folder":
            path.mkdir()
        case "fifo":
            os.mkfifo(path)
    with pytest.raises(StorageError, match=r"link|not a file"), Store.open(path, create=True):
        pass
    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_everybody_may_write_to_is_refused_with_what_to_do(tmp_path: Path) -> None:
    state = tmp_path / "state"
    state.mkdir()
    state.chmod(0o777)
    with pytest.raises(StorageError, match="chmod 700"), Store.open(state / "history.db", create=True):
        pass


def test_a_network_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from secscan.history import sqlite

    mounts = tmp_path / "mounts"
    mounts.write_text(f"/dev/sda / ext4 rw 0 0\nfiler:/x {tmp_path} nfs4 rw 0 0\n")
    monkeypatch.setattr(sqlite, "_MOUNTS", mounts)
    with pytest.raises(StorageError, match=r"network disk \(nfs4\)"), Store.open(tmp_path / "history.db", create=True):
        pass


@pytest.mark.parametrize("held", ["SHARED", "RESERVED", "EXCLUSIVE"])
def test_a_locked_record_waits_a_little_and_then_says_busy(held: str, tmp_path: Path) -> None:
    import sqlite3
    import time

    path = tmp_path / "history.db"
    with Store.open(path, create=True) as store:
        store.record(run([finding()]))
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute({"SHARED": "BEGIN", "RESERVED": "BEGIN IMMEDIATE", "EXCLUSIVE": "BEGIN EXCLUSIVE"}[held])
    holder.execute("SELECT count(*) FROM run").fetchone()
    started = time.monotonic()
    with (
        pytest.raises(Busy, match="another program holds the record"),
        Store.open(path, create=False, wait_seconds=0.3) as store,
    ):
        store.record(run([finding()]))
    assert 0.2 < time.monotonic() - started < 5
    holder.execute("ROLLBACK")
    holder.close()
    with Store.open(path, create=False) as store:
        assert len(store.runs()) == 1
        store.record(run([finding()]))
        assert store.verify(full=True).ok
