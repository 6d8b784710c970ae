"""Restore: who was suspended gets in touch with 城建研究中心 and may log in again (Article 6 (4), R-34)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.errors import Refused
from idp_sync.domain.journal import Actor
from idp_sync.domain.office import Competence
from idp_sync.domain.task import Task, TaskKind
from idp_sync.ports import Clock, Register
from idp_sync.services.acting import record
from idp_sync.services.notify import Notify
from idp_sync.services.synchronise import Synced, Synchronise


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restoration did."""

    account: Account
    synced: Synced


@dataclass(frozen=True, slots=True, kw_only=True)
class Restore:
    """Restores suspended logins."""

    register: Register
    synchronise: Synchronise
    notify: Notify
    clock: Clock

    def restore(self, login: str, *, actor: Actor, identity_check: str) -> Restored:
        """Undo a suspension exactly: permissions and key are as they were, and the half year starts anew.

        No new approval is needed; that the person was who they said they were is recorded (reading A-05).

        Raises:
            NotCompetent: only 城建研究中心 restores, for both user classes.
            Refused: the account is not suspended, or nobody says how the identity was checked.
        """
        actor.office.require(Competence.RESTORE, act="恢复登录资格", source="第六条（四）")
        if not identity_check.strip():
            raise Refused(f"{login}：请写明如何核实本人身份 / say how the person's identity was checked")
        now = self.clock.now()
        with self.register.transaction() as tx:
            account = tx.accounts.get(login)
            if account.state is not AccountState.SUSPENDED:
                raise Refused(f"{login}：{account.state.zh}，无需恢复 / is {account.state.value}, not suspended")
            account = replace(account, state=AccountState.ACTIVE, suspended_at=None, restored_at=now)
            tx.accounts.save(account)
            tx.tasks.add(Task(kind=TaskKind.ENABLE, user_class=account.user_class, login=login))
            record(
                tx,
                actor,
                "account.restore",
                login,
                at=now,
                article="第六条（四）",
                identity_check=identity_check.strip(),
            )
            self.notify.restored(tx, [account], by=actor.office, at=now)
        return Restored(account=account, synced=self.synchronise.push([login], actor=actor))
