"""Windows' builds: the feed, and what it says each machine lacks."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.knowledge import feeds, versions
from secscan.knowledge.feeds import FEEDS
from secscan.knowledge.feeds.feed import Sample, Source
from secscan.knowledge.patches import Builds
from secscan.model.errors import InputError
from secscan.model.policy import FeedLimits

TODAY = date(2026, 11, 24)
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "feeds" / "windows-builds"
HEADER = "build_base,build,release_date,kb,out_of_band,preview,source_headings"
TABLE = f"""{HEADER}
19045,19045.6466,2026-09-08,KB5000001,false,false,Windows 10 22H2
19044,19044.6500,2026-10-13,KB5000002,false,false,Windows 10 21H2
19045,19045.6550,2026-10-27,KB5000003,false,true,Windows 10 22H2
19045,19045.6600,2026-11-05,KB5000004,true,false,Windows 10 22H2
26100,26100.7000,2026-10-13,KB5000005,false,false,Windows 11 24H2
26100,26100.32800,2026-10-13,KB5000006,false,false,Windows Server 2025
17763,17763.8000,2026-10-13,KB5000007,false,false,Windows 10 1809|Windows Server 2019
17763,17763.7900,2026-09-08,KB5000008,false,false,Windows 10 1809|Windows Server 2019
"""


def taken(root: Path, text: str | bytes) -> feeds.Taken:
    path = root / "builds.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    (found,) = feeds.take(root, path, lambda _: FeedLimits(), TODAY, file_mb=20, dry_run=False)
    return found


def builds(text: str = TABLE, today: date = TODAY) -> Builds:
    feed = FEEDS["windows-builds"]
    document = feed.read(Sample(raw=text.encode(), shown="builds.csv"))
    return Builds(feed.facts([Source(document=document, file="builds.csv")]), today)


def lacks(of: Builds, side: str, version: str) -> tuple[bool | None, str | None]:
    key = versions.key("windows-build", version)
    assert key is not None
    missing, one = of.lacks(side, key)
    return missing, one.update if one else None


@pytest.mark.parametrize(
    ("side", "version", "missing", "update"),
    [
        ("client", "10.0.19045.6400", True, "KB5000001"),  # the oldest that it lacks, not the newest
        ("client", "10.0.19045.6466", True, "KB5000002"),  # released for 19044: one family, one revision
        ("client", "10.0.19045.6500", None, "KB5000004"),  # only a preview and one out of band came since
        ("client", "10.0.19045.6550", None, "KB5000004"),
        ("client", "10.0.19045.6600", False, "KB5000004"),
        ("client", "10.0.19045.6601", None, None),  # newer than any that is known
        ("client", "10.0.26100.6999", True, "KB5000005"),
        ("client", "10.0.26100.7000", False, "KB5000005"),
        ("server", "10.0.26100.7000", True, "KB5000006"),  # the server's own, larger revisions
        ("server", "10.0.26100.32800", False, "KB5000006"),
        ("server", "10.0.17763.100", True, "KB5000008"), ("client", "10.0.17763.7950", True, "KB5000007"),
        ("server", "10.0.19045.1", None, None), ("server", "10.0.20348.1", None, None),
    ],
)  # fmt: skip
def test_a_machine_lacks_what_came_after_its_own_revision(
    side: str, version: str, missing: bool | None, update: str | None
) -> None:
    assert lacks(builds(), side, version) == (missing, update)


def test_what_is_released_after_the_day_of_the_run_is_not_missing_on_it() -> None:
    assert lacks(builds(today=date(2026, 10, 12)), "client", "10.0.19045.6466") == (False, "KB5000001")
    assert lacks(builds(today=date(2026, 9, 7)), "client", "10.0.19045.6466") == (None, None)


ROWS = st.lists(
    st.tuples(st.integers(1, 30), st.integers(1, 28), st.sampled_from(["true", "false"]), st.sampled_from(["true", "false"])),
    min_size=1, max_size=12, unique_by=lambda row: row[0],
)  # fmt: skip


@given(rows=ROWS, own=st.integers(0, 31))
def test_the_answer_is_that_of_looking_at_every_row(rows: list[tuple[int, int, str, str]], own: int) -> None:
    text = "\n".join(
        [
            HEADER,
            *(
                f"17763,17763.{n},2026-10-{day:02},KB50000{n:02},{oob},{pre},Windows 10 1809"
                for n, day, oob, pre in rows
            ),
            "",
        ]
    )
    missing, update = lacks(builds(text), "client", f"10.0.17763.{own}")
    later = [row for row in rows if row[0] > own]
    regular = sorted((day, n) for n, day, oob, pre in later if "true" not in (oob, pre))
    alone = any(oob == "true" and pre == "false" for _, _, oob, pre in later)
    if own > max(n for n, *_ in rows):
        assert missing is None
    elif regular:
        assert (missing, update) == (True, f"KB50000{regular[0][1]:02}")
    else:
        assert missing is (None if alone else False)


BROKEN = {
    "no rows": (f"{HEADER}\n", "holds no build"),
    "no sides": ("build,release_date,kb\n19045.1,2026-01-01,KB5000001\n", "does not tell builds of servers"),
    "no build": (TABLE.replace("19045.6466", "19045"), "line 2 is no build"),
    "no day": (TABLE.replace("2026-09-08", "08/09/2026", 1), "line 2 is no build"),
    "a formula": (TABLE.replace("KB5000001", "=KB5000001"), "line 2 is no build"),
    "a flag": (TABLE.replace("false,true", "false,maybe"), "line 4 is no build"),
    "ahead": (TABLE.replace("2026-11-05", "2026-11-27"), "is dated 2026-11-27, which has not come yet"),
    "cut off": (TABLE[:-60], "line 9"),
    "ragged": (TABLE.replace(",Windows 10 21H2", ""), "line 3"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_table_of_builds_is_refused_by_line_and_what_is_held_stays(tmp_path: Path, case: str) -> None:
    taken(tmp_path, TABLE.replace("2026-11-05", "2026-11-04"))
    text, says = BROKEN[case]
    with pytest.raises(InputError) as refused:
        taken(tmp_path, text)
    assert says in str(refused.value)
    held = feeds.held(tmp_path, FEEDS["windows-builds"])
    assert held is not None and held.dated_on == date(2026, 11, 4)


@pytest.mark.shared
@pytest.mark.parametrize("file", ["windows_builds.csv", "windows_builds_unique.csv"])
def test_the_public_history_loads_whole(tmp_path: Path, file: str) -> None:
    if not (SHARED / file).is_file():
        pytest.skip(f"the public history of builds is not beside the checkout ({file}): nothing loaded")
    assert len(taken(tmp_path, (SHARED / file).read_bytes()).document.counts) == 1174
