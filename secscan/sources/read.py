"""Reads every source of the partnership as of one day, and says what could not be seen.

For each source the newest set at or before the day is read. One that is empty, or much smaller than the last that was
believed, is held: the set before it is read instead, and a gap says so. Nothing here is silent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from secscan.doors.validate import nearest
from secscan.model.errors import InputError, PolicyError, Problem
from secscan.model.places import Files, Place
from secscan.model.raw import NO_SHAPES, Accepted, Gap, Load, Shapes
from secscan.sources.exports import ExportFile, Exports, read_export
from secscan.sources.kinds import KINDS
from secscan.sources.one import read_file
from secscan.sources.sets import Entry, FileSet, find_sets, inside, pattern_problem, shown
from secscan.sources.templates import unmapped

if TYPE_CHECKING:
    from secscan.model.settings import Firewall, Limits, Settings, Source

Progress = Callable[[str], None]
"""Told the file that is read now."""
RULES_KIND = "secscan-rules"
"""The one kind of firewall export that is a table; makers' own formats are read by ``Exports``."""
SETTINGS_FILE = "secscan.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Everything read, and what is missing from it. A load that is held has no tables."""

    loads: tuple[Load, ...]
    gaps: tuple[Gap, ...]


def read(
    settings: Settings,
    root: Path,
    today: date,
    files: Files,
    accepted: Mapping[str, Accepted] | None = None,
    progress: Progress | None = None,
    places: Mapping[str, Place] | None = None,
    shapes: Shapes = NO_SHAPES,
    exports: Exports | None = None,
) -> Reading:
    """All sources and rule templates of the workspace ``root`` as of ``today``.

    ``accepted``: source or firewall id -> the export that the last run believed. ``places``: the same id -> where
    secscan.yaml speaks of it. ``shapes``: raw tables that packages add. ``exports``: reads makers' exports of firewalls,
    which are left out where nobody does. Raises PolicyError for sources that cannot be meant.
    """
    wanted = list(
        _wanted(settings, root, today, files, accepted or {}, progress or _untold, places or {}, shapes, exports)
    )
    loads: list[Load] = []
    gaps: list[Gap] = []
    for one in wanted:
        found, lacking = one.read()
        loads += found
        gaps += lacking
    return Reading(loads=tuple(loads), gaps=tuple(gaps))


def _wanted(
    settings: Settings, root: Path, today: date, files: Files, accepted: Mapping[str, Accepted], progress: Progress,
    places: Mapping[str, Place], shapes: Shapes, exports: Exports | None,
) -> Iterator[_Wanted]:  # fmt: skip
    entries = [
        (council.id, frozenset({council.name}), source, root / "inventory" / council.id)
        for council in settings.councils
        for source in council.sources
    ]
    entries += [
        ("", frozenset(), _as_source(firewall), root / "firewalls")
        for firewall in settings.firewalls
        if firewall.kind == RULES_KIND or exports is not None
    ]
    makers = frozenset(exports.kinds if exports is not None else ())
    firewalls = {firewall.id for firewall in settings.firewalls}
    problems = list(_problems([s for _, _, s, _ in entries], places, shapes, firewalls, makers))
    if problems:
        raise PolicyError(problems)
    for council, also_named, source, folder in entries:
        yield _Wanted(
            council=council, also_named=also_named, source=source, folder=folder, root=root, today=today, files=files,
            limits=settings.limits, believed=accepted.get(source.id), tell=progress,
            place=places.get(source.id, Place(SETTINGS_FILE)), shapes=shapes,
            exports=exports if source.kind in makers else None,
        )  # fmt: skip


def _untold(what: str) -> None:
    """For callers who do not watch."""


def _problems(
    sources: Iterable[Source], places: Mapping[str, Place], shapes: Shapes, firewalls: set[str], makers: frozenset[str]
) -> Iterator[Problem]:
    seen: set[str] = set()
    for source in sources:
        place = places.get(source.id, Place(SETTINGS_FILE))
        known = {RULES_KIND, *makers} if source.id in firewalls else KINDS
        if source.kind not in known:
            yield Problem(place=place, says=f"no reader is called '{source.kind}'{nearest(source.kind, known)}")
        if source.kind == "table" and (says := unmapped(source.table, shapes)):
            yield Problem(place=place, says=says)
        if says := pattern_problem(source.file):
            yield Problem(place=place, says=says)
        if source.id in seen:
            yield Problem(place=place, says=f"'{source.id}' names a source and a firewall; rename one of them")
        seen.add(source.id)


