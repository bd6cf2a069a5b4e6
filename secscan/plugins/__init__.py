"""What installed packages add: tables and checks found by entry point, and their tables built."""

from secscan.plugins.build import build
from secscan.plugins.find import find

__all__ = ["build", "find"]
