"""From a page's parts to its bytes: one template environment that escapes everything, and one policy that loads nothing.

Escaping is the defence; the Content-Security-Policy is the net under it. Both are tested with the other taken away.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from markupsafe import Markup

from secscan.doors.files import MEGABYTE, read_bytes, shipped
from secscan.render import words

ASSET_LIMIT: Final = MEGABYTE
NAV: Final = (
    ("index.html", "Overview"), ("councils.html", "Councils"), ("legacy.html", "Legacy"),
    ("mitigations.html", "Mitigations"), ("patching.html", "Patching"), ("exceptions.html", "Exceptions"),
    ("trends.html", "Trends"), ("support.html", "Support calendar"), ("not-seen.html", "Not seen"),
    ("evidence.html", "Evidence"), ("glossary.html", "Glossary"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One page before it is HTML. ``crumbs``: (name, address) of the pages above it."""

    file: str
    template: str
    title: str
    part_of: str
    """The entry of the menu that it belongs to."""
    crumbs: tuple[tuple[str, str], ...] = ()
    context: Mapping[str, Any] = field(default_factory=dict)


def shown(value: Any) -> Any:
    """What a template may print: markup as it is, text made plain, numbers; nothing else, None least of all."""
    match value:
        case Markup():
            return value
        case str():
            return words.plain(value)
        case bool() | None:
            raise TypeError(f"a template printed {value!r}")
        case int():
            return f"{value:,}"
        case _:
            raise TypeError(f"a template printed a {type(value).__name__}")


@lru_cache(maxsize=1)
def environment() -> Any:
    """The templates as shipped: undefined names are errors, and every value is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(shipped("reports") / "templates"), autoescape=True, undefined=StrictUndefined, finalize=shown,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False, auto_reload=False,
    )  # fmt: skip
    made.filters["english"] = words.english
    return made


@lru_cache(maxsize=4)
def asset(name: str) -> str:
    """The text of a shipped stylesheet or script."""
    return read_bytes(shipped("reports") / "assets" / name, shown=f"reports/assets/{name}", limit=ASSET_LIMIT).decode()


@lru_cache(maxsize=4)
def policy(style: str, script: str) -> str:
    """The Content-Security-Policy for exactly this style and this script, and no address at all."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


WORDS: Final = "<!--words-->"
"""Where a page's terms are listed once it is known which it uses; text from an inventory can never look like it."""


def with_words(html: str, terms: Sequence[tuple[str, str]]) -> str:
    """The page with the terms that it uses, (id, term), as links into the glossary."""
    return html.replace(WORDS, _words(tuple(terms)), 1)


@lru_cache(maxsize=64)
def _words(terms: Sequence[tuple[str, str]]) -> str:
    text: str = environment().get_template("words.html").render({"used": terms})
    return text


def render(page: Page, frame: Mapping[str, Any]) -> str:
    """The page as HTML. ``frame``: what every page of the edition shares, its brand among it."""
    style, script = asset("secscan.css") + frame["brand"].rule, asset("sorter.js")
    text: str = (
        environment()
        .get_template(page.template)
        .render(
            {
                **frame,
                **page.context,
                "page": page,
                "nav": NAV,
                "csp": policy(style, script),
                # Ours, read from the shipped files, with a colour and a marking that were looked at: the hashes in
                # the policy are over these exact letters.
                "style": Markup(style),  # noqa: S704
                "script": Markup(script),  # noqa: S704
            }
        )
    )
    return text.rstrip() + "\n"
