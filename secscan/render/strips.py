"""The history strip of a claim: the states that its proof had, run by run, along the days.

Each stretch has a number that the table below it explains, and its word where there is room: no state needs its
colour to be told. Drawn wide and narrow, as all drawings are (``charts``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from markupsafe import Markup

from secscan.model.posture import ClaimSpell
from secscan.render import words
from secscan.render.charts import INK, drawing, rounded, tag, text

FILLS: Final = {
    "proven": ("#12436D", "#ffffff"), "configured": ("#28A197", INK), "claimed": ("#ffffff", INK),
    "disproven": ("#801650", "#ffffff"), "cannot-tell": ("#d8d8d8", INK),
}  # fmt: skip
"""State to its fill, and the ink that can be read on it."""
TOP, HIGH, LETTER = 6, 44, 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """One spell from its first day to the day on which the next begins, or to the last on which it was seen."""

    spell: ClaimSpell
    first: date
    after: date


def stretches(spells: Sequence[ClaimSpell], days: Sequence[date]) -> list[Stretch]:
    """``days``: those of all runs; a day of a run between two spells says that the claim was not made then."""
    found = []
    for at, spell in enumerate(spells):
        follower = spells[at + 1] if at + 1 < len(spells) else None
        between = [] if follower is None else [d for d in days if spell.last_on < d < follower.first_on]
        after = spell.last_on if follower is None or between else follower.first_on
        found.append(Stretch(spell=spell, first=spell.first_on, after=after))
    return found


def strip(key: str, found: Sequence[Stretch], title: str, description: str) -> list[Markup]:
    """The strip for screens and paper, and the one for phones."""
    return [
        _drawn(f"{key}-wide", found, title, description, 1060, "app-chart__wide"),
        _drawn(f"{key}-narrow", found, title, description, 320, "app-chart__narrow"),
    ]


def _drawn(key: str, found: Sequence[Stretch], title: str, description: str, width: int, css: str) -> Markup:
    first, last = found[0].first, found[-1].after
    span = (last - first).days

    def x(day: date) -> float:
        return (width - 2) * (day - first).days / span if span else 0.0

    parts = [
        tag("rect", x="1", y=TOP, width=width - 2, height=HIGH, fill="#ffffff", stroke=INK, stroke_dasharray="2 4")
    ]
    for at, one in enumerate(found, 1):
        fill, ink = FILLS[one.spell.state]
        left, wide = 1 + x(one.first), (x(one.after) - x(one.first) if span else width - 2)
        left, wide = (left, wide) if wide >= 3 else (min(left, width - 4.0), 3.0)
        parts.append(tag("rect", x=rounded(left), y=TOP, width=rounded(wide), height=HIGH, fill=fill, stroke=INK))
        named = f"{at} {words.protection(one.spell.state)}"
        said = named if wide > LETTER * len(named) else str(at) if wide > 2 * LETTER else ""
        if said:
            parts.append(text(left + wide / 2, TOP + HIGH / 2 + 6, said, anchor="middle", bold=True, fill=ink))
    parts.append(text(1, TOP + HIGH + 22, words.english(first)))
    if span:
        parts.append(text(width - 1, TOP + HIGH + 22, words.english(last), anchor="end"))
    return drawing(key, title, description, width, TOP + HIGH + 30, parts, css)
