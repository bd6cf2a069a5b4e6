"""Small whole postures for the tests of the pages: three invented councils and the provider they share.

The figures of each council are counted from the lists, so that what the pages add up is true by construction.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from secscan.model.places import Place
from secscan.model.posture import (
    Brand,
    Change,
    ClaimRow,
    ClaimSpell,
    ClaimWay,
    ControlRow,
    CouncilRow,
    CoverageRow,
    DateDispute,
    DeviceResult,
    DeviceResults,
    Disagreement,
    EstateRow,
    ExceptionRow,
    Excluded,
    FeedRow,
    FindingRow,
    FixRow,
    InputRow,
    JoinRow,
    LegacyRow,
    NamesKnown,
    NeverSeen,
    Packet,
    PairRow,
    Point,
    Posture,
    Route,
    Said,
    ScannerAgreement,
    ScannerIssue,
    ScannerRow,
    SharedCve,
    SharedRow,
    Stranger,
    SupportEnd,
    SupportKnown,
    ZoneMatrix,
    ZoneRow,
)
from secscan.model.words import ClaimState, Severity, Status, Verdict
from secscan.render.compare import HIGHER_IS_BETTER
from tests.pictures import png

TODAY = date(2026, 10, 31)
BEFORE = date(2026, 9, 30)
NAMES = {
    "alderbeck": "Alderbeck District Council",
    "brackenford": "Brackenford Borough Council",
    "corvale": "Corvale District Council",
    "threeways": "Threeways Shared ICT",
}
ASSETS = {"alderbeck": 402, "brackenford": 263, "corvale": 148, "threeways": 24}
PATCHED = {"alderbeck": (381, 15, 6), "brackenford": (221, 22, 8), "corvale": (0, 5, 143), "threeways": (24, 0, 0)}
MONTHS = [
    date(2025, 11, 30), date(2025, 12, 31), date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30),
    date(2026, 5, 31), date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31), BEFORE, TODAY,
]  # fmt: skip


def fingerprint(*parts: str) -> str:
    digest = hashlib.sha256("|".join(parts).encode()).hexdigest()
    return f"{digest[:16]}-{digest[16:32]}"


def finding(council: str, asset: str | None, subject: str, **given: Any) -> FindingRow:
    values: dict[str, Any] = {
        "fingerprint": fingerprint(given.get("control", "PAT-01"), council, asset or "", subject),
        "control": "PAT-01",
        "check": "patching.fix-overdue",
        "theme": "patching",
        "council": council,
        "asset": asset,
        "hostname": f"{asset}.{council}.example".lower() if asset else None,
        "subject": subject,
        "title": f"{subject}: 2026-09 cumulative update (critical), released on 8 September 2026, is not installed",
        "fix": "Install the update, or say why it cannot be and record a mitigation.",
        "outcome": "fail",
        "status": "open",
        "severity": "high",
        "count": 1,
        "first_seen": BEFORE,
        "due": date(2026, 9, 22),
        "overdue": True,
        "news": "same",
        "evidence": {"missing": True, "released_on": "2026-09-08", "severity": "critical"},
        "evidence_places": {"missing": Place(f"inventory/{council}/2026-10-31/fixes.csv", 41)},
        "sources": [Place(f"inventory/{council}/2026-10-31/fixes.csv", 41)],
        "owner": "Infrastructure Manager",
        "service": "Desktop computing",
    }
    return FindingRow(**{**values, **given})


def route(zone: str, port: str, reach: bool | None, **given: Any) -> Route:
    values: dict[str, Any] = {
        "zone": zone, "port": port, "direction": "in", "reach": reach, "partly": False,
        "rule": "core-fw rule 118", "place": Place("firewalls/core-fw/2026-10-30/running.cfg", 118), "observed": None,
    }  # fmt: skip
    return Route(**{**values, **given})


def legacy(
    council: str, asset: str, label: str, service: str | None, ended: date | None, protection: str, **given: Any
) -> LegacyRow:
    routes: list[Route] = given.pop("routes", [])
    fp = fingerprint("LEG-01", council, asset, label)
    values: dict[str, Any] = {
        "fingerprint": fp,
        "council": council,
        "asset": asset,
        "hostname": f"{asset}.{council}.example".lower(),
        "service": service,
        "owner": "Head of Revenues and Benefits",
        "zone": f"{council}-servers",
        "product": label.lower().replace(" ", "-"),
        "label": label,
        "version": None,
        "eol_on": ended,
        "extended_on": None,
        "entitled_until": None,
        "protection": protection,
        "mitigations": [],
        "routes_open": sum(r.reach is True for r in routes),
        "routes_unknown": sum(r.reach is None for r in routes),
        "routes": routes,
        "status": "mitigated" if protection == "proven" else "open",
        "due": date(2026, 11, 30),
        "exception": None,
        "exception_until": None,
        "support_place": Place("secscan/knowledge/catalogue/microsoft.yaml", 212),
        "source_place": Place(f"inventory/{council}/2026-10-31/software.csv", 1187),
    }
    return LegacyRow(**{**values, **given})


def claim(id: str, council: str, asset: str, state: ClaimState, reason: str, **given: Any) -> ClaimRow:
    values: dict[str, Any] = {
        "id": id, "council": council, "asset": asset, "hostname": f"{asset}.{council}.example".lower(), "product": None,
        "kind": "isolation", "text": "File sharing and remote desktop are blocked from office networks",
        "claimed_by": "Network Manager", "blocked_from": [f"{council}-offices", "internet"],
        "ports": ["tcp/445", "tcp/3389"], "state": state, "reason": reason, "since": BEFORE, "lapses_on": None,
        "rule": None, "rule_place": None, "observed_vantage": None, "observed_on": None, "observed_state": None,
        "place": Place("policies/mitigations.yaml", 12),
    }  # fmt: skip
    return ClaimRow(**{**values, **given})


def control(
    id: str, title: str, theme: str, severity: Severity, outcomes: dict[str, dict[str, int]], **given: Any
) -> ControlRow:
    values: dict[str, Any] = {
        "id": id, "title": title, "text": f"{title}: what the baseline asks for, in words.", "check": f"{theme}.something",
        "theme": theme, "severity": severity, "due_days": 14, "mitigated_by": "proven", "params": {}, "scope": {},
        "references": ["Cyber Essentials 3.3"], "disabled": None, "councils": list(NAMES),
        "place": Place("secscan/policies/baseline.yaml", 14), "outcomes": outcomes,
    }  # fmt: skip
    return ControlRow(**{**values, **given})


def counts(passed: int, failed: int, unknown: int, stale: int = 0) -> dict[str, int]:
    return {"passed": passed, "failed": failed, "unknown": unknown, "stale": stale}


def register() -> list[LegacyRow]:
    office = [route("corvale-offices", "tcp/445", True, observed=True), route("internet", "tcp/443", True),
              route("internet", "any", None, direction="out", reason="the rule names an object group that is not in the file")]  # fmt: skip
    rows = [
        legacy("corvale", "CV-SRV-014", "Windows Server 2012 R2", "Revenues and benefits", date(2023, 10, 10), "disproven",
               version="6.3.9600", extended_on=date(2026, 10, 13), routes=office, mitigations=["MIT-003"]),
        legacy("corvale", "CV-SRV-014", "SQL Server 2012", "Revenues and benefits", date(2022, 7, 12), "disproven",
               version="11.0.7001", routes=office, mitigations=["MIT-003"]),
        legacy("brackenford", "BB-SRV-031", "Windows Server 2008 R2", "Planning document store", date(2020, 1, 14), "claimed",
               routes=[route("brackenford-offices", "tcp/445", None, place=None, rule=None)], mitigations=["MIT-002"],
               owner="Head of Planning", due=date(2026, 12, 15)),
        legacy("alderbeck", "AB-SRV-007", "Windows 7", "CCTV recording", date(2020, 1, 14), "none",
               routes=[route("alderbeck-offices", "tcp/3389", True), route("alderbeck-guest", "tcp/80", True, partly=True)],
               owner=None, due=date(2026, 10, 14)),
        legacy("brackenford", "BB-KIO-002", "Windows 8.1", "Library booking kiosks", date(2023, 1, 10), "configured",
               mitigations=["MIT-005"], owner="Head of Libraries",
               routes=[route("internet", "tcp/443", False)]),
        legacy("alderbeck", "AB-SRV-019", "Ubuntu 18.04", "Cemetery records", date(2023, 5, 31), "proven",
               entitled_until=None, mitigations=["MIT-001"], routes=[route("alderbeck-offices", "tcp/22", False, observed=False)]),
        legacy("alderbeck", "AB-SRV-021", "Oracle Database 11g", "Housing rents", date(2020, 12, 31), "cannot-tell",
               mitigations=["MIT-004"], routes=[route("alderbeck-offices", "tcp/1521", None)], due=date(2027, 2, 28)),
        legacy("brackenford", "BB-SRV-044", "PHP 7.2", "Events booking", date(2020, 11, 30), "none", owner="Head of Leisure",
               status="accepted", exception="EXC-001", exception_until=date(2026, 12, 31)),
    ]  # fmt: skip
    return rows + [
        legacy("alderbeck", f"AB-LAP-{n:03}", "Windows 10", None, date(2025, 10, 14), "none", owner="Infrastructure Manager",
               due=date(2027, 1, 31)) for n in range(1, 7)
    ]  # fmt: skip


def claims() -> list[ClaimRow]:
    return [
        claim("MIT-001", "alderbeck", "AB-SRV-019", "proven", "the rules block it and packets from the offices were refused, the oldest on 2026-10-14",
              lapses_on=date(2027, 1, 12), rule="core-fw rule 12", rule_place=Place("firewalls/core-fw/2026-10-30/running.cfg", 12),
              observed_vantage="alderbeck-offices", observed_on=date(2026, 10, 14), observed_state="filtered", proof_days=90,
              ways=[way("alderbeck-offices", "tcp/445", False, vantage="alderbeck-offices", seen_on=date(2026, 10, 14), seen=False, seen_as="filtered"),
                    way("alderbeck-offices", "any", False, direction="out")],
              spells=[spell("configured", MONTHS[0], MONTHS[3], 4, "the rules block it; no packets were sent"),
                      spell("proven", MONTHS[4], TODAY, 8)]),
        claim("MIT-002", "brackenford", "BB-SRV-031", "claimed", "no firewall between the zones was read and nobody sent packets"),
        claim("MIT-003", "corvale", "CV-SRV-014", "disproven", "tcp/445 from corvale-offices is let through",
              rule="core-fw rule 118", rule_place=Place("firewalls/core-fw/2026-10-30/running.cfg", 118),
              observed_vantage="corvale-offices", observed_on=date(2026, 10, 21), observed_state="open", proof_days=90, both_directions=True,
              rule_text="permit tcp offices servers eq 445", rule_objects=["OFFICES", "FLOOR-2"], decided="tcp/445 from corvale-offices",
              packet=packet(),
              ways=[way("corvale-offices", "tcp/445", True, partly=True, vantage="corvale-offices", seen_on=date(2026, 10, 21), seen=True, seen_as="open"),
                    way("internet", "tcp/3389", None, reason="the rule names an object group that is not in the file")],
              spells=[spell("claimed", MONTHS[0], MONTHS[1], 2, "no firewall between the zones was read"), spell("proven", MONTHS[4], MONTHS[9], 6),
                      spell("disproven", BEFORE, TODAY, 2, "tcp/445 from corvale-offices is let through")]),
        claim("MIT-004", "alderbeck", "AB-SRV-021", "cannot-tell", "rule 40 names an object group that is not in the file"),
        claim("MIT-005", "brackenford", "BB-KIO-002", "configured", "the rules block it; no packets were sent",
              rule="edge-fw rule 7", rule_place=Place("firewalls/edge-fw/rules.csv", 8)),
        claim("MIT-006", "alderbeck", "AB-SRV-030", "claimed", "nobody has tested application control", kind="control",
              blocked_from=[], ports=[], text="Only listed programs may run", product="sql-server"),
    ]  # fmt: skip


def spell(state: ClaimState, first: date, last: date, runs: int, why: str | None = None) -> ClaimSpell:
    return ClaimSpell(state=state, first_on=first, last_on=last, runs=runs, why=why)


def way(zone: str, port: str, reach: bool | None, **given: Any) -> ClaimWay:
    values: dict[str, Any] = {
        "zone": zone, "port": port, "direction": "in", "reach": reach, "partly": False, "rule": "core-fw rule 118",
        "place": Place("firewalls/core-fw/2026-10-30/running.cfg", 118), "reason": None, "vantage": None, "seen_on": None,
        "seen": None, "seen_as": None,
    }  # fmt: skip
    return ClaimWay(**{**values, **given})


def packet(port: int = 445) -> Packet:
    return Packet(src="10.60.0.7", dst="10.60.16.9", proto="tcp", sport=49152, dport=port)


def pair(start: str, end: str, services: list[str], verdict: Verdict, **given: Any) -> PairRow:
    values: dict[str, Any] = {
        "from_zone": start, "to_zone": end, "ip": 4, "services": services, "verdict": verdict, "of_sources": 4096, "of_targets": 256,
        "device": "core-fw", "rule": "core-fw rule 118", "place": Place("firewalls/core-fw/2026-10-30/running.cfg", 118),
        "text": "permit tcp offices servers eq 445", "packet": packet(),
    }  # fmt: skip
    return PairRow(**{**values, **given})


def matrix() -> ZoneMatrix:
    """Three zones: one way is against policy and a claim, one cannot be told, one is blocked."""
    zones = [
        ZoneRow(id="internet", name="Internet", council=None, trusted=False, internet=True, networks=[], firewalls=["core-fw"]),
        ZoneRow(id="corvale-offices", name="Corvale offices", council="corvale", trusted=False, internet=False,
                networks=["10.60.0.0/20"], firewalls=["core-fw"]),
        ZoneRow(id="corvale-servers", name="Corvale servers", council="corvale", trusted=True, internet=False,
                networks=["10.60.16.0/24"], firewalls=["core-fw"]),
    ]  # fmt: skip
    part: dict[str, Any] = {
        "sources": 4096,
        "targets": 1,
        "rules": 2,
        "to_networks": ["10.60.16.9/32"],
        "from_networks": ["10.60.0.0/20"],
    }
    pairs = [
        pair("corvale-offices", "corvale-servers", ["any", "tcp/443"], "partly", **part),
        pair("corvale-offices", "corvale-servers", ["tcp/445"], "partly", controls=["NET-06"], claims=["MIT-003"], **part),
        pair("internet", "corvale-servers", ["any", "tcp/443", "tcp/445"], "blocked", text="deny ip any any", rule="core-fw rule 200"),
        pair("corvale-servers", "corvale-offices", ["any", "tcp/443", "tcp/445"], "permitted", sources=256, targets=4096, rules=1),
        pair("internet", "corvale-offices", ["any", "tcp/443", "tcp/445"], "cannot-tell", device=None, rule=None, place=None, text=None,
             packet=None, reason="no firewall export covers the traffic between the two zones"),
        pair("corvale-offices", "internet", ["any", "tcp/443", "tcp/445"], "permitted", sources=4096, targets=2**32, stale=True),
        pair("corvale-servers", "internet", ["any", "tcp/443", "tcp/445"], "blocked", ip=6, of_sources=2**64),
    ]  # fmt: skip
    return ZoneMatrix(
        services=["any", "tcp/443", "tcp/445"], zones=zones, pairs=pairs,
        left_out=["Ports that fewest devices listen on: tcp/9191"], controls=["NET-06"],
    )  # fmt: skip


def findings() -> list[FindingRow]:
    found = [
        finding("alderbeck", f"AB-PC-{n:03}", "Microsoft Edge", severity="critical" if n < 5 else "high",
                news="new" if n < 4 else "same", overdue=n < 9) for n in range(1, 16)
    ] + [finding("brackenford", f"BB-PC-{n:03}", "Windows 11 23H2", severity="high") for n in range(1, 23)] + [
        finding("corvale", f"CV-PC-{n:03}", "Adobe Acrobat Reader", severity="medium") for n in range(1, 6)
    ]  # fmt: skip
    found += [
        finding("corvale", None, "fixes", outcome="unknown", count=143, severity="high", overdue=False, hostname=None, owner=None,
                service=None, title="fixes: nobody knows whether a fix is missing", stale=True, news="carried"),
        finding("alderbeck", None, "LiftWatch Agent", control="LEG-01", check="lifecycle.unsupported-software", theme="legacy",
                outcome="unknown", count=12, overdue=False, owner=None, service=None, hostname=None,
                title="LiftWatch Agent: nobody here knows when its support ends", fix="Upgrade it, retire it, or record a mitigation and test it."),
        finding("corvale", "CV-SRV-014", "tcp/445 from corvale-offices", control="LEG-02", check="network.legacy-reachable",
                theme="firewall", severity="critical", news="reopened", title="windows-server: tcp/445 from corvale-offices is let through",
                fix="Close the rule, move the system to a zone of its own, or retire it.", mitigation="MIT-003", mitigation_state="disproven"),
        finding("alderbeck", None, "no patch source", outcome="unknown", count=6, overdue=False, hostname=None, owner=None, service=None,
                title="No list: nobody knows whether a fix is missing", evidence={"assets": ["ab-srv-019", "ab-srv-021"], "missing": ["missing"]}),
        finding("alderbeck", "AB-SRV-030", "AB-SRV-030", control="PAT-02", check="patching.restart-pending", severity="medium",
                title="ab-srv-030: an update waits for a restart", fix="Restart it.", evidence={"restart_pending": True}, overdue=False),
        finding("brackenford", "BB-PR-001", "BB-PR-001", control="INV-02", check="inventory.owner-missing", theme="inventory",
                severity="low", overdue=False, due=date(2026, 12, 1), title="bb-pr-001: the register names no owner",
                fix="Name the role that answers for it in the register.", owner=None, service=None),
    ]  # fmt: skip
    for row in register():
        status: Status = row.status or "open"
        found.append(
            finding(
                row.council, row.asset, row.label, control="LEG-01", check="lifecycle.unsupported-software", theme="legacy",
                title=f"{row.label}: security support ended on {row.eol_on}", severity="high", status=status, owner=row.owner,
                fix="Upgrade it, retire it, or record a mitigation and test it.", service=row.service, due=row.due,
                overdue=row.due is not None and row.due < TODAY, exception=row.exception,
                mitigation=row.mitigations[0] if row.mitigations else None,
                mitigation_state=row.protection if row.mitigations else None,
            )
        )  # fmt: skip
    return found


def inputs() -> list[InputRow]:
    rows = []
    for council in NAMES:
        silent = council == "corvale"
        for source, kind in (
            ("register", "secscan-assets"),
            ("software", "secscan-software"),
            ("fixes", "secscan-fixes"),
        ):
            old = silent and source == "fixes"
            dated = date(2026, 8, 12) if old else TODAY - timedelta(days=1)
            rows.append(
                InputRow(
                    council=council, source=f"{council}-{source}", kind=kind, file=f"inventory/{council}/{dated}/{source}.csv",
                    sha256=hashlib.sha256(f"{council}{source}".encode()).hexdigest(), dated_on=dated, age_days=(TODAY - dated).days,
                    rows_read=ASSETS[council] * 3, rows_loaded=ASSETS[council] * 3 - 2, rows_refused=2 if source == "register" else 0,
                    rows_blank=0 if source == "register" else 2,
                    state="silent" if old else ("refused-rows" if source == "register" else "whole"), says=None,
                    refused=[{"line": 17, "column": "ip", "reason": "'10.4.300.7' is not an address"},
                             {"line": 90, "column": "hostname", "reason": "is empty"}] if source == "register" else [],
                )
            )  # fmt: skip
    return rows


def coverage() -> list[CoverageRow]:
    """What each source saw; the registers name everything, the others most of it."""
    return [
        CoverageRow(
            council=i.council, source=i.source, kind=i.kind, dated_on=i.dated_on, assets=ASSETS[i.council] - short,
            of_assets=ASSETS[i.council], fresh=0 if i.state == "silent" else ASSETS[i.council] - short - 2,
            only_here=5 if short == 0 else 0, installs=ASSETS[i.council] * 9 if i.kind == "secscan-software" else 0,
            recognised=ASSETS[i.council] * 9 - 31 if i.kind == "secscan-software" else 0,
            counts_as="register" if short == 0 else "agent", in_register=ASSETS[i.council] - short,
        )
        for i in inputs() for short in [0 if i.kind == "secscan-assets" else 4]
    ]  # fmt: skip


def estates() -> list[EstateRow]:
    """What stands in the registers and was seen; Corvale has none that counts as one."""
    return [
        EstateRow(
            council=council, registers=[] if none else [f"{council}-register"], register=None if none else of, seen_lately=None if none else of - 14,
            seen_before=None if none else 10, never=None if none else 4, sighted=of - 20, unregistered=None if none else 3, addresses=2,
            installs=of * 9, recognised=of * 9 - 31, names=of, names_recognised=of - 17,
        )
        for council, of in ASSETS.items() for none in [council == "corvale"]
    ]  # fmt: skip


def strangers() -> list[Stranger]:
    scan = Place("inventory/alderbeck/2026-09-30/scan.xml", 812)
    return [
        Stranger(
            council="alderbeck", asset=None, address="10.20.4.99", hostname=None, type=None, seen_by="alderbeck-scan",
            seen_on=TODAY, ports="tcp/22, tcp/80", maybe="AB-LAP-001, AB-LAP-002", place=scan,
        ),
        Stranger(
            council="alderbeck", asset="serial:ex7q2lm1", address="10.20.4.7", hostname="KIOSK-7", type="desktop",
            seen_by="alderbeck-agent", seen_on=TODAY, ports=None, maybe=None, place=scan,
        ),
    ]  # fmt: skip


def shared() -> list[SharedRow]:
    return [
        SharedRow(
            council="threeways", asset="TW-PAY-01", hostname="tw-pay-01.threeways.example", service="Payroll",
            used_by=["alderbeck", "brackenford", "corvale"], open=2, unknown=1, also=["corvale CV-SRV-099"],
            place=Place("inventory/threeways/2026-09-30/assets.csv", 12),
        )
    ]  # fmt: skip


def never_seen() -> list[NeverSeen]:
    return [
        NeverSeen(
            council="brackenford", asset="BR-0815", hostname="BR-OLD-1", type="server", service="Cemetery records", owner="Head of ICT",
            place=Place("inventory/brackenford/2026-09-30/devices.csv", 9),
        )
    ]  # fmt: skip


def disagreements() -> list[Disagreement]:
    said = [
        Said(source="alderbeck-register", value="Windows 10 22H2", dated_on=TODAY, place=Place("inventory/alderbeck/2026-10-31/register.csv", 12)),
        Said(source="alderbeck-agent", value="Windows 11 24H2", dated_on=BEFORE, place=Place("inventory/alderbeck/2026-09-30/agent.json", 44)),
    ]  # fmt: skip
    return [
        Disagreement(
            council="alderbeck", asset="AB-LAP-001", hostname="ab-lap-001.alderbeck.example", fact="os", said=said
        )
    ]


def feeds() -> list[FeedRow]:
    """One that was used, another than the run before used, and one that nobody imported."""
    held = FeedRow(
        feed="endoflife", label="Lifecycle dates (endoflife.date)", state="stale", dated_on=date(2026, 8, 22),
        fetched_on=date(2026, 9, 1), age_days=70, entries=464, sha256="5e" * 32, source="https://lifecycle.example/full",
        origin="products-full.json.gz", licence="MIT", notice="By the contributors of the lifecycle data.", required=True,
        changed=True,
    )  # fmt: skip
    none = replace(
        held, feed="exploited", label="Exploited holes", state="missing", dated_on=None, fetched_on=None, age_days=None,
        entries=None, sha256=None, origin=None, required=False, changed=False,
    )  # fmt: skip
    exploited = replace(
        held, feed="kev", label="Known exploited vulnerabilities", state="fresh", dated_on=date(2026, 10, 30), fetched_on=TODAY,
        age_days=1, entries=1700, sha256="ab" * 32, source="https://exploited.example/kev", origin="kev.json", licence="CC0-1.0",
        notice="By a public agency.", required=False, changed=False,
    )  # fmt: skip
    return [held, exploited, none]


def date_disputes() -> list[DateDispute]:
    places = [
        Place("secscan/knowledge/catalogue/languages.yaml", 120),
        Place("knowledge/feeds/endoflife/whole-5e5e.json", 88),
    ]
    return [
        DateDispute(
            product="python", label="Python", cycle="3.13", catalogue="ends 2029-10-31", catalogue_on=date(2026, 7, 1),
            feed="ends 2029-09-30, extension to 2030-09-30", feed_on=date(2026, 8, 22), used="feed", places=places,
        )
    ]  # fmt: skip


def joins() -> list[JoinRow]:
    places = [
        Place("inventory/alderbeck/2026-10-31/register.csv", 12),
        Place("inventory/alderbeck/2026-09-30/agent.json", 44),
    ]
    return [JoinRow(council="alderbeck", asset="AB-LAP-001", also=["agent-5c0e"], key="serial", places=places)]


def support_ends() -> list[SupportEnd]:
    def end(council: str, label: str, what: str, on: date, assets: int, services: list[str]) -> SupportEnd:
        return SupportEnd(
            council=council, product=label.lower().replace(" ", "-"), label=label, what=what, on=on, assets=assets,
            installs=assets, services=services, place=Place("secscan/knowledge/catalogue/servers.yaml", 40),
        )  # fmt: skip

    return [
        end("alderbeck", "PHP 8.2", "support", date(2026, 12, 31), 3, ["Events booking"]),
        end("brackenford", "Windows Server 2016", "support", date(2027, 1, 12), 14, ["Revenues and benefits", "Planning"]),
        end("corvale", "PostgreSQL 13", "support", date(2026, 11, 13), 2, []),
        end("alderbeck", "SQL Server 2016", "entitlement", date(2027, 7, 14), 1, ["Housing rents"]),
        end("threeways", "Ubuntu 22.04", "extension", date(2028, 4, 1), 6, []),
        end("brackenford", "Java 21", "support", date(2026, 9, 30), 4, []),
    ]  # fmt: skip


def support_known() -> list[SupportKnown]:
    """The parts add up to the installs of the councils."""
    known = {"ended": 10, "ahead": 6, "open_ended": 20, "undated": 44, "unrecognised": 31}
    return [
        SupportKnown(council=c, installs=ASSETS[c] * 9, later=ASSETS[c] * 9 - sum(known.values()), **known)
        for c in NAMES
    ]


def scanned() -> dict[str, Any]:
    """Two scanners of one council, one of which is too old, and one of another whose file never came."""
    file = "inventory/alderbeck/2026-10-31/scan.nessus"
    cve, port, rows = "CVE-2026-20011", "tcp/3389", [Place(file, 412), Place(file, 977), Place(file, 1640)]

    def row(council: str, source: str, kind: str, **given: Any) -> ScannerRow:
        values: dict[str, Any] = {
            "files": [file], "dated_on": TODAY, "age_days": 0, "state": "whole", "stale": False, "looked": 390, "only_here": 3, "of_assets": ASSETS[council],
            "devices": 212, "results": 4_120, "fixed": 12, "unlisted": 9, "cves": 318, "severities": {"Critical": 31, "High": 204, "Info": 3_873},
        }  # fmt: skip
        return ScannerRow(council=council, source=source, kind=kind, **{**values, **given})

    def issue(name: str, title: str, assets: int, says: list[str], **given: Any) -> ScannerIssue:
        values: dict[str, Any] = {
            "council": "alderbeck", "cves": [], "unlisted": 0, "results": assets, "cvss3": None, "exploited_since": None, "ransomware": False, "likelihood": None, "products": [], "fixed_in": [],
            "first_seen": None, "last_seen": TODAY, "devices": ["pay-01", "pay-02", "web-07"], "places": rows,
        }  # fmt: skip
        return ScannerIssue(issue=name, title=title, assets=assets, says=says, **{**values, **given})

    return {
        "scanners": [
            row("alderbeck", "alderbeck-nessus", "nessus"),
            row("alderbeck", "alderbeck-greenbone", "greenbone", files=["inventory/alderbeck/2026-07-01/report.xml"], dated_on=date(2026, 7, 1),
                age_days=122, state="silent", stale=True, looked=88, only_here=0, devices=40, results=603, severities={"9.8": 12, "5.0": 591}),
            row("corvale", "corvale-trivy", "trivy", files=[], dated_on=None, age_days=None, state="missing", looked=0, only_here=0, devices=0, results=0,
                fixed=0, unlisted=0, cves=0, severities={}),
        ],
        "scanner_issues": [
            issue("SSL certificate cannot be trusted", "SSL certificate cannot be trusted", 188, ["alderbeck-nessus: Medium"], cvss3=65),
            issue(cve, "Remote Desktop Services lets strangers in", 14, ["alderbeck-greenbone: 9.8", "alderbeck-nessus: Critical"], results=28,
                  cves=[cve], cvss3=98, exploited_since=date(2021, 11, 3), ransomware=True, likelihood=0.9443, products=["Remote Desktop Services"], fixed_in=["KB5044033"], first_seen=date(2026, 9, 2)),
            issue("Lost", "Lost", 0, ["alderbeck-nessus: no word"], unlisted=9, results=9, devices=["10.20.9.9"]),
        ],
        "scanner_agreement": [
            ScannerAgreement(council="alderbeck", sources=["alderbeck-greenbone", "alderbeck-nessus"], pairs=41, others_looked=0),
            ScannerAgreement(council="alderbeck", sources=["alderbeck-nessus"], pairs=902, others_looked=117),
        ],
        "shared_cves": [
            SharedCve(council="alderbeck", cve=cve, assets=11, says=["alderbeck-greenbone: 9.8", "alderbeck-nessus: Critical"],
                      devices={"alderbeck-greenbone": 14, "alderbeck-nessus": 11}, places=rows[:2]),
        ],
        "device_results": [
            DeviceResults(council=row.council, asset=row.asset, total=17, rows=[
                DeviceResult(scanner="alderbeck-nessus", issue=cve, title="Remote Desktop Services lets strangers in", severity="Critical",
                             cvss3=98, proto_port=port, product="Remote Desktop Services", fixed_in="KB5044033", last_seen=TODAY, place=rows[0]),
                DeviceResult(scanner="alderbeck-nessus", issue="SSL certificate cannot be trusted", title="SSL certificate cannot be trusted",
                             severity=None, cvss3=None, proto_port=None, product=None, fixed_in=None, last_seen=TODAY, place=rows[1]),
            ])
            for row in register()[:1]
        ],
    }  # fmt: skip


def names_known() -> list[NamesKnown]:
    """All councils together, then each: programs as the councils' own figures have them, and a bill of materials of one."""

    def known(council: str | None, installs: int, missed: int, names: int, components: int) -> NamesKnown:
        return NamesKnown(council=council, installs=installs, recognised=installs - missed, support_known=installs - 2 * missed,
                          names=names, names_recognised=names - 8, parts=120, components=components,
                          components_recognised=min(components, 4))  # fmt: skip

    each = [known(c, ASSETS[c] * 9, 31, 70, 310 if c == "corvale" else 0) for c in NAMES]
    return [known(None, sum(k.installs for k in each), 31 * len(NAMES), 160, 310), *each]


