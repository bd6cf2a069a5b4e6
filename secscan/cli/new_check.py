"""The two files that a new check starts from: a rule that runs, and cases that fail until they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from secscan.doors import files
from secscan.doors.validate import nearest
from secscan.model.errors import UsageError
from secscan.model.tables import TABLES, TableSpec

_ID: Final = re.compile(r"[a-z][a-z0-9]*\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*")


def write(check: str, over: str, folder: Path, tables: Mapping[str, type[TableSpec]]) -> list[Path]:
    """Both files, never over one that is there. Raises UsageError for a bad name or an unknown table."""
    if not _ID.fullmatch(check):
        raise UsageError(f"'{check}' is not a check's name; write theme.thing-found, for example network.telnet-open")
    if over not in tables:
        raise UsageError(f"no table '{over}'{nearest(over, tables)}; there are {', '.join(tables)}")
    theme, thing = check.split(".")
    rule = folder / theme / f"{thing.replace('-', '_')}.py"
    cases = rule.with_suffix(".cases.yaml")
    for path in (rule, cases):
        if path.exists():
            raise UsageError(f"{path} is already there")
    files.make_folder(rule.parent, 0o755)
    files.write(rule, _rule(check, over, tables[over]), files.PUBLIC_FILE)
    files.write(cases, _cases(over, tables[over]), files.PUBLIC_FILE)
    return [rule, cases]


def _singular(table: str) -> str:
    """The word for one row: fixes are a fix, services a service."""
    return re.sub(r"(?<=x)es$|s$", "", table) if table.endswith("s") else "row"


def _imports(spec: type[TableSpec]) -> str:
    """Where a check gets its words from; a table that a package adds comes from that package."""
    if TABLES.get(spec.table) is spec:
        return f"from secscan.api import Expr, {spec.__name__}, Params, check"
    return f"from {spec.__module__} import {spec.__name__}\n\nfrom secscan.api import Expr, Params, check"


def _column(spec: type[TableSpec]) -> tuple[str, str]:
    """A column of the table's own to begin with, and its kind."""
    shared = TableSpec.columns()
    return next((n, c.kind) for n, c in spec.columns().items() if n not in shared)


def _rule(check: str, over: str, spec: type[TableSpec]) -> str:
    row = _singular(over)
    column, kind = _column(spec)
    rule = {
        "text": f'{row}.{column} == "telnet"', "bool": f"~{row}.{column}",
        "int": f"{row}.{column} > 0", "date": f"{row}.{column} < policy.today",
    }[kind]  # fmt: skip
    name = check.split(".")[1].replace("-", "_")
    return f'''"""What this check finds, in one line.

Why it matters: ...
How it decides: ...
"""

{_imports(spec)}


@check(
    "{check}",
    says="{{{column}}} is not as it should be",
    unknown_says="{{{column}}}: cannot be told",
    fix="What to do about it.",
)
def {name}({row}: {spec.__name__}, policy: Params) -> Expr:
    return {rule}
'''


def _cases(over: str, spec: type[TableSpec]) -> str:
    column, kind = _column(spec)
    good, bad = {
        "text": ("ssh", "telnet"), "bool": ("true", "false"), "int": ("0", "1"), "date": ("2026-03-01", "2026-02-28"),
    }[kind]  # fmt: skip
    return f"""# A fail, a pass, a near miss either side of the edge, and an unknown.
today: 2026-03-01
{over}:
  - {{asset: bad, {column}: {bad}, expect: fail}}
  - {{asset: good, {column}: {good}, expect: pass}}
  - {{asset: not-known, {column}: null, expect: unknown}}
"""
