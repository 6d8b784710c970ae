"""`idp-sync attachments` and `idp-sync notices`: what people type, what they see, and which files come of it."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from idp_sync.cli import cli
from idp_sync.domain.attachment import LARGEST_BYTES
from idp_sync.domain.errors import Conflict, InputError, NotCompetent, NotSetUp, Unavailable
from idp_sync.domain.notice import NoticeKind, claimed, doubted, notice, recipient
from tests.house import CONFIGURES, REGISTRATION, SERVICE, House, house, person
from tests.scans import jpeg, pdf, pdf_with_script, png


@pytest.fixture
def office(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path) as built:
        built.take_in("NEW-1", "A3", person(), by=REGISTRATION)
        yield built


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    folder = tmp_path / "scans"
    folder.mkdir()
    for name, content in {"表.pdf": pdf(), "执照.pdf": jpeg(), "坏.pdf": pdf_with_script(), "空.png": b""}.items():
        (folder / name).write_bytes(content)
    return folder


def run(office: House, *arguments: object, by: str = REGISTRATION, code: int = 0) -> Result:
    """The command as somebody runs it; `code` is how it has to end."""
    who = ["--as", by] if by else []
    ran = CliRunner().invoke(cli, ["--home", str(office.home), *map(str, arguments), *who])
    assert ran.exit_code == code, (ran.output, ran.exception)
    return ran


def refused(office: House, error: type[Exception], *arguments: object, by: str = REGISTRATION) -> str:
    """The message of the error that the command ends with."""
    ran = CliRunner().invoke(cli, ["--home", str(office.home), *map(str, arguments), "--as", by])
    assert isinstance(ran.exception, error), (ran.output, ran.exception)
    return str(ran.exception)


class TestAttachments:
    def test_good_files_are_kept_and_bad_ones_are_named(self, office: House, scans: Path) -> None:
        ran = run(
            office, "attachments", "add", "NEW-1", *sorted(scans.iterdir()), scans / "无", code=InputError.exit_code
        )
        assert "NEW-1 ← 表.pdf  application/pdf" in ran.stdout
        assert "NEW-1 ← 执照.jpg  image/jpeg" in ran.stdout
        assert "坏.pdf: PDF含有脚本 / script" in ran.stderr
        assert "空.png: 文件为空" in ran.stderr
        assert "无: " in ran.stderr
        listed = json.loads(run(office, "attachments", "list", "NEW-1", "--json", by="").stdout)
        assert sorted(a["name"] for a in listed) == ["执照.jpg", "表.pdf"]
        assert "附件 / attachments of NEW-1: 2" in run(office, "attachments", "list", "NEW-1", by="").stdout

    def test_a_dry_run_keeps_nothing(self, office: House, scans: Path) -> None:
        ran = run(office, "attachments", "add", "NEW-1", scans / "执照.pdf", "--dry-run")
        assert "可以接受 / would be taken: image/jpeg" in ran.stdout
        run(office, "attachments", "add", "NEW-1", scans / "坏.pdf", "--dry-run", code=InputError.exit_code)
        assert office.attach.of("NEW-1") == ()

    def test_a_proof_is_named(self, office: House, scans: Path) -> None:
        words = ("--kind", "document", "--document", "营业执照")
        run(office, "attachments", "add", "NEW-1", scans / "执照.pdf", *words)
        assert "证明材料 营业执照" in run(office, "attachments", "list", "NEW-1", by="").stdout

    def test_no_more_is_read_than_may_be_kept(self, office: House, tmp_path: Path) -> None:
        endless = tmp_path / "endless.pdf"
        with endless.open("wb") as file:
            file.write(b"%PDF-1.7\n")
            file.truncate(50 * LARGEST_BYTES)  # a sparse file: a gigabyte that takes no room
        ran = run(office, "attachments", "add", "NEW-1", endless, code=InputError.exit_code)
        assert "too large" in ran.stderr

    def test_export_writes_new_files_for_their_owner_alone(self, office: House, scans: Path, tmp_path: Path) -> None:
        run(office, "attachments", "add", "NEW-1", scans / "表.pdf", scans / "执照.pdf")
        out = tmp_path / "out" / "deep"
        ran = run(office, "attachments", "export", "NEW-1", "--out", out)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == {"01-表.pdf": pdf(), "02-执照.jpg": jpeg()}
        assert {stat.S_IMODE(path.stat().st_mode) for path in out.iterdir()} == {0o600}
        assert stat.S_IMODE(out.stat().st_mode) == 0o700
        assert str(out / "01-表.pdf") in ran.stdout

    def test_export_overwrites_nothing_and_takes_back_what_it_wrote(
        self, office: House, scans: Path, tmp_path: Path
    ) -> None:
        run(office, "attachments", "add", "NEW-1", scans / "表.pdf", scans / "执照.pdf")
        out = tmp_path / "out"
        out.mkdir()
        (out / "02-执照.jpg").write_bytes(b"mine")
        assert "File exists" in refused(office, InputError, "attachments", "export", "NEW-1", "--out", out)
        assert {path.name: path.read_bytes() for path in out.iterdir()} == {"02-执照.jpg": b"mine"}

    @pytest.mark.parametrize("dangling", [True, False])
    def test_a_link_laid_in_wait_is_not_written_through(
        self, office: House, scans: Path, tmp_path: Path, *, dangling: bool
    ) -> None:
        run(office, "attachments", "add", "NEW-1", scans / "表.pdf")
        out, victim = tmp_path / "out", tmp_path / "victim"
        out.mkdir()
        if not dangling:
            victim.write_bytes(b"untouched")
        (out / "01-表.pdf").symlink_to(victim)
        refused(office, InputError, "attachments", "export", "NEW-1", "--out", out)
        assert victim.read_bytes() == b"untouched" if not dangling else not victim.exists()

    def test_a_folder_that_is_a_link_or_a_file_is_refused(self, office: House, scans: Path, tmp_path: Path) -> None:
        run(office, "attachments", "add", "NEW-1", scans / "表.pdf")
        elsewhere, out = tmp_path / "elsewhere", tmp_path / "out"
        elsewhere.mkdir()
        out.symlink_to(elsewhere)
        assert "a link is none" in refused(office, InputError, "attachments", "export", "NEW-1", "--out", out)
        assert list(elsewhere.iterdir()) == []
        ran = run(office, "attachments", "export", "NEW-1", "--out", scans / "表.pdf", code=2)
        assert "表.pdf" in ran.stderr

    def test_check_tells_damage_by_its_exit_code(self, office: House, scans: Path) -> None:
        run(office, "attachments", "add", "NEW-1", scans / "表.pdf")
        assert "附件 / attachments: 1，有问题 / with problems: 0" in run(office, "attachments", "check").stdout
        (added,) = office.attach.of("NEW-1")
        (office.home / "attachments" / added.sha256[:2] / added.sha256[2:4] / added.sha256).unlink()
        assert "NEW-1  表.pdf" in run(office, "attachments", "check", code=1).stdout
        document = json.loads(run(office, "attachments", "check", "--json", code=1).stdout)
        assert [p["name"] for p in document["problems"]] == ["表.pdf"]

    def test_orphans_are_removed_on_demand(self, office: House) -> None:
        office.attach.store.put(png())  # the house stands in 2025, the command has today's clock
        run(office, "attachments", "check", "--remove-orphans", by=CONFIGURES)
        assert list(office.attach.store.stored()) == []
        refused(office, NotCompetent, "attachments", "check", "--remove-orphans")

    def test_purge_plans_before_it_removes(self, office: House, scans: Path) -> None:
        run(office, "attachments", "add", "NEW-1", scans / "表.pdf")
        shown = json.loads(run(office, "attachments", "purge", "--json", by=CONFIGURES).stdout)
        assert (shown["years"], shown["applied"], shown["attachments"]) == (5, False, [])
        assert "--apply 删除" in run(office, "attachments", "purge", by=CONFIGURES).stdout
        assert (
            "已删除 / removed（5年 / years）: 0" in run(office, "attachments", "purge", "--apply", by=CONFIGURES).stdout
        )
        refused(office, NotCompetent, "attachments", "purge", "--apply")


class TestNotices:
    @pytest.fixture
    def waiting(self, office: House) -> House:
        """Two letters of the registration division, one of the service centre, and one with an address."""
        with office.register.transaction() as tx:
            for place, (by, email) in enumerate(
                (("registration", ""), ("service-centre", ""), ("registration", ""), ("registration", "w@unit.example"))
            ):
                tx.notices.queue(
                    notice(
                        NoticeKind.REJECTED,
                        recipient("虚构单位", email),
                        office=by,
                        at=datetime(2025, 3, 3, 4, tzinfo=UTC),
                        application=f"APP-{place}",
                        form="用户及密钥申请表",
                        opinion="不符合规定",
                        office_name="部门",
                        office_english="Office",
                    )
                )
        return office

    def lines(self, office: House, *arguments: object) -> list[dict[str, Any]]:
        return [json.loads(line) for line in run(office, "notices", *arguments, "--json", by="").stdout.splitlines()]

    def test_the_list(self, waiting: House) -> None:
        assert [n["number"] for n in self.lines(waiting, "list")] == [1, 2, 3, 4]
        assert [n["number"] for n in self.lines(waiting, "list", "--application", "APP-2")] == [3]
        assert self.lines(waiting, "list", "--state", "sent") == []
        shown = run(waiting, "notices", "list", by="").stdout
        assert "通知 / notices: 4" in shown
        assert "w@unit.example" in shown

    def test_letters_are_printed_on_the_screen(self, waiting: House) -> None:
        ran = run(waiting, "notices", "print", "1")
        assert ran.stdout.startswith("申请不予批准：APP-0\n\n虚构单位：\n")
        assert self.lines(waiting, "list", "--state", "printed")[0]["number"] == 1

    def test_letters_that_wait_go_into_a_folder(self, waiting: House, tmp_path: Path) -> None:
        dry = run(waiting, "notices", "print", "--dry-run", "--out", tmp_path / "letters")
        assert dry.stdout.splitlines()[0].startswith("1  不予批准 APP-0  虚构单位  信函  待发")
        assert not (tmp_path / "letters").exists()
        ran = run(waiting, "notices", "print", "--out", tmp_path / "letters")
        names = [f"notice-{number:06d}.txt" for number in (1, 3, 4)]  # without a mail server the last one as well
        assert sorted(path.name for path in (tmp_path / "letters").iterdir()) == names
        assert "信函 / letters: 3" in ran.stdout
        assert "信函 / letters: 0" in run(waiting, "notices", "print").stdout
        assert [n["number"] for n in self.lines(waiting, "list", "--state", "queued")] == [2]

    def test_another_offices_letter_is_refused(self, waiting: House, tmp_path: Path) -> None:
        refused(waiting, NotCompetent, "notices", "print", "1", "--out", tmp_path / "letters", by=SERVICE)
        assert list((tmp_path / "letters").iterdir()) == []

    def test_a_letter_that_can_not_be_written_is_not_recorded_as_printed(self, waiting: House, tmp_path: Path) -> None:
        (tmp_path / "letters").mkdir()
        (tmp_path / "letters" / "notice-000001.txt").write_text("mine")
        refused(waiting, InputError, "notices", "print", "1", "--out", tmp_path / "letters")
        assert self.lines(waiting, "list", "--state", "printed") == []

    def test_without_a_mail_server_sending_says_what_to_do(self, waiting: House) -> None:
        assert "notices print" in refused(waiting, NotSetUp, "notices", "send", by=CONFIGURES)
        assert "w@unit.example" in run(waiting, "notices", "send", "--dry-run", by=CONFIGURES).stdout

    def test_only_what_is_in_trouble_is_decided_by_a_person(self, waiting: House) -> None:
        refused(waiting, Conflict, "notices", "resend", "4")
        refused(waiting, Conflict, "notices", "settle", "4", "--found", "电话核实")
        with waiting.register.transaction() as tx:
            was = tx.notices.get(4)
            sending = claimed(was, at=waiting.clock.now())
            tx.notices.save(sending, was=was)
            tx.notices.save(doubted(sending, problem="cut"), was=sending)
        assert "是否送达不明" in run(waiting, "notices", "list", by="").stdout
        assert "已发送" in run(waiting, "notices", "settle", "4", "--found", "电话核实").stdout

    def test_a_server_that_is_down(self, waiting: House) -> None:
        with (waiting.home / "idp-sync.toml").open("a", encoding="utf-8") as file:
            file.write('[notices]\nhost = "localhost"\nport = 1\nsecurity = "none"\nsender = "keys@housing.example"\n')
        message = refused(waiting, Unavailable, "notices", "send", by=CONFIGURES)
        assert "notices stay queued" in message
