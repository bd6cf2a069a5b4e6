"""What a run measures is what its own result says, council by council."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from secscan import workspace
from secscan.findings.measures import LEGACY_CHECK, MEASURES
from secscan.history import repairs
from secscan.model.posture import Posture
from secscan.scan import scan

ESTATE = Path(__file__).parents[1] / "estates" / "smallville"
DAY = date(2026, 3, 1)


def scanned(place: Path, day: date) -> Posture:
    if not place.exists():
        shutil.copytree(ESTATE, place)
    moment = datetime(day.year, day.month, day.day, 6, 0, tzinfo=UTC)
    return scan(
        workspace.load(place), day, now=lambda: moment, progress=lambda *_: None, report=False
    ).posture  # fmt: skip


@pytest.fixture(scope="module")
def posture(tmp_path_factory: pytest.TempPathFactory) -> Posture:
    return scanned(tmp_path_factory.mktemp("measured") / "ws", DAY)


def test_every_measure_has_a_point_for_every_council(posture: Posture) -> None:
    assert set(posture.trends) == {*MEASURES, repairs.DAYS, repairs.CAME_BACK}
    for name, points in posture.trends.items():
        assert {p.council for p in points} == {c.id for c in posture.councils}, name
        assert all(p.numerator <= p.denominator for p in points if name != repairs.DAYS), name


def test_measures_are_the_figures_of_the_same_run(posture: Posture) -> None:
    for c in posture.councils:
        told = {
            name: (p.numerator, p.denominator) for name, points in posture.trends.items() for p in points if p.council == c.id
        }  # fmt: skip
        judged = c.patched_in_time + c.patched_late
        legacy = [o[c.id] for k in posture.controls if k.check == LEGACY_CHECK and c.id in (o := k.outcomes)]
        known = sum(o["passed"] + o["failed"] for o in legacy)
        assert told["patched-on-time"] == (c.patched_in_time, judged)
        assert told["patching-known"] == (judged, judged + c.patched_unknown)
        assert told["unsupported-unprotected"] == (c.unsupported_unprotected, c.unsupported)
        assert told["support-known"] == (known, known + sum(o["unknown"] for o in legacy))
        assert told["protections-proven"] == (c.claims_proven, c.claims)
        assert told["open-findings"] == (c.open, c.open + c.mitigated + c.accepted)
        assert told["exceptions-in-date"] == (c.exceptions - c.exceptions_overdue, c.exceptions)
        assert told["seen-lately"] == (c.seen_fresh, c.assets)
        assert told["names-recognised"] == (c.recognised, c.installs)
    assert any(c.exceptions for c in posture.councils) and any(c.patched_unknown for c in posture.councils)


def test_a_silent_council_is_marked_everywhere_but_in_its_exceptions(tmp_path: Path) -> None:
    late = scanned(tmp_path / "ws", date(2026, 6, 1))
    marks = {name: {p.mark for p in points} for name, points in late.trends.items()}
    assert marks.pop("exceptions-in-date") == {None}
    assert set(map(frozenset, marks.values())) == {frozenset({"silent"})}
