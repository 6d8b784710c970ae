"""Registers for tests: where one is, how it looks from outside, and what is put into it. All people are fictitious."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, text

from idp_sync.config import RegisterSettings
from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.application import Application, Form, Row, State
from idp_sync.domain.finding import Outcome
from idp_sync.domain.key import Certificate, Key, KeyState
from idp_sync.domain.unit import DocumentType, Level, OrganisationType, Unit, UserClass
from idp_sync.ports import ApplicationRecord, Decision

ID_A, ID_B = "110000199001019018", "110000199001019026"
NOON = datetime(2025, 3, 3, 4, 0, tzinfo=UTC)
WINDOW = Unit(name="虚构单位朝阳区登记窗口", user_class=UserClass.MANAGEMENT, level=Level.DISTRICT, district="110105")
BANK = Unit(
    name="虚构银行",
    user_class=UserClass.ENTERPRISE,
    organisation_type=OrganisationType.FINANCIAL,
    document_type=DocumentType.FINANCIAL,
    credit_code="911101050000000000",  # digits only, as an ID number
    organisation_code="00000000X",
)


@dataclass
class Place:
    """Where a register is, and how to look at it from outside."""

    settings: RegisterSettings

    @property
    def is_file(self) -> bool:
        """Whether it is a file and no server."""
        return self.settings.url.startswith("sqlite")

    def execute(self, sql: str) -> None:
        """Run a statement behind the register's back."""
        engine = create_engine(self.settings.url)
        with engine.begin() as connection:
            connection.execute(text(sql))
        engine.dispose()

    def values(self, sql: str) -> list[tuple[Any, ...]]:
        """What a query finds, asked behind the register's back."""
        engine = create_engine(self.settings.url)
        with engine.connect() as connection:
            found = [tuple(row) for row in connection.execute(text(sql))]
        engine.dispose()
        return found

    def plan_of(self, sql: str, values: tuple[object, ...]) -> list[str]:
        """How SQLite goes about a statement: its steps, such as «SEARCH duty USING INDEX …»."""
        with closing(sqlite3.connect(self.settings.url.removeprefix("sqlite:///"))) as connection:
            return [str(step[3]) for step in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]

    def bytes(self) -> bytes:
        """All that the database holds, as a thief would see it."""
        if self.is_file:
            file = Path(self.settings.url.removeprefix("sqlite:///"))
            return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))
        return subprocess.run(
            ["pg_dump", self.settings.url.replace("+psycopg", "")], capture_output=True, check=True
        ).stdout

    def run(self, script: str) -> subprocess.Popen[str]:
        """Another process with `register` at hand."""
        begin = (
            "import sys, time; from pathlib import Path\n"
            "from datetime import datetime, UTC\n"
            "from idp_sync.adapters.register import SqlRegister; from idp_sync.config import RegisterSettings\n"
            "register = SqlRegister(RegisterSettings(url=sys.argv[1], key_file=Path(sys.argv[2])))\n"
        )
        return subprocess.Popen(
            [sys.executable, "-c", begin + script, self.settings.url, str(self.settings.key_file)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )


def _sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / 'register.db'}"


def _postgresql(_folder: Path) -> str:
    url = os.environ["IDP_SYNC_TEST_POSTGRESQL"]
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


#: the databases that there are, and the address of an empty one
URLS: dict[str, Callable[[Path], str]] = {"sqlite": _sqlite}
if "IDP_SYNC_TEST_POSTGRESQL" in os.environ:
    URLS["postgresql"] = _postgresql


def account(login: str = "cy0001", **changes: object) -> Account:
    fields: dict[str, object] = {
        "login": login,
        "person_number": f"P-{login}",
        "name": "测试甲",
        "unit": WINDOW,
        "permissions": frozenset({"MGMT-DIST.REG.01", "MGMT-DIST.REG.02"}),
        "state": AccountState.ACTIVE,
        "application": "APP-1",
        "opened_at": NOON,
    }
    return Account(**{**fields, **changes})  # type: ignore[arg-type]


def application(number: str = "APP-1", **changes: object) -> Application:
    fields: dict[str, object] = {
        "id": number,
        "form": Form.NEW_USER,
        "received_on": "2025-03-03",
        "received_by": "房屋登记管理处",
        "unit": WINDOW,
        "rows": (
            Row(number=1, name="测试甲", sex="男", id_number=ID_A, permissions=("MGMT-DIST.REG.01",), scope="110105"),
            Row(number=2, name="测试乙", sex="女", id_number=ID_B, permissions=(), permission_words="打印"),
        ),
    }
    return Application(**{**fields, **changes})  # type: ignore[arg-type]


def record(handed_in: Application | None = None, **changes: object) -> ApplicationRecord:
    fields: dict[str, object] = {
        "application": handed_in or application(),
        "state": State.RECEIVED,
        "outcome": Outcome.ACCEPT,
        "findings": (),
        "imported_at": NOON,
        "imported_by": "测试管理员",
        "source": "a3.xlsx / Sheet1",
    }
    return ApplicationRecord(**{**fields, **changes})  # type: ignore[arg-type]


def decision(number: str = "APP-1", **changes: object) -> Decision:
    fields: dict[str, object] = {
        "application": number,
        "office": "registration",
        "actor": "测试审核员",
        "at": NOON,
        "verdict": "approve",
        "opinion": "同意",
    }
    return Decision(**{**fields, **changes})  # type: ignore[arg-type]


def key(number: str = "KEY-000001", **changes: object) -> Key:
    fields: dict[str, object] = {
        "number": number,
        "office": "research-centre",
        "user_class": UserClass.MANAGEMENT,
        "state": KeyState.IN_STOCK,
    }
    return Key(**{**fields, **changes})  # type: ignore[arg-type]


def certificate(serial: int, **changes: object) -> Certificate:
    fields: dict[str, object] = {
        "serial": f"{serial:x}",
        "thumbprint": f"{serial:064x}",
        "login": "cy0001",
        "key_number": "KEY-000001",
        "not_before": NOON,
        "not_after": NOON + timedelta(days=365),
        "pem": "-----BEGIN CERTIFICATE-----\n",
    }
    return Certificate(**{**fields, **changes})  # type: ignore[arg-type]


def finished(process: subprocess.Popen[str]) -> str:
    """What a process printed; it must have ended well."""
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out
