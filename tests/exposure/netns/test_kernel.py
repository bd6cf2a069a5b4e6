"""The kernel is the judge: random rulesets in network namespaces, tried by connecting and by nmap.

For every packet the answer of ``secscan exposure --config`` must be what the kernel did with it, and the rule that the
answer names the one whose counter the kernel raised: every counter of every rule that ends a packet's way is predicted.

SECSCAN_NETNS_SEEDS says how many rulesets (default 40; ``make test-long`` asks for 500).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from secscan.exposure import ask_config, intervals
from secscan.exposure.board import Reach
from secscan.exposure.engine import answer
from secscan.exposure.evaluating import Trace
from secscan.exposure.formats import read
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.exposure.intervals import number
from secscan.exposure.lone import Lone
from secscan.exposure.node import Node
from secscan.model.net import Answer, Device, Origin
from tests.exposure.netns import rulesets, site
from tests.exposure.netns.site import GUESTS, GUESTS6, PORTS, PROXY, PUBLIC, SERVERS, SERVERS6, USERS, USERS6, Site
from tests.sources.desk import read as read_source

SEEDS = int(os.environ.get("SECSCAN_NETNS_SEEDS", "40"))
SLOW = 0.9
"""Seconds after which a sender tries again: a packet is then counted twice, and the counters say nothing."""

pytestmark = [
    pytest.mark.netns,
    pytest.mark.skipif(bool(site.refused()), reason=site.refused()),
]

Try = tuple[str, str, str, int]
"""Side, source, destination, port."""


@pytest.fixture(scope="module")
def sites() -> Iterator[dict[str, Site]]:
    with Site("ipt") as first, Site("nft") as second:
        yield {"iptables": first, "nft": second}


def tries(seed: int, *, six: bool) -> list[Try]:
    """Every source to some servers and addresses on some ports."""
    rng = rulesets.Random(seed * 7 + 1)
    ports = rng.sample(PORTS, 4)
    found = []
    for side, sources, own in (("users", USERS, "10.50.1.1"), ("guest", GUESTS, "10.50.2.1")):
        ends = [(host, port) for host in (rng.choice(SERVERS), SERVERS[0]) for port in ports]
        ends += [
            (PUBLIC[0], ports[0]),
            (PUBLIC[0], ports[1]),
            (PUBLIC[1], ports[0]),
            (PUBLIC[2], ports[2]),
            (SERVERS[1], 8080),
        ]
        ends += [(own, 22), (own, PROXY), (own, 8080), ("10.50.9.1", PROXY)]
        found += [(side, source, host, port) for source in sources for host, port in dict.fromkeys(ends)]
    for side, sources in (("users", USERS6), ("guest", GUESTS6)) if six else ():
        found += [(side, source, host, port) for source in sources for host in SERVERS6 for port in ports]
    return found


# ------------------------------------------------------------------------------------------------ what we say


@dataclass(frozen=True)
class Said:
    """One answer; what becomes of the packet that is sent to the very address, and the rules that decide on its way."""

    answer: Answer
    reaches: str = ""
    """Address and port where it ends; "" where it is stopped, or redirected to the firewall itself."""
    rules: tuple[Origin, ...] = ()
    """Every rule that decides in some chain, first to last; () where it is redirected."""


def say(device: Device, asked: Sequence[Try]) -> list[Said]:
    """The answer for each try. Those of one network are asked together, as a person would, and then each by itself."""
    found: dict[Try, Said] = {}
    for (side, end, port), some in _together(asked).items():
        network = next(one for one in site.SIDES[side][2] if (":" in one) == (":" in end))
        (whole,) = ask_config(device, network, end, f"tcp/{port}")
        lone = Lone(device, 6 if ":" in end else 4, "", intervals.of(intervals.networks((network,)), 6 if ":" in end else 4),
                    number(end)[0], f"tcp/{port}")  # fmt: skip
        reach, known = lone.reach(lone.zone), {}
        for tried in some:
            column = _column(lone, reach, number(tried[1])[0])
            if column not in known:
                one = answer(lone, {lone.zone: column}, from_=tried[1], to=end, port=f"tcp/{port}")
                known[column] = _said(one, lone, reach, column, port)
            found[tried] = known[column]
            among = any(ip_address(tried[1]) in ip_network(cidr) for cidr in whole.sources)
            assert among == (found[tried].answer.verdict == "permitted"), (tried, whole)
    return [found[tried] for tried in asked]


def _together(asked: Sequence[Try]) -> dict[tuple[str, str, int], list[Try]]:
    found: dict[tuple[str, str, int], list[Try]] = {}
    for tried in asked:
        found.setdefault((tried[0], *tried[2:]), []).append(tried)
    return found


def _column(lone: Lone, reach: Reach, source: int) -> int:
    columns = lone.board.axis.columns[reach.zone]
    return 1 << next(i for i, (lo, hi) in enumerate(columns) if lo <= source <= hi)


def _said(told: Answer, lone: Lone, reach: Reach, column: int, port: int) -> Said:
    """With the way of what is sent to the address asked about, as it is surely translated or not."""
    (node,) = lone.board.nodes
    for cell, trace in ((cell, trace) for cell, traces in reach.cells for trace in traces):
        (crossing,) = trace.crossings
        if cell.kind.dport != port or crossing.sent.address != lone.question.end:
            continue
        shares = node.shares(node.program.dst, crossing.hop, reach.zone, crossing.sent.rows(0, node).of(reach.zone))
        if any(i == crossing.taken and firm & column for i, firm, _ in shares):
            assert trace.upper & column == trace.lower & column, told
            got = crossing.got
            end = (
                f"{intervals.text(got.address or 0, lone.board.family)} {got.kind.dport}"
                if trace.lower & column
                else ""
            )
            return Said(told, end, tuple(_taking(node, trace, column)))
    return Said(told)


def _taking(node: Node, trace: Trace, column: int) -> Iterator[Origin]:
    for asked in trace.visits[0].passed.asked:
        for i, firm, _ in asked.pieces:
            if firm & column:
                yield node.items[i].origin
                if node.items[i].verb == "deny":
                    return


# ------------------------------------------------------------------------------------------------ what the kernel does


def attempt(places: Sequence[Site], asked: Sequence[Try]) -> list[list[str]] | None:
    """What each try reached at each site; None where the machine was too slow for the counters to mean anything."""
    sides = ("users", "guest")
    for one in places:
        for side in sides:
            one.ask(side, probe=[[source, end, port] for at, source, end, port in asked if at == side])
    found, slow = [], False
    for one in places:
        told = {side: one.told(side) for side in sides}
        slow = slow or any(answer["seconds"] > SLOW for answer in told.values())
        left = {side: iter(answer["found"]) for side, answer in told.items()}
        found.append([next(left[at]) for at, *_ in asked])
    return None if slow else found


@dataclass(frozen=True)
class Loaded:
    """A ruleset in force at a site, as its export reads."""

    site: Site
    device: Device
    text: str


def load_iptables(place: Site, seed: int, *, six: bool) -> Loaded:
    families = {4: rulesets.iptables(seed), **({6: rulesets.iptables(seed, 6)} if six else {})}
    place.run("fw", "sh", "-c", "nft flush ruleset; ipset destroy")
    place.run("fw", "ipset", "restore", text=rulesets.ipset(seed))
    place.run("fw", "iptables-restore", text=families[4])
    files = [("rules.v4", place.run("fw", "iptables-save")), ("sets", place.run("fw", "ipset", "save"))]
    if six:
        place.run("fw", "ip6tables-restore", text=families[6])
        files.append(("rules.v6", place.run("fw", "ip6tables-save")))
    return Loaded(place, device_of("iptables", files), "\n".join(text for _, text in files))


def load_nft(place: Site, seed: int, *, six: bool) -> Loaded:
    text = rulesets.nft(seed, six=six)
    place.run("fw", "nft", "-f", "-", text=f"flush ruleset\n{text}")
    export = place.run("fw", "nft", "-j", "list", "ruleset")
    return Loaded(place, device_of("nft", [("nft.json", export)]), text)


def device_of(kind: str, files: Sequence[tuple[str, str]]) -> Device:
    """The export as it is read; the firewall's own addresses and networks stand in none."""
    held = [ConfigFile(data=text.encode(), shown=name) for name, text in files]
    return replace(read(kind, Export(device="fw", files=held)), interfaces=site.interfaces())


