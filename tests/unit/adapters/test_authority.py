"""The local authority: its folder, its faults, and real handshakes with what it issues."""

from __future__ import annotations

import errno
import os
import shutil
import ssl
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from cryptography import exceptions, x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509 import verification
from OpenSSL import crypto

from idp_sync import shipped
from idp_sync.adapters.authority import LocalAuthority, packing
from idp_sync.adapters.authority import issuer as issuer_module
from idp_sync.adapters.authority.builder import build
from idp_sync.adapters.authority.issuer import new_serial
from idp_sync.adapters.authority.keystore import write
from idp_sync.adapters.authority.names import user_principal_name
from idp_sync.adapters.authority.upstream import translated
from idp_sync.bootstrap.clock import SystemClock
from idp_sync.config import AuthoritySettings
from idp_sync.domain.errors import AccessDenied, InputError, NotCompetent, NotSetUp, Refused, Unavailable
from idp_sync.domain.key import Subject
from idp_sync.domain.unit import UserClass

START = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)
SUBJECT = Subject(
    login="cy0001",
    name="测试·䶮",
    unit_name="虚构区住房和城乡建设委员会",
    person_number="P000001",
    user_class=UserClass.MANAGEMENT,
    key_number="KEY-000001",
)


@dataclass
class FixedClock:
    """A clock that stands still."""

    moment: datetime = START

    def now(self) -> datetime:
        return self.moment


@dataclass
class Place:
    """A folder for an authority, and authorities in it, each as a process would open it anew."""

    home: Path

    @property
    def settings(self) -> AuthoritySettings:
        return AuthoritySettings(folder=self.home / "authority", passphrase_file=self.home / "secrets" / "passphrase")

    def open(self, moment: datetime = START, *, profiles_folder: Path | None = None) -> LocalAuthority:
        return LocalAuthority(self.settings, clock=FixedClock(moment), profiles_folder=profiles_folder)

    def issue(self, moment: datetime = START) -> str:
        authority = self.open()
        package = authority.issue(SUBJECT, serial=authority.new_serial(), now=moment)
        return package.certificate.pem

    def files(self) -> dict[str, bytes]:
        return {str(p.relative_to(self.home)): p.read_bytes() for p in sorted(self.home.rglob("*")) if p.is_file()}


@pytest.fixture
def bare(tmp_path: Path) -> Place:
    return Place(tmp_path / "home")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Place:
    place = Place(tmp_path_factory.mktemp("authority") / "home")
    assert len(list(place.open().set_up())) == 6
    return place


@pytest.fixture
def place(template: Place, bare: Place) -> Place:
    """A folder that was set up, each test's own copy of it."""
    shutil.copytree(template.home, bare.home)
    return bare


# --- the folder ------------------------------------------------------------------------------------------------------


def test_the_layout(place: Place) -> None:
    authorities = ["root", "issuing/management", "issuing/enterprise", "issuing/server"]
    expected = {f"authority/{name}/{file}" for name in authorities for file in ("certificate.pem", "key.pem")}
    expected |= {"authority/trusted.pem", "authority/.lock", "secrets/passphrase"}
    assert set(place.files()) == expected
    authority = place.open()
    assert authority.trust_anchor_file == place.settings.folder / "root" / "certificate.pem"
    bundle = x509.load_pem_x509_certificates(authority.trusted_file.read_bytes())
    assert bundle[0] == x509.load_pem_x509_certificate(authority.trust_anchor_file.read_bytes())
    assert len({certificate.subject for certificate in bundle}) == 4
    assert all(certificate.issuer == bundle[0].subject for certificate in bundle)


def test_secrets_are_for_their_owner_only_even_under_a_lax_umask(bare: Place) -> None:
    before = os.umask(0)
    try:
        list(bare.open().set_up())
    finally:
        os.umask(before)
    secrets = [bare.settings.passphrase_file, *bare.settings.folder.rglob("key.pem")]
    assert len(secrets) == 5
    for path in secrets:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_keys_are_encrypted_and_p256(place: Place) -> None:
    passphrase = place.settings.passphrase_file.read_bytes().rstrip()
    assert len(passphrase) == 44
    for path in place.settings.folder.rglob("key.pem"):
        content = path.read_bytes()
        assert content.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
        key = load_pem_private_key(content, passphrase)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        assert isinstance(key.curve, ec.SECP256R1)


