"""From when to when a certificate is good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509

from idp_sync.adapters.authority.profiles import Validity
from idp_sync.domain.calendar import last_day_of_period
from idp_sync.domain.errors import Refused

#: X.509 counts whole seconds, and the last one belongs to the validity (RFC 5280, 4.1.2.5)
_SECOND: Final = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Period:
    """Both ends belong to it."""

    first: datetime
    last: datetime


def period(validity: Validity, now: datetime, issuer: x509.Certificate | None = None) -> Period:
    """The period of a certificate made now, within its issuer's; aware, in UTC, whole seconds.

    Raises:
        Refused: the issuer is not good now.
        ValueError: the moment is naive.
    """
    now = in_utc(now)
    first = now - timedelta(minutes=validity.skew_minutes)
    last = end_of_term(now, months=validity.months)
    if issuer is None:
        return Period(first, last)
    insist_on_good(issuer, now)
    return Period(max(first, issuer.not_valid_before_utc), min(last, issuer.not_valid_after_utc))


def end_of_term(start: datetime, *, months: int) -> datetime:
    """The last second of a term of whole months."""
    last_day = last_day_of_period(start.date(), months=months)
    return datetime.combine(last_day, start.timetz()) - _SECOND


def insist_on_good(authority: x509.Certificate, now: datetime) -> None:
    """Check that an authority's own certificate is good at that moment.

    Raises:
        Refused: it is over, or has not begun.
    """
    first, last = authority.not_valid_before_utc, authority.not_valid_after_utc
    name = authority.subject.rfc4514_string()
    if now > last:
        raise Refused(
            f"{name}: 签发机构证书已于 {last:%Y-%m-%d} 到期，须先更换签发机构 / the authority's certificate ended on "
            f"{last:%Y-%m-%d}: replace the authority before issuing"
        )
    if now < first:
        raise Refused(
            f"{name}: 签发机构证书自 {first:%Y-%m-%d %H:%M} 起有效，请检查系统时间 / the authority's certificate "
            f"begins on {first:%Y-%m-%d %H:%M} UTC: check this machine's clock"
        )


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC, in whole seconds.

    Raises:
        ValueError: it is naive.
    """
    if moment.utcoffset() is None:
        raise ValueError("a certificate's times need a time zone")
    return moment.astimezone(UTC).replace(microsecond=0)
