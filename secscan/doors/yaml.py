"""The one way in for YAML: strict, with the place of every key.

A policy file must mean what a person reads: no tag, no anchor, no repeated key, no second document; only
``true``/``false`` are booleans; ``1.10``, ``12:30``, ``010`` and dates stay the text that was written, whole numbers are
whole numbers.
"""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from secscan.doors.files import read_bytes
from secscan.model.errors import PolicyError, Problem
from secscan.model.places import Place

MAX_BYTES: Final = 8_000_000
MAX_NODES: Final = 100_000
MAX_DEPTH: Final = 50

_WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})")
_TAGS: Final = frozenset(("str", "int", "float", "bool", "null", "timestamp", "seq", "map", "value"))
"""What a plain value resolves to by itself; anything else was asked for."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

KeyPath = tuple[Hashable, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data, and where each value and key of it stands. Paths are keys and list positions from the top."""

    file: str
    data: Any
    values: dict[KeyPath, Place] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)

    def place(self, *path: Hashable) -> Place:
        """Where a value stands; for one that is not there, its nearest parent."""
        for end in range(len(path), -1, -1):
            if found := self.values.get(path[:end]):
                return found
        return Place(self.file, 1)


def read(path: Path, shown: str | None = None) -> Document:
    """The document in a file; ``shown`` is the name that messages use.

    Raises PolicyError naming file, line and column.
    """
    name = shown or str(path)
    return parse_bytes(read_bytes(path, shown=name, limit=MAX_BYTES), name)


def parse_bytes(raw: bytes, name: str) -> Document:
    """The same for the bytes of a file, where their digest is wanted too."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise PolicyError([Problem(place=Place(name, line), says="not UTF-8; save the file as UTF-8")]) from None
    return parse(text, name)


def parse(text: str, name: str) -> Document:
    """The same for text in hand."""
    _depth_guard(text, name)
    try:
        loader = _LOADER(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)
        says = " ".join(filter(None, (error.context, error.problem))) or "not YAML"
        if "expected a single document" in says:
            says = "one file holds one document; remove the second '---'"
        elif "undefined alias" in says or "anchor" in says:
            says = "anchors and aliases are not used here; write the value out"
        raise PolicyError([Problem(place=place, says=says)]) from None
    except yaml.YAMLError as error:
        line = text[: getattr(error, "position", 0) or 0].count("\n") + 1
        raise PolicyError([Problem(place=Place(name, line), says=f"not YAML: {_first_line(error)}")]) from None
    except (RecursionError, ValueError) as error:
        raise PolicyError([Problem(place=Place(name, 1), says=f"not readable as YAML: {_first_line(error)}")]) from None
    document = Document(name, None)
    if node is None:
        return document
    builder = _Builder(name, document)
    data = builder.build(node, (), 0)
    if builder.problems:
        raise PolicyError(builder.problems)
    return Document(name, data, document.values, document.keys)


def _depth_guard(text: str, name: str) -> None:
    """Refuse before parsing what would nest too deeply: the C parser itself recurses."""
    depth = deepest = 0
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) - len(line.lstrip(" ")) > MAX_DEPTH * 8:
            raise PolicyError([Problem(place=Place(name, number), says="nested too deeply")])
        if "[" in line or "{" in line or depth:
            for char in line:
                if char in "[{":
                    depth += 1
                    deepest = max(deepest, depth)
                elif char in "]}":
                    depth = max(0, depth - 1)
            if deepest > MAX_DEPTH * 4:
                raise PolicyError([Problem(place=Place(name, number), says="nested too deeply")])


class _Builder:
    def __init__(self, name: str, document: Document) -> None:
        self.name, self.document = name, document
        self.problems: list[Problem] = []
        self.nodes = 0
        self.open: set[int] = set()
        self.seen: set[int] = set()

    def at(self, node: Any) -> Place:
        return Place(self.name, node.start_mark.line + 1, node.start_mark.column + 1)

    def refuse(self, node: Any, says: str) -> None:
        if len(self.problems) < 50:
            self.problems.append(Problem(place=self.at(node), says=says))

    def build(self, node: Any, path: KeyPath, depth: int) -> Any:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            if self.nodes == MAX_NODES + 1 or depth == MAX_DEPTH + 1:
                self.refuse(node, f"too large: more than {MAX_NODES} values or {MAX_DEPTH} levels")
            return None
        if id(node) in self.seen:
            self.refuse(node, "anchors and aliases are not used here; write the value out")
            return None
        self.seen.add(id(node))
        self.document.values[path] = self.at(node)
        if node.tag.removeprefix("tag:yaml.org,2002:") not in _TAGS:
            self.refuse(node, f"the tag '{node.tag}' is not used here")
            return None
        match node:
            case yaml.MappingNode():
                return self._mapping(node, path, depth)
            case yaml.SequenceNode():
                return [self.build(child, (*path, i), depth + 1) for i, child in enumerate(node.value)]
            case _:
                return self._scalar(node)

    def _mapping(self, node: Any, path: KeyPath, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode) or key_node.tag.startswith("!"):
                self.refuse(key_node, "a key is a plain word")
                continue
            key = key_node.value
            if key in found:
                self.refuse(
                    key_node, f"'{key}' is set twice; the first is on line {self.document.keys[(*path, key)].line}"
                )
                continue
            self.document.keys[(*path, key)] = self.at(key_node)
            found[key] = self.build(value_node, (*path, key), depth + 1)
        return found

    def _scalar(self, node: Any) -> Any:
        text: str = node.value
        if node.style:  # quoted or block: text, whatever it looks like
            return text
        if text in ("true", "True", "TRUE"):
            return True
        if text in ("false", "False", "FALSE"):
            return False
        if text in ("", "~", "null", "Null", "NULL"):
            return None
        return int(text) if _WHOLE.fullmatch(text) else text


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
