"""The script for Windows machines, as text, and the document that it writes."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from secscan.doors import json
from secscan.model.raw import RAW_COLUMNS
from secscan.sources import collect, windows_script
from tests.powershell import unread
from tests.sources.desk import TODAY, read

SCRIPT = windows_script()
COMMANDS = {
    "ConvertTo-Json", "ForEach-Object", "Get-CimInstance", "Get-Command", "Get-Date", "Get-NetTCPConnection", "Get-NetUDPEndpoint",
    "New-Object", "Select-Object", "Set-StrictMode", "Sort-Object", "Where-Object", "Write-Error", "Write-Output",
}  # fmt: skip
"""All that it may call, besides its own functions: each reads or shapes, and none leaves the machine."""
CLASSES = {
    "Win32_OperatingSystem", "Win32_NetworkAdapterConfiguration", "Win32_LogicalDisk", "Win32_SystemEnclosure", "Win32_BIOS",
    "MSFT_MpComputerStatus", "AntiVirusProduct",
}  # fmt: skip
OBJECTS = {"Shell.Application", "Microsoft.Update.AutoUpdate", "Microsoft.Update.SystemInfo"}
WRITES = r"WriteAll|SetValue|CreateSubKey|DeleteSubKey|Remove-|Set-Item|\bStart-|\bStop-|Restart-"
LEAVES = r"Invoke-|\biex\b|\bicm\b|WebClient|HttpClient|TcpClient|Net\.Sockets|Net\.Dns|DownloadString|Add-Type|FromBase64|ComputerName|CimSession|https?:|\\\\\\\\"


def code(script: str) -> str:
    """The script without its comments."""
    return re.sub(r"(?m)(?:^|\s)#.*$", "", script)


def faults(script: str) -> list[str]:
    """What a reviewer would not let through."""
    text = code(script)
    plain = unquoted(text)
    own = set(re.findall(r"(?m)^function ([A-Z][a-z]+-[A-Za-z]+)", text))
    called = set(re.findall(r"(?<![\w$.-])([A-Z][a-z]+-[A-Za-z]+)\b", plain))
    found = [f"calls {name}" for name in called - own - COMMANDS]
    found += [f"asks {name}" for name in set(re.findall(r"-ClassName (\w+)", text)) - CLASSES]
    found += [f"makes {name}" for name in set(re.findall(r"-ComObject ([\w.]+)", text)) - OBJECTS]
    found += [f"leaves by {word}" for word in re.findall(LEAVES, text, re.IGNORECASE)]
    found += ["writes more than its own file"] if len(re.findall(WRITES, text)) != 1 else []
    found += ["is not ASCII"] if not script.isascii() else []
    found += [f"{a}{b} do not match" for a, b in ("()", "{}", "[]") if plain.count(a) != plain.count(b)]
    return found


def unquoted(text: str) -> str:
    return re.sub(r"'[^'\n]*'", "''", text)


def test_the_script_is_short_plain_and_calls_nothing_that_writes_or_sends() -> None:
    assert faults(SCRIPT) == []
    assert len(SCRIPT.splitlines()) <= 220


@pytest.mark.parametrize(
    ("added", "says"),
    [
        ("Invoke-Expression $Out", "leaves by Invoke-"), ("iex $Out", "leaves by iex"), ("Get-WmiObject Win32_BIOS", "calls Get-WmiObject"),
        ("Get-CimInstance -ClassName Win32_Product", "asks Win32_Product"), ("Invoke-WebRequest x", "leaves by Invoke-"),
        ("Get-CimInstance -ClassName Win32_BIOS -ComputerName x", "leaves by ComputerName"), ("Set-Item x", "calls Set-Item"),
        ("New-Object -ComObject WScript.Shell", "makes WScript.Shell"), ("(New-Object Net.WebClient)", "leaves by WebClient"),
        ("$key.SetValue('a', 1)", "writes more than its own file"), ("'caf\u00e9'", "is not ASCII"), ("{", "{} do not match"),
    ],
)  # fmt: skip
def test_what_has_no_place_in_it_is_seen(added: str, says: str) -> None:
    assert says in faults(f"{SCRIPT}{added}\n")


def test_it_fills_the_columns_that_the_reader_knows() -> None:
    asset = SCRIPT[SCRIPT.index("asset = [ordered]") : SCRIPT.index("machine = [ordered]")]
    named = re.findall(r"(?m)^        ([a-z_]+) = ", asset)
    assert set(named) <= set(RAW_COLUMNS["assets"])
    assert {
        "hostname",
        "fqdn",
        "ip",
        "mac",
        "serial",
        "type",
        "os",
        "os_version",
        "encrypted",
        "auto_update",
        "restart_pending",
    } <= set(named)
    document = SCRIPT[SCRIPT.index("$found = [ordered] @{\n    schema") :]
    assert re.findall(r"(?m)^    ([a-z_]+) = ", document) == list(collect(TODAY, "/nowhere"))
    assert "$schema = 'secscan.collect/1'" in SCRIPT
    program = SCRIPT[SCRIPT.index("name = $title") : SCRIPT.index("# Ports that")]
    assert set(re.findall(r"(?m)^            ([a-z_]+) = ", program)) | {"name"} <= set(RAW_COLUMNS["software"])


def test_it_is_powershell_by_its_grammar() -> None:
    assert unread(SCRIPT) == []


@pytest.mark.parametrize("slip", ["if ($x {", "$a = @{ b = }", "function {", "foreach ($x of $y) {}"])
def test_a_slip_is_no_powershell(slip: str) -> None:
    lines = SCRIPT.splitlines()
    assert unread("\n".join([*lines[:40], slip, *lines[40:]]))


def test_powershell_itself_parses_it(tmp_path: Path) -> None:
    pwsh = shutil.which("pwsh")
    if pwsh is None:
        pytest.skip("pwsh is not installed here")
    path = tmp_path / "collect.ps1"
    path.write_text(SCRIPT)
    ask = "$e = $null; [void] [Management.Automation.Language.Parser]::ParseFile($args[0], [ref] $null, [ref] $e); $e.Count"
    ran = subprocess.run([pwsh, "-NoProfile", "-Command", f"& {{ {ask} }} '{path}'"], capture_output=True, check=True)
    assert ran.stdout.split() == [b"0"]


WRITTEN = """\
{
    "schema":  "secscan.collect/1",
    "collected_on":  "2026-11-20",
    "asset":  {
                  "asset_tag":  "PC-0001",
                  "hostname":  "PC-0001",
                  "fqdn":  "PC-0001.oak.example",
                  "ip":  [
                             "10.1.2.3"
                         ],
                  "mac":  "00:11:22:33:44:55",
                  "serial":  "5CG0001",
                  "type":  "laptop",
                  "os":  "Microsoft Windows 10 Pro",
                  "os_version":  "10.0.19045.6456",
                  "auto_update":  true,
                  "restart_pending":  false,
                  "protection_active":  true,
                  "definitions_on":  "2026-11-19",
                  "encrypted":  null,
                  "last_seen":  "2026-11-20"
              },
    "machine":  {
                    "kernel":  "10.0.19045",
                    "id":  "0123456789abcdef0123456789abcdef"
                },
    "software":  [
                     {
                         "name":  "7-Zip 22.01 (x64) \\u003c\\u0026\\u003e",
                         "version":  "22.01",
                         "publisher":  "Igor Pavlov",
                         "install_date":  "2023-04-15",
                         "kind":  "arp"
                     },
                     {
                         "name":  "Caf\u00e9",
                         "version":  null,
                         "publisher":  null,
                         "install_date":  null,
                         "kind":  "arp"
                     }
                 ],
    "services":  [
                     {
                         "proto":  "tcp",
                         "port":  445,
                         "service":  null,
                         "product":  null,
                         "version":  null
                     }
                 ],
    "warnings":  [
                     "encryption: not readable here (COMException)"
                 ]
}
"""


def test_what_windows_powershell_writes_is_read(tmp_path: Path) -> None:
    load = read(tmp_path, WRITTEN, "secscan-collect", name="PC-0001.json")
    assert (load.rows_read, load.rows_loaded) == (4, 4)
    assert load.warnings == ("PC-0001.json: encryption: not readable here (COMException)",)
    asset = {name: column[0] for name, column in load.tables["assets"].columns.items()}
    assert asset["os_version"] == "10.0.19045.6456" and asset["ip"] == ("10.1.2.3",) and asset["type"] == "laptop"
    assert (asset["auto_update"], asset["restart_pending"], asset["protection_active"], asset["encrypted"]) == (
        True,
        False,
        True,
        None,
    )
    assert asset["definitions_on"] == date(2026, 11, 19)
    software = load.tables["software"].columns
    assert software["name"] == ["7-Zip 22.01 (x64) <&>", "Caf\u00e9"]
    assert (software["kind"], software["install_date"]) == (["arp", "arp"], [date(2023, 4, 15), None])
    assert load.tables["services"].columns["port"] == [445]


def test_programs_that_could_not_be_listed_are_not_known(tmp_path: Path) -> None:
    said = json.loads(WRITTEN.encode(), "x") | {"software": None, "services": None}
    load = read(tmp_path, json.dumps(said), "secscan-collect")
    assert set(load.tables) == {"assets"}
    assert load.incomplete == "export.csv: the machine could not list its software and services"
    said = json.loads(WRITTEN.encode(), "x") | {"software": []}
    assert read(tmp_path, json.dumps(said), "secscan-collect").incomplete is None
