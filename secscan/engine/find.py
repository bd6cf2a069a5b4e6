"""Finds check files, runs them once with their default parameters, and refuses what could not work.

A check is code and runs with the rights of whoever runs secscan. So it is loaded only from the shipped shelf
and from folders that their owner names, never from a folder that others may write to, and the SHA-256 of
every check that ran goes into the record.
"""

from __future__ import annotations

import os
import stat
import string
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any, Final, get_type_hints

from secscan.doors import files
from secscan.model.check import CheckSpec, Params
from secscan.model.errors import CheckError, Problem
from secscan.model.expr import Expr, ExprError
from secscan.model.places import Place
from secscan.model.tables import TableSpec

MAX_CHECK_BYTES: Final = 200_000
_ANY_DAY: Final = date(2026, 1, 1)


def find_checks(folders: Sequence[Path] = (), *, shelf: Path | None = None) -> dict[str, CheckSpec]:
    """Every check by id: the shipped shelf first, then ``folders`` in order.

    Raises CheckError with every problem found: a file that does not load, a column that is not there, an id that
    does not match its path or is taken.
    """
    found: dict[str, CheckSpec] = {}
    problems: list[Problem] = []
    for folder in (shelf or files.shipped("checks"), *folders):
        if not folder.is_dir():
            problems.append(Problem(place=Place(files.shown(folder)), says="no such folder of checks"))
            continue
        if says := _others_may_write(folder):
            problems.append(Problem(place=Place(files.shown(folder)), says=says))
            continue
        for file in sorted(folder.glob("*/*.py")):
            if file.name.startswith("_"):
                continue
            try:
                for spec in _load(file):
                    if spec.id in found:
                        raise _refuse(file, spec.line, f"'{spec.id}' is already in {found[spec.id].shown_file}")
                    found[spec.id] = spec
            except CheckError as error:
                problems.extend(error.problems)
    if problems:
        raise CheckError(problems)
    return found


def _others_may_write(path: Path) -> str | None:
    if os.name != "posix":
        return None
    for place in (path, *path.glob("*/"), *path.glob("*/*.py")):
        if place.stat().st_mode & stat.S_IWOTH:
            return f"{place.name}: anyone may write there, and a check is code; run: chmod -R o-w {path.name}"
    return None


def _refuse(file: Path, line: int, says: str) -> CheckError:
    return CheckError([Problem(place=Place(files.shown(file), line), says=says)])


def _load(file: Path) -> list[CheckSpec]:
    """The checks in a file. Compiled from the very bytes whose digest is kept; no byte code is written."""
    source = files.read_bytes(file, shown=files.shown(file), limit=MAX_CHECK_BYTES)
    module = ModuleType(f"secscan_check_{file.parent.name}_{file.stem}")
    module.__file__ = str(file)
    try:
        exec(compile(source, str(file), "exec"), module.__dict__)  # noqa: S102 - a check is code, see above
    except SyntaxError as error:
        raise _refuse(file, error.lineno or 1, f"not Python: {error.msg}") from None
    except Exception as error:
        raise _refuse(file, _line_of(error, file), f"does not load: {error}") from None
    judges = [v for v in vars(module).values() if callable(v) and hasattr(v, "__secscan__")]
    if not judges:
        raise _refuse(file, 1, "no function is marked with @check")
    return [_spec(file, module, judge, files.sha256(source)) for judge in judges]


def _line_of(error: BaseException, file: Path) -> int:
    line, trace = 1, error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == str(file):
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _spec(file: Path, module: ModuleType, judge: Any, digest: str) -> CheckSpec:
    said = judge.__secscan__
    line = judge.__code__.co_firstlineno
    expected = f"{file.parent.name}.{file.stem.replace('_', '-')}"
    if said["id"] != expected and not said["id"].startswith(f"{expected}-"):
        raise _refuse(file, line, f"the id is '{said['id']}', the path says '{expected}'")
    doc = (judge.__doc__ or module.__doc__ or "").strip()
    if not doc:
        raise _refuse(file, 1, "the docstring is the check's page, and there is none")
    spec = CheckSpec(
        **{
            k: said[k]
            for k in ("id", "says", "unknown_says", "fix", "unknown_when", "due", "shows", "looser", "params")
        },
        table=_table(file, line, judge),
        judge=judge,
        title=doc.splitlines()[0].rstrip("."),
        doc=doc,
        file=file,
        shown_file=files.shown(file),
        line=line,
        sha256=digest,
    )
    _try(spec)
    return spec


def _table(file: Path, line: int, judge: Any) -> type[TableSpec]:
    try:
        hints = get_type_hints(judge)
    except NameError as error:
        raise _refuse(file, line, f"{error}; import it from secscan.api") from None
    hints.pop("return", None)
    kinds = list(hints.values())
    if not kinds or not (isinstance(kinds[0], type) and issubclass(kinds[0], TableSpec)):
        raise _refuse(file, line, "the first parameter's type must be a table, for example 'install: Installs'")
    return kinds[0]


def _try(spec: CheckSpec) -> None:
    """Run the rule once on the defaults: a misspelt column or a comparison that means nothing is found here."""
    try:
        expression(spec, Params(_ANY_DAY, spec.params))
        deadline(spec, Params(_ANY_DAY, spec.params))
    except (ExprError, AttributeError, TypeError, ValueError) as error:
        raise _refuse(spec.file, _line_of(error, spec.file) or spec.line, f"{spec.id}: {error}") from None
    known = spec.table.columns()
    for column in spec.shows:
        if column not in known:
            raise _refuse(spec.file, spec.line, f"{spec.id}: shows '{column}', no column of {spec.table.table}")
    for text in (spec.says, spec.unknown_says):
        for _, name, _, _ in string.Formatter().parse(text):
            if name is not None and name not in known:
                raise _refuse(
                    spec.file, spec.line, f"{spec.id}: '{text}' names '{name}', no column of {spec.table.table}"
                )


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
