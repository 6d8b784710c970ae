"""Reports: what the offices and auditors ask of the register; one function a report, and nothing is changed.

What a first page holds is read, and no more: a register of 100,000 applications answers as quickly as a small one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, TypeVar

from idp_sync.domain.calendar import BEIJING, beijing_date
from idp_sync.domain.checks import Case
from idp_sync.domain.competent import approving_offices
from idp_sync.domain.duty import Duty, competence_for
from idp_sync.domain.errors import InputError, NotFound
from idp_sync.domain.known import NOTHING_KNOWN
from idp_sync.domain.permission import Scope
from idp_sync.domain.report import (
    Approvals,
    Grouping,
    Holding,
    OpenTask,
    Report,
    changes_report,
    holders_report,
    open_tasks_report,
    orphans_report,
    person_report,
    users_report,
)
from idp_sync.domain.rulebook import RuleBook
from idp_sync.ports import Clock, Cut, Register, Transaction, Waiting

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which page of a report, and how many rows it has."""

    #: None for all rows
    size: int | None = None
    #: from 1
    number: int = 1

    @property
    def skip(self) -> int:
        """The rows that come before it."""
        return (self.number - 1) * (self.size or 0)

    @property
    def cut(self) -> Cut:
        """One row more than it holds: that row tells whether there are more."""
        return Cut(skip=self.skip, limit=self.size + 1 if self.size is not None else None)

    @property
    def end(self) -> int | None:
        """The rows up to its end, and one more."""
        return self.skip + self.size + 1 if self.size is not None else None

    def of(self, rows: Sequence[T]) -> Sequence[T]:
        """Its rows, and one more, out of all up to its end."""
        return rows[self.skip : self.end]


