"""Paper: what leaves the office on paper, and the blank forms that come back filled in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from idp_sync.adapters.paper import attaching, qr
from idp_sync.adapters.paper.definitions import NamedPermission, form_definition, permissions
from idp_sync.adapters.paper.sheets import Sheet, blank_sheet, filled_sheets
from idp_sync.adapters.paper.typesetting import page, pdf
from idp_sync.domain.application import Application, Form
from idp_sync.domain.calendar import BEIJING
from idp_sync.domain.letter import (
    HOLDERS_NOTICE,
    HOW_TO_RESTORE,
    ApprovalToIssuer,
    ApprovalToUnit,
    DeregistrationNotice,
    KeyHandOver,
    KeyReturn,
    Letter,
    PasswordSheet,
    RestorationNotice,
    ReturnList,
    SuspensionNotice,
    SuspensionWarning,
    UserList,
)
from idp_sync.domain.office import Offices
from idp_sync.domain.unit import UserClass
from idp_sync.ports import ApplicationFile

#: the template of each letter
_LETTERS: Final[dict[type[Letter], str]] = {
    KeyHandOver: "key-hand-over",
    KeyReturn: "key-return",
    PasswordSheet: "password-sheet",
    ReturnList: "return-list",
    ApprovalToIssuer: "approval-to-issuer",
    ApprovalToUnit: "approval-to-unit",
    SuspensionWarning: "suspension-warning",
    SuspensionNotice: "suspension-notice",
    RestorationNotice: "restoration-notice",
    DeregistrationNotice: "deregistration-notice",
    UserList: "user-list",
}
#: verdicts as the offices say them
_VERDICTS: Final = {"approve": "同意", "return": "退回补正", "reject": "不予批准", "withdraw": "撤回"}


@dataclass(frozen=True, slots=True)
class Paper:
    """Renders forms, letters and application files as HTML that prints on A4, and as PDF; makes blank forms to type in.

    Everything raises NotSetUp where roles/ or templates/ can't be used, or this machine can't print. ID numbers are
    masked, unless `whole_id` says otherwise: the caller then journals that they were read (居民身份证法 第十三条).
    """

    #: the folder templates/
    templates: Path
    #: the folder roles/
    roles: Path

    # --- forms -------------------------------------------------------------------------------------------------------

    def blank(self, form: Form) -> str:
        """The form with empty rows, to be filled in by hand, as HTML."""
        return self._form([blank_sheet(form_definition(self.roles, form))])

    def filled(self, application: Application, *, whole_id: bool = False) -> str:
        """The form as it was handed in, as HTML."""
        return self._form(self._sheets(application, whole_id=whole_id, padded=False))

    def blank_pdf(self, form: Form) -> bytes:
        """The form with empty rows, to be filled in by hand, as PDF."""
        return pdf(self.blank(form))

    def filled_pdf(self, application: Application, *, whole_id: bool = False) -> bytes:
        """The form as it was handed in, as PDF: every five people on a sheet of their own."""
        return pdf(self._form(self._sheets(application, whole_id=whole_id, padded=True)))

    def blank_xlsx(self, form: Form) -> bytes:
        """The form as a workbook to type in, which the reader of forms reads back."""
        from idp_sync.adapters.paper import fillable, workbook  # noqa: PLC0415 - openpyxl, only for who asks for it

        layout = fillable.layout(form_definition(self.roles, form), self.roles)
        return workbook.xlsx(layout, self._permissions(layout.definition.user_class))

    def blank_docx(self, form: Form) -> bytes:
        """The form as a document to type in, which the reader of forms reads back."""
        from idp_sync.adapters.paper import document, fillable  # noqa: PLC0415 - python-docx, likewise

        return document.docx(fillable.layout(form_definition(self.roles, form), self.roles))

    # --- letters -----------------------------------------------------------------------------------------------------

    def letter(self, letter: Letter) -> str:
        """A letter as HTML."""
        name = _LETTERS[type(letter)]
        return page(
            self.templates,
            f"letters/{name}.html.j2",
            letter=letter,
            code=qr.svg(letter.subject),
            notice=HOLDERS_NOTICE,
            how_to_restore=HOW_TO_RESTORE,
        )

    def letter_pdf(self, letter: Letter) -> bytes:
        """A letter as PDF."""
        return pdf(self.letter(letter))

    # --- application files -------------------------------------------------------------------------------------------

    def file_pdf(self, file: ApplicationFile, offices: Offices) -> bytes:
        """卷宗: cover, form, findings, steps, journal and attachments of one application, one PDF for the archive.

        `offices` tell the names of those that stand in it as codes.
        """
        application = file.record.application
        attachments = attaching.enclosed(file.attachments, file.contents)
        html = page(
            self.templates,
            "forms/file.html.j2",
            title=f"{application.form.zh} {application.id}",
            record=file.record,
            application=application,
            code=qr.svg(f"application:{application.id}"),
            sheets=self._sheets(application, whole_id=False, padded=True),
            journal=file.journal,
            attachments=attachments,
            offices={office.code: office.name for office in offices.offices},
            verdicts=_VERDICTS,
            beijing=BEIJING,
        )
        made = pdf(html, attaching.images(attachments))
        return attaching.joined(made, attachments, title=f"卷宗 {application.id}")

    # --- means -------------------------------------------------------------------------------------------------------

    def _sheets(self, application: Application, *, whole_id: bool, padded: bool) -> list[Sheet]:
        definition = form_definition(self.roles, application.form)
        names = self._permissions(definition.user_class)
        return list(filled_sheets(definition, application, names, whole_id=whole_id, padded=padded))

    def _permissions(self, user_class: UserClass | None) -> Iterator[NamedPermission]:
        """Read only when the first is asked for: a form without a fault in its own definition comes first."""
        yield from (item for item in permissions(self.roles) if user_class in {None, item.user_class})

    def _form(self, sheets: list[Sheet]) -> str:
        title = " ".join(filter(None, (sheets[0].definition.title, sheets[0].number)))
        return page(self.templates, "forms/form.html.j2", title=title, sheets=sheets)
