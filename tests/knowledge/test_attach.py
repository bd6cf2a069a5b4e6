from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from secscan.knowledge import Catalogue, Recognition, attach, unknown_names
from secscan.knowledge.catalogue import Pattern
from secscan.knowledge.figures import figures, unrecognised
from secscan.knowledge.named import cycles
from secscan.model.estate import Estate
from secscan.model.frame import Col, Frame
from secscan.model.places import Files, Place
from secscan.model.policy import Entitlement, Policy

Row = tuple[str, str, str | None, str | None, str | None, str | None, bool]
"""council, asset, name, version, publisher, kind, is_os"""

ROWS: list[Row] = [
    ("alderbeck", "srv-1", "Microsoft Windows Server 2012 R2 Standard", "6.3.9600", None, "os_caption", True),
    ("alderbeck", "srv-1", "Microsoft SQL Server 2014 (64-bit)", "12.3.6024.0", "Microsoft Corporation", "arp", False),
    (
        "alderbeck",
        "srv-1",
        "Microsoft Visual C++ 2012 Redistributable (x64)",
        "11.0.61030",
        "Microsoft Corporation",
        "arp",
        False,
    ),
    ("alderbeck", "srv-1", "Google Chrome", "109.0.5414.120", "Google LLC", "arp", False),
    ("corvale", "srv-1", "Debian GNU/Linux 12 (bookworm)", "12.5", None, "os_caption", True),
    ("corvale", "srv-1", "openssl", "3.0.11-1~deb12u2", None, "dpkg", False),
    ("corvale", "srv-2", "Civica Pay Client", "5.2.1", "Civica UK Ltd", "arp", False),
    ("corvale", "srv-2", "Microsoft SQL Server 2014 (64-bit)", "12.3.6024.0", "Microsoft Corporation", "arp", False),
    ("corvale", "pc-3", None, None, None, None, False),
    ("brackenford", "box-4", "libc6", "2.31-13+deb11u5", None, "dpkg", False),
    ("brackenford", "box-4", "libssl", "1.1.1n-0+deb11u5", None, "dpkg", False),
]
NO_POLICY = Policy(name="baseline", version="1", controls=())


def estate(
    rows: Sequence[Row] = ROWS, *, shared: bool = True, today: date = date(2026, 11, 22), files: Files | None = None
) -> Estate:
    """Installs as inventory hands them on: distinct software once, over one shared index."""
    files = files or Files()
    distinct = list(dict.fromkeys(row[2:6] for row in rows))
    take = np.array([-1 if row[2] is None else distinct.index(row[2:6]) for row in rows], dtype=np.int32)
    columns: dict[str, Col] = {}
    for i, name in enumerate(("name", "version", "publisher", "kind")):
        columns[name] = Col([d[i] for d in distinct], take) if shared else Col([row[2 + i] for row in rows])
    columns |= {
        "council": Col([row[0] for row in rows]),
        "asset": Col([row[1] for row in rows]),
        "is_os": Col((False, True), np.array([int(row[6]) for row in rows], dtype=np.int32)),
        "hostname": Col([f"host-{row[1]}" for row in rows]),
    }
    places = {"": Col(np.array([files.code("software.csv", i + 2) for i in range(len(rows))]))}
    assets = list(dict.fromkeys(row[:2] for row in rows))
    return Estate(
        today=today, files=files,
        frames={
            "installs": Frame("installs", len(rows), columns, places),
            "assets": Frame("assets", len(assets), {"council": Col([a[0] for a in assets]), "asset": Col([a[1] for a in assets])}),
            "fixes": Frame("fixes", 2, {"name": Col(["Google Chrome", "Acme LiftCtl"])}),
        },
    )  # fmt: skip


def rows_of(frame: Frame, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(frame.get(name, row) for name in names) for row in range(frame.rows)]


def entitlement(**changes: Any) -> Entitlement:
    plain = Entitlement(
        council="alderbeck", product="mssqlserver", cycle=None, assets=(), until=date(2027, 7, 12), reference="EA-1",
        place=Place("policies/entitlements.csv", 3),
    )  # fmt: skip
    return replace(plain, **changes)


