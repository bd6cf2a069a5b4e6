"""FortiGate configurations: what is read, what is left open, what is refused, and by which line it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from secscan.exposure import Way, ask_config
from secscan.exposure.formats import forti_objects, forti_tree, read, recognise
from secscan.exposure.formats.export import ConfigFile, Export
from secscan.model.errors import InputError
from secscan.model.net import Answer, Device, Origin
from tests.exposure import test_rules_table as rows

HEADER = "#config-version=FGT60F-{}-FW-build2571-240101:opmode=0:vdom=0:user=admin\n"
NEW, OLD = HEADER.format("7.4.4"), HEADER.format("7.0.12")
SIDES = """config system interface
    edit "wan1"
        set vdom "root"
        set ip 203.0.113.2 255.255.255.248
        set allowaccess ping
    next
    edit "users"
        set vdom "root"
        set ip 10.1.0.1 255.255.255.0
        set allowaccess ping https ssh
    next
    edit "guest"
        set ip 10.2.0.1 255.255.255.0
    next
    edit "servers"
        set ip 10.9.0.1/24
    next
end
config router static
    edit 1
        set gateway 203.0.113.1
        set device "wan1"
    next
end
"""
WEB = "10.9.0.5"
OUTSIDE = "198.51.100.7"
PUBLIC = "203.0.113.3"


def export(*texts: str | bytes) -> Export:
    names = ["fw.conf", "more.conf"]
    files = [
        ConfigFile(data=text if isinstance(text, bytes) else text.encode(), shown=name)
        for text, name in zip(texts, names, strict=False)
    ]
    return Export(device="fw", files=files)


def device(*texts: str | bytes) -> Device:
    return read("fortigate", export(*texts))


def ask(fw: Device | str, from_: str | None, to: str, port: str = "tcp/443", **way: str) -> Answer:
    (found,) = ask_config(fw if isinstance(fw, Device) else device(fw), from_, to, port, Way(**way))
    return found


def told(fw: Device | str, from_: str | None, to: str, port: str = "tcp/443", **way: str) -> tuple[str, str]:
    """The verdict, and the rule as a person would quote it."""
    found = ask(fw, from_, to, port, **way)
    return found.verdict, "" if found.rule is None else found.rule.vendor_id


def block(path: str, **entries: Sequence[str]) -> str:
    """``config PATH`` with entries; each line is set."""
    lines = [f"config {path}"]
    for name, sets in entries.items():
        lines += [
            f'    edit "{name}"',
            *(f"        {one if one.split()[0] in _VERBS else 'set ' + one}" for one in sets),
            "    next",
        ]
    return "\n".join([*lines, "end\n"])


_VERBS = ("append", "unset", "unselect", "config", "edit", "next", "end", "set")


def policies(*each: Sequence[str], path: str = "firewall policy", start: int = 1) -> str:
    """Policies 1, 2, ...: users to servers, everything, accepted, unless they say otherwise."""
    usual = {
        "srcintf": '"users"', "dstintf": '"servers"', "action": "accept", "srcaddr": '"all"', "dstaddr": '"all"',
        "schedule": '"always"', "service": '"ALL"',
    }  # fmt: skip
    if "local-in" in path:
        del usual["srcintf"], usual["dstintf"]
    entries = {}
    for number, sets in enumerate(each, start):
        own = {one.split()[0] for one in sets if one.split()[0] not in ("append", "config", "edit", "next", "end")}
        entries[str(number)] = [*(f"{key} {value}" for key, value in usual.items() if key not in own), *sets]
    return block(path, **entries)


def verdicts(fw: Device | str, *ports: int, from_: str = "10.1.0.9", to: str = WEB) -> list[str]:
    fw = fw if isinstance(fw, Device) else device(fw)
    return [ask(fw, from_, to, f"tcp/{port}").verdict for port in ports]


ADDRESSES = block(
    "firewall address",
    web=["subnet 10.9.0.5 255.255.255.255"],
    net=["subnet 10.9.0.0/25"],
    span=["type iprange", "start-ip 10.9.0.10", "end-ip 10.9.0.20"],
    odd=["type wildcard", "wildcard 10.9.0.1 255.255.255.1"],
    name=["type fqdn", 'fqdn "www.example.org"'],
    land=["type geography", 'country "GB"'],
)


# ------------------------------------------------------------------------------------------------ order and defaults


def test_policies_count_in_the_order_of_the_file_and_not_of_their_numbers() -> None:
    text = NEW + SIDES + ADDRESSES
    text += """config firewall policy
    edit 9
        set name "no telnet"
        set srcintf "users"
        set dstintf "servers"
        set srcaddr "all"
        set dstaddr "web"
        set schedule "always"
        set service "TELNET"
    next
    edit 2
        set srcintf "users"
        set dstintf "servers"
        set action accept
        set srcaddr "all"
        set dstaddr "web"
        set schedule "always"
        set service "ALL"
        set comments "The intranet"
    next
end
"""
    fw = device(text)
    found = ask(fw, "10.1.0.9", WEB, "tcp/23")
    assert found.rule is not None
    assert (found.verdict, found.rule.vendor_id, found.rule.name) == ("blocked", "policy 9", "no telnet")
    assert text.splitlines()[found.rule.line - 1].strip() == "edit 9"
    assert text.splitlines()[found.rule.line_to - 1].strip() == "next"
    assert told(fw, "10.1.0.9", WEB, "tcp/443") == ("permitted", "policy 2")
    assert [rule.reason for _, rule in fw.rules() if rule.origin.vendor_id == "policy 2"] == ["The intranet"]
    denied = ask(fw, "10.1.0.9", "10.9.0.6")
    assert (denied.verdict, denied.reason) == ("blocked", "no rule matches, and the default is deny")
    assert denied.rule is not None
    assert (denied.rule.vendor_id, text.splitlines()[denied.rule.line - 1]) == ("policy 0", "config firewall policy")


def test_moves_deletions_and_clones_count() -> None:
    deny, accept = ["action deny"], ["service HTTPS"]
    text = NEW + SIDES + policies(deny, accept)
    assert verdicts(text, 443) == ["blocked"]
    for more, verdict in (
        ("move 2 before 1", "permitted"), ("move 1 after 2", "permitted"), ("move 1 before 2", "blocked"), ("delete 1", "permitted"),
        ("delete 2", "blocked"), ("purge", "blocked"), ("clone 2 to 3\n move 3 before 1", "permitted"),
    ):  # fmt: skip
        assert verdicts(f"{text}config firewall policy\n {more}\nend\n", 443) == [verdict], more


def test_what_has_no_action_is_denied_and_what_is_off_matches_nothing() -> None:
    assert verdicts(NEW + SIDES + policies(["unset action"]), 443) == ["blocked"]
    off = device(NEW + SIDES + policies(["status disable", "action deny"], []))
    assert told(off, "10.1.0.9", WEB) == ("permitted", "policy 2")
    assert [rule.enabled for _, rule in off.rules() if rule.origin.vendor_id.startswith("policy")] == [False, True]


def test_renames_append_and_unselect_count() -> None:
    text = (
        NEW + SIDES + ADDRESSES + policies(["service HTTP", "append service SSH", "append service SSH", "dstaddr net"])
    )
    assert verdicts(text, 80, 22, 443) == ["permitted", "permitted", "blocked"]
    text += "config firewall policy\nedit 1\nunselect service HTTP\nnext\nend\n"
    assert verdicts(text, 80, 22) == ["blocked", "permitted"]
    text += 'config firewall address\nrename "net" to "lower half"\nend\n'
    assert verdicts(text, 22) == ["permitted"]
    assert ask(text, "10.1.0.9", "10.9.0.200", "tcp/22").verdict == "blocked"


def test_an_export_without_policies_says_nothing() -> None:
    found = ask(NEW + SIDES, "10.1.0.9", WEB)
    assert found.verdict == "cannot-tell"
    assert ask(NEW + SIDES + "config firewall policy\nend\n", "10.1.0.9", WEB).verdict == "blocked"


# ------------------------------------------------------------------------------------------------ sides


def test_interfaces_and_zones_of_a_policy_are_asked() -> None:
    fw = device(
        NEW + SIDES + policies(["service HTTPS"], ['srcintf "guest"', "service SSH"], ['srcintf "any"', "service HTTP"])
    )
    assert verdicts(fw, 443, 22, 80) == ["permitted", "blocked", "permitted"]
    assert verdicts(fw, 443, 22, 80, from_="10.2.0.9") == ["blocked", "permitted", "permitted"]
    assert told(fw, "10.1.0.9", WEB, "tcp/22", in_interface="guest") == ("permitted", "policy 2")
    zoned = SIDES + block("system zone", inside=['interface "users" "guest"'], far=['interface "servers"'])
    fw = device(NEW + zoned + policies(['srcintf "inside"', 'dstintf "far"', "service HTTPS"]))
    assert [one.zone for one in fw.interfaces] == [None, "inside", "inside", "far"]
    assert verdicts(fw, 443) == verdicts(fw, 443, from_="10.2.0.9") == ["permitted"]
    assert verdicts(fw, 443, from_=OUTSIDE) == ["blocked"]
    assert told(fw, OUTSIDE, WEB, in_interface="inside") == ("permitted", "policy 1")


@pytest.mark.parametrize(("said", "verdict"), [("allow", "permitted"), ("deny", "blocked")])
def test_inside_a_zone_what_no_policy_decides_its_own_setting_does(said: str, verdict: str) -> None:
    zone = block("system zone", inside=[f"intrazone {said}", 'interface "users" "servers"'])
    fw = device(
        NEW + SIDES + zone + policies(['srcintf "inside"', 'dstintf "inside"', "service TELNET", "action deny"])
    )
    assert verdicts(fw, 443, 23) == [verdict, "blocked"]
    assert told(fw, "10.1.0.9", WEB, "tcp/23")[1] == "policy 1"
    if said == "allow":
        assert told(fw, "10.1.0.9", WEB)[1] == "zone inside"


@pytest.mark.parametrize(
    ("release", "members", "verdict"),
    [
        ("7.0.12", '"users" "servers"', "permitted"), ("7.4.3", '"users"', "blocked"), ("7.4.4", '"users"', "permitted"),
        ("", '"users"', "cannot-tell"),
    ],
)  # fmt: skip
def test_a_zone_of_one_interface_allows_what_stays_inside_since_7_4_4(release: str, members: str, verdict: str) -> None:
    text = "config system global\nset allow-traffic-redirect disable\nend\n" + SIDES
    text += 'config router static\nedit 2\nset dst 10.7.0.0/16\nset device "users"\nnext\nend\n'
    text += block("system zone", inside=["intrazone allow", f"interface {members}"]) + policies(["action deny"])
    assert verdicts((HEADER.format(release) if release else "") + text, 443, to="10.7.0.9") == [verdict]


def test_sd_wan_zones_are_zones_and_routes_lead_to_them() -> None:
    wan = SIDES.replace("set device", "set sdwan-zone").replace(
        '"wan1"\n    next\nend', '"virtual-wan-link"\n    next\nend'
    )
    wan += """config system sdwan
    set status enable
    config zone
        edit "virtual-wan-link"
        next
    end
    config members
        edit 1
            set interface "wan1"
        next
        edit 2
            set interface "guest"
        next
    end
