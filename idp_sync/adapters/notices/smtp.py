"""Hands notices to a mail server by SMTP (RFC 5321), always under TLS unless it is on this machine.

The one thing that matters here is to know whether a message was taken. Until DATA nothing can have been; after the
server's answer to the final dot it is known; in between it is not, and this module says so.
"""

from __future__ import annotations

import email.policy
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from typing import Final

from idp_sync.config import MailSecurity, NoticesSettings, read_secret
from idp_sync.domain.errors import AccessDenied, NotSetUp, Unavailable
from idp_sync.domain.notice import Notice
from idp_sync.ports import Handed, MailResult, MailSession, NoticeTemplates

_BROKEN: Final = (OSError, smtplib.SMTPException)
_FIRST_GOOD: Final = 200
_FIRST_BAD: Final = 400
_FIRST_FINAL: Final = 500
#: the server closes the connection with this answer
_CLOSING: Final = 421


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpMailer:
    """Fulfils idp_sync.ports.Mailer."""

    settings: NoticesSettings
    templates: NoticeTemplates

    @contextmanager
    def session(self) -> Iterator[MailSession]:
        """Connect, for any number of messages.

        Raises:
            Unavailable: the server can't be reached, offers no TLS, or shows a certificate that is not trusted.
            AccessDenied: it refuses our account.
            NotSetUp: the password or the trusted certificates can't be read.
        """
        session = _Session(self.settings, self.templates)
        session.connect()
        try:
            yield session
        finally:
            session.close()


class _Session:
    """Fulfils idp_sync.ports.MailSession."""

    def __init__(self, settings: NoticesSettings, templates: NoticeTemplates) -> None:
        self._settings = settings
        self._templates = templates
        self._smtp: smtplib.SMTP | None = None

    def send(self, notice: Notice) -> Handed:
        """Hand one over; connects anew where the server has closed the connection after the last one."""
        try:
            content = message(notice, self._settings, self._templates).as_bytes()
        except ValueError as error:  # a header that would break out of its line
            return Handed(result=MailResult.NEVER, problem=f"通知不能写成邮件 / can't be made a message: {error}")
        smtp = self._smtp or self.connect()
        try:
            refused = self._envelope(smtp, notice)
        except _BROKEN as error:
            self.close()
            raise self._unavailable(error) from None
        return refused or self._data(smtp, content)

    def connect(self) -> smtplib.SMTP:
        """Connect and log in."""
        settings = self._settings
        # read before anything is said: a missing file is no failed log-in
        password = read_secret(settings.password_file) if settings.password_file else None
        context = _context(settings)
        try:
            smtp = self._open(context)
        except _BROKEN as error:
            raise self._unavailable(error) from None
        self._smtp = smtp
        try:
            if settings.username is not None and password is not None:
                smtp.login(settings.username, password)
        except smtplib.SMTPAuthenticationError as error:
            self.close()
            raise AccessDenied(
                f"{self._where}: 邮件服务器拒绝本系统的帐号，请检查[notices] username和password_file"
                f" / the mail server refuses our account: {_text(error.smtp_code, error.smtp_error)}"
            ) from None
        except _BROKEN as error:
            self.close()
            raise self._unavailable(error) from None
        return smtp

    def close(self) -> None:
        """Say good-bye, or only hang up where that is not possible."""
        smtp, self._smtp = self._smtp, None
        if smtp is not None:
            with suppress(*_BROKEN):
                smtp.quit()
            smtp.close()

    def _open(self, context: ssl.SSLContext) -> smtplib.SMTP:
        settings = self._settings
        # not the machine's own name, which may take a name server half a minute, and is nobody's business
        name = settings.sender.partition("@")[2]
        if settings.security is MailSecurity.TLS:
            return smtplib.SMTP_SSL(
                settings.host, settings.port, local_hostname=name, timeout=settings.timeout, context=context
            )
        smtp = smtplib.SMTP(settings.host, settings.port, local_hostname=name, timeout=settings.timeout)
        try:
            if settings.security is MailSecurity.STARTTLS:
                smtp.starttls(context=context)
        except _BROKEN:
            smtp.close()
            raise
        return smtp

    def _envelope(self, smtp: smtplib.SMTP, notice: Notice) -> Handed | None:
        """Say who writes to whom; how it was refused, or None."""
        smtp.ehlo_or_helo_if_needed()
        for say, address in ((smtp.mail, self._settings.sender), (smtp.rcpt, notice.recipient.email)):
            code, answer = say(address)
            if not _FIRST_GOOD <= code < _FIRST_BAD:
                self._begin_anew(smtp, code)
                return _refusal(code, answer)
        return None

    def _data(self, smtp: smtplib.SMTP, content: bytes) -> Handed:
        """Say what is written. A connection that breaks here leaves everybody in doubt."""
        try:
            code, answer = smtp.data(content)
        except smtplib.SMTPDataError as error:  # DATA itself was refused: nothing was said yet
            self._begin_anew(smtp, error.smtp_code)
            return _refusal(error.smtp_code, error.smtp_error)
        except _BROKEN as error:
            self.close()
            return Handed(result=MailResult.UNKNOWN, problem=f"连接中断 / the connection broke: {_reason(error)}")
        if code < _FIRST_BAD:
            return Handed(result=MailResult.TAKEN, problem=_text(code, answer))
        self._begin_anew(smtp, code)
        return _refusal(code, answer)

    def _begin_anew(self, smtp: smtplib.SMTP, code: int) -> None:
        """Make the connection fit for the next message, or give it up."""
        try:
            if code == _CLOSING or smtp.rset()[0] >= _FIRST_BAD:
                self.close()
        except _BROKEN:
            self.close()

    @property
    def _where(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    def _unavailable(self, error: Exception) -> Unavailable:
        return Unavailable(
            f"{self._where}: 邮件服务器不可用，通知仍在待发 / the mail server is not available, notices stay queued:"
            f" {_reason(error)}"
        )


def message(notice: Notice, settings: NoticesSettings, templates: NoticeTemplates) -> EmailMessage:
    """The message: plain text in UTF-8. Its Message-ID comes from the notice, so that a repetition can be told.

    Raises:
        ValueError: something in it would break out of its header.
        NotSetUp: the template can't be used.
    """
    rendered = templates.render(notice)
    domain = settings.sender.partition("@")[2]
    mail = EmailMessage(policy=email.policy.SMTP)
    mail["From"] = Address(display_name=settings.sender_name, addr_spec=settings.sender)
    mail["To"] = Address(display_name=notice.recipient.name, addr_spec=notice.recipient.email)
    mail["Subject"] = rendered.subject
    mail["Date"] = notice.attempted_at or notice.created_at
    mail["Message-ID"] = f"<notice-{notice.number}-{notice.created_at:%Y%m%d%H%M%S%f}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no automatic answers
    mail.set_content(rendered.body, cte="base64")
    return mail


def _context(settings: NoticesSettings) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=settings.ca_file)
    except (OSError, ssl.SSLError) as error:
        raise NotSetUp(
            f"{settings.ca_file}: [notices] ca_file不可读 / trusted certificates can't be read: {type(error).__name__}"
        ) from None


def _refusal(code: int, answer: bytes | str) -> Handed:
    result = MailResult.NEVER if code >= _FIRST_FINAL else MailResult.NOT_NOW
    return Handed(result=result, problem=_text(code, answer))


def _text(code: int, answer: bytes | str) -> str:
    words = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return f"{code} {' '.join(words.split())}"


def _reason(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _text(error.smtp_code, error.smtp_error)
    return " ".join(str(error).split()) or type(error).__name__
