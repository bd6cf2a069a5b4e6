"""Questions to what is already known. They change nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from typing import Any, Final

from secscan import engine, history, inventory, knowledge, plugins, policy, sources, workspace
from secscan import exposure as firewalls
from secscan.doors import files as door
from secscan.doors.terminal import safe
from secscan.doors.validate import nearest
from secscan.findings.registers import exceptions as register_of_exceptions
from secscan.history import results
from secscan.knowledge import feeds
from secscan.model.added import Added
from secscan.model.check import CheckSpec
from secscan.model.errors import InputError, PolicyError, Problem, UsageError
from secscan.model.estate import Estate
from secscan.model.net import Answer
from secscan.model.places import Files, Place
from secscan.model.policy import FeedLimits, Policy
from secscan.model.posture import ExceptionRow, FeedRow, FindingRow, Posture
from secscan.model.settings import Firewall, Limits, Source
from secscan.model.tables import TABLES, TableSpec
from secscan.workspace import Workspace

STATE = "state"
TABLE: Final = "secscan-rules"
"""Our own template of rules."""
known_council = workspace.known_council
Way = firewalls.Way
ANY_WAY: Final = Way()
_LIKE: Final = 75.0
"""How like, in hundredths, a name must be to be suggested."""


def record(held: Workspace) -> Path:
    return results.record_of(held.root / STATE)


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


def rules_of(held: Workspace, today: date, folders: Sequence[Path] = ()) -> Policy:
    """The policy in force. Raises PolicyError with every problem in its files."""
    settings = held.settings
    return policy.load(
        settings.policies, held.root, checks_of(held, folders), [c.id for c in settings.councils],
        [z.id for z in settings.zones], today,
    )  # fmt: skip


def catalogue_of(
    held: Workspace | None, today: date, rules: Policy | None = None, *, allow_stale: bool = False
) -> knowledge.Catalogue:
    """What is shipped, what the council adds to it, and what the feeds that the workspace holds do.

    ``rules``: the policy in force, where the caller knows it already. Raises PolicyError, and InputError for a feed
    that is not what was imported.
    """
    if held is None:
        return knowledge.load_catalogue()
    own = knowledge.load_catalogue([(held.root / f, f) for f in held.settings.policies.catalogue])
    if not any(feeds.held(held.root, feed) for feed in feeds.FEEDS.values()):
        return own
    return feeds.widened(own, held.root, _limits(held, rules), today, allow_stale=allow_stale)


def patched(estate: Estate, held: Workspace, rules: Policy | None, today: date, *, allow_stale: bool = False) -> Estate:
    """The estate with what the workspace's feeds say of fixes that are missing, and of vulnerabilities that are exploited."""
    limits = _limits(held, rules)

    def facts(feed: str) -> tuple[Any, bool] | None:
        return feeds.facts_of(feed, held.root, limits, today, allow_stale=allow_stale)

    updates = facts("msrc")
    msrc = updates[0] if updates is not None and updates[1] else None
    if (builds := facts("windows-builds")) is not None:
        estate = knowledge.attach_builds(estate, builds[0], trusted=builds[1], msrc=msrc)
    known = {feed: found for feed in knowledge.KNOWN_BY if (found := facts(feed)) is not None}
    return knowledge.attach_exploited(estate, known, msrc["updates"] if msrc else None)


def feeds_of(held: Workspace, today: date, rules: Policy | None = None) -> list[FeedRow]:
    """How each feed stands on a day."""
    return feeds.standing(held.root, _limits(held, rules), today)


def _limits(held: Workspace, rules: Policy | None) -> Mapping[str, FeedLimits]:
    if rules is not None:
        return rules.feeds
    return policy.feed_limits(held.settings.policies, held.root, [c.id for c in held.settings.councils])


def lint(held: Workspace, today: date, folders: Sequence[Path] = ()) -> policy.Linted:
    """What is wrong with, or loosened in, everything that the workspace's policy is made of."""
    problems = _brand_problems(held)
    try:
        found = rules_of(held, today, folders)
        catalogue = catalogue_of(held, today, found)
    except PolicyError as error:
        return policy.Linted(problems=(*problems, *error.problems), warnings=(), loosened=())
    warnings = (*found.warnings, *knowledge.unknown_names(catalogue, found))
    return policy.Linted(problems=problems, warnings=warnings, loosened=tuple(found.loosened))


def _brand_problems(held: Workspace) -> tuple[Problem, ...]:
    try:
        workspace.brand(held)
    except PolicyError as error:
        return error.problems
    return ()


