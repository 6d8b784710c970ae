"""For all tests: the machine may be slow and shared, so that no property is judged by the time an example takes."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("idp-sync", deadline=None)
settings.load_profile("idp-sync")
