"""Registry exports: the Uninstall keys, and SQL Server's own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.model.errors import InputError
from secscan.model.places import Files
from secscan.sources.kinds import registry
from tests.sources import desk
from tests.sources.desk import shared
from tests.sources.kinds.desk import read, recognised, rows

KEY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall"
WOW = r"HKEY_LOCAL_MACHINE\SOFTWARE\WOW6432Node\Microsoft\Windows\CurrentVersion\Uninstall"
SQL = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Microsoft SQL Server"


def hexed(text: str, kind: int, width: int = 12) -> str:
    """A value as regedit writes text of another type: bytes, broken over lines."""
    pairs = [f"{byte:02x}" for byte in f"{text}\0".encode("utf-16-le")]
    lines = [",".join(pairs[at : at + width]) for at in range(0, len(pairs), width)]
    return f"hex({kind}):" + ",\\\n  ".join(lines)


EXPORT = f"""\
Windows Registry Editor Version 5.00

[{KEY}]
@=""

[{KEY}\\7-Zip]
"DisplayName"="7-Zip \\"x64\\" 22.01"
"DisplayVersion"="22.01"
"Publisher"="Igor Pavlov"
"InstallDate"="20230415"
"UninstallString"="C:\\\\Users\\\\a.person\\\\7-Zip\\\\Uninstall.exe"

[{KEY}\\{{AAAA}}]
"DisplayName"={hexed("Strawberry Perl", 2)}
"DisplayVersion"={hexed("5.24.1", 1)}
"SystemComponent"=dword:00000001
"InstallDate"="13/04/2022"
"Contact"="A Person"
"Comments"="a text
that goes on
over lines"

[{KEY}\\KB5001]
"DisplayName"="Security Update for Microsoft Office (KB5001)"
"ReleaseType"="Security Update"

[{KEY}\\{{BBBB}}]
"DisplayName"="Microsoft Word MUI (English) 2016"
"SystemComponent"=dword:00000001
"ParentKeyName"="Office16.PROPLUS"

[{KEY}\\AddressBook]

[{WOW}\\Chrome]
"DisplayName"="Google Chrome"
"DisplayVersion"="131.0.6778.86"
"Publisher"="Google LLC"

[{WOW}\\Chrome\\Deeper]
"DisplayName"="no program of its own"

[-{WOW}\\Gone]

[{WOW}\\Broken]
"DisplayName"=hex:00,01

[{SQL}\\MSSQL15.PAYROLL\\Setup]
"Version"="15.0.2000.5"
"PatchLevel"="15.0.4153.1"
"Edition"="Standard Edition"
"ProductID"="02458-119-0000007-05220"

