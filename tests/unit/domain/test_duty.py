"""Duties: whose they are, and which of them hold an application up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from idp_sync.domain.duty import Duty, DutyKind, competence_for
from idp_sync.domain.office import Competence
from idp_sync.domain.unit import UserClass
from tests.builders import BOOK

MANAGEMENT, ENTERPRISE = UserClass

#: kind → the office for management units' users, the one for enterprises' (None: the unit itself), whether it holds up
EXPECTED = {
    DutyKind.CONFIGURE: ("信息中心", "信息中心", True),
    DutyKind.ISSUE_KEY: ("城建研究中心", "综合服务中心", True),
    DutyKind.COLLECT_KEY: ("城建研究中心", "综合服务中心", False),
    DutyKind.DELETE_BUSINESS: ("城建研究中心", "城建研究中心", True),
    DutyKind.CONFIRM_USERS: (None, None, False),
    DutyKind.DEREGISTER_LEAVER: (None, None, False),
}


def duty(kind: DutyKind, user_class: UserClass) -> Duty:
    return Duty(kind=kind, user_class=user_class, since=datetime(2025, 7, 1, tzinfo=UTC))


def test_every_kind_is_expected() -> None:
    assert list(EXPECTED) == list(DutyKind)


@pytest.mark.parametrize("kind", DutyKind, ids=str)
def test_whose_duty_it_is(kind: DutyKind) -> None:
    for user_class, office in zip((MANAGEMENT, ENTERPRISE), EXPECTED[kind][:2], strict=True):
        competence = competence_for(duty(kind, user_class))
        found = None if competence is None else BOOK.offices.with_competence(competence)
        assert (None if found is None else found.name) == office


def test_keys_are_collected_by_whom_they_are_issued_by() -> None:
    for user_class in UserClass:
        issuing = competence_for(duty(DutyKind.ISSUE_KEY, user_class))
        assert competence_for(duty(DutyKind.COLLECT_KEY, user_class)) is issuing
        # issuing is not configuring: two offices (Article 3)
        assert issuing is not Competence.CONFIGURE


@pytest.mark.parametrize("kind", DutyKind, ids=str)
def test_a_key_that_is_slow_in_coming_back_holds_nothing_up(kind: DutyKind) -> None:
    assert kind.holds_up is EXPECTED[kind][2]


def test_kinds_have_the_offices_words() -> None:
    words = ["配置权限", "发放密钥", "收回密钥", "删除未完成业务", "确认用户名单", "注销离岗人员"]
    assert [kind.zh for kind in DutyKind] == words


def test_a_duty_is_open_and_of_no_application_until_something_else_is_said() -> None:
    new = duty(DutyKind.CONFIRM_USERS, MANAGEMENT)
    assert (new.id, new.done_at, new.outcome) == (0, None, "")
    assert (new.login, new.application, new.key_number, new.unit_number) == ("", "", "", "")
