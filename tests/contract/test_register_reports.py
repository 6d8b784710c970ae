"""What any register answers when a report is asked for; see test_register for the databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from idp_sync.adapters.register import SqlRegister
from idp_sync.config import RegisterSettings
from idp_sync.domain.account import AccountState
from idp_sync.domain.application import State
from idp_sync.domain.duty import Duty, DutyKind
from idp_sync.domain.journal import Entry
from idp_sync.domain.report import Approval, Grouped, Grouping, Holding
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Cut, Transaction
from tests.registers import BANK, ID_A, ID_B, NOON, WINDOW, Place, account, application, decision, record

ID_C = "110000199001019034"
REG1, REG2, GONE = "MGMT-DIST.REG.01", "MGMT-DIST.REG.02", "MGMT-DIST.OLD.01"
LATER = NOON + timedelta(days=1)
HAIDIAN = replace(WINDOW, name="虚构单位海淀区登记窗口", district="110108")


@pytest.fixture
def filled(register: SqlRegister) -> SqlRegister:
    """Two users of districts, a bank's, and one who is deregistered; two applications granted what they hold."""
    with register.transaction() as tx:
        people = (
            (account("cy0001", name="测试甲"), ID_A),
            (account("hd0001", name="测试乙", unit=HAIDIAN, permissions=frozenset({REG1, GONE})), ID_B),
            (account("qy000001", name="测试甲", unit=BANK, permissions=frozenset({"ENT-FIN.REG.01"})), ID_C),
        )
        for person, number in people:
            tx.accounts.open(replace(person, application="APP-1"), id_number=number)
        gone = account("cy0002", name="测试丁", state=AccountState.DEREGISTERED, application="APP-1")
        tx.accounts.open(gone, id_number="110000199001019042")
        logins = ("cy0001", "cy0002", "hd0001", "qy000001")
        tx.applications.add(
            record(
                state=State.CARRIED_OUT, decisions=(decision(), decision(office="market", at=LATER)), accounts=logins
            )
        )
        tx.applications.add(
            record(application("APP-2"), state=State.APPROVED, decisions=(decision("APP-2"),), accounts=("cy0001",))
        )
    return register


def _under(found: object) -> list[tuple[str, str]]:
    assert isinstance(found, list)
    assert all(isinstance(line, Grouped) for line in found)
    return [(line.group, line.account.login) for line in found]


def _who(found: object) -> list[tuple[str, str]]:
    assert isinstance(found, list)
    assert all(isinstance(held, Holding) for held in found)
    return [(held.permission, held.account.login) for held in found]


class TestGrants:
    """Each permission knows the application that granted it, and since when."""

    @staticmethod
    def _of(tx: Transaction) -> dict[str, tuple[str, object]]:
        return {held.permission: (held.application, held.since) for held in tx.reports.holdings(["cy0001"])}

    def test_opening_grants_by_the_application_that_opened(self, filled: SqlRegister) -> None:
        with filled.transaction(read_only=True) as tx:
            assert self._of(tx) == {REG1: ("APP-1", NOON), REG2: ("APP-1", NOON)}

    def test_only_what_is_new_is_granted_by_the_change(self, filled: SqlRegister) -> None:
        with filled.transaction() as tx:
            changed = replace(tx.accounts.get("cy0001"), permissions=frozenset({REG2, GONE}))
            tx.accounts.save(changed, application="APP-2", at=LATER)
            assert tx.accounts.get("cy0001") == changed
            assert self._of(tx) == {REG2: ("APP-1", NOON), GONE: ("APP-2", LATER)}

    def test_what_is_given_back_keeps_its_source(self, filled: SqlRegister) -> None:
        with filled.transaction() as tx:
            whole = tx.accounts.get("cy0001")
            tx.accounts.save(replace(whole, permissions=frozenset({GONE})), application="APP-2", at=LATER)
            tx.accounts.save(whole, at=LATER)
            assert self._of(tx) == {REG1: ("APP-1", LATER), REG2: ("APP-1", LATER)}
            # what an application grants anew comes from that application
            tx.accounts.save(replace(whole, permissions=frozenset()), at=LATER)
            tx.accounts.save(whole, application="APP-2", at=LATER)
            assert self._of(tx) == {REG1: ("APP-2", LATER), REG2: ("APP-2", LATER)}

    def test_undone_it_is_as_it_was(self, filled: SqlRegister) -> None:
        with filled.transaction() as tx:
            whole = tx.accounts.get("cy0001")
            tx.accounts.save(replace(whole, permissions=frozenset()), application="APP-2", at=LATER)
            assert self._of(tx) == {}
            tx.accounts.save(replace(whole, permissions=frozenset({REG1, GONE})))
            assert self._of(tx) == {REG1: ("APP-1", NOON), GONE: ("APP-1", NOON)}