end
"""
    fw = device(NEW + wan + policies(['srcintf "virtual-wan-link"', "service HTTPS"]))
    assert told(fw, OUTSIDE, WEB) == ("permitted", "policy 1")
    assert told(fw, "10.2.0.9", WEB) == ("permitted", "policy 1")  # a member's own network
    shut = policies(["intf wan1", "service SSH", "action deny"], path="firewall local-in-policy")
    both = device(
        NEW
        + wan.replace("allowaccess ping\n", "allowaccess ping ssh https\n")
        + VIP
        + shut
        + policies(['srcintf "virtual-wan-link"', *IN[1:]])
    )
    assert told(both, OUTSIDE, PUBLIC, "tcp/8443") == ("permitted", "policy 1")  # by whichever member it comes
    assert told(both, OUTSIDE, "203.0.113.2") == ("permitted", "wan1 allowaccess")
    assert told(both, OUTSIDE, "203.0.113.2", "tcp/22") == ("blocked", "local-in-policy 1")
    assert verdicts(fw, 443) == ["blocked"]


def test_the_nearest_and_longest_route_tells_the_side() -> None:
    routes = block(
        "router static",
        **{
            "1": ["device wan1"],
            "2": ["dst 10.7.0.0 255.255.0.0", 'device "users"', "gateway 10.1.0.2"],
            "3": ["dst 10.7.0.0/16", 'device "guest"', "distance 200"],
            "4": ["dst 10.7.8.0/24", 'device "guest"', "status disable"],
            "5": ["dst 10.6.0.0/16", "blackhole enable", "distance 254"],
        },
    )
    sides = SIDES[: SIDES.index("config router")] + routes
    fw = device(HEADER.format("7.6.6") + sides + policies(["service HTTPS"]))
    assert verdicts(fw, 443, from_="10.7.0.9") == verdicts(fw, 443, from_="10.7.8.9") == ["permitted"]
    assert verdicts(fw, 443, from_="10.8.0.9") == verdicts(fw, 443, from_="10.6.9.9") == ["cannot-tell"]


@pytest.mark.parametrize(
    ("release", "said", "near", "far"),
    [
        ("7.0.12", "", "permitted", "blocked"), ("7.4.4", "", "permitted", "cannot-tell"), ("7.4.10", "", "blocked", "blocked"),
        ("7.6.4", "", "permitted", "cannot-tell"), ("7.6.5", "", "blocked", "blocked"), ("7.6.6", "enable", "permitted", "cannot-tell"),
        ("7.0.12", "disable", "blocked", "blocked"), ("", "", "cannot-tell", "cannot-tell"),
    ],
)  # fmt: skip
def test_what_leaves_by_the_interface_it_came_in_by_may_need_no_policy(
    release: str, said: str, near: str, far: str
) -> None:
    text = (HEADER.format(release) if release else "") + SIDES
    if said:
        text = text.replace(
            "config system interface",
            f"config system global\nset allow-traffic-redirect {said}\nend\nconfig system interface",
        )
    text += 'config router static\nedit 2\nset dst 10.7.0.0/16\nset device "users"\nnext\nend\n' + policies(
        ["action deny", "srcintf any", "dstintf any"]
    )
    assert verdicts(text, 443, to="10.7.0.9") == [near]
    assert verdicts(text, 443, from_="10.7.3.3", to="10.7.0.9") == [far]
    assert verdicts(text, 443) == ["blocked"]


# ------------------------------------------------------------------------------------------------ addresses


@pytest.mark.parametrize(
    ("named", "yes", "no"),
    [
        ("web", "10.9.0.5", "10.9.0.6"), ("net", "10.9.0.127", "10.9.0.128"), ("span", "10.9.0.20", "10.9.0.21"),
        ("odd", "10.9.0.7", "10.9.0.8"), ("both", "10.9.0.5", "10.9.0.6"), ("most", "10.9.0.6", "10.9.0.5"), ("here", "10.9.0.200", "10.1.0.1"),
    ],
)  # fmt: skip
def test_addresses_and_groups_are_what_they_say(named: str, yes: str, no: str) -> None:
    groups = block(
        "firewall addrgrp",
        both=["member inner"],
        inner=["member web span"],
        most=["member net", "exclude enable", "exclude-member inner"],
    )
    own = 'config firewall address\nedit "here"\nset type interface-subnet\nset interface "servers"\nnext\nend\n'
    fw = device(NEW + SIDES + ADDRESSES + groups + own + policies([f'dstaddr "{named}"', 'dstintf "any"']))
    assert ask(fw, "10.1.0.9", yes).verdict == "permitted"
    assert ask(fw, "10.1.0.9", no, "tcp/9999").verdict != "permitted"
    (rule,) = [rule for _, rule in fw.rules() if rule.origin.vendor_id == "policy 1"]
    assert rule.dst.v6 == ()
    if named == "both":
        assert rule.origin.objects == ("all", "both", "inner", "web", "span", "ALL")


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ("name", "'name' is a host name"), ("land", "'land' is a list of countries"), ("nowhere", "address 'nowhere' is not in the file"),
        ("void", "group 'void': it has no members"), ("feed", "'feed' is a list that is fetched"), ("FABRIC_DEVICE", "filled by the device itself"),
        ("mixed", "'name' is a host name"), ("strange", "of type 'quantum'"), ("but", "'name' is a host name"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("action", ["accept", "deny"])
def test_what_no_configuration_resolves_is_neither_empty_nor_everything(named: str, why: str, action: str) -> None:
    more = block(
        "firewall addrgrp",
        void=["comment x"],
        mixed=["member web name"],
        but=["member net", "exclude enable", "exclude-member name"],
    )
    more += block("system external-resource", feed=["type address", 'resource "https://lists.example.org/a"'])
    more += 'config firewall address\nedit "FABRIC_DEVICE"\nnext\nedit "strange"\nset type quantum\nnext\nend\n'
    last = [] if action == "deny" else ["action deny"]
    fw = device(NEW + SIDES + ADDRESSES + more + policies([f'dstaddr "{named}"', f"action {action}"], last))
    found = ask(fw, "10.1.0.9", "10.9.0.6")
    assert found.verdict == "cannot-tell"
    assert why in found.reason
    if named == "mixed":
        assert told(fw, "10.1.0.9", WEB) == ("permitted" if action == "accept" else "blocked", "policy 1")


def test_negated_addresses_are_all_others_and_of_the_unknown_nothing_is_known() -> None:
    fw = device(NEW + SIDES + ADDRESSES + policies(['dstaddr "web"', "dstaddr-negate enable"]))
    assert (verdicts(fw, 443), ask(fw, "10.1.0.9", "10.9.0.6").verdict) == (["blocked"], "permitted")
    source = device(
        NEW
        + SIDES
        + 'config firewall address\nedit "u"\nset subnet 10.1.0.9/32\nnext\nend\n'
        + policies(['srcaddr "u"', "srcaddr-negate enable"])
    )
    assert verdicts(source, 443) == ["blocked"]
    assert verdicts(source, 443, from_="10.1.0.8") == ["permitted"]
    assert verdicts(NEW + SIDES + ADDRESSES + policies(['dstaddr "name"', "dstaddr-negate enable"]), 443) == [
        "cannot-tell"
    ]


def test_internet_services_and_users_and_hours_are_not_known() -> None:
    for sets, why in (
        (["internet-service enable", 'internet-service-name "Example-Web"', "unset dstaddr", "unset service"], "internet services (Example-Web)"),
        (["internet-service-src enable", 'internet-service-src-name "Example-Web"', "unset srcaddr"], "internet services"),
        (['groups "staff"'], "it hangs on users (staff)"), (['users "somebody"'], "users"), (["ztna-status enable"], "ZTNA"),
        (['schedule "office hours"'], "schedule 'office hours' decides"), (['schedule "once"'], "ends on 2026-03-31"),
        (["reputation-minimum 3"], "reputation"), (["quantum-entanglement strong"], "'set quantum-entanglement' is not understood"),
        (["action ipsec"], "VPN tunnel"), (["policy-expiry enable", "policy-expiry-date 2026-05-01 00:00:00"], "its end"),
        (['service "unheard"'], "service 'unheard' is not in the file"), (["http-policy-redirect enable"], "a proxy policy"),
    ):  # fmt: skip
        once = block("firewall schedule onetime", once=["start 08:00 2026/03/01", "set end 17:00 2026/03/31"])
        fw = device(NEW + SIDES + once + policies(sets))
        found = ask(fw, "10.1.0.9", WEB)
        assert (found.verdict, why in found.reason) == ("cannot-tell", True), (sets, found.reason)
        assert verdicts(fw, 443, from_="10.2.0.9") == ["blocked"], sets
        if "once" in sets[0]:
            assert [rule.expires_on for _, rule in fw.rules() if rule.origin.vendor_id == "policy 1"] == [
                date(2026, 3, 31)
            ]


def test_schedules_that_are_always_or_never() -> None:
    days = "sunday monday tuesday wednesday thursday friday saturday"
    week = block(
        "firewall schedule recurring",
        **{"all week": [f"day {days}"], "hours": [f"day {days}", "start 08:00", "set end 18:00"]},
    )
    assert verdicts(NEW + SIDES + week + policies(['schedule "all week"']), 443) == ["permitted"]
    assert verdicts(NEW + SIDES + week + policies(['schedule "hours"']), 443) == ["cannot-tell"]
    assert verdicts(NEW + SIDES + policies(['schedule "none"']), 443) == ["blocked"]


# ------------------------------------------------------------------------------------------------ services


def test_services_are_destination_and_source_ports() -> None:
    services = block(
        "firewall service custom",
        some=["tcp-portrange 8000-8010 9000:1024-2048", "udp-portrange 53"],
        plain=["protocol IP", "unset protocol-number"],
        tcp=["protocol IP", "protocol-number 6"],
        ping=["protocol ICMP", "icmptype 8"],
        proxy=["proxy enable", "protocol ALL", "tcp-portrange 0-65535:0-65535"],
        limited=["tcp-portrange 443", "iprange 10.9.0.1-10.9.0.4"],
        switched=["protocol IP", "protocol-number 47", "protocol TCP/UDP/SCTP", "tcp-portrange 443"],
        nothing=["comment x"],
    )
    groups = block("firewall service group", outer=["member inner"], inner=["member some HTTPS"])
    base = NEW + SIDES + services + groups

    def with_(*named: str) -> Device:
        return device(base + policies([f"service {' '.join(named)}"]))

    assert verdicts(with_("some"), 8000, 8010, 8011, 9000) == ["permitted", "permitted", "blocked", "permitted"]
    assert ask(with_("some"), "10.1.0.9", WEB, "udp/53").verdict == "permitted"
    witness = ask(with_("some"), "10.1.0.9", WEB, "tcp/9000").witness
    assert witness is not None
    assert 1024 <= witness.sport <= 2048
    assert verdicts(with_("outer"), 8005, 443, 80) == ["permitted", "permitted", "blocked"]
    assert (
        verdicts(with_("plain"), 443)
        == verdicts(with_("tcp"), 443)
        == verdicts(with_("switched"), 443)
        == ["permitted"]
    )
    assert ask(with_("tcp"), "10.1.0.9", WEB, "udp/53").verdict == "blocked"
    assert verdicts(with_("ping"), 8) == ["blocked"]
    assert (
        verdicts(with_("proxy"), 443)
        == verdicts(with_("limited"), 443)
        == verdicts(with_("nothing"), 443)
        == ["cannot-tell"]
    )
    assert verdicts(with_("limited"), 80) == ["blocked"]


def test_negated_services_are_all_others() -> None:
    fw = device(NEW + SIDES + policies(["service HTTPS DNS", "service-negate enable"]))
    assert verdicts(fw, 443, 53, 80) == ["blocked", "blocked", "permitted"]
    assert ask(fw, "10.1.0.9", WEB, "udp/443").verdict == "permitted"
    assert ask(fw, "10.1.0.9", WEB, "udp/53").verdict == "blocked"


@pytest.mark.parametrize(
    ("service", "port", "near"),
    [
        ("HTTPS", "tcp/443", "tcp/444"), ("DNS", "udp/53", "udp/54"), ("RDP", "tcp/3389", "udp/3389"), ("SMB", "tcp/445", "tcp/139"),
        ("SNMP", "udp/162", "udp/163"), ("Windows AD", "tcp/88", "tcp/443"), ("ALL_TCP", "tcp/1", "udp/1"), ("ALL_UDP", "udp/65535", "tcp/65535"),
        ("TRACEROUTE", "udp/33434", "udp/33536"), ("X-WINDOWS", "tcp/6063", "tcp/6064"), ("KERBEROS", "tcp/464", "tcp/89"),
    ],
)  # fmt: skip
def test_what_the_maker_ships_is_known_where_the_file_leaves_it_out(service: str, port: str, near: str) -> None:
    fw = device(NEW + SIDES + policies([f'service "{service}"']))
    assert ask(fw, "10.1.0.9", WEB, port).verdict == "permitted"
    assert ask(fw, "10.1.0.9", WEB, near).verdict == "blocked"
    own = device(
        NEW
        + SIDES
        + block("firewall service custom", **{service: ["tcp-portrange 7"]})
        + policies([f'service "{service}"'])
    )
    assert [ask(own, "10.1.0.9", WEB, one).verdict for one in ("tcp/7", port)] == ["permitted", "blocked"]


# ------------------------------------------------------------------------------------------------ VIPs

VIP = block(
    "firewall vip",
    pub=[
        "extip 203.0.113.3",
        'mappedip "10.9.0.5"',
        'extintf "wan1"',
        "portforward enable",
        "extport 8443",
        "mappedport 443",
    ],
)
IN = ['srcintf "wan1"', 'dstaddr "pub"', "service HTTPS"]
SHUT = ['srcintf "wan1"', 'dstintf "any"', "action deny"]


def test_what_is_sent_to_a_vip_is_for_the_policies_that_name_it() -> None:
    fw = device(NEW + SIDES + VIP + policies(IN))
    found = ask(fw, OUTSIDE, PUBLIC, "tcp/8443")
    assert (found.verdict, found.rule is not None and found.rule.vendor_id) == ("permitted", "policy 1")
    assert found.translated is not None
    assert (found.translated.dst, found.translated.dport, found.translated.by.vendor_id) == (WEB, 443, "VIP pub")
    assert told(fw, OUTSIDE, WEB) == ("permitted", "policy 1")  # by the packet that is sent to the outer address
    assert ask(fw, OUTSIDE, PUBLIC, "tcp/443").verdict == "blocked"
    outer = device(
        NEW
        + SIDES
        + VIP
        + policies([*IN[:2], "service custom"])
        + block("firewall service custom", custom=["tcp-portrange 8443"])
    )
    assert ask(outer, OUTSIDE, PUBLIC, "tcp/8443").verdict == "blocked"  # the service is the one behind the VIP
    plain = device(NEW + SIDES + VIP + policies(['srcintf "wan1"']))
    assert ask(plain, OUTSIDE, PUBLIC, "tcp/8443").verdict == "blocked"  # an accept for all does not name it
    group = device(
        NEW + SIDES + VIP + block("firewall vipgrp", many=["member pub"]) + policies([IN[0], 'dstaddr "many"', IN[2]])
    )
    assert told(group, OUTSIDE, PUBLIC, "tcp/8443") == ("permitted", "policy 1")


@pytest.mark.parametrize(
    ("release", "said", "verdict", "by"),
    [
        ("7.2.4", [], "blocked", "policy 1"), ("7.2.2", [], "permitted", "policy 2"), ("7.2.3", [], "cannot-tell", "policy 1"),
        ("", [], "cannot-tell", "policy 1"), ("7.6.0", ["match-vip disable"], "permitted", "policy 2"),
        ("6.4.1", ["match-vip enable"], "blocked", "policy 1"), ("", ["match-vip enable"], "blocked", "policy 1"),
    ],
)  # fmt: skip
def test_a_deny_stops_what_a_vip_led_on_by_match_vip_whose_default_changed(
    release: str, said: list[str], verdict: str, by: str
) -> None:
    fw = device((HEADER.format(release) if release else "") + SIDES + VIP + policies([*SHUT, *said], IN))
    assert told(fw, OUTSIDE, PUBLIC, "tcp/8443") == (verdict, by)
    assert told(fw, OUTSIDE, "10.9.0.6", "tcp/8443") == ("blocked", "policy 1")


def test_a_deny_of_an_address_may_be_held_against_either_side_of_a_vip() -> None:
    for named, verdict in (("web", "cannot-tell"), ("other", "permitted"), ("both", "blocked")):
        objects = block(
            "firewall address",
            web=["subnet 10.9.0.5/32"],
            other=["subnet 10.9.0.6/32"],
            outer=["subnet 203.0.113.3/32"],
        )
        objects += block("firewall addrgrp", both=["member web outer"])
        fw = device(NEW + SIDES + VIP + objects + policies([*SHUT, f"dstaddr {named}"], IN))
        assert ask(fw, OUTSIDE, PUBLIC, "tcp/8443").verdict == verdict, named


def test_a_deny_that_names_the_vip_stops_it_and_no_other() -> None:
    two = VIP + block("firewall vip", two=["extip 203.0.113.4", 'mappedip "10.9.0.6"', 'extintf "any"'])
    fw = device(OLD + SIDES + two + policies([*SHUT, 'dstaddr "pub"'], [IN[0], 'dstaddr "pub" "two"']))
    assert told(fw, OUTSIDE, PUBLIC, "tcp/8443") == ("blocked", "policy 1")
    assert told(fw, OUTSIDE, "203.0.113.4") == ("permitted", "policy 2")
    only = device(
        NEW + SIDES + two + policies([*SHUT, "match-vip-only enable"], [IN[0], 'dstaddr "two"'], ['srcintf "wan1"'])
    )
    assert told(only, OUTSIDE, "203.0.113.4") == ("blocked", "policy 1")
    assert (
        ask(device(NEW + SIDES + policies([*SHUT, "match-vip-only enable"], ['srcintf "wan1"'])), OUTSIDE, WEB).verdict
        == "blocked"
    )


def test_what_comes_from_inside_to_a_vip_may_be_led_round() -> None:
    out = ["srcintf users", "dstintf wan1", "nat enable"]
    fw = device(NEW + SIDES + VIP + policies(IN, out))
    found = ask(fw, "10.1.0.9", PUBLIC, "tcp/8443")
    assert (found.verdict, "hairpin" in found.reason) == ("cannot-tell", True)
    assert ask(fw, "10.1.0.9", WEB).verdict == "cannot-tell"
    assert ask(fw, "10.1.0.9", WEB, "tcp/22").verdict == "blocked"
    assert ask(fw, "10.2.0.9", WEB).verdict == "blocked"  # nothing lets guests out
    anywhere = device(NEW + SIDES + VIP.replace('"wan1"', '"any"') + policies(IN, out))
    assert ask(anywhere, "10.1.0.9", PUBLIC, "tcp/8443").verdict == "cannot-tell"
    assert ask(device(NEW + SIDES + VIP + policies(IN)), "10.1.0.9", WEB).verdict == "blocked"


def test_vips_of_ipv4_and_ipv6_may_have_one_name() -> None:
    sides = SIDES.replace('edit "servers"', 'edit "servers"\nconfig ipv6\nset ip6-address fd00:9::1/64\nend')
    sides += 'config router static6\nedit 1\nset device "wan1"\nnext\nend\n'
    vip = VIP + block(
        "firewall vip6",
        pub=["extip 2001:db8::3", "mappedip fd00:9::5", "portforward enable", "extport 80", "mappedport 8080"],
    )
    fw = device(
        NEW
        + sides
        + vip
        + policies(IN, ['srcintf "wan1"', "srcaddr none", "dstaddr none", "srcaddr6 all", 'dstaddr6 "pub"'])
    )
    assert told(fw, OUTSIDE, PUBLIC, "tcp/8443") == ("permitted", "policy 1")
    assert told(fw, "2001:db8:1::9", "2001:db8::3", "tcp/80") == ("permitted", "policy 2")
    assert ask(fw, "2001:db8:1::9", "fd00:9::5", "tcp/80").verdict == "blocked"


def test_what_is_set_to_nothing_is_not_set() -> None:
    empty = VIP.replace(
        "    next", "        set src-filter ''\n        set service ''\n        set srcintf-filter \"\"\n    next"
    )
    assert told(
        NEW + SIDES + empty + policies([*IN, "comments ''", "poolname ''", "groups ''"]), OUTSIDE, PUBLIC, "tcp/8443"
    ) == ("permitted", "policy 1")


def test_what_a_vip_leads_back_to_where_it_came_from_needs_a_policy() -> None:
    back = 'config router static\nedit 2\nset dst 10.7.0.0/16\nset device "users"\nnext\nend\n'
    vip = VIP.replace('"wan1"', '"any"').replace(WEB, "10.7.0.9")
    assert ask(OLD + SIDES + back + policies([]), "10.1.0.9", "10.7.0.9").verdict == "permitted"
    assert ask(OLD + SIDES + back + vip + policies([]), "10.1.0.9", PUBLIC, "tcp/8443").verdict == "blocked"
    assert (
        ask(
            OLD + SIDES + back + vip + policies(['dstintf "users"', 'dstaddr "pub"']), "10.1.0.9", PUBLIC, "tcp/8443"
        ).verdict
        == "permitted"
    )


def test_vips_of_every_kind() -> None:
    def with_(*sets: str, more: str = "") -> Device:
        vip = block("firewall vip", pub=["extip 203.0.113.3", 'extintf "wan1"', *sets])
        return device(NEW + SIDES + more + vip + policies([IN[0], IN[1]]))

    whole = with_('mappedip "10.9.0.5"')
    assert ask(whole, OUTSIDE, PUBLIC, "udp/53").verdict == "permitted"
    filtered = with_('mappedip "10.9.0.5"', 'src-filter "198.51.100.0/25" "192.0.2.1-192.0.2.9"')
    assert ask(filtered, OUTSIDE, PUBLIC).verdict == ask(filtered, "192.0.2.9", PUBLIC).verdict == "permitted"
    assert ask(filtered, "198.51.100.200", PUBLIC).verdict == "blocked"
    served = with_('mappedip "10.9.0.5"', 'service "HTTPS"')
    assert [ask(served, OUTSIDE, PUBLIC, f"tcp/{one}").verdict for one in (443, 80)] == ["permitted", "blocked"]
    assert ask(with_('mappedip "10.9.0.5"', "status disable"), OUTSIDE, WEB).verdict == "blocked"
    spread = with_(
        "type server-load-balance",
        "server-type tcp",
        "extport 443",
        "config realservers",
        "edit 1",
        "set ip 10.9.0.5",
        "set port 8443",
        "next",
        "end",
    )
    found = ask(spread, OUTSIDE, PUBLIC)
    assert (found.verdict, found.translated is not None and (found.translated.dst, found.translated.dport)) == (
        "permitted",
        (WEB, 8443),
    )
    shared = with_("type load-balance", 'mappedip "10.9.0.5-10.9.0.6"')
    assert ask(shared, OUTSIDE, WEB).verdict == "cannot-tell"
    named = with_("type fqdn", 'mapped-addr "name"', more=ADDRESSES)
    assert ask(named, OUTSIDE, PUBLIC).verdict != "blocked"
    proxied = with_("type access-proxy", "extport 443")
    assert ask(proxied, OUTSIDE, WEB).verdict == "cannot-tell"
    assert with_("type dns-translation", 'mappedip "10.9.0.5"').translations == ()
    own = with_(
        "unset extip", "extip 0.0.0.0", 'mappedip "10.9.0.5"', "portforward enable", "extport 8443", "mappedport 443"
    )
    assert ask(own, OUTSIDE, "203.0.113.2", "tcp/8443").verdict == "permitted"
    twice = device(NEW + SIDES + VIP + VIP.replace('"pub"', '"again"').replace("10.9.0.5", "10.9.0.6") + policies(IN))
    assert ask(twice, OUTSIDE, PUBLIC, "tcp/8443").verdict == "cannot-tell"


CENTRAL = "config system settings\n    set central-nat enable\nend\n"


def test_with_central_nat_policies_see_where_it_goes_on_to() -> None:
    fw = device(
        NEW + SIDES + CENTRAL + VIP + ADDRESSES + policies(['srcintf "wan1"', 'dstaddr "web"', "service HTTPS"])
    )
    assert told(fw, OUTSIDE, PUBLIC, "tcp/8443") == ("permitted", "policy 1")
    shut = device(OLD + SIDES + CENTRAL + VIP + policies(SHUT, ['srcintf "wan1"']))
    assert told(shut, OUTSIDE, PUBLIC, "tcp/8443") == ("blocked", "policy 1")
    named = device(NEW + SIDES + CENTRAL + VIP + policies(IN))
    assert ask(named, OUTSIDE, PUBLIC, "tcp/8443").verdict == "cannot-tell"
    maps = CENTRAL + block("firewall ippool", out=["startip 203.0.113.5", "endip 203.0.113.6"])
    maps += block(
        "firewall central-snat-map",
        **{"1": ["srcintf users", "dstintf wan1", "orig-addr all", "dst-addr all", "nat-ippool out"]},
    )
    (one,) = [t for t in device(NEW + SIDES + maps + policies([])).translations if t.kind == "src"]
    assert (one.name, one.to.v4, one.none) == ("central-snat-map 1", ((0xCB007105, 0xCB007106),), False)


def test_sources_become_a_pool_s_or_the_outer_interface_s() -> None:
    pool = block("firewall ippool", out=["startip 203.0.113.5", "endip 203.0.113.6"])
    fw = device(NEW + SIDES + pool + policies(
        ['dstintf "wan1"', "nat enable"], ['dstintf "wan1"', "nat enable", "ippool enable", 'poolname "out"'], ["nat disable"],
        ['dstintf "any"', "nat enable"], ["action deny"],
    ))  # fmt: skip
    found = [t for t in fw.translations if t.kind == "src"]
    assert [t.none for t in found] == [False, False, True, False]
    assert found[0].to.v4 == ((0xCB007102, 0xCB007102),)
    assert found[1].to.v4 == ((0xCB007105, 0xCB007106),)
    assert found[3].to.unknown is not None
    assert device(NEW + SIDES + policies([])).translations == ()


# ------------------------------------------------------------------------------------------------ IPv6


def test_families_are_kept_apart_and_an_old_file_without_ipv6_says_nothing_of_it() -> None:
    sides = SIDES.replace(
        'edit "servers"', 'edit "servers"\n config ipv6\n set ip6-address fd00:9::1/64\n end'
    ).replace('edit "users"', 'edit "users"\n config ipv6\n set ip6-address fd00:1::1/64\n set ip6-allowaccess https\n end')  # fmt: skip
    assert ask(NEW + sides + policies([]), "fd00:1::9", "fd00:9::5").verdict == "blocked"
    assert ask(OLD.replace("7.0.12", "6.2.1") + sides + policies([]), "fd00:1::9", "fd00:9::5").verdict == "cannot-tell"
    objects = block(
        "firewall address6", host=["ip6 fd00:9::5/128"], span=["type iprange", "start-ip fd00:9::1", "end-ip fd00:9::9"]
    )
    objects += block("firewall addrgrp6", some=["member host"])
    for both in (["srcaddr6 all", "dstaddr6 some"], ["srcaddr6 all", "dstaddr6 span"]):
        fw = device(NEW + sides + objects + policies(["dstaddr none", "srcaddr none", *both]))
        assert ask(fw, "fd00:1::9", "fd00:9::5").verdict == "permitted"
        assert ask(fw, "fd00:1::9", "fd00:9::a").verdict == "blocked"
        assert verdicts(fw, 443) == ["blocked"]
    six = policies(["action deny"]) + policies(["dstaddr host"], path="firewall policy6")
    fw = device(OLD.replace("7.0.12", "6.0.9") + sides + objects + six)
    assert told(fw, "fd00:1::9", "fd00:9::5") == ("permitted", "policy6 1")
    assert verdicts(fw, 443) == ["blocked"]
    four = policies(
        ["unset srcaddr", "unset dstaddr", "srcaddr4 all", "dstaddr4 all", "srcaddr6 all", "dstaddr6 host"],
        path="firewall consolidated policy",
    )
    assert told(OLD + sides + objects + four, "fd00:1::9", "fd00:9::5") == ("permitted", "consolidated policy 1")
    assert ask(NEW + sides + policies([]), "fd00:1::9", "fd00:1::1").verdict == "permitted"  # the device itself


# ------------------------------------------------------------------------------------------------ the device itself


def test_local_in_policies_come_before_what_interfaces_open() -> None:
    local = policies(
        ["intf users", "service SSH", "action deny"], ["intf any", "service ALL"], path="firewall local-in-policy"
    )
    fw = device(NEW + SIDES + local + policies([]))
    assert told(fw, "10.1.0.9", "10.1.0.1", "tcp/443") == ("permitted", "users allowaccess")
    assert told(fw, "10.1.0.9", "10.1.0.1", "tcp/22") == ("blocked", "local-in-policy 1")
    assert ask(fw, "10.1.0.9", "10.1.0.1", "tcp/23").verdict == "blocked"
    assert ask(fw, "10.1.0.9", "10.1.0.1", "tcp/9999").verdict == "cannot-tell"  # what else listens is not known
    assert ask(fw, OUTSIDE, "203.0.113.2", "tcp/443").verdict == "blocked"


def test_a_local_in_policy_is_for_the_interface_that_a_packet_comes_in_by() -> None:
    sides = SIDES.replace("set allowaccess ping\n", "set allowaccess ping ssh\n")
    fw = device(
        NEW
        + sides
        + policies(["intf wan1", "service SSH", "action deny"], path="firewall local-in-policy")
        + policies([])
    )
    assert told(fw, OUTSIDE, "203.0.113.2", "tcp/22") == ("blocked", "local-in-policy 1")
    assert told(fw, "10.1.0.9", "203.0.113.2", "tcp/22") == ("cannot-tell", "wan1 allowaccess")  # a policy decides too
    assert told(fw, "10.1.0.9", "10.1.0.1", "tcp/22") == ("permitted", "users allowaccess")


def test_ports_of_administration_and_trusted_hosts_are_read() -> None:
    moved = "config system global\nset admin-sport 8443\nset admin-ssh-port 2222\nend\n"
    fw = device(NEW + moved + SIDES + policies([]))
    assert [ask(fw, "10.1.0.9", "10.1.0.1", f"tcp/{one}").verdict for one in (8443, 2222, 22)] == [
        "permitted",
        "permitted",
        "cannot-tell",
    ]
    admins = block("system admin", one=["trusthost1 10.1.0.8 255.255.255.252"], two=["trusthost3 10.1.0.4/32"])
    fw = device(NEW + admins + SIDES + policies([]))
    assert [ask(fw, one, "10.1.0.1", "tcp/22").verdict for one in ("10.1.0.9", "10.1.0.4", "10.1.0.99")] == [
        "permitted",
        "permitted",
        "blocked",
    ]
    fw = device(NEW + admins + block("system admin", three=["trusthost1 0.0.0.0 0.0.0.0"]) + SIDES + policies([]))
    assert ask(fw, "10.1.0.99", "10.1.0.1", "tcp/22").verdict == "permitted"  # one of them may come from everywhere
    vpn = 'config vpn ssl settings\nset port 443\nset source-interface "wan1"\nend\n'
    fw = device(NEW + vpn + SIDES + policies([]))
    assert [ask(fw, OUTSIDE, "203.0.113.2", f"tcp/{one}").verdict for one in (443, 22)] == ["cannot-tell", "blocked"]


# ------------------------------------------------------------------------------------------------ vdoms


def several(a: str, b: str, links: str = "") -> str:
    """Two councils' vdoms on one device: users and servers in the one, guest in the other."""
    sides = (
        SIDES[: SIDES.index("config router")]
        .replace('edit "guest"', 'edit "guest"\n set vdom "beta"')
        .replace('"root"', '"alpha"')
    )
    sides = sides.replace('edit "servers"', 'edit "servers"\n set vdom "alpha"')
    return (
        NEW.replace("vdom=0", "vdom=1") + "config vdom\nedit alpha\nnext\nedit beta\nnext\nend\n"
        + f"config global\n{sides}{links}end\nconfig vdom\nedit alpha\n{a}end\nconfig vdom\nedit beta\n{b}end\n"
    )  # fmt: skip


