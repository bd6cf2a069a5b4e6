"""Findings: identity, folding, unknowns, and how exceptions and mitigations stand."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.engine import find_checks, judge
from secscan.findings import settle
from secscan.findings.identity import fingerprint
from secscan.model.estate import Estate
from secscan.model.findings import Finding, Tally
from secscan.model.frame import Col, Frame
from secscan.model.places import Files
from secscan.model.policy import Control, Isolation, Mitigation, Policy, RiskException

TODAY = date(2026, 3, 1)
CHECKS = find_checks()
CONTROL = Control(
    id="LEG-01", check="lifecycle.unsupported-software", title="Supported", text="t", theme="legacy", severity="high",
    due_days=90, councils=frozenset({"a", "b"}),
)  # fmt: skip
OLD = {
    "council": "a",
    "asset": "S1",
    "hostname": "srv1",
    "product": "win",
    "version": "2012",
    "support": "dated",
    "eol_on": date(2023, 1, 1),
}
EXCEPTION = RiskException(
    id="E1",
    control="LEG-01",
    council="a",
    asset="s1",
    subject=None,
    until=TODAY,
    owner="Owner",
    approver="Approver",
    reason="r",
)
CLAIM = Mitigation(
    id="M1", council="a", asset="S1", kind="isolation", claimed_by="Head of ICT",
    isolation=Isolation(ports=("any",), blocked_from=("users",)),
)  # fmt: skip


def row(**values: Any) -> dict[str, Any]:
    made = {**OLD, **values}
    return {**made, "product_or_name": made.get("product") or made.get("name")}


def estate(*rows: dict[str, Any], claim_state: str | None = None) -> Estate:
    files = Files()
    names = {n for r in rows for n in r}
    columns = {n: Col([r.get(n) for r in rows]) for n in names}
    places = {"": Col([files.code("software.csv", i + 2) for i in range(len(rows))])}
    seen = {(r["council"], r["asset"]): r for r in rows}
    assets = Frame(
        "assets", len(seen),
        {"council": Col([c for c, _ in seen]), "asset": Col([a for _, a in seen]), "hostname": Col([r.get("hostname") for r in seen.values()])},
    )  # fmt: skip
    frames = {"installs": Frame("installs", len(rows), columns, places), "assets": assets}
    if claim_state:
        frames["claims"] = Frame(
            "claims",
            1,
            {"claim": Col(["M1"]), "state": Col([claim_state]), "council": Col(["a"]), "asset": Col(["S1"])},
        )
    return Estate(today=TODAY, files=files, frames=frames)


def run(
    *rows: dict[str, Any], control: Control = CONTROL, claim_state: str | None = None, **policy: Any
) -> tuple[list[Finding], list[Tally]]:
    made = estate(*rows, claim_state=claim_state)
    rules = Policy(name="p", version="1", controls=(control,), **policy)
    return settle(judge(made, [control], CHECKS, TODAY), made, rules, CHECKS, TODAY)


def test_two_versions_of_one_product_on_one_asset_are_one_finding() -> None:
    found, (tally, _) = run(row(version="2012"), row(version="2008"))
    assert [(f.subject, f.count, f.outcome) for f in found] == [("win", 2, "fail")]
    assert [r["version"] for r in found[0].evidence["rows"]] == ["2012", "2008"]
    assert (tally.failed, tally.open) == (2, 1)


def test_fail_before_unknown_for_one_identity() -> None:
    found, _ = run(row(), row(support=None, eol_on=None))
    assert [f.outcome for f in found] == ["fail"]


def test_an_upgrade_from_bad_to_bad_keeps_its_name() -> None:
    (before,), _ = run(row(version="2008", eol_on=date(2020, 1, 1)))
    (after,), _ = run(row(version="2012"))
    assert before.fingerprint == after.fingerprint
    assert before.title != after.title


def test_names_differ_by_control_council_asset_and_subject() -> None:
    names = {
        fingerprint("C", "a", "1", "x"), fingerprint("D", "a", "1", "x"), fingerprint("C", "b", "1", "x"),
        fingerprint("C", "a", "2", "x"), fingerprint("C", "a", "1", "y"), fingerprint("C", "a", None, "x"),
        fingerprint("C", "a1", "", "x"),
    }  # fmt: skip
    assert len(names) == 7
    assert fingerprint("C", "a", "Srv", "x") == fingerprint("C", "a", "SRV", "x")


def test_unknowns_are_kept_by_issue_with_a_count_and_name_some_assets() -> None:
    rows = [
        row(asset=f"S{i}", hostname=f"h{i}", product=None, name="Mystery", support=None, eol_on=None) for i in range(30)
    ]
    (found,), (tally, _) = run(*rows)
    assert (found.asset, found.subject, found.count, found.outcome) == (None, "Mystery", 30, "unknown")
    assert len(found.evidence["assets"]) == 20
    assert "support" in found.evidence["missing"]
    assert (tally.unknown, tally.unknown_findings) == (30, 1)
    assert found.sources


def test_unknowns_each_are_kept_by_asset() -> None:
    rows = [row(asset=f"S{i}", support=None, eol_on=None) for i in range(3)]
    found, _ = run(*rows, control=replace(CONTROL, unknowns="each"))
    assert [f.asset for f in found] == ["S0", "S1", "S2"]


def test_an_exception_accepts_to_the_end_of_its_last_day_and_no_longer() -> None:
    (held,), _ = run(row(), exceptions=(EXCEPTION,))
    assert (held.status, held.outcome, held.exception) == ("accepted", "fail", "E1")
    (lapsed,), _ = run(row(), exceptions=(replace(EXCEPTION, until=TODAY - timedelta(days=1)),))
    assert (lapsed.status, lapsed.exception) == ("open", None)
    (not_yet,), _ = run(row(), exceptions=(replace(EXCEPTION, starts=TODAY + timedelta(days=1)),))
    assert not_yet.status == "open"


def test_an_exception_names_one_asset_of_one_council_exactly() -> None:
    found, _ = run(row(), row(council="b"), row(asset="S10"), exceptions=(EXCEPTION,))
    assert {(f.council, f.asset): f.status for f in found} == {
        ("a", "S1"): "accepted",
        ("b", "S1"): "open",
        ("a", "S10"): "open",
    }


def test_an_exception_without_a_council_means_nobody_where_two_have_the_asset() -> None:
    found, _ = run(row(), row(council="b"), exceptions=(replace(EXCEPTION, council=""),))
    assert {f.status for f in found} == {"open"}


def test_only_a_proof_that_is_enough_mitigates_and_the_outcome_stays_fail() -> None:
    expected = {
        ("proven", "proven"): "mitigated", ("proven", "configured"): "open", ("proven", "claimed"): "open",
        ("proven", "disproven"): "open", ("proven", "cannot-tell"): "open", ("configured", "configured"): "mitigated",
        ("configured", "proven"): "mitigated", ("configured", "claimed"): "open", ("no", "proven"): "open",
    }  # fmt: skip
    for (enough, state), status in expected.items():
        (found,), _ = run(row(), control=replace(CONTROL, mitigated_by=enough), claim_state=state, mitigations=(CLAIM,))
        assert (found.status, found.outcome) == (status, "fail"), (enough, state)


def test_mitigated_comes_before_accepted_and_both_are_shown() -> None:
    (found,), _ = run(row(), claim_state="proven", mitigations=(CLAIM,), exceptions=(EXCEPTION,))
    assert (found.status, found.mitigation, found.exception) == ("mitigated", "M1", "E1")


def test_a_claim_for_another_product_says_nothing_here() -> None:
    (found,), _ = run(row(), claim_state="proven", mitigations=(replace(CLAIM, product="other"),))
    assert (found.status, found.mitigation) == ("open", None)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from(["S1", "S2"]),
            st.sampled_from(["win", "sql"]),
            st.sampled_from([None, 2020, 2030]),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_statuses_are_exclusive_and_an_exception_never_opens_a_finding(
    picks: list[tuple[str, str, str, int | None]],
) -> None:
    rows = [
        row(council=c, asset=a, product=p, support=y and "dated", eol_on=y and date(y, 1, 1)) for c, a, p, y in picks
    ]
    plain, tallies = run(*rows)
    accepted, _ = run(*rows, exceptions=(EXCEPTION,))
    assert {f.fingerprint for f in plain} == {f.fingerprint for f in accepted}
    assert sum(f.status == "open" for f in accepted) <= sum(f.status == "open" for f in plain)
    for tally in tallies:
        mine = [f for f in plain if f.council == tally.council]
        assert tally.passed + tally.failed + tally.unknown == sum(c == tally.council for c, *_ in picks)
        assert tally.open + tally.mitigated + tally.accepted == sum(f.outcome == "fail" for f in mine)


@settings(max_examples=30, deadline=None)
@given(st.permutations([("a", "S1", "win"), ("a", "S2", "sql"), ("b", "S1", "win"), ("b", "S3", "win")]))
def test_order_of_rows_changes_nothing(order: list[tuple[str, str, str]]) -> None:
    found, _ = run(*(row(council=c, asset=a, product=p) for c, a, p in order))
    assert [(f.council, f.asset, f.subject) for f in found] == [
        ("a", "S2", "sql"),
        ("a", "S1", "win"),
        ("b", "S1", "win"),
        ("b", "S3", "win"),
    ]


def test_unknowns_per_council_are_kept_once_and_name_some_of_what_they_hold() -> None:
    rows = [
        row(asset=f"S{i}", hostname=f"h{i}", product=None, name=f"Mystery {i}", support=None, eol_on=None)
        for i in range(30)
    ]
    found, tallies = run(*rows, row(), control=replace(CONTROL, unknowns="per-council"))
    failed, unknown = sorted(found, key=lambda f: f.outcome)
    assert (failed.asset, failed.outcome) == ("S1", "fail")
    assert (unknown.asset, unknown.subject, unknown.count) == (None, "not known", 30)
    assert unknown.title == "Supported: cannot be told everywhere"
    assert [len(unknown.evidence[n]) for n in ("assets", "subjects")] == [20, 20]
    assert unknown.evidence["subjects"][0] == "Mystery 0" and "support" in unknown.evidence["missing"]
    assert (tallies[0].unknown, tallies[0].unknown_findings) == (30, 1)


def test_one_unknown_alone_is_called_by_its_name() -> None:
    (found,), _ = run(
        row(product=None, name="Mystery", support=None, eol_on=None), control=replace(CONTROL, unknowns="per-council")
    )
    assert found.title == "Mystery: nobody here knows when its support ends"


DEVICE = Control(
    id="DEV-02", check="device.protection-inactive", title="Protection", text="t", theme="device", severity="high", due_days=7,
    councils=frozenset({"a", "b"}),
)  # fmt: skip


def table(name: str, *rows: dict[str, Any], control: Control, **policy: Any) -> list[Finding]:
    """The findings of one control over a table by hand; ``assets`` is empty where the table is another."""
    names = {n for r in rows for n in r} | {"council", "asset"}
    files = Files()
    places = {"": Col([files.code("some.csv", i + 2) for i in range(len(rows))])}
    frame = Frame(name, len(rows), {n: Col([r.get(n) for r in rows]) for n in names}, places)
    empty = Frame("assets", 0, {n: Col([]) for n in ("council", "asset", "hostname")})
    made = Estate(today=TODAY, files=files, frames={"assets": empty, name: frame})
    rules = Policy(name="p", version="1", controls=(control,), **policy)
    return settle(judge(made, [control], CHECKS, TODAY), made, rules, CHECKS, TODAY)[0]


def test_what_is_not_known_of_a_councils_assets_is_one_issue_and_not_one_for_each() -> None:
    rows = [{"council": c, "asset": f"S{i}", "hostname": f"h{i}"} for c in "ab" for i in range(3)]
    found = table("assets", *rows, {"council": "a", "asset": "S9", "protection_active": False}, control=DEVICE)
    assert [(f.council, f.asset, f.outcome, f.count) for f in found] == [
        ("a", "S9", "fail", 1),
        ("a", None, "unknown", 3),
        ("b", None, "unknown", 3),
    ]
    assert found[1].evidence == {"assets": ["h0", "h1", "h2"], "missing": ["protection_active"]}
    assert len({f.fingerprint for f in found}) == 3
    each = table("assets", *rows, control=replace(DEVICE, unknowns="each"))
    assert [f.asset for f in each] == ["S0", "S1", "S2"] * 2


RULE = Control(
    id="FW-04", check="firewall.rule-undocumented", title="Rules", text="t", theme="firewall", severity="medium", due_days=30,
    mitigated_by="proven", councils=frozenset({"a", "b"}),
)  # fmt: skip
BARE_RULE = {
    "council": "a", "device": "core", "device_rule": "core WEB", "is_default": False, "enabled": True, "action": "permit",
    "rule_owner": None, "approver": "Head of ICT", "reason": "The website", "review_on": TODAY - timedelta(days=400),
}  # fmt: skip


def test_a_rule_belongs_to_no_asset_and_is_a_finding_all_the_same() -> None:
    (found,) = table("rules", BARE_RULE, control=RULE, mitigations=(replace(CLAIM, asset="core"),))
    assert (found.asset, found.hostname, found.subject, found.status) == (None, None, "core WEB", "open")
    assert found.title == "core WEB: its owner, its approver or its reason is not recorded"
    assert found.sources and found.evidence["rule_owner"] is None
    assert (found.due_on, found.due_days) == (None, 30)  # the day of its review is no deadline for this


def test_a_rule_past_its_review_is_due_on_that_day() -> None:
    late = replace(RULE, id="FW-05", check="firewall.rule-review-overdue")
    (found,) = table("rules", BARE_RULE, control=late)
    assert found.due_on == BARE_RULE["review_on"]


def test_an_exception_names_a_rule_by_its_firewall_and_subject() -> None:
    rules = [
        BARE_RULE,
        {**BARE_RULE, "device_rule": "core MAIL"},
        {**BARE_RULE, "device": "core-2", "device_rule": "core-2 WEB"},
    ]
    one = replace(EXCEPTION, control="FW-04", asset="CORE", subject="core WEB")

    def accepted(exception: RiskException) -> set[str]:
        found = table("rules", *rules, {**BARE_RULE, "council": "b"}, control=RULE, exceptions=(exception,))
        return {f"{f.council} {f.subject}" for f in found if f.status == "accepted"}

    assert accepted(one) == {"a core WEB"}
    assert accepted(replace(one, subject=None)) == {"a core WEB", "a core MAIL"}
    assert accepted(replace(one, asset="S1", subject=None)) == set()
    assert accepted(replace(one, until=TODAY - timedelta(days=1))) == set()


def test_firewalls_that_were_not_read_are_named_in_the_unknown() -> None:
    unread = [{"council": "a", "device": d} for d in ("core", "edge")]
    (found,) = table("rules", *unread, control=RULE)
    assert (found.asset, found.subject, found.count) == (None, "no rule list", 2)
    assert found.evidence["assets"] == ["core", "edge"]
    assert found.title == "A firewall's rules: cannot be read, so nobody knows who answers for it"
