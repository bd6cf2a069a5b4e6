"""Exports of PAN-OS and Panorama: who gets through and by which line, and what is refused with its line."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given as drawn
from hypothesis import settings as limits
from hypothesis import strategies as st

from secscan.exposure import Makers
from secscan.exposure import ask as asked
from secscan.exposure.catch_all import default
from secscan.exposure.formats import recognise
from secscan.exposure.formats.export import ConfigFile
from secscan.exposure.formats.panos import READER
from secscan.model.errors import InputError
from secscan.model.net import Device, Rule
from secscan.model.settings import Firewall, Source
from tests.exposure.formats.pan import (
    DB,
    GUEST,
    NETWORK,
    OUT,
    OUTSIDE,
    SHOWN,
    USERS,
    WEB,
    ZONES,
    address,
    addresses,
    ask,
    base,
    below,
    decided,
    firewall,
    given,
    group,
    groups,
    line,
    listed,
    nat,
    panorama,
    rule,
    service,
    services,
    to_address,
    told,
    zone,
)  # fmt: skip
from tests.exposure.net import ALL, TODAY, plain_zones

OBJECTS = addresses(
    address("web-1", "10.9.0.5/32"),
    address("web-public", "203.0.113.5"),
    address("db", "10.9.0.20-10.9.0.29", "ip-range"),
) + groups(servers="web-1, db", everything="servers, guests", guests="10.2.0.0/24")
BETWEEN = ("blocked", "interzone-default")


def one(*rules: str, nats: str = "", objects: str = OBJECTS, **more: Any) -> str:
    return firewall(objects + base("".join(rules), nats), **more)


# ---------------------------------------------------------------------------------------------- order, defaults


def test_the_first_rule_that_matches_decides_and_is_named_by_its_line() -> None:
    text = one(
        rule("no guests", "guest", "dmz", action="deny"), rule("https", "any", "dmz", dst="web-1", svc="service-https"),
        rule("late", "any", "dmz", action="drop"), rule("never", "any", "any"),
    )  # fmt: skip
    assert decided(text, USERS, WEB, "tcp/443") == ("permitted", line(text, "https"))
    assert decided(text, GUEST, WEB, "tcp/443") == ("blocked", line(text, "no guests"))
    assert decided(text, USERS, WEB, "tcp/22") == ("blocked", line(text, "late"))
    rules = [r for _, r in given(text).rules()]
    assert [(r.origin.vendor_id, r.origin.name) for r in rules[:2]] == [("rule 1", "no guests"), ("rule 2", "https")]
    assert rules[1].origin.line_to == line(text, "https") + 9
    assert rules[1].origin.text == (
        "https; from any; source any; to dmz; destination web-1; application any; service service-https; action allow"
    )


def test_within_a_zone_is_let_through_and_between_zones_not() -> None:
    network = NETWORK.replace("10.2.0.1/24", "10.1.7.1/24")
    zones = ZONES.replace(zone("guest", "ethernet1/4"), "").replace(
        "ethernet1/2", "ethernet1/2</member><member>ethernet1/4"
    )
    text = one(network=network, zones=zones)
    assert told(text, USERS, "10.1.7.9", "tcp/22") == ("permitted", "intrazone-default")
    assert told(text, USERS, WEB, "tcp/22") == BETWEEN
    assert decided(text, USERS, WEB, "tcp/22") == ("blocked", line(text, "vsys1"))


@pytest.mark.parametrize("place", ["vsys", "shared", "panorama"])
def test_the_default_rules_may_be_overridden(place: str) -> None:
    swapped = (
        "<default-security-rules><rules>\n"
        '<entry name="intrazone-default"><action>deny</action></entry>\n'
        '<entry name="interzone-default"><action>allow</action><log-end>yes</log-end></entry>\n</rules></default-security-rules>\n'
    )
    where = {
        "vsys": lambda: firewall(f"<rulebase>\n{swapped}</rulebase>\n"),
        "shared": lambda: firewall("", shared=f"<post-rulebase>{swapped}</post-rulebase>"),
        "panorama": lambda: firewall(
            "",
            panorama=f'<panorama><vsys><entry name="vsys1"><post-rulebase>{swapped}</post-rulebase></entry></vsys></panorama>',
        ),
    }
    text = where[place]()
    assert decided(text, USERS, WEB, "tcp/22") == ("permitted", line(text, "interzone-default"))
    assert decided(text, "10.1.9.9", "10.1.8.9", "tcp/22", in_interface="trust", out_interface="trust") == (
        "blocked", line(text, "intrazone-default"),
    )  # fmt: skip


def test_what_the_firewall_overrides_wins_over_what_panorama_does() -> None:
    def default(action: str) -> str:
        rules = f'<rules><entry name="interzone-default"><action>{action}</action></entry></rules>'
        return f"<default-security-rules>{rules}</default-security-rules>"

    pushed = f'<panorama><vsys><entry name="vsys1"><post-rulebase>{default("allow")}</post-rulebase></entry></vsys></panorama>'
    assert told(firewall("", panorama=pushed), USERS, WEB, "tcp/22")[0] == "permitted"
    own = firewall(f"<rulebase>{default('deny')}</rulebase>", panorama=pushed)
    assert told(own, USERS, WEB, "tcp/22")[0] == "blocked"


def test_a_rule_may_be_for_within_zones_or_between_them_only() -> None:
    way = {"in_interface": "trust", "out_interface": "trust"}
    within = one(rule("within", action="deny", extra="<rule-type>intrazone</rule-type>"), rule("all"))
    assert told(within, "10.1.9.9", "10.1.8.9", "tcp/22", **way) == ("blocked", "within")
    assert told(within, USERS, WEB, "tcp/22") == ("permitted", "all")
    between = one(rule("between", action="deny", extra="<rule-type>interzone</rule-type>"), rule("all"))
    assert told(between, "10.1.9.9", "10.1.8.9", "tcp/22", **way) == ("permitted", "all")
    assert told(between, USERS, WEB, "tcp/22") == ("blocked", "between")
    pair = rule("some", "trust, dmz", "trust, dmz", action="deny", extra="<rule-type>interzone</rule-type>")
    some = one(pair, rule("all"))
    assert told(some, USERS, WEB, "tcp/22") == ("blocked", "some")
    assert told(some, GUEST, WEB, "tcp/22") == ("permitted", "all")
    assert told(some, "10.1.9.9", "10.1.8.9", "tcp/22", **way) == ("permitted", "all")


@pytest.mark.parametrize("action", ["deny", "drop", "reset-client", "reset-server", "reset-both"])
def test_every_kind_of_no_is_a_no(action: str) -> None:
    assert told(one(rule("no", action=action), rule("yes")), USERS, WEB, "tcp/22") == ("blocked", "no")


def test_a_rule_that_is_off_is_kept_and_matches_nothing() -> None:
    text = one(
        rule("off", extra="<disabled>yes</disabled>"), rule("on", action="deny", extra="<disabled>no</disabled>")
    )
    assert told(text, USERS, WEB, "tcp/22") == ("blocked", "on")
    assert [r.enabled for _, r in given(text).rules()][:2] == [False, True]


def test_what_comes_by_an_interface_in_no_zone_is_dropped() -> None:
    text = one(rule("all"), zones=ZONES.replace(zone("guest", "ethernet1/4"), ""))
    assert ask(text, GUEST, WEB, "tcp/22").verdict == "blocked"
    assert ask(text, USERS, "10.2.0.9", "tcp/22").verdict == "blocked"
    assert told(text, USERS, WEB, "tcp/22") == ("permitted", "all")


# ---------------------------------------------------------------------------------------------- addresses


@pytest.mark.parametrize(
    ("dst", "hit", "miss"),
    [
        ("web-1", WEB, "10.9.0.6"),
        ("db", "10.9.0.29", "10.9.0.30"),
        ("servers", DB, "10.9.0.19"),
        ("everything", WEB, "10.9.0.7"),
        ("10.9.0.7", "10.9.0.7", "10.9.0.8"),
        ("10.9.0.64/26", "10.9.0.127", "10.9.0.128"),
        ("10.9.0.70/26", "10.9.0.64", "10.9.0.128"),
        ("10.9.0.7-10.9.0.9", "10.9.0.8", "10.9.0.10"),
        ("wild", "10.9.0.13", "10.9.0.12"),
        ("in both", "10.9.0.33", "10.9.0.34"),
    ],
)
def test_addresses_are_objects_groups_networks_ranges_and_wildcards(dst: str, hit: str, miss: str) -> None:
    objects = OBJECTS.replace(
        "<address>",
        "<address>" + address("wild", "10.9.0.1/0.0.0.252", "ip-wildcard") + address("in both", "10.9.0.33"),
    )
    text = one(rule("some", dst=dst), objects=objects, shared=addresses(address("in both", "10.9.0.34")))
    assert told(text, USERS, hit, "tcp/22") == ("permitted", "some")
    assert told(text, USERS, miss, "tcp/22") == BETWEEN


UNKNOWN = (
    "<address-group><entry name=\"tagged\"><dynamic><filter>'old' and 'web'</filter></dynamic></entry>\n"
    '<entry name="empty"><static/></entry></address-group>\n'
    '<external-list><entry name="bad-hosts"><type><ip><url>https://lists.example.test/x</url></ip></type></entry></external-list>\n'
    '<region><entry name="the-valley"><address><member>10.9.0.5</member></address></entry></region>\n'
    + addresses(address("named", "app.example.test", "fqdn"), address("templated", "$server"))
)


@pytest.mark.parametrize(
    ("dst", "says"),
    [
        ("tagged", "address group 'tagged' fills itself by tags"),
        ("empty", "address group 'empty' holds no member"),
        ("bad-hosts", "'bad-hosts' is a list that is kept outside of the device"),
        ("named", "'named' is the name app.example.test, whose address is not in the export"),
        ("templated", "'templated' is the variable $server, which each device has its own value of"),
        ("FR", "which addresses are in region FR is not in the export"),
        ("nobody", "'nobody' is not defined"),
    ],
)
def test_what_is_not_in_the_export_is_neither_none_nor_any(dst: str, says: str) -> None:
    for action in ("allow", "deny"):
        text = one(rule("some", dst=dst, action=action), objects=UNKNOWN)
        found = ask(text, USERS, WEB, "tcp/22")
        if action == "allow":
            assert (found.verdict, found.reason) == (
                "cannot-tell",
                f"{SHOWN}:{line(text, 'some')}: destination: {says}",
            )
        else:
            assert found.verdict == "blocked"
        behind = one(rule("some", dst=dst, action=action), rule("all"), objects=UNKNOWN)
        assert ask(behind, USERS, WEB, "tcp/22").verdict == ("permitted" if action == "allow" else "cannot-tell")
    known = one(rule("some", dst=f"{dst}, web-1"), objects=UNKNOWN + OBJECTS)
    assert told(known, USERS, WEB, "tcp/22") == ("permitted", "some")


def test_a_region_that_the_export_spells_out_is_known() -> None:
    text = one(rule("some", dst="the-valley"), objects=UNKNOWN)
    assert told(text, USERS, WEB, "tcp/22") == ("permitted", "some")
    assert told(text, USERS, DB, "tcp/22") == BETWEEN


def test_a_negated_list_is_all_else_and_every_address_of_a_family_it_does_not_name() -> None:
    negated = "<negate-destination>yes</negate-destination>"
    text = one(rule("others", dst="web-1, db", extra=negated))
    assert told(text, USERS, WEB, "tcp/22") == BETWEEN
    assert told(text, USERS, DB, "tcp/22") == BETWEEN
    assert told(text, USERS, "10.9.0.6", "tcp/22") == ("permitted", "others")
    assert told(text, "2001:db8:1::9", "2001:db8:9::5", "tcp/22") == ("permitted", "others")
    both = one(rule("others", dst="web-1, 2001:db8:9::/72", extra=negated))
    assert told(both, "2001:db8:1::9", "2001:db8:9::5", "tcp/22") == BETWEEN
    assert told(both, "2001:db8:1::9", "2001:db8:9:0:8000::5", "tcp/22") == ("permitted", "others")
    sources = one(rule("others", src="10.1.0.0/28, 10.2.0.0/24", extra="<negate-source>yes</negate-source>"))
    assert (told(sources, USERS, WEB, "tcp/22"), told(sources, "10.1.0.20", WEB, "tcp/22")[0]) == (BETWEEN, "permitted")


def test_what_a_negated_list_does_not_know_may_be_in_it() -> None:
    extra = "<negate-destination>yes</negate-destination>"
    named = OBJECTS.replace("<address>", "<address>" + address("named", "a.example.test", "fqdn"))
    text = one(rule("others", dst="web-1, named", extra=extra), objects=named)
    assert ask(text, USERS, WEB, "tcp/22").verdict == "blocked"
    assert ask(text, USERS, DB, "tcp/22").verdict == "cannot-tell"
    assert ask(one(rule("none", dst="any", extra=extra)), USERS, DB, "tcp/22").verdict == "blocked"


def test_any_is_both_families_and_a_list_only_its_own() -> None:
    six = ("2001:db8:1::9", "2001:db8:9::5", "tcp/22")
    assert told(one(rule("all")), *six) == ("permitted", "all")
    assert told(one(rule("four", dst="0.0.0.0/0")), *six) == BETWEEN
    assert told(one(rule("six", dst="::/0")), *six) == ("permitted", "six")
    assert told(one(rule("six", dst="2001:db8::/32")), USERS, WEB, "tcp/22") == BETWEEN
    assert told(one(rule("both", dst="::/0")), USERS, WEB, "tcp/22") == ("permitted", "both")
    off = "<deviceconfig><setting><session><ipv6-firewalling>no</ipv6-firewalling></session></setting></deviceconfig>"
    found = ask(one(rule("all"), device=off), *six)
    assert (found.verdict, "IPv6" in found.reason) == ("cannot-tell", True)


def test_the_objects_of_a_rule_are_told_outermost_first() -> None:
    text = one(rule("some", dst="everything", svc="service-https"))
    first = next(r for _, r in given(text).rules())
    assert first.origin.objects == ("everything", "servers", "web-1", "db", "guests", "service-https")


# ---------------------------------------------------------------------------------------------- services, applications

SERVICES = services(
    service("alt", "8443,9000-9010"), service("from-53", "0-65535", "udp", "53"), service("sctp-it", "9", "sctp"),
    '<entry name="odd"><protocol><wool><port>1</port></wool></protocol></entry>\n',
) + (
    f'<service-group><entry name="inner">{listed("members", "alt, service-http")}</entry>'
    f'<entry name="outer">{listed("members", "inner, from-53")}</entry></service-group>\n'
)  # fmt: skip


@pytest.mark.parametrize(
    ("svc", "hits", "misses"),
    [
        ("service-http", ("tcp/80", "tcp/8080"), ("tcp/443", "udp/80", "tcp/81")),
        ("service-https", ("tcp/443",), ("tcp/80", "udp/443")),
        ("alt", ("tcp/8443", "tcp/9000", "tcp/9010"), ("tcp/8444", "tcp/9011", "udp/8443")),
        ("outer", ("tcp/8443", "tcp/80"), ("tcp/443",)),
        ("alt, service-https", ("tcp/443", "tcp/9005"), ("tcp/80",)),
        ("any", ("tcp/1", "udp/65535"), ()),
        ("sctp-it", (), ("tcp/9", "udp/9")),
    ],
)
def test_services_are_predefined_own_and_groups(svc: str, hits: tuple[str, ...], misses: tuple[str, ...]) -> None:
    text = one(rule("some", svc=svc), objects=SERVICES)
    assert {told(text, USERS, WEB, port) for port in hits} <= {("permitted", "some")}
    assert {told(text, USERS, WEB, port) for port in misses} <= {BETWEEN}


def test_who_may_reach_a_service_from_one_source_port_may_reach_it() -> None:
    found = ask(one(rule("dns", svc="from-53"), objects=SERVICES), USERS, WEB, "udp/7")
    assert found.witness is not None
    assert (found.verdict, found.witness.sport) == ("permitted", 53)


@pytest.mark.parametrize("svc", ["nobody", "odd"])
def test_a_service_that_is_not_known_leaves_open_what_the_known_ones_do_not(svc: str) -> None:
    text = one(rule("some", svc=f"alt, {svc}"), objects=SERVICES)
    assert told(text, USERS, WEB, "tcp/8443") == ("permitted", "some")
    assert ask(text, USERS, WEB, "tcp/22").verdict == "cannot-tell"
    denied = one(rule("some", svc=f"alt, {svc}", action="deny"), rule("all"), objects=SERVICES)
    assert told(denied, USERS, WEB, "tcp/8443") == ("blocked", "some")
    assert ask(denied, USERS, WEB, "tcp/22").verdict == "cannot-tell"


def test_a_named_application_may_match_and_any_does() -> None:
    text = one(rule("some", app="ssl, web-browsing", svc="service-https"))
    found = ask(text, USERS, WEB, "tcp/443")
    assert found.verdict == "cannot-tell"
    assert found.reason.endswith("application ssl, web-browsing: only App-ID tells")
    assert told(text, USERS, WEB, "tcp/22") == BETWEEN
    denied = one(rule("some", app="ssl", action="deny"), rule("all"))
    assert ask(denied, USERS, WEB, "tcp/443").verdict == "cannot-tell"


@pytest.mark.parametrize(
    ("app", "may", "never"),
    [
        ("ssl", "tcp/443", ("tcp/22", "tcp/80", "udp/443")),
        ("ssh", "tcp/22", ("tcp/443",)),
        ("ms-rdp", "tcp/3389", ("tcp/22",)),
        ("web", "tcp/80", ("tcp/22",)),
        ("our-app", "tcp/7001", ("tcp/7002", "tcp/443")),
        ("echo", None, ("tcp/22", "udp/7")),
        ("tunnel", None, ("tcp/22", "udp/47")),
        ("icmp, ping, gre", None, ("tcp/22", "udp/7")),
        ("ssl, curious-app", "tcp/22", ()),
        ("by-filter", "tcp/22", ()),
        ("any", "tcp/22", ()),
    ],
)
def test_application_default_holds_known_applications_to_their_ports(
    app: str, may: str | None, never: tuple[str, ...]
) -> None:
    objects = (
        '<application><entry name="our-app"><default><port><member>tcp/7001</member></port></default></entry>\n'
        '<entry name="echo"><default><ident-by-icmp-type><type>8</type></ident-by-icmp-type></default></entry>\n'
        '<entry name="tunnel"><default><ident-by-ip-protocol>47</ident-by-ip-protocol></default></entry></application>\n'
        f'<application-group><entry name="web">{listed("members", "ssl, web-browsing")}</entry></application-group>\n'
        '<application-filter><entry name="by-filter"><risk><member>1</member></risk></entry></application-filter>\n'
    )
    text = one(rule("some", app=app, svc="application-default"), objects=objects)
    assert may is None or ask(text, USERS, WEB, may).verdict == "cannot-tell"
    assert {told(text, USERS, WEB, port) for port in never} <= {BETWEEN}


@pytest.mark.parametrize(
    "extra",
    [
        "<source-user><member>known-user</member></source-user>",
        "<category><member>gambling</member></category>",
        "<schedule>nights</schedule>",
        "<hip-profiles><member>patched</member></hip-profiles>",
        "<source-hip><member>patched</member></source-hip>",
        "<destination-device><member>a-printer</member></destination-device>",
        '<target><devices><entry name="0123456789"/></devices><negate>no</negate></target>',
        "<something-new><member>x</member></something-new>",
        "<rule-type>diagonal</rule-type>",
    ],
)
def test_a_condition_that_the_export_cannot_decide_leaves_the_rule_open(extra: str) -> None:
    assert ask(one(rule("some", extra=extra)), USERS, WEB, "tcp/22").verdict == "cannot-tell"
    assert (
        ask(one(rule("some", action="deny", extra=extra), rule("all")), USERS, WEB, "tcp/22").verdict == "cannot-tell"
    )


def test_what_asks_for_nothing_is_no_condition() -> None:
    extra = (
        "<source-user><member>any</member></source-user><category><member>any</member></category><hip-profiles><member>any</member>"
        "</hip-profiles><source-hip><member>any</member></source-hip><log-end>yes</log-end><tag><member>red</member></tag>"
        "<group-tag>red</group-tag><option><disable-server-response-inspection>no</disable-server-response-inspection></option>"
        "<profile-setting><group><member>strict</member></group></profile-setting><log-setting>siem</log-setting>"
        "<target><negate>no</negate></target><qos><marking/></qos><description>asked for by the web team</description>"
    )
    text = one(rule("some", extra=extra))
    assert told(text, USERS, WEB, "tcp/22") == ("permitted", "some")
    assert next(r for _, r in given(text).rules()).reason == "asked for by the web team"


@pytest.mark.parametrize("tag", ["from", "to", "source", "destination", "application", "service"])
def test_a_list_that_is_empty_or_missing_is_not_taken_for_any(tag: str) -> None:
    whole = rule("some")
    for without in (whole.replace(listed(tag, "any"), f"<{tag}/>\n"), whole.replace(listed(tag, "any"), "")):
        assert without != whole
        found = ask(one(without), USERS, WEB, "tcp/22")
        assert (found.verdict, f"its list '{tag}' is empty" in found.reason) == ("cannot-tell", True)


def test_a_rule_without_an_action_may_do_either() -> None:
    text = one(rule("some").replace("<action>allow</action>\n", ""), rule("all", action="deny"))
    assert decided(text, USERS, WEB, "tcp/22")[0] == "cannot-tell"
    assert ask(one(rule("some", action="bounce"), rule("all")), USERS, WEB, "tcp/22").verdict == "cannot-tell"


# ---------------------------------------------------------------------------------------------- translation

PUBLISH = nat("web in", "untrust", "untrust", "any", "web-public", to_address("web-1"))


def test_a_rule_is_held_against_the_address_as_sent_and_the_zone_behind_the_translation() -> None:
    text = one(rule("publish", "untrust", "dmz", dst="web-public", svc="service-https"), nats=PUBLISH)
    found = ask(text, OUTSIDE, "203.0.113.5", "tcp/443")
    assert found.rule is not None and found.translated is not None and found.witness is not None
    assert (found.verdict, found.rule.line) == ("permitted", line(text, "publish"))
    assert (found.translated.dst, found.translated.by.line) == (WEB, line(text, "web in"))
    inner = ask(text, OUTSIDE, WEB, "tcp/443")
    assert inner.witness is not None
    assert (inner.verdict, inner.witness.dst) == ("permitted", "203.0.113.5")
    assert told(text, OUTSIDE, WEB, "tcp/80") == BETWEEN
    by_inner = one(rule("publish", "untrust", "dmz", dst="web-1"), nats=PUBLISH)
    assert ask(by_inner, OUTSIDE, "203.0.113.5", "tcp/443").verdict == "blocked"
    by_zone = one(rule("publish", "untrust", "untrust", dst="web-public"), nats=PUBLISH)
    assert ask(by_zone, OUTSIDE, WEB, "tcp/443").verdict == "blocked"


def test_between_zones_of_a_workspace_the_same_rule_decides() -> None:
    text = one(
        rule("publish", "untrust", "dmz", dst="web-public", svc="service-https"),
        rule("web", "trust", "dmz", dst="web-1"),
        nats=PUBLISH,
    )
    sides = {"untrust": frozenset(("internet",)), "dmz": frozenset(("servers",))}
    device = replace(given(text), name="fw", zones=ALL, sides=sides, exported_on=TODAY)
    (outside,) = asked([device], plain_zones(), "internet", WEB, "tcp/443")
    assert outside.rule is not None and outside.translated is not None and outside.witness is not None
    assert (outside.verdict, outside.rule.line) == ("permitted", line(text, "publish"))
    assert (outside.witness.dst, outside.translated.dst) == ("203.0.113.5", WEB)
    assert asked([device], plain_zones(), "internet", WEB, "tcp/80")[0].verdict == "blocked"
    (inside,) = asked([device], plain_zones(), "users", WEB, "tcp/22")
    assert inside.rule is not None
    assert (inside.verdict, inside.rule.line) == ("permitted", line(text, "web"))
    assert asked([device], plain_zones(), "guest", WEB, "tcp/22")[0].verdict == "blocked"


def test_a_translated_port_is_matched_as_it_was_sent() -> None:
    nats = nat("ssh in", "untrust", "untrust", "any", "web-public", to_address("web-1", "22"), svc="alt")
    objects = OBJECTS + services(service("alt", "2222"), service("ssh", "22"))
    text = one(rule("publish", "untrust", "dmz", dst="web-public", svc="alt"), nats=nats, objects=objects)
    found = ask(text, OUTSIDE, WEB, "tcp/22")
    assert found.witness is not None
    assert (found.verdict, found.witness.dport) == ("permitted", 2222)
    late = one(rule("publish", "untrust", "dmz", dst="web-public", svc="ssh"), nats=nats, objects=objects)
    assert ask(late, OUTSIDE, WEB, "tcp/22").verdict == "blocked"


def test_a_nat_rule_is_for_the_zone_that_the_original_address_is_routed_to() -> None:
    wrong = PUBLISH.replace(listed("to", "untrust"), listed("to", "dmz"))
    text = one(rule("publish", "untrust", "dmz", dst="web-public"), nats=wrong)
    assert ask(text, OUTSIDE, WEB, "tcp/443").verdict == "blocked"
    unknown = one(rule("publish", dst="web-public"), nats=PUBLISH, network="<network/>")
    found = ask(unknown, None, WEB, "tcp/443", in_interface="untrust", out_interface="dmz")
    assert (found.verdict, "is routed to untrust is not in the export" in found.reason) == ("cannot-tell", True)


def test_the_first_nat_rule_decides_for_both_ends() -> None:
    hide = nat("hide", "trust", "untrust", "any", "any", OUT)
    shine = nat("shine", "any", "untrust", "any", "web-public", to_address("web-1"))
    before, after = (
        one(rule("all", "trust", "dmz, untrust"), nats=hide + shine),
        one(rule("all", "trust", "dmz, untrust"), nats=shine + hide),
    )
    assert ask(before, USERS, "203.0.113.5", "tcp/443").translated is None
    found = ask(after, USERS, "203.0.113.5", "tcp/443")
    assert found.translated is not None and found.translated.dst == WEB


def test_a_nat_rule_that_is_off_translates_nothing() -> None:
    off = PUBLISH.replace("<service>any</service>", "<service>any</service><disabled>yes</disabled>")
    text = one(rule("publish", "untrust", "dmz", dst="web-public"), nats=off)
    assert ask(text, OUTSIDE, WEB, "tcp/443").verdict == "blocked"


def test_a_static_rule_both_ways_lets_what_is_sent_to_the_new_source_come_back() -> None:
    def static(both: str) -> str:
        does = (
            f"<source-translation><static-ip><translated-address>web-public</translated-address><bi-directional>{both}"
        )
        return nat(
            "static", "dmz", "untrust", "web-1", "any", f"{does}</bi-directional></static-ip></source-translation>\n"
        )

    text = one(rule("publish", "untrust", "dmz", dst="web-public"), nats=static("yes"))
    found = ask(text, OUTSIDE, "203.0.113.5", "tcp/443")
    assert found.translated is not None
    assert (found.verdict, found.translated.dst) == ("permitted", WEB)
    one_way = one(rule("publish", "untrust", "dmz", dst="web-public"), nats=static("no"))
    assert ask(one_way, OUTSIDE, WEB, "tcp/443").verdict == "blocked"


def test_ranges_of_one_length_keep_their_offset_though_part_of_them_is_routed_elsewhere() -> None:
    nats = nat("range", "untrust", "untrust", "any", "203.0.113.4-203.0.113.9", to_address("10.9.0.4-10.9.0.9"))
    rules = rule("publish", "untrust", "dmz", dst="203.0.113.6, 203.0.113.9")
    text = one(rules, nats=nats)
    assert [ask(text, OUTSIDE, f"10.9.0.{n}", "tcp/443").verdict for n in (6, 8, 9)] == [
        "permitted",
        "blocked",
        "permitted",
    ]
    aside = '<entry name="aside"><destination>203.0.113.8/30</destination><interface>ethernet1/4</interface></entry>\n'
    network = NETWORK.replace('<entry name="default"><destination>', aside + '<entry name="default"><destination>')
    text = one(rules, nats=nats, network=network)
    assert [ask(text, OUTSIDE, f"10.9.0.{n}", "tcp/443").verdict for n in (6, 5, 9)] == [
        "permitted",
        "blocked",
        "blocked",
    ]


@pytest.mark.parametrize(
    "does",
    [
        to_address("named"),
        to_address("nobody"),
        "<dynamic-destination-translation><translated-address>named</translated-address></dynamic-destination-translation>\n",
    ],
)
def test_a_translation_to_what_is_not_known_may_lead_anywhere(does: str) -> None:
    objects = UNKNOWN + OBJECTS.replace("<address>", "<address>" + address("named", "a.example.test", "fqdn"))
    text = one(
        rule("all", "untrust", "dmz"), nats=nat("in", "untrust", "untrust", "any", "web-public", does), objects=objects
    )
    found = ask(text, OUTSIDE, "203.0.113.5", "tcp/443")
    assert found.verdict == "cannot-tell"


def test_nat64_is_not_followed_and_not_forgotten() -> None:
    odd = PUBLISH.replace("<service>any</service>", "<nat-type>nat64</nat-type><service>any</service>")
    text = one(rule("publish", "untrust", "dmz", dst="web-public"), nats=odd)
    assert ask(text, OUTSIDE, WEB, "tcp/443").verdict == "cannot-tell"


# ---------------------------------------------------------------------------------------------- other rulebases, routes


def test_forwarding_by_policy_and_protection_may_stop_what_the_rules_let_through() -> None:
    def pbf(does: str) -> str:
        body = "<from><zone><member>trust</member></zone></from>" + "".join(
            listed(tag, "any") for tag in ("source", "destination", "service", "application")
        )
        inner = f'<pbf><rules>\n<entry name="elsewhere">{body}<action>{does}</action></entry>\n</rules></pbf>\n'
        return firewall(base(rule("all"), more=inner))

    assert told(pbf("<discard/>"), USERS, WEB, "tcp/22") == ("blocked", "elsewhere")
    assert told(pbf("<no-pbf/>"), USERS, WEB, "tcp/22")[0] == "permitted"
    assert (
        ask(pbf("<forward><egress-interface>ethernet1/4</egress-interface></forward>"), USERS, WEB, "tcp/22").verdict
        == "cannot-tell"
    )
    assert told(pbf("<discard/>"), GUEST, WEB, "tcp/22")[0] == "permitted"
    dos = rule("flood").replace("<action>allow</action>", "<action><deny/></action>")
    assert told(firewall(base(rule("all"), more=f"<dos><rules>{dos}</rules></dos>")), USERS, WEB, "tcp/22") == (
        "blocked",
        "flood",
    )


def test_a_rulebase_that_nobody_knows_is_counted() -> None:
    text = firewall(
        base(
            rule("all"), more='<quantum><rules>\n<entry name="leap"><action>deny</action></entry>\n</rules></quantum>\n'
        )
    )
    (stray,) = given(text).unread
    assert (stray.line, stray.text.startswith("quantum: leap")) == (line(text, "leap"), True)


def test_a_route_to_another_router_leaves_open_what_lies_behind() -> None:
    more = (
        '<entry name="hop"><destination>10.9.5.0/24</destination><nexthop><next-vr>other</next-vr></nexthop></entry>\n'
    )
    network = NETWORK.replace('<entry name="default"><destination>', more + '<entry name="default"><destination>')
    text = one(rule("dmz", "trust", "dmz"), network=network.replace("10.9.0.1/24", "10.9.0.1/21"))
    assert told(text, USERS, WEB, "tcp/22") == ("permitted", "dmz")
    assert ask(text, USERS, "10.9.5.9", "tcp/22").verdict == "cannot-tell"


def test_the_device_answers_only_where_a_profile_says_so() -> None:
    text = one(rule("all"))
    assert ask(text, USERS, "10.1.0.1", "tcp/23").verdict == "blocked"
    assert ask(text, OUTSIDE, "10.1.0.1", "tcp/22").verdict == "blocked"
    assert ask(text, USERS, "203.0.113.2", "tcp/443").verdict == "blocked"
    assert ask(text, USERS, "10.1.0.1", "tcp/22").verdict == "cannot-tell"
    off = (
        "<protocol><bgp><enable>no</enable><dampening><enable>yes</enable></dampening></bgp></protocol><routing-table>"
    )
    assert (
        ask(one(network=NETWORK.replace("<routing-table>", off)), OUTSIDE, "203.0.113.2", "tcp/179").verdict
        == "blocked"
    )
    on = NETWORK.replace("<routing-table>", off.replace(">no<", ">yes<"))
    assert ask(one(network=on), OUTSIDE, "203.0.113.2", "tcp/179").verdict == "cannot-tell"
    vpn = NETWORK.replace("<interface>\n", '<ike><gateway><entry name="peer"/></gateway></ike><interface>\n', 1)
    assert ask(one(network=vpn), OUTSIDE, "203.0.113.2", "udp/500").verdict == "cannot-tell"
    assert ask(one(network=vpn), OUTSIDE, "203.0.113.2", "tcp/22").verdict == "blocked"


def test_the_management_port_answers_whom_it_is_told_to() -> None:
    port = (
        "<deviceconfig><system><ip-address>10.8.0.2</ip-address><netmask>255.255.255.0</netmask>"
        '<permitted-ip><entry name="10.1.0.0/28"/></permitted-ip><service><disable-telnet>no</disable-telnet></service>'
        "</system></deviceconfig>\n"
    )
    text = one(device=port)
    assert ask(text, USERS, "10.8.0.2", "tcp/22").verdict == "permitted"
    assert ask(text, USERS, "10.8.0.2", "tcp/23").verdict == "permitted"
    assert ask(text, USERS, "10.8.0.2", "tcp/80").verdict == "blocked"
    assert ask(text, "10.1.0.200", "10.8.0.2", "tcp/22").verdict == "blocked"


# ---------------------------------------------------------------------------------------------- scopes, vsys, Panorama


def test_a_virtual_system_s_own_objects_come_before_the_shared_ones() -> None:
    text = firewall(
        addresses(address("host", "10.9.0.5")) + base(rule("some", dst="host, other")),
        shared=addresses(address("host", "10.9.0.6"), address("other", "10.9.0.7")),
    )
    assert [told(text, USERS, f"10.9.0.{n}", "tcp/22")[0] for n in (5, 6, 7)] == ["permitted", "blocked", "permitted"]


def told_by(device: Device, from_: str, to: str) -> str:
    return ask(device, from_, to, "tcp/22").verdict


def second(rules: str) -> str:
    return f'<entry name="vsys2">\n<zone>\n{zone("dmz", "ethernet1/3.9")}{zone("guest", "ethernet1/4")}</zone>\n{base(rules)}</entry>\n'


def test_each_virtual_system_has_its_own_rules_and_what_passes_between_them_is_not_followed() -> None:
    zones = zone("untrust", "ethernet1/1") + zone("trust", "ethernet1/2")
    text = firewall(
        base(rule("own", "trust", "untrust")), zones=zones, systems=[second(rule("theirs", "guest", "dmz"))]
    )
    assert told(text, USERS, OUTSIDE, "tcp/22") == ("permitted", "own")
    assert told(text, GUEST, WEB, "tcp/22") == ("permitted", "theirs")
    assert told(text, WEB, GUEST, "tcp/22")[0] == "blocked"
    found = ask(text, USERS, WEB, "tcp/22")
    assert (found.verdict, "between virtual systems" in found.reason) == ("cannot-tell", True)
    alone = given(text, part="vsys2")
    assert [chain.name for chain in alone.chains.values() if chain.name.startswith("vsys")] == ["vsys2"]
    assert told_by(alone, GUEST, WEB) == "permitted"
    assert told_by(alone, USERS, OUTSIDE) == told_by(alone, USERS, WEB) == "cannot-tell"  # nobody asked about vsys1
    with pytest.raises(InputError, match=r"has no virtual system 'vsys3'; did you mean 'vsys"):
        given(text, part="vsys3")


def test_a_shared_gateway_is_no_part_of_a_virtual_system() -> None:
    gateway = f'<shared-gateway><entry name="sg1"><zone>{zone("wan", "ethernet1/1")}</zone></entry></shared-gateway>\n'
    network = NETWORK.replace("<interface>\n", gateway + "<interface>\n", 1)
    text = one(rule("all"), network=network, zones=ZONES.replace(zone("untrust", "ethernet1/1"), ""))
    assert told(text, USERS, WEB, "tcp/22") == ("permitted", "all")
    assert ask(text, USERS, OUTSIDE, "tcp/22").verdict == "cannot-tell"
    assert ask(text, OUTSIDE, WEB, "tcp/22").verdict == "cannot-tell"


PUSHED = """<panorama><vsys><entry name="vsys1">
{objects}{pre}{post}</entry></vsys></panorama>
"""


def test_what_panorama_gave_the_device_stands_about_its_own_rules() -> None:
    pre = base(rule("before", dst="web-1", action="deny"), kind="pre-rulebase")
    post = base(rule("after", action="drop"), kind="post-rulebase")
    pushed = PUSHED.format(objects=addresses(address("web-1", WEB)), pre=pre, post=post)
    text = firewall(base(rule("own", dst="10.9.0.0/28")), panorama=pushed)
    assert told(text, USERS, WEB, "tcp/22") == ("blocked", "before")
    assert told(text, USERS, "10.9.0.6", "tcp/22") == ("permitted", "own")
    assert told(text, USERS, DB, "tcp/22") == ("blocked", "after")
    twice = firewall(addresses(address("web-1", DB)) + base(rule("own")), panorama=pushed)
    assert ask(twice, USERS, WEB, "tcp/22").verdict == "cannot-tell"


def test_a_managed_device_without_what_panorama_gave_it_tells_nothing_for_certain() -> None:
    managed = "<deviceconfig><system><panorama><local-panorama><panorama-server>10.8.0.9</panorama-server></local-panorama></panorama></system></deviceconfig>\n"
    text = one(rule("all"), device=managed)
    found = ask(text, USERS, WEB, "tcp/22")
    assert (found.verdict, "Panorama manages the device" in found.reason) == ("cannot-tell", True)


SIDES = {"in_interface": "trust", "out_interface": "dmz"}


def hierarchy() -> str:
    def both(name: str, dst: str) -> str:
        pre = base(rule(f"{name} pre", "trust", "dmz", dst=dst, action="deny"), kind="pre-rulebase")
        return pre + base(rule(f"{name} post", "trust", "dmz", dst=dst, action="allow"), kind="post-rulebase")

    shared = both("shared", "10.9.0.1, 10.9.0.7") + addresses(address("host", "10.9.0.40"), address("all", "10.9.0.41"))
    town = both("town", "10.9.0.2, 10.9.0.1") + addresses(address("host", "10.9.0.50"))
    hall = both("hall", "10.9.0.3, 10.9.0.2, host, all") + addresses(address("host", "10.9.0.60"))
    inner = group("hall", hall) + group("town", town)
    return panorama(inner, shared, below("hall", "town") + below("town"))


def test_panorama_s_rules_go_from_shared_to_the_group_and_back() -> None:
    text = hierarchy()
    device = given(text)
    names = [r.origin.name for _, r in device.rules() if r.origin.name]
    assert names == ["shared pre", "town pre", "hall pre", "hall post", "town post", "shared post"]
    assert decided(text, None, "10.9.0.2", "tcp/22", **SIDES) == ("blocked", line(text, "town pre"))
    assert decided(text, None, "10.9.0.1", "tcp/22", **SIDES) == ("blocked", line(text, "shared pre"))
    assert ask(text, None, "10.9.0.60", "tcp/22", **SIDES).verdict == "blocked"  # the group's own 'host'
    assert told(text, None, "10.9.0.50", "tcp/22", **SIDES) == BETWEEN
    town = given(text, part="town")
    assert [r.origin.name for _, r in town.rules() if r.origin.name] == [
        "shared pre",
        "town pre",
        "town post",
        "shared post",
    ]
    assert any("not in an export of Panorama" in said for said in device.warnings)


def test_of_several_device_groups_one_is_named() -> None:
    text = panorama(
        group("east", base(rule("e", "trust", "dmz", dst=WEB), kind="pre-rulebase"))
        + group("west", base(rule("w", "trust", "dmz", dst=DB), kind="pre-rulebase")),
        readonly=below("east") + below("west"),
    )
    found = ask(text, None, WEB, "tcp/22")
    assert (found.verdict, found.reason.endswith("say which with --chain: east, west")) == ("cannot-tell", True)
    assert told(text, None, WEB, "tcp/22", chain="east", **SIDES) == ("permitted", "e")
    assert told(text, None, WEB, "tcp/22", chain="west", **SIDES) == BETWEEN
    assert ask(given(text, part="west"), None, DB, "tcp/22", **SIDES).verdict == "permitted"
    with pytest.raises(InputError, match=r"edge.xml:5: has no device group 'eastt'; did you mean 'east'\?"):
        given(text, part="eastt")
    with_nat = text.replace("<nat>\n<rules>\n", "<nat>\n<rules>\n" + PUBLISH)
    with pytest.raises(InputError, match="holds 2 device groups with NAT rules of their own: east, west"):
        given(with_nat)
    assert given(with_nat, part="east").translations


def test_a_zone_that_panorama_s_rules_do_not_name_may_be_that_of_both_ends() -> None:
    text = panorama(group("east", base(rule("e", "trust", "dmz", dst=WEB), kind="pre-rulebase")))
    found = ask(text, None, DB, "tcp/22")
    assert found.verdict == "cannot-tell"
    assert told(text, None, DB, "tcp/22", **SIDES) == BETWEEN
    nameless = panorama(group("east", base(rule("e", dst=WEB), kind="pre-rulebase")))
    assert ask(nameless, None, DB, "tcp/22").verdict == "cannot-tell"
    text = panorama(
        group("east", base(rule("e", "trust", "dmz", extra="<rule-type>interzone</rule-type>"), kind="pre-rulebase"))
    )
    assert told(text, None, DB, "tcp/22", **SIDES) == ("permitted", "e")


def test_the_part_that_secscan_yaml_names_is_read() -> None:
    text = panorama(
        group("east", base(rule("e", dst=WEB), kind="pre-rulebase"))
        + group("west", base(rule("w", dst=DB), kind="pre-rulebase")),
        readonly=below("east") + below("west"),
    )
    wall = Firewall.model_validate({"id": "core", "as": "panos", "file": "p.xml", "zones": ["servers"], "part": "west"})
    source = Source.model_validate({"id": "core", "as": "panos", "file": "p.xml"})
    assert set(Makers([wall]).read(source, [("p.xml", text.encode())]).chains) == {"west"}
    assert set(Makers().read(source, [("p.xml", text.encode())]).chains) == {"east", "west"}


def test_a_panorama_that_does_not_say_who_stands_below_whom_tells_nothing_for_certain() -> None:
    inner = group("east", base(rule("e", "trust", "dmz", dst=WEB), kind="pre-rulebase")) + group(
        "west", base("", kind="pre-rulebase")
    )
    text = panorama(inner)
    assert ask(given(text, part="east"), None, WEB, "tcp/22", **SIDES).verdict == "cannot-tell"
    old = panorama(inner, version="6.1.0")  # device groups stood beside each other then
    assert ask(given(old, part="east"), None, WEB, "tcp/22", **SIDES).verdict == "permitted"


def test_where_ancestors_objects_may_win_a_name_that_several_define_is_not_known() -> None:
    setting = (
        "<deviceconfig><setting><management><ancestor-objects-take-precedence>yes</ancestor-objects-take-precedence>"
        "</management></setting></deviceconfig>\n<device-group>"
    )
    text = hierarchy().replace('<device-group>\n<entry name="hall">', setting + '\n<entry name="hall">', 1)
    rules = [r for _, r in given(text).rules() if r.origin.name == "hall pre"]
    assert rules[0].dst.unknown == "'host' is defined twice, and which one counts is not known"


# ---------------------------------------------------------------------------------------------- the file itself


def test_an_answer_of_the_api_is_read_as_the_configuration_in_it() -> None:
    text = one(rule("all"))
    inner = text.partition("?>\n")[2]
    wrapped = f'<response status="success" code="19"><result total-count="1" count="1">\n{inner}</result></response>'
    assert told(wrapped, USERS, WEB, "tcp/22") == ("permitted", "all")
    assert decided(wrapped, USERS, WEB, "tcp/22")[1] == line(wrapped, "all")


@pytest.mark.parametrize(
    "change", [lambda t: t.replace("\n", "\r\n"), lambda t: t.replace("\n", "\r"), lambda t: "\ufeff" + t]
)
def test_line_ends_and_byte_order_marks_change_nothing(change: Any) -> None:
    text = one(rule("all"))
    assert decided(change(text), USERS, WEB, "tcp/22") == ("permitted", line(text, "all"))


def test_a_part_that_stands_twice_is_read_twice() -> None:
    twice = base(rule("first", dst=WEB)) + base(rule("second", dst=DB))
    text = firewall(twice)
    assert told(text, USERS, WEB, "tcp/22") == ("permitted", "first")
    assert told(text, USERS, DB, "tcp/22") == ("permitted", "second")
    both = one(rule("some", extra=listed("destination", WEB) + "<action>deny</action>"))
    assert ask(both, USERS, DB, "tcp/22").verdict == "cannot-tell"


def test_the_default_of_the_device_is_that_between_zones() -> None:
    opened = '<default-security-rules><rules><entry name="interzone-default"><action>allow</action></entry></rules></default-security-rules>'
    port = "<deviceconfig><system><ip-address>10.8.0.2</ip-address></system></deviceconfig>\n"
    assert default(given(one(device=port)), frozenset())[0] == "deny"
    assert default(given(firewall(f"<rulebase>{opened}</rulebase>", device=port)), frozenset())[0] == "permit"


def test_names_may_hold_spaces_quotes_and_letters_of_any_kind() -> None:
    name = "Rathaus &amp; Bücherei &quot;neu&quot; ~ 2"
    objects = addresses(address("a b", WEB), address("Müller's", DB))
    text = one(rule(name, dst="a b, Müller's"), objects=objects)
    assert told(text, USERS, WEB, "tcp/22") == ("permitted", 'Rathaus & Bücherei "neu" ~ 2')
    assert told(text, USERS, DB, "tcp/22")[0] == "permitted"


BOMB = '<?xml version="1.0"?>\n<!DOCTYPE config [<!ENTITY a "aa">]>\n<config version="10.1.0"><devices><entry name="x"/></devices></config>'
CYCLE = OBJECTS + '<address-group>\n<entry name="round">\n<static><member>about</member></static></entry>\n'
CYCLE += '<entry name="about">\n<static><member>round</member></static></entry>\n</address-group>\n'


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        (one(rule("x", dst="300.1.1.1")), "", "'300.1.1.1' is not an address, a network or a range"),
        (one(rule("x", dst="host"), objects=addresses(address("host", "10.9.0.300"))), "host", "'10.9.0.300' is not an address"),
        (one(rule("x", dst="host"), objects=addresses(address("host", "10.9.0.9-10.9.0.1", "ip-range"))), "host", "is not an address"),
        (one(rule("x", dst="host"), objects=addresses(address("host", "10.9.0.0/33"))), "host", "'10.9.0.0/33' is not an address"),
        (one(rule("x", dst="host"), objects=addresses(address("host", "10.9.0.0/x", "ip-wildcard"))), "host", "a wildcard mask"),
        (one(rule("x", svc="odd"), objects=services(service("odd", "70000"))), "odd", "'70000' is not a list of ports"),
        (one(rule("x", svc="odd"), objects=services(service("odd", "90-80"))), "odd", "'90-80' is not a list of ports"),
        (one(rule("x", dst="round"), objects=CYCLE), "round", "address group 'round' holds itself"),
        (one(nats=nat("x", "any", "any", "any", "any", to_address(WEB, "0x16"))), "", "'0x16' is not a port"),
        (BOMB, "", "declares an entity"),
        ('<response status="error" code="403"><result><msg>no</msg></result></response>', "", "is an answer that says no"),
        ('<response status="success"><result><rules><entry name="x"/></rules></result></response>', "", "a part of a configuration only"),
        ("<opnsense><filter/></opnsense>", "", "begins with <opnsense>, not with <config>"),
        ('<config version="10.1.0"><mgt-config/><devices/></config>', "", "holds no virtual system and no device group"),
        ("set rulebase security rules x action allow\n", "", "is not XML"),
        ("", "", "is not XML"),
        (panorama(group("a", "") + group("b", ""), readonly=below("a", "b") + below("b", "a")), "", "is below itself"),
        (panorama(group("a", "") + group("b", ""), readonly=below("a", "gone")), "", "is below 'gone', which is not there"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_whole_export_is_refused_with_its_line(text: str, at: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        given(text)
    assert says in str(caught.value)
    if at:
        assert caught.value.place.line == line(text, at)


def test_a_file_beside_the_configuration_is_refused() -> None:
    from secscan.exposure.formats import read
    from secscan.exposure.formats.export import Export

    files = [ConfigFile(data=one().encode(), shown=name) for name in ("a.xml", "b.xml")]
    with pytest.raises(InputError, match=r"b.xml: stands beside a.xml: a PAN-OS configuration is one file"):
        read("panos", Export(device="edge", files=files))


@pytest.mark.parametrize(
    ("head", "taken"),
    [
        (one(), True),
        (panorama(group("a", "")), True),
        ('<config version="9.0.0">\n<!-- made by hand -->\n<devices>\n<entry name="localhost.localdomain">', True),
        ('<config version="9.0.0"><mgt-config>', True),
        ('<response status="success"><result><config version="9.0.0"><shared/>', True),
        ('<response status="success"><result><rulebase><security>', True),
        ("<?xml version='1.0'?>\n<pfsense>\n<version>22.9</version>\n<shared/>", False),
        ("<opnsense><devices><entry/></devices></opnsense>", False),
        ('<?xml version="1.0"?>\n<!DOCTYPE nmaprun>\n<nmaprun scanner="nmap">', False),
        ("<config><system/></config>", False),
        ("*filter\n:INPUT ACCEPT [0:0]\n", False),
    ],
)
def test_it_takes_its_own_files_and_no_other_maker_s(head: str, taken: bool) -> None:
    assert (READER.fits(head) is not None) is taken


SET = "set deviceconfig system hostname edge\nset rulebase security rules web from untrust\n"
BRACES = "config {\n  mgt-config {\n    users {\n    }\n  }\n  devices {\n    localhost.localdomain {\n      deviceconfig {\n        system {\n"
SHOW = "deviceconfig {\n  system {\n    hostname edge;\n  }\n}\nrulebase {\n  security {\n    rules {\n"


@pytest.mark.parametrize(
    ("text", "what"), [(SET, "in 'set' form"), (BRACES, "in the form with braces"), (SHOW, "in the form with braces")]
)
def test_other_forms_of_the_configuration_are_refused_by_name(text: str, what: str) -> None:
    with pytest.raises(InputError, match=f"is a Palo Alto configuration {what}"):
        recognise([ConfigFile(data=text.encode(), shown="fw.txt")])


def test_no_secret_of_an_export_is_kept() -> None:
    secrets = (
        "$1$qzwxecrv$abcdefghijklmnopqrstuv", "-AQ==Zm9vYmFyYmF6cXV4c2VjcmV0", "Sommer2031wort", "-BEGINPRIVATEKEYMIIEvQIBADANBg",
        "snmp-Geheimwort-77",
    )  # fmt: skip
    users = f'<mgt-config><users><entry name="admin"><phash>{secrets[0]}</phash></entry></users></mgt-config>\n'
    keys = (
        f'<certificate><entry name="c"><private-key>{secrets[3]}</private-key></entry></certificate>'
        f"<authentication-profile><entry name='a'><bind-password>{secrets[1]}</bind-password></entry></authentication-profile>"
    )
    peer = f"<ike><gateway><entry name='p'><authentication><pre-shared-key><key>{secrets[1]}</key></pre-shared-key></authentication></entry></gateway></ike>"
    snmp = f"<deviceconfig><system><snmp-setting><access-setting><version><v2c><snmp-community-string>{secrets[4]}</snmp-community-string></v2c></version></access-setting></snmp-setting></system></deviceconfig>"
    odd = f"<odd><password>{secrets[2]}</password></odd><description>password: {secrets[2]}</description>"
    text = one(
        rule("x", extra=odd),
        shared=keys,
        network=NETWORK.replace("<interface>\n", peer + "<interface>\n", 1),
        device=snmp,
    ).replace("<shared>", users + "<shared>", 1)
    shown = repr(given(text))
    assert [secret for secret in secrets if secret in text] == list(secrets)
    assert [secret for secret in secrets if secret in shown] == []


def test_five_thousand_rules_are_read_whole() -> None:
    hosts = addresses(*(address(f"h{n}", f"10.{n % 200}.{n // 200}.1") for n in range(5000)))
    rules = "".join(rule(f"r{n}", "trust", "dmz", f"h{n}", f"h{(n * 7) % 5000}", "service-https") for n in range(5000))
    text = firewall(hosts + base(rules)).encode()
    device = given(text)
    assert sum(1 for _, r in device.rules() if r.origin.name.startswith("r")) == 5000


# ---------------------------------------------------------------------------------------------- properties

_PLACES = {"trust": USERS, "guest": GUEST, "untrust": OUTSIDE}
_TARGETS = ("10.9.0.5", "10.9.0.20", "10.9.0.77")
_PORTS = ("tcp/443", "tcp/80", "tcp/22", "udp/53")
_SERVICES = {"any": set(_PORTS), "service-https": {"tcp/443"}, "service-http": {"tcp/80"}}


@dataclass(frozen=True)
class Spoken:
    """A rule as a test thinks of it, apart from the XML."""

    name: str
    from_: str
    dst: str
    svc: str
    action: str
    negated: bool
    off: bool

    def xml(self) -> str:
        extra = f"<negate-destination>{'yes' if self.negated else 'no'}</negate-destination>"
        extra += "<disabled>yes</disabled>" if self.off else ""
        return rule(self.name, self.from_, "dmz", dst=self.dst, svc=self.svc, action=self.action, extra=extra)

    def takes(self, from_: str, to: str, port: str) -> bool:
        hit = {"10.9.0.5": to == "10.9.0.5", "10.9.0.0/26": to in ("10.9.0.5", "10.9.0.20")}[self.dst]
        return not self.off and self.from_ in ("any", from_) and hit != self.negated and port in _SERVICES[self.svc]


def spoken(draw: random.Random, name: str) -> Spoken:
    return Spoken(
        name, draw.choice(("any", *_PLACES)), draw.choice(("10.9.0.5", "10.9.0.0/26")), draw.choice(tuple(_SERVICES)),
        draw.choice(("allow", "deny")), draw.random() < 0.3, draw.random() < 0.15,
    )  # fmt: skip


@drawn(st.randoms(use_true_random=False))
@limits(max_examples=40, deadline=None)
def test_the_order_of_pre_own_and_post_rules_is_that_of_a_slow_witness(draw: random.Random) -> None:
    parts = {part: [spoken(draw, f"{part} {n}") for n in range(draw.randrange(4))] for part in ("pre", "own", "post")}
    xml = {part: "".join(one_.xml() for one_ in rules) for part, rules in parts.items()}
    pushed = PUSHED.format(
        objects="", pre=base(xml["pre"], kind="pre-rulebase"), post=base(xml["post"], kind="post-rulebase")
    )
    device = given(firewall(base(xml["own"]), panorama=pushed))
    order = [*parts["pre"], *parts["own"], *parts["post"]]
    for from_, address_ in _PLACES.items():
        for to in _TARGETS:
            port = draw.choice(_PORTS)
            by = next((r for r in order if r.takes(from_, to, port)), None)
            found = ask(device, address_, to, port)
            assert found.rule is not None
            want = ("permitted" if by and by.action == "allow" else "blocked", by.name if by else "")
            assert (found.verdict, found.rule.name) == want


_PUBLIC = ("203.0.113.4", "203.0.113.5")
_INNER = ("10.9.0.5", "10.9.0.20")
_AT = {USERS: "trust", GUEST: "guest", OUTSIDE: "untrust"}


@dataclass(frozen=True)
class Turn:
    """A NAT rule as a test thinks of it. ``both``: a static source both ways, of ``to`` as ``dst``."""

    name: str
    from_: str
    zone: str
    dst: str
    svc: str
    to: str
    port: str
    both: bool = False

    def xml(self) -> str:
        if self.both:
            does = (
                f"<source-translation><static-ip><translated-address>{self.dst}</translated-address>"
                "<bi-directional>yes</bi-directional></static-ip></source-translation>\n"
            )
            return nat(self.name, self.from_, self.zone, self.to, "any", does)
        return nat(
            self.name,
            self.from_,
            self.zone,
            "any",
            self.dst,
            to_address(self.to, self.port) if self.to else OUT,
            self.svc,
        )

    def turns(self, zone_: str, from_: str, dst: str, port: str) -> tuple[str, str] | None:
        """What becomes of a packet's destination, where the rule is the one for it."""
        routed = "dmz" if dst in _INNER else "untrust"
        if self.both and self.zone == routed and dst == self.dst:
            return self.to, port  # the twin, from wherever it comes
        if self.both:
            hit = self.from_ in ("any", zone_) and self.zone == routed and from_ == self.to
            return (dst, port) if hit else None
        if self.from_ not in ("any", zone_) or self.zone not in ("any", routed) or self.dst not in ("any", dst):
            return None
        if port not in _SERVICES[self.svc]:
            return None
        return (self.to or dst), (f"tcp/{self.port}" if self.port else port)


