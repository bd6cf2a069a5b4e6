"""Nessus, Tenable.sc and Tenable Vulnerability Management."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.model.errors import InputError
from secscan.sources import scanned
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows


def item(
    plugin: str, name: str, output: str = "", port: str = "0", svc: str = "general", severity: str = "0", more: str = ""
) -> str:
    return (
        f'<ReportItem port="{port}" svc_name="{svc}" protocol="tcp" severity="{severity}" pluginID="{plugin}" pluginName="{name}" '
        f'pluginFamily="General">\n<description>Long.</description>\n{more}<plugin_output>{output}</plugin_output>\n</ReportItem>\n'
    )  # fmt: skip


def host(name: str, *items: str, **properties: str) -> str:
    named = {tag if tag[0].isupper() else tag.replace("_", "-"): text for tag, text in properties.items()}
    told = {"HOST_END": "Tue Nov  3 10:11:12 2026"} | named
    tags = "".join(f'<tag name="{tag}">{text}</tag>\n' for tag, text in told.items())
    return f'<ReportHost name="{name}"><HostProperties>\n{tags}</HostProperties>\n{"".join(items)}</ReportHost>\n'


def report(*hosts: str) -> str:
    return (
        '<?xml version="1.0" ?>\n<NessusClientData_v2>\n<Policy><Preferences><ServerPreferences><preference>\n'
        "<name>scan_account</name><value>svc-of-a.person</value></preference></ServerPreferences></Preferences></Policy>\n"
        f'<Report name="weekly">\n{"".join(hosts)}</Report>\n</NessusClientData_v2>\n'
    )


PROGRAMS = """
The following software are installed on the remote host :

7-Zip 22.01 (x64)  [version 22.01]  [installed on 2024/03/05]
Contoso Rates Client  [version 4.2.0]
Tool without a version
The following updates are installed :

Microsoft .NET Framework 4.8 :
  KB4486153  [version 1]  [installed on 5/4/2021]
"""
REPORT = """
The following software information is available on the remote host :

 - 7-Zip 22.01 (x64)
     Best Confidence Version  : 22.1.0.0
     Version Confidence Level : 2
     All Possible Versions    :  22.1.0.0, 22.01
     Other Version Data
       [DisplayName] :
           Raw Value           : 7-Zip 22.01 (x64)
       [Publisher] :
           Raw Value           : Igor Pavlov
       [DisplayVersion] :
           Raw Value           : 22.01

 - Only In The Report
     Best Confidence Version  : 9.1
     Version Confidence Level : 3
"""
DEBIAN = """
Here is the list of packages installed on the remote Debian Linux system :

  Desired=Unknown/Install/Remove/Purge/Hold
  ||/ Name Version Architecture Description
  ii  openssh-server  1:9.2p1-2+deb12u3  amd64  secure shell server
  rc  old-thing  1.0-1  all  removed
  ii  libc6:amd64  2.36-9  amd64  GNU C Library
"""
RED_HAT = """
Here is the list of packages installed on the remote Red Hat Linux system :

  bash-4.4.20-4.el8|(none)
  openssl-1.1.1k-9.el8|1
"""
CPES = """
The remote operating system matched the following CPE :

  cpe:/o:microsoft:windows_server_2019

Following application CPE's matched on the remote system :

  cpe:/a:openbsd:openssh:8.0 -&gt; OpenBSD OpenSSH
  cpe:/a:apache:http_server:2.4.37 -&gt; Apache HTTP Server
