"""Text from an inventory, made harmless for a terminal or a log line."""

from __future__ import annotations

import re
import shlex

_HOSTILE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)


def safe(text: object, limit: int | None = None) -> str:
    """``text`` on one line, with control, bidirectional and invisible characters shown as escapes."""
    clean = _HOSTILE.sub(
        lambda found: found.group().encode("unicode_escape", "surrogatepass").decode("ascii"), str(text)
    )
    return clean if limit is None or len(clean) <= limit else clean[: limit - 1] + "…"


def typed(*words: object) -> str:
    """A command of ours that a person may paste: what came from an inventory is quoted, so that no shell obeys it."""
    return safe(shlex.join(("secscan", *(str(word) for word in words))))
