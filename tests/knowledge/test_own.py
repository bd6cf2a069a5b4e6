"""A council's own products: in a file of the same form, told by line where it is faulty, never over a shipped one unsaid."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from secscan.cli.main import run
from secscan.doors import yaml
from secscan.knowledge import load_catalogue, recognise, unknown_names
from secscan.model.errors import PolicyError
from secscan.model.policy import Policy
from secscan.workspace.sample import write_sample
from secscan.workspace.sample.documents import documents
from secscan.workspace.sample.titles import TITLES
from tests.tree import ROOT

END = date(2026, 11, 22)
NO_POLICY = Policy(name="baseline", version="1", controls=())

OWN = """
defaults: {vendor: Acme, checked_on: 2026-11-22, evidence: letter of the vendor}
products:
  our-asa:
    replaces: cisco-asa
    label: Cisco ASA
    category: network
    source: https://acme.example/lifecycle
    kinds: [network]
    aliases: [Cisco ASA]
    cycles: {9.16: 2027-06-30}
"""


def own(tmp_path: Path, text: str) -> list[tuple[Path, str]]:
    path = tmp_path / "own.yaml"
    path.write_text(text, encoding="utf-8")
    return [(path, "policies/own.yaml")]


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(PolicyError) as refused:
        load_catalogue(own(tmp_path, text))
    return str(refused.value)


def test_a_shipped_product_is_replaced_only_where_the_file_says_so_and_then_every_run_does(tmp_path: Path) -> None:
    catalogue = load_catalogue(own(tmp_path, OWN))
    found = recognise(catalogue, "Cisco ASA", "9.16(4)57", None, "network", END)
    assert (found.product, found.eol_on, str(found.place)) == ("our-asa", date(2027, 6, 30), "policies/own.yaml:11:14")
    assert "cisco-asa" not in catalogue.products
    (told,) = unknown_names(catalogue, NO_POLICY)
    assert told.startswith(
        "policies/own.yaml:5:15: 'our-asa' stands in for the shipped 'cisco-asa' (secscan/knowledge/"
    )
    # All its names go with it: what the council's file does not name, nobody knows.
    assert (
        recognise(catalogue, "Adaptive Security Appliance Software Version 9.12(4)", None, None, "network", END).product
        is None
    )


def test_a_replacement_may_keep_the_shipped_id(tmp_path: Path) -> None:
    catalogue = load_catalogue(own(tmp_path, OWN.replace("our-asa:", "cisco-asa:")))
    assert recognise(catalogue, "Cisco ASA", "9.16", None, "network", END).product == "cisco-asa"
    assert catalogue.products["cisco-asa"].place.file == "policies/own.yaml"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("    replaces: cisco-asa\n", ""), "policies/own.yaml:9:15: the alias 'cisco asa' already belongs to 'cisco-asa'"),
        (("our-asa:\n    replaces: cisco-asa", "cisco-asa:"), "policies/own.yaml:4:3: 'cisco-asa' is already in the catalogue"),
        (("our-asa:\n    replaces: cisco-asa", "cisco-asa:"), "use an id of your own, or write 'replaces: cisco-asa' in it"),
        (("replaces: cisco-asa", "replaces: cisco-aza"), "policies/own.yaml:5:15: 'replaces' names 'cisco-aza'"),
        (("replaces: cisco-asa", "replaces: cisco-aza"), "did you mean 'cisco-asa'?"),
        (("replaces:", "replace:"), "policies/own.yaml:5:5: unknown key 'replace'; did you mean 'replaces'?"),
        (("category: network", "category: netwrok"), "policies/own.yaml:7:15: 'products.our-asa.category' is 'netwrok'"),
        (("category: network", "category: netwrok"), "did you mean 'network'?"),
        (("kinds: [network]", "kinds: [netwrk]"), "did you mean 'network'?"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line_column_and_what_was_meant(
    tmp_path: Path, change: tuple[str, str], says: str
) -> None:
    assert change[0] in OWN
    assert says in refusal(tmp_path, OWN.replace(*change))


def test_one_shipped_product_is_replaced_once(tmp_path: Path) -> None:
    twice = OWN + OWN[OWN.index("  our-asa:") :].replace("our-asa", "their-asa").replace("[Cisco ASA]", "[Their ASA]")
    assert "or one that is replaced already" in refusal(tmp_path, twice)


def test_two_files_of_a_council_may_not_name_one_thing(tmp_path: Path) -> None:
    files = own(tmp_path, OWN)
    second = tmp_path / "second.yaml"
    second.write_text(OWN.replace("    replaces: cisco-asa\n", ""), encoding="utf-8")
    with pytest.raises(PolicyError) as refused:
        load_catalogue([*files, (second, "policies/second.yaml")])
    assert str(refused.value) == (
        "policies/second.yaml:4:3: 'our-asa' is already in the catalogue (policies/own.yaml:4:3); use an id of your own"
    )


# ------------------------------------------------------------------------------------------------ the sample's own


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, str]]:
    path = tmp_path_factory.mktemp("sample") / "catalogue.yaml"
    path.write_bytes(dict(documents(END))["policies/catalogue.yaml"])
    return [(path, "policies/catalogue.yaml")]


@pytest.mark.parametrize(
    ("title", "product", "cycle", "status"),
    [
        ("revlite", "revlite-revenues", "7", "supported"),
        ("revliteclient", "revlite-revenues", "7", "supported"),
        ("plantrack", "plantrack", "11", "supported"),
        ("gravestone", "gravestone-registry", "4", "ended"),
        ("hearth", "hearthlet-housing", "5", "unknown"),
        ("casekeep", None, None, "unknown"),
    ],
)
def test_the_sample_knows_some_of_its_line_of_business_systems(
    sample: list[tuple[Path, str]], title: str, product: str | None, cycle: str | None, status: str
) -> None:
    one = TITLES[title]
    found = recognise(load_catalogue(sample), one.name, one.version_on(END), one.publisher, "arp", END)
    assert (found.product, found.cycle, found.status) == (product, cycle, status)
    shipped = recognise(load_catalogue(), one.name, one.version_on(END), one.publisher, "arp", END)
    assert (shipped.product, shipped.status) == (None, "unknown")


def test_a_system_of_the_sample_ends_and_its_extension_after_it(sample: list[tuple[Path, str]]) -> None:
    catalogue, one = load_catalogue(sample), TITLES["plantrack"]

    def on(days: int) -> str:
        day = END + timedelta(days=days)
        return recognise(catalogue, one.name, one.version_on(END), one.publisher, "arp", day).status

    assert [on(160), on(161), on(525), on(526)] == [
        "supported", "ended-extension-available", "ended-extension-available", "ended",
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------ as a person


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("ws") / "sample"
    write_sample(root, END)
    return root


def test_the_sample_workspace_answers_for_its_own(workspace: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["-w", str(workspace), "recognise", "Gravestone Registry 4.2", "--as-of", "2026-11-22"]) == 0
    said = capfd.readouterr().out
    assert "gravestone-registry" in said and "ended" in said and "policies/catalogue.yaml:" in said


@pytest.mark.parametrize("command", [["scan"], ["recognise", "Gravestone Registry 4.2"], ["policy", "lint"]])
def test_a_fault_in_the_file_stops_every_command_with_its_line(
    workspace: Path, capfd: pytest.CaptureFixture[str], command: list[str]
) -> None:
    path = workspace / "policies" / "catalogue.yaml"
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole.replace("    vendor: Hearthlet\n", "    vender: Hearthlet\n"), encoding="utf-8")
    try:
        assert run(["-w", str(workspace), *command, "--as-of", "2026-11-22"]) == 2
    finally:
        path.write_text(whole, encoding="utf-8")
    said = "".join(capfd.readouterr())
    assert re.search(r"policies/catalogue\.yaml:\d+:5: unknown key 'vender'; did you mean 'vendor'\?", said)
    assert "Traceback" not in said


def test_the_file_is_linted_by_itself_too(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ((path, _),) = own(tmp_path, OWN)
    assert run(["policy", "lint", str(path)]) == 0
    out = capfd.readouterr().out
    assert "'our-asa' stands in for the shipped 'cisco-asa'" in out
    assert "0 faults, 1 warnings" in out
    path.write_text(OWN.replace("label:", "lable:"), encoding="utf-8")
    assert run(["policy", "lint", str(path)]) == 2
    assert f"{path}:6:5: unknown key 'lable'; did you mean 'label'?" in capfd.readouterr().out


@pytest.mark.parametrize("page", ["docs/policy.md", "secscan/knowledge/catalogue/README.md"])
def test_the_example_of_a_page_loads(page: str, tmp_path: Path) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"```yaml[^\n]*\n(.*?)```", text, re.DOTALL) if "acme-liftctl" in block]
    example = "\n".join(blocks)  # parts of one file
    assert blocks
    catalogue = load_catalogue(own(tmp_path, example))
    assert "acme-liftctl" in catalogue.products
    assert yaml.parse(example, page).data["products"].keys() <= catalogue.products.keys()
