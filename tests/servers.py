"""Real servers for tests: started through the product's own stack code, each in a folder of its own."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from idp_sync.adapters.stack.slapd import SlapdFiles
from idp_sync.config import DirectorySettings

SUFFIX = "dc=idp-sync,dc=example"


@dataclass(frozen=True, kw_only=True)
class TlsFiles:
    """A server's certificate for localhost, and who signed it."""

    ca_file: Path
    certificate_file: Path
    key_file: Path


@dataclass(frozen=True, kw_only=True)
class RunningSlapd:
    """A slapd of ours that runs."""

    files: SlapdFiles
    pid: int

    @property
    def settings(self) -> DirectorySettings:
        """How idp-sync reaches it."""
        return self.settings_of(self.files.bind_dn, self.files.password_file)

    @property
    def keycloak_settings(self) -> DirectorySettings:
        """How it is reached with Keycloak's account, which only reads."""
        return self.settings_of(self.files.keycloak_bind_dn, self.files.keycloak_password_file)

    def settings_of(self, bind_dn: str, password_file: Path) -> DirectorySettings:
        """How it is reached with some account."""
        return DirectorySettings(
            url=self.files.url,
            suffix=self.files.suffix,
            bind_dn=bind_dn,
            password_file=password_file,
            ca_file=self.files.ca_file,
            timeout=10,
        )

    def stop(self) -> None:
        """End it."""
        self.files.stop(self.pid)


def start_slapd(folder: Path, *, suffix: str = SUFFIX) -> RunningSlapd:
    """A slapd with an empty tree, on a free port; whoever starts it stops it."""
    tls = make_tls_files(folder / "tls")
    files = SlapdFiles(
        folder=folder / "slapd",
        suffix=suffix,
        certificate_file=tls.certificate_file,
        key_file=tls.key_file,
        ca_file=tls.ca_file,
        port=free_port(),
    )
    files.prepare()
    return RunningSlapd(files=files, pid=files.start())


@contextmanager
def running_slapd(folder: Path) -> Iterator[RunningSlapd]:
    """The same, for as long as the block lasts."""
    slapd = start_slapd(folder)
    try:
        yield slapd
    finally:
        slapd.stop()


def free_port() -> int:
    """A port of the loopback interface on which nothing listens at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def make_tls_files(folder: Path) -> TlsFiles:
    """An authority made for this test, and a certificate for localhost that it signed."""
    folder.mkdir(parents=True, exist_ok=True)
    files = TlsFiles(ca_file=folder / "ca.pem", certificate_file=folder / "server.pem", key_file=folder / "server.key")
    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    ca_name = x509.Name(
        [x509.NameAttribute(NameOID.COMMON_NAME, f"Test authority {x509.random_serial_number():x}"[:60])]
    )
    ca = (
        _builder(ca_name, ca_name, ca_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(ca_key, hashes.SHA256())
    )
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    server = (
        _builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]), ca_name, key)
        .add_extension(names, critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    files.ca_file.write_bytes(ca.public_bytes(serialization.Encoding.PEM))
    files.certificate_file.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    files.key_file.touch(mode=0o600)
    files.key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return files


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)  # noqa: TID251 - whoever checks a certificate has the real clock
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
    )
