"""One suite for every directory: in memory, and a real slapd.

All people are fictitious.
"""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import ldap3
import pytest
from ldap3.core.exceptions import (
    LDAPInsufficientAccessRightsResult,
    LDAPOperationResult,
)

from idp_sync.adapters.directory import LdapDirectory
from idp_sync.adapters.directory.tree import Tree
from idp_sync.adapters.memory_directory import MemoryDirectory
from idp_sync.config import DirectorySettings
from idp_sync.domain.account import AccountState
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.errors import AccessDenied, Conflict, InputError, NotSetUp, Unavailable
from idp_sync.domain.permission import Matter, Permission, Scope
from idp_sync.domain.plan import Change, Create, ExpelMember, Modify, Remove, make_plan
from idp_sync.domain.unit import Level, OrganisationType, UserClass
from idp_sync.ports import Directory
from tests.servers import SUFFIX, RunningSlapd, free_port, make_tls_files, running_slapd

MANAGEMENT, ENTERPRISE = UserClass.MANAGEMENT, UserClass.ENTERPRISE


def permission(code: str, *, title: str = "预售许可管理", systems: tuple[str, ...] = ("trading",)) -> Permission:
    management = code.startswith("MGMT")
    return Permission(
        code=code,
        title=title,
        text=f"{title}：草拟、查询。",
        category="房屋交易权限",
        matter=Matter.TRANSACTION,
        user_class=MANAGEMENT if management else ENTERPRISE,
        level=Level.DISTRICT if management else None,
        organisation_type=None if management else OrganisationType.DEVELOPER,
        scope=Scope.DISTRICT if management else Scope.UNIT,
        systems=frozenset(systems),
    )


CODES = ("MGMT-DIST.TRADE.01", "MGMT-DIST.TRADE.02", "MGMT-DIST.REG.01", "ENT-DEV.01", "ENT-DEV.02")
PERMISSIONS = tuple(permission(code) for code in CODES)
ZHANG = DirectoryEntry(
    login="cy0001",
    user_class=MANAGEMENT,
    name="张测试",
    person_number="P000001",
    state=AccountState.ACTIVE,
    rank="district",
    unit_name="虚构区房屋管理局",
    unit_code="虚构区房屋管理局",
    district="110105",
    thumbprint="ab" * 32,
    permissions=frozenset({"MGMT-DIST.TRADE.01", "MGMT-DIST.REG.01"}),
)
LI = DirectoryEntry(
    login="qy000001",
    user_class=ENTERPRISE,
    name="李测试",
    person_number="P000002",
    state=AccountState.ACTIVE,
    rank="enterprise",
    unit_name="虚构房地产开发有限公司",
    unit_code="91110000PDY000001X",
    organisation_type="developer",
    permissions=frozenset({"ENT-DEV.01"}),
)


# --- the directories -------------------------------------------------------------------------------------------------


class Hand(Protocol):
    """Somebody who changes the directory behind our back."""

    def add_by_hand(self, entry: DirectoryEntry) -> None: ...
    def change_by_hand(self, user_class: UserClass, login: str, name: str, value: str) -> None: ...
    def remove_by_hand(self, user_class: UserClass, login: str) -> None: ...
    def join_by_hand(self, user_class: UserClass, code: str, member: str) -> None: ...
    def leave_by_hand(self, user_class: UserClass, code: str, member: str) -> None: ...
    def label_by_hand(self, user_class: UserClass, code: str, label: str) -> None: ...
    def dn(self, user_class: UserClass, login: str) -> str: ...


class LdapHand:
    """The same with ldap3 alone, so that nothing of what is tested is used."""

    ATTRIBUTES = {  # noqa: RUF012
        "name": "displayName",
        "state": "idpState",
        "rank": "idpRank",
        "thumbprint": "idpThumbprint",
        "district": "idpDistrict",
        "person_number": "employeeNumber",
        "unit_name": "idpUnitName",
    }

    def __init__(self, settings: DirectorySettings) -> None:
        self.connection = connect(settings)

    def dn(self, user_class: UserClass, login: str) -> str:
        return f"uid={login},ou={user_class.value},ou=people,{SUFFIX}"

    def group(self, user_class: UserClass, code: str) -> str:
        return f"cn={code},ou={user_class.value},ou=permissions,{SUFFIX}"

    def add_by_hand(self, entry: DirectoryEntry) -> None:
        dn = self.dn(entry.user_class, entry.login)
        attributes = {
            "uid": entry.login,
            "cn": entry.name,
            "sn": entry.name,
            "displayName": entry.name,
            "employeeNumber": entry.person_number,
            "idpUserClass": entry.user_class.value,
            "idpState": entry.state.value,
            "idpRank": entry.rank,
            "idpUnitName": entry.unit_name,
            "idpUnitCode": entry.unit_code,
            "idpDistrict": entry.district,
            "idpOrganisationType": entry.organisation_type,
            "idpThumbprint": entry.thumbprint,
        }
        present = {name: value for name, value in attributes.items() if value}
        self.connection.add(dn, ["inetOrgPerson", "idpAccount"], present)
        for code in entry.permissions:
            self.join_by_hand(entry.user_class, code, dn)

    def change_by_hand(self, user_class: UserClass, login: str, name: str, value: str) -> None:
        values = [value] if value else []
        change = {self.ATTRIBUTES[name]: [(ldap3.MODIFY_REPLACE, values)]}
        self.connection.modify(self.dn(user_class, login), change)

    def remove_by_hand(self, user_class: UserClass, login: str) -> None:
        self.connection.delete(self.dn(user_class, login))

    def join_by_hand(self, user_class: UserClass, code: str, member: str) -> None:
        self.connection.modify(self.group(user_class, code), {"member": [(ldap3.MODIFY_ADD, [member])]})

    def leave_by_hand(self, user_class: UserClass, code: str, member: str) -> None:
        self.connection.modify(self.group(user_class, code), {"member": [(ldap3.MODIFY_DELETE, [member])]})

    def label_by_hand(self, user_class: UserClass, code: str, label: str) -> None:
        self.connection.modify(self.group(user_class, code), {"description": [(ldap3.MODIFY_REPLACE, [label])]})

    def wipe(self) -> None:
        self.connection.search(SUFFIX, "(!(ou=services))", attributes=["1.1"])
        dns = [answer["dn"] for answer in self.connection.response]
        for dn in sorted(dns, key=lambda dn: dn.count(","), reverse=True):
            if f",{SUFFIX}" in dn and "ou=services" not in dn:
                self.connection.delete(dn)


