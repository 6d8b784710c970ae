"""The journal: one act, who, for which office, by which article."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime

import pytest

from idp_sync.domain.journal import Actor, Entry
from tests.builders import BOOK

ACT = Entry(
    at=datetime(2025, 3, 5, tzinfo=UTC),
    actor="审核人甲",
    office="registration",
    act="application.approve",
    subject="TEST-1",
    article="第三条",
)


def test_an_act_is_done_and_has_nothing_particular_unless_it_is_said() -> None:
    assert (ACT.result, ACT.detail) == ("done", {})


def test_an_act_can_not_be_rewritten() -> None:
    with pytest.raises(FrozenInstanceError):
        ACT.actor = "另一人"  # type: ignore[misc]


def test_entries_do_not_share_their_details() -> None:
    other = Entry(at=ACT.at, actor="b", office="audit", act="x.y", subject="z", article="第九条")
    assert other.detail is not ACT.detail


def test_an_actor_acts_for_an_office() -> None:
    actor = Actor(name="审核人甲", office=BOOK.offices.get("registration"))
    assert actor.office.name == "房屋登记管理处"
