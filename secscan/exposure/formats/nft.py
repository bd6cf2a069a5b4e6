"""``nft -j list ruleset``: tables of all families, base chains by hook and priority, sets, maps, translations.

A packet meets every base chain of its hooks, in the order of their priorities. *Accept* ends one of them and the next is
asked; *drop* ends its way: so each is a stage by itself, and all must let it through. Destinations are translated at
priority -100, and what stands before sees the one that was sent to. Lines say little in JSON: a rule is told by its chain
and handle, and by where it stands in the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

from secscan.exposure.formats import netmatch, nftfields, nftmatch
from secscan.exposure.formats.export import Export
from secscan.exposure.formats.netmatch import Match, Unread
from secscan.exposure.formats.nftfields import BOTH, NEVER, V4, V6, Scope, of, untold
from secscan.exposure.formats.nftlisting import Block, Key, Listing, listed
from secscan.exposure.formats.nftwords import words
from secscan.exposure.formats.unfold import Becomes, Step, Unfolding
from secscan.exposure.intervals import Family
from secscan.model.errors import InputError
from secscan.model.net import (
    Action,
    AddressSet,
    Chain,
    Device,
    Interface,
    Intervals,
    Origin,
    Rule,
    Stage,
    Traffic,
    Translation,
)

_ADDRESSES: Final = {"ip": V4, "ip6": V6, "inet": BOTH, "netdev": BOTH}
_FAMILIES: Final[Mapping[str, tuple[Family, ...]]] = {"ip": (4,), "ip6": (6,), "inet": (4, 6)}
_WAYS: Final[tuple[tuple[Traffic, tuple[str, ...]], ...]] = (
    ("through", ("ingress", "prerouting", "forward", "postrouting", "egress")),
    ("to-device", ("ingress", "prerouting", "input")),
    ("from-device", ("output", "postrouting", "egress")),
)
_MAIN: Final = frozenset(("forward", "input", "output"))
"""Hooks whose chains are the answer: for a family that has none there, nothing says what the device does."""
_DSTNAT: Final = -100
_SRCNAT: Final = 100
_VERDICTS: Final[dict[str, Action]] = {
    "accept": "permit", "drop": "deny", "reject": "deny", "return": "return", "continue": "continue", "jump": "jump", "goto": "goto",
}  # fmt: skip
_TRANSLATES: Final = frozenset(("snat", "dnat", "masquerade", "redirect"))
_EITHER: Final = {
    "queue": "a program decides what becomes of it (queue)", "synproxy": "the device answers in place of the receiver (synproxy)",
    "tproxy": "it is handed to a program of the device's (tproxy)", "fwd": "it is sent out elsewhere (fwd)",
}  # fmt: skip
"""Statements that end a packet's way by what no configuration tells."""
_RATES: Final = {"limit": "a rate", "quota": "the bytes sent", "ct count": "a number of connections", "meter": "a rate"}
_GOES_ON: Final = frozenset(
    (
        "counter",
        "log",
        "notrack",
        "dup",
        "flow",
        "ct helper",
        "ct timeout",
        "ct expectation",
        "secmark",
        "last",
        "tunnel",
    )
)
_ADDRESS_FIELDS: Final = frozenset(("saddr", "daddr", "sport", "dport", "protocol", "nexthdr"))
"""What a statement may write into a packet so that it is another one for the rules behind."""


@dataclass(slots=True)
class _Case:
    """One thing that a rule does. ``verb``: the statement that decides; "": none does."""

    matches: Sequence[Match]
    verb: str
    body: Any = None


class Nft:
    kind = "nft"

    def fits(self, head: str) -> str | None:
        start = head.lstrip("\ufeff \t\r\n")[:400]
        if not start.startswith("{") or '"nftables"' not in start or '"xt"' in head:
            return None
        return "certain: its list 'nftables' says so"

    def read(self, export: Export) -> Device:
        first, *more = export.files
        if more:
            raise more[0].refuse(
                f"is a second ruleset beside {first.shown}",
                "nft -j list ruleset writes all tables into one file: name that alone",
            )
        return _Reading(Listing(first)).device(export.device)


READER = Nft()


