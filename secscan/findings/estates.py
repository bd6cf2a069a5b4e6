"""How much of each council's estate is on record and was seen: the figures that stand before every other, and their rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from secscan.findings.seen import fresh_rows
from secscan.model.estate import Estate
from secscan.model.frame import Frame
from secscan.model.posture import EstateRow, NeverSeen, Stranger
from secscan.model.settings import REGISTER, Settings

Mask = NDArray[np.bool_]


def rows(settings: Settings, estate: Estate) -> list[EstateRow]:
    """A row for every council. What nobody could have told is None, never nought and never all."""
    assets, sightings = estate.frames["assets"], estate.frames["sightings"]
    registered = assets.columns["registered"].test(bool)
    seen, unseen = (assets.columns["seen"].test(wanted) for wanted in (bool, lambda value: value is False))
    lately = fresh_rows(estate, settings.limits.source_max_age_days)
    sighted = sightings.columns["sighting"].test(lambda name: name is not None)
    stray = sightings.columns["registered"].test(lambda value: value is False)
    homeless = sightings.columns["asset"].test(lambda asset: asset is None) & sighted
    names = _names(estate)
    in_register, now, before, never = (
        _by_council(assets, registered & which) for which in (True, lately, seen & ~lately, unseen)
    )
    every, strays, addresses = (_by_council(sightings, which) for which in (sighted, sighted & stray, homeless))
    with_register = estate.notes.get("with_register", ())
    found = []
    for council in settings.councils:
        id = council.id
        given = id in with_register
        told = now.get(id, 0), before.get(id, 0), never.get(id, 0)
        known = given and sum(told) == in_register.get(id, 0)
        installs, recognised, distinct, of_those = names.get(id, (0, 0, 0, 0))
        found.append(
            EstateRow(
                council=id, registers=[s.id for s in council.sources if s.word == REGISTER],
                register=in_register.get(id, 0) if given else None,
                seen_lately=told[0] if known else None, seen_before=told[1] if known else None, never=told[2] if known else None,
                sighted=every.get(id, 0), unregistered=strays.get(id, 0) if given else None, addresses=addresses.get(id, 0),
                installs=installs, recognised=recognised, names=distinct, names_recognised=of_those,
            )
        )  # fmt: skip
    return found


def strangers(estate: Estate) -> list[Stranger]:
    """Everything that was seen and stands in no register, by council and name."""
    frame = estate.frames["sightings"]
    rows = np.flatnonzero(frame.columns["registered"].test(lambda value: value is False)).tolist()
    columns = ("asset", "address", "hostname", "type", "seen_by", "seen_on", "ports", "maybe")
    found = [
        Stranger(
            council=frame.get("council", row),
            place=_place(estate, frame, row),
            **{c: frame.get(c, row) for c in columns},
        )
        for row in rows
    ]
    return sorted(found, key=lambda s: (s.council, s.asset or "", s.address or ""))


def never_seen(estate: Estate) -> list[NeverSeen]:
    """Every asset that stands in a register and that nothing has seen, where something looks."""
    frame = estate.frames["assets"]
    rows = frame.columns["registered"].test(bool) & frame.columns["seen"].test(lambda value: value is False)
    columns = ("council", "asset", "hostname", "type", "service", "owner")
    found = [
        NeverSeen(place=_place(estate, frame, row), **{c: frame.get(c, row) for c in columns})
        for row in np.flatnonzero(rows).tolist()
    ]
    return sorted(found, key=lambda n: (n.council, n.asset))


def _place(estate: Estate, frame: Frame, row: int) -> Any:
    return estate.files.place(frame.place("", row) or 0)


def _by_council(frame: Frame, which: Mask) -> dict[str, int]:
    code, councils = frame.columns["council"].codes()
    return dict(zip(councils, np.bincount(code[which], minlength=len(councils)).tolist(), strict=True))


def _names(estate: Estate) -> dict[str, tuple[int, int, int, int]]:
    """Council -> installs, those recognised, distinct names, and those of them that are recognised somewhere."""
    frame = estate.frames["installs"]
    named = frame.columns["name"].test(lambda name: name is not None)
    known = named & (frame.columns["recognised"].test(bool) if "recognised" in frame.columns else False)
    council, councils = frame.columns["council"].codes()
    name, names = frame.columns["name"].codes()
    counts = []
    for which in (named, known):
        there = np.zeros((len(councils), len(names)), dtype=bool)
        there[council[which], name[which]] = True
        counts.append((np.bincount(council[which], minlength=len(councils)), there.sum(axis=1)))
    (every, distinct), (recognised, of_those) = counts
    figures = (every, recognised, distinct, of_those)
    return {c: (int(a), int(b), int(d), int(e)) for c, a, b, d, e in zip(councils, *figures, strict=True)}