"""
WINDOWS = host(
    "pc-07.oak.example",
    item("20811", "Installed software", PROGRAMS, port="445", svc="cifs"),
    item("178102", "Software report", REPORT),
    item("45590", "CPE", CPES),
    item("19506", "Scan information", "Credentialed checks : yes, as 'OAK\\a.person' via smb\n"),
    item("22964", "Service detection", "A TLSv1.2 server answered on this port.", port="443", svc="www"),
    item("10863", "Thing &lt;b&gt;old&lt;/b&gt;", "\n  Installed version : 2.1\n  Fixed version     : 2.4 / 3.0\n", port="443", svc="www", severity="3",
         more="<cve>CVE-2023-1111</cve>\n<cve>CVE-2023-2222</cve>\n<cvss_base_score>9.3</cvss_base_score>\n<cvss3_base_score>7.5</cvss3_base_score>\n<cpe>cpe:/a:contoso:thing</cpe>\n"),
    host_ip="10.20.0.7", host_fqdn="pc-07.oak.example", netbios_name="OAK\\PC-07", mac_address="00:11:22:33:44:55\n00:11:22:33:44:66",
    operating_system="Microsoft Windows Server 2019 Standard Build 17763", system_type="general-purpose",
    Credentialed_Scan="true",
)  # fmt: skip
OUTSIDE = host(
    "10.20.0.9",
    item("11219", "SYN scanner", "Port 23/tcp was found to be open", port="23", svc="telnet"),
    item("11219", "SYN scanner", "Port 8443/tcp was found to be open", port="8443", svc="https-alt?"),
    item("45590", "CPE", CPES),
    item("11936", "OS", "\nRemote operating system : Linux Kernel 4.18 on AlmaLinux 8.8\nConfidence level : 95\n"),
    host_ip="10.20.0.9", system_type="switch",
)  # fmt: skip
NESSUS = report(WINDOWS, OUTSIDE)
SCANNER = """\
Plugin ID,CVE,CVSS v2.0 Base Score,Risk,Host,Protocol,Port,Name,Synopsis,Description,Solution,See Also,Plugin Output,CVSS v3.0 Base Score
35291,CVE-2004-2761,5.0,Medium,10.20.0.7,tcp,443,Weak hash,S,D,S,,"
  Installed version : 1.0
  Fixed version : 1.1
