"""Windows Defender Firewall: the rules of one machine, as PowerShell, netsh or the registry give them.

Rules have no order. Rules that let in whoever proves by IPsec who sends are asked first, then rules that block, then rules
that allow; what none of them matches meets the default of the profile. The rules are sorted so, for what comes in and for
what goes out. Rules by which Windows restricts its own services stop more and open nothing: they are not asked.

Which profile is active is in no list of rules: what holds in all of them is sure, and what a rule does in some of them
may or may not happen. Where the export does not hold the profiles, they are taken as Windows ships them: on, what comes
in is blocked and what goes out is allowed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from secscan.exposure import intervals
from secscan.exposure.formats import windows_netsh, windows_powershell, windows_registry, windows_rules
from secscan.exposure.formats.export import ConfigFile, Export, masked
from secscan.exposure.formats.netmatch import EVERY_SERVICE, Unread
from secscan.exposure.formats.windows_rules import ALL_PROFILES, ANY
from secscan.exposure.formats.windows_said import LOST, PROFILES, Found, Said, Setting
from secscan.model.net import V4_ALL, V6_ALL, AddressSet, Chain, Device, Interface, Origin, Rule, Stage, Traffic

Direction = Literal["inbound", "outbound"]
Profiles = frozenset[str]

_DIRECTIONS: Final[Mapping[str, Direction]] = {
    "1": "inbound", "in": "inbound", "inbound": "inbound", "2": "outbound", "out": "outbound", "outbound": "outbound",
}  # fmt: skip
_ACTIONS: Final[Mapping[str, Literal["permit", "deny"]]] = {
    "2": "permit", "allow": "permit", "bypass": "permit", "4": "deny", "block": "deny",
}  # fmt: skip
_SWITCHES: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "2": False}
_TRAFFIC: Final[Mapping[Direction, Traffic]] = {"inbound": "to-device", "outbound": "from-device"}
_BYPASS, _BLOCK, _ALLOW = range(3)
_EVERYWHERE: Final = AddressSet(v4=V4_ALL, v6=V6_ALL)
_SHIPPED: Final = "not in the export, taken as Windows ships it"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Profile:
    """One profile as it is in force."""

    name: str
    on: bool
    permits: Mapping[Direction, bool]
    """Whether what no rule matches is let through."""
    allows: bool
    merges: bool
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class _Built:
    """One rule, before the profiles are weighed. ``rule.unknown`` is what else is not sure of it."""

    rule: Rule
    direction: Direction
    order: int
    profiles: Profiles
    """Those in which it is in force."""


_FORMS: Final = (
    (windows_powershell.words, windows_powershell.read), (windows_registry.words, windows_registry.read),
    (windows_netsh.words, windows_netsh.read), (windows_powershell.table_words, windows_powershell.read_table),
)  # fmt: skip
"""What tells that a text has a form, and what reads it."""
_HEAD: Final = 200_000
"""Letters of a file that tell its form."""


class Windows:
    kind = "windows-firewall"

    def fits(self, head: str) -> str | None:
        return next((words for fits, _ in _FORMS if (words := fits(head))), None)

    def read(self, export: Export) -> Device:
        found = _found(export.files)
        others = found.filters or found.settings or found.addresses or found.categories
        if others and not found.rules and not found.lost:
            raise export.files[0].refuse(
                "holds no rules", "add the output of Get-NetFirewallRule, or of netsh, as a further file"
            )
        rules = _joined(found.rules, found.filters)
        needed = {"protocol", "localport", "remoteaddress"}
        if rules and not any(needed & (said.fields.keys() | said.shows) for said in rules):
            raise rules[0].file.refuse(
                "holds rules without their ports, addresses and programs",
                "add the output of Get-NetFirewallPortFilter, -AddressFilter and -ApplicationFilter as further files",
            )
        return _Reading(export, found, rules).device()


def _found(files: Sequence[ConfigFile]) -> Found:
    """What the files hold. Raises InputError for one that no form fits, or that is cut."""
    found = Found()
    for file in files:
        head = file.text()[:_HEAD]
        read = next((read for fits, read in _FORMS if fits(head)), None)
        if read is None:
            raise file.refuse(
                "is not an export of Windows Defender Firewall",
                "export it with PowerShell: Get-NetFirewallRule to JSON",
            )
        read(file, found)
    return found


class _Reading:
    """All files of one export brought together."""

    def __init__(self, export: Export, found: Found, rules: Sequence[Said]) -> None:
        self._export, self._found, self._rules = export, found, rules
        self._shown = (found.rules[0].file if found.rules else export.files[0]).shown
        self._profiles = self._settled()
        self._active = self._named() or (frozenset(found.categories) or ALL_PROFILES)
        self._working = frozenset(name for name in self._active if self._profiles[name].on)
        self._local = _networks(found.addresses, export.files)

    def device(self) -> Device:
        found, rules = self._found, self._rules
        names = Counter(_name(said) for said in rules)
        built: list[_Built] = []
        lost: dict[Direction, list[Origin]] = {"inbound": list(found.lost), "outbound": list(found.lost)}
        for said in rules:
            one = self._built(said, names)
            if isinstance(one, Origin):
                known = _DIRECTIONS.get(said.one("direction").casefold())
                for direction in lost if known is None else (known,):
                    lost[direction].append(one)
            else:
                built += one
        settled = self._weighed(built)
        chains = [
            self._chain(direction, [r for b, r in settled if b.direction == direction], lost[direction])
            for direction in _TRAFFIC
        ]
        return Device(
            name=self._export.device,
            kind=Windows.kind,
            chains={chain.name: chain for chain in chains},
            stages=tuple(Stage(name=f"{d} rules", chain=d, traffic=t) for d, t in _TRAFFIC.items()),
            interfaces=self._interfaces(built),
            version=found.version,
            unread=tuple(found.unread),
            decoded=found.decoded,
            warnings=tuple(self._warnings(rules)),
        )

    # -------------------------------------------------------------------------------------------- profiles

    def _settled(self) -> dict[str, _Profile]:
        """What is in force in each profile: Group Policy before the machine's own settings, then as Windows ships it."""
        said = sorted(self._found.settings, key=lambda one: not one.policy)
        inbound = {"deny": False, "permit": True}.get(self._export.options.get("default", ""), False)
        found = {}
        for name in PROFILES:
            mine = [one for one in said if one.profile == name]
            told = _telling(mine) or next(iter(mine), None)
            shipped = Origin(file=self._shown, line=0, line_to=0, text=f"{name} profile: {_SHIPPED}")
            origin = told.origin if told else shipped
            found[name] = _Profile(
                name=name, on=_first((one.on for one in mine), True),
                permits={
                    "inbound": _first((one.inbound for one in mine), not mine and inbound),
                    "outbound": _first((one.outbound for one in mine), True),
                },
                allows=_first((one.allows for one in mine), True), merges=_first((one.merges for one in mine), True), origin=origin,
            )  # fmt: skip
        return found

    def _named(self) -> Profiles:
        """The profile that secscan.yaml says is active; none where it does not."""
        part = self._export.options.get("part")
        named = frozenset((part.capitalize(),) if part else ())
        if named - ALL_PROFILES:
            raise self._export.files[0].refuse(f"has no profile '{part}'", "part: Domain, Private or Public")
        return named

    def _in_force(self, said: Said, profiles: Profiles, *, allows: bool) -> tuple[Profiles, str | None]:
        """The profiles of a rule in which it counts, and why that is not sure."""
        counts = profiles & self._working
        if allows:
            counts -= {name for name in counts if not self._profiles[name].allows}
        alone = frozenset(name for name in counts if not self._profiles[name].merges)
        if not alone or (policy := windows_rules.from_policy(said)):
            return counts, None
        if policy is None:
            return counts, "rules of the machine itself do not count, and whether it is one is not in the export"
        return counts - alone, None

    # -------------------------------------------------------------------------------------------- rules

    def _built(self, said: Said, names: Mapping[str, int]) -> list[_Built] | Origin:
        """The rule; as an origin where it is not known whether it blocks or allows, or what."""
        origin = _origin(said, names)
        direction = _DIRECTIONS.get(said.one("direction").casefold())
        action = _ACTIONS.get(said.one("action").casefold())
        if direction is None or action is None:
            word = "direction" if direction is None else "action"
            return replace(origin, text=f"its {word} '{said.one(word)[:40]}' is not known: {origin.text}")
        inbound = direction == "inbound"
        try:
            parts = windows_rules.services(said, inbound=inbound)
            local = windows_rules.addresses(said, "localaddress", self._local)
            remote = windows_rules.addresses(said, "remoteaddress", self._local)
        except Unread as error:
            raise said.file.refuse(f"{error}", "a rule like that is not what Windows exports", said.line) from None
        profiles, unsure = windows_rules.profiles(said)
        order = _order(said, action)
        counts, unmerged = self._in_force(said, profiles, allows=inbound and action == "permit")
        enabled = _SWITCHES.get(said.one("enabled").casefold())
        why = [unsure, unmerged, "whether it is enabled was not understood" if enabled is None else None]
        why += windows_rules.limits(said, inbound=inbound, blocks=action == "deny")
        described = masked(" ".join(said.fields.get("description", ())))
        rule = Rule(
            position=0, action=action, src=remote if inbound else local, dst=local if inbound else remote, services=(),
            enabled=enabled is not False and bool(counts), unknown=next((one for one in why if one), None),
            owner=said.one("owner") or None, reason=described or None, origin=origin,
            in_interfaces=_named(said) if inbound else None, out_interfaces=None if inbound else _named(said),
        )  # fmt: skip
        whole = [replace(rule, services=part.services, unknown=rule.unknown or part.unknown) for part in parts]
        return [_Built(rule=one, direction=direction, order=order, profiles=counts) for one in whole]

    def _weighed(self, built: Sequence[_Built]) -> list[tuple[_Built, Rule]]:
        """The rules in the order in which they count, each for the profiles that it is for.

        Rules that are equal but for their profiles hold in all the profiles of them together.
        """
        together: dict[tuple[object, ...], Profiles] = {}
        for one in built:
            if one.rule.enabled:
                together[_alike(one)] = together.get(_alike(one), frozenset()) | one.profiles
        found: list[tuple[_Built, Rule]] = []
        for one in sorted(built, key=lambda one: one.order):
            rule = one.rule
            if rule.enabled and together[_alike(one)] != self._working:
                rule = replace(rule, unknown=rule.unknown or self._only(one))
            found.append((one, replace(rule, position=len(found))))
        return found

    def _only(self, one: _Built) -> str:
        shown = " and ".join(name for name in PROFILES if name in one.profiles)
        return f"for profile {shown} only, and the export does not say which profile is active"

    def _chain(self, direction: Direction, rules: Sequence[Rule], lost: Sequence[Origin]) -> Chain:
        """What is asked of one direction: profiles that are off let everything by, others each have their default."""
        working = [self._profiles[name] for name in PROFILES if name in self._working]
        off = [self._profiles[name] for name in PROFILES if name in self._active - self._working]
        before = [
            _everything(one.origin, "permit", f"the firewall is off in profile {one.name}") for one in off if working
        ]
        open_, shut = ([one for one in working if one.permits[direction] is word] for word in (True, False))
        after = [
            _everything(one.origin, "permit", f"profile {one.name} lets through what no rule matches")
            for one in open_
            if shut
        ]
        secure = [
            _everything(one, "deny", "a connection security rule may ask for authentication")
            for one in self._found.secure
            if direction == "inbound"
        ]
        steps: list[Rule | Origin] = [*lost, *before, *secure, *rules, *after]
        if not working:  # nothing is asked: the rules are shown, and none of them is in force
            return Chain(name=direction, steps=tuple(steps), default="permit", default_origin=off[0].origin)
        end = shut[0] if shut else open_[0]
        return Chain(
            name=direction, steps=tuple(steps), default="deny" if shut else "permit", default_origin=end.origin
        )

    def _interfaces(self, built: Iterable[_Built]) -> tuple[Interface, ...]:
        named = {name for one in built for name in (*(one.rule.in_interfaces or ()), *(one.rule.out_interfaces or ()))}
        own = {alias: _held(self._found.addresses, alias, self._export.files) for alias, _, _ in self._found.addresses}
        found = []
        for name in sorted(named | own.keys()):
            addresses, networks = own.get(name, (AddressSet(), AddressSet()))
            loops = name.casefold().startswith("loopback")
            found.append(Interface(name=name, addresses=addresses, networks=networks, loopback=loops))
        return tuple(found)

    def _warnings(self, rules: Sequence[Said]) -> Iterable[str]:
        missing = [name for name in PROFILES if not any(one.profile == name for one in self._found.settings)]
        if missing:
            yield (
                f"{self._shown}: no settings of profile {', '.join(missing)}: taken as Windows ships them (on, inbound blocked, outbound "
                "allowed); add the output of netsh advfirewall show allprofiles"
            )
        gaps = {word: said for said in reversed(rules) for word in windows_rules.unsaid(said)}
        if gaps:
            first = next(iter(gaps.values()))
            yield f"{first.file.shown}:{first.line}: nothing says for which {', '.join(sorted(gaps))} rules are: they are taken as for any"
        if rules and all(windows_rules.from_policy(said) is False for said in rules):
            yield (
                f"{self._shown}: all rules are the machine's own; those of Group Policy are only in an export with -PolicyStore ActiveStore"
            )


