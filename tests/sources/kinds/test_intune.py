"""Intune's devices and discovered apps."""

from __future__ import annotations

import io
import zipfile
from datetime import date
from pathlib import Path

import pytest

from secscan.model.errors import InputError
from tests.sources.kinds.desk import read, recognised, rows

DEVICES = """\
Device ID,Device name,Enrollment date,Last check-in,OS,OS version,SkuFamily,Serial number,Managed by,Encrypted,Wi-Fi MAC,Primary user UPN
d-1,PC-0001,2025-01-02 10:00:00.0000000,2026-11-20 09:12:44.1234567,Windows,10.0.19045.6456,Enterprise,5CG001,Intune,True,00AABBCCDDEE,a.person@oak.example
d-2,TAB-07,2025-03-02 10:00:00.0000000,2026-10-01 00:00:00.0000000,iPadOS,17.5.1,,DMP002,Intune,False,,
,PC-0003,,,Windows,10.0.22631.1,Pro,5CG003,Intune,,,
"""
APPS = """\
ApplicationKey,ApplicationName,ApplicationPublisher,ApplicationShortVersion,ApplicationVersion,DeviceId,DeviceName,OSVersion,Platform,UserName
k1,7-Zip 22.01 (x64),Igor Pavlov,,22.01,d-1,PC-0001,10.0.19045.6456,Windows,A Person
k2,Google Chrome,Google LLC,,131.0.6778.86,d-1,PC-0001,10.0.19045.6456,Windows,A Person
k3,Notes,,,1.0,d-2,TAB-07,17.5.1,iOS,
k3,,,,1.0,d-2,TAB-07,17.5.1,iOS,
"""
GRAPH = """\
{"@odata.context": "https://graph.example/v1.0/$metadata#deviceManagement/managedDevices", "@odata.count": 2,
 "value": [
  {"id": "d-1", "deviceName": "PC-0001", "operatingSystem": "Windows", "osVersion": "10.0.19045.6456", "skuFamily": "Enterprise",
   "lastSyncDateTime": "2026-11-20T09:12:44Z", "serialNumber": "5CG001", "isEncrypted": true, "ethernetMacAddress": null,
   "wiFiMacAddress": "00AABBCCDDEE", "userPrincipalName": "a.person@oak.example", "azureADDeviceId": "a-1"},
  {"id": "d-2", "deviceName": "TAB-07", "operatingSystem": "iPadOS", "osVersion": "17.5.1", "lastSyncDateTime": "0001-01-01T00:00:00Z",
   "serialNumber": null, "isEncrypted": false}]}
"""
EXPANDED = """\
{"value": [
  {"id": "k1", "displayName": "7-Zip 22.01 (x64)", "version": "22.01", "publisher": "Igor Pavlov", "deviceCount": 2,
   "managedDevices": [{"id": "d-1", "deviceName": "PC-0001"}, {"id": "d-2", "deviceName": "PC-0002"}]},
  {"id": "k2", "displayName": "Tally", "version": "1.0", "publisher": "", "deviceCount": 0, "managedDevices": []}]}
"""
SEEDS = {"intune-devices": [DEVICES, GRAPH], "intune-apps": [APPS, EXPANDED]}
"""What broken bytes are made from."""


def test_devices_come_with_their_build_edition_and_serial_number(tmp_path: Path) -> None:
    assert recognised(tmp_path, DEVICES)[0] == "intune-devices"
    load = read(tmp_path, "intune-devices", DEVICES)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert load.refused[0].reason == "device_id is empty"
    assert rows(load, "assets", "device_id", "hostname", "os_version", "os_edition", "serial", "type", "encrypted") == [
        ("d-1", "PC-0001", "10.0.19045.6456", "Enterprise", "5CG001", None, True),
        ("d-2", "TAB-07", "17.5.1", None, "DMP002", "tablet", False),
    ]
    assert rows(load, "assets", "last_seen") == [(date(2026, 11, 20),), (date(2026, 10, 1),)]
    assert "a.person" not in repr(load)


