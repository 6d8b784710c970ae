"""What every authority must do, the real one and the fake beside it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from idp_sync.adapters.authority import LocalAuthority, MemoryAuthority
from idp_sync.config import AuthoritySettings
from idp_sync.domain.errors import InputError, NotSetUp, Refused
from idp_sync.domain.key import Subject
from idp_sync.domain.unit import UserClass
from idp_sync.ports import Authority

START = datetime(2026, 3, 2, 1, 30, 15, 250_000, tzinfo=UTC)
SUBJECT = Subject(
    login="cy0001",
    name="测试·䶮",
    unit_name="虚构区住房和城乡建设委员会",
    person_number="P000001",
    user_class=UserClass.MANAGEMENT,
    key_number="KEY-000001",
)
Verifying = LocalAuthority | MemoryAuthority


@dataclass
class FixedClock:
    """A clock that stands still."""

    moment: datetime = START

    def now(self) -> datetime:
        return self.moment


def _local(folder: Path) -> LocalAuthority:
    settings = AuthoritySettings(folder=folder / "authority", passphrase_file=folder / "secrets" / "passphrase")
    return LocalAuthority(settings, clock=FixedClock())


def _memory(_: Path) -> MemoryAuthority:
    return MemoryAuthority(clock=FixedClock())


@pytest.fixture(params=[_local, _memory], ids=["local", "memory"])
def bare(request: pytest.FixtureRequest, tmp_path: Path) -> Verifying:
    make: Callable[[Path], Verifying] = request.param
    return make(tmp_path)


@pytest.fixture
def authority(bare: Verifying) -> Verifying:
    assert all(step.changed for step in bare.set_up())
    return bare


def test_it_fulfils_the_port(bare: Verifying) -> None:
    port: Authority = bare
    assert callable(port.issue)


def test_setting_up_again_changes_nothing(authority: Verifying) -> None:
    steps = list(authority.set_up())
    assert len(steps) >= 4
    assert not any(step.changed for step in steps)


def test_nothing_is_issued_before_set_up(bare: Verifying) -> None:
    with pytest.raises(NotSetUp):
        bare.issue(SUBJECT, serial=bare.new_serial(), now=START)


def test_nothing_is_verified_before_set_up(bare: Verifying, tmp_path: Path) -> None:
    other = _memory(tmp_path)
    list(other.set_up())
    pem = other.issue(SUBJECT, serial=other.new_serial(), now=START).certificate.pem
    with pytest.raises(NotSetUp):
        bare.verify_client(pem, user_class=UserClass.MANAGEMENT, now=START)


def test_serials_are_positive_long_and_never_the_same(bare: Verifying) -> None:
    serials = {bare.new_serial() for _ in range(2_000)}
    assert len(serials) == 2_000
    for serial in serials:
        assert len(x509_integer(serial)) == 20
    # every one of the 158 random bits is set in some and not in others
    ones, zeros = 0, 0
    for serial in serials:
        ones |= serial
        zeros |= ~serial
    assert ones & ((1 << 158) - 1) == (1 << 158) - 1
    assert zeros & ((1 << 158) - 1) == (1 << 158) - 1


def x509_integer(serial: int) -> bytes:
    """The content octets of a DER INTEGER: one more than the number needs where its top bit is set."""
    return serial.to_bytes(serial.bit_length() // 8 + 1, "big")


@pytest.mark.parametrize("user_class", list(UserClass))
def test_a_package_is_what_the_port_says(authority: Verifying, user_class: UserClass) -> None:
    subject, serial = replace(SUBJECT, user_class=user_class), authority.new_serial()
    package = authority.issue(subject, serial=serial, now=START)
    record = package.certificate
    der = base64.b64decode("".join(record.pem.strip().splitlines()[1:-1]))
    assert record.serial == f"{serial:x}"
    assert record.thumbprint == hashlib.sha256(der).hexdigest()
    assert (record.login, record.key_number) == ("cy0001", "KEY-000001")
    assert record.not_before == datetime(2026, 3, 2, 1, 25, 15, tzinfo=UTC)
    assert record.not_after == datetime(2029, 3, 2, 1, 30, 14, tzinfo=UTC)
    assert (record.revoked_at, record.reason) == (None, None)

    opened = pkcs12.load_pkcs12(package.pkcs12, package.password.encode())
    assert opened.cert is not None
    assert opened.key is not None
    assert opened.cert.friendly_name == b"KEY-000001"
    assert opened.cert.certificate == x509.load_pem_x509_certificate(record.pem.encode())
    assert opened.key.public_key() == opened.cert.certificate.public_key()
    (above,) = opened.additional_certs
    opened.cert.certificate.verify_directly_issued_by(above.certificate)
    authority.verify_client(record.pem, user_class=user_class, now=START)


def test_every_key_and_password_is_new(authority: Verifying) -> None:
    packages = [authority.issue(SUBJECT, serial=authority.new_serial(), now=START) for _ in range(3)]
    assert len({package.password for package in packages}) == 3
    certificates = [x509.load_pem_x509_certificate(package.certificate.pem.encode()) for package in packages]
    assert len({x509.SubjectKeyIdentifier.from_public_key(c.public_key()).digest for c in certificates}) == 3


def test_a_package_shows_no_secret(authority: Verifying) -> None:
    package = authority.issue(SUBJECT, serial=authority.new_serial(), now=START)
    assert package.password not in repr(package)


@pytest.mark.parametrize("user_class", list(UserClass))
def test_a_class_does_not_pass_for_the_other(authority: Verifying, user_class: UserClass) -> None:
    (other,) = set(UserClass) - {user_class}
    package = authority.issue(replace(SUBJECT, user_class=user_class), serial=authority.new_serial(), now=START)
    with pytest.raises(Refused):
        authority.verify_client(package.certificate.pem, user_class=other, now=START)


def test_validity_holds_to_the_second(authority: Verifying) -> None:
    record = authority.issue(SUBJECT, serial=authority.new_serial(), now=START).certificate
    for good in (record.not_before, record.not_after):
        authority.verify_client(record.pem, user_class=UserClass.MANAGEMENT, now=good)
    for bad in (record.not_before - timedelta(seconds=1), record.not_after + timedelta(seconds=1)):
        with pytest.raises(Refused):
            authority.verify_client(record.pem, user_class=UserClass.MANAGEMENT, now=bad)


def test_the_issuers_end_cuts_off_the_validity(authority: Verifying) -> None:
    record = authority.issue(SUBJECT, serial=authority.new_serial(), now=START + timedelta(days=9 * 365)).certificate
    assert record.not_after == datetime(2036, 3, 2, 1, 30, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "what_to_do"),
    [
        (START + timedelta(days=3653), "replace the authority"),
        (START - timedelta(days=1), "check this machine's clock"),
    ],
)
def test_an_issuing_authority_that_is_not_good_now_refuses(
    authority: Verifying, moment: datetime, what_to_do: str
) -> None:
    with pytest.raises(Refused, match=what_to_do):
        authority.issue(SUBJECT, serial=authority.new_serial(), now=moment)


def test_a_naive_moment_is_refused(authority: Verifying) -> None:
    with pytest.raises(ValueError, match="time zone"):
        authority.issue(SUBJECT, serial=authority.new_serial(), now=START.replace(tzinfo=None))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": " "},
        {"name": "甲\n乙"},
        {"name": "甲\0"},
        {"name": "甲\u202e乙"},
        {"name": "甲\ud800"},
        {"unit_name": "虚构\r"},
        {"login": "cy 0001"},
        {"login": "张三"},
        {"login": "cy0001@example"},
        {"login": "c" * 65},
        {"person_number": "编号1"},
        {"person_number": "P" * 65},
    ],
)
def test_words_that_cannot_stand_in_a_certificate_are_refused(authority: Verifying, wrong: dict[str, str]) -> None:
    with pytest.raises(InputError):
        authority.issue(replace(SUBJECT, **wrong), serial=authority.new_serial(), now=START)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "110000199001010018"},
        {"name": "测试110000199001010018甲"},
        {"unit_name": "虚构公司11000019900101001X"},
        {"person_number": "110000199001010018"},
        {"login": "110000199001010018"},
        {"login": "110000-19900101-0018"},
        {"name": "１１００００１９９００１０１００１８"},
    ],
)
def test_an_id_number_never_gets_into_a_certificate(authority: Verifying, wrong: dict[str, str]) -> None:
    with pytest.raises(Refused, match="id_number") as caught:
        authority.issue(replace(SUBJECT, **wrong), serial=authority.new_serial(), now=START)  # type: ignore[arg-type]
    assert "110000" not in str(caught.value)


@pytest.mark.parametrize("serial", [-1, 0, 1, 2**64, 2**126, 2**159, 2**160])
def test_a_serial_that_new_serial_did_not_make_is_refused(authority: Verifying, serial: int) -> None:
    with pytest.raises(InputError, match="serial"):
        authority.issue(SUBJECT, serial=serial, now=START)


def test_what_is_no_certificate_is_refused(authority: Verifying) -> None:
    with pytest.raises(InputError):
        authority.verify_client("no certificate", user_class=UserClass.MANAGEMENT, now=START)
