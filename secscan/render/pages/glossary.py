"""The glossary: one entry for each term the pages use, and where it is linked from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from secscan.doors.files import shipped
from secscan.render.html import NAV, Page
from secscan.render.view import View

_TAGS = re.compile(r"<[^>]*>")
_WORD = re.compile(r"[\w-]+")
NAMED = 3
"""Pages that an entry names; a word may stand on hundreds."""
_LINKED = re.compile(r'href="glossary\.html#term-([a-z0-9-]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    id: str
    term: str
    also: tuple[str, ...]
    """Other words and abbreviations for it."""
    meaning: str
    matters: str
    """Why it matters to a resident."""


@lru_cache(maxsize=1)
def terms() -> Sequence[Term]:
    """The entries of reports/glossary.yaml, by alphabet."""
    from secscan.doors.yaml import read

    data = read(shipped("reports") / "glossary.yaml", "reports/glossary.yaml").data
    found = [
        Term(
            id=key,
            term=entry["term"],
            also=tuple(entry.get("also") or ()),
            meaning=entry["meaning"],
            matters=entry["matters"],
        )
        for key, entry in data.items()
    ]
    return sorted(found, key=lambda t: t.term.lower())


def names() -> Mapping[str, str]:
    """Id to term, for links from other pages."""
    return {t.id: t.term for t in terms()}


@lru_cache(maxsize=1)
def _spoken() -> Sequence[tuple[Term, frozenset[str], Sequence[str]]]:
    """Each term with its names in small letters: those of one word, their plurals too, and those of several."""
    found = []
    for t in terms():
        names = [name.lower() for name in (t.term, *t.also)]
        single = [name for name in names if _WORD.fullmatch(name)]
        several = [name for name in names if name not in single]
        found.append((t, frozenset([*single, *(f"{name}s" for name in single)]), several))
    return found


def used(html: str) -> list[Term]:
    """The terms that a page's own part speaks of, by alphabet."""
    shown = _TAGS.sub(" ", html[html.find("<main") :]).lower()
    spoken = set(_WORD.findall(shown))
    return [
        t for t, single, several in _spoken() if not single.isdisjoint(spoken) or any(name in shown for name in several)
    ]


def build(view: View, pages: Mapping[str, tuple[str, str]]) -> Page:
    """``pages``: file name to (title, HTML) of the pages before it; each entry names those of the menu that link to it."""
    linked: dict[str, list[tuple[str, str]]] = {}
    for file, _ in NAV:
        title, html = pages.get(file, ("", ""))
        for key in dict.fromkeys(_LINKED.findall(html)):
            linked.setdefault(key, []).append((title, file))
    entries = [
        {"term": t, "linked": found[:NAMED], "more": max(len(found) - NAMED, 0)}
        for t in terms() for found in [linked.get(t.id, [])]
    ]  # fmt: skip
    return Page(
        file="glossary.html", template="glossary.html", title="Glossary", part_of="glossary.html",
        crumbs=(("Overview", "index.html"),), context={"entries": entries, "rely": view.rely()},
    )  # fmt: skip
