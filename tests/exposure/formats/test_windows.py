"""Windows Defender Firewall: block before allow, whatever the order and the form; profiles; and what no export tells."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from secscan.exposure.formats import recognise
from secscan.model.errors import InputError
from secscan.model.net import Device, Rule
from tests.exposure.formats.winfw import (
    ALL_FORMS,
    HOST,
    PROFILES,
    Packet,
    WinRule,
    as_csv,
    as_files,
    as_json,
    ask,
    device,
    files,
    judged,
    netsh,
    objects,
    profiles,
    query,
    registry,
    verdict,
    written,
)

WEB = WinRule(name="Web", local_port=("80", "443"), remote=("10.1.0.0/24", "10.2.0.0-10.2.0.9"))
BLOCK = WinRule(name="Quarantine", allow=False, protocol="Any", remote=("10.1.0.66",))
MORE = (
    WinRule(name="Old web", local_port=("8080",), on=False),
    WinRule(name="Files", local_port=("445",), program="System"),
    WinRule(name="Desktop", local_port=("3389",), profiles=("Domain",)),
    WinRule(name="Remote calls", local_port=("RPC", "135")),
    WinRule(name="Echo", protocol="ICMPv4", icmp=("8:Any",)),
    WinRule(name="No mail", inbound=False, allow=False, remote_port=("25",)),
    WinRule(name="Neighbours", protocol="UDP", local_port=("137",), remote=("LocalSubnet",)),
)
SET = (WEB, *MORE, BLOCK)


def line(fw: Device, name: str) -> int:
    """Where the rule of that name begins."""
    return next(rule.origin.line for _, rule in fw.rules() if rule.origin.name == name)


# ------------------------------------------------------------------------------------------------ forms


@pytest.mark.parametrize("form", ALL_FORMS)
def test_every_form_gives_the_same_answers_with_their_line(form: str) -> None:
    fw = device(*written(form, SET))
    found = ask(fw, from_="10.1.0.5")
    assert (found.verdict, found.rule and (found.rule.name, found.rule.line)) == ("permitted", ("Web", line(fw, "Web")))
    assert ask(fw, from_="10.2.0.9").verdict == "permitted"
    assert ask(fw, from_="10.2.0.10").reason == "no rule matches, and the default is deny"
    stopped = ask(fw, from_="10.1.0.66")
    assert (stopped.verdict, stopped.rule and stopped.rule.name) == ("blocked", "Quarantine")
    assert ask(fw, from_="10.1.0.0/24").verdict == "partly"
    assert ask(fw, "tcp/8080").verdict == "blocked"
    assert ask(fw, "tcp/135").verdict == "permitted"
    for port, why in (
        ("tcp/445", "only while System listens"),
        ("tcp/3389", "for profile Domain only, and the export does not say which profile is active"),
        ("tcp/50000", "which ports RPC stands for is not in the export"),
        ("udp/137", "source: which addresses LocalSubnet"),
    ):
        found = ask(fw, port)
        assert found.verdict == "cannot-tell"
        assert why in found.reason
        assert found.rule is not None
        assert found.reason.startswith(f"fw.txt:{found.rule.line}: ")
    out = {"chain": "outbound", "from_": HOST}
    assert ask(fw, "tcp/25", to="198.51.100.7", **out).verdict == "blocked"
    assert ask(fw, "tcp/443", to="198.51.100.7", **out).verdict == "permitted"
    assert fw.families == {4, 6}
    assert ask(fw, "tcp/135", "fd00::5", "fd00::9").verdict == "permitted"
    assert ask(fw, "tcp/443", "fd00::5", "fd00::9").verdict == "blocked"


@pytest.mark.parametrize("form", ALL_FORMS)
def test_every_form_is_told_by_its_content(form: str) -> None:
    for text in written(form, SET):
        assert recognise(files(text)).kind == "windows-firewall"
        assert recognise(files(text.encode("utf-16"))).kind == "windows-firewall"
    assert recognise(files(*written(form, SET), profiles())).kind == "windows-firewall"


@pytest.mark.parametrize(
    "text",
    ["order,action,src,dst,proto,dport\n1,permit,any,any,tcp,80\n", '{"nftables": []}', '[{"action": "allow", "direction": "in"}]',
     "*filter\n:INPUT DROP [0:0]\nCOMMIT\n", "a: b\n---\nc: d\n", '[{"InstanceID": "a", "Name": "b"}]', ""],
)  # fmt: skip
def test_other_files_are_not_taken(text: str) -> None:
    assert recognise(files(text)).kind != "windows-firewall"


def test_powershell_5_writes_utf_16_and_wraps_lists_and_enumerations() -> None:
    whole = objects([WEB])
    whole[0] |= {
        "LocalPort": {"value": ["80", "443"], "Count": 2}, "Direction": {"value": 1, "Value": "Inbound"}, "Action": "Allow",
        "Enabled": "True", "Profile": "Domain, Private, Public", "Platform": [], "CimClass": {"CimSuperClassName": "CIM_PolicyRule"},
    }  # fmt: skip
    fw = device(json.dumps({"value": whole, "Count": 1}, indent=4).replace("\n", "\r\n").encode("utf-16"))
    assert ask(fw).verdict == "permitted"
    assert ask(fw, "tcp/81").verdict == "blocked"


def test_filters_may_stand_inside_their_rule() -> None:
    (own,) = objects([WEB])
    ports = {key: own.pop(key) for key in ("Protocol", "LocalPort", "RemotePort", "IcmpType")}
    sides = {key: own.pop(key) for key in ("LocalAddress", "RemoteAddress")}
    nested = {"rules": [own | {"PortFilter": ports, "AddressFilter": sides}], "profiles": []}
    assert ask(device(json.dumps(nested))).verdict == "permitted"
    keyed = {"{1}": own | {"PortFilter": ports, "AddressFilter": sides}, "{2}": objects([BLOCK])[0]}
    assert ask(device(json.dumps(keyed)), from_="10.1.0.66").verdict == "blocked"
    text = "@{" + "; ".join(f"{k}={v}" for k, v in (ports | {"LocalPort": "443"}).items()) + "}"
    flat = own | {"PortFilter": text, "AddressFilter": sides}
    fw = device(json.dumps([flat]))
    assert (ask(fw).verdict, ask(fw, "tcp/80").verdict) == ("permitted", "blocked")


def test_filters_are_joined_by_their_instance_id_and_only_where_it_is_one_rule_s() -> None:
    texts = as_files([WEB, BLOCK])
    rules = json.loads(texts[0])
    assert ask(device(json.dumps([*rules, rules[0]]), *texts[1:])).reason.endswith(
        "several rules or filters have its InstanceID"
    )
    app = texts[3].replace('"Package": "Any"', '"Package": "S-1-15-2-1"')
    named = json.dumps([one | {"PackageFamilyName": None, "PolicyAppId": None, "Package": None} for one in rules])
    assert "only for the app S-1-15-2-1" in ask(device(named, *texts[1:3], app, *texts[4:])).reason
    assert ask(device(named, *texts[1:])).verdict == "permitted"
    for n in range(1, 4):  # a filter that was not exported leaves the rule open, and opens nothing
        fw = device(texts[0], *(t for k, t in enumerate(texts[1:], 1) if k != n))
        assert ask(fw).verdict == "cannot-tell"
        assert "the export does not say for which" in ask(fw).reason


def test_a_csv_may_be_split_by_semicolons_and_headed_in_other_words() -> None:
    assert ask(device(as_csv(SET, ";"))).verdict == "permitted"
    text = as_csv([WEB, BLOCK]).split("\r\n", 1)[1]
    for ours, theirs in (
        ("LocalPort", "Local Port"),
        ("RemoteAddress", "Remote IP"),
        ("Program", "ApplicationName"),
        ("DisplayName", "Rule Name"),
    ):
        text = text.replace(f'"{ours}"', f'"{theirs}"')
    fw = device(text)
    assert (ask(fw).verdict, ask(fw, from_="10.1.0.66").verdict, line(fw, "Web")) == ("permitted", "blocked", 2)


@pytest.mark.parametrize("lost", ["System.String[]", "System.Object[]", "80, 443, 8080..."])
def test_a_list_that_powershell_left_out_is_not_known(lost: str) -> None:
    fw = device(as_csv([WEB]).replace('"80 443"', f'"{lost}"'))
    assert ask(fw).verdict == "cannot-tell"
    assert "left the list of its ports out" in ask(fw).reason


def test_a_row_that_cannot_be_read_may_be_any_rule() -> None:
    fw = device(as_csv([WEB]) + '"half","a row"\r\n')
    assert ask(fw).verdict == "cannot-tell"
    assert ask(fw).reason.startswith("fw.txt:4: line not understood: has 2 cells")


# ------------------------------------------------------------------------------------------------ order


def test_block_goes_before_allow_wherever_it_stands() -> None:
    wide = WinRule(name="No web", allow=False, local_port=("443",))
    for rules in ((WEB, wide), (wide, WEB)):
        found = ask(device(netsh(rules)))
        assert (found.verdict, found.rule and found.rule.name) == ("blocked", "No web")


RULES = st.builds(
    WinRule,
    name=st.just("rule"),
    inbound=st.sampled_from((True, True, True, False)),
    allow=st.booleans(),
    on=st.sampled_from((True, True, True, False)),
    profiles=st.sampled_from((PROFILES, PROFILES, ("Domain",), ("Private", "Public"), ("Public",))),
    protocol=st.sampled_from(("TCP", "TCP", "UDP", "Any")),
    local_port=st.sampled_from((("443",), ("80", "443"), ("400-500",), ("Any",), ("RPC",))),
    remote=st.sampled_from((("Any",), ("10.1.0.0/24",), ("10.1.0.5-10.1.0.6",), ("10.1.0.66", "fd00::/64"), ("LocalSubnet",))),
    local=st.sampled_from((("Any",), ("Any",), (HOST,), ("10.9.0.9",))),
    program=st.sampled_from(("Any", "Any", "Any", r"C:\app.exe")),
)  # fmt: skip


def _sound(rule: WinRule) -> WinRule:
    """Ports where the protocol has them, on the side that serves."""
    ports = ("Any",) if rule.protocol == "Any" else rule.local_port
    return replace(rule, local_port=ports) if rule.inbound else replace(rule, local_port=("Any",), remote_port=ports)


RULES = RULES.map(_sound)
SETS = st.lists(RULES, min_size=1, max_size=7)
PACKETS = (
    Packet(), Packet(src="10.1.0.66"), Packet(src="192.0.2.9", port=450), Packet(proto="udp"), Packet(port=50000),
    Packet(src=HOST, dst="10.1.0.5", inbound=False), Packet(src=HOST, dst="192.0.2.9", port=25, inbound=False),
)  # fmt: skip
SLOW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@SLOW
@given(
    SETS,
    st.sampled_from(ALL_FORMS),
    st.sampled_from(((), ("Domain",), PROFILES)),
    st.sampled_from(((), ("Public",), PROFILES)),
)
def test_answers_are_those_of_a_slow_judge(
    rules: list[WinRule], form: str, off: Sequence[str], always: Sequence[str]
) -> None:
    policy = {
        p.lower(): ("OFF" if p in off else "ON", f"BlockInbound{'Always' if p in always else ''},AllowOutbound")
        for p in PROFILES
    }
    fw = device(*written(form, rules), profiles(**policy))
    for packet in PACKETS:
        found, true = verdict(fw, packet), judged(rules, packet, off, always)
        if found != true:  # what differs by profile may be left open, and is never told wrong
            assert found == "cannot-tell", (packet, true)
            assert (
                any(r.profiles != PROFILES for r in rules)
                or {*off} not in (set(), {*PROFILES})
                or {*always} not in (set(), {*PROFILES})
            )


@SLOW
@given(SETS, st.randoms(use_true_random=False))
def test_shuffling_the_rules_changes_no_verdict(rules: list[WinRule], chance: random.Random) -> None:
    mixed = list(rules)
    chance.shuffle(mixed)
    for form in ("netsh", "json", "reg"):
        one, other = device(*written(form, rules)), device(*written(form, mixed))
        assert [verdict(one, p) for p in PACKETS] == [verdict(other, p) for p in PACKETS]


OPEN = {"blocked": 0, "cannot-tell": 1, "permitted": 2}


@SLOW
@given(SETS, RULES)
def test_adding_a_rule_that_blocks_never_opens(rules: list[WinRule], more: WinRule) -> None:
    (more,) = (replace(more, allow=False, protocol="TCP"),)
    before, after = device(netsh(rules)), device(netsh([*rules, more]))
    assert all(OPEN[verdict(after, p)] <= OPEN[verdict(before, p)] for p in PACKETS)


# ------------------------------------------------------------------------------------------------ profiles


def test_what_differs_by_profile_is_not_told_and_what_holds_in_all_of_them_is() -> None:
    parts = [WinRule(name=f"Web {p}", local_port=("443",), profiles=(p,)) for p in PROFILES]
    assert ask(device(netsh(parts))).verdict == "permitted"
    assert ask(device(netsh(parts[:2]))).reason.endswith(
        "for profile Domain only, and the export does not say which profile is active"
    )
    pair = [parts[0], replace(parts[1], profiles=("Private", "Public"), local_port=("444",))]
    assert ask(device(netsh(pair))).verdict == "cannot-tell"
    shut = WinRule(name="Shut", allow=False, local_port=("443",), profiles=("Public",))
    assert ask(device(netsh([WEB, shut]))).verdict == "cannot-tell"
    assert ask(device(netsh([shut]))).verdict == "blocked"


def test_the_profile_that_is_active_may_be_said() -> None:
    desktop = WinRule(name="Desktop", local_port=("443",), profiles=("Domain",))
    network = json.dumps({"Name": "example", "InterfaceAlias": "Ethernet", "NetworkCategory": 2})
    for fw in (device(netsh([desktop]), network), device(netsh([desktop]), part="domain")):
        assert (ask(fw).verdict, ask(fw).rule and ask(fw).rule.name) == ("permitted", "Desktop")  # type: ignore[union-attr]
    with pytest.raises(InputError, match="has no profile 'work'; part: Domain, Private or Public"):
        device(netsh([desktop]), part="work")
    other = device(netsh([desktop]), network.replace("2", "0"))
    assert ask(other).verdict == "blocked"
    assert [rule.enabled for _, rule in other.rules()] == [False]
    both = json.dumps([json.loads(network), {"InterfaceAlias": "Wi-Fi", "NetworkCategory": "Public"}])
    assert ask(device(netsh([desktop]), both)).verdict == "cannot-tell"


def test_a_firewall_that_is_off_lets_everything_through() -> None:
    off = profiles(domain=("OFF", "BlockInbound,AllowOutbound"))
    found = ask(device(netsh([WEB]), off), "tcp/22")
    assert found.verdict == "cannot-tell"
    assert (
        found.reason
        == "more-1.txt:4: the firewall is off in profile Domain, and which profile is active is not in the export"
    )
    written_ = [rule.origin.name for _, rule in device(netsh([WEB]), off).rules() if not rule.implied]
    assert written_ == ["Web"]
    nowhere = profiles(**{p.lower(): ("OFF", "BlockInbound,AllowOutbound") for p in PROFILES})
    found = ask(device(netsh([BLOCK]), nowhere), "tcp/22", "10.1.0.66")
    assert (found.verdict, found.rule and (found.rule.file, found.rule.line)) == ("permitted", ("more-1.txt", 4))


def test_the_default_of_the_profiles_decides_what_no_rule_matches() -> None:
    open_ = profiles(**{p.lower(): ("ON", "AllowInbound,BlockOutbound") for p in PROFILES})
    fw = device(netsh([WEB, BLOCK]), open_)
    found = ask(fw, "tcp/22")
    assert (found.verdict, found.rule and found.rule.line) == ("permitted", 5)
    assert ask(fw, "tcp/22", "10.1.0.66").verdict == "blocked"
    assert ask(fw, "tcp/22", HOST, "192.0.2.9", chain="outbound").verdict == "blocked"
    some = device(netsh([WEB]), profiles(public=("ON", "AllowInbound,AllowOutbound")))
    assert "profile Public lets through what no rule matches" in ask(some, "tcp/22").reason
    assert ask(some).verdict == "permitted"
    assert ask(device(netsh([WEB]), default="permit"), "tcp/22").verdict == "permitted"


def test_a_profile_that_blocks_all_lets_no_rule_allow() -> None:
    always = ("ON", "BlockInboundAlways,AllowOutbound")
    assert ask(device(netsh([WEB]), profiles(**{p.lower(): always for p in PROFILES}))).verdict == "blocked"
    assert ask(device(netsh([WEB]), profiles(public=always))).reason.endswith(
        "for profile Domain and Private only, and the export does not say which profile is active"
    )


def powershell_profiles(**more: object) -> str:
    own = {
        "Enabled": 1,
        "DefaultInboundAction": 0,
        "DefaultOutboundAction": 0,
        "AllowInboundRules": 2,
        "AllowLocalFirewallRules": 2,
    }
    return json.dumps([{"Name": p, **own, **more} for p in PROFILES])


def test_profiles_of_powershell_are_read_by_number_and_by_name() -> None:
    assert ask(device(netsh([WEB]), powershell_profiles()), "tcp/22").verdict == "blocked"
    for more in ({"Enabled": 0}, {"Enabled": "False"}, {"DefaultInboundAction": 2}, {"DefaultInboundAction": "Allow"}):
        assert ask(device(netsh([WEB]), powershell_profiles(**more)), "tcp/22").verdict == "permitted"
    assert ask(device(netsh([WEB]), powershell_profiles(AllowInboundRules=0))).verdict == "blocked"
    rows = "Name,Enabled,DefaultInboundAction,DefaultOutboundAction\nDomain,True,Block,Allow\nPrivate,True,Allow,Allow\nPublic,True,Block,Allow\n"
    assert "profile Private lets through" in ask(device(netsh([WEB]), rows), "tcp/22").reason


def test_rules_of_the_machine_itself_do_not_count_where_group_policy_says_so() -> None:
    whole = objects([WEB, replace(WEB, name="Policy", local_port=("8443",))])
    whole[0] |= {"PolicyStoreSourceType": 1, "PolicyStoreSource": "PersistentStore"}
    whole[1] |= {"PolicyStoreSourceType": 2, "PolicyStoreSource": "Servers"}
    alone = powershell_profiles(AllowLocalFirewallRules=0)
    fw = device(json.dumps(whole), alone)
    assert (ask(fw).verdict, ask(fw, "tcp/8443").verdict) == ("blocked", "permitted")
    assert "whether it is one is not in the export" in ask(device(as_json([WEB]), alone)).reason
    both = device(json.dumps(whole), powershell_profiles())
    assert (ask(both).verdict, ask(both, "tcp/8443").verdict) == ("permitted", "permitted")


def test_without_its_profiles_an_export_is_taken_as_windows_ships_it_and_says_so() -> None:
    fw = device(netsh([WEB]))
    assert ask(fw, "tcp/22").verdict == "blocked"
    assert any("taken as Windows ships them" in warning for warning in fw.warnings)
    assert any("-PolicyStore ActiveStore" in warning for warning in fw.warnings)
    assert not any("ships" in warning for warning in device(netsh([WEB]), profiles()).warnings)


# ------------------------------------------------------------------------------------------------ what no export tells


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"Program": r"C:\app.exe"}, r"only while C:\app.exe listens"),
        ({"Service": "TermService"}, "only for service TermService"),
        ({"Service": "*"}, "only for services"),
        ({"Package": "S-1-15-2-1"}, "only for the app S-1-15-2-1"),
        ({"PackageFamilyName": "Example.App_1"}, "only for the app Example.App_1"),
        ({"InterfaceType": 2}, "only on interfaces of kind wireless"),
        ({"InterfaceType": "RemoteAccess"}, "kind RemoteAccess"),
        ({"Authentication": 1}, "by IPsec"),
        ({"Encryption": "Required"}, "by IPsec"),
        ({"OverrideBlockRules": True}, "by IPsec"),
        ({"RemoteUser": "D:(A;;CC;;;S-1-5-1)"}, "only for users or computers D:"),
        ({"LocalUser": "O:LSD:(A;;CC;;;S-1-5-1)"}, "only for users or computers O:"),
        ({"RemoteMachine": "O:LSD:(A;;CC;;;S-1-5-1)"}, "only for users or computers O:"),
        ({"Owner": "S-1-5-21-1"}, "only for programs of S-1-5-21-1"),
        ({"DynamicTarget": "WifiDirect"}, "dynamic target WifiDirect"),
        ({"RemoteDynamicKeywordAddresses": ["{1}"]}, "dynamic addresses {1}"),
        ({"Platform": ["10.0+"]}, "only on Windows 10.0+"),
        ({"PrimaryStatus": 3}, "gives its status as 3"),
        ({"Profile": "Home"}, "profile 'Home' is not known"),
        ({"Enabled": "perhaps"}, "whether it is enabled was not understood"),
        ({"RemoteAddress": "Internet"}, "which addresses Internet stands for"),
        ({"RemoteAddress": "DefaultGateway"}, "which addresses DefaultGateway stands for"),
        ({"RemoteAddress": "server.example.org"}, "host name 'server.example.org' is not resolved"),
        ({"LocalPort": "Teredo"}, "which ports Teredo stands for"),
        ({"Protocol": "Warp"}, "protocol 'Warp' is not known"),
        ({"Protocol": None}, "does not say for which protocol"),
        ({"RemoteAddress": None}, "does not say for which remote address"),
    ],
)  # fmt: skip
def test_what_no_export_tells_leaves_a_rule_open(more: dict[str, object], why: str) -> None:
    for allow, otherwise in ((True, []), (False, [WinRule(name="Everything")])):
        whole = [*objects([WinRule(name="Odd", allow=allow, local_port=("443",))]), *objects(otherwise)]
        whole[0] |= more
        if otherwise:
            whole[1] |= {"InstanceID": "other", "Name": "other"}
        found = ask(device(json.dumps(whole)))
        assert found.verdict == "cannot-tell"
        assert why in found.reason or (allow is False and "listens" in why)


@pytest.mark.parametrize(
    "more", [{"Platform": ["6.1+"]}, {"PrimaryStatus": "OK"}, {"DynamicTarget": 0}, {"Owner": None}, {"Group": "x"}]
)
def test_what_limits_nothing_leaves_a_rule_sure(more: dict[str, object]) -> None:
    assert ask(device(json.dumps([objects([WEB])[0] | more]))).verdict == "permitted"


def test_authenticated_bypass_may_go_before_a_block_and_opens_nothing_for_sure() -> None:
    whole = objects([WinRule(name="Bypass", local_port=("443",)), BLOCK])
    whole[0] |= {"OverrideBlockRules": True, "Authentication": 1}
    fw = device(json.dumps(whole))
    assert ask(fw, from_="10.1.0.66").verdict == "cannot-tell"
    assert ask(fw, "tcp/22", "10.1.0.66").verdict == "blocked"


def test_netsh_without_verbose_does_not_say_for_which_program_a_rule_is() -> None:
    fw = device(netsh([WEB, BLOCK], verbose=False))
    assert ask(fw).reason.endswith("the export does not say for which program it is; with netsh, add verbose")
    assert ask(fw, "tcp/22").verdict == "blocked"


def test_a_grouped_rule_for_everything_may_be_an_app_s_where_the_app_is_not_shown() -> None:
    app = WinRule(name="Some game", protocol="Any")
    text = netsh([app])
    assert ask(device(text)).verdict == "permitted"
    grouped = text.replace("Grouping:                             ", "Grouping:                             Some game")
    assert "it may be for one app only" in ask(device(grouped)).reason
    assert ask(device(json.dumps([objects([app])[0] | {"Group": "Some game"}]))).verdict == "permitted"


def test_a_rule_for_an_interface_is_asked_by_it() -> None:
    whole = objects([WEB])
    whole[0] |= {"InterfaceAlias": ["Ethernet", "Ethernet 2"]}
    fw = device(json.dumps(whole))
    assert "say so with --in-interface" in ask(fw).reason
    assert ask(fw, in_interface="Ethernet").verdict == "permitted"
    assert {one.name for one in fw.interfaces} == {"Ethernet", "Ethernet 2"}


def test_local_subnet_is_known_where_the_addresses_are() -> None:
    near = WinRule(name="Near", local_port=("443",), remote=("LocalSubnet4",))
    held = json.dumps([{"IPAddress": HOST, "PrefixLength": 24, "InterfaceAlias": "Ethernet"},
                       {"IPAddress": "fe80::1%5", "PrefixLength": 64, "InterfaceAlias": "Ethernet"}])  # fmt: skip
    fw = device(as_json([near]), held)
    assert (ask(fw, from_="10.9.0.77").verdict, ask(fw, from_="10.1.0.5").verdict) == ("permitted", "blocked")
    assert ask(device(as_json([near])), from_="10.9.0.77").verdict == "cannot-tell"


# ------------------------------------------------------------------------------------------------ registry

KEY = r"HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\SharedAccess\Parameters\FirewallPolicy"
POLICY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\WindowsFirewall"


def reg(*sections: tuple[str, Sequence[str]]) -> str:
    return "\r\n".join(line for key, values in sections for line in ("", key, *values)) + "\r\n\r\n"


def value(body: str, name: str = "{1}") -> str:
    return f"    {name}    REG_SZ    v2.31|{body}|"


ALLOW = "Action=Allow|Active=TRUE|Dir=In|Protocol=6|LPort=443|Name=Web"


def test_the_registry_s_keys_say_what_is_in_force() -> None:
    rules = (rf"{KEY}\FirewallRules", [value(ALLOW)])
    assert ask(device(reg(rules))).verdict == "permitted"
    assert (
        ask(
            device(
                reg(
                    rules,
                    (
                        rf"{KEY.replace('Parameters', 'Defaults')}\FirewallRules",
                        [value("Action=Block|Active=TRUE|Dir=In|Name=x")],
                    ),
                )
            )
        ).verdict
        == "permitted"
    )
    older = (
        rf"{KEY.replace('CurrentControlSet', 'ControlSet002')}\FirewallRules",
        [value("Action=Block|Active=TRUE|Dir=In|Name=x")],
    )
    assert ask(device(reg(older, rules))).verdict == "permitted"
    assert ask(device(reg(older))).verdict == "blocked"
    off = (
        rf"{KEY}\StandardProfile",
        ["    EnableFirewall    REG_DWORD    0x0", "    DisableNotifications    REG_DWORD    0x1"],
    )
    assert "the firewall is off in profile Private" in ask(device(reg(rules, off)), "tcp/22").reason
    on = (rf"{POLICY}\StandardProfile", ["    EnableFirewall    REG_DWORD    0x1"])
    assert ask(device(reg(rules, off, on)), "tcp/22").verdict == "blocked"
    alone = [
        (rf"{POLICY}\{p}Profile", ["    AllowLocalPolicyMerge    REG_DWORD    0x0"])
        for p in ("Domain", "Standard", "Public")
    ]
    assert ask(device(reg(rules, *alone))).verdict == "blocked"
    assert ask(device(reg((rf"{POLICY}\FirewallRules", [value(ALLOW)]), *alone))).verdict == "permitted"
    shut = [
        (rf"{KEY}\{p}Profile", ["    DoNotAllowExceptions    REG_DWORD    0x1"])
        for p in ("Domain", "Standard", "Public")
    ]
    assert ask(device(reg(rules, *shut))).verdict == "blocked"
    file = f'Windows Registry Editor Version 5.00\r\n\r\n[{KEY}\\PublicProfile]\r\n"DefaultInboundAction"=dword:00000000\r\n\r\n[{KEY}\\FirewallRules]\r\n"{{1}}"="v2.31|{ALLOW}|"\r\n\r\n'
    assert "profile Public lets through" in ask(device(file), "tcp/22").reason


@pytest.mark.parametrize(
    ("body", "port", "verdict_"),
    [
        (ALLOW, "tcp/443", "permitted"),
        (ALLOW.replace("|Active=TRUE", ""), "tcp/443", "blocked"),
        (ALLOW.replace("LPort=443", "LPort=80|LPort2_10=400-500"), "tcp/443", "permitted"),
        (ALLOW.replace("|LPort=443|", "|RA4=10.1.0.0/255.255.255.0|"), "tcp/443", "permitted"),
        (ALLOW + "|RA4=10.2.0.0/16", "tcp/443", "blocked"),
        (ALLOW + "|RA6=LocalSubnet", "tcp/443", "cannot-tell"),
        (ALLOW + "|RA42=IntErnet", "tcp/443", "cannot-tell"),
        (ALLOW + "|Profile=Private", "tcp/443", "cannot-tell"),
        (ALLOW + "|App=%SystemRoot%\\x.exe", "tcp/443", "cannot-tell"),
        (ALLOW + "|Svc=*", "tcp/443", "cannot-tell"),
        (ALLOW + "|Security=Authenticate", "tcp/443", "cannot-tell"),
        (ALLOW + "|TTK2_22=WFDPrint", "tcp/443", "cannot-tell"),
        (ALLOW + "|Sometime=New", "tcp/443", "cannot-tell"),
        (ALLOW + "|LUOwn=S-1-5-21-1", "tcp/443", "cannot-tell"),
        (ALLOW + "|IFType=Wireless", "tcp/443", "cannot-tell"),
        (ALLOW + "|Edge=TRUE|Defer=App|Desc=@x.dll,-1|EmbedCtxt=Web", "tcp/443", "permitted"),
        (ALLOW.replace("Protocol=6|", ""), "tcp/443", "cannot-tell"),
        (ALLOW.replace("Protocol=6|LPort=443|", ""), "udp/9", "permitted"),
        (ALLOW.replace("Protocol=6", "Protocol=0").replace("LPort=443|", ""), "tcp/443", "blocked"),
        (ALLOW.replace("LPort=443", "LPort=RPC-EPMap"), "tcp/135", "permitted"),
        (ALLOW.replace("LPort=443", "LPort2_10=IPHTTPSIn"), "tcp/443", "permitted"),
    ],
)  # fmt: skip
def test_the_registry_s_strings_say_what_a_rule_matches(body: str, port: str, verdict_: str) -> None:
    assert ask(device(reg((rf"{KEY}\FirewallRules", [value(body)]))), port).verdict == verdict_


def test_rules_that_restrict_services_are_not_asked_and_connection_security_may_stop() -> None:
    rules = (rf"{KEY}\FirewallRules", [value(ALLOW)])
    hard = (rf"{KEY}\RestrictedServices\Static\System", [value("Action=Block|Active=TRUE|Dir=In|App=x|Svc=y|Name=y")])
    assert ask(device(reg(rules, hard))).verdict == "permitted"
    assert [rule.origin.vendor_id for _, rule in device(reg(hard, rules)).rules()] == ["{1}"]
    own = objects([WEB])[0] | {
        "PolicyStoreSource": "StaticServiceStore",
        "Action": 4,
        "Service": "y",
        "InstanceID": "y",
    }
    assert ask(device(json.dumps([*objects([WEB]), own]))).verdict == "permitted"
    secure = (rf"{KEY}\ConSecRules", [value("Action=SecureServer|Active=TRUE|Name=Auth", "{2}")])
    assert "connection security rule" in ask(device(reg(rules, secure))).reason
    assert ask(device(reg(rules, secure)), "tcp/22").verdict == "blocked"


# ------------------------------------------------------------------------------------------------ refused

GERMAN = """
Regelname:                            Fernwartung
----------------------------------------------------------------------
Aktiviert:                            Ja
Richtung:                             Eingehend
Profile:                              Domäne,Privat,Öffentlich
Aktion:                               Zulassen
OK.
"""
FRENCH = GERMAN.replace("Regelname:", "Nom de la règle\u00a0:").replace("Aktiviert:", "Activée\u00a0:")
JAPANESE = GERMAN.replace("Regelname:", "規則名:").replace("Aktiviert:", "有効:").replace("Richtung:", "方向:")
GERMAN_PROFILE = """
Domänenprofil-Einstellungen:
----------------------------------------------------------------------
Status                                EIN
Firewallrichtlinie                    BlockInbound,AllowOutbound
"""
MMC = "Name\tGroup\tProfile\tEnabled\tAction\tProgram\tLocal Port\nWeb\t\tAll\tYes\tAllow\tAny\t443\n"


@pytest.mark.parametrize(
    ("text", "says", "at"),
    [
        (netsh([WEB])[:-9], "ends without 'Ok.': the output is cut", 2),
        (re.sub(r"Action: .*\r\n", "", netsh([WEB])), "the rule has no 'Action'", 2),
        (profiles()[:-9], "ends without 'Ok.'", 22),
        (profiles().replace("State                                 ON", ""), "profile Domain has no 'State'", 5),
        (profiles(public=("ON", "Sometimes,AllowOutbound")), "Firewall Policy 'Sometimes' is not known", 25),
        (as_json([WEB])[:-9], "not JSON", 29),
        (as_json([WEB]).replace('"80"', '"70000"'), "'70000' is not a port", 2),
        (as_json([WEB]).replace('"80"', '"90-80"'), "'90-80' is not a range of ports", 2),
        (as_json([WEB]).replace("10.1.0.0/24", "300.1.1.1"), "'300.1.1.1' is not an address", 2),
        (as_json([WEB]).replace("10.1.0.0/24", "10.1.0.9-10.1.0.1"), "is not a range", 2),
        (as_json([WEB]).replace("10.1.0.0/24", "10.1.0.0/33"), "'/33' is not a mask", 2),
        (as_json([WEB]).replace('"TCP"', '"256000"'), "'256000' is not a protocol", 2),
        (netsh([WEB]).replace("80,443", "80,4430000"), "'4430000' is not a port", 2),
        (registry([WEB])[:-7], "the rule does not end on its line", 4),
        (query([WEB]).replace("Name=Web|", "Name=We"), "does not end with '|'", 3),
        (query([WEB]).rstrip(), "ends in the middle of a line", 0),
        (registry([WEB]).replace("[HKEY", "[-HKEY"), "deletes keys", 3),
        (as_csv([WEB])[:-9], "ends in the middle of a line", 3),
        (MMC, "has no column Direction", 1),
        (GERMAN, "another language than English; export it with PowerShell", 0),
        (FRENCH, "another language than English", 0),
        (JAPANESE, "another language than English", 0),
        (as_files([WEB])[0], "holds rules without their ports, addresses and programs; add the output of", 0),
        (GERMAN_PROFILE, "another language than English", 0),
        (profiles(), "holds no rules; add the output of Get-NetFirewallRule", 0),
        (powershell_profiles(Enabled="Sure"), "Enabled 'Sure' is not known", 1),
        ("hello\n", "is not an export of Windows Defender Firewall", 0),
        (as_json([WEB]).replace('"Name"', '"Name": 1, "Name"'), "set twice", 0),
        ("[" * 60 + "]" * 60, "", 0),
    ],
)  # fmt: skip
def test_what_is_no_whole_export_is_refused_with_its_line(text: str, says: str, at: int) -> None:
    with pytest.raises(InputError) as caught:
        device(text)
    assert says in str(caught.value)
    assert caught.value.place.line == at


def test_netsh_that_found_no_rules_is_an_export_without_rules() -> None:
    fw = device("\r\nNo rules match the specified criteria.\r\n\r\n")
    assert (list(fw.rules()), ask(fw).verdict) == ([], "blocked")


def test_lines_that_are_not_understood_are_counted_and_leave_their_rule_open() -> None:
    text = netsh([WEB])
    assert device("some words\r\n" + text).unread[0].line == 1
    assert device("C:\\> netsh advfirewall firewall show rule name=all verbose\r\n" + text).unread == ()
    odd = text.replace("InterfaceTypes:", "NewIn2031:     ")
    assert ask(device(odd)).reason.endswith("'NewIn2031' is not understood")
    twice = text.replace("Edge traversal:", "RemoteIP:                             Any\r\nEdge traversal:")
    assert "'RemoteIP' stands twice in the rule" in ask(device(twice)).reason
    whole = objects([WEB])
    whole[0]["Action"] = "NotConfigured"
    assert "its action 'NotConfigured' is not known" in ask(device(json.dumps(whole)), "tcp/9").reason
    whole[0]["Direction"] = 7
    fw = device(json.dumps(whole))
    assert ask(fw, "tcp/9").verdict == ask(fw, "tcp/9", HOST, "192.0.2.9", chain="outbound").verdict == "cannot-tell"


@pytest.mark.parametrize("form", ["netsh", "json", "reg", "query"])
def test_a_text_that_is_cut_or_mangled_never_permits_what_the_whole_did_not(form: str) -> None:
    (text,) = written(form, SET)
    whole = {p: verdict(device(text), p) for p in PACKETS}
    chance = random.Random(4)
    for n in range(250):
        at = chance.choice([k for k, letter in enumerate(text) if not letter.isdigit()])
        if n % 2 and form in ("reg", "query") and text[:at].endswith(("\r", "\n")):
            continue  # the registry's text has no end that a cut between two lines would miss
        broken = text[:at] if n % 2 else text[:at] + chance.choice('x\r\n|:"') + text[at + 1 :]
        try:
            fw = device(broken)
        except InputError:
            continue
        assert [p for p in PACKETS if verdict(fw, p) == "permitted" != whole[p]] == [], at


# ------------------------------------------------------------------------------------------------ what is kept


def test_names_numbers_and_what_a_rule_is_for_are_kept() -> None:
    whole = objects([WEB])
    whole[0] |= {"Description": "For the town hall", "Owner": "S-1-5-21-7"}
    ((_, rule),) = device(json.dumps(whole, indent=2)).rules()
    assert (rule.origin.name, rule.origin.vendor_id, rule.reason, rule.owner) == (
        "Web",
        "{id-0}",
        "For the town hall",
        "S-1-5-21-7",
    )
    assert rule.origin.text == "Web: inbound Allow TCP; localport 80,443; remoteaddress 10.1.0.0/24,10.2.0.0-10.2.0.9"
    assert (rule.origin.line, rule.origin.line_to) == (2, 31)
    twice = [rule.origin for _, rule in device(netsh([WEB, WEB])).rules()]
    assert [(one.vendor_id, one.line, one.line_to) for one in twice] == [("", 2, 17), ("", 19, 34)]
    assert device(registry([WEB])).version == "policy version 2.33"


def test_icmp_kinds_never_match_a_port() -> None:
    fw = device(netsh([WinRule(name="Echo", protocol="ICMPv4", icmp=("8:Any", "3:4"))]))
    rules: list[Rule] = [rule for _, rule in fw.rules()]
    assert [(s.proto, s.dport, s.sport) for s in rules[0].services] == [
        ("icmp", ((8, 8),), ((0, 65535),)), ("icmp", ((3, 3),), ((4, 4),)),
    ]  # fmt: skip
    assert ask(fw, "tcp/8").verdict == "blocked"


def test_secrets_leave_no_trace() -> None:
    secret = "Tr0ub4dor-And-3"
    rule = replace(WEB, program=rf"C:\run.exe --password {secret}", name=f"psk={secret}")
    for form in ALL_FORMS:
        for fw in (device(*written(form, [rule])),):
            assert secret not in repr([rule.origin for _, rule in fw.rules()])


def test_a_long_export_is_read_whole() -> None:
    many = [
        replace(WEB, name=f"Rule {n}", remote=(f"10.{n % 250}.{n // 250}.0/24", f"172.16.{n % 250}.7"))
        for n in range(5000)
    ]
    for form in ("netsh", "json", "reg", "csv"):
        texts = written(form, many)
        fw = device(*texts)
        assert sum(1 for _ in fw.rules()) == 5000