ALL: Final = Page()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """Makes reports."""

    register: Register
    book: RuleBook
    clock: Clock

    def users(self, by: Grouping, *, of: str = "", page: Page = ALL) -> Report:
        """Who is a user, by unit, permission, district or approving office.

        Raises:
            InputError, NotFound: `of` names no permission, district or office.
        """
        heading = self._heading(by, of) if of else ""
        with self.register.transaction(read_only=True) as tx:
            found = tx.reports.users(by, of=heading, cut=page.cut)
        report = users_report(by, found, of=of, book=self.book, at=self.clock.now())
        return report.only(page.size, page=page.number)

    def who_may(self, permission: str, *, district: str = "", page: Page = ALL) -> Report:
        """Who may do that in that district, and why (Articles 3 and 4).

        What reaches no further than 本区县 is held by people of the district's own units; what reaches all of the city
        reaches that district as well, and enterprises do their own business in any.

        Raises:
            InputError: the words mean several permissions.
            NotFound: no such permission, and nobody holds one of that code; no such district.
        """
        where = self._district(district) if district else ""
        with self.register.transaction(read_only=True) as tx:
            code = self._permission(tx, permission)
            known = self.book.catalogue.get(code)
            narrow = known is None or known.scope is Scope.DISTRICT
            found = tx.reports.holders([code], district=where if narrow else "", cut=page.cut)
            approvals = _approvals(tx, found)
        report = holders_report(code, found, approvals, district=where, book=self.book, at=self.clock.now())
        return report.only(page.size, page=page.number)

    def person(self, who: str, *, page: Page = ALL) -> Report:
        """What this person may do, since when, and why; by login name, or by name, which several may bear.

        Raises:
            NotFound: nobody is called that.
        """
        with self.register.transaction(read_only=True) as tx:
            accounts = tx.reports.named(who.strip())
            if not accounts:
                raise NotFound(f"{who}：查无此用户 / no user of that login name or name")
            found = tx.reports.holdings([account.login for account in accounts])
            approvals = _approvals(tx, found)
        report = person_report(who.strip(), accounts, found, approvals, book=self.book, at=self.clock.now())
        return _part(report, page)

    def orphans(self, *, page: Page = ALL) -> Report:
        """Permissions that accounts hold though the catalogue has them no more: every row is a finding (Article 4)."""
        with self.register.transaction(read_only=True) as tx:
            gone = [code for code in tx.reports.held_codes() if self.book.catalogue.get(code) is None]
            found = tx.reports.holders(gone, cut=page.cut) if gone else ()
            approvals = _approvals(tx, found)
        report = orphans_report(found, approvals, book=self.book, at=self.clock.now())
        return report.only(page.size, page=page.number)

    def open_tasks(self, *, page: Page = ALL) -> Report:
        """What offices and units have still to do, applications that wait for their review among it, oldest first."""
        now = self.clock.now()
        with self.register.transaction(read_only=True) as tx:
            duties, waiting = tx.reports.open_duties(limit=page.end), tx.reports.waiting(limit=page.end)
            in_order: list[Duty | Waiting] = sorted([*duties, *waiting], key=lambda item: item.since)
            asked = page.of(in_order)
            tasks = [
                self._duty(item) if isinstance(item, Duty) else self._waiting(tx, item, today=beijing_date(now))
                for item in asked
            ]
        return open_tasks_report(tasks, at=now).only(page.size, page=page.number)

    def changes(self, *, since: date, until: date, page: Page = ALL) -> Report:
        """What was done from one day to another, both included, in Beijing.

        Raises:
            InputError: the period ends before it begins.
        """
        if until < since:
            raise InputError(f"{since} — {until}：起止日期颠倒 / the period ends before it begins")
        begin, end = (datetime.combine(day, time(), BEIJING) for day in (since, until))
        with self.register.transaction(read_only=True) as tx:
            found = tx.reports.acts(since=begin, before=end + timedelta(days=1), cut=page.cut)
        report = changes_report(found, period=f"{since}至{until}", book=self.book, at=self.clock.now())
        return report.only(page.size, page=page.number)

    def _heading(self, by: Grouping, of: str) -> str:
        """What the register calls that heading."""
        if by is Grouping.PERMISSION:
            with self.register.transaction(read_only=True) as tx:
                return self._permission(tx, of)
        if by is Grouping.DISTRICT:
            return self._district(of)
        return self.book.offices.get(of).code if by is Grouping.OFFICE else of

    def _permission(self, tx: Transaction, words: str) -> str:
        """The code that is meant: itself, also where the catalogue has it no more, or the item of that name."""
        words = words.strip()
        named = [item.code for item in self.book.catalogue.permissions if words in {item.code, item.label, item.text}]
        if not named and words not in tx.reports.held_codes():
            raise NotFound(
                f"{words}：目录中无此权限，也无人持有 / no such permission, and nobody holds one of that code"
            )
        if len(named) > 1:
            raise InputError(f"{words}：请写权限代码 / means several: give a code: {'、'.join(named)}")
        return named[0] if named else words

    def _district(self, words: str) -> str:
        """Today's code of a district that is given by code or name."""
        districts = self.book.districts
        by_name = (district for district in districts.districts if district.name == words.strip())
        district = districts.find(words.strip()) or next(by_name, None)
        if district is None:
            raise NotFound(f"{words}：没有这个区 / no such district")
        return district.code

    def _duty(self, duty: Duty) -> OpenTask:
        competence = competence_for(duty)
        office = self.book.offices.with_competence(competence) if competence is not None else None
        return OpenTask(
            what=duty.kind.zh,
            whose=office.name if office is not None else duty.unit_number,
            since=duty.since,
            application=duty.application,
            login=duty.login,
            key=duty.key_number,
            unit=duty.unit_number,
        )

    def _waiting(self, tx: Transaction, waiting: Waiting, *, today: date) -> OpenTask:
        """A review, and the offices that have still to decide."""
        found = tx.applications.get(waiting.number)
        case = Case(application=found.application, known=NOTHING_KNOWN, book=self.book, today=today)
        asked = (item.permission for row in found.application.rows for item in case.asked(row))
        deciding = approving_offices(found.application, [item for item in asked if item is not None], self.book.offices)
        done = {d.office for d in found.decisions if d.verdict == "approve" and d.version == found.version}
        return OpenTask(
            what=f"审核《{found.application.form.zh}》",
            whose="、".join(office.name for office in deciding if office.code not in done),
            since=waiting.since,
            application=waiting.number,
            unit=waiting.unit_name,
        )


def _approvals(tx: Transaction, found: Iterable[Holding]) -> Approvals:
    return tx.reports.approvals({held.application for held in found})


def _part(report: Report, page: Page) -> Report:
    """A page of a report that was made whole, because it is short."""
    rows = tuple(page.of(report.rows))
    return Report(zh=report.zh, en=report.en, columns=report.columns, rows=rows, at=report.at).only(
        page.size, page=page.number
    )
