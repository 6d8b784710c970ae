"""The desired state of one account."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp_sync.domain.account import AccountState
from idp_sync.domain.directory_entry import DirectoryEntry, desired_entry
from idp_sync.domain.unit import UserClass
from tests.builders import CHAOYANG, CITY, DEVELOPER, account


def entry_of(**fields: Any) -> DirectoryEntry:  # noqa: ANN401
    found = desired_entry(account(**fields))
    assert found is not None
    return found


def test_an_active_account_with_a_key() -> None:
    assert entry_of() == DirectoryEntry(
        login="cy0001",
        user_class=UserClass.MANAGEMENT,
        name="测试甲",
        person_number="P00000001",
        state=AccountState.ACTIVE,
        rank="district",
        unit_name=CHAOYANG.name,
        unit_code=CHAOYANG.name,
        district="110105",
        organisation_type="",
        thumbprint="ab" * 32,
        permissions=frozenset({"MGMT-DIST.REG.01"}),
    )


def test_an_enterprise_has_its_type_and_no_district() -> None:
    entry = entry_of(unit=DEVELOPER)
    assert (entry.user_class, entry.rank) == (UserClass.ENTERPRISE, "enterprise")
    assert (entry.organisation_type, entry.district) == ("developer", "")
    assert entry.unit_code == "91110105PDY0010124"


def test_a_city_unit_has_no_district() -> None:
    entry = entry_of(unit=CITY)
    assert (entry.rank, entry.district) == ("city", "")


def test_a_suspended_account_keeps_its_permissions_and_nothing_opens_it() -> None:
    suspended = entry_of(state=AccountState.SUSPENDED)
    assert suspended == replace(entry_of(), state=AccountState.SUSPENDED, thumbprint="")
    assert suspended.permissions


def test_nothing_opens_an_account_without_a_key() -> None:
    assert entry_of(thumbprint=None) == replace(entry_of(), thumbprint="")


@pytest.mark.parametrize("thumbprint", [None, "ab" * 32])
def test_a_deregistered_account_has_no_entry(thumbprint: str | None) -> None:
    assert desired_entry(account(state=AccountState.DEREGISTERED, thumbprint=thumbprint)) is None
