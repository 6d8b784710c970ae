"""The QR code that finds a record again: it holds its kind and number, and nothing of what stands in it."""

from __future__ import annotations

from typing import Final

import segno
from markupsafe import Markup

#: what the code's text begins with
SCHEME: Final = "idp-sync"
#: a longer text would make modules too small to be read off paper
LONGEST: Final = 120


def content(subject: str) -> str:
    """What the code holds, e.g. idp-sync:application:A3-2025-0001."""
    return f"{SCHEME}:{subject}"


def svg(subject: str) -> Markup:
    """The code as inline SVG; nothing where the subject is too long to be read off paper."""
    text = content(subject)
    if len(text.encode()) > LONGEST:
        return Markup()
    # M: still read when 15 % of it is under a stamp
    code = segno.make_qr(text, error="m", encoding="utf-8")
    return Markup(code.svg_inline(border=2, omitsize=True, svgclass="qr", lineclass=None))  # noqa: S704 - of modules only
