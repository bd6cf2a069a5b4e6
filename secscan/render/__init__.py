"""A run's posture as a report: pages that open from a disk, data files beside them, a manifest."""

from secscan.render.site import Written, site

__all__ = ["Written", "site"]