def lint_files(
    files: Sequence[Path], held: Workspace | None, today: date, folders: Sequence[Path] = ()
) -> policy.Linted:
    """The same for files by themselves: of policy, and of a council's own products."""
    own = [file for file in files if knowledge.is_catalogue(file)]
    linted = policy.lint([file for file in files if file not in own], checks_of(held, folders), today)
    if held is not None and any(f.resolve() == (held.root / workspace.SETTINGS).resolve() for f in files):
        linted = replace(linted, problems=(*linted.problems, *_brand_problems(held)))
    try:
        replaced = knowledge.load_catalogue([(file, str(file)) for file in own]).replaced
    except PolicyError as error:
        return replace(linted, problems=(*linted.problems, *error.problems))
    return replace(linted, warnings=(*linted.warnings, *replaced))


def exceptions(held: Workspace, today: date) -> list[tuple[ExceptionRow, list[FindingRow] | None]]:
    """Every exception as the files say it today, overdue first, each with the failures that it speaks about.

    Whether one is overdue hangs on the day alone; what it matches is told by the last run. None: nothing was scanned yet.
    """
    posture = last(held, today) if any(r["as_of"] <= today for r in runs(held)) else None
    failures: dict[tuple[str, str, str], list[FindingRow]] = {}
    for f in posture.findings if posture else ():
        if f.outcome == "fail" and f.asset is not None:
            failures.setdefault((f.control, f.council, f.asset.casefold()), []).append(f)
    found: list[tuple[ExceptionRow, list[FindingRow] | None]] = []
    for row in register_of_exceptions(rules_of(held, today), posture.findings if posture else (), today):
        about = failures.get((row.control, row.council, row.asset.casefold()), ())
        met = [f for f in about if row.subject in (None, f.subject)] if posture else None
        state = "unused" if met == [] else "in-force"
        found.append((replace(row, state=state) if row.state in ("in-force", "unused") else row, met))
    return found


def exports(held: Workspace, today: date, files: Files) -> tuple[sources.Reading, Callable[[], Estate]]:
    """What the exports say as of a day, read as a scan would; and, for whoever needs it, settled into one estate."""
    shapes = plugins.find().shapes
    reading = sources.read(
        held.settings, held.root, today, files, places=held.source_places, shapes=shapes,
        exports=firewalls.Makers(held.settings.firewalls),
    )  # fmt: skip
    return reading, lambda: inventory.settle(reading.loads, reading.gaps, held.settings, files, today, shapes)


def names_held(held: Workspace, today: date) -> Counter[tuple[Any, Any, Any, Any]]:
    """Each (name, version, publisher, kind) in the exports as of a day, with how many rows have it; nothing is settled."""
    reading, _ = exports(held, today, Files())
    found: Counter[tuple[Any, Any, Any, Any]] = Counter()
    for load in reading.loads:
        for table, columns, kind in (
            ("software", ("name", "version", "publisher", "kind"), None),
            ("assets", ("os", "os_version"), "os_caption"),
        ):
            if (raw := load.tables.get(table)) is not None:
                told = Counter(zip(*(raw.columns.get(c) or [None] * raw.rows for c in columns), strict=True))
                for row, n in told.items():
                    if row[0]:
                        found[row if kind is None else (*row, None, kind)] += n
    return found


def exposure(
    held: Workspace, from_: str | None, to: str, port: str, council: str | None, today: date
) -> tuple[list[Answer], list[str]]:
    """Who reaches an asset or address by the newest firewall exports, and what could not be read of them.

    An asset with several addresses gives answers for each. Raises UsageError for what is neither asset nor address.
    """
    to, from_ = _plain(to), None if from_ is None else _plain(from_)
    files = Files()
    reading, settled = exports(held, today, files)
    devices = firewalls.devices(reading.loads, reading.gaps, held.settings, files, today)
    zones = firewalls.zone_sets(held.settings)
    warnings = [g.says for g in reading.gaps if "rules" in g.tables] + [w for one in devices for w in one.warnings]
    if _is_address(to):
        owner, tag = _whose(settled, to, council) if any(one.host for one in devices) else (council, "")
        return firewalls.ask(devices, zones, from_, to, port, council=owner, asset=tag), warnings
    estate = settled()
    assets = estate.frames["assets"]
    row = registered(estate, to, council)
    if row is None:
        near = alike(to, names_of(estate))
        raise UsageError(f"'{to}' is neither an address nor an asset in the register{near}")
    asset = (assets.get("council", row), assets.get("asset", row))
    addresses = estate.addresses.get(asset, ())
    if not addresses:
        raise UsageError(f"the register gives no address for '{to}'")
    zone = assets.get("zone", row)
    found = [
        answer
        for address in addresses
        for answer in firewalls.ask(devices, zones, from_, address, port, council=asset[0], zone=zone, asset=asset[1])
    ]
    return found, warnings


