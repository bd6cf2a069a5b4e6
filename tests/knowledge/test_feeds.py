"""What is taken in as a feed's document, what is refused, and that what is held then stays as it was."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from secscan.doors import files as door
from secscan.knowledge import feeds, load_catalogue, recognise, widen
from secscan.knowledge.feeds import FEEDS, Taken, store
from secscan.model.errors import InputError, StorageError
from secscan.model.policy import FeedLimits
from tests.knowledge.lifecycle import MADE, OLDER, PRODUCTS, product, raw, release, single, whole

TODAY = date(2026, 11, 24)
FEED = FEEDS["endoflife"]
SHIPPED = load_catalogue()
SHARED = Path(__file__).parents[2].parent / "shared" / "data" / "feeds" / "endoflife"


def taken(root: Path, data: bytes, name: str = "a.json", **how: Any) -> list[Taken]:
    path = root / name
    path.write_bytes(data)
    limits = how.pop("limits", FeedLimits())
    how = {"today": TODAY, "file_mb": 20, "dry_run": False} | how
    return feeds.take(root, path, lambda _: limits, how.pop("today"), **how)


def zipped(members: dict[str, bytes]) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return into.getvalue()


def held(root: Path) -> feeds.Held:
    found = feeds.held(root, FEED)
    assert found is not None
    return found


def facts(root: Path) -> dict[str, Any]:
    return {p["id"]: p for p in held(root).facts()["products"]}


@pytest.mark.parametrize(
    "pack", [lambda d: d, gzip.compress, lambda d: zipped({"products-full.json": d}), lambda d: b"\xef\xbb\xbf" + d],
    ids=["plain", "gzip", "zip", "byte order mark"],
)  # fmt: skip
def test_a_document_is_held_with_its_day_its_count_and_its_digest(
    tmp_path: Path, pack: Callable[[bytes], bytes]
) -> None:
    (one,) = taken(tmp_path, pack(raw(whole())), name="anything.bin")
    now = held(tmp_path)
    assert (now.dated_on, now.entries, now.imported_on) == (date(2026, 11, 23), len(PRODUCTS), TODAY)
    assert now.sha256 == one.sha256
    assert now.origin == "anything.bin"


def test_the_same_document_twice_is_held_already_however_it_is_packed(tmp_path: Path) -> None:
    taken(tmp_path, raw(whole()))
    (again,) = taken(tmp_path, gzip.compress(raw(whole())), name="b.gz")
    assert again.already
    assert len(held(tmp_path).documents) == 1


def test_a_dry_run_holds_nothing(tmp_path: Path) -> None:
    (one,) = taken(tmp_path, raw(whole()), dry_run=True)
    assert not one.already and len(one.document.counts) == len(PRODUCTS)
    assert feeds.held(tmp_path, FEED) is None


def changed(at: str, value: Any) -> bytes:
    document = whole()
    here: Any = document
    *path, last = at.split(".")
    for part in path:
        here = here[int(part)] if part.isdigit() else here[part]
    if value is ...:
        del here[last]
    else:
        here[last] = value
    return raw(document)


BROKEN = {
    "truncated": (raw(whole())[:-200], "not JSON"),
    "not JSON": (b"eol,product\n2026,x\n", "not JSON"),
    "a log-in page": (b"\n<!DOCTYPE html><html><title>Sign in</title></html>", "is a web page, not a feed's document"),
    "empty": (b"", "is empty"),
    "blank": (b" \n", "is empty"),
    "another JSON": (b'{"vulnerabilities": [], "count": 0}', "is no document of a feed that can be read"),
    "the older form": (b'[{"cycle": "3.9", "eol": "2025-10-31"}]', "is no document of a feed"),
    "another schema": (changed("schema_version", "2.0.0"), "is of schema version 2.0.0; 1.x can be read"),
    "no schema": (changed("schema_version", 1), "is of schema version 1"),
    "the short list": (changed("result.0.releases", ...), "is the short list of products"),
    "no product": (raw(whole() | {"result": [], "total": 0}), "holds no product"),
    "count mismatch": (changed("total", 464), f"says that it holds 464 products and holds {len(PRODUCTS)}"),
    "no count": (changed("total", ...), "says that it holds None products"),
    "no day": (changed("result.0.releases.0.eolFrom", "soon"), "result[0].releases[0].eolFrom is 'soon'"),
    "a day that is not": (changed("result.0.releases.0.eolFrom", "2026-02-30"), "eolFrom is '2026-02-30'"),
    "a number as day": (changed("result.0.releases.0.eolFrom", 20260101), "eolFrom is 20260101"),
    "a word as flag": (changed("result.0.releases.0.isEol", "false"), "isEol is 'false'"),
    "no flag": (changed("result.1.releases.0.isEol", ...), "result[1].releases[0].isEol is missing"),
    "no time": (changed("generated_at", "yesterday"), "generated_at is 'yesterday'"),
    "path as name": (changed("result.0.name", "../../etc/passwd"), "result[0].name is '../../etc/passwd'"),
    "a product twice": (changed("result.1.name", "acme-liftctl"), "has the product 'acme-liftctl' twice"),
    "a release twice": (changed("result.0.releases.1.name", "3"), "has of 'acme-liftctl' the release '3' twice"),
    "dated ahead": (raw(whole(at="2026-11-26T00:00:00+00:00")), "is dated 2026-11-26, which has not come yet"),
    "a cut gzip": (gzip.compress(raw(whole()))[:-40], "is cut off"),
    "a spoilt gzip": (gzip.compress(b"x" * 40)[:-6] + b"123456", "cannot be unpacked"),
    "an empty ZIP": (zipped({}), "holds nothing"),
    "two keys": (raw(whole()).replace(b'"total"', b'"result": [], "total"'), "the key 'result' is set twice"),
    "a blank name": (changed("result.0.label", "  "), "result[0].label is '  '"),
    "half a character": (changed("result.0.label", "Acme \ud83d"), "result[0].label is"),
    "a hostile name": (changed("result.0.category", {"\x1b[2J": "\u202e"}), "result[0].category is"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_whole_document_is_refused_in_one_line_and_what_is_held_stays(tmp_path: Path, case: str) -> None:
    taken(tmp_path, raw(whole(at="2026-11-20T00:00:00Z")))
    before = {p: p.read_bytes() for p in (tmp_path / store.FOLDER).glob("**/*") if p.is_file()}
    data, says = BROKEN[case]
    with pytest.raises(InputError) as refused:
        taken(tmp_path, data, name="new.json")
    assert says in str(refused.value) and str(refused.value).isprintable()
    assert str(refused.value).startswith(str(tmp_path / "new.json"))
    assert {p: p.read_bytes() for p in (tmp_path / store.FOLDER).glob("**/*") if p.is_file()} == before


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12) | st.sampled_from(["2026-13-01", "0001-01-01", "9999-12-31", "cpe:::", "pkg:npm/%40/"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=2), max_leaves=4,
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(p for key, part in inner for p in places(part, (*path, key)))]


PLACES = places(whole())[1:]


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(PLACES), VALUES), min_size=1, max_size=3))
def test_any_document_is_taken_or_refused_in_a_line(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    document: Any = whole()
    for path, value in changes:
        here = document
        try:
            for part in path[:-1]:
                here = here[part]
            here[path[-1]] = value
        except (LookupError, TypeError):
            continue  # an earlier change took the place away
    with TemporaryDirectory() as folder:
        try:
            taken(Path(folder), raw(document))
        except InputError as error:
            assert len(str(error).splitlines()) == 1
        else:
            wide = widen(SHIPPED, FEED.id, held(Path(folder)).facts(), trusted=True)
            for name in ("Acme LiftCtl 3.1", "AcmeBase", "Quill"):
                recognise(wide, name, "3.1", "Quill", None, TODAY)


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    for pack in (bytes, gzip.compress):
        with pytest.raises(InputError, match=r"limit is 1 MB|unpacks to more than 1 MB"):
            taken(tmp_path, pack(raw(whole()) + b" " * 2_000_000), file_mb=1)
    assert feeds.held(tmp_path, FEED) is None


def test_an_older_document_does_not_take_the_place_of_a_newer_one(tmp_path: Path) -> None:
    taken(tmp_path, raw(whole()))
    with pytest.raises(InputError, match=r"is older \(2026-08-22\) than what is held \(2026-11-23\)"):
        taken(tmp_path, raw(whole(at=OLDER)))
    with pytest.raises(InputError, match="is older"):
        taken(tmp_path, raw(single(PRODUCTS[0], at=OLDER)))
    assert held(tmp_path).dated_on == date(2026, 11, 23)


def many(count: int, lines: int = 2) -> list[dict[str, Any]]:
    return [
        product(f"p{n}", f"Product {n}", "app", *(release(str(line), "2030-01-01") for line in range(lines)))
        for n in range(count)
    ]


@pytest.mark.parametrize(
    ("new", "limits", "falls"),
    [
        (many(90), FeedLimits(), None), (many(89), FeedLimits(), "has 89 products and what is held has 100"),
        (many(100, 1), FeedLimits(), "has 100 entries and what is held has 200"), (many(60), FeedLimits(max_fall_percent=40), None),
    ],
)  # fmt: skip
def test_a_big_fall_is_refused_and_a_small_one_is_listed(
    tmp_path: Path, new: list[dict[str, Any]], limits: FeedLimits, falls: str | None
) -> None:
    taken(tmp_path, raw(whole(*many(100), at=OLDER)))
    if falls is None:
        (one,) = taken(tmp_path, raw(whole(*new)), limits=limits)
        assert len(one.gone) == 100 - len(new) and "p99" in one.gone
    else:
        with pytest.raises(InputError, match=falls):
            taken(tmp_path, raw(whole(*new)), limits=limits)
        assert held(tmp_path).entries == 100


def test_a_single_products_document_counts_for_that_product(tmp_path: Path) -> None:
    taken(tmp_path, raw(whole(at=OLDER)))
    lift = product("acme-liftctl", "Acme LiftCtl", "app", release("4", "2031-01-01"), *PRODUCTS[0]["releases"])
    taken(tmp_path, raw(single(lift)), name="one.json")
    now = facts(tmp_path)
    assert [line[0] for line in now["acme-liftctl"]["lines"]] == ["4", "3", "2", "1"]
    assert (now["acme-liftctl"]["on"], now["quill"]["on"]) == ("2026-11-23", "2026-08-22")
    assert held(tmp_path).dated_on == date(2026, 8, 22) and held(tmp_path).entries == len(PRODUCTS)
    with pytest.raises(InputError, match="a fall of more than 10%"):
        taken(tmp_path, raw(single(product("acme-liftctl", "Acme LiftCtl", "app", release("4", None)))))


def test_a_newer_whole_document_takes_the_place_of_single_ones(tmp_path: Path) -> None:
    taken(tmp_path, raw(single(PRODUCTS[0], at=OLDER)))
    assert held(tmp_path).entries == 1
    taken(tmp_path, raw(whole()), name="whole.json")
    assert [d.part for d in held(tmp_path).documents] == [""]
    assert len(list((tmp_path / store.FOLDER / FEED.id).iterdir())) == 3  # the document, its facts and the index


def test_several_documents_in_one_archive_are_all_taken(tmp_path: Path) -> None:
    both = zipped({"a.json": raw(single(PRODUCTS[0])), "b/c.json": raw(single(PRODUCTS[1])), "__MACOSX/a": b"x"})
    assert [one.document.part for one in taken(tmp_path, both)] == ["acme-liftctl", "quill"]
    assert facts(tmp_path).keys() == {"acme-liftctl", "quill"}


def test_how_new_a_single_document_is_hangs_on_when_it_was_edited(tmp_path: Path) -> None:
    taken(tmp_path, raw(single(PRODUCTS[0], edited="2026-05-01T00:00:00Z")))
    assert facts(tmp_path)["acme-liftctl"]["on"] == "2026-05-01"
    assert held(tmp_path).dated_on == date(2026, 11, 23)


def test_facts_say_support_in_our_words_and_lead_to_their_line(tmp_path: Path) -> None:
    taken(tmp_path, raw(whole()))
    now = facts(tmp_path)
    three, two, one = now["acme-liftctl"]["lines"]
    assert three[2:5] == ["dated", "2030-01-31", None]
    assert two[2:5] == ["dated", "2025-06-30", "2027-06-30"]
    assert one[2:5] == ["ended-undated", None, None]
    assert now["quill"]["lines"][0][2:5] == ["open-ended", None, None]
    kept = (tmp_path / now["acme-liftctl"]["file"]).read_text().splitlines()
    assert kept[two[5]].strip() == '"name": "2",' and '"name": "acme-liftctl"' in kept[now["acme-liftctl"]["line"]]


@pytest.mark.parametrize(
    ("support", "extension"), [("2025-06-30", "2025-06-30"), ("2025-06-30", "2024-06-30"), (None, "2027-06-30")]
)
def test_an_extension_that_ends_no_later_is_none(tmp_path: Path, support: str | None, extension: str) -> None:
    taken(tmp_path, raw(whole(product("p", "Product P", "app", release("1", support, extended=extension)))))
    assert facts(tmp_path)["p"]["lines"][0][4] is None


def test_a_document_that_was_altered_where_it_is_kept_is_not_believed(tmp_path: Path) -> None:
    taken(tmp_path, raw(whole()))
    folder = tmp_path / store.FOLDER / FEED.id
    (kept,) = folder.glob("whole-*.json")
    (used,) = folder.glob("facts-*.json")
    as_it_was = held(tmp_path).facts()
    used.write_bytes(used.read_bytes().replace(b"2030-01-31", b"2040-01-31"))
    assert held(tmp_path).facts() == as_it_was  # made again from the document
    used.unlink()
    assert held(tmp_path).facts() == as_it_was
    kept.write_bytes(kept.read_bytes().replace(b"2030-01-31", b"2040-01-31"))
    with pytest.raises(InputError, match="is not what was imported"):
        held(tmp_path).facts()
    (folder / store.INDEX).write_text('{"documents": [{"file": "../../x"}], "facts": {}}')
    with pytest.raises(InputError, match="is not as it was written"):
        feeds.held(tmp_path, FEED)


def test_facts_in_an_older_form_are_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken(tmp_path, raw(whole()))
    newer = replace(FEED, form=FEED.form + 1, facts=lambda sources: {"products": len(sources[0].document.counts)})
    found = feeds.held(tmp_path, newer)
    assert found is not None and found.facts() == {"products": len(PRODUCTS)}


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_disk_that_fills_up_leaves_what_was_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    taken(tmp_path, raw(whole(at=OLDER)))
    before, writes, real = held(tmp_path).sha256, iter(range(1, 99)), door.write

    def write(path: Path, data: bytes | str, mode: int = 0o600) -> None:
        if next(writes) == at:
            raise StorageError(f"{path}: no space left")
        real(path, data, mode)

    monkeypatch.setattr(door, "write", write)
    with pytest.raises(StorageError):
        taken(tmp_path, raw(whole()))
    assert held(tmp_path).sha256 == before and held(tmp_path).facts()["products"]


def test_a_link_in_the_folders_place_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "ws"
    (root / "knowledge").mkdir(parents=True)
    (root / "knowledge" / "feeds").symlink_to(outside)
    with pytest.raises(StorageError, match="leads out of the workspace"):
        taken(root, raw(whole()))
    assert not list(outside.glob("**/*.json"))


@pytest.mark.parametrize(
    ("today", "state"),
    [(date(2026, 11, 23), "fresh"), (date(2027, 1, 7), "fresh"), (date(2027, 1, 8), "stale"), (date(2027, 5, 22), "stale"), (date(2027, 5, 23), "too-old")],
)  # fmt: skip
def test_a_feed_grows_stale_and_then_too_old(tmp_path: Path, today: date, state: str) -> None:
    taken(tmp_path, raw(whole()))
    row = next(r for r in feeds.standing(tmp_path, {}, today) if r.feed == "endoflife")
    assert row.state == state and bool(feeds.amiss([row])) == (state != "fresh")


def test_a_feed_that_is_not_held_is_missing_and_amiss_only_where_it_is_required(tmp_path: Path) -> None:
    row = next(r for r in feeds.standing(tmp_path, {}, TODAY) if r.feed == "endoflife")
    assert (row.state, row.sha256, feeds.amiss([row])) == ("missing", None, [])
    row = next(
        r for r in feeds.standing(tmp_path, {"endoflife": FeedLimits(required=True)}, TODAY) if r.feed == "endoflife"
    )
    assert "policy requires it" in feeds.amiss([row])[0]


@pytest.mark.shared
@pytest.mark.parametrize("file", ["products-full.json.gz", "product-debian.json", "product-windows.json"])
def test_the_public_documents_load_whole(tmp_path: Path, file: str) -> None:
    if not (SHARED / file).is_file():
        pytest.skip(f"the public lifecycle data is not beside the checkout ({file}): nothing loaded")
    (one,) = taken(tmp_path, (SHARED / file).read_bytes())
    if not one.document.part:
        assert (len(one.document.counts), sum(one.document.counts.values())) == (464, 8351)
    assert held(tmp_path).sha256 and json.dumps(held(tmp_path).facts())
    assert one.document.at.isoformat() < MADE
