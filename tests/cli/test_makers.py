"""A maker's export from its file to an answer: in a workspace, by itself, and imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import DAY, Said
from tests.exposure import toy
from tests.exposure.formats.pan import base, below, group, panorama, rule

EDGE = """toy firewall
hostname edge
interface offices 10.20.0.0/16
interface servers 10.30.0.0/16
bind in through offices
chain in deny
permit 10.20.0.0/16 10.30.0.5 tcp 443
translate 192.0.2.9 10.30.0.5
what is this
deny any any any any
"""
OWN = """toy firewall
bind input to-device
chain input deny
permit 10.20.1.0/24 any tcp 443
"""
SETTINGS = """partnership: {name: Ourtown}
councils:
  - {id: ourtown, name: Ourtown, sources: [{id: register, as: secscan-assets, file: assets.csv}]}
zones:
  - {id: internet, internet: true}
  - {id: offices, addresses: [10.20.0.0/16]}
  - {id: servers, addresses: [10.30.0.0/16]}
firewalls:
  - {id: edge, as: toy, file: edge.txt, zones: [internet, offices, servers]}
  - {id: web-own, as: toy, file: web.txt, host: WEB-1}
"""


@pytest.fixture(autouse=True)
def taught(monkeypatch: pytest.MonkeyPatch) -> None:
    toy.teach(monkeypatch)


@pytest.fixture
def town(tmp_path: Path) -> Path:
    root = tmp_path / "town"
    files = {
        "secscan.yaml": SETTINGS,
        f"inventory/ourtown/{DAY}/assets.csv": "asset_tag,hostname,ip\nWEB-1,web,10.30.0.5\nAPP-1,app,10.30.0.6\n",
        f"firewalls/{DAY}/edge.txt": EDGE,
        f"firewalls/{DAY}/web.txt": OWN,
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for folder in ("state", "reports", "policies"):
        (root / folder).mkdir(mode=0o700, exist_ok=True)
    return root


def test_the_firewall_and_the_host_s_own_are_asked_in_a_workspace(secscan: Callable[..., Said], town: Path) -> None:
    for to in ("WEB-1", "web", "10.30.0.5"):
        said = secscan("-w", town, "exposure", "--to", to, "--port", "tcp/443", "--as-of", DAY, "--format", "json")
        answers = {a["from"]: a for a in said.json["answers"]}
        assert (answers["offices"]["verdict"], answers["offices"]["sources"]) == ("partly", ["10.20.1.0/24"])
        assert answers["offices"]["device"] == "web-own"
        assert answers["offices"]["rule"]["file"] == f"firewalls/{DAY}/web.txt"
        assert answers["servers"]["verdict"] == "blocked"  # its neighbours meet its own firewall
    (other,) = secscan("-w", town, "exposure", "--to", "APP-1", "--port", "tcp/443", "--from", "servers", "--as-of", DAY,
                       "--format", "json").json["answers"]  # fmt: skip
    assert other["verdict"] == "permitted"


def test_a_line_not_understood_makes_the_run_incomplete_and_its_place_is_told(
    secscan: Callable[..., Said], town: Path
) -> None:
    said = secscan("-w", town, "exposure", "--to", "WEB-1", "--as-of", DAY, "--format", "json").json
    assert said["complete"] is False
    assert any(w.startswith(f"firewalls/{DAY}/edge.txt:9: 1 of 3 rows refused") for w in said["warnings"])


def test_a_scan_reads_them_and_counts_their_rules(secscan: Callable[..., Said], town: Path) -> None:
    said = secscan("-w", town, "scan", "--as-of", DAY, "--format", "json")
    assert said.code == 3
    assert any("edge.txt:9" in w for w in said.json["warnings"])


def test_an_export_by_itself_is_told_by_what_stands_in_it(secscan: Callable[..., Said], tmp_path: Path) -> None:
    file = tmp_path / "edge.txt"
    file.write_text(EDGE.replace("what is this\n", ""))
    asked = ("exposure", "--config", file, "--port", "tcp/443", "--format", "json")
    (one,) = secscan(*asked, "--to", "10.30.0.5", "--from", "10.20.0.9").json["answers"]
    assert (one["verdict"], one["rule"]["line"], one["rule"]["file"]) == ("permitted", 7, str(file))
    (turned,) = secscan(*asked, "--to", "192.0.2.9", "--from", "10.20.0.9").json["answers"]
    assert (turned["verdict"], turned["witness"]["dst"], turned["translated"]["dst"]) == (
        "permitted", "192.0.2.9", "10.30.0.5",
    )  # fmt: skip
    assert (turned["translated"]["line"], turned["translated"]["dport"]) == (8, 443)
    (elsewhere,) = secscan(*asked, "--to", "10.30.0.5", "--from", "10.40.0.9").json["answers"]
    assert elsewhere["verdict"] == "cannot-tell"
    assert "--in-interface" in elsewhere["reason"]
    (said,) = secscan(*asked, "--to", "10.30.0.5", "--from", "10.40.0.9", "--in-interface", "servers").json["answers"]
    assert said["verdict"] == "permitted"  # no list is bound there
    text = secscan("exposure", "--config", file, "--to", "192.0.2.9", "--port", "tcp/443", "--from", "10.20.0.9")
    assert f"sent on to 10.30.0.5 port 443 by {file}:8" in text.out


def test_several_files_are_one_export(secscan: Callable[..., Said], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("toy firewall\nbind in through\nchain in deny\n")
    (tmp_path / "b.txt").write_text("toy firewall\nchain in deny\npermit any 10.30.0.5 tcp 443\n")
    asked = ("exposure", "--config", tmp_path / "a.txt", "--config", tmp_path / "b.txt", "--to", "10.30.0.5",
             "--port", "tcp/443", "--format", "json")  # fmt: skip
    (one,) = secscan(*asked).json["answers"]
    assert (one["verdict"], one["rule"]["file"]) == ("permitted", str(tmp_path / "b.txt"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("toy firewall\ncut\n", ":2: the export ends in the middle; export it again"),
        ("regf\n", "registry hive"),
        ("hello there\n", "no firewall rules can be read from it"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(
    secscan: Callable[..., Said], tmp_path: Path, text: str, says: str
) -> None:
    (tmp_path / "fw.txt").write_text(text)
    said = secscan("exposure", "--config", tmp_path / "fw.txt", "--to", "10.30.0.5")
    assert said.code == 4
    assert says in said.err
    assert len(said.err.strip().splitlines()) == 1


def test_options_of_one_export_belong_to_it(secscan: Callable[..., Said], town: Path) -> None:
    for option in ("--part", "--chain", "--in-interface", "--out-interface"):
        assert secscan("-w", town, "exposure", "--to", "WEB-1", option, "x").code == 2
    said = secscan("exposure", "--config", town / "secscan.yaml", "--as", "nothing", "--to", "10.0.0.1")
    assert said.code == 2
    assert "there are secscan-rules" in said.err


def test_of_several_devices_in_one_export_the_part_is_named(secscan: Callable[..., Said], tmp_path: Path) -> None:
    inner = group("east", base(rule("e", dst="10.30.0.5"), kind="pre-rulebase")) + group(
        "west", base("", kind="pre-rulebase")
    )
    (tmp_path / "p.xml").write_text(panorama(inner, readonly=below("east") + below("west")))
    said = ("exposure", "--config", tmp_path / "p.xml", "--to", "10.30.0.5", "--port", "tcp/443", "--format", "json")
    (neither,) = secscan(*said).json["answers"]
    assert (neither["verdict"], "--chain: east, west" in neither["reason"]) == ("cannot-tell", True)
    (east,) = secscan(*said, "--part", "east").json["answers"]
    assert (east["verdict"], east["rule"]["name"]) == ("permitted", "e")
    assert "did you mean 'east'" in secscan(*said, "--part", "easy").err


def test_an_import_knows_a_maker_s_export_and_puts_it_with_the_firewalls(
    secscan: Callable[..., Said], town: Path, tmp_path: Path
) -> None:
    (tmp_path / "edge.txt").write_text(EDGE.replace("what is this\n", ""))
    said = secscan(
        "-w", town, "import", tmp_path / "edge.txt", "--council", "ourtown", "--as-of", DAY, "--format", "json"
    )
    (one,) = said.json["files"]
    assert (one["kind"], one["rows_read"], one["rows_loaded"]) == ("toy", 2, 2)
    assert (town / f"firewalls/{DAY}/edge.txt").read_text() == EDGE.replace("what is this\n", "")
