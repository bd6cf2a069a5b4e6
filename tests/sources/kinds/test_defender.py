"""Defender for Endpoint: what its API, its export files, advanced hunting and the portal write."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan.doors import json
from secscan.model.errors import InputError
from secscan.model.places import Files
from tests.sources import desk
from tests.sources.desk import shared
from tests.sources.kinds.desk import read, recognised, rows

CONTEXT = "https://api.securitycenter.example/api/$metadata#Machines"
MACHINE: dict[str, Any] = {
    "id": "m1", "computerDnsName": "pc-0001.oak.example", "mergedIntoMachineId": None, "osPlatform": "Windows10", "version": "22H2",
    "osVersion": None, "osBuild": 19045, "lastSeen": "2026-11-20T09:12:44.1234567Z", "lastIpAddress": "10.1.2.3",
    "lastExternalIpAddress": "198.51.100.7", "defenderAvStatus": "Updated",
    "ipAddresses": [
        {"ipAddress": "10.1.2.3", "macAddress": "001122334455", "type": "Ethernet", "operationalStatus": "Up"},
        {"ipAddress": "fe80::1", "macAddress": "001122334455", "type": "Ethernet", "operationalStatus": "Up"},
        {"ipAddress": "10.9.9.9", "macAddress": "001122334499", "type": "Ethernet", "operationalStatus": "Down"},
    ],
}  # fmt: skip
MACHINES = [
    MACHINE,
    MACHINE | {"id": "m2", "computerDnsName": "srv-1", "osPlatform": "WindowsServer2012R2", "osBuild": 9600, "defenderAvStatus": "disabled"},
    MACHINE | {"id": "m3", "computerDnsName": None, "osPlatform": "Linux", "version": "22.4", "osBuild": None, "ipAddresses": None, "lastIpAddress": None},
    MACHINE | {"id": "m0", "mergedIntoMachineId": "m1"},
    MACHINE | {"id": None},
]  # fmt: skip
SOFTWARE = [
    {
        "deviceId": "m1", "rbacGroupName": "all", "deviceName": "pc-0001.oak.example", "osPlatform": "Windows10", "softwareVendor": vendor,
        "softwareName": name, "softwareVersion": version, "numberOfWeaknesses": 3, "diskPaths": ["C:\\Users\\a.person\\x.exe"],
        "registryPaths": [], "softwareFirstSeenTimestamp": "2026-01-30 11:07:15", "endOfSupportStatus": "None", "endOfSupportDate": None,
    }
    for vendor, name, version in (
        ("microsoft", "windows_10", "10.0.19045.6456"), ("microsoft", "sql_server_2012", "11.0.7001.0"), ("oracle", "jre", None),
        ("oracle", None, "1.0"),
    )
]  # fmt: skip
FOUND = [
    {
        "id": "m1_oracle_jre_8_CVE-2026-0001", "deviceId": "m1", "deviceName": "pc-0001.oak.example", "osPlatform": "Windows10",
        "softwareVendor": "oracle", "softwareName": "jre", "softwareVersion": "8.0.1", "cveId": "CVE-2026-0001",
        "vulnerabilitySeverityLevel": "High", "cvssScore": 7.5, "recommendedSecurityUpdateId": "5034122", "diskPaths": ["C:\\Users\\a.person\\jre"],
        "firstSeenTimestamp": "2026-10-03 10:13:34.8476880", "lastSeenTimestamp": "2026-11-03 10:13:34.8476880",
    }
]  # fmt: skip
BY_MACHINE = [
    {"id": "x", "cveId": "CVE-2026-0002", "machineId": "m1", "fixingKbId": "5034123", "productName": "edge", "productVendor": "microsoft",
     "productVersion": "130.0", "severity": "Medium"},
    {"id": "y", "cveId": "TVM-2026-0001", "machineId": "m2", "fixingKbId": None, "productName": "tools", "productVendor": "v",
     "productVersion": "1", "severity": "Low"},
    {"id": "z", "cveId": "CVE-2026-0003", "machineId": None, "severity": "Low"},
]  # fmt: skip
HUNTED = """\
DeviceId,DeviceName,OSPlatform,OSVersion,OSArchitecture,SoftwareVendor,SoftwareName,SoftwareVersion,EndOfSupportStatus,EndOfSupportDate,ProductCodeCpe
m1,pc-0001.oak.example,Windows10,22H2,x64,microsoft,windows_10,10.0.19045.6456,,,cpe
m1,pc-0001.oak.example,Windows10,22H2,x64,oracle,jre,8.0.1,EOS Version,2026-01-01,cpe
m2,web-1,Linux,22.04,x64,openssl,openssl,3.0.2,,,cpe
,web-1,Linux,22.04,x64,openssl,openssl,3.0.2,,,cpe
"""
DEVICES = """\
Device ID,Device Name,Domain,First Seen,Last device update,OS Platform,OS Distribution,OS Version,Build,Is AAD joined,AAD Device Id,Device IPs,Health Status,Risk Level,Exposure Level,Device Type,Managed By
m1,pc-0001,oak.example,2025-01-01T00:00:00Z,2026-11-20T09:12:44.123Z,Windows10,Windows10,22H2,19045,Yes,x,"10.1.2.3, fe80::1",Active,Low,Low,Workstation,Intune
m4,printer-1,WORKGROUP,2025-01-01T00:00:00Z,,Other,,,,No,,10.1.2.9,Inactive,Low,Low,Printer,
"""


def page(rows: list[dict[str, Any]], **more: Any) -> str:
    return json.dumps({"@odata.context": CONTEXT, "value": rows, **more})


def by_line(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row, pretty=False) + "\n" for row in rows).encode()


def pascal(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{key[0].upper() + key[1:]: value for key, value in row.items()} for row in rows]


SEEDS = {"defender": [page(MACHINES), by_line(SOFTWARE), HUNTED, DEVICES, page(FOUND)]}


def test_machines_come_with_their_whole_build_and_own_addresses(tmp_path: Path) -> None:
    assert recognised(tmp_path, page(MACHINES)) == ("defender", "certain: machines of Defender for Endpoint")
    load = read(tmp_path, "defender", page(MACHINES))
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank, load.incomplete) == (5, 3, 1, 1, None)
    assert load.warnings[0] == "export.csv: 1 rows counted as blank: machines that were merged into others"
    names = ("device_id", "hostname", "fqdn", "os", "os_version", "type", "ip", "mac", "protection_active", "last_seen")
    seen = date(2026, 11, 20)
    assert rows(load, "assets", *names) == [
        (
            "m1",
            "pc-0001",
            "pc-0001.oak.example",
            "Windows10",
            "10.0.19045",
            None,
            ("10.1.2.3",),
            "001122334455",
            True,
            seen,
        ),
        ("m2", "srv-1", None, "WindowsServer2012R2", "6.3.9600", "server", ("10.1.2.3",), "001122334455", None, seen),
        ("m3", None, None, "Linux", "22.4", None, None, None, True, seen),
    ]
    assert "198.51.100.7" not in repr(load)


@pytest.mark.parametrize("form", ["page", "list", "lines", "gzip", "pascal", "hunted"])
def test_software_is_read_in_every_form_with_its_device_once(tmp_path: Path, form: str) -> None:
    data = {
        "page": page(SOFTWARE).encode(), "list": json.dumps(SOFTWARE).encode(), "lines": by_line(SOFTWARE),
        "gzip": gzip.compress(by_line(SOFTWARE)), "pascal": page(pascal(SOFTWARE)).encode(),
        "hunted": json.dumps({"Schema": [], "Results": pascal(SOFTWARE)}).encode(),
    }[form]  # fmt: skip
    assert recognised(tmp_path, data) == ("defender", "certain: software of Defender for Endpoint")
    load = read(tmp_path, "defender", data, name="software.json" + (".gz" if form == "gzip" else ""))
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.incomplete) == (4, 3, 1, None)
    assert rows(load, "software", "asset_tag", "name", "version", "publisher", "kind") == [
        ("m1", "windows_10", "10.0.19045.6456", "microsoft", None),
        ("m1", "sql_server_2012", "11.0.7001.0", "microsoft", None),
        ("m1", "jre", None, "oracle", None),
    ]
    assert rows(load, "assets", "device_id", "hostname", "os", "os_version") == [
        ("m1", "pc-0001", "Windows10", "10.0.19045.6456")
    ]
    assert "a.person" not in repr(load)


def test_a_page_that_leads_to_a_next_one_is_incomplete(tmp_path: Path) -> None:
    load = read(tmp_path, "defender", page(MACHINES, **{"@odata.nextLink": "https://api.example/next"}))
    assert load.rows_loaded == 3 and load.incomplete is not None and "is one page of several" in load.incomplete
    assert read(tmp_path, "defender", page(MACHINES, **{"@odata.nextLink": None})).incomplete is None


def test_two_systems_on_one_device_give_it_no_build(tmp_path: Path) -> None:
    both = [*SOFTWARE, SOFTWARE[0] | {"softwareName": "windows_11", "softwareVersion": "10.0.22631.1"}]
    assert rows(read(tmp_path, "defender", page(both)), "assets", "os_version") == [(None,)]


def test_lines_stand_where_they_are_and_one_that_is_broken_is_refused_alone(tmp_path: Path) -> None:
    files = Files()
    first, second = by_line(SOFTWARE[:2]).splitlines()
    load = desk.read(tmp_path, b"\n".join([first, b"", b'{"a": }', b"7", second]), "defender", files=files)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (5, 2, 2, 1)
    assert [files.place(code).line for code in load.tables["software"].places] == [1, 5]
    assert [one.line for one in load.refused] == [3, 4] and load.incomplete is None
    load = read(tmp_path, "defender", first + b"\n" + second[:-20])
    assert load.rows_loaded == 1 and load.incomplete is not None and "export.csv:2: breaks off" in load.incomplete


def test_vulnerabilities_are_evidence_in_defenders_own_words(tmp_path: Path) -> None:
    assert recognised(tmp_path, page(FOUND)) == ("defender", "certain: vulnerabilities of Defender for Endpoint")
    load = read(tmp_path, "defender", page([*FOUND, FOUND[0] | {"status": "Fixed"}]))
    names = (
        "asset_tag",
        "hostname",
        "check",
        "title",
        "cves",
        "severity",
        "cvss3",
        "product",
        "version",
        "state",
        "first_seen",
        "last_seen",
    )
    one = ("m1", "pc-0001", "CVE-2026-0001", "CVE-2026-0001", "CVE-2026-0001", "High", None, "jre", "8.0.1")
    days = (date(2026, 10, 3), date(2026, 11, 3))
    assert rows(load, "results", *names) == [(*one, "open", *days), (*one, "fixed", *days)]
    assert load.tables["results"].extra["fix"] == ["5034122", "5034122"]
    assert rows(load, "assets", "device_id", "fqdn", "os") == [("m1", "pc-0001.oak.example", "Windows10")]
    assert set(load.tables) == {"results", "assets"} and "a.person" not in repr(load)
    load = read(tmp_path, "defender", page(BY_MACHINE))
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert rows(load, "results", "asset_tag", "check", "cves", "severity", "product") == [
        ("m1", "CVE-2026-0002", "CVE-2026-0002", "Medium", "edge"), ("m2", "TVM-2026-0001", None, "Low", "tools"),
    ]  # fmt: skip
    assert set(load.tables) == {"results"}


def test_advanced_hunting_is_read_from_its_csv(tmp_path: Path) -> None:
    assert recognised(tmp_path, HUNTED)[0] == "defender"
    load = read(tmp_path, "defender", HUNTED)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (4, 3, 1)
    assert rows(load, "software", "asset_tag", "name", "version")[1] == ("m1", "jre", "8.0.1")
    assert rows(load, "assets", "device_id", "hostname", "os", "os_version") == [
        ("m1", "pc-0001", "Windows10", "10.0.19045.6456"), ("m2", "web-1", "Linux", "22.04"),
    ]  # fmt: skip
    hunted = "DeviceId,DeviceName,OSPlatform,SoftwareName,SoftwareVersion,CveId,VulnerabilitySeverityLevel\nm1,pc,Windows10,jre,8,CVE-2026-0001,High\n"
    assert rows(read(tmp_path, "defender", hunted), "results", "asset_tag", "cves") == [("m1", "CVE-2026-0001")]


def test_machines_as_powershell_exports_them_are_read(tmp_path: Path) -> None:
    text = "id,computerDnsName,osPlatform,osBuild,lastSeen,lastIpAddress,ipAddresses\nm1,pc-1.oak.example,Windows11,22631,2026-11-20T09:12:44Z,10.1.2.3,System.Object[]\n"
    assert recognised(tmp_path, text)[0] == "defender"
    assert rows(read(tmp_path, "defender", text), "assets", "device_id", "os_version", "ip") == [
        ("m1", "10.0.22631", ("10.1.2.3",))
    ]


@pytest.mark.parametrize(("count", "cut"), [(9_999, False), (10_000, True), (30_000, True)])
def test_as_many_rows_as_hunting_gives_at_most_are_incomplete(tmp_path: Path, count: int, cut: bool) -> None:
    head = HUNTED.splitlines()[0] + "\n"
    row = "m1,pc,Windows10,22H2,x64,v,jre,8.0.1,,,\n"
    load = read(tmp_path, "defender", head + row * count)
    assert (load.rows_loaded, load.incomplete is not None) == (count, cut)


def test_the_portals_devices_are_read(tmp_path: Path) -> None:
    assert recognised(tmp_path, DEVICES)[0] == "defender"
    load = read(tmp_path, "defender", DEVICES)
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "os", "os_version", "type", "ip", "last_seen") == [
        ("m1", "pc-0001", "pc-0001.oak.example", "Windows10", "10.0.19045", None, ("10.1.2.3",), date(2026, 11, 20)),
        ("m4", "printer-1", None, None, None, "printer", ("10.1.2.9",), None),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Name,OS platform,Vendor,Weaknesses,Threats,Exposed devices,Installed devices\njre,Windows,oracle,3,,40,40\n", "counts devices and names none"),
        (page([{"id": "microsoft-_-edge", "name": "edge", "vendor": "microsoft", "weaknesses": 3, "exposedMachines": 7}]), "counts devices and names none"),
        (json.dumps({"exportFiles": ["https://x.example/1"], "generatedTime": "2026-11-20T00:00:00Z"}), "download these files"),
        (page([{"what": "else"}]), "holds no machines, software or vulnerabilities of Defender"),
        ("a,b\n1,2\n", "holds no machines"),
        ("<html></html>", "is an HTML page"),
    ],
)  # fmt: skip
def test_what_names_no_device_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "defender", text)


def test_counts_are_recognised_and_other_json_is_not(tmp_path: Path) -> None:
    assert (
        recognised(tmp_path, "Name,OS platform,Vendor,Weaknesses,Threats,Exposed devices\nx,y,z,1,,2\n")[0]
        == "defender"
    )
    assert recognised(tmp_path, page([{"what": "else"}]))[0] == "defender"
    assert recognised(tmp_path, '{"value": [{"id": "1", "name": "x"}]}')[0] == ""


@pytest.mark.shared
def test_public_samples(tmp_path: Path) -> None:
    folder = shared("data", "inventories", "ms-defender")
    load = read(tmp_path, "defender", (folder / "software-inventory-by-machine-doc-example.json").read_bytes())
    assert (load.rows_loaded, rows(load, "assets", "os_version")) == (3, [("10.0.17763.1637",)])
    load = read(tmp_path, "defender", (folder / "defectdojo__report_many_vulns.json").read_bytes())
    assert load.rows_loaded == 4 and load.incomplete is not None
    both = (folder / "defectdojo__defender.zip").read_bytes()
    load = read(tmp_path, "defender", both, name="defender.zip", sheet="machines/machines.json")
    assert rows(load, "assets", "ip") == [(("1.1.1.1",),), (("1.1.1.1", "1.2.3.4", "1.2.3.5"),)]


INFO = """\
Timestamp,DeviceId,DeviceName,PublicIP,OSArchitecture,OSPlatform,OSBuild,LoggedOnUsers,OSVersion,DeviceType,OSVersionInfo,MergedToDeviceId
2026-11-21T09:12:44.1234567Z,m1,PC-1.oak.example,192.0.2.1,64-bit,Windows10,19045,[A Person],10.0,Workstation,22H2,
2026-11-20T09:12:44.1234567Z,m1,pc-1.oak.example,192.0.2.1,64-bit,Windows10,19044,[],10.0,Workstation,21H2,
2026-11-20T09:12:44.1234567Z,m2,tab-2,192.0.2.1,,iOS,,[],17.5,Mobile,,
2026-11-20T09:12:44.1234567Z,,nobody,192.0.2.1,,iOS,,[],17.5,Mobile,,
"""


def test_of_what_hunting_tells_of_a_device_again_and_again_the_newest_counts(tmp_path: Path) -> None:
    assert recognised(tmp_path, INFO)[0] == "defender"
    load = read(tmp_path, "defender", INFO)
    assert (load.rows_read, load.rows_loaded, load.rows_blank, load.rows_refused) == (4, 2, 1, 1)
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "os", "os_version", "type", "last_seen") == [
        ("m1", "PC-1", "PC-1.oak.example", "Windows10", "10.0.19045", None, date(2026, 11, 21)),
        ("m2", "tab-2", None, "iOS", "17.5", "phone", date(2026, 11, 20)),
    ]
    assert load.refused[0].line == 5
    assert "older news of the same device" in load.warnings[0]
    assert "Person" not in repr(load)
    assert "192.0.2.1" not in repr(load)


def test_days_as_the_portal_writes_them_are_compared_as_days(tmp_path: Path) -> None:
    text = INFO.replace("2026-11-21T09:12:44.1234567Z", '"Nov 20, 2026 9:12:44 PM"').replace(
        "2026-11-20T09:12:44.1234567Z,m1", '"Nov 9, 2026 9:12:44 AM",m1'
    )
    load = read(tmp_path, "defender", text)
    assert rows(load, "assets", "device_id", "os_version", "last_seen")[0] == ("m1", "10.0.19045", date(2026, 11, 20))


@pytest.mark.parametrize(
    "header",
    [
        "Name,Severity,CVSS,Related Software,Age,Exposed Devices",
        "Security recommendation,OS platform,Weaknesses,Exposed devices,Status",
        "Name,Products,Addressed CVEs,Missing on devices",
    ],
)
def test_the_portals_lists_of_weaknesses_advice_and_fixes_count_devices_and_are_refused(
    tmp_path: Path, header: str
) -> None:
    text = f"{header}\n{','.join('x' for _ in header.split(','))}\n"
    assert recognised(tmp_path, text)[0] == "defender"
    with pytest.raises(InputError, match="counts devices and names none"):
        read(tmp_path, "defender", text)
