"""Takes a file into the feed that it is of, or says in one line why not: then what is held stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from secscan.doors import archive, json
from secscan.doors import files as door
from secscan.doors.terminal import safe
from secscan.knowledge.feeds import builds, endoflife, epss, kev, msrc, store
from secscan.knowledge.feeds.feed import Document, Feed, Sample
from secscan.knowledge.feeds.store import Held, Kept
from secscan.model.policy import FeedLimits

FEEDS: Final[Mapping[str, Feed]] = {
    feed.id: feed for feed in (endoflife.FEED, kev.FEED, epss.FEED, builds.FEED, msrc.FEED)
}
"""Every feed there is, in the order in which they are shown."""
_HTML: Final = (b"<!doctype", b"<html", b"<head", b"<body")
_AHEAD: Final = timedelta(days=1)
"""A publisher's day may have begun before ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """One document that was taken, or would be."""

    feed: Feed
    shown: str
    document: Document
    sha256: str
    already: bool
    """The same document is held."""
    gone: tuple[str, ...] = ()
    """Entries that the document held before has and this one lacks."""
    first: bool = False


def take(
    root: Path, path: Path, limits: Callable[[str], FeedLimits], today: date, *, file_mb: int, dry_run: bool
) -> list[Taken]:
    """The documents in a file, each held from now on but for a dry run.

    ``limits``: of a feed. Raises InputError for what is no document of a feed, or none that may take the place of what
    is held. Of several documents in one archive, those before the refused one are held.
    """
    shown = safe(path)
    limit = file_mb * door.MEGABYTE
    found = []
    for sample in _samples(door.read_bytes(path, shown=shown, limit=limit), shown, limit):
        feed = _recognised(sample)
        document = feed.read(sample)
        found.append(_taken(root, feed, sample, document, limits(feed.id), today, path.name, dry_run=dry_run))
    return found


def _taken(
    root: Path, feed: Feed, sample: Sample, document: Document, limits: FeedLimits, today: date, name: str, *, dry_run: bool
) -> Taken:  # fmt: skip
    now = store.held(root, feed)
    digest = door.sha256(sample.raw)
    if now is not None and any(d.sha256 == digest for d in now.documents):
        return Taken(feed=feed, shown=sample.shown, document=document, sha256=digest, already=True)
    if document.at.date() > today + _AHEAD:
        raise sample.refuse(f"is dated {document.at.date()}, which has not come yet", "check this machine's clock")
    gone = () if now is None else _not_behind(sample, feed, document, now, limits)
    if not dry_run:
        new = Kept(
            part=document.part, file=store.file_name(document.part, digest), sha256=digest, at=document.at,
            said_at=document.said_at, entries=len(document.counts), imported_on=today, origin=safe(name, 100),
        )  # fmt: skip
        store.keep(root, feed, _beside(document, now), new, document, sample.raw)
    return Taken(
        feed=feed, shown=sample.shown, document=document, sha256=digest, already=False, gone=gone, first=now is None
    )


def _not_behind(sample: Sample, feed: Feed, document: Document, now: Held, limits: FeedLimits) -> tuple[str, ...]:
    """What the document lacks of those that it takes the place of. Raises InputError where it is older, or far smaller."""
    about = [d for d in now.documents if d.part == document.part]
    if not about and document.part:  # an entry by itself, that the whole document may have too
        about = [d for d in now.documents if not d.part and document.part in now.read(d).counts]
    if not about:
        return ()
    if document.at < about[0].at:
        raise sample.refuse(
            f"is older ({document.at.date()}) than what is held ({about[0].at.date()})", "the newer one is kept"
        )
    counts = now.read(about[0]).counts
    before = {document.part: counts[document.part]} if document.part else dict(counts)
    least = 100 - limits.max_fall_percent
    sums = (
        (len(before), len(document.counts), feed.noun),
        (sum(before.values()), sum(document.counts.values()), "entries"),
    )
    for then, here, noun in sums:
        if here * 100 < then * least:
            raise sample.refuse(
                f"has {here:,} {noun} and what is held has {then:,}: a fall of more than {limits.max_fall_percent}%",
                f"what is held is kept; if the fall is real, raise feeds.{feed.id}.max_fall_percent in the policy",
            )
    return tuple(sorted(before.keys() - document.counts.keys()))


def _beside(document: Document, now: Held | None) -> list[Kept]:
    """Of what is held, what the document does not take the place of."""
    if now is None:
        return []
    if document.part:
        return [d for d in now.documents if d.part != document.part]
    return [d for d in now.documents if d.part and d.at > document.at]


def _recognised(sample: Sample) -> Feed:
    """The feed that a file is of, by its content. Raises InputError with what it is instead."""
    if not sample.raw.strip():
        raise sample.refuse("is empty", "fetch it again")
    if sample.raw.lstrip()[:9].lower().startswith(_HTML):
        raise sample.refuse("is a web page, not a feed's document", "perhaps one that asks to log in; fetch it again")
    fitting = [feed for feed in FEEDS.values() if feed.fits(sample)]
    if len(fitting) == 1:
        return fitting[0]
    if sample.data is None:
        json.loads(sample.raw, sample.shown)  # says where it ends or breaks
    known = ", ".join(f"{feed.label}: {feed.source}" for feed in FEEDS.values())
    raise sample.refuse("is no document of a feed that can be read", f"there are {known}")


def _samples(data: bytes, shown: str, limit: int) -> Iterator[Sample]:
    """The file itself, or what is in it where it is packed."""
    if data[:2] == b"\x1f\x8b":
        yield Sample(raw=archive.gunzip(data, shown, limit), shown=shown)
    elif data[:4] in (b"PK\x03\x04", b"PK\x05\x06"):
        opened = archive.inspect(data, shown)
        members = [name for name in opened.members if not name.endswith("/") and not name.startswith("__MACOSX/")]
        if not members:
            raise Sample(raw=b"", shown=shown).refuse("is a ZIP archive that holds nothing")
        for name in members:
            yield Sample(raw=opened.whole(name, limit), shown=f"{shown}[{safe(name, 80)}]")
    else:
        yield Sample(raw=data, shown=shown)
