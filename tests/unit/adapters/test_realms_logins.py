"""Reading recorded logins page by page, against an event table in memory."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp_sync.adapters.realms import logins
from idp_sync.adapters.realms.admin import Admin


class Events:
    """The two calls that are used, over a table that others write to while it is read."""

    def __init__(self, times: list[int]) -> None:
        self.rows = [{"id": str(n), "time": at, "userId": f"u{n % 3}"} for n, at in enumerate(times)]
        self.largest = 0
        self.looked_up: list[str] = []

    def objects(self, path: str, **query: Any) -> list[dict[str, Any]]:  # noqa: ANN401
        assert path == "events"
        assert (query["type"], query["direction"], query["first"]) == ("LOGIN", "asc", 0)
        rows = sorted((r for r in self.rows if r["time"] >= query["dateFrom"]), key=lambda r: cast("int", r["time"]))
        self.largest = max(self.largest, query["max"])
        return rows[: query["max"]]

    def find(self, path: str) -> dict[str, Any] | None:
        self.looked_up.append(path)
        return None if path == "users/u2" else {"username": path.removeprefix("users/").upper()}


@given(times=st.lists(st.integers(0, 12), max_size=40), since=st.integers(0, 12), page=st.integers(1, 5))
def test_every_login_once_and_in_order(times: list[int], since: int, page: int) -> None:
    events = Events(times)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(logins, "PAGE", page)
        start = datetime.fromtimestamp(since / 1000, tz=UTC)
        seen = list(logins.login_events(cast("Admin", events), "keycloak:x", start))
    wanted = sorted(at for n, at in enumerate(times) if at >= since and n % 3 != 2)
    assert [round(event.at.timestamp() * 1000) for event in seen] == wanted
    assert {event.login for event in seen} <= {"u0", "u1"}
    assert len(events.looked_up) == len(set(events.looked_up))
    assert events.largest <= page + max((times.count(at) for at in times), default=0)
