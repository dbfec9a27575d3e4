"""Spellings of units, and noise taken from the data."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mtop_gui.io.flux_units import parse_flux_unit
from mtop_gui.io.merge import Arm, merge_arms
from mtop_gui.io.noise_estimate import estimate_noise
from mtop_gui.io.wave_units import angstrom_factor

FLAM = u.erg / u.s / u.cm**2 / u.AA


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("1E-17 erg/cm^2/s/Ang", 1e-17),
        ("erg Angstrom-1 s-1 cm-2", 1.0),
        ("10**(-17) erg/cm2/s/A", 1e-17),
        ("10^-20 erg/s/cm^2/Angstrom", 1e-20),
        ("10**(-19).erg.cm**(-2).s**(-1).angstrom**(-1)", 1e-19),
        ("erg cm**(-2) s**(-1) angstrom**(-1)", 1.0),
        ("erg/(s*cm^2*Angstrom)", 1.0),
        (" 10^(-17) ergs/s/A/cm^2", 1e-17),
        ("10**-20 Angstrom-1 cm-2 erg s-1", 1e-20),
        ("10**(-20)*erg/s/cm**2/Angstrom", 1e-20),
        ("10^{-17} erg s^{-1} cm^{-2} A^{-1}", 1e-17),
        ("W/m2/um", 0.1),
        ("1e-17 erg / (s cm2 Angstrom)", 1e-17),
    ],
)
def test_flux_per_wavelength(text, scale):
    assert u.Unit(parse_flux_unit(text)).to(FLAM) == pytest.approx(scale, rel=1e-9)


@pytest.mark.parametrize(
    ("text", "jansky"), [("Jy", 1), ("uJy", 1e-6), ("µJy", 1e-6), ("mJy", 1e-3), ("nanomaggy", 3.631e-6)]
)
def test_flux_per_frequency(text, jansky):
    assert u.Unit(parse_flux_unit(text)).to(u.Jy) == pytest.approx(jansky)


@pytest.mark.parametrize(
    "text",
    ["", "MJy/sr", "counts", "electron/s", "erg/cm/s/Ang", "*", "10**", "e-/s/((", "kg", "10^999 Jy", "0 Jy"],
)
def test_no_flux_density(text):
    assert parse_flux_unit(text) == ""


@given(text=st.text(max_size=40))
def test_any_text_gives_a_unit_or_nothing(text):
    unit = parse_flux_unit(text)
    assert unit == "" or u.Unit(unit).is_equivalent(FLAM, u.spectral_density(5000 * u.AA))


def test_wavelength_units():
    assert [angstrom_factor(t) for t in ("Angstroms", "nm", "um", "µm", "micron", "", "km/s", "[nm]")] == [
        1.0, 10.0, 1e4, 1e4, 1e4, None, None, 10.0,
    ]  # fmt: skip


@given(sigma=st.floats(1e-20, 1e6), slope=st.floats(-1, 1))
def test_noise_estimate_follows_the_noise_and_not_the_slope(sigma, slope):
    noise = np.random.default_rng(5).normal(size=3000) * sigma
    flux = noise + sigma * slope * np.arange(3000) / 10
    estimated = estimate_noise(flux, np.ones(3000, dtype=bool))
    assert np.median(estimated) == pytest.approx(sigma, rel=0.1)
    assert (estimated > 0).all()


def test_noise_estimate_of_constant_flux_is_positive():
    good = np.ones(50, dtype=bool)
    assert (estimate_noise(np.full(50, 3.0), good) > 0).all()
    assert (estimate_noise(np.zeros(50), good) > 0).all()
    assert (estimate_noise(np.ones(50), np.arange(50) < 3) > 0).all()


def test_arms_on_different_grids_are_cut_at_the_middle():
    blue = Arm(np.arange(100.0, 200.0), np.ones(100), np.ones(100))
    red = Arm(np.arange(180.5, 300.5), np.full(120, 2.0), np.ones(120))
    merged = merge_arms([red, blue])
    assert (np.diff(merged.wavelength) > 0).all()
    switch = np.flatnonzero(np.diff(merged.flux))
    assert switch.size == 1
    assert 188 < merged.wavelength[switch[0]] < 191
