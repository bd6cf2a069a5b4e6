"""Questions to what is already known: beside ``scan``, the only other place where rooms meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any

from secscan import engine, history, inventory, knowledge, plugins, policy, sources
from secscan import exposure as firewalls
from secscan.doors.validate import nearest
from secscan.engine.find import expression
from secscan.engine.words import why, would_turn
from secscan.history import results
from secscan.model.added import Added
from secscan.model.check import CheckSpec, Params
from secscan.model.errors import InputError, PolicyError, UsageError
from secscan.model.expr import columns_of
from secscan.model.frame import Frame
from secscan.model.net import Answer
from secscan.model.places import Files, Place
from secscan.model.posture import ControlRow, FindingRow, Posture
from secscan.model.settings import Firewall, Limits, Source
from secscan.model.tables import TABLES, TableSpec
from secscan.workspace import Workspace

STATE = "state"


def record(held: Workspace) -> Path:
    return results.record_of(held.root / STATE)


def known_council(held: Workspace, council: str) -> None:
    """Raises UsageError, with the nearest name, for a council that the workspace does not have."""
    ids = [c.id for c in held.settings.councils]
    if council not in ids:
        raise UsageError(f"no council '{council}'{nearest(council, ids)}; there are {', '.join(ids)}")


def runs(held: Workspace) -> list[dict[str, Any]]:
    """Every recorded run, oldest first: run_id, as_of, complete, digest and when it ran."""
    if not record(held).is_file():
        return []
    with history.Store.open(record(held), create=False) as store:
        return [
            {
                "run_id": r.run_id, "as_of": r.as_of, "complete": r.complete, "digest": r.digest,
                "started_at": r.started_at, "tool_version": r.tool_version, "posture_sha256": r.posture_sha256,
            }
            for r in store.runs()
        ]  # fmt: skip


def last(held: Workspace, as_of: date | None = None) -> Posture:
    """The newest run's result, or the newest at or before a day. Raises UsageError where there is none."""
    known = [r for r in runs(held) if as_of is None or r["as_of"] <= as_of]
    if not known:
        raise UsageError(
            "nothing has been scanned yet" if as_of is None else f"no run as of {as_of} or before; 'secscan runs list'"
        )
    return results.load(held.root / STATE, known[-1]["run_id"], known[-1]["posture_sha256"])


def result(held: Workspace, run_id: str) -> Posture:
    """One run's result. Raises UsageError for a run that is not recorded."""
    known = {r["run_id"]: r for r in runs(held)}
    if run_id not in known:
        raise UsageError(f"no run '{run_id}'{nearest(run_id, known) or '; secscan runs list'}")
    return results.load(held.root / STATE, run_id, known[run_id]["posture_sha256"])


def listed(held: Workspace, posture: Posture, *, closed: bool) -> list[FindingRow]:
    """The findings of a result, gravest and most overdue first; closed ones after them where asked for."""
    ranks = {"critical": 0, "high": 1, "medium": 2, "low": 3}
    rows = sorted(
        posture.findings,
        key=lambda f: (f.outcome != "fail", f.status != "open", ranks[f.severity], not f.overdue, f.due, f.fingerprint),
    )
    if not closed:
        return rows
    with history.Store.open(record(held), create=False) as store:
        return rows + store.closed_findings(posture.run_id)


def checks_of(
    held: Workspace | None, folders: Sequence[Path] = (), added: Added | None = None
) -> Mapping[str, CheckSpec]:
    """The shipped checks, those that installed packages bring, those of the workspace and those in ``folders``.

    ``added``: what packages bring, where the caller knows it already.
    """
    known = plugins.find() if added is None else added
    own = [held.root / f for f in held.settings.policies.checks] if held else []
    each = {folder.resolve(): folder for folder in (*own, *folders)}  # named twice is one folder
    return engine.find_checks([*known.checks, *each.values()], tables=known.specs)


def tables() -> dict[str, type[TableSpec]]:
    """Every table that a check may judge: ours, and those that installed packages add."""
    return {**TABLES, **plugins.find().specs}


