"""From files of two scanners to the page, the data, ``explain`` and the control that a council may ask for."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.render.reader import Reader

Run = Callable[..., Any]
DAY = "2026-03-01"
CVE = "CVE-2019-0708"
HEAD = "IP,Hostname,Port,Port Protocol,CVSS,Severity,QoD,Solution Type,NVT Name,NVT OID,CVEs,Timestamp,Result ID,Solution\n"
GREENBONE = HEAD + (
    f"10.1.9.5,srv-files,3389,tcp,9.8,High,99,VendorFix,Strangers get in,1.3.6.1,{CVE},2026-02-27T08:00:00Z,r1,x\n"
    "10.1.9.77,,443,tcp,5.0,Medium,80,Mitigation,Weak hash,1.3.6.2,CVE-2019-07081,2026-02-27T08:00:00Z,r2,x\n"
)
NESSUS = (
    "Plugin ID,CVE,CVSS v2.0 Base Score,Risk,Host,Protocol,Port,Name,Synopsis,Description,Solution,See Also,Plugin Output,CVSS v3.0 Base Score,NetBIOS Name\n"
    f"125313,{CVE},10.0,Critical,srv-files,tcp,3389,RDP RCE,S,D,S,,,9.8,OAK\\srv-files\n19506,,,None,srv-files,tcp,0,Scan Information,S,D,S,,,,OAK\\srv-files\n"
)
CONTROL = """
title: Own
version: "1"
extends: baseline
controls:
  - id: EX-02
    check: patching.scanner-result-open
    title: Grave weaknesses that a scanner reports
    text: None is open for long.
    theme: patching
    severity: high
    due: 14 days
    mitigated_by: no
"""


def given(workspace: Path, day: str = DAY, *, control: bool = False) -> Path:
    """Two scanners' files beside what the council has."""
    folder = workspace / "inventory" / "oak" / day
    folder.mkdir(exist_ok=True)
    (folder / "greenbone.csv").write_text(GREENBONE, encoding="utf-8")
    (folder / "nessus.csv").write_text(NESSUS, encoding="utf-8")
    settings = (workspace / "secscan.yaml").read_text(encoding="utf-8")
    own = "      - {id: oak-%s, as: %s, file: %s.csv}\n"
    sources = own % (("greenbone",) * 3) + own % (("nessus",) * 3)
    settings = (
        settings.replace("  - id: elm\n", f"{sources}  - id: elm\n", 1)
        + "\njoin: [asset_tag, serial, fqdn, hostname]\n"
    )
    if control:
        settings = settings.replace("[policies/overlay.yaml]", "[policies/overlay.yaml, policies/own.yaml]")
        (workspace / "policies" / "own.yaml").write_text(CONTROL, encoding="utf-8")
    (workspace / "secscan.yaml").write_text(settings, encoding="utf-8")
    return workspace


def scanned(secscan: Run, workspace: Path) -> Path:
    assert secscan("-w", workspace, "scan", "--as-of", DAY).code == 3
    return workspace / "reports" / "latest"


def data(report: Path, name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO((report / "data" / f"{name}.csv").read_text(encoding="utf-8"))))


def test_the_page_shows_scanners_agreement_and_issues_in_their_words(secscan: Run, workspace: Path) -> None:
    report = scanned(secscan, given(workspace))
    shown = Reader((report / "other-scanners.html").read_text(encoding="utf-8")).shown
    for part in (
        "2 other scanners gave results, in their own words", "More than one scanner reports 1 of 2 pairs", "oak-nessus: Critical",
        "oak-greenbone: High", "nessus.csv:2", "Critical: 1 and Info: 1",
    ):  # fmt: skip
        assert part in shown, part
    assert [(r["source"], r["looked"], r["results"]) for r in data(report, "scanners")] == [
        ("oak-greenbone", "2", "2"),
        ("oak-nessus", "1", "2"),
    ]
    assert [(r["cve"], r["assets"]) for r in data(report, "shared-cves")] == [(CVE, "1")]


def test_the_council_and_the_device_show_theirs_and_the_other_council_none(secscan: Run, workspace: Path) -> None:
    report = scanned(secscan, given(workspace))
    assert "oak-nessus" in (report / "council-oak.html").read_text(encoding="utf-8")
    assert "oak-nessus" not in (report / "council-elm.html").read_text(encoding="utf-8")
    device = next(p for p in report.glob("system-*.html") if "OAK-2" in p.read_text(encoding="utf-8"))
    assert "Strangers get in" in device.read_text(encoding="utf-8") and f"secscan explain {CVE}" in device.read_text(
        encoding="utf-8"
    )
    assert {(r["asset"], r["of"], r["scanner"]) for r in data(report, "device-results")} == {
        ("OAK-2", "3", "oak-greenbone"), ("OAK-2", "3", "oak-nessus"),
    }  # fmt: skip


