"""What a document says of an asset or of several, row by row, for readers whose files are no tables.

A row is *counted* where it is what the file is a list of (a component, a finding), or stands *beside* one that is: the host
of a finding, the package that it was found in. Only counted rows are read, loaded and refused; of those beside, each thing
is said once, and one that cannot be read leaves the file incomplete.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from secscan.doors import csv, json
from secscan.model.raw import RawTable, Refusal
from secscan.sources import objects, values
from secscan.sources.reader import SHOWN_WARNINGS, Found, Job
from secscan.sources.values import Bad

Facts = Mapping[str, Any]

_NEEDS: Final = {
    "assets": ("device_id",),
    "software": ("asset_tag", "name"),
    "services": ("asset_tag", "proto", "port"),
    "fixes": ("asset_tag", "name"),
    "results": ("asset_tag", "title"),
}
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII | re.IGNORECASE)
_NOWHERE: Final = frozenset(("", ".", "./", "/"))
"""Names of a folder that say nothing about whose it is."""
SYSTEMS: Final = {
    "ol": "Oracle Linux", "oracle": "Oracle Linux", "alma": "AlmaLinux", "amzn": "Amazon Linux", "amazon": "Amazon Linux",
    "redhat": "Red Hat Enterprise Linux", "rhel": "Red Hat Enterprise Linux", "suse linux enterprise server": "SUSE Linux Enterprise Server",
}  # fmt: skip
"""Families of operating systems by words that mean them to scanners alone."""


class Bill:
    """Rows of several raw tables, gathered one by one."""

    def __init__(self, job: Job) -> None:
        self.job = replace(job, source=job.source.model_copy(update={"dates": "iso"}))
        self._counted: dict[str, list[tuple[Facts, int]]] = {}
        self._beside: dict[str, dict[tuple[Any, ...], tuple[Facts, int]]] = {}
        self._refused: list[Refusal] = []
        self._passed: dict[str, int] = {}
        self._rows = 0
        self.notes: list[str] = []

    def row(self, table: str, line: int, **facts: Any) -> None:
        """A row that the file is a list of."""
        self._more()
        self._counted.setdefault(table, []).append((facts, line))

    def beside(self, table: str, line: int, **facts: Any) -> None:
        """A row that only goes with one; the same row is said once, where it first stands."""
        key = tuple((name, objects.word(value)) for name, value in facts.items())
        known = self._beside.setdefault(table, {})
        if key not in known:
            self._more()
            known[key] = facts, line

    def counted(self, table: str) -> int:
        """How many rows of a table the file is a list of, so far."""
        return len(self._counted.get(table, ()))

    def refuse(self, line: int, reason: str, row: Any, asset: str | None = None) -> None:
        """A counted row that cannot be believed."""
        self._more()
        self._refused.append(
            Refusal(line=line, column=None, reason=reason, asset_tag=asset, raw=repr(row)[: csv.RAW_LIMIT])
        )

    def pass_over(self, why: str, count: int = 1) -> None:
        """Counted rows that are nothing to us: blank, and said what they are."""
        if count:
            self._passed[why] = self._passed.get(why, 0) + count

    def done(self, incomplete: str | None = None) -> Found:
        """What the file held. ``incomplete``: why it is not the whole look, if it is not."""
        counted = {table: self._built(table, rows) for table, rows in self._counted.items()}
        beside = {table: self._built(table, list(rows.values())) for table, rows in self._beside.items()}
        blank = sum(self._passed.values())
        refused = [*self._refused, *chain.from_iterable(found.refused for found in counted.values())]
        lost = [bad for found in beside.values() for bad in found.refused]
        if lost and incomplete is None:
            incomplete = f"{len(lost):,} of the things that it lists could not be read"
        said = [f"{self.job.shown}: {why}: {count:,}, counted as blank" for why, count in self._passed.items()]
        said += [f"{self.job.shown}: {note}" for note in self.notes]
        said += [text for found in chain(counted.values(), beside.values()) for text in found.warnings]
        said += [f"{self.job.shown}:{bad.line}: {bad.reason}; passed over" for bad in lost[:SHOWN_WARNINGS]]
        loaded = sum(found.rows_loaded for found in counted.values())
        parts = [part for found in chain(counted.values(), beside.values()) for part in found.tables.values()]
        return Found(
            rows_read=loaded + len(refused) + blank, rows_loaded=loaded, rows_blank=blank, warnings=said,
            refused=sorted(refused, key=lambda bad: bad.line),
            incomplete=f"{self.job.shown}: {incomplete}" if incomplete else None, tables=_joined(parts),
        )  # fmt: skip

    def _more(self) -> None:
        self._rows += 1
        if self._rows > self.job.limits.rows:
            raise self.job.refuse(f"has more than {self.job.limits.rows:,} rows", "raise limits.rows in secscan.yaml")

    def _built(self, table: str, rows: Sequence[tuple[Facts, int]]) -> Found:
        return objects.built(table, [facts for facts, _ in rows], [line for _, line in rows], self.job, _NEEDS[table])


def _joined(parts: Iterable[RawTable]) -> dict[str, RawTable]:
    """Tables of one name as one table."""
    found: dict[str, RawTable] = {}
    for part in parts:
        if not part.rows:
            continue
        first = found.get(part.table)
        found[part.table] = part if first is None else RawTable(
            table=part.table,
            columns={name: [*column, *part.columns[name]] for name, column in first.columns.items()},
            places=[*first.places, *part.places],
            extra={
                name: [*first.extra.get(name, [None] * first.rows), *part.extra.get(name, [None] * part.rows)]
                for name in {**first.extra, **part.extra}
            },
        )  # fmt: skip
    return found


class Lines:
    """Entries of the lists of a JSON file, each with the line on which it begins: asked for in the order of the file."""

    def __init__(self, data: bytes) -> None:
        self._at = {path: iter(lines) for path, lines in json.places(data).items()}

    def each(self, found: Any, *path: str) -> list[tuple[Any, int]]:
        """The entries of the list at a path; [] where there is none. Lists at one path are asked for one after the other."""
        at = self._at.get(path, iter(()))
        return [(one, next(at, 0) if isinstance(one, dict) else 0) for one in found] if isinstance(found, list) else []

    def one(self, *path: str) -> int:
        """The line of the object at a path; 0 where there is none."""
        return next(self._at.get(path, iter(())), 0)


def subject(job: Job, named: Any) -> dict[str, Any]:
    """Who a document is about: as the source declares, else as the document names it. Raises InputError where nobody says."""
    declared = values.clean(job.tag) if job.source.asset is not None else None
    text = declared if declared is not None else values.clean(objects.word(named))
    if values.is_unknown(text) or text in _NOWHERE or isinstance(values.words(text), Bad):
        raise job.refuse(
            "does not say which asset it is of",
            "set 'asset' for the source, or --asset: a tag, or {stem} for the file's name",
        )
    return {"device_id": text, "asset_tag": declared}


def cves(*found: Any) -> str:
    """The CVE ids among these, each once."""
    return ";".join(dict.fromkeys(one.upper() for one in found if isinstance(one, str) and _CVE.fullmatch(one)))


def obj(found: Any, *path: str) -> Facts:
    """The object at a path of keys; {} where there is none."""
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def listed(found: Any) -> Iterator[Facts]:
    """The objects of a list."""
    return (one for one in found if isinstance(one, dict)) if isinstance(found, list) else iter(())


def organisation(text: Any) -> str | None:
    """Who publishes, where that is no person's address."""
    return text if isinstance(text, str) and "@" not in text else None


def system(family: Any, version: Any) -> dict[str, Any]:
    """An operating system by the words of a scanner; {} where it knows none."""
    word = values.clean(objects.word(family))
    return {} if values.is_unknown(word) else {"os": SYSTEMS.get(word.casefold(), word), "os_version": version}
