"""Why a finding, a control or an asset stands as it does: each fact with the place that says so."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np

from secscan import answers, inventory
from secscan.doors.terminal import typed
from secscan.engine.find import expression
from secscan.engine.words import why, would_turn
from secscan.inventory import sources_of
from secscan.model.check import Params
from secscan.model.errors import UsageError
from secscan.model.estate import Estate
from secscan.model.expr import columns_of
from secscan.model.places import Files, Place
from secscan.model.posture import ClaimRow, ControlRow, ExceptionRow, FindingRow, Posture, Route, Said
from secscan.workspace import Workspace

WORST: Final = 10
"""How many findings of a control are named."""
_INNER: Final = frozenset(("council", "asset", "hostname", "sources_seen"))
"""Columns of the register that the answer's head says already, or that count rows."""
_OF_RESULT: Final = (
    "device", "scanner", "tool", "check_id", "title", "cves", "cvss3", "proto_port", "product", "version", "fixed_in", "open",
    "exploited",    "first_seen_on", "last_seen_on", "scanned_on",
)  # fmt: skip
"""What is told of another scanner's result beside its own word for how grave it is."""
_CVE: Final = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII | re.IGNORECASE)
_SEVERAL: Final = ("assets", "missing", "rows", "subjects")
"""Evidence that counts the rows of a finding."""

Answer = dict[str, Any]


def explain(
    held: Workspace, posture: Posture, subject: str, council: str | None, folders: Sequence[Path] = ()
) -> Answer:
    """Why it stands as it does: a finding by its fingerprint, a control, an asset by any of its names, or what scanners say of a CVE.

    Raises UsageError when nothing of that name is known, or when it means several.
    """
    for finding in posture.findings:
        if finding.fingerprint == subject:
            return _finding(held, posture, finding, folders)
    controls = [c for c in posture.controls if c.id.casefold() == subject.casefold()]
    if controls:
        return _control(held, posture, controls, folders)
    register = _Register(held, posture)
    if (row := register.row(subject, council)) is not None:
        return _asset(held, posture, register, row)
    if (told := _cve(register, subject, council)) is not None:
        return told
    raise UsageError(_unknown(held, posture, register, subject))


def _answer(subject: dict[str, Any], **parts: Any) -> Answer:
    """What every answer has; ``parts`` are the rest."""
    empty: Answer = {
        "control": None, "facts": [], "exception": None, "mitigation": None, "why": None, "would_pass_if": None,
        "fix": None, "next": typed("findings"), "warnings": [],
    }  # fmt: skip
    return {"subject": subject} | empty | parts


def _source(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"file": place.file, "line": place.line}


def _fact(name: str, value: Any, place: Place | None) -> dict[str, Any]:
    return {"name": name, "value": value, "source": _source(place)}


# ------------------------------------------------------------------------------------------------ a finding


def _finding(held: Workspace, posture: Posture, f: FindingRow, folders: Sequence[Path]) -> Answer:
    control = next((c for c in posture.controls if c.id == f.control and f.council in c.councils), None)
    facts = [_fact(n, v, f.evidence_places.get(n) or _counted(n, f)) for n, v in f.evidence.items()]
    decided, turn = _decision(held, posture, f, control, folders)
    return _answer(
        {
            "fingerprint": f.fingerprint, "title": f.title, "council": f.council, "asset": f.asset,
            "hostname": f.hostname, "subject": f.subject, "outcome": f.outcome, "status": f.status,
            "severity": f.severity, "count": f.count, "first_seen": f.first_seen, "due": f.due, "overdue": f.overdue,
            "sources": [_source(p) for p in f.sources],
        },
        control=_rule(control),
        facts=[*facts, *(_fact("source row", str(p), p) for p in f.sources)],
        exception=_exception(posture, f),
        mitigation=_mitigation(posture, f, control),
        why=decided,
        would_pass_if=turn,
        fix=f.fix,
        next=typed("explain", f.asset, "--council", f.council) if f.asset else typed("explain", f.control),
    )  # fmt: skip


