"""Microsoft's table of security updates: what is taken, what is refused by line, and what it says of an update."""

from __future__ import annotations

import gzip
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from secscan.knowledge import feeds
from secscan.knowledge.feeds import FEEDS, Taken
from secscan.knowledge.feeds.feed import Sample, Source
from secscan.knowledge.patches import NOT_ALL, Builds
from secscan.model.errors import InputError
from secscan.model.places import Files
from secscan.model.policy import FeedLimits
from tests.knowledge.test_patches import TABLE as BUILDS
from tests.knowledge.test_patches import lacks

TODAY = date(2026, 11, 24)
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "feeds" / "msrc" / "msrc_cve_kb_products_2026.csv.gz"
HEADER = "DatePosted,CVE,BulletinKB,AffectedProduct,AffectedComponent,Severity,Impact,Supersedes"
TABLE = f"""{HEADER}
20260908,CVE-2026-10001,5000001,Windows 10 Version 22H2 for x64-based Systems,Kernel,Important,x,4990000
20260908,CVE-2026-10002,5000001,Windows 10 Version 22H2 for x64-based Systems,Shell,Critical,x,4990000
20261013,CVE-2026-10003,5000002,"Windows 10, Version 22H2",Shell,Important,x,
20261013,CVE-2026-10003,5000005,Windows 11 Version 24H2 for x64-based Systems,Shell,Moderate,x,
20261013,CVE-2026-10004,5000005,Windows 11 Version 24H2 for x64-based Systems,Shell,,x,
20261013,CVE-2026-10005,5000006,Windows Server 2025,Shell,Critical,x,
20261013,CVE-2026-10006,5000006,Windows Server 2025,Shell,System.Object[],x,
20261105,CVE-2026-10007,5000004,Windows 10 Version 22H2 for x64-based Systems,Kernel,Important,x,
20261013,CVE-2026-10008,,Microsoft Office LTSC 2024 for 64-bit editions,Office,Critical,x,
20261013,CVE-2026-10009,Release Notes,Another product,Another,Low,x,
"""


def taken(root: Path, data: bytes) -> Taken:
    path = root / "updates.csv"
    path.write_bytes(data)
    (found,) = feeds.take(root, path, lambda _: FeedLimits(), TODAY, file_mb=20, dry_run=False)
    return found


def facts(feed: str = "msrc", text: str = TABLE) -> Any:
    one = FEEDS[feed]
    return one.facts([Source(document=one.read(Sample(raw=text.encode(), shown="a.csv")), file=f"{feed}.csv")])


def test_an_update_has_its_vulnerabilities_its_gravest_word_and_its_line() -> None:
    updates = facts()["updates"]
    assert updates["KB5000001"] == ["critical", ["CVE-2026-10001", "CVE-2026-10002"], 2]
    assert updates["KB5000002"][0] == "important"
    assert updates["KB5000005"][0] is None  # one of what it mends has no word: it may be graver than moderate
    assert updates["KB5000006"][0] == "critical"  # nothing is graver
    assert updates.keys() == {f"KB500000{n}" for n in (1, 2, 4, 5, 6)}
    assert facts()["on"] == "2026-11-05"


def builds() -> Builds:
    return Builds(facts("windows-builds", BUILDS), TODAY, facts())


def test_an_update_out_of_band_that_mends_a_vulnerability_is_a_fix() -> None:
    assert lacks(builds(), "client", "10.0.19045.6500") == (True, "KB5000004")
    assert builds().severity("KB5000004", Files())[0] == "important"
    assert builds().severity("KB5000005", Files()) == ("unstated", None)


def test_what_a_machine_lacks_leaves_all_their_vulnerabilities_open() -> None:
    def open_(side: str, version: str) -> tuple[str, ...]:
        from secscan.knowledge import versions

        return builds().mends(side, versions.key("windows-build", version) or "")

    assert open_("client", "10.0.19045.6466") == ("CVE-2026-10003", "CVE-2026-10007")
    assert open_("client", "10.0.17763.7900") == (NOT_ALL,)  # its update is not in the table
    assert open_("client", "10.0.19045.6600") == ()


BROKEN = {
    "nothing": (f"{HEADER}\n", "holds no update"),
    "no day": (TABLE.replace("20261105", "soon"), "line 9 is no vulnerability"),
    "a day that is none": (TABLE.replace("20261105", "20261131"), "line 9 is no vulnerability"),
    "no CVE": (TABLE.replace("CVE-2026-10007", "=1+1"), "line 9 is no vulnerability"),
    "a number that is no update": (TABLE.replace("5000004", "12"), "line 9 is no vulnerability"),
    "ahead": (TABLE.replace("20261105", "20261127"), "is dated 2026-11-27, which has not come yet"),
    "cut off": (TABLE[:-60], "line 11"),
    "a log-in page": ("<html><body>Sign in</body></html>", "is a web page"),
    "half of it": (TABLE[: TABLE.index("20261013,CVE-2026-10005")], "a fall of more than"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_table_of_updates_is_refused_and_what_is_held_stays(tmp_path: Path, case: str) -> None:
    taken(tmp_path, TABLE.replace("20261105", "20261012").replace("20261013", "20261012").encode())
    text, says = BROKEN[case]
    with pytest.raises(InputError) as refused:
        taken(tmp_path, text.encode())
    assert says in str(refused.value) and str(refused.value).isprintable()
    held = feeds.held(tmp_path, FEEDS["msrc"])
    assert held is not None and held.dated_on == date(2026, 10, 12)


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, lambda d: b"\xef\xbb\xbf" + d, lambda d: d.replace(b"\n", b"\r\n")]
)
def test_however_it_is_packed_it_is_taken(tmp_path: Path, pack: Any) -> None:
    found = taken(tmp_path, pack(TABLE.encode()))
    assert (found.feed.id, sum(found.document.counts.values()), len(found.document.counts)) == ("msrc", 10, 9)


@pytest.mark.shared
def test_the_public_table_loads_whole(tmp_path: Path) -> None:
    if not SHARED.is_file():
        pytest.skip("the public table of updates is not beside the checkout: nothing loaded")
    found = taken(tmp_path, SHARED.read_bytes())
    assert sum(found.document.counts.values()) == 35_928
    held = feeds.held(tmp_path, FEEDS["msrc"])
    assert held is not None and len(held.facts()["updates"]) > 200