@pytest.mark.parametrize("shared", [True, False])
def test_installs_gain_what_is_known(catalogue: Catalogue, shared: bool) -> None:
    installs = attach(estate(shared=shared), catalogue, NO_POLICY).frames["installs"]
    found = rows_of(installs, "asset", "product_or_name", "recognised", "cycle", "support", "eol_on", "extended_on")
    assert ("srv-1", "mssqlserver", True, "12.0-sp3", "dated", date(2024, 7, 9), date(2027, 7, 12)) in found
    assert ("srv-1", "windows-server", True, "2012-r2", "dated", date(2023, 10, 10), date(2026, 10, 13)) in found
    assert ("srv-2", "Civica Pay Client", False, None, None, None, None) in found
    assert ("pc-3", None, None, None, None, None, None) in found


def test_rows_that_are_not_applicable_leave_and_are_counted(catalogue: Catalogue) -> None:
    after = attach(estate(), catalogue, NO_POLICY)
    names = [row[0] for row in rows_of(after.frames["installs"], "name")]
    assert not any(name and ("Redistributable" in name or name == "openssl") for name in names)
    whole, *each = after.notes["recognised"]
    assert whole == {
        "council": None, "installs": 6, "recognised": 5, "support_known": 5, "names": 5, "names_recognised": 4, "parts": 4,
        "components": 0, "components_recognised": 0,
    }  # fmt: skip
    assert whole["installs"] == sum(name is not None for name in names)
    assert [one["council"] for one in each] == ["alderbeck", "corvale", "brackenford"]
    assert each[0] == {
        "council": "alderbeck", "installs": 3, "recognised": 3, "support_known": 3, "names": 3, "names_recognised": 3,
        "parts": 1, "components": 0, "components_recognised": 0,
    }  # fmt: skip


BILL: list[Row] = [
    ("corvale", "app-1", "log4j:log4j", "1.2.17", None, "sbom", False),
    ("corvale", "app-1", "com.example:left-pad", "1.0", None, "sbom", False),
    ("corvale", "app-1", "lodash", "4.17.21", None, "sbom", False),
    ("corvale", "app-2", "lodash", "4.17.20", None, "sbom", False),
    ("corvale", "app-2", "lodash", "4.17.20", "Lodash Ltd", "arp", False),
    ("corvale", "app-3", "lodash", "4.17.20", None, "sbom", False),
]


def test_a_library_that_nothing_recognises_is_counted_and_not_judged_and_a_known_one_is(catalogue: Catalogue) -> None:
    after = attach(estate(BILL), catalogue, NO_POLICY)
    # The programme of the same name is judged, and an asset of which a bill alone is known stays, as a row of nulls.
    assert rows_of(after.frames["installs"], "asset", "name", "kind", "support") == [
        ("app-1", "log4j:log4j", "sbom", "dated"), ("app-2", "lodash", "arp", None), ("app-3", None, None, None),
    ]  # fmt: skip
    whole, corvale = after.notes["recognised"]
    assert (whole["installs"], whole["recognised"], whole["components"], whole["components_recognised"]) == (2, 1, 5, 1)
    assert (whole["names"], whole["names_recognised"]) == (2, 1)
    assert {**corvale, "council": None} == whole
    assert [u["kind"] for u in after.notes["unrecognised"]] == ["arp"]


def test_a_component_that_several_products_claim_is_nobodys_and_stays_unknown(catalogue: Catalogue) -> None:
    both = [
        replace(p, id=i, kinds=None, category="framework") for i, p in enumerate([catalogue.products["jquery"]] * 2)
    ]
    twice = replace(
        catalogue, helpers={},
        products={
            str(p.id): replace(
                p, id=str(p.id), aliases={}, words=frozenset(("jquery",)), patterns=(Pattern(text="jquery", place=Place("x")),)
            )
            for p in both
        },
    )  # fmt: skip
    installs = attach(estate([("corvale", "app-1", "jquery", "3.6", None, "sbom", False)]), twice, NO_POLICY).frames[
        "installs"
    ]
    assert rows_of(installs, "name", "recognised", "support") == [("jquery", False, None)]


def test_an_asset_of_which_only_parts_are_known_stays_and_is_unknown(catalogue: Catalogue) -> None:
    installs = attach(estate(), catalogue, NO_POLICY).frames["installs"]
    left = [
        row
        for row in rows_of(installs, "asset", "council", "hostname", "name", "product_or_name", "support")
        if row[0] == "box-4"
    ]
    assert left == [("box-4", "brackenford", "host-box-4", None, None, None)]


def test_every_asset_keeps_a_row_and_order_is_kept(catalogue: Catalogue) -> None:
    before, after = estate(), attach(estate(), catalogue, NO_POLICY)
    assert set(rows_of(after.frames["installs"], "council", "asset")) == {row[:2] for row in ROWS}
    lines = [
        after.files.place(after.frames["installs"].place("", row) or 0).line
        for row in range(after.frames["installs"].rows)
    ]
    assert lines == sorted(lines)
    assert before.frames["installs"].rows == len(ROWS)


