"""Fleet's hosts with their software."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import InputError
from secscan.sources.kinds.fleet import _version
from tests.sources.kinds.desk import read, recognised, rows

CSV = """\
created_at,updated_at,id,detail_updated_at,seen_time,hostname,uuid,platform,osquery_version,os_version,build,hardware_serial,computer_name,public_ip,primary_ip,primary_mac,team_name,device_mapping,disk_encryption_enabled,status
2026-01-01T00:00:00Z,2026-11-20T00:00:00Z,12,2026-11-20T00:00:00Z,2026-11-20T08:00:00Z,pc-0001,u-1,windows,5.10.2,Windows 11 Pro 23H2 10.0.22631.3447,22631,SRL1,PC-0001,198.51.100.7,10.2.0.4,00:11:22:33:44:55,Oak,a.person@oak.example,true,online
2026-01-01T00:00:00Z,2026-11-20T00:00:00Z,13,2026-11-20T00:00:00Z,2026-11-19T08:00:00Z,srv-2,u-2,ubuntu,5.10.2,Ubuntu 22.04.4 LTS,,SRL2,srv-2,,10.2.0.5,,Oak,,,offline
2026-01-01T00:00:00Z,2026-11-20T00:00:00Z,,2026-11-20T00:00:00Z,,srv-3,u-3,ubuntu,5.10.2,,,,,,,,,,,
"""
HOST: dict[str, Any] = {
    "id": 12, "hostname": "pc-0001", "uuid": "u-1", "platform": "windows", "osquery_version": "5.10.2", "os_version": "Windows 10 Pro 22H2 10.0.19045.4291",
    "hardware_serial": "SRL1", "primary_ip": "10.2.0.4", "seen_time": "2026-11-20T08:00:00Z", "users": [{"username": "a.person"}],
    "end_users": [{"idp_username": "a.person@oak.example"}],
    "software": [
        {"id": 1, "name": "Google Chrome", "version": "120.0.6099.71", "source": "programs", "vendor": "Google LLC", "vulnerabilities": [
            {"cve": "CVE-2024-0519", "details_link": "https://x.example", "cvss_score": 8.8, "resolved_in_version": "120.0.6099.224"}, {"details_link": "x"}]},
        {"id": 2, "name": "bind", "version": "9.11", "release": "3.el7", "source": "rpm_packages", "vulnerabilities": None},
        {"id": 3, "name": "Adobe Acrobat: PDF edit", "version": "15.1", "source": "chrome_extensions"},
        {"id": 4, "name": "django", "version": "3.2", "source": "python_packages"},
        {"id": 5, "name": "Notes.app", "version": "4.11", "source": "apps"},
    ],
}  # fmt: skip
ONE = json.dumps({"host": HOST}, indent=1)
PAGE = json.dumps(
    {
        "hosts": [
            HOST,
            {
                "id": 13,
                "hostname": "srv-2",
                "seen_time": "2026-11-19T08:00:00Z",
                "software": [{"name": "bash", "version": "5", "source": "deb_packages"}],
            },
        ]
    },
    indent=1,
)
LINES = "\n".join(
    json.dumps({"kind": "host", "apiVersion": "v1", "spec": one}) for one in (HOST, {"id": 13, "hostname": "srv-2"})
)
SEEDS = {"fleet": [CSV, ONE, PAGE, LINES]}


def test_hosts_come_from_the_csv_with_their_build(tmp_path: Path) -> None:
    assert recognised(tmp_path, CSV)[0] == "fleet"
    load = read(tmp_path, "fleet", CSV)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert rows(load, "assets", "device_id", "hostname", "os", "os_version", "serial", "ip", "encrypted", "last_seen") == [
        ("12", "pc-0001", "Windows 11 Pro 23H2 10.0.22631.3447", "10.0.22631.3447", "SRL1", ("10.2.0.4",), True, date(2026, 11, 20)),
        ("13", "srv-2", "Ubuntu 22.04.4 LTS", "22.04.4", "SRL2", ("10.2.0.5",), None, date(2026, 11, 19)),
    ]  # fmt: skip
    assert "person" not in repr(load)


def test_a_host_of_the_api_brings_its_software_and_what_fleet_holds_against_it(tmp_path: Path) -> None:
    assert recognised(tmp_path, ONE)[0] == "fleet"
    load = read(tmp_path, "fleet", ONE)
    assert (load.rows_read, load.rows_loaded) == (1, 1)
    assert rows(load, "assets", "device_id", "os_version") == [("12", "10.0.19045.4291")]
    assert rows(load, "software", "asset_tag", "name", "version", "kind") == [
        ("12", "Google Chrome", "120.0.6099.71", "arp"), ("12", "bind", "9.11-3.el7", "rpm"), ("12", "django", "3.2", "sbom"), ("12", "Notes", "4.11", None),
    ]  # fmt: skip
    assert rows(load, "results", "asset_tag", "check", "product", "version", "fixed_in", "cvss3") == [
        ("12", "CVE-2024-0519", "Google Chrome", "120.0.6099.71", "120.0.6099.224", None)
    ]
    assert load.warnings == ("export.csv: 1 additions to browsers and editors are passed over: they are no programs",)
    assert "person" not in repr(load)


def test_several_hosts_keep_their_own_software_and_its_lines(tmp_path: Path) -> None:
    for text in (PAGE, LINES):
        assert recognised(tmp_path, text)[0] == "fleet"
        load = read(tmp_path, "fleet", text)
        assert (load.rows_read, load.rows_loaded) == (2, 2)
        assert rows(load, "assets", "device_id", "hostname") == [("12", "pc-0001"), ("13", "srv-2")]
    page = read(tmp_path, "fleet", PAGE)
    assert rows(page, "software", "asset_tag", "name")[-1] == ("13", "bash")
    text = PAGE.splitlines()
    for name, place in zip(page.tables["software"].columns["name"], page.tables["software"].places, strict=True):
        line = place & 0xFFFFFFFF
        assert name in "".join(text[line - 1 : line + 4])
    assert [place & 0xFFFFFFFF for place in read(tmp_path, "fleet", LINES).tables["assets"].places] == [1, 2]


def test_a_program_that_cannot_be_read_leaves_the_lists_incomplete(tmp_path: Path) -> None:
    host = {**HOST, "software": [{"name": ""}, "x", {"name": "ok", "version": "1"}]}
    load = read(tmp_path, "fleet", json.dumps({"host": host}))
    assert rows(load, "software", "name") == [("ok",)]
    assert load.incomplete == "export.csv: 2 of the programs that it lists could not be read"


@pytest.mark.parametrize(
    "text",
    ['{"counts_updated_at": "x", "software": [{"name": "Chrome", "hosts_count": 9}]}', "name,version,hosts_count\nChrome,1,9\n"],
)  # fmt: skip
def test_counts_of_hosts_name_none_and_are_refused(tmp_path: Path, text: str) -> None:
    assert recognised(tmp_path, text)[0] == "fleet"
    with pytest.raises(InputError, match="counts the hosts of each program and names none; export the hosts"):
        read(tmp_path, "fleet", text)


@pytest.mark.parametrize("text", ["[1]", "{}", '{"hosts": [5]}', '{"host": {"id": 1}, "x"}'])
def test_other_json_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError):
        read(tmp_path, "fleet", text)


def test_a_broken_line_is_refused_and_its_neighbours_are_read(tmp_path: Path) -> None:
    load = read(tmp_path, "fleet", f"{LINES}\n{LINES[:40]}\n")
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.refused[0].line) == (3, 2, 1, 3)


@pytest.mark.parametrize(
    ("system", "build", "version"),
    [
        ("Windows 11 Pro 23H2 10.0.22631.3447", "22631", "10.0.22631.3447"), ("Microsoft Windows 10 Pro", "19042", "19042"), ("macOS 14.5", "23F79", "14.5"),
        ("CentOS Linux 7.9.2009", "", "7.9.2009"), ("CentOS Linux 7", "", ""), ("", "", ""), ("Windows 11 Pro 23H2", "", ""), ("Ubuntu 20.04 LTS", "", "20.04"),
    ],
)  # fmt: skip
def test_the_version_is_the_number_at_the_end_of_the_system(system: str, build: str, version: str) -> None:
    assert _version(system, build) == version


def test_a_page_that_says_that_more_follow_is_incomplete(tmp_path: Path) -> None:
    page = json.loads(PAGE)
    for more in (True, False):
        text = json.dumps(page | {"meta": {"has_next_results": more}})
        assert (read(tmp_path, "fleet", text, name="h.json").incomplete is not None) == more


def test_answers_to_a_query_are_refused_by_name(tmp_path: Path) -> None:
    text = "host_display_name,last_fetched,name,version\npc-1,2026-11-20,7-Zip,22.01\n"
    assert recognised(tmp_path, text)[0] == "fleet"
    with pytest.raises(InputError, match="holds a query's answers of many hosts, which are not read"):
        read(tmp_path, "fleet", text)
