"""The report of a small whole partnership, held byte for byte: ``make golden`` writes it again, and the review reads the diff.

What changes with every release or with a line added elsewhere is masked: the version, the stylesheet, digests of our own
files, line numbers in the shipped baseline and catalogue, and how many products the catalogue has.
"""

from __future__ import annotations

import difflib
import json
import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from secscan import __version__, workspace
from secscan.scan import scan

ESTATE = Path(__file__).parent / "estates" / "smallville"
GOLDEN = Path(__file__).parent / "golden" / "smallville"
DAY = date(2026, 3, 1)
PAGES = ("index.html", "mitigations.html")
SHOWN_LINES = 60


def report(place: Path) -> Path:
    """The report of the estate, scanned in a fresh workspace at a fixed moment."""
    shutil.copytree(ESTATE, place)
    done = scan(
        workspace.load(place), DAY, now=lambda: datetime(2026, 3, 1, 6, 0, tzinfo=UTC), progress=lambda *_: None
    )
    assert done.report is not None
    return done.report


def masked(text: str, inputs: set[str]) -> str:
    """``text`` without what is not the estate's; ``inputs`` are the digests that are."""
    text = text.replace(f"secscan {__version__}", "secscan VERSION")
    text = re.sub(r"\b[0-9a-f]{64}\b", lambda found: found[0] if found[0] in inputs else "DIGEST", text)
    text = re.sub(r"(secscan/(?:policies|knowledge/catalogue)/[\w.-]+):\d+(?::\d+)?", r"\1:LINE", text)
    return re.sub(r"\d+ products; the oldest entry was checked on \d+ \w+ \d{4}", "CATALOGUE", text)


def masked_page(text: str, inputs: set[str]) -> str:
    """A page without its stylesheet, its script, and the policy that holds their digests."""
    text = re.sub(r"<(style|script)>.*?</\1>", r"<\1></\1>", text, flags=re.DOTALL)
    text, count = re.subn(r'(http-equiv="Content-Security-Policy" content=")[^"]*', r"\1POLICY", text)
    assert count == 1
    return masked(text, inputs)


def masked_data(value: Any) -> Any:
    match value:
        case {"file": str(file), "line": int()} if file.startswith("secscan/"):
            return {**value, "line": "LINE", "column": "COLUMN"}
        case dict():
            return {key: masked_data(v) for key, v in value.items()}
        case list():
            return [masked_data(v) for v in value]
    return value


def found(folder: Path) -> dict[str, str]:
    """What the golden files hold, by name, as this report has it."""
    posture = json.loads((folder / "data" / "posture.json").read_text(encoding="utf-8"))
    inputs = {row["sha256"] for row in posture["inputs"] if row["sha256"]}
    shown = {name: masked_page((folder / name).read_text(encoding="utf-8"), inputs) for name in PAGES}
    for path in sorted((folder / "data").glob("*.csv")):
        shown[f"data/{path.name}"] = masked(path.read_text(encoding="utf-8"), inputs)
    ours = {"tool_version": "VERSION", "catalogue_products": "NUMBER", "catalogue_checked_on": "DAY"}
    pretty = json.dumps(masked_data(posture | ours), indent=1, ensure_ascii=False) + "\n"
    return {**shown, "data/posture.json": masked(pretty, inputs)}


def test_the_report_of_the_small_partnership_is_as_it_was(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    now = found(report(tmp_path / "ws"))
    if pytestconfig.getoption("--update-golden"):
        shutil.rmtree(GOLDEN, ignore_errors=True)
        for name, text in now.items():
            (GOLDEN / name).parent.mkdir(parents=True, exist_ok=True)
            (GOLDEN / name).write_text(text, encoding="utf-8")
    then = {p.relative_to(GOLDEN).as_posix(): p for p in GOLDEN.rglob("*") if p.is_file()}
    assert sorted(then) == sorted(now)
    for name, text in now.items():
        was = then[name].read_bytes().decode()
        if was != text:
            lines = difflib.unified_diff(was.splitlines(), text.splitlines(), "golden", "now", lineterm="", n=1)
            changed = "\n".join(line[:400] for line in list(lines)[:SHOWN_LINES])
            pytest.fail(
                f"{name} changed; if that is meant, run 'make golden' and read the diff\n{changed}", pytrace=False
            )


def test_golden_files_hold_nothing_that_changes_by_itself() -> None:
    for path in GOLDEN.rglob("*"):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            assert f"secscan {__version__}" not in text and f'"{__version__}"' not in text and "sha256-" not in text, (
                path
            )
            assert "<style></style>" in text or path.suffix != ".html", path


def test_the_same_inputs_give_the_same_bytes_wherever_they_are(tmp_path: Path) -> None:
    one, two = report(tmp_path / "one"), report(tmp_path / "elsewhere" / "deeper" / "two")

    def content(folder: Path) -> dict[str, bytes]:
        return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}

    first, second = content(one), content(two)
    assert sorted(first) == sorted(second)
    assert [name for name in first if first[name] != second[name]] == []
    assert not any(str(tmp_path).encode() in data for data in first.values())
