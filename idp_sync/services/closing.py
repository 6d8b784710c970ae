"""Closing: an account ends, by deregistration or because another person takes its place (Article 6, reading A-10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.duty import Duty, DutyKind
from idp_sync.domain.key import KeyState, RevocationReason
from idp_sync.domain.task import Task, TaskKind
from idp_sync.ports import Transaction

#: what nobody has to do any more once the account is closed
_END_WITH_THE_ACCOUNT = frozenset({DutyKind.ISSUE_KEY, DutyKind.DEREGISTER_LEAVER})


def close_account(tx: Transaction, account: Account, *, at: datetime, application: str, collect: bool = True) -> None:
    """Deregister an account: 删除相应用户 (Article 6 (1)).

    The certificate is void from now on, the sessions end, directory and realms forget the user by the next sync. The
    account's row stays as a tombstone, and its login name is never given again (reading A-09). The key is to come back;
    that it is slow in coming holds nothing up (reading A-07). Without `collect` it stays out, for the next holder.

    Another application may have waited for this account's key: it waits for the directory now, and is done then.
    """
    revoke_certificates(tx, account, at=at, reason=RevocationReason.CESSATION_OF_OPERATION)
    for key in tx.keys.all(login=account.login):
        if key.state is KeyState.ISSUED:
            tx.keys.save(replace(key, state=KeyState.REVOKED))
        if collect and key.state in {KeyState.ISSUED, KeyState.REVOKED}:
            tx.duties.add(
                Duty(
                    kind=DutyKind.COLLECT_KEY,
                    user_class=account.user_class,
                    since=at,
                    login=account.login,
                    application=application,
                    key_number=key.number,
                )
            )
    tx.accounts.save(replace(account, state=AccountState.DEREGISTERED, key_number=None, thumbprint=None))
    for kind in (TaskKind.END_SESSIONS, TaskKind.FORGET):
        tx.tasks.add(Task(kind=kind, user_class=account.user_class, login=account.login))
    overtaken = [duty for duty in tx.duties.open(login=account.login) if duty.kind in _END_WITH_THE_ACCOUNT]
    tx.duties.settle(overtaken, at=at, outcome="deregistered")
    for number in dict.fromkeys((application, *(duty.application for duty in overtaken if duty.application))):
        tx.duties.add(
            Duty(
                kind=DutyKind.CONFIGURE,
                user_class=account.user_class,
                since=at,
                login=account.login,
                application=number,
            )
        )


def revoke_certificates(
    tx: Transaction, account: Account, *, at: datetime, reason: RevocationReason, spare: str = ""
) -> None:
    """Revoke every certificate of an account that is valid still, but the one with the serial `spare`."""
    for certificate in tx.keys.certificates(login=account.login):
        if certificate.revoked_at is None and certificate.serial != spare:
            tx.keys.revoke(certificate.serial, at=at, reason=reason)
