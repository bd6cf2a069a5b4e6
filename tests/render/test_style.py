"""The built stylesheet and the script: small, of their own, and loading nothing."""

from __future__ import annotations

import re

from secscan.doors.files import shipped

ASSETS = shipped("reports") / "assets"


def test_the_stylesheet_loads_nothing_and_borrows_no_identity() -> None:
    css = re.sub(r'\[href\^="https?://"\]', "", (ASSETS / "secscan.css").read_text(encoding="utf-8"))
    for word in ("@font-face", "url(", "@import", "gds", "crown", "crest", "http:", "https:", "</"):
        assert word not in css.lower(), word
    assert re.findall(r"font-family:(?!inherit)([^;}\"']+)", css)
    families = {f.strip() for f in re.findall(r"font-family:\s*([^;}]+)", css)} - {"inherit"}
    assert all(re.match(r'(Arial|"Liberation Mono")', f) for f in families), families


def test_the_stylesheet_is_of_the_size_that_was_chosen() -> None:
    assert 40_000 < (ASSETS / "secscan.css").stat().st_size < 80_000


def test_the_stylesheet_has_print_phone_and_forced_colour_rules() -> None:
    css = (ASSETS / "secscan.css").read_text(encoding="utf-8")
    assert "@media print" in css
    assert "max-width: 480px" in css
    assert "forced-colors: active" in css


def test_the_script_is_small_and_can_neither_load_nor_evaluate() -> None:
    script = (ASSETS / "sorter.js").read_text(encoding="utf-8")
    assert len(script.encode()) <= 2_500
    for word in (
        "innerHTML",
        "eval",
        "fetch",
        "XMLHttp",
        "import",
        "document.write",
        "insertAdjacentHTML",
        "setTimeout",
        "location",
        "</",
    ):
        assert word not in script, word


def test_the_notice_names_what_the_design_is_built_from() -> None:
    notice = (ASSETS / "NOTICE.txt").read_text(encoding="utf-8")
    css = (ASSETS / "secscan.css").read_text(encoding="utf-8")
    version = re.search(r"govuk-frontend ([0-9.]+)", css)
    assert version is not None and f"GOV.UK Frontend {version.group(1)}" in notice
    assert "The MIT License" in notice and "Copyright (C) 2017" in notice


def test_no_template_marks_data_as_safe() -> None:
    for template in (shipped("reports") / "templates").glob("*.html"):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b", text), template.name
        assert "autoescape" not in text, template.name
        assert not re.search(r"\sstyle=|\son[a-z]+=", text), template.name
