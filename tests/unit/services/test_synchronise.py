"""Directory and realms follow the register, whatever fails in the middle and whoever is faster."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

import pytest

from idp_sync.adapters.memory_directory import MemoryDirectory
from idp_sync.domain.application import State
from idp_sync.domain.directory_entry import DirectoryEntry
from idp_sync.domain.duty import DutyKind
from idp_sync.domain.errors import AccessDenied, InputError, NotCompetent, NotSetUp, Refused, Unavailable
from idp_sync.domain.key import RevocationReason
from idp_sync.domain.plan import Change
from idp_sync.domain.task import Task, TaskKind
from idp_sync.domain.unit import UserClass
from tests.builders import entry, id_number
from tests.house import CONFIGURES, MARKET, REGISTRATION, RESEARCH, SECURITY, House, person

DOWN = Unavailable("ldaps://ldap.invalid: down")
#: as it is when nobody meddles
APPLY = MemoryDirectory.apply
KEYCLOAK_DOWN = Unavailable("https://login.invalid: down")


def entries(office: House) -> dict[str, DirectoryEntry]:
    """What the directory holds, by login."""
    return {found.login: found for found in office.directory.entries()}


def pending(office: House) -> list[TaskKind]:
    """What the realms have still to be told."""
    with office.register.transaction(read_only=True) as tx:
        return [task.kind for task in tx.tasks.pending()]


def several(office: House, count: int) -> list[str]:
    """So many approved people, nobody of them in the directory yet."""
    return [
        office.decided(
            f"NEW-{n}", "A3", person(name=f"测试{'甲乙丙丁戊'[n]}", id_number=id_number(n + 1)), by=REGISTRATION
        )[0]
        for n in range(count)
    ]


def meddle(monkeypatch: pytest.MonkeyPatch, act: Callable[[Change], None], *, before: bool = False) -> None:
    """Something happens whenever a change has been (or is about to be) applied to the directory."""

    def apply_and_act(self: MemoryDirectory, changes: Iterable[Change]) -> Iterator[Change]:
        for change in changes:
            if before:
                act(change)
            yield from APPLY(self, [change])
            if not before:
                act(change)

    monkeypatch.setattr(MemoryDirectory, "apply", apply_and_act)


def refuse_some(monkeypatch: pytest.MonkeyPatch, refuse: Callable[[Change], None]) -> None:
    """The directory refuses some changes, and raises that when the others are done, as the port says."""

    def apply_the_others(self: MemoryDirectory, changes: Iterable[Change]) -> Iterator[Change]:
        refused: list[InputError] = []
        for change in changes:
            try:
                refuse(change)
            except InputError as error:
                refused.append(error)
            else:
                yield from APPLY(self, [change])
        if refused:
            raise refused[0]

    monkeypatch.setattr(MemoryDirectory, "apply", apply_the_others)


class TestSync:
    def test_what_was_approved_is_created_and_picked_up(self, office: House) -> None:
        (login,) = several(office, 1)
        synced = office.synchronise.sync(actor=office.who(CONFIGURES))
        assert synced.complete
        assert synced.changed
        assert [p.added for p in synced.picked_up] == [1]
        assert entries(office)[login].permissions == {"MGMT-DIST.REG.01"}
        assert [e.act for e in office.journal_of(login)] == ["account.open", "directory.create"]

    def test_a_second_one_changes_nothing(self, office: House) -> None:
        several(office, 2)
        office.sync()
        again = office.synchronise.sync(actor=office.who(CONFIGURES))
        assert again.complete
        assert not again.changed

    def test_progress_is_told(self, office: House) -> None:
        several(office, 3)
        told: list[tuple[int, int]] = []
        office.synchronise.sync(actor=office.who(CONFIGURES), progress=lambda done, of: told.append((done, of)))
        assert told == [(1, 3), (2, 3), (3, 3)]

    @pytest.mark.parametrize("who", [REGISTRATION, RESEARCH, SECURITY, "审计一@审计"])
    def test_only_the_information_centre_configures(self, office: House, who: str) -> None:
        several(office, 1)
        with pytest.raises(NotCompetent):
            office.synchronise.sync(actor=office.who(who))
        assert not entries(office)

    def test_who_reviews_does_not_configure(self, office: House) -> None:
        several(office, 1)
        with pytest.raises(Refused, match="who reviews does not configure"):
            office.synchronise.sync(actor=office.who("登记一@信息中心"))
        assert not entries(office)

    def test_what_others_did_behind_our_back_is_put_right_and_strangers_are_left_alone(self, office: House) -> None:
        (login,) = several(office, 1)
        office.sync()
        office.directory.add_by_hand(entry("zz9999", name="外人", permissions=frozenset({"MGMT-DIST.REG.02"})))
        office.directory.change_by_hand(UserClass.MANAGEMENT, login, "name", "冒名")
        office.directory.join_by_hand(UserClass.MANAGEMENT, "MGMT-DIST.REG.02", "cn=nobody,dc=example")
        plan = office.synchronise.plan()
        assert plan.counts() == {"modify": 1, "expel": 1}
        assert [f.login for f in plan.foreign] == ["zz9999"]
        office.sync()
        assert office.synchronise.plan().is_empty
        assert entries(office)[login].name == "测试甲"
        assert "zz9999" in entries(office)

    def test_the_directory_is_down(self, office: House) -> None:
        several(office, 1)
        office.directory.unavailable = DOWN
        with pytest.raises(Unavailable):
            office.synchronise.sync(actor=office.who(CONFIGURES))
        assert office.state("NEW-0") is State.APPROVED
        assert office.duties(kind=DutyKind.CONFIGURE)
        office.directory.unavailable = None
        office.sync()
        assert len(entries(office)) == 1
        assert not office.duties(kind=DutyKind.CONFIGURE)

    def test_the_directory_goes_down_in_the_middle(self, office: House, monkeypatch: pytest.MonkeyPatch) -> None:
        first, *others = several(office, 3)

        def go_down(change: Change) -> None:
            del change
            office.directory.unavailable = DOWN

        with monkeypatch.context() as patch:
            meddle(patch, go_down)
            with pytest.raises(Unavailable):
                office.synchronise.sync(actor=office.who(CONFIGURES))
        office.directory.unavailable = None
        assert list(entries(office)) == [first]
        assert [e.act for e in office.journal_of(first)] == ["account.open", "directory.create"]
        assert [e.act for e in office.journal_of(others[0])] == ["account.open"]
        assert pending(office) == [TaskKind.PICK_UP]
        office.sync()
        assert list(entries(office)) == [first, *others]
        assert pending(office) == []

    def test_ctrl_c_in_the_middle(self, office: House, monkeypatch: pytest.MonkeyPatch) -> None:
        first, second = several(office, 2)

        def interrupt(change: Change) -> None:
            if change.login == second:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            meddle(patch, interrupt, before=True)
            with pytest.raises(KeyboardInterrupt):
                office.synchronise.sync(actor=office.who(CONFIGURES))
        assert list(entries(office)) == [first]
        assert "directory.create" in [e.act for e in office.journal_of(first)]
        office.sync()
        assert list(entries(office)) == [first, second]

    def test_a_refused_change_stops_nobody_else(self, office: House, monkeypatch: pytest.MonkeyPatch) -> None:
        first, second = several(office, 2)

        def refuse(change: Change) -> None:
            if change.login == first:
                raise InputError(f"{first}: refused")

        with monkeypatch.context() as patch:
            refuse_some(patch, refuse)
            synced = office.synchronise.sync(actor=office.who(CONFIGURES))
        assert not synced.complete
        assert first in synced.problem
        assert list(entries(office)) == [second]
        assert [p.added for p in synced.picked_up] == [1]
        assert "directory.create" not in [e.act for e in office.journal_of(first)]
        assert office.duties(kind=DutyKind.CONFIGURE, login=first)

    def test_keycloak_is_down(self, office: House) -> None:
        several(office, 1)
        office.realms.unavailable = KEYCLOAK_DOWN
        synced = office.synchronise.sync(actor=office.who(CONFIGURES))
        assert not synced.complete
        assert [(t.kind, t.problem) for t in synced.tasks_left] == [(TaskKind.PICK_UP, str(KEYCLOAK_DOWN))]
        with office.register.transaction(read_only=True) as tx:
            assert [(t.attempts, t.problem) for t in tx.tasks.pending()] == [(1, str(KEYCLOAK_DOWN))]
        office.realms.unavailable = None
        assert office.synchronise.sync(actor=office.who(CONFIGURES)).picked_up[0].added == 1
        assert pending(office) == []

    def test_a_task_that_fails_otherwise_stops_none_of_the_others(
        self, office: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """E.g. the secret of one realm can't be read."""
        login = office.clerk()
        with office.register.transaction() as tx:
            tx.tasks.add(
                Task(kind=TaskKind.ENABLE, user_class=UserClass.ENTERPRISE, login="ent0001"),
                Task(kind=TaskKind.END_SESSIONS, user_class=UserClass.MANAGEMENT, login=login),
            )
        session = office.log_in(login)

        def unreadable(*_: object, **__: object) -> bool:
            raise NotSetUp("secret can't be read")

        monkeypatch.setattr(office.realms, "allow_login", unreadable)
        synced = office.synchronise.sync(actor=office.who(CONFIGURES))
        assert [t.kind for t in synced.tasks_left] == [TaskKind.ENABLE]
        assert not office.realms.is_open(session)


