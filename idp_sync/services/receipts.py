"""Receipts: a key's hand-over and its return on paper, made from what the register has of them (Articles 8 and 9)."""

from __future__ import annotations

from dataclasses import dataclass

from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.errors import Refused
from idp_sync.domain.journal import Actor, Entry
from idp_sync.domain.key import Certificate, Key, KeyState
from idp_sync.domain.letter import KeyHandOver, KeyReturn
from idp_sync.domain.office import ISSUES_KEYS
from idp_sync.domain.rulebook import RuleBook
from idp_sync.ports import Clock, Register, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipts:
    """Draws up what is signed when a key changes hands."""

    register: Register
    book: RuleBook
    clock: Clock

    def of(self, key_number: str, *, actor: Actor) -> KeyHandOver | KeyReturn:
        """The receipt for the last time that a key changed hands.

        At the hand-over the holder signs Article 8, word for word (R-37, R-39); a return is on paper too: 回收记录
        (Articles 6 (1) and 9).

        Raises:
            NotFound: no such key.
            NotCompetent: another office issues the keys of that class.
            Refused: it is in stock, or was declared lost: it has changed hands with nobody.
        """
        with self.register.transaction(read_only=True) as tx:
            key = tx.keys.get(key_number)
            actor.office.require(ISSUES_KEYS[key.user_class], act="出具密钥交接单", source="第九条")
            if key.login is None or key.state is KeyState.LOST:
                raise Refused(f"{key_number}：{key.state.zh}，没有交接 / is {key.state.value}: never handed over")
            *_, certificate = (c for c in tx.keys.certificates(login=key.login) if c.key_number == key_number)
            acts = {entry.act: entry for entry in tx.journal.entries(subject=key_number)}
            if key.state is KeyState.RETURNED:
                return self._return(tx, key, certificate, acts["key.return"])
            return self._hand_over(tx, key, certificate, acts["key.issue"])

    def _hand_over(self, tx: Transaction, key: Key, certificate: Certificate, act: Entry) -> KeyHandOver:
        holder = tx.accounts.get(certificate.login)
        return KeyHandOver(
            number=f"{key.number}-{certificate.serial[:8]}",
            office=self.book.offices.get(act.office).name,
            dated=beijing_date(self.clock.now()),
            key_number=key.number,
            login=holder.login,
            name=holder.name,
            unit_name=holder.unit.name,
            certificate_serial=certificate.serial,
            valid_from=beijing_date(certificate.not_before),
            valid_until=beijing_date(certificate.not_after),
            handed_over_by=act.actor,
            handed_over_to=key.handed_over_to,
            application=act.detail.get("application", ""),
        )

    def _return(self, tx: Transaction, key: Key, certificate: Certificate, act: Entry) -> KeyReturn:
        holder = tx.accounts.get(certificate.login)
        return KeyReturn(
            number=f"{key.number}-{certificate.serial[:8]}",
            office=self.book.offices.get(act.office).name,
            dated=beijing_date(self.clock.now()),
            key_number=key.number,
            login=holder.login,
            name=holder.name,
            unit_name=holder.unit.name,
            certificate_serial=certificate.serial,
            returned_by=act.detail.get("brought_by", ""),
            received_by=act.actor,
            ground=holder.state.zh if holder.key_number is None else "换领",
        )
