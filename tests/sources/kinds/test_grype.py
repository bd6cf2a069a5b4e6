"""Reports of Grype and xeol."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows

BASH = {"name": "bash", "version": "5.0-4", "type": "deb", "purl": "pkg:deb/debian/bash@5.0-4?arch=amd64"}
MATCHES: list[Any] = [
    {"vulnerability": {"id": "GHSA-jfh8-c2jp-5v3q", "severity": "Critical", "fix": {"versions": ["2.15.0", "2.12.2"], "state": "fixed"},
                       "cvss": [{"version": "2.0", "type": "Primary", "metrics": {"baseScore": 9.3}}, {"version": "3.1", "type": "Secondary", "metrics": {"baseScore": 9.0}},
                                {"version": "3.1", "type": "Primary", "metrics": {"baseScore": 10.0}}]},
     "relatedVulnerabilities": [{"id": "CVE-2021-44228"}],
     "artifact": {"name": "log4j-core", "version": "2.13.2", "type": "java-archive", "purl": "pkg:maven/org.apache.logging.log4j/log4j-core@2.13.2"}},
    {"vulnerability": {"id": "CVE-2019-18276", "severity": "Negligible", "cvssV2": {"baseScore": 7.2}, "fixedInVersion": "5.1-1"}, "artifact": BASH},
    {"vulnerability": {"id": "CVE-2022-0001", "severity": "Low"}, "relatedVulnerabilities": [{"id": "CVE-2022-0001", "cvss": [{"version": "3.0", "metrics": {"baseScore": 3.3}}]}],
     "artifact": BASH},
    {"vulnerability": {"id": "CVE-2022-0002"}, "artifact": {"name": "openssl", "version": "1.1.1k-r0", "type": "apk"}},
    {"vulnerability": {"id": "CVE-2022-0003"}},
]  # fmt: skip


def report(matches: list[Any], tool: str = "grype", **more: Any) -> str:
    said = {"matches": matches, "source": {"type": "image", "target": {"userInput": "oak/payroll:4", "config": "eyJhdXRob3IiOiJB"}},
            "distro": {"name": "ol", "version": "8.9"}, "descriptor": {"name": tool, "version": "0.94.0", "timestamp": "2026-11-02T01:02:03.5Z"}}  # fmt: skip
    return json.dumps(said | more, indent=1)


GRYPE = report(MATCHES, ignoredMatches=[{}, {}])
ENDED = [
    {"Cycle": {"ProductName": "Alpine Linux", "ReleaseCycle": "3.8", "Eol": "2020-05-01"}, "artifact": {"name": "alpine", "version": "3.8.0", "type": "apk"}},
    {"Cycle": {"ProductName": "Node.js", "ReleaseCycle": "8", "Eol": ""}, "artifact": {"name": "node", "version": "8.1.0", "type": "binary"}},
    {"Cycle": {}, "artifact": {"name": "x"}},
]  # fmt: skip
XEOL = report(ENDED, "xeol")
ARTIFACTS = [
    {"id": "1", "name": "bash", "version": "5.2.15-2", "type": "deb", "purl": "pkg:deb/debian/bash@5.2.15-2?arch=amd64", "metadata": {"maintainer": "A Person <a@oak.example>"}},
    {"id": "2", "name": "glibc", "version": "2.34-60.el9", "type": "rpm", "purl": ""},
    {"id": "3", "name": "core", "version": "17.0.1", "type": "npm", "purl": "pkg:npm/%40angular/core@17.0.1"},
    {"id": "4", "name": "10816", "version": "3200970", "type": "msrc-kb"},
    {"id": "5", "version": "1"}, "x",
]  # fmt: skip
DEBIAN = {"prettyName": "Debian GNU/Linux 12 (bookworm)", "name": "Debian GNU/Linux", "id": "debian", "version": "12 (bookworm)", "versionID": "12"}  # fmt: skip


def syft(source: Any, **more: Any) -> str:
    said = {
        "artifacts": ARTIFACTS,
        "source": source,
        "distro": DEBIAN,
        "descriptor": {"name": "syft", "version": "1.18.1"},
    }
    return json.dumps(said | more, indent=1)


SYFT = syft(
    {"id": "9f", "name": "oak/payroll", "version": "4", "type": "image", "metadata": {"userInput": "oak/payroll:4"}}
)
SEEDS = {"grype": [GRYPE], "xeol": [XEOL], "syft": [SYFT]}


def test_a_match_is_a_result_and_its_package_is_installed_once(tmp_path: Path) -> None:
    assert recognised(tmp_path, GRYPE)[0] == "grype"
    load = read(tmp_path, "grype", GRYPE, name="g.json")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank) == (7, 4, 1, 2)
    assert rows(load, "results", "check", "cves", "severity", "cvss3", "product", "fixed_in") == [
        ("GHSA-jfh8-c2jp-5v3q", "CVE-2021-44228", "Critical", 100, "log4j-core", "2.15.0;2.12.2"),
        ("CVE-2019-18276", "CVE-2019-18276", "Negligible", None, "bash", "5.1-1"),
        ("CVE-2022-0001", "CVE-2022-0001", "Low", 33, "bash", None),
        ("CVE-2022-0002", "CVE-2022-0002", None, None, "openssl", None),
    ]
    assert rows(load, "software", "name", "version", "kind") == [
        ("org.apache.logging.log4j:log4j-core", "2.13.2", "sbom"), ("bash", "5.0-4", "dpkg"), ("openssl", "1.1.1k-r0", None),
    ]  # fmt: skip
    assert rows(load, "assets", "device_id", "os", "os_version", "last_seen") == [
        ("oak/payroll:4", "Oracle Linux", "8.9", date(2026, 11, 2))
    ]
    assert GRYPE.splitlines()[load.refused[0].line].strip() == '"vulnerability": {'


def test_a_package_stands_where_it_was_first_named(tmp_path: Path) -> None:
    load = read(tmp_path, "grype", GRYPE, name="g.json")
    assert load.tables["software"].places[1] == load.tables["results"].places[1]


def test_it_is_never_the_whole_look(tmp_path: Path) -> None:
    load = read(tmp_path, "grype", GRYPE, name="g.json")
    assert load.incomplete and load.incomplete.startswith("g.json: lists only the packages that it found something in")


def test_a_folder_is_named_and_one_that_says_nothing_is_not(tmp_path: Path) -> None:
    folder = report(MATCHES[:1], source={"type": "directory", "target": "/srv/payroll"})
    assert rows(read(tmp_path, "grype", folder, name="g.json"), "assets", "device_id") == [("/srv/payroll",)]
    with pytest.raises(InputError, match="does not say which asset it is of"):
        read(tmp_path, "grype", report(MATCHES, source={"type": "directory", "target": "."}), name="g.json")


def test_ends_of_life_are_results_too(tmp_path: Path) -> None:
    assert recognised(tmp_path, XEOL)[0] == "xeol"
    load = read(tmp_path, "xeol", XEOL, name="x.json")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.refused[0].reason) == (
        3,
        2,
        "a match names no package, or not what was found in it",
    )
    assert rows(load, "results", "check", "title", "product", "version") == [
        ("end of life", "Alpine Linux 3.8: end of life 2020-05-01", "alpine", "3.8.0"),
        ("end of life", "Node.js 8: end of life", "node", "8.1.0"),
    ]


def test_packages_of_syft_are_installed(tmp_path: Path) -> None:
    assert recognised(tmp_path, SYFT) == ("syft", "certain: Syft's own JSON, by its descriptor")
    load = read(tmp_path, "syft", SYFT, name="s.json")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank, load.incomplete) == (6, 3, 2, 1, None)
    assert rows(load, "software", "asset_tag", "name", "version", "kind") == [
        ("oak/payroll:4", "bash", "5.2.15-2", "dpkg"), ("oak/payroll:4", "glibc", "2.34-60.el9", "rpm"),
        ("oak/payroll:4", "@angular/core", "17.0.1", "sbom"),
    ]  # fmt: skip
    assert rows(load, "assets", "device_id", "os", "os_version") == [("oak/payroll:4", "Debian GNU/Linux", "12")]
    assert "Person" not in repr(load.tables)


@pytest.mark.parametrize(
    ("source", "device"),
    [
        ({"type": "directory", "name": "web-07", "version": "1", "metadata": {"path": "/"}}, "web-07"),
        ({"type": "directory", "name": "/srv/app", "metadata": {"path": "/srv/app"}}, "/srv/app"),
        ({"type": "directory", "target": "/srv/app"}, "/srv/app"),
        ({"type": "image", "target": {"userInput": "oak/web:2"}}, "oak/web:2"),
    ],
)
def test_syft_says_what_it_looked_at_in_the_words_of_its_version(
    tmp_path: Path, source: dict[str, Any], device: str
) -> None:
    assert rows(read(tmp_path, "syft", syft(source), name="s.json"), "assets", "device_id") == [(device,)]


def test_a_look_at_the_root_or_another_tool_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not say which asset it is of"):
        read(tmp_path, "syft", syft({"type": "directory", "name": "/", "metadata": {"path": "/"}}), name="s.json")
    with pytest.raises(InputError, match="is JSON, but not Syft's"):
        read(tmp_path, "syft", GRYPE, name="g.json")
    assert recognised(tmp_path, '{"artifacts": [], "descriptor": {"name": "other"}}')[0] == ""


def test_each_takes_its_own_alone(tmp_path: Path) -> None:
    nameless = report(MATCHES, descriptor={})
    assert recognised(tmp_path, nameless)[0] == "grype"
    assert recognised(tmp_path, report(ENDED, descriptor={}))[0] == "xeol"
    assert recognised(tmp_path, '{"matches": []}')[0] == ""
    with pytest.raises(InputError, match="is JSON, but no report of xeol"):
        read(tmp_path, "xeol", GRYPE, name="g.json")
    with pytest.raises(
        InputError, match=r"is text, not a report of grype as JSON; write it with: grype \.\.\. -o json"
    ):
        read(tmp_path, "grype", "NAME INSTALLED\n", name="g.txt")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("folder", "name", "matches", "packages"),
    [
        ("grype", "defectdojo__many_vulns3.json", 327, 62),
        ("grype", "defectdojo__many_vulns_with_epss_values.json", 15, 1),
        ("xeol", "defectdojo__xeol_multiple_findings.json", 8, 8),
    ],
)
def test_the_public_samples_are_read_whole(tmp_path: Path, folder: str, name: str, matches: int, packages: int) -> None:
    data = shared("data", "inventories", folder, name).read_bytes()
    assert recognised(tmp_path, data)[0] == folder
    load = read(tmp_path, folder, data, name=name)
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.tables["software"].rows) == (matches, matches, packages)
