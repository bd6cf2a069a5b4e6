"""Installed programs as scripts and wmic list them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.model.errors import InputError
from tests.sources.kinds.desk import read, recognised, rows

OF_MANY = """\
#TYPE Selected.System.Management.Automation.PSCustomObject
"DisplayName","DisplayVersion","Publisher","InstallDate","ReleaseType","ParentKeyName","PSComputerName","RunspaceId"
"7-Zip 22.01 (x64)","22.01","Igor Pavlov","",,,"PC-0007","r"
,,,,,,"PC-0007","r"
"Security Update for Microsoft Office","","Microsoft","","Security Update","Office16.PROPLUS","PC-0007","r"
"Google Chrome","131.0.6778.86","Google LLC","20241120",,,"pc-0008.oak.example","r"
"Orphan","1.0","","",,,"","r"
"""
OF_ONE = """\
"DisplayName","DisplayVersion","Publisher","InstallDate"
"7-Zip 22.01 (x64)","22.01","Igor Pavlov",""
,,,
"Google Chrome","131.0.6778.86","Google LLC","20241120"
"""
WMIC = """\

Node,Name,Vendor,Version
PC-0001,7-Zip 22.01 (x64 edition),Igor Pavlov,22.01.00.0
PC-0001,VMware Tools,VMware, Inc.,11.0.1
PC-0001,A "quoted" name, and more,Oracle, Inc.,1.0
PC-0002,Some,thing,A Vendor,1.0
PC-0002,Google Chrome,Google LLC,131.0.6778.86
"""
TABLE = """\
Name                       Vendor       Version
7-Zip 22.01 (x64 edition)  Igor Pavlov  22.01.00.0
VMware Tools               VMware, Inc.  11.0.1
"""
TABLE = TABLE.replace("Igor Pavlov  2", "Igor Pavlov   2").replace("Vendor       V", "Vendor        V")
SEEDS = {"installed-programs": [OF_MANY, OF_ONE], "wmic": [WMIC.replace("\n", "\r\r\n").encode("utf-16"), TABLE]}


def test_a_script_says_whose_program_each_is(tmp_path: Path) -> None:
    assert recognised(tmp_path, OF_MANY)[0] == "installed-programs"
    load = read(tmp_path, "installed-programs", OF_MANY)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (5, 2, 1, 2)
    assert load.refused[0].reason == "asset_tag is empty"
    assert rows(load, "software", "asset_tag", "name", "version", "publisher", "install_date", "kind") == [
        ("PC-0007", "7-Zip 22.01 (x64)", "22.01", "Igor Pavlov", None, "arp"),
        ("pc-0008.oak.example", "Google Chrome", "131.0.6778.86", "Google LLC", date(2024, 11, 20), "arp"),
    ]
    assert rows(load, "assets", "device_id", "hostname", "fqdn") == [
        ("PC-0007", "PC-0007", None), ("pc-0008.oak.example", "pc-0008", "pc-0008.oak.example"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        OF_ONE,
        OF_ONE.replace('"\n', '","localhost"\n')
        .replace('Date","localhost"', 'Date","PSComputerName"')
        .replace(",,,", ",,,,"),
    ],
)
def test_where_no_column_says_whose_it_is_the_file_does_as_for_package_lists(tmp_path: Path, text: str) -> None:
    assert recognised(tmp_path, text)[0] == "installed-programs"
    load = read(tmp_path, "installed-programs", text, name="PC-0009.programs.csv")
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (3, 2, 1)
    assert set(load.tables["software"].columns["asset_tag"]) == {"PC-0009"}
    assert "assets" not in load.tables


def test_the_sources_own_asset_goes_before_a_column(tmp_path: Path) -> None:
    load = read(tmp_path, "installed-programs", OF_MANY, asset="OAK-{stem}", name="x.csv")
    assert set(load.tables["software"].columns["asset_tag"]) == {"OAK-x"}


@pytest.mark.parametrize("data", [WMIC.encode(), WMIC.replace("\n", "\r\r\n").encode("utf-16")])
def test_wmic_quotes_no_comma_and_doubles_its_returns(tmp_path: Path, data: bytes) -> None:
    assert recognised(tmp_path, data)[0] == "wmic"
    load = read(tmp_path, "wmic", data)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (5, 4, 1, 0)
    assert (load.refused[0].line, load.refused[0].reason) == (
        6,
        "has 5 cells; the header has 4: wmic does not quote commas",
    )
    assert rows(load, "software", "asset_tag", "name", "publisher", "version") == [
        ("PC-0001", "7-Zip 22.01 (x64 edition)", "Igor Pavlov", "22.01.00.0"),
        ("PC-0001", "VMware Tools", "VMware, Inc.", "11.0.1"),
        ("PC-0001", 'A "quoted" name, and more', "Oracle, Inc.", "1.0"),
        ("PC-0002", "Google Chrome", "Google LLC", "131.0.6778.86"),
    ]
    assert rows(load, "assets", "device_id") == [("PC-0001",), ("PC-0002",)]


def test_wmics_table_is_cut_at_its_columns(tmp_path: Path) -> None:
    assert recognised(tmp_path, TABLE) == ("wmic", "certain: the table that wmic prints")
    load = read(tmp_path, "wmic", TABLE, name="PC-0001.txt")
    assert rows(load, "software", "asset_tag", "name", "publisher", "version") == [
        ("PC-0001", "7-Zip 22.01 (x64 edition)", "Igor Pavlov", "22.01.00.0"),
        ("PC-0001", "VMware Tools", "VMware, Inc.", "11.0.1"),
    ]


def test_products_by_powershell_are_the_same_list(tmp_path: Path) -> None:
    text = '"Name","Vendor","Version","IdentifyingNumber","PSComputerName"\n"VMware Tools","VMware, Inc.","11.0.1","{A}","PC-0001"\n'
    assert recognised(tmp_path, text)[0] == "wmic"
    assert rows(read(tmp_path, "wmic", text), "software", "name", "publisher") == [("VMware Tools", "VMware, Inc.")]


FORMATTED = """\

