"""A router's configuration: which line of it decides, what it leaves open, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.exposure.formats import recognise
from secscan.model.errors import InputError
from secscan.model.net import Rule
from tests.exposure.formats.cisco_text import answer, config, device, line_of, told

EDGE = """\
Building configuration...

Current configuration : 2942 bytes
!
version 15.7
service password-encryption
!
hostname edge-r
!
enable secret 5 $1$mERr$9cTjUIEqNGurQiFUZeCi1x
!
object-group network ADMINS
 host 198.51.100.9
 198.51.100.32 255.255.255.224
 range 198.51.100.70 198.51.100.75
!
object-group network EVERYONE
 group-object ADMINS
!
object-group service REMOTE
 tcp eq 22
 tcp source gt 1023 eq 3389
 udp range 500 501
!
interface Loopback0
 ip address 10.255.0.1 255.255.255.255
!
interface GigabitEthernet0/0
 description outside
 ip address 203.0.113.2 255.255.255.0
 ip access-group OUTSIDE-IN in
 ip nat outside
!
interface GigabitEthernet0/1
 ip address 10.1.0.1 255.255.0.0
 ip address 10.2.0.1 255.255.255.0 secondary
 standby 1 ip 10.1.0.254
 ip nat inside
!
interface GigabitEthernet0/2
 ip address 10.9.0.1 255.255.255.0
 ip access-group 110 out
 ip access-group DMZ-IN in
 ip nat inside
!
interface GigabitEthernet0/3
 ip address 10.8.0.1 255.255.255.0
 ip access-group GONE in
!
interface GigabitEthernet0/4
 ip address 10.7.0.1 255.255.255.0
 ip access-group NOTHING in
!
interface FastEthernet1/0
 switchport access vlan 9
!
ip nat pool POOL 203.0.113.100 203.0.113.110 netmask 255.255.255.0
ip nat inside source static tcp 10.9.0.5 443 203.0.113.5 8443 extendable
ip nat inside source static 10.9.0.6 203.0.113.6
ip nat inside source list 10 interface GigabitEthernet0/0 overload
ip route 0.0.0.0 0.0.0.0 203.0.113.1
ip route 172.16.0.0 255.240.0.0 10.1.0.9
ip route 192.0.2.0 255.255.255.0 172.16.5.5
!
ip access-list standard NOTHING
 remark to be written
ip access-list extended OUTSIDE-IN
 20 permit object-group REMOTE object-group EVERYONE host 203.0.113.6
 10 remark the council's web site
 10 permit tcp any host 203.0.113.5 eq 8443
 15 deny tcp host 198.51.100.40 any
 25 permit tcp any host 203.0.113.6 established
 30 permit tcp any host 203.0.113.6 eq 80 443 8080
 35 permit tcp any host 203.0.113.6 eq 81 time-range NIGHTS
 40 permit tcp any host 203.0.113.6 eq 82 dscp ef
 45 permit ip any host 203.0.113.6 fragments
 50 permit udp any neq ntp host 203.0.113.6 eq 514
 55 permit tcp any host 203.0.113.6 eq 83 ack
 60 permit tcp any host 203.0.113.6 eq 84 match-any +syn +ack
 65 evaluate RETURN
 70 permit tcp any host 203.0.113.2 eq 22
ip access-list extended DMZ-IN
 permit tcp 10.9.0.0 0.0.0.254 any eq www
 permit ip host 10.9.0.99 any
!
access-list 10 permit 10.0.0.0 0.255.255.255
access-list 20 permit 10.1.4.0 0.0.0.255
access-list 110 remark to the servers
access-list 110 permit tcp any host 10.9.0.5 eq 443
access-list 110 permit tcp 10.1.0.0 0.0.254.255 any eq 22
access-list 110 permit ip any host 10.9.0.6
access-list 110 deny   ip any any log
!
line con 0
line vty 0 4
 access-class 20 in
 transport input ssh
line vty 5 15
 access-class 20 in
 transport input ssh
