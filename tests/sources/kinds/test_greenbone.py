"""Greenbone's reports, XML and CSV."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from time import perf_counter

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows


def result(
    address: str,
    oid: str,
    name: str,
    port: str = "general/tcp",
    threat: str = "Log",
    severity: str = "0.0",
    more: str = "",
    qod: str = "80",
) -> str:
    return f"""\
<result id="r-{oid}">
  <name>{name}</name>
  <owner><name>a.person</name></owner>
  <modification_time>2026-11-03T10:00:00Z</modification_time>
  <host>{address}<asset asset_id=""/><hostname>srv-01.oak.example</hostname></host>
  <port>{port}</port>
  <nvt oid="{oid}"><type>nvt</type><name>{name}</name><family>General</family>{more}</nvt>
  <threat>{threat}</threat>
  <severity>{severity}</severity>
  <qod><value>{qod}</value><type>remote_banner</type></qod>
  <description>Long.</description>
</result>
"""


def detail(name: str, value: str) -> str:
    return f"<detail><name>{name}</name><value>{value}</value><source><type>nvt</type><name>1.3.6</name></source></detail>\n"


LOGIN = detail("Auth-SSH-Success", "Protocol SSH, Port 22, User a.person")
DETAILS = (
    detail("hostname", "srv-01.oak.example") + detail("best_os_txt", "Debian GNU/Linux 12") + detail("best_os_cpe", "cpe:/o:debian:debian_linux:12")
    + detail("MAC", "00:11:22:33:44:55") + detail("App", "cpe:/a:apache:http_server:2.4.57") + detail("cpe:/a:apache:http_server:2.4.57", "8080/tcp")
    + detail("App", "cpe:/a:openbsd:openssh:9.2") + detail("cpe:/a:openbsd:openssh:9.2", "/usr/sbin/sshd") + detail("ports", "22,8080")
)  # fmt: skip


def host(address: str, details: str = DETAILS, end: str = "2026-11-03T10:10:00Z") -> str:
    return f"<host><ip>{address}</ip><asset asset_id=''/><start>2026-11-03T09:00:00Z</start><end>{end}</end><port_count><page>2</page></port_count>{details}</host>\n"


def report(results: str, hosts: str, status: str = "Done", filtered: int = 3, errors: str = "") -> str:
    return f"""\