def test_apps_come_with_their_device_and_each_device_once(tmp_path: Path) -> None:
    assert recognised(tmp_path, APPS)[0] == "intune-apps"
    load = read(tmp_path, "intune-apps", APPS)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (4, 3, 1)
    assert rows(load, "software", "asset_tag", "name", "version")[1] == ("d-1", "Google Chrome", "131.0.6778.86")
    assert rows(load, "assets", "device_id", "hostname") == [("d-1", "PC-0001"), ("d-2", "TAB-07")]
    assert load.tables["assets"].places[1] == load.tables["software"].places[2]
    assert "A Person" not in repr(load)


def test_the_portals_own_headings_mean_the_same(tmp_path: Path) -> None:
    text = (
        "Application Name,Application Publisher,Application Version,Device ID,Device Name,OS Version,User Name\n"
        "7-Zip,Igor Pavlov,22.01,d-1,PC-0001,10.0.19045.6456,A Person\n"
    )
    assert recognised(tmp_path, text)[0] == "intune-apps"
    load = read(tmp_path, "intune-apps", text)
    assert rows(load, "software", "asset_tag", "name", "version", "publisher") == [
        ("d-1", "7-Zip", "22.01", "Igor Pavlov")
    ]
    assert rows(load, "assets", "device_id", "hostname", "os_version") == [("d-1", "PC-0001", "10.0.19045.6456")]
    counts = "Application name,Application publisher,Application version,Device count,Platform\n7-Zip,Igor Pavlov,22.01,40,Windows\n"
    assert recognised(tmp_path, counts)[0] == "intune-apps"
    with pytest.raises(InputError, match="counts devices and names none; export the raw data"):
        read(tmp_path, "intune-apps", counts)


def test_an_aggregate_names_no_device_and_is_refused(tmp_path: Path) -> None:
    aggregate = "ApplicationKey,ApplicationName,ApplicationVersion,DeviceCount,Platform\nk,7-Zip,22.01,40,Windows\n"
    assert recognised(tmp_path, aggregate)[0] == "intune-apps"
    with pytest.raises(InputError, match="counts devices and names none; export the raw data"):
        read(tmp_path, "intune-apps", aggregate)


