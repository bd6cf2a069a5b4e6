"""Killed, out of disk, or two at once: the record is as it was before the run, or as it is after."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from secscan.history import Store
from secscan.model.errors import StorageError
from tests.history import witness
from tests.history.made import finding, run

ROOT = Path(__file__).resolve().parents[2]
SEED = 20260301

WRITER = """
import sys
from datetime import timedelta
from pathlib import Path
from secscan.history import Store
from tests.history.made import DAY, finding, run

path, start, acknowledged = Path(sys.argv[1]), int(sys.argv[2]), open(sys.argv[3], "a")
with Store.open(path, create=True) as store:
    for week in range(start, start + 100):
        there = [finding(f"srv-{n:04d}") for n in range(600) if (n + week) % 4]
        told = store.record(run(there, DAY + timedelta(days=week)))
        acknowledged.write(told.digest + chr(10))
        acknowledged.flush()
"""

FILLER = """
import resource, sys
from datetime import timedelta
from pathlib import Path
from secscan.history import Store
from secscan.model.errors import StorageError
from tests.history.made import DAY, finding, run

path = Path(sys.argv[1])
room = path.stat().st_size + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
try:
    with Store.open(path, create=False) as store:
        store.record(run([finding(f"new-{n}") for n in range(5000)], DAY + timedelta(days=7)))
except StorageError as error:
    print(error)
    sys.exit(4)
"""

RACER = """
import sys, time
from pathlib import Path
from secscan.history import Store
from secscan.model.errors import Busy
from tests.history.made import finding, run

path, name, rounds = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
done = 0
until = time.monotonic() + 60
while done < rounds and time.monotonic() < until:
    try:
        with Store.open(path, create=False) as store:
            store.record(run([finding(f"{name}-{n}") for n in range(20)], closing=lambda f: False))
        done += 1
    except Busy:
        pass
print(done)
"""


def _start(script: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


def test_a_writer_killed_at_any_moment_leaves_every_acknowledged_run_and_no_half(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    path, acknowledged = tmp_path / "state" / "history.db", tmp_path / "acknowledged"
    acknowledged.touch()
    held = 0
    for _ in range(25):
        writer = _start(WRITER, path, held, acknowledged)
        before, until = acknowledged.stat().st_size, time.monotonic() + 30
        while acknowledged.stat().st_size == before and writer.poll() is None and time.monotonic() < until:
            time.sleep(0.002)
        time.sleep(draw.uniform(0, 0.2))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        digests = acknowledged.read_text().split()
        with Store.open(path, create=False) as store:
            kept = [r.digest for r in store.runs()]
            assert store.verify(full=True).ok, f"seed {SEED}"
        assert kept[: len(digests)] == digests and len(kept) <= len(digests) + 1
        acknowledged.write_text("".join(d + "\n" for d in kept))
        held = len(kept)
        assert witness.holds(path)
    assert held >= 25
    with Store.open(path, create=True) as store:
        store.record(run([], date(2030, 1, 1)))
    assert sorted(p.name for p in path.parent.iterdir()) == ["history.db"]


def test_a_record_killed_while_it_is_made_is_made_by_the_next_run(tmp_path: Path) -> None:
    draw = random.Random(SEED)
    for number in range(8):
        folder = tmp_path / str(number)
        acknowledged = tmp_path / f"{number}.txt"
        writer = _start(WRITER, folder / "history.db", 0, acknowledged)
        time.sleep(draw.uniform(0.2, 1.5))
        writer.send_signal(signal.SIGKILL)
        writer.communicate()
        with Store.open(folder / "history.db", create=True) as store:
            assert store.verify(full=True).ok
            store.record(run([finding()], date(2027, 1, 1)))
        assert [p.name for p in folder.iterdir() if p.suffix == ".tmp"] == []


@pytest.mark.parametrize("room", [0, 1000, 5000, 50_000, 500_000, 2_000_000])
def test_a_full_disk_is_named_and_changes_nothing(room: int, tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with Store.open(path, create=True) as store:
        store.record(run([finding(f"srv-{n}") for n in range(2000)]))
        answers = store.runs(), store.open_findings()
    filler = _start(FILLER, path, room)
    said, trace = filler.communicate(timeout=60)
    assert (filler.returncode, trace) == (4, ""), trace
    assert str(path) in said and "disk full" in said and said.count("\n") == 1
    with Store.open(path, create=False) as store:
        assert (store.runs(), store.open_findings()) == answers
        assert store.verify(full=True).ok


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "state"
    blocked.write_text("a file where the folder should be")
    with pytest.raises(StorageError, match="state"), Store.open(blocked / "history.db", create=True):
        pass


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write to read-only folders; run as another user to see it")
def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with Store.open(path, create=True):
        pass
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="history"), Store.open(path, create=False) as store:
            store.record(run([finding()]))
    finally:
        tmp_path.chmod(0o700)


def test_writers_in_several_processes_take_turns_and_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "history.db"
    with Store.open(path, create=True):
        pass
    racers = [_start(RACER, path, name, 8) for name in ("a", "b", "c")]
    told = [racer.communicate(timeout=120) for racer in racers]
    assert [out.strip() for out, _ in told] == ["8", "8", "8"], told
    with Store.open(path, create=False) as store:
        assert [r.seq for r in store.runs()] == list(range(1, 25))
        assert len({r.run_id for r in store.runs()}) == 24
        assert len(store.open_findings()) == 60
        assert store.verify(full=True).ok


def test_two_that_make_the_record_at_once_make_one(tmp_path: Path) -> None:
    for number in range(3):
        path = tmp_path / str(number) / "history.db"
        script = "import sys; from pathlib import Path\nfrom secscan.history import Store\nwith Store.open(Path(sys.argv[1]), create=True): print('ok')"
        makers = [_start(script, path) for _ in range(3)]
        said = [maker.communicate(timeout=60) for maker in makers]
        assert any(out == "ok\n" for out, _ in said), said
        with Store.open(path, create=False) as store:
            assert store.verify(full=True).ok
        assert [p.name for p in path.parent.iterdir()] == ["history.db"]
