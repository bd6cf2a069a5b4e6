"""Feeds: what others publish about products, taken in as documents, checked, dated and kept in the workspace.

A feed is one module that makes a ``Feed``; ``FEEDS`` names it. What is common to all of them (unpacking, telling feeds
apart, going back in time, falling short, storing, growing old) is in ``intake``, ``store`` and ``status``.
"""

from secscan.knowledge.feeds.feed import Feed
from secscan.knowledge.feeds.intake import FEEDS, Taken, take
from secscan.knowledge.feeds.status import amiss, facts_of, standing, widened
from secscan.knowledge.feeds.store import Held, held

__all__ = ["FEEDS", "Feed", "Held", "Taken", "amiss", "facts_of", "held", "standing", "take", "widened"]
