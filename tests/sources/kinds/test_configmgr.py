"""ConfigMgr's queries and reports."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from secscan.model.errors import InputError
from tests.sources.kinds.desk import read, recognised, rows

SYSTEMS = """\
ResourceID,Name0,Netbios_Name0,Full_Domain_Name0,Operating_System_Name_and0,Build01,BuildExt,Client0,Obsolete0,Last_Logon_Timestamp0,User_Name0,IP_Addresses0,MAC_Addresses0
16777220,PC-0001,PC-0001,OAK.EXAMPLE,Microsoft Windows NT Workstation 10.0,10.0.19045,10.0.19045.6456,1,0,2026-11-20 09:12:44.000,aperson,"10.1.2.3, fe80::1","00:11:22:33:44:55, 66:11:22:33:44:55"
16777221,SRV-1,SRV-1,OAK.EXAMPLE,Microsoft Windows NT Advanced Server 6.3,6.3.9600,,1,0,2026-11-20 09:12:44.000,,10.1.2.4,00:11:22:33:44:56
16777222,OLD,OLD,OAK.EXAMPLE,Microsoft Windows NT Workstation 6.1,6.1.7601,,1,1,,,,
,X,X,,,,,,,,,,
"""
SYSTEM = """\
ResourceID;GroupID;TimeStamp;Caption0;Version0;BuildNumber0;CSDVersion0;OperatingSystemSKU0;SerialNumber0;RegisteredUser0
16777220;1;20/11/2026 09:12:44;Microsoft Windows 10 Pro;10.0.19045;19045;;48;00330-80000-00000-AA123;A Person
16777221;1;20/11/2026 09:12:44;Microsoft Windows Server 2008 R2 Standard;;7601;Service Pack 1;7;00477-001-0000421-84319;
"""
ARP = """\
ResourceID,Name0,ProdID0,DisplayName0,Version0,Publisher0,InstallDate0,TimeStamp
16777220,PC-0001,{A},7-Zip 22.01 (x64),22.01,Igor Pavlov,20230415,2026-11-20 09:12:44.000
16777220,PC-0001,{B},Google Chrome,131.0.6778.86,Google LLC,,2026-11-20 09:12:44.000
16777221,SRV-1,{C},,1.0,Nobody,,2026-11-20 09:12:44.000
"""
INSTALLED = """\
ResourceID,ARPDisplayName0,ProductName0,ProductVersion0,VersionMajor0,Publisher0,InstallDate0,RegisteredUser0,ProductID0
16777220,7-Zip 22.01 (x64),7-Zip,22.01.00.0,22,Igor Pavlov,2023-04-15 00:00:00.000,A Person,x
16777220,,Visual C++ Runtime,14.38.33130,14,Microsoft Corporation,,A Person,x
"""
REPORT = """\
Textbox5,Textbox9
Software by computer,All Systems

Textbox12,Details_Table0_Netbios_Name0,Details_Table0_DisplayName0,Details_Table0_Version0,Publisher0
Computer,PC-0001,7-Zip 22.01 (x64),22.01,Igor Pavlov
Computer,SRV-1,Google Chrome,131.0.6778.86,Google LLC
"""
WORDED = """\
Computers with an operating system
Collection: All Systems

