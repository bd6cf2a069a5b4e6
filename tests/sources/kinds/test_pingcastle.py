"""PingCastle's health check."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows

XML = """\
<?xml version="1.0" encoding="utf-8"?>
<HealthcheckData xmlns:xsd="http://www.w3.org/2001/XMLSchema">
  <EngineVersion>3.2.0.1</EngineVersion>
  <GenerationDate>2026-11-06T13:01:09.2643869+02:00</GenerationDate>
  <DomainFQDN>oak.example</DomainFQDN>
  <NetBIOSName>OAK</NetBIOSName>
  <ForestFQDN>forest.example</ForestFQDN>
  <DomainControllers>
    <HealthcheckDomainController AdminLocalLogin="2026-06-06T12:58:06.7250267+02:00">
      <DCName>DC-01</DCName>
      <OperatingSystem>Windows 2012</OperatingSystem>
      <OwnerName>OAK\\a.person</OwnerName>
      <IP><string>10.20.0.1</string><string>10.20.0.2</string></IP>
    </HealthcheckDomainController>
  </DomainControllers>
  <RiskRules>
    <HealthcheckRiskRule>
      <Points>20</Points>
      <Category>StaleObjects</Category>
      <Model>ObsoleteOS</Model>
      <RiskId>S-OS-2008</RiskId>
      <Rationale>Presence of Windows 2008 or 2008 R2: 4</Rationale>
      <Details><string>Member: a.person</string></Details>
    </HealthcheckRiskRule>
    <HealthcheckRiskRule>
      <Points>0</Points>
      <Category>Anomalies</Category>
      <Model>Audit</Model>
      <RiskId>A-AuditDC</RiskId>
      <Rationale/>
    </HealthcheckRiskRule>
    <HealthcheckRiskRule><Points>5</Points></HealthcheckRiskRule>
  </RiskRules>
  <OperatingSystem>
    <HealthcheckOSData><OperatingSystem>Windows 2008</OperatingSystem><NumberOfOccurence>4</NumberOfOccurence></HealthcheckOSData>
    <HealthcheckOSData><OperatingSystem>Windows 10</OperatingSystem><NumberOfOccurence>120</NumberOfOccurence></HealthcheckOSData>
  </OperatingSystem>
  <PrivilegedGroups><HealthCheckGroupData><GroupName>Domain Admins</GroupName><Members><HealthCheckGroupMemberData><Name>a.person</Name></HealthCheckGroupMemberData></Members></HealthCheckGroupData></PrivilegedGroups>
</HealthcheckData>
"""
SEEDS = {"pingcastle": [XML]}


def test_rules_that_are_broken_are_results_of_the_domain(tmp_path: Path) -> None:
    assert recognised(tmp_path, XML) == ("pingcastle", "certain: the root element is HealthcheckData")
    load = read(tmp_path, "pingcastle", XML)
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    line = XML[: XML.index("<HealthcheckRiskRule><Points>5")].count("\n") + 1
    assert (load.refused[0].line, load.refused[0].reason) == (line, "the rule has no id")
    assert rows(load, "results", "asset_tag", "check", "title", "severity", "last_seen") == [
        ("oak.example", "S-OS-2008", "Presence of Windows 2008 or 2008 R2: 4", "20 points", date(2026, 11, 6)),
        ("oak.example", "A-AuditDC", "A-AuditDC", "0 points", date(2026, 11, 6)),
    ]
    assert load.tables["results"].extra == {"Category": ["StaleObjects", "Anomalies"], "Model": ["ObsoleteOS", "Audit"]}
    assert load.incomplete is None


def test_the_domain_and_its_controllers_are_assets_and_counts_are_not(tmp_path: Path) -> None:
    load = read(tmp_path, "pingcastle", XML)
    assert rows(load, "assets", "device_id", "hostname", "fqdn", "type", "os", "ip") == [
        ("oak.example", None, "oak.example", "domain", None, None), ("DC-01", "DC-01", None, "server", "Windows 2012", ("10.20.0.1", "10.20.0.2")),
    ]  # fmt: skip
    assert load.warnings == ("export.csv: counts of 2 operating systems name no computer and are not loaded",)
    assert "person" not in repr(load)


def test_a_file_that_breaks_off_is_incomplete_and_what_came_before_is_kept(tmp_path: Path) -> None:
    load = read(tmp_path, "pingcastle", XML[: XML.index("A-AuditDC")])
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.refused[0].reason) == (2, 1, "the rule is cut off")
    assert "breaks off" in (load.incomplete or "")


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("<!DOCTYPE html><html><head><title>PingCastle - oak.example</title></head></html>", "is PingCastle's report as a page; import the XML"),
        ("<HealthcheckData/>", "names no domain"),
        ("<other/>", "'other', not a health check of PingCastle"),
    ],
)  # fmt: skip
def test_what_is_no_health_check_is_refused_by_name(tmp_path: Path, data: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "pingcastle", data)


def test_the_page_is_told_and_other_pages_are_not(tmp_path: Path) -> None:
    assert recognised(tmp_path, "<!DOCTYPE html><html><title>PingCastle</title></html>")[0] == "pingcastle"
    assert recognised(tmp_path, "<!DOCTYPE html><html><title>Sign in</title></html>")[0] == ""


@pytest.mark.shared
def test_public_sample(tmp_path: Path) -> None:
    load = read(
        tmp_path, "pingcastle", shared("data", "inventories", "pingcastle", "defectdojo__many.xml").read_bytes()
    )
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.tables["assets"].rows) == (28, 28, 2)
