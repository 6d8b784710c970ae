"""The register's first schema."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAME = sa.String().with_variant(sa.String(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "application",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("number", NAME, nullable=False),
        sa.Column("form", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("outcome", NAME, nullable=False),
        sa.Column("user_class", NAME, nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.Column("imported_by", sa.Text(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("findings", sa.JSON(), nullable=False),
        sa.Column("codes", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_application")),
        sa.UniqueConstraint("number", name=op.f("uq_application_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_application_state_seq"), "application", ["state", "seq"])
    op.create_table(
        "counter",
        sa.Column("name", NAME, nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counter")),
    )
    op.create_table(
        "coverage",
        sa.Column("source", NAME, nullable=False),
        sa.Column("started_at", MOMENT, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("source", "started_at", name=op.f("pk_coverage")),
    )
    op.create_table(
        "fact",
        sa.Column("name", NAME, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_fact")),
    )
    op.create_table(
        "journal",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("office", NAME, nullable=False),
        sa.Column("act", NAME, nullable=False),
        sa.Column("subject", NAME, nullable=False),
        sa.Column("article", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_journal")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_journal_subject_seq"), "journal", ["subject", "seq"])
    op.create_index(op.f("ix_journal_at_seq"), "journal", ["at", "seq"])
    op.create_table(
        "login_seen",
        sa.Column("login", NAME, nullable=False),
        sa.Column("source", NAME, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("login", "source", name=op.f("pk_login_seen")),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("user_class", NAME, nullable=False),
        sa.Column("login", NAME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_task_login"), "task", ["login"])
    op.create_table(
        "unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_class", NAME, nullable=False),
        sa.Column("code", NAME, nullable=False),
        sa.Column("identity", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("level", NAME, nullable=False),
        sa.Column("district", NAME, nullable=False),
        sa.Column("organisation_type", NAME, nullable=False),
        sa.Column("document_type", NAME, nullable=False),
        sa.Column("credit_code", NAME, nullable=False),
        sa.Column("organisation_code", NAME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint(
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
    )
    op.create_index(op.f("ix_unit_user_class_identity"), "unit", ["user_class", "identity"])
    op.create_index(op.f("ix_unit_district"), "unit", ["district"])
    op.create_table(
        "account",
        sa.Column("login", NAME, nullable=False),
        sa.Column("person_number", NAME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("application", NAME, nullable=False),
        sa.Column("opened_at", MOMENT, nullable=False),
        sa.Column("key_number", NAME, nullable=True),
        sa.Column("thumbprint", NAME, nullable=True),
        sa.Column("handed_over_at", MOMENT, nullable=True),
        sa.Column("suspended_at", MOMENT, nullable=True),
        sa.Column("restored_at", MOMENT, nullable=True),
        sa.Column("id_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("id_hash", NAME, nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_account_unit_id")),
        sa.PrimaryKeyConstraint("login", name=op.f("pk_account")),
        sa.UniqueConstraint("person_number", name=op.f("uq_account_person_number")),
        sa.UniqueConstraint("thumbprint", name=op.f("uq_account_thumbprint")),
    )
    op.create_index(op.f("ix_account_unit_id_login"), "account", ["unit_id", "login"])
    op.create_index(op.f("ix_account_name"), "account", ["name"])
    op.create_index(
        "uq_account_person",
        "account",
        ["id_hash"],
        unique=True,
        sqlite_where=sa.text("state != 'deregistered'"),
        postgresql_where=sa.text("state != 'deregistered'"),
    )
    op.create_table(
        "application_person",
        sa.Column("application", NAME, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("login", NAME, nullable=False),
        sa.Column("id_hash", NAME, nullable=True),
        sa.ForeignKeyConstraint(
            ["application"], ["application.number"], name=op.f("fk_application_person_application")
        ),
        sa.PrimaryKeyConstraint("application", "position", name=op.f("pk_application_person")),
    )
    op.create_index(op.f("ix_application_person_id_hash"), "application_person", ["id_hash"])
    op.create_index(op.f("ix_application_person_login"), "application_person", ["login"])
    op.create_table(
        "application_text",
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["seq"], ["application.seq"], name=op.f("fk_application_text_seq")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_application_text")),
    )
    op.create_table(
        "decision",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("application", NAME, nullable=False),
        sa.Column("office", NAME, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("verdict", NAME, nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["application"], ["application.number"], name=op.f("fk_decision_application")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_decision")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_decision_application_seq"), "decision", ["application", "seq"])
    op.create_index(op.f("ix_decision_office_application"), "decision", ["office", "application"])
    op.create_table(
        "account_permission",
        sa.Column("login", NAME, nullable=False),
        sa.Column("permission", NAME, nullable=False),
        sa.Column("application", NAME, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["login"], ["account.login"], name=op.f("fk_account_permission_login")),
        sa.PrimaryKeyConstraint("login", "permission", name=op.f("pk_account_permission")),
    )
    op.create_index(
        "ix_account_permission_held",
        "account_permission",
        ["permission", "login"],
        sqlite_where=sa.text("held = 1"),
        postgresql_where=sa.text("held"),
    )
    op.create_table(
        "application_account",
        sa.Column("application", NAME, nullable=False),
        sa.Column("login", NAME, nullable=False),
        sa.ForeignKeyConstraint(
            ["application"], ["application.number"], name=op.f("fk_application_account_application")
        ),
        sa.ForeignKeyConstraint(["login"], ["account.login"], name=op.f("fk_application_account_login")),
        sa.PrimaryKeyConstraint("application", "login", name=op.f("pk_application_account")),
    )
    op.create_index(op.f("ix_application_account_login"), "application_account", ["login"])
    op.create_table(
        "key",
        sa.Column("number", NAME, nullable=False),
        sa.Column("office", NAME, nullable=False),
        sa.Column("user_class", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("login", NAME, nullable=True),
        sa.Column("handed_over_at", MOMENT, nullable=True),
        sa.Column("handed_over_to", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["login"], ["account.login"], name=op.f("fk_key_login")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_key")),
    )
    op.create_index(op.f("ix_key_login"), "key", ["login"])
    op.create_index(op.f("ix_key_user_class_state_number"), "key", ["user_class", "state", "number"])
    op.create_table(
        "certificate",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("serial", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("login", NAME, nullable=False),
        sa.Column("key_number", NAME, nullable=False),
        sa.Column("intended_at", MOMENT, nullable=False),
        sa.Column("thumbprint", NAME, nullable=True),
        sa.Column("not_before", MOMENT, nullable=True),
        sa.Column("not_after", MOMENT, nullable=True),
        sa.Column("pem", sa.Text(), nullable=True),
        sa.Column("revoked_at", MOMENT, nullable=True),
        sa.Column("reason", NAME, nullable=True),
        sa.ForeignKeyConstraint(["key_number"], ["key.number"], name=op.f("fk_certificate_key_number")),
        sa.ForeignKeyConstraint(["login"], ["account.login"], name=op.f("fk_certificate_login")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_certificate")),
        sa.UniqueConstraint("serial", name=op.f("uq_certificate_serial")),
        sa.UniqueConstraint("thumbprint", name=op.f("uq_certificate_thumbprint")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_certificate_key_number"), "certificate", ["key_number"])
    op.create_index(op.f("ix_certificate_login_seq"), "certificate", ["login", "seq"])
    op.create_table(
        "registered_unit",
        sa.Column("number", NAME, nullable=False),
        sa.Column("user_class", NAME, nullable=False),
        sa.Column("identity", NAME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("level", NAME, nullable=False),
        sa.Column("district", NAME, nullable=False),
        sa.Column("organisation_type", NAME, nullable=False),
        sa.Column("document_type", NAME, nullable=False),
        sa.Column("credit_code", NAME, nullable=False),
        sa.Column("organisation_code", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=False),
        sa.Column("contact_phone", sa.Text(), nullable=False),
        sa.Column("contact_email", sa.Text(), nullable=False),
        sa.Column("contact_address", sa.Text(), nullable=False),
        sa.Column("merged_into", NAME, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_registered_unit")),
        sa.UniqueConstraint("user_class", "identity", name=op.f("uq_registered_unit_user_class_identity")),
    )
    op.create_table(
        "duty",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("user_class", NAME, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("login", NAME, nullable=False),
        sa.Column("application", NAME, nullable=False),
        sa.Column("key_number", NAME, nullable=False),
        sa.Column("unit_number", NAME, nullable=False),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
        sqlite_autoincrement=True,
    )
    open_only: dict[str, Any] = {
        "sqlite_where": sa.text("done_at IS NULL"),
        "postgresql_where": sa.text("done_at IS NULL"),
    }
    columns = ["kind", "login", "application", "key_number", "unit_number"]
    op.create_index("uq_duty_open", "duty", columns, unique=True, **open_only)
    for column in ("login", "application", "unit_number"):
        op.create_index(f"ix_duty_open_{column}", "duty", [column], **open_only)
    op.create_index("ix_duty_open_since", "duty", ["since", "id"], **open_only)
    op.create_table(
        "attachment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("application", NAME, nullable=False),
        sa.Column("sha256", NAME, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", NAME, nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("document_type", sa.Text(), nullable=False),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["application"], ["application.number"], name=op.f("fk_attachment_application")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachment")),
        sa.UniqueConstraint("application", "sha256", name=op.f("uq_attachment_application_sha256")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_attachment_sha256"), "attachment", ["sha256"])
    op.create_table(
        "notice",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("office", NAME, nullable=False),
        sa.Column("recipient_name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("application", NAME, nullable=False),
        sa.Column("login", NAME, nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("next_attempt_at", MOMENT, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("attempted_at", MOMENT, nullable=True),
        sa.Column("done_at", MOMENT, nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_notice")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_notice_application"), "notice", ["application"])
    op.create_index(op.f("ix_notice_state_next_attempt_at"), "notice", ["state", "next_attempt_at"])
