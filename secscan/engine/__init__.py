"""Finds checks, hands each its table, and labels every row pass, fail or unknown."""

from secscan.engine.cases import CaseResult, run_cases
from secscan.engine.find import find_checks
from secscan.engine.judge import judge

__all__ = ["CaseResult", "find_checks", "judge", "run_cases"]
