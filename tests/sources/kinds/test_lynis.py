"""Lynis's report of one machine."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows

REPORT = """\
# Lynis Report
report_version_major=1
report_version_minor=0
report_datetime_start=2026-11-04 00:00:00
auditor=A Person
lynis_version=3.1.4
os=Linux
os_name=Debian
os_fullname=Debian GNU/Linux 12 (bookworm)
os_version=12
hostname=srv-07
domainname=oak.example
network_ipv4_address[]=127.0.0.1
network_ipv4_address[]=10.20.0.7
network_mac_address[]=00:11:22:33:44:55
network_listen[]=raw,ss,v1|tcp|0.0.0.0:22|sshd|
network_listen[]=raw,ss,v1|tcp|127.0.0.1:5432|postgres|
network_listen[]=raw,ss,v1|tcp|[::]:22|sshd|
network_listen[]=raw,ss,v1|udp|224.0.0.251:5353|avahi|
network_listen[]=raw,ss,v1|udp|10.20.0.7:161|snmpd|
real_user[]=a.person,1000
home_directory[]=/srv/a.person
package_manager[]=dpkg
installed_packages_array=|apt,2.6.1|bsdutils,1:2.38.1-5|oddity|
suggestion[]=SSH-7408|Consider hardening SSH configuration|AllowTcpForwarding (set YES to NO)|-|
warning[]=PKGS-7392|Found one or more vulnerable packages (CVE-2024-1111).|-|-|
suggestion[]=BROKEN-1
report_datetime_end=2026-11-05 00:01:00
finish=true
"""
SEEDS = {"lynis": [REPORT]}


def test_a_report_is_a_machine_with_its_packages_ports_and_results(tmp_path: Path) -> None:
    assert recognised(tmp_path, REPORT)[0] == "lynis"
    load = read(tmp_path, "lynis", REPORT, "lynis-report.dat")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.incomplete) == (3, 2, 1, None)
    assert (load.refused[0].line, load.refused[0].reason) == (27, "the line has no text behind its test")
    assert rows(load, "assets", "device_id", "fqdn", "ip", "mac", "os", "os_version", "last_seen") == [
        ("srv-07", "srv-07.oak.example", ("10.20.0.7",), "00:11:22:33:44:55", "Debian GNU/Linux 12 (bookworm)", "12", date(2026, 11, 5))
    ]  # fmt: skip
    assert rows(load, "software", "asset_tag", "name", "version", "kind") == [
        ("srv-07", "apt", "2.6.1", "dpkg"), ("srv-07", "bsdutils", "1:2.38.1-5", "dpkg"), ("srv-07", "oddity", None, "dpkg"),
    ]  # fmt: skip
    assert rows(load, "services", "proto", "port") == [("tcp", 22), ("udp", 161)]
    assert rows(load, "results", "check", "title", "severity", "cves") == [
        ("PKGS-7392", "Found one or more vulnerable packages (CVE-2024-1111).", "warning", "CVE-2024-1111"),
        ("SSH-7408", "Consider hardening SSH configuration", "suggestion", None),
    ]
    assert load.tables["results"].places[0] & 0xFFFFFF == 26
    assert "erson" not in repr(load)


def test_packages_behind_a_warning_are_results_of_their_own_that_do_not_count(tmp_path: Path) -> None:
    text = REPORT.replace("finish=true", "vulnerable_package[]=apt\nvulnerable_package[]=nowhere\nfinish=true")
    load = read(tmp_path, "lynis", text, name="lynis-report.dat")
    conserved(load)
    assert load.rows_read == read(tmp_path, "lynis", REPORT, name="lynis-report.dat").rows_read
    assert rows(load, "results", "check", "product", "version")[-2:] == [
        ("PKGS-7392", "apt", "2.6.1"), ("PKGS-7392", "nowhere", None),
    ]  # fmt: skip


def test_ports_of_bsd_and_of_older_versions_stand_the_other_way_round(tmp_path: Path) -> None:
    ports = (
        "0.0.0.0:10000|udp|perl|",
        "*.8080|tcp46||",
        "127.0.0.1.631|tcp4||",
        "*.*|udp4||",
        "127.0.0.1:25|tcp|exim|",
        "*:22|tcp4|sshd|",
        "[::]:22|tcp|sshd|",
        "[::1]:631|tcp|cupsd|",
        "224.0.0.251:5353|udp|x|",
    )
    text = (
        "lynis_version=2.6\nhostname=oak\n"
        + "".join(f"network_listen_port[]={port}\n" for port in ports)
        + "finish=true\n"
    )
    load = read(tmp_path, "lynis", text, name="l.dat")
    assert rows(load, "services", "proto", "port") == [("udp", 10000), ("tcp", 8080), ("tcp", 22)]


def test_the_log_is_told_from_the_report(tmp_path: Path) -> None:
    log = "2026-11-02 03:00:00 Starting Lynis 3.0.8 with PID 7, build date 2022-05-17\n2026-11-02 03:00:00 ====\n"
    assert recognised(tmp_path, log) == ("lynis", "certain: the log of Lynis")


@pytest.mark.parametrize(
    ("manager", "listed", "packages"),
    [
        ("dpkg", "|gcc-12-base:amd64,12.2.0-14|g++,4:12.2.0-3|", [("gcc-12-base", "12.2.0-14", "dpkg"), ("g++", "4:12.2.0-3", "dpkg")]),
        ("rpm", "|bash,4.4.20-3.el8.x86_64,|tzdata,2024a-1.el8.noarch,|", [("bash", "4.4.20-3.el8", "rpm"), ("tzdata", "2024a-1.el8", "rpm")]),
        ("rpm", "|bash,4.4.20-3.el8.x86_64,|bash.x86_64,4.4.20-3.el8|python3.12.x86_64,3.12.1-2.el9|", [("bash", "4.4.20-3.el8", "rpm"), ("python3.12", "3.12.1-2.el9", "rpm")]),
        ("pkginfo", "|openssl,0,|", [("openssl", None, None)]),
        ("pacman", "|bash,5.2.037-1|", [("bash", "5.2.037-1", None)]),
    ],
)  # fmt: skip
def test_every_manager_of_packages_has_a_form_of_its_own(
    tmp_path: Path, manager: str, listed: str, packages: list[tuple[str, str | None, str | None]]
) -> None:
    text = f"lynis_version=3.1\nhostname=oak\npackage_manager[]={manager}\ninstalled_packages_array={listed}\nfinish=true\n"
    assert rows(read(tmp_path, "lynis", text, name="l.dat"), "software", "name", "version", "kind") == packages


def test_a_report_that_did_not_finish_is_incomplete(tmp_path: Path) -> None:
    assert "Lynis did not finish" in (read(tmp_path, "lynis", REPORT.replace("finish=true\n", "")).incomplete or "")


def test_results_of_a_machine_without_a_name_are_refused(tmp_path: Path) -> None:
    load = read(tmp_path, "lynis", REPORT.replace("hostname=srv-07\n", ""))
    conserved(load)
    assert (load.rows_loaded, load.rows_refused) == (0, 3)
    assert load.refused[0].reason == "the report does not say which machine it is of"
    assert not load.tables


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("2026-11-02 03:00:00 Starting Lynis 3.0.8 with PID 7, build date 2022-05-17\n", "is the log of Lynis"),
        ("a=b\n", "no lynis_version"),
        ("{}", "is JSON, not a report of Lynis"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, data: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "lynis", data)


@pytest.mark.shared
def test_public_sample(tmp_path: Path) -> None:
    load = read(
        tmp_path, "lynis", shared("data", "inventories", "lynis", "defectdojo__lynis_many_vuln.dat").read_bytes()
    )
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.tables["software"].rows) == (38, 38, 86)
