"""Issue: a key from stock gets its certificate, is bound to the account, and is handed over (Articles 3, 4, 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.duty import Duty, DutyKind
from idp_sync.domain.errors import Conflict, NotFound, Refused
from idp_sync.domain.journal import Actor
from idp_sync.domain.key import Key, KeyPackage, KeyState, RevocationReason, Subject
from idp_sync.domain.office import ISSUES_KEYS, Office
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Authority, Clock, Register, Transaction
from idp_sync.services.acting import approvers_of, record
from idp_sync.services.carry_out import finish
from idp_sync.services.closing import revoke_certificates
from idp_sync.services.notify import Notify


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A key that was handed over."""

    account: Account
    key: Key
    package: KeyPackage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ready:
    """An account that is to get a key, the key, and why."""

    account: Account
    key: Key
    duty: Duty


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Takes keys into stock and issues them."""

    register: Register
    authority: Authority
    notify: Notify
    clock: Clock

    def take_into_stock(self, user_class: UserClass, count: int, *, actor: Actor) -> tuple[Key, ...]:
        """Number new keys and put them into the stock of the office that issues them (Article 9).

        Raises:
            NotCompetent: another office issues the keys of that class.
        """
        self._require(actor.office, user_class)
        with self.register.transaction() as tx:
            keys = tuple(
                Key(
                    number=f"KEY-{tx.accounts.next_number('key'):06d}",
                    office=actor.office.code,
                    user_class=user_class,
                    state=KeyState.IN_STOCK,
                )
                for _ in range(count)
            )
            for key in keys:
                tx.keys.add(key)
                record(tx, actor, "key.stock", key.number, at=self.clock.now(), article="第九条")
        return keys

    def issue(
        self,
        login: str,
        *,
        actor: Actor,
        handed_to: str,
        deliver: Callable[[KeyPackage], None],
        key_number: str | None = None,
    ) -> Issued:
        """Sign a certificate for an account's holder, bind it, and record the hand-over (Articles 4, 5 and 9).

        An approved application has made it a duty: a new user's first key, another key (Annex 4), or the same key with
        a certificate for another name or holder (Annex 5). Whatever certificate the account had before is revoked at
        the hand-over, and an old key is to be collected. The serial is recorded before anything is signed; `deliver`
        puts the package into the issuer's hands within the transaction that records certificate and hand-over, so that
        neither is there without the other.

        Raises:
            NotFound: no such account, or no such key in stock.
            Refused: no approved application asks for it (R-12), the account is not active, its holder has a valid key
                (one person, one account, one valid key, Article 8), the actor approved the application, or nobody
                takes the key.
            NotCompetent: another office issues the keys of that class (Article 3).
            Conflict: the key or the account was taken at the same moment.
        """
        if not handed_to.strip():
            raise Refused(f"{login}：请写明领取人〔第九条〕 / say who takes the key")
        now = self.clock.now()
        serial = self.authority.new_serial()
        with self.register.transaction() as tx:
            ready = self._ready(tx, login, key_number, actor)
            tx.keys.intend(serial, login=login, key_number=ready.key.number, at=now)
        package = self.authority.issue(_subject(ready.account, ready.key), serial=serial, now=now)
        with self.register.transaction() as tx:
            self._refuse_overtaken(tx, login, ready, actor)
            key = replace(ready.key, state=KeyState.ISSUED, login=login, handed_over_at=now, handed_over_to=handed_to)
            account = self._bind(tx, ready, key, package, now)
            record(
                tx,
                actor,
                "key.issue",
                key.number,
                at=now,
                article="第三条；第九条",
                login=login,
                serial=package.certificate.serial,
                handed_to=handed_to,
                application=ready.duty.application,
            )
            tx.duties.settle([ready.duty], at=now)
            finish(tx, {ready.duty.application}, now=now, actor=actor, notify=self.notify)
            deliver(package)
        return Issued(account=account, key=key, package=package)

    def is_recorded(self, package: KeyPackage) -> bool:
        """Whether a package's certificate is on record: an interruption may come right after it was written there."""
        with self.register.transaction(read_only=True) as tx:
            try:
                tx.keys.certificate(package.certificate.serial)
            except NotFound:
                return False
        return True

    def _refuse_overtaken(self, tx: Transaction, login: str, ready: _Ready, actor: Actor) -> None:
        """While the certificate was signed, somebody may have been faster."""
        try:
            now = self._ready(tx, login, ready.key.number, actor)
        except NotFound:  # the key is not in stock any more
            now = None
        if now != ready:
            raise Conflict(f"{login}：同时有他人办理，请重试 / was changed at the same moment, try again")

    def _ready(self, tx: Transaction, login: str, key_number: str | None, actor: Actor) -> _Ready:
        account = tx.accounts.get(login)
        self._require(actor.office, account.user_class)
        if account.state is not AccountState.ACTIVE:
            raise Refused(
                f"{login}：{account.state.zh}，不能发放密钥〔第四条〕 / is {account.state.value}, no key is issued"
            )
        duty = next(iter(tx.duties.open(kind=DutyKind.ISSUE_KEY, login=login)), None)
        if duty is None and account.key_number is not None:
            raise Refused(
                f"{login}：已持有有效密钥{account.key_number}，应申请换领〔第八条；附件4〕 / holds a valid key already"
            )
        if duty is None:
            raise Refused(f"{login}：没有已批准的申请要求发放密钥〔第五条〕 / no approved application asks for a key")
        self._refuse_own_approval(tx, duty, actor)
        return _Ready(account=account, key=self._key_for(tx, account, duty, key_number), duty=duty)

    def _key_for(self, tx: Transaction, account: Account, duty: Duty, key_number: str | None) -> Key:
        """The key to be used again, where the application says so (Annex 5); else one from stock."""
        if not duty.key_number or key_number not in {None, duty.key_number}:
            return tx.keys.take_from_stock(account.user_class, key_number)
        key = tx.keys.get(duty.key_number)
        return key if key.state is not KeyState.LOST else tx.keys.take_from_stock(account.user_class)

    def _refuse_own_approval(self, tx: Transaction, duty: Duty, actor: Actor) -> None:
        """Four eyes: who approves does not issue (reading A-22)."""
        if not duty.application:
            return
        if actor.name in approvers_of(tx.applications.get(duty.application)):
            raise Refused(f"{actor.name}审核了{duty.application}，应由他人发放密钥 / who approves does not issue")

    def _bind(self, tx: Transaction, ready: _Ready, key: Key, package: KeyPackage, now: datetime) -> Account:
        """The certificate opens the account from now on; the half year of who never logs in counts from here."""
        account = ready.account
        tx.keys.add_certificate(package.certificate)
        revoke_certificates(tx, account, at=now, reason=RevocationReason.SUPERSEDED, spare=package.certificate.serial)
        for old in self._superseded(tx, ready):
            tx.keys.save(replace(old, state=KeyState.REVOKED))
            self._collect(tx, old, ready.duty.application, now)
        bound = replace(
            account,
            key_number=key.number,
            thumbprint=package.certificate.thumbprint,
            handed_over_at=account.handed_over_at or key.handed_over_at,
        )
        tx.keys.save(key)
        tx.accounts.save(bound)
        return bound

    def _superseded(self, tx: Transaction, ready: _Ready) -> list[Key]:
        """Keys that are out and open nothing any more: the holder's earlier ones, and one that was not used again."""
        held = {key.number: key for key in tx.keys.all(login=ready.account.login)}
        if ready.duty.key_number:
            held[ready.duty.key_number] = tx.keys.get(ready.duty.key_number)
        held.pop(ready.key.number, None)
        return [key for key in held.values() if key.state in {KeyState.ISSUED, KeyState.REVOKED}]

    def _collect(self, tx: Transaction, key: Key, application: str, now: datetime) -> None:
        """An open item until the key is back or declared lost (Article 9), once for each key."""
        login = key.login or ""
        if any(d.key_number == key.number for d in tx.duties.open(kind=DutyKind.COLLECT_KEY, login=login)):
            return
        duty = Duty(
            kind=DutyKind.COLLECT_KEY,
            user_class=key.user_class,
            since=now,
            login=login,
            application=application,
            key_number=key.number,
        )
        tx.duties.add(duty)

    def _require(self, office: Office, user_class: UserClass) -> None:
        office.require(ISSUES_KEYS[user_class], act=f"发放{user_class.zh}用户的密钥", source="第三条")


def _subject(account: Account, key: Key) -> Subject:
    return Subject(
        login=account.login,
        name=account.name,
        unit_name=account.unit.name,
        person_number=account.person_number,
        user_class=account.user_class,
        key_number=key.number,
    )
