"""The one way to write into a YAML file that a person keeps: one entry more, everything else byte for byte as it was.

ruamel.yaml finds where the new text belongs and renders it. The file is not dumped whole: a round trip indents it anew
and puts a new entry below the heading comment of the section that follows. Every edit is read back by ``doors.yaml``
and must mean what the old text meant plus the one change.
"""

from __future__ import annotations

import copy
import io
import textwrap
from collections.abc import Hashable, Mapping, Sequence
from typing import Any, NoReturn

from secscan.doors import yaml
from secscan.model.errors import PolicyError, Problem

KeyPath = Sequence[Hashable]


def append(text: str, name: str, path: KeyPath, item: Mapping[str, Any]) -> str:
    """``text`` with ``item`` as the last entry of the list at ``path``; a list that is not there is made.

    ``item`` holds text, whole numbers, true/false, lists and maps. ``name`` is what messages call the file. Raises
    PolicyError where ``text`` is not valid or the edit cannot be made without changing anything else.
    """
    document, page = yaml.parse(text, name), _Page(text)
    expected = copy.deepcopy(document.data)
    holder = _at(expected, path[:-1])
    if not isinstance(holder, dict) or path[-1] not in holder:
        return put(text, name, path, [item])
    there = _at(expected, path)
    if not isinstance(there, list | None):
        _refuse(document, path)
    holder[path[-1]] = [*(there or []), _plain(item)]
    node = page.node(path)
    if node.id == "sequence" and node.value:
        page.flow_end(node, _flow([item])) if node.flow_style else page.block_end(node, _block([item]))
    elif (parent := page.node(path[:-1])).flow_style:
        page.replace(path, f"[{_flow([item])}]")
    else:
        line = page.replace(path, "")
        page.below(line, _column(parent) + 2, _block([item]))
    return _checked(page.text, name, expected, document, path)


def put(text: str, name: str, path: KeyPath, value: Any) -> str:
    """``text`` with ``value`` at ``path``: in place of the single value there, or as a new last key of its map.

    Raises PolicyError like ``append``.
    """
    document, page = yaml.parse(text, name), _Page(text)
    expected = copy.deepcopy(document.data)
    holder = _at(expected, path[:-1])
    if not isinstance(holder, dict):
        _refuse(document, path)
    new = path[-1] not in holder
    holder[path[-1]] = _plain(value)
    parent = page.node(path[:-1])
    if not new:
        node = page.node(path)
        if node.id != "scalar" or node.style in ("|", ">") or isinstance(value, Mapping | list | tuple):
            _refuse(document, path)
        page.replace(path, _flow([value]))
    elif parent.flow_style:
        page.flow_end(parent, _flow({path[-1]: value}))
    else:
        page.block_end(parent, _block({path[-1]: value}))
    return _checked(page.text, name, expected, document, path)


class _Page:
    """A text and its nodes; one edit is made at most, so the marks stay true."""

    def __init__(self, text: str) -> None:
        from ruamel.yaml import YAML

        self.text = text
        self._newline = "\r\n" if "\r\n" in text else "\n"
        self._root: Any = YAML(typ="safe", pure=True).compose(text)

    def node(self, path: KeyPath) -> Any:
        return self._pair(path)[1]

    def _pair(self, path: KeyPath) -> tuple[Any, Any]:
        """The node at a path, and the node of its key where it has one."""
        key, node = None, self._root
        for part in path:
            if node.id == "mapping":
                key, node = next(pair for pair in node.value if pair[0].value == part)
            else:
                key, node = None, node.value[part]
        return key, node

    def replace(self, path: KeyPath, new: str) -> int:
        """``new`` stands behind the key instead of its value; the line, from 0, where that ends."""
        key, node = self._pair(path)
        start, end = node.start_mark.index, node.end_mark.index
        if _empty(node):  # its marks are those of whatever comes next
            start = end = self.text.index(":", key.end_mark.index) + 1
        before = self.text[:start].rstrip(" ")
        self.text = before + (" " if new else "") + new + self.text[end:]
        return before.count("\n")

    def flow_end(self, node: Any, new: str) -> None:
        """``new`` stands before the closing bracket of a flow list or map."""
        close = node.end_mark.index - 1
        inner = self.text[:close].rstrip()
        comma = "" if inner[-1] in ",[{" else ","
        space = "" if inner[-1] in "[{" else " "
        self.text = inner + comma + space + new + self.text[close:]

    def block_end(self, node: Any, new: str) -> None:
        """``new`` stands below the last line of a block list or map and the comments that belong to it."""
        lines, column = self.text.splitlines(), _column(node)
        last = _last_line(node, lines)
        while last + 1 < len(lines) and _comment_deeper(lines[last + 1], column):
            last += 1
        self.below(last, column, new)

    def below(self, line: int, column: int, new: str) -> None:
        lines = self.text.splitlines(keepends=True)
        if not lines[line].endswith(("\n", "\r")):
            lines[line] += self._newline
        indented = textwrap.indent(new, " " * column).splitlines()
        lines[line + 1 : line + 1] = [added + self._newline for added in indented]
        self.text = "".join(lines)


