"""One policy written out for every maker gives one verdict for each flow; Windows differs, for it blocks before it allows.

aerleon (Apache-2.0) writes the policies out. It writes configurations only, so that it and our readers share nothing.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any, Final

import pytest

from secscan.exposure import Way, ask_config
from secscan.exposure.formats import read, recognise
from secscan.exposure.formats.export import ConfigFile, Export

api = pytest.importorskip("aerleon.api", reason="aerleon is not installed: the policies cannot be written out")
from aerleon.lib import naming  # type: ignore[import-untyped]  # noqa: E402

NETWORKS: Final = {
    "OFFICE": ["10.1.0.0/24"],
    "ADMIN": ["10.1.0.8/30", "10.1.0.64/32"],
    "GUEST": ["10.2.0.0/16", "10.3.128.0/17"],
    "SERVERS": ["10.9.0.0/28", "10.9.1.0/28"],
    "OLD": ["10.9.0.5/32"],
}
SERVICES: Final = {
    "SSH": [("tcp", "22")],
    "WEB": [("tcp", "80"), ("tcp", "8000-8010")],
    "DNS": [("udp", "53")],
    "HIGH": [("tcp", "1024-65535"), ("udp", "1024-65535")],
}
SOURCES: Final = ("10.1.0.1", "10.1.0.9", "10.1.0.64", "10.2.3.4", "10.3.200.1", "10.3.1.1", "172.16.0.1")
TARGETS: Final = ("10.9.0.5", "10.9.0.6", "10.9.1.15", "10.8.0.1")
PORTS: Final = ("tcp/22", "tcp/80", "tcp/8010", "tcp/8011", "udp/53", "udp/5000", "tcp/443")

Term = dict[str, Any]


def names() -> Any:
    found = naming.Naming()
    found.ParseDefinitionsObject(
        {
            "networks": {name: {"values": [{"address": a} for a in some]} for name, some in NETWORKS.items()},
            "services": {
                name: [{"protocol": proto, "port": port} for proto, port in some] for name, some in SERVICES.items()
            },
        },
        "",
    )
    return found


def policy(seed: int) -> list[Term]:
    """Some terms, and a last one that denies the rest."""
    rng = random.Random(seed)
    terms: list[Term] = []
    for at in range(rng.randint(2, 7)):
        term: Term = {"name": f"term-{at}", "action": rng.choice(["accept", "accept", "deny"])}
        if rng.random() < 0.8:
            term["source-address"] = rng.choice(["OFFICE", "ADMIN", "GUEST"])
        if rng.random() < 0.7:
            term["destination-address"] = rng.choice(["SERVERS", "OLD"])
        if rng.random() < 0.7:
            service = rng.choice(list(SERVICES))
            term["protocol"] = sorted({proto for proto, _ in SERVICES[service]})
            term["destination-port"] = service
        if term["action"] == "accept" and len(term) == 2:
            term["destination-address"] = "SERVERS"
        terms.append(term)
    return [*terms, {"name": "rest", "action": "deny"}]


def matches(term: Term, src: str, dst: str, port: str) -> bool:
    proto, _, number = port.partition("/")

    def inside(name: str | None, address: str) -> bool:
        return name is None or any(ip_address(address) in ip_network(n) for n in NETWORKS[name])

    def meant(written: str) -> bool:
        lo, _, hi = written.partition("-")
        return int(lo) <= int(number) <= int(hi or lo)

    served = "destination-port" not in term or any(
        p == proto and meant(ports) for p, ports in SERVICES[term["destination-port"]]
    )
    return inside(term.get("source-address"), src) and inside(term.get("destination-address"), dst) and served


def in_order(terms: Sequence[Term], *flow: str) -> str:
    return next("permitted" if t["action"] == "accept" else "blocked" for t in terms if matches(t, *flow))  # type: ignore[arg-type]


def block_first(terms: Sequence[Term], *flow: str) -> str:
    words = {t["action"] for t in terms[:-1] if matches(t, *flow)}  # type: ignore[arg-type]
    return "permitted" if words == {"accept"} else "blocked"


# ------------------------------------------------------------------------------------------------ what each maker's says


def netsh(script: str) -> str:
    """What ``netsh advfirewall firewall show rule name=all verbose`` prints once such a script has run."""
    shown = []
    for line in script.splitlines():
        if not (added := line.partition(" add rule ")[2]) or "name=i_rest" in line:
            continue
        said = dict(re.findall(r"(\w+)=(\S+)", added))
        number = {"tcp": "TCP", "udp": "UDP", "any": "Any"}[said["protocol"]]
        ports = f"LocalPort:                            {said.get('localport', 'Any')}\nRemotePort:                           Any\n"
        shown.append(
            f"\nRule Name:                            {said['name']}\n{'-' * 70}\n"
            "Enabled:                              Yes\nDirection:                            In\n"
            "Profiles:                             Domain,Private,Public\nGrouping:                             \n"
            f"LocalIP:                              {said['localip'].capitalize()}\n"
            f"RemoteIP:                             {said['remoteip'].capitalize()}\n"
            f"Protocol:                             {number}\n{ports if number != 'Any' else ''}"
            "Edge traversal:                       No\nInterfaceTypes:                       Any\n"
            "Security:                             NotRequired\nRule source:                          Local Setting\n"
            f"Action:                               {said['action'].capitalize()}\n"
        )
    return "".join(shown) + "Ok.\n\n"


@dataclass(frozen=True, kw_only=True)
class Maker:
    target: str
    options: str
    kind: str
    way: Way = Way()
    becomes: Callable[[str], str] = str
    expected: Callable[..., str] = in_order


MAKERS: Final[Mapping[str, Maker]] = {
    "iptables-save": Maker(target="speedway", options="FORWARD DROP", kind="iptables"),
    "iptables -S": Maker(target="iptables", options="FORWARD DROP", kind="iptables"),
    "ios": Maker(target="cisco", options="edge extended", kind="ios"),
    "asa": Maker(target="ciscoasa", options="edge", kind="asa"),
    "fortigate": Maker(
        target="fortigate", options="from-zone users to-zone servers", kind="fortigate",
        way=Way(in_interface="users", out_interface="servers"),
    ),
    "panos": Maker(
        target="paloalto", options="from-zone trust to-zone dmz", kind="panos",
        way=Way(in_interface="trust", out_interface="dmz"),
    ),
    "windows": Maker(
        target="windows_advfirewall", options="in inet", kind="windows-firewall", becomes=netsh, expected=block_first
    ),
}  # fmt: skip


def written(maker: Maker, terms: Sequence[Term]) -> str:
    header = {"targets": {maker.target: maker.options}, "comment": "one policy"}
    (text,) = api.Generate(
        [{"filename": "one", "filters": [{"header": header, "terms": list(terms)}]}], names()
    ).values()
    return maker.becomes(str(text))


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("seed", range(12))
def test_one_policy_is_one_verdict_for_every_maker(name: str, seed: int) -> None:
    maker, terms = MAKERS[name], policy(seed)
    text = written(maker, terms)
    file = ConfigFile(data=text.encode(), shown="one.txt")
    assert recognise([file]).kind == maker.kind, text[:500]
    device = read(maker.kind, Export(device="one", files=[file], options={"default": "deny"}))
    for src in SOURCES:
        for dst in TARGETS:
            for port in PORTS:
                (found,) = ask_config(device, src, dst, port, maker.way)
                assert found.verdict == maker.expected(terms, src, dst, port), (src, dst, port, found, text)


def test_windows_differs_where_a_block_stands_behind_an_allow() -> None:
    """Or the two expectations above would say nothing."""
    flows = [(s, d, p) for s in SOURCES for d in TARGETS for p in PORTS]
    differ = sum(in_order(policy(seed), *f) != block_first(policy(seed), *f) for seed in range(12) for f in flows)
    permitted = sum(in_order(policy(seed), *f) == "permitted" for seed in range(12) for f in flows)
    assert differ > 50
    assert 0.1 < permitted / (12 * len(flows)) < 0.6
