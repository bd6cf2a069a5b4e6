"""A finding as the row of its life, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any, Final, NamedTuple

from secscan.doors import json
from secscan.history import digests
from secscan.model.findings import Finding
from secscan.model.places import Place

_DATE: Final = "$date"


class LifeRow(NamedTuple):
    """A row of ``life``, its columns in the order of the schema."""

    council: str
    id: int
    fingerprint: str
    control: str
    asset: str | None
    subject: str
    check_id: str
    hostname: str | None
    title: str
    outcome: str
    status: str
    severity: str
    row_count: int
    due_on: str | None
    due_days: int
    exception: str | None
    mitigation: str | None
    mitigation_state: str | None
    stale: int
    evidence: str
    places: str
    opened_run: int
    opened_on: str
    failed_run: int | None
    failed_on: str | None
    unseen_run: int | None
    closed_run: int | None
    closed_on: str | None
    closed_why: str | None
    hash: bytes

    @property
    def first_seen(self) -> date:
        return date.fromisoformat(self.failed_on or self.opened_on)

    @property
    def content(self) -> tuple[Any, ...]:
        """What a run may find changed. Places are left out: the same fact in next month's file is the same fact."""
        return tuple(self)[CONTENT]

    def holds(self) -> bool:
        """Whether the row is what was written."""
        return digests.of_life(digests.line(self[:-1])) == self.hash


CONTENT: Final = slice(LifeRow._fields.index("check_id"), LifeRow._fields.index("places"))


class Contents:
    """Turns findings into the comparable part of a life; equal evidence is turned into text once."""

    def __init__(self) -> None:
        self._texts: dict[Any, str] = {}

    def of(self, f: Finding) -> tuple[Any, ...]:
        return (
            f.check, f.hostname, f.title, f.outcome, f.status, f.severity, f.count,
            None if f.due_on is None else f.due_on.isoformat(), f.due_days, f.exception, f.mitigation,
            f.mitigation_state, int(f.stale), self._evidence(f.evidence),
        )  # fmt: skip

    def _evidence(self, evidence: Mapping[str, Any]) -> str:
        # True and 1 are equal as keys but not as text: the classes belong to the key.
        key = (*evidence.items(), *map(type, evidence.values()))
        try:
            text = self._texts.get(key)
        except TypeError:  # a list among the values
            return _told(evidence)
        if text is None:
            text = self._texts[key] = _told(evidence)
        return text


def sealed(values: tuple[Any, ...]) -> LifeRow:
    """The row of these values, all but the digest, as every database takes them and with their digest."""
    try:
        told = digests.line(values)
    except UnicodeEncodeError:
        told = b"\0"
    if b"\0" in told:
        values = cleaned(values)
        told = digests.line(values)
    return LifeRow._make((*values, digests.of_life(told)))


def cleaned(values: Iterable[Any]) -> tuple[Any, ...]:
    """The values as every database takes them."""
    return tuple(digests.clean(v) if isinstance(v, str) else v for v in values)


@lru_cache(maxsize=100_000)
def _quoted(text: str) -> str:
    return json.dumps(text, pretty=False)


def places_of(f: Finding) -> str:
    """The finding's places as JSON: each file named once, then [file, line, column] by number.

    Put together from pieces, each quoted once: a first run has a place for every fact.
    """
    files: dict[str, int] = {}

    def numbered(place: Place) -> str:
        number = files.setdefault(place.file, len(files))
        column = "" if place.column is None else f",{place.column:d}"
        return f"[{number:d},{place.line:d}{column}]"

    evidence = ",".join([f"{_quoted(name)}:{numbered(place)}" for name, place in f.evidence_places.items()])
    sources = ",".join([numbered(place) for place in f.sources])
    return f'{{"files":[{",".join(map(_quoted, files))}],"evidence":{{{evidence}}},"sources":[{sources}]}}'


def finding_of(row: LifeRow) -> Finding:
    """The finding as the record last saw it. The row must hold."""
    held = json.loads(row.places.encode(), "places")

    def place(numbers: list[int]) -> Place:
        return Place(held["files"][numbers[0]], *numbers[1:])

    return replace(
        named(row),
        evidence=dict(_evidence_of(row.evidence)),
        evidence_places={name: place(numbers) for name, numbers in held["evidence"].items()},
        sources=[place(numbers) for numbers in held["sources"]],
    )


def named(row: LifeRow) -> Finding:
    """The same without evidence and places: quicker, and enough to say who it is about and how it stands."""
    return Finding(
        fingerprint=row.fingerprint, control=row.control, check=row.check_id, council=row.council, asset=row.asset,
        hostname=row.hostname, subject=row.subject, title=row.title, outcome=row.outcome, status=row.status,  # type: ignore[arg-type]
        severity=row.severity, count=row.row_count, due_days=row.due_days, exception=row.exception,  # type: ignore[arg-type]
        due_on=None if row.due_on is None else date.fromisoformat(row.due_on),
        mitigation=row.mitigation, mitigation_state=row.mitigation_state, stale=bool(row.stale),
    )  # fmt: skip


@lru_cache(maxsize=10_000)
def _evidence_of(text: str) -> dict[str, Any]:
    return {name: _heard(value) for name, value in json.loads(text.encode(), "evidence").items()}


def _told(evidence: Mapping[str, Any]) -> str:
    return json.dumps({name: _dated(value) for name, value in evidence.items()}, pretty=False)


def _dated(value: Any) -> Any:
    """Dates marked as such, so that they come back as dates."""
    if value.__class__ is date:
        return {_DATE: value.isoformat()}
    if isinstance(value, Mapping):
        return {name: _dated(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_dated(inner) for inner in value]
    return value


def _heard(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {_DATE}:
            return date.fromisoformat(value[_DATE])
        return {name: _heard(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_heard(inner) for inner in value]
    return value
