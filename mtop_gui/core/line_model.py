"""Gaussian lines of one width at one redshift, fitted linearly: flux, error, S/N and equivalent width of each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.line_data import LIGHT_SPEED
from mtop_gui.core.lines import load_lines
from mtop_gui.core.signed_least_squares import solve_signed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mtop_gui.core.arrays import BoolArray, FloatArray, IntArray
    from mtop_gui.core.line_data import LineData
    from mtop_gui.core.lines import SpectralLine

WIDTHS = (60.0, 100.0, 160.0, 260.0, 420.0)
"""Standard deviations of the Gaussians tried, instrument included [km/s]."""
USUAL_WIDTH = 120.0
"""Where no line says how wide it is [km/s]."""
PIXEL_SHARE = 0.6
"""No line is narrower than this many pixels (added in quadrature): a grism's pixels are wide."""
EXTENT = 4.0
"""A profile ends at this many sigma."""
LEAST_SEEN = 0.5
"""A line counts as covered when good pixels hold this share of its profile."""
DETECTED = 3.0
"""S/N from which a line counts as seen."""
SAME_FEATURE = 1000.0
"""Lines of one label nearer than this are one feature: [O II], Mg II, Na D [km/s]."""
BANDS = frozenset({"TiO", "CN", "G band", "Fe"})
"""Blends and molecular bands, known to 5 or 10 Å only: shown, but no redshift is taken from them."""

_SIGN = {"emission": 1.0, "absorption": -1.0, "both": 0.0}


@dataclass(frozen=True)
class LineMeasurement:
    """One line, or one feature of several lines of a label, at the redshift of its LineModel.

    Attributes
    ----------
    name, kind : as in the line table; a feature is named after its members, ``[O II] 3727, 3730``.
    rest_wavelength, observed_wavelength : vacuum Å; of a feature the mean.
    flux, flux_err : `flux_unit`·Å; negative in absorption. The error holds for this redshift and width.
    equivalent_width, equivalent_width_err : rest-frame Å, positive in emission; NaN where the continuum is not detected.
    members : names of the lines it holds.
    """

    name: str
    kind: str
    rest_wavelength: float
    observed_wavelength: float
    flux: float
    flux_err: float
    equivalent_width: float
    equivalent_width_err: float
    members: tuple[str, ...] = ()

    @property
    def snr(self) -> float:
        """Flux in units of its error; negative in absorption."""
        return self.flux / self.flux_err if self.flux_err > 0 else 0.0

    @property
    def detected(self) -> bool:
        """Whether it is seen, with the sign it should have."""
        return abs(self.snr) >= DETECTED


