"""The limit: the redshift found by whoever knows the galaxy's true, noise-free spectrum and searches only for its shift.

No method can do better on average. The redshift maximises 2 Σ w d t(z) − Σ w t(z)², the gain in χ² of the template t
shifted to z over no template at all, with data d and inverse variances w.

Half of that gain is the logarithm of the likelihood, so whoever knows the template also knows the whole PDF. Its entropy is
what a network's is measured by: a spectrum that leaves even this PDF wide cannot be settled by an honest method.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import fft

from mtop_gui.core.confidence import ENTROPY_BIN, entropy_of
from mtop_gui.core.cumulative import Cumulative
from mtop_gui.evaluation.log_grid import Gridder

if TYPE_CHECKING:
    from mtop_gui.core.arrays import BoolArray, FloatArray
    from mtop_gui.core.instrument import Instrument
    from mtop_gui.evaluation.log_grid import Weighed

VELOCITY = 20.0
"""Width of the cells, and so the distance of trial redshifts [km/s]."""


class LimitFit(NamedTuple):
    """The best redshift, its gain in χ² over no lines at all, and the entropy of the PDF on the paper's bins."""

    redshift: float
    gain: float
    entropy: float


class TrueTemplate:
    """Finds the shift of spectra whose noise-free form is known.

    Parameters
    ----------
    instrument, usable : of the spectra; (n_pix,) pixels that are looked at.
    redshift_range : trial redshifts lie between these; the same that the network may choose from.
    median_window : good pixels of the running median subtracted from data and template.
    """

    def __init__(
        self,
        instrument: Instrument,
        usable: BoolArray,
        redshift_range: tuple[float, float],
        *,
        median_window: int = 1001,
    ) -> None:
        self.gridder = Gridder(instrument, usable, velocity=VELOCITY, median_window=median_window)
        self._range = redshift_range
        widest = np.log((1 + redshift_range[1]) / (1 + redshift_range[0])) / self.gridder.grid.step
        self._length = fft.next_fast_len(self.gridder.grid.size + int(np.ceil(widest)) + 1, real=True)

    def fit(self, template: FloatArray, redshift: float, observed: Weighed) -> LimitFit:
        """Find the redshift at which the template fits best.

        Parameters
        ----------
        template : (n_cell,) of `Gridder.template`, as it is seen at `redshift`, in the unit of the data.
        redshift : the true one, at which the template was sampled.
        observed : of `Gridder.weigh`.
        """
        step = self.gridder.grid.step
        offset = np.log1p(redshift)
        lowest = int(np.ceil((np.log1p(self._range[0]) - offset) / step))
        highest = int(np.floor((np.log1p(self._range[1]) - offset) / step))
        gains = self._gains(template, observed)
        shifts = np.arange(lowest, highest + 1)
        within = gains[shifts]  # negative shifts are the end of the circular correlation
        best = int(np.argmax(within))
        shift = shifts[best] + _summit(within, best)
        trial = np.expm1(offset + step * shifts)
        # Trial redshifts are even in ln(1+z), the prior is even in z.
        likelihood = (1 + trial) * np.exp((within - within[best]) / 2)
        binned = Cumulative(trial, likelihood).rebinned(ENTROPY_BIN)
        return LimitFit(
            redshift=float(np.expm1(offset + step * shift)),
            gain=float(within[best]),
            entropy=entropy_of(likelihood if binned is None else binned),
        )

    def _gains(self, template: FloatArray, observed: Weighed) -> FloatArray:
        """Correlate: one inverse transform of both sums together, (length,) by circular shift."""
        length = self._length
        product, weight = fft.rfft(np.stack(observed), length)
        first, second = fft.rfft(np.stack([template, template**2]), length)
        gains: FloatArray = fft.irfft(2 * product * first.conj() - weight * second.conj(), length)
        return gains


def _summit(values: FloatArray, best: int) -> float:
    """Give the offset [cells] of the parabola through a maximum and its neighbours; 0 at the ends."""
    if not 0 < best < values.size - 1:
        return 0.0
    before, at, after = values[best - 1 : best + 2]
    curvature = 2 * at - before - after
    return float(0.5 * (after - before) / curvature) if curvature > 0 else 0.0
