"""A real Keycloak for tests, started through the product's own stack code, and keys for people who do not exist."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from idp_sync.adapters.stack.keycloak import KeycloakFiles
from idp_sync.bootstrap import system_clock
from idp_sync.config import RealmsSettings
from tests.login import ClientKey
from tests.servers import RunningSlapd, free_port


@dataclass(frozen=True, kw_only=True)
class KeyMaker:
    """An authority made for this test, which signs what lies on the keys of users."""

    name: x509.Name
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def make(cls) -> Self:
        """A new one."""
        name = _name("Test authority for keys")
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(name, name, key).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return cls(name=name, key=key, certificate=builder.sign(key, hashes.SHA256()))

    def key_for(self, login: str) -> tuple[ClientKey, str]:
        """A key with a certificate that lets its holder log in, and the thumbprint of the certificate."""
        private = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            _builder(_name(login), self.name, private)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        password = secrets.token_hex(8)
        p12 = pkcs12.serialize_key_and_certificates(
            login.encode(), private, certificate, None, BestAvailableEncryption(password.encode())
        )
        return ClientKey(p12=p12, password=password), certificate.fingerprint(hashes.SHA256()).hex()


@dataclass(frozen=True, kw_only=True)
class RunningKeycloak:
    """A Keycloak of ours that runs, beside the slapd that it federates."""

    files: KeycloakFiles
    pid: int
    settings: RealmsSettings
    suffix: str
    keys: KeyMaker


@contextmanager
def running_keycloak(folder: Path, slapd: RunningSlapd) -> Iterator[RunningKeycloak]:
    """A Keycloak with no realm but master, for as long as the block lasts."""
    keys = KeyMaker.make()
    folder.mkdir(parents=True, exist_ok=True)
    users_ca = folder / "users-ca.pem"
    users_ca.write_bytes(keys.certificate.public_bytes(Encoding.PEM))
    files = KeycloakFiles(
        folder=folder / "keycloak",
        certificate_file=slapd.files.certificate_file,
        key_file=slapd.files.key_file,
        ca_file=slapd.files.ca_file,
        users_ca_file=users_ca,
        port=free_port(),
        management_port=free_port(),
    )
    files.prepare()
    pid = files.start()
    try:
        yield RunningKeycloak(
            files=files, pid=pid, settings=settings_of(files, slapd), suffix=slapd.files.suffix, keys=keys
        )
    finally:
        files.stop()  # without the process id: a test may have started it anew


def settings_of(files: KeycloakFiles, slapd: RunningSlapd) -> RealmsSettings:
    """How idp-sync reaches it, and how it reaches the directory."""
    return RealmsSettings(
        url=files.url,
        ca_file=files.ca_file,
        client_secret_file=files.client_secret_file,
        bootstrap_secret_file=files.bootstrap_secret_file,
        directory_url=slapd.files.url,
        directory_bind_dn=slapd.files.keycloak_bind_dn,
        directory_password_file=slapd.files.keycloak_password_file,
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = system_clock().now()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
    )
