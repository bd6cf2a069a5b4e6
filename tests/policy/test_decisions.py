"""Exceptions, claimed mitigations and entitlements."""

from __future__ import annotations

from datetime import date

import pytest

from secscan.model.errors import PolicyError
from secscan.model.estate import Estate
from secscan.model.frame import Col, Frame
from secscan.model.places import Files
from secscan.model.policy import Isolation
from secscan.model.tables import Exceptions
from secscan.policy import attach

from .desk import TODAY, load, overlay

GOOD = "control: OLD, council: corvale, asset: A-1, until: 2026-06-30, owner: Head of ICT, approver: CIO, reason: Soon."


def exceptions(*entries: str) -> str:
    return "exceptions:\n" + "".join(f"  - {{{e}}}\n" for e in entries)


def refused(root, **kwargs) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load(root, **kwargs)
    return [str(p) for p in caught.value.problems]


def test_an_exception_carries_who_until_when_and_its_line(tmp_path):
    (one,) = load(tmp_path, exceptions=exceptions(GOOD)).exceptions
    assert (one.id, one.control, one.council, one.asset, one.subject) == (
        "OLD/corvale/A-1",
        "OLD",
        "corvale",
        "A-1",
        None,
    )
    assert (one.until, one.owner, one.approver, one.renewed) == (date(2026, 6, 30), "Head of ICT", "CIO", 0)
    assert str(one.place) == "exceptions.yaml:2:5"


def test_an_exception_is_in_force_through_its_last_day(tmp_path):
    (one,) = load(tmp_path, exceptions=exceptions(GOOD + ", from: 2026-02-01")).exceptions
    assert [one.in_force(date(2026, *d)) for d in ((1, 31), (2, 1), (6, 30), (7, 1))] == [False, True, True, False]


def test_an_exception_may_be_for_one_day(tmp_path):
    (one,) = load(tmp_path, exceptions=exceptions(GOOD + ", from: 2026-06-30")).exceptions
    assert [one.in_force(date(2026, *d)) for d in ((6, 29), (6, 30), (7, 1))] == [False, True, False]


def test_an_exception_past_its_end_is_still_loaded_and_not_in_force(tmp_path):
    (one,) = load(tmp_path, exceptions=exceptions(GOOD.replace("2026-06-30", "2025-06-30"))).exceptions
    assert not one.in_force(TODAY)


def test_exceptions_may_stand_in_a_policy_for_one_council(tmp_path):
    entry = GOOD.replace("council: corvale, ", "")
    (one,) = load(tmp_path, overlay(exceptions(entry), councils=["corvale"])).exceptions
    assert one.council == "corvale"


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (GOOD.replace("OLD", "ODL"), "2:15: unknown control 'ODL'; did you mean 'OLD'?"),
        (GOOD.replace("corvale", "corvalle"), "2:29: unknown council 'corvalle'; did you mean 'corvale'?"),
        (
            GOOD.replace("council: corvale, ", ""),
            "2:5: 'council' is missing; it is one of alderbeck, brackenford, corvale",
        ),
        (GOOD + ", from: 2026-07-01", "2:57: 'until' is 2026-06-30, before 'from', which is 2026-07-01"),
        (GOOD.replace("approver: CIO, ", ""), "2:5: 'approver' is missing in 'exceptions.0'"),
        (GOOD.replace("until: 2026-06-30, ", ""), "2:5: 'until' is missing in 'exceptions.0'"),
        (GOOD.replace("asset: A-1, ", ""), "2:5: 'asset' is missing in 'exceptions.0'"),
    ],
)
def test_an_exception_that_cannot_hold_is_refused(tmp_path, entry, problem):
    assert refused(tmp_path, exceptions=exceptions(entry)) == [f"exceptions.yaml:{problem}"]


def test_an_exception_of_a_file_for_other_councils_is_refused(tmp_path):
    with pytest.raises(PolicyError, match="this file is for alderbeck, not for 'corvale'"):
        load(tmp_path, overlay(exceptions(GOOD), councils=["alderbeck"]))


def test_an_exception_to_a_control_of_other_councils_is_refused(tmp_path):
    own = "controls: [{id: N, check: demo.unseen, title: T, text: T, theme: legacy, severity: low, due: 5 days}]\n"
    with pytest.raises(PolicyError, match="control 'N' is not in force for 'corvale'"):
        load(tmp_path, overlay(own, councils=["alderbeck"]), exceptions=exceptions(GOOD.replace("OLD", "N")))


