"""Standard output and error, on any terminal, with any encoding, or with nobody behind them."""

from __future__ import annotations

import io
import os
import sys
import unicodedata
from pathlib import Path
from typing import Final, TextIO

import click

#: controls, marks that turn the writing round or are not seen, halves of characters, line and paragraph ends
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


class NobodyReads(Exception):
    """Whoever read the output has gone."""


def prepare_streams() -> None:
    """Make every character printable: as an escape where the terminal's encoding lacks it. Closed streams swallow."""
    sys.stdout = _prepared(sys.stdout)
    sys.stderr = _prepared(sys.stderr)


def discard_output() -> None:
    """What is still waiting to be written can't be: the interpreter must not try it again at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def visible(text: str) -> str:
    """What people wrote, on one line, and without anything that a terminal obeys: no colours, no turned-round names."""
    return "".join(
        c.encode("unicode_escape").decode("ascii") if unicodedata.category(c) in _UNSEEN else c for c in text
    )


def complain(text: str) -> None:
    """One line for people, on standard error."""
    click.echo(visible(text), err=True)


def writes_unicode() -> bool:
    """Whether standard output takes every character as it is."""
    return (sys.stdout.encoding or "").lower().replace("-", "").replace("_", "") in {"utf8", "utf16", "utf32"}


def _prepared(stream: TextIO | None) -> TextIO:
    if stream is None:  # closed by whoever started us
        return Path(os.devnull).open("w", encoding="utf-8")
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")
    return stream
