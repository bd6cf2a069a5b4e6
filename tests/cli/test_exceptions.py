"""Accepted risks at the command line: what ran out is first, and a check that a timer can rely on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]
MORE = """exceptions:
  - {id: EXC-1, control: LEG-01, council: oak, asset: OAK-3, from: 2026-01-01, until: 2026-03-15, owner: Head of Planning,
     approver: Chief Information Officer, reason: Replacement funded.}
  - {id: EXC-2, control: LEG-01, council: elm, asset: OAK-2, until: 2026-12-31, owner: Head of ICT,
     approver: Chief Information Officer, reason: Nothing fails here., renewed: 1}
  - {id: EXC-3, control: LEG-01, council: oak, asset: OAK-2, from: 2026-06-01, until: 2026-12-31, owner: Head of ICT,
     approver: Chief Information Officer, reason: Agreed from June.}
"""


@pytest.fixture
def accepted(workspace: Path) -> Path:
    (workspace / "policies/exceptions.yaml").write_text(MORE)
    return workspace


def listed(secscan: Run, workspace: Path, day: str) -> dict[str, Any]:
    told = secscan("-w", workspace, "exceptions", "list", "--as-of", day, "--format", "json").json
    return {e["id"]: e for e in told["exceptions"]}


@pytest.mark.parametrize(("day", "code"), [("2026-03-15", 0), ("2026-03-16", 1)])
def test_check_ends_with_1_from_the_day_after(secscan: Run, accepted: Path, day: str, code: int) -> None:
    said = secscan("-w", accepted, "exceptions", "check", "--as-of", day)
    assert said.code == code  # and that without a scan
    assert ("EXC-1 ended on 2026-03-15" in said.out) is bool(code)
    assert secscan("-w", accepted, "exceptions", "check", "--as-of", day, "--format", "json").json["ok"] is not bool(
        code
    )


def test_check_names_what_ends_soon_and_the_line_that_says_so(secscan: Run, accepted: Path) -> None:
    said = secscan("-w", accepted, "exceptions", "check", "--as-of", "2026-03-01", "--soon", "14")
    assert said.code == 0
    assert said.out.splitlines()[0].startswith("policies/exceptions.yaml:2:5: EXC-1 ends on 2026-03-15")
    assert said.out.splitlines()[-1].startswith("0 overdue, 1 that end within 14 days")
    quiet = secscan("-w", accepted, "exceptions", "check", "--as-of", "2026-03-01", "--soon", "13")
    assert "EXC-1" not in quiet.out


def test_check_looks_at_the_councils_asked_for(secscan: Run, accepted: Path) -> None:
    assert secscan("-w", accepted, "exceptions", "check", "--as-of", "2026-04-01", "--council", "elm").code == 0
    assert secscan("-w", accepted, "exceptions", "check", "--as-of", "2026-04-01", "--council", "oak").code == 1


def test_overdue_comes_first_then_unused(secscan: Run, accepted: Path) -> None:
    secscan("-w", accepted, "scan", "--as-of", "2026-03-01")
    found = listed(secscan, accepted, "2026-03-16")
    assert [(e["id"], e["state"]) for e in found.values()] == [
        ("EXC-1", "overdue"), ("EXC-2", "unused"), ("EXC-3", "not-yet"),
    ]  # fmt: skip
    assert (found["EXC-1"]["days_left"], found["EXC-2"]["renewed"]) == (-1, 1)
    assert found["EXC-1"]["source"] == {"file": "policies/exceptions.yaml", "line": 2}


def test_an_overdue_one_says_whether_it_still_fails(secscan: Run, accepted: Path) -> None:
    secscan("-w", accepted, "scan", "--as-of", "2026-03-01")
    assert listed(secscan, accepted, "2026-03-16")["EXC-1"]["findings"]
    assert "; it still fails" in secscan("-w", accepted, "exceptions", "check", "--as-of", "2026-03-16").out
    for name, was, now in (
        ("assets", "Windows Server 2008 R2 Standard,6.1.7601", "Windows Server 2022 Standard,10.0.20348"),
        ("software", "Microsoft SQL Server 2008 R2 (64-bit),10.50.6000.34", "Google Chrome,145.0.7632.46"),
        ("software", "OAK-3,,1.0,,\n", ""),  # a refused row would keep the finding: nobody knows what it said
    ):
        file = accepted / f"inventory/oak/2026-03-01/{name}.csv"
        file.write_text(file.read_text().replace(was, now))
    secscan("-w", accepted, "scan", "--as-of", "2026-03-01")
    assert (
        "nothing fails that it speaks about"
        in secscan("-w", accepted, "exceptions", "check", "--as-of", "2026-03-16").out
    )


def test_before_a_scan_nobody_knows_what_they_match(secscan: Run, accepted: Path) -> None:
    found = listed(secscan, accepted, "2026-03-01")
    assert {e["id"]: (e["state"], e["findings"]) for e in found.values()} == {
        "EXC-1": ("in-force", None), "EXC-2": ("in-force", None), "EXC-3": ("not-yet", None),
    }  # fmt: skip
    assert "nothing has been scanned yet" in secscan("-w", accepted, "exceptions", "list").err


def test_one_written_since_the_run_is_held_against_what_it_found(secscan: Run, workspace: Path) -> None:
    (workspace / "policies/exceptions.yaml").unlink()
    secscan("-w", workspace, "scan", "--as-of", "2026-03-01")
    (workspace / "policies/exceptions.yaml").write_text(MORE)
    found = listed(secscan, workspace, "2026-03-02")
    assert (found["EXC-1"]["state"], len(found["EXC-1"]["findings"])) == ("in-force", 2)
    assert found["EXC-2"]["state"] == "unused"


def test_none_at_all_is_no_fault(secscan: Run, workspace: Path) -> None:
    (workspace / "policies/exceptions.yaml").unlink()
    assert secscan("-w", workspace, "exceptions", "list").code == 0
    assert secscan("-w", workspace, "exceptions", "check").out.startswith("0 overdue, 0 that end")


def test_csv_has_all_that_json_has(secscan: Run, accepted: Path) -> None:
    header = secscan("-w", accepted, "exceptions", "list", "--format", "csv").out.splitlines()[0]
    assert (
        header
        == "exception,state,until,council,control,asset,accepts,owner,at,days_left,subject,approver,renewed,reason"
    )
