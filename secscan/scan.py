"""The whole journey on one page: read, settle, judge, record, publish. The only place where rooms meet to change anything."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from secscan import (
    __version__,
    engine,
    exposure,
    findings,
    history,
    inventory,
    knowledge,
    plugins,
    policy,
    render,
    sources,
    workspace,
)
from secscan.answers import catalogue_of, checks_of, feeds_of, patched
from secscan.doors import files as door
from secscan.doors import json
from secscan.history import results
from secscan.model.added import Added
from secscan.model.check import CheckSpec
from secscan.model.errors import UsageError
from secscan.model.estate import Estate
from secscan.model.findings import Judgement
from secscan.model.places import Files, Place
from secscan.model.policy import Control, Policy
from secscan.model.posture import Posture
from secscan.workspace import Workspace

Progress = Callable[[str, int, int], None]
LATEST: Final = "latest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned:
    """What a scan leaves: the result, and where it was published (None: not asked for)."""

    posture: Posture
    report: Path | None
    quarantine: Path | None
    """Where refused rows are kept; None: no row was refused."""


def scan(
    held: Workspace,
    today: date,
    *,
    now: Callable[[], datetime],
    progress: Progress,
    report: bool = True,
    folders: Sequence[Path] = (),
    allow_stale: bool = False,
) -> Scanned:
    """Scan a workspace as of a day: the record gains one run, and the report of it is published.

    ``folders``: checks beside those that the workspace names; ``allow_stale``: feeds past their hard age limit count
    all the same. Raises Busy while another run holds the workspace, and whatever a room refuses to go on with.
    """
    started = now()
    brand = workspace.brand(held)
    for written in ("state", "state/results", "state/quarantine", "reports"):
        door.stay_inside(held.root / written, held.root)
    with history.lock(held.root / "state", started), history.Store.open(_record(held), create=True) as store:
        _sweep(held.root)
        store.may_record(today)
        progress("reading the council's exports", 0, 0)
        added = plugins.find()
        files = Files()
        reading = sources.read(
            held.settings, held.root, today, files, store.accepted(),
            lambda file: progress(f"reading {file}", 1, 0), held.source_places, added.shapes,
            exposure.Makers(held.settings.firewalls),
        )  # fmt: skip
        checks = checks_of(held, folders, added)
        rules = policy.load(
            held.settings.policies, held.root, checks, [c.id for c in held.settings.councils],
            [z.id for z in held.settings.zones], today,
        )  # fmt: skip
        progress("recognising software", 0, 0)
        catalogue = catalogue_of(held, today, rules, allow_stale=allow_stale)
        feeds = feeds_of(held, today, rules)
        old = knowledge.feeds.amiss(feeds, allow_stale=allow_stale)
        rules = replace(rules, warnings=(*rules.warnings, *knowledge.unknown_names(catalogue, rules), *old))
        estate = inventory.settle(reading.loads, reading.gaps, held.settings, files, today, added.shapes)
        estate = knowledge.attach(estate, catalogue, rules)
        estate = patched(estate, held, rules, today, allow_stale=allow_stale)
        progress("following the firewall rules", 0, 0)
        past = store.runs()
        kept = [(run.as_of, claims) for run in past if isinstance(claims := run.facts.get("claims"), Mapping)]
        before: Any = kept[-1][1] if kept else {}
        used = {row.feed: row.sha256 for row in feeds if row.sha256}
        feeds = [replace(row, changed=bool(past) and _used(past[-1], row.feed) != row.sha256) for row in feeds]
        estate = exposure.attach(
            estate, held.settings, rules, exposure.devices(reading.loads, reading.gaps, held.settings, files, today),
            policy.ports_asked(rules, checks), held.source_places,
            {claim: known.get("rests") for claim, known in before.items()}, policy.forbidden(rules, checks),
        )  # fmt: skip
        estate = policy.attach(estate, rules)
        estate = plugins.build(estate, added.tables)
        progress("judging", 0, 0)
        estate, judgements = judge(estate, rules, checks, today, before)
        found, tallies = findings.settle(judgements, estate, rules, checks, today)
        measures = findings.measure(estate, held.settings, rules, judgements, found, tallies, _claim_states(estate))
        progress("recording", 0, 0)
        posture: list[Posture] = []
        raw: list[bytes] = []

        def keep(recorded: history.Recorded) -> str:
            """Called inside the record's transaction: the result is on disk before the run exists."""
            facts = findings.RunFacts(
                tool_version=__version__, run_id=recorded.run_id, as_of=today, previous_as_of=recorded.previous_as_of,
                previous_digest=recorded.previous_digest, clocked=recorded.clocked, changes=recorded.changes,
                trends=recorded.trends, claims=kept, catalogue_products=len(catalogue.products),
                catalogue_checked_on=catalogue.checked_on, feeds=feeds, date_disputes=catalogue.disputes,
            )  # fmt: skip
            posture.append(findings.assemble(held.settings, estate, rules, checks, judgements, tallies, facts, brand))
            raw.append(json.compact(posture[0]))
            return results.save(held.root / "state", recorded.run_id, raw[0])

        store.record(
            history.RunRecord(
                as_of=today, started_at=started, finished_at=now(), tool_version=__version__,
                complete=findings.is_complete(estate.gaps, judgements, feeds), policy_digest=rules.digest,
                rules_digest=_asked(rules, checks, added), findings=found,
                tallies=tallies, measures=measures, loads=estate.loads, gaps=estate.gaps,
                closing=_closing(findings.looked(estate, checks, judgements)),
                restate=findings.restated(estate, rules, today),
                facts={
                    "checks": {spec.id: spec.sha256 for spec in checks.values()},
                    **_brought(checks, added),
                    "claims": findings.standing(estate, before),
                    **({"feeds": used} if used else {}),
                    "rules": {c.id: _asked(rules, checks, added, c.id) for c in held.settings.councils},
                },
            ),
            keep,
        )  # fmt: skip
        folder = held.root / "state" / "quarantine" / posture[0].run_id
        quarantine = folder if sources.quarantine(reading.loads, folder) else None
        place = None
        if report:
            progress("publishing the report", 0, 0)
            place, _ = publish(held, posture[0], "team", None, raw[0])
        return Scanned(posture=posture[0], report=place, quarantine=quarantine)


