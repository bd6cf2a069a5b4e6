"""Makers' formats of firewall exports: one reader a file, all of them ending in ``model.net.Device``."""

from secscan.exposure.formats.registry import KINDS, Recognised, read, recognise

__all__ = ["KINDS", "Recognised", "read", "recognise"]
