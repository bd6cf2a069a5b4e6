"""Names, exit codes and habits of the command line."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from secscan.cli.main import COMMANDS
from secscan.cli.main import secscan as group
from secscan.model.tables import TABLES

Run = Callable[..., Any]


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(group)
    found: list[tuple[str, click.Command]] = []
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None
        found.append((name, command))
        if isinstance(command, click.Group):
            found += [(f"{name} {sub}", made) for sub, made in command.commands.items()]
    return found


@pytest.mark.parametrize(("name", "command"), commands(), ids=[n for n, _ in commands()])
def test_every_command_has_help_and_an_example(secscan: Run, name: str, command: click.Command) -> None:
    said = secscan(*name.split(), "--help")
    assert said.code == 0
    assert "Example: secscan" in said.out
    assert command.help
    for option in command.params:
        if isinstance(option, click.Option) and option.name not in ("help",):
            assert option.help, f"{name} {option.name}"


BARE = {"init", "completion", "policy schema", "checks new"}
"""Commands that work on no workspace."""


@pytest.mark.parametrize(("name", "command"), commands(), ids=[n for n, _ in commands()])
def test_every_command_has_the_options_of_all(name: str, command: click.Command) -> None:
    if isinstance(command, click.Group):
        return
    found = {param.name for param in command.params}
    assert {"quiet", "verbose", "no_color"} <= found
    assert {"workspace", "as_of"} <= found or name in BARE
    for param in command.params:
        if param.name == "format_":
            assert isinstance(param.type, click.Choice) and list(param.type.choices) == ["text", "json", "csv"]


def test_every_option_has_its_variable(secscan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECSCAN_FORMAT", "csv")
    assert secscan("checks", "list").out.startswith("check,table,title\n")
    monkeypatch.setenv("SECSCAN_FORMAT", "text")
    monkeypatch.setenv("SECSCAN_QUIET", "1")
    assert secscan("checks", "list").out == "next: secscan checks show CHECK\n"
    monkeypatch.setenv("SECSCAN_EXPOSURE_TO", "10.0.0.1")
    monkeypatch.setenv("SECSCAN_WORKSPACE", "/nowhere/at/all")
    assert "no such folder" in secscan("exposure").err
    for name, command in commands():
        context = click.Context(command, info_name=name, auto_envvar_prefix="SECSCAN_X")
        for param in command.params:
            if isinstance(param, click.Option):
                assert param.envvar or (param.allow_from_autoenv and context.auto_envvar_prefix), (name, param.name)


@pytest.mark.parametrize(
    "args",
    [
        ["scan", "--as-of", "2026-03-01"], ["findings"], ["explain", "OAK-3"], ["explain", "LEG-01"], ["mitigations"],
        ["exposure", "--to", "OAK-3", "--as-of", "2026-03-01"], ["trend"], ["trend", "coverage"], ["exceptions", "list"],
        ["exceptions", "check", "--as-of", "2026-03-01"], ["report"], ["runs", "list"], ["policy", "lint"], ["doctor"],
        ["checks", "list"], ["checks", "show", "patching.fix-overdue"], ["checks", "test", "inventory.owner-missing"],
        ["import", "{file}", "--council", "oak"], ["collect", "--out", "{file}.json"],
    ],
    ids=lambda args: " ".join(args[:2]),
)  # fmt: skip
def test_the_last_line_is_the_next_command_and_quiet_leaves_it_alone(
    secscan: Run, scanned: Path, tmp_path: Path, args: list[str]
) -> None:
    file = tmp_path / "laptops.csv"
    file.write_text("asset_tag,hostname\nOAK-9,lap-9\n")
    args = [word.format(file=file) for word in args]
    said = secscan("-w", scanned, *args)
    last = (
        said.err if args[0] in ("findings", "mitigations", "exposure", "trend") or args[1:] == ["list"] else said.out
    ).splitlines()
    shown = [line for line in last if "exit 3" not in line]
    assert "secscan " in shown[-1] or shown[-1].startswith("open "), shown[-1]
    quiet = secscan("-w", scanned, *args, "-q")
    assert len(quiet.out.splitlines()) == 1


def test_verbose_says_how_long_it_took(secscan: Run) -> None:
    assert "took" not in secscan("checks", "list").err
    said = secscan("checks", "list", "-v")
    assert said.err.splitlines()[-1].startswith("took ") and "took" not in said.out


@pytest.mark.parametrize("args", [["--no-color"], []], ids=["option", "variable"])
def test_a_terminal_without_colour_gets_no_sequence_at_all(scanned: Path, args: list[str]) -> None:
    text = on_a_terminal(["-w", str(scanned), "findings", *args], {} if args else {"NO_COLOR": "1"})
    assert "\x1b" not in text and "OAK-3" in text
    assert "\x1b[" in on_a_terminal(["-w", str(scanned), "findings"], {})


def on_a_terminal(args: list[str], more: dict[str, str]) -> str:
    """What a command shows where stdout and stderr are a terminal."""
    master, slave = pty.openpty()
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM", "COLUMNS")}
    process = subprocess.Popen(
        [sys.executable, "-m", "secscan.cli.main", *args], stdin=slave, stdout=slave, stderr=slave,
        env=clean | {"TERM": "xterm", "COLUMNS": "200"} | more,
    )  # fmt: skip
    os.close(slave)
    shown = b""
    with contextlib.suppress(OSError):  # the end of a terminal is an error
        while part := os.read(master, 65536):
            shown += part
    os.close(master)
    assert process.wait(30) == 0
    return shown.decode()


def test_bare_is_four_lines_and_0(secscan: Run) -> None:
    said = secscan()
    assert said.code == 0
    assert len(said.out.splitlines()) == 4
    assert "secscan init" in said.out and "--help" in said.out


def test_help_loads_click_and_nothing_heavy() -> None:
    code = (
        "import sys; from secscan.cli.main import run; run(['--help']); "
        "heavy = {'pydantic','yaml','numpy','duckdb','sqlalchemy','jinja2','rich','requests','alembic','nmap','narwhals'};"
        "found = heavy & set(sys.modules); print('LOADED', sorted(found))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "LOADED []" in said.stdout


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["scna"], "did you mean 'scan'"),
        (["scan", "--as-of", "31/10/2026"], "not a date like 2026-10-31"),
        (["scan", "-w", "/nowhere/at/all"], "no such folder"),
        (["findings", "--severity", "grave"], "grave"),
        (["recognise"], "NAME"),
        (["checks", "show", "lifecycle.unsuported-software"], "did you mean 'lifecycle.unsupported-software'"),
        (["checks", "new", "Bad Name", "--over", "assets"], "not a check's name"),
        (["checks", "new", "a.b", "--over", "asets"], "did you mean 'assets'"),
    ],
)
def test_wrong_use_is_one_line_and_2(
    secscan: Run, args: list[str], says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    said = secscan(*args)
    assert said.code == 2
    assert says in said.err
    assert len(said.err.splitlines()) == 1
    assert said.out == ""


def test_a_check_written_by_new_runs_and_passes_its_cases(secscan: Run, tmp_path: Path) -> None:
    for table in TABLES:
        shelf = tmp_path / table
        shelf.mkdir()
        assert secscan("checks", "new", "a.thing-found", "--over", table, "--into", shelf).code == 0
        said = secscan("checks", "test", "a.thing-found", "--checks", shelf)
        assert said.code == 0, said.out + said.err
        assert secscan("checks", "new", "a.thing-found", "--over", table, "--into", shelf).code == 2


def test_wrong_cases_end_with_1_and_say_where(secscan: Run, tmp_path: Path) -> None:
    secscan("checks", "new", "a.thing-found", "--over", "assets", "--into", tmp_path)
    cases = tmp_path / "a" / "thing_found.cases.yaml"
    cases.write_text(cases.read_text().replace("expect: fail", "expect: pass"))
    said = secscan("checks", "test", "--checks", tmp_path)
    assert said.code == 1
    assert "thing_found.cases.yaml:4" in said.out


def test_piped_tables_are_tab_separated_and_never_cut(secscan: Run) -> None:
    rows = secscan("checks", "list").out.splitlines()
    assert all(row.count("\t") == 2 for row in rows)


def test_settings_faults_name_file_line_column(secscan: Run, workspace: Path) -> None:
    settings = workspace / "secscan.yaml"
    settings.write_text(settings.read_text().replace("zones:", "zoness:", 1))
    said = secscan("-w", workspace, "scan")
    assert said.code == 2
    assert "secscan.yaml:16:1: unknown key 'zoness'; did you mean 'zones'?" in said.err


def test_a_fault_of_ours_is_one_line_70_and_a_trace_without_values(
    secscan: Run, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from importlib import import_module

    journey = import_module("secscan.scan")

    value = " ".join(("secret", "value"))

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError(value)

    monkeypatch.setattr(journey, "scan", broken)
    said = secscan("-w", workspace, "scan")
    assert said.code == 70
    assert len(said.err.splitlines()) == 1
    trace = Path(next(word for word in said.err.split() if word.endswith("trace.txt.")).rstrip("."))
    assert "RuntimeError" in trace.read_text()
    assert "secret value" not in trace.read_text() + said.err
    assert trace.stat().st_mode & 0o077 == 0


def test_recognise_answers_in_the_order_asked(secscan: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    text = "name,version,publisher,kind\nZzz Nothing Known,1,,\nMicrosoft Windows Server 2012 R2 Standard,6.3.9600,,os_caption\n"
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    rows = secscan("recognise", "--stdin", "--as-of", "2026-11-22", "--format", "json").json["rows"]
    assert [(r["name"][:3], r["product"], r["status"]) for r in rows] == [
        ("Zzz", None, "unknown"),
        ("Mic", "windows-server", "ended"),
    ]
    assert {"name", "version", "publisher", "product", "cycle", "eol_on", "extended_on", "status", "by", "near"} <= set(
        rows[0]
    )


def test_import_stores_binds_and_knows_the_same_bytes_again(secscan: Run, workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "new laptops.csv"
    file.write_text("asset_tag,hostname,colour\nOAK-9,lap-9,blue\nOAK-10,,red\n")
    said = secscan("-w", workspace, "import", file, "--council", "oak", "--as-of", "2026-03-02", "--format", "json")
    assert said.code == 3  # the second row has no host name
    (one,) = said.json["files"]
    assert (one["rows_read"], one["rows_loaded"], one["rows_refused"], one["rows_blank"]) == (2, 1, 1, 0)
    assert one["refused"][0]["line"] == 3 and one["refused"][0]["column"] == "hostname"
    assert (workspace / "inventory/oak/2026-03-02/new_laptops.csv").is_file()
    again = secscan("-w", workspace, "import", file, "--council", "oak", "--as-of", "2026-03-02")
    assert "already held" in again.out
    assert secscan("-w", workspace, "policy", "lint").code == 0
    assert "# A small whole partnership" in (workspace / "secscan.yaml").read_text()


def test_import_of_what_is_no_table_is_refused_whole_with_4(secscan: Run, workspace: Path, tmp_path: Path) -> None:
    for name, data in (
        ("a.csv", b"<html><title>Sign in</title></html>"),
        ("b.csv", b""),
        ("c.xlsx", b"PK\x03\x04junk"),
    ):
        file = tmp_path / name
        file.write_bytes(data)
        said = secscan("-w", workspace, "import", file, "--council", "oak", "--as", "secscan-assets")
        assert said.code == 4, (name, said)
        assert name in said.err and len(said.err.splitlines()) == 1
    assert not list((workspace / "inventory/oak").glob("*/a.csv"))


def test_import_says_whose_a_document_is_that_names_nobody(secscan: Run, workspace: Path, tmp_path: Path) -> None:
    file = tmp_path / "bom.json"
    file.write_text(
        '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "x"}]}'
    )
    said = secscan("-w", workspace, "import", file, "--council", "oak")
    assert said.code == 4 and "does not say which asset it is of; set 'asset'" in said.err
    said = secscan("-w", workspace, "import", file, "--council", "oak", "--asset", "OAK-3")
    assert said.code == 0 and "1 rows read, 1 loaded" in said.out
    assert "asset: OAK-3" in (workspace / "secscan.yaml").read_text()


def test_doctor_gives_a_fix_for_each_fault(secscan: Run, workspace: Path) -> None:
    said = secscan("-w", workspace, "doctor", "--format", "json")
    assert said.code in (0, 3)
    assert all(i["state"] == "ok" or i["fix"] for i in said.json["items"])


def test_hostile_names_reach_the_terminal_harmless(secscan: Run, workspace: Path) -> None:
    register = workspace / "inventory/oak/2026-03-01/assets.csv"
    register.write_text(register.read_text().replace("srv-plan", "srv\x1b[2J\u202eplan[red]"))
    secscan("-w", workspace, "scan", "--as-of", "2026-03-01")
    for command in (
        ["findings"],
        ["findings", "--format", "csv"],
        ["explain", "OAK-3"],
        ["mitigations"],
        ["scan", "--as-of", "2026-03-01"],
    ):
        said = secscan("-w", workspace, *command)
        assert "\x1b" not in said.out + said.err
        assert "\u202e" not in said.out + said.err


def test_a_machine_without_a_package_list_is_collected_and_says_so(
    secscan: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from secscan import sources

    bare = sources.collect
    monkeypatch.setattr("secscan.sources.collect", lambda today: bare(today, tmp_path))
    said = secscan("collect", "--out", tmp_path / "machine.json")
    assert said.code == 0 and "no package list" in said.out + said.err
