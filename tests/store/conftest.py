"""One store per backend: the contract is tested over all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mtop_gui.store.review_store import ReviewStore, open_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["file", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ReviewStore]:
    """Give an empty store; a new backend is a new parameter."""
    place = tmp_path / "reviews.sqlite" if request.param == "file" else ":memory:"
    with open_store(place) as opened:
        yield opened


@pytest.fixture
def file_store(tmp_path: Path) -> Iterator[ReviewStore]:
    """Give an empty store in ``reviews.sqlite``."""
    with open_store(tmp_path / "reviews.sqlite") as opened:
        yield opened
