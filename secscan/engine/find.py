"""Finds check files, runs them once with their default parameters, and refuses what could not work.

A check is code and runs with the rights of whoever runs secscan. So it is loaded only from the shipped shelf,
from folders that their owner names and from packages that are installed, never from a folder that others may write
to, and the SHA-256 of every check that ran goes into the record.
"""

from __future__ import annotations

import os
import stat
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, Final, get_type_hints

from secscan.doors import files
from secscan.model.added import CheckFolder, Origin
from secscan.model.check import CheckSpec, Params
from secscan.model.errors import CheckError, Problem
from secscan.model.expr import Expr, ExprError
from secscan.model.places import Place
from secscan.model.tables import TABLES, TableSpec

MAX_CHECK_BYTES: Final = 200_000
_ANY_DAY: Final = date(2026, 1, 1)


def find_checks(
    folders: Sequence[Path | CheckFolder] = (),
    *,
    shelf: Path | None = None,
    tables: Mapping[str, type[TableSpec]] | None = None,
) -> dict[str, CheckSpec]:
    """Every check by id: the shipped shelf first, then ``folders`` in order. ``tables``: those that packages add.

    Raises CheckError with every problem found: a file that does not load, a column or table that is not there, an id
    that does not match its path or is taken.
    """
    found: dict[str, CheckSpec] = {}
    problems: list[Problem] = []
    known = {**TABLES, **(tables or {})}
    for one in (shelf or files.shipped("checks"), *folders):
        folder = one if isinstance(one, CheckFolder) else CheckFolder(path=one)
        if says := _unfit(folder.path):
            problems.append(Problem(place=Place(_shown(folder, folder.path)), says=says))
            continue
        for file in _files(folder):
            try:
                for spec in _load(file, known):
                    if spec.id in found:
                        raise file.refuse(spec.line, f"'{spec.id}' is already in {found[spec.id].named}")
                    found[spec.id] = spec
            except CheckError as error:
                problems.extend(error.problems)
    if problems:
        raise CheckError(problems)
    return found


@dataclass(frozen=True, slots=True)
class _File:
    """One check file: where it is, and as what people read it."""

    path: Path
    shown: str
    origin: Origin | None

    def refuse(self, line: int, says: str) -> CheckError:
        return CheckError([Problem(place=Place(self.shown, line), says=says)])


def _files(folder: CheckFolder) -> list[_File]:
    """The check files of a folder, or the one file that it is."""
    found = [folder.path] if folder.path.is_file() else sorted(folder.path.glob("*/*.py"))
    return [_File(path, _shown(folder, path), folder.origin) for path in found if not path.name.startswith("_")]


def _shown(folder: CheckFolder, path: Path) -> str:
    """A path of a package by the package's name: it is the same wherever that is installed."""
    if folder.shown is None:
        return files.shown(path)
    inside = path.relative_to(folder.path) if folder.path.is_dir() else Path(path.parent.name, path.name)
    return f"{folder.shown}/{inside.as_posix()}" if inside.parts else folder.shown


def _unfit(path: Path) -> str | None:
    """Why nothing is loaded from there: it is not there, or others may write to it."""
    if not path.exists():
        return "no such folder of checks"
    if os.name != "posix":
        return None
    for place in (path, *path.glob("*/"), *path.glob("*/*.py")):
        if place.stat().st_mode & stat.S_IWOTH:
            return f"{place.name}: anyone may write there, and a check is code; run: chmod -R o-w {path.name}"
    return None


def _load(file: _File, known: Mapping[str, type[TableSpec]]) -> list[CheckSpec]:
    """The checks in a file. Compiled from the very bytes whose digest is kept; no byte code is written."""
    source = files.read_bytes(file.path, shown=file.shown, limit=MAX_CHECK_BYTES)
    module = ModuleType(f"secscan_check_{file.path.parent.name}_{file.path.stem}")
    module.__file__ = str(file.path)
    try:
        exec(compile(source, str(file.path), "exec"), module.__dict__)  # noqa: S102 - a check is code, see above
    except SyntaxError as error:
        raise file.refuse(error.lineno or 1, f"not Python: {error.msg}") from None
    except (Exception, SystemExit) as error:
        raise file.refuse(_line_of(error, file.path), f"does not load: {error}") from None
    judges = [v for v in vars(module).values() if callable(v) and hasattr(v, "__secscan__")]
    if not judges:
        raise file.refuse(1, "no function is marked with @check")
    return [_spec(file, module, judge, files.sha256(source), known) for judge in judges]


