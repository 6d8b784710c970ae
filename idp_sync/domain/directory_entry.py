"""The desired state: what directory and realms must hold, a pure function of the register."""

from __future__ import annotations

from dataclasses import dataclass

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.unit import UserClass


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryEntry:
    """One account as the directory holds it: the entry with its memberships, one unit of work."""

    login: str
    user_class: UserClass
    name: str
    person_number: str
    #: active or suspended
    state: AccountState
    #: city, district or enterprise
    rank: str
    unit_name: str
    unit_code: str
    #: of a district user; "" elsewhere
    district: str = ""
    #: of an enterprise user; "" elsewhere
    organisation_type: str = ""
    #: SHA-256 of the certificate that opens the account; "" where none does
    thumbprint: str = ""
    #: the permission groups that it is a member of
    permissions: frozenset[str] = frozenset()


def desired_entry(account: Account) -> DirectoryEntry | None:
    """What the directory must hold for an account; None for a deregistered one.

    A suspended account stays with its permissions, but nothing opens it: 暂时取消登录资格 takes the login away and
    nothing else (Article 6 (4), reading A-06).
    """
    if account.state is AccountState.DEREGISTERED:
        return None
    unit = account.unit
    return DirectoryEntry(
        login=account.login,
        user_class=account.user_class,
        name=account.name,
        person_number=account.person_number,
        state=account.state,
        rank=unit.rank,
        unit_name=unit.name,
        unit_code=unit.code,
        district=unit.district or "",
        organisation_type=unit.organisation_type.value if unit.organisation_type else "",
        thumbprint=account.thumbprint if account.may_log_in and account.thumbprint else "",
        permissions=account.permissions,
    )
