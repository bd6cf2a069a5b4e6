"""The example package, built and installed offline as a council would: its table is read, its check judges, its cases run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from secscan.doors import files
from tests.tree import ROOT

EXAMPLE = ROOT / "tests" / "thirdparty" / "backups"
ESTATE = ROOT / "tests" / "estates" / "smallville"
DAY = "2026-03-01"
BACKUPS = """Machine;Job;Last success;Offline copy
OAK-1;pc-nightly;01/03/2026;Yes
OAK-2;files-nightly;14/02/2026;No
OAK-2;;28/02/2026;No
OAK-3;plan-weekly;26/02/2026;Yes
NEW-9;new-nightly;27/02/2026;No
"""
SOURCE = """      - {id: oak-fixes, as: secscan-fixes, file: fixes.csv}
      - id: oak-backups
        as: table
        table: backups
        file: backups.csv
        map: {asset_tag: Machine, job: Job, succeeded_on: Last success, offline: Offline copy}
"""
CONTROL = """  - id: BKP-01
    check: backup.too-old
    title: Backups that are fresh
    text: What was done last week can be brought back.
    theme: device
    severity: high
    due: 7 days
"""


@dataclass(frozen=True)
class Desk:
    """A workspace whose policy uses the package's check, and a Python that has the package."""

    root: Path
    site: Path

    def run(self, *words: object, codes: tuple[int, ...] = (0,)) -> str:
        path = os.pathsep.join((str(self.site), str(ROOT)))
        env = {n: v for n, v in os.environ.items() if not n.startswith("SECSCAN_")} | {"PYTHONPATH": path}
        argv = [sys.executable, "-m", "secscan.cli.main", "-w", str(self.root), *map(str, words)]
        ran = subprocess.run(argv, check=False, env=env, cwd=self.root, capture_output=True, text=True, timeout=120)
        assert ran.returncode in codes, ran.stdout + ran.stderr
        assert "Traceback" not in ran.stderr
        return ran.stdout + (ran.stderr if ran.returncode == 2 else "")

    def json(self, *words: object, codes: tuple[int, ...] = (0,)) -> Any:
        return json.loads(self.run(*words, "--format", "json", codes=codes))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """Installed by pip from its own pyproject.toml, without a network; then scanned once."""
    source, site, root = (tmp_path_factory.mktemp(name) for name in ("source", "site", "partnership"))
    shutil.copytree(EXAMPLE, source, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    pip = [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--no-index", "--no-deps"]
    subprocess.run([*pip, "--no-build-isolation", "--target", site, source], check=True, timeout=300)
    shutil.copytree(ESTATE, root, dirs_exist_ok=True)
    settings = (root / "secscan.yaml").read_text()
    was = SOURCE.splitlines(keepends=True)[0]
    assert was in settings
    (root / "secscan.yaml").write_text(settings.replace(was, SOURCE))
    (root / "inventory/oak" / DAY / "backups.csv").write_text(BACKUPS)
    with (root / "policies/overlay.yaml").open("a") as overlay:
        overlay.write(CONTROL)
    made = Desk(root, site)
    made.run("scan", "--as-of", DAY, codes=(3,))
    return made


def found(desk: Desk) -> list[dict[str, Any]]:
    return [f for f in desk.json("findings")["findings"] if f["control"] == "BKP-01"]


def test_its_findings_lead_to_the_row_that_says_so(desk: Desk) -> None:
    fails = {f["asset"]: f for f in found(desk) if f["outcome"] == "fail"}
    assert set(fails) == {"OAK-2", "OAK-3"}
    assert fails["OAK-2"]["sources"] == [{"file": f"inventory/oak/{DAY}/backups.csv", "line": 3, "column": None}]
    assert fails["OAK-2"]["title"] == "Backup 'files-nightly' last succeeded on 14 February 2026"
    # Three days are too many for the one that holds a database, which only the installs know.
    assert fails["OAK-3"]["evidence"] == {
        "succeeded_on": "2026-02-26", "holds_database": True, "job": "plan-weekly", "offline": True, "restored_on": None,
    }  # fmt: skip


def test_who_has_no_backup_listed_is_not_known_and_never_passes(desk: Desk) -> None:
    unknown = {(f["council"], f["subject"]): f for f in found(desk) if f["outcome"] == "unknown"}
    # Elm sends no list at all; NEW-9 is an asset because the list names it, and nobody knows its software.
    assert set(unknown) == {("elm", "no backup"), ("oak", "new-nightly")}
    assert unknown["oak", "new-nightly"]["evidence"] == {"assets": ["NEW-9"], "missing": ["holds_database"]}


def test_a_row_that_lacks_what_it_needs_is_refused_and_named(desk: Desk) -> None:
    warnings = desk.json("findings")["warnings"]
    assert f"inventory/oak/{DAY}/backups.csv:4: 1 of 5 rows refused; the first: job is empty" in warnings


def test_its_cases_run_beside_ours(desk: Desk) -> None:
    cases = desk.json("checks", "test", "backup.too-old")["cases"]
    assert {c["expected"] for c in cases} == {"pass", "fail", "unknown"}
    assert all(c["expected"] == c["engine"] == c["witness"] for c in cases)


def test_the_shelf_and_the_record_say_which_package_it_came_with(desk: Desk) -> None:
    listed = {c["id"]: c for c in desk.json("checks", "list")["checks"]}
    one = listed["backup.too-old"]
    assert (one["table"], one["package"], one["file"]) == (
        "backups", "secscan-backups 1.0", "secscan-backups/backup/too_old.py",
    )  # fmt: skip
    source = desk.site / "secscan_backups/checks/backup/too_old.py"
    assert one["sha256"] == files.sha256(source.read_bytes())
    assert listed["patching.fix-overdue"]["package"] is None
    assert "It came with secscan-backups 1.0" in desk.run("checks", "show", "backup.too-old")
    from secscan import history

    with history.Store.open(desk.root / "state" / "history.db", create=False) as store:
        facts = store.runs()[-1].facts
    assert facts["packages"] == {"backup.too-old": "secscan-backups 1.0"}
    assert facts["checks"]["backup.too-old"] == one["sha256"]
    assert facts["tables"]["backups"]["package"] == "secscan-backups 1.0"


def test_explain_works_it_out_again(desk: Desk) -> None:
    (one,) = (f for f in found(desk) if f["asset"] == "OAK-2")
    said = desk.json("explain", one["fingerprint"])
    assert said["why"] == "succeeded_on (14 February 2026) plus 7 days is before 1 March 2026"
    assert {"file": f"inventory/oak/{DAY}/backups.csv", "line": 3} in [f["source"] for f in said["facts"]]


def test_questions_to_the_workspace_read_its_source_as_a_scan_does(desk: Desk) -> None:
    assert desk.json("explain", "OAK-1")["subject"]["asset"] == "OAK-1"
    assert desk.json("explain", "BKP-01")["check"]["file"] == "secscan-backups/backup/too_old.py"
    assert desk.json("exposure", "--to", "OAK-2", "--council", "oak", "--port", "tcp/445", "--from", "users")["answers"]
    assert desk.json("doctor", codes=(0, 3))["items"]


def test_a_new_check_may_be_written_over_its_table(desk: Desk) -> None:
    desk.run("checks", "new", "backup.not-offline", "--over", "backups", "--into", "own")
    text = (desk.root / "own/backup/not_offline.py").read_text()
    assert "from secscan_backups.table import Backups\n" in text and "def not_offline(backup: Backups" in text
    assert desk.json("checks", "test", "backup.not-offline", "--checks", "own", codes=(0, 1))["cases"]


def test_without_the_package_its_words_mean_nothing_and_one_line_says_so(desk: Desk, tmp_path: Path) -> None:
    bare = Desk(desk.root, tmp_path)
    said = bare.run("policy", "lint", codes=(2,))
    assert "policies/overlay.yaml:9:12: unknown check 'backup.too-old'" in said
    said = bare.run("scan", codes=(2,))
    assert "secscan.yaml:11:9: there is no table 'backups'; there are assets, software, services, fixes" in said


def test_an_export_for_its_table_may_be_imported(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "more.csv").write_text("Tag,Job\nOAK-1,daily\n")
    words = ("import", tmp_path / "more.csv", "--council", "oak", "--as", "table", "--dry-run")
    columns = ("--map", "asset_tag=Tag", "--map", "job=Job")
    (read,) = desk.json(*words, "--table", "backups", *columns)["files"]
    assert (read["rows_loaded"], read["new_source"]) == (1, None)
    assert "--table: there is no table 'backup'; did you mean 'backups'?" in desk.run(
        *words, "--table", "backup", *columns, codes=(2,)
    )


def test_a_builder_that_breaks_keeps_what_was_found_and_the_scan_says_why(desk: Desk, tmp_path: Path) -> None:
    shutil.copytree(desk.root, tmp_path / "partnership", symlinks=True)
    shutil.copytree(desk.site, tmp_path / "site")
    code = tmp_path / "site/secscan_backups/table.py"
    code.write_text(
        code.read_text().replace("    jobs, installs =", "    raise SystemExit('gone')\n    jobs, installs =")
    )
    broken = Desk(tmp_path / "partnership", tmp_path / "site")
    said = broken.json("scan", "--as-of", "2026-03-02", codes=(3,))
    assert not said["complete"]
    assert "BKP-01 judged nothing: table 'backups' of secscan-backups 1.0: SystemExit: gone" in said["warnings"]
    assert {f["asset"] for f in found(broken) if f["outcome"] == "fail"} == {"OAK-2", "OAK-3"}
    page = (broken.root / "reports/latest/evidence.html").read_text()
    assert "table &#39;backups&#39; of secscan-backups 1.0: SystemExit: gone" in page
    # Elsewhere the same run judged as ever.
    assert {f["control"] for f in broken.json("findings")["findings"]} >= {"LEG-01", "PAT-01"}