!
end
"""


@pytest.mark.parametrize(
    ("question", "verdict", "line"),
    [
        # by sequence number, groups, lists of ports, conditions
        ("198.51.100.1 > 203.0.113.5 tcp/8443", "permitted", "access-list 110 permit tcp any host 10.9.0.5 eq 443"),
        ("198.51.100.40 > 203.0.113.5 tcp/8443", "permitted", "access-list 110 permit tcp any host 10.9.0.5 eq 443"),
        ("198.51.100.40 > 203.0.113.6 tcp/80", "blocked", "15 deny tcp host 198.51.100.40"),
        ("198.51.100.9 > 203.0.113.6 tcp/22", "permitted", "access-list 110 permit ip any host 10.9.0.6"),
        ("198.51.100.72 > 203.0.113.6 tcp/3389", "permitted", "access-list 110 permit ip any host 10.9.0.6"),
        ("198.51.100.9 > 203.0.113.6 udp/500", "permitted", "access-list 110 permit ip any host 10.9.0.6"),
        ("198.51.100.2 > 203.0.113.6 tcp/8080", "permitted", "access-list 110 permit ip any host 10.9.0.6"),
        ("198.51.100.2 > 203.0.113.6 tcp/81", "cannot-tell", "time-range NIGHTS"),
        ("198.51.100.2 > 203.0.113.6 tcp/82", "cannot-tell", "dscp ef"),
        ("198.51.100.2 > 203.0.113.6 tcp/83", "cannot-tell", "evaluate RETURN"),
        ("198.51.100.2 > 203.0.113.6 tcp/84", "permitted", "access-list 110 permit ip any host 10.9.0.6"),
        ("198.51.100.2 > 203.0.113.6 udp/514", "permitted", "access-list 110 permit ip any host 10.9.0.6"),
        # interfaces without a list, with one that is missing, with one that holds nothing
        ("10.1.4.4 > 198.51.100.1 tcp/25", "permitted", "interface Loopback0"),
        ("10.8.0.4 > 198.51.100.1 tcp/25", "permitted", "ip access-group GONE in"),
        ("10.7.0.4 > 198.51.100.1 tcp/25", "permitted", "ip access-group NOTHING in"),
        # in and out; wildcards with holes
        ("10.1.4.4 > 10.9.0.77 tcp/22", "permitted", "0.0.254.255 any eq 22"),
        ("10.1.5.4 > 10.9.0.77 tcp/22", "blocked", "access-list 110 deny   ip any any log"),
        ("10.9.0.6 > 198.51.100.1 tcp/80", "permitted", "0.0.0.254 any eq www"),
        ("10.9.0.7 > 198.51.100.1 tcp/80", "blocked", "ip access-group DMZ-IN in"),
        ("10.9.0.99 > 10.1.4.4 tcp/25", "permitted", "permit ip host 10.9.0.99 any"),
        # behind routes, one of them by way of another
        ("192.0.2.9 > 10.9.0.6 tcp/25", "permitted", "access-list 110 permit ip any host 10.9.0.6"),
        # to the router: the list where it comes in, then its lines
        ("198.51.100.2 > 203.0.113.2 tcp/22", "blocked", "access-class 20 in"),
        ("198.51.100.2 > 203.0.113.2 tcp/23", "blocked", "line vty 0 4"),
        ("10.1.4.4 > 10.255.0.1 tcp/22", "permitted", "access-list 20 permit"),
        ("10.1.5.4 > 10.1.0.254 tcp/22", "blocked", "access-class 20 in"),
        ("10.1.4.4 > 10.1.0.254 tcp/23", "blocked", "line vty 0 4"),
        ("10.1.4.4 > 10.1.0.254 tcp/80", "permitted", "interface Loopback0"),
        ("10.9.0.9 > 203.0.113.2 tcp/22", "blocked", "ip access-group DMZ-IN in"),
    ],
)
def test_a_whole_configuration_answers_by_its_lines(question: str, verdict: str, line: str) -> None:
    found = told(device("ios", EDGE), EDGE, question)
    assert found[0] == verdict
    assert line in found[1]


def test_entries_carry_their_number_remark_and_warnings() -> None:
    found = device("ios", EDGE)
    rules = {r.origin.vendor_id: r for r in found.chains["OUTSIDE-IN"].steps if isinstance(r, Rule)}
    assert list(rules)[:3] == ["OUTSIDE-IN 10", "OUTSIDE-IN 15", "OUTSIDE-IN 20"]
    assert rules["OUTSIDE-IN 10"].reason == "the council's web site"
    assert rules["OUTSIDE-IN 20"].origin.objects == ("REMOTE", "EVERYONE", "ADMINS")
    assert [r.state for r in (rules["OUTSIDE-IN 25"], rules["OUTSIDE-IN 45"], rules["OUTSIDE-IN 55"])] == [
        "established"
    ] * 3
    assert [warning.partition(": ")[0].partition(":")[2] for warning in found.warnings] == [
        str(line_of(EDGE, needle)) for needle in ("25 permit tcp any host", "GONE in", "NOTHING in")
    ]
    assert (found.version, found.unread, found.families) == ("version 15.7", (), frozenset((4,)))
    assert {r.origin.vendor_id for r in found.chains["110"].steps if isinstance(r, Rule)} >= {"110 10", "110 40"}


SMALL = """\
interface Gi0
 ip address 10.1.0.1 255.255.0.0
 ip access-group L in