def server_of(settings: DirectorySettings) -> ldap3.Server:
    # unchecked, and loopback only: ldap3's own check of the host name warns that it is deprecated
    return ldap3.Server(settings.url, get_info=ldap3.NONE, tls=ldap3.Tls(validate=ssl.CERT_NONE))


def connect(settings: DirectorySettings) -> ldap3.Connection:
    server = server_of(settings)
    password = settings.password_file.read_text(encoding="utf-8").strip()
    return ldap3.Connection(server, settings.bind_dn, password, auto_bind=True, raise_exceptions=True)


def administrator_of(slapd: RunningSlapd) -> ldap3.Connection:
    """The user that runs slapd, over the socket in its folder."""
    server = ldap3.Server(slapd.files.socket_url, get_info=ldap3.NONE)
    return ldap3.Connection(
        server,
        authentication=ldap3.SASL,
        sasl_mechanism=ldap3.EXTERNAL,
        sasl_credentials="",
        auto_bind=True,
        raise_exceptions=True,
    )


@pytest.fixture
def hand_on_slapd(slapd: RunningSlapd) -> Iterator[LdapHand]:
    hand = LdapHand(slapd.settings)
    hand.wipe()
    yield hand
    hand.connection.unbind()


@pytest.fixture
def on_slapd(slapd: RunningSlapd, hand_on_slapd: LdapHand) -> Iterator[LdapDirectory]:
    """The adapter over an empty tree of a real slapd."""
    del hand_on_slapd
    with LdapDirectory(slapd.settings) as directory:
        yield directory


Pair = tuple[Directory, Hand]


@pytest.fixture(params=["memory", "slapd"])
def pair(request: pytest.FixtureRequest) -> Pair:
    """A directory that is set up, and somebody who works behind its back."""
    directory: Directory
    hand: Hand
    if request.param == "memory":
        directory = hand = MemoryDirectory()
    else:
        directory = request.getfixturevalue("on_slapd")
        hand = request.getfixturevalue("hand_on_slapd")
    list(directory.set_up(PERMISSIONS))
    return directory, hand


def state_of(directory: Directory) -> dict[str, DirectoryEntry]:
    found = list(directory.entries())
    by_login = {entry.login: entry for entry in found}
    assert len(by_login) == len(found)
    return by_login


def apply(directory: Directory, *changes: Change) -> list[Change]:
    return list(directory.apply(changes))


def person(number: int) -> DirectoryEntry:
    return replace(ZHANG, login=f"cy{number:04d}", person_number=f"P{number:06d}", thumbprint=f"{number:064x}")


# --- setting up ------------------------------------------------------------------------------------------------------


def test_setting_up_a_second_time_changes_nothing(pair: Pair) -> None:
    directory, _ = pair
    steps = list(directory.set_up(PERMISSIONS))
    assert [step for step in steps if step.changed] == []
    assert {f"group {code}" for code in CODES} < {step.what for step in steps}


def test_setting_up_creates_everything_once() -> None:
    steps = list(MemoryDirectory().set_up(PERMISSIONS))
    assert all(step.changed for step in steps)


def test_setting_up_creates_everything_once_on_a_server(on_slapd: LdapDirectory, hand_on_slapd: LdapHand) -> None:
    steps = list(on_slapd.set_up(PERMISSIONS))
    assert all(step.changed for step in steps)
    assert [step.what for step in steps] == [step.what for step in MemoryDirectory().set_up(PERMISSIONS)]
    hand_on_slapd.connection.search(
        hand_on_slapd.group(ENTERPRISE, "ENT-DEV.01"), "(objectClass=idpPermission)", "BASE", attributes=["*"]
    )
    (answer,) = hand_on_slapd.connection.response
    assert answer["raw_attributes"]["description"] == ["预售许可管理".encode()]
    assert answer["raw_attributes"]["idpSystem"] == [b"trading"]
    assert "member" not in answer["raw_attributes"]


def test_a_group_with_other_words_is_put_right(pair: Pair) -> None:
    directory, hand = pair
    hand.label_by_hand(MANAGEMENT, CODES[0], "别的名称")
    changed = [step.what for step in directory.set_up(PERMISSIONS) if step.changed]
    assert changed == [f"group {CODES[0]}"]
    assert not any(step.changed for step in directory.set_up(PERMISSIONS))


def test_a_permission_that_concerns_another_system_is_put_right_and_keeps_its_members(pair: Pair) -> None:
    directory, _ = pair
    apply(directory, Create(entry=ZHANG))
    amended = (permission(CODES[0], systems=("trading", "archive")), *PERMISSIONS[1:])
    assert [step.what for step in directory.set_up(amended) if step.changed] == [f"group {CODES[0]}"]
    assert state_of(directory) == {"cy0001": ZHANG}


# --- one entry -------------------------------------------------------------------------------------------------------


