"""Which titles an asset has, and its software list in a month."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Final

from secscan.workspace.sample.asset import Asset
from secscan.workspace.sample.chance import pick, share, whole
from secscan.workspace.sample.days import MONTHS, Month
from secscan.workspace.sample.titles import TITLES

ENDPOINT: Final = ("edgeupdate", "teams", "teamsaddin", "vc14", "vc14x86", "audio", "graphics")
WINDOWS_SERVER: Final = ("vc14", "vc14x86", "vc13", "vmtools", "veeamagent", "odbc17", "oledb")
LINUX: Final = {
    "ubuntu": ("openssh", "openssl", "sudo", "curl"),
    "debian": ("opensshdeb", "openssldeb"),
    "rhel": ("opensshel", "opensslel"),
}
COUNCILS_OWN: Final = {
    "alderbeck": ("sophos", "anyconnect"),
    "brackenford": ("apexone", "forticlient"),
    "corvale": ("eset",),
    "threeways": ("sophos",),
}

OCCASIONAL: Final = (
    ("vc13", 0.7), ("vc10", 0.5), ("touchpad", 0.6), ("odbc17", 0.45), ("nativeclient", 0.3), ("oledb", 0.3), ("health", 0.3),
    ("edge", 0.4), ("firefox", 0.45), ("chrome", 0.35), ("onedrive", 0.1), ("zoom", 0.1), ("papercutclient", 0.1), ("delldriver", 0.05),
    ("notepad", 0.03), ("vlc", 0.06), ("keepass", 0.05), ("snagit", 0.04), ("mecmclient", 0.05),
    ("dotnet10", 0.35), ("dotnet8", 0.1), ("dotnet6", 0.02), ("java8", 0.03), ("temurin17", 0.05), ("silverlight", 0.02),
    ("powershell74", 0.03), ("libreoffice", 0.03), ("wireshark", 0.01), ("python312", 0.03), ("python310", 0.02), ("python39", 0.01),
)  # fmt: skip
"""On some endpoints only, and on what share of them."""

TIDIED: Final = {
    "java8old": "temurin17", "java8": "temurin17", "dotnet6": "dotnet10", "dotnet8": "dotnet10", "python39": "python312",
    "python310": "python312", "readerdc": "reader", "visio": None, "silverlight": None, "notepad": None, "wireshark": None,
    "powershell74": None, "libreoffice": None,
}  # fmt: skip
"""What is taken off endpoints, and what comes in its place."""
_TIDY: Final = {"alderbeck": 0.9, "brackenford": 0.55, "corvale": 0.05, "threeways": 0.9}
"""The share that is off by the last month."""


_METERED: Final = frozenset({"alderbeck"})
"""Whose tool tells when a program was last used."""
_IDLE: Final = {"acrobat": (0.36, 0.14), "visio": (0.6, 0.4), "autocad": (0.3, 0.3)}
"""Paid for by the seat: the share that nobody uses, in the first month and in the last."""


@dataclass(frozen=True, slots=True)
class Install:
    """One row of a software list."""

    key: str
    name: str
    version: str
    publisher: str
    installed_on: date
    last_used_on: date | None


@cache
def _occasional(council: str, tag: str) -> tuple[str, ...]:
    return tuple(key for key, part in OCCASIONAL if share(council, tag, key) < part)


@cache
def _age(council: str, tag: str, key: str) -> int:
    """How many days before the last set it was installed."""
    return whole(400, 1900, council, tag, key, "age")


def _endpoint_keys(council: str, tag: str, month: int, office: str, department_apps: tuple[str, ...]) -> Iterator[str]:
    """The titles on a desktop or laptop."""
    yield from ENDPOINT
    yield office
    if office != "office2016":
        yield "clicktorun"
    yield pick(("acrobat",) * 5 + ("reader",) * 13 + ("readerdc",), council, tag, "pdf")
    if share(council, tag, "zip") < 0.4:
        yield "sevenzipold" if share(council, tag, "old zip") < 0.5 - 0.04 * month else "sevenzip"
    yield from COUNCILS_OWN[council]
    yield from department_apps
    yield from _occasional(council, tag)


def _server_keys(council: str, family: str, apps: tuple[str, ...]) -> Iterator[str]:
    """The titles on a server: what every one of its family has, then its own."""
    if family == "windows":
        yield from WINDOWS_SERVER
        yield COUNCILS_OWN[council][0]
        if any(app.startswith("sql") for app in apps):
            yield "nativeclient"
    else:
        yield from LINUX.get(family, ())
    yield from apps


def installs(asset: Asset, month: Month) -> Iterator[Install]:
    """The software list of an asset; nothing where nobody lists it."""
    return (_install(asset.council, asset.tag, key, month) for key in keys(asset, month.number))


def keys(asset: Asset, month: int) -> tuple[str, ...]:
    """The keys of its titles, each once."""
    family = asset.system(month).family
    if family == "endpoint":
        every = _endpoint_keys(asset.council, asset.tag, month, asset.office(month), asset.apps)
        found = tuple(key for one in every if (key := _tidied(asset, one, month)) is not None)
    elif family in ("windows", "ubuntu", "debian", "rhel") and "lists" not in asset.apps:
        found = tuple(_server_keys(asset.council, family, asset.apps))
    else:
        found = ()
    return tuple(dict.fromkeys(found))


def _tidied(asset: Asset, key: str, month: int) -> str | None:
    """The title itself, or what the council has put in its place by now; None where it is gone."""
    by_now = _TIDY[asset.council] * (month - 1) / (MONTHS - 1)
    return TIDIED[key] if key in TIDIED and share(asset.council, asset.tag, key, "tidied") < by_now else key


def _install(council: str, tag: str, key: str, month: Month) -> Install:
    """One title on one asset as the set of the month tells it."""
    title = TITLES[key]
    evergreen = not isinstance(title.version, str)
    age = _age(council, tag, key)
    installed_on = month.day - timedelta(days=3 + age % 17) if evergreen else month.end - timedelta(days=age)
    used = _last_used(council, tag, key, month) if council in _METERED or key.endswith("client") else None
    return Install(key, title.name, title.version_on(month.day), title.publisher, installed_on, used)


def _last_used(council: str, tag: str, key: str, month: Month) -> date:
    """Within the last weeks; what is idle was last used more than a year before the story begins."""
    first, last = _IDLE.get(key, (0.0, 0.0))
    idle = first + (last - first) * (month.number - 1) / (MONTHS - 1)
    if share(council, tag, key, "idle") < idle:
        return month.end - timedelta(days=whole(720, 1300, council, tag, key, "idle since"))
    return month.day - timedelta(days=_age(council, tag, key) % 29)
