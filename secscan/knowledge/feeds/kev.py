"""CISA's catalogue of vulnerabilities that are known to be exploited (KEV).

What is used is that a vulnerability is in it, since when, and whether ransomware is known to use it. Its due dates bind
agencies of another country and start no clock of ours. An entry that CISA withdraws leaves the next document, and with
it what rested on it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from secscan.doors import json
from secscan.knowledge.feeds.feed import Document, Feed, Sample, Source, day, moment, wrong

_AGAIN: Final = "fetch it again"
_VERSION: Final = re.compile(r"(\d{4})\.(\d{2})\.(\d{2})(?:\.\d+)?", re.ASCII)
_CSV: Final = b"cveID,vendorProject,product,"

Cve = Annotated[str, StringConstraints(strict=True, pattern=r"^CVE-\d{4}-\d{4,19}$")]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Vulnerability(_Part):
    cveID: Cve
    dateAdded: Annotated[date, BeforeValidator(day)]
    knownRansomwareCampaignUse: str = "Unknown"


class Whole(_Part):
    catalogVersion: Annotated[str, StringConstraints(strict=True, max_length=30)]
    dateReleased: Annotated[datetime, BeforeValidator(moment)]
    count: int
    vulnerabilities: tuple[Vulnerability, ...]


def _fits(sample: Sample) -> bool:
    if sample.raw.lstrip(b"\xef\xbb\xbf").startswith(_CSV):
        return True
    return isinstance(sample.data, dict) and {"catalogVersion", "vulnerabilities"} <= sample.data.keys()


def _read(sample: Sample) -> Document:
    if sample.data is None:
        raise sample.refuse("is KEV as CSV, which says neither its day nor how many entries it has", f"fetch {SOURCE}")
    try:
        whole = Whole.model_validate(sample.data)
    except ValidationError as error:
        raise sample.refuse(wrong(error), _AGAIN) from None
    if not whole.vulnerabilities:
        raise sample.refuse("holds no vulnerability", _AGAIN)
    if whole.count != len(whole.vulnerabilities):
        says = f"says that it holds {whole.count:,} vulnerabilities and holds {len(whole.vulnerabilities):,}"
        raise sample.refuse(says, _AGAIN)
    if not _VERSION.fullmatch(whole.catalogVersion):
        raise sample.refuse("has a catalogVersion that is no day", _AGAIN)
    counts = Counter(one.cveID for one in whole.vulnerabilities)
    if twice := next((cve for cve, count in counts.items() if count > 1), None):
        raise sample.refuse(f"has {twice} twice", _AGAIN)
    if late := next((one for one in whole.vulnerabilities if one.dateAdded > whole.dateReleased.date()), None):
        raise sample.refuse(f"added {late.cveID} on {late.dateAdded}, after it was released itself", _AGAIN)
    lines = json.places(sample.raw).get(("vulnerabilities",), ())
    return Document(
        part="", at=whole.dateReleased, said_at=whole.dateReleased, counts=counts,
        content=(whole.vulnerabilities, lines),
    )  # fmt: skip


def _facts(sources: Sequence[Source]) -> dict[str, Any]:
    """CVE -> the day it was added, whether ransomware is known to use it, and the line that says so."""
    (source,) = sources
    listed, lines = source.document.content
    found = {
        one.cveID: [one.dateAdded.isoformat(), one.knownRansomwareCampaignUse == "Known", line]
        for one, line in zip(listed, lines, strict=True)
    }
    return {"file": source.file, "on": source.document.at.date().isoformat(), "cves": found}


SOURCE: Final = "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json"
FEED: Final = Feed(
    id="kev",
    label="Known exploited vulnerabilities (CISA KEV)",
    source=SOURCE,
    licence="CC0-1.0",
    notice="Known exploited vulnerabilities by the Cybersecurity and Infrastructure Security Agency (CISA), CC0 1.0.",
    noun="vulnerabilities",
    lapsed="what it does not list counts as not known",
    fits=_fits,
    read=_read,
    facts=_facts,
    form=1,
)
