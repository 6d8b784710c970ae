"""The number of an application that came without one: the same application has the same number again.

It is made of what was read, not of the file: a workbook that is saved again, or sent under another name, is the same
application, and the register sees the replay. ID numbers go in as the mask that reviewers see anyway, with whether the
check digit is right: out of a hash of the whole number, whoever knows the rest of the form could find the birth date
by trying.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict, replace
from typing import Final

from stdnum.iso7064 import mod_11_2

from idp_sync.domain.application import Application, Row
from idp_sync.domain.citizen_id import fold_typed

_DIGITS: Final = 12
_LENGTH: Final = 18


def with_number(application: Application) -> Application:
    """The application with a number, where it has none."""
    if application.id:
        return application
    seen = replace(application, title="", rows=tuple(map(_masked, application.rows)))
    digest = hashlib.sha256(repr(asdict(seen)).encode("utf-8", "surrogatepass")).hexdigest()
    return replace(application, id=f"{application.form.value}-{digest[:_DIGITS]}")


def _masked(row: Row) -> Row:
    number, _ = fold_typed(row.id_number)
    is_right = number.isascii() and len(number) == _LENGTH and mod_11_2.is_valid(number)
    return replace(row, id_number=f"{number[:6]}…{number[-4:]} {len(number)} {is_right}")