def turn(draw: random.Random, name: str) -> Turn:
    from_, zone_ = draw.choice(("any", *_PLACES)), draw.choice(("any", "untrust", "untrust", "dmz"))
    match draw.randrange(4):
        case 0:
            return Turn(name, from_, zone_, "any", "any", "", "")
        case 1:
            return Turn(name, "dmz", "untrust", draw.choice(_PUBLIC), "any", draw.choice(_INNER), "", True)
        case 2:
            return Turn(name, from_, zone_, draw.choice(_PUBLIC), "service-https", draw.choice(_INNER), "22")
    return Turn(
        name,
        from_,
        zone_,
        draw.choice((*_PUBLIC, _INNER[0])),
        draw.choice(("any", "service-http")),
        draw.choice(_INNER),
        "",
    )


@drawn(st.randoms(use_true_random=False))
@limits(max_examples=60, deadline=None)
def test_translation_is_that_of_a_slow_witness(draw: random.Random) -> None:
    turns = [turn(draw, f"n{n}") for n in range(draw.randrange(1, 5))]
    rules = [
        (f"r{n}", draw.choice(("any", *_PLACES)), draw.choice(("dmz", "untrust")), draw.choice(("any", *_PUBLIC, *_INNER)),
         draw.choice(tuple(_SERVICES)), draw.choice(("allow", "allow", "deny")))
        for n in range(draw.randrange(1, 5))
    ]  # fmt: skip
    device = given(
        firewall(
            base(
                "".join(rule(n, f, t, "any", d, s, action=a) for n, f, t, d, s, a in rules),
                "".join(t.xml() for t in turns),
            )
        )
    )

    def arrives(from_: str, dst: str, port: str) -> tuple[str, str, bool]:
        """Where a packet that is sent ends, and whether it gets there."""
        zone_ = _AT[from_]
        end, end_port = next((found for t in turns if (found := t.turns(zone_, from_, dst, port))), (dst, port))
        behind = "dmz" if end in _INNER else "untrust"
        for _, f, t, d, s, action in rules:
            if f in ("any", zone_) and t == behind and d in ("any", dst) and port in _SERVICES[s]:
                return end, end_port, action == "allow"
        return end, end_port, zone_ == behind

    for from_ in _AT:
        for to in (*_PUBLIC, *_INNER):
            for port in ("tcp/443", "tcp/80", "tcp/22"):
                sent = [(d, p) for d in (*_PUBLIC, *_INNER) for p in _PORTS[:3]]
                through = any(
                    ok and (end, at) == (to, port) for d, p in sent for end, at, ok in (arrives(from_, d, p),)
                )
                through |= arrives(from_, to, port)[2]
                assert ask(device, from_, to, port).verdict == ("permitted" if through else "blocked"), (
                    from_,
                    to,
                    port,
                )


