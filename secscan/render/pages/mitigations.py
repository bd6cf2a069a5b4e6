"""Protections: what was claimed, what was proven, and what was tested and found not to work."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from secscan.model.posture import ClaimRow, Posture
from secscan.render import bits, words
from secscan.render.bits import Bit, Cell, Table
from secscan.render.html import Page
from secscan.render.pages.legacy import strip
from secscan.render.view import View

GROUPS = (
    ("disproven", "Tested and found not to work", "The rules or packets show a way through. Everybody believed the system was protected."),
    ("claimed", "Claimed but not tested", "Somebody says so, and nobody has looked. It counts as no protection until it is tested."),
    ("cannot-tell", "Cannot tell", "What was read does not decide it. The reason says what is missing."),
    ("configured", "Configured", "The firewall rules block it as claimed. No packets have shown it yet."),
    ("proven", "Proven", "The rules block it, and packets sent from the zone were stopped. The proof lapses on its date."),
)  # fmt: skip
TESTS = 2


def build(view: View) -> Page:
    p = view.posture
    known = [state for state, _, _ in GROUPS]
    groups = [
        {
            "state": state,
            "title": title,
            "says": says,
            "table": claims_table(view, state, title, [c for c in p.claims if c.state == state]),
        }
        for state, title, says in GROUPS
    ]
    context = {
        "strip": strip(p.legacy),
        "register": len(p.legacy),
        "claims": [
            {"label": words.protection(s), "count": sum(c.state == s for c in p.claims)}
            for s in words.PROTECTIONS
            if s in known
        ],
        "claims_total": len(p.claims),
        "answer": _answer(p),
        "groups": groups,
        "rely": view.rely(),
    }
    return Page(
        file="mitigations.html", template="mitigations.html", title="Protections: claimed, proven, disproven",
        part_of="mitigations.html", crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def _answer(p: Posture) -> list[str]:
    if not p.claims:
        return ["No protection is claimed."]
    proven, failed = (sum(c.state == s for c in p.claims) for s in ("proven", "disproven"))
    first = f"{words.of(proven, len(p.claims))} claimed protections {'is' if proven == 1 else 'are'} proven."
    second = (
        f"{words.number(failed)} {'was' if failed == 1 else 'were'} tested and found not to work."
        if failed
        else "None was found not to work."
    )
    return [first, second]


def claims_table(view: View, state: str, title: str, rows: Sequence[ClaimRow]) -> Table:
    """The claims in one state, with the columns that matter there."""
    evidence = {
        "disproven": "What we saw", "claimed": "Test it with", "cannot-tell": "Why", "configured": "Where it says so", "proven": "How it was proven",
    }[state]  # fmt: skip
    when = {"proven": "Proof lapses", "disproven": "Seen on"}.get(state, "Since")
    shown = [
        bits.row(
            bits.cell(
                bits.text(c.hostname or c.asset),
                bits.note(f"{c.id}, {c.asset}" + (f", {c.product}" if c.product else "")),
            ),
            view.council(c.council),
            bits.cell(bits.text(c.text or c.kind), bits.note(_asked(c)) if c.blocked_from else None),
            bits.cell(*_evidence(state, c)),
            _when(state, c),
            bits.cell(bits.text(c.claimed_by), bits.code(str(c.place)) if c.place.file else None),
            id=words.anchor("claim", c.council, c.id),
        )
        for c in sorted(rows, key=lambda c: (c.council, c.asset, c.id))[: view.cap]
    ]
    heads = bits.columns(f"System|Council|Protection said to be in place|{evidence}|{when}|Claimed by")
    return Table(
        id=f"claims-{state}",
        caption=title,
        columns=heads,
        rows=shown,
        total=len(rows),
        file="mitigations.csv",
        empty="None.",
    )


def _asked(c: ClaimRow) -> str:
    ports = words.listing(c.ports, 4) or "any port"
    return f"{ports} blocked from {words.listing(c.blocked_from, 4)}"


def _when(state: str, c: ClaimRow) -> Cell:
    match state:
        case "proven":
            return bits.day(c.lapses_on, "No date")
        case "disproven":
            return bits.day(c.observed_on or c.since, "Not known")
        case _:
            return bits.day(c.since, "Not known")


def _evidence(state: str, c: ClaimRow) -> list[Bit]:
    """The reason, the rule with its file and line, and the packets; for an untested claim the commands that test it."""
    found = [bits.text(c.reason)]
    if c.rule or c.rule_place:
        place = f", {c.rule_place}" if c.rule_place else ""
        found.append(bits.note(f"Rule: {c.rule or 'not named'}{place}"))
    if c.observed_vantage:
        on = f" on {words.english(c.observed_on)}" if c.observed_on else ""
        found.append(bits.note(f"Packets from {c.observed_vantage}{on}: {c.observed_state or 'no answer'}"))
    if state in ("claimed", "cannot-tell", "configured"):
        found += [bits.command(line) for line in tests(c)[:TESTS]]
    return found


def tests(c: ClaimRow) -> list[str]:
    """Commands that a person can paste: each asks the firewall files about one zone and port of the claim."""
    asset = shlex.quote(words.plain(c.asset, 200))
    if c.kind != "isolation" or not c.blocked_from:
        return [f"secscan explain {asset}"]
    ports: Sequence[str | None] = c.ports or [None]
    named = [f" --port {shlex.quote(words.plain(port, 40))}" if port and port != "any" else "" for port in ports]
    zones = [shlex.quote(words.plain(zone, 100)) for zone in c.blocked_from]
    return [f"secscan exposure --to {asset} --from {zone}{port}" for port in named for zone in zones]
