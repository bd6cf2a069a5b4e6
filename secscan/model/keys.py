"""The keys by which two sources may mean the same asset, as text that compares.

What stands in a field because something had to stand there (``To be filled by O.E.M.``) is no key and no fact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address
from typing import Final

_PLACEHOLDERS: Final = frozenset(
    ["none", "null", "nil", "na", "notapplicable", "notavailable", "notspecified", "notset", "unknown", "unspecified", "undefined", "invalid", "empty", "default", "defaultstring", "tobefilled", "tobefilledbyoem", "filledbyoem", "oem", "serial", "serialnumber", "sn", "nosn", "noserial", "noserialnumber", "systemserialnumber", "chassisserialnumber", "chassisserial", "baseboardserialnumber", "systemproductname", "systemmanufacturer", "1234567", "12345678", "123456789", "1234567890", "0123456789", "0123456", "01234567", "012345678", "123456789012", "abcdefg", "assettag", "noassettag", "noassetinformation", "chassisassettag", "systemassettag", "assettagnumber", "asset1234567890", "atn12345678901234567", "77837084326590858269328677", "releasekeys", "testkeys", "devkeys", "vmware", "vmwarevirtualplatform", "virtualmachine", "virtualbox", "qemu", "kvm", "xen", "hyperv", "systemuuid", "03000200040005000006000700080009", "00020003000400050006000700080009"]
)  # fmt: skip
"""Letters and digits alone, lower case. The long numbers are what every machine of one maker has, virtual or not."""
_SHORTEST: Final = 3
_NOT_WORD: Final = re.compile(r"[\W_]+")
_NUMBERS: Final = re.compile(r"[0-9.]+|.*:.*", re.DOTALL)
_MAC: Final = re.compile(r"[0-9a-f]{12}")
_APART: Final = str.maketrans("", "", " \t:.-")
_SHARED_MACS: Final = ("00005e0001", "00005e0002", "00000c07ac", "00000c9ff")
"""What two routers answer to together (VRRP, HSRP)."""
_VMWARE: Final = "vmware"
_NETBIOS: Final = 15
"""Windows cuts a host name to so many characters where it is old-fashioned."""
_FQDN: Final = re.compile(r"(?=.{4,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})+")
_LOCAL: Final = frozenset(("localhost", "localdomain"))


def meaningless(text: str) -> bool:
    """Whether a serial number or tag is a placeholder: a known phrase, one character repeated, or next to nothing."""
    plain = _NOT_WORD.sub("", text).casefold()
    return len(plain) < _SHORTEST or plain in _PLACEHOLDERS or len(set(plain.removeprefix(_VMWARE))) == 1


def comparable(key: str, text: str | None) -> str | None:
    """The value of a key as it compares with another source's; None where it names nobody in particular."""
    return None if text is None else KEYS[key](text)


def names_differ(one: str, other: str) -> bool:
    """Whether two host names, as they compare, are of two machines. One that is cut off at 15 characters is not another."""
    short, long = sorted((one, other), key=len)
    return one != other and not (len(short) == _NETBIOS and long.startswith(short))


def _folded(text: str) -> str:
    """Without capitals. A letter of another alphabet is never one of ours: some fold to it (the Kelvin sign to k)."""
    if text.isascii():
        return text.casefold()
    return "".join(c if not c.isascii() and c.casefold().isascii() else c.casefold() for c in text)


def _serial(text: str) -> str | None:
    """Without spaces. A VMware serial is one number, however its bytes are set apart."""
    if meaningless(text):
        return None
    plain = _folded("".join(text.split()))
    return plain.replace("-", "") if plain.startswith(f"{_VMWARE}-") else plain


def _fqdn(text: str) -> str | None:
    """A name with its domain; a bare host name and the machine's own name for itself are none."""
    name = _folded(text.strip().rstrip("."))
    labels = name.split(".")
    if not _FQDN.fullmatch(name) or labels[-1].isdigit() or _LOCAL & {labels[0], labels[-1]}:
        return None
    return name


def _mac(text: str) -> str | None:
    """Twelve digits that a maker gave to one card: none that a machine made up for itself, or that several share."""
    digits = text.translate(_APART).casefold()
    if not _MAC.fullmatch(digits) or len(set(digits)) == 1 or digits.startswith(_SHARED_MACS):
        return None
    return None if int(digits[1], 16) & 3 else digits  # the two bits for groups and for addresses given by hand


def _hostname(text: str) -> str | None:
    name = _folded(text.strip())
    first = name.partition(".")[0]
    return None if not first or first in _LOCAL or _is_address(name) else first


def _netbios(text: str) -> str | None:
    name = _hostname(text)
    return name and name[:_NETBIOS]


def _is_address(text: str) -> bool:
    if not _NUMBERS.fullmatch(text):
        return False  # asked of every name, and asking the library costs
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


KEYS: Final[Mapping[str, Callable[[str], str | None]]] = {
    "asset_tag": lambda text: _folded(text.strip()) or None,
    "serial": _serial,
    "fqdn": _fqdn,
    "mac": _mac,
    "hostname": _hostname,
    "netbios": _netbios,
    "name": _hostname,
}
"""Every key that can be declared, and how its values compare; and ``name``, which only speaks against others."""
FACT_OF: Final[Mapping[str, str]] = {"netbios": "hostname", "name": "hostname"}
"""The fact that a key is read from, where it has another name."""
