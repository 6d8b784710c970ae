"""Finds the data that is shipped with the code: roles/, certs/ and templates/."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

_PACKAGE = Path(str(files("idp_sync")))


def folder(name: str) -> Path:
    """The shipped folder of that name: within the installed wheel, else in the checkout.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    for candidate in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"{name}/ is missing from the installation: install the wheel again")
