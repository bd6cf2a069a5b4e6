"""What the council decided: controls over checks, windows, exceptions and claims, each with the line that says so."""

from secscan.policy.documents import schema
from secscan.policy.lint import Linted, lint
from secscan.policy.load import load

__all__ = ["Linted", "lint", "load", "schema"]
