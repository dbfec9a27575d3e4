"""Small files in further surveys' and pipelines' layouts, made by hand: each returns what the first spectrum holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tests.io.hand_made import Truth, image, linear, primary, save, table, truth

if TYPE_CHECKING:
    from pathlib import Path


def write_pypeit(path: Path) -> Truth:
    """Two objects, the second without flux calibration; the mask is True where the pixel is good."""
    made = truth()
    good = np.ones(made.flux.size, dtype=bool)
    good[5] = False
    counts = [
        ("OPT_WAVE", "D", made.wavelength),
        ("OPT_COUNTS", "D", 50 * made.flux),
        ("OPT_COUNTS_IVAR", "D", (50 * made.error) ** -2.0),
        ("OPT_MASK", "L", good),
    ]
    fluxed = [("OPT_FLAM", "D", made.flux), ("OPT_FLAM_IVAR", "D", made.error**-2.0)]
    boxcar = [("BOX_WAVE", "D", made.wavelength), ("BOX_COUNTS", "D", made.flux)]
    save(
        path,
        primary(),
        table([*counts, *fluxed, *boxcar], "SPAT0175-SLIT0187-DET01"),
        table([*counts, *boxcar], "SPAT0575-SLIT0587-DET01"),
    )
    return made


def write_pypeit_coadd(path: Path) -> Truth:
    made = truth()
    ivar = made.error**-2.0
    ivar[5] = 0
    columns = [
        ("wave", "D", made.wavelength),
        ("flux", "D", made.flux),
        ("ivar", "D", ivar),
        ("mask", "J", (ivar > 0).astype(int)),
    ]
    save(path, primary(), table(columns, "SPECTRUM", DMODCLS="OneSpec", FLUXED=True))
    return made


def write_euclid(path: Path) -> Truth:
    made = truth()
    mask = np.full(made.flux.size, 2)
    mask[4], mask[6] = 1, 64
    columns = [
        ("WAVELENGTH", "D", made.wavelength, "Angstrom"),
        ("SIGNAL", "D", made.flux),
        ("MASK", "J", mask),
        ("VAR", "D", made.error**2),
    ]
    units = [table(columns, f"{number}_COMBINED1D", FSCALE=1e-16) for number in (26887654, 26887655)]
    save(path, primary(TELESCOP="EUCLID", INSTRUME="NISP"), *units)
    return made._replace(flux=1e-16 * made.flux, error=1e-16 * made.error)


def write_kmos(path: Path) -> Truth:
    made = truth(start=15000.0)
    cards = linear(made._replace(wavelength=made.wavelength / 1e4), CUNIT1="um", CTYPE1="WAVE")
    units = []
    for arm in (3, 7):
        units += [
            image(made.flux, EXTNAME=f"IFU.{arm}.DATA", **cards),
            image(made.error, EXTNAME=f"IFU.{arm}.NOISE"),
        ]
    save(path, primary(INSTRUME="KMOS"), *units)
    return made


def write_gama(path: Path) -> Truth:
    made = truth()
    rows = np.vstack([made.flux, made.error, 3 * made.flux, 3 * made.error, np.ones_like(made.flux)])
    names = ("Spectrum", "Error", "Spectrum_uncalibrated", "Error_uncalibrated", "Sky")
    cards = {f"ROW{number}": name for number, name in enumerate(names, start=1)}
    save(path, primary(rows, ORIGIN="GAMA", GAMANAME="GAMAJ1", **linear(made, CUNIT1="Angstroms"), **cards))
    return made


def write_twodfgrs(path: Path) -> Truth:
    """Two exposures behind a thumbnail."""
    made = truth()
    rows = np.vstack([made.flux, made.error**2, np.ones_like(made.flux)])
    cards = {"ARRAY1": "SPECTRUM", "ARRAY2": "VARIANCE", "ARRAY3": "SKY"}
    units = [image(rows, EXTNAME="SPECTRUM", **linear(made), **cards) for _ in range(2)]
    save(path, primary(np.ones((49, 49))), *units)
    return made


def write_iraf_bands(path: Path) -> Truth:
    """One aperture with four bands, no WAT cards."""
    made = truth()
    bands = np.stack([made.flux, 1.1 * made.flux, np.ones_like(made.flux), made.error])[:, None, :]
    names = ("spectrum - background median, weights variance", "raw - none", "background - none", "sigma - x")
    cards = {f"BANDID{number}": name for number, name in enumerate(names, start=1)}
    save(path, primary(bands, **linear(made, CTYPE1="LINEAR"), **cards))
    return made


def write_iraf_linear(path: Path) -> Truth:
    """A one-dimensional image whose unit only the WAT card names."""
    made = truth()
    unit = primary(made.flux, **linear(made._replace(wavelength=made.wavelength / 10), CTYPE1="LINEAR"))
    unit.header["WAT1_001"] = "wtype=linear label=Wavelength units=nm"
    save(path, unit)
    return made


def write_wigglez(path: Path) -> Truth:
    made = truth()
    save(
        path,
        primary(made.flux, INSTRUME="AAOMEGA-2dF", **linear(made)),
        image(made.error**2, EXTNAME="VARIANCE"),
    )
    return made


def write_deep2(path: Path) -> Truth:
    """Boxcar and optimal extraction, each in a blue and a red half."""
    halves = {"B": truth(100, 6500.0, 0.3), "R": truth(120, 7800.0, 0.3, seed=2)}
    units = []
    for extraction, factor in (("Bxspf", 2.0), ("Horne", 1.0)):
        for half, made in halves.items():
            size = made.flux.size
            columns = [
                ("SPEC", f"{size}D", factor * made.flux[None]),
                ("LAMBDA", f"{size}D", made.wavelength[None]),
                ("IVAR", f"{size}D", made.error[None] ** -2.0),
            ]
            units.append(table(columns, f"{extraction}-{half}"))
    save(path, primary(), *units)
    return Truth(*(np.concatenate(pair) for pair in zip(*halves.values(), strict=True)))


def write_lamost_mrs(path: Path, cell: bool = True) -> Truth:
    arms = {"COADD_B": truth(100, 4950.0, 0.2), "COADD_R": truth(100, 6300.0, 0.2, seed=2)}
    units = []
    for name, made in arms.items():
        form, shape = (f"{made.flux.size}D", (1, -1)) if cell else ("D", (-1,))
        wave = ("WAVELENGTH", made.wavelength) if cell else ("LOGLAM", np.log10(made.wavelength))
        arrays = (("FLUX", made.flux), ("IVAR", made.error**-2.0), wave, ("ANDMASK", 0 * made.flux))
        units.append(table([(column, form, values.reshape(shape)) for column, values in arrays], name))
    save(path, primary(TELESCOP="LAMOST"), *units)
    return Truth(*(np.concatenate(pair) for pair in zip(*arms.values(), strict=True)))


def write_frame(path: Path) -> Truth:
    """Flux, noise and wavelength as images, three rows."""
    made = truth()
    save(
        path,
        primary(),
        image(np.vstack([made.flux] * 3), EXTNAME="FLUX", BUNIT="10**-17 erg/(s cm2 Angstrom)"),
        image(np.vstack([made.error**-2.0] * 3), EXTNAME="IVAR"),
        image(made.wavelength, EXTNAME="WAVELENGTH", BUNIT="Angstrom"),
        table([("TARGETID", "K", [5, 6, 7])], "FIBERMAP"),
    )
    return made
