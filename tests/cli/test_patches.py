"""Missing fixes, from feeds and patch sources, from import to findings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.knowledge.test_exploited import entry, kev
from tests.knowledge.test_msrc import TABLE as UPDATES
from tests.knowledge.test_patches import TABLE

Run = Callable[..., Any]
SETTINGS = """partnership: {name: Ourtown}
councils:
  - id: ourtown
    name: Ourtown District Council
    sources:
      - {id: register, as: secscan-assets, file: assets.csv}
      - {id: patches, as: secscan-fixes, file: fixes.csv}
zones:
  - {id: internet, internet: true}
"""
ASSETS = """asset_tag,hostname,type,os,os_version,last_seen
T-1,PC-1,desktop,Microsoft Windows 11 Enterprise,10.0.26100.6999,2026-11-20
T-2,PC-2,desktop,Microsoft Windows 11 Enterprise,10.0.26100.7000,2026-11-20
T-3,PC-3,desktop,Microsoft Windows 11 Enterprise,10.0.26100,2026-11-20
T-4,PC-4,desktop,Microsoft Windows 10 Pro,10.0.19045.6600,2026-11-20
T-5,SRV-5,server,Microsoft Windows Server 2025 Datacenter,10.0.26100.7000,2026-11-20
T-6,SRV-6,server,Ubuntu 24.04 LTS,24.04,2026-11-20
"""
FIXES = """asset_tag,name,fixed_in,advisory,severity,released_on,missing
T-2,KB5000005,,KB5000005,,,yes
T-6,openssl,3.0.13-0ubuntu3.9,USN-1,high,2026-11-20,yes
"""


@pytest.fixture
def ourtown(tmp_path: Path) -> Path:
    root = tmp_path / "ws"
    for folder in ("state", "reports", "inventory/ourtown/2026-11-20"):
        (root / folder).mkdir(parents=True, mode=0o700)
    (root / "secscan.yaml").write_text(SETTINGS)
    (root / "inventory/ourtown/2026-11-20/assets.csv").write_text(ASSETS)
    (root / "inventory/ourtown/2026-11-20/fixes.csv").write_text(FIXES)
    (root / "builds.csv").write_text(TABLE)
    return root


def of_windows(secscan: Run, root: Path, day: str = "2026-11-24") -> dict[str, str]:
    assert secscan("-w", root, "scan", "--as-of", day).code in (0, 3)
    said = secscan("-w", root, "findings", "--control", "PAT-01", "--all", "--format", "json").json["findings"]
    return {
        f["asset"]: f["outcome"]
        for f in said
        if f["asset"] and f["subject"].startswith("windows") and f["status"] == "open"
    }


def test_a_scan_judges_windows_by_the_builds_that_the_workspace_holds(secscan: Run, ourtown: Path) -> None:
    assert of_windows(secscan, ourtown) == {}
    assert secscan("-w", ourtown, "feeds", "import", ourtown / "builds.csv").code == 0
    found = of_windows(secscan, ourtown)
    # T-2 has the newest build, but its patch source says that an update is missing: told, and never averaged away.
    assert {asset: outcome for asset, outcome in found.items() if outcome == "fail"} == dict.fromkeys(
        ("T-1", "T-2", "T-5"), "fail"
    )
    said = secscan("-w", ourtown, "findings", "--control", "PAT-01", "--format", "json").json["findings"]
    (one,) = [f for f in said if f["asset"] == "T-1"]
    assert one["evidence"]["advisory"] == "KB5000005" and one["evidence"]["released_on"] == "2026-10-13"
    place = one["evidence_places"]["released_on"]
    assert place["file"].startswith("knowledge/feeds/windows-builds/")
    assert TABLE.splitlines()[place["line"] - 1].startswith("26100,26100.7000")
    (told,) = [f for f in said if f["asset"] == "T-2"]
    assert told["sources"][0]["file"].endswith("fixes.csv")


def unknown_assets(secscan: Run, root: Path) -> set[str]:
    said = secscan("-w", root, "findings", "--control", "PAT-01", "--all", "--format", "json").json["findings"]
    return {
        a
        for f in said
        if f["subject"].startswith("windows")
        for a in f["evidence"].get("assets", ())
        if f["outcome"] == "unknown"
    }


def test_past_its_hard_limit_the_feed_says_what_is_missing_and_never_that_nothing_is(
    secscan: Run, ourtown: Path
) -> None:
    (ourtown / "inventory/ourtown/2026-11-20/fixes.csv").write_text(FIXES.replace("T-2", "T-6"))
    assert secscan("-w", ourtown, "feeds", "import", ourtown / "builds.csv").code == 0
    assert of_windows(secscan, ourtown)["T-1"] == "fail"
    assert unknown_assets(secscan, ourtown) == {"PC-3", "PC-4"}  # no revision; support has ended
    assert of_windows(secscan, ourtown, "2027-11-24")["T-1"] == "fail"
    assert unknown_assets(secscan, ourtown) == {"PC-2", "PC-3", "PC-4"}
    said = secscan("-w", ourtown, "scan", "--as-of", "2027-11-25", "--format", "json")
    assert said.code == 3 and any("Windows builds" in text for text in said.json["warnings"])


EXPLOITED = """controls:
  - id: EX-03
    check: patching.known-exploited
    title: Exploited
    text: Exploited.
    theme: patching
    severity: critical
    due: 3 days
    mitigated_by: no
"""


def test_what_a_windows_lacks_has_its_makers_word_and_whether_it_is_exploited(secscan: Run, ourtown: Path) -> None:
    """The updates say how grave, the catalogue what is exploited; each leads to its line."""
    (ourtown / "updates.csv").write_text(UPDATES)
    listed = [entry("CVE-2026-10005"), entry("CVE-2026-77777"), entry("CVE-2020-0001")]
    (ourtown / "kev.json").write_bytes(kev(vulnerabilities=listed))
    (ourtown / "secscan.yaml").write_text(SETTINGS + "policies: {overlays: [own.yaml]}\n")
    (ourtown / "own.yaml").write_text(f"title: Ours\nversion: '1'\n{EXPLOITED}")
    for name in ("builds.csv", "updates.csv", "kev.json"):
        assert secscan("-w", ourtown, "feeds", "import", ourtown / name).code == 0
    assert of_windows(secscan, ourtown)["T-5"] == "fail"
    said = secscan("-w", ourtown, "findings", "--all", "--format", "json").json["findings"]
    late = {f["asset"]: f for f in said if f["control"] == "PAT-01" and f["outcome"] == "fail"}
    assert late["T-5"]["evidence"]["severity"] == "critical" and late["T-1"]["evidence"]["severity"] == "unstated"
    place = late["T-5"]["evidence_places"]["severity"]
    assert "/msrc/" in place["file"] and "CVE-2026-10005" in UPDATES.splitlines()[place["line"] - 1]
    exploited = {f["asset"] for f in said if f["control"] == "EX-03" and f["outcome"] == "fail"}
    assert exploited == {"T-5"}
    (unknown,) = [
        f for f in said if f["control"] == "EX-03" and f["subject"] == "windows" and f["outcome"] == "unknown"
    ]
    assert not {"PC-1", "SRV-5"} & set(unknown["evidence"]["assets"])  # all that T-1 lacks is known, and not listed
