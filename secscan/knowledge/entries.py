"""A catalogue file as a person writes it, checked word for word (catalogue/README.md).

A cycle may be written short: a day (the last day of support), ``open-ended``, ``ended-undated``, or ``unknown``.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StringConstraints, model_validator

from secscan.knowledge import patterns
from secscan.model.settings import Id, Strict

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_NUMBERS = re.compile(r"\d+(?:\.\d+)*", re.ASCII)
_ADDRESS = re.compile(r"https://[a-z0-9.-]+/\S*", re.ASCII)

Text = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z0-9+#]+$")]


def _day(value: Any) -> Any:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f"'{value}' is not a day of the calendar") from None
    raise ValueError(f"'{value}' is not a day; write it as 2026-03-31")


def _numbers(value: str) -> str:
    if not _NUMBERS.fullmatch(value):
        raise ValueError(f"'{value}' is not a version of numbers and dots")
    return value


def _address(value: str) -> str:
    if not _ADDRESS.fullmatch(value):
        raise ValueError(f"'{value}' is not an https address")
    return value


def _pattern(value: str) -> str:
    if reason := patterns.problem(value):
        raise ValueError(f"the pattern '{value}' is refused: {reason}")
    return value


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Day = Annotated[date, BeforeValidator(_day)]
Numbers = Annotated[str, AfterValidator(_numbers)]
Address = Annotated[str, StringConstraints(max_length=300), AfterValidator(_address)]
Expression = Annotated[str, StringConstraints(strip_whitespace=False), AfterValidator(_pattern)]
Names = Annotated[tuple[Text, ...], BeforeValidator(_listed)]
Versions = Annotated[tuple[Numbers, ...], BeforeValidator(_listed)]
Kinds = Annotated[
    tuple[Literal["os_caption", "arp", "network", "service_banner", "dpkg", "rpm", "sbom", "none"], ...],
    BeforeValidator(_listed),
]


class CycleEntry(Strict):
    """One release line."""

    label: Text | None = None
    eol: Day | None = Field(None, description="The last day of security support for everybody.")
    support: Literal["open-ended", "ended-undated", "unknown"] | None = None
    extended: Day | None = Field(None, description="The last day of the vendor's extension.")
    names: Names = Field((), description="How names spell the line; absent: its id.")
    versions: Versions | None = Field(None, description="What its versions start with; absent: its id, if numbers.")
    from_: Numbers | None = Field(None, alias="from", description="Its lowest version.")
    below: Numbers | None = Field(None, description="It stands for everything older than this.")
    edition: Names = ()
    source: Address | None = None
    checked_on: Day | None = None
    note: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"eol": value} if value[:1].isdigit() else {"support": value}
        return value

    @model_validator(mode="after")
    def _one_statement(self) -> CycleEntry:
        if (self.eol is None) == (self.support is None):
            raise ValueError("a cycle says either 'eol' (a day) or 'support' (open-ended, ended-undated, unknown)")
        if self.extended is not None and (self.eol is None or self.extended < self.eol):
            raise ValueError("'extended' needs an 'eol' that is not later")
        return self


class PatternEntry(Strict):
    """A pattern, with what it holds for; written short it is the expression alone."""

    match: Expression
    kinds: Kinds | None = None
    cycle: Text | None = None
    publisher: Word | None = None
    version: Expression | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"match": value} if isinstance(value, str) else value


class EditionEntry(Strict):
    id: Id
    match: Expression


class ExtensionEntry(Strict):
    name: Text
    free: bool = False


class Defaults(Strict):
    """What holds for every entry of the file that does not say otherwise."""

    vendor: Text | None = None
    checked_on: Day | None = None
    evidence: Text | None = None
    ends: tuple[Word, ...] = ()


class ProductEntry(Strict):
    """One product."""

    label: Text
    vendor: Text | None = None
    category: Literal["os", "network", "server", "database", "language", "framework", "application"]
    scheme: Literal["dotted", "windows-build", "deb", "rpm", "pep440", "semver", "none"] = "dotted"
    source: Address
    checked_on: Day | None = None
    evidence: Text | None = None
    replaces: Id | None = Field(None, description="The shipped product that it stands in for; every run says so.")
    also: tuple[Id, ...] = ()
    words: tuple[Word, ...] = ()
    aliases: tuple[Text, ...] = ()
    ends: tuple[Word, ...] = Field((), description="What may follow an alias: ``client``, ``desktop``.")
    packages: tuple[PatternEntry, ...] = ()
    patterns: tuple[PatternEntry, ...] = ()
    not_: tuple[PatternEntry, ...] = Field((), alias="not")
    kinds: Kinds | None = None
    publishers: tuple[Word, ...] = ()
    reads: Literal["dotted", "windows", "java", "sqlserver"] = "dotted"
    prefers: Literal["name", "version"] | None = None
    release: Expression | None = None
    editions: tuple[EditionEntry, ...] = ()
    extension: ExtensionEntry | None = None
    cycles: dict[str, CycleEntry] = Field(default_factory=dict)
    note: Text | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> ProductEntry:
        if self.patterns and not self.words:
            raise ValueError("'patterns' need 'words': a name must hold one of them before they are tried")
        if not (self.patterns or self.aliases or self.packages):
            raise ValueError("a product needs 'aliases', 'patterns' or 'packages' to be recognised by")
        for name in (p.cycle for p in (*self.patterns, *self.packages) if p.cycle is not None):
            if name not in self.cycles:
                raise ValueError(f"a pattern names the cycle '{name}', which is not defined")
        known = {e.id for e in self.editions}
        for edition in (e for c in self.cycles.values() for e in c.edition):
            if edition not in known:
                raise ValueError(f"a cycle is for the edition '{edition}', which is not defined")
        if any(c.extended for c in self.cycles.values()) and self.extension is None:
            raise ValueError("cycles have 'extended' days, so the product needs an 'extension' with a name")
        return self


class HelperEntry(Strict):
    """Names of things that have no support life of their own."""

    label: Text
    words: tuple[Word, ...] = Field(min_length=1)
    patterns: tuple[PatternEntry, ...] = Field(min_length=1)


class NameEntry(Strict):
    """A name that the council says is a product's: exact, less processor, language and a version at its end."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=250)]
    product: Id = Field(description="Of the shipped catalogue, or of a file of the council's own.")
    publisher: Text | None = Field(None, description="Only where the publisher is given and holds this.")
    kind: Literal["os_caption", "arp", "network", "service_banner", "dpkg", "rpm", "sbom"] | None = None
    cycle: Text | None = Field(None, description="The release line that the name says by itself.")
    added_on: Day | None = None
    note: Text | None = None


class FileEntry(BaseModel):
    """A whole catalogue file."""

    model_config = Strict.model_config

    defaults: Defaults = Defaults()
    products: dict[Id, ProductEntry] = Field(default_factory=dict)
    helpers: dict[Id, HelperEntry] = Field(default_factory=dict)
    names: tuple[NameEntry, ...] = Field((), description="What the council says its lists mean.")
