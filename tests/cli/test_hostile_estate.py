"""From hostile exports and hostile policies to pages, spreadsheets, terminals and programs: text stays text."""

from __future__ import annotations

import csv
import io
import json
import pkgutil
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from secscan import sources
from secscan import workspace as workspaces
from secscan.cli.main import COMMANDS, run
from secscan.knowledge.entries import FileEntry
from secscan.model.places import Files
from secscan.model.raw import RAW_COLUMNS
from secscan.model.settings import Firewall, Settings
from secscan.policy.documents import ExceptionsFile, MitigationsFile, PolicyFile
from secscan.sources.kinds import KINDS
from tests import hostile_estate as hostile
from tests.chromium import NEEDED, Watched, names, without_policy
from tests.cli.test_contract import on_a_terminal
from tests.once import once
from tests.render.test_hostile import dangers
from tests.sources import kinds as tools

Run = Callable[..., Any]
SHORT = hostile.SHORT

CLOSED_COLUMNS = {
    ("software", "kind"): "a reader of ours says it",
    ("services", "address"): "canonical, or the row is refused",
    ("services", "proto"): "tcp or udp, or the row is refused",
    ("results", "address"): "canonical, or not known",
    ("results", "cves"): "CVE ids and nothing else",
    ("results", "proto"): "tcp or udp, or not known",
    ("results", "state"): "open or fixed: a reader of ours says it",
    ("probes", "address"): "canonical, or the host is refused",
    ("probes", "host_state"): "up or down, or the host is refused",
    ("probes", "proto"): "tcp or udp, or the port is refused",
}
"""Text of a raw table that no file can make hostile, and why."""
KNOWN_WORD = "a word that must be known, or the file is refused"
CLOSED_FIELDS = {
    ("Source", "kind"): KNOWN_WORD, ("Firewall", "kind"): KNOWN_WORD,
    ("Policies", "baseline"): KNOWN_WORD, ("ControlEntry", "check"): KNOWN_WORD,
    ("ControlEntry", "settings"): "checked against the check's parameters, name and type",
    ("PolicyFile", "extends"): KNOWN_WORD,
    ("Reports", "logo"): "names a file of the workspace that must be a picture, or the scan stops",
    ("Policies", "checks"): "names a folder that holds code, which nobody hostile may write",
    ("ProductEntry", "aliases"): "plain words, or the catalogue is refused: tests/knowledge/test_own.py",
    ("CycleEntry", "edition"): "the id of an edition of the same entry, or the catalogue is refused",
    ("PatternEntry", "match"): "an expression of the checked form, matched and never shown as more than text",
    ("PatternEntry", "version"): "an expression of the checked form, matched and never shown",
    ("PatternEntry", "cycle"): "the id of a cycle of the same entry, or the catalogue is refused",
    ("NameEntry", "cycle"): "the id of a cycle of the product, or the catalogue is refused",
    ("ProductEntry", "release"): "an expression of the checked form, matched and never shown",
    ("EditionEntry", "match"): "an expression of the checked form, matched and never shown",
}  # fmt: skip
"""Text of a document that its own type would take, that is not attacked here, and why."""
DOCUMENTS: tuple[tuple[type[BaseModel], dict[str, Any]], ...] = (
    (Settings, hostile.SETTINGS), (PolicyFile, hostile.POLICY), (ExceptionsFile, hostile.EXCEPTIONS),
    (MitigationsFile, hostile.MITIGATIONS), (FileEntry, hostile.CATALOGUE),
)  # fmt: skip


def scan_it(place: Path) -> None:
    hostile.write(place)
    assert run(["-w", str(place), "scan", "--as-of", hostile.DAY, "-q"]) == 3


@pytest.fixture(scope="session")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return once(tmp_path_factory, "hostile-estate", scan_it)


@pytest.fixture(scope="session")
def report(estate: Path) -> Path:
    return estate / "reports" / "latest"


