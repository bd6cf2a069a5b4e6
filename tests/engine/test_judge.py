"""Judging: one outcome for every row, scopes, silence, and a check that breaks."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.api import days_after
from secscan.engine import find_checks, judge
from secscan.engine.find import deadline, expression
from secscan.engine.reference import answer
from secscan.model.check import Params
from secscan.model.estate import Estate
from secscan.model.findings import FAIL, OUTSIDE, PASS, UNKNOWN, Judgement
from secscan.model.frame import Col, Frame
from secscan.model.places import Files
from secscan.model.policy import Control, Scope
from secscan.model.raw import Gap

TODAY = date(2026, 3, 1)
CHECKS = find_checks()
SEEN = "inventory.not-seen-lately"


def estate(rows: list[dict[str, Any]], gaps: tuple[Gap, ...] = (), table: str = "assets") -> Estate:
    names = {name for row in rows for name in row} | {"council", "asset"}
    columns = {name: Col([row.get(name) for row in rows]) for name in names}
    return Estate(today=TODAY, files=Files(), frames={table: Frame(table, len(rows), columns)}, gaps=gaps)


def control(**fields: Any) -> Control:
    base = Control(
        id="C-1", check=SEEN, title="t", text="t", theme="inventory", severity="low", due_days=1,
        councils=frozenset({"a", "b"}), params={"max_age_days": 30},
    )  # fmt: skip
    return replace(base, **fields)


def one(rows: list[dict[str, Any]], *gaps: Gap, **fields: Any) -> Judgement:
    (found,) = judge(estate(rows, gaps), [control(**fields)], CHECKS, TODAY)
    return found


def row(council: str = "a", age: int | None = 0, **more: Any) -> dict[str, Any]:
    return {
        "council": council,
        "asset": "x",
        "last_seen_on": None if age is None else TODAY - timedelta(days=age),
        **more,
    }


def test_a_domain_is_no_device_and_one_whose_type_nobody_knows_is_judged() -> None:
    found = one([row(age=31, type="domain"), row(age=31, type=None), row(age=0, type="server")])
    assert found.outcomes.tolist() == [OUTSIDE, FAIL, PASS]
    assert (found.passed["a"], found.failed["a"], found.unknown["a"]) == (1, 1, 0)


def test_each_row_has_one_outcome_and_councils_are_counted_apart() -> None:
    found = one([row(age=0), row(age=31), row(age=None), row("b", 31)])
    assert (found.passed, found.failed, found.unknown) == ({"a": 1, "b": 0}, {"a": 1, "b": 1}, {"a": 1, "b": 0})
    assert found.fail_rows.tolist() == [1, 3]
    assert found.reads == ("last_seen_on",)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abz"), st.none() | st.integers(0, 60)), min_size=1, max_size=30))
def test_outcomes_add_up_to_the_population(rows: list[tuple[str, int | None]]) -> None:
    found = one([row(c, a) for c, a in rows])
    for council in "ab":
        mine = sum(c == council for c, _ in rows)
        assert found.passed.get(council, 0) + found.failed.get(council, 0) + found.unknown.get(council, 0) == mine


@settings(max_examples=40, deadline=None)
@given(st.lists(st.none() | st.integers(0, 90), min_size=1, max_size=20), st.integers(0, 60), st.integers(0, 30))
def test_a_tighter_window_never_closes_a_finding(ages: list[int | None], window: int, tighter: int) -> None:
    wide = one([row(age=a) for a in ages], params={"max_age_days": window + tighter})
    tight = one([row(age=a) for a in ages], params={"max_age_days": window})
    assert set(wide.fail_rows.tolist()) <= set(tight.fail_rows.tolist())


def test_rows_outside_the_scope_are_not_counted() -> None:
    rows = [row(type="server", age=31), row(type="printer", age=31)]
    found = one(rows, scope=Scope(only={"type": ("server",)}))
    assert (found.failed["a"], found.unknown["a"], found.passed["a"]) == (1, 0, 0)
    assert one(rows, scope=Scope(excluded={"type": ("printer",)})).failed["a"] == 1


def test_a_row_whose_scope_cannot_be_told_is_unknown_not_outside() -> None:
    found = one([row(type=None, age=0)], scope=Scope(only={"type": ("server",)}))
    assert found.unknown["a"] == 1


def test_silence_passes_nothing_on_but_leaves_failures_failing() -> None:
    gap = Gap(
        council="a", source="s", tables=frozenset({"assets"}), why="silent", says="silent", place_file="f", stale=True
    )
    found = one([row(age=0), row(age=31), row("b", 0)], gap)
    assert (found.passed, found.failed, found.unknown) == ({"a": 0, "b": 1}, {"a": 1, "b": 0}, {"a": 1, "b": 0})
    assert found.stale["a"] == 1
    assert found.stale_rows.tolist() == [0]
    assert found.unknown_rows.tolist() == []


@pytest.mark.parametrize("kind", [ZeroDivisionError, SystemExit])
def test_a_check_that_breaks_is_named_and_its_rows_are_unknown(kind: type[BaseException]) -> None:
    def broken(row: Any, policy: Any) -> Any:
        raise kind("by zero")

    spec = replace(CHECKS[SEEN], judge=broken)
    found = judge(
        estate([row()]), [control(), control(id="C-2", check="x.ok")], {SEEN: spec, "x.ok": CHECKS[SEEN]}, TODAY
    )
    assert kind.__name__ in (found[0].error or "")
    assert (found[0].unknown["a"], found[1].passed["a"]) == (1, 1)


def test_a_deadline_past_the_end_of_time_breaks_its_own_check_alone() -> None:
    spec = replace(CHECKS[SEEN], due=lambda row, policy: days_after(row.last_seen_on, 10_000_000))
    controls = [control(), control(id="C-2", check="x.ok")]
    broken, sound = judge(estate([row(age=31)]), controls, {SEEN: spec, "x.ok": CHECKS[SEEN]}, TODAY)
    assert "OverflowError" in (broken.error or "")
    assert (broken.unknown["a"], broken.due, sound.failed["a"]) == (1, {}, 1)


def test_a_disabled_control_judges_nothing() -> None:
    assert judge(estate([row()]), [control(disabled="why")], CHECKS, TODAY) == []


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_row_gets_what_the_witness_says_whatever_indexes_it_shares(data: st.DataObject) -> None:
    """Judged once for rows that say the same, and told of every row: nobody is given another's outcome."""
    rows = data.draw(st.integers(1, 15))

    def index(size: int) -> Any:
        return np.array(data.draw(st.lists(st.integers(-1, size - 1), min_size=rows, max_size=rows)), dtype=np.int32)

    assets, software = index(4), index(5)
    days = [None, *(TODAY + timedelta(days=d) for d in (-40, -1, 0, 30))]
    draw_day = st.lists(st.sampled_from(days), min_size=5, max_size=5)
    columns = {
        "council": Col(["a", "b", "z", "a"], np.abs(assets)), "asset": Col(["1", "2", "3", "4"], np.abs(assets)),
        "type": Col(["server", "laptop", None, "server"], assets),
        "support": Col(["dated", "open-ended", "ended-undated", None, "dated"], software),
        "eol_on": Col(data.draw(draw_day), software),
        "entitled_until": Col(data.draw(draw_day), index(5)),
    }  # fmt: skip
    frame = Frame("installs", rows, columns)
    scope = Scope(only={"type": ("server",)})
    (found,) = judge(
        Estate(today=TODAY, files=Files(), frames={"installs": frame}),
        [control(check="lifecycle.unsupported-software", params={}, scope=scope)], CHECKS, TODAY,
    )  # fmt: skip
    fails, _, _ = expression(CHECKS["lifecycle.unsupported-software"], Params(TODAY, {"grace_days": 0}))
    expected = []
    for number in range(rows):
        said = {name: frame.get(name, number) for name in columns}
        inside = None if said["type"] is None else said["type"] == "server"
        fail = answer(fails, said)
        outside = said["council"] == "z" or inside is False
        expected.append(OUTSIDE if outside else UNKNOWN if inside is None or fail is None else FAIL if fail else PASS)
    assert found.outcomes.tolist() == expected
    assert found.fail_rows.tolist() == [i for i, o in enumerate(expected) if o == FAIL]
    assert found.unknown_rows.tolist() == [i for i, o in enumerate(expected) if o == UNKNOWN]
    assert sum(found.failed.values()) == expected.count(FAIL)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["critical", "low", None])), min_size=1, max_size=12))
