"""What packages add: found by entry point, and refused with the package's name and a reason where it could not work."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import EntryPoint, PathDistribution
from pathlib import Path

import pytest

from secscan.engine import find_checks
from secscan.model.errors import CheckError
from secscan.plugins import find
from tests.tree import ROOT

GOOD = '''"""A table."""
from secscan.api import Table, TableSpec, day, number, text

class Doors(TableSpec):
    """One door of an asset."""

    table = "doors"
    subject = ("name",)
    fed_by = frozenset({"assets", "doors"})

    name = text("what it is called")
    checked_on = day("when it was last looked at")

TABLE = Table(spec=Doors, reads=("name", "checked_on"), needs=("name",))
'''
CHECK = '''"""A door that nobody looked at.

Why it matters: w.
How it decides: h.
"""
from secscan.api import Expr, Params, check
from {package}.table import Doors


@check("door.not-checked", says="{{name}}", unknown_says="{{name}}", fix="Look at it.")
def not_checked(door: Doors, policy: Params) -> Expr:
    return door.checked_on < policy.today
'''

Install = Callable[..., None]


class Environment:
    """Packages as an environment would have them: files on the path, and entry points that say so."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.points: list[EntryPoint] = []

    def add(self, package: str, text: str = GOOD, *, name: str = "doors", check: str | None = None) -> None:
        place = self.folder / package
        (place / "checks" / "door").mkdir(parents=True)
        for file, content in (("__init__.py", ""), ("table.py", text), ("checks/__init__.py", "")):
            (place / file).write_text(content)
        info = self.folder / f"{package}-2.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 2.0\n")
        dist = PathDistribution(info)
        self.points.append(EntryPoint(name, f"{package}.table:TABLE", "secscan.tables")._for(dist))  # type: ignore[attr-defined]
        if check is not None:
            (place / "checks" / "door" / "not_checked.py").write_text(check.format(package=package))
            self.points.append(EntryPoint(name, f"{package}.checks", "secscan.checks")._for(dist))  # type: ignore[attr-defined]

    def __call__(self, *, group: str) -> Iterable[EntryPoint]:
        return [p for p in self.points if p.group == group]


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield Environment(tmp_path)
    for name in set(sys.modules) - before:
        if name.startswith("p_"):
            del sys.modules[name]


def refusals(environment: Environment) -> list[str]:
    with pytest.raises(CheckError) as error:
        find(environment)
    return str(error.value).splitlines()


def test_a_table_is_found_with_its_package_and_a_digest_of_all_its_source(environment: Environment) -> None:
    environment.add("p_one")
    one = find(environment).tables["doors"]
    assert (str(one.origin), one.shape.required) == ("p_one 2.0", ("asset_tag", "name"))
    assert one.shape.columns == {"asset_tag": "text", "name": "text", "checked_on": "date"}
    (environment.folder / "p_one" / "helper.py").write_text("# what the builder might lean on\n")
    assert find(environment).tables["doors"].sha256 != one.sha256


def test_its_checks_are_loaded_by_our_own_loader_under_the_same_rule(environment: Environment) -> None:
    environment.add("p_one", check=CHECK)
    added = find(environment)
    spec = find_checks(added.checks, tables=added.specs)["door.not-checked"]
    assert (spec.shown_file, str(spec.origin), spec.table.table) == ("p_one/door/not_checked.py", "p_one 2.0", "doors")
    wrong = environment.folder / "p_one" / "checks" / "door" / "not_checked.py"
    wrong.write_text(wrong.read_text().replace("door.not-checked", "door.checked"))
    with pytest.raises(CheckError, match=r"p_one/door/not_checked\.py:10: the id is 'door.checked', the path says"):
        find_checks(added.checks, tables=added.specs)


def test_one_file_may_be_all_that_a_package_brings(environment: Environment) -> None:
    environment.add("p_one", check=CHECK)
    (point,) = environment(group="secscan.checks")
    (environment.folder / "p_one/checks/door/__init__.py").write_text("")
    only = EntryPoint(point.name, "p_one.checks.door.not_checked", point.group)._for(point.dist)  # type: ignore[attr-defined]
    added = find(lambda *, group: [only] if group == "secscan.checks" else environment(group=group))
    assert find_checks(added.checks, tables=added.specs)["door.not-checked"].shown_file == "p_one/door/not_checked.py"


def test_two_packages_with_one_table_are_refused_with_both_names(environment: Environment) -> None:
    environment.add("p_two")
    environment.add("p_one")
    assert refusals(environment) == [
        "p_two 2.0: entry point 'doors' (p_two.table:TABLE): adds table 'doors', which p_one 2.0 has already; "
        "uninstall one of the two"
    ]


