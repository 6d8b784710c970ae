"""What gets into the wheel and the sdist, built from a tree with private keys lying about."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import idp_sync

CHECKOUT = Path(idp_sync.__file__).parent.parent
DATA = ("roles", "certs", "templates")
TREE = ("pyproject.toml", "README.md", "LICENSE", "idp_sync", *DATA)
#: keys as they are left lying by who tries something out
DECOYS = (
    "certs/x.key",
    "certs/x.p12",
    "certs/x.pem",
    "certs/x.srl",
    "certs/authority/root/key.pem",
    "roles/x.key",
    "templates/x.pfx",
    "idp_sync/x.key",
    "x.key",
)
_PRIVATE_KEY = re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----\r?\n[A-Za-z0-9+/=]{20}")


@dataclass(frozen=True)
class Built:
    """Archives by kind: name of each member and its content."""

    wheel: dict[str, bytes]
    sdist: dict[str, bytes]
    wheel_from_sdist: dict[str, bytes]
    #: the body of the key in the decoys
    secret: bytes


def _build(tree: Path, kind: str, into: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", str(into)],
        cwd=tree,
        check=True,
        capture_output=True,
    )
    (archive,) = into.iterdir()
    return archive


def _of_zip(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _of_tar(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        members = ((member, archive.extractfile(member)) for member in archive.getmembers())
        return {member.name.partition("/")[2]: file.read() for member, file in members if file is not None}


@pytest.fixture(scope="module", params=["with .gitignore", "without"])
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    base = tmp_path_factory.mktemp("build")
    tree = base / "tree"
    tree.mkdir()
    for name in (*TREE, *([".gitignore"] if request.param == "with .gitignore" else [])):
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, tree / name)
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for decoy in DECOYS:
        (tree / decoy).parent.mkdir(parents=True, exist_ok=True)
        (tree / decoy).write_bytes(key)
    sdist = _build(tree, "sdist", base / "sdist")
    with tarfile.open(sdist) as archive:
        archive.extractall(base / "unpacked", filter="data")
    (unpacked,) = (base / "unpacked").iterdir()
    return Built(
        wheel=_of_zip(_build(tree, "wheel", base / "wheel")),
        sdist=_of_tar(sdist),
        wheel_from_sdist=_of_zip(_build(unpacked, "wheel", base / "again")),
        secret=key.splitlines()[1],
    )


def test_no_private_key_gets_into_an_archive(built: Built) -> None:
    for archive in (built.wheel, built.sdist, built.wheel_from_sdist):
        assert len(archive) > 20
        for name, content in archive.items():
            assert built.secret not in content, name
            assert not _PRIVATE_KEY.search(content), name
            assert not name.endswith((".key", ".pem", ".p12", ".pfx", ".srl")), name


@pytest.mark.parametrize("folder", DATA)
def test_the_data_folders_are_whole_and_within_the_package(built: Built, folder: str) -> None:
    expected = {
        f"idp_sync/_data/{path.relative_to(CHECKOUT)}"
        for path in (CHECKOUT / folder).rglob("*")
        if path.is_file() and path.suffix not in {".key", ".pem", ".p12", ".pfx", ".srl"}
    }
    assert expected
    for wheel in (built.wheel, built.wheel_from_sdist):
        assert {name for name in wheel if name.startswith(f"idp_sync/_data/{folder}/")} == expected
        assert not any(name.startswith(f"{folder}/") for name in wheel)


def test_a_wheel_is_the_same_by_way_of_the_sdist(built: Built) -> None:
    assert set(built.wheel) == set(built.wheel_from_sdist)


def test_the_wheel_holds_the_code_and_nothing_of_the_workshop(built: Built) -> None:
    assert "idp_sync/shipped.py" in built.wheel
    tops = {name.split("/")[0] for name in built.wheel}
    assert tops == {"idp_sync", f"idp_sync-{idp_sync.__version__}.dist-info"}
