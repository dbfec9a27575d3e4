"""The short form of the fuzz campaign, and that its judge can tell right from wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mtop_gui import io
from tests.fuzz.campaign import campaign
from tests.fuzz.damage import Damaged, Kind
from tests.fuzz.judge import Wrong, flawless, judge
from tests.io import layouts

if TYPE_CHECKING:
    from pathlib import Path

SEED = 20260101


def test_no_crash_no_hang_no_silent_wrong_read() -> None:
    numbers = [*range(0, 210, 3), *range(1000, 1930)]
    found = campaign(SEED, numbers)
    assert found.good, found.summary()
    assert found.cases == len(numbers)
    # All kinds of right reads occur, or the damage was none.
    assert all(found.verdicts[word] > 20 for word in ("refused", "equal", "noted", "local"))
    assert found.most_grown_mb < 300


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "plain.fits"
    layouts.write_plain(path)
    return path


def truth_of(path: Path):
    return {row.row: row for row in io.read_rows(path)}


@pytest.mark.parametrize("kind", [Kind.HARMLESS, Kind.SEALED, Kind.DATA])
def test_the_judge_notices_another_flux(written: Path, kind: Kind) -> None:
    truth = truth_of(written)
    content = bytearray(written.read_bytes())
    for row in range(50):
        start = 5760 + 24 * row + 8
        content[start : start + 8] = np.array(1000.0, ">f8").tobytes()
    written.write_bytes(bytes(content))
    with pytest.raises(Wrong, match="50"):
        judge(truth, written, Damaged(bytes(content), "flux changed", kind, touched=3), standard=True)
    excused = Damaged(bytes(content), "flux changed", Kind.LIE)
    assert judge(truth, written, excused, standard=True) == "excused"


def test_the_judge_takes_the_undamaged_file_for_equal(written: Path) -> None:
    case = Damaged(written.read_bytes(), "nothing", Kind.HARMLESS)
    assert judge(truth_of(written), written, case, standard=True) == "equal"


def test_a_header_that_is_no_text_is_not_flawless_and_is_noted(written: Path) -> None:
    truth = truth_of(written)
    content = bytearray(written.read_bytes())
    content[200] = 0xC3
    written.write_bytes(bytes(content))
    assert not flawless(written)
    case = Damaged(bytes(content), "one byte", Kind.HEADER)
    assert judge(truth, written, case, standard=True) == "noted"
