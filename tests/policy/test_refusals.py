"""What a person can get wrong in a policy file, and what an attacker can put into one."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from secscan.doors import yaml
from secscan.model.errors import PolicyError
from secscan.policy.read import Desk

from .desk import BASELINE, TODAY, load, overlay

WHOLE = """\
title: Ours
version: "2"
extends: base.yaml
councils: [corvale]
reason: Agreed in March.
controls:
  - id: OLD
    check: demo.old-software
    title: Old
    text: Old.
    theme: legacy
    severity: high
    due: 90 days
    mitigated_by: proven
    unknowns: each
    with: {grace_days: 0, accept_all: false, accepted_products: [chrome]}
    scope: {council: [corvale], type: [server], service: [web], criticality: [high], product: [x], not: {zone: [lab]}}
    references: [CAF v3.2 B4.d]
    disabled: false
    reason: Because.
  - id: FIX
    with: {window_days: {critical: 7, low: 90}, otherwise_days: 14, score: 70, word: cvss}
exceptions:
  - id: EX-1
    control: OLD
    council: corvale
    asset: A-1
    subject: chrome
    from: 2026-01-01
    until: 2026-06-30
    owner: Head of ICT
    approver: Chief Executive
    reason: Replacement funded.
    renewed: 1
"""
FOR_ALL = overlay('minimum_versions: {python: "3.12"}\nfree_extensions: [debian]\n')
MITIGATIONS = """\
mitigations:
  - id: M-1
    council: corvale
    asset: A-1
    product: x
    kind: isolation
    ports: [tcp/445]
    blocked_from: [lan]
    both_directions: true
    claimed_by: Network Manager
    from: 2026-01-01
    proof_days: 30
    text: Cut off.
  - {id: M-2, council: corvale, asset: A-2, kind: control, control: OLD, claimed_by: Desktop Manager}
