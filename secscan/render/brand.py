"""A council's name, colour and logo as pages may show them: looked at again here, because a result is only a file."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from markupsafe import Markup

from secscan.doors import png
from secscan.model.colour import ENOUGH, contrast_to_white, is_colour
from secscan.model.errors import InputError
from secscan.model.posture import Brand
from secscan.render import words

LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the frame of a page shows; empty where there is nothing, or nothing that may be shown."""

    name: str = ""
    logo: Markup | str = ""
    """The picture as an address that loads nothing."""
    rule: str = ""
    """The lines of the stylesheet that set the colour and the marking of each printed page; hashed with the rest."""


@lru_cache(maxsize=4)
def shown(brand: Brand, marking: str) -> Shown:
    """The brand with whatever is not safe, or not legible, left out. ``marking`` stands on every printed page.

    Looked at once, not once for each of the hundreds of pages.
    """
    rule = _rule(brand.accent) + f'@page{{@top-right{{content:"{quoted(marking)}";font:bold 9pt Arial,sans-serif}}}}\n'
    return Shown(name=words.plain(brand.name or "", 80), logo=_logo(brand.logo_png), rule=rule)


def quoted(text: str) -> str:
    """The text inside a string of a stylesheet: every sign but a letter and a digit by its number."""
    return "".join(c if c in LETTERS else f"\\{ord(c):06x}" for c in words.plain(text, 80))


def _rule(accent: str | None) -> str:
    if accent is None or not is_colour(accent) or contrast_to_white(accent) < ENOUGH:
        return ""
    return f":root{{--app-accent:{accent}}}\n"


def _logo(picture: str | None) -> Markup | str:
    try:
        sound = png.checked(base64.b64decode(picture or "", validate=True), "logo")
    except (InputError, binascii.Error, ValueError):
        return ""
    # Letters of base64, made here from bytes that were found to be a picture.
    return Markup("data:image/png;base64,") + base64.b64encode(sound).decode()
