"""Accounts: one person's login. One person, one account, one valid key (Article 8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp_sync.domain.district import Districts
from idp_sync.domain.unit import Unit, UserClass


class AccountState(StrEnum):
    """Whether the person may log in."""

    ACTIVE = "active"
    #: 暂时取消登录资格: may not log in, is not deleted, can be restored
    SUSPENDED = "suspended"
    #: 注销 (Article 6): deleted from directory and realms; the tombstone stays (reading A-09)
    DEREGISTERED = "deregistered"

    @property
    def zh(self) -> str:
        """As the offices say it."""
        return {"active": "正常", "suspended": "暂停登录", "deregistered": "已注销"}[self.value]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One person's login, as the register knows it."""

    #: 登录名称: ASCII, never used again for somebody else
    login: str
    #: our internal person number, ASCII; it is not the ID number
    person_number: str
    #: 用户姓名
    name: str
    unit: Unit
    #: codes from the catalogue that approved applications granted
    permissions: frozenset[str]
    state: AccountState
    #: application that opened it
    application: str
    opened_at: datetime
    #: inventory number of the valid key; None before the hand-over and after a revocation
    key_number: str | None = None
    #: SHA-256 of the valid certificate, lower-case hex; None where no valid key is handed over
    thumbprint: str | None = None
    #: when the first valid key was handed over
    handed_over_at: datetime | None = None
    suspended_at: datetime | None = None
    #: when the login was last restored: the idle clock restarts here (reading A-04)
    restored_at: datetime | None = None

    @property
    def user_class(self) -> UserClass:
        """The class of the unit."""
        return self.unit.user_class

    @property
    def may_log_in(self) -> bool:
        """需先申请系统用户并领取密钥 (Article 4): active, and a valid key is handed over."""
        return self.state is AccountState.ACTIVE and self.thumbprint is not None


def login_prefix(unit: Unit, districts: Districts) -> str:
    """What the login names of a unit's people begin with."""
    if unit.user_class is UserClass.ENTERPRISE:
        return "qy"
    district = districts.find(unit.district)
    return district.login_prefix if district is not None else "sj"


#: digits behind the prefix; more are used once they are exhausted
LOGIN_DIGITS: Mapping[UserClass, int] = {UserClass.MANAGEMENT: 4, UserClass.ENTERPRISE: 6}


def login_name(prefix: str, number: int, user_class: UserClass) -> str:
    """The login name with that running number, e.g. cy0001 or qy000001."""
    return f"{prefix}{number:0{LOGIN_DIGITS[user_class]}d}"