def test_the_zip_is_read_as_it_comes(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("DevicesWithInventory_1.csv", "\ufeff" + DEVICES)
    assert recognised(tmp_path, packed.getvalue())[0] == "intune-devices"
    load = read(tmp_path, "intune-devices", packed.getvalue(), name="export.zip")
    assert (load.file, load.rows_loaded) == ("export.zip[DevicesWithInventory_1.csv]", 2)
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("other.csv", "x")
    with pytest.raises(InputError, match=r"holds DevicesWithInventory_1\.csv, other\.csv; say which with 'sheet:'"):
        read(tmp_path, "intune-devices", packed.getvalue(), name="export.zip")
    named = read(tmp_path, "intune-devices", packed.getvalue(), name="export.zip", sheet="DevicesWithInventory_1.csv")
    assert named.rows_loaded == 2


def test_other_tables_are_not_taken(tmp_path: Path) -> None:
    assert recognised(tmp_path, "Device ID,Device name,OS version\n1,a,b\n")[0] == "table"
    with pytest.raises(InputError, match="no column 'Last check-in'"):
        read(tmp_path, "intune-devices", "Device ID,Device name,OS version\n1,a,b\n")


def test_graph_tells_the_same_of_devices_and_a_page_is_not_the_whole(tmp_path: Path) -> None:
    assert recognised(tmp_path, GRAPH)[0] == "intune-devices"
    load = read(tmp_path, "intune-devices", GRAPH, name="devices.json")
    assert rows(load, "assets", "device_id", "hostname", "os", "os_version", "os_edition", "mac", "last_seen") == [
        ("d-1", "PC-0001", "Windows", "10.0.19045.6456", "Enterprise", "00AABBCCDDEE", date(2026, 11, 20)),
        ("d-2", "TAB-07", "iPadOS", "17.5.1", None, None, None),
    ]
    assert (load.rows_read, load.rows_loaded, load.incomplete) == (2, 2, None)
    assert "a.person" not in repr(load)
    page = GRAPH.replace('"@odata.count": 2,', '"@odata.nextLink": "https://graph.example/next",')
    assert "is one page of several" in str(read(tmp_path, "intune-devices", page).incomplete)


def test_a_code_of_a_report_says_nothing_where_no_column_puts_it_into_words(tmp_path: Path) -> None:
    header = "DeviceId,DeviceName,DeviceType,OSVersion,LastContact,ManagementAgent"
    text = f"{header}\nd-1,PC-0001,1,10.0.19045.6456,2026-11-20,2\n"
    assert rows(read(tmp_path, "intune-devices", text), "assets", "os", "type") == [(None, None)]
    told = text.replace("Agent\n", "Agent,DeviceType_loc\n").replace(",2\n", ",2,Windows\n")
    assert rows(read(tmp_path, "intune-devices", told), "assets", "os", "type") == [("Windows", None)]


def test_powershell_writes_the_days_of_its_country(tmp_path: Path) -> None:
    text = "Id,DeviceName,OperatingSystem,OSVersion,LastSyncDateTime,AzureAdDeviceId\nd-1,PC-0001,Windows,10.0.19045.1,03/04/2026 09:12:44,a\n"
    assert recognised(tmp_path, text)[0] == "intune-devices"
    for order, day in (("day-first", date(2026, 4, 3)), ("month-first", date(2026, 3, 4))):
        assert rows(read(tmp_path, "intune-devices", text, dates=order), "assets", "last_seen") == [(day,)]


def test_graphs_apps_are_read_with_their_devices_and_refused_without(tmp_path: Path) -> None:
    assert recognised(tmp_path, EXPANDED)[0] == "intune-apps"
    load = read(tmp_path, "intune-apps", EXPANDED, name="apps.json")
    assert rows(load, "software", "asset_tag", "name", "version") == [
        ("d-1", "7-Zip 22.01 (x64)", "22.01"), ("d-2", "7-Zip 22.01 (x64)", "22.01")
    ]  # fmt: skip
    assert rows(load, "assets", "device_id", "hostname") == [("d-1", "PC-0001"), ("d-2", "PC-0002")]
    assert (load.rows_read, load.rows_loaded, [one.reason for one in load.refused]) == (3, 2, ["asset_tag is empty"])
    of_device = '{"id": "d-9", "deviceName": "PC-9", "osVersion": "10.0", "detectedApps": [{"displayName": "Tally", "version": "1"}]}'
    assert rows(read(tmp_path, "intune-apps", of_device), "software", "asset_tag", "name") == [("d-9", "Tally")]
    for counts in (
        '{"value": [{"id": "k", "displayName": "Tally", "version": "1", "deviceCount": 3}]}',
        '{"values": [{"ApplicationName": "Tally", "ApplicationVersion": "1", "DeviceCount": 3}]}',
    ):
        assert recognised(tmp_path, counts)[0] == "intune-apps"
        with pytest.raises(InputError, match="counts devices and names none"):
            read(tmp_path, "intune-apps", counts)


def test_a_report_with_a_schema_is_read_and_less_than_its_total_is_incomplete(tmp_path: Path) -> None:
    text = (
        '{"TotalRowCount": 2, "Schema": [{"Column": "DeviceId"}, {"Column": "DeviceName"}, {"Column": "OSVersion"}, {"Column": "LastContact"}],'
        ' "Values": [["d-1", "PC-0001", "10.0.19045.1", "2026-11-20T00:00:00"]]}'
    )
    assert recognised(tmp_path, text)[0] == "intune-devices"
    load = read(tmp_path, "intune-devices", text)
    assert rows(load, "assets", "device_id", "hostname", "last_seen") == [("d-1", "PC-0001", date(2026, 11, 20))]
    assert "holds 1 of 2" in str(load.incomplete)
    with pytest.raises(InputError, match="not as its 'Schema' says"):
        read(tmp_path, "intune-devices", text.replace('"d-1", ', ""))
