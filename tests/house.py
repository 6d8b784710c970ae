"""A whole house for tests: the register is real, directory, realms and authority are those in memory.

Everything is wired by the program's own bootstrap; the clock can be moved. All people are fictitious.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from idp_sync.adapters.authority import MemoryAuthority
from idp_sync.adapters.memory_directory import MemoryDirectory
from idp_sync.adapters.memory_realms import MemoryRealms, MemorySession
from idp_sync.bootstrap import Installation
from idp_sync.config import FILE_NAME
from idp_sync.domain.account import Account
from idp_sync.domain.application import State
from idp_sync.domain.duty import Duty
from idp_sync.domain.journal import Actor, Entry
from idp_sync.domain.key import Key
from idp_sync.domain.unit import UserClass
from idp_sync.services.intake import TakenIn

_SETTINGS = """
[register]
url = "sqlite:///{home}/register.sqlite"
key_file = "register.key"
[directory]
url = "ldaps://ldap.invalid"
suffix = "dc=idp-sync,dc=example"
bind_dn = "cn=idp-sync,dc=example"
password_file = "secret"
ca_file = "ca.pem"
[realms]
url = "https://login.invalid"
ca_file = "ca.pem"
client_secret_file = "secret"
directory_url = "ldaps://ldap.invalid"
directory_bind_dn = "cn=keycloak,dc=example"
directory_password_file = "secret"
[authority]
folder = "authority"
passphrase_file = "secret"
"""

#: the offices' people; nobody is twice in one chain
REGISTRATION = "登记一@房屋登记管理处"
MARKET = "市场一@房屋市场管理处"
CONFIGURES = "信息一@信息中心"
RECEIVES = "信息二@信息中心"
RESEARCH = "研究一@城建研究中心"
SERVICE = "综合一@综合服务中心"
SERVICE_ISSUES = "综合二@综合服务中心"
SECURITY = "安全一@安全管理员"

WINDOW = {"name": "虚构单位朝阳区登记窗口", "class": "管理单位", "level": "区级", "district": "110105"}
CITY = {"name": "虚构单位市级登记科", "class": "管理单位", "level": "市级"}
DEVELOPER = {
    "name": "虚构房地产开发有限公司",
    "class": "企业",
    "org_type": "开发企业",
    "document_type": "企业单位",
    "org_code": "PDY001012",
    "uscc": "91110105PDY0010124",
}
_DOCUMENTS = [
    {"type": type_, "original_checked": type_ != "法定代表人身份证件", "copy_stamped": True}
    for type_ in ("营业执照", "组织机构代码证", "法定代表人身份证件", "操作用户身份证件", "房地产开发企业资质证书")
]


@dataclass
class MovableClock:
    """A clock that stands until it is moved."""

    at: datetime = datetime(2025, 3, 3, 1, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment that it stands at."""
        return self.at


