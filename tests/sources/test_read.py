"""Which files are believed on which day, and what is said about the rest."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import PolicyError
from secscan.model.places import Files, Place
from secscan.model.raw import Accepted, Gap
from secscan.sources import Reading, read
from tests.sources.desk import ASSETS, TODAY, conserved, put, register, settings

REGISTER = {"id": "register", "as": "secscan-assets", "file": "assets.csv"}
INVENTORY = "inventory/alderbeck"


def scan(
    root: Path, *sources: dict[str, Any], today: date = TODAY, accepted: dict[str, Accepted] | None = None, **keys: Any
) -> Reading:
    found = read(settings(*(sources or (REGISTER,)), **keys), root, today, Files(), accepted)
    for load in found.loads:
        if load.held:
            assert not load.tables
        else:
            conserved(load)
    return found


def used(reading: Reading) -> list[tuple[str, int]]:
    return [(load.file, load.rows_loaded) for load in reading.loads if not load.held]


def whys(reading: Reading) -> list[str]:
    return [gap.why for gap in reading.gaps]


def only_gap(reading: Reading) -> Gap:
    (gap,) = reading.gaps
    return gap


def dated(path: Path, day: date) -> None:
    stamp = datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp()
    os.utime(path, (stamp, stamp))


def test_the_newest_set_at_or_before_the_day_is_read(tmp_path: Path) -> None:
    for day, rows in (("2026-09-01", 100), ("2026-10-01", 101), ("2026-11-01", 102), ("2026-12-01", 103)):
        put(tmp_path, f"{INVENTORY}/{day}/assets.csv", register(rows))
    put(tmp_path, f"{INVENTORY}/2026-13-45/assets.csv", register(1))
    assert used(scan(tmp_path)) == [(f"{INVENTORY}/2026-11-01/assets.csv", 102)]
    assert used(scan(tmp_path, today=date(2026, 10, 1))) == [(f"{INVENTORY}/2026-10-01/assets.csv", 101)]
    load = scan(tmp_path).loads[0]
    assert (load.council, load.source, load.dated_on) == ("alderbeck", "register", date(2026, 11, 1))
    assert not scan(tmp_path).gaps


def test_a_source_that_a_newer_set_lacks_is_read_from_the_one_that_has_it(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-10-20/assets.csv", register(5))
    put(tmp_path, f"{INVENTORY}/2026-11-01/other.csv", "x,y\n")
    assert used(scan(tmp_path)) == [(f"{INVENTORY}/2026-10-20/assets.csv", 5)]


def test_loose_files_count_as_of_their_own_day(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-10-01/assets.csv", register(5))
    loose = put(tmp_path, f"{INVENTORY}/assets.csv", register(6))
    dated(loose, date(2026, 10, 15))
    assert used(scan(tmp_path)) == [(f"{INVENTORY}/assets.csv", 6)]
    assert scan(tmp_path).loads[0].dated_on == date(2026, 10, 15)
    dated(loose, date(2026, 9, 15))
    assert used(scan(tmp_path)) == [(f"{INVENTORY}/2026-10-01/assets.csv", 5)]
    dated(loose, date(2026, 11, 23))
    assert used(scan(tmp_path)) == [(f"{INVENTORY}/2026-10-01/assets.csv", 5)]


def test_a_pattern_loads_every_file_of_one_set(tmp_path: Path) -> None:
    for name in ("web-1", "web-2", ".hidden", "~$lock"):
        put(tmp_path, f"{INVENTORY}/2026-11-01/packages/{name}.dpkg", "a\t1\nb\t2\n")
    put(tmp_path, f"{INVENTORY}/2026-10-01/packages/gone.dpkg", "a\t1\n")
    found = scan(tmp_path, {"id": "packages", "as": "dpkg", "file": "packages/*.dpkg"})
    assert [(load.file.rsplit("/", 1)[1], load.rows_loaded) for load in found.loads] == [
        ("web-1.dpkg", 2),
        ("web-2.dpkg", 2),
    ]
    assert found.loads[0].tables["software"].columns["asset_tag"] == ["web-1", "web-1"]


def test_a_missing_source_is_a_gap_at_its_place_in_the_settings(tmp_path: Path) -> None:
    gap = only_gap(scan(tmp_path))
    assert (gap.why, gap.council, gap.source, gap.tables) == ("missing", "alderbeck", "register", frozenset({"assets"}))
    assert gap.says == "nothing named 'assets.csv' in inventory/alderbeck/ at or before 2026-11-22"
    assert (gap.place_file, gap.place_line) == ("secscan.yaml", 0)
    placed = read(settings(REGISTER), tmp_path, TODAY, Files(), places={"register": Place("secscan.yaml", 12, 5)})
    assert (placed.gaps[0].place_file, placed.gaps[0].place_line) == ("secscan.yaml", 12)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ASSETS, "it has no data rows"),
        (ASSETS + "\n\n,,,\n", "it has no data rows"),
        (ASSETS + "A1,,,\n,x,,\n", "every one of its 2 rows was refused"),
        (register(79), "79 rows, 21% fewer than the 100 of 2026-10-20 (the limit is 20%)"),
    ],
)
def test_an_empty_or_much_smaller_export_is_held_and_the_one_before_is_read(
    tmp_path: Path, text: str, words: str
) -> None:
    put(tmp_path, f"{INVENTORY}/2026-10-20/assets.csv", register(100))
    put(tmp_path, f"{INVENTORY}/2026-11-20/assets.csv", text)
    found = scan(tmp_path)
    assert used(found) == [(f"{INVENTORY}/2026-10-20/assets.csv", 100)]
    gap = only_gap(found)
    assert gap.why == "held"
    assert words in gap.says
    assert gap.place_file == f"{INVENTORY}/2026-11-20/assets.csv"
    (held,) = [load for load in found.loads if load.held]
    assert held.held == gap.says
    assert held.rows_read == text.count("\n") - 1


def test_a_fall_within_the_limit_is_believed(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-10-20/assets.csv", register(100))
    put(tmp_path, f"{INVENTORY}/2026-11-20/assets.csv", register(80))
    assert used(scan(tmp_path)) == [(f"{INVENTORY}/2026-11-20/assets.csv", 80)]


def believed(rows: int, day: date, sha256: str = "0" * 64) -> dict[str, Accepted]:
    return {"register": Accepted(source="register", file="x", sha256=sha256, rows=rows, dated_on=day)}


def test_history_goes_before_the_disk(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-09-20/assets.csv", register(100))
    put(tmp_path, f"{INVENTORY}/2026-10-20/assets.csv", register(40))
    put(tmp_path, f"{INVENTORY}/2026-11-20/assets.csv", register(39))
    assert used(scan(tmp_path))[0][1] == 39
    found = scan(tmp_path, accepted=believed(100, date(2026, 9, 20)))
    assert used(found) == [(f"{INVENTORY}/2026-09-20/assets.csv", 100)]
    assert whys(found) == ["held", "held", "silent"]
    assert used(scan(tmp_path, accepted=believed(40, date(2026, 10, 20))))[0][1] == 39


def test_the_past_is_not_held_against_the_future(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-09-20/assets.csv", register(10))
    found = scan(tmp_path, today=date(2026, 9, 30), accepted=believed(100, date(2026, 11, 20)))
    assert used(found)[0][1] == 10
    assert whys(found) == ["unread-values"]  # on this day, the days in it lie ahead


def test_accept_believes_an_export_by_its_hash(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-10-20/assets.csv", register(100))
    put(tmp_path, f"{INVENTORY}/2026-11-20/assets.csv", register(10))
    held = next(load for load in scan(tmp_path).loads if load.held)
    assert f"add accept: [{held.sha256[:12]}]" in (held.held or "")
    found = scan(tmp_path, {**REGISTER, "accept": [held.sha256[:12]]})
    assert used(found)[0][1] == 10
    assert not found.gaps
    assert used(scan(tmp_path, {**REGISTER, "accept": ["0" * 12]}))[0][1] == 100


def test_the_only_export_being_empty_leaves_nothing_and_says_so(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-11-20/assets.csv", ASSETS)
    found = scan(tmp_path)
    assert not used(found)
    assert whys(found) == ["held"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "is empty"),
        (b"<html><body>Please sign in</body></html>", "is an HTML page"),
        (ASSETS.encode() + "A1,Größe,,\n".encode("cp1252"), "is not UTF-8"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, "old Excel"),
    ],
)
def test_an_unreadable_export_is_a_gap_and_the_one_before_is_read(tmp_path: Path, data: bytes, words: str) -> None:
    put(tmp_path, f"{INVENTORY}/2026-10-20/assets.csv", register(100))
    put(tmp_path, f"{INVENTORY}/2026-11-20/assets.csv", data)
    found = scan(tmp_path)
    assert used(found) == [(f"{INVENTORY}/2026-10-20/assets.csv", 100)]
    gap = only_gap(found)
    assert gap.why == "unreadable"
    assert gap.says.startswith(f"{INVENTORY}/2026-11-20/assets.csv")
    assert words in gap.says


def test_one_bad_file_of_many_is_replaced_by_itself_from_the_set_before(tmp_path: Path) -> None:
    packages = {"id": "packages", "as": "dpkg", "file": "packages/*.dpkg"}
    for day in ("2026-10-20", "2026-11-20"):
        for name in ("web-1", "web-2", "web-3"):
            put(tmp_path, f"{INVENTORY}/{day}/packages/{name}.dpkg", f"a\t{day}\n")
    put(tmp_path, f"{INVENTORY}/2026-11-20/packages/web-2.dpkg", b"%PDF-1.7")
    put(tmp_path, f"{INVENTORY}/2026-11-20/packages/web-3.dpkg", "a\t\n")
    found = scan(tmp_path, packages)
    versions = {
        load.tables["software"].columns["asset_tag"][0]: load.tables["software"].columns["version"][0]
        for load in found.loads if not load.held
    }  # fmt: skip
    assert versions == {"web-1": "2026-11-20", "web-2": "2026-10-20", "web-3": "2026-10-20"}
    assert whys(found) == ["unreadable", "held"]


def test_a_set_that_lost_most_of_its_files_is_held(tmp_path: Path) -> None:
    packages = {"id": "packages", "as": "dpkg", "file": "packages/*.dpkg"}
    for n in range(10):
        put(tmp_path, f"{INVENTORY}/2026-10-20/packages/web-{n}.dpkg", "a\t1\n")
    for n in range(5):
        put(tmp_path, f"{INVENTORY}/2026-11-20/packages/web-{n}.dpkg", "a\t1\n")
    found = scan(tmp_path, packages)
    assert len(used(found)) == 10
    assert "5 rows, 50% fewer than the 10" in only_gap(found).says


def test_a_source_that_fell_silent_is_read_and_marked_stale(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-10-08/assets.csv", register(3))
    assert not scan(tmp_path).gaps
    gap = only_gap(scan(tmp_path, today=date(2026, 11, 23)))
    assert (gap.why, gap.stale) == ("silent", True)
    assert "46 days old (2026-10-08); the limit is 45" in gap.says
    assert used(scan(tmp_path, today=date(2026, 11, 23)))
    assert only_gap(scan(tmp_path, {**REGISTER, "max_age_days": 10})).why == "silent"


def test_refused_rows_are_a_gap_with_their_first_place(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-11-20/assets.csv", register(10) + "A1,,,\nA2\n")
    gap = only_gap(scan(tmp_path))
    assert (gap.why, gap.place_line, gap.stale) == ("refused-rows", 12, False)
    assert gap.says == f"{INVENTORY}/2026-11-20/assets.csv:12: 2 of 12 rows refused; the first: hostname is empty"


def test_a_scan_that_broke_off_is_kept_and_marked(tmp_path: Path) -> None:
    host = '<host><status state="up"/><address addr="10.0.0.{}" addrtype="ipv4"/><ports/></host>'
    whole = (
        "<nmaprun>"
        + "".join(host.format(n) for n in range(10))
        + '<runstats><finished exit="success"/></runstats></nmaprun>'
    )
    put(tmp_path, f"{INVENTORY}/2026-10-20/scan.xml", whole)
    put(tmp_path, f"{INVENTORY}/2026-11-20/scan.xml", whole[:300])
    found = scan(tmp_path, {"id": "nmap", "as": "nmap-xml", "file": "scan.xml"})
    assert whys(found) == ["refused-rows", "incomplete"]
    assert [load.dated_on.month for load in found.loads] == [11]
    assert found.gaps[0].tables == {"probes", "services"}


def test_links_out_of_the_workspace_are_not_followed(tmp_path: Path) -> None:
    secret = put(tmp_path, "elsewhere/assets.csv", register(3))
    root = tmp_path / "work"
    put(root, f"{INVENTORY}/2026-10-20/assets.csv", register(2))
    (root / INVENTORY / "2026-11-20").mkdir()
    (root / INVENTORY / "2026-11-20" / "assets.csv").symlink_to(secret)
    found = scan(root)
    assert used(found) == [(f"{INVENTORY}/2026-10-20/assets.csv", 2)]
    assert "leads out of the workspace" in only_gap(found).says
    (root / INVENTORY / "2026-11-21").symlink_to(secret.parent)
    assert used(scan(root)) == [(f"{INVENTORY}/2026-10-20/assets.csv", 2)]
    (root / INVENTORY / "2026-11-22").mkdir()
    (root / INVENTORY / "2026-11-22" / "assets.csv").symlink_to("nowhere")
    assert whys(scan(root)) == ["unreadable"] * 3
    inside = root / INVENTORY / "2026-11-22" / "assets.csv"
    inside.unlink()
    inside.symlink_to(root / INVENTORY / "2026-10-20" / "assets.csv")
    assert used(scan(root)) == [(f"{INVENTORY}/2026-11-22/assets.csv", 2)]


def test_file_names_from_outside_are_shown_on_one_line(tmp_path: Path) -> None:
    for name in ("a\nb.csv", "a\x1b[31m.csv", "=cmd.csv", "[x].csv"):
        put(tmp_path, f"{INVENTORY}/2026-11-20/{name}", register(1))
    found = scan(tmp_path, {**REGISTER, "file": "*.csv"})
    assert len(found.loads) == 4
    assert all(load.file.isprintable() for load in found.loads)
    assert len(scan(tmp_path, {**REGISTER, "file": "[x].csv"}).loads) == 1


@pytest.mark.parametrize("pattern", ["../*.csv", "/etc/passwd", "a/../../x", "C:/x.csv", "a\\b", "x**.csv"])
def test_a_pattern_that_leads_outside_is_a_mistake_in_the_settings(tmp_path: Path, pattern: str) -> None:
    with pytest.raises(PolicyError, match=r"secscan.yaml: file '"):
        scan(tmp_path, {**REGISTER, "file": pattern})


def test_a_kind_that_nobody_reads_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    with pytest.raises(PolicyError) as refused:
        scan(tmp_path, {**REGISTER, "as": "secscan-asset"}, {**REGISTER, "id": "two", "as": "nmap"})
    assert [p.says for p in refused.value.problems] == [
        "no reader is called 'secscan-asset'; did you mean 'secscan-assets'?",
        "no reader is called 'nmap'; did you mean 'nmap-xml'?",
    ]


def test_firewall_templates_are_read_for_no_council(tmp_path: Path) -> None:
    text = "order,action,src,dst,proto,dport,council\n1,permit,any,any,any,any,corvale\n"
    put(tmp_path, "firewalls/2026-11-01/edge.csv", text)
    keys = {
        "zones": [{"id": "inside", "addresses": ["10.0.0.0/8"]}],
        "firewalls": [
            {"id": "edge", "as": "secscan-rules", "file": "edge.csv", "zones": ["inside"]},
            {"id": "core", "as": "iptables", "file": "core.txt", "zones": ["inside"]},
        ],
    }
    put(tmp_path, f"{INVENTORY}/2026-11-20/assets.csv", register(3))
    found = scan(tmp_path, REGISTER, **keys)
    load = found.loads[1]
    assert (load.council, load.source, load.rows_loaded) == ("", "edge", 1)
    assert load.tables["rules"].columns["order"] == [1]
    assert not found.gaps
    (tmp_path / "firewalls/2026-11-01/edge.csv").unlink()
    gap = only_gap(scan(tmp_path, REGISTER, **keys))
    assert (gap.council, gap.source, gap.tables, gap.why) == ("", "edge", frozenset({"rules"}), "missing")


def test_the_councils_full_name_is_its_own(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-11-20/assets.csv", "asset_tag,hostname,council\nA1,x,Alderbeck District Council\n")
    assert used(scan(tmp_path))[0][1] == 1


def test_progress_hears_of_each_file(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-11-20/assets.csv", register(3))
    heard: list[str] = []
    read(settings(REGISTER), tmp_path, TODAY, Files(), progress=heard.append)
    assert heard == [f"{INVENTORY}/2026-11-20/assets.csv"]


def test_reading_changes_nothing_on_disk(tmp_path: Path) -> None:
    put(tmp_path, f"{INVENTORY}/2026-10-20/assets.csv", register(30))
    put(tmp_path, f"{INVENTORY}/2026-11-20/assets.csv", register(3) + "broken\n")
    before = sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*"))
    scan(tmp_path)
    assert sorted((p, p.stat().st_mtime_ns) for p in tmp_path.rglob("*")) == before
