"""Duties: what an office, or a unit, has still to do. They come from decisions, and are what «open tasks» means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from idp_sync.domain.office import ISSUES_KEYS, Competence
from idp_sync.domain.unit import UserClass


class DutyKind(StrEnum):
    """What is to be done."""

    #: directory and realms are to follow: 信息中心统一配置 (Article 3)
    CONFIGURE = "configure"
    #: a key is to be handed over, a new one or the same with a new certificate (Articles 4 and 5)
    ISSUE_KEY = "issue-key"
    #: a key is to come back, or to be declared lost: 及时交回系统密钥 (Article 6 (1)), 回收记录 (Article 9)
    COLLECT_KEY = "collect-key"
    #: the trading system is to delete what was left unfinished (Article 6 (3))
    DELETE_BUSINESS = "delete-business"
    #: the unit is to confirm its list of users (及时注销离职（岗）人员, Article 6)
    CONFIRM_USERS = "confirm-users"
    #: somebody left, by the unit's own answer, and nobody has applied for the deregistration yet (Article 6)
    DEREGISTER_LEAVER = "deregister-leaver"

    @property
    def zh(self) -> str:
        """As the offices say it."""
        return _ZH[self]

    @property
    def holds_up(self) -> bool:
        """Whether the application is not carried out before it is done.

        A key that is slow in coming back does not hold a deregistration up (Article 6; reading A-07).
        """
        return self in {DutyKind.CONFIGURE, DutyKind.ISSUE_KEY, DutyKind.DELETE_BUSINESS}


_ZH: Final[Mapping[DutyKind, str]] = {
    DutyKind.CONFIGURE: "配置权限",
    DutyKind.ISSUE_KEY: "发放密钥",
    DutyKind.COLLECT_KEY: "收回密钥",
    DutyKind.DELETE_BUSINESS: "删除未完成业务",
    DutyKind.CONFIRM_USERS: "确认用户名单",
    DutyKind.DEREGISTER_LEAVER: "注销离岗人员",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One thing that is to be done."""

    kind: DutyKind
    #: whose user it concerns
    user_class: UserClass
    since: datetime
    #: whom it concerns; "" for a unit as a whole
    login: str = ""
    #: the application that it comes from; "" for none
    application: str = ""
    #: the key that it concerns: the one to collect, or the one to be used again
    key_number: str = ""
    #: number of the unit that has to answer
    unit_number: str = ""
    #: number in the register; 0 before it is recorded
    id: int = 0
    done_at: datetime | None = None
    #: how it was done: «returned», «declared lost», …
    outcome: str = ""


def competence_for(duty: Duty) -> Competence | None:
    """Whose duty it is; None for the unit itself."""
    if duty.kind in {DutyKind.ISSUE_KEY, DutyKind.COLLECT_KEY}:
        return ISSUES_KEYS[duty.user_class]  # 密钥的发放回收记录 are the issuer's (Article 9, reading A-08)
    return _COMPETENCES[duty.kind]


_COMPETENCES: Final[Mapping[DutyKind, Competence | None]] = {
    DutyKind.CONFIGURE: Competence.CONFIGURE,
    DutyKind.DELETE_BUSINESS: Competence.RESTORE,  # 由管理单位或企业向市城建研究中心提交 (Article 6 (3))
    DutyKind.CONFIRM_USERS: None,
    DutyKind.DEREGISTER_LEAVER: None,
}
