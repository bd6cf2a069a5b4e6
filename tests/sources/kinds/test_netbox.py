"""NetBox's devices and virtual machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import shared
from tests.sources.kinds.desk import read, recognised, rows

FIELDS = """\
name,status,tenant,site,location,rack,role,manufacturer,device_type,primary_ip4,platform,serial,asset_tag,id
sw-hall-1,active,Oak,Hall,,R1,Access Switch,Brand,SW24,10.9.0.2/24,Brand OS 15.2,SRL1,OAK-1,7
srv-old,decommissioning,Oak,Hall,,R1,Server,Brand,R2,10.9.0.3/24,Windows Server 2012 R2,SRL2,OAK-2,8
,planned,Oak,Hall,,R1,PDU,Brand,P1,,,,,9
"""
HUMAN = """\
Name,Status,Tenant,Site,Location,Rack,Role,Manufacturer,Type,IP Address
fw-edge,Active,Oak,Hall,,R2,Firewall,Brand,F1,10.9.0.1/24
,Planned,Oak,Hall,,R2,Patch panel,Brand,PP,
"""
MACHINES = """\
Name,Status,Site,Cluster,Device,Role,Tenant,VCPUs,Memory (MB),Disk (GB),IP Address,ID,Platform
vm-pay,Active,Hall,C1,,Application Server,Oak,2,4096,40,10.9.1.7/24,7,Ubuntu 20.04
"""
API = """\
{"count": 2, "next": null, "previous": null, "results": [
 {"id": 7, "url": "https://nb.example/api/dcim/devices/7/", "display": "sw-hall-1", "name": "sw-hall-1",
  "device_type": {"id": 1, "display": "SW24", "manufacturer": {"id": 1, "name": "Brand"}, "model": "SW24"},
  "role": {"id": 1, "name": "Access Switch"}, "platform": {"id": 1, "display": "Brand OS", "name": "Brand OS"}, "serial": "SRL1", "asset_tag": null,
  "status": {"value": "active", "label": "Active"}, "primary_ip": {"id": 1, "address": "10.9.0.2/24"}, "primary_ip4": {"id": 1, "address": "10.9.0.2/24"},
  "primary_ip6": {"id": 2, "address": "2001:db8::2/64"}, "contacts": [{"name": "A Person"}]},
 {"id": 7, "display": "vm-pay", "name": "vm-pay", "status": {"value": "offline", "label": "Offline"}, "cluster": {"id": 1, "name": "C1"},
  "vcpus": 2.0, "platform": null, "role": null, "owner": {"name": "B Person"}}
]}
"""
DUMP = """\
[
{"model": "dcim.platform", "pk": 3, "fields": {"name": "Brand OS", "manufacturer": 1}},
{"model": "dcim.devicerole", "pk": 4, "fields": {"name": "Router"}},
{"model": "ipam.ipaddress", "pk": 5, "fields": {"address": "10.9.0.2/24"}},
{"model": "dcim.device", "pk": 1, "fields": {"name": "rt-1", "platform": 3, "device_role": 4, "primary_ip4": 5, "serial": "S1", "status": "active", "comments": "A Person"}},
{"model": "virtualization.virtualmachine", "pk": 1, "fields": {"name": "vm-1", "platform": 99, "status": "active"}},
{"model": "dcim.device", "pk": null, "fields": {"name": ""}}
]
"""
SEEDS = {"netbox": [FIELDS, HUMAN, MACHINES, API, DUMP]}


def test_devices_come_by_field_names(tmp_path: Path) -> None:
    assert recognised(tmp_path, FIELDS)[0] == "netbox"
    load = read(tmp_path, "netbox", FIELDS)
    assert (load.rows_read, load.rows_loaded) == (3, 3)
    assert rows(load, "assets", "device_id", "asset_tag", "hostname", "ip", "os", "type") == [
        ("device 7", "OAK-1", "sw-hall-1", ("10.9.0.2",), "Brand OS 15.2", "network"),
        ("device 8", "OAK-2", "srv-old", ("10.9.0.3",), "Windows Server 2012 R2", "server"),
        ("device 9", None, None, None, None, "power"),
    ]
    assert load.tables["assets"].extra["status"] == ["active", "decommissioning", "planned"]
    assert any("(decommissioning 1)" in says for says in load.warnings)


def test_devices_come_by_human_headings_and_one_without_any_name_is_refused(tmp_path: Path) -> None:
    assert recognised(tmp_path, HUMAN)[0] == "netbox"
    load = read(tmp_path, "netbox", HUMAN)
    assert (load.rows_read, load.rows_loaded, load.refused[0].reason) == (2, 1, "device_id is empty")
    assert rows(load, "assets", "device_id", "ip", "type") == [("fw-edge", ("10.9.0.1",), "network")]


def test_a_machine_is_never_the_device_with_its_number(tmp_path: Path) -> None:
    assert recognised(tmp_path, MACHINES)[0] == "netbox"
    load = read(tmp_path, "netbox", MACHINES)
    assert rows(load, "assets", "device_id", "hostname", "os", "type") == [
        ("virtual machine 7", "vm-pay", "Ubuntu 20.04", "server")
    ]


def test_a_page_of_the_api_may_hold_both(tmp_path: Path) -> None:
    assert recognised(tmp_path, API)[0] == "netbox"
    load = read(tmp_path, "netbox", API)
    assert rows(load, "assets", "device_id", "hostname", "ip", "os", "type") == [
        ("device 7", "sw-hall-1", ("10.9.0.2", "2001:db8::2"), "Brand OS", "network"),
        ("virtual machine 7", "vm-pay", None, None, None),
    ]
    assert [place & 0xFFFFFFFF for place in load.tables["assets"].places] == [2, 7]
    assert (load.incomplete, load.tables["assets"].extra["status.label"]) == (None, ["Active", "Offline"])
    assert "Person" not in repr(load)
    page = read(tmp_path, "netbox", API.replace('"count": 2', '"count": 90'))
    assert page.incomplete == "export.csv: holds 2 of 90: a page, and not the whole list; export all of it"


def test_a_dump_says_what_its_numbers_point_at(tmp_path: Path) -> None:
    assert recognised(tmp_path, DUMP)[0] == "netbox"
    load = read(tmp_path, "netbox", DUMP)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert rows(load, "assets", "device_id", "hostname", "ip", "os", "type", "serial") == [
        ("device 1", "rt-1", ("10.9.0.2",), "Brand OS", "network", "S1"), ("virtual machine 1", "vm-1", None, None, None, None),
    ]  # fmt: skip
    assert "Person" not in repr(load)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{}", "under 'results'"), ('{"results": [1]}', "under 'results'"), ('[{"id": 1, "name": "Hall"}]', "lists no devices"),
        ('[{"model": "dcim.site", "pk": 1, "fields": {}}]', "holds no devices"), ("Name,Status\na,b\n", "has no column"),
    ],
)  # fmt: skip
def test_what_lists_no_hosts_is_refused_with_what_to_do(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read(tmp_path, "netbox", text)


@pytest.mark.shared
def test_the_public_dump(tmp_path: Path) -> None:
    sample = shared("data", "inventories", "netbox", "netbox-demo-v3.6-subset.json").read_bytes()
    assert recognised(tmp_path, sample)[0] == "netbox"
    load = read(tmp_path, "netbox", sample)
    assert (load.rows_read, load.rows_loaded) == (126, 126)
    assert len(set(load.tables["assets"].columns["device_id"])) == 126
    assert "Cisco IOS" in load.tables["assets"].columns["os"]


def test_old_versions_of_the_api_and_one_thing_alone_are_told_apart_too(tmp_path: Path) -> None:
    device = '{"id": 7, "name": "sw-1", "display_name": "sw-1", "device_type": {"model": "X1"}, "device_role": {"name": "Switch"}, "status": {"value": 1, "label": "Active"}}'
    machine = '{"id": 7, "name": "vm-1", "vcpus": 2, "cluster": {"name": "c"}, "status": {"label": "Active"}, "primary_ip": null}'
    for text, known in (
        (device, "device 7"),
        (machine, "virtual machine 7"),
        (f'{{"count": 1, "results": [{device}]}}', "device 7"),
    ):
        assert recognised(tmp_path, text)[0] == "netbox"
        load = read(tmp_path, "netbox", text, name="n.json")
        assert rows(load, "assets", "device_id") == [(known,)]
        assert (load.rows_read, load.incomplete) == (1, None)
    prefix = '{"id": 7, "prefix": "10.0.0.0/8", "display": "x", "status": {"label": "Active"}}'
    assert recognised(tmp_path, prefix)[0] == ""
