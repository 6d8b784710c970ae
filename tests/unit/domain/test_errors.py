"""Errors: a tree with documented exit codes."""

from __future__ import annotations

import pytest

from idp_sync.domain import errors


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.IdpSyncError, 1),
        (errors.InputError, 3),
        (errors.Refused, 4),
        (errors.NotCompetent, 4),
        (errors.NotFound, 5),
        (errors.Conflict, 6),
        (errors.Unavailable, 7),
        (errors.AccessDenied, 7),
        (errors.NotSetUp, 8),
    ],
)
def test_exit_codes_are_those_of_the_drawing(error: type[errors.IdpSyncError], code: int) -> None:
    assert error.exit_code == code
    assert issubclass(error, errors.IdpSyncError)
    assert error.__name__ in (errors.__doc__ or "")


def test_narrower_errors_are_caught_as_the_wider_ones() -> None:
    assert issubclass(errors.NotCompetent, errors.Refused)
    assert issubclass(errors.AccessDenied, errors.Unavailable)
