"""What share of the names in the public samples beside the checkout is recognised: ``python -m tests.benchmarks.names``.

Every sample is read by the reader that it is recognised for. Printed: the share by distinct name and by install, of all and
of each kind of name, and the names that nothing recognises, the most frequent first (``--missed N`` of them).
"""

from __future__ import annotations

import argparse
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from secscan.doors.terminal import safe
from secscan.knowledge import Catalogue, Recognition, load_catalogue, recognise
from secscan.model.errors import SecscanError
from secscan.model.places import Files
from secscan.model.raw import Load
from secscan.model.settings import Limits, Source
from secscan.sources import read_file, recognise_kind
from tests.benchmarks.estate import TODAY

SAMPLES: Final = Path(__file__).parents[2].parent / "shared" / "data" / "inventories"
TRIPLES: Final = 100_000
Triple = tuple[Any, Any, Any, Any]
_TOLD: Final = (
    ("software", ("name", "version", "publisher", "kind"), None),
    ("assets", ("os", "os_version"), "os_caption"),
    ("services", ("product", "version"), "service_banner"),
)
"""Which columns of which raw table name software, and of what kind where the row does not say."""


def loads(folder: Path) -> Iterator[Load]:
    """Every sample that a reader takes."""
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            kind, _ = recognise_kind(path)
            if kind:
                source = Source.model_validate({"id": "sample", "as": kind, "file": path.name, "asset": "{stem}"})
                yield read_file(
                    path, shown=path.name, source=source, council="sample", files=Files(), limits=Limits(), today=TODAY, dated_on=TODAY
                )  # fmt: skip
        except SecscanError:
            continue  # what a reader refuses is no inventory


def named(folder: Path) -> Counter[Triple]:
    """Each distinct (name, version, publisher, kind) of the samples, with how many rows have it."""
    found: Counter[Triple] = Counter()
    for load in loads(folder):
        for table, columns, kind in _TOLD:
            if (raw := load.tables.get(table)) is None:
                continue
            values = [raw.columns.get(c) or [None] * raw.rows for c in columns]
            for row in zip(*values, strict=True):
                if row[0]:
                    found[row if kind is None else (*row[:2], None, kind)] += 1
    return found


def share(found: Counter[Triple], catalogue: Catalogue) -> tuple[dict[str, list[int]], Counter[tuple[str, str]]]:
    """By kind (and ``all``): names recognised, names of no support life, names, and the same three by install; and the missed."""
    told: dict[str, list[int]] = {}
    missed: Counter[tuple[str, str]] = Counter()
    for triple, rows in found.items():
        one = recognise(catalogue, *triple, TODAY)
        for kind in ("all", triple[3] or "none"):
            at = told.setdefault(kind, [0] * 6)
            for offset, n in ((0, 1), (3, rows)):
                at[offset] += n * (one.product is not None)
                at[offset + 1] += n * _apart(one)
                at[offset + 2] += n
        if one.product is None and not _apart(one):
            missed[triple[0], triple[3] or "none"] += rows
    return told, missed


def _apart(one: Recognition) -> bool:
    return one.product is None and one.status == "not-applicable"


def quick(catalogue: Catalogue) -> float:
    """Seconds of processor time to recognise a hundred thousand distinct names: known ones with other versions, and strange ones."""
    rng = random.Random(1)
    known = [alias for product in catalogue.products.values() for alias in product.aliases]
    strange = ("Case Manager", "Windows Helper", "SQL Report", "Office Forms", "Server Watch", "Lift Control")
    triples = [
        (f"{rng.choice(known)} {i % 90}.{i}" if i % 2 else f"{rng.choice(strange)} {i}", f"{i % 40}.{i}.1", "Acme Ltd", "arp")
        for i in range(TRIPLES)
    ]  # fmt: skip
    started = time.process_time()
    for triple in triples:
        recognise(catalogue, *triple, TODAY)
    return time.process_time() - started


def main(listed: int) -> None:
    catalogue = load_catalogue()
    print(f"{TRIPLES:,} distinct names recognised: {quick(catalogue):.2f} s of processor time")
    if not SAMPLES.exists():
        print("names recognised in the public samples: none are beside the checkout")
        return
    told, missed = share(named(SAMPLES), catalogue)
    print(
        "names in the public samples: recognised, of those that have a support life of their own (and those that have none)"
    )
    for kind, (product, apart, names, installs, installs_apart, rows) in sorted(told.items()):
        print(
            f"  {kind}: {_percent(product, names - apart)} of names ({apart:,} apart), "
            f"{_percent(installs, rows - installs_apart)} of installs ({installs_apart:,} apart)"
        )
    for (name, kind), rows in missed.most_common(listed):
        print(f"  missed, {rows:,} times: {safe(name, 100)} ({kind})")


def _percent(n: int, of: int) -> str:
    return f"{n:,} of {of:,}, {100 * n / of:.0f} %" if of else "none"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--missed", type=int, default=40)
    main(parser.parse_args().missed)