def test_results_that_are_too_old_say_so(secscan: Run, workspace: Path) -> None:
    report = scanned(secscan, given(workspace, "2025-11-01"))
    page = Reader((report / "other-scanners.html").read_text(encoding="utf-8")).shown
    assert (
        "The results of 2 of 2 are too old to rely on." in page
        and "Too old to rely on: it says how things were." in page
    )
    assert {r["stale"] for r in data(report, "scanners")} == {"true"}


def test_without_results_the_page_says_so_and_how_to_give_them(secscan: Run, workspace: Path) -> None:
    report = scanned(secscan, workspace)
    shown = Reader((report / "other-scanners.html").read_text(encoding="utf-8")).shown
    assert "No results of other scanners were given." in shown and "secscan import FILE --council COUNCIL" in shown
    assert data(report, "scanners") == data(report, "scanner-issues") == []


def test_an_asset_is_explained_with_each_scanners_words_and_line(secscan: Run, workspace: Path) -> None:
    scanned(secscan, given(workspace))
    told = secscan("-w", workspace, "explain", "srv-files", "--format", "json").json
    assert [(r["scanner"], r["severity"], r["cvss3"], r["cves"], r["open"]) for r in told["results"]] == [
        ("oak-nessus", "Critical", 98, CVE, True), ("oak-greenbone", "High", None, CVE, True), ("oak-nessus", "Info", None, None, True),
    ]  # fmt: skip
    assert told["results"][0]["source"] == {"file": "inventory/oak/2026-03-01/nessus.csv", "line": 2}
    said = secscan("-w", workspace, "explain", "srv-files").out
    assert f"oak-nessus (nessus, {DAY}): RDP RCE; calls it Critical; CVSS 9.8; {CVE}; tcp/3389" in said


def test_a_cve_is_explained_device_by_device(secscan: Run, workspace: Path) -> None:
    scanned(secscan, given(workspace))
    told = secscan("-w", workspace, "explain", CVE.lower(), "--format", "json").json
    assert (told["subject"]["id"], told["why"]) == (CVE, "open on 1 device, by oak-greenbone, oak-nessus")
    assert {r["asset"] for r in told["results"]} == {"OAK-2"}
    assert f"oak OAK-2: oak-nessus (nessus, {DAY})" in secscan("-w", workspace, "explain", CVE).out
    assert secscan("-w", workspace, "explain", CVE, "--council", "elm").code == 2


def test_a_cve_that_no_scanner_names_is_one_line(secscan: Run, workspace: Path) -> None:
    scanned(secscan, given(workspace))
    said = secscan("-w", workspace, "explain", "CVE-2000-0001")
    assert said.code == 2 and "no result of another scanner that was given names CVE-2000-0001" in said.err


@pytest.mark.parametrize("control", [False, True])
def test_only_a_control_that_asks_makes_findings_of_results(secscan: Run, workspace: Path, control: bool) -> None:
    given(workspace, "2026-02-10", control=control)
    scanned(secscan, workspace)
    found = secscan("-w", workspace, "findings", "--format", "json").json["findings"]
    about = [f for f in found if f["check"] == "patching.scanner-result-open" and f["outcome"] == "fail"]
    assert [(f["asset"], f["subject"], f["title"]) for f in about] == (
        [("OAK-2", CVE, f"{CVE}: oak-nessus reports it open, and calls it grave")] if control else []
    )
    assert CVE not in repr([f for f in found if f not in about])


def test_what_no_rule_asks_for_is_told_with_its_source(secscan: Run, workspace: Path) -> None:
    folder = workspace / "inventory" / "oak" / DAY
    register = folder / "assets.csv"
    head, first, *rest = register.read_text(encoding="utf-8").splitlines()
    register.write_text(
        "\n".join([f"{head},Site,Status", f"{first},Town hall,in use", *(f"{line},," for line in rest)]) + "\n",
        encoding="utf-8",
    )
    scanned(secscan, workspace)
    told = secscan("-w", workspace, "explain", "OAK-1", "--format", "json").json
    assert [(k["name"], k["value"], k["by"], k["source"]["line"]) for k in told["kept"]] == [
        ("Site", "Town hall", "oak-register", 2), ("Status", "in use", "oak-register", 2),
    ]  # fmt: skip
    assert "Site: Town hall, by oak-register" in secscan("-w", workspace, "explain", "OAK-1").out
    assert secscan("-w", workspace, "explain", "srv-files", "--format", "json").json["kept"] == []
