"""Devices that policy leaves out of a control: how many, by which part of its scope, and who says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from secscan.model.check import CheckSpec
from secscan.model.estate import Estate
from secscan.model.findings import OUTSIDE, Judgement
from secscan.model.frame import Frame
from secscan.model.policy import Control, Policy, Scope
from secscan.model.posture import Excluded
from secscan.model.tables import NO_DEVICES

Mask = NDArray[np.bool_]


def excluded(
    policy: Policy, estate: Estate, judgements: Sequence[Judgement], checks: Mapping[str, CheckSpec]
) -> list[Excluded]:
    """Every control that leaves devices out, by council. A device counts under the first part that leaves it out.

    One whose scope cannot be told, because a column of it is not known, is judged unknown and not left out.
    """
    assets = estate.frames["assets"]
    codes, names = assets.columns["council"].codes()
    spoken = {(j.control.id, j.control.councils): j for j in judgements}
    found = []
    for control in policy.controls:
        spec = checks.get(control.check)
        if spec is None or not spec.table.of_devices:
            continue
        judged = spoken.get((control.id, control.councils))
        for what, left in _left_out(control, assets, judged, estate):
            counts = np.bincount(codes[left], minlength=len(names)).tolist()
            off = control.disabled is not None
            found += [
                Excluded(
                    council=council, control=control.id, theme=control.theme, what=what, assets=count,
                    reason=control.disabled if off else control.scope.reason,
                    place=control.place if off or not control.scope.place.file else control.scope.place,
                )
                for council, count in zip(names, counts, strict=True)
                if count and council in control.councils
            ]  # fmt: skip
    return sorted(found, key=lambda e: (e.council, e.control))


def _left_out(control: Control, assets: Frame, judged: Judgement | None, estate: Estate) -> Iterator[tuple[str, Mask]]:
    """(the part in words, the assets that it leaves out), each asset under one part at most."""
    rest = np.ones(assets.rows, dtype=bool)
    if control.disabled is not None:
        yield "switched off", rest
        return
    if (kinds := assets.columns.get("type")) is not None:
        left = kinds.test(lambda kind: kind in NO_DEVICES)
        rest &= ~left
        yield f"no device: type {', '.join(sorted(NO_DEVICES))}", left
    for column, values, wanted in _parts(control.scope):
        if (col := assets.columns.get(column)) is not None:
            left = rest & col.test(_outside(values, wanted))
        else:
            left = rest & _silent(judged, estate, assets.rows)
        rest &= ~left
        yield f"{'only' if wanted else 'not'} {column} {', '.join(values)}", left


def _parts(scope: Scope) -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """(column, its values, whether a row must have one of them), what a device has itself before what is on it."""
    parts = [(c, v, wanted) for part, wanted in ((scope.only, True), (scope.excluded, False)) for c, v in part.items()]
    yield from sorted(parts, key=lambda part: part[0] == "product")


def _outside(values: tuple[str, ...], wanted: bool) -> Callable[[Any], bool]:
    return lambda value: value is not None and (value in values) != wanted


def _silent(judged: Judgement | None, estate: Estate, assets: int) -> Mask:
    """The assets of which the control judged no row."""
    silent = np.zeros(assets, dtype=bool)
    if judged is not None and (take := estate.frames[judged.table].columns["asset"].take) is not None:
        silent[take] = True
        silent[take[judged.outcomes != OUTSIDE]] = False
    return silent
