"""A firewall between two networks of users and one of servers, in network namespaces of this kernel.

``users`` and ``guest`` hold sources, ``dmz`` servers that listen on every port that is tried. Names of namespaces hold the
number of this process, so that runs stand side by side; they and every process in them are gone when a site is closed.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from shutil import which
from types import TracebackType
from typing import Any

from secscan.exposure.intervals import networks
from secscan.model.net import Interface

PROGRAMS = ("ip", "iptables", "ip6tables", "nft", "ipset", "nmap", "sysctl")
PATH = f"{os.environ.get('PATH', '')}:/usr/local/sbin:/usr/sbin:/sbin"
"""The programs of a system's owner are on no other's path."""
ENV = {**os.environ, "PATH": PATH}
PORTS = (22, 80, 443, 1433, 3389, 8080, 8443)
PROXY = 3128
"""Where the firewall itself listens."""
USERS = tuple(f"10.50.1.{n}" for n in range(10, 22))
GUESTS = tuple(f"10.50.2.{n}" for n in range(10, 18))
USERS6 = tuple(f"fd50:1::{n:x}" for n in range(10, 16))
GUESTS6 = tuple(f"fd50:2::{n:x}" for n in range(10, 14))
SERVERS = ("10.50.9.10", "10.50.9.11", "10.50.9.12")
SERVERS6 = ("fd50:9::a", "fd50:9::b")
PUBLIC = ("10.50.100.1", "10.50.100.2", "10.50.100.3")
"""Addresses that rulesets may translate; where they do not, a server has them too."""
SIDES = {
    "users": ("10.50.1.1", "fd50:1::1", ("10.50.1.0/24", "fd50:1::/64")),
    "guest": ("10.50.2.1", "fd50:2::1", ("10.50.2.0/24", "fd50:2::/64")),
    "dmz": ("10.50.9.1", "fd50:9::1", ("10.50.9.0/24", "fd50:9::/64", "10.50.100.0/24")),
}
OWN = frozenset(address for v4, v6, _ in SIDES.values() for address in (v4, v6))
"""The firewall's addresses."""
STATION = Path(__file__).with_name("station.py")


def interfaces() -> tuple[Interface, ...]:
    """The firewall's own: what no ruleset says, and the tests know."""
    return tuple(
        Interface(name=name, addresses=networks((f"{v4}/32", f"{v6}/128")), networks=networks(behind))
        for name, (v4, v6, behind) in SIDES.items()
    )


@cache
def refused() -> str:
    """Why no namespaces can be built here; "" where they can."""
    if missing := [name for name in PROGRAMS if which(name, path=PATH) is None]:
        return f"not installed here: {', '.join(missing)}"
    name = f"secscan-{os.getpid()}-try"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, text=True, check=False, env=ENV)
    if made.returncode:
        return f"network namespaces are refused here: {made.stderr.strip()}"
    try:
        for command in (["nft", "list", "ruleset"], ["iptables-save"], ["ipset", "list"]):
            tried = subprocess.run(
                ["ip", "netns", "exec", name, *command], capture_output=True, text=True, check=False, env=ENV
            )
            if tried.returncode:
                return f"{command[0]} is refused in a namespace here: {tried.stderr.strip()}"
    finally:
        subprocess.run(["ip", "netns", "del", name], check=True, env=ENV)
    return ""


def _sweep() -> None:
    """Namespaces of runs that were killed are gone; their stations ended with their runs."""
    listed = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=False, env=ENV).stdout
    for name, run in re.findall(r"^(secscan-(\d+)-\w+(?:-\w+)?)", listed, re.MULTILINE):
        if not Path(f"/proc/{run}").exists():
            subprocess.run(["ip", "netns", "del", name], check=False, env=ENV)


