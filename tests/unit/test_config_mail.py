"""The settings of the mail server and of retention: what would be unsafe, or below the law's floor, can't be set."""

from __future__ import annotations

from pathlib import Path

import pytest

from idp_sync.config import FILE_NAME, MailSecurity, Settings, load
from idp_sync.domain.errors import NotSetUp
from tests.house import _SETTINGS

MAIL = '[notices]\nhost = "mail.example"\nsender = "keys@housing.example"\n'


def settings(home: Path, *more: str, first: str = "") -> Settings:
    (home / FILE_NAME).write_text(first + _SETTINGS.format(home=home) + "\n".join(more), encoding="utf-8")
    return load(home)


def test_without_the_section_there_is_no_mail_server(tmp_path: Path) -> None:
    assert settings(tmp_path).notices is None


def test_tls_unless_somebody_says_otherwise(tmp_path: Path) -> None:
    mail = settings(tmp_path, MAIL).notices
    assert mail is not None
    assert (mail.security, mail.port, mail.timeout) == (MailSecurity.TLS, 465, 30)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_plain_on_this_machine(tmp_path: Path, host: str) -> None:
    mail = settings(tmp_path, MAIL.replace("mail.example", host), 'security = "none"').notices
    assert mail is not None
    assert mail.security is MailSecurity.NONE


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ('security = "none"', "on this machine only"),
        ('security = "ssl3"', "tls"),
        ('username = "x"', "go together"),
        ('password_file = "x"', "go together"),
        ('offices = {market = "no address"}', "one e-mail address"),
        ("timeout = 0", "greater than 0"),
        ("port = 0", "greater than or equal to 1"),
        ('pasword = "x"', "Extra inputs"),
    ],
)
def test_what_would_be_unsafe_is_refused(tmp_path: Path, more: str, why: str) -> None:
    with pytest.raises(NotSetUp, match=why):
        settings(tmp_path, MAIL, more)


@pytest.mark.parametrize("sender", ["keys", "keys@housing.example\\r\\nBcc: x@y.example", "办@housing.example"])
def test_a_sender_is_one_plain_address(tmp_path: Path, sender: str) -> None:
    with pytest.raises(NotSetUp, match="one e-mail address"):
        settings(tmp_path, MAIL.replace("keys@housing.example", sender))


def test_files_stand_in_the_home_folder(tmp_path: Path) -> None:
    mail = settings(tmp_path, MAIL, 'username = "x"\npassword_file = "secrets/mail"\nca_file = "ca.pem"').notices
    assert mail is not None
    assert (mail.password_file, mail.ca_file) == (tmp_path / "secrets" / "mail", tmp_path / "ca.pem")


def test_papers_are_kept_for_a_year_at_least(tmp_path: Path) -> None:
    assert settings(tmp_path).attachments_kept_years == 5
    assert settings(tmp_path, first="attachments_kept_years = 1\n").attachments_kept_years == 1
    with pytest.raises(NotSetUp, match=r"attachments_kept_years: .*greater than or equal to 1"):
        settings(tmp_path, first="attachments_kept_years = 0\n")
