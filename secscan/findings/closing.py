"""What a run may close: only what was looked at in full can be gone, and unknown is never a pass."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Final

import numpy as np

from secscan.findings.fold import subject_of
from secscan.findings.settle import Protections
from secscan.model.check import CheckSpec
from secscan.model.estate import Estate
from secscan.model.findings import Finding, Judgement
from secscan.model.policy import Policy
from secscan.model.raw import PARTLY
from secscan.model.tables import TableSpec

UNLISTED: Final = ""
"""Stands for the subject of a row that names none; no finding's subject is empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """How far this run's look reached; the record asks it before it closes anything."""

    tables: Mapping[str, str]
    """Check id -> its table, of every check there is: a control that was switched off withdraws its findings."""
    blocked: frozenset[tuple[str, str]]
    """(council, table) that a source fed badly; council '' stands for every council."""
    controls: frozenset[tuple[str, str]]
    """(council, control) whose check broke."""
    assets: frozenset[tuple[str, str]]
    """(council, asset) of which some row was refused."""
    undecided: Undecided
    """(council, control, asset, subject) that is unknown now."""


class Undecided:
    """The identities that are unknown in this run; a control's are gathered when one of them is asked about."""

    def __init__(self, estate: Estate, judgements: Sequence[Judgement], tables: Mapping[str, type[TableSpec]]) -> None:
        self._estate = estate
        self._tables = tables
        self._judgements = judgements
        self._known: dict[str, set[tuple[str, str | None, str]]] = {}
        self._spoken: dict[str, set[tuple[str, str | None, str]]] = {}

    def __contains__(self, identity: object) -> bool:
        if not isinstance(identity, tuple):
            return False
        council, control, asset, subject = identity
        if control not in self._known:
            self._known[control] = self._gather(control)
        known = self._known[control]
        if (council, asset, subject) in known:
            return True
        # An asset of which nothing is listed now is undecided in all that it had and that no row speaks of.
        return (council, asset, UNLISTED) in known and (council, asset, subject) not in self._spoken_of(control)

    def __iter__(self) -> Any:
        for control in {j.control.id for j in self._judgements}:
            yield from ((c, control, a, s) for c, a, s in self._gather(control))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _gather(self, control: str) -> set[tuple[str, str | None, str]]:
        found: set[tuple[str, str | None, str]] = set()
        for judgement in self._judgements:
            if judgement.control.id != control:
                continue
            frame, table = self._estate.frames[judgement.table], self._tables[judgement.table]
            council, asset = frame.columns["council"], frame.columns["asset"]
            for row in np.concatenate([judgement.unknown_rows, judgement.stale_rows]).tolist():
                bare = table.subject and all(frame.get(c, row) is None for c in table.subject)
                found.add((council[row], asset[row], UNLISTED if bare else subject_of(frame, table, row)))
            if frame.table == "claims":  # a claim that nobody can test any more does not stop being disproven by that
                for row in np.flatnonzero(frame.columns["state"].test(lambda state: state == "claimed")).tolist():
                    found.add((council[row], asset[row], subject_of(frame, table, row)))
        return found

    def _spoken_of(self, control: str) -> set[tuple[str, str | None, str]]:
        """Of assets of which nothing is listed, every identity that some row has all the same, such as its system's."""
        if control not in self._spoken:
            unlisted = {(c, a) for c, a, subject in self._known[control] if subject == UNLISTED}
            found: set[tuple[str, str | None, str]] = set()
            assets = {asset for _, asset in unlisted}
            for table in {j.table for j in self._judgements if j.control.id == control}:
                frame, spec = self._estate.frames[table], self._tables[table]
                for row in np.flatnonzero(frame.columns["asset"].test(assets.__contains__)).tolist():
                    who = (frame.get("council", row), frame.get("asset", row))
                    if who in unlisted:
                        found.add((*who, subject_of(frame, spec, row)))
            self._spoken[control] = found
        return self._spoken[control]


def looked(estate: Estate, checks: Mapping[str, CheckSpec], judgements: Sequence[Judgement]) -> Looked:
    """How far this run looked, judged by what each table is fed by and what came of it."""
    tables = {spec.table.table: spec.table for spec in checks.values()}
    fed_by = {name: table.fed_by for name, table in tables.items()}
    blocked = {
        (gap.council, table)
        for gap in estate.gaps
        if gap.why not in PARTLY
        for table, feeds in fed_by.items()
        if feeds & gap.tables
    }
    spelt: dict[tuple[str, str], str] = {}
    register = estate.frames["assets"]
    for council, asset in zip(register.columns["council"], register.columns["asset"], strict=True):
        spelt[council, asset.casefold()] = asset
    spelt |= {at: asset for at, asset in estate.notes.get("aliases", {}).items() if at not in spelt}
    assets: set[tuple[str, str]] = set()
    for load in estate.loads:
        for refusal in load.refused:
            if refusal.asset_tag:
                tag = refusal.asset_tag.strip()
                assets.add((load.council, spelt.get((load.council, tag.casefold()), tag)))
            else:
                # Nobody can say whom the row was about: nothing that its file feeds may close.
                blocked |= {(load.council, table) for table, feeds in fed_by.items() if feeds & set(load.tables)}
    broken = {(c, j.control.id) for j in judgements if j.error for c in j.control.councils}
    return Looked(
        tables={spec.id: spec.table.table for spec in checks.values()},
        blocked=frozenset(blocked),
        controls=frozenset(broken),
        assets=frozenset(assets),
        undecided=Undecided(estate, judgements, tables),
    )


def restated(estate: Estate, policy: Policy, today: date) -> Callable[[Finding], Finding]:
    """For a finding that is carried: the same with today's status, for an exception or a proof may have lapsed."""
    protections = Protections(policy, today, estate)

    def restate(finding: Finding) -> Finding:
        control = next((c for c in policy.controls if c.id == finding.control and finding.council in c.councils), None)
        if control is None or finding.outcome != "fail":
            return finding
        fresh = {"exception": None, "mitigation": None, "mitigation_state": None}
        stands = protections.stand(control, finding.council, finding.asset, finding.subject)
        return replace(finding, severity=control.severity, **{**fresh, **stands})

    return restate
