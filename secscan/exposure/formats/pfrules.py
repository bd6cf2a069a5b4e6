"""Rules of pf as pfSense and OPNsense write them: what each matches, and the order in which pf asks them.

pf asks all rules; one that is *quick* decides at once, of the others the last that matches decides where no quick one
does. Asked first to last, that is: the quick ones as they stand, then the others from the last to the first.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

from secscan.doors.xml import Element
from secscan.exposure import intervals
from secscan.exposure.formats import netmatch
from secscan.exposure.formats.export import masked
from secscan.exposure.formats.netmatch import Unread
from secscan.exposure.formats.pfaliases import ANYWHERE, Addresses, union
from secscan.exposure.formats.pffaces import Box
from secscan.exposure.intervals import FAMILIES, Family
from secscan.model.net import PORTS_ALL, Action, AddressSet, Origin, PortSet, Rule

Way = Literal["in", "out"]
BOTH: Final[frozenset[Way]] = frozenset(("in", "out"))

ACTIONS: Final[dict[str, Action]] = {"pass": "permit", "block": "deny", "reject": "deny", "match": "continue"}
_FAMILIES: Final[dict[str, tuple[Family, ...]]] = {"inet": (4,), "inet6": (6,), "inet46": (4, 6)}
_PROTOCOLS: Final = {
    "carp": "112",
    "pfsync": "240",
    "ipv6": "41",
    "a/n": "107",
    "etherip": "97",
    "rsvp": "46",
    "egp": "8",
    "ggp": "3",
}
_ICMP4: Final = {
    "echorep": 0, "unreach": 3, "squench": 4, "redir": 5, "althost": 6, "echoreq": 8, "routeradv": 9, "routersol": 10, "timex": 11, "paramprob": 12,
    "timereq": 13, "timerep": 14, "inforeq": 15, "inforep": 16, "maskreq": 17, "maskrep": 18, "trace": 30, "dataconv": 31, "mobredir": 32,
    "ipv6-where": 33, "ipv6-here": 34, "mobregreq": 35, "mobregrep": 36, "skip": 39, "photuris": 40,
}  # fmt: skip
_ICMP6: Final = {
    "unreach": 1, "toobig": 2, "timex": 3, "paramprob": 4, "echoreq": 128, "echorep": 129, "groupqry": 130, "listqry": 130, "grouprep": 131,
    "listenrep": 131, "groupterm": 132, "listendone": 132, "routersol": 133, "routeradv": 134, "neighbrsol": 135, "neighbradv": 136, "redir": 137,
    "routrrenum": 138, "wrureq": 139, "fqdnreq": 139, "niqry": 139, "wrurep": 140, "fqdnrep": 140, "nirep": 140, "mtraceresp": 200, "mtrace": 201,
}  # fmt: skip

_NARROWS: Final = {
    "sched": "a schedule", "os": "the sender's system", "tagged": "a mark that another rule sets", "dscp": "its class of service",
    "tos": "its class of service", "vlanprio": "its priority on the wire", "prio": "its priority on the wire", "l7container": "the application",
    "divert-to": "a program that it is handed to", "received-on": "the interface that it was received on",
}  # fmt: skip
"""What a rule hangs on that the file cannot tell. "" and "none" say nothing."""
_LIMITS: Final = ("max", "max-src-nodes", "max-src-conn", "max-src-states", "max-src-conn-rate", "max-src-conn-rates")
_PLAIN: Final = frozenset(
    ("id", "tracker", "ridentifier", "type", "action", "interface", "interfacenot", "ipprotocol", "protocol", "source", "destination", "descr",
     "description", "log", "created", "updated", "statetype", "statetimeout", "state-policy", "statepolicy", "gateway", "quick", "floating", "direction",
     "disabled", "enabled", "disablereplyto", "reply-to", "replyto", "nopfsync", "nosync", "associated-rule-id", "ackqueue", "defaultqueue", "dnpipe",
     "pdnpipe", "vlanprioset", "set-prio", "set-prio-low", "allowopts", "tcpflags1", "tcpflags2", "tcpflags_any", "icmptype", "icmp6type", "category",
     "categories", "label", "seq", "sequence", "tag", "overload", "source-track", "adaptivestart", "adaptiveend", "udp-first", "udp-multiple",
     "udp-single", "shaper1", "shaper2", "source_net", "source_not", "source_port", "destination_net", "destination_not", "destination_port",
     "sort_order", "prio_group", "separator", "audit")
) | _NARROWS.keys() | frozenset(_LIMITS)  # fmt: skip
_SIDE: Final = frozenset(("any", "network", "address", "port", "not"))
_NOTHING: Final = ("", "none", "any")


@dataclass(slots=True, kw_only=True)
class Match:
    """What a rule, or a translation, asks of a packet."""

    families: tuple[Family, ...] = FAMILIES
    src: Addresses = ANYWHERE
    dst: Addresses = ANYWHERE
    services: tuple[PortSet, ...] = netmatch.EVERY_SERVICE
    objects: tuple[str, ...] = ()
    doubts: list[str] = field(default_factory=list)
    """Why it may or may not match."""
    never: bool = False
    """No first packet of a new connection matches, or the device leaves it out."""

    @property
    def unknown(self) -> str | None:
        return self.doubts[0] if self.doubts else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One rule of pf: the rules that it stands for, or a line that was not understood."""

    way: Way
    quick: bool
    steps: tuple[Rule | Origin, ...]


