"""YAML → documents: plain data as JSON has it, built from the events of the parser.

Not safe_load: that follows aliases (a few lines that stand for a billion), takes a key that stands twice, and makes
dates and booleans of what people wrote as text. Here there are no aliases, no tags and no deep nesting; dates stay
text, and an ID number without quotes keeps all its digits.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml

from idp_sync.adapters.forms.grid import shown
from idp_sync.adapters.forms.guard import understood
from idp_sync.domain.errors import InputError

#: libyaml reads some 5 MB/s, PyYAML alone a fiftieth of that; an application has 2 KB
MOST_CHARACTERS: Final = 2 * 1024 * 1024
MOST_DEPTH: Final = 20

#: libyaml where PyYAML was built with it
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,99})")
_FLOAT: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS: Final[dict[str, object]] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def yaml_documents(text: str) -> list[object]:
    """The documents of a YAML text, blank ones left out.

    Raises:
        InputError: it is not YAML, too long or too deep, has an alias, a tag, or a key twice; the line is named.
    """
    if len(text) > MOST_CHARACTERS:
        raise InputError("YAML 文件过大，请改用 JSON lines（.jsonl）/ too large for YAML: use JSON lines")
    with understood():
        try:
            return [document for document in _Builder().documents(text) if document is not None]
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark is not None else 0
            raise InputError(f"YAML 格式有误，第 {line} 行 / not well-formed YAML, line {line}") from None


class _Builder:
    """Puts containers and scalars together as the events come."""

    def __init__(self) -> None:
        #: containers that are not closed yet: the innermost last
        self._open: list[list[object] | dict[str, object]] = []
        #: for each open mapping, the key that waits for its value
        self._keys: list[str | None] = []
        self._document: object = None

    def documents(self, text: str) -> Iterator[object]:
        """The documents, one by one."""
        for event in yaml.parse(text, Loader=_LOADER):
            line = _line(event)
            if isinstance(event, yaml.DocumentStartEvent):
                self._document = None
            elif isinstance(event, yaml.DocumentEndEvent):
                yield self._document
            elif isinstance(event, yaml.CollectionEndEvent):
                self._open.pop()
                self._keys.pop()
            elif isinstance(event, yaml.NodeEvent):
                self._node(event, line)

    def _node(self, event: yaml.NodeEvent, line: int) -> None:
        _refuse_tricks(event, line)
        if isinstance(event, yaml.ScalarEvent):
            self._put(_scalar(event), line)
            return
        container: list[object] | dict[str, object] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self._put(container, line)
        self._open.append(container)
        self._keys.append(None)
        if len(self._open) > MOST_DEPTH:
            raise InputError(f"YAML 第 {line} 行嵌套过深 / nested too deeply, line {line}")

    def _put(self, value: object, line: int) -> None:
        if not self._open:
            self._document = value
            return
        container = self._open[-1]
        if isinstance(container, list):
            container.append(value)
        elif self._keys[-1] is None:
            self._keys[-1] = _key(container, value, line)
        else:
            container[self._keys[-1]] = value
            self._keys[-1] = None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _refuse_tricks(event: yaml.NodeEvent, line: int) -> None:
    tag = getattr(event, "tag", None)
    if isinstance(event, yaml.AliasEvent) or tag not in {None, "!"}:
        raise InputError(f"YAML 第 {line} 行使用了别名或标签，已拒绝 / alias or tag, refused, line {line}")


def _key(container: dict[str, object], value: object, line: int) -> str:
    if not isinstance(value, str):
        raise InputError(f"YAML 第 {line} 行的键不是文本 / a key that is no text, line {line}")
    if value in container:
        raise InputError(f"字段“{shown(value, 20)}”重复，第 {line} 行 / the key stands twice, line {line}")
    return value


def _scalar(event: yaml.ScalarEvent) -> object:
    """null, true, false and numbers as JSON has them; everything else, and whatever is quoted, is text."""
    written: str = event.value
    if not event.implicit[0]:
        return written
    if written in _WORDS:
        return _WORDS[written]
    if _INTEGER.fullmatch(written):
        return int(written)
    return float(written) if _FLOAT.fullmatch(written) else written