class _Reading:
    """A listing becoming a device."""

    def __init__(self, listing: Listing) -> None:
        self.listing, self.file = listing, listing.file
        self.base = [one for one in listing.base() if one.key[0] in _ADDRESSES]
        self.below = {one.key: listing.below(one) for one in self.base}
        families = {f for one in self.base for f in _FAMILIES.get(one.key[0], ())}
        self.families: frozenset[Family] = frozenset(families)
        if not families:
            raise self.file.refuse(
                "holds no chain that is bound to a hook", "run nft as root: it lists nothing to others"
            )
        self.scopes = self._scopes()
        self.cases: dict[Key, list[tuple[Origin, list[_Case] | str]]] = {}
        for block in listing.blocks.values():
            self.cases[block.key] = [(rule.origin, self._cases(block, rule.expr)) for rule in block.rules]
        self.untracked = [
            (match, rule.origin)
            for block in listing.blocks.values() for rule, (_, cases) in zip(block.rules, self.cases[block.key], strict=True)
            if any("notrack" in one for one in rule.expr) and not isinstance(cases, str)
            for case in cases for match in case.matches
        ]  # fmt: skip
        self.translations = [
            *self._rewritten(),
            *self._translations("prerouting", "dst"),
            *self._translations("postrouting", "src"),
        ]
        self.names = frozenset(t.name for t in self.translations if t.kind == "dst" and not t.none)

    def _scopes(self) -> dict[Key, Scope]:
        hooks: dict[Key, set[str]] = {}
        early: set[Key] = set()
        for top in self.base:
            for block in self.below[top.key]:
                hooks.setdefault(block.key, set()).add(top.hook)
                if top.hook == "ingress" or (top.hook == "prerouting" and top.priority <= _DSTNAT):
                    early.add(block.key)
        known: dict[tuple[str, str], dict[tuple[str, str, bool], Match]] = {}
        return {
            key: Scope(
                sets=self.listing.sets.get(key[:2], {}), hooks=frozenset(hooks.get(key, ())), early=key in early,
                known=known.setdefault(key[:2], {}),
            )
            for key in self.listing.blocks
        }  # fmt: skip

    # -- rules

    def _cases(self, block: Block, expr: Sequence[Mapping[str, Any]]) -> list[_Case] | str:
        """What a rule does, in order; or why it is not understood."""
        scope = self.scopes[block.key]
        held = [of(_ADDRESSES.get(block.key[0], BOTH))]
        try:
            for statement in expr:
                ((word, body),) = statement.items()
                if word == "match":
                    held = nftmatch.both(held, nftmatch.matches(body, scope))
                elif word == "vmap":
                    return [_verdict(nftmatch.both(held, some), value) for some, value in _map(body, scope)]
                elif word in ("jump", "goto"):
                    return [_Case(held, word, _target(body))]
                elif word in _TRANSLATES and isinstance(body, dict) and body.get("family") in _FAMILIES:
                    return [_Case(nftmatch.both(held, [of(_ADDRESSES[body["family"]])]), word, body)]
                elif word in _VERDICTS or word in _TRANSLATES or word in _EITHER:
                    return [_Case(held, word, body)]
                elif word in _RATES or (word in ("set", "map") and _asks(body)):
                    held = nftmatch.both(held, [untold(f"it hangs on {_RATES.get(word, 'a rate')}")])
                elif word == "mangle":
                    _may_change(body)
                elif word not in _GOES_ON and word not in ("set", "map"):
                    raise Unread(f"'{word[:40]}' is not understood")
        except (Unread, ValueError, TypeError) as error:
            return str(error) if isinstance(error, Unread) else "it is written as nft does not write it"
        return [_Case(held, "")]

    def _steps(self, block: Block) -> Iterator[Rule | Origin]:
        position = 0
        for written, (origin, cases) in zip(block.rules, self.cases[block.key], strict=True):
            if isinstance(cases, str):
                yield replace(origin, text=f"{cases}: {origin.text}")
                continue
            shared = {"origin": origin, "reason": origin.name or None, "hits": _hits(written.expr)}
            for case in cases:
                for rule in self._rules(block, case, shared):
                    yield replace(rule, position=position)
                    position += 1

    def _rules(self, block: Block, case: _Case, shared: Mapping[str, Any]) -> Iterator[Rule]:
        actions: tuple[Action, ...]
        why, target = None, ""
        if case.verb in ("jump", "goto"):
            actions, target = (_VERDICTS[case.verb],), " ".join((*block.key[:2], case.body))
        elif case.verb in _EITHER or case.verb == "?":
            actions, why = ("deny", "permit"), _EITHER.get(case.verb)
        else:
            actions = (("permit" if case.verb in _TRANSLATES else _VERDICTS[case.verb or "continue"]),)
        for match, tracking in self._tracked(case.matches or [NEVER]):
            unknown = match.unknown or why or tracking
            met, state = match.met(self.names)
            for action in actions:
                for part in match.parts:
                    yield Rule(
                        position=0, action=action, target=target, src=part.src, dst=part.dst, services=part.services,
                        in_interfaces=match.into, out_interfaces=match.out, not_in_interfaces=match.not_into,
                        not_out_interfaces=match.not_out, translations=met, state=state, unknown=unknown, **shared,
                    )  # fmt: skip

    def _tracked(self, matches: Sequence[Match]) -> Iterator[tuple[Match, str | None]]:
        """The matches, in pieces where the state that they ask for is not known of some connections, with the reason."""
        for match in matches:
            pieces: list[Match] = [match]
            for other, origin in self.untracked if match.asks_state else ():
                why = f"connections may be untracked by {origin.vendor_id}, and the rule asks for their state"
                left = []
                for piece in pieces:
                    inside = piece.narrowed(other) if piece.overlaps(other) else None
                    if inside is not None:
                        yield replace(inside, state=match.state), why
                        left += [piece] if (rest := piece.without(other)) is None else rest
                    else:
                        left.append(piece)
                pieces = left
            yield from ((piece, None) for piece in pieces)

    # -- the device

    def device(self, name: str) -> Device:
        blocks = [b for b in self.listing.blocks.values() if b.key[0] in _ADDRESSES]
        chains = {block.name: self._chain(block) for block in blocks}
        stages = list(self._stages(chains))
        sides = {n for cases in self.cases.values() for _, some in cases if not isinstance(some, str)
                 for case in some for match in case.matches for n in match.interfaces()}  # fmt: skip
        sides |= {device for block in self.base for device in block.devices or ()}
        return Device(
            name=name, kind="nft", chains=chains, stages=tuple(stages), translations=tuple(self.translations), families=self.families,
            interfaces=tuple(Interface(name=n, loopback=n == "lo") for n in sorted(sides) if not n.endswith("+")),
            version=self.listing.version, unread=tuple(self._unread()), decoded=self.listing.decoded,
            warnings=tuple(self.listing.warnings),
        )  # fmt: skip

    def _chain(self, block: Block) -> Chain:
        steps = tuple(self._steps(block))
        end: Literal["permit", "deny", "return"] | None = "return"
        if block.hook:
            end = {"accept": "permit", "drop": "deny"}.get(block.policy or "")  # type: ignore[assignment]
        return Chain(name=block.name, steps=steps, default=end, default_origin=block.origin)

    def _stages(self, chains: dict[str, Chain]) -> Iterator[Stage]:
        router = any(one.hook == "forward" for one in self.base) or not any(one.hook == "input" for one in self.base)
        bridges = [b for b in self.listing.base() if b.key[0] == "bridge" and self._may_stop(b)]
        for traffic, hooks in _WAYS:
            if traffic == "through" and not router:
                continue
            for hook in hooks:
                for block in (one for one in self.base if one.hook == hook and self._counts(one)):
                    yield self._stage(block, traffic, chains)
            for block in bridges:
                if block.hook not in ("forward", "ingress"):
                    why = "whether it passes a bridge, and these rules of it, is not known"
                    yield Stage(name=block.name, chain=_undecided(block, why, chains), traffic=traffic)

    def _counts(self, block: Block) -> bool:
        """Whether a chain decides anything: those of the main hooks always, for their policy is the answer."""
        asked = block.hook in _MAIN or bool(block.rules) or block.policy != "accept"
        return self._may_stop(block) if block.kind == "nat" else asked

    def _may_stop(self, top: Block) -> bool:
        """Whether anything in a chain, or in those that it calls, may stop a packet."""
        if top.policy != "accept":
            return True
        for block in self.below.get(top.key) or self.listing.below(top):
            for _, cases in self.cases[block.key]:
                if isinstance(cases, str) or any(c.verb in ("drop", "reject", "?", *_EITHER) for c in cases):
                    return True
        return False

    def _stage(self, block: Block, traffic: Traffic, chains: dict[str, Chain]) -> Stage:
        sees: Literal["original", "translated"] = "translated"
        if block.hook == "ingress" or (
            block.hook == "prerouting" and (block.priority <= _DSTNAT or block.kind == "nat")
        ):
            sees = "original"
        into = out = why = None
        chain = block.name
        kinds = {t.kind for t in self.translations}
        if block.hook in ("ingress", "egress"):
            into, out = (block.devices, None) if block.hook == "ingress" else (None, block.devices)
            why = None if block.devices else "the export does not say for which interfaces"
        elif block.kind != "nat" and block.hook == "prerouting" and block.priority == _DSTNAT and "dst" in kinds:
            why = "it has the priority of the translation, and which comes first is not known"
        elif block.kind != "nat" and block.hook == "postrouting" and block.priority >= _SRCNAT and "src" in kinds:
            why = "it comes behind the translation of sources, and what those become here is not followed"
        if why is not None:
            chain = _undecided(block, why, chains)
        elif block.kind == "nat" and (met := self._met_before(block)):
            chain = self._unless_translated(block, met, chains)
        elif (missing := self.families - frozenset(_FAMILIES.get(block.key[0], (4, 6)))) and block.hook in _MAIN | {
            "prerouting",
            "postrouting",
        }:
            chain = self._one_family(block, missing, chains)
        return Stage(name=block.name, chain=chain, sees=sees, traffic=traffic, in_interfaces=into, out_interfaces=out)

    def _one_family(self, block: Block, missing: frozenset[Family], chains: dict[str, Chain]) -> str:
        """A chain of one family, asked where packets of both come by: the other has its own, or nobody knows."""
        name = f"{block.name} of IPv{', '.join(map(str, sorted(self.families - missing)))}"
        others = (one for one in self.base if one.hook == block.hook and one.kind != "nat" and one is not block)
        told = (
            block.hook not in _MAIN
            or block.kind == "nat"
            or any(missing <= set(_FAMILIES.get(one.key[0], ())) for one in others)
        )
        default: Literal["permit"] | None = "permit" if told else None
        chains[name] = Chain(
            name=name,
            steps=_through(block, chains, _ADDRESSES[block.key[0]]),
            default=default,
            default_origin=block.origin,
        )
        return name

    def _met_before(self, block: Block) -> frozenset[str]:
        """The translations of chains that a packet meets before this one, which then is not asked."""
        before = [
            one for one in self.base if one.hook == block.hook and one.kind == "nat" and one.priority < block.priority
        ]
        keys = {below.key for one in before for below in self.below[one.key]}
        own = {below.key for below in self.below[block.key]}
        lines = {origin for key in keys - own for origin, _ in self.cases[key]}
        return frozenset(t.name for t in self.translations if t.kind == "dst" and not t.none and t.origin in lines)

    def _unless_translated(self, block: Block, met: frozenset[str], chains: dict[str, Chain]) -> str:
        name = f"{block.name} where nothing was translated before"
        steps = (
            _every(BOTH, "permit", block.origin, translations=met),
            _every(BOTH, "goto", block.origin, target=block.name),
        )
        chains[name] = Chain(name=name, steps=steps, default="permit", default_origin=block.origin)
        return name

    def _unread(self) -> Iterator[Origin]:
        """What stands in no chain that packets are followed through, and may matter."""
        for block in self.listing.base():
            if block.key[0] == "arp" and self._may_stop(block):
                yield replace(block.origin, text=f"rules for ARP are not followed: {block.origin.text}")
            elif block.kind == "nat" and block.hook == "output":
                for below in self.below.get(block.key, ()):
                    for origin, cases in self.cases[below.key]:
                        if isinstance(cases, str) or any(c.verb in _TRANSLATES for c in cases):
                            why = "what the device itself sends is translated, which is not followed"
                            yield replace(origin, text=f"{why}: {origin.text}")

    # -- translations

    def _translations(self, hook: str, kind: Literal["dst", "src"]) -> Iterator[Translation]:
        """What the nat chains of a hook do. Behind the *accept* of one the next is asked."""
        bound = [one for one in self.base if one.hook == hook and one.kind == "nat" and one.key[0] in _FAMILIES]
        for number, top in enumerate(bound):
            mine = set(_FAMILIES[top.key[0]])
            last = not any(mine & set(_FAMILIES[other.key[0]]) for other in bound[number + 1 :])
            chains = {
                block.name: [step for origin, cases in self.cases[block.key] for step in self._nat(block, origin, cases, last)]
                for block in self.below[top.key]
            }  # fmt: skip
            yield from Unfolding(chains, kind, of(_ADDRESSES[top.key[0]]), self._refuse).of(top.name)

    def _rewritten(self) -> Iterator[Translation]:
        """Packets that a rule rewrites by itself may become any."""
        for block in {below.key: below for top in self.base for below in self.below[top.key]}.values():
            for origin, cases in self.cases[block.key]:
                if isinstance(cases, str) and cases.startswith(_REWRITTEN):
                    chains = {"": [replace(origin, text=f"{cases}: {origin.text}")]}
                    yield from Unfolding(chains, "dst", of(BOTH), self._refuse).of("")

    def _refuse(self, why: str, line: int) -> InputError:
        return self.file.refuse(why, line=line)

    def _nat(self, block: Block, origin: Origin, cases: Sequence[_Case] | str, last: bool) -> Iterator[Step | Origin]:
        """A rule of a nat chain, as unfolding takes it."""
        if isinstance(cases, str):
            yield replace(origin, text=f"{cases}: {origin.text}")
            return
        for case in cases:
            for match in case.matches:
                known = replace(
                    match, unknown=match.unknown or next((why for _, why in self._tracked([match]) if why), None)
                )
                match case.verb:
                    case "jump" | "goto" as does:
                        yield Step(match=known, does=does, target=" ".join((*block.key[:2], case.body)), origin=origin)
                    case "return":
                        yield Step(match=known, does="return", origin=origin)
                    case "" | "continue":
                        pass
                    case "?":
                        yield origin
                    case verb if verb in _TRANSLATES:
                        yield from self._turned(block, origin, verb, case.body or {}, known)
                    case verb if last or verb in ("drop", "reject"):
                        yield Step(
                            match=known, does="translate", word=verb, origin=origin, becomes=lambda: Becomes(none=True)
                        )
                    case _:
                        yield Step(match=known, does="leave", origin=origin)

    def _turned(
        self, block: Block, origin: Origin, verb: str, body: Mapping[str, Any], held: Match
    ) -> Iterator[Step | Origin]:
        try:
            for some, becomes in _targets(verb, body, block.key[0], self.scopes[block.key]):
                for match in nftmatch.both([held], some):
                    yield Step(match=match, does="translate", word=verb, origin=origin, becomes=_always(becomes))
        except Unread as error:
            yield replace(origin, text=f"{error}: {origin.text}")


