"""Everything that ldap3 and a connection can raise becomes an error of ours, with one line that says what to do."""

from __future__ import annotations

import ssl

import pytest
from ldap3.core import exceptions as ldap

from idp_sync.adapters.directory.errors import translated
from idp_sync.domain.errors import AccessDenied, Conflict, IdpSyncError, InputError, NotSetUp, Unavailable

URL = "ldaps://ldap.example:636"


def all_of_ldap3() -> list[type[Exception]]:
    return [thing for thing in vars(ldap).values() if isinstance(thing, type) and issubclass(thing, ldap.LDAPException)]


def raised_for(error: Exception) -> IdpSyncError:
    with pytest.raises(IdpSyncError) as raised, translated(URL):
        raise error
    return raised.value


@pytest.mark.parametrize("kind", all_of_ldap3())
def test_every_exception_of_ldap3_is_mapped(kind: type[Exception]) -> None:
    error = raised_for(kind("what\nthe server said"))
    assert type(error) in {AccessDenied, Conflict, InputError, NotSetUp, Unavailable}
    assert str(error).startswith(f"{URL}: ")
    assert "\n" not in str(error)
    assert isinstance(error.__cause__, kind)


@pytest.mark.parametrize("code", list(ldap.exception_table))
def test_every_result_code_is_mapped(code: int) -> None:
    assert isinstance(
        raised_for(ldap.LDAPOperationResult(result=code, description="words", message="more")), IdpSyncError
    )


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (ldap.LDAPInvalidCredentialsResult(), AccessDenied, "password_file"),
        (ldap.LDAPInsufficientAccessRightsResult(), AccessDenied, "rights"),
        (ldap.LDAPEntryAlreadyExistsResult(), Conflict, "plan again"),
        (ldap.LDAPAttributeOrValueExistsResult(), Conflict, "plan again"),
        (ldap.LDAPNoSuchAttributeResult(), Conflict, "plan again"),
        (ldap.LDAPNoSuchObjectResult(), Conflict, "plan again"),
        (ldap.LDAPObjectClassViolationResult(), InputError, "does not take"),
        (ldap.LDAPInvalidAttributeSyntaxResult(), InputError, "does not take"),
        (ldap.LDAPUndefinedAttributeTypeResult(), NotSetUp, "incomplete"),
        (ldap.LDAPInvalidDnError(), NotSetUp, "incomplete"),
        (ldap.LDAPBusyResult(), Unavailable, "can't use"),
        (ldap.LDAPOtherResult(), Unavailable, "can't use"),
        (ldap.LDAPResponseTimeoutError(), Unavailable, "in time"),
        (ldap.LDAPSessionTerminatedByServerError("session terminated"), Unavailable, "session terminated"),
        (TimeoutError("timed out"), Unavailable, "in time"),
        (ConnectionRefusedError(111, "Connection refused"), Unavailable, "is the directory running?"),
        (ConnectionResetError(104, "Connection reset by peer"), Unavailable, "reset by peer"),
        (OSError(-2, "Name or service not known"), Unavailable, "not known"),
        (ssl.SSLCertVerificationError("self-signed certificate"), Unavailable, "not trusted"),
        (ssl.SSLError("wrong version number"), Unavailable, "wrong version number"),
    ],
)
def test_what_each_means(error: Exception, kind: type[IdpSyncError], words: str) -> None:
    mapped = raised_for(error)
    assert type(mapped) is kind
    assert words in str(mapped)


def test_errors_of_ours_pass_through() -> None:
    with pytest.raises(NotSetUp, match="as it is"), translated(URL):
        raise NotSetUp("as it is")