def _line_of(error: BaseException, file: Path) -> int:
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _spec(file: _File, module: ModuleType, judge: Any, digest: str, known: Mapping[str, type[TableSpec]]) -> CheckSpec:
    said = judge.__secscan__
    line = judge.__code__.co_firstlineno
    expected = f"{file.path.parent.name}.{file.path.stem.replace('_', '-')}"
    if said["id"] != expected and not said["id"].startswith(f"{expected}-"):
        raise file.refuse(line, f"the id is '{said['id']}', the path says '{expected}'")
    doc = (judge.__doc__ or module.__doc__ or "").strip()
    if not doc:
        raise file.refuse(1, "the docstring is the check's page, and there is none")
    spec = CheckSpec(
        **{
            k: said[k]
            for k in ("id", "says", "unknown_says", "fix", "unknown_when", "about", "due", "shows", "looser", "params")
        },
        table=_table(file, line, judge, known),
        judge=judge,
        title=doc.splitlines()[0].rstrip("."),
        doc=doc,
        file=file.path,
        shown_file=file.shown,
        line=line,
        sha256=digest,
        origin=file.origin,
    )
    _try(spec, file)
    return spec


def _table(file: _File, line: int, judge: Any, known: Mapping[str, type[TableSpec]]) -> type[TableSpec]:
    try:
        hints = get_type_hints(judge)
    except NameError as error:
        raise file.refuse(line, f"{error}; import it from secscan.api") from None
    hints.pop("return", None)
    kinds = list(hints.values())
    if not kinds or not (isinstance(kinds[0], type) and issubclass(kinds[0], TableSpec)):
        raise file.refuse(line, "the first parameter's type must be a table, for example 'install: Installs'")
    table = kinds[0]
    if known.get(getattr(table, "table", "")) is not table:
        listed = ", ".join(sorted(spec.__name__ for spec in known.values()))
        raise file.refuse(
            line, f"'{table.__name__}' is no table that is built here; there are {listed}, and those that packages add"
        )
    return table


def _try(spec: CheckSpec, file: _File) -> None:
    """Run the rule once on the defaults: a misspelt column or a comparison that means nothing is found here."""
    try:
        expression(spec, Params(_ANY_DAY, spec.params))
        deadline(spec, Params(_ANY_DAY, spec.params))
        about(spec, Params(_ANY_DAY, spec.params))
    except (Exception, SystemExit) as error:  # a check is somebody's code
        raise file.refuse(_line_of(error, spec.file) or spec.line, f"{spec.id}: {error}") from None
    known = spec.table.columns()
    for column in spec.shows:
        if column not in known:
            raise file.refuse(spec.line, f"{spec.id}: shows '{column}', no column of {spec.table.table}")
    for text in (spec.says, spec.unknown_says):
        for _, name, _, _ in string.Formatter().parse(text):
            if name is not None and name not in known:
                raise file.refuse(spec.line, f"{spec.id}: '{text}' names '{name}', no column of {spec.table.table}")


def expression(spec: CheckSpec, params: Params) -> tuple[Expr, Expr | None, tuple[str, ...]]:
    """What fails, what must read unknown, and the columns read, in the order of reading."""
    row = spec.table()
    fails = spec.judge(row, params)
    unknown = spec.unknown_when(row, params) if spec.unknown_when else None
    for answer in (fails, unknown):
        if answer is not None and (not isinstance(answer, Expr) or answer.kind != "bool"):
            raise ExprError("a check answers which rows fail: a true/false expression")
    return fails, unknown, tuple(row.read)


def deadline(spec: CheckSpec, params: Params) -> Expr | None:
    """The expression of a failing row's own deadline, for checks that know one."""
    due = spec.due(spec.table(), params) if spec.due else None
    if due is not None and (not isinstance(due, Expr) or due.kind != "date"):
        raise ExprError("'due' answers a date")
    return due


def about(spec: CheckSpec, params: Params) -> Expr | None:
    """Which rows the rule speaks about, for checks that do not speak about all."""
    answer = spec.about(spec.table(), params) if spec.about else None
    if answer is not None and (not isinstance(answer, Expr) or answer.kind != "bool"):
        raise ExprError("'about' answers which rows the check speaks about: a true/false expression")
    return answer
