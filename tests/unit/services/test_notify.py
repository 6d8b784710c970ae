"""Who is told what: every decision of the offices queues its notices, and each can be put into words."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from idp_sync.adapters.notices import JinjaNoticeTemplates
from idp_sync.config import NoticesSettings
from idp_sync.domain.application import State
from idp_sync.domain.notice import Notice, NoticeKind, NoticeState
from idp_sync.domain.office import Office
from idp_sync.domain.unit import Contact, RegisteredUnit
from idp_sync.ports import RenderedNotice
from idp_sync.services.notify import Notify
from idp_sync.shipped import folder
from tests.builders import CHAOYANG, DEVELOPER, account
from tests.house import CONFIGURES, REGISTRATION, RESEARCH, SERVICE, House, person

ADDRESSES = {"research-centre": "keys@research.example"}


def told(office: House, kind: NoticeKind | None = None) -> list[Notice]:
    """The notices that there are."""
    with office.register.transaction(read_only=True) as tx:
        return [n for n in tx.notices.all() if kind in {None, n.kind}]


def words(notice: Notice) -> RenderedNotice:
    return JinjaNoticeTemplates(folder("templates")).render(notice)


def by_mail(office: House) -> None:
    """From now on there is a mail server."""
    mail = NoticesSettings(host="mail.example", sender="keys@housing.example", offices=ADDRESSES)
    office.__dict__["settings"] = office.settings.model_copy(update={"notices": mail})


class TestDecisions:
    def test_the_issuer_is_told_of_an_approval_in_the_transaction_of_the_approval(self, office: House) -> None:
        by_mail(office)
        office.decided("NEW-1", "A3", person(), by=REGISTRATION)
        (notice,) = told(office, NoticeKind.APPROVAL_TO_ISSUER)
        assert (notice.recipient.name, notice.recipient.email) == ("城建研究中心", "keys@research.example")
        assert (notice.office, notice.application, notice.state) == ("registration", "NEW-1", NoticeState.QUEUED)
        text = words(notice)
        assert text.subject == "审核意见告知：NEW-1"
        for part in (
            "虚构单位朝阳区登记窗口",
            "用户及密钥申请表",
            "同意",
            "测试甲",
            "房屋登记管理处",
            "〔第五条（一）〕",
        ):
            assert part in text.body
        assert "110000199001019018" not in text.body

    def test_an_enterprises_approver_issues_the_key_itself_and_is_not_told(self, office: House) -> None:
        office.decided("ENT-1", "ENT-NEW", person(permissions=("(按机构类型统一设置)",)), by=SERVICE)
        assert told(office, NoticeKind.APPROVAL_TO_ISSUER) == []

    @pytest.mark.parametrize(
        ("verb", "kind", "subject"),
        [
            ("give_back", NoticeKind.RETURNED, "申请退回：NEW-1"),
            ("reject", NoticeKind.REJECTED, "申请不予批准：NEW-1"),
        ],
    )
    def test_the_unit_is_told_why_not(self, office: House, verb: str, kind: NoticeKind, subject: str) -> None:
        office.take_in("NEW-1", "A3", person(), by=REGISTRATION)
        getattr(office.review, verb)("NEW-1", actor=office.who(REGISTRATION), opinion="盖章不清 110000199001019018")
        (notice,) = told(office)
        assert (notice.kind, notice.recipient.name, notice.recipient.email) == (kind, "虚构单位朝阳区登记窗口", "")
        assert words(notice).subject == subject
        assert "盖章不清 110000********9018" in words(notice).body

    def test_a_unit_is_told_at_the_address_that_the_register_has_of_it(self, office: House) -> None:
        by_mail(office)
        with office.register.transaction() as tx:
            unit = RegisteredUnit(number="U999999", unit=CHAOYANG, contact=Contact(email="window@chaoyang.example"))
            tx.units.add(unit)
            queued = office.notify.suspended(tx, [account()], by=_office(office, CONFIGURES), at=office.clock.now())
        assert [n.recipient.email for n in queued] == ["window@chaoyang.example", ""]  # the person gets a letter

    def test_without_a_mail_server_everything_is_a_letter(self, office: House) -> None:
        with office.register.transaction() as tx:
            tx.units.add(RegisteredUnit(number="U999999", unit=CHAOYANG, contact=Contact(email="w@chaoyang.example")))
            queued = office.notify.deregistered(tx, [account()], by=_office(office, CONFIGURES), at=office.clock.now())
        assert all(n.is_letter for n in queued)

    def test_a_decision_that_is_undone_tells_nobody(self, office: House, monkeypatch: pytest.MonkeyPatch) -> None:
        office.take_in("NEW-1", "A3", person(), by=REGISTRATION)
        queue = Notify.returned

        def power_cut(*arguments: Any, **fields: Any) -> None:  # noqa: ANN401
            assert len(queue(*arguments, **fields)) == 1
            raise KeyboardInterrupt

        monkeypatch.setattr(Notify, "returned", power_cut)
        with pytest.raises(KeyboardInterrupt):
            office.review.give_back("NEW-1", actor=office.who(REGISTRATION), opinion="缺章")
        assert told(office) == []
        assert office.state("NEW-1") is State.RECEIVED


def _office(office: House, who: str) -> Office:
    return office.who(who).office


class TestPeople:
    """What is told of accounts: one notice for each unit, whoever else is in it."""

    @pytest.fixture
    def notify(self, office: House) -> Notify:
        return office.notify

    def test_units_get_one_list_each_and_people_a_letter(self, office: House, notify: Notify) -> None:
        people = [
            account("cy0002", name="测试乙"),
            account("qy000001", unit=DEVELOPER, name="测试丙"),
            account("cy0001", name="测试甲"),
        ]
        with office.register.transaction() as tx:
            queued = notify.suspended(tx, people, by=_office(office, CONFIGURES), at=office.clock.now())
        assert [(n.recipient.name, n.login) for n in queued] == [
            ("虚构房地产开发有限公司", "qy000001"),
            ("虚构房地产开发有限公司 测试丙", "qy000001"),
            ("虚构单位朝阳区登记窗口", ""),
            ("虚构单位朝阳区登记窗口 测试甲", "cy0001"),
            ("虚构单位朝阳区登记窗口 测试乙", "cy0002"),
        ]
        body = words(queued[2]).body
        assert body.index("cy0001  测试甲") < body.index("cy0002  测试乙")
        assert "qy000001" not in body
        assert "可与市城建研究中心联系恢复登录资格" in body

    def test_keys_are_announced_by_who_issues_them(self, office: House, notify: Notify) -> None:
        with office.register.transaction() as tx:
            people = [account("cy0001"), account("qy000001", unit=DEVELOPER)]
            queued = notify.key_ready(tx, people, at=office.clock.now(), application="NEW-1")
        assert {n.recipient.name: n.office for n in queued} == {
            "虚构房地产开发有限公司": "service-centre",
            "虚构单位朝阳区登记窗口": "research-centre",
        }
        assert "到综合服务中心领取" in words(queued[0]).body
        assert words(queued[0]).subject == "请领取密钥：NEW-1"

    def test_everybody_who_has_to_know_is_told(self, office: House, notify: Notify) -> None:
        at, by = office.clock.now(), _office(office, CONFIGURES)
        unit = RegisteredUnit(number="U000009", unit=CHAOYANG, contact=Contact(name="联系人"))
        with office.register.transaction() as tx:
            warned = notify.suspension_warning(tx, [account()], by=by, at=at, on=date(2025, 7, 1))
            restored = notify.restored(tx, [account()], by=_office(office, RESEARCH), at=at)
            gone = notify.deregistered(tx, [account()], by=by, at=at, application="DEL-1")
            asked = notify.confirm_users(tx, unit, [account()], by=by, at=at, answer_by=date(2025, 7, 31))
            nobody = notify.confirm_users(tx, unit, [], by=by, at=at, answer_by=date(2025, 7, 31))
            nothing = notify.suspended(tx, [], by=by, at=at)
        assert "2025-07-01" in words(warned[0]).body
        assert [n.office for n in restored] == ["research-centre", "research-centre"]
        assert "半年期自恢复之日起重新计算" in words(restored[1]).body
        assert (gone[0].application, words(gone[0]).subject) == ("DEL-1", "用户已注销")
        assert "2025-07-31" in words(asked[0]).body
        assert "（无）" in words(nobody[0]).body
        assert nothing == ()
        for notice in (*warned, *restored, *gone, *asked):
            assert "cy0001" in words(notice).body
            assert f"通知编号 / notice {notice.number}" in words(notice).body

    def test_what_was_applied_for_is_in_force(self, office: House) -> None:
        login = office.clerk()
        office.decided(
            "CHG-1",
            "A6",
            {
                "用户姓名": "测试甲",
                "登录名称": login,
                "原申请权限": ["MGMT-DIST.REG.01"],
                "现申请权限": ["MGMT-DIST.REG.02"],
            },
            by=REGISTRATION,
        )
        office.sync()
        (notice,) = told(office, NoticeKind.CARRIED_OUT)[-1:]
        assert (notice.application, words(notice).subject) == ("CHG-1", "申请已办结：CHG-1")
