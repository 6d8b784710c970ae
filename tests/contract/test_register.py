"""What any register promises, whatever database is beneath it: SQLite here, and PostgreSQL where a server is named.

IDP_SYNC_TEST_POSTGRESQL holds the URL of an empty PostgreSQL database, and a driver is installed: then the same suite
runs against it as well.
"""

from __future__ import annotations

import signal
import threading
import tracemalloc
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from sqlalchemy import event

from idp_sync.adapters.register import SqlRegister
from idp_sync.adapters.register.statements import PAGE
from idp_sync.domain.account import AccountState
from idp_sync.domain.application import Document, Form, Opinion, Row, State
from idp_sync.domain.errors import Conflict, InputError, NotFound, NotSetUp, Unavailable
from idp_sync.domain.evidence import LoginSeen, Span
from idp_sync.domain.finding import Code, Finding, Outcome
from idp_sync.domain.journal import Entry
from idp_sync.domain.key import KeyState, RevocationReason
from idp_sync.domain.task import Task, TaskKind
from idp_sync.domain.unit import Level, Unit, UserClass
from idp_sync.ports import Register
from tests.registers import (
    BANK,
    ID_A,
    ID_B,
    NOON,
    WINDOW,
    Place,
    account,
    application,
    certificate,
    decision,
    finished,
    key,
    record,
)

#: 19,999 more like the only one there is, quicker than by opening them
MULTIPLY_ACCOUNTS = """
    INSERT INTO account
    (login, person_number, id_hash, id_sealed, unit_id, name, state, application, opened_at)
    WITH RECURSIVE n(i) AS (SELECT 100001 UNION ALL SELECT i + 1 FROM n WHERE i < 119999)
    SELECT 'cy' || i, 'P' || i, id_hash || i, id_sealed, unit_id, name, state, application, opened_at FROM n, account
"""
MULTIPLY_PERMISSIONS = """
    INSERT INTO account_permission (login, permission, application, since, held)
    WITH RECURSIVE n(i) AS (SELECT 100001 UNION ALL SELECT i + 1 FROM n WHERE i < 119999)
    SELECT 'cy' || i, permission, application, since, held FROM n, account_permission
"""


