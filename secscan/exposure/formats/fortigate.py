"""FortiGate: ``show``, ``show full-configuration`` and backups, with one vdom or several.

Policies count in the order of the file. What comes in and goes out by one interface may pass without a policy
(``allow-traffic-redirect``); what no policy decides inside a zone, ``intrazone`` does; what is left is denied. A
packet that a VIP has led on is for policies that name the VIP and for denies with ``match-vip``, unless central NAT
is on: then policies see where it goes on to. To the device itself: ``local-in-policy``, then ``allowaccess``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal

from secscan.doors.validate import nearest
from secscan.exposure.formats.export import Export
from secscan.exposure.formats.forti_between import between
from secscan.exposure.formats.forti_made import EARLY, LOCAL, POLICIES
from secscan.exposure.formats.forti_sides import Setup, access, side
from secscan.exposure.formats.forti_tree import Node, Reading
from secscan.exposure.formats.forti_vdom import Vdom
from secscan.model.net import Chain, Device, Origin, Stage

_HEADER = re.compile(r"(?m)^#config-version=(?P<model>[\w]+)-(?P<version>\d+(?:\.\d+){1,2})[^:\n]*")
_FORTIGATE = re.compile(r"F(?:G|W|R|K|OS|FW)")
_BLOCK = re.compile(
    r"(?m)^[ \t]*config (?:firewall (?:policy|address|addrgrp|service (?:custom|group)|vip|local-in-policy)|"
    r"system (?:global|interface|zone|settings|vdom-property)|router static|vdom|global)\s*$"
)  # fmt: skip
_COMMANDS = re.compile(r"(?m)^[ \t]*(?:edit|set|next|end)\b")

_CHAINED: Final = frozenset(f"firewall {name}" for name in (*POLICIES, "security-policy", *LOCAL, *EARLY))
"""Blocks whose lines are steps of a chain."""
_UNFOLLOWED: Final = (
    "router policy", "router policy6", "firewall policy46", "firewall policy64", "firewall proxy-policy",
)  # fmt: skip
_KEPT: Final = frozenset(
    f"firewall {name}"
    for name in (
        *POLICIES, "security-policy", "policy46", "policy64", "proxy-policy", "local-in-policy", "local-in-policy6", "acl", "acl6",
        "address", "address6", "addrgrp", "addrgrp6", "service custom", "service group", "schedule recurring", "schedule onetime",
        "vip", "vip6", "vipgrp", "vipgrp6", "ippool", "ippool6", "central-snat-map", "multicast-policy",
    )
) | frozenset(
    ("system global", "system interface", "system zone", "system settings", "system sdwan", "system virtual-wan-link", "system admin",
     "system external-resource", "router static", "router static6", "router policy", "router policy6", "router ospf", "router bgp",
     "router rip", "router isis", "vpn ssl settings", "web-proxy explicit")
)  # fmt: skip


class Fortigate:
    """The reader."""

    kind = "fortigate"

    def fits(self, head: str) -> str | None:
        if header := _HEADER.search(head):
            return "certain: its header is a FortiGate's" if _FORTIGATE.match(header["model"]) else None
        if _BLOCK.search(head) and _COMMANDS.search(head):
            return "likely: it is written in FortiOS' config, edit, set and end"
        return None

    def read(self, export: Export) -> Device:
        root = Node("", export.files[0], 1)
        reading = Reading(_KEPT.__contains__)
        version = None
        for file in export.files:
            found = _HEADER.search(file.text())
            if found and not _FORTIGATE.match(found["model"]):
                raise file.refuse(
                    f"is the configuration of a {found['model'][:20]}, not of a FortiGate", "name the format with --as",
                    file.text().count("\n", 0, found.start()) + 1,
                )  # fmt: skip
            version = version or found
            reading.read(file, root)
        shared = root.blocks.get("global", root)
        filled = [one for one in root.listed("vdom") if one.blocks]
        own = [*([root] if _rules(root) or not filled else []), *filled]
        if (part := export.options.get("part")) is not None:
            own = _only(export, own, part)
        places = [
            shared,
            *(
                one
                for one in (*([root] if part is None else []), *filled)
                if one is not shared and (part is None or one in own)
            ),
        ]
        if not any(place.blocks.keys() & _KEPT for place in places):
            raise export.files[0].refuse(
                "holds nothing of a firewall's configuration", "export it with 'show full-configuration' or as a backup"
            )
        setup = Setup(
            file=export.files[0], shared=shared, places=places,
            release=tuple(int(part) for part in version["version"].split(".")) if version else None,
            sides={
                one.name: side(one) for place in places for one in place.listed("system interface")
                if part is None or one.word("vdom", "root") == part
            },
        )  # fmt: skip
        vdoms = [Vdom(setup, place, len(own) > 1) for place in own]
        words = version[0].removeprefix("#config-version=") if version else None
        return _device(export.device, setup, vdoms, words, reading.stray)


def _only(export: Export, own: Sequence[Node], part: str) -> list[Node]:
    """The one vdom that is asked for. Raises InputError where the file has none of this name."""
    names = [one.name or "root" for one in own]
    if part not in names:
        raise export.files[0].refuse(f"holds no vdom '{part}'{nearest(part, names)}", f"it has {', '.join(names)}")
    return [own[names.index(part)]]


def _device(name: str, setup: Setup, vdoms: Sequence[Vdom], version: str | None, stray: Sequence[Origin]) -> Device:
    chains: dict[str, Chain] = {}
    stages: list[Stage] = []

    def bind(found: Iterable[tuple[Stage, Chain]]) -> None:
        for stage, chain in found:
            chains[chain.name] = chain
            stages.append(stage)

    for vdom in vdoms:
        vdom.objects.check()
        bind(vdom.through())
    if len(vdoms) > 1:
        bind(between(vdoms, dict(chains)))
    for vdom in vdoms:
        bind(vdom.local())
    joined = {name: sides for vdom in vdoms for name, sides in vdom.joined.items()}
    if to_device := access(setup, joined):
        bind([(Stage(name="allowaccess", chain=to_device.name, traffic="to-device"), to_device)])
    families: set[Literal[4, 6]] = {4}
    if setup.at_least(6, 4) or any(vdom.speaks_ipv6() for vdom in vdoms):
        families.add(6)
    return Device(
        name=name, kind="fortigate", chains=chains, stages=tuple(stages), version=version, families=frozenset(families),
        interfaces=tuple(one for vdom in vdoms for one in vdom.interfaces()), routes=tuple(one for vdom in vdoms for one in vdom.routes),
        translations=tuple(one for vdom in vdoms for one in vdom.translations()), unread=(*stray, *_unread(setup)),
        decoded=sum(_count(place) for place in setup.places), warnings=tuple(_warnings(setup)),
    )  # fmt: skip


def _unread(setup: Setup) -> Iterator[Origin]:
    """What is understood and not followed, though it could matter, and lines that are not understood."""
    for place in setup.places:
        for block in _UNFOLLOWED:
            yield from (one.origin(vendor_id=f"{block.split()[-1]} {one.name}") for one in place.listed(block))
        for name, node in place.blocks.items():
            if name in _KEPT - _CHAINED:
                yield from (node.file.origin(line, text) for line, text in _odd(node))


def _warnings(setup: Setup) -> Iterator[str]:
    for place in setup.places:
        if any(place.listed("firewall multicast-policy")):
            block = place.blocks["firewall multicast-policy"]
            yield f"{block.file.shown}:{block.line}: policies for multicast are not read"


def _rules(place: Node) -> bool:
    """Whether rules stand in a context."""
    return any(f"firewall {name}" in place.blocks for name in (*POLICIES, "security-policy"))


def _count(node: Node) -> int:
    return sum(1 + len(one.settings) for block in node.blocks.values() for one in (block, *block.entries.values()))


def _odd(node: Node) -> Iterator[tuple[int, str]]:
    yield from node.odd
    for inner in (*node.entries.values(), *node.blocks.values()):
        yield from _odd(inner)


READER = Fortigate()
