"""The legacy register: every unsupported product on every device as a row, whole and in parts that people ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from secscan.model.posture import LegacyRow, SupportEnd
from secscan.render import bits, headlines, words
from secscan.render.bits import Bit, Cell, Table
from secscan.render.html import Page
from secscan.render.view import View

AHEAD_MONTHS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Some rows of the register on a page of their own."""

    file: str
    label: str
    title: str
    answer: list[str]
    rows: Sequence[LegacyRow]


def build(view: View) -> Page:
    register = view.register
    whole = Part(
        file="legacy.html", label="All", title="Legacy register", rows=register,
        answer=headlines.legacy_answer(register, not headlines.blind(view.posture)),
    )  # fmt: skip
    return build_part(view, whole)


def build_part(view: View, part: Part) -> Page:
    context = {
        "answer": part.answer,
        "strip": strip(part.rows),
        "register": register_table(view, part.rows, part.title),
        "filters": filters(view, part.file),
        "total": len(part.rows),
        "described": described(view),
        "rely": view.rely(),
    }
    above = (("Legacy register", "legacy.html"),) if part.file != "legacy.html" else ()
    return Page(
        file=part.file, template="legacy.html", title=part.title, part_of="legacy.html",
        crumbs=(("Overview", "index.html"), *above), context=context,
    )  # fmt: skip


def parts(view: View) -> Iterator[Part]:
    """The pages that filter the register: what nothing protects, what failed its test, and each council's own."""
    whole, every = not headlines.blind(view.posture), len(view.register)
    bare = [r for r in view.register if r.protection == "none"]
    failed = [r for r in view.register if r.protection == "disproven"]
    yield Part(
        file="legacy-no-protection.html", label="No protection", title="Unsupported systems without protection",
        answer=[headlines.none_protects(len(bare), every, whole)], rows=bare,
    )  # fmt: skip
    yield Part(
        file="legacy-disproven.html", label="Disproven", title="Unsupported systems whose protection failed its test",
        answer=[headlines.disproven(len(failed), every)], rows=failed,
    )  # fmt: skip
    councils = list(view.councils.values())
    for council in councils if len(councils) > 1 else ():
        mine = [r for r in view.register if r.council == council.id]
        yield Part(
            file=view.register_of(council.id), label=view.name(council.id),
            title=f"Unsupported systems of {council.name}", rows=mine,
            answer=headlines.legacy_answer(mine, not council.stale and council.complete),
        )  # fmt: skip


def filters(view: View, here: str) -> list[dict[str, object]]:
    """Links to the register and its parts with how many rows each holds; the page itself is marked."""
    rows = view.register
    protections, owners = Counter(r.protection for r in rows), Counter(r.council for r in rows)
    links = [
        ("All", "legacy.html", len(rows)),
        ("No protection", "legacy-no-protection.html", protections["none"]),
        ("Disproven", "legacy-disproven.html", protections["disproven"]),
        (f"Support ends within {AHEAD_MONTHS} months", "legacy-ending.html", len(ending(view))),
    ]
    if len(view.councils) > 1:
        links += [(view.name(c), view.register_of(c), owners[c]) for c in view.councils]
    return [{"label": label, "href": href, "count": count, "here": href == here} for label, href, count in links]


def described(view: View) -> str:
    """How many devices of the register have a page of their own."""
    have, every = len(view.described), len(view.systems)
    if have == every:
        return f"Each of the {words.many(every, 'device')} has a page of its own."
    return f"{words.of(have, every)} devices have a page of their own: those with a claim or an exception, then the gravest."


def strip(rows: Sequence[LegacyRow]) -> list[dict[str, object]]:
    """How many systems have which protection; it adds up to the rows, words nobody knows included."""
    found = Counter(r.protection for r in rows)
    labels = {"none": "No protection"}
    shown = [{"label": labels.get(k, word), "count": found[k]} for k, word in words.PROTECTIONS.items()]
    other = len(rows) - sum(found[k] for k in words.PROTECTIONS)
    return [*shown, {"label": "Other", "count": other}] if other else shown


