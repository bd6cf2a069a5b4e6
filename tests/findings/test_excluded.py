"""What policy leaves out: every device is in time, late, not known or excluded, and each exclusion has its words."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.engine import find_checks, judge
from secscan.findings.excluded import excluded
from secscan.findings.measures import Patched, patched
from secscan.model.estate import Estate
from secscan.model.frame import Col, Frame
from secscan.model.places import Files, Place
from secscan.model.policy import Control, Policy, Scope
from secscan.model.posture import Excluded

TODAY = date(2026, 3, 1)
CHECKS = find_checks()
PATCHING = Control(
    id="PAT-01", check="patching.fix-overdue", title="t", text="t", theme="patching", severity="high", due_days=14,
    councils=frozenset({"a", "b"}), place=Place("policies/baseline.yaml", 9),
)  # fmt: skip
WHERE = Place("policies/overlay.yaml", 21)
OLD = {
    "name": "Chrome",
    "product_or_name": "chrome",
    "missing": True,
    "released_on": date(2025, 1, 1),
    "severity": "high",
}


def estate(*devices: tuple[str, str | None, list[dict[str, Any] | None]]) -> Estate:
    """``devices``: (council, type, its rows of fixes; None stands for a device that no source of updates names)."""
    files = Files()
    council, kind = Col([d[0] for d in devices]), Col([d[1] for d in devices])
    asset = Col([f"A{i}" for i in range(len(devices))])
    shared = {"council": council, "type": kind, "asset": asset, "hostname": asset}
    rows = [(i, fix or {}) for i, (_, _, fixes) in enumerate(devices) for fix in fixes]
    take = np.array([i for i, _ in rows], dtype=np.int32)
    named = ("name", "product_or_name", "missing", "released_on", "severity", "cvss3", "fixed_in")
    columns = {n: c.over(take) for n, c in shared.items()} | {n: Col([fix.get(n) for _, fix in rows]) for n in named}
    places = {"": Col([files.code("fixes.csv", i + 2) for i in range(len(rows))])}
    frames = {"assets": Frame("assets", len(devices), shared), "fixes": Frame("fixes", len(rows), columns, places)}
    return Estate(today=TODAY, files=files, frames=frames)


def told(held: Estate, *controls: Control) -> tuple[dict[str, Patched], list[Excluded]]:
    policy = Policy(name="p", version="1", controls=controls)
    judgements = judge(held, controls, CHECKS, TODAY)
    return patched(held, judgements), excluded(policy, held, judgements, CHECKS)


def without(**values: tuple[str, ...]) -> Control:
    return replace(PATCHING, scope=Scope(excluded=values, reason="No source covers them.", place=WHERE))


def test_a_device_that_no_patching_control_speaks_about_is_excluded_with_reason_and_line() -> None:
    found, rows = told(estate(("a", "printer", [None]), ("a", "server", [OLD])), without(type=("printer", "network")))
    assert found["a"] == Patched(late=1, excluded=1)
    assert rows == [
        Excluded(
            council="a", control="PAT-01", theme="patching", what="not type printer, network",
            reason="No source covers them.", assets=1, place=WHERE,
        )
    ]  # fmt: skip


def test_a_device_whose_type_nobody_knows_is_not_known_and_not_excluded() -> None:
    found, rows = told(estate(("a", None, [OLD])), without(type=("printer",)))
    assert found["a"] == Patched(unknown=1)
    assert rows == []


def test_a_device_that_no_source_of_updates_names_is_not_known() -> None:
    found, _ = told(estate(("a", "server", [None]), ("b", "server", [])), PATCHING)
    assert found == {"a": Patched(unknown=1), "b": Patched(unknown=1)}


def test_a_control_that_is_switched_off_leaves_every_device_of_its_councils_out() -> None:
    off = replace(PATCHING, disabled="The agents come in May.", councils=frozenset({"a"}))
    found, rows = told(estate(("a", "server", [OLD]), ("b", "server", [OLD])), off)
    assert found == {"a": Patched(excluded=1), "b": Patched(excluded=1)}
    assert [(e.council, e.what, e.reason, e.assets, e.place) for e in rows] == [
        ("a", "switched off", "The agents come in May.", 1, PATCHING.place)
    ]


def test_a_scope_over_products_leaves_out_the_devices_that_have_none_of_them() -> None:
    held = estate(("a", "server", [OLD]), ("a", "server", [OLD]), ("b", "server", [OLD]))
    fixes = held.frames["fixes"]
    product = Col(["win", "sql", "win"])
    installs = Frame("installs", 3, {**fixes.columns, "product": product, "product_or_name": product}, fixes.places)
    held = replace(held, frames={**held.frames, "installs": installs})
    control = replace(PATCHING, check="lifecycle.unsupported-software", scope=Scope(only={"product": ("sql",)}))
    _, rows = told(held, control)
    assert [(e.council, e.what, e.assets, e.place) for e in rows] == [
        ("a", "only product sql", 1, PATCHING.place), ("b", "only product sql", 1, PATCHING.place)
    ]  # fmt: skip


def test_two_parts_of_a_scope_count_a_device_once() -> None:
    control = replace(PATCHING, scope=Scope(only={"type": ("server",)}, excluded={"council": ("a",)}))
    found, rows = told(estate(("a", "printer", [OLD]), ("a", "server", [OLD]), ("b", "server", [OLD])), control)
    assert [(e.council, e.what, e.assets) for e in rows] == [("a", "only type server", 1), ("a", "not council a", 1)]
    assert found == {"a": Patched(excluded=2), "b": Patched(late=1)}


def test_a_second_control_that_speaks_about_a_device_takes_it_out_of_the_excluded() -> None:
    other = replace(PATCHING, id="PAT-02", scope=Scope(only={"type": ("printer",)}))
    found, rows = told(estate(("a", "printer", [OLD]), ("a", "server", [OLD])), without(type=("printer",)), other)
    assert found["a"] == Patched(late=2)
    assert [(e.control, e.assets) for e in rows] == [("PAT-01", 1), ("PAT-02", 1)]


def test_a_scope_over_rules_or_claims_leaves_no_device_out() -> None:
    claims = replace(PATCHING, id="FW-01", check="mitigation.claim-disproven", scope=Scope(only={"type": ("server",)}))
    assert told(estate(("a", "printer", [OLD])), claims)[1] == []


fix = st.sampled_from([None, OLD, {**OLD, "missing": False}, {**OLD, "missing": None}, {**OLD, "released_on": TODAY}])
device = st.tuples(
    st.sampled_from(["a", "b"]), st.sampled_from(["server", "printer", None]), st.lists(fix, min_size=1, max_size=3)
)
scope = st.sampled_from(
    [Scope(), Scope(only={"type": ("server",)}), Scope(excluded={"type": ("printer",)}), Scope(excluded={"council": ("b",)}),
     Scope(only={"type": ("server", "printer")}, excluded={"council": ("a",)})]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(devices=st.lists(device, min_size=1, max_size=8), part=scope)
def test_in_time_late_not_known_and_excluded_add_up_to_the_councils_devices(devices: Any, part: Scope) -> None:
    found, rows = told(estate(*devices), replace(PATCHING, scope=part))
    for council in ("a", "b"):
        own = found.get(council, Patched())
        assert own.in_time + own.late + own.unknown + own.excluded == sum(d[0] == council for d in devices)
        assert own.excluded == sum(e.assets for e in rows if e.council == council)


@settings(max_examples=40, deadline=None)
@given(devices=st.lists(device, min_size=1, max_size=6), part=scope)
def test_knowing_less_never_moves_a_device_to_in_time_or_to_excluded(devices: Any, part: Scope) -> None:
    control = replace(PATCHING, scope=part)
    before, _ = told(estate(*devices), control)
    less = [(c, t, [None if f is None else {**f, "missing": None} for f in fixes]) for c, t, fixes in devices]
    after, _ = told(estate(*less), control)
    for council, own in after.items():
        assert own.in_time == 0 or own.in_time <= before[council].in_time
        assert own.excluded == before[council].excluded