def _as_source(firewall: Firewall) -> Source:
    from secscan.model.settings import Source

    same = ("id", "kind", "file", "encoding", "delimiter", "dates", "max_age_days", "accept")
    return Source.model_validate({name: getattr(firewall, name) for name in same})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """One source, and all that is needed to read it."""

    council: str
    also_named: frozenset[str]
    source: Source
    folder: Path
    root: Path
    today: date
    files: Files
    limits: Limits
    believed: Accepted | None
    tell: Progress
    place: Place
    shapes: Shapes
    exports: Exports | None = None
    """Set for a maker's export of a firewall: whoever reads it."""

    def read(self) -> tuple[list[Load], list[Gap]]:
        """The newest set that can be believed, with every gap on the way to it."""
        where = f"{self.folder.relative_to(self.root).as_posix()}/"
        try:
            sets = find_sets(self.folder, self.source.file, self.today)
        except OSError as error:
            return [], [self.gap("unreadable", f"{where}: cannot be read: {error.strerror or error}", self.place)]
        if not sets:
            says = f"nothing named '{self.source.file}' in {where} at or before {self.today.isoformat()}"
            return [], [self.gap("missing", says, self.place)]
        held: list[Load] = []
        gaps: list[Gap] = []
        for number, fileset in enumerate(sets):
            older = sets[number + 1 :]
            loads, lacking = self.read_set(fileset, older)
            gaps += lacking
            if all(load.held for load in loads):
                held += loads
                continue
            why = self.hold(loads, fileset, older)
            if why is None:
                return held + loads, gaps + list(self.shortcomings(loads))
            gaps.append(self.gap("held", why, Place(loads[0].file)))
            held += [replace(load, held=why, tables={}, device=None) for load in loads]
        return held, gaps

    def read_set(self, fileset: FileSet, older: Sequence[FileSet]) -> tuple[list[Load], list[Gap]]:
        """The files of a set. One of several that fails is replaced by itself from an older set, where there is one."""
        if self.exports is not None:
            try:
                return self.export(fileset, self.exports), []
            except InputError as error:
                return [], [self.gap("unreadable", str(error), error.place)]
        loads: list[Load] = []
        gaps: list[Gap] = []
        several = len(fileset.entries) > 1
        for entry in fileset.entries:
            try:
                load = self.load(entry, self.files)
            except InputError as error:
                gaps.append(self.gap("unreadable", str(error), error.place))
            else:
                if load.rows_loaded or not several or self.is_accepted(load):
                    loads.append(load)
                    continue
                why = f"{load.file}: {_nothing(load)}"
                gaps.append(self.gap("held", why, Place(load.file)))
                loads.append(replace(load, held=why, tables={}))
            if several and (before := self.before(entry, older)):
                loads.append(before)
        return loads, gaps

    def export(self, fileset: FileSet, exports: Exports) -> list[Load]:
        """All files of a set as one export."""
        found = []
        for entry in fileset.entries:
            name = shown(entry.path, self.root)
            self.tell(name)
            inside(entry.path, self.root)
            found.append(ExportFile(path=entry.path, shown=name, dated_on=entry.dated_on))
        return read_export(self.source, found, self.limits, exports)

    def before(self, entry: Entry, older: Sequence[FileSet]) -> Load | None:
        """The newest older file of the same name that has rows."""
        for fileset in older:
            for candidate in fileset.entries:
                if candidate.name == entry.name:
                    try:
                        load = self.load(candidate, self.files)
                    except InputError:
                        continue
                    if load.rows_loaded:
                        return load
        return None

    def load(self, entry: Entry, files: Files) -> Load:
        name = shown(entry.path, self.root)
        self.tell(name)
        inside(entry.path, self.root)
        return read_file(
            entry.path, name, self.source, self.council, files, self.limits, self.today, entry.dated_on,
            also_named=self.also_named, shapes=self.shapes,
        )  # fmt: skip

    # -- what is believed

    def is_accepted(self, load: Load) -> bool:
        return _is_accepted(load, self.source)

    def hold(self, loads: Sequence[Load], fileset: FileSet, older: Sequence[FileSet]) -> str | None:
        """Why a set is not believed; None when it is."""
        if any(self.is_accepted(load) for load in loads):
            return None
        rows = sum(load.rows_loaded for load in loads if not load.held)
        if not rows and self.exports is None:  # a firewall without rules is whole: its defaults decide
            return _no_rows(loads[0])
        if any(load.incomplete for load in loads):
            return None  # what it lacks proves nothing anyway, and what it has is worth having
        before = self.reference(fileset, older)
        if before is None:
            return None
        number, day = before
        if (number - rows) * 100 <= number * self.limits.max_fall_percent:
            return None
        fall = (number - rows) * 100 // number
        return (
            f"{loads[0].file}: {rows:,} rows, {fall}% fewer than the {number:,} of {day.isoformat()} "
            f"(the limit is {self.limits.max_fall_percent}%); {_accept(loads[0])}"
        )

    def reference(self, fileset: FileSet, older: Sequence[FileSet]) -> tuple[int, date] | None:
        """Rows and day to hold a set against: what was believed last, else the set before it on disk."""
        last = self.believed
        if last is not None:
            return (last.rows, last.dated_on) if last.dated_on <= fileset.dated_on else None
        for before in older:
            if rows := self.rows(before):
                return rows, before.dated_on
        return None

    def rows(self, fileset: FileSet) -> int:
        """The rows of a set, as far as it can be read."""
        if self.exports is not None:
            try:
                return sum(load.rows_loaded for load in self.export(fileset, self.exports))
            except InputError:
                return 0
        rows = 0
        for entry in fileset.entries:
            try:
                rows += self.load(entry, Files()).rows_loaded
            except InputError:
                continue
        return rows

    # -- what is lacking

    def shortcomings(self, loads: Sequence[Load]) -> Iterator[Gap]:
        used = [load for load in loads if not load.held]
        limit = self.source.max_age_days or self.limits.source_max_age_days
        old = [load for load in used if (self.today - load.dated_on).days > limit]
        if old:
            oldest = min(old, key=lambda load: load.dated_on)
            days = (self.today - oldest.dated_on).days
            count = "" if len(used) == 1 else f"{len(old):,} of {len(used):,} files are too old; "
            says = f"{oldest.file}: {count}{days} days old ({oldest.dated_on.isoformat()}); the limit is {limit}"
            yield self.gap("silent", says, Place(oldest.file), stale=True)
        for load in used:
            if load.refused:
                first = load.refused[0]
                says = f"{load.file}:{first.line}: {load.rows_refused:,} of {load.rows_read:,} rows refused; the first: {first.reason}"
                yield self.gap("refused-rows", says, Place(load.file, first.line))
            if unread := load.unread:
                more = f" (and {len(unread) - 1:,} more such lines)" if len(unread) > 1 else ""
                yield self.gap("unread-values", f"{unread[0]}{more}", Place(load.file))
            if load.incomplete:
                yield self.gap("incomplete", load.incomplete, Place(load.file))

    def gap(self, why: str, says: str, place: Place, *, stale: bool = False) -> Gap:
        feeds = frozenset({"rules"}) if self.exports is not None else KINDS[self.source.kind].feeds(self.source)
        return Gap(
            council=self.council, source=self.source.id, tables=feeds, why=why,
            says=says, place_file=place.file, place_line=place.line, stale=stale,
        )  # fmt: skip


def why_held(load: Load, source: Source) -> str | None:
    """Why a file by itself is not believed: it gives no row, and nobody said that this is right. None: it is."""
    return _no_rows(load) if not load.rows_loaded and not _is_accepted(load, source) else None


def _is_accepted(load: Load, source: Source) -> bool:
    return any(load.sha256.startswith(prefix) for prefix in source.accept)


def _no_rows(load: Load) -> str:
    return f"{load.file}: {_nothing(load)}; {_accept(load)}"


def _accept(load: Load) -> str:
    return f"if that is right, add accept: [{load.sha256[:12]}] to the source"


def _nothing(load: Load) -> str:
    if load.rows_refused:
        return f"every one of its {load.rows_refused:,} rows was refused"
    return "it has no data rows"