@dataclass(frozen=True)
class House(Installation):
    """An installation that is set up, with what people do in it."""

    @cached_property
    def clock(self) -> MovableClock:
        """Stands on 3 March 2025."""
        return MovableClock()

    @cached_property
    def directory(self) -> MemoryDirectory:
        """The directory in memory, held to the same contract as the real one."""
        return MemoryDirectory()

    @cached_property
    def realms(self) -> MemoryRealms:
        """The realms in memory, held to the same contract as Keycloak."""
        return MemoryRealms(self.directory.entries)

    @cached_property
    def authority(self) -> MemoryAuthority:
        """An authority that keeps its keys in memory."""
        return MemoryAuthority(clock=self.clock)

    # --- what people do ----------------------------------------------------------------------------------------------

    def who(self, words: str) -> Actor:
        """Somebody of an office: 姓名@部门."""
        name, _, office = words.partition("@")
        return Actor(name=name, office=self.book.offices.get(office))

    def take_in(self, number: str, form: str, *rows: dict[str, Any], by: str, **fields: Any) -> TakenIn:  # noqa: ANN401
        """An application comes in, sound unless `fields` say otherwise."""
        unit = fields.pop("unit", DEVELOPER if form.startswith("ENT") else WINDOW)
        document = {
            "id": number,
            "form": form,
            "received_on": self.clock.now().date().isoformat(),
            "received_by": by.partition("@")[2],
            "unit": unit,
            "stamp_present": True,
            "signed_by": "示例负责人",
            "contact": {"name": "测试联系人", "phone": "010-00000000"},
            "rows": [{"序号": place, **row} for place, row in enumerate(rows, start=1)],
            "documents": _DOCUMENTS if form in {"ENT-NEW", "ENT-CHANGE"} else [],
            "commitment_present": True,
            **fields,
        }
        content = json.dumps(document, ensure_ascii=False).encode()
        (taken,) = self.intake().take_in(f"{number}.json", content, actor=self.who(by))
        return taken

    def decided(self, number: str, form: str, *rows: dict[str, Any], by: str, **fields: Any) -> tuple[str, ...]:  # noqa: ANN401
        """An application comes in, and is approved by the office that took it in; the accounts that it concerns."""
        taken = self.take_in(number, form, *rows, by=by, **fields)
        assert taken.verdict is not None, taken.reason
        assert taken.verdict.outcome.may_be_approved, taken.verdict.codes
        return self.review.approve(number, actor=self.who(by)).opened

    def sync(self) -> None:
        """信息中心 configures; nothing is left to do."""
        assert self.synchronise.sync(actor=self.who(CONFIGURES)).complete

    def issue_key(self, login: str, *, by: str = RESEARCH) -> str:
        """A key is handed over; its number."""
        issued = self.issue.issue(login, actor=self.who(by), handed_to="持有人", deliver=lambda _: None)
        assert self.synchronise.push([login], actor=self.who(by)).complete
        return issued.key.number

    def clerk(self, number: str = "NEW-1", *, permissions: tuple[str, ...] = ("MGMT-DIST.REG.01",)) -> str:
        """测试甲 of the window, with account and key; the login."""
        (login,) = self.decided(number, "A3", person(permissions=permissions), by=REGISTRATION)
        self.sync()
        self.issue_key(login)
        return login

    def log_in(self, login: str, system: str = "trading") -> MemorySession:
        """Somebody logs in with the certificate on his key. Raises Refused."""
        account = self.account(login)
        return self.realms.log_in(account.user_class, system, account.thumbprint or "", at=self.clock.now())

    def pass_time(self, **delta: float) -> None:
        """So much time passes."""
        self.clock.at += timedelta(**delta)

    # --- what the register holds -------------------------------------------------------------------------------------

    def account(self, login: str) -> Account:
        """An account."""
        with self.register.transaction(read_only=True) as tx:
            return tx.accounts.get(login)

    def key(self, number: str) -> Key:
        """A key."""
        with self.register.transaction(read_only=True) as tx:
            return tx.keys.get(number)

    def state(self, number: str) -> State:
        """Where an application stands."""
        with self.register.transaction(read_only=True) as tx:
            return tx.applications.get(number).state

    def duties(self, **which: Any) -> tuple[Duty, ...]:  # noqa: ANN401
        """Open tasks."""
        with self.register.transaction(read_only=True) as tx:
            return tx.duties.open(**which)

    def journal_of(self, subject: str) -> list[Entry]:
        """What was done with somebody or something."""
        with self.register.transaction(read_only=True) as tx:
            return list(tx.journal.entries(subject=subject))


def person(**fields: Any) -> dict[str, Any]:  # noqa: ANN401
    """测试甲 on a form for new users, or whoever `fields` name."""
    words = {"name": "用户姓名", "sex": "性别", "id_number": "身份证号", "permissions": "申请权限"}
    sound: dict[str, Any] = {
        "name": "测试甲",
        "sex": "男",
        "id_number": "110000199001019018",
        "permissions": ("MGMT-DIST.REG.01",),
    }
    return {words[name]: list(v) if isinstance(v, tuple) else v for name, v in {**sound, **fields}.items()}


@contextmanager
def house(home: Path, **settings: str) -> Iterator[House]:
    """A house that is set up, with keys in stock at both issuers; `settings` as TOML has them."""
    more = "".join(f"{name} = {value}\n" for name, value in settings.items())
    (home / FILE_NAME).write_text(more + _SETTINGS.format(home=home), encoding="utf-8")
    built = House(home=home)
    list(built.set_up.set_up(actor=built.who(CONFIGURES)))
    built.issue.take_into_stock(UserClass.MANAGEMENT, 4, actor=built.who(RESEARCH))
    built.issue.take_into_stock(UserClass.ENTERPRISE, 4, actor=built.who(SERVICE_ISSUES))
    try:
        yield built
    finally:
        built.register.close()  # type: ignore[attr-defined]  # the port has no end, the adapter has
