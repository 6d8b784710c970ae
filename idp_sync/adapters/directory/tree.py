"""Where everything stands: distinguished names, and how they are read.

<suffix>
 ├── ou=people
 │    ├── ou=management     uid=<login>
 │    └── ou=enterprise     uid=<login>
 └── ou=permissions
      ├── ou=management     cn=<code>
      └── ou=enterprise     cn=<code>
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final

from ldap3.utils.dn import parse_dn

from idp_sync.adapters.directory import schema
from idp_sync.domain.unit import UserClass

#: ldap3 carries no types: attribute, value and separator for each part of a name
_parts: Callable[..., list[tuple[str, str, str]]] = parse_dn
_PEOPLE: Final = "people"
_PERMISSIONS: Final = "permissions"
_PLAIN: Final = re.compile(r"[A-Za-z0-9._-]+")
#: one attribute, and a value without an unescaped separator
_RDN: Final = re.compile(r"((?:[^,+\\]|\\.)+)", re.DOTALL)
_ESCAPE: Final = re.compile(rb"\\([0-9A-Fa-f]{2}|.)", re.DOTALL)


class Tree:
    """The names below one suffix."""

    def __init__(self, suffix: str) -> None:
        """Raises ldap3's LDAPInvalidDnError where the suffix is no name."""
        self.suffix = ",".join(f"{attribute}={value}" for attribute, value, _ in _parts(suffix, strip=True))
        self._people = {user_class: self.branch(_PEOPLE, user_class) for user_class in UserClass}
        # as the server writes them, in lower case: how a name is recognised as one of ours
        self._endings = {f",{dn}".lower(): user_class for user_class, dn in self._people.items()}

    def branch(self, name: str, user_class: UserClass | None = None) -> str:
        """A branch, or the part of it for one class."""
        whole = f"ou={name},{self.suffix}"
        return whole if user_class is None else f"ou={user_class.value},{whole}"

    def branches(self) -> Iterator[tuple[str, str]]:
        """Name and distinguished name of every branch, outer ones first."""
        for name in (_PEOPLE, _PERMISSIONS):
            yield name, self.branch(name)
            for user_class in UserClass:
                yield user_class.value, self.branch(name, user_class)

    def people(self, user_class: UserClass) -> str:
        """Where the people of a class are."""
        return self._people[user_class]

    def person(self, user_class: UserClass, login: str) -> str:
        """One person."""
        return f"{schema.LOGIN}={escaped(login)},{self._people[user_class]}"

    def permissions(self, user_class: UserClass) -> str:
        """Where the permission groups of a class are."""
        return self.branch(_PERMISSIONS, user_class)

    def group(self, user_class: UserClass, code: str) -> str:
        """One permission group."""
        return f"{schema.CODE}={escaped(code)},{self.permissions(user_class)}"

    def login_at(self, dn: str) -> tuple[UserClass, str] | None:
        """Class and login that a name directly below our people stands for; None for any other name.

        An entry that is not named by its uid alone has its whole relative name for a login, which no account has.
        """
        lower = dn.lower()
        for ending, user_class in self._endings.items():
            if lower.endswith(ending):
                relative = dn[: len(dn) - len(ending)]
                return None if _has_parent(relative) else (user_class, _login(relative))
        return None


def escaped(value: str) -> str:
    """A value for a distinguished name (RFC 4514, 2.4): everything but plain ASCII in hexadecimal.

    ldap3's escape_rdn writes NUL as a backslash before the raw character, which no server reads.
    """
    if _PLAIN.fullmatch(value):
        return value
    return "".join(chr(byte) if _is_plain(byte) else f"\\{byte:02x}" for byte in value.encode())


def filter_value(value: str) -> str:
    """A value for a search filter (RFC 4515, 3): everything but plain ASCII in hexadecimal."""
    return escaped(value)


def _is_plain(byte: int) -> bool:
    return _PLAIN.fullmatch(chr(byte)) is not None


def _has_parent(relative: str) -> bool:
    """Whether there is an unescaped comma."""
    return "," in relative and re.search(r"(?<!\\)(?:\\\\)*,", relative) is not None


def _login(relative: str) -> str:
    attribute, _, value = relative.partition("=")
    if attribute.lower() != schema.LOGIN or not _RDN.fullmatch(value):
        return relative
    return _unescaped(value) if "\\" in value else value


def _unescaped(value: str) -> str:
    def one(match: re.Match[bytes]) -> bytes:
        token = match[1]
        return token if len(token) == 1 else bytes([int(token, 16)])

    return _ESCAPE.sub(one, value.encode()).decode("utf-8", "replace")
