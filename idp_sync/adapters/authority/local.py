"""Our own authority: root and issuing authorities in a folder of this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding

from idp_sync import shipped
from idp_sync.adapters.authority import issuer as issuing
from idp_sync.adapters.authority import verification
from idp_sync.adapters.authority.ceremony import Ceremony, insist_on_pair
from idp_sync.adapters.authority.issuer import Issuer
from idp_sync.adapters.authority.keystore import CERTIFICATE, KEY, KeyStore, plain_key, write
from idp_sync.adapters.authority.profiles import Profiles, read_profiles
from idp_sync.adapters.authority.upstream import translated
from idp_sync.config import AuthoritySettings
from idp_sync.domain.key import KeyPackage, Subject
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Clock, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFiles:
    """What a server needs for TLS."""

    #: its certificate, then the issuing authority's: what it sends
    certificate_file: Path
    #: its private key, unencrypted, mode 0600
    key_file: Path


class LocalAuthority:
    """The port Authority, with certificates and encrypted keys in `settings.folder`.

    The clock dates what set_up and issue_server sign. Nothing is read before it is needed, and issuing authorities are
    opened once. Every method raises NotSetUp where a file is missing or damaged, AccessDenied where the passphrase is
    wrong, Unavailable where files can't be read or written.
    """

    def __init__(self, settings: AuthoritySettings, *, clock: Clock, profiles_folder: Path | None = None) -> None:
        self._clock = clock
        self._store = KeyStore(settings)
        self._profiles_folder = profiles_folder
        self._opened: dict[str, Issuer] = {}

    @cached_property
    def _profiles(self) -> Profiles:
        with translated("certs/"):
            folder = self._profiles_folder or shipped.folder("certs")
        return read_profiles(folder)

    @property
    def trust_anchor_file(self) -> Path:
        """The root's certificate: what clients of our servers trust."""
        return self._store.root / CERTIFICATE

    @property
    def trusted_file(self) -> Path:
        """Root and issuing certificates in one file, for the trust stores of Keycloak and slapd."""
        return self._store.trusted_file

    def set_up(self) -> Iterator[Step]:
        """Make sure of passphrase, root, issuing authorities and the bundle of trusted certificates.

        What is there is checked and left as it is; what a killed run left undone is finished.
        """
        with self._store.locked():
            yield from Ceremony(self._store, self._profiles, now=self._clock.now()).steps()

    def new_serial(self) -> int:
        """A serial number with 158 random bits, positive, of 20 octets."""
        return issuing.new_serial()

    def issue(self, subject: Subject, *, serial: int, now: datetime) -> KeyPackage:
        """Make a key, certify it by the issuing authority of the subject's class, and pack both.

        Raises:
            InputError: the subject's words can't stand in a certificate.
            Refused: the issuing authority is over, or the lint finds fault.
        """
        name = self._profiles.authority.name_for(subject.user_class)
        return issuing.issue_to_user(self._profiles, self.issuer(name), subject, serial=serial, now=now)

    def issue_server(self, names: Sequence[str], folder: Path) -> ServerFiles:
        """Make a key and a certificate for a server of ours, and write both into a folder; the key first.

        An interrupted run leaves a pair that does not fit together: call it again.

        Raises:
            InputError: one of the names is neither a host name nor an address.
            Refused: the issuing authority is over.
        """
        issuer = self.issuer(self._profiles.authority.name_for(None))
        key = issuing.new_key()
        certificate = issuing.issue_to_server(
            self._profiles, issuer, names, key.public_key(), serial=self.new_serial(), now=self._clock.now()
        )
        files = ServerFiles(certificate_file=folder / CERTIFICATE, key_file=folder / KEY)
        write(files.key_file, plain_key(key), mode=0o600)
        chain = certificate.public_bytes(Encoding.PEM) + issuer.certificate.public_bytes(Encoding.PEM)
        write(files.certificate_file, chain, mode=0o644)
        return files

    def verify_client(self, pem: str, *, user_class: UserClass, now: datetime) -> None:
        """Check that a certificate lets a user of that class log in at that moment.

        Raises:
            InputError: it is no certificate.
            Refused: its chain does not hold, leads to another issuing authority, or it is not for logging in.
        """
        verification.verify_client(
            pem,
            root=self._store.certificate(self._store.root),
            issuing=self._store.certificate(self._store.issuing(self._profiles.authority.name_for(user_class))),
            now=now,
        )

    def issuer(self, name: str) -> Issuer:
        """An issuing authority with its key, opened once."""
        if name not in self._opened:
            where = self._store.issuing(name)
            certificate, key = self._store.certificate(where), self._store.key(where)
            insist_on_pair(where, certificate, key)
            self._opened[name] = issuing.open_issuing(self._profiles, name, key, certificate)
        return self._opened[name]
