"""A large invented estate as exports: seeded, so that every run measures the same work."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Final

import numpy as np

from secscan.model.estate import Estate
from secscan.model.frame import Col, Frame, constant
from secscan.model.places import Files

TODAY: Final = date(2026, 11, 22)
COUNCIL: Final = "bulk"
SYSTEMS: Final = (
    ("Microsoft Windows 11 Enterprise", "10.0.26100.4061", "desktop"),
    ("Microsoft Windows 10 Enterprise", "10.0.19045.5737", "laptop"),
    ("Microsoft Windows Server 2019 Standard", "10.0.17763.7240", "server"),
    ("Microsoft Windows Server 2012 R2 Standard", "6.3.9600", "server"),
    ("Microsoft Windows Server 2022 Standard", "10.0.20348.3695", "server"),
    ("Debian GNU/Linux 12 (bookworm)", "12", "server"),
)
KNOWN: Final = (
    ("Google Chrome", "Google LLC"), ("Mozilla Firefox (x64 en-GB)", "Mozilla"), ("7-Zip {v} (x64)", "Igor Pavlov"),
    ("Java 8 Update {v}", "Oracle Corporation"), ("Microsoft Office Professional Plus 2016", "Microsoft Corporation"),
    ("Adobe Acrobat Reader DC", "Adobe Systems Incorporated"), ("Microsoft SQL Server 2014 (64-bit)", "Microsoft Corporation"),
    ("Python {v} (64-bit)", "Python Software Foundation"), ("PostgreSQL 14", "PostgreSQL Global Development Group"),
    ("Notepad++ (64-bit x64)", "Notepad++ Team"), ("Node.js", "Node.js Foundation"), ("Microsoft Edge", "Microsoft Corporation"),
)  # fmt: skip


def write(root: Path, assets: int, installs: int, *, triples: int = 5_000, seed: int = 20261122) -> None:
    """A workspace with one council of ``assets`` assets, ``installs`` installs each from about ``triples`` distinct ones."""
    rng = random.Random(seed)
    folder = root / "inventory" / "bulk" / TODAY.isoformat()
    folder.mkdir(parents=True)
    for name in ("state", "reports", "policies", "firewalls"):
        (root / name).mkdir(mode=0o700, exist_ok=True)
    (root / "secscan.yaml").write_text(SETTINGS)
    day = TODAY.strftime("%d/%m/%Y")
    with (folder / "assets.csv").open("w") as out:
        out.write("asset_tag,hostname,ip,type,os,os_version,service,owner,criticality,last_seen\n")
        for i in range(assets):
            system, version, kind = SYSTEMS[min(int(rng.expovariate(0.9)), len(SYSTEMS) - 1)]
            address = f"10.{i >> 16}.{(i >> 8) & 255}.{i & 255}"
            owner = "" if rng.random() < 0.03 else "Head of Service"
            out.write(f"A{i:06},host-{i:06},{address},{kind},{system},{version},,{owner},low,{day}\n")
    software = _software(rng, triples)
    with (folder / "software.csv").open("w") as out:
        out.write("asset_tag,name,version,publisher,install_date\n")
        for i in range(assets):
            out.write("".join(f"A{i:06},{software[rng.randrange(len(software))]},\n" for _ in range(installs)))
    with (folder / "fixes.csv").open("w") as out:
        out.write("asset_tag,name,fixed_in,advisory,severity,cvss3,released_on,missing\n")
        for i in range(assets):
            released = (TODAY - timedelta(days=rng.randrange(60))).strftime("%d/%m/%Y")
            missing = "yes" if rng.random() < 0.1 else "no"
            out.write(f"A{i:06},Google Chrome,999.0,ADV-{rng.randrange(40)},critical,8.8,{released},{missing}\n")


def frames(assets: int, installs: int, *, triples: int = 5_000, seed: int = 20261122) -> Estate:
    """Such an estate in memory, as inventory hands it on: every asset, its operating system and its installs."""
    rng = random.Random(seed)
    draw = np.random.default_rng(seed)
    software = [tuple(line.split(",")) for line in _software(rng, triples)]
    systems = draw.integers(0, len(SYSTEMS), assets)
    files = Files()
    of_asset = {
        "council": [COUNCIL] * assets, "asset": [f"A{i:06}" for i in range(assets)],
        "hostname": [f"host-{i:06}" for i in range(assets)], "type": [SYSTEMS[i][2] for i in systems.tolist()],
        "zone": ["users"] * assets, "service": [None] * assets, "owner": ["Head of Service"] * assets,
        "criticality": ["low"] * assets,
    }  # fmt: skip
    lines = np.arange(2, assets + 2, dtype=np.int64)
    register = Frame(
        "assets", assets, {n: Col(v) for n, v in of_asset.items()}, {"": Col(lines | files.code("assets.csv", 0))}
    )
    rows = np.concatenate([np.repeat(np.arange(assets), installs), np.arange(assets)]).astype(np.int32)
    listed = draw.integers(0, len(software), assets * installs)
    triple = np.concatenate([listed, len(software) + systems]).astype(np.int32)
    spelt = [(*one, None) for one in software] + [(name, version, None, "os_caption") for name, version, _ in SYSTEMS]
    is_os = np.zeros(len(rows), dtype=np.int32)
    is_os[assets * installs :] = 1
    columns = {
        **{name: column.over(rows) for name, column in register.columns.items()},
        **{n: Col([t[i] for t in spelt], triple) for i, n in enumerate(("name", "version", "publisher", "kind"))},
        "last_used_on": constant(None, len(rows)), "installed_on": constant(None, len(rows)),
        "is_os": Col((False, True), is_os),
    }  # fmt: skip
    places = {"": Col(np.arange(2, len(rows) + 2, dtype=np.int64) | files.code("software.csv", 0))}
    return Estate(
        today=TODAY, files=files, frames={"assets": register, "installs": Frame("installs", len(rows), columns, places)}
    )


def _software(rng: random.Random, triples: int) -> list[str]:
    found = []
    for i in range(triples):
        if rng.random() < 0.5:
            name, publisher = KNOWN[i % len(KNOWN)]
        else:
            name, publisher = f"Line of business {i % 900}", f"Supplier {i % 300}"
        version = f"{rng.randrange(1, 30)}.{rng.randrange(20)}.{rng.randrange(5000)}"
        found.append(f"{name.replace('{v}', version)},{version},{publisher}")
    return found


SETTINGS: Final = """partnership: {name: Benchmark}
councils:
  - id: bulk
    name: Bulk Council
    sources:
      - {id: register, as: secscan-assets, file: assets.csv}
      - {id: software, as: secscan-software, file: software.csv}
      - {id: fixes, as: secscan-fixes, file: fixes.csv}
zones:
  - {id: users, addresses: [10.0.0.0/8]}
  - {id: internet, internet: true}
limits: {rows: 10000000, file_mb: 2000}
"""
