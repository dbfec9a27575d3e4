"""How good the redshifts are: metrics, the classical peer, the limit, figures and the report."""

from __future__ import annotations