# ------------------------------------------------------------------------------------------------ parts


def _first(said: Iterable[bool | None], otherwise: bool) -> bool:
    return next((one for one in said if one is not None), otherwise)


def _telling(mine: Sequence[Setting]) -> Setting | None:
    """The setting to point at: the one that opens, where one does."""
    return next((one for one in mine if one.on is False or one.inbound), None)


def _order(said: Said, action: str) -> int:
    if action == "deny":
        return _BLOCK
    return _BYPASS if windows_rules.overrides(said) else _ALLOW


def _alike(one: _Built) -> tuple[object, ...]:
    """What rules have in common that are equal but for name and profiles."""
    r = one.rule
    return one.direction, one.order, r.action, r.src, r.dst, r.services, r.in_interfaces, r.out_interfaces, r.unknown


def _everything(origin: Origin, action: Literal["permit", "deny"], why: str) -> Rule:
    return Rule(
        position=0, action=action, src=_EVERYWHERE, dst=_EVERYWHERE, services=EVERY_SERVICE, implied=True,
        unknown=f"{why}, and which profile is active is not in the export" if action == "permit" else why, origin=origin,
    )  # fmt: skip


def _joined(rules: Sequence[Said], filters: Sequence[Said]) -> list[Said]:
    """The rules with their filters, which PowerShell keeps in lists of their own."""
    if not filters:
        return list(rules)
    count = Counter(said.one("id").casefold() for said in rules)
    parts: dict[str, dict[str, tuple[str, ...]]] = {}
    twice: set[str] = set()
    for one in filters:
        key = one.one("id").casefold()
        own = parts.setdefault(key, {})
        new = {word: values for word, values in one.fields.items() if word != "id"}
        if any(own.get(word, values) != values for word, values in new.items()):
            twice.add(key)
        own |= new
    found = []
    for said in rules:
        key = said.one("id").casefold()
        more = "several rules or filters have its InstanceID" if count[key] > 1 or key in twice else ""
        own = {word: values for word, values in said.fields.items() if values}
        found.append(replace(said, fields={**said.fields, **parts.get(key, {}), **own}, more=said.more or more))
    return found


