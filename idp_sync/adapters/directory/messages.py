"""A connection that hands out whole LDAP messages.

ldap3 2.9.1 reads 4 KiB at a time and appends them to a bytes object, so that a group of 200,000 members takes 11 s to
read, and one of a million minutes. Given whole messages it has nothing to append to.
"""

from __future__ import annotations

import ssl
from typing import Final

#: the most that one TLS record holds
_RECORD: Final = 16 * 1024
_LONG_FORM: Final = 0x80
_HEADER: Final = 2


class MessageSocket:
    """What ldap3 and we use of a socket."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._connection = connection
        self._received = bytearray()

    def recv(self, _: int) -> bytes:
        """The next message, whole; empty where the server has closed the connection."""
        while (size := message_size(self._received)) is None or len(self._received) < size:
            data = self._connection.recv(_RECORD)
            if not data:
                return b""
            self._received += data
        message = bytes(self._received[:size])
        del self._received[:size]
        return message

    def sendall(self, data: bytes) -> None:
        """Send it."""
        self._connection.sendall(data)

    def shutdown(self, how: int) -> None:
        """End one or both directions."""
        self._connection.shutdown(how)

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def message_size(data: bytes | bytearray) -> int | None:
    """The size of the message that begins there, header included (BER, definite length); None while it is untold."""
    if len(data) < _HEADER:
        return None
    first = data[1]
    if first < _LONG_FORM:
        return _HEADER + first
    header = _HEADER + (first & ~_LONG_FORM)
    if len(data) < header:
        return None
    return header + int.from_bytes(data[_HEADER:header], "big")