def models(kind: Any) -> Iterator[type[BaseModel]]:
    """Every model within an annotation."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        yield kind
        for field in kind.model_fields.values():
            yield from models(field.annotation)
    for inner in get_args(kind):
        yield from models(inner)


def takes_it(field: FieldInfo) -> bool:
    """Whether a field would take an attack, by itself or within what it holds."""
    if any(True for _ in models(field.annotation)) or get_origin(field.annotation) is Literal:
        return False
    kind = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
    text = hostile.SHORT
    for value in (text, [text], {text: text}, {"a": text}, {text: "1"}, {"a": {"b": text}}):
        try:
            TypeAdapter(kind).validate_python(value)
        except ValidationError:
            continue
        return True
    return False


def open_fields(*kinds: type[BaseModel]) -> set[tuple[str, str]]:
    every = {m for kind in kinds for m in models(kind)}
    return {(m.__name__, name) for m in every for name, field in m.model_fields.items() if takes_it(field)}


def attacked(value: Any) -> set[tuple[str, str]]:
    """The fields of a loaded document, and of those within it, that hold an attack."""
    found: set[tuple[str, str]] = set()
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            inner = getattr(value, name)
            found |= attacked(inner)
            if not isinstance(inner, BaseModel) and hostile.MARK in repr(inner) and not attacked(inner):
                found.add((type(value).__name__, name))
    elif isinstance(value, list | tuple | dict):
        for inner in value.values() if isinstance(value, dict) else value:
            found |= attacked(inner)
    return found


def test_every_text_column_of_every_raw_table_is_attacked(estate: Path) -> None:
    held = workspaces.load(estate)
    reading = sources.read(
        held.settings, held.root, date.fromisoformat(hostile.DAY), Files(), places=held.source_places
    )
    hit = {
        (name, column)
        for load in reading.loads
        for name, table in load.tables.items()
        for column, values in table.columns.items()
        if any(isinstance(v, str) and hostile.MARK in v for v in values)
    }
    fed = {table for load in reading.loads for table in load.tables}
    text = {(t, c) for t in fed for c, kind in RAW_COLUMNS[t].items() if kind == "text"}
    assert text - hit == CLOSED_COLUMNS.keys()


def test_every_text_field_of_every_document_is_attacked() -> None:
    hit = set[tuple[str, str]]().union(*(attacked(kind.model_validate(value)) for kind, value in DOCUMENTS))
    assert open_fields(*(kind for kind, _ in DOCUMENTS)) - hit == CLOSED_FIELDS.keys()


def test_every_kind_of_our_own_and_every_table_is_in_it() -> None:
    """Other tools' kinds feed the same tables, and their readers are attacked one by one."""
    kinds = {s["as"] for c in hostile.SETTINGS["councils"] for s in c["sources"]}
    rules = {Firewall.model_fields["kind"].default}  # what its firewalls are, for they name no kind
    others = {
        kind
        for module in pkgutil.iter_modules(tools.__path__, f"{tools.__name__}.")
        if ".test_" in module.name
        for kind in import_module(module.name).SEEDS
    }
    assert kinds | rules | others == set(KINDS)


def entry_of(name: str) -> tuple[int, list[Any], dict[str, Any]]:
    """Which of the documents has an entry of this model, copies of all of them, and that entry in its copy."""
    copies = json.loads(json.dumps([value for _, value in DOCUMENTS]))
    for number, ((model, _), copy) in enumerate(zip(DOCUMENTS, copies, strict=True)):
        if (found := entry_in(model, copy, name)) is not None:
            return number, copies, found
    raise AssertionError(f"no document of the hostile estate has a {name}")


def entry_in(model: type[BaseModel], data: Any, name: str) -> Any:
    """The first entry of a document that is read as the model of this name."""
    if model.__name__ == name or not isinstance(data, dict):
        return data if isinstance(data, dict) else None
    for key, field in model.model_fields.items():
        value = data.get(field.alias or key)
        inner = next((m for m in models(field.annotation)), None)
        if inner is None or value is None:
            continue
        plain = get_origin(field.annotation) not in (tuple, dict)
        for entry in [value] if plain else value.values() if isinstance(value, dict) else value:
            if (found := entry_in(inner, entry, name)) is not None:
                return found
    return None


