"""The authority's folder: certificates as PEM, private keys as encrypted PKCS#8, one folder for each authority.

    folder/root/{certificate.pem,key.pem}
    folder/issuing/<name>/{certificate.pem,key.pem}
    folder/trusted.pem

A file appears whole or not at all: it is written under a temporary name, created with O_EXCL, made durable, and then
renamed. A run that was killed leaves at most a temporary file, which the next one replaces.
"""

from __future__ import annotations

import base64
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from idp_sync.adapters.authority import der
from idp_sync.adapters.authority.upstream import translated
from idp_sync.config import AuthoritySettings, read_secret
from idp_sync.domain.errors import AccessDenied, NotSetUp

CERTIFICATE: Final = "certificate.pem"
KEY: Final = "key.pem"
_PRIVATE: Final = 0o600
_PUBLIC: Final = 0o644
_PASSPHRASE_BYTES: Final = 32


class KeyStore:
    """Reads and writes the authority's folder. Every method raises NotSetUp or Unavailable, as upstream.py says."""

    def __init__(self, settings: AuthoritySettings) -> None:
        self.folder = settings.folder
        self.passphrase_file = settings.passphrase_file
        self.trusted_file = settings.folder / "trusted.pem"
        self.root = settings.folder / "root"

    def issuing(self, name: str) -> Path:
        """The folder of an issuing authority."""
        return self.folder / "issuing" / name

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Alone in the folder; the lock ends with the process, however it ends."""
        with translated(str(self.folder)):
            _make_folder(self.folder)
            handle = os.open(self.folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        try:
            with translated(str(self.folder)):
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def has_keys(self) -> bool:
        """Whether any authority's private key is there."""
        return any(path.exists() for path in (self.root / KEY, *self.folder.glob(f"issuing/*/{KEY}")))

    def make_passphrase(self) -> bool:
        """Make sure of the passphrase; False where it was there.

        Raises:
            NotSetUp: it is lost, and there are keys that nothing else opens.
        """
        with translated(str(self.passphrase_file)):
            is_there = self.passphrase_file.exists()
        if is_there:
            read_secret(self.passphrase_file)
            return False
        if self.has_keys():
            raise NotSetUp(
                f"{self.passphrase_file}: 口令文件丢失，请从备份恢复 / the passphrase of the keys in {self.folder} is "
                "missing: restore it from the backup"
            )
        passphrase = base64.b64encode(secrets.token_bytes(_PASSPHRASE_BYTES))
        write(self.passphrase_file, passphrase + b"\n", mode=_PRIVATE)
        return True

    def save_key(self, where: Path, key: ec.EllipticCurvePrivateKey) -> None:
        """Write a private key under the passphrase."""
        encryption = BestAvailableEncryption(self._passphrase())
        write(where / KEY, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption), mode=_PRIVATE)

    def save_certificate(self, where: Path, certificate: x509.Certificate) -> None:
        """Write a certificate."""
        write(where / CERTIFICATE, certificate.public_bytes(Encoding.PEM), mode=_PUBLIC)

    def has_key(self, where: Path) -> bool:
        """Whether the private key is there."""
        return (where / KEY).exists()

    def has_certificate(self, where: Path) -> bool:
        """Whether the certificate is there."""
        return (where / CERTIFICATE).exists()

    def key(self, where: Path) -> ec.EllipticCurvePrivateKey:
        """A private key.

        Raises:
            AccessDenied: the passphrase does not open it.
        """
        path = where / KEY
        with translated(str(path)):
            content = path.read_bytes()
        passphrase = self._passphrase()
        try:
            with translated(str(path)):
                key = load_pem_private_key(content, passphrase)
        except NotSetUp:
            if not _is_encrypted_key(content):
                raise
            raise AccessDenied(
                f"{path}: 口令不正确 / the passphrase in {self.passphrase_file} does not open this key"
            ) from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise NotSetUp(f"{path}: 不是 P-256 私钥 / is no key on an elliptic curve")
        return key

    def certificate(self, where: Path) -> x509.Certificate:
        """A certificate."""
        path = where / CERTIFICATE
        with translated(str(path)):
            return x509.load_pem_x509_certificate(path.read_bytes())

    def save_trusted(self, certificates: list[x509.Certificate]) -> bool:
        """Write the bundle of what we trust; False where it says so already."""
        bundle = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)
        with translated(str(self.trusted_file)):
            if self.trusted_file.exists() and self.trusted_file.read_bytes() == bundle:
                return False
        write(self.trusted_file, bundle, mode=_PUBLIC)
        return True

    def _passphrase(self) -> bytes:
        return read_secret(self.passphrase_file).encode("utf-8")


def plain_key(key: ec.EllipticCurvePrivateKey) -> bytes:
    """A server's private key: unencrypted, as daemons that start by themselves need it; its file's mode guards it."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def write(path: Path, content: bytes, *, mode: int) -> None:
    """Write a file whole or not at all, durably.

    Raises:
        Unavailable: the disk is full, read-only, or not ours.
    """
    temporary = path.with_name(f".{path.name}.tmp")
    with translated(str(path)):
        _make_folder(path.parent)
        temporary.unlink(missing_ok=True)
        try:
            _write_durably(temporary, content, mode)
            os.replace(temporary, path)  # noqa: PTH105 - beside the other calls of os that make it durable
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        _make_names_durable(path.parent)


def _write_durably(path: Path, content: bytes, mode: int) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(handle, left) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_names_durable(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    _make_names_durable(folder.parent)


def _is_encrypted_key(content: bytes) -> bool:
    """Whether it is an undamaged EncryptedPrivateKeyInfo: then only the passphrase can be wrong."""
    begin, end = b"-----BEGIN ENCRYPTED PRIVATE KEY-----", b"-----END ENCRYPTED PRIVATE KEY-----"
    text = content.strip()
    if not (text.startswith(begin) and text.endswith(end)):
        return False
    try:
        info = base64.b64decode(b"".join(text[len(begin) : -len(end)].split()), validate=True)
        return [tag for tag, _ in der.elements(der.only(info))] == [der.SEQUENCE, der.OCTET_STRING]
    except ValueError:
        return False