def test_facts_lead_back_to_the_catalogue_and_the_row(catalogue: Catalogue) -> None:
    after = attach(
        estate(),
        catalogue,
        replace(NO_POLICY, minimum_versions={"google-chrome": ("140.0", Place("policies/own.yaml", 9))}),
    )
    installs, files = after.frames["installs"], after.files
    at = next(row for row in range(installs.rows) if installs.get("product", row) == "chrome")

    def place(column: str) -> Place:
        code = installs.place(column, at)
        assert code is not None
        return files.place(code)

    assert place("eol_on").file == "secscan/knowledge/catalogue/browsers.yaml"
    assert place("product").file == "secscan/knowledge/catalogue/browsers.yaml"
    assert place("minimum_version") == Place("policies/own.yaml", 9)
    assert place("version") == Place("software.csv", 5)
    assert installs.get("minimum_version", at) == "140.0"
    assert installs.get("version_key", at) < installs.get("minimum_key", at)


def test_a_minimum_for_windows_speaks_for_its_own_family_alone(catalogue: Catalogue) -> None:
    rows: list[Row] = [
        ("alderbeck", "a", "Microsoft Windows 10 Pro", "10.0.19045.5011", None, "os_caption", True),
        ("alderbeck", "b", "Microsoft Windows 11 Pro", "10.0.22631.3007", None, "os_caption", True),
    ]
    policy = replace(NO_POLICY, minimum_versions={"windows": ("10.0.19045.6456", Place("p.yaml", 1))})
    installs = attach(estate(rows), catalogue, policy).frames["installs"]
    assert installs.get("minimum_key", 0) > installs.get("version_key", 0)
    assert installs.get("minimum_key", 1) is None


def test_entitlements_cover_their_council_product_cycle_and_assets(catalogue: Catalogue) -> None:
    def held(*entitlements: Entitlement) -> Mapping[tuple[Any, ...], Any]:
        installs = attach(estate(), catalogue, replace(NO_POLICY, entitlements=entitlements)).frames["installs"]
        return {row[:3]: row[3] for row in rows_of(installs, "council", "asset", "product", "entitled_until") if row[3]}

    until = date(2027, 7, 12)
    assert held(entitlement()) == {("alderbeck", "srv-1", "mssqlserver"): until}
    assert held(entitlement(council=None)) == {
        ("alderbeck", "srv-1", "mssqlserver"): until, ("corvale", "srv-2", "mssqlserver"): until,
    }  # fmt: skip
    assert held(entitlement(product="mssql", cycle="12.0-sp3")) == {("alderbeck", "srv-1", "mssqlserver"): until}
    assert held(entitlement(cycle="13.0-sp3")) == {}
    assert held(entitlement(council=None, assets=("srv-2",))) == {("corvale", "srv-2", "mssqlserver"): until}
    later = entitlement(until=date(2028, 1, 1))
    assert (
        held(entitlement(), later)
        == held(later, entitlement())
        == {("alderbeck", "srv-1", "mssqlserver"): date(2028, 1, 1)}
    )


def test_an_entitlement_lapses_after_its_day(catalogue: Catalogue) -> None:
    """The day stands in its column as it is; a check passes while it reaches today, and so not on the day after."""
    for today, covered in ((date(2027, 7, 12), True), (date(2027, 7, 13), False)):
        after = attach(estate(today=today), catalogue, replace(NO_POLICY, entitlements=(entitlement(),)))
        installs = after.frames["installs"]
        at = next(
            r
            for r in range(installs.rows)
            if installs.get("product", r) == "mssqlserver" and installs.get("council", r) == "alderbeck"
        )
        assert (installs.get("entitled_until", at) >= today) is covered
        code = installs.place("entitled_until", at)
        assert code is not None
        assert after.files.place(code) == Place("policies/entitlements.csv", 3)


def test_a_free_extension_counts_where_policy_says_it_is_used(catalogue: Catalogue) -> None:
    def until(policy: Policy) -> Any:
        installs = attach(estate(), catalogue, policy).frames["installs"]
        return next(row[1] for row in rows_of(installs, "product", "entitled_until") if row[0] == "debian")

    assert until(NO_POLICY) is None
    assert until(replace(NO_POLICY, free_extensions=("debian",))) == date(2028, 6, 30)
    paid_for = replace(NO_POLICY, free_extensions=("windows-server", "no-such-product"))
    paid = attach(estate(), catalogue, paid_for)
    assert not any(row[0] for row in rows_of(paid.frames["installs"], "entitled_until"))
    assert len(unknown_names(catalogue, paid_for)) == 2


