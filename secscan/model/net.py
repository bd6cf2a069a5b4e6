"""Addresses, ports and rules as exact sets of closed intervals; the neutral model that every firewall's export becomes.

A ``Device`` is what an export says: interfaces, routes, translations, chains of rules, and the stages that a packet
passes one after the other. Nothing in it is interpreted across devices; that is the engine's work (``exposure``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Interval = tuple[int, int]
Intervals = tuple[Interval, ...]
"""Closed, sorted, disjoint and not touching; () is the empty set."""

V4_ALL: Intervals = ((0, 2**32 - 1),)
V6_ALL: Intervals = ((0, 2**128 - 1),)
PORTS_ALL: Intervals = ((0, 65535),)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressSet:
    """IPv4 and IPv6 apart. ``unknown`` says why a member could not be resolved (an FQDN, an alias)."""

    v4: Intervals = ()
    v6: Intervals = ()
    unknown: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PortSet:
    """One protocol ('tcp', 'udp', 'icmp', 'icmp6', a number, or 'any') with its source and destination ports."""

    proto: str
    dport: Intervals = PORTS_ALL
    sport: Intervals = PORTS_ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a rule stands, in its own words."""

    file: str
    line: int
    line_to: int
    text: str
    vendor_id: str = ""
    name: str = ""
    objects: tuple[str, ...] = ()
    """The chain of objects and groups that it was expanded from, outermost first."""