def test_the_same_exception_twice_is_refused_unless_each_has_an_id(tmp_path):
    again = GOOD.replace("2026-06-30", "2026-12-31") + ", from: 2026-07-01"
    assert refused(tmp_path, exceptions=exceptions(GOOD, again)) == [
        "exceptions.yaml:3:5: exception 'OLD/corvale/A-1' is set twice; the first is at exceptions.yaml:2:5; give each an 'id'"
    ]
    assert len(load(tmp_path, exceptions=exceptions("id: E1, " + GOOD, "id: E2, " + again)).exceptions) == 2
    assert "exception 'E1' is set twice" in refused(tmp_path, exceptions=exceptions(*["id: E1, " + GOOD] * 2))[0]


def test_who_owns_a_risk_should_not_approve_it(tmp_path):
    found = load(tmp_path, exceptions=exceptions(GOOD.replace("CIO", "head of ict")))
    (warning,) = found.warnings
    assert warning.startswith("exceptions.yaml:2:")
    assert "the owner of the risk approved it: 'head of ict'" in warning


@pytest.mark.parametrize(
    ("entry", "days"),
    [
        (GOOD.replace("2026-06-30", "2027-03-02"), None),  # 366 days from today
        (GOOD.replace("2026-06-30", "2027-03-03"), "367 days from today"),
        (GOOD.replace("2026-06-30", "2027-01-01") + ", from: 2026-01-01", None),
        (GOOD.replace("2026-06-30", "2027-01-03") + ", from: 2026-01-01", "367 days"),
    ],
)
def test_an_exception_of_more_than_a_year_is_warned_of(tmp_path, entry, days):
    found = load(tmp_path, exceptions=exceptions(entry)).warnings
    assert len(found) == (days is not None)
    assert all(f"runs for {days}; review it at least once a year" in w for w in found)


# ------------------------------------------------------------------------------------------------ mitigations

ISOLATED = "id: M1, council: corvale, asset: A-1, kind: isolation, ports: [tcp/445, any], blocked_from: [lan, internet], claimed_by: NM"
HELD = "id: M2, council: corvale, asset: A-1, kind: control, control: OLD, claimed_by: Desktop Manager"


def mitigations(*entries: str) -> str:
    return "mitigations:\n" + "".join(f"  - {{{e}}}\n" for e in entries)


def test_a_mitigation_says_how_it_is_tested(tmp_path):
    one, other = load(tmp_path, mitigations=mitigations(ISOLATED + ", both_directions: true", HELD)).mitigations
    assert one.isolation == Isolation(ports=("tcp/445", "any"), blocked_from=("lan", "internet"), both_directions=True)
    assert (one.kind, one.control, one.proof_days, str(one.place)) == ("isolation", None, 90, "mitigations.yaml:2:5")
    assert (other.kind, other.control, other.isolation) == ("control", "OLD", None)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        (ISOLATED.replace("lan,", "lna,"), "unknown zone 'lna'; did you mean 'lan'?"),
        (ISOLATED.replace("ports: [tcp/445, any], ", ""), "mitigation 'M1' is of kind isolation and needs 'ports'"),
        (ISOLATED.replace("tcp/445", "tcp/70000"), "'tcp/70000' is not a port; write for example tcp/445"),
        (ISOLATED.replace("tcp/445", "445/tcp"), "'445/tcp' is not a port"),
        (ISOLATED + ", control: OLD", "'control' has no meaning for a mitigation of kind isolation"),
        (ISOLATED + ", both_directions: yes", "'mitigations.0.both_directions'"),
        (HELD.replace(" control: OLD,", ""), "mitigation 'M2' is of kind control and needs 'control'"),
        (HELD.replace("OLD", "OLDE"), "unknown control 'OLDE'; did you mean 'OLD'?"),
        (HELD + ", ports: [any]", "'ports' has no meaning for a mitigation of kind control"),
        (HELD + ", proof_days: 0", "'mitigations.0.proof_days'"),
    ],
)
def test_a_claim_that_cannot_be_tested_is_refused(tmp_path, entry, says):
    (problem,) = refused(tmp_path, mitigations=mitigations(entry))
    assert problem.startswith("mitigations.yaml:2:")
    assert says in problem


def test_the_same_mitigation_twice_is_refused(tmp_path):
    (problem,) = refused(tmp_path, mitigations=mitigations(HELD, HELD))
    assert problem == "mitigations.yaml:3:10: mitigation 'M2' is set twice; the first is at mitigations.yaml:2:5"


