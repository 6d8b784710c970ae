"""Offices: found by every name, competent or refused, with the article."""

from __future__ import annotations

import pytest

from idp_sync.domain.errors import NotCompetent, NotFound
from idp_sync.domain.office import APPROVES, ISSUES_KEYS, Competence
from idp_sync.domain.permission import Matter
from idp_sync.domain.unit import UserClass
from tests.builders import BOOK

OFFICES = BOOK.offices


@pytest.mark.parametrize(
    "name", ["registration", "房屋登记管理处", "市住房城乡建设委房屋登记管理处", " 房屋登记　管理处\n"]
)
def test_an_office_is_found_by_code_name_and_alias(name: str) -> None:
    found = OFFICES.find(name)
    assert found is not None
    assert found.code == "registration"
    assert OFFICES.get(name) is found


@pytest.mark.parametrize("name", ["", "登记", "Registration", "房屋登记管理处处"])
def test_an_unknown_office_is_an_error_that_names_those_there_are(name: str) -> None:
    assert OFFICES.find(name) is None
    with pytest.raises(NotFound, match=r"房屋登记管理处 \(registration\).*审计 \(audit\)"):
        OFFICES.get(name)


def test_who_is_competent_may_and_who_is_not_is_refused_with_act_and_article() -> None:
    market = OFFICES.get("market")
    assert market.may(Competence.APPROVE_TRANSACTION)
    market.require(Competence.APPROVE_TRANSACTION, act="审核交易权限", source="第三条")
    assert not market.may(Competence.APPROVE_REGISTRATION)
    with pytest.raises(NotCompetent, match=r"房屋市场管理处无权审核登记权限〔第三条〕.*approve-registration"):
        market.require(Competence.APPROVE_REGISTRATION, act="审核登记权限", source="第三条")


def test_the_first_office_with_a_competence_is_the_one() -> None:
    assert OFFICES.with_competence(Competence.CONFIGURE).code == "information-centre"
    # several revoke
    assert OFFICES.with_competence(Competence.REVOKE).code == "research-centre"


def test_the_competences_are_those_of_article_3() -> None:
    registration, transaction = Competence.APPROVE_REGISTRATION, Competence.APPROVE_TRANSACTION
    assert APPROVES[Matter.REGISTRATION] == {registration}
    assert APPROVES[Matter.TRANSACTION] == {transaction}
    assert APPROVES[Matter.SYSTEM] == {registration, transaction}
    who = {c: [o.name for o in OFFICES.offices if o.may(c)] for c in Competence}
    assert who[Competence.APPROVE_REGISTRATION] == ["房屋登记管理处"]
    assert who[Competence.APPROVE_TRANSACTION] == ["房屋市场管理处"]
    assert who[Competence.CONFIGURE] == ["信息中心"]
    assert who[Competence.SWEEP] == ["信息中心"]
    assert who[Competence.DEREGISTER] == ["信息中心"]
    assert who[Competence.RESTORE] == ["城建研究中心"]
    assert who[ISSUES_KEYS[UserClass.MANAGEMENT]] == ["城建研究中心"]
    assert who[ISSUES_KEYS[UserClass.ENTERPRISE]] == ["综合服务中心"]
    assert who[Competence.APPROVE_ENTERPRISE] == ["综合服务中心"]


def test_who_answers_what_is_as_article_10_says() -> None:
    assert OFFICES.with_competence(Competence.ANSWER).name == "城建研究中心"
    assert OFFICES.with_competence(Competence.SUPPORT).name == "信息中心"
