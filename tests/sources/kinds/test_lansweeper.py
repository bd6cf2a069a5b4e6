"""Lansweeper's reports on assets and on software."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.model.errors import InputError
from secscan.sources.kinds.lansweeper import _build
from tests.sources.kinds.desk import read, recognised, rows

OLD = """\
AssetID,AssetName,Domain,AssetType,Username,Userdomain,icon,IPAddress,IPLocation,Manufacturer,Model,OS,SP,Lastseen,Lasttried,Serialnumber,Mac,BuildNumber,Statename
11,SRV-FILE,OAK,Windows,svc.person,OAK,windows.png,10.20.0.5,Hall,Brand,R1,Win 2012 R2,0,20/11/2026 07:15:00,21/11/2026 07:15:00,SRL0011,00:11:22:33:44:55,9600,Active
12,PC-0002,OAK,Windows,b.person,OAK,windows.png,10.20.0.6,Hall,Brand,P1,Win 10,0,19/11/2026 10:00:00,21/11/2026 07:15:00,SRL0012,,19045.3324,Stolen
13,PRN-3,,Printer,,,printer.png,10.20.0.7,Hall,Brand,L1,,,18/11/2026 10:00:00,,,,,Active
,PC-0009,OAK,Windows,,,windows.png,,,,,Win 11,,,,,,,Active
"""
NEW = """\
Asset name;Domain;Asset type;IP Address;Manufacturer;Model;Operating system;Last successful scan;Last scan attempt
SRV-WEB;OAK;Web server;10.20.0.8;Brand;R2;Win 2019;2026-11-20 07:15:00;2026-11-21 07:15:00
"""
SOFTWARE = """\
AssetName,Domain,Username,OS,Software,Version,Publisher,Lastchanged
SRV-FILE,OAK,svc.person,Win 2012 R2,7-Zip 22.01 (x64),22.01,Igor Pavlov,20/11/2026 07:15:00
SRV-FILE,OAK,svc.person,Win 2012 R2,Java 8 Update 202,8.0.2020.8,Oracle Corporation,20/11/2026 07:15:00
PC-0002,OAK,b.person,Win 10,Google Chrome,131.0.6778.86,Google LLC,
PC-0002,OAK,b.person,Win 10,,1.0,,
"""
NEW_SOFTWARE = (
    "Asset name,Asset key,Software name,Software version,Software publisher,Type\nPC-1,k1,Notes,2.0,Brand,Desktop app\n"
)
TOTAL = "Software,Version,Publisher,Total\n7-Zip 22.01 (x64),22.01,Igor Pavlov,40\n"
SEEDS = {"lansweeper": [OLD, NEW, SOFTWARE]}


def test_assets_keep_the_short_name_of_their_system_and_its_build(tmp_path: Path) -> None:
    assert recognised(tmp_path, OLD)[0] == "lansweeper"
    assert recognised(tmp_path, OLD)[1].startswith("certain")
    load = read(tmp_path, "lansweeper", OLD)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (4, 3, 1)
    assert (load.refused[0].line, load.refused[0].reason) == (5, "device_id is empty")
    assert rows(load, "assets", "device_id", "hostname", "os", "os_version", "type", "serial", "ip") == [
        ("11", "SRV-FILE", "Win 2012 R2", "9600", None, "SRL0011", ("10.20.0.5",)),
        ("12", "PC-0002", "Win 10", "19045.3324", None, "SRL0012", ("10.20.0.6",)),
        ("13", "PRN-3", None, None, "printer", None, ("10.20.0.7",)),
    ]
    assert rows(load, "assets", "last_seen") == [(date(2026, 11, 20),), (date(2026, 11, 19),), (date(2026, 11, 18),)]
    assert "person" not in repr(load)


def test_an_asset_out_of_use_stays_and_is_warned_of(tmp_path: Path) -> None:
    load = read(tmp_path, "lansweeper", OLD)
    assert load.tables["assets"].extra["Statename"] == ["Active", "Stolen", "Active"]
    assert any("1 rows are out of use by their own 'Statename' (Stolen 1)" in says for says in load.warnings)


def test_new_headings_and_semicolons_are_read_too(tmp_path: Path) -> None:
    assert recognised(tmp_path, NEW)[0] == "lansweeper"
    load = read(tmp_path, "lansweeper", NEW)
    assert rows(load, "assets", "device_id", "os", "type", "last_seen") == [
        ("SRV-WEB", "Win 2019", "server", date(2026, 11, 20))
    ]
    assert recognised(tmp_path, NEW_SOFTWARE)[0] == "lansweeper"
    new = read(tmp_path, "lansweeper", NEW_SOFTWARE)
    assert rows(new, "software", "asset_tag", "name", "version", "publisher") == [("k1", "Notes", "2.0", "Brand")]


def test_a_row_of_the_software_list_is_a_program_on_an_asset(tmp_path: Path) -> None:
    assert recognised(tmp_path, SOFTWARE)[0] == "lansweeper"
    load = read(tmp_path, "lansweeper", SOFTWARE)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (4, 3, 1)
    assert rows(load, "software", "asset_tag", "name", "version", "publisher")[1:] == [
        ("SRV-FILE", "Java 8 Update 202", "8.0.2020.8", "Oracle Corporation"),
        ("PC-0002", "Google Chrome", "131.0.6778.86", "Google LLC"),
    ]
    assert rows(load, "assets", "device_id", "os") == [("SRV-FILE", "Win 2012 R2"), ("PC-0002", "Win 10")]
    assert "person" not in repr(load)


def test_counts_of_software_name_no_asset_and_are_refused(tmp_path: Path) -> None:
    assert recognised(tmp_path, TOTAL)[0] == "lansweeper"
    with pytest.raises(InputError, match=r"export\.csv:1: is a Lansweeper report that counts installations.*AssetName"):
        read(tmp_path, "lansweeper", TOTAL)


@pytest.mark.parametrize(
    ("code", "number", "build"),
    [
        ("10.0.19045", "3324", "10.0.19045.3324"), ("10.0.19045", "19045", "10.0.19045"), ("10.0.19045", "19045.3324", "10.0.19045.3324"),
        ("10.0.19045", "", "10.0.19045"), ("", "9600", "9600"), ("", "", ""),
        ("22H2", "19045.3324", "19045.3324"), ("22H2", "", "22H2"), ("6.3.9600", "10.0.19045.1", "10.0.19045.1"),
    ],
)  # fmt: skip
def test_a_build_is_put_together_and_never_invented(code: str, number: str, build: str) -> None:
    assert _build(code, number) == build


@given(st.from_regex(r"(\d{1,2}\.\d\.\d{4,5})?", fullmatch=True), st.from_regex(r"(\d{1,5})?", fullmatch=True))
def test_no_digit_of_a_build_is_lost(code: str, number: str) -> None:
    built = _build(code, number)
    assert built == ".".join(filter(None, (code, number))) or (built == code and code.endswith(f".{number}"))


def test_other_tables_are_not_taken(tmp_path: Path) -> None:
    assert recognised(tmp_path, "Asset Name,Asset Tag,Serial,Model\nPC-1,T1,S1,M\n")[0] != "lansweeper"
    with pytest.raises(InputError, match="has no column 'AssetName'"):
        read(tmp_path, "lansweeper", "Name,Software\na,b\n")


def test_a_line_of_totals_below_a_list_is_no_row_and_no_asset(tmp_path: Path) -> None:
    text = (
        "AssetID;AssetName;Domain;Software;Version;Publisher\n1;PC-1;OAK;7-Zip 22.01;22.01;Igor\n;;;;;\nTotal;1;;;;\n"
    )
    load = read(tmp_path, "lansweeper", text)
    assert (load.rows_read, load.rows_loaded, load.rows_blank, load.rows_refused) == (3, 1, 2, 0)
    assert load.warnings == ("export.csv: 1 rows counted as blank: lines of totals",)
    assert rows(load, "assets", "device_id") == [("1",)]
    # A machine that somebody called so is one where the rest of its row says what it is.
    named = read(tmp_path, "lansweeper", text.replace("Total;1;;;;", "Total;total;OAK;Tally;1.0;"))
    assert rows(named, "assets", "device_id") == [("1",), ("Total",)]


def test_a_report_is_told_behind_its_title_line(tmp_path: Path) -> None:
    text = "Lansweeper report: all software\n\nAssetName,Domain,Software,Version,Publisher,Lastchanged\nPC-1,OAK,7-Zip,22.01,Igor,2026-11-20\n"
    assert recognised(tmp_path, text)[0] == "lansweeper"
    assert rows(read(tmp_path, "lansweeper", text), "software", "asset_tag", "name") == [("PC-1", "7-Zip")]
