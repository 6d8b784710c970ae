"""Offices decide: each its own items, nobody about himself, and what was decided stays so."""

from __future__ import annotations

import pytest

from idp_sync.domain.application import State
from idp_sync.domain.errors import Conflict, NotCompetent, NotFound, Refused
from tests.house import CONFIGURES, MARKET, REGISTRATION, RESEARCH, SECURITY, SERVICE, House, person


def both_matters(office: House) -> tuple[str, str]:
    """One item of each matter of a district unit."""
    first: dict[str, str] = {}
    for permission in office.book.catalogue.permissions:
        if permission.code.startswith("MGMT-DIST."):
            first.setdefault(permission.matter.value, permission.code)
    return first["registration"], first["transaction"]


@pytest.mark.parametrize(
    ("written", "who"),
    [
        ("测 试 甲", "测试甲"),
        ("测试　甲", "测试甲"),
        (" 测试甲 ", "测试甲"),
        ("古丽•样例", "古丽·样例"),
        ("古丽·样例", "古丽•样例"),
    ],
)
def test_nobody_decides_about_himself_however_the_name_is_set_out(office: House, written: str, who: str) -> None:
    office.take_in("A-1", "A3", person(name=written), by=REGISTRATION)
    for decide in (office.review.approve, office.review.give_back, office.review.reject):
        with pytest.raises(Refused, match="own application"):
            decide("A-1", actor=office.who(f"{who}@房屋登记管理处"), opinion="同意")
    assert office.state("A-1") is State.RECEIVED


@pytest.mark.parametrize("who", [MARKET, CONFIGURES, RESEARCH, SERVICE, SECURITY, "审计一@审计"])
def test_another_office_does_not_approve(office: House, who: str) -> None:
    office.take_in("A-1", "A3", person(), by=REGISTRATION)
    with pytest.raises(NotCompetent):
        office.review.approve("A-1", actor=office.who(who))
    assert office.state("A-1") is State.RECEIVED
    assert not list(office.directory.entries())


def test_two_matters_take_two_offices_and_each_approves_once(office: House) -> None:
    office.take_in("A-1", "A3", person(permissions=both_matters(office)), by=REGISTRATION)
    first = office.review.approve("A-1", actor=office.who(REGISTRATION))
    assert (first.state, [o.name for o in first.waiting_for], first.opened) == (
        State.UNDER_REVIEW,
        ["房屋市场管理处"],
        (),
    )
    with pytest.raises(NotCompetent, match="nothing to decide"):
        office.review.approve("A-1", actor=office.who("登记二@房屋登记管理处"))
    second = office.review.approve("A-1", actor=office.who(MARKET))
    assert second.state is State.APPROVED
    assert len(second.opened) == 1
    assert office.account(second.opened[0]).permissions == set(both_matters(office))


def test_what_is_decided_is_decided(office: House) -> None:
    office.decided("A-1", "A3", person(), by=REGISTRATION)
    for decide in (office.review.approve, office.review.give_back, office.review.reject):
        with pytest.raises(Conflict):
            decide("A-1", actor=office.who(REGISTRATION), opinion="再想想")
    assert [e.act for e in office.journal_of("A-1")].count("application.approve") == 1


@pytest.mark.parametrize("number", ["", "A-2", "*", "A-1\0"])
def test_what_is_not_there(office: House, number: str) -> None:
    with pytest.raises(NotFound):
        office.review.approve(number, actor=office.who(REGISTRATION))


def test_what_the_findings_forbid_is_not_approved(office: House) -> None:
    office.take_in("A-1", "A3", person(id_number="110000199001019011"), by=REGISTRATION)
    with pytest.raises(Refused, match="身份证号") as refused:
        office.review.approve("A-1", actor=office.who(REGISTRATION))
    assert "19900101" not in str(refused.value)


def test_an_opinion_that_is_hostile_is_kept_word_for_word(office: House) -> None:
    """What is shown of it is another matter: the record is the record."""
    opinion = "同意'; DROP TABLE application; --\n<script>\u202e"
    office.take_in("A-1", "A3", person(), by=REGISTRATION)
    office.review.approve("A-1", actor=office.who(REGISTRATION), opinion=opinion)
    with office.register.transaction(read_only=True) as tx:
        assert [d.opinion for d in tx.applications.get("A-1").decisions] == [opinion]
