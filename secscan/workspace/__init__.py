"""The folder that holds everything a partnership needs: found, made, read and added to."""

from secscan.workspace.brand import brand
from secscan.workspace.edit import CATALOGUE, add_council, add_name, add_source, with_council
from secscan.workspace.init import init
from secscan.workspace.load import SETTINGS, Workspace, find, known_council, load

__all__ = [
    "CATALOGUE",
    "SETTINGS",
    "Workspace",
    "add_council",
    "add_name",
    "add_source",
    "brand",
    "find",
    "init",
    "known_council",
    "load",
    "with_council",
]
