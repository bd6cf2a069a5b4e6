"""Is it getting better: by month, like for like, and never better for having seen less."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]


@pytest.fixture
def months(secscan: Run, scanned: Path) -> Path:
    """March, April with less software on oak's desktop, and June, when everything has fallen silent."""
    for day in ("2026-03-20", "2026-04-10", "2026-06-15"):
        secscan("-w", scanned, "scan", "--as-of", day, "--no-report")
    return scanned


def cells(text: str) -> list[dict[str, str]]:
    head, *rows = [line.split("\t") for line in text.splitlines()]
    return [dict(zip(head, row, strict=True)) for row in rows]


def test_json_is_the_contracts(secscan: Run, months: Path) -> None:
    told = secscan("-w", months, "trend", "open-findings", "--format", "json").json
    assert (told["schema"], told["measure"]) == ("secscan.trend/1", "open-findings")
    assert {"on", "council", "numerator", "denominator", "mark"} <= set(told["points"][0])
    assert [p["on"] for p in told["points"] if p["council"] == "oak"] == [
        "2026-03-01",
        "2026-03-20",
        "2026-04-10",
        "2026-06-15",
    ]


def test_without_a_measure_every_one_is_there(secscan: Run, months: Path) -> None:
    told = secscan("-w", months, "trend", "--format", "json").json
    assert told["measure"] is None
    assert {p["measure"] for p in told["points"]} == {
        "patched-on-time", "unsupported-unprotected", "coverage", "protections-proven", "open-findings",
        "source-agreement", "patching-known", "support-known", "exceptions-in-date", "seen-lately", "names-recognised",
        "came-back", "days-to-fix",
    }  # fmt: skip
    said = secscan("-w", months, "trend")
    rows = cells(said.out)
    assert "by name: patching-known, support-known," in said.err
    assert [r["month"] for r in rows] == ["2026-03", "2026-04", "2026-06", "since 2026-03-01"]
    assert "oak silent" in rows[2]["marks"]


def test_the_table_has_a_row_a_month_and_says_what_cannot_be_compared(secscan: Run, months: Path) -> None:
    rows = cells(secscan("-w", months, "trend", "patched-on-time").out)
    assert [(r["month"], r["as of"]) for r in rows] == [
        ("2026-03", "2026-03-20"), ("2026-04", "2026-04-10"), ("2026-06", "2026-06-15"),
    ]  # fmt: skip
    assert rows[0]["oak"] == "0% (0 of 2)"
    assert rows[0]["since the month before"] == ""
    assert "[silent]" in rows[2]["oak"] and rows[2]["together"] == "not known"
    assert rows[2]["since the month before"] == "data is missing: not compared"
    assert rows[2]["results known"] != rows[1]["results known"]


def test_days_are_never_added_up_over_councils_nor_compared_over_runs(secscan: Run, months: Path) -> None:
    rows = cells(secscan("-w", months, "trend", "days-to-fix").out)
    assert {r["since the month before"] for r in rows} == {"other findings each time: not compared"}
    assert all("%" not in r[c] for r in rows for c in ("oak", "elm", "together"))
    assert all(re.fullmatch(r"\d+ days|\d+ to \d+ days|none closed", r["together"]) for r in rows)


def test_one_council_alone(secscan: Run, months: Path) -> None:
    rows = cells(secscan("-w", months, "trend", "coverage", "--council", "elm").out)
    assert "oak" not in rows[0] and rows[0]["elm"] == rows[0]["together"] == rows[0]["results known"]


def test_as_of_an_earlier_day_knows_no_later_one(secscan: Run, months: Path) -> None:
    told = secscan("-w", months, "trend", "coverage", "--as-of", "2026-03-25", "--format", "json").json
    assert {p["on"] for p in told["points"]} == {"2026-03-01", "2026-03-20"}


def test_a_measure_that_is_none_is_helped(secscan: Run, scanned: Path) -> None:
    said = secscan("-w", scanned, "trend", "open-finding")
    assert said.code == 2 and "did you mean 'open-findings'?" in said.err


def test_one_run_says_that_there_is_nothing_to_compare_yet(secscan: Run, scanned: Path) -> None:
    said = secscan("-w", scanned, "trend", "coverage")
    assert len(said.out.splitlines()) == 2 and "nothing to compare with yet" in said.err


def test_csv_is_the_points(secscan: Run, months: Path) -> None:
    rows = secscan("-w", months, "trend", "coverage", "--format", "csv").out.splitlines()
    assert rows[0] == "measure,on,council,numerator,denominator,mark" and len(rows) == 1 + 4 * 2
