"""What one rule of Windows Defender Firewall matches: its words as sets of addresses and ports, and what hangs on more.

What limits a rule and no export tells (the program that listens, a user, a network card's kind) leaves it as one that
may or may not match, with the reason. What the export leaves out is not known either: a rule that blocks is not taken
to block more than it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from secscan.exposure import intervals
from secscan.exposure.formats import netmatch
from secscan.exposure.formats.export import masked
from secscan.exposure.formats.netmatch import EVERY_SERVICE, Unread
from secscan.exposure.formats.windows_said import LOST, PROFILES, Said
from secscan.exposure.intervals import FAMILIES
from secscan.model.net import PORTS_ALL, V4_ALL, V6_ALL, AddressSet, Interval, Intervals, PortSet

Services = tuple[PortSet, ...]
ANY: Final = frozenset(("any", "all", "*", ""))
NOBODY: Final = frozenset((*ANY, "none", "notrequired", "not required", "false", "0"))
"""Values that limit nothing."""
ALL_PROFILES: Final = frozenset(PROFILES)

_PROTOCOLS: Final = {
    "icmpv4": "icmp", "icmpv6": "icmp6", "hopopt": "0", "igmp": "2", "ipv6": "41", "ipv6-route": "43", "ipv6-frag": "44", "gre": "47",
    "ipv6-nonxt": "59", "ipv6-opts": "60", "vrrp": "112", "pgm": "113", "l2tp": "115",
}  # fmt: skip
_DYNAMIC: Final = (49152, 65535)
_PORT_WORDS: Final[dict[str, tuple[Interval, bool]]] = {
    "rpcepmap": ((135, 135), True), "iphttps": ((443, 443), True), "iphttpsin": ((443, 443), True), "iphttpsout": ((443, 443), True),
    "iptlsin": ((443, 443), True), "iptlsout": ((443, 443), True), "mdns": ((5353, 5353), True), "rpc": (_DYNAMIC, False),
}  # fmt: skip
"""Words for ports: where they lie, and whether that is sure. Every other word may be any port."""
_SPACES = re.compile(r"\s+")
_DASH = re.compile(r" ?- ?")
_BETWEEN = re.compile(r"[,;\s{}\[\]]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Services of a rule; ``unknown`` says why they may not be its."""

    services: Services
    unknown: str | None = None


def tokens(values: Sequence[str]) -> list[str]:
    """What stands between commas, semicolons and spaces; a range keeps its dash."""
    return [one for value in values for one in _BETWEEN.split(_DASH.sub("-", _SPACES.sub(" ", value))) if one]


# ------------------------------------------------------------------------------------------------ services


def services(said: Said, *, inbound: bool) -> list[Part]:
    """The services of a rule, those that are sure first. Raises Unread for what is no port, protocol or kind of ICMP."""
    written = said.fields.get("protocol", ("Any",) if "protocol" in said.shows else ())
    if not written or written[0] in ("", LOST):
        return [Part(services=EVERY_SERVICE, unknown="the export does not say for which protocol")]
    if (proto := _protocol(written[0])) is None:
        return [Part(services=EVERY_SERVICE, unknown=f"protocol '{written[0][:40]}' is not known")]
    if proto in ("icmp", "icmp6"):
        return _icmp(proto, said.fields.get("icmptype", ()))
    own, other = ("localport", "remoteport") if inbound else ("remoteport", "localport")
    if proto not in ("tcp", "udp"):
        limited = any(one.casefold() not in ANY for word in (own, other) for one in tokens(said.fields.get(word, ())))
        return [
            Part(
                services=(PortSet(proto=proto),), unknown="it has ports, and its protocol has none" if limited else None
            )
        ]
    dport, sport = _ports(said, own), _of_ports(said.fields.get(other, ()))
    parts = []
    if dport.sure and sport.sure:
        parts.append(Part(services=(PortSet(proto=proto, dport=dport.sure, sport=sport.sure),)))
    if why := dport.why or sport.why:
        both = PortSet(proto=proto, dport=dport.possible, sport=sport.possible)
        parts.append(Part(services=(both,), unknown=why))
    return parts


def _protocol(written: str) -> str | None:
    """None for a word that is not known. Raises Unread for a number that is none."""
    word = written.casefold()
    if word in ANY or word == "256":
        return "any"
    if word in _PROTOCOLS:
        return _PROTOCOLS[word]
    if not word.isdecimal():
        return netmatch.PROTOCOLS.get(word)
    return "0" if word == "0" else netmatch.protocol(word)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ports:
    sure: Intervals
    possible: Intervals
    """These too."""
    why: str | None = None


_EVERY_PORT: Final = _Ports(sure=PORTS_ALL, possible=PORTS_ALL)