def test_a_release_line_may_be_written_as_people_write_it(catalogue: Catalogue) -> None:
    windows = catalogue.products["windows-server"]
    assert cycles(windows, "2012 R2") == cycles(windows, "2012-r2") == {"2012-r2"}
    assert cycles(windows, "2013") == frozenset()


def test_names_that_the_catalogue_does_not_have_are_told_with_the_nearest(catalogue: Catalogue) -> None:
    bought = [
        entitlement(product="windows-servr"), entitlement(product="windows-server", cycle="2012 R3"),
        entitlement(product="windows-server", cycle="2012 R2"),
    ]  # fmt: skip
    place = Place("policies/overlay.yaml", 9)
    rules = replace(NO_POLICY, entitlements=bought, minimum_versions={"pyton": ("3.12", place)})
    told = unknown_names(catalogue, rules)
    assert len(told) == 3
    assert told[0].endswith("did you mean 'windows-server'?; what was bought for it counts nowhere")
    assert "'2012 R3' is no release line of windows-server; did you mean" in told[1]
    assert told[2].startswith("policies/overlay.yaml:9: no product 'pyton' in the catalogue")


def test_assets_gain_their_operating_system(catalogue: Catalogue) -> None:
    assets = attach(estate(), catalogue, NO_POLICY).frames["assets"]
    found = {row[:2]: row[2:] for row in rows_of(assets, "council", "asset", "os_product", "os_cycle")}
    assert found["alderbeck", "srv-1"] == ("windows-server", "2012-r2")
    assert found["corvale", "srv-1"] == ("debian", "12")
    assert found["corvale", "pc-3"] == (None, None)


def test_fixes_gain_the_product(catalogue: Catalogue) -> None:
    fixes = attach(estate(), catalogue, NO_POLICY).frames["fixes"]
    assert rows_of(fixes, "product_or_name") == [("chrome",), ("Acme LiftCtl",)]


def test_unrecognised_names_are_listed_by_how_often_they_are_there(catalogue: Catalogue) -> None:
    rows: list[Row] = [
        (c, f"pc-{i}", "Acme Casework", "10.5", "Acme", "arp", False)
        for i, c in enumerate(["corvale", "alderbeck", "corvale"])
    ]
    rows.append(("corvale", "pc-9", "Gogle Chrome", "5", "", "arp", False))
    rows.append(("corvale", "pc-9", "Acme Casework", "10.6", "Acme", "arp", False))
    rows.append(("corvale", "pc-9", "Gооgle Chrome", None, None, None, False))
    notes = attach(estate(rows), catalogue, NO_POLICY).notes
    assert notes["unrecognised"] == [
        {
            "name": "Acme Casework", "publisher": "Acme", "kind": "arp", "installs": 4, "assets": 4, "versions": ["10.5", "10.6"],
            "councils": [
                {"council": "alderbeck", "installs": 1, "assets": 1, "versions": ["10.5"]},
                {"council": "corvale", "installs": 3, "assets": 3, "versions": ["10.5", "10.6"]},
            ],
            "near": [], "matchable": True,
        },
        {
            "name": "Gogle Chrome", "publisher": None, "kind": "arp", "installs": 1, "assets": 1, "versions": ["5"],
            "councils": [{"council": "corvale", "installs": 1, "assets": 1, "versions": ["5"]}],
            "near": ["Google Chrome (chrome)"], "matchable": True,
        },
        {
            "name": "Gооgle Chrome", "publisher": None, "kind": None, "installs": 1, "assets": 1, "versions": [],
            "councils": [{"council": "corvale", "installs": 1, "assets": 1, "versions": []}],
            "near": ["Google Chrome (chrome)"], "matchable": False,
        },
    ]  # fmt: skip


def test_of_names_that_are_there_as_often_the_one_on_more_devices_comes_first(catalogue: Catalogue) -> None:
    rows: list[Row] = [("corvale", a, n, v, None, "arp", False) for n, a, v in (
        ("Acme A", "pc-1", "1"), ("Acme A", "pc-1", "2"), ("Acme C", "pc-1", "1"), ("Acme C", "pc-2", "1"),
        ("Acme B", "pc-1", "1"), ("Acme B", "pc-2", "1"), ("Acme D", "pc-3", "1"),
    )]  # fmt: skip
    for given in (rows, rows[::-1]):
        found = attach(estate(given), catalogue, NO_POLICY).notes["unrecognised"]
        assert [(u["name"], u["installs"], u["assets"]) for u in found] == [
            ("Acme B", 2, 2), ("Acme C", 2, 2), ("Acme A", 2, 1), ("Acme D", 1, 1),
        ]  # fmt: skip