def _rule(control: ControlRow | None) -> dict[str, Any] | None:
    if control is None:
        return None
    return {
        "id": control.id, "title": control.title, "text": control.text, "file": control.place.file,
        "line": control.place.line, "severity": control.severity, "check": control.check, "params": control.params,
        "references": control.references,
    }  # fmt: skip


def _counted(name: str, f: FindingRow) -> Place | None:
    """For what counts the rows of a finding, the first of them."""
    return f.sources[0] if name in _SEVERAL and f.sources else None


def _decision(
    held: Workspace, posture: Posture, f: FindingRow, control: ControlRow | None, folders: Sequence[Path]
) -> tuple[str, str]:
    """In words: what decided, and what would turn it. Worked out again from the evidence kept."""
    spec = answers.checks_of(held, folders).get(f.check)
    if spec is None or control is None or f.stale or (f.outcome == "unknown" and f.asset is None):
        if f.stale:
            return "the source has fallen silent, and old evidence passes nothing", "the source reports again"
        missing = ", ".join(f.evidence.get("missing", ())) or "a fact that the rule needs"
        return f"cannot be told: {missing} not known", f"it is known: {missing}"
    rule, _, _ = expression(spec, Params(posture.as_of, {**spec.params, **control.params}))
    kinds = {name: column.kind for name, column in spec.table.columns().items()}
    row = {
        name: date.fromisoformat(value) if kinds.get(name) == "date" and isinstance(value, str) else value
        for name, value in f.evidence.items()
        if name in columns_of(rule)
    }
    return why(rule, row), would_turn(rule, row)


def _exception(posture: Posture, f: FindingRow) -> Answer | None:
    """The exception that accepts a finding, else the one that would if its day were not past or yet to come."""
    # What belongs to no asset is named by the device that its subject begins with.
    who = f.subject.partition(" ")[0] if f.asset is None else f.asset
    about = [e for e in posture.exceptions if e.id == f.exception] or [
        e
        for e in posture.exceptions
        if (f.asset is not None or f.outcome == "fail")
        and (e.control, e.council, e.asset.casefold()) == (f.control, f.council, who.casefold())
        and e.subject in (None, f.subject)
    ]
    return _accepted(about[0]) if about else None


def _accepted(e: ExceptionRow) -> Answer:
    stands = {
        "overdue": f"{e.id} ended on {e.until} and accepts nothing any more",
        "not-yet": f"{e.id} has not begun; it will end on {e.until}",
    }.get(e.state, f"{e.id}, accepted by {e.approver} until {e.until}")
    return {
        "id": e.id, "control": e.control, "state": e.state, "until": e.until, "owner": e.owner, "approver": e.approver,
        "reason": e.reason, "source": _source(e.place), "says": f"{stands}: {e.reason}",
    }  # fmt: skip


def _mitigation(posture: Posture, f: FindingRow, control: ControlRow | None) -> Answer | None:
    found = next((c for c in posture.claims if c.id == f.mitigation), None)
    if found is None:
        return None
    short = control is not None and f.status != "mitigated" and f.outcome == "fail"
    return _claimed(found) | {"wanted": control.mitigated_by if control is not None and short else None}


