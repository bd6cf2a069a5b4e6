"""Who is in the sample's registers: servers, desktops, laptops, network kit, printers and a little OT, month by month."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Final

from secscan.workspace.sample.asset import PREFIX, Asset
from secscan.workspace.sample.chance import pick
from secscan.workspace.sample.endpoints import SIZES, endpoints
from secscan.workspace.sample.network import ZONES, address
from secscan.workspace.sample.servers import ALDERBECK, BRACKENFORD, CORVALE, THREEWAYS

OT: Final = {
    "alderbeck": (
        ("CCTV-REC01", "recorder", "Town centre cameras", "Community Safety Manager", (80, 554)),
        ("CCTV-REC02", "recorder", "Car park cameras", "Parking Manager", (80, 554)),
        ("DOOR-CTL01", "controller", "Door access", "Facilities Manager", (443, 4050)),
        ("DOOR-CTL02", "controller", "Door access", "Facilities Manager", (443, 4050)),
        ("BMS-HEAT01", "controller", "Heating and ventilation", "Facilities Manager", (80, 47808)),
        ("POOL-PLC01", "controller", "Leisure pool plant", "Leisure Contract Manager", (502,)),
        ("SIGN-CTL01", "controller", "Car park signs", "Parking Manager", (80,)),
        ("LIFT-MON01", "controller", "Lift monitoring", "Facilities Manager", (443,)),
    ),
    "brackenford": (
        ("CCTV-REC01", "recorder", "Town centre cameras", "Community Safety Manager", (80, 554)),
        ("DOOR-CTL01", "controller", "Door access", "Estates Manager", (443, 4050)),
        ("BMS-HEAT01", "controller", "Heating and ventilation", "Estates Manager", (443, 47808)),
        ("PUMP-PLC01", "controller", "Flood pumps", "Drainage Manager", (502,)),
    ),
    "corvale": (
        ("CCTV-REC01", "recorder", "High street cameras", "Community Safety Officer Lead", (80, 554)),
        ("DOOR-CTL01", "controller", "Door access", "Facilities Manager", (443,)),
        ("BMS-HEAT01", "controller", "Heating and ventilation", "Facilities Manager", (80,)),
    ),
}
FIREWALLS: Final = (
    ("TW-FW-ALD", "fortios72>fortios74@4", "Alderbeck network"),
    ("TW-FW-BRA", "fortios72>fortios74@9", "Brackenford network"),
    ("TW-FW-CVL", "fortios72", "Corvale network"),
    ("TW-FW-CORE", "fortios74", "Shared hosting"),
)


@cache
def estate(council: str) -> tuple[Asset, ...]:
    """Every asset that the council had in any of the twelve months, in the order of its register."""
    if council == "threeways":
        return (*_servers(council, THREEWAYS), *_provider_kit())
    servers = {"alderbeck": ALDERBECK, "brackenford": BRACKENFORD, "corvale": CORVALE}[council]
    return (*_servers(council, servers), *_ot(council), *_kit(council), *endpoints(council))


def in_month(council: str, month: int) -> tuple[Asset, ...]:
    """The register of one month."""
    return tuple(asset for asset in estate(council) if asset.first <= month <= asset.last)


@cache
def asset(council: str, hostname: str) -> Asset:
    return next(a for a in estate(council) if a.hostname == hostname)


def _steps(text: str) -> tuple[tuple[int, str], ...]:
    first, *later = text.split(">")
    return ((1, first), *((int(step.split("@")[1]), step.split("@")[0]) for step in later))


def _servers(council: str, table: str) -> Iterator[Asset]:
    for line in table.strip().splitlines():
        number, hostname, systems, part, service, owner, criticality, apps, ports = (
            cell.strip() for cell in line.split("|")
        )
        zone = part if part in ZONES else f"{council}-{part}"
        keys = tuple(apps.split())
        yield Asset(
            council=council, tag=PREFIX[council].format(int(number)), hostname=hostname, type="server", systems=_steps(systems),
            zone=zone, ip=address(zone, int(number)), service=service, owner=owner, criticality=criticality, apps=keys,
            ports=tuple(map(int, ports.split())),
        )  # fmt: skip


def _ot(council: str) -> Iterator[Asset]:
    zone = f"{council}-ot"
    for number, (hostname, system, service, owner, ports) in enumerate(OT[council], 1):
        yield Asset(
            council=council, tag=PREFIX[council].format(60 + number), hostname=hostname, type="ot", systems=((1, system),), zone=zone,
            ip=address(zone, number), service=service, owner=owner, criticality="medium", ports=ports,
        )  # fmt: skip


def _kit(council: str) -> Iterator[Asset]:
    size = SIZES[council]
    for number in range(1, size.switches + 1):
        yield Asset(
            council=council, tag=PREFIX[council].format(80 + number), hostname=f"SW-{number:02d}", type="network",
            systems=((1, pick(("iosxe179", "iosxe1712", "iosxe1712"), council, "switch", number)),), zone="management",
            ip=address("management", {"alderbeck": 100, "brackenford": 140, "corvale": 170}[council] + number),
            service="Local network", owner="Network Manager", criticality="high", ports=(22, 443),
        )  # fmt: skip
    for number in range(1, size.printers + 1):
        zone = f"{council}-users"
        yield Asset(
            council=council, tag=PREFIX[council].format(120 + number), hostname=f"PRN-{number:03d}", type="printer",
            systems=((1, "printer"),), zone=zone, ip=address(zone, 3000 + number), service="Printing",
            owner="ICT Service Desk Manager", criticality="low", ports=(80, 443, 9100),
        )  # fmt: skip


def _provider_kit() -> Iterator[Asset]:
    for number, (hostname, systems, service) in enumerate(FIREWALLS, 1):
        yield Asset(
            council="threeways", tag=PREFIX["threeways"].format(30 + number), hostname=hostname, type="firewall",
            systems=_steps(systems), zone="management", ip=address("management", 30 + number), service=service,
            owner="Shared Network Manager", criticality="critical", ports=(22, 443),
        )  # fmt: skip
    for number in range(1, 13):
        storage = number > 9
        yield Asset(
            council="threeways", tag=PREFIX["threeways"].format(40 + number), hostname=f"TW-{'SAN' if storage else 'SW'}{number:02d}",
            type="storage" if storage else "network", systems=((1, "storage" if storage else "iosxe1712"),), zone="management",
            ip=address("management", 40 + number), service="Shared hosting", owner="Shared Network Manager", criticality="critical",
            ports=(22, 443),
        )  # fmt: skip
