"""Evidence: what an auditor needs to repeat the run, to draw a sample from it, and to doubt each of its sources."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final

from secscan.model.places import Place
from secscan.model.posture import ControlRow, FindingRow
from secscan.render import bits, headlines, words
from secscan.render.bits import Bit, Table
from secscan.render.html import Page
from secscan.render.pages.council import inputs_table, refused
from secscan.render.pages.names import FEW, names_table
from secscan.render.pages.overview import unseen
from secscan.render.pages.patching import excluded
from secscan.render.view import View

SAMPLE: Final = 10


def build(view: View) -> Page:
    p = view.posture
    edition = "" if view.edition == "team" else f" --edition {view.edition}"
    context = {
        "answer": headlines.evidence_answer(p),
        "again": f"secscan report --run {p.run_id}{edition} --out again",
        "record": record(view),
        "inputs": inputs_table(view, p.inputs, whole=True),
        "refused": refused(p.inputs),
        "controls": controls(view),
        "loosened": loosened(view),
        "excluded": excluded(view),
        "coverage": coverage(view),
        "joins": joins(view),
        "disagreements": disagreements(view),
        "feeds": feeds(view),
        "disputes": disputes(view),
        "notices": [f"{f.label}: {f.notice}" for f in p.feeds if f.sha256 and f.notice],
        "checks": checks(view),
        "sample": sample_table(view),
        "seed": seed(p.run_id),
        "sampled": min(SAMPLE, len(p.findings)),
        "population": len(p.findings),
        "command": sample_command(p.run_id),
        "unrecognised": names_table(view, limit=FEW),
        "unseen": unseen(view),
        "rely": view.rely(),
    }
    return Page(
        file="evidence.html", template="evidence.html", title="Evidence", part_of="evidence.html",
        crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def record(view: View) -> list[tuple[str, str]]:
    """The run's own identity, whole: nothing is shortened here."""
    p = view.posture
    return [
        ("Run", p.run_id),
        ("As at", words.english(p.as_of)),
        ("Made by", f"secscan {p.tool_version}"),
        ("Edition", view.edition),
        ("Policy", f"{p.policy_name} {p.policy_version}"),
        ("Policy, SHA-256", p.policy_digest),
        ("data/posture.json, SHA-256", view.digest),
        ("Record of the run before", p.previous_digest or "none: this is the first run"),
        *view.extra.items(),
    ]


def controls(view: View) -> Table:
    rows = []
    for c in view.posture.controls[: view.cap]:
        counts = c.outcomes.values()
        passed, failed, unknown, stale = (
            sum(o.get(k, 0) for o in counts) for k in ("passed", "failed", "unknown", "stale")
        )
        settings = _settings(c)
        rows.append(
            bits.row(
                bits.cell(bits.text(c.id), bits.note(words.THEMES.get(c.theme, c.theme)), bits.code(str(c.place))),
                bits.cell(bits.strong(c.title), bits.note(c.text), bits.note(settings) if settings else None, *(bits.reference(r) for r in c.references)),
                bits.cell(bits.text(c.severity.capitalize()), bits.note(f"due in {words.many(c.due_days, 'day')}"), sort=words.SEVERITY_RANK.get(c.severity, 4)),
                passed, failed,
                bits.cell(bits.text(words.number(unknown)), bits.note(f"{words.number(stale)} too old") if stale else None, sort=unknown),
                _state(view, c),
            )
        )  # fmt: skip
    heads = bits.columns(
        "Control|What it asks, by which numbers, after which text|Severity|#Passed|#Failed|#Not known|State"
    )
    return Table(
        id="controls",
        caption="Controls and their outcomes",
        columns=heads,
        rows=rows,
        total=len(view.posture.controls),
        file="controls.csv",
        tight=True,
    )


def _settings(c: ControlRow) -> str:
    given = [f"{k} = {_said(v)}" for k, v in c.params.items()]
    for part, values in c.scope.items():
        pairs = values.items() if isinstance(values, Mapping) else [("", values)]
        given += [f"{part} {k} {_said(v)}".replace("  ", " ") for k, v in pairs]
    return "; ".join(given)