class Site:
    """Four namespaces. ``name`` tells sites of one process apart."""

    def __init__(self, name: str) -> None:
        self._prefix = f"secscan-{os.getpid()}-{name}"
        self._stations: dict[str, subprocess.Popen[str]] = {}
        self._made: list[str] = []

    def __enter__(self) -> Site:
        _sweep()
        try:
            self._build()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for station in self._stations.values():
            if station.stdin:
                station.stdin.close()  # it reads to the end and ends
            with suppress(subprocess.TimeoutExpired):
                station.wait(5)
            if station.poll() is None:
                station.kill()
                station.wait()
            if station.stdout:
                station.stdout.close()
        self._stations.clear()
        while self._made:
            subprocess.run(["ip", "netns", "del", self._space(self._made.pop())], check=False, env=ENV)

    def run(self, place: str, *command: str, text: str | None = None) -> str:
        """What a command in a namespace printed."""
        done = subprocess.run(
            ["ip", "netns", "exec", self._space(place), *command],
            input=text,
            capture_output=True,
            text=True,
            check=False,
            env=ENV,
        )
        if done.returncode:
            raise AssertionError(f"{' '.join(command)}: {done.stderr}\n{text or ''}")
        return done.stdout

    def ask(self, place: str, **what: Any) -> None:
        """Sends a request to a station; ``told`` waits for its answer."""
        stdin = self._stations[place].stdin
        assert stdin
        stdin.write(json.dumps(what) + "\n")
        stdin.flush()

    def told(self, place: str) -> dict[str, Any]:
        stdout = self._stations[place].stdout
        assert stdout
        answer: dict[str, Any] = json.loads(stdout.readline())
        return answer

    # -- building

    def _space(self, place: str) -> str:
        return f"{self._prefix}-{place}"

    def _build(self) -> None:
        for place in ("fw", *SIDES):
            subprocess.run(["ip", "netns", "add", self._space(place)], check=True, capture_output=True, env=ENV)
            self._made.append(place)
        hosts: dict[str, Sequence[str]] = {
            "users": (*USERS, *USERS6), "guest": (*GUESTS, *GUESTS6), "dmz": (*SERVERS, *SERVERS6, *PUBLIC, "10.50.9.9"),
        }  # fmt: skip
        for place in ("fw", *SIDES):
            self._batch(place, ["link set lo up"])
        for at, (side, (v4, v6, _)) in enumerate(SIDES.items(), 1):
            near, far = f"02:00:00:00:0{at}:01", f"02:00:00:00:0{at}:02"
            self._batch(
                "fw",
                [f"link add {side} address {near} type veth peer name eth0 address {far} netns {self._space(side)}"],
            )
            self._batch(
                "fw", [f"addr add {v4}/24 dev {side}", f"addr add {v6}/64 dev {side} nodad", f"link set {side} up"]
            )
            own = [f"addr add {a}/64 dev eth0 nodad" if ":" in a else f"addr add {a}/24 dev eth0" for a in hosts[side]]
            self._batch(
                side, [*own, "link set eth0 up", f"route add default via {v4}", f"route add default via inet6 {v6}"]
            )
            # Neighbours are told, not asked for: a ruleset may stop the packets that ask.
            self._batch(side, [f"neigh replace {a} lladdr {near} dev eth0" for a in (v4, v6)])
            self._batch("fw", [f"neigh replace {a} lladdr {far} dev {side}" for a in hosts[side]])
        self._batch("fw", ["route add 10.50.100.0/24 dev dmz"])
        self.run(
            "fw", "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1", "net.ipv4.icmp_ratelimit=0",
            "net.ipv6.icmp.ratelimit=0",
        )  # fmt: skip
        for side in SIDES:
            self._station(side)
        self._station("fw")
        self.ask("dmz", listen=[[host, port] for host in hosts["dmz"] for port in PORTS])
        self.ask("fw", listen=[[address, port] for address in OWN for port in (22, 8080, PROXY)])
        self.told("dmz")
        self.told("fw")

    def _batch(self, place: str, lines: Sequence[str]) -> None:
        self.run(place, "ip", "-batch", "-", text="\n".join(lines) + "\n")

    def _station(self, place: str) -> None:
        self._stations[place] = subprocess.Popen(
            ["ip", "netns", "exec", self._space(place), sys.executable, "-I", str(STATION)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=ENV,
        )  # fmt: skip