def counted_iptables(place: Site, *, six: bool) -> dict[tuple[str, str], int]:
    """(file, line) -> packets, for rules that end a packet's way and for policies."""
    found = {}
    for name, command in (("rules.v4", "iptables-save"), *((("rules.v6", "ip6tables-save"),) if six else ())):
        table = ""
        for line, text in enumerate(place.run("fw", command, "-c").split("\n"), 1):
            table = text[1:] if text.startswith("*") else table
            rule = re.match(r"\[(\d+):\d+\] -A .* -j (ACCEPT|DROP|REJECT)\b", text)
            policy = re.match(r":(?:FORWARD|INPUT|PREROUTING|POSTROUTING) (?:ACCEPT|DROP) \[(\d+):", text)
            if "ESTABLISHED" in text or "icmp" in text:
                continue  # what is no first packet
            if table != "nat" and (rule or (policy and table == "filter")):
                found[name, str(line)] = int((rule or policy)[1])  # type: ignore[index]
    return found


def counted_nft(place: Site) -> dict[tuple[str, str], int]:
    """(file, handle) -> packets, for rules that end a packet's way and count."""
    found = {}
    for one in json.loads(place.run("fw", "nft", "-j", "list", "ruleset"))["nftables"]:
        rule: dict[str, Any] = one.get("rule", {})
        words = [next(iter(statement)) for statement in rule.get("expr", ())]
        if "counter" in words and words[-1] in ("accept", "drop", "reject"):
            packets = next(statement["counter"]["packets"] for statement in rule["expr"] if "counter" in statement)
            found["nft.json", f"{rule['family']} {rule['table']} {rule['chain']} handle {rule['handle']}"] = packets
    return found