LINKS = 'config system interface\nedit "link0"\nset vdom "alpha"\nset type vdom-link\nnext\nedit "link1"\nset vdom "beta"\nset type vdom-link\nnext\nend\n'


def test_each_vdom_has_its_own_objects_and_policies() -> None:
    web = block("firewall address", web=["subnet 10.9.0.5/32"])
    fw = device(
        several(
            web + policies(["dstaddr web", "service HTTPS"]),
            block("firewall address", web=["subnet 10.2.0.5/32"]) + policies(["action deny"]),
        )
    )
    assert {"alpha/policy", "beta/policy"} <= fw.chains.keys()
    assert told(fw, "10.1.0.9", WEB) == ("permitted", "alpha/policy 1")
    assert ask(fw, "10.1.0.9", WEB, "tcp/22").verdict == "blocked"
    assert told(fw, "10.1.0.9", WEB, chain="beta/policy")[0] == "blocked"


def test_between_vdoms_both_must_let_it_through() -> None:
    out, back = ['srcintf "users"', 'dstintf "link0"'], ['srcintf "link1"', 'dstintf "guest"']
    to = "10.2.0.5"
    assert ask(several(policies(out), policies(back), LINKS), "10.1.0.9", to).verdict == "permitted"
    assert told(several(policies(out), policies([*back, "action deny"]), LINKS), "10.1.0.9", to) == (
        "blocked",
        "beta/policy 1",
    )
    assert told(several(policies([*out, "service SSH"]), policies(back), LINKS), "10.1.0.9", to) == (
        "blocked",
        "policy 0",
    )
    assert ask(several(policies([]), policies(back), LINKS), "10.1.0.9", to).verdict == "blocked"
    # Without a link, it may go round by some router outside.
    assert (
        ask(several(policies(['dstintf "any"']), policies(['srcintf "any"', 'dstintf "any"'])), "10.1.0.9", to).verdict
        == "cannot-tell"
    )
    assert (
        ask(
            several(policies(["action deny", 'srcintf "any"', 'dstintf "any"']), policies(back)), "10.1.0.9", to
        ).verdict
        == "blocked"
    )


