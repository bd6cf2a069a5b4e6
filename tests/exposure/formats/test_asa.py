"""An ASA's configuration: which line of it decides, what it leaves open, and what is refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.exposure.formats import recognise
from secscan.model.errors import InputError
from secscan.model.net import Rule
from tests.exposure.formats.cisco_text import answer, config, device, line_of, told

EDGE = """\
: Saved
:
ASA Version 9.8(2)
!
hostname edge
enable password 9jNfZuG3TC5tCVH0 encrypted
names
name 10.1.1.50 fileserver description old files
!
interface GigabitEthernet0/0
 nameif outside
 security-level 0
 ip address 203.0.113.2 255.255.255.0 standby 203.0.113.3
!
interface GigabitEthernet0/1
 nameif inside
 security-level 100
 ip address 10.1.0.1 255.255.0.0
!
interface GigabitEthernet0/2
 no nameif
 no ip address
!
interface GigabitEthernet0/2.30
 vlan 30
 nameif dmz
 security-level 50
 ip address 10.9.0.1 255.255.255.0
!
interface GigabitEthernet0/2.40
 vlan 40
 nameif partner
 security-level 50
 ip address 10.8.0.1 255.255.255.0
!
interface GigabitEthernet0/3
 shutdown
 nameif spare
 security-level 10
 ip address 10.7.0.1 255.255.255.0
!
interface Management0/0
 management-only
 nameif manage
 security-level 100
 ip address 10.250.0.1 255.255.255.0
!
object network WEB
 host 10.9.0.5
object network MAIL
 host 10.9.0.25
object network LATE
 fqdn v4 updates.example.net
object service ALT
 service tcp destination range 8080 8090
object-group network ADMINS
 network-object host 198.51.100.9
 network-object 198.51.100.32 255.255.255.224
object-group network ALL-ADMINS
 group-object ADMINS
 network-object host 198.51.100.200
object-group service WEBPORTS tcp
 port-object eq www
 port-object eq https
object-group service MIXED
 service-object tcp destination eq 5222
 service-object udp destination range 19302 19309
 service-object object ALT
object-group protocol TCPUDP
 protocol-object udp
 protocol-object tcp
object-group icmp-type PINGS
 icmp-object echo
access-list outside_in remark the council's web site
access-list outside_in extended permit tcp any object WEB object-group WEBPORTS
access-list outside_in extended deny tcp host 198.51.100.40 object WEB eq ssh
access-list outside_in extended permit tcp object-group ALL-ADMINS object WEB eq ssh
access-list outside_in extended permit object-group MIXED any host 10.9.0.7
access-list outside_in extended permit object-group TCPUDP any host 10.9.0.7 eq domain
access-list outside_in extended permit icmp any any object-group PINGS
access-list outside_in extended permit tcp any host 10.9.0.8 eq 1000 inactive
access-list outside_in extended permit tcp any host 10.9.0.8 eq 1001 time-range NIGHTS
access-list outside_in extended permit tcp user COUNCIL\\ops any host 10.9.0.8 eq 1002
access-list outside_in extended permit tcp any host 10.9.0.8 neq 22
access-list outside_in extended permit tcp any gt 1023 host 10.9.0.9 lt 1024 log warnings interval 600
access-list outside_in extended permit tcp any host fileserver eq cifs
access-list outside_in extended permit tcp object LATE host 10.9.0.10 eq 443
access-list outside_in extended deny ip any any log
access-list partner_in extended permit ip any any
access-list partner_out extended permit tcp any any eq 443
access-list partner_out extended permit tcp any any eq 22
access-list SPLIT standard permit 10.1.0.0 255.255.0.0
!
object network WEB
 nat (dmz,outside) static 203.0.113.5
object network MAIL
 nat (dmz,outside) static interface service tcp smtp 2525
!
nat (inside,outside) after-auto source dynamic any interface
access-group outside_in in interface outside
access-group partner_in in interface partner
access-group partner_out out interface partner
route outside 0.0.0.0 0.0.0.0 203.0.113.1 1
route inside 172.16.0.0 255.240.0.0 10.1.0.254 1
ssh 10.1.0.0 255.255.0.0 inside
http server enable
http 10.1.9.0 255.255.255.0 inside
group-policy P attributes
 split-tunnel-network-list value SPLIT