class TestUsers:
    def test_by_unit(self, filled: SqlRegister) -> None:
        with filled.transaction(read_only=True) as tx:
            found = tx.reports.users(Grouping.UNIT)
            assert _under(found) == [
                (BANK.name, "qy000001"),
                (WINDOW.name, "cy0001"),
                (HAIDIAN.name, "hd0001"),
            ]
            assert found[0].account == tx.accounts.get("qy000001")
            assert _under(tx.reports.users(Grouping.UNIT, of="海淀")) == [(HAIDIAN.name, "hd0001")]
            assert _under(tx.reports.users(Grouping.UNIT, of="%")) == []

    def test_by_permission(self, filled: SqlRegister) -> None:
        with filled.transaction(read_only=True) as tx:
            assert _under(tx.reports.users(Grouping.PERMISSION)) == [
                ("ENT-FIN.REG.01", "qy000001"),
                (GONE, "hd0001"),
                (REG1, "cy0001"),
                (REG1, "hd0001"),
                (REG2, "cy0001"),
            ]
            assert _under(tx.reports.users(Grouping.PERMISSION, of=REG2)) == [(REG2, "cy0001")]

    def test_by_district(self, filled: SqlRegister) -> None:
        with filled.transaction(read_only=True) as tx:
            assert _under(tx.reports.users(Grouping.DISTRICT)) == [("110105", "cy0001"), ("110108", "hd0001")]
            assert _under(tx.reports.users(Grouping.DISTRICT, of="110108")) == [("110108", "hd0001")]

    def test_by_the_office_that_approved(self, filled: SqlRegister) -> None:
        everybody = ["cy0001", "hd0001", "qy000001"]
        with filled.transaction(read_only=True) as tx:
            # APP-2 granted nothing that anybody holds
            found = _under(tx.reports.users(Grouping.OFFICE))
            assert found == [(office, login) for office in ("market", "registration") for login in everybody]
            assert _under(tx.reports.users(Grouping.OFFICE, of="market")) == [("market", login) for login in everybody]
            assert tx.reports.users(Grouping.OFFICE)[0].application == "APP-1"

    def test_an_approval_of_an_earlier_version_counts_no_more(self, filled: SqlRegister) -> None:
        with filled.transaction() as tx:
            tx.applications.amend(record(state=State.CARRIED_OUT), expected=State.CARRIED_OUT, version=1)
            assert tx.reports.users(Grouping.OFFICE) == []
            assert tx.reports.approvals(["APP-1"]) == {}

    @pytest.mark.parametrize("by", Grouping)
    def test_pages_join_without_a_gap(self, filled: SqlRegister, by: Grouping) -> None:
        with filled.transaction(read_only=True) as tx:
            whole = tx.reports.users(by)
            pages = [tx.reports.users(by, cut=Cut(skip=skip, limit=2)) for skip in range(0, len(whole) + 1, 2)]
        assert [line for page in pages for line in page] == whole


class TestHolders:
    def test_of_a_permission_in_a_district(self, filled: SqlRegister) -> None:
        with filled.transaction(read_only=True) as tx:
            assert _who(tx.reports.holders([REG1])) == [(REG1, "cy0001"), (REG1, "hd0001")]
            assert _who(tx.reports.holders([REG1, GONE])) == [(GONE, "hd0001"), (REG1, "cy0001"), (REG1, "hd0001")]
            assert _who(tx.reports.holders([REG1], district="110108")) == [(REG1, "hd0001")]
            assert _who(tx.reports.holders([REG1], cut=Cut(skip=1, limit=1))) == [(REG1, "hd0001")]
            (held,) = tx.reports.holders([GONE])
            assert (held.account, held.application, held.since) == (tx.accounts.get("hd0001"), "APP-1", NOON)

    def test_every_code_that_is_held(self, filled: SqlRegister) -> None:
        with filled.transaction(read_only=True) as tx:
            assert tx.reports.held_codes() == ("ENT-FIN.REG.01", GONE, REG1, REG2)

    def test_in_an_empty_register(self, register: SqlRegister) -> None:
        with register.transaction(read_only=True) as tx:
            assert tx.reports.held_codes() == ()
            assert tx.reports.open_duties() == tx.reports.waiting() == tx.reports.users(Grouping.UNIT) == []

    def test_a_person_by_login_or_name(self, filled: SqlRegister) -> None:
        with filled.transaction(read_only=True) as tx:
            assert tx.reports.named("hd0001") == (tx.accounts.get("hd0001"),)
            assert [a.login for a in tx.reports.named("测试甲")] == ["cy0001", "qy000001"]
            assert [a.login for a in tx.reports.named("测试丁")] == ["cy0002"]
            assert tx.reports.named("无此人") == ()
            assert _who(tx.reports.holdings(["qy000001", "cy0002", "cy0001"])) == [
                (REG1, "cy0001"),
                (REG2, "cy0001"),
                ("ENT-FIN.REG.01", "qy000001"),
            ]

    def test_who_approved(self, filled: SqlRegister) -> None:
        by = Approval(office="registration", actor="测试审核员", at=NOON)
        with filled.transaction(read_only=True) as tx:
            assert tx.reports.approvals(["APP-1", "APP-2", "APP-3"]) == {
                "APP-1": (by, replace(by, office="market", at=LATER)),
                "APP-2": (by,),
            }


