"""mtop_gui: the bench at which astronomers vet galaxy redshifts."""

__version__ = "0.1.0"