Cryptochecksum:d41d8cd98f00b204e9800998ecf8427e
: end
"""


@pytest.mark.parametrize(
    ("question", "verdict", "line"),
    [
        # objects, groups and ports of every form
        ("198.51.100.1 > 10.9.0.5 tcp/443", "permitted", "permit tcp any object WEB object-group WEBPORTS"),
        ("198.51.100.1 > 10.9.0.5 tcp/8443", "blocked", "access-list outside_in extended deny ip any any log"),
        ("198.51.100.9 > 10.9.0.5 tcp/22", "permitted", "object-group ALL-ADMINS object WEB"),
        ("198.51.100.200 > 10.9.0.5 tcp/22", "permitted", "object-group ALL-ADMINS object WEB"),
        ("198.51.100.40 > 10.9.0.5 tcp/22", "blocked", "deny tcp host 198.51.100.40"),
        ("198.51.100.41 > 10.9.0.7 tcp/8085", "permitted", "object-group MIXED"),
        ("198.51.100.41 > 10.9.0.7 udp/53", "permitted", "object-group TCPUDP"),
        ("198.51.100.41 > 10.9.0.8 tcp/443", "permitted", "neq 22"),
        ("198.51.100.41 > 10.9.0.8 tcp/22", "blocked", "deny ip any any log"),
        ("198.51.100.41 > 10.9.0.9 tcp/443", "permitted", "lt 1024"),
        # levels, where no list is bound
        ("10.1.4.4 > 10.9.0.5 tcp/443", "permitted", "security-level 100"),
        ("10.1.4.4 > 10.8.0.5 tcp/443", "permitted", "access-list partner_out extended permit tcp any any eq 443"),
        ("10.1.4.4 > 10.8.0.5 tcp/80", "blocked", "access-group partner_out out interface partner"),
        ("10.1.4.4 > 198.51.100.1 tcp/25", "permitted", "security-level 100"),
        ("172.20.1.1 > 198.51.100.1 tcp/25", "permitted", "security-level 100"),
        ("10.9.0.5 > 10.1.4.4 tcp/25", "blocked", "security-level 50"),
        ("10.9.0.5 > 10.8.0.4 tcp/25", "blocked", "security-level 50"),
        ("10.9.0.5 > 198.51.100.1 tcp/25", "permitted", "security-level 50"),
        # a bound list does not lift what the device refuses itself
        ("10.8.0.4 > 10.1.4.4 tcp/25", "permitted", "access-list partner_in"),
        ("10.8.0.4 > 10.9.0.4 tcp/443", "blocked", "security-level 50"),
        ("10.1.4.4 > 172.16.0.9 tcp/25", "blocked", "security-level 100"),
        ("10.250.0.9 > 10.9.0.4 tcp/443", "blocked", "management-only"),
        ("10.8.0.9 > 10.250.0.4 tcp/443", "blocked", "management-only"),
        # what is not decidable
        ("198.51.100.41 > 10.9.0.10 tcp/443", "cannot-tell", "object LATE"),
        # to the device
        ("10.1.4.4 > 10.1.0.1 tcp/22", "permitted", "ssh 10.1.0.0"),
        ("10.9.0.4 > 10.9.0.1 tcp/22", "blocked", "ssh 10.1.0.0"),
        ("10.1.4.4 > 203.0.113.2 tcp/22", "blocked", "interface GigabitEthernet0/0"),
        ("10.1.9.4 > 10.1.0.1 tcp/443", "permitted", "http 10.1.9.0"),
        ("10.1.4.4 > 10.1.0.1 tcp/9999", "cannot-tell", "interface GigabitEthernet0/0"),
        # by the name of a side
        ("outside > 10.9.0.9 tcp/22", "permitted", "lt 1024"),
    ],
)
def test_a_whole_configuration_answers_by_its_lines(question: str, verdict: str, line: str) -> None:
    found = told(device("asa", EDGE), EDGE, question)
    assert found[0] == verdict
    assert line in found[1]


def test_an_entry_that_is_off_or_hangs_on_the_time_or_on_users() -> None:
    text = EDGE.replace("access-list outside_in extended permit tcp any host 10.9.0.8 neq 22\n", "")
    found = device("asa", text)
    assert told(found, text, "8.8.8.8 > 10.9.0.8 tcp/1000") == (
        "blocked",
        "access-list outside_in extended deny ip any any log",
    )
    assert answer(found, "8.8.8.8", "10.9.0.8", "tcp/1001").reason.endswith("it hangs on the time (time-range NIGHTS)")
    assert answer(found, "8.8.8.8", "10.9.0.8", "tcp/1002").reason.endswith("it hangs on who sends (user COUNCIL\\ops)")
    assert told(found, text, "8.8.8.8 > 10.9.0.7 tcp/8085")[0] == "permitted"
    assert told(found, text, "8.8.8.8 > 10.9.0.7 udp/19305")[0] == "permitted"
    assert told(found, text, "8.8.8.8 > 10.9.0.7 udp/53")[0] == "permitted"


def test_a_static_translation_is_followed_to_the_real_address() -> None:
    found = device("asa", EDGE)
    web = answer(found, "198.51.100.1", "203.0.113.5", "tcp/443")
    assert (web.verdict, web.translated and (web.translated.dst, web.translated.dport)) == (
        "permitted",
        ("10.9.0.5", 443),
    )
    assert web.translated is not None and web.translated.by.line == line_of(EDGE, "static 203.0.113.5")
    text = EDGE.replace("eq 443\naccess-list partner_out", "eq 25\naccess-list partner_out").replace(
        "access-list outside_in remark",
        "access-list outside_in extended permit tcp any object MAIL eq smtp\naccess-list outside_in remark",
    )
    mail = answer(device("asa", text), "198.51.100.1", "203.0.113.2", "tcp/2525")
    assert mail.translated is not None
    assert (mail.verdict, mail.translated.dst, mail.translated.dport) == ("permitted", "10.9.0.25", 25)


def test_rules_carry_their_place_remark_and_objects() -> None:
    rules = {r.origin.vendor_id: r for r in device("asa", EDGE).chains["outside_in"].steps if isinstance(r, Rule)}
    web, admins = rules["outside_in line 2"], rules["outside_in line 4"]
    assert (web.reason, web.origin.name, web.origin.line) == (
        "the council's web site", "the council's web site", line_of(EDGE, "object-group WEBPORTS"),
    )  # fmt: skip
    assert admins.reason is None
    assert admins.origin.objects == ("ALL-ADMINS", "ADMINS", "WEB")
    assert rules["outside_in line 8"].enabled is False
    assert not rules["outside_in line 6"].src.v6  # its destination is IPv4


def test_a_list_that_a_tunnel_names_is_no_filter_of_its_own() -> None:
    found = device("asa", EDGE)
    assert "SPLIT" not in found.chains
    assert {chain.name for chain, rule in found.rules() if not rule.implied} == {
        "outside_in",
        "partner_in",
        "partner_out",
    }
    assert (found.version, found.unread, found.warnings) == ("ASA Version 9.8(2)", (), ())


SIDES = """\
ASA Version {version}
interface Ethernet0
 nameif outside
 security-level 0
 ip address 203.0.113.2 255.255.255.0
