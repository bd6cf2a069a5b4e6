"""Inventory text is hostile everywhere: whatever it holds, pages show it as text and spreadsheets read it as text."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import pytest

from secscan.doors.csv import recovered
from secscan.model.posture import Posture
from secscan.render import html as html_module
from secscan.render.data import tables
from tests.render import hostile
from tests.render.reader import Reader, cached, html_of, view_of

KINDS = ("everything", "with_words")
LOGO = r"data:image/png;base64,[A-Za-z0-9+/]+=*"


def test_every_field_is_attacked() -> None:
    _, hit = hostile.whole()
    plain = {(c, f.partition(".")[0]) for c, f in hit}
    missing = hostile.text_fields(Posture) - plain
    assert not missing, f"no attack reaches {sorted(missing)}: add text to them in postures.partnership()"


def test_a_new_field_would_be_noticed() -> None:
    @dataclass(frozen=True, kw_only=True)
    class New:
        name: str
        inner: Mapping[str, list[str]]
        word: Literal["a", "b"]
        count: int

    assert hostile.text_fields(New) == {("New", "name"), ("New", "inner")}


def dangers(page: str) -> list[str]:
    """What in a page came from data and is more than text."""
    reader = Reader(page)
    found = [f"<{e.tag}>" for e in reader.elements if "data-pwned" in e.attributes]
    found += [
        f"<{e.tag} {k}>"
        for e in reader.elements
        for k in e.attributes
        if k.startswith("on") or k in ("style", "srcdoc")
    ]
    found += [f"<{e.tag}>" for e in reader.all("iframe", "base", "object", "embed", "form", "textarea")]
    found += [
        "<img>"
        for e in reader.all("img")
        if not (e.inside("header") and re.fullmatch(LOGO, e.attributes.get("src", "")))
    ]
    if (len(reader.all("script")), len(reader.all("style"))) != (1, 1):
        found.append("another script or style")
    found += ["refresh" for e in reader.all("meta") if e.attributes.get("http-equiv", "").lower() == "refresh"]
    found += [
        v
        for e in reader.elements
        for k, v in e.attributes.items()
        if k in ("href", "src") and not re.fullmatch(rf"[A-Za-z0-9._/#-]+|data:,|{LOGO}", v)
    ]
    found += ["a template ran"] if re.search(r"\b1337\b", page) else []
    found += [repr(c) for c in set(page) if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u2066"]
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_text_stays_text_on_every_page(kind: str) -> None:
    for name, page in cached(kind).items():
        assert dangers(page) == [], name
        assert "pwned" not in re.sub(r"\.html|-", "", name)


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_text_is_shown_and_not_dropped(kind: str) -> None:
    shown = {name: Reader(page).shown for name, page in cached(kind).items()}
    assert "<script data-pwned>" in shown["index.html"]
    assert "<script data-pwned>" in shown["legacy.html"]


def test_without_escaping_the_test_would_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    html_module.environment.cache_clear()
    made = html_module.environment()
    monkeypatch.setattr(made, "autoescape", False)
    made.cache.clear()
    try:
        assert dangers(html_of(hostile.with_words())["legacy.html"])
    finally:
        html_module.environment.cache_clear()


def test_no_cell_of_a_data_file_is_a_formula() -> None:
    for name, text in tables(view_of(hostile.everything())).items():
        rows = list(csv.reader(io.StringIO(text)))
        assert len({len(r) for r in rows}) == 1, name
        for cell in (c for r in rows for c in r):
            assert not re.match(r"\s*[=+\-@\t\r]", cell) or re.fullmatch(r"-?\d+(\.\d+)?", cell), (name, cell[:40])


def test_a_neutralised_cell_can_be_recovered() -> None:
    rows = list(csv.reader(io.StringIO(tables(view_of(hostile.everything()))["legacy.csv"])))
    labels = {recovered(r[rows[0].index("label")]) for r in rows[1:]}
    assert any(label.startswith("=cmd|' /C calc'!A0 Windows 7") for label in labels)


def test_file_names_hold_nothing_of_the_inventory() -> None:
    assert all(re.fullmatch(r"[a-z0-9][a-z0-9._-]*\.html", name) for name in cached("everything"))
