"""Finds what installed packages add, by entry point, and refuses what could not work before any data is read.

A package that is installed runs with the rights of whoever runs secscan, as a check does. What came from which
package and version, and the SHA-256 of its source, goes into the record.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata, util
from pathlib import Path
from typing import Any, Final

from secscan.doors import files, json
from secscan.model.added import Added, AddedTable, CheckFolder, Origin, Table
from secscan.model.errors import CheckError, InputError, Problem
from secscan.model.places import Place
from secscan.model.raw import RAW_COLUMNS
from secscan.model.tables import TABLES, Column, TableSpec
from secscan.plugins.guard import Broke, guarded

TABLES_GROUP: Final = "secscan.tables"
CHECKS_GROUP: Final = "secscan.checks"
MAX_SOURCE_BYTES: Final = 5_000_000
_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_TAKEN: Final = frozenset({"row", "read", "asset_tag", *dir(TableSpec)})
"""Names that a column cannot have: they mean something else on every table."""

Points = Callable[..., Iterable[metadata.EntryPoint]]


def find(points: Points = metadata.entry_points) -> Added:
    """Every table and folder of checks that a package adds, in the order of their names.

    Raises CheckError with a line for each that cannot be used: a package that cannot be imported, a table that is no
    table, a name that is taken.
    """
    desk = _Desk()
    tables: dict[str, AddedTable] = {}
    for point, origin in _found(points, TABLES_GROUP):
        if (one := desk.table(point, origin)) is None:
            continue
        name = one.table.spec.table
        if name in tables:
            says = f"adds table '{name}', which {tables[name].origin} has already; uninstall one of the two"
            desk.refuse(point, origin, says)
            continue
        tables[name] = one
    folders = [desk.folder(point, origin) for point, origin in _found(points, CHECKS_GROUP)]
    if desk.problems:
        raise CheckError(desk.problems)
    return Added(tables=tables, checks=tuple(f for f in folders if f is not None))


def _found(points: Points, group: str) -> list[tuple[metadata.EntryPoint, Origin]]:
    """The entry points of a group, in an order that does not hang on how they were installed."""
    found = [(point, _origin(point)) for point in points(group=group)]
    return sorted(found, key=lambda one: (one[1].package, one[0].name))


def _origin(point: metadata.EntryPoint) -> Origin:
    if point.dist is None:
        return Origin(package="a package without a name", version="of no version")
    return Origin(package=point.dist.name, version=point.dist.version)


class _Desk:
    """What looking has found wrong so far."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, point: metadata.EntryPoint, origin: Origin, says: str) -> None:
        named = f"entry point '{point.name}' ({point.value})"
        self.problems.append(Problem(place=Place(str(origin)), says=f"{named}: {says}"))

    def table(self, point: metadata.EntryPoint, origin: Origin) -> AddedTable | None:
        try:
            table = guarded(point.load)
        except Broke as error:
            self.refuse(point, origin, f"cannot be imported: {error}; mend the package or uninstall it")
            return None
        faults = list(_faults(table))
        for says in faults:
            self.refuse(point, origin, says)
        if faults:
            return None
        try:
            return AddedTable(table=table, origin=origin, sha256=_digest(sys.modules[point.module]))
        except InputError as error:
            self.refuse(point, origin, f"its source cannot be read, so no digest of it can be kept: {error.reason}")
            return None

    def folder(self, point: metadata.EntryPoint, origin: Origin) -> CheckFolder | None:
        if point.attr:
            self.refuse(point, origin, "names an object; name the package or module that holds the check files")
            return None
        try:
            spec = guarded(lambda: util.find_spec(point.module))
        except Broke as error:
            self.refuse(point, origin, f"cannot be imported: {error}; mend the package or uninstall it")
            return None
        places = list(spec.submodule_search_locations or ()) if spec else []
        where = places[0] if places else spec.origin if spec else None
        if where is None:
            self.refuse(point, origin, f"there is no '{point.module}' in it; mend the package or uninstall it")
            return None
        return CheckFolder(path=Path(where), shown=origin.package, origin=origin)


def _digest(module: Any) -> str:
    """SHA-256 over the Python files of the package that a module is in. Raises InputError when one cannot be read."""
    own = Path(getattr(module, "__file__", None) or "")
    around = sorted(own.parent.rglob("*.py")) if module.__package__ else [own]
    return files.sha256(
        json.canonical(
            {
                path.relative_to(own.parent).as_posix(): files.sha256(
                    files.read_bytes(path, shown=path.name, limit=MAX_SOURCE_BYTES)
                )
                for path in around
            }
        )
    )


def _faults(table: object) -> Iterator[str]:
    """Why something is no table that could be used; nothing for one that is."""
    if not isinstance(table, Table):
        yield f"is {type(table).__name__}; a table is secscan.api.Table(spec=..., ...)"
        return
    spec = table.spec
    if not (isinstance(spec, type) and issubclass(spec, TableSpec)) or spec is TableSpec:
        yield "its 'spec' is no class of documented columns; derive one from secscan.api.TableSpec"
        return
    shared = TableSpec.columns()
    own = {name: column for name, column in spec.columns().items() if name not in shared}
    name = getattr(spec, "table", "")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        yield f"its name {name!r} must be a word in small letters, such as 'backups'"
        return
    if name in TABLES or name in RAW_COLUMNS:
        yield f"adds table '{name}', which secscan itself has already; give it another name"
        return
    if not (spec.__doc__ or "").strip():
        yield f"{spec.__name__} has no docstring: its first line says what a row is"
    if not own:
        yield f"{spec.__name__} has no column of its own"
    yield from _column_faults(spec, own)
    yield from _feed_faults(table, name, own)


def _column_faults(spec: type[TableSpec], own: dict[str, Column]) -> Iterator[str]:
    for name, column in own.items():
        if not _NAME.fullmatch(name) or name in _TAKEN:
            yield f"a column cannot be called '{name}'"
        if not column.doc.strip():
            yield f"column '{name}' does not say what it holds"
    for name in TableSpec.columns():
        if spec.columns()[name] is not TableSpec.columns()[name]:
            yield f"column '{name}' is one that every table has, and cannot be another"
    for name in spec.subject:
        if name not in own:
            yield f"its subject names '{name}', no column of its own"
    if spec.own_due is not None and (spec.own_due not in own or own[spec.own_due].kind != "date"):
        yield f"its own_due names '{spec.own_due}', no date of its own"


def _feed_faults(table: Table, name: str, own: dict[str, Column]) -> Iterator[str]:
    for column in table.reads:
        if column not in own:
            yield f"it reads '{column}', no column of its own"
    for column in table.needs:
        if column not in table.reads:
            yield f"it needs '{column}', which it does not read"
    if not table.reads and table.build is None:
        yield "it neither reads a file nor builds its rows"
    known = frozenset(RAW_COLUMNS) | ({name} if table.reads else frozenset())
    for raw in sorted(table.spec.fed_by - known):
        yield f"fed_by names '{raw}', which no source feeds; there are {', '.join(sorted(known))}"
    for raw in sorted(({"assets", name} if table.reads else {"assets"}) - table.spec.fed_by):
        yield f"fed_by must name '{raw}': its rows cannot be believed without"