def test_setting_up_again_touches_no_file(place: Place) -> None:
    before = place.files()
    steps = list(place.open(START + timedelta(days=400)).set_up())
    assert [step.changed for step in steps] == [False] * 6
    assert place.files() == before


def test_a_passphrase_of_the_operators_own_is_kept(bare: Place) -> None:
    bare.settings.passphrase_file.parent.mkdir(parents=True)
    bare.settings.passphrase_file.write_text("correct horse battery staple\n")
    steps = list(bare.open().set_up())
    assert [step.changed for step in steps] == [False, True, True, True, True, True]
    assert bare.settings.passphrase_file.read_text() == "correct horse battery staple\n"
    bare.issue()


def test_the_bundle_is_made_again_where_it_was_damaged(place: Place) -> None:
    right = place.open().trusted_file.read_bytes()
    place.open().trusted_file.write_bytes(right[:100])
    assert [step.changed for step in place.open().set_up()] == [False] * 5 + [True]
    assert place.open().trusted_file.read_bytes() == right


def test_the_root_key_may_leave_the_machine(place: Place) -> None:
    (place.settings.folder / "root" / "key.pem").unlink()
    assert not any(step.changed for step in place.open().set_up())
    place.issue()


# --- killed in the middle --------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The process is dead: nothing that it does any more has an effect."""


@dataclass
class Killer:
    """Kills at the n-th call that touches the disk."""

    at: int
    calls: int = 0

    def wrap(self, function: Callable[..., object]) -> Callable[..., object]:
        def call(*args: object, **kwargs: object) -> object:
            self.calls += 1
            if self.calls >= self.at:
                raise Killed
            return function(*args, **kwargs)

        return call


#: eight files of authorities, the bundle, the passphrase, the lock
COMPLETE = 11
TOUCHES = ["open", "write", "fsync", "replace", "unlink", "mkdir"]


def _killed_at(place: Place, at: int) -> bool:
    """Whether a set-up was killed; False where it was through before."""
    killer = Killer(at)
    with pytest.MonkeyPatch.context() as patch:
        for name in TOUCHES:
            patch.setattr(os, name, killer.wrap(getattr(os, name)))
        try:
            list(place.open().set_up())
        except Killed:
            return True
    return False


@pytest.mark.parametrize("first", [1, 2, 3, 4])
def test_a_set_up_killed_at_any_moment_is_completed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: int
) -> None:
    monkeypatch.setattr(os, "fsync", lambda _: None)  # counted, but not waited for
    at = first
    while True:
        place = Place(tmp_path / str(at))
        if not _killed_at(place, at):
            break
        left = {name: content for name, content in place.files().items() if not name.endswith(".tmp")}
        list(place.open().set_up())
        after = place.files()
        assert {name: after[name] for name in left} == left, f"killed at {at}: something whole was replaced"
        assert not [name for name in after if name.endswith(".tmp")], f"killed at {at}"
        assert len(after) == COMPLETE
        assert not any(step.changed for step in place.open().set_up())
        at += 4
    assert at > 50


def test_a_set_up_that_is_interrupted_lets_the_next_one_in(bare: Place) -> None:
    steps = bare.open().set_up()
    assert isinstance(steps, Iterator)
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert sum(step.changed for step in bare.open().set_up()) == 5


# --- faults ----------------------------------------------------------------------------------------------------------


def _key(place: Place, name: str = "issuing/management") -> Path:
    return place.settings.folder / name / "key.pem"


def _certificate(place: Place, name: str = "issuing/management") -> Path:
    return place.settings.folder / name / "certificate.pem"


def test_a_wrong_passphrase_is_said_in_one_line_without_it(place: Place) -> None:
    place.settings.passphrase_file.write_text("wrong passphrase\n")
    for act in (place.issue, lambda: list(place.open().set_up())):
        with pytest.raises(AccessDenied, match="does not open this key") as caught:
            act()
        assert "\n" not in str(caught.value)
        assert "wrong passphrase" not in str(caught.value)


def test_a_lost_passphrase_is_not_replaced_by_a_new_one(place: Place) -> None:
    place.settings.passphrase_file.unlink()
    with pytest.raises(NotSetUp, match="restore it from the backup"):
        list(place.open().set_up())
    assert not place.settings.passphrase_file.exists()
    with pytest.raises(NotSetUp):
        place.issue()


