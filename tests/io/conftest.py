"""Drawn tests have no deadline here: how long a file takes depends on what else the machine is doing."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("files", deadline=None)
settings.load_profile("files")
