"""``mtop review``: what reviewers decided, out of a store and into it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from mtop_gui.core.catalogue import CatalogueRow, predicted_row

if TYPE_CHECKING:
    from mtop_gui.core.decision import Decision
    from mtop_gui.core.spectrum import Spectrum
    from mtop_gui.store.review_store import ReviewStore


def export(store_url: str, output: Path, *, reviewer: str | None, entropy_threshold: float) -> None:
    """Write every Spectrum that has a standing Decision, with what the network had said where that is still cached.

    Raises
    ------
    MtopError : the store cannot be read, or the catalogue cannot be written.
    """
    from mtop_gui.store.review_store import open_store

    with open_store(store_url, read_only=True) as store:
        decisions = sorted(store.current_all(reviewer).values(), key=lambda each: (each.file, each.row))
        rows = [_row(store, decision, entropy_threshold) for decision in decisions]
        hashes = {(each.file, each.row): each.content_hash for each in decisions}
        store.export(output, rows, hashes, reviewer=reviewer)
    print(f"{output}: {len(rows)} reviewed spectra", file=sys.stderr)


def import_decisions(store_url: str, catalogue: Path, *, reviewer: str | None) -> None:
    """Record the Decisions of an exported catalogue; those the store already has are left out.

    Raises
    ------
    MtopError : the catalogue holds no Decisions, or the store cannot be written.
    """
    from mtop_gui.store.review_store import open_store

    with open_store(store_url) as store:
        count = store.import_decisions(catalogue, reviewer)
    print(f"{store_url}: {count} decisions taken over from {catalogue}", file=sys.stderr)


def _row(store: ReviewStore, decision: Decision, entropy_threshold: float) -> CatalogueRow:
    from mtop_gui.settings import load_settings

    passes = load_settings()[0].mc_passes
    prediction = store.load_prediction(decision.content_hash, decision.bundle, passes)
    if prediction is None:
        return CatalogueRow(file=decision.file, row=decision.row, name=decision.name, bundle=decision.bundle)
    # The file itself is not read again, so of the Spectrum there is only where it was.
    place = SimpleNamespace(path=Path(decision.file), row=decision.row, name=decision.name, ra=None, dec=None)
    return predicted_row(cast("Spectrum", place), prediction, entropy_threshold)