def test_two_packages_with_one_check_are_refused_with_both_names(environment: Environment) -> None:
    environment.add("p_one", check=CHECK)
    environment.add("p_two", GOOD.replace('"doors"', '"gates"'), check=CHECK)
    added = find(environment)
    with pytest.raises(
        CheckError,
        match=r"p_two/door/not_checked.py:\d+: 'door.not-checked' is already in p_one/door/not_checked.py of p_one 2.0",
    ):
        find_checks(added.checks, tables=added.specs)


def test_a_check_over_a_table_that_nobody_adds_is_refused(environment: Environment) -> None:
    environment.add("p_one", check=CHECK)
    with pytest.raises(CheckError, match="'Doors' is no table that is built here"):
        find_checks(find(environment).checks)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (('"""A table."""', "import nothing_of_the_kind"), "cannot be imported: ModuleNotFoundError: No module named 'nothing_of_the_kind'"),
        (('"""A table."""', "raise SystemExit(0)"), "cannot be imported: SystemExit: 0"),
        (('"""A table."""', "class E(Exception):\n    __str__ = None\nraise E"), "cannot be imported: E; mend the package or uninstall it"),
        (('"""A table."""', "raise ValueError('\\x1b[2J one\\ntwo')"), r"cannot be imported: ValueError: \x1b[2J one; mend"),
        (("TABLE = ", "OTHER = "), "cannot be imported: AttributeError"),
        (("TABLE = Table(", "TABLE = dict("), "is dict; a table is secscan.api.Table(spec=..., ...)"),
        (("Table(spec=Doors", "Table(spec=int"), "its 'spec' is no class of documented columns"),
        (('table = "doors"', 'table = "Doors"'), "its name 'Doors' must be a word in small letters"),
        (('table = "doors"', 'table = "installs"'), "adds table 'installs', which secscan itself has already"),
        (('table = "doors"', 'table = "software"'), "adds table 'software', which secscan itself has already"),
        (('    """One door of an asset."""\n', ""), "Doors has no docstring"),
        (('text("what it is called")', 'text("")'), "column 'name' does not say what it holds"),
        (("    name = text(", "    row = text('x')\n    name = text("), "a column cannot be called 'row'"),
        (("    name = text(", "    zone = number('x')\n    name = text("), "column 'zone' is one that every table has"),
        (('subject = ("name",)', 'subject = ("nam",)'), "its subject names 'nam', no column of its own"),
        (('subject = ("name",)', 'own_due = "name"'), "its own_due names 'name', no date of its own"),
        (('reads=("name", ', 'reads=("nam", "name", '), "it reads 'nam', no column of its own"),
        (('needs=("name",)', 'needs=("zone",)'), "it needs 'zone', which it does not read"),
        ((', reads=("name", "checked_on"), needs=("name",)', ""), "it neither reads a file nor builds its rows"),
        (('{"assets", "doors"}', '{"assets"}'), "fed_by must name 'doors'"),
        (('{"assets", "doors"}', '{"doors"}'), "fed_by must name 'assets'"),
        (('{"assets", "doors"}', '{"assets", "doors", "sofware"}'), "fed_by names 'sofware', which no source feeds"),
    ],
)  # fmt: skip
def test_what_could_not_work_is_named_in_one_line_before_any_data_is_read(
    environment: Environment, change: tuple[str, str], says: str
) -> None:
    assert change[0] in GOOD
    environment.add("p_bad", GOOD.replace(*change))
    found = [line for line in refusals(environment) if says in line]
    assert found, refusals(environment)
    assert found[0].startswith("p_bad 2.0: entry point 'doors' (p_bad.table:TABLE): ")


def test_every_package_that_cannot_be_used_is_named(environment: Environment) -> None:
    environment.add("p_one", "import nothing_of_the_kind")
    environment.add("p_two", "x = ")
    assert [line.split(":")[0] for line in refusals(environment)] == ["p_one 2.0", "p_two 2.0"]


def test_a_folder_of_checks_that_is_not_there_is_named(environment: Environment) -> None:
    environment.add("p_one", check=CHECK)
    (point,) = environment(group="secscan.checks")
    for value, says in (("p_one.cheks", "there is no 'p_one.cheks' in it"), ("p_nobody.checks", "ModuleNotFoundError"),
                        ("p_one.checks:x", "names an object")):  # fmt: skip
        only = EntryPoint(point.name, value, point.group)._for(point.dist)  # type: ignore[attr-defined]
        (line,) = refusals(lambda *, group, only=only: [only] if group == "secscan.checks" else [])  # type: ignore[arg-type]
        assert says in line and line.startswith("p_one 2.0: ")


def test_the_table_that_the_page_shows_is_one(environment: Environment) -> None:
    page = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    environment.add("p_page", code)
    assert find(environment).tables["backups"].shape.required == ("asset_tag", "job")


def test_what_a_package_prints_is_no_part_of_our_answer(
    environment: Environment, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.add("p_loud", f"print('hello')\n{GOOD}")
    assert "doors" in find(environment).tables
    assert capsys.readouterr().out == ""