class TestTasksAndActs:
    def test_duties_that_are_open_oldest_first(self, register: SqlRegister) -> None:
        def duty(login: str, days: int) -> Duty:
            since = NOON + timedelta(days=days)
            return Duty(kind=DutyKind.ISSUE_KEY, user_class=UserClass.MANAGEMENT, since=since, login=login)

        with register.transaction() as tx:
            tx.duties.add(duty("c", 3), duty("a", 1), duty("b", 2), duty("done", 0))
            tx.duties.settle([d for d in tx.duties.open() if d.login == "done"], at=LATER)
            assert [d.login for d in tx.reports.open_duties()] == ["a", "b", "c"]
            assert [d.login for d in tx.reports.open_duties(limit=2)] == ["a", "b"]

    def test_applications_that_wait_for_their_review(self, register: SqlRegister) -> None:
        states = (State.UNDER_REVIEW, State.RETURNED, State.RECEIVED, State.APPROVED, State.UNDER_REVIEW)
        with register.transaction() as tx:
            for number, state in enumerate(states):
                at = NOON + timedelta(hours=number)
                tx.applications.add(record(application(f"APP-{number}"), state=state, imported_at=at))
            found = tx.reports.waiting()
            assert [(w.number, w.unit_name, w.since) for w in found] == [
                (f"APP-{number}", WINDOW.name, NOON + timedelta(hours=number)) for number in (0, 2, 4)
            ]
            assert tx.reports.waiting(limit=2) == found[:2]

    def test_acts_of_a_period(self, register: SqlRegister) -> None:
        entries = [
            Entry(
                at=NOON + timedelta(hours=hour),
                actor="测试员",
                office="audit",
                act="key.stock",
                subject=str(hour),
                article="第九条",
            )
            for hour in range(5)
        ]
        with register.transaction() as tx:
            for entry in entries:
                tx.journal.write(entry)
            since, before = entries[1].at, entries[4].at
            assert tx.reports.acts(since=since, before=before) == entries[1:4]
            assert tx.reports.acts(since=since, before=before, cut=Cut(skip=1, limit=1)) == entries[2:3]


class TestIndexes:
    """A first page ends early: nothing is read whole, and nothing is sorted but what stands under one heading."""

    FIRST = Cut(limit=51)
    ASKED: dict[str, Callable[[Transaction], object]] = {  # noqa: RUF012 - a table
        "unit": lambda tx: tx.reports.users(Grouping.UNIT, cut=TestIndexes.FIRST),
        "permission": lambda tx: tx.reports.users(Grouping.PERMISSION, cut=TestIndexes.FIRST),
        "district": lambda tx: tx.reports.users(Grouping.DISTRICT, cut=TestIndexes.FIRST),
        "office": lambda tx: tx.reports.users(Grouping.OFFICE, cut=TestIndexes.FIRST),
        "holders": lambda tx: tx.reports.holders([REG1], cut=TestIndexes.FIRST),
        "holders in a district": lambda tx: tx.reports.holders([REG1], district="110105", cut=TestIndexes.FIRST),
        "codes": lambda tx: tx.reports.held_codes(),
        "approvals": lambda tx: tx.reports.approvals(["APP-1"]),
        "duties": lambda tx: tx.reports.open_duties(limit=51),
        "waiting": lambda tx: tx.reports.waiting(limit=51),
        "acts": lambda tx: tx.reports.acts(since=NOON, before=LATER, cut=TestIndexes.FIRST),
    }
    #: what is read in the order of an index, as far as the limit
    IN_ORDER = frozenset(
        {
            "SCAN account_permission USING INDEX ix_account_permission_held",
            "SCAN decision USING INDEX ix_decision_office_application",
            "SCAN duty USING INDEX ix_duty_open_since",
        }
    )

    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        """SQLite always: PostgreSQL reads a table of one row whole, whatever indexes there are."""
        url = f"sqlite:///{tmp_path / 'register.db'}"
        return Place(RegisterSettings(url=url, key_file=tmp_path / "register.key"))

    @pytest.mark.parametrize("asked", ASKED)
    def test_a_first_page_walks_an_index(self, place: Place, filled: SqlRegister, asked: str) -> None:
        seen: list[tuple[str, tuple[object, ...]]] = []
        with filled.transaction(read_only=True) as tx:
            event.listen(
                filled._database.engine, "before_cursor_execute", lambda *args: seen.append((args[2], args[3]))
            )
            self.ASKED[asked](tx)
        assert seen
        plans = [step for sql, values in seen for step in place.plan_of(sql, values)]
        assert {step for step in plans if step.startswith("SCAN")} <= self.IN_ORDER
        assert not [step for step in plans if step == "USE TEMP B-TREE FOR ORDER BY"]
