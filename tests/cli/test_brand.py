"""A council's own name, colour and logo: taken, or refused at its line with what to do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pictures import SIGNATURE, chunk, head, png

DAY = "2026-03-01"
Run = Callable[..., Any]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def branded(workspace: Path, **keys: str) -> int:
    """secscan.yaml asks for these keys; answers the line of the last."""
    path = workspace / "secscan.yaml"
    lines = path.read_text().splitlines()
    if "reports:" not in lines:
        lines.append("reports:")
    at = lines.index("reports:") + 1
    lines[at:at] = [f"  {key}: '{value}'" for key, value in keys.items()]
    path.write_text("\n".join(lines) + "\n")
    return at + len(keys)


def test_name_colour_and_logo_are_on_every_page(secscan: Run, workspace: Path) -> None:
    (workspace / "brand").mkdir()
    (workspace / "brand" / "logo.png").write_bytes(png())
    branded(workspace, name="Oak & Elm <together>", logo="brand/logo.png", accent="#1D70B8")
    assert secscan("-w", workspace, "policy", "lint").code == 0
    assert secscan("-w", workspace, "scan", "--as-of", DAY).code == 3
    pages = list((workspace / "reports" / "latest").glob("*.html"))
    assert pages
    for page in pages:
        text = page.read_text()
        assert "Oak &amp; Elm &lt;together&gt;" in text
        assert ":root{--app-accent:#1d70b8}" in text
        assert 'src="data:image/png;base64,' in text


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (SVG, "is not a PNG picture; save it as PNG"),
        (b"", "is not a PNG picture"),
        (SIGNATURE, "is not a whole PNG picture"),
        (png()[:-20], "is a PNG that is cut short"),
        (png()[:40] + b"x" + png()[41:], "is a PNG that is damaged"),
        (png() + SVG, "has something after the end of its picture"),
        (png(2_001, 1), "is 2001 by 1 dots; the limit is 2000 by 2000"),
        (SIGNATURE + head(0, 5) + chunk(b"IDAT") + chunk(b"IEND"), "is 0 by 5 dots"),
        (SIGNATURE + head(1, 1) + chunk(b"IEND"), "is not a whole PNG picture"),
        (png(1, 1, chunk(b"EVIL")), "is a PNG of a kind that nobody here knows"),
        (png(1, 1, chunk(b"tEXt", b"x" * 100_000)), "is 101 KB; the limit is 100 KB"),
        (png(1, 1, chunk(b"tEXt", b"x" * 2_000_000)), "is 2 MB; the limit is 1 MB"),
    ],
)
def test_a_picture_that_is_none_is_refused_at_its_line_by_lint_and_scan(
    secscan: Run, workspace: Path, data: bytes, says: str
) -> None:
    (workspace / "logo.png").write_bytes(data)
    line = branded(workspace, logo="logo.png")
    linted, scanned = secscan("-w", workspace, "policy", "lint"), secscan("-w", workspace, "scan", "--as-of", DAY)
    named = secscan("-w", workspace, "policy", "lint", workspace / "secscan.yaml")
    assert linted.code == scanned.code == named.code == 2
    for said in (linted.out, scanned.err, named.out):
        (told,) = [one for one in said.splitlines() if "logo" in one and "fault" not in one]
        assert told.startswith(f"secscan.yaml:{line}:") and says in told, told
    assert not (workspace / "state" / "history.db").exists()


def test_a_logo_elsewhere_or_none_is_refused(secscan: Run, workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.png").write_bytes(png())
    (workspace / "link.png").symlink_to(tmp_path / "outside.png")
    (workspace / "folder.png").mkdir()
    text = (workspace / "secscan.yaml").read_text()
    for logo, says in (
        ("../outside.png", "is not in the workspace"),
        (str(tmp_path / "outside.png"), "is not in the workspace"),
        ("link.png", "leads out of the workspace by a link"),
        ("folder.png", "is a folder, not a file"),
        ("missing.png", "no such file"),
    ):
        (workspace / "secscan.yaml").write_text(text)
        branded(workspace, logo=logo)
        said = secscan("-w", workspace, "policy", "lint")
        assert said.code == 2 and f"the logo '{logo}' {says}" in said.out


@pytest.mark.parametrize(
    ("accent", "says"),
    [
        ("#28a197", "'#28a197' has a contrast of 3.16 to 1 to white, and white text on it needs 4.5 to 1; #20847c is"),
        ("#FFFFFF", "'#FFFFFF' has a contrast of 1.00 to 1 to white, and white text on it needs 4.5 to 1; #767676 is"),
        ("red", "'red' is not a colour; write it as #1d70b8"),
        ("#12436d}body{display:none", "is not a colour; write it as #1d70b8"),
    ],
)
def test_a_colour_that_cannot_carry_white_text_is_refused_with_one_that_can(
    secscan: Run, workspace: Path, accent: str, says: str
) -> None:
    line = branded(workspace, accent=accent)
    for args in (("policy", "lint"), ("scan", "--as-of", DAY), ("policy", "lint", workspace / "secscan.yaml")):
        said = secscan("-w", workspace, *args)
        assert said.code == 2
        (told,) = [one for one in (said.out + said.err).splitlines() if says in one]
        assert told.startswith(f"secscan.yaml:{line}:")
