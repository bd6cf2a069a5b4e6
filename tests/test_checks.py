"""Every check on the shelf: its cases hold in the engine and in the slow witness, and cover what they must."""

from __future__ import annotations

import pytest

from secscan.engine import find_checks, run_cases
from secscan.model.check import CheckSpec

SPECS = sorted(find_checks().values(), key=lambda spec: spec.id)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id.replace("-", "_"))
def test_cases_hold(spec: CheckSpec) -> None:
    wrong = [
        f"{r.place}: '{r.case}' expects {r.expected}: engine {r.engine}, witness {r.witness}"
        for r in run_cases(spec)
        if not r.ok
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id.replace("-", "_"))
def test_cases_cover_fail_pass_and_unknown(spec: CheckSpec) -> None:
    assert {r.expected for r in run_cases(spec)} == {"pass", "fail", "unknown"}


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.id.replace("-", "_"))
def test_page_says_why_and_how(spec: CheckSpec) -> None:
    assert "Why it matters:" in spec.doc
    assert "How it decides:" in spec.doc
    assert spec.fix.endswith(".")


def test_a_wrong_rule_is_caught_by_its_cases() -> None:
    """The mutant: 'older than' turned round must not survive the cases beside it."""
    from dataclasses import replace

    spec = next(s for s in SPECS if s.id == "patching.fix-overdue")
    turned = replace(spec, judge=lambda row, policy: ~spec.judge(row, policy))
    assert any(not r.ok for r in run_cases(turned))
