"""Results of other scanners tied to assets: by the tag or address that the file has, kept where no list knows the device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.model.estate import Estate
from secscan.model.places import Place
from secscan.model.raw import Load
from secscan.model.tables import TABLES
from tests.inventory.test_settle import TODAY, Sources, rows

CVE, OTHER = "CVE-2026-0001", "CVE-2026-0002"


def found(title: str = "Old thing", **more: Any) -> dict[str, Any]:
    return {"title": title, **more}


def scanned(
    made: Sources,
    devices: Sequence[dict[str, Any]],
    *results: dict[str, Any],
    source: str = "scan",
    council: str = "a",
    **more: Any,
) -> Sources:
    """One file of a scanner: the devices that it looked at, and what it found."""
    made.add("assets", *devices, source=source, council=council).add(
        "results", *results, source=source, council=council
    )
    hosts, list_ = made.loads[-2:]
    made.loads[-2:] = [
        replace(hosts, tables={**hosts.tables, **(list_.tables if results else {})}, kind="nessus", **more)
    ]
    return made


def of(estate: Estate, *columns: str) -> list[tuple[Any, ...]]:
    return rows(estate, "results", *columns)


def place(estate: Estate, row: int) -> Place:
    code = estate.frames["results"].place("", row)
    assert code is not None
    return estate.files.place(code)


def test_a_result_is_tied_by_tag_then_by_address_and_says_where_it_stands() -> None:
    made = Sources().add("assets", {"asset_tag": "T1", "ip": ("10.0.0.1",)}, {"asset_tag": "T2", "ip": ("10.0.0.2",)})
    made.add(
        "results",
        found(asset_tag="t1"),
        found(address="10.0.0.2"),
        found(asset_tag="host-9", address="10.0.0.2"),
        source="scan",
    )
    estate = made.settle()
    assert of(estate, "asset", "device", "title") == [
        ("T1", "t1", "Old thing"), ("T2", "10.0.0.2", "Old thing"), ("T2", "host-9", "Old thing"),
    ]  # fmt: skip
    assert [place(estate, row) for row in range(3)] == [Place("results-1.csv", line) for line in (2, 3, 4)]


def test_a_result_whose_device_is_in_no_list_is_kept_with_its_name_and_makes_no_asset() -> None:
    made = Sources().add("assets", {"asset_tag": "T1", "ip": ("10.0.0.1",)})
    made.add("results", found(asset_tag="ghost", cves=CVE), found(address="10.9.9.9"), source="scan")
    estate = made.settle()
    assert estate.frames["assets"].rows == 1
    assert of(estate, "council", "asset", "device", "issue", "about")[:2] == [
        ("a", None, "ghost", CVE, f"ghost {CVE}"), ("a", None, "10.9.9.9", "Old thing", "10.9.9.9 Old thing"),
    ]  # fmt: skip


def test_the_same_name_and_address_in_another_council_ties_nothing() -> None:
    made = Sources().add("assets", {"asset_tag": "T1", "ip": ("10.0.0.1",)}, council="b")
    made.add("results", found(asset_tag="T1"), found(address="10.0.0.1"), source="scan", council="a")
    assert of(made.settle(), "council", "asset", "reported") == [
        ("a", None, True),
        ("a", None, True),
        ("b", "T1", None),
    ]


def test_an_address_of_a_scan_that_the_provider_runs_belongs_to_the_council_that_has_it() -> None:
    made = Sources().add("assets", {"asset_tag": "T1", "ip": ("10.0.0.1",)}, council="b")
    made.add("results", found(address="10.0.0.1"), source="scan", council="p")
    assert of(made.settle(), "council", "asset") == [("b", "T1")]


def test_every_asset_has_a_row_and_none_reported_is_told_apart_from_nobody_looked() -> None:
    made = scanned(Sources(), [{"device_id": n} for n in ("bad", "clean")], found(asset_tag="bad"))
    made.add("assets", {"asset_tag": "T9"}, source="register")
    estate = made.settle()
    assert dict(of(estate, "asset", "reported")) == {
        "device:bad": True, "device:clean": False, "T9": None,
    }  # fmt: skip
    row = of(estate, "asset").index(("device:clean",))
    assert place(estate, row) == Place("assets-0.csv", 3)


def test_a_look_that_was_not_whole_says_nothing_of_what_it_did_not_find() -> None:
    made = scanned(
        Sources(), [{"device_id": "bad"}, {"device_id": "clean"}], found(asset_tag="bad"), incomplete="stopped"
    )
    assert dict(of(made.settle(), "asset", "reported"))["device:clean"] is None


def test_the_issue_is_the_one_cve_or_else_the_title() -> None:
    made = Sources().add("assets", {"asset_tag": "T1"})
    made.add(
        "results",
        found(asset_tag="T1", cves=CVE),
        found(asset_tag="T1", cves=f"{CVE};{OTHER}"),
        found(asset_tag="T1"),
        source="scan",
    )
    assert of(made.settle(), "issue", "about", "cves") == [
        (CVE, CVE, CVE), ("Old thing", "Old thing", f"{CVE};{OTHER}"), ("Old thing", "Old thing", None),
    ]  # fmt: skip


def test_words_days_ports_and_state_come_as_the_scanner_has_them() -> None:
    day = date(2026, 1, 2)
    made = Sources().add("assets", {"asset_tag": "T1"})
    made.add(
        "results",
        found(asset_tag="T1", severity="Critical", proto="tcp", port=443, state="fixed", first_seen=day, check="19506"),
        found(asset_tag="T1", proto="tcp", state="open"),
        source="scan",
    )
    columns = ("severity", "said_severity", "proto_port", "open", "first_seen_on", "check_id", "scanner", "scanned_on")
    assert of(made.settle(), *columns) == [
        ("critical", "Critical", "tcp/443", False, day, "19506", "scan", TODAY),
        (None, None, "tcp", True, None, None, "scan", TODAY),
    ]


def test_scanners_counts_who_reports_the_same_cve_open_on_the_same_asset() -> None:
    made = Sources().add("assets", {"asset_tag": "T1"}, {"asset_tag": "T2"})
    made.add(
        "results",
        found(asset_tag="T1", cves=f"{CVE};{OTHER}"),
        found(asset_tag="T2", cves=CVE),
        found(asset_tag="T1"),
        source="one",
    )
    made.add("results", found(asset_tag="T1", cves=CVE), found(asset_tag="T1", cves=CVE), source="two")
    made.add("results", found(asset_tag="T2", cves=CVE, state="fixed"), source="three")
    assert of(made.settle(), "scanner", "scanners") == [
        ("one", 2), ("one", 1), ("one", None), ("two", 2), ("two", 2), ("three", None),
    ]  # fmt: skip


def test_every_column_that_is_documented_is_there_but_for_what_feeds_say() -> None:
    assert (
        TABLES["results"].columns().keys() - {"exploited"}
        <= Sources().add("assets", {"asset_tag": "1"}).settle().frames["results"].columns.keys()
    )


def test_no_source_of_results_leaves_one_row_an_asset_that_says_nothing() -> None:
    estate = Sources().add("assets", {"asset_tag": "1"}).add("assets", {"asset_tag": "2"}, council="b").settle()
    assert of(estate, "council", "asset", "about", "reported") == [("a", "1", None, None), ("b", "2", None, None)]


ROW = st.fixed_dictionaries(
    {
        "asset_tag": st.sampled_from(["T1", "T2", "ghost", None]), "address": st.sampled_from(["10.0.0.1", "10.9.9.9", None]),
        "title": st.sampled_from(["x", "y"]), "cves": st.sampled_from([CVE, f"{CVE};{OTHER}", OTHER, None]),
        "state": st.sampled_from(["open", "fixed", None]),
    }
)  # fmt: skip


def believed(row: dict[str, Any]) -> str | None:
    """The asset that a row means, worked out row by row."""
    if row["asset_tag"] in ("T1", "T2"):
        return str(row["asset_tag"])
    return "T1" if row["address"] == "10.0.0.1" else None


@given(st.lists(ROW, max_size=8), st.lists(ROW, max_size=8))
def test_rows_are_conserved_and_counted_as_a_plain_loop_does(
    one: list[dict[str, Any]], two: list[dict[str, Any]]
) -> None:
    made = Sources().add("assets", {"asset_tag": "T1", "ip": ("10.0.0.1",)}, {"asset_tag": "T2"})
    said = [(name, row) for name, some in (("one", one), ("two", two)) for row in some]
    for name, some in (("one", one), ("two", two)):
        if some:
            made.add("results", *some, source=name)
    told = of(made.settle(), "scanner", "asset", "scanners")
    expected = []
    for name, row in said:
        same = [
            {n for n, other in said if believed(other) == believed(row) and other["state"] != "fixed" and cve in (other["cves"] or "").split(";")}
            for cve in (row["cves"] or "").split(";")
            if row["cves"] and believed(row) and row["state"] != "fixed"
        ]  # fmt: skip
        expected.append((name, believed(row), max(map(len, same), default=None)))
    absent = [(None, asset, None) for asset in ("T1", "T2") if asset not in {believed(row) for _, row in said}]
    assert told == expected + absent


@pytest.mark.parametrize("kept", [("assets",), ("assets", "results")])
def test_results_change_no_other_table(kept: tuple[str, ...]) -> None:
    made = scanned(
        Sources().add("assets", {"asset_tag": "T1"}, source="register"),
        [{"device_id": "h"}],
        found(asset_tag="h", cves=CVE),
    )
    loads: list[Load] = [
        replace(load, tables={n: t for n, t in load.tables.items() if n in kept}) for load in made.loads
    ]
    made.loads = loads
    estate = made.settle()
    assert {name: frame.rows for name, frame in estate.frames.items() if name not in ("results", "sightings")} == {
        "assets": 2, "installs": 2, "services": 2, "fixes": 2,
    }  # fmt: skip