Textbox4,Computer Name,Operating System,Service Pack,OS Version,Client Version,Last Hardware Scan
1,PC-0001,Microsoft Windows 7 Professional,Service Pack 1,6.1.7601,5.00.9106.1000,31/10/2026 10:00:00
"""
SEEDS = {"configmgr": [SYSTEMS, ARP, REPORT]}


@pytest.mark.parametrize("text", [SYSTEMS, SYSTEM, ARP, INSTALLED, REPORT])
def test_columns_as_its_views_name_them_are_certain(tmp_path: Path, text: str) -> None:
    kind, words = recognised(tmp_path, text)
    assert (kind, words.partition(":")[0]) == ("configmgr", "certain")


def test_systems_come_with_the_fullest_build_and_their_full_name(tmp_path: Path) -> None:
    load = read(tmp_path, "configmgr", SYSTEMS)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (4, 2, 1, 1)
    assert load.refused[0].reason == "device_id is empty"
    assert load.warnings == ("export.csv: 1 rows counted as blank: systems that are obsolete",)
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "os_version", "type", "ip", "mac", "last_seen") == [
        ("16777220", "PC-0001", "PC-0001.OAK.EXAMPLE", "10.0.19045.6456", None, ("10.1.2.3",), None, date(2026, 11, 20)),
        ("16777221", "SRV-1", "SRV-1.OAK.EXAMPLE", "6.3.9600", "server", ("10.1.2.4",), "00:11:22:33:44:56", date(2026, 11, 20)),
    ]  # fmt: skip
    assert "aperson" not in repr(load)


def test_a_systems_edition_and_service_pack_are_read_and_its_licence_is_not(tmp_path: Path) -> None:
    load = read(tmp_path, "configmgr", SYSTEM)
    assert rows(load, "assets", "device_id", "os", "os_version", "os_edition", "serial", "type", "last_seen") == [
        ("16777220", "Microsoft Windows 10 Pro", "10.0.19045", "Pro", None, None, date(2026, 11, 20)),
        ("16777221", "Microsoft Windows Server 2008 R2 Standard Service Pack 1", "6.1.7601", "Standard", None, "server", date(2026, 11, 20)),
    ]  # fmt: skip
    assert "00330" not in repr(load.tables) and "A Person" not in repr(load)


def test_a_clients_version_is_not_its_systems(tmp_path: Path) -> None:
    text = "Name0,Operating_System_Name_and0,Version0,BuildNumber0\nPC-1,Microsoft Windows NT Workstation 10.0,5.00.9106.1000,19045\n"
    assert rows(read(tmp_path, "configmgr", text), "assets", "device_id", "os_version") == [("PC-1", "10.0.19045")]


def test_programs_come_with_their_system_and_each_system_once(tmp_path: Path) -> None:
    load = read(tmp_path, "configmgr", ARP)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert rows(load, "software", "asset_tag", "name", "version", "publisher", "install_date", "kind") == [
        ("16777220", "7-Zip 22.01 (x64)", "22.01", "Igor Pavlov", date(2023, 4, 15), "arp"),
        ("16777220", "Google Chrome", "131.0.6778.86", "Google LLC", None, "arp"),
    ]
    assert rows(load, "assets", "device_id", "hostname") == [("16777220", "PC-0001"), ("16777221", "SRV-1")]


def test_where_the_list_of_programs_has_no_name_the_products_own_is_taken(tmp_path: Path) -> None:
    load = read(tmp_path, "configmgr", INSTALLED)
    assert rows(load, "software", "name", "version", "install_date") == [
        ("7-Zip 22.01 (x64)", "22.01.00.0", date(2023, 4, 15)), ("Visual C++ Runtime", "14.38.33130", None),
    ]  # fmt: skip
    assert "A Person" not in repr(load)


def test_a_report_is_read_behind_its_titles_and_text_boxes(tmp_path: Path) -> None:
    load = read(tmp_path, "configmgr", REPORT)
    assert load.warnings == ("export.csv:1: passed over what stands before the header on line 4",)
    assert rows(load, "software", "asset_tag", "name", "version") == [
        ("PC-0001", "7-Zip 22.01 (x64)", "22.01"), ("SRV-1", "Google Chrome", "131.0.6778.86"),
    ]  # fmt: skip
    assert load.tables["software"].places[0] & 0xFFFF == 5
    assert recognised(tmp_path, WORDED)[0] == "configmgr"
    load = read(tmp_path, "configmgr", WORDED)
    assert rows(load, "assets", "device_id", "os", "os_version", "last_seen") == [
        ("PC-0001", "Microsoft Windows 7 Professional Service Pack 1", "6.1.7601", date(2026, 10, 31))
    ]


def test_what_names_no_computer_is_refused(tmp_path: Path) -> None:
    counts = "DisplayName0,Publisher0,Version0,Count\n7-Zip,Igor Pavlov,22.01,40\n"
    assert recognised(tmp_path, counts) == ("configmgr", "likely: a query of ConfigMgr, by its column 'DisplayName0'")
    with pytest.raises(InputError, match="lists software and names no computer; add ResourceID or Name0"):
        read(tmp_path, "configmgr", counts)
    with pytest.raises(InputError, match="has no column 'ResourceID'"):
        read(tmp_path, "configmgr", "a,b\n1,2\n")
    assert recognised(tmp_path, "Name,Operating System,Version\nPC,Windows,10\n")[0] == "table"


CONSOLE = """\
Name,Client,Site Code,Client Activity,Operating System,Operating System Build,Device Online Status,Last Active Time,Resource ID
PC-0001,Yes,OAK,Active,Microsoft Windows NT Workstation 10.0,10.0.19045.6456,Online,20/11/2026 09:12,16777220
"""
MODULE = """\
#TYPE IResultObject#SMS_CombinedDeviceResources
"DeviceOS","DeviceOSBuild","IsClient","IsObsolete","LastActiveTime","Name","ResourceID","SiteCode","SMSID","UserName"
"Microsoft Windows NT Workstation 10.0","10.0.19045.6456","True","False","20/11/2026 09:12:44","PC-0001","16777220","OAK","GUID:1","aperson"
"Microsoft Windows NT Workstation 6.1","6.1.7601","True","True","20/11/2020 09:12:44","OLD","16777221","OAK","GUID:2",""
"""
SERVICE = """\
{"@odata.context": "https://cm.example/AdminService/wmi/$metadata#SMS_R_System",
 "value": [
  {"ResourceId": 16777220, "NetbiosName": "PC-0001", "OperatingSystemNameandVersion": "Microsoft Windows NT Workstation 10.0",
   "BuildExt": "10.0.19045.6456", "LastLogonTimestamp": "2026-11-20T09:12:44Z", "LastLogonUserName": "aperson"}]}
