"""One authority with its key: the root, or an issuing authority, which issues one profile for one user class."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from idp_sync.adapters.authority import lint
from idp_sync.adapters.authority.builder import Particulars, Pointers, build, key_identifier
from idp_sync.adapters.authority.names import distinguished_name, host, user_principal_name
from idp_sync.adapters.authority.packing import new_password, pack
from idp_sync.adapters.authority.profiles import Profile, Profiles
from idp_sync.adapters.authority.upstream import translated
from idp_sync.adapters.authority.validity import period
from idp_sync.domain.errors import InputError, NotCompetent, NotSetUp
from idp_sync.domain.key import Certificate, KeyPackage, Subject
from idp_sync.domain.unit import UserClass

_LOGIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_RANDOM_BITS: Final = 158
#: 16 to 20 octets, positive: what the lint takes as well
_SERIAL_LEAST: Final = 1 << 127
_SERIAL_END: Final = 1 << 159


def new_serial() -> int:
    """158 random bits below a bit that is always set: positive, and exactly 20 octets (RFC 5280, 4.1.2.2)."""
    return 1 << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)


def new_key() -> ec.EllipticCurvePrivateKey:
    """A private key on the curve P-256, in memory."""
    return ec.generate_private_key(ec.SECP256R1())


class Issuer:
    """An authority that signs: what it may sign is fixed when it is opened."""

    def __init__(
        self,
        *,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        certificate: x509.Certificate,
        issues: str,
        user_class: UserClass | None = None,
        policy: str | None = None,
        pointers: Pointers | None = None,
    ) -> None:
        self.name = name
        self.certificate = certificate
        self._key = key
        self._issues = issues
        self._user_class = user_class
        self._policy = policy
        self._pointers = pointers
        # read once: taking extensions apart costs as much as signing
        self._subject = certificate.subject
        self._key_identifier = _own_key_identifier(certificate)

    def certify(
        self,
        profile: Profile,
        *,
        user_class: UserClass | None,
        facts: Mapping[str, str],
        public_key: ec.EllipticCurvePublicKey,
        names: Sequence[x509.GeneralName] = (),
        serial: int,
        now: datetime,
        policy: str | None = None,
    ) -> x509.Certificate:
        """Sign a certificate of a profile.

        Raises:
            NotCompetent: it is not of this authority's profile or user class.
            Refused: this authority's own certificate is not good now, or the lint finds fault.
            InputError: a fact can't stand in a certificate, or the serial is too short or too long.
        """
        if (profile.name, user_class) != (self._issues, self._user_class):
            wanted = user_class.zh if user_class is not None else profile.name
            raise NotCompetent(
                f"签发机构 {self.name} 无权为「{wanted}」签发证书 / the issuing authority {self.name} may not issue "
                f"{profile.name} certificates for {wanted}"
            )
        if not _SERIAL_LEAST <= serial < _SERIAL_END:
            raise InputError("证书序列号须由 new_serial 产生 / the serial was not made by new_serial: 128 bits or more")
        good = period(profile.validity, now, self.certificate)
        particulars = Particulars(
            serial=serial,
            facts=facts,
            public_key=public_key,
            not_before=good.first,
            not_after=good.last,
            issuer=self._subject,
            issuer_key_identifier=self._key_identifier,
            names=tuple(names),
            policy=policy or self._policy,
            pointers=self._pointers,
        )
        return sign(profile, particulars, self._key)


def sign(profile: Profile, particulars: Particulars, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Build, lint under a throw-away key, and only then sign: the real key never signs a faulty certificate.

    Raises:
        Refused: the lint finds fault, or the signature does not hold.
        InputError: a fact can't stand in a certificate.
    """
    builder = build(profile, particulars)
    draft = builder.sign(_throw_away_key(), SHA256())
    lint.check(draft, profile, particulars)
    certificate = builder.sign(key, SHA256())
    if certificate.tbs_certificate_bytes != draft.tbs_certificate_bytes:
        raise NotSetUp(
            "证书与检查过的草稿不符 / what was signed is not what was linted: the cryptographic library is at fault"
        )
    with translated(f"serial {particulars.serial:x}"):
        key.public_key().verify(certificate.signature, certificate.tbs_certificate_bytes, ec.ECDSA(SHA256()))
    return certificate


@cache
def _throw_away_key() -> ec.EllipticCurvePrivateKey:
    """A key that nobody trusts, made anew in each process."""
    return new_key()


