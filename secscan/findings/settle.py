"""From judgements to findings: rows folded by identity, titles, evidence, and how each stands."""

from __future__ import annotations

import string
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

import numpy as np

from secscan.findings.fold import Groups, Identities, Rows, councils
from secscan.findings.identity import fingerprint
from secscan.model.check import CheckSpec
from secscan.model.estate import Estate
from secscan.model.findings import Finding, Judgement, Tally
from secscan.model.frame import Alike, Frame
from secscan.model.places import Place
from secscan.model.policy import Control, Mitigation, Policy, RiskException
from secscan.model.words import Outcome, Status

NAMED: Final = 20
"""How many assets an unknown kept per issue names."""
UNTOLD: Final = "not known"
"""The subject of everything that one control cannot tell of one council, where that is kept as one."""
_ENOUGH: Final[Mapping[str, tuple[str, ...]]] = {
    "proven": ("proven",),
    "configured": ("proven", "configured"),
    "no": (),
}


def settle(
    judgements: Sequence[Judgement], estate: Estate, policy: Policy, checks: Mapping[str, CheckSpec], today: date
) -> tuple[list[Finding], list[Tally]]:
    """Every finding of the run and, for each control and council, the rows behind it.

    A fail becomes one finding an asset and subject; an unknown one an issue, or what the control's ``unknowns``
    says: one an asset, or one a council. Outcomes add up to the population; findings count identities.
    """
    protections = Protections(policy, today, estate)
    found: list[Finding] = []
    tallies: list[Tally] = []
    alike: dict[str, Alike] = {}
    identities: dict[str, Identities] = {}
    for judgement in judgements:
        spec, table = checks[judgement.control.check], judgement.table
        if table not in alike:
            alike[table] = Alike(estate.frames[table])
            identities[table] = Identities(alike[table], spec.table)
        maker = _Maker(judgement, estate, spec, protections, alike[table], identities[table])
        mine = [*maker.failures(), *maker.unknowns(), *maker.stale()]
        found += mine
        tallies += _tallies(judgement, mine)
    return sorted(found, key=lambda f: (f.council, f.control, f.subject, f.asset or "")), tallies


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
        """status, mitigation, mitigation_state and exception of one failing identity.

        What belongs to no asset, such as a firewall's rule, is named by the device that its subject begins with.
        """
        enough = _ENOUGH[control.mitigated_by]
        status: Status = "open"
        said: dict[str, Any] = {}
        if control.mitigated_by != "no" and asset is not None:
            fitting = [
                c for c in self.claims.get((council, asset.casefold()), ()) if c.product is None or c.product == subject
            ]
            ranked = sorted(fitting, key=lambda c: (self.states.get(c.id) not in enough, c.id))
            if ranked:
                said = {"mitigation": ranked[0].id, "mitigation_state": self.states.get(ranked[0].id, "cannot-tell")}
                if said["mitigation_state"] in enough:
                    status = "mitigated"
        who = subject.partition(" ")[0] if asset is None else asset
        for exception in self.exceptions.get((control.id, council, who.casefold()), ()):
            if exception.subject in (None, subject):
                said["exception"] = exception.id
                if status == "open":
                    status = "accepted"
                break
        return {"status": status, **said}


