from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mtop_gui.core.confidence import (
    ENTROPY_BIN,
    SAME,
    doubt_in_words,
    find_peaks,
    flag,
    is_doubtful,
    summarise,
)
from mtop_gui.core.cumulative import Cumulative
from mtop_gui.core.line_data import LIGHT_SPEED
from mtop_gui.core.prediction import Prediction, rejected

GRID = 0.6 + 0.003 * (np.arange(800) + 0.5)


def two_peaks(first: float = 0.7) -> np.ndarray:
    return gaussians((first, 1.2, 0.004), (1 - first, 2.0, 0.004))


def prediction(pdf: np.ndarray, **changes: object) -> Prediction:
    values = {
        "redshift_grid": GRID,
        "redshift_pdf": pdf,
        "line_wavelength": np.arange(4.0),
        "line_probability": np.zeros(4),
        "logmass": 10.0,
        "logmass_err": 0.1,
        "logsfr": 1.0,
        "logsfr_err": 0.1,
        "bundle": "b",
        **changes,
    }
    return Prediction(**values)  # type: ignore[arg-type]


def gaussians(*parts: tuple[float, float, float]) -> np.ndarray:
    """PDF of (share, z, sigma) each."""
    pdf = sum(share * stats.norm.pdf(GRID, z, sigma) for share, z, sigma in parts)
    return np.asarray(pdf) / np.sum(pdf)


def test_peaks_carry_their_probability() -> None:
    peaks = find_peaks(GRID, gaussians((0.7, 1.2, 0.002), (0.3, 2.0, 0.002)))
    assert [peak.redshift for peak in peaks] == pytest.approx([1.2, 2.0], abs=2e-4)
    assert [peak.probability for peak in peaks] == pytest.approx([0.7, 0.3], abs=1e-3)
    assert peaks[0].lower < 1.2 < peaks[0].upper


def test_a_narrow_peak_goes_before_a_hump_that_holds_more() -> None:
    """Nowhere on the hump is a redshift as likely to be right within 1000 km/s."""
    peaks = find_peaks(GRID, gaussians((0.4, 1.2, 0.002), (0.6, 2.2, 0.1)))
    assert peaks[0].redshift == pytest.approx(1.2, abs=1e-3)
    assert peaks[0].probability == pytest.approx(0.4, abs=0.01)
    reach = 0.003 * (0.5 + round(SAME / LIGHT_SPEED * (1 + 2.2) / 0.003))
    expected = 0.6 * (1 - 2 * stats.norm.sf(reach / 0.1))
    assert peaks[1].probability == pytest.approx(expected, rel=0.02)


def test_summits_nearer_than_reviewers_tell_apart_are_one_candidate() -> None:
    z = 2.0
    near, far = (z + velocity / LIGHT_SPEED * (1 + z) for velocity in (1500.0, 3500.0))
    divided = gaussians((0.28, z, 0.002), (0.27, near, 0.002), (0.45, 1.0, 0.002))
    peaks = find_peaks(GRID, divided)
    assert [peak.redshift for peak in peaks] == pytest.approx([z, 1.0], abs=2e-3)
    assert peaks[0].lower < z < near < peaks[0].upper
    apart = find_peaks(GRID, gaussians((0.28, z, 0.002), (0.27, far, 0.002), (0.45, 1.0, 0.002)))
    assert [peak.redshift for peak in apart] == pytest.approx([1.0, z, far], abs=2e-3)


def test_noise_on_a_peak_does_not_split_it() -> None:
    ripple = 1 + 0.1 * np.cos(np.arange(800) * 2.0)
    pdf = stats.norm.pdf(GRID, 1.5, 0.03) * ripple
    assert len(find_peaks(GRID, pdf / pdf.sum())) == 1


@given(sigma=st.floats(0.001, 0.03), centre=st.floats(0.65, 2.95))
def test_a_gaussian_peak_is_found_between_the_bins(sigma: float, centre: float) -> None:
    edges = np.append(GRID - 0.0015, GRID[-1] + 0.0015)
    pdf = np.diff(stats.norm.cdf(edges, centre, sigma))
    assert find_peaks(GRID, pdf / pdf.sum())[0].redshift == pytest.approx(centre, abs=1e-4)


