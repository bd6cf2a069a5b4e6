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


def recognise_kind(path: Path, shown: str | None = None, limit: int = 200 * files.MEGABYTE) -> tuple[str, str]:
    """(kind, how surely in words). The kind is "" where no reader takes the file; the words then say what it is.

    Raises InputError when the file cannot be read at all.
    """
    name = shown or path.name
    data = files.read_bytes(path, shown=name, limit=limit)
    try:
        found = packed.whole(data, name, limit)
    except InputError as error:
        return "", error.reason + (f"; {error.hint}" if error.hint else "")
    return told(Sample(found.data, found.shown))


def told(sample: Sample) -> tuple[str, str]:
    """The same of a file's bytes."""
    fitting = [(kind.name, words) for kind in KINDS.values() if (words := kind.fits(sample))]
    if fitting:
        return min(fitting, key=lambda one: _SURELY.index(one[1].partition(":")[0]))
    if sample.broken:
        return "", sample.broken
    if _is_advisory(sample.document):
        return "", "is a CSAF document: what a maker advises, not what a machine has; no reader takes it as an export"
    if sample.looks.kind == "json":
        return "", "is JSON of a kind that no reader takes"
    if sample.looks.kind == "text":
        return "", "is text, but no table and no list that a reader knows"
    return "", f"is {sample.looks.words}; no reader takes it"


def _is_advisory(document: Any) -> bool:
    head = document.get("document") if isinstance(document, dict) else None
    return isinstance(head, dict) and "csaf_version" in head
