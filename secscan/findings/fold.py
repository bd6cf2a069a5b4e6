"""Rows folded by who and what they are about, over whole columns: an estate has millions of rows and few of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from secscan.findings.identity import asset_number, issue_number
from secscan.model.frame import Alike, Frame, Index
from secscan.model.tables import TableSpec

Rows = NDArray[np.integer[Any]]
_DIGIT: Final = 16


def subject_of(frame: Frame, table: type[TableSpec], row: int) -> str:
    """What, with control, council and asset, names a finding about this row; never empty."""
    if not table.subject:
        return str(frame.get("asset", row))
    parts = [frame.get(column, row) for column in table.subject]
    return " ".join("" if p is None else str(p) for p in parts).strip() or f"no {table.nothing}"


@dataclass(frozen=True, slots=True)
class Groups:
    """Rows parted by a key: group ``i`` is ``rows[start[i]:start[i + 1]]``, in the order of the table."""

    rows: Rows
    start: Rows

    def __len__(self) -> int:
        return len(self.start) - 1

    @property
    def first(self) -> Rows:
        """The first row of each group."""
        return self.rows[self.start[:-1]]

    @property
    def count(self) -> Rows:
        return np.diff(self.start)

    def heads(self, limit: int) -> tuple[Rows, list[int]]:
        """The first rows of every group, one group after the other, and where each group begins among them."""
        counts = np.minimum(self.count, limit)
        begin = np.concatenate(([0], np.cumsum(counts)))
        at = np.repeat(self.start[:-1] - begin[:-1], counts) + np.arange(begin[-1])
        starts: list[int] = begin.tolist()
        return self.rows[at], starts


def parted(rows: Rows, keys: Rows) -> Groups:
    """``rows`` (ascending) by the key that each has."""
    order = _order(keys)
    ordered = keys[order]
    cuts = np.flatnonzero(ordered[1:] != ordered[:-1]) + 1 if len(rows) else np.empty(0, dtype=np.int64)
    start = np.concatenate(([0], cuts, [len(rows)])) if len(rows) else np.zeros(1, dtype=np.int64)
    return Groups(rows[order], start)


def _order(keys: Rows) -> NDArray[np.int64]:
    """A stable order of whole numbers, sixteen bits at a time: the one sort of numpy that takes linear time."""
    order = np.argsort((keys & 0xFFFF).astype(np.uint16), kind="stable")
    highest, shift = int(keys.max(initial=0)), _DIGIT
    while highest >> shift:
        digit = ((keys[order] >> shift) & 0xFFFF).astype(np.uint16)
        order = order[np.argsort(digit, kind="stable")]
        shift += _DIGIT
    return order


def _marked(count: int, numbers: Rows) -> NDArray[np.bool_]:
    """For each number up to ``count`` whether it is among those."""
    found = np.zeros(count, dtype=bool)
    found[numbers] = True
    return found


class Identities:
    """Who and what the rows of a table are about: each issue (council, subject) and each asset by a number."""

    def __init__(self, alike: Alike, table: type[TableSpec]) -> None:
        self.frame, self.table = alike.frame, table
        issues = alike.of(["council", *(table.subject or ("asset",))])
        council = self.frame.columns["council"]
        numbers: dict[tuple[str, str], int] = {}
        # Two kinds of row whose subjects read the same are one issue: it is named by its text.
        told = (
            numbers.setdefault((council[row], subject_of(self.frame, table, row)), len(numbers))
            for row in issues.first.tolist()
        )
        self.issue: Index = np.fromiter(told, dtype=np.int32, count=issues.count)[issues.take]
        self.issues = list(numbers)
        self._councils = [council for council, _ in numbers]
        self._subjects = [subject for _, subject in numbers]
        assets = alike.of(["council", "asset"])
        self.owner: Index = assets.take
        self._asset = self.frame.columns["asset"].pick(assets.first)
        self._council = council.pick(assets.first)
        self._numbers: dict[int, str] = {}
        """Of the assets asked about so far: whatever the control, an asset has one number."""

    def by_identity(self, rows: Rows) -> Groups:
        """The rows of each council, asset and subject."""
        return parted(rows, self._keys(rows))

    def by_issue(self, rows: Rows) -> Groups:
        """The rows of each council and subject."""
        return parted(rows, self.issue[rows])

    def without(self, rows: Rows, others: Rows) -> Rows:
        """The rows whose identity none of ``others`` has."""
        if not len(rows) or not len(others):
            return rows
        # Few issues have rows of both, and only those are told apart by asset.
        count = len(self.issues)
        both = np.flatnonzero(_marked(count, self.issue[rows]) & _marked(count, self.issue[others]))
        if not len(both):
            return rows
        number = np.full(count, -1, dtype=np.int64)
        number[both] = np.arange(len(both))

        def keys(of: Rows) -> NDArray[np.int64]:
            at = number[self.issue[of]]
            return np.where(at < 0, -1, self.owner[of] * np.int64(len(both)) + at)

        mine, theirs = keys(rows), keys(others)
        return rows[(mine < 0) | ~np.isin(mine, theirs[theirs >= 0])]

    def _keys(self, rows: Rows) -> NDArray[np.int64]:
        return self.owner[rows].astype(np.int64) * len(self.issues) + self.issue[rows]

    def assets(self, rows: Rows) -> list[str | None]:
        """The asset of each row."""
        return [self._asset[owner] for owner in self.owner[rows].tolist()]

    def councils(self, rows: Rows) -> list[str]:
        """The council of each row."""
        return [self._councils[issue] for issue in self.issue[rows].tolist()]

    def subjects(self, rows: Rows) -> list[str]:
        """What each row is about."""
        return [self._subjects[issue] for issue in self.issue[rows].tolist()]

    def fingerprints(self, control: str, rows: Rows, *, of_asset: bool) -> list[str]:
        """The name of the finding that each row would be: one number an issue and one an asset, each worked out once."""
        issues, owners = self.issue[rows].tolist(), self.owner[rows].tolist()
        of_issue = {i: issue_number(control, *self.issues[i]) for i in set(issues)}
        if not of_asset:
            nobody = asset_number("", None)
            return [f"{of_issue[i]}-{nobody}" for i in issues]
        numbers = self._numbers
        for owner in set(owners).difference(numbers):
            numbers[owner] = asset_number(self._council[owner], self._asset[owner])
        return [f"{of_issue[i]}-{numbers[owner]}" for i, owner in zip(issues, owners, strict=True)]


def councils(frame: Frame, rows: Rows) -> Groups:
    """The rows of each council."""
    codes, _ = frame.columns["council"].codes()
    return parted(rows, codes[rows])
