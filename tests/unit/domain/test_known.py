"""What is known of people: it shows no ID number."""

from __future__ import annotations

from dataclasses import replace

from idp_sync.domain.known import NOTHING_KNOWN
from tests.builders import id_number, known, user


def test_nothing_known_is_nothing_asked() -> None:
    assert (NOTHING_KNOWN.users, NOTHING_KNOWN.pending_business, NOTHING_KNOWN.key_returned) == (None, None, None)


def test_a_known_user_shows_no_id_number() -> None:
    assert repr(user()) == "KnownUser(login='cy0001', state='active')"
    assert repr(known(user(), pending_business=2)) == "Known(users=['cy0001'], pending_business=2)"
    assert id_number(1) not in repr(replace(known(user()), in_flight={id_number(1): ("A3-1",)}))
    assert NOTHING_KNOWN.in_flight == {}
