"""One estate from many sources: rows joined by declared keys, zones from addresses, every fact with its place."""

from secscan.inventory.agreement import kept_of, sources_of
from secscan.inventory.settle import settle

__all__ = ["kept_of", "settle", "sources_of"]
