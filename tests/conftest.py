"""Options that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.chromium import launched


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Write the golden reports again; the review reads the diff."
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Continuous integration does not take a browser test that was skipped for one that passed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = (
        {r.longrepr[2] for r in reporter.stats.get("skipped", []) if "browser" in r.keywords} if reporter else set()
    )
    if skipped and os.environ.get("CI") == "true":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.section("browser tests were skipped, and CI=true refuses that", red=True)
        for reason in sorted(skipped):
            reporter.line(reason)


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with launched() as made:
        yield made