interface Ethernet1
 nameif inside
 security-level 100
 ip address 10.1.0.1 255.255.0.0
route outside 0 0 203.0.113.1 1
"""
CLASSIC = (
    SIDES.format(version="8.2(5)")
    + """\
static (inside,outside) 203.0.113.5 10.1.0.5 netmask 255.255.255.255
static (inside,outside) tcp interface 8080 10.1.0.6 80 netmask 255.255.255.255
nat (inside) 0 access-list EXEMPT
nat (inside) 1 10.1.0.0 255.255.0.0
global (outside) 1 interface
access-list EXEMPT extended permit ip 10.1.0.0 255.255.0.0 10.2.0.0 255.255.0.0
access-list outside_in extended permit tcp any host 203.0.113.5 eq 443
access-list outside_in extended permit tcp any host 203.0.113.2 eq 8080
access-group outside_in in interface outside
"""
)


def test_before_8_3_lists_name_the_address_that_was_sent_to() -> None:
    found = device("asa", CLASSIC)
    assert told(found, CLASSIC, "8.8.8.8 > 203.0.113.5 tcp/443") == (
        "permitted",
        "access-list outside_in extended permit tcp any host 203.0.113.5 eq 443",
    )
    assert told(found, CLASSIC, "8.8.8.8 > 10.1.0.5 tcp/443")[0] == "permitted"
    one = answer(found, "8.8.8.8", "203.0.113.2", "tcp/8080")
    assert one.translated is not None and (one.verdict, one.translated.dst, one.translated.dport) == (
        "permitted",
        "10.1.0.6",
        80,
    )
    since = CLASSIC.replace("8.2(5)", "8.3(1)")
    assert told(device("asa", since), since, "8.8.8.8 > 203.0.113.5 tcp/443")[0] == "blocked"


def test_without_a_version_the_way_translations_are_written_tells() -> None:
    old = CLASSIC.replace("ASA Version 8.2(5)\n", "")
    assert told(device("asa", old), old, "8.8.8.8 > 203.0.113.5 tcp/443")[0] == "permitted"
    new = EDGE.replace(": Saved\n:\nASA Version 9.8(2)\n", "")
    assert told(device("asa", new), new, "8.8.8.8 > 203.0.113.5 tcp/443")[0] == "permitted"


def test_before_8_3_a_list_on_the_way_out_sees_translated_sources_and_is_left_open() -> None:
    text = (
        CLASSIC
        + "access-list out extended permit tcp host 203.0.113.2 any eq 443\naccess-group out out interface outside\n"
    )
    one = answer(device("asa", text), "10.1.0.9", "8.8.8.8", "tcp/443")
    assert (one.verdict, "names sources as they were translated" in one.reason) == ("cannot-tell", True)


GLOBAL = SIDES.format(version="9.9") + """\
access-list G extended permit tcp any any eq 123
access-list I extended permit tcp any any eq 22
access-list I extended deny tcp any any eq 123
access-group G global
"""  # fmt: skip


def test_the_global_list_stands_behind_the_interface_s_and_in_place_of_the_levels() -> None:
    found = device("asa", GLOBAL)
    assert told(found, GLOBAL, "10.1.0.9 > 203.0.113.9 tcp/123") == (
        "permitted",
        "access-list G extended permit tcp any any eq 123",
    )
    assert told(found, GLOBAL, "10.1.0.9 > 203.0.113.9 tcp/80") == ("blocked", "access-group G global")
    both = GLOBAL + "access-group I in interface outside\n"
    found = device("asa", both)
    assert told(found, both, "203.0.113.9 > 10.1.0.9 tcp/22") == (
        "permitted",
        "access-list I extended permit tcp any any eq 22",
    )
    assert told(found, both, "203.0.113.9 > 10.1.0.9 tcp/123") == (
        "blocked",
        "access-list I extended deny tcp any any eq 123",
    )
    assert told(found, both, "203.0.113.9 > 10.1.0.9 tcp/80") == ("blocked", "access-group G global")
    assert told(found, both, "10.1.0.9 > 203.0.113.9 tcp/123")[0] == "permitted"


LEVELS = """\
ASA Version 9.9
interface Ethernet0
 nameif a
 security-level 50
 ip address 10.1.0.1 255.255.0.0