class TestARealmThatHangs:
    def test_is_waited_for_a_few_times_and_not_once_for_each_user(
        self, office: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        asked: list[str] = []

        def hang(_: UserClass, login: str) -> int:
            asked.append(login)
            raise KEYCLOAK_DOWN

        with office.register.transaction() as tx:
            for n in range(100):
                tx.tasks.add(Task(kind=TaskKind.END_SESSIONS, user_class=UserClass.MANAGEMENT, login=f"cy{n:04}"))
            tx.tasks.add(Task(kind=TaskKind.FORGET, user_class=UserClass.ENTERPRISE, login="ent0001"))
        with monkeypatch.context() as patch:
            patch.setattr(office.realms, "end_sessions", hang)
            synced = office.synchronise.sync(actor=office.who(CONFIGURES))
        assert asked == ["cy0000", "cy0001", "cy0002"]
        assert len(synced.tasks_left) == 100
        assert [task.login for task in synced.tasks_done] == ["ent0001"]
        assert office.synchronise.sync(actor=office.who(CONFIGURES)).complete
        assert pending(office) == []

    def test_failures_that_are_the_users_own_stop_nobody(self, office: House, monkeypatch: pytest.MonkeyPatch) -> None:
        asked: list[str] = []

        def refuse_every_other(_: UserClass, login: str) -> int:
            asked.append(login)
            if int(login[2:]) % 2:
                raise KEYCLOAK_DOWN
            return 0

        with office.register.transaction() as tx:
            for n in range(10):
                tx.tasks.add(Task(kind=TaskKind.END_SESSIONS, user_class=UserClass.MANAGEMENT, login=f"cy{n:04}"))
        monkeypatch.setattr(office.realms, "end_sessions", refuse_every_other)
        synced = office.synchronise.sync(actor=office.who(CONFIGURES))
        assert len(asked) == 10
        assert len(synced.tasks_left) == 5


class TestWhoIsFaster:
    def test_a_key_that_is_revoked_during_a_sync_is_not_bound_again_by_it(
        self, office: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The plan was made before the revocation, and its turn comes after it."""
        victim, other = several(office, 2)
        office.sync()
        office.directory.unavailable = DOWN
        for login in (victim, other):
            office.issue.issue(login, actor=office.who(RESEARCH), handed_to="持有人", deliver=lambda _: None)
        office.directory.unavailable = None
        number = office.account(victim).key_number or ""
        assert number

        def revoke(change: Change) -> None:
            with monkeypatch.context() as undone:
                undone.setattr(MemoryDirectory, "apply", APPLY)
                if change.login == victim and office.account(victim).key_number:
                    office.revoke.revoke(number, actor=office.who(SECURITY), reason=RevocationReason.KEY_COMPROMISE)

        for before in (True, False):
            with monkeypatch.context() as patch:
                meddle(patch, revoke, before=before)
                assert office.synchronise.sync(actor=office.who(CONFIGURES)).complete
            assert entries(office)[victim].thumbprint == ""
            assert entries(office)[other].thumbprint == office.account(other).thumbprint
            assert office.synchronise.plan().is_empty

    def test_what_changes_all_the_time_is_left_to_the_next_sync(
        self, office: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (login,) = several(office, 1)

        def rename(change: Change) -> None:
            account = office.account(change.login)
            with office.register.transaction() as tx:
                tx.accounts.save(replace(account, name=account.name + "·"))

        with monkeypatch.context() as patch:
            meddle(patch, rename)
            assert office.synchronise.sync(actor=office.who(CONFIGURES)).complete
        assert office.synchronise.plan().counts() == {"modify": 1}
        office.sync()
        assert entries(office)[login].name == office.account(login).name

    def test_who_is_closed_while_he_is_created_is_removed_again(
        self, office: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (login,) = several(office, 1)

        def withdraw(change: Change) -> None:
            if change.login == login and office.state("NEW-0") is State.APPROVED:
                office.lifecycle.withdraw("NEW-0", actor=office.who(REGISTRATION), reason="申请人撤回")

        with monkeypatch.context() as patch:
            meddle(patch, withdraw)
            office.synchronise.sync(actor=office.who(CONFIGURES))
        assert entries(office) == {}

    def test_two_syncs_at_once(self, office: House, monkeypatch: pytest.MonkeyPatch) -> None:
        logins = several(office, 2)

        def another(change: Change) -> None:
            if change.login == logins[0]:
                with monkeypatch.context() as undone:
                    undone.setattr(MemoryDirectory, "apply", APPLY)
                    office.sync()

        with monkeypatch.context() as patch:
            meddle(patch, another, before=True)
            assert office.synchronise.sync(actor=office.who(CONFIGURES)).complete
        assert list(entries(office)) == logins
        assert office.synchronise.plan().is_empty


class TestPush:
    def test_pushes_those_and_nobody_else(self, office: House) -> None:
        first, second = several(office, 2)
        office.sync()
        for login in (first, second):
            office.directory.change_by_hand(UserClass.MANAGEMENT, login, "name", "冒名")
        assert office.synchronise.push([second], actor=office.who(MARKET)).complete
        assert [entry.name for entry in office.directory.entries([first, second])] == [
            "冒名",
            office.account(second).name,
        ]

    def test_nobody_is_created_but_by_a_sync(self, office: House) -> None:
        """Only 信息中心 configures (Article 3): an issuer's push before the first sync opens nothing there."""
        (login,) = several(office, 1)
        pushed = office.synchronise.push([login], actor=office.who(RESEARCH))
        assert not pushed.plan.changes
        assert list(entries(office)) == []
        assert office.duties(kind=DutyKind.CONFIGURE, login=login)
        office.sync()
        assert list(entries(office)) == [login]

    def test_nobody(self, office: House) -> None:
        several(office, 1)
        synced = office.synchronise.push([], actor=office.who(CONFIGURES))
        assert synced.complete
        assert not synced.changed

    def test_a_directory_that_is_down_is_named(self, office: House) -> None:
        (login,) = several(office, 1)
        office.directory.unavailable = DOWN
        synced = office.synchronise.push([login], actor=office.who(CONFIGURES))
        assert synced.problem == str(DOWN)
        assert not synced.complete

    def test_sessions_end_again_when_the_directory_has_followed(
        self, office: House, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The directory refuses our password: until somebody mends that, the old thumbprint still opens a session."""

        def refuse(change: Change) -> None:
            raise AccessDenied(f"{change.login}: refuses our password")

        login = office.clerk()
        thumbprint = office.account(login).thumbprint or ""
        number = office.account(login).key_number or ""
        before = office.log_in(login)
        with monkeypatch.context() as patch:
            meddle(patch, refuse, before=True)
            revoke = office.revoke.revoke(number, actor=office.who(SECURITY), reason=RevocationReason.KEY_COMPROMISE)
        assert not office.realms.is_open(before)
        assert [t.kind for t in revoke.synced.tasks_left] == [TaskKind.END_SESSIONS]
        between = office.realms.log_in(UserClass.MANAGEMENT, "trading", thumbprint, at=office.clock.now())
        assert office.realms.is_open(between)
        office.sync()
        assert not office.realms.is_open(between)
        with pytest.raises(Refused):
            office.realms.log_in(UserClass.MANAGEMENT, "trading", thumbprint, at=office.clock.now())
        assert pending(office) == []
