"""The frame's brand: what is not safe or not legible in a result is left out, whoever wrote it there."""

from __future__ import annotations

import base64
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.doors import png as door
from secscan.model.colour import ENOUGH, contrast_to_white, darkened, in_words, is_colour
from secscan.model.errors import InputError
from secscan.model.posture import Brand
from secscan.render import words
from secscan.render.brand import quoted, shown
from tests.pictures import chunk, png
from tests.render.hostile import ATTACK
from tests.render.postures import partnership
from tests.render.reader import Reader, html_of

colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")
LOGO = base64.b64encode(png()).decode()


def page(brand: Brand) -> str:
    return html_of(replace(partnership(), brand=brand))["glossary.html"]


@pytest.mark.parametrize(
    ("colour", "ratio"),
    [("#000000", "21.00 to 1"), ("#ffffff", "1.00 to 1"), ("#767676", "4.54 to 1"), ("#777777", "4.47 to 1")],
)
def test_contrast_is_what_wcag_measures(colour: str, ratio: str) -> None:
    assert in_words(contrast_to_white(colour)) == ratio


@given(colour=colours)
def test_a_darker_shade_passes_and_one_step_lighter_would_not(colour: str) -> None:
    shade = darkened(colour)
    assert is_colour(shade) and contrast_to_white(shade) >= ENOUGH
    if contrast_to_white(colour) >= ENOUGH:
        assert shade == colour
    else:
        parts = [(int(colour[i : i + 2], 16), int(shade[i : i + 2], 16)) for i in (1, 3, 5)]
        assert all(dark <= light for light, dark in parts)


@pytest.mark.parametrize(
    "accent",
    [None, "", "#12436", "#12436g", "red", "#28a197", "#12436d;}", "#12436d}</style><script>", "#12436D", f"#12436d{ATTACK}", "#12436d\n"],
)  # fmt: skip
def test_a_colour_that_is_none_or_too_pale_is_not_used(accent: str | None) -> None:
    assert "--app-accent" not in shown(Brand(accent=accent), "M").rule
    assert "--app-accent:#" not in page(Brand(accent=accent))


def test_the_colour_is_part_of_the_hashed_style_and_of_nothing_else() -> None:
    text = page(Brand(accent="#7a1f5c"))
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style and ":root{--app-accent:#7a1f5c}\n" in style[1]
    assert text.count("#7a1f5c") == 1


@pytest.mark.parametrize(
    "logo",
    [
        "", "no base64", ATTACK, base64.b64encode(b"<svg onload=alert(1)>").decode(), LOGO[:-8], LOGO + "!", f"{LOGO}\n", "é",
        base64.b64encode(png() + b"<script>").decode(), base64.b64encode(png(1, 1, chunk(b"tEXt", b"x" * 100_000))).decode(),
    ],
)  # fmt: skip
def test_a_picture_that_is_none_is_not_shown(logo: str) -> None:
    assert shown(Brand(logo_png=logo), "M").logo == ""
    assert not Reader(page(Brand(logo_png=logo))).all("img")


def test_a_picture_is_shown_once_in_the_head_and_named_where_no_name_stands_beside_it() -> None:
    for brand, named in ((Brand(logo_png=LOGO), "Logo"), (Brand(logo_png=LOGO, name="Oak"), "")):
        (image,) = Reader(page(brand)).all("img")
        assert image.inside("header")
        assert image.attributes == {"class": "app-header__logo", "src": f"data:image/png;base64,{LOGO}", "alt": named}


def test_words_about_the_maker_and_frames_that_move_are_left_out_of_a_picture() -> None:
    told = [chunk(kind, b"Someone, somewhere") for kind in (b"tEXt", b"iTXt", b"eXIf", b"acTL", b"fcTL", b"iCCP")]
    assert door.checked(png(12, 8, *told), "logo.png") == png()
    assert door.checked(png(12, 8, chunk(b"sRGB", b"\0")), "logo.png") == png(12, 8, chunk(b"sRGB", b"\0"))


@given(marking=st.text(max_size=120))
def test_a_marking_is_a_string_of_the_stylesheet_and_nothing_else(marking: str) -> None:
    found = quoted(marking)
    assert re.fullmatch(r"(?:[A-Za-z0-9]|\\[0-9a-f]{6})*", found)
    assert re.sub(r"\\([0-9a-f]{6})", lambda m: chr(int(m[1], 16)), found) == words.plain(marking, 80)


def test_a_hostile_marking_ends_neither_its_string_nor_the_style() -> None:
    text = html_of(replace(partnership(), marking=f'";}}}}</style>{ATTACK}'))["glossary.html"]
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style and re.search(
        r'@page\{@top-right\{content:"[A-Za-z0-9 \\]*";font:bold 9pt Arial,sans-serif\}\}\n$', style[1]
    )


@given(data=st.binary(max_size=400), at=st.integers(0, 80), whole=st.booleans())
def test_any_bytes_are_a_picture_or_refused_in_one_line(data: bytes, at: int, whole: bool) -> None:
    picture = png()
    try:
        kept = door.checked(data if whole else picture[:at] + data + picture[at:], "logo.png")
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert door.checked(kept, "logo.png") == kept
