"""One claimed mitigation: what is said, what was found, how it stood run by run, and how to test it again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from secscan.model.posture import ClaimRow, ClaimWay
from secscan.render import bits, headlines, strips, words
from secscan.render.bits import Bit, Cell, Table
from secscan.render.html import Page
from secscan.render.pages.mitigations import seen, tests
from secscan.render.pages.system import findings_table
from secscan.render.view import View, gravest_first

WAYS, COMMANDS = 200, 40
LISTED: Final = 30
Facts = list[tuple[str, tuple[Bit, ...]]]


def build(view: View, claim: ClaimRow) -> Page:
    covered = gravest_first(f for f in view.posture.findings if (f.council, f.mitigation) == (claim.council, claim.id))
    commands = tests(claim)
    context = {
        "answer": headlines.claim_answer(claim, view.posture.as_of),
        "tag": bits.tag(words.protection(claim.state)),
        "said": words.plain(claim.text, 1_000),
        "claim": _claim(view, claim),
        "found": _found(claim),
        "ways": ways(view, claim),
        "strip": _strip(view, claim),
        "spells": spells_table(view, claim),
        "tests": [words.plain(line, 1_000) for line in commands[:COMMANDS]],
        "more_tests": len(commands) - COMMANDS,
        "findings": findings_table(view, covered, "No finding of this run rests on this claim."),
        "rely": view.rely(view.councils.get(claim.council)),
    }
    return Page(
        file=view.claim_pages[claim.council, claim.id], template="mitigation.html",
        title=words.plain(f"Protection {claim.id}: {claim.hostname or claim.asset}", 120), part_of="mitigations.html",
        crumbs=(("Overview", "index.html"), ("Protections", "mitigations.html")), context=context,
    )  # fmt: skip


def _claim(view: View, c: ClaimRow) -> Facts:
    """What is claimed, of what, by whom."""
    device = view.device(c.council, c.asset, c.hostname or c.asset)
    facts: Facts = [
        ("Device", (device, bits.note(f"{c.asset}, {c.product}" if c.product else c.asset))),
        ("Council", view.council(c.council).parts),
        ("Claimed by", (bits.text(c.claimed_by), bits.code(str(c.place)))),
    ]
    if c.kind == "isolation":
        both = ", and nothing may go out to there either" if c.both_directions else ""
        facts += [
            ("Must be shut", (bits.prose(words.listing(c.ports, LISTED) or "every port"),)),
            ("From", (bits.prose(words.listing(c.blocked_from, LISTED) + both),)),
        ]
    else:
        facts.append(("Rests on control", (bits.text(c.control or "one that was not kept"),)))
    if c.kind == "isolation" and c.proof_days:
        facts.append(("A scan counts for", (bits.text(words.many(c.proof_days, "day")),)))
    return facts


def _found(c: ClaimRow) -> Facts:
    """The state today and everything that decides it."""
    facts: Facts = [
        ("State", (bits.tag(words.protection(c.state)),)),
        ("Since", (bits.text(words.english(c.since) if c.since else "Not known"),)),
        ("What was found", (bits.prose(words.dated(c.reason)),)),
    ]
    if c.decided:
        facts.append(("Decided by the way", (bits.text(c.decided),)))
    facts += [(label, (bits.reference(said),)) for label, said in seen(c)]
    if c.rule_text:
        facts.append(("The rule says", (bits.code(c.rule_text),)))
    if c.rule_objects:
        facts.append(("Expanded from", (bits.prose(", then ".join(c.rule_objects)),)))
    if c.packet:
        facts.append(("Packet that shows it", (bits.code(words.packet(c.packet)),)))
    facts += [("Changed since it was proven", (bits.prose(change),)) for change in c.changed]
    if c.state == "proven" and c.kind == "isolation":
        facts.append(("Proof lapses", (bits.text(words.english(c.lapses_on) if c.lapses_on else "No date"),)))
    return facts


def ways(view: View, c: ClaimRow) -> Table:
    """Every way that the claim says is shut: by the rules, and as scans saw it."""
    rows = [
        bits.row(
            bits.cell(bits.text(w.zone)), w.port, "Out" if w.direction == "out" else "In", _by_rules(w),
            bits.cell(bits.text(w.rule or "no rule"), bits.places([w.place]) if w.place else None), _by_scan(w),
        )
        for w in c.ways[: min(WAYS, view.cap)]
    ]  # fmt: skip
    heads = bits.columns("Network zone|Port|Way|Let through by the rules|Decided by|Seen by a scan")
    return Table(
        id="ways", caption="Every way that it says is shut", columns=heads, rows=rows, total=len(c.ways),
        file="mitigation-ways.csv", empty="No way was followed: what was found says why.",
    )  # fmt: skip


def _by_rules(w: ClaimWay) -> Cell:
    said = {True: "Yes, from some addresses" if w.partly else "Yes", False: "No", None: "Cannot tell"}[w.reach]
    shown = bits.strong(said) if w.reach else bits.text(said)
    return bits.cell(shown, bits.note(words.dated(w.reason)) if w.reason else None)


def _by_scan(w: ClaimWay) -> Cell:
    if w.vantage is None:
        return bits.cell(bits.text("Nobody looked" if w.direction == "in" else "No scan shows the way out"))
    said = {True: "Let through", False: "Stopped", None: "Could not tell"}[w.seen]
    on = f" on {words.english(w.seen_on)}" if w.seen_on else ""
    shown = bits.strong(said) if w.seen else bits.text(said)
    late = bits.note("too long ago to count") if w.lapsed else None
    return bits.cell(shown, bits.note(f"{w.seen_as or 'no answer'}, from {w.vantage}{on}"), late)


def _strip(view: View, c: ClaimRow) -> list[object]:
    if not c.spells:
        return []
    days = sorted({point.on for points in view.posture.trends.values() for point in points})
    said = ", then ".join(f"{words.protection(s.state)} from {words.english(s.first_on)}" for s in c.spells)
    title = f"How protection {words.plain(c.id, 60)} stood, run by run"
    told = f"A strip of states along the days: {said}. The table below has each with its days."
    found = strips.stretches(c.spells, days)
    return list(strips.strip("strip", found, title, words.plain(told, 1_500)))


def spells_table(view: View, c: ClaimRow) -> Table:
    rows = [
        bits.row(
            bits.cell(bits.text(f"{at}"), bits.tag(words.protection(s.state)), sort=at), bits.day(s.first_on), bits.day(s.last_on), s.runs,
            bits.prose(words.dated(s.why)) if s.why else "Not kept by that run",
        )
        for at, s in enumerate(c.spells, 1)
    ]  # fmt: skip
    newest: Sequence[bits.Row] = rows[-view.cap :]
    return Table(
        id="spells", caption="Its states by run, oldest first", columns=bits.columns("State|First run|Last run|#Runs|What the first run found"),
        rows=newest, total=len(rows), file="mitigation-history.csv", sorted_by=(0, "ascending"),
        empty="This run kept no history of its claims.",
    )  # fmt: skip
