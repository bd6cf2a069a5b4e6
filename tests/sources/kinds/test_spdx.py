"""SPDX documents: 2.x as JSON and tag-value, 3.0 as JSON-LD."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows

PACKAGES = [
    {"SPDXID": "SPDXRef-Root", "name": "registry.oak.example/payroll:4", "primaryPackagePurpose": "CONTAINER"},
    {"SPDXID": "SPDXRef-OS", "name": "debian", "versionInfo": "12.5", "primaryPackagePurpose": "OPERATING-SYSTEM"},
    {"SPDXID": "SPDXRef-1", "name": "bash", "versionInfo": "5.2.15-2", "supplier": "Organization: Debian (list@debian.example)",
     "externalRefs": [{"referenceCategory": "SECURITY", "referenceType": "cpe23Type", "referenceLocator": "cpe:2.3:a:gnu:bash:5.2.15:*"},
                      {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": "pkg:deb/debian/bash@5.2.15-2"}]},
    {"SPDXID": "SPDXRef-2", "name": "core", "supplier": "Person: A Person (a.person@oak.example)",
     "externalRefs": [{"referenceCategory": "PACKAGE_MANAGER", "referenceType": "http://spdx.org/rdf/references/purl", "referenceLocator": "pkg:npm/%40angular/core@12.0.0"}]},
    {"SPDXID": "SPDXRef-3", "name": "NOASSERTION", "versionInfo": "NOASSERTION"},
]  # fmt: skip


def document(packages: list[Any] = PACKAGES, **more: Any) -> str:
    said = {"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "scan of payroll", "packages": packages,
            "creationInfo": {"creators": ["Person: A Person (a.person@oak.example)"]},
            "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES", "relatedSpdxElement": "SPDXRef-Root"}]}  # fmt: skip
    return json.dumps(said | more, indent=1)


TAGS = """\
SPDXVersion: SPDX-2.2
DocumentName: payroll-server
Creator: Person: A Person (a.person@oak.example)
LicenseComments: <text>Two lines,
PackageName: this is no package
</text>

PackageName: bash
SPDXID: SPDXRef-1
PackageVersion: 5.2.15-2
PackageSupplier: Organization: Debian (list@debian.example)
PackageCopyrightText: <text>nobody</text>
ExternalRef: PACKAGE-MANAGER purl pkg:deb/debian/bash@5.2.15-2

FileName: ./x
SPDXID: SPDXRef-File

PackageName: FortiOS
SPDXID: SPDXRef-2
PackageVersion: 7.0.1

