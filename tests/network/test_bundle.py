from __future__ import annotations

import hashlib
import json
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mtop_gui.core.errors import BundleError
from mtop_gui.network.arrays_file import read_arrays, sha256_of, write_arrays
from mtop_gui.network.bundle import RedshiftGrid, load_bundle, save_bundle
from mtop_gui.network.predictor import Predictor
from tests.support.tiny import tiny_instrument, tiny_spectrum

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mtop_gui.network.bundle import ModelBundle


@pytest.fixture
def folder(tiny_bundle: ModelBundle, tmp_path: Path) -> Path:
    save_bundle(tiny_bundle, tmp_path / "tiny")
    return tmp_path / "tiny"


def change(folder: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = folder / "bundle.json"
    facts = json.loads(path.read_text(encoding="utf-8"))
    edit(facts)
    path.write_text(json.dumps(facts), encoding="utf-8")


def weights_of(folder: Path) -> Path:
    return next(folder.glob("weights-*.npz"))


def reseal(folder: Path) -> None:
    """Make the checksum match again, as someone who tampers would."""
    change(folder, lambda facts: facts["weights"].update(sha256=sha256_of(weights_of(folder))))


def refusal(folder: Path) -> str:
    with pytest.raises(BundleError) as caught:
        load_bundle(folder)
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_a_saved_bundle_comes_back_whole(tiny_bundle: ModelBundle, folder: Path) -> None:
    loaded = load_bundle(folder)
    assert loaded.label.startswith("tiny 1 (")
    assert {p: a.tolist() for p, a in loaded.weights.items()} == {
        p: a.tolist() for p, a in tiny_bundle.weights.items()
    }
    same = (
        "name",
        "version",
        "config",
        "grid",
        "lines",
        "preparation",
        "temperature",
        "sampled_temperature",
        "training",
        "min_coverage",
    )
    assert all(getattr(loaded, key) == getattr(tiny_bundle, key) for key in same)


def test_it_predicts_what_it_predicted_before(
    tiny_bundle: ModelBundle, predictor: Predictor, folder: Path
) -> None:
    before = predictor.predict([tiny_spectrum()])[0]
    after = Predictor(folder, tiny_instrument()).predict([tiny_spectrum()])[0]
    assert np.array_equal(before.redshift_pdf, after.redshift_pdf)
    assert after.ood == pytest.approx(before.ood, rel=1e-4)


def test_half_precision_hardly_changes_it(
    tiny_bundle: ModelBundle, predictor: Predictor, tmp_path: Path
) -> None:
    save_bundle(tiny_bundle, tmp_path / "half", half=True)
    before = predictor.predict([tiny_spectrum()])[0]
    after = Predictor(tmp_path / "half", tiny_instrument()).predict([tiny_spectrum()])[0]
    assert after.redshift_pdf == pytest.approx(before.redshift_pdf, rel=0.02)


def test_a_bundle_without_a_temperature_for_samples_uses_the_other(folder: Path) -> None:
    change(folder, lambda facts: facts.pop("sampled_temperature"))
    bundle = load_bundle(folder)
    assert bundle.sampled_temperature == bundle.temperature == 1.3


def test_saving_again_leaves_one_weights_file(tiny_bundle: ModelBundle, folder: Path) -> None:
    other = {path: array + 1 for path, array in tiny_bundle.weights.items()}
    saved = save_bundle(replace(tiny_bundle, weights=other), folder)
    assert len(list(folder.glob("weights-*"))) == 1
    assert load_bundle(folder).digest == saved.digest


def test_the_same_weights_give_the_same_file(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    digests = {save_bundle(tiny_bundle, tmp_path / name).digest for name in "ab"}
    assert len(digests) == 1


def test_another_calibration_is_another_bundle(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    first = save_bundle(tiny_bundle, tmp_path / "a")
    second = save_bundle(replace(tiny_bundle, temperature=1.1), tmp_path / "b")
    assert weights_of(tmp_path / "a").name == weights_of(tmp_path / "b").name
    assert first.label != second.label


def test_a_name_or_folder_that_is_not_there(tmp_path: Path) -> None:
    for name in ("no-such-bundle", "../bundles", tmp_path / "none", ""):
        with pytest.raises(BundleError, match=r"no bundle|not a bundle|holds no"):
            load_bundle(name)


def test_missing_parts(folder: Path) -> None:
    weights_of(folder).unlink()
    assert "lacks its weights file" in refusal(folder)
    (folder / "bundle.json").unlink()
    assert "not a bundle" in refusal(folder)


def test_a_changed_byte_in_the_weights(folder: Path) -> None:
    data = bytearray(weights_of(folder).read_bytes())
    data[len(data) // 2] ^= 1
    weights_of(folder).write_bytes(bytes(data))
    assert "checksum" in refusal(folder)


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        (lambda f: f.update(format=99), "format 99"),
        (lambda f: f.pop("format"), "format None"),
        (lambda f: f["architecture"].update(name="evil"), "unknown"),
        (lambda f: f["architecture"]["config"].update(pixels=501), "do not fit"),
        (lambda f: f["architecture"]["config"].update(surprise=1), "surprise"),
        (lambda f: f["redshift_grid"].update(bins=61), "redshift bins"),
        (lambda f: f["redshift_grid"].update(bins=10**12), "grid"),
        (lambda f: f["redshift_grid"].update(lower=5), "increase"),
        (lambda f: f["weights"].update(file="../weights.npz"), "outside its folder"),
        (lambda f: f["weights"].update(file="/etc/passwd"), "outside its folder"),
        (lambda f: f["weights"].update(file="..\\weights.npz"), "outside its folder"),
        (lambda f: f["weights"].update(file="bundle.json"), "outside its folder"),
        (lambda f: f["weights"].update(sha256="0" * 64), "checksum"),
        (lambda f: f.update(temperature=0), "out of range"),
        (lambda f: f.update(temperature="nan"), "out of range"),
        (lambda f: f.pop("preparation"), "preparation"),
        (lambda f: f["preparation"].update(median_window=2), "median_window"),
        (lambda f: f["preparation"].update(continuum_mean=[], continuum_std=[]), "10 continuum points"),
        (lambda f: f["preparation"].update(continuum_std=[]), "10 continuum points"),
        (lambda f: f.update(temperature=10**400), "damaged"),
        (lambda f: f.update(architecture=None), "damaged"),
        (lambda f: f.update(training=3), "damaged"),
    ],
)
def test_tampered_facts_are_refused_in_one_sentence(folder: Path, edit: Any, word: str) -> None:
    change(folder, edit)
    assert word in refusal(folder)


@pytest.mark.parametrize("text", ["{", "[]", "3", "[" * 100_000, '{"format": 1}', "\x00"])
def test_facts_that_are_no_facts(folder: Path, text: str) -> None:
    (folder / "bundle.json").write_text(text, encoding="utf-8")
    assert refusal(folder)


def test_facts_of_absurd_size(folder: Path) -> None:
    (folder / "bundle.json").write_text(" " * (5 << 20), encoding="utf-8")
    assert "too large" in refusal(folder)


def test_a_link_to_elsewhere(folder: Path, tmp_path: Path) -> None:
    weights = weights_of(folder)
    weights.rename(tmp_path / "elsewhere.npz")
    weights.symlink_to(tmp_path / "elsewhere.npz")
    assert "lacks" in refusal(folder)


def member(path: Path, name: str, data: bytes) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)


def header(shape: str, descr: str = "<f4") -> bytes:
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}"
    text += " " * (117 - len(text)) + "\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text.encode()


