"""What a feed is: what its documents look like, what they must hold, and the facts that are made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from secscan.doors import json
from secscan.model.errors import InputError
from secscan.model.places import Place


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
    fits: Callable[[Sample], bool]
    """Whether a file is of this feed, by its content alone."""
    read: Callable[[Sample], Document]
    """The document in a file that fits. Raises InputError with the first thing that is not as it must be."""
    facts: Callable[[Sequence[Source]], Any]
    """What is used of the documents held, as plain data: it is kept, so that a run need not read them."""
    form: int
    """The form of the facts: what is kept in another form is made anew."""
