"""Zones and firewall rules: who can reach which service, and whether a claimed isolation holds."""

from secscan.exposure.ask import ask, ask_config
from secscan.exposure.attach import attach
from secscan.exposure.devices import devices, placed
from secscan.exposure.formats import KINDS, recognise
from secscan.exposure.formats.export import ConfigFile
from secscan.exposure.lone import Way
from secscan.exposure.makers import Makers
from secscan.exposure.rules import from_table
from secscan.exposure.zones import zone_sets

__all__ = [
    "KINDS",
    "ConfigFile",
    "Makers",
    "Way",
    "ask",
    "ask_config",
    "attach",
    "devices",
    "from_table",
    "placed",
    "recognise",
    "zone_sets",
]
