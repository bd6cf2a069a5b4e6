"""Measures whole scans; judging against a plain Python loop on the same rows; and a hundred thousand assets, judged and written.

Every figure is of a whole process: seconds of processor time, and seconds on the clock, from its start to its end, with its
peak memory. Prints ratios measured side by side; asserts nothing, for neighbours on the machine load it as they like.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import estate, exports, firewalls, inventories

SAMPLE = 20
"""The plain loop is given one asset in this many, and its time is taken that many times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """What one process took."""

    cpu: float
    clock: float
    megabytes: float
    said: str = ""

    def __str__(self) -> str:
        return f"{self.cpu:.2f} s of processor time ({self.clock:.2f} s on the clock), {self.megabytes:.0f} MB"


def child(*args: object) -> Took:
    """A Python command as a whole process; what it printed comes with it."""
    started = time.perf_counter()
    with tempfile.TemporaryFile("w+") as out:
        process = subprocess.Popen([sys.executable, *map(str, args)], stdout=out, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        out.seek(0)
        said = out.read()
    if (code := os.waitstatus_to_exitcode(status)) not in (0, 3):
        raise SystemExit(f"{' '.join(map(str, args))} ended with {code}")
    clock = time.perf_counter() - started
    return Took(cpu=usage.ru_utime + usage.ru_stime, clock=clock, megabytes=usage.ru_maxrss / 1024, said=said)


def startup() -> None:
    click = min(child("-c", "import click").cpu for _ in range(7))
    helped = min(child("-m", "secscan.cli.main", "--help").cpu for _ in range(7))
    print(f"secscan --help: {helped:.3f} s, {helped / click:.1f} times 'import click' ({click:.3f} s)")


def whole(assets: int, installs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        estate.write(root, assets, installs)
        took = child("-m", "secscan.cli.main", "-w", root, "scan", "--as-of", estate.TODAY, "--format", "json")
        (council,) = json.loads(took.said)["councils"]
        found = council["findings"]
        print(
            f"cold scan, report included, {assets:,} assets x {installs} "
            f"({found['open']:,} open findings, {found['unknown']:,} unknown): {took}"
        )


def judged(assets: int, installs: int) -> None:
    """Recognising and judging 'unsupported', by distinct software and by a plain loop over rows."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        estate.write(root, assets, installs)
        module = ("-m", "tests.benchmarks.judged", root)
        empty = child(*module, "nothing")
        ours, plain = child(*module, "engine"), child(*module, "loop")
        fast, slow = ours.cpu - empty.cpu, plain.cpu - empty.cpu
        print(
            f"read, recognise and judge {assets * installs:,} installs: {fast:.2f} s and {ours.megabytes:.0f} MB; "
            f"a plain loop over rows {slow:.2f} s and {plain.megabytes:.0f} MB: {slow / fast:.1f} times as long"
        )


def written(assets: int, installs: int) -> None:
    """From the estate in memory to findings in a file, by every control over installs; and the same by a plain loop."""
    module = ("-m", "tests.benchmarks.written")
    empty, ours = child(*module, "nothing", assets, installs), child(*module, "engine", assets, installs)
    few = max(1, assets // SAMPLE)
    small, plain = child(*module, "nothing", few, installs), child(*module, "loop", few, installs)
    fast, slow = ours.cpu - empty.cpu, (plain.cpu - small.cpu) * assets / few
    print(
        f"{assets:,} assets x {installs}, recognised, judged and written: {fast:.2f} s of processor time "
        f"({ours.clock - empty.clock:.2f} s on the clock), {ours.megabytes:.0f} MB in all ({empty.megabytes:.0f} MB with the rows alone)"
    )
    print("".join(f"  {line}\n" for line in ours.said.splitlines()), end="")
    print(
        f"  a plain loop, one asset in {assets // few} and its time taken as often: {slow:.0f} s; "
        f"{slow / fast:.0f} times as long"
    )


def read(assets: int, installs: int) -> None:
    """The same estate as a CSV, read and settled: what comes before the figure above."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        estate.write(root, assets, installs)
        took = child("-m", "tests.benchmarks.judged", root, "read")
        print(f"{assets * installs:,} installs read from CSV and settled: {took}")


def reached(rules: int) -> None:
    """Who reaches 1,000 assets on 20 ports from 40 zones, and one packet after the other as the slow witness tries them."""
    module = ("-m", "tests.benchmarks.firewalls", rules)
    nothing, ours, witness = child(*module, "nothing"), child(*module, "engine"), child(*module, "witness")
    seconds, told = ours.said.split()
    each = float(witness.said.split()[0]) / firewalls.TRIED
    answers = 1_000 * len(firewalls.PORTS) * firewalls.ZONES
    print(
        f"{answers:,} answers at {rules:,} rules ({int(told):,} let through): {seconds} s of processor time, "
        f"{ours.megabytes:.0f} MB ({nothing.megabytes:.0f} MB before); one packet down the list takes {1000 * each:.1f} ms, "
        f"so the witness would take {each * answers / float(seconds):,.0f} times as long for one packet an answer"
    )
    print(f"one question about all zones at {rules:,} rules: {child(*module, 'one').said.split()[0]} ms")
    matrix = child(*module, "matrix")
    pairs = firewalls.ZONES * (firewalls.ZONES - 1)
    print(
        f"{pairs:,} pairs of zones by {len(firewalls.PORTS)} services at {rules:,} rules: {matrix.said.split()[0]} s of processor time"
    )


def exported(rules: int) -> None:
    """A long ruleset as its tool writes it, read; beside a look at its words alone."""
    for kind in exports.KINDS:
        took = child("-m", "tests.benchmarks.exports", kind, rules)
        seconds, plain, told = took.said.split()
        print(
            f"{int(told):,} rules of {kind} read: {seconds} s of processor time, {took.megabytes:.0f} MB; its words alone take {plain} s"
        )


def recognised() -> None:
    """A hundred thousand distinct names; and the share of the names in the public samples that is recognised."""
    print(child("-m", "tests.benchmarks.names").said, end="")


def imported(kind: str, rows: int) -> None:
    """A long inventory read, recognised and settled; beside the plainest script that holds it in memory."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "export"
        module = ("-m", "tests.benchmarks.inventories", kind)
        child(*module, "write", path, rows)
        megabytes = path.stat().st_size / 1e6
        empty, ours, plain = (child(*module, how, path) for how in ("nothing", "engine", "plain"))
    print(
        f"{int(ours.said):,} rows of {kind}, {megabytes:.0f} MB, read, recognised and settled: {ours} ({empty.megabytes:.0f} MB before); "
        f"the plainest script: {plain.cpu:.2f} s, {plain.megabytes:.0f} MB: {plain.cpu / ours.cpu:.1f} times as long"
    )


def swept() -> None:
    """A file of 65,536 hosts through the command: nothing of it is held that is not kept."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        estate.write(root, 1, 1)
        (root / "small.xml").write_text('<nmaprun><runstats><finished exit="success"/></runstats></nmaprun>')
        module = ("-m", "tests.benchmarks.inventories", "nmap-xml")
        child(*module, "write", root / "large.xml", inventories.HOSTS)
        megabytes = (root / "large.xml").stat().st_size / 1e6
        command = ("-m", "secscan.cli.main", "-w", root, "import", "--council", "bulk", "--dry-run")
        small, large = child(*command, root / "small.xml"), child(*command, root / "large.xml")
        plain = child(*module, "plain", root / "large.xml")
    print(
        f"nmap XML of {inventories.HOSTS:,} hosts, {megabytes:.0f} MB, by 'secscan import --dry-run': {large} ({small.megabytes:.0f} MB for one of "
        f"no host); parsed as a tree: {plain}"
    )


def shadowed() -> None:
    """Which rules no packet gets to, and the same by plain subtraction and by a solver on few of them."""
    few = ("-m", "tests.benchmarks.shadows", 300)
    told = {way: child(*few, way).said.split() for way in ("search", "plain", "solver")}
    each = {way: float(seconds) / float(told["search"][0]) for way, (seconds, _) in told.items()}
    agreed = {many for _, many in told.values() if many != "-1"}
    solver = "no solver is installed" if told["solver"][1] == "-1" else f"a solver {each['solver']:,.0f} times"
    print(
        f"shadowed rules among 300: plain subtraction takes {each['plain']:,.0f} times as long, {solver}; "
        f"{'all find as many' if len(agreed) == 1 else f'they differ: {agreed}'}"
    )
    for rules in (1_000, 10_000):
        module = ("-m", "tests.benchmarks.shadows", rules)
        nothing, took = child(*module, "nothing"), child(*module, "search")
        seconds, many = took.said.split()
        print(
            f"shadowed rules among {rules:,} ({int(many):,} found, each other with a packet): {seconds} s of processor time, "
            f"{took.megabytes:.0f} MB ({nothing.megabytes:.0f} MB before)"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=int, default=3_000)
    parser.add_argument("--many", type=int, default=100_000, help="assets of the large estate; 0 leaves it out")
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows of the long lists of software")
    parser.add_argument("--installs", type=int, default=60)
    asked = parser.parse_args()
    startup()
    judged(asked.assets, asked.installs)
    whole(asked.assets, asked.installs // 3)
    whole(asked.assets, asked.installs)
    for rules in (1_000, 10_000):
        reached(rules)
    exported(5_000)
    recognised()
    for kind in inventories.COLUMNS:
        imported(kind, asked.rows)
    for kind, rows in (("workbook", 20_000), ("defender-json", 300_000), ("cyclonedx", 50_000)):
        imported(kind, rows)
    swept()
    shadowed()
    if asked.many:
        written(asked.many, asked.installs)
        read(asked.many, asked.installs)


if __name__ == "__main__":
    main()