def test_what_is_created_reads_as_it_was_written(pair: Pair) -> None:
    directory, _ = pair
    assert apply(directory, Create(entry=ZHANG), Create(entry=LI)) == [Create(entry=ZHANG), Create(entry=LI)]
    assert state_of(directory) == {"cy0001": ZHANG, "qy000001": LI}


@pytest.mark.parametrize(
    "name",
    [
        "阿卜杜拉·测试",
        "䶮𠮷",
        "#,+\"\\<>;=/*()'&|!~:",
        " 前后有空格 ",
        "两\n行",
        "制表\t符",
        "零\x00字节",
        "uid=admin,dc=example",
        "$(id)",
        "ə" * 300,
    ],
)
def test_any_name_reads_as_it_was_written(pair: Pair, name: str) -> None:
    directory, _ = pair
    entry = replace(ZHANG, name=name, unit_name=name)
    apply(directory, Create(entry=entry))
    assert state_of(directory) == {"cy0001": entry}
    assert list(directory.entries(["cy0001"])) == [entry]


@pytest.mark.parametrize("login", ["a,b", "a+b=c", "#a", "a\\b", "a*", "(a)", 'a"b', " a", "测试", "a;b<c>"])
def test_a_login_with_any_character_is_one_login(pair: Pair, login: str) -> None:
    directory, _ = pair
    entry = replace(ZHANG, login=login)
    apply(directory, Create(entry=entry))
    assert state_of(directory) == {login: entry}
    assert list(directory.entries([login])) == [entry]
    assert list(directory.intruders()) == []
    apply(directory, Remove(entry=entry))
    assert state_of(directory) == {}


def test_a_suspended_account_stays_with_its_permissions_and_nothing_opens_it(pair: Pair) -> None:
    directory, _ = pair
    suspended = replace(ZHANG, state=AccountState.SUSPENDED, thumbprint="")
    apply(directory, Create(entry=ZHANG), Modify(before=ZHANG, after=suspended))
    assert state_of(directory) == {"cy0001": suspended}
    apply(directory, Modify(before=suspended, after=ZHANG))
    assert state_of(directory) == {"cy0001": ZHANG}


def test_everything_about_an_entry_can_change_at_once(pair: Pair) -> None:
    directory, _ = pair
    after = replace(
        ZHANG,
        name="张改名",
        person_number="P000009",
        state=AccountState.SUSPENDED,
        rank="city",
        unit_name="虚构市房屋管理局",
        unit_code="别的",
        district="",
        thumbprint="cd" * 32,
        permissions=frozenset({"MGMT-DIST.TRADE.02", "MGMT-DIST.REG.01"}),
    )
    apply(directory, Create(entry=ZHANG), Modify(before=ZHANG, after=after))
    assert state_of(directory) == {"cy0001": after}


def test_a_removed_entry_leaves_nothing_behind(pair: Pair) -> None:
    directory, _ = pair
    apply(directory, Create(entry=ZHANG), Create(entry=LI), Remove(entry=ZHANG))
    assert state_of(directory) == {"qy000001": LI}
    assert list(directory.intruders()) == []


def test_only_the_logins_that_are_asked_for_are_read(pair: Pair) -> None:
    directory, _ = pair
    apply(directory, *(Create(entry=person(number)) for number in range(1, 6)), Create(entry=LI))
    assert {e.login: e for e in directory.entries(["cy0002", "qy000001", "nobody", "cy0002", "*", ""])} == {
        "cy0002": person(2),
        "qy000001": LI,
    }
    assert list(directory.entries([])) == []


# --- applying twice, and against another state than planned ----------------------------------------------------------


def test_applying_a_second_time_changes_nothing_and_is_no_error(pair: Pair) -> None:
    directory, _ = pair
    after = replace(ZHANG, name="张改名", permissions=frozenset({"MGMT-DIST.TRADE.02"}))
    changes = (Create(entry=ZHANG), Create(entry=LI))
    for _ in range(2):
        assert apply(directory, *changes) == list(changes)
        assert state_of(directory) == {"cy0001": ZHANG, "qy000001": LI}
    for _ in range(2):
        apply(directory, Modify(before=ZHANG, after=after), Remove(entry=LI))
        assert state_of(directory) == {"cy0001": after}


def test_the_same_login_may_change_several_times_in_one_go(pair: Pair) -> None:
    directory, _ = pair
    again = replace(ZHANG, name="张再来")
    apply(directory, Create(entry=ZHANG), Remove(entry=ZHANG), Create(entry=again), Modify(before=again, after=ZHANG))
    assert state_of(directory) == {"cy0001": ZHANG}


def test_a_creation_that_was_half_done_is_finished(pair: Pair) -> None:
    directory, hand = pair
    hand.add_by_hand(replace(ZHANG, permissions=frozenset({"MGMT-DIST.REG.01"})))
    apply(directory, Create(entry=ZHANG))
    assert state_of(directory) == {"cy0001": ZHANG}


def test_a_removal_that_was_half_done_is_finished(pair: Pair) -> None:
    directory, hand = pair
    apply(directory, Create(entry=ZHANG))
    hand.leave_by_hand(MANAGEMENT, "MGMT-DIST.REG.01", hand.dn(MANAGEMENT, "cy0001"))
    hand.join_by_hand(MANAGEMENT, "MGMT-DIST.TRADE.02", hand.dn(MANAGEMENT, "cy0001"))
    apply(directory, Remove(entry=ZHANG))
    assert state_of(directory) == {}
    assert list(directory.intruders()) == []


def test_a_removal_finishes_where_somebody_deleted_the_entry_only(pair: Pair) -> None:
    directory, hand = pair
    apply(directory, Create(entry=ZHANG))
    hand.remove_by_hand(MANAGEMENT, "cy0001")
    apply(directory, Remove(entry=ZHANG))
    assert list(directory.intruders()) == []


