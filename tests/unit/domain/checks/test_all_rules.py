"""All rules together: the order, the verdict, and that nothing in an application makes a check raise."""

from __future__ import annotations

import unicodedata
from dataclasses import fields

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp_sync.domain.account import AccountState
from idp_sync.domain.application import Application, Document, Form, Opinion, Row
from idp_sync.domain.checks import RULES, check
from idp_sync.domain.checks.quoting import LONGEST, quotable
from idp_sync.domain.finding import Code, Finding, Outcome
from idp_sync.domain.known import NOTHING_KNOWN, Known
from idp_sync.domain.unit import DocumentType, Level, OrganisationType, Unit, UserClass
from tests.builders import BOOK, TODAY, application, case, checked, known, row, user

#: of users who are not active when the form is right
STATES = {Form.RESTORE: AccountState.SUSPENDED, Form.BUSINESS_DELETION: AccountState.DEREGISTERED}


@pytest.mark.parametrize("form", list(Form), ids=str)
def test_a_sound_application_is_accepted(form: Form) -> None:
    users = () if form.opens_accounts else (user(),)
    if form in STATES:
        users = (user(state=STATES[form]),)
    for what in (NOTHING_KNOWN, known(*users, pending_business=0)):
        verdict = checked(application(form), what)
        assert verdict.outcome is Outcome.ACCEPT
        assert verdict.codes == ()


def test_every_rule_says_its_policy() -> None:
    assert len(set(RULES)) == len(RULES) == 17
    assert all(rule.__doc__ for rule in RULES)


def test_findings_come_in_the_order_in_which_an_office_reads() -> None:
    bad = application(Form.NEW_USER, row(sex="女", permissions=()), stamp_present=False, received_by="")
    assert checked(bad).codes == ("STAMP_MISSING", "ID_SEX_MISMATCH", "PERM_UNKNOWN", "CHANNEL_WRONG")


def test_what_reading_the_file_found_counts_and_comes_first() -> None:
    read = (Finding(code=Code.CELL_FORMULA, row=1, field="姓名"),)
    verdict = check(application(stamp_present=False), book=BOOK, today=TODAY, read=read)
    assert verdict.codes == ("CELL_FORMULA", "STAMP_MISSING")
    assert verdict.findings[0] == read[0]
    assert check(application(), book=BOOK, today=TODAY, read=read).outcome is Outcome.RETURN


def test_the_same_finding_is_listed_once() -> None:
    again = (Finding(code=Code.STAMP_MISSING, field="单位盖章"),)
    verdict = check(application(stamp_present=False), book=BOOK, today=TODAY, read=again)
    assert verdict.findings.count(again[0]) == 1


# --- what may be quoted ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("110000199001019018", "110000********9018"),
        ("原号110000199001019018，补", "原号110000********9018，补"),
        ("旧号110000900101901", "旧号***************"),
        ("11000019900101901x", "110000********901X"),
        ("１１００００１９９００１０１９０１８", "110000********9018"),
        ("110000 19900101 9018", "110000********9018"),
        ("KEY-000001", "KEY-000001"),
        ("010-00000000", "010-00000000"),
        ("12345678901234", "12345678901234"),
        ("91110105PDY0010124", "91110105PDY0010124"),
        ("一\n二\x1b[31m\u202e三\0", "一 二 [31m 三 "),
        ("测" * (LONGEST + 1), "测" * LONGEST + "…"),
        ("测" * LONGEST, "测" * LONGEST),
        ("", ""),
    ],
)
def test_what_a_finding_quotes(written: str, shown: str) -> None:
    assert quotable(written) == shown


# --- nothing makes a check raise -------------------------------------------------------------------------------------

texts = st.text(max_size=30) | st.sampled_from(
    [
        "",
        "cy0001",
        "测试甲",
        "男",
        "110000199001019018",
        "1.1E+17",
        "MGMT-DIST.REG.01",
        "(按机构类型统一设置)",
        "、；\n",
        "KEY-000001",
        "110105",
        "110103",
        "2025-03-03",
        "房屋登记管理处",
        "营业执照",
        "91110105PDY0010124",
    ]
)
many = st.lists(texts, max_size=3).map(tuple)
rows = st.builds(
    Row,
    number=st.integers(0, 3),
    permissions=many,
    present_permissions=many,
    **{
        field.name: texts for field in fields(Row) if field.name not in {"number", "permissions", "present_permissions"}
    },
)
units = st.builds(
    Unit,
    name=texts,
    user_class=st.sampled_from(UserClass),
    level=st.none() | st.sampled_from(Level),
    district=st.none() | texts,
    organisation_type=st.none() | st.sampled_from(OrganisationType),
    document_type=st.none() | st.sampled_from(DocumentType),
    credit_code=st.none() | texts,
    organisation_code=st.none() | texts,
)
applications = st.builds(
    Application,
    id=texts,
    form=st.sampled_from(Form),
    received_on=texts,
    received_by=texts,
    unit=units,
    rows=st.lists(rows, max_size=7).map(tuple),
    stamp_present=st.booleans(),
    signed_by=texts,
    contact_name=texts,
    contact_phone=texts,
    commitment_present=st.booleans(),
    documents=st.lists(st.builds(Document, type=texts), max_size=3).map(tuple),
    review=st.none() | st.builds(Opinion, opinion=texts, date=texts),
    text=texts,
)
users = st.builds(
    user,
    st.just("cy0001"),
    state=st.sampled_from(AccountState),
    name=st.none() | texts,
    id_number=st.none() | texts,
    key_number=st.none() | texts,
    permissions=st.none() | st.frozensets(texts, max_size=3),
    unit=st.none() | units,
)
knowledge = st.just(NOTHING_KNOWN) | st.builds(
    lambda found, pending: Known(users={"cy0001": found}, pending_business=pending),
    users,
    st.none() | st.integers(0, 3),
)


#: how long an example takes says more about the machine than about the checks
AT_LEISURE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@AT_LEISURE
@given(applications, knowledge)
def test_anything_that_can_be_written_is_judged(whatever: Application, what: Known) -> None:
    verdict = checked(whatever, what)
    assert (verdict.outcome is Outcome.ACCEPT) == (verdict.codes == ())
    for finding in verdict.findings:
        sentence = finding.sentence()
        assert not any(unicodedata.category(character) in {"Cc", "Cf", "Cs"} for character in sentence)


@AT_LEISURE
@given(applications)
def test_what_was_not_asked_is_not_checked(whatever: Application) -> None:
    found = [finding.code for rule in RULES[-3:] for finding in rule(case(whatever))]
    assert found == []
