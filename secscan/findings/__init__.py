"""Names each finding, applies mitigations and exceptions, and puts one run's result together."""

from secscan.findings.claims import dated, judge_control_claims, spells, standing
from secscan.findings.closing import Looked, looked, restated
from secscan.findings.measures import measure
from secscan.findings.posture import RunFacts, assemble, is_complete
from secscan.findings.settle import settle

__all__ = [
    "Looked",
    "RunFacts",
    "assemble",
    "dated",
    "is_complete",
    "judge_control_claims",
    "looked",
    "measure",
    "restated",
    "settle",
    "spells",
    "standing",
]
