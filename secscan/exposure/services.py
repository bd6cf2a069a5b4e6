"""The port of a question, as a person writes it."""

from __future__ import annotations

from functools import cache

from secscan.exposure.matching import ANY, PROTOS
from secscan.model.errors import UsageError


@cache
def wanted(port: str) -> tuple[tuple[str, int | None], ...]:
    """``tcp/443`` as its protocol and port; ``any`` as both protocols with every port (None).

    Raises UsageError for what is neither.
    """
    if port == ANY:
        return tuple((proto, None) for proto in PROTOS)
    proto, _, number = port.partition("/")
    if proto in PROTOS:
        if number == ANY:
            return ((proto, None),)
        if number.isascii() and number.isdecimal() and len(number) <= 5 and int(number) <= 65535:
            return ((proto, int(number)),)
    raise UsageError(f"'{port}' is not a port; write tcp/443, udp/53 or any")


def is_port(port: str) -> bool:
    """Whether ``wanted`` takes it."""
    try:
        wanted(port)
    except UsageError:
        return False
    return True
