"""What README.md says of the shipped bundles is what was measured with them."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mtop_gui.core.resources import resource_path
from mtop_gui.network.bundle import available_bundles, load_bundle

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def figures() -> Any:
    found = importlib.util.spec_from_file_location("readme_figures", ROOT / "packaging" / "readme_figures.py")
    assert found
    assert found.loader
    module = importlib.util.module_from_spec(found)
    sys.modules[found.name] = module
    found.loader.exec_module(module)
    return module


def test_its_figures_are_those_of_the_reports(figures: Any) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert figures.with_figures(text) == text
    other = text.replace("of the true template | ", "of the true template | 1")
    assert figures.with_figures(other) == text != other


@pytest.mark.parametrize("name", available_bundles())
def test_the_report_beside_a_bundle_was_made_with_it(name: str) -> None:
    report = json.loads(resource_path("bundles", name, "report.json").read_text(encoding="utf-8"))
    assert report["bundle"]["digest"] == load_bundle(name).digest
    assert resource_path("bundles", name, "report.html").is_file()
    assert report["survey"]["split"] == "test, by galaxy"