",7.5
19506,,,None,10.20.0.7,tcp,0,Nessus Scan Information,S,D,S,,"Credentialed checks : no
",
45590,,,None,10.20.0.7,tcp,0,CPE,S,D,S,,"cpe:/a:php:php:7.2.1 -> PHP
",
10114,CVE-1999-0524,,None,web.oak.example,icmp,0,Timestamp,S,D,S,,,
1,,,None,,tcp,0,Nobody,S,D,S,,,
"""
CENTER = """\
Plugin,Plugin Name,Family,Severity,IP Address,Protocol,Port,Repository,MAC Address,DNS Name,NetBIOS Name,Plugin Text,First Discovered,Last Observed,CVSS V3 Base Score,CVE
35291,Weak hash,General,Medium,10.20.0.7,TCP,443,Site,00:11:22:33:44:55,pc-07.oak.example,OAK\\PC-07,"Plugin Output: x","Jan 5, 2026 10:24:08 GMT","Nov 2, 2026 10:24:08 GMT",7.5,"CVE-2004-2761,CVE-2005-4900"
51192,Not trusted,General,Info,10.20.0.7,TCP,3389,Site,,,,,"Jan 5, 2026 10:24:08 GMT","Nov 9, 2026 10:24:08 GMT",,
"""
CLOUD = """\
asset.id;asset.name;asset.display_fqdn;asset.display_ipv4_address;asset.operating_system;asset.system_type;asset.tags;definition.id;definition.name;definition.cve;definition.cvss3.base_score;definition.severity;first_observed;last_seen;output;port;protocol;severity;state
a-1;pc-07;pc-07.oak.example;10.20.0.7;Linux Kernel 5.4 on Ubuntu 20.04;printer;"[{""category"":""Owner"",""value"":""a.person""}]";33851;Daemons;;3.1;High;2025-06-28T11:50:44.895Z;2026-11-12T12:14:16.850Z;x;22;TCP;Low;RESURFACED
a-1;pc-07;pc-07.oak.example;10.20.0.7;Linux Kernel 5.4 on Ubuntu 20.04;printer;;70658;CBC;CVE-2008-5161;3.7;Low;2025-06-28T11:50:44.895Z;2026-10-12T12:14:16.850Z;x;22;TCP;Low;FIXED
"""
SEEDS = {"nessus": [NESSUS, SCANNER, CENTER, CLOUD]}


def test_a_host_comes_with_its_names_its_system_and_what_it_has_installed(tmp_path: Path) -> None:
    assert recognised(tmp_path, NESSUS) == ("nessus", "certain: the root element is NessusClientData_v2")
    load = read(tmp_path, "nessus", NESSUS, "weekly.nessus")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (2, 2, 0)
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "ip", "mac", "os", "type", "last_seen") == [
        (
            "pc-07.oak.example", "PC-07", "pc-07.oak.example", ("10.20.0.7",), "00:11:22:33:44:55",
            "Microsoft Windows Server 2019 Standard Build 17763", None, date(2026, 11, 3),
        ),
        ("10.20.0.9", None, None, ("10.20.0.9",), None, "AlmaLinux 8.8", "network", date(2026, 11, 3)),
    ]  # fmt: skip
    assert rows(load, "software", "asset_tag", "name", "version", "publisher", "install_date", "kind") == [
        ("pc-07.oak.example", "7-Zip 22.01 (x64)", "22.01", "Igor Pavlov", date(2024, 3, 5), "arp"),
        ("pc-07.oak.example", "Contoso Rates Client", "4.2.0", None, None, "arp"),
        ("pc-07.oak.example", "Tool without a version", None, None, None, "arp"),
        ("pc-07.oak.example", "Only In The Report", "9.1", None, None, "arp"),
        ("10.20.0.9", "openssh", "8.0", "openbsd", None, "service_banner"),
        ("10.20.0.9", "http_server", "2.4.37", "apache", None, "service_banner"),
    ]
    assert "a.person" not in repr(load)


def test_a_port_that_a_result_is_about_is_open_and_a_guessed_name_is_none(tmp_path: Path) -> None:
    load = read(tmp_path, "nessus", NESSUS)
    assert rows(load, "services", "asset_tag", "proto", "port", "service") == [
        ("pc-07.oak.example", "tcp", 445, "cifs"), ("pc-07.oak.example", "tcp", 443, "ssl/http"), ("10.20.0.9", "tcp", 23, "telnet"), ("10.20.0.9", "tcp", 8443, None),
    ]  # fmt: skip


def test_results_keep_the_scanners_words_and_their_line(tmp_path: Path) -> None:
    load = read(tmp_path, "nessus", NESSUS)
    found = rows(
        load,
        "results",
        "check",
        "title",
        "severity",
        "cvss3",
        "cves",
        "port",
        "product",
        "version",
        "fixed_in",
        "state",
    )
    assert found[5] == (
        "10863", "Thing <b>old</b>", "High", 75, "CVE-2023-1111;CVE-2023-2222", 443, "cpe:/a:contoso:thing", "2.1", "2.4 / 3.0", "open",
    )  # fmt: skip
    assert {row[2] for row in found} == {"Info", "High"}
    line = NESSUS[: NESSUS.index('pluginID="10863"')].count("\n") + 1
    assert load.tables["results"].places[5] & 0xFFFFFF == line


def test_a_host_that_was_not_looked_into_makes_the_scan_incomplete(tmp_path: Path) -> None:
    says = "1 of 2 hosts were scanned without credentials that were enough"
    assert says in (read(tmp_path, "nessus", NESSUS).incomplete or "")
    assert read(tmp_path, "nessus", report(WINDOWS)).incomplete is None
    failed = WINDOWS.replace("</ReportHost>", item("110385", "Insufficient privilege") + "</ReportHost>")
    assert "1 of 1 hosts" in (read(tmp_path, "nessus", report(failed)).incomplete or "")
    unended = report(WINDOWS.replace("HOST_END", "HOST_NONE"))
    assert "the scan of 1 hosts did not end" in (read(tmp_path, "nessus", unended).incomplete or "")


@pytest.mark.parametrize(
    ("output", "expected", "whole"),
    [
        (DEBIAN, [("openssh-server", "1:9.2p1-2+deb12u3", "dpkg"), ("libc6", "2.36-9", "dpkg")], True),
        (RED_HAT, [("bash", "4.4.20-4.el8", "rpm"), ("openssl", "1:1.1.1k-9.el8", "rpm")], True),
        (RED_HAT + "  what is this\n", [("bash", "4.4.20-4.el8", "rpm"), ("openssl", "1:1.1.1k-9.el8", "rpm")], False),
        (RED_HAT.replace("Red Hat Linux", "FreeBSD"), [], False),
    ],
)
def test_packages_are_listed_and_what_is_not_read_of_them_is_said(
    tmp_path: Path, output: str, expected: list[tuple[str, str, str]], whole: bool
) -> None:
    one = host("a", item("22869", "Packages", output), item("19506", "Info", "Credentialed checks : yes\n"))
    load = read(tmp_path, "nessus", report(one))
    if expected:
        assert rows(load, "software", "name", "version", "kind") == expected
    else:
        assert "software" not in load.tables
    assert (load.incomplete is None) == whole
    if not whole:
        assert "lists packages in a form that is not read" in (load.incomplete or "")


def test_a_partial_list_of_programs_is_no_whole_list(tmp_path: Path) -> None:
    partial = (
        "\nDue to the large number of applications installed, only a partial\nlist of software is reported below.\n"
    )
    one = host("a", item("20811", "Programs", partial + PROGRAMS), item("19506", "Info", "Credentialed checks : yes\n"))
    load = read(tmp_path, "nessus", report(one))
    assert [name for (name,) in rows(load, "software", "name")] == [
        "7-Zip 22.01 (x64)", "Contoso Rates Client", "Tool without a version",
    ]  # fmt: skip
    assert "lists programs in part" in (load.incomplete or "")


def test_an_address_where_nobody_is_counts_as_blank(tmp_path: Path) -> None:
    dead = host(
        "10.20.0.50", item("10180", "Ping", "The remote host (10.20.0.50) is considered as dead - not scanning\n")
    )
    load = read(tmp_path, "nessus", report(WINDOWS, dead))
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (2, 1, 1)
    assert [tag for (tag,) in rows(load, "assets", "device_id")] == ["pc-07.oak.example"]


def test_a_system_of_which_the_scanner_is_not_sure_is_unknown(tmp_path: Path) -> None:
    either = host("a", operating_system="Microsoft Windows 10\nMicrosoft Windows Server 2016")
    assert rows(read(tmp_path, "nessus", report(either)), "assets", "os") == [(None,)]


def test_a_file_that_breaks_off_keeps_its_whole_hosts_and_refuses_the_cut_one(tmp_path: Path) -> None:
    load = read(tmp_path, "nessus", NESSUS[: NESSUS.index("8443/tcp")])
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (2, 1, 1)
    line = NESSUS[: NESSUS.index('<ReportHost name="10.20.0.9"')].count("\n") + 1
    assert (load.refused[0].line, load.refused[0].reason) == (line, "the host is cut off")
    assert "breaks off" in (load.incomplete or "")
    assert {tag for (tag,) in rows(load, "results", "asset_tag")} == {"pc-07.oak.example"}


def test_a_csv_of_the_scanner_is_a_list_of_results(tmp_path: Path) -> None:
    assert recognised(tmp_path, SCANNER)[1].startswith("certain: a Nessus CSV")
    load = read(tmp_path, "nessus", SCANNER)
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (5, 4, 1)
    assert (load.refused[0].line, load.refused[0].reason) == (11, "asset_tag is empty")
    assert rows(load, "results", "asset_tag", "address", "check", "severity", "cvss3", "proto", "port", "version", "fixed_in") == [
        ("10.20.0.7", "10.20.0.7", "35291", "Medium", 75, "tcp", 443, "1.0", "1.1"),
        ("10.20.0.7", "10.20.0.7", "19506", "Info", None, "tcp", None, None, None),
        ("10.20.0.7", "10.20.0.7", "45590", "Info", None, "tcp", None, None, None),
        ("web.oak.example", None, "10114", "Info", None, None, None, None, None),
    ]  # fmt: skip
    assert rows(load, "software", "asset_tag", "name", "version") == [("10.20.0.7", "php", "7.2.1")]
    assert rows(load, "services", "asset_tag", "port") == [("10.20.0.7", 443)]
    assert rows(load, "assets", "device_id", "fqdn") == [("10.20.0.7", None), ("web.oak.example", "web.oak.example")]
    assert "1 of 2 hosts were scanned without credentials" in (load.incomplete or "")
    assert not load.warnings


def test_a_csv_of_tenable_sc_writes_its_days_in_words(tmp_path: Path) -> None:
    assert recognised(tmp_path, CENTER)[1].startswith("certain: a Tenable.sc CSV")
    load = read(tmp_path, "nessus", CENTER)
    assert rows(load, "results", "asset_tag", "severity", "cves", "first_seen", "last_seen") == [
        ("10.20.0.7", "Medium", "CVE-2004-2761;CVE-2005-4900", date(2026, 1, 5), date(2026, 11, 2)),
        ("10.20.0.7", "Info", None, date(2026, 1, 5), date(2026, 11, 9)),
    ]
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "mac", "last_seen") == [
        ("10.20.0.7", "PC-07", "pc-07.oak.example", "00:11:22:33:44:55", date(2026, 11, 9))
    ]


def test_newer_csvs_of_tenable_sc_call_the_output_otherwise_and_an_end_of_support_is_no_version(tmp_path: Path) -> None:
    text = """\
