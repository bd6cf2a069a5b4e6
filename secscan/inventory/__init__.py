"""One estate from many sources: rows joined by declared keys, zones from addresses, every fact with its place."""

from secscan.inventory.agreement import facts_of, kept_of
from secscan.inventory.settle import settle

__all__ = ["facts_of", "kept_of", "settle"]