interface Ethernet1
 nameif b
 security-level 50
 ip address 10.2.0.1 255.255.0.0
"""


@pytest.mark.parametrize(
    ("more", "between", "back"),
    [
        ("", "blocked", "blocked"),
        ("same-security-traffic permit inter-interface\n", "permitted", "blocked"),
        ("same-security-traffic permit intra-interface\n", "blocked", "permitted"),
    ],
)
def test_equal_levels_and_the_way_back_need_leave(more: str, between: str, back: str) -> None:
    route = "route a 10.5.0.0 255.255.0.0 10.1.0.9 1\n"
    bound = "access-list L extended permit ip any any\naccess-group L in interface a\n"
    for text in (LEVELS + route + more, LEVELS + route + more + bound):
        found = device("asa", text)
        assert told(found, text, "10.1.0.5 > 10.2.0.5 tcp/80")[0] == between
        assert told(found, text, "10.1.0.5 > 10.5.0.5 tcp/80")[0] == back


TWICE = SIDES.format(version="9.9") + """\
object network REAL
 subnet 10.1.7.0 255.255.255.0
object network MAPPED
 subnet 203.0.113.0 255.255.255.128
object network FIVE
 host 10.1.7.5
object network FIVE-OUT
 host 203.0.113.77
object network PEER
 host 198.51.100.9
object service HTTPS-IN
 service tcp source eq 443
object service HTTPS-OUT
 service tcp source eq 8443
object-group network PAIR
 network-object host 10.1.7.9
 network-object host 10.1.7.8
object-group network PAIR-OUT
 network-object host 203.0.113.90
 network-object host 203.0.113.91
