"""`idp-sync applications print|blank|file`: what is written where, and what is journalled; on a real register."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from idp_sync.adapters.forms import Reader
from idp_sync.bootstrap import Installation
from idp_sync.cli import cli
from idp_sync.domain.application import Form, State
from idp_sync.domain.errors import InputError, NotCompetent, NotFound
from idp_sync.domain.finding import Outcome
from idp_sync.domain.journal import Actor, Entry
from idp_sync.ports import ApplicationRecord, Unreadable
from tests.builders import application, id_number
from tests.pages import words
from tests.registers import NOON
from tests.unit.adapters.test_paper_file import scan

NUMBER = "A3-2025-0001"
INTAKE = ("--as", "登记一@房屋登记管理处")

#: an installation whose servers are never asked
SETTINGS = """\
[register]
url = "sqlite:///{home}/register.db"
key_file = "register.key"
[directory]
url = "ldaps://127.0.0.1:1"
suffix = "dc=test"
bind_dn = "cn=test"
password_file = "none"
ca_file = "none"
[realms]
url = "https://127.0.0.1:1"
ca_file = "none"
client_secret_file = "none"
directory_url = "ldaps://127.0.0.1:1"
directory_bind_dn = "cn=test"
directory_password_file = "none"
[authority]
folder = "authority"
passphrase_file = "none"
"""


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Installation]:
    """An installation with one application."""
    (tmp_path / "idp-sync.toml").write_text(SETTINGS.format(home=tmp_path), "utf-8")
    installation = Installation(home=tmp_path)
    list(installation.register.set_up())
    record = ApplicationRecord(
        application=application(id=NUMBER),
        state=State.RECEIVED,
        outcome=Outcome.ACCEPT,
        findings=(),
        imported_at=NOON,
        imported_by="登记一",
        source="申请.xlsx",
    )
    with installation.register.transaction() as tx:
        tx.applications.add(record)
        tx.applications.add(
            replace(record, application=application(Form.ENTERPRISE_NEW, id="ENT-1"), source="申请.json")
        )
    yield installation
    installation.register.close()  # type: ignore[attr-defined] # SqlRegister's


def run(house: Installation | None, *arguments: str) -> Result:
    home = ("--home", str(house.home)) if house else ()
    return CliRunner(env={"IDP_SYNC_AS": None}).invoke(cli, [*home, "applications", *arguments])


def journal(house: Installation) -> list[Entry]:
    with house.register.transaction(read_only=True) as tx:
        return list(tx.journal.entries())


# --- print -----------------------------------------------------------------------------------------------------------


def test_a_form_is_printed_masked_and_nothing_is_journalled(house: Installation, tmp_path: Path) -> None:
    target = tmp_path / "form.pdf"
    ran = run(house, "print", NUMBER, "--pdf", str(target))
    assert ran.exit_code == 0, ran.output
    assert str(target) in ran.stderr
    assert NUMBER in words(target.read_bytes())[0]
    assert id_number(1) not in words(target.read_bytes())[0]
    for html in (run(house, "print", NUMBER), run(house, "print", NUMBER, "--html")):
        assert html.stdout.startswith("<!DOCTYPE html>")
        assert id_number(1) not in html.stdout
    assert journal(house) == []


def test_whole_id_numbers_are_journalled_with_who_read_them(house: Installation, tmp_path: Path) -> None:
    target = tmp_path / "form.pdf"
    ran = run(house, "print", NUMBER, "--pdf", str(target), "--whole-id", *INTAKE)
    assert ran.exit_code == 0, ran.output
    assert id_number(1) in words(target.read_bytes())[0]
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert id_number(1) in run(house, "print", NUMBER, "--whole-id", *INTAKE).stdout
    entries = journal(house)
    assert len(entries) == 2
    for entry in entries:
        assert (entry.act, entry.subject, entry.actor, entry.office) == (
            "personal-data.read",
            NUMBER,
            "登记一",
            "registration",
        )
        assert entry.article == "居民身份证法 第十三条"
        assert id_number(1) not in str(entry)


def test_whole_id_numbers_are_not_written_over_a_file_and_not_read_then(house: Installation, tmp_path: Path) -> None:
    target = tmp_path / "form.pdf"
    target.write_text("older", "ascii")
    ran = run(house, "print", NUMBER, "--pdf", str(target), "--whole-id", *INTAKE)
    assert isinstance(ran.exception, InputError)
    assert target.read_text("ascii") == "older"
    assert journal(house) == []


@pytest.mark.parametrize("office", ["城建研究中心", "审计", "信息中心", "综合服务中心"])
def test_an_office_that_does_not_take_the_form_in_reads_no_whole_number(house: Installation, office: str) -> None:
    ran = run(house, "print", NUMBER, "--whole-id", "--as", f"某人@{office}")
    assert isinstance(ran.exception, NotCompetent)
    assert ran.stdout == ""
    assert journal(house) == []


def test_the_command_line_is_checked(house: Installation, tmp_path: Path) -> None:
    assert run(house, "print", NUMBER, "--whole-id").exit_code == 2
    assert run(house, "print", NUMBER, "--html", "--pdf", str(tmp_path / "x.pdf")).exit_code == 2
    assert isinstance(run(house, "print", "nothing").exception, NotFound)
    assert isinstance(run(house, "print", NUMBER, "--pdf", str(tmp_path / "no" / "x.pdf")).exception, InputError)


# --- blank -----------------------------------------------------------------------------------------------------------


def test_blank_forms_need_no_installation(tmp_path: Path) -> None:
    pdf, docx, xlsx = (tmp_path / f"blank.{kind}" for kind in ("pdf", "docx", "xlsx"))
    ran = run(None, "blank", "a4", "--pdf", str(pdf), "--docx", str(docx), "--xlsx", str(xlsx))
    assert ran.exit_code == 0, ran.output
    assert ran.stdout == ""
    assert "密钥换领申请表" in words(pdf.read_bytes())[0]
    for file in (docx, xlsx):
        (item,) = Reader().read(file.name, file.read_bytes())
        assert isinstance(item, Unreadable)
        assert "单位名称" in item.reason
    assert "密钥换领申请表" in run(None, "blank", "A4").stdout


# --- file ------------------------------------------------------------------------------------------------------------


def test_the_whole_file_and_with_its_attachments_for_who_may(house: Installation, tmp_path: Path) -> None:
    intake = Actor(name="登记一", office=house.book.offices.get("registration"))
    house.attach.attach(NUMBER, "表.pdf", scan(2), actor=intake)
    listed, whole = tmp_path / "listed.pdf", tmp_path / "whole.pdf"
    before = len(journal(house))
    assert run(house, "file", NUMBER, "--pdf", str(listed)).exit_code == 0
    assert len(journal(house)) == before
    ran = run(house, "file", NUMBER, "--pdf", str(whole), "--attachments", *INTAKE)
    assert ran.exit_code == 0, ran.output
    assert journal(house)[-1].act == "attachment.export"
    assert stat.S_IMODE(whole.stat().st_mode) == 0o600
    assert len(words(whole.read_bytes())) == len(words(listed.read_bytes())) + 2
    text = "".join(words(listed.read_bytes()))
    assert "未并入：只列目录" in text
    assert "attachment.add" in text
    assert id_number(1) not in "".join(words(whole.read_bytes()))


def test_attachments_need_somebody_who_may_read_them(house: Installation, tmp_path: Path) -> None:
    target = str(tmp_path / "file.pdf")
    assert run(house, "file", NUMBER, "--pdf", target, "--attachments").exit_code == 2
    ran = run(house, "file", NUMBER, "--pdf", target, "--attachments", "--as", "某人@信息中心")
    assert isinstance(ran.exception, NotCompetent)
    assert not Path(target).exists()
    assert isinstance(run(house, "file", "nothing", "--pdf", target).exception, NotFound)


def test_a_file_of_an_enterprise(house: Installation, tmp_path: Path) -> None:
    target = tmp_path / "file.pdf"
    assert run(house, "file", "ENT-1", "--pdf", str(target)).exit_code == 0
    assert "用户类别企业" in words(target.read_bytes())[0]