def _said(value: Any) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case Mapping():
            return words.listing([f"{k}: {v}" for k, v in value.items()], 8)
        case list() | tuple():
            return words.listing([str(v) for v in value], 6)
        case _:
            return str(value)


def _state(view: View, c: ControlRow) -> str:
    if c.disabled is not None:
        return f"Switched off: {c.disabled}"
    if c.error:
        return f"Broke and judged nothing: {c.error}"
    everywhere = set(c.councils) >= set(view.councils)
    return "On" if everywhere else f"On for {words.listing([view.name(n) for n in c.councils], 3)}"


def loosened(view: View) -> Table:
    rows = [
        bits.row(
            str(x.get("control")), words.listing([view.name(str(c)) for c in x.get("councils") or ()], 4), str(x.get("what")),
            _said(x.get("before")), _said(x.get("after")),
            bits.cell(bits.prose(str(x.get("reason") or "no reason given")), bits.code(words.place(x.get("place")) or "not stated")),
        )
        for x in view.posture.loosened[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("Control|Councils|What|Before: baseline asks|After: council asks|Reason and place")
    return Table(
        id="loosened", caption="Where a council asks for less than the baseline", columns=heads, rows=rows,
        total=len(view.posture.loosened), file="loosened.csv", empty="No council asks for less than the baseline.",
    )  # fmt: skip


def coverage(view: View) -> Table:
    """What each source saw of its council, how fresh, and what nobody else saw."""
    rows = [
        bits.row(
            bits.cell(bits.text(r.source), bits.note(r.kind)),
            view.council(r.council),
            bits.day(r.dated_on, "No file came"),
            words.share(r.assets, r.of_assets) if r.of_assets else "no device",
            words.of(r.fresh, r.assets),
            r.only_here,
            words.share(r.recognised, r.installs) if r.installs else None,
        )
        for r in sorted(view.posture.coverage, key=lambda r: (r.council, r.source))[: view.cap]
    ]
    heads = bits.columns(
        "Source|Council|Newest file|Devices it names|Seen lately, of these|#Named by no other|Program names recognised"
    )
    return Table(
        id="coverage", caption="Coverage by source", columns=heads, rows=rows, total=len(view.posture.coverage),
        file="coverage.csv", empty="No source reports what it covers.",
    )  # fmt: skip


def joins(view: View) -> Table:
    """Devices that several sources name by different ids, and what told that they are one."""
    rows = [
        bits.row(
            r.asset, view.council(r.council), words.listing(r.also, 4),
            bits.cell(bits.text(r.key), None if r.sure else bits.note("less sure")), bits.cell(bits.places(r.places) or bits.text("Not stated")),
        )
        for r in view.posture.joins[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("Device|Council|Other sources call it|Joined by|Where")
    return Table(
        id="joins", caption="Devices that several sources name differently", columns=heads, rows=rows,
        total=len(view.posture.joins), file="joins.csv", empty="No device goes by several names.",
    )  # fmt: skip


def disagreements(view: View) -> Table:
    """Facts about which two sources differ; what is used comes first."""
    rows = []
    for d in view.posture.disagreements[: view.cap]:
        used, *others = [_told(s.source, s.value, s.place) for s in d.said] or [(bits.text("Not stated"),)]
        rows.append(
            bits.row(
                bits.cell(bits.text(d.asset), bits.note(d.hostname) if d.hostname else None),
                view.council(d.council),
                d.fact,
                bits.cell(*used),
                bits.cell(*(b for told in others[:3] for b in told)) if others else None,
            )
        )
    heads = bits.columns("Device|Council|Fact|Used here|Said by another source")
    return Table(
        id="disagreements", caption="Where two sources disagree", columns=heads, rows=rows,
        total=len(view.posture.disagreements), file="disagreements.csv", empty="No two sources disagree.",
    )  # fmt: skip


def feeds(view: View) -> Table:
    """Public knowledge from outside: what was used, how old it was, and which document exactly."""
    rows = [
        bits.row(
            bits.cell(bits.text(f.label), bits.code(f.source)),
            bits.day(f.dated_on, "None imported"),
            bits.cell(bits.text(words.FEED_STATES[f.state]), bits.note(f"{words.many(f.age_days, 'day')} old") if f.age_days is not None else None),
            f.entries,
            bits.cell(bits.text(f.origin), bits.note("another than the run before used") if f.changed else None) if f.origin else None,
            bits.digest(f.sha256) if f.sha256 else None,
        )
        for f in view.posture.feeds[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("Feed|Document of|State|#Entries|Imported from|SHA-256")
    return Table(
        id="feeds", caption="Public knowledge that was used", columns=heads, rows=rows, total=len(view.posture.feeds),
        file="feeds.csv", empty="This run was made before feeds were kept.",
    )  # fmt: skip


def disputes(view: View) -> Table:
    """Release lines of which the catalogue and a feed say different things."""
    rows = [
        bits.row(
            f"{d.label} {d.cycle}",
            *(bits.cell(bits.text(words.dated(said)), bits.note(f"as of {words.english(on)}"), bits.code(str(place)))
              for said, on, place in zip((d.catalogue, d.feed), (d.catalogue_on, d.feed_on), d.places, strict=True)),
            "The catalogue" if d.used == "catalogue" else "The feed",
        )
        for d in view.posture.date_disputes[: view.cap]
    ]  # fmt: skip
    heads = bits.columns("Release line|The catalogue says|A feed says|Used here")
    return Table(
        id="date-disputes", caption="Where catalogue and feed disagree", columns=heads, rows=rows,
        total=len(view.posture.date_disputes), file="date-disputes.csv", empty="No feed disagrees with the catalogue.",
    )  # fmt: skip


def _told(source: str, value: str, place: Place) -> tuple[Bit, ...]:
    return bits.strong(value), bits.note(f"by {source}"), bits.code(str(place))


def checks(view: View) -> Table:
    rows = [
        bits.row(
            str(c.get("id")),
            str(c.get("title") or ""),
            bits.cell(
                bits.code(str(c.get("file") or "")), bits.note(f"from {c['package']}") if c.get("package") else None
            ),
            bits.digest(str(c.get("sha256") or "")),
        )
        for c in view.posture.checks[: view.cap]
    ]
    heads = bits.columns("Check|What it finds|File|SHA-256")
    return Table(
        id="checks",
        caption="Checks that ran",
        columns=heads,
        rows=rows,
        total=len(view.posture.checks),
        file="checks.csv",
        empty="No check ran.",
    )


def seed(run_id: str) -> str:
    """What the sample is drawn by: nobody chooses it, and everybody can work it out again."""
    return hashlib.sha256(run_id.encode("utf-8", "surrogatepass")).hexdigest()


def sample(rows: Sequence[FindingRow], run_id: str) -> list[FindingRow]:
    """Ten findings by lot: those whose fingerprint, behind the seed, has the lowest SHA-256."""
    lot = seed(run_id)
    return sorted(
        rows, key=lambda f: hashlib.sha256(f"{lot}{f.fingerprint}".encode("utf-8", "surrogatepass")).digest()
    )[:SAMPLE]


def sample_command(run_id: str) -> str:
    """The same draw by Python alone, in the folder of the report: what it prints is what the page shows."""
    return (
        "python3 -c \"import csv, hashlib; names = [r['fingerprint'] for r in csv.DictReader(open('data/findings.csv', encoding='utf-8'))]; "
        f"print(*sorted(names, key=lambda n: hashlib.sha256(('{seed(run_id)}' + n).encode()).digest())[:{SAMPLE}], sep='\\n')\""
    )


def sample_table(view: View) -> Table:
    rows = [
        bits.row(
            bits.cell(bits.code(f.fingerprint)),
            bits.cell(view.finding(f.fingerprint, words.dated(f.title)), bits.note(f"{f.control}, {f.asset or 'no one device'}")),
            view.council(f.council),
            bits.cell(*view.standing(f)),
            bits.cell(bits.places(f.sources) or bits.text("The source did not come")),
            bits.command(f"secscan explain {f.fingerprint}"),
        )
        for f in sample(view.posture.findings, view.posture.run_id)
    ]  # fmt: skip
    heads = bits.columns("Fingerprint|Finding|Council|Result|Compare with|Command")
    return Table(
        id="sample", caption="Findings drawn by lot", columns=heads, rows=rows, sortable=False,
        empty="There is no finding to draw from.",
    )  # fmt: skip
