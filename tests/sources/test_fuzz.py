"""Broken bytes, 300 ways for every reader: each file is read or refused, and nothing else ever happens."""

from __future__ import annotations

import pkgutil
import random
import time
from importlib import import_module
from pathlib import Path

import pytest

from secscan.doors import json
from secscan.model.errors import InputError
from secscan.sources import KINDS, collect, recognise_kind
from tests.sources import kinds
from tests.sources.desk import TODAY, read, register, workbook
from tests.sources.test_glpi import INVENTORY, SWITCH
from tests.sources.test_nmap import END, HEAD, HOST

MUTATIONS = 300
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
    "dpkg": [b"a\t1.0\tamd64\tinstall ok installed\n" * 20, b"Package: a\nStatus: install ok installed\nVersion: 1\n\n" * 9, b"ii  a 1 all x\n" * 9],
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


def test_every_kind_is_attacked() -> None:
    assert set(SEEDS) == set(KINDS)


@pytest.mark.parametrize("kind", SEEDS)
def test_broken_bytes_are_read_or_refused(kind: str, tmp_path: Path) -> None:
    chance = random.Random(kind)
    outcomes = [0, 0]
    for number in range(MUTATIONS):
        data = mutated(SEEDS[kind][number % len(SEEDS[kind])], chance)
        begun = time.perf_counter()
        try:
            read(tmp_path, data, kind, name="one.bin", **KEYS.get(kind, {}))
            outcomes[0] += 1
        except InputError as refused:
            assert str(refused).startswith("one.bin")
            outcomes[1] += 1
        recognise_kind(tmp_path / "one.bin")
        assert time.perf_counter() - begun < 2
    assert all(outcomes), f"{kind}: read {outcomes[0]}, refused {outcomes[1]}: the mutations test one thing only"


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