def register_table(view: View, rows: Sequence[LegacyRow], caption: str) -> Table:
    shown = []
    for r in rows[: view.cap]:
        name = r.service or r.hostname or r.asset
        shown.append(
            bits.row(
                bits.cell(view.device(r.council, r.asset, name), bits.note(r.asset)),
                view.council(r.council),
                bits.cell(bits.text(r.label), bits.note(r.version) if r.version else None),
                ended(r),
                r.routes_open,
                bits.cell(*_protection(r), sort=_strength(r.protection)),
                r.owner or "No owner recorded",
                plan(r),
            )
        )
    heads = bits.columns("System|Council|Product|Support ended|#Ways in still open|Protection|Owner|Result and date")
    return Table(
        id="register", caption=caption, columns=heads, rows=shown, total=len(rows), file="legacy.csv",
        empty="No such system was found.",
    )  # fmt: skip


def _strength(protection: str) -> int:
    return words.WEAKEST_FIRST.index(protection) if protection in words.WEAKEST_FIRST else len(words.WEAKEST_FIRST)


def ended(r: LegacyRow) -> Cell:
    """The last day of support, and what the maker sells or the council holds beyond it."""
    day = bits.day(r.eol_on, "Ended, day not stated")
    if r.entitled_until:
        beyond = f"extended support held until {words.english(r.entitled_until)}"
    elif r.extended_on:
        beyond = f"an extension to {words.english(r.extended_on)} is not held"
    else:
        return day
    return Cell(parts=(*day.parts, bits.note(beyond)), sort=day.sort)


def _protection(r: LegacyRow) -> tuple[Bit, ...]:
    said = words.listing(r.mitigations, 3)
    word = bits.tag(words.protection(r.protection))
    return (word, bits.note(said)) if said else (word,)


def plan(r: LegacyRow) -> Cell:
    """How the row stands, and by when something has to be done about it."""
    if r.status == "accepted" and r.exception_until:
        until = r.exception_until
        return bits.cell(bits.tag(f"Accepted until {words.english(until)}"), sort=until.isoformat())
    if r.status == "mitigated":
        return bits.cell(bits.tag("Not met"), bits.note("protected as policy asks"), sort="9998")
    if r.due is None:
        return bits.cell(bits.tag("Not met"), bits.note("no date set"), sort="9999")
    return bits.cell(bits.tag("Not met"), bits.note(f"due {words.english(r.due)}"), sort=r.due.isoformat())


def ending(view: View) -> list[SupportEnd]:
    """Support that is still there and ends within twelve months, the first to end first."""
    p = view.posture
    last = words.months_on(p.as_of, AHEAD_MONTHS)
    return sorted(
        (e for e in p.support_ends if p.as_of <= e.on <= last),
        key=lambda e: (e.on, -e.assets, e.council, e.label, e.what),
    )


def build_ending(view: View) -> Page:
    ends = ending(view)
    shown = [
        bits.row(
            bits.cell(bits.text(e.label), bits.places([e.place]) if e.place else None),
            view.council(e.council),
            bits.day(e.on),
            ENDS.get(e.what, e.what),
            e.assets,
            e.installs,
            words.listing(e.services, 4) or None,
        )
        for e in ends[: view.cap]
    ]
    heads = bits.columns("Product|Council|Last day|What ends|#Devices|#Installed|Services that depend on it")
    title = f"Support that ends within {AHEAD_MONTHS} months"
    context = {
        "answer": headlines.ending_answer(ends, not headlines.blind(view.posture)),
        "filters": filters(view, "legacy-ending.html"),
        "table": Table(
            id="ending", caption=title, columns=heads, rows=shown, total=len(ends), file="support-ends.csv",
            empty="No end of support within this time is known.",
        ),
        "rely": view.rely(),
    }  # fmt: skip
    return Page(
        file="legacy-ending.html", template="legacy-ending.html", title=title, part_of="legacy.html",
        crumbs=(("Overview", "index.html"), ("Legacy register", "legacy.html")), context=context,
    )  # fmt: skip


ENDS = {
    "support": "The maker's support",
    "extension": "The maker's extension",
    "entitlement": "Extended support that the council holds",
}