interface Gi1
 ip address 10.2.0.1 255.255.0.0
"""


@pytest.mark.parametrize(
    ("entries", "open_", "shut"),
    [
        ("access-list 7 permit 10.1.0.5\n", "10.1.0.5", "10.1.0.6"),
        ("access-list 7 permit host 10.1.0.5 log\n", "10.1.0.5", "10.1.0.6"),
        ("access-list 1301 deny 10.1.0.0 0.0.0.255\naccess-list 1301 permit any\n", "10.1.1.5", "10.1.0.6"),
        ("access-list 2000 permit tcp 10.1.0.5 0.0.0.0 any gt 79\n", "10.1.0.5", "10.1.0.6"),
        ("ip access-list standard N\n permit 10.1.0.4 0.0.0.1\n", "10.1.0.5", "10.1.0.6"),
        ("ip access-list extended N\n permit tcp 10.1.0.5 0.255.0.0 any\n deny any\n", "10.1.0.5", "10.1.0.6"),
        ("ip access-list extended N\n deny ip any any\n no 10\n permit ip host 10.1.0.5 any\n", "10.1.0.5", "10.1.0.6"),
        ("access-list 9 deny any\nno access-list 9\naccess-list 9 permit 10.1.0.5\n", "10.1.0.5", "10.1.0.6"),
        (
            "ip access-list extended N\npermit tcp host 10.1.0.5 any eq 80 log COOKIE\ndeny ip any any log-input\n",
            "10.1.0.5",
            "10.1.0.6",
        ),
    ],
)
def test_every_form_of_a_list(entries: str, open_: str, shut: str) -> None:
    name = next(word for word in entries.split() if word.isdecimal() or word == "N")
    text = SMALL.replace("group L in", f"group {name} in") + entries
    found = device("ios", text)
    assert told(found, text, f"{open_} > 10.2.0.9 tcp/80")[0] == "permitted"
    assert told(found, text, f"{shut} > 10.2.0.9 tcp/80")[0] == "blocked"


def test_a_wildcard_with_too_many_holes_is_not_decided() -> None:
    text = "access-list 101 permit ip 10.1.0.0 170.170.170.170 any\n"
    one = answer(device("ios", text), "10.1.0.5", "10.2.0.9", "tcp/80")
    assert (one.verdict, "so many holes" in one.reason) == ("cannot-tell", True)


SIX = """\
interface Gi0
 ip address 10.1.0.1 255.255.0.0
 ipv6 address 2001:db8:1::1/64
 ip access-group 101 in
 ipv6 traffic-filter L in
interface Gi1
 ip address 10.2.0.1 255.255.0.0
 ipv6 address 2001:db8:2::1/64
 ip access-group 101 in
