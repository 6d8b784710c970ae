"""Applications: forms, their words, and rows that give no ID number away."""

from __future__ import annotations

import pytest

from idp_sync.domain.application import ROWS_ON_A_SHEET, Form, Row, State, numbered
from tests.builders import application, id_number, row


def test_the_forms_are_the_annexes_and_what_enterprises_and_the_research_centre_use() -> None:
    annexes = ["A3", "A4", "A5", "A6", "A7"]
    ours = ["ENT-NEW", "ENT-CHANGE", "ENT-CANCEL", "RESTORE", "BUSINESS-DELETION"]
    assert [form.value for form in Form] == [*annexes, *ours]
    assert [form.value for form in Form if form.is_annex] == annexes
    assert all(form.zh for form in Form)
    assert len({form.zh for form in Form}) == len(Form)
    assert ROWS_ON_A_SHEET == 5


@pytest.mark.parametrize("form", list(Form))
def test_a_form_opens_accounts_or_names_a_login(form: Form) -> None:
    assert form.opens_accounts is (form.value in {"A3", "ENT-NEW"})
    assert form.names_a_login is not form.opens_accounts
    # and a holder only where it may become another's (reading A-10)
    assert form.names_a_holder is (form.value in {"A5", "ENT-CHANGE"})


def test_states_have_the_offices_words() -> None:
    assert {state.value: state.zh for state in State} == {
        "draft": "草稿",
        "received": "已受理",
        "returned": "已退回",
        "rejected": "不予批准",
        "under-review": "审核中",
        "approved": "已批准",
        "carried-out": "已办结",
        "archived": "已归档",
        "withdrawn": "已撤回",
    }


def test_the_logins_on_a_form() -> None:
    rows = (row(1, login="cy0001"), row(2), row(3, login="cy0003"))
    assert application(Form.NEW_USER, *rows).logins() == ("cy0001", "cy0003")


def test_rows_without_a_number_get_their_place() -> None:
    full = row(0, login="cy0001", key_number="KEY-1", present_permissions=("X",), scope="110105", remarks="损坏")
    first, second, third = numbered([full, row(7), row(0)])
    assert (first.number, second.number, third.number) == (1, 7, 3)
    # nothing else changes
    assert {f: getattr(first, f) for f in Row.__dataclass_fields__ if f != "number"} == {
        f: getattr(full, f) for f in Row.__dataclass_fields__ if f != "number"
    }
    assert second == row(7)


def test_a_row_shows_no_id_number() -> None:
    shown = repr(row(3, name="测试丙", login="cy0003"))
    assert shown == "Row(number=3, name='测试丙', login='cy0003')"
    assert id_number(3) not in repr(application(Form.NEW_USER, row(3)))
