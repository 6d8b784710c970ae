"""The checks of one application: every rule is a function that reads the case and yields what it finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from idp_sync.domain.application import Application
from idp_sync.domain.checks import channel, documents, paper, permissions, person, register
from idp_sync.domain.checks.case import Case
from idp_sync.domain.checks.quoting import quotable
from idp_sync.domain.finding import Finding, Outcome, labels_of, outcome_of
from idp_sync.domain.known import NOTHING_KNOWN, Known
from idp_sync.domain.rulebook import RuleBook

#: in the order in which an office reads a form: the paper, the people, what they ask for, where, with which proofs,
#: and whether it agrees with what is known
RULES: tuple[Callable[[Case], Iterator[Finding]], ...] = (
    paper.bears_what_it_must,
    paper.dates_exist,
    paper.is_received_under_the_regulation,
    paper.has_the_rows_of_one_sheet,
    paper.ground_is_stated,
    person.names_are_names,
    person.id_numbers_are_right,
    person.nobody_stands_twice,
    permissions.are_in_the_annex_of_the_unit,
    permissions.stay_in_the_own_district,
    channel.leads_to_the_deciding_office,
    documents.unit_codes_are_right,
    documents.prove_the_enterprise,
    documents.promise_stands_word_for_word,
    register.people_are_as_stated,
    register.nobody_is_on_another_application,
    register.no_business_is_unfinished,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What the checks say of one application."""

    outcome: Outcome
    findings: tuple[Finding, ...]

    @property
    def codes(self) -> tuple[str, ...]:
        """The labels of all findings but notes, each once."""
        return labels_of(self.findings)


def check(
    application: Application,
    *,
    book: RuleBook,
    today: date,
    known: Known = NOTHING_KNOWN,
    read: Iterable[Finding] = (),
) -> Verdict:
    """Apply every rule to one application.

    `read` are the findings that reading the file has already made (formulas, damaged cells). Several findings may
    apply; all are listed, and the outcome is the gravest. Nothing in an application can make a check raise, and no
    finding quotes an ID number.
    """
    case = Case(application=application, known=known, book=book, today=today)
    found = (*read, *(finding for rule in RULES for finding in rule(case)))
    findings = tuple(dict.fromkeys(replace(finding, detail=quotable(finding.detail)) for finding in found))
    return Verdict(outcome=outcome_of(findings), findings=findings)


__all__ = ["RULES", "Case", "Verdict", "check"]
