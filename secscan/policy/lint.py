"""Policy files by themselves, where no partnership says which councils and zones there are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from secscan.doors.validate import nearest, validate
from secscan.doors.yaml import Document
from secscan.model.check import CheckSpec
from secscan.model.errors import PolicyError, Problem
from secscan.model.policy import Loosened
from secscan.model.settings import Policies, Settings
from secscan.policy.decisions import exceptions, mitigations
from secscan.policy.documents import ExceptionsFile, MitigationsFile, Page, PolicyFile
from secscan.policy.entitlements import entitlements
from secscan.policy.load import baseline, in_force, shipped_names, there, warn_of_silence
from secscan.policy.params import World
from secscan.policy.read import Desk, Sheet
from secscan.policy.resolve import resolve

EVERY_OTHER: Final = "(every other council)"
"""Stands for the councils that no file names, where a policy is read without a partnership."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """What reading policy files found, outside or inside a workspace."""

    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    loosened: tuple[Loosened, ...]


def lint(paths: Sequence[Path], checks: Mapping[str, CheckSpec], today: date | None = None) -> Linted:
    """Every problem in policy files by themselves: councils and zones are not known, and none is refused.

    A file's kind is told by its keys. Files that extend a policy are laid over it, and over each other, in the
    order given; a file that extends nothing must be complete.
    """
    desk = Desk()
    sheets: list[Sheet] = []
    for path in paths:
        if path.suffix.lower() == ".csv":
            entitlements(desk, path, str(path), None)
            continue
        document = desk.document(path, str(path))
        model = None if document is None else _kind(document)
        if document is not None and model is None:
            _lint_settings(desk, document)
        elif document is not None and model is not None:
            sheets.append(desk.understand(document, model))
    loosened = list(_lint_together(desk, sheets, checks, today))
    warn_of_silence(desk, loosened)
    return Linted(problems=tuple(desk.ordered()), warnings=tuple(desk.warnings), loosened=tuple(loosened))


def _lint_together(
    desk: Desk, sheets: Sequence[Sheet], checks: Mapping[str, CheckSpec], today: date | None
) -> Iterator[Loosened]:
    policies = [s for s in sheets if s.model is PolicyFile]
    alone = [s for s in policies if s.extends is None]
    stacks = [[s] for s in alone]
    for base in dict.fromkeys(s.extends for s in policies if s.extends):
        overlays = [s for s in policies if s.extends == base]
        if (first := _extended(desk, base, overlays, alone)) is not None:
            stacks.append([first, *overlays])
    known: dict[str, frozenset[str]] = {}
    if not policies:
        # Exceptions and claims by themselves are about what is shipped.
        known |= {c: frozenset() for s in there(baseline(Desk(), Policies().baseline, Path())) for c in s.named}
    for stack in stacks:
        named = dict.fromkeys(c for s in stack for c in s.councils or ())
        world = World(checks=checks, councils=(*named, EVERY_OTHER), zones=None)
        resolved = resolve(desk, stack, world)
        known |= {c: frozenset() for c in in_force(resolved, stack)}
        yield from resolved.loosened
    exceptions(desk, sheets, known, None, today)
    mitigations(desk, sheets, known, None, None)


def _extended(desk: Desk, name: str, overlays: Sequence[Sheet], alone: Sequence[Sheet]) -> Sheet | None:
    """The policy that overlays extend: one of the files given, else what is shipped."""
    for sheet in alone:
        if Path(sheet.document.file).name == Path(name).name or Path(sheet.document.file).stem == name:
            return sheet
    if name in shipped_names():
        return baseline(desk, name, Path())
    says = f"unknown policy '{name}'{nearest(name, shipped_names())}; name its file too, or one that is shipped"
    for overlay in overlays:
        desk.refuse(overlay.document.place("extends"), says)
    return None


def _lint_settings(desk: Desk, document: Document) -> None:
    try:
        validate(document, Settings)
    except PolicyError as error:
        desk.problems |= dict.fromkeys(error.problems)


def _kind(document: Document) -> type[Page] | None:
    """The model that a file's own keys call for; None: it is a secscan.yaml."""
    keys = list(document.data) if isinstance(document.data, dict) else []
    if "partnership" in keys:
        return None
    if keys and all(nearest(k, ["exceptions"]) for k in keys):
        return ExceptionsFile
    if keys and all(nearest(k, ["mitigations"]) for k in keys):
        return MitigationsFile
    return PolicyFile
