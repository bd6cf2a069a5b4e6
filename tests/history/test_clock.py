"""When a finding opens, closes, comes back, is carried, and is late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from secscan.history import Closing, Store
from secscan.model.findings import Clocked, Finding, Tally
from tests.history.made import DAY, always, finding, never, run


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "state" / "history.db", create=True) as opened:
        yield opened


def later(days: int) -> date:
    return DAY + timedelta(days=days)


def only(found: list[Clocked] | tuple[Clocked, ...]) -> Clocked:
    assert len(found) == 1
    return found[0]


def test_the_first_run_opens_everything_and_reports_no_change_since_a_last_run(store: Store) -> None:
    told = store.record(run([finding(), finding("srv-02")]))
    assert [c.news for c in told.clocked] == ["new", "new"]
    assert (told.opened, told.closed, told.reopened, told.changes) == (0, 0, 0, [])
    assert told.previous_digest is None and told.previous_as_of is None
    assert store.runs()[0].opened == 2


def test_first_seen_stays_while_the_finding_stays(store: Store) -> None:
    store.record(run([finding()]))
    again = only(store.record(run([finding()], later(90))).clocked)
    assert (again.news, again.first_seen, again.due) == ("same", DAY, later(30))
    assert again.overdue


def test_the_same_inputs_twice_open_close_and_reopen_nothing(store: Store) -> None:
    found = [finding(f"srv-{n}") for n in range(5)]
    store.record(run(found))
    told = store.record(run(found))
    assert (told.opened, told.closed, told.reopened, told.carried) == (0, 0, 0, 0)
    assert {c.news for c in told.clocked} == {"same"}
    assert told.run_id == "2026-03-01-0600-2"


def test_a_finding_that_is_gone_closes_and_one_that_comes_back_starts_a_new_clock(store: Store) -> None:
    store.record(run([finding()]))
    gone = store.record(run([], later(7)))
    assert (gone.closed, [c.what for c in gone.changes], gone.clocked) == (1, ["closed"], [])
    back = store.record(run([finding()], later(14)))
    assert (back.opened, back.reopened) == (0, 1)
    assert only(back.clocked).news == "reopened"
    assert only(back.clocked).first_seen == later(14)
    lives = store.lives(finding().fingerprint)
    assert [(life.first_seen, life.closed_on, life.closed_why) for life in lives] == [
        (DAY, later(7), "gone"),
        (later(14), None, None),
    ]


def test_new_wording_new_severity_and_a_new_version_are_the_same_finding(store: Store) -> None:
    store.record(run([finding()]))
    worse = finding(title="other words", severity="critical", evidence={"version": "2012 R2"}, check="other.check")
    told = store.record(run([worse], later(7)))
    assert (told.opened, told.closed) == (0, 0)
    assert only(told.clocked).first_seen == DAY
    assert only(store.open_findings()).finding.title == "other words"


def test_what_was_not_looked_at_is_carried_and_not_closed(store: Store) -> None:
    store.record(run([finding(), finding("srv-02")]))
    told = store.record(run([finding("srv-02")], later(7), closing=never, complete=False))
    assert (told.closed, told.carried) == (0, 1)
    carried = next(c for c in told.clocked if c.news == "carried")
    assert (carried.finding.asset, carried.first_seen, carried.due) == ("srv-01", DAY, later(30))
    assert carried.finding == finding()
    seen = store.record(run([finding(), finding("srv-02")], later(14)))
    assert {c.news for c in seen.clocked} == {"same"}
    assert {c.first_seen for c in seen.clocked} == {DAY}


def test_a_carried_finding_closes_once_somebody_looked(store: Store) -> None:
    store.record(run([finding()]))
    store.record(run([], later(7), closing=never))
    assert store.record(run([], later(14))).closed == 1


def test_a_carried_finding_becomes_overdue(store: Store) -> None:
    store.record(run([finding()]))
    assert not only(store.record(run([], later(30), closing=never)).clocked).overdue
    assert only(store.record(run([], later(31), closing=never)).clocked).overdue


def test_a_carried_finding_takes_todays_status(store: Store) -> None:
    store.record(run([finding(status="accepted", exception="EX-1")]))

    def lapsed(f: Finding) -> Finding:
        return finding(f.asset, status="open")

    told = store.record(run([], later(7), closing=never, restate=lapsed))
    assert only(told.clocked).finding.status == "open"
    assert only(store.open_findings()).finding.exception is None
    assert store.rollups()[0].open == 1
    assert only(store.open_findings()).news == "carried"
    assert store.verify(full=True).ok


@pytest.mark.parametrize(("after", "overdue"), [(0, False), (29, False), (30, False), (31, True)])
def test_overdue_begins_the_day_after_due(store: Store, after: int, overdue: bool) -> None:
    store.record(run([finding(due_days=30)]))
    assert only(store.record(run([finding(due_days=30)], later(after))).clocked).overdue is overdue


def test_a_deadline_of_its_own_goes_before_the_controls(store: Store) -> None:
    own = finding(due_on=date(2026, 2, 1), due_days=300)
    told = only(store.record(run([own])).clocked)
    assert (told.due, told.overdue) == (date(2026, 2, 1), True)


@pytest.mark.parametrize("days", [10**9, (date.max - DAY).days, (date.max - DAY).days + 1])
def test_a_window_past_the_end_of_time_ends_there(store: Store, days: int) -> None:
    told = only(store.record(run([finding(due_days=days)])).clocked)
    assert told.due == date.max and not told.overdue


@pytest.mark.parametrize("start", [date(2026, 3, 28), date(2026, 10, 24), date(2024, 2, 28), date(2026, 12, 31)])
def test_a_window_is_whole_days_over_leap_days_and_clock_changes(store: Store, start: date) -> None:
    due = [only(store.record(run([finding()], start + timedelta(days=n))).clocked).due for n in range(3)]
    assert due == [start + timedelta(days=30)] * 3


def test_an_unknown_that_becomes_a_failure_starts_its_clock_that_day(store: Store) -> None:
    told = store.record(run([finding(outcome="unknown")]))
    assert only(told.clocked).first_seen == DAY
    failed = store.record(run([finding()], later(7)))
    assert (failed.opened, only(failed.clocked).news, only(failed.clocked).first_seen) == (1, "new", later(7))
    assert only(failed.clocked).due == later(37)


def test_a_failure_that_becomes_unknown_does_not_close_and_keeps_its_clock(store: Store) -> None:
    store.record(run([finding()]))
    dim = store.record(run([finding(outcome="unknown")], later(7)))
    assert (dim.closed, dim.opened, only(dim.clocked).first_seen) == (0, 0, DAY)
    again = store.record(run([finding()], later(14)))
    assert (again.opened, again.reopened, only(again.clocked).first_seen) == (0, 0, DAY)
    assert store.record(run([], later(21))).closed == 1


def test_an_unknown_that_goes_away_is_no_closed_finding(store: Store) -> None:
    store.record(run([finding(), finding("srv-02", outcome="unknown")]))
    told = store.record(run([finding()], later(7)))
    assert (told.closed, told.changes) == (0, [])
    assert store.closed_findings() == []
    assert len(store.open_findings()) == 1


def test_an_unknown_after_a_closed_failure_reopens_only_when_it_fails(store: Store) -> None:
    store.record(run([finding()]))
    store.record(run([], later(1)))
    assert store.record(run([finding(outcome="unknown")], later(2))).reopened == 0
    back = store.record(run([finding()], later(3)))
    assert (back.reopened, only(back.clocked).first_seen) == (1, later(3))


def test_a_finding_whose_control_is_not_judged_any_more_closes_as_withdrawn(store: Store) -> None:
    store.record(run([finding()]))
    others = [Tally(control="LEG-02", council="alderbeck", severity="high", passed=1, failed=0, unknown=0)]
    store.record(run([], later(7), tallies=others))
    assert [life.closed_why for life in store.lives(finding().fingerprint)] == ["withdrawn"]


def test_findings_of_one_council_do_not_move_those_of_another(store: Store) -> None:
    ours, theirs = finding(), finding(council="brackenford")
    store.record(run([ours, theirs]))
    told = store.record(run([theirs], later(7)))
    assert [(c.council, c.what) for c in told.changes] == [("alderbeck", "closed")]
    assert only(told.clocked).first_seen == DAY


def test_two_findings_with_one_fingerprint_are_a_fault_and_nothing_is_written(store: Store) -> None:
    with pytest.raises(ValueError, match="two findings"):
        store.record(run([finding(), finding()]))
    assert store.runs() == []


class TestClosing:
    closing = Closing(
        tables={"lifecycle.unsupported-software": "installs", "patching.fix-overdue": "fixes"},
        blocked={("brackenford", "installs"), ("", "fixes")},
        controls={("corvale", "LEG-01")},
        assets={("alderbeck", "srv-09")},
        undecided={("alderbeck", "LEG-01", "srv-08", "windows-server")},
    )

    def test_what_was_looked_at_may_close(self) -> None:
        assert self.closing(finding())
        assert self.closing(finding("srv-08", subject="sql-server"))

    @pytest.mark.parametrize(
        "kept",
        [
            finding(council="brackenford"),
            finding(check="patching.fix-overdue"),
            finding(council="corvale"),
            finding("srv-09"),
            finding("srv-08"),
            finding(check="somebody.elses-check"),
        ],
    )
    def test_what_was_not_looked_at_may_not(self, kept: Finding) -> None:
        assert not self.closing(kept)

    def test_an_unknown_of_no_asset_is_asked_by_its_table(self) -> None:
        assert self.closing(finding(None, outcome="unknown"))


def test_always_and_never_are_what_they_say() -> None:
    assert always(finding()) and not never(finding())
