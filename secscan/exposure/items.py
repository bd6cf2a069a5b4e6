"""One device as the engine reads it: its chains and translations as numbered items, for one family and direction.

``moving`` are the addresses that are asked about, ``fixed`` the side of the one address in question.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

from secscan.exposure import intervals
from secscan.exposure.intervals import Family
from secscan.model.net import AddressSet, Chain, Device, Intervals, Origin, PortSet, Rule, Stage, Translation

Verb = Literal["permit", "deny", "either", "jump", "goto", "return", "translate"]


class Gate(NamedTuple):
    """Interfaces: one of ``names`` (None: any), and none of ``but``."""

    names: frozenset[str] | None
    but: frozenset[str] = frozenset()

    @classmethod
    def of(cls, names: frozenset[str] | None, but: frozenset[str] = frozenset()) -> Gate | None:
        """None where every interface is one."""
        return None if names is None and not but else cls(names, but)


_EVERYTHING: Final = (PortSet(proto="any"),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A rule, a line nobody understood, the end of a chain, or a translation."""

    verb: Verb
    """``either``: it may let through, stop, or do nothing."""
    target: str = ""
    """The chain that a jump or goto goes on in."""
    certain: bool = True
    moving: Intervals
    moving_open: bool = False
    """Some member is not known, so any address may match."""
    fixed: Intervals
    fixed_open: bool = False
    services: tuple[PortSet, ...] = _EVERYTHING
    from_zones: frozenset[str] | None = None
    to_zones: frozenset[str] | None = None
    into: Gate | None = None
    out: Gate | None = None
    translations: frozenset[str] | None = None
    origin: Origin
    why: str = ""
    """Why it is not sure, where it is not."""
    default: bool = False
    translation: Translation | None = None
    own: bool = False
    """The fixed side is an address of the device's own that nobody knows: no private one that is asked about."""

    @property
    def permit(self) -> bool | None:
        """Whether it lets through; None where that is not known."""
        return {"permit": True, "deny": False}.get(self.verb)

    @property
    def narrow(self) -> bool:
        """Whether more than addresses and services decides that it matches."""
        gates = (self.from_zones, self.to_zones, self.into, self.out)
        return not (self.certain and all(gate is None for gate in gates))


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The items of one chain: ``first`` to before ``after``.

    ``default``: what decides where nothing else does. It is the last of them, but for a chain that others call: there
    it stands behind them, for when a stage asks that chain itself.
    """

    first: int
    after: int
    default: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A device's items: chain by chain, then the translations of destinations, then those of sources."""

    items: Sequence[Item]
    chains: dict[str, Span]
    stages: Sequence[Stage]
    dst: range
    src: range


def program(device: Device, family: Family, *, inward: bool) -> Program:
    """The device's rules and translations. ``inward``: sources move and the destination is fixed; else the other way.

    Rules that are off, expired, for established connections only, or that do nothing, are left out.
    """
    items: list[Item] = []
    chains: dict[str, Span] = {}
    told = family in device.families
    for name, chain in device.chains.items():
        first = len(items)
        items += [*_steps(chain, family, inward=inward), _end(chain, family)] if told else [_unsaid(chain, family)]
        calls = told and chain.default == "return"
        chains[name] = Span(first=first, after=len(items) - calls, default=len(items) - 1)
    spans = []
    for kind in ("dst", "src"):
        first = len(items)
        items += [_translation(t, family, inward=inward) for t in device.translations if t.kind == kind and t.enabled]
        spans.append(range(first, len(items)))
    return Program(items=items, chains=chains, stages=device.stages, dst=spans[0], src=spans[1])


def wild(verb: Verb, origin: Origin, why: str, family: Family, *, default: bool = False) -> Item:
    """An item that every packet meets."""
    everywhere = intervals.everything(family)
    return Item(verb=verb, moving=everywhere, fixed=everywhere, origin=origin, why=why, default=default)


def _steps(chain: Chain, family: Family, *, inward: bool) -> Iterator[Item]:
    for step in chain.steps:
        match step:
            case Origin():
                yield wild("either", step, f"line not understood: {step.text}", family)
            case Rule() if step.enabled and not step.expired and step.state == "new" and step.action != "continue":
                yield _rule(step, family, inward=inward)


def _end(chain: Chain, family: Family) -> Item:
    match chain.default:
        case "permit" | "deny" as word:
            return wild(word, chain.default_origin, "", family, default=True)
        case "return":
            why = f"nothing says what becomes of what chain '{chain.name}' leaves over"
        case None:
            why = "no rule matches, and nothing says what the device does then"
    return wild("either", chain.default_origin, why, family, default=True)


def _unsaid(chain: Chain, family: Family) -> Item:
    return wild("either", chain.default_origin, f"the export says nothing of IPv{family}", family, default=True)


def _rule(rule: Rule, family: Family, *, inward: bool) -> Item:
    moving, fixed = (rule.src, rule.dst) if inward else (rule.dst, rule.src)
    assert rule.action != "continue"
    return Item(
        verb=rule.action,
        target=rule.target,
        certain=rule.unknown is None,
        moving=intervals.of(moving, family),
        moving_open=moving.unknown is not None,
        fixed=intervals.of(fixed, family),
        fixed_open=fixed.unknown is not None,
        services=rule.services,
        from_zones=rule.from_zones,
        to_zones=rule.to_zones,
        into=Gate.of(rule.in_interfaces, rule.not_in_interfaces),
        out=Gate.of(rule.out_interfaces, rule.not_out_interfaces),
        translations=rule.translations,
        origin=rule.origin,
        why=rule.unknown or _unresolved(rule.src, "source") or _unresolved(rule.dst, "destination"),
        own=rule.dst_own and inward,
    )


def _translation(one: Translation, family: Family, *, inward: bool) -> Item:
    moving, fixed = (one.src, one.dst) if inward else (one.dst, one.src)
    return Item(
        verb="translate",
        certain=one.unknown is None,
        moving=intervals.of(moving, family),
        moving_open=moving.unknown is not None,
        fixed=intervals.of(fixed, family),
        fixed_open=fixed.unknown is not None,
        services=one.services,
        into=Gate.of(one.in_interfaces, one.not_in_interfaces),
        out=Gate.of(one.out_interfaces, one.not_out_interfaces),
        origin=one.origin,
        why=one.unknown or _unresolved(one.src, "source") or _unresolved(one.dst, "destination"),
        translation=one,
        own=one.dst_own and inward,
    )


def _unresolved(addresses: AddressSet, side: str) -> str:
    return "" if addresses.unknown is None else f"{side}: {addresses.unknown}"
