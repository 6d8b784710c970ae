"""Districts of Beijing, today's and historical: 本区县 is the scope of district users."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """A district, or a local area that the bureau treats like one."""

    #: GB/T 2260 code, or a local one
    code: str
    name: str
    #: what login names of its users begin with
    login_prefix: str
    #: False for a local code that is no administrative district
    administrative: bool = True


@dataclass(frozen=True)
class Districts:
    """All districts, and what became of the former ones."""

    districts: tuple[District, ...]
    #: former code → today's code
    former: Mapping[str, str]

    @cached_property
    def _by_code(self) -> Mapping[str, District]:
        return {d.code: d for d in self.districts}

    def find(self, code: str | None) -> District | None:
        """The district of that code; a former code leads to today's district."""
        if code is None:
            return None
        return self._by_code.get(self.former.get(code, code))

    @property
    def known_codes(self) -> frozenset[str]:
        """Every code that stands or stood for a district."""
        return frozenset(self._by_code) | frozenset(self.former)
