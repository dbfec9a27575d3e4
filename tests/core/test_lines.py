"""The line table: complete, in vacuum, unambiguous."""

from __future__ import annotations

import pytest

from mtop_gui.core.lines import load_lines, paper_mask_lines


def _air_to_vacuum(air: float) -> float:
    """Ciddor 1996 by the inverse of the VALD fit (N. Piskunov)."""
    s2 = (1e4 / air) ** 2
    n = 1 + 0.00008336624212083 + 0.02408926869968 / (130.1065924522 - s2)
    return air * (n + 0.0001599740894897 / (38.92568793293 - s2))


def test_names_are_unique_and_lines_are_in_order() -> None:
    lines = load_lines()
    assert len({line.name for line in lines}) == len(lines)
    wavelengths = [line.wavelength for line in lines]
    assert wavelengths == sorted(wavelengths)


def test_every_line_has_a_known_kind_a_label_within_its_name_and_a_source() -> None:
    for line in load_lines():
        assert line.kind in {"emission", "absorption", "both"}
        assert line.name == f"{line.label} {round(line.wavelength)}"
        assert line.source


@pytest.mark.parametrize(
    ("name", "air"),
    [
        ("Hα 6565", 6562.80),
        ("Hβ 4863", 4861.33),
        ("[O III] 5008", 5006.84),
        ("[O III] 4364", 4363.21),
        ("[Ne III] 3870", 3868.76),
        ("[Ar III] 7138", 7135.79),
        ("[S III] 9071", 9068.6),
        ("[S III] 9533", 9530.6),
        ("He I 10833", 10830.34),
        ("Na I 8186", 8183.26),
        ("Na I 8197", 8194.82),
        ("Ca K 3935", 3933.66),
        ("Fe 4669", 4668.0),
        ("G band 4306", 4304.4),
    ],
)
def test_optical_lines_are_the_air_values_brought_to_vacuum(name: str, air: float) -> None:
    line = next(line for line in load_lines() if line.name == name)
    assert line.wavelength == pytest.approx(_air_to_vacuum(air), abs=0.05)


def test_the_papers_mask_holds_the_starred_lines() -> None:
    names = {line.name for line in paper_mask_lines()}
    assert {"Hα 6565", "[O II] 3727", "[O III] 5008", "Ca K 3935", "TiO 7152", "He I 10833"} <= names
    assert names.isdisjoint({"Lyα 1216", "Mg II 2796", "Hδ 4103", "G band 4306", "[Ne V] 3427"})
    assert len(names) == 42


def test_known_misnamed_lines_are_absent() -> None:
    assert all(abs(line.wavelength - 1206.5) > 1 for line in load_lines()), "1206.5 Å is Si III, not Lyα"
