"""``show running-config`` of a Cisco router or switch with IOS or IOS-XE: lists, zones, translations, routes.

A packet meets the list bound where it comes in, then the zone pair's policy, then the list bound where it goes out.
An interface without a list lets everything through, and so does a list that is bound and holds nothing. What reaches
the router itself meets the list where it comes in too, then the lines' access class.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Final, Literal

from secscan.exposure import intervals
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
)
from secscan.exposure.formats.cisco_lines import HEX, Block, Line, blocks, resembles
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.exposure.formats.ios_nat import Nat
from secscan.exposure.formats.ios_zones import Zones
from secscan.exposure.formats.netmatch import EVERY_SERVICE, Unread
from secscan.exposure.sides import behind
from secscan.model.net import AddressSet, Chain, Device, Interface, Origin, PortSet, Route, Rule, Stage, Traffic

_CERTAIN: Final = (
    (
        r"^(?:Building configuration\.\.\.|Current configuration : \d+ bytes)",
        "it begins as a router's configuration does",
    ),
    (r"^ip access-list (?:extended|standard) \S+", "its lists are written as IOS writes them"),
    (
        r"^\s+(?:ip access-group \S+ (?:in|out)|ipv6 traffic-filter \S+ (?:in|out))\s*$",
        "it binds lists to interfaces as IOS does",
    ),
    (
        r"^(?:zone-pair security|zone security|policy-map type inspect|class-map type inspect) ",
        "it has a zone-based firewall",
    ),
    (r"^(?:Extended|Standard) IP access list \S+", "it is the output of show access-lists"),
)
_LIKELY: Final = (
    r"^access-list \d+ (?:permit|deny|remark|dynamic) |^ipv6 access-list \S+|^ip access-list \S+\s*$|^ip nat inside source |^line vty \d"
    r"|^\s+ip address \d[\d.]+ 255\.[\d.]+\s*$"
)
_ASA: Final = (
    r"(?m)^[\s:!]*(?:ASA|PIX|FWSM|NGFW) Version |^\s*nameif |^access-group \S+ (?:(?:in|out) interface|global)|^same-security-traffic "
    r"|^access-list \S+ (?:line \d+ )?(?:extended|standard) |^object network "
)
_OTHER_SYSTEMS: Final = (
    (
        r"^(?:!Command: show running-config|feature \S+|boot nxos |vdc \S+ id )",
        "is the configuration of an NX-OS switch",
    ),
    (
        r"^(?:!! IOS XR|ipv4 access-list \S+|\s+ipv4 access-group |interface \S+ l2transport)",
        "is the configuration of an IOS XR router",
    ),
    (
        r"^! device: \S+ \(.*EOS|^transceiver qsfp default-mode|^! Command: show running-config",
        "is the configuration of an Arista switch",
    ),
)
_HITS = re.compile(r"(?m)^(?:Extended|Standard) IP access list \S+|^IPv6 access list \S+")
_LIST = re.compile(r"(?:(?:Extended|Standard) IP|IPv6) access list (?P<name>\S+)")
_HIT = re.compile(
    r"\s+(?:(?P<seq>\d+) )?(?:permit|deny) .*\((?P<hits>\d+) match(?:es)?[^)]*\)(?: sequence (?P<six>\d+))?"
)
_STANDARD: Final = ((1, 99), (1300, 1999))
_EXTENDED: Final = ((100, 199), (2000, 2699))
_KEY: Final = (
    "access-list", "ip access-list", "ipv6 access-list", "interface", "zone security", "zone-pair security", "ip nat", "ip route",
    "object-group", "policy-map", "class-map",
)  # fmt: skip
_KEY_OF_INTERFACE: Final = (
    "ip access-group", "ipv6 traffic-filter", "zone-member security", "ip nat", "shutdown", "vrf forwarding",
)  # fmt: skip
_BEFORE_INTERFACES_WORDS: Final = """
version service hostname boot boot-start-marker boot-end-marker enable aaa clock ip vrf crypto license username
redundancy object-group class-map policy-map zone zone-pair track spanning-tree vlan no vtp
"""
_BEFORE_INTERFACES: Final = frozenset(_BEFORE_INTERFACES_WORDS.split())
"""What stands before the interfaces, or among them: a text that ends there may lack some."""
_OTHER_WORDS: Final = """
aaa access-session address-family alias aqm-register-fnf archive arp async-bootp authentication autonomous-system avb
avc banner beep bfd bfd-template boot boot-end-marker boot-start-marker bridge bridge-domain buffers busy-message call
call-history-mib call-home capf-server card cdp cef chat-script class-map clns clock cns command config-register
configuration connect control-plane control-plane-host controller cpd crypto ct cts cwmp default default-value define
device device-sensor device-tracking diagnostic dial-peer dialer dialer-list do domain dot11 dot1x
downward-compatible-config dss dspfarm eap element enable end endpoint-tracker environment epm errdisable esmc
ethernet event exception exit facility-alarm fallback fabric flow flow-monitor flow-sampler-map fhrp frame-relay
ftp-server gatekeeper gateway global-address-family hardware help hostname hw-module hw-switch http identity ima
inactivity-timer interface ip ipc iphc-profile ipv6 isdn isis ivr kerberos key kron l2 l2tp l2vpn l3vpn lacp ldap
license line lisp lldp location logging login-string login mab mac mac-address-table macro mds mediatrace memory
memory-size menu metadata mgcp mls mmi-mib mode monitor mop mpls mrcp-client mtu multilink mvrp mvr nat64 nat66 ncs
netconf netconf-yang netflow netconf-max-sessions network-clock network-object-group-list nmsp no nls ntp nvram
object-group onep openflow parameter-map parser partition password pfr platform pnp policy-map port-channel power ppp
pppoe prefix-list printer priority-list privilege process process-max-time profile prompt pseudowire-class ptp qos
queue-list radius radius-server random-detect-group redundancy regexp remark restconf resume rif rmon rommon route-map
route-tag router rsvp rtr sampler sap sasl scheduler scripting sdlc sdm security segment-routing serial-profile
service service-list service-insertion session-limit set setup sip-ua smrp snmp snmp-server software source
spanning-tree ssh stack-mac stackwise-virtual standby stcapp subscriber subscriber-policy switch switch-virtual system
tacacs tacacs-server tag-switching tcam template terminal terminal-queue tftp-server time-range tn3270 track
transceiver transfer-system trunk udld upgrade usb username validate vc-class version video virtual-profile
virtual-service virtual-template vlan vmps vnet voice voice-card voip vpdn vpdn-group vrf vstack vtp vxml wabt
warm-reboot wccp webui wireless wsma x25 x29 xconnect xdr-buffer zone zone-pair Building Current Using Last conf
configure write wr en copy name-server full-duplex half-duplex mmi
"""
_OTHER: Final = frozenset(_OTHER_WORDS.split())
"""First words of lines that say nothing of which new connections pass, or that are read elsewhere."""


class Ios:
    kind = "ios"

    def fits(self, head: str) -> str | None:
        if re.search(_ASA, head) or any(re.search(f"(?m){pattern}", head) for pattern, _ in _OTHER_SYSTEMS):
            return None
        for pattern, why in _CERTAIN:
            if re.search(f"(?m){pattern}", head):
                return f"certain: {why}"
        return "likely: it is written as a router's configuration" if re.search(f"(?m){_LIKELY}", head) else None

    def read(self, export: Export) -> Device:
        configs: list[ConfigFile] = []
        hits: dict[tuple[str, int], int] = {}
        for file in export.files:
            text = file.text()
            for pattern, what in _OTHER_SYSTEMS:
                if found := re.search(f"(?m){pattern}", text):
                    line = text.count("\n", 0, found.start()) + 1
                    raise file.refuse(
                        f"{what}, which no reader takes", "write its rules as a secscan-rules table", line
                    )
            if _HITS.search(text) and not re.search(r"(?m)^interface |^ip access-list ", text):
                hits.update(_counted(file))
            else:
                configs.append(file)
        if not configs:
            raise export.files[0].refuse(
                "is the output of show access-lists, not a configuration", "add show running-config"
            )
        if len(configs) > 1:
            raise configs[1].refuse("is a second configuration", "one device is one export")
        return _Config(configs[0], hits).device(export)


def _counted(file: ConfigFile) -> Iterator[tuple[tuple[str, int], int]]:
    """(list, sequence number) -> how often it matched, by ``show access-lists``."""
    name = ""
    for _, text in file.lines():
        if head := _LIST.match(text):
            name = head["name"]
        elif (found := _HIT.match(text)) and (found["seq"] or found["six"]):
            yield (name, int(found["seq"] or found["six"])), int(found["hits"])


@dataclass(slots=True)
class _Interface:
    name: str
    line: Line
    addresses: list[AddressSet] = field(default_factory=list)
    networks: list[AddressSet] = field(default_factory=list)
    vrf: Line | None = None
    zone: str | None = None
    down: bool = False
    asks: bool = False
    """It gets its address from elsewhere."""
    lists: dict[tuple[str, int], tuple[str, Line]] = field(default_factory=dict)
    """(in or out, family) -> the list bound there."""
    switched: bool = False

    @property
    def routed(self) -> bool:
        return bool(self.addresses or self.asks or self.zone or (self.lists and not self.switched))


@dataclass(slots=True)
class _List:
    """``standard``: it tells sources alone."""

    standard: bool
    line: Line
    last: int = 0
    entries: list[tuple[int, Line, tuple[str, ...]]] = field(default_factory=list)
    """(sequence number, line, words from the action on)"""
    numbers: set[int] = field(default_factory=set)
    twice: list[Line] = field(default_factory=list)
    """Lines whose number another one has."""

    def add(self, seq: int | None, line: Line, words: tuple[str, ...]) -> None:
        number = seq if seq is not None else self.last + 10
        if words[0] == "remark":  # it goes before the entry of its number, or before the next
            self.entries.append((number, line, words))
            return
        if number in self.numbers:
            self.twice.append(line)
        self.numbers.add(number)
        self.last = max(self.last, number)
        self.entries.append((number, line, words))


class _Config:
    """One configuration, read line by line and then made a device."""

    def __init__(self, file: ConfigFile, hits: dict[tuple[str, int], int]) -> None:
        self._file, self._hits, self._text = file, hits, file.text()
        self._book = Book(file, wildcard=True)
        self._interfaces: dict[str, _Interface] = {}
        self._lists: dict[tuple[str, int], _List] = {}
        self._routes: list[tuple[Line, str, AddressSet, list[str]]] = []
        self._zones = Zones(self._origin)
        self._nat = Nat(self._origin, self._entries, self._own_address)
        self._lines: list[Block] = []
        self._http: dict[int, tuple[str, Line]] = {}
        self._plane: Line | None = None
        self._leaks: Line | None = None
        self._used: set[str] = set()
        self._unread: list[Origin] = []
        self._warnings: list[str] = []
        self._doubt: Line | None = None
        self._decoded = 0
        self._open: tuple[str, int] | None = None
        """The list in which a cut text ends."""
        self._lacks = False
        """The text may lack interfaces, or what stands under the last."""
        self._cut = False

    # -- reading

    def device(self, export: Export) -> Device:
        found = blocks(self._file, _joins, banners=True)
        self._whole(found)
        for block in found:
            try:
                known = self._take(block.head.words, block)
            except Absurd as error:
                raise refused(self._file, error, block.head.number) from None
            except Unread as error:
                self._unread.append(replace(self._origin(block.head), text=f"{error}: {block.head.text}"))
                continue
            if known:
                self._decoded += 1 + len(block.lines)
            else:
                self._unread.append(self._origin(block.head))
                if self._doubt is None and resembles(block.head, _KEY):
                    self._doubt = block.head
        try:
            return self._built(export)
        except Absurd as error:
            raise self._file.refuse(str(error)) from None

    def _whole(self, found: list[Block]) -> None:
        """Whether the text ends where the configuration does. Raises InputError where it surely does not."""
        if not found or any(block.head.text == "end" for block in found):
            return
        if re.search(r"(?m)^(?:Building configuration\.\.\.|Current configuration : )", self._text):
            raise self._file.refuse(
                "does not end with 'end': it is cut", "export again, whole", self._text.count("\n") + 1
            )
        if not any(block.head.words[0] == "version" for block in found):
            return
        self._cut = True
        self._warnings.append(f"{self._file.shown}: has no 'end': what is missing is not known")
        if not self._text.endswith("\n"):
            # What has no end of line may have been longer: nobody knows what it said.
            line = found[-1].lines.pop() if found[-1].lines else found.pop().head
            self._unread.append(self._origin(line))
        last = found[-1].head.words if found else ("version",)
        self._lacks = (
            last[0] == "interface" or last[:2] == ("ip", "vrf") or (last[0] in _BEFORE_INTERFACES and last[0] != "ip")
        )
        if found and not re.search(r"\n!\s*\Z", self._text):
            self._open = _list_of(found[-1].head)

    def _origin(self, line: Line, vendor_id: str = "", name: str = "") -> Origin:
        return self._file.origin(line.number, line.text, vendor_id=vendor_id, name=name)

    def _take(self, words: Sequence[str], block: Block) -> bool:
        """Whether a block is known. Raises Unread and Absurd."""
        head = block.head
        match words:
            case ["access-list", number, *rest]:
                self._numbered(number, tuple(rest), head)
            case ["no", "access-list", number, *_]:
                self._lists.pop((number, 4), None)
            case ["no", "ip" | "ipv6" as kind, "access-list", *_, name]:
                self._lists.pop((name, 4 if kind == "ip" else 6), None)
            case [
                "ip",
                "access-list",
                "resequence" | "logging" | "log-update" | "persistent" | "helper" | "match-local-traffic" | "mlog",
                *_,
            ]:
                pass
            case ["ip", "access-list", ("extended" | "standard") as kind, name]:
                self._named(name, 4, block, standard=kind == "standard")
            case ["ip", "access-list", name]:
                self._named(name, 4, block, standard=False)
            case ["ipv6", "access-list", *kind, name] if len(kind) < 2:
                self._named(name, 6, block, standard=kind == ["standard"])
            case ["interface" | "int", *name]:
                self._interface("".join(name), block)
            case ["object-group", ("network" | "v6-network" | "service" | "v6-service") as kind, name]:
                named = self._book.define(kind.removeprefix("v6-"), "", name, head.number)
                named.members += [line for line in block.lines if line.words[0] != "description"]
            case ["ip", "route", *rest]:
                self._route(head, list(rest), 4)
            case ["ipv6", "route", *rest]:
                self._route(head, list(rest), 6)
            case ["ip", "nat", *_]:
                self._nat.take(head, block.lines)
                for word, following in pairwise(words):
                    if word == "list":
                        self._used.add(following)
            case ["line", *_]:
                self._lines.append(block)
            case ["ip", "http", "access-class", "ipv4", name] | ["ip", "http", "access-class", name]:
                self._http[4] = name, head
            case ["ip", "http", "access-class", "ipv6", name]:
                self._http[6] = name, head
            case ["control-plane", *_]:
                found = next((line for line in block.lines if line.starts("service-policy", "input")), None)
                self._plane = self._plane or found
            case ["vrf", "definition", _] | ["ip", "vrf", _]:
                leak = next(
                    (
                        line
                        for line in block.lines
                        if line.words[0] in ("route-target", "route-replicate", "import", "export")
                    ),
                    None,
                )
                self._leaks = self._leaks or leak
            case _:
                if self._zones.take(block):
                    return True
                self._mentions(block)
                return words[0] in _OTHER or bool(HEX.match(head.text))
        return True

    def _mentions(self, block: Block) -> None:
        """What other lines name a list for: it is no filter of its own then."""
        for line in (block.head, *block.lines):
            for word, following in pairwise(line.words):
                if word in ("address", "access-group", "list", "acl", "access-class", "name", "community"):
                    self._used.add(following)
            if line.starts("match", "ip", "address"):
                self._used.update(line.words[3:])
            elif line.starts("snmp-server", "community"):
                self._used.add(line.words[-1])

    # -- lists

    def _numbered(self, number: str, words: tuple[str, ...], line: Line) -> None:
        kind = number.isdecimal() and int(number)
        standard = any(lo <= kind <= hi for lo, hi in _STANDARD)
        if not words or (kind and not standard and not any(lo <= kind <= hi for lo, hi in _EXTENDED)):
            return  # of another protocol
        if words[0] in ("extended", "standard"):
            standard, words = words[0] == "standard", words[1:]
        seq = None
        if words and words[0].isdecimal():
            seq, words = int(words[0]), words[1:]
        if words:
            self._list((number, 4), line, standard=standard).add(seq, line, words)

    def _named(self, name: str, family: int, block: Block, *, standard: bool) -> None:
        found = self._list((name, family), block.head, standard=standard)
        for line in block.lines:
            words = line.words
            seq = None
            if words[0] == "sequence" and len(words) > 2 and words[1].isdecimal():
                seq, words = int(words[1]), words[2:]
            elif words[0].isdecimal() and len(words) > 1:
                seq, words = int(words[0]), words[1:]
            if words[0] == "no" and len(words) > 1:
                self._without(found, words[1:])
            elif words[0] not in ("statistics", "fragments", "exit"):
                found.add(seq, line, words)

    def _without(self, found: _List, words: tuple[str, ...]) -> None:
        """``no``: an entry is taken away, by its number or its words."""
        number = int(words[0]) if words[0].isdecimal() else None
        found.entries = [one for one in found.entries if (one[2] != words if number is None else one[0] != number)]

    def _list(self, key: tuple[str, int], line: Line, *, standard: bool = False) -> _List:
        return self._lists.setdefault(key, _List(standard, line))

    def _steps(self, key: tuple[str, int]) -> tuple[Rule | Origin, ...]:
        found = self._lists[key]
        steps: list[Rule | Origin] = []
        remarks: list[str] = []
        probing: Line | None = None
        for seq, line, words in sorted(found.entries, key=lambda one: one[0]):
            if words[0] == "remark":
                remarks.append(" ".join(words[1:]))
                continue
            origin = self._origin(line, f"{key[0]} {seq}")
            if line in found.twice:
                steps.append(replace(origin, text=f"another entry has its number: {origin.text}"))
                continue
            try:
                entry = self._parsed(words, key[1], standard=found.standard)
            except Unread as error:
                steps.append(replace(origin, text=f"{error}: {origin.text}"))
            except Absurd as error:
                raise refused(self._file, error, line.number) from None
            else:
                reason = self._file.origin(line.number, "; ".join(remarks)).text if remarks else None
                steps.append(entry.rule(len(steps), origin, reason, self._hits.get((key[0], seq))))
                if entry.probes and entry.action == "permit" and entry.established:
                    probing = probing or line
            remarks = []
        if self._open == key and self._cut:
            steps.append(
                replace(
                    self._origin(found.entries[-1][1] if found.entries else found.line),
                    text="the text ends in this list",
                )
            )
        if probing is not None:
            self._warnings.append(
                f"{self._file.shown}:{probing.number}: list '{short(key[0])}' asks for flags of TCP (established), not for connections: "
                "whoever sets them gets a packet through"
            )
        return tuple(steps)

    def _parsed(self, words: tuple[str, ...], family: int, *, standard: bool) -> Entry:
        if words[0] == "evaluate" and len(words) > 1:
            return Entry(action="permit", unknown=f"it hangs on what was let out before (evaluate {short(words[1])})")
        unknown = None
        if words[0] == "dynamic" and len(words) > 2:
            words = words[4:] if words[2] == "timeout" else words[2:]
            unknown = "it hangs on who has logged in (dynamic)"
        grammar = Grammar(self._book, ANY4 if family == 4 else ANY6)
        if not standard and words[1:2] == ("any",) and len(words) == 2:
            words = (words[0], "ip", "any", "any")  # short for it: nothing else can be meant
        entry = grammar.standard(Words(words)) if standard else grammar.extended(Words(words))
        entry.unknown = unknown or entry.unknown
        if standard:
            entry.dst = ANY4 if family == 4 else ANY6
        return entry

    def _entries(self, name: str) -> list[Entry] | None:
        found = self._lists.get((name, 4))
        if found is None:
            return None
        return [
            self._parsed(words, 4, standard=found.standard) for _, _, words in found.entries if words[0] != "remark"
        ]

    # -- interfaces and routes

    def _interface(self, name: str, block: Block) -> None:
        one = self._interfaces.setdefault(name, _Interface(name, block.head))
        for line in block.lines:
            try:
                self._of_interface(one, line)
            except Absurd as error:
                raise refused(self._file, error, line.number) from None
            except Unread as error:
                self._unread.append(replace(self._origin(line), text=f"{error}: {line.text}"))

    def _of_interface(self, one: _Interface, line: Line) -> None:
        match line.words:
            case ["ip", "address", "dhcp" | "negotiated" | "pppoe", *_] | ["ip", "unnumbered", *_]:
                one.asks = True
            case ["ip", "address", first, mask, *_]:
                one.addresses.append(host(first))
                one.networks.append(network(first, mask))
            case ["ip", "address", written] if "/" in written:
                one.addresses.append(host(written.partition("/")[0]))
                one.networks.append(prefix(written))
            case ["ipv6", "address", written, *rest] if "/" in written:
                if "eui-64" not in rest:
                    one.addresses.append(host(written.partition("/")[0]))
                one.networks.append(prefix(written))
            case ["standby" | "vrrp", *rest] if "ip" in rest[:2] and rest[-1].count(".") == 3:
                one.addresses.append(host(rest[rest.index("ip") + 1]))
            case ["ip", "access-group", *rest]:
                self._bind(one, rest, 4, line)
            case ["ipv6", "traffic-filter", *rest]:
                self._bind(one, rest, 6, line)
            case ["zone-member", "security", name]:
                one.zone = name
                self._zones.member(name, one.name)
            case ["ip", "nat", "inside"]:
                self._nat.inside.add(one.name)
            case ["ip", "nat", "outside"]:
                self._nat.outside.add(one.name)
            case ["vrf", "forwarding", _] | ["ip", "vrf", "forwarding", _]:
                one.vrf = line
            case ["shutdown" | "shut"]:
                one.down = True
            case ["no", "shutdown" | "shut"]:
                one.down = False
            case ["switchport", *_]:
                one.switched = True
            case ["no", "switchport"]:
                one.switched = False
            case ["ip", "policy", "route-map", *_] | ["ip", "verify", *_] | ["ip", "nat", *_]:
                pass
            case _ if resembles(line, _KEY_OF_INTERFACE) and line.words[:2] not in _LIKE:
                self._doubt = self._doubt or line
                raise Unread("it is not understood")

    def _bind(self, one: _Interface, rest: Sequence[str], family: int, line: Line) -> None:
        words = [word for word in rest if word not in ("common", "name")]
        if len(words) < 2 or words[-1] not in ("in", "out"):
            self._doubt = self._doubt or line
            raise Unread("it does not say which way")
        one.lists[words[-1], family] = words[0], line

    def _route(self, line: Line, rest: list[str], family: int) -> None:
        vrf = ""
        if rest and rest[0] == "vrf" and len(rest) > 1:
            vrf, rest = rest[1], rest[2:]
        if family == 4 and len(rest) > 2:
            self._routes.append((line, vrf, network(rest[0], rest[1]), rest[2:]))
        elif family == 6 and len(rest) > 1 and "/" in rest[0]:
            self._routes.append((line, vrf, prefix(rest[0]), rest[1:]))
        elif rest and rest[0] not in ("static", "profile", "track"):
            raise Unread("it is not understood")

    def _vrf(self, one: _Interface) -> str:
        return one.vrf.words[-1] if one.vrf is not None else ""

    def _routed(self) -> Iterator[Route]:
        """Static routes by their interface, or by the one behind which their next hop lies."""
        hops: list[tuple[Line, str, AddressSet, str, int]] = []
        connected = [
            (self._vrf(one), net, one.name) for one in self._interfaces.values() if not one.down for net in one.networks
        ]
        waiting = []
        for line, vrf, to, rest in self._routes:
            if "global" in rest:
                self._leaks = self._leaks or line
            named = next((name for name in (rest[0], "".join(rest[:2])) if name in self._interfaces), None)
            distance = next((int(word) for word in rest[1:3] if word.isdecimal()), 1)
            if named is not None:
                hops.append((line, vrf, to, named, distance))
                if vrf != self._vrf(self._interfaces[named]):
                    self._leaks = self._leaks or line
            elif rest[0][:1].isdigit() or ":" in rest[0]:
                waiting.append((line, vrf, to, address(rest[0]), distance))
        known = list(connected)
        for _ in range(4):
            left = []
            for line, vrf, to, (number, family), distance in waiting:
                fits = [
                    (intervals.size(intervals.of(net, family)), name)
                    for own, net, name in known
                    if own == vrf and intervals.contains(intervals.of(net, family), number)
                ]
                if fits:
                    hops.append((line, vrf, to, min(fits)[1], distance))
                else:
                    left.append((line, vrf, to, (number, family), distance))
            if len(left) == len(waiting):
                break
            known, waiting = [*connected, *((vrf, to, name) for _, vrf, to, name, _ in hops if not _all(to))], left
        best: dict[tuple[str, AddressSet], int] = {}
        for _, vrf, to, _, distance in hops:
            best[vrf, to] = min(distance, best.get((vrf, to), distance))
        for line, vrf, to, name, distance in hops:
            if best[vrf, to] == distance:
                for width, pairs in ((4, to.v4), (6, to.v6)):
                    for pair in pairs:
                        yield Route(family=width, network=pair, interface=name, origin=self._origin(line))  # type: ignore[arg-type]

    # -- building

    def _built(self, export: Export) -> Device:
        mine = [one for one in self._interfaces.values() if one.routed]
        interfaces = tuple(
            Interface(
                name=one.name, zone=one.zone, addresses=together(one.addresses), networks=together(one.networks),
                enabled=not one.down, loopback=one.name.lower().startswith("loopback"), origin=self._origin(one.line),
            )
            for one in mine
        )  # fmt: skip
        for one in self._interfaces.values():
            if one.switched and one.lists and not one.addresses:
                self._unread += [self._origin(line) for _, line in one.lists.values()]
        self._six = bool(
            re.search(r"(?m)^\s*ipv6 (?:address|enable|traffic-filter|access-list|route|unicast-routing)", self._text)
        )
        placed = Device(
            name=export.device, kind="ios", chains={}, stages=(), interfaces=interfaces, routes=tuple(self._routed())
        )
        chains: dict[str, Chain] = {}
        stages = list(self._stages([one for one in mine if not one.down], chains, placed)) if mine else []
        for key, found in self._lists.items():
            if self._called(key) not in chains and not (stages and key[0] in self._used):
                self._chain(chains, key, self._origin(found.line))
        version = re.search(r"(?m)^version (\S+)", self._text)
        return replace(
            placed, chains=chains, stages=tuple(stages), translations=tuple(self._nat.translations()),
            families=frozenset((4, 6)) if self._six else frozenset((4,)), version=f"version {version[1]}" if version else None,
            unread=tuple(self._unread), decoded=self._decoded, warnings=tuple(self._warnings),
        )  # fmt: skip

    def _stages(self, mine: Sequence[_Interface], chains: dict[str, Chain], placed: Device) -> Iterator[Stage]:
        both: tuple[Traffic, ...] = ("through", "to-device")
        chains["routing"] = self._routing(mine, placed)
        yield Stage(name="routing", chain="routing")
        for one in mine:
            if label_chain := self._bound(chains, one, "in"):
                for traffic in both:
                    yield Stage(
                        name=label_chain[0],
                        chain=label_chain[1],
                        in_interfaces=frozenset((one.name,)),
                        sees="original",
                        traffic=traffic,
                    )
        names = [one.name for one in mine]
        yield from self._zones.stages(names, chains, lambda name, action: self._for_class(chains, name, action))
        for one in mine:
            if label_chain := self._bound(chains, one, "out"):
                yield Stage(name=label_chain[0], chain=label_chain[1], out_interfaces=frozenset((one.name,)))
        chains["to the router"] = self._to_router(chains, mine[0])
        yield Stage(name="to the router", chain="to the router", traffic="to-device")

    def _called(self, key: tuple[str, int]) -> str:
        """A list's chain: by its name, and its family where lists of both have that."""
        return f"{key[0]} (IPv6)" if key[1] == 6 and (key[0], 4) in self._lists else key[0]

    def _bound(self, chains: dict[str, Chain], one: _Interface, way: str) -> tuple[str, str] | None:
        """(the stage's name, its chain) for what comes in or goes out by an interface."""
        four, six = one.lists.get((way, 4)), one.lists.get((way, 6))
        first = four or six
        if first is None:
            return None
        label = f"access-group {first[0]} {way} {one.name}"
        origin = self._origin(first[1])
        turned = way == "out" and one.name in self._nat.outside and bool(self._nat.translated_sources().v4)
        if four is not None and not self._six and not turned:
            return label, self._chain(chains, (four[0], 4), origin)
        steps: list[Rule] = []
        if turned:
            for action in ("permit", "deny"):
                steps.append(replace(
                    _implied(len(steps), action, ANY4, origin), in_interfaces=frozenset(self._nat.inside) or None,
                    unknown=f"sources are translated before list '{short(first[0])}' is asked",
                ))  # fmt: skip
        for found, family, every in ((four, 4, ANY4), (six, 6, ANY6)):
            if found is not None:
                target = self._chain(chains, (found[0], family), self._origin(found[1]))
                steps.append(replace(_implied(len(steps), "goto", every, self._origin(found[1])), target=target))
        chain = f"{one.name} {way}"
        free: Literal["permit", "deny"] | None = "deny" if four and six else "permit" if self._sure else None
        chains[chain] = Chain(name=chain, steps=tuple(steps), default=free, default_origin=origin)
        return label, chain

    @property
    def _sure(self) -> bool:
        """Whether what does not stand in the text is surely not there."""
        return self._doubt is None and not self._lacks

    def _chain(self, chains: dict[str, Chain], key: tuple[str, int], origin: Origin) -> str:
        """The chain of a list, made when it is first asked for."""
        name = self._called(key)
        if name in chains:
            return name
        found = self._lists.get(key)
        steps = self._steps(key) if found is not None else ()
        default: Literal["permit", "deny"] | None = "deny"
        if not steps:
            missing = "is not defined" if found is None else "holds nothing"
            default = "permit" if self._sure and not (self._cut and found is None) else None
            says = "lets everything through" if default else "what it does is not known"
            self._warnings.append(f"{self._file.shown}:{origin.line}: list '{short(key[0])}' {missing}: {says}")
        chains[name] = Chain(name=name, steps=steps, default=default, default_origin=origin)
        return name

    def _for_class(self, chains: dict[str, Chain], name: str, action: Literal["permit", "deny"]) -> str | None:
        """A list as a class of a policy asks it: what it permits meets the action, what it denies goes on."""
        chain, keys = f"{name}: {action}", [(name, family) for family in (4, 6) if (name, family) in self._lists]
        if not keys:
            return None
        if chain not in chains:
            steps = [
                step
                if isinstance(step, Origin)
                else replace(step, action=action if step.action == "permit" else "return")
                for key in keys
                for step in self._steps(key)
            ]
            origin = self._origin(self._lists[keys[0]].line)
            chains[chain] = Chain(name=chain, steps=tuple(steps), default="return", default_origin=origin)
        self._used.add(name)
        return chain

    def _routing(self, mine: Sequence[_Interface], placed: Device) -> Chain:
        """What is let through without any list; tables of routes (vrf) that nothing joins are apart."""
        steps: list[Rule] = []
        tables = {self._vrf(one) for one in mine}
        places = [behind(placed, family) for family in intervals.FAMILIES]
        for table in sorted(tables) if len(tables) > 1 else ():
            inside = frozenset(one.name for one in mine if self._vrf(one) == table)
            others = [one for one in mine if one.name not in inside]
            line = next(
                (one.vrf for one in mine if self._vrf(one) == table and one.vrf), others[0].vrf or others[0].line
            )
            there = together(AddressSet(v4=places[0].get(o.name, ()), v6=places[1].get(o.name, ())) for o in others)
            if there.v4 or there.v6:
                why = None if self._leaks is None else f"line {self._leaks.number} may lead from one vrf to another"
                steps.append(replace(
                    _implied(len(steps), "deny", ANY, self._origin(line)), dst=there, in_interfaces=inside, unknown=why
                ))  # fmt: skip
        return Chain(
            name="routing",
            steps=tuple(steps),
            default="permit" if self._sure else None,
            default_origin=self._origin(mine[0].line),
        )

    def _to_router(self, chains: dict[str, Chain], first: _Interface) -> Chain:
        """What the router's own lines and servers let in; everything else reaches it."""
        steps: list[Rule] = []
        if self._plane is not None:
            why = "it hangs on the policy of the control plane"
            steps.append(replace(_implied(0, "deny", ANY, self._origin(self._plane)), unknown=why))
        vty = [block for block in self._lines if "vty" in block.head.words]
        for number, word in ((22, "ssh"), (23, "telnet")):
            usable = [block for block in vty if _transports(block, word)]
            if vty and not usable:
                steps.append(_on(len(steps), "deny", ANY, number, self._origin(vty[0].head)))
            for family, every in ((4, ANY4), (6, ANY6)):
                bound = [_class(block, family) for block in usable]
                steps += self._lines_of(chains, len(steps), bound, family, every, number)
        for family, (name, line) in self._http.items():
            target = self._chain(chains, (name, family), self._origin(line))
            for number in (80, 443):
                every = ANY4 if family == 4 else ANY6
                steps.append(replace(_on(len(steps), "goto", every, number, self._origin(line)), target=target))
        origin = self._origin(first.line)
        return Chain(
            name="to the router", steps=tuple(steps), default="permit" if self._sure else None, default_origin=origin
        )

    def _lines_of(
        self,
        chains: dict[str, Chain],
        position: int,
        bound: Sequence[Line | None],
        family: int,
        every: AddressSet,
        number: int,
    ) -> Iterator[Rule]:
        """What the access class of the lines that answer a port lets in."""
        lines = [line for line in bound if line is not None]
        if not lines or len(lines) < len(bound):
            return
        names = {_class_name(line) for line in lines}
        origin = self._origin(lines[0])
        if len(names) == 1:
            target = self._chain(chains, (names.pop(), family), origin)
            yield replace(_on(position, "goto", every, number, origin), target=target)
            return
        for n, action in enumerate(("permit", "deny")):
            yield replace(
                _on(position + n, action, every, number, origin), unknown="its lines have different access classes"
            )

    def _own_address(self, name: str) -> AddressSet:
        found = self._interfaces.get(name)
        own = together(found.addresses[:1]) if found else AddressSet()
        return own if own.v4 else AddressSet(unknown=f"the address of interface '{short(name)}' is not in the export")


