"""Checks from a folder that a person names: wherever checks are loaded, and nowhere they were not asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Said

RULE = '''"""A server that is not encrypted.

Why it matters: w.
How it decides: h.
"""

from secscan.api import Assets, Expr, Params, check


@check("device.plain-server", says="{hostname} is plain", unknown_says="not told", fix="Encrypt it.")
def plain_server(asset: Assets, policy: Params) -> Expr:
    return asset.type == "server"
'''
CASES = """today: 2026-03-01
assets:
  - {asset: one, type: server, expect: fail}
"""
CONTROL = """  - id: DEV-99
    check: device.plain-server
    title: Servers
    text: None.
    theme: device
    severity: low
    due: 7 days
"""


@pytest.fixture
def folder(tmp_path: Path, workspace: Path) -> Path:
    """A folder of checks that only ``--checks`` names, and a policy that uses one of them."""
    theme = tmp_path / "mine" / "device"
    theme.mkdir(parents=True)
    (theme / "plain_server.py").write_text(RULE)
    (theme / "plain_server.cases.yaml").write_text(CASES)
    with (workspace / "policies/overlay.yaml").open("a") as overlay:
        overlay.write(CONTROL)
    return theme.parent


def test_every_command_that_loads_checks_takes_the_folder(
    secscan: Callable[..., Said], workspace: Path, folder: Path
) -> None:
    here = ("-w", workspace)
    with_it = ("--checks", folder)
    assert secscan(*here, "policy", "lint", "-q", *with_it).code == 0
    assert secscan(*here, "scan", "--as-of", "2026-03-01", "--no-report", *with_it).code == 3
    found = [f for f in secscan(*here, "findings", "--format", "json").json["findings"] if f["control"] == "DEV-99"]
    assert {f["asset"] for f in found} == {"OAK-2", "OAK-3"}
    said = secscan(*here, "explain", found[0]["fingerprint"], "--format", "json", *with_it).json
    assert said["why"] == "type (server) is server"
    assert "device.plain-server" in secscan(*here, "checks", "list", *with_it).out
    assert "plain_server.py:" in secscan(*here, "checks", "show", "device.plain-server", *with_it).out
    assert (
        secscan(*here, "checks", "test", "device.plain-server", *with_it).out
        == "1 passed, 0 failed; next: secscan policy lint\n"
    )
    items = secscan(*here, "doctor", "--format", "json", *with_it).json["items"]
    assert [i["state"] for i in items if i["name"] == "policy"] == ["ok"]


def test_without_it_the_check_is_unknown_by_file_and_line(
    secscan: Callable[..., Said], workspace: Path, folder: Path
) -> None:
    for words in (("policy", "lint"), ("scan", "--as-of", "2026-03-01")):
        said = secscan("-w", workspace, *words)
        assert said.code == 2
        assert "policies/overlay.yaml:9:12: unknown check 'device.plain-server'" in said.out + said.err


def test_the_folder_may_be_named_by_a_variable_and_twice(
    secscan: Callable[..., Said], workspace: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = folder.parent / "more"
    (other / "net").mkdir(parents=True)
    text = RULE.replace("device.plain-server", "net.plain").replace("def plain_server", "def plain")
    (other / "net" / "plain.py").write_text(text)
    twice = ("--checks", folder, "--checks", other, "--checks", folder)
    assert {"net.plain", "device.plain-server"} <= {
        c["id"] for c in secscan("checks", "list", *twice, "--format", "json").json["checks"]
    }
    monkeypatch.setenv("SECSCAN_CHECKS", f"{folder}:{other}")
    assert secscan("-w", workspace, "policy", "lint", "-q").code == 0
    assert "net.plain" in secscan("checks", "list").out


def test_a_folder_that_is_not_there_is_named(secscan: Callable[..., Said], workspace: Path) -> None:
    said = secscan("-w", workspace, "scan", "--checks", workspace / "nowhere")
    assert (said.code, said.err.endswith("nowhere: no such folder of checks\n")) == (2, True)