@given(sigma=st.floats(0.003, 0.03), seed=st.integers(0, 1000))
def test_noise_on_a_peak_moves_it_by_a_fraction_of_its_width(sigma: float, seed: int) -> None:
    noise = np.exp(0.1 * np.random.default_rng(seed).standard_normal(GRID.size))
    pdf = stats.norm.pdf(GRID, 1.5, sigma) * noise
    assert find_peaks(GRID, pdf / pdf.sum())[0].redshift == pytest.approx(1.5, abs=0.4 * sigma)


@pytest.mark.parametrize("place", [0, 1, 799])
def test_a_peak_at_the_end_of_the_grid_stays_inside(place: int) -> None:
    pdf = np.full(800, 1e-9)
    pdf[place] = 1.0
    assert find_peaks(GRID, pdf)[0].redshift == pytest.approx(GRID[place], abs=0.0015)


def test_a_plateau_is_found_at_its_middle() -> None:
    pdf = np.full(800, 1e-12)
    pdf[300:305] = 0.2
    assert find_peaks(GRID, pdf)[0].redshift == pytest.approx(GRID[302], abs=1e-9)


@pytest.mark.parametrize("sigma", [0.0003, 0.004, 0.05])
def test_the_interval_is_centred_on_a_symmetric_pdf(sigma: float) -> None:
    low, high = summarise(GRID, stats.norm.pdf(GRID, GRID[300], sigma)).interval68
    assert (low + high) / 2 == pytest.approx(GRID[300], abs=1e-6)
    assert (high - low) / 2 == pytest.approx(max(sigma, 0.248 * 0.003), rel=0.06)


@given(st.floats(0.1, 2.0), st.floats(-0.5, 0.5))
def test_the_interval_of_one_peak_holds_it(sigma: float, offset: float) -> None:
    """Also where the peak is narrower than the bins."""
    step = GRID[1] - GRID[0]
    centre = GRID[300] + offset * step
    found = summarise(GRID, stats.norm.pdf(GRID, centre, sigma * step) + 1e-12)
    low, high = found.interval68
    assert low <= found.peaks[0].redshift <= high
    assert high - low < 3 * max(1.0, sigma) * step


def test_the_interval_leaves_out_the_best_of_many_peaks() -> None:
    """Where most of the probability lies elsewhere, it says so."""
    shares = {0.7: 0.15} | dict.fromkeys(np.linspace(1.0, 2.6, 8), 0.85 / 8)
    pdf = np.sum([share * stats.norm.pdf(GRID, centre, 0.004) for centre, share in shares.items()], axis=0)
    found = summarise(GRID, pdf)
    assert found.peaks[0].redshift == pytest.approx(0.7, abs=1e-3)
    assert found.interval68[0] > 0.9


def test_entropy_and_skewness_are_scipys_on_the_papers_bins() -> None:
    found = summarise(GRID, two_peaks())
    assert found.entropy == pytest.approx(stats.entropy(two_peaks()))
    assert found.skewness == pytest.approx(stats.skew(two_peaks()))


def test_entropy_hardly_depends_on_the_networks_grid() -> None:
    fine = np.expm1(np.linspace(np.log(1.6), np.log(4.0), 5001))
    fine = (fine[1:] + fine[:-1]) / 2
    width = np.gradient(fine)
    pdf = stats.norm.pdf(fine, 1.2, 0.02) * width
    coarse = stats.norm.pdf(GRID, 1.2, 0.02)
    assert summarise(fine, pdf).entropy == pytest.approx(summarise(GRID, coarse).entropy, abs=0.01)
    assert summarise(fine, pdf).interval68 == pytest.approx((1.18, 1.22), abs=2e-3)


@given(st.lists(st.floats(0, 1), min_size=3, max_size=100).filter(lambda p: sum(p) > 1e-3))
def test_rebinning_keeps_all_probability(values: list[float]) -> None:
    pdf = np.array(values) / sum(values)
    grid = np.linspace(0.6, 0.9, pdf.size)
    assert Cumulative(grid, pdf).rebinned(ENTROPY_BIN).sum() == pytest.approx(1.0)


