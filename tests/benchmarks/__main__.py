"""Measures the whole scan, and judging against a plain Python loop on the same rows. Prints ratios; asserts nothing."""

from __future__ import annotations

import argparse
import csv
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.benchmarks import estate


def child(*args: object) -> tuple[float, float]:
    """Seconds and peak megabytes of a command as a whole process."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, *map(str, args)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, _, usage = __import__("os").wait4(process.pid, 0)
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def startup() -> None:
    click = min(child("-c", "import click")[0] for _ in range(7))
    helped = min(child("-m", "secscan.cli.main", "--help")[0] for _ in range(7))
    print(f"secscan --help: {helped:.3f} s, {helped / click:.1f} times 'import click' ({click:.3f} s)")


def whole(assets: int, installs: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        estate.write(root, assets, installs)
        seconds, megabytes = child("-m", "secscan.cli.main", "-w", root, "scan", "--as-of", estate.TODAY, "-q")
        print(f"cold scan, report included, {assets:,} assets x {installs}: {seconds:.2f} s, {megabytes:.0f} MB")


def judged(assets: int, installs: int) -> None:
    """Recognising and judging 'unsupported', by distinct software and by a plain loop over rows."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        estate.write(root, assets, installs)
        ours = child("-m", "tests.benchmarks.judged", root, "engine")
        plain = child("-m", "tests.benchmarks.judged", root, "loop")
        empty = child("-m", "tests.benchmarks.judged", root, "nothing")
        fast, slow = ours[0] - empty[0], plain[0] - empty[0]
        rows = (
            sum(1 for _ in csv.reader((root / "inventory/bulk" / estate.TODAY.isoformat() / "software.csv").open())) - 1
        )
        print(
            f"read, recognise and judge {rows:,} installs: {fast:.2f} s and {ours[1]:.0f} MB; "
            f"a plain loop over rows {slow:.2f} s and {plain[1]:.0f} MB: {slow / fast:.1f} times as long"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=int, default=3_000)
    parser.add_argument("--installs", type=int, default=60)
    asked = parser.parse_args()
    startup()
    judged(asked.assets, asked.installs)
    whole(asked.assets, asked.installs)
    print(f"peak of this process itself: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
