"""Where it is handed in, and who decides together."""

from __future__ import annotations

import pytest

from idp_sync.domain.application import Form, Row
from idp_sync.domain.checks import channel
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.unit import Unit
from tests.builders import CHAOYANG, DEVELOPER, application, case, row

REGISTRATION, MARKET = "房屋登记管理处", "房屋市场管理处"
CENTRE, RESEARCH, SERVICE = "信息中心", "城建研究中心", "综合服务中心"
OFFICES = [REGISTRATION, MARKET, CENTRE, RESEARCH, SERVICE, "安全管理员", "审计", "", "某办公室"]


def asks(*codes: str) -> Row:
    return row(permissions=codes)


def found(form: Form, received_by: str, *rows: Row, unit: Unit = CHAOYANG) -> list[Finding]:
    handed_in = application(form, *rows, received_by=received_by, unit=unit)
    return list(channel.leads_to_the_deciding_office(case(handed_in)))


def codes(form: Form, received_by: str, *rows: Row, unit: Unit = CHAOYANG) -> list[Code]:
    return [finding.code for finding in found(form, received_by, *rows, unit=unit)]


REG, TRADE, SYS = "MGMT-DIST.REG.01", "MGMT-DIST.TRADE.01", "MGMT-DIST.SYS.00"


@pytest.mark.parametrize("received_by", OFFICES)
@pytest.mark.parametrize(
    ("form", "unit", "items", "right"),
    [
        (Form.NEW_USER, CHAOYANG, [REG], {REGISTRATION}),
        (Form.NEW_USER, CHAOYANG, [TRADE], {MARKET}),
        (Form.NEW_USER, CHAOYANG, [], {REGISTRATION, MARKET}),
        (Form.KEY_REPLACEMENT, CHAOYANG, [TRADE], {MARKET}),
        (Form.USER_RENAME, CHAOYANG, [REG], {REGISTRATION}),
        (Form.PERMISSION_CHANGE, CHAOYANG, [TRADE], {MARKET}),
        (Form.DEREGISTRATION, CHAOYANG, [], {CENTRE}),
        (Form.RESTORE, CHAOYANG, [], {RESEARCH}),
        (Form.RESTORE, DEVELOPER, [], {RESEARCH}),
        (Form.ENTERPRISE_NEW, DEVELOPER, ["ENT-DEV.REG.00"], {SERVICE}),
        (Form.ENTERPRISE_CHANGE, DEVELOPER, [], {SERVICE}),
        (Form.ENTERPRISE_CANCEL, DEVELOPER, [], {SERVICE}),
        (Form.BUSINESS_DELETION, CHAOYANG, [], {RESEARCH}),
        (Form.BUSINESS_DELETION, DEVELOPER, [], {RESEARCH}),
    ],
    ids=lambda value: "+".join(sorted(value)) if isinstance(value, set) else None,
)
def test_each_form_at_each_office(form: Form, unit: Unit, items: list[str], right: set[str], received_by: str) -> None:
    expected = [] if received_by in right else [Code.CHANNEL_WRONG]
    assert codes(form, received_by, asks(*items), unit=unit) == expected


@pytest.mark.parametrize("rows", [[asks(REG, TRADE)], [asks(REG), asks(TRADE)], [asks(SYS)], [asks(REG), asks(SYS)]])
def test_both_matters_need_both_offices_and_either_takes_it_in(rows: list[Row]) -> None:
    for received_by in (REGISTRATION, MARKET):
        (finding,) = found(Form.NEW_USER, received_by, *rows)
        assert finding.code is Code.NEEDS_BOTH_APPROVALS
        assert finding.detail == f"{REGISTRATION}、{MARKET}"
    assert codes(Form.NEW_USER, CENTRE, *rows) == [Code.NEEDS_BOTH_APPROVALS, Code.CHANNEL_WRONG]


def test_an_item_in_words_decides_like_its_code() -> None:
    words = row(permissions=(), permission_words="预售许可管理")
    assert codes(Form.NEW_USER, MARKET, words) == []
    assert codes(Form.NEW_USER, REGISTRATION, words) == [Code.CHANNEL_WRONG]


def test_items_on_a_form_that_has_no_such_column_split_nothing() -> None:
    assert codes(Form.DEREGISTRATION, CENTRE, asks(REG, TRADE)) == []
    assert codes(Form.RESTORE, RESEARCH, asks(REG, TRADE)) == []
    assert codes(Form.BUSINESS_DELETION, RESEARCH, asks(REG, TRADE)) == []


def test_an_enterprise_is_never_split() -> None:
    assert codes(Form.ENTERPRISE_NEW, SERVICE, asks("ENT-DEV.REG.00", "ENT-DEV.TRADE.01"), unit=DEVELOPER) == []


def test_the_finding_names_both_offices() -> None:
    (finding,) = found(Form.NEW_USER, MARKET, asks(REG))
    assert (finding.field, finding.detail) == ("受理部门", f"{MARKET} → {REGISTRATION}")
    (finding,) = found(Form.NEW_USER, "", asks(REG))
    assert finding.detail == f"未填写 → {REGISTRATION}"


def test_a_unit_hands_in_the_forms_of_its_own_class_wherever() -> None:
    annexes = [form for form in Form if form.is_annex]
    for received_by in OFFICES:
        for form in annexes:
            (finding,) = found(form, received_by, asks(REG), unit=DEVELOPER)
            assert (finding.code, finding.field) == (Code.CHANNEL_WRONG, "表格")
            assert "供管理单位使用，申请单位是企业" in finding.detail
        for form in (Form.ENTERPRISE_NEW, Form.ENTERPRISE_CHANGE, Form.ENTERPRISE_CANCEL):
            (finding,) = found(form, received_by, asks(REG), unit=CHAOYANG)
            assert "供企业使用，申请单位是管理单位" in finding.detail
