"""One device's rule list as the engine reads it: what matches surely, what may match, and why it is not sure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from secscan.exposure import intervals
from secscan.exposure.intervals import Family
from secscan.model.net import AddressSet, Intervals, Origin, PortSet, Rule, RuleList

_EVERYTHING = (PortSet(proto="any"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One step of a list for one family and direction: a rule, a line nobody understood, or the end of the list.

    ``moving`` are the addresses that are asked about, ``fixed`` the side of the one address in question.
    ``permit`` None: it may let through or stop.
    """

    permit: bool | None
    certain: bool
    moving: Intervals
    moving_open: bool
    """Some member is not known, so any address may match."""
    fixed: Intervals
    fixed_open: bool
    services: tuple[PortSet, ...]
    from_zones: frozenset[str] | None
    to_zones: frozenset[str] | None
    origin: Origin
    why: str
    """Why it is not sure, where it is not."""
    default: bool = False


def compiled(rule_list: RuleList, family: Family, *, inward: bool) -> list[Item]:
    """The list in order. ``inward``: the sources move and the destination is fixed; else the other way round.

    Rules that are off, expired or for established connections only never match a new connection and are left out.
    """
    items = []
    for step in in_order(rule_list):
        match step:
            case Origin():
                items.append(_wild(None, step, f"line not understood: {step.text}", family))
            case Rule() if step.enabled and not step.expired and step.state == "new":
                items.append(_item(step, family, inward=inward))
    end = rule_list.default_origin
    match rule_list.default:
        case None:
            why = "no rule matches, and nothing says what the device does then"
            items.append(_wild(None, end, why, family, default=True))
        case word:
            items.append(_wild(word == "permit", end, "", family, default=True))
    return items


def _item(rule: Rule, family: Family, *, inward: bool) -> Item:
    moving, fixed = (rule.src, rule.dst) if inward else (rule.dst, rule.src)
    return Item(
        permit=rule.action == "permit",
        certain=rule.unknown is None,
        moving=intervals.of(moving, family),
        moving_open=moving.unknown is not None,
        fixed=intervals.of(fixed, family),
        fixed_open=fixed.unknown is not None,
        services=rule.services,
        from_zones=rule.from_zones,
        to_zones=rule.to_zones,
        origin=rule.origin,
        why=rule.unknown or _unresolved(rule.src, "source") or _unresolved(rule.dst, "destination"),
    )


def _unresolved(addresses: AddressSet, side: str) -> str:
    return "" if addresses.unknown is None else f"{side}: {addresses.unknown}"


def _wild(permit: bool | None, origin: Origin, why: str, family: Family, *, default: bool = False) -> Item:
    everywhere = intervals.everything(family)
    return Item(
        permit=permit, certain=True, moving=everywhere, moving_open=False, fixed=everywhere, fixed_open=False,
        services=_EVERYTHING, from_zones=None, to_zones=None, origin=origin, why=why, default=default,
    )  # fmt: skip


def in_order(rule_list: RuleList) -> Iterator[Rule | Origin]:
    """Rules in their order, each line that was not understood before the first rule that it may stand before."""
    waiting = sorted((_standing(rule_list, line), line.line, line) for line in rule_list.undecoded)
    lines = [(at, line) for at, _, line in waiting]
    for position, rule in enumerate(rule_list.rules):
        while lines and lines[0][0] <= position:
            yield lines.pop(0)[1]
        yield rule
    yield from (line for _, line in lines)


def _standing(rule_list: RuleList, line: Origin) -> int:
    """How many rules surely stand before a line whose own order is not known: none, where file and order differ."""
    known = [(i, rule.origin.line) for i, rule in enumerate(rule_list.rules) if rule.origin.file == line.file]
    if any(a[1] > b[1] for a, b in pairwise(known)):
        return 0
    return next((i for i, at in known if at > line.line), len(rule_list.rules) if known else 0)
