"""PingCastle's health check of an Active Directory (XML): what it found wrong with the domain, rule by rule.

A row is a rule that the domain breaks: a result of the domain as an asset. Domain controllers come as assets with their
system. How many computers run which system is only counted and names none: that is said and not loaded. Accounts,
groups and their members are never read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from secscan.sources import looks, scanned
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample
from secscan.sources.scanned import Scan, Walk

_HTML: Final = "PingCastle's report as a page"
_HINT: Final = "import the XML that PingCastle writes beside it (ad_hc_DOMAIN.xml)"
_RULE: Final = ("Points", "Category", "Model", "RiskId", "Rationale")
_CONTROLLER: Final = ("DCName", "OperatingSystem", "LastComputerLogonDate")


class _Report(Walk):
    wanted = frozenset(
        ("DomainFQDN", "GenerationDate", "Level", *_RULE, *_CONTROLLER, "string", "NumberOfOccurence")
    )  # fmt: skip

    def __init__(self, job: Job) -> None:
        super().__init__()
        self.domain: dict[str, str] = {}
        self.at = 0
        self.rule: tuple[int, dict[str, str]] | None = None
        self.rules: list[tuple[int, dict[str, str]]] = []
        self.controller: tuple[int, dict[str, str]] | None = None
        self.controllers: list[tuple[int, dict[str, str]]] = []
        self.counted = 0

    def begin(self, tag: str, attributes: Mapping[str, str], line: int) -> None:
        match self.path[1:]:
            case ["RiskRules", "HealthcheckRiskRule"]:
                self.rule = line, {}
            case ["DomainControllers", "HealthcheckDomainController"]:
                self.controller = line, {}
            case ["DomainFQDN"]:
                self.at = line
            case ["OperatingSystem", "HealthcheckOSData"]:
                self.counted += 1

    def finish(self, tag: str, text: str, line: int) -> None:
        match self.path[1:]:
            case ["DomainFQDN" | "GenerationDate"]:
                self.domain.setdefault(tag, text)
            case ["RiskRules", "HealthcheckRiskRule"] if self.rule is not None:
                self.rules.append(self.rule)
                self.rule = None
            case ["RiskRules", _, name] if self.rule is not None and name in _RULE:
                self.rule[1][name] = text
            case ["DomainControllers", "HealthcheckDomainController"] if self.controller is not None:
                self.controllers.append(self.controller)
                self.controller = None
            case ["DomainControllers", _, name] if self.controller is not None and name in _CONTROLLER:
                self.controller[1][name] = text
            case ["DomainControllers", _, "IP", "string"] if self.controller is not None:
                self.controller[1]["ip"] = f"{self.controller[1].get('ip', '')};{text}"


class PingCastle:
    """Reads the XML."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind == "html" and _is_page(job.data):
            raise job.refuse(f"is {_HTML}", _HINT)
        if Sample(job.data, job.shown).root != "HealthcheckData":
            raise job.refuse(f"is {seen.words}, not a health check of PingCastle", _HINT)
        report = _Report(job)
        broken = report.through(job)
        name = report.domain.get("DomainFQDN", "")
        if broken is None and not name:
            raise job.refuse("names no domain (DomainFQDN)", "export the health check again")
        scan = Scan(job)
        last = scanned.day(report.domain.get("GenerationDate", ""))
        if name:
            scan.add("assets", report.at, device_id=name, fqdn=name, type="domain", last_seen=last)
        for line, said in report.controllers:
            if said.get("DCName"):
                scan.add(
                    "assets", line, device_id=said["DCName"], hostname=said["DCName"], ip=said.get("ip", ""),
                    os=said.get("OperatingSystem", ""),
                    type="server", last_seen=last,
                )  # fmt: skip
        if broken is not None:
            if report.rule is not None:
                scan.lose(report.rule[0], "the rule is cut off")
            scan.lacking.append(f"line {broken.place.line}: the file {broken.reason}")
        return _found(scan, report, name, last)


def _found(scan: Scan, report: _Report, domain: str, last: str) -> Found:
    """Rules are what is counted."""
    for line, said in report.rules:
        scan.read += 1
        if not said.get("RiskId") or not domain:
            scan.refuse(line, "the rule has no id" if domain else "nobody can tell of which domain it is")
            continue
        points = said.get("Points", "")
        scan.add(
            "results", line, asset_tag=domain, check=said["RiskId"], title=said.get("Rationale") or said["RiskId"],
            severity=f"{points} points" if points else "", state="open", last_seen=last,
            facts={"Category": said.get("Category", ""), "Model": said.get("Model", "")},
        )  # fmt: skip
    if report.counted:
        scan.warnings.append(
            f"{scan.job.shown}: counts of {report.counted:,} operating systems name no computer and are not loaded"
        )
    return scan.found()


def _is_page(data: bytes) -> bool:
    return b"PingCastle" in data[:200_000]


def _fits(sample: Sample) -> str | None:
    if sample.root == "HealthcheckData":
        return "certain: the root element is HealthcheckData"
    return f"likely: {_HTML}" if sample.looks.kind == "html" and _is_page(sample.data) else None


KINDS: Final = (
    Kind(
        name="pingcastle",
        reader=PingCastle(),
        tables=frozenset({"assets", "results"}),
        row="rule that the domain breaks",
        fits=_fits,
    ),
)
