"""What the council decided: controls over checks, windows, exceptions and claims, each with the line that says so."""

from secscan.policy.documents import schema
from secscan.policy.lint import Linted, lint
from secscan.policy.load import feed_limits, load
from secscan.policy.params import forbidden, ports_asked
from secscan.policy.register import attach

__all__ = ["Linted", "attach", "feed_limits", "forbidden", "lint", "load", "ports_asked", "schema"]
