"""Chance that comes out the same every time: a number from words, never from a clock or a machine.

Each draw is keyed by what it decides, so a line added in one place moves nothing in another.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, TypeVar

T = TypeVar("T")

_SEED: Final = b"secscan-sample-1"


def share(*keys: object) -> float:
    """A number from 0 up to, not including, 1: the same for the same keys."""
    words = "|".join(map(str, keys)).encode()
    return int.from_bytes(blake2b(words, digest_size=6, key=_SEED).digest(), "big") / 2**48


def whole(low: int, high: int, *keys: object) -> int:
    """A whole number from ``low`` to ``high``, both possible."""
    return low + int(share(*keys) * (high - low + 1))


def pick(options: Sequence[T], *keys: object) -> T:
    return options[int(share(*keys) * len(options))]
