"""What the paper must bear: stamp, signature, contact, commitment, dates, five rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from idp_sync.domain.application import ROWS_ON_A_SHEET, Form, Row
from idp_sync.domain.checks.case import Case
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.name import read_name
from idp_sync.domain.replacement import ground_of

#: a written request or a call to the research centre bears no commitment on the use of keys: R-45 asks it of forms
_FORMS_WITHOUT_COMMITMENT = frozenset({Form.ENTERPRISE_CANCEL, Form.RESTORE, Form.BUSINESS_DELETION})


def bears_what_it_must(case: Case) -> Iterator[Finding]:
    """单位盖章, 负责人签字, 联系人, 联系电话 and the commitment (Annex 3 to 7, R-45, R-46).

    An enterprise's form bears the stamp as well: 加盖企业印章 (Article 5 (2)).

    Who was suspended gets in touch with the research centre (联系恢复, Article 6 (4)): that takes no stamp and no
    signature, but somebody who can be called back.
    """
    application = case.application
    if application.form is not Form.RESTORE:
        if not application.stamp_present:
            yield Finding(code=Code.STAMP_MISSING, field="单位盖章")
        if not application.signed_by.strip():
            yield Finding(code=Code.SIGNATURE_MISSING, field="负责人签字")
    if not (application.contact_name.strip() and application.contact_phone.strip()):
        yield Finding(code=Code.CONTACT_MISSING, field="联系人、联系电话")
    if application.form not in _FORMS_WITHOUT_COMMITMENT and not application.commitment_present:
        yield Finding(code=Code.COMMITMENT_MISSING)


def dates_exist(case: Case) -> Iterator[Finding]:
    """受理日期 and 审核日期 are days of the calendar, in that order (R-47)."""
    received = read_date(case.application.received_on)
    if received is None:
        yield Finding(code=Code.DATE_INVALID, field="受理日期", detail=case.application.received_on)
    review = case.application.review
    if review is None or not review.date.strip():
        return
    reviewed = read_date(review.date)
    if reviewed is None:
        yield Finding(code=Code.DATE_INVALID, field="审核日期", detail=review.date)
    elif received is not None and reviewed < received:
        yield Finding(code=Code.DATE_BEFORE_RECEIPT, field="审核日期", detail=f"{reviewed} < {received}")


def is_received_under_the_regulation(case: Case) -> Iterator[Finding]:
    """本办法自公布之日起施行 (Article 11, R-43): what came in before that day is not decided by it.

    The text does not say which day that is, so it is a setting; where it is not set, every day will do.
    """
    received, effective_on = read_date(case.application.received_on), case.book.effective_on
    if received is not None and effective_on is not None and received < effective_on:
        yield Finding(code=Code.DATE_BEFORE_EFFECT, field="受理日期", detail=f"{received} < {effective_on}")


def has_the_rows_of_one_sheet(case: Case) -> Iterator[Finding]:
    """One to five people: further ones go on further sheets, each stamped (reading A-18).

    Only the annexes are printed with five rows; what an enterprise writes has no such limit.
    """
    rows = len(case.application.rows)
    if rows == 0:
        yield Finding(code=Code.ROWS_EMPTY)
    if case.application.form.is_annex and rows > ROWS_ON_A_SHEET:
        yield Finding(code=Code.ROWS_OVERFLOW, detail=f"共{rows}行")


def ground_is_stated(case: Case) -> Iterator[Finding]:
    """备注 says why a key is replaced: damage, expiry or loss, since a lost key is revoked at once (reading A-11)."""
    for row in case.application.rows:
        if _is_for_another_key(case, row) and ground_of(row.remarks) is None:
            yield Finding(code=Code.GROUND_MISSING, row=row.number, field="备注", detail=row.remarks)


def _is_for_another_key(case: Case, row: Row) -> bool:
    """Annex 4; enterprises write it on their form for changes, where holder and name stay what they are."""
    if case.application.form is not Form.ENTERPRISE_CHANGE:
        return case.application.form is Form.KEY_REPLACEMENT
    return read_name(row.name).name == read_name(row.new_name).name and not case.names_a_new_holder(row)


def read_date(text: str) -> date | None:
    """An ISO date (YYYY-MM-DD); None where it is none."""
    text = text.strip()
    if len(text) != len("YYYY-MM-DD") or not text.isascii():
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None  # 2025-W01-1 has ten places too
