"""The fake beside the real authority: real certificates and packages, keys in memory only, gone with the process."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from idp_sync import shipped
from idp_sync.adapters.authority import issuer as issuing
from idp_sync.adapters.authority import verification
from idp_sync.adapters.authority.issuer import Issuer
from idp_sync.adapters.authority.profiles import read_profiles
from idp_sync.domain.errors import NotSetUp
from idp_sync.domain.key import KeyPackage, Subject
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Clock, Step


class MemoryAuthority:
    """The port Authority for tests: held to the same contract as LocalAuthority."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._profiles = read_profiles(shipped.folder("certs"))
        self._root: Issuer | None = None
        self._issuers: dict[str, Issuer] = {}

    def set_up(self) -> Iterator[Step]:
        """Make root and issuing authorities."""
        yield Step(what="authority: root", changed=self._root is None)
        if self._root is None:
            key = issuing.new_key()
            certificate = issuing.self_signed(self._profiles, key, serial=self.new_serial(), now=self._clock.now())
            self._root = issuing.open_root(self._profiles, key, certificate)
        for name in self._profiles.authority.issuing:
            yield Step(what=f"authority: issuing authority {name}", changed=name not in self._issuers)
            if name not in self._issuers:
                self._issuers[name] = self._new_issuer(self._root, name)

    def new_serial(self) -> int:
        """A serial number with 158 random bits, positive, of 20 octets."""
        return issuing.new_serial()

    def issue(self, subject: Subject, *, serial: int, now: datetime) -> KeyPackage:
        """Make a key, certify it by the issuing authority of the subject's class, and pack both."""
        issuer = self._issuer(subject.user_class)
        return issuing.issue_to_user(self._profiles, issuer, subject, serial=serial, now=now)

    def verify_client(self, pem: str, *, user_class: UserClass, now: datetime) -> None:
        """Check that a certificate lets a user of that class log in at that moment."""
        if self._root is None:
            raise NotSetUp("the authority in memory was not set up")
        issuer = self._issuer(user_class)
        verification.verify_client(pem, root=self._root.certificate, issuing=issuer.certificate, now=now)

    def _issuer(self, user_class: UserClass) -> Issuer:
        try:
            return self._issuers[self._profiles.authority.name_for(user_class)]
        except KeyError:
            raise NotSetUp("the authority in memory was not set up") from None

    def _new_issuer(self, root: Issuer, name: str) -> Issuer:
        key = issuing.new_key()
        certificate = issuing.certify_issuing(
            self._profiles, root, name, key.public_key(), serial=self.new_serial(), now=self._clock.now()
        )
        return issuing.open_issuing(self._profiles, name, key, certificate)
