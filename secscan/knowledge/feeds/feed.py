"""What a feed is: what its documents look like, what they must hold, and the facts that are made of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from secscan.doors import json
from secscan.doors.terminal import safe
from secscan.model.errors import InputError
from secscan.model.places import Place

if TYPE_CHECKING:
    from pydantic import ValidationError

_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A file as it came, unpacked."""

    raw: bytes
    shown: str
    """Its name as messages write it."""

    @cached_property
    def data(self) -> Any:
        """What it holds as JSON; None where it is none. ``refused`` then says why."""
        try:
            return json.loads(self.raw, self.shown)
        except InputError:
            return None

    def refuse(self, reason: str, hint: str = "") -> InputError:
        return InputError(Place(self.shown), reason, hint)


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One document that passed its feed's checks."""

    part: str
    """What of the feed it is: '' the whole of it, else the one entry that it is about."""
    at: datetime
    """When its publisher made it, with a time zone: a document does not go back behind the one that is held."""
    said_at: datetime
    """How new what it says is; not later than ``at``."""
    counts: Mapping[str, int]
    """Entry -> how much there is of it."""
    content: Any
    """As the feed reads it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A document with the file that it is kept in, as places name it."""

    document: Document
    file: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """One feed of public knowledge."""

    id: str
    label: str
    source: str
    """The address where it is published."""
    licence: str
    notice: str
    """What its publisher asks to be said, or whom to thank."""
    noun: str
    """What its entries are, in the plural."""
    lapsed: str
    """What no longer holds once it is past its hard age limit."""
    fits: Callable[[Sample], bool]
    """Whether a file is of this feed, by its content alone."""
    read: Callable[[Sample], Document]
    """The document in a file that fits. Raises InputError with the first thing that is not as it must be."""
    facts: Callable[[Sequence[Source]], Any]
    """What is used of the documents held, as plain data: it is kept, so that a run need not read them."""
    form: int
    """The form of the facts: what is kept in another form is made anew."""


def day(said: Any) -> date:
    """A day as year-month-day. Raises ValueError for all else."""
    if isinstance(said, str) and _DAY.fullmatch(said):
        return date.fromisoformat(said)
    raise ValueError("is no day")


def moment(said: Any) -> datetime:
    """A time in ISO form, UTC where it names no zone. Raises ValueError for all else."""
    if not isinstance(said, str):
        raise ValueError("is no time")
    found = datetime.fromisoformat(said)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def wrong(error: ValidationError) -> str:
    """The first thing that is not as a document's schema says, and where it stands."""
    item = error.errors(include_url=False)[0]
    at = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).lstrip(".")
    if item["type"] == "missing":
        return f"is not as its schema says: {at} is missing"
    return f"is not as its schema says: {at} is {safe(repr(item['input']), 60)}"
