"""ServiceNow's configuration items and software installations."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from secscan.model.errors import InputError
from secscan.sources.kinds.servicenow import _sort
from tests.sources.kinds.desk import read, recognised, rows

ITEMS = """\
sys_id,name,fqdn,ip_address,mac_address,os,os_version,os_service_pack,install_status,serial_number,asset_tag,assigned_to,owned_by,last_discovered,sys_class_name
aa01,SRV-1,srv-1.oak.example,10.1.0.4,00:11:22:33:44:55,Windows 2016 Standard,10.0.14393,,1,SRL1,OAK-1,A Person,B Person,2026-11-20 04:00:00,cmdb_ci_win_server
aa02,SRV-2,,"10.1.0.5,10.1.0.6",,Linux Red Hat,7.9,,7,SRL2,,A Person,,2026-06-01 04:00:00,cmdb_ci_linux_server
,SRV-3,,,,,,,1,,,,,,cmdb_ci_server
"""
LABELS = """\
Name,Class,Operating System,OS Version,IP Address,Serial number,Asset tag,Status,Most recent discovery,Assigned to
SW-CORE,IP Switch,,,10.1.0.1,SRL9,OAK-9,Installed,18/11/2026 03:00:00,A Person
PC-4,Computer,Windows 10 Enterprise,10.0.19045,10.1.2.4,SRL4,OAK-4,Retired,01/10/2026 03:00:00,A Person
"""
SHOWN = """\
sys_id,name,install_status,install_status.display_value,sys_class_name,sys_class_name.display_value,os
aa01,SRV-1,100,Absent,cmdb_ci_server,Server,Windows Server 2019
"""
INSTALLS = """\
display_name,publisher,version,installed_on,installed_on.display_value,install_date,last_scanned,discovery_model,normalized_product,prod_id
7-Zip 22.01 (x64),Igor Pavlov,22.01,aa01,SRV-1,2025-03-01,2026-11-01,m1,7-Zip,p1
Google Chrome,Google LLC,131.0.6778.86,aa01,SRV-1,,2026-11-01,m2,Chrome,p2
Java 8 Update 202,Oracle Corporation,8.0.2020.8,aa02,SRV-2,,2026-11-01,m3,Java,p3
Nameless,,,,,,,,,
"""
API = """\
{"result": [
  {"sys_id": {"display_value": "aa01", "value": "aa01"}, "name": {"display_value": "SRV-1", "value": "SRV-1"},
   "sys_class_name": {"display_value": "Windows Server", "value": "cmdb_ci_win_server"}, "os": {"display_value": "Windows 2019", "value": "Windows 2019"},
   "install_status": {"display_value": "Installed", "value": "1"}, "assigned_to": {"display_value": "A Person", "link": "https://x.example/u"}},
  {"sys_id": {"display_value": "aa02", "value": "aa02"}, "name": {"display_value": "", "value": ""}}
]}
"""
API_INSTALLS = '{"result": [{"display_name": "Notes", "version": "1", "installed_on": {"link": "https://x.example", "value": "aa01"}}]}'
SEEDS = {"servicenow": [ITEMS, LABELS, INSTALLS, API]}


def test_items_come_by_their_field_names(tmp_path: Path) -> None:
    assert recognised(tmp_path, ITEMS)[0] == "servicenow"
    load = read(tmp_path, "servicenow", ITEMS)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert (load.refused[0].line, load.refused[0].reason) == (4, "device_id is empty")
    assert rows(load, "assets", "device_id", "asset_tag", "fqdn", "os", "os_version", "type", "last_seen") == [
        ("aa01", "OAK-1", "srv-1.oak.example", "Windows 2016 Standard", "10.0.14393", "server", date(2026, 11, 20)),
        ("aa02", None, None, "Linux Red Hat", "7.9", "server", date(2026, 6, 1)),
    ]
    assert rows(load, "assets", "ip")[1] == (("10.1.0.5", "10.1.0.6"),)
    assert "Person" not in repr(load)


def test_what_is_retired_stays_as_a_fact_and_with_a_warning(tmp_path: Path) -> None:
    load = read(tmp_path, "servicenow", ITEMS)
    assert load.tables["assets"].extra["install_status"] == ["1", "7"]
    assert any("1 rows are out of use by their own 'install_status' (7 1)" in says for says in load.warnings)
    told = read(tmp_path, "servicenow", SHOWN)
    assert any("'install_status.display_value' (Absent 1)" in says for says in told.warnings)
    labelled = read(tmp_path, "servicenow", LABELS)
    assert labelled.tables["assets"].extra["Status"] == ["Installed", "Retired"]


def test_items_come_by_their_labels(tmp_path: Path) -> None:
    assert recognised(tmp_path, LABELS)[0] == "servicenow"
    load = read(tmp_path, "servicenow", LABELS)
    assert rows(load, "assets", "device_id", "os", "os_version", "type", "last_seen") == [
        ("SW-CORE", None, None, "network", date(2026, 11, 18)),
        ("PC-4", "Windows 10 Enterprise", "10.0.19045", None, date(2026, 10, 1)),
    ]
    assert "Person" not in repr(load)


def test_installations_name_their_asset_by_its_sys_id_and_show_its_name(tmp_path: Path) -> None:
    assert recognised(tmp_path, INSTALLS)[0] == "servicenow"
    load = read(tmp_path, "servicenow", INSTALLS)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (4, 3, 1)
    assert rows(load, "software", "asset_tag", "name", "version", "install_date")[0] == (
        "aa01", "7-Zip 22.01 (x64)", "22.01", date(2025, 3, 1),
    )  # fmt: skip
    assert rows(load, "assets", "device_id", "hostname") == [("aa01", "SRV-1"), ("aa02", "SRV-2")]


@pytest.mark.parametrize("on", ["Installed on", "installed_on.display_value"])
def test_installations_without_sys_ids_name_their_asset_as_it_is_shown(tmp_path: Path, on: str) -> None:
    load = read(tmp_path, "servicenow", f"Display name,Version,Publisher,{on}\nNotes,1,Brand,SRV-1\n")
    assert rows(load, "software", "asset_tag", "name") == [("SRV-1", "Notes")]
    assert rows(load, "assets", "device_id", "hostname") == [("SRV-1", "SRV-1")]


def test_the_table_api_is_read_with_values_alone_or_with_what_they_show(tmp_path: Path) -> None:
    assert recognised(tmp_path, API)[0] == "servicenow"
    load = read(tmp_path, "servicenow", API)
    assert (load.rows_read, load.rows_loaded) == (2, 2)
    assert rows(load, "assets", "device_id", "hostname", "os", "type")[0] == ("aa01", "SRV-1", "Windows 2019", "server")
    assert load.tables["assets"].extra["install_status.display_value"] == ["Installed", None]
    assert "Person" not in repr(load)
    apps = read(tmp_path, "servicenow", API_INSTALLS)
    assert rows(apps, "software", "asset_tag", "name") == [("aa01", "Notes")]


@pytest.mark.parametrize("text", ['{"result": {}}', "[]", '{"result": [1]}', '{"records": 5}'])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"table API|not a list"):
        read(tmp_path, "servicenow", text)


@pytest.mark.parametrize(
    ("said", "sort"),
    [
        ("Windows Server", "server"), ("cmdb_ci_win_server", "server"), ("cmdb_ci_ip_switch", "network"), ("Computer", ""),
        ("Printer", "printer"), ("cmdb_ci_printer", "printer"), ("cmdb_ci_computer", ""), ("Storage Switch", "network"),
    ],
)  # fmt: skip
def test_a_class_by_its_label_or_its_name_is_one_sort(said: str, sort: str) -> None:
    assert _sort(said) == sort


def test_packages_without_an_asset_are_refused_and_never_taken_for_assets(tmp_path: Path) -> None:
    packages = "sys_id,name,version,vendor,sys_class_name,install_status\nb1,Notes,1.0,Brand,cmdb_ci_spkg,1\n"
    with pytest.raises(InputError, match="software packages, which names no asset; export the installations"):
        read(tmp_path, "servicenow", packages)


def test_other_tables_are_not_taken(tmp_path: Path) -> None:
    assert recognised(tmp_path, "name,version,vendor\na,1,b\n")[0] == "table"
    things = "Name,Asset Tag,Serial Number,Category,Operating System,Supplier\nPC,T1,S1,Desktops,Windows 11,Shop\n"
    assert recognised(tmp_path, things)[0] != "servicenow"
    with pytest.raises(InputError, match="has no column"):
        read(tmp_path, "servicenow", "name,version\na,1\n")


def test_as_many_rows_as_it_gives_at_once_are_incomplete(tmp_path: Path) -> None:
    for count in (9_999, 10_000):
        text = "name,sys_class_name,sys_id,os\n" + "".join(
            f"srv-{n},cmdb_ci_server,{n:032x},Linux\n" for n in range(count)
        )
        assert (read(tmp_path, "servicenow", text).incomplete is not None) == (count == 10_000)


def test_its_xml_is_refused_by_name(tmp_path: Path) -> None:
    text = '<?xml version="1.0"?><unload><cmdb_ci_server action="INSERT_OR_UPDATE"><name>srv1</name></cmdb_ci_server></unload>'
    assert recognised(tmp_path, text)[0] == "servicenow"
    with pytest.raises(InputError, match="is ServiceNow's XML; export the list as CSV or JSON"):
        read(tmp_path, "servicenow", text)


def test_a_report_is_told_behind_its_title_lines(tmp_path: Path) -> None:
    text = "Report Title:,Servers\nRun by:,somebody\nTable name:,cmdb_ci_server\n\n" + LABELS
    assert recognised(tmp_path, text)[0] == "servicenow"
    load, plain = read(tmp_path, "servicenow", text), read(tmp_path, "servicenow", LABELS)
    assert (load.rows_read, load.rows_loaded) == (plain.rows_read, plain.rows_loaded)
    assert "passed over what stands before the header" in load.warnings[0]
