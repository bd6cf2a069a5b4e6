"""What a pattern of the catalogue may be: a regular expression whose cost is bounded, or it is refused on load.

A pattern is matched against a whole name of at most ``names.MAX_LENGTH`` ASCII characters. It may not repeat a group
that repeats without a limit (nothing backs off exponentially), holds at most three unlimited repeats, looks neither
ahead nor behind and refers back to nothing. A council's own file comes under the same rules as the shipped ones.
"""

from __future__ import annotations

import re
from typing import Final

MAX_LENGTH: Final = 800
MAX_UNLIMITED: Final = 3
MAX_COUNT: Final = 64

_TOKEN = re.compile(
    r"(?P<escape>\\.)|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])|(?P<open>\((?:\?(?::|P<\w+>|[^:P]|P[^<]))?)|(?P<close>\))"
    r"|(?P<repeat>[*+?]|\{\d*,?\d*\})|(?P<other>.)",
    re.DOTALL | re.ASCII,
)


def problem(pattern: str) -> str | None:
    """Why a pattern is refused, or None where it is not."""
    if not pattern or len(pattern) > MAX_LENGTH:
        return f"a pattern has 1 to {MAX_LENGTH} characters"
    try:
        re.compile(pattern, re.ASCII)
    except (re.error, OverflowError, RecursionError) as error:
        return f"not a regular expression: {error}"
    unlimited = 0
    groups: list[bool] = []  # for each open group, whether something in it repeats without limit
    after_group = False  # whether the item just read is a group that holds such a repeat
    after_repeat = False
    for token in _TOKEN.finditer(pattern):
        match token.lastgroup:
            case "open":
                if token[0] not in ("(", "(?:") and not token[0].startswith("(?P<"):
                    return f"'{token[0]}...' looks around or refers back, which a pattern may not"
                groups.append(False)
                after_group = after_repeat = False
            case "close":
                after_group, after_repeat = groups.pop(), False
                if groups and after_group:
                    groups[-1] = True
            case "repeat" if after_repeat:
                after_repeat = False  # "+?" and the like: the same repeat, lazily
            case "repeat":
                high = _most(token[0])
                if high is not None and high > MAX_COUNT:
                    return f"'{token[0]}' repeats more than {MAX_COUNT} times"
                if after_group and (high is None or high > 1):
                    return f"'{token[0]}' repeats a group that repeats without limit in itself"
                if high is None:
                    unlimited += 1
                    if groups:
                        groups[-1] = True
                after_repeat, after_group = True, False
            case "escape" if token[0][1].isdigit():
                return f"'{token[0]}' refers back, which a pattern may not"
            case _:
                after_group = after_repeat = False
    if unlimited > MAX_UNLIMITED:
        return f"has {unlimited} unlimited repeats; at most {MAX_UNLIMITED} are taken"
    return None


def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern ready to match ASCII names. It must have passed ``problem``."""
    return re.compile(pattern, re.ASCII)


def _most(repeat: str) -> int | None:
    """How often a repeat matches at most; None: without limit."""
    if repeat == "?":
        return 1
    if repeat in "*+":
        return None
    low, comma, high = repeat[1:-1].partition(",")
    if not comma:
        return int(low or 0)
    return int(high) if high else None
