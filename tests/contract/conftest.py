"""Servers that the contract suites share; each is started once, and only where a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import RunningSlapd, running_slapd


@pytest.fixture(scope="session")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSlapd]:
    """A real slapd; whoever uses it leaves the tree as he likes, and finds it in any state."""
    with running_slapd(tmp_path_factory.mktemp("slapd")) as running:
        yield running