_LIKE: Final = frozenset(
    (
        ("ip", "access-session"),
        ("no", "shutdown"),
        ("ip", "mtu"),
        ("ip", "rip"),
        ("ip", "nbar"),
        ("ip", "nhrp"),
        ("ip", "pim"),
    )
)


def _all(some: AddressSet) -> bool:
    return some.v4 == ANY.v4 or some.v6 == ANY.v6


def _class(block: Block, family: int) -> Line | None:
    word = ("access-class",) if family == 4 else ("ipv6", "access-class")
    return next((line for line in block.lines if line.starts(*word) and "in" in line.words), None)


def _class_name(line: Line) -> str:
    return line.words[line.words.index("access-class") + 1]


def _transports(block: Block, word: str) -> bool:
    """Whether lines answer this: what no ``transport input`` says, some releases do."""
    found = next((line.words[2:] for line in block.lines if line.starts("transport", "input")), None)
    return found is None or word in found or "all" in found


def _implied(position: int, action: str, every: AddressSet, origin: Origin) -> Rule:
    return Rule(
        position=position, action=action, src=every, dst=every, services=EVERY_SERVICE, implied=True, origin=origin  # type: ignore[arg-type]
    )  # fmt: skip


def _on(position: int, action: str, every: AddressSet, number: int, origin: Origin) -> Rule:
    return replace(
        _implied(position, action, every, origin), services=(PortSet(proto="tcp", dport=((number, number),)),)
    )


