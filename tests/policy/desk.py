"""A small shelf of checks, a small baseline, and one way to load a policy from texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from secscan import policy
from secscan.model.check import CheckSpec
from secscan.model.policy import Policy
from secscan.model.settings import Policies
from secscan.model.tables import Assets, Fixes, Installs, Paths, TableSpec

TODAY = date(2026, 3, 1)
COUNCILS = ("alderbeck", "brackenford", "corvale")
ZONES = ("lan", "lab", "management")


def spec(id: str, table: type[TableSpec], looser: Mapping[str, str] | None = None, **params: object) -> CheckSpec:
    return CheckSpec(
        id=id, says="", unknown_says="", fix="", table=table, judge=lambda row, params: row.asset.is_missing(),
        params=params, looser=looser or {},
    )  # fmt: skip


CHECKS = {
    one.id: one
    for one in (
        spec("demo.old-software", Installs, grace_days=0, accept_all=False, accepted_products=["none"]),
        spec(
            "demo.late-fix", Fixes, {"window_days": "higher", "otherwise_days": "higher", "score": "higher"},
            window_days={"critical": 14, "high": 14, "low": 180}, otherwise_days=14, score=70, word="cvss",
        ),
        spec(
            "demo.reachable", Paths, {"trusted_zones": "more", "ports": "fewer", "depth": "lower"},
            trusted_zones=[], ports=["tcp/22", "tcp/3389"], depth=3,
        ),
        spec("demo.unseen", Assets, max_age_days=45),
    )
}  # fmt: skip

BASELINE = """\
title: Small baseline
version: "1"
controls:
  - id: OLD
    check: demo.old-software
    title: Old software
    text: Nothing old.
    theme: legacy
    severity: high
    due: 90 days
  - id: FIX
    check: demo.late-fix
    title: Late fixes
    text: Nothing late.
    theme: patching
    severity: high
    due: 14 days
    mitigated_by: no
    unknowns: each
    with:
      window_days: {critical: 14, high: 14, low: 180}
  - id: WAY
    check: demo.reachable
    title: Ways in
    text: None.
    theme: firewall
    severity: critical
    due: 14 days
    scope: {type: [server, desktop], not: {zone: [lab]}}
  - id: SEEN
    check: demo.unseen
    title: Seen
    text: Seen.
    theme: inventory
    severity: medium
    due: 30 days
minimum_versions: {python: "3.10", openssl: 1.1.1w}
"""


def overlay(body: str, *, title: str = "Ours", councils: Sequence[str] | None = None) -> str:
    """An overlay with a head that is in order."""
    only = "" if councils is None else f"councils: [{', '.join(councils)}]\n"
    return f'title: {title}\nversion: "2"\nextends: base.yaml\n{only}{body}'


def load(
    root: Path,
    *overlays: str,
    baseline: str = BASELINE,
    exceptions: str | None = None,
    mitigations: str | None = None,
    entitlements: str | None = None,
    councils: Sequence[str] = COUNCILS,
    zones: Sequence[str] = ZONES,
) -> Policy:
    """The policy that these texts make, as files of ``root``."""
    (root / "base.yaml").write_text(baseline)
    names = []
    for number, text in enumerate(overlays, 1):
        names.append(f"overlay{number}.yaml")
        (root / names[-1]).write_text(text)
    for name, text in (("exceptions.yaml", exceptions), ("mitigations.yaml", mitigations), ("ent.csv", entitlements)):
        if text is not None:
            (root / name).write_text(text)
    policies = Policies(
        baseline="base.yaml", overlays=tuple(names),
        exceptions="exceptions.yaml" if exceptions is not None else None,
        mitigations="mitigations.yaml" if mitigations is not None else None,
        entitlements="ent.csv" if entitlements is not None else None,
    )  # fmt: skip
    return policy.load(policies, root, CHECKS, councils, zones, TODAY)