def excluded() -> list[Excluded]:
    return [
        Excluded(
            council="brackenford", control="PAT-01", theme="patching", what="not type printer, network",
            reason="No patch source covers their firmware yet.", assets=12, place=Place("policies/overlay.yaml", 9),
        )
    ]  # fmt: skip


def exceptions() -> list[ExceptionRow]:
    def row(id: str, council: str, asset: str, until: date, state: str, **given: Any) -> ExceptionRow:
        values: dict[str, Any] = {
            "id": id, "control": "LEG-01", "council": council, "asset": asset, "subject": None, "until": until,
            "owner": "Head of Leisure", "approver": "Chief Information Officer",
            "reason": "Replacement funded; cut-over in December.", "renewed": 0, "state": state, "findings": [],
            "place": Place("policies/exceptions.yaml", 4),
        }  # fmt: skip
        return ExceptionRow(**{**values, **given})

    return [
        row("EXC-001", "brackenford", "BB-SRV-044", date(2026, 12, 31), "in-force", starts=date(2026, 1, 1),
            findings=[fingerprint("LEG-01", "brackenford", "BB-SRV-044", "PHP 7.2")]),
        row("EXC-002", "alderbeck", "AB-SRV-007", date(2026, 8, 31), "overdue", renewed=3, owner="Head of Community Safety",
            findings=[fingerprint("LEG-01", "alderbeck", "AB-SRV-007", "Windows 7")]),
        row("EXC-003", "corvale", "CV-SRV-002", date(2027, 3, 31), "unused"),
    ]  # fmt: skip


