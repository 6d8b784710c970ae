"""A real mail server on loopback, that can be told to misbehave."""

from __future__ import annotations

import asyncio
import email.policy
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from idp_sync.config import MailSecurity, NoticesSettings
from tests.servers import TlsFiles, free_port

SENDER = "keys@housing.example"
USERNAME, PASSWORD = "idp-sync", "open sesame"


@dataclass
class Post:
    """What a mail server has taken, and how it behaves."""

    taken: list[EmailMessage] = field(default_factory=list)
    #: conversations that were begun
    sessions: int = 0
    #: address → what RCPT is answered with
    refused: dict[str, str] = field(default_factory=dict)
    #: what the next messages are answered with; "cut" ends the conversation without an answer
    answers: list[str] = field(default_factory=list)
    #: done when a message is there, and before it is answered
    on_data: Callable[[], None] = lambda: None
    #: messages are taken, and never answered
    hangs: bool = False
    #: set when one that hangs is to go on
    released: asyncio.Event = field(default_factory=asyncio.Event)
    #: addresses of messages that were there, whatever was answered
    seen: list[str] = field(default_factory=list)

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """A conversation begins."""
        session.host_name = hostname
        self.sessions += 1
        return responses

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Whether somebody is known here."""
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """A message is there."""
        self.seen += envelope.rcpt_tos
        await asyncio.get_running_loop().run_in_executor(None, self.on_data)
        if self.hangs:
            await self.released.wait()
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer == "cut":
            assert server.transport is not None
            server.transport.abort()
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            taken = message_from_bytes(envelope.content, policy=email.policy.default)
            assert isinstance(taken, EmailMessage)
            self.taken.append(taken)
        return answer


@dataclass(frozen=True, kw_only=True)
class MailServer:
    """A mail server that runs."""

    post: Post
    port: int
    security: MailSecurity
    ca_file: Path

    def settings(self, **changes: Any) -> NoticesSettings:  # noqa: ANN401
        """How it is reached."""
        values: dict[str, Any] = {
            "host": "localhost",
            "port": self.port,
            "security": self.security,
            "ca_file": self.ca_file,
            "sender": SENDER,
            "timeout": 10,
        }
        return NoticesSettings(**{**values, **changes})


@contextmanager
def mail_server(
    tls: TlsFiles, *, security: MailSecurity = MailSecurity.TLS, offers_tls: bool = True, asks_who: bool = False
) -> Iterator[MailServer]:
    """A mail server on a free port of loopback."""
    post, port = Post(), free_port()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tls.certificate_file, tls.key_file)
    options: dict[str, Any] = {}
    if security is MailSecurity.TLS:
        options["ssl_context"] = context
    if security is MailSecurity.STARTTLS and offers_tls:
        options |= {"tls_context": context, "require_starttls": True}
    if asks_who:
        options |= {"authenticator": _knows, "auth_required": True}
    controller = Controller(post, hostname="localhost", port=port, **options)
    controller.start()
    post.sessions = 0  # the controller has greeted its own server
    try:
        yield MailServer(post=post, port=port, security=security, ca_file=tls.ca_file)
    finally:
        controller.loop.call_soon_threadsafe(post.released.set)
        controller.stop()


def _knows(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: object) -> AuthResult:
    return AuthResult(handled=False, success=data == LoginPassword(USERNAME.encode(), PASSWORD.encode()))
