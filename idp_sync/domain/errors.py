"""Everything that can go wrong in a way that a person can act upon.

    IdpSyncError
     ├── InputError          what was handed in can't be read or is malformed   exit 3
     ├── Refused             a rule of the regulation forbids it                exit 4
     │    └── NotCompetent   this office has no competence for it               exit 4
     ├── NotFound            nothing in the register bears that name            exit 5
     ├── Conflict            somebody else changed it in the meantime           exit 6
     ├── Unavailable         a server or a file can't be reached or answers not exit 7
     │    └── AccessDenied   a server refuses our own credentials               exit 7
     └── NotSetUp            configuration, register or stack is not (rightly) there   exit 8

Exit 0 is success, 1 means that the answer is «no» (drift found, doctor unhappy, findings that stop an application),
2 is click's own for a wrong command line, 70 a fault of ours, 130 an interruption, 141 that nobody reads the output any
more: what was not yet done is not done.

A message says what happened, to whom or what, and what to do; it never carries a secret or an ID number.
"""

from __future__ import annotations

from typing import ClassVar


class IdpSyncError(Exception):
    """An error whose message is meant for the person at the keyboard."""

    #: exit code of the command line
    exit_code: ClassVar[int] = 1


class InputError(IdpSyncError):
    """What was handed in can't be read, or is malformed as a whole."""

    exit_code = 3


class Refused(IdpSyncError):
    """A rule of the regulation, or one of ours, forbids the act."""

    exit_code = 4


class NotCompetent(Refused):
    """The acting office has no competence for the act (Article 3)."""


class NotFound(IdpSyncError):
    """Nothing in the register bears that name or number."""

    exit_code = 5


class Conflict(IdpSyncError):
    """The state that the act builds upon has changed in the meantime."""

    exit_code = 6


class Unavailable(IdpSyncError):
    """A server, or a file that it needs, can't be reached or does not answer in time."""

    exit_code = 7


class AccessDenied(Unavailable):
    """A server refuses our own credentials or rights."""


class NotSetUp(IdpSyncError):
    """Configuration, register or servers are not set up, or by another release."""

    exit_code = 8
