"""Notices in words, from templates/notices/: one template for each kind, all in one frame."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import jinja2

from idp_sync.domain.calendar import beijing_date
from idp_sync.domain.errors import NotSetUp
from idp_sync.domain.notice import Notice, one_line
from idp_sync.ports import RenderedNotice


@dataclass(frozen=True, slots=True)
class JinjaNoticeTemplates:
    """Fulfils idp_sync.ports.NoticeTemplates."""

    #: the folder templates/
    folder: Path

    def render(self, notice: Notice) -> RenderedNotice:
        """Subject and body, Chinese with English beside it: the first line of the page is the subject.

        Raises:
            NotSetUp: its template is missing or faulty, or asks for a field that the notice has not.
        """
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(self.folder / "notices"),
            autoescape=False,  # noqa: S701 - plain text, to be read by people: there is nothing to escape
            undefined=jinja2.StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
        )
        try:
            page = environment.get_template(f"{notice.kind.value}.txt.j2").render(
                **notice.fields,
                kind=notice.kind,
                number=notice.number,
                application=notice.application,
                recipient=notice.recipient.name,
                date=beijing_date(notice.created_at),
            )
        except jinja2.TemplateError as error:
            raise NotSetUp(
                f"templates/notices/{notice.kind.value}.txt.j2: 通知模板不可用 / template can't be used: {error}"
            ) from None
        subject, _, body = page.partition("\n")
        return RenderedNotice(subject=one_line(subject), body=body.strip("\n") + "\n")
