"""Results of Vuls."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows


def result(**more: Any) -> str:
    said = {
        "jsonVersion": 4, "serverUUID": "", "serverName": "web-01", "family": "redhat", "release": "8.6",
        "ipv4Addrs": ["10.0.2.15", "127.0.0.1"], "ipv6Addrs": ["fd17::1", "fe80::1"], "scannedAt": "2026-11-02T23:10:24.667981285Z",
        "scannedBy": "a-persons-laptop", "scannedVia": "remote", "errors": [], "scannedCves": {},
        "runningKernel": {"release": "4.18.0-372.el8.x86_64", "version": "", "rebootRequired": True},
        "packages": {
            "bash": {"name": "bash", "version": "4.4.20", "release": "3.el8", "newVersion": "4.4.20", "newRelease": "5.el8"},
            "NetworkManager": {"name": "NetworkManager", "version": "1:1.36.0", "release": "2.el8"},
        },
        "config": {"scan": {"servers": {"web-01": {"host": "10.0.2.15", "user": "a.person", "keyPath": "keys/a.person/.ssh/id"}}}},
    }  # fmt: skip
    return json.dumps(said | more, indent=1)


CVES = {
    "CVE-2022-0001": {
        "cveID": "CVE-2022-0001",
        "affectedPackages": [{"name": "bash", "fixedIn": "4.4.20-5.el8"}, {"name": "NetworkManager", "notFixedYet": True}],
        "cveContents": {
            "redhat_api": [{"cvss3Score": 7.1, "cvss3Severity": "important"}],
            "nvd": [{"title": "", "cvss2Score": 9.9, "cvss3Score": 7.8, "cvss3Severity": "HIGH"}],
        },
    },
    "CVE-2022-0002": {"cveContents": {"jvn": {"title": "Something in a library", "severity": "LOW"}}, "libraryFixedIns": [{"name": "lodash", "fixedIn": "4.17.21"}]},
    "CVE-2022-0003": "x",
}  # fmt: skip
HOST = result(
    scannedCves=CVES,
    libraries=[{"type": "npm", "path": "/srv/package-lock.json", "libs": [{"name": "lodash", "version": "4.17.20"}]}],
)
WINDOWS = result(
    family="windows", release="Windows 10 Version 22H2 for x64-based Systems", scannedVia="local", scannedBy="PC-0001",
    runningKernel={"release": "", "version": "10.0.19045.6456", "rebootRequired": False},
    packages={"Microsoft Edge": {"name": "Microsoft Edge", "version": "131.0.2903.70", "release": "", "vendor": "Microsoft Corporation"}},
    windowsKB={"applied": ["5066135", "2267602"], "unapplied": ["KB5068781", "2267602", "not a number"]},
)  # fmt: skip
PSEUDO = result(
    family="pseudo", release="", packages={}, runningKernel={}, serverName="edge-firewall",
    config={"scan": {"servers": {"edge-firewall": {"cpeNames": ["cpe:/o:fortinet:fortios:7.0.0", "cpe:2.3:a:fortinet:forti_manager:7.2.1:*:*:*:*:*:*:*", "x"]}}}},
)  # fmt: skip
SEEDS = {"vuls": [HOST, WINDOWS]}


def test_a_host_comes_with_its_system_its_kernel_and_its_packages(tmp_path: Path) -> None:
    assert recognised(tmp_path, HOST)[0] == "vuls"
    load = read(tmp_path, "vuls", HOST, name="vuls.json")
    conserved(load)
    assert (load.rows_read, load.rows_loaded) == (1, 1)
    assert rows(load, "assets", "device_id", "hostname", "ip", "os", "os_version", "restart_pending", "last_seen") == [
        ("web-01", None, ("10.0.2.15", "fd17::1"), "Red Hat Enterprise Linux", "8.6", True, date(2026, 11, 2))
    ]
    assert load.tables["assets"].extra["kernel"] == ["4.18.0-372.el8.x86_64"]
    assert rows(load, "software", "asset_tag", "name", "version", "kind") == [
        ("web-01", "bash", "4.4.20-3.el8", "rpm"), ("web-01", "NetworkManager", "1:1.36.0-2.el8", "rpm"), ("web-01", "lodash", "4.17.20", "sbom"),
    ]  # fmt: skip
    assert HOST.splitlines()[(load.tables["software"].places[1] & 0xFFFF) - 1].strip() == '"NetworkManager": {'
    assert not any(word in repr(load) for word in ("a.person", "a-persons-laptop", ".ssh"))


def test_cves_are_results_for_each_thing_that_they_are_in(tmp_path: Path) -> None:
    load = read(tmp_path, "vuls", HOST, name="vuls.json")
    assert rows(load, "results", "check", "title", "severity", "cvss3", "product", "version", "fixed_in") == [
        ("CVE-2022-0001", "CVE-2022-0001", "HIGH", 78, "bash", "4.4.20-3.el8", "4.4.20-5.el8"),
        ("CVE-2022-0001", "CVE-2022-0001", "HIGH", 78, "NetworkManager", "1:1.36.0-2.el8", None),
        ("CVE-2022-0002", "Something in a library", "LOW", None, "lodash", "4.17.20", "4.17.21"),
    ]
    assert load.incomplete == "vuls.json: 1 of the things that it lists could not be read"


def test_windows_has_its_build_and_its_updates(tmp_path: Path) -> None:
    load = read(tmp_path, "vuls", WINDOWS, name="vuls.json")
    assert rows(load, "assets", "hostname", "os", "os_version", "restart_pending") == [
        ("PC-0001", "Windows 10 Version 22H2 for x64-based Systems", "10.0.19045.6456", None)
    ]
    assert rows(load, "software", "name", "version", "publisher", "kind") == [
        ("Microsoft Edge", "131.0.2903.70", "Microsoft Corporation", "arp")
    ]
    assert sorted(rows(load, "fixes", "name", "missing")) == [
        ("KB2267602", True),
        ("KB5066135", False),
        ("KB5068781", True),
    ]
    assert load.incomplete is not None


def test_installed_updates_alone_do_not_say_what_is_missing(tmp_path: Path) -> None:
    load = read(tmp_path, "vuls", result(family="windows", windowsKB={"applied": ["5066135"]}), name="vuls.json")
    assert "fixes" not in load.tables
    assert "none that is offered: what is missing is not known" in load.warnings[0]


def test_a_device_by_its_declared_products_has_them_as_software(tmp_path: Path) -> None:
    load = read(tmp_path, "vuls", PSEUDO, name="vuls.json")
    assert rows(load, "assets", "device_id", "os") == [("edge-firewall", None)]
    assert rows(load, "software", "name", "version", "publisher") == [
        ("fortinet fortios", "7.0.0", "fortinet"),
        ("fortinet forti manager", "7.2.1", "fortinet"),
    ]


def test_a_container_is_called_by_its_own_name_and_an_id_goes_before_a_name(tmp_path: Path) -> None:
    inside = read(
        tmp_path, "vuls", result(container={"containerID": "abc", "name": "db"}, scannedVia="local"), name="v.json"
    )
    assert rows(inside, "assets", "device_id", "hostname") == [("db@web-01", None)]
    known = read(tmp_path, "vuls", result(serverUUID="8c6d"), name="v.json")
    assert rows(known, "assets", "device_id") == [("8c6d",)]
    declared = read(tmp_path, "vuls", HOST, name="OT-3.json", asset="{stem}")
    assert rows(declared, "assets", "asset_tag", "device_id") == [("OT-3", "OT-3")]


def test_a_scan_with_errors_is_incomplete_and_other_versions_are_refused(tmp_path: Path) -> None:
    assert (
        read(tmp_path, "vuls", result(errors=["no sudo"]), name="v.json").incomplete
        == "v.json: Vuls itself met errors in the scan"
    )
    with pytest.raises(InputError, match="is a result of Vuls in version '3' of its JSON; 4 is read"):
        read(tmp_path, "vuls", result(jsonVersion=3), name="v.json")
    with pytest.raises(InputError, match="is JSON, but no result of Vuls"):
        read(tmp_path, "vuls", "{}", name="v.json")
    with pytest.raises(InputError, match="is text, not a result of Vuls"):
        read(tmp_path, "vuls", "web-01 (redhat8.6)\n", name="v.txt")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "packages", "fixes", "system"),
    [
        ("amazon_2", 435, 0, "Amazon Linux"),
        ("centos_7", 304, 0, "centos"),
        ("cpe_fortinet", 9, 0, None),
        ("debian_12", 437, 0, "debian"),
        ("rhel_80", 477, 0, "Red Hat Enterprise Linux"),
        ("sles15", 611, 0, "SUSE Linux Enterprise Server"),
        ("ubuntu_2204", 671, 0, "ubuntu"),
        ("windows_7", 0, 0, "Windows 7 for x64-based Systems Service Pack 1"),
        ("windows_server_2022_sql_server_2019", 41, 86, "Windows Server 2022"),
    ],
)
def test_the_public_samples_are_read_whole(
    tmp_path: Path, name: str, packages: int, fixes: int, system: str | None
) -> None:
    data = shared("data", "inventories", "vuls", f"integration__{name}.json").read_bytes()
    assert recognised(tmp_path, data)[0] == "vuls"
    load = read(tmp_path, "vuls", data, name=f"{name}.json")
    conserved(load)
    counts = [load.tables[table].rows if table in load.tables else 0 for table in ("software", "fixes")]
    assert (load.rows_loaded, counts, load.incomplete) == (1, [packages, fixes], None)
    assert rows(load, "assets", "os") == [(system,)]
