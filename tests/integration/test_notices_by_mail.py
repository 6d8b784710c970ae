"""Notices and a real mail server: each arrives once, whatever breaks, or is in doubt until a person decides."""

from __future__ import annotations

import os
import smtplib
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from idp_sync.config import FILE_NAME, MailSecurity, NoticesSettings
from idp_sync.domain.errors import AccessDenied, Conflict, NotCompetent, NotFound, NotSetUp, Refused, Unavailable
from idp_sync.domain.notice import MOST_ATTEMPTS, SENDING_AT_MOST, Notice, NoticeKind, NoticeState, notice, recipient
from idp_sync.services.deliver import Deliver
from tests.house import CONFIGURES, REGISTRATION, RESEARCH, SERVICE, House, house
from tests.mailserver import PASSWORD, SENDER, USERNAME, MailServer, mail_server
from tests.servers import TlsFiles, make_tls_files

UNIT = "window@chaoyang.example"


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return make_tls_files(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def server(tls: TlsFiles) -> Iterator[MailServer]:
    with mail_server(tls) as running:
        yield running


@pytest.fixture
def office(tmp_path: Path, server: MailServer) -> Iterator[House]:
    with house(tmp_path) as built:
        use(built, server.settings())
        yield built


def use(office: House, mail: NoticesSettings | None) -> None:
    """From now on that is the mail server; written down as well, for other processes."""
    office.__dict__["settings"] = office.settings.model_copy(update={"notices": mail})
    if mail is not None:
        with (office.home / FILE_NAME).open("a", encoding="utf-8") as file:
            file.write(
                f'[notices]\nhost = "{mail.host}"\nport = {mail.port}\nsecurity = "{mail.security}"\n'
                f'ca_file = "{mail.ca_file}"\nsender = "{mail.sender}"\n'
            )


def queued(office: House, count: int = 1, *, to: str = UNIT, by: str = "registration") -> list[Notice]:
    """Notices that wait."""
    with office.register.transaction() as tx:
        return [
            tx.notices.queue(
                notice(
                    NoticeKind.RETURNED,
                    recipient("虚构单位朝阳区登记窗口", to),
                    office=by,
                    at=office.clock.now(),
                    application=f"APP-{n}",
                    form="用户及密钥申请表",
                    unit="虚构单位朝阳区登记窗口",
                    opinion="缺章\n.\n请补正",
                    people="　测试甲",
                    office_name="房屋登记管理处",
                    office_english="Housing Registration Division",
                )
            )
            for n in range(1, count + 1)
        ]


def send(office: House, *, limit: int = 100) -> list[Notice]:
    return list(office.deliver.deliver(limit=limit, actor=office.who(CONFIGURES)))


def found(office: House, number: int = 1) -> Notice:
    with office.register.transaction(read_only=True) as tx:
        return tx.notices.get(number)


def acts(office: House, subject: str = "APP-1") -> list[str]:
    return [entry.act for entry in office.journal_of(subject)]


class TestArriving:
    def test_it_arrives_as_it_was_meant(self, office: House, server: MailServer) -> None:
        queued(office)
        office.pass_time(minutes=3)
        (sent,) = send(office)
        assert (sent.state, sent.attempts, sent.done_at) == (NoticeState.SENT, 1, office.clock.now())
        (mail,) = server.post.taken
        assert mail["Subject"] == "申请退回：APP-1"
        assert mail["From"].addresses[0].addr_spec == SENDER
        assert mail["From"].addresses[0].display_name == "用户及密钥管理"
        assert [(a.display_name, a.addr_spec) for a in mail["To"].addresses] == [("虚构单位朝阳区登记窗口", UNIT)]
        assert mail["Message-ID"] == "<notice-1-20250303010000000000@housing.example>"
        assert mail["Date"].datetime == office.clock.now()
        assert mail["Auto-Submitted"] == "auto-generated"
        assert mail.get_content_type() == "text/plain"
        text = mail.get_content().replace("\r\n", "\n")
        assert "缺章\n.\n请补正" in text
        assert "Your application APP-1 is returned" in text
        (act,) = office.journal_of("APP-1")
        assert (act.act, act.article, act.detail["to"]) == ("notice.sent", "第五条", "虚构单位朝阳区登记窗口")

    def test_it_goes_out_once(self, office: House, server: MailServer) -> None:
        queued(office, 3)
        assert [n.state for n in send(office)] == [NoticeState.SENT] * 3
        assert send(office) == []
        assert len(server.post.taken) == 3
        assert server.post.sessions == 1  # one conversation for all of them; nothing is due, nobody is called

    def test_at_most_so_many(self, office: House, server: MailServer) -> None:
        queued(office, 3)
        assert len(send(office, limit=2)) == 2
        assert len(server.post.taken) == 2

    def test_a_letter_is_not_mailed(self, office: House, server: MailServer) -> None:
        queued(office, to="")
        assert send(office) == []
        assert server.post.sessions == 0

    def test_a_decision_is_told(self, office: House, server: MailServer) -> None:
        mail = server.settings(offices={"research-centre": "keys@research.example"})
        office.__dict__["settings"] = office.settings.model_copy(update={"notices": mail})
        office.decided("NEW-1", "A3", PERSON, by=REGISTRATION)
        send(office)
        (sent,) = server.post.taken
        assert (sent["To"].addresses[0].addr_spec, sent["Subject"]) == ("keys@research.example", "审核意见告知：NEW-1")

    def test_only_the_information_centre_runs_jobs(self, office: House) -> None:
        queued(office)
        with pytest.raises(NotCompetent):
            list(office.deliver.deliver(limit=1, actor=office.who(RESEARCH)))


PERSON = {"用户姓名": "测试甲", "性别": "男", "身份证号": "110000199001019018", "申请权限": ["MGMT-DIST.REG.01"]}


class TestProtection:
    @pytest.fixture
    def waiting(self, tmp_path: Path) -> Iterator[House]:
        with house(tmp_path) as built:
            queued(built)
            yield built

    def test_starttls(self, waiting: House, tls: TlsFiles) -> None:
        with mail_server(tls, security=MailSecurity.STARTTLS) as server:
            use(waiting, server.settings())
            assert [n.state for n in send(waiting)] == [NoticeState.SENT]
            assert len(server.post.taken) == 1

    @pytest.mark.parametrize("security", [MailSecurity.TLS, MailSecurity.STARTTLS])
    def test_a_stranger_is_told_nothing(self, waiting: House, tls: TlsFiles, tmp_path: Path, security: str) -> None:
        stranger = make_tls_files(tmp_path / "stranger")
        with mail_server(tls, security=MailSecurity(security)) as server:
            use(waiting, server.settings(ca_file=stranger.ca_file))
            with pytest.raises(Unavailable, match="certificate verify failed"):
                send(waiting)
            assert server.post.seen == []
        assert found(waiting).state is NoticeState.QUEUED

    def test_a_server_without_tls_is_told_nothing(self, waiting: House, tls: TlsFiles) -> None:
        with mail_server(tls, security=MailSecurity.STARTTLS, offers_tls=False) as server:
            use(waiting, server.settings())
            with pytest.raises(Unavailable, match="STARTTLS extension not supported"):
                send(waiting)
            assert server.post.seen == []
        assert found(waiting).attempts == 0

    def test_on_this_machine_it_may_be_plain(self, waiting: House, tls: TlsFiles) -> None:
        with mail_server(tls, security=MailSecurity.NONE) as server:
            use(waiting, server.settings())
            assert [n.state for n in send(waiting)] == [NoticeState.SENT]

    def test_with_an_account(self, waiting: House, tls: TlsFiles, tmp_path: Path) -> None:
        (tmp_path / "mail.password").write_text(f"{PASSWORD}\n")
        with mail_server(tls, security=MailSecurity.STARTTLS, asks_who=True) as server:
            use(waiting, server.settings(username=USERNAME, password_file=tmp_path / "mail.password"))
            assert [n.state for n in send(waiting)] == [NoticeState.SENT]

    def test_with_a_wrong_account(self, waiting: House, tls: TlsFiles, tmp_path: Path) -> None:
        (tmp_path / "mail.password").write_text("a wrong one")
        with mail_server(tls, security=MailSecurity.STARTTLS, asks_who=True) as server:
            use(waiting, server.settings(username=USERNAME, password_file=tmp_path / "mail.password"))
            with pytest.raises(AccessDenied, match="refuses our account: 535") as caught:
                send(waiting)
        assert "a wrong one" not in str(caught.value)
        assert found(waiting).state is NoticeState.QUEUED

    def test_an_account_that_the_server_does_not_ask_for(self, waiting: House, server: MailServer) -> None:
        (waiting.home / "mail.password").write_text(PASSWORD)
        use(waiting, server.settings(username=USERNAME, password_file=waiting.home / "mail.password"))
        with pytest.raises(Unavailable, match="AUTH extension not supported"):
            send(waiting)

    @pytest.mark.parametrize("missing", ["ca_file", "password_file"])
    def test_files_that_are_missing(self, waiting: House, server: MailServer, missing: str) -> None:
        account = {"username": USERNAME, "password_file": waiting.home / FILE_NAME}
        use(waiting, server.settings(**{**account, missing: waiting.home / "nowhere"}))
        with pytest.raises(NotSetUp, match="nowhere"):
            send(waiting)
        assert server.post.sessions == 0

    def test_without_a_mail_server_there_is_nothing_to_send(self, waiting: House) -> None:
        with pytest.raises(NotSetUp, match="notices print"):
            send(waiting)
        assert [n.number for n in waiting.deliver.letters()] == [1]  # it had an address, and is printed now


class TestRefusals:
    def test_a_refused_recipient_fails_with_the_reason_and_stops_nobody_else(
        self, office: House, server: MailServer
    ) -> None:
        server.post.refused[UNIT] = "550 5.1.1 no such user here"
        queued(office)
        queued(office, to="other@unit.example")
        assert [(n.state, n.problem) for n in send(office)] == [
            (NoticeState.FAILED, "550 5.1.1 no such user here"),
            (NoticeState.SENT, ""),
        ]
        assert server.post.sessions == 1
        assert acts(office) == ["notice.failed", "notice.sent"]
        office.pass_time(days=3)
        assert send(office) == []

    @pytest.mark.parametrize("where", ["recipient", "data"])
    def test_not_now_is_tried_again_later(self, office: House, server: MailServer, where: str) -> None:
        queued(office)
        if where == "recipient":
            server.post.refused[UNIT] = "450 4.2.1 greylisted"
        else:
            server.post.answers = ["451 4.3.0 try again later"]
        (waiting,) = send(office)
        assert (waiting.state, waiting.attempts, waiting.problem[:3]) in {
            (NoticeState.QUEUED, 1, "450"),
            (NoticeState.QUEUED, 1, "451"),
        }
        server.post.refused.clear()
        assert send(office) == []  # not yet
        office.clock.at = waiting.next_attempt_at
        assert [(n.state, n.attempts) for n in send(office)] == [(NoticeState.SENT, 2)]
        assert len(server.post.taken) == 1
        assert acts(office) == ["notice.sent"]

    def test_not_now_for_ever_fails_in_the_end(self, office: House, server: MailServer) -> None:
        server.post.refused[UNIT] = "450 mailbox full"
        queued(office)
        for _ in range(MOST_ATTEMPTS):
            (last,) = send(office)
            office.clock.at = max(last.next_attempt_at, office.clock.at)
        assert (last.state, last.attempts, last.problem) == (NoticeState.FAILED, MOST_ATTEMPTS, "450 mailbox full")
        office.pass_time(days=9)
        assert send(office) == []
        server.post.refused.clear()
        office.deliver.resend(1, actor=office.who(REGISTRATION))
        assert [(n.state, n.attempts) for n in send(office)] == [(NoticeState.SENT, 1)]

    def test_a_content_that_is_refused_for_good(self, office: House, server: MailServer) -> None:
        server.post.answers = ["554 5.7.1 spam"]
        queued(office)
        assert [(n.state, n.problem) for n in send(office)] == [(NoticeState.FAILED, "554 5.7.1 spam")]

    def test_a_server_that_closes_is_called_again(self, office: House, server: MailServer) -> None:
        server.post.refused["busy@unit.example"] = "421 4.7.0 too many, closing"
        queued(office, to="busy@unit.example")
        queued(office)
        assert [n.state for n in send(office)] == [NoticeState.QUEUED, NoticeState.SENT]
        assert server.post.sessions == 2

    def test_a_header_that_would_break_out_is_never_sent(self, office: House, server: MailServer) -> None:
        queued(office)
        spoil(office, "recipient_name", "x\r\nBcc: thief@evil.example")
        (refused,) = send(office)
        assert refused.state is NoticeState.FAILED
        assert server.post.seen == []


def spoil(office: House, column: str, value: str) -> None:
    """Write into the register behind its back."""
    with sqlite3.connect(office.home / "register.sqlite") as connection:
        connection.execute(f"UPDATE notice SET {column} = ?", (value,))  # noqa: S608
    connection.close()


class TestBreaks:
    def test_a_connection_that_is_cut_within_data_leaves_it_in_doubt(self, office: House, server: MailServer) -> None:
        server.post.answers = ["cut"]
        queued(office, 2)
        first, second = send(office)
        assert (first.state, second.state) == (NoticeState.IN_DOUBT, NoticeState.SENT)
        assert "the connection broke" in first.problem
        assert len(server.post.seen) == 2  # the server had it, and may have kept it
        office.pass_time(days=30)
        assert send(office) == []
        assert acts(office) == ["notice.in-doubt"]

    def test_a_person_has_it_sent_again_under_the_same_message_id(self, office: House, server: MailServer) -> None:
        server.post.answers = ["cut"]
        queued(office)
        send(office)
        assert office.deliver.resend(1, actor=office.who(REGISTRATION)).state is NoticeState.QUEUED
        assert [n.state for n in send(office)] == [NoticeState.SENT]
        assert server.post.taken[0]["Message-ID"] == "<notice-1-20250303010000000000@housing.example>"
        assert acts(office) == ["notice.in-doubt", "notice.resend", "notice.sent"]

    def test_a_person_finds_that_it_arrived(self, office: House, server: MailServer) -> None:
        server.post.answers = ["cut"]
        queued(office)
        send(office)
        actor = office.who(REGISTRATION)
        with pytest.raises(Refused, match="say how it was found"):
            office.deliver.settle(1, found=" ", actor=actor)
        with pytest.raises(NotCompetent, match="another office's"):
            office.deliver.settle(1, found="电话核实", actor=office.who(SERVICE))
        assert office.deliver.settle(1, found="电话核实", actor=actor).state is NoticeState.SENT
        with pytest.raises(Conflict):
            office.deliver.resend(1, actor=actor)
        with pytest.raises(NotFound):
            office.deliver.resend(2, actor=actor)
        assert office.journal_of("APP-1")[-1].detail["found"] == "电话核实"

    def test_a_server_that_is_down_takes_nothing_away(self, office: House, server: MailServer, tls: TlsFiles) -> None:
        queued(office, 2)
        use(office, server.settings(port=1))
        with pytest.raises(Unavailable, match="notices stay queued"):
            send(office)
        assert (found(office).state, found(office).attempts) == (NoticeState.QUEUED, 0)
        with mail_server(tls) as again:
            use(office, again.settings())
            assert [n.state for n in send(office)] == [NoticeState.SENT] * 2

    def test_a_server_that_goes_away_in_between(
        self, office: House, server: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        queued(office, 3)
        server.post.refused["gone@unit.example"] = "421 closing"
        spoil(office, "email", "gone@unit.example")
        delivery = office.deliver.deliver(limit=10, actor=office.who(CONFIGURES))
        assert next(delivery).state is NoticeState.QUEUED
        monkeypatch.setattr(smtplib.SMTP_SSL, "connect", _no_route)  # and is not there when it is called again
        with pytest.raises(Unavailable, match="notices stay queued"):
            next(delivery)
        assert [found(office, number).state for number in (1, 2, 3)] == [NoticeState.QUEUED] * 3
        assert [found(office, number).attempts for number in (1, 2, 3)] == [1, 1, 0]
        assert "No route" in found(office, 2).problem

    def test_ctrl_c_within_data_leaves_it_in_doubt(
        self, office: House, server: MailServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        queued(office)

        def interrupted(*_: object) -> None:
            raise KeyboardInterrupt

        monkeypatch.setattr(smtplib.SMTP, "data", interrupted)
        with pytest.raises(KeyboardInterrupt):
            send(office)
        assert (found(office).state, found(office).problem) == (
            NoticeState.IN_DOUBT,
            "发送中断 / interrupted: KeyboardInterrupt",
        )
        assert server.post.seen == []

    def test_one_that_was_given_up_for_dead_too_early(self, office: House, server: MailServer) -> None:
        """The mail server takes a quarter of an hour to answer, and another sender declares it in doubt meanwhile."""
        queued(office)

        def meanwhile() -> None:
            office.pass_time(seconds=SENDING_AT_MOST.total_seconds() + 1)
            assert [n.state for n in send(office)] == [NoticeState.IN_DOUBT]

        server.post.on_data = meanwhile
        assert [n.state for n in send(office)] == [NoticeState.SENT]  # now it is known
        assert len(server.post.taken) == 1

    @pytest.mark.parametrize("answer", ["250 OK", "550 no"])
    def test_a_persons_decision_stands(self, office: House, server: MailServer, answer: str) -> None:
        queued(office)

        def meanwhile() -> None:
            office.pass_time(seconds=SENDING_AT_MOST.total_seconds() + 1)
            send(office)
            office.deliver.resend(1, actor=office.who(REGISTRATION))

        server.post.on_data = meanwhile
        server.post.answers = [answer]
        (after,) = send(office)
        assert after.state is NoticeState.QUEUED
        assert found(office) == after


def _no_route(*_: object) -> None:
    raise OSError("No route to host")


class TestProcesses:
    """The command itself, in processes of its own, on the real clock."""

    @staticmethod
    def command(office: House) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "idp_sync", "--home", str(office.home), "notices", "send", "--as", CONFIGURES],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )

    def test_a_sender_that_is_killed_in_between_leaves_one_in_doubt(self, office: House, server: MailServer) -> None:
        queued(office, 2)
        server.post.hangs = True
        process = self.command(office)
        _wait_for(lambda: bool(server.post.seen))
        process.kill()
        process.communicate()
        server.post.hangs = False
        assert [found(office, number).state for number in (1, 2)] == [NoticeState.SENDING, NoticeState.QUEUED]
        office.clock.at = datetime.now(UTC)  # noqa: TID251 - the process had the real clock
        assert [(n.number, n.state) for n in send(office)] == [
            (2, NoticeState.SENT)
        ]  # the first may still be under way
        office.clock.at += SENDING_AT_MOST + timedelta(seconds=1)
        assert [(n.number, n.state) for n in send(office)] == [(1, NoticeState.IN_DOUBT)]
        office.pass_time(days=9)
        assert send(office) == []
        assert server.post.seen == [UNIT, UNIT]  # each was said once

    def test_several_at_once_send_each_notice_once(self, office: House, server: MailServer) -> None:
        queued(office, 30)
        server.post.on_data = lambda: time.sleep(0.02)  # long enough for them to meet
        processes = [self.command(office) for _ in range(3)]
        outputs = [process.communicate(timeout=120) for process in processes]
        assert [process.returncode for process in processes] == [0, 0, 0], outputs
        ids = sorted(str(mail["Message-ID"]) for mail in server.post.taken)
        assert len(ids) == len(set(ids)) == 30
        assert sum(len(out.splitlines()) for out, _ in outputs) == 30
        assert {found(office, number).state for number in range(1, 31)} == {NoticeState.SENT}

    def test_trouble_shows_in_the_exit_code(self, office: House, server: MailServer) -> None:
        queued(office)
        server.post.answers = ["554 no"]
        process = self.command(office)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, "发送失败" in out, err) == (7, True, "")


