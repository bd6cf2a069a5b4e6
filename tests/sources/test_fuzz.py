"""Broken bytes, a hundred ways for every reader, and broken values, 60: each file is read or refused, and nothing else ever happens.

SECSCAN_MUTATIONS says how many ways (``make test-long`` asks for a thousand).
"""

from __future__ import annotations

import json as plain_json
import os
import pkgutil
import random
import re
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from secscan.doors import json
from secscan.model.errors import InputError
from secscan.sources import KINDS, collect, recognise_kind
from tests.sources import kinds
from tests.sources.desk import TODAY, read, register, workbook
from tests.sources.test_glpi import INVENTORY, SWITCH
from tests.sources.test_nmap import END, HEAD, HOST

MUTATIONS = int(os.environ.get("SECSCAN_MUTATIONS", "100"))
REVALUED = MUTATIONS * 6 // 10
HOSTILE = (
    b"\0",
    b"\xff",
    b'"',
    b"\n",
    b"\r",
    b"<",
    b"&x;",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b",",
    b"]]>",
    b"{",
    b"99999999999",
    b"\xed\xa0\x80",
)

SEEDS: dict[str, list[bytes]] = {
    "secscan-assets": [register(30).encode(), register(9).encode("utf-16"), workbook([["asset_tag", "hostname"], *[[f"A{n}", 1.5] for n in range(9)]])],
    "secscan-software": [b"asset_tag,name,version,install_date\n" + b'A1,"x, y",1.10,31/12/2025\n' * 20],
    "secscan-services": [b"asset_tag;proto;port\n" + b"A1;tcp;443\n" * 20],
    "secscan-fixes": [b"asset_tag,name,cvss3,missing\n" + b"A1,x,7.5,yes\n" * 20],
    "secscan-rules": [b"order,action,src,dst,proto,dport\n" + b"1,permit,any,any,tcp,443\n" * 20],
    "table": [b"Tag,Name\n" + b"A1,x\n" * 20],
    "nmap-xml": [(HEAD + HOST + END).encode(), (HEAD + HOST + END).encode("utf-16")],
    # Debian's policy wants two letters or more of a package's name, so one of one letter is no mark of a list.
    "dpkg": [b"at\t1.0\tamd64\tinstall ok installed\n" * 20, b"Package: at\nStatus: install ok installed\nVersion: 1\n\n" * 9, b"ii  at 1 all x\n" * 9],
    "rpm": [b"bash-4.2.46-34.el7.x86_64\n" * 20, b"bash\t4\t5\t6\tnoarch\n" * 9],
    "glpi": [INVENTORY.encode(), SWITCH.encode(), INVENTORY.encode("utf-16")],
    "secscan-collect": [json.dumps(collect(TODAY, "/nowhere") | {"software": [{"name": "x", "version": "1"}] * 9}).encode()],
}  # fmt: skip
for _module in pkgutil.iter_modules(kinds.__path__, f"{kinds.__name__}."):
    if _module.name.rpartition(".")[2].startswith("test_"):
        SEEDS |= {
            kind: [one.encode() if isinstance(one, str) else one for one in some]
            for kind, some in import_module(_module.name).SEEDS.items()
        }
KEYS = {
    "table": {"table": "assets", "map": {"asset_tag": "Tag", "hostname": "Name"}},
    "osv-scanner": {"asset": "OT-1"},
}  # fmt: skip


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """One to eight bytes changed, cut, doubled or replaced by something awkward."""
    data = bytearray(seed)
    for _ in range(chance.randint(1, 8)):
        at = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0 if at < len(data):
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 40)]
            case 2:
                data[at:at] = chance.choice(HOSTILE)
            case 3:
                data[at:at] = data[at : at + chance.randint(1, 200)]
            case _:
                del data[at + chance.randrange(len(data) + 1) :]
    return bytes(data)


NUMBERS = (
    "0",
    "-1",
    "1e30",
    "1e999",
    "NaN",
    "9" * 30,
    "9" * 5_000,
    "0001-01-01",
    "9999-12-31",
    "2026-13-45",
    "10.0.0.300",
)
HOSTILE_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 10**30, 10**400, 1.5, 1e308, "", " ", "\ud800", "a\0b", "\u202egnp.exe", "\x1b[31mred", "=cmd|' /C calc'!A0",
    "--script=x -iL /etc/passwd", "../../etc/passwd", "x" * 40_000, "²", "١٢٣", "pkg:deb/%ff@%00", "cpe:2.3:a:::", "CVE-0",
    [], {}, [[]], [None], ["x"], {"x": 1}, {"": None}, [{}], *NUMBERS,
)  # fmt: skip
"""Values that a field may have and should not."""
_WORD = re.compile(r'"[^"\n]*"|[^\s,;|<>="\t]+')


