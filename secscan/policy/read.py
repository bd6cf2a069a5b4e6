"""Reads policy files and keeps on reading: what is wrong in one entry does not hide what is wrong in the next."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from secscan.doors import yaml
from secscan.doors.files import read_bytes, sha256
from secscan.doors.validate import nearest, validate
from secscan.doors.yaml import Document
from secscan.model.errors import InputError, PolicyError, Problem
from secscan.model.places import Place
from secscan.policy.documents import (
    ENTRIES,
    MAX_ENTRIES,
    ControlEntry,
    ExceptionEntry,
    FeedEntry,
    MitigationEntry,
    Page,
)

E = TypeVar("E", bound=Page)

MAX_SHOWN: Final = 500


@dataclass(frozen=True, slots=True)
class Written(Generic[E]):
    """One entry of a file: where it stands and what it says."""

    document: Document
    path: tuple[Hashable, ...]
    entry: E

    def place(self, *path: Hashable) -> Place:
        """Where a key of the entry stands; the entry itself where the key is not there."""
        key = (*self.path, *path)
        return self.document.keys.get(key) or self.document.place(*key)

    def value(self, *path: Hashable) -> Place:
        """Where the value of a key of the entry stands."""
        return self.document.place(*self.path, *path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One file as far as it could be understood."""

    document: Document
    model: type[Page]
    title: str = ""
    version: str = ""
    extends: str | None = None
    councils: tuple[str, ...] | None = None
    """None: every council."""
    reason: str | None = None
    controls: Sequence[Written[ControlEntry]] = ()
    exceptions: Sequence[Written[ExceptionEntry]] = ()
    mitigations: Sequence[Written[MitigationEntry]] = ()
    minimum_versions: dict[str, str] = field(default_factory=dict)
    free_extensions: tuple[str, ...] = ()
    feeds: dict[str, FeedEntry] = field(default_factory=dict)
    named: frozenset[str] = frozenset()
    """The ids of its controls, also of those that could not be understood."""


@dataclass(slots=True)
class Desk:
    """What reading has found so far: problems, warnings, and the digest of each file."""

    problems: dict[Problem, None] = field(default_factory=dict)
    """Each once, in the order found."""
    warnings: dict[str, None] = field(default_factory=dict)
    files: list[tuple[str, str]] = field(default_factory=list)
    if_missing: str = ""
    """What to say of a file that is not there."""
    guesses: int = 20_000
    """How many words may still be compared for a 'did you mean': each costs microseconds, and a hostile file has many."""

    def refuse(self, place: Place, says: str) -> None:
        self.problems[Problem(place=place, says=says)] = None

    def warn(self, place: Place, says: str) -> None:
        self.warnings[f"{place}: {says}"] = None

    def nearest(self, word: str, among: Collection[str]) -> str:
        """``; did you mean 'x'?``, or nothing where nothing is close or a hostile file has used up the guesses."""
        self.guesses -= len(among)
        return nearest(word, among) if self.guesses >= 0 else ""

    def bytes(self, path: Path, shown: str, limit: int = yaml.MAX_BYTES) -> bytes | None:
        """The bytes of a file, its digest noted; None, and a problem, where it cannot be read."""
        try:
            raw = read_bytes(path, shown=shown, limit=limit)
        except InputError as error:
            self.refuse(error.place, error.reason if path.exists() else f"{error.reason}{self.if_missing}")
            return None
        self.files.append((shown, sha256(raw)))
        return raw

    def document(self, path: Path, shown: str) -> Document | None:
        raw = self.bytes(path, shown)
        try:
            return None if raw is None else yaml.parse_bytes(raw, shown)
        except PolicyError as error:
            self.problems |= dict.fromkeys(error.problems)
            return None

    def sheet(self, path: Path, shown: str, model: type[Page]) -> Sheet | None:
        """A file as a ``model``: every entry that holds, and a problem for each that does not."""
        document = self.document(path, shown)
        return None if document is None else self.understand(document, model)

    def understand(self, document: Document, model: type[Page]) -> Sheet:
        named = frozenset(_ids(document.data))
        for path, size in _too_long(document.data):
            self.refuse(document.place(*path), f"holds {size:,} entries; the most is {MAX_ENTRIES:,}")
            return Sheet(document=document, model=model, named=named)
        document = _blank_lists_empty(document, model)
        blanks = {document.place(*path): str(path[-1]) for path in _blanks(document.data)}
        for place, key in blanks.items():
            self.refuse(place, f"'{key}' has no value; give it one, or take the line out")
        content: dict[str, Any] = {}
        try:
            page = validate(document, model)
            content = {name: getattr(page, name) for name in type(page).model_fields}
        except PolicyError as error:
            for problem in error.problems:
                if problem.place not in blanks:
                    self.refuse(problem.place, problem.says)
            content = _salvaged(document.data)
        content |= {key: list(_entries(document, key)) for key in ENTRIES if key in model.model_fields}
        return Sheet(document=document, model=model, named=named, **content)

    def ordered(self) -> list[Problem]:
        """The problems by file, in the order of reading, and line; past the first 500 only how many."""
        order = {name: i for i, (name, _) in enumerate(self.files)}
        found = sorted(self.problems, key=lambda p: (order.get(p.place.file, -1), p.place.line, p.place.column or 0))
        if rest := len(found[MAX_SHOWN:]):
            found[MAX_SHOWN:] = [Problem(place=Place(found[-1].place.file), says=f"and {rest:,} more problems in all")]
        return found


