"""The pages in a real browser: for everybody, with nothing fetched, and with hostile text doing nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from secscan.doors.run import find, run
from secscan.render import site
from tests.chromium import NEEDED, WIDTHS, Watched, barriers, names, without_policy
from tests.render import hostile, postures

pytestmark = NEEDED


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for name, posture in (
        ("partnership", postures.partnership()), ("empty", postures.empty()), ("hostile", hostile.everything()),
        ("hostile-words", hostile.with_words()),
    ):  # fmt: skip
        made[name] = tmp_path_factory.mktemp(name)
        site(posture, made[name])
    return made


@pytest.fixture(scope="module", params=WIDTHS)
def watched(request: pytest.FixtureRequest, browser: Any) -> Iterator[Watched]:
    made = Watched(browser, request.param)
    yield made
    made.context.close()


@pytest.mark.parametrize("kind", ["partnership", "empty"])
def test_axe_finds_no_barrier_on_any_page(watched: Watched, folders: dict[str, Path], kind: str) -> None:
    found = [barriers(watched.open(folders[kind] / name)) for name in names(folders[kind])]
    assert not any(found), "\n".join(found)


def test_pages_fetch_nothing_and_complain_of_nothing(watched: Watched, folders: dict[str, Path]) -> None:
    for name in names(folders["partnership"]):
        path = folders["partnership"] / name
        watched.open(path)
        assert watched.requests == [path.as_uri()], name
        assert watched.console == [], name


def test_no_page_scrolls_sideways(watched: Watched, folders: dict[str, Path]) -> None:
    for kind in ("partnership", "empty", "hostile-words"):
        for name in names(folders[kind]):
            page = watched.open(folders[kind] / name)
            wide = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
            assert wide[0] <= wide[1], (kind, name, wide)


def test_no_table_is_cut_off_on_a_wide_screen(browser: Any, folders: dict[str, Path]) -> None:
    watched = Watched(browser, 1280)
    for name in names(folders["partnership"]):
        page = watched.open(folders["partnership"] / name)
        cut = page.evaluate(
            "[...document.querySelectorAll('.app-scroll')].filter(e => e.scrollWidth > e.clientWidth).map(e => e.innerText.slice(0, 60))"
        )
        assert cut == [], name
    watched.context.close()


def test_the_first_screen_holds_the_answer_the_figures_and_the_gap(browser: Any, folders: dict[str, Path]) -> None:
    watched = Watched(browser, 1280)
    page = watched.open(folders["partnership"] / "index.html")
    for selector in (".app-answer", ".app-figures", ".govuk-notification-banner"):
        box = page.locator(selector).bounding_box()
        assert box["y"] + box["height"] <= 900, selector
    watched.context.close()


def test_a_table_sorts_by_keyboard_and_says_so(browser: Any, folders: dict[str, Path]) -> None:
    watched = Watched(browser, 1280)
    page = watched.open(folders["partnership"] / "legacy.html")
    table = page.locator("table[data-sortable]").first
    head = table.locator("thead th").nth(3)

    def ended() -> list[str]:
        keys: list[str] = table.locator("tbody tr > :nth-child(4)").evaluate_all(
            "cells => cells.map(c => c.dataset.sort)"
        )
        return keys

    before = ended()
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert ended() == sorted(before)
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "descending"
    assert ended() == sorted(before, reverse=True)
    assert table.locator("th[aria-sort=ascending]").count() == 0
    assert "Sorted by Support ended, descending" in page.locator("[role=status]").all_inner_texts()
    assert sorted(before) == sorted(ended())
    watched.context.close()


def test_without_the_script_everything_is_there(browser: Any, folders: dict[str, Path]) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folders["partnership"] / "legacy.html").as_uri())
    assert page.locator("#register-caption").count() == 1
    assert page.locator("table >> nth=0").locator("tbody tr").count() == len(postures.register())
    context.close()


@pytest.mark.parametrize("kind", ["hostile", "hostile-words"])
@pytest.mark.parametrize("stripped", [False, True], ids=["policy-on", "policy-off"])
def test_hostile_text_runs_nothing_fetches_nothing_and_goes_nowhere(
    browser: Any, folders: dict[str, Path], tmp_path: Path, kind: str, stripped: bool
) -> None:
    watched = Watched(browser, 1280)
    for name in names(folders[kind]):
        path = folders[kind] / name
        if stripped:
            path = without_policy(path, tmp_path)
        page = watched.open(path)
        page.wait_for_timeout(50)
        assert page.evaluate("window.pwned === undefined && document.querySelector('[data-pwned]') === null"), name
        assert "pwned" not in page.title().split("<")[0], name
        assert watched.requests == [path.as_uri()], name
        assert watched.navigations == [path.as_uri()], name
        assert watched.dialogs == [] and watched.console == [], name
    watched.context.close()


def test_the_policy_stops_what_escaping_would_have_let_through(
    browser: Any, folders: dict[str, Path], tmp_path: Path
) -> None:
    text = (folders["partnership"] / "exceptions.html").read_text(encoding="utf-8")
    attack = "<script>window.pwned=1</script><img src=x onerror='window.pwned=1'><p style='color:red' id=red>x</p>"
    path = tmp_path / "attacked.html"
    path.write_text(text.replace("</main>", attack + "</main>"), encoding="utf-8")
    watched = Watched(browser, 1280)
    page = watched.open(path)
    assert page.evaluate("window.pwned === undefined")
    assert page.evaluate("getComputedStyle(document.getElementById('red')).color") != "rgb(255, 0, 0)"
    assert any("Content Security Policy" in line for line in watched.console)
    watched.context.close()


PAPER = 1032
"""A4 across without its margins, in the browser's dots."""
PDFTOTEXT = find("pdftotext")


