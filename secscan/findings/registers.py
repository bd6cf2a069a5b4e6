"""The registers of a run: unsupported systems, exceptions, and the fixes that are missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from typing import Any, Final

from secscan.findings.measures import LEGACY_CHECK, PATCH_CHECK, WORKING
from secscan.model.estate import Estate
from secscan.model.findings import Judgement
from secscan.model.policy import Policy
from secscan.model.posture import ClaimRow, ExceptionRow, FindingRow, FixRow, LegacyRow, Route

_BELIEF: Final = ("disproven", "cannot-tell", "claimed", "configured", "proven")


def legacy(
    findings: Sequence[FindingRow],
    estate: Estate,
    policy: Policy,
    claims: Sequence[ClaimRow],
    at: Mapping[tuple[str, str], int],
) -> list[LegacyRow]:
    assets = estate.frames["assets"]
    routes: Mapping[tuple[str, str], Any] = estate.notes.get("routes", {})
    labels: Mapping[str, str] = estate.notes.get("labels", {})
    untils = {e.id: e.until for e in policy.exceptions}
    trusted = {z for c in policy.controls for z in c.params.get("trusted_zones", ())}
    of_asset: dict[tuple[str, str], list[ClaimRow]] = {}
    for claim in claims:
        of_asset.setdefault((claim.council, claim.asset.casefold()), []).append(claim)

    @cache
    def ways(council: str, asset: str) -> tuple[int, int, list[Route]]:
        """Of one asset, whatever runs on it: routes open, not known, and those to show."""
        untrusted = [r for r in routes.get((council, asset), ()) if r.zone not in trusted]
        shown = sorted(untrusted, key=lambda r: (r.reach is not True, r.zone, r.port))[:200]
        return sum(r.reach is True for r in untrusted), sum(r.reach is None for r in untrusted), shown

    rows = []
    for f in findings:
        if f.check != LEGACY_CHECK or f.outcome != "fail" or f.asset is None:
            continue
        who = (f.council, f.asset.casefold())
        row = at.get(who)
        own = [c for c in of_asset.get(who, ()) if c.product in (None, f.subject)]
        routes_open, routes_unknown, shown = ways(f.council, f.asset)
        evidence = f.evidence
        rows.append(
            LegacyRow(
                fingerprint=f.fingerprint,
                council=f.council,
                asset=f.asset,
                hostname=f.hostname,
                service=f.service,
                owner=f.owner,
                zone=None if row is None else assets.get("zone", row),
                product=f.subject,
                label=evidence.get("release") or labels.get(f.subject, f.subject),
                version=evidence.get("version"),
                eol_on=_day(evidence.get("eol_on")),
                extended_on=_day(evidence.get("extended_on")),
                entitled_until=_day(evidence.get("entitled_until")),
                protection=max((c.state for c in own), key=_BELIEF.index, default="none"),
                mitigations=[c.id for c in own],
                routes_open=routes_open,
                routes_unknown=routes_unknown,
                routes=shown,
                status=f.status,
                due=f.due,
                exception=f.exception,
                exception_until=untils.get(f.exception) if f.exception else None,
                support_place=f.evidence_places.get("eol_on") or f.evidence_places.get("support"),
                source_place=f.sources[0] if f.sources else None,
            )
        )
    return sorted(rows, key=lambda r: (-r.routes_open, r.protection in WORKING, r.council, r.asset, r.product))


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def exceptions(policy: Policy, findings: Sequence[FindingRow], today: date) -> list[ExceptionRow]:
    used: dict[str, list[str]] = {}
    failing: dict[tuple[str, str, str], list[FindingRow]] = {}
    for f in findings:
        if f.exception:
            used.setdefault(f.exception, []).append(f.fingerprint)
        if f.outcome == "fail" and f.asset is not None:
            failing.setdefault((f.control, f.council, f.asset.casefold()), []).append(f)
    rows = []
    for e in policy.exceptions:
        own = used.get(e.id, [])
        if e.until < today:
            state = "overdue"
            mine = failing.get((e.control, e.council, e.asset.casefold()), ())
            own = [f.fingerprint for f in mine if e.subject in (None, f.subject) and f.exception is None]
        elif e.starts is not None and e.starts > today:
            state = "not-yet"
        else:
            state = "in-force" if e.id in used else "unused"
        rows.append(
            ExceptionRow(
                id=e.id,
                control=e.control,
                council=e.council,
                asset=e.asset,
                subject=e.subject,
                until=e.until,
                owner=e.owner,
                approver=e.approver,
                reason=e.reason,
                renewed=e.renewed,
                state=state,
                findings=own,
                place=e.place,
                starts=e.starts,
            )
        )
    return sorted(rows, key=lambda r: (("overdue", "unused", "in-force", "not-yet").index(r.state), r.until, r.id))


def _either(said: set[bool | None]) -> bool | None:
    """True where one source says so; where none does and some say nothing, not known."""
    return True if True in said else (None if None in said else False)


def fixes(estate: Estate, judgements: Sequence[Judgement], today: date) -> list[FixRow]:
    """Missing fixes, worst spread first; each is told once with the assets that lack it by council."""
    frame = estate.frames["fixes"]
    labels: Mapping[str, str] = estate.notes.get("labels", {})
    late = {int(r) for j in judgements if j.control.check == PATCH_CHECK for r in j.fail_rows}
    groups: dict[tuple[Any, ...], list[int]] = {}
    columns = ("product_or_name", "advisory", "severity", "released_on")
    for row, missing in enumerate(frame.columns["missing"]):
        if missing:
            groups.setdefault(tuple(frame.get(c, row) for c in columns), []).append(row)
    found = []
    for (product, advisory, severity, released), rows in groups.items():
        who = {(frame.get("council", r), frame.get("asset", r)) for r in rows}
        found.append(
            FixRow(
                product=labels.get(product, product) or "not named",
                advisory=advisory,
                severity=severity,
                released_on=released,
                days_since=(today - released).days if released else None,
                missing=dict(sorted(Counter(council for council, _ in who).items())),
                overdue=any(r in late for r in rows),
                exploited=_either({frame.get("exploited", r) for r in rows}),
            )
        )
    return sorted(found, key=lambda f: (not f.overdue, -sum(f.missing.values()), f.product, f.advisory or ""))
