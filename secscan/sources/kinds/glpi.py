"""Inventories of the GLPI agent: a computer, phone, printer or network device, and what is installed on it; and GLPI's own list.

The list of computers comes as the web page exports it (CSV), in English. An inventory comes as JSON, and as the XML that agents of GLPI, FusionInventory and OCS write. A row is a host. Format: the GLPI project's own inventory schema (inventory_format). The agent calls a host by its ``deviceid``, which names it within this source alone; the council's tag is
``bios.assettag``, unless the source says otherwise (``asset``). Users, keys and licences in the file are never read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from secscan.doors import json
from secscan.model.keys import meaningless
from secscan.sources import agent_xml, looks, objects
from secscan.sources.headed import Headed, Known, OneOf, headings_of, part_of
from secscan.sources.hosts import CHASSIS, GONE, reachable, sort_of
from secscan.sources.kind import Kind
from secscan.sources.reader import Found, Job
from secscan.sources.sample import Sample

Facts = Mapping[str, Any]
Places = Mapping[tuple[str, ...], Sequence[int]]

_TYPES: Final = {
    "phone": "phone", "printer": "printer", "networkequipment": "network", "networking": "network", "storage": "storage",
    "power": "power", "video": "video", "kvm": "kvm",
}  # fmt: skip
_KINDS: Final = {"registry": "arp", "rpm": "rpm", "deb": "dpkg", "dpkg": "dpkg"}
"""Where the agent found a program -> the kind of name that it is."""
_UPDATES: Final = frozenset(("update", "security_update", "hotfix"))
"""Categories of the agent's that are updates of Windows, not programs."""
_DOWN: Final = frozenset(("down", "notpresent", "lowerlayerdown"))
_ELSEWHERE: Final = frozenset(("removable disk", "network drive", "compact disc", "ram disk", "no root directory"))
_BOOT: Final = ("/boot", "/efi")
_NETWORKED: Final = frozenset(
    ("nfs", "nfs4", "cifs", "smbfs", "tmpfs", "squashfs", "iso9660", "overlay", "webdav", "hgfs")
)
_ANDROID = re.compile(r"\bAndroid (\d+(?:\.\d+)*)")
_LETTER = re.compile(r"[A-Za-z]:\\?")


def is_inventory(document: Any) -> bool:
    """Whether a JSON document is an inventory: the schema asks for a device id and the content."""
    return (
        isinstance(document, dict)
        and isinstance(document.get("deviceid"), str)
        and isinstance(document.get("content"), dict)
    )


_LIST: Final = Headed(
    what="GLPI's list of computers",
    needs=(
        ("Name",),
        ("Entity", "Last update", "Last inventory date", "Components - Processor", "Inventory number"),
        ("Operating System - Name", "Operating system", "Operating System"),
        ("Status", "Manufacturer", "Manufacturers", "Serial number", "Type", "Types", "Model"),
    ),
    dates=None,
    parts=(
        part_of(
            "assets",
            columns={
                "device_id": ("ID", "Name"),
                "asset_tag": ("Inventory number",),
                "hostname": ("Name",),
                "serial": ("Serial number",),
                "ip": ("IP", "Networking - IP", "Network - IP"),
                "os": ("Operating System - Name", "Operating system", "Operating System"),
                "os_version": ("Operating System - Version",),
                "os_edition": ("Operating System - Edition",),
                "type": ("Type", "Types"),
                "last_seen": ("Last inventory date", "Last boot date"),
            },
            turns={"type": sort_of},
            facts=("Status", "Entity", "Manufacturer", "Manufacturers", "Model", "Models", "Location", "Locations", "Last update"),
        ),
    ),
    state=("Status",),
    ended=GONE,
)  # fmt: skip
_TABLES: Final = OneOf(
    of=(_LIST,),
    known=(
        Known(
            needs=(
                ("Système d'exploitation - Nom", "Betriebssystem - Name", "Sistema operativo - Nombre", "Sistema operacional - Nome"),
            ),
            without=("Operating System - Name",),
            why="is GLPI's list in another language than English",
            hint="choose English in your settings of GLPI and export it again",
        ),
    ),
)  # fmt: skip


class Glpi:
    """Reads one inventory of the agent, or the list."""

    def read(self, job: Job) -> Found:
        seen = looks.like(job.data)
        told = replace(job, source=job.source.model_copy(update={"dates": "iso"}))
        if seen.kind == "agent-xml":
            return objects.joined([_inventory(*one, told) for one in agent_xml.inventories(job)])
        if seen.kind in ("text", "xlsx"):
            return _TABLES.read(job)
        if seen.kind != "json":
            raise job.refuse(f"is {seen.words}, not an inventory of a GLPI agent")
        document = json.loads(job.data, job.shown)
        if not is_inventory(document):
            raise job.refuse("is no inventory of a GLPI agent: that has a 'deviceid' and a 'content'")
        return _inventory(document, json.places(job.data), told)


