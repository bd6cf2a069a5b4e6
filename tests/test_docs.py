"""Docs under test: links lead somewhere, commands exist, examples load, lists are what the code has."""

from __future__ import annotations

import ast
import json
import re
import runpy
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import pytest

from secscan import policy
from secscan.cli.main import run
from secscan.cli.main import secscan as group
from secscan.doors import yaml
from secscan.doors.files import shipped
from secscan.engine import find_checks
from secscan.model import errors
from secscan.model.raw import RAW_COLUMNS
from secscan.model.settings import Firewall, Limits, Source, Strict
from secscan.policy.documents import ControlEntry, ExceptionEntry
from secscan.policy.entitlements import COLUMNS as ENTITLEMENT_COLUMNS
from secscan.policy.entitlements import NEEDED as ENTITLEMENT_NEEDED
from secscan.render.words import INPUT_STATES
from secscan.sources.kinds import KINDS
from secscan.sources.templates import REQUIRED
from tests.tree import ROOT, project_files

PAGES = [p for p in project_files(new=True) if p.suffix == ".md"]
SPECS = find_checks()


def text(page: Path | str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def names(pages: Sequence[Any]) -> list[str]:
    return [str(p) for p in pages]


# ------------------------------------------------------------------------------------------------ reading Markdown


@dataclass(frozen=True)
class Block:
    """One fenced block: ``info`` is what stands behind the fence, ``line`` its first line of text."""

    info: str
    text: str
    line: int

    @property
    def kind(self) -> str:
        return self.info.split(" ")[0]

    @property
    def file(self) -> str | None:
        """The path of a block that is marked as a whole file."""
        return self.info.split(" ")[1] if " " in self.info else None


def split(page: Path | str) -> tuple[str, list[Block]]:
    """The prose of a page, its line numbers kept, and its fenced blocks."""
    prose: list[str] = []
    blocks: list[Block] = []
    inside: tuple[str, int] | None = None
    body: list[str] = []
    for number, line in enumerate(text(page).splitlines(), 1):
        fence = re.match(r"\s*```(.*)", line)
        if fence and inside is None:
            inside, body = (fence[1].strip(), number + 1), []
        elif fence and inside is not None:
            blocks.append(Block(inside[0], "\n".join(body) + "\n", inside[1]))
            inside = None
        elif inside is not None:
            body.append(line)
        prose.append("" if fence or inside else line)
    assert inside is None, f"{page}: a block is not closed"
    return "\n".join(prose), blocks


def blocks_of(page: str, *kinds: str) -> list[Block]:
    return [b for b in split(page)[1] if b.kind in kinds]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#{1,6} (.+)$", split(page)[0], re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip().lower()
        slug = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number, free = 1, slug
        while free in found:
            free, number = f"{slug}-{number}", number + 1
        found.add(free)
    return found


def tables(page: str) -> list[list[dict[str, str]]]:
    """Every table of a page as rows by heading."""
    found: list[list[dict[str, str]]] = []
    for part in re.findall(r"(?:^\|.*\|\n)+", split(page)[0] + "\n", re.MULTILINE):
        head, _, *rows = [[c.strip() for c in line.strip().strip("|").split(" | ")] for line in part.splitlines()]
        head = [c.strip("| ") for c in head]
        assert all(len(row) == len(head) for row in rows), f"{page}: {head}"
        found.append([dict(zip(head, row, strict=True)) for row in rows])
    return found


def section(page: str, heading: str) -> list[list[dict[str, str]]]:
    """The tables under one heading, up to the next of any rank."""
    prose = split(page)[0]
    start = re.search(rf"^#+ {re.escape(heading)}$", prose, re.MULTILINE)
    assert start, f"{page} has no heading '{heading}'"
    rest = prose[start.end() :]
    end = re.search(r"^#+ ", rest, re.MULTILINE)
    found = []
    for part in re.findall(r"(?:^\|.*\|\n)+", rest[: end.start() if end else None] + "\n", re.MULTILINE):
        head, _, *rows = [[c.strip() for c in line.strip().strip("|").split(" | ")] for line in part.splitlines()]
        found.append([dict(zip([c.strip() for c in head], row, strict=True)) for row in rows])
    return found


def bold(cell: str) -> bool:
    return cell.startswith("**")


def bare(cell: str) -> str:
    return cell.strip("*`")


# ------------------------------------------------------------------------------------------------ links


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    prose = re.sub(r"`[^`\n]*`", "", split(page)[0])
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        place = (ROOT / page.parent / path).resolve() if path else (ROOT / page)
        if not place.exists() or not place.is_relative_to(ROOT):
            broken.append(f"{target}: no such file")
        elif anchor and anchor not in anchors(place.relative_to(ROOT)):
            broken.append(f"{target}: no such heading; there are {sorted(anchors(place.relative_to(ROOT)))}")
    assert not broken, "\n".join(broken)


def test_every_page_of_docs_is_linked_from_the_readme() -> None:
    linked = set(re.findall(r"\]\((docs/[^)#\s]+)", text("README.md")))
    pages = {p.as_posix() for p in PAGES if p.parts[0] == "docs" and len(p.parts) == 2}
    assert pages <= linked, pages - linked


def test_every_decision_is_listed_in_order() -> None:
    pages = sorted(p.name for p in PAGES if p.parent == Path("docs/decisions") and p.name != "README.md")
    assert re.findall(r"\]\((\d{4}-[^)]+)\)", text("docs/decisions/README.md")) == pages
    assert [int(name[:4]) for name in pages] == list(range(1, len(pages) + 1))
    for number, name in enumerate(pages, 1):
        title = text(f"docs/decisions/{name}").splitlines()[0]
        assert title.startswith(f"# {number}. "), name
        assert f"[{title.split('. ', 1)[1]}]({name})" in text("docs/decisions/README.md"), name


# ------------------------------------------------------------------------------------------------ commands


def simple_commands(script: str) -> Iterator[list[str]]:
    """The simple commands of a piece of shell, as words, without what they are redirected to."""
    for line in re.sub(r"\\\n\s*", " ", script).splitlines():
        command: list[str] = []
        # A separator inside quotes is none, so quotes are taken off only afterwards.
        for word in [*re.findall(r"#.*|[|&;]+|(?:'[^']*'|\"[^\"]*\"|[^\s|&;'\"])+", line), ";"]:
            if word.startswith("#"):
                continue
            if set(word) <= set("|&;"):
                yield command
                command = []
            else:
                command += shlex.split(word)


def of_secscan(words: Sequence[str]) -> list[str] | None:
    """What follows ``secscan`` where that is the program run."""
    for number, word in enumerate(words):
        program = word.removeprefix("ExecStart=")
        if (number == 0 and program == "secscan") or program.endswith("/secscan"):
            rest = list(words[number + 1 :])
            return rest[: next((i for i, w in enumerate(rest) if w in (">", ">>", "<")), None)]
    return None


def wrong(argv: Sequence[str], *, whole: bool) -> str | None:
    """Why a command line cannot be typed; None where it can. ``whole``: nothing that is needed may be missing."""
    command: click.Command = group
    context: click.Context | None = None
    rest = list(argv)
    name = "secscan"
    try:
        while True:
            if whole:
                context = command.make_context(name, list(rest), parent=context)
                rest = [*context._protected_args, *context.args]
            else:
                context = click.Context(command, parent=context, info_name=name)
                values, rest, _ = command.make_parser(context).parse_args(list(rest))
                for option in command.params:
                    if isinstance(option, click.Option) and isinstance(given := values.get(option.name or ""), str):
                        option.type_cast_value(context, given)
            if not isinstance(command, click.Group):
                taken = sum(p.nargs for p in command.params if isinstance(p, click.Argument))
                unlimited = any(p.nargs < 0 for p in command.params if isinstance(p, click.Argument))
                return None if unlimited or len(rest) <= taken else f"takes {taken} words, not {rest}"
            if not rest:
                return None
            found, next_command, rest = command.resolve_command(context, rest)
            assert found is not None and next_command is not None
            name, command = found, next_command
    except click.exceptions.Exit:
        return None  # --help or --version
    except click.ClickException as error:
        return error.format_message()


def spoken(page: Path) -> Iterator[tuple[str, list[str], bool]]:
    """(where, words behind ``secscan``, whether it is a whole command line) of a page."""
    prose, blocks = split(page)
    for block in blocks:
        if block.kind in ("sh", "cron", "ini"):
            for words in simple_commands(block.text):
                if (argv := of_secscan(words)) is not None:
                    yield f"{page}:{block.line}", argv, True
    for found in re.finditer(r"`secscan ([^`]+)`", prose):
        line = prose.count("\n", 0, found.start()) + 1
        for words in simple_commands("secscan " + " ".join(found[1].split())):
            if (argv := of_secscan(words)) is not None:
                yield f"{page}:{line}", argv, False


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_command_on_a_page_can_be_typed(page: Path) -> None:
    faults = [
        f"{at}: secscan {' '.join(argv)}: {why}"
        for at, argv, whole in spoken(page)
        if (why := wrong(argv, whole=whole))
    ]
    assert not faults, "\n".join(faults)


def test_the_pages_do_show_commands() -> None:
    assert sum(len(list(spoken(page))) for page in PAGES) > 50


@pytest.mark.parametrize(
    "line",
    [
        "secscan scna",
        "secscan scan --quick",
        "secscan report --edition board",
        "secscan checks shw x",
        "secscan explain",
    ],
)
def test_a_command_that_cannot_be_typed_is_seen(line: str) -> None:
    (words,) = [w for w in simple_commands(line) if w]
    assert wrong(words[1:], whole=True)


def said_by_the_product() -> Iterator[tuple[str, str]]:
    """(where, command line) of every command that a message, an example, a template or a shipped file tells people to type."""
    quoted = re.compile(r"'(secscan [a-z][^']*)'")
    for file in project_files(new=True):
        if file.parts[0] not in ("secscan", "policies", "reports", "tools"):
            continue
        if file.suffix == ".py":
            for number, line in strings(ast.parse(text(file))):
                yield from ((f"{file}:{number}", found) for found in quoted.findall(line))
                if command := re.fullmatch(r"(?:Example: |next: )?(secscan (?:[a-z]+|-w)\b[^.:'\n]*)", line):
                    yield f"{file}:{number}", command[1]
        elif file.suffix in (".yaml", ".html"):
            shown = re.sub(r"{{.*?}}", "2026-01-01", text(file))
            yield from ((str(file), found) for found in quoted.findall(shown))
            yield from ((str(file), found) for found in re.findall(r"<code[^>]*>(secscan [^<]+)</code>", shown))


def strings(node: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, text) of every string below a node, an X in the place of what is filled in."""
    match node:
        case ast.JoinedStr():
            yield node.lineno, "".join(str(p.value) if isinstance(p, ast.Constant) else "X" for p in node.values)
        case ast.Constant(value=str(value)):
            yield node.lineno, value
        case _:
            for child in ast.iter_child_nodes(node):
                yield from strings(child)


def test_every_command_that_the_product_tells_people_to_type_exists() -> None:
    told = list(said_by_the_product())
    assert len(told) > 30
    faults = []
    for at, line in told:
        for words in simple_commands(line):
            argv = of_secscan(words)
            if argv is not None and (why := wrong(argv, whole=False)):
                faults.append(f"{at}: {line}: {why}")
    assert not faults, "\n".join(sorted(set(faults)))


# ------------------------------------------------------------------------------------------------ examples


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_every_yaml_example_parses(page: Path) -> None:
    for block in split(page)[1]:
        if block.kind == "yaml":
            yaml.parse(block.text, f"{page}:{block.line}")


def workspace_of(page: str, root: Path, **more: str) -> Path:
    """A workspace made of the whole files that a page shows; ``more``: the text of its secscan.yaml."""
    assert run(["init", str(root), "-q"]) == 0
    shown = {b.file: b.text for b in split(page)[1] if b.file} | {f"{k}.yaml": v for k, v in more.items()}
    for name, content in shown.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return root


def answer(capfd: pytest.CaptureFixture[str], *words: object) -> Any:
    capfd.readouterr()
    run([str(w) for w in words])
    out, err = capfd.readouterr()
    assert out, err
    return json.loads(out)


def test_the_mapped_table_of_the_sources_page_reads_whole(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    root = workspace_of("docs/sources.md", tmp_path / "ws")
    said = answer(capfd, "-w", root, "scan", "--as-of", "2026-10-31", "--format", "json")
    assert (said["complete"], said["warnings"]) == (True, [])
    assert [c["assets"] for c in said["councils"]] == [2]
    read = answer(capfd, "-w", root, "import", root / "inventory/ourtown/2026-10-31/devices.csv", "--council", "ourtown",
                  "--as", "table", "--dry-run", "--format", "json")  # fmt: skip
    (one,) = read["files"]
    assert (one["rows_read"], one["rows_loaded"], read["warnings"]) == (2, 2, [])
    assert one["already_held"] == "inventory/ourtown/2026-10-31/devices.csv"


def test_the_policy_page_lints_clean_and_loosens_what_it_says(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (settings,) = (b.text for b in blocks_of("docs/firewalls.md", "yaml") if b.file == "secscan.yaml")
    settings += "\npolicies:\n  overlays: [policies/overlay.yaml]\n"
    root = workspace_of("docs/policy.md", tmp_path / "ws", secscan=settings)
    linted = answer(capfd, "-w", root, "policy", "lint", "--as-of", "2026-10-31", "--format", "json")
    assert (linted["problems"], linted["warnings"]) == ([], [])
    assert {(one["control"], one["what"]) for one in linted["loosened"]} == {
        ("LEG-04", "with.trusted_zones"), ("INV-01", "scope"), ("INV-02", "disabled"),
        ("free_extensions", "free extended support of debian"),
    }  # fmt: skip
    alone = policy.lint([root / "policies/overlay.yaml"], SPECS)
    assert alone.problems == ()


@pytest.mark.parametrize(
    ("port", "source", "verdict", "line"),
    [
        ("tcp/445", "offices", "blocked", 5),
        ("tcp/1433", "offices", "partly", 4),
        ("tcp/1433", "10.20.3.0/24", "permitted", 4),
        ("tcp/22", "management", "permitted", 2),
        ("tcp/443", "servers", "blocked", 5),
    ],
)
def test_the_rules_of_the_firewalls_page_answer(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], port: str, source: str, verdict: str, line: int
) -> None:
    root = workspace_of("docs/firewalls.md", tmp_path / "ws")
    said = answer(capfd, "-w", root, "exposure", "--as-of", "2026-10-31", "--to", "10.20.28.17", "--port", port,
                  "--from", source, "--format", "json")  # fmt: skip
    (one,) = said["answers"]
    assert (one["verdict"], one["rule"]["file"], one["rule"]["line"]) == (
        verdict,
        "firewalls/2026-10-31/core.csv",
        line,
    )
    assert said["warnings"] == []


def test_the_check_that_the_readme_shows_loads(tmp_path: Path) -> None:
    (block,) = blocks_of("README.md", "python")
    shelf = tmp_path / "checks"
    (shelf / "lifecycle").mkdir(parents=True)
    (shelf / "lifecycle" / "unsupported_software.py").write_text(f'"""A check."""\n\n{block.text}', encoding="utf-8")
    assert list(find_checks(shelf=shelf)) == ["lifecycle.unsupported-software"]


# ------------------------------------------------------------------------------------------------ lists


KIND_WORDS = {
    "text": "text",
    "bool": "yes or no",
    "int": "number",
    "tenths": "score",
    "date": "date",
    "addresses": "addresses",
}


@pytest.mark.parametrize("table", REQUIRED)
def test_template_columns_are_the_readers(table: str) -> None:
    ((*rows,),) = section("docs/sources.md", f"secscan-{table}")
    assert [(bare(r["column"]), r["kind"]) for r in rows] == [(n, KIND_WORDS[k]) for n, k in RAW_COLUMNS[table].items()]
    assert {bare(r["column"]) for r in rows if bold(r["column"])} == set(REQUIRED[table])


def test_kinds_are_those_that_can_be_read() -> None:
    ((*rows,),) = section("docs/sources.md", "Kinds")
    assert [bare(r["kind"]) for r in rows] == list(KINDS)
    for row in rows:
        kind = KINDS[bare(row["kind"])]
        assert row["a row is"] == kind.row
        assert row["it feeds"] == (", ".join(sorted(kind.tables)) or "the one that it names")


def fields_of(model: type[Strict]) -> dict[str, bool]:
    """Key as written -> whether it must be given."""
    return {f.alias or name: f.is_required() for name, f in model.model_fields.items()}


@pytest.mark.parametrize(
    ("page", "heading", "model", "needed"),
    [
        ("docs/sources.md", "A source in secscan.yaml", Source, None),
        ("docs/policy.md", "Exceptions", ExceptionEntry, None),
        ("docs/policy.md", "A control", ControlEntry, {"id", "check", "title", "text", "theme", "severity", "due"}),
        ("docs/firewalls.md", "In secscan.yaml", Firewall, None),
    ],
)
def test_keys_are_those_of_the_loader(page: str, heading: str, model: type[Strict], needed: set[str] | None) -> None:
    ((*rows,),) = section(page, heading)
    listed = {bare(key): bold(row["key"]) for row in rows for key in row["key"].split(", ")}
    known = fields_of(model)
    assert listed == {key: key in needed if needed else must for key, must in known.items()}


def test_limits_are_those_of_the_loader() -> None:
    ((*rows,),) = section("docs/sources.md", "Limits")
    assert {r["limit"]: r["default"] for r in rows} == {n: str(f.default) for n, f in Limits.model_fields.items()}


def test_entitlement_columns_are_the_readers() -> None:
    ((*rows,),) = section("docs/policy.md", "Entitlements")
    assert [bare(r["column"]) for r in rows] == list(ENTITLEMENT_COLUMNS)
    assert {bare(r["column"]) for r in rows if bold(r["column"])} == set(ENTITLEMENT_NEEDED)


def test_states_of_a_file_are_those_of_the_report() -> None:
    ((*rows,),) = section("docs/sources.md", "What a run says of a file")
    assert {r["state"] for r in rows} == set(INPUT_STATES)


def test_data_files_are_those_of_the_report(tmp_path: Path) -> None:
    from secscan.render.site import site
    from tests.render.postures import partnership

    ((*rows,),) = section("docs/reports.md", "Data files")
    written = {w.path.name for w in site(partnership(), tmp_path / "r") if w.path.parent.name == "data"}
    assert {r["file"] for r in rows} == written


def baseline() -> Mapping[str, str]:
    """Control -> check, of the shipped baseline."""
    found = yaml.read(shipped("policies") / "baseline.yaml").data["controls"]
    return {c["id"]: c["check"] for c in found}


def test_the_baseline_is_described_control_by_control() -> None:
    ((*rows,),) = section("docs/policy.md", "The baseline")
    assert {r["control"]: bare(r["check"]) for r in rows} == baseline()


@pytest.mark.parametrize("check", sorted(SPECS))
def test_every_check_has_its_page_and_a_control(check: str, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["checks", "show", check]) == 0
    out = capfd.readouterr().out
    for part in (check, "Why it matters:", "How it decides:", "Reads:", "When it fails, do:"):
        assert part in out
    example = yaml.read(shipped("policies") / "overlay-example.yaml").data["controls"]
    asked_for = check in {c.get("check") for c in example} and f"`{check}`" in text("docs/checks.md")
    assert check in baseline().values() or asked_for, (
        "a check without a control in the baseline is one that docs/checks.md offers"
    )


def test_the_tables_page_is_what_the_tables_say() -> None:
    page = runpy.run_path(str(ROOT / "tools" / "docs_tables.py"))["page"]()
    assert page == text("docs/tables.md"), "run: python tools/docs_tables.py"


# ------------------------------------------------------------------------------------------------ exit codes

CODES = {0, 1, 2, 3, 4, 5, 6, 7, 70, 130}
"""The contract: other programs are written against these."""


def test_exit_codes_are_those_of_the_contract() -> None:
    (rows,) = tables("docs/exit-codes.md")
    assert {int(r["code"]) for r in rows} == CODES


def test_every_error_ends_with_a_code_that_is_described() -> None:
    kinds = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, errors.SecscanError)]
    assert {k.exit_code for k in kinds} <= CODES
    drawn = re.findall(r"^[├└]── (\w+)\s+(\d+|-)", errors.__doc__ or "", re.MULTILINE)
    assert {n for n, _ in drawn} == {k.__name__ for k in kinds} - {"SecscanError"}
    for name, code in drawn:
        assert code in ("-", str(getattr(errors, name).exit_code)), name


def test_operations_says_what_to_do_for_every_code_that_asks_for_something() -> None:
    ((*rows,),) = section("docs/operations.md", "What an exit code asks of you")
    assert {int(c) for r in rows for c in r["code"].split(", ")} == CODES - {6}


# ------------------------------------------------------------------------------------------------ what must not be there


def forbidden() -> dict[str, re.Pattern[str]]:
    """Put together from parts, so that this file may be looked at too."""
    paths = "|".join(("work", "farm", "root"))
    hosts = "|".join(
        re.escape(h)
        for h in ("py" + "pi.org", "python" + "hosted.org", "deb.deb" + "ian.org", "registry.npm" + "js.org")
    )
    councils = "|".join(("East " + "Lindsey", "South " + "Holland", "Boston " + "Borough"))
    return {
        "a path of somebody's machine": re.compile(
            rf"(?<![\w.~-])/(?:(?:{paths})(?=[/\s'\"`)]|$)|home/\w+)", re.MULTILINE
        ),
        "the host of a package index": re.compile(hosts),
        "a real council": re.compile(councils, re.IGNORECASE),
    }


def test_no_file_names_a_machine_an_index_or_a_real_council() -> None:
    faults = []
    for file in project_files(new=True):
        content = (ROOT / file).read_bytes().decode("utf-8", "replace")
        for what, pattern in forbidden().items():
            for found in pattern.finditer(content):
                faults.append(f"{file}:{content.count(chr(10), 0, found.start()) + 1}: {what}: {found[0]}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "made", ["cd /" + "work/main", "/" + "home/someone/x", "https://py" + "pi.org/simple", "east " + "lindsey"]
)
def test_what_must_not_be_there_would_be_seen(made: str) -> None:
    assert any(p.search(made) for p in forbidden().values())
