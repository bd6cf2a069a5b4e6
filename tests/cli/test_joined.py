"""A register and an agent's inventories of the same council, from import to report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from secscan.workspace import load

Run = Callable[..., Any]
SETTINGS = """partnership: {name: Ourtown}
councils:
  - id: ourtown
    name: Ourtown District Council
    sources:
      - {id: register, as: secscan-assets, file: assets.csv}
zones:
  - {id: internet, internet: true}
"""
REGISTER = """asset_tag,hostname,serial,os,os_version,encrypted,last_seen
T-1,SRV-1,EX7Q2LM1,Microsoft Windows Server 2012 R2 Standard,6.3.9600,yes,20/02/2026
T-2,SRV-2,,Ubuntu 22.04.5 LTS,22.04,,20/02/2026
"""


def inventory(name: str, serial: str, **content: Any) -> str:
    found = {
        "accesslog": {"logdate": "2026-02-27 08:00:00"},
        "bios": {"ssn": serial},
        "hardware": {"name": name},
        "operatingsystem": {"name": "Windows", "full_name": "Microsoft Windows Server 2012 R2 Standard", "kernel_version": "6.3.9600"},
        "softwares": [{"name": "Microsoft SQL Server 2014 (64-bit)", "version": "12.0.2000", "from": "registry"}],
        **content,
    }  # fmt: skip
    return json.dumps({"action": "inventory", "deviceid": f"{name}-2026", "content": found}, indent=1)


@pytest.fixture
def ourtown(tmp_path: Path) -> Path:
    root = tmp_path / "ws"
    for folder in ("state", "reports", "inventory/ourtown/2026-02-28"):
        (root / folder).mkdir(parents=True, mode=0o700)
    (root / "secscan.yaml").write_text(SETTINGS)
    (root / "inventory/ourtown/2026-02-28/assets.csv").write_text(REGISTER)
    return root


@pytest.fixture
def imported(secscan: Run, ourtown: Path, tmp_path: Path) -> Path:
    drives = [{"letter": "C:", "encrypt_status": "No"}]
    for name, serial, more in (("SRV-1", "ex7q2lm1", {"drives": drives}), ("LAP-9", "EX9Z9ZZ9", {})):
        (tmp_path / f"{name}.json").write_text(inventory(name, serial, **more))
    files = sorted(tmp_path.glob("*.json"))
    said = secscan("-w", ourtown, "import", *files, "--council", "ourtown", "--as-of", "2026-02-28", "--format", "json")
    assert said.code == 0
    assert [(f["kind"], f["rows_read"], f["rows_loaded"], f["new_source"]) for f in said.json["files"]] == [
        ("glpi", 1, 1, "ourtown-glpi"), ("glpi", 1, 1, None),
    ]  # fmt: skip
    return ourtown


def posture(root: Path) -> Any:
    (newest,) = (root / "reports/latest/data").glob("posture.json")
    return json.loads(newest.read_text())


def scan(secscan: Run, root: Path, day: str) -> Any:
    assert secscan("-w", root, "scan", "--as-of", day).code in (0, 3)
    return posture(root)


def test_imported_inventories_belong_to_one_source_that_a_scan_reads(secscan: Run, imported: Path) -> None:
    (source,) = [s for s in load(imported).settings.councils[0].sources if s.kind == "glpi"]
    assert (source.id, source.file) == ("ourtown-glpi", "glpi-*")
    found = scan(secscan, imported, "2026-03-01")
    assert {f["asset"] for f in found["findings"] if f["asset"]} >= {"T-1", "serial:ex9z9zz9"}
    (join,) = found["joins"]
    assert (join["asset"], join["also"], join["key"]) == ("T-1", ["SRV-1-2026"], "serial")
    rows = {
        r["source"]: (r["assets"], r["of_assets"], r["fresh"], r["only_here"], r["installs"]) for r in found["coverage"]
    }
    assert rows == {"register": (2, 3, 2, 1, 2), "ourtown-glpi": (2, 3, 2, 1, 3)}
    (differ,) = found["disagreements"]
    assert (differ["asset"], differ["fact"]) == ("T-1", "encrypted")
    assert [(s["source"], s["value"], s["place"]["line"]) for s in differ["said"]] == [
        ("register", "yes", 2), ("ourtown-glpi", "no", 11),
    ]  # fmt: skip
    sql = next(
        f for f in found["findings"] if f["asset"] == "T-1" and f["subject"] == "mssqlserver" and f["outcome"] == "fail"
    )
    assert sql["sources"][0]["file"] == "inventory/ourtown/2026-02-28/glpi-SRV-1.json"


def test_an_asset_keeps_its_id_though_the_register_does_not_come(secscan: Run, imported: Path) -> None:
    before = scan(secscan, imported, "2026-03-01")
    newer = imported / "inventory/ourtown/2026-03-31"
    newer.mkdir()
    for path in (imported / "inventory/ourtown/2026-02-28").glob("*.json"):
        (newer / path.name).write_text(path.read_text().replace("2026-02-27", "2026-03-27"))
    after = scan(secscan, imported, "2026-03-31")
    assert {(f["fingerprint"], f["asset"]) for f in before["findings"]} == {
        (f["fingerprint"], f["asset"]) for f in after["findings"]
    }
    (newer / "assets.csv").write_text("asset_tag,hostname\n")  # and one that is empty is held
    again = scan(secscan, imported, "2026-04-01")
    assert {f["asset"] for f in again["findings"]} == {f["asset"] for f in before["findings"]}


def test_a_partial_inventory_closes_nothing(secscan: Run, imported: Path) -> None:
    before = {f["fingerprint"] for f in scan(secscan, imported, "2026-03-01")["findings"] if f["outcome"] == "fail"}
    newer = imported / "inventory/ourtown/2026-03-02"
    newer.mkdir()
    for path in (imported / "inventory/ourtown/2026-02-28").glob("*.json"):
        document = json.loads(path.read_text())
        del document["content"]["softwares"]
        (newer / path.name).write_text(json.dumps({**document, "partial": True}))
    after = scan(secscan, imported, "2026-03-02")
    assert before and before <= {f["fingerprint"] for f in after["findings"]}
    assert not after["complete"]
    assert any(g["why"] == "incomplete" and "a partial inventory" in g["says"] for g in after["gaps"])


def test_an_asset_that_gets_a_tag_is_another_and_its_findings_begin_anew(secscan: Run, imported: Path) -> None:
    scan(secscan, imported, "2026-03-01")
    newer = imported / "inventory/ourtown/2026-03-02"
    newer.mkdir()
    (newer / "assets.csv").write_text(REGISTER + "T-9,LAP-9,EX9Z9ZZ9,,,,20/02/2026\n")
    after = scan(secscan, imported, "2026-03-02")
    changes = {(c["what"], c["asset"]) for c in after["changes"]}
    assert ("closed", "serial:ex9z9zz9") in changes and ("opened", "T-9") in changes
    assert not any(asset == "T-1" for _, asset in changes)
    assert [(j["asset"], j["also"]) for j in after["joins"]] == [("T-1", ["SRV-1-2026"]), ("T-9", ["LAP-9-2026"])]


def test_two_machines_files_of_one_name_are_both_kept_and_a_newer_one_takes_the_place_of_its_own(
    secscan: Run, ourtown: Path, tmp_path: Path
) -> None:
    def given(*lines: str) -> list[dict[str, Any]]:
        files = []
        for number, text in enumerate(lines):
            file = tmp_path / str(number) / "inventory.json"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
            files.append(file)
        args = ("import", *files, "--council", "ourtown", "--as-of", "2026-02-28", "--format", "json")
        found: list[dict[str, Any]] = secscan("-w", ourtown, *args).json["files"]
        return found

    day = "inventory/ourtown/2026-02-28/"
    first = given(inventory("SRV-1", "ex7q2lm1"), inventory("LAP-9", "EX9Z9ZZ9"))
    assert [f["file"] for f in first] == [f"{day}glpi-inventory.json", f"{day}glpi-inventory-2.json"]
    assert [f["replaced"] for f in first] == [None, None]
    (again,) = given(inventory("LAP-9", "EX9Z9ZZ9", drives=[{"letter": "C:", "encrypt_status": "No"}]))
    assert (again["file"], again["replaced"]) == (first[1]["file"], f"{first[1]['file']}.replaced-1")
    found = scan(secscan, ourtown, "2026-03-01")
    (row,) = [r for r in found["coverage"] if r["source"] == "ourtown-glpi"]
    assert row["assets"] == 2 and {f["file"] for f in found["inputs"] if "glpi" in f["file"]} == {
        f["file"] for f in first
    }


def test_reports_of_lynis_have_one_name_on_every_machine_and_are_all_kept(
    secscan: Run, ourtown: Path, tmp_path: Path
) -> None:
    files = []
    for host in ("oak-1", "oak-2"):
        file = tmp_path / host / "lynis-report.dat"
        file.parent.mkdir()
        file.write_text(f"report_version_major=1\nlynis_version=3.1.4\nhostname={host}\nfinish=true\n")
        files.append(file)
    args = ("import", *files, "--council", "ourtown", "--as-of", "2026-02-28", "--format", "json")
    kept = [(f["file"].rpartition("/")[2], f["replaced"]) for f in secscan("-w", ourtown, *args).json["files"]]
    assert kept == [("lynis-report.dat", None), ("lynis-report-2.dat", None)]


def test_a_dry_run_takes_a_new_council_as_said_and_writes_nothing(secscan: Run, ourtown: Path, tmp_path: Path) -> None:
    (tmp_path / "assets.csv").write_text(REGISTER)
    before = (ourtown / "secscan.yaml").read_text()
    args = ("import", tmp_path / "assets.csv", "--council", "newtown", "--new-council", "Newtown", "--format", "json")
    said = secscan("-w", ourtown, *args, "--dry-run")
    assert (said.code, said.json["files"][0]["rows_loaded"]) == (0, 2)
    assert (ourtown / "secscan.yaml").read_text() == before and not (ourtown / "inventory/newtown").exists()
    assert secscan("-w", ourtown, "import", tmp_path / "assets.csv", "--council", "newtown", "--dry-run").code == 2
    assert secscan("-w", ourtown, *args).code == 0 and load(ourtown).settings.council("newtown") is not None


def test_a_program_is_told_too_that_a_file_was_refused_whole(secscan: Run, ourtown: Path, tmp_path: Path) -> None:
    (tmp_path / "page.csv").write_text("<!doctype html><html><title>Sign in</title></html>")
    said = secscan("-w", ourtown, "import", tmp_path / "page.csv", "--council", "ourtown", "--format", "json")
    assert (said.code, said.json["complete"], said.json["files"]) == (4, False, [])
    assert "page.csv" in said.json["warnings"][0] and "page.csv" in said.err
