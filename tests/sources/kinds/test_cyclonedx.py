"""CycloneDX bills of materials, as JSON and as XML."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows


def bom(components: Sequence[Any], version: str = "1.6", **more: Any) -> str:
    about = {"type": "container", "name": "registry.oak.example/payroll:4", "bom-ref": "payroll"}
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": version,
        "metadata": {"component": about},
        "components": components,
    }
    return json.dumps(document | more, indent=1)


def library(name: str = "struts2-core", **more: Any) -> dict[str, Any]:
    return {"type": "library", "name": name, "version": "2.3.20", "bom-ref": name, **more}


COMPONENTS = [
    {"type": "operating-system", "name": "debian", "version": "12.5", "bom-ref": "os"},
    library(purl="pkg:maven/org.apache.struts/struts2-core@2.3.20", publisher="Apache", author="A Person <a.person@oak.example>"),
    {"type": "application", "name": "app/package-lock.json", "components": [
        {"type": "library", "group": "@angular", "name": "core", "version": "12.0.0"},
        {"type": "library", "name": "left-pad", "version": "1.3.0", "scope": "excluded"},
        {"type": "file", "name": "/srv/app/main.js"},
    ]},
    library("bash", version="5.2.15-2+b2", purl="pkg:deb/debian/bash@5.2.15-2%2Bb2?arch=amd64&distro=debian-12", supplier={"name": "A Person <a.person@oak.example>"}),
    library("openssl", version="3.0.7-24.el9", purl="pkg:rpm/redhat/openssl@3.0.7-24.el9?epoch=1"),
    {"type": "cryptographic-asset", "name": "RSA-2048"},
]  # fmt: skip
VULNERABILITIES = [
    {"id": "GHSA-j7rp-gfr6-vvqj", "references": [{"id": "CVE-2018-11776"}], "affects": [{"ref": "struts2-core"}, {"ref": "nobody"}],
     "ratings": [{"method": "CVSSv2", "score": 9.3}, {"severity": "critical", "method": "CVSSv31", "score": 8.1}],
     "analysis": {"state": "exploitable"}},
    {"id": "CVE-2020-1", "affects": [{"ref": "bash"}], "analysis": {"state": "not_affected"}},
    {"id": "CVE-2022-99999", "ratings": [{"severity": "low"}]},
]  # fmt: skip
SBOM = bom(COMPONENTS, vulnerabilities=VULNERABILITIES)
XML = """\
<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1">
  <metadata><component type="application"><name>payroll</name><version>4.1</version></component></metadata>
  <components>
    <component type="library" bom-ref="a">
      <author>A Person</author>
      <group>org.apache.struts</group><name>struts2-core</name><version>2.3.20</version>
      <hashes><hash alg="MD5">d41d8cd98f00b204e9800998ecf8427e</hash></hashes>
      <purl>pkg:maven/org.apache.struts/struts2-core@2.3.20</purl>
      <components>
        <component type="library"><name>ognl</name><version>3.0.6</version></component>
      </components>
    </component>
    <component type="firmware"><name>FortiOS</name><version>7.0.1</version></component>
    <component type="library"><version>1</version></component>
  </components>
  <vulnerabilities>
    <vulnerability><id>CVE-2018-11776</id>
      <ratings><rating><score>8.1</score><severity>high</severity><method>CVSSv3</method></rating></ratings>
      <affects><target><ref>a</ref></target></affects>
    </vulnerability>
  </vulnerabilities>
</bom>
"""
EXTENSION = """\
<cdx:bom xmlns:cdx="http://cyclonedx.org/schema/bom/1.2" xmlns:v="http://cyclonedx.org/schema/ext/vulnerability/1.0">
 <cdx:components>
  <cdx:component type="library" bom-ref="a"><cdx:name>x</cdx:name><cdx:version>1</cdx:version>
   <v:vulnerabilities><v:vulnerability ref="a"><v:id>CVE-2018-7489</v:id>
    <v:ratings><v:rating><v:score><v:base>9.8</v:base><v:impact>5.9</v:impact></v:score><v:severity>Critical</v:severity><v:method>CVSSv3</v:method></v:rating></v:ratings>
   </v:vulnerability></v:vulnerabilities>
  </cdx:component>
 </cdx:components>