Plugin,Plugin Name,Family,Severity,IP Address,Protocol,Port,Repository,DNS Name,NetBIOS Name,Plugin Output,Steps to Remediate,CPE
73756,SQL Server: unsupported,Databases,Critical,10.2.0.4,TCP,1433,Individual Scan,,OAK\\DB-04,"Plugin Output:
  Installed version : 10.50.6560.0
  Fixed version     : This version is no longer supported.",Upgrade.,cpe:/a:microsoft:sql_server
35000,nginx < 1.26,Web,High,10.2.0.4,TCP,80,Individual Scan,,OAK\\DB-04,"Plugin Output:
  Installed version : 1.24.0
  Fixed version     : 1.26.2",Upgrade.,
"""
    assert recognised(tmp_path, text)[1].startswith("certain: a Tenable.sc CSV")
    load = read(tmp_path, "nessus", text, name="sc.csv")
    assert rows(load, "results", "product", "version", "fixed_in") == [
        ("cpe:/a:microsoft:sql_server", "10.50.6560.0", None), (None, "1.24.0", "1.26.2"),
    ]  # fmt: skip


def test_a_csv_of_vulnerability_management_names_the_service_of_a_port(tmp_path: Path) -> None:
    text = """\
Plugin ID,CVE,CVSS,Risk,Host,Protocol,Port,Name,Synopsis,Description,Solution,See Also,Plugin Output,Asset UUID,Vulnerability State,IP Address,FQDN,Service
18405,,,Medium,web.oak.example,TCP,3389,RDP weakness,s,d,s,,o,11111111-1111-4111-8111-111111111111,Active,10.2.0.7,web.oak.example,msrdp
10107,,,None,web.oak.example,TCP,8443,HTTP Server,s,d,s,,o,11111111-1111-4111-8111-111111111111,Active,10.2.0.7,web.oak.example,www?
51192,,,Medium,web.oak.example,TCP,21,FTP in the clear,s,d,s,,o,11111111-1111-4111-8111-111111111111,Fixed,10.2.0.7,web.oak.example,ftp
"""
    load = read(tmp_path, "nessus", text, name="io.csv")
    assert rows(load, "services", "port", "service") == [(3389, "ms-wbt-server"), (8443, None)]
    assert rows(load, "results", "port", "state")[-1] == (21, "fixed")


def test_a_csv_of_web_application_scanning_scores_under_its_own_heading_and_an_address_is_no_host_name(
    tmp_path: Path,
) -> None:
    text = """\
