"""snap: the text of ``snap list``. A row is a snap; the asset comes from the file's own name.

A revision that is disabled (``snap list --all``) is on the disk and does not run: it counts as blank.
"""

from __future__ import annotations

import re
from typing import Final

from secscan.doors import csv
from secscan.model.raw import Refusal
from secscan.sources import looks, values
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job, Rows
from secscan.sources.sample import Sample
from secscan.sources.values import Bad

_HEAD = re.compile(r"Name\s+Version\s+Rev\s+.*\bNotes\s*")
_REVISION = re.compile(r"x?\d+")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:_[a-z0-9]{1,10})?")
_STARS: Final = "*✓✪✔"
"""What marks a publisher that the store has looked at."""
_NONE: Final = ("No snaps are installed",)


class Snap:
    """Reads one list."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        if seen.kind != "text":
            raise job.refuse(f"is {seen.words}" + ("" if seen.kind == "empty" else ", not a snap list"))
        lines = re.split(r"\r\n|\r|\n", csv.text(job.data, job.shown, job.source.encoding))
        tag = job.named()
        rows, refused = Rows("software"), list[Refusal]()
        read = blank = disabled = 0
        for number, line in enumerate(lines, 1):
            cells = line.split()
            if not read and len(cells) > 3 and not _REVISION.fullmatch(cells[2]):
                continue  # the headings, in whatever language
            if line.startswith(_NONE) or (number == len(lines) and not line):
                continue
            read += 1
            if read > job.limits.rows:
                raise job.refuse(f"has more than {job.limits.rows:,} rows", "raise limits.rows in secscan.yaml")
            if not cells:
                blank += 1
            elif len(cells) not in (5, 6) or not (_NAME.fullmatch(cells[0]) and _REVISION.fullmatch(cells[2])):
                refused.append(_broken(number, line, tag, "is no line of snap list"))
            elif isinstance(found := values.words(line), Bad):
                refused.append(_broken(number, line, tag, found.reason))
            elif "disabled" in cells[-1].split(","):
                disabled += 1
            else:
                publisher = cells[-2].rstrip(_STARS)
                rows.add(
                    job.files.code(job.shown, number),
                    asset_tag=tag,
                    name=cells[0],
                    version=_said(cells[1]),
                    publisher=_said(publisher),
                )
        says = f"{job.shown}: {disabled:,} revisions are disabled; counted as blank"
        return Found(
            rows_read=read, rows_loaded=len(rows.places), rows_blank=blank + disabled, refused=refused,
            warnings=[says] if disabled else [], tables={"software": rows.done()},
        )  # fmt: skip


def _said(text: str) -> str | None:
    return None if values.is_unknown(text) else text


def _broken(line: int, text: str, tag: str, reason: str) -> Refusal:
    return Refusal(
        line=line, column=None, reason=f"{values.shown(text)} {reason}", asset_tag=tag, raw=text[: csv.RAW_LIMIT]
    )


def _fits(sample: Sample) -> str | None:
    head = sample.lines[0] if sample.lines else ""
    return "certain: the headings of snap list" if _HEAD.fullmatch(head) else None


KINDS: Final = (Kind(name="snap", reader=Snap(), tables=frozenset({"software"}), row="snap", fits=_fits),)
