"""What a run may close: an identity that is unknown now keeps its finding, one that is known to be sound does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from secscan.engine import find_checks, judge
from secscan.findings.closing import Undecided, looked
from secscan.model.estate import Estate
from secscan.model.frame import Col, Frame
from secscan.model.places import Files
from secscan.model.policy import Control
from secscan.model.raw import Gap, Load, Refusal
from secscan.model.tables import TABLES
from tests.findings.test_settle import CHECKS, CONTROL, TODAY, estate, row


def undecided(made: Estate, control: Control) -> Undecided:
    return Undecided(made, judge(made, [control], find_checks(), TODAY), TABLES)


BARE = row(product=None, name=None, version=None, support=None, eol_on=None)


def test_an_asset_without_a_list_keeps_what_it_had() -> None:
    found = undecided(estate(BARE), CONTROL)
    assert ("a", "LEG-01", "S1", "sql") in found
    assert ("a", "LEG-01", "S2", "sql") not in found


def test_what_a_row_still_speaks_of_is_decided_though_the_list_is_gone() -> None:
    sound = row(product="win", eol_on=date(2030, 1, 1))
    found = undecided(estate(BARE, sound), CONTROL)
    assert ("a", "LEG-01", "S1", "win") not in found  # the register says that the system is sound
    assert ("a", "LEG-01", "S1", "sql") in found  # and nobody says anything of this


def test_a_refused_row_holds_back_the_asset_that_it_calls_by_another_name() -> None:
    refused = Refusal(line=7, column="name", reason="name is empty", asset_tag=" DEV-1")
    load = Load(
        source="s", council="a", kind="k", file="f", sha256="", size=0, dated_on=TODAY, rows_read=1, rows_loaded=0, rows_refused=1,
        rows_blank=0, refused=(refused,),
    )  # fmt: skip
    made = replace(estate(row()), loads=[load], notes={"aliases": {("a", "dev-1"): "S1"}})
    assert looked(made, CHECKS, []).assets == {("a", "S1")}


def test_a_claim_that_nobody_can_test_any_more_stays_disproven() -> None:
    control = Control(
        id="FW-01", check="mitigation.claim-disproven", title="", text="", theme="firewall", severity="high", due_days=14,
        councils=frozenset({"a"}),
    )  # fmt: skip
    assert control.check in CHECKS
    columns = {
        "council": ["a"] * 3,
        "asset": ["S1"] * 3,
        "claim": ["M1", "M2", "M3"],
        "state": ["claimed", "proven", None],
    }
    frame = Frame("claims", 3, {name: Col(values) for name, values in columns.items()})
    found = undecided(Estate(today=TODAY, files=Files(), frames={"claims": frame}), control)
    assert ("a", "FW-01", "S1", "M1") in found
    assert ("a", "FW-01", "S1", "M2") not in found
    assert ("a", "FW-01", "S1", "M3") in found


def test_a_firewall_that_was_not_read_keeps_what_was_found_in_its_rules() -> None:
    control = Control(
        id="FW-04", check="firewall.rule-undocumented", title="", text="", theme="firewall", severity="medium", due_days=30,
        councils=frozenset({"a"}),
    )  # fmt: skip
    told = {"device_rule": "edge WEB", "device": "edge", "is_default": False, "enabled": True, "rule_owner": "Role"}
    rows = [
        {"council": "a", "device": "core"},
        {"council": "a", **told, "approver": "Role", "reason": "Why"},
        {"council": "a", **told, "device_rule": "edge line 7", "enabled": None},
    ]
    columns = {n: Col([r.get(n) for r in rows]) for n in ("asset", *{n for r in rows for n in r})}
    frame = Frame("rules", 3, columns)
    found = undecided(Estate(today=TODAY, files=Files(), frames={"rules": frame}), control)
    assert ("a", "FW-04", None, "core WEB") in found  # its firewall was not read
    assert ("a", "FW-04", None, "edge line 7") in found
    assert ("a", "FW-04", None, "edge WEB") not in found  # that rule is read, and is sound
    assert ("b", "FW-04", None, "core WEB") not in found


def test_a_firewall_whose_export_is_missing_blocks_its_tables_and_not_the_exceptions() -> None:
    gap = Gap(council="", source="core", tables=frozenset({"rules"}), why="missing", says="s", place_file="f")
    empty = Frame("assets", 0, {"council": Col([]), "asset": Col([])})
    made = Estate(today=TODAY, files=Files(), frames={"assets": empty}, gaps=(gap,))
    reach = looked(made, CHECKS, [])
    assert {table for council, table in reach.blocked if council == ""} == {"paths", "claims", "rules"}
    assert reach.tables["exceptions.exception-expired"] == "exceptions"
