"""Secrets of the stack's servers: made once, in files of their own."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def make_secret(file: Path) -> None:
    """Make a secret that nobody can guess, readable by its owner only; one that is there stays."""
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as opened:
        opened.write(secrets.token_urlsafe(32) + "\n")
