"""Puts one run's result together: the only source of every page, list and figure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from secscan.findings import councils, coverage, estates, registers, scanners, shared, support
from secscan.findings.claims import Past, spells
from secscan.findings.excluded import excluded
from secscan.model.check import CheckSpec
from secscan.model.estate import Estate
from secscan.model.findings import Clocked, Judgement, Tally
from secscan.model.frame import Frame
from secscan.model.policy import Policy
from secscan.model.posture import (
    Brand,
    Change,
    ControlRow,
    DateDispute,
    FeedRow,
    FindingRow,
    NamesKnown,
    Point,
    Posture,
)  # fmt: skip
from secscan.model.raw import Gap
from secscan.model.settings import Settings


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
    claims: Past
    """What the runs before kept of their claims."""
    catalogue_products: int
    catalogue_checked_on: date | None
    feeds: Sequence[FeedRow] = ()
    date_disputes: Sequence[DateDispute] = ()


def assemble(
    settings: Settings,
    estate: Estate,
    policy: Policy,
    checks: Mapping[str, CheckSpec],
    judgements: Sequence[Judgement],
    tallies: Sequence[Tally],
    facts: RunFacts,
    brand: Brand,
) -> Posture:
    """The whole posture of one run. Its parts add up: findings to councils, claims to the register of claims."""
    themes = {c.id: c.theme for c in policy.controls}
    rows = _asset_rows(estate)
    shown = [_finding(c, checks, themes, estate.frames["assets"], rows) for c in facts.clocked]
    claims = spells(facts.claims, estate.notes.get("claims", ()), facts.as_of)
    claims.sort(key=lambda c: (c.council, c.id))
    legacy = registers.legacy(shown, estate, policy, claims, rows)
    inputs = councils.inputs(settings, estate)
    exceptions = registers.exceptions(policy, shown, facts.as_of)
    used = shared.shared(settings, estate, shown)
    flags = (flag for load in estate.loads if not load.held for flag in load.flags)
    warnings = [
        *policy.warnings, *(gap.says for gap in estate.gaps), *estate.notes.get("join_warnings", ()),
        *shared.warnings(settings, estate, used), *flags,
    ]  # fmt: skip
    return Posture(
        tool_version=facts.tool_version,
        run_id=facts.run_id,
        as_of=facts.as_of,
        previous_as_of=facts.previous_as_of,
        partnership=settings.partnership.name,
        title=settings.reports.title,
        marking=settings.reports.marking,
        sample=settings.partnership.sample,
        complete=is_complete(estate.gaps, judgements, facts.feeds),
        warnings=list(dict.fromkeys(warnings)),
        target_percent=settings.reports.target_percent,
        policy_name=policy.name,
        policy_version=policy.version,
        policy_digest=policy.digest,
        previous_digest=facts.previous_digest,
        catalogue_products=facts.catalogue_products,
        catalogue_checked_on=facts.catalogue_checked_on,
        feeds=list(facts.feeds),
        date_disputes=list(facts.date_disputes),
        councils=councils.councils(settings, estate, shown, tallies, judgements, legacy, claims, exceptions, facts.changes),
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
        fixes=registers.fixes(estate, judgements, facts.as_of),
        exceptions=exceptions,
        inputs=inputs,
        gaps=[
            {"council": g.council, "source": g.source, "why": g.why, "says": _sentence(g.says), "stale": g.stale}
            for g in estate.gaps
        ],
        changes=list(facts.changes),
        unrecognised=list(estate.notes.get("unrecognised", ())),
        names_known=[NamesKnown(**told) for told in estate.notes.get("recognised", ())],
        support_ends=support.support_ends(estate),
        support_known=support.support_known(estate, [c.id for c in settings.councils]),
        brand=brand,
        trends={name: list(points) for name, points in facts.trends.items()},
        coverage=coverage.coverage(settings, estate),
        estate=estates.rows(settings, estate),
        strangers=estates.strangers(estate),
        never_seen=estates.never_seen(estate),
        shared=used,
        disagreements=coverage.disagreements(estate),
        joins=sorted(estate.notes.get("joins", ()), key=lambda j: (j.council, j.asset)),
        excluded=excluded(policy, estate, judgements, checks),
        checks=[
            {
                "id": spec.id, "title": spec.title, "sha256": spec.sha256, "file": spec.shown_file,
                "package": spec.origin and str(spec.origin),
            }
            for spec in sorted(checks.values(), key=lambda s: s.id)
            if any(j.control.check == spec.id for j in judgements)
        ],
        matrix=estate.notes.get("matrix"),
        scanners=scanners.scanners(settings, estate, inputs),
        scanner_issues=scanners.issues(estate),
        scanner_agreement=scanners.agreement(estate),
        shared_cves=scanners.shared(estate),
        device_results=scanners.of_devices(estate, legacy),
    )  # fmt: skip


def is_complete(gaps: Sequence[Gap], judgements: Sequence[Judgement], feeds: Sequence[FeedRow] = ()) -> bool:
    """Whether every source was read whole and in time, no control's check or table broke, and no feed is old or lacking."""
    old = any(f.state in ("stale", "too-old") or (f.state == "missing" and f.required) for f in feeds)
    return not gaps and not old and not any(j.error for j in judgements)


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
        evidence=f.evidence, evidence_places=f.evidence_places, sources=f.sources,
        exception=f.exception, mitigation=f.mitigation, mitigation_state=f.mitigation_state, stale=f.stale,
        owner=f.evidence.get("rule_owner") if row is None else assets.get("owner", row),
        service=None if row is None else assets.get("service", row),
    )  # fmt: skip


def _asset_rows(estate: Estate) -> dict[tuple[str, str], int]:
    """(council, folded asset id) -> its row in the assets frame."""
    assets = estate.frames["assets"]
    pairs = zip(assets.columns["council"], assets.columns["asset"], strict=True)
    return {(council, asset.casefold()): row for row, (council, asset) in enumerate(pairs)}


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."


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