@drawn(st.randoms(use_true_random=False))
@limits(max_examples=30, deadline=None)
def test_adding_a_deny_never_opens_a_way(draw: random.Random) -> None:
    rules = [spoken(draw, f"r{n}") for n in range(draw.randrange(1, 6))]
    more = [*rules]
    more.insert(draw.randrange(len(rules) + 1), replace(spoken(draw, "no"), action="deny"))
    before, after = (given(firewall(base("".join(r.xml() for r in some)))) for some in (rules, more))
    for address_ in _PLACES.values():
        for to in _TARGETS:
            if ask(before, address_, to, "tcp/443").verdict == "blocked":
                assert ask(after, address_, to, "tcp/443").verdict == "blocked"


WHOLE = one(
    rule("https", "trust", "dmz", dst="web-1", svc="service-https"), rule("no", "guest", "any", action="deny"),
    rule("publish", "untrust", "dmz", dst="web-public", svc="service-https"), rule("rest", "trust", "dmz", dst="servers", svc="service-http"),
    nats=PUBLISH,
)  # fmt: skip


def permits(text: str) -> set[tuple[str, str, str]]:
    try:
        device = given(text)
    except InputError:
        return set()
    asked = [(f, t, p) for f in (USERS, GUEST, OUTSIDE) for t in (WEB, DB, "10.9.0.6") for p in ("tcp/443", "tcp/80")]
    return {q for q in asked if ask(device, *q).verdict in ("permitted", "partly")}


@drawn(st.integers(0, len(WHOLE)))
@limits(max_examples=60, deadline=None)
def test_a_cut_file_permits_nothing(at: int) -> None:
    assert permits(WHOLE[:at]) <= permits(WHOLE)


@drawn(st.integers(0, 10_000), st.sampled_from(["source", "destination", "from", "to", "service", "application"]))
@limits(max_examples=40, deadline=None)
def test_a_list_that_loses_its_members_permits_nothing_new(seed: int, tag: str) -> None:
    places = list(re.finditer(rf"<{tag}><member>.*?</{tag}>", WHOLE))
    found = places[seed % len(places)]
    broken = WHOLE[: found.start()] + f"<{tag}><member>nobody knows</member></{tag}>" + WHOLE[found.end() :]
    assert permits(broken) <= permits(WHOLE)


def test_rules_are_counted_with_the_objects() -> None:
    device = given(WHOLE)
    assert device.decoded > 10
    assert device.version == "PAN-OS 10.1.0"
    assert all(isinstance(step, Rule) for chain in device.chains.values() for step in chain.steps)
