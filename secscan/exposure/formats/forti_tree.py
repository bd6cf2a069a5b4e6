"""A FortiGate's configuration as a tree: ``config`` blocks, their ``edit`` entries and what is ``set`` in them.

``append``, ``unselect``, ``unset``, ``move``, ``delete``, ``clone``, ``rename`` and ``purge`` count as the device takes
them. Quoted values may run over several lines. Blocks that nobody asks for are only followed to their end.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from secscan.exposure.formats.export import SHOWN, ConfigFile
from secscan.model.net import Origin

MAX_DEPTH: Final = 32
"""Blocks within blocks; FortiOS itself has fewer."""
MAX_CHANGES: Final = 1_000
"""Entries moved or renamed: more stand in no export, only in a script."""
MAX_ENTRIES: Final = 300_000
"""Entries that are kept; no device holds so many."""
CONTEXTS: Final = ("vdom", "global")

_WORD = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s"'\\])+|["'\\]""", re.DOTALL)
_QUOTED = re.compile(r""""((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)""", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_PROMPT = re.compile(r"\S+ (?:\([^)]*\) )?[#$](?: .*)?")
_LISTING: Final = ("set", "append", "select", "unselect", "unset")
_REFERRING: Final = frozenset(
    ("srcaddr", "dstaddr", "srcaddr6", "dstaddr6", "srcaddr4", "dstaddr4", "service", "member", "exclude-member", "srcintf", "dstintf",
     "intf", "interface", "orig-addr", "dst-addr", "poolname", "schedule", "extintf")
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Node:
    """A block or an entry. ``settings``: key -> (line, its words); ``entries`` in the order in which they count."""

    name: str
    file: ConfigFile
    line: int
    line_to: int = 0
    settings: dict[str, tuple[int, list[str]]] = field(default_factory=dict)
    entries: dict[str, Node] = field(default_factory=dict)
    blocks: dict[str, Node] = field(default_factory=dict)
    odd: list[tuple[int, str]] = field(default_factory=list)
    """Lines in it that are no command of the language."""
    text: list[str] = field(default_factory=list)
    shown: int = 0

    def words(self, key: str) -> list[str]:
        """What a key is set to, by ``set`` or as a table of its own; [] where it is not set, or to nothing."""
        found = self.settings.get(key)
        if found or key not in self.blocks:
            return found[1] if found else []
        return [one.word("range", one.name) for one in self.listed(key)]

    def word(self, key: str, default: str = "") -> str:
        """The first word that a key is set to."""
        return next(iter(self.words(key)), default)

    def on(self, key: str, default: bool = False) -> bool:
        """Whether a key is set to enable."""
        return self.word(key, "enable" if default else "disable") == "enable"

    def at(self, key: str) -> int:
        """The line on which a key is set; the node's own where it is not."""
        found = self.settings.get(key)
        return found[0] if found else self.line

    def listed(self, block: str) -> Iterator[Node]:
        """The entries of a block in it, without lines that were not understood."""
        inner = self.blocks.get(block)
        return (one for name, one in inner.entries.items() if name[:1] != "\0") if inner else iter(())

    def origin(self, vendor_id: str = "", name: str = "", objects: tuple[str, ...] = ()) -> Origin:
        """Where it stands."""
        return self.file.origin(
            self.line, "; ".join(self.text), self.line_to or self.line, vendor_id=vendor_id, name=name, objects=objects
        )

    def keep(self, text: str) -> None:
        """Adds a line to what an origin shows, as far as it shows any; whole, for a secret is known by its quotes."""
        if self.shown < 2 * SHOWN:
            self.text.append(text.partition("\n")[0])
            self.shown += len(text) + 2


@dataclass(slots=True)
class _Frame:
    """A block or entry that is open. ``node`` None: nobody asks for what is in it."""

    command: str
    line: int
    name: str
    node: Node | None
    context: bool = False
    """Whole blocks stand in it: the file itself, ``config global``, an entry of ``config vdom``."""


class Reading:
    """Reads files into one tree. ``wanted``: whether a block that stands in a context is kept."""

    def __init__(self, wanted: Callable[[str], bool]) -> None:
        self._wanted = wanted
        self.stray: list[Origin] = []
        """Lines outside of any block that are neither comments nor prompts."""
        self._changes = self._entries = 0

    def read(self, file: ConfigFile, root: Node) -> None:
        """Adds a file to the tree. Raises InputError where a block is not ended, or ended and never begun."""
        stack = [_Frame("", 0, "", root, context=True)]
        for number, last, line in _logical(file):
            command, _, rest = line.partition(" ")
            top = stack[-1]
            match command:
                case "config":
                    self._open(file, stack, number, rest.strip(), line)
                case "edit" if top.command == "config":
                    self._edit(file, stack, number, rest, line)
                case "edit":
                    inside = f"entry '{top.name[:60]}' of line {top.line}" if top.command else "no block"
                    raise file.refuse(
                        f"'{line[:60]}' stands inside {inside}: lines are missing", "export again, whole", number
                    )
                case "next":
                    if top.command != "edit":
                        raise file.refuse("'next' ends no entry: lines are missing", "export again, whole", number)
                    _close(stack.pop(), number)
                case "end":
                    if len(stack) == 1:
                        raise file.refuse("'end' ends no block: lines are missing", "export again, whole", number)
                    if top.command == "edit":
                        _close(stack.pop(), number)
                    _close(stack.pop(), number)
                case _ if top.node is None:
                    continue
                case _ if command in _LISTING and top.command:
                    top.node.keep(line)
                    _set(top.node, command, number, rest)
                    top.node.line_to = last
                case "move" | "delete" | "clone" | "rename" | "purge" if top.command == "config":
                    self._change(root, file, top.node, command, number, line)
                case _ if _PROMPT.fullmatch(line):
                    continue
                case _ if top.context:
                    self.stray.append(file.origin(number, line))
                case _:
                    top.node.odd.append((number, line))
                    top.node.entries.setdefault(f"\0{number}", Node("", file, number, text=[line]))
        if len(stack) > 1:
            top = stack[-1]
            raise file.refuse(
                f"ends inside '{top.command} {top.name[:60]}' of line {top.line}: it is cut", "export again, whole", top.line
            )  # fmt: skip

    def _open(self, file: ConfigFile, stack: list[_Frame], number: int, rest: str, line: str) -> None:
        top = stack[-1]
        if len(stack) > MAX_DEPTH:
            raise file.refuse(f"blocks stand more than {MAX_DEPTH} deep in each other", line=number)
        name = " ".join(words(rest))
        if top.node is None or (top.context and name not in CONTEXTS and not self._wanted(name)):
            stack.append(_Frame("config", number, name, None))
            return
        block = top.node.blocks.get(name)
        if block is None:
            block = top.node.blocks[name] = Node(name, file, number, text=[line])
        stack.append(_Frame("config", number, name, block, context=top.context and name == "global"))

    def _edit(self, file: ConfigFile, stack: list[_Frame], number: int, rest: str, line: str) -> None:
        top = stack[-1]
        name = next(iter(words(rest)), "")
        if top.node is None:
            stack.append(_Frame("edit", number, name, None))
            return
        entry = top.node.entries.get(name)
        if entry is None:
            self._entries += 1
            if self._entries > MAX_ENTRIES:
                raise file.refuse(f"has more than {MAX_ENTRIES:,} entries, which no device holds", line=number)
            entry = top.node.entries[name] = Node(name, file, number, number, text=[line], shown=len(line))
        stack.append(_Frame("edit", number, name, entry, context=stack[-2].context and top.name == "vdom"))

    def _change(self, root: Node, file: ConfigFile, block: Node, command: str, number: int, line: str) -> None:
        """A command that rearranges the entries of a block."""
        entries = block.entries
        self._changes += command in ("move", "rename")
        if self._changes > MAX_CHANGES:
            raise file.refuse(f"moves or renames more than {MAX_CHANGES} entries: a script, no export", line=number)
        match [command, *words(line)[1:]]:
            case ["purge"]:
                entries.clear()
            case ["delete", name] if name in entries:
                del entries[name]
            case ["move", name, "before" | "after" as side, other] if name in entries and other in entries:
                if name != other:
                    moved = entries.pop(name)
                    order = list(entries)
                    order.insert(order.index(other) + (side == "after"), name)
                    block.entries = {one: entries.get(one, moved) for one in order}
            case ["clone", name, "to", new] if name in entries:
                old = entries[name]
                entries[new] = Node(
                    new, file, number, number, dict(old.settings), dict(old.entries), dict(old.blocks), list(old.odd),
                    [line, *old.text], old.shown,
                )  # fmt: skip
            case ["rename", name, "to", new] if name in entries and new not in entries:
                renamed = entries[name]
                renamed.name = new
                block.entries = {new if one == name else one: node for one, node in entries.items()}
                _refer(root, name, new)
            case _:
                block.odd.append((number, line))
                entries[f"\0{number}"] = Node("", file, number, text=[line])


def words(text: str) -> list[str]:
    """The words of a line, without quotes and escapes."""
    if "'" in text or "\\" in text:
        return [_bare(word) for word in _WORD.findall(text)]
    if '"' not in text:
        return text.split()
    parts = text.split('"')
    if any(not part or not (part[0].isspace() and part[-1].isspace()) for part in parts[2:-1:2]) or (
        (parts[0] and not parts[0][-1].isspace()) or (parts[-1] and not parts[-1][0].isspace())
    ):
        return [_bare(word) for word in _WORD.findall(text)]  # a quote in the middle of a word
    found = []
    for at, part in enumerate(parts):
        if at % 2:
            found.append(part)
        else:
            found += part.split()
    return found


def _bare(word: str) -> str:
    if len(word) > 1 and word[0] == word[-1] == '"' and "\\" not in word and word.count('"') == 2:
        return word[1:-1]
    return _QUOTED.sub(lambda m: _ESCAPED.sub(r"\1", m[1]) if m[1] is not None else m[2] or m[3] or "", word)


def _logical(file: ConfigFile) -> Iterator[tuple[int, int, str]]:
    """(first line, last line, text) of each command; a quoted value that runs on is one text. Comments are left out.

    Raises InputError for a quote that is not closed.
    """
    parts: list[str] = []
    began = 0
    for number, line in file.lines():
        if parts:
            parts.append(line)
            if not _odd_quotes(line):
                continue
            yield began, number, "\n".join(parts)
            parts = []
        elif _odd_quotes(line) and not line.lstrip().startswith("#"):
            parts, began = [line.strip()], number
        elif (text := line.strip()) and not text.startswith("#"):
            yield number, number, text.replace("\t", " ")
    if parts:
        raise file.refuse("a quoted value is never closed: it is cut", "export again, whole", began)


def _odd_quotes(line: str) -> bool:
    """Whether a line leaves a double quote open, or closes one."""
    if '"' not in line:
        return False
    return (line if "\\" not in line else _ESCAPED.sub("", line)).count('"') % 2 == 1


def _set(node: Node, command: str, number: int, rest: str) -> None:
    key, *values = words(rest) or [""]
    values = [one for one in values if one]  # '' stands for what is not set
    old = node.settings.get(key, (number, []))[1]
    match command:
        case "set" | "select":
            node.settings[key] = number, values
        case "append":
            node.settings[key] = number, [*old, *(one for one in values if one not in old)]
        case "unselect":
            node.settings[key] = number, [one for one in old if one not in values]
        case _:
            node.settings.pop(key, None)


def _close(frame: _Frame, number: int) -> None:
    if frame.node is not None:
        frame.node.line_to = number if frame.command == "edit" else frame.node.line


def _refer(node: Node, old: str, new: str) -> None:
    """What names an object names it by its new name."""
    for key in _REFERRING & node.settings.keys():
        line, named = node.settings[key]
        node.settings[key] = line, [new if one == old else one for one in named]
    for inner in (*node.entries.values(), *node.blocks.values()):
        _refer(inner, old, new)
