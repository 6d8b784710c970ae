"""The half-yearly cleaning: by evidence, plan first, and nobody is suspended by a mistake in the evidence."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp_sync.adapters.memory_realms import MemoryRealms
from idp_sync.domain.account import AccountState
from idp_sync.domain.errors import NotCompetent, NotSetUp, Refused, Unavailable
from idp_sync.domain.idleness import SweepPlan
from idp_sync.domain.task import TaskKind
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Recording
from idp_sync.services.sweep import Suspended
from tests.builders import id_number
from tests.house import CONFIGURES, REGISTRATION, RESEARCH, SECURITY, House, person

DOWN = Unavailable("down")


def plan(office: House) -> SweepPlan:
    """The evidence is read, and a plan made."""
    tuple(office.sweep.collect())
    return office.sweep.plan()


def apply(office: House, made: SweepPlan, *, by: str = CONFIGURES, in_spite_of: str = "") -> Suspended:
    """A plan is applied."""
    return office.sweep.apply(made, actor=office.who(by), in_spite_of=in_spite_of)


def switch_recording_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody switches the recording of logins off in Keycloak."""
    monkeypatch.setattr(MemoryRealms, "recording", lambda *_: Recording(enabled=False, kept_for=None))


@pytest.fixture(name="idle")
def somebody_idle(office: House) -> str:
    """A clerk who has not logged in for half a year since the key was handed over; his login."""
    login = office.clerk()
    office.pass_time(days=200)
    return login


def test_who_never_logged_in_is_suspended_and_nothing_is_deleted(office: House, idle: str) -> None:
    before = office.account(idle)
    made = plan(office)
    assert [(i.account.login, i.holes) for i in made.idle] == [(idle, ())]
    assert made.obstacles == ()
    done = apply(office, made)
    assert done.synced.complete
    after = office.account(idle)
    assert after == replace(before, state=AccountState.SUSPENDED, suspended_at=office.clock.now())
    (entry,) = office.directory.entries([idle])
    assert (entry.state, entry.thumbprint, entry.permissions) == (AccountState.SUSPENDED, "", before.permissions)
    with pytest.raises(Refused):
        office.log_in(idle)
    assert office.journal_of(idle)[-2].act == "account.suspend"


def test_looking_changes_nothing(office: House, idle: str) -> None:
    assert plan(office) == plan(office)
    assert office.account(idle).state is AccountState.ACTIVE


def test_who_logged_in_is_left_alone(office: House, idle: str) -> None:
    office.log_in(idle)
    assert plan(office).idle == ()


def test_who_logs_in_between_plan_and_application_is_left_alone(office: House, idle: str) -> None:
    made = plan(office)
    office.log_in(idle)
    assert apply(office, made).idle == ()
    assert office.account(idle).state is AccountState.ACTIVE


def test_who_changed_between_plan_and_application_is_left_alone(office: House, idle: str) -> None:
    made = plan(office)
    with office.register.transaction() as tx:
        tx.accounts.save(replace(tx.accounts.get(idle), name="测试新甲"))
    assert apply(office, made).idle == ()


def test_two_sweeps_at_once_suspend_once(office: House, idle: str) -> None:
    one, other = plan(office), plan(office)
    assert len(apply(office, one).idle) == 1
    assert apply(office, other).idle == ()
    assert [e.act for e in office.journal_of(idle)].count("account.suspend") == 1


@pytest.mark.parametrize("who", [REGISTRATION, RESEARCH, SECURITY])
def test_only_the_information_centre_sweeps(office: House, idle: str, who: str) -> None:
    with pytest.raises(NotCompetent):
        apply(office, plan(office), by=who)
    assert office.account(idle).state is AccountState.ACTIVE


