"""Protections: what was claimed, what was proven, and what was tested and found not to work."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from secscan.model.posture import ClaimRow
from secscan.render import bits, headlines, words
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
TESTS = 4


def build(view: View) -> Page:
    p = view.posture
    named = {(r.council, m) for r in p.legacy for m in r.mitigations}
    on = [c for c in p.claims if (c.council, c.id) in named]
    off = [c for c in p.claims if (c.council, c.id) not in named]
    groups = [
        {
            "state": state,
            "title": title,
            "says": says,
            "table": claims_table(view, state, title, [c for c in p.claims if c.state == state], named),
        }
        for state, title, says in GROUPS
    ]
    context = {
        "strip": strip(p.legacy),
        "register": len(p.legacy),
        "on": by_state(on),
        "on_total": len(on),
        "off": by_state(off),
        "off_total": len(off),
        "claims_total": len(p.claims),
        "described": described(view),
        "answer": headlines.mitigations_answer(p.claims, p.as_of),
        "lapsing": lapsing_table(view),
        "groups": groups,
        "rely": view.rely(),
    }
    return Page(
        file="mitigations.html", template="mitigations.html", title="Protections: claimed, proven, disproven",
        part_of="mitigations.html", crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def described(view: View) -> str:
    """How many claims have a page of their own."""
    have, every = len(view.claim_pages), len(view.claims)
    if have == every:
        return "Each has a page of its own, with its history and how to test it."
    return f"{words.of(have, every)} claims have a page of their own, with history and how to test: the weakest first."


def by_state(rows: Sequence[ClaimRow]) -> list[dict[str, object]]:
    """How many claims are in which state; it adds up to the rows."""
    return [
        {"label": word, "count": sum(c.state == state for c in rows)}
        for state, word in words.PROTECTIONS.items()
        if state != "none"
    ]


def lapsing_table(view: View) -> Table:
    """Proofs that stop counting within 30 days, and how to test again."""
    rows = headlines.lapsing(view.posture.claims, view.posture.as_of)
    shown = [
        bits.row(
            bits.cell(bits.text(c.hostname or c.asset), bits.note(f"{c.id}, {c.asset}")),
            view.council(c.council),
            bits.day(c.lapses_on),
            (c.lapses_on - view.posture.as_of).days if c.lapses_on else None,
            bits.cell(*(bits.command(line) for line in tests(c)[:TESTS])),
        )
        for c in rows[: view.cap]
    ]
    heads = bits.columns("System|Council|Proof lapses|#Days left|Test it by")
    return Table(
        id="lapsing", caption="Proof that lapses within 30 days", columns=heads, rows=shown, total=len(rows),
        file="mitigations.csv", empty="No proof lapses within 30 days.",
    )  # fmt: skip


def claims_table(view: View, state: str, title: str, rows: Sequence[ClaimRow], named: set[tuple[str, str]]) -> Table:
    """The claims in one state, with the columns that matter there. ``named``: those that the register knows."""
    evidence = {
        "disproven": "What we saw", "claimed": "Test it by", "cannot-tell": "Why", "configured": "Where it says so", "proven": "How it was proven",
    }[state]  # fmt: skip
    when = {"proven": "Proof lapses", "disproven": "Seen on"}.get(state, "Since")
    shown = [
        bits.row(
            bits.cell(
                view.device(c.council, c.asset, c.hostname or c.asset),
                bits.note(c.asset + (f", {c.product}" if c.product else "")),
                view.claim(c.council, c.id),
                None if (c.council, c.id) in named else bits.note("Not in the legacy register"),
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
    """The reason, the rule with its file and line, and the packets; for an unproven claim the commands that test it."""
    found = [bits.prose(words.dated(c.reason)), *(bits.note(f"{label}: {said}") for label, said in seen(c))]
    if state in ("claimed", "cannot-tell", "configured"):
        commands = tests(c)
        found += [bits.command(line) for line in commands[:TESTS]]
        if len(commands) > TESTS:
            found.append(bits.note(f"and {len(commands) - TESTS} more, for the other zones and ports"))
    return found


def seen(c: ClaimRow) -> list[tuple[str, str]]:
    """(what, in words) for the rule that decides, with file and line, and for the packets that were sent."""
    found = []
    if c.rule or c.rule_place:
        place = f", {c.rule_place}" if c.rule_place else ""
        found.append(("Rule", f"{c.rule or 'not named'}{place}"))
    if c.observed_vantage:
        on = f" on {words.english(c.observed_on)}" if c.observed_on else ""
        found.append((f"Packets from {words.plain(c.observed_vantage, 100)}{on}", c.observed_state or "no answer"))
    return found


def tests(c: ClaimRow) -> list[str]:
    """Commands that a person can paste: each asks the firewall files about one zone and port of the claim."""
    asset = shlex.quote(words.plain(c.asset, 200))
    council = f" --council {shlex.quote(words.plain(c.council, 100))}"
    if c.kind != "isolation" or not c.blocked_from:
        return [f"secscan explain {asset}{council}"]
    ports: Sequence[str | None] = c.ports or [None]
    named = [f" --port {shlex.quote(words.plain(port, 40))}" if port and port != "any" else "" for port in ports]
    zones = [shlex.quote(words.plain(zone, 100)) for zone in c.blocked_from]
    return [f"secscan exposure --to {asset}{council} --from {zone}{port}" for port in named for zone in zones]
