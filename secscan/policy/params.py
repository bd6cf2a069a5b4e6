"""The parameters that a control sets for its check: are they the check's own, and of the right kind?"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from secscan.model.check import CheckSpec
from secscan.model.policy import Forbidden, Policy
from secscan.model.tables import Paths
from secscan.policy.documents import MAX_DAYS, ControlEntry, as_port
from secscan.policy.read import Desk, Written, known

INTERNET = "internet"
"""Always a zone: every address that no other zone has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What names in a policy may refer to. ``zones`` None: there is no partnership, so neither zones nor the councils
    that a scope names can be told."""

    checks: Mapping[str, CheckSpec]
    councils: Sequence[str]
    zones: Sequence[str] | None


def merged(
    desk: Desk, written: Written[ControlEntry], spec: CheckSpec, before: Mapping[str, Any], zones: Sequence[str] | None
) -> dict[str, Any]:
    """``before`` with what the entry's ``with:`` sets; a map is merged key by key, everything else replaced.

    Unknown names, values of another kind than the check's own and unknown zones are refused with a suggestion and
    leave ``before`` as it is. ``zones`` None: no zones are known here, and none is refused.
    """
    found = dict(before)
    for name, value in written.entry.settings.items():
        if name not in spec.params:
            known_as = (
                f"; did you mean '{name.lower()}'?" if name.lower() in spec.params else desk.nearest(name, spec.params)
            )
            desk.refuse(written.place("with", name), f"check '{spec.id}' has no parameter '{name}'{known_as}")
            continue
        default = spec.params[name]
        if says := _unlike(f"'{name}'", value, default):
            desk.refuse(written.value("with", name), says)
            continue
        if "zone" in name and zones is not None:
            _zones_known(desk, written, ("with", name), value, zones)
        if names_ports(name):
            _ports_read(desk, written, ("with", name), value)
        if isinstance(value, dict):
            if _keys_known(desk, written, name, value, before[name]):
                found[name] = {**before[name], **value}
        else:
            found[name] = tuple(value) if isinstance(value, list) else value
    return found


def defaults(spec: CheckSpec) -> dict[str, Any]:
    """The check's own parameters, lists as tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in spec.params.items()}


def names_ports(parameter: str) -> bool:
    """Whether a check's parameter of this name holds ports, as proto/port."""
    return parameter == "ports" or parameter.endswith("_ports")


def ports_asked(policy: Policy, checks: Mapping[str, CheckSpec]) -> frozenset[str]:
    """The ports that some control over paths names: who listens on one of them must have its paths told."""
    return frozenset(
        port
        for control in policy.controls
        if control.disabled is None and (spec := checks.get(control.check)) is not None and spec.table is Paths
        for name, value in {**spec.params, **control.params}.items()
        if names_ports(name)
        for port in (value if isinstance(value, list | tuple) else (value,))
        if isinstance(port, str)
    )


def forbidden(policy: Policy, checks: Mapping[str, CheckSpec]) -> tuple[Forbidden, ...]:
    """What the controls over paths that name both ports and zones of users want shut."""
    found = []
    for control in policy.controls:
        spec = checks.get(control.check)
        if (
            control.disabled is None
            and spec is not None
            and spec.table is Paths
            and {"ports", "user_zones"} <= {*spec.params}
        ):
            given = {**spec.params, **control.params}
            zones, ports = frozenset(given["user_zones"]), frozenset(given["ports"])
            found.append(Forbidden(
                control=control.id, from_zones=zones, ports=ports, councils=control.councils, scope=control.scope,
            ))  # fmt: skip
    return tuple(found)


def _unlike(what: str, value: Any, default: Any) -> str | None:
    """Why ``value`` cannot stand where the check has ``default``; None where it can. ``what`` is how it is called."""
    match default:
        case Mapping():
            if not isinstance(value, dict):
                return f"{what} must be a map such as {{{_example(default)}}}, not {value!r}"
            like = next(iter(default.values()), None)
            found = (_unlike(f"{what[:-1]}.{key}'", v, v if like is None else like) for key, v in value.items())
            return next(filter(None, found), None)
        case list() | tuple():
            if not isinstance(value, list):
                return f"{what} must be a list; write [{value}]"
            like = next(iter(default), "")
            return next(filter(None, (_unlike(f"an item of {what}", v, like) for v in value)), None)
        case bool():
            return None if isinstance(value, bool) else f"{what} must be true or false, not {value!r}"
        case int():
            if not isinstance(value, int) or isinstance(value, bool):
                return f"{what} must be a whole number, not {value!r}"
            if "_days" in what and not 0 <= value <= MAX_DAYS:
                return f"{what} is {value}; it must be from 0 to {MAX_DAYS} days"
            return None
    if isinstance(value, str):
        return None
    quoted = f'; put {value} in quotes: "{value}"' if isinstance(value, int) and not isinstance(value, bool) else ""
    return f"{what} must be text{quoted}"


def _example(default: Mapping[str, Any]) -> str:
    return ", ".join(f"{k}: {v}" for k, v in list(default.items())[:2])


def _keys_known(desk: Desk, written: Written[ControlEntry], name: str, value: dict[str, Any], before: Any) -> bool:
    """Keys of a map are free (a vendor's own severity word), but not one letter away from a known one."""
    fine = True
    for key in value:
        near = "" if key in before else desk.nearest(key.lower(), before)
        if near or (key not in before and desk.guesses < 0):  # what cannot be compared is not taken on trust
            desk.refuse(written.place("with", name, key), f"unknown key '{key}' in '{name}'{near}")
            fine = False
    return fine


def _zones_known(
    desk: Desk, written: Written[ControlEntry], path: tuple[Hashable, ...], value: Any, zones: Sequence[str]
) -> None:
    for where, zone in _items(path, value):
        if isinstance(zone, str):
            known(desk, "zone", zone, [*zones, INTERNET], written.value(*where))


def _ports_read(desk: Desk, written: Written[ControlEntry], path: tuple[Hashable, ...], value: Any) -> None:
    for where, port in _items(path, value):
        if isinstance(port, str):
            try:
                as_port(port)
            except ValueError as error:
                desk.refuse(written.value(*where), str(error))


def _items(path: tuple[Hashable, ...], value: Any) -> list[tuple[tuple[Hashable, ...], Any]]:
    """The items of a list with where each stands; a single value is its own only item."""
    return [((*path, i), v) for i, v in enumerate(value)] if isinstance(value, list) else [(path, value)]
