"""Withhold: an enterprise's own administrator takes items of the bundle from a user, and gives them back (R-48)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.duty import Duty, DutyKind
from idp_sync.domain.errors import NotCompetent, Refused
from idp_sync.domain.journal import Entry
from idp_sync.domain.rulebook import RuleBook
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Clock, Register, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Withhold:
    """对本单位用户权限管理的权限 (Annex 2): inside the type's set, never beyond it (Article 4)."""

    register: Register
    book: RuleBook
    clock: Clock

    def withhold(self, login: str, code: str, *, by: str) -> Account:
        """Take an item from a user of the own unit.

        Raises:
            NotCompetent: `by` does not administer that unit's users.
            Refused: the user does not have it, or is deregistered.
        """
        return self._change(login, code, by=by, give_back=False)

    def give_back(self, login: str, code: str, *, by: str) -> Account:
        """Give a withheld item back.

        Raises:
            NotCompetent: `by` does not administer that unit's users.
            Refused: it does not belong to the type's bundle, was not withheld, or the user is deregistered.
        """
        return self._change(login, code, by=by, give_back=True)

    def _change(self, login: str, code: str, *, by: str, give_back: bool) -> Account:
        now = self.clock.now()
        with self.register.transaction() as tx:
            account = tx.accounts.get(login)
            if account.state is AccountState.DEREGISTERED:
                raise Refused(f"{login}：{account.state.zh}，权限不再变更 / is deregistered: nothing changes any more")
            self._require_administrator(tx, by, account)
            bundle = self._bundle(account)
            if code not in bundle:
                raise Refused(
                    f"{code}：不在该类企业的统一权限内〔第四条〕 / not in the bundle of that type of enterprise"
                )
            if (code in account.permissions) is give_back:
                now_has = "已有" if give_back else "没有"
                raise Refused(f"{login}：{now_has}{code} / {'has it' if give_back else 'does not have it'} already")
            changed = replace(account, permissions=account.permissions ^ {code})
            tx.accounts.save(changed, at=now)  # what is given back keeps the application that it came from
            tx.duties.add(Duty(kind=DutyKind.CONFIGURE, user_class=account.user_class, since=now, login=login))
            tx.journal.write(
                Entry(
                    at=now,
                    actor=by,
                    office="unit",
                    act="permission.give-back" if give_back else "permission.withhold",
                    subject=login,
                    article="附件2",
                    detail={"permission": code},
                )
            )
        return changed

    def _bundle(self, account: Account) -> frozenset[str]:
        type_ = account.unit.organisation_type
        if account.user_class is not UserClass.ENTERPRISE or type_ is None:
            raise Refused(f"{account.login}：不是企业用户〔附件2〕 / is no enterprise user")
        return self.book.catalogue.bundle(type_)

    def _require_administrator(self, tx: Transaction, by: str, account: Account) -> None:
        administrator = tx.accounts.get(by)
        held = (self.book.catalogue.get(code) for code in administrator.permissions)
        administers = any(permission is not None and permission.administers_own_unit for permission in held)
        if (
            administrator.state is not AccountState.ACTIVE
            or administrator.unit.identity != account.unit.identity
            or administrator.user_class is not account.user_class
            or not administers
        ):
            raise NotCompetent(f"{by}无权管理{account.login}的权限〔附件2〕 / does not administer that unit's users")
