"""Results of osv-scanner."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from secscan.model.errors import InputError
from tests.sources.desk import conserved, shared
from tests.sources.kinds.desk import read, recognised, rows

GUZZLE = {"name": "guzzlehttp/guzzle", "version": "6.3.3", "ecosystem": "Packagist"}
ADVISORY = {
    "id": "GHSA-25mq-v84q-4j7r", "aliases": ["BIT-drupal-2022-31090", "CVE-2022-31090"], "summary": "A header is kept on a change of origin",
    "affected": [
        {"package": {"name": "guzzlehttp/guzzle"}, "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "6.5.8"}]},
                                                              {"type": "GIT", "events": [{"fixed": "0123abc"}]}]},
        {"package": {"name": "guzzlehttp/guzzle"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "7.0.0"}, {"fixed": "7.4.5"}]}]},
        {"package": {"name": "drupal/core"}, "ranges": [{"type": "SEMVER", "events": [{"fixed": "9.3.0"}]}]},
    ],
    "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:L/UI:N/S:C/C:H/I:N/A:N"}], "database_specific": {"severity": "HIGH"},
}  # fmt: skip


def result(*packages: Any) -> str:
    return json.dumps(
        {"results": [{"source": {"path": "/srv/a/composer.lock", "type": "lockfile"}, "packages": list(packages)}]},
        indent=1,
    )


ALL = result(
    {"package": GUZZLE, "vulnerabilities": [ADVISORY, 3]},
    {"package": {"name": "bash", "version": "5.0-4", "ecosystem": "Debian:10"}},
    {"package": {"name": "musl", "version": "1.2.2-r0", "ecosystem": "Alpine:v3.14"}},
    {"package": {"name": "openssl", "version": "1.1.1k", "ecosystem": "Red Hat:enterprise_linux:8::baseos"}},
    {"vulnerabilities": []},
)
SEEDS = {"osv-scanner": [ALL]}


def test_packages_are_installed_and_vulnerabilities_are_results(tmp_path: Path) -> None:
    assert recognised(tmp_path, ALL)[0] == "osv-scanner"
    load = read(tmp_path, "osv-scanner", ALL, name="osv.json", asset="OT-1")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_refused, load.incomplete) == (7, 5, 2, None)
    assert rows(load, "software", "asset_tag", "name", "kind") == [
        ("OT-1", "guzzlehttp/guzzle", "sbom"), ("OT-1", "bash", "dpkg"), ("OT-1", "musl", None), ("OT-1", "openssl", "rpm"),
    ]  # fmt: skip
    assert rows(load, "results", "check", "cves", "title", "severity", "cvss3", "product", "version", "fixed_in") == [
        (
            "GHSA-25mq-v84q-4j7r",
            "CVE-2022-31090",
            "A header is kept on a change of origin",
            "HIGH",
            None,
            "guzzlehttp/guzzle",
            "6.3.3",
            "6.5.8;7.4.5",
        )
    ]
    assert ALL.splitlines()[(load.tables["results"].places[0] & 0xFFFF)].strip() == '"id": "GHSA-25mq-v84q-4j7r",'


def test_whose_it_is_is_asked_and_never_made_up(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not say which asset it is of; set 'asset' for the source, or --asset"):
        read(tmp_path, "osv-scanner", ALL, name="osv.json")
    assert rows(read(tmp_path, "osv-scanner", ALL, name="OT-7.json", asset="{stem}"), "assets", "asset_tag") == [
        ("OT-7",)
    ]


def test_a_look_into_an_image_tells_its_system_its_own_packages_and_the_fix_of_its_own_release(tmp_path: Path) -> None:
    fixes = {"Debian:11": "7.74.0-1.3+deb11u2", "Debian:12": "7.88.1-10+deb12u1", "Ubuntu:22.04:LTS": "7.81.0-1"}
    advisory = {"id": "DEBIAN-CVE-2026-0001", "affected": [
        {"package": {"name": "curl", "ecosystem": name}, "ranges": [{"type": "ECOSYSTEM", "events": [{"fixed": fixed}]}]}
        for name, fixed in fixes.items()
    ]}  # fmt: skip
    named = {"name": "curl", "os_package_name": "libcurl4", "version": "7.88.1-10", "ecosystem": "Debian:12"}
    commit = {"package": {"name": "", "version": "", "ecosystem": "", "commit": "9a6cf1c"}}
    found = json.loads(result({"package": named, "vulnerabilities": [advisory]}, commit))
    text = json.dumps(found | {"image_metadata": {"os": "Debian GNU/Linux 12 (bookworm)", "layer_metadata": []}})
    load = read(tmp_path, "osv-scanner", text, name="o.json", asset="OT-1")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.rows_blank) == (3, 2, 1)
    assert rows(load, "software", "name", "version", "kind") == [("libcurl4", "7.88.1-10", "dpkg")]
    assert rows(load, "results", "product", "fixed_in") == [("curl", "7.88.1-10+deb12u1")]
    assert rows(load, "assets", "os") == [("Debian GNU/Linux 12 (bookworm)",)]
    ubuntu = json.loads(result({"package": named | {"ecosystem": "Ubuntu:22.04"}, "vulnerabilities": [advisory]}))
    load = read(tmp_path, "osv-scanner", json.dumps(ubuntu), name="o.json", asset="OT-1")
    assert rows(load, "results", "fixed_in") == [("7.81.0-1",)]


def test_where_every_package_has_a_vulnerability_others_were_left_out(tmp_path: Path) -> None:
    load = read(
        tmp_path,
        "osv-scanner",
        result({"package": GUZZLE, "vulnerabilities": [ADVISORY]}),
        name="osv.json",
        asset="OT-1",
    )
    assert load.incomplete and "ask for all: --all-packages" in load.incomplete


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"results": [{"vulnerabilities": []}]}', "is JSON, but no result of osv-scanner"),
        ("| OSV URL |\n", "is text, not osv-scanner's JSON"),
    ],
)
def test_what_is_no_result_is_refused(tmp_path: Path, text: str, says: str) -> None:
    assert recognised(tmp_path, text)[0] != "osv-scanner"
    with pytest.raises(InputError, match=says):
        read(tmp_path, "osv-scanner", text, name="osv.json", asset="OT-1")


@pytest.mark.shared
def test_the_public_sample_is_read_whole(tmp_path: Path) -> None:
    data = shared("data", "inventories", "osv-scanner", "defectdojo__some_findings.json").read_bytes()
    assert recognised(tmp_path, data)[0] == "osv-scanner"
    load = read(tmp_path, "osv-scanner", data, name="osv.json", asset="OT-1")
    conserved(load)
    assert (load.rows_read, load.rows_loaded, load.tables["results"].rows) == (2, 2, 1)
