"""A posture as a folder of pages that opens from a disk, with its data files and a manifest written last.

The caller stages the folder and publishes it in one rename (doors/files.py); a folder without a manifest is not
finished. The same posture always gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from secscan.doors import files, json, workbook
from secscan.model.errors import SecscanError
from secscan.model.posture import Posture
from secscan.render import brand, html, redact, words
from secscan.render.data import book, tables
from secscan.render.html import Page
from secscan.render.pages import (
    council,
    councils,
    evidence,
    exceptions,
    glossary,
    legacy,
    matrix,
    mitigation,
    mitigations,
    names,
    not_seen,
    overview,
    patching,
    scanners,
    support,
    system,
    trends,
)
from secscan.render.view import View

PAGE_LIMIT: Final = 2 * files.MEGABYTE
CAPS: Final = (1_000, 400, 150, 50, 15)
"""Rows that a table may show; the next is taken when a page would grow past its limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One file of the report, and how many bytes it has."""

    path: Path
    size: int


def site(
    posture: Posture,
    out: Path,
    *,
    edition: str = "team",
    extra: Mapping[str, str] | None = None,
    raw: bytes | None = None,
    xlsx: bool = False,
) -> list[Written]:
    """The report is in ``out``; what was written, the manifest last.

    ``edition``: team or audit. ``extra``: lines for "How far you can rely on this page", label to value, such as the
    digest under which the run is recorded. ``raw``: the posture's JSON (``doors.json.compact``) where it is at hand;
    an edition that leaves nothing out carries those very bytes, whose digest is in the record. ``xlsx``: with a
    workbook of all tables beside the CSV files. Raises UsageError for an edition that cannot be made, or a workbook
    where its library is missing, StorageError when a file cannot be written, and SecscanError when two councils would
    share a page.
    """
    chosen = redact.edition_of(edition)
    if xlsx:
        workbook.library()
    shown = redact.cut(posture, chosen)
    data = raw if raw is not None and shown is posture else json.compact(shown)
    view = View(posture=shown, edition=chosen, digest=files.sha256(data), cap=CAPS[0], extra=dict(extra or {}))
    contents = {name: text.encode() for name, text in pages(view).items()}
    contents["NOTICE.txt"] = html.asset("NOTICE.txt").encode()
    contents |= {f"data/{name}": text.encode() for name, text in tables(view).items()}
    contents["data/posture.json"] = data
    files.make_folder(out / "data")
    if xlsx:
        contents["data/posture.xlsx"] = book(view, out / "data")
    listed = manifest(view, contents).encode()
    files.write_all({out / name: content for name, content in contents.items()})
    files.write(out / "manifest.json", listed)
    contents["manifest.json"] = listed
    return [Written(path=out / name, size=len(content)) for name, content in contents.items()]


def pages(view: View) -> dict[str, str]:
    """Every page of the edition, file name to HTML, the glossary last because it names the pages before it."""
    made: dict[str, tuple[str, str]] = {}
    for name, build in _builders(view):
        if name in made:
            raise SecscanError(f"two pages would be called {name}")
        made[name] = _fitting(view, build)
    made["glossary.html"] = _fitting(view, lambda v: glossary.build(v, made))
    return {name: text for name, (_, text) in made.items()}


def _builders(view: View) -> Iterator[tuple[str, Any]]:
    yield "index.html", overview.build
    yield "councils.html", councils.build
    for row in view.posture.councils:
        yield view.council_page(row.id), lambda v, row=row: council.build(v, row)
    yield "legacy.html", legacy.build
    yield "legacy-ending.html", legacy.build_ending
    for part in legacy.parts(view):
        yield part.file, lambda v, part=part: legacy.build_part(v, part)
    for key, file in view.described.items():
        yield file, lambda v, key=key: system.build(v, key)
    yield "mitigations.html", mitigations.build
    for key, file in view.claim_pages.items():
        yield file, lambda v, key=key: mitigation.build(v, v.claims[key])
    yield "matrix.html", matrix.build
    for zone, file in view.zone_pages.items():
        yield file, lambda v, zone=zone: matrix.build_zone(v, v.zones[zone])
    yield "patching.html", patching.build
    yield scanners.FILE, scanners.build
    yield "exceptions.html", exceptions.build
    yield "trends.html", trends.build
    yield "support.html", support.build
    yield "not-seen.html", not_seen.build
    yield "names.html", names.build
    yield "evidence.html", evidence.build


def _fitting(view: View, build: Any) -> tuple[str, str]:
    """A page's title and HTML, with as many rows as its limit allows."""
    for cap in CAPS:
        page: Page = build(view.capped(cap))
        text = html.render(page, frame(view))
        told = [] if page.file == "glossary.html" else glossary.used(text)
        text = html.with_words(text, [(t.id, t.term) for t in told])
        if len(text.encode()) <= PAGE_LIMIT:
            break
    return page.title, text


def frame(view: View) -> dict[str, Any]:
    """What every page shows around its own part."""
    p = view.posture
    return {
        "name": p.title,
        "brand": brand.shown(p.brand, p.marking),
        "marking": p.marking,
        "partnership": p.partnership,
        "edition": view.edition,
        "sample": p.sample,
        "as_of": words.english(p.as_of),
        "as_of_iso": p.as_of.isoformat(),
        "run_id": p.run_id,
        "digest": view.digest,
        "tool_version": p.tool_version,
        "terms": glossary.names(),
        "colour": words.colour,
    }


def manifest(view: View, contents: Mapping[str, bytes]) -> str:
    """The list of the report's files with size and SHA-256, as JSON."""
    p = view.posture
    listed = [
        {"path": name, "size": len(data), "sha256": files.sha256(data)} for name, data in sorted(contents.items())
    ]
    head = {
        "schema": "secscan.report/1",
        "run_id": p.run_id,
        "as_of": p.as_of,
        "edition": view.edition,
        "complete": p.complete,
    }
    return json.dumps({**head, "files": listed}) + "\n"
