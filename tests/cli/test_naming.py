"""``secscan recognise NAME --add``: a council says what a name of its own lists is, after it was shown what that matches."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan import history, knowledge
from secscan.cli.common import now
from secscan.doors import yaml

Run = Callable[..., Any]
DAY = ("--as-of", "2026-03-01")
NAME = "Crystal Reports 2008 Runtime SP3"
WRITE = ("recognise", NAME, "--add", "--product", "crystal-reports", "--yes", *DAY)


def at(workspace: Path) -> Path:
    return workspace / "policies" / "catalogue.yaml"


def test_a_name_is_written_named_and_used_by_the_next_question_and_the_next_scan(secscan: Run, workspace: Path) -> None:
    assert secscan("-w", workspace, "recognise", NAME, *DAY, "--format", "json").json["rows"][0]["product"] is None
    said = secscan("-w", workspace, *WRITE)
    assert said.code == 0
    assert "policies/catalogue.yaml: 'Crystal Reports 2008 Runtime SP3' is taken for crystal-reports" in said.out
    assert "It matches 1 rows of the newest exports, 1 of them newly:" in said.err
    assert yaml.read(at(workspace)).data == {
        "names": [{"name": NAME, "product": "crystal-reports", "added_on": "2026-03-01"}]
    }
    assert yaml.read(workspace / "secscan.yaml").data["policies"]["catalogue"] == ["policies/catalogue.yaml"]
    (row,) = secscan("-w", workspace, "recognise", NAME, "12.3", *DAY, "--format", "json").json["rows"]
    assert (row["product"], row["by"].endswith("(policies/catalogue.yaml:3:5)")) == ("crystal-reports", True)
    assert secscan("-w", workspace, "scan", *DAY, "-q").code == 3
    found = secscan("-w", workspace, "findings", "--format", "json").json["findings"]
    assert not any(f["subject"] == NAME for f in found)
    assert any(f["subject"] == "crystal-reports" for f in found)


def test_what_a_person_wrote_into_the_files_stays_byte_for_byte(secscan: Run, workspace: Path) -> None:
    ours = "# Ours.\nhelpers:\n  part: {label: part, words: [acmepart], patterns: [acmepart]}  # a part\n\n# the end\n"
    at(workspace).write_text(ours)
    settings = workspace / "secscan.yaml"
    settings.write_text(
        settings.read_text().replace("policies:\n", "policies:\n  catalogue: [policies/catalogue.yaml]  # own\n")
    )
    before = settings.read_text()
    assert secscan("-w", workspace, *WRITE).code == 0
    assert settings.read_text() == before
    lines = at(workspace).read_text().splitlines()
    assert [line for line in ours.splitlines() if line not in lines] == []
    assert (
        secscan("-w", workspace, "recognise", "acmepart", *DAY, "--format", "json").json["rows"][0]["label"] == "part"
    )
    twice = ("recognise", "Acme Reports", "--add", "--product", "crystal-reports", "--yes", *DAY)
    assert secscan("-w", workspace, *twice).code == 0
    assert [n["name"] for n in yaml.read(at(workspace)).data["names"]] == [NAME, "Acme Reports"]


@pytest.mark.parametrize(
    ("args", "says"),
    [
        ((NAME, "--add"), "say which product it is with --product ID, and --yes"),
        ((NAME, "--add", "--product", "crystal-reports"), "nothing was written: look at what it would match and say --yes"),
        ((NAME, "--add", "--product", "crystal-report", "--yes"), "did you mean 'crystal-reports'?"),
        ((NAME, "--add", "--product", "office", "--cycle", "2011", "--yes"), "'2011' is no release line of office"),
        (("Google Chrome", "--add", "--product", "firefox", "--yes"), "is taken for chrome already, by alias 'google chrome'"),
        (("Google Chrome 9", "--add", "--product", "chrome", "--yes"), "is taken for chrome already"),
        (("Microsoft Visual C++ 2019", "--add", "--product", "dotnet", "--yes"), "is taken for redistributable"),
        (("openssl", "1.1.1n-0+deb11u4", "--kind", "dpkg", "--add", "--product", "openssl", "--yes"), "package of a distribution already"),
        (("Gооgle Chromium", "--add", "--product", "chrome", "--yes"), "no rule can match this name"),
        (("x" * 10_000, "--add", "--product", "chrome", "--yes"), "longer than 250 letters"),
        (("a\x1b[31m\nb", "--add", "--product", "chrome", "--yes"), "no rule can match this name"),
        (("", "--add", "--product", "chrome", "--yes"), "no rule can match this name"),
        ((NAME, "--product", "crystal-reports"), "--product says something only with --add"),
        (("--stdin", "--add"), "give a NAME, or --stdin"),
        (("--add",), "give a NAME, or --stdin"),
    ],
)  # fmt: skip
def test_what_may_not_be_written_is_refused_with_2_and_nothing_changes(
    secscan: Run, workspace: Path, args: tuple[str, ...], says: str
) -> None:
    before = (workspace / "secscan.yaml").read_bytes()
    said = secscan("-w", workspace, "recognise", *args, *DAY)
    assert said.code == 2 and says in said.err
    assert "\x1b" not in said.err and len(said.err) < 2_000
    assert not at(workspace).exists() and (workspace / "secscan.yaml").read_bytes() == before


@pytest.mark.parametrize(
    "name",
    [
        "--add",
        "-rf; $(reboot)",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "a: [b, {c: #",
        "' OR 1=1 --",
        "re.*(x+)+y",
    ],
)
def test_a_hostile_name_is_written_as_the_text_it_is_and_matches_itself_alone(
    secscan: Run, workspace: Path, name: str
) -> None:
    said = secscan("-w", workspace, "recognise", "--add", "--product", "putty", "--yes", *DAY, "--", name)
    assert said.code == 0
    assert yaml.read(at(workspace)).data["names"][0]["name"] == name
    own = knowledge.load_catalogue([(at(workspace), "policies/catalogue.yaml")])
    for other, product in ((name, "putty"), (f"{name}x", None), (f"x{name}", None), ("rexxy", None)):
        assert knowledge.recognise(own, other, None, None, None, date(2026, 3, 1)).product == product, other


def test_json_says_what_was_written_and_what_it_matches(secscan: Run, workspace: Path) -> None:
    told = secscan("-w", workspace, *WRITE, "--publisher", "SAP", "--kind", "arp", "--format", "json").json
    assert told["schema"] == "secscan.recognise/1"
    assert told["added"] == {
        "file": "policies/catalogue.yaml", "name": NAME, "product": "crystal-reports", "publisher": "SAP", "kind": "arp",
        "added_on": "2026-03-01",
    }  # fmt: skip
    assert told["rows"][0]["product"] == "crystal-reports"
    assert told["matches"] == []  # the export does not say that it is Windows' list
    assert secscan("-w", workspace, "recognise", NAME, *DAY, "--format", "json").json["rows"][0]["product"] is None


def test_a_workspace_is_needed_to_add(secscan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert secscan("recognise", NAME, "--add", "--product", "crystal-reports", "--yes").code == 2


def test_a_busy_workspace_is_left_alone(secscan: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held = history.lock
    monkeypatch.setattr(history, "lock", lambda state, started: held(state, started, wait_seconds=0.1))
    with held(workspace / "state", now()):
        assert secscan("-w", workspace, *WRITE).code == 7
    assert not at(workspace).exists()


# ------------------------------------------------------------------------------------------------ as a person


def asked(workspace: Path, args: list[str], typed: str) -> str:
    """What a terminal shows where a person types ``typed``."""
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "secscan.cli.main", "-w", str(workspace), "recognise", *args, *DAY],
        stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "TERM": "dumb"},
    )  # fmt: skip
    os.close(slave)
    os.write(master, typed.encode())
    shown = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        while part := os.read(master, 65536):
            shown += part
    os.close(master)
    assert process.wait(60) == 0
    return shown.decode().replace("\r", "")


def test_a_person_is_offered_what_it_looks_like_shown_what_it_matches_and_asked(workspace: Path) -> None:
    (file,) = workspace.glob("inventory/oak/*/software.csv")
    file.write_text(file.read_text() + "OAK-1,Gogle Chrome,5,Google LLC,\nOAK-2,Gogle Chrome 6,6,,\n")
    shown = asked(workspace, ["Gogle Chrome", "--add"], "1\ny\n")
    assert "1  Google Chrome (chrome)" in shown and "that decides nothing" in shown
    assert "Which product is it" in shown
    assert "2 rows of the newest exports, 2 of them newly" in shown
    assert "1 × Gogle Chrome 6 (6)" in shown
    assert "is taken for chrome" in shown
    assert yaml.read(at(workspace)).data["names"][0]["name"] == "Gogle Chrome"


def test_a_person_who_says_no_changes_nothing(workspace: Path) -> None:
    shown = asked(workspace, [NAME, "--add", "--product", "crystal-reports"], "\n")
    assert "nothing was written" in shown
    assert not at(workspace).exists()