def test_a_modification_reaches_its_goal_from_another_state_than_planned(pair: Pair) -> None:
    directory, hand = pair
    after = replace(ZHANG, name="张改名", thumbprint="", permissions=frozenset({"MGMT-DIST.TRADE.02"}))
    apply(directory, Create(entry=ZHANG))
    member = hand.dn(MANAGEMENT, "cy0001")
    hand.leave_by_hand(MANAGEMENT, "MGMT-DIST.REG.01", member)
    hand.join_by_hand(MANAGEMENT, "MGMT-DIST.TRADE.02", member)
    hand.change_by_hand(MANAGEMENT, "cy0001", "thumbprint", "")
    apply(directory, Modify(before=ZHANG, after=after))
    assert state_of(directory) == {"cy0001": after}


def test_a_modification_of_an_entry_that_is_gone_brings_it_back(pair: Pair) -> None:
    directory, _ = pair
    after = replace(ZHANG, name="张改名")
    apply(directory, Modify(before=ZHANG, after=after))
    assert state_of(directory) == {"cy0001": after}


@pytest.mark.parametrize("login", ["cy0001", "CY0001"])
def test_another_entry_of_the_same_login_is_a_conflict_and_stays(pair: Pair, login: str) -> None:
    directory, hand = pair
    other = replace(ZHANG, login=login, name="别人" if login == "cy0001" else ZHANG.name, permissions=frozenset())
    hand.add_by_hand(other)
    with pytest.raises(Conflict, match="cy0001"):
        apply(directory, Create(entry=ZHANG))
    assert state_of(directory) == {login: other}


# --- together or not at all ------------------------------------------------------------------------------------------


def test_an_entry_with_a_membership_that_fails_is_not_created(pair: Pair) -> None:
    directory, _ = pair
    broken = replace(person(2), permissions=frozenset({"MGMT-DIST.REG.01", "MGMT-DIST.NONE.99"}))
    applied: list[Change] = []
    with pytest.raises(NotSetUp, match=r"cy0002.*MGMT-DIST\.NONE\.99"):
        applied.extend(directory.apply([Create(entry=ZHANG), Create(entry=broken), Create(entry=LI)]))
    assert applied == [Create(entry=ZHANG), Create(entry=LI)]
    assert state_of(directory) == {"cy0001": ZHANG, "qy000001": LI}
    assert list(directory.intruders()) == []


def test_a_group_that_disappears_in_the_middle_is_told_and_leaves_nobody_with_more_than_he_may_have(
    on_slapd: LdapDirectory, hand_on_slapd: LdapHand
) -> None:
    list(on_slapd.set_up(PERMISSIONS))

    def changes() -> Iterator[Change]:
        yield Create(entry=LI)
        hand_on_slapd.connection.delete(hand_on_slapd.group(MANAGEMENT, "MGMT-DIST.REG.01"))
        yield Create(entry=ZHANG)

    with pytest.raises(Conflict, match="cy0001"):
        list(on_slapd.apply(changes()))
    there = state_of(on_slapd)
    assert there["qy000001"] == LI
    assert there["cy0001"].permissions <= ZHANG.permissions
    list(on_slapd.set_up(PERMISSIONS))
    apply(on_slapd, *make_plan([ZHANG, LI], there.values(), was_ours=lambda _: True).changes)
    assert state_of(on_slapd) == {"cy0001": ZHANG, "qy000001": LI}


@pytest.mark.parametrize("name", ["", "半个\ud842代理"])
def test_a_name_that_is_refused_is_told_with_the_login_and_stops_no_other(pair: Pair, name: str) -> None:
    directory, _ = pair
    with pytest.raises(InputError, match="cy0002") as raised:
        apply(directory, Create(entry=ZHANG), Create(entry=replace(person(2), name=name)), Create(entry=LI))
    assert "\n" not in str(raised.value)
    assert state_of(directory) == {"cy0001": ZHANG, "qy000001": LI}
    assert list(directory.intruders()) == []


def test_stopping_in_the_middle_leaves_whole_changes_and_the_rest_can_follow(pair: Pair) -> None:
    directory, _ = pair
    wanted = {f"cy{number:04d}": person(number) for number in range(1, 30)}
    changes = [Create(entry=entry) for entry in wanted.values()]
    running = iter(directory.apply(changes))
    seen = [next(running) for _ in range(7)]
    running.close()  # type: ignore[attr-defined]
    there = state_of(directory)
    assert {change.login for change in seen} <= set(there)
    assert all(there[login] == wanted[login] for login in there)
    plan = make_plan(wanted.values(), there.values(), was_ours=lambda _: True)
    apply(directory, *plan.changes)
    assert state_of(directory) == wanted


def test_two_thousand_are_created_changed_and_removed(pair: Pair) -> None:
    directory, _ = pair
    number = 2000
    before = [person(n) for n in range(1, number + 1)]
    after = [replace(e, thumbprint="", permissions=frozenset({"MGMT-DIST.TRADE.02"})) for e in before]
    assert len(apply(directory, *(Create(entry=e) for e in before))) == number
    assert state_of(directory) == {e.login: e for e in before}
    apply(directory, *(Modify(before=b, after=a) for b, a in zip(before, after, strict=True)))
    assert state_of(directory) == {e.login: e for e in after}
    assert {e.login: e for e in directory.entries([e.login for e in after])} == {e.login: e for e in after}
    apply(directory, *(Remove(entry=e) for e in after))
    assert state_of(directory) == {}
    assert list(directory.intruders()) == []


