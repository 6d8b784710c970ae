"""The life of an application: every step from every state, and what no sequence of steps can do."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp_sync.domain.application import State
from idp_sync.domain.errors import Conflict
from idp_sync.domain.lifecycle import TRANSITIONS, Step, state_after

#: the picture of issue 4, written out once more: one line a state, one column a step, «-» where there is no way
PICTURE = """
             hand-in   amend     approve-part  approve   return    reject    withdraw   carry-out    archive
draft        received  draft     -             -         -         -         withdrawn  -            -
received     -         received  under-review  approved  returned  rejected  withdrawn  -            -
returned     -         received  -             -         -         -         withdrawn  -            -
rejected     -         -         -             -         -         -         -          -            -
under-review -         received  under-review  approved  returned  rejected  withdrawn  -            -
approved     -         -         -             -         -         -         withdrawn  carried-out  -
carried-out  -         -         -             -         -         -         -          -            archived
archived     -         -         -             -         -         -         -          -            -
withdrawn    -         -         -             -         -         -         -          -            -
"""


def drawn() -> dict[tuple[State, Step], State | None]:
    header, *lines = (line.split() for line in PICTURE.strip().splitlines())
    return {
        (State(state), Step(step)): None if target == "-" else State(target)
        for state, *targets in lines
        for step, target in zip(header, targets, strict=True)
    }


EXPECTED = drawn()
STEPS = st.lists(st.sampled_from(Step), max_size=30)
#: after these, nothing is decided any more
ENDS = {State.REJECTED, State.WITHDRAWN, State.ARCHIVED}
DECISIONS = {Step.APPROVE, Step.REJECT}


def test_the_picture_has_every_state_and_every_step() -> None:
    assert EXPECTED.keys() == set(product(State, Step))


@pytest.mark.parametrize(("state", "step"), list(product(State, Step)), ids=str)
def test_every_step_from_every_state(state: State, step: Step) -> None:
    target = EXPECTED[state, step]
    if target is not None:
        assert state_after(state, step, of="TEST-1") is target
        return
    with pytest.raises(Conflict) as refused:
        state_after(state, step, of="TEST-1")
    message = str(refused.value)
    assert message.startswith(f"TEST-1：{state.zh}，不能")
    assert message.endswith(f"/ is {state.value}, can't {step.value}: nothing was changed")
    assert "\n" not in message
    assert refused.value.__cause__ is None


def test_nobody_changes_the_table() -> None:
    with pytest.raises(TypeError):
        TRANSITIONS[State.REJECTED, Step.APPROVE] = State.APPROVED  # type: ignore[index]


def walked(steps: list[Step], start: State = State.DRAFT) -> list[tuple[State, Step, State]]:
    """What of these steps happened; who is refused changes nothing."""
    done: list[tuple[State, Step, State]] = []
    state = start
    for step in steps:
        try:
            after = state_after(state, step, of="TEST-1")
        except Conflict:
            continue
        done.append((state, step, after))
        state = after
    return done


@given(STEPS, st.sampled_from(sorted(ENDS)))
def test_nothing_leaves_the_ends(steps: list[Step], end: State) -> None:
    assert walked(steps, end) == []


@given(STEPS)
def test_what_was_carried_out_is_archived_and_nothing_else(steps: list[Step]) -> None:
    happened = walked(steps, State.CARRIED_OUT)
    assert happened == ([(State.CARRIED_OUT, Step.ARCHIVE, State.ARCHIVED)] if Step.ARCHIVE in steps else [])


@given(STEPS)
def test_nothing_is_decided_carried_out_or_archived_twice(steps: list[Step]) -> None:
    taken = [step for _, step, _ in walked(steps)]
    assert sum(step in DECISIONS for step in taken) <= 1
    assert all(taken.count(step) <= 1 for step in (Step.CARRY_OUT, Step.ARCHIVE, Step.WITHDRAW))


@given(STEPS)
def test_nothing_is_carried_out_without_approval_after_the_last_change(steps: list[Step]) -> None:
    taken = [step for _, step, _ in walked(steps)]
    if Step.CARRY_OUT in taken:
        assert taken[taken.index(Step.CARRY_OUT) - 1] is Step.APPROVE
    # who is amended is reviewed from the start: no part that was approved before is left over
    for (_, step, after), (_, following, _) in zip(walked(steps), walked(steps)[1:], strict=False):
        if step is Step.AMEND:
            assert after in {State.DRAFT, State.RECEIVED}
            assert following is not Step.CARRY_OUT


def test_two_reviewers_at_once_are_one_decision_and_one_conflict() -> None:
    approved = state_after(State.RECEIVED, Step.APPROVE, of="TEST-1")
    for second in (Step.APPROVE, Step.APPROVE_PART, Step.REJECT, Step.RETURN):
        with pytest.raises(Conflict, match="TEST-1：已批准"):
            state_after(approved, second, of="TEST-1")


def test_from_every_state_that_is_no_end_an_end_can_be_reached() -> None:
    reached = set(ENDS)
    while more := {state for (state, _), target in TRANSITIONS.items() if target in reached} - reached:
        reached |= more
    assert reached == set(State)
