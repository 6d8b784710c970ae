"""The one place where errors of ldap3 become ours. Nothing of ldap3 leaves this package."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from ldap3.core import exceptions as ldap

from idp_sync.domain.errors import AccessDenied, Conflict, IdpSyncError, InputError, NotSetUp, Unavailable

#: the server refuses our credentials, or what they may do
_DENIED: Final = (
    ldap.LDAPInvalidCredentialsResult,
    ldap.LDAPInsufficientAccessRightsResult,
    ldap.LDAPInappropriateAuthenticationResult,
    ldap.LDAPAuthMethodNotSupportedResult,
    ldap.LDAPStrongerAuthRequiredResult,
    ldap.LDAPConfidentialityRequiredResult,
    ldap.LDAPAuthorizationDeniedResult,
    ldap.LDAPBindError,
    ldap.LDAPPasswordIsMandatoryError,
    ldap.LDAPUserNameIsMandatoryError,
    ldap.LDAPUserNameNotAllowedError,
)
#: the state is not what the request builds upon
_CONFLICT: Final = (
    ldap.LDAPEntryAlreadyExistsResult,
    ldap.LDAPNoSuchObjectResult,
    ldap.LDAPAttributeOrValueExistsResult,
    ldap.LDAPNoSuchAttributeResult,
    ldap.LDAPAssertionFailedResult,
    ldap.LDAPNotAllowedOnNotLeafResult,
    ldap.LDAPTransactionError,
)
#: the server does not take a value
_VALUE: Final = (
    ldap.LDAPConstraintViolationResult,
    ldap.LDAPInvalidAttributeSyntaxResult,
    ldap.LDAPObjectClassViolationResult,
    ldap.LDAPObjectClassModsProhibitedResult,
    ldap.LDAPNamingViolationResult,
    ldap.LDAPNotAllowedOnRDNResult,
    ldap.LDAPInvalidDNSyntaxResult,
    ldap.LDAPInvalidValueError,
)
#: settings of ours, or the server's schema, are not as they must be
_NOT_SET_UP: Final = (
    ldap.LDAPUndefinedAttributeTypeResult,
    ldap.LDAPConfigurationError,
    ldap.LDAPInvalidDnError,
    ldap.LDAPInvalidTlsSpecificationError,
    ldap.LDAPInvalidServerError,
    ldap.LDAPInvalidPortError,
    ldap.LDAPSSLNotSupportedError,
)


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Raise what ldap3, or the connection itself, raises as an error of the domain that says what to do."""
    try:
        yield
    except (ldap.LDAPException, OSError) as error:
        raise translation(error, url) from error


def translation(error: Exception, url: str) -> IdpSyncError:
    """The error of the domain for one of ldap3, or of the connection itself."""
    words = _words(error)
    if isinstance(error, ldap.LDAPInvalidCredentialsResult):
        return AccessDenied(
            f"{url}: 目录拒绝本系统的账号或口令 / refuses our account or password: check bind_dn, password_file"
        )
    if isinstance(error, _DENIED):
        return AccessDenied(f"{url}: 目录拒绝本系统的权限 / refuses our rights: {words}")
    if isinstance(error, _CONFLICT):
        return Conflict(f"{url}: 目录内容已被他人更改 / was changed in the meantime ({words}): plan again")
    if isinstance(error, _VALUE):
        return InputError(f"{url}: 目录不接受该内容 / does not take this: {words}")
    if isinstance(error, _NOT_SET_UP):
        return NotSetUp(f"{url}: 目录或其设置不完整 / directory or settings are incomplete: {words}")
    return Unavailable(f"{url}: {_why_unavailable(error, words)}")


def _why_unavailable(error: Exception, words: str) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        why = getattr(error, "verify_message", words)
        return f"目录证书不可信 / its certificate is not trusted: check ca_file and the host name ({why})"
    if isinstance(error, TimeoutError | ldap.LDAPResponseTimeoutError):
        return "目录未在限时内应答 / the directory does not answer in time: is it overloaded or hanging?"
    if isinstance(error, ConnectionRefusedError):
        return "目录未运行 / nothing listens there: is the directory running?"
    return f"无法使用目录 / can't use the directory: {words}"


def _words(error: Exception) -> str:
    """What the server or the library says, on one line."""
    if isinstance(error, ldap.LDAPOperationResult):
        said = f"{error.description or ''} {error.message or ''}"
    else:
        said = str(error) or type(error).__name__
    return " ".join(said.split())