class _Maker:
    """Makes the findings of one judgement, a column at a time; what rows say alike is put into words once."""

    def __init__(
        self,
        judgement: Judgement,
        estate: Estate,
        spec: CheckSpec,
        protections: Protections,
        alike: Alike,
        identities: Identities,
    ) -> None:
        self.judgement, self.spec, self.protections = judgement, spec, protections
        self.control, self.estate = judgement.control, estate
        self.frame, self.files = alike.frame, estate.files
        self.alike, self.identities = alike, identities
        self.shown = tuple(dict.fromkeys([*judgement.reads, *_named(spec.says), *spec.shows]))
        self.told: dict[int, dict[str, Any]] = {}
        """What a kind of row says, by its number."""

    def failures(self) -> list[Finding]:
        groups = self.identities.by_identity(self.judgement.fail_rows)
        first = self._first_due(groups)
        return self._made(groups, first, "fail", of_asset=True, due=self._own_due(first))

    def unknowns(self) -> list[Finding]:
        # Fail before unknown: an identity that fails is told once, by its failure.
        rows = self.identities.without(self.judgement.unknown_rows, self.judgement.fail_rows)
        each = self.control.unknowns == "each"
        if self.control.unknowns == "per-council" or not (each or self.spec.table.subject):
            # Where the asset itself is the subject, what nobody knows of the council's assets is one issue.
            return self._folded(rows)
        groups = self.identities.by_identity(rows) if each else self.identities.by_issue(rows)
        return self._made(groups, groups.first, "unknown", of_asset=each)

    def _folded(self, rows: Rows) -> list[Finding]:
        """One unknown a council for all that this control cannot tell of it."""
        groups = councils(self.frame, rows)
        some, at = groups.heads(NAMED * 5)
        lacks = {name: [v is None for v in self._column(name, some)] for name in self.judgement.reads}
        subjects = self.identities.subjects(some)
        found = []
        for finding, (begin, end) in zip(
            self._made(groups, groups.first, "unknown", of_asset=False), pairwise(at), strict=True
        ):
            told = {**finding.evidence, "missing": [name for name, lack in lacks.items() if any(lack[begin:end])]}
            if self.spec.table.subject:
                told["subjects"] = list(dict.fromkeys(subjects[begin:end]))[:NAMED]
            title = f"{self.control.title}: cannot be told everywhere" if finding.count > 1 else finding.title
            name = fingerprint(self.control.id, finding.council, None, UNTOLD)
            found.append(replace(finding, fingerprint=name, subject=UNTOLD, title=title, evidence=told))
        return found

    def stale(self) -> list[Finding]:
        """Rows that would pass on evidence too old to pass anything on: one unknown a council, naming the source."""
        groups = councils(self.frame, self.judgement.stale_rows)
        found = []
        for finding in self._made(groups, groups.first, "unknown", of_asset=False):
            gaps = [g for g in self.estate.gaps if g.stale and g.council in ("", finding.council)]
            silent = ", ".join(sorted({g.source for g in gaps})) or "source"
            subject = f"silent: {silent}"
            title = f"{self.control.title}: cannot be told, because {silent} has fallen silent"
            name = fingerprint(self.control.id, finding.council, None, subject)
            found.append(replace(finding, fingerprint=name, subject=subject, title=title, stale=True))
        return found

    def _made(
        self,
        groups: Groups,
        first: Rows,
        outcome: Outcome,
        *,
        of_asset: bool,
        due: Sequence[date | None] | None = None,
    ) -> list[Finding]:
        """A finding a group; the row of ``first`` speaks for it. Put together from whole columns."""
        control, nothing = self.control, [None] * len(first)
        # Unknown per issue says what is missing, not what one asset happens to hold.
        evidence = self._evidence(groups, first) if of_asset else self._missing(groups, first)
        columns = zip(
            self.identities.fingerprints(control.id, first, of_asset=of_asset), self.identities.councils(first),
            self.identities.subjects(first),
            self.identities.assets(first) if of_asset else nothing, self._column("hostname", first) if of_asset else nothing,
            self._titles(self.spec.says if outcome == "fail" else self.spec.unknown_says, first), groups.count.tolist(),
            due or nothing, evidence, self._facts_places(first), self._sources(groups), strict=True,
        )  # fmt: skip
        stand = self.protections.stand if outcome == "fail" else _open
        return [
            Finding(
                fingerprint=name, control=control.id, check=control.check, council=council, asset=asset,
                hostname=hostname, subject=subject, title=title, outcome=outcome, severity=control.severity, count=count,
                due_on=due_on, due_days=control.due_days, evidence=told, evidence_places=places, sources=sources,
                **stand(control, council, asset, subject),
            )
            for name, council, subject, asset, hostname, title, count, due_on, told, places, sources in columns
        ]  # fmt: skip

    def _column(self, name: str, rows: Rows) -> list[Any]:
        col = self.frame.columns.get(name)
        return [None] * len(rows) if col is None else col.pick(rows)

    def _titles(self, template: str, rows: Rows) -> list[str]:
        kinds = self.alike.of(_named(template))
        said: dict[int, str] = {}
        labels = self.estate.notes.get("labels", {})
        wanted = kinds.take[rows].tolist()
        for kind in set(wanted):
            said[kind] = _title(template, self.frame, int(kinds.first[kind]), labels)
        return [said[kind] for kind in wanted]

    def _evidence(self, groups: Groups, first: Rows) -> list[dict[str, Any]]:
        """What decided each group; of several rows, what each of them says."""
        rows, at = groups.heads(NAMED)
        spoken, each = self._said(first), self._said(rows)
        return [
            told if end - begin == 1 else {**told, "rows": each[begin:end]}
            for told, (begin, end) in zip(spoken, pairwise(at), strict=True)
        ]

    def _said(self, rows: Rows) -> list[dict[str, Any]]:
        """What the rule read, and what the check shows beside it; null where nothing is known. Rows that say the same
        share it, and nobody changes it."""
        kinds = self.alike.of(self.shown)
        wanted = kinds.take[rows].tolist()
        for kind in set(wanted).difference(self.told):
            row = int(kinds.first[kind])
            self.told[kind] = {name: self.frame.get(name, row) for name in self.shown}
        return [self.told[kind] for kind in wanted]

    def _missing(self, groups: Groups, first: Rows) -> list[dict[str, Any]]:
        """The first assets of each group, and what is not known of them."""
        rows, at = groups.heads(NAMED * 5)
        called = zip(*(self._column(name, rows) for name in ("hostname", "asset", "device")), strict=True)
        names = [hostname or asset or device or "no asset" for hostname, asset, device in called]
        kinds = self.alike.of(self.judgement.reads)
        wanted = kinds.take[first].tolist()
        lacks = {
            kind: [n for n in self.judgement.reads if self.frame.get(n, int(kinds.first[kind])) is None]
            for kind in set(wanted)
        }
        return [
            {"assets": list(dict.fromkeys(names[begin:end]))[:NAMED], "missing": lacks[kind]}
            for kind, (begin, end) in zip(wanted, pairwise(at), strict=True)
        ]

    def _first_due(self, groups: Groups) -> Rows:
        """The row with the earliest deadline, else the first in the source, speaks for its group."""
        first = groups.first
        if self.judgement.due or self.spec.table.own_due in self.frame.columns:
            first = first.copy()
            for number in np.flatnonzero(groups.count > 1).tolist():
                rows = groups.rows[groups.start[number] : groups.start[number + 1]]
                dues = self._own_due(rows)
                first[number] = min(zip([due or date.max for due in dues], rows.tolist(), strict=True))[1]
        return first

    def _own_due(self, rows: Rows) -> list[date | None]:
        due, column = self.judgement.due, self.spec.table.own_due
        if not due and not column:
            return [None] * len(rows)
        return [due[row] if row in due else self.frame.get(column, row) if column else None for row in rows.tolist()]

    def _facts_places(self, rows: Rows) -> list[dict[str, Place]]:
        """For each row where each of its facts stands: its own place, else the row's."""
        of_row = self._places(self._codes("", rows))
        columns = []
        for name in self.shown:
            if name in self.frame.places:
                own = self._places(self._codes(name, rows))
                columns.append([p or q for p, q in zip(own, of_row, strict=True)] if None in own else own)
            else:
                columns.append(of_row)
        told = zip(*columns, strict=True) if columns else ((),) * len(rows)
        return [{n: p for n, p in zip(self.shown, places, strict=True) if p is not None} for places in told]

    def _sources(self, groups: Groups) -> list[list[Place]]:
        """The places of each group's first rows, each once."""
        rows, at = groups.heads(NAMED)
        codes = self._codes("", rows)
        place = {code: self.files.place(code) for code in set(codes) if code is not None}
        none = [self.control.place]
        return [
            [place[code] for code in dict.fromkeys(codes[begin:end]) if code is not None] or none
            for begin, end in pairwise(at)
        ]

    def _codes(self, name: str, rows: Rows) -> list[int | None]:
        """The codes of a column's places."""
        col = self.frame.places.get(name)
        return [None] * len(rows) if col is None else col.pick(rows)

    def _places(self, codes: Sequence[int | None]) -> list[Place | None]:
        known = {code: None if code is None else self.files.place(code) for code in set(codes)}
        return [known[code] for code in codes]