@dataclass(frozen=True, eq=False)
class LineModel:
    """All covered lines at one redshift.

    Attributes
    ----------
    width : standard deviation of the lines [km/s].
    gain : by how much the lines lower chi-square against the continuum alone.
    centres, sigmas, amplitudes : (n,) of the covered lines: Å, Å, `flux_unit`.
    covariance : (n, n) of the amplitudes.
    """

    redshift: float
    width: float
    gain: float
    covered: tuple[SpectralLine, ...]
    centres: FloatArray = field(repr=False)
    sigmas: FloatArray = field(repr=False)
    amplitudes: FloatArray = field(repr=False)
    covariance: FloatArray = field(repr=False)
    continuum: FloatArray = field(repr=False)
    continuum_err: FloatArray = field(repr=False)

    def lines_at(self, wavelength: FloatArray) -> FloatArray:
        """(n,) sum of the fitted lines at increasing wavelengths [Å], in `flux_unit`; the continuum not included."""
        total = np.zeros(wavelength.shape)
        reach = EXTENT * self.sigmas
        starts = np.searchsorted(wavelength, self.centres - reach)
        stops = np.searchsorted(wavelength, self.centres + reach)
        for k in np.flatnonzero((self.amplitudes != 0) & (stops > starts)):
            part = slice(int(starts[k]), int(stops[k]))
            offset = (wavelength[part] - self.centres[k]) / self.sigmas[k]
            total[part] += self.amplitudes[k] * np.exp(-0.5 * offset * offset)
        return total

    @cached_property
    def lines(self) -> tuple[LineMeasurement, ...]:
        """Every covered line by itself, in order of wavelength."""
        return self._measured(tuple((k,) for k in range(len(self.covered))))

    @cached_property
    def features(self) -> tuple[LineMeasurement, ...]:
        """The covered lines, those of one label that stand together as one, in order of wavelength."""
        return self._measured(self._groups)

    @property
    def detected(self) -> tuple[LineMeasurement, ...]:
        """The features that are seen, strongest first; bands are too wide to count as lines."""
        bands = {line.name for line in self.covered if line.label in BANDS}
        seen = (f for f in self.features if f.detected and f.members[0] not in bands)
        return tuple(sorted(seen, key=lambda f: -abs(f.snr)))

    @cached_property
    def _groups(self) -> tuple[tuple[int, ...], ...]:
        groups: list[list[int]] = []
        last: dict[str, int] = {}
        for k, line in enumerate(self.covered):
            place = last.get(line.label)
            if place is not None:
                before = self.covered[groups[place][-1]]
                if (line.wavelength / before.wavelength - 1.0) * LIGHT_SPEED < SAME_FEATURE:
                    groups[place].append(k)
                    continue
            last[line.label] = len(groups)
            groups.append([k])
        return tuple(tuple(group) for group in groups)

    def _measured(self, groups: tuple[tuple[int, ...], ...]) -> tuple[LineMeasurement, ...]:
        """Add up the lines of each group: all groups at once, as a redshift step asks for some forty of them."""
        member = np.zeros((len(groups), len(self.covered)))
        for row, group in enumerate(groups):
            member[row, list(group)] = 1.0
        areas = member * (self.sigmas * np.sqrt(2.0 * np.pi))
        flux = areas @ self.amplitudes
        error = np.sqrt(np.maximum(np.sum((areas @ self.covariance) * areas, axis=1), 0.0))
        count = member.sum(axis=1)
        level, doubt = member @ self.continuum / count, member @ self.continuum_err / count
        rest = member @ np.array([line.wavelength for line in self.covered]) / count
        with np.errstate(divide="ignore", invalid="ignore"):
            width = np.where(level > DETECTED * doubt, flux / level / (1.0 + self.redshift), np.nan)
            width_err = np.hypot(error / level, flux * doubt / level**2) / (1.0 + self.redshift)
        columns = (rest, flux, error, width, np.where(np.isnan(width), np.nan, width_err))
        return tuple(
            LineMeasurement(
                name=_joint_name([self.covered[k] for k in group]),
                kind=self.covered[group[0]].kind,
                rest_wavelength=at_rest,
                observed_wavelength=at_rest * (1.0 + self.redshift),
                flux=amount,
                flux_err=amount_err,
                equivalent_width=equivalent,
                equivalent_width_err=equivalent_err,
                members=tuple(self.covered[k].name for k in group),
            )
            for group, at_rest, amount, amount_err, equivalent, equivalent_err in zip(
                groups, *(column.tolist() for column in columns), strict=True
            )
        )


def _joint_name(lines: Sequence[SpectralLine]) -> str:
    if len(lines) == 1:
        return lines[0].name
    first, *others = lines
    return ", ".join([first.name, *(line.name.removeprefix(f"{line.label} ") for line in others)])


def measure_lines(
    data: LineData,
    redshift: float,
    *,
    width: float | None = None,
    lines: Sequence[SpectralLine] | None = None,
) -> LineModel:
    """Fit the amplitudes of all covered lines at a fixed redshift: weighted least squares, emission ≥ 0, absorption ≤ 0.

    Lines that overlap are solved for together. Some 2 ms for 12,217 pixels and 50 lines.

    Parameters
    ----------
    data : see `line_data.line_data`.
    width : standard deviation of all lines [km/s]; default the one of `WIDTHS` that fits best.
    lines : default the table that ships with the program.
    """
    table = load_lines() if lines is None else tuple(sorted(lines, key=lambda line: line.wavelength))
    if width is not None:
        return _fitted(data, redshift, width, table)
    tried = [_fitted(data, redshift, each, table) for each in WIDTHS]
    best = max(tried, key=lambda model: model.gain)
    if not any(feature.detected for feature in best.features):
        return _fitted(data, redshift, USUAL_WIDTH, table)
    return best


@lru_cache(maxsize=8)
def _table_arrays(lines: tuple[SpectralLine, ...]) -> tuple[FloatArray, FloatArray]:
    return (
        np.array([line.wavelength for line in lines], dtype=np.float64),
        np.array([_SIGN[line.kind] for line in lines], dtype=np.float64),
    )


