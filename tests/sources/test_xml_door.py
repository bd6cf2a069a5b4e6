"""The XML door: exact lines, nothing external, nothing that grows."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from secscan.doors import xml
from secscan.model.errors import InputError

Events = list[tuple[str, str, int]]


def events(data: bytes, **limits: int) -> Events:
    found: Events = []
    xml.stream(
        data, "x.xml", start=lambda tag, _, line: found.append(("start", tag, line)),
        end=lambda tag, line: found.append(("end", tag, line)), **limits,
    )  # fmt: skip
    return found


def test_lines_are_exact_far_beyond_sixteen_bits() -> None:
    data = b"<a>" + b"<b/>\n" * 70_000 + b"<c/></a>"
    assert events(data)[-3] == ("start", "c", 70_001)


def test_a_document_type_is_accepted_and_not_fetched() -> None:
    assert events(b'<!DOCTYPE nmaprun SYSTEM "http://127.0.0.1:9/x.dtd"><nmaprun/>')[0] == ("start", "nmaprun", 1)


def test_the_tree_keeps_text_lines_and_order() -> None:
    top = xml.tree(b"<a x='1'>one<b>two</b>\n<c><d>deep</d></c><b/>three</a>", "x.xml")
    assert (top.tag, top.attributes, top.text) == ("a", {"x": "1"}, "one\nthree")
    assert [(e.tag, e.line) for e in top.walk()] == [("a", 1), ("b", 1), ("c", 2), ("d", 2), ("b", 2)]
    assert top.says("c", "d") == "deep"
    assert top.says("c", "nothing") is None
    assert [e.text for e in top.each("b")] == ["two", ""]


def test_an_element_knows_where_it_ends() -> None:
    top = xml.tree(b"<a>\n<b>\n<c/>\n</b>\n</a>", "x.xml")
    assert [(e.tag, e.line, e.line_to) for e in top.walk()] == [("a", 1, 5), ("b", 2, 4), ("c", 3, 3)]


def test_what_the_tree_is_told_to_leave_out_is_not_kept_and_bounded_all_the_same() -> None:
    data = b"<a><keys><key>secret</key><b/></keys>one<b>two</b></a>"
    top = xml.tree(data, "x.xml", without=frozenset(("keys", "a")))
    assert [(e.tag, e.text) for e in top.walk()] == [("a", "one"), ("b", "two")]
    with pytest.raises(InputError, match="has more than 4 elements"):
        xml.tree(data, "x.xml", nodes=4, without=frozenset(("keys",)))
    with pytest.raises(InputError, match="declares an entity"):
        xml.tree(b'<!DOCTYPE a [<!ENTITY e "x">]><a><keys/></a>', "x.xml", without=frozenset(("keys",)))


LAUGHS = (
    b'<!DOCTYPE x [<!ENTITY a "ha">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(12))
    + b"]><x>&m;</x>"
)
QUADRATIC = b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 60_000 + b'">]><x>' + b"&a;" * 60_000 + b"</x>"


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><x>&e;</x>',
        b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1:9/e.dtd"> %p;]><x/>',
        b"<!DOCTYPE x [<!ENTITY % p \"<!ENTITY q 'w'>\"> %p;]><x>&q;</x>",
        b'<!DOCTYPE x [<!NOTATION n SYSTEM "n"><!ENTITY u SYSTEM "u" NDATA n>]><x/>',
        b'<!DOCTYPE x SYSTEM "e.dtd"><x>&missing;</x>',
        LAUGHS,
        QUADRATIC,
    ],
    ids=["external", "parameter", "internal parameter", "unparsed", "undefined", "laughs", "quadratic"],
)
def test_entities_are_refused_at_once_and_nothing_is_opened(data: bytes) -> None:
    with watched() as opened:
        begun = time.process_time()
        with pytest.raises(InputError) as refused:
            events(data)
        assert time.process_time() - begun < 1
    assert not isinstance(refused.value, xml.CutOff)
    assert refused.value.place.line == 1
    assert not opened


_WATCH: list[list[str]] = []


def _heard(event: str, args: tuple[object, ...]) -> None:
    if _WATCH and (event.startswith("socket.") or event in ("open", "urllib.Request", "subprocess.Popen")):
        _WATCH[-1].append(f"{event} {args[:1]}")


sys.addaudithook(_heard)


@contextmanager
def watched() -> Iterator[list[str]]:
    """What was opened or connected to meanwhile."""
    _WATCH.append([])
    try:
        yield _WATCH[-1]
    finally:
        _WATCH.pop()


def test_the_watch_sees_an_open_file(tmp_path: Path) -> None:
    (tmp_path / "x").touch()
    with watched() as opened:
        (tmp_path / "x").read_bytes()
    assert opened


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<a>" * 65 + b"</a>" * 65, "nested more than 64 deep"),
        (b"<a x='" + b"y" * 65_000 + b"'/>", "an attribute of more than 64,000 bytes"),
        (b"<" + b"a" * 65_000 + b"/>", "an attribute of more than 64,000 bytes"),
        (b"<?xml version='1.0' encoding='utf-7'?><a/>", "declares the encoding 'utf-7'"),
        (b"<?xml version='1.0' encoding='idna'?><a/>", "declares the encoding 'idna'"),
    ],
)
def test_what_has_no_bounds_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        events(data)


def test_the_number_of_elements_is_bounded() -> None:
    with pytest.raises(InputError, match="more than 1,000 elements"):
        events(b"<a>" + b"<b/>" * 1_000 + b"</a>", nodes=1_000)


def test_xinclude_is_only_an_element() -> None:
    data = b'<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="file:///etc/passwd" parse="text"/></a>'
    assert xml.tree(data, "x.xml").children[0].text == ""


def test_events_before_a_break_are_delivered() -> None:
    found: Events = []
    with pytest.raises(xml.CutOff) as broken:
        xml.stream(b"<a>\n<b/>\n<c>", "x.xml", start=lambda tag, _, line: found.append(("start", tag, line)))
    assert [tag for _, tag, _ in found] == ["a", "b", "c"]
    assert str(broken.value).startswith("x.xml:3:")
    assert "breaks off" in broken.value.reason


@pytest.mark.parametrize("size", [1, 2, 7, 100])
def test_a_document_in_pieces_reads_as_in_one(size: int) -> None:
    document = b'<?xml version="1.0" encoding="UTF-8"?>\n<a>\n<b x="\xc3\xa4"/>\n</a>'
    told: list[Events] = []
    for source in (document, [document[at : at + size] for at in range(0, len(document), size)]):
        found: Events = []
        xml.stream(source, "x.xml", start=lambda tag, said, line, found=found: found.append((tag, str(said), line)))
        told.append(found)
    assert told[0] == told[1] == [("a", "{}", 2), ("b", "{'x': '\xe4'}", 3)]


def test_what_a_handler_raises_passes_through() -> None:
    def stop(tag: str, _attributes: dict[str, str], _line: int) -> None:
        raise LookupError(tag)

    with pytest.raises(LookupError):
        xml.stream(b"<a><b/></a>", "x.xml", start=stop)