def _wait_for(happened: Callable[[], bool]) -> None:
    for _ in range(3000):
        if happened():
            return
        time.sleep(0.01)
    raise TimeoutError


class TestLetters:
    @staticmethod
    def paper(office: House, number: int, *, by: str = REGISTRATION, deliver: Deliver | None = None) -> list[str]:
        printed: list[str] = []
        (deliver or office.deliver).print_letter(
            number, lambda n, text: printed.append(f"{n.number} {text.subject}"), actor=office.who(by)
        )
        return printed

    def test_it_is_printed_and_may_be_printed_again(self, office: House) -> None:
        queued(office, to="")
        assert [n.number for n in office.deliver.letters()] == [1]
        assert self.paper(office, 1) == ["1 申请退回：APP-1"]
        assert found(office).state is NoticeState.PRINTED
        assert office.deliver.letters() == ()
        assert self.paper(office, 1) == ["1 申请退回：APP-1"]
        assert acts(office) == ["notice.print"]

    def test_what_goes_out_by_mail_is_not_printed(self, office: House) -> None:
        queued(office)
        with pytest.raises(Conflict, match="tell it twice"):
            self.paper(office, 1)
        send(office)
        with pytest.raises(Conflict):
            self.paper(office, 1)

    def test_what_failed_is_told_by_letter(self, office: House, server: MailServer) -> None:
        server.post.refused[UNIT] = "550 no"
        queued(office)
        send(office)
        self.paper(office, 1)
        assert found(office).state is NoticeState.PRINTED

    def test_another_offices_letter_is_not_ours(self, office: House) -> None:
        queued(office, to="")
        with pytest.raises(NotCompetent, match="another office's"):
            self.paper(office, 1, by=SERVICE)
        assert self.paper(office, 1, by=CONFIGURES) == ["1 申请退回：APP-1"]  # 信息中心 supports all of them

    def test_a_jammed_printer_leaves_it_waiting(self, office: House) -> None:
        queued(office, to="")

        def jammed(*_: object) -> None:
            raise OSError("paper jam")

        with pytest.raises(OSError, match="paper jam"):
            office.deliver.print_letter(1, jammed, actor=office.who(REGISTRATION))
        assert [n.number for n in office.deliver.letters()] == [1]
