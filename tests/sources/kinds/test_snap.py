"""The list of snaps."""

from __future__ import annotations

from pathlib import Path

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import shared
from tests.sources.kinds.desk import read, recognised, rows

LIST = """\
Name      Version          Rev    Tracking         Publisher   Notes
core20    20240111         2182   latest/stable    canonical✓  base
firefox   131.0-2          4955   latest/stable/…  mozilla✓    -
firefox   130.0-1          4900   latest/stable/…  mozilla✓    disabled
own-tool  -                x1     -                -           devmode
"""
OLD = "Name   Version  Rev  Developer  Notes\ncore   16-2.30  3748  canonical  core\n"
SEEDS = {"snap": [LIST, OLD]}


def test_snaps_come_with_version_and_publisher_and_a_disabled_one_is_blank(tmp_path: Path) -> None:
    assert recognised(tmp_path, LIST)[0] == "snap"
    load = read(tmp_path, "snap", LIST, name="OAK-1.snap.txt")
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (4, 3, 1)
    assert rows(load, "software", "asset_tag", "name", "version", "publisher", "kind") == [
        ("OAK-1", "core20", "20240111", "canonical", None), ("OAK-1", "firefox", "131.0-2", "mozilla", None), ("OAK-1", "own-tool", None, None, None),
    ]  # fmt: skip
    assert load.warnings == ("OAK-1.snap.txt: 1 revisions are disabled; counted as blank",)
    assert load.tables["software"].places[0] & 0xFFFF == 2


def test_the_old_form_and_other_languages_are_read(tmp_path: Path) -> None:
    assert recognised(tmp_path, OLD)[0] == "snap"
    assert rows(read(tmp_path, "snap", OLD), "software", "name", "publisher") == [("core", "canonical")]
    french = LIST.replace("Name      Version          Rev    Tracking", "Nom       Version          Révision  Suivi")
    assert read(tmp_path, "snap", french).rows_loaded == 3


def test_a_line_that_is_none_is_refused(tmp_path: Path) -> None:
    load = read(tmp_path, "snap", LIST + "what is this\n\nx y 5 z\0 a -\n")
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (7, 3, 2, 2)
    assert [bad.line for bad in load.refused] == [6, 8]
    assert load.refused[0].reason == "'what is this' is no line of snap list"


def test_no_snaps_are_no_rows(tmp_path: Path) -> None:
    assert read(tmp_path, "snap", "No snaps are installed yet. Try 'snap install hello-world'.\n").rows_read == 0
    with pytest.raises(InputError, match="not a snap list"):
        read(tmp_path, "snap", "{}")


@pytest.mark.shared
def test_the_public_sample(tmp_path: Path) -> None:
    sample = shared("data", "inventories", "package-lists", "glpi-agent__snap").read_bytes()
    assert recognised(tmp_path, sample)[0] == "snap"
    assert read(tmp_path, "snap", sample).rows_loaded == 5
