"""What any register promises of units, duties, amendments and searches; see test_register for the databases."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event

from idp_sync.adapters.register import SqlRegister
from idp_sync.adapters.register.statements import PAGE
from idp_sync.config import RegisterSettings
from idp_sync.domain.account import AccountState
from idp_sync.domain.application import Form, Row, State
from idp_sync.domain.duty import Duty, DutyKind
from idp_sync.domain.errors import Conflict, NotFound
from idp_sync.domain.finding import Code, Finding, Outcome
from idp_sync.domain.unit import Contact, Level, RegisteredUnit, Unit, UnitState, UserClass
from idp_sync.ports import Transaction
from tests.registers import BANK, ID_A, ID_B, NOON, WINDOW, Place, account, application, decision, record

LATER = NOON + timedelta(days=1)


def registered(number: str = "U000001", unit: Unit = WINDOW, **changes: object) -> RegisteredUnit:
    return RegisteredUnit(number=number, unit=unit, **changes)  # type: ignore[arg-type]


class TestUnits:
    @pytest.mark.parametrize("unit", [WINDOW, BANK, replace(WINDOW, level=Level.CITY, district=None)])
    def test_it_comes_back_as_it_was_registered(self, register: SqlRegister, unit: Unit) -> None:
        contact = Contact(name="测试联系人", phone="010-00000000", email="a@example.org", address="虚构路1号")
        whole = registered(unit=unit, state=UnitState.MERGED, contact=contact, merged_into="U000002")
        with register.transaction() as tx:
            tx.units.add(whole)
        with register.transaction(read_only=True) as tx:
            assert tx.units.get("U000001") == tx.units.find(unit) == whole

    def test_it_is_found_by_class_and_identity(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.units.add(registered("U000001", WINDOW))
            tx.units.add(registered("U000002", BANK))
            # what is written about an enterprise may differ; its organisation code says who it is
            assert tx.units.find(replace(BANK, name="虚构银行股份有限公司", credit_code=None)) == registered(
                "U000002", BANK
            )
            assert tx.units.find(replace(WINDOW, district="110108")) is None
            assert tx.units.find(replace(BANK, organisation_code="11111111X")) is None

    def test_unknown_and_taken_ones(self, register: SqlRegister) -> None:
        haidian = replace(WINDOW, district="110108")
        with register.transaction() as tx:
            for act in (tx.units.get, lambda number: tx.units.save(registered(number))):
                with pytest.raises(NotFound, match="U000001"):
                    act("U000001")
            tx.units.add(registered("U000001", WINDOW))
            with pytest.raises(Conflict, match="U000001"):
                tx.units.add(registered("U000001", haidian))
            with pytest.raises(Conflict, match="U000002"):
                tx.units.add(registered("U000002", WINDOW))
            tx.units.add(registered("U000002", haidian))
            with pytest.raises(Conflict, match="U000002"):
                tx.units.save(registered("U000002", WINDOW))
        with register.transaction() as tx:  # what was refused left the rest as it was
            assert list(tx.units.all()) == [registered("U000001", WINDOW), registered("U000002", haidian)]

    def test_saving_writes_what_changed(self, register: SqlRegister) -> None:
        moved = registered(
            unit=replace(WINDOW, name="虚构单位海淀区登记窗口", district="110108"),
            contact=Contact(phone="010-11111111"),
        )
        with register.transaction() as tx:
            tx.units.add(registered())
            tx.units.save(moved)
        with register.transaction() as tx:
            assert tx.units.get("U000001") == tx.units.find(moved.unit) == moved
            assert tx.units.find(WINDOW) is None

    def test_all_come_by_number_or_those_in_one_state(self, register: SqlRegister) -> None:
        many = [registered(f"U{i:06}", replace(WINDOW, name=f"虚构单位{i}")) for i in range(PAGE + 20)]
        closed = registered("U900000", BANK, state=UnitState.CLOSED)
        with register.transaction() as tx:
            for unit in reversed([*many, closed]):
                tx.units.add(unit)
        with register.transaction(read_only=True) as tx:
            assert list(tx.units.all()) == [*many, closed]
            assert list(tx.units.all(state=UnitState.ACTIVE)) == many
            assert list(tx.units.all(state=UnitState.CLOSED)) == [closed]
            assert list(tx.units.all(state=UnitState.MERGED)) == []


class TestAccountsOfAUnit:
    def test_they_are_found_however_the_unit_was_written(self, register: SqlRegister) -> None:
        renamed = replace(BANK, name="虚构银行股份有限公司")
        with register.transaction() as tx:
            tx.accounts.open(account("qy000003", unit=BANK), id_number="3")
            tx.accounts.open(account("qy000001", unit=renamed), id_number="1")
            tx.accounts.open(account("qy000002", unit=BANK, state=AccountState.SUSPENDED), id_number="2")
            tx.accounts.open(account("qy000004", unit=BANK, state=AccountState.DEREGISTERED), id_number="4")
            tx.accounts.open(account("cy0001", unit=WINDOW), id_number="5")
        with register.transaction(read_only=True) as tx:
            found = list(tx.accounts.of_unit(BANK))
            assert [(one.login, one.unit) for one in found] == [
                ("qy000001", renamed),
                ("qy000002", BANK),
                ("qy000003", BANK),
            ]
            assert found[0] == tx.accounts.get("qy000001")  # whole, with its permissions
            assert list(tx.accounts.of_unit(renamed)) == found
            assert list(tx.accounts.of_unit(replace(WINDOW, district="110108"))) == []

    def test_an_account_that_is_moved_is_found_there(self, register: SqlRegister) -> None:
        haidian = replace(WINDOW, district="110108")
        with register.transaction() as tx:
            for number in range(PAGE + 20):  # moved while they are read
                tx.accounts.open(account(f"cy{number:04}"), id_number=str(number))
            for one in tx.accounts.of_unit(WINDOW):
                tx.accounts.save(replace(one, unit=haidian))
            assert list(tx.accounts.of_unit(WINDOW)) == []
            assert sum(1 for _ in tx.accounts.of_unit(haidian)) == PAGE + 20


def duty(kind: DutyKind = DutyKind.ISSUE_KEY, **changes: object) -> Duty:
    fields: dict[str, object] = {"user_class": UserClass.MANAGEMENT, "since": NOON, "login": "cy0001", **changes}
    return Duty(kind=kind, **fields)  # type: ignore[arg-type]


class TestDuties:
    def test_they_are_open_until_settled(self, register: SqlRegister) -> None:
        whole = duty(application="APP-1", key_number="KEY-000001", unit_number="U000001")
        with register.transaction() as tx:
            tx.duties.add(whole, duty(DutyKind.CONFIGURE))
            tx.duties.add()
        with register.transaction() as tx:
            first, second = tx.duties.open()
            assert (replace(first, id=0), replace(second, id=0)) == (whole, duty(DutyKind.CONFIGURE))
            assert 0 < first.id < second.id
            tx.duties.settle([first], at=LATER, outcome="handed over")
            tx.duties.settle([], at=LATER)
            assert tx.duties.open() == (second,)

    def test_the_oldest_comes_first(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.duties.add(duty(login="b", since=LATER), duty(login="c"), duty(login="a"))
            assert [one.login for one in tx.duties.open()] == ["c", "a", "b"]

    @pytest.mark.parametrize(
        ("asked", "expected"),
        [
            ({}, {1, 2, 3, 4}),
            ({"kind": DutyKind.COLLECT_KEY}, {2, 3}),
            ({"login": "cy0001"}, {1, 2}),
            ({"login": ""}, {4}),
            ({"application": "APP-2"}, {3}),
            ({"application": ""}, {4}),
            ({"unit_number": "U000001"}, {4}),
            ({"kind": DutyKind.COLLECT_KEY, "login": "cy0001"}, {2}),
            ({"kind": DutyKind.CONFIGURE, "login": "cy0001"}, set()),
        ],
    )
    def test_open_ones_are_found_by_what_they_concern(
        self, register: SqlRegister, asked: dict[str, str], expected: set[int]
    ) -> None:
        with register.transaction() as tx:
            tx.duties.add(
                duty(DutyKind.ISSUE_KEY, application="APP-1"),
                duty(DutyKind.COLLECT_KEY, application="APP-1"),
                duty(DutyKind.COLLECT_KEY, application="APP-2", login="cy0002"),
                duty(DutyKind.CONFIRM_USERS, unit_number="U000001", login=""),
            )
            assert {one.id for one in tx.duties.open(**asked)} == expected  # type: ignore[arg-type]

    def test_an_open_one_is_not_doubled(self, register: SqlRegister) -> None:
        one = duty(application="APP-1", key_number="KEY-1", unit_number="U1")
        others = (
            replace(one, kind=DutyKind.COLLECT_KEY),
            replace(one, login="cy0002"),
            replace(one, application="APP-2"),
            replace(one, key_number="KEY-2"),
            replace(one, unit_number="U2"),
        )
        with register.transaction() as tx:
            tx.duties.add(one, replace(one, since=LATER))
            tx.duties.add(replace(one, since=LATER), *others)
            (first, *rest) = tx.duties.open()
            assert first.since == NOON
            assert [replace(found, id=0) for found in rest] == list(others)

    def test_what_is_done_may_come_again(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.duties.add(duty())
            (first,) = tx.duties.open()
            tx.duties.settle([first], at=NOON)
            tx.duties.add(duty())
            (second,) = tx.duties.open()
            assert second.id > first.id

    def test_what_is_done_is_left_as_it_was(self, place: Place, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.duties.add(duty(application="APP-1"))
            (one,) = tx.duties.open()
            tx.duties.settle([one], at=NOON, outcome="declared lost")
            tx.duties.settle([one], at=LATER)
            tx.duties.cancel(application="APP-1", at=LATER)
        assert place.values("SELECT outcome, count(*) FROM duty GROUP BY outcome, done_at") == [("declared lost", 1)]

    def test_those_of_an_application_that_was_withdrawn_are_struck_off(
        self, place: Place, register: SqlRegister
    ) -> None:
        with register.transaction() as tx:
            tx.duties.add(duty(application="APP-1"), duty(DutyKind.CONFIGURE, application="APP-1"))
            tx.duties.add(duty(application="APP-2"), duty())
            tx.duties.cancel(application="APP-1", at=LATER)
            assert [one.application for one in tx.duties.open()] == ["APP-2", ""]
        outcomes = place.values("SELECT outcome, count(*) FROM duty GROUP BY outcome ORDER BY outcome")
        assert outcomes == [("", 2), ("withdrawn", 2)]

    def test_many_are_settled_at_once(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.duties.add(*(duty(login=f"cy{i}") for i in range(2 * PAGE + 1)))
            tx.duties.settle(tx.duties.open(), at=LATER)
            assert tx.duties.open() == ()


class TestAmendments:
    def test_the_mended_one_takes_the_place_of_the_other(self, register: SqlRegister) -> None:
        returned = record(state=State.RETURNED, outcome=Outcome.RETURN, findings=(Finding(code=Code.STAMP_MISSING),))
        mended = record(
            application(rows=(Row(number=1, name="测试丁", id_number=ID_B),), stamp_present=True, text=f"（{ID_A}）"),
            outcome=Outcome.ACCEPT_WITH_WARNING,
            findings=(Finding(code=Code.NORMALISED_FULLWIDTH, row=1),),
            imported_at=LATER,
            imported_by="测试受理员",
            source="mended.xlsx",
        )
        with register.transaction() as tx:
            tx.applications.add(returned)
            tx.applications.amend(mended, expected=State.RETURNED, version=1)
        with register.transaction() as tx:
            assert tx.applications.get("APP-1") == replace(mended, version=2)
            (summary,) = tx.applications.summaries()
            assert (summary.people, summary.state, summary.codes) == (
                ("测试丁",),
                State.RECEIVED,
                ("NORMALISED_FULLWIDTH",),
            )
            assert list(tx.applications.summaries(text="测试丁")) == [summary]
            assert list(tx.applications.summaries(text="测试甲")) == []
            assert tx.applications.in_flight(id_number=ID_A) == ()
            assert tx.applications.in_flight(id_number=ID_B) == ("APP-1",)

    def test_decisions_and_accounts_stay(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.accounts.open(account(), id_number=ID_A)
            tx.applications.add(record())
            tx.applications.decide(decision(), state=State.UNDER_REVIEW, expected=State.RECEIVED, accounts=["cy0001"])
            tx.applications.amend(record(), expected=State.UNDER_REVIEW, version=1)
            tx.applications.decide(decision(version=2), state=State.APPROVED, expected=State.RECEIVED)
        with register.transaction() as tx:
            found = tx.applications.get("APP-1")
            assert [decided.version for decided in found.decisions] == [1, 2]
            assert (found.accounts, found.version) == (("cy0001",), 2)

    def test_a_decision_on_what_was_amended_since_is_refused(self, register: SqlRegister) -> None:
        """The state is the same again, the application is not: approval of a form that was changed after review."""
        with register.transaction() as tx:
            tx.applications.add(record())
            tx.applications.amend(record(), expected=State.RECEIVED, version=1)
            with pytest.raises(Conflict, match="version 2, not 1"):
                tx.applications.decide(decision(), state=State.APPROVED, expected=State.RECEIVED)
        with register.transaction() as tx:
            assert tx.applications.get("APP-1") == record(version=2)

    def test_what_was_expected_must_still_hold(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            with pytest.raises(NotFound, match="APP-1"):
                tx.applications.amend(record(), expected=State.RECEIVED, version=1)
            tx.applications.add(record())
            with pytest.raises(Conflict, match="已受理"):
                tx.applications.amend(record(), expected=State.RETURNED, version=1)
            with pytest.raises(Conflict, match="version 1, not 2"):
                tx.applications.amend(record(), expected=State.RECEIVED, version=2)
        with register.transaction() as tx:
            assert tx.applications.get("APP-1") == record()

    def test_of_two_who_amend_at_once_one_is_told(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.applications.add(record())
        start = threading.Barrier(2)
        outcomes: list[str] = []

        def amend(name: str) -> None:
            mended = record(application(rows=(Row(number=1, name=name),)))
            start.wait()
            try:
                with register.transaction() as tx:
                    tx.applications.amend(mended, expected=State.RECEIVED, version=1)
                outcomes.append(name)
            except Conflict:
                outcomes.append("conflict")

        people = [threading.Thread(target=amend, args=(name,)) for name in ("测试甲", "测试乙")]
        for person in people:
            person.start()
        for person in people:
            person.join()
        assert len(outcomes) == 2
        (winner,) = set(outcomes) - {"conflict"}
        with register.transaction() as tx:
            (summary,) = tx.applications.summaries()
            assert summary.people == (winner,)


class TestInFlight:
    @pytest.mark.parametrize(
        ("state", "is_in_flight"),
        [(state, state in {State.RECEIVED, State.UNDER_REVIEW, State.APPROVED}) for state in State],
    )
    def test_only_what_is_not_done_with_counts(
        self, register: SqlRegister, *, state: State, is_in_flight: bool
    ) -> None:
        with register.transaction() as tx:
            tx.applications.add(record(state=state))
            assert tx.applications.in_flight(id_number=ID_A) == (("APP-1",) if is_in_flight else ())

    def test_a_person_is_found_by_id_number_or_login(self, register: SqlRegister) -> None:
        rows = {
            "Z": Row(number=1, id_number=ID_A),
            "A": Row(number=1, id_number=ID_B, login=" cy0001 "),
            "M": Row(number=1, login="cy0001"),
        }
        with register.transaction() as tx:
            for number, row in rows.items():
                tx.applications.add(record(application(number, rows=(row, replace(row, number=2)))))
        with register.transaction(read_only=True) as tx:
            asked: list[tuple[dict[str, str], tuple[str, ...]]] = [
                ({"id_number": ID_A}, ("Z",)),
                ({"login": "cy0001"}, ("A", "M")),
                ({"login": "cy0001 "}, ("A", "M")),
                ({"id_number": ID_A, "login": "cy0001"}, ("Z", "A", "M")),
                ({"id_number": ID_A, "login": "nobody"}, ("Z",)),
                ({}, ()),
                ({"id_number": "", "login": " "}, ()),
            ]
            for person, expected in asked:
                assert tx.applications.in_flight(**person) == expected

    @pytest.mark.parametrize(
        "typed",
        ["１１００００１９９００１０１９０１８", "110000 19900101 9018", "110000\u200b199001019018", f" {ID_A}\n"],
    )
    def test_however_the_number_is_typed(self, register: SqlRegister, typed: str) -> None:
        with register.transaction() as tx:
            tx.applications.add(record(application("APP-1", rows=(Row(number=1, id_number=typed),))))
            tx.applications.add(record(application("APP-2", rows=(Row(number=1, id_number=ID_A),))))
            for asked in (typed, ID_A):
                assert tx.applications.in_flight(id_number=asked) == ("APP-1", "APP-2")

    @pytest.mark.parametrize("scribble", ["", "补办中", "110000199001019019", "1.1E+17", "X"])
    def test_what_is_no_id_number_is_nobody(self, register: SqlRegister, scribble: str) -> None:
        with register.transaction() as tx:
            tx.applications.add(record(application(rows=(Row(number=1, id_number=scribble),))))
            assert tx.applications.in_flight(id_number=scribble) == ()


def _numbers(tx: Transaction, **asked: object) -> list[str]:
    return [summary.id for summary in tx.applications.summaries(**asked)]  # type: ignore[arg-type]


class TestSearch:
    @pytest.fixture
    def searched(self, register: SqlRegister) -> SqlRegister:
        people = (Row(number=1, name="张　三丰"), Row(number=2, name="阿依古丽·买买提", login="CY0042"))
        renamed = (Row(number=1, name="测试甲", new_name="Ｌｉ Ｍｉｎｇ"),)
        with register.transaction() as tx:
            tx.applications.add(record(application("2025-A3-001", rows=people)))
            tx.applications.add(record(application("2025-A5-002", form=Form.USER_RENAME, rows=renamed)))
            returned = application("2025-A3-003", unit=replace(BANK, name="虚构100%_银行/分行\\"))
            tx.applications.add(record(returned, state=State.RETURNED))
        return register

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("", ["001", "002", "003"]),
            ("  ", ["001", "002", "003"]),
            ("张三", ["001"]),
            ("三 丰", ["001"]),
            ("古丽·买", ["001"]),
            ("ｃｙ００４２", ["001"]),
            ("li ming", ["002"]),
            ("-a3-", ["001", "003"]),
            ("A5-002", ["002"]),
            ("朝阳区", ["001", "002"]),
            ("银行", ["003"]),
            ("三丰阿依", []),  # no match reaches from one name into the next
            ("100%_银行/分行\\", ["003"]),
            ("%", ["003"]),
            ("_", ["003"]),
            ("/", ["003"]),
            ("\\", ["003"]),
            ("1%银", []),
            ("100__银", []),
            ("' OR ''='", []),
        ],
    )
    def test_a_part_of_names_and_numbers_is_found(self, searched: SqlRegister, text: str, expected: list[str]) -> None:
        with searched.transaction(read_only=True) as tx:
            assert [number[-3:] for number in _numbers(tx, text=text)] == expected

    def test_together_with_state_limit_and_order(self, searched: SqlRegister) -> None:
        with searched.transaction(read_only=True) as tx:
            assert _numbers(tx, newest_first=True) == ["2025-A3-003", "2025-A5-002", "2025-A3-001"]
            assert _numbers(tx, newest_first=True, limit=1) == ["2025-A3-003"]
            assert _numbers(tx, text="2025", limit=2) == ["2025-A3-001", "2025-A5-002"]
            assert _numbers(tx, text="a3", newest_first=True) == ["2025-A3-003", "2025-A3-001"]
            assert _numbers(tx, text="a3", state=State.RETURNED) == ["2025-A3-003"]
            assert _numbers(tx, text="a5", state=State.RETURNED) == []
            assert _numbers(tx, limit=0) == []

    def test_no_id_number_is_found(self, place: Place, register: SqlRegister) -> None:
        wide = "１１００００　　１９９００１０１　９０１８"
        slips = (Row(number=1, name=ID_A, new_name=f"{ID_A[:6]}  {ID_A[6:]}", login=ID_A), Row(number=2, name=wide))
        with register.transaction() as tx:
            tx.applications.add(record(application(unit=replace(WINDOW, name=f"虚构单位{ID_A}"), rows=slips)))
            for text in (ID_A, ID_A[6:14]):
                assert _numbers(tx, text=text) == []
        held = place.values("SELECT text FROM application_text") + place.values("SELECT login FROM application_person")
        assert ID_A[6:14] not in str(held)

    @pytest.mark.parametrize("newest_first", [False, True])
    def test_pages_join_without_a_gap(self, register: SqlRegister, *, newest_first: bool) -> None:
        numbers = [f"APP-{i}" for i in range(2 * PAGE + 3)]
        with register.transaction() as tx:
            for number in numbers:
                tx.applications.add(record(application(number, rows=(Row(number=1, name="测试甲"),))))
        if newest_first:
            numbers.reverse()
        with register.transaction(read_only=True) as tx:
            assert _numbers(tx, newest_first=newest_first) == numbers
            assert _numbers(tx, newest_first=newest_first, text="测试", limit=PAGE + 1) == numbers[: PAGE + 1]

    def test_a_page_takes_two_statements_however_long_it_is(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            for i in range(50):
                tx.applications.add(record(application(f"APP-{i}")))
        statements: list[str] = []
        event.listen(register._database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        with register.transaction(read_only=True) as tx:
            statements.clear()
            assert len(_numbers(tx, limit=50, newest_first=True, text="测试")) == 50
        assert len(statements) == 2


class TestIndexes:
    """Whatever is looked up by is found by an index: with 100,000 applications, nothing reads a table whole."""

    LOOK_UPS: dict[str, Callable[[Transaction], object]] = {  # noqa: RUF012 - a table
        "in flight by ID number": lambda tx: tx.applications.in_flight(id_number=ID_A),
        "in flight by login": lambda tx: tx.applications.in_flight(login="cy0001"),
        "in flight by either": lambda tx: tx.applications.in_flight(id_number=ID_A, login="cy0001"),
        "list": lambda tx: list(tx.applications.summaries(limit=200)),
        "list, newest first": lambda tx: list(tx.applications.summaries(limit=200, newest_first=True)),
        "list in a state": lambda tx: list(tx.applications.summaries(limit=200, state=State.RETURNED)),
        "search": lambda tx: list(tx.applications.summaries(limit=200, text="无此人")),
        "search in a state": lambda tx: list(tx.applications.summaries(text="无此人", state=State.RETURNED)),
        "one application": lambda tx: tx.applications.get("APP-1"),
        "accounts of a unit": lambda tx: list(tx.accounts.of_unit(WINDOW)),
        "unit by identity": lambda tx: tx.units.find(WINDOW),
        "duties of a kind": lambda tx: tx.duties.open(kind=DutyKind.ISSUE_KEY),
        "duties of a login": lambda tx: tx.duties.open(login="cy0001"),
        "duties of an application": lambda tx: tx.duties.open(application="APP-1"),
        "duties of a unit": lambda tx: tx.duties.open(unit_number="U000001"),
        "withdrawal": lambda tx: tx.duties.cancel(application="APP-1", at=NOON),
    }

    #: what is read along its key: as far as the limit, or the narrow table of a search
    READ_IN_ORDER: dict[str, set[str]] = {  # noqa: RUF012 - a table
        "list": {"SCAN application"},
        "list, newest first": {"SCAN application"},
        "search": {"SCAN application_text"},
    }

    @pytest.fixture
    def place(self, tmp_path: Path) -> Place:
        """SQLite always: PostgreSQL reads a table of one row whole, whatever indexes there are."""
        url = f"sqlite:///{tmp_path / 'register.db'}"
        return Place(RegisterSettings(url=url, key_file=tmp_path / "register.key"))

    @pytest.mark.parametrize("look_up", LOOK_UPS)
    def test_no_table_is_read_whole(self, place: Place, register: SqlRegister, look_up: str) -> None:
        seen: list[tuple[str, tuple[object, ...]]] = []
        with register.transaction() as tx:
            tx.accounts.open(account(), id_number=ID_A)
            tx.applications.add(record())
            event.listen(
                register._database.engine, "before_cursor_execute", lambda *args: seen.append((args[2], args[3]))
            )
            self.LOOK_UPS[look_up](tx)
        assert seen
        plans = [step for sql, values in seen for step in place.plan_of(sql, values)]
        assert {step for step in plans if step.startswith("SCAN")} == self.READ_IN_ORDER.get(look_up, set())
        if "list" in look_up or "search" in look_up:
            assert not [step for step in plans if "TEMP B-TREE" in step]
        else:  # nor all that are in one state
            assert not [step for step in plans if "ix_application_state_seq" in step]