# ------------------------------------------------------------------------------------------------ entitlements


def test_entitlements_are_read_with_either_kind_of_date(tmp_path):
    text = "Until,product,cycle,assets,reference,council\n13/10/2026,windows-server,2012,A-1; A-2 ;,PO 17,corvale\n2027-01-12,mssqlserver,,,,\n"
    one, other = load(tmp_path, entitlements=text).entitlements
    assert (one.product, one.cycle, one.until, one.assets) == (
        "windows-server",
        "2012",
        date(2026, 10, 13),
        ("A-1", "A-2"),
    )
    assert (one.council, one.reference, str(one.place)) == ("corvale", "PO 17", "ent.csv:2")
    assert (other.council, other.cycle, other.assets, other.until) == (None, None, (), date(2027, 1, 12))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("product,until\nx,soon\n", "ent.csv:2: 'until' is 'soon', not a day; write 2026-10-13 or 13/10/2026"),
        (
            "product,until\nx,31/02/2026\n",
            "ent.csv:2: 'until' is '31/02/2026', not a day; write 2026-10-13 or 13/10/2026",
        ),
        ("product,until\n,2026-01-01\n", "ent.csv:2: 'product' is empty"),
        (
            "product,until,council\nx,2026-01-01,corval\n",
            "ent.csv:2: unknown council 'corval'; did you mean 'corvale'?",
        ),
        ("product,untl\nx,2026-01-01\n", "ent.csv:1: unknown column 'untl'; did you mean 'until'?"),
        ("product,until\nx\n", "ent.csv:2: has 1 cells; the header has 2"),
        ("", "ent.csv: is empty; export it again"),
    ],
)
def test_an_entitlement_that_cannot_be_read_is_refused_by_its_line(tmp_path, text, problem):
    assert refused(tmp_path, entitlements=text)[0] == problem


def test_a_column_that_nobody_uses_is_warned_of(tmp_path):
    found = load(tmp_path, entitlements="product,until,ordered by\nx,2026-01-01,ICT\n")
    assert len(found.entitlements) == 1
    assert found.warnings[0].startswith("ent.csv:1: the column 'ordered by' is not used")


def test_a_header_alone_is_no_entitlement(tmp_path):
    assert load(tmp_path, entitlements="product,until,cycle,assets,reference\n").entitlements == ()


def test_every_exception_is_a_row_with_the_asset_of_its_register(tmp_path):
    rules = load(
        tmp_path,
        exceptions=exceptions(
            GOOD,
            "id: E2, control: OLD, council: alderbeck, asset: gone, subject: win, from: 2026-01-01, until: 2026-02-01,"
            " owner: Head of ICT, approver: CIO, reason: Soon., renewed: 2",
        ),
    )
    register = {"council": ["alderbeck", "corvale"], "asset": ["A-1", "a-1"], "hostname": ["other", "srv"]}
    assets = Frame("assets", 2, {n: Col(v) for n, v in register.items()}, {"": Col([1, 2])})
    made = attach(Estate(today=TODAY, files=Files(), frames={"assets": assets}), rules)
    frame = made.frames["exceptions"]
    shown = (
        "council",
        "asset",
        "hostname",
        "exception",
        "control",
        "accepts",
        "starts",
        "until",
        "risk_owner",
        "renewed",
    )
    assert [tuple(frame.get(name, at) for name in shown) for at in range(frame.rows)] == [
        ("corvale", "a-1", "srv", "OLD/corvale/A-1", "OLD", None, None, date(2026, 6, 30), "Head of ICT", 0),
        ("alderbeck", "gone", None, "E2", "OLD", "win", date(2026, 1, 1), date(2026, 2, 1), "Head of ICT", 2),
    ]
    codes = [code for at in range(frame.rows) if (code := frame.place("until", at)) is not None]
    assert [str(made.files.place(code)) for code in codes] == ["exceptions.yaml:2", "exceptions.yaml:3"]
    assert set(frame.columns) <= set(Exceptions.columns())


def test_a_partnership_without_exceptions_has_no_rows(tmp_path):
    assets = Frame("assets", 0, {"council": Col([]), "asset": Col([])})
    made = attach(Estate(today=TODAY, files=Files(), frames={"assets": assets}), load(tmp_path))
    assert made.frames["exceptions"].rows == 0
