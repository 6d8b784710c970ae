"""Whether a certificate is one that a user may log in with: by pyOpenSSL, not by the library that built it."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import crypto

from idp_sync.adapters.authority.upstream import translated
from idp_sync.adapters.authority.validity import in_utc
from idp_sync.domain.errors import InputError, Refused


def verify_client(pem: str, *, root: x509.Certificate, issuing: x509.Certificate, now: datetime) -> None:
    """Check chain, validity and purpose of a user's certificate at that moment.

    Raises:
        InputError: it is no certificate.
        Refused: the chain root → issuing → certificate does not hold, or it is not for logging in.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode("utf-8"))
    except ValueError as error:
        raise InputError("不是 PEM 证书 / is no certificate in PEM") from error
    what = f"serial {certificate.serial_number:x}"
    store = crypto.X509Store()
    store.set_flags(crypto.X509StoreFlags.X509_STRICT | crypto.X509StoreFlags.CHECK_SS_SIGNATURE)
    store.set_time(in_utc(now))
    store.add_cert(crypto.X509.from_cryptography(root))
    context = crypto.X509StoreContext(
        store, crypto.X509.from_cryptography(certificate), [crypto.X509.from_cryptography(issuing)]
    )
    with translated(what):
        context.verify_certificate()
        logs_in = _is_for_logging_in(certificate)
    # the store has no public way to ask for a purpose; a chain shorter than ours is no user's
    if not logs_in or certificate.issuer != issuing.subject:
        raise Refused(f"{what}: 不是用户登录证书 / is no certificate for logging in")


def _is_for_logging_in(certificate: x509.Certificate) -> bool:
    """Whether usage and purpose are those of TLS clients, and it is no authority."""
    extensions = certificate.extensions
    try:
        usage = extensions.get_extension_for_class(x509.KeyUsage).value
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        basic = extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    return usage.digital_signature and ExtendedKeyUsageOID.CLIENT_AUTH in purposes and not basic.ca
