"""Bad input, end to end: what a person is told at the import, and what becomes of it in a scan.

Each file of ``bad_files`` is taken by itself, and follows a good export of its source in a council of its own.
"""

from __future__ import annotations

import errno
import json
import os
import random
import re
import socket
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.cli.main import run
from secscan.doors import files
from tests.cli.bad_files import BAD, BEFORE, DAY, GOOD, GOOD_OF, HEADINGS, Bad, rows
from tests.cli.conftest import Said
from tests.once import once
from tests.sources.test_fuzz import KEYS, SEEDS, mutated

Run = Callable[..., Said]
EVERY = pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.id)
CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
FOLDERS = ("inventory", "firewalls", "policies", "state", "reports")


def partnership(root: Path, *councils: str) -> Path:
    """A workspace with these lines under ``councils:``."""
    for name in FOLDERS:
        (root / name).mkdir(mode=0o700, parents=True)
    listed = "\n".join(f"  - {one}" for one in councils or ("{id: oak, name: Oak Council}",))
    (root / "secscan.yaml").write_text(f"partnership: {{name: Test}}\ncouncils:\n{listed}\n")
    return root


def tree(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return partnership(tmp_path / "place")


def told(bad: Bad) -> list[str]:
    """How a person says what the file is."""
    return ["--as", bad.kind, *(word for key, value in bad.keys.items() for word in (f"--{key}", value))]


def test_every_file_has_a_name_of_its_own() -> None:
    assert len({bad.id for bad in BAD}) == len(BAD)
    assert {bad.kind for bad in BAD} == set(GOOD_OF)


# --- one by one


@EVERY
def test_an_import_takes_a_file_row_by_row_or_refuses_it_in_one_line(
    secscan: Run, place: Path, tmp_path: Path, bad: Bad
) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(bad.data)
    before = tree(place)
    said = secscan("-w", place, "import", path, "--council", "oak", "--as-of", DAY, *told(bad), "--format", "json")
    assert said.code == bad.exit, said
    if bad.rows is None:
        (line,) = said.err.splitlines()
        assert line.startswith(f"secscan: {path}") and bad.says in line and "; " in line, "where, what, what to do"
        assert tree(place) == before, "nothing of it is kept"
        return
    (file,) = said.json["files"]
    read, loaded, refused, blank = (file[f"rows_{name}"] for name in ("read", "loaded", "refused", "blank"))
    assert (read, loaded, refused, blank) == bad.rows
    assert read == loaded + refused + blank and refused == len(file["refused"])
    assert said.json["complete"] is (bad.exit == 0)
    lines = [*said.json["warnings"], *(f"{path}:{one['line']}: {one['reason']}" for one in file["refused"])]
    assert any(bad.says in line for line in [*lines, str(file["incomplete"])])
    assert (place / "inventory" / "oak" / DAY / "export.csv").read_bytes() == bad.data, "kept as it came"


@EVERY
def test_what_a_file_is_told_for_by_its_content_ends_as_well(
    secscan: Run, place: Path, tmp_path: Path, bad: Bad
) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(bad.data)
    said = secscan("-w", place, "import", path, "--council", "oak", "--as-of", DAY, "--dry-run", *told(bad)[2:])
    assert said.code in (0, 3, 4)
    assert not CONTROL.search(said.out + said.err)
    if said.code == 4:
        (line,) = said.err.splitlines()
        assert line.startswith(f"secscan: {path}") and "; " in line.replace(": export it", "; ")
    elif bad.kind in said.out.partition("\n")[0]:
        assert said.code == bad.exit


# --- all in one scan


def scan_it(place: Path) -> None:
    councils = []
    for number, bad in enumerate(BAD):
        keys = "".join(f", {name}: {json.dumps(value)}" for name, value in bad.keys.items())
        source = f"{{id: s{number}, as: {bad.kind}, file: export.csv{keys}}}"
        councils.append(f"{{id: c{number}, name: Council {number}, sources: [{source}]}}")
    partnership(place, *councils)
    for number, bad in enumerate(BAD):
        good = GOOD_OF[bad.kind]
        if "delimiter" in bad.keys:
            good = good.replace(b",", bad.keys["delimiter"].encode())
        for day, data in ((BEFORE, good), (DAY, bad.data)):
            folder = place / "inventory" / f"c{number}" / day
            folder.mkdir(parents=True)
            (folder / "export.csv").write_bytes(data)
    assert run(["-w", str(place), "scan", "--as-of", DAY, "-q"]) == 3


@pytest.fixture(scope="session")
def scanned_bad(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "bad-input", scan_it)


@pytest.fixture(scope="session")
def posture(scanned_bad: Path) -> Any:
    return json.loads((scanned_bad / "reports" / "latest" / "data" / "posture.json").read_text())


@EVERY
def test_a_scan_counts_what_can_be_believed_and_says_what_cannot(scanned_bad: Path, posture: Any, bad: Bad) -> None:
    number = BAD.index(bad)
    gaps = [gap for gap in posture["gaps"] if gap["source"] == f"s{number}"]
    read = {row["dated_on"]: row for row in posture["inputs"] if row["source"] == f"s{number}"}
    (council,) = (one for one in posture["councils"] if one["id"] == f"c{number}")
    if bad.becomes == "whole":
        assert not gaps and council["complete"]
        assert any(bad.says in says for says in (*posture["warnings"], *IN_THE_IMPORT)) or not bad.says
    else:
        assert {bad.becomes} <= {gap["why"] for gap in gaps} and not council["complete"]
        assert all("; " in gap["says"] or ":" in gap["says"] for gap in gaps)
    if bad.becomes in ("unreadable", "held"):
        assert any(bad.says in gap["says"] for gap in gaps)
        assert read[BEFORE]["rows_loaded"] > 0, "the last good export stays"
        assert council["assets"] == (20 if bad.kind == "secscan-assets" else council["assets"])
        assert (DAY in read) == (bad.becomes == "held")
        return
    assert bad.rows is not None
    row = read[DAY]
    assert BEFORE not in read
    assert tuple(row[f"rows_{name}"] for name in ("read", "loaded", "refused", "blank")) == bad.rows
    if bad.kind == "secscan-assets":
        assert council["assets"] == bad.rows[1]
    kept = list((scanned_bad / "state" / "quarantine").glob(f"*/c{number}-s{number}-*.csv"))
    assert len(kept) == (1 if bad.rows[2] else 0), "refused rows are set aside"


IN_THE_IMPORT = ("passed over what stands before the header on row 2", "[New]: only this sheet is read, not 'More'")
"""What an import says, and a scan does not say again."""


def test_a_whole_scan_writes_nothing_but_where_it_should(scanned_bad: Path) -> None:
    assert {path.name for path in scanned_bad.iterdir()} == {*FOLDERS, "secscan.yaml"}
    inside = [path.relative_to(scanned_bad) for path in scanned_bad.rglob("*")]
    assert not [path for path in inside if re.search(r"passwd|CON\b|NUL\b|\$\(|`|\.\.|secscan_pwn", path.as_posix())]
    made = [path for path in inside if path.parts[0] in ("state", "reports")]
    assert made and all(re.fullmatch(r"[A-Za-z0-9._/-]+", path.as_posix()) for path in made)


def test_no_language_within_an_export_is_worked_out(scanned_bad: Path) -> None:
    pages = [path.read_text() for path in (scanned_bad / "reports" / "latest").rglob("*.html")]
    assert pages and not [page for page in pages if "$1337" in page or ">1337<" in page]
    assert any("{{7*191}}" in page for page in pages)


# --- what is no file, or not the same for long


@pytest.fixture
def held(place: Path) -> Path:
    """The workspace with one source, whose last good export has 20 assets."""
    (place / "secscan.yaml").write_text(
        "partnership: {name: Test}\ncouncils:\n"
        "  - {id: oak, name: Oak Council, sources: [{id: register, as: secscan-assets, file: export.csv}]}\n"
        "  - {id: elm, name: Elm Council}\n"
    )
    put(place, GOOD, BEFORE)
    return place


def put(place: Path, data: str, day: str = DAY) -> Path:
    path = place / "inventory" / "oak" / day / "export.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data)
    return path


def scan(secscan: Run, place: Path) -> tuple[int, str]:
    """Assets that are counted, and what the scan says: it is not complete."""
    said = secscan("-w", place, "scan", "--as-of", DAY, "--no-report", "--format", "json")
    assert said.code == 3 and said.json["complete"] is False, said.err
    return said.json["councils"][0]["assets"], "\n".join(said.json["warnings"])


def a_folder(path: Path) -> None:
    path.mkdir()


def a_pipe(path: Path) -> None:
    os.mkfifo(path)


def a_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


def a_link_to_nothing(path: Path) -> None:
    path.symlink_to("nothing")


@pytest.mark.parametrize(
    "made", [a_folder, a_pipe, a_device, a_socket, a_link_to_nothing], ids=lambda made: made.__name__
)
def test_what_is_no_file_is_refused_and_never_waited_for(
    secscan: Run, held: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: Callable[[Path], None]
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket may have a hundred letters
    made(Path("export.csv"))
    said = secscan("-w", held, "import", "export.csv", "--council", "oak", "--as-of", DAY)
    assert said.code == 4
    (line,) = said.err.splitlines()
    assert re.fullmatch(
        r"secscan: export.csv: (is a folder|is not a regular file|no such file|cannot be read).*; .*", line
    )
    (held / "inventory" / "oak" / DAY).mkdir()
    monkeypatch.chdir(held / "inventory" / "oak" / DAY)
    made(Path("export.csv"))
    said = secscan("-w", held, "scan", "--as-of", DAY, "--no-report", "--format", "json")
    assert said.json["councils"][0]["assets"] == 20, (
        "what is no file is not looked at, or named; the last good export stays"
    )
    assert said.code == 0 or "export.csv" in "".join(said.json["warnings"])


def test_a_link_out_of_the_workspace_is_not_followed_by_a_scan(secscan: Run, held: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(GOOD)
    folder = held / "inventory" / "oak" / DAY
    folder.mkdir()
    (folder / "export.csv").symlink_to(other)
    assets, says = scan(secscan, held)
    assert assets == 20 and "is a link that leads out of the workspace; replace it by the file itself" in says


def growing(path: Path) -> BinaryIO:
    """A file to which another program writes while it is read."""
    stream = path.open("rb")

    class Growing:
        def read(self, size: int) -> bytes:
            found = stream.read(size)
            with path.open("ab") as other:
                other.write(b"T-999,x,,\n")
            return found

        def fileno(self) -> int:
            return stream.fileno()

        def __enter__(self) -> Growing:
            return self

        def __exit__(self, *_: object) -> None:
            stream.close()

    return Growing()  # type: ignore[return-value]


def barred(_path: Path) -> BinaryIO:
    raise PermissionError(errno.EACCES, "Permission denied")


def failing(_path: Path) -> BinaryIO:
    raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize(
    ("opened", "says"),
    [(growing, "changed while it was read; take it when it is complete"), (barred, "may not be read by you; "),
     (failing, "cannot be read: Input/output error; look at the disk")],
)  # fmt: skip
def test_a_file_that_cannot_be_read_whole_is_refused_and_the_last_good_one_stays(
    secscan: Run,
    held: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    opened: Callable[[Path], BinaryIO],
    says: str,
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(HEADINGS + rows(1, 30))
    put(held, HEADINGS + rows(1, 30))
    real = files._opened
    monkeypatch.setattr(files, "_opened", lambda p: (real if BEFORE in str(p) or p.name != "export.csv" else opened)(p))
    said = secscan("-w", held, "import", path, "--council", "oak", "--as-of", DAY)
    assert said.code == 4 and says in said.err
    assets, told_so = scan(secscan, held)
    assert assets == 20 and says in told_so


def test_a_file_that_vanishes_between_two_looks_is_missed_and_the_last_good_one_stays(
    secscan: Run, held: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = put(held, HEADINGS + rows(1, 30))
    reading = sys.modules["secscan.sources.read"]
    inside = reading.inside

    def vanishing(path: Path, root: Path) -> None:
        gone.unlink(missing_ok=True)
        inside(path, root)

    monkeypatch.setattr(reading, "inside", vanishing)
    assets, says = scan(secscan, held)
    assert assets == 20 and "export.csv: is gone since its folder was looked into; scan again" in says


def test_a_full_disk_ends_an_import_in_one_line_and_keeps_what_was_there(
    secscan: Run, held: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(GOOD)
    put(held, HEADINGS)
    before = tree(held)

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    said = secscan("-w", held, "import", path, "--council", "elm", "--as-of", DAY)
    monkeypatch.undo()
    assert said.code == 4 and len(said.err.splitlines()) == 1 and "No space left on device" in said.err
    assert tree(held) == before


# --- the same again, and less than before


def test_the_same_file_is_held_once_and_another_councils_is_asked_about(
    secscan: Run, held: Path, tmp_path: Path
) -> None:
    path = tmp_path / "export.csv"
    path.write_text(GOOD)
    said = secscan("-w", held, "import", path, "--council", "oak", "--as-of", DAY)
    assert said.code == 0 and f"already held as inventory/oak/{BEFORE}/export.csv" in said.out
    said = secscan("-w", held, "import", path, "--council", "elm", "--as-of", DAY)
    assert f"'oak' has the same file as inventory/oak/{BEFORE}/export.csv; is it of 'elm'?" in said.out


def test_half_an_export_is_held_and_the_whole_one_before_it_stays(secscan: Run, held: Path, tmp_path: Path) -> None:
    path = tmp_path / "export.csv"
    path.write_text(HEADINGS + rows(1, 10))
    assert secscan("-w", held, "import", path, "--council", "oak", "--as-of", DAY).code == 0
    assets, says = scan(secscan, held)
    assert assets == 20 and "10 rows, 50% fewer than the 20 of 2026-02-01" in says and "add accept: [" in says


def test_a_hundred_thousand_wrong_rows_are_fifty_lines_on_the_screen_and_all_in_the_file(
    secscan: Run, held: Path
) -> None:
    path = put(held, GOOD + "".join(f",x{n},,\n" for n in range(100_000)))
    said = secscan("-w", held, "import", path, "--council", "oak", "--as-of", DAY, "--dry-run")
    assert said.code == 3 and len(said.out.splitlines()) < 100 and "... and 99950 more" in said.out
    assert secscan("-w", held, "scan", "--as-of", DAY, "--no-report", "-q").code == 3
    (kept,) = (held / "state" / "quarantine").glob("*/*.csv")
    assert kept.read_text().count("\n") == 100_001


# --- nobody is called, whatever a file says

_CALLS: list[str] = []
_WATCHED = (
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "socket.connect",
    "socket.getaddrinfo",
)


def _watch(event: str, _args: object) -> None:
    if event in _WATCHED:
        _CALLS.append(event)


def test_no_file_makes_us_start_a_program_or_call_anybody(secscan: Run, place: Path, tmp_path: Path) -> None:
    sys.addaudithook(_watch)
    os.system("true")
    assert _CALLS.pop() == "os.system" and not _CALLS, "the watch sees one"
    for bad in BAD:
        if bad.id.startswith("b"):
            path = tmp_path / "export.csv"
            path.write_bytes(bad.data)
            secscan("-w", place, "import", path, "--council", "oak", "--as-of", DAY, *told(bad))
    secscan("-w", place, "scan", "--as-of", DAY)
    assert not _CALLS


# --- whatever comes

CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=6)
EDITS = st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=3), st.integers(0, 4)), max_size=5)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(CELLS, min_size=4, max_size=4), max_size=8), EDITS, st.sampled_from(["utf-8", "utf-16", "cp1252"])
)
def test_a_table_of_any_bytes_is_counted_row_by_row_or_refused_in_one_line(
    table: list[list[str]], edits: list[tuple[int, bytes, int]], encoding: str
) -> None:
    text = HEADINGS + "".join(",".join(row) + "\n" for row in table)
    data = bytearray(text.encode(encoding, "replace"))
    for where, new, gone in edits:
        at = where % (len(data) + 1)
        data[at : at + gone] = new
    with tempfile.TemporaryDirectory() as folder:
        place, path, out = partnership(Path(folder) / "place"), Path(folder) / "x.csv", Path(folder) / "out.json"
        path.write_bytes(data)
        code, said = spoken(
            out,
            "-w",
            place,
            "import",
            path,
            "--council",
            "oak",
            "--as-of",
            DAY,
            "--as",
            "secscan-assets",
            "--format",
            "json",
        )
        assert code in (0, 3, 4)
        if code == 4:
            told = json.loads(said)  # a program is told too: no file, and why
            assert told["files"] == [] and len(told["warnings"]) == 1 and not told["complete"]
            return
        (file,) = json.loads(said)["files"]
        assert file["rows_read"] == file["rows_loaded"] + file["rows_refused"] + file["rows_blank"]
        assert file["rows_refused"] == len(file["refused"])


