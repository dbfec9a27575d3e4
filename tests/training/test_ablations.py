"""The long run of ablations: what it trains on and judges by."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mtop_gui.network.bundle import load_bundle
from mtop_gui.simulation.survey import Survey
from mtop_gui.training.teaching import PaperTeaching
from tests.long.ablations import ARMS, HEADING, WHOLE, figures, masks, part_of, split_by_row, taught
from tests.long.trained import GUIDE, write_section

if TYPE_CHECKING:
    from pathlib import Path


def test_a_part_of_a_survey_is_a_survey(tiny_survey: Path, tmp_path: Path) -> None:
    part = part_of(tiny_survey, 20, tmp_path / "part.h5")
    with Survey(tiny_survey) as whole, Survey(part) as some:
        assert len(some) == 20 < len(whole)
        assert (some.flux(np.arange(20)) == whole.flux(np.arange(20))).all()
        assert (some.labels["z"] == whole.labels["z"][:20]).all()
        assert some.flux_scale == whole.flux_scale


def test_rows_are_split_so_that_siblings_are_trained_on(tiny_survey: Path) -> None:
    with Survey(tiny_survey) as survey:
        train, test = split_by_row(survey)
        kept, held = (set(zip(rows.galaxies, rows.hours, strict=True)) for rows in (train, test))
        assert not kept & held
        assert len(kept) == 3 * survey.rows("train").size
        assert len(held) == 3 * survey.rows("test").size
        assert {galaxy for galaxy, _ in held} & {galaxy for galaxy, _ in kept}
        assert not {galaxy for galaxy, _ in kept | held} & set(survey.rows("validation"))


@pytest.mark.parametrize("arm", ARMS)
def test_each_arm_has_its_tasks_and_leaves_the_architecture_as_it_was(arm: str) -> None:
    with taught(arm):
        assert PaperTeaching.loss_weights["redshift"] == WHOLE["redshift"]
        assert (PaperTeaching.loss_weights["lines"] == 0) == (arm == "redshift alone")
        assert (PaperTeaching.loss_weights["logmass"] == 0) == (
            arm in ("redshift alone", "without M* and SFR")
        )
    assert PaperTeaching.loss_weights == WHOLE


def test_no_redshift_is_a_catastrophe() -> None:
    error = np.array([0.0, 0.05, np.nan, 0.7])
    said = figures({"dz": np.tile(error, 3), "hours": np.repeat([2.0, 4.0, 8.0], 4)})
    assert list(said) == ["2", "4", "8"]
    assert said["2"] == {"0.003": 0.25, "0.01": 0.25, "0.1": 0.5, "catastrophic": 0.5, "spectra": 4}


def test_line_masks_are_told_beside_the_baseline(tiny_training: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_training, tmp_path / "as-it-is")
    learning = [{"val_lines": 0.5}, {"val_lines": 0.25}]
    report = tmp_path / "report.json"
    report.write_text(
        json.dumps(
            {"bundles": [{"architecture": "restframe"}, {"architecture": "mtopnet", "learning": learning}]}
        )
    )
    ended = load_bundle(tiny_training).training["history"][-1]["val_lines"]
    said = masks(tmp_path, report)
    assert f"{ended:.3f} after these" in said
    assert "0.250 after 2 epochs" in said


def test_a_section_goes_to_the_end_of_a_page_and_then_into_its_own_place(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    guide = GUIDE.read_text(encoding="utf-8").partition(HEADING)[0]
    page.write_text(guide, encoding="utf-8")
    write_section(f"{HEADING}\nfirst\n", page, HEADING)
    assert page.read_text(encoding="utf-8") == f"{guide.rstrip()}\n\n{HEADING}\nfirst\n"
    page.write_text(page.read_text(encoding="utf-8") + "\n## Behind it\n", encoding="utf-8")
    write_section(f"{HEADING}\nsecond\n", page, HEADING)
    assert page.read_text(encoding="utf-8") == f"{guide.rstrip()}\n\n{HEADING}\nsecond\n\n## Behind it\n"
