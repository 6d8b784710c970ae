"""Attachments: the store of their contents, and the look into PDF files."""

from idp_sync.adapters.attachments.pdf import PypdfScrutiny
from idp_sync.adapters.attachments.store import FileStore

__all__ = ["FileStore", "PypdfScrutiny"]