def test_an_empty_passphrase_file_is_no_passphrase(place: Place) -> None:
    place.settings.passphrase_file.write_text("\n")
    with pytest.raises(NotSetUp, match="empty"):
        list(place.open().set_up())


@pytest.mark.parametrize("path", [_key, _certificate], ids=["key", "certificate"])
@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"\xff\xfe\x00", b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END"]
)
def test_a_damaged_file_is_named(place: Place, path: Callable[[Place], Path], content: bytes) -> None:
    path(place).write_bytes(content)
    for act in (place.issue, lambda: list(place.open().set_up())):
        with pytest.raises(NotSetUp, match="can't be understood") as caught:
            act()
        assert str(path(place)) in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_truncated_key_is_damage_and_no_wrong_passphrase(place: Place) -> None:
    lines = _key(place).read_bytes().splitlines(keepends=True)
    _key(place).write_bytes(b"".join([*lines[:2], *lines[3:]]))
    with pytest.raises(NotSetUp, match="can't be understood"):
        place.issue()


def test_a_key_that_is_not_encrypted_is_refused(place: Place) -> None:
    plain = ec.generate_private_key(ec.SECP256R1())
    _key(place).write_bytes(plain.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(NotSetUp):
        place.issue()


def test_a_key_of_another_kind_is_refused(place: Place) -> None:
    passphrase = place.settings.passphrase_file.read_bytes().rstrip()
    other = rsa.generate_private_key(65537, 2048)
    _key(place).write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase)))
    with pytest.raises(NotSetUp, match="elliptic curve"):
        place.issue()


@pytest.mark.parametrize("name", ["root", "issuing/management"])
def test_a_certificate_with_the_key_of_another_is_refused(place: Place, name: str) -> None:
    shutil.copy(_key(place, "issuing/server"), _key(place, name))
    with pytest.raises(NotSetUp, match="do not belong together"):
        list(place.open().set_up())


def test_a_missing_key_of_an_issuing_authority_is_not_replaced(place: Place) -> None:
    _key(place).unlink()
    for act in (place.issue, lambda: list(place.open().set_up())):
        with pytest.raises(NotSetUp, match="is missing"):
            act()
    assert not _key(place).exists()


def test_a_missing_root_certificate_is_not_replaced_once_it_has_signed(place: Place) -> None:
    _certificate(place, "root").unlink()
    with pytest.raises(NotSetUp, match="has signed management, enterprise, server"):
        list(place.open().set_up())


def test_an_issuing_authority_can_be_added_only_with_the_roots_key(place: Place) -> None:
    shutil.rmtree(place.settings.folder / "issuing" / "server")
    away = place.home / "usb"
    _key(place, "root").rename(away)
    with pytest.raises(NotSetUp, match="bring it back"):
        list(place.open().set_up())
    away.rename(_key(place, "root"))
    assert [step.changed for step in place.open().set_up()] == [False, False, False, False, True, True]


