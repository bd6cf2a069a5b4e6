"""How each council stands, and what was read of it: the figures with their denominators."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Final

from secscan.findings.measures import WORKING, coverage, patched
from secscan.findings.seen import fresh, listed
from secscan.model.estate import Estate
from secscan.model.findings import Judgement, Tally
from secscan.model.posture import Change, ClaimRow, CouncilRow, ExceptionRow, FindingRow, InputRow, LegacyRow
from secscan.model.raw import PARTLY, Gap, Load
from secscan.model.settings import Settings

_REFUSALS_SHOWN: Final = 20


def inputs(settings: Settings, estate: Estate) -> list[InputRow]:
    gaps: dict[str, Gap] = {}
    for gap in estate.gaps:
        if gap.source not in gaps or gap.why not in PARTLY:
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
    elif gap is not None and gap.why not in PARTLY:
        state, says = gap.why, gap.says
    elif load.rows_refused:
        state, says = "refused-rows", f"{load.rows_refused} of {load.rows_read} rows refused"
    elif load.unread:
        state, says = "unread-values", load.unread[0]
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


def councils(
    settings: Settings,
    estate: Estate,
    findings: Sequence[FindingRow],
    tallies: Sequence[Tally],
    judgements: Sequence[Judgement],
    legacy: Sequence[LegacyRow],
    claims: Sequence[ClaimRow],
    exceptions: Sequence[ExceptionRow],
    changes: Sequence[Change],
) -> list[CouncilRow]:
    devices = patched(estate, judgements)
    assets = Counter(estate.frames["assets"].columns["council"])
    seen = fresh(estate, settings.limits.source_max_age_days)
    with_list, installs, recognised = listed(estate)
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
        news = Counter(c.what for c in changes if c.council == council.id)
        rows.append(
            CouncilRow(
                id=council.id,
                name=council.name,
                role=council.role,
                assets=assets[council.id],
                installs=installs[council.id],
                coverage=known / judged if judged else 0.0,
                seen_fresh=seen[council.id],
                listed=with_list[council.id],
                recognised=recognised[council.id],
                patched_in_time=device.in_time if device else 0,
                patched_late=device.late if device else 0,
                patched_unknown=device.unknown if device else 0,
                patched_excluded=device.excluded if device else 0,
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
