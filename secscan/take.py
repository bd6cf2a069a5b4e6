"""Takes exports into a workspace: reads each as a scan would, stores it under today's date and binds it to its council."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from fnmatch import fnmatchcase
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from secscan import exposure, plugins, sources, workspace
from secscan.doors import files as door
from secscan.doors.terminal import safe
from secscan.model.errors import InputError, UsageError
from secscan.model.places import Files, Place
from secscan.model.raw import Load, Shapes
from secscan.model.settings import Source
from secscan.workspace import Workspace

if TYPE_CHECKING:
    from secscan.knowledge import feeds

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9._-]+")
_LISTS: Final = ("dpkg", "rpm", "snap", "osquery")
RULES: Final = "secscan-rules"
MAP_HINT: Final = "say which of its columns is which: --as table --table assets --map asset_tag='Asset No' --map hostname='Device name'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One file: what was read of it, how surely its kind was told, and where it is now."""

    load: Load
    surely: str
    stored: Path | None
    """None: a dry run."""
    already: str | None = None
    """The same bytes were held already, here."""
    new_source: str | None = None
    """The id of the source that was added for it."""
    replaced: str | None = None
    """Where the file is now that had its name before, on the same day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How the person wants the files to be read."""

    council: str
    kind: str | None = None
    asset: str | None = None
    table: str | None = None
    map: Mapping[str, str] | None = None
    encoding: str | None = None
    delimiter: str | None = None
    dates: str | None = None
    dry_run: bool = False


def take(
    held: Workspace, paths: Sequence[Path], asked: Asked, today: date
) -> tuple[list[Taken], list[InputError]]:  # fmt: skip
    """Every file read and, but for a dry run, stored; and why others were refused whole.

    Raises UsageError where what was asked makes no sense for a file. What was taken before stays.
    """
    workspace.known_council(held, asked.council)
    shapes = plugins.find().shapes
    if asked.table is not None and (says := sources.unmapped(asked.table, shapes)):
        raise UsageError(f"--table: {says}")
    taken: list[Taken] = []
    refused: list[InputError] = []
    for path in paths:
        try:
            one = _take(held, path, asked, today, shapes)
        except InputError as error:
            refused.append(error)
            continue
        if one.new_source:
            held = workspace.load(held.root)
        taken.append(one)
    return taken, refused


def take_feeds(
    held: Workspace, paths: Sequence[Path], today: date, now: datetime, *, dry_run: bool
) -> tuple[list[feeds.Taken], list[InputError]]:
    """Every document of a feed that was taken, and why other files were refused; what was held of those stays.

    Raises Busy while a run holds the workspace: it rests on what is held.
    """
    from secscan import history, policy  # heavy, and an export of 200 MB is imported without them
    from secscan.knowledge import feeds
    from secscan.model.policy import FeedLimits

    limits = policy.feed_limits(held.settings.policies, held.root, [c.id for c in held.settings.councils])
    taken: list[feeds.Taken] = []
    refused: list[InputError] = []
    with history.lock(held.root / "state", now):
        for path in paths:
            try:
                taken += feeds.take(
                    held.root, path, lambda feed: limits.get(feed, FeedLimits()), today,
                    file_mb=held.settings.limits.file_mb, dry_run=dry_run,
                )  # fmt: skip
            except InputError as error:
                refused.append(error)
    return taken, refused


