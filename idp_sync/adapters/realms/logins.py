"""Recorded logins, read page by page."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from idp_sync.adapters.realms.admin import Admin, Json
from idp_sync.domain.evidence import LoginSeen

PAGE: Final = 500
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_REMEMBERED_USERS: Final = 10_000


def login_events(admin: Admin, source: str, since: datetime) -> Iterator[LoginSeen]:
    """Successful logins from a moment on, oldest first, one page in memory at a time.

    The next page begins at the time of the last event seen, not at a row number: rows that expire or arrive meanwhile
    shift nothing, and the server never counts through what we have read. Events of users whom the realm has deleted are
    left out: Keycloak keeps only the id that they had.
    """

    @lru_cache(maxsize=_REMEMBERED_USERS)
    def name_of(user_id: str) -> str | None:
        user = admin.find(f"users/{quote(user_id, safe='')}")
        return None if user is None else str(user["username"])

    for event in _events(admin, (since - _EPOCH) // timedelta(milliseconds=1)):
        # details.username is what the authenticator looked the user up by, here the thumbprint: not the login
        login = name_of(str(event["userId"])) if event.get("userId") else None
        if login is not None:
            at = _EPOCH + timedelta(milliseconds=int(event["time"]))
            yield LoginSeen(login=login.lower(), source=source, at=at)


def _events(admin: Admin, start: int) -> Iterator[Json]:
    seen: set[str] = set()  # the events at exactly `start` that were yielded already
    while True:
        limit = PAGE + len(seen)
        page = admin.objects("events", type="LOGIN", dateFrom=start, direction="asc", first=0, max=limit)
        for event in page:
            if event["id"] in seen:
                continue
            if event["time"] > start:
                start, seen = event["time"], set()
            seen.add(event["id"])
            yield event
        if len(page) < limit:
            return
