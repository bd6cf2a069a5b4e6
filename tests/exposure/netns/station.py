"""Stands in one network namespace, listens, and tries connections: one JSON request a line, one answer a line.

Run by itself, without the project: ``python station.py`` in a namespace. Ends when its input ends.
"""

from __future__ import annotations

import errno
import json
import selectors
import socket
import struct
import sys
import threading
import time
from typing import Any

OPENED = 0.25
"""Seconds after which a connection that nobody answered counts as stopped."""
RESET = struct.pack("ii", 1, 0)


def listen(places: list[list[Any]]) -> None:
    """Whoever connects is told which address and port it reached."""
    chosen = selectors.DefaultSelector()
    for address, port in places:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        door = socket.socket(family)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((address, port))
        door.listen(1024)
        door.setblocking(False)
        chosen.register(door, selectors.EVENT_READ)

    def serve() -> None:
        while True:
            for key, _ in chosen.select():
                door = key.fileobj
                assert isinstance(door, socket.socket)
                try:
                    guest, _ = door.accept()
                except OSError:
                    continue
                with guest:
                    host, port = guest.getsockname()[:2]
                    guest.sendall(f"{host} {port}".encode())

    threading.Thread(target=serve, daemon=True).start()


def probe(tries: list[list[Any]]) -> dict[str, Any]:
    """What each (source, destination, port) reached: ``address port`` of who answered, or why nobody did."""
    started = time.monotonic()
    chosen, found = selectors.DefaultSelector(), ["silent"] * len(tries)
    for number, (source, destination, port) in enumerate(tries):
        one = socket.socket(socket.AF_INET6 if ":" in destination else socket.AF_INET)
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        one.setblocking(False)
        one.bind((source, 0))
        if one.connect_ex((destination, port)) in (0, errno.EINPROGRESS):
            chosen.register(one, selectors.EVENT_READ, number)
        else:
            found[number] = "refused"
            one.close()
    end = time.monotonic() + OPENED
    while chosen.get_map() and (wait := end - time.monotonic()) > 0:
        for key, _ in chosen.select(wait):
            found[key.data] = _heard(key.fileobj)
            chosen.unregister(key.fileobj)
    slow: list[tuple[Any, int]] = []
    remaining: list[tuple[Any, int]] = [(key.fileobj, key.data) for key in chosen.get_map().values()]
    for left, number in remaining:
        if _connected(left):
            slow.append((left, number))  # the kernel of the other end took it, and its program is late
        else:
            left.close()
    seconds = time.monotonic() - started
    for late, number in slow:
        late.settimeout(10)
        found[number] = _heard(late)
    return {"found": found, "seconds": seconds}


def _heard(one: Any) -> str:
    with one:
        try:
            return str(one.recv(100).decode()) or "closed"
        except OSError:
            return "refused"


def _connected(one: Any) -> bool:
    try:
        one.getpeername()
    except OSError:
        return False
    return True


def main() -> None:
    for line in sys.stdin:
        asked = json.loads(line)
        answer: dict[str, Any] = {}
        if "listen" in asked:
            listen(asked["listen"])
        if "probe" in asked:
            answer = probe(asked["probe"])
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