</cdx:bom>
"""
SEEDS = {"cyclonedx": [SBOM, XML]}


def test_a_component_is_a_row_wherever_it_is_nested(tmp_path: Path) -> None:
    assert recognised(tmp_path, SBOM)[0] == "cyclonedx"
    load = read(tmp_path, "cyclonedx", SBOM, name="bom.json")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (9, 6, 0, 3)
    assert rows(load, "software", "name", "version", "publisher", "kind") == [
        ("org.apache.struts:struts2-core", "2.3.20", "Apache", "sbom"),
        ("app/package-lock.json", None, None, "sbom"),
        ("@angular/core", "12.0.0", None, "sbom"),
        ("bash", "5.2.15-2+b2", None, "dpkg"),
        ("openssl", "1:3.0.7-24.el9", None, "rpm"),
    ]
    lines = SBOM.splitlines()
    for place, name in zip(
        load.tables["software"].places,
        ("struts2-core", "app/package-lock.json", "core", "bash", "openssl"),
        strict=True,
    ):
        at = place & 0xFFFF
        assert lines[at - 1].strip() == "{" and any(f'"name": "{name}"' in line for line in lines[at : at + 3])
    assert "files: 1, counted as blank" in load.warnings[1]
    assert "a.person" not in repr(load)


def test_the_asset_is_what_the_document_is_about_and_its_own_system_is_known(tmp_path: Path) -> None:
    load = read(tmp_path, "cyclonedx", SBOM, name="bom.json")
    asset = ("registry.oak.example/payroll:4", None, "debian", "12.5")
    assert rows(load, "assets", "device_id", "asset_tag", "os", "os_version") == [asset]
    declared = read(tmp_path, "cyclonedx", SBOM, name="OT-0100.cdx.json", asset="{stem}")
    assert rows(declared, "assets", "device_id", "asset_tag") == [("OT-0100", "OT-0100")]
    assert set(declared.tables["software"].columns["asset_tag"]) == {"OT-0100"}


def test_two_systems_are_nobodys_own(tmp_path: Path) -> None:
    inner = {
        "type": "container",
        "name": "sidecar",
        "components": [{"type": "operating-system", "name": "alpine", "version": "3.19"}],
    }
    load = read(tmp_path, "cyclonedx", bom([inner]), name="bom.json")
    assert rows(load, "assets", "os") == [(None,)]
    assert rows(load, "software", "name", "kind") == [("alpine", "os_caption")]
    own = {"type": "operating-system", "name": "debian", "version": "12.5"}
    load = read(tmp_path, "cyclonedx", bom([inner, own]), name="bom.json")
    assert (rows(load, "assets", "os"), rows(load, "software", "name")) == ([("debian",)], [("alpine",)])
    both = [{"type": "operating-system", "name": name, "version": "1"} for name in ("debian", "alpine")]
    load = read(tmp_path, "cyclonedx", bom(both), name="bom.json")
    assert (rows(load, "assets", "os"), load.rows_loaded) == ([(None,)], 2)


def test_vulnerabilities_are_results_of_the_components_that_they_are_in(tmp_path: Path) -> None:
    load = read(tmp_path, "cyclonedx", SBOM, name="bom.json")
    assert rows(load, "results", "check", "cves", "severity", "cvss3", "product", "version", "state") == [
        ("GHSA-j7rp-gfr6-vvqj", "CVE-2018-11776", "critical", 81, "org.apache.struts:struts2-core", "2.3.20", "open"),
        ("GHSA-j7rp-gfr6-vvqj", "CVE-2018-11776", "critical", 81, None, None, "open"),
        ("CVE-2022-99999", "CVE-2022-99999", "low", None, None, None, None),
    ]
    assert "1 vulnerabilities do not touch it" in load.warnings[-1]


def test_xml_says_the_same_and_a_component_without_a_name_is_refused(tmp_path: Path) -> None:
    assert recognised(tmp_path, XML)[0] == "cyclonedx"
    load = read(tmp_path, "cyclonedx", XML, name="bom.xml")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (4, 3, 1)
    assert (load.refused[0].line, load.refused[0].reason) == (15, "name is empty")
    assert rows(load, "software", "name", "version") == [
        ("org.apache.struts:struts2-core", "2.3.20"), ("ognl", "3.0.6"), ("FortiOS", "7.0.1"), ("payroll", "4.1"),
    ]  # fmt: skip
    assert rows(load, "results", "title", "cvss3", "product") == [
        ("CVE-2018-11776", 81, "org.apache.struts:struts2-core")
    ]
    assert "A Person" not in repr(load)


def test_the_older_extension_for_vulnerabilities_is_read_too(tmp_path: Path) -> None:
    assert recognised(tmp_path, EXTENSION)[0] == "cyclonedx"
    load = read(tmp_path, "cyclonedx", EXTENSION, name="bom.xml", asset="OT-1")
    assert rows(load, "results", "check", "severity", "cvss3", "product") == [("CVE-2018-7489", "Critical", 98, "x")]


def test_a_heading_of_trivys_over_a_list_of_packages_is_no_program(tmp_path: Path) -> None:
    marks = [{"name": "aquasecurity:trivy:Class", "value": "lang-pkgs"}]
    heading = {"type": "application", "name": "Java", "properties": marks}
    load = read(tmp_path, "cyclonedx", bom([heading, library()]), name="s.json")
    conserved(load)
    assert rows(load, "software", "name") == [("struts2-core",)]
    assert load.warnings == (
        "s.json: components that only gather others, as Trivy writes a list of packages: 1, counted as blank",
    )
    programs = [heading | {"version": "21.0.1"}, {"type": "application", "name": "Java"}]
    assert rows(read(tmp_path, "cyclonedx", bom(programs), name="s.json"), "software", "name") == [("Java",), ("Java",)]
    system = {"type": "operating-system", "name": "none", "properties": marks}
    assert len(rows(read(tmp_path, "cyclonedx", bom([system]), name="s.json"), "assets", "device_id")) == 1


def test_what_is_expected_to_be_there_already_is_not_what_is_installed(tmp_path: Path) -> None:
    outside = {"type": "library", "name": "libcurl", "versionRange": "vers:generic/>=8.7.1|<9.0.0", "isExternal": True}
    load = read(tmp_path, "cyclonedx", bom([outside, library()], "1.7"), name="s.json")
    conserved(load)
    assert (load.rows_blank, rows(load, "software", "name")) == (1, [("struts2-core",)])
    text = XML.replace("/1.4", "/1.7").replace(
        'type="library" bom-ref="a"', 'type="library" bom-ref="a" isExternal="true"'
    )
    assert (
        read(tmp_path, "cyclonedx", text, name="s.xml").rows_blank
        == read(tmp_path, "cyclonedx", XML, name="s.xml").rows_blank + 1
    )


def test_a_supplier_that_is_its_own_contact_is_a_person_and_not_read(tmp_path: Path) -> None:
    person = {"name": "A Person", "contact": [{"email": "a.person@oak.example"}]}
    firm = {"name": "Elm Ltd", "url": ["https://elm.example"], "contact": [{"email": "sales@elm.example"}]}
    desk = {"name": "Ash plc", "contact": [{"name": "Sales", "email": "sales@ash.example"}]}
    parts = [library(str(n), supplier=one) for n, one in enumerate((person, firm, desk))]
    load = read(tmp_path, "cyclonedx", bom(parts), name="s.json")
    assert rows(load, "software", "publisher") == [(None,), ("Elm Ltd",), ("Ash plc",)]
    mail = "<supplier><name>A Person</name><contact><email>a.person@oak.example</email></contact></supplier>"
    text = XML.replace("<group>org.apache.struts</group>", f"{mail}<group>org.apache.struts</group>", 1)
    assert text != XML
    assert "A Person" not in repr(read(tmp_path, "cyclonedx", text, name="s.xml"))


def test_a_bill_of_what_a_machine_runs_is_about_its_system(tmp_path: Path) -> None:
    about = {"component": {"type": "operating-system", "name": "ubuntu", "version": "22.04"}}
    load = read(tmp_path, "cyclonedx", bom([library()], metadata=about), name="s.json", asset="WEB-07")
    assert rows(load, "assets", "device_id", "os", "os_version") == [("WEB-07", "ubuntu", "22.04")]


def test_services_that_somebody_runs_are_said_not_to_be_read(tmp_path: Path) -> None:
    load = read(tmp_path, "cyclonedx", bom([library()], services=[{"name": "mail"}, {"name": "maps"}]), name="s.json")
    assert load.warnings == ("s.json: 2 services that somebody runs are not read",)


def test_version_2_is_refused_by_name(tmp_path: Path) -> None:
    text = json.dumps({"specFormat": "CycloneDX", "specVersion": "2.0", "components": []})
    assert recognised(tmp_path, text)[0] == "cyclonedx"
    with pytest.raises(InputError, match=r"is CycloneDX '2\.0'; versions 1\.0 to 1\.7 are read; write it as 1\.6"):
        read(tmp_path, "cyclonedx", text, name="s.json")


@pytest.mark.parametrize("version", ["1.2", "1.3", "1.4", "1.5", "1.6", "1.7"])
def test_every_version_is_read(tmp_path: Path, version: str) -> None:
    assert read(tmp_path, "cyclonedx", bom([library()], version), name="b.json").rows_loaded == 1
    assert read(tmp_path, "cyclonedx", XML.replace("bom/1.4", f"bom/{version}"), name="b.xml").rows_loaded == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (bom([library()], "2.0"), "is CycloneDX '2.0'; versions 1.0 to 1.7 are read"),
        (bom([], vulnerabilities=VULNERABILITIES), r"\(a VEX\) and lists no component; give the bill of materials itself"),
        (bom([], services=[{"name": "Payments"}]), r"\(a SaaSBOM\) and no component"),
        (bom([]), "lists no component"),
        (bom([library()], metadata={}), "does not say which asset it is of; set 'asset'"),
        (bom([library()], metadata={"component": {"type": "file", "name": "."}}), "does not say which asset it is of"),
        ('{"bomFormat": "SPDX"}', "is JSON, but no CycloneDX document"),
        ("<bom/>", "is XML, but no CycloneDX document"),
        ("a,b\n1,2\n", "is text, not a CycloneDX document"),
        (XML.replace("</components>\n  <vuln", "<vuln"), r"bom\.json:\d+:\d+: breaks off"),
    ],
)  # fmt: skip
def test_what_is_no_list_of_components_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "cyclonedx", text, name="bom.json")


def test_broken_entries_are_refused_with_their_line_and_lost_vulnerabilities_leave_it_incomplete(
    tmp_path: Path,
) -> None:
    load = read(
        tmp_path,
        "cyclonedx",
        bom([library(), "x", {"type": "library", "name": {}}], vulnerabilities=["y"]),
        name="b.json",
    )
    conserved(load)
    assert (load.rows_read, load.rows_loaded) == (3, 1)
    assert [refusal.reason.partition(" '")[0] for refusal in load.refused] == ["a component is not an object", "name"]
    assert load.incomplete == "b.json: 1 of its vulnerabilities could not be read"


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "read_", "blank", "results"),
    [
        ("bom-examples__OBOM-Example-1-Decoupled-obom.json", 1, 0, 0),
        ("bom-examples__SBOM-dropwizard-1.3.15-bom.json", 167, 0, 0),
        ("bom-examples__SBOM-laravel-7.12.0-bom.1.4.json", 62, 0, 0),
        ("defectdojo__log4j.json", 1, 0, 8),
        ("defectdojo__log4j.xml", 1, 0, 8),
        ("defectdojo__nested-component-log4j.json", 2, 1, 8),
        ("defectdojo__jake2.json", 67, 0, 7),
    ],
)
def test_the_public_samples_are_read_whole(tmp_path: Path, name: str, read_: int, blank: int, results: int) -> None:
    data = shared("data", "inventories", "cyclonedx", name).read_bytes()
    assert recognised(tmp_path, data)[0] == "cyclonedx"
    load = read(tmp_path, "cyclonedx", data, name=name, asset="OT-0100")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (read_, read_ - blank, blank)
    assert (load.tables["results"].rows if results else 0, load.incomplete) == (results, None)
