"""The optical surveys whose spectra the instrument ``optical`` stands for, in a few numbers each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray


@dataclass(frozen=True)
class Mode:
    """One way of observing.

    Attributes
    ----------
    share : of the training spectra.
    start, end : ranges [Å] from which the first and last wavelength are drawn.
    pixel : native pixel: Å if above 0.1, else the step in ln λ.
    resolution : range from which R (constant over the spectrum) is drawn, evenly in ln R.
    signal : mean and standard deviation of log10 of the median S/N per native pixel.
    response : throughput (any scale) at some wavelengths [Å].
    unfluxed : share of the spectra without flux calibration.
    estimated : share of the spectra whose errors are estimated from their scatter, without the sky lines.
    smoothed : mean weight of a pixel's two neighbours in its noise, relative to its own (extraction and rebinning).
    """

    name: str
    share: float
    start: tuple[float, float]
    end: tuple[float, float]
    pixel: float
    resolution: tuple[float, float]
    signal: tuple[float, float]
    response: tuple[tuple[float, ...], tuple[float, ...]]
    unfluxed: float = 0.05
    estimated: float = 0.05
    smoothed: float = 0.2


_SDSS_STEP: Final = 2.302585e-4  # 1e-4 in log10
_SDSS: Final = (
    (3600, 3800, 4200, 4600, 5500, 5900, 6050, 6500, 7500, 8500, 9200, 9824),
    (0.12, 0.28, 0.6, 0.8, 0.9, 0.65, 0.65, 0.95, 1.0, 0.8, 0.5, 0.3),
)
_DESI: Final = (
    (3600, 3800, 4000, 4500, 5000, 5600, 5760, 5830, 6200, 7400, 7560, 7640, 8500, 9300, 9824),
    (0.06, 0.14, 0.22, 0.42, 0.6, 0.8, 0.5, 0.6, 0.9, 0.95, 0.7, 0.75, 1.1, 1.0, 0.6),
)
_LAMOST: Final = (
    (3600, 3700, 4000, 4500, 5000, 5500, 5700, 5900, 6100, 6500, 7500, 8500, 9000, 9824),
    (0.06, 0.1, 0.25, 0.45, 0.6, 0.65, 0.35, 0.5, 0.9, 1.1, 1.3, 1.1, 0.7, 0.4),
)
_VIMOS: Final = (
    (4700, 5000, 5300, 5700, 6500, 7500, 8500, 9500, 9824),
    (0.06, 0.16, 0.35, 0.7, 1.0, 0.9, 0.6, 0.25, 0.12),
)
_FORS2: Final = (
    (4200, 4600, 5200, 6000, 7500, 8500, 9300, 9824),
    (0.25, 0.5, 0.9, 1.0, 0.85, 0.6, 0.35, 0.2),
)
_AAOMEGA: Final = (
    (3600, 3750, 4000, 4500, 5000, 5500, 5650, 5800, 6500, 7500, 8500, 8900),
    (0.02, 0.04, 0.13, 0.32, 0.5, 0.65, 0.45, 0.5, 1.0, 1.1, 0.9, 0.7),
)
_RED: Final = ((4700, 5500, 6300, 7500, 8500, 9400, 9824), (0.3, 0.7, 0.95, 1.0, 0.85, 0.5, 0.3))

MODES: Final = (
    Mode("SDSS", 0.15, (3790, 3850), (9150, 9230), _SDSS_STEP, (1500, 2200), (1.0, 0.4), _SDSS),
    Mode("BOSS", 0.12, (3600, 3620), (9700, 9824), _SDSS_STEP, (1500, 2400), (0.6, 0.5), _SDSS),
    Mode("DESI", 0.20, (3600, 3605), (9815, 9824), 0.8, (2200, 4800), (0.35, 0.5), _DESI, 0.02, 0.2, smoothed=0.05),
    Mode("LAMOST", 0.03, (3690, 3750), (9050, 9100), _SDSS_STEP, (1300, 1900), (0.8, 0.4), _LAMOST, 0.3),
    Mode("AAOmega", 0.08, (3700, 3800), (8750, 8950), 1.04, (1200, 1800), (0.5, 0.4), _AAOMEGA, 0.6, smoothed=0.7),
    Mode("2dF, 6dF", 0.04, (3650, 4000), (7500, 8000), 1.6, (500, 1200), (0.7, 0.35), _AAOMEGA, 0.6, smoothed=0.7),
    Mode("VIPERS", 0.06, (5450, 5550), (9300, 9500), 7.14, (200, 260), (0.8, 0.35), _VIMOS),
    Mode("zCOSMOS", 0.05, (5500, 5600), (9400, 9700), 2.55, (550, 700), (0.6, 0.35), _VIMOS),
    Mode("VANDELS, VVDS", 0.05, (4800, 5000), (9500, 9824), 2.55, (250, 700), (0.6, 0.4), _VIMOS),
    Mode("LEGA-C", 0.04, (6000, 6700), (8500, 9200), 0.6, (2500, 3500), (0.9, 0.35), _RED),
    Mode("DEEP2", 0.04, (6300, 6700), (9000, 9300), 0.5, (3500, 5000), (0.2, 0.4), _RED),
    Mode("FORS2", 0.10, (4300, 5200), (7200, 9500), 2.6, (260, 700), (0.75, 0.3), _FORS2, 0.1, 0.8, smoothed=0.7),
    Mode("MUSE", 0.04, (4750, 4760), (9330, 9350), 1.25, (1800, 3500), (0.3, 0.6), _RED),
)  # fmt: skip


def native_edges(mode: Mode, offset: float, first: float, last: float) -> FloatArray:
    """Give the edges [Å] of a mode's pixels over [`first`, `last`], the first one moved by `offset` pixels."""
    if mode.pixel < 0.1:
        count = int(np.log(last / first) / mode.pixel)
        return np.asarray(first * np.exp(mode.pixel * (np.arange(count + 1) + offset)))
    count = int((last - first) / mode.pixel)
    return np.asarray(first + mode.pixel * (np.arange(count + 1) + offset))
