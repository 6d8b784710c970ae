"""What a check is a function of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from idp_sync.domain.application import WHOLE_BUNDLE, Application, Row
from idp_sync.domain.citizen_id import fold_typed
from idp_sync.domain.known import Known
from idp_sync.domain.permission import Permission
from idp_sync.domain.rulebook import RuleBook
from idp_sync.domain.unit import UserClass

#: what people put between two permissions in one cell, from the mark that parts most to the one that parts least
_MARKS = (re.compile(r"[\n\r\t|]"), re.compile(r"[；;/]"), re.compile(r"[、，,]"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One permission as it stands in a row: the words, and the item that they mean, if any."""

    words: str
    permission: Permission | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An application with all that its checks may look at."""

    application: Application
    known: Known
    book: RuleBook
    #: the day of the check, in Beijing
    today: date

    def asked(self, row: Row) -> Iterator[Asked]:
        """What a row asks for, item by item; the whole bundle counts as every item of it (Article 4)."""
        for code in row.permissions:
            yield from self._asked_by(code)
        if row.permission_words.strip():
            yield from self._asked_in(row.permission_words)

    def _asked_in(self, text: str, marks: tuple[re.Pattern[str], ...] = _MARKS) -> Iterator[Asked]:
        """Items in words. An item's own text may have marks in it, so what is whole is tried before it is cut."""
        if not marks or self.book.catalogue.called(text, self.application.unit) is not None:
            yield from self._asked_by(text)
            return
        mark, *finer = marks
        for words in filter(None, map(str.strip, mark.split(text))):
            yield from self._asked_in(words, tuple(finer))

    def _asked_by(self, words: str) -> Iterator[Asked]:
        unit = self.application.unit
        if is_whole_bundle(words) and unit.user_class is UserClass.ENTERPRISE:
            yield from (Asked(words=p.code, permission=p) for p in self.book.catalogue.open_to(unit))
        else:
            yield Asked(words=words, permission=self.book.catalogue.called(words, unit))

    def names_a_new_holder(self, row: Row) -> bool:
        """Whether a row names another person as the holder, as far as the user's ID number is known (reading A-10)."""
        user = (self.known.users or {}).get(row.login.strip())
        if user is None or user.id_number is None or not self.application.form.names_a_holder:
            return False
        return fold_typed(row.id_number)[0] != user.id_number  # the same number is a corrected name

    def meant(self, permissions: Iterable[str]) -> frozenset[str]:
        """The codes that these codes or words mean; words that no annex has stand for themselves."""
        asked = (item for words in permissions for item in self._asked_by(words))
        return frozenset(item.words if item.permission is None else item.permission.code for item in asked)

    def codes(self, row: Row) -> frozenset[str]:
        """The codes of the items that a row asks for, as far as the annex has them."""
        return frozenset(item.permission.code for item in self.asked(row) if item.permission is not None)


def is_whole_bundle(words: str) -> bool:
    """Whether the words are (按机构类型统一设置), in any brackets."""
    return words.strip("()（） ") == WHOLE_BUNDLE.strip("()")
