"""How an account is written as an LDAP entry, and read back.

An empty string is an absent attribute. What we would never have written must not read as if we had: it has to show as
drift, so that a Modify puts it right. So a second or a missing value is read beside the others («|张三»), and an entry
whose state, class, login or object classes are not as they must be reads as DEREGISTERED, a state that no desired entry
has.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from idp_sync.adapters.directory import schema
from idp_sync.adapters.directory.wire import Act, Modification
from idp_sync.domain.account import AccountState
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.unit import UserClass

#: attributes as a search returns them
Raw = Mapping[str, Sequence[bytes]]

_CLASSES: Final = (schema.PERSON, schema.ACCOUNT)
_STATES: Final = {state.value: state for state in (AccountState.ACTIVE, AccountState.SUSPENDED)}

#: what a search has to ask for
ATTRIBUTES: Final = (
    schema.OBJECT_CLASS,
    schema.LOGIN,
    *schema.NAMES,
    schema.PERSON_NUMBER,
    schema.USER_CLASS,
    schema.STATE,
    schema.RANK,
    schema.DISTRICT,
    schema.UNIT_NAME,
    schema.UNIT_CODE,
    schema.ORGANISATION_TYPE,
    schema.THUMBPRINT,
)


def values_of(entry: DirectoryEntry) -> dict[str, str]:
    """Every attribute of an account but its object classes, with its one value; "" where it must be absent."""
    return {
        schema.LOGIN: entry.login,
        **dict.fromkeys(schema.NAMES, entry.name),
        schema.PERSON_NUMBER: entry.person_number,
        schema.USER_CLASS: entry.user_class.value,
        schema.STATE: entry.state.value,
        schema.RANK: entry.rank,
        schema.DISTRICT: entry.district,
        schema.UNIT_NAME: entry.unit_name,
        schema.UNIT_CODE: entry.unit_code,
        schema.ORGANISATION_TYPE: entry.organisation_type,
        schema.THUMBPRINT: entry.thumbprint,
    }


def attributes_of(entry: DirectoryEntry) -> dict[str, Sequence[str]]:
    """The attributes that a new entry is created with."""
    return {
        schema.OBJECT_CLASS: _CLASSES,
        **{name: (value,) for name, value in values_of(entry).items() if value},
    }


def entry_of(user_class: UserClass, login: str, raw: Raw, permissions: frozenset[str]) -> DirectoryEntry:
    """An entry as it stands, whatever somebody made of it by hand."""
    return DirectoryEntry(
        login=login,
        user_class=user_class,
        name=_joined({value for name in schema.NAMES for value in _texts(raw, name) or ("",)}),
        person_number=_text(raw, schema.PERSON_NUMBER),
        state=_state(user_class, login, raw),
        rank=_text(raw, schema.RANK),
        unit_name=_text(raw, schema.UNIT_NAME),
        unit_code=_text(raw, schema.UNIT_CODE),
        district=_text(raw, schema.DISTRICT),
        organisation_type=_text(raw, schema.ORGANISATION_TYPE),
        thumbprint=_text(raw, schema.THUMBPRINT),
        permissions=permissions,
    )


def differences(before: DirectoryEntry, after: DirectoryEntry) -> Iterator[Modification]:
    """The modifications that make an entry, which is as `before` says, as `after` says."""
    old, new = values_of(before), values_of(after)
    for name, value in new.items():
        if old[name] != value:
            yield Modification(Act.REPLACE, name, (value,) if value else ())


def repairs(raw: Raw, after: DirectoryEntry) -> Iterator[Modification]:
    """The modifications that make an entry as `after` says, whatever it is now."""
    present = {name.lower() for name in _texts(raw, schema.OBJECT_CLASS)}
    if missing := [name for name in _CLASSES if name.lower() not in present]:
        yield Modification(Act.ADD, schema.OBJECT_CLASS, missing)
    for name, value in values_of(after).items():
        wanted = (value,) if value else ()
        if tuple(_texts(raw, name)) != wanted:
            yield Modification(Act.REPLACE, name, wanted)


def _state(user_class: UserClass, login: str, raw: Raw) -> AccountState:
    present = {name.lower() for name in _texts(raw, schema.OBJECT_CLASS)}
    in_order = (
        all(name.lower() in present for name in _CLASSES)
        and _texts(raw, schema.USER_CLASS) == [user_class.value]
        and _texts(raw, schema.LOGIN) == [login]
    )
    return _STATES.get(_text(raw, schema.STATE), AccountState.DEREGISTERED) if in_order else AccountState.DEREGISTERED


def _texts(raw: Raw, name: str) -> list[str]:
    return [value.decode("utf-8", "replace") for value in raw.get(name, ())]


def _text(raw: Raw, name: str) -> str:
    values = raw.get(name, ())
    return values[0].decode("utf-8", "replace") if len(values) == 1 else _joined(set(_texts(raw, name)))


def _joined(values: set[str]) -> str:
    return "|".join(sorted(values))