def test_one_of_several_vdoms_may_be_asked_alone() -> None:
    text = several(policies(["service HTTPS"]), policies(["action deny"]), LINKS)
    one = replace(export(text), options={"part": "alpha"})
    fw = read("fortigate", one)
    assert {chain for chain in fw.chains if "policy" in chain} == {"policy"}
    assert [side.name for side in fw.interfaces] == ["wan1", "users", "servers", "link0"]
    assert told(fw, "10.1.0.9", WEB) == ("permitted", "policy 1")
    with pytest.raises(InputError, match=r"holds no vdom 'alpa'; did you mean 'alpha'\?; it has alpha, beta"):
        read("fortigate", replace(one, options={"part": "alpa"}))


def test_one_vdom_by_itself_is_read_as_a_device_without() -> None:
    text = several(policies(["service HTTPS"]), "")
    assert set(device(text).chains) >= {"policy"}
    assert told(text, "10.1.0.9", WEB) == ("permitted", "policy 1")


# ------------------------------------------------------------------------------------------------ forms


FULL = """config firewall address
    edit "all"
        set uuid 2ea25bb2-0000-51ec-0000-000000000001
        set type ipmask
        set comment ''
        set associated-interface ''
        set color 0
        set allow-routing disable
        set subnet 0.0.0.0 0.0.0.0
    next
    edit "web"
        set type ipmask
        set color 0
        set subnet 10.9.0.5 255.255.255.255
    next
end
config firewall service custom
    edit "HTTPS"
        set proxy disable
        set category "Web Access"
        set protocol TCP/UDP/SCTP
        set helper auto
        set iprange 0.0.0.0
        set fqdn ''
        unset udp-portrange
        set tcp-portrange 443
        set session-ttl 0
        set app-service-type disable
    next
end
config firewall schedule recurring
    edit "always"
        set start 00:00
        set end 00:00
        set day sunday monday tuesday wednesday thursday friday saturday
    next
end
config firewall policy
    edit 1
        set status enable
        set name "web"
        set uuid eed54a0e-0000-51ed-0000-000000000002
        set srcintf "users"
        set dstintf "servers"
        set action accept
        set nat64 disable
        set nat46 disable
        set ztna-status disable
        set srcaddr "all"
        set dstaddr "web"
        unset srcaddr6
        unset dstaddr6
        set internet-service disable
        set internet-service-src disable
        unset reputation-minimum
        set rtp-nat disable
        set schedule "always"
        set schedule-timeout disable
        set policy-expiry disable
        set service "HTTPS"
        set tos 0x00
        set tos-mask 0x00
        set anti-replay enable
        set dynamic-shaping disable
        set passive-wan-health-measurement disable
        set utm-status disable
        set inspection-mode flow
        set profile-protocol-options "default"
        set ssl-ssh-profile "no-inspection"
        set logtraffic utm
        set logtraffic-start disable
        set capture-packet disable
        set auto-asic-offload enable
        set nat disable
        set permit-any-host disable
        set fixedport disable
        set session-ttl 0
        set vlan-cos-fwd 255
        set vlan-cos-rev 255
        set fec disable
        set wccp disable
        unset groups
        unset users
        unset fsso-groups
        set disclaimer disable
        set email-collect disable
        set natip 0.0.0.0 0.0.0.0
        set diffserv-forward disable
        set tcp-mss-sender 0
        set comments ''
        set block-notification disable
        set replacemsg-override-group ''
        set srcaddr-negate disable
        set dstaddr-negate disable
        set service-negate disable
        set timeout-send-rst disable
        set captive-portal-exempt disable
        set dsri disable
        set radius-mac-auth-bypass disable
        set delay-tcp-npu-session disable
        unset vlan-filter
        set traffic-shaper ''
        set per-ip-shaper ''
    next
    edit 2
        set status enable
        set srcintf "any"
        set dstintf "any"
        set action deny
        config srcaddr
            edit "all"
            next
        end
        config dstaddr
            edit "all"
            next
        end
        set schedule "always"
        set service "ALL"
        set send-deny-packet disable
        set match-vip enable
    next
end
"""
SHORT = ADDRESSES + policies(
    ["name web", 'dstaddr "web"', 'service "HTTPS"'], ['srcintf "any"', 'dstintf "any"', "unset action"]
)


