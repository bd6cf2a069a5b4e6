"""Every term and abbreviation that the pages use is explained, in plain words."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from secscan.doors.files import shipped
from secscan.model.posture import Posture
from secscan.render import words
from secscan.render.pages.glossary import terms
from tests.render.postures import partnership
from tests.render.reader import Reader, cached, html_of

SPOKEN = {name.lower() for t in terms() for name in (t.term, *t.also)}
OUR_NAMES = {"GOV.UK", "GOV", "UK"}
"""A name in the footer, not a term."""


def explained(word: str) -> bool:
    return any(re.search(rf"(?<![\w-]){re.escape(word.lower())}(?![\w-])", name) for name in SPOKEN)


@pytest.mark.parametrize(
    "word",
    [*words.COLOURS, *words.PROTECTIONS.values(), *words.EXCEPTION_STATES.values(), *words.INPUT_STATES.values()],
)
def test_every_word_for_a_result_has_an_entry(word: str) -> None:
    assert explained({"In force": "Exception", "Not yet": "Exception"}.get(word, word)), word


def test_every_term_that_a_template_links_has_an_entry() -> None:
    known = {t.id for t in terms()}
    for template in (shipped("reports") / "templates").glob("*.html"):
        used = set(re.findall(r"term\(\"([a-z-]+)\"", template.read_text(encoding="utf-8")))
        assert used <= known, (template.name, used - known)


def worded(value: Any) -> Any:
    """The posture with every text in lower case, so that capitals on a page can only be ours."""
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: worded(getattr(value, f.name)) for f in fields(value)})
    if isinstance(value, str):
        return value.lower()
    if isinstance(value, dict):
        return {k: worded(v) for k, v in value.items()}
    return [worded(v) for v in value] if isinstance(value, list) else value


def test_no_abbreviation_is_used_without_an_entry() -> None:
    quiet: Posture = worded(partnership())
    for name, text in html_of(quiet).items():
        shown = Reader(text).shown
        for found in set(re.findall(r"\b[A-Z]{2,}(?:-[A-Z0-9]+)*\b", shown)) - OUR_NAMES:
            assert explained(found), (name, found)


def test_the_test_above_sees_abbreviations() -> None:
    found = {
        a
        for text in html_of(worded(partnership())).values()
        for a in re.findall(r"\b[A-Z]{2,}(?:-[A-Z0-9]+)*\b", Reader(text).shown)
    }
    assert {"SHA-256", "MIT"} <= found
    assert not explained("XDR")


@pytest.mark.parametrize(
    "word",
    ["like for like", "way in", "protection", "exception", "finding", "zone", "coverage", "digest", "silent", "ICT"],
)
def test_words_of_the_trade_have_an_entry(word: str) -> None:
    assert explained(word)


def test_entries_are_short_and_say_why_they_matter() -> None:
    for t in terms():
        for text in (t.meaning, t.matters):
            assert text.endswith("."), t.id
            for sentence in re.split(r"(?<=[.?!])\s+", text):
                assert len(sentence.split()) <= 25, (t.id, sentence)


def test_entries_are_in_order_and_none_twice() -> None:
    names = [t.term.lower() for t in terms()]
    assert names == sorted(names) and len(names) == len(set(names))


def test_every_page_leads_to_the_glossary_and_the_glossary_back() -> None:
    made = cached("partnership")
    assert all('href="glossary.html"' in text for text in made.values())
    assert 'Used on: <a class="govuk-link" href="index.html">' in made["glossary.html"]


def spoken_on(page: str) -> set[str]:
    """The entries whose names stand in the page's own part, as whole words; the list of words itself left out."""
    reader = Reader(page)
    main = reader.all("main")[0].text.lower()
    for e in reader.elements:
        if "app-words" in e.attributes.get("class", ""):
            main = main.replace(e.text.lower(), " ")
    return {
        t.id
        for t in terms()
        if any(re.search(rf"(?<![\w-]){re.escape(n.lower())}(?![\w-])", main) for n in (t.term, *t.also))
    }


@pytest.mark.parametrize("kind", ["partnership", "first_run", "empty"])
def test_every_page_links_each_term_that_it_uses(kind: str) -> None:
    for name, text in cached(kind).items():
        if name != "glossary.html":
            missing = spoken_on(text) - set(re.findall(r'href="glossary\.html#term-([a-z0-9-]+)"', text))
            assert not missing, (name, missing)


def test_a_page_says_far_fewer_words_than_there_are() -> None:
    """The list follows what a page says: it is not the whole glossary on every page."""
    linked = {n: set(re.findall(r"#term-([a-z0-9-]+)", text)) for n, text in cached("partnership").items()}
    assert "release-line" in linked["legacy-ending.html"] and "release-line" not in linked["exceptions.html"]
    assert "sample" in linked["evidence.html"] and "excluded" not in linked["exceptions.html"]


def test_text_from_an_inventory_cannot_stand_for_the_list_of_words() -> None:
    odd = replace(partnership(), partnership="<!--words-->", title="<!--words-->")
    for name, text in html_of(odd).items():
        assert text.count('class="govuk-details app-words"') == (name != "glossary.html"), name
