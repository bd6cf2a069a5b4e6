"""The table of rules: what a rule means, what a list does with everything else, and whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from secscan.exposure import attach, catch_all, devices, from_table
from secscan.model.estate import Estate
from secscan.model.kleene import all3, any3
from secscan.model.net import PORTS_ALL, V4_ALL, V6_ALL, AddressSet, Chain, Device, Origin, PortSet, Rule
from secscan.model.places import Files, Place
from secscan.model.raw import Refusal
from secscan.model.settings import Council, Firewall, Settings, Zone
from secscan.model.tables import Rules
from tests.exposure import reference
from tests.exposure.net import FILE, TODAY, ZONES, firewall, listed, load, row, rule, settings, undecoded
from tests.exposure.test_attach import asset, estate, policy

Row = dict[str, Any]
SETTINGS_LINE = Place("secscan.yaml", 20, 5)


def table(
    *lists: Device, setup: Settings | None = None, assets: Sequence[Row] = (), files: Files | None = None
) -> tuple[Estate, list[Row]]:
    made = attach(
        estate(*assets, installs=(), services=(), files=files), setup or settings(ZONES, [firewall()]), policy(), lists,
        places={"fw": SETTINGS_LINE},
    )  # fmt: skip
    frame = made.frames["rules"]
    return made, [{name: frame.get(name, at) for name in frame.columns} for at in range(frame.rows)]


def read(*rows: Row, **more: Any) -> list[Row]:
    """The rows of an export in our template."""
    files = Files()
    default = more.pop("default", "deny")
    one = from_table(load(files, rows, **more), firewall(default=default), files, TODAY)
    return table(one, files=files)[1]


def only(rows: Sequence[Row]) -> Row:
    (found,) = [r for r in rows if r["is_default"] is False]
    return found


def default_of(rows: Sequence[Row]) -> Row:
    (found,) = [r for r in rows if r["is_default"]]
    return found


# ------------------------------------------------------------------------------------------------ rows


def test_a_rule_for_all_but_what_a_translation_led_on_is_any_to_any() -> None:
    for met, expected in ((None, True), (frozenset[str](), True), (frozenset(("vip",)), False)):
        _, found = table(listed(rule(10, "permit", "any", "any", translations=met)))
        assert only(found)["any_any"] is expected


def test_a_row_for_every_rule_and_one_for_the_default() -> None:
    told = {"owner": "Network Manager", "approver": "Head of ICT", "reason": "The website", "hits": 4}
    found = read(row(10, "permit", name="WEB", dport="443", **told), row(90, "deny", proto="any"))
    assert [(r["device_rule"], r["position"], r["is_default"]) for r in found] == [
        ("fw WEB", 0, False),
        ("fw 90", 1, False),
        ("fw default", 2, True),
    ]
    web = found[0]
    assert (web["rule_owner"], web["approver"], web["reason"], web["hits"]) == (
        "Network Manager", "Head of ICT", "The website", 4,
    )  # fmt: skip
    assert (web["enabled"], web["action"], web["device"], web["name"]) == (True, "permit", "fw", "WEB")


def test_the_columns_are_those_of_the_table() -> None:
    made, _ = table(listed(rule(2, "deny", "any", "any")))
    assert set(made.frames["rules"].columns) <= set(Rules.columns())
    assert {c for c in Rules.columns() if c not in made.frames["rules"].columns} <= {"service", "criticality"}


def test_an_action_that_cannot_be_read_is_one_row_whose_action_is_not_known() -> None:
    found = only(read(row(10, "perhaps", proto="any")))
    assert (found["action"], found["any_any"], found["device_rule"]) == (None, None, "fw 10")
    narrow = only(read(row(10, "perhaps", dst="10.9.0.5")))
    assert (narrow["action"], narrow["any_any"]) == (None, False)


def test_rules_of_one_name_are_told_apart_by_their_numbers() -> None:
    found = read(row(10, "permit", name="WEB"), row(20, "permit", name="WEB"), row(30, "permit", name="MAIL"))
    assert [r["device_rule"] for r in found[:3]] == ["fw WEB (10)", "fw WEB (20)", "fw MAIL"]


def test_a_rule_that_is_off_or_expired_is_not_on() -> None:
    found = read(
        row(10, "permit", enabled=False), row(20, "permit", expires_on=TODAY.replace(year=2025)), row(30, "deny")
    )
    assert [r["enabled"] for r in found] == [False, False, True, True]


def test_a_firewall_without_an_export_is_one_row_of_which_nothing_is_known() -> None:
    setup = settings(ZONES, [firewall()])
    made, found = table(*devices([], (), setup, Files(), TODAY), setup=setup)
    assert len(found) == 1
    known = {"council", "device", "asset"}
    assert {name for name, value in found[0].items() if value is not None} <= known
    code = made.frames["rules"].place("", 0)
    assert code is not None and made.files.place(code) == Place("secscan.yaml", 20)


def test_an_export_that_is_held_is_not_known_either() -> None:
    found = read(held="half as big as before")
    assert [(r["device_rule"], r["is_default"]) for r in found] == [(None, None)]


def test_a_row_that_was_refused_is_a_rule_of_which_nothing_is_known() -> None:
    refused = Refusal(line=3, column="src", reason="blank")
    found = read(row(10, "deny", proto="any", line=4), refused=[refused])
    assert [(r["device_rule"], r["action"], r["enabled"]) for r in found] == [
        ("fw 10", "deny", True),
        ("fw line 3", None, None),
        ("fw default", None, True),  # the refused row stands before the deny, and may let everything through
    ]
    after = read(row(10, "deny", proto="any", line=2), refused=[refused])
    assert default_of(after)["action"] == "deny"


def test_every_fact_leads_to_its_line() -> None:
    files = Files()
    one = from_table(
        load(files, [row(10, "permit", dport="443"), row(90, "deny", proto="any")]), firewall(), files, TODAY
    )
    made, _ = table(one, files=files)
    frame = made.frames["rules"]

    def places(at: int, *columns: str) -> list[Place]:
        return [files.place(code) for c in columns if (code := frame.place(c, at)) is not None]

    assert places(0, "", "action", "rule_owner") == [Place(FILE, 2)] * 3
    # The default is secscan.yaml's, and what decides is the last rule.
    assert places(2, "", "action") == [Place("secscan.yaml", 20), Place(FILE, 3)]


# ------------------------------------------------------------------------------------------------ whose it is


def councils(*owners: str | None, council: str | None = None, provider: bool = True) -> str:
    zones = [Zone(id=f"z{i}", addresses=(f"10.{i}.0.0/24",), council=owner) for i, owner in enumerate(owners)]
    wall = Firewall(id="fw", file="fw.csv", zones=tuple(z.id for z in zones), council=council)
    setup = settings(zones, [wall])
    if provider:
        shared = Council(id="shared", name="Shared", role="provider")
        setup = setup.model_copy(update={"councils": (*setup.councils, shared)})
    _, found = table(listed(rule(2, "deny", "any", "any")), setup=setup)
    (owner,) = {r["council"] for r in found}
    return str(owner)


def test_a_rule_belongs_to_the_council_of_its_firewall() -> None:
    assert councils("brackenford", None, council="corvale") == "corvale"  # secscan.yaml says so
    assert councils("brackenford", None, "brackenford") == "brackenford"  # the only council of its zones
    assert councils("brackenford", "corvale") == "shared"  # two: the provider's
    assert councils(None) == "shared"
    assert councils(None, provider=False) == "alderbeck"  # nobody's: the first there is


@pytest.mark.parametrize(("name", "hostname"), [("FW", "x"), ("A9", "Fw")])
def test_a_firewall_in_the_register_is_its_asset(name: str, hostname: str) -> None:
    other = asset("A1", "10.9.0.5")
    box = asset(name, hostname=hostname, owner="Network Manager")
    setup = settings(ZONES, [firewall(council="alderbeck")])
    _, found = table(listed(rule(2, "deny", "any", "any")), setup=setup, assets=(other, box))
    assert {(r["asset"], r["owner"]) for r in found} == {(name, "Network Manager")}


def test_a_firewall_that_no_register_of_its_council_has_is_no_asset() -> None:
    elsewhere = asset("fw", council="brackenford")
    twice = [asset("B1", hostname="fw"), asset("B2", hostname="FW")]
    setup = settings(ZONES, [firewall(council="alderbeck")])
    _, found = table(listed(rule(2, "deny", "any", "any")), setup=setup, assets=(elsewhere, *twice))
    assert {(r["council"], r["asset"], r["hostname"]) for r in found} == {("alderbeck", None, None)}


# ------------------------------------------------------------------------------------------------ any to any

HALVES = "0.0.0.0/1;128.0.0.0/1"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({"proto": "any"}, True),
        ({"proto": "any", "src": HALVES, "dst": "0.0.0.0/0.0.0.0"}, None),  # the mask 0.0.0.0 cannot be read
        ({"proto": "any", "src": HALVES, "dst": "0.0.0.0-255.255.255.255"}, True),
        ({"proto": "any", "src": "0.0.0.0/0", "dst": "0.0.0.0/0"}, True),  # all of IPv4 is enough
        ({"proto": "any", "src": "any6", "dst": "::/0"}, True),
        ({"proto": "any", "src": "any4", "dst": "any6"}, False),  # no packet has both
        ({"proto": "any", "src": "0.0.0.0/1;128.0.0.0/2"}, False),
        ({"proto": "any", "dst": "10.0.0.0/8"}, False),
        ({"proto": "tcp/udp", "dport": "0-1023;1024-65535"}, True),  # every port there is
        ({"proto": "tcp", "dport": "any"}, False),
        ({"proto": "tcp/udp", "dport": "1-65535"}, False),
        ({"proto": "icmp"}, False),
        ({"proto": "udp/tcp", "sport": "53"}, True),  # whoever sends picks it
        ({"proto": "any", "from_zone": "users"}, False),
        ({"proto": "any", "from_zone": "users;guest;servers;internet"}, True),
        ({"proto": "any", "from_zone": "users;dmz"}, None),  # nobody knows what dmz is
        ({"proto": "any", "from_zone": "users;dmz", "dst": "10.0.0.0/8"}, False),
        ({"proto": "any", "src": "partner.example"}, None),
        ({"proto": "any", "src": "partner.example", "dst": "10.9.0.5"}, False),
        ({"proto": "odd", "dport": "any"}, None),
        ({"proto": "tcp", "dport": "odd"}, False),  # whatever the ports are, it is tcp alone
        ({"proto": "any", "schedule": "nights"}, None),
        ({"proto": "any", "schedule": "always"}, True),
        ({"proto": "any", "state": "established"}, False),
        ({"proto": "any", "action": "deny"}, False),
        ({"proto": "any", "action": "deny", "src": "partner.example"}, False),
        ({"proto": "any", "enabled": False}, True),  # what it would let through; that it is off stands beside it
    ],
)
def test_any_any_is_told_by_what_the_rule_means(cells: Row, expected: bool | None) -> None:
    extra = [name for name in ("schedule", "state") if name in cells]
    found = only(read({**row(10, "permit"), **cells}, extra=extra))
    assert found["any_any"] is expected


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ({}, True),
        ({"src": "10.0.0.0/8"}, True),  # its destination has
        ({"src": "10.0.0.0/8", "dst": "10.0.0.0/8"}, False),
        ({"src": "10.0.0.0/8", "dst": "10.9.0.5;8.8.8.8"}, False),
        ({"src": "10.0.0.0/8", "dst": "0.0.0.0-9.255.255.255;11.0.0.0-255.255.255.255"}, True),
        ({"src": "10.1.0.0/24", "dst": "any", "to_zone": "servers"}, False),  # it never meets the internet
        ({"src": "10.1.0.0/24", "dst": "any", "to_zone": "servers;internet"}, True),
        ({"src": "10.1.0.0/24", "dst": "any", "to_zone": "outside"}, None),
        ({"src": "10.1.0.0/24", "dst": "partner.example"}, None),
    ],
)
def test_covers_internet_is_told_by_addresses_and_zones(cells: Row, expected: bool | None) -> None:
    zones = [
        Zone(id="inside", addresses=("10.0.0.0/8",)),
        *(z for z in ZONES if z.id in ("users", "servers", "internet")),
    ]
    files = Files()
    one = from_table(load(files, [{**row(10, "permit"), **cells}]), firewall(), files, TODAY)
    found = table(one, setup=settings(zones, [firewall(zones=("users", "servers", "internet"))]), files=files)[1]
    assert only(found)["covers_internet"] is expected


# ------------------------------------------------------------------------------------------------ shadowed


def test_a_rule_that_never_decides_names_who_takes_its_packets() -> None:
    files = Files()
    rows = [
        row(10, "permit", src="10.1.0.0/24", dport="443", name="WEB"), row(20, "deny", src="10.1.0.0/24", dport="80"),
        row(30, "permit", src="10.1.0.7", dport="80;443", name="OLD"), row(40, "permit", src="10.2.0.0/24", dport="80"),
    ]  # fmt: skip
    one = from_table(load(files, rows), firewall(), files, TODAY)
    made, found = table(one, files=files)
    assert [r["shadowed"] for r in found] == [False, False, True, False, None]
    assert found[2]["shadowed_by"] == f"taken before it by WEB ({FILE}:2), 20 ({FILE}:3)"
    assert found[2]["covering"] == "permit 10.1.0.0/24 -> any tcp 443; deny 10.1.0.0/24 -> any tcp 80"
    assert found[2]["written"] == "permit 10.1.0.7 -> any tcp 80;443"
    frame = made.frames["rules"]
    places = [frame.place(name, 2) for name in ("", "shadowed_by", "covering")]
    assert [files.place(code) for code in places if code is not None] == [
        Place(FILE, 4),
        Place(FILE, 2),
        Place(FILE, 2),
    ]


def test_many_that_take_its_packets_are_counted() -> None:
    narrow = [row(n, "deny", src=f"10.1.0.{n}") for n in range(8)]
    found = read(*narrow, row(90, "permit", src="10.1.0.0/29"))[8]
    assert found["shadowed"] is True and str(found["shadowed_by"]).endswith(f"4 ({FILE}:6) and 3 more")


def test_what_is_in_doubt_leaves_what_stands_behind_it_open_and_says_why() -> None:
    found = read(row(10, "deny", src="partner.example"), row(20, "permit", dst="10.9.0.5"))
    assert [(r["shadowed"], r["shadowed_by"]) for r in found[:2]] == [
        (False, None),
        (None, f"{FILE}:2: src 'partner.example' is not an address"),
    ]
    refused = read(row(10, "deny", line=4), refused=[Refusal(line=3, column="src", reason="blank")])
    assert [r["shadowed"] for r in refused[:2]] == [None, None]


def test_what_one_line_was_read_as_is_shadowed_when_all_of_it_is() -> None:
    perhaps = row(20, "perhaps", src="10.1.0.7", proto="any")
    assert read(row(10, "deny", src="10.1.0.0/24", proto="any"), perhaps)[1]["shadowed"] is True
    assert read(row(10, "deny", src="10.1.0.0/24", proto="tcp"), perhaps)[1]["shadowed"] is None
    halves = [rule(3, "deny", src, "any") for src in ("10.1.0.0/25", "10.1.0.128/25")]
    for before, expected in (("10.1.0.0/24", True), ("10.1.0.0/25", False)):
        found = table(listed(rule(2, "permit", before, "any"), *halves))[1]
        assert [(r["device_rule"], r["shadowed"]) for r in found[1:2]] == [("fw 30", expected)]


def _rules_of(chain: Chain) -> tuple[Rule, ...]:
    return tuple(step for step in chain.steps if isinstance(step, Rule))


def test_the_default_tells_how_old_its_export_is_and_how_much_of_it_was_understood() -> None:
    refused = [Refusal(line=n, column="src", reason="blank") for n in (3, 4)]
    files = Files()
    one = from_table(load(files, [row(10, "deny")], refused=refused), firewall(), files, TODAY)
    stray = replace(one, unread=(undecoded(9),), exported_on=TODAY, stale=True)
    found = default_of(table(stray, files=files)[1])
    assert (found["not_understood"], found["first_not_understood"]) == (3, f"{FILE}:3: blank")
    assert (found["exported_on"], found["stale"]) == (TODAY, True)
    other = Chain(name="OLD", steps=(rule(7, "deny", "any", "any"),), default="deny", default_origin=undecoded(6))
    for unread, expected in (((), 1), ((undecoded(9),), None)):
        bound = replace(one, chains={**one.chains, "OLD": other}, unread=unread)
        last = default_of(
            table(replace(bound, chains={k: replace(c, steps=_rules_of(c)) for k, c in bound.chains.items()}))[1]
        )
        assert (last["lists_unasked"], last["unasked"]) == (expected, "OLD")
    whole = default_of(read(row(10, "deny")))
    assert (whole["lists_unasked"], whole["unasked"]) == (0, None)
    assert (whole["not_understood"], whole["first_not_understood"]) == (0, None)


# ------------------------------------------------------------------------------------------------ the default


@pytest.mark.parametrize(
    ("rows", "device", "expected"),
    [
        ([], "deny", "deny"),
        ([], "permit", "permit"),
        ([], None, None),
        ([row(90, "deny", proto="any")], "permit", "deny"),
        ([row(90, "deny", proto="any")], None, "deny"),
        ([row(90, "permit", proto="any")], "deny", "permit"),
        ([row(10, "permit", proto="any"), row(90, "deny", proto="any")], "deny", "permit"),
        ([row(10, "deny", proto="any"), row(90, "permit", proto="any")], "permit", "deny"),
        ([row(90, "deny", proto="any", enabled=False)], "permit", "permit"),
        ([row(90, "deny", proto="any", expires_on=TODAY.replace(year=2025))], "permit", "permit"),
        ([row(90, "deny", src="partner.example", proto="any")], "permit", None),
        ([row(90, "deny", src="partner.example", proto="any")], "deny", "deny"),
        ([row(90, "deny", src="0.0.0.0/0", dst="0.0.0.0/0", proto="any")], "permit", "permit"),  # IPv6 goes through
        ([row(90, "deny", src="0.0.0.0/0", dst="0.0.0.0/0", proto="any")], None, None),
        ([row(90, "deny", proto="tcp")], "permit", "permit"),
        ([row(90, "deny", proto="any", sport="53")], "permit", "permit"),
        ([row(90, "permit", proto="icmp")], "deny", "deny"),  # a rule for icmp is a rule for icmp
        ([row(90, "permit", proto="udp")], "deny", "permit"),  # and all of udp is not
        ([row(76, "permit", proto="any", from_zone="guest", to_zone="internet")], "deny", "deny"),
        ([row(76, "permit", proto="any", from_zone="dmz")], "deny", None),  # nobody knows what dmz is
        ([row(10, "permit", dst="10.9.0.5"), row(90, "deny", proto="any")], None, "deny"),
        ([row(10, "sideways", proto="any"), row(90, "deny", proto="any")], "deny", None),
        ([row(10, "sideways", dst="10.9.0.5"), row(90, "deny", proto="any")], "deny", "deny"),
    ],
)
def test_the_default_is_what_happens_to_what_no_rule_was_written_for(
    rows: list[Row], device: str | None, expected: str | None
) -> None:
    assert default_of(read(*rows, default=device))["action"] == expected


def test_a_line_that_is_not_understood_may_be_a_rule_for_everything() -> None:
    deny = rule(9, "deny", "any", "any")
    assert default_of(table(listed(deny, undecoded=(undecoded(3),)))[1])["action"] is None
    assert default_of(table(listed(deny, undecoded=(undecoded(12),)))[1])["action"] == "deny"


# ------------------------------------------------------------------------------------------------ against a slow witness

BASE4, BASE6 = 10 << 24, 0xFD << 120
KNOWN = frozenset(("a", "b", "y", "z"))
NAMED = st.one_of(
    st.none(), st.just(KNOWN), st.frozensets(st.sampled_from(["a", "b", "nobody"]), min_size=1, max_size=2)
)


def _some(low: int, more: int, why: str | None) -> AddressSet:
    return AddressSet(v4=((BASE4 + low, BASE4 + low + more),), v6=((BASE6 + low, BASE6 + low + more),), unknown=why)


SIDES = st.one_of(
    st.builds(_some, st.integers(0, 9), st.integers(0, 4), st.sampled_from([None, None, "a name"])),
    st.sampled_from(
        [AddressSet(v4=V4_ALL, v6=V6_ALL), AddressSet(v4=V4_ALL, v6=V6_ALL), AddressSet(v4=V4_ALL), AddressSet(v6=V6_ALL)]
    ),
)  # fmt: skip
PORTS = st.sampled_from([PORTS_ALL, PORTS_ALL, PORTS_ALL, ((0, 1023), (1025, 65535)), ((22, 22),)])
SERVICES = st.lists(
    st.builds(PortSet, proto=st.sampled_from(["any", "any", "tcp", "udp", "icmp"]), dport=PORTS, sport=PORTS),
    min_size=1, max_size=2,
).map(tuple)  # fmt: skip
RULES = st.builds(
    Rule, position=st.just(0), action=st.sampled_from(["permit", "deny"]), src=SIDES, dst=SIDES, services=SERVICES,
    from_zones=NAMED, to_zones=NAMED, enabled=st.sampled_from([True, True, True, False]),
    expired=st.sampled_from([False, False, False, True]), state=st.sampled_from(["new", "new", "new", "established"]),
    unknown=st.sampled_from([None, None, None, "a schedule"]),
    origin=st.just(Origin(file=FILE, line=0, line_to=0, text="")),
)  # fmt: skip


@st.composite
def lists(draw: st.DrawFn) -> Device:
    drawn = draw(st.lists(RULES, max_size=4))
    placed = [replace(r, position=i, origin=replace(r.origin, line=2 * i + 2)) for i, r in enumerate(drawn)]
    lost = draw(st.sampled_from([None, None, None, 1, 5]))
    return listed(
        *placed, default=draw(st.sampled_from(["deny", "permit", None])), zones=KNOWN,
        undecoded=() if lost is None else (undecoded(lost),),
    )  # fmt: skip


@tried(max_examples=400, deadline=None)
@given(lists())
def test_the_default_is_the_fate_of_packets_that_no_rule_names(one: Device) -> None:
    """Addresses, a port and zones of which no rule of these lists says anything: what becomes of such packets."""
    strange = {4: 200 << 24, 6: 0x2001 << 112}
    fates = []
    for family, proto in product((4, 6), ("tcp", "udp", "gre")):
        # 1024 is the port that the almost-all ranges leave out; 22 is the one that others name.
        packet = reference.Packet(
            family=family, src=strange[family], dst=strange[family] + 1, proto=proto, sport=1024, dport=1024
        )
        fates.append(reference.fate(one, set(KNOWN), packet, "y", "z"))
    expected = "permit" if {True} in fates else None if any(len(fate) == 2 for fate in fates) else "deny"
    assert catch_all.default(one, KNOWN)[0] == expected


@tried(max_examples=400, deadline=None)
@given(RULES.map(lambda r: replace(r, enabled=True, expired=False)))
def test_any_any_is_that_no_packet_is_left_out(one: Rule) -> None:
    def edges(pairs: Sequence[tuple[int, int]], last: int) -> set[int]:
        found = {0, last, *(edge for lo, hi in pairs for edge in (lo - 1, lo, hi, hi + 1))}
        return {number for number in found if 0 <= number <= last}

    ports = sorted({p for s in one.services for p in (*edges(s.dport, 65535), *edges(s.sport, 65535))})
    found = []
    for family in (4, 6):
        src, dst = ((s.v4, 2**32 - 1) if family == 4 else (s.v6, 2**128 - 1) for s in (one.src, one.dst))
        tries = product(edges(*src), edges(*dst), ("tcp", "udp"), ports, ("a", "y"), ("b", "z"))
        found.append(
            all3(
                any3(
                    reference.fits(one, set(KNOWN), reference.Packet(family, a, b, proto, sport, dport), x, y)
                    for sport in ports
                )
                for a, b, proto, dport, x, y in tries
            )
        )
    assert catch_all.every_way(one, KNOWN, KNOWN) is any3(found)


def test_what_a_device_does_unasked_and_what_no_packet_meets_are_no_rows() -> None:
    own = replace(rule(1, "deny", "any", "10.9.0.9"), implied=True)
    fw = listed(own, rule(2, "permit", "any", "10.9.0.5"))
    spare = {
        **fw.chains,
        "spare": replace(next(iter(fw.chains.values())), name="spare", steps=(rule(3, "permit", "any", "any"),)),
    }
    rows = table(replace(fw, chains=spare))[1]
    assert [r["position"] for r in rows if not r["is_default"]] == [0]
    assert only(rows)["device_rule"] == "fw 20"
