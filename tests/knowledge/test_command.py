"""``secscan recognise`` as a person types it."""

from __future__ import annotations

import csv
import io
import json
import time

import pytest

from secscan.cli.main import run

Captured = pytest.CaptureFixture[str]


def told(capfd: Captured, *words: str) -> tuple[str, str]:
    capfd.readouterr()
    assert run(["recognise", *words, "--as-of", "2026-11-22"]) == 0
    out, err = capfd.readouterr()
    return out, err


def test_a_name_with_a_slip_is_asked_back(capfd: Captured) -> None:
    out, err = told(capfd, "Windws Server 2012R2")
    header, row = (line.split("\t") for line in out.splitlines())
    said = dict(zip(header, row, strict=True))
    assert said["did you mean"] == "Microsoft Windows Server 2012 R2 (windows-server)"
    assert (said["product"], said["status"]) == ("", "unknown")
    assert err == "0 of 1 recognised; did you mean Microsoft Windows Server 2012 R2 (windows-server)?\n"


def test_a_name_whose_number_nothing_has_is_not_asked_back(capfd: Captured) -> None:
    out, err = told(capfd, "Windws Server 2013")
    assert out.splitlines()[1].endswith("\t")
    assert err == "0 of 1 recognised\n"


def test_json_and_csv_call_them_near(capfd: Captured) -> None:
    out, _ = told(capfd, "Windws Server 2012R2", "--format", "json")
    (row,) = json.loads(out)["rows"]
    assert (row["product"], row["near"]) == (None, ["Microsoft Windows Server 2012 R2 (windows-server)"])
    out, _ = told(capfd, "Windws Server 2012R2", "--format", "csv")
    (read,) = csv.DictReader(io.StringIO(out))
    assert read["near"] == "Microsoft Windows Server 2012 R2 (windows-server)"


@pytest.mark.parametrize(
    ("kind", "name", "version", "product"),
    [
        ("os_caption", "Microsoft Windows Server 2012 R2 Standard", "6.3.9600", "windows-server"),
        ("arp", "Citrix Workspace 2203", "22.3.1.41", "citrix-workspace-app"),
        ("network", "Citrix ADC NetScaler NS13.1: Build 49.13", "", "netscaler-adc"),
        ("service_banner", "Microsoft IIS httpd", "8.5", "iis"),
        ("dpkg", "gitlab-ce", "16.3.4-ce.0", "gitlab"),
        ("rpm", "google-chrome-stable", "120.0.6099.109-1", "chrome"),
        ("sbom", "org.springframework.boot:spring-boot", "2.7.18", "spring-boot"),
    ],
)
def test_each_kind_of_name_is_read_as_its_kind(
    capfd: Captured, kind: str, name: str, version: str, product: str
) -> None:
    out, _ = told(capfd, name, version, "--kind", kind, "--format", "json")
    assert json.loads(out)["rows"][0]["product"] == product
    # The same name of a kind that the product never has is nobody's.
    other = "dpkg" if kind != "dpkg" else "os_caption"
    out, _ = told(capfd, name, version, "--kind", other, "--format", "json")
    assert json.loads(out)["rows"][0]["product"] is None or kind == "rpm"


def test_a_thousand_names_are_answered_with_suggestions(capfd: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        "name,version,publisher,kind",
        *(f"Windws Server 2012R2 {'x' * (i % 7)},{i},,os_caption" for i in range(1000)),
    ]

    class Piped:
        buffer = io.BytesIO("\n".join(lines).encode())

    monkeypatch.setattr("sys.stdin", Piped())
    started = time.process_time()
    out, _ = told(capfd, "--stdin", "--format", "json")
    rows = json.loads(out)["rows"]
    assert len(rows) == 1000
    assert sum(row["near"] == ["Microsoft Windows Server 2012 R2 (windows-server)"] for row in rows) >= 100
    assert time.process_time() - started < 5
