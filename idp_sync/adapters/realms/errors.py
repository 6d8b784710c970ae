"""What can go wrong between us and Keycloak, in our own words: the only place that knows the libraries' exceptions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Final

import requests
from keycloak.exceptions import KeycloakAuthenticationError, KeycloakError, PermissionDefinitionError

from idp_sync.domain.errors import AccessDenied, IdpSyncError, Unavailable

#: how much of an answer is shown
_SHOWN: Final = 200
_REGAIN: Final = (
    "核对 client_secret_file；没有管理员时用 `kc.sh bootstrap-admin service` 新建临时管理员，再运行 `idp-sync init` / "
    "check the secret; where no administrator is left, make one with `kc.sh bootstrap-admin service`, "
    "then `idp-sync init`"
)


@contextmanager
def keycloak_errors(url: str) -> Iterator[None]:
    """Raise Unavailable or AccessDenied, with one line that names the URL, for whatever the libraries raise within."""
    try:
        yield
    except IdpSyncError:
        raise
    except KeycloakError as error:
        raise _answered(url, error) from error
    except PermissionDefinitionError as error:
        raise Unavailable(f"Keycloak {url}: 应答无法理解 / unexpected answer: {_line(str(error))}") from error
    except (requests.RequestException, OSError) as error:
        raise _unreachable(url, error) from error


def _answered(url: str, error: KeycloakError) -> IdpSyncError:
    cause = error.__cause__
    if isinstance(cause, requests.RequestException | OSError):
        return _unreachable(url, cause)
    said = _words(error)
    code = error.response_code
    if code == HTTPStatus.FORBIDDEN:
        return AccessDenied(f"Keycloak {url}: 权限不足 / our client lacks the right to do this: {_REGAIN}")
    if isinstance(error, KeycloakAuthenticationError) or _is_refusal(code, said):
        return AccessDenied(f"Keycloak {url}: 凭据被拒绝 / credentials refused ({said}): {_REGAIN}")
    if code == HTTPStatus.NOT_FOUND:
        return Unavailable(
            f"Keycloak {url}: 不存在，请先运行 `idp-sync init` / not there ({said}): run `idp-sync init`"
        )
    return Unavailable(f"Keycloak {url}: 无法完成 / can't be done ({code or 'no answer'}): {said}")


def _is_refusal(code: int | None, said: str) -> bool:
    """Token endpoints answer 400 or 401 with such a word where a client is unknown, disabled or has another secret."""
    return code == HTTPStatus.UNAUTHORIZED or any(word in said for word in ("invalid_client", "unauthorized_client"))


def _unreachable(url: str, error: Exception) -> IdpSyncError:
    if isinstance(error, requests.exceptions.SSLError):
        return Unavailable(f"Keycloak {url}: 证书不可信，核对 ca_file / its certificate is not trusted: check ca_file")
    if isinstance(error, requests.Timeout):
        return Unavailable(f"Keycloak {url}: 超时无应答 / no answer in time")
    if isinstance(error, OSError) and not isinstance(error, requests.RequestException):
        return Unavailable(f"Keycloak {url}: ca_file 不可用 / ca_file can't be used: {error.strerror or error}")
    if isinstance(error, requests.ConnectionError):
        return Unavailable(f"Keycloak {url}: 无法连接 / can't be reached; is it running?")
    return Unavailable(f"Keycloak {url}: 无法连接 / can't be reached: {type(error).__name__}")


def _words(error: KeycloakError) -> str:
    """What Keycloak said, in one short line."""
    raw = error.response_body or error.error_message or b""
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    try:
        answer = json.loads(text)
    except ValueError:
        answer = None
    if isinstance(answer, dict):
        text = next(
            (str(answer[k]) for k in ("errorMessage", "error_description", "error", "message") if k in answer), text
        )
        if answer.get("error") not in {None, text}:
            text = f"{answer['error']}: {text}"
    return _line(text)


def _line(text: str) -> str:
    return " ".join(text.split())[:_SHOWN] or "no reason given"
