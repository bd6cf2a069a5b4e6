"""A week of three councils with 20,000 findings each: the budget is one second; the figures are printed."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest

from secscan.history import Store
from tests.history.made import COUNCILS, DAY, Measure, many, run

BUDGET_SECONDS = 1.0
SLACK = 4
"""For slow machines: a fault worth a red test is an order of magnitude. Processor time, so that neighbours do not count."""


@pytest.mark.no_cover  # counting lines costs more than the work
def test_a_weekly_run_of_sixty_thousand_findings_is_within_its_budget(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    measures = [Measure(council, "coverage", 1, 2) for council in COUNCILS]
    weeks = [("first", many()), ("same again", many()), ("5% other", many(changed=1000)), ("5% back", many())]
    path = tmp_path / "history.db"
    took, sizes = {}, {}
    with Store.open(path, create=True) as store:
        for number, (name, found) in enumerate(weeks):
            week = run(found, DAY + timedelta(days=7 * number), measures=measures)
            started = time.process_time()
            told = store.record(week)
            took[name], sizes[name] = time.process_time() - started, path.stat().st_size
            if number >= 2:
                assert (told.opened + told.reopened, told.closed) == (3000, 3000)
        started = time.process_time()
        assert store.verify().ok
        took["verify"] = time.process_time() - started
    with capsys.disabled():
        figures = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in took.items())
        print(f"\nhistory, 60,000 findings: {figures}; {sizes['same again'] / 1e6:.0f} MB")
    assert took["same again"] < BUDGET_SECONDS * SLACK
    assert took["5% other"] < BUDGET_SECONDS * SLACK
    assert sizes["same again"] - sizes["first"] < 1_000_000