def judge(
    estate: Estate, rules: Policy, checks: Mapping[str, CheckSpec], today: date, before: Any
) -> tuple[Estate, list[Judgement]]:
    """Every control judged. Claims come last: a claim may rest on another control's outcome.

    ``before``: how the claims stood in the run before.
    """
    over_claims = [c for c in rules.controls if c.check in checks and checks[c.check].table.table == "claims"]
    others = [c for c in rules.controls if c not in over_claims]
    first = engine.judge(estate, others, checks, today)
    estate = findings.dated(findings.judge_control_claims(estate, rules, first), before, today)
    return estate, [*first, *engine.judge(estate, over_claims, checks, today)]


def publish(
    held: Workspace,
    posture: Posture,
    edition: str,
    folder: Path | None,
    raw: bytes | None = None,
    *,
    xlsx: bool = False,
) -> tuple[Path, Sequence[Any]]:
    """The report of a result: where it is, and each file with its size.

    Built aside and put in place by one rename; ``reports/latest`` then points at it. With ``folder`` it goes
    there instead, which must not exist. ``xlsx``: with a workbook beside the CSV files. Raises UsageError when the
    folder is there, or the workbook's library is not.
    """
    reports = held.root / "reports"
    if folder is not None and folder.exists():
        raise UsageError(f"{folder} is there already; name a folder that is not")
    final = folder or reports / f"{posture.run_id}-{edition}"
    if folder is None:
        door.stay_inside(reports, held.root)
    door.make_folder(final.parent)
    staged = final.with_name(f".{final.name}.tmp")
    door.remove(staged)
    written = render.site(posture, staged, edition=edition, raw=raw, xlsx=xlsx)
    door.remove(final)
    door.publish(staged, final)
    written = [replace(item, path=final / item.path.relative_to(staged)) for item in written]
    if folder is None and edition == "team":
        door.point(reports / LATEST, final.name)
    return final, written


def _sweep(root: Path) -> None:
    """What a scan that was killed left half made is gone. The lock is held: nobody else is making anything there."""
    refused = root / "state" / "quarantine"
    for folder in (root / "reports", root / "state" / "results", *(refused.iterdir() if refused.is_dir() else ())):
        door.sweep(folder)


def _asked(rules: Policy, checks: Mapping[str, CheckSpec], added: Added, council: str | None = None) -> str:
    """SHA-256 over what is asked for; an exception, a claim or new wording asks for nothing else than before.

    ``council``: over what is asked of that one alone, whoever else it is asked of.
    """

    def code(check: str) -> str:
        if (spec := checks.get(check)) is None:
            return ""
        table = added.tables.get(spec.table.table)
        return spec.sha256 + (table.sha256 if table else "")

    def bare(c: Control) -> Control:
        scope = replace(c.scope, reason=None, place=Place(""))
        councils = c.councils if council is None else frozenset[str]()
        return replace(c, title="", text="", references=(), place=Place(""), scope=scope, councils=councils)

    controls = [(bare(c), code(c.check)) for c in rules.controls if council is None or council in c.councils]
    lowest = {product: version for product, (version, _) in rules.minimum_versions.items()}
    return door.sha256(json.canonical([controls, lowest, rules.free_extensions]))


def _brought(checks: Mapping[str, CheckSpec], added: Added) -> dict[str, Any]:
    """Which package and version each check and table came from, for the ledger; nothing where none did."""
    of_checks = {spec.id: str(spec.origin) for spec in checks.values() if spec.origin}
    of_tables = {name: {"package": str(one.origin), "sha256": one.sha256} for name, one in sorted(added.tables.items())}
    return {k: v for k, v in (("packages", of_checks), ("tables", of_tables)) if v}


def _closing(looked: findings.Looked) -> history.Closing:
    return history.Closing(
        tables=looked.tables,
        blocked=looked.blocked,
        controls=looked.controls,
        assets=looked.assets,
        undecided=looked.undecided,
    )


def _record(held: Workspace) -> Path:
    return results.record_of(held.root / "state")


def _used(run: history.Run, feed: str) -> str | None:
    """The digest of what a run used of a feed."""
    used = run.facts.get("feeds")
    return used.get(feed) if isinstance(used, Mapping) else None


def _claim_states(estate: Estate) -> dict[str, tuple[str, str]]:
    return {c.id: (c.council, c.state) for c in estate.notes.get("claims", ())}
