"""The error of this part."""

from __future__ import annotations

from mtop_gui.core.errors import MtopError


class EvaluationError(MtopError):
    """What was given cannot be evaluated, or the report cannot be written."""
