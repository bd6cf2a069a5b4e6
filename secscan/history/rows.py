"""A run as rows: what goes into each table, in the order in which its digest is taken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Table

from secscan.doors import json
from secscan.history import clock, digests, repairs, schema
from secscan.history.clock import Step
from secscan.history.nouns import RULES_CHANGED, Recorded, Run, RunRecord
from secscan.model.posture import Point
from secscan.model.raw import PARTLY, Gap, Load

Rows = list[tuple[Any, ...]]


def _run_id(run: RunRecord, known: Sequence[Run]) -> str:
    first = f"{run.as_of.isoformat()}-{_utc(run.started_at):%H%M}"
    taken = {r.run_id for r in known}
    number, found = 1, first
    while found in taken:
        number += 1
        found = f"{first}-{number}"
    return found


def _utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a run's times need their time zone")
    return moment.astimezone(UTC)


def recorded(
    run: RunRecord, known: Sequence[Run], step: Step, points: dict[str, list[Point]], measured: Rows
) -> Recorded:
    """What the record makes of the run, before it is written."""
    before = known[-1] if known else None
    changed = step.changes() if before else []
    name = _run_id(run, known)
    return Recorded(
        run_id=name,
        seq=len(known) + 1,
        as_of=run.as_of,
        previous_run_id=before.run_id if before else None,
        previous_as_of=before.as_of if before else None,
        previous_digest=before.digest if before else None,
        clocked=step.clocked,
        changes=changed,
        trends=_trends(points, measured, run, name),
        opened=sum(c.what == "opened" for c in changed),
        closed=sum(c.what == "closed" for c in changed),
        reopened=sum(c.what == "reopened" for c in changed),
        carried=step.carried,
    )


def run(
    told: RunRecord, made: Recorded, step: Step, tables: Mapping[Table, Rows], posture_sha256: str
) -> dict[str, Any]:
    """The run's own row, by column, its digest last."""
    columns: dict[str, Any] = {
        "seq": made.seq,
        "run_id": made.run_id,
        "as_of": told.as_of.isoformat(),
        "started_at": _utc(told.started_at).isoformat(timespec="seconds"),
        "finished_at": _utc(told.finished_at).isoformat(timespec="seconds"),
        "tool_version": told.tool_version,
        "complete": int(told.complete),
        "policy_digest": told.policy_digest,
        "rules_digest": told.rules_digest or told.policy_digest,
        "posture_sha256": posture_sha256,
        "facts": digests.clean(json.canonical(told.facts).decode()),
        "opened": step.count("opened"),
        "closed": step.count("closed"),
        "reopened": step.count("reopened"),
        "carried": step.carried,
        "lives": len(step.standing),
        **{column: digests.of_rows(tables[table]) for table, column in schema.OF_RUN},
        "lives_digest": digests.of_lives(step.standing),
        "previous": made.previous_digest or "",
    }
    return columns | {"digest": digests.of_run(columns)}


def _sorted(rows: Iterable[tuple[Any, ...]], key_columns: int) -> Rows:
    """In the order of the table's key, in which its digest is taken."""
    return sorted(rows, key=lambda row: row[:key_columns])


def inputs(run: RunRecord, seq: int) -> Rows:
    """Every file that was read, and every source that gave none."""
    worst: dict[str, Gap] = {}
    for gap in run.gaps:
        if gap.source not in worst or worst[gap.source].why in PARTLY:
            worst[gap.source] = gap
    rows: Rows = []
    read: dict[str, int] = {}
    for load in sorted(run.loads, key=lambda item: (item.source, item.file)):
        position = read[load.source] = read.get(load.source, -1) + 1
        rows.append(
            (
                seq, load.council, load.source, position, load.kind, digests.clean(load.file), load.sha256,
                load.dated_on.isoformat(), load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank,
                _state(load, worst.get(load.source)),
            )
        )  # fmt: skip
    for source, gap in worst.items():
        if source not in read:
            rows.append((seq, gap.council, source, 0, None, None, None, None, 0, 0, 0, 0, gap.why))
    return _sorted(rows, 4)


def _state(load: Load, gap: Gap | None) -> str:
    if load.held:
        return "held"
    if load.incomplete:
        return "incomplete"
    if gap is not None and gap.why not in PARTLY:
        return gap.why
    return "refused-rows" if load.rows_refused else "unread-values" if load.unread else "whole"


def rollups(run: RunRecord, seq: int, step: Step) -> Rows:
    """Rows from the tallies; findings counted here, because only the record knows of those carried."""
    standing = clock.standing_counts(step.clocked)
    judged: dict[tuple[str, str, str], tuple[int, int, int]] = {
        (t.council, t.control, t.severity): (t.passed, t.failed, t.unknown) for t in run.tallies
    }
    keys = {*judged, *(key[:3] for key in standing)}
    words = ("open", "mitigated", "accepted", "unknown", "carried")
    return _sorted(
        ((seq, *key, *judged.get(key, (0, 0, 0)), *(standing[(*key, word)] for word in words)) for key in keys), 4
    )


def measures(run: RunRecord, known: Sequence[Run], step: Step, before: Mapping[str, repairs.Counted]) -> Rows:
    """The figures, the record's own among them, marked where a council was asked for something else than before.

    ``before``: how many had come back, of how many, for each council.
    """
    seq = len(known) + 1
    councils = {m.council for m in run.measures}
    rules = {council: _rules_mark(run, known, council) for council in councils}
    given = [(seq, m.council, m.measure, m.numerator, m.denominator, m.mark or rules[m.council]) for m in run.measures]
    marks = rules | {m.council: m.mark for m in run.measures if m.mark}
    own = [(seq, *row, marks.get(row[0])) for row in repairs.measured(step, councils, before)]
    return _sorted([*given, *own], 3)


def _rules_mark(run: RunRecord, known: Sequence[Run], council: str) -> str | None:
    """By the council's own rules where both runs kept them apart, else by those of all."""
    if not known:
        return None
    before, now = known[-1].facts.get("rules"), run.facts.get("rules")
    if isinstance(before, Mapping) and isinstance(now, Mapping):
        changed = council in before and before[council] != now.get(council)
    else:
        changed = known[-1].rules_digest != (run.rules_digest or run.policy_digest)
    return RULES_CHANGED if changed else None


def changes(step: Step, seq: int) -> Rows:
    """What happened to lives, each with the digest it has from now on."""
    return _sorted(
        (
            (seq, row.council, row.id, what, row.outcome, row.status, row.severity, row.hash)
            for row, what in step.events
        ),
        3,
    )


def _trends(points: dict[str, list[Point]], measures: Rows, run: RunRecord, run_id: str) -> dict[str, list[Point]]:
    """The points so far and this run's, which take the place of an earlier run's of the same day."""
    found = {
        name: [p for p in old if p.on != run.as_of or name == repairs.DAYS] for name, old in points.items()
    }  # fmt: skip
    for _, council, name, numerator, denominator, mark in measures:
        point = Point(
            on=run.as_of, run_id=run_id, council=council, numerator=numerator, denominator=denominator, mark=mark
        )
        repairs.put(found.setdefault(name, []), name, point)
    return found
