"""The folder that holds everything a partnership needs: found, made, read and added to."""

from secscan.workspace.edit import add_council, add_source
from secscan.workspace.init import init
from secscan.workspace.load import Workspace, find, load

__all__ = ["Workspace", "add_council", "add_source", "find", "init", "load"]
