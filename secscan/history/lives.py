"""A finding as the row of its life, and back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import chain, repeat
from typing import Any, Final, NamedTuple

from secscan.doors import json
from secscan.history import digests
from secscan.model.findings import Finding
from secscan.model.places import Place

_DATE: Final = "$date"
_NULL: Final = "\\N"


class LifeRow(NamedTuple):
    """A row of ``life``, its columns in the order of the schema."""

    council: str
    id: int
    fingerprint: str
    control: str
    asset: str | None
    subject: str
    hostname: str | None
    title: str
    outcome: str
    status: str
    severity: str
    due_on: str | None
    detail: str
    """The rest of the finding as JSON: its check, evidence, what stands before it."""
    places: str
    """Where its facts stand, as JSON."""
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
        return digests.of_life(line(self[:-1])) == self.hash


CONTENT: Final = slice(LifeRow._fields.index("hostname"), LifeRow._fields.index("places"))


class Contents:
    """Turns findings into the comparable part of a life; what several findings share is turned into text once."""

    def __init__(self) -> None:
        self._heads: dict[Any, str] = {}
        self._shared: dict[int, tuple[Mapping[str, Any], str]] = {}
        """By the identity of the evidence, which is kept so that nothing else can have it."""

    def of(self, f: Finding) -> tuple[Any, ...]:
        due_on = None if f.due_on is None else f.due_on.isoformat()
        detail = f'{self._head(f)}"evidence":{self._mapping(f.evidence)}}}'
        return (f.hostname, f.title, f.outcome, f.status, f.severity, due_on, detail)

    def _head(self, f: Finding) -> str:
        key = (f.check, f.count, f.due_days, f.exception, f.mitigation, f.mitigation_state, f.stale)
        text = self._heads.get(key)
        if text is None:
            told = {
                "check": f.check, "count": f.count, "due_days": f.due_days, "exception": f.exception,
                "mitigation": f.mitigation, "mitigation_state": f.mitigation_state, "stale": f.stale or None,
            }  # fmt: skip
            said = json.dumps({k: v for k, v in told.items() if v is not None}, pretty=False)
            text = self._heads[key] = f"{said[:-1]},"
        return text

    def _mapping(self, evidence: Mapping[str, Any]) -> str:
        known = self._shared.get(id(evidence))
        if known is not None:
            return known[1]
        text = "{" + ",".join([f"{_quoted(name)}:{self._value(value)}" for name, value in evidence.items()]) + "}"
        self._shared[id(evidence)] = evidence, text
        return text

    def _value(self, value: Any) -> str:
        """A fact as JSON; a date is marked as such, so that it comes back as a date."""
        kind = value.__class__
        if kind is str:
            return _quoted(value)
        if value is None:
            return "null"
        if kind is bool:
            return "true" if value else "false"
        if kind is date:
            return f'{{"{_DATE}":"{value.isoformat()}"}}'
        if kind is list or kind is tuple:
            return "[" + ",".join([self._value(inner) for inner in value]) + "]"
        return self._mapping(value) if isinstance(value, Mapping) else json.dumps(value, pretty=False)


def line(row: tuple[Any, ...]) -> bytes:
    """``digests.line`` of a life without its digest: the same, and quicker where nothing wants an escape."""
    a, b, c, d, e, f, g, h, i, j, k, m, n, o, p, q, r, s, t, u, v, w = row
    x = _NULL
    told = (
        f"{a}\t{b}\t{c}\t{d}\t{x if e is None else e}\t{f}\t{x if g is None else g}\t{h}\t{i}\t{j}\t{k}\t"
        f"{x if m is None else m}\t{n}\t{o}\t{p}\t{q}\t{x if r is None else r}\t{x if s is None else s}\t"
        f"{x if t is None else t}\t{x if u is None else u}\t{x if v is None else v}\t{x if w is None else w}"
    )
    if told.count("\t") != len(row) - 1 or "\n" in told or told.count("\\") != row.count(None):
        return digests.line(row)
    return told.encode()


def sealed(values: tuple[Any, ...]) -> LifeRow:
    """The row of these values, all but the digest, as every database takes them and with their digest."""
    try:
        told = line(values)
    except UnicodeEncodeError:
        told = b"\0"
    if b"\0" in told:
        values = cleaned(values)
        told = line(values)
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
    told, text = None, ""
    evidence: list[str] = []
    sources: list[str] = []
    for name, place in chain(f.evidence_places.items(), zip(repeat(None), f.sources)):
        if place is not told:  # most facts of a finding stand in one row
            column = "" if place.column is None else f",{place.column:d}"
            told, text = place, f"[{files.setdefault(place.file, len(files))},{place.line:d}{column}]"
        if name is None:
            sources.append(text)
        else:
            evidence.append(f"{_quoted(name)}:{text}")
    return f'{{"files":[{",".join(map(_quoted, files))}],"evidence":{{{",".join(evidence)}}},"sources":[{",".join(sources)}]}}'


def finding_of(row: LifeRow) -> Finding:
    """The finding as the record last saw it. The row must hold."""
    held = json.loads(row.places.encode(), "places")

    def place(numbers: list[int]) -> Place:
        return Place(held["files"][numbers[0]], *numbers[1:])

    return replace(
        named(row),
        evidence=dict(_heard_detail(row.detail)["evidence"]),
        evidence_places={name: place(numbers) for name, numbers in held["evidence"].items()},
        sources=[place(numbers) for numbers in held["sources"]],
    )


def named(row: LifeRow) -> Finding:
    """The same without evidence and places: quicker, and enough to say who it is about and how it stands."""
    detail = _heard_detail(row.detail)
    return Finding(
        fingerprint=row.fingerprint, control=row.control, check=detail["check"], council=row.council, asset=row.asset,
        hostname=row.hostname, subject=row.subject, title=row.title, outcome=row.outcome, status=row.status,  # type: ignore[arg-type]
        severity=row.severity, count=detail["count"], due_days=detail["due_days"],  # type: ignore[arg-type]
        due_on=None if row.due_on is None else date.fromisoformat(row.due_on),
        exception=detail.get("exception"), mitigation=detail.get("mitigation"),
        mitigation_state=detail.get("mitigation_state"), stale=detail.get("stale", False),
    )  # fmt: skip


@lru_cache(maxsize=10_000)
def _heard_detail(text: str) -> dict[str, Any]:
    detail = json.loads(text.encode(), "detail")
    return {**detail, "evidence": {name: _heard(value) for name, value in detail["evidence"].items()}}


def _heard(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {_DATE}:
            return date.fromisoformat(value[_DATE])
        return {name: _heard(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_heard(inner) for inner in value]
    return value
