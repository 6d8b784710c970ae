"""Rows to domain values and back: the domain's classes stay plain."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import RowMapping

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.application import Application, Document, Form, Opinion, Row, State
from idp_sync.domain.duty import Duty, DutyKind
from idp_sync.domain.finding import Code, Finding, Outcome
from idp_sync.domain.journal import Entry
from idp_sync.domain.key import Certificate, Key, KeyState, RevocationReason
from idp_sync.domain.task import Task, TaskKind
from idp_sync.domain.unit import (
    Contact,
    DocumentType,
    Level,
    OrganisationType,
    RegisteredUnit,
    Unit,
    UnitState,
    UserClass,
)
from idp_sync.ports import ApplicationSummary, Decision

# --- units -----------------------------------------------------------------------------------------------------------


def unit_values(unit: Unit) -> dict[str, str]:
    """The row of a unit, without its id; what is absent is ""."""
    return {
        "code": unit.code,
        "identity": unit.identity,
        **{name: value or "" for name, value in asdict(unit).items()},
    }


def unit_of(row: RowMapping | dict[str, Any], prefix: str = "") -> Unit:
    """The unit in a row, or in the columns of a row whose names begin with `prefix`."""

    def value(name: str) -> str | None:
        return row[prefix + name] or None

    level, organisation_type, document_type = value("level"), value("organisation_type"), value("document_type")
    return Unit(
        name=row[f"{prefix}name"],
        user_class=UserClass(row[f"{prefix}user_class"]),
        level=Level(level) if level else None,
        district=value("district"),
        organisation_type=OrganisationType(organisation_type) if organisation_type else None,
        document_type=DocumentType(document_type) if document_type else None,
        credit_code=value("credit_code"),
        organisation_code=value("organisation_code"),
    )


def registered_unit_values(registered: RegisteredUnit) -> dict[str, Any]:
    """The row of a unit in the register."""
    contact = asdict(registered.contact)
    return {
        "number": registered.number,
        "identity": registered.unit.identity,
        **{name: value or "" for name, value in asdict(registered.unit).items()},
        "state": registered.state,
        **{f"contact_{name}": value for name, value in contact.items()},
        "merged_into": registered.merged_into,
    }


def registered_unit_of(row: RowMapping) -> RegisteredUnit:
    """The unit in a row of the register."""
    return RegisteredUnit(
        number=row["number"],
        unit=unit_of(row),
        state=UnitState(row["state"]),
        contact=Contact(**{name: row[f"contact_{name}"] for name in Contact.__dataclass_fields__}),
        merged_into=row["merged_into"],
    )


# --- applications ----------------------------------------------------------------------------------------------------

#: fields where people write an ID number, or anything at all
_SENSITIVE: Final = frozenset({"id_number", "remarks", "permission_words", "text"})
#: what may be an ID number in any other field: a slip of one column is common
_LIKE_AN_ID_NUMBER: Final = re.compile(r"[0-9０-９](?:[ \u3000]?[0-9０-９]){13,}[ \u3000]?[Xx]?")
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")

Sealed = dict[str, str]


def split_document(application: Application) -> tuple[dict[str, Any], Sealed]:
    """An application as a JSON document without anything that may be an ID number, and what was left out, by path."""
    sealed: Sealed = {}

    def shown(value: Any, path: str, name: str) -> Any:  # noqa: ANN401 - JSON
        match value:
            case dict():
                return {key: shown(item, f"{path}/{key}", key) for key, item in value.items()}
            case list() | tuple():
                return [shown(item, f"{path}/{index}", name) for index, item in enumerate(value)]
            case str() if value and (name in _SENSITIVE or _LIKE_AN_ID_NUMBER.search(value)):
                sealed[path] = value
                return ""
        return value

    return shown(asdict(application), "", ""), sealed


def application_of(document: dict[str, Any], sealed: Sealed) -> Application:
    """The application in a document, with what was left out put back."""
    for path, value in sealed.items():
        *parents, last = path.split("/")[1:]
        target: Any = document
        for part in parents:
            target = target[int(part)] if isinstance(target, list) else target[part]
        target[int(last) if isinstance(target, list) else last] = value
    review = document.pop("review")
    parts: dict[str, Any] = {
        "form": Form(document.pop("form")),
        "unit": unit_of(document.pop("unit")),
        "rows": tuple(_row_of(row) for row in document.pop("rows")),
        "documents": tuple(Document(**paper) for paper in document.pop("documents")),
        "review": Opinion(**review) if review is not None else None,
    }
    return Application(**parts, **document)


def _row_of(row: dict[str, Any]) -> Row:
    lists = {name: tuple(row[name]) for name in ("permissions", "present_permissions")}
    return Row(**{**row, **lists})


def listed_name(name: str) -> str:
    """A name as it stands in lists: on one line, and not an ID number that slipped into its column."""
    return _LIKE_AN_ID_NUMBER.sub("***", _UNPRINTABLE.sub("\ufffd", name))


def folded(text: str) -> str:
    """A text as searches compare it: compatibility forms, capitals and blanks make no difference."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def found_by(application: Application) -> str:
    """What a search looks at: number, unit, names and logins, folded, each on a line of its own."""
    written = [application.unit.name, *(value for row in application.rows for value in _names_in(row))]
    return "\n".join([folded(application.id), *(listed_name(folded(listed_name(text))) for text in written if text)])