def _take(held: Workspace, path: Path, asked: Asked, today: date, shapes: Shapes) -> Taken:
    kind, surely = _kind(path, asked, held)
    name = _free_name(held, asked.council, _safe_name(_called(held, path.name, kind, asked)), kind)
    source, new = _source(held, name, kind, asked)
    rules = _of_firewalls(kind)
    if kind in exposure.KINDS:
        file = sources.ExportFile(path=path, shown=str(path), dated_on=today)
        (load,) = sources.read_export(source, [file], held.settings.limits, exposure.Makers())
    else:
        load = sources.read_file(
        path, shown=str(path), source=source, council="" if rules else asked.council, files=Files(),
        limits=held.settings.limits, today=today, dated_on=today, also_named=_names(held, asked.council),
        shapes=shapes,
        )  # fmt: skip
        if why := sources.why_held(load, source):
            load = replace(load, held=why)
    folder = held.root / "firewalls" if rules else held.root / "inventory" / asked.council
    if rules and new:
        load = replace(load, warnings=(*load.warnings, _no_firewall(name)))
    elsewhere = () if rules else [c.id for c in held.settings.councils if c.id != asked.council]
    for other in elsewhere:
        if found := _same_bytes(held.root / "inventory" / other, load):
            says = f"{load.file}: '{other}' has the same file as {door.shown(found, held.root)}; is it of '{asked.council}'?"
            load = replace(load, warnings=(*load.warnings, says))
    if already := _same_bytes(folder, load):
        return Taken(load=load, surely=surely, stored=already, already=door.shown(already, held.root))
    if asked.dry_run:
        return Taken(load=load, surely=surely, stored=None)
    day = folder / today.isoformat()
    stored = day / (_own_name(held, day, name, source, load) if _one_each(kind) else name)
    before = _store(path, stored, held, load)
    new = new and not rules
    if new:
        workspace.add_source(held.root, asked.council, _written(source))
    return Taken(
        load=replace(load, file=door.shown(stored, held.root)),
        surely=surely,
        stored=stored,
        new_source=source.id if new else None,
        replaced=door.shown(before, held.root) if before else None,
    )


def _kind(path: Path, asked: Asked, held: Workspace) -> tuple[str, str]:
    """What the file is and how surely. Raises InputError, saying what it looks like, where no reader takes it."""
    if asked.kind is not None:
        return asked.kind, "as you said"
    shown = safe(path)
    if asked.table or asked.map:
        return "table", "by the columns that you named"
    limit = held.settings.limits.file_mb * door.MEGABYTE
    kind, words = sources.recognise_kind(path, shown, limit, asked.encoding, asked.delimiter)
    if kind in ("", "table"):
        data = door.read_bytes(path, shown=shown, limit=limit)
        if not sources.is_packed(data):  # what is wrong with an archive was told above
            found = exposure.recognise([exposure.ConfigFile(data=data, shown=shown)])
            if found.kind:
                return found.kind, found.words
    if not kind:
        raise InputError(Place(shown), words)
    if kind == "table":
        raise InputError(Place(shown), words.partition(";")[0].replace("possible: ", "is "), MAP_HINT)
    return kind, words


def _of_firewalls(kind: str) -> bool:
    return kind == RULES or kind in exposure.KINDS


def _one_each(kind: str) -> bool:
    return kind in sources.KINDS and sources.KINDS[kind].one_each


def _no_firewall(name: str) -> str:
    return (
        f"{name}: these rules answer nothing yet; name the file under 'firewalls' in secscan.yaml, with the zones "
        "that the device stands between"
    )


def _fits(name: str, pattern: str) -> bool:
    return fnmatchcase(name, pattern.rsplit("/", 1)[-1]) and "/" not in pattern


def _called(held: Workspace, name: str, kind: str, asked: Asked) -> str:
    """The file's name, or one by which the source for all files of its kind finds it."""
    council = held.settings.council(asked.council)
    fitting = [s for s in council.sources if s.kind == kind and _fits(name, s.file)] if council else []
    if not _one_each(kind) or fitting:
        return name
    return f"{kind}-{name.removeprefix(f'{kind}-')}"


def _own_name(held: Workspace, folder: Path, name: str, source: Source, load: Load) -> str:
    """The name, or one of its own where the file of that day and name is another machine's."""
    first, dot, rest = name.partition(".")
    names = (name, *(f"{first}-{number}{dot}{rest}" for number in range(2, 1000)))
    return next((free for free in names if not _of_another(held, folder / free, source, load)), name)


def _of_another(held: Workspace, path: Path, source: Source, load: Load) -> bool:
    if not path.is_file():
        return False
    try:
        other = sources.read_file(
            path, shown=safe(path.name), source=source, council=load.council, files=Files(),
            limits=held.settings.limits, today=load.dated_on, dated_on=load.dated_on, shapes=plugins.find().shapes,
        )  # fmt: skip
    except InputError:
        return False
    ours, theirs = _machines(load), _machines(other)
    return bool(ours and theirs and not ours & theirs)


def _machines(load: Load) -> frozenset[str]:
    """The machines that a file describes, as it calls them."""
    assets = load.tables.get("assets")
    return frozenset(filter(None, assets.columns["device_id"])) if assets is not None else frozenset()


