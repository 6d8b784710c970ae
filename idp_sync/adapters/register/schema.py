"""The tables. The migrations make them; a test holds both to the same schema."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeDecorator

#: the schema that this release reads and writes: the newest of the migrations
REVISION: Final = "0001"


class Moment(TypeDecorator[datetime]):
    """A moment: aware in UTC on our side, UTC in the database. A naive one is a mistake, and raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """To the database."""
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a moment in the register needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database: SQLite keeps no zone."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _name() -> String:
    """What is looked up or ordered by: compared by code point everywhere, whatever the server's language is."""
    name = String()
    return name.with_variant(String(collation="C"), "postgresql")


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

#: units as they stood when an account was written: rows are never changed, so that what is written on one form can't
#: move the people of another to a different district. Absent fields are "", because NULLs are never equal to each other
unit = Table(
    "unit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("user_class", _name(), nullable=False),
    Column("code", _name(), nullable=False),
    #: what makes it this unit, whatever else about it changes: by it the accounts of a unit are found
    Column("identity", _name(), nullable=False),
    Column("name", _name(), nullable=False),
    Column("level", _name(), nullable=False),
    Column("district", _name(), nullable=False),
    Column("organisation_type", _name(), nullable=False),
    Column("document_type", _name(), nullable=False),
    Column("credit_code", _name(), nullable=False),
    Column("organisation_code", _name(), nullable=False),
    UniqueConstraint(
        "user_class",
        "code",
        "name",
        "level",
        "district",
        "organisation_type",
        "document_type",
        "credit_code",
        "organisation_code",
        name="uq_unit_value",
    ),
    Index(None, "user_class", "identity"),
    Index(None, "district"),
)

