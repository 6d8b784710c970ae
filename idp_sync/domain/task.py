"""Tasks: what realms have still to be told; recorded in the transaction of the act, repeated until done."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from idp_sync.domain.unit import UserClass


class TaskKind(StrEnum):
    """What a realm is told."""

    #: the user may log in
    ENABLE = "enable"
    #: the user may not log in
    DISABLE = "disable"
    #: every open session ends
    END_SESSIONS = "end-sessions"
    #: the imported copy is deleted
    FORGET = "forget"
    #: whoever changed in the directory is taken over; about nobody in particular, the login is ""
    PICK_UP = "pick-up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing to tell one realm, about one user or all. Doing it twice does no harm."""

    kind: TaskKind
    user_class: UserClass
    login: str
    #: number in the register; 0 before it is recorded
    id: int = 0
    attempts: int = 0
    #: why the last attempt failed
    problem: str = ""
