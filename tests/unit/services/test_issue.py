"""Keys are issued: what happens when two want one key, when nobody takes it, and what is known of a lost answer."""

from __future__ import annotations

from typing import Any

import pytest

from idp_sync.domain.errors import Conflict, NotFound, Refused
from idp_sync.domain.key import KeyPackage, KeyState, Subject
from tests.builders import id_number
from tests.house import REGISTRATION, RESEARCH, House, person


def approved(office: House, number: int) -> str:
    """Somebody who is to get a key."""
    somebody = person(name=f"测试{'甲乙丙'[number]}", id_number=id_number(number + 1))
    return office.decided(f"A-{number}", "A3", somebody, by=REGISTRATION)[0]


def issue(office: House, login: str, *, to: str = "持有人", **fields: Any) -> str:  # noqa: ANN401
    """A key is handed over; its number."""
    issued = office.issue.issue(
        login, actor=office.who(RESEARCH), handed_to=to, **{"deliver": lambda _: None, **fields}
    )
    return issued.key.number


def test_two_who_want_the_same_key_for_different_people(office: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The slower one is told that somebody was faster, and gets the next key by repeating."""
    slow, fast = approved(office, 0), approved(office, 1)
    sign = office.authority.issue

    def signed_while_another_takes_it(subject: Subject, **fields: Any) -> KeyPackage:  # noqa: ANN401
        if subject.login == slow and office.account(fast).key_number is None:
            issue(office, fast)
        return sign(subject, **fields)

    monkeypatch.setattr(office.authority, "issue", signed_while_another_takes_it)
    with pytest.raises(Conflict, match="try again"):
        issue(office, slow)
    assert office.account(slow).key_number is None
    assert office.key("KEY-000001").login == fast
    assert issue(office, slow) == "KEY-000002"


@pytest.mark.parametrize("to", ["", " ", "　"])
def test_a_key_is_handed_to_somebody(office: House, to: str) -> None:
    login = approved(office, 0)
    with pytest.raises(Refused, match="who takes the key"):
        issue(office, login, to=to)
    assert office.key("KEY-000001").state is KeyState.IN_STOCK


@pytest.mark.parametrize("key_number", ["KEY-999999", "KEY-000005", "", "*"])
def test_a_key_that_is_not_in_this_stock(office: House, key_number: str) -> None:
    """KEY-000005 is the other class's."""
    login = approved(office, 0)
    with pytest.raises(NotFound):
        issue(office, login, key_number=key_number)


def test_an_empty_stock(office: House) -> None:
    login = approved(office, 0)
    with office.register.transaction() as tx:
        for key in list(tx.keys.all()):
            tx.keys.save(
                type(key)(number=key.number, office=key.office, user_class=key.user_class, state=KeyState.LOST)
            )
    with pytest.raises(NotFound, match="keys stock"):
        issue(office, login)


def test_whether_a_package_was_recorded_is_known_afterwards(office: House) -> None:
    login = approved(office, 0)
    seen: list[tuple[KeyPackage, bool]] = []

    def interrupted(package: KeyPackage) -> None:
        seen.append((package, True))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        issue(office, login, deliver=interrupted)
    ((package, _),) = seen
    assert not office.issue.is_recorded(package)
    delivered: list[KeyPackage] = []
    issue(office, login, deliver=delivered.append)
    assert office.issue.is_recorded(delivered[0])