def _inventory(document: Facts, places: Places, job: Job) -> Found:
    content: Facts = document["content"]
    network = _object(content, "network_device")
    facts = _device(network) if network else _computer(content)
    facts |= {
        "device_id": document["deviceid"],
        "asset_tag": _tag(job, document, network or _object(content, "bios")),
        "type": _type(document, content),
        "last_seen": _object(content, "accesslog").get("logdate") or job.dated_on.isoformat(),
    }
    at = next(places[p] for p in (("content", "network_device"), ("content", "hardware"), ("content",)) if p in places)
    host = objects.built("assets", [facts], at, job, ("device_id",))
    if not host.rows_loaded:
        return replace(host, tables={})
    (device,) = host.tables["assets"].columns["device_id"]
    return _with_software(host, content, document, device, places, job)


def _with_software(host: Found, content: Facts, document: Facts, device: str, places: Places, job: Job) -> Found:
    """The host with what is installed on it. An entry that cannot be read leaves the list incomplete."""
    programs, firmwares = _placed(content, "softwares", places, job), _placed(content, "firmwares", places, job)
    rows = [
        (
            _program(device, one, _KINDS.get(str(one.get("from")).casefold()))
            | {"install_date": one.get("install_date")},
            at,
        )
        for one, at in programs
        if isinstance(one, dict) and str(one.get("system_category")) not in _UPDATES
    ]
    network = _object(content, "network_device")
    if network.get("firmware") and not firmwares:
        firmwares = [(network | {"name": network.get("model"), "version": network["firmware"], "type": "device"}, 0)]
    # What runs on a network device or printer; the firmware of a computer's parts is not told here.
    rows += [
        (_program(device, one, "network"), at)
        for one, at in firmwares
        if isinstance(one, dict) and one.get("type") == "device"
    ]
    found = objects.built("software", [row for row, _ in rows], [at for _, at in rows], job, ("asset_tag", "name"))
    broken = sum(not isinstance(one, dict) for one, _ in (*programs, *firmwares))
    told = objects.with_lists(host, [found], job, broken)
    if document.get("partial") is True:
        says = f"{job.shown}: a partial inventory: what is not in it may be there all the same"
        return replace(told, incomplete=says)
    return told


def _placed(content: Facts, name: str, places: Places, job: Job) -> list[tuple[Any, int]]:
    """The entries of a list, each with the line on which it begins."""
    found = content.get(name)
    if found is None:
        return []
    if not isinstance(found, list) or len(found) > job.limits.rows:
        raise job.refuse(f"'{name}' is not a list of at most {job.limits.rows:,}")
    at = iter(places.get(("content", name), ()))
    return [(one, next(at, 0) if isinstance(one, dict) else 0) for one in found]


def _program(device: str, said: Facts, kind: str | None) -> dict[str, Any]:
    publisher = said.get("publisher", said.get("manufacturer"))
    return {
        "asset_tag": device, "name": said.get("name"), "version": said.get("version"), "publisher": publisher, "kind": kind,
    }  # fmt: skip


def _object(content: Facts, name: str) -> dict[str, Any]:
    found = content.get(name)
    return found if isinstance(found, dict) else {}


