"""What a register says of an asset in a month, beyond what the asset is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from secscan.workspace.sample.asset import Asset
from secscan.workspace.sample.chance import share, whole
from secscan.workspace.sample.days import MONTHS, Month, set_days
from secscan.workspace.sample.endpoints import SIZES


@dataclass(frozen=True, slots=True)
class State:
    """What a register says of an asset in one month; None where it does not say."""

    owner: str
    last_seen: date
    auto_update: str
    restart_pending: str
    protection: str
    definitions_on: date | None
    encrypted: str


def state(asset: Asset, month: Month) -> State:
    """The month's facts. Corvale does not change; the others get a little better all the time."""

    def draw(what: str) -> float:
        return share(asset.council, asset.tag, what)

    progress = 0.0 if asset.council == "corvale" else (month.number - 1) / (MONTHS - 1)
    seen = _last_seen(asset, month)
    owner = "" if _ownerless(asset, progress) else asset.owner
    if asset.system(month.number).family not in ("endpoint", "windows"):
        return State(owner, seen, "", "", "", None, "")
    portable = asset.type == "laptop"
    fresh = draw("stuck definitions") < 0.94 + 0.05 * progress
    return State(
        owner=owner,
        last_seen=seen,
        auto_update="yes" if draw("auto update") < 0.85 + 0.13 * progress else "no",
        restart_pending="yes"
        if share(asset.council, asset.tag, month.number, "restart") < 0.12 - 0.08 * progress
        else "no",
        protection="yes" if draw("protection") < 0.95 + 0.04 * progress else "no",
        definitions_on=seen - timedelta(days=int(draw("definitions") * (3 if fresh else 60) + (0 if fresh else 9))),
        encrypted="yes" if draw("encrypted") < (0.88 if portable else 0.55) + 0.09 * progress else "no",
    )


def _last_seen(asset: Asset, month: Month) -> date:
    if asset.lost_from is not None and month.number > asset.lost_from:
        return set_days(month.end)[asset.lost_from - 1] - timedelta(days=2)
    return month.day - timedelta(days=whole(0, 5, asset.council, asset.tag, month.number, "seen"))


def _ownerless(asset: Asset, progress: float) -> bool:
    if asset.council == "alderbeck" and asset.hostname == "PRN-001":
        return True
    if asset.type == "server" or asset.council not in SIZES:
        return False
    return share(asset.council, asset.tag, "owner") < SIZES[asset.council].ownerless * (1.5 - progress)


def serial(asset: Asset) -> str:
    letters = "BCDFGHJKLMNPQRSTVWXZ"
    drawn = whole(0, 20**4 * 10**4 - 1, asset.council, asset.tag, "serial")
    digits, rest = drawn % 10**4, drawn // 10**4
    return "".join(letters[rest // 20**at % 20] for at in range(4)) + f"{digits:04d}"