DisplayName                                  DisplayVersion Publisher             InstallDate
-----------                                  -------------- ---------             -----------
7-Zip 22.01 (x64)                            22.01          Igor Pavlov
Google Chrome                                131.0.6778.86  Google LLC            20261120
Lift Control Workstation for the Town Ha...  14.29.30133    Acme Corporation      2024...

"""


def test_what_format_table_prints_is_read_and_what_it_cut_is_refused(tmp_path: Path) -> None:
    assert recognised(tmp_path, FORMATTED) == (
        "installed-programs",
        "certain: the Uninstall keys as Format-Table prints them",
    )
    load = read(tmp_path, "installed-programs", FORMATTED, name="PC-0001.txt")
    assert rows(load, "software", "asset_tag", "name", "version", "publisher", "install_date") == [
        ("PC-0001", "7-Zip 22.01 (x64)", "22.01", "Igor Pavlov", None),
        ("PC-0001", "Google Chrome", "131.0.6778.86", "Google LLC", date(2026, 11, 20)),
    ]
    assert (load.rows_read, load.rows_blank, load.refused[0].line) == (3, 0, 6)
    assert "is cut to the width of a window; write the list with Export-Csv" in load.refused[0].reason
    # What is cut in a column that is not read refuses nothing.
    assert read(tmp_path, "installed-programs", FORMATTED.replace("a...  ", "ll   "), name="PC-1.txt").rows_loaded == 3


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Name               Version     \n7-Zip 22.01 (x64)  22.01.00.0  \nTally              1.0         \n", "wmic"),
        ("Node,Name,Version\r\r\nPC-1,7-Zip 22.01 (x64),22.01.00.0\r\r\nPC-1,Tally,1.0\r\r\n", "wmic"),
        (
            '"Name","Version","Source","ProviderName","FastPackageReference"\n"7-Zip 22.01 (x64)","22.01.00.0","","Programs","x"\n'
            '"Tally","1.0","","msi","x"\n"Security Update","","","msu","x"\n"PSReadLine","2.0","x","PowerShellGet","x"\n',
            "installed-programs",
        ),
        (
            '[{"Name":"7-Zip 22.01 (x64)","Version":"22.01.00.0","Vendor":null,"IdentifyingNumber":"{A}"},\n'
            '{"Name":"Tally","Version":"1.0","Vendor":"","IdentifyingNumber":"{B}"}]',
            "wmic",
        ),
        (
            '[{"DisplayName":"7-Zip 22.01 (x64)","DisplayVersion":"22.01.00.0","ReleaseType":null},{"DisplayName":null,"DisplayVersion":null},\n'
            '{"DisplayName":"Tally","DisplayVersion":"1.0"},{"DisplayName":"A fix","DisplayVersion":"1","ReleaseType":"Hotfix"}]',
            "installed-programs",
        ),
    ],
)  # fmt: skip
def test_products_without_a_vendor_get_package_and_json_are_the_same_list(tmp_path: Path, text: str, kind: str) -> None:
    assert recognised(tmp_path, text)[0] == kind
    load = read(tmp_path, kind, text, name="PC-1.txt")
    assert rows(load, "software", "asset_tag", "name", "version") == [
        ("PC-1", "7-Zip 22.01 (x64)", "22.01.00.0"), ("PC-1", "Tally", "1.0")
    ]  # fmt: skip
    assert load.rows_read == load.rows_loaded + load.rows_blank
    assert load.rows_blank == (2 if kind == "installed-programs" else 0)


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("\nCaption=Tally\nName=Tally\nVendor=Acme\nVersion=1.0\n", "wmic", "is wmic's list of NAME=VALUE; leave out 'full'"),
        (
            "\nDisplayName    : Tally\nDisplayVersion : 1.0\nPublisher      : Acme\n", "installed-programs",
            "is PowerShell's list of names and values; write it with Export-Csv",
        ),
        (
            "Name              Id           Version  Available  Source\n--------------------------------------------\nTally   Acme.Tally   1.0   1.1   winget\n",
            "installed-programs", "is winget's list, which cuts names",
        ),
    ],
)  # fmt: skip
def test_lists_that_are_known_and_not_read_are_refused_by_name(
    tmp_path: Path, text: str, kind: str, words: str
) -> None:
    assert recognised(tmp_path, text)[0] == kind
    with pytest.raises(InputError) as refused:
        read(tmp_path, kind, text, name="PC-1.txt")
    assert words in str(refused.value)


def test_the_operating_system_by_wmic_is_no_product(tmp_path: Path) -> None:
    text = "Name                                      Version     \nMicrosoft Windows 10 Pro|C:\\Windows|\\x  10.0.19045  \n"
    assert recognised(tmp_path, text)[0] != "wmic"
    assert recognised(tmp_path, "Node,Name,Version\nPC-1,Microsoft Windows 10 Pro|C:\\Windows|x,10.0\n")[0] != "wmic"


WORD = st.from_regex(r"[A-Za-z0-9.]{1,12}(?:, [A-Za-z0-9.]{1,8}){0,2}", fullmatch=True)


@given(st.lists(st.tuples(WORD, WORD, WORD), min_size=1, max_size=8))
def test_commas_with_a_space_behind_them_never_part_a_cell(
    tmp_path_factory: pytest.TempPathFactory, programs: list[tuple[str, str, str]]
) -> None:
    text = "Node,Name,Vendor,Version\n" + "".join(f"PC,{','.join(one)}\n" for one in programs)
    load = read(tmp_path_factory.mktemp("wmic"), "wmic", text)
    unknown = {"none", "null", "unknown", "n/a"}
    said = [
        tuple(cell if cell.casefold() not in unknown else None for cell in one)
        for one in programs
        if one[0].casefold() not in unknown
    ]
    assert rows(load, "software", "name", "publisher", "version") == said


def test_a_list_of_values_and_other_tables_are_not_taken(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is wmic's list of NAME=VALUE"):
        read(tmp_path, "wmic", "\r\r\nName=7-Zip\r\r\nVendor=Igor Pavlov\r\r\n")
    with pytest.raises(InputError, match="no column 'DisplayName'"):
        read(tmp_path, "installed-programs", "Software,Version\nx,1\n")
    assert recognised(tmp_path, "name,version,vendor\nx,1,y\n")[0] == "table"
    assert recognised(tmp_path, "Node,Caption,Version\nPC,Windows,10\n")[0] == "table"
