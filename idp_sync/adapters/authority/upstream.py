"""Errors of the libraries and of the operating system, said in our own words: the only place that maps them.

FileNotFoundError, NotADirectoryError, IsADirectoryError                   NotSetUp     a file is not where it should be
any other OSError (disk full, read-only, no rights)                        Unavailable
cryptography, OpenSSL, YAML, pydantic; ValueError, TypeError of theirs     NotSetUp     a file is not what it should be
a chain or signature that does not hold                                    Refused
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import yaml
from cryptography import exceptions as crypto
from cryptography import x509
from cryptography.x509 import verification
from OpenSSL import crypto as openssl
from pydantic import ValidationError

from idp_sync.domain.errors import NotSetUp, Refused, Unavailable

_ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)
_DOES_NOT_HOLD = (crypto.InvalidSignature, openssl.X509StoreContextError, verification.VerificationError)
_NOT_UNDERSTOOD = (
    ValueError,  # what pyca raises for a damaged file; pydantic's ValidationError and UnicodeDecodeError are such
    TypeError,  # what pyca raises for an encrypted key without, and a plain one with a passphrase
    yaml.YAMLError,
    openssl.Error,
    crypto.AlreadyFinalized,
    crypto.AlreadyUpdated,
    crypto.InternalError,
    crypto.InvalidKey,
    crypto.InvalidTag,
    crypto.NotYetFinalized,
    crypto.UnsupportedAlgorithm,
    x509.AttributeNotFound,
    x509.DuplicateExtension,
    x509.ExtensionNotFound,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Say errors of libraries in our words; `what` is the file or the certificate that it is about."""
    try:
        yield
    except _ABSENT as error:
        raise NotSetUp(
            f"{what}: 文件缺失，请先运行 idp-sync init 或从备份恢复 / is missing ({type(error).__name__}): "
            "run `idp-sync init`, or restore it from the backup"
        ) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise Unavailable(f"{what}: 文件不可读写 / can't be read or written: {reason}") from error
    except _DOES_NOT_HOLD as error:
        raise Refused(f"{what}: 证书链或签名无效 / chain or signature does not hold: {_words(error)}") from error
    except _NOT_UNDERSTOOD as error:
        raise NotSetUp(f"{what}: 内容无法识别 / can't be understood: {_words(error)}") from error


def _words(error: Exception) -> str:
    """One line, without the input: it may be a secret."""
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return next(iter(str(error).splitlines()), "") or type(error).__name__
