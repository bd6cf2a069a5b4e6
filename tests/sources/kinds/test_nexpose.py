"""Nexpose and InsightVM: XML and CSV."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows

XML = """\
<?xml version="1.0" encoding="UTF-8" ?>
<NexposeReport version="2.0">
<scans><scan id="1" name="Offices" startTime="20261102T050242739" endTime="20261103T115513233" status="finished"/></scans>
<nodes>
<node address="10.20.0.7" status="alive" device-id="7" hardware-address="001122334455" site-name="Offices" risk-score="1.0">
<names><name>srv-07.oak.example</name><name>SRV-07</name></names>
<fingerprints>
<os certainty="0.70" device-class="General" vendor="Linux" family="Linux" product="Linux" version="2.6.9"/>
<os certainty="1.00" device-class="Router" vendor="Microsoft" family="Windows" product="Windows Server 2016 Standard Edition" version="1607"/>
</fingerprints>
<software>
<fingerprint certainty="1.00" software-class="General" vendor="Contoso" family="Rates" product="Rates Client" version="4.2"/>
</software>
<users><user name="a.person" id="1001"/></users>
<tests>
<test id="generic-tcp-timestamp" status="vulnerable-exploited" scan-id="1" vulnerable-since="20260111T013814423"><Paragraph>x</Paragraph></test>
<test id="generic-icmp-netmask" status="not-vulnerable"><Paragraph>x</Paragraph></test>
</tests>
<endpoints>
<endpoint protocol="tcp" port="443" status="open"><services><service name="HTTPS">
<fingerprints><fingerprint certainty="0.60" product="Thing" version="1"/><fingerprint certainty="0.90" product="mini_httpd" version="1.19"/></fingerprints>
<tests><test id="SSL-weak-ciphers" key="a" status="vulnerable-version"><Paragraph>x</Paragraph></test>
<test id="ssl-self-signed" status="vulnerable-potential"/><test id="x" status="skipped-version"/></tests>
</service></services></endpoint>
<endpoint protocol="tcp" port="445" status="open"><services><service name="CIFS"/></services></endpoint>
<endpoint protocol="udp" port="1812" status="open"><services><service name="radius (RADIUS authentication protocol)"/></services></endpoint>
<endpoint protocol="tcp" port="80" status="closed"><services><service name="HTTP"/></services></endpoint>
</endpoints>
</node>
<node address="10.20.0.8" status="dead" device-id="8"/>
<node status="alive"/>
</nodes>
<VulnerabilityDefinitions>
<vulnerability id="ssl-weak-ciphers" title="TLS with &lt;weak&gt; ciphers" severity="5" pciSeverity="4" cvssScore="6.4" cvssVector="(AV:N)">
<references><reference source="URL">https://example.org/CVE-2020-9999</reference><reference source="CVE">CVE-2013-2566</reference><reference source="CVE">CVE-2015-2808</reference></references>
</vulnerability>
<vulnerability id="generic-tcp-timestamp" title="TCP timestamp response" severity="1"><references/></vulnerability>
</VulnerabilityDefinitions>
</NexposeReport>
"""
CSV = """\
Asset IP Address,Asset Names,Asset OS Name,Asset OS Version,Asset MAC Addresses,Asset Owner,Service Port,Service Protocol,Service Name,Vulnerability Test Result Code,Vulnerability ID,Vulnerability CVE IDs,Vulnerability Severity Level,Vulnerability CVSS Score,Vulnerability CVSSv3 Score,Vulnerability Title,Vulnerable Since,Vulnerability Test Date
10.20.0.7,"srv-07.oak.example,SRV-07",Windows Server 2016,1607,"00:11:22:33:44:55,00:11:22:33:44:66",A Person,443,tcp,HTTPS,vv,ssl-weak-ciphers,"CVE-2013-2566,CVE-2015-2808",5,6.4,7.5,Weak ciphers,2026-01-11,2026-11-03
10.20.0.7,"srv-07.oak.example,SRV-07",Windows Server 2016,1607,",",A Person,,,,nv,other,,5,,,Not found,,2026-11-03
10.20.0.9,SRV-09,,,,,0,icmp,,ve,generic-icmp-timestamp,CVE-1999-0524,1,2.1,,ICMP timestamp response,,2026-11-03
,,,,,,0,icmp,,ve,generic-icmp-timestamp,,1,,,ICMP timestamp response,,2026-11-03
"""
SEEDS = {"nexpose": [XML, CSV]}


def test_a_node_comes_with_its_surest_system_its_software_and_its_open_ports(tmp_path: Path) -> None:
    assert recognised(tmp_path, XML) == ("nexpose", "certain: the root element is NexposeReport")
    load = read(tmp_path, "nexpose", XML)
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_blank, load.rows_refused, load.incomplete) == (3, 1, 1, 1, None)
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "ip", "mac", "os", "os_version", "type", "last_seen") == [
        ("7", "SRV-07", "srv-07.oak.example", ("10.20.0.7",), "001122334455", "Microsoft Windows Server 2016 Standard Edition", "1607", "network", date(2026, 11, 3))
    ]  # fmt: skip
    assert rows(load, "software", "asset_tag", "name", "version", "publisher") == [
        ("7", "Rates Client", "4.2", "Contoso")
    ]
    assert rows(load, "services", "proto", "port", "service", "product", "version") == [
        ("tcp", 443, "ssl/http", "mini_httpd", "1.19"), ("tcp", 445, "microsoft-ds", None, None), ("udp", 1812, "radius", None, None),
    ]  # fmt: skip
    assert "a.person" not in repr(load)


def test_results_are_the_tests_that_found_it_vulnerable_told_by_their_definitions(tmp_path: Path) -> None:
    load = read(tmp_path, "nexpose", XML)
    assert rows(load, "results", "check", "title", "severity", "cvss3", "cves", "proto", "port", "first_seen", "last_seen") == [
        ("generic-tcp-timestamp", "TCP timestamp response", "1", None, None, None, None, date(2026, 1, 11), date(2026, 11, 3)),
        ("SSL-weak-ciphers", "TLS with <weak> ciphers", "5", None, "CVE-2013-2566;CVE-2015-2808", "tcp", 443, None, date(2026, 11, 3)),
        ("ssl-self-signed", "ssl-self-signed", None, None, None, "tcp", 443, None, date(2026, 11, 3)),
    ]  # fmt: skip
    line = XML[: XML.index('<test id="SSL')].count("\n") + 1
    assert load.tables["results"].places[1] & 0xFFFFFF == line


def test_a_scan_that_stopped_or_a_file_that_breaks_off_is_incomplete(tmp_path: Path) -> None:
    stopped = read(tmp_path, "nexpose", XML.replace('status="finished"', 'status="stopped"'))
    assert "1 scans did not finish ('stopped')" in (stopped.incomplete or "")
    cut = read(tmp_path, "nexpose", XML[: XML.index('<endpoint protocol="udp"')])
    conserved(cut)
    assert (cut.rows_read, cut.refused[0].reason) == (1, "the node is cut off")
    assert "breaks off" in (cut.incomplete or "")


def test_a_csv_is_a_list_of_results_without_the_tests_that_found_nothing(tmp_path: Path) -> None:
    assert recognised(tmp_path, CSV)[1].startswith("certain: a Rapid7 list of vulnerabilities")
    load = read(tmp_path, "nexpose", CSV)
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_blank, load.rows_refused) == (4, 2, 1, 1)
    assert (load.refused[0].line, load.refused[0].reason) == (5, "asset_tag is empty")
    assert any("1 tests that did not find their host vulnerable" in warning for warning in load.warnings)
    assert rows(load, "results", "asset_tag", "check", "severity", "cvss3", "cves", "proto", "port", "first_seen", "last_seen") == [
        ("10.20.0.7", "ssl-weak-ciphers", "5", 75, "CVE-2013-2566;CVE-2015-2808", "tcp", 443, date(2026, 1, 11), date(2026, 11, 3)),
        ("10.20.0.9", "generic-icmp-timestamp", "1", None, "CVE-1999-0524", None, None, None, date(2026, 11, 3)),
    ]  # fmt: skip
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "mac", "os", "os_version") == [
        ("10.20.0.7", None, "srv-07.oak.example", "00:11:22:33:44:55", "Windows Server 2016", "1607"), ("10.20.0.9", "SRV-09", None, None, None, None),
    ]  # fmt: skip
    assert rows(load, "services", "asset_tag", "port", "service") == [("10.20.0.7", 443, "ssl/http")]
    assert "A Person" not in repr(load.tables)


def test_the_simple_xml_and_others_are_refused_by_name(tmp_path: Path) -> None:
    simple = '<NeXposeSimpleXML version="1.0"><devices/></NeXposeSimpleXML>'
    assert recognised(tmp_path, simple)[0] == "nexpose"
    with pytest.raises(InputError, match=r"is the simple XML of Nexpose.*choose the format 'XML Export 2\.0'"):
        read(tmp_path, "nexpose", simple)
    with pytest.raises(InputError, match="'other', not a NexposeReport"):
        read(tmp_path, "nexpose", "<other/>")


@pytest.mark.shared
def test_public_sample(tmp_path: Path) -> None:
    data = shared("data", "inventories", "nexpose", "defectdojo__many_vulns.xml").read_bytes()
    load = read(tmp_path, "nexpose", data)
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.tables["results"].rows, load.tables["services"].rows) == (
        8,
        8,
        162,
        27,
    )
    assert "did not finish" in (load.incomplete or "")
