"""Intervals against a naive witness that keeps every run's snapshot and works everything out anew."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secscan.history import Store
from secscan.model.findings import Finding
from tests.history.made import DAY, finding, run

ASSETS = ("a", "b", "c", "d")
SEEN = ("fail", "unknown")
Sight = str
"""fail, unknown, gone (looked for and not there) or hidden (nobody looked)."""


@dataclass(frozen=True)
class Snapshot:
    on: date
    sights: dict[str, Sight]
    status: dict[str, str]


snapshots = st.lists(
    st.builds(
        lambda gap, sights, status: (
            gap,
            dict(zip(ASSETS, sights, strict=True)),
            dict(zip(ASSETS, status, strict=True)),
        ),
        st.integers(0, 40),
        st.tuples(*[st.sampled_from(["fail", "fail", "unknown", "gone", "gone", "hidden"]) for _ in ASSETS]),
        st.tuples(*[st.sampled_from(["open", "accepted", "mitigated"]) for _ in ASSETS]),
    ),
    min_size=1,
    max_size=8,
)


def _dated(rows: list[tuple[int, dict[str, Sight], dict[str, str]]]) -> list[Snapshot]:
    on, found = DAY, []
    for gap, sights, status in rows:
        on += timedelta(days=gap)
        found.append(Snapshot(on, sights, status))
    return found


def _made(shot: Snapshot, asset: str) -> Finding:
    failing = shot.sights[asset] == "fail"
    return finding(asset, outcome=shot.sights[asset], status=shot.status[asset] if failing else "open")


def _recorded(shot: Snapshot) -> Any:
    hidden = {finding(a).fingerprint for a, sight in shot.sights.items() if sight == "hidden"}
    return run(
        [_made(shot, a) for a, sight in shot.sights.items() if sight in SEEN],
        shot.on,
        closing=lambda f: f.fingerprint not in hidden,
    )


def _interval(past: list[Snapshot], asset: str) -> list[Snapshot]:
    """The snapshots since the asset was last looked for and not there, from the first that saw it."""
    since: list[Snapshot] = []
    for shot in past:
        if shot.sights[asset] == "gone":
            since = []
        elif shot.sights[asset] in SEEN or since:
            since.append(shot)
    return since


def _failed_in_an_earlier_interval(past: list[Snapshot], asset: str) -> bool:
    now = len(_interval(past, asset))
    return any(s.sights[asset] == "fail" for s in past[: len(past) - now])


def _expected(past: list[Snapshot], asset: str) -> tuple[Any, ...] | None:
    """(outcome, status, first seen, overdue, news) after the last snapshot; None: no finding."""
    interval = _interval(past, asset)
    if not interval:
        return None
    here, last = past[-1], next(s for s in reversed(interval) if s.sights[asset] in SEEN)
    first_fail = next((s for s in interval if s.sights[asset] == "fail"), None)
    first = (first_fail or interval[0]).on
    if here.sights[asset] == "hidden":
        news = "carried"
    elif first_fail is here and len([s for s in interval if s.sights[asset] == "fail"]) == 1:
        news = "reopened" if _failed_in_an_earlier_interval(past, asset) else "new"
    elif len(interval) == 1:
        news = "new"
    else:
        news = "same"
    seen = _made(last, asset)
    return seen.outcome, seen.status, first, here.on > first + timedelta(days=30), news


def _counts(past: list[Snapshot]) -> tuple[int, int, int]:
    """(opened, closed, reopened) of the last snapshot."""
    opened = closed = reopened = 0
    for asset in ASSETS:
        expected = _expected(past, asset)
        if expected and expected[0] == "fail" and expected[4] == "new":
            opened += 1
        if expected and expected[4] == "reopened":
            reopened += 1
        if past[-1].sights[asset] == "gone":
            before = _interval(past[:-1], asset)
            closed += any(s.sights[asset] == "fail" for s in before)
    return opened, closed, reopened


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(snapshots)
def test_intervals_tell_what_snapshots_would(rows: list[tuple[int, dict[str, Sight], dict[str, str]]]) -> None:
    shots = _dated(rows)
    with tempfile.TemporaryDirectory() as folder, Store.open(Path(folder) / "history.db", create=True) as store:
        after = []
        for number, shot in enumerate(shots):
            past = shots[: number + 1]
            told = store.record(_recorded(shot))
            after.append(told.run_id)
            found = {
                c.finding.asset: (c.finding.outcome, c.finding.status, c.first_seen, c.overdue, c.news)
                for c in told.clocked
            }
            wanted = {a: e for a in ASSETS if (e := _expected(past, a)) is not None}
            assert found == wanted
            kept = store.runs()[-1]
            assert (kept.opened, kept.closed, kept.reopened) == _counts(past)
            if number:
                assert (told.opened, told.closed, told.reopened) == _counts(past)
            rolled = store.rollups()
            assert sum(r.open + r.mitigated + r.accepted + r.unknown_findings for r in rolled) == len(found)
        for number, run_id in enumerate(after):
            past = shots[: number + 1]
            found = {
                c.finding.asset: (c.finding.outcome, c.finding.status, c.first_seen, c.overdue, c.news)
                for c in store.findings_at(run_id)
            }
            wanted = {a: e for a in ASSETS if (e := _expected(past, a)) is not None}
            assert found == wanted
        assert store.verify(full=True).ok
