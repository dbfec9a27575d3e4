"""The short form of the soak: nothing but memory may be judged by so little, and time by no test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.long.soak import MOST_GROWTH_MB, SHORT, main
from tests.soak.closing import close_during
from tests.soak.window import Counts, Soaked, soak

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MTOP_CACHE", str(tmp_path / "cache"))


def test_nothing_leaks_over_selections_and_runs(qapp: object, tmp_path: Path) -> None:
    found = soak(tmp_path, SHORT._replace(selections=100), "")
    assert found.runs == SHORT.runs
    assert not found.failures(MOST_GROWTH_MB, short=True), found.sentence()


@pytest.mark.parametrize("work", ["predicting", "listing files"])
def test_closing_in_the_midst_of_work_ends_the_process(tmp_path: Path, work: str) -> None:
    assert close_during(work, tmp_path) is not None


def test_the_soak_notices_what_leaks() -> None:
    from collections import Counter

    before = Counts(100.0, 9, 11, 800, Counter(QTimer=11), Counter(Task=2))
    after = Counts(180.0, 10, 12, 801, Counter(QTimer=12, QGraphicsTextItem=2000), Counter(Task=1202))
    said = Soaked(1000, 5, 1.0, before, after).failures(MOST_GROWTH_MB, short=False)
    words = ["memory", "threads", "timers", "widgets", "Qt objects", "Task"]
    assert [word for word in words if word in " ".join(said)] == words
    assert not Soaked(1000, 5, 1.0, before, before).failures(MOST_GROWTH_MB, short=False)


def test_its_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    assert "--short" in capsys.readouterr().out