ipv6 access-list L
 permit tcp any host 2001:db8:2::5 eq 443
 sequence 5 deny tcp host 2001:db8:1::66 any
access-list 101 permit tcp any any eq 22
"""


@pytest.mark.parametrize(
    ("question", "verdict", "line"),
    [
        ("2001:db8:1::9 > 2001:db8:2::5 tcp/443", "permitted", "permit tcp any host 2001:db8:2::5 eq 443"),
        ("2001:db8:1::66 > 2001:db8:2::5 tcp/443", "blocked", "sequence 5 deny"),
        ("2001:db8:1::9 > 2001:db8:2::5 tcp/22", "blocked", "ipv6 traffic-filter L in"),
        ("10.1.0.9 > 10.2.0.5 tcp/443", "blocked", "ip access-group 101 in"),
        ("10.1.0.9 > 10.2.0.5 tcp/22", "permitted", "access-list 101"),
        ("2001:db8:2::9 > 2001:db8:1::5 tcp/25", "permitted", "ip access-group 101 in"),
    ],
)
def test_each_family_meets_its_own_list(question: str, verdict: str, line: str) -> None:
    found = told(device("ios", SIX), SIX, question)
    assert found[0] == verdict
    assert line in found[1]


ZONES = """\
hostname zbf
class-map type inspect match-any WEB
 match protocol http
 match protocol https
class-map type inspect match-all WEB-TO-SERVER
 match class-map WEB
 match access-group name SERVER
class-map type inspect match-any ODD
 match protocol skype
class-map type inspect match-all DROPPED
 match access-group 150
policy-map type inspect OUT-DMZ
 class type inspect DROPPED
  drop log
 class type inspect WEB-TO-SERVER
  inspect
 class class-default
  drop
policy-map type inspect IN-OUT
 class type inspect ODD
  drop
 class type inspect WEB
  inspect
 class class-default
  pass
policy-map type inspect TO-SELF
 class type inspect ADMIN
  pass
class-map type inspect match-all ADMIN
 match access-group name ADMIN
zone security IN
zone security OUT
zone security DMZ
zone-pair security a source OUT destination DMZ
 service-policy type inspect OUT-DMZ
zone-pair security b source IN destination OUT
 service-policy type inspect IN-OUT
zone-pair security c source OUT destination self
 service-policy type inspect TO-SELF
zone-pair security d source DMZ destination OUT
interface Gi0
 ip address 203.0.113.2 255.255.255.0
 zone-member security OUT
 ip nat outside
interface Gi1
 ip address 10.1.0.1 255.255.0.0
 zone-member security IN
 ip nat inside
interface Gi2
 ip address 10.2.0.1 255.255.0.0
 zone-member security IN
interface Gi3
 ip address 10.9.0.1 255.255.255.0
 zone-member security DMZ
 ip nat inside
interface Gi4
 ip address 10.5.0.1 255.255.0.0
interface Gi5
 ip address 10.6.0.1 255.255.0.0
ip route 0.0.0.0 0.0.0.0 203.0.113.1
ip nat inside source static 10.9.0.5 203.0.113.5
ip access-list extended SERVER
 deny ip host 198.51.100.66 any
 permit ip any host 10.9.0.5
ip access-list extended ADMIN
 permit tcp host 198.51.100.9 any eq 22
