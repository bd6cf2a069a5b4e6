"""Exceptions and claimed mitigations: from what was written to what is in force, checked against the controls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from secscan.model.places import Place
from secscan.model.policy import Isolation, Mitigation, RiskException
from secscan.policy.documents import ExceptionEntry, MitigationEntry
from secscan.policy.params import INTERNET
from secscan.policy.read import Desk, Sheet, Written, known

LONGEST_DAYS: Final = 366
"""An acceptance that runs for longer than a year is not reviewed often enough: our own limit, a warning."""

Controls = Mapping[str, frozenset[str]]
"""Control id -> the councils that it is in force for."""


def exceptions(
    desk: Desk, sheets: Iterable[Sheet], controls: Controls, councils: Sequence[str] | None, today: date | None
) -> tuple[RiskException, ...]:
    """Every exception of the sheets that names a control and a council of ours and ends after it starts.

    ``councils`` None: the partnership is not known here. Warns where the owner approved the risk themselves, and
    where an exception runs for more than 366 days.
    """
    found: dict[str, RiskException] = {}
    for sheet in sheets:
        for written in sheet.exceptions:
            entry = written.entry
            council = _council(desk, written, entry.council, councils, sheet.councils)
            fine = _control_known(desk, written, entry.control, council, controls)
            if entry.starts is not None and entry.until < entry.starts:
                desk.refuse(written.value("until"), f"'until' is {entry.until}, before 'from', which is {entry.starts}")
                fine = False
            _warn_of_exception(desk, written, today)
            if council is None or not fine:
                continue
            name = entry.id or "/".join(filter(None, (entry.control, council, entry.asset, entry.subject)))
            if _first(desk, written, "exception", name, found):
                found[name] = RiskException(
                    id=name, control=entry.control, council=council, asset=entry.asset, subject=entry.subject,
                    starts=entry.starts, until=entry.until, owner=entry.owner, approver=entry.approver,
                    reason=entry.reason, renewed=entry.renewed, place=written.value(),
                )  # fmt: skip
    return tuple(found.values())


def mitigations(
    desk: Desk, sheets: Iterable[Sheet], controls: Controls, councils: Sequence[str] | None, zones: Sequence[str] | None
) -> tuple[Mitigation, ...]:
    """Every claim of the sheets that says how it can be tested."""
    found: dict[str, Mitigation] = {}
    for sheet in sheets:
        for written in sheet.mitigations:
            entry = written.entry
            council = _council(desk, written, entry.council, councils, None)
            if not _testable(desk, written, council, controls, zones) or council is None:
                continue
            if _first(desk, written, "mitigation", entry.id, found):
                found[entry.id] = Mitigation(
                    id=entry.id, council=council, asset=entry.asset, product=entry.product, kind=entry.kind,
                    isolation=_isolation(entry), control=entry.control, claimed_by=entry.claimed_by,
                    starts=entry.starts, proof_days=entry.proof_days, text=entry.text or "", place=written.value(),
                )  # fmt: skip
    return tuple(found.values())


def _isolation(entry: MitigationEntry) -> Isolation | None:
    if entry.ports is None or entry.blocked_from is None:
        return None
    return Isolation(ports=entry.ports, blocked_from=entry.blocked_from, both_directions=entry.both_directions)


def _testable(
    desk: Desk, written: Written[MitigationEntry], council: str | None, controls: Controls, zones: Sequence[str] | None
) -> bool:
    entry = written.entry
    isolating, controlling = ["ports", "blocked_from"], ["control"]
    needed, foreign = (
        (isolating, controlling) if entry.kind == "isolation" else (controlling, [*isolating, "both_directions"])
    )
    fine = True
    for name in needed:
        if getattr(entry, name) is None:
            desk.refuse(written.value(), f"mitigation '{entry.id}' is of kind {entry.kind} and needs '{name}'")
            fine = False
    for name in foreign:
        if name in entry.model_fields_set:
            desk.refuse(written.place(name), f"'{name}' has no meaning for a mitigation of kind {entry.kind}")
            fine = False
    if entry.control is not None:
        fine &= _control_known(desk, written, entry.control, council, controls)
    for number, zone in enumerate(entry.blocked_from or ()):
        if zones is not None:
            fine &= known(desk, "zone", zone, [*zones, INTERNET], written.value("blocked_from", number))
    return fine


def _council(
    desk: Desk,
    written: Written[ExceptionEntry] | Written[MitigationEntry],
    given: str | None,
    councils: Sequence[str] | None,
    of_file: Sequence[str] | None,
) -> str | None:
    """The council that an entry is about: the one it names, or the only one there is."""
    if given is None:
        choice = of_file if of_file is not None else councils
        if choice is None:
            return ""
        if len(choice) == 1:
            return choice[0]
        desk.refuse(written.value(), f"'council' is missing; it is one of {', '.join(choice)}")
        return None
    if councils is not None and not known(desk, "council", given, councils, written.value("council")):
        return None
    if of_file is not None and given not in of_file:
        desk.refuse(written.value("council"), f"this file is for {', '.join(of_file)}, not for '{given}'")
        return None
    return given


def _control_known(
    desk: Desk,
    written: Written[ExceptionEntry] | Written[MitigationEntry],
    control: str,
    council: str | None,
    controls: Controls,
) -> bool:
    if control not in controls:
        desk.refuse(written.value("control"), f"unknown control '{control}'{desk.nearest(control, controls)}")
        return False
    if council and controls[control] and council not in controls[control]:
        desk.refuse(written.value("control"), f"control '{control}' is not in force for '{council}'")
        return False
    return True


def _warn_of_exception(desk: Desk, written: Written[ExceptionEntry], today: date | None) -> None:
    entry = written.entry
    if entry.owner.casefold() == entry.approver.casefold():
        desk.warn(
            written.value("approver"), f"the owner of the risk approved it: '{entry.approver}'; another role should"
        )
    start = entry.starts or today
    if start is not None and (entry.until - start).days > LONGEST_DAYS:
        since = "" if entry.starts else " from today"
        desk.warn(
            written.value("until"), f"runs for {(entry.until - start).days} days{since}; review it at least once a year"
        )


def _first(
    desk: Desk,
    written: Written[ExceptionEntry] | Written[MitigationEntry],
    what: str,
    name: str,
    found: Mapping[str, _Placed],
) -> bool:
    if name not in found:
        return True
    hint = "; give each an 'id'" if written.entry.id is None else ""
    desk.refuse(_id_place(written), f"{what} '{name}' is set twice; the first is at {found[name].place}{hint}")
    return False


def _id_place(written: Written[ExceptionEntry] | Written[MitigationEntry]) -> Place:
    return written.value("id") if written.entry.id is not None else written.value()


_Placed = RiskException | Mitigation