application = Table(
    "application",
    metadata,
    #: the order in which they came in
    Column("seq", Integer, primary_key=True),
    Column("number", _name(), nullable=False, unique=True),
    Column("form", _name(), nullable=False),
    Column("state", _name(), nullable=False),
    Column("outcome", _name(), nullable=False),
    Column("user_class", _name(), nullable=False),
    Column("unit_name", Text, nullable=False),
    Column("received_on", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("imported_at", Moment, nullable=False),
    Column("imported_by", Text, nullable=False),
    #: as handed in, without whatever may be an ID number
    Column("document", JSON, nullable=False),
    #: what was left out of the document
    Column("sealed", LargeBinary, nullable=False),
    Column("findings", JSON, nullable=False),
    Column("codes", JSON, nullable=False),
    #: 1, and one more with each amendment
    Column("version", Integer, nullable=False),
    Index(None, "state", "seq"),
    sqlite_autoincrement=True,
)

application_person = Table(
    "application_person",
    metadata,
    Column("application", ForeignKey("application.number"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    #: as written, without blanks about it; "" where there is none
    Column("login", _name(), nullable=False),
    #: keyed hash; empty where no ID number can be read
    Column("id_hash", _name(), nullable=True),
    Index(None, "login"),
    Index(None, "id_hash"),
)

#: what an application is found by in a search, beside it in a narrow table: a part of a text is found by reading all
#: of them, which must not drag the documents along
application_text = Table(
    "application_text",
    metadata,
    Column("seq", ForeignKey("application.seq"), primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
)

decision = Table(
    "decision",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("application", ForeignKey("application.number"), nullable=False),
    Column("office", _name(), nullable=False),
    Column("actor", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Column("verdict", _name(), nullable=False),
    Column("opinion", Text, nullable=False),
    #: of the application that it was made upon
    Column("version", Integer, nullable=False),
    Index(None, "application", "seq"),
    Index(None, "office", "application"),
    sqlite_autoincrement=True,
)

account = Table(
    "account",
    metadata,
    Column("login", _name(), primary_key=True),
    Column("person_number", _name(), nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("unit_id", ForeignKey("unit.id"), nullable=False),
    Column("state", _name(), nullable=False),
    Column("application", _name(), nullable=False),
    Column("opened_at", Moment, nullable=False),
    Column("key_number", _name(), nullable=True),
    Column("thumbprint", _name(), nullable=True, unique=True),
    Column("handed_over_at", Moment, nullable=True),
    Column("suspended_at", Moment, nullable=True),
    Column("restored_at", Moment, nullable=True),
    Column("id_sealed", LargeBinary, nullable=False),
    #: keyed hash: the only way to find a person by ID number
    Column("id_hash", _name(), nullable=False),
    Index(None, "unit_id", "login"),
    Index(None, "name"),
)

# 一人一户 (Article 8): a person has one account at most that is not deregistered
Index(
    "uq_account_person",
    account.c.id_hash,
    unique=True,
    sqlite_where=account.c.state != "deregistered",
    postgresql_where=account.c.state != "deregistered",
)

application_account = Table(
    "application_account",
    metadata,
    Column("application", ForeignKey("application.number"), primary_key=True),
    Column("login", ForeignKey("account.login"), primary_key=True),
    Index(None, "login"),
)

account_permission = Table(
    "account_permission",
    metadata,
    Column("login", ForeignKey("account.login"), primary_key=True),
    Column("permission", _name(), primary_key=True),
    #: the application that granted it
    Column("application", _name(), nullable=False),
    Column("since", Moment, nullable=False),
    #: False where it was taken away: the row stays, so that what is given back keeps its source
    Column("held", Boolean, nullable=False),
)

#: who holds a permission
Index(
    "ix_account_permission_held",
    account_permission.c.permission,
    account_permission.c.login,
    sqlite_where=account_permission.c.held,
    postgresql_where=account_permission.c.held,
)

counter = Table(
    "counter",
    metadata,
    Column("name", _name(), primary_key=True),
    #: the last number that was given
    Column("value", Integer, nullable=False),
)

key = Table(
    "key",
    metadata,
    Column("number", _name(), primary_key=True),
    Column("office", _name(), nullable=False),
    Column("user_class", _name(), nullable=False),
    Column("state", _name(), nullable=False),
    Column("login", ForeignKey("account.login"), nullable=True),
    Column("handed_over_at", Moment, nullable=True),
    Column("handed_over_to", Text, nullable=False),
    Index(None, "user_class", "state", "number"),
    Index(None, "login"),
)

certificate = Table(
    "certificate",
    metadata,
    Column("seq", Integer, primary_key=True),
    #: hexadecimal without leading zeros; recorded before anything is signed
    Column("serial", _name(), nullable=False, unique=True),
    #: intended, signed or revoked
    Column("state", _name(), nullable=False),
    Column("login", ForeignKey("account.login"), nullable=False),
    Column("key_number", ForeignKey("key.number"), nullable=False),
    Column("intended_at", Moment, nullable=False),
    #: from here on empty until it is signed
    Column("thumbprint", _name(), nullable=True, unique=True),
    Column("not_before", Moment, nullable=True),
    Column("not_after", Moment, nullable=True),
    Column("pem", Text, nullable=True),
    Column("revoked_at", Moment, nullable=True),
    Column("reason", _name(), nullable=True),
    Index(None, "login", "seq"),
    Index(None, "key_number"),
    sqlite_autoincrement=True,
)

login_seen = Table(
    "login_seen",
    metadata,
    Column("login", _name(), primary_key=True),
    Column("source", _name(), primary_key=True),
    Column("at", Moment, nullable=False),
)

coverage = Table(
    "coverage",
    metadata,
    Column("source", _name(), primary_key=True),
    Column("started_at", Moment, primary_key=True),
    Column("ended_at", Moment, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("at", Moment, nullable=False),
    Column("actor", Text, nullable=False),
    Column("office", _name(), nullable=False),
    Column("act", _name(), nullable=False),
    Column("subject", _name(), nullable=False),
    Column("article", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("result", Text, nullable=False),
    Index(None, "subject", "seq"),
    Index(None, "at", "seq"),
    sqlite_autoincrement=True,
)

task = Table(
    "task",
    metadata,
    #: the order in which they were recorded; never given again, so that striking off an old one can't hit a new one
    Column("id", Integer, primary_key=True),
    Column("kind", _name(), nullable=False),
    Column("user_class", _name(), nullable=False),
    Column("login", _name(), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("problem", Text, nullable=False),
    Index(None, "login"),
    sqlite_autoincrement=True,
)

fact = Table(
    "fact",
    metadata,
    Column("name", _name(), primary_key=True),
    Column("value", Text, nullable=False),
)

#: units as they are now; what is absent is "", as in the table of units above
registered_unit = Table(
    "registered_unit",
    metadata,
    Column("number", _name(), primary_key=True),
    Column("user_class", _name(), nullable=False),
    Column("identity", _name(), nullable=False),
    Column("name", Text, nullable=False),
    Column("level", _name(), nullable=False),
    Column("district", _name(), nullable=False),
    Column("organisation_type", _name(), nullable=False),
    Column("document_type", _name(), nullable=False),
    Column("credit_code", _name(), nullable=False),
    Column("organisation_code", _name(), nullable=False),
    Column("state", _name(), nullable=False),
    Column("contact_name", Text, nullable=False),
    Column("contact_phone", Text, nullable=False),
    Column("contact_email", Text, nullable=False),
    Column("contact_address", Text, nullable=False),
    #: number of the unit that took it up, or ""
    Column("merged_into", _name(), nullable=False),
    UniqueConstraint("user_class", "identity"),
)

duty = Table(
    "duty",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", _name(), nullable=False),
    Column("user_class", _name(), nullable=False),
    Column("since", Moment, nullable=False),
    Column("login", _name(), nullable=False),
    Column("application", _name(), nullable=False),
    Column("key_number", _name(), nullable=False),
    Column("unit_number", _name(), nullable=False),
    #: empty while it is open
    Column("done_at", Moment, nullable=True),
    Column("outcome", Text, nullable=False),
    sqlite_autoincrement=True,
)

#: those that are open: few among all that ever were
_OPEN: Final = duty.c.done_at.is_(None)
_OPEN_ONLY: Final[dict[str, Any]] = {"sqlite_where": _OPEN, "postgresql_where": _OPEN}

# an open duty is not doubled; also finds the open ones of a kind
Index(
    "uq_duty_open",
    *(duty.c[name] for name in ("kind", "login", "application", "key_number", "unit_number")),
    unique=True,
    **_OPEN_ONLY,
)
Index("ix_duty_open_login", duty.c.login, **_OPEN_ONLY)
Index("ix_duty_open_application", duty.c.application, **_OPEN_ONLY)
Index("ix_duty_open_unit_number", duty.c.unit_number, **_OPEN_ONLY)
Index("ix_duty_open_since", duty.c.since, duty.c.id, **_OPEN_ONLY)

#: the contents lie in a store of their own, under their hashes
attachment = Table(
    "attachment",
    metadata,
    #: the order in which they were added; never given again
    Column("id", Integer, primary_key=True),
    Column("application", ForeignKey("application.number"), nullable=False),
    Column("sha256", _name(), nullable=False),
    Column("name", Text, nullable=False),
    Column("media_type", _name(), nullable=False),
    Column("size", Integer, nullable=False),
    Column("kind", _name(), nullable=False),
    Column("document_type", Text, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("added_by", Text, nullable=False),
    UniqueConstraint("application", "sha256"),
    Index(None, "sha256"),
    sqlite_autoincrement=True,
)

notice = Table(
    "notice",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("kind", _name(), nullable=False),
    Column("office", _name(), nullable=False),
    Column("recipient_name", Text, nullable=False),
    #: "" for a letter
    Column("email", Text, nullable=False),
    Column("fields", JSON, nullable=False),
    Column("application", _name(), nullable=False),
    Column("login", _name(), nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("next_attempt_at", Moment, nullable=False),
    Column("state", _name(), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("attempted_at", Moment, nullable=True),
    Column("done_at", Moment, nullable=True),
    Column("problem", Text, nullable=False),
    Index(None, "state", "next_attempt_at"),
    Index(None, "application"),
    sqlite_autoincrement=True,
)
