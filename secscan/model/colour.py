"""Whether a colour stands out from white as WCAG measures it, and a darker one that does."""

from __future__ import annotations

import re
from typing import Final

_HEX: Final = re.compile(r"#[0-9a-f]{6}")
ENOUGH: Final = 4.5
"""What WCAG 2.2 asks of text (1.4.3, level AA); lines and blocks need less."""


def is_colour(text: str) -> bool:
    """Whether it is written as #1d70b8."""
    return _HEX.fullmatch(text) is not None


def contrast_to_white(colour: str) -> float:
    """The contrast ratio to white, 1 to 21, by relative luminance. ``colour`` is written as #1d70b8."""
    red, green, blue = (_linear(int(colour[i : i + 2], 16) / 255) for i in (1, 3, 5))
    return 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05)


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)


def darkened(colour: str) -> str:
    """The colour itself where its contrast is enough, else the lightest shade of it whose contrast is."""
    parts = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    shades = ("#" + "".join(f"{part * light // 255:02x}" for part in parts) for light in range(255, -1, -1))
    return next(shade for shade in shades if contrast_to_white(shade) >= ENOUGH)


def in_words(ratio: float) -> str:
    """``3.13 to 1``, never rounded up."""
    return f"{int(ratio * 100) / 100:.2f} to 1"
