"""Whether the form agrees with what register and trading system know; what was not asked is not checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from idp_sync.domain.account import AccountState
from idp_sync.domain.application import Form, Row
from idp_sync.domain.checks.case import Case
from idp_sync.domain.citizen_id import fold_typed
from idp_sync.domain.district import Districts
from idp_sync.domain.finding import Code, Finding
from idp_sync.domain.known import KnownUser
from idp_sync.domain.name import read_name
from idp_sync.domain.unit import Unit, UserClass

#: the state of the users that a form is for; forms that end an account are for active and suspended ones alike
_STATE_OF_USERS: Mapping[Form, AccountState] = {
    # a suspended user first has the login restored: 恢复登录资格后继续申请办理 (Article 6 (4))
    Form.KEY_REPLACEMENT: AccountState.ACTIVE,
    Form.USER_RENAME: AccountState.ACTIVE,
    Form.PERMISSION_CHANGE: AccountState.ACTIVE,
    Form.ENTERPRISE_CHANGE: AccountState.ACTIVE,
    # only a suspended login is restored
    Form.RESTORE: AccountState.SUSPENDED,
    # 密钥注销后发现存在未完成的业务 (Article 6 (3)): before that, the user finishes or deletes it himself
    Form.BUSINESS_DELETION: AccountState.DEREGISTERED,
}


def people_are_as_stated(case: Case) -> Iterator[Finding]:
    """Users named on the form exist and are what the form says; new ones have no account yet (Article 8)."""
    users = case.known.users
    if users is None:
        return
    for row in case.application.rows:
        if case.application.form.opens_accounts:
            yield from _already_has_an_account(row, users.values())
            continue
        user = users.get(row.login.strip())
        if user is None:
            yield Finding(code=Code.USER_UNKNOWN, row=row.number, field="登录名称", detail=row.login)
        elif user.state is AccountState.DEREGISTERED and case.application.form is not Form.BUSINESS_DELETION:
            yield Finding(code=Code.USER_CANCELLED, row=row.number, field="登录名称", detail=row.login)
        else:
            yield from _user_is_as_stated(case, row, user)


def _already_has_an_account(row: Row, users: Iterable[KnownUser]) -> Iterator[Finding]:
    wanted = fold_typed(row.id_number)[0]
    for user in users:
        if wanted and user.id_number == wanted and user.state is not AccountState.DEREGISTERED:
            yield Finding(code=Code.USER_EXISTS, row=row.number, field="身份证号", detail=user.login)


def _user_is_as_stated(case: Case, row: Row, user: KnownUser) -> Iterator[Finding]:
    if user.name is not None and read_name(row.name).name != user.name:
        yield Finding(code=Code.USER_UNKNOWN, row=row.number, field="用户姓名", detail=f"与登录名称{user.login}不符")
    if user.unit is not None and not is_same_unit(user.unit, case.application.unit, case.book.districts):
        detail = f"{user.login}不是申请单位的用户"
        yield Finding(code=Code.USER_UNKNOWN, row=row.number, field="登录名称", detail=detail)
    yield from _state_allows(case.application.form, row, user)
    yield from _key_is_the_holders(case.application.form, row, user)
    yield from _permissions_are_the_present_ones(case, row, user)
    if case.names_a_new_holder(row):
        others = (u for u in (case.known.users or {}).values() if u.login != user.login)
        yield from _already_has_an_account(row, others)


def is_same_unit(one: Unit, other: Unit, districts: Districts) -> bool:
    """Whether a unit answers for another's people: nobody changes or deregisters the users of somebody else.

    Enterprises are told apart by their organisation code. Management units have no code and write their names in many
    ways, so that class, level and district are compared: what decides about permissions and their reach. What was
    left unfinished is deleted on the word of the former unit (reading A-23): it is told in the same way.
    """
    if (one.user_class, one.level) != (other.user_class, other.level):
        return False
    if one.user_class is UserClass.MANAGEMENT:
        return districts.find(one.district) is districts.find(other.district)
    return one.identity == other.identity


def _state_allows(form: Form, row: Row, user: KnownUser) -> Iterator[Finding]:
    """The user is in the state that the form is for (Article 6 (3) and (4))."""
    if user.state is not _STATE_OF_USERS.get(form, user.state):
        yield Finding(code=Code.STATE_MISMATCH, row=row.number, field="登录名称", detail=f"现状为{user.state.zh}")


def _key_is_the_holders(form: Form, row: Row, user: KnownUser) -> Iterator[Finding]:
    """原密钥编号 in Annex 4 and 密钥编号 in Annex 5, and on the enterprises' form, name this user's key."""
    if not (form is Form.KEY_REPLACEMENT or form.names_a_holder) or user.key_number is None:
        return
    if row.key_number.strip() != user.key_number:
        yield Finding(code=Code.KEY_MISMATCH, row=row.number, field="密钥编号", detail=row.key_number)


def _permissions_are_the_present_ones(case: Case, row: Row, user: KnownUser) -> Iterator[Finding]:
    """What the form states as present is what the user has.

    Annex 6 says it in 原申请权限. Annex 4, and Annex 5 for the same person, change nothing but key or name: other
    permissions are applied for with Annex 6 (reading A-11).
    """
    form = case.application.form
    if user.permissions is None:
        return
    if form is Form.PERMISSION_CHANGE:
        stated, field = case.meant(row.present_permissions), "原申请权限"
    elif form is Form.KEY_REPLACEMENT or (form is Form.USER_RENAME and not case.names_a_new_holder(row)):
        stated, field = case.codes(row), "申请权限"
    else:
        return
    if stated != user.permissions:
        differing = "、".join(sorted(stated ^ user.permissions))
        yield Finding(code=Code.STATE_MISMATCH, row=row.number, field=field, detail=f"不一致：{differing}")


def nobody_is_on_another_application(case: Case) -> Iterator[Finding]:
    """One application at a time for one person: two of them, decided apart, would contradict each other."""
    for row in case.application.rows:
        names = (row.login.strip(), fold_typed(row.id_number)[0])
        others = dict.fromkeys(number for name in names if name for number in case.known.in_flight.get(name, ()))
        if others:
            yield Finding(code=Code.APPLICATION_IN_FLIGHT, row=row.number, detail="、".join(others))


def no_business_is_unfinished(case: Case) -> Iterator[Finding]:
    """提出注销申请前应要求拟注销用户将名下未完成业务办结或删除 (Article 6, R-26).

    Annex 5, and the enterprises' form for changes, close an account too where they name a new holder.
    """
    pending = case.known.pending_business
    if pending and closes_an_account(case):
        yield Finding(code=Code.PENDING_BUSINESS, detail=f"{pending}件")


def closes_an_account(case: Case) -> bool:
    """Whether the application, once carried out, ends somebody's account."""
    application = case.application
    return application.form in {Form.DEREGISTRATION, Form.ENTERPRISE_CANCEL} or any(
        map(case.names_a_new_holder, application.rows)
    )
