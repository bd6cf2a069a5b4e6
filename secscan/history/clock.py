"""The clocks: findings of a run against the lives that are open, and what that makes of both. No database here.

An interval ends when its finding was looked for and is not there. It does not end because nobody looked, nor
because a failure became unknown: unknown is never a pass, so its clock goes on. ``first_seen`` is the day on which
it first failed in this interval; an unknown that becomes a failure starts its clock on that day.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache
from typing import Any, Final

from secscan.history import lives
from secscan.history.lives import LifeRow
from secscan.history.nouns import RunRecord
from secscan.model.findings import Clocked, Finding
from secscan.model.posture import Change

GONE: Final = "gone"
WITHDRAWN: Final = "withdrawn"


@dataclass(slots=True, kw_only=True)
class Step:
    """What one run does to the record, and what it looks like afterwards."""

    clocked: list[Clocked] = field(default_factory=list)
    fresh: list[LifeRow] = field(default_factory=list)
    changed: list[LifeRow] = field(default_factory=list)
    events: list[tuple[LifeRow, str]] = field(default_factory=list)
    """Lives with what happened to them: noticed, opened, reopened, changed, unseen, seen, closed or settled."""
    standing: list[bytes] = field(default_factory=list)
    """The digests of all lives that are open afterwards, in the order of their ids."""
    carried: int = 0

    def count(self, what: str) -> int:
        return sum(event == what for _, event in self.events)

    def changes(self) -> list[Change]:
        """The failures that opened, reopened or closed."""
        return [
            Change(
                what=what, fingerprint=row.fingerprint, control=row.control, council=row.council, asset=row.asset,
                title=row.title, severity=row.severity,  # type: ignore[arg-type]
            )
            for row, what in self.events
            if what in ("opened", "reopened", "closed")
        ]  # fmt: skip


def due_day(first_seen: date, finding: Finding) -> date:
    """The last day of the finding's window: its row's own deadline, else days from first seen, at most the last day there is."""
    return finding.due_on or _window_end(first_seen, finding.due_days)


@lru_cache(maxsize=10_000)
def _window_end(first_seen: date, days: int) -> date:
    return first_seen + timedelta(days=days) if days <= (date.max - first_seen).days else date.max


def clocked(finding: Finding, first_seen: date, today: date, news: str) -> Clocked:
    due = due_day(first_seen, finding)
    return Clocked(finding=finding, first_seen=first_seen, due=due, overdue=today > due, news=news)


def step(
    run: RunRecord,
    seq: int,
    standing: Sequence[LifeRow],
    failed_before: Callable[[Collection[str]], Collection[str]],
    next_id: int,
) -> Step:
    """The step from the lives that stand, by id, to those after run number ``seq``.

    ``failed_before``: which of the fingerprints given have a closed interval in which they failed.
    Raises ValueError when two findings of the run have one fingerprint.
    """
    done = Step()
    left = {row.fingerprint: row for row in standing}
    seen = _paired(run.findings, left)
    again = failed_before([f.fingerprint for f, row in seen if f.outcome == "fail" and (not row or not row.failed_run)])
    contents = lives.Contents()
    after = {row.id: row.hash for row in standing}
    days: dict[str, date] = {}
    for f, row in seen:
        content = contents.of(f)
        if row is None:
            what: str | None
            new, what = _born(f, content, run.as_of, seq, next_id, f.fingerprint in again)
            next_id += 1
            done.fresh.append(new)
        else:
            new, what = _met(row, f, content, run.as_of, seq, f.fingerprint in again)
            if new is not row:
                done.changed.append(new)
        if what:
            done.events.append((new, what))
        after[new.id] = new.hash
        began = new.failed_on or new.opened_on
        first = days.get(began) or days.setdefault(began, date.fromisoformat(began))
        done.clocked.append(clocked(f, first, run.as_of, _NEWS.get(what or "", "same")))
    _missed(run, seq, left.values(), done, after)
    done.standing = list(after.values())
    return done


_NEWS: Final[Mapping[str, str]] = {"noticed": "new", "opened": "new", "reopened": "reopened"}


def _paired(findings: Iterable[Finding], left: dict[str, LifeRow]) -> list[tuple[Finding, LifeRow | None]]:
    """Each finding with its open life, which is then no longer ``left``."""
    paired: list[tuple[Finding, LifeRow | None]] = []
    met: set[str] = set()
    for f in findings:
        if f.fingerprint in met:
            raise ValueError(f"two findings have the fingerprint {f.fingerprint}")
        met.add(f.fingerprint)
        paired.append((f, left.pop(f.fingerprint, None)))
    return paired


def _born(f: Finding, content: tuple[Any, ...], today: date, seq: int, id: int, again: bool) -> tuple[LifeRow, str]:
    day = today.isoformat()
    failed = (seq, day) if f.outcome == "fail" else (None, None)
    named = (f.council, id, f.fingerprint, f.control, f.asset, f.subject)
    row = lives.sealed((*named, *content, lives.places_of(f), seq, day, *failed, None, None, None, None))
    return row, "noticed" if f.outcome != "fail" else "reopened" if again else "opened"


def _met(
    row: LifeRow, f: Finding, content: tuple[Any, ...], today: date, seq: int, again: bool
) -> tuple[LifeRow, str | None]:
    """The life of a finding seen again, the same object where nothing changed, and what happened to it."""
    if row.content == content and row.unseen_run is None:
        return row, None
    if row.unseen_run is None and row.content == lives.cleaned(content):
        return row, None
    started = f.outcome == "fail" and row.failed_run is None
    failed = (seq, today.isoformat()) if started else (row.failed_run, row.failed_on)
    named, opened = row[: lives.CONTENT.start], (row.opened_run, row.opened_on)
    new = lives.sealed((*named, *content, lives.places_of(f), *opened, *failed, None, None, None, None))
    if started:
        return new, "reopened" if again else "opened"
    if row.unseen_run is not None:
        return new, "seen"
    stands = (new.outcome, new.status, new.severity) != (row.outcome, row.status, row.severity)
    return new, "changed" if stands else None


def _missed(run: RunRecord, seq: int, left: Iterable[LifeRow], done: Step, after: dict[int, bytes]) -> None:
    """Lives not seen again: closed where the run may say so, else carried."""
    judged = {(t.council, t.control) for t in run.tallies}
    carried = []
    for row in left:
        if run.closing(lives.named(row)):
            why = GONE if not judged or (row.council, row.control) in judged else WITHDRAWN
            closed = lives.sealed(row._replace(closed_run=seq, closed_on=run.as_of.isoformat(), closed_why=why)[:-1])
            done.changed.append(closed)
            done.events.append((closed, "settled" if row.failed_run is None else "closed"))
            del after[row.id]
            continue
        finding = lives.finding_of(row)
        finding = run.restate(finding) if run.restate else finding
        new = _carried(row, finding, seq)
        if new is not row:
            done.changed.append(new)
            done.events.append((new, "unseen"))
            after[new.id] = new.hash
        carried.append(clocked(finding, row.first_seen, run.as_of, "carried"))
    done.carried = len(carried)
    if carried:
        done.clocked = sorted(
            [*done.clocked, *carried],
            key=lambda c: (c.finding.council, c.finding.control, c.finding.subject, c.finding.asset or ""),
        )


def _carried(row: LifeRow, finding: Finding, seq: int) -> LifeRow:
    """The life of a finding that was not seen, as it stands today; the same object where nothing changed."""
    content = lives.cleaned(lives.Contents().of(finding))
    if row.unseen_run is not None and row.content == content:
        return row
    start, end = lives.CONTENT.start, lives.CONTENT.stop
    values = (*row[:start], *content, *row[end:])
    return lives.sealed(LifeRow._make(values)._replace(unseen_run=row.unseen_run or seq)[:-1])


def standing_counts(findings: Iterable[Clocked]) -> Counter[tuple[str, str, str, str]]:
    """How many findings stand how: (council, control, severity, open | mitigated | accepted | unknown | carried)."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    for c in findings:
        f = c.finding
        key = (f.council, f.control, f.severity)
        counts[(*key, f.status if f.outcome == "fail" else "unknown")] += 1
        if c.news == "carried":
            counts[(*key, "carried")] += 1
    return counts
