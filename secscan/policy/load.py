"""From the files of a partnership to the policy in force, or to every problem in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from secscan.doors import json
from secscan.doors.files import sha256, shipped
from secscan.doors.validate import nearest
from secscan.model.check import CheckSpec
from secscan.model.errors import PolicyError
from secscan.model.places import Place
from secscan.model.policy import FeedLimits, Loosened, Policy
from secscan.model.settings import Policies
from secscan.policy.decisions import Controls, exceptions, mitigations
from secscan.policy.documents import ExceptionsFile, MitigationsFile, Page, PolicyFile
from secscan.policy.entitlements import entitlements
from secscan.policy.params import World
from secscan.policy.products import feeds
from secscan.policy.read import Desk, Sheet
from secscan.policy.resolve import Resolved, resolve

SETTINGS: Final = "secscan.yaml"


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
    base = baseline(desk, policies.baseline, root)
    overlays = there(*(desk.sheet(root / name, name, PolicyFile) for name in policies.overlays))
    if base is None:  # without it everything else would look wrong
        raise PolicyError(desk.ordered())
    sheets = [base, *overlays]
    for overlay in overlays:
        if overlay.extends not in (None, policies.baseline):
            says = f"extends '{overlay.extends}', but the baseline in {SETTINGS} is '{policies.baseline}'"
            desk.refuse(overlay.document.place("extends"), says)
    resolved = resolve(desk, sheets, World(checks=checks, councils=councils, zones=zones))
    controls = in_force(resolved, sheets)
    accepted = exceptions(
        desk, [*sheets, *_own(desk, policies, "exceptions", root, ExceptionsFile)], controls, councils, today
    )
    claims = mitigations(desk, _own(desk, policies, "mitigations", root, MitigationsFile), controls, councils, zones)
    bought = _wanted(policies, "entitlements", root)
    held = entitlements(desk, root / bought, bought, councils) if bought else ()
    if desk.problems:
        raise PolicyError(desk.ordered())
    warn_of_silence(desk, resolved.loosened)
    return Policy(
        name="; ".join(s.title for s in sheets),
        version="; ".join(s.version for s in sheets),
        controls=resolved.controls,
        minimum_versions=resolved.minimum_versions,
        free_extensions=resolved.free_extensions,
        feeds=resolved.feeds,
        exceptions=accepted,
        mitigations=claims,
        entitlements=held,
        loosened=resolved.loosened,
        warnings=tuple(desk.warnings),
        digest=sha256(json.canonical(desk.files)),
        files=tuple(desk.files),
    )


def feed_limits(policies: Policies, root: Path, councils: Sequence[str]) -> Mapping[str, FeedLimits]:
    """What ``load`` says of feeds, by itself: for those who judge nothing. Raises PolicyError as it does."""
    desk = Desk(if_missing=f"; {SETTINGS} names it under 'policies'")
    sheets = there(
        baseline(desk, policies.baseline, root),
        *(desk.sheet(root / name, name, PolicyFile) for name in policies.overlays),
    )
    limits = feeds(desk, sheets, World(checks={}, councils=councils, zones=()))[0]
    if desk.problems:
        raise PolicyError(desk.ordered())
    return limits


def baseline(desk: Desk, name: str, root: Path) -> Sheet | None:
    """A shipped policy by its name, or a file of the council's own by its path."""
    if name in shipped_names():
        return desk.sheet(shipped("policies") / f"{name}.yaml", f"secscan/policies/{name}.yaml", PolicyFile)
    if name.endswith((".yaml", ".yml")):
        return desk.sheet(root / name, name, PolicyFile)
    shown = ", ".join(shipped_names())
    desk.refuse(
        Place(SETTINGS),
        f"unknown baseline '{name}'{nearest(name, shipped_names())}; shipped: {shown}; or name a .yaml file",
    )
    return None


def shipped_names() -> list[str]:
    """The policies that may be extended by name."""
    return sorted(p.stem for p in shipped("policies").glob("*.yaml") if not p.stem.endswith("-example"))


def in_force(resolved: Resolved, sheets: Sequence[Sheet]) -> Controls:
    """Control -> councils. A control that could not be understood is known all the same, for everybody."""
    found: dict[str, frozenset[str]] = {name: frozenset() for s in sheets for name in s.named}
    for control in resolved.controls:
        found[control.id] = found.get(control.id, frozenset()) | control.councils
    return found


def _own(desk: Desk, policies: Policies, key: str, root: Path, model: type[Page]) -> list[Sheet]:
    name = _wanted(policies, key, root)
    return [] if name is None else there(desk.sheet(root / name, name, model))


def _wanted(policies: Policies, key: str, root: Path) -> str | None:
    """The file of a key, where secscan.yaml names it or it is there under its usual name."""
    name: str | None = getattr(policies, key)
    return name if name and (key in policies.model_fields_set or (root / name).exists()) else None


def there(*sheets: Sheet | None) -> list[Sheet]:
    """Those that could be read."""
    return [s for s in sheets if s is not None]


def warn_of_silence(desk: Desk, loosened: Sequence[Loosened]) -> None:
    """A warning for everything that asks for less and does not say why."""
    for one in loosened:
        if one.reason is None:
            desk.warn(
                one.place,
                f"{one.control}: asks for less than before ({one.what}: {one.before} -> {one.after}) and gives no 'reason'",
            )