access-list in extended permit ip any any
access-group in in interface outside
"""  # fmt: skip


@pytest.mark.parametrize(
    ("line", "sent", "got"),
    [
        ("nat (inside,outside) source static FIVE FIVE-OUT", "203.0.113.77 tcp/22", "10.1.7.5 22"),
        ("nat (any,any) source static FIVE FIVE-OUT no-proxy-arp", "203.0.113.77 tcp/22", "10.1.7.5 22"),
        (
            "nat (inside,outside) source static FIVE FIVE-OUT service HTTPS-IN HTTPS-OUT",
            "203.0.113.77 tcp/8443",
            "10.1.7.5 443",
        ),
        ("nat (inside,outside) source static FIVE FIVE-OUT service HTTPS-IN HTTPS-OUT", "203.0.113.77 tcp/443", ""),
        (
            "nat (inside,outside) source static FIVE FIVE-OUT destination static PEER PEER",
            "203.0.113.77 tcp/22",
            "10.1.7.5 22",
        ),
        ("nat (inside,outside) source static FIVE FIVE-OUT unidirectional", "203.0.113.77 tcp/22", ""),
        ("nat (inside,outside) source static FIVE FIVE-OUT inactive", "203.0.113.77 tcp/22", ""),
        ("nat (inside,outside) source dynamic FIVE FIVE-OUT", "203.0.113.77 tcp/22", ""),
        ("nat (inside,outside) source static PAIR PAIR-OUT", "203.0.113.90 tcp/22", "10.1.7.9 22"),
        ("nat (inside,outside) source static PAIR PAIR-OUT", "203.0.113.91 tcp/22", "10.1.7.8 22"),
        ("nat (inside,outside) after-auto source static FIVE FIVE-OUT", "203.0.113.77 tcp/22", "10.1.7.5 22"),
        ("object network FIVE\n nat (inside,outside) static FIVE-OUT", "203.0.113.77 tcp/22", "10.1.7.5 22"),
        (
            "object network FIVE\n nat (inside,outside) static 203.0.113.77 service tcp www 8080",
            "203.0.113.77 tcp/8080",
            "10.1.7.5 80",
        ),
        ("object network FIVE\n nat (inside,outside) dynamic 203.0.113.77", "203.0.113.77 tcp/22", ""),
    ],
)
def test_translations_lead_where_the_device_takes_them(line: str, sent: str, got: str) -> None:
    found = device("asa", TWICE + line + "\n")
    one = answer(found, "198.51.100.9", *sent.split())
    assert (f"{one.translated.dst} {one.translated.dport}" if one.translated else "") == got


def test_the_order_of_translations_is_twice_then_objects_then_after_auto() -> None:
    text = TWICE + """\
nat (inside,outside) after-auto source static PAIR FIVE-OUT
nat (inside,outside) source static FIVE MAPPED
object network REAL
 nat (inside,outside) static 203.0.113.128
object network FIVE
 nat (inside,outside) static FIVE-OUT
object network PEER
 nat (inside,outside) dynamic interface
"""  # fmt: skip
    names = [one.origin.name for one in device("asa", text).translations if one.kind == "src"]
    lines = [one.origin.line for one in device("asa", text).translations if one.kind == "src"]
    assert names == ["", "FIVE", "REAL", "PEER", ""]
    assert lines[0] == line_of(text, "source static FIVE MAPPED") and lines[-1] == line_of(text, "after-auto")


def test_an_identity_keeps_what_it_names_from_later_translations() -> None:
    text = (
        TWICE
        + "nat (inside,outside) source static FIVE FIVE destination static PEER PEER\nobject network FIVE\n nat (inside,outside) static FIVE-OUT\n"
    )
    found = device("asa", text)
    assert told(found, text, "198.51.100.9 > 10.1.7.5 tcp/22")[0] == "permitted"
    assert [one.none for one in found.translations if one.kind == "dst"] == [True, False]


def test_a_translation_that_is_not_understood_leaves_open_where_a_packet_goes() -> None:
    text = TWICE + "nat (inside,outside) source sideways FIVE FIVE-OUT\n"
    assert answer(device("asa", text), "198.51.100.9", "203.0.113.99", "tcp/22").verdict != "blocked"
    assert any(one.unknown for one in device("asa", text).translations)


OLDEST = """\
PIX Version 6.3(5)
interface ethernet0 auto
interface ethernet1 auto
nameif ethernet0 outside security0
nameif ethernet1 inside security100
ip address outside 203.0.113.2 255.255.255.0
ip address inside 10.1.0.1 255.255.0.0
access-list in permit tcp any host 203.0.113.5 eq www
access-group in in interface outside
static (inside,outside) 203.0.113.5 10.1.0.5 netmask 255.255.255.255 0 0
"""


def test_a_pix_of_old_is_read_too() -> None:
    found = device("asa", OLDEST)
    assert told(found, OLDEST, "8.8.8.8 > 203.0.113.5 tcp/80 in=outside") == (
        "permitted",
        "access-list in permit tcp any host 203.0.113.5 eq www",
    )
    assert told(found, OLDEST, "10.1.0.9 > 203.0.113.9 tcp/80")[0] == "permitted"
    assert told(found, OLDEST, "203.0.113.9 > 10.1.0.9 tcp/80")[0] == "blocked"


@pytest.mark.parametrize(
    ("line", "question"),
    [
        ("conduit permit tcp host 203.0.113.5 eq www any", "203.0.113.9 > 10.1.0.9 tcp/80"),
        ("established tcp 4000 permitto tcp 5000", "203.0.113.9 > 10.1.0.9 tcp/5000"),
        ("outbound 1 deny 0 0 80 tcp", "10.1.0.9 > 203.0.113.9 tcp/80"),
    ],
)
def test_commands_of_old_that_let_in_or_keep_in_leave_the_levels_open(line: str, question: str) -> None:
    text = OLDEST.replace("access-group in in interface outside\n", line + "\n")
    found = device("asa", text)
    assert told(found, text, question)[0] == "cannot-tell"
    assert [one.line for one in found.unread] == [line_of(text, line)]


BARE = "access-list in extended permit tcp any host 10.1.0.5 eq 443\naccess-list in extended deny ip any any\n"


def test_a_list_by_itself_is_asked_as_it_stands() -> None:
    assert told(device("asa", BARE), BARE, "8.8.8.8 > 10.1.0.5 tcp/443")[0] == "permitted"
    assert told(device("asa", BARE), BARE, "8.8.8.8 > 10.1.0.5 tcp/22")[0] == "blocked"
    two = BARE + "access-list other extended permit ip any any\n"
    assert "say which with --chain: in, other" in answer(device("asa", two), "8.8.8.8", "10.1.0.5", "tcp/22").reason
    assert told(device("asa", two), two, "8.8.8.8 > 10.1.0.5 tcp/22 chain=in")[0] == "blocked"


def test_numbered_lines_are_put_where_they_say() -> None:
    text = (
        "access-list in extended permit tcp any any eq 443\naccess-list in line 1 extended deny tcp host 8.8.8.8 any\n"
    )
    assert told(device("asa", text), text, "8.8.8.8 > 10.1.0.5 tcp/443")[0] == "blocked"
    assert told(device("asa", text), text, "8.8.4.4 > 10.1.0.5 tcp/443")[0] == "permitted"


def test_any_is_of_both_families_since_9_0_and_of_ipv4_before() -> None:
    text = (
        SIDES
        + "access-list in extended permit tcp any any eq 443\naccess-list in extended deny ip any4 any4\naccess-group in in interface outside\n"
    )
    new, old = text.format(version="9.1"), text.format(version="8.4")
    assert told(device("asa", new), new, "2001:db8::1 > 2001:db8:9::5 tcp/443 in=outside")[0] == "permitted"
    assert device("asa", old).families == frozenset((4,))
    assert "says nothing of IPv6" in answer(device("asa", old), "2001:db8::1", "2001:db8:9::5", "tcp/443").reason


def test_before_9_0_lists_of_ipv6_stand_apart() -> None:
    text = SIDES.format(version="8.4") + """\
