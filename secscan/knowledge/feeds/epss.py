"""FIRST's Exploit Prediction Scoring System (EPSS): how likely it is that a vulnerability is exploited within 30 days.

Every published vulnerability has a score between 0 and 1, and the share of all others that score lower or the same. The
document is a table whose first line, a comment, has its day; it is made anew every day.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from secscan.knowledge.feeds.feed import Document, Feed, Sample, Source

_AGAIN: Final = "fetch it again"
_FIRST: Final = re.compile(
    rb"#model_version:([\w.-]{1,40}),score_date:(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:Z|\+0000|\+00:00)?", re.ASCII
)
_HEADER: Final = b"cve,epss,percentile"
_ROW: Final = re.compile(rb"(CVE-\d{4}-\d{4,19}),(0(?:\.\d{1,12})?|1(?:\.0{1,12})?|\d(?:\.\d+)?e-\d\d),(0(?:\.\d{1,12})?|1(?:\.0{1,12})?)", re.ASCII)  # fmt: skip


def _fits(sample: Sample) -> bool:
    return sample.raw.startswith((b"#model_version:", _HEADER))


def _read(sample: Sample) -> Document:
    lines = sample.raw.split(b"\n")
    first = _FIRST.fullmatch(lines[0].rstrip(b"\r"))
    if first is None or len(lines) < 2 or lines[1].rstrip(b"\r") != _HEADER:
        raise sample.refuse("does not begin with the day of its scores, and then cve,epss,percentile", _AGAIN)
    if not lines[-1]:
        lines.pop()
    at = datetime.fromisoformat(first[2].decode()).replace(tzinfo=UTC)
    scores: dict[str, tuple[float, float]] = {}
    for number, line in enumerate(lines[2:], 3):
        row = _ROW.fullmatch(line.rstrip(b"\r"))
        if row is None:
            raise sample.refuse(f"line {number} is no CVE with two numbers between 0 and 1", _AGAIN)
        cve = row[1].decode()
        if cve in scores:
            raise sample.refuse(f"line {number} has {cve} a second time", _AGAIN)
        scores[cve] = float(row[2]), float(row[3])
    if not scores:
        raise sample.refuse("holds no score", _AGAIN)
    return Document(part="", at=at, said_at=at, counts=dict.fromkeys(scores, 1), content=scores)


def _facts(sources: Sequence[Source]) -> dict[str, Any]:
    """Equal-long columns: the CVEs in the order of the document, their scores and their ranks among all.

    The score of the n-th stands on line n + 3 of the document.
    """
    (source,) = sources
    scores = source.document.content
    return {
        "file": source.file, "on": source.document.at.date().isoformat(), "cves": list(scores),
        "scores": [score for score, _ in scores.values()], "percentiles": [rank for _, rank in scores.values()],
    }  # fmt: skip


SOURCE: Final = "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz"
FEED: Final = Feed(
    id="epss",
    label="Likelihood of exploitation (EPSS)",
    source=SOURCE,
    licence="free to use, citing FIRST",
    notice="EPSS scores by the Forum of Incident Response and Security Teams (FIRST), https://www.first.org/epss.",
    noun="vulnerabilities",
    lapsed="its likelihoods are left out",
    fits=_fits,
    read=_read,
    facts=_facts,
    form=1,
)