def _whose(settled: Callable[[], Estate], address: str, council: str | None) -> tuple[str | None, str]:
    """The council and the id of the asset that has an address; the council as it was, and no id, where none has."""
    estate = settled()
    row = registered(estate, address, council)
    if row is None:
        return council, ""
    assets = estate.frames["assets"]
    return assets.get("council", row), assets.get("asset", row)


def exposure_of_config(
    configs: Sequence[Path], kind: str | None, default: str | None, from_: str | None, to: str, port: str, today: date,
    way: Way = ANY_WAY, part: str | None = None,
) -> tuple[list[Answer], list[str]]:  # fmt: skip
    """The same by one export alone, of one file or several. ``way``: the chain and the interfaces that it is about;
    ``part``: which of several devices in it.

    Raises InputError when the files cannot be read as the rules of one device.
    """
    to, from_ = _plain(to), None if from_ is None else _plain(from_)
    told = kind or _kind_of(configs)
    wall = Firewall.model_validate(
        {"id": "config", "as": told, "file": configs[0].name, "zones": ["any"], "default": default, "part": part}
    )
    source = Source.model_validate({"id": wall.id, "as": told, "file": wall.file})
    if told in firewalls.KINDS:
        files = [sources.ExportFile(path=path, shown=str(path), dated_on=today) for path in configs]
        loads = sources.read_export(source, files, Limits(), firewalls.Makers([wall]))
        (device,) = (load.device for load in loads if load.device is not None)
        warnings = [*(w for load in loads for w in load.warnings), *device.warnings]
        return firewalls.ask_config(device, from_, to, port, way), warnings
    if told != TABLE:
        known = ", ".join((TABLE, *firewalls.KINDS))
        raise UsageError(f"--as '{kind}' is not a kind of firewall export that can be read; there are {known}")
    if len(configs) > 1:
        raise UsageError(f"an export in our own template is one file; {len(configs)} are named")
    places = Files()
    load = sources.read_file(
        configs[0], shown=str(configs[0]), source=source, council="", files=places, limits=Limits(), today=today,
        dated_on=today,
    )  # fmt: skip
    device = firewalls.from_table(load, wall, places, today)
    return firewalls.ask_config(device, from_, to, port, way), [*load.warnings, *device.warnings]


def _kind_of(configs: Sequence[Path]) -> str:
    """What the files of an export are, by what stands in them. Raises InputError where no reader takes them."""
    limit = Limits().file_mb * door.MEGABYTE
    found = firewalls.recognise(
        [
            firewalls.ConfigFile(data=door.read_bytes(path, shown=str(path), limit=limit), shown=safe(str(path)))
            for path in configs
        ]
    )
    if found.kind:
        return found.kind
    told, words = sources.recognise_kind(configs[0], str(configs[0]))
    if told == TABLE:
        return told
    what = f"is {told} ({words})" if told else words
    raise InputError(Place(str(configs[0])), f"{what}; no firewall rules can be read from it")


def registered(estate: Estate, name: str, council: str | None) -> int | None:
    """The row of the asset with this id, host name, full name, serial number or address; None where there is none.

    An id goes before a name. Raises UsageError where the name means several assets.
    """
    assets, wanted = estate.frames["assets"], name.casefold()
    for columns in (("asset",), ("hostname", "fqdn", "serial"), ("addresses",)):
        fitting = {
            row
            for column in columns
            if (found := assets.columns.get(column)) is not None
            for row, value in enumerate(found)
            if value is not None
            and (wanted in str(value).split(";") if column == "addresses" else str(value).casefold() == wanted)
            and council in (None, assets.get("council", row))
        }
        owners = sorted({assets.get("council", row) for row in fitting})
        if len(owners) > 1:
            raise UsageError(f"'{name}' is an asset of {' and of '.join(owners)}; say which with --council")
        if len(fitting) > 1:
            ids = ", ".join(sorted(str(assets.get("asset", row)) for row in fitting)[:5])
            raise UsageError(f"'{name}' means {len(fitting)} assets of {owners[0]}; name one by its id: {ids}")
        if fitting:
            return fitting.pop()
    return None


def names_of(estate: Estate) -> list[str]:
    """Every id and host name in the register, each once."""
    assets = estate.frames["assets"]
    return list(dict.fromkeys(str(v) for c in ("asset", "hostname") for v in assets.columns[c] if v is not None))


def alike(word: str, known: Sequence[str]) -> str:
    """``; did you mean 'A', 'B' or 'C'?`` for names that look like ``word``, the likest first; else nothing."""
    from rapidfuzz import fuzz, process

    near = process.extract(word, known, scorer=fuzz.ratio, processor=str.casefold, score_cutoff=_LIKE, limit=3)
    quoted = [f"'{safe(name, 80)}'" for name, _, _ in near]
    if not quoted:
        return ""
    return f"; did you mean {' or '.join(filter(None, (', '.join(quoted[:-1]), quoted[-1])))}?"


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
