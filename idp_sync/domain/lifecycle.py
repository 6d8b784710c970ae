"""The life of an application: every transition stands here once, with the states that it leads from and to.

draft → received → under review → approved → carried out → archived
          │  ↑          │            │
          │  └ amended ─┤            │
          ├→ returned ──┘            │
          ├→ rejected                │
          └→ withdrawn  ←────────────┘   at any point before it is carried out
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from idp_sync.domain.application import State
from idp_sync.domain.errors import Conflict


class Step(StrEnum):
    """What somebody does with an application."""

    #: a draft is printed, stamped and handed in
    HAND_IN = "hand-in"
    #: the applicant mends it: whatever was approved before no longer counts
    AMEND = "amend"
    #: one office has approved its items, another has still to decide
    APPROVE_PART = "approve-part"
    #: the last office has approved
    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    #: directory and realms know it, and the keys are handed over
    CARRY_OUT = "carry-out"
    #: 归档留存 by the office that issues the keys (Article 9)
    ARCHIVE = "archive"


_OPEN: Final = (State.RECEIVED, State.UNDER_REVIEW)

#: the only transitions that there are
TRANSITIONS: Final[Mapping[tuple[State, Step], State]] = MappingProxyType(
    {
        (State.DRAFT, Step.HAND_IN): State.RECEIVED,
        (State.DRAFT, Step.AMEND): State.DRAFT,
        (State.DRAFT, Step.WITHDRAW): State.WITHDRAWN,
        **{(state, Step.AMEND): State.RECEIVED for state in (*_OPEN, State.RETURNED)},
        **{(state, Step.APPROVE_PART): State.UNDER_REVIEW for state in _OPEN},
        **{(state, Step.APPROVE): State.APPROVED for state in _OPEN},
        **{(state, Step.RETURN): State.RETURNED for state in _OPEN},
        **{(state, Step.REJECT): State.REJECTED for state in _OPEN},
        **{(state, Step.WITHDRAW): State.WITHDRAWN for state in (*_OPEN, State.RETURNED, State.APPROVED)},
        (State.APPROVED, Step.CARRY_OUT): State.CARRIED_OUT,
        (State.CARRIED_OUT, Step.ARCHIVE): State.ARCHIVED,
    }
)


def state_after(state: State, step: Step, *, of: str) -> State:
    """The state that a step leads to.

    Raises:
        Conflict: there is no such transition: somebody else was faster, or the application is past that point.
    """
    try:
        return TRANSITIONS[state, step]
    except KeyError:
        raise Conflict(
            f"{of}：{state.zh}，不能{_ZH[step]} / is {state.value}, can't {step.value}: nothing was changed"
        ) from None


_ZH: Final[Mapping[Step, str]] = {
    Step.HAND_IN: "提交",
    Step.AMEND: "补正",
    Step.APPROVE_PART: "审核",
    Step.APPROVE: "审核",
    Step.RETURN: "退回",
    Step.REJECT: "不予批准",
    Step.WITHDRAW: "撤回",
    Step.CARRY_OUT: "办结",
    Step.ARCHIVE: "归档",
}
