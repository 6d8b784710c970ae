"""Collect: keys come back, or are declared lost; either settles the open item (Articles 6 (1) and 9, reading A-08)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from idp_sync.domain.duty import DutyKind
from idp_sync.domain.errors import NotFound, Refused
from idp_sync.domain.journal import Actor
from idp_sync.domain.key import Key, KeyState, RevocationReason
from idp_sync.domain.office import ISSUES_KEYS
from idp_sync.domain.task import Task, TaskKind
from idp_sync.ports import Clock, Register, Transaction
from idp_sync.services.acting import record
from idp_sync.services.closing import revoke_certificates
from idp_sync.services.synchronise import Synced, Synchronise


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """A key that is accounted for."""

    key: Key
    synced: Synced


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect:
    """Takes keys back."""

    register: Register
    synchronise: Synchronise
    clock: Clock

    def take_back(self, key_number: str, *, actor: Actor, brought_by: str) -> Collected:
        """A key is back at the office that issued it: 回收记录.

        Raises:
            Refused: its certificate still opens an account: a key that is in use is replaced or revoked first.
            NotCompetent: another office issues the keys of that class.
        """
        now = self.clock.now()
        with self.register.transaction() as tx:
            key = self._out(tx, key_number, actor)
            holder = tx.accounts.get(key.login or "")
            if holder.key_number == key_number:
                raise Refused(
                    f"{key_number}：仍为{holder.login}的有效密钥，请先办理换领、注销或吊销"
                    " / still opens that account: replace, deregister or revoke first"
                )
            key = replace(key, state=KeyState.RETURNED)
            tx.keys.save(key)
            self._settle(tx, key_number, outcome="returned")
            record(tx, actor, "key.return", key_number, at=now, article="第六条（一）；第九条", brought_by=brought_by)
        return Collected(key=key, synced=self.synchronise.push([holder.login], actor=actor))

    def declare_lost(self, key_number: str, *, actor: Actor, reported_by: str) -> Collected:
        """A key is lost: it opens nothing from this moment, and nobody waits for it any more.

        电子签名法 第十五条 wants it at once; so does reading A-19.
        """
        now = self.clock.now()
        with self.register.transaction() as tx:
            key = self._out(tx, key_number, actor)
            holder = tx.accounts.get(key.login or "")
            if holder.key_number == key_number:
                revoke_certificates(tx, holder, at=now, reason=RevocationReason.KEY_COMPROMISE)
                tx.accounts.save(replace(holder, key_number=None, thumbprint=None))
                tx.tasks.add(Task(kind=TaskKind.END_SESSIONS, user_class=holder.user_class, login=holder.login))
            key = replace(key, state=KeyState.LOST)
            tx.keys.save(key)
            self._settle(tx, key_number, outcome="declared lost")
            record(tx, actor, "key.lost", key_number, at=now, article="第八条；第九条", reported_by=reported_by)
        return Collected(key=key, synced=self.synchronise.push([holder.login], actor=actor))

    def _out(self, tx: Transaction, key_number: str, actor: Actor) -> Key:
        key = tx.keys.get(key_number)
        actor.office.require(ISSUES_KEYS[key.user_class], act=f"收回{key.user_class.zh}用户的密钥", source="第九条")
        if key.login is None:
            raise NotFound(f"{key_number}：尚未发放 / was never issued")
        if key.state not in {KeyState.ISSUED, KeyState.REVOKED}:
            raise Refused(f"{key_number}：{key.state.zh} / is {key.state.value} already")
        return key

    def _settle(self, tx: Transaction, key_number: str, *, outcome: str) -> None:
        duties = [duty for duty in tx.duties.open(kind=DutyKind.COLLECT_KEY) if duty.key_number == key_number]
        tx.duties.settle(duties, at=self.clock.now(), outcome=outcome)
