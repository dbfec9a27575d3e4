"""Fixtures every part shares: quiet environment, shared development spectra, a synthetic Spectrum."""

from __future__ import annotations

import os
from pathlib import Path

import hypothesis
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")

# A first example may import a library or compile a network, and CI's two cores are shared: time is no verdict.
hypothesis.settings.register_profile("mtop", deadline=None)
hypothesis.settings.load_profile("mtop")

SHARED_SPECTRA = Path(__file__).resolve().parents[2] / "shared" / "spectra"


@pytest.fixture(scope="session")
def shared_spectra() -> Path:
    """The folder of development spectra beside the checkout; tests skip where it is missing."""
    if not SHARED_SPECTRA.is_dir():
        pytest.skip("the development spectra (../shared/spectra) are not on this machine")
    return SHARED_SPECTRA
