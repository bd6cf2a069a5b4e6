"""What the tables of this room are made from: the estate, the zones, and the answers to every question asked so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from secscan.exposure.asset_reach import Passage, Passages, Subject
from secscan.exposure.observed import Observations
from secscan.model.estate import Estate
from secscan.model.frame import Col, Frame, Index
from secscan.model.net import ZoneSet
from secscan.model.places import Files
from secscan.model.policy import Mitigation

SHARED: Final = ("council", "asset", "hostname", "type", "zone", "service", "owner", "criticality")
"""The columns that every table carries over from the assets."""

AssetKey = tuple[str, str]
"""(council, asset id in small letters)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One estate on one day. ``rows``: asset -> its row, in the order of councils and ids."""

    estate: Estate
    zones: tuple[ZoneSet, ...]
    passages: Passages
    observations: Observations
    rows: Mapping[AssetKey, int]
    _subjects: dict[int, Subject] = field(default_factory=dict)
    _listening: dict[AssetKey, list[str]] = field(default_factory=dict)

    @property
    def files(self) -> Files:
        return self.estate.files

    @property
    def assets(self) -> Frame:
        return self.estate.frames["assets"]

    def row(self, claim: Mitigation) -> int | None:
        """The asset row that a claim is about; a claim without a council names an asset that only one has."""
        asset = claim.asset.casefold()
        if claim.council:
            return self.rows.get((claim.council, asset))
        found = [row for (_, own), row in self.rows.items() if own == asset]
        return found[0] if len(found) == 1 else None

    def subject(self, row: int) -> Subject:
        """The asset of a row with its addresses and their zones."""
        if row not in self._subjects:
            council, asset = self.assets.get("council", row), self.assets.get("asset", row)
            addresses = self.estate.addresses.get((council, asset), ())
            self._subjects[row] = self.passages.subject(council, asset, addresses, self.assets.get("zone", row))
        return self._subjects[row]

    def listening(self, subject: Subject) -> list[str]:
        """The ports that the asset is known to listen on, as proto/port."""
        if not self._listening and (services := self.estate.frames.get("services")) is not None:
            names = ("council", "asset", "proto_port")
            for council, asset, port in zip(*(services.columns[n] for n in names), strict=True):
                self._listening.setdefault((council, str(asset).casefold()), []).append(str(port))
        return sorted(set(self._listening.get((subject.council, subject.asset.casefold()), ())))

    def code(self, passage: Passage) -> int | None:
        """The place code of the rule that decides."""
        return None if passage.origin is None else self.files.code(passage.origin.file, passage.origin.line)


def asset_rows(assets: Frame) -> dict[AssetKey, int]:
    """The row of every asset, in the order of councils and ids."""
    keys = [(assets.get("council", row), str(assets.get("asset", row)).casefold(), row) for row in range(assets.rows)]
    return {(council, asset): row for council, asset, row in sorted(keys)}


def shared_columns(assets: Frame, take: Index) -> dict[str, Col]:
    """The columns that every table has, for these asset rows (-1: no register knows the asset)."""
    return {name: assets.columns[name].over(take) for name in SHARED if name in assets.columns}


def shared_places(assets: Frame, take: Index) -> dict[str, Col]:
    """Where they come from."""
    return {name: col.over(take) for name, col in assets.places.items() if name in (*SHARED, "")}
