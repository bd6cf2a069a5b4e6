"""A Cisco configuration as blocks: a line at the margin and the lines that stand under it, each with its number."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final

from secscan.exposure.formats.export import ConfigFile

PROMPT = re.compile(
    r"^(?:[\w.()/:-]{1,60}[#>]\s*(?:sh|show|en|enable|term|terminal|more|exit)?\b.*|[\w.()/:-]{1,60}[#>]|```\w*)$"
)
"""A line of a terminal's that was copied along: ``edge# show running-config``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    number: int
    indent: int
    text: str
    words: tuple[str, ...]

    def starts(self, *words: str) -> bool:
        return self.words[: len(words)] == words


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    head: Line
    lines: list[Line] = field(default_factory=list)


Joins = Callable[[Line, Line], bool]
"""(the line at the margin above, this line at the margin): whether it belongs under it, its indentation lost."""


def blocks(file: ConfigFile, joins: Joins, *, banners: bool) -> list[Block]:
    """Every block in order. ``banners``: those of IOS, which end at a letter of their own, are left out.

    Raises InputError for a banner that does not end.
    """
    found: list[Block] = []
    closed = True
    for line in _lines(file, banners=banners):
        if line.text.startswith("!") or line.text in ("exit", "quit"):
            closed = closed or line.indent == 0
        elif found and (line.indent or (not closed and joins(found[-1].head, line))):
            found[-1].lines.append(line)
        elif not PROMPT.match(line.text):
            found.append(Block(head=line))
            closed = False
    return found


def _lines(file: ConfigFile, *, banners: bool) -> Iterable[Line]:
    raw = [(number, text.expandtabs(1)) for number, text in file.lines() if text.strip()]
    margin = min((len(t) - len(t.lstrip()) for _, t in raw if not t.lstrip().startswith("!")), default=0)
    until, began = "", 0
    for number, text in raw:
        if until:
            until = "" if until in text else until
            continue
        stripped = text.strip()
        if banners and (banner := _BANNER.match(stripped)):
            rest = banner["rest"]
            mark = next((mark for mark in ("^C", "\\003", "\x03") if rest.startswith(mark)), rest[:1])
            until, began = ("" if mark in rest[len(mark) :] else mark), number
            continue
        indent = max(len(text) - len(text.lstrip()) - margin, 0)
        yield Line(number=number, indent=indent, text=stripped, words=tuple(stripped.split()))
    if until:
        raise file.refuse("ends inside a banner: it is cut", "export again, whole", began)


_BANNER = re.compile(
    r"banner\s+(?:motd|login|exec|incoming|prompt-timeout|slip-ppp|lcd)\s+(?P<rest>\S.*)", re.IGNORECASE
)


def resembles(line: Line, commands: Iterable[str]) -> bool:
    """Whether a line that nobody knows may be one of these with a slip in it."""
    one, two = line.words[0], " ".join(line.words[:2])
    return any(SequenceMatcher(None, two if " " in command else one, command).ratio() >= _CLOSE for command in commands)


_CLOSE: Final = 0.78
HEX: Final = re.compile(r"^[0-9A-Fa-f]{8}(?: [0-9A-Fa-f]{2,8})*$")
"""A line of a certificate."""
