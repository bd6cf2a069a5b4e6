"""Writes the table of kinds in docs/sources.md from the readers themselves."""

from __future__ import annotations

import re
from pathlib import Path

from secscan.sources import KINDS

PAGE = Path(__file__).parents[1] / "docs" / "sources.md"


def main() -> None:
    rows = [
        f"| `{kind.name}` | {kind.row} | {', '.join(sorted(kind.tables)) or 'the one that it names'} |"
        for kind in KINDS.values()
    ]
    head = "| kind | a row is | it feeds |\n|---|---|---|\n"
    text = PAGE.read_text(encoding="utf-8")
    found = re.sub(re.escape(head) + r"(?:\|.*\n)+", lambda _: head + "\n".join(rows) + "\n", text, count=1)
    PAGE.write_text(found, encoding="utf-8")


if __name__ == "__main__":
    main()
