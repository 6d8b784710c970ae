"""Contents by their SHA-256, encrypted where they lie: scans are personal data (个人信息保护法 第五十一条).

    folder/ab/cd/abcd…      one content: key id (1 byte) · nonce (12 random bytes) · AES-256-GCM ciphertext with its tag
    folder/incoming/        what is being written; whatever lies there while nobody holds the lock was left by the dead
    folder/lock

The hash is the associated data, so that a file that is moved to another name does not open. The key is derived from the
register's key file, for this purpose alone: the register and its attachments are opened, backed up and lost together.
"""

from __future__ import annotations

import base64
import binascii
import errno
import fcntl
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from idp_sync.config import read_secret
from idp_sync.domain.errors import NotSetUp, Unavailable
from idp_sync.ports import Clock, Stored

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_KEY_ID: Final = b"\x01"
_HASH: Final = re.compile(r"[0-9a-f]{64}")

_OURS_ALONE: Final = 0o600
_FOLDER_OURS_ALONE: Final = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStore:
    """Fulfils idp_sync.ports.AttachmentStore; may be shared by threads and processes."""

    folder: Path
    #: the register's key file (32 bytes, base64)
    key_file: Path
    clock: Clock

    def put(self, content: bytes) -> str:
        """Keep a content; its hash. When this returns it is durable. The same content again is kept once.

        One that lies there damaged is mended by this.
        """
        sha256 = hashlib.sha256(content).hexdigest()
        path = self._path(sha256)
        with _mapped(path), self._locked():
            if not self._is_whole(sha256):
                self._write(path, sha256, content)
            moment = self.clock.now().timestamp()
            os.utime(path, (moment, moment))  # whoever sweeps sees that it is wanted, though nobody uses it yet
        return sha256

    def get(self, sha256: str) -> bytes:
        """A content, as it was put. Raises Unavailable where it is missing, damaged or was exchanged."""
        path = self._path(sha256)
        with _mapped(path):
            return self._read(path, sha256)

    def exists(self, sha256: str) -> bool:
        """Whether there is a content of that hash, whole or not."""
        with _mapped(self.folder):
            return self._path(sha256).is_file()

    def stored(self) -> Iterator[Stored]:
        """All contents that lie there."""
        with _mapped(self.folder):
            paths = sorted(path for path in self.folder.glob("??/??/*") if _HASH.fullmatch(path.name))
        for path in paths:
            try:
                put_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            except FileNotFoundError:  # deleted by somebody else meanwhile
                continue
            yield Stored(sha256=path.name, put_at=put_at)

    def delete(self, sha256: str, *, put_before: datetime) -> bool:
        """Delete a content unless it was put again at that moment or later; whether it was deleted."""
        path = self._path(sha256)
        with _mapped(path), self._locked():
            if not path.exists() or path.stat().st_mtime >= put_before.timestamp():
                return False
            path.unlink()
            _sync_folder(path.parent)
        return True

    def _path(self, sha256: str) -> Path:
        if not _HASH.fullmatch(sha256):
            raise ValueError("a SHA-256 is 64 places of lower-case hex")
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def _is_whole(self, sha256: str) -> bool:
        try:
            self.get(sha256)
        except Unavailable:
            return False
        return True

    def _read(self, path: Path, sha256: str) -> bytes:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            sealed = file.read()
        nonce, ciphertext = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        if sealed[:1] != _KEY_ID or len(nonce) != _NONCE_BYTES:
            raise InvalidTag
        content = self._cipher().decrypt(nonce, ciphertext, sha256.encode())
        if hashlib.sha256(content).hexdigest() != sha256:
            raise InvalidTag
        return content

    def _write(self, path: Path, sha256: str, content: bytes) -> None:
        """Under the lock: it appears under its name whole or not at all."""
        incoming = self.folder / "incoming"
        _make_folder(incoming)
        for dead in incoming.iterdir():
            dead.unlink()
        nonce = os.urandom(_NONCE_BYTES)
        sealed = _KEY_ID + nonce + self._cipher().encrypt(nonce, content, sha256.encode())
        draft = incoming / sha256
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OURS_ALONE), "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        _make_folder(path.parent)
        draft.replace(path)
        for folder in (path.parent, path.parent.parent, self.folder):
            _sync_folder(folder)

    def _cipher(self) -> AESGCM:
        try:
            key = base64.b64decode(read_secret(self.key_file).strip(), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) != _KEY_BYTES:
            raise NotSetUp(
                f"{self.key_file}: 登记库密钥文件内容有误 / the register's key file is damaged;"
                " restore it from its backup"
            )
        derivation = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=b"idp-sync attachments")
        return AESGCM(derivation.derive(key))

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Alone at work: nobody else puts or deletes."""
        _make_folder(self.folder)
        descriptor = os.open(self.folder / "lock", os.O_RDWR | os.O_CREAT, _OURS_ALONE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _make_folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=_FOLDER_OURS_ALONE)
    if folder.stat().st_mode & 0o077:
        folder.chmod(_FOLDER_OURS_ALONE)


def _sync_folder(folder: Path) -> None:
    """Make names durable: a file that is fsynced may lose its name in a power cut otherwise."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _mapped(where: Path) -> Iterator[None]:
    """Turn what disk and encryption raise into domain errors."""
    try:
        yield
    except FileNotFoundError:
        raise Unavailable(f"{where}: 附件缺失，请恢复备份 / the attachment is missing; restore a backup") from None
    except InvalidTag:
        raise Unavailable(
            f"{where}: 附件损坏、被调换或密钥不符，请恢复备份 / the attachment is damaged, was exchanged, or belongs to"
            " another key; restore a backup"
        ) from None
    except OSError as error:
        full = "，磁盘已满，请清理后重试 / disk is full: free some space" if error.errno == errno.ENOSPC else ""
        raise Unavailable(
            f"{where}: 附件不能读写{full} / can't be read or written: {error.strerror or type(error).__name__}"
        ) from None
