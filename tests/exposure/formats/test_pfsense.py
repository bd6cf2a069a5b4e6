"""pfSense's config.xml: whole small configurations, asked as a person asks; every answer with its line."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.exposure import catch_all
from secscan.exposure.formats import recognise
from secscan.exposure.formats.export import ConfigFile
from secscan.model.errors import InputError
from secscan.model.net import Device
from tests.exposure.formats import pf
from tests.exposure.formats.pf import DMZ, GUI, LAN, SYSTEM, WAN, aliases, ask, config, device, floating, rule, told

OUT, DESK, HOST = "203.0.113.9", "10.1.0.7", "10.9.0.5"
DHCP = "<wan><enable/><if>em0</if><ipaddr>dhcp</ipaddr><ipaddrv6>dhcp6</ipaddrv6></wan>"
SIX = "<lan><enable/><if>em1</if><ipaddr>10.1.0.1</ipaddr><subnet>24</subnet><ipaddrv6>{}</ipaddrv6><subnetv6>64</subnetv6></lan>"
ALL_IN = rule(on="wan", proto="", dst="<any/>")


def forward(
    target: str = HOST, port: str = "8443", local: str = "443", dst: str = "wanip", on: str = "wan", more: str = ""
) -> str:
    return (
        f"<rule><interface>{on}</interface><ipprotocol>inet</ipprotocol><protocol>tcp</protocol><source><any/></source><destination>{pf.side(dst)}"
        f"<port>{port}</port></destination><target>{target}</target><local-port>{local}</local-port>{more}</rule>"
    )


# ------------------------------------------------------------------------------------------------ order and defaults


def test_what_no_rule_lets_in_is_stopped_on_every_side() -> None:
    fw = device(config(rule(on="lan", dst=HOST, port="443")))
    assert told(fw, DESK, HOST) == ("permitted", 12)
    assert told(fw, DESK, HOST, "tcp/80") == ("blocked", 11)
    assert told(fw, OUT, HOST) == ("blocked", 11)
    assert ask(fw, OUT, HOST).reason == "no rule matches, and the default is deny"


def test_the_first_rule_of_an_interface_decides() -> None:
    assert told(config(rule("block", dst=HOST), rule(dst=HOST)), DESK, HOST) == ("blocked", 12)
    assert told(config(rule(dst=HOST), rule("reject", dst=HOST)), DESK, HOST) == ("permitted", 12)


def test_of_floating_rules_that_are_not_quick_the_last_decides_and_only_where_no_quick_one_does() -> None:
    loose = config(floating("pass", "lan", "in"), floating("block", "lan", "in", dst=HOST), rule(dst=HOST, port="22"))
    assert told(loose, DESK, HOST, "tcp/22") == ("permitted", 14)
    assert told(loose, DESK, HOST, "tcp/80") == ("blocked", 13)
    assert told(loose, DESK, "10.9.0.6", "tcp/80") == ("permitted", 12)
    quick = config(rule(dst=HOST), floating("block", "lan", "in", quick=True, dst=HOST))
    assert told(quick, DESK, HOST) == ("blocked", 13)


def test_a_floating_rule_without_an_interface_is_for_all() -> None:
    assert told(config(floating("block", quick=True, dst=HOST), ALL_IN), OUT, HOST) == ("blocked", 12)


def test_rules_of_groups_and_tunnels_stand_between_floating_rules_and_those_of_interfaces() -> None:
    more = "<ifgroups><ifgroupentry><ifname>Inside</ifname><members>lan opt1</members></ifgroupentry></ifgroups>"
    assert told(config(rule(on="lan"), rule("block", on="Inside"), more=more), DESK, HOST) == ("blocked", 13)
    assert told(config(rule("block", on="Inside"), floating("pass", quick=True), more=more), DESK, HOST) == (
        "permitted",
        13,
    )
    tunnel = DMZ + "<opt2><enable/><if>ovpns1</if></opt2>"
    text = config(rule(on="opt2"), rule("block", on="openvpn"), faces="\n".join((WAN, LAN, tunnel)))
    assert told(text, "10.20.0.5", HOST, in_interface="opt2") == ("blocked", 13)


def test_what_goes_out_is_let_out_but_for_floating_rules() -> None:
    fw = device(config(rule(proto=""), floating("block", "opt1", "out", dst=HOST, port="22")))
    assert told(fw, DESK, HOST, "tcp/22") == ("blocked", 13)
    assert told(fw, DESK, HOST, "tcp/80") == ("permitted", 12)
    assert told(fw, DESK, OUT, "tcp/22")[0] == "permitted"


def test_a_rule_without_a_type_is_a_pass_and_without_a_family_for_ipv4() -> None:
    bare = "<rule><interface>lan</interface><source><any/></source><destination><any/></destination></rule>"
    fw = device(config(bare, faces="\n".join((WAN, SIX.format("2001:db8:1::1"), DMZ))))
    assert told(fw, DESK, HOST, "udp/53") == ("permitted", 12)
    assert told(fw, "2001:db8:1::5", "2001:db8:9::5") == ("blocked", 11)


def test_what_is_switched_off_never_matches_and_stays() -> None:
    text = config(rule(dst=HOST, more="<disabled></disabled>"))
    assert told(text, DESK, HOST) == ("blocked", 11)
    (off,) = [one for _, one in device(text).rules() if one.origin.vendor_id == "lan rule 1"]
    assert not off.enabled


def test_a_match_rule_decides_nothing() -> None:
    assert told(config(floating("match", "lan", "in", quick=True), rule()), DESK, HOST) == ("permitted", 13)


def test_a_rule_of_an_interface_that_is_off_or_not_there_is_left_out() -> None:
    faces = "\n".join((WAN, LAN, "<opt1><if>em2</if><ipaddr>10.9.0.1</ipaddr><subnet>24</subnet></opt1>"))
    fw = device(config(rule(on="opt1"), rule(on="opt7"), rule(), faces=faces))
    assert [one.enabled for _, one in fw.rules() if " rule " in one.origin.vendor_id] == [False, False, True]
    assert fw.warnings[1] == (
        "firewalls/edge.xml:13: opt7 rule 1: its interface is switched off or not in the file, so the device leaves it out"
    )
    assert told(config(floating("pass", "opt7", "in", quick=True)), OUT, HOST)[0] == "cannot-tell"


# ------------------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("dst", "to", "verdict"),
    [
        ("10.9.0.0/24", HOST, "permitted"), ("10.9.0.7/24", HOST, "permitted"), ("opt1", HOST, "permitted"), ("opt1", OUT, "blocked"),
        ("<not/><network>opt1</network>", HOST, "blocked"), ("<not></not><network>opt1</network>", OUT, "permitted"),
        ("<not/><address>Hosts</address>", HOST, "blocked"), ("Hosts", HOST, "permitted"), ("Hosts", "10.9.0.6", "permitted"),
        ("Hosts", "10.9.0.7", "cannot-tell"), ("Outer", "10.9.0.44", "permitted"), ("Fetched", HOST, "cannot-tell"),
        ("Nobody", HOST, "cannot-tell"), ("Empty", HOST, "blocked"), ("opt7", HOST, "blocked"), ("<any/>", HOST, "permitted"),
    ],
)  # fmt: skip
def test_addresses_networks_and_aliases(dst: str, to: str, verdict: str) -> None:
    more = aliases(
        ("Hosts", "host", "10.9.0.5 Inner files.example.org"), ("Inner", "host", "10.9.0.6"), ("Outer", "network", "10.9.0.32/28 Inner"),
        ("Fetched", "urltable", ""), ("Empty", "host", ""),
    )  # fmt: skip
    assert ask(config(rule(dst=dst), more=more), DESK, to).verdict == verdict


def test_an_address_of_its_own_is_what_the_interface_has_and_no_more() -> None:
    vip = "<virtualip><vip><mode>carp</mode><interface>lan</interface><subnet>10.1.0.3</subnet><subnet_bits>24</subnet_bits></vip></virtualip>"
    fw = device(config(rule(dst="lanip", port="443"), rule(dst="(self)", port="22"), more=vip))
    assert told(fw, DESK, "10.1.0.1") == ("permitted", 12)
    assert told(fw, DESK, "10.1.0.3") == ("permitted", 12)
    assert told(fw, DESK, "10.9.0.1") == ("blocked", 11)
    assert told(fw, DESK, "10.9.0.1", "tcp/22") == ("permitted", 13)
    assert told(fw, OUT, "192.0.2.2", "tcp/22") == ("blocked", 11)  # by the rules of the side it comes in by


def test_an_address_by_dhcp_is_none_of_the_private_ones_that_somebody_asks_about() -> None:
    faces = "\n".join((DHCP, LAN, DMZ))
    fw = device(config(rule(on="wan", dst="wanip", port="443"), faces=faces, gateways=""))
    assert told(fw, OUT, HOST) == ("blocked", 11)
    found = ask(fw, OUT, "198.51.100.77")
    assert (found.verdict, found.rule.line if found.rule else 0) == ("cannot-tell", 12)
    assert found.reason == "firewalls/edge.xml:12: destination: the address of wan comes by dhcp"


def test_an_address_of_its_own_is_never_every_address() -> None:
    fw = device(config(rule(on="wan", dst="wanip", proto=""), faces="\n".join((DHCP, LAN, DMZ)), gateways=""))
    (one,) = [r for _, r in fw.rules() if r.origin.line == 12]
    assert catch_all.every_way(replace(one, in_interfaces=None), frozenset(), frozenset()) is False
    assert catch_all.default(fw, frozenset())[0] == "deny"


def test_a_doubt_about_one_family_leaves_the_other_alone() -> None:
    faces = "\n".join((WAN, SIX.format("track6"), DMZ))
    fw = device(config(rule(src="lan", family="inet46"), faces=faces))
    assert told(fw, DESK, HOST) == ("permitted", 12)
    assert told(fw, "10.7.0.5", HOST, in_interface="lan") == ("blocked", 11)
    assert ask(fw, "2001:db8:1::5", "2001:db8:9::5", in_interface="lan").verdict == "cannot-tell"


def test_both_ends_in_doubt_stay_of_one_family() -> None:
    faces = "\n".join((DHCP, SIX.format("track6"), DMZ))
    fw = device(config(rule(src="lan", dst="wan", family="inet6"), faces=faces, gateways=""))
    assert told(fw, DESK, HOST) == ("blocked", 11)


def test_a_network_that_the_device_has_not_leaves_its_rule_out_even_where_all_others_are_meant() -> None:
    assert (
        told(config(rule(src="<not/><network>wan</network>", family="inet6")), "2001:db8::5", "2001:db8:9::5")[0]
        == "blocked"
    )


# ------------------------------------------------------------------------------------------------ services


@pytest.mark.parametrize(
    ("port", "asked", "verdict"),
    [
        ("443", "tcp/443", "permitted"), ("80-90", "tcp/85", "permitted"), ("80:90", "tcp/91", "blocked"), ("Web", "tcp/8081", "permitted"),
        ("Web", "tcp/22", "permitted"), ("Web", "tcp/23", "blocked"), ("Lost", "tcp/23", "cannot-tell"), ("443", "udp/443", "blocked"),
        ("Far", "tcp/443", "cannot-tell"), ("None", "tcp/443", "cannot-tell"),
    ],
)  # fmt: skip
def test_ports_and_their_aliases(port: str, asked: str, verdict: str) -> None:
    more = aliases(
        ("Web", "port", "80 443 8080:8090 Admin"),
        ("Admin", "port", "22"),
        ("Far", "url_ports", "443"),
        ("None", "port", ""),
    )
    assert ask(config(rule(port=port), more=more), DESK, HOST, asked).verdict == verdict


@pytest.mark.parametrize(
    ("proto", "asked", "verdict"),
    [
        ("tcp/udp", "udp/53", "permitted"), ("udp", "tcp/53", "blocked"), ("", "udp/53", "permitted"), ("any", "tcp/53", "permitted"),
        ("icmp", "tcp/53", "blocked"), ("esp", "tcp/53", "blocked"), ("strange", "tcp/53", "cannot-tell"),
    ],
)  # fmt: skip
def test_protocols(proto: str, asked: str, verdict: str) -> None:
    assert ask(config(rule(proto=proto)), DESK, HOST, asked).verdict == verdict


def test_kinds_of_icmp_message_stand_where_ports_do() -> None:
    fw = device(config(rule(proto="icmp", family="inet46", more="<icmptype>echoreq,unreach</icmptype>")))
    (one,) = [r for _, r in fw.rules() if r.origin.line == 12]
    assert [(s.proto, s.dport) for s in one.services] == [("icmp", ((3, 3), (8, 8))), ("icmp6", ((1, 1), (128, 128)))]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ("<sched>nights</sched>", "it hangs on a schedule (<sched>)"),
        ("<os>Windows</os>", "it hangs on the sender's system (<os>)"),
        ("<tagged>seen</tagged><tag>seen</tag>", "it hangs on a mark that another rule sets (<tagged>)"),
        ("<max-src-conn>5</max-src-conn>", "it hangs on a number of connections"),
        ("<statetype>none</statetype>", "it keeps no state, so what answers needs a rule of its own"),
        ("<vlanprio>be</vlanprio>", "it hangs on its priority on the wire (<vlanprio>)"),
        ("<novelty>yes</novelty>", "<novelty> is not understood"),
    ],
)
def test_what_the_file_cannot_tell_leaves_a_rule_open(more: str, why: str) -> None:
    found = ask(config(rule(dst=HOST, more=more)), DESK, HOST)
    assert (found.verdict, found.reason) == ("cannot-tell", f"firewalls/edge.xml:12: {why}")
    limits = "max-src" in more or "statetype" in more  # of a pass alone
    stopped = ask(config(rule("block", dst=HOST, more=more), rule()), DESK, HOST).verdict
    assert stopped == ("blocked" if limits else "cannot-tell")


@pytest.mark.parametrize(
    "more",
    ["<gateway>GW</gateway>", "<vlanprioset>be</vlanprioset>", "<statetype>synproxy state</statetype>", "<tag>seen</tag>", "<log/>", "<os></os>",
     "<tcpflags1>syn</tcpflags1><tcpflags2>syn,ack</tcpflags2>", "<tcpflags_any/><tcpflags1>ack</tcpflags1><tcpflags2>ack</tcpflags2>"],
)  # fmt: skip
def test_what_does_not_narrow_a_rule_leaves_it_sure(more: str) -> None:
    assert told(config(rule(dst=HOST, more=more)), DESK, HOST) == ("permitted", 12)


def test_a_rule_for_packets_that_begin_no_connection_or_bear_a_mark_nobody_sets_never_matches() -> None:
    for more in ("<tcpflags1>ack</tcpflags1><tcpflags2>syn,ack</tcpflags2>", "<tagged>lost</tagged>"):
        assert told(config(rule(dst=HOST, more=more)), DESK, HOST) == ("blocked", 11)


# ------------------------------------------------------------------------------------------------ settings


def test_private_networks_and_bogons_are_stopped_before_any_rule() -> None:
    fw = device(
        config(
            floating("pass", "wan", "in", quick=True, proto=""),
            faces="\n".join((WAN.replace("<if>", "<blockpriv/><if>"), LAN, DMZ)),
        )
    )
    assert told(fw, "172.16.5.5", HOST, in_interface="wan") == ("blocked", 6)
    assert told(fw, OUT, HOST) == ("permitted", 12)
    bogons = device(config(ALL_IN, faces="\n".join((WAN.replace("<if>", "<blockbogons/><if>"), LAN, DMZ))))
    assert told(bogons, "198.51.100.5", HOST) == ("blocked", 6)
    assert told(bogons, "172.16.5.5", HOST, in_interface="wan")[0] == "cannot-tell"
    assert told(bogons, "8.8.8.8", HOST) == ("permitted", 12)


def test_administration_is_never_shut_on_the_lan_unless_somebody_says_so() -> None:
    open_ = SYSTEM + "<webgui><protocol>https</protocol><port>4443</port></webgui><ssh><enable/><port>2222</port></ssh>"
    fw = device(config(rule("block"), system=open_))
    for port in ("tcp/4443", "tcp/80", "tcp/2222"):
        assert told(fw, DESK, "10.1.0.1", port) == ("permitted", 7)
    assert told(fw, DESK, "10.1.0.1", "tcp/443") == ("blocked", 12)
    assert told(fw, DESK, "10.9.0.1", "tcp/4443") == ("blocked", 12)
    assert told(config(rule("block"), system=SYSTEM + GUI), DESK, "10.1.0.1", "tcp/443") == ("blocked", 12)


def test_ipv6_that_is_not_allowed_is_stopped() -> None:
    text = config(rule(family="inet6"), system=GUI)
    assert told(text, "2001:db8:1::5", "2001:db8:9::5", in_interface="lan") == ("blocked", 4)
    assert told(config(rule(family="inet6")), "2001:db8:1::5", "2001:db8:9::5", in_interface="lan") == ("permitted", 12)


def test_where_pf_is_off_everything_passes() -> None:
    text = config(rule("block"), system=SYSTEM + "<disablefilter>enabled</disablefilter>", nat=forward())
    assert told(text, OUT, HOST) == ("permitted", 4)
    assert device(text).translations == ()


def test_link_local_addresses_are_stopped() -> None:
    assert told(config(rule()), "169.254.1.1", HOST, in_interface="lan")[0] == "blocked"


def test_dhcp_reaches_the_device_and_nothing_behind_it() -> None:
    more = "<dhcpd><lan><enable/></lan></dhcpd>"
    fw = device(config(more=more))
    assert told(fw, DESK, "10.1.0.1", "udp/67")[0] == "permitted"
    assert told(fw, DESK, HOST, "udp/67") == ("blocked", 11)
    client = device(config(faces="\n".join((DHCP, LAN, DMZ)), gateways=""))
    assert told(client, OUT, HOST, "udp/68") == ("blocked", 11)


def test_behind_a_captive_portal_only_who_logged_in_gets_through() -> None:
    more = "<captiveportal><guests><enable/><interface>lan</interface></guests></captiveportal>"
    assert ask(config(rule(), more=more), DESK, HOST).verdict == "cannot-tell"
    assert told(config(more=more), DESK, HOST)[0] == "blocked"


def test_static_routes_may_pass_by_the_rules() -> None:
    more = (
        "<staticroutes><route><network>10.50.0.0/16</network><gateway>IN</gateway></route></staticroutes>"
        "<gateways><gateway_item><interface>lan</interface><gateway>10.1.0.254</gateway><name>IN</name></gateway_item></gateways>"
    )
    on = "<bypassstaticroutes>yes</bypassstaticroutes>"
    assert told(config(on, more=more, gateways=""), "10.50.0.5", DESK)[0] == "permitted"
    assert told(config(more=more, gateways=""), "10.50.0.5", DESK)[0] == "blocked"


def test_upnp_may_open_anything_inward() -> None:
    more = "<installedpackages><miniupnpd><config><enable>on</enable></config></miniupnpd></installedpackages>"
    assert ask(config(more=more), OUT, HOST).verdict == "cannot-tell"
    assert told(config(more=more), DESK, HOST)[0] == "blocked"


def test_the_other_end_of_a_tunnel_reaches_ipsec() -> None:
    more = (
        "<ipsec><phase1><ikeid>1</ikeid><interface>wan</interface><remote-gateway>203.0.113.9</remote-gateway></phase1>"
        "<phase2><ikeid>1</ikeid><mode>tunnel</mode><remoteid><type>network</type><address>10.77.0.0</address><netbits>16</netbits></remoteid></phase2></ipsec>"
    )
    fw = device(config(rule(on="enc0", dst=HOST), more=more))
    assert told(fw, OUT, "192.0.2.2", "udp/500")[0] == "permitted"
    assert told(fw, "203.0.113.8", "192.0.2.2", "udp/500")[0] == "blocked"
    assert told(fw, "10.77.0.5", HOST) == ("permitted", 12)  # what the tunnel brings comes in by it


# ------------------------------------------------------------------------------------------------ translation


def test_a_forwarded_packet_needs_a_rule_for_where_it_goes_on_to() -> None:
    nat = forward()
    fw = device(config(rule(on="wan", dst=HOST, port="443"), nat=nat))
    found = ask(fw, OUT, "192.0.2.2", "tcp/8443")
    assert (found.verdict, found.rule.line if found.rule else 0) == ("permitted", 12)
    assert found.translated is not None
    assert (found.translated.dst, found.translated.dport, found.translated.by.line) == (HOST, 443, 10)
    assert told(config(nat=nat), OUT, "192.0.2.2", "tcp/8443") == ("blocked", 11)
    outer = config(rule(on="wan", dst="wanip", port="8443"), nat=nat)
    assert told(outer, OUT, "192.0.2.2", "tcp/8443") == ("blocked", 11)  # by then it is for another address


def test_a_forward_with_pass_needs_no_rule_to_come_in() -> None:
    nat = forward(more="<associated-rule-id>pass</associated-rule-id>")
    into = device(config(floating("block", "wan", "in", quick=True), nat=nat))
    assert told(into, OUT, "192.0.2.2", "tcp/8443") == ("permitted", 10)
    assert told(into, OUT, HOST) == ("permitted", 10)  # by what is sent to the other address
    assert told(into, OUT, HOST, "tcp/22") == ("blocked", 12)
    assert told(config(floating("block", quick=True), nat=nat), OUT, "192.0.2.2", "tcp/8443") == ("blocked", 12)


def test_forwards_that_are_off_or_exempt_translate_nothing() -> None:
    allow = rule(on="wan", dst=HOST)
    assert told(config(allow, nat=forward(more="<disabled/>")), OUT, "192.0.2.2", "tcp/8443") == ("blocked", 11)
    exempt = forward(more="<nordr/>") + forward()
    assert told(config(allow, nat=exempt), OUT, "192.0.2.2", "tcp/8443") == ("blocked", 11)


def test_ranges_of_ports_are_moved_as_one() -> None:
    fw = device(config(rule(on="wan", dst=HOST, port="2005"), nat=forward(port="1000-1010", local="2000")))
    assert told(fw, OUT, "192.0.2.2", "tcp/1005") == ("permitted", 12)
    assert told(fw, OUT, "192.0.2.2", "tcp/1006") == ("blocked", 11)
    named = config(
        rule(on="wan", dst=HOST, port="443"),
        nat=forward(port="Web", local="Web"),
        more=aliases(("Web", "port", "80 443")),
    )
    assert told(named, OUT, "192.0.2.2", "tcp/443") == ("permitted", 12)


def test_what_is_sent_from_inside_to_a_forwarded_address_is_reflected_where_a_setting_says_so() -> None:
    rules = rule(on="lan", dst=HOST, port="443")
    assert told(config(rules, nat=forward()), DESK, "192.0.2.2", "tcp/8443")[0] == "blocked"
    assert told(
        config(rules, nat=forward(more="<natreflection>purenat</natreflection>")), DESK, "192.0.2.2", "tcp/8443"
    ) == ("permitted", 12)
    proxy = config(rules, nat=forward(), system="<ipv6allow/>" + GUI)
    assert ask(proxy, DESK, "192.0.2.2", "tcp/8443").verdict == "cannot-tell"


def test_one_to_one_translates_both_ways() -> None:
    nat = f"<onetoone><interface>wan</interface><external>192.0.2.5</external><source><address>{HOST}</address></source><destination><any/></destination></onetoone>"
    fw = device(config(rule(on="wan", dst=HOST, port="443"), nat=nat))
    assert told(fw, OUT, "192.0.2.5") == ("permitted", 12)
    assert told(fw, OUT, "192.0.2.5", "tcp/22") == ("blocked", 11)
    (back,) = [one for one in fw.translations if one.kind == "src" and one.name.startswith("1:1")]
    assert pf_text(back.to.v4) == "192.0.2.5/32"


def pf_text(pairs: tuple[tuple[int, int], ...]) -> str:
    from secscan.exposure.intervals import cidrs

    return ", ".join(cidrs(pairs, 4))


def test_outbound_translation_by_mode() -> None:
    own = "<rule><interface>wan</interface><source><network>10.9.0.0/24</network></source><destination><any/></destination><target>192.0.2.6</target></rule>"

    def made(mode: str, rules: str = own) -> list[tuple[str, str]]:
        fw = device(config(nat=f"<outbound><mode>{mode}</mode>{rules}</outbound>"))
        return [(pf_text(one.src.v4), pf_text(one.to.v4)) for one in fw.translations if one.kind == "src"]

    mine, rest = ("10.9.0.0/24", "192.0.2.6/32"), ("10.1.0.0/24, 10.9.0.0/24", "192.0.2.2/32")
    assert made("disabled") == []
    assert made("advanced") == [mine]
    assert made("automatic") == [rest]
    assert made("hybrid") == [mine, rest]


def test_a_rule_for_what_goes_out_meets_the_source_as_translated() -> None:
    auto = "<outbound><mode>automatic</mode></outbound>"
    by_own = floating("block", "wan", "out", quick=True, src="wanip")
    assert told(config(rule(), by_own, nat=auto), DESK, OUT)[0] == "cannot-tell"
    assert (
        told(config(rule(), floating("block", "wan", "out", quick=True, src="lan"), nat=auto), DESK, OUT)[0]
        == "cannot-tell"
    )
    assert told(config(rule(), floating("block", "wan", "out", quick=True), nat=auto), DESK, OUT) == ("blocked", 13)
    assert told(config(rule(), floating("block", "opt1", "out", quick=True, src="lan"), nat=auto), DESK, HOST) == (
        "blocked",
        13,
    )


# ------------------------------------------------------------------------------------------------ what is kept


def test_a_rule_says_who_wrote_it_and_why_and_of_what_it_was_expanded() -> None:
    more = "<descr><![CDATA[Web for all]]></descr><created><username><![CDATA[netadmin@10.1.0.9 (Local Database)]]></username></created>"
    text = config(
        rule(on="lan", dst="Hosts", port="Web", more=more),
        more=aliases(("Hosts", "host", "Inner"), ("Inner", "host", HOST), ("Web", "port", "443")),
    )
    (one,) = [r for _, r in device(text).rules() if r.origin.line == 12]
    assert (one.owner, one.reason, one.origin.vendor_id, one.origin.name) == (
        "netadmin",
        "Web for all",
        "lan rule 1",
        "Web for all",
    )
    assert one.origin.objects == ("alias Hosts", "alias Inner", "alias Web")
    assert one.origin.text.startswith("<rule><type>pass</type><interface>lan</interface>")


def test_interfaces_have_the_name_that_rules_use_and_the_one_that_people_do() -> None:
    fw = device(config(rule()))
    assert [(one.name, one.zone) for one in fw.interfaces] == [("wan", "WAN"), ("lan", "Offices"), ("opt1", "DMZ")]
    for name in ("Offices", "lan"):
        assert told(fw, name, HOST) == ("partly", 12)  # all but the neighbours of the other end
    swapped = "\n".join((WAN, LAN.replace("Offices", "opt1"), DMZ))
    odd = device(config(rule(on="opt1"), faces=swapped))
    assert told(odd, DESK, HOST)[0] == "blocked"  # a description is never taken for another interface's name
    assert "is described as 'opt1', which is another's name" in odd.warnings[0]


def test_secrets_are_gone() -> None:
    secrets = [
        "hunter2",
        "$2y$10$abcdefghijklmnopqrstuv",
        "sharedsecret9",
        "bindpw77",
        "s3cr3tcomm",
        "LS0tLS1CRUdJTiBQUklW",
        "passphrase66",
        "hashkey55",
    ]
    system = (
        SYSTEM
        + f"<user><bcrypt-hash>{secrets[1]}</bcrypt-hash><password>{secrets[0]}</password></user><authserver><ldap_bindpw>{secrets[3]}</ldap_bindpw></authserver>"
    )
    more = (
        f"<snmpd><rocommunity>{secrets[4]}</rocommunity></snmpd><cert><prv>{secrets[5]}</prv></cert>"
        f"<ipsec><phase1><ikeid>1</ikeid><interface>wan</interface><pre-shared-key>{secrets[2]}</pre-shared-key></phase1></ipsec>"
        f"<openvpn><openvpn-server><vpnid>1</vpnid><tunnel_network>10.8.0.0/24</tunnel_network><shared_key>{secrets[5]}</shared_key></openvpn-server></openvpn>"
    )
    text = config(
        rule(more=f"<descr>password: {secrets[6]}</descr><password>{secrets[0]}</password>"), system=system, more=more,
        nat=f"<outbound><mode>advanced</mode><rule><interface>wan</interface><source><any/></source><source_hash_key>{secrets[7]}</source_hash_key></rule></outbound>",
    )  # fmt: skip
    shown = repr(device(text))
    assert [one for one in secrets if one in shown] == []


def test_what_may_matter_and_is_not_read_is_shown() -> None:
    more = "<load_balancer><virtual_server><name>farm</name></virtual_server></load_balancer>"
    assert [one.text for one in device(config(more=more)).unread] == ["<virtual_server> not read"]
    strange = "<ruleset><interface>lan</interface></ruleset>"
    found = ask(config(strange, rule()), DESK, HOST)
    assert (found.verdict, found.reason.partition(": ")[0]) == ("cannot-tell", "firewalls/edge.xml:12")


# ------------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("text", "says", "line"),
    [
        ("<pfsense><filter/></pfsense>", "has no <interfaces>", 1),
        ("<pfsense>\n<interfaces/></pfsense>", "has no <filter>", 1),
        ("<opnsense><filter/></opnsense>", "is a configuration of OPNsense, not of pfSense", 1),
        ("\n<m0n0wall/>", "is a configuration of m0n0wall, which no reader takes", 2),
        ("<filter><rule/></filter>", "begins with <filter>, not <pfsense>: one area of a configuration", 1),
        (config(rule(dst="300.1.1.1")), "'300.1.1.1' is not an address, a network or a range", 12),
        (config(rule(dst="10.0.0.0/33")), "'10.0.0.0/33' is not an address, a network or a range", 12),
        (config(rule(port="70000")), "'70000' is not a tcp port", 12),
        (config(rule(port="90-80")), "'90-80' is not a range of ports", 12),
        (config(faces=WAN.replace("192.0.2.2", "192.0.2.999")), "'192.0.2.999/29' is not an address with its mask", 6),
        (config(faces=WAN.replace(">29<", ">64<")), "'192.0.2.2/64' is not an address with its mask", 6),
        (config(rule(dst="A"), more=aliases(("A", "host", "B"), ("B", "host", "A"))), "alias 'A' holds itself", 14),
        (config(rule(port="P"), more=aliases(("P", "port", "80 P"))), "alias 'P' holds itself", 14),
        (config(rule(dst="A"), more=aliases(("A", "host", "10.1.2.3.4"))), "'10.1.2.3.4' is not an address", 14),
        (config(nat=forward(port="1-65000", local="2000")), "port 2000 and 64999 more are no ports", 10),
        (config(rule()).replace("</filter>", ""), "breaks off: mismatched tag", 16),
        (config(rule())[:900], "breaks off: ", 9),
        ('<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><pfsense>&a;</pfsense>', "declares an entity", 1),
    ],
)  # fmt: skip
def test_what_cannot_be_a_whole_configuration_is_refused_with_its_line(text: str, says: str, line: int) -> None:
    with pytest.raises(InputError) as caught:
        device(text)
    assert says in str(caught.value)
    assert caught.value.place.file == pf.SHOWN
    if "breaks off" not in says:
        assert caught.value.place.line == line


def test_aliases_nested_without_end_are_refused() -> None:
    chain = [(f"A{n}", "host", f"A{n + 1}") for n in range(200)]
    with pytest.raises(InputError, match="nested more than 64 deep"):
        device(config(rule(dst="A0"), more=aliases(*chain)))


def test_two_files_are_two_devices() -> None:
    from secscan.exposure.formats import read
    from secscan.exposure.formats.export import Export

    files = [ConfigFile(data=config().encode(), shown=name) for name in ("a.xml", "b.xml")]
    with pytest.raises(InputError, match=r"is a second configuration beside a\.xml"):
        read("pfsense", Export(device="edge", files=files))


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ('<?xml version="1.0"?>\n<pfsense>', "pfsense"), ("\ufeff<pfsense>", "pfsense"), ("<!-- note -->\n<opnsense>", "opnsense"),
        ("<config><devices>", ""), ("pfsense", ""),
    ],
)  # fmt: skip
def test_a_configuration_is_told_by_its_first_element(head: str, kind: str) -> None:
    assert recognise([ConfigFile(data=head.encode(), shown="x.xml")]).kind == kind


@pytest.mark.parametrize(
    "change",
    [lambda t: t.replace("\n", "\r\n").encode(), lambda t: t.encode("utf-16"), lambda t: ("\ufeff" + t).encode()],
)
def test_line_ends_and_encodings_leave_lines_and_answers_alone(change: object) -> None:
    text = config(rule(dst=HOST, more="<descr>Zähler</descr>"))
    data = change(text)  # type: ignore[operator]
    assert told(device(data), DESK, HOST) == ("permitted", 12)
    plain = text.replace("Zähler", "Z\xe4hler").encode("latin-1")
    assert told(device(plain), DESK, HOST) == ("permitted", 12)


# ------------------------------------------------------------------------------------------------ mangled

WHOLE = config(
    floating("block", "wan", "in", quick=True, dst=HOST, port="22"), rule(on="wan", dst="Hosts", port="443"), rule("block", src="Hosts", dst=HOST),
    rule(src="lan", dst="<not/><network>wan</network>"), rule(on="opt1", dst="<any/>", more="<disabled/>"),
    more=aliases(("Hosts", "host", "10.9.0.5 10.9.0.6")), nat=forward(),
)  # fmt: skip
QUESTIONS = [
    (src, dst, port)
    for src in (OUT, DESK, "10.9.0.6")
    for dst in (HOST, "10.9.0.7", "10.1.0.9", OUT)
    for port in ("tcp/22", "tcp/443")
    if src != dst
]


def permitted(fw: Device) -> set[tuple[str, str, str]]:
    return {one for one in QUESTIONS if ask(fw, *one).verdict == "permitted"}


BEFORE = permitted(device(WHOLE))


@settings(max_examples=60, deadline=None)
@given(st.integers(1, len(WHOLE) - 12))
def test_a_file_that_breaks_off_is_never_half_read(at: int) -> None:
    with pytest.raises(InputError):
        device(WHOLE[:at])


def inner_tags() -> list[int]:
    """Where the elements inside a rule begin."""
    first = WHOLE.index("<filter>") + len("<filter>")
    last = WHOLE.index("</filter>")
    starts = [at for at in range(first, last) if WHOLE[at] == "<" and WHOLE[at + 1] not in "/!"]
    return [at for at in starts if WHOLE[at + 1 : at + 5] != "rule"]


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(inner_tags()))
def test_an_element_that_nobody_knows_lets_nothing_more_through(at: int) -> None:
    tag = WHOLE[at + 1 :].partition(">")[0].rstrip("/")
    close = WHOLE.find(f"</{tag}>", at)
    text = WHOLE
    if not WHOLE[at:].startswith(f"<{tag}/>"):
        text = text[: close + 2] + "zz" + text[close + 2 + len(tag) :]
    text = text[: at + 1] + "zz" + text[at + 1 + len(tag) :]
    assert permitted(device(text)) <= BEFORE


JUNK = (
    "",
    "0",
    "x",
    "9" * 5000,
    "999.1.1.1",
    "::",
    "-1",
    "any",
    "(self)",
    "lan",
    "lanip",
    "Hosts",
    "a/b/c",
    "1-",
    "-",
    ",",
    "!",
    "٣",
    "/24",
    "10.0.0.0/",
    "é" * 300,
)
TEXTS = [found.span(1) for found in re.finditer(r">([^<>\s]+)</", WHOLE)]


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(TEXTS), st.sampled_from(JUNK), st.sampled_from(["pfsense", "opnsense"]))
def test_whatever_a_value_is_the_file_is_read_or_refused_with_its_line(
    at: tuple[int, int], junk: str, kind: pf.Kind
) -> None:
    text = (WHOLE[: at[0]] + junk + WHOLE[at[1] :]).replace("pfsense>", f"{kind}>")
    try:
        fw = pf.device(text, kind)
    except InputError as error:
        assert error.place.file == pf.SHOWN
        assert error.place.line > 0
    else:
        assert ask(fw, OUT, HOST, "tcp/22").verdict in ("blocked", "permitted", "cannot-tell")


def test_five_thousand_rules_are_read_in_time() -> None:
    rules = [
        rule(
            dst=f"10.9.{n // 250}.{n % 250}",
            port=str(n % 60000 + 1),
            more=f"<descr>rule {n}</descr><tracker>{n}</tracker>",
        )
        for n in range(5000)
    ]
    text = config(*rules, more=aliases(("Many", "host", " ".join(f"10.8.{n // 250}.{n % 250}" for n in range(5000)))))
    data = text.encode()
    fw = device(data)
    assert len([r for _, r in fw.rules() if "lan rule" in r.origin.vendor_id]) == 5000
    lines = [r.origin.line for _, r in fw.rules() if "lan rule" in r.origin.vendor_id]
    assert all(b == a + 1 for a, b in pairwise(lines))
