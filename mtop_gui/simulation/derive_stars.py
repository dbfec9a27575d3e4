"""Derive the table of star spectra from the library of Pickles (1998): ``python -m mtop_gui.simulation.derive_stars``.

``python -m mtop_gui.simulation.derive_stars UVKLIB_DIR resources/stars`` reads the library's text files (``uk*.dat``:
air wavelength [Å], flux density; one copy lies in the source package ``pyhdust`` on PyPI, folder ``refs/stars``) and
writes ``pickles.npz``: vacuum wavelengths uniform in ln λ, flux density, names (type and luminosity class).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mtop_gui.core.airvac import air_to_vacuum

if TYPE_CHECKING:
    from mtop_gui.core.arrays import FloatArray

WAVELENGTH_RANGE = (3400.0, 18500.0)
LOG_STEP = 6e-4  # 180 km/s: the library's resolution is about 600 km/s FWHM
CREDIT = (
    "A.J. Pickles (1998), PASP 110, 863, 'A Stellar Spectral Flux Library: 1150 - 25000 Å' (CDS J/PASP/110/863), "
    "UVKLIB, in vacuum and rebinned by mtop_gui.simulation.derive_stars"
)


def derive(folder: Path, output: Path) -> None:
    """Write ``pickles.npz`` into `output` from the ``uk*.dat`` files of `folder`."""
    log_range = np.log(WAVELENGTH_RANGE)
    wavelength: FloatArray = np.exp(np.arange(log_range[0], log_range[1], LOG_STEP))
    names, spectra = [], []
    for path in sorted(folder.glob("uk*.dat")):
        table = np.loadtxt(path, usecols=(0, 1))
        known = table[:, 1] > 0
        vacuum = air_to_vacuum(table[known, 0])
        flux = np.interp(wavelength, vacuum, table[known, 1])
        names.append(path.stem.removeprefix("uk"))
        spectra.append(flux / flux.mean())
    output.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        output / "pickles.npz",
        wavelength=wavelength,
        flux=np.array(spectra, dtype=np.float16),
        names=np.array(names),
        credit=np.array(CREDIT),
    )


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="the folder of uk*.dat")
    parser.add_argument("output", type=Path, help="where to write pickles.npz")
    arguments = parser.parse_args()
    derive(arguments.folder, arguments.output)


if __name__ == "__main__":
    main()