SHOWN_NOWHERE = {("ProductEntry", "aliases"), ("PatternEntry", "version"), ("ProductEntry", "release"),
                 ("PatternEntry", "match"), ("EditionEntry", "match")}  # fmt: skip
"""Of those that are not attacked: what may be taken, because it is matched and never shown."""


@pytest.mark.parametrize("field", sorted(CLOSED_FIELDS), ids=".".join)
def test_what_is_not_attacked_refuses_the_attack_and_says_so_harmlessly(
    secscan: Run, tmp_path: Path, field: tuple[str, str]
) -> None:
    model, name = field
    number, documents, entry = entry_of(model)
    kind = next(m for top, _ in DOCUMENTS for m in models(top) if m.__name__ == model).model_fields[name]
    many = get_origin(kind.annotation) is tuple
    entry[kind.alias or name] = {SHORT: SHORT} if name == "settings" else [SHORT] if many else SHORT
    hostile.write(tmp_path / "ws")
    (tmp_path / "ws" / hostile.FILES[number]).write_text(json.dumps(documents[number]), encoding="utf-8")
    said = [
        secscan("-w", tmp_path / "ws", *a)
        for a in (["policy", "lint"], ["scan", "--no-report", "--as-of", hostile.DAY])
    ]
    for one in said:
        assert not BROKEN.findall(one.out + one.err)
    refused = any(one.code in (2, 4) for one in said)
    assert refused is (field not in SHOWN_NOWHERE), "attack what takes it in tests/hostile_estate.py"


def test_a_new_field_would_be_noticed() -> None:
    class Inner(BaseModel):
        note: str | None = None
        size: int = 0

    class New(BaseModel):
        inner: tuple[Inner, ...] = ()
        word: Literal["a", "b"] = "a"
        tags: dict[str, str] = {}

    assert open_fields(New) == {("Inner", "note"), ("New", "tags")}


def test_what_other_scanners_say_of_it_is_shown_everywhere(secscan: Run, estate: Path, report: Path) -> None:
    shown = {name: (report / name).read_text(encoding="utf-8") for name in ("other-scanners.html", "council-oak.html")}
    assert all("data-pwned" in text and "oak-grype-too" in text for text in shown.values())
    assert "oak-grype: =cmd" in shown["other-scanners.html"] and "CVE-2019-0708" in shown["other-scanners.html"]
    devices = [p.read_text(encoding="utf-8") for p in report.glob("system-*.html")]
    assert any('id="other-scanners"' in text and "oak-grype-too" in text for text in devices)
    for name in ("scanners", "scanner-issues", "shared-cves", "device-results"):
        assert hostile.MARK in (report / "data" / f"{name}.csv").read_text(encoding="utf-8"), name
    said = secscan("-w", estate, "explain", "CVE-2019-0708", "--format", "json")
    assert said.code == 0 and {r["scanner"] for r in said.json["results"]} == {
        "oak-grype",
        "oak-grype-too",
        "oak-greenbone",
    }


def test_no_page_holds_anything_of_it_but_text(report: Path) -> None:
    for name in names(report):
        assert dangers((report / name).read_text(encoding="utf-8")) == [], name


@pytest.mark.parametrize("stripped", [False, True], ids=["policy-on", "policy-off"])
class TestInChromium:
    pytestmark = NEEDED

    def test_every_page_shows_it_and_does_nothing(
        self, browser: Any, report: Path, tmp_path: Path, stripped: bool
    ) -> None:
        watched = Watched(browser, 1280)
        for name in names(report):
            path = without_policy(report / name, tmp_path) if stripped else report / name
            page = watched.open(path)
            page.wait_for_timeout(50)
            assert page.evaluate("window.pwned === undefined && document.querySelector('[data-pwned]') === null"), name
            assert page.title() != hostile.MARK, name
            assert not watched.quiet(path)
            assert "<script data-pwned>" in page.inner_text("body"), name
        watched.context.close()


