"""Settings: one flat file, whole or the defaults, and nothing the user wrote is lost."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtop_gui.settings import MOST_RECENT, THEMES, Settings, load_settings, save_settings, settings_path

texts = st.text(st.characters(exclude_categories=["Cs"]))
settings_drawn = st.builds(
    Settings,
    reviewer=texts,
    theme=st.sampled_from(THEMES),
    entropy_threshold=st.floats(min_value=0),
    quality_scale=texts,
    key_preset=texts,
    bundle=texts,
    mc_passes=st.integers(min_value=1, max_value=2**62),
    smoothing=st.floats(min_value=0),
    store=texts,
    recent_folders=st.lists(texts).map(tuple),
    text_scale=st.floats(min_value=0.5, max_value=4),
    watch=st.booleans(),
    samp=st.booleans(),
    keys=st.dictionaries(
        texts, st.dictionaries(texts, st.lists(texts, max_size=3).map(tuple), max_size=3), max_size=2
    ),
)


@given(settings_drawn)
def test_what_is_saved_is_loaded(settings):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.toml"
        save_settings(settings, path)
        assert load_settings(path) == (settings, "")


def test_a_first_start_has_defaults_and_no_warning(tmp_path):
    settings, warning = load_settings(tmp_path / "none.toml")
    assert warning == ""
    assert settings == Settings()
    assert settings.reviewer
    assert (settings.entropy_threshold, settings.quality_scale, settings.key_preset) == (2.0, "desi", "marz")


@pytest.mark.parametrize(
    "content",
    [
        b"reviewer = ",
        b"\xff\xfe nonsense",
        b"mc_passes = 'many'",
        b"mc_passes = 0",
        b"mc_passes = true",
        b"theme = 'pink'",
        b"entropy_threshold = nan",
        b"recent_folders = [1, 2]",
        b"text_scale = 40.0",
        b"watch = 'yes'",
        b"keys = 3",
        b"[keys]\nmarz = ['N']",
        b"[keys.marz]\nnext = 'N'",
        b"[keys.marz]\nnext = [1]",
    ],
)
def test_a_bad_file_gives_defaults_a_sentence_and_a_copy(tmp_path, content):
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    settings, warning = load_settings(path)
    assert settings == Settings()
    assert "settings.toml" in warning
    assert "\n" not in warning
    save_settings(settings, path)
    assert (tmp_path / "settings.toml.bad").read_bytes() == content


def test_a_number_without_a_point_and_an_unknown_name_are_fine(tmp_path):
    path = tmp_path / "settings.toml"
    path.write_text('entropy_threshold = 3\nof_a_newer_version = "x"\n', encoding="utf-8")
    assert load_settings(path) == (replace(Settings(), entropy_threshold=3.0), "")


def test_an_undecodable_folder_name_does_not_prevent_saving(tmp_path):
    path = tmp_path / "settings.toml"
    save_settings(Settings(recent_folders=("/data/\udcff",)), path)
    assert load_settings(path)[0].recent_folders == ("/data/\ufffd",)


def test_the_environment_names_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv("MTOP_SETTINGS", str(tmp_path / "mine.toml"))
    assert settings_path() == tmp_path / "mine.toml"
    save_settings(Settings(reviewer="ag"))
    assert load_settings()[0].reviewer == "ag"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def test_recent_folders_are_newest_first_once_each_and_few():
    settings = Settings()
    for number in range(20):
        settings = settings.with_recent(f"/data/{number}")
    settings = settings.with_recent("/data/15")
    assert settings.recent_folders[:2] == ("/data/15", "/data/19")
    assert len(settings.recent_folders) == len(set(settings.recent_folders)) == MOST_RECENT