def _ports(said: Said, word: str) -> _Ports:
    """The destination ports. A form that does not say them leaves every port possible."""
    if word not in said.fields and word not in said.shows:
        return _Ports(sure=(), possible=PORTS_ALL, why=f"the export does not say for which {SPOKEN[word]}")
    return _of_ports(said.fields.get(word, ()))


@lru_cache(maxsize=4096)
def _of_ports(values: tuple[str, ...]) -> _Ports:
    """Raises Unread for a number that is no port and for a range that runs backwards."""
    sure: list[Interval] = []
    maybe: list[Interval] = []
    why = None
    for token in tokens(values):
        if token.casefold() in ANY:
            return _EVERY_PORT
        first, dash, last = token.partition("-")
        if token == LOST:
            maybe += PORTS_ALL
            why = "the export left the list of its ports out"
        elif first.isascii() and first.isdecimal():
            lo, hi = _port(first), _port(last if dash else first)
            if lo > hi:
                raise Unread(f"'{token[:40]}' is not a range of ports")
            sure.append((lo, hi))
        else:
            pair, certain = _PORT_WORDS.get(token.casefold().replace("-", ""), (PORTS_ALL[0], False))
            (sure if certain else maybe).append(pair)
            why = why if certain else f"which ports {token[:40]} stands for is not in the export"
    if not sure and not maybe:
        return _EVERY_PORT
    return _Ports(sure=intervals.normal(sure), possible=intervals.normal((*sure, *maybe)), why=why)


def _port(written: str) -> int:
    if not (written.isascii() and written.isdecimal() and len(written) <= 5 and int(written) <= 65535):
        raise Unread(f"'{written[:40]}' is not a port")
    return int(written)


def _icmp(proto: str, values: Sequence[str]) -> list[Part]:
    """Kind and code stand in the place of ports."""
    found: list[PortSet] = []
    for token in tokens(values):
        kind, _, code = token.partition(":")
        if kind.casefold() in ANY:
            return [Part(services=(PortSet(proto=proto),))]
        numbers = [_byte(one) for one in (kind, code or "any")]
        if None in numbers:
            why = f"which kind of ICMP '{token[:40]}' is was not understood"
            return [Part(services=(PortSet(proto=proto),), unknown=why)]
        dport, sport = (one for one in numbers if one is not None)
        found.append(PortSet(proto=proto, dport=dport, sport=sport))
    return [Part(services=tuple(found) or (PortSet(proto=proto),))]


def _byte(written: str) -> Intervals | None:
    if written.casefold() in ANY:
        return PORTS_ALL
    if written.isascii() and written.isdecimal() and len(written) <= 3 and int(written) <= 255:
        return ((int(written), int(written)),)
    return None


# ------------------------------------------------------------------------------------------------ addresses


def addresses(said: Said, word: str, local: AddressSet) -> AddressSet:
    """The addresses of one side. ``local``: those of the networks that the machine is in, where the export says so.

    Raises Unread for what is no address, network or range.
    """
    values = said.fields.get(word, ())
    if not values and word == "remoteaddress" and word not in said.shows:
        return AddressSet(unknown=f"the export does not say for which {SPOKEN[word]}")
    return _of_addresses(values, local)


@lru_cache(maxsize=4096)
def _of_addresses(values: tuple[str, ...], local: AddressSet) -> AddressSet:
    sets: list[AddressSet] = []
    for token in tokens(values) or ["any"]:
        word = token.casefold()
        if word in ANY:
            return AddressSet(v4=V4_ALL, v6=V6_ALL)
        if token == LOST:
            sets.append(AddressSet(unknown="the export left the list of its addresses out"))
        elif re.fullmatch(r"[a-z]+[46]?", word):
            sets.append(_keyword(token, word, local))
        else:
            sets.append(netmatch.addresses(token, 6 if ":" in token else 4))
    return AddressSet(
        v4=intervals.union(*(one.v4 for one in sets)), v6=intervals.union(*(one.v6 for one in sets)),
        unknown=next((one.unknown for one in sets if one.unknown), None),
    )  # fmt: skip


def _keyword(token: str, word: str, local: AddressSet) -> AddressSet:
    """The addresses that a word stands for: the machine's own networks are known where the export has them."""
    asked = [family for family in FAMILIES if not word[-1].isdigit() or word[-1] == str(family)]
    if word.rstrip("46") == "localsubnet" and all(intervals.of(local, family) for family in asked):
        return AddressSet(v4=local.v4 if 4 in asked else (), v6=local.v6 if 6 in asked else ())
    return AddressSet(unknown=f"which addresses {token[:40]} stands for is not in the export")


# ------------------------------------------------------------------------------------------------ conditions

SPOKEN: Final = {
    "localport": "local port", "remoteport": "remote port", "localaddress": "local address", "remoteaddress": "remote address",
    "service": "service", "interface": "interface", "interfacetype": "kind of interface", "authentication": "authentication",
    "users": "users and computers",
}  # fmt: skip
_KINDS: Final = {"1": "wired", "lan": "wired", "2": "wireless", "4": "remote access", "ras": "remote access"}
_SELDOM: Final = ("service", "interface", "interfacetype", "authentication", "users")


