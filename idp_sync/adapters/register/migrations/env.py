"""Alembic runs this: migrate within the connection, and the transaction, that set_up hands over."""

from alembic import context

from idp_sync.adapters.register.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
