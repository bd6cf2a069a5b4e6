"""How much of an estate was recognised, and which names were not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from secscan.knowledge.catalogue import Catalogue
from secscan.knowledge.names import normalise
from secscan.knowledge.near import suggestions
from secscan.knowledge.recognise import Recognition, is_component
from secscan.model.frame import Frame, Index, constant

UNRECOGNISED_LISTED: Final = 500
"""Names that are listed, and looked at for suggestions; the others are counted."""
VERSIONS_SHOWN: Final = 5
_SORTS: Final = ("part", "recognised", "unrecognised", "component", "none")
Numbers = NDArray[np.int64]


def figures(frame: Frame, triples: Index, known: Sequence[Recognition]) -> list[Mapping[str, Any]]:
    """How much was recognised by install and by distinct name: of all councils together (``council`` None), and of each.

    ``installs`` are the rows that are judged, ``parts`` those without a support life of their own, ``components`` all
    rows of bills of materials, of which those that nothing recognises are judged by nobody. A name counts as recognised
    where every spelling of it is, with whatever version and publisher.
    """
    sort = np.array([_SORTS.index(_sort(one)) for one in known] + [_SORTS.index("none")], dtype=np.int64)[triples]
    support = _of_each(known, lambda one: one.status not in ("unknown", "not-applicable"))[triples]
    bill = _of_each(known, lambda one: one.kind == "sbom")[triples]
    names: dict[str | None, int] = {}
    name = np.array([names.setdefault(one.name, len(names)) for one in known] + [0], dtype=np.int64)[triples]
    council, councils = _codes(frame, "council")

    def told(rows: NDArray[np.bool_], whose: str | None) -> Mapping[str, Any]:
        count = dict(zip(_SORTS, np.bincount(sort[rows], minlength=len(_SORTS)).tolist(), strict=True))
        missed = rows & (sort == _SORTS.index("unrecognised"))
        judged = missed | (rows & (sort == _SORTS.index("recognised")))
        every, strange = (_distinct(name[of], len(names)) for of in (judged, missed))
        return {
            "council": whose, "installs": count["recognised"] + count["unrecognised"], "recognised": count["recognised"],
            "support_known": int((support & rows).sum()), "names": every, "names_recognised": every - strange,
            "parts": count["part"], "components": int((bill & rows).sum()),
            "components_recognised": int((bill & rows).sum()) - count["component"],
        }  # fmt: skip

    whole = np.ones(frame.rows, dtype=bool)
    return [told(whole, None), *(told(council == i, one) for i, one in enumerate(councils) if one is not None)]


def _of_each(known: Sequence[Recognition], of: Any) -> NDArray[np.bool_]:
    return np.array([of(one) for one in known] + [False], dtype=bool)


def _distinct(numbers: Numbers, size: int) -> int:
    there = np.zeros(size + 1, dtype=bool)
    there[numbers] = True
    return int(there.sum())


def _sort(one: Recognition) -> str:
    if not one.name:
        return "none"
    if one.status == "not-applicable":
        return "part"
    if is_component(one):
        return "component"
    return "recognised" if one.product else "unrecognised"


def unrecognised(
    frame: Frame, triples: Index, known: Sequence[Recognition], catalogue: Catalogue
) -> list[dict[str, Any]]:
    """The names that no rule knows, the most frequent first (installs, then assets, then name): what a council might add.

    One entry a name, publisher and kind: ``versions`` are the most frequent few, ``councils`` the same figures of each
    council by itself, ``near`` suggestions for a person to judge; not ``matchable`` is what no rule could ever match (a
    letter of another alphabet, too long). At most ``UNRECOGNISED_LISTED``.
    """
    groups: dict[tuple[Any, ...], int] = {}
    of_triple = np.full(len(known) + 1, -1, dtype=np.int64)
    for i, one in enumerate(known):
        if one.name and _sort(one) == "unrecognised":
            of_triple[i] = groups.setdefault((one.name, one.publisher or None, one.kind), len(groups))
    rows = np.flatnonzero(of_triple[triples] >= 0)
    council, councils = _codes(frame, "council")
    asset = _assets(frame, council)
    group = of_triple[triples[rows]]
    installs = np.bincount(group, minlength=len(groups))
    assets = np.bincount(_pairs(group, asset[rows])[0], minlength=len(groups))
    keys = list(groups)
    first = sorted(range(len(keys)), key=lambda i: (-installs[i], -assets[i], *(str(part or "") for part in keys[i])))
    first = first[:UNRECOGNISED_LISTED]
    shown = rows[np.isin(group, first)]
    group, council, asset = of_triple[triples[shown]], council[shown], asset[shown]
    each = group * len(councils) + council
    versions = _versions(each, triples[shown], known)
    places, count = np.unique(each, return_counts=True)
    machines = dict(zip(*np.unique(_pairs(each, asset)[0], return_counts=True), strict=True))
    by_group: dict[int, list[dict[str, Any]]] = {}
    for place, n in zip(places.tolist(), count.tolist(), strict=True):
        who = {
            "council": councils[place % len(councils)], "installs": n, "assets": int(machines[place]),
            "versions": versions[place],
        }  # fmt: skip
        by_group.setdefault(place // len(councils), []).append(who)
    whole = _versions(group, triples[shown], known)
    return [
        {
            "name": keys[i][0], "matchable": normalise(keys[i][0]).plain, "publisher": keys[i][1], "kind": keys[i][2], "installs": int(installs[i]),
            "assets": int(assets[i]), "versions": whole[i],
            "councils": sorted(by_group[i], key=lambda of: str(of["council"])),
            "near": list(suggestions(catalogue, keys[i][0])),
        }
        for i in first
    ]  # fmt: skip


def _assets(frame: Frame, council: Numbers) -> Numbers:
    """A number for the asset of each row: where inventory shares one index of assets, their row in the register."""
    column = frame.columns.get("asset")
    if column is not None and column.take is not None:
        return column.take.astype(np.int64)
    code, values = _codes(frame, "asset")
    return council * len(values) + code


def _codes(frame: Frame, column: str) -> tuple[Numbers, list[Any]]:
    return (frame.columns.get(column) or constant(None, frame.rows)).codes()


def _pairs(left: Numbers, right: Numbers) -> tuple[Numbers, Numbers]:
    """Each pair of numbers once."""
    size = int(right.max(initial=0)) + 2
    return np.divmod(np.unique(left * size + right + 1), size)


def _versions(of: Numbers, triples: Index, known: Sequence[Recognition]) -> dict[int, list[str]]:
    """For each number the versions that its rows have, the most frequent first, a few of them."""
    pairs, count = np.unique(of * (len(known) + 1) + triples, return_counts=True)
    seen: dict[int, dict[str, int]] = {}
    for pair, n in zip(pairs.tolist(), count.tolist(), strict=True):
        number, triple = divmod(pair, len(known) + 1)
        at = seen.setdefault(number, {})
        if version := known[triple].version:
            at[version] = at.get(version, 0) + n
    return {
        number: sorted(found, key=lambda v: (-found[v], v))[:VERSIONS_SHOWN] for number, found in seen.items()
    }  # fmt: skip
