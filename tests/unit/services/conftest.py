"""A house for each test: a real register, everything else in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import House, house


@pytest.fixture(name="office")
def an_office(tmp_path: Path) -> Iterator[House]:
    """Set up, with keys in stock, and nobody in it yet."""
    with house(tmp_path) as built:
        yield built
