"""Logs a person in as a relying system has it: authorization code flow with PKCE, over mutual TLS, with httpx."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import secrets
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat, pkcs12

REDIRECT_URI = "http://127.0.0.1:49152/callback"
_HOPS = 8


class Refused(Exception):
    """The person was not let in; the text is what the page says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientKey:
    """A private key and the certificates that go with it, as they lie on a key (PKCS#12)."""

    p12: bytes
    password: str

    @classmethod
    def read(cls, path: Path, password: str) -> Self:
        """The key in a file."""
        return cls(p12=path.read_bytes(), password=password)

    def load_into(self, context: ssl.SSLContext) -> None:
        """Let a TLS context present it; the file that this needs is encrypted, and gone afterwards."""
        key, certificate, more = pkcs12.load_key_and_certificates(self.p12, self.password.encode())
        if key is None or certificate is None:
            raise ValueError("no private key or no certificate in the PKCS#12 file")
        once = secrets.token_hex(16)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(once.encode()))
        with tempfile.NamedTemporaryFile(suffix=".pem") as file:
            file.write(b"".join((private, *(c.public_bytes(Encoding.PEM) for c in (certificate, *more)))))
            file.flush()
            context.load_cert_chain(file.name, password=once)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a relying system holds after a login."""

    keycloak_url: str
    realm: str
    client_id: str
    tokens: dict[str, Any]
    ca_file: Path

    @property
    def claims(self) -> dict[str, Any]:
        """What the access token says."""
        return decoded(self.tokens["access_token"])

    @property
    def id_claims(self) -> dict[str, Any]:
        """What the ID token says."""
        return decoded(self.tokens["id_token"])

    def refresh(self) -> dict[str, Any]:
        """New tokens. Raises Refused where the session is gone."""
        form = {
            "grant_type": "refresh_token",
            "client_id": self.client_id,
            "refresh_token": self.tokens["refresh_token"],
        }
        with httpx.Client(verify=ssl.create_default_context(cafile=str(self.ca_file)), trust_env=False) as client:
            return _tokens(client.post(f"{_protocol(self.keycloak_url, self.realm)}/token", data=form))


def decoded(token: str) -> dict[str, Any]:
    """The claims of a JWT. Its signature is not looked at: it came from the token endpoint, over TLS."""
    body = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    return claims


def pkce() -> tuple[str, str]:
    """A verifier and its S256 challenge (RFC 7636)."""
    verifier = secrets.token_urlsafe(48)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
    return verifier, challenge


def authorization_url(
    keycloak_url: str, realm: str, client_id: str, redirect_uri: str, challenge: str, **more: str
) -> str:
    """Where a relying system sends the browser."""
    query = {
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "response_type": "code",
        "scope": "openid",
        "state": secrets.token_urlsafe(16),
        "nonce": secrets.token_urlsafe(16),
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **more,
    }
    return f"{_protocol(keycloak_url, realm)}/auth?{urlencode(query)}"


def log_in(
    keycloak_url: str,
    realm: str,
    client_id: str,
    *,
    ca_file: Path,
    key: ClientKey | None,
    redirect_uri: str = REDIRECT_URI,
    **more: str,
) -> Session:
    """Log a person in with a key, or with none, and return the tokens.

    Raises:
        Refused: Keycloak did not let the person in.
        httpx.HTTPError: it could not be reached.
    """
    verifier, challenge = pkce()
    context = ssl.create_default_context(cafile=str(ca_file))
    if key is not None:
        key.load_into(context)
    with httpx.Client(verify=context, trust_env=False, timeout=30) as client:
        url = authorization_url(keycloak_url, realm, client_id, redirect_uri, challenge, **more)
        code = _code(client, url, redirect_uri)
        tokens = redeem(client, keycloak_url, realm, client_id, redirect_uri=redirect_uri, code=code, verifier=verifier)
    return Session(keycloak_url=keycloak_url, realm=realm, client_id=client_id, tokens=tokens, ca_file=ca_file)


def redeem(
    client: httpx.Client,
    keycloak_url: str,
    realm: str,
    client_id: str,
    *,
    redirect_uri: str,
    code: str,
    verifier: str,
) -> dict[str, Any]:
    """The tokens for a code."""
    form = {
        "grant_type": "authorization_code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "code": code,
        "code_verifier": verifier,
    }
    return _tokens(client.post(f"{_protocol(keycloak_url, realm)}/token", data=form))


def code_in(url: str) -> str:
    """The code that the browser was sent back with. Raises Refused where it was sent back with an error."""
    query = parse_qs(urlsplit(url).query)
    if "code" not in query:
        raise Refused(" ".join(query.get("error_description", query.get("error", ["no code"]))))
    return query["code"][0]


def said(page: str) -> str:
    """What a page of Keycloak says to a person: the message if it has one, else all its words."""
    page = re.sub(r"(?s)<(script|style|head)\b.*?</\1>", " ", page)
    found = re.search(
        r'(?s)(?:kc-feedback-text|class="instruction"|id="kc-error-message")[^>]*>(.*?)</(?:span|p|div)>', page
    )
    text = re.sub(r"<[^>]+>", " ", found.group(1) if found else page)
    return " ".join(html.unescape(text).split())


def _code(client: httpx.Client, url: str, redirect_uri: str) -> str:
    for _ in range(_HOPS):
        response = client.get(url)
        if not response.is_redirect:
            raise Refused(f"{response.status_code}: {said(response.text)}")
        url = urljoin(url, response.headers["location"])
        if url.startswith(redirect_uri):
            return code_in(url)
    raise Refused(f"more than {_HOPS} redirections")


def _tokens(response: httpx.Response) -> dict[str, Any]:
    answer: dict[str, Any] = response.json()
    if response.status_code != httpx.codes.OK:
        raise Refused(f"{response.status_code}: {answer.get('error')}: {answer.get('error_description')}")
    return answer


def _protocol(keycloak_url: str, realm: str) -> str:
    return f"{keycloak_url}/realms/{realm}/protocol/openid-connect"
