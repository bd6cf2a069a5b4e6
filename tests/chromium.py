"""Headless Chromium for the tests of pages: what is needed, and a page that remembers what it did by itself."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))), None)
MISSING = [n for n in ("playwright", "axe_playwright_python") if importlib.util.find_spec(n) is None] + (
    [] if CHROMIUM else ["chromium"]
)
ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--no-first-run",
    "--disable-default-apps", "--disable-sync", "--mute-audio",
]  # fmt: skip
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]},
    "resultTypes": ["violations"],
    "preload": False,
}
ALIKE = """
() => {
  document.querySelectorAll("details").forEach(d => { d.open = true });
  const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
  const kept = new Map();
  for (const e of document.querySelectorAll("tbody > tr, li, dl > div, main details, main section")) {
    const shape = e.parentNode.tagName + e.outerHTML.replace(/>[^<]+/g, ">").replace(/ (id|href|data-sort|title|aria-label|aria-labelledby)="[^"]+"/g, " $1");
    kept.set(shape, (kept.get(shape) || 0) + 1);
    if (kept.get(shape) > 3) e.remove();
  }
  return ids.filter((id, at) => ids.indexOf(id) !== at);
}
"""
"""Opens all details and takes out rows after the third that differs in its words alone: axe looks at every element against
every other, and a register of a thousand rows would take it minutes. Answers the ids that are not unique in the whole page."""
WIDTHS = (1280, 360)
OF_A_KIND = 3

NEEDED = [
    pytest.mark.browser,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed here: {', '.join(MISSING)}"),
    pytest.mark.filterwarnings("default"),
]
"""The marks of a module that opens pages."""


class Watched:
    """A page, and everything it asked for, said or did by itself."""

    def __init__(self, browser: Any, width: int) -> None:
        self.context = browser.new_context(viewport={"width": width, "height": 900})
        self.page = self.context.new_page()
        self.requests: list[str] = []
        self.console: list[str] = []
        self.dialogs: list[str] = []
        self.navigations: list[str] = []
        self.page.on("request", lambda r: self.requests.append(r.url))
        self.page.on("console", lambda m: self.console.append(m.text) if m.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda e: self.console.append(str(e)))
        self.page.on("dialog", lambda d: (self.dialogs.append(d.message), d.dismiss()))
        self.page.on("framenavigated", lambda f: self.navigations.append(f.url))

    def open(self, path: Path) -> Any:
        for seen in (self.requests, self.console, self.dialogs, self.navigations):
            seen.clear()
        self.page.goto(path.as_uri())
        return self.page

    def quiet(self, path: Path) -> str:
        """What the page did beyond being opened; empty when nothing."""
        only = [path.as_uri()]
        did = {"asked for": [r for r in self.requests if r not in only], "said": self.console, "asked": self.dialogs,
               "went to": [n for n in self.navigations if n not in only]}  # fmt: skip
        return "; ".join(f"{path.name} {what} {seen}" for what, seen in did.items() if seen)


@contextmanager
def launched() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield made
        made.close()


def barriers(page: Any) -> str:
    """What axe finds on a page with all its details open, in words; empty when nothing. Rows are lost: open the page again."""
    from axe_playwright_python.sync_playwright import Axe

    twice = page.evaluate(ALIKE)
    results = Axe().run(page, options=RULES)
    found = [f"ids that are there twice: {twice}"] if twice else []
    found += [f"{page.url}\n{results.generate_report()}"] if results.violations_count else []
    return "\n".join(found)


def names(folder: Path) -> list[str]:
    return sorted(p.name for p in folder.glob("*.html"))


def of_each_kind(every: list[str]) -> list[str]:
    """Every page, but of those that repeat (their names share what stands before the first dash) the first three."""
    kinds: dict[str, list[str]] = {}
    for name in sorted(every):
        kinds.setdefault(name.partition("-")[0], []).append(name)
    return [name for repeated in kinds.values() for name in repeated[:OF_A_KIND]]


def without_policy(path: Path, place: Path) -> Path:
    """A copy of the page that lost its content security policy."""
    text, count = re.subn(r"<meta http-equiv=\"Content-Security-Policy\"[^>]*>", "", path.read_text(encoding="utf-8"))
    assert count == 1, path
    (place / path.name).write_text(text, encoding="utf-8")
    return place / path.name
