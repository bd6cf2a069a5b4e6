"""One estate from many sources: rows joined by (council, stable id), zones from addresses, every fact with its place."""

from secscan.inventory.settle import settle

__all__ = ["settle"]
