"""The Instrument that ships: its grid is the paper's, to the last digit of MOONS1D's headers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mtop_gui.core.errors import InstrumentError
from mtop_gui.core.instrument import load_instrument
from mtop_gui.core.resources import resource_path

if TYPE_CHECKING:
    from pathlib import Path


def test_moons_lr_has_the_papers_grid() -> None:
    instrument = load_instrument("moons-lr")
    assert [(band.name, band.pixels) for band in instrument.bands] == [
        ("RI", 4117),
        ("YJ", 4229),
        ("H", 3871),
    ]
    assert instrument.pixels == instrument.wavelength.size == 12217
    assert instrument.wavelength[0] == pytest.approx(6470.0, abs=1e-9)
    assert np.all(np.diff(instrument.wavelength) > 0)
    assert [round(band.step, 5) for band in instrument.bands] == [0.69709, 0.98363, 0.89884]
    slices = instrument.band_slices
    assert [part.stop for part in slices.values()] == [4117, 8346, 12217]
    assert instrument.wavelength[slices["YJ"]][0] == pytest.approx(9340.0, abs=1e-9)
    assert instrument.wavelength[slices["H"]][-1] < 18000.0


def test_curves_are_physical() -> None:
    instrument = load_instrument("moons-lr")
    for curve in (instrument.efficiency, instrument.sky_transmission, instrument.point_fraction):
        assert curve.min() > 0
        assert curve.max() < 1
    assert instrument.sky_emission.min() > 0
    # each band keeps one FWHM: the nominal R holds at its centre
    for band in instrument.bands:
        inside = instrument.band_slices[band.name]
        centre = inside.start + band.pixels // 2
        assert instrument.resolution[centre] == pytest.approx(band.resolution, rel=1e-3)


@pytest.mark.parametrize(("threshold", "fraction"), [(-4.5, 0.155), (-4.8, 0.229)])
def test_sky_mask_fraction(threshold: float, fraction: float) -> None:
    assert load_instrument("moons-lr").sky_mask(threshold).mean() == pytest.approx(fraction, abs=0.001)


def test_unknown_instrument_is_refused_in_one_sentence() -> None:
    with pytest.raises(InstrumentError, match="instrument 'no-such' cannot be read"):
        load_instrument("no-such")


def test_tables_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    source = resource_path("instruments")
    facts = json.loads((source / "moons-lr.json").read_text(encoding="utf-8"))
    with np.load(source / "moons-lr.npz") as tables:
        arrays = {key: tables[key] for key in tables.files}
    np.savez(tmp_path / "moons-lr.npz", **arrays)

    facts["bands"][0]["pixels"] -= 1
    (tmp_path / "moons-lr.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(InstrumentError, match="12216 pixels"):
        load_instrument("moons-lr", tmp_path)

    facts["bands"][0]["pixels"] += 1
    facts["bands"].reverse()
    (tmp_path / "moons-lr.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(InstrumentError, match="run backwards"):
        load_instrument("moons-lr", tmp_path)

    del facts["area_cm2"]
    (tmp_path / "moons-lr.json").write_text(json.dumps(facts), encoding="utf-8")
    with pytest.raises(InstrumentError, match="area_cm2"):
        load_instrument("moons-lr", tmp_path)
