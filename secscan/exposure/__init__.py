"""Zones and firewall rules: who can reach which service, and whether a claimed isolation holds."""

from secscan.exposure.ask import ask, ask_config
from secscan.exposure.attach import attach
from secscan.exposure.rules import rule_list, rule_lists
from secscan.exposure.zones import zone_sets

__all__ = ["ask", "ask_config", "attach", "rule_list", "rule_lists", "zone_sets"]
