"""The plane of an embedding: reproducible, honest about how it was made, and outliers stand out."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType

import numpy as np
import pytest

from mtop_gui.core import projection
from mtop_gui.core.projection import (
    Projection,
    load,
    nearest_to,
    neighbour_distance,
    principal,
    project,
    save,
)


def clusters(count=120, width=24, seed=3):
    random = np.random.default_rng(seed)
    centres = random.uniform(0, 40, (3, width))
    which = np.arange(count) % 3
    return centres[which] + random.normal(0, 1, (count, width)), which


@pytest.fixture
def without_umap(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)


def test_without_umap_two_principal_components_are_shown_and_it_says_so(without_umap):
    values, which = clusters()
    made = project(values)
    assert "principal components" in made.note
    assert made.points.shape == (120, 2)
    within = [made.points[which == k].std() for k in range(3)]
    between = np.std([made.points[which == k].mean(axis=0) for k in range(3)])
    assert between > max(within) / 3
    assert np.array_equal(project(values).points, made.points)


def test_umap_draws_the_plane_where_it_is_installed(monkeypatch):
    class Umap:
        def __init__(self, **options):
            self.options = options

        def fit_transform(self, values):
            return -values[:, :2]

    module = ModuleType("umap")
    module.UMAP = Umap
    monkeypatch.setitem(sys.modules, "umap", module)
    embedding = np.random.default_rng(0).random((40, 5))
    made = project(embedding)
    assert made.note == ""
    assert np.array_equal(made.points, -projection.principal(np.log1p(embedding))[:, :2])


def test_umap_keeps_neighbours_together():
    pytest.importorskip("umap")
    values, which = clusters()
    made = project(values)
    assert made.note == ""
    for row in range(0, 120, 10):
        near = nearest_to(made.points, row, 6)
        assert (which[near] == which[row]).mean() > 0.8
    assert np.array_equal(project(values).points, made.points)


def test_an_outlier_is_far_from_its_neighbours(without_umap):
    values, _ = clusters()
    values[7] += 500
    made = project(values)
    assert int(np.argmax(made.distance)) == 7
    assert np.median(made.distance) == pytest.approx(1.0)


def test_what_the_network_was_not_asked_about_has_no_place(without_umap):
    values, _ = clusters()
    values[3] = np.nan
    made = project(values)
    assert np.isnan(made.points[3]).all()
    assert np.isnan(made.distance[3])
    assert np.isfinite(np.delete(made.points, 3, axis=0)).all()
    nothing = project(np.full((4, 6), np.nan))
    assert "none of these" in nothing.note


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_spectra_are_drawn_too(count):
    made = project(np.arange(count * 5.0).reshape(count, 5) ** 1.5)
    assert np.isfinite(made.points).all()
    assert "too few" in made.note


def test_equal_spectra_lie_on_each_other(without_umap):
    made = project(np.ones((30, 4)))
    assert np.isfinite(made.points).all()
    assert (made.distance == 1).all()
    with pytest.raises(ValueError, match="one row"):
        project(np.ones(3))


def test_distances_are_those_of_all_pairs():
    random = np.random.default_rng(0)
    values = random.normal(size=(40, 6))
    pairs = np.sort(np.linalg.norm(values[:, None] - values[None], axis=2), axis=1)[:, 1:6].mean(axis=1)
    assert neighbour_distance(values) == pytest.approx(pairs / np.median(pairs))
    kept = principal(values)
    assert np.linalg.norm(kept[3] - kept[9]) == pytest.approx(np.linalg.norm(values[3] - values[9]))


def test_a_projection_is_kept_and_a_damaged_one_is_made_again(tmp_path):
    made = Projection(np.arange(6.0).reshape(3, 2), np.ones(3), "as told")
    save(made, tmp_path / "plane.npz")
    back = load(tmp_path / "plane.npz")
    assert back is not None
    assert np.array_equal(back.points, made.points)
    assert back.note == "as told"
    (tmp_path / "plane.npz").write_bytes(b"PK nonsense")
    assert load(tmp_path / "plane.npz") is None
    assert load(tmp_path / "none.npz") is None


def test_it_runs_in_a_process_of_its_own(tmp_path):
    values, _ = clusters(count=12)
    np.savez(tmp_path / "in.npz", embedding=values)
    command = [sys.executable, "-m", projection.__name__, str(tmp_path / "in.npz"), str(tmp_path / "out.npz")]
    subprocess.run(command, check=True)
    back = load(tmp_path / "out.npz")
    assert back is not None
    assert back.points == pytest.approx(project(values).points)