def test_more_than_the_set_share_is_refused_unless_somebody_says_why(office: House) -> None:
    office.issue.take_into_stock(UserClass.MANAGEMENT, 10, actor=office.who(RESEARCH))
    for n in range(6):
        (login,) = office.decided(
            f"A-{n}", "A3", person(name=f"测试{'甲乙丙丁戊己'[n]}", id_number=id_number(n + 1)), by=REGISTRATION
        )
        office.sync()
        office.issue_key(login)
    office.pass_time(days=200)
    made = plan(office)
    assert len(made.obstacles) == 1
    for reason in ("", " ", "\t\n"):
        with pytest.raises(Refused, match="more than the set share"):
            apply(office, made, in_spite_of=reason)
    assert len(apply(office, made, in_spite_of="核对过名单").idle) == 6
    assert {e.detail["in_spite_of"] for e in office.journal_of("cy0001") if e.act == "account.suspend"} == {
        "核对过名单"
    }


def test_a_clock_that_went_back_is_an_obstacle(office: House, idle: str) -> None:
    apply(office, plan(office))
    office.pass_time(days=-1)
    assert any("clock" in obstacle for obstacle in plan(office).obstacles)
    assert office.account(idle).state is AccountState.SUSPENDED


class TestGapsInTheEvidence:
    @pytest.mark.parametrize("noticed_by", ["collect", "init"])
    def test_recording_that_was_off_for_a_while_leaves_a_hole(
        self, office: House, idle: str, monkeypatch: pytest.MonkeyPatch, noticed_by: str
    ) -> None:
        """He may well have logged in while nobody wrote it down."""
        plan(office)
        with monkeypatch.context() as off:
            switch_recording_off(off)
            office.pass_time(days=30)
            if noticed_by == "collect":
                assert [c.span for c in office.sweep.collect()] == [None, None]
            else:
                office.sweep.notice_gaps(actor=office.who(CONFIGURES))
        office.pass_time(days=1)
        list(office.set_up.set_up(actor=office.who(CONFIGURES)))
        office.pass_time(days=1)
        made = plan(office)
        assert [len(i.holes) for i in made.idle] == [1]
        with pytest.raises(Refused, match="holes"):
            apply(office, made)
        assert office.account(idle).state is AccountState.ACTIVE

    def test_setting_up_again_leaves_what_is_covered_as_it_is(self, office: House, idle: str) -> None:
        for _ in range(2):
            list(office.set_up.set_up(actor=office.who(CONFIGURES)))
        assert [i.holes for i in plan(office).idle] == [()]
        assert [e.act for e in office.journal_of("keycloak:management")] == ["evidence.begin"]
        assert idle

    def test_events_that_are_gone_before_they_are_read_leave_a_hole(self, office: House, idle: str) -> None:
        office.realms._kept_for = 30 * 86_400
        assert [len(i.holes) for i in plan(office).idle] == [1]
        assert idle

    def test_a_reading_that_is_cut_short_covers_nothing(
        self, office: House, idle: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def cut_short(*_: object, **__: object) -> object:
            raise DOWN

        with monkeypatch.context() as patch:
            patch.setattr(office.realms, "login_events", cut_short)
            with pytest.raises(Unavailable):
                plan(office)
        assert [len(i.holes) for i in office.sweep.plan().idle] == [1]
        assert [i.holes for i in plan(office).idle] == [()]
        assert idle


def test_keycloak_is_down_while_the_plan_is_applied(office: House, idle: str) -> None:
    made = plan(office)
    office.realms.unavailable = DOWN
    with pytest.raises(Unavailable):  # who has logged in since can't be asked for
        apply(office, made)
    assert office.account(idle).state is AccountState.ACTIVE


def test_the_directory_is_down_while_the_plan_is_applied(office: House, idle: str) -> None:
    made = plan(office)
    office.directory.unavailable = DOWN
    done = apply(office, made)
    assert not done.synced.complete
    assert office.account(idle).state is AccountState.SUSPENDED
    office.directory.unavailable = None
    office.sync()
    assert [e.thumbprint for e in office.directory.entries([idle])] == [""]
    with office.register.transaction(read_only=True) as tx:
        assert tx.tasks.pending() == ()


class TestRestore:
    @pytest.fixture(name="suspended")
    def somebody_suspended(self, office: House, idle: str) -> str:
        """A clerk who was suspended; his login."""
        apply(office, plan(office))
        return idle

    def restore(self, office: House, login: str, *, by: str = RESEARCH, check: str = "回拨单位电话") -> bool:
        return office.restore.restore(login, actor=office.who(by), identity_check=check).synced.complete

    def test_permissions_and_key_are_as_they_were_and_the_half_year_starts_anew(
        self, office: House, suspended: str
    ) -> None:
        before = office.account(suspended)
        assert self.restore(office, suspended)
        assert office.account(suspended) == replace(
            before, state=AccountState.ACTIVE, suspended_at=None, restored_at=office.clock.now()
        )
        assert office.realms.is_open(office.log_in(suspended))
        office.pass_time(days=90)
        assert plan(office).idle == ()

    @pytest.mark.parametrize("who", [CONFIGURES, REGISTRATION, SECURITY])
    def test_only_the_research_centre_restores(self, office: House, suspended: str, who: str) -> None:
        with pytest.raises(NotCompetent):
            self.restore(office, suspended, by=who)
        assert office.account(suspended).state is AccountState.SUSPENDED

    @pytest.mark.parametrize("check", ["", " ", "\n\t　"])
    def test_that_the_person_was_identified_is_said(self, office: House, suspended: str, check: str) -> None:
        with pytest.raises(Refused, match="identity"):
            self.restore(office, suspended, check=check)

    def test_who_is_not_suspended_is_not_restored(self, office: House, suspended: str) -> None:
        self.restore(office, suspended)
        with pytest.raises(Refused, match="not suspended"):
            self.restore(office, suspended)

    @pytest.mark.parametrize("server", ["directory", "realms"])
    def test_a_server_that_is_down_is_told_later(self, office: House, suspended: str, server: str) -> None:
        getattr(office, server).unavailable = DOWN
        assert not self.restore(office, suspended)
        assert office.account(suspended).state is AccountState.ACTIVE
        getattr(office, server).unavailable = None
        office.sync()
        assert office.realms.is_open(office.log_in(suspended))

    def test_whom_keycloak_was_never_told_to_disable_is_not_disabled_afterwards(self, office: House, idle: str) -> None:
        made = plan(office)
        office.realms.login_events(UserClass.MANAGEMENT, since=office.clock.now())
        office.directory.unavailable = DOWN  # the realm can't look anybody up then
        apply(office, made)
        office.directory.unavailable = None
        assert self.restore(office, idle)
        with office.register.transaction(read_only=True) as tx:
            assert TaskKind.DISABLE not in [task.kind for task in tx.tasks.pending()]
        assert office.realms.is_open(office.log_in(idle))


class TestSettingUp:
    def test_again_changes_nothing(self, office: House) -> None:
        steps = list(office.set_up.set_up(actor=office.who(CONFIGURES)))
        assert len(steps) > 50
        assert [step.what for step in steps if step.changed] == []

    @pytest.mark.parametrize("who", [REGISTRATION, RESEARCH, SECURITY])
    def test_only_the_information_centre_sets_up(self, office: House, who: str) -> None:
        with pytest.raises(NotCompetent):
            list(office.set_up.set_up(actor=office.who(who)))

    @pytest.mark.parametrize("server", ["directory", "realms"])
    def test_what_was_cut_short_is_finished_by_the_next_run(self, office: House, server: str) -> None:
        getattr(office, server).unavailable = DOWN
        with pytest.raises(Unavailable):
            list(office.set_up.set_up(actor=office.who(CONFIGURES)))
        getattr(office, server).unavailable = None
        assert not any(step.changed for step in office.set_up.set_up(actor=office.who(CONFIGURES)))

    def test_a_realm_that_can_not_be_asked_hides_nothing(self, office: House, monkeypatch: pytest.MonkeyPatch) -> None:
        def unreadable(*_: object) -> Recording:
            raise NotSetUp("secret can't be read")

        monkeypatch.setattr(MemoryRealms, "recording", unreadable)
        with pytest.raises(NotSetUp):
            list(office.set_up.set_up(actor=office.who(CONFIGURES)))