@pytest.fixture(scope="module")
def printed(browser: Any, folders: dict[str, Path]) -> Iterator[Watched]:
    made = Watched(browser, PAPER)
    made.page.emulate_media(media="print")
    yield made
    made.context.close()


def test_no_table_is_wider_than_paper_and_nothing_of_the_screen_is_left(
    printed: Watched, folders: dict[str, Path]
) -> None:
    for kind in ("partnership", "hostile-words"):
        for name in names(folders[kind]):
            page = printed.open(folders[kind] / name)
            wide = page.evaluate(
                "[...document.querySelectorAll('.app-scroll table')].filter(t => t.getBoundingClientRect().right > innerWidth + 1)"
                ".map(t => t.innerText.slice(0, 60))"
            )
            assert wide == [], (kind, name)
            left = ".govuk-skip-link, nav, .app-jump, .govuk-details__summary, .app-arrow, .app-chart__narrow"
            assert not [e for e in page.locator(left).all() if e.is_visible()], (kind, name)


def test_everything_folded_is_open_on_paper(printed: Watched, folders: dict[str, Path]) -> None:
    seen = 0
    for name in names(folders["partnership"]):
        page = printed.open(folders["partnership"] / name)
        for text in page.locator(".govuk-details:not(.app-words) .govuk-details__text").all():
            assert text.bounding_box()["height"] > 20, name
            seen += 1
    assert seen > 10


@pytest.mark.skipif(PDFTOTEXT is None, reason="not installed here: pdftotext (poppler-utils)")
def test_every_printed_page_has_its_marking_its_number_and_the_heads_of_its_table(browser: Any, tmp_path: Path) -> None:
    whole = postures.partnership()
    long = [postures.finding("alderbeck", f"AB-PC-{n:03}", "Microsoft Edge") for n in range(60)]
    site(replace(whole, findings=long, marking='OFFICIAL "a\\b" <c>'), tmp_path / "r")
    watched = Watched(browser, 1280)
    page = watched.open(tmp_path / "r" / "council-alderbeck.html")
    page.pdf(path=str(tmp_path / "page.pdf"), prefer_css_page_size=True)
    watched.context.close()
    text = run(["pdftotext", "-layout", str(tmp_path / "page.pdf"), "-"], seconds=30).out.decode()
    sheets = text.split("\f")[:-1]
    assert len(sheets) > 5
    for number, sheet in enumerate(sheets, 1):
        assert 'OFFICIAL "a\\b" <c>' in sheet, number
        assert f"{number} of {len(sheets)}" in sheet
    inside = [s for s in sheets if s.count("secscan explain") > 3]
    assert inside[1:] and all("Device and owner" in s for s in inside[1:])


def test_paper_shows_the_numbers_behind_the_chart_and_no_menu(browser: Any, folders: dict[str, Path]) -> None:
    watched = Watched(browser, 1280)
    page = watched.open(folders["partnership"] / "index.html")
    page.emulate_media(media="print")
    assert not page.locator("nav").first.is_visible()
    assert (
        page.locator("#patched-on-time-numbers-caption").evaluate(
            "e => e.closest('table').getBoundingClientRect().height"
        )
        > 100
    )
    watched.context.close()
