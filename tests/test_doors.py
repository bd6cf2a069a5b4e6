"""One door for each danger: nothing else in the product reaches for a file, a parser, a program or the network."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PRODUCT = sorted((ROOT / "secscan").rglob("*.py"))

DOORS: dict[str, tuple[str, ...]] = {
    "yaml": ("doors/yaml.py",),
    "ruamel": ("doors/yaml_edit.py",),
    "csv": ("doors/csv.py",),
    "json": ("doors/json.py", "doors/json_parts.py",),
    "xml": ("doors/xml.py",),
    "pyexpat": ("doors/xml.py",),
    "zipfile": ("doors/archive.py",),
    "zlib": ("doors/archive.py",),
    "gzip": ("history/results.py",),
    "python_calamine": ("doors/xlsx.py",),
    "subprocess": ("doors/run.py",),
    "xlsxwriter": ("doors/workbook.py",),
    "tempfile": ("cli/fault.py",),
    "shutil": ("doors/files.py", "doors/run.py", "cli/doctor.py"),
    "sqlite3": ("history/", "cli/doctor.py"),
    "sqlalchemy": ("history/",),
    "alembic": ("history/",),
    "duckdb": ("engine/",),
    "narwhals": ("engine/",),
    "jinja2": ("render/",),
    "nmap": ("cli/doctor.py",),
    "importlib": ("cli/main.py", "cli/doctor.py", "plugins/find.py", "exposure/formats/registry.py", "sources/kinds/__init__.py"),
} | dict.fromkeys(
    ("requests", "urllib", "http", "socket", "ssl", "ftplib", "smtplib", "telnetlib", "xmlrpc", "asyncio", "pickle",
     "shelve", "marshal", "dbm", "ctypes", "multiprocessing", "pty", "code", "lxml", "openpyxl", "pandas"),
    (),
)  # fmt: skip
"""Module -> the only files, or folders, that may import it."""

FILE_CALLS = {
    "write_text",
    "write_bytes",
    "read_text",
    "read_bytes",
    "unlink",
    "rename",
    "mkdir",
    "rmdir",
    "touch",
    "symlink_to",
}
FILE_ROOMS = ("doors/", "history/")
"""The record moves its own files: SQLite's are not ours to write."""
SQL_ROOMS = ("history/", "engine/")
HARMLESS = {"urllib.parse"}
CALLS: dict[str, tuple[str, ...]] = {
    "open": ("doors/",), "exec": ("engine/find.py",), "eval": (), "compile": ("engine/find.py",), "__import__": (), "input": (),
}  # fmt: skip


def faults(source: str, name: str) -> Iterator[str]:
    """What a file does that only a door may do; ``name`` is its path below secscan/."""
    for node in ast.walk(ast.parse(source)):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            modules = [node.module]
        for module in modules:
            allowed = DOORS.get(module.split(".")[0])
            if allowed is not None and module not in HARMLESS and not name.startswith(allowed):
                yield f"{name}:{node.lineno}: imports {module}"
        if isinstance(node, ast.Call):
            yield from _call(node, name)


def _call(node: ast.Call, name: str) -> Iterator[str]:
    match node.func:
        case ast.Name(id=called) if called in CALLS and not (CALLS[called] and name.startswith(CALLS[called])):
            yield f"{name}:{node.lineno}: calls {called}()"
        case ast.Attribute(value=ast.Name(id="files" | "door")):
            return  # through the door
        case ast.Attribute(attr=called) if called in FILE_CALLS and not name.startswith(FILE_ROOMS):
            yield f"{name}:{node.lineno}: calls .{called}()"
        case ast.Attribute(value=ast.Name(id="os"), attr="system" | "popen" | "spawnl" | "execv" | "fork"):
            yield f"{name}:{node.lineno}: starts a program"
        case ast.Attribute(attr="execute" | "exec_driver_sql" | "executemany" | "text") if (
            name.startswith(SQL_ROOMS) and node.args and _built(node.args[0])
        ):
            yield f"{name}:{node.lineno}: SQL put together from parts"


def _built(node: ast.expr) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Mod | ast.Add)
        and not isinstance(node.left, ast.Constant)
    )


@pytest.mark.parametrize("path", PRODUCT, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_only_doors_do_what_is_dangerous(path: Path) -> None:
    found = list(faults(path.read_text(), path.relative_to(ROOT / "secscan").as_posix()))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "source",
    [
        "import yaml", "from xml.etree import ElementTree", "import csv", "from subprocess import run", "import requests",
        "import pickle", "open('x')", "path.write_text('x')", "eval('1')", "import os\nos.system('x')",
        "connection.execute(f'select {x}')", "connection.execute('select ' + x + y)", "def f():\n    import socket",
        "from importlib import import_module",
    ],
)  # fmt: skip
def test_the_lint_sees_each_kind_of_back_door(source: str) -> None:
    assert list(faults(source, "engine/somewhere.py"))


def test_templates_never_switch_escaping_off() -> None:
    for path in (ROOT / "reports").rglob("*.html*"):
        text = path.read_text()
        assert "|safe" not in text.replace(" ", ""), path
        assert "autoescape false" not in text, path