def trends() -> dict[str, list[Point]]:
    shares = {
        "alderbeck": [84, 85, 83, 88, 89, 91, 92, 92, 94, 95, 95, 96],
        "brackenford": [71, 74, 73, 79, 82, 84, 83, 87, 90, 90, 91, 91],
        "corvale": [78, 76, 77, 79, 78, 80, 81, 80, 82, 82, 0, 0],
        "threeways": [96, 96, 96, 96, 96, 100, 100, 100, 100, 100, 100, 100],
    }
    series: dict[str, list[Point]] = {m: [] for m in HIGHER_IS_BETTER if m != "source-agreement"}
    legacy_rows, made = register(), findings()
    for step, day in enumerate(MONTHS):
        for council in NAMES:
            in_time, late, _ = PATCHED[council]
            silent = council == "corvale" and day >= BEFORE
            of = in_time + late if not silent and council != "corvale" else (0 if silent else 146)
            share = round(shares[council][step] * of / 100) if day != TODAY else in_time
            run = f"{day}-0600"
            mark = "silent" if silent else None

            def point(
                n: int, d: int, day: date = day, run: str = run, council: str = council, mark: str | None = mark
            ) -> Point:
                return Point(on=day, run_id=run, council=council, numerator=n, denominator=d, mark=mark)

            series["patched-on-time"].append(point(0 if silent else share, of))
            mine = [r for r in legacy_rows if r.council == council]
            bare = sum(r.protection not in ("proven", "configured") for r in mine)
            series["unsupported-unprotected"].append(point(bare + (11 - step) // 3, len(mine) + (11 - step) // 2))
            rows = ASSETS[council] * 10
            series["coverage"].append(point(rows - (1430 if silent else 40), rows))
            mine_claims = [c for c in claims() if c.council == council]
            series["protections-proven"].append(
                point(sum(c.state == "proven" for c in mine_claims) if step > 5 else 0, len(mine_claims))
            )
            open_now = sum(f.status == "open" and f.outcome == "fail" for f in made if f.council == council)
            series["open-findings"].append(point(open_now + (11 - step), rows))
            unknown = PATCHED[council][2]
            series["patching-known"].append(point(0 if silent else of, ASSETS[council] if silent else of + unknown))
            series["support-known"].append(point(0 if silent else rows - 31, rows))
            accepted = [e for e in exceptions() if e.council == council]
            late = sum(e.state == "overdue" for e in accepted) if day > date(2026, 8, 31) else 0
            series["exceptions-in-date"].append(replace(point(len(accepted) - late, len(accepted)), mark=None))
            lists = ASSETS[council] * 9
            series["seen-lately"].append(point(ASSETS[council] - (9 if council == "corvale" else 3), ASSETS[council]))
            series["names-recognised"].append(point(lists - 31 - 10 * (11 - step), lists))
            if step >= 4:  # the record is older than what it counts of repairs
                series["came-back"].append(point(step // 5, 12 * step))
                series["days-to-fix"].append(point(0 if silent else 90 - 5 * step, 0 if silent else 12))
    return series


def controls() -> list[ControlRow]:
    patched = {c: counts(a, b, d, d if c == "corvale" else 0) for c, (a, b, d) in PATCHED.items()}
    ended = {c: sum(r.council == c for r in register()) for c in NAMES}
    return [
        control("PAT-01", "Updates within 14 days", "patching", "high", patched),
        control("PAT-02", "No update waits for a restart", "patching", "medium",
                {"alderbeck": counts(394, 1, 7)}, check="patching.restart-pending"),
        control("LEG-01", "No unsupported software", "legacy", "high",
                {c: counts(ASSETS[c] * 9 - ended[c], ended[c], 12 if c == "alderbeck" else 0) for c in NAMES}),
        control("LEG-02", "Unsupported systems cannot be reached", "firewall", "critical",
                {"alderbeck": counts(40, 3, 1), "brackenford": counts(31, 0, 1), "corvale": counts(18, 2, 0), "threeways": counts(0, 0, 0)}),
        control("INV-02", "Every device has an owner", "inventory", "low",
                {c: counts(ASSETS[c] - (c == "brackenford"), int(c == "brackenford"), 0) for c in NAMES}),
        control("INV-09", "Disks are encrypted", "inventory", "medium", {}, disabled="No source tells this yet."),
    ]  # fmt: skip


def council_row(council: str, p: dict[str, Any]) -> CouncilRow:
    mine = {
        k: [r for r in p[k] if r.council == council] for k in ("findings", "legacy", "claims", "exceptions", "changes")
    }
    in_time, late, unknown = PATCHED[council]
    failing = [f for f in mine["findings"] if f.outcome == "fail"]
    outcomes = [c.outcomes[council] for c in p["controls"] if council in c.outcomes]
    known, every = sum(o["passed"] + o["failed"] for o in outcomes), sum(sum(o.values()) - o["stale"] for o in outcomes)
    return CouncilRow(
        id=council, name=NAMES[council], role="provider" if council == "threeways" else "council", assets=ASSETS[council],
        installs=ASSETS[council] * 9, coverage=known / every if every else 0.0, seen_fresh=ASSETS[council] - (9 if council == "corvale" else 3),
        listed=ASSETS[council] - 4, recognised=ASSETS[council] * 9 - 31, patched_in_time=in_time, patched_late=late,
        patched_unknown=unknown, patched_excluded=sum(e.assets for e in p["excluded"] if e.council == council), unsupported=len(mine["legacy"]),
        unsupported_unprotected=sum(r.protection not in ("proven", "configured") for r in mine["legacy"]),
        claims=len(mine["claims"]), claims_proven=sum(c.state == "proven" for c in mine["claims"]),
        claims_configured=sum(c.state == "configured" for c in mine["claims"]),
        claims_disproven=sum(c.state == "disproven" for c in mine["claims"]), exceptions=len(mine["exceptions"]),
        exceptions_overdue=sum(e.state == "overdue" for e in mine["exceptions"]),
        open=sum(f.status == "open" for f in failing), mitigated=sum(f.status == "mitigated" for f in failing),
        accepted=sum(f.status == "accepted" for f in failing), unknown=sum(f.outcome == "unknown" for f in mine["findings"]),
        opened=sum(c.what == "opened" for c in mine["changes"]), closed=sum(c.what == "closed" for c in mine["changes"]),
        reopened=sum(c.what == "reopened" for c in mine["changes"]), stale=council == "corvale", complete=council != "corvale",
    )  # fmt: skip


def changes(made: list[FindingRow]) -> list[Change]:
    rows = [
        Change(what={"new": "opened", "reopened": "reopened"}[f.news], fingerprint=f.fingerprint, control=f.control,
               council=f.council, asset=f.asset, title=f.title, severity=f.severity)
        for f in made if f.news in ("new", "reopened")
    ]  # fmt: skip
    return rows + [
        Change(what="closed", fingerprint=fingerprint("gone", str(n)), control="PAT-01", council="brackenford",
               asset=f"BB-PC-{n:03}", title="Google Chrome: 128.0 (high), released on 2 September 2026, is not installed", severity="high")
        for n in range(60, 71)
    ]  # fmt: skip


def partnership(**given: Any) -> Posture:
    """The whole picture: one council silent, one protection disproven, one exception overdue."""
    p: dict[str, Any] = {
        "findings": findings(), "controls": controls(), "legacy": register(), "claims": claims(), "exceptions": exceptions(),
        "coverage": coverage(), "estate": estates(), "strangers": strangers(), "never_seen": never_seen(), "shared": shared(), "disagreements": disagreements(), "joins": joins(), "feeds": feeds(), "date_disputes": date_disputes(), "support_ends": support_ends(), "support_known": support_known(), "names_known": names_known(),
        "excluded": excluded(), "matrix": matrix(), **scanned(), "brand": Brand(name="Three councils", accent="#1d70b8", logo_png=base64.b64encode(png()).decode()),
    }  # fmt: skip
    p["changes"] = changes(p["findings"])
    p |= {
        "tool_version": "0.1.0", "run_id": "2026-10-31-0600", "as_of": TODAY, "previous_as_of": BEFORE,
        "partnership": "Alderbeck, Brackenford and Corvale partnership", "title": "Cyber security posture",
        "marking": "OFFICIAL-SENSITIVE", "sample": True, "complete": False,
        "warnings": ["edge-fw: 2 rules name an object that the file does not define"], "target_percent": 95,
        "policy_name": "baseline", "policy_version": "2026.10", "policy_digest": hashlib.sha256(b"policy").hexdigest(),
        "previous_digest": hashlib.sha256(b"before").hexdigest(), "catalogue_products": 412,
        "catalogue_checked_on": date(2026, 10, 1),
        "loosened": [{"control": "PAT-01", "councils": ["brackenford"], "what": "due", "before": "14 days", "after": "28 days",
                      "reason": "Small team", "place": {"file": "policies/brackenford.yaml", "line": 6}}],
        "fixes": [
            FixRow(product="Microsoft Edge", advisory="MSRC-2026-0911", severity="critical", released_on=date(2026, 9, 8), days_since=53,
                   missing={"alderbeck": 15, "brackenford": 3}, overdue=True, exploited=True),
            FixRow(product="Windows 11 23H2", advisory="KB5044033", severity="important", released_on=date(2026, 10, 13), days_since=18,
                   missing={"brackenford": 22}, overdue=True),
            FixRow(product="Adobe Acrobat Reader", advisory=None, severity=None, released_on=None, days_since=None,
                   missing={"corvale": 5}, overdue=False),
        ],
        "inputs": inputs(),
        "gaps": [
            {"council": "corvale", "source": "corvale-fixes", "why": "silent", "stale": True,
             "says": "corvale-fixes is 80 days old; the limit is 45 days."},
            {"council": "alderbeck", "source": "alderbeck-register", "why": "refused-rows", "stale": False,
             "says": "2 rows of alderbeck-register were refused."},
        ],
        "unrecognised": [
            {"name": "LiftWatch Agent", "publisher": "Elevato", "kind": "arp", "installs": 12, "assets": 11, "versions": ["1.4"],
             "councils": [{"council": "alderbeck", "installs": 12, "assets": 11, "versions": ["1.4"]}], "near": [], "matchable": True},
            {"name": "Acrobat Readr DC", "publisher": None, "kind": None, "installs": 3, "assets": 3, "versions": [],
             "councils": [{"council": "alderbeck", "installs": 1, "assets": 1, "versions": []},
                          {"council": "corvale", "installs": 2, "assets": 2, "versions": []}],
             "near": ["Adobe Acrobat Reader"], "matchable": True},
        ],
        "trends": trends(),
        "checks": [{"id": "patching.fix-overdue", "title": "A security fix that is missing past its window.",
                    "sha256": hashlib.sha256(b"check").hexdigest(), "file": "secscan/checks/patching/fix_overdue.py"}],
    }  # fmt: skip
    p["councils"] = [council_row(council, p) for council in NAMES]
    return Posture(**{**p, **given})


def first_run() -> Posture:
    """The same with no past."""
    whole = partnership()
    points = {m: [p for p in ps if p.on == TODAY] for m, ps in whole.trends.items()}
    rows = [replace(c, opened=0, closed=0, reopened=0) for c in whole.councils]
    return replace(whole, councils=rows, previous_as_of=None, previous_digest=None, changes=[], trends=points)


def rules_changed() -> Posture:
    """The same with other rules since July, one council larger and another seen less from then on."""
    whole = partnership()

    def moved(measure: str, q: Point) -> Point:
        mark = "rules changed" if q.on == MONTHS[8] and q.mark is None else q.mark
        if q.on >= MONTHS[8] and (measure, q.council) == ("coverage", "brackenford"):
            return replace(q, mark=mark, numerator=q.numerator * 9 // 10)
        if q.on >= MONTHS[8] and (measure, q.council) == ("seen-lately", "alderbeck"):
            return replace(q, mark=mark, numerator=q.numerator + 60, denominator=q.denominator + 60)
        return replace(q, mark=mark)

    return replace(whole, trends={m: [moved(m, q) for q in points] for m, points in whole.trends.items()})


def empty() -> Posture:
    """A partnership whose councils sent nothing at all."""
    whole = partnership()
    nothing = {f: 0 for f in CouncilRow.__dataclass_fields__ if CouncilRow.__dataclass_fields__[f].type == "int"}
    rows = [replace(c, **nothing, coverage=0.0, stale=True, complete=False) for c in whole.councils]
    gaps = [
        {
            "council": c,
            "source": f"{c}-register",
            "why": "missing",
            "says": f"No file of {c}-register was found.",
            "stale": True,
        }
        for c in NAMES
    ]
    return replace(
        whole, councils=rows, findings=[], legacy=[], claims=[], exceptions=[], fixes=[], inputs=[], changes=[], trends={}, gaps=gaps,
        scanners=[], scanner_issues=[], scanner_agreement=[], shared_cves=[], device_results=[], unrecognised=[], coverage=[], disagreements=[], joins=[], feeds=[], date_disputes=[], support_ends=[], support_known=[], names_known=[], excluded=[], previous_as_of=None, matrix=None, controls=[replace(c, outcomes={}) for c in whole.controls],
        strangers=[], never_seen=[], shared=[], estate=[
            replace(r, register=None, seen_lately=None, seen_before=None, never=None, sighted=0, unregistered=None, addresses=0, installs=0, recognised=0, names=0, names_recognised=0) for r in whole.estate
        ],
    )  # fmt: skip
