"""Qualys: two CSVs and the asset data report."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows

HEADER = (
    '"IP","Network","DNS","NetBIOS","Tracking Method","OS","IP Status","QID","Title","Vuln Status","Type","Severity","Port","Protocol","FQDN","SSL",'
    '"First Detected","Last Detected","CVE ID","CVSS3 Base","Threat","Associated Tags"'
)  # fmt: skip
SCAN = f"""\
"Vulnerabilities of all servers","11/20/2026 at 10:00:00 (GMT)"
"Oakshire District Council","1 The Street","A Person","Manager"

{HEADER}
"10.20.0.7","Default","srv-07.oak.example","SRV-07","QAGENT","Windows Server 2012 R2 Standard","host scanned, found vuln","105971","EOL/Obsolete Software: Contoso 1.0 Detected","Active","Vuln","5","443","tcp","","over ssl","05/13/2026 07:08:28","10/25/2026 07:36:58","CVE-2021-31192, CVE-2021-31188","8.1 (AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H)","It ended
some time ago","a.person"
"10.20.0.7","Default","srv-07.oak.example","SRV-07","QAGENT","Windows Server 2012 R2 Standard","host scanned, found vuln","45038","Host Scan Time","","Ig","1",,,,,"05/13/2026 07:08:28","11/02/2026 07:36:58",,,"",""
"10.20.0.9","Default","","","IP","Linux 2.4-2.6 / Embedded Device","host scanned, found vuln","38170","Certificate","Fixed","Practice","2","22","tcp",,,"05/13/2026 07:08:28","11/02/2026 07:36:58",,"-","",""
"","Default","","","IP","","","1","x","Active","Vuln","2",,,,,"05/13/2026 07:08:28","11/02/2026 07:36:58",,"","",""
"""
VMDR = """\
"Vulnerability report, 20 Nov 2026"
CVE,CVE-Description,CVSSv2 Base (nvd),CVSSv3.1 Base (nvd),QID,Title,Severity,KB Severity,Type Detected,Last Detected,First Detected,Protocol,Port,Status,Asset Id,Asset Name,Asset IPV4,Asset IPV6,Asset Tags,Operating System,Results
CVE-2023-1111,x,7.5,9.8,105971,EOL/Obsolete Software: Contoso 1.0 Detected,5,5,Confirmed,11/2/2026 10:23,"Jan 13, 2026 10:23 PM",'-,'-,ACTIVE,771,srv-07.oak.example,10.20.0.7,'-,A Person,Microsoft Windows Server 2012 R2,Found
'-,'-,'-,'-,38170,Certificate,2,2,Potential,2026-11-03T10:00:00Z,1/13/2026 22:51,TCP,443,FIXED,772,SRV-09,10.20.0.9,'-,,'-,x
"""
XML = """\
<?xml version="1.0" encoding="UTF-8" ?>
<!DOCTYPE ASSET_DATA_REPORT SYSTEM "https://example.org/asset_data_report.dtd">
<ASSET_DATA_REPORT>
  <HEADER><COMPANY>Oakshire</COMPANY><USERNAME>a.person</USERNAME></HEADER>
  <HOST_LIST>
    <HOST>
      <IP>10.20.0.7</IP>
      <DNS>srv-07.oak.example</DNS>
      <NETBIOS>SRV-07</NETBIOS>
      <OPERATING_SYSTEM>Windows 2012 Standard</OPERATING_SYSTEM>
      <VULN_INFO_LIST>
        <VULN_INFO>
          <QID id="qid_105971">105971</QID><TYPE>Vuln</TYPE><PORT>443</PORT><SERVICE>http</SERVICE><PROTOCOL>tcp</PROTOCOL><SSL>true</SSL>
          <RESULT>Found by a.person</RESULT><FIRST_FOUND>2026-07-31T21:57:48Z</FIRST_FOUND><LAST_FOUND>2026-11-01T21:57:48Z</LAST_FOUND><VULN_STATUS>Active</VULN_STATUS>
        </VULN_INFO>
        <VULN_INFO>
          <QID id="qid_6">6</QID><TYPE>Ig</TYPE><SSL>false</SSL><LAST_FOUND>2026-11-02T21:57:48Z</LAST_FOUND>
        </VULN_INFO>
      </VULN_INFO_LIST>
    </HOST>
    <HOST><TRACKING_METHOD>IP</TRACKING_METHOD></HOST>
  </HOST_LIST>
  <GLOSSARY><VULN_DETAILS_LIST>
    <VULN_DETAILS id="qid_105971"><QID id="qid_105971">105971</QID><TITLE>EOL/Obsolete Software: Contoso</TITLE><SEVERITY>5</SEVERITY>
      <CVSS3_SCORE><CVSS3_BASE>9.0 (AV:N/AC:H)</CVSS3_BASE></CVSS3_SCORE>
      <CVE_ID_LIST><CVE_ID><ID>CVE-2018-8930</ID><URL>x</URL></CVE_ID><CVE_ID><ID>CVE-2018-8931</ID></CVE_ID></CVE_ID_LIST></VULN_DETAILS>
  </VULN_DETAILS_LIST></GLOSSARY>
