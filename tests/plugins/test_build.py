"""Tables that packages add, built: what a builder answers is looked at, and one that breaks is known to know nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from secscan.api import Assets, Col, Frame, Params, Table, Tables, TableSpec, day, number, text, yes_no
from secscan.engine import find_checks, judge
from secscan.findings import looked, settle
from secscan.model.added import AddedTable, Origin
from secscan.model.check import CheckSpec
from secscan.model.estate import Estate
from secscan.model.expr import Expr
from secscan.model.findings import UNKNOWN
from secscan.model.places import Files, Place
from secscan.model.policy import Control, Policy
from secscan.model.raw import Gap
from secscan.plugins import build

TODAY = date(2026, 3, 1)


class Doors(TableSpec):
    """One door of an asset."""

    table = "doors"
    subject = ("name",)
    fed_by = frozenset({"assets", "doors"})

    name = text("what it is called")
    checked_on = day("when it was last looked at")
    locks = number("how many locks it has")
    open = yes_no("it stands open")


def added(make: Callable[[Tables], Any]) -> dict[str, AddedTable]:
    table = Table(spec=Doors, build=make)
    return {"doors": AddedTable(table=table, origin=Origin(package="p", version="1"), sha256="")}


def estate() -> Estate:
    files = Files()
    places = Col([files.code("assets.csv", line) for line in (2, 3)])
    columns = {"council": Col(["a", "b"]), "asset": Col(["1", "1"]), "owner": Col(["Head", None])}
    return Estate(today=TODAY, files=files, frames={"assets": Frame("assets", 2, columns, {"": places})})


def doors(tables: Tables, **columns: list[Any]) -> Frame:
    """Two doors of the first asset, none known of the second."""
    rows = [0, 0, 1]
    whose = {n: Col([tables["assets"].get(n, r) for r in rows]) for n in ("council", "asset")}
    return Frame("anything", 3, {**whose, **{n: Col(v) for n, v in columns.items()}})


def rule(row: Doors, policy: Params) -> Expr:
    return row.open.is_missing() | row.open


CHECK = CheckSpec(id="door.open", says="{name}", unknown_says="{name}", fix="Shut it.", table=Doors, judge=rule)
CONTROL = Control(
    id="D-1", check="door.open", title="Doors are shut", text="", theme="device", severity="low", due_days=1,
    councils=frozenset({"a", "b"}),
)  # fmt: skip


def outcomes(made: Estate) -> list[int]:
    (one,) = judge(made, [CONTROL], {"door.open": CHECK}, TODAY)
    return one.outcomes.tolist()


def test_what_a_builder_answers_is_judged_like_any_table() -> None:
    made = build(estate(), added(lambda t: doors(t, name=["front", "back", None], open=[False, True, None])))
    assert outcomes(made) == [0, 1, 1]
    frame = made.frames["doors"]
    assert [frame.get("owner", r) for r in range(3)] == ["Head", "Head", None]
    policy = Policy(name="", version="", controls=(CONTROL,))
    judged = judge(made, [CONTROL], {"door.open": CHECK}, TODAY)
    found, _ = settle(judged, made, policy, {"door.open": CHECK}, TODAY)
    # Without a place of its own a row stands where its asset does.
    assert [(f.council, f.subject, f.sources) for f in found] == [
        ("a", "back", [Place("assets.csv", 2)]), ("b", "no record", [Place("assets.csv", 3)]),
    ]  # fmt: skip


def test_a_builder_cannot_say_what_the_register_says() -> None:
    made = build(estate(), added(lambda t: doors(t, owner=["Nobody"] * 3, name=["x"] * 3)))
    assert [made.frames["doors"].get("owner", r) for r in range(3)] == ["Head", "Head", None]


def test_a_later_table_may_rest_on_an_earlier_one() -> None:
    class Zoo(Doors):
        """One cage."""

        table = "zoo"

    both = added(lambda t: doors(t, name=["x", "y", None]))
    both["zoo"] = replace(both["doors"], table=Table(spec=Zoo, build=lambda t: t["doors"]))
    made = build(estate(), both)
    assert [made.frames["zoo"].get("name", r) for r in range(3)] == ["x", "y", None]
    assert made.frames["zoo"].table == "zoo"


class Hostile(str):
    __slots__ = ()


def raises(error: BaseException) -> Callable[[Tables], Any]:
    def make(tables: Tables) -> Any:
        raise error

    return make


def spoils(tables: Tables) -> Any:
    tables["assets"].columns["owner"].values[0] = "Mallory"  # type: ignore[index]


def replaces(tables: Tables) -> Any:
    tables["assets"].columns["owner"] = Col(["Mallory", "Mallory"])  # type: ignore[index]


def shortened(tables: Tables) -> Any:
    return Frame("doors", 1, {n: Col([tables["assets"].get(n, 0)]) for n in ("council", "asset")})


def stranger(tables: Tables) -> Any:
    return Frame("doors", 3, {"council": Col(["a", "b", "a"]), "asset": Col(["1", "1", "ghost"])})


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (raises(ValueError("no\nway")), "ValueError: no"),
        (raises(SystemExit(3)), "SystemExit: 3"),
        (raises(RecursionError("deep")), "RecursionError: deep"),
        (lambda t: t["nothing"], "KeyError: 'nothing'"),
        (lambda t: sys.exit(), "SystemExit"),
        (spoils, "TypeError: 'tuple' object does not support item assignment"),
        (replaces, "TypeError: 'mappingproxy' object does not support item assignment"),
        (lambda t: None, "its builder answered NoneType, not a Frame"),
        (lambda t: Frame("doors", 2, {}), "its builder gave no column 'council'; begin with the frame of another table"),
        (shortened, "its builder left out 1 assets, '1' among them; each needs a row"),
        (stranger, "its builder names an asset that no register has: 'ghost'"),
        (lambda t: doors(t, name=["x", "y"]), "its builder gave column 'name' of 2 rows, not 3"),
        (lambda t: doors(t, name=[1, None, None]), "its builder gave 1, which is not text, in column 'name'"),
        (lambda t: doors(t, name=[Hostile("x"), None, None]), "which is not text, in column 'name'"),
        (lambda t: doors(t, name=["\ud800", None, None]), "characters that no file can in column 'name'"),
        (lambda t: doors(t, name=["x\0", None, None]), "characters that no file can in column 'name'"),
        (lambda t: doors(t, locks=[True, None, None]), "its builder gave True, which is not a whole number, in column 'locks'"),
        (lambda t: doors(t, locks=[1.5, None, None]), "its builder gave 1.5, which is not a whole number"),
        (lambda t: doors(t, locks=[2**63, None, None]), "a number too large to compare in column 'locks'"),
        (lambda t: doors(t, checked_on=["2026-01-01", None, None]), "which is not a date, in column 'checked_on'"),
        (lambda t: doors(t, open=[0, None, None]), "its builder gave 0, which is not yes or no, in column 'open'"),
        (lambda t: replace(doors(t), columns={**doors(t).columns, "name": Col(["x"], Col([0]).codes()[0])}),
         "its builder gave column 'name' of 1 rows, not 3"),
        (lambda t: replace(doors(t), places={"": Col([99 << 32] * 3)}), "a place for 'its rows' that is in no file"),
        (lambda t: replace(doors(t), places={"name": Col(["here"] * 3)}), "ValueError: invalid literal"),
    ],
)  # fmt: skip
def test_a_builder_that_breaks_leaves_its_controls_unknown_and_says_why(
    make: Callable[[Tables], Any], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = estate()
    made = build(before, added(make))
    why = made.notes["broken_tables"]["doors"]
    assert why.startswith("table 'doors' of p 1: ") and says in why
    assert made.frames["assets"].get("owner", 0) == "Head"
    # Its rule would let a null row fail and a wide one pass: nothing that a broken table says is believed.
    (one,) = judge(made, [CONTROL], {"door.open": CHECK}, TODAY)
    assert one.outcomes.tolist() == [UNKNOWN, UNKNOWN]
    assert one.error == why


def test_the_other_controls_are_judged_all_the_same() -> None:
    def owned(row: Assets, policy: Params) -> Expr:
        return row.owner.is_missing()

    other = replace(CHECK, id="asset.owned", table=Assets, judge=owned, says="", unknown_says="")
    controls = [CONTROL, replace(CONTROL, id="A-1", check="asset.owned")]
    made = build(estate(), added(raises(ValueError())))
    broken, sound = judge(made, controls, {"door.open": CHECK, "asset.owned": other}, TODAY)
    assert broken.error is not None
    assert (sound.error, sound.outcomes.tolist()) == (None, [0, 1])


def test_nothing_of_a_broken_table_is_closed() -> None:
    made = build(estate(), added(raises(ValueError())))
    checks = {"door.open": CHECK}
    assert looked(made, checks, judge(made, [CONTROL], checks, TODAY)).controls == {("a", "D-1"), ("b", "D-1")}


def test_a_source_of_its_own_that_is_silent_or_missing_passes_nothing_on() -> None:
    made = build(estate(), added(lambda t: doors(t, open=[False, False, False])))
    silent = Gap(
        council="a", source="s", tables=frozenset({"doors"}), why="silent", says="", place_file="doors.csv", stale=True
    )
    made = replace(made, gaps=(silent,))
    assert outcomes(made) == [UNKNOWN, UNKNOWN, 0]
    checks = find_checks() | {"door.open": CHECK}
    assert ("a", "doors") in looked(made, checks, judge(made, [CONTROL], checks, TODAY)).blocked
