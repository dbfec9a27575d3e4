"""Bundles that somebody tampered with: refused in one sentence, never another exception, never waited for."""

from __future__ import annotations

import json
import os
import shutil
import zipfile
from contextlib import suppress
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtop_gui.core.errors import BundleError
from mtop_gui.network.arrays_file import read_arrays, sha256_of, write_arrays
from mtop_gui.network.bundle import load_bundle, save_bundle
from mtop_gui.network.mtopnet import MtopnetConfig
from mtop_gui.network.restframe import RestframeConfig

if TYPE_CHECKING:
    from pathlib import Path

    from mtop_gui.network.bundle import ModelBundle

_DRAWN = settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder(tiny_bundle: ModelBundle, tmp_path: Path) -> Path:
    save_bundle(tiny_bundle, tmp_path / "tiny")
    return tmp_path / "tiny"


def weights_of(folder: Path) -> Path:
    return next(folder.glob("weights-*.npz"))


def facts_of(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "bundle.json").read_text(encoding="utf-8"))


def write_facts(folder: Path, facts: Any) -> None:
    (folder / "bundle.json").write_text(json.dumps(facts), encoding="utf-8")


def reseal(folder: Path) -> None:
    """Make the checksum match again, as someone who tampers would."""
    facts = facts_of(folder)
    facts["weights"]["sha256"] = sha256_of(weights_of(folder))
    write_facts(folder, facts)


def refused(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    sentence = str(caught.value)
    assert sentence
    assert "\n" not in sentence
    return sentence


def loads_or_refuses(folder: Path) -> None:
    with suppress(BundleError):
        load_bundle(folder)
        return
    refused(folder)


@_DRAWN
@given(
    damage=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6)
)
def test_damaged_and_resealed_weights(folder: Path, tmp_path: Path, damage: list[tuple[float, int]]) -> None:
    path = weights_of(folder)
    whole = path.read_bytes()
    content = bytearray(whole)
    for place, value in damage:
        content[int(place * len(content))] = value
    path.write_bytes(bytes(content))
    reseal(folder)
    loads_or_refuses(folder)
    path.write_bytes(whole)


@_DRAWN
@given(data=st.data())
def test_the_archive_s_directory_and_the_arrays_headers_are_not_believed(
    folder: Path, data: st.DataObject
) -> None:
    path = weights_of(folder)
    whole = path.read_bytes()
    # The directory at the end, and the header of the first array, are where lies do most.
    content = bytearray(whole)
    start = whole.rindex(b"PK\x01\x02") if data.draw(st.booleans()) else 0
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(start, min(len(whole), start + 300) - 1))
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content))
    reseal(folder)
    loads_or_refuses(folder)
    path.write_bytes(whole)


def json_values() -> st.SearchStrategy[Any]:
    plain = (
        st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.floats() | st.text(max_size=8)
        | st.sampled_from([10**9, -1, 0, 1, "../x", "/etc/passwd", "\x00"])
    )  # fmt: skip
    return st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    )


@_DRAWN
@given(data=st.data())
def test_any_fact_may_be_anything(folder: Path, data: st.DataObject) -> None:
    facts = facts_of(folder)
    changed = json.loads(json.dumps(facts))
    place = changed
    key = data.draw(st.sampled_from(sorted(place)))
    while isinstance(place[key], dict) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place)))
    place[key] = data.draw(json_values())
    write_facts(folder, changed)
    loads_or_refuses(folder)
    write_facts(folder, facts)


def test_a_config_of_absurd_sizes_asks_for_no_memory(tiny_bundle: ModelBundle, folder: Path) -> None:
    facts = facts_of(folder)
    for field in fields(tiny_bundle.config):
        if isinstance(getattr(tiny_bundle.config, field.name), bool):
            continue
        for number in (10**9, 10**15, 0, -1):
            changed = json.loads(json.dumps(facts))
            changed["architecture"]["config"][field.name] = number
            write_facts(folder, changed)
            loads_or_refuses(folder)


def test_the_config_of_another_bundle(folder: Path) -> None:
    facts = facts_of(folder)
    facts["architecture"]["config"] = asdict(MtopnetConfig())
    write_facts(folder, facts)
    assert "do not fit" in refused(folder)


def test_the_architecture_of_another_bundle(folder: Path) -> None:
    facts = facts_of(folder)
    facts["architecture"] = {
        "name": "restframe",
        "config": asdict(RestframeConfig(first_pixel=8.7, first_redshift=0.4)),
    }
    write_facts(folder, facts)
    assert "is not the one of architecture 'restframe'" in refused(folder)


def test_an_array_that_is_there_twice(folder: Path) -> None:
    path = weights_of(folder)
    with zipfile.ZipFile(path) as archive:
        name = archive.namelist()[0]
        data = archive.read(name)
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, data)
    reseal(folder)
    assert "twice" in refused(folder)


@pytest.mark.parametrize(
    "name", ["../../evil.npy", "/etc/evil.npy", "weights/../../evil.npy", "evil", "weights/"]
)
def test_names_that_lead_elsewhere(folder: Path, tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(weights_of(folder), "a") as archive:
        archive.writestr(name, b"\x93NUMPY")
    reseal(folder)
    refused(folder)
    assert not list(tmp_path.parent.rglob("evil*"))


def test_a_bomb_of_many_members_over_one_another(folder: Path) -> None:
    """Each claims what a bundle may hold, all together a hundred times that."""
    with zipfile.ZipFile(weights_of(folder), "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(100):
            archive.writestr(f"weights/{number}.npy", bytes(4 << 20))
    reseal(folder)
    assert "more than a bundle may hold" in refused(folder)


def test_more_arrays_than_any_network_has(tmp_path: Path) -> None:
    path = tmp_path / "many.npz"
    write_arrays(path, {f"weights/{number}": np.zeros(1, np.float32) for number in range(2001)})
    with pytest.raises(BundleError, match="more than a bundle may hold"):
        read_arrays(path, sha256_of(path))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes on this system")
@pytest.mark.parametrize("what", ["bundle.json", "weights"])
@pytest.mark.parametrize("thing", ["pipe", "zeros"])
def test_a_pipe_or_a_device_is_not_waited_for(folder: Path, what: str, thing: str) -> None:
    path = folder / "bundle.json" if what == "bundle.json" else weights_of(folder)
    path.unlink()
    if thing == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    refused(folder)


@pytest.mark.parametrize("version", [0, 2, 99, "1", None, [1], 10**30])
def test_other_versions_are_named(folder: Path, version: Any) -> None:
    facts = facts_of(folder)
    facts["format"] = version
    write_facts(folder, facts)
    assert "this version of mtop-gui reads" in refused(folder)


def test_a_number_of_ten_thousand_digits(folder: Path) -> None:
    text = (folder / "bundle.json").read_text(encoding="utf-8")
    (folder / "bundle.json").write_text(text.replace('"temperature": 1.3', '"temperature": ' + "9" * 10_000))
    refused(folder)


def test_a_folder_in_place_of_the_weights(folder: Path) -> None:
    path = weights_of(folder)
    path.unlink()
    path.mkdir()
    assert "lacks" in refused(folder)
    shutil.rmtree(path)
