"""The profiles in certs/: what is shipped is right, and what contradicts itself is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from idp_sync import shipped
from idp_sync.adapters.authority.builder import Pointers
from idp_sync.adapters.authority.profiles import Profiles, read_profiles
from idp_sync.domain.errors import NotSetUp, Unavailable
from idp_sync.domain.unit import UserClass

FOLDER = shipped.folder("certs")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    copy = tmp_path / "certs"
    shutil.copytree(FOLDER, copy)
    return copy


def test_what_is_shipped_is_understood() -> None:
    profiles = read_profiles(FOLDER)
    assert profiles.authority.name_for(UserClass.MANAGEMENT) == "management"
    assert profiles.authority.name_for(UserClass.ENTERPRISE) == "enterprise"
    assert profiles.authority.name_for(None) == "server"
    assert profiles.authority.issuing["management"].office == "城建研究中心"
    assert profiles.authority.issuing["enterprise"].office == "综合服务中心"
    assert profiles.authority.base_url is None


def test_the_client_profile_is_the_one_that_was_decided() -> None:
    client = read_profiles(FOLDER).client
    assert [(a.attribute, a.encoding) for a in client.subject] == [
        ("C", "PrintableString"),
        ("O", "UTF8String"),
        ("serialNumber", "PrintableString"),
        ("CN", "UTF8String"),
        ("UID", "UTF8String"),
    ]
    assert client.key_usage.critical
    assert [name for name, on in client.key_usage.flags().items() if on] == ["digital_signature"]
    assert client.extended_key_usage is not None
    assert client.extended_key_usage.critical
    assert client.extended_key_usage.purposes == ("clientAuth",)
    assert (client.basic_constraints.critical, client.basic_constraints.ca) == (True, False)
    assert client.validity.months == 36


@pytest.mark.parametrize(("name", "path_length"), [("root", 1), ("issuing", 0)])
def test_authorities_sign_certificates_and_crls_and_nothing_else(name: str, path_length: int) -> None:
    profile = getattr(read_profiles(FOLDER), name)
    assert [flag for flag, on in profile.key_usage.flags().items() if on] == ["key_cert_sign", "crl_sign"]
    basic = profile.basic_constraints
    assert (basic.critical, basic.ca, basic.path_length) == (True, True, path_length)


def test_an_issuing_authority_inherits_the_purposes_of_what_it_issues() -> None:
    profiles = read_profiles(FOLDER)
    purposes = {}
    for name in profiles.authority.issuing:
        usage = profiles.issuing_for(name).extended_key_usage
        assert usage is not None
        purposes[name] = usage.purposes
    assert purposes == {"management": ("clientAuth",), "enterprise": ("clientAuth",), "server": ("serverAuth",)}


def test_a_site_may_write_the_purposes_of_its_issuing_authorities_out(folder: Path) -> None:
    _edit(folder, "issuing", lambda d: d["extended_key_usage"].update(purposes=["clientAuth", "OCSPSigning"]))
    usage = read_profiles(folder).issuing_for("management").extended_key_usage
    assert usage is not None
    assert usage.purposes == ("clientAuth", "OCSPSigning")


def test_every_profile_says_every_field_and_every_flag_a_reason() -> None:
    """A reader of certs/ sees all nine flags with a comment, without knowing a default."""
    for name in ("root", "issuing", "client", "server"):
        text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
        flags = text.split("key_usage:\n")[1].split("\n\n")[0].splitlines()
        assert sum("#" in line for line in flags if ": true" in line or ": false" in line) >= 9


Edit = Callable[[dict[str, Any]], object]


def _edit(folder: Path, name: str, edit: Edit) -> None:
    path = folder / f"{name}.yaml"
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    edit(document)
    path.write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "edit", "words"),
    [
        ("client", lambda d: d.pop("key_usage"), "key_usage"),
        ("client", lambda d: d["key_usage"].pop("crl_sign"), "crl_sign"),
        ("client", lambda d: d["key_usage"].update(digital_signatures=True), "digital_signatures"),
        ("client", lambda d: d["extended_key_usage"].update(purposes=["codeSigning"]), "purposes"),
        ("client", lambda d: d["extended_key_usage"].update(purposes=[]), "purposes"),
        ("client", lambda d: d["validity"].update(months=0), "months"),
        ("client", lambda d: d.update(subject=[]), "subject"),
        ("client", lambda d: d.update(key="rsa-1024"), "key"),
        ("client", lambda d: d.update(name="server"), "is not the profile client"),
        ("authority", lambda d: d.update(base_url="https://pki.internal"), "base_url"),
        ("authority", lambda d: d.update(base_url="http://pki.internal/"), "base_url"),
        ("authority", lambda d: d.update(country="china"), "country"),
        ("authority", lambda d: d.update(policy_arc="2.25.x"), "policy_arc"),
        ("authority", lambda d: d["issuing"].pop("enterprise"), "each user class"),
        ("authority", lambda d: d["issuing"].pop("server"), "each user class"),
        ("authority", lambda d: d["issuing"].update(again=d["issuing"]["server"]), "each user class"),
        ("authority", lambda d: d["issuing"]["server"].update(policy=1), "a policy of its own"),
        (
            "authority",
            lambda d: d["issuing"]["enterprise"].update(common_name=d["root"]["common_name"]),
            "a common name of its own",
        ),
        ("authority", lambda d: d["issuing"]["server"].update(user_class="enterprise"), "user_class and upn_domain"),
        ("authority", lambda d: d["issuing"]["enterprise"].pop("upn_domain"), "user_class and upn_domain"),
        ("authority", lambda d: d["issuing"].update({"../x": d["issuing"].pop("server")}), "issuing"),
    ],
)
def test_a_profile_that_contradicts_itself_is_refused_in_one_line(
    folder: Path, name: str, edit: Edit, words: str
) -> None:
    _edit(folder, name, edit)
    with pytest.raises(NotSetUp, match=words) as caught:
        read_profiles(folder)
    assert f"{name}.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"- a\n", b"a: [\n", b"\xff\xfe", b"a: !!python/object:os.system x\n"])
def test_a_file_that_is_no_profile_is_refused(folder: Path, content: bytes) -> None:
    (folder / "client.yaml").write_bytes(content)
    with pytest.raises(NotSetUp, match=r"client\.yaml"):
        read_profiles(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "server.yaml").unlink()
    with pytest.raises(NotSetUp, match=r"server\.yaml.*missing"):
        read_profiles(folder)


def test_a_file_that_cannot_be_read(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", denied)
    with pytest.raises(Unavailable, match="Permission denied"):
        read_profiles(folder)


def test_pointers_only_with_a_base_url() -> None:
    assert Pointers.below(None, "management") is None
    pointers = Pointers.below("http://pki.internal/pki", "management")
    assert pointers is not None
    assert {field.name: getattr(pointers, field.name) for field in fields(pointers)} == {
        "crl": "http://pki.internal/pki/crl/management.crl",
        "ocsp": "http://pki.internal/pki/ocsp/management",
        "certificate": "http://pki.internal/pki/certificates/management.cer",
    }


def test_profiles_are_all_of_certs() -> None:
    assert {field.name for field in fields(Profiles)} == {path.stem for path in FOLDER.glob("*.yaml")}