class TestSettingUp:
    def test_the_second_time_changes_nothing(self, place: Place) -> None:
        register = SqlRegister(place.settings)
        first, second = list(register.set_up()), list(register.set_up())
        assert any(step.changed for step in first)
        assert [(step.what, step.changed) for step in second] == [(step.what, False) for step in first]

    def test_without_it_nothing_can_be_done(self, place: Place) -> None:
        with pytest.raises(NotSetUp, match="run `idp-sync init`"), SqlRegister(place.settings).transaction():
            pytest.fail("a transaction on nothing")

    def test_two_at_once_make_one_register(self, place: Place) -> None:
        script = "for step in register.set_up(): print(step.what.split()[1]) if step.changed else None"
        outputs = [finished(process) for process in [place.run(script) for _ in range(3)]]
        changed = sorted("".join(outputs).split())
        assert changed == [part for part in ("file", "key", "schema") if part != "file" or place.is_file]
        with SqlRegister(place.settings).transaction() as tx:
            assert tx.accounts.known_logins() == frozenset()

    def test_what_a_newer_release_wrote_is_left_alone(self, place: Place, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.facts.set("release", "0.1.0")
        place.execute("UPDATE alembic_version SET version_num = 'from the future'")
        for other in (register, SqlRegister(place.settings)):  # also where the schema changes under a running process
            with pytest.raises(NotSetUp, match="newer release"), other.transaction():
                pytest.fail("a transaction on a schema that is not known")
            with pytest.raises(NotSetUp, match="newer release"):
                list(other.set_up())

    def test_what_an_older_release_wrote_is_to_be_migrated(
        self, place: Place, register: SqlRegister, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("idp_sync.adapters.register.setting_up.REVISION", "0099")
        with pytest.raises(NotSetUp, match="older release; run `idp-sync init`"), register.transaction():
            pytest.fail("a transaction on an old schema")
        with pytest.raises(NotSetUp, match="migration failed"):  # there is no such migration yet
            list(SqlRegister(place.settings).set_up())

    @pytest.mark.parametrize("again", [True, False], ids=["set_up", "transaction"])
    @pytest.mark.usefixtures("register")
    def test_a_lost_key_is_not_made_anew(self, place: Place, again: bool) -> None:  # noqa: FBT001
        place.settings.key_file.unlink()
        self._refused(place, "restore it from its backup", again=again)
        assert not place.settings.key_file.exists()

    @pytest.mark.parametrize("again", [True, False], ids=["set_up", "transaction"])
    @pytest.mark.usefixtures("register")
    def test_another_key_is_refused(self, place: Place, again: bool) -> None:  # noqa: FBT001
        place.settings.key_file.write_text("QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=\n")
        self._refused(place, "is not the key of this register", again=again)

    @staticmethod
    def _refused(place: Place, why: str, *, again: bool) -> None:
        other = SqlRegister(place.settings)
        with pytest.raises(NotSetUp, match=why):
            list(other.set_up()) if again else other.transaction().__enter__()


class TestTransactions:
    def test_what_is_committed_is_seen_by_others(self, place: Place, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.facts.set("last sweep", "2025-01-01")
        with SqlRegister(place.settings).transaction(read_only=True) as tx:
            assert tx.facts.get("last sweep") == "2025-01-01"

    @pytest.mark.parametrize("interruption", [ValueError, KeyboardInterrupt, SystemExit])
    def test_any_exception_undoes_all_of_it(self, register: SqlRegister, interruption: type[BaseException]) -> None:
        def interrupted() -> None:
            with register.transaction() as tx:
                tx.applications.add(record())
                tx.accounts.open(account(), id_number=ID_A)
                tx.journal.write(entry())
                raise interruption

        with pytest.raises(interruption):
            interrupted()
        with register.transaction() as tx:
            assert not tx.applications.exists("APP-1")
            assert tx.accounts.find("cy0001") is None
            assert list(tx.journal.entries()) == []

    def test_a_killed_process_leaves_nothing_half_done(self, place: Place, register: SqlRegister) -> None:
        process = place.run(
            "with register.transaction() as tx:\n"
            "    tx.facts.set('half', 'done'); tx.accounts.next_number('cy')\n"
            "    print('written', flush=True); time.sleep(60)\n"
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "written\n"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with register.transaction() as tx:
            assert tx.facts.get("half") is None
            assert tx.accounts.next_number("cy") == 1

    def test_one_within_another_is_refused(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            with pytest.raises(RuntimeError, match="within another"), register.transaction():
                pytest.fail("it would wait for itself")
            tx.facts.set("outer", "stands")
        with register.transaction() as tx:
            assert tx.facts.get("outer") == "stands"

    def test_a_conflict_that_is_caught_leaves_the_rest(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.accounts.open(account(), id_number=ID_A)
            tx.keys.add(key())
            with pytest.raises(Conflict):
                tx.accounts.open(account("cy0002"), id_number=ID_A)
            with pytest.raises(Conflict):
                tx.keys.add(key())
            with pytest.raises(Conflict):
                tx.keys.intend(1, login="nobody", key_number="KEY-000001", at=NOON)
        with register.transaction() as tx:
            assert tx.accounts.known_logins() == {"cy0001"}

    def test_a_reader_waits_for_no_writer_and_sees_one_state(self, place: Place, register: SqlRegister) -> None:
        other = SqlRegister(place.settings, lock_wait=0.1)
        with register.transaction() as writing:
            writing.facts.set("name", "new")
            with other.transaction(read_only=True) as reading:
                assert reading.facts.get("name") is None
        with other.transaction(read_only=True) as reading:
            assert reading.facts.get("name") == "new"
            with register.transaction() as writing:
                writing.facts.set("name", "newer")
            assert reading.facts.get("name") == "new"

    def test_a_reader_can_not_write(self, register: SqlRegister) -> None:
        with pytest.raises(Unavailable, match="read-only"), register.transaction(read_only=True) as tx:
            tx.facts.set("name", "value")
        with register.transaction() as tx:  # the same connection, writing again
            tx.facts.set("name", "value")

    def test_a_list_read_after_the_end_is_an_error(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            accounts = tx.accounts.all()
        with pytest.raises(Unavailable):
            list(accounts)


class TestApplications:
    def test_it_comes_back_as_it_was_handed_in(self, register: SqlRegister) -> None:
        full = application(
            form=Form.PERMISSION_CHANGE,
            unit=BANK,
            rows=(
                Row(
                    number=7,
                    name=f"测试甲{ID_A}",  # a slip into the column beside
                    sex="男",
                    id_number="１１００００19900101９０１８",
                    permissions=("A", ID_B),
                    permission_words="所有的",
                    login="qy000001",
                    key_number="KEY-000001",
                    new_name="测试丙",
                    present_permissions=("B",),
                    remarks=f"丢失 {ID_A}",
                    scope="110105",
                ),
                Row(number=8),
            ),
            stamp_present=True,
            signed_by="示例负责人",
            contact_name="测试\x00联系人\ud800",
            contact_phone="010-00000000",
            commitment_present=True,
            documents=(Document(type="营业执照", original_checked=True, copy_stamped=True), Document(type=ID_B)),
            review=Opinion(opinion="同意", date="2025-03-05"),
            text=f"注销测试甲（{ID_A}）",
            title="申请",
        )
        findings = (
            Finding(code=Code.DOC_MISSING, qualifier="营业执照"),
            Finding(code=Code.ID_AREA_UNKNOWN, row=7, field="身份证号", detail="请核对"),
        )
        whole = record(
            full,
            outcome=Outcome.RETURN,
            findings=findings,
            imported_at=datetime(2025, 3, 3, 12, 0, 0, 123456, tzinfo=timezone(timedelta(hours=8))),
            decisions=(decision(verdict="return"), decision(office="market")),
            accounts=("cy0001", "cy0002"),
        )
        with register.transaction() as tx:
            tx.accounts.open(account("cy0001"), id_number=ID_A)
            tx.accounts.open(account("cy0002"), id_number=ID_B)
            tx.applications.add(whole)
        with register.transaction(read_only=True) as tx:
            found = tx.applications.get("APP-1")
            assert found == whole
            assert found.imported_at.utcoffset() == timedelta(0)
            assert tx.applications.exists("APP-1")

    def test_unknown_and_taken_numbers(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            assert not tx.applications.exists("APP-1")
            with pytest.raises(NotFound, match="APP-1"):
                tx.applications.get("APP-1")
            tx.applications.add(record())
            with pytest.raises(Conflict, match="APP-1"):
                tx.applications.add(record())
            with pytest.raises(NotFound, match="nobody"):
                tx.applications.add(record(application("APP-2"), accounts=("nobody",)))

    def test_summaries_come_in_the_order_of_arrival(self, register: SqlRegister) -> None:
        finding = Finding(code=Code.DOC_MISSING, qualifier="营业执照")
        note = Finding(code=Code.ID_AREA_UNKNOWN, row=1)
        with register.transaction() as tx:
            tx.applications.add(record(application("Z")))
            slip = (Row(number=1, name=f"测试\n甲 {ID_A}"), Row(number=2, name=""))
            returned = {"state": State.RETURNED, "outcome": Outcome.RETURN, "findings": (finding, note, finding)}
            tx.applications.add(record(application("A", unit=BANK, rows=slip), **returned))
            tx.applications.add(record(application("M", rows=())))
        with register.transaction(read_only=True) as tx:
            assert [summary.id for summary in tx.applications.summaries()] == ["Z", "A", "M"]
            assert [summary.id for summary in tx.applications.summaries(limit=2)] == ["Z", "A"]
            first, third = tx.applications.summaries(state=State.RECEIVED)
            assert (first.people, third.people) == (("测试甲", "测试乙"), ())
            (second,) = tx.applications.summaries(state=State.RETURNED)
            assert second.people == ("测试\ufffd甲 ***", "")
            assert second.codes == ("DOC_MISSING:营业执照",)
            assert (second.form, second.unit_name, second.user_class) == ("A3", "虚构银行", UserClass.ENTERPRISE)
            assert (second.outcome, second.received_on) == (Outcome.RETURN, "2025-03-03")

    def test_a_decision_moves_it(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.applications.add(record())
            tx.accounts.open(account(), id_number=ID_A)
            tx.applications.decide(
                decision(), state=State.APPROVED, expected=State.RECEIVED, accounts=["cy0001", "cy0001"]
            )
            tx.applications.move("APP-1", state=State.CARRIED_OUT, expected=State.APPROVED)
        with register.transaction() as tx:
            found = tx.applications.get("APP-1")
            assert found.state is State.CARRIED_OUT
            assert found.decisions == (decision(),)
            assert found.accounts == ("cy0001",)

    def test_what_was_expected_must_still_hold(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.applications.add(record())
            with pytest.raises(Conflict, match="已受理"):
                tx.applications.decide(decision(), state=State.APPROVED, expected=State.UNDER_REVIEW)
            with pytest.raises(Conflict, match="APP-1"):
                tx.applications.move("APP-1", state=State.CARRIED_OUT, expected=State.APPROVED)
            with pytest.raises(NotFound, match="APP-9"):
                tx.applications.move("APP-9", state=State.CARRIED_OUT, expected=State.APPROVED)
        with register.transaction() as tx:
            assert tx.applications.get("APP-1") == record()
            with pytest.raises(NotFound, match="nobody"):
                tx.applications.decide(decision(), state=State.APPROVED, expected=State.RECEIVED, accounts=["nobody"])

    def test_of_two_who_decide_at_once_one_is_told(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.applications.add(record())
        start, outcomes = threading.Barrier(2), []

        def decide(verdict: str, state: State) -> None:
            start.wait()
            try:
                with register.transaction() as tx:
                    tx.applications.decide(decision(verdict=verdict), state=state, expected=State.RECEIVED)
                outcomes.append(verdict)
            except Conflict:
                outcomes.append("conflict")

        deciders = [
            threading.Thread(target=decide, args=("approve", State.APPROVED)),
            threading.Thread(target=decide, args=("reject", State.REJECTED)),
        ]
        for decider in deciders:
            decider.start()
        for decider in deciders:
            decider.join()
        assert len(outcomes) == 2
        (winner,) = set(outcomes) - {"conflict"}
        with register.transaction() as tx:
            assert [decided.verdict for decided in tx.applications.get("APP-1").decisions] == [winner]


class TestAccounts:
    @pytest.mark.parametrize("unit", [WINDOW, BANK, replace(WINDOW, level=Level.CITY, district=None)])
    def test_it_comes_back_as_it_was_opened(self, register: SqlRegister, unit: Unit) -> None:
        opened = account(
            unit=unit,
            key_number="KEY-000001",
            thumbprint="ab" * 32,
            handed_over_at=NOON,
            suspended_at=NOON + timedelta(days=1),
            restored_at=NOON + timedelta(days=2),
        )
        with register.transaction() as tx:
            tx.accounts.open(opened, id_number=ID_A)
        with register.transaction() as tx:
            assert tx.accounts.get("cy0001") == tx.accounts.find("cy0001") == opened
            assert tx.accounts.id_number("cy0001") == ID_A

    def test_unknown_logins(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            assert tx.accounts.find("cy0001") is None
            for act in (tx.accounts.get, tx.accounts.id_number, lambda login: tx.accounts.save(account(login))):
                with pytest.raises(NotFound, match="cy0001"):
                    act("cy0001")

    def test_one_person_one_account(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.accounts.open(account("cy0001"), id_number=ID_A)
            assert tx.accounts.of_person(ID_B) is None
            with pytest.raises(Conflict, match="cy0002"):
                tx.accounts.open(account("cy0002"), id_number=ID_A)
            with pytest.raises(Conflict, match="cy0001"):
                tx.accounts.open(account("cy0001"), id_number=ID_B)
            with pytest.raises(Conflict):
                tx.accounts.open(account("cy0002", person_number="P-cy0001"), id_number=ID_B)
            assert tx.accounts.known_logins() == {"cy0001"}
            # after the deregistration the person may come back, under another login
            tx.accounts.save(account("cy0001", state=AccountState.DEREGISTERED))
            assert tx.accounts.of_person(ID_A) is None
            tx.accounts.open(account("cy0002"), id_number=ID_A)
            assert tx.accounts.of_person(ID_A) == account("cy0002")
            assert tx.accounts.known_logins() == {"cy0001", "cy0002"}
            with pytest.raises(Conflict):  # the old login can't be brought back beside the new one
                tx.accounts.save(account("cy0001"))

    def test_saving_writes_what_changed(self, register: SqlRegister) -> None:
        changed = account(
            name="测试改名",
            unit=BANK,
            permissions=frozenset({"MGMT-DIST.REG.02", "MGMT-DIST.REG.03"}),
            state=AccountState.SUSPENDED,
            suspended_at=NOON,
            thumbprint="cd" * 32,
        )
        with register.transaction() as tx:
            tx.accounts.open(account(), id_number=ID_A)
            tx.accounts.open(account("cy0002"), id_number=ID_B)
            tx.accounts.save(changed)
        with register.transaction() as tx:
            assert list(tx.accounts.all()) == [changed, account("cy0002")]
            assert tx.accounts.id_number("cy0001") == ID_A
            with pytest.raises(Conflict, match="cy0002"):  # one certificate opens one account
                tx.accounts.save(account("cy0002", thumbprint="cd" * 32))
            tx.accounts.save(account(permissions=frozenset()))
            assert tx.accounts.get("cy0001") == account(permissions=frozenset())

    def test_a_unit_of_the_same_name_elsewhere_is_another_unit(self, register: SqlRegister) -> None:
        """Or else one form could move the people of another district into its own."""
        haidian = replace(WINDOW, district="110108")
        with register.transaction() as tx:
            tx.accounts.open(account("cy0001"), id_number=ID_A)
            tx.accounts.open(account("hd0001", unit=haidian), id_number=ID_B)
        with register.transaction() as tx:
            assert tx.accounts.get("cy0001").unit == WINDOW
            assert tx.accounts.get("hd0001").unit == haidian

    def test_all_are_ordered_by_login_and_may_be_changed_on_the_way(self, register: SqlRegister) -> None:
        logins = [f"cy{number:04}" for number in range(PAGE + 20)]
        with register.transaction() as tx:
            for login in reversed(logins):
                tx.accounts.open(account(login), id_number=login)
        with register.transaction() as tx:
            seen = []
            for found in tx.accounts.all():
                tx.accounts.save(replace(found, state=AccountState.SUSPENDED))
                seen.append(found.login)
            assert seen == logins
            assert {found.state for found in tx.accounts.all()} == {AccountState.SUSPENDED}
            asked = ["cy0500", "nobody", "cy0001", "cy0001"]
            assert [found.login for found in tx.accounts.all(logins=asked)] == ["cy0001", "cy0500"]
            assert [found.login for found in tx.accounts.all(logins=logins)] == logins
            assert list(tx.accounts.all(logins=[])) == []

    def test_many_are_streamed(self, place: Place, register: SqlRegister) -> None:
        """20,000 accounts: neither all in memory at once, nor a statement for each."""
        many = 20_000
        with register.transaction() as tx:
            tx.accounts.open(account("cy100000"), id_number=ID_A)
        place.execute(MULTIPLY_ACCOUNTS)
        place.execute(MULTIPLY_PERMISSIONS)
        statements: list[str] = []
        event.listen(register._database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
        tracemalloc.start()
        try:
            with register.transaction(read_only=True) as tx:
                assert sum(1 for found in tx.accounts.all() if len(found.permissions) == 2) == many
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak < 6 * 1024 * 1024
        assert len(statements) < 3 * many / PAGE

    def test_numbers_run_by_counter(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            assert [tx.accounts.next_number("cy") for _ in range(3)] == [1, 2, 3]
            assert tx.accounts.next_number("qy") == 1
        with register.transaction() as tx:
            assert tx.accounts.next_number("cy") == 4

    def test_no_number_is_given_twice_to_processes_at_once(self, place: Place, register: SqlRegister) -> None:
        script = "for _ in range(100):\n    with register.transaction() as tx: print(tx.accounts.next_number('cy'))\n"
        outputs = [finished(process) for process in [place.run(script), place.run(script)]]
        given = [int(line) for output in outputs for line in output.split()]
        assert sorted(given) == list(range(1, 201))
        with register.transaction() as tx:
            assert tx.accounts.next_number("cy") == 201

    def test_naive_moments_are_refused(self, register: SqlRegister) -> None:
        with pytest.raises(ValueError, match="time zone"), register.transaction() as tx:
            tx.accounts.open(account(opened_at=datetime(2025, 1, 1)), id_number=ID_A)  # noqa: DTZ001

    def test_what_no_database_can_hold_is_refused(self, register: SqlRegister) -> None:
        with pytest.raises(InputError, match="can't be kept"), register.transaction() as tx:
            tx.accounts.open(account(name="测试\ud800"), id_number=ID_A)

    def test_id_numbers_are_nowhere_in_plain_text(self, place: Place, register: SqlRegister) -> None:
        fullwidth = "１１００００１９９００１０１９０１８"
        handed_in = application(
            rows=(
                Row(number=1, name=ID_A, id_number=ID_A, remarks=ID_A, permissions=(ID_A,), permission_words=ID_A),
                Row(number=2, name=f"测试 {fullwidth}", id_number=fullwidth, key_number=ID_B, login=ID_B),
                Row(number=3, id_number="110000 19900101 901 8", name="110000 19900101 9018"),
            ),
            signed_by=ID_B,
            text=f"（{ID_A}）",
            title=f"（{ID_A}）",
        )
        with register.transaction() as tx:
            tx.applications.add(record(handed_in, source=f"测试甲{ID_A}.xlsx"))
            tx.accounts.open(account(), id_number=ID_B)
        with register.transaction() as tx:
            assert tx.applications.get("APP-1").application == handed_in
        held = place.bytes()
        assert "测试管理员".encode() in held  # it is the right place, and what it holds can be read
        for form in (ID_A, ID_B, ID_A[6:14], fullwidth, "19900101 901", fullwidth[6:14]):
            for encoded in (form.encode(), form.encode("unicode_escape"), form.encode("utf-16-le")):
                assert encoded not in held

    def test_what_was_sealed_for_one_does_not_open_for_another(self, place: Place, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.accounts.open(account("cy0001"), id_number=ID_A)
            tx.accounts.open(account("cy0002"), id_number=ID_B)
        place.execute("UPDATE account SET id_sealed = (SELECT id_sealed FROM account WHERE login = 'cy0001')")
        with register.transaction() as tx:
            assert tx.accounts.id_number("cy0001") == ID_A
            with pytest.raises(Unavailable, match="altered or moved"):
                tx.accounts.id_number("cy0002")


class TestKeys:
    def test_it_comes_back_as_it_was_added(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.accounts.open(account(), id_number=ID_A)
            tx.keys.add(key())
            with pytest.raises(Conflict, match="KEY-000001"):
                tx.keys.add(key())
            assert tx.keys.get("KEY-000001") == key()
            issued = key(state=KeyState.ISSUED, login="cy0001", handed_over_at=NOON, handed_over_to="测试甲")
            tx.keys.save(issued)
            assert tx.keys.get("KEY-000001") == issued
            for act in (tx.keys.get, lambda number: tx.keys.save(key(number))):
                with pytest.raises(NotFound, match="KEY-9"):
                    act("KEY-9")
            with pytest.raises(Conflict, match="nobody"):
                tx.keys.save(key(login="nobody"))

    def test_the_lowest_in_stock_is_taken(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.accounts.open(account(), id_number=ID_A)
            for number in ("KEY-000003", "KEY-000002", "KEY-000001"):
                tx.keys.add(key(number))
            tx.keys.add(key("KEY-000000", user_class=UserClass.ENTERPRISE))
            taken = tx.keys.take_from_stock(UserClass.MANAGEMENT)
            assert taken == key("KEY-000001")
            tx.keys.save(replace(taken, state=KeyState.ISSUED, login="cy0001"))
            assert tx.keys.take_from_stock(UserClass.MANAGEMENT).number == "KEY-000002"
            assert tx.keys.take_from_stock(UserClass.MANAGEMENT, "KEY-000003").number == "KEY-000003"
            for user_class, wanted in (
                (UserClass.MANAGEMENT, "KEY-000001"),  # issued
                (UserClass.MANAGEMENT, "KEY-000000"),  # of the other class
                (UserClass.MANAGEMENT, "KEY-9"),
            ):
                with pytest.raises(NotFound, match=wanted):
                    tx.keys.take_from_stock(user_class, wanted)
            assert [found.number for found in tx.keys.all()] == [f"KEY-{number:06}" for number in range(4)]
            assert [found.number for found in tx.keys.all(login="cy0001")] == ["KEY-000001"]

    def test_an_empty_stock(self, register: SqlRegister) -> None:
        with register.transaction() as tx, pytest.raises(NotFound, match="管理单位"):
            tx.keys.take_from_stock(UserClass.MANAGEMENT)


class TestCertificates:
    @pytest.fixture
    def with_key(self, register: SqlRegister) -> SqlRegister:
        with register.transaction() as tx:
            tx.accounts.open(account(), id_number=ID_A)
            tx.accounts.open(account("cy0002"), id_number=ID_B)
            tx.keys.add(key())
        return register

    def test_no_certificate_without_a_record(self, with_key: SqlRegister) -> None:
        serial = 2**159 + 1
        with with_key.transaction() as tx:
            with pytest.raises(Conflict, match="not intended"):
                tx.keys.add_certificate(certificate(serial))
            tx.keys.intend(serial, login="cy0001", key_number="KEY-000001", at=NOON)
            with pytest.raises(NotFound):  # nothing is signed yet
                tx.keys.certificate(f"{serial:x}")
            assert list(tx.keys.certificates()) == []
            with pytest.raises(Conflict, match="not intended"):  # for somebody else
                tx.keys.add_certificate(certificate(serial, login="cy0002"))
            tx.keys.add_certificate(certificate(serial))
            for spelling in (f"{serial:x}", f"{serial:X}", f"00{serial:x}", f"80:{f'{serial:x}'[2:]}"):
                assert tx.keys.certificate(spelling) == certificate(serial)
            with pytest.raises(Conflict, match="recorded already"):
                tx.keys.add_certificate(certificate(serial))
            with pytest.raises(Conflict, match="used before"):
                tx.keys.intend(serial, login="cy0001", key_number="KEY-000001", at=NOON)

    def test_unknown_holders_and_keys(self, with_key: SqlRegister) -> None:
        with with_key.transaction() as tx:
            with pytest.raises(Conflict, match="nobody"):
                tx.keys.intend(1, login="nobody", key_number="KEY-000001", at=NOON)
            with pytest.raises(Conflict, match="KEY-9"):
                tx.keys.intend(1, login="cy0001", key_number="KEY-9", at=NOON)

    def test_they_are_listed_by_age(self, with_key: SqlRegister) -> None:
        with with_key.transaction() as tx:
            for serial, login in ((9, "cy0001"), (5, "cy0002"), (7, "cy0001")):
                tx.keys.intend(serial, login=login, key_number="KEY-000001", at=NOON)
                tx.keys.add_certificate(certificate(serial, login=login))
            assert [found.serial for found in tx.keys.certificates()] == ["9", "5", "7"]
            assert [found.serial for found in tx.keys.certificates(login="cy0001")] == ["9", "7"]

    def test_a_revocation_stands(self, with_key: SqlRegister) -> None:
        with with_key.transaction() as tx:
            tx.keys.intend(9, login="cy0001", key_number="KEY-000001", at=NOON)
            tx.keys.add_certificate(certificate(9))
            tx.keys.revoke("9", at=NOON, reason=RevocationReason.KEY_COMPROMISE)
            tx.keys.revoke("9", at=NOON + timedelta(days=1), reason=RevocationReason.SUPERSEDED)
            revoked = certificate(9, revoked_at=NOON, reason=RevocationReason.KEY_COMPROMISE)
            assert tx.keys.certificate("9") == revoked
            with pytest.raises(NotFound, match="abc"):
                tx.keys.revoke("abc", at=NOON, reason=RevocationReason.SUPERSEDED)

    def test_a_revoked_intention_takes_no_certificate(self, with_key: SqlRegister) -> None:
        """A process was killed between signing and recording: nobody can record it later."""
        with with_key.transaction() as tx:
            tx.keys.intend(9, login="cy0001", key_number="KEY-000001", at=NOON)
            tx.keys.revoke("9", at=NOON, reason=RevocationReason.UNSPECIFIED)
            with pytest.raises(Conflict):
                tx.keys.add_certificate(certificate(9))


class TestEvidence:
    def test_the_last_login_of_each_source_is_kept(self, register: SqlRegister) -> None:
        def seen(login: str, days: int, source: str = "keycloak:management") -> LoginSeen:
            return LoginSeen(login=login, source=source, at=NOON + timedelta(days=days))

        with register.transaction() as tx:
            assert tx.evidence.record(iter([seen("cy0001", 3), seen("cy0001", 5), seen("cy0001", 1)])) == 3
            assert tx.evidence.record([seen("cy0001", 2), seen("cy0001", 4, "directory"), seen("cy0002", 0)]) == 3
            assert tx.evidence.record([]) == 0
        with register.transaction(read_only=True) as tx:
            everybody = tx.evidence.last_logins()
            assert everybody == {
                "cy0001": (seen("cy0001", 4, "directory"), seen("cy0001", 5)),
                "cy0002": (seen("cy0002", 0),),
            }
            assert tx.evidence.last_logins(["cy0002", "nobody"]) == {"cy0002": (seen("cy0002", 0),)}
            assert tx.evidence.last_logins([]) == {}

    def test_many_logins_are_read(self, register: SqlRegister) -> None:
        many = 2 * PAGE + 1
        seen = (LoginSeen(login=f"cy{n % 7}", source="s", at=NOON + timedelta(seconds=n)) for n in range(many))
        with register.transaction() as tx:
            assert tx.evidence.record(seen) == many
            latest = [found.at for (found,) in tx.evidence.last_logins().values()]
            assert sorted(latest) == [NOON + timedelta(seconds=n) for n in range(many - 7, many)]

    @pytest.mark.parametrize(
        ("covered", "joined"),
        [
            ([(0, 1), (2, 3)], [(0, 1), (2, 3)]),
            ([(2, 3), (0, 2)], [(0, 3)]),
            ([(0, 1), (2, 3), (4, 5), (1, 4)], [(0, 5)]),
            ([(0, 9), (3, 4)], [(0, 9)]),
            ([(3, 4), (0, 9)], [(0, 9)]),
            ([(0, 3), (1, 5), (0, 3)], [(0, 5)]),
            ([(1, 1)], [(1, 1)]),
        ],
    )
    def test_touching_spans_are_joined(
        self, register: SqlRegister, covered: list[tuple[int, int]], joined: list[tuple[int, int]]
    ) -> None:
        def span(source: str, start: int, end: int) -> Span:
            return Span(source=source, start=NOON + timedelta(days=start), end=NOON + timedelta(days=end))

        with register.transaction() as tx:
            tx.evidence.cover(span("other", 0, 9))
            for start, end in covered:
                tx.evidence.cover(span("keycloak", start, end))
        with register.transaction() as tx:
            assert tx.evidence.spans() == (*(span("keycloak", *days) for days in joined), span("other", 0, 9))

    def test_a_span_has_a_direction(self, register: SqlRegister) -> None:
        with register.transaction() as tx, pytest.raises(ValueError, match="before it starts"):
            tx.evidence.cover(Span(source="s", start=NOON, end=NOON - timedelta(seconds=1)))


def entry(subject: str = "APP-1", **changes: object) -> Entry:
    fields: dict[str, object] = {
        "at": NOON,
        "actor": "测试审核员",
        "office": "registration",
        "act": "application.approve",
        "subject": subject,
        "article": "第三条",
        "detail": {"items": "MGMT-DIST.REG.01"},
    }
    return Entry(**{**fields, **changes})  # type: ignore[arg-type]


class TestJournal:
    def test_entries_come_oldest_first(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            for number in range(PAGE + 5):
                tx.journal.write(entry(f"APP-{number % 2}", result=str(number)))
        with register.transaction(read_only=True) as tx:
            everything = [found.result for found in tx.journal.entries()]
            assert everything == [str(number) for number in range(PAGE + 5)]
            assert [found.result for found in tx.journal.entries(limit=3)] == everything[-3:]
            assert [found.result for found in tx.journal.entries(limit=10**6)] == everything
            assert [found.result for found in tx.journal.entries(subject="APP-1", limit=2)] == everything[1::2][-2:]
            assert list(tx.journal.entries(limit=0)) == []
            assert next(tx.journal.entries()) == entry("APP-0", result="0")
            assert list(tx.journal.entries(subject="nothing")) == []


class TestTasks:
    @staticmethod
    def task(kind: TaskKind, login: str = "cy0001", **changes: object) -> Task:
        fields = {"kind": kind, "user_class": UserClass.MANAGEMENT, "login": login, **changes}
        return Task(**fields)  # type: ignore[arg-type]

    def test_they_are_pending_until_done(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.tasks.add(self.task(TaskKind.FORGET, "z"), self.task(TaskKind.END_SESSIONS), self.task(TaskKind.DISABLE))
        with register.transaction() as tx:
            first, second, third = tx.tasks.pending()
            assert [task.kind for task in (first, second, third)] == ["forget", "end-sessions", "disable"]
            assert tx.tasks.pending(["nobody", "cy0001", "cy0001"]) == (second, third)
            assert tx.tasks.pending([]) == ()
            for problem in ("realm down", "realm still down"):
                tx.tasks.failed(second, problem)
            tx.tasks.done(third)
            tx.tasks.done(third)
            assert tx.tasks.pending() == (first, replace(second, attempts=2, problem="realm still down"))

    def test_a_later_one_takes_the_place_of_its_opposite(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.tasks.add(self.task(TaskKind.DISABLE), self.task(TaskKind.DISABLE, "cy0002"))
            tx.tasks.add(self.task(TaskKind.DISABLE, user_class=UserClass.ENTERPRISE))
            tx.tasks.add(self.task(TaskKind.ENABLE))
            found = [(task.kind, task.login, task.user_class) for task in tx.tasks.pending()]
        assert found == [
            (TaskKind.DISABLE, "cy0002", UserClass.MANAGEMENT),
            (TaskKind.DISABLE, "cy0001", UserClass.ENTERPRISE),
            (TaskKind.ENABLE, "cy0001", UserClass.MANAGEMENT),
        ]

    def test_who_did_the_earlier_one_does_not_strike_off_the_later(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.tasks.add(self.task(TaskKind.END_SESSIONS))
            (earlier,) = tx.tasks.pending()
        with register.transaction() as tx:  # while it is being done, the user has logged in again and is revoked again
            tx.tasks.add(self.task(TaskKind.END_SESSIONS))
        with register.transaction() as tx:
            tx.tasks.done(earlier)
            tx.tasks.failed(earlier, "too late")
            (later,) = tx.tasks.pending()
            assert (later.attempts, later.problem) == (0, "")
            assert later.id > earlier.id


class TestFacts:
    def test_the_last_value_stands(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            assert tx.facts.get("last sweep") is None
            tx.facts.set("last sweep", "2025-01-01")
            tx.facts.set("last sweep", "2025-07-01")
            assert tx.facts.get("last sweep") == "2025-07-01"

    def test_the_registers_own_are_out_of_reach(self, register: SqlRegister) -> None:
        with register.transaction() as tx, pytest.raises(ValueError, match="own"):
            tx.facts.set("register.key-check", "mine")


def test_it_is_a_register(register: SqlRegister) -> None:
    """mypy holds the types to the port; this, that nothing is missing at run time."""
    as_port: Register = register
    with as_port.transaction() as tx:
        parts = (
            tx.applications,
            tx.accounts,
            tx.keys,
            tx.evidence,
            tx.journal,
            tx.tasks,
            tx.facts,
            tx.units,
            tx.duties,
        )
        assert len({type(part) for part in parts}) == 9
