"""The files that people write: secscan.yaml, overlays, exceptions, mitigations, entitlements, their own products."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from secscan.doors.files import MEGABYTE, read_bytes

_HERE: Final = Path(__file__).parent
_PLACES: Final = {
    "policies/overlay.yaml": "overlay.yaml",
    "policies/overlay-brackenford.yaml": "overlay-brackenford.yaml",
    "policies/exceptions.yaml": "exceptions.yaml",
    "policies/mitigations.yaml": "mitigations.yaml",
    "policies/entitlements.csv": "entitlements.csv",
    "policies/catalogue.yaml": "catalogue.yaml",
    "secscan.yaml": "secscan.yaml",
}
"""Where each stands in the workspace -> its text here. ``@+30`` in a text is the day 30 days after the last set."""
_DAY: Final = re.compile(r"@([+-]\d+)\b")


def documents(end: date) -> Iterator[tuple[str, bytes]]:
    """Every document with its days filled in."""
    for place, name in _PLACES.items():
        text = read_bytes(_HERE / name, shown=name, limit=MEGABYTE).decode()
        yield place, _DAY.sub(lambda found: (end + timedelta(days=int(found[1]))).isoformat(), text).encode()
