"""Distinguished names and alternative names.

RFC 5280 (A.1) counts 64 characters in CN and O; cryptography counts 64 bytes in CN, which are 21 Chinese characters,
less than some people's names have. We count characters, and cut what is still longer where no character is torn from
the marks that belong to it. The whole name stands in register and directory; a certificate only points to them.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from idp_sync.adapters.authority import der
from idp_sync.adapters.authority.profiles import Attribute
from idp_sync.domain.errors import InputError

OIDS: Final = {
    "C": NameOID.COUNTRY_NAME,
    "O": NameOID.ORGANIZATION_NAME,
    "OU": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "CN": NameOID.COMMON_NAME,
    "serialNumber": NameOID.SERIAL_NUMBER,
    "UID": NameOID.USER_ID,
}
#: userPrincipalName, Microsoft's otherName
UPN: Final = ObjectIdentifier("1.3.6.1.4.1.311.20.2.3")

_BYTES_OF_THE_LIBRARY: Final = 64
_PRINTABLE: Final = re.compile(r"[A-Za-z0-9 '()+,./:=?-]+")
#: control characters, lone surrogates, line and paragraph separators: no part of a name. Private use (Co) is: older
#: systems write rare characters so, such as 䶮. So are format characters (Cf): ZWJ and ZWNJ stand in names
_NO_PART_OF_A_NAME: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
#: but for those that turn the order of what is read: they make one name look like another
_TURNS_THE_ORDER: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_LABEL: Final = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_HOST_MOST: Final = 253
_JOINS: Final = "\u200d"


class _Unmeasured(x509.NameAttribute[str]):
    """An attribute that the library would find too long, counting bytes; `value_of` has counted characters."""

    def __init__(self, oid: ObjectIdentifier, value: str) -> None:
        super().__init__(oid, "-")
        self._value = value


def distinguished_name(attributes: Sequence[Attribute], facts: Mapping[str, str]) -> x509.Name:
    """The name that a profile makes of the facts about a subject.

    Raises:
        InputError: a fact is empty, too long, or holds what can't stand in a name.
    """
    return x509.Name([_attribute(OIDS[a.attribute], value_of(a, facts)) for a in attributes])


def _attribute(oid: ObjectIdentifier, value: str) -> x509.NameAttribute[str]:
    if len(value.encode("utf-8")) > _BYTES_OF_THE_LIBRARY:
        return _Unmeasured(oid, value)
    return x509.NameAttribute(oid, value)


def value_of(attribute: Attribute, facts: Mapping[str, str]) -> str:
    """What an attribute says, within its bounds.

    Raises:
        InputError: the fact is empty, too long, or holds what can't stand in a name.
    """
    if any(map(_is_no_part_of_a_name, facts[attribute.fact])):
        raise InputError(f"{attribute.fact}: 含有控制字符 / holds control characters")
    value = facts[attribute.fact].strip()
    if not value:
        raise InputError(f"{attribute.fact}: 为空，不能写入证书 / is empty and can't stand in a certificate")
    if attribute.encoding == "PrintableString" and not _PRINTABLE.fullmatch(value):
        raise InputError(f"{attribute.fact}: 只能用字母、数字和 '()+,-./:=? / may hold ASCII letters and digits only")
    if attribute.most is None or len(value) <= attribute.most:
        return value
    if attribute.longer == "refuse":
        raise InputError(f"{attribute.fact}: 超过 {attribute.most} 个字符 / has more than {attribute.most} characters")
    return cut(value, attribute.most)


def _is_no_part_of_a_name(character: str) -> bool:
    return (
        unicodedata.category(character) in _NO_PART_OF_A_NAME
        or unicodedata.bidirectional(character) in _TURNS_THE_ORDER
    )


def cut(text: str, most: int) -> str:
    """The beginning of a text, at most that many characters, not torn within a character and the marks upon it."""
    end = most
    while 0 < end < len(text) and (_belongs_to_the_one_before(text[end]) or text[end - 1] == _JOINS):
        end -= 1
    return text[: end or most].rstrip()


def _belongs_to_the_one_before(character: str) -> bool:
    """Combining marks, variation selectors (they choose a glyph of a Chinese character) and the joiner."""
    return unicodedata.category(character).startswith("M") or character == _JOINS


def user_principal_name(login: str, domain: str) -> x509.OtherName:
    """`login@domain` as the alternative name of a person."""
    return x509.OtherName(UPN, der.utf8_string(f"{login}@{domain}"))


def host(name: str) -> x509.GeneralName:
    """A host's name or address as its alternative name.

    Raises:
        InputError: it is neither.
    """
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        lower = name.lower()
    if len(lower) > _HOST_MOST or not _HOST.fullmatch(lower):
        raise InputError(f"{name!r}: 不是主机名或地址 / is no host name and no address")
    return x509.DNSName(lower)
