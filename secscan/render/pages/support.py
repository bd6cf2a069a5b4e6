"""The support calendar: what ends when, on how many devices, and for how much nobody knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from secscan.model.horizon import HORIZONS, PAST_DAYS, months_after
from secscan.model.posture import SupportEnd
from secscan.render import bits, charts, headlines, words
from secscan.render.bits import Table
from secscan.render.html import Page
from secscan.render.view import View

ENDS: Final[Mapping[str, str]] = {
    "support": "Support", "extension": "Extension on offer", "entitlement": "Extension held",
}  # fmt: skip


def build(view: View) -> Page:
    p = view.posture
    context = {
        "answer": headlines.support_answer(p),
        "chart": by_month(view),
        "horizons": [
            {"id": id, "title": title, "table": ends_table(view, id, title, rows)} for id, title, rows in horizons(view)
        ],
        "known": known_table(view),
        "last": words.english(months_after(p.as_of, HORIZONS[-1])),
        "rely": view.rely(),
    }
    return Page(
        file="support.html", template="support.html", title="Support calendar", part_of="support.html",
        crumbs=(("Overview", "index.html"),), context=context,
    )  # fmt: skip


def horizons(view: View) -> list[tuple[str, str, list[SupportEnd]]]:
    """(id, title, ends) for each horizon, soonest first, and last what has ended within a year."""
    today, ends = view.posture.as_of, view.posture.support_ends
    found = []
    after = today - timedelta(days=1)
    for months, before in zip(HORIZONS, (0, *HORIZONS), strict=False):
        last = months_after(today, months)
        title = f"Within {months} months" if not before else f"In {before} to {months} months"
        until = f"{title}: until {words.english(last)}"
        found.append((f"within-{months}", until, [e for e in ends if after < e.on <= last]))
        after = last
    past = [e for e in ends if today - timedelta(days=PAST_DAYS) <= e.on < today]
    return [*found, ("ended", "Ended within the last year", past)]


def ends_table(view: View, id: str, title: str, ends: Sequence[SupportEnd]) -> Table:
    """One row a day, release line and kind of end; councils and services put together."""
    together: dict[tuple[date, str, str, str], list[SupportEnd]] = {}
    for e in sorted(ends, key=lambda e: (e.on, e.label, e.product, e.what, e.council)):
        together.setdefault((e.on, e.label, e.product, e.what), []).append(e)
    rows = []
    for (on, label, _, what), alike in list(together.items())[: view.cap]:
        councils = words.listing([f"{view.name(e.council)} {e.assets:,}" for e in alike], 5)
        services = words.listing(list(dict.fromkeys(s for e in alike for s in e.services)), 4)
        places = dict.fromkeys(e.place for e in alike if e.place)
        rows.append(
            bits.row(
                bits.day(on), label, ENDS.get(what, what), sum(e.assets for e in alike), councils, services or None,
                bits.places(places),
            )
        )  # fmt: skip
    heads = bits.columns("Day|Release line|What ends|#Devices|Councils|Services that depend on it|Where the day stands")
    return Table(
        id=id, caption=title, columns=heads, rows=rows, total=len(together), file="support-ends.csv", sorted_by=(0, "ascending"),
        empty="Nothing is known to end in this time." if id != "ended" else "Nothing is known to have ended in this time.",
    )  # fmt: skip


def by_month(view: View) -> dict[str, object] | None:
    """Devices by the month in which support that a council holds ends; None where none does."""
    today = view.posture.as_of
    first = today.replace(day=1)
    months = [months_after(first, n) for n in range(HORIZONS[-1] + 1)]
    counts = dict.fromkeys(months, 0)
    for e in view.posture.support_ends:
        if e.on >= today and e.what != "extension" and (month := e.on.replace(day=1)) in counts:
            counts[month] += e.assets
    if not any(counts.values()):
        return None
    busy = [f"{words.long_month(m)}: {n:,}." for m, n in counts.items() if n]
    return {
        "svg": charts.column_chart(
            "months", list(counts.items()), title="Column chart: devices whose support ends, by month",
            description=f"{' '.join(busy)} What ends is in the tables below.",
        ),
    }  # fmt: skip


def known_table(view: View) -> Table:
    """For each council what is known of when support ends; the parts add up to its installed programs."""
    parts = ("installs", "ended", "ahead", "later", "open_ended", "undated", "unrecognised")
    known = view.posture.support_known
    rows = [bits.row(view.council(k.council), *(getattr(k, part) for part in parts)) for k in known]
    foot = bits.row("All", *(sum(getattr(k, part) for k in known) for part in parts))
    heads = bits.columns(
        "Council|#Installed programs|#Ended|#Within 24 months|#Later|#No end announced|#Day not known|#Name not recognised"
    )
    return Table(
        id="known", caption="Installed programs by what is known of the end of their support", columns=heads, rows=rows,
        foot=foot, file="support-known.csv", empty="Nothing is on record about when support ends.",
    )  # fmt: skip