[{SQL}\\MSSQL15.PAYROLL\\Setup\\SQL_Engine_Core_Inst]
"PatchLevel"="15.0.4153.1"
"""
SEEDS = {"windows-registry": [EXPORT.encode("utf-16"), EXPORT]}


@pytest.mark.parametrize("data", [EXPORT.encode("utf-16"), EXPORT.replace("\n", "\r\n").encode("utf-16")])
def test_a_key_with_a_name_is_a_program_of_the_asset_that_the_file_is_named_after(tmp_path: Path, data: bytes) -> None:
    assert recognised(tmp_path, data) == ("windows-registry", "certain: the first line of a registry export")
    load = read(tmp_path, "windows-registry", data, name="PC-0001.reg")
    assert rows(load, "software", "asset_tag", "name", "version", "publisher", "install_date", "kind") == [
        ("PC-0001", '7-Zip "x64" 22.01', "22.01", "Igor Pavlov", date(2023, 4, 15), "arp"),
        ("PC-0001", "Strawberry Perl", "5.24.1", None, None, "arp"),
        ("PC-0001", "Google Chrome", "131.0.6778.86", "Google LLC", None, "arp"),
        ("PC-0001", "Microsoft SQL Server", "15.0.4153.1", "Microsoft Corporation", None, "arp"),
    ]
    software = load.tables["software"]
    assert (software.extra["system_component"][1], software.extra["edition"][3]) == ("yes", "Standard Edition")
    assert "A Person" not in repr(load) and "a.person" not in repr(load) and "02458" not in repr(load)


def test_updates_and_keys_without_a_name_are_blank_and_a_broken_name_is_refused(tmp_path: Path) -> None:
    load = read(tmp_path, "windows-registry", EXPORT)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (8, 4, 1, 3)
    (refused,) = load.refused
    at = EXPORT.splitlines().index(f"[{WOW}\\Broken]") + 1
    assert (refused.line, refused.reason) == (at, f"line {at + 1}: displayname is bytes, and not text")
    assert [text.partition(": ")[2] for text in load.warnings[:2]] == [
        "2 rows counted as blank: updates, and parts of programs that have an entry of their own",
        "1 rows counted as blank: keys without a DisplayName are no programs",
    ]
    assert load.incomplete is None


def test_each_row_stands_where_its_key_begins(tmp_path: Path) -> None:
    files = Files()
    load = desk.read(tmp_path, EXPORT, "windows-registry", name="PC-0001.reg", files=files)
    lines = EXPORT.splitlines()
    found = [lines[files.place(code).line - 1] for code in load.tables["software"].places]
    assert found == [f"[{KEY}\\7-Zip]", f"[{KEY}\\{{AAAA}}]", f"[{WOW}\\Chrome]", f"[{SQL}\\MSSQL15.PAYROLL\\Setup]"]


def test_the_old_form_is_read_in_the_characters_that_the_source_declares(tmp_path: Path) -> None:
    old = f'REGEDIT4\n\n[{KEY}\\Café]\n"DisplayName"="Café"\n"DisplayVersion"=hex(2):31,2e,30,00\n'
    assert recognised(tmp_path, old)[0] == "windows-registry"
    assert rows(read(tmp_path, "windows-registry", old), "software", "name", "version") == [("Café", "1.0")]
    with pytest.raises(InputError, match="is not UTF-8"):
        read(tmp_path, "windows-registry", old.encode("cp1252"))
    assert read(tmp_path, "windows-registry", old.encode("cp1252"), encoding="cp1252").rows_loaded == 1


def test_an_asset_of_the_source_goes_before_the_name_of_the_file(tmp_path: Path) -> None:
    load = read(tmp_path, "windows-registry", EXPORT, name="pc.reg", asset="OAK-{stem}")
    assert set(load.tables["software"].columns["asset_tag"]) == {"OAK-pc"}


@pytest.mark.parametrize("at", ['"DisplayVersion"="22', '"InstallDate"="', "15.0.2000", "31,"])
def test_a_file_that_breaks_off_within_a_value_is_incomplete(tmp_path: Path, at: str) -> None:
    text = EXPORT if at != "31," else f'{EXPORT}\n[{KEY}\\Last]\n"DisplayName"=hex(1):31,\\\n'
    cut = text[: text.index(at) + len(at)] if at != "31," else text
    load = read(tmp_path, "windows-registry", cut)
    assert load.incomplete is not None and "breaks off" in load.incomplete
    assert load.refused[-1].reason.endswith("breaks off")


def test_a_quote_that_is_never_closed_swallows_no_other_key(tmp_path: Path) -> None:
    broken = EXPORT.replace('"Publisher"="Igor Pavlov"', '"Publisher"="Igor Pavlov')
    load = read(tmp_path, "windows-registry", broken)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (8, 3, 2)
    assert "Google Chrome" in load.tables["software"].columns["name"]
    broken = EXPORT.replace('"Publisher"="Google LLC"', '"Publisher"="Google LLC').replace(
        f"[{WOW}\\Chrome\\Deeper]", f"[{WOW}\\Deeper]"
    )
    load = read(tmp_path, "windows-registry", broken)
    assert load.refused[0].reason.endswith("is never closed")
    assert "no program of its own" in load.tables["software"].columns["name"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\X]\n", "holds no list of programs: its first key is"),
        ("Windows Registry Editor Version 5.00\n", "its first key is 'none'"),
        ("not a registry", "does not begin as a registry export does"),
        ("\nHKEY_LOCAL_MACHINE\\SOFTWARE\\X\n    DisplayName    REG_SZ    7-Zip\n", "is the output of 'reg query'; write it with 'reg export"),
        ("", "is empty"),
    ],
)  # fmt: skip
def test_what_lists_no_programs_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "windows-registry", text)


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60), st.integers(1, 40))
def test_text_comes_back_whether_quoted_or_in_bytes(text: str, width: int) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    entry = f'"DisplayName"={quoted}\n"DisplayName"={hexed(text, 2, width)}'
    found = [words.partition("=")[2] for _, words, _ in registry._logical(entry)]
    assert [registry._decoded(one.strip(), wide=True) for one in found] == [text, text]


@pytest.mark.shared
def test_public_samples(tmp_path: Path) -> None:
    folder = shared("data", "inventories", "windows-registry")
    load = read(tmp_path, "windows-registry", (folder / "glpi-agent__mssql-Uninstall.reg").read_bytes())
    assert (load.rows_read, load.rows_loaded) == (7, 7)
    assert "Git version 2.12.2.2" in load.tables["software"].columns["name"]
    load = read(tmp_path, "windows-registry", (folder / "glpi-agent__mssql-Setup.reg").read_bytes())
    assert rows(load, "software", "name", "version") == [("Microsoft SQL Server", "10.53.6000.34")]
    for name in ("glpi-agent__mssql-SQL.reg", "glpi-agent__office_2016_02.reg"):
        with pytest.raises(InputError, match="holds no list of programs"):
            read(tmp_path, "windows-registry", (folder / name).read_bytes())


@pytest.mark.parametrize("kind", ["Update", "Security Update", "Software Update", "HotFix"])
def test_every_word_for_an_update_is_one(tmp_path: Path, kind: str) -> None:
    path = "HKEY_LOCAL_MACHINE\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall"
    text = f'REGEDIT4\n\n[{path}\\a]\n"DisplayName"="x"\n"ReleaseType"="{kind}"\n\n[{path}\\b]\n"DisplayName"="Tally"\n'
    load = read(tmp_path, "windows-registry", text, name="PC-1.reg")
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (2, 1, 1)
