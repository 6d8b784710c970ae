"""Servers and registers that the contract suites share; each is started only where a test asks for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from idp_sync.adapters.register import SqlRegister
from idp_sync.config import RegisterSettings
from tests.registers import URLS, Place
from tests.servers import RunningSlapd, running_slapd


@pytest.fixture(scope="session")
def slapd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSlapd]:
    """A real slapd; whoever uses it leaves the tree as he likes, and finds it in any state."""
    with running_slapd(tmp_path_factory.mktemp("slapd")) as running:
        yield running


@pytest.fixture(params=sorted(URLS))
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """Where a register may be set up; nothing is there yet."""
    return Place(RegisterSettings(url=URLS[request.param](tmp_path), key_file=tmp_path / "keys" / "register.key"))


@pytest.fixture
def register(place: Place) -> Iterator[SqlRegister]:
    """A register that is set up, and empty."""
    register = SqlRegister(place.settings, lock_wait=5)
    list(register.set_up())
    yield register
    register.close()
