"""Line labels: they never overlap, at any zoom or redshift, and each appears when zoomed to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mtop_gui.ui.display import with_candidate
from mtop_gui.ui.plots.stagger import HIDDEN, Box, stagger
from tests.support.plot_widgets import STATE

if TYPE_CHECKING:
    from mtop_gui.ui.plots import SpectrumStack


def overlapping(boxes: list[Box]) -> list[tuple[Box, Box]]:
    shown = [box for box in boxes if box.level != HIDDEN]
    return [
        (a, b)
        for i, a in enumerate(shown)
        for b in shown[i + 1 :]
        if a.level == b.level and a.left < b.right and b.left < a.right
    ]


@given(
    labels=st.lists(
        st.tuples(st.floats(-500, 2500), st.floats(5, 120), st.integers(0, 60)), min_size=1, max_size=70
    ),
    levels=st.integers(1, 6),
)
@settings(max_examples=200, deadline=None)
def test_boxes_never_overlap(labels: list[tuple[float, float, int]], levels: int) -> None:
    centres, widths, ranks = map(list, zip(*labels, strict=True))
    taken = Box(600.0, 80.0, 0)
    boxes = stagger(centres, widths, ranks, extent=1200.0, levels=levels, reserved=[taken])
    assert overlapping([*boxes, taken]) == []
    for centre, width, box in zip(centres, widths, boxes, strict=True):
        if box.level == HIDDEN:
            continue
        assert 0 <= centre <= 1200
        assert 0 <= box.left <= box.left + width <= 1200 + 1e-9
        assert 0 <= box.level < levels
        # Its own line runs under it.
        assert box.left - 1e-9 <= centre <= box.right + 1e-9


def test_the_important_line_keeps_its_label() -> None:
    boxes = stagger([100.0, 101.0, 102.0], [60.0] * 3, [5, 0, 9], extent=500.0, levels=2)
    assert [box.level for box in boxes] == [1, 0, HIDDEN]


def test_labels_do_not_overlap_at_any_zoom_or_redshift(stack: SpectrumStack) -> None:
    labels = stack.flux.labels
    shown = []
    for half_width in np.geomspace(60.0, 6000.0, 20):
        for redshift in np.linspace(0.0, 3.0, 13):
            stack.show_state(with_candidate(STATE, float(redshift)))
            stack.flux.view.setXRange(12000.0 - half_width, 12000.0 + half_width, padding=0)
            boxes = [box for _, box in labels.boxes()]
            shown.append(len(boxes))
            for i, one in enumerate(boxes):
                assert labels.boundingRect().contains(one)
                assert not any(one.intersects(other) for other in boxes[i + 1 :])
    assert max(shown) >= 20


def test_every_label_appears_when_zoomed_to_it(stack: SpectrumStack) -> None:
    for label in STATE.line_labels:
        stack.zoom_to(label.observed_wavelength, 15.0)
        assert label.name in {shown.name for shown, _ in stack.flux.labels.boxes()}
