"""The encryption of ID numbers (GB/T 35273: personal data is kept encrypted), and their keyed hash for look-ups.

A sealed value is

    key id (1 byte) · nonce (12 random bytes) · AES-256-GCM ciphertext with its tag

with the place where it belongs (table, row, column) as associated data: moved to another row, it does not open. The
key id is there for the rotation of keys to come. All keys are derived from the one in the key file (HKDF-SHA-256),
so that look-ups and encryption never share one.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import os
import unicodedata
from pathlib import Path
from tempfile import mkstemp
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idp_sync.config import read_secret
from idp_sync.domain.errors import NotSetUp

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_KEY_ID: Final = b"\x01"


class Seal:
    """Seals and opens values with one key."""

    def __init__(self, key: bytes) -> None:
        """Take a key of 32 random bytes. Raises ValueError for another length."""
        if len(key) != _KEY_BYTES:
            raise ValueError(f"the key has {_KEY_BYTES} bytes, not {len(key)}")
        self._cipher = AESGCM(_derived(key, "seal"))
        self._hash_key = _derived(key, "look-up")
        #: tells whether another key is this one, and nothing about it
        self.check_value = _derived(key, "check").hex()

    def close(self, text: str, *, place: str) -> bytes:
        """A text, sealed for the place where it is kept, e.g. «account/cy0001/id_number»."""
        nonce = os.urandom(_NONCE_BYTES)
        return _KEY_ID + nonce + self._cipher.encrypt(nonce, text.encode(), place.encode())

    def open(self, sealed: bytes, *, place: str) -> str:
        """The text in a sealed value.

        Raises:
            InvalidTag: it was altered, or sealed for another place or with another key.
        """
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _KEY_ID:
            raise NotSetUp("加密内容使用了未知的密钥编号 / sealed with a key that this release does not know")
        return self._cipher.decrypt(nonce, ciphertext, place.encode()).decode()

    def hash(self, id_number: str) -> str:
        """What a person is found by: HMAC-SHA-256, in hex; full-width digits, blanks and a small x are folded."""
        return hmac.digest(self._hash_key, _plain(id_number).encode(), "sha256").hex()

    def __repr__(self) -> str:
        """Without the keys."""
        return "Seal()"


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=f"idp-sync register {purpose}".encode()).derive(
        key
    )


def _plain(id_number: str) -> str:
    return "".join(unicodedata.normalize("NFKC", id_number).split()).upper()


def read_seal(path: Path) -> Seal:
    """The seal with the key in that file.

    Raises:
        NotSetUp: there is no such file, or it holds no key.
    """
    if not path.exists():
        raise NotSetUp(
            f"{path}: 登记库密钥文件缺失，请从备份恢复 / the register's key file is missing; restore it from its backup"
        )
    try:
        return Seal(base64.b64decode(read_secret(path).strip(), validate=True))
    except (binascii.Error, ValueError):
        raise NotSetUp(
            f"{path}: 登记库密钥文件内容有误 / the register's key file is damaged; restore it from its backup"
        ) from None


def ensure_key(path: Path) -> bool:
    """Make a key file, readable by us alone, where there is none; whether one was made.

    It appears under its name complete or not at all, and never replaces another: the name is given by a link. Raises
    OSError where it can't be written.
    """
    if path.exists():
        return False
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, draft = mkstemp(dir=path.parent, prefix=f".{path.name}.")  # O_EXCL, mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(os.urandom(_KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return False
        return True
    finally:
        Path(draft).unlink()
