"""What any register promises of attachments and notices, whatever database is beneath it."""

from __future__ import annotations

import signal
from dataclasses import replace
from datetime import timedelta

import pytest

from idp_sync.adapters.register import SqlRegister
from idp_sync.adapters.register.statements import PAGE
from idp_sync.domain.attachment import Attachment, AttachmentKind, MediaType
from idp_sync.domain.errors import Conflict, InputError, NotFound
from idp_sync.domain.notice import (
    Notice,
    NoticeKind,
    NoticeState,
    claimed,
    doubted,
    later,
    notice,
    queued_again,
    recipient,
    sent,
)
from tests.registers import NOON, Place, application, finished, record

LATER = NOON + timedelta(minutes=5)


def attachment(place: int = 0, **changes: object) -> Attachment:
    fields: dict[str, object] = {
        "application": "APP-1",
        "sha256": f"{place:064x}",
        "name": "申请表.pdf",
        "media_type": MediaType.PDF,
        "size": 20 * 2**20,
        "kind": AttachmentKind.FORM,
        "added_at": NOON,
        "added_by": "测试管理员",
    }
    return Attachment(**{**fields, **changes})  # type: ignore[arg-type]


def a_notice(email: str = "office@bank.example", **changes: object) -> Notice:
    fresh = notice(
        NoticeKind.RETURNED,
        recipient("虚构银行", email),
        office="service-centre",
        at=NOON,
        application="APP-1",
        login="qy000001",
        opinion="缺章\n请补正",
    )
    return replace(fresh, **changes)  # type: ignore[arg-type]


