"""Who stands on the form: names, ID numbers, each person once (实名申请, Article 5; Article 8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from idp_sync.domain.application import Form, Row
from idp_sync.domain.checks.case import Case
from idp_sync.domain.citizen_id import IdNumber, Sex, fold_typed, read_id_number
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.name import read_name

#: the forms that ask for 性别 and 身份证号 of the person who is to hold the account
_FORMS_WITH_ID = frozenset(form for form in Form if form.opens_accounts or form.names_a_holder)


def names_are_names(case: Case) -> Iterator[Finding]:
    """用户姓名 and, in Annex 5, 现用户姓名 can be written on a certificate and into a directory."""
    for row in case.application.rows:
        yield from (replace(f, row=row.number, field="用户姓名") for f in read_name(row.name).findings)
        if case.application.form.names_a_holder:
            yield from (replace(f, row=row.number, field="现用户姓名") for f in read_name(row.new_name).findings)


def id_numbers_are_right(case: Case) -> Iterator[Finding]:
    """身份证号 is one, and agrees with 性别 (R-10, reading A-20)."""
    if case.application.form not in _FORMS_WITH_ID:
        return
    for row in case.application.rows:
        reading = read_id_number(row.id_number, today=case.today)
        yield from (replace(finding, row=row.number) for finding in reading.findings)
        yield from _sex_findings(row, reading.number)


def _sex_findings(row: Row, number: IdNumber | None) -> Iterator[Finding]:
    stated = row.sex.strip()
    if stated not in {sex.value for sex in Sex}:
        yield Finding(code=Code.SEX_INVALID, row=row.number, field="性别", detail=stated)
    elif number is not None and stated != number.sex.value:
        yield Finding(code=Code.ID_SEX_MISMATCH, row=row.number, field="性别", detail=f"填写为{stated}")


def nobody_stands_twice(case: Case) -> Iterator[Finding]:
    """One person, one row: by ID number where the form asks for it, by login name elsewhere (Articles 5, 8)."""
    first_seen: dict[str, tuple[int, int]] = {}
    for place, row in enumerate(case.application.rows):
        for identity in _identities(row, case):
            earlier, number = first_seen.setdefault(identity, (place, row.number))
            if earlier != place:  # not by 序号: it may be written twice
                yield Finding(code=Code.DUPLICATE_PERSON, row=row.number, detail=f"与第{number}行相同")
                break


def _identities(row: Row, case: Case) -> Iterator[str]:
    """What tells a person: a number that a spreadsheet cut off, and «同上», are the same for different people."""
    found = {finding.code for finding in read_id_number(row.id_number, today=case.today).findings}
    if not found & {Code.ID_FORMAT, Code.ID_DAMAGED_BY_SPREADSHEET}:
        yield fold_typed(row.id_number)[0]
    if login := row.login.strip():
        yield login.lower()
