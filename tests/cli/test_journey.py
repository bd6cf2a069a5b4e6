"""The main job at the command line, by the contract that other programs are written against."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.cli.conftest import DAY

Run = Callable[..., Any]


def findings(secscan: Run, workspace: Path, *more: str) -> dict[tuple[str, str, str], Any]:
    said = secscan("-w", workspace, "findings", "--format", "json", *more)
    assert said.code == 0
    return {(f["control"], f["council"], f["asset"] or f["subject"]): f for f in said.json["findings"]}


def test_scan_answers_the_contract(secscan: Run, workspace: Path) -> None:
    said = secscan("-w", workspace, "scan", "--as-of", DAY, "--format", "json")
    body = said.json
    assert said.code == 3
    assert {"schema", "complete", "warnings", "run_id", "as_of", "report", "councils"} <= set(body)
    assert (body["schema"], body["complete"], body["as_of"]) == ("secscan.scan/1", False, DAY)
    oak, elm = body["councils"]
    assert (oak["id"], oak["assets"], elm["assets"]) == ("oak", 3, 1)
    assert set(oak["findings"]) == {"open", "mitigated", "accepted", "unknown"}
    assert oak["since_last"] == {"opened": 0, "closed": 0, "reopened": 0}
    assert 0 < oak["coverage"] < 1
    assert Path(body["report"]).is_file()
    assert any("software.csv" in w for w in body["warnings"])


def test_the_same_inputs_again_open_close_and_reopen_nothing(secscan: Run, scanned: Path) -> None:
    again = secscan("-w", scanned, "scan", "--as-of", DAY, "--format", "json").json
    for council in again["councils"]:
        assert council["since_last"] == {"opened": 0, "closed": 0, "reopened": 0}


def test_every_finding_has_its_sources_and_dates(secscan: Run, scanned: Path) -> None:
    for finding in findings(secscan, scanned).values():
        assert finding["sources"], finding["title"]
        assert all(s["file"] and s["line"] >= 1 for s in finding["sources"]), finding
        assert finding["first_seen"] <= DAY
        assert finding["outcome"] in ("fail", "unknown")


def test_what_the_small_estate_shows(secscan: Run, scanned: Path) -> None:
    found = findings(secscan, scanned)
    old = found["LEG-01", "oak", "OAK-2"]
    assert (old["outcome"], old["subject"], old["mitigation"], old["mitigation_state"]) == (
        "fail",
        "windows-server",
        "MIT-1",
        "configured",
    )
    assert old["status"] == "open"  # configured is not proven, and the control wants proof
    assert found["LEG-04", "oak", "OAK-3"]["severity"] == "critical"
    assert found["FW-01", "oak", "OAK-3"]["subject"] == "MIT-2"
    assert found["PAT-01", "oak", "OAK-2"]["due"] == "2026-02-28"
    assert ("PAT-01", "oak", "OAK-1") not in found  # released 15 February: day 14 is in time
    assert found["INV-01", "oak", "OAK-3"]["outcome"] == "fail"
    assert found["INV-02", "oak", "OAK-3"]["outcome"] == "fail"
    assert found["LEG-01", "oak", "Gravestone Registry"]["outcome"] == "unknown"
    # Same asset tag, other council: its Debian is supported, and none of the above is about it.
    assert not any(c == "LEG-01" and o == "elm" and f["outcome"] == "fail" for (c, o, _), f in found.items())


def test_exceptions_accept_by_their_date(secscan: Run, workspace: Path) -> None:
    secscan("-w", workspace, "scan", "--as-of", DAY)
    accepted = [f for f in findings(secscan, workspace).values() if f["status"] == "accepted"]
    assert {f["asset"] for f in accepted} == {"OAK-3"}
    secscan("-w", workspace, "scan", "--as-of", "2026-03-16")
    assert not [f for f in findings(secscan, workspace).values() if f["status"] == "accepted"]


def test_explain_leads_to_source_row_lifecycle_entry_and_policy_line(secscan: Run, scanned: Path) -> None:
    found = findings(secscan, scanned)
    said = secscan("-w", scanned, "explain", found["LEG-01", "oak", "OAK-2"]["fingerprint"], "--format", "json").json
    files = {f["source"]["file"] for f in said["facts"] if f["source"]}
    assert "inventory/oak/2026-03-01/assets.csv" in files
    assert any("knowledge/catalogue" in f for f in files)
    assert said["control"]["file"].endswith("policies/baseline.yaml") and said["control"]["line"] > 1
    assert "eol_on" in said["would_pass_if"]
    rule = secscan("-w", scanned, "explain", found["LEG-04", "oak", "OAK-3"]["fingerprint"], "--format", "json").json
    assert {"file": "firewalls/2026-03-01/core.csv", "line": 3} in [f["source"] for f in rule["facts"]]


def test_explain_of_every_finding_leads_somewhere(secscan: Run, scanned: Path) -> None:
    for finding in findings(secscan, scanned).values():
        said = secscan("-w", scanned, "explain", finding["fingerprint"], "--format", "json")
        assert said.code == 0, said.err
        assert said.json["control"]["text"] and any(f["source"] for f in said.json["facts"]), finding


def test_mitigations_say_their_state_and_rule(secscan: Run, scanned: Path) -> None:
    claims = {m["id"]: m for m in secscan("-w", scanned, "mitigations", "--format", "json").json["mitigations"]}
    assert claims["MIT-1"]["state"] == "configured"
    assert claims["MIT-2"]["state"] == "disproven"
    assert (claims["MIT-2"]["rule"]["file"], claims["MIT-2"]["rule"]["line"]) == ("firewalls/2026-03-01/core.csv", 3)


def test_exposure_names_rule_file_line_and_a_packet(secscan: Run, workspace: Path) -> None:
    said = secscan(
        "-w",
        workspace,
        "exposure",
        "--as-of",
        DAY,
        "--to",
        "OAK-3",
        "--port",
        "tcp/3389",
        "--from",
        "users",
        "--format",
        "json",
    )
    (answer,) = said.json["answers"]
    assert (answer["verdict"], answer["rule"]["line"], answer["witness"]["dport"]) == ("permitted", 3, 3389)
    (closed,) = secscan(
        "-w",
        workspace,
        "exposure",
        "--as-of",
        DAY,
        "--to",
        "10.1.9.5",
        "--port",
        "tcp/445",
        "--from",
        "users",
        "--format",
        "json",
    ).json["answers"]
    assert (closed["verdict"], closed["rule"]["line"]) == ("blocked", 5)


def test_an_incomplete_run_closes_nothing(secscan: Run, scanned: Path) -> None:
    before = findings(secscan, scanned)
    (scanned / "inventory/oak/2026-03-08").mkdir()
    header = (scanned / "inventory/oak/2026-03-01/software.csv").read_text().splitlines()[0]
    (scanned / "inventory/oak/2026-03-08/software.csv").write_text(header + "\n")
    said = secscan("-w", scanned, "scan", "--as-of", "2026-03-08", "--format", "json")
    assert said.code == 3
    assert [c["since_last"]["closed"] for c in said.json["councils"]] == [0, 0]
    assert {k for k, f in before.items() if f["outcome"] == "fail"} <= set(findings(secscan, scanned))
    assert any("software.csv" in w for w in said.json["warnings"])


def test_a_mended_fault_closes_and_one_that_returns_is_reopened(secscan: Run, workspace: Path) -> None:
    clean = (workspace / "inventory/oak/2026-03-01/software.csv").read_text().replace("OAK-3,,1.0,,\n", "")
    (workspace / "inventory/oak/2026-03-01/software.csv").write_text(clean)
    assert secscan("-w", workspace, "scan", "--as-of", DAY).code == 0
    for day, office in (("2026-03-02", False), ("2026-03-03", True)):
        folder = workspace / "inventory/oak" / day
        folder.mkdir()
        lines = [line for line in clean.splitlines() if office or "Office" not in line]
        (folder / "software.csv").write_text("\n".join(lines) + "\n")
    first = secscan("-w", workspace, "scan", "--as-of", "2026-03-02", "--format", "json").json
    assert first["councils"][0]["since_last"]["closed"] == 1
    second = secscan("-w", workspace, "scan", "--as-of", "2026-03-03", "--format", "json").json
    assert second["councils"][0]["since_last"] == {"opened": 0, "closed": 0, "reopened": 1}
    office = findings(secscan, workspace)["LEG-01", "oak", "OAK-1"]
    assert office["first_seen"] == "2026-03-03"


def test_a_source_that_falls_silent_passes_nothing(secscan: Run, scanned: Path) -> None:
    said = secscan("-w", scanned, "scan", "--as-of", "2026-06-01", "--format", "json")
    assert said.code == 3
    elm = next(c for c in said.json["councils"] if c["id"] == "elm")
    assert elm["coverage"] == 0 or elm["findings"]["unknown"] > 0
    assert not elm["complete"]


def test_an_earlier_day_than_the_record_is_refused(secscan: Run, scanned: Path) -> None:
    said = secscan("-w", scanned, "scan", "--as-of", "2026-02-01")
    assert said.code == 2 and "2026-03-01" in said.err


def test_runs_are_listed_with_their_digest(secscan: Run, scanned: Path) -> None:
    (run,) = secscan("-w", scanned, "runs", "list", "--format", "json").json["runs"]
    assert run["as_of"] == DAY and len(run["digest"]) == 64 and run["complete"] is False
    assert secscan("-w", scanned, "runs", "show", run["run_id"]).code == 0


def test_the_report_is_published_and_again_elsewhere(secscan: Run, scanned: Path, tmp_path: Path) -> None:
    assert (scanned / "reports/latest/index.html").is_file()
    out = tmp_path / "elsewhere"
    assert secscan("-w", scanned, "report", "--out", out).code == 0
    first, again = scanned / "reports/latest", out
    names = sorted(p.relative_to(again).as_posix() for p in again.rglob("*") if p.is_file())
    assert len(names) > 30
    assert [n for n in names if (first / n).read_bytes() != (again / n).read_bytes()] == []
    assert secscan("-w", scanned, "report", "--out", out).code == 2


def test_files_made_are_private(scanned: Path) -> None:
    for path in [*(scanned / "state").rglob("*"), *(scanned / "reports").rglob("*")]:
        if not path.is_symlink():
            assert path.stat().st_mode & 0o077 == 0, path


def test_fail_on_ends_with_1_and_still_says_incomplete(secscan: Run, workspace: Path) -> None:
    said = secscan("-w", workspace, "scan", "--as-of", DAY, "--fail-on", "critical", "--format", "json")
    assert (said.code, said.json["complete"]) == (1, False)


def test_change_in_one_council_leaves_the_others_page_as_it_was(secscan: Run, workspace: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(workspace, other)
    register = other / "inventory/oak/2026-03-01/assets.csv"
    register.write_text(
        register.read_text().replace("srv-files", "changed-name").replace("Head of Revenues", "Nobody at all")
    )
    for place in (workspace, other):
        secscan("-w", place, "scan", "--as-of", DAY)
    mine = [f for f in findings(secscan, workspace).values() if f["council"] == "elm"]
    theirs = [f for f in findings(secscan, other).values() if f["council"] == "elm"]
    assert mine == theirs


def test_only_what_is_asked_for_marks_a_step_of_the_trend(secscan: Run, scanned: Path) -> None:
    def marks(day: str) -> set[str | None]:
        secscan("-w", scanned, "scan", "--as-of", day)
        rows = (scanned / "reports/latest/data/trends.csv").read_text().splitlines()
        return {row.rsplit(",", 1)[1] for row in rows if f",{day}," in row}

    exceptions, overlay = scanned / "policies/exceptions.yaml", scanned / "policies/overlay.yaml"
    exceptions.write_text(exceptions.read_text().replace("cut-over in March", "cut-over in April"))
    assert marks("2026-03-02") == {""}
    overlay.write_text(overlay.read_text() + "  - {id: PAT-01, with: {window_days: {medium: 30}}}\n")
    assert marks("2026-03-03") == {"rules changed"}
    assert marks("2026-03-04") == {""}
    overlay.write_text(overlay.read_text() + "  - {id: INV-02, scope: {not: {type: [printer]}}, reason: Halls.}\n")
    assert marks("2026-03-05") == {"rules changed"}
    overlay.write_text(
        overlay.read_text().replace("controls:", "# ours\ncontrols:").replace("Halls.", "They stand in halls.")
    )
    assert marks("2026-03-06") == {""}


def test_a_change_of_one_councils_rules_marks_no_other_and_neither_does_a_new_council(
    secscan: Run, scanned: Path
) -> None:
    def marks(day: str) -> dict[str, set[str]]:
        secscan("-w", scanned, "scan", "--as-of", day)
        found: dict[str, set[str]] = {}
        text = (scanned / "reports/latest/data/trends.csv").read_text(encoding="utf-8")
        for row in csv.DictReader(text.splitlines()):
            if row["on"] == day:
                found.setdefault(row["council"], set()).add(row["mark"])
        return found

    settings = scanned / "secscan.yaml"
    whole = settings.read_text(encoding="utf-8")
    settings.write_text(
        whole.replace("councils:\n", "councils:\n  - {id: ash, name: Ash Council}\n", 1), encoding="utf-8"
    )
    assert marks("2026-03-02") == {"ash": {""}, "elm": {""}, "oak": {""}}
    own = scanned / "policies" / "elm.yaml"
    own.write_text(
        "title: Elm\nversion: '1'\nextends: baseline\ncouncils: [elm]\ncontrols:\n  - {id: INV-01, with: {max_age_days: 30}}\n",
        encoding="utf-8",
    )
    text = settings.read_text(encoding="utf-8")
    at = text.index("policies/overlay.yaml")
    settings.write_text(text[:at] + "policies/overlay.yaml, policies/elm.yaml" + text[at + 21 :], encoding="utf-8")
    assert marks("2026-03-03") == {"ash": {""}, "elm": {"rules changed"}, "oak": {""}}


def test_a_rule_that_belongs_to_no_asset_is_found_explained_and_accepted(secscan: Run, workspace: Path) -> None:
    exception = workspace / "policies" / "exceptions.yaml"
    entry = (
        "  - {id: EXC-2, control: FW-05, council: oak, asset: core, subject: core planning rdp, until: 2026-03-01,"
        " owner: Head of Planning, approver: Head of ICT, reason: The supplier leaves in March.}\n"
    )
    exception.write_text(exception.read_text(encoding="utf-8") + entry, encoding="utf-8")

    def standing(day: str) -> dict[str, Any]:
        assert secscan("-w", workspace, "scan", "--as-of", day).code == 3
        rule = findings(secscan, workspace)["FW-05", "oak", "core planning rdp"]
        assert (rule["asset"], rule["hostname"], rule["due"]) == (None, None, "2026-01-01")
        return secscan("-w", workspace, "explain", rule["fingerprint"], "--format", "json").json

    said = standing(DAY)
    assert (said["subject"]["status"], said["exception"]["id"]) == ("accepted", "EXC-2")
    assert "review_on (1 January 2026) is before 1 March 2026" in said["why"]
    assert {"file": "firewalls/2026-03-01/core.csv", "line": 3} in [f["source"] for f in said["facts"]]
    page = (workspace / "reports" / "latest" / "council-oak.html").read_text(encoding="utf-8")
    assert "core planning rdp was to be looked at again" in page and "No one device" in page
    lapsed = standing("2026-03-02")
    assert (lapsed["subject"]["status"], lapsed["exception"]["id"]) == ("open", "EXC-2")
    assert findings(secscan, workspace)["ACC-01", "oak", "core"]["subject"] == "EXC-2"
