"""The keys by which two sources may mean the same asset, as text that compares.

What stands in a field because something had to stand there (``To be filled by O.E.M.``) is no key and no fact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

_PLACEHOLDERS: Final = frozenset(
    ["none", "null", "nil", "na", "notapplicable", "notavailable", "notspecified", "notset", "unknown", "unspecified", "undefined", "invalid", "empty", "default", "defaultstring", "tobefilled", "tobefilledbyoem", "filledbyoem", "oem", "serial", "serialnumber", "sn", "nosn", "noserial", "noserialnumber", "systemserialnumber", "chassisserialnumber", "chassisserial", "baseboardserialnumber", "systemproductname", "systemmanufacturer", "1234567", "12345678", "123456789", "1234567890", "0123456789", "0123456", "01234567", "012345678", "123456789012", "abcdefg", "assettag", "noassettag", "noassetinformation", "chassisassettag", "systemassettag", "assettagnumber", "asset1234567890", "atn12345678901234567", "77837084326590858269328677", "releasekeys", "testkeys", "devkeys"]
)  # fmt: skip
"""Letters and digits alone, lower case. The long number is what every virtual machine of one maker has for its tag."""
_SHORTEST: Final = 3
_NOT_WORD: Final = re.compile(r"[\W_]+")
_MAC: Final = re.compile(r"[0-9a-f]{12}")
_FQDN: Final = re.compile(r"(?=.{4,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+")
_LOCAL: Final = frozenset(("localhost", "localdomain"))


def meaningless(text: str) -> bool:
    """Whether a serial number or tag is a placeholder: a known phrase, one character repeated, or next to nothing."""
    plain = _NOT_WORD.sub("", text).casefold()
    return len(plain) < _SHORTEST or len(set(plain)) == 1 or plain in _PLACEHOLDERS


def comparable(key: str, text: str | None) -> str | None:
    """The value of a key as it compares with another source's; None where it names nobody in particular."""
    return None if text is None else KEYS[key](text)


def _serial(text: str) -> str | None:
    return None if meaningless(text) else "".join(text.split()).casefold()


def _fqdn(text: str) -> str | None:
    """A name with its domain; a bare host name and the machine's own name for itself are none."""
    name = text.strip().rstrip(".").casefold()
    labels = name.split(".")
    if not _FQDN.fullmatch(name) or labels[-1].isdigit() or _LOCAL & {labels[0], labels[-1]}:
        return None
    return name


def _mac(text: str) -> str | None:
    digits = re.sub(r"[\s:.\-]", "", text).casefold()
    return digits if _MAC.fullmatch(digits) and len(set(digits)) > 1 else None


def _hostname(text: str) -> str | None:
    name = text.strip().casefold().partition(".")[0]
    return None if not name or name in _LOCAL else name


KEYS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "asset_tag": lambda text: text.strip().casefold() or None,
    "serial": _serial,
    "fqdn": _fqdn,
    "mac": _mac,
    "hostname": _hostname,
}
"""Every key that can be declared, and how its values compare."""
