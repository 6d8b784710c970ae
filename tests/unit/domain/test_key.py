"""Keys and certificates: the ledger's words, and what no log may see."""

from __future__ import annotations

from datetime import UTC, datetime

from idp_sync.domain.key import Certificate, KeyPackage, KeyState, RevocationReason

CERTIFICATE = Certificate(
    serial="0a1b",
    thumbprint="ab" * 32,
    login="cy0001",
    key_number="KEY-000001",
    not_before=datetime(2025, 1, 1, tzinfo=UTC),
    not_after=datetime(2028, 1, 1, tzinfo=UTC),
    pem="",
)


def test_states_have_the_ledgers_words() -> None:
    assert [(state.value, state.zh) for state in KeyState] == [
        ("in-stock", "库存"),
        ("issued", "已发放"),
        ("revoked", "已吊销待收回"),
        ("returned", "已交回"),
        ("lost", "已挂失"),
    ]


def test_reasons_have_the_names_of_rfc_5280() -> None:
    assert {reason.value for reason in RevocationReason} == {
        "unspecified",
        "keyCompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
    }


def test_a_package_shows_neither_key_nor_password() -> None:
    package = KeyPackage(certificate=CERTIFICATE, pkcs12=b"private", password="secret")
    assert repr(package) == "KeyPackage(serial='0a1b', login='cy0001')"
    assert f"{package} {[package]}".count("secret") == 0
