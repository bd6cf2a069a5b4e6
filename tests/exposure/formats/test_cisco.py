"""What ASA and IOS have in common, held against a slow reading of the same rules; and what the engine does for both."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.exposure import intervals
from secscan.exposure.formats.cisco import Absurd, Ports, Words, icmp, network, port, ports
from secscan.exposure.formats.netmatch import Unread
from secscan.model.net import PORTS_ALL, Chain, Device, Origin, Rule, Stage
from tests.exposure.formats.cisco_text import answer, device, told
from tests.exposure.net import rule

NETS = ("10.1.0.0/16", "10.1.4.0/24", "10.1.4.7/32", "10.2.0.0/15", "0.0.0.0/0", "10.3.128.0/17")
SOURCES = ("10.1.4.7", "10.1.4.8", "10.1.200.1", "10.2.0.9", "10.3.200.1", "192.0.2.1")
TARGETS = ("10.1.4.7", "10.2.9.9", "10.3.130.1", "10.3.1.1")
OPERATORS = ("", "eq 80", "neq 80", "lt 80", "gt 80", "range 79 81", "eq www")


@dataclass(frozen=True)
class Line:
    """One entry, as neither system writes it."""

    action: str
    proto: str
    src: str
    dst: str
    ports: str

    def matches(self, proto: str, src: str, dst: str, number: int) -> bool:
        word, *rest = (self.ports or "range 0 65535").replace("www", "80").split()
        first, last = int(rest[0]), int(rest[-1])
        inside = {
            "eq": number == first, "neq": number != first, "lt": number < first, "gt": number > first, "range": first <= number <= last,
        }[word]  # fmt: skip
        own = self.proto == "ip" or self.proto == proto
        return own and inside and ip_address(src) in ip_network(self.src) and ip_address(dst) in ip_network(self.dst)

    def asa(self) -> str:
        src, dst = (_written(net, str(ip_network(net).netmask)) for net in (self.src, self.dst))
        return f"access-list L extended {self.action} {self.proto} {src} {dst} {self.ports}".strip()

    def ios(self) -> str:
        src, dst = (_written(net, str(ip_network(net).hostmask)) for net in (self.src, self.dst))
        return f" {self.action} {self.proto} {src} {dst} {self.ports}".rstrip()


def _written(net: str, mask: str) -> str:
    found = ip_network(net)
    if found.prefixlen == 0:
        return "any"
    return f"host {found.network_address}" if found.prefixlen == 32 else f"{found.network_address} {mask}"


LINES = st.builds(
    Line, action=st.sampled_from(("permit", "deny")), proto=st.sampled_from(("tcp", "udp")), src=st.sampled_from(NETS),
    dst=st.sampled_from(NETS), ports=st.sampled_from(OPERATORS),
) | st.builds(
    Line, action=st.sampled_from(("permit", "deny")), proto=st.just("ip"), src=st.sampled_from(NETS), dst=st.sampled_from(NETS),
    ports=st.just(""),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(
    lines=st.lists(LINES, min_size=1, max_size=8), src=st.sampled_from(SOURCES), dst=st.sampled_from(TARGETS),
    proto=st.sampled_from(("tcp", "udp")), number=st.sampled_from((79, 80, 81, 443)),
)  # fmt: skip
def test_both_systems_say_what_a_slow_reading_says(
    lines: list[Line], src: str, dst: str, proto: str, number: int
) -> None:
    first = next((n for n, line in enumerate(lines) if line.matches(proto, src, dst, number)), None)
    verdict = "permitted" if first is not None and lines[first].action == "permit" else "blocked"
    asa = "\n".join(line.asa() for line in lines) + "\n"
    ios = "ip access-list extended L\n" + "\n".join(line.ios() for line in lines) + "\n"
    for kind, text, before in (("asa", asa, 1), ("ios", ios, 2)):
        one = answer(device(kind, text), src, dst, f"{proto}/{number}")
        assert one.verdict == verdict, text
        if first is not None:
            assert one.rule is not None and one.rule.line == first + before, text


@settings(max_examples=60, deadline=None)
@given(
    numbered=st.lists(st.tuples(st.integers(1, 40), LINES), min_size=1, max_size=8, unique_by=lambda one: one[0]),
    src=st.sampled_from(SOURCES), number=st.sampled_from((79, 80, 443)),
)  # fmt: skip
def test_ios_goes_by_its_numbers_and_not_by_the_text(numbered: list[tuple[int, Line]], src: str, number: int) -> None:
    text = "ip access-list extended L\n" + "\n".join(f" {seq}{line.ios()}" for seq, line in numbered) + "\n"
    first = next(
        (line for _, line in sorted(numbered, key=lambda one: one[0]) if line.matches("tcp", src, TARGETS[0], number)),
        None,
    )
    verdict = "permitted" if first is not None and first.action == "permit" else "blocked"
    assert answer(device("ios", text), src, TARGETS[0], f"tcp/{number}").verdict == verdict


@settings(max_examples=40, deadline=None)
@given(
    wild=st.sets(st.integers(0, 31), max_size=10).map(lambda bits: sum(1 << bit for bit in bits)),
    address=st.integers(0, 2**32 - 1),
    other=st.integers(0, 2**32 - 1),
)
def test_a_wildcard_stands_for_exactly_the_addresses_that_agree(wild: int, address: int, other: int) -> None:
    found = network(str(ip_address(address)), str(ip_address(wild)), wildcard=True).v4
    near = (address & ~wild) | (other & wild)
    for one in (near, other):
        assert intervals.contains(found, one) == ((one ^ address) & ~wild == 0)
    assert intervals.size(found) == 2 ** wild.bit_count()


@pytest.mark.parametrize(
    ("written", "several", "pairs"),
    [
        ("eq 80 443 8080", True, ((80, 80), (443, 443), (8080, 8080))),
        ("eq www log", True, ((80, 80),)),
        ("neq 80 81", True, ((0, 79), (82, 65535))),
        ("lt 1", False, ((0, 0),)),
        ("lt 0", False, ()),
        ("gt 65535", False, ()),
        ("range ftp-data ftp", False, ((20, 21),)),
        ("eq 80 443", False, ((80, 80),)),
    ],
)
def test_operators_of_ports(written: str, several: bool, pairs: tuple[tuple[int, int], ...]) -> None:
    assert ports(Words(written.split()), several=several).pairs == pairs


def test_what_is_no_port_or_type() -> None:
    assert port("65535") == Ports(((65535, 65535),))
    for written in ("65536", "99999999999"):
        with pytest.raises(Absurd):
            port(written)
    with pytest.raises(Unread):
        port("sorcery")
    with pytest.raises(Unread, match="ends too early"):
        ports(Words(["range", "80"]), several=False)
    assert icmp(Words(["host-unreachable"]), "icmp") == (((3, 3),), ((1, 1),))
    assert icmp(Words(["8", "0"]), "icmp") == (((8, 8),), ((0, 0),))
    assert icmp(Words(["log"]), "icmp") == (PORTS_ALL, PORTS_ALL)
    with pytest.raises(Absurd):
        icmp(Words(["300"]), "icmp")


def test_an_entry_of_icmp_never_lets_a_connection_through() -> None:
    text = "access-list L extended permit icmp any any 80 80\naccess-list L extended permit icmp any any\n"
    assert answer(device("asa", text), "10.0.0.1", "10.0.0.2", "tcp/80").verdict == "blocked"


ROUTER = """\
interface Gi0
 ip address 10.1.0.1 255.255.0.0
 ip access-group ONE in