def _always(becomes: Becomes) -> Callable[[], Becomes]:
    return lambda: becomes


def _every(addresses: AddressSet, action: Action, origin: Origin, **more: Any) -> Rule:
    return Rule(
        position=0,
        implied=True,
        action=action,
        src=addresses,
        dst=addresses,
        services=netmatch.EVERY_SERVICE,
        origin=origin,
        **more,
    )


def _through(block: Block, chains: Mapping[str, Chain], addresses: AddressSet) -> tuple[Rule, ...]:
    """A bound chain asked from another: what returns from it meets its policy."""
    end = chains[block.name].default
    steps = [_every(addresses, "jump", block.origin, target=block.name)]
    if end is not None:
        steps.append(_every(addresses, end, block.origin))
    return tuple(steps)


def _undecided(block: Block, why: str, chains: dict[str, Chain]) -> str:
    """A chain that may stop anything, in place of one whose rules cannot be followed."""
    name = f"{block.name}, not decided"
    steps = (_every(BOTH, "deny", block.origin, unknown=why),)
    chains[name] = Chain(name=name, steps=steps, default="permit", default_origin=block.origin)
    return name


def _map(body: Any, scope: Scope) -> list[tuple[list[Match], Any]]:
    match body:
        case {"key": key, "data": data}:
            return nftmatch.cases(key, data, scope)
    raise Unread("a map without its key")


