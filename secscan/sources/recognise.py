"""Which kind a file is, judged by what stands in it and never by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from secscan.doors import files
from secscan.model.errors import InputError
from secscan.sources import packed
from secscan.sources.kinds import KINDS
from secscan.sources.sample import Sample

_SURELY: Final = ("certain", "likely", "possible")


def recognise_kind(
    path: Path, shown: str | None = None, limit: int = 200 * files.MEGABYTE,
    encoding: str | None = None, delimiter: str | None = None,
) -> tuple[str, str]:  # fmt: skip
    """(kind, how surely in words). The kind is "" where no reader takes the file; the words then say what it is.

    ``encoding`` and ``delimiter`` as they are declared. Raises InputError when the file cannot be read at all.
    """
    name = shown or path.name
    if streamed := _streamed(path, name):
        return streamed
    data = files.read_bytes(path, shown=name, limit=limit)
    try:
        inside = packed.wholes(data, name, limit)
        kinds = [told(Sample(one.data, one.shown, encoding, delimiter)) for one in inside]
        if len({kind for kind, _ in kinds}) != 1 or (len(kinds) > 1 and not all(map(_sure, kinds))):
            raise packed.several(name, inside)
    except InputError as error:
        return "", error.reason + (f"; {error.hint}" if error.hint else "")
    kind, words = max(kinds, key=lambda one: _SURELY.index(one[1].partition(":")[0]) if _sure(one) else 0)
    return kind, words if len(kinds) == 1 else f"{words} (each of {len(kinds):,} files)"


def _streamed(path: Path, shown: str) -> tuple[str, str] | None:
    """The same where a kind knows the file by its beginning; the rest of such a file may be too much to hold."""
    with files.in_pieces(path, shown=shown) as pieces:
        sample = Sample(pieces.head, shown)
    found = ((kind.name, words) for kind in KINDS.values() if kind.streams and (words := kind.fits(sample)))
    return next(found, None)


def _sure(one: tuple[str, str]) -> bool:
    return one[0] != "" and one[1].partition(":")[0] in _SURELY[:2]


def told(sample: Sample) -> tuple[str, str]:
    """The same of a file's bytes."""
    fitting = [(kind.name, words) for kind in KINDS.values() if (words := kind.fits(sample))]
    if fitting:
        return min(fitting, key=lambda one: _SURELY.index(one[1].partition(":")[0]))
    if sample.broken:
        return "", sample.broken
    if _is_advisory(sample.document):
        return "", "is a CSAF document: what a maker advises, not what a machine has; no reader takes it as an export"
    if _counts_errata(sample.document):
        return "", "is a Satellite list of errata, which counts hosts and names none; export the packages of each host"
    if sample.looks.kind == "json":
        return "", "is JSON of a kind that no reader takes; name its kind with --as if it is one of ours"
    if sample.looks.kind == "text":
        return (
            "",
            "is text, but no table and no list that a reader knows; look at what it is, or name its kind with --as",
        )
    return "", f"is {sample.looks.words}; no reader takes it: export it as CSV, XLSX, JSON or XML"


def _is_advisory(document: Any) -> bool:
    head = document.get("document") if isinstance(document, dict) else None
    return isinstance(head, dict) and "csaf_version" in head


def _counts_errata(document: Any) -> bool:
    """Whether it is what Red Hat Satellite lists of an organisation's errata: known, and of no asset."""
    rows = document.get("results") if isinstance(document, dict) else None
    return (
        isinstance(rows, list)
        and bool(rows)
        and isinstance(rows[0], dict)
        and {"errata_id", "hosts_available_count"} <= rows[0].keys()
    )