def test_show_and_show_full_configuration_give_the_same_answers() -> None:
    short, full = device(NEW + SIDES + SHORT), device(NEW + SIDES + FULL)
    for from_ in ("10.1.0.9", "10.2.0.9", OUTSIDE):
        for to in (WEB, "10.9.0.6"):
            for port in ("tcp/443", "tcp/80", "udp/443"):
                assert told(short, from_, to, port) == told(full, from_, to, port)
    assert told(full, "10.1.0.9", WEB) == ("permitted", "policy 1")
    rules = [
        [(r.action, r.src, r.dst, r.services, r.in_interfaces, r.unknown) for _, r in one.rules() if "policy" in r.origin.vendor_id and r.origin.vendor_id[-1] in "12"]
        for one in (short, full)
    ]  # fmt: skip
    assert rules[0] == rules[1]


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1"])
def test_line_ends_characters_and_names_do_not_matter(ends: str, encoding: str) -> None:
    text = NEW + SIDES + 'config firewall address\n edit "Bürger ~ \\"Büro\\" 5"\n set subnet 10.9.0.5/32\n next\nend\n'
    text += policies(['dstaddr "Bürger ~ \\"Büro\\" 5"', 'name "a; b"'])
    fw = device(text.replace("\n", ends).encode(encoding))
    assert told(fw, "10.1.0.9", WEB) == ("permitted", "policy 1")
    assert ask(fw, "10.1.0.9", "10.9.0.6").verdict == "blocked"
    (rule,) = [r for _, r in fw.rules() if r.origin.vendor_id == "policy 1"]
    assert 'Bürger ~ "Büro" 5' in rule.origin.objects


