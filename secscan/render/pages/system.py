"""One device of the legacy register: why it is legacy, what can reach it, what protects it, what waiting costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from secscan.doors.terminal import typed
from secscan.model.posture import ClaimRow, FindingRow, LegacyRow, Route
from secscan.render import bits, decisions, headlines, words
from secscan.render.bits import Bit, Cell, Table
from secscan.render.html import Page
from secscan.render.pages.legacy import ended, plan
from secscan.render.pages.mitigations import TESTS, seen, tests
from secscan.render.pages.scanners import of_device
from secscan.render.view import View, gravest_first

ROUTES, NAMED, FINDINGS, ALIKE = 60, 12, 40, 8
Facts = list[tuple[str, tuple[Bit, ...]]]


def build(view: View, key: tuple[str, str]) -> Page:
    rows = view.systems[key]
    first, claims = rows[0], _claims(view, rows)
    told = {r.fingerprint for r in rows}
    findings = gravest_first(f for f in view.findings_by_asset.get(key, ()) if f.fingerprint not in told)
    decision = decisions.of_system(rows, "")
    context = {
        "answer": headlines.system_answer(rows, view.posture.as_of),
        "decision": _decision(decision, view.posture.as_of) if decision else "",
        "facts": _facts(view, rows),
        "products": products(view, rows),
        "waiting": waiting(rows, findings, view.posture.as_of),
        "claims": [_claim(view, c) for c in claims],
        "history": history(claims),
        "exceptions": _exceptions(view, rows),
        "ways": routes(first),
        "findings": findings_table(view, findings),
        "scanned": of_device(view, key),
        "explained": words.plain(typed("explain", key[1], "--council", key[0]), 1_000),
        "rely": view.rely(view.councils.get(key[0])),
    }
    return Page(
        file=view.described[key], template="system.html", title=words.plain(name_of(first), 120), part_of="legacy.html",
        crumbs=(("Overview", "index.html"), ("Legacy register", "legacy.html")), context=context,
    )  # fmt: skip


def name_of(row: LegacyRow) -> str:
    """What people call it: the service, and which of its devices."""
    device = row.hostname or row.asset
    return f"{row.service}: {device}" if row.service else device


def _claims(view: View, rows: Sequence[LegacyRow]) -> list[ClaimRow]:
    named = {m for r in rows for m in r.mitigations}
    return [c for c in view.claims_by_asset.get((rows[0].council, rows[0].asset.casefold()), ()) if c.id in named]


def _decision(decision: decisions.Decision, today: date) -> str:
    if decision.on is None:
        by = "no date is set"
    else:
        by = f"by {words.english(decision.on)}{', which has passed' if decision.on < today else ''}"
    return words.plain(f"{decision.decision}. Who decides: {decision.who}; {by}.", 400)


def _facts(view: View, rows: Sequence[LegacyRow]) -> Facts:
    r = rows[0]
    facts: list[tuple[str, tuple[Bit | None, ...]]] = [
        ("Device", (bits.text(r.asset), bits.note(r.hostname) if r.hostname and r.hostname != r.asset else None)),
        ("Council", view.council(r.council).parts),
        ("Service it supports", (bits.text(r.service or "None recorded"),)),
        ("Owner", (bits.text(r.owner or "No owner recorded"),)),
        ("Network zone", (bits.text(r.zone or "Not known"),)),
        ("Protection", tuple(bits.tag(words.protection(p)) for p in dict.fromkeys(x.protection for x in rows))),
        ("Also on this service", tuple(_alike(view, r))),
    ]
    return [(label, kept) for label, parts in facts if (kept := tuple(p for p in parts if p is not None))]


def _alike(view: View, row: LegacyRow) -> list[Bit]:
    """Other devices of the register on which the same service rests."""
    if not row.service:
        return []
    others = [k for k in view.by_service[row.council, row.service] if k != (row.council, row.asset)]
    shown = [view.device(council, asset, asset) for council, asset in others[:ALIKE]]
    return [*shown, bits.text(f"and {len(others) - ALIKE} more")] if len(others) > ALIKE else shown


def products(view: View, rows: Sequence[LegacyRow]) -> Table:
    """Why it is legacy: each product with its last day, how long ago, and the two lines that say so."""
    today = view.posture.as_of
    shown = [
        bits.row(
            bits.cell(
                bits.text(r.label),
                bits.note(r.version) if r.version else None,
                bits.command(f"secscan explain {r.fingerprint}") if r.fingerprint else None,
            ),
            ended(r),
            (today - r.eol_on).days if r.eol_on else bits.cell(bits.text("Not known"), sort=""),
            bits.cell(bits.places([r.support_place] if r.support_place else []) or bits.text("Not stated")),
            bits.cell(bits.places([r.source_place] if r.source_place else []) or bits.text("Not stated")),
            plan(r),
        )
        for r in rows[: view.cap]
    ]
    heads = bits.columns("Product|Support ended|#Days ago|Day stated in|Found in|Result and date")
    return Table(
        id="products", caption="Products that nobody mends any more", columns=heads, rows=shown, total=len(rows),
        file="legacy.csv", sortable=False,
    )  # fmt: skip


def waiting(rows: Sequence[LegacyRow], findings: Sequence[FindingRow], today: date) -> list[str]:
    """What each day of waiting rests on: time without updates, what could be bought, what is known to be used."""
    said = []
    if days := [max(r.eol_on, r.entitled_until or r.eol_on) for r in rows if r.eol_on]:
        said.append(f"No security update for {words.many((today - min(days)).days, 'day')}, and one more each day.")
    for r in rows:
        label = words.plain(r.label, 80)
        if r.entitled_until:
            said.append(
                f"{label}: the extended support that this council held ran until {words.english(r.entitled_until)}."
            )
        elif r.extended_on and r.extended_on >= today:
            said.append(
                f"{label}: the maker offers an extension until {words.english(r.extended_on)}; it is not held here."
            )
        elif r.extended_on:
            said.append(
                f"{label}: the maker's extension ended on {words.english(r.extended_on)}, so no update can be bought."
            )
    used = [f for f in findings if f.outcome == "fail" and f.evidence.get("exploited") is True]
    if used:
        said.append(
            f"{words.many(len(used), 'missing update')} on it {'is' if len(used) == 1 else 'are'} for weaknesses known to be exploited."
        )
    return list(dict.fromkeys(said))


def _claim(view: View, c: ClaimRow) -> dict[str, object]:
    """A claimed protection: what is said, what the rules and the packets show, and how to test it again."""
    told = [("What was found", words.dated(c.reason)), *seen(c), ("Claimed by", f"{c.claimed_by}, {c.place}")]
    return {
        "link": view.claim(c.council, c.id),
        "tag": bits.tag(words.protection(c.state)),
        "said": words.plain(c.text or c.kind, 300),
        "facts": [(label, words.plain(text, 300)) for label, text in told],
        "tests": [words.plain(line, 1_000) for line in tests(c)[:TESTS]],
    }


def history(claims: Sequence[ClaimRow]) -> list[dict[str, object]]:
    """What is known of its protections, by day: how each stood and stands, what a test saw, when proof lapses."""
    events: list[tuple[date, str, Bit, str]] = []
    for c in claims:
        word = bits.tag(words.protection(c.state))
        for s in c.spells:
            why = words.plain(words.dated(s.why or "What that run found was not kept."), 400)
            events.append((s.first_on, c.id, bits.tag(words.protection(s.state)), why))
        if c.since and not c.spells:
            events.append((c.since, c.id, word, "It has stood like this since then, as far as the record goes back."))
        if c.observed_on:
            seen = words.plain(
                f"Packets from {c.observed_vantage or 'a probe'}: {c.observed_state or 'no answer'}.", 200
            )
            events.append((c.observed_on, c.id, bits.text("Tested"), seen))
        if c.lapses_on:
            events.append((c.lapses_on, c.id, bits.text("Proof lapses"), "After this day it has to be tested again."))
    return [
        {"day": words.english(day), "claim": words.plain(id, 100), "word": word, "says": says}
        for day, id, word, says in sorted(events, key=lambda e: (e[0], e[1], e[3]))
    ]


def _exceptions(view: View, rows: Sequence[LegacyRow]) -> list[tuple[Bit, str]]:
    """Exceptions on the device, in force or not: a link, and who decided what until when."""
    r = rows[0]
    mine = [e for e in view.exceptions.values() if e.council == r.council and e.asset.casefold() == r.asset.casefold()]
    return [
        (
            view.exception(e.council, e.id, e.id),
            words.plain(
                f"{words.EXCEPTION_STATES.get(e.state, e.state)}, last day {words.english(e.until)}; {e.control}, "
                f"approved by {e.approver}. {e.reason}", 600,
            ),
        )
        for e in mine
    ]  # fmt: skip


def routes(r: LegacyRow) -> Table:
    """Zones that policy does not trust, both ways: what the rules let through, by which line, and what a scan saw.

    What one line decides alike is one row: ports of a zone first, then zones with the same ports.
    """
    ports: dict[tuple[str, Route], list[str]] = {}
    for x in r.routes:
        ports.setdefault((x.zone, replace(x, zone="", port="")), []).append(x.port)
    zones: dict[tuple[Route, tuple[str, ...]], list[str]] = {}
    for (zone, decided), own in ports.items():
        zones.setdefault((decided, tuple(own)), []).append(zone)
    groups = sorted(
        zones.items(), key=lambda g: (g[0][0].reach is False, g[0][0].reach is None, g[0][0].direction, g[1])
    )
    rows = [
        bits.row(
            bits.prose(words.listing(names, NAMED)),
            words.listing(own, NAMED),
            "Out" if decided.direction == "out" else "In",
            *_verdict(decided),
        )
        for (decided, own), names in groups[:ROUTES]
    ]
    heads = bits.columns("Network zones|Ports|Way|Let through|Decided by|Seen by a scan")
    return Table(
        id="ways", caption="Ways in and out", columns=heads, rows=rows, total=len(groups), file="routes.csv",
        empty="No firewall file that was read says who can reach it.",
    )  # fmt: skip


def _verdict(x: Route) -> tuple[Cell, Cell, str]:
    why = bits.note(x.reason) if x.reason else None
    match x.reach:
        case True:
            said = bits.cell(bits.strong("Yes, from some addresses" if x.partly else "Yes"), why)
        case False:
            said = bits.cell(bits.text("No"))
        case None:
            said = bits.cell(bits.text("Cannot tell"), why)
    decided = bits.cell(
        bits.text(x.rule) if x.rule else bits.text("no rule"), bits.places([x.place]) if x.place else None
    )
    seen = {True: "Let through", False: "Blocked", None: "Nobody looked"}[x.observed]
    return said, decided, seen


def findings_table(view: View, rows: Sequence[FindingRow], empty: str = "No other finding names this device.") -> Table:
    shown = []
    for f in rows[: min(FINDINGS, view.cap)]:
        due, late = bits.day(f.due), (bits.strong("overdue"),) if f.overdue else ()
        shown.append(
            bits.row(
                bits.cell(view.finding(f.fingerprint, words.dated(f.title)), bits.command(f"secscan explain {f.fingerprint}")),
                f.control,
                bits.cell(bits.text(f.severity.capitalize()), sort=words.SEVERITY_RANK.get(f.severity, 4)),
                bits.cell(*view.standing(f)),
                Cell(parts=(*due.parts, *late), sort=due.sort),
            )
        )  # fmt: skip
    heads = bits.columns("Finding|Control|Severity|Result|Due")
    return Table(
        id="findings", caption="Other findings about this device", columns=heads, rows=shown, total=len(rows),
        file="findings.csv", empty=empty,
    )  # fmt: skip
