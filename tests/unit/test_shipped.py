"""Where the shipped data is found: in a checkout and in an installed wheel."""

from __future__ import annotations

from pathlib import Path

import pytest

import idp_sync
from idp_sync import shipped

CHECKOUT = Path(idp_sync.__file__).parent.parent


def _package(root: Path, *folders: str) -> Path:
    """A package under a root, and folders beside or within it."""
    package = root / "idp_sync"
    package.mkdir(parents=True)
    for folder in folders:
        (root / folder).mkdir(parents=True)
    return package


@pytest.mark.parametrize("name", ["roles", "certs", "templates"])
def test_this_checkout_has_all_of_it(name: str) -> None:
    found = shipped.folder(name)
    assert found == CHECKOUT / name
    assert any(path.is_file() for path in found.rglob("*"))


def test_in_a_checkout_it_lies_beside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_PACKAGE", _package(tmp_path, "certs"))
    assert shipped.folder("certs") == tmp_path / "certs"


def test_in_a_wheel_it_lies_within_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_PACKAGE", _package(tmp_path, "idp_sync/_data/certs"))
    assert shipped.folder("certs") == tmp_path / "idp_sync" / "_data" / "certs"


def test_a_wheel_does_not_look_at_what_happens_to_lie_in_site_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipped, "_PACKAGE", _package(tmp_path, "idp_sync/_data/certs", "certs"))
    assert shipped.folder("certs") == tmp_path / "idp_sync" / "_data" / "certs"


def test_an_incomplete_installation_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped, "_PACKAGE", _package(tmp_path, "idp_sync/_data/roles"))
    (tmp_path / "certs").write_text("a file is no folder")
    with pytest.raises(FileNotFoundError, match="install the wheel again"):
        shipped.folder("certs")
