"""The ceremony: makes sure of passphrase, root, issuing authorities and the bundle of what we trust.

What is there is checked and left as it is, what a killed run left undone is finished, and nothing that was lost is
silently replaced: certificates that are out depend on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from idp_sync.adapters.authority.issuer import Issuer, certify_issuing, new_key, new_serial, open_root, self_signed
from idp_sync.adapters.authority.keystore import CERTIFICATE, KEY, KeyStore
from idp_sync.adapters.authority.profiles import Profiles
from idp_sync.adapters.authority.upstream import translated
from idp_sync.domain.errors import NotSetUp
from idp_sync.ports import Step


class Ceremony:
    """One run of it, in a folder that is locked."""

    def __init__(self, store: KeyStore, profiles: Profiles, *, now: datetime) -> None:
        self._store = store
        self._profiles = profiles
        self._now = now

    def steps(self) -> Iterator[Step]:
        """Each thing that was made sure of, once it is durable.

        Raises:
            NotSetUp: something is lost or damaged.
            AccessDenied: the passphrase does not open a key.
            Refused: a certificate of another root lies there, or the root is over.
            Unavailable: files can't be read or written.
        """
        yield Step(what="authority: passphrase", changed=self._store.make_passphrase())
        yield Step(what="authority: root", changed=self._make_root())
        trusted = [self._root]
        for name in self._profiles.authority.issuing:
            yield Step(what=f"authority: issuing authority {name}", changed=self._make_issuing(name))
            trusted.append(self._store.certificate(self._store.issuing(name)))
        yield Step(what="authority: trusted certificates", changed=self._store.save_trusted(trusted))

    @cached_property
    def _root(self) -> x509.Certificate:
        return self._store.certificate(self._store.root)

    @cached_property
    def _root_signer(self) -> Issuer:
        where = self._store.root
        if not self._store.has_key(where):
            raise NotSetUp(
                f"{where / KEY}: 根私钥不在本机，无法签发下级机构 / the root's key is not on this machine: bring it "
                "back to sign the issuing authorities that are missing"
            )
        key = self._store.key(where)
        insist_on_pair(where, self._root, key)
        return open_root(self._profiles, key, self._root)

    def _make_root(self) -> bool:
        """Whether it was made now. Its key need not be there once all is signed."""
        store, where = self._store, self._store.root
        if store.has_certificate(where):
            if store.has_key(where):
                insist_on_pair(where, self._root, store.key(where))
            return False
        if signed := [name for name in self._profiles.authority.issuing if store.has_certificate(store.issuing(name))]:
            raise NotSetUp(
                f"{where / CERTIFICATE}: 根证书丢失，请从备份恢复 / the root's certificate is missing, and it has "
                f"signed {', '.join(signed)}: restore it from the backup"
            )
        certificate = self_signed(self._profiles, self._make_key(where), serial=new_serial(), now=self._now)
        store.save_certificate(where, certificate)
        return True

    def _make_issuing(self, name: str) -> bool:
        """Whether it was made now."""
        store, where = self._store, self._store.issuing(name)
        if store.has_certificate(where):
            certificate = store.certificate(where)
            insist_on_pair(where, certificate, store.key(where))
            with translated(str(where / CERTIFICATE)):
                certificate.verify_directly_issued_by(self._root)
            return False
        root, key = self._root_signer, self._make_key(where)
        certificate = certify_issuing(self._profiles, root, name, key.public_key(), serial=new_serial(), now=self._now)
        store.save_certificate(where, certificate)
        return True

    def _make_key(self, where: Path) -> ec.EllipticCurvePrivateKey:
        """A new key, or the one that a killed run has left without a certificate."""
        if self._store.has_key(where):
            return self._store.key(where)
        key = new_key()
        self._store.save_key(where, key)
        return key


def insist_on_pair(where: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    """Check that a certificate and a key belong together.

    Raises:
        NotSetUp: they do not.
    """
    if certificate.public_key() != key.public_key():
        raise NotSetUp(
            f"{where}: 证书与私钥不配对，请从备份恢复 / certificate and key do not belong together: restore both from "
            "the backup"
        )
