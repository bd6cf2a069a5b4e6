"""Many files at once: each whole or not there, none through a link, all on disk before the call is over."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from secscan.doors import files
from secscan.model.errors import StorageError


def test_each_file_is_whole_private_and_alone(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    contents = {tmp_path / f"{n}.html": os.urandom(n * 1_000) for n in range(5)} | {tmp_path / "data" / "a.csv": b"a\n"}
    files.write_all(contents)
    assert {p for p in tmp_path.rglob("*") if p.is_file()} == set(contents)
    assert all(p.read_bytes() == content and stat.S_IMODE(p.stat().st_mode) == 0o600 for p, content in contents.items())


def test_a_link_in_a_files_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("kept")
    (tmp_path / "page.html").symlink_to(victim)
    files.write_all({tmp_path / "page.html": b"new"})
    assert victim.read_text() == "kept" and not (tmp_path / "page.html").is_symlink()


def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing_half(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=r"missing/page\.html: cannot be written \(3 bytes\)"):
        files.write_all({tmp_path / "one.html": b"1", tmp_path / "missing" / "page.html": b"new"})
    assert [p.name for p in tmp_path.iterdir()] == ["one.html"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells which file a descriptor is of")
def test_every_file_and_folder_is_on_disk_when_the_call_is_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda fd: (synced.append(str(Path(f"/proc/self/fd/{fd}").readlink())), real(fd))[1]
    )
    (tmp_path / "data").mkdir()
    contents = {tmp_path / "one.html": b"1", tmp_path / "two.html": b"2", tmp_path / "data" / "a.csv": b"3"}
    files.write_all(contents)
    assert sorted(synced) == sorted(map(str, [*contents, tmp_path, tmp_path / "data"]))
    synced.clear()
    files.write(tmp_path / "three.html", "3")
    assert len(synced) == 2 and synced[0].endswith(".tmp"), "a single file is on disk before it takes its place"


@pytest.mark.skipif(os.name != "posix", reason="only POSIX can sync a folder")
def test_a_disk_that_fails_at_the_end_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        files.write_all({tmp_path / "one.html": b"1", tmp_path / "two.html": b"2"})
