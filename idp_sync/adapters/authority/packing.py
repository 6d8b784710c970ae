"""PKCS#12: the private key, its certificate and the issuing authority's, under a password that is easy to type."""

from __future__ import annotations

import math
import secrets
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import PrivateFormat, pkcs12

#: letters and digits of which no two look alike on paper: no 0 o, 1 i l, 2 z, 5 s, 8 b, 9 g q, u v
ALPHABET: Final = "acdefhjkmnprtuwxy34679"
GROUPS: Final = 6
GROUP: Final = 4
#: 107 bits: nobody finds it by trying
PASSWORD_BITS: Final = GROUPS * GROUP * math.log2(len(ALPHABET))
#: so many, because scanners ask for it: rounds make up for weak passwords, and this one is none
_ROUNDS: Final = 10_000


def new_password() -> str:
    """A password of six groups of four, e.g. `ac3d-h7kn-…`."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(GROUP)) for _ in range(GROUPS))


def pack(
    *,
    friendly_name: str,
    key: ec.EllipticCurvePrivateKey,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    password: str,
) -> bytes:
    """The PKCS#12 file: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA-256, MAC with SHA-256.

    The root is left out: it is no part of what a client sends, and who opens a key file should not be asked to trust
    a new root in passing.
    """
    encryption = (
        PrivateFormat.PKCS12.encryption_builder()
        .kdf_rounds(_ROUNDS)
        .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
        .hmac_hash(SHA256())
        .build(password.encode("ascii"))
    )
    return pkcs12.serialize_key_and_certificates(friendly_name.encode("utf-8"), key, certificate, [issuer], encryption)
