from __future__ import annotations

import numpy as np
import pytest

from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.core.spectrum import Spectrum


def make(n: int = 5, **changes: object) -> Spectrum:
    arrays = {
        "wavelength": np.linspace(5000.0, 5004.0, n),
        "flux": np.arange(n, dtype=float),
        "ivar": np.full(n, 4.0),
        "mask": np.zeros(n, dtype=bool),
    }
    return Spectrum(**{**arrays, **changes})  # type: ignore[arg-type]


def test_arrays_are_frozen() -> None:
    spectrum = make()
    with pytest.raises(ValueError, match="read-only"):
        spectrum.flux[0] = 1.0


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"flux": np.zeros(4)}, "differ in length"),
        ({"wavelength": np.array([1.0, 2.0, 2.0, 3.0, 4.0])}, "do not increase"),
        ({"mask": np.ones(5, dtype=bool)}, "every pixel is masked"),
        ({"flux": np.array([0.0, np.nan, 0.0, 0.0, 0.0])}, "not finite"),
        ({"ivar": np.array([1.0, -1.0, 1.0, 1.0, 1.0])}, "not finite"),
    ],
)
def test_broken_arrays_are_refused_in_words(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UnreadableSpectrumError, match=words):
        make(**changes)


def test_content_hash_follows_the_pixels_not_the_path(tmp_path) -> None:
    assert make().content_hash == make(path=tmp_path / "moved.fits", name="other").content_hash
    changed = np.arange(5, dtype=float)
    changed[2] += 1e-9
    assert make().content_hash != make(flux=changed).content_hash
    assert make().content_hash != make(flux_unit="Jy").content_hash


def test_error_is_hidden_where_masked() -> None:
    mask = np.array([False, True, False, False, False])
    ivar = np.array([4.0, 4.0, 0.0, 4.0, 4.0])
    error = make(mask=mask, ivar=ivar).error
    np.testing.assert_array_equal(np.isnan(error), [False, True, True, False, False])
    assert error[0] == 0.5


def test_median_snr_uses_good_pixels_only() -> None:
    flux = np.array([1e9, 2.0, 2.0, 2.0, 2.0])
    mask = np.array([True, False, False, False, False])
    assert make(flux=flux, mask=mask).median_snr == pytest.approx(4.0)


def test_its_repr_is_short_and_holds_no_pixels() -> None:
    text = repr(make(n=5000, name="COSMOS 1"))
    assert "COSMOS 1" in text
    assert "array" not in text
    assert len(text) < 300
