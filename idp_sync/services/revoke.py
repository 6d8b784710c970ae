"""Revoke: the certificate is void, the key opens nothing, open sessions end (Article 8; 电子签名法 第十五条)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from idp_sync.domain.errors import NotFound
from idp_sync.domain.journal import Actor
from idp_sync.domain.key import KeyState, RevocationReason
from idp_sync.domain.office import Competence
from idp_sync.domain.task import Task, TaskKind
from idp_sync.ports import Clock, Register
from idp_sync.services.acting import record
from idp_sync.services.synchronise import Synced, Synchronise


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What a revocation did."""

    key_number: str
    login: str
    serial: str
    #: directory and realms; tasks that are left are repeated by the next sync
    synced: Synced


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke:
    """Revokes keys."""

    register: Register
    synchronise: Synchronise
    clock: Clock

    def revoke(self, key_number: str, *, actor: Actor, reason: RevocationReason) -> Revoked:
        """Revoke the certificate on a key, at once.

        The register comes first: once it is written, no later sync can bind the certificate again, whatever else
        fails. Then the thumbprint leaves the directory, which refuses the key at the next login, and the realm ends
        the holder's sessions. Revoking again repeats what was left undone.

        Raises:
            NotFound: no such key, or none was ever issued on it.
            NotCompetent: the office does not revoke.
        """
        actor.office.require(Competence.REVOKE, act="吊销密钥", source="第八条")
        now = self.clock.now()
        with self.register.transaction() as tx:
            key = tx.keys.get(key_number)
            if key.login is None:
                raise NotFound(
                    f"{key_number}：尚未发放，无证书可吊销 / was never issued, there is no certificate on it"
                )
            account = tx.accounts.get(key.login)
            certificates = [c for c in tx.keys.certificates(login=key.login) if c.key_number == key_number]
            serial = certificates[-1].serial
            if key.state is KeyState.ISSUED:
                for certificate in certificates:
                    tx.keys.revoke(certificate.serial, at=now, reason=reason)
                tx.keys.save(replace(key, state=KeyState.REVOKED))
                record(
                    tx,
                    actor,
                    "key.revoke",
                    key_number,
                    at=now,
                    article="第八条",
                    login=key.login,
                    serial=serial,
                    reason=reason.value,
                )
            if account.key_number == key_number:
                tx.accounts.save(replace(account, key_number=None, thumbprint=None))
                tx.tasks.add(Task(kind=TaskKind.END_SESSIONS, user_class=account.user_class, login=account.login))
        synced = self.synchronise.push([account.login], actor=actor)
        return Revoked(key_number=key_number, login=account.login, serial=serial, synced=synced)
