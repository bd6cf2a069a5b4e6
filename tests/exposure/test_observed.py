"""What a probe says about the path: open is open, and nothing else is believed without evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from secscan.exposure.observed import Observation, Observations
from secscan.model.estate import Probe
from secscan.model.places import Files
from tests.exposure.net import TODAY

FILES = Files()
SCAN = FILES.code("inventory/alderbeck/users.xml", 10)


def probe(port: int = 445, state: str = "open", **more: Any) -> Probe:
    return Probe(
        **{
            "council": "alderbeck", "asset": "A1", "address": "10.9.0.5", "vantage": "box", "zone": "users",
            "proto": "tcp", "port": port, "state": state, "reason": None, "reason_ttl": None, "seen_on": TODAY,
            "complete": True, "place": SCAN, **more,
        }
    )  # fmt: skip


def seen(
    probes: Sequence[Probe], port: str = "tcp/445", zone: str = "users", since: date | None = None
) -> Observation | None:
    return Observations(probes, FILES, TODAY).of("alderbeck", "a1", zone, port, since)


def let(probes: Sequence[Probe]) -> bool | None:
    found = seen(probes)
    assert found is not None
    return found.seen


CONTROL = probe(22, reason="syn-ack", reason_ttl=63)


@pytest.mark.parametrize(
    ("tried", "controls", "expected"),
    [
        (probe(state="open", reason="syn-ack"), [], True),
        (probe(state="filtered", reason="no-response"), [CONTROL], False),
        (probe(state="filtered", reason="no-response"), [], None),
        (probe(state="filtered", reason="port-unreach"), [CONTROL], False),
        (probe(state="filtered", complete=False), [CONTROL], None),
        (probe(state="closed", reason="conn-refused"), [CONTROL], None),
        (probe(state="closed", reason="reset", reason_ttl=63), [CONTROL], True),
        (probe(state="closed", reason="reset", reason_ttl=64), [CONTROL], False),
        (probe(state="closed", reason="reset", reason_ttl=64, complete=False), [CONTROL], None),
        (probe(state="closed", reason="reset", reason_ttl=254), [CONTROL], None),
        (probe(state="closed", reason="reset", reason_ttl=62), [CONTROL], None),
        (probe(state="closed", reason="reset", reason_ttl=64), [], None),
        (probe(state="closed", reason="reset"), [CONTROL], None),
        (probe(state="open|filtered"), [CONTROL], None),
        (probe(state="unfiltered"), [CONTROL], None),
    ],
)
def test_each_state_means_what_its_evidence_carries(tried: Probe, controls: list[Probe], expected: bool | None) -> None:
    assert let([tried, *controls]) is expected
    assert let([*controls, tried]) is expected


@pytest.mark.parametrize(
    "other",
    [
        {"address": "10.9.0.6"}, {"vantage": "other"}, {"seen_on": date(2026, 2, 28)},
        {"place": FILES.code("inventory/alderbeck/again.xml", 10)}, {"state": "closed"},
    ],
)  # fmt: skip
def test_a_control_port_counts_in_its_own_scan_of_its_own_host(other: dict[str, Any]) -> None:
    found = seen([probe(state="filtered"), replace(CONTROL, **other)])
    assert found is not None
    assert found.seen is None


def test_the_port_itself_is_no_control() -> None:
    twice = [probe(state="filtered"), probe(state="open")]
    assert let(twice) is True


def test_the_last_look_of_each_vantage_point_counts() -> None:
    old = probe(state="open", seen_on=date(2026, 1, 1))
    now = [probe(state="filtered"), CONTROL]
    assert let([old, *now]) is False
    assert let([replace(old, vantage="elsewhere"), *now]) is True
    assert seen([replace(old, vantage="elsewhere"), *now], since=date(2026, 2, 1)) == seen(now)


def test_any_way_in_is_a_way_in_and_a_proof_is_as_old_as_its_oldest_part() -> None:
    def stopped(vantage: str, day: date) -> list[Probe]:
        return [replace(p, vantage=vantage, seen_on=day) for p in (probe(state="filtered"), CONTROL)]

    found = seen([*stopped("one", TODAY), *stopped("two", date(2026, 2, 2))])
    assert found is not None
    assert (found.seen, found.on, found.vantage) == (False, date(2026, 2, 2), "two")
    assert let([*stopped("one", TODAY), probe(state="closed", vantage="two")]) is None


def test_a_day_to_come_a_strange_address_and_another_zone_say_nothing() -> None:
    assert seen([probe(seen_on=date(2026, 3, 2))]) is None
    assert seen([probe(asset=None)]) is None
    assert seen([probe()], zone="guest") is None
    assert seen([probe()], since=date(2026, 3, 2)) is None


def test_for_any_port_only_an_open_one_says_something() -> None:
    found = seen([probe(state="filtered"), CONTROL], port="any")
    assert found is not None
    assert found.seen is True
    assert seen([probe(state="filtered")], port="any") is None