</ASSET_DATA_REPORT>
"""
PCI = """\
IP,HOSTNAME,LAST SCAN,QID,VULN TITLE,TYPE,SEVERITY,PORT,PROTOCOL,OPERATING SYSTEM,IS_PCI,CVSS_BASE,Q_SEVERITY,CVEID
10.7.0.1,pay.oak.example,22/09/2026 13:01,86476,Web Server Stopped Responding,POTENTIAL,Medium,80,tcp,Linux 2.x,Fail,6.4,3,CVE-2026-0001
"""
SEARCH = """\
"Asset Search Report","11/20/2026 at 10:11:12 AM (GMT+0000)"

"IP","DNS","NetBIOS","Tracking Method","Operating System","Last Scan Date"
"10.7.0.5","web-05.oak.example","WEB-05","IP address","Windows Server 2019 Standard","11/19/2026 at 02:00:00 (GMT+0000)"
"10.7.0.6","","","IP address","Linux 2.6 / Linux 3.x",""
"","","","IP address","",""
"""
SEARCH_XML = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE ASSET_SEARCH_REPORT SYSTEM "https://qualys.example/asset_search_report_v2.dtd">
<ASSET_SEARCH_REPORT><HOST_LIST>
<HOST><IP><![CDATA[10.7.0.5]]></IP><TRACKING_METHOD>IP</TRACKING_METHOD><DNS><![CDATA[web-05.oak.example]]></DNS>
<NETBIOS>WEB-05</NETBIOS><OPERATING_SYSTEM>Windows Server 2019</OPERATING_SYSTEM>
<PORT_SERVICE_LIST><PORT_SERVICE><PORT>443</PORT><SERVICE>http</SERVICE></PORT_SERVICE></PORT_SERVICE_LIST>
<LAST_SCAN_DATE>2026-11-19T02:00:00Z</LAST_SCAN_DATE></HOST>
</HOST_LIST></ASSET_SEARCH_REPORT>
"""
SEEDS = {"qualys": [SCAN, VMDR, XML, PCI, SEARCH, SEARCH_XML]}


def test_a_report_for_card_payments_has_headings_of_its_own(tmp_path: Path) -> None:
    assert recognised(tmp_path, PCI)[1].startswith("certain: a list of results from Qualys")
    load = read(tmp_path, "qualys", PCI, name="pci.csv", dates="day-first")
    assert rows(load, "results", "asset_tag", "check", "title", "cves", "severity", "proto", "port", "last_seen") == [
        ("10.7.0.1", "86476", "Web Server Stopped Responding", "CVE-2026-0001", "Medium", "tcp", 80, date(2026, 9, 22)),
    ]  # fmt: skip
    assert rows(load, "assets", "device_id", "fqdn", "os") == [("10.7.0.1", "pay.oak.example", "Linux 2.x")]


def test_a_port_of_a_result_that_is_fixed_may_be_closed(tmp_path: Path) -> None:
    text = """\
IP,QID,Title,Vuln Status,Type,Severity,Port,Protocol
10.7.0.1,38173,Certificate,Active,Vuln,2,443,tcp
10.7.0.1,27000,FTP in the clear,Fixed,Vuln,3,21,tcp
"""
    load = read(tmp_path, "qualys", text, name="q.csv")
    assert rows(load, "services", "port") == [(443,)]
    assert rows(load, "results", "port", "state") == [(443, "open"), (21, "fixed")]
    info = "<VULN_INFO><QID>1</QID><PORT>{}</PORT><PROTOCOL>tcp</PROTOCOL><VULN_STATUS>{}</VULN_STATUS></VULN_INFO>"
    text = f"<ASSET_DATA_REPORT><HOST_LIST><HOST><IP>10.7.0.1</IP><VULN_INFO_LIST>{info.format(443, 'Active')}{info.format(21, 'Fixed')}</VULN_INFO_LIST></HOST></HOST_LIST></ASSET_DATA_REPORT>"
    assert rows(read(tmp_path, "qualys", text, name="q.xml"), "services", "port") == [(443,)]


