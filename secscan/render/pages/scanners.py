"""What other scanners report: each with its file and age, where they agree, and what they report, in their own words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from secscan.model.posture import ScannerIssue, ScannerRow, SharedCve
from secscan.render import bits, headlines, words
from secscan.render.bits import Bit, Cell, Table
from secscan.render.html import Page
from secscan.render.view import View

FILE: Final = "other-scanners.html"
EXPLOITED_BY: Final = ("kev", "epss")
"""The feeds that say what is exploited."""
WORDS, CVES, SAYS, FILES = 6, 6, 6, 3
_CVE = re.compile(r"CVE-\d{4}-\d{4,19}", re.ASCII)


def build(view: View) -> Page:
    p = view.posture
    context = {
        "answer": headlines.scanners_answer(p),
        "given": bool(p.scanners),
        "scanners": scanners_table(view),
        "agreement": agreement_table(view),
        "shared": shared_table(view),
        "issues": issues_table(view),
        "exploited": _by_which(view),
        "rely": view.rely(),
    }
    return Page(
        file=FILE, template="scanners.html", title="What other scanners report", part_of="patching.html",
        crumbs=(("Overview", "index.html"), ("Patching", "patching.html")), context=context,
    )  # fmt: skip


def scanners_table(view: View, council: str | None = None) -> Table:
    found = [s for s in view.posture.scanners if council in (None, s.council)]
    rows = [
        bits.row(
            bits.cell(bits.text(s.source), bits.note(s.kind), *_files(s.files)),
            *([view.council(s.council)] if council is None else []),
            _dated(s), _state(s), *(_counts(s) if s.files else (None,) * 5),
        )
        for s in found[: view.cap]
    ]  # fmt: skip
    heads = bits.columns(
        f"Scanner and file|{'Council|' if council is None else ''}Dated|State|Devices it looked at|#Results open|By its own word|#Different CVEs|#On devices in no list"
    )
    return Table(
        id="scanners", caption="Scanners whose results were given", columns=heads, rows=rows, total=len(found),
        file="scanners.csv", empty="No results of another scanner were given.", tight=True,
    )  # fmt: skip


def _files(names: Sequence[str]) -> Iterable[Bit]:
    if not names:
        return [bits.note("no file came")]
    more = [bits.note(f"and {words.many(len(names) - FILES, 'more file')}")] if len(names) > FILES else []
    return [*(bits.code(name) for name in names[:FILES]), *more]


def _dated(s: ScannerRow) -> Cell:
    day = bits.day(s.dated_on, "No file came")
    age = (bits.note(f"{words.many(s.age_days, 'day')} old"),) if s.age_days is not None else ()
    return Cell(parts=(*day.parts, *age), sort=day.sort)


def _state(s: ScannerRow) -> Cell:
    old = bits.note("Too old to rely on: it says how things were.") if s.stale else None
    return bits.cell(bits.tag(words.INPUT_STATES.get(s.state, s.state)), old)


def _counts(s: ScannerRow) -> Sequence[Cell | int | None]:
    said = bits.cell(bits.prose(_words(s))) if s.severities else None
    return (_looked(s) if s.of_assets else None, s.results - s.fixed, said, s.cves, s.unlisted)


def _looked(s: ScannerRow) -> Cell:
    alone = bits.note(f"{s.only_here:,} in no other list") if s.only_here else None
    shown = bits.text(words.of(s.looked, s.of_assets))
    return bits.cell(shown, bits.note(f"results on {s.devices:,} of them"), alone, sort=s.looked)


def _words(s: ScannerRow) -> str:
    return words.listing([f"{word or 'no word'}: {n:,}" for word, n in s.severities.items()], WORDS)


def agreement_table(view: View) -> Table:
    found = view.posture.scanner_agreement
    rows = [
        bits.row(
            bits.cell(bits.text(words.listing(a.sources, SAYS)), bits.note("alone" if len(a.sources) == 1 else "each of them")),
            view.council(a.council), a.pairs, a.others_looked,
        )
        for a in found[: view.cap]
    ]  # fmt: skip
    heads = bits.columns(
        "Who reports it|Council|#Pairs of a device and a CVE|#Another scanner looked there too, and does not report it"
    )
    return Table(
        id="agreement", caption="How far scanners agree", columns=heads, rows=rows, total=len(found), file="scanner-agreement.csv",
        empty="No result names a CVE on a device that a list of its council has.", sortable=False,
        foot=bits.row("All, each pair once", None, sum(a.pairs for a in found), sum(a.others_looked for a in found)) if rows else None,
    )  # fmt: skip


def shared_table(view: View) -> Table:
    found = view.posture.shared_cves
    rows = [
        bits.row(
            bits.cell(*_named(c.cve)), view.council(c.council), c.assets, bits.cell(*_says(c.says)), _devices(c),
            bits.cell(bits.places(c.places, limit=3) or bits.NOTHING),
        )
        for c in found[: view.cap]
    ]  # fmt: skip
    heads = bits.columns(
        "CVE|Council|#Devices on which they agree|Each in its own words|Devices by scanner|First row of each"
    )
    return Table(
        id="shared", caption="The same CVE on the same device, by more than one scanner", columns=heads, rows=rows,
        total=len(found), file="shared-cves.csv", empty="No two scanners report the same CVE on the same device.",
        sorted_by=(2, "descending"),
    )  # fmt: skip


def _devices(c: SharedCve) -> str:
    return words.listing([f"{source}: {n:,}" for source, n in c.devices.items()], SAYS)


def issues_table(view: View) -> Table:
    found = view.posture.scanner_issues
    asked = any(f.feed in EXPLOITED_BY and f.state != "missing" for f in view.posture.feeds)
    rows = [
        bits.row(
            bits.cell(*_what(i)), view.council(i.council),
            i.assets,
            bits.cell(*_says(i.says)), score(i.cvss3), *([exploited(i)] if asked else []),
            words.listing(i.fixed_in, 4) or None, _found(i), bits.cell(*_where(i)),
        )
        for i in found[: view.cap]
    ]  # fmt: skip
    heads = bits.columns(
        "What is reported|Council|#Devices|Who says so, in its own words|#CVSS score|"
        f"{'Exploited|' if asked else ''}Mended in|Found|Devices, and the first row"
    )
    return Table(
        id="issues", caption="What other scanners report, on most devices first", columns=heads, rows=rows, total=len(found),
        file="scanner-issues.csv", empty="No scanner reports anything open.", sorted_by=(2, "descending"),
    )  # fmt: skip


def _named(issue: str) -> Iterable[Bit]:
    """A CVE with the command that shows every row about it; any other text as it is."""
    return [bits.text(issue), *([bits.command(f"secscan explain {issue}")] if _CVE.fullmatch(issue) else [])]


def _what(i: ScannerIssue) -> Iterable[Bit]:
    yield from _named(i.issue)
    if i.title != i.issue:
        yield bits.note(i.title)
    if i.cves and i.cves != [i.issue]:
        yield bits.note(words.listing(i.cves, CVES))
    if i.products:
        yield bits.note(f"in {words.listing(i.products, SAYS)}")


def _where(i: ScannerIssue) -> Iterable[Bit]:
    """The first devices by name, the first row, and how many rows there are."""
    more = f" and {i.assets - len(i.devices):,} more" if i.assets > len(i.devices) else ""
    yield bits.text(", ".join(i.devices) + more)
    if i.unlisted:
        yield bits.note(f"{words.many(i.unlisted, 'result')} on a device that is in no list")
    if first := bits.places(i.places[:1]):
        yield first
    yield bits.note(f"{words.many(i.results, 'row')} in all")


def _says(said: Sequence[str]) -> Iterable[Bit]:
    return [
        *(bits.note(one) for one in said[:SAYS]),
        *([bits.note(f"and {len(said) - SAYS:,} more")] if len(said) > SAYS else []),
    ]


def score(tenths: int | None) -> Cell | None:
    """A CVSS score, in tenths, as people write it."""
    if tenths is None:
        return None
    return Cell(parts=(bits.text(f"{tenths // 10}.{tenths % 10}"),), sort=str(tenths), numeric=True)


def _by_which(view: View) -> str:
    """Whose word it is that something is exploited, and of which day."""
    held = [f for f in view.posture.feeds if f.feed in EXPLOITED_BY and f.dated_on is not None]
    named = words.listing([f"{f.label}, of {words.english(f.dated_on)}" for f in held if f.dated_on], len(EXPLOITED_BY))
    return f"What is exploited is said by {named}." if named else ""


def exploited(i: ScannerIssue) -> Cell | None:
    """Since when it is known to be exploited, and how likely that is within 30 days; what is known sorts first."""
    likely = bits.note(f"{i.likelihood:.1%} likely within 30 days") if i.likelihood is not None else None
    if i.exploited_since is None:
        return bits.cell(likely, sort=f"{i.likelihood:.5f}") if i.likelihood is not None else None
    since = bits.text(f"Known since {words.english(i.exploited_since)}")
    return bits.cell(
        since, bits.note("used for ransom") if i.ransomware else None, likely, sort=f"{1 + (i.likelihood or 0):.5f}"
    )


def _found(i: ScannerIssue) -> Cell:
    last = Bit("date", words.english(i.last_seen))
    first = (
        bits.note(f"first on {words.english(i.first_seen)}") if i.first_seen and i.first_seen != i.last_seen else None
    )
    return bits.cell(last, first, sort=i.last_seen.isoformat())


def of_device(view: View, key: tuple[str, str]) -> Table | None:
    """What scanners report on one device of the legacy register; None where no results were given."""
    if not view.posture.scanners:
        return None
    found = view.device_results.get(key)
    rows = [
        bits.row(
            bits.cell(*_named(r.issue), bits.note(r.title) if r.title != r.issue else None, bits.note(r.proto_port) if r.proto_port else None),
            bits.cell(bits.text(r.scanner), bits.note(r.severity or "no word")), score(r.cvss3), r.fixed_in,
            bits.day(r.last_seen), bits.cell(bits.places([r.place]) or bits.NOTHING),
        )
        for r in (found.rows if found else ())
    ]  # fmt: skip
    heads = bits.columns("What is reported|Who says so, in its own words|#CVSS score|Mended in|Found|Where")
    return Table(
        id="scanned", caption="What other scanners report on this device", columns=heads, rows=rows, total=found.total if found else 0,
        empty="No scanner whose results were given reports anything open on it.", sortable=False,
    )  # fmt: skip
