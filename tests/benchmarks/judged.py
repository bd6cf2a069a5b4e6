"""One side of the comparison as a process of its own: ``python -m tests.benchmarks.judged ROOT engine|loop|read|nothing``."""

from __future__ import annotations

import csv
import gc
import sys
from pathlib import Path

from secscan import engine, inventory, knowledge, sources
from secscan.model.estate import Estate
from secscan.model.places import Files
from secscan.model.policy import Control, Policy
from secscan.workspace import load
from tests.benchmarks.estate import TODAY

CONTROL = Control(
    id="LEG-01", check="lifecycle.unsupported-software", title="", text="", theme="legacy", severity="high", due_days=90,
    councils=frozenset({"bulk"}),
)  # fmt: skip


def settled(root: Path) -> Estate:
    held = load(root)
    files = Files()
    reading = sources.read(held.settings, root, TODAY, files)
    return inventory.settle(reading.loads, reading.gaps, held.settings, files, TODAY)


def by_engine(root: Path) -> int:
    estate = knowledge.attach(settled(root), knowledge.load_catalogue(), Policy(name="", version="", controls=()))
    (found,) = engine.judge(estate, [CONTROL], engine.find_checks(), TODAY)
    return sum(found.failed.values())


def by_loop(root: Path) -> int:
    """What a straightforward script does: every row read as a dictionary, recognised and compared by itself."""
    catalogue = knowledge.load_catalogue()
    folder = root / "inventory" / "bulk" / TODAY.isoformat()
    failed = 0
    with (folder / "assets.csv").open() as stream:
        rows = [(r["os"], r["os_version"], None, "os_caption") for r in csv.DictReader(stream)]
    with (folder / "software.csv").open() as stream:
        rows += [(r["name"], r["version"], r["publisher"], None) for r in csv.DictReader(stream)]
    for name, version, publisher, kind in rows:
        found = knowledge.recognise(catalogue, name, version, publisher, kind, TODAY, near=False)
        failed += found.support == "ended-undated" or (found.eol_on is not None and found.eol_on < TODAY)
    return failed


if __name__ == "__main__":
    where, how = Path(sys.argv[1]), sys.argv[2]
    if how != "nothing":
        gc.set_threshold(200_000, 20, 20)  # as the command does
        print(
            {"engine": by_engine, "loop": by_loop, "read": lambda root: settled(root).frames["installs"].rows}[how](
                where
            )
        )
