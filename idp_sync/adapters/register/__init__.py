"""The register on SQLAlchemy: SQLite out of the box, PostgreSQL when one machine is not enough. SQL stays in here."""

from idp_sync.adapters.register.register import SqlRegister

__all__ = ["SqlRegister"]
