"""The one way in for XML: expat, streaming, with exact lines; no entity, nothing external, bounded everywhere.

A DOCTYPE is accepted, because every nmap file has one, but nothing that it names is fetched and no entity may be
declared. Text that came before a break is delivered before ``CutOff`` says where the file ends.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final
from xml.parsers import expat

from secscan.model.errors import InputError
from secscan.model.places import Place

MAX_DEPTH: Final = 64
MAX_ATTRIBUTE_BYTES: Final = 64_000
MAX_NODES: Final = 20_000_000
MAX_TREE_NODES: Final = 500_000
_CHUNK: Final = 65_536

_ENCODING = re.compile(rb"""\s*<\?xml[^>]{0,200}?\bencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_ENCODINGS: Final = frozenset(("utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252"))

Start = Callable[[str, dict[str, str], int], None]
"""(tag, attributes, line)"""
End = Callable[[str, int], None]
Text = Callable[[str, int], None]


class CutOff(InputError):
    """The file breaks off or is not well-formed from here on; all events up to this place were delivered."""


@dataclass(slots=True)
class Element:
    """One element of a small tree. ``text`` is its own text, without that of its children."""

    tag: str
    attributes: Mapping[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)
    line_to: int = 0
    """The line on which it ends."""

    def each(self, *tags: str) -> Iterator[Element]:
        """The children with one of these tags, in order; all of them where none is named."""
        return (child for child in self.children if not tags or child.tag in tags)

    def first(self, *path: str) -> Element | None:
        """The first descendant along a path of tags."""
        found: Element | None = self
        for tag in path:
            found = None if found is None else next(found.each(tag), None)
        return found

    def says(self, *path: str) -> str | None:
        """The trimmed text at a path; None where it is not there or empty."""
        found = self.first(*path)
        return (found.text.strip() or None) if found is not None else None

    def walk(self) -> Iterator[Element]:
        """This element and all below it, in the order of the file."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            yield element
            waiting.extend(reversed(element.children))


def stream(
    source: bytes | Iterable[bytes],
    shown: str,
    *,
    start: Start,
    end: End | None = None,
    text: Text | None = None,
    depth: int = MAX_DEPTH,
    attribute_bytes: int = MAX_ATTRIBUTE_BYTES,
    nodes: int = MAX_NODES,
) -> None:
    """Every event of the document, which may come in pieces, has been handed to the handlers, in order.

    Raises InputError for what is refused (entities, depth, size) and CutOff where the document breaks off; what a
    handler raises passes through.
    """
    pieces = iter(_pieces(source) if isinstance(source, bytes) else source)
    head = next(pieces, b"")
    _known_encoding(head, shown)
    parser = expat.ParserCreate()
    guard = _Guard(parser, shown, depth, attribute_bytes, nodes)
    _wire(parser, guard, start, end, text)
    try:
        for piece in chain((head,), pieces):
            parser.Parse(piece, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        says = expat.ErrorString(error.code) or "not well-formed"
        raise CutOff(Place(shown, error.lineno, error.offset + 1), f"breaks off: {says}", "export it again") from None
    except ValueError as error:  # a document encoding that Python cannot map
        raise InputError(Place(shown), f"cannot be decoded: {error}", "save it as UTF-8") from None


def _pieces(data: bytes) -> Iterator[bytes]:
    view = memoryview(data)
    return (bytes(view[at : at + _CHUNK]) for at in range(0, len(view), _CHUNK))


def first(data: bytes, shown: str, count: int) -> list[tuple[str, dict[str, str]]]:
    """(tag, attributes) of the first ``count`` elements; those before a break or a refusal, where there is one."""
    found: list[tuple[str, dict[str, str]]] = []

    class Enough(Exception):
        pass

    def start(tag: str, attributes: dict[str, str], _line: int) -> None:
        found.append((tag, attributes))
        if len(found) == count:
            raise Enough

    with suppress(Enough, InputError):
        stream(data, shown, start=start)
    return found


def tree(data: bytes, shown: str, nodes: int = MAX_TREE_NODES, without: frozenset[str] = frozenset()) -> Element:
    """The whole document as a small tree. Raises InputError; a document that breaks off is refused too.

    ``without``: elements of these tags are bounded like all others, and not kept.
    """
    top = Element("", {}, 0)
    above = [top]
    parts: list[list[str]] = [[]]
    left_out = 0

    def start(tag: str, attributes: dict[str, str], line: int) -> None:
        nonlocal left_out
        if left_out or (tag in without and len(above) > 1):
            left_out += 1
            return
        element = Element(tag, attributes, line)
        above[-1].children.append(element)
        above.append(element)
        parts.append([])

    def end(_tag: str, line: int) -> None:
        nonlocal left_out
        if left_out:
            left_out -= 1
            return
        element = above.pop()
        element.text, element.line_to = "".join(parts.pop()), line

    def text(piece: str, _line: int) -> None:
        if not left_out:
            parts[-1].append(piece)

    stream(data, shown, start=start, end=end, text=text, nodes=nodes)
    return top.children[0]


def _known_encoding(data: bytes, shown: str) -> None:
    declared = _ENCODING.match(data[:512].removeprefix(b"\xef\xbb\xbf"))
    if declared and declared[1].decode().casefold() not in _ENCODINGS:
        raise InputError(
            Place(shown, 1), f"declares the encoding '{declared[1].decode()}', which is not taken", "save it as UTF-8"
        )


class _Guard:
    """Counts what expat itself does not bound."""

    def __init__(self, parser: Any, shown: str, depth: int, attribute_bytes: int, nodes: int) -> None:
        self.parser, self.shown = parser, shown
        self.max_depth, self.max_attribute, self.max_nodes = depth, attribute_bytes, nodes
        self.depth = self.nodes = 0

    def refuse(self, reason: str, hint: str = "ask where the file comes from") -> InputError:
        return InputError(
            Place(self.shown, self.parser.CurrentLineNumber, self.parser.CurrentColumnNumber + 1), reason, hint
        )

    def entity(self, *_: object) -> None:
        raise self.refuse("declares an entity; no inventory needs one")

    def external(self, *_: object) -> int:
        raise self.refuse("refers to something outside the file")

    def skipped(self, name: str, _parameter: bool) -> None:
        raise self.refuse(f"uses the entity '{name[:40]}', which the file does not define")


def _wire(parser: Any, guard: _Guard, start: Start, end: End | None, text: Text | None) -> None:
    max_depth, max_attribute, max_nodes = guard.max_depth, guard.max_attribute, guard.max_nodes

    def on_start(tag: str, attributes: dict[str, str]) -> None:
        guard.depth += 1
        guard.nodes += 1
        if guard.depth > max_depth:
            raise guard.refuse(f"is nested more than {max_depth} deep")
        if guard.nodes > max_nodes:
            raise guard.refuse(f"has more than {max_nodes:,} elements")
        if len(tag) > max_attribute or any(
            len(value) * 4 > max_attribute and len(value.encode("utf-8", "replace")) > max_attribute
            for value in attributes.values()
        ):
            raise guard.refuse(f"has an attribute of more than {max_attribute:,} bytes")
        start(tag, attributes, parser.CurrentLineNumber)

    def on_end(tag: str) -> None:
        guard.depth -= 1
        if end is not None:
            end(tag, parser.CurrentLineNumber)

    parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
    parser.buffer_text = True
    parser.StartElementHandler = on_start
    parser.EndElementHandler = on_end
    parser.EntityDeclHandler = guard.entity
    parser.UnparsedEntityDeclHandler = guard.entity
    parser.ExternalEntityRefHandler = guard.external
    parser.SkippedEntityHandler = guard.skipped
    if text is not None:
        wanted = text
        parser.CharacterDataHandler = lambda piece: wanted(piece, parser.CurrentLineNumber)
