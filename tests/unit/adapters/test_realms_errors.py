"""Whatever goes wrong between us and Keycloak reads as one line in our own words."""

from __future__ import annotations

import inspect
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import certifi
import keycloak.exceptions
import pytest
import requests
from keycloak.exceptions import KeycloakConnectionError, KeycloakError, KeycloakGetError, KeycloakPostError

from idp_sync.adapters.realms import KeycloakRealms
from idp_sync.adapters.realms.errors import keycloak_errors
from idp_sync.config import RealmsSettings
from idp_sync.domain.errors import AccessDenied, IdpSyncError, Refused, Unavailable
from idp_sync.domain.unit import UserClass

URL = "https://keycloak.example/admin/realms/management"


def _subclasses(base: type[Exception]) -> Iterator[type[Exception]]:
    yield base
    for sub in base.__subclasses__():
        yield from _subclasses(sub)


UPSTREAM = [
    cls
    for _, cls in inspect.getmembers(keycloak.exceptions, inspect.isclass)
    if issubclass(cls, Exception) and cls.__module__ == "keycloak.exceptions"
]
TRANSPORT = [
    *{c for c in _subclasses(requests.RequestException) if c is not requests.exceptions.JSONDecodeError},
    OSError,
    ssl.SSLError,
    FileNotFoundError,
]


def mapped(error: Exception) -> IdpSyncError:
    """What the context manager makes of an exception."""
    with pytest.raises(IdpSyncError) as raised, keycloak_errors(URL):
        raise error
    assert raised.value.__cause__ is error
    assert URL in str(raised.value)
    assert "\n" not in str(raised.value)
    return raised.value


def test_there_are_upstream_exceptions() -> None:
    assert len(UPSTREAM) > 10
    assert KeycloakError in UPSTREAM


@pytest.mark.parametrize("upstream", UPSTREAM, ids=lambda c: c.__name__)
def test_every_exception_of_python_keycloak_is_mapped(upstream: type[Exception]) -> None:
    assert isinstance(mapped(upstream("it\nfailed")), Unavailable)


@pytest.mark.parametrize("upstream", sorted(TRANSPORT, key=str), ids=lambda c: c.__name__)
def test_every_exception_of_the_transport_is_mapped(upstream: type[Exception]) -> None:
    bare = mapped(upstream("no"))
    assert type(bare) is Unavailable
    wrapped = KeycloakConnectionError("Can't connect to server")
    wrapped.__cause__ = upstream("no")
    assert str(mapped(wrapped)) == str(bare)


@pytest.mark.parametrize(
    ("code", "body", "kind", "words"),
    [
        (401, {"error": "invalid_client", "error_description": "Invalid client"}, AccessDenied, "credentials refused"),
        (400, {"error": "unauthorized_client"}, AccessDenied, "credentials refused"),
        (403, {"error": "HTTP 403 Forbidden"}, AccessDenied, "lacks the right"),
        (404, {"error": "Realm not found."}, Unavailable, "run `idp-sync init`"),
        (400, {"errorMessage": "Bad\nrequest"}, Unavailable, "400): Bad request"),
        (409, {"errorMessage": "Client trading already exists"}, Unavailable, "already exists"),
        (500, {"error": "unknown_error"}, Unavailable, "unknown_error"),
        (503, None, Unavailable, "<html>"),
    ],
)
def test_an_answer_says_what_to_do(code: int, body: dict[str, str] | None, kind: type[Unavailable], words: str) -> None:
    raw = json.dumps(body).encode() if body is not None else b"<html>" + b"x" * 5_000
    for upstream in (KeycloakGetError, KeycloakPostError):
        error = mapped(upstream(error_message=raw, response_code=code, response_body=raw))
        assert type(error) is kind
        assert words in str(error)
        assert len(str(error)) < 600


def test_our_own_errors_pass_through() -> None:
    own = Refused("no")
    with pytest.raises(Refused) as raised, keycloak_errors(URL):
        raise own
    assert raised.value is own


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says anything."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def _realms(port: int, folder: Path, *, timeout: float) -> KeycloakRealms:
    secret = folder / "secret"
    secret.write_text("s\n")
    settings = RealmsSettings(
        url=f"https://localhost:{port}",
        ca_file=Path(certifi.where()),
        client_secret_file=secret,
        directory_url="ldaps://localhost",
        directory_bind_dn="cn=keycloak",
        directory_password_file=secret,
        timeout=timeout,
    )
    return KeycloakRealms(settings, suffix="dc=example")


def test_a_server_that_is_down_is_unavailable(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound, not listening: connections are refused
        realms = _realms(taken.getsockname()[1], tmp_path, timeout=5)
        with pytest.raises(Unavailable, match="can't be reached"):
            realms.recording(UserClass.MANAGEMENT)


def test_a_server_that_is_silent_is_unavailable_in_time(silent: int, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="no answer in time"):
        _realms(silent, tmp_path, timeout=0.3).recording(UserClass.MANAGEMENT)
