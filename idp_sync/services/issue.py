"""Issue: a key from stock gets its certificate, is bound to the account, and is handed over (Articles 3, 4, 9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.errors import Conflict, Refused
from idp_sync.domain.journal import Actor
from idp_sync.domain.key import Key, KeyPackage, KeyState, Subject
from idp_sync.domain.office import ISSUES_KEYS, Office
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Authority, Clock, Register, Transaction
from idp_sync.services.acting import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A key that was handed over."""

    account: Account
    key: Key
    package: KeyPackage


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Takes keys into stock and issues them."""

    register: Register
    authority: Authority
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
        """Sign a certificate for an account's holder, bind it, and record the hand-over.

        The serial is recorded before anything is signed; `deliver` puts the package into the issuer's hands within
        the transaction that records certificate and hand-over, so that neither is there without the other.

        Raises:
            NotFound: no such account, or no such key in stock.
            Refused: the account is not active, or its holder has a valid key (one person, one account, one valid key,
                Article 8).
            NotCompetent: another office issues the keys of that class (Article 3).
            Conflict: the key or the account was taken at the same moment.
        """
        now = self.clock.now()
        serial = self.authority.new_serial()
        with self.register.transaction() as tx:
            account, key = self._ready(tx, login, key_number, actor)
            tx.keys.intend(serial, login=login, key_number=key.number, at=now)
        package = self.authority.issue(_subject(account, key), serial=serial, now=now)
        with self.register.transaction() as tx:
            if self._ready(tx, login, key.number, actor) != (account, key):
                raise Conflict(f"{login}：同时有他人办理，请重试 / was changed at the same moment, try again")
            key = replace(key, state=KeyState.ISSUED, login=login, handed_over_at=now, handed_over_to=handed_to)
            account = self._bind(tx, account, key, package)
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
            )
            deliver(package)
        return Issued(account=account, key=key, package=package)

    def _ready(self, tx: Transaction, login: str, key_number: str | None, actor: Actor) -> tuple[Account, Key]:
        account = tx.accounts.get(login)
        self._require(actor.office, account.user_class)
        if account.state is not AccountState.ACTIVE:
            raise Refused(
                f"{login}：{account.state.zh}，不能发放密钥〔第四条〕 / is {account.state.value}, no key is issued"
            )
        if account.key_number is not None:
            raise Refused(
                f"{login}：已持有有效密钥{account.key_number}，应申请换领〔第八条；附件4〕 / holds a valid key already"
            )
        return account, tx.keys.take_from_stock(account.user_class, key_number)

    def _bind(self, tx: Transaction, account: Account, key: Key, package: KeyPackage) -> Account:
        """The certificate opens the account from now on; the half year of who never logs in counts from here."""
        bound = replace(
            account,
            key_number=key.number,
            thumbprint=package.certificate.thumbprint,
            handed_over_at=account.handed_over_at or key.handed_over_at,
        )
        tx.keys.add_certificate(package.certificate)
        tx.keys.save(key)
        tx.accounts.save(bound)
        return bound

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
