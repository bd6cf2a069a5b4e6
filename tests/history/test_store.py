"""Recording, and what can be asked of the record afterwards."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path

import pytest

from secscan.history import RULES_CHANGED, Recorded, Store
from secscan.model.errors import Busy, StorageError, UsageError
from tests.history.made import DAY, Measure, finding, gap, load, run


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "history.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with Store.open(path, create=True) as opened:
        yield opened


def later(days: int) -> date:
    return DAY + timedelta(days=days)


def test_a_day_before_the_newest_run_is_refused_and_the_same_day_is_not(store: Store) -> None:
    store.record(run([finding()], later(7)))
    store.may_record(later(7))
    store.record(run([finding()], later(7)))
    with pytest.raises(UsageError, match="already has a run as of 2026-03-08"):
        store.may_record(later(6))
    with pytest.raises(UsageError, match="2026-03-07"):
        store.record(run([], later(6)))
    assert len(store.runs()) == 2


def test_a_run_is_named_by_its_day_and_minute_in_utc_and_never_twice(store: Store) -> None:
    six = datetime(2026, 3, 1, 7, 0, tzinfo=timezone(timedelta(hours=1)))
    ids = [store.record(run([], started_at=six)).run_id for _ in range(3)]
    assert ids == ["2026-03-01-0600", "2026-03-01-0600-2", "2026-03-01-0600-3"]
    assert store.runs()[0].started_at == datetime(2026, 3, 1, 6, 0, tzinfo=UTC)


def test_a_time_without_a_zone_is_a_fault(store: Store) -> None:
    with pytest.raises(ValueError, match="time zone"):
        store.record(run([], started_at=datetime(2026, 3, 1, 6, 0)))


def test_runs_are_chained(store: Store) -> None:
    told = [store.record(run([finding()], later(n))) for n in range(3)]
    kept = store.runs()
    assert [r.digest for r in kept] == [t.digest for t in told]
    assert [r.previous for r in kept] == ["", told[0].digest, told[1].digest]
    assert [t.previous_as_of for t in told] == [None, DAY, later(1)]


def test_the_result_is_kept_before_the_run_exists_and_its_digest_is_in_it(store: Store, path: Path) -> None:
    def keep(told: Recorded) -> str:
        with Store.open(path, create=False) as other:
            assert other.runs() == []
        assert told.run_id == "2026-03-01-0600" and told.digest == "" and len(told.clocked) == 1
        return "ab" * 32

    store.record(run([finding()], facts={"checks": {"a.b": "c"}}), keep)
    assert store.runs()[0].posture_sha256 == "ab" * 32
    assert store.runs()[0].facts == {"checks": {"a.b": "c"}}


def test_a_result_that_cannot_be_kept_leaves_no_run(store: Store) -> None:
    def keep(_: Recorded) -> str:
        raise StorageError("disk full")

    with pytest.raises(StorageError):
        store.record(run([finding()]), keep)
    assert store.runs() == [] and store.open_findings() == []


def test_a_run_recorded_meanwhile_is_not_overwritten(store: Store, path: Path) -> None:
    def keep(_: Recorded) -> str:
        with Store.open(path, create=False) as other:
            other.record(run([finding("srv-02")]))
        return ""

    with pytest.raises(Busy, match="meanwhile"):
        store.record(run([finding()]), keep)
    assert [c.finding.asset for c in store.open_findings()] == ["srv-02"]
    assert store.verify(full=True).ok


def test_accepted_is_the_last_export_that_was_believed_in_full(store: Store) -> None:
    assert store.accepted() == {}
    store.record(run([], loads=[load(rows=100), load("b-assets", "brackenford", 50)]))
    store.record(run([], later(1), loads=[load(rows=40, held="fell by 60 percent")], gaps=[gap("b-assets")]))
    store.record(run([], later(2), loads=[load(rows=70, incomplete="nmap stopped")]))
    found = store.accepted()
    assert {name: (a.rows, a.file, a.dated_on) for name, a in found.items()} == {
        "alderbeck-assets": (100, "inventory/alderbeck/2026-03-01/assets.csv", DAY),
        "b-assets": (50, "inventory/brackenford/2026-03-01/assets.csv", DAY),
    }
    silent = gap("alderbeck-assets", why="silent")
    refused = load(rows=91, rows_read=92, rows_refused=1)
    store.record(run([], later(3), loads=[refused], gaps=[silent]))
    assert store.accepted()["alderbeck-assets"].rows == 91


def test_accepted_adds_up_the_files_of_a_set_and_one_held_file_holds_the_set(store: Store) -> None:
    two = [load(rows=10, file="a.csv"), load(rows=20, file="b.csv", dated_on=later(1))]
    store.record(run([], later(2), loads=two))
    found = store.accepted()["alderbeck-assets"]
    assert (found.rows, found.file, found.dated_on) == (30, "a.csv", later(1))
    store.record(run([], later(2), loads=[two[0], replace(two[1], held="why")]))
    assert store.accepted()["alderbeck-assets"] == found


def test_trends_have_one_point_a_day_and_council_the_last_runs(store: Store) -> None:
    def figures(n: int) -> list[Measure]:
        return [Measure("alderbeck", "coverage", n, 10), Measure("corvale", "coverage", n, 5, "silent")]

    store.record(run([], DAY, measures=figures(1)))
    told = store.record(run([], DAY, measures=figures(2)))
    assert [(p.on, p.council, p.numerator) for p in told.trends["coverage"]] == [
        (DAY, "alderbeck", 2),
        (DAY, "corvale", 2),
    ]
    told = store.record(run([], later(7), measures=figures(3)))
    points = store.trend("coverage", "corvale")
    assert [(p.on, p.numerator, p.denominator, p.mark, p.run_id) for p in points] == [
        (DAY, 2, 5, "silent", "2026-03-01-0600-2"),
        (later(7), 3, 5, "silent", "2026-03-08-0600"),
    ]
    assert store.trends() == told.trends
    assert store.trend("no-such-measure") == []


def test_a_point_after_other_rules_is_marked(store: Store) -> None:
    figures = [Measure("alderbeck", "coverage", 1, 2)]
    store.record(run([], DAY, measures=figures, rules_digest="a"))
    store.record(run([], later(1), measures=figures, rules_digest="a", policy_digest="other"))
    store.record(run([], later(2), measures=figures, rules_digest="b"))
    store.record(run([], later(3), measures=figures, rules_digest="b"))
    assert [p.mark for p in store.trend("coverage")] == [None, None, RULES_CHANGED, None]


def test_rollups_count_rows_as_judged_and_findings_as_they_stand(store: Store) -> None:
    found = [
        finding("a"),
        finding("b", status="accepted"),
        finding("c", status="mitigated"),
        finding("d", outcome="unknown"),
    ]
    store.record(run(found))
    store.record(run(found[1:], later(1), closing=lambda _: False))
    (row,) = store.rollups()
    assert (row.council, row.control, row.severity) == ("alderbeck", "LEG-01", "high")
    assert (row.open, row.mitigated, row.accepted, row.unknown_findings, row.carried) == (1, 1, 1, 1, 1)
    assert (row.passed, row.failed, row.unknown) == (5, 3, 1)
    assert store.rollups("2026-03-01-0600")[0].carried == 0
    with pytest.raises(UsageError, match="no run 'x'"):
        store.rollups("x")


def test_findings_at_tells_how_things_stood_then(store: Store) -> None:
    first = store.record(run([finding(), finding("srv-02", outcome="unknown")]))
    second = store.record(run([finding(status="accepted"), finding("srv-02")], later(7)))
    store.record(run([finding("srv-03")], later(14)))

    def stood(run_id: str) -> dict[str | None, tuple[str, str, date, str]]:
        found = store.findings_at(run_id)
        return {c.finding.asset: (c.finding.outcome, c.finding.status, c.first_seen, c.news) for c in found}

    assert stood(first.run_id) == {"srv-01": ("fail", "open", DAY, "new"), "srv-02": ("unknown", "open", DAY, "new")}
    assert stood(second.run_id) == {
        "srv-01": ("fail", "accepted", DAY, "same"),
        "srv-02": ("fail", "open", later(7), "new"),
    }
    assert [c.finding.asset for c in store.open_findings()] == ["srv-03"]


def test_closed_findings_are_those_that_failed_and_do_not_stand(store: Store) -> None:
    store.record(run([finding("a"), finding("b"), finding("c")]))
    first = store.record(run([finding("c")], later(1)))
    store.record(run([finding("b")], later(2)))
    told = {f.asset: f for f in store.closed_findings()}
    assert set(told) == {"a", "c"}
    assert (told["a"].status, told["a"].first_seen, told["a"].due, told["a"].overdue) == (
        "closed",
        DAY,
        later(30),
        False,
    )
    assert told["a"].sources and told["a"].evidence == finding().evidence
    assert {f.asset for f in store.closed_findings(first.run_id)} == {"a", "b"}


def test_evidence_comes_back_as_it_went_in(store: Store) -> None:
    told = {
        "day": DAY, "yes": True, "one": 1, "none": None, "text": "tab\tline\nback\\slash \u202e é \U0001f40d",
        "rows": [{"day": DAY, "n": 0}, {"day": None}], "list": ["a", "b"],
    }  # fmt: skip
    other = finding("srv-02", evidence={"yes": 1, "one": True})
    same = finding("srv-03", evidence={"yes": True, "one": 1})
    store.record(run([finding(evidence=told), other, same]))
    found = {c.finding.asset: c.finding for c in store.open_findings()}
    assert found["srv-01"].evidence == told
    assert found["srv-02"].evidence["yes"] is not True and found["srv-03"].evidence["yes"] is True


def test_text_that_no_database_takes_is_kept_escaped_and_stays_the_same_finding(store: Store) -> None:
    odd = finding("srv\0\udce9", title="nul \0 and \ud800", subject="\udcff", hostname="\0", evidence={"a": "\0\udcff"})
    store.record(run([odd]))
    told = store.record(run([odd], later(1)))
    assert (told.opened, told.closed, told.clocked[0].news) == (0, 0, "same")
    kept = store.record(run([], later(2), closing=lambda _: False))
    assert kept.clocked[0].finding.title == "nul \\x00 and \\ud800"
    assert store.verify(full=True).ok


def test_a_run_without_change_adds_no_lives_and_no_changes(store: Store, path: Path) -> None:
    found = [finding(f"srv-{n}") for n in range(300)]
    store.record(run(found))
    store.record(run(found, later(7)))
    before = path.stat().st_size
    for week in range(2, 12):
        store.record(run(found, later(7 * week)))
    assert path.stat().st_size - before < 40_000


def test_other_places_of_the_same_facts_change_nothing(store: Store) -> None:
    store.record(run([finding()]))
    moved = finding(sources=[replace(finding().sources[0], line=99)])
    store.record(run([moved], later(7)))
    assert store.open_findings()[0].finding == finding()


def test_files_are_for_their_owner_alone(path: Path) -> None:
    before = os.umask(0)
    try:
        with Store.open(path, create=True) as store:
            store.record(run([finding()]))
            store.backup(path.parent / "copy.db")
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert {f.name: oct(stat.S_IMODE(f.stat().st_mode)) for f in path.parent.iterdir()} == {
        "history.db": "0o600",
        "copy.db": "0o600",
    }


def test_a_backup_is_a_whole_record_and_never_replaces_a_file(store: Store, path: Path) -> None:
    told = store.record(run([finding()]))
    copy = store.backup(path.parent / "copy.db")
    with Store.open(copy, create=False) as other:
        assert other.runs()[0].digest == told.digest
        assert other.verify(full=True).ok
    with pytest.raises(StorageError, match="is there already"):
        store.backup(copy)


def test_the_rollback_journal_is_used_and_a_wal_file_is_turned_back(path: Path) -> None:
    import sqlite3

    with Store.open(path, create=True) as store:
        store.record(run([finding()]))
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    connection.close()
    with Store.open(path, create=False) as store:
        assert len(store.open_findings()) == 1
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


def test_no_record_is_made_unless_asked(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="no record yet"), Store.open(tmp_path / "history.db", create=False):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_path_with_odd_characters_is_a_path(tmp_path: Path) -> None:
    odd = tmp_path / "a ?#%41&=é" / "history.db"
    with Store.open(odd, create=True) as store:
        store.record(run([finding()]))
    with Store.open(f"sqlite:///{tmp_path / 'plain.db'}", create=True) as store:
        store.record(run([finding()]))
    assert [p.name for p in odd.parent.iterdir()] == ["history.db"]


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "nonsense://", "sqlite:///:memory:", "://"])
def test_other_databases_are_refused_in_one_line(url: str) -> None:
    with pytest.raises(StorageError) as caught, Store.open(url, create=True):
        pass
    assert "\n" not in str(caught.value)
