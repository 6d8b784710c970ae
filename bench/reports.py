"""How long the first page of each report takes in a register of 100,000 applications of two people each.

    .venv/bin/python bench/reports.py [--applications 100000]

Makes a register in a temporary folder: every application is approved, and its two people are users with three
permissions each, beside 2,000 open duties and some applications that wait. Prints the table of docs/benchmarks.md.
Nothing is asserted: a shared machine has good days and bad ones.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path

from applications import (
    BATCH,
    FILE_NAME,
    SETTINGS,
    START,
    id_number,
    milliseconds,
    person,
    records,
    workplace,
)

from idp_sync.adapters.register import SqlRegister
from idp_sync.adapters.rulebook import read_rule_book
from idp_sync.config import RegisterSettings
from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.application import State
from idp_sync.domain.duty import Duty, DutyKind
from idp_sync.domain.journal import Entry
from idp_sync.domain.report import Grouping, Report
from idp_sync.domain.unit import UserClass
from idp_sync.ports import ApplicationRecord, Decision, Transaction
from idp_sync.services.report import Page, Reporting
from idp_sync.shipped import folder

PERMISSIONS = frozenset({"MGMT-DIST.REG.01", "MGMT-DIST.REG.02", "MGMT-DIST.REG.03"})
#: one that was taken from the catalogue, held by few
GONE = "MGMT-DIST.OLD.01"
#: so many applications from one that waits, a duty that is open, a user who holds what is gone, one who is deregistered
EVERY = 50
FIRST = Page(size=50)


class Now:
    """When the reports are asked for."""

    def now(self) -> datetime:
        """After everything."""
        return START + timedelta(days=3_000)


def accounts_of(record: ApplicationRecord, index: int) -> Iterator[tuple[Account, str]]:
    """Its two people as users, with their ID numbers."""
    for place in range(2):
        number = 2 * index + place
        rare = {GONE} if number % EVERY == 0 else set()
        yield (
            Account(
                login=f"cy{number:07}",
                person_number=f"P{number:08}",
                name=person(number),
                unit=record.application.unit,
                permissions=PERMISSIONS | rare,
                state=AccountState.DEREGISTERED if number % EVERY == 1 else AccountState.ACTIVE,
                application=record.application.id,
                opened_at=record.imported_at,
            ),
            id_number(number),
        )


def take_in(tx: Transaction, record: ApplicationRecord, index: int) -> None:
    """An application that was approved, or every so often one that waits."""
    number, at = record.application.id, record.imported_at
    if index % EVERY == 0:
        tx.applications.add(replace(record, state=State.RECEIVED))
        return
    people = list(accounts_of(record, index))
    for account, id_ in people:
        tx.accounts.open(account, id_number=id_)
    approval = Decision(
        application=number, office="registration", actor="示例审核员", at=at, verdict="approve", opinion="同意"
    )
    logins = tuple(account.login for account, _ in people)
    tx.applications.add(replace(record, state=State.CARRIED_OUT, decisions=(approval,), accounts=logins))
    tx.journal.write(
        Entry(
            at=at,
            actor="示例审核员",
            office="registration",
            act="application.approve",
            subject=number,
            article="第三条",
            detail={"opinion": "同意"},
        )
    )
    if index % EVERY == 1:
        duty = Duty(kind=DutyKind.ISSUE_KEY, user_class=UserClass.MANAGEMENT, since=at, login=logins[0])
        tx.duties.add(replace(duty, application=number))


def fill(register: SqlRegister, count: int) -> None:
    """Make the register."""
    list(register.set_up())
    waiting = enumerate(records(count))
    while batch := list(islice(waiting, BATCH)):
        with register.transaction() as tx:
            for index, record in batch:
                take_in(tx, record, index)


def asked(reporting: Reporting, count: int) -> dict[str, tuple[Callable[[], Report], list[str]]]:
    """What is measured: through the service, and as a command."""
    login = f"cy{count + 7:07}"
    middle = (START + timedelta(minutes=15 * count)).date()
    by = {
        f"users by {grouping.value}": (
            lambda grouping=grouping: reporting.users(grouping, page=FIRST),
            ["users", "--by", grouping.value],
        )
        for grouping in Grouping
    }
    code = "MGMT-DIST.REG.01"
    day = f"{middle:%Y-%m-%d}"
    return {
        **by,
        "users by unit, of one": (
            lambda: reporting.users(Grouping.UNIT, of="单位799", page=FIRST),
            ["users", "--by", "unit", "--of", "单位799"],
        ),
        "users by district, of the last": (
            lambda: reporting.users(Grouping.DISTRICT, of="110119", page=FIRST),
            ["users", "--by", "district", "--of", "110119"],
        ),
        "users by office, of one that approved nothing": (
            lambda: reporting.users(Grouping.OFFICE, of="market", page=FIRST),
            ["users", "--by", "office", "--of", "market"],
        ),
        "who may, all of the city": (lambda: reporting.who_may(code, page=FIRST), ["who-may", code]),
        "who may, in one district": (
            lambda: reporting.who_may(code, district="110119", page=FIRST),
            ["who-may", code, "--district", "110119"],
        ),
        "who may, of a code that is gone": (lambda: reporting.who_may(GONE, page=FIRST), ["who-may", GONE]),
        "who may, page 100": (
            lambda: reporting.who_may(code, page=Page(size=50, number=100)),
            ["who-may", code, "--page", "100"],
        ),
        "person, by login": (lambda: reporting.person(login, page=FIRST), ["person", login]),
        "person, by name": (lambda: reporting.person(person(count + 7), page=FIRST), ["person", person(count + 7)]),
        "open tasks": (lambda: reporting.open_tasks(page=FIRST), ["open-tasks"]),
        "changes, of one day": (
            lambda: reporting.changes(since=middle, until=middle, page=FIRST),
            ["changes", "--from", day],
        ),
        "changes, of all years": (
            lambda: reporting.changes(since=date(2000, 1, 1), until=date(2100, 1, 1), page=FIRST),
            ["changes", "--from", "2000-01-01", "--to", "2100-01-01"],
        ),
        "orphans": (lambda: reporting.orphans(page=FIRST), ["orphans"]),
    }


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--applications", type=int, default=100_000)
    count = parser.parse_args().applications
    with workplace() as home:
        settings = RegisterSettings(url=f"sqlite:///{home / 'register.db'}", key_file=home / "register.key")
        (home / FILE_NAME).write_text(SETTINGS.format(register=home / "register.db", key="register.key"))
        register = SqlRegister(settings)
        fill(register, count)
        reporting = Reporting(register=register, book=read_rule_book(folder("roles")), clock=Now())
        measure(home, reporting, count)
        register.close()


def measure(home: Path, reporting: Reporting, count: int) -> None:
    """Print the table."""
    size = sum(path.stat().st_size for path in home.glob("register.db*")) / 1024**2
    print(f"{count:,} applications, {2 * count:,} people, {size:.0f} MiB; {datetime.now(UTC):%Y-%m-%d}\n")  # noqa: TID251
    print("| first page of 50 | service, ms (worst) | whole command, ms (worst) |")
    print("| --- | ---: | ---: |")
    for what, (make, words) in asked(reporting, count).items():
        taken = "{:.1f} ({:.1f})".format(*milliseconds(make))
        print(f"| {what} | {taken} | {through_command(home, words)} |", flush=True)


def through_command(home: Path, words: list[str]) -> str:
    """A process of its own for each time, from its start to its end."""
    command = [sys.executable, "-m", "idp_sync", "--home", str(home), "report", *words, "--limit", "50"]

    def once() -> None:
        code = subprocess.run(command, check=False, stdout=subprocess.DEVNULL).returncode
        if code not in {0, 1}:  # orphans answers with 1 where there are any
            raise SystemExit(f"{' '.join(command)}: exit code {code}")

    return "{:.0f} ({:.0f})".format(*milliseconds(once))


if __name__ == "__main__":
    main()
