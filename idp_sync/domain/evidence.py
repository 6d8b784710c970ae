"""Evidence: recorded logins, and the spans of time that each source covers without a hole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSeen:
    """One login that a source recorded."""

    login: str
    #: e.g. keycloak:management
    source: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A span of time that a source covers: every login within it would have been seen."""

    source: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hole:
    """A span of time in which a source would not have seen a login."""

    source: str
    start: datetime
    end: datetime
    reason: str


def holes(source: str, spans: Iterable[Span], *, start: datetime, end: datetime) -> tuple[Hole, ...]:
    """The parts of start…end that no span of the source covers, oldest first."""
    found: list[Hole] = []
    reached = start
    for span in sorted((s for s in spans if s.source == source), key=lambda s: s.start):
        if span.end <= reached:
            continue
        if span.start >= end:
            break
        if span.start > reached:
            found.append(Hole(source=source, start=reached, end=span.start, reason="not covered"))
        reached = span.end
    if reached < end:
        found.append(Hole(source=source, start=reached, end=end, reason="not covered"))
    return tuple(found)
