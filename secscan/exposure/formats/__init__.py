"""Makers' formats of firewall exports: one reader a file, all of them ending in ``model.net.Device``."""