def test_a_search_for_assets_is_a_list_of_hosts(tmp_path: Path) -> None:
    assert recognised(tmp_path, SEARCH)[0] == "qualys"
    load = read(tmp_path, "qualys", SEARCH, name="search.csv")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, [bad.line for bad in load.refused]) == (3, 2, [6])
    assert list(load.tables) == ["assets"]
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "os", "last_seen") == [
        ("10.7.0.5", "WEB-05", "web-05.oak.example", "Windows Server 2019 Standard", date(2026, 11, 19)),
        ("10.7.0.6", None, None, None, None),
    ]
    assert recognised(tmp_path, SEARCH_XML) == ("qualys", "certain: the root element is ASSET_SEARCH_REPORT")
    load = read(tmp_path, "qualys", SEARCH_XML, name="search.xml")
    assert (load.rows_read, load.rows_loaded) == (1, 1)
    assert rows(load, "assets", "device_id", "hostname", "last_seen") == [("10.7.0.5", "WEB-05", date(2026, 11, 19))]
    assert load.warnings == ("search.xml: 1 ports that it names without their protocol are not read",)


def test_a_report_of_settings_is_refused_by_name(tmp_path: Path) -> None:
    text = "Host IP,DNS Hostname,NetBIOS Hostname,Tracking Method,Operating System,Control ID,Status\n10.7.0.5,w,W,IP,Linux,1045,Failed\n"
    assert recognised(tmp_path, text)[0] == "qualys"
    with pytest.raises(InputError, match="is a report of policy compliance"):
        read(tmp_path, "qualys", text, name="pc.csv")


def test_a_scan_report_is_read_behind_its_title_lines(tmp_path: Path) -> None:
    assert recognised(tmp_path, SCAN)[1].startswith("certain: a list of results from Qualys")
    load = read(tmp_path, "qualys", SCAN)
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (4, 3, 1)
    assert (load.refused[0].line, load.refused[0].column, load.refused[0].reason) == (
        9,
        "the device",
        "asset_tag is empty",
    )
    assert rows(load, "results", "asset_tag", "check", "title", "severity", "cvss3", "cves", "port", "state", "first_seen", "last_seen") == [
        ("10.20.0.7", "105971", "EOL/Obsolete Software: Contoso 1.0 Detected", "5", 81, "CVE-2021-31192;CVE-2021-31188", 443, "open", date(2026, 5, 13), date(2026, 10, 25)),
        ("10.20.0.7", "45038", "Host Scan Time", "1", None, None, None, None, date(2026, 5, 13), date(2026, 11, 2)),
        ("10.20.0.9", "38170", "Certificate", "2", None, None, 22, "fixed", date(2026, 5, 13), date(2026, 11, 2)),
    ]  # fmt: skip
    assert load.tables["results"].extra == {"Type": ["Vuln", "Ig", "Practice"]}
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "ip", "os", "last_seen") == [
        (
            "10.20.0.7",
            "SRV-07",
            "srv-07.oak.example",
            ("10.20.0.7",),
            "Windows Server 2012 R2 Standard",
            date(2026, 11, 2),
        ),
        ("10.20.0.9", None, None, ("10.20.0.9",), None, date(2026, 11, 2)),
    ]
    assert rows(load, "services", "asset_tag", "proto", "port") == [("10.20.0.7", "tcp", 443)]
    assert "erson" not in repr(load.tables)


def test_days_have_the_month_first_unless_the_source_says_otherwise(tmp_path: Path) -> None:
    dates = SCAN.replace("11/02/2026", "03/04/2026")
    assert rows(read(tmp_path, "qualys", dates), "results", "last_seen")[1] == (date(2026, 3, 4),)
    english = SCAN.replace("05/13/2026", "13/05/2026").replace("10/25/2026", "25/10/2026")
    assert rows(read(tmp_path, "qualys", english, dates="day-first"), "results", "last_seen")[1] == (date(2026, 2, 11),)
    against = read(tmp_path, "qualys", english)
    assert any("only fits day-first" in warning for warning in against.warnings)
    assert rows(against, "results", "first_seen")[0] == (None,)


