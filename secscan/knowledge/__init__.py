"""What the world says about software: products, release lines and support dates; and which of them a name means."""

from secscan.knowledge import feeds
from secscan.knowledge.attach import attach
from secscan.knowledge.catalogue import Catalogue, Cycle, Product
from secscan.knowledge.exploited import KNOWN_BY, attach_exploited
from secscan.knowledge.load import is_catalogue, load_catalogue
from secscan.knowledge.named import unknown_names
from secscan.knowledge.patches import attach_builds
from secscan.knowledge.recognise import Recognition, recognise
from secscan.knowledge.spoken import Naming, propose
from secscan.knowledge.widen import widen

__all__ = [
    "KNOWN_BY",
    "Catalogue",
    "Cycle",
    "Naming",
    "Product",
    "Recognition",
    "attach",
    "attach_builds",
    "attach_exploited",
    "feeds",
    "is_catalogue",
    "load_catalogue",
    "propose",
    "recognise",
    "unknown_names",
    "widen",
]