def lint(held: Workspace, today: date, folders: Sequence[Path] = ()) -> policy.Linted:
    """What is wrong with, or loosened in, everything that the workspace's policy is made of."""
    settings = held.settings
    try:
        found = policy.load(
            settings.policies, held.root, checks_of(held, folders), [c.id for c in settings.councils],
            [z.id for z in settings.zones], today,
        )  # fmt: skip
    except PolicyError as error:
        return policy.Linted(problems=error.problems, warnings=(), loosened=())
    catalogue = knowledge.load_catalogue([(held.root / f, f) for f in settings.policies.catalogue])
    warnings = (*found.warnings, *knowledge.unknown_names(catalogue, found))
    return policy.Linted(problems=(), warnings=warnings, loosened=tuple(found.loosened))


def exposure(
    held: Workspace, from_: str | None, to: str, port: str, council: str | None, today: date
) -> tuple[list[Answer], list[str]]:
    """Who reaches an asset or address by the newest firewall exports, and what could not be read of them.

    An asset with several addresses gives answers for each. Raises UsageError for what is neither asset nor address.
    """
    to, from_ = _plain(to), None if from_ is None else _plain(from_)
    files = Files()
    shapes = plugins.find().shapes
    reading = sources.read(held.settings, held.root, today, files, places=held.source_places, shapes=shapes)
    rules = firewalls.rule_lists(reading.loads, held.settings, files, today)
    zones = firewalls.zone_sets(held.settings)
    warnings = [g.says for g in reading.gaps if "rules" in g.tables] + [w for one in rules for w in one.warnings]
    if _is_address(to):
        return firewalls.ask(rules, zones, from_, to, port, council=council), warnings
    estate = inventory.settle(reading.loads, reading.gaps, held.settings, files, today, shapes)
    assets = estate.frames["assets"]
    row = _registered(assets, to, council)
    if row is None:
        near = nearest(to, [str(a) for a in assets.columns["asset"]])
        raise UsageError(f"'{to}' is neither an address nor an asset in the register{near}")
    asset = (assets.get("council", row), assets.get("asset", row))
    addresses = estate.addresses.get(asset, ())
    if not addresses:
        raise UsageError(f"the register gives no address for '{to}'")
    zone = assets.get("zone", row)
    found = [
        answer
        for address in addresses
        for answer in firewalls.ask(rules, zones, from_, address, port, council=asset[0], zone=zone)
    ]
    return found, warnings


def exposure_of_config(
    config: Path, kind: str | None, default: str | None, from_: str | None, to: str, port: str, today: date
) -> list[Answer]:
    """The same by one export alone. Raises InputError when it cannot be read as rules."""
    to, from_ = _plain(to), None if from_ is None else _plain(from_)
    files = Files()
    told, words = (kind, "as you said") if kind else sources.recognise_kind(config, str(config))
    if told != "secscan-rules":
        what = f"is {told} ({words})" if told else words
        if kind is None:
            raise InputError(Place(str(config)), f"{what}; no firewall rules can be read from it")
        raise UsageError(f"--as '{kind}' is not a kind of firewall export that can be read; secscan-rules is")
    source = Source.model_validate({"id": "config", "as": told, "file": config.name})
    load = sources.read_file(
        config, shown=config.name, source=source, council="", files=files, limits=Limits(), today=today, dated_on=today
    )
    firewall = Firewall.model_validate(
        {"id": "config", "as": told, "file": config.name, "zones": ["any"], "default": default}
    )
    return firewalls.ask_config(firewalls.rule_list(load, firewall, files, today, False), from_, to, port)


def _registered(assets: Frame, name: str, council: str | None) -> int | None:
    """The row of the asset with this id or host name; None where there is none. Raises UsageError for several councils'."""
    fitting = [
        row
        for row in range(assets.rows)
        if name.casefold() in (str(assets.get("asset", row)).casefold(), str(assets.get("hostname", row)).casefold())
        and council in (None, assets.get("council", row))
    ]
    if len(owners := sorted({assets.get("council", row) for row in fitting})) > 1:
        raise UsageError(f"'{name}' is an asset of {' and of '.join(owners)}; say which with --council")
    return fitting[0] if fitting else None


