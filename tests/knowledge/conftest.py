from datetime import date

import pytest

from secscan.knowledge import Catalogue, load_catalogue


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def today() -> date:
    return date(2026, 11, 22)
