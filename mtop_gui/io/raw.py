"""What a reader found in a file, before units, air, logarithms and noise are settled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from mtop_gui.io.fitsfile import FitsFile

NoiseKind = Literal["error", "variance", "ivar"]
Medium = Literal["vacuum", "air"]


@dataclass(frozen=True, eq=False)
class RawSpectrum:
    """The arrays and words of one spectrum as its file holds them.

    Attributes
    ----------
    wavelength : (n_pix,) in `wavelength_unit`, or its log10 when `log10`.
    flux : (n_pix,) in `flux_unit`, any float type.
    noise : (n_pix,) standard deviation, variance or inverse variance as `noise_kind` says; None when absent.
    bad : (n_pix,) True where the file itself calls the pixel unusable.
    medium : what the wavelengths are measured in.
    flux_unit, wavelength_unit : as the file spells them; "" when it does not.
    usual_flux_unit : the unit of such files, for those that name none.
    """

    wavelength: Any
    flux: Any
    noise: Any | None = None
    noise_kind: NoiseKind = "error"
    bad: Any | None = None
    wavelength_unit: str = "Angstrom"
    log10: bool = False
    medium: Medium = "vacuum"
    flux_unit: str = ""
    usual_flux_unit: str = ""
    ra: float | None = None
    dec: float | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class Reader(Protocol):
    """What each module in `io.readers` offers."""

    LAYOUT: str

    def matches(self, file: FitsFile) -> bool:
        """Tell from the structure, without touching data, whether the file has this layout."""

    def heads(self, file: FitsFile) -> Sequence[tuple[int, str]]:
        """Row and name of every spectrum in the file."""

    def load(self, file: FitsFile, row: int) -> RawSpectrum:
        """Take one spectrum out of the file."""
