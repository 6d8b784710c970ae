"""The one certificate builder: what a profile says, about the particulars of one certificate. It signs nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ObjectIdentifier

from idp_sync.adapters.authority.names import distinguished_name
from idp_sync.adapters.authority.profiles import Profile

PURPOSES: Final = {
    "clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH,
    "serverAuth": ExtendedKeyUsageOID.SERVER_AUTH,
    "OCSPSigning": ExtendedKeyUsageOID.OCSP_SIGNING,
}
_KEY_IDENTIFIER_BYTES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Pointers:
    """Where the issuer's CRL, OCSP answers and certificate are served."""

    crl: str
    ocsp: str
    certificate: str

    @classmethod
    def below(cls, base_url: str | None, issuer: str) -> Pointers | None:
        """Those of an issuer; None without a base URL."""
        if base_url is None:
            return None
        return cls(
            crl=f"{base_url}/crl/{issuer}.crl",
            ocsp=f"{base_url}/ocsp/{issuer}",
            certificate=f"{base_url}/certificates/{issuer}.cer",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """What tells one certificate of a profile from the others."""

    serial: int
    #: what the profile makes the subject of
    facts: Mapping[str, str]
    public_key: ec.EllipticCurvePublicKey
    not_before: datetime
    #: the last second of its validity
    not_after: datetime
    issuer: x509.Name
    issuer_key_identifier: bytes
    #: subject alternative names
    names: tuple[x509.GeneralName, ...] = ()
    policy: str | None = None
    pointers: Pointers | None = None


def build(profile: Profile, particulars: Particulars) -> x509.CertificateBuilder:
    """A certificate that only lacks its signature.

    Raises:
        InputError: a fact can't stand in the subject.
    """
    builder = (
        x509.CertificateBuilder()
        .serial_number(particulars.serial)
        .issuer_name(particulars.issuer)
        .subject_name(distinguished_name(profile.subject, particulars.facts))
        .not_valid_before(particulars.not_before)
        .not_valid_after(particulars.not_after)
        .public_key(particulars.public_key)
    )
    for extension, critical in (
        *_usages(profile),
        *_identities(profile, particulars),
        *_pointers(profile, particulars),
    ):
        builder = builder.add_extension(extension, critical=critical)
    return builder


def key_identifier(public_key: ec.EllipticCurvePublicKey) -> bytes:
    """What names a public key: RFC 7093, method 1 (as RFC 5280's, with SHA-256 in place of SHA-1)."""
    point = public_key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return hashlib.sha256(point).digest()[:_KEY_IDENTIFIER_BYTES]


def _usages(profile: Profile) -> Iterator[tuple[x509.ExtensionType, bool]]:
    """What the certificate may be used for."""
    basic = profile.basic_constraints
    yield x509.BasicConstraints(ca=basic.ca, path_length=basic.path_length), basic.critical
    yield x509.KeyUsage(**profile.key_usage.flags()), profile.key_usage.critical
    if profile.extended_key_usage is not None:
        purposes = [PURPOSES[purpose] for purpose in profile.extended_key_usage.purposes]
        yield x509.ExtendedKeyUsage(purposes), profile.extended_key_usage.critical


def _identities(profile: Profile, particulars: Particulars) -> Iterator[tuple[x509.ExtensionType, bool]]:
    """Who it names, whose it is, and under which policy."""
    if profile.subject_alternative_name is not None:
        yield x509.SubjectAlternativeName(particulars.names), profile.subject_alternative_name.critical
    if profile.certificate_policies is not None and particulars.policy is not None:
        policy = x509.PolicyInformation(ObjectIdentifier(particulars.policy), None)
        yield x509.CertificatePolicies([policy]), profile.certificate_policies.critical
    if profile.subject_key_identifier:
        yield x509.SubjectKeyIdentifier(key_identifier(particulars.public_key)), False
    if profile.authority_key_identifier:
        yield x509.AuthorityKeyIdentifier(particulars.issuer_key_identifier, None, None), False


def _pointers(profile: Profile, particulars: Particulars) -> Iterator[tuple[x509.ExtensionType, bool]]:
    """Where to ask whether it is revoked."""
    pointers = particulars.pointers
    if not profile.revocation_pointers or pointers is None:
        return
    crl = x509.DistributionPoint([x509.UniformResourceIdentifier(pointers.crl)], None, None, None)
    yield x509.CRLDistributionPoints([crl]), False
    yield (
        x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(
                    AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(pointers.ocsp)
                ),
                x509.AccessDescription(
                    AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier(pointers.certificate)
                ),
            ]
        ),
        False,
    )