def test_one_bad_one_among_many_is_found_and_the_others_are_written(on_slapd: LdapDirectory) -> None:
    list(on_slapd.set_up(PERMISSIONS))
    bad = {77: "", 400: "", 401: ""}
    entries = [replace(person(n), name=bad.get(n, ZHANG.name)) for n in range(1, 501)]
    with pytest.raises(InputError, match=r"cy0077.*cy0400.*cy0401"):
        apply(on_slapd, *(Create(entry=e) for e in entries))
    assert len(state_of(on_slapd)) == 497


def test_when_hardly_anything_can_be_written_the_rest_is_not_tried(on_slapd: LdapDirectory) -> None:
    list(on_slapd.set_up(PERMISSIONS))
    entries = [replace(person(n), name="") for n in range(1, 501)] + [person(n) for n in range(501, 600)]
    with pytest.raises(InputError, match="20 项未写入"):
        apply(on_slapd, *(Create(entry=e) for e in entries))
    assert state_of(on_slapd) == {}


# --- by hand ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("name", "假名"),
        ("name", ""),
        ("state", "whatever"),
        ("state", ""),
        ("state", "suspended"),
        ("rank", ""),
        ("thumbprint", "ef" * 32),
        ("thumbprint", ""),
        ("district", "110101"),
        ("person_number", ""),
        ("unit_name", "别的单位"),
    ],
)
@pytest.mark.parametrize("state", [AccountState.ACTIVE, AccountState.SUSPENDED])
def test_what_was_changed_by_hand_shows_as_drift_and_is_put_right(
    pair: Pair, state: AccountState, name: str, value: str
) -> None:
    directory, hand = pair
    wanted = replace(ZHANG, state=state)
    apply(directory, Create(entry=wanted))
    hand.change_by_hand(MANAGEMENT, "cy0001", name, value)
    plan = make_plan([wanted], directory.entries(), was_ours=lambda _: True)
    if (name, value) == ("state", state.value):
        assert plan.is_empty
        return
    assert plan.counts() == {"modify": 1}
    apply(directory, *plan.changes)
    assert state_of(directory) == {"cy0001": wanted}


@pytest.mark.parametrize(
    "change",
    [
        {"objectClass": [(ldap3.MODIFY_DELETE, ["idpAccount"])]},
        {"idpUserClass": [(ldap3.MODIFY_REPLACE, ["enterprise"])]},
        {"uid": [(ldap3.MODIFY_ADD, ["admin"])]},
        {"cn": [(ldap3.MODIFY_ADD, ["第二个名字"])]},
        {"sn": [(ldap3.MODIFY_REPLACE, ["张"])]},
        {"employeeNumber": [(ldap3.MODIFY_REPLACE, ["P9"])]},
        {"idpThumbprint": [(ldap3.MODIFY_REPLACE, ["AB" * 32])]},
    ],
)
def test_what_was_spoilt_in_any_way_is_put_right(
    on_slapd: LdapDirectory, hand_on_slapd: LdapHand, change: dict[str, list[tuple[str, list[str]]]]
) -> None:
    list(on_slapd.set_up(PERMISSIONS))
    apply(on_slapd, Create(entry=ZHANG))
    if "objectClass" in change:  # with the class go its attributes
        gone = ("UserClass", "State", "Rank", "District", "UnitName", "UnitCode", "Thumbprint")
        change = {**change, **{f"idp{name}": [(ldap3.MODIFY_REPLACE, [])] for name in gone}}
    hand_on_slapd.connection.modify(hand_on_slapd.dn(MANAGEMENT, "cy0001"), change)
    plan = make_plan([ZHANG], on_slapd.entries(), was_ours=lambda _: True)
    assert plan.counts() == {"modify": 1}
    apply(on_slapd, *plan.changes)
    assert state_of(on_slapd) == {"cy0001": ZHANG}
    assert make_plan([ZHANG], on_slapd.entries(["cy0001"]), was_ours=lambda _: True).is_empty


def test_a_membership_that_was_given_by_hand_shows_as_drift_and_is_put_right(pair: Pair) -> None:
    directory, hand = pair
    apply(directory, Create(entry=ZHANG), Create(entry=LI))
    hand.join_by_hand(MANAGEMENT, "MGMT-DIST.TRADE.02", hand.dn(MANAGEMENT, "cy0001"))
    hand.join_by_hand(MANAGEMENT, "MGMT-DIST.TRADE.02", hand.dn(ENTERPRISE, "qy000001"))
    assert list(directory.intruders()) == []
    plan = make_plan([ZHANG, LI], directory.entries(), was_ours=lambda _: True)
    assert plan.counts() == {"modify": 2}
    apply(directory, *plan.changes)
    assert state_of(directory) == {"cy0001": ZHANG, "qy000001": LI}


def test_intruders_are_found_and_expelled(pair: Pair) -> None:
    directory, hand = pair
    apply(directory, Create(entry=ZHANG), Create(entry=replace(ZHANG, login="cy0002")))
    strangers = {
        f"cn=keycloak,ou=services,{SUFFIX}",
        "uid=nobody,ou=people,dc=elsewhere",
        hand.dn(MANAGEMENT, "cy9999"),
        f"uid=deep,{hand.dn(MANAGEMENT, 'cy0001')}",
    }
    for stranger in strangers:
        hand.join_by_hand(MANAGEMENT, "MGMT-DIST.REG.01", stranger)
    hand.remove_by_hand(MANAGEMENT, "cy0002")
    found = sorted(directory.intruders(), key=lambda i: (i.permission, i.member))
    gone = hand.dn(MANAGEMENT, "cy0002")
    assert {(i.permission, i.member) for i in found} == {
        *(("MGMT-DIST.REG.01", stranger) for stranger in strangers | {gone}),
        ("MGMT-DIST.TRADE.01", gone),
    }
    assert all(i.user_class is MANAGEMENT for i in found)
    for _ in range(2):
        assert apply(directory, *found) == found
    assert list(directory.intruders()) == []
    assert state_of(directory) == {"cy0001": ZHANG}


