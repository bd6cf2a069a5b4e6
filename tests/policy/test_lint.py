"""Policies read by themselves, the shipped ones among them, and the schemas for editors."""

from __future__ import annotations

import re
from datetime import date

import pytest

from secscan import policy
from secscan.doors import yaml
from secscan.doors.files import shipped
from secscan.engine import find_checks
from secscan.model.settings import Policies
from secscan.policy.documents import ENTRIES

from .desk import BASELINE, CHECKS, overlay
from .test_decisions import GOOD, HELD, exceptions, mitigations

POLICIES = shipped("policies")


def lint(root, **texts: str):
    """Lint of files named as the arguments, with '_' for the dot before yaml or csv."""
    paths = []
    for name, text in texts.items():
        paths.append(root / name.replace("_", "."))
        paths[-1].write_text(text)
    return policy.lint(paths, CHECKS, date(2026, 3, 1))


def test_the_shipped_policies_are_in_order_against_the_shipped_checks():
    checks = find_checks()
    found = policy.lint([POLICIES / "baseline.yaml", POLICIES / "overlay-example.yaml"], checks, date(2026, 3, 1))
    assert [str(p) for p in found.problems] == []
    assert found.warnings == ()
    assert {one.control for one in found.loosened} == {"LEG-04", "INV-01", "INV-02"}


OFFERED = {"patching.known-exploited", "patching.scanner-result-open"}
"""Judged only where a council asks for it: docs/checks.md says why."""


def test_the_baseline_puts_every_shipped_check_to_work_but_those_that_are_offered_and_loads():
    checks = find_checks()
    found = policy.load(Policies(), POLICIES, checks, ["a", "b"], [], date(2026, 3, 1))
    assert {c.check for c in found.controls} == set(checks) - OFFERED
    assert found.files[0][0] == "secscan/policies/baseline.yaml"
    assert not any(c.disabled for c in found.controls)


def test_no_control_of_the_baseline_rests_on_what_another_scanner_says():
    checks = find_checks()
    found = policy.load(Policies(), POLICIES, checks, ["a", "b"], [], date(2026, 3, 1))
    assert not [c.id for c in found.controls if checks[c.check].table.table == "results"]


def test_the_baseline_names_numbers_as_ours_where_no_standard_sets_them():
    text = (POLICIES / "baseline.yaml").read_text()
    numbers = [line for line in text.splitlines() if re.search(r"(due|_days|medium|moderate|important|low): \d", line)]
    of_standards = {"due: 14 days", "critical: 14", "high: 14", "high_score_days: 14", "grace_days: 0"}
    for line in numbers:
        assert "our default; confirm" in line or "severity stated" in line or line.strip() in of_standards, line


def test_every_reference_of_the_baseline_names_a_version_and_where_to_read_it():
    controls = yaml.read(POLICIES / "baseline.yaml").data["controls"]
    references = [r for c in controls for r in c.get("references", ())]
    assert len(references) > 8
    for reference in references:
        assert re.fullmatch(
            r"(Cyber Essentials v3\.\d|CAF v3\.2 [A-D]\d\.[a-f]): .+\. https://www\.ncsc\.gov\.uk/\S+", reference
        )


def test_lint_knows_no_councils_or_zones_and_refuses_none(tmp_path):
    found = lint(
        tmp_path, base_yaml=BASELINE,
        over_yaml=overlay("controls: [{id: WAY, with: {trusted_zones: [x]}, scope: {council: [y], zone: [z]}}]\n", councils=["y"]),
    )  # fmt: skip
    assert found.problems == ()
    assert {one.what for one in found.loosened} == {"scope", "with.trusted_zones"}


def test_lint_finds_the_problems_of_all_files(tmp_path):
    found = lint(
        tmp_path,
        base_yaml=BASELINE.replace("demo.unseen", "demo.unsen"),
        over_yaml=overlay("controls: [{id: OLD, disabled: true}, {id: NEW}]\n"),
        ex_yaml=exceptions(GOOD.replace("OLD", "ODL")),
        mit_yaml=mitigations(HELD.replace("OLD", "ODL")),
        ent_csv="product,until\nx,never\n",
        set_yaml="partnership: {name: x}\ncouncils: []\n",
    )
    assert [p.place.file.rsplit("/")[-1] for p in found.problems] == [
        "base.yaml", "over.yaml", "over.yaml", "ex.yaml", "mit.yaml", "ent.csv", "set.yaml"
    ]  # fmt: skip


def test_a_file_of_exceptions_alone_is_about_the_shipped_baseline(tmp_path):
    assert lint(tmp_path, ex_yaml=exceptions(GOOD.replace("OLD", "LEG-01"))).problems == ()
    (problem,) = lint(tmp_path, ex_yaml=exceptions(GOOD)).problems
    assert "unknown control 'OLD'" in str(problem)


def test_an_overlay_on_an_unknown_policy_is_refused(tmp_path):
    (problem,) = lint(tmp_path, over_yaml=overlay("").replace("base.yaml", "baselin")).problems
    assert problem.says.startswith("unknown policy 'baselin'; did you mean 'baseline'?")


def test_a_missing_file_is_a_problem_and_not_a_crash(tmp_path):
    (problem,) = policy.lint([tmp_path / "x.yaml"], {}).problems
    assert str(problem) == f"{tmp_path}/x.yaml: no such file"


@pytest.mark.parametrize("name", ["secscan", "policy", "exceptions", "mitigations"])
def test_a_schema_names_every_key(name):
    schema = policy.schema()[name]
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert schema["additionalProperties"] is False
    if name != "secscan":
        assert "null" not in str(schema)
        for entry in ENTRIES.values():
            if entry.__name__ in schema.get("$defs", {}):
                properties = set(schema["$defs"][entry.__name__]["properties"])
                assert properties == {f.alias or n for n, f in entry.model_fields.items()}
