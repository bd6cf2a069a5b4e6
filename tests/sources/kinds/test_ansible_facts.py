"""Facts of hosts as Ansible's setup module gathers them."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import shared
from tests.sources.kinds.desk import read, recognised, rows

FACTS: dict[str, Any] = {
    "ansible_all_ipv4_addresses": ["10.3.0.4", "127.0.0.1"], "ansible_all_ipv6_addresses": ["fe80::1", "2001:db8::4"],
    "ansible_date_time": {"date": "2026-11-20"}, "ansible_default_ipv4": {"macaddress": "00:11:22:33:44:55"},
    "ansible_distribution": "RedHat", "ansible_distribution_version": "7.9", "ansible_distribution_release": "Maipo", "ansible_form_factor": "Rack Mount Chassis",
    "ansible_fqdn": "srv-1.oak.example", "ansible_hostname": "srv-1", "ansible_kernel": "3.10", "ansible_nodename": "srv-1.oak.example", "ansible_product_serial": "SRL1",
    "ansible_user_gecos": "A Person", "ansible_env": {"TOKEN": "hush"}, "ansible_ssh_host_key_rsa_public": "AAAA-key",
}  # fmt: skip
PACKAGES = {"packages": {
    "bash": [{"name": "bash", "version": "4.2.46", "release": "34.el7", "epoch": None, "arch": "x86_64", "source": "rpm"}],
    "curl": [{"name": "curl", "version": "7.88-1", "arch": "amd64", "source": "apt"}],
}}  # fmt: skip
CACHE = json.dumps(FACTS, indent=1)
TREE = json.dumps({"ansible_facts": {**FACTS, **PACKAGES}, "changed": False})
PRINTED = f"""\
srv-1 | SUCCESS => {json.dumps({"ansible_facts": FACTS, "changed": False}, indent=4)}
srv-2 | UNREACHABLE! => {{
    "changed": false,
    "msg": "Failed to connect",
    "unreachable": true
}}
win-3 | SUCCESS => {json.dumps({"ansible_facts": {"ansible_hostname": "WIN-3", "ansible_distribution": "Microsoft Windows Server 2016 Standard", "ansible_distribution_version": "10.0.14393.0", "ansible_ip_addresses": ["10.3.0.9"]}}, indent=4)}
"""
PLAYED = json.dumps(
    {
        "plays": [
            {
                "tasks": [
                    {"hosts": {"srv-1": {"ansible_facts": FACTS}, "srv-2": {"msg": "x"}}},
                    {"hosts": {"srv-1": {"ansible_facts": PACKAGES}}},
                ]
            }
        ],
        "stats": {},
    },
    indent=1,
)
VARS = json.dumps(
    {
        "web": {"ansible_hostname": "web", "ansible_distribution": "Debian", "ansible_distribution_version": "12.5"},
        "db": {"ansible_facts": {"distribution": "Ubuntu", "distribution_version": "22.04"}},
    },
    indent=1,
)
SEEDS = {"ansible-facts": [CACHE, TREE, PRINTED, PLAYED, VARS]}


def test_a_cached_host_is_a_row_with_its_system_and_addresses(tmp_path: Path) -> None:
    assert recognised(tmp_path, CACHE)[0] == "ansible-facts"
    load = read(tmp_path, "ansible-facts", CACHE, name="srv-1")
    assert (load.rows_read, load.rows_loaded) == (1, 1)
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "os", "os_version", "serial", "type", "last_seen") == [
        ("srv-1.oak.example", "srv-1", "srv-1.oak.example", "RedHat", "7.9", "SRL1", "server", date(2026, 11, 20))
    ]
    assert rows(load, "assets", "ip", "mac") == [(("10.3.0.4", "2001:db8::4"), "00:11:22:33:44:55")]
    assert not any(word in repr(load) for word in ("Person", "hush", "AAAA"))


def test_packages_come_where_they_were_gathered(tmp_path: Path) -> None:
    assert recognised(tmp_path, TREE)[0] == "ansible-facts"
    load = read(tmp_path, "ansible-facts", TREE)
    assert (load.rows_read, load.rows_loaded) == (1, 1)
    assert rows(load, "software", "asset_tag", "name", "version", "kind") == [
        ("srv-1.oak.example", "bash", "4.2.46-34.el7", "rpm"), ("srv-1.oak.example", "curl", "7.88-1", "dpkg"),
    ]  # fmt: skip
    assert "software" not in read(tmp_path, "ansible-facts", CACHE).tables
    broken = json.dumps({"ansible_facts": {**FACTS, "packages": {"a": ["?"], "b": [{"name": ""}]}}})
    assert (
        read(tmp_path, "ansible-facts", broken).incomplete
        == "export.csv: 2 of the packages that it lists could not be read"
    )


def test_printed_hosts_have_the_names_that_ansible_calls_them_by(tmp_path: Path) -> None:
    assert recognised(tmp_path, PRINTED)[0] == "ansible-facts"
    load = read(tmp_path, "ansible-facts", PRINTED)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert load.refused[0].reason == "the host 'srv-2' answered UNREACHABLE"
    assert rows(load, "assets", "device_id", "hostname", "os", "os_version") == [
        ("srv-1", "srv-1", "RedHat", "7.9"), ("win-3", "WIN-3", "Microsoft Windows Server 2016 Standard", "10.0.14393"),
    ]  # fmt: skip
    cut = read(tmp_path, "ansible-facts", PRINTED[:-40])
    assert (cut.rows_loaded, cut.rows_refused) == (1, 2)


def test_a_playbook_and_hostvars_tell_several_hosts(tmp_path: Path) -> None:
    assert recognised(tmp_path, PLAYED)[0] == recognised(tmp_path, VARS)[0] == "ansible-facts"
    played = read(tmp_path, "ansible-facts", PLAYED)
    assert rows(played, "assets", "device_id", "os") == [("srv-1", "RedHat")]
    assert played.tables["software"].rows == 2
    told = read(tmp_path, "ansible-facts", VARS)
    assert rows(told, "assets", "device_id", "os", "os_version") == [
        ("web", "Debian", "12.5"),
        ("db", "Ubuntu", "22.04"),
    ]
    assert [place & 0xFFFF for place in told.tables["assets"].places] == [2, 7]


@pytest.mark.parametrize(
    ("facts", "system", "version"),
    [
        ({"distribution": "CentOS", "distribution_version": "8", "distribution_release": "Stream"}, "CentOS Stream", "8"),
        ({"distribution": "CentOS", "distribution_version": "6.7", "distribution_release": "Final"}, "CentOS", "6.7"),
        ({"distribution": "Archlinux", "distribution_version": "NA"}, "Archlinux", None), ({"distribution": "NA", "kernel": "5"}, None, None),
    ],
)  # fmt: skip
def test_what_ansible_could_not_tell_is_not_known(
    tmp_path: Path, facts: dict[str, str], system: str | None, version: str | None
) -> None:
    load = read(tmp_path, "ansible-facts", json.dumps({"ansible_facts": facts}), name="srv-9.json")
    assert rows(load, "assets", "device_id", "os", "os_version") == [("srv-9", system, version)]


def test_texts_that_a_newer_cache_wraps_are_unwrapped(tmp_path: Path) -> None:
    wrapped = {key: {"__ansible_type": "_AnsibleTaggedStr", "value": value} for key, value in FACTS.items()}
    text = json.dumps(wrapped)
    assert recognised(tmp_path, text)[0] == "ansible-facts"
    assert (
        read(tmp_path, "ansible-facts", text).tables["assets"].columns
        == read(tmp_path, "ansible-facts", CACHE).tables["assets"].columns
    )


@pytest.mark.parametrize("text", ["{}", '{"a": {"b": 1}}', "nothing | here\n", '{"plays": []}', "<x/>"])
def test_what_holds_no_facts_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"holds no facts of any host|not facts of Ansible"):
        read(tmp_path, "ansible-facts", text)


@pytest.mark.shared
def test_the_public_cache_and_distributions(tmp_path: Path) -> None:
    folder = shared("data", "inventories", "ansible-facts")
    cache = (folder / "ansible-cmdb__debian.dev.local").read_bytes()
    assert recognised(tmp_path, cache)[0] == "ansible-facts"
    assert rows(read(tmp_path, "ansible-facts", cache), "assets", "os", "os_version") == [("Debian", "6.0.10")]
    files = sorted(folder.glob("*.json"))
    assert len(files) == 42
    for file in files:
        expected = json.loads(file.read_bytes())["result"]
        data = json.dumps({"ansible_facts": {f"ansible_{key}": value for key, value in expected.items()}})
        load = read(tmp_path, "ansible-facts", data, name=file.name)
        ((system, version),) = rows(load, "assets", "os", "os_version")
        assert system.removesuffix(" Stream") == expected["distribution"]
        assert version == (None if expected["distribution_version"] == "NA" else expected["distribution_version"])
        assert rows(read(tmp_path, "ansible-facts", file.read_bytes()), "assets", "os") == [(system,)]


def test_a_host_that_a_playbook_could_not_reach_is_refused_by_name(tmp_path: Path) -> None:
    told = {"ansible_facts": {"ansible_distribution": "Debian", "ansible_hostname": "srv1"}}
    lost = {"unreachable": True, "msg": "no route"}
    tasks = [{"hosts": {"srv1": told, "srv2": lost}}, {"hosts": {"srv1": {"changed": False}}}]
    load = read(tmp_path, "ansible-facts", json.dumps({"plays": [{"tasks": tasks}], "stats": {}}), name="run.json")
    assert (load.rows_read, load.rows_loaded) == (2, 1)
    assert [one.reason for one in load.refused] == ["the host 'srv2' answered UNREACHABLE"]
    by_host = json.dumps({"srv1": told, "srv2": {"msg": "x"}})
    load = read(tmp_path, "ansible-facts", by_host, name="hosts.json")
    assert [one.reason for one in load.refused] == ["the host 'srv2' has no facts"]


def test_facts_of_a_network_device_are_refused_by_name(tmp_path: Path) -> None:
    text = '{"ansible_facts": {"ansible_net_version": "15.2", "ansible_net_hostname": "sw1"}, "changed": false}'
    assert recognised(tmp_path, text)[0] == "ansible-facts"
    with pytest.raises(InputError, match="facts of a network device, which are not read"):
        read(tmp_path, "ansible-facts", text, name="sw1.json")
