"""PowerShell's grammar, for machines that have no PowerShell: what of a script it cannot read."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter_powershell
from tree_sitter import Language, Node, Parser


def unread(script: str) -> list[int]:
    """The lines, from 1, at which the script is not PowerShell; empty where it is."""
    tree = Parser(Language(tree_sitter_powershell.language())).parse(script.encode())
    return [node.start_point[0] + 1 for node in _nodes(tree.root_node) if node.is_error or node.is_missing]


def _nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from _nodes(child)
