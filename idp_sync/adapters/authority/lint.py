"""Our own lint: reads a certificate and compares every field with its profile.

It needs no signature that holds: what is linted may have been signed with a throw-away key, before the authority's
own key is touched (as Boulder does). It reads names and algorithms from the DER by itself, so that a fault of the
builder does not hide from it. It never quotes a value: that may be an ID number.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import AuthorityInformationAccessOID as Access
from cryptography.x509.oid import ExtensionOID, ObjectIdentifier

from idp_sync.adapters.authority import der
from idp_sync.adapters.authority.builder import PURPOSES, Particulars, key_identifier
from idp_sync.adapters.authority.names import OIDS, UPN, value_of
from idp_sync.adapters.authority.profiles import Profile
from idp_sync.adapters.authority.validity import end_of_term
from idp_sync.domain.errors import Refused

#: RFC 5280, 4.1.2.2; and no fewer than 128 random bits, so never shorter than 16 octets
SERIAL_OCTETS_MOST: Final = 20
SERIAL_OCTETS_LEAST: Final = 16
#: AlgorithmIdentifier of RFC 5758, 3.2: the OID, and no parameters
ALGORITHMS: Final = {"ecdsa-with-SHA256": bytes.fromhex("06082a8648ce3d040302")}
TAGS: Final = {"UTF8String": der.UTF8_STRING, "PrintableString": der.PRINTABLE_STRING}
#: 15 digits in a row are an old ID number or most of a new one; a GeneralizedTime has 14. Written out, as \d takes
#: digits of other scripts too
_ID_NUMBER: Final = re.compile("[0-9]{15}")
_ID_NUMBER_IN_DER: Final = re.compile(b"[0-9]{15}")
_BETWEEN_DIGITS: Final = re.compile(r"[\s.·-]+")


@dataclass(frozen=True, slots=True)
class Problem:
    """One field that is not as its profile says."""

    field: str
    words: str

    def __str__(self) -> str:
        return f"{self.field} {self.words}"


@dataclass(frozen=True, slots=True)
class _Read:
    """A certificate, taken apart."""

    certificate: x509.Certificate
    #: the signature algorithm outside of what is signed, DER
    outer_algorithm: bytes
    #: version, serial, algorithm, issuer, validity, subject, key, extensions: tag and content
    fields: tuple[tuple[int, bytes], ...]
    extensions: Mapping[ObjectIdentifier, x509.Extension[x509.ExtensionType]]


_Check = Callable[[_Read, Profile, Particulars], Iterator[Problem]]


def check(certificate: x509.Certificate, profile: Profile, particulars: Particulars) -> None:
    """Insist on a certificate that is exactly as its profile says.

    Raises:
        Refused: it is not.
    """
    if found := problems(certificate, profile, particulars):
        raise Refused(
            f"证书不符合签发模板 {profile.name}，未签发 / the certificate breaks its profile {profile.name} and is not "
            f"issued: {'; '.join(map(str, found))}"
        )


def problems(certificate: x509.Certificate, profile: Profile, particulars: Particulars) -> tuple[Problem, ...]:
    """Every field of a certificate that is not as its profile says; empty where it is right."""
    try:
        read = _take_apart(certificate)
        return tuple(problem for one in _CHECKS for problem in one(read, profile, particulars))
    except (ValueError, UnsupportedAlgorithm) as error:
        return (Problem("encoding", f"can't be read: {type(error).__name__}"),)


def _take_apart(certificate: x509.Certificate) -> _Read:
    outer = der.only(certificate.public_bytes(Encoding.DER))
    _, (_, outer_algorithm), _ = der.elements(outer)
    fields = tuple(der.elements(der.only(certificate.tbs_certificate_bytes)))
    try:
        extensions = {extension.oid: extension for extension in certificate.extensions}
    except x509.DuplicateExtension as error:
        raise ValueError("an extension stands in it twice") from error
    if len(fields) != 8:  # noqa: PLR2004 - the fields named at _Read: version 3 with extensions, no unique identifiers
        raise ValueError("not the fields of a certificate of version 3")
    return _Read(certificate, outer_algorithm, fields, extensions)


def _serial(read: _Read, _: Profile, wanted: Particulars) -> Iterator[Problem]:
    tag, octets = read.fields[1]
    if tag != der.INTEGER or int.from_bytes(octets, "big", signed=True) != wanted.serial:
        yield Problem("serial", "is not the one that was recorded")
    if octets[0] & 0x80 or not SERIAL_OCTETS_LEAST <= len(octets) <= SERIAL_OCTETS_MOST:
        yield Problem("serial", "must be positive, and of 16 to 20 octets")


def _signature(read: _Read, profile: Profile, _: Particulars) -> Iterator[Problem]:
    if not read.fields[2][1] == read.outer_algorithm == ALGORITHMS[profile.signature]:
        yield Problem("signature", f"is not {profile.signature}, inside and out")


def _issuer(read: _Read, _: Profile, wanted: Particulars) -> Iterator[Problem]:
    if read.fields[3][1] != der.only(wanted.issuer.public_bytes()):
        yield Problem("issuer", "is not the authority that signs")


def _validity(read: _Read, profile: Profile, wanted: Particulars) -> Iterator[Problem]:
    first, last = read.certificate.not_valid_before_utc, read.certificate.not_valid_after_utc
    if (first, last) != (wanted.not_before, wanted.not_after) or first >= last:
        yield Problem("validity", "is not the one that was asked for")
    asked_at = first + timedelta(minutes=profile.validity.skew_minutes)
    if last > end_of_term(asked_at, months=profile.validity.months):
        yield Problem("validity", f"is longer than {profile.validity.months} months")


def _subject(read: _Read, profile: Profile, wanted: Particulars) -> Iterator[Problem]:
    found = list(_attributes(read.fields[5][1]))
    names = {oid.dotted_string: name for name, oid in OIDS.items()}
    expected = [(OIDS[a.attribute].dotted_string, TAGS[a.encoding], value_of(a, wanted.facts)) for a in profile.subject]
    if [oid for oid, _, _ in found] != [oid for oid, _, _ in expected]:
        yield Problem("subject", f"does not consist of {', '.join(a.attribute for a in profile.subject)}")
        return
    for (oid, tag, value), (_, right_tag, right_value) in zip(found, expected, strict=True):
        if tag != right_tag:
            yield Problem("subject", f"{names[oid]} has the wrong string type")
        if value != right_value:
            yield Problem("subject", f"{names[oid]} does not say what it must")
        if "@" in value:
            yield Problem("subject", f"{names[oid]} holds an e-mail address")


def _attributes(name: bytes) -> Iterator[tuple[str, int, str]]:
    """OID, string type and text of each attribute; every one stands in a set of its own."""
    for _, relative in der.elements(name):
        (_, oid), (tag, text) = der.elements(der.only(relative))
        yield _dotted(oid), tag, text.decode("utf-8", errors="replace")


def _dotted(oid: bytes) -> str:
    arcs, value = [], 0
    for octet in oid:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))


def _key(read: _Read, _: Profile, wanted: Particulars) -> Iterator[Problem]:
    key = read.certificate.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        yield Problem("key", "is not on the curve P-256")
    elif key != wanted.public_key:
        yield Problem("key", "is not the one that was asked for")


def _extension_set(read: _Read, profile: Profile, wanted: Particulars) -> Iterator[Problem]:
    pointed = profile.revocation_pointers and wanted.pointers is not None
    expected = {
        ExtensionOID.BASIC_CONSTRAINTS: True,
        ExtensionOID.KEY_USAGE: True,
        ExtensionOID.EXTENDED_KEY_USAGE: profile.extended_key_usage is not None,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME: profile.subject_alternative_name is not None,
        ExtensionOID.CERTIFICATE_POLICIES: profile.certificate_policies is not None,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER: profile.subject_key_identifier,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER: profile.authority_key_identifier,
        ExtensionOID.CRL_DISTRIBUTION_POINTS: pointed,
        ExtensionOID.AUTHORITY_INFORMATION_ACCESS: pointed,
    }
    for oid in {oid for oid, there in expected.items() if there} ^ set(read.extensions):
        name = _EXTENSION_NAMES.get(oid, oid.dotted_string)
        yield Problem(name, "is not in the profile" if oid in read.extensions else "is missing")


_EXTENSION_NAMES: Final = {
    ExtensionOID.BASIC_CONSTRAINTS: "basic_constraints",
    ExtensionOID.KEY_USAGE: "key_usage",
    ExtensionOID.EXTENDED_KEY_USAGE: "extended_key_usage",
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME: "subject_alternative_name",
    ExtensionOID.CERTIFICATE_POLICIES: "certificate_policies",
    ExtensionOID.SUBJECT_KEY_IDENTIFIER: "subject_key_identifier",
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER: "authority_key_identifier",
    ExtensionOID.CRL_DISTRIBUTION_POINTS: "crl_distribution_points",
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS: "authority_information_access",
}


def _extension_values(read: _Read, profile: Profile, wanted: Particulars) -> Iterator[Problem]:
    for oid, extension in read.extensions.items():
        right = _RIGHT.get(oid)
        if right is None:
            continue  # _extension_set has said that it is unknown
        critical, value_is_right = right(extension.value, profile, wanted)
        if extension.critical is not critical:
            yield Problem(_EXTENSION_NAMES[oid], f"must {'' if critical else 'not '}be critical")
        if not value_is_right:
            yield Problem(_EXTENSION_NAMES[oid], "does not say what it must")


#: whether an extension must be critical, and whether its value is right
_Verdict = tuple[bool, bool]


def _basic_constraints(value: x509.ExtensionType, profile: Profile, _: Particulars) -> _Verdict:
    right = profile.basic_constraints
    is_right = isinstance(value, x509.BasicConstraints) and (value.ca, value.path_length) == (
        right.ca,
        right.path_length,
    )
    return right.critical, is_right


def _key_usage(value: x509.ExtensionType, profile: Profile, _: Particulars) -> _Verdict:
    right = profile.key_usage
    if not isinstance(value, x509.KeyUsage):
        return right.critical, False
    # without key agreement the last two bits have no meaning, and the library refuses to tell them
    readable = [name for name in right.flags() if value.key_agreement or not name.endswith("cipher_only")]
    return right.critical, all(getattr(value, name) is getattr(right, name) for name in readable)


def _extended_key_usage(value: x509.ExtensionType, profile: Profile, _: Particulars) -> _Verdict:
    right = profile.extended_key_usage
    if right is None or not isinstance(value, x509.ExtendedKeyUsage):
        return False, False
    return right.critical, list(value) == [PURPOSES[purpose] for purpose in right.purposes]


def _alternative_name(value: x509.ExtensionType, profile: Profile, wanted: Particulars) -> _Verdict:
    right = profile.subject_alternative_name
    if right is None or not isinstance(value, x509.SubjectAlternativeName):
        return False, False
    names = list(value)
    if right.holds == "upn":
        fits = len(names) == 1 and isinstance(names[0], x509.OtherName) and names[0].type_id == UPN
    else:
        fits = bool(names) and all(isinstance(name, x509.DNSName | x509.IPAddress) for name in names)
    return right.critical, fits and names == list(wanted.names)


def _policies(value: x509.ExtensionType, profile: Profile, wanted: Particulars) -> _Verdict:
    right = profile.certificate_policies
    if right is None or not isinstance(value, x509.CertificatePolicies):
        return False, False
    found = [(policy.policy_identifier.dotted_string, policy.policy_qualifiers) for policy in value]
    return right.critical, found == [(wanted.policy, None)]


def _subject_key(value: x509.ExtensionType, _: Profile, wanted: Particulars) -> _Verdict:
    right = key_identifier(wanted.public_key)
    return False, isinstance(value, x509.SubjectKeyIdentifier) and value.digest == right


def _authority_key(value: x509.ExtensionType, _: Profile, wanted: Particulars) -> _Verdict:
    if not isinstance(value, x509.AuthorityKeyIdentifier):
        return False, False
    found = (value.key_identifier, value.authority_cert_issuer, value.authority_cert_serial_number)
    return False, found == (wanted.issuer_key_identifier, None, None)


def _distribution_points(value: x509.ExtensionType, _: Profile, wanted: Particulars) -> _Verdict:
    if wanted.pointers is None or not isinstance(value, x509.CRLDistributionPoints):
        return False, False
    found = [(point.full_name, point.relative_name, point.reasons, point.crl_issuer) for point in value]
    return False, found == [([x509.UniformResourceIdentifier(wanted.pointers.crl)], None, None, None)]


def _information_access(value: x509.ExtensionType, _: Profile, wanted: Particulars) -> _Verdict:
    if wanted.pointers is None or not isinstance(value, x509.AuthorityInformationAccess):
        return False, False
    found = [(access.access_method, access.access_location) for access in value]
    return False, found == [
        (Access.OCSP, x509.UniformResourceIdentifier(wanted.pointers.ocsp)),
        (Access.CA_ISSUERS, x509.UniformResourceIdentifier(wanted.pointers.certificate)),
    ]


_RIGHT: Final[Mapping[ObjectIdentifier, Callable[[x509.ExtensionType, Profile, Particulars], _Verdict]]] = {
    ExtensionOID.BASIC_CONSTRAINTS: _basic_constraints,
    ExtensionOID.KEY_USAGE: _key_usage,
    ExtensionOID.EXTENDED_KEY_USAGE: _extended_key_usage,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME: _alternative_name,
    ExtensionOID.CERTIFICATE_POLICIES: _policies,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER: _subject_key,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER: _authority_key,
    ExtensionOID.CRL_DISTRIBUTION_POINTS: _distribution_points,
    ExtensionOID.AUTHORITY_INFORMATION_ACCESS: _information_access,
}


def _id_number(read: _Read, _: Profile, __: Particulars) -> Iterator[Problem]:
    in_subject = any(holds_id_number(text) for _, _, text in _attributes(read.fields[5][1]))
    if in_subject or _ID_NUMBER_IN_DER.search(read.certificate.tbs_certificate_bytes):
        yield Problem("id_number", "stands in it: personal data is never written into a certificate")


def holds_id_number(text: str) -> bool:
    """Whether an ID number, or what looks like one, stands in a text; in full-width digits and in groups too."""
    return bool(_ID_NUMBER.search(_BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", text))))


_CHECKS: Final[tuple[_Check, ...]] = (
    _serial,
    _signature,
    _issuer,
    _validity,
    _subject,
    _key,
    _extension_set,
    _extension_values,
    _id_number,
)
