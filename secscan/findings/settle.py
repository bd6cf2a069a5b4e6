"""From judgements to findings: rows folded by identity, titles, evidence, and how each stands."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from secscan.findings.identity import fingerprint
from secscan.model.check import CheckSpec
from secscan.model.estate import Estate
from secscan.model.findings import Finding, Judgement, Tally
from secscan.model.frame import Frame
from secscan.model.places import Files, Place
from secscan.model.policy import Control, Mitigation, Policy, RiskException
from secscan.model.tables import TableSpec
from secscan.model.words import Outcome, Status

NAMED: Final = 20
"""How many assets an unknown kept per issue names."""
_ENOUGH: Final[Mapping[str, tuple[str, ...]]] = {
    "proven": ("proven",),
    "configured": ("proven", "configured"),
    "no": (),
}


def settle(
    judgements: Sequence[Judgement], estate: Estate, policy: Policy, checks: Mapping[str, CheckSpec], today: date
) -> tuple[list[Finding], list[Tally]]:
    """Every finding of the run and, for each control and council, the rows behind it.

    A fail becomes one finding an asset and subject; an unknown one an issue, or one an asset where the control
    says ``unknowns: each``. Outcomes add up to the population; findings count identities.
    """
    protections = Protections(policy, today, estate)
    found: list[Finding] = []
    tallies: list[Tally] = []
    for judgement in judgements:
        maker = _Maker(judgement, estate, checks[judgement.control.check], protections)
        mine = [*maker.failures(), *maker.unknowns(), *maker.stale()]
        found += mine
        tallies += _tallies(judgement, mine)
    return sorted(found, key=lambda f: (f.council, f.control, f.subject, f.asset or "")), tallies


def subject_of(frame: Frame, table: type[TableSpec], row: int) -> str:
    """What, with control, council and asset, names a finding about this row; never empty."""
    if not table.subject:
        return str(frame.get("asset", row))
    parts = [frame.get(column, row) for column in table.subject]
    return " ".join("" if p is None else str(p) for p in parts).strip() or f"no {table.nothing}"


class Protections:
    """What stands between a failing row and an open finding: a claim that is good enough, else an exception."""

    def __init__(self, policy: Policy, today: date, estate: Estate) -> None:
        self.states = _claim_states(estate)
        self.claims: dict[tuple[str, str], list[Mitigation]] = {}
        for claim in policy.mitigations:
            if claim.starts is None or claim.starts <= today:
                self.claims.setdefault((claim.council, claim.asset.casefold()), []).append(claim)
        assets = estate.frames["assets"]
        owners: dict[str, set[str]] = {}
        for row in range(assets.rows):
            owners.setdefault(str(assets.get("asset", row)).casefold(), set()).add(assets.get("council", row))
        self.exceptions: dict[tuple[str, str, str], list[RiskException]] = {}
        for exception in policy.exceptions:
            if not exception.in_force(today):
                continue
            # An exception names one asset exactly; without a council it can only mean an asset id that is nobody else's.
            council = exception.council or next(iter(owners.get(exception.asset.casefold(), [])), "")
            if exception.council or len(owners.get(exception.asset.casefold(), ())) == 1:
                key = (exception.control, council, exception.asset.casefold())
                self.exceptions.setdefault(key, []).append(exception)

    def stand(self, control: Control, council: str, asset: str | None, subject: str) -> dict[str, Any]:
        """status, mitigation, mitigation_state and exception of one failing identity."""
        if asset is None:
            return {"status": "open"}
        enough = _ENOUGH[control.mitigated_by]
        status: Status = "open"
        said: dict[str, Any] = {}
        if control.mitigated_by != "no":
            fitting = [
                c for c in self.claims.get((council, asset.casefold()), ()) if c.product is None or c.product == subject
            ]
            ranked = sorted(fitting, key=lambda c: (self.states.get(c.id) not in enough, c.id))
            if ranked:
                said = {"mitigation": ranked[0].id, "mitigation_state": self.states.get(ranked[0].id, "cannot-tell")}
                if said["mitigation_state"] in enough:
                    status = "mitigated"
        for exception in self.exceptions.get((control.id, council, asset.casefold()), ()):
            if exception.subject in (None, subject):
                said["exception"] = exception.id
                if status == "open":
                    status = "accepted"
                break
        return {"status": status, **said}


Rows = NDArray[np.int64]


class _Groups:
    """Rows of one table by the identity they belong to, worked out over whole columns."""

    def __init__(self, frame: Frame, table: type[TableSpec]) -> None:
        self.frame, self.table = frame, table
        self._council, _ = frame.columns["council"].codes()
        self._asset, assets = frame.columns["asset"].codes()
        subject = np.zeros(frame.rows, dtype=np.int64)
        for column in table.subject or ("asset",):
            col = frame.columns.get(column)
            if col is not None:
                code, values = col.codes()
                subject = subject * len(values) + code
        self._issue = self._council * (int(subject.max(initial=0)) + 1) + subject
        self._identity = self._issue * len(assets) + self._asset

    def identities(self, rows: Rows) -> Iterator[tuple[tuple[str, str | None, str], list[int]]]:
        """(council, asset, subject) and its rows, in the order of their first rows."""
        council, asset = self.frame.columns["council"], self.frame.columns["asset"]
        for own in _split(rows, self._identity):
            yield (council[own[0]], asset[own[0]], subject_of(self.frame, self.table, own[0])), own

    def issues(self, rows: Rows) -> Iterator[tuple[tuple[str, str], list[int]]]:
        """(council, subject) and its rows, in the order of their first rows."""
        council = self.frame.columns["council"]
        for own in _split(rows, self._issue):
            yield (council[own[0]], subject_of(self.frame, self.table, own[0])), own

    def councils(self, rows: Rows) -> list[list[int]]:
        """The rows of each council."""
        return _split(rows, self._council)

    def without(self, rows: Rows, others: Rows) -> Rows:
        """The rows whose identity none of ``others`` has."""
        return rows[~np.isin(self._identity[rows], self._identity[others])]


def _split(rows: Rows, keys: Rows) -> list[list[int]]:
    """``rows`` (ascending) parted by their key: groups by first row, rows ascending within."""
    if not len(rows):
        return []
    order = np.argsort(keys[rows], kind="stable")
    ordered = rows[order]
    cuts = np.flatnonzero(np.diff(keys[ordered])) + 1
    return sorted(part.tolist() for part in np.split(ordered, cuts))


class _Maker:
    """Makes the findings of one judgement."""

    def __init__(self, judgement: Judgement, estate: Estate, spec: CheckSpec, protections: Protections) -> None:
        self.judgement, self.spec, self.protections = judgement, spec, protections
        self.control = judgement.control
        self.frame: Frame = estate.frames[judgement.table]
        self.files: Files = estate.files
        self.estate = estate
        named = [n for _, n, _, _ in string.Formatter().parse(spec.says) if n]
        self.shown = tuple(dict.fromkeys([*judgement.reads, *named, *spec.shows]))
        self.groups = _Groups(self.frame, spec.table)
        # Failures are the many: their columns are read once, in one go.
        fails = judgement.fail_rows
        self.at = {row: i for i, row in enumerate(fails.tolist())}
        self.picked = {n: c.pick(fails) for n in self.shown if (c := self.frame.columns.get(n)) is not None}

    def failures(self) -> list[Finding]:
        return [
            self._make(
                council, asset, subject, rows, "fail", **self.protections.stand(self.control, council, asset, subject)
            )
            for (council, asset, subject), rows in self.groups.identities(self.judgement.fail_rows)
        ]

    def unknowns(self) -> list[Finding]:
        # Fail before unknown: an identity that fails is told once, by its failure.
        rows = self.groups.without(self.judgement.unknown_rows, self.judgement.fail_rows)
        if self.control.unknowns == "each":
            return [self._make(*key, rows, "unknown", status="open") for key, rows in self.groups.identities(rows)]
        return [
            self._make(council, None, subject, own, "unknown", status="open")
            for (council, subject), own in self.groups.issues(rows)
        ]

    def stale(self) -> list[Finding]:
        """Rows that would pass on evidence too old to pass anything on: one unknown a council, naming the source."""
        council = self.frame.columns["council"]
        found = []
        for rows in self.groups.councils(self.judgement.stale_rows):
            name = council[rows[0]]
            gaps = [g for g in self.estate.gaps if g.stale and g.council in ("", name)]
            silent = ", ".join(sorted({g.source for g in gaps})) or "source"
            finding = self._make(
                name, None, f"silent: {silent}", rows, "unknown", status="open", stale=True,
                title=f"{self.control.title}: cannot be told, because {silent} has fallen silent",
            )  # fmt: skip
            found.append(finding)
        return found

    def _make(
        self,
        council: str,
        asset: str | None,
        subject: str,
        rows: list[int],
        outcome: Outcome,
        *,
        title: str | None = None,
        **stands: Any,
    ) -> Finding:
        # The row with the earliest deadline, then the first in the source, speaks for the group.
        first = rows[0]
        if outcome == "fail" and len(rows) > 1:
            first = min(rows, key=lambda r: (self._own_due(r) or date.max, r))
        evidence = self._evidence(first)
        # Unknown per issue says what is missing, not what one asset happens to hold.
        if asset is None and outcome == "unknown":
            named = (self.frame.get("hostname", r) or self.frame.get("asset", r) or "no asset" for r in rows)
            hosts = dict.fromkeys(islice(named, NAMED * 5))
            evidence = {"assets": list(hosts)[:NAMED], "missing": self._missing(first)}
        elif len(rows) > 1:
            evidence["rows"] = [self._evidence(r) for r in rows[:NAMED]]
        says = self.spec.says if outcome == "fail" else self.spec.unknown_says
        text = title or _title(says, self.frame, first, self.estate.notes.get("labels", {}))
        return Finding(
            fingerprint=fingerprint(self.control.id, council, asset, subject),
            control=self.control.id,
            check=self.control.check,
            council=council,
            asset=asset,
            hostname=self.frame.get("hostname", first) if asset is not None else None,
            subject=subject,
            title=text,
            outcome=outcome,
            severity=self.control.severity,
            count=len(rows),
            due_on=self._own_due(first) if outcome == "fail" else None,
            due_days=self.control.due_days,
            evidence=evidence,
            evidence_places={n: self._place(c) for n in self.shown if (c := self.frame.place(n, first)) is not None},
            sources=self._sources(rows),
            **stands,
        )

    def _evidence(self, row: int) -> dict[str, Any]:
        """What the rule read, and what the check shows beside it; null where nothing is known."""
        at = self.at.get(row)
        if at is None:
            return {name: self.frame.get(name, row) for name in self.shown}
        return {name: self.picked[name][at] if name in self.picked else None for name in self.shown}

    def _missing(self, row: int) -> list[str]:
        return [name for name in self.judgement.reads if self.frame.get(name, row) is None]

    def _own_due(self, row: int) -> date | None:
        if row in self.judgement.due:
            return self.judgement.due[row]
        column = self.spec.table.own_due
        return self.frame.get(column, row) if column else None

    def _place(self, code: int) -> Place:
        return self.files.place(code)

    def _sources(self, rows: list[int]) -> list[Place]:
        codes = dict.fromkeys(c for r in rows[:NAMED] if (c := self.frame.place("", r)) is not None)
        return [self._place(code) for code in codes] or [self.control.place]


_PRODUCTS: Final = ("product", "product_or_name", "unsupported_product")


def _title(template: str, frame: Frame, row: int, labels: Mapping[str, str]) -> str:
    values: dict[str, str] = {}
    for _, name, _, _ in string.Formatter().parse(template):
        if name:
            value = frame.get(name, row)
            values[name] = _shown(name, labels.get(value, value) if name in _PRODUCTS else value)
    return " ".join(template.format_map(values).split())


def _shown(name: str, value: Any) -> str:
    if value is None:
        return {"version": "", "product_or_name": "No list", "hostname": "An asset"}.get(name, f"({name} not known)")
    return f"{value.day} {value:%B %Y}" if isinstance(value, date) else str(value)


def _claim_states(estate: Estate) -> dict[str, str]:
    claims = estate.frames.get("claims")
    if claims is None:
        return {}
    return {claims.get("claim", r): claims.get("state", r) or "cannot-tell" for r in range(claims.rows)}


def _tallies(judgement: Judgement, findings: Sequence[Finding]) -> list[Tally]:
    by_status = Counter((f.council, f.status if f.outcome == "fail" else "unknown") for f in findings)
    return [
        Tally(
            control=judgement.control.id,
            council=council,
            severity=judgement.control.severity,
            passed=judgement.passed.get(council, 0),
            failed=judgement.failed.get(council, 0),
            unknown=judgement.unknown.get(council, 0),
            open=by_status[council, "open"],
            mitigated=by_status[council, "mitigated"],
            accepted=by_status[council, "accepted"],
            unknown_findings=by_status[council, "unknown"],
        )
        for council in sorted(judgement.control.councils)
    ]