def _free_name(held: Workspace, council: str, name: str, kind: str) -> str:
    """The name to store the file under: never one that a source of another kind would take for its own."""
    found = held.settings.council(council)
    others = [s.file for s in found.sources if s.kind != kind] if found and not _of_firewalls(kind) else []
    free, number = name, 1
    while any(_fits(free, pattern) for pattern in others) and number < 100:
        free, number = f"{kind}{'' if number == 1 else f'-{number}'}-{name}", number + 1
    return free


def _source(held: Workspace, name: str, kind: str, asked: Asked) -> tuple[Source, bool]:
    """The source that the file belongs to, and whether it is new."""
    council = held.settings.council(asked.council)
    assert council is not None
    if _of_firewalls(kind):
        for firewall in held.settings.firewalls:
            if firewall.kind == kind and _fits(name, firewall.file):
                same = ("id", "kind", "file", "encoding", "delimiter", "dates")
                return Source.model_validate({field: getattr(firewall, field) for field in same}), False
    for source in council.sources:
        if source.kind == kind and _fits(name, source.file):
            return source, False
    taken = {s.id for c in held.settings.councils for s in c.sources}
    fields: dict[str, Any] = {"id": _free_id(asked.council, name, taken), "as": kind, "file": name}
    if _one_each(kind):
        fields |= {"id": _free_id(asked.council, kind, taken), "file": f"{kind}-*"}
    if kind in _LISTS:
        fields["asset"] = "{stem}"
    if kind == "table":
        if not asked.table or not asked.map:
            raise UsageError(f"'table' needs to know its columns; {MAP_HINT}")
        fields |= {"table": asked.table, "map": dict(asked.map)}
    fields |= {k: v for k in ("asset", "encoding", "delimiter", "dates") if (v := getattr(asked, k)) is not None}
    try:
        return Source.model_validate(fields), True
    except ValidationError as error:
        raise UsageError(_wrong(error)) from None


def _wrong(error: ValidationError) -> str:
    """The first thing that cannot be, in the words of the option that said it."""
    item = error.errors(include_url=False)[0]
    option = {"as": "--as", "kind": "--as"}.get(str(item["loc"][0]), f"--{item['loc'][0]}")
    return f"{option} '{safe(item['input'], 60)}': {item['msg'][0].lower()}{item['msg'][1:]}"


def _names(held: Workspace, council: str) -> frozenset[str]:
    """What a 'council' column may call it, besides its id."""
    found = held.settings.council(council)
    return frozenset({found.name}) if found else frozenset()


def _written(source: Source) -> dict[str, Any]:
    """The source as a person would write it in secscan.yaml: what is default is left out."""
    return source.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _free_id(council: str, name: str, taken: set[str]) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", name.rsplit(".", 1)[0].casefold()).strip("-")[:30] or "file"
    wanted = f"{council}-{stem}"[:60]
    number = 2
    free = wanted
    while free in taken:
        free, number = f"{wanted}-{number}", number + 1
    return free


def _safe_name(name: str) -> str:
    """A file name that means nothing to a shell, a glob or a browser."""
    clean = _UNSAFE.sub("_", name).strip("._")[-100:]
    return clean or "export"


def _same_bytes(folder: Path, load: Load) -> Path | None:
    """A file of the folder with the bytes that were read. One that cannot be read is not it."""
    for path in sorted(folder.glob("**/*")) if folder.is_dir() else ():
        with suppress(OSError, InputError):
            if path.is_file() and not path.is_symlink() and path.stat().st_size == load.size:
                with door.in_pieces(path, shown=path.name) as pieces:
                    if pieces.sha256() == load.sha256:
                        return path
    return None


def _store(path: Path, stored: Path, held: Workspace, load: Load) -> Path | None:
    """Put the file in its place. What was there is kept beside it under a name that no source matches: this one.

    Raises InputError when it is no longer the file that was read.
    """
    shown = safe(path)
    door.stay_inside(stored.parent, held.root)
    door.make_folder(stored.parent)
    kept = next(free for n in count(1) if not (free := stored.with_name(f"{stored.name}.replaced-{n}")).exists())
    replaces = stored.exists()
    with door.in_pieces(path, shown=shown) as pieces:

        def is_ours() -> None:
            if pieces.sha256() != load.sha256:
                raise InputError(Place(shown), "changed while it was read", "import it again when it is complete")
            if replaces:
                door.publish(stored, kept)

        door.copy(pieces, stored, is_ours)
    return kept if replaces else None
