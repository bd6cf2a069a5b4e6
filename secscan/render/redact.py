"""What each edition may hold, decided on the data before any template sees it, so that no template can leak.

``team`` and ``audit`` hold everything. An edition for members or for the public must leave out names of devices,
addresses, products tied to a service, and counts small enough to point at one device, in one edition and between
two. That is not a filter on this page's text but a posture of its own; until there is one, those editions are
refused rather than half done.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

from secscan.model.errors import UsageError
from secscan.model.posture import Posture

Edition = Literal["team", "audit"]
EDITIONS: Final[tuple[str, ...]] = get_args(Edition)
WITHHELD: Final = ("members", "public")


def edition_of(name: str) -> Edition:
    """The edition of that name. Raises UsageError for one that is unknown or that cannot be made safely yet."""
    match name:
        case "team" | "audit":
            return name
        case "members" | "public":
            raise UsageError(
                f"the {name} edition cannot be made by this version: it would need names and small counts taken out safely; "
                f"make the team or audit edition and keep it inside its marking"
            )
        case _:
            raise UsageError(f"there is no edition '{name}'; it is one of {', '.join(EDITIONS)}")


def cut(posture: Posture, edition: Edition) -> Posture:
    """The part of a posture that an edition may hold: for ``team`` and ``audit`` the whole of it."""
    match edition:
        case "team" | "audit":
            return posture
