"""The documents held of a feed, in the workspace's ``knowledge`` folder: ``feeds/FEED/held.json`` names them.

A document's file has its digest in its name and is never written again; ``held.json`` takes its place by one rename, so
that whoever reads finds the old documents or the new ones, and what was refused changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from secscan.doors import files as door
from secscan.doors import json
from secscan.knowledge.feeds.feed import Document, Feed, Sample, Source
from secscan.model.errors import InputError
from secscan.model.places import Place

FOLDER: Final = "knowledge/feeds"
INDEX: Final = "held.json"
_LIMIT: Final = 2_000 * door.MEGABYTE
"""What is held was under the limit when it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One document that is held."""

    part: str
    file: str
    sha256: str
    at: datetime
    said_at: datetime
    entries: int
    imported_on: date
    origin: str
    """The name of the file that it came in."""


@dataclass(frozen=True, kw_only=True)
class Held:
    """All that is held of a feed. ``facts`` are read only when they are asked for."""

    feed: Feed
    root: Path
    documents: tuple[Kept, ...]
    """The whole document first, where there is one."""
    entries: int
    facts_file: str
    facts_sha256: str
    facts_form: int
    _facts: list[Any] = field(default_factory=list)

    @property
    def dated_on(self) -> date:
        """The day of the whole document; without one, of the oldest part."""
        return (self.documents[0] if not self.documents[0].part else min(self.documents, key=lambda d: d.at)).at.date()

    @property
    def imported_on(self) -> date:
        return max(d.imported_on for d in self.documents)

    @property
    def origin(self) -> str:
        more = f" and {len(self.documents) - 1} more" if len(self.documents) > 1 else ""
        return f"{self.documents[0].origin}{more}"

    @property
    def sha256(self) -> str:
        """The document's digest; over the digests of all where there are several."""
        if len(self.documents) == 1:
            return self.documents[0].sha256
        return door.sha256(json.canonical([d.sha256 for d in self.documents]))

    def facts(self) -> Any:
        """What is used of the documents. Raises InputError where a document is not what was imported."""
        if not self._facts:
            self._facts.append(self._kept_facts() or made(self.feed, self.sources()))
        return self._facts[0]

    def _kept_facts(self) -> Any:
        """The facts as kept; None where they are of another form, damaged or gone, for then they are made anew."""
        if self.facts_form != self.feed.form:
            return None
        try:
            raw = door.read_bytes(_folder(self.root, self.feed) / self.facts_file, shown=self.facts_file, limit=_LIMIT)
            return json.loads(raw, self.facts_file) if door.sha256(raw) == self.facts_sha256 else None
        except InputError:
            return None

    def sources(self) -> list[Source]:
        return [Source(document=self.read(d), file=_shown(self.feed, d.file)) for d in self.documents]

    def read(self, kept: Kept) -> Document:
        """A document that is held. Raises InputError where it is not what was imported."""
        shown = _shown(self.feed, kept.file)
        raw = door.read_bytes(_folder(self.root, self.feed) / kept.file, shown=shown, limit=_LIMIT)
        if door.sha256(raw) != kept.sha256:
            raise InputError(Place(shown), "is not what was imported: its digest is another", _AGAIN)
        return self.feed.read(Sample(raw=raw, shown=shown))


_AGAIN: Final = "secscan feeds import FILE with the document"


def held(root: Path, feed: Feed) -> Held | None:
    """What the workspace ``root`` holds of a feed; None where it holds nothing. Raises InputError for a damaged index."""
    path, shown = _folder(root, feed) / INDEX, _shown(feed, INDEX)
    if not path.is_file():
        return None
    try:
        said = json.loads(door.read_bytes(path, shown=shown, limit=door.MEGABYTE), shown)
        documents = tuple(_kept(d) for d in said["documents"])
        facts = said["facts"]
        if not documents or not all(_plain(name) for name in (*(d.file for d in documents), str(facts["file"]))):
            raise ValueError
        return Held(
            feed=feed, root=root, documents=documents, entries=int(said["entries"]), facts_file=str(facts["file"]),
            facts_sha256=str(facts["sha256"]), facts_form=int(facts["form"]),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        raise InputError(Place(shown), "is not as it was written", _AGAIN) from None


def keep(root: Path, feed: Feed, before: Sequence[Kept], new: Kept, document: Document, raw: bytes) -> Held:
    """The document is held beside those of ``before``, and what nothing names any more is gone."""
    folder = _folder(root, feed)
    door.stay_inside(folder, root)
    door.make_folder(folder)
    door.write(folder / new.file, raw)
    documents = sorted((*before, new), key=lambda d: d.part)
    now = Held(
        feed=feed, root=root, documents=tuple(documents), entries=0, facts_file="", facts_sha256="", facts_form=0
    )
    sources = [
        Source(document=document if d is new else now.read(d), file=_shown(feed, d.file)) for d in documents
    ]  # fmt: skip
    facts = json.dumps(made(feed, sources), pretty=False).encode()
    digest = door.sha256(facts)
    entries = len({entry for source in sources for entry in source.document.counts})
    name = f"facts-{digest[:16]}.json"
    door.write(folder / name, facts)
    index = {
        "feed": feed.id, "entries": entries, "documents": [asdict(d) for d in documents],
        "facts": {"file": name, "sha256": digest, "form": feed.form},
    }  # fmt: skip
    door.write(folder / INDEX, json.dumps(index))
    _sweep(folder, {INDEX, name, *(d.file for d in documents)})
    found = held(root, feed)
    assert found is not None
    return found


def file_name(part: str, digest: str) -> str:
    return f"{part or 'whole'}-{digest[:16]}.json"


def made(feed: Feed, sources: Sequence[Source]) -> Any:
    """The facts of the documents as a reader of what is kept finds them."""
    return json.loads(json.dumps(feed.facts(sources), pretty=False).encode(), feed.id)


def _sweep(folder: Path, wanted: Iterable[str]) -> None:
    kept = set(wanted)
    for path in folder.iterdir():
        if path.name not in kept and path.suffix in (".json", ".tmp") and not path.is_dir():
            door.remove(path)


def _folder(root: Path, feed: Feed) -> Path:
    return root / FOLDER / feed.id


def _shown(feed: Feed, name: str) -> str:
    return f"{FOLDER}/{feed.id}/{name}"


def _plain(name: str) -> bool:
    return bool(name) and "/" not in name and "\\" not in name and not name.startswith(".")


def _kept(said: Mapping[str, Any]) -> Kept:
    return Kept(
        part=str(said["part"]), file=str(said["file"]), sha256=str(said["sha256"]),
        at=datetime.fromisoformat(said["at"]), said_at=datetime.fromisoformat(said["said_at"]), entries=int(said["entries"]),
        imported_on=date.fromisoformat(said["imported_on"]), origin=str(said["origin"]),
    )  # fmt: skip
