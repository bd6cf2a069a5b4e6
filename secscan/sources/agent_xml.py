"""The XML of GLPI, FusionInventory and OCS agents, told as the JSON of the GLPI agent tells it.

One ``<REQUEST>`` is one inventory, or the answers of several network devices that an agent asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from secscan.doors import xml
from secscan.doors.terminal import safe
from secscan.doors.xml import Element
from secscan.sources.reader import Job

_ASIDE: Final = frozenset(
    ("ENVS", "PROCESSES", "LOCAL_USERS", "LOCAL_GROUPS", "USERS", "LICENSEINFOS", "CONTROLLERS", "PORTS", "USBDEVICES", "INPUTS", "REGISTRY")
)  # fmt: skip
"""Sections of which nothing is read: the persons and keys among them come no further than here."""
_LISTS: Final = ("NETWORKS", "SOFTWARES", "DRIVES", "ANTIVIRUS")
_SEVERAL: Final = ("ipaddress", "ipaddress6")
"""What a section may say several times."""
_ASKED: Final = ("SNMPQUERY", "SNMP", "NETINVENTORY")
_DAY = re.compile(r"(\d{2})/(\d{2})/(\d{4})")
_HINT: Final = "have the agent write an inventory: glpi-agent --local FOLDER"


class Inventory(NamedTuple):
    """One host: the document as JSON has it, and the lines on which its objects begin."""

    document: dict[str, Any]
    places: dict[tuple[str, ...], list[int]]


def inventories(job: Job) -> list[Inventory]:
    """Every host of the file. Raises InputError for what is no inventory."""
    request = xml.tree(job.data, job.shown, without=_ASIDE)
    content, query = request.first("CONTENT"), (request.says("QUERY") or "INVENTORY").upper()
    if content is None or (query != "INVENTORY" and query not in _ASKED):
        raise job.refuse(f"is an agent's message '{safe(query, 40)}' and no inventory", _HINT)
    devices = list(content.each("DEVICE"))
    if devices or query in _ASKED:
        return [_network(device) for device in devices]
    device = request.says("DEVICEID")
    if device is None:
        raise job.refuse("has no DEVICEID, so nobody knows whose inventory it is", _HINT)
    return [_computer(device, request, content)]


def _computer(device: str, request: Element, content: Element) -> Inventory:
    told: dict[str, Any] = {}
    places: dict[tuple[str, ...], list[int]] = {("content",): [content.line]}
    for section in content.children:
        name = section.tag.lower()
        if section.tag in _LISTS:
            told.setdefault(name, []).append(_section(section))
        elif section.tag == "ACCOUNTINFO":
            continue
        else:
            told.setdefault(name, _section(section))
        places.setdefault(("content", name), []).append(section.line)
    if "operatingsystem" not in told:
        told["operatingsystem"] = _system(told.get("hardware", {}))
    document = {"deviceid": device, "content": told, "tag": _tag(content)}
    return Inventory({key: value for key, value in document.items() if value is not None}, places)


def _tag(content: Element) -> str | None:
    """The tag that the agent was given, as GLPI's agents and as OCS's write it."""
    for account in content.each("ACCOUNTINFO"):
        for one in (account, *account.each("ENTRY")):
            if one.says("KEYNAME") == "TAG":
                return one.says("KEYVALUE")
    return None


def _section(section: Element) -> dict[str, Any]:
    turned: dict[str, Any] = {}
    for child in section.children:
        name = _NAMES.get(child.tag, child.tag.lower())
        text = child.text.strip()
        if text and name in turned and name in _SEVERAL:
            turned[name] = [*(turned[name] if isinstance(turned[name], list) else [turned[name]]), text]
        elif text and name not in turned:
            turned[name] = _TURNS[name](text) if name in _TURNS else text
    return turned


def _yes(text: str) -> bool | None:
    return {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}.get(text.casefold())


def _day(text: str) -> str:
    """A day as the agents write it, ``31/12/2025`` in every country, in the order of ISO."""
    found = _DAY.fullmatch(text)
    return f"{found[3]}-{found[2]}-{found[1]}" if found else text


_NAMES: Final = {"MACADDR": "mac", "INSTALLDATE": "install_date"}
_TURNS: Final[Mapping[str, Callable[[str], Any]]] = {
    "virtualdev": _yes, "management": _yes, "enabled": _yes, "uptodate": _yes, "install_date": _day,
}  # fmt: skip


def _system(hardware: Mapping[str, Any]) -> dict[str, Any]:
    """The system of an OCS agent, which tells it among the hardware: of a Linux its version is the kernel's."""
    name, version = hardware.get("osname"), hardware.get("osversion")
    windows = "windows" in str(name).casefold()
    return {"full_name": name, "name": "Windows" if windows else name, "kernel_version": version}


def _network(device: Element) -> Inventory:
    """A network device or printer, known by what it calls itself: the message has the agent's id and no other."""
    info = device.first("INFO") or device
    facts = _section(info)
    ips = [ip.text.strip() for ips in info.each("IPS") for ip in ips.each("IP") if ip.text.strip()]
    told: dict[str, Any] = {
        "network_device": {
            **{key: facts.get(key) for key in ("name", "type", "mac", "serial", "firmware", "manufacturer", "model", "assettag")},
            "ips": ips, "description": facts.get("description") or facts.get("comments"),
        }
    }  # fmt: skip
    firmwares = list(device.each("FIRMWARES"))
    if firmwares:
        told["firmwares"] = [_section(one) for one in firmwares]
    at: dict[tuple[str, ...], list[int]] = {
        ("content", "network_device"): [device.line],
        ("content", "firmwares"): [one.line for one in firmwares],
    }
    known = facts.get("name") or facts.get("serial") or next(iter(ips), "")
    return Inventory({"deviceid": known, "content": told}, at)
