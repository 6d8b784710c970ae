"""The journal: every act, who did it for which office, on what, by which article, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from idp_sync.domain.office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person who acts for an office."""

    name: str
    office: Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One act. It never holds an ID number or a secret."""

    at: datetime
    #: who
    actor: str
    #: for which office: its code
    office: str
    #: what, as noun.verb: application.approve, key.revoke
    act: str
    #: on what: number, login or key number
    subject: str
    #: article of the regulation
    article: str
    #: what is particular about it
    detail: Mapping[str, str] = field(default_factory=dict)
    result: str = "done"
