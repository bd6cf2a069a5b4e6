"""Adds the tables of paths, claims and rules to an estate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from secscan.exposure.asset_reach import Passages
from secscan.exposure.claims_table import claims_table
from secscan.exposure.devices import missing, placed
from secscan.exposure.engine import Engine
from secscan.exposure.matrix import matrix
from secscan.exposure.observed import Observations
from secscan.exposure.paths import paths
from secscan.exposure.rules_table import rules_table
from secscan.exposure.scene import Scene, asset_rows
from secscan.exposure.support import supports
from secscan.exposure.zones import zone_sets
from secscan.model.estate import Estate
from secscan.model.net import Device
from secscan.model.places import Place
from secscan.model.policy import Forbidden, Policy

if TYPE_CHECKING:
    from secscan.model.settings import Settings


def attach(
    estate: Estate,
    settings: Settings,
    policy: Policy,
    devices: Sequence[Device],
    extra_ports: Iterable[str] = (),
    places: Mapping[str, Place] | None = None,
    before: Mapping[str, Any] | None = None,
    forbidden: Sequence[Forbidden] = (),
) -> Estate:
    """The estate with frames ``paths``, ``claims`` and ``rules``.

    Paths has the assets that some control may ask about: with an unsupported install, named by a mitigation, or
    listening on one of ``extra_ports`` (proto/port). Notes: ``claims`` (a ClaimRow each), ``routes`` ((council,
    asset) -> its Routes), ``control_claims`` (claims that another control decides), ``matrix`` (zone to zone, held
    against ``forbidden``). A firewall of the settings without a device leaves what passes it untold. ``places``:
    firewall id -> where secscan.yaml speaks of it. ``before``: claim -> what its proof rested on in the run before;
    note ``proofs`` is the same for the next.
    """
    known = {one.name for one in devices}
    every = [*devices, *(placed(missing(f), f, settings) for f in settings.firewalls if f.id not in known)]
    zones = zone_sets(settings)
    engine = Engine(every, zones)
    scene = Scene(
        estate=estate,
        zones=zones,
        passages=Passages(engine),
        observations=Observations(estate.probes, estate.files, estate.today),
        rows=asset_rows(estate.frames["assets"]),
    )
    support = supports(estate.frames.get("installs"), estate.today)
    tried, routes = paths(scene, policy, support, frozenset(extra_ports))
    claims = claims_table(scene, policy, before or {})
    return replace(
        estate,
        frames={
            **estate.frames,
            "paths": tried,
            "claims": claims.frame,
            "rules": rules_table(scene, settings, every, places or {}),
        },
        notes={
            **estate.notes,
            "claims": claims.shown,
            "routes": routes,
            "control_claims": claims.by_control,
            "proofs": claims.standing,
            "matrix": matrix(scene, engine, settings, policy, forbidden),
        },
    )
