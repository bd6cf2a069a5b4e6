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

from markupsafe import Markup, escape

from secscan.doors.files import MEGABYTE, read_bytes, shipped
from secscan.render import words
from secscan.render.bits import Bit, Column, Row

ASSET_LIMIT: Final = MEGABYTE
LONG_TAG: Final = 22
"""Letters from which on a tag is set smaller."""
NAV: Final = (
    ("index.html", "Overview"), ("councils.html", "Councils"), ("legacy.html", "Legacy"),
    ("mitigations.html", "Mitigations"), ("matrix.html", "Zones"), ("patching.html", "Patching"), ("exceptions.html", "Exceptions"),
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


@lru_cache(maxsize=50_000)
def _letters(text: str) -> str:
    """Text as it stands in a page: made plain and escaped. Most of a report's texts stand in it again and again."""
    return str(escape(shown(text)))


def bit(b: Bit) -> Markup:
    """One piece of a cell or of a line as markup: every letter that came from elsewhere goes through ``_letters``."""
    return Markup(_bit(b))  # noqa: S704


def bits(parts: Sequence[Bit]) -> Markup:
    """Pieces one after the other."""
    return Markup(" ".join(_bit(b).strip() for b in parts))  # noqa: S704


def cells(row: Row, columns: Sequence[Column]) -> Markup:
    """The cells of a row, written out here and not in a template: a report has a hundred thousand of them."""
    said = []
    for label, numeric, cell in row.under(columns):
        inside = "".join([f"{_bit(b)} " for b in cell.parts])
        if label is None:
            said.append(f'<th scope="row" data-sort="{_letters(cell.sort)}">{inside}</th>')
            continue
        kind = " ".join(["app-num"] * numeric + ["app-none"] * cell.empty)
        looks = f' class="{kind}"' if kind else ""
        said.append(
            f'<td data-label="{_letters(label)}" data-sort="{_letters(cell.sort)}"{looks}><div>{inside}</div></td>'
        )
    return Markup("".join(said))  # noqa: S704


def _bit(b: Bit) -> str:
    text = _letters(b.text)
    match b.kind:
        case "link":
            return f'<a class="govuk-link" href="{_letters(b.href)}">{text}</a>'
        case "tag":
            long = " govuk-tag--long" if len(b.text) > LONG_TAG else ""
            return f'<strong class="govuk-tag govuk-tag--{_letters(b.colour)}{long}">{text}</strong>'
        case "note":
            return f'<span class="app-note">{text}</span>'
        case "strong":
            return f"<b>{text}</b>"
        case "reference" | "code":
            kind = "app-note app-code" if b.kind == "code" else "app-note"
            return f'<span class="{kind}">{"/<wbr>".join(map(_letters, b.text.split("/")))}</span>'
        case "digest":
            parts = (f"{_letters(b.text[at : at + 32])}<wbr>" for at in range(0, len(b.text), 32))
            return f'<span class="app-note app-code">{"".join(parts)}</span>'
        case "command":
            return f'<span class="app-note"><code class="app-command">{text}</code></span>'
        case "date":
            return f'<span class="app-date">{text}</span>'
        case _:
            return text


@lru_cache(maxsize=1)
def environment() -> Any:
    """The templates as shipped: undefined names are errors, and every value is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(shipped("reports") / "templates"), autoescape=True, undefined=StrictUndefined, finalize=shown,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=False, auto_reload=False,
    )  # fmt: skip
    made.filters["english"] = words.english
    made.globals |= {"bit": bit, "bits": bits, "cells": cells}
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
