"""How changes are cut into batches, and batches into rounds of writes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp_sync.adapters.directory.reading import Group
from idp_sync.adapters.directory.tree import Tree
from idp_sync.adapters.directory.units import Unit, Units, entries, grants, withdrawals
from idp_sync.adapters.directory.wire import Act, Add, Delete, Modify
from idp_sync.adapters.directory.writing import batches
from idp_sync.domain.account import AccountState
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.errors import NotSetUp
from idp_sync.domain.plan import Change, Create, ExpelMember, Remove
from idp_sync.domain.plan import Modify as ModifyEntry
from idp_sync.domain.unit import UserClass

TREE = Tree("dc=example")
CODES = ("MGMT-A", "MGMT-B", "MGMT-C")
GROUPS = [Group(UserClass.MANAGEMENT, code, TREE.group(UserClass.MANAGEMENT, code)) for code in CODES]
UNITS = Units(TREE, GROUPS)


def entry(login: str, *permissions: str) -> DirectoryEntry:
    return DirectoryEntry(
        login=login,
        user_class=UserClass.MANAGEMENT,
        name="张测试",
        person_number="P1",
        state=AccountState.ACTIVE,
        rank="city",
        unit_name="虚构市房屋管理局",
        unit_code="虚构",
        permissions=frozenset(permissions),
    )


def planned(change: Change) -> Unit:
    unit = UNITS.planned(change)
    assert unit is not None
    return unit


def expel(permission: str) -> ExpelMember:
    return ExpelMember(user_class=UserClass.MANAGEMENT, permission=permission, member="cn=x")


@pytest.mark.parametrize(
    ("changes", "sizes"),
    [
        ([], []),
        ([Create(entry=entry(f"a{n}")) for n in range(7)], [3, 3, 1]),
        ([Create(entry=entry("a")), Remove(entry=entry("a")), Create(entry=entry("a"))], [1, 1, 1]),
        ([Create(entry=entry("a")), Create(entry=entry("b")), Remove(entry=entry("a"))], [2, 1]),
        ([expel("MGMT-A"), expel("MGMT-B"), expel("MGMT-A")], [2, 1]),
    ],
)
def test_batches_keep_the_order_and_have_nobody_twice(changes: list[Change], sizes: list[int]) -> None:
    cut = list(batches(changes, 3))
    assert [len(batch) for batch in cut] == sizes
    assert [change for batch in cut for change in batch] == changes


def test_whoever_is_created_exists_before_he_may_anything() -> None:
    add, *memberships = planned(Create(entry=entry("a", "MGMT-A", "MGMT-B"))).in_order()
    assert isinstance(add, Add)
    assert [write.dn for write in memberships] == [GROUPS[0].dn, GROUPS[1].dn]


def test_whoever_is_removed_may_nothing_before_he_is_gone() -> None:
    *memberships, delete = planned(Remove(entry=entry("a", "MGMT-A", "MGMT-B"))).in_order()
    assert isinstance(delete, Delete)
    assert [write.dn for write in memberships] == [GROUPS[0].dn, GROUPS[1].dn]


def test_a_modification_takes_before_it_gives() -> None:
    before = entry("a", "MGMT-A", "MGMT-B")
    after = replace(entry("a", "MGMT-B", "MGMT-C"), thumbprint="")
    after = replace(after, rank="district")
    taken, changed, given = planned(ModifyEntry(before=before, after=after)).in_order()
    assert isinstance(taken, Modify)
    assert isinstance(changed, Modify)
    assert isinstance(given, Modify)
    assert (taken.dn, [part.act for part in taken.parts]) == (GROUPS[0].dn, [Act.DELETE])
    assert [(part.attribute, list(part.values)) for part in changed.parts] == [("idpRank", ["district"])]
    assert (given.dn, [part.act for part in given.parts]) == (GROUPS[2].dn, [Act.ADD])


def test_a_modification_of_nothing_writes_nothing() -> None:
    assert list(planned(ModifyEntry(before=entry("a"), after=entry("a"))).in_order()) == []


def test_many_who_join_a_group_are_one_write() -> None:
    units = {n: planned(Create(entry=entry(f"a{n}", "MGMT-A"))) for n in range(100)}
    assert withdrawals(units) == []
    assert len(entries(units)) == 100
    ((write, concerned),) = grants(units)
    assert isinstance(write, Modify)
    assert write.dn == GROUPS[0].dn
    assert len(write.parts[0].values) == 100
    assert concerned == list(range(100))


def test_an_entry_that_was_spoilt_is_looked_at_first() -> None:
    before = replace(entry("a"), state=AccountState.DEREGISTERED)
    assert UNITS.planned(ModifyEntry(before=before, after=entry("a"))) is None


def test_a_permission_without_a_group_is_told() -> None:
    with pytest.raises(NotSetUp, match=r"MGMT-X.*idp-sync init"):
        UNITS.planned(Create(entry=entry("a", "MGMT-X")))
