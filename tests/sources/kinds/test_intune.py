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
SEEDS = {"intune-devices": [DEVICES], "intune-apps": [APPS]}
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