def _known(pairs: Sequence[tuple[list[Match], Any]]) -> Sequence[tuple[list[Match], Any]]:
    """Raises Unread where the map's members are not what the export shows."""
    for matches, value in pairs:
        if value is None:
            raise Unread(next((one.unknown for one in matches if one.unknown), "a map without values"))
    return pairs


def _verdict(matches: Sequence[Match], value: Any) -> _Case:
    match value:
        case None:
            return _Case(matches, "?")
        case {"jump": body} | {"goto": body}:
            return _Case(matches, next(iter(value)), _target(body))
        case dict() if len(value) == 1 and (word := str(next(iter(value)))) in _VERDICTS.keys() | _EITHER.keys():
            return _Case(matches, word)
    raise Unread("the map's value is no verdict")


def _target(body: Any) -> str:
    match body:
        case {"target": str() as name}:
            return name
    raise Unread("a jump to nowhere")


def _asks(body: Any) -> bool:
    """Whether a statement that fills a set asks for a rate too."""
    return isinstance(body, dict) and any(
        "counter" not in one for one in listed(body.get("stmt")) if isinstance(one, dict)
    )


_REWRITTEN: Final = "the packet is rewritten"


def _may_change(body: Any) -> None:
    """Raises Unread where a statement writes into the packet what rules look at."""
    match body:
        case {"key": {"payload": {"protocol": str(), "field": str() as name}}} if name not in _ADDRESS_FIELDS:
            return
        case {"key": {"payload": what}}:
            raise Unread(f"{_REWRITTEN} ({words([{'payload': what}])})")
        case {"key": dict()}:
            return
    raise Unread("'mangle' is not understood")


