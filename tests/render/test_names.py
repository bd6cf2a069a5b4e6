"""The page of names that nothing recognises."""

from __future__ import annotations

import csv
import io
import shlex
from dataclasses import replace

import pytest

from secscan.render.data import tables
from secscan.render.pages.names import components, known_table, names_table
from secscan.render.view import View
from tests.render.postures import partnership
from tests.render.reader import html_of
from tests.render.test_over_time import page, table_rows

P = partnership()
VIEW = View(posture=P, edition="team", digest="0" * 64, cap=1000)


def test_names_come_with_what_they_are_how_many_and_the_command_that_says_so() -> None:
    first, second = table_rows(page("names.html"), "unrecognised")
    assert first[:5] == ["LiftWatch Agent Elevato, Windows’ list of programs", "1.4", "12", "11", "Alderbeck"]
    assert first[6] == "secscan recognise --add --kind arp --publisher Elevato 'LiftWatch Agent'"
    assert second[5] == "Adobe Acrobat Reader"
    assert second[6] == "secscan recognise --add 'Acrobat Readr DC'"


def test_the_share_is_told_by_install_and_by_name_and_agrees_with_the_councils() -> None:
    whole, first = P.names_known[:2]
    (row, *_), foot = table_rows(page("names.html"), "names-known"), known_table(VIEW).foot
    assert row[1].endswith(f"({first.recognised:,} of {first.installs:,})")
    assert foot is not None
    assert [c.parts[0].text for c in foot.cells[:3]] == [
        "All, each name once", f"98.3% ({whole.recognised:,} of {whole.installs:,})", "95% (152 of 160)",
    ]  # fmt: skip
    for c in P.councils:
        told = next(k for k in P.names_known if k.council == c.id)
        assert (told.installs, told.recognised) == (c.installs, c.recognised)
    assert whole.installs == sum(c.installs for c in P.councils)


def test_components_that_nobody_looks_at_are_told_on_both_pages_and_never_where_there_are_none() -> None:
    said = html_of(P)["names.html"]
    assert "Bills of materials list 310 components." in said
    assert "The other 306 are libraries that nobody looks at for support. That is no pass." in said
    spots = {row[0]: row[1] for row in table_rows(page("not-seen.html"), "blind-spots")}
    assert spots["Components in bills of materials that nobody looks at"] == "306 of 310"
    none = replace(P, names_known=[replace(k, components=0, components_recognised=0) for k in P.names_known])
    assert components(none) == []


def test_the_page_of_a_council_has_its_own_figures_alone() -> None:
    ((name, versions, installs, devices, _, _),) = [
        [c.parts[0].text for c in row.cells] for row in names_table(VIEW, "corvale").rows
    ]
    assert (name, versions, installs, devices) == ("Acrobat Readr DC", "–", "2", "2")
    assert "LiftWatch" not in html_of(P)["council-corvale.html"]
    assert "LiftWatch" in html_of(P)["council-alderbeck.html"]


def test_the_data_file_has_a_line_for_each_council() -> None:
    rows = list(csv.DictReader(io.StringIO(tables(VIEW)["unrecognised.csv"])))
    assert [(r["name"], r["council"], r["installs"]) for r in rows] == [
        ("LiftWatch Agent", "alderbeck", "12"), ("Acrobat Readr DC", "alderbeck", "1"), ("Acrobat Readr DC", "corvale", "2"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name", ["-rf; $(reboot)", "--add", "it's `here`", "a\nb", "<script>alert(1)</script>", "=cmd|' /C calc'!A0"]
)
def test_a_hostile_name_is_one_quoted_word_of_the_command(name: str) -> None:
    hostile = replace(P, unrecognised=[{**P.unrecognised[0], "name": name, "publisher": name}])
    (row,) = names_table(replace(VIEW, posture=hostile)).rows
    words = shlex.split(row.cells[-1].parts[0].text.replace("\\n", "\n"))
    assert (words[-1], words[words.index("--publisher") + 1]) == (name, name)
    assert (words[-2] == "--") is name.startswith("-")
    assert "<script>alert" not in html_of(hostile)["names.html"]


def test_a_name_that_no_rule_can_match_has_no_command() -> None:
    odd = replace(P, unrecognised=[{**P.unrecognised[0], "name": "Gооgle Chrome", "matchable": False}])
    (row,) = names_table(replace(VIEW, posture=odd)).rows
    assert "No rule can match it" in row.cells[-1].parts[0].text


def test_a_run_of_an_older_version_still_has_its_page() -> None:
    old = replace(
        P, names_known=[], unrecognised=[{"name": "LiftWatch", "installs": 3, "councils": ["corvale"], "near": []}]
    )
    made = html_of(old)
    assert "LiftWatch" in made["council-corvale.html"] and "LiftWatch" in made["names.html"]
    assert "not on record for this run" in made["names.html"]
