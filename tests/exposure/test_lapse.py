"""A proof holds while what it rests on stays as it was, and lapses with the change named."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.exposure.attach import attach
from secscan.exposure.basis import Part, Standing, differences, standing
from secscan.model.net import Device, Interface
from secscan.model.places import Files
from secscan.model.posture import ClaimRow
from tests.exposure.net import TODAY, ZONES, listed, rule, settings
from tests.exposure.test_attach import OLD, asset, claim, estate, policy, probes

SCANNED = TODAY - timedelta(days=10)
BEFORE = TODAY - timedelta(days=20)
SHUT = [rule(2, "permit", "10.1.0.0/24", "10.9.0.5", "tcp", "22"), rule(3, "deny", "any", "10.9.0.5")]


def fw(*rules: Any, on: date = BEFORE, **more: Any) -> Device:
    return listed(*(rules or SHUT), exported_on=on, **more)


def run(
    device: Device, before: Mapping[str, Any] | None = None, *, zones: Sequence[Any] = ZONES, scan: date = SCANNED,
    **more: Any,
) -> tuple[ClaimRow, Mapping[str, Any]]:  # fmt: skip
    """The claim, and what the next run gets to know of it."""
    files = Files()
    files.number("inventory/alderbeck/scan.xml")
    seen = [
        p for zone in ("users", "guest") for p in probes(zone, (22, "open"), (445, "filtered"), seen_on=scan)
    ]  # fmt: skip
    found = attach(
        estate(*more.pop("assets", (OLD,)), files=files, probes=seen, **more), settings(zones), policy(claim()),
        [device], before=before,
    )  # fmt: skip
    (row,) = found.notes["claims"]
    return row, found.notes["proofs"]


def test_a_newer_export_that_says_the_same_keeps_the_proof() -> None:
    first, kept = run(fw())
    assert first.state == "proven"
    moved = [replace(one, origin=replace(one.origin, line=one.origin.line + 40, file="newer.csv")) for one in SHUT]
    row, after = run(fw(*moved, on=TODAY), kept)
    assert (row.state, row.changed, after) == ("proven", [], kept)


def test_without_a_run_before_a_scan_older_than_the_export_proves_nothing() -> None:
    row, _ = run(fw(on=TODAY))
    assert (row.state, row.changed) == ("configured", [])
    assert f"older than the export of {TODAY}" in row.reason


WIDER = (rule(2, "permit", "10.1.0.0/24", "10.9.0.5", "tcp", "22"), rule(3, "deny", "any", "10.9.0.0/24"))
RENAMED = (SHUT[0], replace(SHUT[1], origin=replace(SHUT[1].origin, vendor_id="35")))
BEHIND = (rule(1, "deny", "10.1.0.0/24", "10.9.0.5", "tcp", "445"), *SHUT)
USERS = Interface(name="lan", zone="users")


@pytest.mark.parametrize(
    ("device", "more", "changed"),
    [
        (fw(*WIDER, on=TODAY), {}, ["rule fw 30 changed"]),
        (fw(*BEHIND, on=TODAY), {}, ["rule fw 10 decides now"]),
        (fw(SHUT[0], on=TODAY), {}, ["rule fw 30 decides no longer", "rule fw default decides now"]),
        (fw(), {"zones": (ZONES[0].model_copy(update={"addresses": ("10.1.0.0/25", "fd00:1::/64")}), *ZONES[1:])}, ["zone users changed"]),
        (fw(), {"assets": (asset("A1", "10.9.0.5", "10.9.0.6"),)}, ["its addresses changed", "rule fw default decides now"]),
        (fw(), {"services": ({"asset": "A1", "proto_port": "tcp/445"}, {"asset": "A1", "proto_port": "tcp/8080"})},
         ["its listening ports changed"]),
        (fw(), {"services": ()}, ["its listening ports changed"]),
    ],
    ids=["rule", "rule before", "rule gone", "zone", "address", "port", "no port"],
)  # fmt: skip
def test_what_a_proof_rests_on_changes_and_the_change_is_named(
    device: Device, more: dict[str, Any], changed: list[str]
) -> None:
    first, kept = run(fw())
    assert first.state == "proven"
    row, after = run(device, kept, **more)
    assert row.state == "configured"
    assert row.changed == changed
    assert f"on {SCANNED} lapsed: {', '.join(changed)} (seen on {TODAY})" in row.reason
    again, _ = run(device, after, **more)
    assert (again.state, again.changed) == ("configured", changed), "a lapse holds until somebody looks again"
    anew, last = run(device, after, scan=TODAY, **more)
    assert (anew.state, anew.changed) == ("proven", [])
    assert run(device, last, scan=TODAY, **more)[0].state == "proven"


def test_an_interface_or_binding_that_changes_ends_a_proof() -> None:
    lan = Interface(name="lan", zone="users", networks=ZoneAddresses)
    first, kept = run(fw(interfaces=(lan,)))
    assert first.state == "proven"
    row, _ = run(fw(interfaces=(replace(lan, zone="staff"),), on=TODAY), kept)
    assert (row.state, row.changed) == ("configured", ["interface lan of fw changed"])
    device = fw(on=TODAY)
    bound = replace(device, stages=tuple(replace(s, name="another list") for s in device.stages))
    first, kept = run(fw())
    assert run(bound, kept)[0].changed == ["the bindings of fw changed"]


ZoneAddresses = rule(1, "deny", "10.1.0.0/24", "any").src


def test_a_rule_that_is_only_called_otherwise_is_the_same_rule() -> None:
    _, kept = run(fw())
    assert run(fw(*RENAMED, on=TODAY), kept)[0].state == "proven"


def test_what_is_open_for_a_while_is_compared_with_the_day_of_the_proof() -> None:
    _, kept = run(fw())
    opened = (rule(1, "permit", "10.1.0.7", "10.9.0.5", "tcp", "445"), *SHUT)
    row, between = run(fw(*opened, on=TODAY), kept)
    assert (row.state, between) == ("disproven", kept)
    assert run(fw(*WIDER, on=TODAY), between)[0].changed == ["rule fw 30 changed"]


def test_a_scan_past_its_age_is_a_proof_that_has_lapsed() -> None:
    old = TODAY - timedelta(days=100)
    row, _ = run(fw(on=old), scan=old)
    assert row.state == "configured"
    assert f"the proof of tcp/445 from users lapsed: the scan of {old} is more than 90 days old" in row.reason


def test_of_many_changes_the_first_are_named() -> None:
    old = Standing(parts={f"zone {i}": "a" for i in range(9)}, since=BEFORE)
    now = [Part(words=f"zone {i}", digest="b", since=None) for i in range(9)]
    found = standing(now, old, None, TODAY)
    assert found.changed == (*(f"zone {i} changed" for i in range(4)), "5 more")
    assert Standing.of(found.kept()) == found
    assert Standing.of(None) is None


names = st.sampled_from(["rule a", "rule b", "rule c", "zone a", "zone b"])
digests = st.sampled_from(["1", "2", "3"])


@given(st.dictionaries(names, digests), st.dictionaries(names, digests))
def test_differences_are_of_what_is_meant(old: dict[str, str], new: dict[str, str]) -> None:
    def meant(parts: dict[str, str]) -> tuple[list[str], dict[str, str]]:
        rules = sorted(d for n, d in parts.items() if n.startswith("rule "))
        return rules, {n: d for n, d in parts.items() if not n.startswith("rule ")}

    assert (differences(old, new) == []) is (meant(old) == meant(new))
    assert differences(old, old) == []
    assert [n for n, _ in differences(old, new)] == [n for n, _ in differences(new, old)]
