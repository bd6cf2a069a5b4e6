"""The register of exceptions: which findings each accepts, and which count again once it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from secscan.findings.registers import exceptions
from secscan.model.policy import Policy, RiskException
from secscan.model.posture import FindingRow
from tests.render.postures import finding

TODAY = date(2026, 10, 31)
GIVEN = RiskException(
    id="E1", control="LEG-01", council="alderbeck", asset="ab-1", until=TODAY - timedelta(days=1), owner="Owner",
    approver="Approver", reason="r", starts=date(2026, 1, 1),
)  # fmt: skip
WINDOWS = finding("alderbeck", "AB-1", "windows", control="LEG-01")
SQL = finding("alderbeck", "AB-1", "sql", control="LEG-01")
OTHERS = [
    finding("brackenford", "AB-1", "windows", control="LEG-01"), finding("alderbeck", "AB-2", "windows", control="LEG-01"),
    finding("alderbeck", "AB-1", "windows", control="PAT-01"),
    finding("alderbeck", "AB-1", "java", control="LEG-01", outcome="unknown"),
]  # fmt: skip


def told(given: RiskException, *found: FindingRow) -> tuple[str, list[str]]:
    (row,) = exceptions(Policy(name="p", version="1", controls=(), exceptions=(given,)), found, TODAY)
    assert (row.starts, row.until) == (given.starts, given.until)
    return row.state, row.findings


def test_an_exception_past_its_day_names_the_findings_that_count_again() -> None:
    assert told(GIVEN, WINDOWS, SQL, *OTHERS) == ("overdue", [WINDOWS.fingerprint, SQL.fingerprint])


def test_one_that_named_a_subject_names_only_that() -> None:
    assert told(replace(GIVEN, subject="sql"), WINDOWS, SQL) == ("overdue", [SQL.fingerprint])


def test_what_another_exception_accepts_now_does_not_count_again() -> None:
    renewed = replace(WINDOWS, exception="E2", status="accepted")
    assert told(GIVEN, renewed, SQL) == ("overdue", [SQL.fingerprint])


def test_one_in_force_names_what_it_accepts_and_one_that_accepts_nothing_is_unused() -> None:
    now = replace(GIVEN, until=TODAY)
    assert told(now, replace(WINDOWS, exception="E1", status="accepted"), SQL) == ("in-force", [WINDOWS.fingerprint])
    assert told(now, SQL) == ("unused", [])