access-list 150 permit ip host 198.51.100.77 any
"""


@pytest.mark.parametrize(
    ("question", "verdict", "line"),
    [
        ("198.51.100.1 > 203.0.113.5 tcp/443", "permitted", "permit ip any host 10.9.0.5"),
        ("198.51.100.1 > 10.9.0.5 tcp/80", "permitted", "permit ip any host 10.9.0.5"),
        ("198.51.100.1 > 10.9.0.5 tcp/22", "blocked", "class class-default"),
        ("198.51.100.66 > 10.9.0.5 tcp/80", "blocked", "class class-default"),
        ("198.51.100.77 > 10.9.0.5 tcp/80", "blocked", "access-list 150 permit"),
        ("10.1.0.4 > 198.51.100.1 tcp/80", "cannot-tell", "class type inspect ODD"),
        ("198.51.100.1 > 10.1.0.4 tcp/80", "blocked", "zone security IN"),
        ("10.1.0.4 > 10.2.0.4 tcp/80", "permitted", "zone security IN"),
        ("10.1.0.4 > 10.9.0.4 tcp/80", "blocked", "zone security IN"),
        ("10.9.0.4 > 198.51.100.1 tcp/80", "blocked", "zone-pair security d"),
        ("10.5.0.4 > 10.6.0.4 tcp/80", "permitted", "zone security IN"),
        ("10.5.0.4 > 10.1.0.4 tcp/80", "blocked", "zone security IN"),
        ("10.1.0.4 > 10.5.0.4 tcp/80", "blocked", "zone security IN"),
        ("198.51.100.9 > 203.0.113.2 tcp/22", "permitted", "permit tcp host 198.51.100.9"),
        ("198.51.100.8 > 203.0.113.2 tcp/22", "blocked", "zone-pair security c"),
        ("10.1.0.4 > 203.0.113.2 tcp/22", "permitted", "interface Gi0"),
    ],
)
def test_zones_pass_what_their_pair_s_policy_says(question: str, verdict: str, line: str) -> None:
    found = told(device("ios", ZONES), ZONES, question)
    assert found[0] == verdict
    assert line in found[1]


def test_an_application_is_told_by_its_port_unless_that_is_changed() -> None:
    plain = ZONES.replace(" class type inspect ODD\n  drop\n", "")
    for text, verdict in ((plain, "permitted"), (plain.replace("  pass", "  drop", 1), "permitted")):
        assert told(device("ios", text), text, "10.1.0.4 > 198.51.100.1 tcp/80")[0] == verdict
    shut = plain.replace("class class-default\n  pass", "class class-default\n  drop")
    assert told(device("ios", shut), shut, "10.1.0.4 > 198.51.100.1 tcp/25")[0] == "blocked"
    moved = shut + "ip port-map http port tcp 8080\n"
    assert told(device("ios", moved), moved, "10.1.0.4 > 198.51.100.1 tcp/25")[0] == "cannot-tell"


def test_the_default_zone_has_the_interfaces_that_are_in_none() -> None:
    text = ZONES.replace("zone security IN\n", "zone security IN\nzone security default\n")
    text += "zone-pair security e source default destination IN\n service-policy type inspect ALL\npolicy-map type inspect ALL\n class class-default\n  pass\n"
    assert told(device("ios", text), text, "10.5.0.4 > 10.1.0.4 tcp/80")[0] == "permitted"
    assert told(device("ios", text), text, "10.5.0.4 > 10.6.0.4 tcp/80")[0] == "permitted"


VRF = """\
interface Gi0
 vrf forwarding RED
 ip address 10.1.0.1 255.255.0.0
interface Gi1
 vrf forwarding RED
 ip address 10.2.0.1 255.255.0.0
interface Gi2
 ip address 10.3.0.1 255.255.0.0
