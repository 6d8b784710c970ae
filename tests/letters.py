"""One of each letter, as the offices would send it. All people are fictitious."""

from __future__ import annotations

from datetime import date

from idp_sync.domain.application import Form
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.letter import (
    ApprovalToIssuer,
    ApprovalToUnit,
    DeregistrationNotice,
    GivenOpinion,
    KeyHandOver,
    KeyReturn,
    Letter,
    PasswordSheet,
    Person,
    RestorationNotice,
    ReturnList,
    SuspensionNotice,
    SuspensionWarning,
    UserList,
)

UNIT = "虚构单位朝阳区登记窗口"
PEOPLE = (
    Person(
        name="测试甲",
        login="cy0001",
        permissions=("登记受理", "登记审核"),
        state="正常",
        last_login=date(2025, 6, 30),
        key_number="KEY-000001",
    ),
    Person(name="周䶮样", login="cy0002", permissions=("登记受理",), state="暂停登录"),
)
OPINIONS = (
    GivenOpinion(office="房屋登记管理处", opinion="同意", on=date(2025, 3, 5)),
    GivenOpinion(office="房屋市场管理处", opinion="符合岗位需要", on=date(2025, 3, 6)),
)
FINDINGS = (
    Finding(code=Code.STAMP_MISSING, field="单位盖章"),
    Finding(code=Code.ID_CHECKSUM, row=2, field="身份证号"),
)
_KEY = {"key_number": "KEY-000001", "login": "cy0001", "name": "测试甲", "unit_name": UNIT}
_FORM = {"application": "A3-2025-0001", "form": Form.NEW_USER, "unit_name": UNIT, "received_on": "2025-03-03"}
_UNITS = {"unit_name": UNIT, "people": PEOPLE, "addressee": UNIT, "contact": "010-00000000"}


def letters() -> tuple[Letter, ...]:
    """One of each."""
    dated = date(2025, 7, 10)
    research, registration, centre = (
        {"number": f"TEST-2025-{place:03}", "office": office, "dated": dated}
        for place, office in enumerate(("城建研究中心", "房屋登记管理处", "信息中心"), start=1)
    )
    return (
        KeyHandOver(
            **research,
            **_KEY,
            certificate_serial="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            valid_from=date(2025, 7, 10),
            valid_until=date(2028, 7, 9),
            handed_over_by="研究一",
            handed_over_to="测试联系人",
            application="A3-2025-0001",
        ),
        KeyReturn(
            **research,
            **_KEY,
            certificate_serial="0a1b2c3d4e5f60718293a4b5c6d7e8f9",
            returned_by="测试联系人",
            received_by="研究一",
            ground="注销",
            condition="完好",
        ),
        PasswordSheet(**research, **_KEY, password="hjkm-3467-npqr"),
        ReturnList(**registration, **_FORM, addressee=UNIT, findings=FINDINGS, opinion="请一次补齐。"),
        ApprovalToIssuer(**registration, **_FORM, addressee="市城建研究中心", opinions=OPINIONS, people=PEOPLE),
        ApprovalToUnit(**research, **_FORM, addressee=UNIT, opinions=OPINIONS, people=PEOPLE, issuer="市城建研究中心"),
        SuspensionWarning(**centre, **_UNITS, sweep_on=date(2026, 1, 1)),
        SuspensionNotice(**centre, **_UNITS, suspended_on=date(2026, 1, 1)),
        RestorationNotice(**research, **_UNITS, restored_on=date(2026, 1, 5)),
        DeregistrationNotice(
            **centre, **_UNITS, deregistered_on=date(2026, 2, 1), keys_to="市城建研究中心", application="A7-2026-0001"
        ),
        UserList(**centre, **_UNITS, as_of=date(2025, 7, 1), answer_by=date(2025, 7, 31), unit_number="U000001"),
    )