interface Gi1
 ip address 10.2.0.1 255.255.0.0
 ip access-group TWO in
ip access-list extended ONE
 permit tcp any any eq 22
ip access-list extended TWO
 deny ip any any
"""


def test_what_is_sent_to_the_far_side_of_a_router_meets_the_list_where_it_comes_in() -> None:
    found = device("ios", ROUTER)
    assert told(found, ROUTER, "10.1.0.9 > 10.2.0.1 tcp/22") == ("permitted", "permit tcp any any eq 22")
    assert told(found, ROUTER, "10.2.0.9 > 10.1.0.1 tcp/22") == ("blocked", "deny ip any any")


def test_only_rules_that_a_packet_may_meet_are_told() -> None:
    nowhere = Origin(file="f", line=1, line_to=1, text="")

    def chain(name: str, *steps: Rule) -> Chain:
        return Chain(name=name, steps=steps, default="deny", default_origin=nowhere)

    chains = {
        "a": chain("a", rule(1, "jump", "any", "any", target="b")),
        "b": chain("b", rule(2, "goto", "any", "any", target="a"), rule(3, "permit", "any", "any")),
        "c": chain("c", rule(4, "permit", "any", "any")),
    }
    bound = Device(name="fw", kind="toy", chains=chains, stages=(Stage(name="a", chain="a"),))
    assert [one.position for _, one in bound.rules()] == [1, 2, 3]
    assert [one.position for _, one in Device(name="fw", kind="toy", chains=chains, stages=()).rules()] == [1, 2, 3, 4]