def self_signed(profiles: Profiles, key: ec.EllipticCurvePrivateKey, *, serial: int, now: datetime) -> x509.Certificate:
    """The root's own certificate."""
    facts = root_facts(profiles)
    good = period(profiles.root.validity, now)
    particulars = Particulars(
        serial=serial,
        facts=facts,
        public_key=key.public_key(),
        not_before=good.first,
        not_after=good.last,
        issuer=distinguished_name(profiles.root.subject, facts),
        issuer_key_identifier=key_identifier(key.public_key()),
    )
    return sign(profiles.root, particulars, key)


def open_root(profiles: Profiles, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate) -> Issuer:
    """The root, ready to sign issuing authorities."""
    return Issuer(
        name="root",
        key=key,
        certificate=certificate,
        issues="issuing",
        pointers=Pointers.below(profiles.authority.base_url, "root"),
    )


def open_issuing(
    profiles: Profiles, name: str, key: ec.EllipticCurvePrivateKey, certificate: x509.Certificate
) -> Issuer:
    """An issuing authority, ready to sign what its definition allows."""
    definition = profiles.authority.issuing[name]
    return Issuer(
        name=name,
        key=key,
        certificate=certificate,
        issues=definition.issues,
        user_class=definition.user_class,
        policy=profiles.authority.policy(name),
        pointers=Pointers.below(profiles.authority.base_url, name),
    )


def certify_issuing(
    profiles: Profiles, root: Issuer, name: str, public_key: ec.EllipticCurvePublicKey, *, serial: int, now: datetime
) -> x509.Certificate:
    """The certificate of an issuing authority, signed by the root."""
    return root.certify(
        profiles.issuing_for(name),
        user_class=None,
        facts=issuing_facts(profiles, name),
        public_key=public_key,
        serial=serial,
        now=now,
        policy=profiles.authority.policy(name),
    )


def issue_to_user(profiles: Profiles, issuer: Issuer, subject: Subject, *, serial: int, now: datetime) -> KeyPackage:
    """Make a key, certify it for a user, and pack both. The key is kept nowhere.

    Raises:
        NotCompetent: the issuing authority is not the one of the user's class.
        InputError: the subject's words can't stand in a certificate.
        Refused: as Issuer.certify.
    """
    definition = profiles.authority.issuing[issuer.name]
    if not _LOGIN.fullmatch(subject.login):
        raise InputError(f"{subject.login!r}: 登录名称只能用字母、数字和 ._- / is no login name")
    key = new_key()
    certificate = issuer.certify(
        profiles.client,
        user_class=subject.user_class,
        facts={
            "country": profiles.authority.country,
            "unit_name": subject.unit_name,
            "person_number": subject.person_number,
            "name": subject.name,
            "login": subject.login,
        },
        public_key=key.public_key(),
        names=[user_principal_name(subject.login, definition.upn_domain or "")],
        serial=serial,
        now=now,
    )
    password = new_password()
    packed = pack(
        friendly_name=subject.key_number,
        key=key,
        certificate=certificate,
        issuer=issuer.certificate,
        password=password,
    )
    return KeyPackage(certificate=_as_record(certificate, subject), pkcs12=packed, password=password)


def issue_to_server(
    profiles: Profiles,
    issuer: Issuer,
    hosts: Sequence[str],
    public_key: ec.EllipticCurvePublicKey,
    *,
    serial: int,
    now: datetime,
) -> x509.Certificate:
    """A server's certificate for its names and addresses; the first is shown to people.

    Raises:
        InputError: there is none, or one that is neither name nor address.
    """
    if not hosts:
        raise InputError("没有服务器名称 / a server certificate needs at least one name")
    return issuer.certify(
        profiles.server,
        user_class=None,
        facts={
            "country": profiles.authority.country,
            "organisation": profiles.authority.organisation,
            "host": hosts[0],
        },
        public_key=public_key,
        names=[host(name) for name in dict.fromkeys(hosts)],
        serial=serial,
        now=now,
    )


def root_facts(profiles: Profiles) -> dict[str, str]:
    """What the root's subject is made of."""
    authority = profiles.authority
    return {
        "country": authority.country,
        "organisation": authority.organisation,
        "common_name": authority.root.common_name,
    }


def issuing_facts(profiles: Profiles, name: str) -> dict[str, str]:
    """What an issuing authority's subject is made of."""
    authority, definition = profiles.authority, profiles.authority.issuing[name]
    return {
        "country": authority.country,
        "organisation": authority.organisation,
        "office": definition.office,
        "common_name": definition.common_name,
    }


def _own_key_identifier(certificate: x509.Certificate) -> bytes:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def _as_record(certificate: x509.Certificate, subject: Subject) -> Certificate:
    return Certificate(
        serial=f"{certificate.serial_number:x}",
        thumbprint=certificate.fingerprint(SHA256()).hex(),
        login=subject.login,
        key_number=subject.key_number,
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
    )
