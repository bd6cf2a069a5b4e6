"""One side of the comparison as a process of its own: ``python -m tests.benchmarks.written HOW ASSETS INSTALLS``.

HOW is ``engine`` (what the product does, over whole columns), ``loop`` (what a straightforward script does, a row at a
time) or ``nothing`` (the rows in memory and no more, to be taken off the others).
"""

from __future__ import annotations

import gc
import hashlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import numpy as np

from secscan import engine, knowledge, policy
from secscan.doors import csv
from secscan.findings.fold import Groups, Identities
from secscan.model.check import CheckSpec, Params
from secscan.model.estate import Estate
from secscan.model.findings import Judgement
from secscan.model.frame import Alike
from secscan.model.policy import Policy
from secscan.model.settings import Policies
from tests.benchmarks import estate as made
from tests.benchmarks.estate import COUNCIL, TODAY

T = TypeVar("T")
CHUNK = 50_000
HEADER = ("fingerprint", "control", "severity", "outcome", "council", "asset", "subject", "count", "file", "line")


def rules(checks: dict[str, CheckSpec]) -> Policy:
    """The shipped baseline."""
    return policy.load(Policies(), Path(), checks, [COUNCIL], [], TODAY)


def by_engine(given: Estate, out: Path) -> None:
    """Software recognised and joined, every control over installs judged, every finding written with its identity."""
    checks = engine.find_checks()
    wanted = rules(checks)
    estate = told("recognised and joined", lambda: knowledge.attach(given, knowledge.load_catalogue(), wanted))
    controls = [c for c in wanted.controls if c.check in checks and checks[c.check].table.table == "installs"]
    judgements = told(f"judged by {len(controls)} controls", lambda: engine.judge(estate, controls, checks, TODAY))
    count = told("folded and written", lambda: write(estate, judgements, checks, out))
    print(f"{count:,} findings, {out.stat().st_size / 1e6:.0f} MB")


def write(estate: Estate, judgements: Sequence[Judgement], checks: dict[str, CheckSpec], out: Path) -> int:
    """A line for every failing identity and every issue that is not known; answers how many."""
    frame = estate.frames["installs"]
    identities = Identities(Alike(frame), checks[judgements[0].control.check].table)
    count = 0
    with out.open("w", encoding="utf-8") as stream:
        stream.write(",".join(HEADER) + "\n")
        for one in judgements:
            unknown = identities.without(one.unknown_rows, one.fail_rows)
            for groups, outcome in (
                (identities.by_identity(one.fail_rows), "fail"),
                (identities.by_issue(unknown), "unknown"),
            ):
                count += len(groups)
                for columns in chunks(identities, one, groups, outcome, estate):
                    stream.writelines(f"{line}\n" for line in csv.column_lines(columns))
    return count


def chunks(
    identities: Identities, one: Judgement, groups: Groups, outcome: str, estate: Estate
) -> Iterator[Sequence[Sequence[object]]]:
    """The columns of the findings, some thousands at a time."""
    place = identities.frame.places[""]
    for begin in range(0, len(groups), CHUNK):
        rows, count = groups.first[begin : begin + CHUNK], groups.count[begin : begin + CHUNK]
        codes, of_asset = np.array(place.pick(rows)), outcome == "fail"
        yield (
            identities.fingerprints(one.control.id, rows, of_asset=of_asset), [one.control.id] * len(rows),
            [one.control.severity] * len(rows), [outcome] * len(rows), identities.councils(rows),
            identities.assets(rows) if of_asset else [None] * len(rows), identities.subjects(rows), count.tolist(),
            [estate.files.names[number] for number in (codes >> 32).tolist()], (codes & 0xFFFFFFFF).tolist(),
        )  # fmt: skip


def by_loop(given: Estate, out: Path) -> None:
    """Every row as a dictionary, recognised, judged and named by itself; folding by a set of names."""
    from secscan.engine.find import expression
    from secscan.engine.reference import answer

    checks = engine.find_checks()
    controls = [c for c in rules(checks).controls if c.check in checks and checks[c.check].table.table == "installs"]
    asked = [
        (c, expression(checks[c.check], Params(TODAY, {**checks[c.check].params, **c.params}))[0]) for c in controls
    ]
    catalogue = knowledge.load_catalogue()
    frame = given.frames["installs"]
    names = ("council", "asset", "name", "version", "publisher", "kind")
    written: set[str] = set()
    with out.open("w", encoding="utf-8") as stream:
        for row, values in enumerate(zip(*(frame.columns[n] for n in names), strict=True)):
            council, asset, name, version, publisher, kind = values
            found = knowledge.recognise(catalogue, name, version, publisher, kind, TODAY)
            said = {
                "product": found.product, "recognised": found.product is not None, "support": found.support, "name": name,
                "eol_on": found.eol_on, "version": version, "version_key": found.version_key, "cycle": found.cycle,
                "extended_on": found.extended_on,
            }  # fmt: skip
            for control, rule in asked:
                outcome = answer(rule, said)
                if outcome is False:
                    continue
                subject = found.product or name
                who = asset if outcome else "-"
                named = hashlib.sha256(f"{control.id}\t{council}\t{who}\t{subject}".encode()).hexdigest()[:32]
                if named not in written:
                    written.add(named)
                    word = "fail" if outcome else "unknown"
                    stream.write(f"{named},{control.id},{control.severity},{word},{council},{who},{subject},{row}\n")


def told(what: str, work: Callable[[], T]) -> T:
    """What ``work`` answers; how long it took is printed."""
    started = time.process_time()
    found = work()
    print(f"{what}: {time.process_time() - started:.2f} s")
    return found


def main(how: str, assets: int, installs: int) -> None:
    gc.set_threshold(200_000, 20, 20)  # as the command does
    given = made.frames(assets, installs)
    sides: dict[str, Callable[[Estate, Path], Any]] = {"engine": by_engine, "loop": by_loop, "nothing": lambda *_: None}
    with TemporaryDirectory() as folder:
        sides[how](given, Path(folder) / "findings.csv")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
