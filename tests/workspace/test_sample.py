"""The sample partnership is what its docstring says, reads as real exports do, and names nobody real."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from datetime import UTC, date, datetime
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from secscan import inventory, knowledge, sources, workspace
from secscan.doors import csv, yaml
from secscan.doors.validate import validate
from secscan.findings.coverage import coverage, disagreements
from secscan.knowledge import load_catalogue, recognise
from secscan.model.estate import Estate
from secscan.model.places import Files
from secscan.model.policy import Policy
from secscan.model.raw import PARTLY
from secscan.model.settings import Settings
from secscan.scan import scan
from secscan.workspace.sample import write_sample
from secscan.workspace.sample.asset import SYSTEMS
from secscan.workspace.sample.assets import estate, in_month
from secscan.workspace.sample.days import months_before, second_tuesday, set_days
from secscan.workspace.sample.firewalls import permits
from secscan.workspace.sample.titles import TITLES

END = date(2026, 11, 22)
DAYS = set_days(END)
COUNCILS = ("alderbeck", "brackenford", "corvale", "threeways")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    root = tmp_path_factory.mktemp("sample")
    return SimpleNamespace(root=root, written=[root / path for path in write_sample(root, END)])


@pytest.fixture(scope="session")
def settings(sample: SimpleNamespace) -> Settings:
    return validate(yaml.read(sample.root / "secscan.yaml"), Settings)


def folder(sample: SimpleNamespace, council: str, month: int) -> Path:
    return sample.root / "inventory" / council / DAYS[month - 1].isoformat()


def rows(path: Path, **options: str) -> list[dict[str, str]]:
    """Every whole row of a table; broken ones are left out."""
    table = csv.read(path.read_bytes(), path.name, **options)
    return [dict(zip(table.header, cells, strict=True)) for cells in zip(*table.columns, strict=True)]


def digest(paths: list[Path], root: Path) -> str:
    found = hashlib.sha256()
    for path in sorted(paths):
        found.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()


def named_assets(sample: SimpleNamespace, key: str) -> list[tuple[str, str, str]]:
    entries = yaml.read(sample.root / "policies" / f"{key}.yaml").data[key]
    return [(entry["id"], entry["council"], entry["asset"]) for entry in entries]


# --- settings and size ----------------------------------------------------------------------------------------------


def test_settings_validate_and_say_that_it_is_a_sample(settings: Settings) -> None:
    assert settings.partnership.sample
    assert tuple(c.id for c in settings.councils) == COUNCILS
    assert {v.zone for v in settings.vantage_points} == {"alderbeck-users", "brackenford-users"}


def test_every_zone_of_the_settings_is_the_plan_that_addresses_come_from(settings: Settings) -> None:
    from secscan.workspace.sample.network import ZONES

    assert {z.id: z.addresses[0] for z in settings.zones if not z.internet} == ZONES
    networks = [ip_network(a) for a in ZONES.values()]
    assert not any(a.overlaps(b) for i, a in enumerate(networks) for b in networks[:i])


@pytest.mark.parametrize(
    ("council", "about"), [("alderbeck", 400), ("brackenford", 250), ("corvale", 150), ("threeways", 40)]
)
def test_a_council_has_about_as_many_assets_as_told(council: str, about: int) -> None:
    assert all(0.9 * about <= len(in_month(council, month)) <= 1.1 * about for month in range(1, 13))


def test_an_endpoint_or_server_lists_about_twenty_programs(sample: SimpleNamespace) -> None:
    listed = Counter(row["asset_tag"] for row in rows(folder(sample, "alderbeck", 12) / "software.csv"))
    assert 15 <= sum(listed.values()) / len(listed) <= 25


def test_the_whole_stays_under_25_megabytes(sample: SimpleNamespace) -> None:
    assert sum(path.stat().st_size for path in sample.written) < 25_000_000


def test_every_file_written_is_told_and_nothing_else_is_there(sample: SimpleNamespace) -> None:
    there = {path for path in sample.root.rglob("*") if path.is_file()}
    assert there == set(sample.written)
    assert len(sample.written) == len(there)


# --- days -----------------------------------------------------------------------------------------------------------


def test_the_same_end_gives_the_same_bytes(sample: SimpleNamespace, tmp_path: Path) -> None:
    again = [tmp_path / path for path in write_sample(tmp_path, END)]
    assert digest(again, tmp_path) == digest(sample.written, sample.root)


def test_another_end_moves_the_days_and_nothing_else(sample: SimpleNamespace, tmp_path: Path) -> None:
    end = date(2028, 2, 29)
    write_sample(tmp_path, end)
    assert sorted(p.name for p in (tmp_path / "inventory" / "alderbeck").iterdir())[-2:] == ["2028-01-29", "2028-02-29"]
    for month, day in enumerate(set_days(end), 1):
        for council in COUNCILS:
            there, here = tmp_path / "inventory" / council / day.isoformat(), folder(sample, council, month)
            assert there.is_dir() == here.is_dir()
            if here.is_dir():
                assert {p.name for p in there.iterdir()} == {p.name for p in here.iterdir()}
    before, after = (
        [{k: v for k, v in row.items() if not re.fullmatch(r"\d\d/\d\d/\d{4}", v)} for row in rows(path / "assets.csv")]
        for path in (folder(sample, "threeways", 12), tmp_path / "inventory" / "threeways" / "2028-02-29")
    )
    assert before == after


@pytest.mark.parametrize(
    "end", [date(2024, 2, 29), date(2025, 12, 31), date(2026, 3, 31), date(2027, 1, 1), date(2030, 10, 30)]
)
def test_twelve_monthly_days_end_on_any_day(end: date) -> None:
    days = set_days(end)
    assert len(days) == 12
    assert days[-1] == end
    assert all(28 <= (b - a).days <= 31 for a, b in pairwise(days))


def test_second_tuesday_is_the_vendors_day() -> None:
    assert [second_tuesday(2026, month).day for month in (9, 10, 11, 12)] == [8, 13, 10, 8]


def test_every_council_has_twelve_sets_and_corvale_ten(sample: SimpleNamespace) -> None:
    sets = {c: sorted(p.name for p in (sample.root / "inventory" / c).iterdir()) for c in COUNCILS}
    assert {c: len(found) for c, found in sets.items()} == {
        "alderbeck": 12,
        "brackenford": 12,
        "corvale": 10,
        "threeways": 12,
    }
    assert sets["corvale"] == [day.isoformat() for day in DAYS[:10]]
    assert sorted(p.name for p in (sample.root / "firewalls").iterdir()) == [day.isoformat() for day in DAYS]


# --- who is in it ---------------------------------------------------------------------------------------------------


def test_host_name_and_tag_alone_name_nobody() -> None:
    alderbeck, brackenford = estate("alderbeck"), estate("brackenford")
    assert {a.tag for a in alderbeck} & {b.tag for b in brackenford}
    assert {a.hostname for a in alderbeck} & {b.hostname for b in brackenford} >= {
        "SRV-FILE01",
        "SRV-DC01",
        "SRV-REV01",
    }
    addresses = [a.ip for council in COUNCILS for a in estate(council)]
    assert len(addresses) == len(set(addresses))


@pytest.mark.parametrize("council", COUNCILS)
def test_tags_are_told_once(council: str) -> None:
    tags = Counter(a.tag for a in estate(council))
    assert max(tags.values()) == 1


@pytest.mark.parametrize("what", ["mitigations", "exceptions"])
def test_every_claim_and_exception_is_about_an_asset_that_exists(sample: SimpleNamespace, what: str) -> None:
    tags = {(council, a.tag) for council in COUNCILS for a in in_month(council, 12)}
    named = named_assets(sample, what)
    assert len(named) >= {"mitigations": 7, "exceptions": 6}[what]
    assert [entry for entry, council, asset in named if (council, asset) not in tags] == []


def test_claims_name_the_hosts_that_their_comments_name(sample: SimpleNamespace) -> None:
    for what in ("mitigations", "exceptions"):
        text = (sample.root / "policies" / f"{what}.yaml").read_text(encoding="utf-8")
        for council, asset, hostname in re.findall(r"council: (\S+)\n +asset: (\S+)  # ([\w-]+)", text):
            assert next(a.hostname for a in estate(council) if a.tag == asset) == hostname


def test_entitlements_name_assets_that_exist(sample: SimpleNamespace) -> None:
    for row in rows(sample.root / "policies" / "entitlements.csv"):
        assert set(filter(None, row["assets"].split(";"))) <= {a.tag for a in estate(row["council"])}


def test_windows_10_gives_way_to_windows_11() -> None:
    for council, at_most in (("alderbeck", 0.06), ("brackenford", 0.30)):
        shares = []
        for month in (1, 6, 12):
            endpoints = [a for a in in_month(council, month) if a.type in ("desktop", "laptop")]
            shares.append(sum(a.system_key(month) in ("w10e", "w10p") for a in endpoints) / len(endpoints))
        assert shares[0] > shares[1] > shares[2]
        assert shares[2] < at_most


def test_server_2012_r2_shrinks() -> None:
    for council in ("alderbeck", "brackenford"):
        counts = [sum(a.system_key(month) == "2012r2" for a in in_month(council, month)) for month in range(1, 13)]
        assert counts == sorted(counts, reverse=True)
        assert counts[0] > counts[-1] > 0


@pytest.mark.parametrize("end", [date(2025, 12, 31), END, date(2027, 6, 30), date(2028, 2, 29), date(2029, 10, 31)])
def test_support_ends_for_some_products_within_any_year(end: date) -> None:
    catalogue = load_catalogue()
    named = [(s.caption, s.version, None, "os_caption") for s in SYSTEMS.values()]
    named += [(t.name, t.version_on(end), t.publisher, None) for t in TITLES.values()]
    ended = {
        (found.product, found.cycle)
        for found in (recognise(catalogue, *one, end) for one in named)
        if found.eol_on is not None and months_before(end, 12) <= found.eol_on <= end
    }
    assert len(ended) >= 3


@pytest.mark.parametrize(
    ("council", "file", "first", "last"),
    [
        ("alderbeck", "fixes.csv", 0.84, 0.96),
        ("brackenford", "updates.csv", 0.71, 0.93),
        ("corvale", "fixes.csv", 0.80, 0.80),
    ],
)
def test_the_share_patched_in_time_moves_as_told(
    sample: SimpleNamespace, council: str, file: str, first: float, last: float
) -> None:
    def in_time(month: int) -> float:
        late: dict[str, bool] = {}
        for row in rows(folder(sample, council, month) / file):
            asset, released, missing = (
                (row["asset_tag"], row["released_on"], row["missing"] == "yes")
                if file == "fixes.csv"
                else (row["AssetNo"], row["ReleaseDate"], row["State"] == "Missing")
            )
            if re.fullmatch(r"\d\d/\d\d/\d{4}", released) and released[:2] != "00" and released != "31/09/2026":
                day, of_month, year = map(int, released.split("/"))
                overdue = missing and (DAYS[month - 1] - date(year, of_month, day)).days > 14
                late[asset] = late.get(asset, False) or overdue
        return 1 - sum(late.values()) / len(late)

    assert in_time(1) == pytest.approx(first, abs=0.05)
    assert in_time(12 if council != "corvale" else 10) == pytest.approx(last, abs=0.05)


# --- read as exports are read ---------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def readings(sample: SimpleNamespace, settings: Settings) -> list[sources.Reading]:
    """Every month read in order, each held against the last that was believed."""
    accepted: dict[str, sources.Accepted] = {}
    found = []
    for day in DAYS:
        reading = sources.read(settings, sample.root, day, Files(), accepted)
        loaded = Counter[str]()
        for load in (one for one in reading.loads if not one.held):
            loaded[load.source] += load.rows_loaded
            accepted[load.source] = sources.Accepted(
                source=load.source, file=load.file, sha256=load.sha256, rows=loaded[load.source], dated_on=load.dated_on
            )
        found.append(reading)
    return found


def test_every_row_of_every_month_is_accounted_for(readings: list[sources.Reading]) -> None:
    for reading in readings:
        for load in reading.loads:
            assert load.rows_read == load.rows_loaded + load.rows_refused + load.rows_blank, load.file
            assert load.rows_refused == len(load.refused)


def test_broken_rows_mostly_say_whose_they_are(readings: list[sources.Reading]) -> None:
    refused = [one for reading in readings for load in reading.loads if load.kind != "nmap-xml" for one in load.refused]
    assert 15 <= len(refused) <= 60
    assert sum(one.asset_tag is not None for one in refused) > 0.8 * len(refused)


def test_months_that_could_not_be_read_whole_say_so(readings: list[sources.Reading]) -> None:
    grave = [{(g.why, g.source) for g in reading.gaps if g.why not in PARTLY} for reading in readings]
    assert grave[2] == {("held", "alderbeck-services")}
    assert grave[4] == {("held", "brackenford-register")}
    assert grave[7] == {("incomplete", "threeways-scan-alderbeck")}
    assert grave[11] == {
        ("silent", f"corvale-{name}") for name in ("register", "software", "services", "fixes", "dpkg", "rpm")
    }
    assert not any(gaps for month, gaps in enumerate(grave, 1) if month not in (3, 5, 8, 12))


def test_the_newest_sets_are_mostly_clean(readings: list[sources.Reading]) -> None:
    assert sum(load.rows_refused for load in readings[-1].loads) == 1
    assert sum(len(load.warnings) for load in readings[-1].loads) <= 3


def test_the_lists_and_scans_are_read_whole(readings: list[sources.Reading]) -> None:
    rows_of = {load.source: load.rows_loaded for load in readings[-3].loads}
    kinds = {load.kind for load in readings[-3].loads}
    assert kinds >= {"secscan-assets", "table", "dpkg", "rpm", "nmap-xml", "secscan-rules"}
    assert rows_of["brackenford-scan"] == 30
    assert rows_of["threeways-scan-alderbeck"] == 46 + 9


# --- one asset from two sources -------------------------------------------------------------------------------------


def settled(sample: SimpleNamespace, settings: Settings, month: int) -> Estate:
    files, day = Files(), DAYS[month - 1]
    reading = sources.read(settings, sample.root, day, files)
    estate = inventory.settle(reading.loads, reading.gaps, settings, files, day)
    return knowledge.attach(estate, load_catalogue(), Policy(name="", version="", controls=()))


def test_threeways_agents_join_its_register_and_differ_where_told(sample: SimpleNamespace, settings: Settings) -> None:
    estate = settled(sample, settings, 12)
    joins = {j.asset: j.key for j in estate.notes["joins"]}
    by_name = {a.tag: a.hostname for a in in_month("threeways", 12)}
    assert Counter(joins.values()) == {"serial": 11, "fqdn": 2}
    assert {by_name[asset] for asset, key in joins.items() if key == "fqdn"} == {"TW-PG01", "TW-MON01"}
    assert [(by_name[d.asset], d.fact, [s.source for s in d.said]) for d in disagreements(estate)] == [
        (host, fact, ["threeways-agents", "threeways-register"])
        for host, fact in (("TW-DC02", "protection_active"), ("TW-LOG01", "ip"), ("TW-DESK01", "os"))
    ]
    rows = {r.source: r for r in coverage(settings, estate) if r.council == "threeways"}
    assert (rows["threeways-agents"].assets, rows["threeways-agents"].only_here) == (15, 2)
    assert rows["threeways-agents"].of_assets == len(by_name) + 2
    assert not estate.notes["join_warnings"]


def test_what_only_the_agents_see_has_no_tag_and_no_owner(sample: SimpleNamespace, settings: Settings) -> None:
    for month, names in ((5, {"TW-TEST02"}), (6, {"TW-TEST02", "TW-LT07"})):
        assets = settled(sample, settings, month).frames["assets"]
        found = [r for r in range(assets.rows) if str(assets.get("asset", r)).startswith("serial:")]
        assert {assets.get("hostname", r) for r in found} == names
        assert not any(assets.get("owner", r) for r in found)


def test_the_register_is_told_of_no_rebuild(sample: SimpleNamespace, settings: Settings) -> None:
    assert [[d.fact for d in disagreements(settled(sample, settings, month))].count("os") for month in (7, 8)] == [0, 1]


# --- what the network shows -----------------------------------------------------------------------------------------


def state_of(path: Path, address: str, port: int) -> str:
    host = next(h for h in path.read_text(encoding="utf-8").split("<host ") if f'addr="{address}"' in h)
    return re.findall(rf'portid="{port}"><state state="(\w+)"', host)[0]


def ip_of(council: str, tag: str) -> str:
    return next(a.ip for a in estate(council) if a.tag == tag)


def test_the_temporary_rule_breaks_brackenfords_claim_in_the_seventh_month(sample: SimpleNamespace) -> None:
    address = ip_of("brackenford", "IT-10008")
    for month in range(1, 13):
        through = permits("brackenford-core", month, "brackenford-users", "brackenford-legacy", address, 445)
        assert through == (month >= 7)
        seen = state_of(folder(sample, "brackenford", month) / "scan-users.xml", address, 445)
        assert seen == ("open" if month >= 7 else "filtered")
    exports = [sample.root / "firewalls" / day.isoformat() / "brackenford-core.csv" for day in DAYS]
    assert ["TEMP-MIGRATION" in export.read_text(encoding="utf-8") for export in exports] == [False] * 6 + [True] * 6


def test_the_proven_claim_has_an_open_control_port(sample: SimpleNamespace) -> None:
    scan, address = folder(sample, "threeways", 12) / "scan-alderbeck.xml", ip_of("alderbeck", "IT-10014")
    assert [state_of(scan, address, port) for port in (443, 445, 3389)] == ["open", "filtered", "filtered"]


def test_packets_reach_what_the_rules_stop(sample: SimpleNamespace) -> None:
    address = ip_of("alderbeck", "IT-10017")
    assert not permits("alderbeck-core", 12, "alderbeck-users", "alderbeck-legacy", address, 1433)
    assert state_of(folder(sample, "threeways", 12) / "scan-alderbeck.xml", address, 1433) == "open"


def test_no_firewall_stands_before_corvales_cameras(settings: Settings) -> None:
    assert not any("corvale-ot" in firewall.zones for firewall in settings.firewalls)


def test_rules_that_a_person_should_question_are_there(sample: SimpleNamespace) -> None:
    export = sample.root / "firewalls" / END.isoformat()
    *_, last_deny, below = rows(export / "corvale-core.csv")
    assert (last_deny["name"], below["name"], below["owner"]) == ("FINAL-DENY", "VENDOR-TEST", "")
    assert {below[c] for c in ("src", "dst", "proto", "dport")} == {"any"}
    assert not any(row["dst"] == "any" and row["dport"] == "any" for row in rows(export / "backup-filter.csv"))
    assert "default: permit" in (sample.root / "secscan.yaml").read_text(encoding="utf-8")


def test_what_answers_in_the_clear_goes_where_somebody_works_on_it(sample: SimpleNamespace) -> None:
    def telnet(council: str, month: int) -> int:
        return sum(row["port"] == "23" for row in rows(folder(sample, council, month) / "services.csv"))

    assert [telnet("alderbeck", month) for month in (1, 4, 8, 12)] == [3, 2, 1, 1]
    assert [telnet("corvale", month) for month in (1, 10)] == [2, 2]


def test_paid_programs_that_nobody_uses_are_taken_off(sample: SimpleNamespace) -> None:
    def idle(month: int) -> int:
        found = 0
        for row in rows(folder(sample, "alderbeck", month) / "software.csv"):
            if re.fullmatch(r"\d\d/\d\d/\d{4}", row["last_used"]):
                day, of_month, year = map(int, row["last_used"].split("/"))
                found += (DAYS[month - 1] - date(year, of_month, day)).days > 365
        return found

    assert idle(1) > idle(6) > idle(12) > 0


def test_every_control_that_is_on_finds_something_in_the_newest_sets(tmp_path: Path) -> None:
    write_sample(tmp_path, END)
    done = scan(
        workspace.load(tmp_path),
        END,
        now=lambda: datetime(2026, 11, 22, tzinfo=UTC),
        progress=lambda *_: None,
        report=False,
    )
    failing = {f.control for f in done.posture.findings if f.outcome == "fail"}
    # LEG-02: every product without a stated end is one that the overlay accepts. FW-07 to FW-09: the provider exports
    # the rules each month, in our template, and every line of them can be read. INV-06: every row of the registers has a
    # day on which the device was seen.
    assert {c.id for c in done.posture.controls} - failing == {"LEG-02", "FW-07", "FW-08", "FW-09", "INV-06"}
    assert not [c.error for c in done.posture.controls if c.error]


# --- faults ---------------------------------------------------------------------------------------------------------


def test_the_faults_of_real_exports_are_there(sample: SimpleNamespace) -> None:
    halves = [len(rows(folder(sample, "brackenford", m) / "devices.csv", encoding="cp1252")) for m in (4, 5, 6)]
    assert halves[1] * 2 <= halves[0] + 1 and halves[2] > 1.8 * halves[1]
    assert rows(folder(sample, "alderbeck", 3) / "services.csv") == []
    assert (
        not (folder(sample, "threeways", 8) / "scan-alderbeck.xml").read_text(encoding="utf-8").endswith("</nmaprun>\n")
    )
    quote = csv.read((folder(sample, "corvale", 6) / "software.csv").read_bytes(), "software.csv")
    assert len(quote.bad) == 1 and quote.bad[0].cells[0].startswith("CDC-")


def test_the_newest_sets_have_few_faults(sample: SimpleNamespace) -> None:
    bad = {
        path.name: len(
            csv.read(path.read_bytes(), path.name, encoding="cp1252" if path.name == "devices.csv" else None).bad
        )
        for council in COUNCILS
        for path in (folder(sample, council, 12).glob("*.csv") if folder(sample, council, 12).is_dir() else ())
    }
    assert sum(bad.values()) == 1


# --- nobody real ----------------------------------------------------------------------------------------------------

REAL = """
Adur Allerdale Amber Valley Arun Ashfield Ashford Babergh Barking and Dagenham Barnet Barnsley Basildon Basingstoke Bassetlaw Bath
Bedford Bexley Birmingham Blaby Blackburn Blackpool Bolsover Bolton Boston Bournemouth Bracknell Bradford Braintree Breckland Brent
Brentwood Brighton Bristol Broadland Bromley Bromsgrove Broxbourne Broxtowe Buckinghamshire Burnley Bury Calderdale Cambridge Camden
Cannock Canterbury Carlisle Castle Point Charnwood Chelmsford Cheltenham Cherwell Cheshire Chesterfield Chichester Chorley Colchester
Copeland Corby Cornwall Cotswold Coventry Craven Crawley Croydon Cumberland Dacorum Darlington Dartford Derby Derbyshire Devon
Doncaster Dorset Dover Dudley Durham Ealing Eastbourne Eastleigh Eden Elmbridge Enfield Epping Epsom Erewash Essex Exeter Fareham Fenland
Fylde Gateshead Gedling Gloucester Gosport Gravesham Greenwich Guildford Hackney Halton Hambleton Hammersmith Hampshire Harborough
Haringey Harlow Harrogate Harrow Hart Hartlepool Hastings Havant Havering Herefordshire Hertfordshire Hertsmere Hillingdon Hinckley
Horsham Hounslow Huntingdonshire Hyndburn Ipswich Islington Kensington Kent Kingston Kirklees Knowsley Lambeth Lancashire Lancaster
Leeds Leicester Lewes Lewisham Lichfield Lincoln Lincolnshire Liverpool Luton Maidstone Maldon Malvern Manchester Mansfield Medway
Melton Mendip Merton Middlesbrough Milton Keynes Mole Valley Newark Newcastle Newham Norfolk Northampton Northumberland Norwich
Nottingham Nuneaton Oadby Oldham Oxford Oxfordshire Pendle Peterborough Plymouth Poole Portsmouth Preston Reading Redbridge Redcar
Redditch Reigate Ribble Richmond Richmondshire Rochdale Rochford Rossendale Rother Rotherham Rugby Runnymede Rushcliffe Rushmoor
Rutland Ryedale Salford Sandwell Scarborough Sedgemoor Sefton Selby Sevenoaks Sheffield Shropshire Slough Solihull Somerset Southampton
Southend Southwark Spelthorne Stafford Staffordshire Stevenage Stockport Stockton Stratford Stroud Suffolk Sunderland Surrey Sutton
Swale Swindon Tameside Tamworth Tandridge Taunton Teignbridge Telford Tendring Tewkesbury Thanet Thurrock Tonbridge Torbay Torridge
Trafford Tunbridge Uttlesford Wakefield Walsall Waltham Wandsworth Warrington Warwick Watford Waveney Waverley Wealden Welwyn
Westminster Westmorland Wigan Wiltshire Winchester Windsor Wirral Woking Wokingham Wolverhampton Worcester Worthing Wychavon Wyre
York Yorkshire
"""  # fmt: skip


def test_no_council_of_the_sample_is_a_real_one(settings: Settings) -> None:
    real = set(REAL.split())
    words = {word for council in settings.councils for word in council.name.split()}
    assert not words & (real - {"and"})


def test_no_real_council_is_named_anywhere(sample: SimpleNamespace) -> None:
    real = set(REAL.split()) - {"and", "Point", "Valley", "Castle", "Keynes", "Hart"}
    for path in sample.written:
        if DAYS[-1].isoformat() in path.parts or path.suffix == ".yaml":
            text = path.read_bytes().replace(b"\0", b"").decode("cp1252", "replace")
            assert not set(re.findall(r"[A-Z][a-z]+", text)) & real, path


def test_owners_and_approvers_are_roles(sample: SimpleNamespace) -> None:
    role = re.compile(r"(Manager|Officer|Leader|Chair|Lead|Director of \w+|Head of [\w ]+)$")
    said = {a.owner for council in COUNCILS for a in estate(council)}
    for device in ("alderbeck-core", "brackenford-core", "corvale-core", "hosting-core", "backup-filter"):
        for row in rows(sample.root / "firewalls" / END.isoformat() / f"{device}.csv"):
            said |= {row["owner"], row["approver"]} - {""}
    for what, keys in (("exceptions", ("owner", "approver")), ("mitigations", ("claimed_by",))):
        for entry in yaml.read(sample.root / "policies" / f"{what}.yaml").data[what]:
            said |= {entry[key] for key in keys}
    assert [name for name in said if not role.search(name)] == []


def test_addresses_are_private_and_names_end_in_example(sample: SimpleNamespace) -> None:
    documentation = [ip_network(n) for n in ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")]
    assert all(ip_address(a.ip) in ip_network("10.0.0.0/8") for council in COUNCILS for a in estate(council))
    for device in ("alderbeck-core", "brackenford-core", "corvale-core", "hosting-core", "backup-filter"):
        for row in rows(sample.root / "firewalls" / END.isoformat() / f"{device}.csv"):
            for part in ";".join((row["src"], row["dst"])).split(";"):
                if re.match(r"\d", part):
                    network = ip_network(part)
                    assert network.subnet_of(ip_network("10.0.0.0/8")) or any(
                        network.subnet_of(d) for d in documentation
                    )
                else:
                    assert part == "any" or part.endswith(".example")
    for council in ("alderbeck", "threeways"):
        assert all(row["fqdn"].endswith(".example") for row in rows(folder(sample, council, 12) / "assets.csv"))
