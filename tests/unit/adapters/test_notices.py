"""Notices as messages: no header is ever broken out of, and every kind has its words."""

from __future__ import annotations

import email.policy
import shutil
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import Environment, FileSystemLoader, meta

from idp_sync.adapters.notices import JinjaNoticeTemplates
from idp_sync.adapters.notices.smtp import message
from idp_sync.config import NoticesSettings
from idp_sync.domain.errors import NotSetUp
from idp_sync.domain.notice import Notice, NoticeKind, Recipient, notice, recipient
from idp_sync.shipped import folder

AT = datetime(2025, 3, 3, 4, tzinfo=UTC)
SETTINGS = NoticesSettings(host="mail.example", sender="keys@housing.example", sender_name='管理"科", <x>')
TEMPLATES = JinjaNoticeTemplates(folder("templates"))
FIELDS = {
    "form": "用户及密钥申请表",
    "opinion": "缺章",
    "office_name": "房屋登记管理处",
    "office_english": "Registration",
}


def a_notice(to: Recipient | None = None, **changes: object) -> Notice:
    to = to or recipient("虚构银行", "office@bank.example")
    fresh = notice(NoticeKind.RETURNED, to, office="registration", at=AT, application="APP-1", **FIELDS)
    return replace(fresh, number=7, **changes)  # type: ignore[arg-type]


def read_back(sent: bytes) -> EmailMessage:
    parsed = message_from_bytes(sent, policy=email.policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


@given(st.text(), st.text())
def test_whatever_names_and_words_hold_there_is_one_recipient_and_one_subject(name: str, number: str) -> None:
    to = recipient(name, "office@bank.example")
    mail = read_back(message(a_notice(to, application=number), SETTINGS, TEMPLATES).as_bytes())
    assert sorted(mail.keys()) == sorted(
        [
            "From",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "Auto-Submitted",
            "Content-Type",
            "Content-Transfer-Encoding",
            "MIME-Version",
        ]
    )
    assert [address.addr_spec for address in mail["To"].addresses] == ["office@bank.example"]
    assert [address.addr_spec for address in mail["From"].addresses] == ["keys@housing.example"]
    assert mail["Message-ID"] == "<notice-7-20250303040000000000@housing.example>"


@pytest.mark.parametrize(
    "name", ["虚构银行", '"Q", <thief@evil.example>', "Bank (North) Ltd.", "a, b; c: d@e", "𠮷野 é"]
)
def test_names_arrive_as_they_were(name: str) -> None:
    mail = read_back(message(a_notice(recipient(name, "office@bank.example")), SETTINGS, TEMPLATES).as_bytes())
    assert mail["To"].addresses[0].display_name == name
    assert mail["From"].addresses[0].display_name == '管理"科", <x>'


def test_a_long_name_is_folded_and_stays_one_name() -> None:
    sent = message(a_notice(recipient("虚" * 80, "office@bank.example")), SETTINGS, TEMPLATES).as_bytes()
    header = message_from_bytes(sent, policy=email.policy.compat32)["To"]  # the newer parser puts blanks in between
    assert str(make_header(decode_header(header))) == f"{'虚' * 80} <office@bank.example>"


@pytest.mark.parametrize(
    "to",
    [
        Recipient(name="x\r\nBcc: thief@evil.example", email="office@bank.example"),
        Recipient(name="x", email="office@bank.example\r\nBcc: thief@evil.example"),
        Recipient(name="x", email="office@bank.example, thief@evil.example"),
        Recipient(name="x", email="no address"),
    ],
)
def test_a_recipient_that_was_not_mended_makes_no_message(to: Recipient) -> None:
    with pytest.raises(ValueError, match=r".+"):
        message(a_notice(to), SETTINGS, TEMPLATES).as_bytes()


def test_lines_are_short_and_all_is_ascii() -> None:
    to = recipient("虚" * 80, "office@bank.example")
    sent = message(a_notice(to, fields={**FIELDS, "opinion": "长" * 5000}), SETTINGS, TEMPLATES).as_bytes()
    assert sent.isascii()
    assert max(len(line) for line in sent.split(b"\r\n")) <= 78
    assert b"\n" not in sent.replace(b"\r\n", b"")


@pytest.mark.parametrize("kind", NoticeKind)
def test_every_kind_has_words_in_both_languages(kind: NoticeKind) -> None:
    text = TEMPLATES.render(replace(a_notice(), kind=kind, fields=_all_fields(kind)))
    assert text.subject
    assert "\n" not in text.subject
    assert text.body.startswith("虚构银行：\n\n")
    assert "〔第" in text.body
    assert "技术支持由市住房城乡建设委信息中心负责" in text.body
    english = [line for line in text.body.splitlines() if line.isascii() and len(line) > 20]
    assert len(english) >= 2
    assert "\n\n\n" not in text.body
    assert all(f"[{name}]" in text.subject + text.body for name in _all_fields(kind))


def _all_fields(kind: NoticeKind) -> dict[str, str]:
    """A value for each field that the template of a kind asks for."""
    environment = Environment(loader=FileSystemLoader(folder("templates") / "notices"), autoescape=False)  # noqa: S701
    names: set[str] = set()
    for file in (f"{kind.value}.txt.j2", "frame.txt.j2"):
        source, _, _ = environment.loader.get_source(environment, file)  # type: ignore[union-attr]
        names |= meta.find_undeclared_variables(environment.parse(source))
    return {name: f"[{name}]" for name in names - {"kind", "number", "application", "recipient", "date"}}


def test_a_field_that_is_missing_is_no_empty_line() -> None:
    with pytest.raises(NotSetUp, match=r"returned\.txt\.j2.*'opinion' is undefined"):
        TEMPLATES.render(a_notice(fields={"form": "x", "office_name": "x", "office_english": "x"}))


def test_a_template_that_is_missing_or_faulty(tmp_path: Path) -> None:
    with pytest.raises(NotSetUp, match=r"returned\.txt\.j2"):
        JinjaNoticeTemplates(tmp_path).render(a_notice())
    shutil.copytree(folder("templates") / "notices", tmp_path / "notices")
    (tmp_path / "notices" / "returned.txt.j2").write_text("{% block %}", encoding="utf-8")
    with pytest.raises(NotSetUp, match="template can't be used"):
        JinjaNoticeTemplates(tmp_path).render(a_notice())


def test_nothing_in_a_notice_is_a_template() -> None:
    text = TEMPLATES.render(a_notice(fields={**FIELDS, "opinion": "{{ 7 * 7 }}{% include 'frame.txt.j2' %}<b>&"}))
    assert "{{ 7 * 7 }}{% include 'frame.txt.j2' %}<b>&" in text.body
