"""What register and trading system know of the people on an application: the checks are a function of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from idp_sync.domain.account import AccountState
from idp_sync.domain.unit import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownUser:
    """An account as the checks need it; what is None is not known, and not checked."""

    login: str
    state: AccountState
    name: str | None = None
    #: normalised; sensitive
    id_number: str | None = None
    key_number: str | None = None
    permissions: frozenset[str] | None = None
    #: whose user it is
    unit: Unit | None = None

    def __repr__(self) -> str:
        """Without the ID number."""
        return f"KnownUser(login={self.login!r}, state={self.state.value!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known; what is None was not asked, and is not checked."""

    #: by login; None where the register was not asked
    users: Mapping[str, KnownUser] | None = None
    #: pieces of unfinished business in the names on the form
    pending_business: int | None = None
    key_returned: bool | None = None
    #: other applications that are being dealt with, by the login name or ID number that they name; sensitive
    in_flight: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __repr__(self) -> str:
        """Without ID numbers."""
        return f"Known(users={sorted(self.users or ())}, pending_business={self.pending_business})"


#: nothing was asked
NOTHING_KNOWN = Known()