def test_the_same_tag_in_two_councils_is_two_devices(catalogue: Catalogue) -> None:
    rows: list[Row] = [(c, "pc-1", "Acme A", "1", None, "arp", False) for c in ("corvale", "alderbeck")]
    (found,) = attach(estate(rows), catalogue, NO_POLICY).notes["unrecognised"]
    assert (found["installs"], found["assets"]) == (2, 2)


def test_a_hundred_thousand_strange_names_are_counted_quickly_and_few_are_listed(catalogue: Catalogue) -> None:
    count, names = 300_000, 100_000
    take = (np.arange(count) * 7919 % names).astype(np.int32)
    columns = {"name": Col([f"Acme Case {i} Client" for i in range(names)], take), "kind": Col(["arp"] * names, take)}
    asset = (np.arange(count) % 5000).astype(np.int32)
    columns |= {"council": Col(["alderbeck"] * 5000, asset), "asset": Col([f"pc-{i}" for i in range(5000)], asset)}
    frame = Frame("installs", count, columns)
    known = [Recognition(name=n, version=None, publisher=None, kind="arp") for n in columns["name"].values]
    start = time.process_time()
    told, listed = figures(frame, take, known), unrecognised(frame, take, known, catalogue)
    seconds = time.process_time() - start
    print(f"{names} names that nothing recognises, in {count} rows: {seconds:.2f} s")
    assert (told[0]["names"], told[0]["names_recognised"], len(listed)) == (names, 0, 500)
    assert seconds < 4  # 1 s on an idle machine


def test_the_labels_of_products_are_told(catalogue: Catalogue) -> None:
    assert attach(estate(), catalogue, NO_POLICY).notes["labels"]["mssqlserver"] == "Microsoft SQL Server"


def test_an_estate_without_installs_stays_as_it_is(catalogue: Catalogue) -> None:
    empty = Estate(today=date(2026, 11, 22), files=Files(), frames={})
    assert attach(empty, catalogue, NO_POLICY).frames == {}
    bare = Estate(today=date(2026, 11, 22), files=Files(), frames={"installs": Frame("installs", 0, {})})
    assert attach(bare, catalogue, NO_POLICY).frames["installs"].rows == 0


def test_the_order_of_rows_changes_nothing(catalogue: Catalogue) -> None:
    policy = replace(NO_POLICY, entitlements=(entitlement(),))
    columns = ("council", "asset", "name", "product", "cycle", "support", "eol_on", "entitled_until")
    there = rows_of(attach(estate(), catalogue, policy).frames["installs"], *columns)
    back = rows_of(attach(estate(ROWS[::-1]), catalogue, policy).frames["installs"], *columns)
    assert sorted(map(str, there)) == sorted(map(str, back))


def test_a_large_estate_is_attached_quickly(catalogue: Catalogue) -> None:
    kinds = [
        "Google Chrome",
        "Java 8 Update {} (64-bit)",
        "Acme LiftCtl {}",
        "Python 3.{}.1 (64-bit)",
        "Realtek Audio Driver {}",
    ]
    distinct = [(kinds[i % 5].format(i), f"{i % 40}.{i}.1", "Acme Ltd", "arp") for i in range(5000)]
    count = 180_000
    take = np.random.default_rng(7).integers(0, len(distinct), count).astype(np.int32)
    asset = np.repeat(np.arange(3000, dtype=np.int32), 60)
    columns = {
        name: Col([d[i] for d in distinct], take) for i, name in enumerate(("name", "version", "publisher", "kind"))
    }
    columns |= {"council": Col(["alderbeck"] * 3000, asset), "asset": Col([f"pc-{i}" for i in range(3000)], asset)}
    large = Estate(today=date(2026, 11, 22), files=Files(), frames={"installs": Frame("installs", count, columns)})
    start = time.perf_counter()
    after = attach(large, catalogue, replace(NO_POLICY, entitlements=(entitlement(),)))
    seconds = time.perf_counter() - start
    print(f"{count} rows of {len(distinct)} names attached in {seconds:.2f} s")
    assert after.frames["installs"].rows < count
    assert seconds < 3.0  # 0.25 s on an idle machine; the rest is for a busy one