<report id="r-1">
<gmp><version>22.4</version></gmp>
<filters id="0"><term>rows=-1</term></filters>
<scan_run_status>{status}</scan_run_status>
<ports max="-1" start="1"><count>1</count><port>8080/tcp<host>10.20.0.7</host><severity>7.5</severity></port></ports>
<results start="1" max="-1">
{results}</results>
<result_count>3<full>9</full><filtered>{filtered}</filtered><high><full>1</full><filtered>1</filtered></high></result_count>
{hosts}<errors><count>{errors or 0}</count></errors>
<scan_end>2026-11-03T10:20:00Z</scan_end>
</report>
"""


RESULTS = (
    result("10.20.0.7", "1.3.6.1.4.1.25623.1.0.80091", "TCP timestamps", threat="Low", severity="2.6",
           more="<cvss_base>2.6</cvss_base><tags>cvss_base_vector=AV:N/AC:H/Au:N/C:N/I:N/A:P|summary=x</tags>")
    + result("10.20.0.7", "1.3.6.1.4.1.25623.1.0.1", "Old &lt;script&gt; web\n     server", "8080/tcp", "High", "7.5",
             '<cvss_base>7.5</cvss_base><severities score="7.5"><severity type="cvss_base_v3"><score>7.5</score><value>CVSS:3.1/AV:N</value></severity></severities>'
             '<refs><ref type="cve" id="CVE-2023-1111"/><ref type="cve" id="CVE-2023-2222"/><ref type="url" id="https://example.org"/></refs>')
    + result("10.20.0.7", "CVE-2021-26690", "CVE-2021-26690", "http (80/tcp)", "Medium", "5.0", qod="75")
)  # fmt: skip
REPORT = report(RESULTS, host("10.20.0.7", DETAILS + LOGIN))
EXPORTED = f'<report id="r-0" extension="xml" content_type="text/xml"><owner><name>a.person</name></owner><task id="t"><name>Weekly</name></task>\n{REPORT}</report>'
ANSWER = f'<get_reports_response status="200" status_text="OK">\n{EXPORTED}</get_reports_response>'
CSV = """\
IP,Hostname,Port,Port Protocol,CVSS,Severity,QoD,Solution Type,NVT Name,Summary,Specific Result,NVT OID,CVEs,Task ID,Task Name,Timestamp,Result ID
10.20.0.7,srv-01.oak.example,,,2.6,Low,80,"Mitigation","TCP timestamps","S","R",1.3.6.1.4.1.25623.1.0.80091,"",t-1,"Weekly",2026-10-03T20:50:18Z,r-1
10.20.0.7,srv-01.oak.example,8080,tcp,0.0,Log,80,"","Services","S","R
of two lines",1.3.6.1.4.1.25623.1.0.10330,"CVE-2011-3389,CVE-2015-0204",t-1,"Weekly",2026-11-03T20:50:18Z,r-2
10.20.0.9,,,,7.5,High,75,"","CVE-2021-26690","S","R",CVE-2021-26690,"",t-1,"Weekly",2026-11-03T20:50:18Z,r-3
,,,,7.5,High,75,"","x","S","R",1.3,"",t-1,"Weekly",2026-11-03T20:50:18Z,r-4
"""
SEEDS = {"greenbone": [REPORT, ANSWER, CSV]}


@pytest.mark.parametrize("data", [REPORT, EXPORTED, ANSWER], ids=["bare", "report", "response"])
def test_a_report_reads_alike_whatever_is_put_around_it(tmp_path: Path, data: str) -> None:
    assert recognised(tmp_path, data) == ("greenbone", "certain: a report with the elements of GMP")
    load = read(tmp_path, "greenbone", data, "report.xml")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.incomplete, load.warnings) == (1, 1, None, ())
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "ip", "mac", "os", "last_seen") == [
        ("10.20.0.7", "srv-01.oak.example", "srv-01.oak.example", ("10.20.0.7",), "00:11:22:33:44:55", "Debian GNU/Linux 12", date(2026, 11, 3))
    ]  # fmt: skip
    assert rows(load, "software", "asset_tag", "name", "version", "kind") == [
        ("10.20.0.7", "http_server", "2.4.57", "service_banner"), ("10.20.0.7", "openssh", "9.2", "service_banner"),
    ]  # fmt: skip
    assert sorted(rows(load, "services", "port", "proto", "product", "version"), key=lambda row: row[0]) == [
        (22, "tcp", None, None), (80, "tcp", None, None), (8080, "tcp", "http_server", "2.4.57"),
    ]  # fmt: skip
    assert "a.person" not in repr(load)


def test_results_keep_severity_quality_and_object_ids(tmp_path: Path) -> None:
    load = read(tmp_path, "greenbone", REPORT)
    assert rows(load, "results", "asset_tag", "check", "title", "severity", "cvss3", "cves", "proto", "port") == [
        ("10.20.0.7", "1.3.6.1.4.1.25623.1.0.80091", "TCP timestamps", "Low", None, None, None, None),
        ("10.20.0.7", "1.3.6.1.4.1.25623.1.0.1", "Old <script> web server", "High", 75, "CVE-2023-1111;CVE-2023-2222", "tcp", 8080),
        ("10.20.0.7", "CVE-2021-26690", "CVE-2021-26690", "Medium", None, "CVE-2021-26690", "tcp", 80),
    ]  # fmt: skip
    assert load.tables["results"].extra == {"QoD": ["80", "80", "75"]}
    line = REPORT[: REPORT.index('<result id="r-CVE')].count("\n") + 1
    assert load.tables["results"].places[2] & 0xFFFFFF == line


@pytest.mark.parametrize(
    ("nvt", "score"),
    [
        ('<severities score="98"><severity type="cvss_base_v3"><score>98</score></severity></severities>', 98),
        ('<severities score="9.8"><severity type="cvss_base_v3"><score>9.8</score></severity></severities>', 98),
        ('<severities score="9.8"><severity type="cvss_base_v2"><score>9.8</score></severity></severities>', None),
        ("<cvss_base>9.8</cvss_base><tags>summary=x|cvss_base_vector=CVSS:3.1/AV:N</tags>", 98),
        ("<cvss_base>9.8</cvss_base><tags>cvss_base_vector=AV:N/AC:L</tags>", None),
        ("<cvss_base>9.8</cvss_base>", None),
    ],
)
def test_only_a_score_of_version_3_is_one(tmp_path: Path, nvt: str, score: int | None) -> None:
    load = read(tmp_path, "greenbone", report(result("10.20.0.7", "1.3", "x", more=nvt), host("10.20.0.7")))
    assert rows(load, "results", "cvss3", "severity") == [(score, "Log")]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (report(RESULTS, host("10.20.0.7")), "1 of 1 hosts were scanned without credentials"),
        (report(RESULTS, host("10.20.0.7", LOGIN), status="Stopped"), "the scan is 'Stopped', not done"),
        (report(RESULTS, host("10.20.0.7", LOGIN), filtered=400), "it holds 3 of 400 results; export with rows=-1"),
        (report(RESULTS, host("10.20.0.7", LOGIN), errors="2"), "the scanner met 2 errors"),
        (report(RESULTS, host("10.20.0.7", LOGIN, end="")), "the scan of 1 hosts did not end"),
        (REPORT[: REPORT.index("CVE-2021-26690")], "breaks off"),
    ],
)
def test_a_look_that_was_not_whole_says_why(tmp_path: Path, data: str, says: str) -> None:
    assert says in (read(tmp_path, "greenbone", data).incomplete or "")


def test_a_host_that_only_results_name_is_a_host_all_the_same(tmp_path: Path) -> None:
    load = read(tmp_path, "greenbone", report(RESULTS, ""))
    assert (load.rows_read, load.rows_loaded) == (1, 1)
    assert rows(load, "assets", "device_id", "hostname", "os") == [("10.20.0.7", "srv-01.oak.example", None)]
    nobody = read(tmp_path, "greenbone", report(RESULTS.replace("<host>10.20.0.7<", "<host><"), ""))
    conserved(nobody)
    assert (nobody.rows_read, nobody.rows_refused) == (1, 1)
    assert "results" not in nobody.tables


def test_an_operating_system_known_by_its_cpe_alone_is_told_by_it(tmp_path: Path) -> None:
    load = read(
        tmp_path,
        "greenbone",
        report("", host("10.20.0.7", detail("best_os_cpe", "cpe:/o:canonical:ubuntu_linux:20.04"))),
    )
    assert rows(load, "assets", "os", "os_version") == [("ubuntu linux", "20.04")]


def test_a_csv_is_a_list_of_results(tmp_path: Path) -> None:
    assert recognised(tmp_path, CSV)[1].startswith("certain: a Greenbone CSV")
    load = read(tmp_path, "greenbone", CSV)
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (4, 3, 1)
    assert (load.refused[0].line, load.refused[0].reason) == (6, "asset_tag is empty")
    assert rows(load, "results", "asset_tag", "check", "severity", "cves", "port", "last_seen") == [
        ("10.20.0.7", "1.3.6.1.4.1.25623.1.0.80091", "Low", None, None, date(2026, 10, 3)),
        ("10.20.0.7", "1.3.6.1.4.1.25623.1.0.10330", "Log", "CVE-2011-3389;CVE-2015-0204", 8080, date(2026, 11, 3)),
        ("10.20.0.9", "CVE-2021-26690", "High", "CVE-2021-26690", None, date(2026, 11, 3)),
    ]
    assert load.tables["results"].extra == {"QoD": ["80", "80", "75"]}
    assert rows(load, "assets", "device_id", "fqdn", "last_seen") == [
        ("10.20.0.7", "srv-01.oak.example", date(2026, 11, 3)), ("10.20.0.9", None, date(2026, 11, 3)),
    ]  # fmt: skip
    assert rows(load, "services", "asset_tag", "proto", "port") == [("10.20.0.7", "tcp", 8080)]
    old = read(tmp_path, "greenbone", "\n".join(line.replace(",QoD", "") for line in CSV.splitlines()[:1]) + "\n")
    assert old.rows_read == 0


def test_other_reports_are_not_taken(tmp_path: Path) -> None:
    for other in ("<report><results><result/></results></report>", '<report name="coverage"><package/></report>'):
        assert recognised(tmp_path, other)[0] == ""
        with pytest.raises(InputError, match="'report', not a report of Greenbone; export the report as XML or as CSV"):
            read(tmp_path, "greenbone", other)


def described(port: str, host: str, name: str, text: str) -> str:
    return f"""<result id="r"><name>n</name><host>{host}<hostname>{name}</hostname></host><port>{port}</port>
