"""What needs a decision: who is on the list, in which order, and who is not."""

from __future__ import annotations

from dataclasses import replace

from secscan.render import decisions
from secscan.render.pages.mitigations import tests as commands
from tests.render.postures import TODAY, claim, exceptions, legacy, partnership, route


def test_the_most_pressing_comes_first() -> None:
    found = decisions.needed(partnership(), {})
    assert [(d.title, d.tag) for d in found] == [
        ("Revenues and benefits", "Disproven"),
        ("CCTV recording", "None"),
        ("CCTV recording", "Overdue"),
        ("Planning document store", "Claimed"),
        ("Housing rents", "Cannot tell"),
        ("Windows 10 on 6 devices", "None"),
    ]


def test_one_device_with_two_unsupported_products_is_one_decision() -> None:
    first = decisions.needed(partnership(), {})[0]
    assert first.detail == "CV-SRV-014: Windows Server 2012 R2 and SQL Server 2012"
    assert first.ended is not None and first.ended.year == 2022


def test_protected_and_accepted_systems_are_not_on_the_list() -> None:
    titles = {d.title for d in decisions.needed(partnership(), {})}
    assert not titles & {"Cemetery records", "Library booking kiosks", "Events booking"}


def test_devices_of_one_service_that_differ_in_nothing_are_decided_about_together() -> None:
    rows = [
        legacy("alderbeck", f"AB-{n}", "Windows 10", None, None, "none", routes=[route("internet", "tcp/445", True)])
        for n in range(3)
    ]
    rows.append(replace(rows[0], asset="AB-9", service="Payroll"))
    rows.append(replace(rows[0], asset="AB-8", label="Windows 8.1"))
    found = decisions.needed(replace(partnership(), legacy=rows, exceptions=[], claims=[]), {})
    assert sorted(d.title for d in found) == ["Payroll", "Windows 10 on 3 devices", "ab-0.alderbeck.example"]


def test_a_disproven_protection_of_a_device_outside_the_register_is_on_the_list() -> None:
    p = replace(
        partnership(), legacy=[], exceptions=[], claims=[claim("MIT-9", "alderbeck", "AB-SRV-1", "disproven", "open")]
    )
    assert [(d.decision, d.who) for d in decisions.needed(p, {})] == [
        ("Mend the protection, or withdraw the claim", "Network Manager")
    ]


def test_decisions_are_named_by_role_and_those_without_an_owner_say_so() -> None:
    assert {d.who for d in decisions.needed(partnership(), {})} >= {"No owner recorded", "Chief Information Officer"}


def test_due_soon_counts_those_already_late() -> None:
    found = decisions.needed(partnership(), {})
    assert decisions.due_soon(found, TODAY) == 4
    assert decisions.due_soon([], TODAY) == 0


def test_an_exception_that_is_in_force_asks_for_nothing() -> None:
    p = replace(partnership(), legacy=[], claims=[], exceptions=[e for e in exceptions() if e.state == "in-force"])
    assert decisions.needed(p, {}) == []


def test_a_claim_is_tested_by_a_command_that_can_be_pasted() -> None:
    made = claim(
        "M", "alderbeck", "AB; rm -rf ~", "claimed", "x", blocked_from=["office $(id)"], ports=["tcp/445", "any"]
    )
    assert commands(made) == [
        "secscan exposure --to 'AB; rm -rf ~' --council alderbeck --from 'office $(id)' --port tcp/445",
        "secscan exposure --to 'AB; rm -rf ~' --council alderbeck --from 'office $(id)'",
    ]