def _open(control: Control, council: str, asset: str | None, subject: str) -> dict[str, Any]:
    """How what is not known stands: nothing is before it."""
    return {"status": "open"}


@lru_cache(maxsize=1_000)
def _named(template: str) -> tuple[str, ...]:
    """The columns that a title names."""
    return tuple(name for _, name, _, _ in string.Formatter().parse(template) if name)


_NAMELESS: Final = {
    "version": "", "protocol": "", "product_or_name": "No list", "hostname": "An asset", "proto_port": "No port list",
    "path": "A way in or out", "device": "A firewall", "device_rule": "A firewall's rules", "exception": "An exception",
    "shadowed_by": "nothing of it can be read",
}  # fmt: skip
"""What stands in a title for what has no name."""
_PRODUCTS: Final = ("product", "product_or_name", "unsupported_product")


def _title(template: str, frame: Frame, row: int, labels: Mapping[str, str]) -> str:
    values: dict[str, str] = {}
    for name in _named(template):
        value = frame.get(name, row)
        values[name] = _shown(name, labels.get(value, value) if name in _PRODUCTS else value)
    return " ".join(template.format_map(values).split())


def _shown(name: str, value: Any) -> str:
    if value is None:
        return _NAMELESS.get(name, f"({name} not known)")
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