def _column(node: Any) -> int:
    return int(node.start_mark.column)


def _last_line(node: Any, lines: Sequence[str]) -> int:
    """The last line, from 0, that holds something of the node."""
    end = node.end_mark
    if node.id == "scalar" and node.style in ("|", ">"):
        last = end.line if end.column else end.line - 1
        while not lines[last].strip():
            last -= 1
        return int(last)
    if node.id == "scalar" or node.flow_style:
        return int(end.line)
    pairs = node.value if node.id == "mapping" else ((None, child) for child in node.value)
    return max(_last_line(key if key and _empty(child) else child, lines) for key, child in pairs)


def _empty(node: Any) -> bool:
    """A key with nothing behind it."""
    return bool(node.start_mark.index == node.end_mark.index)


def _comment_deeper(line: str, column: int) -> bool:
    body = line.lstrip(" ")
    return body.startswith("#") and len(line) - len(body) > column


def _block(value: Any) -> str:
    return textwrap.dedent(_dumped(value, flow=False)).rstrip("\n")


def _flow(value: Any) -> str:
    """The inside of a flow list or map, on one line."""
    return _dumped(value, flow=True).strip()[1:-1]


def _dumped(value: Any, *, flow: bool) -> str:
    from ruamel.yaml import YAML

    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = flow
    writer.allow_unicode = True
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment]
    writer.width = 1_000_000
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.representer.add_representer(
        _Quoted, lambda made, text: made.represent_scalar("tag:yaml.org,2002:str", str(text), style='"')
    )
    stream = io.StringIO()
    writer.dump(_plain(value), stream)
    return stream.getvalue()


class _Quoted(str):
    """Text that is written in double quotes."""


def _plain(value: Any) -> Any:
    match value:
        case Mapping():
            return {str(k): _plain(v) for k, v in value.items()}
        case list() | tuple():
            return [_plain(v) for v in value]
        case str() if value.startswith(("?", "-", ":")):
            return _Quoted(value)  # readers disagree about these where they stand bare inside [ ] and { }
        case str() | int() | None:
            return value
    raise TypeError(f"{type(value).__name__} is not written into YAML; write it as text")


def _at(data: Any, path: KeyPath) -> Any:
    """What stands at a path; None where nothing does."""
    for part in path:
        match data:
            case dict():
                data = data.get(part)
            case list():
                data = data[part] if isinstance(part, int) and part < len(data) else None
            case _:
                return None
    return data


def _checked(text: str, name: str, expected: Any, before: yaml.Document, path: KeyPath) -> str:
    try:
        data = yaml.parse(text, name).data
    except PolicyError:
        data = None
    if data != expected:
        _refuse(before, path)
    return text


def _refuse(document: yaml.Document, path: KeyPath) -> NoReturn:
    says = f"'{'.'.join(map(str, path))}' cannot be changed here without changing more; edit the file by hand"
    raise PolicyError([Problem(place=document.place(*path), says=says)])