def _claimed(c: ClaimRow) -> Answer:
    return {
        "id": c.id, "kind": c.kind, "state": c.state, "reason": c.reason, "since": c.since, "lapses_on": c.lapses_on,
        "rule": _source(c.rule_place), "source": _source(c.place), "says": f"{c.id} is {c.state}: {c.reason}",
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ a control


def _control(held: Workspace, posture: Posture, controls: Sequence[ControlRow], folders: Sequence[Path]) -> Answer:
    """A control: what it asks of whom, how each council stands, who asks for less, and the worst that fails."""
    control = controls[0]
    spec = answers.checks_of(held, folders).get(control.check)
    failing = [
        f for f in answers.listed(held, posture, closed=False) if f.control == control.id and f.outcome == "fail"
    ]
    return _answer(
        {
            "id": control.id, "title": control.title, "councils": sorted({c for v in controls for c in v.councils}),
            "findings": len(failing), "open": sum(f.status == "open" for f in failing),
        },
        control=_rule(control),
        facts=[f for variant in controls for f in _asked(variant, several=len(controls) > 1)],
        outcomes={council: counts for v in controls for council, counts in sorted(v.outcomes.items())},
        loosened=[
            {k: item.get(k) for k in ("councils", "what", "before", "after", "reason")}
            | {"source": _source(item["place"] if isinstance(item["place"], Place) else Place(**item["place"]))}
            for item in posture.loosened
            if item["control"] == control.id
        ],
        exceptions=[
            _accepted(e) | {"council": e.council, "asset": e.asset, "subject": e.subject}
            for e in posture.exceptions
            if e.control == control.id
        ],
        check=None if spec is None else {
            "id": spec.id, "title": spec.title, "doc": spec.doc, "file": spec.shown_file, "line": spec.line,
        },
        findings=[_line(f) for f in failing[:WORST]],
        why="; ".join(f"switched off: {v.disabled}" for v in controls if v.disabled) or None,
        fix=spec.fix if spec else None,
        next=typed("explain", failing[0].fingerprint) if failing else typed("findings", "--control", control.id, "--all"),
    )  # fmt: skip


def _asked(control: ControlRow, *, several: bool) -> Iterable[dict[str, Any]]:
    """What one variant of a control asks for, at the line that says so."""
    whose = f"{', '.join(control.councils)}: " if several else ""
    said = {
        "severity": control.severity, "due": f"{control.due_days} days", "mitigated by": control.mitigated_by,
        **control.params,
        **{f"only {column}": v for column, v in control.scope.get("only", {}).items()},
        **{f"not {column}": v for column, v in control.scope.get("not", {}).items()},
        "references": control.references or None, "disabled": control.disabled, "error": control.error,
    }  # fmt: skip
    return [_fact(whose + name, value, control.place) for name, value in said.items() if value is not None]


def _line(f: FindingRow) -> Answer:
    return {
        "fingerprint": f.fingerprint, "control": f.control, "council": f.council, "asset": f.asset,
        "hostname": f.hostname, "outcome": f.outcome, "status": f.status, "severity": f.severity, "title": f.title,
        "due": f.due, "overdue": f.overdue, "exception": f.exception, "mitigation": f.mitigation,
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ an asset


class _Register:
    """The register as the files have it now, and which of them are no longer as the run read them."""

    def __init__(self, held: Workspace, posture: Posture) -> None:
        self.files = Files()
        reading, settled = answers.exports(held, posture.as_of, self.files)
        self.estate: Estate = answers.patched(settled(), held, None, posture.as_of)
        self.assets = self.estate.frames["assets"]
        then = {i.file: i.sha256 for i in posture.inputs}
        self.loads = reading.loads
        self.changed = {load.file for load in reading.loads if then.get(load.file) != load.sha256}
        self._also = {(j.council, a.casefold()): j.asset for j in posture.joins for a in (*j.also, j.asset)}

    def row(self, name: str, council: str | None) -> int | None:
        joined = {
            (c, asset) for (c, also), asset in self._also.items() if also == name.casefold() and council in (None, c)
        }
        if len(joined) == 1:
            ((council, name),) = joined
        return answers.registered(self.estate, name, council)

    def results(self, what: str, of: int | str) -> list[int]:
        """The rows of other scanners' results of an asset, by its row, or that name a CVE; the gravest by score first."""
        frame = self.estate.frames["results"]
        if what == "asset":
            take = frame.columns["asset"].take
            mine = [] if take is None else np.flatnonzero((take == of) & frame.columns["reported"].test(bool)).tolist()
        else:
            mine = np.flatnonzero(
                frame.columns["cves"].test(lambda text: text is not None and of in text.split(";"))
            ).tolist()
        return sorted(
            mine, key=lambda r: (frame.get("open", r) is False, -(frame.get("cvss3", r) or 0), frame.place("", r))
        )

    def place(self, column: str, row: int) -> Place | None:
        code = self.assets.place(column, row)
        return None if code is None else self.files.place(code)


def _asset(held: Workspace, posture: Posture, register: _Register, row: int) -> Answer:
    """An asset: what each source says of it, what stands against it, and what stands in front of it."""
    assets = register.assets
    council, asset, hostname = (assets.get(name, row) for name in ("council", "asset", "hostname"))
    mine = (council, str(asset).casefold())
    facts = [
        _fact(name, value, register.place(name, row))
        for name in assets.columns
        if name not in _INNER and (value := assets.get(name, row)) is not None
    ]
    facts += _listed(register, row)
    found = [f for f in answers.listed(held, posture, closed=False) if _is(mine, f.council, f.asset)]
    # An unknown kept by issue names some of its assets, by host name where there is one.
    shared = [
        f
        for f in posture.findings
        if f.asset is None and f.council == council and {asset, hostname} & set(f.evidence.get("assets", ()))
    ]
    told = sources_of(register.loads, held.settings, register.files, str(council), str(asset))
    touched = {p.file for name in assets.columns if (p := register.place(name, row)) is not None} & register.changed
    return _answer(
        {"id": asset, "council": council, "asset": asset, "hostname": hostname},
        facts=facts,
        not_known=sorted(n for n in assets.columns if n not in _INNER and assets.get(n, row) is None),
        findings=[_line(f) for f in found],
        unknowns=[_line(f) for f in shared],
        exceptions=[_accepted(e) | {"subject": e.subject} for e in posture.exceptions if _is(mine, e.council, e.asset)],
        claims=[_claimed(c) for c in posture.claims if _is(mine, c.council, c.asset)],
        results=[_result(register, r) for r in register.results("asset", row)],
        kept=[
            {"name": name, "value": s.value, "by": s.source, "source": _source(s.place)}
            for name, s in inventory.kept_of(register.loads, held.settings, register.files, council, str(asset))
        ],
        routes=[_route(r) for r in _routes(posture, mine)],
        disagreements=[
            {
                "fact": d.fact,
                "said": [
                    {"value": s.value, "by": s.source, "dated_on": s.dated_on, "source": _source(s.place)}
                    for s in d.said
                ],
            }
            for d in posture.disagreements
            if _is(mine, d.council, d.asset)
        ],
        joined=[
            {"also": j.also, "key": j.key, "sources": [_source(p) for p in j.places]}
            for j in posture.joins
            if _is(mine, j.council, j.asset)
        ],
        said={fact: _said(fact, said, posture.as_of) for fact, said in told.facts.items()},
        told_by=[
            {"by": n.source, "name": n.name, "key": n.key, "value": n.value, "sure": n.sure, "source": _source(n.place)}
            for n in (told.named if len(told.named) > 1 else ())
        ],
        maybe=list(register.estate.notes["maybe"].get(row, ())),
        why=_stands(found, shared),
        next=typed("explain", found[0].fingerprint) if found else typed("exposure", "--to", asset, "--council", council),
        warnings=[f"{file}: not as run {posture.run_id} read it; what it says now stands here" for file in sorted(touched)],
    )  # fmt: skip


def _said(fact: str, said: Sequence[Said], today: date) -> list[dict[str, Any]]:
    """What each source says of a fact, what is used first; how old each is, and why that one is used."""
    why = "the newest" if fact == "last_seen" else "the first source in secscan.yaml that says it"
    return [
        {
            "value": s.value, "by": s.source, "dated_on": s.dated_on, "age_days": s.dated_on and (today - s.dated_on).days,
            "source": _source(s.place), "used": not number, "why": None if number else why,
        }
        for number, s in enumerate(said)
    ]  # fmt: skip


def _is(mine: tuple[str, str], council: str, asset: str | None) -> bool:
    return asset is not None and mine == (council, asset.casefold())


def _stands(found: Sequence[FindingRow], shared: Sequence[FindingRow]) -> str:
    """How many of its findings are open, mitigated, accepted and not known."""
    if not found and not shared:
        return "no finding names it; an unknown that is kept by issue names 20 of its assets at most"
    counts = {
        word: sum(f.outcome == "fail" and f.status == word for f in found) for word in ("open", "mitigated", "accepted")
    }
    counts["unknown"] = sum(f.outcome == "unknown" for f in found) + len(shared)
    return ", ".join(f"{n} {word}" for word, n in counts.items() if n)


def _listed(register: _Register, row: int) -> list[dict[str, Any]]:
    """How much each list holds of the asset, with the first row that does."""
    facts = []
    for table, column, name in (("installs", "name", "software listed"), ("services", "port", "ports listed"),
                                ("fixes", "missing", "fixes listed")):  # fmt: skip
        frame = register.estate.frames[table]
        take = frame.columns["asset"].take  # of every row of these tables: the row of its asset
        mine = [] if take is None else np.flatnonzero(take == row).tolist()
        rows = [r for r in mine if frame.get(column, r) is not None]
        code = frame.place("", rows[0]) if rows else None
        facts.append(_fact(name, len(rows) or None, None if code is None else register.files.place(code)))
    return facts


def _result(register: _Register, row: int) -> Answer:
    """One result of another scanner, in its own words."""
    frame = register.estate.frames["results"]
    said = {name: frame.get(name, row) for name in _OF_RESULT}
    code = frame.place("", row)
    return {
        "council": frame.get("council", row), "asset": frame.get("asset", row), "hostname": frame.get("hostname", row),
        **said, "severity": frame.get("said_severity", row), "source": None if code is None else _source(register.files.place(code)),
    }  # fmt: skip


def _routes(posture: Posture, mine: tuple[str, str]) -> list[Route]:
    """Who can reach the asset, or may; each way once, though several of its products are asked about."""
    found = {
        (r.zone, r.port, r.direction): r
        for row in posture.legacy
        if _is(mine, row.council, row.asset)
        for r in row.routes
        if r.reach is not False or r.observed
    }
    return [found[key] for key in sorted(found)]


def _route(r: Route) -> Answer:
    return {
        "zone": r.zone, "port": r.port, "direction": r.direction, "reach": r.reach, "partly": r.partly,
        "observed": r.observed, "rule": r.rule, "reason": r.reason, "source": _source(r.place),
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------ a CVE


def _cve(register: _Register, subject: str, council: str | None) -> Answer | None:
    """What other scanners say of a CVE, device by device; None where no result names it."""
    cve = subject.upper()
    if not _CVE.fullmatch(subject):
        return None
    told = [_result(register, r) for r in register.results("cve", cve)]
    mine = [r for r in told if council in (None, r["council"])]
    if not mine:
        return None
    standing = [r for r in mine if r["open"]]
    devices = {(r["council"], r["asset"] or r["device"]) for r in standing}
    scanners = sorted({r["scanner"] for r in standing})
    first = next((r for r in mine if r["asset"]), None)
    said = (
        f"open on {len(devices)} device{'' if len(devices) == 1 else 's'}, by {', '.join(scanners)}"
        if standing
        else "every scanner that names it says it is fixed"
    )
    return _answer(
        {
            "id": cve,
            "council": council,
            "asset": None,
            "hostname": None,
            "title": f"{cve}, as other scanners report it",
        },
        results=mine,
        why=said,
        next=typed("explain", first["asset"], "--council", first["council"]) if first else typed("findings"),
    )


# ------------------------------------------------------------------------------------------------ nothing of that name


def _unknown(held: Workspace, posture: Posture, register: _Register, subject: str) -> str:
    """What to say of a name that nobody has: a claim or exception leads to its asset, else the likest names."""
    folded = subject.casefold()
    owned: list[ClaimRow | ExceptionRow] = [*posture.claims, *posture.exceptions]
    for row in owned:
        if row.id.casefold() == folded:
            what = "a claim about" if isinstance(row, ClaimRow) else "an exception for"
            return f"{row.id} is {what} {row.asset}: {typed('explain', row.asset, '--council', row.council)}"
    if any(f.fingerprint == subject for f in answers.listed(held, posture, closed=True)):
        return f"finding {subject} is closed; 'secscan findings --all' lists it with its dates"
    if _CVE.fullmatch(subject):
        return f"no result of another scanner that was given names {subject.upper()}; 'secscan findings' lists what is judged here"
    names = [*(c.id for c in posture.controls), *answers.names_of(register.estate)]
    near = answers.alike(subject, list(dict.fromkeys(names)))
    return f"no finding, control or asset is called '{subject}'{near or '; secscan findings lists them'}"
