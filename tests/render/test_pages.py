"""Rules that every page of every kind of run keeps: structure, policy, links, words."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.render.postures import partnership
from tests.render.reader import Element, Parser, Reader, cached, html_of

KINDS = ("partnership", "first_run", "empty", "with_words")
CASES = [(kind, name) for kind in KINDS[:3] for name in cached(kind)] + [
    ("with_words", n) for n in cached("with_words")
]


@pytest.fixture(params=CASES, ids=lambda c: f"{c[0]}-{c[1]}"[:60])
def page(request: pytest.FixtureRequest) -> str:
    kind, name = request.param
    return cached(kind)[name]


def test_every_element_is_closed_in_order(page: str) -> None:
    assert Reader(page).unbalanced == []


def test_nothing_outside_is_referred_to(page: str) -> None:
    reader = Reader(page)
    for element in reader.elements:
        for name in ("href", "src", "action", "poster", "srcset", "data", "xlink:href"):
            value = element.attributes.get(name, "")
            ours = value == "data:," or (element.tag == "img" and value.startswith("data:image/png;base64,"))
            assert not re.match(r"(?i)\s*([a-z][a-z0-9+.-]*:|//)", value) or ours, (element.tag, value)
    assert "@import" not in page
    assert "url(" not in page


def test_no_style_attribute_and_no_event_attribute(page: str) -> None:
    for element in Reader(page).elements:
        assert "style" not in element.attributes
        assert not [a for a in element.attributes if a.startswith("on")]


def test_the_policy_allows_exactly_the_style_and_script_of_the_page(page: str) -> None:
    reader = Reader(page)
    policies = [
        e.attributes["content"]
        for e in reader.all("meta")
        if e.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert len(policies) == 1
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert style is not None and script is not None
    rules = dict(rule.strip().split(" ", 1) for rule in policies[0].split(";"))
    assert rules == {
        "default-src": "'none'", "style-src": f"'{sha(style.group(1))}'", "script-src": f"'{sha(script.group(1))}'", "img-src": "data:",
        "base-uri": "'none'", "form-action": "'none'",
    }  # fmt: skip
    assert [e.attributes.get("http-equiv") for e in reader.all("meta") if "http-equiv" in e.attributes] == [
        "Content-Security-Policy"
    ]


def sha(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def test_ids_are_unique_and_every_reference_to_one_holds(page: str) -> None:
    reader = Reader(page)
    ids = [e.attributes["id"] for e in reader.elements if "id" in e.attributes]
    assert len(ids) == len(set(ids)), [i for i in ids if ids.count(i) > 1][:3]
    for element in reader.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            for wanted in element.attributes.get(name, "").split():
                assert wanted in ids, (element.tag, wanted)


def test_one_heading_of_the_first_level_and_none_is_skipped(page: str) -> None:
    levels = [int(e.tag[1]) for e in Reader(page).all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels)), levels


def test_landmarks_language_and_skip_link(page: str) -> None:
    reader = Reader(page)
    assert reader.elements[0].attributes["lang"] == "en-GB"
    assert len(reader.all("main")) == len(reader.all("footer")) == len(reader.all("header")) == 1
    first = next(e for e in reader.elements if e.tag == "a")
    assert first.attributes["href"] == "#main" and reader.by_id("main") is not None
    labels = [e.attributes.get("aria-label") for e in reader.all("nav")]
    assert all(labels) and len(labels) == len(set(labels))
    current = [e for e in reader.all("a") if "aria-current" in e.attributes]
    assert len(current) == 1


def test_every_table_has_a_caption_headers_and_a_region_that_can_be_focused(page: str) -> None:
    for table in Reader(page).all("table"):
        assert [c.tag for c in table.children][:2] == ["caption", "thead"]
        assert table.children[0].text
        assert table.parent is not None and table.parent.attributes.get("role") == "region"
        assert table.parent.attributes.get("tabindex") == "0"
        heads = table.children[1].children[0].children
        for row in (r for part in table.children[2:] for r in part.children):
            assert [c.tag for c in row.children] == ["th", *["td"] * (len(heads) - 1)]
            assert [c.attributes["data-label"] for c in row.children[1:]] == [h.text for h in heads[1:]]


def test_every_drawing_is_described_and_its_numbers_are_in_a_table(page: str) -> None:
    reader = Reader(page)
    for svg in reader.all("svg"):
        assert svg.attributes["role"] == "img"
        title, description = svg.children[0], svg.children[1]
        assert (title.tag, description.tag) == ("title", "desc")
        assert title.text and len(description.text) > 40
        assert svg.attributes["aria-labelledby"].split() == [title.attributes["id"], description.attributes["id"]]
        assert table_after(reader, svg) is not None


def table_after(reader: Parser, element: Element) -> Element | None:
    return next((e for e in reader.elements[reader.elements.index(element) :] if e.tag == "table"), None)


def test_every_page_says_how_far_to_rely_on_it_and_what_it_is(page: str) -> None:
    reader = Reader(page)
    rely = reader.by_id("rely")
    assert rely is not None and rely.text == "How far you can rely on this page"
    footer = reader.all("footer")[0].text
    for said in ("This page works offline", "This is not a GOV.UK page", "SHA-256 of data/posture.json", "glossary"):
        assert said in footer


@pytest.mark.parametrize("kind", KINDS)
def test_every_link_leads_to_a_file_and_a_place_that_exist(kind: str) -> None:
    made = cached(kind)
    ids = {
        name: {e.attributes["id"] for e in Reader(text).elements if "id" in e.attributes} for name, text in made.items()
    }
    others = re.compile(r"data/[a-z-]+\.csv|data/posture\.json|manifest\.json|NOTICE\.txt")
    for name, text in made.items():
        for link in (e.attributes["href"] for e in Reader(text).all("a")):
            file, _, place = link.partition("#")
            if others.fullmatch(file):
                continue
            assert (file or name) in made, (name, link)
            assert not place or place in ids[file or name], (name, link)


def test_the_same_posture_gives_the_same_bytes() -> None:
    assert html_of(partnership()) == html_of(partnership())


def test_sample_data_says_so_and_real_data_does_not() -> None:
    assert "Sample data" in cached("partnership")["legacy.html"]
    assert "Sample data" not in html_of(replace(partnership(), sample=False))["legacy.html"]


def test_the_marking_is_at_the_top_and_the_foot_of_every_page() -> None:
    for text in cached("partnership").values():
        reader = Reader(text)
        assert "OFFICIAL-SENSITIVE" in reader.all("header")[0].text
        assert "OFFICIAL-SENSITIVE" in reader.all("footer")[0].text


def test_no_page_calls_anything_compliant() -> None:
    assert not [n for n, text in cached("partnership").items() if "complian" in Reader(text).shown.lower()]


def test_dates_are_written_as_people_write_them() -> None:
    for name, text in cached("partnership").items():
        shown = Reader(text).shown
        loose = re.findall(r"(?<![\w/-])\d{4}-\d{2}-\d{2}(?![\w/-])", shown.replace("--as-of 2026-10-31", ""))
        assert not loose, (name, loose[:3])