class TestAttachments:
    def test_they_come_back_as_they_were_added(self, register: SqlRegister) -> None:
        proof = attachment(
            2, kind=AttachmentKind.DOCUMENT, document_type="营业执照", media_type=MediaType.PNG, name="照.png"
        )
        with register.transaction() as tx:
            tx.applications.add(record())
            tx.applications.add(record(application("APP-2")))
            first, second = tx.attachments.add(attachment(1)), tx.attachments.add(proof)
            other = tx.attachments.add(attachment(1, application="APP-2"))  # the same content, of another one
        assert [replace(a, id=0) for a in (first, second)] == [attachment(1), proof]
        assert 0 < first.id < second.id < other.id
        with register.transaction(read_only=True) as tx:
            assert tx.attachments.of("APP-1") == (first, second)
            assert tx.attachments.of("APP-2") == (other,)
            assert tx.attachments.of("APP-9") == ()
            assert list(tx.attachments.all()) == [first, second, other]
            assert tx.attachments.in_use() == {first.sha256, second.sha256}

    def test_the_same_content_twice_is_refused_and_the_rest_stands(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.applications.add(record())
            tx.attachments.add(attachment(1))
            with pytest.raises(Conflict, match="the same content is with the application already"):
                tx.attachments.add(attachment(1, name="别名.pdf"))
            with pytest.raises(NotFound, match="APP-9"):
                tx.attachments.add(attachment(1, application="APP-9"))
            tx.attachments.add(attachment(2))
        with register.transaction() as tx:
            assert len(tx.attachments.of("APP-1")) == 2

    def test_one_that_is_removed_is_gone_and_its_number_is_not_given_again(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.applications.add(record())
            kept, removed = tx.attachments.add(attachment(1)), tx.attachments.add(attachment(2))
            tx.attachments.remove(removed)
            tx.attachments.remove(removed)
            assert tx.attachments.of("APP-1") == (kept,)
            assert tx.attachments.in_use() == {kept.sha256}
            assert tx.attachments.add(attachment(2)).id > removed.id

    def test_long_lists_come_in_pages(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.applications.add(record())
            added = [tx.attachments.add(attachment(place)) for place in range(PAGE + 3)]
        with register.transaction(read_only=True) as tx:
            assert list(tx.attachments.all()) == added

    def test_what_the_database_can_not_hold_is_refused(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            tx.applications.add(record())
        with pytest.raises(InputError), register.transaction() as tx:
            tx.attachments.add(attachment(1, name="\ud800.pdf"))


class TestNotices:
    def test_they_come_back_as_they_were_queued(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            first = tx.notices.queue(a_notice())
            second = tx.notices.queue(a_notice("", application="", login="", fields={}))
        assert replace(first, number=0) == a_notice()
        assert 0 < first.number < second.number
        with register.transaction(read_only=True) as tx:
            assert tx.notices.get(first.number) == first
            assert tx.notices.get(second.number) == second
            with pytest.raises(NotFound, match="no notice of that number"):
                tx.notices.get(second.number + 1)

    def test_with_a_decision_that_is_undone_no_notice_stays(self, register: SqlRegister) -> None:
        def undone() -> None:
            with register.transaction() as tx:
                tx.applications.add(record())
                tx.notices.queue(a_notice())
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            undone()
        with register.transaction() as tx:
            assert list(tx.notices.all()) == []
            assert tx.notices.due(LATER, limit=10) == ()

    def test_they_are_found_by_state_and_application(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            one = tx.notices.queue(a_notice())
            other = tx.notices.queue(a_notice(application="APP-2"))
            tx.notices.save(claimed(one, at=LATER), was=one)
            assert list(tx.notices.all(state=NoticeState.QUEUED)) == [other]
            assert list(tx.notices.all(state=NoticeState.SENDING)) == [claimed(one, at=LATER)]
            assert [n.number for n in tx.notices.all(application="APP-1")] == [one.number]
            assert list(tx.notices.all(state=NoticeState.SENDING, application="APP-2")) == []

    def test_with_a_limit_they_are_the_newest(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            queued = [tx.notices.queue(a_notice(application=f"APP-{n % 2}")) for n in range(6)]
            assert list(tx.notices.all(limit=2)) == queued[4:]
            assert list(tx.notices.all(application="APP-0", limit=2)) == [queued[2], queued[4]]
            assert list(tx.notices.all(state=NoticeState.SENT, limit=2)) == []
            assert list(tx.notices.all(limit=9)) == queued
            assert list(tx.notices.all(limit=0)) == []

    def test_long_lists_come_in_pages(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            queued = [tx.notices.queue(a_notice()) for _ in range(PAGE + 3)]
        with register.transaction(read_only=True) as tx:
            assert list(tx.notices.all()) == queued

    def test_due_is_what_waits_for_the_mail_server(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            future = tx.notices.queue(a_notice(next_attempt_at=LATER + timedelta(microseconds=1)))
            long_waiting = tx.notices.queue(a_notice(next_attempt_at=NOON - timedelta(days=1)))
            letter = tx.notices.queue(a_notice(""))
            sending = tx.notices.queue(a_notice())
            tx.notices.save(claimed(sending, at=NOON), was=sending)
            now = tx.notices.queue(a_notice(next_attempt_at=LATER))
        with register.transaction(read_only=True) as tx:
            assert tx.notices.due(LATER, limit=10) == (long_waiting, now)
            assert tx.notices.due(LATER, limit=1) == (long_waiting,)
            assert tx.notices.due(LATER + timedelta(hours=1), limit=10) == (long_waiting, now, future)
            assert letter.number not in {n.number for n in tx.notices.due(LATER + timedelta(days=9), limit=10)}

    def test_left_behind_is_what_has_been_sending_for_long(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            notices = [tx.notices.queue(a_notice()) for _ in range(3)]
            old, fresh = claimed(notices[0], at=NOON), claimed(notices[1], at=LATER)
            tx.notices.save(old, was=notices[0])
            tx.notices.save(fresh, was=notices[1])
            assert tx.notices.left_behind(LATER) == (old,)
            assert tx.notices.left_behind(NOON) == ()

    def test_it_goes_through_its_life(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            n = tx.notices.queue(a_notice())
            for step in (
                lambda n: claimed(n, at=NOON),
                lambda n: later(n, at=NOON, problem="450 请稍后"),
                lambda n: claimed(n, at=LATER),
                lambda n: doubted(n, problem="cut"),
                lambda n: queued_again(n, at=LATER),
                lambda n: claimed(n, at=LATER + timedelta(hours=1)),
                lambda n: sent(n, at=LATER + timedelta(hours=1)),
            ):
                following = step(n)
                tx.notices.save(following, was=n)
                assert tx.notices.get(n.number) == following
                n = following

    def test_who_comes_second_changes_nothing(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            queued = tx.notices.queue(a_notice())
            attempt = claimed(queued, at=NOON)
            tx.notices.save(attempt, was=queued)
            with pytest.raises(Conflict, match="notice is sending by now, not queued"):
                tx.notices.save(claimed(queued, at=LATER), was=queued)
            assert tx.notices.get(queued.number) == attempt

    def test_who_was_given_up_for_dead_does_not_write_over_the_next_attempt(self, register: SqlRegister) -> None:
        with register.transaction() as tx:
            queued = tx.notices.queue(a_notice())
            dead = claimed(queued, at=NOON)
            tx.notices.save(dead, was=queued)
            tx.notices.save(doubted(dead, problem="died"), was=dead)
            again = queued_again(doubted(dead, problem="died"), at=LATER)
            tx.notices.save(again, was=doubted(dead, problem="died"))
            second = claimed(again, at=LATER)  # sending, first attempt: only the moment differs
            tx.notices.save(second, was=again)
            assert (second.state, second.attempts) == (dead.state, dead.attempts)
            with pytest.raises(Conflict):
                tx.notices.save(sent(dead, at=LATER), was=dead)
            assert tx.notices.get(queued.number) == second

    def test_one_that_is_unknown_can_not_be_saved(self, register: SqlRegister) -> None:
        with register.transaction() as tx, pytest.raises(NotFound):
            tx.notices.save(claimed(a_notice(number=99), at=NOON), was=a_notice(number=99))

    def test_several_processes_claim_each_notice_once(self, place: Place, register: SqlRegister) -> None:
        with register.transaction() as tx:
            for _ in range(20):
                tx.notices.queue(a_notice())
        script = (
            "from idp_sync.domain.notice import claimed; from idp_sync.domain.errors import Conflict\n"
            "now = datetime.now(UTC)\n"
            "with register.transaction(read_only=True) as tx: due = tx.notices.due(now, limit=100)\n"
            "print(len(due), flush=True)\n"
            "while not Path(sys.argv[2]).with_name('go').exists(): time.sleep(0.002)\n"
            "for n in due:\n"
            "    try:\n"
            "        with register.transaction() as tx: tx.notices.save(claimed(n, at=now), was=n)\n"
            "        print('claimed', n.number)\n"
            "    except Conflict: pass\n"
        )
        processes = [place.run(script) for _ in range(3)]
        for process in processes:  # all have read the same list before any begins
            assert process.stdout is not None
            assert process.stdout.readline() == "20\n"
        place.settings.key_file.with_name("go").touch()
        claims = sorted(line for process in processes for line in finished(process).splitlines())
        assert claims == sorted(f"claimed {number}" for number in range(1, 21))

    def test_a_claim_outlives_a_killed_process(self, place: Place, register: SqlRegister) -> None:
        with register.transaction() as tx:
            queued = tx.notices.queue(a_notice())
        process = place.run(
            "from idp_sync.domain.notice import claimed\n"
            "with register.transaction() as tx:\n"
            "    n = tx.notices.get(1); tx.notices.save(claimed(n, at=n.created_at), was=n)\n"
            "print('claimed', flush=True); time.sleep(60)\n"
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        process.send_signal(signal.SIGKILL)
        process.communicate()
        with register.transaction() as tx:
            assert tx.notices.get(queued.number) == claimed(queued, at=NOON)
