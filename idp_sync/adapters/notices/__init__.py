"""Notices: put into words, and handed to a mail server."""

from idp_sync.adapters.notices.smtp import SmtpMailer
from idp_sync.adapters.notices.templates import JinjaNoticeTemplates

__all__ = ["JinjaNoticeTemplates", "SmtpMailer"]