# ------------------------------------------------------------------------------------------------ the tests


ROUNDS = 3
"""A packet that is late looks stopped: what is wrong is wrong every time, for rules do not change their mind."""


@pytest.mark.parametrize("seed", range(SEEDS))
def test_the_kernel_does_what_the_answer_says_by_the_rule_that_it_names(
    seed: int, sites: dict[str, Site], tmp_path: Path
) -> None:
    wrong = lasting(lambda: differences(seed, sites))
    assert not wrong, f"seed {seed}:\n" + "\n".join(wrong[:20]) + "\n" + written(seed, sites)
    if seed % 10 == 0:
        held = loaded(seed, sites)["iptables" if seed % 20 else "nft"]
        for side, source in (("users", USERS[3]), ("guest", GUESTS[2])):
            seen = lasting(partial(nmap, held, side, source, tmp_path))
            assert not seen, f"seed {seed}: " + "\n".join(seen)


def lasting(look: Callable[[], list[str]]) -> list[str]:
    """What is wrong each time that one looks."""
    wrong = look()
    for _ in range(ROUNDS - 1):
        if wrong:
            again = set(look())
            wrong = [one for one in wrong if one in again]
    return wrong


def loaded(seed: int, sites: dict[str, Site]) -> dict[str, Loaded]:
    six = seed % 4 == 0
    return {"iptables": load_iptables(sites["iptables"], seed, six=six), "nft": load_nft(sites["nft"], seed, six=six)}


def written(seed: int, sites: dict[str, Site]) -> str:
    return "\n".join(one.text for one in loaded(seed, sites).values())


def differences(seed: int, sites: dict[str, Site]) -> list[str]:
    """Where the kernel, or a counter of it, says something else than the answer."""
    six = seed % 4 == 0
    asked = tries(seed, six=six)
    for _ in range(5):
        held = loaded(seed, sites)
        reached = attempt([one.site for one in held.values()], asked)
        if reached is not None:
            break
    else:
        pytest.fail("this machine is too slow for packets to be counted")
    counted = {"iptables": counted_iptables(sites["iptables"], six=six), "nft": counted_nft(sites["nft"])}
    wrong: list[str] = []
    for (kind, one), found in zip(held.items(), reached, strict=True):
        said = say(one.device, asked)
        wrong += [
            f"{kind}: {' '.join(map(str, tried))}: {told.answer.verdict} by {told.answer.rule} {told.answer.reason}; the kernel: {got}"
            for tried, told, got in zip(asked, said, found, strict=True)
            if not agree(tried, told, got)
        ]
        wrong += misnamed(one.device, asked, said) + miscounted(kind, said, counted[kind])
        if (more := roundabout(asked, said)) and (there := attempt([one.site], list(more))) is not None:
            wrong += [
                f"{kind}: {tried} reaches {got}, not {end}"
                for (tried, end), got in zip(more.items(), there[0], strict=True)
                if not arrived(got, end)
            ]
    return wrong


