"""Logs a person in with the system's Chromium, as he would at his desk: the key answers, nobody types anything."""

from __future__ import annotations

import os
import shutil
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import urlsplit

import httpx
from playwright.sync_api import sync_playwright

from tests.login import ClientKey, Refused, Session, authorization_url, code_in, pkce, redeem, said

_ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str:
    """The system's Chromium, or the one that IDP_SYNC_CHROMIUM names."""
    found = os.environ.get("IDP_SYNC_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not found:
        raise FileNotFoundError("chromium is missing: `make setup`, or name it in IDP_SYNC_CHROMIUM")
    return found


def log_in_with_browser(
    keycloak_url: str,
    realm: str,
    client_id: str,
    *,
    ca_file: Path,
    key: ClientKey,
) -> Session:
    """Log a person in with a key to a system that listens on a free port of loopback, and return the tokens.

    Playwright presents the key from within a proxy of its own, whose certificate no authority signed; so the browser is
    told to take any. That the server's certificate is a good one is checked by the httpx client that redeems the code.

    Raises:
        Refused: Keycloak did not let the person in.
    """
    verifier, challenge = pkce()
    with _called_back() as (redirect_uri, arrived):
        url = authorization_url(keycloak_url, realm, client_id, redirect_uri, challenge)
        page = _visit(url, key)
    if not arrived:
        raise Refused(said(page))
    with httpx.Client(verify=ssl.create_default_context(cafile=str(ca_file)), trust_env=False) as client:
        tokens = redeem(
            client,
            keycloak_url,
            realm,
            client_id,
            redirect_uri=redirect_uri,
            code=code_in(arrived[0]),
            verifier=verifier,
        )
    return Session(keycloak_url=keycloak_url, realm=realm, client_id=client_id, tokens=tokens, ca_file=ca_file)


def _visit(url: str, key: ClientKey) -> str:
    """Open a page with a key in hand, and return what stands on the page in the end."""
    parts = urlsplit(url)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(_ARGUMENTS))
        try:
            context = browser.new_context(
                client_certificates=[
                    {"origin": f"{parts.scheme}://{parts.netloc}", "pfx": key.p12, "passphrase": key.password}
                ],
                ignore_https_errors=True,
            )
            page = context.new_page()
            page.goto(url)
            return page.content()
        finally:
            browser.close()


@contextmanager
def _called_back() -> Iterator[tuple[str, list[str]]]:
    """A relying system: its redirect URI, and the addresses that the browser was sent back with."""
    arrived: list[str] = []

    class Callback(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith("/callback?"):
                arrived.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Callback) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/callback", arrived
        finally:
            server.shutdown()
            thread.join()