"""


def test_tables_of_routes_are_apart_unless_something_may_lead_across() -> None:
    found = device("ios", VRF)
    assert told(found, VRF, "10.1.0.9 > 10.2.0.9 tcp/80")[0] == "permitted"
    assert told(found, VRF, "10.1.0.9 > 10.3.0.9 tcp/80") == ("blocked", "vrf forwarding RED")
    assert told(found, VRF, "10.3.0.9 > 10.1.0.9 tcp/80")[0] == "blocked"
    leaking = "vrf definition RED\n route-target import 1:1\n" + VRF
    assert told(device("ios", leaking), leaking, "10.1.0.9 > 10.3.0.9 tcp/80")[0] == "cannot-tell"


def test_a_list_on_the_way_out_of_a_translating_interface_is_left_open() -> None:
    text = EDGE.replace(" ip access-group OUTSIDE-IN in\n", " ip access-group OUTSIDE-IN in\n ip access-group 20 out\n")
    one = answer(device("ios", text), "10.1.4.4", "198.51.100.1", "tcp/80")
    assert (one.verdict, "sources are translated before" in one.reason) == ("cannot-tell", True)
    assert (
        answer(device("ios", text), "10.8.0.4", "198.51.100.1", "tcp/80").verdict == "blocked"
    )  # of no inside interface


@pytest.mark.parametrize(
    ("line", "sent", "got"),
    [
        ("ip nat inside source static 10.9.0.5 203.0.113.5", "203.0.113.5 tcp/22", "10.9.0.5 22"),
        (
            "ip nat inside source static tcp 10.9.0.5 22 203.0.113.5 2222 extendable",
            "203.0.113.5 tcp/2222",
            "10.9.0.5 22",
        ),
        ("ip nat inside source static tcp 10.9.0.5 22 interface Gi0 2222", "203.0.113.2 tcp/2222", "10.9.0.5 22"),
        ("ip nat inside source static network 10.9.0.0 198.18.0.0 /24", "198.18.0.5 tcp/22", "10.9.0.5 22"),
        ("ip nat inside source list 1 interface Gi0 overload", "203.0.113.2 tcp/22", ""),
        ("ip nat inside source static 10.9.0.5 203.0.113.5 route-map RM", "203.0.113.5 tcp/22", "10.9.0.5 22"),
    ],
)
def test_translations_lead_where_the_router_takes_them(line: str, sent: str, got: str) -> None:
    text = f"""\
interface Gi0
 ip address 203.0.113.2 255.255.255.0
 ip nat outside
interface Gi1
 ip address 10.9.0.1 255.255.255.0
 ip nat inside
