"""What goes wrong beneath the register comes out as one clear line, without SQL and without values."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy.exc
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from cryptography.exceptions import InvalidTag
from sqlalchemy import event

from idp_sync.adapters.register import SqlRegister, schema, setting_up
from idp_sync.adapters.register.errors import mapped
from idp_sync.config import RegisterSettings
from idp_sync.domain.errors import AccessDenied, Conflict, IdpSyncError, NotSetUp, Unavailable
from idp_sync.domain.journal import Entry

SECRET = "110000199001019018"


def subclasses(class_: type[Exception]) -> Iterator[type[Exception]]:
    yield class_
    for sub in class_.__subclasses__():
        yield from subclasses(sub)


def raised_as(error: BaseException, *, taken: str = "", migrating: tuple[type[Exception], ...] = ()) -> BaseException:
    """What comes out of the context manager when that goes in."""
    with pytest.raises(BaseException) as caught, mapped("the register", taken=taken, migrating=migrating):  # noqa: PT011
        raise error
    return caught.value


def one_line(error: BaseException) -> str:
    message = str(error)
    assert message
    assert "\n" not in message
    assert SECRET not in message
    assert error.__suppress_context__ or error.__context__ is None  # no traceback drags the SQL along
    return message


UPSTREAM = sorted(
    {*subclasses(sqlalchemy.exc.SQLAlchemyError), *subclasses(sqlite3.Error), InvalidTag}, key=lambda c: c.__qualname__
)


@pytest.mark.parametrize("class_", UPSTREAM, ids=lambda class_: class_.__qualname__)
def test_every_upstream_exception_is_mapped(class_: type[Exception]) -> None:
    error = class_.__new__(class_)
    error.args = (f"INSERT … {SECRET}",)
    mapped_to = raised_as(error)
    assert isinstance(mapped_to, IdpSyncError)
    one_line(mapped_to)


def _dbapi_error(class_: type[sqlalchemy.exc.DBAPIError], **attributes: object) -> sqlalchemy.exc.DBAPIError:
    original = Exception(f"duplicate {SECRET}")
    for name, value in attributes.items():
        setattr(original, name, value)
    return class_("INSERT …", {"id": SECRET}, original)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("40001", Conflict),
        ("40P01", Conflict),
        ("55P03", Unavailable),
        ("53100", Unavailable),
        ("25006", Unavailable),
        ("42501", AccessDenied),
        ("28P01", AccessDenied),
        ("3D000", NotSetUp),
        ("08006", Unavailable),
        ("", Unavailable),
    ],
)
@pytest.mark.parametrize("attribute", ["sqlstate", "pgcode"])
def test_postgresql_says_what_it_is(state: str, expected: type[IdpSyncError], attribute: str) -> None:
    error = raised_as(_dbapi_error(sqlalchemy.exc.OperationalError, **{attribute: state}))
    assert type(error) is expected
    one_line(error)


def test_what_is_taken_is_named_by_the_caller() -> None:
    error = raised_as(_dbapi_error(sqlalchemy.exc.IntegrityError), taken="cy0001: taken")
    assert (type(error), str(error)) == (Conflict, "cy0001: taken")
    # but a fault is no conflict
    assert type(raised_as(_dbapi_error(sqlalchemy.exc.OperationalError), taken="cy0001: taken")) is Unavailable


def test_files_missing_drivers_and_migrations() -> None:
    assert type(raised_as(PermissionError(13, "Permission denied"))) is Unavailable
    assert type(raised_as(ModuleNotFoundError("No module named 'psycopg2'"))) is NotSetUp
    assert type(raised_as(LookupError("x"), migrating=(LookupError,))) is NotSetUp


@pytest.mark.parametrize("error", [KeyboardInterrupt(), LookupError("ours"), NotSetUp("ours")])
def test_what_is_not_upstreams_passes(error: BaseException) -> None:
    assert raised_as(error) is error


def test_a_mistake_of_the_caller_passes() -> None:
    naive = ValueError("naive")
    assert raised_as(sqlalchemy.exc.StatementError("…", "INSERT …", {}, naive)) is naive


# --- real faults of a real file --------------------------------------------------------------------------------------


@pytest.fixture
def settings(tmp_path: Path) -> RegisterSettings:
    return RegisterSettings(url=f"sqlite:///{tmp_path / 'register.db'}", key_file=tmp_path / "register.key")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "register.db"


@pytest.fixture
def register(settings: RegisterSettings) -> Iterator[SqlRegister]:
    register = SqlRegister(settings, lock_wait=0.2)
    list(register.set_up())
    yield register
    register.close()


def begin(register: SqlRegister) -> None:
    with register.transaction():
        pass


def fails(act: Callable[[], object], kind: type[IdpSyncError], words: str) -> None:
    with pytest.raises(kind, match=words) as caught:
        act()
    assert type(caught.value) is kind
    one_line(caught.value)


def test_locked(register: SqlRegister, settings: RegisterSettings) -> None:
    with register.transaction():
        fails(lambda: begin(SqlRegister(settings, lock_wait=0.1)), Unavailable, "locked by another process")


def test_disk_full(register: SqlRegister, settings: RegisterSettings) -> None:
    def almost_full(connection: sqlite3.Connection, _record: object) -> None:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages + 10}")

    cramped = SqlRegister(settings)
    event.listen(cramped._database.engine, "connect", almost_full)

    def write_a_lot() -> None:
        with cramped.transaction() as tx:
            for _ in range(1000):
                tx.journal.write(
                    Entry(at=datetime(2025, 1, 1, tzinfo=UTC), actor=SECRET * 50, office="o", act="a", subject="s",
                          article="第三条")
                )  # fmt: skip

    fails(write_a_lot, Unavailable, "disk is full, nothing was written")
    with register.transaction() as tx:
        assert list(tx.journal.entries()) == []


@pytest.mark.parametrize("content", [b"PK\x03\x04" + b"x" * 4096, "这不是登记库\n".encode() * 100])
def test_not_a_database(settings: RegisterSettings, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    other = SqlRegister(settings)
    fails(lambda: begin(other), NotSetUp, "is not a register")
    fails(lambda: list(other.set_up()), NotSetUp, "is not a register")
    assert file.read_bytes() == content
    assert not settings.key_file.exists()


def test_damaged(register: SqlRegister, settings: RegisterSettings, file: Path) -> None:
    register.close()
    content = bytearray(file.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    file.write_bytes(content)
    fails(lambda: begin(SqlRegister(settings)), Unavailable, "is damaged; restore the last backup")


def test_a_folder_in_its_place(settings: RegisterSettings, file: Path) -> None:
    file.mkdir()
    fails(lambda: begin(SqlRegister(settings)), Unavailable, "can't be opened")
    fails(lambda: list(SqlRegister(settings).set_up()), Unavailable, "can't be opened")


def test_a_file_in_the_place_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    other = SqlRegister(RegisterSettings(url=f"sqlite:///{tmp_path / 'home' / 'r.db'}", key_file=tmp_path / "k"))
    fails(lambda: list(other.set_up()), Unavailable, "can't be opened")


def test_an_empty_file_is_no_register_yet(settings: RegisterSettings, file: Path) -> None:
    """As set_up leaves it when it is killed at the beginning: the next run goes on."""
    file.touch()
    fails(lambda: begin(SqlRegister(settings)), NotSetUp, "run `idp-sync init`")
    assert any(step.changed for step in SqlRegister(settings).set_up())
    begin(SqlRegister(settings))


def test_a_mistyped_path_makes_no_file(settings: RegisterSettings, file: Path) -> None:
    fails(lambda: begin(SqlRegister(settings)), NotSetUp, "run `idp-sync init`")
    assert not file.exists()


@pytest.mark.parametrize(
    "url", ["", "not a url", "oracle+nothing://host/db", "sqlite://", "sqlite:///:memory:", "mssql+pyodbc://h/d"]
)
def test_urls_that_can_not_be(tmp_path: Path, url: str) -> None:
    fails(lambda: SqlRegister(RegisterSettings(url=url, key_file=tmp_path / "k")), NotSetUp, r"\[register\] url")


def test_the_files_are_ours_alone(settings: RegisterSettings, tmp_path: Path) -> None:
    previous = os.umask(0)
    try:
        register = SqlRegister(settings)
        list(register.set_up())
        with register.transaction() as tx:
            tx.facts.set("name", "value")
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(previous)
    assert modes.keys() >= {"register.db", "register.db-wal", "register.key"}
    assert set(modes.values()) == {0o600}


def test_rights_that_others_were_given_are_taken_back(register: SqlRegister, file: Path) -> None:
    file.chmod(0o644)
    assert [step.what for step in register.set_up() if step.changed] == [f"register file {file}"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


# --- how SQLite is used ----------------------------------------------------------------------------------------------


def test_sqlite_is_set_to_lose_nothing(register: SqlRegister) -> None:
    with register._database.begin() as connection:
        values = [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert values == ["wal", 2, 1, 200]


def test_values_never_stand_in_messages(register: SqlRegister) -> None:
    assert register._database.engine.hide_parameters


# --- the schema ------------------------------------------------------------------------------------------------------


def test_migrations_make_the_schema(register: SqlRegister) -> None:
    with register._database.begin() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, schema.metadata) == []


def test_the_newest_migration_is_this_releases() -> None:
    assert ScriptDirectory(str(setting_up._scripts())).get_heads() == [schema.REVISION]
