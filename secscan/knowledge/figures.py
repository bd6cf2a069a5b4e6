"""How much of an estate was recognised, and which names were not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from secscan.knowledge.catalogue import Catalogue
from secscan.knowledge.distinct import distinct
from secscan.knowledge.near import suggestions
from secscan.knowledge.recognise import Recognition
from secscan.model.frame import Frame, Index

UNRECOGNISED_LISTED: Final = 500


def figures(frame: Frame, triples: Index, known: Sequence[Recognition]) -> Mapping[str, Any]:
    """How much was recognised: rows and distinct names, in all and by council."""
    kinds = ("not_applicable", "recognised", "unrecognised", "no_list")
    sort = np.array([kinds.index(_sort(one)) for one in known] + [3], dtype=np.int32)[triples]
    support = np.array([one.status not in ("unknown", "not-applicable") for one in known] + [False], dtype=bool)[
        triples
    ]
    council, councils = distinct([frame.columns["council"]], frame.rows) if "council" in frame.columns else (None, [])
    by_council = {}
    for number, (name,) in enumerate(councils):
        here = council == number
        by_council[name] = {kind: int((sort[here] == i).sum()) for i, kind in enumerate(kinds)}
        by_council[name]["support_known"] = int(support[here].sum())
    return {
        **{kind: int((sort == i).sum()) for i, kind in enumerate(kinds)},
        "support_known": int(support.sum()),
        "distinct": len(known),
        "distinct_recognised": sum(one.product is not None for one in known),
        "by_council": by_council,
    }


def _sort(one: Recognition) -> str:
    if one.status == "not-applicable":
        return "not_applicable"
    return "recognised" if one.product else "unrecognised"


def unrecognised(
    frame: Frame, triples: Index, known: Sequence[Recognition], catalogue: Catalogue
) -> list[dict[str, Any]]:
    """The names that no rule knows, the most frequent first: what a catalogue of the council's own might add.

    ``near`` are suggestions for a person to judge.
    """
    unknown = [i for i, one in enumerate(known) if one.product is None and one.status == "unknown" and one.name]
    counts = np.bincount(triples[triples >= 0], minlength=len(known))
    listed: Counter[tuple[Any, Any, Any]] = Counter()
    members: dict[tuple[Any, Any, Any], list[int]] = {}
    for i in unknown:
        at = (known[i].name, known[i].version, known[i].publisher)
        listed[at] += int(counts[i])
        members.setdefault(at, []).append(i)
    top = sorted(listed.items(), key=lambda item: (-item[1], tuple(str(part or "") for part in item[0])))
    top = top[:UNRECOGNISED_LISTED]
    councils = _councils(frame, triples, {i for at, _ in top for i in members[at]})
    return [
        {
            "name": name, "version": version, "publisher": publisher, "installs": count,
            "councils": sorted({c for i in members[name, version, publisher] for c in councils.get(i, ())}),
            "near": list(suggestions(catalogue, name)),
        }
        for (name, version, publisher), count in top
    ]  # fmt: skip


def _councils(frame: Frame, triples: Index, wanted: set[int]) -> dict[int, set[str]]:
    if "council" not in frame.columns or not wanted:
        return {}
    council, names = distinct([frame.columns["council"]], frame.rows)
    rows = np.flatnonzero(np.isin(triples, np.fromiter(wanted, dtype=np.int32, count=len(wanted))) & (council >= 0))
    pairs = np.unique(triples[rows].astype(np.int64) * len(names) + council[rows])
    found: dict[int, set[str]] = {}
    for pair in pairs.tolist():
        found.setdefault(pair // len(names), set()).add(names[pair % len(names)][0])
    return found