Plugin ID,CVE,CVSS,CVSSv3,Risk,Host,Protocol,Port,Name,Synopsis,Description,Solution,See Also,Plugin Output
98104,,7.5,7.1,high,www.oak.example,http,,Cross-Site Scripting,s,d,s,,o
42873,,5.0,,Medium,10.2.0.9,tcp,443,Weak ciphers,s,d,s,,o
"""
    load = read(tmp_path, "nessus", text, name="was.csv")
    assert rows(load, "results", "hostname", "address", "cvss3", "severity") == [
        ("www.oak.example", None, 71, "high"), (None, "10.2.0.9", None, "Medium"),
    ]  # fmt: skip


def test_a_csv_of_vulnerability_management_has_dotted_names(tmp_path: Path) -> None:
    assert recognised(tmp_path, CLOUD)[1].startswith("certain: a Tenable Vulnerability Management CSV")
    load = read(tmp_path, "nessus", CLOUD)
    assert rows(load, "results", "asset_tag", "hostname", "severity", "cvss3", "port", "state", "last_seen") == [
        ("a-1", "pc-07", "Low", 31, 22, "open", date(2026, 11, 12)), ("a-1", "pc-07", "Low", 37, 22, "fixed", date(2026, 10, 12)),
    ]  # fmt: skip
    assert rows(load, "assets", "device_id", "ip", "os", "type", "last_seen") == [
        ("a-1", ("10.20.0.7",), "Ubuntu 20.04", "printer", date(2026, 11, 12))
    ]
    assert "a.person" not in repr(load)
    commas = read(tmp_path, "nessus", CLOUD.replace(";", ","))
    assert rows(commas, "results", "check") == rows(load, "results", "check")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("Plugin,Plugin Name,Family,Severity,Total\n1,x,General,High,7\n", "counts hosts and names none; export the vulnerability detail list"),
        ("<NessusClientData><Report/></NessusClientData>", "export it as .nessus"),
        ("Plugin ID,Host\n1,a\n", "has no column 'Name'"),
        ("{}", "is JSON, not a table"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused_by_name(tmp_path: Path, data: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "nessus", data)


def test_known_forms_that_are_not_read_are_still_taken_for_what_they_are(tmp_path: Path) -> None:
    assert recognised(tmp_path, "Plugin,Plugin Name,Family,Severity,Total\n1,x,General,High,7\n")[0] == "nessus"
    assert recognised(tmp_path, "<NessusClientData><Report/></NessusClientData>")[0] == "nessus"
    kind, says = recognised(tmp_path, "<report><item/></report>")
    assert kind == "" and says.startswith("is XML with the root element 'report'; no reader takes it")


MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


@given(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
def test_every_day_is_read_in_every_form_that_scanners_write(day: date) -> None:
    named = MONTHS[day.month - 1]
    seconds = int((day - date(1970, 1, 1)) / timedelta(seconds=1))
    forms = [
        f"{named} {day.day}, {day.year} 10:24:08 MST", f"{named} {day.day:02}, {day.year}", f"Wed {named} {day.day:2} 15:07:52 {day.year}",
        f"{day.isoformat()}T01:58:56.166Z", day.isoformat(), f"{day:%Y%m%d}T115513233",
    ]  # fmt: skip
    assert {scanned.day(form) for form in forms} == {day.isoformat()}
    if seconds >= 10**8:
        assert scanned.day(str(seconds)) == scanned.day(f"{seconds}000") == day.isoformat()


@pytest.mark.parametrize("text", ["03/04/2026", "Foo 3, 2026", "", "12345", "2026", "10.20.0.7"])
def test_what_is_no_day_of_those_forms_is_left_to_the_source(text: str) -> None:
    assert scanned.day(text) == ""


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("cpe:/a:apache:http_server:2.4.7", ("a", "apache", "http_server", "2.4.7")),
        ("cpe:/a:microsoft:sql_server:2012:sp4", ("a", "microsoft", "sql_server", "2012 sp4")),
        ("cpe:2.3:a:vendor:a\\:b:1.0:*:*:*:*:*:*:*", ("a", "vendor", "a:b", "1.0")),
        ("cpe:/o:linux:linux_kernel", ("o", "linux", "linux_kernel", "")),
        ("cpe:/a:x:y:-", ("a", "x", "y", "")),
        ("cpe:/a", None),
        ("CVE-2020-1", None),
    ],
)
def test_a_cpe_is_taken_apart(text: str, parts: tuple[str, ...] | None) -> None:
    found = scanned.cpe(text)
    assert (found and (found.part, found.vendor, found.product, found.version)) == parts


MEASURE = """
import re, sys
from pathlib import Path
from datetime import date
from secscan.model.places import Files
from secscan.model.settings import Limits, Source
from secscan.sources import read_file
s = Source.model_validate({"id": "one", "as": "nessus", "file": "*"})
load = read_file(Path(sys.argv[1]), "scan.nessus", s, "a", Files(), Limits(), date(2026, 11, 22), date(2026, 11, 1))
peak = re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())
print(load.rows_loaded, load.tables["results"].rows, int(peak[1]) // 1024)
"""


def test_a_large_file_needs_little_more_memory_than_its_own_size(tmp_path: Path) -> None:
    path = tmp_path / "scan.nessus"
    finding = item(
        "10863", "Thing", "Installed version : 1\n" + "word " * 200, port="443", svc="www", severity="2"
    ).replace("Long.", "words " * 200)
    one = "".join([finding] * 100)
    with path.open("w") as out:
        out.write("<NessusClientData_v2><Report>")
        for n in range(200):
            out.write(host(f"10.9.0.{n}", one, host_ip=f"10.9.0.{n}"))
        out.write("</Report></NessusClientData_v2>\n")
    size = path.stat().st_size / 1e6
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path)], capture_output=True, text=True, check=True)
    hosts, results, megabytes = map(int, done.stdout.split())
    assert (hosts, results) == (200, 20_000)
    assert size > 40
    assert megabytes < size + 75, f"{megabytes} MB for a file of {size:.0f} MB"


@pytest.mark.shared
def test_public_samples(tmp_path: Path) -> None:
    expected = {
        "defectdojo__nessus_with_cvssv3.nessus": (1, 1, 49, 5), "defectdojo__nessus_many_vuln.xml": (1, 1, 7, 0), "defectdojo__nessus_many_vuln.csv": (533, 4, 4, 0),
        "defectdojo__tenable_many_vuln.csv": (22, 20, 20, 0), "defectdojo__nessus_new.csv": (99, 99, 99, 0),
    }  # fmt: skip
    for name, (count, loaded, results, software) in expected.items():
        data = shared("data", "inventories", "nessus", name).read_bytes()
        assert recognised(tmp_path, data)[0] == "nessus", name
        load = read(tmp_path, "nessus", data, name)
        conserved(load)
        assert (load.rows_read, load.rows_loaded, load.tables["results"].rows) == (count, loaded, results), name
        assert (load.tables["software"].rows if "software" in load.tables else 0) == software, name
        assert not load.warnings, name
