"""Metrics, figures and reports of a bundle on spectra with known redshifts."""