def in_order(lines: Sequence[Line], way: Way) -> tuple[Rule | Origin, ...]:
    """The steps that a packet meets on its way in or out, so that the first which matches decides."""
    mine = [one for one in lines if one.way == way]
    asked = [*(one for one in mine if one.quick), *(one for one in reversed(mine) if not one.quick)]
    return tuple(step for one in asked for step in one.steps)


# ------------------------------------------------------------------------------------------------ reading


def match(
    box: Box, element: Element, *, families: tuple[Family, ...] | None = None, needs: Sequence[str] = ()
) -> Match:
    """The addresses and services of a rule or translation. ``needs``: the sides without which nobody knows what it is."""
    found = Match(families=families or _families(box, element))
    found.src, sport = _side(box, element, "source", found, "source" in needs)
    found.dst, dport = _side(box, element, "destination", found, "destination" in needs)
    _services(box, element, found, sport, dport)
    return found


def conditions(box: Box, element: Element, found: Match, action: Action) -> None:
    """Adds what else a rule asks."""
    if (mark := element.says("tagged")) is not None and mark not in box.marks:
        found.never = element.first("nottagged") is None  # no rule sets it
    for tag, what in _NARROWS.items():
        if (element.says(tag) or "").casefold() not in _NOTHING:
            found.doubts.append(f"it hangs on {what} (<{tag}>)")
    if action == "permit":
        if any(element.says(tag) for tag in _LIMITS):
            found.doubts.append("it hangs on a number of connections")
        if (element.says("statetype") or "").startswith("none"):
            found.doubts.append("it keeps no state, so what answers needs a rule of its own")
        if element.says("gateway") and box.setting("system", "skip_rules_gw_down") is not None:
            found.doubts.append("it hangs on whether its gateway is up")
    _flags(element, found)
    for child in element.children:
        if child.tag not in _PLAIN:
            found.doubts.append(f"<{child.tag[:40]}> is not understood")


def _families(box: Box, element: Element) -> tuple[Family, ...]:
    """An OPNsense's older rule that names no family is for both; any other is for IPv4."""
    both = box.kind == "opnsense" and element.first("enabled") is None
    return _FAMILIES.get((element.says("ipprotocol") or ("inet46" if both else "inet")).casefold(), (4,))


def _side(box: Box, element: Element, tag: str, found: Match, needed: bool) -> tuple[Addresses, str | None]:
    """(its addresses, its ports as written). Both forms: <source> with its children, and <source_net>."""
    side, net = element.first(tag), element.says(f"{tag}_net")
    if side is None:
        if net is None and element.first(f"{tag}_port") is None:
            if needed:
                found.doubts.append(f"it has no <{tag}>")
            return ANYWHERE, None
        addresses = union(box.word(word, element.line) for word in re.split(r"[,\s]+", net or "any"))
        negated = element.says(f"{tag}_not") == "1"
        return (addresses.negated() if negated else addresses), element.says(f"{tag}_port")
    if odd := next((one.tag for one in side.children if one.tag not in _SIDE), None):
        found.doubts.append(f"<{odd[:40]}> of its <{tag}> is not understood")
    word = None if side.first("any") is not None else side.says("network") or side.says("address")
    newer = "uuid" in element.attributes
    if side.first("any") is None and word is None and not newer:
        found.doubts.append(f"its <{tag}> says nothing")
    addresses = ANYWHERE if word is None else union(box.word(one, side.line) for one in word.split(","))
    if (but := side.first("not")) is not None and word not in (None, "any"):
        if but.text.strip() == "" and newer:
            found.doubts.append("whether its empty <not> counts is not known")
            return ANYWHERE, side.says("port")
        if but.text.strip() != "0":
            addresses = addresses.negated()
    return addresses, side.says("port")


