"""Whole small configurations of pfSense and OPNsense for tests, and a slow witness of the order in which pf decides.

The witness knows rules as a person draws them, not as a file writes them, and shares no code with the readers: it goes
through all of them as pf does, keeps the last that matches, and stops at one that is quick.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Final, Literal

from secscan.exposure import Way, ask_config
from secscan.exposure.formats import read
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.model.net import Answer, Device

Kind = Literal["pfsense", "opnsense"]
SHOWN: Final = "firewalls/edge.xml"

WAN: Final = (
    "<wan><enable>1</enable><if>em0</if><ipaddr>192.0.2.2</ipaddr><subnet>29</subnet><gateway>GW</gateway></wan>"
)
LAN: Final = (
    "<lan><enable>1</enable><if>em1</if><ipaddr>10.1.0.1</ipaddr><subnet>24</subnet><descr>Offices</descr></lan>"
)
DMZ: Final = "<opt1><enable>1</enable><if>em2</if><ipaddr>10.9.0.1</ipaddr><subnet>24</subnet><descr>DMZ</descr></opt1>"
GATEWAY: Final = """<gateways><gateway_item><interface>wan</interface><gateway>192.0.2.1</gateway><name>GW</name>
<ipprotocol>inet</ipprotocol></gateway_item><defaultgw4>GW</defaultgw4></gateways>"""
SYSTEM: Final = "<ipv6allow>1</ipv6allow><disablenatreflection>yes</disablenatreflection>"
GUI: Final = "<webgui><protocol>https</protocol><noantilockout>1</noantilockout></webgui>"


def config(
    *rules: str, kind: Kind = "pfsense", system: str = SYSTEM + GUI, faces: str = WAN + "\n" + LAN + "\n" + DMZ,
    nat: str = "<outbound><mode>disabled</mode></outbound>", more: str = "", gateways: str = GATEWAY,
) -> str:  # fmt: skip
    """A configuration with these rules, the first of which stands on line 12."""
    assert "\n" not in system + nat
    head = f'<?xml version="1.0"?>\n<{kind}>\n<version>22.9</version>\n<system>{system}</system>\n<interfaces>\n'
    lines = [head + faces, "</interfaces>", f"<nat>{nat}</nat>", "<filter>"]
    text = "\n".join(lines)
    text += "\n" * (11 - text.count("\n")) + "\n".join(rules) + "\n</filter>\n" + more + "\n" + gateways
    return f"{text}\n</{kind}>\n"


def rule(
    action: str = "pass", on: str = "lan", dst: str = "<any/>", port: str = "", src: str = "<any/>", proto: str = "tcp",
    family: str = "inet", more: str = "",
) -> str:  # fmt: skip
    """One rule on one line. ``src`` and ``dst``: an address or alias, a network's name, or the element itself."""
    ports = f"<port>{port}</port>" if port else ""
    what = f"<protocol>{proto}</protocol>" if proto else ""
    return (
        f"<rule><type>{action}</type><interface>{on}</interface><ipprotocol>{family}</ipprotocol>{what}"
        f"<source>{side(src)}</source><destination>{side(dst)}{ports}</destination>{more}</rule>"
    )


def side(word: str) -> str:
    if word.startswith("<"):
        return word
    if word in ("lan", "lanip", "wan", "wanip", "opt1", "opt1ip", "(self)"):
        return f"<network>{word}</network>"
    return f"<address>{word}</address>"


def floating(action: str, on: str = "", direction: str = "any", *, quick: bool = False, **more: str) -> str:
    extra = f"<floating>yes</floating><direction>{direction}</direction>" + ("<quick>yes</quick>" if quick else "")
    return rule(action, on, more=extra + more.pop("more", ""), **more)


def aliases(*found: tuple[str, str, str], kind: Kind = "pfsense") -> str:
    """(name, type, words)."""
    if kind == "pfsense":
        inner = "".join(f"<alias><name>{n}</name><type>{t}</type><address>{w}</address></alias>\n" for n, t, w in found)
        return f"<aliases>{inner}</aliases>"
    inner = "".join(
        f'<alias uuid="{n}"><enabled>1</enabled><name>{n}</name><type>{t}</type><content>{w.replace(" ", chr(10))}</content></alias>\n'
        for n, t, w in found
    )
    return f"<OPNsense><Firewall><Alias><aliases>{inner}</aliases></Alias></Firewall></OPNsense>"


def device(text: str | bytes, kind: Kind = "pfsense") -> Device:
    data = text.encode() if isinstance(text, str) else text
    return read(kind, Export(device="edge", files=[ConfigFile(data=data, shown=SHOWN)]))


def ask(fw: Device | str, from_: str | None, to: str, port: str = "tcp/443", **way: str) -> Answer:
    (found,) = ask_config(device(fw) if isinstance(fw, str) else fw, from_, to, port, Way(**way))
    return found


def told(fw: Device | str, from_: str | None, to: str, port: str = "tcp/443", **way: str) -> tuple[str, int]:
    """(verdict, line)."""
    found = ask(fw, from_, to, port, **way)
    return found.verdict, found.rule.line if found.rule is not None else 0


# ------------------------------------------------------------------------------------------------ the witness

INSIDE: Final = {"wan": "203.0.113.0/28", "lan": "10.1.0.0/24", "opt1": "10.9.0.0/24"}
HOSTS: Final = {
    "wan": ("203.0.113.5", "203.0.113.9"),
    "lan": ("10.1.0.5", "10.1.0.9"),
    "opt1": ("10.9.0.5", "10.9.0.9"),
}
NETS: Final = ("0.0.0.0/0", *INSIDE.values(), *(f"{one}/32" for hosts in HOSTS.values() for one in hosts))
GROUPS: Final = {"G1": ("lan", "opt1"), "G2": ("wan", "lan", "opt1")}
WEIGHTS: Final = {"G1": 20, "G2": 10}


