"""Puts one run's result together: the only source of every page, list and figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from secscan.findings.measures import LEGACY_CHECK, PATCH_CHECK, WORKING, coverage, patched
from secscan.model.check import CheckSpec
from secscan.model.estate import Estate
from secscan.model.findings import Clocked, Finding, Judgement, Tally
from secscan.model.frame import Frame
from secscan.model.policy import Policy
from secscan.model.posture import (
    Change,
    ClaimRow,
    ControlRow,
    CouncilRow,
    ExceptionRow,
    FindingRow,
    FixRow,
    InputRow,
    LegacyRow,
    Point,
    Posture,
)  # fmt: skip
from secscan.model.raw import Gap, Load
from secscan.model.settings import Settings

_BELIEF: Final = ("disproven", "cannot-tell", "claimed", "configured", "proven")
_REFUSALS_SHOWN: Final = 20
_UNRECOGNISED_SHOWN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFacts:
    """What only the record and the clock know of this run."""

    tool_version: str
    run_id: str
    as_of: date
    previous_as_of: date | None
    previous_digest: str | None
    clocked: Sequence[Clocked]
    changes: Sequence[Change]
    trends: Mapping[str, Sequence[Point]]
    catalogue_products: int
    catalogue_checked_on: date | None


def assemble(
    settings: Settings,
    estate: Estate,
    policy: Policy,
    checks: Mapping[str, CheckSpec],
    judgements: Sequence[Judgement],
    tallies: Sequence[Tally],
    facts: RunFacts,
) -> Posture:
    """The whole posture of one run. Its parts add up: findings to councils, claims to the register of claims."""
    themes = {c.id: c.theme for c in policy.controls}
    rows = _asset_rows(estate)
    shown = [_finding(c, checks, themes, estate.frames["assets"], rows) for c in facts.clocked]
    claims: list[ClaimRow] = sorted(estate.notes.get("claims", ()), key=lambda c: (c.council, c.id))
    legacy = _legacy(shown, estate, policy, claims, rows)
    inputs = _inputs(settings, estate)
    exceptions = _exceptions(policy, shown, facts.as_of)
    warnings = [*policy.warnings, *(gap.says for gap in estate.gaps)]
    return Posture(
        tool_version=facts.tool_version,
        run_id=facts.run_id,
        as_of=facts.as_of,
        previous_as_of=facts.previous_as_of,
        partnership=settings.partnership.name,
        title=settings.reports.title,
        marking=settings.reports.marking,
        sample=settings.partnership.sample,
        complete=is_complete(estate.gaps),
        warnings=list(dict.fromkeys(warnings)),
        target_percent=settings.reports.target_percent,
        policy_name=policy.name,
        policy_version=policy.version,
        policy_digest=policy.digest,
        previous_digest=facts.previous_digest,
        catalogue_products=facts.catalogue_products,
        catalogue_checked_on=facts.catalogue_checked_on,
        councils=_councils(settings, estate, shown, tallies, judgements, legacy, claims, exceptions, facts),
        findings=shown,
        controls=_controls(policy, tallies, judgements),
        loosened=[
            {
                "control": item.control, "councils": sorted(item.councils), "what": item.what, "before": item.before,
                "after": item.after, "reason": item.reason, "place": item.place,
            }
            for item in policy.loosened
        ],
        legacy=legacy,
        claims=claims,
        fixes=_fixes(estate, judgements, facts.as_of),
        exceptions=exceptions,
        inputs=inputs,
        gaps=[
            {"council": g.council, "source": g.source, "why": g.why, "says": _sentence(g.says), "stale": g.stale}
            for g in estate.gaps
        ],
        changes=list(facts.changes),
        unrecognised=list(estate.notes.get("unrecognised", ()))[:_UNRECOGNISED_SHOWN],
        trends={name: list(points) for name, points in facts.trends.items()},
        checks=[
            {"id": spec.id, "title": spec.title, "sha256": spec.sha256, "file": spec.shown_file}
            for spec in sorted(checks.values(), key=lambda s: s.id)
            if any(j.control.check == spec.id for j in judgements)
        ],
    )  # fmt: skip


def is_complete(gaps: Sequence[Gap]) -> bool:
    """Whether every source was read whole and in time."""
    return not gaps


def _finding(
    clocked: Clocked,
    checks: Mapping[str, CheckSpec],
    themes: Mapping[str, str],
    assets: Frame,
    rows: Mapping[tuple[str, str], int],
) -> FindingRow:
    f = clocked.finding
    row = rows.get((f.council, f.asset.casefold())) if f.asset is not None else None
    spec = checks.get(f.check)
    return FindingRow(
        fingerprint=f.fingerprint, control=f.control, check=f.check, theme=themes.get(f.control, "inventory"),
        council=f.council, asset=f.asset, hostname=f.hostname, subject=f.subject, title=f.title,
        fix=spec.fix if spec else "", outcome=f.outcome, status=f.status, severity=f.severity, count=f.count,
        first_seen=clocked.first_seen, due=clocked.due, overdue=clocked.overdue, news=clocked.news,
        evidence=dict(f.evidence), evidence_places=dict(f.evidence_places), sources=list(f.sources),
        exception=f.exception, mitigation=f.mitigation, mitigation_state=f.mitigation_state, stale=f.stale,
        owner=None if row is None else assets.get("owner", row),
        service=None if row is None else assets.get("service", row),
    )  # fmt: skip


def _asset_rows(estate: Estate) -> dict[tuple[str, str], int]:
    """(council, folded asset id) -> its row in the assets frame."""
    assets = estate.frames["assets"]
    pairs = zip(assets.columns["council"], assets.columns["asset"], strict=True)
    return {(council, asset.casefold()): row for row, (council, asset) in enumerate(pairs)}


def _legacy(
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
    rows = []
    for f in findings:
        if f.check != LEGACY_CHECK or f.outcome != "fail" or f.asset is None:
            continue
        row = at.get((f.council, f.asset.casefold()))
        own = [c for c in of_asset.get((f.council, f.asset.casefold()), ()) if c.product in (None, f.subject)]
        ways = routes.get((f.council, f.asset), ())
        untrusted = [r for r in ways if r.zone not in trusted]
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
                routes_open=sum(r.reach is True for r in untrusted),
                routes_unknown=sum(r.reach is None for r in untrusted),
                routes=sorted(untrusted, key=lambda r: (r.reach is not True, r.zone, r.port))[:200],
                status=f.status,
                due=f.due,
                exception=f.exception,
                exception_until=untils.get(f.exception) if f.exception else None,
                support_place=f.evidence_places.get("eol_on") or f.evidence_places.get("support"),
                source_place=f.sources[0] if f.sources else None,
            )
        )
    return sorted(rows, key=lambda r: (-r.routes_open, r.protection in WORKING, r.council, r.asset, r.product))


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _day(value: Any) -> date | None:
    return date.fromisoformat(value) if isinstance(value, str) else value


def _controls(policy: Policy, tallies: Sequence[Tally], judgements: Sequence[Judgement]) -> list[ControlRow]:
    stale = Counter[tuple[str, str]]()
    for j in judgements:
        for council, n in j.stale.items():
            stale[j.control.id, council] += n
    errors = {(j.control.id, j.control.councils): j.error for j in judgements}
    rows = []
    for c in policy.controls:
        outcomes = {
            t.council: {
                "passed": t.passed, "failed": t.failed, "unknown": t.unknown, "stale": stale[c.id, t.council],
            }
            for t in tallies
            if t.control == c.id and t.council in c.councils
        }  # fmt: skip
        rows.append(
            ControlRow(
                id=c.id,
                title=c.title,
                text=c.text,
                check=c.check,
                theme=c.theme,
                severity=c.severity,
                due_days=c.due_days,
                mitigated_by=c.mitigated_by,
                params=dict(c.params),
                scope={"only": dict(c.scope.only), "not": dict(c.scope.excluded)},
                references=list(c.references),
                disabled=c.disabled,
                councils=sorted(c.councils),
                place=c.place,
                outcomes=outcomes,
                error=errors.get((c.id, c.councils)),
            )
        )
    return rows


def _exceptions(policy: Policy, findings: Sequence[FindingRow], today: date) -> list[ExceptionRow]:
    used: dict[str, list[str]] = {}
    for f in findings:
        if f.exception:
            used.setdefault(f.exception, []).append(f.fingerprint)
    rows = []
    for e in policy.exceptions:
        if e.until < today:
            state = "overdue"
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
                findings=used.get(e.id, []),
                place=e.place,
            )
        )
    return sorted(rows, key=lambda r: (("overdue", "unused", "in-force", "not-yet").index(r.state), r.until, r.id))


def _fixes(estate: Estate, judgements: Sequence[Judgement], today: date) -> list[FixRow]:
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
            )
        )
    return sorted(found, key=lambda f: (not f.overdue, -sum(f.missing.values()), f.product, f.advisory or ""))


def _inputs(settings: Settings, estate: Estate) -> list[InputRow]:
    gaps: dict[str, Gap] = {}
    for gap in estate.gaps:
        if gap.source not in gaps or gap.why != "refused-rows":
            gaps[gap.source] = gap
    rows = [_input(load, gaps.get(load.source), estate.today) for load in estate.loads]
    read = {load.source for load in estate.loads}
    kinds = {s.id: (c.id, s.kind) for c in settings.councils for s in c.sources} | {
        f.id: ("", f.kind) for f in settings.firewalls
    }
    for source, gap in gaps.items():
        if source not in read:
            council, kind = kinds.get(source, (gap.council, ""))
            rows.append(
                InputRow(
                    council=council,
                    source=source,
                    kind=kind,
                    file=None,
                    sha256=None,
                    dated_on=None,
                    age_days=None,
                    rows_read=0,
                    rows_loaded=0,
                    rows_refused=0,
                    rows_blank=0,
                    state=gap.why,
                    says=gap.says,
                    refused=[],
                )
            )
    return sorted(rows, key=lambda r: (r.council, r.source, r.file or ""))


def _input(load: Load, gap: Gap | None, today: date) -> InputRow:
    if load.held:
        state, says = "held", load.held
    elif load.incomplete:
        state, says = "incomplete", load.incomplete
    elif gap is not None and gap.why != "refused-rows":
        state, says = gap.why, gap.says
    elif load.rows_refused:
        state, says = "refused-rows", f"{load.rows_refused} of {load.rows_read} rows refused"
    else:
        state, says = "whole", ""
    return InputRow(
        council=load.council, source=load.source, kind=load.kind, file=load.file, sha256=load.sha256,
        dated_on=load.dated_on, age_days=(today - load.dated_on).days, rows_read=load.rows_read,
        rows_loaded=load.rows_loaded, rows_refused=load.rows_refused, rows_blank=load.rows_blank, state=state,
        says=says or None,
        refused=[
            {"line": r.line, "column": r.column, "reason": r.reason} for r in load.refused[:_REFUSALS_SHOWN]
        ],
    )  # fmt: skip


def _councils(
    settings: Settings,
    estate: Estate,
    findings: Sequence[FindingRow],
    tallies: Sequence[Tally],
    judgements: Sequence[Judgement],
    legacy: Sequence[LegacyRow],
    claims: Sequence[ClaimRow],
    exceptions: Sequence[ExceptionRow],
    facts: RunFacts,
) -> list[CouncilRow]:
    devices = patched(estate, judgements)
    assets = Counter(estate.frames["assets"].columns["council"])
    fresh = _fresh(estate, settings.limits.source_max_age_days)
    listed, installs, recognised = _installs(estate)
    stale = {g.council for g in estate.gaps if g.stale}
    partial = {g.council for g in estate.gaps}
    rows = []
    for council in settings.councils:
        own = [f for f in findings if f.council == council.id]
        status = Counter(f.status if f.outcome == "fail" else "unknown" for f in own)
        known, judged = coverage(tallies, council.id)
        device = devices.get(council.id)
        systems = [r for r in legacy if r.council == council.id]
        mine = Counter(c.state for c in claims if c.council == council.id)
        accepted = [e for e in exceptions if e.council == council.id]
        news = Counter(c.what for c in facts.changes if c.council == council.id)
        rows.append(
            CouncilRow(
                id=council.id,
                name=council.name,
                role=council.role,
                assets=assets[council.id],
                installs=installs[council.id],
                coverage=known / judged if judged else 0.0,
                seen_fresh=fresh[council.id],
                listed=listed[council.id],
                recognised=recognised[council.id],
                patched_in_time=device.in_time if device else 0,
                patched_late=device.late if device else 0,
                patched_unknown=device.unknown if device else 0,
                unsupported=len(systems),
                unsupported_unprotected=sum(r.protection not in WORKING for r in systems),
                claims=mine.total(),
                claims_proven=mine["proven"],
                claims_configured=mine["configured"],
                claims_disproven=mine["disproven"],
                exceptions=len(accepted),
                exceptions_overdue=sum(e.state == "overdue" for e in accepted),
                open=status["open"],
                mitigated=status["mitigated"],
                accepted=status["accepted"],
                unknown=status["unknown"],
                opened=news["opened"],
                closed=news["closed"],
                reopened=news["reopened"],
                stale=council.id in stale,
                complete=council.id not in partial and "" not in partial,
            )
        )
    return rows


def _fresh(estate: Estate, max_age_days: int) -> Counter[str]:
    assets = estate.frames["assets"]
    seen = zip(assets.columns["council"], assets.columns["last_seen_on"], strict=True)
    return Counter(c for c, day in seen if day is not None and (estate.today - day).days <= max_age_days)


def _installs(estate: Estate) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """By council: assets with a software list, installs, and installs whose name is recognised."""
    frame = estate.frames["installs"]
    assets = estate.frames["assets"]
    owner = frame.columns["asset"].take
    assert owner is not None  # inventory hands installs over an index of assets
    named = frame.columns["name"].test(lambda v: v is not None)
    known = (
        frame.columns["recognised"].test(bool) if "recognised" in frame.columns else np.zeros(frame.rows, dtype=bool)
    )
    system = frame.columns["is_os"].test(bool)
    listed = np.zeros(assets.rows, dtype=bool)
    listed[owner[named & ~system]] = True
    rows = np.arange(assets.rows)

    def by_council(asset_rows: NDArray[Any]) -> dict[str, int]:
        counts = np.bincount(asset_rows, minlength=assets.rows)
        found = Counter[str]()
        for council, n in zip(assets.columns["council"], counts.tolist(), strict=True):
            found[council] += n
        return found

    return by_council(rows[listed]), by_council(owner[named]), by_council(owner[named & known])


def changed(what: str, finding: Finding) -> Change:
    """One line of what happened since the run before."""
    return Change(
        what=what, fingerprint=finding.fingerprint, control=finding.control, council=finding.council,
        asset=finding.asset, title=finding.title, severity=finding.severity,
    )  # fmt: skip