def test_a_list_of_vmdr_has_names_of_its_own(tmp_path: Path) -> None:
    assert recognised(tmp_path, VMDR)[0] == "qualys"
    load = read(tmp_path, "qualys", VMDR)
    conserved(load)
    assert rows(load, "results", "asset_tag", "hostname", "severity", "cvss3", "cves", "proto", "port", "state", "first_seen", "last_seen") == [
        ("771", "srv-07.oak.example", "5", 98, "CVE-2023-1111", None, None, "open", date(2026, 1, 13), date(2026, 11, 2)),
        ("772", "SRV-09", "2", None, None, "tcp", 443, "fixed", date(2026, 1, 13), date(2026, 11, 3)),
    ]  # fmt: skip
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "ip", "os", "last_seen") == [
        ("771", None, "srv-07.oak.example", ("10.20.0.7",), "Microsoft Windows Server 2012 R2", date(2026, 11, 2)),
        ("772", "SRV-09", None, ("10.20.0.9",), None, date(2026, 11, 3)),
    ]
    assert "A Person" not in repr(load.tables)


def test_the_asset_data_report_tells_its_results_by_the_glossary_behind_them(tmp_path: Path) -> None:
    assert recognised(tmp_path, XML) == ("qualys", "certain: the root element is ASSET_DATA_REPORT")
    load = read(tmp_path, "qualys", XML)
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (2, 1, 1)
    line = XML[: XML.index("<HOST><TRACKING")].count("\n") + 1
    assert (load.refused[0].line, load.refused[0].reason) == (line, "the host has neither name nor address")
    assert rows(load, "results", "asset_tag", "check", "title", "severity", "cvss3", "cves", "port", "last_seen") == [
        (
            "10.20.0.7",
            "105971",
            "EOL/Obsolete Software: Contoso",
            "5",
            90,
            "CVE-2018-8930;CVE-2018-8931",
            443,
            date(2026, 11, 1),
        ),
        ("10.20.0.7", "6", "QID 6", None, None, None, None, date(2026, 11, 2)),
    ]
    assert rows(load, "services", "port", "service") == [(443, "ssl/http")]
    assert rows(load, "assets", "hostname", "fqdn", "os", "last_seen") == [
        ("SRV-07", "srv-07.oak.example", "Windows 2012 Standard", date(2026, 11, 2))
    ]
    assert "a.person" not in repr(load)
    cut = read(tmp_path, "qualys", XML[: XML.index('<QID id="qid_6">')])
    assert (cut.rows_read, cut.rows_refused) == (1, 1)
    assert "breaks off" in (cut.incomplete or "")


@pytest.mark.parametrize(
    "data",
    [
        SCAN.replace("Host Scan Time", "Windows Authentication Failed"),
        XML.replace("EOL/Obsolete Software: Contoso", "Windows Authentication Failed"),
    ],
)
def test_a_sign_in_that_failed_makes_the_scan_incomplete(tmp_path: Path, data: str) -> None:
    assert "hosts were scanned without credentials that were enough" in (
        read(tmp_path, "qualys", data).incomplete or ""
    )


@pytest.mark.parametrize("root", ["HOST_LIST_VM_DETECTION_OUTPUT", "SCAN_REPORT"])
def test_other_forms_of_qualys_are_refused_by_name(tmp_path: Path, root: str) -> None:
    data = f"<{root}><RESPONSE/></{root}>"
    assert recognised(tmp_path, data)[0] == "qualys"
    with pytest.raises(InputError, match="not a report that is read; make a scan report"):
        read(tmp_path, "qualys", data)


@pytest.mark.shared
def test_public_samples(tmp_path: Path) -> None:
    for name, count, results in (
        ("defectdojo__Qualys_Sample_Report.csv", 6, 6),
        ("defectdojo__Qualys_Sample_Report.xml", 7, 301),
    ):
        data = shared("data", "inventories", "qualys", name).read_bytes()
        assert recognised(tmp_path, data)[0] == "qualys"
        load = read(tmp_path, "qualys", data, name)
        conserved(load)
        assert (load.rows_read, load.rows_loaded, load.tables["results"].rows) == (count, count, results)
        ended = sum(title.startswith("EOL/Obsolete") for (title,) in rows(load, "results", "title"))
        assert ended == (5 if name.endswith(".csv") else 0)