def _objects(content: Facts, name: str) -> list[dict[str, Any]]:
    found = content.get(name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


# -- the host


def _tag(job: Job, document: Facts, board: Facts) -> str | None:
    """The council's tag: what the source declares, else what somebody wrote into the machine, if anybody did."""
    declared = job.source.asset
    if declared is None:
        found = objects.word(board.get("assettag"))
    else:
        found = declared.replace("{stem}", job.stem).replace("{tag}", objects.word(document.get("tag")))
    return None if meaningless(found) else found


def _type(document: Facts, content: Facts) -> str | None:
    hardware, device = _object(content, "hardware"), _object(content, "network_device")
    for word in (document.get("itemtype"), device.get("type")):
        if (known := _TYPES.get(str(word).casefold())) is not None:
            return known
    if "server" in str(_object(content, "operatingsystem").get("full_name")).casefold().split():
        return "server"
    return CHASSIS.get(str(hardware.get("chassis_type")).casefold())


def _computer(content: Facts) -> dict[str, Any]:
    hardware, system = _object(content, "hardware"), _object(content, "operatingsystem")
    cards = [card for card in _objects(content, "networks") if _own_card(card)]
    return {
        "hostname": hardware.get("name"),
        "fqdn": _fqdn(hardware.get("name"), system),
        "ip": reachable(
            one for card in cards for name in ("ipaddress", "ipaddress6") for one in _several(card.get(name))
        ),
        "mac": next(
            (card["mac"] for card in sorted(cards, key=lambda c: "ipaddress" not in c) if card.get("mac")), None
        ),
        "serial": _object(content, "bios").get("ssn"),
        "os": "Android" if _android(system) else system.get("full_name") or system.get("name"),
        "os_version": _version(system),
        "encrypted": _encrypted(_objects(content, "drives")),
        **_protection(_objects(content, "antivirus")),
    }


def _several(said: Any) -> list[str]:
    """A card's address, or its addresses where it has several."""
    return [objects.word(one) for one in (said if isinstance(said, list) else [said])]


def _device(device: Facts) -> dict[str, Any]:
    ips = device.get("ips")
    return {
        "hostname": device.get("name"),
        "ip": reachable(map(objects.word, ips if isinstance(ips, list) else ())),
        "mac": device.get("mac"),
        "serial": device.get("serial"),
        "os": device.get("description"),
        "os_version": device.get("firmware") if device.get("description") else None,
    }


def _fqdn(name: Any, system: Facts) -> str | None:
    """The full name where the agent gives one; a bare host name or a workgroup makes none."""
    full, domain = objects.word(system.get("fqdn")), objects.word(system.get("dns_domain"))
    if "." in full.strip("."):
        return full
    return f"{name}.{domain}" if name and "." in domain.strip(".") else None


def _android(system: Facts) -> str | None:
    """The release of an Android, which stands in its name: what the agent calls its version is the level of its API."""
    found = _ANDROID.search(objects.word(system.get("full_name")) or objects.word(system.get("name")))
    return found[1] if found else None


def _version(system: Facts) -> Any:
    """The system's version; of Windows the whole build, whose last part the agent keeps as its service pack."""
    if release := _android(system):
        return release
    kernel, revision = objects.word(system.get("kernel_version")), objects.word(system.get("service_pack"))
    if objects.word(system.get("name")).casefold() != "windows":
        return system.get("version")
    build = kernel.rpartition(".")[2]
    return f"{kernel}.{revision.partition('.')[2]}" if build and revision.startswith(f"{build}.") else kernel


def _own_card(card: Facts) -> bool:
    """A card of the machine's own: no bridge to its guests, no board that manages it, and not switched off."""
    return not (
        card.get("virtualdev") is True or card.get("management") is True or card.get("type") == "loopback"
        or str(card.get("status")).casefold() in _DOWN
    )  # fmt: skip


def _protection(products: Sequence[Facts]) -> dict[str, Any]:
    """Whether one of the antivirus products runs and does not call itself out of date, and the day of its definitions."""
    working = [_works(one) for one in products]
    days = [str(one["base_creation"]) for one in products if one.get("enabled") is True and one.get("base_creation")]
    active = True if True in working else None if None in working or not working else False
    return {"protection_active": active, "definitions_on": max(days, default=None)}


def _works(product: Facts) -> bool | None:
    enabled = product.get("enabled")
    if enabled is False or product.get("uptodate") is False:
        return False
    return True if enabled is True else None


def _encrypted(drives: Sequence[Facts]) -> bool | None:
    """Yes where every disk of its own says so, no where one says that it is not or only in part, else not known."""
    said = [objects.word(drive.get("encrypt_status")).casefold() for drive in drives if _own_disk(drive)]
    if "no" in said or "partially" in said:
        return False
    return True if said and set(said) == {"yes"} else None


def _own_disk(drive: Facts) -> bool:
    """A disk that keeps data: no removable or network drive, and not what the machine starts from."""
    kind, letter = objects.word(drive.get("type")), objects.word(drive.get("letter"))
    if kind.casefold() in _ELSEWHERE or objects.word(drive.get("filesystem")).casefold() in _NETWORKED:
        return False
    if kind.startswith("/"):
        return not any(kind == boot or kind.startswith(f"{boot}/") for boot in _BOOT)
    return bool(_LETTER.fullmatch(letter))


def _fits(sample: Sample) -> str | None:
    if sample.looks.kind == "agent-xml":
        inside = {tag for tag, _ in sample.elements}
        return "certain: an inventory agent's REQUEST with its CONTENT" if "CONTENT" in inside else None
    headings = headings_of(sample, _TABLES)
    if _TABLES.heads(headings):
        own = "operating_system_name" in headings or not _LIST.heads(headings)
        return f"{'certain' if own else 'likely'}: {_LIST.what}, as its web page exports it"
    return "certain: an inventory with its deviceid and content" if is_inventory(sample.document) else None


KINDS: Final = (
    Kind(name="glpi", reader=Glpi(), tables=frozenset({"assets", "software"}), row="host", one_each=True, fits=_fits),
)