def _name(said: Said) -> str:
    return said.one("name") or said.one("id")


def _origin(said: Said, names: Mapping[str, int]) -> Origin:
    own = _name(said)
    name = masked(own) if {"=", ":"} & set(own) else own  # "Key Management" is no key
    number = said.one("id") or (name if names[own] == 1 else "")
    return said.file.origin(said.line, said.text or _text(said), said.line_to, vendor_id=number, name=name)


_LIMITS: Final = (
    "profile", "localport", "remoteport", "localaddress", "remoteaddress", "program", "service", "interface",
)  # fmt: skip


def _text(said: Said) -> str:
    """The rule on one line, in the export's own values; what is Any is left away."""
    direction = _DIRECTIONS.get(said.one("direction").casefold(), said.one("direction"))
    action = {"2": "Allow", "4": "Block"}.get(said.one("action"), said.one("action"))
    shown = [(word, ",".join(said.fields.get(word, ()))) for word in _LIMITS]
    limits = [f"{word} {value}" for word, value in shown if value.casefold() not in (*ANY, "0")]
    off = ["off"] if _SWITCHES.get(said.one("enabled").casefold()) is False else []
    return "; ".join((f"{_name(said)}: {direction} {action} {said.one('protocol') or '?'}", *limits, *off))


def _named(said: Said) -> frozenset[str] | None:
    """The interfaces that a rule is for; None: any."""
    found = (one for one in said.fields.get("interface", ()) if one.casefold() not in ANY and one != LOST)
    return frozenset(found) or None


def _networks(addresses: Iterable[tuple[str, str, str]], files: Sequence[ConfigFile]) -> AddressSet:
    """The networks that the machine is in."""
    held = [_held(addresses, alias, files)[1] for alias in {alias for alias, _, _ in addresses}]
    return AddressSet(v4=intervals.union(*(one.v4 for one in held)), v6=intervals.union(*(one.v6 for one in held)))


def _held(
    addresses: Iterable[tuple[str, str, str]], alias: str, files: Sequence[ConfigFile]
) -> tuple[AddressSet, AddressSet]:
    """An interface's own addresses, and the networks that they are in."""
    mine = [(address, length) for name, address, length in addresses if name == alias]
    try:
        own = intervals.networks(address for address, _ in mine)
        around = intervals.networks(_network(address, length) for address, length in mine)
    except ValueError as error:
        raise files[0].refuse(f"an address of interface '{alias[:40]}' is none: {error}") from None
    return own, around


def _network(address: str, length: str) -> str:
    number, family = intervals.number(address)
    width = 32 if family == 4 else 128
    bits = min(int(length), width) if length.isascii() and length.isdecimal() and len(length) < 4 else width
    return f"{intervals.text(number >> (width - bits) << (width - bits), family)}/{bits}"


READER = Windows()