def test_an_issuing_authority_of_another_root_is_refused(place: Place, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    other.settings.passphrase_file.parent.mkdir(parents=True)
    shutil.copy(place.settings.passphrase_file, other.settings.passphrase_file)
    list(other.open().set_up())
    for file in ("key.pem", "certificate.pem"):
        shutil.copy(other.settings.folder / "issuing/management" / file, place.settings.folder / "issuing/management")
    with pytest.raises(Refused, match="does not hold"):
        list(place.open().set_up())
    with pytest.raises(Refused, match="does not hold"):
        place.open().verify_client(place.issue(), user_class=UserClass.MANAGEMENT, now=START)


def test_a_root_that_is_over_signs_no_new_issuing_authority(place: Place) -> None:
    shutil.rmtree(place.settings.folder / "issuing" / "server")
    with pytest.raises(Refused, match="replace the authority"):
        list(place.open(START + timedelta(days=21 * 365)).set_up())


def test_the_roots_end_cuts_off_an_issuing_authority(place: Place) -> None:
    shutil.rmtree(place.settings.folder / "issuing" / "server")
    list(place.open(START + timedelta(days=15 * 365)).set_up())
    root, server = (
        x509.load_pem_x509_certificate(_certificate(place, name).read_bytes()) for name in ("root", "issuing/server")
    )
    assert server.not_valid_after_utc == root.not_valid_after_utc


def _failing(function: str, number: int, at: int) -> Callable[..., object]:
    real, calls = getattr(os, function), [0]

    def call(*args: object, **kwargs: object) -> object:
        calls[0] += 1
        if calls[0] == at:
            raise OSError(number, os.strerror(number))
        return real(*args, **kwargs)

    return call


@pytest.mark.parametrize("at", [1, 2, 5, 10])
@pytest.mark.parametrize(
    ("function", "number"),
    [
        ("write", errno.ENOSPC),
        ("fsync", errno.EIO),
        ("open", errno.EROFS),
        ("open", errno.EACCES),
        ("replace", errno.EDQUOT),
    ],
)
def test_a_disk_that_is_full_or_read_only(
    bare: Place, monkeypatch: pytest.MonkeyPatch, function: str, number: int, at: int
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(os, function, _failing(function, number, at))
        try:
            list(bare.open().set_up())
        except Unavailable as error:
            assert os.strerror(number) in str(error)  # noqa: PT017 - the ninth replace does not happen
        else:
            assert (function, at) == ("replace", 10)
    assert not list(bare.home.rglob("*.tmp"))
    list(bare.open().set_up())
    bare.issue()


def test_a_failed_write_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write(path, b"old", mode=0o600)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", _failing("write", errno.ENOSPC, 1))
        with pytest.raises(Unavailable):
            write(path, b"new", mode=0o600)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_takes_only_a_part_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda handle, content: real(handle, bytes(content[:3])))
        write(tmp_path / "file", b"0123456789", mode=0o600)
    assert (tmp_path / "file").read_bytes() == b"0123456789"


def test_a_link_laid_in_wait_is_not_followed(tmp_path: Path) -> None:
    victim, path = tmp_path / "victim", tmp_path / "key.pem"
    victim.write_bytes(b"untouched")
    (tmp_path / ".key.pem.tmp").symlink_to(victim)
    write(path, b"secret", mode=0o600)
    assert victim.read_bytes() == b"untouched"
    assert not path.is_symlink()


def test_without_its_profiles_it_is_not_set_up(bare: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NotSetUp, match=r"root\.yaml"):
        list(bare.open(profiles_folder=tmp_path / "nowhere").set_up())
    monkeypatch.setattr(shipped, "folder", _incomplete)
    with pytest.raises(NotSetUp, match="certs/"):
        list(bare.open().set_up())


def _incomplete(name: str) -> Path:
    raise FileNotFoundError(name)


# --- every error of the libraries is mapped --------------------------------------------------------------------------


def _upstream_errors() -> list[type[Exception]]:
    modules = [exceptions, x509, verification, crypto, yaml]
    found = {
        thing
        for module in modules
        for thing in vars(module).values()
        if isinstance(thing, type) and issubclass(thing, Exception) and not issubclass(thing, Warning)
    }
    return sorted(found, key=lambda error: error.__qualname__)


@pytest.mark.parametrize("error", _upstream_errors(), ids=lambda error: error.__qualname__)
def test_every_error_of_the_libraries_is_mapped(error: type[Exception]) -> None:
    try:
        raised = error("what happened\nin two lines")
    except TypeError:  # it asks for more
        raised = error.__new__(error)
    with pytest.raises((NotSetUp, Refused)) as caught, translated("file"):
        raise raised
    assert str(caught.value).startswith("file: ")
    assert "\n" not in str(caught.value)


def test_the_libraries_still_have_the_errors_that_were_known() -> None:
    assert {"InvalidSignature", "UnsupportedAlgorithm", "YAMLError", "X509StoreContextError", "Error"} <= {
        error.__qualname__ for error in _upstream_errors()
    }


def _os_errors() -> list[type[OSError]]:
    found, queue = set(), [OSError]
    while queue:
        error = queue.pop()
        if error.__module__ == "builtins":
            found.add(error)
            queue += error.__subclasses__()
    return sorted(found, key=lambda error: error.__qualname__)


@pytest.mark.parametrize("error", _os_errors(), ids=lambda error: error.__qualname__)
def test_every_error_of_the_system_is_mapped(error: type[OSError]) -> None:
    absent = issubclass(error, FileNotFoundError | NotADirectoryError | IsADirectoryError)
    with pytest.raises(NotSetUp if absent else Unavailable), translated("file"):
        raise error


# --- competence ------------------------------------------------------------------------------------------------------


FACTS = dict.fromkeys(("unit_name", "name", "organisation", "office", "common_name"), "虚构") | {
    "country": "CN",
    "person_number": "P000001",
    "login": "cy0001",
    "host": "localhost",
}


@pytest.mark.parametrize("own", ["management", "enterprise", "server"])
@pytest.mark.parametrize("profile", ["client", "server", "issuing", "root"])
@pytest.mark.parametrize("user_class", [*UserClass, None])
def test_an_issuing_authority_issues_for_its_class_only(
    place: Place, own: str, profile: str, user_class: UserClass | None
) -> None:
    authority = place.open()
    allowed = {("management", "client", UserClass.MANAGEMENT), ("enterprise", "client", UserClass.ENTERPRISE),
               ("server", "server", None)}  # fmt: skip

    def certify() -> x509.Certificate:
        return authority.issuer(own).certify(
            getattr(authority._profiles, profile),
            user_class=user_class,
            facts=FACTS,
            public_key=ec.generate_private_key(ec.SECP256R1()).public_key(),
            names=[user_principal_name("cy0001", "a.internal")] if profile == "client" else [x509.DNSName("localhost")],
            serial=new_serial(),
            now=START,
        )

    if (own, profile, user_class) in allowed:
        assert certify().issuer == authority.issuer(own).certificate.subject
    else:
        with pytest.raises(NotCompetent):
            certify()


# --- linted before it is signed --------------------------------------------------------------------------------------


class Spy:
    """Stands for the builder: tells which keys signed, and may sign something else the second time."""

    def __init__(self, real: x509.CertificateBuilder, keys: list[object], *, second: x509.CertificateBuilder) -> None:
        self.builders = [real, second]
        self.keys = keys

    def sign(self, key: ec.EllipticCurvePrivateKey, algorithm: SHA256) -> x509.Certificate:
        self.keys.append(key)
        return self.builders.pop(0).sign(key, algorithm)


def test_the_authoritys_key_never_signs_what_the_lint_refuses(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, real = place.open(), build
    keys: list[object] = []
    monkeypatch.setattr(
        issuer_module,
        "build",
        lambda profile, particulars: Spy(
            real(profile, replace(particulars, serial=new_serial())), keys, second=real(profile, particulars)
        ),
    )
    with pytest.raises(Refused, match="serial"):
        authority.issue(SUBJECT, serial=new_serial(), now=START)
    assert len(keys) == 1
    assert keys[0] is not authority.issuer("management")._key


def test_what_differs_from_what_was_linted_is_not_handed_out(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    authority, real = place.open(), build
    keys: list[object] = []
    monkeypatch.setattr(
        issuer_module,
        "build",
        lambda profile, particulars: Spy(
            real(profile, particulars), keys, second=real(profile, replace(particulars, serial=new_serial()))
        ),
    )
    with pytest.raises(NotSetUp, match="not what was linted"):
        authority.issue(SUBJECT, serial=new_serial(), now=START)
    assert keys[1] is authority.issuer("management")._key


# --- who may log in --------------------------------------------------------------------------------------------------


def test_no_servers_and_no_authoritys_certificate_logs_in(place: Place) -> None:
    authority = place.open()
    files = authority.issue_server(["localhost"], place.home / "server")
    others = [
        files.certificate_file,
        authority.trust_anchor_file,
        *place.settings.folder.glob("issuing/*/certificate.pem"),
    ]
    assert len(others) == 5
    for path in others:
        for user_class in UserClass:
            with pytest.raises(Refused):
                authority.verify_client(path.read_text(), user_class=user_class, now=START)


def test_a_certificate_that_was_tampered_with_does_not_log_in(place: Place) -> None:
    der = bytearray(x509.load_pem_x509_certificate(place.issue().encode()).public_bytes(Encoding.DER))
    at = der.index(b"cy0001")
    der[at : at + 6] = b"cy0002"
    forged = x509.load_der_x509_certificate(bytes(der)).public_bytes(Encoding.PEM).decode()
    with pytest.raises(Refused, match="does not hold"):
        place.open().verify_client(forged, user_class=UserClass.MANAGEMENT, now=START)


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text.replace("purposes: [clientAuth]", "purposes: [OCSPSigning]"),
        lambda text: text.replace("digital_signature: true ", "digital_signature: false "),
    ],
    ids=["other purpose", "other usage"],
)
def test_purpose_and_usage_decide(place: Place, tmp_path: Path, edit: Callable[[str], str]) -> None:
    """A certificate with a good chain, made under a careless profile, still does not log in."""
    certs = tmp_path / "certs"
    shutil.copytree(shipped.folder("certs"), certs)
    text = (certs / "client.yaml").read_text(encoding="utf-8")
    assert edit(text) != text
    (certs / "client.yaml").write_text(edit(text), encoding="utf-8")
    careless = place.open(profiles_folder=certs)
    package = careless.issue(SUBJECT, serial=new_serial(), now=START)
    with pytest.raises(Refused):
        place.open().verify_client(package.certificate.pem, user_class=UserClass.MANAGEMENT, now=START)


def test_without_a_usage_it_does_not_log_in(place: Place) -> None:
    authority = place.open()
    issuer = authority.issuer("management")
    key = ec.generate_private_key(ec.SECP256R1())
    bare = (
        x509.CertificateBuilder()
        .serial_number(new_serial())
        .issuer_name(issuer.certificate.subject)
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "测试")]))
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=1))
        .public_key(key.public_key())
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer._key.public_key()), critical=False)
        .sign(issuer._key, SHA256())
    )
    with pytest.raises(Refused):
        authority.verify_client(
            bare.public_bytes(Encoding.PEM).decode(), user_class=UserClass.MANAGEMENT, now=START + timedelta(hours=1)
        )


