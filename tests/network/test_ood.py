from __future__ import annotations

import numpy as np
import pytest

from mtop_gui.network.ood import STATISTICS, fit_ood, flux_statistics, ood_arrays_fit, ood_scores


def reference(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings near an eight-dimensional plane, and statistics of noise."""
    rng = np.random.default_rng(seed)
    plane = np.abs(np.random.default_rng(99).normal(size=(8, 40)))
    embedding = np.abs(rng.normal(size=(count, 8))) @ plane + 0.01 * rng.random((count, 40))
    good = np.ones(400, bool)
    statistics = np.stack(
        [flux_statistics((x / x.max()).astype(np.float32), good) for x in rng.normal(size=(count, 400))]
    )
    return embedding, statistics


def test_half_a_per_cent_of_the_reference_scores_above_one() -> None:
    arrays = fit_ood(*reference(4000, 0))
    scores = ood_scores(arrays, *reference(4000, 1))
    assert np.mean(scores > 1) == pytest.approx(0.005, abs=0.006)
    assert np.median(scores) < 0.8


def test_the_unlike_scores_above_one() -> None:
    arrays = fit_ood(*reference(1000, 0))
    embedding, statistics = reference(20, 2)
    rng = np.random.default_rng(3)
    assert (ood_scores(arrays, embedding * 10, statistics) > 1).all()
    assert (ood_scores(arrays, embedding + 3 * rng.random((20, 40)), statistics) > 1).all()
    smooth = np.stack([np.convolve(x, np.ones(5) / 5, "same") for x in rng.normal(size=(20, 400))])
    correlated = np.stack(
        [flux_statistics((x / x.max()).astype(np.float32), np.ones(400, bool)) for x in smooth]
    )
    assert (ood_scores(arrays, embedding, correlated) > 1).all()


def test_without_reference_nothing_is_unlike() -> None:
    assert (ood_scores({}, np.ones((3, 40)), np.ones((3, len(STATISTICS)))) == 0).all()


def test_what_is_not_finite_is_unlike() -> None:
    arrays = fit_ood(*reference(200, 0))
    embedding, statistics = reference(1, 1)
    assert ood_scores(arrays, embedding * np.inf, statistics)[0] == np.inf


def test_statistics_of_almost_nothing() -> None:
    assert (flux_statistics(np.ones(400, np.float32), np.zeros(400, bool)) == 0).all()
    assert np.isfinite(flux_statistics(np.zeros(400, np.float32), np.ones(400, bool))).all()


def test_arrays_of_another_network_do_not_fit() -> None:
    arrays = fit_ood(*reference(200, 0))
    assert ood_arrays_fit(40, arrays)
    assert ood_arrays_fit(40, {})
    assert not ood_arrays_fit(41, arrays)
    assert not ood_arrays_fit(40, {**arrays, "limits": np.zeros(4)})
    assert not ood_arrays_fit(40, {"mean": arrays["mean"]})


@pytest.mark.parametrize(
    "values",
    [
        np.random.default_rng(3).normal(size=7000),
        np.sort(
            np.random.default_rng(4).normal(size=7001)
        ),  # a slope: a sample tells nothing of its neighbours
        np.repeat([0.0, 1.0], [7000, 5]),
        np.tile([0.0] + 15 * [1.0], 500),  # the sampled sixteenth is unlike the rest
        np.arange(8.0),
    ],
)
def test_the_core_is_that_of_all_pixels(values: np.ndarray) -> None:
    flux = values.astype(np.float32)
    ordered = np.sort(flux)
    quartiles = ordered[3 * flux.size // 4] - ordered[flux.size // 4]
    core = flux_statistics(flux, np.ones(flux.size, bool))[STATISTICS.index("core")]
    assert core == pytest.approx(np.log10(max(quartiles / 1.349 / max(flux.std(), 1e-9), 1e-3)), abs=1e-5)
