"""Offices and their competences: who receives, approves, configures, issues, restores (Articles 3, 5, 6, 10)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from idp_sync.domain.application import Form
from idp_sync.domain.errors import NotCompetent, NotFound
from idp_sync.domain.permission import Matter
from idp_sync.domain.unit import UserClass


class Competence(StrEnum):
    """What an office may do."""

    #: 登记事务的用户权限管理
    APPROVE_REGISTRATION = "approve-registration"
    #: 交易事务的用户权限管理
    APPROVE_TRANSACTION = "approve-transaction"
    #: checks enterprises' applications (reading A-22)
    APPROVE_ENTERPRISE = "approve-enterprise"
    #: 统一配置系统用户权限 (Article 3): alone writes directory and realms
    CONFIGURE = "configure"
    ISSUE_KEYS_MANAGEMENT = "issue-keys-management"
    ISSUE_KEYS_ENTERPRISE = "issue-keys-enterprise"
    #: revokes certificates of any class at once (电子签名法 第十五条)
    REVOKE = "revoke"
    #: 半年用户清理 (Article 6 (4))
    SWEEP = "sweep"
    #: 恢复登录资格, for both classes
    RESTORE = "restore"
    #: 删除相应用户
    DEREGISTER = "deregister"
    #: 密钥及权限问题的解答及处理 (Article 10)
    ANSWER = "answer"
    #: 技术支持 (Article 10)
    SUPPORT = "support"
    #: reads everything, changes nothing
    AUDIT = "audit"


#: whose competence the issuing of keys is, by user class (Article 3)
ISSUES_KEYS: Mapping[UserClass, Competence] = {
    UserClass.MANAGEMENT: Competence.ISSUE_KEYS_MANAGEMENT,
    UserClass.ENTERPRISE: Competence.ISSUE_KEYS_ENTERPRISE,
}

#: whose competences the approval of a matter takes; 系统管理权限 takes both (Article 3, reading A-13)
APPROVES: Mapping[Matter, frozenset[Competence]] = {
    Matter.REGISTRATION: frozenset({Competence.APPROVE_REGISTRATION}),
    Matter.TRANSACTION: frozenset({Competence.APPROVE_TRANSACTION}),
    Matter.SYSTEM: frozenset({Competence.APPROVE_REGISTRATION, Competence.APPROVE_TRANSACTION}),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """A body that the regulation names."""

    #: short and stable, as scripts write it
    code: str
    #: as people write it
    name: str
    #: other names found on paper
    aliases: tuple[str, ...]
    english: str
    competences: frozenset[Competence]
    #: the forms that are handed in here
    receives: frozenset[Form]
    #: how users reach it: telephone, room, hours; "" where the rule book does not say it
    contact: str = ""

    def may(self, competence: Competence) -> bool:
        """Whether the office has that competence."""
        return competence in self.competences

    def require(self, competence: Competence, *, act: str, source: str) -> None:
        """Refuse an act to an office without the competence for it."""
        if not self.may(competence):
            raise NotCompetent(
                f"{self.name}无权{act}〔{source}〕 / {self.english} is not competent: {competence.value}"
            )


@dataclass(frozen=True)
class Offices:
    """All offices."""

    offices: tuple[Office, ...]

    def find(self, name: str) -> Office | None:
        """The office of that code, name or alias; None where there is none."""
        wanted = "".join(name.split())
        return next(
            (o for o in self.offices if wanted in {"".join(n.split()) for n in (o.code, o.name, *o.aliases)}),
            None,
        )

    def get(self, name: str) -> Office:
        """The office of that code, name or alias.

        Raises:
            NotFound: there is none.
        """
        office = self.find(name)
        if office is None:
            known = "、".join(f"{o.name} ({o.code})" for o in self.offices)
            raise NotFound(f"没有“{name}”这个部门 / no such office; there are: {known}")
        return office

    def with_competence(self, competence: Competence) -> Office:
        """The office that has a competence; where several have it, the first."""
        return next(o for o in self.offices if o.may(competence))
