"""The acts of all offices in any order: what the regulation promises holds after each of them.

The register is real, the servers are those in memory. An act that the rules forbid is refused and changes nothing; any
other exception fails the test. All people are fictitious.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from idp_sync.domain.account import Account, AccountState
from idp_sync.domain.application import Application, State
from idp_sync.domain.duty import DutyKind
from idp_sync.domain.errors import Conflict, NotFound, Refused
from idp_sync.domain.key import Certificate, Key, KeyState, RevocationReason
from idp_sync.domain.unit import OrganisationType, UserClass
from idp_sync.ports import ApplicationRecord
from tests.builders import id_number
from tests.house import (
    CONFIGURES,
    MARKET,
    RECEIVES,
    REGISTRATION,
    RESEARCH,
    SECURITY,
    SERVICE,
    SERVICE_ISSUES,
    House,
    house,
    person,
)

PEOPLE = {f"测试{name}": id_number(serial) for serial, name in enumerate("甲乙丙丁", 1)}
PERMISSIONS = ("MGMT-DIST.REG.01", "MGMT-DIST.REG.02", "MGMT-DIST.TRADE.02")
BUNDLE = "(按机构类型统一设置)"
TAKES_EFFECT = {State.APPROVED, State.CARRIED_OUT, State.ARCHIVED}

who = st.sampled_from(sorted(PEOPLE))
wanted = st.sets(st.sampled_from(PERMISSIONS), min_size=1).map(sorted)
pick = st.integers(min_value=0, max_value=99)


class Offices(RuleBasedStateMachine):
    """All that offices and units do."""

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(tempfile.TemporaryDirectory())
        self.office: House = self.stack.enter_context(house(Path(folder)))
        self.papers = 0

    def teardown(self) -> None:
        self.stack.close()

    # --- what units apply for ----------------------------------------------------------------------------------------

    @initialize(name=who, permissions=wanted)
    def somebody_is_a_user(self, name: str, permissions: list[str]) -> None:
        self.new_user(name, permissions)
        self.sync()
        self.hand_over(0)

    @rule(name=who, permissions=wanted)
    def new_user(self, name: str, permissions: list[str]) -> None:
        row = person(name=name, id_number=PEOPLE[name], permissions=tuple(permissions))
        self.take_in("A3", row, REGISTRATION if any("REG" in p for p in permissions) else MARKET)

    @rule(name=who)
    def new_enterprise_user(self, name: str) -> None:
        self.take_in("ENT-NEW", person(name=name, id_number=PEOPLE[name], permissions=(BUNDLE,)), SERVICE)

    @precondition(lambda self: self.living())
    @rule(which=pick, ground=st.sampled_from(("损坏", "到期", "丢失")))
    def another_key(self, which: int, ground: str) -> None:
        account = self.one_of(self.living(), which)
        row = {"用户姓名": account.name, "登录名称": account.login, "备注": ground}
        if account.user_class is UserClass.MANAGEMENT:
            more = {"原密钥编号": self.present_key(account), "申请权限": sorted(account.permissions)}
            self.take_in("A4", {**row, **more}, self.receiver(account))
        else:
            self.take_in("ENT-CHANGE", self.holder(account, account.name, self.id_of(account), ground), SERVICE)

    @precondition(lambda self: self.living())
    @rule(which=pick, name=who)
    def another_name_or_holder(self, which: int, name: str) -> None:
        account = self.one_of(self.living(), which)
        row = self.holder(account, name, PEOPLE[name], "")
        if account.user_class is UserClass.MANAGEMENT:
            self.take_in("A5", {**row, "申请权限": sorted(account.permissions)}, self.receiver(account))
        else:
            self.take_in("ENT-CHANGE", row, SERVICE)

    @precondition(lambda self: self.living())
    @rule(which=pick)
    def corrected_name(self, which: int) -> None:
        account = self.one_of(self.living(), which)
        row = self.holder(account, f"{account.name[:2]}新{account.name[-1]}", self.id_of(account), "")
        form, by = (
            ("A5", self.receiver(account)) if account.user_class is UserClass.MANAGEMENT else ("ENT-CHANGE", SERVICE)
        )
        self.take_in(form, {**row, "申请权限": sorted(account.permissions)} if form == "A5" else row, by)

    @precondition(lambda self: self.living(UserClass.MANAGEMENT))
    @rule(which=pick, permissions=wanted)
    def other_permissions(self, which: int, permissions: list[str]) -> None:
        account = self.one_of(self.living(UserClass.MANAGEMENT), which)
        row = {
            "用户姓名": account.name,
            "登录名称": account.login,
            "原申请权限": sorted(account.permissions),
            "现申请权限": permissions,
        }
        self.take_in("A6", row, REGISTRATION if any("REG" in p for p in permissions) else MARKET)

    @precondition(lambda self: self.living())
    @rule(which=pick)
    def deregistration(self, which: int) -> None:
        account = self.one_of(self.living(), which)
        row = {"用户姓名": account.name, "登录名称": account.login}
        if account.user_class is UserClass.MANAGEMENT:
            self.take_in("A7", row, RECEIVES)
        else:
            self.take_in("ENT-CANCEL", row, SERVICE, text="提交注销用户名下没有未完成业务")

    @precondition(lambda self: self.living())
    @rule(which=pick)
    def restoration(self, which: int) -> None:
        account = self.one_of(self.living(), which)
        unit = {"unit": self.unit_of(account)}
        self.take_in("RESTORE", {"用户姓名": account.name, "登录名称": account.login}, RESEARCH, **unit)

    # --- what offices decide -----------------------------------------------------------------------------------------

    @precondition(lambda self: self.open_applications())
    @rule(which=pick)
    def decide(self, which: int) -> None:
        self.approve(self.one_of(self.open_applications(), which).application.id)

    @precondition(lambda self: self.open_applications())
    @rule(which=pick)
    def give_back(self, which: int) -> None:
        found = self.one_of(self.open_applications(), which)
        with allowed_or_refused():
            by = found.application.received_by
            self.office.review.give_back(found.application.id, actor=self.office.who(f"审核@{by}"), opinion="请补正")

    @precondition(lambda self: self.applications())
    @rule(which=pick)
    def withdraw(self, which: int) -> None:
        found = self.one_of(self.applications(), which).application
        with allowed_or_refused():
            actor = self.office.who(f"受理@{found.received_by}")
            self.office.lifecycle.withdraw(found.id, actor=actor, reason="不再需要")

    @precondition(lambda self: self.applications())
    @rule(which=pick)
    def archive(self, which: int) -> None:
        found = self.one_of(self.applications(), which).application
        by = RESEARCH if found.unit.user_class is UserClass.MANAGEMENT else SERVICE_ISSUES
        with allowed_or_refused():
            self.office.lifecycle.archive(found.id, actor=self.office.who(by))

    # --- what offices do ---------------------------------------------------------------------------------------------

    @rule()
    def sync(self) -> None:
        self.office.sync()
        assert self.office.synchronise.plan().is_empty, "plan(apply(plan)) is empty"
        assert not self.office.duties(kind=DutyKind.CONFIGURE)
        held = {account.login: account for account in self.living()}
        entries = {entry.login: entry for entry in self.office.directory.entries()}
        assert entries.keys() == held.keys()
        assert all(entries[login].permissions == account.permissions for login, account in held.items())

    @precondition(lambda self: self.living())
    @rule(which=pick)
    def hand_over(self, which: int) -> None:
        account = self.one_of(self.living(), which)
        by = RESEARCH if account.user_class is UserClass.MANAGEMENT else SERVICE_ISSUES
        with allowed_or_refused():
            self.office.issue_key(account.login, by=by)

    @precondition(lambda self: self.keys_out())
    @rule(which=pick, how=st.sampled_from(("return", "lost", "revoke")))
    def take_from_its_holder(self, which: int, how: str) -> None:
        key = self.one_of(self.keys_out(), which)
        issuer = self.office.who(RESEARCH if key.user_class is UserClass.MANAGEMENT else SERVICE_ISSUES)
        with allowed_or_refused():
            if how == "return":
                self.office.collect.take_back(key.number, actor=issuer, brought_by="单位")
            elif how == "lost":
                self.office.collect.declare_lost(key.number, actor=issuer, reported_by="单位")
            else:
                reason = RevocationReason.KEY_COMPROMISE
                self.office.revoke.revoke(key.number, actor=self.office.who(SECURITY), reason=reason)

    @rule(count=st.integers(1, 2), user_class=st.sampled_from(UserClass))
    def buy_keys(self, count: int, user_class: UserClass) -> None:
        by = RESEARCH if user_class is UserClass.MANAGEMENT else SERVICE_ISSUES
        self.office.issue.take_into_stock(user_class, count, actor=self.office.who(by))

    @rule()
    def half_a_year_passes_and_the_idle_are_suspended(self) -> None:
        self.office.pass_time(days=190)
        with allowed_or_refused():
            plan = self.office.sweep.plan()
            self.office.sweep.apply(plan, actor=self.office.who(CONFIGURES), in_spite_of="核对过名单")

    @precondition(lambda self: self.living(UserClass.ENTERPRISE))
    @rule(which=pick, by=pick, code=st.sampled_from(("ENT-DEV.TRADE.02", "ENT-DEV.SYS.02", "ENT-FIN.SYS.03")))
    def withhold_or_give_back(self, which: int, by: int, code: str) -> None:
        login, boss = (self.one_of(self.living(UserClass.ENTERPRISE), n).login for n in (which, by))
        act = self.office.withhold
        with allowed_or_refused():
            (act.withhold if which % 2 else act.give_back)(login, code, by=boss)

    @precondition(lambda self: self.living(UserClass.MANAGEMENT))
    @rule(district=st.sampled_from(("110101", "110105", "110108")))
    def the_unit_moves(self, district: str) -> None:
        unit = self.living(UserClass.MANAGEMENT)[0].unit
        with self.office.register.transaction(read_only=True) as tx:
            registered = tx.units.find(unit)
        assert registered is not None, "every account's unit is registered"
        with allowed_or_refused():
            moved = replace(registered.unit, district=district)
            self.office.units.change(registered.number, moved, actor=self.office.who(CONFIGURES), apply=True)

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def one_person_has_one_account(self) -> None:
        people = Counter(self.id_of(account) for account in self.living())
        assert max(people.values(), default=1) == 1

    @invariant()
    def one_account_has_at_most_one_valid_key(self) -> None:
        keys, certificates = self.keys(), self.certificates()
        for account in self.accounts():
            valid = [c for c in certificates if c.login == account.login and c.revoked_at is None]
            assert [c.thumbprint for c in valid] == ([account.thumbprint] if account.thumbprint else [])
            issued = [k.number for k in keys if k.login == account.login and k.state is KeyState.ISSUED]
            assert issued == ([account.key_number] if account.key_number else [])
            assert [c.key_number for c in valid] == issued

    @invariant()
    def nobody_who_is_deregistered_has_anything(self) -> None:
        gone = [account for account in self.accounts() if account.state is AccountState.DEREGISTERED]
        assert all(account.key_number is None and account.thumbprint is None for account in gone)
        waits_for_a_key = {duty.login for duty in self.office.duties(kind=DutyKind.ISSUE_KEY)}
        assert not waits_for_a_key & {account.login for account in gone}

    @invariant()
    def a_key_is_in_stock_or_has_a_holder(self) -> None:
        for key in self.keys():
            assert (key.login is None) is (key.state is KeyState.IN_STOCK)

    @invariant()
    def only_keys_that_are_out_and_void_are_waited_for(self) -> None:
        keys = {key.number: key for key in self.keys()}
        for duty in self.office.duties(kind=DutyKind.COLLECT_KEY):
            assert keys[duty.key_number].state is KeyState.REVOKED

    @invariant()
    def every_permission_comes_from_an_approved_application_or_the_types_bundle(self) -> None:
        approved = [found.application for found in self.applications() if found.state in TAKES_EFFECT]
        bundle = self.office.book.catalogue.bundle(OrganisationType.DEVELOPER)
        for account in self.living():
            if account.user_class is UserClass.ENTERPRISE:
                assert account.permissions <= bundle
            else:
                assert account.permissions <= asked_for(account, self.id_of(account), approved)
            assert account.application in {application.id for application in approved}

    @invariant()
    def what_is_approved_waits_for_something_and_what_is_carried_out_for_nothing(self) -> None:
        waiting = {duty.application for duty in self.office.duties() if duty.kind.holds_up}
        for found in self.applications():
            number = found.application.id
            if found.state is State.APPROVED:
                assert number in waiting, f"{number} would never be carried out"
            elif found.state in {State.CARRIED_OUT, State.ARCHIVED}:
                assert number not in waiting

    @invariant()
    def nobody_logs_in_with_a_key_that_was_taken_from_him(self) -> None:
        accounts = {account.login: account for account in self.accounts()}
        for entry in self.office.directory.entries():
            account = accounts[entry.login]
            if account.state is AccountState.ACTIVE:
                assert entry.thumbprint in {"", account.thumbprint}

    # --- means -------------------------------------------------------------------------------------------------------

    def take_in(self, form: str, row: dict[str, Any], by: str, **fields: Any) -> None:  # noqa: ANN401
        self.papers += 1
        if form.startswith("A"):
            fields.setdefault("unit", self.window())
        number = f"P-{self.papers:03}"
        taken = self.office.take_in(number, form, row, by=by, **fields)
        assert taken.verdict is not None
        if not taken.verdict.outcome.may_be_approved:  # or nobody on it could apply for anything any more
            self.office.review.give_back(number, actor=self.office.who(by), opinion="")
        elif self.papers % 3:  # the others lie there for a while
            self.approve(number)

    def approve(self, number: str) -> None:
        """Every office decides what is its own."""
        for by in (REGISTRATION, MARKET, RECEIVES, RESEARCH, SERVICE):
            with allowed_or_refused():
                self.office.review.approve(number, actor=self.office.who(by))

    def holder(self, account: Account, name: str, number: str, ground: str) -> dict[str, Any]:
        return {
            "密钥编号": self.present_key(account),
            "原用户姓名": account.name,
            "原登录名称": account.login,
            "现用户姓名": name,
            "性别": "男",
            "身份证号": number,
            "备注": ground,
        }

    def window(self) -> dict[str, Any]:
        """The unit where it is now."""
        living = self.living(UserClass.MANAGEMENT)
        district = living[0].unit.district if living else "110105"
        return {"name": "虚构单位登记窗口", "class": "管理单位", "level": "区级", "district": district}

    def unit_of(self, account: Account) -> dict[str, Any]:
        if account.user_class is UserClass.MANAGEMENT:
            return self.window()
        return {
            "name": account.unit.name,
            "class": "企业",
            "org_type": "开发企业",
            "document_type": "企业单位",
            "org_code": account.unit.organisation_code,
            "uscc": account.unit.credit_code,
        }

    def receiver(self, account: Account) -> str:
        return REGISTRATION if any("REG" in code for code in account.permissions) else MARKET

    def present_key(self, account: Account) -> str:
        held = [key for key in self.keys() if key.login == account.login]
        newest = max(held, key=lambda key: (str(key.handed_over_at), key.number), default=None)
        return account.key_number or (newest.number if newest is not None else "")

    def one_of(self, items: list[Any], which: int) -> Any:  # noqa: ANN401
        return items[which % len(items)]

    def accounts(self) -> list[Account]:
        return self._read(lambda tx: list(tx.accounts.all()))

    def living(self, user_class: UserClass | None = None) -> list[Account]:
        return [
            account
            for account in self.accounts()
            if account.state is not AccountState.DEREGISTERED and user_class in {None, account.user_class}
        ]

    def keys(self) -> list[Key]:
        return self._read(lambda tx: list(tx.keys.all()))

    def keys_out(self) -> list[Key]:
        return [key for key in self.keys() if key.state in {KeyState.ISSUED, KeyState.REVOKED}]

    def certificates(self) -> list[Certificate]:
        return self._read(lambda tx: list(tx.keys.certificates()))

    def applications(self) -> list[ApplicationRecord]:
        return self._read(lambda tx: [tx.applications.get(item.id) for item in tx.applications.summaries()])

    def open_applications(self) -> list[ApplicationRecord]:
        return [found for found in self.applications() if found.state in {State.RECEIVED, State.UNDER_REVIEW}]

    def id_of(self, account: Account) -> str:
        return self._read(lambda tx: tx.accounts.id_number(account.login))

    def _read(self, question: Callable[[Any], Any]) -> Any:  # noqa: ANN401
        with self.office.register.transaction(read_only=True) as tx:
            return question(tx)


@contextmanager
def allowed_or_refused() -> Iterator[None]:
    """An act that a rule may forbid: what is refused has changed nothing."""
    try:
        yield
    except (Refused, Conflict, NotFound):
        return


def asked_for(account: Account, id_: str, approved: list[Application]) -> set[str]:
    """All that approved applications have asked for this person."""
    return {
        code
        for application in approved
        for row in application.rows
        if row.login == account.login or row.id_number == id_
        for code in (*row.permissions, *row.present_permissions)
    }


def test_the_acts_of_all_offices_in_any_order_keep_what_the_regulation_promises() -> None:
    bounded = settings(
        max_examples=20,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
    )
    run_state_machine_as_test(Offices, settings=bounded)
