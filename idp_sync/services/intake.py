"""Intake: applications come in, are checked, and stand in the register with their findings (Article 5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from idp_sync.domain.account import Account
from idp_sync.domain.application import Application, State
from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.checks import Verdict, check
from idp_sync.domain.citizen_id import fold_typed
from idp_sync.domain.finding import FOUND_WHILE_READING, Finding
from idp_sync.domain.journal import Actor
from idp_sync.domain.known import Known, KnownUser
from idp_sync.domain.rulebook import RuleBook
from idp_sync.domain.unit import Unit
from idp_sync.ports import (
    ApplicationRecord,
    Clock,
    FormReader,
    Incoming,
    Register,
    Transaction,
    Unreadable,
)
from idp_sync.services.acting import record


class Arrival(StrEnum):
    """What became of one application of a file."""

    #: it stands in the register now
    RECEIVED = "received"
    #: the very same application was taken in before: nothing was changed
    KNOWN_ALREADY = "known-already"
    #: its number belongs to another application, or to an earlier version of it: nothing was changed
    NUMBER_TAKEN = "number-taken"
    #: it can't be read: nothing was taken in
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenIn:
    """One application of a file, after intake."""

    source: str
    arrival: Arrival
    #: number of the application; "" where it can't be read
    id: str = ""
    application: Application | None = None
    verdict: Verdict | None = None
    #: why it can't be read
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """Takes applications in, one transaction each: a bad one never stops the good ones beside it."""

    register: Register
    reader: FormReader
    book: RuleBook
    clock: Clock

    def take_in(self, name: str, content: bytes, *, actor: Actor, draft: bool = False) -> Iterator[TakenIn]:
        """Read a file and take in every application in it.

        A `draft` is filled in, not yet printed, stamped and handed in (Article 5 (2)): it waits for Lifecycle.hand_in.
        """
        for item in self.reader.read(name, content):
            if isinstance(item, Unreadable):
                yield TakenIn(source=item.source, arrival=Arrival.UNREADABLE, reason=item.reason)
            else:
                yield self._take_in_one(item, actor, State.DRAFT if draft else State.RECEIVED)

    def _take_in_one(self, incoming: Incoming, actor: Actor, state: State) -> TakenIn:
        application = incoming.application
        now = self.clock.now()
        with self.register.transaction() as tx:
            if tx.applications.exists(application.id):
                return self._known_already(tx, incoming)
            verdict = check(
                application,
                book=self.book,
                today=beijing_date(now),
                known=known_of(tx, application),
                read=incoming.findings,
            )
            tx.applications.add(
                ApplicationRecord(
                    application=application,
                    state=state,
                    outcome=verdict.outcome,
                    findings=verdict.findings,
                    imported_at=now,
                    imported_by=actor.name,
                    source=incoming.source,
                )
            )
            record(
                tx,
                actor,
                "application.draft" if state is State.DRAFT else "application.receive",
                application.id,
                at=now,
                article="第五条",
                form=application.form.value,
                outcome=verdict.outcome.value,
                codes=" ".join(verdict.codes),
            )
        return TakenIn(
            source=incoming.source,
            arrival=Arrival.RECEIVED,
            id=application.id,
            application=application,
            verdict=verdict,
        )

    def _known_already(self, tx: Transaction, incoming: Incoming) -> TakenIn:
        """The replay of an old form: the same paper again, or another one under a number that is used."""
        known = tx.applications.get(incoming.application.id)
        same = known.application == incoming.application
        return TakenIn(
            source=incoming.source,
            arrival=Arrival.KNOWN_ALREADY if same else Arrival.NUMBER_TAKEN,
            id=incoming.application.id,
            application=incoming.application,
        )


def read_findings(found: ApplicationRecord) -> tuple[Finding, ...]:
    """What reading the file had found: a later check can't find it again, and it still stands."""
    return tuple(finding for finding in found.findings if finding.code in FOUND_WHILE_READING)


def known_of(tx: Transaction, application: Application) -> Known:
    """What the register knows of the people on an application: by login, and by ID number."""
    found: dict[str, Account] = {}
    id_numbers: dict[str, str] = {}
    for row in application.rows:
        if row.login and (account := tx.accounts.find(row.login.strip())) is not None:
            found[account.login] = account
        id_number = fold_typed(row.id_number)[0]
        if id_number and (account := tx.accounts.of_person(id_number)) is not None:
            found[account.login] = account
            id_numbers[account.login] = id_number
    return Known(
        in_flight=_in_flight(tx, application),
        users={
            login: KnownUser(
                login=login,
                state=account.state,
                name=account.name,
                id_number=id_numbers.get(login) or tx.accounts.id_number(login),
                key_number=_present_key(tx, account),
                permissions=account.permissions,
                unit=_unit_now(tx, account),
            )
            for login, account in found.items()
        },
    )


def _unit_now(tx: Transaction, account: Account) -> Unit:
    """The unit that answers for a user: after a merger it is the one that took the former unit up."""
    registered = tx.units.find(account.unit)
    while registered is not None and registered.merged_into:
        registered = tx.units.get(registered.merged_into)
    return registered.unit if registered is not None else account.unit


def _present_key(tx: Transaction, account: Account) -> str:
    """The key that the holder has in his hands, revoked or not; "" where he has none.

    Annex 4 names it even when it was lost, and a lost key is revoked before its replacement is applied for.
    """
    if account.key_number is not None:
        return account.key_number
    held = max(tx.keys.all(login=account.login), key=lambda key: (str(key.handed_over_at), key.number), default=None)
    return held.number if held is not None else ""


def _in_flight(tx: Transaction, application: Application) -> dict[str, tuple[str, ...]]:
    """Other applications, not yet carried out, on which the same people stand."""
    found: dict[str, tuple[str, ...]] = {}
    for row in application.rows:
        login, id_number = row.login.strip(), fold_typed(row.id_number)[0]
        if login:
            found[login] = tx.applications.in_flight(login=login)
        if id_number:
            found[id_number] = tx.applications.in_flight(id_number=id_number)
    return {name: others for name, numbers in found.items() if (others := _without(numbers, application.id))}


def _without(numbers: tuple[str, ...], own: str) -> tuple[str, ...]:
    return tuple(number for number in numbers if number != own)
