"""Which assets still have support: what the table of paths says beside each way in."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from secscan.exposure.kleene import all3
from secscan.model.frame import Frame


@dataclass(slots=True)
class Support:
    """The installs of one asset: whether each is still supported, and the products that are not."""

    each: list[bool | None] = field(default_factory=list)
    ended: set[str] = field(default_factory=set)

    @property
    def whole(self) -> bool | None:
        """True where support still runs for all; null where some are not known, or there is no list."""
        return all3(self.each) if self.each else None


def supports(installs: Frame | None, today: date) -> dict[tuple[str, str], Support]:
    """(council, asset in small letters) -> its support. An install that nobody knows counts as not known."""
    found: dict[tuple[str, str], Support] = {}
    if installs is None:
        return found
    names = ("council", "asset", "support", "eol_on", "entitled_until", "product", "product_or_name", "name")
    columns = [list(installs.columns[n]) if n in installs.columns else [None] * installs.rows for n in names]
    for council, asset, support, eol_on, entitled_until, product, shown, name in zip(*columns, strict=True):
        if asset is None:
            continue
        own = found.setdefault((council, asset.casefold()), Support())
        state = _supported(support, eol_on, entitled_until, today)
        own.each.append(state)
        if state is False and (what := product or shown or name):
            own.ended.add(what)
    return found


def _supported(support: Any, eol_on: date | None, entitled_until: date | None, today: date) -> bool | None:
    """As check lifecycle.unsupported-software judges, without its days of grace."""
    match support:
        case "ended-undated":
            return False
        case "open-ended":
            return True
        case "dated":
            days = [day for day in (eol_on, entitled_until) if day is not None]
            return max(days) >= today if days else None
        case _:
            return None