# --- packages --------------------------------------------------------------------------------------------------------


def test_passwords_are_strong_and_easy_to_type() -> None:
    assert packing.PASSWORD_BITS >= 100
    for alike in ("0o", "1il", "2z", "5s", "8b", "9gq", "uv"):
        assert len(set(alike) & set(packing.ALPHABET)) <= 1
    seen = {packing.new_password() for _ in range(1_000)}
    assert len(seen) == 1_000
    for password in seen:
        groups = password.split("-")
        assert [len(group) for group in groups] == [4] * 6
        assert set("".join(groups)) <= set(packing.ALPHABET)
    assert set("".join(seen)) == {*packing.ALPHABET, "-"}


#: what stands in a PKCS#12 file as object identifiers
OLD = {"3DES": "2a864886f70d010c0103", "RC2": "2a864886f70d010c0106", "SHA-1 MAC": "06052b0e03021a"}
MODERN = {
    "PBES2": "2a864886f70d01050d",
    "PBKDF2": "2a864886f70d01050c",
    "AES-256-CBC": "60864801650304012a",
    "HMAC-SHA-256": "2a864886f70d0209",
    "SHA-256 MAC": "608648016503040201",
}


def test_a_package_is_encrypted_the_modern_way(place: Place) -> None:
    authority = place.open()
    content = authority.issue(SUBJECT, serial=new_serial(), now=START).pkcs12
    for oid in MODERN.values():
        assert bytes.fromhex(oid) in content
    for oid in OLD.values():
        assert bytes.fromhex(oid) not in content