def _list_of(head: Line) -> tuple[str, int] | None:
    match head.words:
        case ["access-list", name, *_] | ["ip", "access-list", *_, name]:
            return name, 4
        case ["ipv6", "access-list", *_, name]:
            return name, 6
    return None


def _joins(head: Line, line: Line) -> bool:
    """Whether a line at the margin belongs to the list or interface above it, as in a text that lost its spaces."""
    word, after = line.words[0], line.words[1:2]
    match head.words:
        case ["ip" | "ipv6", "access-list", *_]:
            return word in ("permit", "deny", "remark", "evaluate", "sequence") or word.isdecimal()
        case ["interface", *_]:
            return (
                word in ("shutdown", "description", "zone-member", "encapsulation", "switchport", "duplex", "speed")
                or (
                    word in ("ip", "ipv6", "no", "vrf")
                    and after in (("address",), ("access-group",), ("traffic-filter",), ("shutdown",), ("forwarding",))
                )
                or line.words in (("ip", "nat", "inside"), ("ip", "nat", "outside"))
            )
        case ["object-group", *_]:
            return word in ("host", "range", "group-object", "tcp", "udp", "tcp-udp", "icmp", "any", "description") or (
                word[0].isdigit() and "network" in head.words
            )
        case ["line", *_]:
            return word in ("access-class", "transport", "login", "exec-timeout", "password")
    return False


READER = Ios()