def revalued(seed: bytes, chance: random.Random) -> bytes:
    """The seed with one to three of its values gone, doubled or replaced by something awkward; its form stays whole."""
    try:
        document = [json.loads(seed, "seed")]
    except InputError:
        return reworded(seed, chance)
    for _ in range(chance.randint(1, 3)):
        holder, key = chance.choice(list(_values(document)))
        match chance.randrange(6):
            case 0:
                del holder[key]
            case 1 if isinstance(holder, list):
                holder.insert(key, holder[key])
            case _:
                holder[key] = chance.choice(HOSTILE_VALUES)
        document = document or [None]
    return plain_json.dumps(document[0], ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def _values(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Every value within, as what holds it and where."""
    for key, value in list(holder.items() if isinstance(holder, dict) else enumerate(holder)):
        yield holder, key
        if isinstance(value, dict | list):
            yield from _values(value)


def reworded(seed: bytes, chance: random.Random) -> bytes:
    """The same of a text: its words are the cells of a table, the attributes and texts of XML."""
    text = seed.decode("utf-16" if seed[:2] == b"\xff\xfe" else "utf-8", "replace")
    for _ in range(chance.randint(1, 3)):
        if not (words := list(_WORD.finditer(text))):
            break
        found = chance.choice(words)
        value = chance.choice(HOSTILE_VALUES)
        new = value if isinstance(value, str) else plain_json.dumps(value)
        quoted = found[0].startswith('"')
        text = text[: found.start()] + (f'"{new.replace(chr(34), "")}"' if quoted else new) + text[found.end() :]
    return text.encode("utf-8", "surrogatepass")


def test_every_kind_is_attacked() -> None:
    assert set(SEEDS) == set(KINDS)


def test_every_seed_is_told_for_what_it_is(tmp_path: Path) -> None:
    """A seed that no reader is asked for attacks nobody at the import."""
    for kind, seeds in SEEDS.items():
        for seed in seeds:
            (tmp_path / "one.bin").write_bytes(seed)
            assert recognise_kind(tmp_path / "one.bin")[0] == kind, seed[:80]


@pytest.mark.parametrize("change", [mutated, revalued], ids=lambda change: change.__name__)
@pytest.mark.parametrize("kind", SEEDS)
def test_broken_bytes_and_broken_values_are_read_or_refused(
    kind: str, change: Callable[[bytes, random.Random], bytes], tmp_path: Path
) -> None:
    chance = random.Random(kind)
    outcomes = [0, 0]
    for number in range(MUTATIONS if change is mutated else REVALUED):
        data = change(SEEDS[kind][number % len(SEEDS[kind])], chance)
        begun = time.process_time()
        try:
            read(tmp_path, data, kind, name="one.bin", **KEYS.get(kind, {}))
            outcomes[0] += 1
        except InputError as refused:
            assert str(refused).startswith("one.bin") and "\n" not in str(refused)
            outcomes[1] += 1
        recognise_kind(tmp_path / "one.bin")
        assert time.process_time() - begun < 2
    assert outcomes[0] and (outcomes[1] or change is revalued), (
        f"{kind}: read {outcomes[0]}, refused {outcomes[1]}: the mutations test one thing only"
    )


def test_what_broke_a_reader_once_is_read_now(tmp_path: Path) -> None:
    inventory = json.loads(INVENTORY.encode(), "seed")
    inventory["content"]["softwares"][0]["system_category"] = ["a list"]
    assert read(tmp_path, json.dumps(inventory), "glpi", name="one.json").rows_loaded == 1
    collected = json.loads(SEEDS["secscan-collect"][0], "seed") | {"warnings": 1.5}
    assert not read(tmp_path, json.dumps(collected), "secscan-collect", name="one.json").warnings


def test_a_workbook_broken_inside_its_parts_is_read_or_refused(tmp_path: Path) -> None:
    from tests.sources.test_xlsx_door import rebuilt

    seed = SEEDS["secscan-assets"][2]
    chance = random.Random("parts")
    parts = ("sheet1.xml", "sharedStrings.xml", "workbook.xml", "styles.xml", "workbook.xml.rels")
    refused = 0
    for number in range(MUTATIONS):
        part = parts[number % len(parts)]
        data = rebuilt(
            seed, lambda name, content, part=part: mutated(content, chance) if name.endswith(part) else content
        )  # type: ignore[misc]
        try:
            read(tmp_path, data, name="book.xlsx")
        except InputError:
            refused += 1
    assert 0 < refused < MUTATIONS
