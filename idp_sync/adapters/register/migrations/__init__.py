"""Alembic's environment and the migrations; `set_up` runs them, there is no alembic.ini."""
