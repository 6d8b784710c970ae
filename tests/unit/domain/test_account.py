"""Accounts: who may log in, and what login names look like."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp_sync.domain.account import AccountState, login_name, login_prefix
from idp_sync.domain.unit import Unit, UserClass
from tests.builders import BOOK, CHAOYANG, CITY, DEVELOPER, account


@pytest.mark.parametrize(
    ("state", "thumbprint", "expected"),
    [
        (AccountState.ACTIVE, "ab" * 32, True),
        (AccountState.ACTIVE, None, False),
        (AccountState.SUSPENDED, "ab" * 32, False),
        (AccountState.SUSPENDED, None, False),
        (AccountState.DEREGISTERED, "ab" * 32, False),
    ],
)
def test_only_who_is_active_and_holds_a_key_may_log_in(
    state: AccountState,
    thumbprint: str | None,
    expected: bool,  # noqa: FBT001
) -> None:
    assert account(state=state, thumbprint=thumbprint).may_log_in is expected


def test_the_class_is_the_units() -> None:
    assert account().user_class is UserClass.MANAGEMENT
    assert account(unit=DEVELOPER).user_class is UserClass.ENTERPRISE


def test_states_have_the_offices_words() -> None:
    assert [state.zh for state in AccountState] == ["正常", "暂停登录", "已注销"]


@pytest.mark.parametrize(
    ("unit", "expected"),
    [
        (CHAOYANG, "cy"),
        (replace(CHAOYANG, district="110107"), "sjs"),
        (replace(CHAOYANG, district="110103"), "dc"),  # 崇文, now 东城
        (CITY, "sj"),
        (DEVELOPER, "qy"),
    ],
)
def test_the_prefix_of_login_names(unit: Unit, expected: str) -> None:
    assert login_prefix(unit, BOOK.districts) == expected


@pytest.mark.parametrize(
    ("number", "user_class", "expected"),
    [
        (1, UserClass.MANAGEMENT, "cy0001"),
        (9999, UserClass.MANAGEMENT, "cy9999"),
        (10000, UserClass.MANAGEMENT, "cy10000"),
        (1, UserClass.ENTERPRISE, "cy000001"),
        (1_000_000, UserClass.ENTERPRISE, "cy1000000"),
    ],
)
def test_login_names_have_leading_zeros_and_grow(number: int, user_class: UserClass, expected: str) -> None:
    assert login_name("cy", number, user_class) == expected
