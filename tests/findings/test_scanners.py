"""What other scanners report, put together: counted as a plain loop counts, council apart from council, scanner beside scanner."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from secscan import inventory
from secscan.findings import councils, scanners
from secscan.model.estate import Estate
from secscan.model.posture import ScannerRow
from secscan.model.raw import Gap
from secscan.model.settings import Settings
from tests.inventory.test_results import CVE, OTHER, found, scanned
from tests.inventory.test_settle import TODAY, Sources
from tests.render.postures import legacy

SETTINGS = Settings.model_validate(
    {
        "partnership": {"name": "P"},
        "councils": [
            {"id": "a", "name": "A", "sources": [
                {"id": "register", "as": "secscan-assets", "file": "x"}, {"id": "one", "as": "nessus", "file": "x"},
                {"id": "two", "as": "greenbone", "file": "x"}, {"id": "three", "as": "trivy", "file": "x"},
            ]},
            {"id": "b", "name": "B", "sources": [{"id": "other", "as": "nessus", "file": "x"}]},
            {"id": "p", "name": "P", "role": "provider", "sources": [{"id": "shared", "as": "nessus", "file": "x"}]},
        ],
        "zones": [{"id": "wide", "addresses": ["10.0.0.0/8"]}],
    }
)  # fmt: skip
OLD = date(2025, 11, 1)


def settled(made: Sources, *gaps: Gap) -> Estate:
    return inventory.settle(made.loads, gaps, SETTINGS, made.files, TODAY)


def rows(estate: Estate) -> dict[tuple[str, str], ScannerRow]:
    told = scanners.scanners(SETTINGS, estate, councils.inputs(SETTINGS, estate))
    return {(row.council, row.source): row for row in told}


def two() -> Sources:
    """Two scanners on two devices of one council, which agree on one CVE of one of them."""
    made = Sources().add("assets", {"asset_tag": "T1", "hostname": "srv-1"}, {"asset_tag": "T2"}, source="register")
    scanned(
        made, [{"device_id": "T1", "asset_tag": "T1"}, {"device_id": "T2", "asset_tag": "T2"}],
        found("Fix missing", asset_tag="T1", cves=f"{CVE};{OTHER}", severity="Critical", cvss3=98, fixed_in="2.1"),
        found("Fix missing", asset_tag="T2", cves=f"{CVE};{OTHER}", severity="Critical", cvss3=98, fixed_in="2.2"),
        found("Banner", asset_tag="T1", severity="Info"), found("Gone", asset_tag="T2", state="fixed", cves="CVE-2020-1111"),
        found("Lost", asset_tag="ghost"), source="one",
    )  # fmt: skip
    return scanned(
        made,
        [{"device_id": "T1", "asset_tag": "T1"}],
        found("CVE", asset_tag="T1", cves=CVE, severity="9.1"),
        source="two",
    )


def test_a_scanner_is_told_with_its_file_its_devices_and_its_own_words() -> None:
    row = rows(settled(two()))["a", "one"]
    assert (row.kind, row.dated_on, row.age_days, row.state, row.stale) == ("nessus", TODAY, 0, "whole", False)
    assert (row.looked, row.only_here, row.of_assets, row.devices) == (2, 0, 2, 2)
    assert (row.results, row.fixed, row.unlisted, row.cves) == (5, 1, 1, 2)
    assert row.severities == {"Critical": 2, "": 1, "Info": 1}


def test_a_device_that_the_scanner_alone_names_is_counted_as_such() -> None:
    made = scanned(
        Sources().add("assets", {"asset_tag": "T1"}, source="register"),
        [{"device_id": "10.0.0.9"}],
        found(asset_tag="10.0.0.9"),
        source="one",
    )
    row = rows(settled(made))["a", "one"]
    assert (row.looked, row.only_here, row.of_assets, row.unlisted) == (1, 1, 2, 0)


def test_a_scanner_that_fell_silent_or_never_came_is_told_as_such() -> None:
    stale = Gap(
        council="a", source="one", tables=frozenset({"results"}), why="silent", says="old", place_file="x", stale=True
    )
    lost = replace(stale, source="three", why="missing", stale=False)
    made = two()
    made.loads = [replace(load, dated_on=OLD) if load.source == "one" else load for load in made.loads]
    told = rows(settled(made, stale, lost))
    assert (told["a", "one"].state, told["a", "one"].stale, told["a", "one"].dated_on) == ("silent", True, OLD)
    assert (told["a", "three"].state, told["a", "three"].results, told["a", "three"].files) == ("missing", 0, [])
    assert ("a", "register") not in told


def test_a_source_that_brings_no_results_is_no_scanner() -> None:
    assert rows(settled(Sources().add("assets", {"asset_tag": "T1"}, source="register"))) == {}


def test_issues_put_alike_results_together_most_devices_first() -> None:
    first, *rest = scanners.issues(settled(two()))
    assert (first.issue, first.assets, first.results, first.unlisted) == ("Fix missing", 2, 2, 0)
    assert (first.cves, first.says, first.cvss3, first.fixed_in) == (
        [CVE, OTHER],
        ["one: Critical"],
        98,
        ["2.1", "2.2"],
    )
    assert (first.devices, [str(p) for p in first.places]) == (["srv-1", "T2"], ["results-2.csv:2", "results-2.csv:3"])
    assert [(i.issue, i.assets, i.unlisted, i.says) for i in rest] == [
        ("Banner", 1, 0, ["one: Info"]), (CVE, 1, 0, ["two: 9.1"]), ("Lost", 0, 1, ["one: no word"]),
    ]  # fmt: skip


def test_what_a_scanner_says_is_fixed_is_no_issue() -> None:
    assert "Gone" not in {i.title for i in scanners.issues(settled(two()))}


def test_agreement_counts_each_device_and_cve_once_and_says_who_else_looked() -> None:
    told = {tuple(a.sources): (a.pairs, a.others_looked) for a in scanners.agreement(settled(two()))}
    assert told == {("one", "two"): (1, 0), ("one",): (3, 1)}


def test_what_two_scanners_report_on_one_device_stands_side_by_side() -> None:
    (told,) = scanners.shared(settled(two()))
    assert (told.cve, told.assets, told.says) == (CVE, 1, ["one: Critical", "two: 9.1"])
    assert (told.devices, [p.file for p in told.places]) == ({"one": 2, "two": 1}, ["results-2.csv", "results-3.csv"])


def test_the_same_cve_in_two_councils_is_told_twice() -> None:
    made = two()
    scanned(made, [{"device_id": "T1"}], found("CVE", asset_tag="T1", cves=CVE), source="other", council="b")
    estate = settled(made)
    assert {(i.council, i.assets) for i in scanners.issues(estate) if i.issue == CVE} == {("a", 1), ("b", 1)}
    assert {s.council for s in scanners.shared(estate)} == {"a"}
    assert rows(estate)["b", "other"].results == 1


def test_a_provider_s_scanner_has_a_row_for_each_council_that_it_speaks_of() -> None:
    made = Sources().add("assets", {"asset_tag": "T1", "ip": ("10.0.0.1",)}, source="register")
    made.add("results", found(address="10.0.0.1"), source="shared", council="p")
    told = rows(settled(made))
    assert (told["p", "shared"].results, told["a", "shared"].results, told["a", "shared"].looked) == (0, 1, 1)


def test_a_legacy_device_has_its_gravest_results_and_how_many_there_are() -> None:
    made = Sources().add("assets", {"asset_tag": "T1"}, {"asset_tag": "T2"}, source="register")
    made.add("results", *(found(f"n{i}", asset_tag="T1", cvss3=i or None) for i in range(20)), source="one")
    row = legacy("a", "T1", "X", None, None, "none")
    (told,) = scanners.of_devices(settled(made), [row])
    assert (told.asset, told.total, len(told.rows)) == ("T1", 20, scanners.OF_DEVICE)
    assert [r.cvss3 for r in told.rows[:3]] == [19, 18, 17]


ROW = st.fixed_dictionaries(
    {
        "asset_tag": st.sampled_from(["T1", "T2", "ghost"]), "title": st.sampled_from(["x", "y"]),
        "cves": st.sampled_from([CVE, f"{CVE};{OTHER}", OTHER, None]), "state": st.sampled_from(["open", "fixed", None]),
    }
)  # fmt: skip
FILES = st.dictionaries(st.sampled_from(["one", "two", "three"]), st.lists(ROW, min_size=1, max_size=8))


@given(FILES)
def test_figures_are_those_of_a_plain_loop(files: dict[str, list[dict[str, Any]]]) -> None:
    made = Sources().add("assets", {"asset_tag": "T1"}, {"asset_tag": "T2"}, source="register")
    for source, some in files.items():
        made.add("results", *some, source=source)
    estate = settled(made)
    said: dict[tuple[str, str], set[str]] = {}
    for source, some in files.items():
        for row in some:
            for cve in (row["cves"] or "").split(";"):
                if cve and row["asset_tag"] != "ghost" and row["state"] != "fixed":
                    said.setdefault((row["asset_tag"], cve), set()).add(source)
    agreed = {tuple(a.sources): a.pairs for a in scanners.agreement(estate)}
    assert agreed == Counter(tuple(sorted(who)) for who in said.values())
    by_cve = Counter(cve for (_, cve), who in said.items() if len(who) > 1)
    assert {s.cve: s.assets for s in scanners.shared(estate)} == by_cve
    standing = [row for some in files.values() for row in some if row["state"] != "fixed"]
    assert sum(i.results for i in scanners.issues(estate)) == len(standing)
    assert sum(i.unlisted for i in scanners.issues(estate)) == sum(row["asset_tag"] == "ghost" for row in standing)
    assert {s: r.results for (_, s), r in rows(estate).items() if r.results} == {
        s: len(some) for s, some in files.items()
    }


@given(FILES, st.randoms())
def test_the_order_of_files_changes_nothing(files: dict[str, list[dict[str, Any]]], chance: Any) -> None:
    def told(order: list[str]) -> list[Any]:
        made = Sources().add("assets", {"asset_tag": "T1"}, {"asset_tag": "T2"}, source="register")
        for source in order:
            made.add("results", *files[source], source=source)
            made.loads[-1] = replace(made.loads[-1], file=f"{source}.csv")
        estate = settled(made)
        bare = [replace(i, places=[], title="", devices=[]) for i in scanners.issues(estate)]
        return [
            rows(estate).values(),
            bare,
            scanners.agreement(estate),
            [replace(s, places=[]) for s in scanners.shared(estate)],
        ]

    names = sorted(files)
    mixed = list(names)
    chance.shuffle(mixed)
    assert [list(part) for part in told(names)] == [list(part) for part in told(mixed)]