def test_a_package_opens_with_its_own_password_only(place: Place) -> None:
    authority = place.open()
    package, other = (authority.issue(SUBJECT, serial=new_serial(), now=START) for _ in range(2))
    with pytest.raises(ValueError, match="password"):
        pkcs12.load_pkcs12(package.pkcs12, other.password.encode())


def test_issuing_keeps_nothing(place: Place) -> None:
    before = place.files()
    authority = place.open()
    authority.issue(SUBJECT, serial=new_serial(), now=START)
    assert place.files() == before


# --- with a base URL -------------------------------------------------------------------------------------------------


def test_once_there_is_a_base_url_certificates_point_to_it(bare: Place, tmp_path: Path) -> None:
    certs = tmp_path / "certs"
    shutil.copytree(shipped.folder("certs"), certs)
    text = (certs / "authority.yaml").read_text(encoding="utf-8")
    (certs / "authority.yaml").write_text(
        text.replace("base_url: null", "base_url: http://pki.internal"), encoding="utf-8"
    )
    authority = bare.open(profiles_folder=certs)
    list(authority.set_up())
    pem = authority.issue(SUBJECT, serial=new_serial(), now=START).certificate.pem
    for certificate, issuer in (
        (x509.load_pem_x509_certificate(pem.encode()), "management"),
        (x509.load_pem_x509_certificate(_certificate(bare).read_bytes()), "root"),
    ):
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        assert [[name.value for name in point.full_name or ()] for point in points] == [
            [f"http://pki.internal/crl/{issuer}.crl"]
        ]
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        assert [description.access_location.value for description in access] == [
            f"http://pki.internal/ocsp/{issuer}",
            f"http://pki.internal/certificates/{issuer}.cer",
        ]
    authority.verify_client(pem, user_class=UserClass.MANAGEMENT, now=START)


