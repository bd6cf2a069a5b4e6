"""What needs a decision: systems without a working protection, protections that failed their test, exceptions past their day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from secscan.model.posture import ExceptionRow, LegacyRow, Posture
from secscan.render import words

SOON_DAYS: Final = 90

ASKED: Final = {
    "disproven": "Mend the rule that lets it through, or replace the system",
    "none": "Replace it, isolate it, or accept the risk in writing",
    "claimed": "Have the claimed protection tested",
    "cannot-tell": "Supply the firewall file that decides it, then test",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One line of the decisions table: one asset with all its unsupported products, or one exception."""

    council: str
    title: str
    detail: str
    href: str
    ended: date | None
    ways_in: int | None
    tag: str
    decision: str
    who: str
    on: date | None
    rank: int


def needed(posture: Posture, hrefs: Mapping[tuple[str, str], str]) -> list[Decision]:
    """Every decision, most pressing first. ``hrefs``: (council, asset) to the place where the system is described."""
    by_asset: dict[tuple[str, str], list[LegacyRow]] = {}
    for row in posture.legacy:
        if row.protection in ASKED and row.status != "accepted":
            by_asset.setdefault((row.council, row.asset), []).append(row)
    alike: dict[tuple[object, ...], list[tuple[str, str]]] = {}
    for key, rows in by_asset.items():
        alike.setdefault(_likeness(key, rows), []).append(key)
    found = [
        _system([r for k in keys for r in by_asset[k]], hrefs.get(keys[0], "legacy.html")) for keys in alike.values()
    ]
    found += [_protection(posture, council, asset) for council, asset in _disproven_elsewhere(posture, by_asset)]
    services = {(r.council, r.asset): r.service for r in posture.legacy if r.service}
    found += [
        _exception(r, services.get((r.council, r.asset)) or r.asset) for r in posture.exceptions if r.state == "overdue"
    ]
    return sorted(found, key=lambda d: (d.rank, -(d.ways_in or 0), d.on or date.max, d.council, d.title))


def due_soon(decisions: Sequence[Decision], today: date) -> int:
    """How many have a date within 90 days, those already past it among them."""
    return sum(d.on is not None and (d.on - today).days <= SOON_DAYS for d in decisions)


def _likeness(key: tuple[str, str], rows: Sequence[LegacyRow]) -> tuple[object, ...]:
    """What one person decides about together: a service's devices, or those that run the same; a claim stands alone."""
    if any(r.mitigations for r in rows):
        return key
    if rows[0].service:
        return key[0], rows[0].service, rows[0].owner
    return key[0], None, tuple(sorted({(r.label, r.protection) for r in rows}))


def _system(rows: Sequence[LegacyRow], href: str) -> Decision:
    worst = min(rows, key=lambda r: words.WEAKEST_FIRST.index(r.protection))
    labels = list(dict.fromkeys(f"{r.label}" for r in rows))
    ways = max(r.routes_open for r in rows)
    ended = [r.eol_on for r in rows if r.eol_on]
    due = [r.due for r in rows if r.due]
    assets = list(dict.fromkeys(r.asset for r in rows))
    title, detail = worst.service or worst.hostname or worst.asset, f"{worst.asset}: {words.listing(labels, 3)}"
    if len(assets) > 1:
        together = f"{words.listing(labels, 3)} on {words.many(len(assets), 'device')}"
        title, detail = worst.service or together, words.listing(assets, 3)
        if worst.service:
            detail = f"{together}: {detail}"
    return Decision(
        council=worst.council, title=title, detail=detail, href=href, ended=min(ended) if ended else None, ways_in=ways,
        tag=words.protection(worst.protection), decision=ASKED[worst.protection],
        who=next((r.owner for r in rows if r.owner), "No owner recorded"), on=min(due) if due else None,
        rank=_rank(worst.protection, ways),
    )  # fmt: skip


def of_system(rows: Sequence[LegacyRow], href: str) -> Decision | None:
    """What has to be decided about one device; None where it is accepted or protected."""
    waiting = [r for r in rows if r.protection in ASKED and r.status != "accepted"]
    return _system(waiting, href) if waiting else None


def _rank(protection: str, ways: int) -> int:
    match protection:
        case "disproven":
            return 0
        case "none":
            return 1 if ways else 4
        case _:
            return 3


def _disproven_elsewhere(posture: Posture, seen: dict[tuple[str, str], list[LegacyRow]]) -> list[tuple[str, str]]:
    keys = ((c.council, c.asset) for c in posture.claims if c.state == "disproven")
    return [key for key in dict.fromkeys(keys) if key not in seen]


def _protection(posture: Posture, council: str, asset: str) -> Decision:
    claims = [c for c in posture.claims if (c.council, c.asset) == (council, asset) and c.state == "disproven"]
    first = claims[0]
    return Decision(
        council=council, title=first.hostname or asset, detail=f"{first.id}: {first.text or first.reason}",
        href=f"mitigations.html#{words.anchor('claim', council, first.id)}", ended=None, ways_in=None, tag="Disproven",
        decision="Mend the protection, or withdraw the claim", who=first.claimed_by, on=first.lapses_on, rank=0,
    )  # fmt: skip


def _exception(row: ExceptionRow, name: str) -> Decision:
    return Decision(
        council=row.council, title=name, detail=f"Exception {row.id}: {row.control} on {row.asset}",
        href=f"exceptions.html#{words.anchor('exception', row.council, row.id)}", ended=None, ways_in=None, tag="Overdue",
        decision="Renew the exception with a new date, or end it", who=row.approver, on=row.until, rank=2,
    )  # fmt: skip