"""


@pytest.mark.parametrize("text", [CONSOLE, MODULE, SERVICE])
def test_the_console_its_module_and_its_service_tell_the_same_of_a_system(tmp_path: Path, text: str) -> None:
    assert recognised(tmp_path, text)[0] == "configmgr"
    load = read(tmp_path, "configmgr", text, name="cm.txt")
    assert rows(load, "assets", "device_id", "hostname", "os", "os_version", "last_seen") == [
        ("16777220", "PC-0001", "Microsoft Windows NT Workstation 10.0", "10.0.19045.6456", date(2026, 11, 20))
    ]
    assert load.incomplete is None
    assert "aperson" not in repr(load)


def test_a_page_of_the_service_is_not_the_whole_list(tmp_path: Path) -> None:
    page = SERVICE.replace(' "value"', ' "@odata.nextLink": "https://cm.example/next", "value"')
    assert "is one page of several" in str(read(tmp_path, "configmgr", page, name="cm.json").incomplete)


def test_cmpivot_calls_the_computer_a_device(tmp_path: Path) -> None:
    programs = "Device,ProductName,ProductVersion,Publisher\nPC-0001,7-Zip 22.01,22.01,Igor Pavlov\n"
    assert recognised(tmp_path, programs)[0] == "configmgr"
    load = read(tmp_path, "configmgr", programs)
    assert rows(load, "software", "asset_tag", "name", "version") == [("PC-0001", "7-Zip 22.01", "22.01")]
    assert rows(load, "assets", "device_id", "hostname") == [("PC-0001", "PC-0001")]
    system = "Device,Caption,Version,BuildNumber\nPC-0001,Microsoft Windows 10 Enterprise,10.0.19045,19045\n"
    assert recognised(tmp_path, system)[0] == "configmgr"
    assert rows(read(tmp_path, "configmgr", system), "assets", "hostname", "os_version") == [("PC-0001", "10.0.19045")]
