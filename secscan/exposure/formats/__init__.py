"""Makers' formats of firewall exports: one reader a file, all of them ending in ``model.net.Device``."""

from secscan.exposure.formats.registry import Recognised, kinds, read, recognise

__all__ = ["Recognised", "kinds", "read", "recognise"]
