"""The only reader of the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemClock:
    """The system's clock, in UTC; moved by an offset in a stack of our own only."""

    offset_seconds: int = 0

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC) + timedelta(seconds=self.offset_seconds)
