"""What a shell is offered: the workspace's own words, quickly, silently, and never text that a shell could obey."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from secscan.cli.main import COMMANDS, run
from secscan.findings.measures import MEASURES
from tests.powershell import unread
from tests.tree import ROOT

Run = Callable[..., Any]
SHELLS = ("bash", "zsh", "fish", "powershell")
CHECKERS = {
    "bash": ["bash", "--norc", "-n"],
    "zsh": ["zsh", "-f", "-n"],
    "fish": ["fish", "--no-config", "--no-execute"],
    "powershell": ["pwsh", "-NoProfile", "-NonInteractive", "-Command",
                   "$e = $null; [void][Management.Automation.Language.Parser]::ParseFile($args[0], [ref]$null, [ref]$e); exit $e.Count"],
}  # fmt: skip


@dataclass(frozen=True)
class Shell:
    """A shell whose cursor stands at the end of a line, in a folder."""

    monkeypatch: pytest.MonkeyPatch
    capfd: pytest.CaptureFixture[str]

    def asks(self, line: str, folder: Path, shell: str = "bash", **more: str) -> tuple[str, str]:
        """What its script is answered, and what goes wrong on the way."""
        last = "" if line.endswith(" ") else line.rsplit(" ", maxsplit=1)[-1]
        number = len(line.split()) - (1 if last else 0)
        with self.monkeypatch.context() as patch:
            patch.chdir(folder)
            patch.setenv("_SECSCAN_COMPLETE", f"{shell}_complete")
            patch.setenv("COMP_WORDS", line)
            patch.setenv("COMP_CWORD", last if shell == "fish" else str(number))
            for name, value in more.items():
                patch.setenv(name, value)
            self.capfd.readouterr()
            run([])
            return self.capfd.readouterr()

    def offers(self, line: str, folder: Path, shell: str = "bash", **more: str) -> list[str]:
        out, err = self.asks(line, folder, shell, **more)
        assert err == "", line
        if shell in ("zsh", "powershell"):
            return out.splitlines()[1::3]
        return [word.partition(",")[2].partition("\t")[0] for word in out.splitlines() if word]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Shell:
    return Shell(monkeypatch, capfd)


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_of_each_shell_is_one_that_it_can_read(secscan: Run, tmp_path: Path, shell: str) -> None:
    said = secscan("completion", shell)
    assert said.code == 0 and f"{shell}_complete" in said.out
    if shell == "powershell":
        assert unread(said.out) == []
    if not shutil.which(CHECKERS[shell][0]):
        pytest.skip(f"{CHECKERS[shell][0]} is not installed here")
    script = tmp_path / "script"
    script.write_text(said.out)
    read = subprocess.run([*CHECKERS[shell], str(script)], capture_output=True, text=True, check=False)
    assert (read.returncode, read.stderr) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_is_offered_every_command(at: Shell, tmp_path: Path, shell: str) -> None:
    assert at.offers("secscan ", tmp_path, shell) == list(COMMANDS)
    assert at.offers("secscan exc", tmp_path, shell) == ["exceptions"]
    assert at.offers("secscan exceptions ", tmp_path, shell) == ["check", "list"]


def test_options_and_their_words_are_offered(at: Shell, tmp_path: Path) -> None:
    assert {"--fail-on", "--as-of", "--format", "-w"} & set(at.offers("secscan scan --", tmp_path)) >= {
        "--fail-on",
        "--as-of",
    }
    assert at.offers("secscan scan --fail-on ", tmp_path) == ["critical", "high", "medium", "low", "never"]
    assert at.offers("secscan trend --format ", tmp_path) == ["text", "json", "csv"]
    assert "zsh" in at.offers("secscan completion ", tmp_path)


VALUES = {
    "secscan findings --council ": ["elm", "oak"],
    "secscan findings --council o": ["oak"],
    "secscan findings --control LEG": ["LEG-01", "LEG-02", "LEG-03", "LEG-04"],
    "secscan explain FW": ["FW-01"],
    "secscan exposure --to OAK-3 --from u": ["users"],
    "secscan trend p": ["patched-on-time", "protections-proven"],
    "secscan checks show patching.fix-o": ["patching.fix-overdue"],
    "secscan exceptions check --council ": ["elm", "oak"],
    "secscan import x.csv --council ": ["elm", "oak"],
}


def test_values_come_from_the_workspace(at: Shell, scanned: Path) -> None:
    (scanned / "policies/overlay.yaml").write_text(
        (scanned / "policies/overlay.yaml").read_text()
        + "  - {id: LEG-99, check: lifecycle.unsupported-software, title: T, text: T, theme: legacy, severity: low, due: 9 days}\n"
    )
    for line, words in VALUES.items():
        found = at.offers(line, scanned)
        assert set(words) <= set(found) and all(w.startswith(line.split(" ")[-1]) for w in found), line
    assert "LEG-99" in at.offers("secscan explain LEG", scanned)
    (run,) = (p.name.partition(".")[0] for p in (scanned / "state/results").iterdir())
    assert at.offers("secscan runs show ", scanned) == at.offers("secscan report --run ", scanned) == [run]


def test_the_workspace_may_be_named_anywhere_on_the_line(at: Shell, scanned: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for line in (f"secscan -w {scanned} findings --council ", f"secscan findings -w {scanned} --council "):
        assert at.offers(line, elsewhere) == ["elm", "oak"]
    assert at.offers("secscan findings --council ", elsewhere, SECSCAN_WORKSPACE=str(scanned)) == ["elm", "oak"]


@pytest.mark.parametrize("what", ["none", "broken", "empty", "list"])
def test_outside_of_a_workspace_and_in_a_broken_one_there_is_silence(at: Shell, tmp_path: Path, what: str) -> None:
    if what != "none":
        (tmp_path / "secscan.yaml").write_text({"broken": "councils: [", "empty": "", "list": "- a"}[what])
    for line in (*VALUES, "secscan runs show ", "secscan -w /nowhere findings --council "):
        assert at.asks(line, tmp_path)[1] == "", line
    assert at.offers("secscan trend cov", tmp_path) == ["coverage"]
    assert set(at.offers("secscan trend ", tmp_path)) == set(MEASURES)
    if what == "none":
        assert "LEG-01" in at.offers("secscan explain ", tmp_path)


@pytest.mark.parametrize(
    "line", ["secscan scna ", "secscan scan --no-such x ", "secscan 'findings --council ", "secscan -w"]
)
def test_half_a_line_that_is_wrong_is_no_fault(at: Shell, tmp_path: Path, line: str) -> None:
    assert at.asks(line, tmp_path)[1] == ""


def test_no_text_that_a_shell_could_obey_is_offered(at: Shell, scanned: Path) -> None:
    settings = scanned / "secscan.yaml"
    bad = ("$(touch pwned)", "`id`", "a;b", "a b", "-rf", "a\\nb", "é", "*")
    councils = "".join(f'  - {{id: "{name}", name: X}}\n' for name in bad)
    settings.write_text(settings.read_text().replace("zones:", councils + "zones:", 1))
    for shell in SHELLS:
        assert at.offers("secscan findings --council ", scanned, shell) == ["elm", "oak"]


def test_nothing_heavy_is_loaded_to_complete(scanned: Path) -> None:
    code = (
        "import sys, atexit; sys.argv = ['secscan'];"
        "heavy = {'numpy', 'duckdb', 'sqlalchemy', 'jinja2', 'rich', 'requests', 'alembic', 'narwhals'};"
        "atexit.register(lambda: print('LOADED', sorted(heavy & set(sys.modules))));"
        "from secscan.cli.main import main; main()"
    )
    for line in ("findings --council ", "runs show ", "checks show ", "scan --"):
        env = os.environ | {"_SECSCAN_COMPLETE": "bash_complete", "COMP_WORDS": f"secscan {line}", "PYTHONPATH": str(ROOT),
                            "COMP_CWORD": "2" if line.endswith("--") else "3"}  # fmt: skip
        said = subprocess.run(
            [sys.executable, "-c", code], cwd=scanned, env=env, capture_output=True, text=True, check=True
        )
        assert "LOADED []" in said.stdout, (line, said.stdout)


@pytest.mark.parametrize("shell", ["bash", "fish", "zsh"])
def test_the_script_asks_and_shows_as_the_shell_does(secscan: Run, scanned: Path, tmp_path: Path, shell: str) -> None:
    """The script itself, in its shell, with the product behind it as the command ``secscan``."""
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed here")
    tools = tmp_path / "bin"
    tools.mkdir()
    wrapper = tools / "secscan"
    wrapper.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m secscan.cli.main "$@"\n')
    wrapper.chmod(0o755)
    script = tmp_path / "script"
    script.write_text(secscan("completion", shell).out)
    ask = {
        "bash": f"source {script}; COMP_WORDS=(secscan findings --council o); COMP_CWORD=3; "
        '_secscan_completion secscan findings --council; printf "%s\\n" "${COMPREPLY[@]}"',
        "fish": f"source {script}; complete --do-complete 'secscan findings --council o'",
        # zsh completes in its line editor alone: what it would add is caught instead
        "zsh": f"compdef() {{ }}; compadd() {{ print -r -- ${{(P)@[-1]}} }}; words=(secscan findings --council o); CURRENT=4; "
        f"source {script}; _secscan_completion",
    }[shell]
    flags = {"bash": ["--norc"], "fish": ["--no-config"], "zsh": ["-f"]}[shell]
    said = subprocess.run(
        [shell, *flags, "-c", ask], cwd=scanned, env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.stdout.split() == ["oak"], said