def agree(tried: Try, told: Said, got: str) -> bool:
    """Whether the kernel led the packet where we say that it goes, or stopped it."""
    if told.reaches:
        return told.answer.verdict == "permitted" and got == told.reaches
    redirected = not told.rules and got.endswith(f" {PROXY}")
    return told.answer.verdict in ("permitted", "blocked") and (got in ("silent", "refused") or redirected)


def roundabout(asked: Sequence[Try], said: Sequence[Said]) -> dict[Try, str]:
    """Packets that reach an address though what is sent to itself does not: as they are to be sent -> where they end.

    Those that may be sent anywhere, and are shown as sent to no address that is here, are left out.
    """
    found = {}
    for (side, source, end, port), told in zip(asked, said, strict=True):
        packet = told.answer.witness
        if told.answer.verdict == "permitted" and not told.reaches:
            assert packet is not None, told
            if packet.dst in HERE:
                found[side, source, packet.dst, packet.dport] = f"{end} {port}"
    return found


HERE = site.OWN.union(USERS, GUESTS, SERVERS, PUBLIC, USERS6, GUESTS6, SERVERS6)


def arrived(got: str, end: str) -> bool:
    """Whether a packet ended there; what is redirected to the firewall itself may end at any address of its own."""
    (address, _, port), (wanted, _, _) = got.partition(" "), end.partition(" ")
    return got == end or (wanted in site.OWN and address in site.OWN and end.endswith(f" {port}"))


def misnamed(device: Device, asked: Sequence[Try], said: Sequence[Said]) -> list[str]:
    """Answers whose rule is none of those that the packet which shows it meets; or not the one that stops it."""
    found = []
    for tried, one in zip(asked, said, strict=True):
        told, shows = one.answer, one.answer.witness
        if one.reaches and shows is not None and shows.dst == tried[2] and told.rule not in one.rules:
            found.append(f"{tried} is permitted by {told.rule}, and meets {one.rules}")
        if one.rules and not one.reaches and not device.translations and told.rule != one.rules[-1]:
            found.append(f"{tried} is blocked by {told.rule}, and meets {one.rules}")
    return found


def miscounted(kind: str, said: Sequence[Said], counted: dict[tuple[str, str], int]) -> list[str]:
    """Rules whose counter the kernel raised by another number of packets than we say that they decided."""
    if any(not one.rules for one in said):
        return []
    expected = Counter(
        (origin.file, origin.vendor_id if kind == "nft" else str(origin.line)) for one in said for origin in one.rules
    )
    return [
        f"{where}: {packets} packets by the kernel's counter, {expected[where]} by ours"
        for where, packets in counted.items() if packets != expected[where]
    ]  # fmt: skip


def nmap(one: Loaded, side: str, source: str, tmp_path: Path) -> list[str]:
    """Where real nmap, read as any scan is, saw something else than the answers say of what is sent to the address itself."""
    end, ports = SERVERS[0], PORTS[:5]
    report = one.site.run(
        side, "nmap", "-n", "-Pn", "-sS", "-T4", "--max-retries", "2", "-S", source, "-e", "eth0", "--reason",
        "-p", ",".join(map(str, ports)), "-oX", "-", end,
    )  # fmt: skip
    probes = read_source(tmp_path, report, "nmap-xml", name="scan.xml").tables["probes"].columns
    found = dict(zip(probes["port"], probes["state"], strict=True))
    said = dict(zip(ports, say(one.device, [(side, source, end, port) for port in ports]), strict=True))
    return [
        f"nmap from {source} saw {end}:{port} {found.get(port)}, and the answer is that it reaches '{told.reaches}'"
        for port, told in said.items()
        if (told.reaches or told.rules) and (found.get(port) == "open") != bool(told.reaches)  # else it is redirected
    ]  # fmt: skip


def test_nothing_is_left_behind() -> None:
    with Site("gone") as one:
        stations = list(one._stations.values())
        assert one.run("fw", "ip", "-br", "link").count("@") == 3
    spaces = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True, env=site.ENV).stdout
    assert f"secscan-{os.getpid()}-gone" not in spaces
    deadline = time.monotonic() + 5
    while any(station.poll() is None for station in stations) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert all(station.poll() is not None for station in stations)
