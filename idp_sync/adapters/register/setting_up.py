"""Makes the register, brings it to this release's schema, and tells whether it may be used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, column, insert, inspect, select, table

from idp_sync.adapters.register.engine import Database
from idp_sync.adapters.register.errors import mapped
from idp_sync.adapters.register.journal import OWN_FACTS
from idp_sync.adapters.register.schema import REVISION, fact
from idp_sync.adapters.register.sealing import Seal, ensure_key, read_seal
from idp_sync.domain.errors import NotSetUp
from idp_sync.ports import Step

_OURS_ALONE: Final = 0o600
_OTHERS: Final = 0o077
_KEY_CHECK: Final = f"{OWN_FACTS}key-check"
_VERSION_TABLE: Final = "alembic_version"
_VERSION: Final = table(_VERSION_TABLE, column("version_num"))


def set_up(database: Database, key_file: Path) -> list[Step]:
    """Make sure of the key file, the database and its schema; all of it in one transaction, for which others wait.

    A process that is killed half-way leaves an empty file, and a key that nothing was sealed with yet: the next run
    goes on from there. The key is made for a new database only: with another key, what an existing one holds could
    never be opened again.
    """
    steps: list[Step] = []
    if database.file is not None:
        steps.append(_step(f"register file {database.file}", changed=_ensure_file(database.file)))
    with database.begin() as connection:
        present = _revision(connection)
        key_made = present is None and ensure_key(key_file)
        seal = read_seal(key_file)
        if present is not None:
            _check_revision(present, database.where, may_be_older=True)
            check_key(connection, seal, key_file)
        if present != REVISION:
            _migrate(connection, database.where)
        if present is None:
            connection.execute(insert(fact).values(name=_KEY_CHECK, value=seal.check_value))
        connection.commit()
    steps.append(_step(f"register key {key_file}", changed=key_made | _close_to_others(key_file)))
    steps.append(_step(f"register schema {REVISION}", changed=present != REVISION))
    return steps


def check_schema(connection: Connection, where: str) -> None:
    """Raise NotSetUp unless the register is there, with the schema of this release."""
    revision = _revision(connection)
    if revision is None:
        raise not_there(where)
    _check_revision(revision, where)


def check_revision(connection: Connection, where: str) -> None:
    """As `check_schema`, for a register that was seen already: one short statement."""
    _check_revision(str(connection.execute(select(_VERSION.c.version_num)).scalar()), where)


def check_key(connection: Connection, seal: Seal, key_file: Path) -> None:
    """Raise NotSetUp where the register was sealed with another key."""
    expected = connection.execute(select(fact.c.value).where(fact.c.name == _KEY_CHECK)).scalar()
    if expected != seal.check_value:
        raise NotSetUp(
            f"{key_file}: 密钥与登记库不符，请恢复原密钥文件 / is not the key of this register; restore the right one"
        )


def not_there(where: str) -> NotSetUp:
    """The error for a register that does not exist."""
    return NotSetUp(f"{where}: 登记库尚未建立 / there is no register yet; run `idp-sync init`")


def _step(what: str, *, changed: bool) -> Step:
    return Step(what=what, changed=changed)


def _revision(connection: Connection) -> str | None:
    """The revision of the schema; None for an empty database."""
    if not inspect(connection).has_table(_VERSION_TABLE):
        return None
    found = connection.execute(select(_VERSION.c.version_num)).scalar()
    return None if found is None else str(found)


def _check_revision(revision: str, where: str, *, may_be_older: bool = False) -> None:
    if revision == REVISION:
        return
    if revision not in _known_revisions():
        raise NotSetUp(
            f"{where}: 登记库由更新版本写入，请使用该版本 / written by a newer release of idp-sync; use that release"
        )
    if not may_be_older:
        raise NotSetUp(f"{where}: 登记库版本较旧，请升级 / has the schema of an older release; run `idp-sync init`")


def _known_revisions() -> frozenset[str]:
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - takes a while, and is seldom needed

    script = ScriptDirectory(str(_scripts()))
    return frozenset(revision.revision for revision in script.walk_revisions())


def _migrate(connection: Connection, where: str) -> None:
    """Bring the schema to this release's, within the transaction of the connection."""
    from alembic import command  # noqa: PLC0415 - takes a while, and is seldom needed
    from alembic.config import Config  # noqa: PLC0415
    from alembic.util.exc import CommandError  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_scripts()).replace("%", "%%"))
    config.attributes["connection"] = connection
    with mapped(where, migrating=(CommandError,)):
        command.upgrade(config, REVISION)


def _scripts() -> Path:
    return Path(__file__).parent / "migrations"


def _ensure_file(path: Path) -> bool:
    """Make an empty file, readable by us alone, where there is none; SQLite's other files take its mode over."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, _OURS_ALONE))
    except FileExistsError:
        return _close_to_others(path)
    return True


def _close_to_others(path: Path) -> bool:
    """Take a file's rights from everybody else; whether anybody had any."""
    if not path.stat().st_mode & _OTHERS:
        return False
    path.chmod(_OURS_ALONE)
    return True
