"""Run a bundle over many spectra."""
