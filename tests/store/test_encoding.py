"""Blobs: exact where promised, and refused when damaged."""

from __future__ import annotations

import zlib
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mtop_gui.store import encoding, prediction_rows
from mtop_gui.store.review_store import CacheEntry
from mtop_gui.store.tables import predictions
from tests.store.records import prediction

if TYPE_CHECKING:
    from mtop_gui.store.review_store import ReviewStore

LENGTHS = st.integers(0, 50)


@given(arrays(np.float64, LENGTHS))
def test_float64_is_exact(values: np.ndarray) -> None:
    np.testing.assert_array_equal(encoding.unpack(encoding.pack(values, b"d"), values.size), values)


@given(arrays(np.float32, LENGTHS, elements=st.floats(allow_nan=False, width=32)))
def test_float32_is_exact_for_float32(values: np.ndarray) -> None:
    np.testing.assert_array_equal(encoding.unpack(encoding.pack(values, b"f")), values)


@given(arrays(np.float64, LENGTHS, elements=st.floats(0, 1) | st.just(np.nan)))
def test_probabilities_are_kept_within_a_step(values: np.ndarray) -> None:
    back = encoding.unpack_probability(encoding.pack_probability(values), values.size)
    np.testing.assert_allclose(back, values, atol=0.5 / 254 + 1e-12)


@given(arrays(np.float64, LENGTHS, elements=st.floats(0, 1e300)))
def test_scaled_values_are_kept_relative_to_their_maximum(values: np.ndarray) -> None:
    back = encoding.unpack_scaled(encoding.pack_scaled(values), values.size)
    np.testing.assert_allclose(back, values, atol=values.max(initial=0.0) * 5e-4, rtol=0)


def test_strided_views_can_be_packed() -> None:
    values = np.arange(20.0)[::2]
    np.testing.assert_array_equal(encoding.unpack(encoding.pack(values, b"d"), 10), values)


GOOD = encoding.pack(np.arange(10.0), b"d")


@pytest.mark.parametrize(
    "blob",
    [
        b"",
        b"d",
        b"d" + b"nonsense",
        b"p" + GOOD[1:],
        GOOD[:-6],
        b"f" + GOOD[1:],
        b"d" + zlib.compress(b"x" * 81),
        b"d" + zlib.compress(bytes(10_000_000)),
    ],
)
def test_damaged_blobs_are_refused(blob: bytes) -> None:
    with pytest.raises(encoding.DamagedBlobError):
        encoding.unpack(blob, 10)


def test_short_scaled_blobs_are_refused() -> None:
    with pytest.raises(encoding.DamagedBlobError):
        encoding.unpack_scaled(b"1234", 10)


@pytest.mark.parametrize(
    "damage",
    [
        {"redshift_pdf": b"f123"},
        {"redshift_pdf": encoding.pack(np.ones(3), b"f")},
        {"redshift_pdf": encoding.pack(np.full(1167, np.nan), b"f")},
        {"redshift_pdf_std": b""},
        {"line_probability": b""},
        {"warnings": "not json"},
        {"warnings": "3"},
    ],
)
def test_a_damaged_cached_prediction_counts_as_missing(store: ReviewStore, damage: dict[str, Any]) -> None:
    store.save_predictions([("a" * 64, "one", 1, prediction()), ("b" * 64, "one", 1, prediction())])
    engine = store._backend.engine  # type: ignore[attr-defined]
    with engine.begin() as connection:
        connection.execute(
            sa.update(predictions).where(predictions.c.content_hash == "a" * 64).values(**damage)
        )
    assert list(store.load_predictions(["a" * 64, "b" * 64], "one")) == ["b" * 64]
    store.save_prediction("a" * 64, "one", 1, prediction())
    assert store.load_prediction("a" * 64, "one") is not None


def test_a_damaged_grid_counts_as_missing() -> None:
    row = prediction_rows.encode(CacheEntry("a" * 64, "one", 1, prediction()))
    assert (
        prediction_rows.decode_grid(SimpleNamespace(redshift_grid=b"x", line_wavelength=b"", bundle=""))
        is None
    )
    assert prediction_rows.decode(SimpleNamespace(**row), None) is None


def test_a_prediction_is_small() -> None:
    row = prediction_rows.encode(CacheEntry("a" * 64, "one", 50, prediction()))
    assert sum(len(value) for value in row.values() if isinstance(value, bytes)) < 10_000