def known(desk: Desk, what: str, word: str, among: Collection[str], place: Place) -> bool:
    """Whether ``word`` is among those known; a problem with a suggestion where it is not."""
    if word in among:
        return True
    desk.refuse(place, f"unknown {what} '{word}'{desk.nearest(word, among)}")
    return False


def _entries(document: Document, key: str) -> Iterator[Written[Any]]:
    """The entries of a list that hold by themselves."""
    found = document.data.get(key) if isinstance(document.data, dict) else None
    model: type[BaseModel] = ENTRIES[key]
    for number, raw in enumerate(found if isinstance(found, list) else ()):
        try:
            yield Written(document, (key, number), model.model_validate(raw))
        except ValidationError:
            continue


def _salvaged(data: Any) -> dict[str, Any]:
    """What a file that is not valid as a whole still says of itself."""
    if not isinstance(data, dict):
        return {}
    councils = data.get("councils")
    found = {k: data[k] for k in ("title", "version", "extends", "reason") if isinstance(data.get(k), str)}
    if isinstance(councils, list):
        found["councils"] = tuple(c for c in councils if isinstance(c, str))
    return found


def _ids(data: Any) -> Iterator[str]:
    controls = data.get("controls") if isinstance(data, dict) else None
    for control in controls if isinstance(controls, list) else ():
        if isinstance(control, dict) and isinstance(control.get("id"), str):
            yield control["id"]


def _blank_lists_empty(document: Document, model: type[Page]) -> Document:
    """A list at the top whose items are all comments is an empty list."""
    if not isinstance(document.data, dict):
        return document
    lists = {*ENTRIES, "minimum_versions", "free_extensions", "feeds"} & set(model.model_fields)
    return replace(document, data={k: v for k, v in document.data.items() if not (v is None and k in lists)})


def _too_long(data: Any, path: tuple[Hashable, ...] = ()) -> Iterator[tuple[tuple[Hashable, ...], int]]:
    """Lists and maps that no person writes: refused before anything is compared with anything."""
    if not isinstance(data, dict | list):
        return
    if len(data) > MAX_ENTRIES:
        yield path, len(data)
        return
    for key, value in data.items() if isinstance(data, dict) else enumerate(data):
        yield from _too_long(value, (*path, key))


def _blanks(data: Any, path: tuple[Hashable, ...] = ()) -> Iterator[tuple[Hashable, ...]]:
    match data:
        case None if path:
            yield path
        case dict():
            for key, value in data.items():
                yield from _blanks(value, (*path, key))
        case list():
            for number, value in enumerate(data):
                yield from _blanks(value, (*path, number))
