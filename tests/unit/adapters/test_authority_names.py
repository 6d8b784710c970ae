"""Names in certificates: Chinese, rare, long and hostile ones, read back by a library that did not write them."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import example, given
from hypothesis import strategies as st
from pyasn1.codec.der import decoder
from pyasn1.type.char import UTF8String

from idp_sync.adapters.authority import der
from idp_sync.adapters.authority.lint import holds_id_number
from idp_sync.adapters.authority.names import cut, distinguished_name, host, user_principal_name, value_of
from idp_sync.adapters.authority.profiles import Attribute
from idp_sync.domain.errors import InputError

NOW = datetime(2026, 3, 2, tzinfo=UTC)
KEY = ec.generate_private_key(ec.SECP256R1())
CN = Attribute.model_validate(
    {"attribute": "CN", "from": "name", "encoding": "UTF8String", "most": 64, "longer": "cut"}
)
STRICT = CN.model_copy(update={"longer": "refuse"})


def read_back(value: str) -> str:
    """The name as pyasn1 reads it from a certificate that holds it."""
    name = distinguished_name([CN], {"name": value})
    certificate = (
        x509.CertificateBuilder()
        .serial_number(1)
        .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "-")]))
        .subject_name(name)
        .not_valid_before(NOW)
        .not_valid_after(NOW)
        .public_key(KEY.public_key())
        .sign(KEY, SHA256())
    )
    fields, rest = decoder.decode(certificate.tbs_certificate_bytes)
    assert not rest
    attribute = fields[5][0][0]
    oid, text = attribute[0], attribute[1]
    assert str(oid) == "2.5.4.3"
    assert isinstance(text, UTF8String)
    return str(text)


@given(st.text(min_size=1, max_size=100))
@example("测试·䶮")
@example("𠮷田𡈽口")
@example("阿卜杜热合曼·买买提依明·吐尔逊江·麦麦提伊力·阿布都克热木")
@example('甲, 乙+丙=丁\\戊"己;庚<辛>壬#癸')
@example("#测试")
@example("a" * 64)
@example("a" * 65)
@example("测" * 22)
@example("䶮" * 64)
@example("𠮷" * 65)
@example("甲" * 63 + "葛\U000e0100")
@example("e\u0301" * 40)
@example("\u0301" * 70)
@example(" " * 70 + "甲")
@example("\ue863")
def test_every_name_is_read_back_or_refused(name: str) -> None:
    try:
        expected = value_of(CN, {"name": name})
    except InputError:
        assert not name.strip() or any(
            unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"}
            or unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
            for c in name
        )
        return
    assert read_back(name) == expected
    assert 1 <= len(expected) <= 64
    assert name.strip().startswith(expected)
    if len(name.strip()) <= 64:
        assert expected == name.strip()


@pytest.mark.parametrize(
    ("name", "most", "expected"),
    [
        ("甲乙丙", 2, "甲乙"),
        ("甲乙", 2, "甲乙"),
        ("甲e\u0301", 2, "甲"),
        ("甲葛\U000e0100", 2, "甲"),
        ("甲葛\U000e0100乙", 3, "甲葛\U000e0100"),
        ("甲\U0001f469\u200d\U0001f466", 3, "甲"),
        ("甲\U0001f469\u200d\U0001f466", 2, "甲"),
        ("甲 乙", 2, "甲"),
        ("\u0301\u0301\u0301", 2, "\u0301\u0301"),
    ],
)
def test_a_cut_tears_no_character(name: str, most: int, expected: str) -> None:
    assert cut(name, most) == expected


def test_what_may_not_be_cut_is_refused() -> None:
    assert value_of(STRICT, {"name": "甲" * 64}) == "甲" * 64
    with pytest.raises(InputError, match="more than 64 characters"):
        value_of(STRICT, {"name": "甲" * 65})


def test_no_bound_no_cut() -> None:
    assert value_of(CN.model_copy(update={"most": None}), {"name": "甲" * 300}) == "甲" * 300


@pytest.mark.parametrize("text", ["P-1", "A 'b' (c) + d, e./:=?"])
def test_printable_strings(text: str) -> None:
    assert value_of(CN.model_copy(update={"encoding": "PrintableString"}), {"name": text}) == text


@pytest.mark.parametrize("text", ["编号", "a_b", "a@b", "a*b", "P１"])
def test_what_is_no_printable_string(text: str) -> None:
    with pytest.raises(InputError, match="ASCII letters"):
        value_of(CN.model_copy(update={"encoding": "PrintableString"}), {"name": text})


@pytest.mark.parametrize(
    "text", ["110000199001010018", "1100001990 0101 001X", "110000－19900101－0018", "110000900101001"]
)
def test_id_numbers_are_seen_however_they_are_written(text: str) -> None:
    assert holds_id_number(f"甲{text}乙")


def test_a_user_principal_name_is_a_utf8_string() -> None:
    name = user_principal_name("cy0001", "management.idp-sync.internal")
    assert name.type_id.dotted_string == "1.3.6.1.4.1.311.20.2.3"
    assert name.value == b"\x0c\x23cy0001@management.idp-sync.internal"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
@example("a" * 127)
@example("a" * 128)
@example("a" * 256)
def test_utf8_strings_of_any_length(text: str) -> None:
    assert list(der.elements(der.utf8_string(text))) == [(0x0C, text.encode())]


@given(st.binary(max_size=60))
def test_der_ends_or_says_why_not(content: bytes) -> None:
    try:
        read = list(der.elements(content))
    except ValueError:
        return
    assert sum(len(inner) + 2 for _, inner in read) <= len(content)


@pytest.mark.parametrize("content", ["30", "3003", "300301", "3081", "30820100", "0201"])
def test_der_that_ends_too_early(content: str) -> None:
    with pytest.raises(ValueError, match="DER: an element"):
        list(der.elements(bytes.fromhex(content)))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("localhost", "localhost"),
        ("Keycloak.IDP-sync.internal", "keycloak.idp-sync.internal"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
    ],
)
def test_hosts(name: str, expected: str) -> None:
    general = host(name)
    assert isinstance(general, x509.DNSName | x509.IPAddress)
    assert isinstance(general, x509.IPAddress) is (":" in name or name[0].isdecimal())
    assert str(general.value) == expected


@pytest.mark.parametrize(
    "name",
    [
        "",
        "*",
        "*.internal",
        "a b",
        "-a",
        "a-",
        "a..b",
        "a.",
        "测试",
        "https://a",
        "a:1",
        "a" * 64,
        "a." * 130 + "a",
        "a\n",
    ],
)
def test_what_is_no_host(name: str) -> None:
    with pytest.raises(InputError):
        host(name)
