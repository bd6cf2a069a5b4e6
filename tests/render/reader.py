"""Reads a page as a browser's parser would see it, far enough for the rules that every page must keep."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser

from secscan.model.posture import Posture
from secscan.render import redact
from secscan.render.site import CAPS, pages
from secscan.render.view import View

VOID = frozenset(("meta", "link", "br", "hr", "img", "input", "wbr", "base", "embed", "area", "col", "source", "track"))


@dataclass(eq=False)
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join("".join(self.pieces).split())

    def inside(self, tag: str) -> bool:
        at: Element | None = self
        while at is not None:
            if at.tag == tag:
                return True
            at = at.parent
        return False


class Parser(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[Element] = []
        self.stack: list[Element] = []
        self.unbalanced: list[str] = []
        self.feed(html)
        self.close()
        self.unbalanced += [f"<{e.tag}> is not closed" for e in self.stack]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {k: v or "" for k, v in attrs}, self.stack[-1] if self.stack else None)
        if self.stack:
            self.stack[-1].children.append(element)
        self.elements.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack[-1].tag != tag:
            self.unbalanced.append(f"</{tag}> in {[e.tag for e in self.stack[-3:]]}")
            return
        self.stack.pop()

    def handle_data(self, data: str) -> None:
        for element in self.stack:
            element.pieces.append(data)

    def all(self, *tags: str) -> list[Element]:
        return [e for e in self.elements if e.tag in tags]

    def by_id(self, id: str) -> Element | None:
        return next((e for e in self.elements if e.attributes.get("id") == id), None)

    @property
    def shown(self) -> str:
        """The text that a person can read: no style, no script."""
        body = self.all("body")[0]
        code = {p for e in self.all("script", "style") for p in e.pieces}
        return " ".join(" ".join(p for p in body.pieces if p not in code).split())


@cache
def Reader(html: str) -> Parser:
    """The page as parsed; each text is parsed once."""
    return Parser(html)


def view_of(posture: Posture, **given: object) -> View:
    values: dict[str, object] = {
        "posture": posture,
        "edition": redact.edition_of("team"),
        "digest": "0" * 64,
        "cap": CAPS[0],
    }
    return View(**{**values, **given})  # type: ignore[arg-type]


def html_of(posture: Posture) -> dict[str, str]:
    return pages(view_of(posture))


@cache
def cached(name: str) -> dict[str, str]:
    """Pages of a posture of ``postures`` by the name of its maker."""
    from tests.render import hostile, postures

    maker = getattr(postures, name, None) or getattr(hostile, name)
    return html_of(maker())
