"""Policy files as a person writes them: policy and overlay, exceptions, mitigations.

Pydantic models, so that editors get a JSON Schema from the same words. What follows from several files together
(unknown controls, councils, zones, overlays) is settled in ``resolve`` and ``decisions``.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    WithJsonSchema,
)

from secscan.model.settings import Id, Settings, Strict, Words
from secscan.model.words import Enough, Severity, Theme, Unknowns

MAX_DAYS = 3650
"""No window of a policy is longer than ten years; more is a slip of the finger."""

MAX_ENTRIES = 2000
"""The most that any one list or map of a file may hold."""


_SWITCH_WORDS = frozenset(("yes", "no", "on", "off", "true", "false", "y", "n", "none"))
_PORT = re.compile(r"any|(tcp|udp)/(0|[1-9][0-9]{0,4})")


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,99}", text):
        raise ValueError(f"'{text}' cannot be an id; use letters, digits, '.', '-', '_' and '/'")
    return text


def _days(value: object) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,3}) days?", value.strip()) if isinstance(value, str) else None
    if found is None or int(found[1]) > MAX_DAYS:
        raise ValueError(f"{value!r} is not a number of days from 1 to {MAX_DAYS}; write for example '90 days'")
    return int(found[1])


def _day(value: object) -> date:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value.strip()):
        try:
            return date.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(f"{value!r} is not a day of the calendar") from None
    raise ValueError(f"{value!r} is not a day; write it as year-month-day, for example 2026-06-30")


def _reason_or_false(value: object) -> object:
    if value is False or (isinstance(value, str) and value.strip().lower() not in {"", *_SWITCH_WORDS}):
        return value
    raise ValueError(
        f"'disabled' is {value!r}; give the reason in words, or write false to switch the control on again"
    )


def _list(value: object) -> object:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{value!r} is not a list; write [{value}]")
    return value


def as_port(text: str) -> str:
    """``text``, where it is proto/port or any. Raises ValueError for anything else."""
    if not _PORT.fullmatch(text) or (text != "any" and int(text.split("/")[1]) > 65535):
        raise ValueError(f"'{text}' is not a port; write for example tcp/445, udp/161, or any")
    return text


def _product(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,62}", text):
        raise ValueError(f"'{text}' is not a product's id; it is written in lower case, as in the catalogue")
    return text


def _version(text: str) -> str:
    if text != "none" and not re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z.:+~_-]{0,63}", text):
        raise ValueError(f"'{text}' is not a version; write for example \"1.10\", or none to ask for none")
    return text


Name = Annotated[str, AfterValidator(_name)]
Prose = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Listed = Annotated[tuple[Words, ...], BeforeValidator(_list), Field(min_length=1)]
Ids = Annotated[tuple[Id, ...], BeforeValidator(_list), Field(min_length=1)]
Day = Annotated[date, BeforeValidator(_day)]
Due = Annotated[
    int,
    BeforeValidator(_days),
    WithJsonSchema({"type": "string", "pattern": "^[1-9][0-9]{0,3} days?$", "examples": ["90 days"]}),
]
Disabled = Annotated[
    str | bool,
    BeforeValidator(_reason_or_false),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "minLength": 1}, {"const": False}], "description": "The reason, in words."}
    ),
]
Product = Annotated[str, AfterValidator(_product)]
Version = Annotated[str, AfterValidator(_version)]


class Page(Strict):
    """A policy key has one spelling: the one in the file."""

    model_config = ConfigDict(populate_by_name=False)


class ScopePart(Page):
    """Columns and the values they may have."""

    council: Ids | None = None
    type: Listed | None = None
    zone: Ids | None = None
    service: Listed | None = None
    criticality: Annotated[tuple[Severity, ...], BeforeValidator(_list), Field(min_length=1)] | None = None
    product: Listed | None = None


class ScopeEntry(ScopePart):
    """The rows a control speaks about."""

    excluded: ScopePart | None = Field(None, alias="not", description="Rows it does not speak about.")


class ControlEntry(Page):
    """One control. In an overlay, a known id changes only the fields that are given; a new id must be complete."""

    id: Name = Field(description="For example LEG-01.")
    check: Words | None = Field(None, description="The check it puts to work; 'secscan checks list' names them.")
    title: Words | None = None
    text: Prose | None = Field(None, description="What the control asks for, in words; printed in every edition.")
    theme: Theme | None = None
    severity: Severity | None = None
    due: Due | None = None
    mitigated_by: Enough | None = Field(None, description="What a claimed protection must be to count.")
    unknowns: Unknowns | None = Field(
        None, description="Whether rows that cannot be decided are kept once per issue, per asset or per council."
    )
    settings: dict[str, Any] = Field(default_factory=dict, alias="with", description="The check's parameters.")
    scope: ScopeEntry | None = None
    references: Annotated[tuple[Words, ...], BeforeValidator(_list)] | None = None
    disabled: Disabled | None = None
    reason: Words | None = Field(None, description="Why it asks for less than the policy it extends.")


class ExceptionEntry(Page):
    """A dated, owned and approved decision to accept one finding."""

    id: Name | None = None
    control: Name
    council: Id | None = Field(None, description="Needed where the partnership has more than one.")
    asset: Words
    subject: Words | None = Field(None, description="Product, port and zone, ...; absent: every finding on the asset.")
    starts: Day | None = Field(None, alias="from")
    until: Day = Field(description="In force through this day.")
    owner: Words = Field(description="The role that owns the risk.")
    approver: Words = Field(description="The role that accepted it; another than the owner.")
    reason: Words
    renewed: StrictInt = Field(0, ge=0, description="How often it was renewed.")


class MitigationEntry(Page):
    """A claimed protection, and how the claim is tested."""

    id: Name
    council: Id | None = Field(None, description="Needed where the partnership has more than one.")
    asset: Words
    product: Words | None = Field(None, description="Absent: whatever is installed on the asset.")
    kind: Literal["isolation", "control"]
    ports: (
        Annotated[tuple[Annotated[str, AfterValidator(as_port)], ...], BeforeValidator(_list), Field(min_length=1)]
        | None
    ) = Field(None, description="For isolation: proto/port, or any.")
    blocked_from: Ids | None = Field(None, description="For isolation: the zones that must not get through.")
    both_directions: StrictBool = False
    control: Name | None = Field(None, description="For control: the control that must hold on the same asset.")
    claimed_by: Words = Field(description="The role that claims it.")
    starts: Day | None = Field(None, alias="from")
    proof_days: StrictInt = Field(90, ge=1, le=MAX_DAYS, description="How long an observation counts.")
    text: Prose | None = None


class FeedEntry(Page):
    """How old one feed may be. In an overlay only what is given changes."""

    stale_after: Due | None = Field(None, description="Older than this it is used, and the run is marked.")
    too_old_after: Due | None = Field(None, description="Older than this, what it alone says is unknown.")
    max_fall_percent: StrictInt | None = Field(
        None, ge=1, le=100, description="How much smaller a new document may be than the one held."
    )
    required: StrictBool | None = Field(None, description="Whether a run without it is incomplete.")


class PolicyFile(Page):
    """A baseline, or an overlay on one."""

    title: Words
    version: Words
    extends: Words | None = Field(None, description="The policy that this one changes; absent: it stands alone.")
    councils: Ids | None = Field(None, description="Absent: every council of the partnership.")
    controls: tuple[ControlEntry, ...] = ()
    minimum_versions: dict[Product, Version] = Field(
        default_factory=dict, description='Product -> the lowest version accepted, in quotes: "1.10"; none: no minimum.'
    )
    free_extensions: Annotated[tuple[Product, ...], BeforeValidator(_list)] = Field(
        (), description="Products whose free extended support (for example Debian LTS) is in use here."
    )
    feeds: dict[Id, FeedEntry] = Field(default_factory=dict, description="Feed -> how old it may be.")
    reason: Words | None = Field(None, description="Why minimum versions, free extensions or feeds ask for less here.")
    exceptions: tuple[ExceptionEntry, ...] = ()


class ExceptionsFile(Page):
    exceptions: tuple[ExceptionEntry, ...] = ()


class MitigationsFile(Page):
    mitigations: tuple[MitigationEntry, ...] = ()


ENTRIES: dict[str, type[Page]] = {
    "controls": ControlEntry,
    "exceptions": ExceptionEntry,
    "mitigations": MitigationEntry,
}
"""The lists of entries that a file may have, by key."""

_MODELS: dict[str, type[Strict]] = {
    "secscan": Settings,
    "policy": PolicyFile,
    "exceptions": ExceptionsFile,
    "mitigations": MitigationsFile,
}


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of every file a person writes: secscan, policy, exceptions, mitigations."""
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema"}
        | (model.model_json_schema() if model is Settings else _no_nulls(model.model_json_schema()))
        for name, model in _MODELS.items()
    }


def _no_nulls(node: Any) -> Any:
    """A schema without 'or null': a key of a policy file that is there has a value."""
    if isinstance(node, list):
        return [_no_nulls(n) for n in node]
    if not isinstance(node, dict):
        return node
    found = {k: _no_nulls(v) for k, v in node.items() if not (k == "default" and v is None)}
    if "anyOf" in found:
        kept = [n for n in found["anyOf"] if n != {"type": "null"}]
        if len(kept) == 1:
            found.pop("anyOf")
            found = kept[0] | found
        else:
            found["anyOf"] = kept
    return found
