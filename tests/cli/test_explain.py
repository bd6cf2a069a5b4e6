"""Why it stands as it does: every fact of a control or an asset leads to its line, and a near miss is helped."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan import answers, workspace
from secscan.explain import explain
from secscan.model.errors import UsageError
from secscan.model.places import Place
from secscan.model.posture import Disagreement, JoinRow, Said

Run = Callable[..., Any]


def facts(told: Any) -> dict[str, tuple[Any, str, int]]:
    return {f["name"]: (f["value"], f["source"]["file"], f["source"]["line"]) for f in told["facts"] if f["source"]}


def test_a_control_says_what_it_asks_where_and_how_each_council_stands(secscan: Run, scanned: Path) -> None:
    told = secscan("-w", scanned, "explain", "leg-04", "--format", "json").json
    assert told["control"]["text"] and told["control"]["check"] == "network.legacy-reachable"
    assert facts(told)["trusted_zones"] == (["management"], "policies/overlay.yaml", 5)
    assert set(told["outcomes"]) == {"oak", "elm"} and told["outcomes"]["oak"]["failed"] >= 1
    (loosened,) = [item for item in told["loosened"] if item["what"] == "with.trusted_zones"]
    assert loosened["reason"].startswith("Only the jump hosts")
    assert loosened["source"]["file"] == "policies/overlay.yaml"
    assert told["check"]["doc"] and told["check"]["file"].endswith("legacy_reachable.py")
    assert told["findings"][0]["severity"] == "critical" and len(told["findings"]) == told["subject"]["findings"]


def test_a_control_names_the_exceptions_that_touch_it(secscan: Run, scanned: Path) -> None:
    told = secscan("-w", scanned, "explain", "LEG-01", "--format", "json").json
    (accepted,) = told["exceptions"]
    assert (accepted["id"], accepted["asset"], accepted["state"]) == ("EXC-1", "OAK-3", "in-force")
    assert accepted["source"] == {"file": "policies/exceptions.yaml", "line": 2}


def test_an_assets_facts_each_have_their_source_and_the_rest_is_not_known(secscan: Run, scanned: Path) -> None:
    told = secscan("-w", scanned, "explain", "srv-plan", "--format", "json").json
    assert told["subject"] == {"id": "OAK-3", "council": "oak", "asset": "OAK-3", "hostname": "srv-plan"}
    register = "inventory/oak/2026-03-01/assets.csv"
    assert facts(told)["service"] == ("Planning applications", register, 4)
    assert facts(told)["addresses"] == ("10.1.9.6", register, 4)
    assert facts(told)["software listed"][1] == "inventory/oak/2026-03-01/software.csv"
    assert facts(told)["ports listed"] == (1, "inventory/oak/2026-03-01/services.csv", 3)
    assert {"owner", "encrypted"} <= set(told["not_known"])
    assert {f["status"] for f in told["findings"]} == {"open", "accepted"}
    assert [c["id"] for c in told["claims"]] == ["MIT-2"] and told["claims"][0]["state"] == "disproven"
    assert [e["id"] for e in told["exceptions"]] == ["EXC-1"]
    way = next(r for r in told["routes"] if (r["zone"], r["port"]) == ("users", "tcp/3389"))
    assert (way["reach"], way["source"]) == (True, {"file": "firewalls/2026-03-01/core.csv", "line": 3})


@pytest.mark.parametrize("name", ["OAK-3", "oak-3", "srv-plan", "SRV-PLAN", "10.1.9.6"])
def test_an_asset_answers_to_each_of_its_names(secscan: Run, scanned: Path, name: str) -> None:
    told = secscan("-w", scanned, "explain", name, "--format", "json")
    assert told.code == 0 and told.json["subject"]["asset"] == "OAK-3"


def test_an_asset_of_two_councils_asks_whose(secscan: Run, scanned: Path) -> None:
    said = secscan("-w", scanned, "explain", "OAK-2")
    assert said.code == 2 and "elm and of oak" in said.err and "--council" in said.err
    mine = secscan("-w", scanned, "explain", "OAK-2", "--council", "elm", "--format", "json").json
    assert mine["subject"]["hostname"] == "elm-srv"


def test_a_host_name_of_two_assets_asks_which(secscan: Run, scanned: Path) -> None:
    register = scanned / "inventory/oak/2026-03-01/assets.csv"
    register.write_text(register.read_text().replace("srv-files", "srv-plan"))
    said = secscan("-w", scanned, "explain", "srv-plan")
    assert said.code == 2 and "means 2 assets of oak; name one by its id: OAK-2, OAK-3" in said.err
    assert secscan("-w", scanned, "explain", "OAK-3").code == 0


def test_an_empty_column_is_nobodys_name(secscan: Run, scanned: Path) -> None:
    assert secscan("-w", scanned, "explain", "None").code == 2


@pytest.mark.parametrize(
    ("typed", "meant"), [("OAK-33", "'OAK-3'"), ("srv-plam", "'srv-plan'"), ("LEG01", "'LEG-01'"), ("pc1", "'pc-1'")]
)
def test_a_near_miss_is_helped(secscan: Run, scanned: Path, typed: str, meant: str) -> None:
    said = secscan("-w", scanned, "explain", typed)
    assert said.code == 2 and "did you mean" in said.err and meant in said.err


def test_a_claim_or_an_exception_leads_to_its_asset(secscan: Run, scanned: Path) -> None:
    for name in ("MIT-2", "exc-1"):
        said = secscan("-w", scanned, "explain", name)
        assert said.code == 2 and "secscan explain OAK-3 --council oak" in said.err


def test_a_register_that_changed_since_the_run_is_said_to_have(secscan: Run, scanned: Path) -> None:
    assert secscan("-w", scanned, "explain", "OAK-3").err == ""
    register = scanned / "inventory/oak/2026-03-01/assets.csv"
    register.write_text(register.read_text().replace("Planning applications", "Planning"))
    said = secscan("-w", scanned, "explain", "OAK-3", "--format", "json").json
    assert any(w.startswith("inventory/oak/2026-03-01/assets.csv: not as run") for w in said["warnings"])
    assert facts(said)["service"][0] == "Planning"


def test_sources_that_disagree_are_named_with_what_each_says(scanned: Path) -> None:
    held = workspace.load(scanned)
    posture = answers.last(held)
    here, there = Place("inventory/oak/2026-03-01/assets.csv", 4), Place("inventory/oak/2026-03-01/agent.json", 1)
    posture = replace(
        posture,
        disagreements=[
            Disagreement(
                council="oak", asset="OAK-3", hostname="srv-plan", fact="os_build",
                said=[
                    Said(source="oak-register", value="6.1.7601", dated_on=date(2026, 3, 1), place=here),
                    Said(source="oak-agent", value="6.3.9600", dated_on=date(2026, 2, 28), place=there),
                ],
            )
        ],
        joins=[JoinRow(council="oak", asset="OAK-3", also=["SN-77"], key="serial", places=[here, there])],
    )  # fmt: skip
    told = explain(held, posture, "sn-77", None)
    assert told["subject"]["asset"] == "OAK-3"
    (one,) = told["disagreements"]
    assert [(s["value"], s["by"], s["source"]["file"]) for s in one["said"]] == [
        ("6.1.7601", "oak-register", here.file), ("6.3.9600", "oak-agent", there.file),
    ]  # fmt: skip
    assert told["joined"][0]["key"] == "serial"
    assert explain(held, posture, "OAK-1", None)["disagreements"] == []


def test_an_exception_past_its_day_is_shown_as_tried(secscan: Run, workspace: Path) -> None:
    secscan("-w", workspace, "scan", "--as-of", "2026-03-16")
    found = secscan("-w", workspace, "findings", "--format", "json").json["findings"]
    one = next(f for f in found if (f["control"], f["asset"]) == ("LEG-01", "OAK-3"))
    told = secscan("-w", workspace, "explain", one["fingerprint"], "--format", "json").json
    assert (told["exception"]["id"], told["exception"]["state"]) == ("EXC-1", "overdue")
    assert "accepts nothing any more" in secscan("-w", workspace, "explain", one["fingerprint"]).out


def test_a_claim_that_is_not_enough_says_what_would_be(secscan: Run, scanned: Path) -> None:
    found = secscan("-w", scanned, "findings", "--format", "json").json["findings"]
    one = next(f for f in found if (f["control"], f["asset"]) == ("LEG-01", "OAK-2"))
    said = secscan("-w", scanned, "explain", one["fingerprint"])
    assert "MIT-1 is configured" in said.out and "the control wants it proven" in said.out


def test_no_name_from_an_inventory_is_a_command_for_a_shell(secscan: Run, workspace: Path) -> None:
    register = workspace / "inventory/oak/2026-03-01/assets.csv"
    register.write_text(register.read_text().replace("OAK-3,", "O;$(touch x)`id`,"))
    secscan("-w", workspace, "scan", "--as-of", "2026-03-01")
    said = secscan("-w", workspace, "explain", "O;$(touch x)`id`")
    found = secscan("-w", workspace, "findings", "--format", "json").json["findings"]
    one = next(f for f in found if f["asset"] and f["asset"].startswith("O;"))
    again = secscan("-w", workspace, "explain", one["fingerprint"])
    assert said.code == again.code == 0
    assert again.out.splitlines()[-1] == "next: secscan explain 'O;$(touch x)`id`' --council oak"


def test_text_has_every_part_and_ends_with_the_next_command(secscan: Run, scanned: Path) -> None:
    control, asset = secscan("-w", scanned, "explain", "LEG-01").out, secscan("-w", scanned, "explain", "OAK-3").out
    for part in (
        "Rule LEG-01:",
        "Check lifecycle.unsupported-software",
        "How it decides:",
        "How the councils stand",
        "Exceptions:",
    ):
        assert part in control, part
    for part in ("Facts:", "No source says:", "Findings:", "Claims:", "Who can reach it", "assets.csv:4]"):
        assert part in asset, part
    assert control.splitlines()[-1].startswith("next: secscan explain ")
    assert asset.splitlines()[-1].startswith("next: secscan explain ")


def test_facts_as_csv_lead_to_file_and_line(secscan: Run, scanned: Path) -> None:
    rows = secscan("-w", scanned, "explain", "OAK-3", "--format", "csv").out.splitlines()
    assert rows[0] == "fact,value,file,line"
    assert "service,Planning applications,inventory/oak/2026-03-01/assets.csv,4" in rows


def test_every_answer_has_the_contracts_fields(secscan: Run, scanned: Path) -> None:
    wanted = {"subject", "control", "facts", "exception", "mitigation", "would_pass_if"}
    for name in (
        "LEG-01",
        "OAK-1",
        json.loads(secscan("-w", scanned, "findings", "--format", "json").out)["findings"][0]["fingerprint"],
    ):
        assert wanted <= set(secscan("-w", scanned, "explain", name, "--format", "json").json)


def test_nothing_of_that_name_is_one_line(scanned: Path) -> None:
    held = workspace.load(scanned)
    with pytest.raises(UsageError, match="no finding, control or asset is called 'zzzz'; secscan findings lists them"):
        explain(held, answers.last(held), "zzzz", None)