def test_no_cell_of_a_data_file_is_a_formula_and_json_is_json(report: Path) -> None:
    for path in sorted((report / "data").glob("*.csv")):
        for cell in (c for row in csv.reader(io.StringIO(path.read_text(encoding="utf-8"))) for c in row):
            assert not re.match(r"\s*[=+\-@\t\r]", cell) or re.fullmatch(r"-?\d+(\.\d+)?", cell), (path.name, cell[:60])
    assert json.loads((report / "data" / "posture.json").read_text(encoding="utf-8"))


NAME = f"{hostile.ATTACK} software.name"
ASKED = [
    ["findings"], ["findings", "--all"], ["explain", "A"], ["explain", "LEG-01"], ["explain", "OWN-01"], ["explain", "CVE-2019-0708"], ["mitigations"],
    ["exposure", "--to", "A", "--as-of", hostile.DAY], ["exposure", "--to", "10.1.0.9", "--port", "tcp/23", "--as-of", hostile.DAY],
    ["trend"], ["trend", "coverage"], ["exceptions", "list"], ["exceptions", "check", "--as-of", hostile.DAY],
    ["recognise", "PlanTrack Server", "10.1"], ["recognise", NAME, hostile.ATTACK], ["checks", "list"],
    ["checks", "show", "lifecycle.unsupported-software"], ["policy", "lint"], ["runs", "list"], ["doctor"],
    ["import", "{inventory}/assets.csv", "--council", "oak", "--dry-run"], ["import", "{inventory}/glpi.json", "--council", "oak", "--dry-run"],
    ["import", "{inventory}/scan.xml", "--council", "oak", "--dry-run"], ["scan", "--as-of", hostile.DAY],
    ["explain", hostile.ATTACK], ["exposure", "--to", hostile.ATTACK], ["findings", "--council", hostile.ATTACK], ["trend", hostile.ATTACK],
    ["report"], ["feeds", "status"], ["feeds", "import", "{inventory}/assets.csv"], ["feeds", "import", hostile.ATTACK],
]  # fmt: skip
NOT_OF_AN_ESTATE = {"init", "collect", "completion"}
"""Commands that read nothing of a workspace."""
BROKEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")


def test_every_command_that_reads_an_estate_is_asked() -> None:
    assert {args[0] for args in ASKED} == set(COMMANDS) - NOT_OF_AN_ESTATE


def filled(args: list[str], estate: Path) -> list[str]:
    return [a.replace("{inventory}", str(estate / "inventory" / "oak" / hostile.DAY)) for a in args]


@pytest.mark.parametrize("args", ASKED, ids=lambda a: " ".join(a)[:40].encode("ascii", "replace").decode())
def test_no_command_lets_it_speak_to_the_terminal_or_break_its_json(
    secscan: Run, estate: Path, tmp_path: Path, args: list[str]
) -> None:
    shutil.copytree(estate, tmp_path / "ws", symlinks=True)
    said = secscan("-w", tmp_path / "ws", *filled(args, estate))
    assert said.code != 70
    assert not BROKEN.findall(said.out + said.err)
    spoken = secscan("-w", tmp_path / "ws", *filled(args, estate), "--format", "json")
    assert not BROKEN.findall(spoken.err)
    if "No such option" not in spoken.err and spoken.code not in (2, 4):
        assert spoken.json["schema"].startswith("secscan.")
        assert not BROKEN.findall(spoken.out)


@pytest.mark.parametrize("args", [["findings"], ["mitigations"], ["exceptions", "list"]], ids=" ".join)
def test_a_real_terminal_gets_no_sequence_of_theirs(estate: Path, args: list[str]) -> None:
    shown = on_a_terminal(["-w", str(estate), *args], {"NO_COLOR": "1"})
    assert hostile.MARK in shown or "data-" in shown
    assert not BROKEN.findall(shown.replace("\r\n", "\n"))