PackageName: NOASSERTION
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-1
Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-2
"""
GRAPH = [
    {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1"},
    {"type": "Person", "spdxId": "urn:p", "name": "A Person"},
    {"type": "Organization", "spdxId": "urn:o", "name": "Apache"},
    {"type": "SpdxDocument", "spdxId": "urn:d", "name": "the document", "rootElement": ["urn:bom"]},
    {"type": "software_Sbom", "spdxId": "urn:bom", "rootElement": ["urn:app"]},
    {"type": "software_Package", "spdxId": "urn:app", "name": "payroll", "software_packageVersion": "4.1", "suppliedBy": "urn:p"},
    {"type": "software_Package", "spdxId": "urn:lib", "name": "struts2-core", "software_packageVersion": "2.3.20", "suppliedBy": "urn:o",
     "software_packageUrl": "pkg:maven/org.apache.struts/struts2-core@2.3.20"},
    {"type": "software_Package", "spdxId": "urn:rpm", "name": "bash", "externalIdentifier": [{"externalIdentifierType": "packageUrl", "identifier": "pkg:rpm/redhat/bash@4.4-1.el8"}]},
    {"type": "software_Package", "spdxId": "urn:src", "name": "sources", "software_primaryPurpose": "source"},
    {"type": "security_Vulnerability", "spdxId": "urn:v", "name": "CVE-2018-11776"},
]  # fmt: skip
THREE = json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": GRAPH}, indent=1)
SEEDS = {"spdx": [document(), TAGS, THREE]}


def test_packages_are_rows_and_their_urls_say_what_they_are(tmp_path: Path) -> None:
    text = document()
    assert recognised(tmp_path, text)[0] == "spdx"
    load = read(tmp_path, "spdx", text, name="sbom.spdx.json")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (5, 3, 1, 1)
    assert rows(load, "software", "name", "version", "publisher", "kind") == [
        ("bash", "5.2.15-2", "Debian", "dpkg"),
        ("@angular/core", "12.0.0", None, "sbom"),
    ]
    assert rows(load, "assets", "device_id", "os", "os_version") == [
        ("registry.oak.example/payroll:4", "debian", "12.5")
    ]
    assert load.refused[0].reason == "name is empty"
    assert text.splitlines()[load.refused[0].line].strip() == '"SPDXID": "SPDXRef-3",'
    assert "a.person" not in repr(load)


def test_of_several_subjects_the_document_itself_is_the_asset(tmp_path: Path) -> None:
    several = document(documentDescribes=["SPDXRef-Root", "SPDXRef-1"], relationships=[])
    assert rows(read(tmp_path, "spdx", several, name="s.json"), "assets", "device_id") == [("scan of payroll",)]
    other = [
        {"spdxElementId": "SPDXRef-1", "relationshipType": "DESCRIBED_BY", "relatedSpdxElement": "SPDXRef-DOCUMENT"}
    ]
    assert rows(read(tmp_path, "spdx", document(relationships=other), name="s.json"), "assets", "device_id") == [
        ("bash",)
    ]
    declared = read(tmp_path, "spdx", several, name="OT-1.json", asset="{stem}")
    assert rows(declared, "assets", "asset_tag", "device_id") == [("OT-1", "OT-1")]


def test_the_export_of_a_code_host_is_unwrapped(tmp_path: Path) -> None:
    wrapped = json.dumps({"sbom": json.loads(document())}, indent=1)
    assert recognised(tmp_path, wrapped)[0] == "spdx"
    load = read(tmp_path, "spdx", wrapped, name="s.json")
    assert (load.rows_read, load.rows_loaded) == (5, 3)
    assert "bash" in "".join(wrapped.splitlines()[(load.tables["software"].places[0] & 0xFFFF) :][:3])


def test_tags_and_values_are_read_and_a_text_of_several_lines_is_no_package(tmp_path: Path) -> None:
    assert recognised(tmp_path, TAGS)[0] == "spdx"
    load = read(tmp_path, "spdx", TAGS, name="sbom.spdx")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused) == (3, 2, 1)
    assert rows(load, "software", "name", "version", "publisher", "kind") == [
        ("bash", "5.2.15-2", "Debian", "dpkg"), ("FortiOS", "7.0.1", None, "sbom"),
    ]  # fmt: skip
    assert [place & 0xFFFF for place in load.tables["software"].places] == [8, 18]
    assert (load.refused[0].line, load.refused[0].reason) == (22, "name is empty")
    assert rows(load, "assets", "device_id") == [("payroll-server",)]
    assert "a.person" not in repr(load)


def test_what_the_document_is_about_is_no_program_where_it_has_no_version(tmp_path: Path) -> None:
    """As writers of version 2.2 name the folder that they looked at; 2.3 has a word for it."""
    root = {"SPDXID": "SPDXRef-Root", "name": "/srv/payroll"}
    load = read(tmp_path, "spdx", document([root, PACKAGES[2]]), name="s.json")
    conserved(load)
    assert (load.rows_read, load.rows_blank) == (2, 1)
    assert rows(load, "software", "asset_tag", "name") == [("/srv/payroll", "bash")]
    versioned = document([root | {"versionInfo": "4.1"}, PACKAGES[2]])
    assert rows(read(tmp_path, "spdx", versioned, name="s.json"), "software", "name") == [("/srv/payroll",), ("bash",)]
    alone = read(tmp_path, "spdx", document([root]), name="s.json")
    assert rows(alone, "software", "name") == [("/srv/payroll",)]


def test_a_heading_of_trivys_over_a_list_of_packages_is_no_program(tmp_path: Path) -> None:
    heading = {"SPDXID": "SPDXRef-Application-202c31aa", "name": "Java", "primaryPackagePurpose": "APPLICATION"}
    load = read(tmp_path, "spdx", document([PACKAGES[0], heading, PACKAGES[2]]), name="s.json")
    conserved(load)
    assert rows(load, "software", "name") == [("bash",)]
    tags = TAGS + "\nPackageName: Java\nSPDXID: SPDXRef-Application-202c31aa\n"
    names = rows(read(tmp_path, "spdx", tags, name="s.spdx"), "software", "name")
    assert names == rows(read(tmp_path, "spdx", TAGS, name="s.spdx"), "software", "name")


def test_models_and_sets_of_data_of_version_3_are_packages_and_no_programs(tmp_path: Path) -> None:
    more = [
        {"type": "dataset_DatasetPackage", "spdxId": "urn:d", "name": "faces", "software_primaryPurpose": "data"},
        {"type": "ai_AIPackage", "spdxId": "urn:m", "name": "reader", "software_packageVersion": "2"},
    ]
    text = json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [*GRAPH, *more]})
    load, without = (read(tmp_path, "spdx", one, name="s.json") for one in (text, THREE))
    conserved(load)
    assert (load.rows_read - without.rows_read, load.rows_blank - without.rows_blank) == (2, 2)
    assert "s.json: packages that are sets of data: 1, counted as blank" in load.warnings


def test_version_3_before_its_release_is_refused_by_name(tmp_path: Path) -> None:
    text = json.dumps(
        {"@context": {"core": "https://spdx.org/rdf/Core/"}, "@graph": [{"@type": "Package", "name": "bash"}]}
    )
    assert recognised(tmp_path, text)[0] == "spdx"
    with pytest.raises(InputError, match=r"is SPDX 3 in a form from before its release; write it as 3\.0 or as 2\.3"):
        read(tmp_path, "spdx", text, name="s.json")


@pytest.mark.parametrize(
    "text", ["SPDXID: SPDXRef-DOCUMENT\ncreationInfo:\n  created: x\n", "---\nspdxVersion: SPDX-2.3\nname: x\n"]
)
def test_a_document_as_yaml_is_told_by_its_first_key_whatever_the_order(tmp_path: Path, text: str) -> None:
    assert recognised(tmp_path, text)[1].startswith("certain: an SPDX document as YAML, which is not read")
    with pytest.raises(InputError, match="is SPDX as YAML; write it as JSON or as tag-value"):
        read(tmp_path, "spdx", text, name="s.yaml")


def test_version_3_names_its_subject_through_its_bill(tmp_path: Path) -> None:
    assert recognised(tmp_path, THREE)[0] == "spdx"
    load = read(tmp_path, "spdx", THREE, name="sbom.json")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (4, 3, 1)
    assert rows(load, "software", "name", "version", "publisher", "kind") == [
        ("payroll", "4.1", None, "sbom"),
        ("org.apache.struts:struts2-core", "2.3.20", "Apache", "sbom"),
        ("bash", "4.4-1.el8", None, "rpm"),
    ]
    assert rows(load, "assets", "device_id") == [("payroll",)]
    assert "1 vulnerabilities that it speaks of are not read" in load.warnings[-1]
    assert "A Person" not in repr(load)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:spdx="http://spdx.org/rdf/terms#"/>', "is SPDX as RDF; write it as JSON or as tag-value"),
        ("<Document><SPDXID>x</SPDXID><spdxVersion>SPDX-2.3</spdxVersion></Document>", "is SPDX as XML; write it"),
        ("<other/>", "is XML with the root element 'other', not an SPDX document"),
        (document(spdxVersion="SPDX-2.9"), "is SPDX of version 'SPDX-2.9'; 2.0 to 2.3 and 3.0 are read"),
        (TAGS.replace("SPDX-2.2", "SPDX-1.2"), "is SPDX of version 'SPDX-1.2'"),
        (document([]), "lists no package"),
        (document(name=None, relationships=[]), "does not say which asset it is of; set 'asset'"),
        (TAGS.replace("</text>\n\n", "\n\n"), r"sbom:4: breaks off: the text of 'LicenseComments' is never closed"),
        ("{}", "is JSON, but no SPDX document"),
        ("spdxVersion: SPDX-2.3\npackages: []\n", "is SPDX as YAML; write it"),
        ("PackageName: x\n", "is text, but no SPDX document"),
        ("", "is empty"),
    ],
)  # fmt: skip
def test_what_is_not_read_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "spdx", text, name="sbom")


@pytest.mark.parametrize(
    "form", ["<Document><spdxVersion>SPDX-2.3</spdxVersion></Document>", "spdxVersion: 'SPDX-2.3'\n"]
)
def test_other_forms_are_recognised_and_said_not_to_be_read(tmp_path: Path, form: str) -> None:
    kind, words = recognised(tmp_path, form)
    assert kind == "spdx"
    assert "which is not read; write it as JSON or as tag-value" in words


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "packages", "asset"),
    [
        ("spdx-examples__04-SBOMwSecurity.json", 2, "tools-java"),
        ("spdx-examples__appbomination.spdx.json", 7, "App-BOM-ination"),
        ("spdx-examples__example6-bin.spdx", 1, "hello-go-bin"),
        ("spdx-examples__examplemaven-0.0.1.spdx.json", 6, "examplemaven"),
        ("spdx-examples__examplemaven-0.0.1.spdx3.json", 6, "examplemaven"),
        ("spdx-examples__hello-src.spdx.json", 1, "hello"),
    ],
)
def test_the_public_samples_are_read_whole(tmp_path: Path, name: str, packages: int, asset: str) -> None:
    data = shared("data", "inventories", "spdx", name).read_bytes()
    assert recognised(tmp_path, data)[0] == "spdx"
    load = read(tmp_path, "spdx", data, name=name)
    conserved(load)
    assert (load.rows_read, load.rows_loaded) == (packages, packages)
    assert rows(load, "assets", "device_id") == [(asset,)]
