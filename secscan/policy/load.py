"""From the files of a partnership to the policy in force, or to every problem in them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from secscan.doors import json
from secscan.doors.files import shipped
from secscan.doors.validate import nearest, validate
from secscan.doors.yaml import Document
from secscan.model.check import CheckSpec
from secscan.model.errors import PolicyError, Problem
from secscan.model.places import Place
from secscan.model.policy import Loosened, Policy
from secscan.model.settings import Policies, Settings
from secscan.policy.decisions import Controls, exceptions, mitigations
from secscan.policy.documents import ExceptionsFile, MitigationsFile, Page, PolicyFile
from secscan.policy.entitlements import entitlements
from secscan.policy.params import World
from secscan.policy.read import Desk, Sheet
from secscan.policy.resolve import Resolved, resolve

SETTINGS: Final = "secscan.yaml"
EVERY_OTHER: Final = "(every other council)"
"""Stands for the councils that no file names, where a policy is read without a partnership."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Linted:
    """What reading policy files found, outside or inside a workspace."""

    problems: tuple[Problem, ...]
    warnings: tuple[str, ...]
    loosened: tuple[Loosened, ...]


def load(
    policies: Policies,
    root: Path,
    checks: Mapping[str, CheckSpec],
    councils: Sequence[str],
    zones: Sequence[str],
    today: date,
) -> Policy:
    """The baseline, the overlays on it, exceptions, claims and entitlements as they hold for each council.

    ``policies`` is the section of secscan.yaml, ``root`` the workspace its paths start from, ``checks`` every check
    there is by id, ``councils`` and ``zones`` the ids that secscan.yaml defines. Files of the default names may be
    absent; a file that secscan.yaml names must be there.

    Raises PolicyError with every problem in every file.
    """
    desk = Desk(if_missing=f"; {SETTINGS} names it under 'policies'")
    baseline = _baseline(desk, policies.baseline, root)
    overlays = _there(*(desk.sheet(root / name, name, PolicyFile) for name in policies.overlays))
    if baseline is None:  # without it everything else would look wrong
        raise PolicyError(desk.ordered())
    sheets = [baseline, *overlays]
    for overlay in overlays:
        if overlay.extends not in (None, policies.baseline):
            says = f"extends '{overlay.extends}', but the baseline in {SETTINGS} is '{policies.baseline}'"
            desk.refuse(overlay.document.place("extends"), says)
    resolved = resolve(desk, sheets, World(checks=checks, councils=councils, zones=zones))
    controls = _in_force(resolved, sheets)
    accepted = exceptions(
        desk, [*sheets, *_own(desk, policies, "exceptions", root, ExceptionsFile)], controls, councils, today
    )
    claims = mitigations(desk, _own(desk, policies, "mitigations", root, MitigationsFile), controls, councils, zones)
    bought = _wanted(policies, "entitlements", root)
    held = entitlements(desk, root / bought, bought, councils) if bought else ()
    if desk.problems:
        raise PolicyError(desk.ordered())
    _warn_of_silence(desk, resolved.loosened)
    return Policy(
        name="; ".join(s.title for s in sheets),
        version="; ".join(s.version for s in sheets),
        controls=resolved.controls,
        minimum_versions=resolved.minimum_versions,
        free_extensions=resolved.free_extensions,
        exceptions=accepted,
        mitigations=claims,
        entitlements=held,
        loosened=resolved.loosened,
        warnings=tuple(desk.warnings),
        digest=hashlib.sha256(json.canonical(desk.files)).hexdigest(),
        files=tuple(desk.files),
    )


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
    _warn_of_silence(desk, loosened)
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
        known |= {c: frozenset() for s in _there(_baseline(Desk(), Policies().baseline, Path())) for c in s.named}
    for stack in stacks:
        named = dict.fromkeys(c for s in stack for c in s.councils or ())
        world = World(checks=checks, councils=(*named, EVERY_OTHER), zones=None)
        resolved = resolve(desk, stack, world)
        known |= {c: frozenset() for c in _in_force(resolved, stack)}
        yield from resolved.loosened
    exceptions(desk, sheets, known, None, today)
    mitigations(desk, sheets, known, None, None)


def _extended(desk: Desk, name: str, overlays: Sequence[Sheet], alone: Sequence[Sheet]) -> Sheet | None:
    """The policy that overlays extend: one of the files given, else what is shipped."""
    for sheet in alone:
        if Path(sheet.document.file).name == Path(name).name or Path(sheet.document.file).stem == name:
            return sheet
    if name in _shipped_names():
        return _baseline(desk, name, Path())
    says = f"unknown policy '{name}'{nearest(name, _shipped_names())}; name its file too, or one that is shipped"
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


def _baseline(desk: Desk, name: str, root: Path) -> Sheet | None:
    """A shipped policy by its name, or a file of the council's own by its path."""
    if name in _shipped_names():
        return desk.sheet(shipped("policies") / f"{name}.yaml", f"secscan/policies/{name}.yaml", PolicyFile)
    if name.endswith((".yaml", ".yml")):
        return desk.sheet(root / name, name, PolicyFile)
    shown = ", ".join(_shipped_names())
    desk.refuse(
        Place(SETTINGS),
        f"unknown baseline '{name}'{nearest(name, _shipped_names())}; shipped: {shown}; or name a .yaml file",
    )
    return None


def _shipped_names() -> list[str]:
    return sorted(p.stem for p in shipped("policies").glob("*.yaml") if not p.stem.endswith("-example"))


def _in_force(resolved: Resolved, sheets: Sequence[Sheet]) -> Controls:
    """Control -> councils. A control that could not be understood is known all the same, for everybody."""
    found: dict[str, frozenset[str]] = {name: frozenset() for s in sheets for name in s.named}
    for control in resolved.controls:
        found[control.id] = found.get(control.id, frozenset()) | control.councils
    return found


def _own(desk: Desk, policies: Policies, key: str, root: Path, model: type[Page]) -> list[Sheet]:
    name = _wanted(policies, key, root)
    return [] if name is None else _there(desk.sheet(root / name, name, model))


def _wanted(policies: Policies, key: str, root: Path) -> str | None:
    """The file of a key, where secscan.yaml names it or it is there under its usual name."""
    name: str | None = getattr(policies, key)
    return name if name and (key in policies.model_fields_set or (root / name).exists()) else None


def _there(*sheets: Sheet | None) -> list[Sheet]:
    return [s for s in sheets if s is not None]


def _warn_of_silence(desk: Desk, loosened: Sequence[Loosened]) -> None:
    for one in loosened:
        if one.reason is None:
            desk.warn(
                one.place,
                f"{one.control}: asks for less than before ({one.what}: {one.before} -> {one.after}) and gives no 'reason'",
            )
