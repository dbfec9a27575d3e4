"""A layout that only specutils knows is read with it where it is installed; here a stand-in takes its place."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from astropy.io import fits

from mtop_gui import io
from mtop_gui.core.errors import UnreadableSpectrumError
from tests.io import hand_made

_STAND_IN = """
import astropy.units as u
import numpy as np
from types import SimpleNamespace


class SpectrumList(list):
    @classmethod
    def read(cls, path):
        raise OSError("Format could not be identified")


class Spectrum1D:
    @classmethod
    def read(cls, path):
        return SimpleNamespace(
            spectral_axis=np.linspace(0.4, 0.9, 50) * u.um,
            flux=np.vstack([np.full(50, 3.0), np.full(50, 4.0)]) * u.Jy,
            uncertainty=SimpleNamespace(uncertainty_type="std", array=np.full((2, 50), 0.5)),
        )
"""


@pytest.fixture
def unknown_layout(tmp_path):
    columns = [("APPLES", "D", [1.0, 2.0])]
    path = tmp_path / "fruit.fits"
    fits.HDUList([hand_made.primary(), hand_made.table(columns)]).writeto(path)
    return path


def test_specutils_reads_what_we_do_not_know(tmp_path, monkeypatch, unknown_layout):
    (tmp_path / "specutils.py").write_text(_STAND_IN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "specutils", raising=False)
    spectra = io.read(unknown_layout)
    monkeypatch.delitem(sys.modules, "specutils", raising=False)
    assert [spectrum.flux[0] for spectrum in spectra] == [3.0, 4.0]
    np.testing.assert_allclose(spectra[0].wavelength[[0, -1]], [4000.0, 9000.0])
    np.testing.assert_allclose(spectra[1].error, 0.5)
    assert spectra[0].flux_unit == "Jy"
    assert any("specutils" in note for note in spectra[0].notes)


def test_a_broken_specutils_is_no_reason_to_fail_otherwise(tmp_path, monkeypatch, unknown_layout):
    (tmp_path / "specutils.py").write_text("raise ImportError('broken')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "specutils", raising=False)
    with pytest.raises(UnreadableSpectrumError, match="APPLES"):
        io.read(unknown_layout)
