"""The tables of paths and claims, from an estate in hand."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from secscan.exposure import attach
from secscan.model.estate import Estate, Probe
from secscan.model.frame import Col, Frame
from secscan.model.net import Device
from secscan.model.places import Files, Place
from secscan.model.policy import Isolation, Mitigation, Policy
from secscan.model.posture import ClaimRow, Route
from secscan.model.settings import Settings
from secscan.model.tables import Claims, Paths
from tests.exposure.net import ALL, FILE, TODAY, ZONES, firewall, listed, rule, settings, steps, undecoded

REGISTER = "inventory/alderbeck/assets.csv"
Row = dict[str, Any]


def asset(name: str, *addresses: str, **more: Any) -> Row:
    return {
        "council": "alderbeck",
        "asset": name,
        "hostname": f"host-{name}",
        "zone": "servers",
        "ip": addresses,
        **more,
    }


OLD = asset("A1", "10.9.0.5")


def estate(
    *assets: Row,
    installs: Sequence[Row] = ({"asset": "A1", "support": "ended-undated", "product": "gadget"},),
    services: Sequence[Row] = ({"asset": "A1", "proto_port": "tcp/445"},),
    probes: Sequence[Probe] = (),
    files: Files | None = None,
) -> Estate:
    files = files or Files()
    return Estate(
        today=TODAY,
        files=files,
        frames={
            "assets": frame("assets", assets, files, ("hostname", "zone", "type", "owner")),
            "installs": frame("installs", installs, files, ("support", "eol_on", "entitled_until", "product")),
            "services": frame("services", services, files, ("proto_port",)),
        },
        addresses={(a["council"], a["asset"]): a["ip"] for a in assets},
        probes=probes,
        notes={"kept": 1},
    )


def frame(table: str, rows: Sequence[Row], files: Files, columns: Sequence[str]) -> Frame:
    names = ("council", "asset", *columns)
    filled = [{"council": "alderbeck", **row} for row in rows]
    places = Col([files.code(REGISTER, at) for at, _ in enumerate(rows, 2)])
    return Frame(table, len(rows), {n: Col([row.get(n) for row in filled]) for n in names}, {"": places})


def policy(*claims: Mitigation) -> Policy:
    return Policy(name="p", version="1", controls=(), mitigations=claims)


def claim(**more: Any) -> Mitigation:
    shut = {"ports": ("tcp/445",), "blocked_from": ("users", "guest"), "both_directions": False}
    isolation = Isolation(**{key: more.pop(key, value) for key, value in shut.items()})
    return Mitigation(
        **{
            "id": "M-1", "council": "alderbeck", "asset": "A1", "kind": "isolation", "isolation": isolation,
            "claimed_by": "Infrastructure Manager", "starts": date(2026, 1, 1),
            "place": Place("policies/mitigations.yaml", 4), **more,
        }
    )  # fmt: skip


def probes(zone: str, *ports: tuple[int, str], **more: Any) -> list[Probe]:
    return [
        Probe(
            **{
                "council": "alderbeck", "asset": "A1", "address": "10.9.0.5", "vantage": f"box-{zone}", "zone": zone,
                "proto": "tcp", "port": port, "state": state, "reason": "syn-ack" if state == "open" else "no-response",
                "reason_ttl": 63, "seen_on": TODAY, "complete": True, "place": 7, **more,
            }
        )
        for port, state in ports
    ]  # fmt: skip


def settled(*lists: Device, claims: Sequence[Mitigation] = (), setup: Settings | None = None, **more: Any) -> Estate:
    assets = more.pop("assets", (OLD,))
    files = Files()
    files.number("inventory/alderbeck/scan.xml")
    extra = more.pop("extra", ())
    return attach(estate(*assets, files=files, **more), setup or settings(ZONES), policy(*claims), lists, extra)


def rows(found: Estate, table: str = "paths") -> list[Row]:
    one = found.frames[table]
    return [{name: one.get(name, at) for name in one.columns} for at in range(one.rows)]


def path(found: Estate, name: str) -> Row:
    (row,) = [r for r in rows(found) if r["path"] == name]
    return row


def judged(*lists: Device, **more: Any) -> ClaimRow:
    found = settled(*lists, claims=[claim(**more.pop("claim", {}))], **more)
    row: ClaimRow
    (row,) = found.notes["claims"]
    assert rows(found, "claims")[0]["state"] == row.state
    return row


BLOCKED = listed(rule(2, "permit", "10.1.0.0/24", "10.9.0.5", "tcp", "22"), rule(3, "deny", "any", "10.9.0.5"))
OPEN = listed(rule(2, "permit", "10.1.0.7", "10.9.0.5", "tcp", "445"), rule(3, "deny", "any", "10.9.0.5"))


# -- paths ----------------------------------------------------------------------------------------------------------


def test_a_path_for_every_zone_and_port_denied_ones_too() -> None:
    found = rows(settled(OPEN))
    assert [(r["path"], r["direction"], r["reach"], r["partly"]) for r in found] == [
        ("tcp/445 from guest", "in", False, False),
        ("tcp/445 from internet", "in", False, False),
        ("tcp/445 from servers", "in", True, False),
        ("tcp/445 from users", "in", True, True),
        ("any from internet", "in", False, False),
        ("any to internet", "out", False, False),
    ]
    assert {r["supported"] for r in found} == {False}
    assert {r["unsupported_product"] for r in found} == {"gadget"}
    assert {r["hostname"] for r in found} == {"host-A1"}


def test_the_columns_are_those_of_the_tables() -> None:
    found = settled(OPEN, claims=[claim()])
    shared = {"council", "asset", "hostname", "type", "zone", "owner"}
    for table, spec in (("paths", Paths), ("claims", Claims)):
        columns = set(found.frames[table].columns)
        assert columns <= set(spec.columns())
        assert set(spec.columns()) - columns == {"service", "criticality"}
        assert shared <= columns


def test_a_row_leads_to_the_register_and_its_verdict_to_the_rule() -> None:
    found = settled(OPEN)
    one, at = found.frames["paths"], [r["path"] for r in rows(found)].index("tcp/445 from users")
    assert one.get("rule", at) == "fw 20"
    for column, place in (("rule", Place(FILE, 2)), ("reach", Place(FILE, 2)), ("hostname", Place(REGISTER, 2))):
        code = one.place(column, at)
        assert code is not None
        assert found.files.place(code) == place


def test_only_assets_that_some_control_asks_about_have_paths() -> None:
    fine = [{"asset": name, "support": "open-ended"} for name in ("A1", "A2", "A3")]
    assets = (OLD, asset("A2", "10.9.0.6"), asset("A3", "10.9.0.7"))
    listening = [{"asset": "A2", "proto_port": "tcp/23"}, {"asset": "A3", "proto_port": None}]
    found = settled(OPEN, assets=assets, installs=fine, services=listening, extra=["tcp/23"])
    assert {r["asset"] for r in rows(found)} == {"A2"}
    found = settled(OPEN, assets=assets, installs=fine, services=listening, claims=[claim(asset="a3")])
    assert {r["asset"] for r in rows(found)} == {"A3"}
    assert settled(OPEN, installs=fine, services=listening, assets=assets).frames["paths"].rows == 0


@pytest.mark.parametrize(
    ("install", "chosen", "supported"),
    [
        ({"support": "ended-undated"}, True, False),
        ({"support": "dated", "eol_on": date(2026, 2, 28)}, True, False),
        ({"support": "dated", "eol_on": TODAY}, False, True),
        ({"support": "dated", "eol_on": date(2020, 1, 1), "entitled_until": TODAY}, False, True),
        ({"support": "dated", "eol_on": date(2020, 1, 1), "entitled_until": date(2026, 2, 1)}, True, False),
        ({"support": "dated"}, False, None),
        ({"support": "open-ended"}, False, True),
        ({"support": None}, False, None),
    ],
)
def test_support_is_judged_on_the_day(install: Row, chosen: bool, supported: bool | None) -> None:
    installs = [{"asset": "A1", "product": "gadget", **install}]
    assert bool(rows(settled(OPEN, installs=installs))) is chosen
    claimed = rows(settled(OPEN, installs=installs, claims=[claim()]))
    assert {r["supported"] for r in claimed} == {supported}
    both = [*installs, {"asset": "A1", "support": None}]
    assert {r["supported"] for r in rows(settled(OPEN, installs=both, claims=[claim()]))} == {supported and None}


def test_an_asset_without_an_address_has_paths_that_nobody_knows() -> None:
    found = rows(settled(OPEN, assets=(asset("A1"),)))
    assert len(found) == 6
    assert {r["reach"] for r in found} == {None}
    assert {r["partly"] for r in found} == {None}
    assert {
        r["reason"] for r in map(vars_of, settled(OPEN, assets=(asset("A1"),)).notes["routes"]["alderbeck", "A1"])
    } == {"no address of the asset is known"}


def vars_of(route: Route) -> Row:
    return {"reason": route.reason, "reach": route.reach}


def test_any_of_its_addresses_is_enough_and_an_unknown_one_leaves_it_open() -> None:
    opens = listed(rule(2, "permit", "any", "10.9.0.6", "tcp", "445"))
    two = (asset("A1", "10.9.0.5", "10.9.0.6", "127.0.0.1", "fe80::1"),)
    assert path(settled(opens, assets=two), "tcp/445 from users")["reach"] is True
    assert path(settled(listed(), assets=two), "tcp/445 from users")["reach"] is False
    lost = (asset("A1", "10.9.0.5", "10.77.0.1", zone=None),)
    assert path(settled(listed(), assets=lost), "tcp/445 from users")["reach"] is None
    assert (
        path(settled(opens, assets=(asset("A1", "10.9.0.6", "10.77.0.1", zone=None),)), "tcp/445 from users")["reach"]
        is True
    )


def test_the_way_out_is_asked_of_the_internet_and_of_zones_that_a_claim_shuts_both_ways() -> None:
    outward = listed(rule(2, "permit", "10.9.0.5", "any", "tcp", "443"))
    assert path(settled(outward), "any to internet")["reach"] is True
    found = settled(outward, claims=[claim(both_directions=True)])
    assert [r["path"] for r in rows(found) if r["direction"] == "out"] == [
        "any to guest",
        "any to internet",
        "any to users",
    ]


def test_an_old_export_passes_nothing_on() -> None:
    found = settled(replace(OPEN, stale=True))
    assert path(found, "tcp/445 from users")["reach"] is True
    assert path(found, "tcp/445 from guest")["reach"] is None


def test_a_firewall_without_an_export_cannot_be_told() -> None:
    setup = settings(ZONES, [firewall(), firewall(id="second")])
    assert path(settled(BLOCKED, setup=setup), "tcp/445 from users")["reach"] is None


def test_what_a_scan_saw_stands_beside_what_the_rules_say() -> None:
    found = settled(OPEN, probes=probes("guest", (445, "open")))
    row = path(found, "tcp/445 from guest")
    assert (row["reach"], row["observed"], row["observed_on"]) == (False, True, TODAY)
    assert path(found, "tcp/445 from users")["observed"] is None


def test_routes_are_the_same_rows() -> None:
    found = settled(OPEN, assets=(OLD, asset("A2", "10.9.0.5")), installs=[{"asset": a, "support": "ended-undated"} for a in ("A1", "A2")],
                    services=[{"asset": a, "proto_port": "tcp/445"} for a in ("A1", "A2")])  # fmt: skip
    first, second = found.notes["routes"]["alderbeck", "A1"], found.notes["routes"]["alderbeck", "A2"]
    assert first == second
    (way,) = [r for r in first if r.zone == "users"]
    assert way == Route(
        zone="users",
        port="tcp/445",
        direction="in",
        reach=True,
        partly=True,
        rule="fw 20",
        place=Place(FILE, 2),
        observed=None,
    )
    assert found.notes["kept"] == 1


def test_nothing_changes_with_the_order_of_what_goes_in() -> None:
    names = [f"A{i}" for i in range(8)]
    assets = [asset(n, f"10.9.0.{5 + i}") for i, n in enumerate(names)]
    installs = [{"asset": n, "support": "ended-undated", "product": p} for n in names for p in ("x", "y")]
    listening = [{"asset": n, "proto_port": f"tcp/{p}"} for n in names for p in (22, 445)]
    lists = [OPEN, replace(BLOCKED, name="second")]
    scans = [p for zone in ("users", "guest") for p in probes(zone, (22, "open"), (445, "filtered"))]
    claims = [claim(id=f"M-{i}", asset=n) for i, n in enumerate(names)]
    shown = []
    for seed in range(4):
        chance = random.Random(seed)
        mixed: list[list[Any]] = [list(x) for x in (assets, installs, listening, lists, scans, claims)]
        for part in mixed:
            chance.shuffle(part)
        a, i, s, some, p, c = mixed
        found = settled(*some, assets=a, installs=i, services=s, probes=p, claims=c)
        shown.append((rows(found), rows(found, "claims"), found.notes["claims"], found.notes["routes"]))
    assert all(one == shown[0] for one in shown)


# -- claims ---------------------------------------------------------------------------------------------------------


def test_a_rule_that_lets_one_host_in_disproves_the_claim() -> None:
    row = judged(OPEN)
    assert row.state == "disproven"
    assert (
        row.reason == f"tcp/445 from users gets through by {FILE}:2, for example 10.1.0.7 to 10.9.0.5, tcp 49152 to 445"
    )
    assert (row.rule, row.rule_place) == ("fw 20", Place(FILE, 2))


def test_an_asset_in_the_zone_it_must_be_shut_off_from_disproves_the_claim() -> None:
    row = judged(BLOCKED, claim={"blocked_from": ("servers",)})
    assert row.state == "disproven"
    assert row.reason == "tcp/445 from servers gets through: same network zone: the firewall never sees it"


def test_a_packet_that_got_in_disproves_what_the_rules_say() -> None:
    found = settled(BLOCKED, claims=[claim()], probes=probes("users", (445, "open")))
    (row,) = found.notes["claims"]
    assert (row.state, row.observed_vantage, row.observed_on, row.observed_state) == (
        "disproven",
        "box-users",
        TODAY,
        "open",
    )
    assert row.reason == "a scan from box-users saw tcp/445 from users open on 2026-03-01"
    assert rows(found, "claims")[0]["disagreement"] is True
    code = found.frames["claims"].place("state", 0)
    assert code is not None
    assert found.files.place(code) == Place("inventory/alderbeck/scan.xml", 7)


def test_an_unknown_rule_cannot_be_told() -> None:
    row = judged(listed(rule(2, "permit", "any", "10.9.0.5", unknown="schedule 'office' limits the rule")))
    assert row.state == "cannot-tell"
    assert row.reason == f"tcp/445 from users: {FILE}:2: schedule 'office' limits the rule"
    assert judged(listed(rule(4, "deny", "any", "any"), undecoded=(undecoded(3),))).state == "cannot-tell"


def test_an_old_export_proves_nothing_either_way() -> None:
    for one in (BLOCKED, OPEN):
        row = judged(replace(one, stale=True))
        assert row.state == "cannot-tell"
        assert "older than its limit" in row.reason
    assert judged(replace(BLOCKED, stale=True), probes=probes("users", (445, "open"))).state == "disproven"


def test_an_asset_in_no_register_cannot_be_told() -> None:
    found = settled(BLOCKED, claims=[claim(asset="GONE")])
    (row,) = rows(found, "claims")
    assert (row["council"], row["asset"], row["state"]) == ("alderbeck", "GONE", "cannot-tell")
    assert found.notes["claims"][0].reason == "no register knows asset 'GONE'"
    assert found.files.place(found.frames["claims"].place("hostname", 0) or 0) == Place("policies/mitigations.yaml", 4)


def test_an_asset_without_an_address_cannot_be_told() -> None:
    assert judged(BLOCKED, assets=(asset("A1"),)).state == "cannot-tell"


def test_where_no_firewall_stands_between_the_claim_is_only_claimed() -> None:
    apart = replace(BLOCKED, zones=frozenset(("users", "servers")))
    row = judged(apart)
    assert row.state == "claimed"
    assert row.reason == "tcp/445 from guest: no firewall export covers the traffic between the two zones"
    assert judged().state == "claimed"


def test_blocked_everywhere_and_seen_by_nobody_is_configured() -> None:
    row = judged(BLOCKED)
    assert (row.state, row.rule_place, row.lapses_on) == ("configured", Place(FILE, 3), None)
    assert row.reason == "every way is blocked by the rules; no scan has tried tcp/445 from users lately"


def watched(*days: date, zones: Sequence[str] = ("users", "guest")) -> list[Probe]:
    return [
        p
        for zone, day in zip(zones, days, strict=True)
        for p in probes(zone, (22, "open"), (445, "filtered"), seen_on=day)
    ]


def test_blocked_everywhere_and_seen_stopped_from_every_zone_is_proven() -> None:
    exported = replace(BLOCKED, exported_on=date(2026, 2, 1))
    found = settled(exported, claims=[claim(proof_days=30)], probes=watched(TODAY, date(2026, 2, 10)))
    (row,) = found.notes["claims"]
    assert (row.state, row.observed_on, row.observed_vantage) == ("proven", date(2026, 2, 10), "box-guest")
    assert row.lapses_on == date(2026, 3, 12)
    shown = rows(found, "claims")[0]
    assert (shown["lapses_on"], shown["since"], shown["disagreement"]) == (date(2026, 3, 12), date(2026, 1, 1), False)


def test_a_proof_lapses_with_its_days_and_with_a_newer_export() -> None:
    exported = replace(BLOCKED, exported_on=date(2026, 2, 1))
    edge = TODAY - timedelta(days=28)
    assert judged(exported, claim={"proof_days": 28}, probes=watched(edge, edge)).state == "proven"
    assert judged(exported, claim={"proof_days": 27}, probes=watched(edge, edge)).state == "configured"
    newer = judged(replace(BLOCKED, exported_on=date(2026, 2, 2)), probes=watched(edge, edge))
    assert newer.state == "configured"
    assert "is older than the export of 2026-02-02" in newer.reason
    assert judged(replace(BLOCKED, exported_on=None), probes=watched(edge, edge)).state == "configured"


def test_one_zone_that_nobody_looked_from_leaves_it_configured() -> None:
    assert judged(BLOCKED, probes=watched(TODAY, zones=["users"])).state == "configured"
    assert (
        judged(BLOCKED, probes=probes("users", (445, "filtered")) + watched(TODAY, zones=["guest"])).state
        == "configured"
    )


def test_both_directions_need_the_way_out_shut_too() -> None:
    outward = listed(*steps(BLOCKED), rule(9, "permit", "10.9.0.5", "10.2.0.0/24", "udp", "53"))
    assert judged(outward).state == "configured"
    row = judged(outward, claim={"both_directions": True})
    assert row.state == "disproven"
    assert row.reason.startswith(f"any to guest gets through by {FILE}:9, for example 10.9.0.5 to 10.2.0.1, udp")
    proven = judged(BLOCKED, claim={"both_directions": True}, probes=watched(TODAY, TODAY))
    assert proven.state == "proven"
    assert proven.reason.endswith("the way out rests on the rules alone")


def test_a_claim_for_any_port_is_configured_at_most() -> None:
    shut = listed(rule(2, "deny", "any", "10.9.0.5"))
    assert judged(shut, claim={"ports": ("any",)}, probes=probes("users", (445, "filtered"))).state == "configured"
    assert judged(BLOCKED, claim={"ports": ("any",)}).state == "disproven"
    assert judged(shut, claim={"ports": ("any",)}, probes=probes("users", (22, "open"))).state == "disproven"


def test_the_internet_is_every_internet_zone() -> None:
    named = [*ZONES[:3], Zone_("wan"), Zone_("wan2")]
    setup = settings(named)
    lists = replace(BLOCKED, zones=(ALL - {"internet"}) | {"wan", "wan2"})
    assert judged(lists, setup=setup, claim={"blocked_from": ("internet",)}).state == "configured"
    one = listed(rule(2, "permit", "any", "10.9.0.5", from_zones=frozenset(("wan2",))), zones=lists.zones)
    assert judged(one, setup=setup, claim={"blocked_from": ("internet",)}).state == "disproven"
    assert judged(BLOCKED, claim={"blocked_from": ("nowhere",)}).state == "cannot-tell"


def Zone_(name: str) -> Any:
    return type(ZONES[3])(id=name, internet=True)


def test_rules_and_packets_that_differ_are_told() -> None:
    def differ(one: Device, *seen: Probe) -> bool | None:
        return rows(settled(one, claims=[claim()], probes=seen), "claims")[0]["disagreement"]  # type: ignore[no-any-return]

    whole = listed(rule(2, "permit", "10.1.0.0/24", "10.9.0.5"))
    assert differ(whole, *watched(TODAY, zones=["users"])) is True
    assert differ(whole, *probes("users", (445, "open"))) is False
    assert differ(OPEN, *watched(TODAY, zones=["users"])) is None
    assert differ(BLOCKED) is None
    assert differ(BLOCKED, *watched(TODAY, TODAY)) is False


def test_a_claim_that_has_not_begun_is_not_there() -> None:
    assert settled(BLOCKED, claims=[claim(starts=date(2026, 3, 2))]).frames["claims"].rows == 0
    assert settled(BLOCKED, claims=[claim(starts=TODAY), claim(id="M-2", starts=None)]).frames["claims"].rows == 2


def test_a_claim_that_a_control_decides_is_left_to_it() -> None:
    by_control = claim(id="M-0", kind="control", isolation=None, control="INV-01", product="gadget")
    found = settled(BLOCKED, claims=[claim(), by_control])
    assert found.notes["control_claims"] == [
        {"row": 0, "claim": "M-0", "council": "alderbeck", "asset": "A1", "product": "gadget", "control": "INV-01"}
    ]
    first = found.notes["claims"][0]
    assert (first.id, first.state, first.reason) == ("M-0", "claimed", "judged by control INV-01")
    assert rows(found, "claims")[0]["kind"] == "control"


def test_a_claim_without_a_council_means_the_only_asset_of_that_id() -> None:
    assert judged(BLOCKED, claim={"council": ""}).council == "alderbeck"
    twice = (OLD, asset("A1", "10.9.0.6", council="corvale"))
    assert judged(BLOCKED, claim={"council": ""}, assets=twice).state == "cannot-tell"


def test_what_listens_on_a_port_that_a_control_names_is_asked_about_that_port_alone() -> None:
    fine = [{"asset": "A1", "support": "open-ended"}]
    listening = [{"asset": "A1", "proto_port": port} for port in ("tcp/22", "tcp/443", "udp/161")]
    found = settled(OPEN, installs=fine, services=listening, extra=["tcp/22", "tcp/3389", "any"])
    assert {(r["proto_port"], r["direction"]) for r in rows(found)} == {("tcp/22", "in")}
    assert {r["from_zone"] for r in rows(found)} == ALL
    old = settled(OPEN, services=listening, extra=["tcp/22"])  # an unsupported system is asked about as a whole
    assert {r["proto_port"] for r in rows(old)} == {"tcp/22", "tcp/443", "udp/161", "any"}