def groups(kind: Kind) -> str:
    weight = {name: f"<sequence>{n}</sequence>" if kind == "opnsense" else "" for name, n in WEIGHTS.items()}
    inner = "".join(
        f"<ifgroupentry><ifname>{name}</ifname><members>{' '.join(members)}</members>{weight[name]}</ifgroupentry>"
        for name, members in GROUPS.items()
    )
    return f"<ifgroups>{inner}</ifgroups>"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """A rule as a person draws it. ``tab``: floating, a group, or an interface."""

    tab: str
    faces: tuple[str, ...]
    """Of a floating rule; none: all."""
    direction: str
    quick: bool
    action: str
    src: str
    dst: str
    port: int | None
    off: bool = False
    newer: bool = False
    sequence: int = 0


def draw(rng: random.Random, kind: Kind) -> list[Drawn]:
    """Rules that often match the same packets, so that their order matters."""
    return [_drawn(rng, kind, number) for number in range(rng.randint(2, 9))]


def _net(rng: random.Random) -> str:
    return NETS[0] if rng.random() < 0.6 else rng.choice(NETS)


def _drawn(rng: random.Random, kind: Kind, number: int) -> Drawn:
    newer = kind == "opnsense" and rng.random() < 0.4
    tab = rng.choice(["floating", "floating", "G1", "G1", "G2", "G2", *INSIDE])
    faces: tuple[str, ...] = ()
    if tab == "floating" and rng.random() < 0.7:
        faces = tuple(rng.sample(sorted(INSIDE), rng.choice([2, 3] if newer else [1, 2, 3])))
    free = tab == "floating" or kind == "opnsense"
    return Drawn(
        tab=tab, faces=faces, direction=rng.choice(["in", "out", "any"]) if tab == "floating" else rng.choice(["in", "in", "out"]) if free else "in",
        quick=rng.random() < (0.4 if tab == "floating" else 0.7) if free else True, action=rng.choice(["pass", "pass", "block", "reject", "match"][: 4 if newer else 5]),
        src=_net(rng), dst=_net(rng), port=rng.choice([None, None, None, 80, 81]), off=rng.random() < 0.1, newer=newer,
        sequence=rng.choice([1, 5, 9, number]),
    )  # fmt: skip


def written(rules: Sequence[Drawn], kind: Kind) -> str:
    """The same as a configuration."""
    older = [_older(one, kind) for one in rules if not one.newer]
    newer = "\n".join(_newer(one) for one in rules if one.newer)
    more = groups(kind)
    if kind == "opnsense":
        more += f'\n<OPNsense><Firewall><Filter version="1.0.9"><rules>{newer}</rules></Filter></Firewall></OPNsense>'
    return config(*older, kind=kind, more=more)


def _older(one: Drawn, kind: Kind) -> str:
    on = ",".join(one.faces) if one.tab == "floating" else one.tab
    more = "<disabled>1</disabled>" if one.off else ""
    more += f"<direction>{one.direction}</direction>" if one.tab == "floating" or kind == "opnsense" else ""
    more += "<floating>yes</floating>" if one.tab == "floating" else ""
    if kind == "opnsense":
        more += f"<quick>{int(one.quick)}</quick>"
    elif one.tab == "floating" and one.quick:
        more += "<quick>yes</quick>"
    port = "" if one.port is None else str(one.port)
    return rule(one.action, on, one.dst, port, one.src, more=more)


def _newer(one: Drawn) -> str:
    on = ",".join(one.faces) if one.tab == "floating" else one.tab
    return (
        f"<rule><enabled>{int(not one.off)}</enabled><sequence>{one.sequence}</sequence><action>{one.action}</action><quick>{int(one.quick)}</quick>"
        f"<interface>{on}</interface><direction>{one.direction}</direction><ipprotocol>inet</ipprotocol><protocol>TCP</protocol>"
        f"<source_net>{one.src}</source_net><destination_net>{one.dst}</destination_net><destination_port>{one.port or ''}</destination_port></rule>"
    )


def passes(rules: Sequence[Drawn], kind: Kind, src: str, dst: str, port: int) -> bool:
    """Whether pf lets a packet through: first where it comes in, then where it goes out."""
    at = {
        name: next(face for face, net in INSIDE.items() if ip_address(name) in ip_network(net)) for name in (src, dst)
    }
    tier = {"floating": 0} | dict.fromkeys(GROUPS, 1) | dict.fromkeys(INSIDE, 2)
    order = sorted(rules, key=lambda r: tier[r.tab])
    if kind == "opnsense":
        # Of one tier and weight the newer ones first, by their sequence.
        order.sort(key=lambda r: (tier[r.tab], WEIGHTS.get(r.tab, 0), not r.newer, r.sequence if r.newer else 0))
    return _asked(order, "in", at[src], src, dst, port) and _asked(order, "out", at[dst], src, dst, port)


def _asked(rules: Sequence[Drawn], way: str, face: str, src: str, dst: str, port: int) -> bool:
    verdict = way == "out"
    for one in rules:
        if one.off or one.action == "match" or not _fits(one, way, face, src, dst, port):
            continue
        verdict = one.action == "pass"
        if one.quick:
            return verdict
    return verdict


def _fits(one: Drawn, way: str, face: str, src: str, dst: str, port: int) -> bool:
    faces = GROUPS.get(one.tab) or (one.faces if one.tab == "floating" else (one.tab,))
    return (
        one.direction in (way, "any")
        and (not faces or face in faces)
        and ip_address(src) in ip_network(one.src)
        and ip_address(dst) in ip_network(one.dst)
        and one.port in (None, port)
    )
