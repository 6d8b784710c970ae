"""The life of a notice: each step once, and never sent twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp_sync.domain.errors import Conflict
from idp_sync.domain.notice import (
    FIRST_WAIT,
    JITTER,
    LONGEST_WAIT,
    MOST_ATTEMPTS,
    Notice,
    NoticeKind,
    NoticeState,
    claimed,
    doubted,
    is_address,
    later,
    notice,
    one_line,
    printed,
    queued_again,
    recipient,
    refused,
    sent,
    settled,
    wait_before,
)

NOON = datetime(2025, 3, 3, 4, tzinfo=UTC)
SOON = NOON + timedelta(minutes=1)
UNIT = recipient("虚构银行", "office@bank.example")


def a_notice(state: NoticeState = NoticeState.QUEUED, **changes: object) -> Notice:
    fresh = notice(NoticeKind.RETURNED, UNIT, office="registration", at=NOON, application="APP-1", opinion="缺章")
    return replace(fresh, state=state, **{"number": 7, **changes})  # type: ignore[arg-type]


_STEPS: dict[str, tuple[Callable[[Notice], Notice], dict[NoticeState, NoticeState]]] = {
    "claim": (lambda n: claimed(n, at=SOON), {NoticeState.QUEUED: NoticeState.SENDING}),
    "sent": (
        lambda n: sent(n, at=SOON),
        {NoticeState.SENDING: NoticeState.SENT, NoticeState.IN_DOUBT: NoticeState.SENT},
    ),
    "later": (lambda n: later(n, at=SOON, problem="450"), {NoticeState.SENDING: NoticeState.QUEUED}),
    "refused": (lambda n: refused(n, at=SOON, problem="550"), {NoticeState.SENDING: NoticeState.FAILED}),
    "doubt": (lambda n: doubted(n, problem="?"), {NoticeState.SENDING: NoticeState.IN_DOUBT}),
    "resend": (
        lambda n: queued_again(n, at=SOON),
        {NoticeState.FAILED: NoticeState.QUEUED, NoticeState.IN_DOUBT: NoticeState.QUEUED},
    ),
    "settle": (lambda n: settled(n, at=SOON), {NoticeState.IN_DOUBT: NoticeState.SENT}),
    "print": (
        lambda n: printed(n, at=SOON, by_mail=False),
        dict.fromkeys((NoticeState.QUEUED, NoticeState.FAILED, NoticeState.IN_DOUBT), NoticeState.PRINTED),
    ),
}


@pytest.mark.parametrize("step", _STEPS)
@pytest.mark.parametrize("state", NoticeState)
def test_every_step_from_every_state(step: str, state: NoticeState) -> None:
    take, leads_to = _STEPS[step]
    start = a_notice(state, attempts=1)
    if state in leads_to:
        assert take(start).state is leads_to[state]
        return
    with pytest.raises(Conflict, match=f"7：{state.zh}.*can't {step}"):
        take(start)


def test_what_an_attempt_leaves() -> None:
    attempt = claimed(a_notice(problem="450"), at=SOON)
    assert (attempt.attempts, attempt.attempted_at, attempt.problem) == (1, SOON, "")
    assert sent(attempt, at=SOON).done_at == SOON
    assert doubted(attempt, problem="cut").problem == "cut"
    assert refused(attempt, at=SOON, problem="550\r\nno such\tuser").problem == "550 no such user"
    again = later(attempt, at=SOON, problem="450 busy")
    assert (again.next_attempt_at, again.problem, again.done_at) == (SOON + wait_before(7, 1), "450 busy", None)


def test_what_a_server_says_is_kept_short_and_without_id_numbers() -> None:
    problem = refused(a_notice(NoticeState.SENDING), at=SOON, problem="110000199001019018 " + "y" * 9999).problem
    assert problem.startswith("110000********9018 y")
    assert len(problem) == 500


def test_after_too_many_attempts_it_has_failed() -> None:
    attempt = a_notice(NoticeState.SENDING, attempts=MOST_ATTEMPTS - 1)
    assert later(attempt, at=SOON, problem="450").state is NoticeState.QUEUED
    last = later(replace(attempt, attempts=MOST_ATTEMPTS), at=SOON, problem="450")
    assert (last.state, last.done_at, last.problem) == (NoticeState.FAILED, SOON, "450")


def test_sending_again_begins_anew() -> None:
    again = queued_again(a_notice(NoticeState.FAILED, attempts=MOST_ATTEMPTS, done_at=NOON), at=SOON)
    assert (again.attempts, again.next_attempt_at, again.done_at) == (0, SOON, None)


def test_what_will_be_sent_is_not_printed_as_well() -> None:
    with pytest.raises(Conflict, match="a letter would tell it twice"):
        printed(a_notice(), at=SOON, by_mail=True)
    assert printed(a_notice(recipient=recipient("虚构银行")), at=SOON, by_mail=True).done_at == SOON
    assert printed(a_notice(NoticeState.FAILED), at=SOON, by_mail=True).state is NoticeState.PRINTED


@given(st.integers(1, 10**9), st.integers(1, 10**6))
def test_waits_double_up_to_a_limit_with_a_jitter_that_can_be_foretold(number: int, attempts: int) -> None:
    plain = min(FIRST_WAIT * 2 ** min(attempts - 1, 30), LONGEST_WAIT)
    wait = wait_before(number, attempts)
    assert plain * (1 - JITTER) <= wait <= plain * (1 + JITTER)
    assert wait == wait_before(number, attempts)


def test_what_failed_together_is_not_tried_together() -> None:
    assert len({wait_before(number, 3) for number in range(100)}) > 90


def test_all_attempts_take_more_than_a_day() -> None:
    waits = [wait_before(1, attempts) for attempts in range(1, MOST_ATTEMPTS)]
    assert timedelta(days=1) < sum(waits, timedelta()) < timedelta(days=2)


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("office@bank.example", True),
        ("a.b+c@mail.bank.example", True),
        ("office@bank", False),
        ("office@bank.example, other@bank.example", False),
        ("office@bank.example\r\nBcc: other@bank.example", False),
        ("办公室@bank.example", False),
        ("office@银行.example", False),
        ("<office@bank.example>", False),
        ("office@-bank.example", False),
        ("a..b@bank.example", False),
        ("", False),
        ("x" * 64 + "@bank.example", True),
        ("x" * 65 + "@bank.example", False),
        ("office@" + "a." * 130 + "example", False),
    ],
)
def test_one_plain_address(text: str, good: bool) -> None:  # noqa: FBT001
    assert is_address(text) is good
    assert recipient("虚构银行", f" {text} ").email == (text if good else "")


def test_a_recipient_is_on_one_line() -> None:
    assert recipient("虚构\r\n银行\u202e\x00 ").name == "虚构 银行"
    assert one_line("a\n\nb\u2028c") == "a b c"


def test_a_notice_leaves_the_house_without_id_numbers_and_controls() -> None:
    fresh = notice(
        NoticeKind.RETURNED, UNIT, office="registration", at=NOON, opinion="110000199001019018\x1b有误\n重填"
    )
    assert fresh.fields == {"opinion": "110000********9018有误\n重填"}
    assert (fresh.state, fresh.number, fresh.next_attempt_at) == (NoticeState.QUEUED, 0, NOON)


def test_a_letter_is_what_waits_and_has_no_address() -> None:
    assert a_notice(recipient=recipient("虚构银行")).is_letter
    assert not a_notice().is_letter
    assert not a_notice(NoticeState.PRINTED, recipient=recipient("虚构银行")).is_letter


def test_everything_has_its_word_and_its_article() -> None:
    assert all(kind.zh and kind.article.startswith("第") for kind in NoticeKind)
    assert len({state.zh for state in NoticeState}) == len(NoticeState)
