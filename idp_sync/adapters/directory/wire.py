"""Requests as they go over the wire (RFC 4511, in BER), for what is sent by the thousand.

ldap3 builds every request from pyasn1 objects, which takes 0.7 ms and more each, longer than slapd needs for the whole
operation; see docs/decisions/0004-directory.md. Everything else, TLS, binding, searching, decoding, is ldap3's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final, NamedTuple

_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_ENUMERATED: Final = 0x0A
_SEQUENCE: Final = 0x30
_SET: Final = 0x31
_ADD: Final = 0x68
_MODIFY: Final = 0x66
_DELETE: Final = 0x4A
_SHORT: Final = 0x80


class Act(IntEnum):
    """What a modification does with its values."""

    ADD = 0
    DELETE = 1
    REPLACE = 2


class Modification(NamedTuple):
    """One part of a modify request."""

    act: Act
    attribute: str
    values: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """Add an entry."""

    dn: str
    attributes: Mapping[str, Sequence[str]]

    def encoded(self) -> bytes:
        """Its protocol operation."""
        attributes = b"".join(_attribute(name, values) for name, values in self.attributes.items())
        return tlv(_ADD, octets(self.dn) + tlv(_SEQUENCE, attributes))


@dataclass(frozen=True, slots=True, kw_only=True)
class Modify:
    """Modify an entry."""

    dn: str
    parts: Sequence[Modification] = field(default_factory=tuple)

    def encoded(self) -> bytes:
        """Its protocol operation."""
        parts = b"".join(
            tlv(_SEQUENCE, tlv(_ENUMERATED, bytes([act])) + _attribute(name, values))
            for act, name, values in self.parts
        )
        return tlv(_MODIFY, octets(self.dn) + tlv(_SEQUENCE, parts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Delete an entry."""

    dn: str

    def encoded(self) -> bytes:
        """Its protocol operation."""
        return tlv(_DELETE, self.dn.encode())


Write = Add | Modify | Delete


def message(number: int, request: Write) -> bytes:
    """A whole LDAPMessage. Raises UnicodeEncodeError for half of a surrogate pair."""
    return tlv(_SEQUENCE, integer(number) + request.encoded())


def tlv(tag: int, content: bytes) -> bytes:
    """Tag, length, value; definite lengths, as RFC 4511 5.1 asks for."""
    size = len(content)
    if size < _SHORT:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, _SHORT | len(length))) + length + content


def integer(number: int) -> bytes:
    """A number that is not negative."""
    return tlv(_INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big"))


def octets(text: str) -> bytes:
    """A string, in UTF-8. Raises UnicodeEncodeError for half of a surrogate pair."""
    return tlv(_OCTETS, text.encode())


def _attribute(name: str, values: Iterable[str]) -> bytes:
    return tlv(_SEQUENCE, octets(name) + tlv(_SET, b"".join(octets(value) for value in values)))