def _fitted(data: LineData, redshift: float, width: float, table: tuple[SpectralLine, ...]) -> LineModel:
    rest, signs = _table_arrays(table)
    centres = rest * (1.0 + redshift)
    grid = data.wavelength
    inside = np.flatnonzero((centres > grid[0]) & (centres < grid[-1]))
    centres, signs = centres[inside], signs[inside]
    nearest = np.minimum(np.searchsorted(grid, centres), grid.size - 1)
    sigmas = centres / LIGHT_SPEED * np.hypot(width, PIXEL_SHARE * data.pixel[nearest])
    pixels, profile = _profiles(grid, centres, sigmas)
    weight = np.where(profile > 0, data.ivar[pixels], 0.0)
    power = np.einsum("kp,kp,kp->k", weight, profile, profile)
    seen = np.einsum("kp,kp->k", weight > 0, profile**2)
    whole = sigmas * np.sqrt(np.pi) / (data.pixel[nearest] / LIGHT_SPEED * centres)
    kept = np.flatnonzero(
        (seen >= LEAST_SEEN * np.minimum(whole, np.maximum(profile.shape[1], 1))) & (power > 0)
    )
    centres, sigmas, signs = centres[kept], sigmas[kept], signs[kept]
    pixels, profile, weight, power = pixels[kept], profile[kept], weight[kept], power[kept]
    overlap = np.einsum("kp,kp,kp->k", weight, profile, data.residual[pixels])
    normal = _couplings(grid, centres, sigmas, pixels, profile, weight, power)
    amplitudes, covariance = _solve_groups(normal, overlap, signs)
    gain = float(2.0 * overlap @ amplitudes - amplitudes @ normal @ amplitudes)
    good = weight > 0
    noise = np.divide(good.sum(axis=1), weight.sum(axis=1), out=np.full(kept.size, np.inf), where=power > 0)
    return LineModel(
        redshift=redshift,
        width=width,
        gain=gain,
        covered=tuple(table[k] for k in inside[kept]),
        centres=centres,
        sigmas=sigmas,
        amplitudes=amplitudes * data.scale,
        covariance=covariance * data.scale**2,
        continuum=data.continuum[np.minimum(np.searchsorted(grid, centres), grid.size - 1)] * data.scale,
        # The running median rests on many pixels; a tenth of one pixel's error is a cautious figure for its own.
        continuum_err=0.1 * np.sqrt(noise) * data.scale,
    )


def _profiles(grid: FloatArray, centres: FloatArray, sigmas: FloatArray) -> tuple[IntArray, FloatArray]:
    """Give pixel numbers and profile of each line, (n, most pixels); 0 beyond its extent."""
    starts = np.searchsorted(grid, centres - EXTENT * sigmas)
    stops = np.searchsorted(grid, centres + EXTENT * sigmas)
    most = int(np.max(stops - starts, initial=1))
    pixels = starts[:, None] + np.arange(most)[None, :]
    within = pixels < stops[:, None]
    pixels = np.minimum(pixels, grid.size - 1)
    offset = (grid[pixels] - centres[:, None]) / sigmas[:, None]
    return pixels, np.where(within, np.exp(-0.5 * offset * offset), 0.0)


def _couplings(
    grid: FloatArray,
    centres: FloatArray,
    sigmas: FloatArray,
    pixels: IntArray,
    profile: FloatArray,
    weight: FloatArray,
    power: FloatArray,
) -> FloatArray:
    """Give A = GᵀWG; only lines that overlap have anything in common."""
    normal = np.diag(power)
    weighted = weight * profile
    for apart in range(1, centres.size):
        near = np.flatnonzero(
            centres[apart:] - centres[:-apart] < EXTENT * (sigmas[apart:] + sigmas[:-apart])
        )
        if not near.size:
            break
        other = near + apart
        offset = (grid[pixels[near]] - centres[other, None]) / sigmas[other, None]
        common = np.einsum("kp,kp->k", weighted[near], np.exp(-0.5 * offset * offset))
        normal[near, other] = normal[other, near] = common
    return normal


def _solve_groups(
    normal: FloatArray, overlap: FloatArray, signs: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Solve each run of overlapping lines by itself; a line that stands alone needs one division."""
    power = np.diag(normal)
    amplitudes = overlap / power
    amplitudes[(signs != 0) & (amplitudes * signs < 0)] = 0.0
    covariance = np.diag(1.0 / power)
    for group in _overlapping(normal):
        block = np.ix_(group, group)
        amplitudes[group], covariance[block], _ = solve_signed(normal[block], overlap[group], signs[group])
    return amplitudes, covariance


def _overlapping(normal: FloatArray) -> list[IntArray]:
    """Give the runs of two or more lines whose profiles share anything worth the name."""
    count = normal.shape[0]
    power = np.sqrt(np.diag(normal))
    shared: BoolArray = normal > 1e-4 * power[:, None] * power[None, :]
    reach = np.array([int(np.flatnonzero(row)[-1]) for row in shared], dtype=np.int64)
    furthest = np.maximum.accumulate(reach) if count else reach
    borders = [0, *(np.flatnonzero(furthest[:-1] <= np.arange(count - 1)) + 1).tolist(), count]
    return [np.arange(a, b) for a, b in itertools.pairwise(borders) if b - a > 1]