def _plain(text: str) -> str:
    """An IPv4 address that is written as IPv6 (``::ffff:10.0.0.1``) as what it is; anything else as it stands."""
    try:
        mapped = ip_address(text)
    except ValueError:
        return text
    inner = mapped.ipv4_mapped if isinstance(mapped, IPv6Address) else None
    return text if inner is None else str(inner)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def explain(
    held: Workspace, posture: Posture, subject: str, council: str | None, folders: Sequence[Path] = ()
) -> dict[str, Any]:
    """Why a finding, a control or an asset stands as it does, each fact with the place that says so.

    ``folders``: checks beside those that the workspace names. Raises UsageError when nothing of that name is known, or when several councils have such an asset.
    """
    for finding in posture.findings:
        if finding.fingerprint == subject:
            return _explain_finding(checks_of(held, folders), posture, finding)
    controls = [c for c in posture.controls if c.id.casefold() == subject.casefold()]
    if controls:
        return _explain_control(posture, controls)
    fitting = [
        f
        for f in posture.findings
        if subject.casefold() in ((f.asset or "").casefold(), (f.hostname or "").casefold()) and f.asset is not None
    ]
    owners = sorted({f.council for f in fitting})
    if council is not None:
        fitting = [f for f in fitting if f.council == council]
    elif len(owners) > 1:
        raise UsageError(f"'{subject}' is an asset of {' and of '.join(owners)}; say which with --council")
    if fitting:
        return _explain_asset(posture, subject, fitting)
    if sound := _explain_sound(held, posture, subject, council):
        return sound
    names = [*(c.id for c in posture.controls), *(f.asset for f in posture.findings if f.asset)]
    raise UsageError(
        f"no finding, control or asset is called '{subject}'{nearest(subject, names) or ''}; 'secscan findings' lists them"
    )


def _source(place: Place | None) -> dict[str, Any] | None:
    return None if place is None else {"file": place.file, "line": place.line}


def _rule(control: ControlRow | None) -> dict[str, Any] | None:
    if control is None:
        return None
    return {
        "id": control.id, "title": control.title, "text": control.text, "file": control.place.file,
        "line": control.place.line, "severity": control.severity, "check": control.check, "params": control.params,
        "references": control.references,
    }  # fmt: skip


def _explain_finding(checks: Mapping[str, CheckSpec], posture: Posture, f: FindingRow) -> dict[str, Any]:
    control = next((c for c in posture.controls if c.id == f.control and f.council in c.councils), None)
    facts = [
        {"name": name, "value": value, "source": _source(f.evidence_places.get(name) or _told_by(name, f))}
        for name, value in f.evidence.items()
    ]
    decided, turn = _decision(checks, posture, f, control)
    return {
        "subject": {
            "fingerprint": f.fingerprint, "title": f.title, "council": f.council, "asset": f.asset,
            "hostname": f.hostname, "subject": f.subject, "outcome": f.outcome, "status": f.status,
            "severity": f.severity, "count": f.count, "first_seen": f.first_seen, "due": f.due, "overdue": f.overdue,
            "sources": [_source(p) for p in f.sources],
        },
        "control": _rule(control),
        "facts": [*facts, *({"name": "source row", "value": str(p), "source": _source(p)} for p in f.sources)],
        "exception": _exception(posture, f),
        "mitigation": _mitigation(posture, f),
        "why": decided,
        "would_pass_if": turn,
        "fix": f.fix,
    }  # fmt: skip


def _told_by(name: str, f: FindingRow) -> Place | None:
    """For what counts the rows of a finding, the first of them."""
    return f.sources[0] if name in ("assets", "missing", "rows") and f.sources else None


def _decision(
    checks: Mapping[str, CheckSpec], posture: Posture, f: FindingRow, control: ControlRow | None
) -> tuple[str, str]:
    """In words: what decided, and what would turn it. Worked out again from the evidence kept."""
    spec = checks.get(f.check)
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