def _names_in(row: Row) -> tuple[str, ...]:
    return row.name, row.new_name, row.login


def finding_values(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings as JSON."""
    return [asdict(finding) for finding in findings]


def findings_of(values: Iterable[dict[str, Any]]) -> tuple[Finding, ...]:
    """The findings in JSON."""
    return tuple(Finding(**{**value, "code": Code(value["code"])}) for value in values)


def decision_of(row: RowMapping) -> Decision:
    """The decision in a row."""
    return Decision(**{name: row[name] for name in Decision.__dataclass_fields__})


def summary_of(row: RowMapping, people: Iterable[str]) -> ApplicationSummary:
    """One line of the list of applications."""
    return ApplicationSummary(
        id=row["number"],
        form=row["form"],
        state=State(row["state"]),
        outcome=Outcome(row["outcome"]),
        unit_name=row["unit_name"],
        user_class=UserClass(row["user_class"]),
        people=tuple(people),
        received_on=row["received_on"],
        codes=tuple(row["codes"]),
    )


# --- accounts --------------------------------------------------------------------------------------------------------


def account_values(account: Account) -> dict[str, Any]:
    """The row of an account, without its unit and what is sealed."""
    return {
        name: getattr(account, name) for name in Account.__dataclass_fields__ if name not in {"unit", "permissions"}
    }


def account_of(row: RowMapping, permissions: Iterable[str]) -> Account:
    """The account in a row with its unit in columns «unit_…»."""
    plain = {name: row[name] for name in Account.__dataclass_fields__ if name not in {"unit", "permissions", "state"}}
    return Account(
        **plain,
        state=AccountState(row["state"]),
        unit=unit_of(row, "unit_"),
        permissions=frozenset(permissions),
    )


# --- keys and certificates -------------------------------------------------------------------------------------------


def key_values(key: Key) -> dict[str, Any]:
    """The row of a key."""
    return {name: getattr(key, name) for name in Key.__dataclass_fields__}


def key_of(row: RowMapping) -> Key:
    """The key in a row."""
    values = {name: row[name] for name in Key.__dataclass_fields__}
    return Key(**{**values, "user_class": UserClass(row["user_class"]), "state": KeyState(row["state"])})


def certificate_of(row: RowMapping) -> Certificate:
    """The certificate in a row that was signed."""
    values = {name: row[name] for name in Certificate.__dataclass_fields__}
    return Certificate(**{**values, "reason": RevocationReason(row["reason"]) if row["reason"] else None})


# --- tasks -----------------------------------------------------------------------------------------------------------


def task_values(task: Task) -> dict[str, Any]:
    """The row of a task, without its number."""
    return {name: getattr(task, name) for name in Task.__dataclass_fields__ if name != "id"}


def task_of(row: RowMapping) -> Task:
    """The task in a row."""
    values = {name: row[name] for name in Task.__dataclass_fields__}
    return Task(**{**values, "kind": TaskKind(row["kind"]), "user_class": UserClass(row["user_class"])})


# --- duties ----------------------------------------------------------------------------------------------------------


def duty_values(duty: Duty) -> dict[str, Any]:
    """The row of a duty, without its number."""
    return {name: getattr(duty, name) for name in Duty.__dataclass_fields__ if name != "id"}


def duty_of(row: RowMapping) -> Duty:
    """The duty in a row."""
    values = {name: row[name] for name in Duty.__dataclass_fields__}
    return Duty(**{**values, "kind": DutyKind(row["kind"]), "user_class": UserClass(row["user_class"])})


# --- journal ---------------------------------------------------------------------------------------------------------


def entry_values(entry: Entry) -> dict[str, Any]:
    """The row of an act."""
    values = {name: getattr(entry, name) for name in Entry.__dataclass_fields__}
    return {**values, "detail": dict(entry.detail)}


def entries_of(rows: Iterable[RowMapping]) -> Iterator[Entry]:
    """The acts in rows."""
    for row in rows:
        yield Entry(**{name: row[name] for name in Entry.__dataclass_fields__})