ip route 0.0.0.0 0.0.0.0 203.0.113.1
{line}
"""
    one = answer(device("ios", text), "198.51.100.9", *sent.split())
    if "route-map" in line:
        assert (one.verdict, "route-map RM" in one.reason) == ("cannot-tell", True)
    else:
        assert (f"{one.translated.dst} {one.translated.dport}" if one.translated else "") == got


BARE = "ip access-list extended L\n permit tcp any host 10.1.0.5 eq 443\n deny ip any any\n"


def test_a_list_by_itself_is_asked_as_it_stands() -> None:
    assert told(device("ios", BARE), BARE, "8.8.8.8 > 10.1.0.5 tcp/443")[0] == "permitted"
    assert told(device("ios", BARE), BARE, "8.8.8.8 > 10.1.0.5 tcp/22")[0] == "blocked"
    two = BARE + "access-list 150 permit ip any any\n"
    assert "say which with --chain: 150, L" in answer(device("ios", two), "8.8.8.8", "10.1.0.5", "tcp/22").reason


@pytest.mark.parametrize(
    "line",
    [
        "permit tcp any",
        "permit blorp any any",
        "permit tcp any any eq sorcery",
        "permit tcp any any eq 80 wonder",
        "allow ip any any",
    ],
)
def test_an_entry_that_is_not_understood_leaves_open_what_stands_behind_it(line: str) -> None:
    text = f"ip access-list extended L\n permit tcp any any eq 443\n {line}\n deny ip any any\n"
    found = device("ios", text)
    assert answer(found, "8.8.8.8", "10.1.0.5", "tcp/22").verdict == "cannot-tell"
    assert answer(found, "8.8.8.8", "10.1.0.5", "tcp/443").verdict == "permitted"


def test_a_number_that_two_entries_have_is_not_decided() -> None:
    text = "ip access-list extended L\n 10 permit tcp any any eq 443\n 10 deny ip any any\n 20 permit ip any any\n"
    assert answer(device("ios", text), "8.8.8.8", "10.1.0.5", "tcp/443").verdict == "permitted"
    assert answer(device("ios", text), "8.8.8.8", "10.1.0.5", "tcp/22").verdict == "cannot-tell"


def test_an_undefined_group_may_hold_anything() -> None:
    text = "ip access-list extended L\n deny ip object-group GONE any\n permit ip any any\n"
    assert answer(device("ios", text), "8.8.8.8", "10.1.0.5", "tcp/22").verdict == "cannot-tell"


def test_what_hangs_on_a_binding_that_is_misspelt_is_left_open() -> None:
    text = SMALL.replace("ip access-group L in", "ip acces-group L in") + BARE
    found = device("ios", text)
    assert [one.line for one in found.unread] == [3]
    assert answer(found, "10.1.0.9", "10.2.0.9", "tcp/80").verdict == "cannot-tell"


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("Building configuration...\nversion 15.1\ninterface Gi0\n ip address 10.0.0.1 255.0.0.0\n", "does not end with 'end'", 5),
        ("!Command: show running-config\nversion 7.0(3)\nfeature ospf\n", "NX-OS", 1),
        ("hostname a\nipv4 access-list L\n 10 permit ipv4 any any\n", "IOS XR", 2),
        ("access-list 101 permit tcp any host 300.1.1.1\n", "'300.1.1.1' is not an address", 1),
        ("access-list 101 permit tcp any any eq 70000\n", "'70000' is not a port", 1),
        ("ip access-list extended L\n permit tcp any any range 90 80\n", "'90 80' is not a range of ports", 2),
        ("object-group network A\n group-object B\nobject-group network B\n group-object A\n"
         "ip access-list extended L\n permit ip object-group A any\n", "groups hold each other: A -> B -> A", 1),
        ("hostname a\nbanner motd ^C\nhello\n", "ends inside a banner", 2),
        ("Extended IP access list 101\n    10 permit tcp any any eq www (5 matches)\n", "add show running-config", 0),
        ("hostname a\n--More-- \nhostname b\n", "cut by a pager", 2),
    ],
)  # fmt: skip
def test_what_cannot_be_one_whole_configuration_is_refused(text: str, says: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        device("ios", text)
    assert says in str(caught.value)
    assert caught.value.place.line == line


def test_hits_come_from_show_access_lists() -> None:
    hits = "Extended IP access list OUTSIDE-IN\n    10 permit tcp any host 203.0.113.5 eq 8443 (57 matches)\n    15 deny tcp host 198.51.100.40 any (1 match)\n"
    rules = {r.origin.vendor_id: r for r in device("ios", EDGE, hits).chains["OUTSIDE-IN"].steps if isinstance(r, Rule)}
    assert [rules[f"OUTSIDE-IN {n}"].hits for n in (10, 15, 20)] == [57, 1, None]


def test_banners_certificates_and_prompts_are_no_rules() -> None:
    text = EDGE.replace(
        "line con 0", "banner motd ^C\naccess-list 110 permit ip any any\n^C\ncrypto pki certificate chain X\n certificate self-signed 01\n  30820330 30820218\n  \tquit\nline con 0"
    )  # fmt: skip
    text = "edge-r#show running-config\n" + text + "edge-r#\n"
    found = device("ios", text)
    assert found.unread == ()
    assert told(found, text, "10.1.5.4 > 10.9.0.77 tcp/22")[0] == "blocked"


def test_no_secret_of_a_configuration_stays() -> None:
    text = EDGE.replace("hostname edge-r", "\n".join((
        "hostname edge-r", "username ops password 7 094F471A1A0A", "snmp-server community Hush-Hush RO", "tacacs-server key 7 0822455D0A16",
        "crypto isakmp key Sup3rKey99 address 198.51.100.1", "unheard-of password Sup3rKey99", "unheard-of community Hush-Hush",
        "wonder key 7 094F471A1A0A",
    ))).replace("remark the council's web site", "remark password Sup3rKey99 for the web site")  # fmt: skip
    found = repr(device("ios", text))
    for secret in ("094F471A1A0A", "Hush-Hush", "0822455D0A16", "Sup3rKey99", "9cTjUIEqNGurQiFUZeCi1x"):
        assert secret not in found
    assert len(device("ios", text).unread) == 3


QUESTIONS = (
    "198.51.100.1 > 203.0.113.5 tcp/8443", "198.51.100.40 > 203.0.113.6 tcp/80", "198.51.100.9 > 203.0.113.6 tcp/22",
    "198.51.100.2 > 203.0.113.6 tcp/99", "10.1.4.4 > 10.9.0.77 tcp/22", "10.1.5.4 > 10.9.0.77 tcp/22", "10.9.0.7 > 198.51.100.1 tcp/80",
    "10.9.0.6 > 198.51.100.1 tcp/80",
)  # fmt: skip
WHOLE = {question: told(device("ios", EDGE), EDGE, question)[0] for question in QUESTIONS}
BACKUP = EDGE.partition("!\n")[2]


@settings(max_examples=80, deadline=None)
@given(at=st.integers(20, len(BACKUP) - 6), header=st.booleans())
def test_a_text_that_is_cut_permits_nothing_that_the_whole_does_not(at: int, header: bool) -> None:
    text = EDGE.partition("!\n")[0] + BACKUP[:at] if header else BACKUP[:at]
    try:
        found = device("ios", text)
    except InputError:
        return
    assert not header
    for question in QUESTIONS:
        if told(found, text, question)[0] in ("permitted", "partly"):
            assert WHOLE[question] in ("permitted", "partly"), (text[-80:], question)


ENTRIES = [
    n
    for n, line in enumerate(EDGE.split("\n"))
    if line.lstrip().startswith(("access-list 1", "10 p", "15", "permit", "deny", "ip access-group"))
]


@settings(max_examples=60, deadline=None)
@given(
    number=st.sampled_from(ENTRIES), what=st.sampled_from(("ip any any", "tcp any any eq 443", "ip host 10.1.4.4 any"))
)
def test_one_deny_more_opens_nothing(number: int, what: str) -> None:
    lines = EDGE.split("\n")
    before = lines[number]
    if before.startswith("access-list 110"):
        more = f"access-list 110 deny {what}"
    elif before.startswith(" permit"):
        more = f" deny {what}"
    else:
        return
    text = "\n".join((*lines[:number], more, *lines[number:]))
    found = device("ios", text)
    for question in QUESTIONS:
        if told(found, text, question)[0] != "blocked":
            assert WHOLE[question] != "blocked", question


@settings(max_examples=60, deadline=None)
@given(number=st.sampled_from(ENTRIES), at=st.integers(0, 9), word=st.sampled_from(("blorp", "prmit", "(")))
def test_a_mangled_line_permits_nothing_that_the_whole_does_not(number: int, at: int, word: str) -> None:
    lines = EDGE.split("\n")
    indent = lines[number][: len(lines[number]) - len(lines[number].lstrip())]
    words = lines[number].split()
    at = at % len(words)
    if words[0] == "remark" or (words[0] in ("access-list", "ip") and at == 1) or (words[0] == "ip" and at == 2):
        return  # another name is another list
    words[at] = word
    text = "\n".join((*lines[:number], indent + " ".join(words), *lines[number + 1 :]))
    try:
        found = device("ios", text)
    except InputError:
        return
    for question in QUESTIONS:
        if told(found, text, question)[0] in ("permitted", "partly"):
            assert WHOLE[question] in ("permitted", "partly"), (lines[number], text.split("\n")[number], question)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (EDGE, "ios"), (BARE, "ios"), (SIX, "ios"), (ZONES, "ios"), (VRF, "ios"), ("access-list 10 permit 10.0.0.0 0.0.0.255\n", "ios"),
        ("ipv6 access-list L\n permit ipv6 any any\n", "ios"), ("access-list 101 extended permit ip any any\n", "asa"),
        ("*filter\n:FORWARD DROP [0:0]\nCOMMIT\n", "iptables"), ("config system global\n set hostname a\nend\n", "fortigate"),
        ("some words about access-list and the like\n", ""),
    ],
)  # fmt: skip
def test_a_router_is_told_by_its_text(text: str, kind: str) -> None:
    assert recognise([config(text)]).kind == kind