def test_each_failing_row_has_its_own_deadline(fixes: list[tuple[int, str | None]]) -> None:
    rows = [
        {
            "council": "a",
            "asset": "x",
            "missing": True,
            "released_on": TODAY - timedelta(days=d),
            "severity": s,
            "cvss3": None,
        }
        for d, s in fixes
    ]
    spec = CHECKS["patching.fix-overdue"]
    (found,) = judge(estate(rows, table="fixes"), [control(check=spec.id, params={})], CHECKS, TODAY)
    expression_of_due = deadline(spec, Params(TODAY, spec.params))
    assert expression_of_due is not None
    assert found.due == {row: answer(expression_of_due, rows[row]) for row in found.fail_rows.tolist()}


def test_shared_indexes_and_plain_columns_answer_alike() -> None:
    """The star layout is only a layout: the same table written out flat gives the same outcomes."""
    rng = np.random.default_rng(7)
    take = rng.integers(-1, 5, 200).astype(np.int32)
    days = [TODAY - timedelta(days=int(d)) if d else None for d in (0, 10, 30, 31, 60)]
    council = Col(("a", "b"), rng.integers(0, 2, 200).astype(np.int32))
    star = Frame("assets", 200, {"council": council, "asset": Col(["x"] * 200), "last_seen_on": Col(days, take)})
    flat = Frame("assets", 200, {n: Col(list(c)) for n, c in star.columns.items()})
    results = []
    for frame in (star, flat):
        found = judge(Estate(today=TODAY, files=Files(), frames={"assets": frame}), [control()], CHECKS, TODAY)[0]
        results.append(found.outcomes.tolist())
    assert results[0] == results[1]
    assert set(results[0]) == {0, 1, 2}


