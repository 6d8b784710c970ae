"""Keys go out and come back: every refusal, and that no key, certificate or open item is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from idp_sync.domain.account import AccountState
from idp_sync.domain.application import State
from idp_sync.domain.duty import DutyKind
from idp_sync.domain.errors import Conflict, InputError, NotCompetent, NotFound, Refused
from idp_sync.domain.journal import Actor
from idp_sync.domain.key import KeyPackage, KeyState, RevocationReason, Subject
from idp_sync.domain.unit import UserClass
from idp_sync.services.issue import Issued
from tests.builders import id_number
from tests.house import RECEIVES, REGISTRATION, RESEARCH, SECURITY, SERVICE_ISSUES, House, person

REG = "MGMT-DIST.REG.01"


def issue(office: House, login: str, *, by: str = RESEARCH, key: str | None = None) -> Issued:
    return office.issue.issue(login, actor=office.who(by), handed_to="持有人", deliver=lambda _: None, key_number=key)


def approved(office: House, number: str = "NEW-1") -> str:
    (login,) = office.decided(number, "A3", person(), by=REGISTRATION)
    return login


def replacement(office: House, login: str, key: str, ground: str = "损坏") -> None:
    row = {"用户姓名": "测试甲", "登录名称": login, "原密钥编号": key, "申请权限": [REG], "备注": ground}
    office.decided("KEY-1", "A4", row, by=REGISTRATION)


def another_holder(office: House, login: str) -> str:
    row = {
        "密钥编号": office.account(login).key_number,
        "原用户姓名": "测试甲",
        "原登录名称": login,
        "现用户姓名": "测试新甲",
        "性别": "男",
        "身份证号": id_number(7),
        "申请权限": [REG],
    }
    _, successor = office.decided("NAME", "A5", row, by=REGISTRATION)
    return successor


def to_collect(office: House) -> list[tuple[str, str]]:
    return [(duty.login, duty.key_number) for duty in office.duties(kind=DutyKind.COLLECT_KEY)]


def valid_certificates(office: House, login: str) -> list[str]:
    with office.register.transaction(read_only=True) as tx:
        return [c.thumbprint for c in tx.keys.certificates(login=login) if c.revoked_at is None]


# --- out -------------------------------------------------------------------------------------------------------------


def test_only_the_issuer_of_the_class_takes_keys_into_stock(office: House) -> None:
    with pytest.raises(NotCompetent):
        office.issue.take_into_stock(UserClass.ENTERPRISE, 1, actor=office.who(RESEARCH))


def test_nothing_is_issued_that_is_not_asked_for(office: House) -> None:
    with pytest.raises(NotFound):
        issue(office, "cy0001")
    login = approved(office)
    with pytest.raises(NotCompetent, match="无权发放"):
        issue(office, login, by=SERVICE_ISSUES)
    with pytest.raises(NotFound, match="库存中没有"):
        issue(office, login, key="KEY-000005")  # an enterprise's
    with pytest.raises(NotFound, match="库存中没有"):
        issue(office, login, key="KEY-999999")
    with pytest.raises(Refused, match="who approves does not issue"):
        issue(office, login, by="登记一@城建研究中心")
    issue(office, login)
    with pytest.raises(Refused, match="已持有有效密钥"):
        issue(office, login)
    office.revoke.revoke("KEY-000001", actor=office.who(SECURITY), reason=RevocationReason.KEY_COMPROMISE)
    with pytest.raises(Refused, match="没有已批准的申请"):
        issue(office, login)


def test_who_is_suspended_gets_no_key(office: House) -> None:
    login = office.clerk()
    replacement(office, login, "KEY-000001")
    office.pass_time(days=200)
    office.sweep.begin_recording(actor=office.who(RECEIVES))
    plan = office.sweep.plan()
    office.sweep.apply(plan, actor=office.who(RECEIVES), in_spite_of="核对过名单")
    assert office.account(login).state is AccountState.SUSPENDED
    with pytest.raises(Refused, match="不能发放密钥"):
        issue(office, login)


def test_two_who_issue_at_once_hand_one_key_over(office: House, monkeypatch: pytest.MonkeyPatch) -> None:
    login = approved(office)
    sign = office.authority.issue
    once: list[str] = []

    def signed_while_another_issues(subject: Subject, **fields: Any) -> KeyPackage:  # noqa: ANN401
        if not once:
            once.append(subject.login)
            issue(office, subject.login, by="研究二@城建研究中心")
        return sign(subject, **fields)

    monkeypatch.setattr(office.authority, "issue", signed_while_another_issues)
    with pytest.raises(Refused, match="已持有有效密钥"):
        issue(office, login)
    assert [key.number for key in _keys(office) if key.state is KeyState.ISSUED] == ["KEY-000001"]
    assert valid_certificates(office, login) == [office.account(login).thumbprint]


def test_what_changed_about_the_holder_meanwhile_is_not_signed_over(
    office: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    login = approved(office)
    sign = office.authority.issue

    def signed_while_the_unit_is_renamed(subject: Subject, **fields: Any) -> KeyPackage:  # noqa: ANN401
        _rename_unit(office, office.who("信息一@信息中心"))
        return sign(subject, **fields)

    monkeypatch.setattr(office.authority, "issue", signed_while_the_unit_is_renamed)
    with pytest.raises(Conflict, match="请重试"):
        issue(office, login)
    assert valid_certificates(office, login) == []
    assert office.key("KEY-000001").state is KeyState.IN_STOCK


def test_a_package_that_can_not_be_delivered_is_not_handed_over(office: House) -> None:
    login = approved(office)

    def full(_: KeyPackage) -> None:
        raise InputError("disk full")

    with pytest.raises(InputError):
        office.issue.issue(login, actor=office.who(RESEARCH), handed_to="持有人", deliver=full)
    assert office.account(login).thumbprint is None
    assert office.key("KEY-000001").state is KeyState.IN_STOCK
    assert [duty.kind for duty in office.duties(login=login)] == [DutyKind.CONFIGURE, DutyKind.ISSUE_KEY]
    issue(office, login)


# --- personalised anew -----------------------------------------------------------------------------------------------


def test_the_key_that_is_personalised_anew_is_waited_for_by_nobody(office: House) -> None:
    login = office.clerk()
    successor = another_holder(office, login)
    office.sync()
    assert office.issue_key(successor) == "KEY-000001"
    assert (office.key("KEY-000001").state, office.key("KEY-000001").login) == (KeyState.ISSUED, successor)
    assert to_collect(office) == []
    assert valid_certificates(office, login) == []


def test_a_key_that_was_not_used_again_is_to_come_back(office: House) -> None:
    login = office.clerk()
    successor = another_holder(office, login)
    issue(office, successor, key="KEY-000003")
    assert to_collect(office) == [(login, "KEY-000001")]
    assert office.key("KEY-000001").state is KeyState.REVOKED
    office.collect.take_back("KEY-000001", actor=office.who(RESEARCH), brought_by="测试甲")
    assert to_collect(office) == []


def test_a_key_that_got_lost_before_it_was_personalised_anew_is_replaced_from_stock(office: House) -> None:
    login = office.clerk()
    successor = another_holder(office, login)
    office.collect.declare_lost("KEY-000001", actor=office.who(RESEARCH), reported_by="测试甲")
    assert issue(office, successor).key.number == "KEY-000002"
    assert to_collect(office) == []


def test_a_revoked_key_is_to_come_back_once_another_is_handed_over(office: House) -> None:
    login = office.clerk()
    office.revoke.revoke("KEY-000001", actor=office.who(SECURITY), reason=RevocationReason.UNSPECIFIED)
    replacement(office, login, "KEY-000001")
    office.issue_key(login)
    assert to_collect(office) == [(login, "KEY-000001")]


def test_each_key_is_waited_for_once_however_often_its_holder_gets_another(office: House) -> None:
    login = office.clerk()
    for number in (1, 2):
        row = {
            "用户姓名": "测试甲",
            "登录名称": login,
            "原密钥编号": office.account(login).key_number,
            "申请权限": [REG],
            "备注": "损坏",
        }
        office.decided(f"KEY-{number}", "A4", row, by=REGISTRATION)
        office.sync()
        office.issue_key(login)
    assert to_collect(office) == [(login, "KEY-000001"), (login, "KEY-000002")]
    office.decided("BYE", "A7", {"用户姓名": "测试甲", "登录名称": login}, by=RECEIVES)
    office.sync()
    numbers = [number for _, number in to_collect(office)]
    assert sorted(set(numbers)) == ["KEY-000001", "KEY-000002", "KEY-000003"]
    for number in sorted(set(numbers)):
        office.collect.take_back(number, actor=office.who(RESEARCH), brought_by="测试甲")
    assert to_collect(office) == []


# --- back ------------------------------------------------------------------------------------------------------------


def test_what_is_not_out_does_not_come_back(office: House) -> None:
    login = office.clerk()
    for act in (_take_back, _lose):
        with pytest.raises(NotFound, match="尚未发放"):
            act(office, "KEY-000002")
        with pytest.raises(NotFound):
            act(office, "KEY-999999")
        with pytest.raises(NotCompetent, match="无权收回"):
            act(office, "KEY-000001", by=SERVICE_ISSUES)
    with pytest.raises(Refused, match=login):
        _take_back(office, "KEY-000001")
    _lose(office, "KEY-000001")
    for act in (_take_back, _lose):
        with pytest.raises(Refused, match="已挂失"):
            act(office, "KEY-000001")


def test_a_key_declared_lost_opens_nothing_at_once(office: House) -> None:
    login = office.clerk()
    session = office.log_in(login)
    _lose(office, "KEY-000001")
    assert not office.realms.is_open(session)
    assert valid_certificates(office, login) == []
    (entry,) = office.directory.entries([login])
    assert not entry.thumbprint
    assert office.account(login).key_number is None


def test_a_key_is_revoked_only_where_it_was_issued(office: House) -> None:
    office.clerk()
    with pytest.raises(NotFound, match="尚未发放"):
        office.revoke.revoke("KEY-000002", actor=office.who(SECURITY), reason=RevocationReason.UNSPECIFIED)
    with pytest.raises(NotCompetent):
        office.revoke.revoke("KEY-000001", actor=office.who(REGISTRATION), reason=RevocationReason.UNSPECIFIED)
    assert office.state("NEW-1") is State.CARRIED_OUT


def _take_back(office: House, number: str, *, by: str = RESEARCH) -> None:
    office.collect.take_back(number, actor=office.who(by), brought_by="测试甲")


def _lose(office: House, number: str, *, by: str = RESEARCH) -> None:
    office.collect.declare_lost(number, actor=office.who(by), reported_by="测试甲")


def _keys(office: House) -> list[Any]:
    with office.register.transaction(read_only=True) as tx:
        return list(tx.keys.all())


def _rename_unit(office: House, actor: Actor) -> None:
    with office.register.transaction(read_only=True) as tx:
        (unit,) = tx.units.all()
    office.units.change(unit.number, replace(unit.unit, name="虚构单位朝阳区新登记窗口"), actor=actor, apply=True)