def test_without_one_they_point_nowhere(place: Place) -> None:
    certificate = x509.load_pem_x509_certificate(place.issue().encode())
    kinds = {type(extension.value) for extension in certificate.extensions}
    assert not kinds & {x509.CRLDistributionPoints, x509.AuthorityInformationAccess}


# --- servers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("names", [[], ["a b"], ["localhost", "*"], ["测试.internal"], ["a" * 60 + "." + "b" * 60]])
def test_a_server_without_a_proper_name_gets_nothing(place: Place, names: list[str]) -> None:
    with pytest.raises(InputError):
        place.open().issue_server(names, place.home / "server")
    assert not (place.home / "server").exists()


def test_a_servers_files(place: Place) -> None:
    files = place.open().issue_server(["localhost", "127.0.0.1", "localhost"], place.home / "deep" / "server")
    assert stat.S_IMODE(files.key_file.stat().st_mode) == 0o600
    own, above = x509.load_pem_x509_certificates(files.certificate_file.read_bytes())
    key = load_pem_private_key(files.key_file.read_bytes(), None)
    assert own.public_key() == key.public_key()
    own.verify_directly_issued_by(above)
    names = own.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(name.value) for name in names] == ["localhost", "127.0.0.1"]
    again = place.open().issue_server(["localhost"], place.home / "deep" / "server")
    assert x509.load_pem_x509_certificate(again.certificate_file.read_bytes()) != own


# --- handshakes ------------------------------------------------------------------------------------------------------


@dataclass
class Stack:
    """An authority dated by the real clock, as OpenSSL checks by it, and a server with its certificate."""

    place: Place
    authority: LocalAuthority
    server: ssl.SSLContext

    def client(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority.trust_anchor_file))
        context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
        return context

    def client_with_key(self, subject: Subject, tmp_path: Path) -> ssl.SSLContext:
        """A client that has taken key and certificate from the package, as a browser does."""
        package = self.authority.issue(subject, serial=new_serial(), now=SystemClock().now())
        opened = pkcs12.load_pkcs12(package.pkcs12, package.password.encode())
        assert opened.key is not None
        assert opened.cert is not None
        pem = tmp_path / f"{new_serial():x}"
        pem.write_bytes(
            opened.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            + opened.cert.certificate.public_bytes(Encoding.PEM)
            + b"".join(above.certificate.public_bytes(Encoding.PEM) for above in opened.additional_certs)
        )
        context = self.client()
        context.load_cert_chain(pem)
        return context


@pytest.fixture
def stack(bare: Place) -> Stack:
    authority = LocalAuthority(bare.settings, clock=SystemClock())
    list(authority.set_up())
    files = authority.issue_server(["localhost", "127.0.0.1", "::1"], bare.home / "server")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate_file, files.key_file)
    return Stack(bare, authority, server)