def _hits(expr: Sequence[Mapping[str, Any]]) -> int | None:
    found = [one["counter"].get("packets") for one in expr if isinstance(one.get("counter"), dict)]
    return found[-1] if found and isinstance(found[-1], int) else None


def _targets(verb: str, body: Any, family: str, scope: Scope) -> Iterator[tuple[list[Match], Becomes]]:
    """What a translation makes of what: one for each member of a map. Raises Unread."""
    if not isinstance(body, dict):
        raise Unread(f"'{verb}' is not understood")
    addr, port = body.get("addr"), body.get("port")
    family = str(body.get("family", family))
    every = [of(_ADDRESSES.get(family, BOTH))]
    keeps = "netmap" in listed(body.get("flags")) or "prefix" in listed(body.get("type_flags"))
    if verb == "masquerade":
        yield every, Becomes(to=AddressSet(unknown="the address of the interface is not in the export"))
    elif isinstance(addr, dict) and "map" in addr:
        for some, value in _known(_map(addr["map"], scope)):
            own = port if port is not None else None
            if isinstance(value, dict) and isinstance(value.get("concat"), list) and len(value["concat"]) == 2:
                value, own = value["concat"]  # noqa: PLW2901
            yield nftmatch.both(every, some), _becomes(verb, value, own, family, keeps)
    elif isinstance(port, dict) and "map" in port:
        for some, value in _known(_map(port["map"], scope)):
            yield nftmatch.both(every, some), _becomes(verb, addr, value, family, keeps)
    else:
        yield every, _becomes(verb, addr, port, family, keeps)


def _becomes(verb: str, addr: Any, port: Any, family: str, keeps: bool) -> Becomes:
    ports: Intervals | None = None if port is None else (nftfields.port(port),)
    if verb == "redirect":
        return Becomes(own=True, ports=ports)
    if addr is None:
        return Becomes(same=True, ports=ports)
    if family not in ("ip", "ip6"):
        raise Unread("of which family its address is does not stand there")
    pairs = (nftfields.address(4 if family == "ip" else 6)(addr),)
    return Becomes(to=AddressSet(v4=pairs) if family == "ip" else AddressSet(v6=pairs), ports=ports, keeps=keeps)