def unsaid(said: Said) -> list[str]:
    """Limits that few rules have and that PowerShell keeps in filters of their own, where no file holds these."""
    return [SPOKEN[word] for word in _SELDOM if word not in said.fields and word not in said.shows]


def limits(said: Said, *, inbound: bool, blocks: bool) -> Iterator[str]:
    """Each reason for which the rule may not match what its addresses and ports say."""
    if said.more:
        yield said.more
    if "program" not in said.fields and "program" not in said.shows:
        yield "the export does not say for which program it is; with netsh, add verbose"
    elif (program := said.one("program")).casefold() not in ANY:
        yield f"only while {_short(program)} listens" if inbound else f"only for what {_short(program)} sends"
    if (service := said.one("service")).casefold() not in ANY or service == "*":
        yield "only for services" if service == "*" else f"only for service {_short(service)}"
    yield from _for_packages(said)
    if (kind := said.one("interfacetype")).casefold() not in (*ANY, "0"):
        yield f"only on interfaces of kind {_KINDS.get(kind.casefold(), _short(kind))}"
    if authenticated(said) or overrides(said):
        yield "only for what proves by IPsec who sends it"
    if user := next((one for one in said.fields.get("users", ()) if one.casefold() not in NOBODY), ""):
        yield f"only for users or computers {_short(user)}"
    if (owner := said.one("owner")).casefold() not in NOBODY:
        yield f"only for programs of {_short(owner)}"
    for word, what in (("dynamic", "dynamic target"), ("keywords", "dynamic addresses")):
        if value := next((one for one in said.fields.get(word, ()) if one.casefold() not in NOBODY), ""):
            yield f"only for {what} {_short(value)}"
    if platform := next((one for one in said.fields.get("platform", ()) if one not in ("6.0+", "6.1+")), ""):
        yield f"only on Windows {_short(platform)}"
    if said.one("status").casefold() not in ("", "1", "ok"):
        yield f"Windows gives its status as {_short(said.one('status'))}"
    if LOST in said.fields.get("interface", ()):
        yield "the export left the list of its interfaces out"
    # A rule that blocks is not taken to block more than the export says.
    for word in ("remoteport" if inbound else "localport", "localaddress") if blocks else ():
        if word not in said.fields and word not in said.shows:
            yield f"the export does not say for which {SPOKEN[word]} it is"


def _for_packages(said: Said) -> Iterator[str]:
    named = (*said.fields.get("package", ()), *said.fields.get("family", ()))
    if package := next((one for one in named if one.casefold() not in ANY), ""):
        yield f"only for the app {_short(package)}"
    elif "package" not in (said.fields.keys() | said.shows) and _may_be_an_app_s(said):
        yield "it may be for one app only, and the export does not say for which"


def _may_be_an_app_s(said: Said) -> bool:
    """The rules of apps from the store have a group, no program and no protocol; netsh does not name the app."""
    grouped = "group" not in said.fields or said.one("group") != ""
    return grouped and all(said.one(word).casefold() in (*ANY, "256") for word in ("protocol", "program", "service"))


def overrides(said: Said) -> bool:
    """Whether it goes before rules that block."""
    return said.one("override").casefold() in ("true", "yes", "1") or said.one("action").casefold() == "bypass"


def authenticated(said: Said) -> bool:
    return any(said.one(word).casefold() not in NOBODY for word in ("authentication", "encryption"))


def profiles(said: Said) -> tuple[frozenset[str], str | None]:
    """The profiles that a rule is for, and why that is not sure."""
    if "profile" not in said.fields:
        return ALL_PROFILES, None if "profile" in said.shows else "the export does not say for which profile it is"
    found: set[str] = set()
    for token in tokens(said.fields["profile"]):
        word = token.casefold()
        if word in ANY or word in ("0", "2147483647"):
            return ALL_PROFILES, None
        if word.isdecimal() and int(word) < 8:
            found |= {name for bit, name in enumerate(PROFILES) if int(word) >> bit & 1}
        elif word.capitalize() in PROFILES:
            found.add(word.capitalize())
        else:
            return ALL_PROFILES, f"profile '{token[:40]}' is not known"
    return frozenset(found) or ALL_PROFILES, None


def from_policy(said: Said) -> bool | None:
    """Whether the rule comes from Group Policy and not from the machine itself; None: the export does not say."""
    words = {one.casefold() for one in said.fields.get("store", ())}
    if not words:
        return None
    return not words & {"1", "local", "local setting", "persistentstore"}


def _short(written: str) -> str:
    written = masked(written)
    return written if len(written) <= 80 else written[:79] + "…"
