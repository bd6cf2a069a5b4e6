"""Runs and findings made up for tests: invented councils, dates fixed, nothing read from a clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from secscan.history import RunRecord
from secscan.model.findings import Finding, Tally
from secscan.model.places import Place
from secscan.model.raw import Gap, Load

COUNCILS = ("alderbeck", "brackenford", "corvale")
DAY = date(2026, 3, 1)


class Measure:
    def __init__(self, council: str, measure: str, numerator: int, denominator: int, mark: str | None = None) -> None:
        self.council, self.measure, self.mark = council, measure, mark
        self.numerator, self.denominator = numerator, denominator


def fingerprint(*parts: str) -> str:
    long = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{long[:16]}-{long[16:32]}"


def finding(
    asset: str | None = "srv-01", *, control: str = "LEG-01", council: str = "alderbeck", **other: Any
) -> Finding:
    """A finding about a server past its support, unless ``other`` says something else."""
    subject = other.pop("subject", "windows-server")
    values: dict[str, Any] = {
        "fingerprint": fingerprint(control, council, asset or "", subject),
        "check": "lifecycle.unsupported-software",
        "hostname": None if asset is None else f"{asset}.{council}.example",
        "title": "windows-server 2012: security support ended on 10 October 2023",
        "outcome": "fail",
        "status": "open",
        "severity": "high",
        "due_days": 30,
        "evidence": {
            "product": "windows-server",
            "version": "2012",
            "eol_on": date(2023, 10, 10),
            "entitled_until": None,
        },
        "evidence_places": {"version": Place("inventory/alderbeck/software.csv", 7)},
        "sources": [Place("inventory/alderbeck/software.csv", 7), Place("knowledge/windows.yaml", 12, 3)],
    }
    return Finding(control=control, council=council, asset=asset, subject=subject, **(values | other))


def always(_: Finding) -> bool:
    return True


def never(_: Finding) -> bool:
    return False


def run(
    findings: Iterable[Finding],
    on: date = DAY,
    *,
    closing: Callable[[Finding], bool] = always,
    tallies: Sequence[Tally] | None = None,
    **other: Any,
) -> RunRecord:
    """A run of a day; its tallies name every control of every council, so that none reads as withdrawn."""
    found = tuple(findings)
    if tallies is None:
        controls = {("alderbeck", "LEG-01"), *((f.council, f.control) for f in found)}
        tallies = [
            Tally(control=control, council=council, severity="high", passed=5, failed=len(found), unknown=1)
            for council, control in sorted(controls)
        ]
    started = datetime.combine(on, datetime.min.time(), UTC).replace(hour=6)
    values: dict[str, Any] = {
        "started_at": started,
        "finished_at": started + timedelta(minutes=1),
        "tool_version": "0.1.0",
        "complete": True,
        "policy_digest": "p" * 64,
        "measures": [Measure("alderbeck", "open-findings", len(found), 10)],
        "loads": [load()],
    }
    return RunRecord(as_of=on, findings=found, tallies=tallies, closing=closing, **(values | other))


def load(source: str = "alderbeck-assets", council: str = "alderbeck", rows: int = 10, **other: Any) -> Load:
    values: dict[str, Any] = {
        "kind": "secscan-assets",
        "file": f"inventory/{council}/2026-03-01/assets.csv",
        "sha256": hashlib.sha256(f"{source}{rows}".encode()).hexdigest(),
        "size": 100,
        "dated_on": DAY,
        "rows_read": rows,
        "rows_loaded": rows,
        "rows_refused": 0,
        "rows_blank": 0,
    }
    return Load(source=source, council=council, **(values | other))


def gap(source: str, council: str = "alderbeck", why: str = "missing", **other: Any) -> Gap:
    return Gap(
        council=council, source=source, tables=frozenset({"assets"}), why=why, says=f"{source} is {why}",
        place_file="secscan.yaml", **other,
    )  # fmt: skip


def many(councils: Sequence[str] = COUNCILS, each: int = 20_000, changed: int = 0) -> list[Finding]:
    """``each`` findings a council over 400 products; the first ``changed`` of them are other assets instead."""
    found = []
    for council in councils:
        for number in range(each):
            product = f"product-{number % 400}"
            asset = f"{council[:2]}-{number // 20 + (each if number < changed else 0):06d}"
            evidence = {
                "product": product, "version": f"{number % 400 % 7}.1", "support": "dated", "eol_on": date(2023, 10, 10),
                "extended_on": None, "entitled_until": None,
            }  # fmt: skip
            software = f"inventory/{council}/2026-03-01/software.csv"
            found.append(
                finding(
                    asset, council=council, subject=product, title=f"{product}: security support ended on 10 October 2023",
                    evidence=evidence, sources=[Place(software, number + 2)],
                    evidence_places={name: Place(software, number + 2) for name in ("product", "version")}
                    | {"eol_on": Place("knowledge/windows.yaml", number % 400)},
                )
            )  # fmt: skip
    return found
