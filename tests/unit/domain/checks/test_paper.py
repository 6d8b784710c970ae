"""What the paper must bear: each mark, each date, the rows."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from idp_sync.domain.application import ROWS_ON_A_SHEET, Form, Opinion
from idp_sync.domain.checks import paper
from idp_sync.domain.finding import Code
from tests.builders import BOOK, application, case, known, row, user

BEARS = {
    "stamp_present": (False, Code.STAMP_MISSING),
    "signed_by": (" \u3000", Code.SIGNATURE_MISSING),
    "contact_name": ("", Code.CONTACT_MISSING),
    "contact_phone": (" ", Code.CONTACT_MISSING),
    "commitment_present": (False, Code.COMMITMENT_MISSING),
}
#: what a form need not bear
FREE_OF = {
    Form.ENTERPRISE_CANCEL: {Code.COMMITMENT_MISSING},
    Form.BUSINESS_DELETION: {Code.COMMITMENT_MISSING},  # but stamped: by the former unit (reading A-23)
    Form.RESTORE: {Code.STAMP_MISSING, Code.SIGNATURE_MISSING, Code.COMMITMENT_MISSING},
}


@pytest.mark.parametrize("field", BEARS)
@pytest.mark.parametrize("form", list(Form), ids=str)
def test_each_mark_on_each_form(form: Form, field: str) -> None:
    value, code = BEARS[field]
    found = [f.code for f in paper.bears_what_it_must(case(application(form, **{field: value})))]
    assert found == ([] if code in FREE_OF.get(form, set()) else [code])


def test_contact_is_asked_once_where_both_parts_are_missing() -> None:
    found = list(paper.bears_what_it_must(case(application(contact_name="", contact_phone=""))))
    assert [f.code for f in found] == [Code.CONTACT_MISSING]


# --- dates -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2025-03-03", date(2025, 3, 3)),
        (" 2025-03-03\n", date(2025, 3, 3)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2025-02-29", None),
        ("2025-13-05", None),
        ("2025-00-05", None),
        ("0000-01-01", None),
        ("2025-3-3", None),
        ("20250303", None),
        ("2025/03/03", None),
        ("2025-W10-1", None),  # a week date: ten places, and known to Python
        ("2025-W10", None),
        ("2025年3月3日", None),
        ("２０２５-０３-０３", None),
        ("2025-03-03T00:00", None),
        ("", None),
    ],
)
def test_dates_are_days_of_the_calendar(text: str, expected: date | None) -> None:
    assert paper.read_date(text) == expected


def dates_of(received_on: str, review: Opinion | None) -> list[tuple[Code, str]]:
    form = application(received_on=received_on, review=review)
    return [(f.code, f.field) for f in paper.dates_exist(case(form))]


@pytest.mark.parametrize(
    ("received_on", "review", "expected"),
    [
        ("2025-03-03", None, []),
        ("2025-03-03", Opinion(opinion="同意", date=" "), []),
        ("2025-03-03", Opinion(date="2025-03-03"), []),
        ("2025-03-03", Opinion(date="2025-03-02"), [(Code.DATE_BEFORE_RECEIPT, "审核日期")]),
        ("2025-03-03", Opinion(date="2025-13-02"), [(Code.DATE_INVALID, "审核日期")]),
        ("", None, [(Code.DATE_INVALID, "受理日期")]),
        ("?", Opinion(date="2025-03-02"), [(Code.DATE_INVALID, "受理日期")]),
        ("?", Opinion(date="?"), [(Code.DATE_INVALID, "受理日期"), (Code.DATE_INVALID, "审核日期")]),
    ],
)
def test_receipt_and_review(received_on: str, review: Opinion | None, expected: list[tuple[Code, str]]) -> None:
    assert dates_of(received_on, review) == expected


@pytest.mark.parametrize(
    ("received_on", "effective_on", "before"),
    [
        ("2015-03-01", date(2015, 3, 1), False),
        ("2015-02-28", date(2015, 3, 1), True),
        ("2015-02-28", None, False),
        ("?", date(2015, 3, 1), False),  # said already: no date at all
    ],
)
def test_nothing_received_before_the_regulation_is_decided_by_it(
    received_on: str,
    effective_on: date | None,
    before: bool,  # noqa: FBT001
) -> None:
    judged = replace(case(application(received_on=received_on)), book=replace(BOOK, effective_on=effective_on))
    found = [(f.code, f.field) for f in paper.is_received_under_the_regulation(judged)]
    assert found == ([(Code.DATE_BEFORE_EFFECT, "受理日期")] if before else [])


# --- rows ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", list(Form), ids=str)
def test_a_sheet_of_the_annexes_has_five_rows(form: Form) -> None:
    def found(count: int) -> list[Code]:
        rows = tuple(row(number) for number in range(1, count + 1))
        return [f.code for f in paper.has_the_rows_of_one_sheet(case(application(form, rows=rows)))]

    assert found(0) == [Code.ROWS_EMPTY]
    assert found(1) == found(ROWS_ON_A_SHEET) == []
    assert found(ROWS_ON_A_SHEET + 1) == ([Code.ROWS_OVERFLOW] if form.is_annex else [])


@pytest.mark.parametrize(
    ("remarks", "stated"),
    [("损坏", True), ("密钥已丢失，已挂失", True), ("证书过期", True), ("", False), ("无", False), ("换新", False)],
)
def test_the_ground_of_a_replacement(remarks: str, stated: bool) -> None:  # noqa: FBT001
    rows = (row(1, remarks="损坏"), row(2, remarks=remarks))
    found = list(paper.ground_is_stated(case(application(Form.KEY_REPLACEMENT, *rows))))
    assert [(f.code, f.row) for f in found] == ([] if stated else [(Code.GROUND_MISSING, 2)])


def test_no_other_form_needs_a_ground() -> None:
    for form in set(Form) - {Form.KEY_REPLACEMENT}:
        corrected = row(remarks="", new_name="测试新甲")
        assert list(paper.ground_is_stated(case(application(form, corrected)))) == []


@pytest.mark.parametrize(
    ("new_name", "holder", "asked"),
    [
        ("测试甲", 1, True),
        (" 测　试甲 ", 1, True),  # as names are read
        ("测试新甲", 1, False),  # a corrected name
        ("测试新甲", 2, False),  # a new holder
        ("测试甲", 2, False),  # a new holder of the same name
    ],
)
def test_an_enterprise_that_changes_neither_holder_nor_name_says_why(new_name: str, holder: int, asked: bool) -> None:  # noqa: FBT001
    changed = row(holder, login="cy0001", new_name=new_name, remarks="")
    form = application(Form.ENTERPRISE_CHANGE, changed)
    found = [(f.code, f.row) for f in paper.ground_is_stated(case(form, known(user())))]
    assert found == ([(Code.GROUND_MISSING, holder)] if asked else [])
    stated = application(Form.ENTERPRISE_CHANGE, replace(changed, remarks="密钥丢失"))
    assert list(paper.ground_is_stated(case(stated, known(user())))) == []


def test_where_the_register_was_not_asked_the_same_name_is_the_same_holder() -> None:
    same = application(Form.ENTERPRISE_CHANGE, row(2, login="cy0001", new_name="测试甲", remarks=""))
    assert [f.code for f in paper.ground_is_stated(case(same))] == [Code.GROUND_MISSING]