def _exception(posture: Posture, f: FindingRow) -> dict[str, Any] | None:
    found = next((e for e in posture.exceptions if e.id == f.exception), None)
    if found is None:
        return None
    says = f"{found.id}, accepted by {found.approver} until {found.until}: {found.reason}"
    return {
        "id": found.id, "until": found.until, "owner": found.owner, "approver": found.approver,
        "reason": found.reason, "source": _source(found.place), "says": says,
    }  # fmt: skip


def _mitigation(posture: Posture, f: FindingRow) -> dict[str, Any] | None:
    found = next((c for c in posture.claims if c.id == f.mitigation), None)
    if found is None:
        return None
    return {
        "id": found.id, "state": found.state, "reason": found.reason, "rule": _source(found.rule_place),
        "source": _source(found.place), "says": f"{found.id} is {found.state}: {found.reason}",
    }  # fmt: skip


def _explain_control(posture: Posture, controls: Sequence[ControlRow]) -> dict[str, Any]:
    control = controls[0]
    outcomes: dict[str, Any] = {}
    for variant in controls:
        outcomes |= variant.outcomes
    facts = [
        {"name": f"{council}: {word}", "value": n, "source": _source(control.place)}
        for council, counts in sorted(outcomes.items())
        for word, n in counts.items()
    ]
    findings = [f for f in posture.findings if f.control == control.id and f.outcome == "fail"]
    return {
        "subject": {"id": control.id, "title": control.title, "councils": sorted(outcomes), "findings": len(findings)},
        "control": _rule(control),
        "facts": facts,
        "exception": None,
        "mitigation": None,
        "why": f"disabled: {control.disabled}" if control.disabled else None,
        "would_pass_if": None,
        "fix": f"secscan findings --control {control.id}",
    }


def _explain_sound(held: Workspace, posture: Posture, subject: str, council: str | None) -> dict[str, Any] | None:
    """An asset that no finding names, as its register has it; None where no register has it."""
    files = Files()
    shapes = plugins.find().shapes
    reading = sources.read(held.settings, held.root, posture.as_of, files, places=held.source_places, shapes=shapes)
    estate = inventory.settle(reading.loads, reading.gaps, held.settings, files, posture.as_of, shapes)
    assets = estate.frames["assets"]
    row = _registered(assets, subject, council)
    if row is None:
        return None
    said = {name: assets.get(name, row) for name in ("council", "asset", "hostname")}
    places = {name: assets.place(name, row) for name in assets.columns}
    return {
        "subject": {"id": said["asset"], **said},
        "control": None,
        "facts": [
            {"name": name, "value": assets.get(name, row), "source": _source(files.place(code))}
            for name, code in places.items()
            if code is not None and assets.get(name, row) is not None
        ],
        "findings": [],
        "exception": None,
        "mitigation": None,
        "why": "no finding names it; what is not known is kept by issue, and an issue names no more than 20 assets",
        "would_pass_if": None,
        "fix": f"secscan findings --council {said['council']} --status unknown",
    }


def _explain_asset(posture: Posture, subject: str, findings: Sequence[FindingRow]) -> dict[str, Any]:
    first = findings[0]
    sources = {p: None for f in findings for p in f.sources}
    return {
        "subject": {"id": first.asset, "council": first.council, "asset": first.asset, "hostname": first.hostname},
        "control": None,
        "facts": [
            *({"name": n, "value": v, "source": None} for n, v in (("owner", first.owner), ("service", first.service))),
            *({"name": "source row", "value": str(p), "source": _source(p)} for p in sources),
        ],
        "findings": [
            {"fingerprint": f.fingerprint, "control": f.control, "status": f.status, "title": f.title} for f in findings
        ],
        "exception": None,
        "mitigation": None,
        "why": f"{len(findings)} findings are about it",
        "would_pass_if": None,
        "fix": f"secscan explain {first.fingerprint}",
    }


__all__ = ["checks_of", "explain", "known_council", "last", "listed", "record", "result", "runs", "tables"]
