"""Paper: forms as they are printed, rendered from templates/ and the form definitions in roles/."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import jinja2
import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from idp_sync.domain.application import COMMITMENT, ROWS_ON_A_SHEET, Application, Form, Row
from idp_sync.domain.citizen_id import mask
from idp_sync.domain.errors import NotSetUp

_Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]


class FormDefinition(BaseModel):
    """One form of roles/forms.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    form: Form
    annex: _Text
    title: _Text
    purpose: _Text
    columns: tuple[_Text, ...] = Field(min_length=2)
    other_titles: tuple[_Text, ...] = ()


class _FormsFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    forms: tuple[FormDefinition, ...]


@dataclass(frozen=True, slots=True)
class Paper:
    """Renders forms, blank or filled, as HTML pages that print on A4."""

    #: the folder templates/
    templates: Path
    #: the folder roles/
    roles: Path

    def blank(self, form: Form) -> str:
        """The form with empty rows, to be filled in by hand."""
        definition = self._definition(form)
        empty = tuple("" for _ in definition.columns[1:])
        rows = [(str(number), *empty) for number in range(1, ROWS_ON_A_SHEET + 1)]
        return self._render(definition, rows)

    def filled(self, application: Application) -> str:
        """The form as it was handed in; ID numbers are masked (居民身份证法 第十三条)."""
        definition = self._definition(application.form)
        rows = [
            tuple(_cell(row, column, application.form) for column in definition.columns) for row in application.rows
        ]
        review = application.review
        return self._render(
            definition,
            rows,
            number=application.id,
            unit_name=application.unit.name,
            contact_name=application.contact_name,
            contact_phone=application.contact_phone,
            signed_by=application.signed_by,
            opinion=review.opinion if review else "",
            date=review.date if review else "",
        )

    def _definition(self, form: Form) -> FormDefinition:
        path = self.roles / "forms.yaml"
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
            forms = _FormsFile.model_validate(document).forms
            return next(d for d in forms if d.form is form)
        except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError, StopIteration) as error:
            reason = " ".join(str(error).split()) or f"{form.value} is missing"
            raise NotSetUp(f"{path}: 表格定义不可用 / form definitions can't be used: {reason}") from None

    def _render(self, definition: FormDefinition, rows: Iterable[tuple[str, ...]], **fields: str) -> str:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self.templates), autoescape=True, undefined=jinja2.ChainableUndefined
        )
        page = environment.get_template("forms/form.html.j2")
        return page.render(
            definition=definition,
            rows=list(rows),
            commitment=COMMITMENT if definition.form.is_annex or definition.form is Form.ENTERPRISE_NEW else "",
            **fields,
        )


def _cell(row: Row, column: str, form: Form) -> str:
    permissions = "、".join(filter(None, (*row.permissions, row.permission_words)))
    cells = {
        "序号": str(row.number),
        "用户姓名": row.name,
        "原用户姓名": row.name,
        "现用户姓名": row.new_name,
        "性别": row.sex,
        "身份证号": mask(row.id_number),
        "登录名称": row.login,
        "原登录名称": row.login,
        "密钥编号": row.key_number,
        "原密钥编号": row.key_number,
        "申请权限": permissions,
        "现申请权限": permissions,
        "原申请权限": "、".join(row.present_permissions),
        "备注": row.remarks,
    }
    if column not in cells:
        raise NotSetUp(f"roles/forms.yaml: {form.value}: 未知的列“{column}” / unknown column")
    return cells[column]