def _services(box: Box, element: Element, found: Match, sport: str | None, dport: str | None) -> None:
    written = (element.says("protocol") or "any").casefold()
    if written in ("tcp", "udp", "tcp/udp"):
        sides = []
        for port in (dport, sport):
            pairs, why = PORTS_ALL, None
            if port is not None and port.casefold() != "any":
                parts = [box.aliases.ports(one, element.line) for one in re.split(r"[,\s]+", port)]
                pairs = intervals.union(*(some for some, _ in parts))
                why = next((reason for _, reason in parts if reason), None)
                found.objects += box.aliases.objects(port)
            if why:
                found.doubts.append(why)
            sides.append(pairs)
        found.services = tuple(PortSet(proto=p, dport=sides[0], sport=sides[1]) for p in written.split("/"))
        return
    if sport is not None or dport is not None:
        found.doubts.append(f"it names ports, and its protocol is '{written[:20]}'")
    if written == "any":
        return
    if written in ("icmp", "ipv6-icmp", "icmpv6", "icmp6"):
        found.services = _icmp(element, found, written)
        return
    try:
        found.services = (PortSet(proto=_PROTOCOLS.get(written) or netmatch.protocol(written)),)
    except Unread as error:
        found.doubts.append(str(error))


def _icmp(element: Element, found: Match, written: str) -> tuple[PortSet, ...]:
    """Kinds of ICMP message stand where ports do."""
    services = []
    for family in found.families:
        six = family == 6 or written != "icmp"
        names = (
            element.says("icmp6type") if six and element.first("icmp6type") is not None else element.says("icmptype")
        )
        numbers, known = _ICMP6 if six else _ICMP4, PORTS_ALL
        words = [one for one in (names or "").casefold().split(",") if one not in _NOTHING]
        if words and all(one in numbers or (one.isdecimal() and len(one) < 4) for one in words):
            kinds = [numbers[one] if one in numbers else int(one) for one in words]
            known = intervals.normal((one, one) for one in kinds)
        elif words:
            found.doubts.append(f"a kind of ICMP message of '{(names or '')[:40]}' is not known")
        services.append(PortSet(proto="icmp6" if six else "icmp", dport=known))
    return tuple(dict.fromkeys(services))


def _flags(element: Element, found: Match) -> None:
    """The first packet of a connection has SYN, and none of the other flags."""
    looked = [one for one in (element.says("tcpflags2") or "").casefold().split(",") if one]
    if not looked or (element.says("protocol") or "").casefold() != "tcp" or element.first("tcpflags_any") is not None:
        return
    wanted = {one for one in (element.says("tcpflags1") or "").casefold().split(",") if one}
    found.never |= wanted != {"syn"} & set(looked)


# ------------------------------------------------------------------------------------------------ rules


def rules(found: Match, like: Rule) -> tuple[Rule, ...]:
    """A rule as ``like`` for each family, or one for both: a doubt about an address of one is none about the other."""
    families = [f for f in found.families if not (found.src.of(f).gone or found.dst.of(f).gone)]
    if not families or found.never:
        return (replace(like, src=AddressSet(), dst=AddressSet(), services=found.services, unknown=found.unknown),)
    alike = len({tuple((one.of(f).why, one.of(f).maybe) for one in (found.src, found.dst)) for f in families}) == 1
    return tuple(_rule(found, group, like) for group in ([families] if alike else [[f] for f in families]))


def _rule(found: Match, families: Sequence[Family], like: Rule) -> Rule:
    src, dst, unknown = found.src.set(*families), found.dst.set(*families), found.unknown
    for name, one in (("source", found.src), ("destination", found.dst)):
        if maybe := one.of(families[0]).maybe:
            unknown = unknown or f"{name}: {maybe}"
    if src.unknown and dst.unknown and len(families) == 1:
        # With both ends open it would match the other family too.
        unknown, src = unknown or f"source: {src.unknown}", ANYWHERE.set(*families)
    own = found.dst.own and dst.unknown is not None
    return replace(like, src=src, dst=dst, services=services(found, families), dst_own=own, unknown=unknown)


def blank(origin: Origin, action: Action = "permit", **more: Any) -> Rule:
    """A rule without its match."""
    nothing = AddressSet()
    return Rule(
        position=0, action=action, src=nothing, dst=nothing, services=netmatch.EVERY_SERVICE, origin=origin, **more
    )


def gated(like: Rule, way: Way, names: frozenset[str] | None, but: frozenset[str] = frozenset()) -> Rule:
    """The same for these interfaces."""
    if way == "in":
        return replace(like, in_interfaces=names, not_in_interfaces=but)
    return replace(like, out_interfaces=names, not_out_interfaces=but)


def services(found: Match, families: Sequence[Family]) -> tuple[PortSet, ...]:
    """The services of some of the families: ICMP is another for each."""
    gone = {4: "icmp6", 6: "icmp"}[families[0]] if len(families) == 1 and len(found.families) > 1 else ""
    return tuple(one for one in found.services if one.proto != gone)


def described(element: Element) -> str:
    """What a person wrote about it."""
    return masked(element.says("descr") or element.says("description") or "")


def who(element: Element) -> str | None:
    """The account that wrote a rule last, without the address it came from."""
    for tag in ("updated", "created"):
        if name := element.says(tag, "username"):
            return re.split(r"[@\s]", name, maxsplit=1)[0] or None
    return None
