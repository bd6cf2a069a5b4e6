"""The report of the shipped sample in a real browser: every page, wide and narrow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from secscan.cli.main import run
from tests.chromium import NEEDED, WIDTHS, Watched, barriers, names, of_each_kind
from tests.once import once

pytestmark = NEEDED

LAST = "2026-03-31"
SCANS = ("2026-01-31", "2026-02-28", LAST)
PARTS = 6
"""A device's page is made by the same template as the next, yet how its words wrap is its own: all are opened. There are
hundreds, so each part is a test of its own and workers share them."""


def scan_sample(place: Path) -> None:
    assert run(["init", str(place), "--sample", "--sample-end", LAST, "-q"]) == 0
    for day in SCANS:
        report = [] if day == LAST else ["--no-report"]
        assert run(["-w", str(place), "scan", "--as-of", day, "-q", *report]) in (
            0,
            3,
        )  # its exports have faults on purpose


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "sample", scan_sample) / "reports" / "latest"


@pytest.fixture(scope="module", params=WIDTHS)
def watched(request: pytest.FixtureRequest, browser: Any) -> Iterator[Watched]:
    made = Watched(browser, request.param)
    yield made
    made.context.close()


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_for_everybody_fits_its_screen_and_stands_alone(
    watched: Watched, report: Path, part: int
) -> None:
    pages = names(report)[part::PARTS]
    assert len(pages) > 10
    found = []
    for name in pages:
        page = watched.open(report / name)
        wide, shown = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        found += [f"{name} is {wide} wide on a screen of {shown}"] if wide > shown else []
        found += [watched.quiet(report / name), barriers(page)]
    assert not any(found), "\n".join(f for f in found if f)


def test_every_table_that_sorts_does_so_by_keyboard(browser: Any, report: Path) -> None:
    watched = Watched(browser, 1280)
    sorted_tables = 0
    for name in of_each_kind(names(report)):
        page = watched.open(report / name)
        page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
        for table in page.locator("table[data-sortable]").all():
            head = table.locator("thead th").last
            keys = "t => [...t.tBodies[0].rows].map(r => r.cells[r.cells.length - 1].dataset.sort)"
            before = table.evaluate(keys)
            head.locator("button").focus()
            page.keyboard.press("Enter")
            assert head.get_attribute("aria-sort") == "ascending", name
            up = table.evaluate(keys)
            page.keyboard.press("Space")
            assert head.get_attribute("aria-sort") == "descending", name
            down = table.evaluate(keys)
            assert sorted(before) == sorted(up) == sorted(down), name
            blanks = before.count("")
            assert up[len(up) - blanks :] == down[len(down) - blanks :] == [""] * blanks, name
            values = [k for k in up if k != ""]
            assert len(set(values)) < 2 or (up[0], down[0]) == (values[0], values[-1]), name
            assert any(s.endswith("descending") for s in page.locator("[role=status]").all_inner_texts()), name
            sorted_tables += 1
        assert not watched.quiet(report / name)
    assert sorted_tables
    watched.context.close()


def test_a_kind_that_repeats_is_seen_three_times_and_no_kind_is_left_out() -> None:
    every = ["index.html", "system-a.html", "system-b.html", "system-c.html", "system-d.html", "not-seen.html"]
    assert of_each_kind(every) == ["index.html", "not-seen.html", "system-a.html", "system-b.html", "system-c.html"]