def test_to_expel_from_a_group_that_is_gone_is_no_error(pair: Pair) -> None:
    directory, _ = pair
    change = ExpelMember(user_class=MANAGEMENT, permission="MGMT-GONE", member="uid=x,dc=elsewhere")
    assert apply(directory, change) == [change]


def test_an_entry_that_somebody_added_is_read_as_it_is(pair: Pair) -> None:
    directory, hand = pair
    hand.add_by_hand(LI)
    assert state_of(directory) == {"qy000001": LI}


def test_an_entry_that_is_not_named_by_its_login_is_nobodys(on_slapd: LdapDirectory, hand_on_slapd: LdapHand) -> None:
    list(on_slapd.set_up(PERMISSIONS))
    branch = f"ou=management,ou=people,{SUFFIX}"
    hand_on_slapd.connection.add(f"cn=cy0001,{branch}", "inetOrgPerson", {"sn": "x", "uid": "cy0001"})
    hand_on_slapd.connection.add(f"ou=cy0002,{branch}", "organizationalUnit", {})
    assert set(state_of(on_slapd)) == {"cn=cy0001", "ou=cy0002"}
    plan = make_plan([], on_slapd.entries(), was_ours=lambda login: login == "cy0001")
    assert plan.is_empty
    assert {entry.login for entry in plan.foreign} == {"cn=cy0001", "ou=cy0002"}


def test_the_directory_may_be_changed_while_it_is_read(pair: Pair) -> None:
    directory, _ = pair
    apply(directory, *(Create(entry=person(number)) for number in range(1, 4)))
    for entry in directory.entries():
        apply(directory, Modify(before=entry, after=replace(entry, name="张改名")))
    assert {entry.name for entry in directory.entries()} == {"张改名"}


# --- the server ------------------------------------------------------------------------------------------------------


def test_a_huge_group_stays_cheap(on_slapd: LdapDirectory, hand_on_slapd: LdapHand) -> None:
    """20,000 members: 7 ms to add one, 22 ms to take one out, as values are kept sorted."""
    list(on_slapd.set_up(PERMISSIONS))
    group = hand_on_slapd.group(MANAGEMENT, "MGMT-DIST.TRADE.02")
    for start in range(0, 20_000, 2_000):
        members = [hand_on_slapd.dn(MANAGEMENT, f"zz{n:06d}") for n in range(start, start + 2_000)]
        hand_on_slapd.connection.modify(group, {"member": [(ldap3.MODIFY_ADD, members)]})
    entry = replace(ZHANG, permissions=frozenset({"MGMT-DIST.TRADE.02"}))
    began = time.perf_counter()
    for _ in range(10):
        apply(on_slapd, Create(entry=entry))
        apply(on_slapd, Remove(entry=entry))
    # 0.6 s alone on two cores; without an index or with values compared one by one it is many times that
    assert time.perf_counter() - began < 6
    assert sum(1 for _ in on_slapd.intruders()) == 20_000


def test_the_very_first_members_are_many_and_all_are_kept(tmp_path: Path) -> None:
    """With values of large attributes kept separately (olcDbMultival) a fresh slapd loses them, and reports success."""
    with running_slapd(tmp_path) as fresh, LdapDirectory(fresh.settings) as directory:
        list(directory.set_up(PERMISSIONS))
        wanted = {f"cy{number:04d}": person(number) for number in range(1, 301)}
        list(directory.apply(Create(entry=entry) for entry in wanted.values()))
        assert state_of(directory) == wanted


def test_a_lost_connection_is_opened_again(on_slapd: LdapDirectory) -> None:
    list(on_slapd.set_up(PERMISSIONS))
    on_slapd._session._connected().socket.shutdown(socket.SHUT_RDWR)
    assert apply(on_slapd, Create(entry=ZHANG)) == [Create(entry=ZHANG)]
    on_slapd._session._connected().socket.shutdown(socket.SHUT_RDWR)
    assert state_of(on_slapd) == {"cy0001": ZHANG}


