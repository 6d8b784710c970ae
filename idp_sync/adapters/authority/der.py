"""As much of DER as the lint needs to read a certificate without the library that wrote it."""

from __future__ import annotations

from collections.abc import Iterator

INTEGER, OCTET_STRING, UTF8_STRING, PRINTABLE_STRING, SEQUENCE = 0x02, 0x04, 0x0C, 0x13, 0x30
_LONG, _SHORT_MOST = 0x80, 0x7F


def elements(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element that stands in there, one behind the other.

    Raises:
        ValueError: the content ends within an element.
    """
    at = 0
    while at < len(content):
        tag, length, start = _header(content, at)
        at = start + length
        if at > len(content):
            raise ValueError("DER: an element is longer than what holds it")
        yield tag, content[start:at]


def only(content: bytes) -> bytes:
    """The content of the one element that stands in there.

    Raises:
        ValueError: there is none, or more than one.
    """
    ((_, inner),) = elements(content)
    return inner


def utf8_string(text: str) -> bytes:
    """A text as UTF8String."""
    content = text.encode("utf-8")
    length = len(content)
    if length <= _SHORT_MOST:
        return bytes([UTF8_STRING, length]) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([UTF8_STRING, _LONG | len(octets)]) + octets + content


def _header(content: bytes, at: int) -> tuple[int, int, int]:
    """Tag, length, and where the content starts."""
    try:
        tag, first = content[at], content[at + 1]
    except IndexError:
        raise ValueError("DER: an element ends before its length") from None
    if first <= _SHORT_MOST:
        return tag, first, at + 2
    octets = first & _SHORT_MOST
    start = at + 2 + octets
    return tag, int.from_bytes(content[at + 2 : start], "big"), start