def _handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str = "localhost") -> ssl.SSLObject:
    """A handshake in memory, to its end on both sides; the server's side of it."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname=name),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    for _ in range(10):
        for side in sides:
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    sides[0].write(b"logged in")
    assert sides[1].read(9) == b"logged in"
    return sides[1]


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_that_trusts_the_root_knows_the_server(stack: Stack, name: str, version: ssl.TLSVersion) -> None:
    stack.server.minimum_version = stack.server.maximum_version = version
    assert _handshake(stack.server, stack.client(), name).version() == version.name.replace("_", ".")


@pytest.mark.parametrize("name", ["elsewhere.internal", "127.0.0.2"])
def test_a_server_of_another_name_is_refused(stack: Stack, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(stack.server, stack.client(), name)


def test_a_server_of_another_authority_is_refused(stack: Stack, tmp_path: Path) -> None:
    other = Place(tmp_path / "other")
    list(LocalAuthority(other.settings, clock=SystemClock()).set_up())
    client = ssl.create_default_context(cafile=str(other.open().trust_anchor_file))
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(stack.server, client)


@pytest.mark.parametrize(
    "name",
    ["测试·䶮", "甲, 乙+丙=丁", "阿卜杜热合曼·买买提依明·吐尔逊江·麦麦提伊力·阿布都克热木", "䶮" * 64, '#<测>;\\"𠮷"'],
)
def test_a_user_logs_in_by_mutual_tls(stack: Stack, tmp_path: Path, name: str) -> None:
    stack.server.verify_mode = ssl.CERT_REQUIRED
    stack.server.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    stack.server.load_verify_locations(stack.authority.trust_anchor_file)
    side = _handshake(stack.server, stack.client_with_key(replace(SUBJECT, name=name), tmp_path))
    peer = side.getpeercert()
    assert peer is not None
    subject = dict(pair for rdn in peer["subject"] for pair in rdn)  # type: ignore[misc]
    assert subject == {
        "countryName": "CN",
        "organizationName": "虚构区住房和城乡建设委员会",
        "serialNumber": "P000001",
        "commonName": name,
        "userId": "cy0001",
    }


def test_without_a_key_nobody_logs_in(stack: Stack) -> None:
    stack.server.verify_mode = ssl.CERT_REQUIRED
    stack.server.load_verify_locations(stack.authority.trust_anchor_file)
    with pytest.raises(ssl.SSLError, match="PEER_DID_NOT_RETURN_A_CERTIFICATE"):
        _handshake(stack.server, stack.client())


def test_a_servers_certificate_does_not_log_in_as_a_user(stack: Stack) -> None:
    stack.server.verify_mode = ssl.CERT_REQUIRED
    stack.server.load_verify_locations(stack.authority.trust_anchor_file)
    client, folder = stack.client(), stack.place.home / "server"
    client.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        _handshake(stack.server, client)


def test_a_users_certificate_does_not_serve(stack: Stack, tmp_path: Path) -> None:
    stack.client_with_key(SUBJECT, tmp_path)
    (pem,) = [path for path in tmp_path.iterdir() if path.is_file()]
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(pem)
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(server, stack.client())


# --- read by others --------------------------------------------------------------------------------------------------


def _by_openssl(place: Place, pem: Path) -> str:
    """OpenSSL's command line: chain, purpose, policy of the class, strictly."""
    folder = place.settings.folder
    arguments = [
        "-CAfile",
        folder / "root/certificate.pem",
        "-untrusted",
        folder / "issuing/management/certificate.pem",
    ]
    policy = "2.25.15213529798363733656117821916457054391.1"
    arguments += ["-purpose", "sslclient", "-x509_strict", "-policy_check", "-explicit_policy", "-policy", policy]
    when = str(int(START.timestamp()))
    command = ["openssl", "verify", "-attime", when, *map(str, arguments), str(pem)]
    return subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout.strip()


def _by_java(place: Place, pem: Path) -> str:
    """Java, as Keycloak reads it."""
    del place
    run = subprocess.run(
        ["keytool", "-J-Dfile.encoding=UTF-8", "-printcert", "-file", pem], capture_output=True, check=True
    )
    wanted = ["CertificatePolicyId: [2.25.15213529798363733656117821916457054391.1]", "DigitalSignature", "clientAuth"]
    return "OK" if all(word in run.stdout.decode(errors="replace") for word in wanted) else "not OK"


def _by_pyopenssl(place: Place, pem: Path) -> str:
    place.open().verify_client(pem.read_text(), user_class=UserClass.MANAGEMENT, now=START)
    return "OK"


READERS = [_by_pyopenssl]
READERS += [_by_openssl] if shutil.which("openssl") else []
READERS += [_by_java] if shutil.which("keytool") else []


@pytest.mark.parametrize("reader", READERS)
def test_every_reader_at_hand_accepts_it(place: Place, reader: Callable[[Place, Path], str]) -> None:
    pem = place.home / "user.pem"
    pem.write_text(place.issue())
    assert reader(place, pem).endswith("OK")