<nvt oid="1.3.6.1.4.1.25623.1.0.1"><name>n</name></nvt><threat>High</threat><description>{text}</description></result>"""


PACKAGE = "Vulnerable package:   libssl1.1\nInstalled version:    libssl1.1-1.1.1d-0+deb10u6\nFixed version:      &gt;=libssl1.1-1.1.1n-0+deb10u1"
SEVERAL = f"{PACKAGE}\n\n{PACKAGE.replace('libssl1.1', 'openssl')}"


def test_a_result_tells_which_version_it_met_and_which_one_is_fixed(tmp_path: Path) -> None:
    text = "<report><report><scan_run_status>Done</scan_run_status><results>" + "".join((
        described("443/tcp", "10.0.0.9", "web-09.oak.example", "Installed version: 2.4.7\nFixed version:     2.4.10\nInstallation\npath / port:       443/tcp"),
        described("general/tcp", "10.0.0.9", "", PACKAGE), described("general/tcp", "10.0.0.9", "", SEVERAL),
        described("general/tcp", "10.0.0.9", "10.0.0.9", "File version:      10.0.17763.7434\nFixed version: None"),
    )) + "</results></report></report>"  # fmt: skip
    load = read(tmp_path, "greenbone", text, name="g.xml")
    assert rows(load, "results", "product", "version", "fixed_in") == [
        (None, "2.4.7", "2.4.10"),
        ("libssl1.1", "libssl1.1-1.1.1d-0+deb10u6", ">=libssl1.1-1.1.1n-0+deb10u1"),
        (None, None, None),
        (None, "10.0.17763.7434", None),
    ]
    table = """\
