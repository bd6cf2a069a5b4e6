"""The table of paths: for each asset that is asked about, every port, zone and direction, denied ones too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from secscan.exposure.asset_reach import Passage, PerZone, Subject
from secscan.exposure.claims import tries
from secscan.exposure.matching import ANY
from secscan.exposure.observed import Observation
from secscan.exposure.scene import AssetKey, Scene, shared_columns, shared_places
from secscan.exposure.services import is_port
from secscan.exposure.support import Support
from secscan.model.frame import Col, Frame, Index
from secscan.model.policy import Policy
from secscan.model.posture import Route

_NOTHING: Final = Support()
_OWN: Final = (
    "path", "proto_port", "direction", "from_zone", "internet", "reach", "partly", "observed", "observed_on", "rule", "supported",
    "unsupported_product",
)  # fmt: skip


def paths(
    scene: Scene, policy: Policy, support: Mapping[AssetKey, Support], extra: frozenset[str]
) -> tuple[Frame, dict[tuple[str, str], list[Route]]]:
    """The frame, and the same rows for people: (council, asset) -> its routes.

    The ports of an asset are those it listens on, those that a claim names, and ``any`` for the internet, in and
    out. ``extra``: an asset that listens on some of these is asked about them too, whatever else it is.
    """
    table = _Table(scene)
    wanted = _wanted(scene, policy, support, extra)
    everywhere = tuple(zone.id for zone in scene.zones)
    internet = tuple(zone.id for zone in scene.zones if zone.internet)
    for key, row in scene.rows.items():
        if row not in wanted:
            continue
        own, ports = support.get(key, _NOTHING), wanted[row].ports
        for port in sorted(ports - {ANY}, key=port_order):
            table.add(row, port, everywhere, own, inward=True)
        if wanted[row].chosen:
            table.add(row, ANY, everywhere if ANY in ports else internet, own, inward=True)
            table.add(row, ANY, tuple(sorted({*internet, *wanted[row].out})), own, inward=False)
    return table.frame(), table.routes


@dataclass(slots=True)
class _Wanted:
    """The ports to try of one asset, and the zones its way out is tried to."""

    ports: set[str] = field(default_factory=set)
    out: set[str] = field(default_factory=set)
    chosen: bool = False
    """Asked about as a whole; else for those of its ports alone that a control names."""


def _wanted(
    scene: Scene, policy: Policy, support: Mapping[AssetKey, Support], extra: frozenset[str]
) -> dict[int, _Wanted]:
    found = {row: _Wanted(chosen=support.get(key, _NOTHING).whole is False) for key, row in scene.rows.items()}
    for key, port in listening(scene.estate.frames.get("services")):
        if (row := scene.rows.get(key)) is not None:
            found[row].ports.add(port)
    zones = {zone.id for zone in scene.zones}
    for claim in policy.mitigations:
        if (row := scene.row(claim)) is None:
            continue
        found[row].chosen = True
        for zone, port, inward in tries(claim.isolation, scene.zones) if claim.isolation else ():
            if inward and is_port(port):
                found[row].ports.add(port)
            elif not inward and zone in zones:
                found[row].out.add(zone)
    for wanted in found.values():
        if not wanted.chosen:
            wanted.ports &= extra
    return {row: wanted for row, wanted in found.items() if wanted.chosen or wanted.ports}


def listening(services: Frame | None) -> Iterable[tuple[AssetKey, str]]:
    """Every port that some asset listens on, as proto/port."""
    if services is None or "proto_port" not in services.columns:
        return
    columns = (services.columns[name] for name in ("council", "asset", "proto_port"))
    for council, asset, port in zip(*columns, strict=True):
        if port is not None and asset is not None and is_port(port):
            yield (council, asset.casefold()), port


class _Table:
    """The rows as they grow. Equal rows of different assets are held once, and told apart by an index."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._internet = {zone.id for zone in scene.zones if zone.internet}
        self._values: dict[str, list[Any]] = {name: [] for name in (*_OWN, "rule_code", "seen_code")}
        self._routes: list[Route] = []
        self._blocks: dict[tuple[Any, ...], Index] = {}
        self._taken: list[Index] = []
        self._assets: list[int] = []
        self.routes: dict[tuple[str, str], list[Route]] = {}

    def add(self, row: int, port: str, zones: tuple[str, ...], own: Support, *, inward: bool) -> None:
        """One row for each zone."""
        scene = self._scene
        subject = scene.subject(row)
        passages = scene.passages.of(subject, port, inward=inward)
        product = min(own.ended, default=None)
        if inward and scene.observations.any(subject.council, subject.asset):
            block = self._block(port, zones, passages, own.whole, product, inward, subject)
        else:
            # The scene keeps its answers, so an id is one answer's for good.
            key = (port, zones, id(passages), own.whole, product, inward)
            if key not in self._blocks:
                self._blocks[key] = self._block(port, zones, passages, own.whole, product, inward, None)
            block = self._blocks[key]
        self._taken.append(block)
        self._assets.append(row)
        routes = self.routes.setdefault((subject.council, subject.asset), [])
        routes.extend(self._routes[i] for i in block.tolist())

    def _block(
        self, port: str, zones: Sequence[str], passages: PerZone, supported: bool | None, product: str | None,
        inward: bool, subject: Subject | None,
    ) -> Index:  # fmt: skip
        """The numbers of the new rows."""
        first = len(self._routes)
        for zone in zones:
            seen = None
            if subject is not None:
                seen = self._scene.observations.of(subject.council, subject.asset, zone, port)
            self._row(zone, port, inward, passages[zone], seen, supported, product)
        return np.arange(first, len(self._routes), dtype=np.int32)

    def _row(
        self, zone: str, port: str, inward: bool, passage: Passage, seen: Observation | None, supported: bool | None,
        product: str | None,
    ) -> None:  # fmt: skip
        code = self._scene.code(passage)
        direction, let_in = ("in" if inward else "out"), (seen.seen if seen else None)
        path = f"{port} {'from' if inward else 'to'} {zone}"
        partly = passage.partly if passage.reach is not None else None
        row = (
            path, port, direction, zone, zone in self._internet, passage.reach, partly, let_in, seen.on if seen else None, passage.rule,
            supported, product, code, seen.place if seen else None,
        )  # fmt: skip
        for name, value in zip(self._values, row, strict=True):
            self._values[name].append(value)
        self._routes.append(
            Route(
                zone=zone,
                port=port,
                direction=direction,
                reach=passage.reach,
                partly=passage.partly,
                rule=passage.rule,
                place=None if code is None else self._scene.files.place(code),
                observed=let_in,
                reason=passage.reason or None,
            )
        )

    def frame(self) -> Frame:
        """All rows added so far."""
        lengths = [len(block) for block in self._taken]
        take = np.concatenate([*self._taken, np.empty(0, dtype=np.int32)]).astype(np.int32)
        assets = np.repeat(np.array(self._assets, dtype=np.int32), np.array(lengths, dtype=np.int64)).astype(np.int32)
        own = {name: Col(values, take) for name, values in self._values.items()}
        rule, seen = own.pop("rule_code"), own.pop("seen_code")
        return Frame(
            "paths",
            len(take),
            {**shared_columns(self._scene.assets, assets), **own},
            {
                **shared_places(self._scene.assets, assets),
                **dict.fromkeys(("rule", "reach", "partly"), rule),
                **dict.fromkeys(("observed", "observed_on"), seen),
            },
        )


def port_order(port: str) -> tuple[str, int]:
    """Ports of one protocol by their number."""
    proto, _, number = port.partition("/")
    return proto, int(number) if number.isdecimal() else -1
