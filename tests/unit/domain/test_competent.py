"""Who is competent for an application."""

from __future__ import annotations

from dataclasses import replace

import pytest

from idp_sync.domain.application import Form
from idp_sync.domain.competent import approving_offices, needed_competences, receiving_offices
from idp_sync.domain.office import Competence
from idp_sync.domain.permission import Permission
from tests.builders import BOOK, DEVELOPER, application

REGISTRATION = {Competence.APPROVE_REGISTRATION}
TRANSACTION = {Competence.APPROVE_TRANSACTION}


def items(*codes: str) -> list[Permission]:
    return [BOOK.catalogue.by_code[code] for code in codes]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (["MGMT-DIST.REG.01"], REGISTRATION),
        (["MGMT-DIST.TRADE.01"], TRANSACTION),
        (["MGMT-DIST.REG.01", "MGMT-DIST.TRADE.01"], REGISTRATION | TRANSACTION),
        (["MGMT-DIST.SYS.00"], REGISTRATION | TRANSACTION),
        (["ENT-DEV.TRADE.01"], set()),  # no office decides on what nobody may have
        (["ENT-DEV.TRADE.01", "MGMT-DIST.REG.01"], REGISTRATION),
        ([], set()),
    ],
)
@pytest.mark.parametrize(
    "form", [Form.NEW_USER, Form.KEY_REPLACEMENT, Form.USER_RENAME, Form.PERMISSION_CHANGE], ids=str
)
def test_the_matters_of_the_items_decide(form: Form, codes: list[str], expected: set[Competence]) -> None:
    assert needed_competences(application(form), items(*codes)) == expected


def test_deregistering_and_restoring_are_one_offices_matter_whatever_the_items() -> None:
    both = items("MGMT-DIST.REG.01", "MGMT-DIST.TRADE.01")
    assert needed_competences(application(Form.DEREGISTRATION), both) == {Competence.DEREGISTER}
    assert needed_competences(application(Form.RESTORE), both) == {Competence.RESTORE}
    # 由管理单位或企业向市城建研究中心提交书面申请 (Article 6 (3))
    assert needed_competences(application(Form.BUSINESS_DELETION), both) == {Competence.RESTORE}
    # for both classes
    for form in (Form.RESTORE, Form.BUSINESS_DELETION):
        assert needed_competences(application(form, unit=DEVELOPER), []) == {Competence.RESTORE}


@pytest.mark.parametrize("form", [Form.ENTERPRISE_NEW, Form.ENTERPRISE_CHANGE, Form.ENTERPRISE_CANCEL])
def test_enterprises_are_the_service_centres_matter(form: Form) -> None:
    needed = needed_competences(application(form), items("ENT-DEV.REG.00", "ENT-DEV.TRADE.01"))
    assert needed == {Competence.APPROVE_ENTERPRISE}


def names(form: Form, *codes: str) -> tuple[list[str], list[str]]:
    """The offices that decide, and those that take in."""
    form_of = application(form)
    deciding = approving_offices(form_of, items(*codes), BOOK.offices)
    receiving = receiving_offices(form_of, deciding, BOOK.offices)
    return [office.code for office in deciding], [office.code for office in receiving]


def test_offices_that_decide_and_take_in() -> None:
    assert names(Form.NEW_USER, "MGMT-DIST.REG.01") == (["registration"], ["registration"])
    assert names(Form.NEW_USER, "MGMT-DIST.TRADE.01") == (["market"], ["market"])
    assert names(Form.NEW_USER, "MGMT-DIST.SYS.00") == (["registration", "market"], ["registration", "market"])
    assert names(Form.DEREGISTRATION) == (["information-centre"], ["information-centre"])
    assert names(Form.RESTORE) == (["research-centre"], ["research-centre"])
    assert names(Form.ENTERPRISE_NEW) == (["service-centre"], ["service-centre"])
    assert names(Form.ENTERPRISE_CHANGE) == (["service-centre"], ["service-centre"])
    assert names(Form.ENTERPRISE_CANCEL) == (["service-centre"], ["service-centre"])
    assert names(Form.BUSINESS_DELETION) == (["research-centre"], ["research-centre"])


def test_where_nobody_is_known_to_decide_any_office_for_such_forms_takes_it_in() -> None:
    assert names(Form.NEW_USER) == ([], ["registration", "market"])


def test_where_the_deciding_office_takes_no_such_forms_in_another_does() -> None:
    form = application(Form.NEW_USER)
    registration = BOOK.offices.get("registration")
    closed = replace(registration, receives=frozenset())
    offices = replace(BOOK.offices, offices=tuple(closed if o is registration else o for o in BOOK.offices.offices))
    assert [o.code for o in receiving_offices(form, (closed,), offices)] == ["market"]