ipv6 access-list six permit tcp any host 2001:db8:9::5 eq 443
access-list four extended permit tcp any host 10.1.0.5 eq 80
access-group four in interface outside
access-group six in interface outside
"""  # fmt: skip
    found = device("asa", text)
    assert told(found, text, "2001:db8::1 > 2001:db8:9::5 tcp/443 in=outside")[0] == "permitted"
    assert told(found, text, "2001:db8::1 > 2001:db8:9::5 tcp/80 in=outside")[0] == "blocked"
    assert told(found, text, "203.0.113.9 > 10.1.0.5 tcp/80")[0] == "permitted"
    assert told(found, text, "203.0.113.9 > 10.1.0.5 tcp/443")[0] == "blocked"


def test_the_control_plane_s_list_is_for_the_device_alone() -> None:
    text = SIDES.format(version="9.9") + """\
access-list cp extended deny tcp any any eq 443
access-group cp in interface outside control-plane
webvpn
 enable outside
"""  # fmt: skip
    found = device("asa", text)
    assert told(found, text, "203.0.113.9 > 203.0.113.2 tcp/443") == (
        "blocked",
        "access-list cp extended deny tcp any any eq 443",
    )
    assert told(found, text, "203.0.113.9 > 10.1.0.5 tcp/443") == ("blocked", "security-level 0")
    open_ = text.replace("deny tcp any any eq 443", "deny tcp any any eq 8443")
    assert told(device("asa", open_), open_, "203.0.113.9 > 203.0.113.2 tcp/443") == ("permitted", "enable outside")


def test_an_undefined_or_empty_group_may_hold_anything() -> None:
    for member in ("", "object-group network GONE\n"):
        text = (
            member
            + "access-list in extended deny ip object-group GONE any\naccess-list in extended permit ip any any\n"
        )
        assert answer(device("asa", text), "8.8.8.8", "10.1.0.5", "tcp/22").verdict == "cannot-tell"
    text = "access-list in extended permit object-group GONE any any\n"
    assert answer(device("asa", text), "8.8.8.8", "10.1.0.5", "tcp/22").verdict == "cannot-tell"


@pytest.mark.parametrize(
    "line",
    [
        "access-list in extended permit tcp any",
        "access-list in extended permit blorp any any",
        "access-list in extended permit tcp any any eq sorcery",
        "access-list in extended permit tcp any any eq 80 wonder",
        "access-list in extended allow tcp any any",
        "access-list in extended permit tcp 10.1.0.0 any",
    ],
)
def test_an_entry_that_is_not_understood_leaves_open_what_stands_behind_it(line: str) -> None:
    text = f"access-list in extended permit tcp any any eq 443\n{line}\naccess-list in extended deny ip any any\n"
    found = device("asa", text)
    assert answer(found, "8.8.8.8", "10.1.0.5", "tcp/22").verdict == "cannot-tell"
    assert answer(found, "8.8.8.8", "10.1.0.5", "tcp/443").verdict == "permitted"


def test_a_port_s_name_that_means_two_ports_is_not_decided() -> None:
    text = "access-list in extended permit tcp any any eq kerberos\n"
    assert "port 88 or 750" in answer(device("asa", text), "8.8.8.8", "10.1.0.5", "tcp/88").reason
    assert answer(device("asa", text), "8.8.8.8", "10.1.0.5", "tcp/89").verdict == "blocked"


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        (": Saved\nASA Version 9.1(2) <system>\n", "changeto context NAME", 2),
        ("ASA Version 9.1\ncontext a\n  config-url disk0:/a.cfg\n", "system configuration of several contexts", 3),
        ("ASA Version 9.1\nhostname a\nASA Version 9.1\nhostname b\n", "holds 2 configurations", 3),
        ("NGFW Version 6.2.0\n", "Firepower Threat Defense", 1),
        ("access-list A advanced permit tcp any any\n", "Firepower Threat Defense", 1),
        ("FWSM Version 4.1(5)\n", "Firewall Services Module", 1),
        ("hostname a\naccess-list in extended permit tcp any host 300.1.1.1\n", "'300.1.1.1' is not an address", 2),
        ("access-list in extended permit tcp any any eq 70000\n", "'70000' is not a port", 1),
        ("access-list in extended permit tcp any any range 90 80\n", "'90 80' is not a range of ports", 1),
        ("object network R\n range 10.0.0.9 10.0.0.1\naccess-list in extended permit ip object R any\n", "is not a range", 2),
        (
            "object-group network A\n group-object B\nobject-group network B\n group-object A\naccess-list in extended permit ip object-group A any\n",
            "groups hold each other: A -> B -> A", 1,
        ),
        ("ASA Version 9.1\n<--- More --->\nhostname b\n", "cut by a pager", 2),
        ("access-list in line 1 extended permit ip any any (hitcnt=5) 0x1\n", "add show running-config", 0),
    ],
)  # fmt: skip
def test_what_cannot_be_one_whole_configuration_is_refused(text: str, says: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        device("asa", text)
    assert says in str(caught.value)
    assert caught.value.place.line == line


def test_two_configurations_are_not_one_device() -> None:
    with pytest.raises(InputError, match="is a second configuration"):
        device("asa", EDGE, EDGE)


def test_hits_come_from_show_access_list() -> None:
    hits = """\
