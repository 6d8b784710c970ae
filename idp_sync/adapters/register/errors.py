"""What goes wrong beneath the register, in domain words: one context manager, used by all of this package."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cryptography.exceptions import InvalidTag
from sqlalchemy import exc

from idp_sync.domain.errors import AccessDenied, Conflict, IdpSyncError, InputError, NotSetUp, Unavailable

_Kind = tuple[type[IdpSyncError], str]

_LOCKED: Final = "登记库被其他进程占用，请稍后重试 / locked by another process for too long; try again"
_FULL: Final = "磁盘已满，未写入任何内容 / disk is full, nothing was written; free some space and run it again"
_READ_ONLY: Final = "登记库只读，无法写入 / read-only: it can't be written; check the file, its folder and the mount"
_NO_ACCESS: Final = "登记库无法打开 / can't be opened; check the path and the rights on the file and its folder"
_NO_REGISTER: Final = "不是登记库文件 / is not a register, but some other file; check [register] url"
_DAMAGED: Final = "登记库已损坏，请恢复备份 / is damaged; restore the last backup"
_DISK: Final = "磁盘读写失败 / disk error on reading or writing; check the disk"
_MEMORY: Final = "内存不足 / out of memory"
_BROKEN_OFF: Final = "数据库连接失败 / the database can't be reached or broke off; try again"
_TWICE: Final = "与登记的内容冲突 / is in conflict with what the register holds already"
_RACE: Final = "他人同时作了修改，请重试 / somebody else changed it at the same time; try again"
_UNFIT: Final = "含有无法保存的字符或数值 / holds characters or numbers that can't be kept"
_BAD_URL: Final = "数据库地址有误或缺少驱动程序 / wrong URL, or its driver is not installed; check [register] url"

#: by the primary result code of SQLite
_SQLITE: Final[dict[int, _Kind]] = {
    sqlite3.SQLITE_BUSY: (Unavailable, _LOCKED),
    sqlite3.SQLITE_LOCKED: (Unavailable, _LOCKED),
    sqlite3.SQLITE_FULL: (Unavailable, _FULL),
    sqlite3.SQLITE_READONLY: (Unavailable, _READ_ONLY),
    sqlite3.SQLITE_CANTOPEN: (Unavailable, _NO_ACCESS),
    sqlite3.SQLITE_PERM: (Unavailable, _NO_ACCESS),
    sqlite3.SQLITE_AUTH: (Unavailable, _NO_ACCESS),
    sqlite3.SQLITE_NOTADB: (NotSetUp, _NO_REGISTER),
    sqlite3.SQLITE_CORRUPT: (Unavailable, _DAMAGED),
    sqlite3.SQLITE_IOERR: (Unavailable, _DISK),
    sqlite3.SQLITE_NOMEM: (Unavailable, _MEMORY),
    sqlite3.SQLITE_TOOBIG: (InputError, _UNFIT),
}

#: by the beginning of PostgreSQL's SQLSTATE, the longer first
_POSTGRESQL: Final[dict[str, _Kind]] = {
    "25006": (Unavailable, _READ_ONLY),
    "42501": (AccessDenied, _NO_ACCESS),
    "53100": (Unavailable, _FULL),
    "53200": (Unavailable, _MEMORY),
    "55P03": (Unavailable, _LOCKED),
    "57014": (Unavailable, _LOCKED),
    "28": (AccessDenied, "数据库拒绝登录 / the database refuses our account or password; check [register] url"),
    "3D": (NotSetUp, "数据库不存在 / there is no such database; create it, then run `idp-sync init`"),
    "40": (Conflict, _RACE),
}

#: by class, where neither of the databases says more; the first that fits
_CLASSES: Final[tuple[tuple[type[Exception], _Kind], ...]] = (
    (exc.IntegrityError, (Conflict, _TWICE)),
    (exc.DataError, (InputError, _UNFIT)),
    (exc.DBAPIError, (Unavailable, _BROKEN_OFF)),
    (exc.TimeoutError, (Unavailable, _LOCKED)),
    (exc.ArgumentError, (NotSetUp, _BAD_URL)),
    (exc.SQLAlchemyError, (Unavailable, "内部错误 / internal error")),
    (sqlite3.Error, (Unavailable, _BROKEN_OFF)),
    (ImportError, (NotSetUp, _BAD_URL)),
    (UnicodeError, (InputError, _UNFIT)),
    (OverflowError, (InputError, _UNFIT)),
    (
        InvalidTag,
        (Unavailable, "加密内容被改动或换行，请恢复备份 / a sealed value was altered or moved; restore a backup"),
    ),
)

_UPSTREAM: Final = tuple(class_ for class_, _ in _CLASSES)


@contextmanager
def mapped(where: str, *, taken: str = "", migrating: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turn what SQLAlchemy, its drivers and the sealing raise into domain errors.

    The cause is cut off (`from None`): SQL and its parameters stay in here.

    Args:
        where: what the message begins with: the place of the register, without a password.
        taken: the message of a Conflict, where a unique value is written.
        migrating: Alembic's errors, given by the one who has imported it (which takes a while).
    """
    try:
        yield
    except _UPSTREAM as error:
        if (own := _own_mistake(error)) is not None:
            raise own from None
        kind, message = _kind_of(error)
        if kind is Conflict and taken:
            raise Conflict(taken) from None
        raise kind(f"{where}: {message}（{_name_of(error)}）") from None
    except OSError as error:
        raise Unavailable(f"{where}: {_NO_ACCESS}（{error.strerror or type(error).__name__}）") from None
    except migrating as error:
        raise NotSetUp(f"{where}: 登记库升级失败 / migration failed（{type(error).__name__}）") from None


def _own_mistake(error: Exception) -> Exception | None:
    """A mistake of the caller that SQLAlchemy has wrapped, such as a naive datetime; not for the person at the desk."""
    if isinstance(error, exc.StatementError) and not isinstance(error, exc.DBAPIError):
        original = getattr(error, "orig", None)
        if isinstance(original, ValueError | TypeError):
            return original
    return None


def _kind_of(error: Exception) -> _Kind:
    original = getattr(error, "orig", None) or error
    if (code := getattr(original, "sqlite_errorcode", None)) is not None and (code & 0xFF) in _SQLITE:
        return _SQLITE[code & 0xFF]
    state = getattr(original, "sqlstate", None) or getattr(original, "pgcode", None) or ""
    for beginning, kind in _POSTGRESQL.items():
        if state.startswith(beginning):
            return kind
    return next(kind for class_, kind in _CLASSES if isinstance(error, class_))


def _name_of(error: Exception) -> str:
    """What an engineer looks it up by; never the text, which may quote values."""
    original = getattr(error, "orig", None) or error
    return getattr(original, "sqlite_errorname", None) or getattr(original, "sqlstate", None) or type(original).__name__
