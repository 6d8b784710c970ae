"""A key is revoked: the register first, then the directory, then the sessions; again for what was left undone."""

from __future__ import annotations

import pytest

from idp_sync.domain.account import AccountState
from idp_sync.domain.errors import NotCompetent, NotFound, Refused, Unavailable
from idp_sync.domain.key import KeyState, RevocationReason
from idp_sync.domain.task import TaskKind
from idp_sync.domain.unit import UserClass
from idp_sync.services.revoke import Revoked
from tests.house import CONFIGURES, MARKET, REGISTRATION, SECURITY, House

DOWN = Unavailable("down")


def revoke(office: House, number: str = "KEY-000001", *, by: str = SECURITY) -> Revoked:
    """Somebody revokes a key."""
    return office.revoke.revoke(number, actor=office.who(by), reason=RevocationReason.KEY_COMPROMISE)


def test_the_key_opens_nothing_any_more_and_open_sessions_end(office: House) -> None:
    login = office.clerk()
    thumbprint = office.account(login).thumbprint or ""
    session = office.log_in(login)
    revoked = revoke(office)
    assert revoked.synced.complete
    assert [task.kind for task in revoked.synced.tasks_done] == [TaskKind.END_SESSIONS]
    assert not office.realms.is_open(session)
    with pytest.raises(Refused):
        office.realms.log_in(UserClass.MANAGEMENT, "trading", thumbprint, at=office.clock.now())
    account = office.account(login)
    assert (account.state, account.key_number, account.thumbprint) == (AccountState.ACTIVE, None, None)
    assert office.key("KEY-000001").state is KeyState.REVOKED
    with office.register.transaction(read_only=True) as tx:
        certificate = tx.keys.certificate(revoked.serial)
    assert (certificate.revoked_at, certificate.reason) == (office.clock.now(), RevocationReason.KEY_COMPROMISE)


def test_again_says_the_same_and_is_written_once(office: House) -> None:
    office.clerk()
    first = revoke(office)
    office.pass_time(days=1)
    again = revoke(office)
    assert (again.login, again.serial) == (first.login, first.serial)
    assert [e.act for e in office.journal_of("KEY-000001")].count("key.revoke") == 1
    with office.register.transaction(read_only=True) as tx:
        assert tx.keys.certificate(first.serial).revoked_at != office.clock.now()


@pytest.mark.parametrize("who", [REGISTRATION, MARKET, CONFIGURES, "审计一@审计"])
def test_who_has_no_competence(office: House, who: str) -> None:
    login = office.clerk()
    with pytest.raises(NotCompetent):
        revoke(office, by=who)
    assert office.key("KEY-000001").state is KeyState.ISSUED
    assert office.realms.is_open(office.log_in(login))


@pytest.mark.parametrize("number", ["KEY-999999", "", "KEY-000004", "*"])
def test_what_was_never_issued(office: House, number: str) -> None:
    with pytest.raises(NotFound):
        revoke(office, number)


def test_a_directory_that_is_down_keeps_nothing_alive(office: House) -> None:
    login = office.clerk()
    office.directory.unavailable = DOWN
    revoked = revoke(office)
    assert revoked.synced.problem == "down"
    assert office.account(login).thumbprint is None
    office.directory.unavailable = None
    office.sync()
    assert [e.thumbprint for e in office.directory.entries([login])] == [""]


def test_a_keycloak_that_is_down_is_told_by_the_repetition(office: House) -> None:
    login = office.clerk()
    session = office.log_in(login)
    office.realms.unavailable = DOWN
    revoked = revoke(office)
    assert [(t.kind, t.problem) for t in revoked.synced.tasks_left] == [(TaskKind.END_SESSIONS, "down")]
    assert [e.thumbprint for e in office.directory.entries([login])] == [""]
    office.realms.unavailable = None
    assert office.realms.is_open(session)
    assert revoke(office).synced.complete
    assert not office.realms.is_open(session)


def test_ctrl_c_before_the_servers_know_loses_nothing(office: House, monkeypatch: pytest.MonkeyPatch) -> None:
    login = office.clerk()
    session = office.log_in(login)

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(office.directory, "entries", interrupted)
        with pytest.raises(KeyboardInterrupt):
            revoke(office)
    assert office.key("KEY-000001").state is KeyState.REVOKED
    office.sync()
    assert not office.realms.is_open(session)
    assert [e.thumbprint for e in office.directory.entries([login])] == [""]