def spoken(out: Path, *args: object) -> tuple[int, str]:
    """Exit code and stdout of a command, for tests that run it again and again."""
    with out.open("w") as stream, redirect_stdout(stream):
        code = run([str(a) for a in args])
    return code, out.read_text()


def test_a_scan_of_broken_files_of_every_kind_ends_in_a_report(secscan: Run, tmp_path: Path) -> None:
    chance = random.Random("every kind")
    councils, place = [], tmp_path / "place"
    for kind, seeds in SEEDS.items():
        if kind == "secscan-rules":
            continue
        keys = {"as": kind, "file": "*.bin", **KEYS.get(kind, {})}
        councils.append(json.dumps({"id": kind, "name": kind, "sources": [{"id": f"s-{kind}", **keys}]}))
        (place / "inventory" / kind).mkdir(parents=True)
        for number in range(6):
            (place / "inventory" / kind / f"{number}.bin").write_bytes(mutated(chance.choice(seeds), chance))
            os.utime(place / "inventory" / kind / f"{number}.bin", (1_740_000_000, 1_740_000_000))
    for name in FOLDERS:
        (place / name).mkdir(mode=0o700, exist_ok=True)
    (place / "secscan.yaml").write_text(
        "partnership: {name: T}\ncouncils:\n" + "".join(f"  - {one}\n" for one in councils)
    )
    said = secscan("-w", place, "scan", "--as-of", DAY, "--format", "json")
    assert said.code == 3, said.err
    assert not CONTROL.search(said.out.replace("\n", ""))
