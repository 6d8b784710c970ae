"""One authenticated connection: searches one by one, writes pipelined."""

from __future__ import annotations

import math
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, TypeVar

from ldap3 import BASE, LEVEL, NONE
from ldap3.core import exceptions as ldap
from ldap3.core.connection import Connection
from ldap3.core.server import Server
from ldap3.core.tls import Tls
from ldap3.utils.asn1 import decode_message_fast

from idp_sync.adapters.directory import schema, wire
from idp_sync.adapters.directory.errors import translated
from idp_sync.adapters.directory.mapping import Raw
from idp_sync.config import DirectorySettings, read_secret

_PAGE: Final = 1000
_ANY: Final = "(objectClass=*)"
_T = TypeVar("_T")

# ldap3 carries no types: this is all that we use of it, and how
Link = Any  # a Connection
_connection: Callable[..., Link] = Connection
_server: Callable[..., Any] = Server
_tls: Callable[..., Any] = Tls
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
        self._transactions: bool | None = None

    @property
    def url(self) -> str:
        """Of the server."""
        return self._settings.url

    def has_transactions(self) -> bool:
        """Whether the server offers RFC 5805."""
        if self._transactions is None:
            (root,) = self.search("", scope=BASE, attributes=("supportedExtension",))
            offered = root.attributes.get("supportedExtension", ())
            self._transactions = schema.START_TRANSACTION.encode() in offered
        return self._transactions

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
        """One write, on its own."""
        self._run(lambda connection: _exchange(connection, [request]))

    def write_together(self, requests: Sequence[wire.Write]) -> None:
        """All these writes in one transaction: all of them happen, or none.

        They are sent at once, so their order is not kept: none may depend on another.
        """
        self._run(lambda connection: _transaction(connection, requests))

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
        except BaseException:  # whatever is still under way on it, a transaction too, ends with the connection
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
        # whole seconds: ldap3 packs them as integers. A new Server each time: a used one remembers for five seconds
        # which address failed, and does not try it
        seconds = math.ceil(settings.timeout)
        tls = _tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(settings.ca_file))
        server = _server(settings.url, get_info=NONE, tls=tls, connect_timeout=seconds)
        connection = _connection(
            server,
            settings.bind_dn,
            read_secret(settings.password_file),
            receive_timeout=seconds,
            raise_exceptions=True,
            check_names=False,
            auto_range=False,
            auto_referrals=False,
        )
        try:
            connection.bind()
        except BaseException:
            _farewell(connection)
            raise
        return connection


def _farewell(connection: Link) -> None:
    try:
        connection.unbind()
    except (ldap.LDAPException, OSError):
        connection.strategy.close()


def _found(answer: dict[str, Any]) -> Found:
    return Found(answer["dn"], answer["raw_attributes"])


def _exchange(
    connection: Link, requests: Sequence[wire.Request], *, control: tuple[str, bytes] | None = None
) -> list[dict[str, Any]]:
    """Send all requests at once, then collect their answers, in the order of the requests.

    Raises the first answer that is no success, once all are there: the connection stays usable.
    """
    numbers = [connection.server.next_message_id() for _ in requests]
    messages = (
        wire.message(number, request, control=control) for number, request in zip(numbers, requests, strict=True)
    )
    connection.socket.sendall(b"".join(messages))
    answers: dict[int, dict[str, Any]] = {}
    while len(answers) < len(numbers):
        received = connection.strategy.receiving()
        if not received:
            raise ldap.LDAPSessionTerminatedByServerError("session terminated by server")
        for message in received:
            decoded = _decoded(message)
            if int(decoded["messageID"]) == 0:
                raise ldap.LDAPSessionTerminatedByServerError("session terminated by server")
            answers[int(decoded["messageID"])] = connection.strategy.decode_response_fast(decoded)
    in_order = [answers[number] for number in numbers]
    for answer in in_order:
        if answer["result"] != 0:
            raise _failure(answer)
    return in_order


def _transaction(connection: Link, requests: Sequence[wire.Write]) -> None:
    (started,) = _exchange(connection, [wire.Extended(name=schema.START_TRANSACTION)])
    identifier: bytes = started["responseValue"] or b""
    try:
        _exchange(connection, requests, control=(schema.IN_TRANSACTION, identifier))
    except ldap.LDAPOperationResult:
        _end(connection, identifier, commit=False)
        raise
    _end(connection, identifier, commit=True)


def _end(connection: Link, identifier: bytes, *, commit: bool) -> None:
    value = wire.end_of_transaction(identifier, commit=commit)
    _exchange(connection, [wire.Extended(name=schema.END_TRANSACTION, value=value)])


def _failure(answer: dict[str, Any]) -> ldap.LDAPOperationResult:
    return _result(
        result=answer["result"],
        description=answer["description"],
        dn=answer["dn"],
        message=answer["message"],
        response_type=answer["type"],
    )
