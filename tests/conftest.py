"""Options that all tests share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.chromium import launched

# How fast a machine is that runs them is nothing that tests judge.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Write the golden reports again; the review reads the diff."
    )


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Continuous integration does not take a test that was skipped for one that passed, where it could have been run."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    skipped = {r.longrepr[2] for r in reporter.stats.get("skipped", []) if _refused(r)} if reporter else set()
    if skipped and os.environ.get("CI") == "true":
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        reporter.section("tests were skipped for want of a program, and CI=true refuses that", red=True)
        for reason in sorted(skipped):
            reporter.line(reason)


def _refused(report: Any) -> bool:
    """A browser always; of the kernel's tests, a program that is missing: namespaces may be refused by the machine."""
    return "browser" in report.keywords or ("netns" in report.keywords and "not installed" in report.longrepr[2])


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    with launched() as made:
        yield made