def test_quoted_values_over_several_lines_hide_what_looks_like_commands() -> None:
    text = (
        NEW
        + SIDES
        + 'config firewall policy\nedit 1\nset comments "first\nset action accept\nnext\nend"\nset srcintf "users"\n'
    )
    text += 'set dstintf "servers"\nset srcaddr "all"\nset dstaddr "all"\nset service "ALL"\nnext\nend\n'
    fw = device(text)
    assert told(fw, "10.1.0.9", WEB) == ("blocked", "policy 1")
    buffer = 'config system replacemsg http "x"\nset buffer "<a>\nconfig firewall policy\n\\"\nend\n"\nend\n'
    assert told(NEW + buffer + SIDES + policies([]), "10.1.0.9", WEB) == ("permitted", "policy 1")


def test_prompts_are_skipped_and_what_is_not_understood_is_counted() -> None:
    text = "FGT-1 # show\n" + SIDES + "FGT-1 (root) # show firewall policy\n" + policies([]) + "\nFGT-1 #\n"
    fw = device(text)
    assert (fw.unread, fw.version) == ((), None)
    assert told(fw, "10.1.0.9", WEB) == ("permitted", "policy 1")
    stray = device(
        NEW
        + "what is this\n"
        + SIDES
        + policies([])
        + block("router policy", **{"1": ["input-device users", "output-device wan1"]})
    )
    assert [one.line for one in stray.unread] == [2, stray.unread[1].line]
    assert stray.unread[1].vendor_id == "policy 1"
    inside = device(NEW + SIDES + policies([], ["action deny"]).replace('edit "2"', 'frobnicate\nedit "2"'))
    assert isinstance(inside.chains["policy"].steps[-2], Origin)
    assert told(inside, "10.1.0.9", WEB) == ("permitted", "policy 1")
    within = NEW + SIDES + policies(["action deny"]).replace("next", "frobnicate the policy\nnext")
    assert "frobnicate" in ask(within, "10.1.0.9", WEB).reason
    assert ask(NEW + SIDES + policies(["action allow"]), "10.1.0.9", WEB).verdict == "cannot-tell"


