"""The administration interface of one realm: a connection that renews its token, and four verbs."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import quote

from keycloak import KeycloakOpenIDConnection
from keycloak.exceptions import (
    KeycloakDeleteError,
    KeycloakGetError,
    KeycloakPostError,
    KeycloakPutError,
    raise_error_from_response,
)
from requests import Response
from requests.adapters import HTTPAdapter

from idp_sync.adapters.realms.errors import keycloak_errors
from idp_sync.domain.errors import AccessDenied, Unavailable

#: an object in Keycloak's JSON
Json = dict[str, Any]
_NOT_FOUND: Final = 404
_BAD_REQUEST: Final = 400


class Admin:
    """One realm, seen with the credentials of one client of that realm or of master.

    Paths are relative to the realm, e.g. «clients». Every method raises Unavailable or AccessDenied.
    """

    def __init__(
        self, *, url: str, realm: str, client_realm: str, client_id: str, secret: str, ca_file: Path, timeout: float
    ) -> None:
        """A realm as `client_id` of `client_realm` sees it; nothing is sent before the first call."""
        self.realm = realm
        self.url = url
        self._timeout = timeout
        with keycloak_errors(url), warnings.catch_warnings():
            # python-keycloak hands the CA file to httpx, which would rather have a context; we use requests only
            warnings.simplefilter("ignore", DeprecationWarning)
            self._connection = KeycloakOpenIDConnection(
                server_url=f"{url}/",
                realm_name=realm,
                user_realm_name=client_realm,
                client_id=client_id,
                client_secret_key=secret,
                verify=str(ca_file),
                timeout=cast("int", timeout),
                max_retries=0,
            )
            tokens = self._connection.keycloak_openid.connection
        for manager in (self._connection, tokens):
            # a proxy or CA bundle that somebody's environment names is not for the administration of identities
            manager._s.trust_env = False  # noqa: SLF001
            # the connection for tokens would try twice, and so wait twice as long as it may
            manager._s.mount("https://", HTTPAdapter(max_retries=0))  # noqa: SLF001

    def __repr__(self) -> str:
        """Without the secret."""
        return f"Admin({self.url!r}, realm={self.realm!r})"

    def accepted(self) -> bool:
        """Whether the server takes our credentials."""
        try:
            self.renew()
        except AccessDenied:
            return False
        except Unavailable as error:
            if "not there" in str(error):  # the realm itself
                return False
            raise
        return True

    def renew(self) -> None:
        """Get a fresh token: one that was issued before a realm was made has no rights in it."""
        with keycloak_errors(self._where("")):
            self._connection.get_token()

    def get(self, path: str, **query: str | int | bool) -> Any:  # noqa: ANN401 - JSON
        """What is at that path."""
        with keycloak_errors(self._where(path)):
            return _json(
                self._connection.raw_get(self._path(path), **_words(query)), KeycloakGetError, self._where(path)
            )

    def find(self, path: str) -> Json | None:
        """The object at that path, None where there is none."""
        with keycloak_errors(self._where(path)):
            response = self._connection.raw_get(self._path(path))
            if response.status_code == _NOT_FOUND:
                return None
            return cast("Json", _json(response, KeycloakGetError, self._where(path)))

    def objects(self, path: str, **query: str | int | bool) -> list[Json]:
        """The list at that path."""
        answer = self.get(path, **query)
        if not isinstance(answer, list):
            raise Unavailable(f"Keycloak {self._where(path)}: 应答无法理解 / unexpected answer: no list")
        return answer

    def post(self, path: str, body: Json | list[Json], *, timeout: float | None = None, **query: str) -> Any:  # noqa: ANN401
        """Create, or do; the answer where there is one."""
        with keycloak_errors(self._where(path)):
            self._connection.timeout = cast("int", timeout or self._timeout)
            try:
                response = self._connection.raw_post(self._path(path), json.dumps(body), **query)
            finally:
                self._connection.timeout = cast("int", self._timeout)
            return _json(response, KeycloakPostError, self._where(path))

    def succeeds(self, path: str, body: Json) -> bool:
        """Whether Keycloak can do what is posted; False where it answers that the request itself fails (400)."""
        with keycloak_errors(self._where(path)):
            response = self._connection.raw_post(self._path(path), json.dumps(body))
            if response.status_code == _BAD_REQUEST:
                return False
            _json(response, KeycloakPostError, self._where(path))
            return True

    def put(self, path: str, body: Json) -> None:
        """Replace, or set."""
        with keycloak_errors(self._where(path)):
            _json(self._connection.raw_put(self._path(path), json.dumps(body)), KeycloakPutError, self._where(path))

    def delete(self, path: str, **query: str) -> bool:
        """Remove; False where there was nothing."""
        with keycloak_errors(self._where(path)):
            response = self._connection.raw_delete(self._path(path), **query)
            if response.status_code == _NOT_FOUND:
                return False
            _json(response, KeycloakDeleteError, self._where(path))
            return True

    def create_realm(self, body: Json) -> None:
        """Make the realm; needs the administrator of master."""
        where = f"{self.url}/admin/realms"
        with keycloak_errors(where):
            _json(self._connection.raw_post("admin/realms", json.dumps(body)), KeycloakPostError, where)
        self.renew()

    def _path(self, path: str) -> str:
        return f"admin/realms/{quote(self.realm, safe='')}{'/' if path else ''}{path}"

    def _where(self, path: str) -> str:
        return f"{self.url}/{self._path(path)}"


def _words(query: dict[str, str | int | bool]) -> dict[str, str]:
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in query.items()}


def _json(response: Response, error: type[Exception], where: str) -> Any:  # noqa: ANN401 - JSON
    answer = raise_error_from_response(response, cast("Any", error))
    if isinstance(answer, bytes):
        if answer:  # e.g. the page of a proxy, with status 200
            raise Unavailable(f"Keycloak {where}: 应答无法理解 / unexpected answer: no JSON")
        return None
    return answer