@given(st.lists(st.floats(0, 1), min_size=2, max_size=200).filter(lambda p: sum(p) > 1e-3))
def test_the_first_peak_is_the_most_probable_and_lies_in_the_grid(values: list[float]) -> None:
    pdf = np.array(values) / sum(values)
    grid = np.linspace(0.6, 3.0, pdf.size)
    peaks = find_peaks(grid, pdf)
    assert peaks
    assert [p.probability for p in peaks] == sorted((p.probability for p in peaks), reverse=True)
    assert grid[0] <= peaks[0].redshift <= grid[-1]
    assert sum(p.probability for p in peaks) <= 1 + 1e-9


def test_a_flat_pdf_has_the_highest_entropy_and_no_skewness() -> None:
    found = summarise(GRID, np.ones(800))
    assert found.entropy == pytest.approx(np.log(800))
    assert found.skewness == 0.0


@pytest.mark.parametrize("pdf", [np.zeros(800), np.full(800, np.nan), -np.ones(800), np.array([])])
def test_refuses_what_is_no_pdf(pdf: np.ndarray) -> None:
    with pytest.raises(ValueError, match="PDF"):
        summarise(GRID, pdf)


def test_flags_say_why() -> None:
    sharp = prediction(two_peaks(0.999))
    assert not flag(sharp, 2.5).flagged
    assert "entropy" in flag(prediction(np.ones(800) / 800)).text
    assert "unlike" in flag(prediction(two_peaks(0.999), ood=1.2), 2.5).text
    assert flag(prediction(two_peaks(0.999), warnings=("w",)), 2.5).text == "w"
    refused = rejected("no", redshift_grid=GRID, line_wavelength=GRID, bundle="b", coverage=0.0)
    assert flag(refused).reasons == ("no",)


def test_the_repr_of_a_prediction_is_short_and_holds_no_pdf() -> None:
    text = repr(prediction(two_peaks(), redshift_pdf_std=np.zeros(800), warnings=("no mass",)))
    assert "no mass" in text
    assert "array" not in text
    assert len(text) < 300


@pytest.mark.parametrize(
    ("entropy", "probability", "threshold", "doubtful"),
    [
        (2.0, 1.0, 2.0, True),
        (1.99, 0.9, 2.0, False),
        (1.0, 0.84, 2.0, True),
        (0.4, 0.84, 2.0, False),
        (1.0, 0.84, 5.0, False),
        (np.nan, np.nan, 2.0, False),
    ],
)
def test_wide_and_two_peaked_pdfs_are_doubtful(entropy, probability, threshold, doubtful) -> None:
    assert bool(is_doubtful(entropy, probability, threshold)) is doubtful
    together = is_doubtful(np.array([entropy]), np.array([probability]), threshold)
    assert together.tolist() == [doubtful]
    assert bool(doubt_in_words(entropy, [(1.2, probability), (2.1, 0.1)], threshold)) is doubtful


def test_doubt_names_both_candidates() -> None:
    assert doubt_in_words(1.0, [(1.7959, 0.84), (1.081, 0.16)], 2.0) == [
        "two peaks: z = 1.7959 (0.84), 1.0810 (0.16)"
    ]
    assert doubt_in_words(1.0, [(1.7959, 0.84)], 2.0) == ["the best peak holds only 84 % of the probability"]
    assert doubt_in_words(1.0, [(1.243, 0.52), (2.107, 0.41)], 2.0, "Hα or [O III]") == [
        "two peaks: z = 1.2430 (0.52), 2.1070 (0.41): Hα or [O III]"
    ]
    # A wide PDF says so; a second peak is named too where it counts for something.
    assert doubt_in_words(2.5, [(1.7959, 0.84), (1.081, 0.05)], 2.0) == ["entropy 2.50 ≥ 2.00"]
    assert doubt_in_words(2.5, [(1.7959, 0.7), (1.081, 0.16)], 2.0) == [
        "entropy 2.50 ≥ 2.00",
        "two peaks: z = 1.7959 (0.70), 1.0810 (0.16)",
    ]