@pytest.mark.parametrize(
    "at",
    [
        "set ip 10.9.0.1/24",
        "set subnet 10.9.0.5",
        "set tcp-portrange 443",
        "set member",
        'set device "users"',
        "set extip",
    ],
)
def test_an_object_with_a_line_that_is_not_understood_is_not_known(at: str) -> None:
    route = 'config router static\nedit 2\nset dst 10.7.0.0/16\nset device "users"\nnext\nend\n'
    text = (
        HEADER.format("7.6.6")
        + SIDES
        + route
        + ADDRESSES
        + VIP
        + block("firewall service custom", own=["tcp-portrange 443"])
    )
    text += block("firewall addrgrp", many=["member web"])
    text += policies(['dstaddr "many"', 'service "own"'], IN)
    assert at in text
    odd = device(text.replace(at, f"xyzzy\n{at}"))
    from_, to, port = (
        (OUTSIDE, PUBLIC, "tcp/8443")
        if "extip" in at
        else ("10.7.0.9" if "device" in at else "10.1.0.9", WEB, "tcp/443")
    )
    assert ask(text, from_, to, port).verdict == "permitted"
    assert ask(odd, from_, to, port).verdict == "cannot-tell"
    assert any("xyzzy" in one.text for one in odd.unread)


def test_ngfw_policies_must_let_through_too() -> None:
    ngfw = "config system settings\nset ngfw-mode policy-based\nend\n"
    for sets, verdict in (
        ([], "permitted"),
        (["action deny"], "blocked"),
        (["application 16354"], "cannot-tell"),
        (["unset service"], "cannot-tell"),
    ):
        fw = device(NEW + SIDES + ngfw + policies([]) + policies(sets, path="firewall security-policy"))
        assert verdicts(fw, 443) == [verdict], sets
    assert ask(NEW + SIDES + ngfw + policies([]), "10.1.0.9", WEB).verdict == "cannot-tell"


def test_access_control_lists_come_before_all() -> None:
    acl = block("firewall acl", **{"1": ['interface "users"', "srcaddr all", "dstaddr all", "service SSH"]})
    fw = device(NEW + SIDES + acl + policies([]))
    assert told(fw, "10.1.0.9", WEB, "tcp/22") == ("blocked", "acl 1")
    assert verdicts(fw, 443) == ["permitted"]


def test_several_files_are_one_device() -> None:
    fw = device(NEW + SIDES, ADDRESSES + policies(['dstaddr "web"']))
    found = ask(fw, "10.1.0.9", WEB)
    assert (found.verdict, found.rule is not None and found.rule.file) == ("permitted", "more.conf")


# ------------------------------------------------------------------------------------------------ refusals


