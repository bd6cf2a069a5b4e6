"""Trivy's reports."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows

VULNERABILITY = {
    "VulnerabilityID": "CVE-2023-4911", "PkgName": "libc6", "InstalledVersion": "2.36-9", "FixedVersion": "2.36-9+deb12u3", "Status": "fixed",
    "Title": "glibc: buffer overflow in ld.so", "Severity": "HIGH", "SeveritySource": "debian", "PublishedDate": "2023-10-03T18:15:00Z",
    "CVSS": {"redhat": {"V3Score": 7.5}, "nvd": {"V2Score": 9.9, "V3Score": 7.8}},
}  # fmt: skip
OS_PACKAGES = {
    "Target": "oak/payroll:4 (debian 12.5)", "Class": "os-pkgs", "Type": "debian", "Packages": [
        {"Name": "libc6", "Version": "2.36", "Release": "9", "Identifier": {"PURL": "pkg:deb/debian/libc6@2.36-9?arch=amd64"}},
        {"Name": "openssl", "Version": "3.0.11", "Release": "1", "Epoch": 1},
        {"Version": "1"},
    ], "Vulnerabilities": [VULNERABILITY, "x"],
}  # fmt: skip
JARS = {
    "Target": "Java", "Class": "lang-pkgs", "Type": "jar", "Packages": [{"Name": "org.springframework:spring-core", "Version": "5.3.1"}],
    "Vulnerabilities": [{"VulnerabilityID": "GHSA-6qrh-3r4w-xxxx", "PkgName": "org.springframework:spring-core", "InstalledVersion": "5.3.1", "Severity": "LOW"}],
}  # fmt: skip
ASIDE = {
    "Target": "Dockerfile", "Class": "config", "Misconfigurations": [{"ID": "DS002"}, {"ID": "DS026"}],
    "Secrets": [{"RuleID": "github-pat", "Match": "ghp_verysecret"}], "Licenses": [{"Name": "GPL-2.0"}],
}  # fmt: skip


def report(*results: Any, **more: Any) -> str:
    said = {"SchemaVersion": 2, "CreatedAt": "2026-11-02T03:04:05.123456789Z", "ArtifactName": "oak/payroll:4", "ArtifactType": "container_image",
            "Metadata": {"OS": {"Family": "debian", "Name": "12.5"}, "ImageConfig": {"author": "A Person"}}, "Results": list(results)}  # fmt: skip
    return json.dumps(said | more, indent=1)


IMAGE = report(OS_PACKAGES, JARS, ASIDE)
CLUSTER = json.dumps({"ClusterName": "oak", "Resources": [
    {"Namespace": "default", "Kind": "Pod", "Name": "web", "Metadata": [{"OS": {"Family": "alma", "Name": "9.3"}}], "Results": [
        {"Target": "web (alma 9.3)", "Class": "os-pkgs", "Type": "alma", "Vulnerabilities": [VULNERABILITY]}]},
    {"Namespace": "default", "Kind": "Service", "Name": "web", "Results": [ASIDE]},
]}, indent=1)  # fmt: skip
OLD = json.dumps([{"Target": "oak/old (debian 9)", "Type": "debian", "Vulnerabilities": [VULNERABILITY]}])
SEEDS = {"trivy": [IMAGE, CLUSTER]}


def test_packages_are_installed_and_vulnerabilities_are_results(tmp_path: Path) -> None:
    assert recognised(tmp_path, IMAGE)[0] == "trivy"
    load = read(tmp_path, "trivy", IMAGE, name="trivy.json")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.rows_blank, load.incomplete) == (
        11,
        5,
        2,
        4,
        None,
    )
    assert rows(load, "software", "name", "version", "kind") == [
        ("libc6", "2.36-9", "dpkg"), ("openssl", "1:3.0.11-1", "dpkg"), ("org.springframework:spring-core", "5.3.1", "sbom"),
    ]  # fmt: skip
    assert rows(load, "results", "check", "cves", "severity", "cvss3", "product", "version", "fixed_in", "state") == [
        ("CVE-2023-4911", "CVE-2023-4911", "HIGH", 78, "libc6", "2.36-9", "2.36-9+deb12u3", None),
        ("GHSA-6qrh-3r4w-xxxx", None, "LOW", None, "org.springframework:spring-core", "5.3.1", None, None),
    ]
    assert rows(load, "assets", "device_id", "os", "os_version", "last_seen") == [
        ("oak/payroll:4", "debian", "12.5", date(2026, 11, 2))
    ]
    assert {refusal.reason for refusal in load.refused} == {"name is empty", "a vulnerability is not an object"}
    assert "verysecret" not in repr(load) and "A Person" not in repr(load)


def test_what_says_nothing_of_packages_is_blank_and_named(tmp_path: Path) -> None:
    load = read(tmp_path, "trivy", report(ASIDE), name="trivy.json")
    assert (load.rows_read, load.rows_blank) == (4, 4)
    assert load.warnings == (
        "trivy.json: misconfigurations, which say nothing of what is installed: 2, counted as blank",
        "trivy.json: secrets that it found, which are never read: 1, counted as blank",
        "trivy.json: licences: 1, counted as blank",
    )


def test_a_report_without_its_packages_is_not_the_whole_look(tmp_path: Path) -> None:
    bare = {key: value for key, value in OS_PACKAGES.items() if key != "Packages"} | {
        "Vulnerabilities": [VULNERABILITY, VULNERABILITY]
    }
    load = read(tmp_path, "trivy", report(bare), name="trivy.json")
    conserved(load)
    assert rows(load, "software", "name", "version", "kind") == [("libc6", "2.36-9", "dpkg")]
    assert load.rows_read == 2
    assert load.incomplete and "ask for all: --list-all-pkgs" in load.incomplete


def test_resources_of_a_cluster_are_assets_where_something_was_found_in_them(tmp_path: Path) -> None:
    assert recognised(tmp_path, CLUSTER)[0] == "trivy"
    load = read(tmp_path, "trivy", CLUSTER, name="k8s.json")
    conserved(load)
    assert rows(load, "assets", "device_id", "os", "os_version") == [("default/Pod/web", "AlmaLinux", "9.3")]
    assert rows(load, "software", "asset_tag", "kind") == [("default/Pod/web", "rpm")]
    assert load.rows_blank == 4 and load.incomplete
    older = CLUSTER.replace('"Resources"', '"Vulnerabilities"', 1)
    assert read(tmp_path, "trivy", older, name="k8s.json").rows_loaded == 1


def test_a_summary_of_a_cluster_keeps_its_resources_under_another_name_and_says_what_failed(tmp_path: Path) -> None:
    summary = json.loads(CLUSTER)
    found = {"SchemaVersion": 2, "ClusterName": "oak", "Findings": summary["Resources"]}
    assert recognised(tmp_path, json.dumps(found))[0] == "trivy"
    load = read(tmp_path, "trivy", json.dumps(found), name="k8s.json")
    assert (load.rows_loaded, load.rows_blank) == (1, 4)
    found["Findings"].append({"Kind": "Pod", "Name": "api", "Error": "no such image"})
    load = read(tmp_path, "trivy", json.dumps(found), name="k8s.json")
    assert load.incomplete == "k8s.json: Trivy itself could not look into 1 of the resources"


@pytest.mark.parametrize(
    "results", [[], [ASIDE], [{"Target": "OS Packages", "Class": "license", "Licenses": [{"Name": "MIT"}]}]]
)
def test_a_report_that_lists_no_package_says_nothing_of_what_is_installed(tmp_path: Path, results: list[Any]) -> None:
    load = read(tmp_path, "trivy", report(*results), name="trivy.json")
    conserved(load)
    assert load.incomplete and load.incomplete.startswith("trivy.json: lists no package: it did not look for any")
    assert rows(load, "assets", "device_id") == [("oak/payroll:4",)]


def test_what_trivy_says_does_not_touch_the_package_is_no_result(tmp_path: Path) -> None:
    spared = VULNERABILITY | {"VulnerabilityID": "CVE-2019-18276", "Status": "not_affected"}
    load = read(
        tmp_path, "trivy", report(OS_PACKAGES | {"Vulnerabilities": [VULNERABILITY, spared]}), name="trivy.json"
    )
    conserved(load)
    assert rows(load, "results", "check") == [("CVE-2023-4911",)]
    assert (
        "trivy.json: vulnerabilities that do not touch it, as Trivy itself says: 1, counted as blank" in load.warnings
    )


def test_old_reports_do_not_say_what_was_scanned(tmp_path: Path) -> None:
    assert recognised(tmp_path, OLD)[0] == "trivy"
    with pytest.raises(InputError, match="does not say which asset it is of; set 'asset' for the source"):
        read(tmp_path, "trivy", OLD, name="old.json")
    assert rows(read(tmp_path, "trivy", OLD, name="old.json", asset="OT-9"), "results", "asset_tag") == [("OT-9",)]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{}", "is JSON, but no report of Trivy"),
        ("┌─────┐\n", "is text, not a report of Trivy as JSON; write it with: trivy ... --format json"),
    ],
)
def test_what_is_no_report_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read(tmp_path, "trivy", text, name="x.json")


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "loaded", "blank"),
    [("defectdojo__scheme_2_many_vulns.json", 5, 0), ("defectdojo__issue_10991.json", 0, 37)],
)
def test_the_public_samples_are_read_whole(tmp_path: Path, name: str, loaded: int, blank: int) -> None:
    data = shared("data", "inventories", "trivy", name).read_bytes()
    assert recognised(tmp_path, data)[0] == "trivy"
    load = read(tmp_path, "trivy", data, name=name)
    conserved(load)
    assert (load.rows_loaded, load.rows_blank, load.rows_refused) == (loaded, blank, 0)
