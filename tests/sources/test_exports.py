"""Makers' exports: found, dated, held and missing like every other source; a set of files is one export."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import InputError, PolicyError
from secscan.model.net import Chain, Device, Origin, Rule
from secscan.model.places import Files, Place
from secscan.model.raw import Accepted
from secscan.model.settings import Source
from secscan.sources import Reading, read
from tests.exposure.net import rule
from tests.sources.desk import TODAY, conserved, put, register, settings

KEYS: dict[str, Any] = {
    "zones": [{"id": "inside", "addresses": ["10.0.0.0/8"]}],
    "firewalls": [{"id": "edge", "as": "toy", "file": "edge*", "zones": ["inside"]}],
}


class Toy:
    """A file a rule a line; a line that begins with ? is not understood, one with ! stands in no list."""

    kinds = ("toy",)

    def __init__(self) -> None:
        self.asked: list[list[str]] = []

    def read(self, source: Source, files: Sequence[tuple[str, bytes]]) -> Device:
        self.asked.append([name for name, _ in files])
        steps: list[Rule | Origin] = []
        stray: list[Origin] = []
        for name, data in files:
            for number, text in enumerate(data.decode().splitlines(), 1):
                origin = Origin(file=name, line=number, line_to=number, text=text)
                if text.startswith("#"):
                    raise InputError(Place(name, number), "cannot be an export", "export it again")
                if text.startswith("!"):
                    stray.append(origin)
                else:
                    steps.append(origin if text.startswith("?") else _rule(origin))
        end = Origin(file=files[0][0], line=0, line_to=0, text="")
        chains = {"main": Chain(name="main", steps=tuple(steps), default="deny", default_origin=end)}
        return Device(name=source.id, kind="toy", chains=chains, stages=(), unread=tuple(stray))


def _rule(origin: Origin) -> Rule:
    return replace(rule(origin.line, "permit", "any", "any"), origin=origin)


def scan(root: Path, toy: Toy | None = None, accepted: dict[str, Accepted] | None = None, **keys: Any) -> Reading:
    found = read(settings(**{**KEYS, **keys}), root, TODAY, Files(), accepted, exports=toy or Toy())
    for load in found.loads:
        conserved(load)
    return found


def rules(count: int) -> str:
    return "".join(f"rule {n}\n" for n in range(count))


def test_all_files_of_a_set_are_one_export(tmp_path: Path) -> None:
    for day in ("2026-10-01", "2026-11-01", "2026-12-01"):
        put(tmp_path, f"firewalls/{day}/edge.v4", rules(3))
        put(tmp_path, f"firewalls/{day}/edge.v6", rules(2))
    toy = Toy()
    found = scan(tmp_path, toy)
    assert toy.asked[0] == ["firewalls/2026-11-01/edge.v4", "firewalls/2026-11-01/edge.v6"]
    four, six = found.loads
    assert (four.source, four.council, four.kind, four.dated_on) == ("edge", "", "toy", date(2026, 11, 1))
    assert (four.rows_read, four.rows_loaded, six.rows_loaded) == (3, 3, 2)
    assert four.device is not None and six.device is None
    assert len(four.sha256) == 64 and four.sha256 != six.sha256
    assert not found.gaps


def test_lines_that_were_not_understood_are_counted_and_shown(tmp_path: Path) -> None:
    put(tmp_path, "firewalls/2026-11-01/edge", "rule\n? what\n! stray\nrule\n")
    found = scan(tmp_path)
    (load,) = found.loads
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert [(r.line, r.reason) for r in load.refused] == [(2, "not understood: ? what")]
    assert load.warnings == ("firewalls/2026-11-01/edge:3: not understood: ! stray",)
    assert [(gap.why, gap.tables, gap.place_line) for gap in found.gaps] == [("refused-rows", frozenset({"rules"}), 2)]


def test_an_export_that_cannot_be_read_is_a_gap_and_the_one_before_is_used(tmp_path: Path) -> None:
    put(tmp_path, "firewalls/2026-10-15/edge", rules(3))
    put(tmp_path, "firewalls/2026-11-01/edge", "rule\n# broken\n")
    found = scan(tmp_path)
    assert [(load.file, load.rows_loaded) for load in found.loads] == [("firewalls/2026-10-15/edge", 3)]
    (gap,) = found.gaps
    assert (gap.why, gap.says, gap.place_line) == (
        "unreadable", "firewalls/2026-11-01/edge:2: cannot be an export; export it again", 2,
    )  # fmt: skip


def test_an_export_that_is_much_smaller_than_before_is_held(tmp_path: Path) -> None:
    put(tmp_path, "firewalls/2026-10-01/edge", rules(10))
    put(tmp_path, "firewalls/2026-11-01/edge", rules(7))
    held, used = scan(tmp_path).loads
    assert held.held is not None and "30% fewer than the 10" in held.held
    assert (held.device, used.file) == (None, "firewalls/2026-10-01/edge")
    assert used.device is not None
    firewall = {**KEYS["firewalls"][0], "accept": [held.sha256[:12]]}
    assert [load.held for load in scan(tmp_path, firewalls=[firewall]).loads] == [None]
    last = Accepted(source="edge", file="x", sha256="0" * 64, rows=7, dated_on=date(2026, 10, 1))
    assert [load.held for load in scan(tmp_path, accepted={"edge": last}).loads] == [None]


def test_an_export_without_rules_is_believed_where_there_never_were_any(tmp_path: Path) -> None:
    put(tmp_path, "firewalls/2026-11-01/edge", "")
    assert [(load.held, load.rows_loaded) for load in scan(tmp_path).loads] == [(None, 0)]
    put(tmp_path, "firewalls/2026-10-01/edge", rules(10))
    assert scan(tmp_path).loads[0].held is not None


def test_a_firewall_that_is_silent_or_missing_is_a_gap(tmp_path: Path) -> None:
    assert [gap.why for gap in scan(tmp_path).gaps] == ["missing"]
    put(tmp_path, "firewalls/2026-08-01/edge", rules(3))
    (gap,) = scan(tmp_path).gaps
    assert (gap.why, gap.stale, gap.tables) == ("silent", True, frozenset({"rules"}))


def test_a_format_that_nobody_reads_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    firewall = {**KEYS["firewalls"][0], "as": "toi"}
    with pytest.raises(PolicyError, match="no reader is called 'toi'; did you mean 'toy'"):
        scan(tmp_path, firewalls=[firewall])
    with pytest.raises(PolicyError, match="no reader is called 'dpkg'"):
        scan(tmp_path, firewalls=[{**firewall, "as": "dpkg"}])


def test_where_nobody_reads_makers_exports_they_are_left_out(tmp_path: Path) -> None:
    put(tmp_path, "inventory/alderbeck/2026-11-20/assets.csv", register(3))
    put(tmp_path, "firewalls/2026-11-01/edge", rules(3))
    source = {"id": "register", "as": "secscan-assets", "file": "assets.csv"}
    found = read(settings(source, **KEYS), tmp_path, TODAY, Files())
    assert [load.source for load in found.loads] == ["register"]