class Line:
    """A line to the server that can be cut after so many bytes were sent."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.bytes_left = 1 << 40
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._serve)]
        self._threads[0].start()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(("localhost", self._target))
                self._open += [near, far]
                for pair in ((near, far), (far, near)):
                    thread = threading.Thread(target=self._carry, args=(*pair, pair[0] is near))
                    self._threads.append(thread)
                    thread.start()

    def _carry(self, source: socket.socket, sink: socket.socket, counted: bool) -> None:  # noqa: FBT001
        with suppress(OSError):
            while data := source.recv(4096):
                if counted:
                    data = data[: max(self.bytes_left, 0)]
                    self.bytes_left -= len(data)
                sink.sendall(data)
                if self.bytes_left <= 0:
                    break
            for end in (source, sink):
                end.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        for end in (self._listener, *self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join(timeout=10)


@contextmanager
def line_to(slapd: RunningSlapd) -> Iterator[Line]:
    line = Line(slapd.files.port)
    try:
        yield line
    finally:
        line.close()


@pytest.mark.parametrize("after", [100, 5_000, 30_000, 55_000, 62_000])
def test_when_the_line_is_cut_in_the_middle_a_rerun_finishes(
    slapd: RunningSlapd, on_slapd: LdapDirectory, after: int
) -> None:
    list(on_slapd.set_up(PERMISSIONS))
    wanted = {f"cy{number:04d}": person(number) for number in range(1, 121)}
    with line_to(slapd) as line:
        settings = slapd.settings.model_copy(update={"url": f"ldaps://localhost:{line.port}"})
        with LdapDirectory(settings) as directory:
            assert list(directory.entries()) == []
            line.bytes_left = after
            with pytest.raises(Unavailable):
                list(directory.apply(Create(entry=entry) for entry in wanted.values()))
    there = state_of(on_slapd)
    assert all(there[login].permissions <= wanted[login].permissions for login in there)
    plan = make_plan(wanted.values(), there.values(), was_ours=lambda _: True, intruders=on_slapd.intruders())
    list(on_slapd.apply(plan.changes))
    assert state_of(on_slapd) == wanted
    assert list(on_slapd.intruders()) == []


def with_file(settings: DirectorySettings, name: str, path: Path) -> DirectorySettings:
    return settings.model_copy(update={name: path})


def refused(settings: DirectorySettings) -> str:
    """What every method says, which is one line with the URL."""
    with LdapDirectory(settings) as directory:
        said = set()
        for act in (
            lambda: list(directory.entries()),
            lambda: list(directory.entries(["cy0001"])),
            lambda: list(directory.intruders()),
            lambda: list(directory.apply([Create(entry=ZHANG)])),
            lambda: list(directory.set_up(PERMISSIONS)),
        ):
            with pytest.raises(Unavailable) as raised:
                act()
            said.add(f"{type(raised.value).__name__} {raised.value}")
    (only,) = said
    assert settings.url in only
    assert "\n" not in only
    return only


def test_a_wrong_password_is_told(slapd: RunningSlapd, tmp_path: Path) -> None:
    wrong = tmp_path / "password"
    wrong.write_text("not-the-password\n", encoding="utf-8")
    said = refused(with_file(slapd.settings, "password_file", wrong))
    assert said.startswith(AccessDenied.__name__)
    assert "password_file" in said
    assert "not-the-password" not in said


def test_a_server_that_another_authority_vouches_for_is_refused(slapd: RunningSlapd, tmp_path: Path) -> None:
    said = refused(with_file(slapd.settings, "ca_file", make_tls_files(tmp_path).ca_file))
    assert "ca_file" in said


def test_a_server_under_another_name_than_its_certificate_is_refused(slapd: RunningSlapd) -> None:
    said = refused(slapd.settings.model_copy(update={"url": f"ldaps://127.0.0.2:{slapd.files.port}"}))
    assert "not trusted" in said or "nothing listens" in said


def test_a_missing_authority_file_is_told(slapd: RunningSlapd, tmp_path: Path) -> None:
    with (
        LdapDirectory(with_file(slapd.settings, "ca_file", tmp_path / "none.pem")) as directory,
        pytest.raises(NotSetUp, match=r"none\.pem"),
    ):
        list(directory.entries())


def test_a_server_that_is_down_is_told(slapd: RunningSlapd) -> None:
    said = refused(slapd.settings.model_copy(update={"url": f"ldaps://localhost:{free_port()}"}))
    assert "is the directory running?" in said


def test_a_server_that_hangs_is_told_in_time(slapd: RunningSlapd) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = slapd.settings.model_copy(
            update={"url": f"ldaps://localhost:{silent.getsockname()[1]}", "timeout": 0.2}
        )
        began = time.perf_counter()
        said = refused(settings)
        assert time.perf_counter() - began < 15
    assert "in time" in said


def test_a_server_that_falls_silent_is_told_in_time(slapd: RunningSlapd, on_slapd: LdapDirectory) -> None:
    list(on_slapd.set_up(PERMISSIONS))
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        LdapDirectory(slapd.settings.model_copy(update={"timeout": 1})) as directory,
    ):
        assert list(directory.entries()) == []
        connection = directory._session._connected()
        connection.socket.close()
        connection.socket = socket.create_connection(silent.getsockname(), timeout=1)
        with pytest.raises(Unavailable, match="in time"):
            list(directory.apply([Create(entry=ZHANG)]))


def test_nobody_gets_anything_without_authentication(slapd: RunningSlapd) -> None:
    connection = ldap3.Connection(server_of(slapd.settings), raise_exceptions=True)
    connection.open(read_server_info=False)
    with pytest.raises(LDAPOperationResult, match="inappropriateAuthentication"):
        connection.bind()
    for base in ("", SUFFIX, "cn=Subschema"):
        with pytest.raises(LDAPOperationResult, match="authentication required"):
            connection.search(base, "(objectClass=*)", "BASE")
    connection.unbind()


def test_plain_ldap_is_not_offered(slapd: RunningSlapd) -> None:
    server = ldap3.Server("localhost", port=slapd.files.port, get_info=ldap3.NONE, connect_timeout=2)
    settings = slapd.settings
    password = settings.password_file.read_text(encoding="utf-8").strip()
    connection = ldap3.Connection(server, settings.bind_dn, password, raise_exceptions=True, receive_timeout=2)
    with pytest.raises(Exception, match=r"error receiving data|session terminated|socket"):
        connection.bind()
    connection.strategy.close()


def test_keycloak_reads_people_and_permissions_and_nothing_else(slapd: RunningSlapd, on_slapd: LdapDirectory) -> None:
    list(on_slapd.set_up(PERMISSIONS))
    apply(on_slapd, Create(entry=ZHANG))
    with LdapDirectory(slapd.keycloak_settings) as keycloak:
        assert state_of(keycloak) == {"cy0001": ZHANG}
        for change in (Create(entry=LI), Modify(before=ZHANG, after=replace(ZHANG, name="x")), Remove(entry=ZHANG)):
            with pytest.raises(AccessDenied):
                apply(keycloak, change)
    assert state_of(on_slapd) == {"cy0001": ZHANG}
    administrator = administrator_of(slapd)
    person = f"uid=cy0001,ou=management,ou=people,{SUFFIX}"
    administrator.modify(person, {"userPassword": [(ldap3.MODIFY_REPLACE, ["x"])]})
    administrator.unbind()
    connection = connect(slapd.keycloak_settings)
    connection.search(person, "(objectClass=*)", "BASE", attributes=["*", "+"])
    assert "uid" in connection.response[0]["raw_attributes"]
    assert "userPassword" not in connection.response[0]["raw_attributes"]
    connection.search(f"ou=people,{SUFFIX}", "(userPassword=*)")
    assert connection.response == []
    with pytest.raises(LDAPOperationResult, match="noSuchObject"):
        connection.search(f"ou=services,{SUFFIX}", "(objectClass=*)")
    with pytest.raises(LDAPOperationResult):
        connection.search("cn=config", "(objectClass=*)")
    connection.unbind()


def test_our_own_account_sets_no_password_and_touches_no_service_account(
    on_slapd: LdapDirectory, hand_on_slapd: LdapHand
) -> None:
    list(on_slapd.set_up(PERMISSIONS))
    apply(on_slapd, Create(entry=ZHANG))
    with pytest.raises(LDAPInsufficientAccessRightsResult):
        hand_on_slapd.connection.modify(
            hand_on_slapd.dn(MANAGEMENT, "cy0001"), {"userPassword": [(ldap3.MODIFY_REPLACE, ["x"])]}
        )
    for dn in (f"cn=keycloak,ou=services,{SUFFIX}", f"ou=services,{SUFFIX}", SUFFIX):
        with pytest.raises(LDAPOperationResult, match=r"insufficientAccessRights|noSuchObject"):
            hand_on_slapd.connection.delete(dn)
    with pytest.raises(LDAPOperationResult, match=r"insufficientAccessRights|noSuchObject"):
        hand_on_slapd.connection.add(f"cn=evil,ou=services,{SUFFIX}", "applicationProcess", {})


def test_what_identities_carry(on_slapd: LdapDirectory, hand_on_slapd: LdapHand) -> None:
    """Never a password; names whole; operational attributes are ours to read."""
    list(on_slapd.set_up(PERMISSIONS))
    apply(on_slapd, Create(entry=ZHANG))
    hand_on_slapd.connection.search(hand_on_slapd.dn(MANAGEMENT, "cy0001"), "(uid=*)", "BASE", attributes=["*", "+"])
    (answer,) = hand_on_slapd.connection.response
    raw = answer["raw_attributes"]
    assert {name for name in raw if name.startswith("entry")} >= {"entryCSN", "entryUUID", "entryDN"}
    own = {name: values for name, values in raw.items() if name.startswith("idp") or name in Tree.__dict__}
    assert own == {
        "idpUserClass": [b"management"],
        "idpState": [b"active"],
        "idpRank": [b"district"],
        "idpDistrict": [b"110105"],
        "idpUnitName": ["虚构区房屋管理局".encode()],
        "idpUnitCode": ["虚构区房屋管理局".encode()],
        "idpThumbprint": [b"ab" * 32],
    }
    assert raw["cn"] == raw["sn"] == raw["displayName"] == ["张测试".encode()]
    assert raw["employeeNumber"] == [b"P000001"]
    assert not {"givenName", "userPassword"} & set(raw)


def test_a_suffix_that_is_not_there_is_told(slapd: RunningSlapd) -> None:
    settings = slapd.settings.model_copy(update={"suffix": "dc=elsewhere"})
    with LdapDirectory(settings) as directory, pytest.raises(NotSetUp, match="dc=elsewhere"):
        list(directory.set_up(PERMISSIONS))


def test_before_setting_up_there_is_nobody(on_slapd: LdapDirectory) -> None:
    for directory in (on_slapd, MemoryDirectory()):
        assert list(directory.entries()) == []
        assert list(directory.entries(["cy0001"])) == []
        assert list(directory.intruders()) == []
        with pytest.raises(NotSetUp, match="idp-sync init"):
            list(directory.apply([Create(entry=ZHANG)]))


def test_a_fake_that_is_told_to_be_down_is_down() -> None:
    directory = MemoryDirectory()
    directory.unavailable = Unavailable("目录未运行 / down")
    for act in (
        directory.entries,
        directory.intruders,
        lambda: directory.set_up(()),
        lambda: directory.apply([Create(entry=ZHANG)]),
    ):
        with pytest.raises(Unavailable):
            list(act())


_CHILD = """
import sys
from dataclasses import replace
from idp_sync.adapters.directory import LdapDirectory
from idp_sync.config import DirectorySettings
from idp_sync.domain.plan import Create
from tests.contract.test_directory import person
settings = DirectorySettings.model_validate_json(sys.argv[1])
for change in LdapDirectory(settings).apply(Create(entry=person(number)) for number in range(1, 5000)):
    print(change.login, flush=True)
"""


def test_when_we_are_killed_in_the_middle_the_server_lives_and_a_rerun_finishes(
    slapd: RunningSlapd, on_slapd: LdapDirectory
) -> None:
    """With transactions slapd died of this in 18 of 40 cases: docs/decisions/0004-directory.md."""
    list(on_slapd.set_up(PERMISSIONS))
    root = Path(__file__).parents[2]
    for _ in range(3):
        command = [sys.executable, "-c", _CHILD, slapd.settings.model_dump_json()]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline().startswith(b"cy")
            child.kill()
    assert slapd.files.is_running()
    there = list(on_slapd.entries())
    wanted = [person(int(entry.login[2:])) for entry in there]
    assert len(wanted) >= 500
    list(on_slapd.apply(make_plan(wanted, there, was_ours=lambda _: True).changes))
    assert state_of(on_slapd) == {entry.login: entry for entry in wanted}