IP,Hostname,Port,Port Protocol,CVSS,Severity,NVT Name,NVT OID,Specific Result,QoD,Timestamp
10.0.0.9,10.0.0.9,443,tcp,7.5,High,Apache < 2.4.10,1.3.6.1.4.1.25623.1.0.2,"Installed version: 2.4.7
Fixed version:     2.4.10
",80,2026-11-01T10:00:00Z
10.0.0.9,,,,9.8,High,CVE-2026-26690,CVE-2026-26690,"The host carries the product: cpe:/a:apache:http_server:2.4.7
It is vulnerable according to: CVE-2026-26690.",75,2026-11-01T10:00:00Z
"""
    load = read(tmp_path, "greenbone", table, name="g.csv")
    assert rows(load, "results", "hostname", "product", "version", "fixed_in") == [
        (None, None, "2.4.7", "2.4.10"), (None, "cpe:/a:apache:http_server:2.4.7", "2.4.7", None),
    ]  # fmt: skip


def test_a_long_text_that_fits_nothing_is_read_in_time_that_grows_with_its_length(tmp_path: Path) -> None:
    long = f"Installed version: {'1' * 150_000} x"
    text = f"<report><report><scan_run_status>Done</scan_run_status><results>{described('80/tcp', '10.0.0.9', '', long)}</results></report></report>"
    start = perf_counter()
    assert rows(read(tmp_path, "greenbone", text, name="g.xml"), "results", "version") == [(None,)]
    head = "IP,Hostname,Port,Port Protocol,Severity,NVT Name,NVT OID,Specific Result,Timestamp\n"
    row = f'10.0.0.9,,,,Log,n,1.3.6.1.4.1.25623.1.0.105937,"OS:  a{" " * 30_000}b",2026-11-01T10:00:00Z\n'
    assert read(tmp_path, "greenbone", head + row, name="g.csv").rows_loaded == 1
    assert perf_counter() - start < 20  # a pattern that goes back over it takes minutes


def test_a_comparison_of_two_scans_is_refused_by_name(tmp_path: Path) -> None:
    text = '<report><report id="1" type="delta"><delta/><scan_run_status>Done</scan_run_status><results/></report></report>'
    assert recognised(tmp_path, text)[0] == "greenbone"
    with pytest.raises(InputError, match="is a delta report"):
        read(tmp_path, "greenbone", text, name="g.xml")


def test_an_address_is_no_host_name(tmp_path: Path) -> None:
    text = f"<report><report><scan_run_status>Done</scan_run_status><results>{described('80/tcp', '10.0.0.9', '10.0.0.9', 'x')}</results></report></report>"
    load = read(tmp_path, "greenbone", text, name="g.xml")
    assert rows(load, "assets", "device_id", "hostname", "ip") == [("10.0.0.9", None, ("10.0.0.9",))]
    assert rows(load, "results", "hostname", "address") == [(None, "10.0.0.9")]


def test_a_table_tells_systems_and_applications_by_two_of_its_results(tmp_path: Path) -> None:
    text = """\
