"""What is settled after the weights: each way of predicting has its own temperature, figures are those of the program."""

from __future__ import annotations

import shutil
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mtop_gui.network.bundle import load_bundle
from mtop_gui.training import calibrate as module
from mtop_gui.training.calibrate import calibrate, measure
from tests.support.tiny import TINY_GRID, tiny_instrument

if TYPE_CHECKING:
    from pathlib import Path


def test_single_passes_and_means_of_passes_are_calibrated_apart(
    tiny_training: Path, tiny_survey: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(tiny_training, tmp_path / "bundle")
    seen: list[np.ndarray] = []

    def record(pdf: np.ndarray, labels: np.ndarray) -> float:
        assert pdf.shape == labels.shape
        seen.append(pdf)
        return float(len(seen))

    monkeypatch.setattr(module, "fit_temperature", record)
    calibrate(tmp_path / "bundle", tiny_survey, seed=3, instrument=tiny_instrument())
    bundle = load_bundle(tmp_path / "bundle")
    assert (bundle.temperature, bundle.sampled_temperature) == (1.0, 2.0)
    single, sampled = seen
    assert single.shape == sampled.shape == (36, TINY_GRID.bins)
    assert sampled.sum(axis=1) == pytest.approx(1.0)
    # The same spectra: alike, but not the same.
    assert sampled == pytest.approx(single, abs=0.2)
    assert np.abs(sampled - single).max() > 1e-4


def test_figures_count_right_redshifts_before_and_after_the_cut() -> None:
    grid = TINY_GRID.centres
    pdf = np.full((4, grid.size), 1e-9)
    pdf[0, 20] = pdf[1, 20] = pdf[2, 50] = 1.0
    pdf[3] = 1.0  # knows nothing
    truth = grid[[20, 20, 20, 40]]
    judged: Any = SimpleNamespace(
        pdf=pdf / pdf.sum(axis=1, keepdims=True),
        hours=np.array([2.0, 8.0, 8.0, 8.0]),
        logmass=np.zeros(4),
        logsfr=np.full(4, 0.1),
    )
    bundle: Any = SimpleNamespace(grid=TINY_GRID, temperature=1.0)
    figures = measure(judged, bundle, truth)
    assert figures["2h"]["success_0.003"] == 1.0
    assert figures["8h"]["spectra"] == 3
    assert figures["8h"]["success_0.01"] == pytest.approx(1 / 3)
    assert figures["8h"]["success_0.01_low_entropy"] == pytest.approx(1 / 2)
    assert figures["8h"]["rejected_by_entropy"] == pytest.approx(1 / 3)
    assert figures["8h"]["logsfr_bias"] == pytest.approx(0.1)
