"""Keys and certificates: the token with an inventory number, and what the authority signs for it (Article 9)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from idp_sync.domain.unit import UserClass


class KeyState(StrEnum):
    """Where a key is."""

    IN_STOCK = "in-stock"
    ISSUED = "issued"
    #: its certificate was revoked; the token itself is still out
    REVOKED = "revoked"
    #: back at the office that issues keys
    RETURNED = "returned"
    #: declared lost: nobody waits for it any more
    LOST = "lost"

    @property
    def zh(self) -> str:
        """As the ledger says it."""
        return {
            "in-stock": "库存",
            "issued": "已发放",
            "revoked": "已吊销待收回",
            "returned": "已交回",
            "lost": "已挂失",
        }[self.value]


class RevocationReason(StrEnum):
    """Why a certificate is revoked; the names are those of RFC 5280, 5.3.1."""

    UNSPECIFIED = "unspecified"
    KEY_COMPROMISE = "keyCompromise"
    AFFILIATION_CHANGED = "affiliationChanged"
    SUPERSEDED = "superseded"
    CESSATION_OF_OPERATION = "cessationOfOperation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A token in the inventory."""

    #: inventory number, e.g. KEY-000001
    number: str
    #: whose stock it came from
    office: str
    user_class: UserClass
    state: KeyState
    #: holder; None in stock
    login: str | None = None
    handed_over_at: datetime | None = None
    #: who took it
    handed_over_to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A certificate that the authority signed."""

    #: serial number, lower-case hex
    serial: str
    #: SHA-256 of the DER, lower-case hex
    thumbprint: str
    login: str
    key_number: str
    not_before: datetime
    not_after: datetime
    pem: str
    revoked_at: datetime | None = None
    reason: RevocationReason | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Whom a certificate names: no ID number, no e-mail address."""

    login: str
    #: in CN
    name: str
    #: in O
    unit_name: str
    #: in serialNumber: our person number
    person_number: str
    user_class: UserClass
    #: inventory number of the key that it will be on
    key_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPackage:
    """What leaves the house with the key: a PKCS#12 file and, on a sheet of its own, its password."""

    certificate: Certificate
    pkcs12: bytes
    password: str

    def __repr__(self) -> str:
        """Without the private key and the password."""
        return f"KeyPackage(serial={self.certificate.serial!r}, login={self.certificate.login!r})"