Traffic = Literal["through", "to-device", "from-device"]
Action = Literal["permit", "deny", "jump", "goto", "return", "continue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule in order. ``unknown`` says why it may or may not match (time window, user, unresolved object)."""

    position: int
    action: Action
    """``jump`` and ``goto`` go on in chain ``target``: what a jump's chain does not decide comes back behind the rule,
    what a goto's does not decide goes back to whoever called this chain. ``return`` ends the chain; ``continue`` does
    nothing, as a rule that only logs."""
    target: str = ""
    src: AddressSet
    dst: AddressSet
    services: tuple[PortSet, ...]
    from_zones: frozenset[str] | None = None
    """Zones of secscan.yaml, which only our own template names; makers' zones are ``in_interfaces``. None: any."""
    to_zones: frozenset[str] | None = None
    in_interfaces: frozenset[str] | None = None
    """Interfaces or zones of the maker's, as in ``Interface.name`` and ``Interface.zone``; a name that ends in ``+`` and is
    no interface's stands for all whose names begin so; None: any."""
    out_interfaces: frozenset[str] | None = None
    not_in_interfaces: frozenset[str] = frozenset()
    """It matches only what came in by none of these."""
    not_out_interfaces: frozenset[str] = frozenset()
    dst_own: bool = False
    """``dst`` is an address of the device's own that its export does not give (by DHCP); then ``dst.unknown`` says so."""
    translations: frozenset[str] | None = None
    """For makers whose rules name a translation as their destination (a FortiGate's VIP): the ``Translation.name`` that
    a packet must have met. ``frozenset()``: only packets that met none. None: it does not ask."""
    enabled: bool = True
    state: Literal["new", "established"] = "new"
    """established: never matches a new connection."""
    unknown: str | None = None
    owner: str | None = None
    approver: str | None = None
    reason: str | None = None
    review_on: date | None = None
    expires_on: date | None = None
    expired: bool = False
    """``expires_on`` had passed on the day it was read: it matches nothing."""
    hits: int | None = None
    last_hit_on: date | None = None
    implied: bool = False
    """The device's own doing, which nobody wrote as a rule: it decides, and is no row of the table of rules."""
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """Rules in the order in which the device asks them: the first that matches decides.

    Makers with another order are sorted by their reader (block before allow; of non-quick rules the last). An
    ``Origin`` among the steps is a line that was not understood: it may match anything and do either.
    """

    name: str
    steps: tuple[Rule | Origin, ...]
    default: Literal["permit", "deny", "return"] | None
    """What happens when nothing matches; ``return`` for a chain that others call; None: not known."""
    default_origin: Origin
    """The line that says so: a policy, a binding; an implicit default has no line of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One place on a packet's way through the device where a chain is asked. All stages must let it through."""

    name: str
    """As the maker calls it: ``filter FORWARD``, ``access-group outside_in in``."""
    chain: str
    """What its rules and its chain's default leave over is not known to get through: a chain that a stage asks says
    permit or deny."""
    in_interfaces: frozenset[str] | None = None
    """Asked only for packets that come in here; None: for all."""
    out_interfaces: frozenset[str] | None = None
    sees: Literal["original", "translated"] = "translated"
    """Which destination its rules are held against, where a translation changes it. All see the original source."""
    traffic: Traffic = "through"
    """``to-device``: what reaches an address of the device's own; ``from-device``: what it sends. A chain that is asked
    for several kinds has a stage for each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface:
    """A side of the device; also a zone of the maker's that has no interface in the export.

    ``addresses`` of a host's interface tell on which a packet arrives; ``networks`` and routes, what is behind it.
    """

    name: str
    zone: str | None = None
    """The maker's zone or role that it belongs to: other names by which secscan.yaml may call it."""
    addresses: AddressSet = AddressSet()
    """The device's own."""
    networks: AddressSet = AddressSet()
    """Connected."""
    level: int | None = None
    """A Cisco ASA's security level."""
    enabled: bool = True
    loopback: bool = False
    """Nothing from elsewhere comes by it, and nothing that goes elsewhere."""
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Addresses that lie behind an interface; of several the longest prefix counts, connected before static."""

    family: Literal[4, 6]
    network: Interval
    interface: str
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """One rule of address translation, in order with the others of its kind: the first that matches is done.

    ``dst``: a packet to (``dst``, ``services``) goes on to ``to`` and ``to_ports``. Ranges of one length keep their
    offset: the n-th address or port of ``dst`` becomes the n-th of ``to``; of other ranges any may become any.
    ``src``: the source becomes one of ``to``; ports play no part. A rule that does both is one of each, of one name.
    """

    name: str
    kind: Literal["dst", "src"]
    src: AddressSet
    dst: AddressSet
    services: tuple[PortSet, ...]
    in_interfaces: frozenset[str] | None = None
    out_interfaces: frozenset[str] | None = None
    not_in_interfaces: frozenset[str] = frozenset()
    not_out_interfaces: frozenset[str] = frozenset()
    dst_own: bool = False
    """``dst`` is an address of the device's own that its export does not give (by DHCP); then ``dst.unknown`` says so."""
    to: AddressSet
    """``unknown`` where it is not in the export (an interface's address by DHCP, a pool by name)."""
    to_own: bool = False
    """It goes on to the device itself, whatever its address: iptables' REDIRECT. ``to`` is empty then."""
    to_ports: Intervals | None = None
    """None: the port stays."""
    none: bool = False
    """It says that what matches is not translated."""
    sees: Literal["original", "translated"] = "translated"
    """For ``src``: which destination ``dst`` and ``services`` are held against. A ``dst`` one sees the original."""
    enabled: bool = True
    unknown: str | None = None
    """Why it may or may not match."""
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One firewall as its export has it."""

    name: str
    """The firewall's id in secscan.yaml."""
    kind: str
    """The format: iptables, nft, asa, ios, fortigate, panos, pfsense, opnsense, windows-firewall or secscan-rules."""
    chains: Mapping[str, Chain]
    stages: tuple[Stage, ...]
    """In the order in which a packet meets them."""
    interfaces: tuple[Interface, ...] = ()
    interfaces_listed: bool = True
    """False: the export lists none, and ``interfaces`` are those that its rules happen to name."""
    routes: tuple[Route, ...] = ()
    translations: tuple[Translation, ...] = ()
    families: frozenset[Literal[4, 6]] = frozenset((4, 6))
    """What the export speaks about: an iptables-save alone says nothing of IPv6, which is then not known."""
    version: str | None = None
    """The maker's version line, in its own words."""
    unread: tuple[Origin, ...] = ()
    """Lines that were not understood and stand in no chain; they are counted and shown."""
    decoded: int = 0
    """Lines or elements that were understood."""
    warnings: tuple[str, ...] = ()
    """One line each, with its file and line: what was read, though oddly written."""

    zones: frozenset[str] = frozenset()
    """The zones of secscan.yaml that the device stands between. This and what follows is said by secscan.yaml and by
    the set that the export came in; a reader leaves it alone."""
    sides: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Interface, or zone of the maker's -> the zones of secscan.yaml that lie behind it."""
    host: str | None = None
    """The asset whose own firewall it is."""
    council: str | None = None
    """Whose asset that is."""
    exported_on: date | None = None
    stale: bool = False
    """The export is older than its limit, or a newer one could not be read: what it says is shown, and proves nothing."""

    def rules(self) -> Iterator[tuple[Chain, Rule]]:
        """Every rule that a packet may meet, with its chain: stage by stage and then the chains that are only called.

        Without stages, all there are: a list by itself is asked by whoever names it.
        """
        names = list(dict.fromkeys(stage.chain for stage in self.stages)) or list(self.chains)
        met = set(names)
        for name in names:
            for step in self.chains[name].steps if name in self.chains else ():
                if isinstance(step, Rule):
                    yield self.chains[name], step
                    if step.action in ("jump", "goto") and step.target not in met:
                        met.add(step.target)
                        names.append(step.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneSet:
    """A zone as the addresses that belong to it."""

    id: str
    name: str
    addresses: AddressSet
    trusted: bool
    internet: bool
    council: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """One packet that shows the answer."""

    src: str
    dst: str
    proto: str
    sport: int
    dport: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Onward:
    """What a translation makes of a packet's destination."""

    dst: str
    dport: int
    device: str
    by: Origin
    """The translation that it meets first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Who can reach one address and port from one zone, and which rule decides."""

    from_: str
    to: str
    port: str
    verdict: Literal["permitted", "blocked", "partly", "cannot-tell"]
    sources: tuple[str, ...] = ()
    """CIDRs that get through."""
    rule: Origin | None = None
    device: str | None = None
    reason: str = ""
    witness: Witness | None = None
    """As it is sent: a device may translate its destination on the way."""
    translated: Onward | None = None
    """Where the witness then goes on to."""
    addresses: int = 0
    """How many addresses of the zone get through."""
    deciding: tuple[tuple[str, Origin], ...] = field(default=())
    """(device, rule) of every rule that decides for some source, first to last."""
    stale: bool = False
    """It rests on an export that is stale."""
