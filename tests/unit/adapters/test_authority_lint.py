"""The lint: a certificate as its profile says passes, and one that is wrong in any one field does not."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    ExtensionOID,
    NameOID,
    ObjectIdentifier,
)

from idp_sync import shipped
from idp_sync.adapters.authority import lint
from idp_sync.adapters.authority.builder import Particulars, Pointers, build, key_identifier
from idp_sync.adapters.authority.issuer import new_serial, self_signed
from idp_sync.adapters.authority.names import host, user_principal_name
from idp_sync.adapters.authority.profiles import Profile, Profiles, read_profiles
from idp_sync.adapters.authority.validity import period
from idp_sync.domain.errors import Refused

NOW = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
POLICY = "2.25.15213529798363733656117821916457054391.1"
FACTS = {
    "country": "CN",
    "unit_name": "虚构区住房和城乡建设委员会",
    "person_number": "P000001",
    "name": "测试·䶮",
    "login": "cy0001",
    "organisation": "虚构委员会",
    "host": "localhost",
}
#: nobody's key: the lint needs no signature that holds
THROW_AWAY = ec.generate_private_key(ec.SECP256R1())


@pytest.fixture(scope="module")
def profiles() -> Profiles:
    return read_profiles(shipped.folder("certs"))


@dataclass
class Bench:
    """A profile with particulars that fit it."""

    profile: Profile
    particulars: Particulars

    def built(self, **changes: object) -> x509.CertificateBuilder:
        return build(self.profile, replace(self.particulars, **changes))  # type: ignore[arg-type]

    def of(self, **changes: object) -> x509.CertificateBuilder:
        """What another profile makes of the same particulars."""
        return build(self.profile.model_copy(update=changes), self.particulars)

    def fields(self, builder: x509.CertificateBuilder) -> set[str]:
        """What the lint says about it, signed with a throw-away key."""
        return self.fields_of(builder.sign(THROW_AWAY, SHA256()))

    def fields_of(self, certificate: x509.Certificate) -> set[str]:
        return {problem.field for problem in lint.problems(certificate, self.profile, self.particulars)}


@pytest.fixture
def client(profiles: Profiles) -> Bench:
    return _bench(profiles, profiles.client, (user_principal_name("cy0001", "management.idp-sync.internal"),))


@pytest.fixture
def pointed(client: Bench) -> Bench:
    """Likewise, with a base URL."""
    return Bench(client.profile, replace(client.particulars, pointers=Pointers.below("http://pki.internal/a", "x")))


@pytest.fixture
def server(profiles: Profiles) -> Bench:
    return _bench(profiles, profiles.server, (host("localhost"), host("127.0.0.1")))


def _bench(profiles: Profiles, profile: Profile, names: tuple[x509.GeneralName, ...]) -> Bench:
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = self_signed(profiles, root_key, serial=new_serial(), now=NOW)
    good = period(profile.validity, NOW, root)
    return Bench(
        profile,
        Particulars(
            serial=new_serial(),
            facts=FACTS,
            public_key=ec.generate_private_key(ec.SECP256R1()).public_key(),
            not_before=good.first,
            not_after=good.last,
            issuer=root.subject,
            issuer_key_identifier=key_identifier(root_key.public_key()),
            names=names,
            policy=POLICY,
        ),
    )


def test_what_is_right_passes(client: Bench, pointed: Bench, server: Bench) -> None:
    for bench in (client, pointed, server):
        assert bench.fields(bench.built()) == set()


def test_check_refuses_and_names_the_profile_and_the_field(client: Bench) -> None:
    lint.check(client.built().sign(THROW_AWAY, SHA256()), client.profile, client.particulars)
    wrong = client.built(serial=5).sign(THROW_AWAY, SHA256())
    with pytest.raises(Refused, match=r"profile client .* serial"):
        lint.check(wrong, client.profile, client.particulars)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"serial": 1 << 150}, "serial"),
        ({"policy": f"{POLICY}.1"}, "certificate_policies"),
        ({"policy": None}, "certificate_policies"),
        ({"issuer": x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "虚构")])}, "issuer"),
        ({"issuer_key_identifier": bytes(20)}, "authority_key_identifier"),
        ({"not_before": NOW - timedelta(minutes=6)}, "validity"),
        ({"not_after": NOW + timedelta(days=30)}, "validity"),
        ({"names": (user_principal_name("cy0002", "management.idp-sync.internal"),)}, "subject_alternative_name"),
        ({"names": (user_principal_name("cy0001", "enterprise.idp-sync.internal"),)}, "subject_alternative_name"),
        ({"names": (x509.RFC822Name("cy0001@management.idp-sync.internal"),)}, "subject_alternative_name"),
        ({"facts": {**FACTS, "name": "测试"}}, "subject"),
        ({"facts": {**FACTS, "unit_name": "虚构"}}, "subject"),
        ({"facts": {**FACTS, "login": "cy0002"}}, "subject"),
        ({"facts": {**FACTS, "person_number": "P000002"}}, "subject"),
        ({"facts": {**FACTS, "country": "HK"}}, "subject"),
        ({"pointers": Pointers.below("http://pki.internal", "x")}, "crl_distribution_points"),
        ({"pointers": Pointers.below("http://pki.internal", "x")}, "authority_information_access"),
    ],
)
def test_particulars_that_were_not_asked_for(client: Bench, changes: dict[str, object], field: str) -> None:
    assert field in client.fields(client.built(**changes))


@pytest.mark.parametrize("octets", [1, 8, 15])
def test_a_short_serial_even_if_asked_for(client: Bench, octets: int) -> None:
    short = replace(client.particulars, serial=(1 << (8 * octets - 2)) + 1)
    certificate = build(client.profile, short).sign(THROW_AWAY, SHA256())
    assert [p.field for p in lint.problems(certificate, client.profile, short)] == ["serial"]


@pytest.mark.parametrize(
    "octets",
    [b"\x80" + bytes(19), b"\x00\x80" + bytes(19), b"\x7f" + bytes(20)],
    ids=["negative", "21 octets by the sign", "21 octets"],
)
def test_a_negative_or_long_serial_even_if_asked_for(client: Bench, octets: bytes) -> None:
    """The library does not build, and will soon not read them: they are put under the lint by hand."""
    read = lint._take_apart(client.built().sign(THROW_AWAY, SHA256()))
    read = replace(read, fields=(read.fields[0], (0x02, octets), *read.fields[2:]))
    asked = replace(client.particulars, serial=int.from_bytes(octets, "big", signed=True))
    assert [problem.field for problem in lint._serial(read, client.profile, asked)] == ["serial"]


def test_validity_longer_than_the_profile_even_if_asked_for(client: Bench) -> None:
    for seconds, fields in ((0, []), (1, ["validity"])):
        longer = replace(client.particulars, not_after=client.particulars.not_after + timedelta(seconds=seconds))
        certificate = build(client.profile, longer).sign(THROW_AWAY, SHA256())
        assert [p.field for p in lint.problems(certificate, client.profile, longer)] == fields


FLAGS = [
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
]


@pytest.mark.parametrize("flag", FLAGS)
def test_every_key_usage_flag(client: Bench, flag: str) -> None:
    usage = client.profile.key_usage
    wrong = client.of(key_usage=usage.model_copy(update={flag: not getattr(usage, flag)}))
    assert client.fields(wrong) == {"key_usage"}


@pytest.mark.parametrize("flag", ["encipher_only", "decipher_only"])
def test_the_flags_that_need_key_agreement(client: Bench, flag: str) -> None:
    agreeing = client.profile.key_usage.model_copy(update={"key_agreement": True})
    bench = Bench(client.profile.model_copy(update={"key_usage": agreeing}), client.particulars)
    assert bench.fields(bench.built()) == set()
    wrong = bench.of(key_usage=agreeing.model_copy(update={flag: True}))
    assert bench.fields(wrong) == {"key_usage"}


CRITICAL = [
    "basic_constraints",
    "key_usage",
    "extended_key_usage",
    "subject_alternative_name",
    "certificate_policies",
]


@pytest.mark.parametrize("field", CRITICAL)
def test_criticality_of_every_extension_of_the_profile(client: Bench, field: str) -> None:
    part = getattr(client.profile, field)
    wrong = client.of(**{field: part.model_copy(update={"critical": not part.critical})})
    assert client.fields(wrong) == {field}


@pytest.mark.parametrize("field", ["subject_key_identifier", "authority_key_identifier"])
def test_criticality_of_the_key_identifiers(client: Bench, field: str) -> None:
    oid = getattr(ExtensionOID, field.upper())
    assert client.fields(_again(client, critical=oid)) == {field}


@pytest.mark.parametrize("field", ["crl_distribution_points", "authority_information_access"])
def test_criticality_of_the_pointers(pointed: Bench, field: str) -> None:
    oid = getattr(ExtensionOID, field.upper())
    assert pointed.fields(_again(pointed, critical=oid)) == {field}


def _again(
    bench: Bench,
    *,
    leave_out: ObjectIdentifier | None = None,
    critical: ObjectIdentifier | None = None,
    instead: x509.ExtensionType | None = None,
    public_key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey | None = None,
) -> x509.CertificateBuilder:
    """The same certificate with one extension left out, made critical, or replaced by another of its kind."""
    right, wanted = bench.built().sign(THROW_AWAY, SHA256()), bench.particulars
    builder = (
        x509.CertificateBuilder()
        .serial_number(wanted.serial)
        .issuer_name(wanted.issuer)
        .subject_name(right.subject)
        .not_valid_before(wanted.not_before)
        .not_valid_after(wanted.not_after)
        .public_key(public_key or wanted.public_key)
    )
    for extension in right.extensions:
        if extension.oid == leave_out:
            continue
        value = instead if instead is not None and instead.oid == extension.oid else extension.value
        builder = builder.add_extension(value, critical=extension.critical or extension.oid == critical)
    return builder


EXTENSIONS = [
    "basic_constraints",
    "key_usage",
    "extended_key_usage",
    "subject_alternative_name",
    "certificate_policies",
    "subject_key_identifier",
    "authority_key_identifier",
    "crl_distribution_points",
    "authority_information_access",
]


@pytest.mark.parametrize("field", EXTENSIONS)
def test_every_extension_that_is_missing(pointed: Bench, field: str) -> None:
    assert pointed.fields(_again(pointed, leave_out=getattr(ExtensionOID, field.upper()))) == {field}


@pytest.mark.parametrize("field", EXTENSIONS)
def test_every_extension_that_is_of_another_kind_than_its_name(pointed: Bench, field: str) -> None:
    """What the lint holds against an extension says «wrong» about every other type, and never fails."""
    right = lint._RIGHT[getattr(ExtensionOID, field.upper())]
    assert right(x509.OCSPNoCheck(), pointed.profile, pointed.particulars)[1] is False


def test_every_extension_that_is_not_in_the_profile(client: Bench) -> None:
    bare = client.profile.model_copy(
        update={
            "extended_key_usage": None,
            "subject_alternative_name": None,
            "certificate_policies": None,
            "subject_key_identifier": False,
            "authority_key_identifier": False,
        }
    )
    bench = Bench(bare, client.particulars)
    assert bench.fields(client.built()) == set(EXTENSIONS[2:7])


def test_an_extension_that_nobody_knows(client: Bench) -> None:
    unknown = x509.UnrecognizedExtension(ObjectIdentifier("1.2.156.10260.4.1.1"), b"\x13\x03abc")
    assert client.fields(client.built().add_extension(unknown, critical=False)) == {"1.2.156.10260.4.1.1"}


@pytest.mark.parametrize(
    ("field", "instead"),
    [
        ("basic_constraints", x509.BasicConstraints(ca=True, path_length=None)),
        ("basic_constraints", x509.BasicConstraints(ca=True, path_length=0)),
        ("extended_key_usage", x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])),
        (
            "extended_key_usage",
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH]),
        ),
        ("extended_key_usage", x509.ExtendedKeyUsage([ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE])),
        (
            "subject_alternative_name",
            x509.SubjectAlternativeName(
                [
                    user_principal_name("cy0001", "management.idp-sync.internal"),
                    x509.RFC822Name("cy0001@management.idp-sync.internal"),
                ]
            ),
        ),
        ("subject_alternative_name", x509.SubjectAlternativeName([x509.DNSName("localhost")])),
        (
            "certificate_policies",
            x509.CertificatePolicies(
                [
                    x509.PolicyInformation(ObjectIdentifier(POLICY), None),
                    x509.PolicyInformation(ObjectIdentifier("2.5.29.32.0"), None),
                ]
            ),
        ),
        (
            "certificate_policies",
            x509.CertificatePolicies([x509.PolicyInformation(ObjectIdentifier(POLICY), ["http://cps.internal"])]),
        ),
        ("subject_key_identifier", x509.SubjectKeyIdentifier(bytes(20))),
        (
            "authority_key_identifier",
            x509.AuthorityKeyIdentifier(
                bytes(20), [x509.DirectoryName(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "虚构")]))], 5
            ),
        ),
        (
            "crl_distribution_points",
            x509.CRLDistributionPoints(
                [
                    x509.DistributionPoint(
                        [x509.UniformResourceIdentifier("http://pki.internal/a/crl/x.crl")], None, None, None
                    ),
                    x509.DistributionPoint(
                        [x509.UniformResourceIdentifier("http://pki.internal/b.crl")], None, None, None
                    ),
                ]
            ),
        ),
        (
            "crl_distribution_points",
            x509.CRLDistributionPoints(
                [x509.DistributionPoint([x509.UniformResourceIdentifier("ldap://pki.internal/x")], None, None, None)]
            ),
        ),
        (
            "authority_information_access",
            x509.AuthorityInformationAccess(
                [
                    x509.AccessDescription(
                        AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier("http://elsewhere.internal/")
                    )
                ]
            ),
        ),
    ],
)
def test_extensions_that_say_something_else(pointed: Bench, field: str, instead: x509.ExtensionType) -> None:
    assert pointed.fields(_again(pointed, instead=instead)) == {field}


def test_alternative_names_of_the_wrong_kind_even_if_asked_for(client: Bench, server: Bench) -> None:
    for bench, names in (
        (client, (x509.RFC822Name("cy0001@management.idp-sync.internal"),)),
        (client, (*client.particulars.names, *client.particulars.names)),
        (server, (*server.particulars.names, client.particulars.names[0])),
    ):
        asked = replace(bench.particulars, names=names)
        found = lint.problems(build(bench.profile, asked).sign(THROW_AWAY, SHA256()), bench.profile, asked)
        assert [problem.field for problem in found] == ["subject_alternative_name"]


def test_a_server_without_one_of_its_names(server: Bench) -> None:
    assert server.fields(server.built(names=(host("localhost"),))) == {"subject_alternative_name"}
    other = (host("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.2")))
    assert server.fields(server.built(names=other)) == {"subject_alternative_name"}


def test_a_key_of_somebody_else(client: Bench) -> None:
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    assert client.fields(client.built(public_key=other)) == {"key", "subject_key_identifier"}


@pytest.mark.parametrize(
    "other",
    [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)],
    ids=["P-384", "RSA"],
)
def test_a_key_of_another_type(client: Bench, other: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    assert client.fields(_again(client, public_key=other.public_key())) == {"key"}


def test_another_signature_algorithm(client: Bench) -> None:
    assert client.fields_of(client.built().sign(THROW_AWAY, SHA384())) == {"signature"}
    rsa_key = rsa.generate_private_key(65537, 2048)
    assert client.fields_of(client.built().sign(rsa_key, SHA256())) == {"signature"}


def test_a_signature_algorithm_that_differs_outside(client: Bench) -> None:
    der = client.built().sign(THROW_AWAY, SHA256()).public_bytes(Encoding.DER)
    inside, outside = bytes.fromhex("06082a8648ce3d040302"), bytes.fromhex("06082a8648ce3d040303")
    head, _, tail = der.rpartition(inside)
    assert client.fields_of(x509.load_der_x509_certificate(head + outside + tail)) == {"signature"}


@pytest.mark.parametrize("name", ["C", "O", "serialNumber", "CN", "UID"])
def test_every_attribute_of_the_subject_that_is_missing(client: Bench, name: str) -> None:
    rest = tuple(a for a in client.profile.subject if a.attribute != name)
    assert client.fields(client.of(subject=rest)) == {"subject"}


def test_attributes_in_another_order_twice_or_too_many(client: Bench) -> None:
    own = client.profile.subject
    unit = own[1].model_copy(update={"attribute": "OU"})
    for wrong in (tuple(reversed(own)), (*own, own[-1]), (*own, unit)):
        assert client.fields(client.of(subject=wrong)) == {"subject"}


@pytest.mark.parametrize(
    ("attribute", "tag"),
    [("C", 0x0C), ("serialNumber", 0x0C), ("O", 0x14), ("CN", 0x14), ("UID", 0x13)],
    ids=[
        "C as UTF8String",
        "serialNumber as UTF8String",
        "O as T61String",
        "CN as T61String",
        "UID as PrintableString",
    ],
)
def test_string_types(client: Bench, attribute: str, tag: int) -> None:
    der = client.built().sign(THROW_AWAY, SHA256()).public_bytes(Encoding.DER)
    fact = next(a.fact for a in client.profile.subject if a.attribute == attribute)
    text = FACTS[fact].encode()
    right = 0x13 if attribute in {"C", "serialNumber"} else 0x0C
    head, _, tail = der.rpartition(bytes([right, len(text)]) + text)
    tampered = x509.load_der_x509_certificate(head + bytes([tag, len(text)]) + text + tail)
    found = lint.problems(tampered, client.profile, client.particulars)
    assert [str(problem) for problem in found] == [f"subject {attribute} has the wrong string type"]


def test_an_e_mail_address_even_if_asked_for(client: Bench) -> None:
    asked = replace(client.particulars, facts={**FACTS, "name": "cy0001@example.com"})
    found = lint.problems(build(client.profile, asked).sign(THROW_AWAY, SHA256()), client.profile, asked)
    assert [str(problem) for problem in found] == ["subject CN holds an e-mail address"]


def test_an_id_number_even_if_asked_for(client: Bench) -> None:
    for facts in ({"name": "甲110000199001010018"}, {"person_number": "110000 19900101 0018"}, {"login": "1" * 15}):
        asked = replace(client.particulars, facts={**FACTS, **facts})
        found = lint.problems(build(client.profile, asked).sign(THROW_AWAY, SHA256()), client.profile, asked)
        assert [problem.field for problem in found] == ["id_number"]
        assert "1100" not in "".join(map(str, found))


def test_an_id_number_outside_of_the_subject(client: Bench) -> None:
    hidden = x509.UnrecognizedExtension(ObjectIdentifier("1.2.156.10260.4.1.1"), b"\x13\x12110000199001010018")
    assert client.fields(client.built().add_extension(hidden, critical=False)) == {"id_number", "1.2.156.10260.4.1.1"}


@pytest.mark.parametrize("text", ["P000001", "12345678901234", "2026-03-02 甲 2026-03", "测试·䶮"])
def test_what_is_no_id_number(text: str) -> None:
    assert not lint.holds_id_number(text)


def test_a_certificate_without_extensions_is_not_of_version_3_as_we_make_it(client: Bench) -> None:
    bare = _again(client)
    bare = x509.CertificateBuilder(
        bare._issuer_name,
        bare._subject_name,
        bare._public_key,
        bare._serial_number,
        bare._not_valid_before,
        bare._not_valid_after,
    )
    assert client.fields(bare) == {"encoding"}


Tamper = Callable[[bytes], bytes]


@pytest.mark.parametrize(
    "tamper",
    [
        # Basic constraints become another, unreadable value: an INTEGER where a SEQUENCE is due
        lambda der: der.replace(bytes.fromhex("0603551d130101ff04023000"), bytes.fromhex("0603551d130101ff04020200")),
        # the same extension twice
        lambda der: der.replace(bytes.fromhex("0603551d0e"), bytes.fromhex("0603551d23")),
    ],
    ids=["unreadable extension", "extension twice"],
)
def test_what_cannot_be_read_is_a_problem_and_no_crash(client: Bench, tamper: Tamper) -> None:
    der = client.built().sign(THROW_AWAY, SHA256()).public_bytes(Encoding.DER)
    tampered = tamper(der)
    assert tampered != der
    assert client.fields_of(x509.load_der_x509_certificate(tampered)) == {"encoding"}


def test_the_lint_reads_every_field_of_the_profile(client: Bench) -> None:
    """A field that is added to Profile must come with a check: this list says which there are."""
    assert set(type(client.profile).model_fields) == {
        "name",
        "key",
        "signature",
        "subject",
        "validity",
        "basic_constraints",
        "key_usage",
        "extended_key_usage",
        "subject_alternative_name",
        "certificate_policies",
        "subject_key_identifier",
        "authority_key_identifier",
        "revocation_pointers",
    }