def test_rows_that_pass_and_that_a_check_does_not_speak_about_are_not_counted() -> None:
    about = replace(CHECKS[SEEN], about=lambda asset, policy: asset.type == "laptop")
    rows = [
        row(type="laptop"),
        row(type="printer"),
        row(type=None),
        row(type="printer", age=31),
        row(type="printer", age=None),
    ]
    (found,) = judge(estate(rows), [control()], {SEEN: about}, TODAY)
    # What fails or is unknown stays: ``about`` can hide nothing.
    assert (found.passed["a"], found.failed["a"], found.unknown["a"]) == (2, 1, 1)
    assert found.reads == ("last_seen_on",)


def test_a_source_that_all_share_falls_silent_for_every_council() -> None:
    gap = Gap(council="", source="fw", tables=frozenset({"rules"}), why="silent", says="s", place_file="f", stale=True)
    rows = [
        {
            "council": c,
            "asset": None,
            "device_rule": "fw 1",
            "enabled": True,
            "is_default": False,
            "action": "deny",
            "any_any": False,
        }
        for c in "ab"
    ]
    rule = control(check="firewall.any-any-rule", params={})
    (before,) = judge(estate(rows, table="rules"), [rule], CHECKS, TODAY)
    (after,) = judge(estate(rows, (gap,), table="rules"), [rule], CHECKS, TODAY)
    assert (before.passed, after.passed) == ({"a": 1, "b": 1}, {"a": 0, "b": 0})
    assert after.stale == {"a": 1, "b": 1}


def test_no_source_feeds_the_exceptions_so_none_makes_them_stale() -> None:
    every = frozenset({"assets", "software", "fixes", "services", "rules", "probes"})
    gap = Gap(council="a", source="s", tables=every, why="silent", says="s", place_file="f", stale=True)
    rows = [{"council": "a", "asset": "x", "exception": "E", "until": TODAY}]
    rule = control(check="exceptions.exception-expired", params={})
    (found,) = judge(estate(rows, (gap,), table="exceptions"), [rule], CHECKS, TODAY)
    assert found.passed == {"a": 1}
