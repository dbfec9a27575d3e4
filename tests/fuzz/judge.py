"""Was a damaged file read rightly? The undamaged file's own values say.

A read of a damaged file is *right* when it is one of these:

- **refused**: an UnreadableSpectrumError of one sentence, for the file or for a row of it;
- **equal**: the spectra of the undamaged file, number by number;
- **noted**: a note of the Spectrum, which the undamaged one does not carry, says what is doubtful or was assumed;
- **local**: numbers were damaged, and no more pixels differ than the damage can have reached. FITS data
  carry no redundancy: such damage shows in the pixel it hit or nowhere;
- **excused**: it differs, and the damaged file is a flawless FITS file in its own right by astropy's judgement (all
  cards well formed, all mandatory ones there, every unit followed by the next, padding as the standard demands):
  another spectrum, about which nobody can know that it was meant otherwise. Likewise a text file cut between lines.

Everything else is a *silent wrong read*.
"""

from __future__ import annotations

import warnings
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from astropy.io import fits

from mtop_gui import io
from mtop_gui.core.errors import UnreadableSpectrumError
from mtop_gui.core.spectrum import Spectrum
from tests.fuzz.damage import BLOCK, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mtop_gui.io import UnreadableRow
    from tests.fuzz.damage import Damaged

REACH = 3
"""Pixels that one damaged number can spoil: itself, and its neighbours where a wavelength leaves the order."""

LONGEST_SENTENCE = 3000


class Wrong(AssertionError):
    """A read that must not be."""


def judge(truth: Mapping[int, Spectrum], path: Path, case: Damaged, *, standard: bool) -> str:
    """Read a damaged file in every way there is, and name the way in which the read is right.

    Parameters
    ----------
    truth : row -> Spectrum of the undamaged file.
    standard : whether the undamaged file is flawless FITS; if not, no damaged one can be told from it.

    Raises
    ------
    Wrong : it is a silent wrong read, or an error that is no sentence.
    """
    try:
        rows = io.read_rows(path)
    except UnreadableSpectrumError as error:
        check_sentence(error)
        if case.kind is Kind.HARMLESS and truth:
            raise Wrong(f"refused though nothing is wrong: {error}") from error
        return "refused"
    check_consistent(path, rows)
    verdicts = [_row(truth, row, case) for row in rows]
    lost = set(truth) - {row.row for row in rows if isinstance(row, Spectrum)}
    if lost and not any(isinstance(row, Spectrum) for row in rows):
        if case.kind is Kind.HARMLESS:
            raise Wrong("no spectrum is left though nothing is wrong")
        return "refused"
    silent = [verdict for verdict in verdicts if verdict.startswith("differs")]
    # A damaged flag or identity can take as many spectra away as numbers were damaged.
    told = any(verdict in ("noted", "refused") for verdict in verdicts) or len(lost) <= case.touched
    if not silent and lost and not told:
        silent = [f"rows {sorted(lost)} are missing"]
    if not silent:
        return next((v for v in ("noted", "local", "equal") if v in verdicts), "refused")
    if case.kind in (Kind.LOST, Kind.HEADER, Kind.LIE) and (not standard or flawless(path)):
        return "excused"
    raise Wrong("; ".join(silent[:3]))


def check_sentence(error: Exception) -> None:
    """Refuse what is no plain sentence, and what says that memory was asked for which is not there."""
    sentence = str(error)
    if not sentence.strip() or "\n" in sentence or len(sentence) > LONGEST_SENTENCE:
        raise Wrong(f"no sentence: {sentence[:200]!r}")
    if "fits into memory" in sentence:
        raise Wrong("memory was asked for that is not there")


def check_consistent(path: Path, rows: Sequence[Spectrum | UnreadableRow]) -> None:
    """Check that listing a file and reading one spectrum of it agree with reading all."""
    listed = [head.row for head in io.index(path)]
    if listed != [row.row for row in rows]:
        raise Wrong(f"listed rows {listed[:5]} but read {[row.row for row in rows][:5]}")
    io.layout_of(path)
    for row in {row.row: row for row in (*rows[:1], *rows[-1:])}.values():
        if isinstance(row, Spectrum):
            one = io.read_one(path, row.row)
            if one.content_hash != row.content_hash or one.notes != row.notes:
                raise Wrong(f"row {row.row} read alone is another spectrum")
            _ = row.error, row.median_snr
        else:
            check_sentence(ValueError(row.reason))


def _row(truth: Mapping[int, Spectrum], row: Spectrum | UnreadableRow, case: Damaged) -> str:
    if not isinstance(row, Spectrum):
        return "refused"
    same = truth.get(row.row)
    if same is None:
        return "noted" if case.kind is not Kind.HARMLESS and row.notes else f"differs: row {row.row} is new"
    wrong, missing = differences(same, row)
    noted = bool(set(row.notes) - set(same.notes))
    if wrong == missing == 0:
        return "noted" if noted else "equal"
    if case.kind in (Kind.HARMLESS, Kind.SEALED):
        return f"differs: {wrong} pixels wrong, {missing} missing in row {row.row}, yet nothing may differ"
    if noted:
        return "noted"
    if max(wrong, missing) <= REACH * case.touched:
        return "local"
    if case.suffix == ".txt" and wrong <= REACH * case.touched:
        return "excused"
    return f"differs: {wrong} of {row.flux.size} pixels wrong, {missing} missing in row {row.row}"


def differences(same: Spectrum, found: Spectrum) -> tuple[int, int]:
    """Count usable pixels of `found` that are not those of `same`, and usable ones of `same` that `found` lacks."""
    if found.flux_unit != same.flux_unit:
        return found.flux.size, same.flux.size
    place = np.searchsorted(same.wavelength, found.wavelength * (1 - 1e-13))
    place = np.minimum(place, same.wavelength.size - 1)
    agrees = np.isclose(same.wavelength[place], found.wavelength, rtol=1e-12, atol=0)
    agrees &= ~same.mask[place] & np.isclose(same.flux[place], found.flux, rtol=1e-9, atol=0)
    if not (same.noise_estimated and found.noise_estimated):
        agrees &= np.isclose(same.ivar[place], found.ivar, rtol=1e-9, atol=0)
    usable = ~found.mask
    present = np.zeros(same.wavelength.size, dtype=bool)
    present[place[agrees & usable]] = True
    return int((usable & ~agrees).sum()), int((~same.mask & ~present).sum())


def flawless(path: Path) -> bool:
    """Tell whether astropy and the padding find nothing wrong with a FITS file."""
    content = path.read_bytes()
    if path.suffix in (".gz", ".txt"):
        return False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with fits.open(
                BytesIO(content),
                memmap=False,
                lazy_load_hdus=False,
                checksum=True,
                disable_image_compression=True,
            ) as opened:
                opened.verify("exception")
                end = 0
                for hdu in opened:
                    place = hdu.fileinfo()
                    end = place["datLoc"] + place["datSpan"]
                    header = content[place["hdrLoc"] : place["datLoc"]]
                    padding = content[place["datLoc"] + hdu.size : end]
                    fill = b" " if hdu.header.get("XTENSION", "").strip() == "TABLE" else b"\0"
                    if place["hdrLoc"] % BLOCK or padding.strip(fill) or not _printable(header):
                        return False
                    _ = hdu.data
                return end == len(content)
    except Exception:
        return False


def _printable(header: bytes) -> bool:
    codes = np.frombuffer(header, dtype="u1")
    return bool(((codes >= 0x20) & (codes <= 0x7E)).all())