IP,Hostname,Port,Port Protocol,CVSS,Severity,QoD,NVT Name,Specific Result,NVT OID,CVEs,Timestamp,Result ID
10.0.0.9,,,,0.0,Log,80,OS Detection,"Best matching OS:

OS:           Debian GNU/Linux
Version:      10
CPE:          cpe:/o:debian:debian_linux:10
Found by VT:  1.3.6.1.4.1.25623.1.0.105586
",1.3.6.1.4.1.25623.1.0.105937,,2026-11-01T10:00:00Z,a
10.0.0.9,,,,0.0,Log,80,CPE Inventory,"10.0.0.9|cpe:/a:apache:http_server:2.4.38
10.0.0.9|cpe:/o:debian:debian_linux:10
",1.3.6.1.4.1.25623.1.0.810002,,2026-11-01T10:00:00Z,b
10.0.0.8,,80,tcp,0.0,Log,80,Services,"A web server",1.3.6.1.4.1.25623.1.0.10330,,2026-11-01T10:00:00Z,c
"""
    load = read(tmp_path, "greenbone", text, name="g.csv")
    conserved(load)
    assert load.rows_loaded == 3
    assert rows(load, "assets", "device_id", "os") == [("10.0.0.9", "Debian GNU/Linux 10"), ("10.0.0.8", None)]
    assert rows(load, "software", "asset_tag", "name", "version", "publisher", "kind") == [
        ("10.0.0.9", "http_server", "2.4.38", "apache", "service_banner")
    ]


@pytest.mark.shared
def test_public_samples(tmp_path: Path) -> None:
    expected = {
        "defectdojo__many_vuln.xml": (1, 44), "defectdojo__no_vuln.xml": (0, 0), "defectdojo__many_vuln.csv": (4, 4), "defectdojo__report_using_CVE.csv": (43, 43),
    }  # fmt: skip
    for name, (count, results) in expected.items():
        data = shared("data", "inventories", "openvas", name).read_bytes()
        assert recognised(tmp_path, data)[0] == "greenbone", name
        load = read(tmp_path, "greenbone", data, name)
        conserved(load)
        assert (load.rows_read, load.rows_loaded) == (count, count), name
        assert (load.tables["results"].rows if "results" in load.tables else 0) == results, name
