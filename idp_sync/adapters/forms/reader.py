"""The reader: any file that people send → applications, or why it can't be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from idp_sync.adapters.forms import delimited, docx, structured, xlsx
from idp_sync.adapters.forms.decoding import decode
from idp_sync.adapters.forms.grid import is_blank, shown
from idp_sync.adapters.forms.guard import understood
from idp_sync.adapters.forms.header import Label
from idp_sync.adapters.forms.layout import Surroundings, applications
from idp_sync.adapters.forms.office_zip import OfficeKind, Package, open_package
from idp_sync.adapters.forms.sniff import Container, TextKind, container_of, text_kind
from idp_sync.domain.district import Districts
from idp_sync.domain.errors import InputError
from idp_sync.domain.finding import Code, Finding
from idp_sync.ports import Bound, Incoming, Unreadable

_BOUND: Final = Bound()


class Reader:
    """Reads applications as people send them; a bad file, sheet or line never stops the good ones beside it."""

    def __init__(
        self,
        defaults: Mapping[str, str] | None = None,
        *,
        districts: Districts | None = None,
        bound: Bound = _BOUND,
    ) -> None:
        """Make one.

        Args:
            defaults: by label (单位名称, 用户类别, …), what stands in where a table says nothing; JSON and YAML take
                none.
            districts: to tell the code of a district that is written by its name.
            bound: how much is taken in.

        Raises:
            InputError: there is no label of that name.
        """
        self._known = Surroundings(defaults=_labelled(defaults or {}), districts=districts)
        self._bound = bound

    def read(self, name: str, content: bytes) -> Iterator[Incoming | Unreadable]:
        """Every application in a file: XLSX, DOCX, CSV, JSON, JSON lines or YAML, told apart by content and name.

        Never raises for what is in the file: what can't be read is an Unreadable, with the reason in Chinese and
        English. Findings of the reading itself (CELL_FORMULA, COLUMN_UNKNOWN, SHEET_HIDDEN) come with the application.
        """
        source = shown(name, 200)
        try:
            with understood():
                yield from self._read(source, content)
        except InputError as error:
            yield Unreadable(source=source, reason=str(error))

    def _read(self, name: str, content: bytes) -> Iterator[Incoming | Unreadable]:
        if len(content) > self._bound.file_bytes:
            most = self._bound.file_bytes // (1024 * 1024)
            raise InputError(f"文件超过 {most} MiB，已拒绝 / larger than {most} MiB, refused")
        if container_of(content) is Container.ZIP:
            return self._office(name, open_package(content, self._bound))
        return self._text(name, decode(content))

    def _office(self, name: str, package: Package) -> Iterator[Incoming | Unreadable]:
        if package.kind is OfficeKind.XLSX:
            return self._workbook(name, package)
        return _or_nothing(applications(docx.lines(package, self._bound), name, self._known), name)

    def _workbook(self, name: str, package: Package) -> Iterator[Incoming | Unreadable]:
        sheets = list(xlsx.sheets(package, self._bound))
        hidden = tuple(
            Finding(code=Code.SHEET_HIDDEN, field=shown(sheet.name, 31)) for sheet in sheets if sheet.is_hidden
        )
        filled = [sheet for sheet in sheets if not all(map(is_blank, sheet.lines)) and not _explains(sheet)]
        if not filled:
            raise InputError("工作簿中没有填写任何可见的工作表 / no visible sheet has anything in it")
        for sheet in filled:
            for item in applications(sheet.lines, f"{name}[{shown(sheet.name, 31)}]", self._known):
                yield replace(item, findings=(*item.findings, *hidden)) if isinstance(item, Incoming) else item

    def _text(self, name: str, text: str) -> Iterator[Incoming | Unreadable]:
        kind = text_kind(name, text)
        if kind is TextKind.JSON:
            return structured.from_json(text, name)
        if kind is TextKind.JSON_LINES:
            return structured.from_json_lines(text, name)
        if kind is TextKind.YAML:
            return structured.from_yaml(text, name)
        return _or_nothing(applications(delimited.lines(text, self._bound), name, self._known), name)


def _explains(sheet: xlsx.Sheet) -> bool:
    """Whether a sheet holds instructions (填表说明), not a form."""
    return "说明" in sheet.name


def _or_nothing(items: Iterator[Incoming | Unreadable], name: str) -> Iterator[Incoming | Unreadable]:
    """The items; where there is none, the file is as good as empty."""
    count = 0
    for count, item in enumerate(items, start=1):  # noqa: B007 - counted for after the loop
        yield item
    if not count:
        yield Unreadable(source=name, reason="文件中没有内容 / nothing stands in the file")


def _labelled(defaults: Mapping[str, str]) -> Mapping[Label, str]:
    labels = {label.value: label for label in Label}
    unknown = [name for name in defaults if name not in labels]
    if unknown:
        raise InputError(f"没有“{shown(unknown[0], 20)}”这一项，可用：{'、'.join(labels)} / no such field")
    return {labels[name]: value.strip() for name, value in defaults.items() if value.strip()}