access-list outside_in; 15 elements; name hash: 0x1
access-list outside_in line 1 remark the council's web site
access-list outside_in line 2 extended permit tcp any object WEB object-group WEBPORTS (hitcnt=56937) 0xae44bd16
  access-list outside_in line 2 extended permit tcp any host 10.9.0.5 eq www (hitcnt=7) 0xae44bd16
access-list outside_in line 3 extended deny tcp host 198.51.100.40 object WEB eq ssh (hitcnt=0) 0x1
"""
    rules = {r.origin.vendor_id: r for r in device("asa", EDGE, hits).chains["outside_in"].steps if isinstance(r, Rule)}
    assert [rules[f"outside_in line {n}"].hits for n in (2, 3, 4)] == [56937, 0, None]


def test_a_text_without_indentation_reads_the_same() -> None:
    flat = "\n".join(line.strip() for line in EDGE.split("\n"))
    for question in (
        "198.51.100.1 > 203.0.113.5 tcp/443",
        "198.51.100.40 > 10.9.0.5 tcp/22",
        "10.9.0.5 > 10.1.4.4 tcp/25",
    ):
        assert told(device("asa", flat), flat, question) == told(device("asa", EDGE), EDGE, question)


def test_no_secret_of_a_configuration_stays() -> None:
    text = EDGE.replace("hostname edge", "\n".join((
        "hostname edge", "passwd 2KFQnbNIdI.2KYOU encrypted", "username ops password f3UhLvUj1QsXsuK7 encrypted privilege 15",
        "snmp-server community Hush-Hush", "snmp-server host inside 10.1.0.9 poll community Hush-Hush version 2c",
        "aaa-server T (inside) host 10.1.0.9\n key Sup3rKey99", "tunnel-group L ipsec-attributes\n ikev1 pre-shared-key Sup3rKey99",
        "unheard-of password Sup3rKey99", "unheard-of community Hush-Hush", "wonder key Sup3rKey99",
    ))).replace("remark the council's web site", "remark password Sup3rKey99 for the web site")  # fmt: skip
    found = repr(device("asa", text))
    for secret in ("2KFQnbNIdI", "f3UhLvUj1QsXsuK7", "Hush-Hush", "Sup3rKey99", "9jNfZuG3TC5tCVH0"):
        assert secret not in found
    assert len(device("asa", text).unread) == 3


def test_lines_that_nobody_knows_are_counted_and_one_like_a_binding_leaves_the_levels_open() -> None:
    text = SIDES.format(version="9.9") + "acces-group in in interface inside\n"
    found = device("asa", text)
    assert [one.line for one in found.unread] == [line_of(text, "acces-group")]
    assert told(found, text, "10.1.0.9 > 203.0.113.9 tcp/80")[0] == "cannot-tell"
    plain = text.replace("acces-group in in interface inside", "wonderful thing")
    assert told(device("asa", plain), plain, "10.1.0.9 > 203.0.113.9 tcp/80")[0] == "permitted"


QUESTIONS = (
    "198.51.100.1 > 10.9.0.5 tcp/443", "198.51.100.40 > 10.9.0.5 tcp/22", "198.51.100.9 > 203.0.113.5 tcp/22",
    "198.51.100.1 > 10.9.0.9 tcp/80", "10.1.4.4 > 198.51.100.1 tcp/25", "10.9.0.5 > 10.1.4.4 tcp/25",
    "10.8.0.4 > 10.1.4.4 tcp/25", "10.8.0.4 > 10.9.0.4 tcp/443", "10.1.4.4 > 10.9.0.4 tcp/9",
)  # fmt: skip
WHOLE = {question: told(device("asa", EDGE), EDGE, question)[0] for question in QUESTIONS}


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, len(EDGE) - 1))
def test_a_text_that_is_cut_permits_nothing_that_the_whole_does_not(at: int) -> None:
    text = EDGE[:at]
    if not text.startswith(": Saved"):
        return
    try:
        found = device("asa", text)
    except InputError:
        return
    for question in QUESTIONS:
        if told(found, text, question)[0] in ("permitted", "partly"):
            assert WHOLE[question] in ("permitted", "partly"), (text[-80:], question)


ENTRIES = [
    n
    for n, line in enumerate(EDGE.split("\n"))
    if re.match(r"access-list \S+ extended|access-group|!?object|same-", line)
]


@settings(max_examples=60, deadline=None)
@given(number=st.sampled_from(ENTRIES), at=st.integers(0, 9), word=st.sampled_from(("blorp", "prmit", "(")))
def test_a_mangled_line_permits_nothing_that_the_whole_does_not(number: int, at: int, word: str) -> None:
    lines = EDGE.split("\n")
    words = lines[number].split(" ")
    # A list's name is nobody's business but its own: another name is another list.
    at = at % len(words)
    if at == 1 or (words[0] != "access-list" and at > 1):
        return
    words[at] = word
    text = "\n".join((*lines[:number], " ".join(words), *lines[number + 1 :]))
    try:
        found = device("asa", text)
    except InputError:
        return
    for question in QUESTIONS:
        if told(found, text, question)[0] in ("permitted", "partly"):
            assert WHOLE[question] in ("permitted", "partly"), (lines[number], text.split("\n")[number], question)


@settings(max_examples=40, deadline=None)
@given(
    number=st.sampled_from([n for n in ENTRIES if EDGE.split("\n")[n].startswith("access-list")]),
    what=st.sampled_from(("ip any any", "tcp any any eq 443", "tcp any object WEB", "ip host 10.1.4.4 any")),
)
def test_one_deny_more_opens_nothing(number: int, what: str) -> None:
    lines = EDGE.split("\n")
    name = lines[number].split(" ")[1]
    text = "\n".join((*lines[:number], f"access-list {name} extended deny {what}", *lines[number:]))
    found = device("asa", text)
    for question in QUESTIONS:
        if told(found, text, question)[0] != "blocked":
            assert WHOLE[question] != "blocked", question


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (EDGE, "asa"), (CLASSIC, "asa"), (BARE, "asa"), (OLDEST, "asa"), ("access-list in permit tcp any any eq 80\n", "asa"),
        ("object network A\n host 10.0.0.1\n", "asa"),
        ("access-list 101 permit tcp any any eq 80\n", "ios"),
        ("! ASA Version 9.9\nhostname a\n", "asa"),
    ],
)  # fmt: skip
def test_an_asa_is_told_by_its_text(text: str, kind: str) -> None:
    assert recognise([config(text)]).kind == kind
