"""Overlays: what they change, for whom, and what they must say."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from secscan.doors import json
from secscan.doors.files import sha256
from secscan.model.errors import PolicyError
from secscan.model.policy import FeedLimits, Policy
from secscan.model.tables import Paths, Services
from secscan.policy import forbidden, ports_asked

from .desk import BASELINE, CHECKS, COUNCILS, load, overlay, spec


def of(policy: Policy, control: str, council: str):
    (found,) = [c for c in policy.variants(control) if council in c.councils]
    return found


def refused(root: Path, *args: str, **kwargs: str) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        load(root, *args, **kwargs)
    return [str(p) for p in caught.value.problems]


def test_without_overlays_every_control_is_for_every_council(tmp_path):
    found = load(tmp_path)
    assert [c.id for c in found.controls] == ["OLD", "FIX", "WAY", "SEEN"]
    assert all(c.councils == frozenset(COUNCILS) for c in found.controls)
    assert (found.name, found.version) == ("Small baseline", "1")
    assert found.loosened == () == found.warnings


def test_a_control_has_its_checks_defaults_where_nobody_says_otherwise(tmp_path):
    found = of(load(tmp_path), "FIX", "corvale")
    assert found.params == {
        "window_days": {"critical": 14, "high": 14, "low": 180}, "otherwise_days": 14, "score": 70, "word": "cvss"
    }  # fmt: skip
    assert (found.mitigated_by, found.unknowns, found.due_days) == ("no", "each", 14)
    assert of(load(tmp_path), "OLD", "corvale").params["accepted_products"] == ("none",)


def test_an_overlay_for_one_council_splits_the_control(tmp_path):
    found = load(tmp_path, overlay("controls:\n  - {id: OLD, severity: critical}\n", councils=["corvale"]))
    assert {c.councils: c.severity for c in found.variants("OLD")} == {
        frozenset({"alderbeck", "brackenford"}): "high",
        frozenset({"corvale"}): "critical",
    }
    assert len(found.variants("FIX")) == 1


def test_an_overlay_changes_only_the_fields_that_it_gives(tmp_path):
    before = of(load(tmp_path), "FIX", "corvale")
    found = of(load(tmp_path, overlay("controls:\n  - {id: FIX, due: 7 days}\n")), "FIX", "corvale")
    assert found.due_days == 7
    for name in ("check", "title", "text", "theme", "severity", "mitigated_by", "unknowns", "params", "scope"):
        assert getattr(found, name) == getattr(before, name)
    assert (found.place.file, found.place.line) == ("overlay1.yaml", 5)


def test_a_map_parameter_is_merged_key_by_key(tmp_path):
    text = overlay("controls:\n  - id: FIX\n    with: {window_days: {low: 30, important: 14}}\n")
    assert of(load(tmp_path, text), "FIX", "corvale").params["window_days"] == {
        "critical": 14, "high": 14, "low": 30, "important": 14
    }  # fmt: skip


def test_the_later_overlay_wins(tmp_path):
    first = overlay("controls:\n  - {id: OLD, due: 60 days}\n")
    second = overlay("controls:\n  - {id: OLD, due: 30 days}\n", councils=["corvale"])
    found = load(tmp_path, first, second)
    assert [of(found, "OLD", c).due_days for c in COUNCILS] == [60, 60, 30]


def test_a_new_control_of_an_overlay_must_be_complete(tmp_path):
    assert refused(tmp_path, overlay("controls:\n  - {id: NEW, severity: low, check: demo.unseen}\n")) == [
        "overlay1.yaml:5:10: control 'NEW' is new here and needs title, text, theme, due"
    ]


def test_a_misspelt_control_id_is_told_the_nearest(tmp_path):
    (problem,) = refused(tmp_path, overlay("controls:\n  - {id: SEN, severity: low}\n"))
    assert problem.endswith("needs check, title, text, theme, due; did you mean 'SEEN'?")


def test_disabled_names_its_reason_and_false_switches_on_again(tmp_path):
    off = overlay("controls:\n  - id: OLD\n    disabled: Done by the shared service.\n")
    on = overlay("controls:\n  - {id: OLD, disabled: false}\n", councils=["corvale"])
    found = load(tmp_path, off, on)
    assert of(found, "OLD", "alderbeck").disabled == "Done by the shared service."
    assert of(found, "OLD", "corvale").disabled is None


@pytest.mark.parametrize("word", ["true", "yes", "no", "'yes'", "''"])
def test_disabled_without_a_reason_is_refused(tmp_path, word):
    (problem,) = refused(tmp_path, overlay(f"controls:\n  - id: OLD\n    disabled: {word}\n"))
    assert problem.startswith("overlay1.yaml:6:15: 'disabled' is ")
    assert "give the reason in words" in problem


def test_a_scope_keeps_who_set_it_why_and_where(tmp_path):
    laid = overlay("controls:\n  - {id: WAY, reason: Nobody works there., scope: {zone: [lan]}}\n")
    found = of(load(tmp_path, laid), "WAY", "corvale").scope
    assert (found.reason, found.place.file, found.place.line > 0) == ("Nobody works there.", "overlay1.yaml", True)
    later = of(
        load(tmp_path, laid, overlay("controls:\n  - {id: WAY, due: 7 days, reason: Other.}\n")), "WAY", "corvale"
    )
    assert later.scope == found
    first = of(load(tmp_path), "WAY", "corvale").scope
    assert first.reason is None and first.place.line > 0


def test_scope_replaces_scope(tmp_path):
    found = of(load(tmp_path, overlay("controls:\n  - {id: WAY, scope: {zone: [lan, internet]}}\n")), "WAY", "corvale")
    assert found.scope.only == {"zone": ("lan", "internet")}
    assert found.scope.excluded == {}


def test_another_check_under_a_known_id_starts_from_its_own_defaults(tmp_path):
    found = load(tmp_path, overlay("controls:\n  - {id: OLD, check: demo.unseen}\n"))
    assert of(found, "OLD", "corvale").params == {"max_age_days": 45}
    assert [(one.what, one.before, one.after) for one in found.loosened] == [
        ("check (changed)", "demo.old-software", "demo.unseen")
    ]


def test_minimum_versions_and_free_extensions_are_the_partnerships(tmp_path):
    body = 'minimum_versions: {python: "3.11", openssl: none}\nfree_extensions: [debian]\n'
    found = load(tmp_path, overlay(body))
    assert {p: v for p, (v, _) in found.minimum_versions.items()} == {"python": "3.11"}
    assert str(found.minimum_versions["python"][1]) == "overlay1.yaml:4:28"
    assert found.free_extensions == ("debian",)
    assert refused(tmp_path, overlay(body, councils=["corvale"])) == [
        f"overlay1.yaml:{line}:1: '{key}' holds for the whole partnership; move it to a file without 'councils'"
        for line, key in ((5, "minimum_versions"), (6, "free_extensions"))
    ]


def test_extends_must_be_the_baseline_that_the_settings_name(tmp_path):
    assert refused(tmp_path, 'title: Ours\nversion: "2"\nextends: baseline\n') == [
        "overlay1.yaml:3:10: extends 'baseline', but the baseline in secscan.yaml is 'base.yaml'"
    ]


def test_the_digest_is_over_the_files_read(tmp_path):
    found = load(tmp_path, overlay("controls: []\n"), exceptions="exceptions: []\n")
    expected = [(n, sha256((tmp_path / n).read_bytes())) for n in ("base.yaml", "overlay1.yaml", "exceptions.yaml")]
    assert list(found.files) == expected
    assert found.digest == sha256(json.canonical(expected))
    changed = load(tmp_path, overlay("controls: []\n# a comment\n"), exceptions="exceptions: []\n")
    assert changed.digest != found.digest


def test_a_file_that_the_settings_name_must_be_there(tmp_path):
    from secscan import policy
    from secscan.model.settings import Policies

    with pytest.raises(PolicyError) as caught:
        policy.load(Policies(overlays=("x.yaml",), exceptions="e.yaml"), tmp_path, {}, ["a"], [], date(2026, 1, 1))
    problems = [str(p) for p in caught.value.problems if not p.place.file.startswith("secscan/")]
    assert problems == [f"{n}.yaml: no such file; secscan.yaml names it under 'policies'" for n in "xe"]


def test_an_unknown_baseline_is_told_the_nearest(tmp_path):
    from secscan import policy
    from secscan.model.settings import Policies

    with pytest.raises(PolicyError, match="unknown baseline 'baselin'; did you mean 'baseline'"):
        policy.load(Policies(baseline="baselin"), tmp_path, {}, ["a"], [], date(2026, 1, 1))


def test_what_is_wrong_in_one_entry_does_not_hide_the_next(tmp_path):
    text = overlay(
        "controls:\n"
        "  - {id: OLD, severty: low}\n"
        "  - {id: FIX, check: demo.lat-fix}\n"
        "  - {id: WAY, with: {trusted_zones: [managment]}}\n",
        councils=["corval"],
    )
    problems = refused(
        tmp_path, text.replace("[corval]", "[corvale, corval]"), exceptions="exceptions:\n  - {control: OLDD}\n"
    )
    assert problems[0] == "overlay1.yaml:4:21: unknown council 'corval'; did you mean 'corvale'?"
    assert problems[1] == "overlay1.yaml:6:15: unknown key 'severty'; did you mean 'severity'?"
    assert problems[2] == "overlay1.yaml:7:22: unknown check 'demo.lat-fix'; did you mean 'demo.late-fix'?"
    assert problems[3] == "overlay1.yaml:8:38: unknown zone 'managment'; did you mean 'management'?"
    assert {p.split(": ", 1)[1] for p in problems[4:]} >= {"'until' is missing in 'exceptions.0'"}


def test_an_overlay_on_a_control_that_could_not_be_read_is_not_called_new(tmp_path):
    broken = BASELINE.replace("severity: medium", "severity: middling")
    problems = refused(tmp_path, overlay("controls:\n  - {id: SEEN, due: 7 days}\n"), baseline=broken)
    assert len(problems) == 1
    assert "must be one of critical, high, medium, low" in problems[0]


def test_a_control_twice_in_one_file_is_refused(tmp_path):
    (problem,) = refused(tmp_path, overlay("controls:\n  - {id: OLD, due: 7 days}\n  - {id: OLD, due: 8 days}\n"))
    assert problem == "overlay1.yaml:6:10: control 'OLD' is in this file twice; the first is on line 5"


def test_ports_of_a_check_are_read_as_ports(tmp_path):
    assert refused(tmp_path, overlay("controls:\n  - {id: WAY, with: {ports: [tcp/22, 3389/tcp, tcp/99999]}}\n")) == [
        "overlay1.yaml:5:38: '3389/tcp' is not a port; write for example tcp/445, udp/161, or any",
        "overlay1.yaml:5:48: 'tcp/99999' is not a port; write for example tcp/445, udp/161, or any",
    ]


def test_the_ports_asked_are_those_of_controls_over_paths_that_are_on(tmp_path):
    assert ports_asked(load(tmp_path), CHECKS) == {"tcp/22", "tcp/3389"}
    wider = overlay("controls:\n  - {id: WAY, with: {ports: [udp/623]}}\n", councils=["corvale"])
    assert ports_asked(load(tmp_path, wider), CHECKS) == {"tcp/22", "tcp/3389", "udp/623"}
    off = overlay("controls:\n  - {id: WAY, disabled: Not asked here.}\n")
    assert ports_asked(load(tmp_path, off), CHECKS) == frozenset()


def test_what_is_forbidden_is_said_by_controls_that_name_ports_and_zones_of_users(tmp_path):
    policy = load(tmp_path, overlay("controls:\n  - {id: WAY, with: {ports: [udp/623]}}\n", councils=["corvale"]))
    assert forbidden(policy, CHECKS) == ()  # its check names no zones of users
    users = spec("demo.reachable", Paths, ports=["tcp/22"], user_zones=["internet"])
    found = {
        one.councils: (one.control, one.ports, one.from_zones) for one in forbidden(policy, CHECKS | {users.id: users})
    }
    assert found[frozenset(("corvale",))] == ("WAY", {"udp/623"}, {"internet"})
    assert len(found) == 2 and {ports for _, ports, _ in found.values()} == {
        frozenset(("udp/623",)),
        frozenset(("tcp/22", "tcp/3389")),
    }
    off = load(tmp_path, overlay("controls:\n  - {id: WAY, disabled: Not asked here.}\n"))
    assert forbidden(off, CHECKS | {users.id: users}) == ()


def test_a_checks_own_parameter_for_ports_is_known_by_its_name(tmp_path):
    theirs = spec("demo.reachable", Paths, trusted_zones=[], admin_ports=["tcp/9090"], support_days=3, ports=[443])
    assert ports_asked(load(tmp_path), CHECKS | {theirs.id: theirs}) >= {"tcp/9090"}
    listens = spec("demo.reachable", Services, ports=["tcp/23"])  # what listens needs no path
    assert ports_asked(load(tmp_path), CHECKS | {listens.id: listens}) == frozenset()


def test_limits_of_feeds_are_laid_over_key_by_key(tmp_path):
    assert load(tmp_path).feeds == {}
    body = "feeds: {endoflife: {stale_after: 30 days, required: true}, other: {max_fall_percent: 50}}\n"
    found = load(tmp_path, overlay(body)).feeds
    assert found["endoflife"] == FeedLimits(stale_days=30, required=True)
    assert found["other"] == FeedLimits(max_fall_percent=50)


@pytest.mark.parametrize(
    ("given", "what"),
    [
        ("stale_after: 46 days", "endoflife: days until stale"), ("too_old_after: 181 days", "endoflife: days until too old"),
        ("max_fall_percent: 11", "endoflife: fall allowed, %"), ("stale_after: 45 days", None), ("max_fall_percent: 5", None), ("required: true", None),
    ],
)  # fmt: skip
def test_wider_limits_of_a_feed_are_loosened(tmp_path, given, what):
    found = load(tmp_path, overlay(f"reason: tried\nfeeds: {{endoflife: {{{given}}}}}\n")).loosened
    assert [one.what for one in found if one.control == "feeds"] == ([what] if what else [])


def test_a_feed_that_is_too_old_before_it_is_stale_is_refused(tmp_path):
    with pytest.raises(
        PolicyError, match=r"too old after 10 days and stale only after 45; 'too_old_after' must not be less"
    ):
        load(tmp_path, overlay("feeds: {endoflife: {too_old_after: 10 days}}\n"))
