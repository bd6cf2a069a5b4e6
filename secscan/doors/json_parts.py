"""A JSON document while it is read: its lists an entry at a time, so that a long one is never held.

By the rules of ``json.loads``, with its errors at their lines and columns.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Callable, Container, Iterator
from typing import Any, Final, NamedTuple

from secscan.doors.json import (
    MAX_DEPTH,
    NUMBERS,
    deepest,
    encoding_of,
    not_json,
    once,
    too_deep,
    unacceptable,
    undecodable,
)  # fmt: skip
from secscan.model.errors import InputError
from secscan.model.places import Place

_PIECE: Final = 1 << 20
_BLANK: Final = re.compile(r"[ \t\r\n]*")
_LONGEST_END: Final = 8
"""A number whose end is nearer than this to that of the text in hand may go on: ``1e`` reads as 1."""
_LEVELS: Final = 3


class Part(NamedTuple):
    """One thing that a document holds, with the line on which it begins."""

    key: str | None
    """Of the member that it is, or that it is an entry of; None: the document is a list, or this is the document."""
    line: int
    value: Any
    entry: bool = False
    """Whether it is an entry of a list that is taken apart. That list has come before, as an empty one."""


def parts(raw: bytes, shown: str, lists: Container[str] = ()) -> Iterator[Part]:
    """The document, empty where it is a list or an object, and then its entries or its members.

    ``lists``: keys in lower case; a list under one of them is taken apart too. Raises InputError as soon as it meets what
    ``json.loads`` would not take.
    """
    text = _Text(raw, shown)
    match text.peek():
        case "[":
            yield Part(None, text.line(), [])
            for line in text.entries():
                yield Part(None, line, text.value(1), True)
        case "{":
            yield Part(None, text.line(), {})
            for key, line in text.members():
                if key.casefold() in lists and text.peek() == "[":
                    yield Part(key, line, [])
                    for at in text.entries():
                        yield Part(key, at, text.value(2), True)
                else:
                    yield Part(key, line, text.value(1))
        case _:
            yield Part(None, text.line(), text.value(0))
    text.end()


def beginning(raw: bytes, shown: str, entries: int) -> Any:
    """The value in ``raw`` with no more than the first ``entries`` of the lists near its top; all of it was looked at."""
    text = _Text(raw, shown)
    found = _beginning(text, entries, 0)
    text.end()
    return found


def _beginning(text: _Text, entries: int, level: int) -> Any:
    match text.peek() if level < _LEVELS else "":
        case "[":
            kept: list[Any] = []
            for _ in text.entries():
                one = text.value(level + 1)
                if len(kept) < entries:
                    kept.append(one)
            return kept
        case "{":
            return {key: _beginning(text, entries, level + 1) for key, _ in text.members()}
    return text.value(level)


class _Text:
    """The text in hand: what has been read of it is let go when more is needed."""

    def __init__(self, raw: bytes, shown: str) -> None:
        self.raw, self.shown = raw, shown
        self.text, self.at = "", 0
        self._decoder = codecs.getincrementaldecoder(encoding_of(raw))()
        self._next = 0
        self._start = (1, 0)
        """The line of the text's first sign, and how many signs stand before it on that line."""
        self._line, self._counted = 1, 0
        self._decode: Callable[[str, int], tuple[Any, int]] = json.JSONDecoder(
            object_pairs_hook=once, **NUMBERS
        ).raw_decode

    def more(self) -> bool:
        """Whether there is more of it, which is in hand now."""
        if self._next >= len(self.raw):
            return False
        end = self._next + max(_PIECE, len(self.text) - self.at)
        try:
            more = self._decoder.decode(self.raw[self._next : end], end >= len(self.raw))
        except UnicodeDecodeError:
            raise undecodable(self.raw, self.shown) from None
        self._next = end
        self._start = self._place(self.at)
        self.line()
        self.text = self.text[self.at :] + more
        self.at = self._counted = 0
        return True

    def line(self) -> int:
        """The line of what comes next."""
        self._line += self.text.count("\n", self._counted, self.at)
        self._counted = self.at
        return self._line

    def peek(self) -> str:
        """The next sign that is not blank; "" at the end."""
        while True:
            found = _BLANK.match(self.text, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.text) or not self.more():
                return self.text[self.at : self.at + 1]

    def value(self, depth: int) -> Any:
        """The value that comes next. ``depth``: how deep it stands."""
        self.peek()
        while True:
            try:
                found, end = self._decode(self.text, self.at)
            except json.JSONDecodeError as error:
                if self.more():
                    continue
                raise self.broken(error.msg, error.pos) from None
            except (ValueError, RecursionError) as error:
                raise unacceptable(self.shown, error) from None
            if len(self.text) - end > _LONGEST_END or not self.more():
                break
        if deepest(self.text[self.at : end], MAX_DEPTH - depth) > MAX_DEPTH - depth:
            raise too_deep(self.shown)
        self.at = end
        return found

    def members(self) -> Iterator[tuple[str, int]]:
        """Each key of the object that comes next, with the line of its value: who asks takes that value."""
        self.at += 1
        seen: set[str] = set()
        if self.peek() == "}":
            self.at += 1
            return
        while True:
            if self.peek() != '"':
                raise self.broken("Expecting property name enclosed in double quotes", self.at)
            key = self.value(0)
            if key in seen:
                raise unacceptable(self.shown, ValueError(f"the key '{key}' is set twice"))
            seen.add(key)
            self.expect(":")
            self.peek()
            yield key, self.line()
            if self.expect(",}") == "}":
                return

    def entries(self) -> Iterator[int]:
        """The line of each entry of the list that comes next: who asks takes that entry."""
        self.at += 1
        if self.peek() == "]":
            self.at += 1
            return
        while True:
            self.peek()
            yield self.line()
            if self.expect(",]") == "]":
                return

    def expect(self, signs: str) -> str:
        found = self.peek()
        if not found or found not in signs:
            raise self.broken(f"Expecting '{signs[0]}' delimiter", self.at)
        self.at += 1
        return found

    def end(self) -> None:
        if self.peek():
            raise self.broken("Extra data", self.at)

    def broken(self, says: str, at: int) -> InputError:
        line, before = self._place(at)
        return not_json(Place(self.shown, line, before + 1), says)

    def _place(self, at: int) -> tuple[int, int]:
        """The line of a place in the text in hand, and how many signs stand before it on that line."""
        lines, last = self.text.count("\n", 0, at), self.text.rfind("\n", 0, at)
        return (self._start[0] + lines, at - last - 1) if lines else (self._start[0], self._start[1] + at)
