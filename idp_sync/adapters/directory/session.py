"""One authenticated connection: searches one by one, writes pipelined."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from ldap3 import LEVEL, NONE
from ldap3.core import exceptions as ldap
from ldap3.core.connection import Connection
from ldap3.core.server import Server
from ldap3.utils.asn1 import decode_message_fast

from idp_sync.adapters.directory import wire
from idp_sync.adapters.directory.errors import translated, translation
from idp_sync.adapters.directory.mapping import Raw
from idp_sync.adapters.directory.messages import MessageSocket
from idp_sync.config import DirectorySettings, read_secret
from idp_sync.domain.errors import IdpSyncError, NotSetUp, Unavailable

_PAGE: Final = 1000
_LDAPS: Final = 636
_ANY: Final = "(objectClass=*)"
_T = TypeVar("_T")

# ldap3 carries no types: this is all that we use of it, and how
Link = Any  # a Connection
_connection: Callable[..., Link] = Connection
_server: Callable[..., Any] = Server
_decoded: Callable[[bytes], dict[str, Any]] = decode_message_fast
_result: Callable[..., ldap.LDAPOperationResult] = ldap.LDAPOperationResult


class Found(NamedTuple):
    """One entry that a search found."""

    dn: str
    attributes: Raw


class Session:
    """Opens the connection when it is first needed, and once more where the server has closed an idle one.

    For one thread at a time.
    """

    def __init__(self, settings: DirectorySettings) -> None:
        self._settings = settings
        self._connection: Link | None = None

    @property
    def url(self) -> str:
        """Of the server."""
        return self._settings.url

    def search(self, base: str, filter_: str = _ANY, *, scope: str = LEVEL, attributes: Sequence[str]) -> list[Found]:
        """What a search finds, all at once; nothing where the base is not there."""

        def ask(connection: Link) -> list[Found]:
            try:
                connection.search(base, filter_, search_scope=scope, attributes=list(attributes))
            except ldap.LDAPNoSuchObjectResult:
                return []
            return [_found(answer) for answer in connection.response if answer["type"] == "searchResEntry"]

        return self._run(ask)

    def stream(self, base: str, *, attributes: Sequence[str]) -> Iterator[Found]:
        """Everything directly below base, page by page, over a connection of its own: a server keeps the state of one
        paged search for each connection."""
        with self._fresh() as connection, translated(self.url):
            pages = connection.extend.standard.paged_search(
                base, _ANY, search_scope=LEVEL, attributes=list(attributes), paged_size=_PAGE, generator=True
            )
            try:
                for answer in pages:
                    if answer["type"] == "searchResEntry":
                        yield _found(answer)
            except ldap.LDAPNoSuchObjectResult:
                return

    def write(self, request: wire.Write) -> None:
        """One write; raises what becomes of it."""
        for error in self.write_all([request]):
            if error is not None:
                raise error

    def write_all(self, requests: Sequence[wire.Write]) -> list[IdpSyncError | None]:
        """All these writes, sent at once, so that none may depend on another; for each its error, if it has one.

        Raises what is no matter of a single write, Unavailable or AccessDenied.
        """
        if not requests:
            return []
        results = self._run(lambda connection: _exchange(connection, requests))
        errors = [translation(result, self.url) if result is not None else None for result in results]
        for error in errors:
            if isinstance(error, Unavailable):
                raise error
        return errors

    def close(self) -> None:
        """Say goodbye, if we ever said hello."""
        connection, self._connection = self._connection, None
        if connection is not None:
            _farewell(connection)

    def _run(self, act: Callable[[Link], _T]) -> _T:
        """Do it; once more over a new connection where the one that we had is gone.

        Repeating is safe: whatever has happened already makes the repetition fail as a conflict, and is looked at.
        """
        with translated(self.url):
            had_one = self._connection is not None
            try:
                return self._attempt(act)
            except (ldap.LDAPCommunicationError, OSError) as error:
                if not had_one or isinstance(error, TimeoutError):
                    raise
            return self._attempt(act)

    def _attempt(self, act: Callable[[Link], _T]) -> _T:
        try:
            return act(self._connected())
        except ldap.LDAPOperationResult:  # an answer: the connection is as good as before
            raise
        except BaseException:  # answers that are still under way must not be taken for those of the next request
            self.close()
            raise

    def _connected(self) -> Link:
        if self._connection is None:
            self._connection = self._open()
        return self._connection

    @contextmanager
    def _fresh(self) -> Iterator[Link]:
        with translated(self.url):
            connection = self._open()
        try:
            yield connection
        finally:
            _farewell(connection)

    def _open(self) -> Link:
        settings = self._settings
        password = read_secret(settings.password_file)
        connection = _connection(
            _server(settings.url, get_info=NONE),
            settings.bind_dn,
            password,
            raise_exceptions=True,
            check_names=False,
            auto_range=False,
            auto_referrals=False,
        )
        connection.socket = MessageSocket(_secured(settings))
        connection.closed, connection.listening = False, True  # what its own open() would do
        connection.strategy._outstanding = {}  # noqa: SLF001 - likewise
        try:
            connection.bind(read_server_info=False)
        except BaseException:
            _farewell(connection)
            raise
        return connection


def _secured(settings: DirectorySettings) -> ssl.SSLSocket:
    """A TLS connection to the server, its certificate and its name checked.

    ldap3 2.9.1 opens one by itself, but leaks the sockets of failed attempts, hides the reason where a name has several
    addresses, takes whole seconds only, and from Python 3.12 on compares no IP addresses.
    """
    address = urlsplit(settings.url)
    host = address.hostname or ""
    try:
        context = ssl.create_default_context(cafile=str(settings.ca_file))
    except OSError as error:
        raise NotSetUp(f"{settings.ca_file}: 证书文件不可读 / no certificates to be read: {error.strerror}") from None
    plain = socket.create_connection((host, address.port or _LDAPS), timeout=settings.timeout)
    return context.wrap_socket(plain, server_hostname=host)


def _farewell(connection: Link) -> None:
    try:
        connection.unbind()
    except (ldap.LDAPException, OSError):
        connection.strategy.close()


def _found(answer: dict[str, Any]) -> Found:
    return Found(answer["dn"], answer["raw_attributes"])


def _exchange(connection: Link, requests: Sequence[wire.Write]) -> list[ldap.LDAPOperationResult | None]:
    """Send all requests at once, collect their answers, and say for each request what was refused, or None."""
    numbers = [connection.server.next_message_id() for _ in requests]
    connection.socket.sendall(b"".join(map(wire.message, numbers, requests)))
    answers: dict[int, dict[str, Any]] = {}
    while len(answers) < len(numbers):
        received = connection.strategy.receiving()
        if not received:
            raise ldap.LDAPSessionTerminatedByServerError("session terminated by server")
        for message in received:
            decoded = _decoded(message)
            if int(decoded["messageID"]) == 0:  # a notice of disconnection
                raise ldap.LDAPSessionTerminatedByServerError("session terminated by server")
            answers[int(decoded["messageID"])] = connection.strategy.decode_response_fast(decoded)
    return [_failure(answers[number]) if answers[number]["result"] != 0 else None for number in numbers]


def _failure(answer: dict[str, Any]) -> ldap.LDAPOperationResult:
    return _result(
        result=answer["result"],
        description=answer["description"],
        dn=answer["dn"],
        message=answer["message"],
        response_type=answer["type"],
    )
