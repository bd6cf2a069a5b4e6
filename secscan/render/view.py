"""A posture with what every page looks up in it: names, addresses of pages and places, and what each page must say of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

from secscan.model.posture import (
    ClaimRow,
    CouncilRow,
    DeviceResults,
    ExceptionRow,
    FindingRow,
    LegacyRow,
    PairRow,
    Posture,
    ZoneRow,
)
from secscan.render import bits, decisions, figures, headlines, words
from secscan.render.bits import Bit, Cell
from secscan.render.decisions import Decision
from secscan.render.redact import Edition

LIFECYCLE: Final = "endoflife"
"""The feed of support dates."""
CLAIM_PAGES: Final = 300
"""Claimed protections with a page of their own, likewise."""
SYSTEM_PAGES: Final = 300
"""Devices of the legacy register with a page of their own, so that a report stays of a size that can be handed on."""


@dataclass(frozen=True, kw_only=True)
class View:
    """One edition of one posture. ``cap``: the most rows that a table may show."""

    posture: Posture
    edition: Edition
    digest: str
    """SHA-256 of data/posture.json."""
    cap: int
    extra: Mapping[str, str] = field(default_factory=dict)

    def capped(self, cap: int) -> View:
        """The same view with other room in its tables."""
        return self if cap == self.cap else replace(self, cap=cap)

    @cached_property
    def councils(self) -> dict[str, CouncilRow]:
        return {row.id: row for row in self.posture.councils}

    @cached_property
    def short(self) -> dict[str, str]:
        rows = self.posture.councils
        return dict(zip((r.id for r in rows), words.short_names([r.name for r in rows]), strict=True))

    @cached_property
    def findings(self) -> dict[str, FindingRow]:
        return {row.fingerprint: row for row in self.posture.findings}

    @cached_property
    def exceptions(self) -> dict[tuple[str, str], ExceptionRow]:
        return {(row.council, row.id): row for row in self.posture.exceptions}

    @cached_property
    def claims(self) -> dict[tuple[str, str], ClaimRow]:
        return {(row.council, row.id): row for row in self.posture.claims}

    @cached_property
    def register(self) -> Sequence[LegacyRow]:
        """The legacy register, what matters most first: weakest protection, most ways in, oldest end of support."""
        order = {word: i for i, word in enumerate(words.WEAKEST_FIRST)}
        return sorted(
            self.posture.legacy,
            key=lambda r: (
                r.status == "accepted", order.get(r.protection, len(order)), -r.routes_open, -r.routes_unknown,
                str(r.eol_on or "9999"), r.council, r.asset, r.label,
            ),
        )  # fmt: skip

    @cached_property
    def systems(self) -> dict[tuple[str, str], list[LegacyRow]]:
        """(council, asset) to its unsupported products, in the order of the register."""
        found: dict[tuple[str, str], list[LegacyRow]] = {}
        for row in self.register:
            found.setdefault((row.council, row.asset), []).append(row)
        return found

    @cached_property
    def described(self) -> dict[tuple[str, str], str]:
        """(council, asset) to the page of its own; the rest are rows of the register only.

        Those that somebody protects or accepted come first, for there is more to tell of them; then the gravest.
        """
        told = {key for key, rows in self.systems.items() if any(r.mitigations or r.exception for r in rows)}
        order = sorted(self.systems, key=lambda key: key not in told)
        return {key: f"{words.anchor('system', *key)}.html" for key in order[:SYSTEM_PAGES]}

    @cached_property
    def claim_pages(self) -> dict[tuple[str, str], str]:
        """(council, claim) to the page of its own; the weakest come first."""
        order = {word: i for i, word in enumerate(words.WEAKEST_FIRST)}
        ranked = sorted(self.claims.values(), key=lambda c: (order.get(c.state, len(order)), c.council, c.id))
        return {(c.council, c.id): f"{words.anchor('mitigation', c.council, c.id)}.html" for c in ranked[:CLAIM_PAGES]}

    @cached_property
    def zones(self) -> dict[str, ZoneRow]:
        return {z.id: z for z in self.posture.matrix.zones} if self.posture.matrix else {}

    @cached_property
    def zone_pages(self) -> dict[str, str]:
        """Zone to the page of who may reach it."""
        return {zone: f"{words.anchor('zone', zone)}.html" for zone in self.zones}

    @cached_property
    def pairs(self) -> dict[tuple[str, str], list[PairRow]]:
        """(from, to) to what the rules let through between the two zones."""
        found: dict[tuple[str, str], list[PairRow]] = {}
        for row in self.posture.matrix.pairs if self.posture.matrix else ():
            found.setdefault((row.from_zone, row.to_zone), []).append(row)
        return found

    @cached_property
    def decisions(self) -> list[Decision]:
        """Every decision that is needed, most pressing first."""
        return decisions.needed(self.posture, self.described)

    @cached_property
    def by_service(self) -> dict[tuple[str, str], list[tuple[str, str]]]:
        """(council, service) to the devices of the register on which it rests."""
        found: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for key, rows in self.systems.items():
            if rows[0].service:
                found.setdefault((key[0], rows[0].service), []).append(key)
        return found

    @cached_property
    def findings_by_asset(self) -> dict[tuple[str, str | None], list[FindingRow]]:
        found: dict[tuple[str, str | None], list[FindingRow]] = {}
        for row in self.posture.findings:
            found.setdefault((row.council, row.asset), []).append(row)
        return found

    @cached_property
    def claims_by_asset(self) -> dict[tuple[str, str], list[ClaimRow]]:
        found: dict[tuple[str, str], list[ClaimRow]] = {}
        for row in self.posture.claims:
            found.setdefault((row.council, row.asset.casefold()), []).append(row)
        return found

    @cached_property
    def device_results(self) -> dict[tuple[str, str], DeviceResults]:
        return {(row.council, row.asset): row for row in self.posture.device_results}

    @cached_property
    def listed_findings(self) -> frozenset[str]:
        """Fingerprints that have a row of their own on their council's page under this cap."""
        shown: set[str] = set()
        for council in self.councils:
            shown.update(f.fingerprint for f in self.findings_of(council)[: self.cap])
        return frozenset(shown)

    def findings_of(self, council: str) -> Sequence[FindingRow]:
        """A council's findings, gravest first: open before unknown before protected before accepted."""
        return gravest_first(f for f in self.posture.findings if f.council == council)

    def name(self, council: str) -> str:
        return self.short.get(council, council)

    def council_page(self, council: str) -> str:
        return f"council-{words.file_id(council)}.html"

    def council(self, council: str) -> Cell:
        known = council in self.councils
        return bits.cell(bits.link(self.name(council), self.council_page(council)) if known else bits.text(council))

    def device(self, council: str, asset: str, shown: str) -> Bit:
        """A device as a link to its page where the legacy register has one, else as text."""
        page = self.described.get((council, asset))
        return bits.link(shown, page) if page else bits.text(shown)

    def register_of(self, council: str) -> str:
        """The council's own part of the legacy register."""
        return f"legacy-of-{words.file_id(council)}.html" if len(self.councils) > 1 else "legacy.html"

    def claim(self, council: str, id: str) -> Bit:
        """A claimed protection as a link to its page, or else to its row, where it is on record."""
        row = f"mitigations.html#{words.anchor('claim', council, id)}"
        known = (council, id) in self.claims
        return bits.link(id, self.claim_pages.get((council, id), row)) if known else bits.text(id)

    def exception(self, council: str, id: str, shown: str) -> Bit:
        known = (council, id) in self.exceptions
        return (
            bits.link(shown, f"exceptions.html#{words.anchor('exception', council, id)}") if known else bits.text(shown)
        )

    def finding(self, fingerprint: str, shown: object) -> Bit:
        """A link to the finding's row where it has one, else its text."""
        found = self.findings.get(fingerprint)
        if found is None or fingerprint not in self.listed_findings or found.council not in self.councils:
            return bits.text(shown)
        return bits.link(shown, f"{self.council_page(found.council)}#{words.anchor('finding', fingerprint)}")

    def standing(self, row: FindingRow) -> tuple[Bit, ...]:
        """The word for a finding, with who accepted or what protects beside it."""
        if row.outcome == "unknown":
            return (
                (bits.tag("Not known"), bits.note(words.many(row.count, "row")))
                if row.count > 1
                else (bits.tag("Not known"),)
            )
        if row.status == "accepted":
            exception = self.exceptions.get((row.council, row.exception or ""))
            until = f"Accepted until {words.english(exception.until)}" if exception else "Accepted"
            return (bits.tag(until),)
        if row.mitigation_state:
            said = f"protection: {words.protection(row.mitigation_state)}"
            return bits.tag("Not met"), bits.note(said)
        return (bits.tag("Not met"),)

    @cached_property
    def _relied(self) -> dict[str | None, list[tuple[str, str]]]:
        return {}

    def rely(self, council: CouncilRow | None = None) -> list[tuple[str, str]]:
        """What a reader needs to know before believing a page; the same lines on every page, over one council or all."""
        key = council.id if council else None
        if key not in self._relied:
            self._relied[key] = self._rely(council)
        return self._relied[key]

    def _rely(self, council: CouncilRow | None) -> list[tuple[str, str]]:
        p = self.posture
        councils = [council] if council else list(p.councils)
        ids = {c.id for c in councils}
        t = figures.totals(councils)
        inputs = [i for i in p.inputs if i.council in ids]
        read = [i for i in inputs if i.file is not None and i.state not in ("missing", "unreadable")]
        known, every = figures.judged_share(p.controls, ids)
        on = [c for c in p.controls if c.disabled is None]
        off = len(p.controls) - len(on)
        lines = [
            ("Data used", self._dated(read, len(inputs))),
            ("Devices seen lately", words.share(t.seen_fresh, t.assets)),
            ("Devices with a software list", words.share(t.listed, t.assets)),
            ("Program names recognised", words.share(t.recognised, t.installs)),
            ("Results known", f"{words.share(known, every)}; the rest is shown as not known, never as a pass"),
            (
                "Rules used",
                f"{p.policy_name} {p.policy_version}: {words.many(len(on), 'control')}"
                + (f", {off} switched off" if off else "")
                + (f", {words.many(len(p.loosened), 'place')} looser than the baseline" if p.loosened else ""),
            ),
            ("Support dates", self._catalogue()),
            ("Other feeds", self._feeds()),
            ("Run", f"{p.run_id}, secscan {p.tool_version}" + ("" if p.complete else "; it did not see everything")),
            *self.extra.items(),
        ]
        return [(label, words.plain(value, 600)) for label, value in lines] + self._sums()

    def _dated(self, read: Sequence[Any], expected: int) -> str:
        days = sorted(i.dated_on for i in read if i.dated_on)
        if not days:
            return f"no file of the {words.many(expected, 'source')} expected" if expected else "no file"
        span = (
            words.english(days[0]) if days[0] == days[-1] else f"{words.english(days[0])} to {words.english(days[-1])}"
        )
        sources = len({(i.council, i.source) for i in read})
        return f"{words.many(len(read), 'file')} from {words.many(sources, 'source')}, dated {span}"

    def _catalogue(self) -> str:
        checked = self.posture.catalogue_checked_on
        counted = words.many(self.posture.catalogue_products, "product")
        own = f"{counted}; the oldest entry was checked on {words.english(checked)}" if checked else counted
        return ". ".join([own, *(words.feed(f) for f in self.posture.feeds if f.feed == LIFECYCLE)])

    def _feeds(self) -> str:
        """Those that say what is missing and what is exploited; each a sentence."""
        held = [f for f in self.posture.feeds if f.feed != LIFECYCLE and f.dated_on is not None]
        return ". ".join(map(words.feed, held)) or "none imported"

    def _sums(self) -> list[tuple[str, str]]:
        wrong = figures.disagreements(self.posture)
        return [("Figures that do not add up", words.plain(". ".join(wrong) + ".", 600))] if wrong else []

    def gap_lines(self, council: str | None = None) -> list[dict[str, str]]:
        """For the banner: each council with a part missing, what it is and what that leaves not known."""
        lines = []
        for found in headlines.gap_lines(self.posture):
            row: CouncilRow = found["council"]
            if council in (None, row.id):
                lines.append(
                    {"heading": self._gap_heading(row, found["gaps"]), "says": self._gap_effect(row, found["gaps"])}
                )
        return lines

    def _gap_heading(self, row: CouncilRow, gaps: Sequence[Mapping[str, Any]]) -> str:
        if not gaps:
            return f"{row.name}: some of its data is too old to rely on."
        said = str(gaps[0].get("says") or f"{gaps[0].get('source')}: {gaps[0].get('why')}")
        more = f" {words.many(len(gaps) - 1, 'more source')} of it gave less than it should." if len(gaps) > 1 else ""
        return words.plain(f"{row.name}: {words.dated(said)}{more}", 400)

    def _gap_effect(self, row: CouncilRow, gaps: Sequence[Mapping[str, Any]]) -> str:
        dated = sorted(
            i.dated_on
            for g in gaps
            for i in self.posture.inputs
            if i.source == g.get("source") and i.council == row.id and i.dated_on
        )
        newest = f"Its newest data is of {words.english(dated[-1])}. " if dated else ""
        if row.patched_unknown:
            total = row.patched_in_time + row.patched_late + row.patched_unknown
            return f"{newest}Patching of {words.of(row.patched_unknown, total)} devices is shown as not known, not as a pass."
        return f"{newest}What it would tell is shown as not known, not as a pass."

    def unread(self, council: str | None = None) -> list[tuple[str, str]]:
        """(who, what) for every source that gave less than it should, worst first; and over all, what the run itself says."""
        p = self.posture
        lines = [
            (self.name(str(g.get("council"))), str(g.get("says") or f"{g.get('source')}: {g.get('why')}"))
            for g in sorted(p.gaps, key=lambda g: (not g.get("stale"), str(g.get("council")), str(g.get("source"))))
            if council in (None, g.get("council"))
        ]
        if council is None:
            told = {str(g.get("says")).rstrip(".") for g in p.gaps}
            lines += [("The run", warning) for warning in p.warnings if warning.rstrip(".") not in told]
            lines += [
                ("The run", f"The check of {c.id} broke and judged nothing: {c.error}") for c in p.controls if c.error
            ]
        return [(words.plain(who, 100), words.plain(what, 400)) for who, what in lines]


def gravest_first(findings: Iterable[FindingRow]) -> list[FindingRow]:
    """Open before unknown before protected before accepted; within these by severity and day."""
    status = {"open": 0, "mitigated": 2, "accepted": 3}

    def rank(f: FindingRow) -> tuple[object, ...]:
        standing = 1 if f.outcome == "unknown" else status.get(f.status, 4)
        return (
            standing, words.SEVERITY_RANK.get(f.severity, 4), not f.overdue, f.due, f.control, f.asset or "", f.subject,
        )  # fmt: skip

    return sorted(findings, key=rank)
