"""One run at a time, and the other is named."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from secscan.history import lock, sqlite_has_wal_reset_bug
from secscan.model.errors import Busy, StorageError

ROOT = Path(__file__).resolve().parents[2]
STARTED = datetime(2026, 3, 1, 6, 0, tzinfo=UTC)

HOLDER = """
import sys, time
from datetime import UTC, datetime
from pathlib import Path
from secscan.history import lock
with lock(Path(sys.argv[1]), datetime(2026, 3, 1, 6, 0, tzinfo=UTC)):
    print("held", flush=True)
    time.sleep(60)
"""


def _held(state: Path) -> subprocess.Popen[str]:
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(state)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    return holder


def _end(holder: subprocess.Popen[str]) -> None:
    holder.send_signal(signal.SIGKILL)
    holder.communicate()


def test_a_second_run_is_told_who_holds_the_workspace_and_since_when(tmp_path: Path) -> None:
    state = tmp_path / "state"
    holder = _held(state)
    try:
        started = time.monotonic()
        with pytest.raises(Busy) as caught, lock(state, STARTED, wait_seconds=0.3):
            pass
        assert time.monotonic() - started < 1.5
        assert str(caught.value) == (
            f"another run (process {holder.pid}, started 2026-03-01 06:00:00 UTC) holds this workspace; try again when it is done"
        )
        assert caught.value.exit_code == 7
    finally:
        _end(holder)


def test_the_lock_of_a_killed_run_is_free_at_once(tmp_path: Path) -> None:
    _end(_held(tmp_path))
    (tmp_path / ".lock.holder.0123456789ab.tmp").touch()
    started = time.monotonic()
    with lock(tmp_path, STARTED):
        assert time.monotonic() - started < 1
        assert f'"pid": {os.getpid()}' in (tmp_path / "lock.holder").read_text()
    assert sorted(p.name for p in tmp_path.iterdir() if p.name.endswith(".tmp")) == []


def test_the_lock_can_be_taken_again_after_it_was_let_go(tmp_path: Path) -> None:
    for _ in range(3):
        with lock(tmp_path, STARTED), pytest.raises(Busy), lock(tmp_path, STARTED, wait_seconds=0):
            pass


def test_an_error_inside_lets_the_lock_go(tmp_path: Path) -> None:
    with pytest.raises(KeyError), lock(tmp_path, STARTED):
        raise KeyError
    with lock(tmp_path, STARTED, wait_seconds=0):
        pass


@pytest.mark.parametrize("name", ["lock", "lock.holder"])
def test_a_link_in_the_locks_place_is_refused_and_not_followed(name: str, tmp_path: Path) -> None:
    state, target = tmp_path / "state", tmp_path / "target"
    state.mkdir(mode=0o700)
    target.write_text("precious")
    (state / name).symlink_to(target)
    with pytest.raises(StorageError, match="is a link"), lock(state, STARTED):
        pass
    assert target.read_text() == "precious"


def test_the_lock_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with lock(tmp_path / "state", STARTED):
            modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (tmp_path / "state").iterdir()}
    finally:
        os.umask(before)
    assert modes == {"lock": 0o600, "lock.holder": 0o600}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "holder", ["", "{}", '{"pid": "x", "started_at": 1}', "[]", "\0", '{"pid": 1, "started_at": "yesterday"}']
)
def test_a_holder_that_cannot_be_read_is_another_run(holder: str, tmp_path: Path) -> None:
    with lock(tmp_path, STARTED):
        (tmp_path / "lock.holder").write_text(holder)
        with pytest.raises(Busy, match=r"^another run holds"), lock(tmp_path, STARTED, wait_seconds=0):
            pass


def test_a_folder_that_everybody_may_write_to_holds_no_lock(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    try:
        with pytest.raises(StorageError, match="chmod 700"), lock(tmp_path, STARTED):
            pass
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize(
    ("version", "bad"),
    [
        ("3.6.23", False), ("3.7.0", True), ("3.40.1", True), ("3.44.5", True), ("3.44.6", False), ("3.45.0", True),
        ("3.50.6", True), ("3.50.7", False), ("3.51.0", True), ("3.51.2", True), ("3.51.3", False), ("3.52.0", False),
        ("4.0.0", False), ("3.51", True),
    ],
)  # fmt: skip
def test_releases_with_the_wal_reset_bug_are_known(version: str, bad: bool) -> None:
    assert sqlite_has_wal_reset_bug(version) is bad
