"""A council's name, colour and logo as pages may show them: looked at again here, because a result is only a file."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from markupsafe import Markup

from secscan.doors import png
from secscan.model.colour import ENOUGH, contrast_to_white, is_colour
from secscan.model.errors import InputError
from secscan.model.posture import Brand
from secscan.render import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the frame of a page shows; empty where there is nothing, or nothing that may be shown."""

    name: str = ""
    logo: Markup | str = ""
    """The picture as an address that loads nothing."""
    rule: str = ""
    """The line of the stylesheet that sets the colour; it is hashed with the rest."""


def shown(brand: Brand) -> Shown:
    """The brand with whatever is not safe, or not legible, left out."""
    return Shown(name=words.plain(brand.name or "", 80), logo=_logo(brand.logo_png), rule=_rule(brand.accent))


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