@pytest.mark.parametrize(
    "data",
    [
        header("(1000000000, 1000000000)") + bytes(8),
        header("(2,)") + bytes(4),
        header("(2,)", "|O") + bytes(16),
        header("(-2,)") + bytes(8),
        b"not an array",
        bytes(400 << 20),
    ],
)
def test_weights_that_lie_about_their_size(folder: Path, data: bytes) -> None:
    member(weights_of(folder), "weights/redshift/kernel.npy", data)
    reseal(folder)
    assert any(word in refusal(folder) for word in ("damaged", "unpack to more"))


def test_weights_that_are_no_archive(folder: Path) -> None:
    weights_of(folder).write_bytes(b"PK nonsense")
    reseal(folder)
    assert "damaged" in refusal(folder)


def test_weights_whose_compression_is_broken(folder: Path) -> None:
    member(weights_of(folder), "weights/redshift/kernel.npy", header("(2,)") + bytes(8))
    data = bytearray(weights_of(folder).read_bytes())
    start = 30 + len("weights/redshift/kernel.npy")
    data[start : start + 8] = b"\xff" * 8
    weights_of(folder).write_bytes(bytes(data))
    reseal(folder)
    assert "damaged" in refusal(folder)


def test_missing_preparation_statistics(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    bare = replace(tiny_bundle.preparation, continuum_mean=(), continuum_std=())
    save_bundle(replace(tiny_bundle, preparation=bare), tmp_path / "b")
    with pytest.raises(BundleError, match="continuum points"):
        load_bundle(tmp_path / "b")


def test_a_name_longer_than_the_system_allows() -> None:
    with pytest.raises(BundleError, match="no bundle"):
        load_bundle("x" * 5000)


def test_infinite_weights(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    broken = {path: np.full_like(array, np.inf) for path, array in tiny_bundle.weights.items()}
    save_bundle(replace(tiny_bundle, weights=broken), tmp_path / "b")
    assert "not finite" in refusal(tmp_path / "b")


def test_foreign_out_of_distribution_arrays(tiny_bundle: ModelBundle, tmp_path: Path) -> None:
    save_bundle(replace(tiny_bundle, ood={"mean": np.ones(3)}), tmp_path / "b")
    assert "out-of-distribution" in refusal(tmp_path / "b")


def test_arrays_survive_the_file(tmp_path: Path) -> None:
    arrays = {
        "a/b": np.arange(6, dtype=np.float32).reshape(2, 3),
        "scalar": np.float64(2.5),
        "empty": np.zeros((0, 3)),
    }
    write_arrays(tmp_path / "x.npz", arrays)
    found = read_arrays(tmp_path / "x.npz", hashlib.sha256((tmp_path / "x.npz").read_bytes()).hexdigest())
    assert {k: (v.shape, v.tolist()) for k, v in found.items()} == {
        k: (np.shape(v), np.asarray(v).tolist()) for k, v in arrays.items()
    }


def test_its_repr_is_short_and_holds_no_weights(tiny_bundle: ModelBundle) -> None:
    assert "array" not in repr(tiny_bundle)
    assert len(repr(tiny_bundle)) < 800


def test_redshift_grids() -> None:
    paper = RedshiftGrid().centres
    assert paper.size == 800
    assert paper[[0, -1]] == pytest.approx([0.6015, 2.9985])
    log = RedshiftGrid(0.0, 1.7, 2000, "log").centres
    assert np.ptp(np.diff(np.log1p(log))) < 1e-12
    assert 0 < log[0] < log[-1] < 1.7