GOOD = NEW + SIDES + ADDRESSES + policies([])


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (NEW + "config system interface\nedit port1\nset ip 10.0.0.1/24\n", 3, "ends inside 'edit port1' of line 3: it is cut"),
        (NEW + "config firewall policy\nedit 1\nnext\n", 2, "ends inside 'config firewall policy' of line 2"),
        (NEW + "config firewall policy\nend\nend\n", 4, "'end' ends no block"),
        (NEW + "config firewall policy\nnext\nend\n", 3, "'next' ends no entry"),
        (NEW + "config firewall policy\nedit 1\nedit 2\n", 4, "'edit 2' stands inside entry '1' of line 3: lines are missing"),
        (NEW + "edit 1\n", 2, "'edit 1' stands inside no block"),
        (NEW + 'config firewall policy\nedit 1\nset name "never closed\nnext\nend\n', 4, "a quoted value is never closed"),
        (GOOD.replace("10.9.0.5 255.255.255.255", "300.1.1.1 255.255.255.0"), 28, "'300.1.1.1' is not an IPv4 address"),
        (GOOD.replace("10.9.0.0/25", "10.9.0.0/99"), 31, "'10.9.0.0/99' is not an IPv4 network"),
        (GOOD.replace("end-ip 10.9.0.20", "end-ip 10.9.0.2"), 36, "the range of address 'span' ends before it begins"),
        (GOOD.replace("255.255.255.248", "2"), 5, "'203.0.113.2 2' is not an IPv4 network"),
        (GOOD.replace("255.255.255.248", "0.0.0.255"), 5, "'203.0.113.2 0.0.0.255' is not an IPv4 network"),
        (NEW + block("firewall service custom", a=["tcp-portrange 70000"]), 4, "'70000' is not a port"),
        (NEW + block("firewall service custom", a=["tcp-portrange 90-80"]), 4, "'90-80' is not a port or a range"),
        (NEW + block("firewall service custom", a=["protocol IP", "protocol-number 300"]), 5, "'300' is not a protocol"),
        (NEW + block("firewall addrgrp", a=["member b"], b=["member a"]), 3, "group 'a' holds itself: a > b > a"),
        (NEW + block("firewall service group", a=["member a"]), 3, "group 'a' holds itself: a > a"),
        (NEW + block("firewall vip", v=["extip 203.0.113.9-203.0.113.2", "mappedip 10.9.0.5"]), 4, "ends before it begins"),
        (NEW + "config system interface\n--More--\nend\n", 3, "cut by a pager"),
        ("#config-version=FAZ3500-7.4.1-FW-build1:x\nconfig system global\nend\n", 1, "is the configuration of a FAZ3500, not of a FortiGate"),
        ("config user local\nedit a\nnext\nend\n", 0, "holds nothing of a firewall's configuration"),
        (NEW + "config a\n" * 60, 34, "blocks stand more than 32 deep"),
        (NEW + block("firewall addrgrp", **{f"g{i}": [f"member g{i + 1}"] for i in range(90)}), 195, "groups stand more than 64 deep"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_whole_configuration_is_refused_by_line(text: str, line: int, says: str) -> None:
    with pytest.raises(InputError) as caught:
        device(text)
    assert says in caught.value.reason
    assert caught.value.place.line == line


def test_what_is_built_to_grow_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = block("firewall address", **{f"h{i}": [f"subnet 10.9.0.{2 * i}/32"] for i in range(100)})
    everyone = "member " + " ".join(f"h{i}" for i in range(100))
    groups = block("firewall addrgrp", g0=[everyone], **{f"g{i}": [f"member g{i - 1} h0"] for i in range(1, 40)})
    assert ask(NEW + SIDES + hosts + groups + policies(["dstaddr g39"]), "10.1.0.9", "10.9.0.6").verdict == "permitted"
    monkeypatch.setattr(forti_objects, "MAX_HELD", 1_000)
    with pytest.raises(InputError, match="unfold without end"):
        device(NEW + SIDES + hosts + groups + policies([]))
    monkeypatch.setattr(forti_tree, "MAX_ENTRIES", 50)
    with pytest.raises(InputError, match="has more than 50 entries"):
        device(NEW + SIDES + hosts + policies([]))
    with pytest.raises(InputError, match="moves or renames more than 1000 entries"):
        device(NEW + SIDES + policies([], []) + "config firewall policy\n" + "move 2 before 1\n" * 1001 + "end\n")


def test_a_configuration_is_told_by_what_stands_in_it() -> None:
    def kind(text: str) -> str:
        return recognise([ConfigFile(data=text.encode(), shown="x")]).kind

    assert kind(GOOD) == kind(SIDES + policies([])) == kind(several(policies([]), "")) == "fortigate"
    assert kind("#config-version=FAZ3500-7.4.1-FW-build1:x\nconfig system global\nend\n") == ""
    assert kind("config t\ninterface Gi0/1\n ip address 10.0.0.1 255.255.255.0\n") != "fortigate"
    assert kind("hostname a\nconfig-register 0x2102\n") == ""
    with pytest.raises(InputError, match="encrypted FortiGate backup"):
        kind("#FGBK|4|FGT60F|")


SECRETS = """config system global
    set hostname "edge"
end
config system admin
    edit "admin"
        set password ENC SH2hushhush0123456789abcdefgh==
        set ssh-public-key1 "ssh-rsa hushhushAAAAB3NzaC1yc2EAAAADAQABAAABAQC7"
        set trusthost1 10.1.0.0/24
    next
end
config system interface
    edit "wan1"
        set mode pppoe
        set username "line"
        set password ENC hushhushAK1
        set ip 203.0.113.2/29
        set allowaccess ssh
    next
    edit "users"
        set ip 10.1.0.1/24
        set passphrase "hush hush plain"
        set psksecret "hush hush \\" plain"
        set md5-key "hushhush7"
        set auth-pwd hushhush8
        set sae-password "hushhush9"
        set allowaccess ssh
    next
end
config vpn certificate local
    edit "x"
        set private-key "-----BEGIN ENCRYPTED PRIVATE KEY-----
hushhushMIIBtDBOBgkqhkiG9w0BBQ0wQTApBgkqhkiG
-----END ENCRYPTED PRIVATE KEY-----"
    next
end
config vpn ipsec phase1-interface
    edit "vpn"
        set psksecret ENC hushhush1
    next
end
config user local
    edit "u"
        set passwd ENC hushhush2
    next
end
config system external-resource
    edit "feed"
        set password ENC hushhush3
        set user-agent "x"
    next
end
config router bgp
    config neighbor
        edit "192.0.2.1"
            set password ENC hushhush4
        next
    end
end
config firewall vip
    edit "v"
        set extip 203.0.113.3
        set mappedip "10.1.0.5"
        set http-cookie-domain "x"
        set comment "password hushhush5"
    next
end
config firewall policy
    edit 1
        set name "password: hushhush6"
        set srcintf "users"
        set dstintf "wan1"
        set action accept
        set srcaddr "all"
        set dstaddr "all"
        set schedule "always"
        set service "ALL"
        set comments "psk hushhushA"
        set unknown-secret ENC hushhushB
        garbage ENC hushhushC
    next
end
set password hushhushD
"""


def test_no_secret_is_left_in_what_is_read() -> None:
    fw = device(NEW + SECRETS)
    assert "hush" not in repr(fw)
    assert "hush" not in repr(ask(fw, "10.1.0.9", OUTSIDE))


# ------------------------------------------------------------------------------------------------ properties

_NAMES = ("users", "guest", "any", "wan1")
_POLICY = st.fixed_dictionaries(
    {
        "srcintf": st.sampled_from(_NAMES), "dstintf": st.sampled_from(("servers", "any")), "srcaddr": st.sampled_from(("all", "u", "name")),
        "dstaddr": st.sampled_from(("all", "web", "net", "span", "pub")), "service": st.sampled_from(("ALL", "HTTPS", "SSH HTTP", "unheard")),
        "action": st.sampled_from(("accept", "deny")), "status": st.sampled_from(("enable", "enable", "disable")),
        "match-vip": st.sampled_from(("enable", "disable")),
    }
)  # fmt: skip
_BASE = NEW + SIDES + ADDRESSES + 'config firewall address\nedit "u"\nset subnet 10.1.0.0/28\nnext\nend\n' + VIP
_RANK = {"blocked": 0, "cannot-tell": 1, "partly": 2, "permitted": 3}


def _written(each: Sequence[dict[str, str]]) -> str:
    return policies(
        *(
            [f"{key} {value}" for key, value in one.items() if key != "match-vip" or one["action"] == "deny"]
            for one in each
        )
    )


def _asked(text: str) -> list[str]:
    fw = device(text)
    return [
        ask(fw, from_, to, port).verdict
        for from_ in ("10.1.0.3", "10.1.0.99", "10.2.0.9", OUTSIDE)
        for to, port in ((WEB, "tcp/443"), (WEB, "tcp/22"), ("10.9.0.200", "tcp/443"), (PUBLIC, "tcp/8443"))
    ]


@tried(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(each=st.lists(_POLICY, min_size=1, max_size=5), deny=_POLICY, at=st.integers(0, 5))
def test_one_more_deny_opens_nothing(each: list[dict[str, str]], deny: dict[str, str], at: int) -> None:
    deny = {**deny, "action": "deny"}
    before = _asked(_BASE + _written(each))
    after = _asked(_BASE + _written([*each[:at], deny, *each[at:]]))
    for old, new in zip(before, after, strict=True):
        assert _RANK[new] <= _RANK[old], (old, new)


@tried(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(each=st.lists(_POLICY, min_size=1, max_size=3), cut=st.integers(0, 4000), data=st.data())
def test_cut_or_mangled_text_permits_nothing_that_the_whole_did_not(
    each: list[dict[str, str]], cut: int, data: Any
) -> None:
    text = _BASE + _written(each)
    whole = _asked(text)
    at = cut % len(text)
    mangled = (
        text[:at]
        if data.draw(st.booleans())
        else text[:at] + data.draw(st.sampled_from(("\0", '"', "\\", "~", "\nend\n", "\nxyzzy\n"))) + text[at:]
    )
    try:
        found = _asked(mangled)
    except InputError:
        return
    for old, new in zip(whole, found, strict=True):
        assert new != "permitted" or old != "blocked", (at, mangled[max(0, at - 40) : at + 40])


def _witness(each: Sequence[dict[str, str]], from_: int, into: str, to: int, port: int, met: bool) -> bool | None:
    """A slow reading of the policies for one packet: whether it passes; None where that hangs on what is unknown."""
    inside = {
        "all": lambda a: True, "u": lambda a: 0x0A010000 <= a < 0x0A010010, "web": lambda a: a == 0x0A090005,
        "net": lambda a: 0x0A090000 <= a < 0x0A090080, "span": lambda a: 0x0A09000A <= a <= 0x0A090014,
    }  # fmt: skip
    ports = {"ALL": None, "HTTPS": {443}, "SSH HTTP": {22, 80}}
    possible = set()
    for one in each:
        if one["status"] == "disable" or one["srcintf"] not in ("any", into):
            continue
        service = ports.get(one["service"], "unknown")
        if isinstance(service, set) and port not in service:
            continue
        if one["srcaddr"] != "name" and not inside[one["srcaddr"]](from_):
            continue
        sure = service != "unknown" and one["srcaddr"] != "name"
        if one["dstaddr"] == "pub":
            if not met:
                continue
        elif met:
            if one["action"] == "accept" or one["match-vip"] == "disable":
                continue
            if one["dstaddr"] != "all":
                # Held against the outer or the inner address: nobody knows.
                if one["dstaddr"] == "span":
                    continue
                sure = False
        elif not inside[one["dstaddr"]](to):
            continue
        possible.add(one["action"] == "accept")
        if sure:
            break
    else:
        possible.add(False)
    return possible.pop() if len(possible) == 1 else None


@tried(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(each=st.lists(_POLICY, min_size=1, max_size=6))
def test_answers_agree_with_a_slow_reading_of_the_policies(each: list[dict[str, str]]) -> None:
    fw = device(_BASE + _written(each))
    words = {True: "permitted", False: "blocked", None: "cannot-tell"}
    for from_, number, into in (
        ("10.1.0.3", 0x0A010003, "users"),
        ("10.2.0.9", 0x0A020009, "guest"),
        (OUTSIDE, 0xC6336407, "wan1"),
    ):
        for to, end, port in (
            ("10.9.0.6", 0x0A090006, 443),
            ("10.9.0.15", 0x0A09000F, 22),
            ("10.9.0.200", 0x0A0900C8, 80),
        ):
            expected = words[_witness(each, number, into, end, port, met=False)]
            assert ask(fw, from_, to, f"tcp/{port}").verdict == expected, (from_, to, port)
    assert (
        ask(fw, OUTSIDE, PUBLIC, "tcp/8443").verdict
        == words[_witness(each, 0xC6336407, "wan1", 0x0A090005, 443, met=True)]
    )


def test_five_thousand_policies_are_read_whole() -> None:
    hosts = {f"h{i}": [f"subnet 10.9.{i // 256 % 256}.{i % 256} 255.255.255.255"] for i in range(5_000)}
    groups = {f"g{i}": ["member " + " ".join(f"h{(i * 7 + j) % 5_000}" for j in range(20))] for i in range(1_000)}
    text = NEW + SIDES + block("firewall address", **hosts) + block("firewall addrgrp", **groups)
    text += policies(
        *([f"dstaddr g{i % 1_000}", f"service {'HTTPS' if i % 2 else 'SSH'}", f"name p{i}"] for i in range(5_000))
    )
    fw = device(text)
    assert sum(1 for _, rule in fw.rules() if "policy" in rule.origin.vendor_id) == 5_000


def test_a_policy_is_one_row_of_the_table_of_rules_however_many_rules_it_stands_for() -> None:

    fw = device(
        NEW
        + SIDES
        + VIP
        + policies(IN, ["srcintf users", "dstintf wan1", "service ALL"], ['srcintf "any"', 'dstintf "any"'])
    )
    _, found = rows.table(fw)
    named = [row["device_rule"] for row in found if str(row["device_rule"]).startswith("fw policy")]
    assert named == ["fw policy 1", "fw policy 2", "fw policy 3"]
    assert [row["any_any"] for row in found if row["device_rule"] == "fw policy 3"] == [True]
