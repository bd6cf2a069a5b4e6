"""Facts as found: every file of every source into raw tables, each row accounted for and traced to its line."""

from secscan.model.raw import Accepted
from secscan.sources.collect import collect, windows_script
from secscan.sources.exports import ExportFile, Exports, read_export
from secscan.sources.kind import Kind
from secscan.sources.kinds import KINDS
from secscan.sources.one import read_file
from secscan.sources.packed import is_packed
from secscan.sources.quarantine import quarantine
from secscan.sources.read import Progress, Reading, read, why_held
from secscan.sources.reader import Found, Job, Reader
from secscan.sources.recognise import recognise_kind
from secscan.sources.templates import unmapped

__all__ = [
    "KINDS",
    "Accepted",
    "ExportFile",
    "Exports",
    "Found",
    "Job",
    "Kind",
    "Progress",
    "Reader",
    "Reading",
    "collect",
    "is_packed",
    "quarantine",
    "read",
    "read_export",
    "read_file",
    "recognise_kind",
    "unmapped",
    "why_held",
    "windows_script",
]