"""
FREE_KEYS = {"python", "openssl"}
"""A product may be called anything."""


def one_edit_away(word: str) -> list[str]:
    """The slips that happen: a letter left out, doubled, mistaken, swapped with its neighbour, in capitals."""
    found = set()
    for i in {0, len(word) // 2, len(word) - 1}:
        found |= {word[:i] + word[i + 1 :], word[:i] + word[i] + word[i:], word[:i] + "x" + word[i + 1 :]}
        found |= {word[:i] + word[i + 1 : i + 2] + word[i] + word[i + 2 :]}
    found |= {word.capitalize()}
    return sorted(w for w in found if w and w != word)


def misspelt(text: str) -> list[tuple[str, str, int, int]]:
    """The text with each key misspelt in each way, and where."""
    lines = text.splitlines(keepends=True)
    found = []
    for path, place in yaml.parse(text, "x").keys.items():
        key = str(path[-1])
        if key in FREE_KEYS:
            continue
        line = lines[place.line - 1]
        at = place.column - 1
        for wrong in one_edit_away(key):
            edited = [*lines]
            edited[place.line - 1] = line[:at] + wrong + line[at + len(key) :]
            found.append((wrong, "".join(edited), place.line, place.column))
    return found


@pytest.mark.parametrize(
    ("file", "text"),
    [("overlay1.yaml", WHOLE), ("overlay1.yaml", FOR_ALL), ("mitigations.yaml", MITIGATIONS), ("base.yaml", BASELINE)],
    ids=["policy", "versions", "mitigations", "baseline"],
)
def test_every_key_misspelt_by_one_edit_is_refused_at_its_place(tmp_path, file, text):
    def read(changed: str) -> None:
        match file:
            case "mitigations.yaml":
                load(tmp_path, mitigations=changed)
            case "base.yaml":
                load(tmp_path, baseline=changed)
            case _:
                load(tmp_path, changed)

    read(text)  # in order as it is
    variants = misspelt(text)
    assert len(variants) > 20
    for wrong, changed, line, column in variants:
        with pytest.raises(PolicyError) as caught:
            read(changed)
        places = [(p.place.file, p.place.line, p.place.column) for p in caught.value.problems]
        assert (file, line, column) in places, (wrong, caught.value)


def test_a_misspelt_key_is_told_the_right_one(tmp_path):
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, WHOLE.replace("mitigated_by:", "mitigatedby:").replace("low: 90", "lwo: 90"))
    assert [str(p) for p in caught.value.problems] == [
        "overlay1.yaml:14:5: unknown key 'mitigatedby'; did you mean 'mitigated_by'?",
        "overlay1.yaml:22:39: unknown key 'lwo' in 'window_days'; did you mean 'low'?",
    ]


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ('version: "2"', "version: 2", '\'version\' must be text; put 2 in quotes: "2"'),
        ("due: 90 days", "due: 90", "90 is not a number of days from 1 to 3650; write for example '90 days'"),
        ("due: 90 days", "due: 0 days", "'0 days' is not a number of days"),
        ("due: 90 days", "due: 99999 days", "'99999 days' is not a number of days"),
        ("due: 90 days", "due: 3 months", "'3 months' is not a number of days"),
        ("severity: high", "severity: hihg", "it must be one of critical, high, medium, low; did you mean 'high'?"),
        ("mitigated_by: proven", "mitigated_by: false", "must be one of proven, configured, no"),
        ("unknowns: each", "unknowns: every", "must be one of per-issue, each"),
        ("theme: legacy", "theme: training", "must be one of patching, legacy, firewall, device, inventory, exceptions"),
        ("grace_days: 0", "grace_days: 1.5", "'grace_days' must be a whole number, not '1.5'"),
        ("grace_days: 0", "grace_days: true", "'grace_days' must be a whole number, not True"),
        ("grace_days: 0", "grace_days: -1", "'grace_days' is -1; it must be from 0 to 3650 days"),
        ("grace_days: 0", "grace_days: 999999999", "it must be from 0 to 3650 days"),
        ("accept_all: false", "accept_all: no", "'accept_all' must be true or false, not 'no'"),
        ("[chrome]", "chrome", "'accepted_products' must be a list; write [chrome]"),
        ("[chrome]", "[1]", "an item of 'accepted_products' must be text; put 1 in quotes: \"1\""),
        ("critical: 7", "critical: week", "'window_days.critical' must be a whole number, not 'week'"),
        ("{critical: 7, low: 90}", "7", "'window_days' must be a map such as {critical: 14, high: 14}, not 7"),
        ("word: cvss", "word: 3", "'word' must be text; put 3 in quotes: \"3\""),
        ("type: [server]", "type: server", "'server' is not a list; write [server]"),
        ("product: [x]", "product: []", "should have at least 1 item"),
        ("criticality: [high]", "criticality: [hgh]", "must be one of critical, high, medium, low"),
        ("council: [corvale], type", "council: [corvle], type", "unknown council 'corvle'; did you mean 'corvale'?"),
        ("not: {zone: [lab]}", "not: {zone: [laab]}", "unknown zone 'laab'; did you mean 'lab'?"),
        ("until: 2026-06-30", "until: 2026-06-31", "'2026-06-31' is not a day of the calendar"),
        ("until: 2026-06-30", "until: 30/06/2026", "write it as year-month-day, for example 2026-06-30"),
        ("until: 2026-06-30", "until: 20260630", "20260630 is not a day; write it as year-month-day"),
        ("asset: A-1", "asset: 17", '\'exceptions.0.asset\' must be text; put 17 in quotes: "17"'),
        ("renewed: 1", "renewed: once", "'exceptions.0.renewed'"),
        ("renewed: 1", "renewed: true", "'exceptions.0.renewed'"),
        ("severity: high", "severity:", "'severity' has no value; give it one, or take the line out"),
        ("asset: A-1", "asset: ~", "'asset' has no value"),
        ("id: OLD", "id: OL D", "'OL D' cannot be an id"),
        ("[corvale]\nreason", "corvale\nreason", "'corvale' is not a list; write [corvale]"),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_kind_is_refused_by_its_line(tmp_path, was, now, says):
    assert WHOLE.count(was) == 1
    changed = WHOLE.replace(was, now)
    line = next(n for n, (a, b) in enumerate(zip(WHOLE.splitlines(), changed.splitlines(), strict=True), 1) if a != b)
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, changed)
    assert [p.place.line for p in caught.value.problems if says in p.says] == [line], caught.value
    assert all(re.fullmatch(r"overlay1\.yaml:\d+:\d+: [^\n]+", str(p)) for p in caught.value.problems)


def test_a_key_that_can_no_longer_be_compared_is_refused_and_not_taken_on_trust(tmp_path, monkeypatch):
    text = overlay("controls: [{id: FIX, with: {window_days: {moderate: 14}}}]\n")
    load(tmp_path, text)
    monkeypatch.setattr(Desk, "nearest", lambda desk, word, among: setattr(desk, "guesses", -1) or "")
    with pytest.raises(PolicyError, match="unknown key 'moderate' in 'window_days'"):
        load(tmp_path, text)


def test_a_key_without_a_value_is_one_problem(tmp_path):
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, WHOLE.replace("asset: A-1", "asset:").replace("severity: high", "severity: ~"))
    assert [str(p) for p in caught.value.problems] == [
        "overlay1.yaml:12:15: 'severity' has no value; give it one, or take the line out",
        "overlay1.yaml:27:11: 'asset' has no value; give it one, or take the line out",
    ]


def test_a_scope_column_that_the_table_lacks_is_refused(tmp_path):
    with pytest.raises(
        PolicyError, match=r"overlay1\.yaml:4:.* table 'assets' of check 'demo.unseen' has no 'product'"
    ):
        load(tmp_path, overlay("controls: [{id: SEEN, scope: {product: [x]}}]\n"))


def test_versions_and_words_stay_as_they_were_written(tmp_path):
    found = load(tmp_path, overlay("minimum_versions: {python: 3.10, git: 1.10, php: 12:30}\nfree_extensions: [no]\n"))
    assert {p: v for p, (v, _) in found.minimum_versions.items()} | {"openssl": ""} == {
        "python": "3.10", "git": "1.10", "php": "12:30", "openssl": ""
    }  # fmt: skip
    assert found.free_extensions == ("no",)


def test_a_whole_number_as_a_version_wants_quotes(tmp_path):
    with pytest.raises(PolicyError, match='put 8 in quotes: "8"'):
        load(tmp_path, overlay("minimum_versions: {php: 8}\n"))


def test_a_repeated_key_is_refused_and_not_the_last_one_taken(tmp_path):
    with pytest.raises(PolicyError, match=r"overlay1\.yaml:6:5: 'due' is set twice; the first is on line 5"):
        load(tmp_path, overlay("controls:\n  - due: 7 days\n    due: 900 days\n    id: OLD\n"))


HOSTILE = {
    "python tag": "title: !!python/object/apply:os.system ['touch secscan_pwn']\n",
    "local tag": "title: !run x\n",
    "anchors": "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]\n" for i in range(8)
    ),
    "brackets": "title: " + "[" * 5000 + "]" * 5000 + "\n",
    "maps": "".join("  " * i + "a:\n" for i in range(3000)),
    "dashes": "- " * 20_000 + "x\n",
    "questions": "? " * 20_000 + "x\n",
    "many": "controls: [" + ",".join("{id: a}" for _ in range(60_000)) + "]\n",
    "twice": "title: a\nversion: b\ncontrols: [" + ",".join("{id: a}" for _ in range(30_000)) + "]\n",
    "unknown": "title: a\nversion: b\ncontrols: [" + ",".join(
        f"{{id: a{i}, check: demo.old-softwar}}" for i in range(24_000)
    ) + "]\n",
    "wrong": "title: a\nversion: b\ncontrols: [" + ",".join("{ix: a}" for _ in range(30_000)) + "]\n",
    "windows": "title: a\nversion: b\ncontrols: [{id: FIX, with: {window_days: {" + ",".join(
        f"hig{i}: 5" for i in range(45_000)
    ) + "}}}]\n",
    "parameters": "title: a\nversion: b\ncontrols: [{id: FIX, with: {" + ",".join(
        f"word{i}: 5" for i in range(45_000)
    ) + "}}]\n",
    "products": "title: a\nversion: b\nminimum_versions: {" + ",".join(f"P{i}: 5" for i in range(45_000)) + "}\n",
    "councils": "title: a\nversion: b\ncouncils: [" + ",".join(f"corval{i}" for i in range(90_000)) + "]\n",
    "zones": "title: a\nversion: b\ncontrols: [{id: WAY, with: {trusted_zones: [" + ",".join(
        f"la{i}" for i in range(90_000)
    ) + "]}}]\n",
    "exceptions": "title: a\nversion: b\nexceptions: [" + ",".join(
        f"{{control: OL{i}, asset: a, until: 2026-01-01, owner: o, approver: o, reason: r}}" for i in range(7_000)
    ) + "]\n",
    "wide": "title: a\nversion: b\ncontrols: [" + ",".join(
        "{id: a, " + ",".join(f"severit{n}: low" for n in range(20)) + "}" for _ in range(1_900)
    ) + "]\n",
    "unknown checks": "title: a\nversion: b\ncontrols: [" + ",".join(
        f"{{id: a{i}, check: demo.old-softwar, title: a, text: a, theme: legacy, severity: low, due: 1 days}}"
        for i in range(1_900)
    ) + "]\n",
    "windows all over": "title: a\nversion: b\ncontrols: [" + ",".join(
        f"{{id: a{i}, check: demo.late-fix, title: a, text: a, theme: legacy, severity: low, due: 1 days, "
        "with: {window_days: {" + ",".join(f"hig{n}: 5" for n in range(20)) + "}}}" for i in range(1_900)
    ) + "]\n",
    "blank": "title: a\nversion: b\ncontrols: [" + ",".join("{id: }" for _ in range(30_000)) + "]\n",
    "two documents": 'title: a\nversion: "1"\n---\ntitle: b\n',
    "merge": "base: &b {title: x}\n<<: *b\n",
    "long": "title: " + "x" * 7_000_000 + "\n",
    "huge": "#" * 9_000_000,
    "nul": "title: a\x00b\n",
    "escapes": 'title: "\\e]0;owned\\a"\n',
    "number": "title: " + "9" * 100_000 + "\n",
    "list at the top": "- a\n",
    "text at the top": "a\n",
    "key": "? [a]\n: b\n",
}  # fmt: skip


SLACK = 3
"""For slow and busy machines: a fault worth a red test is an order of magnitude."""


@pytest.mark.no_cover  # counting lines costs more than the work
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_within_two_seconds(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    started = time.process_time()  # our own work, whatever else the machine does
    with pytest.raises(PolicyError) as caught:
        load(tmp_path, HOSTILE[name])
    assert time.process_time() - started < 2 * SLACK
    assert len(caught.value.problems) <= 501
    assert len(str(caught.value)) < 100_000
    assert not list(Path().rglob("secscan_pwn"))


def test_not_utf8_is_refused_by_its_line(tmp_path):
    load(tmp_path)
    (tmp_path / "overlay1.yaml").write_bytes(b"title: a\nversion: \xff\n")
    from secscan import policy
    from secscan.model.settings import Policies

    with pytest.raises(PolicyError, match=r"overlay1.yaml:2: not UTF-8"):
        policy.load(Policies(baseline="base.yaml", overlays=("overlay1.yaml",)), tmp_path, {}, ["a"], [], TODAY)
