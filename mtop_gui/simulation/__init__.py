"""Mock surveys: galaxies, their spectra on an Instrument, its noise, and the files they are kept in."""

from __future__ import annotations

from mtop_gui.simulation.fibre import half_light_fraction
from mtop_gui.simulation.galaxies import Galaxies, draw_galaxies
from mtop_gui.simulation.interlopers import KINDS, Interlopers, draw_interlopers
from mtop_gui.simulation.moons1d_files import export_fits, write_moons1d
from mtop_gui.simulation.noise import FLUX_UNIT, NoiseModel, noise_sigma
from mtop_gui.simulation.observing import EXPOSURE_HOURS, Observer, make_observer, observe_rows
from mtop_gui.simulation.optical_observing import OpticalObserver
from mtop_gui.simulation.robustness import Robustness
from mtop_gui.simulation.spectra import galaxy_spectra
from mtop_gui.simulation.survey import Survey, add_interlopers, simulate_survey

__all__ = [
    "EXPOSURE_HOURS",
    "FLUX_UNIT",
    "KINDS",
    "Galaxies",
    "Interlopers",
    "NoiseModel",
    "Observer",
    "OpticalObserver",
    "Robustness",
    "Survey",
    "add_interlopers",
    "draw_galaxies",
    "draw_interlopers",
    "export_fits",
    "galaxy_spectra",
    "half_light_fraction",
    "make_observer",
    "noise_sigma",
    "observe_rows",
    "simulate_survey",
    "write_moons1d",
]
