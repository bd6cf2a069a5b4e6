"""The data files beside the pages: the same rows, whole, for spreadsheets and for other programs.

Formulas are neutralised at the door (doors/csv.py). Columns have the names that posture.json has; several values in a
cell are joined by ``; ``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from secscan.doors import csv, workbook
from secscan.model.places import Place
from secscan.model.posture import (
    ClaimRow,
    ClaimSpell,
    ClaimWay,
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
from secscan.render import words
from secscan.render.view import View

Rows = tuple[Sequence[str], Iterable[Sequence[object]]]
Columns = tuple[Sequence[str], Sequence[Sequence[object]]]


def tables(view: View) -> dict[str, str]:
    """File name to CSV text, for every table of the edition."""
    whole = {name: csv.dump_columns(header, columns) for name, (header, columns) in _whole(view).items()}
    return whole | {name: csv.dumps(header, rows) for name, (header, rows) in _tables(view).items()}


def _whole(view: View) -> dict[str, Columns]:
    """The tables that are a list of the posture as it stands."""
    p = view.posture
    return {
        "findings.csv": _plain(FindingRow, p.findings, leave=("evidence", "evidence_places")),
        "legacy.csv": _plain(LegacyRow, p.legacy, leave=("routes",)),
        "mitigations.csv": _plain(ClaimRow, p.claims, leave=("ways", "spells")),
        "zones.csv": _plain(ZoneRow, p.matrix.zones if p.matrix else ()),
        "exceptions.csv": _plain(ExceptionRow, p.exceptions),
        "inputs.csv": _plain(InputRow, p.inputs, leave=("refused",)),
        "councils.csv": _plain(CouncilRow, p.councils),
        "loosened.csv": _keyed(p.loosened, ("control", "councils", "what", "before", "after", "reason", "place")),
        "excluded.csv": _plain(Excluded, p.excluded),
        "coverage.csv": _plain(CoverageRow, p.coverage),
        "estate.csv": _plain(EstateRow, p.estate),
        "strangers.csv": _plain(Stranger, p.strangers),
        "never-seen.csv": _plain(NeverSeen, p.never_seen),
        "shared.csv": _plain(SharedRow, p.shared),
        "joins.csv": _plain(JoinRow, p.joins),
        "feeds.csv": _plain(FeedRow, p.feeds),
        "date-disputes.csv": _plain(DateDispute, p.date_disputes),
        "support-ends.csv": _plain(SupportEnd, p.support_ends),
        "names-known.csv": _plain(NamesKnown, p.names_known),
        "checks.csv": _keyed(p.checks, ("id", "title", "sha256", "file", "package")),
        "scanners.csv": _plain(ScannerRow, p.scanners),
        "scanner-issues.csv": _plain(ScannerIssue, p.scanner_issues),
        "scanner-agreement.csv": _plain(ScannerAgreement, p.scanner_agreement),
        "shared-cves.csv": _plain(SharedCve, p.shared_cves),
        "support-known.csv": _plain(SupportKnown, p.support_known),
    }


def book(view: View, folder: Path) -> bytes:
    """The same tables as sheets of one workbook. ``folder``: where it may put files meanwhile."""
    p = view.posture
    about = [
        ("marking", p.marking),
        ("partnership", p.partnership),
        ("as at", p.as_of.isoformat()),
        ("run", p.run_id),
        ("edition", view.edition),
        ("made by", f"secscan {p.tool_version}"),
        ("SHA-256 of data/posture.json", view.digest),
        ("cells", "all are text, as in the CSV files beside this one; an empty cell means not known"),
    ]
    whole: dict[str, Rows] = {
        name: (header, zip(*columns, strict=True)) for name, (header, columns) in _whole(view).items()
    }
    sheets = {name.removesuffix(".csv"): rows for name, rows in (whole | _tables(view)).items()}
    return workbook.dumps(sheets, about, made_on=p.as_of, footer=words.plain(p.marking, 80), folder=folder)


def _tables(view: View) -> dict[str, Rows]:
    p = view.posture
    return {
        "routes.csv": _routes(p.legacy),
        "fixes.csv": _fixes(p.fixes),
        "controls.csv": _controls(view),
        "disagreements.csv": _disagreements(p.disagreements),
        "device-results.csv": _device_results(p.device_results),
        "unrecognised.csv": _unrecognised(p.unrecognised),
        "zone-matrix.csv": _matrix(p.matrix),
        "mitigation-ways.csv": _claimed(p.claims, "ways", ClaimWay),
        "mitigation-history.csv": _claimed(p.claims, "spells", ClaimSpell),
        "changes.csv": (
            ("change", "severity", "council", "asset", "control", "title", "fingerprint"),
            [(c.what, c.severity, c.council, c.asset, c.control, c.title, c.fingerprint) for c in p.changes],
        ),
        "not-seen.csv": (("who", "what"), view.unread()),
        "trends.csv": (
            ("measure", "on", "run_id", "council", "numerator", "denominator", "mark"),
            [(m, q.on, q.run_id, q.council, q.numerator, q.denominator, q.mark) for m, points in p.trends.items() for q in points],
        ),
    }  # fmt: skip


def _plain(kind: type, rows: Sequence[Any], leave: Sequence[str] = ()) -> Columns:
    """Every field of a dataclass as a column, in its own order."""
    kept = [f for f in fields(kind) if f.name not in leave]
    columns: list[list[object]] = []
    for field in kept:
        values = list(map(attrgetter(field.name), rows))
        several = any(kind in str(field.type) for kind in ("Place", "list", "dict", "Packet"))
        columns.append([_value(value) for value in values] if several else values)
    return [f.name for f in kept], columns


def _keyed(rows: Sequence[Mapping[str, Any]], keys: Sequence[str]) -> Columns:
    """The same for rows that are plain maps."""
    return keys, [[_value(row.get(key)) for row in rows] for key in keys]


def _value(value: object) -> object:
    match value:
        case Place() | {"file": _, "line": _}:
            return words.place(value) or None
        case Packet():
            return words.packet(value)
        case dict():
            return "; ".join(f"{key or 'no word'} {n}" for key, n in value.items())
        case list() | tuple():
            return "; ".join(str(v) for v in value)
        case _:
            return value


def _unrecognised(rows: Sequence[Mapping[str, Any]]) -> Rows:
    """A line for each council that has the name: its own installs, assets and versions."""
    header = ("name", "publisher", "kind", "council", "installs", "assets", "versions", "near")
    return header, [
        (
            u.get("name"), u.get("publisher"), u.get("kind"), c.get("council"), c.get("installs"), c.get("assets"),
            _value(c.get("versions")), _value(u.get("near")),
        )
        for u in rows
        for c in u.get("councils") or ()
    ]  # fmt: skip


def _disagreements(rows: Sequence[Disagreement]) -> Rows:
    """A line for each thing said; what is used comes first."""
    header = ("council", "asset", "hostname", "fact", "used", "value", "source", "dated_on", "place")
    return header, [
        (d.council, d.asset, d.hostname, d.fact, i == 0, s.value, s.source, s.dated_on, _value(s.place))
        for d in rows
        for i, s in enumerate(d.said)
    ]


def _device_results(rows: Sequence[DeviceResults]) -> Rows:
    """A line for each result that is kept of a device, and how many it has."""
    names = [f.name for f in fields(DeviceResult)]
    return ("council", "asset", "of", *names), [
        (d.council, d.asset, d.total, *(_value(getattr(r, name)) for name in names)) for d in rows for r in d.rows
    ]


def _routes(rows: Sequence[LegacyRow]) -> Rows:
    header = (
        "council", "asset", "product", "zone", "port", "direction", "reach", "partly", "rule", "place", "observed", "reason",
    )  # fmt: skip
    return header, [
        (
            r.council,
            r.asset,
            r.product,
            x.zone,
            x.port,
            x.direction,
            x.reach,
            x.partly,
            x.rule,
            _value(x.place),
            x.observed,
            x.reason,
        )
        for r in rows
        for x in r.routes
    ]


def _matrix(m: ZoneMatrix | None) -> Rows:
    """A line for each service of a pair."""
    header = ["service", *(f.name for f in fields(PairRow) if f.name != "services")]
    return header, [
        (service, *(_value(getattr(r, name)) for name in header[1:]))
        for r in (m.pairs if m else ()) for service in r.services
    ]  # fmt: skip


def _claimed(claims: Sequence[ClaimRow], part: str, kind: type) -> Rows:
    """A line for each of what belongs to a claim."""
    names = [f.name for f in fields(kind)]
    return ("council", "claim", "asset", *names), [
        (c.council, c.id, c.asset, *(_value(getattr(one, name)) for name in names))
        for c in claims for one in getattr(c, part)
    ]  # fmt: skip


def _fixes(rows: Sequence[FixRow]) -> Rows:
    header = (
        "product",
        "advisory",
        "severity",
        "released_on",
        "days_since",
        "overdue",
        "council",
        "missing_on",
        "exploited",
    )
    return header, [
        (f.product, f.advisory, f.severity, f.released_on, f.days_since, f.overdue, council, count, f.exploited)
        for f in rows
        for council, count in sorted(f.missing.items())
    ]


def _controls(view: View) -> Rows:
    """A line for each council of a control; what the control says of itself stands in every one."""
    header = (
        "control", "title", "theme", "severity", "council", "passed", "failed", "unknown", "stale", "disabled", "error", "place",
        "check", "due_days", "mitigated_by", "text", "references",
    )  # fmt: skip
    return header, [
        (c.id, c.title, c.theme, c.severity, council, *(o.get(k, 0) for k in ("passed", "failed", "unknown", "stale")), c.disabled,
         c.error, str(c.place), c.check, c.due_days, c.mitigated_by, c.text, _value(c.references))
        for c in view.posture.controls
        for council, o in (sorted(c.outcomes.items()) or [("", {})])
    ]  # fmt: skip
