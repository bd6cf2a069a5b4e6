"""``show running-config`` of a Cisco ASA (and a PIX): lists, objects, security levels, translations, routes.

A packet meets the list bound where it comes in, then the global one, then a deny; with no list at all the security
levels decide. Then the list bound where it goes out. Since 8.3 lists name the real address behind a translation,
before it the one that was sent to. What reaches the device itself is decided by its own lines (ssh, http, a list for
the control plane), never by the lists of its interfaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, Literal

from secscan.exposure import intervals
from secscan.exposure.formats.asa_nat import Nat
from secscan.exposure.formats.cisco import (
    ANY,
    ANY4,
    ANY6,
    Absurd,
    Book,
    Entry,
    Grammar,
    Words,
    address,
    host,
    network,
    prefix,
    refused,
    short,
    together,
    zero,
)
from secscan.exposure.formats.cisco_lines import PROMPT, Block, Line, blocks, resembles
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.exposure.formats.netmatch import EVERY_SERVICE, Unread
from secscan.exposure.sides import behind
from secscan.model.net import (
    AddressSet,
    Chain,
    Device,
    Interface,
    Intervals,
    Origin,
    PortSet,
    Route,
    Rule,
    Stage,
    Translation,
)

_VERSION = re.compile(r"(?m)^[\s:!]*((?:ASA|PIX) Version (\d+)\.(\d+)\S*)")
_HITS = re.compile(r"(?m)^access-list \S+ line \d+ .*\(hitcnt=\d+\)")
_HIT = re.compile(r"access-list (?P<name>\S+) line (?P<line>\d+) .*\(hitcnt=(?P<hits>\d+)\)")
_CERTAIN: Final = (
    (r"^[\s:!]*(?:ASA|PIX) Version \d", "its version line says so"),
    (r"^\s*(?:nameif \S+\s*$|nameif \S+ \S+ security\d+)", "it names its interfaces with nameif"),
    (r"^\s*access-group \S+ (?:(?:in|out) interface \S+|global\b)", "it binds its lists with access-group"),
    (r"^same-security-traffic permit ", "it speaks of same-security-traffic"),
    (r"^object network \S+", "it has network objects"),
    (r"^access-list \S+ line \d+ .*\(hitcnt=\d+\)", "it is the output of show access-list"),
)
_LIKELY: Final = (
    r"^access-list \S+ (?:line \d+ )?(?:extended|standard) (?:permit|deny) |^access-list (?!\d+\s)\S+ (?:permit|deny) "
)
_OTHERS: Final = r"(?m)^\s*(?:ip access-list (?:extended|standard) |ip access-group |ipv6 traffic-filter |Building configuration|boot nxos|feature )"
_SYSTEM = re.compile(r"(?m)^(?:ASA|PIX) Version .*<system>|^\s+config-url \S+")
_NOT_ASA: Final = (
    (r"(?m)^[\s:!]*FWSM Version", "is the configuration of a Firewall Services Module, which no reader takes"),
    (r"(?m)^[\s:!]*NGFW Version|^access-list \S+ advanced ",
     "is the configuration of a Firepower Threat Defense, whose rules are not all in it"),
)  # fmt: skip

_MEMBERS: Final = {
    "network": frozenset(("host", "subnet", "range", "fqdn", "description", "network-object", "group-object")),
    "service": frozenset(("service", "description", "service-object", "port-object", "group-object")),
    "protocol": frozenset(("protocol-object", "group-object", "description")),
    "icmp-type": frozenset(("icmp-object", "group-object", "description")),
}
_OF_INTERFACE: Final = frozenset(
    ("nameif", "security-level", "shutdown", "vlan", "description", "management-only", "speed", "duplex", "channel-group", "bridge-group")
)  # fmt: skip
_KEY: Final = (
    "access-list", "access-group", "interface", "nameif", "object", "object-group", "same-security-traffic", "nat", "static", "global",
    "route",
)  # fmt: skip
"""Commands that decide what passes: a line that resembles one and is none leaves open what hangs on its absence."""
_KEY_OF_INTERFACE: Final = ("nameif", "security-level", "ip address", "shutdown", "management-only")
_OTHER_WORDS: Final = """
aaa aaa-server anyconnect anyconnect-essentials app-agent arp as-path asdm auth-prompt auto-update banner bfd
bfd-template boot call-home checkheaps class-map client-update clock clns cluster command-alias community-list
compression config-register console coredump crashinfo crypto csc cts ddns debug dhcp-client dhcpd dhcprelay dns
dns-guard dns-group domain-name dynamic-access-policy-record dynamic-filter eject email enable enrollment
event failover file fips firewall fixup flow-export flow-offload floodguard fragment ftp ftp-map group-delimiter
group-policy gtp-map gdb h225-map hostname hpm hw-module icmp igmp imap4s import ip ip-comp ipsec ipv6 isakmp isis
jumbo-frame key-chain keepalive key kron l2tp ldap ldap-attribute-map license lisp local-domain-bypass logging mac
mac-address mac-address-table mac-learn mac-list management-access management-interface map-name
max-failed-login-attempts media-termination mfib mgcp-map mode monitor-interface mount mroute mtu multicast-routing
nac-authentication-server-group nac-policy name names nd network-acl ntp object-group-search os pager parameters
passwd password password-policy pat periodic phone-proxy pim pki pki-config policy-list policy-map pop3s prefix-list
privilege process prompt qos quit quota radius-common-pw radius-server regex remark resource rip route-map router
routing sctp-map service service-policy session setup sla smart-tunnel smtps smtp-server snmp snmp-map snmp-server
software split-dns ssl ssh sunrpc-server sysopt tacacs-server tcp-map tcp telnet terminal test tftp-server
threat-detection time-range timeout tls-proxy track tunnel-group tunnel-group-map tunnel-limit ucm uc-ime url-cache
url-block url-list url-server user-alert user-identity user-statistics username version virtual vlan vpdn
vpn-addr-assign vpn-group vpn-sessiondb vpnclient vpn-tunnel-group vpn wccp webvpn xlate xml-data zonelabs-integrity
http no exit end conf configure write wr en reload copy activation-key
"""
_OTHER: Final = frozenset(_OTHER_WORDS.split())
"""First words of lines that say nothing of which new connections pass, or that are read elsewhere."""
_UNREAD: Final = {
    "conduit": "lets in",
    "established": "lets in",
    "outbound": "keeps in",
    "apply": "keeps in",
    "filter": "filters what is asked of the web", "shun": "shuts out a host", "alias": "translates an address",
    "zone": "joins interfaces to one zone", "policy-route": "routes by a policy",
}  # fmt: skip


class Asa:
    kind = "asa"

    def fits(self, head: str) -> str | None:
        for pattern, why in _CERTAIN[:1]:
            if re.search(f"(?m){pattern}", head):
                return f"certain: {why}"
        if re.search(_OTHERS, head):
            return None
        for pattern, why in _CERTAIN[1:]:
            if re.search(f"(?m){pattern}", head):
                return f"certain: {why}"
        return "likely: its lists are written as an ASA's" if re.search(f"(?m){_LIKELY}", head) else None

    def read(self, export: Export) -> Device:
        configs: list[ConfigFile] = []
        hits: dict[tuple[str, int], int] = {}
        for file in export.files:
            text = file.text()
            for pattern, what in _NOT_ASA:
                if found := re.search(pattern, text):
                    raise file.refuse(
                        what, "write its rules as a secscan-rules table", text.count("\n", 0, found.start()) + 1
                    )
            if _HITS.search(text):
                hits.update(_counted(file))
            else:
                configs.append(file)
        if not configs:
            raise export.files[0].refuse(
                "is the output of show access-list, not a configuration", "add show running-config"
            )
        if len(configs) > 1:
            raise configs[1].refuse("is a second configuration", "one device, or one context of it, is one export")
        return _Config(configs[0], hits).device(export)


def _counted(file: ConfigFile) -> Iterator[tuple[tuple[str, int], int]]:
    """(list, line) -> how often it was hit, by ``show access-list``: what a group stands for is counted with it."""
    for _, text in file.lines():
        if found := _HIT.match(text):
            yield (found["name"], int(found["line"])), int(found["hits"])


@dataclass(slots=True)
class _Interface:
    """One interface as it is read; ``name`` is its nameif."""

    hardware: str
    line: Line
    name: str = ""
    level: Line | None = None
    number: int | None = None
    addresses: list[AddressSet] = field(default_factory=list)
    networks: list[AddressSet] = field(default_factory=list)
    down: bool = False
    management: Line | None = None


@dataclass(slots=True)
class _List:
    """An access list's lines in their order, each with the words behind its name."""

    kind: str = "extended"
    lines: list[tuple[Line, tuple[str, ...]]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Binding:
    list: str
    origin: Origin


class _Config:
    """One configuration, read line by line and then made a device."""

    def __init__(self, file: ConfigFile, hits: dict[tuple[str, int], int]) -> None:
        self._file, self._hits = file, hits
        self._text = file.text()
        self._book = Book(file, wildcard=False)
        self._lists: dict[str, _List] = {}
        self._interfaces: list[_Interface] = []
        self._in: dict[str, _Binding] = {}
        self._out: dict[str, _Binding] = {}
        self._in6: dict[str, _Binding] = {}
        self._out6: dict[str, _Binding] = {}
        self._control: dict[str, _Binding] = {}
        self._global: _Binding | None = None
        self._twice: list[Line] = []
        self._object_nat: list[tuple[str, Line]] = []
        self._classic: list[Line] = []
        self._routes: list[tuple[str, AddressSet, int, Line]] = []
        self._management: list[Line] = []
        self._services: list[Line] = []
        self._managed: set[str] = set()
        """Interfaces that are reached from another side too, through a tunnel."""
        self._http_port = 443
        self._inter = self._intra = False
        self._unread: list[Origin] = []
        self._warnings: list[str] = []
        self._doubt: Line | None = None
        """A line that may be a list's binding, or the like, with a slip in it."""
        self._opens: Line | None = None
        """A line of old that lets in what the security levels would not."""
        self._stray: list[Line] = []
        """Lines that nobody knows: one that names a list may be an entry of it."""
        self._decoded = 0
        self._used: set[str] = set()
        """Lists that something other than a binding names."""

    # -- reading

    def device(self, export: Export) -> Device:
        self._whole()
        found = blocks(self._file, _joins, banners=False)
        self._cut = bool(re.match(r"\s*: Saved", self._text)) and not re.search(
            r"(?m)^(?:Cryptochecksum:|: end)", self._text
        )
        version = _VERSION.search(self._text)
        self._version = (int(version[2]), int(version[3])) if version else None
        last = found[-1] if found and self._cut and not self._text.endswith("\n") else None
        for block in found:
            if block.head.words[0] == "name" and len(block.head.words) > 2:
                self._name(block.head)
        for block in found:
            self._block(block, last)
        if self._cut:
            self._warnings.append(
                f"{self._file.shown}: begins as a whole export and has no end: what is missing is not known"
            )
        try:
            return self._built(export, version[1] if version else None)
        except Absurd as error:
            raise self._file.refuse(str(error)) from None

    def _whole(self) -> None:
        """Raises InputError for what is not one context's configuration."""
        if found := _SYSTEM.search(self._text):
            raise self._file.refuse(
                "is the system configuration of several contexts, which holds no rules",
                "export each context: changeto context NAME, then show running-config",
                self._text.count("\n", 0, found.start()) + 1,
            )
        versions = list(re.finditer(r"(?m)^(?:ASA|PIX) Version ", self._text))
        if len(versions) > 1:
            line = self._text.count("\n", 0, versions[1].start()) + 1
            raise self._file.refuse(
                f"holds {len(versions)} configurations", "put each context in a file of its own", line
            )

    def _origin(self, line: Line, vendor_id: str = "", name: str = "") -> Origin:
        return self._file.origin(line.number, line.text, vendor_id=vendor_id, name=name)

    def _name(self, line: Line) -> None:
        try:
            number, family = address(line.words[1])
        except Unread:
            return
        except Absurd as error:
            raise refused(self._file, error, line.number) from None
        if family == 4:
            self._book.names[line.words[2]] = number

    def _block(self, block: Block, last: Block | None) -> None:
        head = block.head
        if block is last:
            # What has no end of line may have been longer: nobody knows what it said.
            if head.words[0] == "access-list" and len(head.words) > 1:
                self._lists.setdefault(head.words[1], _List()).lines.append((head, ("cut",)))
            self._unread.append(self._origin(head))
            return
        try:
            known = self._take(head.words, block)
        except Absurd as error:
            raise refused(self._file, error, head.number) from None
        except Unread as error:
            self._unread.append(replace(self._origin(head), text=f"{error}: {self._origin(head).text}"))
            return
        if known:
            self._decoded += 1 + len(block.lines)
        else:
            self._unread.append(self._origin(head))
            self._stray.append(head)
            if self._doubt is None and (resembles(head, _KEY) or "interface" in head.words[1:]):
                self._doubt = head

    def _take(self, words: Sequence[str], block: Block) -> bool:
        """Whether a block is known. Raises Unread and Absurd."""
        head = block.head
        match words:
            case ["access-list", *_]:
                self._entry(head)
            case ["ipv6", "access-list", *_]:
                self._entry(Line(number=head.number, indent=0, text=head.text, words=head.words[1:]), six=True)
            case ["access-group", *_]:
                self._bind(head)
            case ["interface", *_]:
                self._interface(block)
            case ["nameif", hardware, name, level] if level.startswith("security"):
                one = _Interface(hardware, head, name, head, int(level.removeprefix("security")))
                self._interfaces.append(one)
            case ["ip", "address", name, *rest] if not name[0].isdigit():
                self._old_address(name, rest)
            case ["object", ("network" | "service") as kind, name]:
                self._members(kind, "", name, block)
            case ["object-group", kind, name, *rest]:
                proto = rest[0] if kind == "service" and rest else ""
                self._members(kind, proto, name, block)
            case ["ASA" | "PIX", "Version", *_]:
                pass
            case ["clear", "configure" | "config", "access-list", *names]:
                for name in names or list(self._lists):
                    self._lists.pop(name, None)
            case ["clear", *_]:
                pass
            case ["same-security-traffic", "permit", "inter-interface"]:
                self._inter = True
            case ["same-security-traffic", "permit", "intra-interface"]:
                self._intra = True
            case ["nat" | "static" | "global", *_]:
                self._translation(head)
            case ["route", name, first, mask, *rest]:
                self._route(name, network(zero(first), zero(mask), self._book.names), rest, head)
            case ["ipv6", "route", name, to, *rest]:
                self._route(name, prefix(to), rest, head)
            case ["ssh" | "telnet" | "http", *_]:
                self._manage(head)
            case ["management-access", name]:
                self._managed.add(name)
            case ["webvpn"]:
                self._services += [line for line in block.lines if line.starts("enable") and len(line.words) > 1]
            case ["crypto", "isakmp" | "ikev1" | "ikev2", "enable", *_] | ["isakmp", "enable", _]:
                self._services.append(head)
            case [word, *_] if word in _UNREAD:
                self._opens = self._opens or (head if _UNREAD[word] == "lets in" else None)
                self._doubt = self._doubt or (head if _UNREAD[word] == "keeps in" else None)
                return False
            case [word, *_]:
                self._mentions(block)
                return (
                    word in _OTHER
                    or word.startswith(("vpn-", "Cryptochecksum"))
                    or word == ":"
                    or word[0] == ":"
                    or bool(PROMPT.match(head.text))
                )
        return True

    def _translation(self, line: Line) -> None:
        word, *rest = line.words
        if word == "nat" and rest and ("," in rest[0] or "source" in rest):
            self._twice.append(line)
            return
        self._classic.append(line)
        if "access-list" in rest[:-1]:
            self._used.add(rest[rest.index("access-list") + 1])

    def _mentions(self, block: Block) -> None:
        """What other lines name a list for: it is no filter of its own then."""
        for line in (block.head, *block.lines):
            for word, following in pairwise(line.words):
                if word in (
                    "address",
                    "access-list",
                    "value",
                    "vpn-filter",
                    "split-tunnel-network-list",
                    "match",
                    "capture",
                ):
                    self._used.add(following)

    def _entry(self, line: Line, *, six: bool = False) -> None:
        words = line.words[1:]
        if len(words) < 2 or words[0] in ("alert-interval", "deny-flow-max", "compiled", "mode"):
            return
        name, rest = words[0], words[1:]
        found = self._lists.setdefault(name, _List("ipv6" if six else "extended"))
        at = len(found.lines)
        if rest[0] == "line" and len(rest) > 2 and rest[1].isdecimal():
            at, rest = max(int(rest[1]) - 1, 0), rest[2:]
        if rest[0] in ("extended", "standard", "ethertype", "webtype"):
            found.kind, rest = rest[0], rest[1:]
        found.lines.insert(at, (line, rest))

    def _bind(self, line: Line) -> None:
        words = line.words
        binding = _Binding(words[1] if len(words) > 1 else "", self._origin(line))
        match words[2:]:
            case ["global", *_]:
                self._global = binding
            case [("in" | "out") as way, "interface", name, *rest]:
                six = binding.list in self._lists and self._lists[binding.list].kind == "ipv6"
                ways = (self._in6, self._out6) if six else (self._in, self._out)
                if "control-plane" in rest:
                    self._control[name] = binding
                elif not (binding.list in self._lists and self._lists[binding.list].kind == "ethertype"):
                    ways[way == "out"][name] = binding
                if "per-user-override" in rest:
                    self._warnings.append(
                        f"{self._file.shown}:{line.number}: a list of a user's own may take the place of '{short(binding.list)}'"
                    )
            case _:
                self._doubt = self._doubt or line
                raise Unread("it does not say where the list is bound")

    def _interface(self, block: Block) -> None:
        if len(block.head.words) > 2 and not block.lines:
            return  # a PIX's: interface ethernet0 auto
        one = _Interface(" ".join(block.head.words[1:]), block.head)
        for line in block.lines:
            try:
                self._of_interface(one, line)
            except Absurd as error:
                raise refused(self._file, error, line.number) from None
            except Unread as error:
                self._unread.append(replace(self._origin(line), text=f"{error}: {line.text}"))
        if one.name:
            self._interfaces.append(one)

    def _of_interface(self, one: _Interface, line: Line) -> None:
        match line.words:
            case ["nameif", name]:
                one.name = name
            case ["security-level", level] if level.isdecimal():
                one.level, one.number = line, int(level)
            case ["shutdown" | "shut"]:
                one.down = True
            case ["management-only", *_]:
                one.management = line
            case ["ip", "address", *rest]:
                self._addresses(one, rest)
            case ["ipv6", "address", written, *rest] if "/" in written and "eui-64" not in rest:
                one.addresses.append(host(written.partition("/")[0]))
                one.networks.append(prefix(written))
                if "standby" in rest[:-1]:
                    one.addresses.append(host(rest[rest.index("standby") + 1]))
            case _:
                if self._doubt is None and resembles(line, _KEY_OF_INTERFACE) and line.words[0] not in ("ip", "no"):
                    self._doubt = line
                    raise Unread("it is not understood")

    def _addresses(self, one: _Interface, rest: Sequence[str]) -> None:
        if not rest or rest[0] in ("dhcp", "pppoe"):
            return
        names = self._book.names
        one.addresses.append(host(rest[0], names))
        if len(rest) > 1 and rest[1].count(".") == 3:
            one.networks.append(network(rest[0], rest[1], names))
        if "standby" in rest[:-1]:
            one.addresses.append(host(rest[rest.index("standby") + 1], names))

    def _old_address(self, name: str, rest: Sequence[str]) -> None:
        for one in self._interfaces:
            if one.name == name:
                self._addresses(one, rest)

    def _members(self, kind: str, proto: str, name: str, block: Block) -> None:
        if kind not in _MEMBERS:
            return  # users and security groups: whoever names them is not decided
        named = self._book.define(kind, proto, name, block.head.number)
        named.proto = named.proto or proto
        for line in block.lines:
            if line.words[0] == "nat":
                self._object_nat.append((name, line))
            elif line.words[0] not in ("description", "!"):
                named.members.append(line)

    def _route(self, name: str, to: AddressSet, rest: Sequence[str], line: Line) -> None:
        if name == "Null0" or "tunneled" in rest or not rest:
            return
        metric = int(rest[1]) if len(rest) > 1 and rest[1].isdecimal() else 1
        self._routes.append((name, to, metric, line))

    def _manage(self, line: Line) -> None:
        match line.words:
            case ["http", "server", "enable", *rest]:
                self._http_port = int(rest[0]) if rest and rest[0].isdecimal() else 443
            case [_, first, _, _] if first[0].isdigit() or first in self._book.names:
                address(zero(first), self._book.names)
                self._management.append(line)
            case [_, written, _] if "/" in written and ":" in written:
                self._management.append(line)
            case _:
                return

    # -- building

    def _built(self, export: Export, version: str | None) -> Device:
        unified = self._version is None or self._version >= (9, 0)
        self._grammar = Grammar(self._book, ANY if unified else ANY4)
        for line in self._stray:
            if len(line.words) > 1 and (found := self._lists.get(line.words[1])):
                behind_it = (at for at, (one, _) in enumerate(found.lines) if one.number > line.number)
                found.lines.insert(next(behind_it, len(found.lines)), (line, line.words))
        for one in self._interfaces:
            own = together(one.addresses)
            if own.v4 or own.v6:
                self._book.interfaces[one.name] = own
        interfaces = tuple(self._sides())
        routes = tuple(self._routed())
        placed = Device(name=export.device, kind="asa", chains={}, stages=(), interfaces=interfaces, routes=routes)
        chains: dict[str, Chain] = {}
        stages = list(self._through(chains, placed))
        if self._interfaces:
            chains["to the device"] = self._to_device(chains)
            stages.append(Stage(name="to the device", chain="to the device", traffic="to-device"))
        self._unbound(chains, bound=bool(stages))
        translations = tuple(self._translations())
        return replace(
            placed, chains=chains, stages=tuple(stages), translations=translations, families=self._families(unified),
            version=version, unread=tuple(self._unread), decoded=self._decoded, warnings=tuple(self._warnings),
        )  # fmt: skip

    def _families(self, unified: bool) -> frozenset[Literal[4, 6]]:
        six = re.search(
            r"(?m)^\s*ipv6 (?:address|access-list|route|enable|unicast)|\bany6\b|(?:^|\s)[0-9a-f]{1,4}:[0-9a-f:]*:",
            self._text,
        )
        return frozenset((4, 6)) if six or (unified and self._version is not None) else frozenset((4,))

    def _sides(self) -> Iterator[Interface]:
        for one in self._interfaces:
            level = one.number if one.number is not None else 100 if one.name == "inside" else 0
            yield Interface(
                name=one.name, zone=one.hardware if one.hardware != one.name else None, addresses=together(one.addresses),
                networks=together(one.networks), level=level, enabled=not one.down, origin=self._origin(one.line),
            )  # fmt: skip

    def _routed(self) -> Iterator[Route]:
        """The routes of the lowest metric for each network."""
        best: dict[Intervals, int] = {}
        for _, to, metric, _ in self._routes:
            best[to.v4 or to.v6] = min(metric, best.get(to.v4 or to.v6, metric))
        for name, to, metric, line in self._routes:
            if best[to.v4 or to.v6] == metric:
                for family, pairs in ((4, to.v4), (6, to.v6)):
                    for pair in pairs:
                        yield Route(family=family, network=pair, interface=name, origin=self._origin(line))  # type: ignore[arg-type]

    @property
    def _translated(self) -> bool:
        """Whether lists name real addresses: since 8.3, by the version or by how translations are written."""
        if self._version is not None:
            return self._version >= (8, 3)
        return not self._classic

    def _through(self, chains: dict[str, Chain], placed: Device) -> Iterator[Stage]:
        named = [one for one in placed.interfaces if one.enabled]
        bound = [*self._in, *self._out, *self._in6, *self._out6]
        if not (named or bound or self._global):
            return
        known = dict.fromkeys([*(one.name for one in named), *self._in, *self._in6])
        free = [name for name in known if name not in self._in and name not in self._in6]
        sees: Literal["original", "translated"] = "translated" if self._translated else "original"
        for name in known:
            if name not in free:
                label, chain = self._ingress(chains, name)
                yield Stage(name=label, chain=chain, in_interfaces=frozenset((name,)), sees=sees)
        if self._global is not None and (free or not known):
            chain = self._chain(chains, self._global, ends=True)
            label = f"access-group {self._global.list} global"
            yield Stage(name=label, chain=chain, in_interfaces=frozenset(free) or None, sees=sees)
        if named:
            chains["same-security-traffic"] = self._own_rules(placed)
            yield Stage(name="same-security-traffic", chain="same-security-traffic")
        if self._global is None:
            for name in free:
                yield from self._levels(chains, name, placed)
        for name in dict.fromkeys((*self._out, *self._out6)):
            yield self._egress(chains, name)

    def _ingress(self, chains: dict[str, Chain], name: str) -> tuple[str, str]:
        """The stage's name and the chain that packets meet which come in here."""
        four, six = self._in.get(name), self._in6.get(name)
        first = four or six
        assert first is not None
        label = f"access-group {first.list} in interface {name}"
        if self._global is None and (six is None or four is None) and not self._split:
            return label, self._chain(chains, first, ends=True)
        steps: list[Rule] = []
        for binding, every in ((four, ANY4 if self._split else ANY), (six, ANY6), (self._global, ANY)):
            if binding is not None:
                target = self._chain(chains, binding, ends=False)
                steps.append(_goes(len(steps), "jump", target, every, binding.origin))
        chains[f"{name} in"] = Chain(
            name=f"{name} in",
            steps=tuple(steps),
            default=None if self._cut else "deny",
            default_origin=(self._global or first).origin,
        )
        return label, f"{name} in"

    @property
    def _split(self) -> bool:
        """Whether lists of IPv6 stand apart from those of IPv4, as they did before 9.0."""
        return bool(self._in6 or self._out6)

    def _egress(self, chains: dict[str, Chain], name: str) -> Stage:
        four, six = self._out.get(name), self._out6.get(name)
        first = four or six
        assert first is not None
        chain = self._chain(chains, first, ends=not self._split)
        steps: list[Rule] = []
        if not self._translated and self._classic:
            why = "before 8.3 this list names sources as they were translated"
            steps += [_either(n, action, why, first.origin) for n, action in enumerate(("permit", "deny"))]
        if self._split or steps:
            for binding, every in ((four, ANY4 if self._split else ANY), (six, ANY6)):
                if binding is not None:
                    steps.append(
                        _goes(
                            len(steps),
                            "jump",
                            self._chain(chains, binding, ends=not self._split),
                            every,
                            binding.origin,
                        )
                    )
            chain = f"{name} out"
            chains[chain] = Chain(
                name=chain, steps=tuple(steps), default=None if self._cut else "deny", default_origin=first.origin
            )
        return Stage(
            name=f"access-group {first.list} out interface {name}", chain=chain, out_interfaces=frozenset((name,))
        )

    def _levels(self, chains: dict[str, Chain], name: str, placed: Device) -> Iterator[Stage]:
        """What the security levels let through of what comes in where no list is bound."""
        one = next(side for side in placed.interfaces if side.name == name)
        assert one.level is not None
        written = next(i.level or i.line for i in self._interfaces if i.name == name)
        permitted: set[str] = set()
        denied: set[str] = set()
        for other in placed.interfaces:
            if other.enabled and other.level is not None:
                allowed = (
                    self._intra
                    if other.name == name
                    else self._inter
                    if other.level == one.level
                    else other.level < one.level
                )
                (permitted if allowed else denied).add(other.name)
        origin = self._origin(written, f"security level {one.level} of {name}")
        words: tuple[tuple[Literal["permit", "deny"], set[str]], ...] = (("permit", permitted), ("deny", denied))
        for word, others in words:
            if others:
                chain = f"security level of {name}: {word}"
                kept = self._opens is None if word == "deny" else not self._cut and self._doubt is None
                default: Literal["permit", "deny"] | None = word if kept else None
                chains[chain] = Chain(name=chain, steps=(), default=default, default_origin=origin)
                yield Stage(
                    name=f"security level of {name}",
                    chain=chain,
                    in_interfaces=frozenset((name,)),
                    out_interfaces=frozenset(others),
                )

    def _own_rules(self, placed: Device) -> Chain:
        """What the device refuses whatever its lists say: between sides of one level, back where it came from."""
        steps: list[Rule] = []
        places = [behind(placed, family) for family in intervals.FAMILIES]
        sides = {one.name: one for one in placed.interfaces if one.enabled}

        def deny(into: str | None, to: str, line: Line) -> None:
            found = AddressSet(v4=places[0].get(to, ()), v6=places[1].get(to, ()))
            if found.v4 or found.v6:
                steps.append(Rule(
                    position=len(steps), action="deny", src=ANY, dst=found, services=EVERY_SERVICE, implied=True,
                    in_interfaces=None if into is None else frozenset((into,)), origin=self._origin(line, "same-security-traffic"),
                ))  # fmt: skip

        for one in self._interfaces:
            if one.name not in sides:
                continue
            line = one.level or one.line
            if one.management is not None:
                steps.append(Rule(
                    position=len(steps), action="deny", src=ANY, dst=ANY, services=EVERY_SERVICE, implied=True,
                    in_interfaces=frozenset((one.name,)), origin=self._origin(one.management, "management-only"),
                ))  # fmt: skip
                deny(None, one.name, one.management)
            if one.name in self._in or self._global is not None:
                for other in sides.values():
                    same = other.level == sides[one.name].level
                    if (other.name == one.name and not self._intra) or (
                        other.name != one.name and same and not self._inter
                    ):
                        deny(one.name, other.name, line)
        nowhere = (
            self._origin(self._interfaces[0].line)
            if self._interfaces
            else Origin(file=self._file.shown, line=0, line_to=0, text="")
        )
        return Chain(name="same-security-traffic", steps=tuple(steps), default="permit", default_origin=nowhere)

    def _chain(self, chains: dict[str, Chain], binding: _Binding, *, ends: bool) -> str:
        """The chain of a bound list, made when it is first asked for. ``ends``: nothing is asked behind it."""
        name = binding.list
        if name in chains:
            return name
        found = self._lists.get(name)
        default: Literal["permit", "deny", "return"] | None = "deny" if ends else "return"
        if found is None:
            default = None
            self._warnings.append(f"{self._file.shown}:{binding.origin.line}: list '{short(name)}' is not defined")
        if self._cut and default == "deny":
            default = None
        chains[name] = Chain(name=name, steps=self._steps(name, found), default=default, default_origin=binding.origin)
        return name

    def _steps(self, name: str, found: _List | None) -> tuple[Rule | Origin, ...]:
        steps: list[Rule | Origin] = []
        remarks: list[str] = []
        for number, (line, words) in enumerate(found.lines if found else (), 1):
            if words[0] == "remark":
                remarks.append(" ".join(words[1:]))
                continue
            origin = self._origin(line, f"{name} line {number}")
            try:
                entry = self._parsed(found.kind if found else "", words)
            except Unread as error:
                steps.append(replace(origin, text=f"{error}: {origin.text}"))
            except Absurd as error:
                raise refused(self._file, error, line.number) from None
            else:
                reason = self._file.origin(line.number, "; ".join(remarks)).text if remarks else None
                steps.append(entry.rule(len(steps), origin, reason, self._hits.get((name, number))))
            remarks = []
        return tuple(steps)

    def _parsed(self, kind: str, words: Sequence[str]) -> Entry:
        if kind in ("ethertype", "webtype"):
            raise Unread(f"a list of kind {kind} tells no addresses")
        if kind == "standard":
            entry = self._grammar.standard(Words(words))
            entry.src, entry.dst = ANY, entry.src  # a standard list of an ASA's names destinations
            return entry
        return (Grammar(self._book, ANY6) if kind == "ipv6" else self._grammar).extended(Words(words))

    def _unbound(self, chains: dict[str, Chain], *, bound: bool) -> None:
        """Lists that stand by themselves: all where none is bound, else those that nothing else names."""
        for name, found in self._lists.items():
            if name in chains or found.kind in ("ethertype", "webtype") or (bound and name in self._used):
                continue
            origin = self._origin(found.lines[0][0])
            chains[name] = Chain(
                name=name, steps=self._steps(name, found), default=None if self._cut else "deny", default_origin=origin
            )

    def _translations(self) -> Iterator[Translation]:
        def origin(line: Line, name: str) -> Origin:
            return self._origin(line, f"nat line {line.number}", name)

        nat = Nat(self._book, origin, self._entries)
        yield from nat.modern(self._twice, self._object_nat)
        yield from nat.classic(self._classic)

    def _entries(self, name: str) -> list[Entry] | None:
        found = self._lists.get(name)
        return (
            None
            if found is None
            else [self._parsed(found.kind, words) for _, words in found.lines if words[0] != "remark"]
        )

    def _to_device(self, chains: dict[str, Chain]) -> Chain:
        """What of its own the device answers."""
        steps: list[Rule | Origin] = []
        ports = {"ssh": 22, "telnet": 23, "http": self._http_port}

        def step(
            action: Literal["permit", "deny"],
            side: str | None,
            src: AddressSet,
            proto: str,
            number: int,
            line: Line,
            name: str,
        ) -> None:
            steps.append(Rule(
                position=len(steps), action=action, src=src, dst=ANY, in_interfaces=None if side is None else frozenset((side,)),
                services=(PortSet(proto=proto, dport=((number, number),)),), origin=self._origin(line, name), implied=True,
            ))  # fmt: skip

        for one in self._interfaces:
            if one.addresses and one.name not in self._managed:  # nothing gets to the far side of the device
                steps.append(Rule(
                    position=len(steps), action="deny", src=ANY, dst=together(one.addresses), services=EVERY_SERVICE, implied=True,
                    not_in_interfaces=frozenset((one.name,)), origin=self._origin(one.line),
                ))  # fmt: skip
        for line in self._management:
            word, *rest = line.words
            src = prefix(rest[0]) if len(rest) == 2 else network(zero(rest[0]), zero(rest[1]), self._book.names)
            step("permit", rest[-1], src, "tcp", ports[word], line, f"{word} {rest[-1]}")
        for word in ("ssh", "telnet"):
            if lines := [line for line in self._management if line.words[0] == word]:
                step("deny", None, ANY, "tcp", ports[word], lines[-1], word)
        for name, binding in self._control.items():
            target = self._chain(chains, binding, ends=False)
            steps.append(
                replace(_goes(len(steps), "jump", target, ANY, binding.origin), in_interfaces=frozenset((name,)))
            )
        for line in self._services:
            side = line.words[line.words.index("enable") + 1]
            for proto, number in (("tcp", 443),) if line.words[0] == "enable" else (("udp", 500), ("udp", 4500)):
                step("permit", side, ANY, proto, number, line, line.text)
        origin = self._origin(self._interfaces[0].line)
        return Chain(name="to the device", steps=tuple(steps), default=None, default_origin=origin)


def _goes(position: int, action: Literal["jump", "goto"], target: str, every: AddressSet, origin: Origin) -> Rule:
    return Rule(
        position=position,
        action=action,
        target=target,
        src=every,
        dst=every,
        services=EVERY_SERVICE,
        implied=True,
        origin=origin,
    )


def _either(position: int, action: str, why: str, origin: Origin) -> Rule:
    return Rule(
        position=position, action=action, src=ANY, dst=ANY, services=EVERY_SERVICE, implied=True, unknown=why, origin=origin  # type: ignore[arg-type]
    )  # fmt: skip


def _joins(head: Line, line: Line) -> bool:
    """Whether a line at the margin belongs to the object or interface above it, as in a text that lost its spaces."""
    word = line.words[0]
    match head.words:
        case ["object", kind, _]:
            inside = word == "nat" and len(line.words) > 2 and any(w in ("static", "dynamic") for w in line.words[2:4])
            return word in _MEMBERS.get(kind, ()) or (kind == "network" and inside and "source" not in line.words[:4])
        case ["object-group", kind, *_]:
            return word in _MEMBERS.get(kind, ())
        case ["interface", *_]:
            after = line.words[1:2]
            return (word in _OF_INTERFACE and not (word == "nameif" and len(line.words) > 2)) or (
                word in ("ip", "ipv6", "no")
                and after in (("address",), ("nameif",), ("security-level",), ("ip",), ("shutdown",))
            )
    return False


READER = Asa()
