"""The GLPI agent's inventories: what is read of a host, what is not known, and what is never believed."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import InputError
from secscan.model.places import Files
from secscan.model.raw import Load
from secscan.model.settings import Limits
from secscan.sources import recognise_kind
from tests.sources.desk import TODAY, read, shared

COMPUTER: dict[str, Any] = {
    "action": "inventory",
    "deviceid": "lap-0007-2026-01-12-08-30-00",
    "itemtype": "Computer",
    "tag": "OT-0007",
    "content": {
        "accesslog": {"logdate": "2026-10-30 07:15:00"},
        "bios": {"assettag": "No Asset Tag", "smanufacturer": "Example", "ssn": "EX7Q2LM1"},
        "hardware": {"name": "LAP-0007", "chassis_type": "Notebook", "vmsystem": "Physical", "winowner": "A Person"},
        "operatingsystem": {
            "name": "Windows", "full_name": "Microsoft Windows 11 Enterprise", "version": "24H2",
            "kernel_name": "MSWin32", "kernel_version": "10.0.26100", "service_pack": "26100.6584",
            "dns_domain": "ourtown.example",
        },
        "networks": [
            {"description": "Loopback", "type": "loopback", "ipaddress": "127.0.0.1", "virtualdev": True},
            {"description": "WAN Miniport", "mac": "02:00:00:00:00:09", "status": "down", "ipaddress": "10.9.9.9"},
            {"description": "Bridge", "mac": "02:00:00:00:00:08", "virtualdev": True, "ipaddress": "172.17.0.1"},
            {"description": "Ethernet", "mac": "02:00:00:00:00:01", "ipaddress": "10.20.0.7", "status": "up"},
            {"description": "Ethernet", "mac": "02:00:00:00:00:01", "ipaddress6": "fe80::1", "status": "up"},
            {"description": "Ethernet", "mac": "02:00:00:00:00:01", "ipaddress6": "2001:db8::7", "status": "up"},
            {"description": "Board", "management": True, "mac": "02:00:00:00:00:02", "ipaddress": "10.90.0.7"},
        ],
        "antivirus": [
            {"name": "Old Guard", "enabled": False, "uptodate": False},
            {"name": "New Guard", "enabled": True, "uptodate": True, "base_creation": "2026-10-29"},
        ],
        "drives": [
            {"letter": "C:", "type": "Local Disk", "systemdrive": True, "encrypt_status": "Yes"},
            {"letter": "E:", "type": "Removable Disk", "encrypt_status": "No"},
        ],
        "softwares": [
            {"name": "Google Chrome", "version": "141.0.1", "publisher": "Google LLC", "from": "registry",
             "install_date": "2026-10-02", "system_category": "application"},
            {"name": "KB5066835", "from": "WMI", "system_category": "security_update"},
            {"name": "bash", "version": "5.2.15-2+b7", "from": "deb"},
            {"name": "Notes", "version": "11.2", "from": "uwp"},
        ],
        "users": [{"login": "a.person"}],
        "versionclient": "GLPI-Agent_v1.15",
    },
}  # fmt: skip
DEVICE: dict[str, Any] = {
    "action": "netinventory",
    "deviceid": "sw-01-2026",
    "itemtype": "NetworkEquipment",
    "content": {
        "firmwares": [
            {"name": "Switchboard 24", "type": "device", "version": "12.2(55)", "manufacturer": "Example"},
            {"name": "Power module", "type": "module", "version": "1.0"},
        ],
        "network_device": {
            "type": "Networking", "name": "sw-01", "serial": "FOC1234X0AB", "mac": "02:00:00:00:00:0a",
            "ips": ["127.0.0.1", "10.90.0.40"], "assettag": "OT-0400", "firmware": "12.2(55)", "model": "Switchboard 24",
        },
        "versionclient": "4.1",
    },
}  # fmt: skip
INVENTORY = json.dumps(COMPUTER, indent=4)
SWITCH = json.dumps(DEVICE)


def computer(**content: Any) -> dict[str, Any]:
    """The computer with some sections of its content exchanged; None takes one away."""
    changed = {**COMPUTER["content"], **content}
    return {**COMPUTER, "content": {k: v for k, v in changed.items() if v is not None}}


def loaded(tmp_path: Path, document: Any, **keys: Any) -> Load:
    return read(tmp_path, document if isinstance(document, str) else json.dumps(document), "glpi", **keys)


def host(load: Load) -> dict[str, Any]:
    """What is known of the one host."""
    table = load.tables["assets"]
    assert table.rows == 1
    return {name: column[0] for name, column in table.columns.items() if column[0] is not None}


def test_a_computer_is_one_row_with_its_facts(tmp_path: Path) -> None:
    load = loaded(tmp_path, INVENTORY)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.incomplete) == (1, 1, 0, None)
    assert load.warnings == ()
    assert host(load) == {
        "device_id": "lap-0007-2026-01-12-08-30-00", "hostname": "LAP-0007", "fqdn": "LAP-0007.ourtown.example",
        "ip": ("10.20.0.7", "2001:db8::7"), "mac": "02:00:00:00:00:01", "serial": "EX7Q2LM1", "type": "laptop",
        "os": "Microsoft Windows 11 Enterprise", "os_version": "10.0.26100.6584", "protection_active": True,
        "definitions_on": date(2026, 10, 29), "encrypted": True, "last_seen": date(2026, 10, 30),
    }  # fmt: skip


def test_its_programs_are_installed_on_it_and_updates_are_no_programs(tmp_path: Path) -> None:
    software = loaded(tmp_path, INVENTORY).tables["software"]
    assert set(software.columns["asset_tag"]) == {"lap-0007-2026-01-12-08-30-00"}
    rows = list(
        zip(*(software.columns[c] for c in ("name", "version", "publisher", "kind", "install_date")), strict=True)
    )
    assert rows == [
        ("Google Chrome", "141.0.1", "Google LLC", "arp", date(2026, 10, 2)),
        ("bash", "5.2.15-2+b7", None, "dpkg", None),
        ("Notes", "11.2", None, None, None),
    ]


def test_every_row_leads_back_to_the_line_of_its_object(tmp_path: Path) -> None:
    files, lines = Files(), INVENTORY.splitlines()
    load = loaded(tmp_path, INVENTORY, files=files)
    assert '"hardware"' in lines[files.place(load.tables["assets"].places[0]).line - 1]
    software = load.tables["software"]
    for code, name in zip(software.places, software.columns["name"], strict=True):
        assert name in lines[files.place(code).line]


def test_a_network_device_runs_its_firmware(tmp_path: Path) -> None:
    load = loaded(tmp_path, DEVICE)
    assert host(load) == {
        "asset_tag": "OT-0400", "device_id": "sw-01-2026", "hostname": "sw-01", "serial": "FOC1234X0AB", "type": "network",
        "mac": "02:00:00:00:00:0a", "ip": ("10.90.0.40",), "last_seen": date(2026, 11, 1),
    }  # fmt: skip
    software = load.tables["software"]
    assert list(zip(software.columns["name"], software.columns["version"], software.columns["kind"], strict=True)) == [
        ("Switchboard 24", "12.2(55)", "network")
    ]


def test_a_description_says_what_a_network_device_runs(tmp_path: Path) -> None:
    device = {**DEVICE["content"]["network_device"], "description": "Example OS 12"}
    load = loaded(tmp_path, {**DEVICE, "content": {"network_device": device}})
    assert (host(load)["os"], host(load)["os_version"]) == ("Example OS 12", "12.2(55)")
    assert load.tables["software"].columns["name"] == ["Switchboard 24"]


@pytest.mark.parametrize(
    ("itemtype", "type_", "word"),
    [
        ("Printer", "Printer", "printer"),
        ("Phone", "Phone", "phone"),
        (None, "Networking", "network"),
        ("Unmanaged", "Storage", "storage"),
    ],
)
def test_the_agent_says_what_kind_of_thing_it_is(tmp_path: Path, itemtype: str | None, type_: str, word: str) -> None:
    device = {**DEVICE["content"]["network_device"], "type": type_}
    assert (
        host(loaded(tmp_path, {**DEVICE, "itemtype": itemtype, "content": {"network_device": device}}))["type"] == word
    )


@pytest.mark.parametrize(
    ("chassis", "system", "word"),
    [
        ("Laptop", "Debian GNU/Linux 12", "laptop"), ("Tower", "Debian GNU/Linux 12", "desktop"),
        ("Tower", "Microsoft Windows Server 2022 Standard", "server"), ("Other", "Debian GNU/Linux 12", None),
        ("Rack Mount Chassis", "Debian GNU/Linux 12", "server"),
    ],
)  # fmt: skip
def test_the_case_and_the_system_say_what_a_computer_is(
    tmp_path: Path, chassis: str, system: str, word: str | None
) -> None:
    made = computer(hardware={"name": "a", "chassis_type": chassis}, operatingsystem={"full_name": system})
    assert host(loaded(tmp_path, made)).get("type") == word


@pytest.mark.parametrize(
    ("asset", "assettag", "tag"),
    [
        (None, "OT-0007", "OT-0007"), (None, "To Be Filled By O.E.M.", None), (None, "", None), (None, "0000000000", None),
        ("{tag}", "whatever", "OT-0007"), ("{stem}", "whatever", "export"), ("OT-9999", "whatever", "OT-9999"),
    ],
)  # fmt: skip
def test_the_tag_is_the_boards_unless_the_source_says_otherwise(
    tmp_path: Path, asset: str | None, assettag: str, tag: str | None
) -> None:
    keys = {"asset": asset} if asset else {}
    assert host(loaded(tmp_path, computer(bios={"assettag": assettag}), **keys)).get("asset_tag") == tag


@pytest.mark.parametrize(
    ("products", "active"),
    [
        ([], None), ([{"enabled": True}], True), ([{"enabled": False}], False), ([{}], None),
        ([{"enabled": False}, {}], None), ([{"enabled": True, "uptodate": False}], False),
        ([{"enabled": True, "uptodate": False}, {"enabled": True, "uptodate": True}], True), ([{"enabled": "yes"}], None),
    ],
)  # fmt: skip
def test_protection_is_active_where_one_product_runs_and_is_up_to_date(
    tmp_path: Path, products: list[dict[str, Any]], active: bool | None
) -> None:
    assert host(loaded(tmp_path, computer(antivirus=products))).get("protection_active") is active


@pytest.mark.parametrize(
    ("drives", "encrypted"),
    [
        ([], None),
        ([{"letter": "C:", "encrypt_status": "Yes"}], True),
        ([{"letter": "C:", "encrypt_status": "Yes"}, {"letter": "D:", "encrypt_status": "No"}], False),
        ([{"letter": "C:", "encrypt_status": "Partially"}], False),
        ([{"letter": "C:", "encrypt_status": "Yes"}, {"letter": "D:"}], None),
        ([{"letter": "C:", "encrypt_status": "Unknown"}], None),
        ([{"letter": "C:", "encrypt_status": "Yes"}, {"letter": "Recovery", "encrypt_status": "No"}], True),
        ([{"letter": "C:", "encrypt_status": "Yes"}, {"letter": "Z:", "type": "Network Drive"}], True),
        ([{"type": "/", "encrypt_status": "Yes"}, {"type": "/boot"}, {"type": "/boot/efi"}], True),
        ([{"type": "/", "encrypt_status": "Yes"}, {"type": "/bootstrap"}], None),
        ([{"type": "/"}, {"type": "/home", "encrypt_status": "Yes"}], None),
    ],
)
def test_encrypted_means_every_disk_of_its_own(
    tmp_path: Path, drives: list[dict[str, Any]], encrypted: bool | None
) -> None:
    assert host(loaded(tmp_path, computer(drives=drives))).get("encrypted") is encrypted


@pytest.mark.parametrize(
    ("system", "fqdn"),
    [
        ({"fqdn": "lap-0007.ourtown.example"}, "lap-0007.ourtown.example"), ({"fqdn": "lap-0007"}, None),
        ({"fqdn": "lap-0007", "dns_domain": "ourtown.example"}, "LAP-0007.ourtown.example"), ({"dns_domain": "WORKGROUP"}, None),
    ],
)  # fmt: skip
def test_a_bare_name_or_a_workgroup_is_no_full_name(tmp_path: Path, system: dict[str, str], fqdn: str | None) -> None:
    assert host(loaded(tmp_path, computer(operatingsystem=system))).get("fqdn") == fqdn


@pytest.mark.parametrize(
    ("system", "version"),
    [
        ({"name": "Windows", "kernel_version": "10.0.19045", "service_pack": "19045.6456"}, "10.0.19045.6456"),
        ({"name": "Windows", "kernel_version": "6.1.7601", "service_pack": "Service Pack 1"}, "6.1.7601"),
        ({"name": "Debian", "kernel_version": "6.1.0-26-amd64", "version": "12"}, "12"),
    ],
)
def test_the_build_of_windows_is_put_together(tmp_path: Path, system: dict[str, str], version: str) -> None:
    assert host(loaded(tmp_path, computer(operatingsystem=system)))["os_version"] == version


def test_a_partial_inventory_is_not_the_whole_look(tmp_path: Path) -> None:
    load = loaded(tmp_path, {**computer(softwares=None), "partial": True})
    assert load.incomplete == "export.csv: a partial inventory: what is not in it may be there all the same"
    assert "software" not in load.tables


def test_a_program_that_cannot_be_read_leaves_the_list_incomplete(tmp_path: Path) -> None:
    rows = [{"name": "a"}, {"version": "1"}, "b", {"name": {"x": 1}}, {"name": "c\0d"}]
    load = loaded(tmp_path, json.dumps(computer(softwares=rows), indent=1))
    assert load.tables["software"].columns["name"] == ["a"]
    assert load.incomplete == "export.csv: 4 of the programs that it lists could not be read"
    assert (load.rows_read, load.rows_loaded) == (1, 1)
    assert sum("passed over" in w for w in load.warnings) == 3


def test_broken_values_are_not_known_and_warned_of(tmp_path: Path) -> None:
    made = computer(
        accesslog={"logdate": "2031-01-01 00:00:00"}, hardware={"name": ["a", "b"]}, bios={"ssn": {"x": 1}},
        networks=[{"ipaddress": "10.4.300.7"}, "?"], antivirus="none", drives={"a": 1}, operatingsystem=[1],
    )  # fmt: skip
    load = loaded(tmp_path, made)
    assert host(load) == {"device_id": COMPUTER["deviceid"], "hostname": "a;b"}
    assert len(load.warnings) == 3
    assert all(w.startswith("export.csv:") for w in load.warnings)


def test_nothing_about_a_person_is_read(tmp_path: Path) -> None:
    load = loaded(tmp_path, INVENTORY)
    said = repr(load)
    assert "erson" not in said


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "is no inventory of a GLPI agent"), ("[]", "is no inventory"), ('{"deviceid": 5, "content": {}}', "is no inventory"),
        ('{"deviceid": "a"}', "is no inventory"), ("<REQUEST><CONTENT/></REQUEST>", "has no DEVICEID"),
        ("<html>", "is an HTML page"), ('{"deviceid": "a", "content": {"softwares": {}}}', "'softwares' is not a list"),
        ('{"deviceid": "a", "deviceid": "b", "content": {}}', "is set twice"), ('{"deviceid": "a", "content": {}', "not JSON"),
    ],
)  # fmt: skip
def test_what_is_no_inventory_is_refused_with_what_to_do(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError) as refused:
        loaded(tmp_path, text)
    assert words in str(refused.value)


def test_too_many_programs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at most 3"):
        loaded(tmp_path, INVENTORY, limits=Limits(rows=3))


def test_a_host_without_a_device_id_is_refused_and_takes_its_programs_with_it(tmp_path: Path) -> None:
    load = loaded(tmp_path, {**COMPUTER, "deviceid": " "})
    assert (load.rows_read, load.rows_refused) == (1, 1)
    assert load.refused[0].reason == "device_id is empty"
    assert not load.tables


@pytest.mark.shared
def test_every_public_sample_is_read(tmp_path: Path) -> None:
    folder = shared("data", "inventories", "glpi")
    found = {}
    for path in sorted(folder.glob("*.json")):
        if "schema" not in path.name:
            load = loaded(tmp_path, path.read_text(encoding="utf-8"))
            name = path.stem.rpartition("__")[2]
            found[name] = (
                host(load)["serial"],
                host(load).get("type"),
                load.tables["software"].rows if "software" in load.tables else 0,
            )
            assert (load.rows_read, load.rows_loaded, load.warnings) == (1, 1, ())
            assert (load.incomplete is not None) == ("partial" in name)
            assert host(load)["last_seen"] <= TODAY
    assert found == {
        "computer_1": ("640HP72", "laptop", 6), "computer_1_partial_softs": ("640HP72", "laptop", 6),
        "computer_2": ("2FAGP34", "laptop", 0), "networkequipment_1": ("SSI1912014B", "network", 1),
        "networkequipment_4": ("FCH1946V219", "network", 1), "phone_1": ("af8d8fcfa6fa4794", "phone", 3),
        "printer_1": ("PHCVN191TG", "printer", 1),
    }  # fmt: skip


LISTED = """\
"Name";"Entity";"Status";"Manufacturers";"Serial number";"Types";"Model";"Operating System - Name";"Operating System - Version";"Alternate Username";"Last update";
"PC-1";"Root";"In use";"Acme";"5CG";"Laptop";"L";"Windows 10 Pro";"22H2";"a.person";"2026-11-20 09:12";
"SRV-2";"Root";"Retired";"Acme";"5CH";"Server";"L";"Debian";"12";"";"2026-11-20 09:12";
;"Root";"In use";"Acme";"";"";"";"";"";"";"";
"""


def test_the_list_of_computers_is_read_as_its_web_page_exports_it(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text(LISTED)
    assert recognise_kind(path)[0] == "glpi"
    load = read(tmp_path, LISTED, "glpi")
    assets = load.tables["assets"].columns
    assert [*zip(*(assets[name] for name in ("device_id", "serial", "type", "os", "os_version")), strict=True)] == [
        ("PC-1", "5CG", "laptop", "Windows 10 Pro", "22H2"), ("SRV-2", "5CH", "server", "Debian", "12")
    ]  # fmt: skip
    assert [one.reason for one in load.refused] == ["device_id is empty"]
    assert "1 rows are out of use by their own 'Status' (Retired 1)" in load.warnings[0]
    assert "a.person" not in repr(load)


def test_the_list_in_another_language_is_refused_by_name(tmp_path: Path) -> None:
    text = '"Nom";"Entité";"Système d\'exploitation - Nom";"Lieu";\n"PC-1";"Racine";"Windows 10";"x";\n'
    path = tmp_path / "x"
    path.write_text(text)
    assert recognise_kind(path)[0] == "glpi"
    with pytest.raises(InputError, match="GLPI's list in another language than English; choose English"):
        read(tmp_path, text, "glpi")


def test_a_card_with_several_addresses_gives_each_that_others_may_find(tmp_path: Path) -> None:
    several = computer(networks=[{"mac": "02:00:00:00:00:01", "ipaddress": ["169.254.4.1", "10.20.0.7", "10.20.0.8"]}])
    assert host(loaded(tmp_path, several))["ip"] == ("10.20.0.7", "10.20.0.8")


@pytest.mark.parametrize(
    ("full", "api", "version"),
    [("Q Android 10.0 api 29", "29", "10.0"), ("Snow Cone Android 12.1 api 32", "32", "12.1")],
)
def test_an_android_is_known_by_its_release_and_not_by_the_level_of_its_api(
    tmp_path: Path, full: str, api: str, version: str
) -> None:
    system = {"name": full.partition(" api")[0], "full_name": full, "version": api, "kernel_name": "linux"}
    found = host(loaded(tmp_path, computer(operatingsystem=system)))
    assert (found["os"], found["os_version"]) == ("Android", version)
