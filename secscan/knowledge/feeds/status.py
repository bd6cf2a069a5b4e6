"""How each feed stands on a day: what is held of it, how old that is, and what may rest on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from secscan.knowledge.catalogue import Catalogue
from secscan.knowledge.feeds.feed import Feed
from secscan.knowledge.feeds.intake import FEEDS
from secscan.knowledge.feeds.store import Held, held
from secscan.knowledge.widen import widen
from secscan.model.policy import FeedLimits
from secscan.model.posture import FeedRow
from secscan.model.words import FeedState


def standing(root: Path, limits: Mapping[str, FeedLimits], today: date) -> list[FeedRow]:
    """Every feed, held or not. Raises InputError where what is held is damaged."""
    return [_row(feed, held(root, feed), limits.get(feed.id, FeedLimits()), today) for feed in FEEDS.values()]


def widened(
    catalogue: Catalogue, root: Path, limits: Mapping[str, FeedLimits], today: date, *, allow_stale: bool = False
) -> Catalogue:
    """The catalogue with what the workspace holds of lifecycle dates; as it was where that is nothing.

    Past its hard age limit what a feed says of support is unknown, but for ``allow_stale``.
    """
    found = facts_of("endoflife", root, limits, today, allow_stale=allow_stale)
    return catalogue if found is None else widen(catalogue, "endoflife", found[0], trusted=found[1])


def facts_of(
    feed: str, root: Path, limits: Mapping[str, FeedLimits], today: date, *, allow_stale: bool = False
) -> tuple[Any, bool] | None:
    """The facts that the workspace holds of a feed, and whether they are not past its hard age limit; None: none held."""
    if (found := held(root, FEEDS[feed])) is None:
        return None
    return found.facts(), allow_stale or _state(found, limits.get(feed, FeedLimits()), today) != "too-old"


def amiss(rows: Sequence[FeedRow], *, allow_stale: bool = False) -> list[str]:
    """A sentence for each feed that is old, or lacking though policy requires it."""
    return [says for row in rows if (says := _amiss(row, allow_stale))]


def _amiss(row: FeedRow, allow_stale: bool) -> str | None:
    old = f"{row.label}: the document held is {row.age_days} days old"
    match row.state:
        case "missing" if row.required:
            return f"{row.label}: policy requires it, and none was imported; secscan feeds import FILE"
        case "stale":
            return f"{old}; fetch a newer one and import it: secscan feeds import FILE"
        case "too-old" if allow_stale:
            return f"{old}, past its limit, and was used all the same (--allow-stale)"
        case "too-old":
            return f"{old}, past its limit: {FEEDS[row.feed].lapsed}; secscan feeds import FILE"
    return None


def _row(feed: Feed, found: Held | None, limits: FeedLimits, today: date) -> FeedRow:
    return FeedRow(
        feed=feed.id, label=feed.label, state="missing" if found is None else _state(found, limits, today),
        dated_on=found.dated_on if found else None, fetched_on=found.imported_on if found else None,
        age_days=(today - found.dated_on).days if found else None, entries=found.entries if found else None,
        sha256=found.sha256 if found else None, source=feed.source, origin=found.origin if found else None,
        licence=feed.licence, notice=feed.notice, required=limits.required,
    )  # fmt: skip


def _state(found: Held, limits: FeedLimits, today: date) -> FeedState:
    age = (today - found.dated_on).days
    return "too-old" if age > limits.too_old_days else "stale" if age > limits.stale_days else "fresh"
